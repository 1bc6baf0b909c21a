"""A server over the fake engine, on an event loop in a thread of its own, so that waiting clients can be tested too."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import grpc
import pytest

from sdk.client import Client
from sdk.service.access import Tokens
from sdk.service.face import FaceEngineLike
from sdk.service.server import MotionServer, Settings
from tests.service.fake_engine import FakeEngine
from tests.service.fake_faces import FakeFaces

Value = TypeVar("Value")
PATIENCE_S = 30.0
"""Longest wait for something that must happen; only a failing test ever waits so long."""
TOKEN = "a-token-of-the-studio"


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
        self.faces: FaceEngineLike | None = None
        self.server = loop.call(MotionServer.bind("127.0.0.1", 0))
        self.address = self.server.address
        self.drained = False

    def start(self, *, warm: bool = True) -> "Live":
        self.loop.call(self.server.start(self.engine, self.faces))
        if warm:
            self.loop.call(self.server.warm_up())
        return self

    def face_frames(self, method: str) -> float:
        """Frames of faces that a method has sent."""
        samples = [sample for family in self.server.metrics.face_frames.collect() for sample in family.samples]
        return sum(s.value for s in samples if s.name.endswith("_total") and s.labels["method"] == method)

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
def faces() -> Iterator[FakeFaces]:
    """For the faces of a server; see `Live.faces`."""
    made = FakeFaces()
    yield made
    made.gate.set()


@pytest.fixture
def client(live: Live) -> Iterator[Client]:
    with Client(live.address) as connected:
        yield connected


@pytest.fixture
def channel(live: Live) -> Iterator[grpc.Channel]:
    """For messages that our own client would never send."""
    with grpc.insecure_channel(live.address) as raw:
        yield raw


@pytest.fixture(scope="session")
def pems(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An authority, a server's certificate for localhost and a client's, as files."""
    trustme = pytest.importorskip("trustme", reason="trustme is absent: pip install -e '.[dev]'")
    out = tmp_path_factory.mktemp("pems")
    ca = trustme.CA()
    server, client = ca.issue_cert("localhost", "127.0.0.1"), ca.issue_cert("client@studio")
    paths = {name: out / f"{name}.pem" for name in ("ca", "cert", "key", "client_cert", "client_key")}
    ca.cert_pem.write_to_path(str(paths["ca"]))
    for one, cert, key in ((server, "cert", "key"), (client, "client_cert", "client_key")):
        one.cert_chain_pems[0].write_to_path(str(paths[cert]))
        one.private_key_pem.write_to_path(str(paths[key]))
    return paths


@pytest.fixture
def start(loop: Loop) -> Iterator[Callable[..., Live]]:
    """start(settings...) gives a running server."""
    running: list[Live] = []

    def run(faces: FaceEngineLike | None = None, **settings: object) -> Live:
        live = Live(loop)
        live.faces = faces
        live.drained = True
        loop.call(live.server.drain(notice_s=0, grace_s=0))
        live.server = loop.call(MotionServer.bind("127.0.0.1", 0, Settings(**settings)))  # type: ignore[arg-type]
        live.address, live.drained = live.server.address, False
        running.append(live)
        return live.start()

    yield run
    for live in running:
        live.drain()


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    path = tmp_path / "tokens"
    path.write_text(f"studio {TOKEN}\n")
    return Tokens.read(path)
