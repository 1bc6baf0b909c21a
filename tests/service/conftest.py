"""A server over the fake engine, on an event loop in a thread of its own, so that waiting clients can be tested too."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import grpc
import pytest

from sdk.client import Client
from sdk.service.server import MotionServer
from tests.service.fake_engine import FakeEngine

Value = TypeVar("Value")
PATIENCE_S = 30.0
"""Longest wait for something that must happen; only a failing test ever waits so long."""


class Loop:
    """An event loop running in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, Value]) -> Value:
        """Result of a coroutine that runs on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def begin(self, work: Coroutine[Any, Any, Value]) -> "asyncio.Future[Value]":
        """Start a coroutine on the loop; `.result(timeout)` waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)  # type: ignore[return-value]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()


class Live:
    """A started server with its engine."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.engine = FakeEngine()
        self.server = loop.call(MotionServer.bind("127.0.0.1", 0))
        self.address = self.server.address
        self.drained = False

    def start(self, *, warm: bool = True) -> "Live":
        self.loop.call(self.server.start(self.engine))
        if warm:
            self.loop.call(self.server.warm_up())
        return self

    def until(self, true: Callable[[], bool]) -> None:
        """Wait for something that the server does in its own time."""
        for _ in range(round(PATIENCE_S / 0.002)):
            if true():
                return
            time.sleep(0.002)
        raise AssertionError("it never came about")

    def drain(self, *, grace_s: float = 0.0) -> None:
        self.drained = True
        self.loop.call(self.server.drain(notice_s=0.0, grace_s=grace_s))


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    running = Loop()
    yield running
    running.close()


@pytest.fixture
def cold(loop: Loop) -> Iterator[Live]:
    """A server that has its port but was not started."""
    live = Live(loop)
    yield live
    live.engine.gate.set()
    live.engine.warm_gate.set()
    if not live.drained:
        live.drain()


@pytest.fixture
def live(cold: Live) -> Live:
    """A server that is ready."""
    return cold.start()


@pytest.fixture
def client(live: Live) -> Iterator[Client]:
    with Client(live.address) as connected:
        yield connected


@pytest.fixture
def channel(live: Live) -> Iterator[grpc.Channel]:
    """For messages that our own client would never send."""
    with grpc.insecure_channel(live.address) as raw:
        yield raw
