"""How demands get to a robot: the simulator, both ZeroMQ framings, Tritium against the virtual robot's gateway."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from robot_bridge.bridge import Bridge
from robot_bridge.core import Command, Settings, State
from robot_bridge.transports import DryRun, Transport, TransportError, open_transport
from sdk.errors import InvalidInput
from tests.robot_bridge.bridges import SCHEMA, Clock, frame, pose

zmq = pytest.importorskip("zmq", reason="pyzmq is absent: pip install -e '.[dev]'")
aiohttp = pytest.importorskip("aiohttp", reason="aiohttp is absent: pip install -e '.[dev]'")

NO_MASK = np.zeros(30, np.uint8)
YAW = SCHEMA.index("Head Yaw")
PATIENCE_S = 10.0
TOKEN = "a-robots-api-key"


def until(true: Callable[[], object]) -> None:
    """Wait for something that another thread does in its own time."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.002)


def bridged(transport: Transport) -> tuple[Bridge, Clock]:
    """A bridge that was armed on a transport."""
    clock = Clock()
    bridge = Bridge(SCHEMA, Settings(), transport, clock=clock)
    bridge.tick()
    bridge.command(Command.ARM)
    return bridge, clock


# --- addresses ---


@pytest.mark.parametrize(
    ("robot", "message"),
    [
        ("", "is no robot; write sim, zmq://"), ("simulator", "is no robot"), ("http://robot", "is no robot"),
        ("zmq://", "is no robot"), ("zmq://host:99999", "is no robot"), ("zmq://*:6666?parts=32", "30 or 31, got 32"),
        ("zmq://*:6666?parts=x", "30 or 31, got 'x'"), ("zmq://*?conflate=1", "no option 'conflate'; known: parts"),
        ("tritium://robot", "needs its API key"), ("tritium://robot?file=x", "no option 'file'; known: script"),
    ],
)  # fmt: skip
def test_what_is_no_robot_is_one_clear_line(robot: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as error:
        open_transport(robot, SCHEMA)
    assert "\n" not in str(error.value)


def test_a_dry_run_touches_nothing() -> None:
    dry = DryRun()
    bridge, clock = bridged(dry)
    for _ in range(5):
        clock.now += 1 / 60
        bridge.tick()
    assert dry.written == 5 and bridge.status().state is State.ARMED
    bridge.close()


# --- the simulator ---


def test_the_virtual_robot_follows_through_the_bridge_and_is_released() -> None:
    transport = open_transport("sim", SCHEMA)
    bridge, clock = bridged(transport)
    lease = bridge.acquire("test", SCHEMA.sha256, lambda ack: None)
    for number in range(90):
        bridge.submit(lease, frame(pose(Head_Yaw=15, Nose_Wrinkle=0.5), number=number))
        clock.now += 1 / 60
        bridge.tick()
    position = bridge.status().position
    assert position is not None and abs(position[YAW] - 15) < 0.5
    robot = transport.robot
    assert robot.counters["without_bid"] == 0 and robot.counters["clamped"] == 0
    bridge.command(Command.STOP)
    for _ in range(60):
        clock.now += 1 / 60
        bridge.tick()
    assert bridge.status().state is State.ESTOP
    assert abs(transport.positions()[YAW]) < 0.5
    transport.write(SCHEMA.neutral, NO_MASK, clock.now)  # without a bid the robot does not listen
    assert robot.counters["without_bid"] == 1


# --- ZeroMQ ---


@pytest.mark.parametrize("parts", [30, 31])
def test_zeromq_sends_text_parts_that_read_back_to_the_same_numbers(parts: int) -> None:
    transport = open_transport(f"zmq://127.0.0.1:0?parts={parts}", SCHEMA)
    transport.open()
    context = zmq.Context()
    socket = context.socket(zmq.SUB)
    socket.subscribe(b"")
    socket.connect(transport.address)
    values = np.random.default_rng(0).uniform(-130, 130, 30)
    try:
        message: list[bytes] = []
        end = time.monotonic() + PATIENCE_S
        while not message and time.monotonic() < end:  # a subscriber that is still connecting misses what is sent
            transport.write(values, NO_MASK, 0.0)
            if socket.poll(20):
                message = socket.recv_multipart()
        assert len(message) == parts
        np.testing.assert_array_equal([float(part.decode()) for part in message[-30:]], values)
        if parts == 31:
            assert abs(float(message[0]) - time.time()) < 60
    finally:
        transport.close()
        context.destroy(linger=0)


def test_zeromq_never_waits_for_those_who_do_not_read() -> None:
    transport = open_transport("zmq://127.0.0.1:0", SCHEMA)
    transport.open()
    context = zmq.Context()
    socket = context.socket(zmq.SUB)
    socket.setsockopt(zmq.RCVHWM, 1)
    socket.subscribe(b"")
    socket.connect(transport.address)
    began = time.monotonic()
    for _ in range(3000):
        transport.write(SCHEMA.neutral, NO_MASK, 0.0)
    assert time.monotonic() - began < 5
    transport.close()
    with pytest.raises(TransportError, match="the socket is closed"):
        transport.write(SCHEMA.neutral, NO_MASK, 0.0)
    context.destroy(linger=0)


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    first = open_transport("zmq://127.0.0.1:0", SCHEMA)
    first.open()
    second = open_transport(f"zmq://127.0.0.1:{first.address.rpartition(':')[2]}", SCHEMA)
    with pytest.raises(TransportError, match="cannot publish at tcp://127.0.0.1:.*choose another port"):
        second.open()
    first.close()


# --- Tritium ---


class VirtualRobot:
    """The virtual robot with its gateway, in a thread; `stop` ends it as a robot that is switched off."""

    def __init__(self) -> None:
        from robot_bridge.virtual.program import Program, Wishes
        from robot_bridge.virtual.robot import VirtualAmeca

        self.robot = VirtualAmeca(SCHEMA)
        self.loop = asyncio.new_event_loop()
        self.program: Program | None = None
        self._stop, self._ready = asyncio.Event(), threading.Event()

        async def live() -> None:
            async with Program.opened(self.robot, Wishes(tritium=0, token=TOKEN)) as self.program:
                self._ready.set()
                await self.program.live(self._stop)

        self.thread = threading.Thread(target=lambda: self.loop.run_until_complete(live()), daemon=True)
        self.thread.start()
        assert self._ready.wait(PATIENCE_S)

    @property
    def address(self) -> str:
        assert self.program is not None
        return next(a for a in self.program.addresses.values() if a.startswith("ws://")).removeprefix("ws://")

    def stop(self) -> None:
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self._stop.set)
            self.thread.join(PATIENCE_S)


