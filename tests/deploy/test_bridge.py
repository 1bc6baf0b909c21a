"""The servicers behind a context as Ray Serve brings it; no Ray is needed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from emomotion.v1 import clip_pb2, compose_pb2, info_pb2, live_pb2, motion_pb2
from sdk.deploy import bridge
from sdk.deploy.replica import Replica
from sdk.errors import BundleError
from sdk.service import live as live_service
from sdk.service.access import Tokens
from sdk.service.core import LIVE, SERVICES, Rules
from sdk.service.handlers import Method, Undecodable
from sdk.wire import FIELD_TRAILER, PUSHBACK_TRAILER
from tests.deploy.fakes import load_fake, load_fake_faces
from tests.service.fake_engine import FakeEngine

WALK = "a person walks forward"
PATIENCE_S = 20.0


class FakeRay:
    """What Ray hands a method beside its request."""

    def __init__(self, *metadata: tuple[str, str]) -> None:
        self.metadata, self.code, self.details = list(metadata), None, ""
        self.trailers: dict[str, str] = {}

    def invocation_metadata(self) -> list[tuple[str, str]]:
        return self.metadata

    def peer(self) -> str:
        return "ipv4:127.0.0.1:1234"

    def set_code(self, code: grpc.StatusCode) -> None:
        self.code = code

    def set_details(self, details: str) -> None:
        self.details = details

    def set_trailing_metadata(self, trailing_metadata: list[tuple[str, str]]) -> None:
        self.trailers = dict(trailing_metadata)


def with_replica(
    test: Callable[[Replica, FakeRay], Awaitable[None]], *, rules: Rules | None = None, ray: FakeRay | None = None
) -> None:
    """Run a test on a replica that is warm, as Ray does it, on one loop."""

    async def run() -> None:
        replica = Replica(load_fake, 1, rules or Rules(), load_fake_faces)
        await replica.reconfigure({"bundle": ""})
        try:
            await asyncio.wait_for(test(replica, ray or FakeRay()), PATIENCE_S)
        finally:
            await replica.close()

    asyncio.run(run())


def generate(**fields: Any) -> motion_pb2.GenerateRequest:
    return motion_pb2.GenerateRequest(text=WALK, **fields)


START = live_pb2.DriveRequest(start=live_pb2.DriveStart(wish=live_pb2.DriveChange(text=WALK), seed=1))
END = live_pb2.DriveRequest(end=live_pb2.DriveEnd())


async def sent(*requests: Any, then: asyncio.Event | None = None, last: Any = None) -> AsyncIterator[Any]:
    """Requests of a client; after the event the last one, if there is one."""
    for request in requests:
        yield request
    if then is not None:
        await then.wait()
    if last is not None:
        yield last


def kinds(replies: list[Any]) -> list[str]:
    return [reply.WhichOneof("part") for reply in replies]


def test_a_unary_call_gets_its_reply() -> None:
    async def test(replica: Replica, ray: FakeRay) -> None:
        reply = await replica.GetInfo(info_pb2.GetInfoRequest(), ray)
        assert reply.bundle.name == "fake" and ray.code is None

    with_replica(test)


def test_a_replica_has_every_method_of_our_services() -> None:
    names = [method.name for service in SERVICES for method in service.methods]
    assert len(set(names)) == len(names), "Ray tells methods apart by their names alone"
    assert [name for name in names if not hasattr(Replica, name)] == []


def test_compositions_and_files_are_streamed() -> None:
    beats = [{"text": WALK, "seconds": 1.0}]

    async def test(replica: Replica, ray: FakeRay) -> None:
        made = kinds([reply async for reply in replica.Compose(compose_pb2.ComposeRequest(beats=beats), ray)])
        assert made[0] == "header" and made[-1] == "status" and set(made[1:-1]) == {"chunk"}
        request = clip_pb2.ExportRequest(motion=compose_pb2.ComposeRequest(beats=beats))
        files = kinds([reply async for reply in replica.Export(request, ray)])
        assert files[0] == "header" and files[-1] == "status" and set(files[1:-1]) == {"chunk"}
        assert ray.code is None
        assert [reply async for reply in replica.Export(clip_pb2.ExportRequest(), ray)] == []
        assert ray.code is grpc.StatusCode.INVALID_ARGUMENT and ray.trailers == {FIELD_TRAILER: "motion"}

    with_replica(test)


def test_a_clip_is_streamed() -> None:
    async def test(replica: Replica, ray: FakeRay) -> None:
        found = kinds([reply async for reply in replica.Generate(generate(seconds=2, seed=1), ray)])
        assert found[0] == "header" and found[-1] == "status" and set(found[1:-1]) == {"chunk"}
        assert ray.code is None

    with_replica(test)


@pytest.mark.parametrize(
    ("request_", "code", "trailer"),
    [
        (generate(seconds=99), grpc.StatusCode.INVALID_ARGUMENT, (FIELD_TRAILER, "seconds")),
        (generate(budget_ms=2), grpc.StatusCode.FAILED_PRECONDITION, (PUSHBACK_TRAILER, "-1")),
        (Undecodable(), grpc.StatusCode.INVALID_ARGUMENT, None),
    ],
)
def test_a_refusal_is_set_on_the_context_with_its_trailers(request_: Any, code: Any, trailer: Any) -> None:
    async def test(replica: Replica, ray: FakeRay) -> None:
        assert [reply async for reply in replica.Generate(request_, ray)] == []
        assert ray.code is code and ray.details
        assert ray.trailers == dict([trailer] if trailer else [])

    with_replica(test)


def test_a_refused_unary_call_gives_ray_an_empty_message() -> None:
    async def test(replica: Replica, ray: FakeRay) -> None:
        assert await replica.GetInfo(Undecodable(), ray) == info_pb2.GetInfoReply()
        assert ray.code is grpc.StatusCode.INVALID_ARGUMENT

    with_replica(test)


def test_callers_without_a_token_are_refused(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("studio 0123456789abcdef\n")
    rules = Rules(tokens=Tokens.read(tmp_path / "tokens"))

    async def stranger(replica: Replica, ray: FakeRay) -> None:
        await replica.GetInfo(info_pb2.GetInfoRequest(), ray)
        assert ray.code is grpc.StatusCode.UNAUTHENTICATED
        for stream in (replica.Generate(generate(), other := FakeRay()), replica.Drive(sent(START), other)):
            assert [reply async for reply in stream] == []
            assert other.code is grpc.StatusCode.UNAUTHENTICATED

    async def known(replica: Replica, ray: FakeRay) -> None:
        assert (await replica.GetInfo(info_pb2.GetInfoRequest(), ray)).bundle.name == "fake"

    with_replica(stranger, rules=rules)
    with_replica(known, rules=rules, ray=FakeRay(("authorization", "Bearer 0123456789abcdef")))


def test_a_character_lives_until_its_end() -> None:
    async def test(replica: Replica, ray: FakeRay) -> None:
        enough, replies = asyncio.Event(), []
        async for reply in replica.Drive(sent(START, then=enough, last=END), ray):
            replies.append(reply)
            if len(replies) == 20:
                enough.set()
        found = kinds(replies)
        assert found[0] == "header" and found[-1] == "ended" and set(found[1:-1]) == {"frame"}
        assert [reply.frame.number for reply in replies[1:-1]] == list(range(len(replies) - 2))
        assert ray.code is None

    with_replica(test)


def test_a_client_that_sends_no_more_without_an_end_just_stops() -> None:
    async def test(replica: Replica, ray: FakeRay) -> None:
        enough, replies = asyncio.Event(), []
        async for reply in replica.Drive(sent(START, then=enough), ray):
            replies.append(reply)
            enough.set()
        assert "ended" not in kinds(replies) and ray.code is None
        assert replica._core is not None and replica._core.streams == 0

    with_replica(test)


@pytest.mark.parametrize("first", [END, Undecodable()])
def test_a_stream_that_begins_wrongly_is_refused(first: Any) -> None:
    async def test(replica: Replica, ray: FakeRay) -> None:
        assert [reply async for reply in replica.Drive(sent(first), ray)] == []
        assert ray.code is grpc.StatusCode.INVALID_ARGUMENT and FIELD_TRAILER in ray.trailers

    with_replica(test)


@pytest.mark.parametrize("leave", ["close", "cancel"])
def test_a_caller_that_leaves_frees_its_place(leave: str) -> None:
    async def test(replica: Replica, ray: FakeRay) -> None:
        began = asyncio.Event()
        stream = replica.Drive(sent(START, then=asyncio.Event()), ray)

        async def read() -> None:
            async for _ in stream:
                began.set()
                if leave == "close":
                    break

        reading = asyncio.create_task(read())
        await began.wait()
        core = replica._core
        assert core is not None and core.streams == 1
        reading.cancel() if leave == "cancel" else await reading
        await asyncio.wait({reading})
        await stream.aclose()
        while core.streams:
            await asyncio.sleep(0.01)

    with_replica(test)


def writing(call: Callable[[Any, Any], Awaitable[None]]) -> Method:
    """A method that streams on both sides."""
    return Method(LIVE.methods_by_name["Drive"], call)


def test_a_write_waits_until_the_reply_before_was_taken() -> None:
    written: list[int] = []

    async def call(_requests: Any, context: Any) -> None:
        for number in range(5):
            await context.write(number)
            written.append(number)

    async def test() -> None:
        stream = bridge.both(writing(call), sent(), FakeRay())
        for number in range(5):
            assert await anext(stream) == number
            await asyncio.sleep(0.02)
            assert written == list(range(number + 1))
        assert [reply async for reply in stream] == []

    asyncio.run(test())


def test_a_client_that_takes_nothing_is_dropped_and_at_last_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_service, "STALLED_S", 0.2)
    monkeypatch.setattr(bridge, "LINGER_S", 0.2)

    async def test(replica: Replica, ray: FakeRay) -> None:
        async def read() -> None:
            async for _ in replica.Drive(sent(START, then=asyncio.Event()), ray):
                await asyncio.Event().wait()  # the transport takes no more

        reading = asyncio.create_task(read())
        await asyncio.wait({reading}, timeout=PATIENCE_S / 2)
        assert reading.cancelled() and ray.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert replica._core is not None and replica._core.streams == 0

    with_replica(test)


def test_a_fault_of_ours_is_raised_to_ray() -> None:
    async def call(_requests: Any, context: Any) -> None:
        await context.write(1)
        raise RuntimeError("boom")

    async def test() -> None:
        stream = bridge.both(writing(call), sent(), FakeRay())
        assert await anext(stream) == 1
        with pytest.raises(RuntimeError, match="boom"):
            await anext(stream)

    asyncio.run(test())


def test_another_bundle_is_loaded_while_a_character_goes_on() -> None:
    async def test(replica: Replica, ray: FakeRay) -> None:
        enough = asyncio.Event()
        stream = replica.Drive(sent(START, then=enough, last=END), ray)
        assert (await anext(stream)).header.bundle_sha256 == ""
        await replica.reconfigure({"bundle": "second"})
        assert (await replica.GetInfo(info_pb2.GetInfoRequest(), ray)).bundle.sha256 == "second"
        with pytest.raises(BundleError):
            await replica.reconfigure({"bundle": "broken"})
        assert (await replica.GetInfo(info_pb2.GetInfoRequest(), ray)).bundle.sha256 == "second"
        enough.set()
        assert kinds([reply async for reply in stream])[-1] == "ended"

    with_replica(test)


def test_the_same_bundle_is_not_loaded_twice() -> None:
    loaded: list[Path | None] = []

    def load(bundle: Path | None, threads: int) -> FakeEngine:
        loaded.append(bundle)
        return load_fake(bundle, threads)

    async def test() -> None:
        replica = Replica(load, 1, Rules())
        for bundle in ("", "", "second", "second"):
            await replica.reconfigure({"bundle": bundle})
        await replica.close()

    asyncio.run(test())
    assert loaded == [None, Path("second")]


class FakeServer:
    """Ray's gRPC server, as far as our services are told to it."""

    def __init__(self) -> None:
        self.handlers: dict[str, grpc.RpcMethodHandler] = {}

    def add_generic_rpc_handlers(self, handlers: tuple[Any, ...]) -> None:
        self.handlers |= handlers[0]._method_handlers  # as Ray reads it


def test_ray_hears_of_every_method_and_decodes_any_bytes() -> None:
    server = FakeServer()
    bridge.add_services(None, server)  # type: ignore[arg-type]
    streams = {path: (h.request_streaming, h.response_streaming) for path, h in server.handlers.items()}
    assert streams == {
        "/emomotion.v1.MotionService/GetInfo": (False, False),
        "/emomotion.v1.MotionService/Generate": (False, True),
        "/emomotion.v1.LiveService/Drive": (True, True),
        "/emomotion.v1.FaceService/Track": (True, True),
        "/emomotion.v1.FaceService/Express": (True, True),
        "/emomotion.v1.ComposeService/Compose": (False, True),
        "/emomotion.v1.ClipService/Export": (False, True),
    }
    decode = server.handlers["/emomotion.v1.MotionService/Generate"].request_deserializer
    assert isinstance(decode(b"\xff\xff"), Undecodable)
    assert isinstance(decode(generate().SerializeToString()), Message)
