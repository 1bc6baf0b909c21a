"""Binds a servicer to a service of our protos, with deserializers that survive any bytes.

grpc answers undecodable bytes with UNKNOWN. Here the deserializer gives an `Undecodable` instead of raising, and the
handler refuses it with INVALID_ARGUMENT before the servicer sees it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from grpc.aio import ServicerContext as Context

from sdk.errors import InvalidInput
from sdk.service.watch import Watch


class Undecodable:
    """Stands in for a request whose bytes are not a message."""


def service_handler(service: ServiceDescriptor, servicer: object, watch: Watch) -> grpc.GenericRpcHandler:
    """A handler for all methods of `service`; `servicer` has a method of each name.

    Methods with a request stream take an iterator and the context, and write their replies to the context.
    """
    handlers = {
        method.name: _method_handler(method, getattr(servicer, method.name), watch) for method in service.methods
    }
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def _method_handler(method: MethodDescriptor, behaviour: Callable[..., Any], watch: Watch) -> grpc.RpcMethodHandler:
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
        guard(behaviour, method, watch),
        request_deserializer=deserialize,
        response_serializer=message_factory.GetMessageClass(method.output_type).SerializeToString,
    )


def _guarded_unary(
    behaviour: Callable[[Any, Context], Awaitable[Message]], method: MethodDescriptor, watch: Watch
) -> Callable[[Any, Context], Awaitable[Message]]:
    async def handler(request: Message | Undecodable, context: Context) -> Message:
        with watch.call(method.name, context):
            await _refuse_undecodable(request, context, method)
            return await behaviour(request, context)

    return handler


def _guarded_stream(
    behaviour: Callable[[Any, Context], AsyncIterator[Message]], method: MethodDescriptor, watch: Watch
) -> Callable[[Any, Context], AsyncIterator[Message]]:
    async def handler(request: Message | Undecodable, context: Context) -> AsyncIterator[Message]:
        with watch.call(method.name, context):
            await _refuse_undecodable(request, context, method)
            async for reply in behaviour(request, context):
                yield reply

    return handler


def _guarded_both(
    behaviour: Callable[[AsyncIterator[Any], Context], Awaitable[None]], method: MethodDescriptor, watch: Watch
) -> Callable[[AsyncIterator[Any], Context], Awaitable[None]]:
    async def handler(requests: AsyncIterator[Message | Undecodable], context: Context) -> None:
        async def decodable() -> AsyncIterator[Message]:
            async for request in requests:
                if isinstance(request, Undecodable):
                    raise InvalidInput(undecodable(method))
                yield request

        with watch.call(method.name, context):
            await behaviour(decodable(), context)

    return handler


def undecodable(method: MethodDescriptor) -> str:
    """What is said of bytes that are no message."""
    return f"request bytes are not a valid {method.input_type.full_name} message"


async def _refuse_undecodable(request: Message | Undecodable, context: Context, method: MethodDescriptor) -> None:
    if isinstance(request, Undecodable):
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, undecodable(method))
