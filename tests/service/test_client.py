"""The clients when things are not as they should be: no server, another server, a server that breaks the protocol."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from emomotion.v1 import motion_pb2
from sdk.client import AsyncClient, Client, ReplyReader, build_request, check_target
from sdk.client_errors import translated
from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput, ServerError
from sdk.runtime.engine import Request
from sdk.wire import affect_from_wire, motion_to_wire
from tests.service.conftest import PATIENCE_S, Live, Loop
from tests.service.fake_engine import motion_of

WALK = "a person walks forward"


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nothing listens; the port stays bound, so that nobody else takes it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize("call", [Client.info, lambda client: client.generate(WALK)])
def test_a_server_that_is_away_is_said_in_one_line(nobody: str, call: Callable[[Client], object]) -> None:
    with Client(nobody) as client, pytest.raises(ServerError) as refusal:
        call(client)
    assert str(refusal.value) == f"no server answers at {nobody}; start one with: emomotion serve"
    assert refusal.value.status == "UNAVAILABLE"


def test_the_async_client_says_the_same(nobody: str, loop: Loop) -> None:
    async def ask() -> None:
        async with AsyncClient(nobody) as client:
            await client.generate(WALK)

    with pytest.raises(ServerError, match=f"no server answers at {nobody}; start one with: emomotion serve"):
        loop.call(ask())


def test_a_grpc_server_of_another_kind_is_recognised() -> None:
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with Client(f"127.0.0.1:{port}") as client, pytest.raises(ServerError, match="does not speak emomotion.v1"):
        client.info()
    server.stop(None).wait(PATIENCE_S)


@pytest.mark.parametrize("target", ["", "localhost", "localhost:", ":50051", "localhost:0", "localhost:99999",
                                    "http://localhost:50051", "a b:1", "::1:50051x"])  # fmt: skip
def test_a_target_without_host_and_port_is_refused(target: str) -> None:
    with pytest.raises(InvalidInput, match="HOST:PORT") as refusal:
        check_target(target)
    assert refusal.value.field == "server"


@pytest.mark.parametrize("target", ["localhost:50051", "127.0.0.1:1", "[::1]:50051", "motion.example.org:65535"])
def test_targets(target: str) -> None:
    assert check_target(target) == target


def test_only_what_is_said_is_sent() -> None:
    assert build_request(WALK) == motion_pb2.GenerateRequest(text=WALK)
    request = build_request(WALK, affect="joy:3,trust:1", seconds=2, seed=0, plan="fast", fps=10)
    assert affect_from_wire(request.affect) == Affect({Emotion.JOY: 3, Emotion.TRUST: 1})
    assert (request.seconds, request.HasField("seed"), request.seed, request.plan) == (2.0, True, 0, "fast")


@pytest.mark.parametrize(
    ("options", "field"),
    [({"seed": -1}, "seed"), ({"seed": 2**64}, "seed"), ({"affect": "bliss"}, "emotion"), ({"plan": "\ud800"}, "plan")],
)
def test_what_no_message_can_hold_is_refused_before_the_call(options: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal, Client("127.0.0.1:1") as client:
        client.stream(WALK, **options)  # type: ignore[arg-type]
    assert refusal.value.field == field


def test_an_unknown_option_is_a_programming_error() -> None:
    with pytest.raises(TypeError, match="second"), Client("127.0.0.1:1") as client:
        client.generate(WALK, second=3)  # type: ignore[call-arg]


def replies() -> list[motion_pb2.GenerateReply]:
    """A right sequence: header, two chunks, status."""
    motion = motion_of(Request(text=WALK, seconds=10.0, seed=1, fps=30.0))
    return [*motion_to_wire(motion), motion_pb2.GenerateReply(status=motion_pb2.GenerateStatus())]


def without_root(reply: motion_pb2.GenerateReply) -> motion_pb2.GenerateReply:
    damaged = motion_pb2.GenerateReply()
    damaged.CopyFrom(reply)
    damaged.chunk.ClearField("root")
    return damaged


BROKEN: dict[str, Callable[[list[motion_pb2.GenerateReply]], list[motion_pb2.GenerateReply]]] = {
    "no header": lambda r: r[1:],
    "two headers": lambda r: [r[0], *r],
    "a chunk lost": lambda r: [r[0], *r[2:]],
    "the last chunk lost": lambda r: [*r[:-2], r[-1]],
    "a chunk twice": lambda r: [*r[:2], *r[1:]],
    "no status": lambda r: r[:-1],
    "something after the status": lambda r: [*r, r[1]],
    "an empty part": lambda r: [r[0], motion_pb2.GenerateReply(), *r[1:]],
    "a damaged chunk": lambda r: [r[0], without_root(r[1]), *r[2:]],
    "nothing": lambda r: [],
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_server_that_breaks_the_protocol_is_caught(name: str) -> None:
    reader = ReplyReader()
    with pytest.raises(ServerError, match="broke the protocol") as refusal:
        for reply in BROKEN[name](replies()):
            reader.part(reply)
        reader.check_end()
    assert refusal.value.status == "DATA_LOSS"


def test_the_right_sequence_passes() -> None:
    reader = ReplyReader()
    assert len([reader.part(reply) for reply in replies()]) == 4
    reader.check_end()


def test_a_server_that_dies_in_mid_call_is_said(live: Live) -> None:
    live.engine.gate.clear()

    async def ask() -> None:
        async with AsyncClient(live.address) as client:
            call = asyncio.create_task(client.generate(WALK))
            await asyncio.to_thread(live.engine.entered.acquire, timeout=PATIENCE_S)
            live.drained = True
            await live.server.drain(notice_s=0.0, grace_s=0.0)
            await call

    with pytest.raises(ServerError) as refusal:
        live.loop.call(ask())
    assert live.address in str(refusal.value) and "\n" not in str(refusal.value)


class Reset(grpc.RpcError):
    """An ended call as grpc shows it."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        self._code, self._details = code, details

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._details

    def trailing_metadata(self) -> None:
        return None


@pytest.mark.parametrize(
    ("code", "details"),
    [
        (grpc.StatusCode.CANCELLED, "Received RST_STREAM with error code 8"),
        (grpc.StatusCode.INTERNAL, "Internal error from Core"),
    ],
)
def test_a_call_that_a_balancer_or_a_broken_connection_ended_is_a_lost_server(
    code: grpc.StatusCode, details: str
) -> None:
    message = "was lost in the middle of the call; ask again"
    with pytest.raises(ServerError, match=message) as refusal, translated("localhost:1", 1.0):
        raise Reset(code, details)
    assert refusal.value.status == "UNAVAILABLE"


@pytest.mark.parametrize("details", ["Channel closed!", "Locally cancelled by application!"])
def test_a_call_that_the_client_ended_itself_is_cancelled(details: str) -> None:
    with pytest.raises(ServerError) as refusal, translated("localhost:1", 1.0):
        raise Reset(grpc.StatusCode.CANCELLED, details)
    assert refusal.value.status == "CANCELLED"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"affect": 5}, "affect"), ({"seconds": "4"}, "seconds"), ({"budget_ms": "100"}, "budget_ms"),
        ({"plan": 3}, "plan"), ({"seed": "7"}, "seed"), ({"seed": 1.5}, "seed"), ({"plan": "\ud800"}, "plan"),
        ({"text": None}, "text"),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_named(options: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        build_request(**{"text": WALK} | options)
    assert refusal.value.field == field
