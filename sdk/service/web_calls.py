"""The methods of a core as the web calls them: looks them up, keeps the deadline, drains."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

import grpc
from google.protobuf.message import Message

from sdk.service.context import Aborted, BroughtContext
from sdk.service.core import MAX_METADATA_BYTES, Core
from sdk.service.handlers import Method, Undecodable
from sdk.service.web_frames import BadCall, timeout_of

log = logging.getLogger("emomotion.service")
StringMetadata = list[tuple[str, str]]
Code = grpc.StatusCode


class WebCalls:
    """The calls that run. Refuses all until `start`, and again from `end` on."""

    def __init__(self) -> None:
        self._methods: dict[str, Method] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._refusal = "the server is starting; try again in a few seconds"

    def start(self, core: Core) -> None:
        """Answer with a core's methods."""
        self._methods, self._refusal = {method.path: method for method in core.methods}, ""

    async def end(self, grace_s: float) -> None:
        """Refuse new calls; those that still run after `grace_s` are UNAVAILABLE."""
        self._refusal = "the server is shutting down; call again, or another one"
        if self._running:
            await asyncio.wait(self._running, timeout=grace_s)
        for task in self._running:
            task.cancel()

    async def answer(
        self, path: str, incoming: AsyncIterator[bytes], *, metadata: StringMetadata, peer: str,
        send: Callable[[Message], Awaitable[None]],
    ) -> BroughtContext:  # fmt: skip
        """Let the method of a path answer; how it ended is in the context. `incoming` may raise BadCall.

        A call whose caller is gone is cancelled, as grpc does.
        """
        refusal: BadCall | None = None
        remaining_s = None
        try:
            if sum(len(name) + len(value) for name, value in metadata) > MAX_METADATA_BYTES:
                raise BadCall(Code.RESOURCE_EXHAUSTED, f"metadata may have {MAX_METADATA_BYTES} bytes at most")
            remaining_s = timeout_of(metadata)
        except BadCall as error:
            refusal = error
        context = BroughtContext(metadata=metadata, peer=peer, remaining_s=remaining_s, send=send)
        if refusal is not None:
            context.status, context.details = refusal.code, str(refusal)
            return context
        # A task of its own, so that a drain ends the call and not the connection, which must still tell how it ended.
        task = asyncio.create_task(self._answer(path, incoming, context))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            await task
        except asyncio.CancelledError:
            if not self._refusal:
                raise
            context.status, context.details = Code.UNAVAILABLE, self._refusal
        return context

    async def _answer(self, path: str, incoming: AsyncIterator[bytes], context: BroughtContext) -> None:
        limit = asyncio.timeout(context.time_remaining())
        try:
            async with limit:
                await self._play(await self._admitted(path, context), incoming, context)
        except Aborted:
            pass
        except Exception as error:
            if limit.expired():
                context.status, context.details = Code.DEADLINE_EXCEEDED, "the caller's deadline has passed"
            else:  # its text may quote a prompt, so neither side gets it
                log.error("a call of %s failed with %s", path, type(error).__name__)
                context.status, context.details = Code.UNKNOWN, "the server failed on this call; its log says more"

    async def _admitted(self, path: str, context: BroughtContext) -> Method:
        if self._refusal:
            await context.abort(Code.UNAVAILABLE, self._refusal)
        method = self._methods.get(path)
        if method is None:
            await context.abort(Code.UNIMPLEMENTED, f"there is no method {path[:200]}")
        return method

    async def _play(self, method: Method, incoming: AsyncIterator[bytes], context: BroughtContext) -> None:
        async def requests() -> AsyncIterator[Message | Undecodable]:
            try:
                async for data in incoming:
                    yield method.deserialize(data)
            except BadCall as error:
                await context.abort(error.code, str(error))

        if method.descriptor.client_streaming:
            await method.call(requests(), context)
            return
        request = await anext(requests(), None)
        if request is None:
            await context.abort(Code.INVALID_ARGUMENT, "the call has no message")
        if method.descriptor.server_streaming:
            async with aclosing(method.call(request, context)) as replies:
                async for reply in replies:
                    await context.write(reply)
        else:
            await context.write(await method.call(request, context))
