"""Binds a servicer to a service of our protos, with deserializers that survive any bytes.

grpc answers undecodable bytes with UNKNOWN. Here the deserializer gives an `Undecodable` instead of raising, and the
handler refuses it with INVALID_ARGUMENT before the servicer sees it. Other transports than grpc.aio call the same
`Method`s with a context of their own.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message

from sdk.errors import InvalidInput
from sdk.service.access import NO_TOKEN, Tokens
from sdk.service.context import Context
from sdk.service.watch import Watch


class Undecodable:
    """Stands in for a request whose bytes are not a message."""


@dataclass(frozen=True)
class Method:
    """A method of a servicer, watched and guarded against bytes that are no message.

    call(request, context): an awaitable of the reply, or an iterator of replies where only the server streams. Where
    both sides stream, `request` is an iterator and the replies are written to the context. Both take and give messages.
    """

    descriptor: MethodDescriptor
    call: Callable[[Any, Context], Any]

    @property
    def path(self) -> str:
        """As it stands in a URL: /package.Service/Method."""
        return f"/{self.descriptor.containing_service.full_name}/{self.descriptor.name}"

    def deserialize(self, data: bytes) -> Message | Undecodable:
        """A request from its bytes, whatever they are."""
        try:
            return message_factory.GetMessageClass(self.descriptor.input_type).FromString(data)
        except DecodeError:
            return Undecodable()


def methods_of(service: ServiceDescriptor, servicer: object, watch: Watch, tokens: Tokens) -> list[Method]:
    """All methods of `service`, for callers with a token where there are tokens; `servicer` has one of each name."""
    return [
        Method(method, _KINDS[_kind(method)].guard(getattr(servicer, method.name), Guard(method, watch, tokens)))
        for method in service.methods
    ]


def service_handler(service: ServiceDescriptor, methods: list[Method]) -> grpc.GenericRpcHandler:
    """A handler of grpc for those of the methods that belong to a service."""
    handlers = {
        method.descriptor.name: _KINDS[_kind(method.descriptor)].bind(
            method.call,
            request_deserializer=method.deserialize,
            response_serializer=message_factory.GetMessageClass(method.descriptor.output_type).SerializeToString,
        )
        for method in methods
        if method.descriptor.containing_service is service
    }
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def _kind(method: MethodDescriptor) -> tuple[bool, bool]:
    return method.client_streaming, method.server_streaming


@dataclass(frozen=True)
class Guard:
    """Stands around every call of a method: it is watched, its caller has a token, its request is a message."""

    method: MethodDescriptor
    watch: Watch
    tokens: Tokens

    @asynccontextmanager
    async def call(self, context: Context) -> AsyncIterator[None]:
        """Around one call; aborts that of a stranger."""
        with self.watch.call(self.method.name, context):
            if not self.tokens.admit(context.invocation_metadata()):
                await context.abort(grpc.StatusCode.UNAUTHENTICATED, NO_TOKEN)
            yield

    async def message(self, request: Message | Undecodable, context: Context) -> Message:
        """The request; aborts the call where its bytes are none."""
        if isinstance(request, Undecodable):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, self.undecodable)
        return request

    @property
    def undecodable(self) -> str:
        """What is said of bytes that are no message."""
        return f"request bytes are not a valid {self.method.input_type.full_name} message"


def _guarded_unary(
    behaviour: Callable[[Any, Context], Awaitable[Message]], guard: Guard
) -> Callable[[Any, Context], Awaitable[Message]]:
    async def handler(request: Message | Undecodable, context: Context) -> Message:
        async with guard.call(context):
            return await behaviour(await guard.message(request, context), context)

    return handler


def _guarded_stream(
    behaviour: Callable[[Any, Context], AsyncIterator[Message]], guard: Guard
) -> Callable[[Any, Context], AsyncIterator[Message]]:
    async def handler(request: Message | Undecodable, context: Context) -> AsyncIterator[Message]:
        async with guard.call(context):
            async for reply in behaviour(await guard.message(request, context), context):
                yield reply

    return handler


def _guarded_both(
    behaviour: Callable[[AsyncIterator[Any], Context], Awaitable[None]], guard: Guard
) -> Callable[[AsyncIterator[Any], Context], Awaitable[None]]:
    async def handler(requests: AsyncIterator[Message | Undecodable], context: Context) -> None:
        async def decodable() -> AsyncIterator[Message]:
            async for request in requests:
                if isinstance(request, Undecodable):
                    raise InvalidInput(guard.undecodable)
                yield request

        async with guard.call(context):
            await behaviour(decodable(), context)

    return handler


class _Kind(NamedTuple):
    """How grpc binds methods that stream on the same sides, and what guards them."""

    bind: Callable[..., grpc.RpcMethodHandler]
    guard: Callable[..., Callable[[Any, Context], Any]]


# Client streams with one reply are in none of the protos.
_KINDS = {
    (False, False): _Kind(grpc.unary_unary_rpc_method_handler, _guarded_unary),
    (False, True): _Kind(grpc.unary_stream_rpc_method_handler, _guarded_stream),
    (True, True): _Kind(grpc.stream_stream_rpc_method_handler, _guarded_both),
}


def undecodable(method: MethodDescriptor) -> str:
    """What is said of bytes that are no message."""
    return f"request bytes are not a valid {method.input_type.full_name} message"
