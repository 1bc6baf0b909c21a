"""BridgeService over the wire: a real server, the real loop, and writers of every kind."""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from emomotion.v1 import face_pb2, robot_pb2, robot_pb2_grpc
from robot_bridge.bridge import Bridge
from robot_bridge.client import BridgeClient, Writer, line_of, state_of
from robot_bridge.core import Settings
from robot_bridge.loop import Loop
from robot_bridge.server import Access, BridgeServer
from robot_bridge.service import BridgeServicer
from sdk.client import Tls
from sdk.errors import InvalidInput, ServerError
from sdk.service.access import Tokens, server_credentials
from tests.robot_bridge.bridges import SCHEMA, Remembering, frame, pose

PATIENCE_S = 10.0
TOKEN = "a-token-of-32-characters-or-more"


class Served:
    """A bridge on a remembering robot behind its server, ticking in real time."""

    def __init__(self, access: Access | None = None, **settings: float) -> None:
        self.robot = Remembering()
        self.bridge = Bridge(SCHEMA, Settings(**settings), self.robot)  # type: ignore[arg-type]
        self.ticking = Loop(self.bridge.tick)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.server = self._call(BridgeServer.bind("127.0.0.1", 0, access))
        servicer = BridgeServicer(
            self.bridge, robot="test", dry_run=False, stats=lambda: self.ticking.stats, rate_hz=60.0
        )  # fmt: skip
        self._call(self.server.start(self.bridge, servicer))
        self.ticking.start()
        self.address = self.server.address

    def _call(self, work: object) -> object:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)  # type: ignore[arg-type]

    def close(self) -> None:
        self._call(self.server.stop(0.0))
        self.ticking.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    served = Served()
    yield served
    served.close()


@pytest.fixture
def client(shared: Served) -> Iterator[BridgeClient]:
    """A client of a bridge that is disarmed before and after."""
    with BridgeClient(shared.address) as client:
        yield client
        reset(client)


def reset(client: BridgeClient) -> None:
    if state_of(client.command("cut")) != "disarmed":
        client.command("clear")


@pytest.fixture
def stub(shared: Served) -> Iterator[robot_pb2_grpc.BridgeServiceStub]:
    """For messages that our own client would never send."""
    with grpc.insecure_channel(shared.address) as channel:
        yield robot_pb2_grpc.BridgeServiceStub(channel)


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.002)


def gathered(writer: Writer, count: int) -> list[robot_pb2.ControlAck]:
    """The next so many acknowledgements."""
    found: list[robot_pb2.ControlAck] = []
    until(lambda: found.extend(writer.acks()) or len(found) >= count)
    return found


def outcomes(acks: list[robot_pb2.ControlAck]) -> list[str]:
    return [robot_pb2.FrameOutcome.Name(ack.outcome).removeprefix("FRAME_OUTCOME_") for ack in acks]


def start(**fields: str) -> robot_pb2.ControlRequest:
    return robot_pb2.ControlRequest(start=robot_pb2.ControlStart(**{"schema_sha256": SCHEMA.sha256} | fields))


def refused(call: object) -> tuple[str, str]:
    """Status and details of a stream that ends in an error."""
    with pytest.raises(grpc.RpcError) as error:
        list(call)  # type: ignore[call-overload]
    return error.value.code().name, error.value.details()


def test_a_writer_moves_the_robot_and_hears_what_was_applied(shared: Served, client: BridgeClient) -> None:
    assert state_of(client.command("arm")) == "armed"
    with client.control(SCHEMA, writer="studio") as writer:
        header = writer.header
        assert header.schema_sha256 == SCHEMA.sha256 and header.range_set == "tight" and header.rate_hz == 60
        assert tuple(header.control_names) == SCHEMA.names and len(writer.lease) == 32
        np.testing.assert_array_equal(header.rest, SCHEMA.neutral)
        writer.send(pose(Head_Yaw=99))
        [ack] = gathered(writer, 1)
        assert outcomes([ack]) == ["APPLIED"] and len(ack.applied) == 30 and ack.limits[12] == 1 | 4 | 8
        assert 0 <= ack.applied_ns - ack.received_ns < 250_000_000
        assert any(np.array_equal(ack.applied, written) for written in shared.robot.written)
        status = client.status()
        assert status.writer == "studio" and status.robot == "test" and len(status.demand) == 30
        assert "studio" in line_of(status)
    assert writer.ended is not None and writer.ended.frame_count == writer.ended.applied_count == 1
    until(lambda: client.status().writer == "")