@contextmanager
def virtual_robot() -> Iterator[VirtualRobot]:
    robot = VirtualRobot()
    try:
        yield robot
    finally:
        robot.stop()


def test_tritium_moves_the_robot_through_the_script_on_it() -> None:
    with virtual_robot() as virtual:
        transport = open_transport(f"tritium://{virtual.address}", SCHEMA, token=TOKEN)
        bridge, clock = bridged(transport)
        lease = bridge.acquire("test", SCHEMA.sha256, lambda ack: None)
        number = 0

        def follow() -> bool:
            nonlocal number
            bridge.submit(lease, frame(pose(Head_Yaw=15), number=number))
            number += 1
            clock.now += 1 / 60
            bridge.tick()
            time.sleep(0.005)
            return abs(virtual.robot.positions[YAW] - 15) < 0.5

        until(follow)
        assert bridge.status().state is State.TRACKING
        bridge.command(Command.CUT)
        bridge.tick()
        until(lambda: not virtual.robot.holds(virtual.program.host.scripts["emomotion_face.py"]._scope.bids[0]).any())
        bridge.close()
        until(lambda: virtual.program.host.scripts["emomotion_face.py"].status == "STOPPED")


def test_a_robot_that_goes_away_is_a_fault_of_the_next_writes() -> None:
    with virtual_robot() as virtual:
        transport = open_transport(f"tritium://{virtual.address}", SCHEMA, token=TOKEN)
        bridge, clock = bridged(transport)
        virtual.stop()

        def tick() -> bool:
            clock.now += 1 / 60
            bridge.tick()
            return bridge.status().state is State.FAULT

        until(tick)
        assert "closed the connection" in bridge.status().reason or "is lost" in bridge.status().reason
        bridge.close()


@pytest.mark.parametrize(
    ("token", "query", "message"),
    [("wrong-key", "", "refuses the token"), (TOKEN, "?script=none.py", "refuses a message: there is no script")],
)
def test_a_robot_that_refuses_says_why(token: str, query: str, message: str) -> None:
    with virtual_robot() as virtual:
        transport = open_transport(f"tritium://{virtual.address}/{query}", SCHEMA, token=token)
        with pytest.raises(TransportError, match=message) as error:
            transport.open()
        assert "\n" not in str(error.value)
        transport.close()


def test_no_robot_at_all_is_one_clear_line() -> None:
    transport = open_transport("tritium://127.0.0.1:1", SCHEMA, token=TOKEN)
    with pytest.raises(TransportError, match=r"no robot answers at ws://127.0.0.1:1/ \(Connection refused\)"):
        transport.open()
    transport.close()


def test_a_gateway_that_does_not_answer_is_lost_and_gets_only_the_newest_demand() -> None:
    """The envelope, the latest-wins rule and the half second, against a gateway that falls silent after START."""
    from aiohttp import web

    seen: list[dict] = []
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    port: list[int] = []

    async def handler(request: web.Request) -> web.WebSocketResponse:
        assert request.headers["x-tritium-token"] == TOKEN
        assert json.loads(request.headers["x-tritium-session-metadata"])["session_type"] == "graphql"
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            seen.append(json.loads(message.data))
            if len(seen) <= 2:  # START and begin
                reply = {"type": "graphql_response", "request_id": seen[-1]["request_id"], "data": {"data": {}}}
                await socket.send_json(reply)
        return socket

    async def serve() -> None:
        app = web.Application()
        app.router.add_get("/", handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port.append(runner.addresses[0][1])
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(PATIENCE_S)
    transport = open_transport(f"tritium://127.0.0.1:{port[0]}", SCHEMA, token=TOKEN)
    transport.open()

    def lost() -> bool:
        try:
            transport.write(SCHEMA.neutral, NO_MASK, 0.0)
        except TransportError as error:
            assert "has not answered for 0.5 s" in str(error)
            return True
        return False

    until(lost)
    transport.close()
    loop.call_soon_threadsafe(stop.set)
    thread.join(PATIENCE_S)
    assert [each["variable_values"]["input"].get("action") for each in seen[:1]] == ["START"]
    messages = [each["variable_values"]["input"]["message"] for each in seen[1:] if "variable_values" in each]
    assert messages[0]["type"] == "begin" and len(messages[0]["neutral"]) == 30
    frames = [message["number"] for message in messages if message["type"] == "frame"]
    assert frames == sorted(frames) and 1 <= len(frames) <= 20
    assert {each["type"] for each in seen} == {"graphql"} and {each["auth_token"] for each in seen} == {TOKEN}
    assert [each["request_id"] for each in seen] == list(range(1, len(seen) + 1))
