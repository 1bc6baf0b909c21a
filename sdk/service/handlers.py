"""Binds a servicer to a service of our protos, with deserializers that survive any bytes.

grpc answers undecodable bytes with UNKNOWN. Here the deserializer gives an `Undecodable` instead of raising, and the
handler refuses it with INVALID_ARGUMENT before the servicer sees it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from grpc.aio import ServicerContext as Context

from sdk.errors import InvalidInput


class Undecodable:
    """Stands in for a request whose bytes are not a message."""


def service_handler(
    service: ServiceDescriptor, servicer: object, *, ended: Callable[[str, str], None] = lambda method, status: None
) -> grpc.GenericRpcHandler:
    """A handler for all methods of `service`; `servicer` has a method of each name. ended(method, status) after a call.

    Methods with a request stream take an iterator and the context, and write their replies to the context.
    """
    handlers = {
        method.name: _method_handler(method, getattr(servicer, method.name), partial(ended, method.name))
        for method in service.methods
    }
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def _method_handler(
    method: MethodDescriptor, behaviour: Callable[..., Any], ended: Callable[[str], None]
) -> grpc.RpcMethodHandler:
    if method.client_streaming and not method.server_streaming:
        raise NotImplementedError(f"{method.full_name}: request streams with one reply have no guarded handler yet")
    request_class = message_factory.GetMessageClass(method.input_type)

    def deserialize(data: bytes) -> Message | Undecodable:
        try:
            return request_class.FromString(data)
        except DecodeError:
            return Undecodable()

    bind: Any
    guard: Any
    if method.client_streaming:
        bind, guard = grpc.stream_stream_rpc_method_handler, _guarded_both
    elif method.server_streaming:
        bind, guard = grpc.unary_stream_rpc_method_handler, _guarded_stream
    else:
        bind, guard = grpc.unary_unary_rpc_method_handler, _guarded_unary
    return bind(
        guard(behaviour, method.input_type.full_name, ended),
        request_deserializer=deserialize,
        response_serializer=message_factory.GetMessageClass(method.output_type).SerializeToString,
    )


def _guarded_unary(
    behaviour: Callable[[Any, Context], Awaitable[Message]], request_name: str, ended: Callable[[str], None]
) -> Callable[[Any, Context], Awaitable[Message]]:
    async def handler(request: Message | Undecodable, context: Context) -> Message:
        with _told(context, ended):
            await _refuse_undecodable(request, context, request_name)
            return await behaviour(request, context)

    return handler


def _guarded_stream(
    behaviour: Callable[[Any, Context], AsyncIterator[Message]], request_name: str, ended: Callable[[str], None]
) -> Callable[[Any, Context], AsyncIterator[Message]]:
    async def handler(request: Message | Undecodable, context: Context) -> AsyncIterator[Message]:
        with _told(context, ended):
            await _refuse_undecodable(request, context, request_name)
            async for reply in behaviour(request, context):
                yield reply

    return handler


def _guarded_both(
    behaviour: Callable[[AsyncIterator[Any], Context], Awaitable[None]], request_name: str, ended: Callable[[str], None]
) -> Callable[[AsyncIterator[Any], Context], Awaitable[None]]:
    async def handler(requests: AsyncIterator[Message | Undecodable], context: Context) -> None:
        async def decodable() -> AsyncIterator[Message]:
            async for request in requests:
                if isinstance(request, Undecodable):
                    raise InvalidInput(f"request bytes are not a valid {request_name} message")
                yield request

        with _told(context, ended):
            await behaviour(decodable(), context)

    return handler


@contextmanager
def _told(context: Context, ended: Callable[[str], None]) -> Iterator[None]:
    """Tell how the call in the block ended, by the name of its gRPC status."""
    status = "CANCELLED"
    try:
        yield
        status = "OK"
    except grpc.aio.AbortError:
        code = context.code()
        status = next((c.name for c in grpc.StatusCode if code in (c, c.value[0])), "UNKNOWN")
        raise
    except Exception:
        status = "UNKNOWN"
        raise
    finally:
        ended(status)


async def _refuse_undecodable(request: Message | Undecodable, context: Context, name: str) -> None:
    if isinstance(request, Undecodable):
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"request bytes are not a valid {name} message")