def test_bad_frames_are_answered_and_the_stream_goes_on(client: BridgeClient) -> None:
    client.command("arm")
    with client.control(SCHEMA) as writer:
        for bad in (pose()[:29], np.append(pose(), 0.5), np.full(30, math.nan), np.full(30, math.inf)):
            writer.send(bad)
        writer.send_frame(frame(pose(), number=9, ttl_ms=0.0))
        acks = gathered(writer, 5)
        assert outcomes(acks) == ["REJECTED"] * 5
        assert acks[0].reason == "values must be 30, one for each control; got 29"
        assert acks[2].reason == "values[0] is nan; all must be finite numbers"
        writer.send_frame(frame(pose(), number=20))
        assert outcomes(gathered(writer, 1)) == ["APPLIED"]
        writer.send_frame(frame(pose(), number=20))
        writer.send_frame(frame(pose(), number=25, ttl_ms=5.0, made_in_ms=6.0))
        assert outcomes(gathered(writer, 2)) == ["REORDERED", "STALE"]


def test_frames_to_a_bridge_that_is_not_armed_are_answered(client: BridgeClient) -> None:
    with client.control(SCHEMA) as writer:
        writer.send(pose())
        assert outcomes(gathered(writer, 1)) == ["NOT_ARMED"]


def test_a_stream_of_another_schema_is_refused(stub: robot_pb2_grpc.BridgeServiceStub) -> None:
    for wrong in ("", "ab" * 32):
        status, details = refused(stub.Control(iter([start(schema_sha256=wrong)])))
        assert status == "FAILED_PRECONDITION" and "both sides need the same file" in details


@pytest.mark.parametrize(
    ("requests", "message"),
    [
        ([], "begins with a start"), ([robot_pb2.ControlRequest(frame=frame(pose()))], "begins with a start"),
        ([robot_pb2.ControlRequest()], "begins with a start"), ([start(), start()], "one start, then frames"),
        ([start(), robot_pb2.ControlRequest()], "got an empty message"),
        ([start(range_set="wide")], "range set 'wide' is unknown; known: x2c, tight"),
        ([start(writer="x" * 65)], "writer has 65 characters; at most 64"),
    ],
)  # fmt: skip
def test_a_stream_out_of_order_is_refused(
    stub: robot_pb2_grpc.BridgeServiceStub, requests: list[robot_pb2.ControlRequest], message: str
) -> None:
    status, details = refused(stub.Control(iter(requests)))
    assert status == "INVALID_ARGUMENT" and message in details


def test_bytes_that_are_no_message_are_refused(shared: Served) -> None:
    with grpc.insecure_channel(shared.address) as channel:
        for method in ("Command", "Watch"):
            kind = channel.unary_unary if method == "Command" else channel.unary_stream
            call = kind(f"/emomotion.v1.BridgeService/{method}")
            with pytest.raises(grpc.RpcError) as error:
                list(call(b"\xff\xff")) if method == "Watch" else call(b"\xff\xff")
            assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        control = channel.stream_stream("/emomotion.v1.BridgeService/Control")
        assert refused(control(iter([b"\xff\xff"])))[0] == "INVALID_ARGUMENT"


def test_of_two_writers_the_second_is_refused_until_the_first_leaves(client: BridgeClient) -> None:
    client.command("arm")
    with client.control(SCHEMA, writer="first") as first:
        with pytest.raises(ServerError, match=r"bridge \S+ answered FAILED_PRECONDITION: writer first has the lease"):
            client.control(SCHEMA, writer="second")
        with client.control(SCHEMA, writer="first", lease=first.lease) as again:
            first.send(pose())
            assert outcomes(gathered(first, 1)) == ["NO_LEASE"]
            until(first._done.is_set)
            with pytest.raises(ServerError, match="another writer has the lease by now"):
                first.acks()
            again.send(pose())
            assert outcomes(gathered(again, 1)) == ["APPLIED"]
    with client.control(SCHEMA, writer="third"):
        assert client.status().writer == "third"


def test_a_writer_that_vanishes_leaves_a_face_in_neutral(shared: Served, client: BridgeClient) -> None:
    client.command("arm")
    writer = client.control(SCHEMA, writer="gone")
    for _ in range(15):
        writer.send(pose(Head_Yaw=20))
        time.sleep(1 / 60)
    moved = shared.robot.written[-1][12]
    lost = time.monotonic()
    writer._call.cancel()
    assert moved > 1
    until(lambda: np.array_equal(shared.robot.written[-1], SCHEMA.neutral))
    assert time.monotonic() - lost < 1.5  # a second, and what a busy machine takes
    until(lambda: client.status().writer == "")


