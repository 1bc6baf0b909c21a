"""The server that makes the motion, as the studio sees it: whether it is there, and one of its own if need be."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from sdk.client import AsyncClient, Info
from sdk.client_errors import START_ONE
from sdk.errors import EmoMotionError, ServerError
from sdk.server_options import Connection
from sdk.service.core import EngineLike
from sdk.service.server import MotionServer

LOOK_S = 1.0
"""Between two looks at the server, and how long one may take."""
Load = Callable[[], EngineLike]


@dataclass(frozen=True)
class State:
    """What the page must know.

    name: "starting", "ready" or "away". message: a sentence. info: what the server holds, once it was seen.
    composes: whether it has ComposeService.
    """

    name: str
    message: str = ""
    info: Info | None = None
    composes: bool = False


class Watched(AsyncClient):
    """A client that can tell which services its server has."""

    async def serves(self, service: str) -> bool:
        """Whether there is a service, such as "ComposeService"; yes where the server has no health to ask, as behind
        Ray. Raises ServerError."""
        stub = health_pb2_grpc.HealthStub(self._channel)
        request = health_pb2.HealthCheckRequest(service=f"emomotion.v1.{service}")
        try:
            await stub.Check(request, timeout=LOOK_S, metadata=self._metadata)
        except grpc.RpcError as error:
            return bool(error.code() is grpc.StatusCode.UNIMPLEMENTED)
        return True


class Link:
    """A connection that is watched. `watch` runs as long as the studio; `changes` tells whoever wants to know."""

    def __init__(self, target: str, connection: Connection, *, own: bool) -> None:
        self.target, self.own = target, own
        self.client = Watched(target, **connection)
        self.state = State("starting", f"looking for {target}" if not own else "the motion engine is warming up")
        self._changed = asyncio.Event()
        self._look = asyncio.Event()

    async def watch(self) -> None:
        """Look at the server for ever."""
        while True:
            self._tell(await self._seen())
            self._look.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), LOOK_S)

    def look(self) -> None:
        """Look at once: a call has just failed."""
        self._look.set()

    async def changes(self) -> AsyncIterator[State]:
        """The state now and whenever it changes."""
        told: State | None = None
        while True:
            if self.state != told:
                told = self.state
                yield told
            else:
                changed = self._changed
                await changed.wait()

    async def close(self) -> None:
        """Give the connection back."""
        await self.client.close()

    async def _seen(self) -> State:
        before = self.state
        try:
            await self.client.wait_until_ready(LOOK_S)
            if before.name == "ready":
                return before
            info = await self.client.info()
            return State("ready", "", info, await self.client.serves("ComposeService"))
        except EmoMotionError as error:
            if before.name == "starting" and self.own:
                return before
            if "warming up" in str(error):
                return replace(before, name="starting", message=f"{self.target} is warming up")
            message = f"no server answers at {self.target}; {START_ONE}" if lost(error) else str(error)
            return replace(before, name="away", message=message)

    def _tell(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self._changed.set()
            self._changed = asyncio.Event()


@contextlib.asynccontextmanager
async def own_server() -> AsyncIterator[MotionServer]:
    """A server on a free port of loopback, for this studio alone."""
    server = await MotionServer.bind("127.0.0.1", 0)
    try:
        yield server
    finally:
        await server.drain(notice_s=0.0, grace_s=0.0)


async def start_own(server: MotionServer, load: Load) -> None:
    """Load and warm up. Raises whatever `load` raises."""
    await server.start(await asyncio.to_thread(load))
    await server.warm_up()


def loader(bundle: Path | None, threads: int) -> Load:
    """Loads a bundle, the shipped one for None."""

    def load() -> EngineLike:
        from sdk.runtime.engine import Engine  # brings ONNX Runtime, which a studio of another server does not need

        return Engine.load(bundle, threads=threads)

    return load


def lost(error: EmoMotionError) -> bool:
    """Whether a call failed because the server is not there."""
    return isinstance(error, ServerError) and error.status == "UNAVAILABLE"
