"""What a servicer asks of the call it answers, and a context for calls that grpc.aio does not bring itself."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn, Protocol

import grpc
from google.protobuf.message import Message

Metadata = Sequence[tuple[str, str | bytes]]


class Context(Protocol):
    """The part of `grpc.aio.ServicerContext` that servicers use; every transport has one."""

    def invocation_metadata(self) -> Metadata | None: ...

    def peer(self) -> str: ...

    def time_remaining(self) -> float | None: ...

    def code(self) -> Any: ...

    async def abort(
        self, code: grpc.StatusCode, details: str = "", trailing_metadata: tuple[tuple[str, str], ...] = ()
    ) -> NoReturn: ...

    async def write(self, message: Any) -> None: ...


class Aborted(grpc.aio.AbortError):  # type: ignore[misc]
    """A call that its servicer refused."""


class BroughtContext:
    """Context of a call that another transport brought: gRPC-Web, Ray Serve.

    remaining_s: until the caller's deadline, None without one. send: takes the replies of methods that write them.
    After an abort `status`, `details` and `trailers` are what the transport is to tell the caller.
    """

    def __init__(
        self, *, metadata: Metadata, peer: str, remaining_s: float | None, send: Callable[[Message], Awaitable[None]]
    ) -> None:
        self._metadata, self._peer, self._send = metadata, peer, send
        self._deadline = None if remaining_s is None else time.monotonic() + remaining_s
        self.status = grpc.StatusCode.OK
        self.details = ""
        self.trailers: tuple[tuple[str, str], ...] = ()

    def invocation_metadata(self) -> Metadata:
        """What the caller sent besides its messages; names in lower case."""
        return self._metadata

    def peer(self) -> str:
        """TRANSPORT:ADDRESS:PORT."""
        return self._peer

    def time_remaining(self) -> float | None:
        """Seconds until the caller's deadline, not below 0; None without one."""
        return None if self._deadline is None else max(self._deadline - time.monotonic(), 0.0)

    def code(self) -> grpc.StatusCode:
        """Status of the call, OK until it is aborted."""
        return self.status

    async def abort(
        self, code: grpc.StatusCode, details: str = "", trailing_metadata: tuple[tuple[str, str], ...] = ()
    ) -> NoReturn:
        """End the call with a status. Raises Aborted."""
        self.status, self.details, self.trailers = code, details, trailing_metadata
        raise Aborted(details)

    async def write(self, message: Message) -> None:
        """Send a reply; waits until the transport takes it."""
        await self._send(message)
