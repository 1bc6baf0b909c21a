"""The robot's end of the published ZeroMQ links: a subscriber that takes control frames, a dealer that gives tasks.

A frame is one multipart message of decimal text: the C values (30 parts), or the sender's time and the values (31).
Which of them the subscriber on a real robot wants is not public, so it is a setting. The time is not used, for clocks
differ.
"""

import math
from collections.abc import Sequence
from enum import StrEnum

import zmq

from robot_bridge.virtual.arbitration import WHOLE_FACE, Bid
from robot_bridge.virtual.robot import VirtualAmeca
from sdk.errors import InvalidInput

MOST_AT_ONCE = 10_000
"""So many messages are drained at a time; a sender that is faster than that must not stop the robot's clock."""
LONGEST_PART = 64
DEALER_IDENTITY = b"task_dealer"
CODES = {b"0": "keep silent", b"1": "success", b"2": "fail"}


class Framing(StrEnum):
    """How many parts a frame has."""

    VALUES = "30"
    TIME_AND_VALUES = "31"
    AUTO = "auto"


def parse_frame(parts: Sequence[bytes], controls: int, framing: Framing) -> list[float] | None:
    """Values of a frame; None for a wrong number of parts, for text that is no number, and for NaN and infinities."""
    allowed = {
        Framing.VALUES: (controls,), Framing.TIME_AND_VALUES: (controls + 1,), Framing.AUTO: (controls, controls + 1),
    }[framing]  # fmt: skip
    if len(parts) not in allowed:
        return None
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return None
    return numbers[-controls:] if all(map(math.isfinite, numbers)) else None


def _number(part: bytes) -> float:
    # float() also reads "1_0", which no sender of these frames writes.
    if len(part) > LONGEST_PART or b"_" in part:
        raise ValueError
    return float(part.decode("ascii"))


class FrameReceiver:
    """Subscribes to a sender of control frames and writes the newest one to the robot, with a bid of its own.

    Counters: zmq_frames that came, zmq_malformed and zmq_overtaken ones among them.
    """

    def __init__(self, robot: VirtualAmeca, endpoint: str, *, framing: Framing = Framing.AUTO) -> None:
        """Raises InvalidInput for an endpoint that ZeroMQ does not take."""
        self._robot, self._endpoint, self._framing = robot, endpoint, framing
        self._bid: Bid = robot.bid(WHOLE_FACE)
        for name in ("zmq_frames", "zmq_malformed", "zmq_overtaken"):
            robot.counters[name] += 0
        self._context = zmq.Context()
        self._socket: zmq.Socket[bytes] | None = None
        self._open()

    def poll(self) -> bool:
        """Take all that has come and write the newest good frame; whether there was one. Never waits."""
        if not self._robot.connected:
            self._shut()
            return False
        if self._socket is None:
            self._open()
        newest, counters = None, self._robot.counters
        for parts in self._drained():
            counters["zmq_frames"] += 1
            values = parse_frame(parts, len(self._robot.schema), self._framing)
            if values is None:
                counters["zmq_malformed"] += 1
                continue
            counters["zmq_overtaken"] += newest is not None
            newest = values
        if newest is not None:
            self._robot.demand(self._bid, newest)
        return newest is not None

    def close(self) -> None:
        """Leave."""
        self._shut()
        self._context.destroy(linger=0)
        self._robot.release(self._bid)

    def _open(self) -> None:
        # CONFLATE would keep a single part of a frame, so the socket is drained instead.
        socket = self._context.socket(zmq.SUB)
        socket.subscribe(b"")
        try:
            socket.connect(self._endpoint)
        except zmq.ZMQError as error:
            socket.close(0)
            self._context.destroy(linger=0)
            raise InvalidInput(f"--zmq {self._endpoint!r}: {error}; it must look like tcp://HOST:6666") from None
        self._socket = socket

    def _shut(self) -> None:
        if self._socket is not None:
            self._socket.close(0)
            self._socket = None

    def _drained(self) -> list[list[bytes]]:
        assert self._socket is not None
        came: list[list[bytes]] = []
        try:
            while len(came) < MOST_AT_ONCE:
                came.append(self._socket.recv_multipart(zmq.NOBLOCK))
        except zmq.Again:
            pass
        return came


class TaskDealer:
    """Gives tasks to a server that connects with a ROUTER, and notes how they went."""

    def __init__(self, robot: VirtualAmeca, endpoint: str) -> None:
        """endpoint: what to bind, such as "tcp://127.0.0.1:2004"; port 0 takes any. Raises InvalidInput."""
        self._robot = robot
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.IDENTITY, DEALER_IDENTITY)
        try:
            self._socket.bind(endpoint)
        except zmq.ZMQError as error:
            self._context.destroy(linger=0)
            fix = "choose another port" if error.errno == zmq.EADDRINUSE else "it must look like tcp://127.0.0.1:2004"
            raise InvalidInput(f"--tasks {endpoint!r}: {error}; {fix}") from None
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def ask(self, task: str, *arguments: str) -> bool:
        """Give a task; False where no server is there to take it."""
        try:
            self._socket.send_multipart([part.encode() for part in (task, *arguments)], zmq.NOBLOCK)
        except zmq.Again:
            return False
        self._robot.log.event(self._robot.time, "task", name=task)
        return True

    def poll(self) -> list[tuple[str, list[bytes]]]:
        """Answers that came: (what the code says, further parts). An unknown code is counted and left out."""
        answers = []
        while self._socket.poll(0, zmq.POLLIN):
            code, *rest = self._socket.recv_multipart()
            if code not in CODES:
                self._robot.counters["task_malformed"] += 1
                continue
            answers.append((CODES[code], rest))
            self._robot.log.event(self._robot.time, "task answered", result=CODES[code])
        return answers

    def close(self) -> None:
        """Leave."""
        self._context.destroy(linger=0)
