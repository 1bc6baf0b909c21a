"""Between the methods of `sdk.service` and calls as Ray Serve brings them. Knows Ray by its context's interface alone.

Ray hands over a request, or an iterator of requests, and takes replies that are returned or yielded. A refusal is not
raised on to Ray, which would lose its trailers: its status is set on Ray's context, and the call ends.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from typing import Any, Protocol

import grpc
from google.protobuf import message_factory
from google.protobuf.message import Message

from sdk.service.context import Aborted, BroughtContext
from sdk.service.core import SERVICES
from sdk.service.handlers import Method, service_handler

LINGER_S = 10.0
"""A caller of an ended stream who takes nothing of it for so long is cut off, or his place would never be free."""


class RayContext(Protocol):
    """The part of Ray's `RayServegRPCContext` that is used here."""

    def invocation_metadata(self) -> list[tuple[str, str]]: ...

    def peer(self) -> str: ...

    def set_code(self, code: grpc.StatusCode) -> None: ...

    def set_details(self, details: str) -> None: ...

    def set_trailing_metadata(self, trailing_metadata: list[tuple[str, str]]) -> None: ...


async def one(method: Method, request: Any, ray: RayContext) -> Message:
    """The reply of a method that has one; an empty one beside the status of a refusal."""
    context = _context(ray)
    with _refusals_told(context, ray):
        reply: Message = await method.call(request, context)
        return reply
    return message_factory.GetMessageClass(method.descriptor.output_type)()


async def many(method: Method, request: Any, ray: RayContext) -> AsyncGenerator[Message, None]:
    """The replies of a method that streams them."""
    context = _context(ray)
    with _refusals_told(context, ray):
        async with aclosing(method.call(request, context)) as replies:
            async for reply in replies:
                yield reply


async def both(method: Method, requests: AsyncIterator[Any], ray: RayContext) -> AsyncGenerator[Message, None]:
    """The replies of a method that streams on both sides; what it writes waits until the reply before was taken."""
    replies: asyncio.Queue[Message | None] = asyncio.Queue()
    room = asyncio.Semaphore(1)

    async def send(reply: Message) -> None:
        await room.acquire()
        replies.put_nowait(reply)

    context = _context(ray, send)

    async def answer() -> None:
        with _refusals_told(context, ray):
            await method.call(requests, context)

    caller, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert caller is not None, "a generator is read by a task"
    cuts: list[asyncio.TimerHandle] = []

    def ended(_answered: "asyncio.Task[None]") -> None:
        replies.put_nowait(None)
        cuts.append(loop.call_later(LINGER_S, caller.cancel))

    answered = asyncio.create_task(answer())
    answered.add_done_callback(ended)
    try:
        while (reply := await replies.get()) is not None:
            yield reply
            room.release()
        await answered  # raises what went wrong
    finally:
        answered.remove_done_callback(ended)
        answered.cancel()
        for cut in cuts:
            cut.cancel()


async def _nowhere(_reply: Message) -> None:
    raise AssertionError("only methods that stream on both sides write")


def _context(ray: RayContext, send: Any = _nowhere) -> BroughtContext:
    # Ray does not tell the caller's deadline. It ends the call itself; what is to be kept goes into budget_ms.
    return BroughtContext(metadata=ray.invocation_metadata(), peer=ray.peer(), remaining_s=None, send=send)


@contextmanager
def _refusals_told(context: BroughtContext, ray: RayContext) -> Iterator[None]:
    try:
        yield
    except Aborted:
        ray.set_code(context.status)
        ray.set_details(context.details)
        ray.set_trailing_metadata(list(context.trailers))


def add_services(_servicer: object, server: grpc.Server) -> None:
    """Make our services known to a gRPC server of Ray, with deserializers that survive any bytes.

    Ray puts its own handlers in the place of ours, and calls the deployment's methods by their names.
    """
    for service in SERVICES:
        methods = [Method(method, _answered_by_ray) for method in service.methods]
        server.add_generic_rpc_handlers((service_handler(service, methods),))


def _answered_by_ray(_request: object, _context: object) -> None:
    raise AssertionError("Ray puts its own handler here")