def test_commands_that_do_not_fit_are_refused(client: BridgeClient, stub: robot_pb2_grpc.BridgeServiceStub) -> None:
    client.command("arm")
    with pytest.raises(ServerError, match="^bridge .* cannot arm while armed: it holds the robot already"):
        client.command("arm")
    with pytest.raises(ServerError, match="nothing to clear while armed"):
        client.command("clear")
    assert state_of(client.command("cut")) == "estop"
    with pytest.raises(ServerError, match="cannot arm while estop: send clear first"):
        client.command("arm")
    assert state_of(client.command("clear")) == "disarmed"
    with pytest.raises(InvalidInput, match="command 'dance' is unknown; known: arm, disarm"):
        client.command("dance")
    for number in (0, 99):
        with pytest.raises(grpc.RpcError) as error:
            stub.Command(robot_pb2.CommandRequest(command=number))
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT and "known: arm" in error.value.details()


def test_a_robot_that_cannot_be_had_is_said(shared: Served, client: BridgeClient) -> None:
    shared.robot.refuses = "no robot answers at ws://robot:1234/"
    try:
        with pytest.raises(ServerError, match="no robot answers at ws://robot"):
            client.command("arm")
    finally:
        shared.robot.refuses = ""


@pytest.mark.parametrize("rate", [0.0, 0.09, 61.0, math.nan, math.inf])
def test_a_watch_out_of_range_is_refused(stub: robot_pb2_grpc.BridgeServiceStub, rate: float) -> None:
    status, details = refused(stub.Watch(robot_pb2.WatchRequest(rate_hz=rate)))
    assert status == "INVALID_ARGUMENT" and "rate_hz must lie in 0.1..60" in details


def test_the_watchdog_of_the_server_sees_a_loop_that_died(client: BridgeClient) -> None:
    own = Served(watchdog_s=0.1)
    try:
        with BridgeClient(own.address) as other:
            other.command("arm")
            own.ticking.stop()
            until(lambda: state_of(other.status()) == "fault")
            assert "no tick for" in other.status().reason
    finally:
        own.close()


def test_tokens_and_tls_guard_every_call(pems: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"studio {TOKEN}\n")
    access = Access(tokens=Tokens.read(path), credentials=server_credentials(pems["cert"], pems["key"]))
    served = Served(access)
    target = served.address.replace("127.0.0.1", "localhost")
    try:
        for token in (None, "x" * 32):
            with BridgeClient(target, token=token, tls=Tls(ca=pems["ca"])) as stranger:
                for call in (stranger.status, lambda who=stranger: who.command("cut"),
                             lambda who=stranger: who.control(SCHEMA)):  # fmt: skip
                    with pytest.raises(ServerError, match=r"^bridge \S+ wants a valid token: give BridgeClient\("):
                        call()
        with BridgeClient(target, token=TOKEN, tls=Tls(ca=pems["ca"])) as known:
            assert state_of(known.status()) == "disarmed"
        credentials = grpc.ssl_channel_credentials(pems["ca"].read_bytes())
        with grpc.secure_channel(target, credentials) as channel:  # balancers need no token
            health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
            assert health.status == health_pb2.HealthCheckResponse.SERVING
    finally:
        served.close()


def test_no_bridge_at_all_is_one_clear_line() -> None:
    with BridgeClient("127.0.0.1:1") as client, pytest.raises(ServerError, match="no bridge answers at 127.0.0.1:1; "):
        client.status()


def test_a_server_that_is_no_bridge_is_one_clear_line() -> None:
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with BridgeClient(f"127.0.0.1:{port}") as client, pytest.raises(ServerError, match="is no bridge"):
            client.status()
    finally:
        server.stop(0)


@pytest.mark.parametrize("writer", ["a\nb", "\x1b[31mred", "x" * 65])
def test_a_writer_whose_name_would_not_fit_a_line_is_refused(client: BridgeClient, writer: str) -> None:
    with pytest.raises(InvalidInput) as error:
        client.control(SCHEMA, writer=writer)
    assert error.value.field == "writer"


def test_frames_of_the_face_service_go_to_the_bridge(shared: Served, client: BridgeClient) -> None:
    """Through the source of `--face`, from a server that is not there at first."""
    from robot_bridge import sources

    shown = pose(Head_Yaw=7)
    message = sources.message_of(_received(frame(shown, number=3, made_in_ms=4.0)))
    assert message.number == 3 and message.made_in_ms == 4 and 150 < message.ttl_ms <= 200
    np.testing.assert_allclose(message.values, shown, atol=1e-6)
    assert message.mode == face_pb2.FACE_MODE_FOLLOW
    said: list[str] = []

    async def feed() -> None:
        source = sources.FaceSource("127.0.0.1:1", "joy", {}, range_set="tight")
        async with asyncio.timeout(0.5):
            await source.feed(shared.bridge, said.append)

    with pytest.raises(TimeoutError):
        asyncio.run(feed())
    assert len(said) == 1 and said[0].startswith("no face: no server answers at 127.0.0.1:1")


def _received(message: face_pb2.FaceFrame) -> object:
    from sdk.face_wire import face_frame_from_wire

    return face_frame_from_wire(message)
