"""Control frames over real ZeroMQ sockets, in both published framings, and tasks that a server answers."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from robot_bridge.virtual.robot import VirtualAmeca
from robot_bridge.virtual.zmq_receiver import FrameReceiver, Framing, TaskDealer, parse_frame
from sdk.errors import InvalidInput
from tests.robot_bridge.virtual.robots import SCHEMA, asked, at, robot, wait

PATIENCE_S = 10.0
NEUTRAL = [str(value).encode() for value in SCHEMA.neutral.tolist()]
NOSE = SCHEMA.index("Nose Wrinkle")


class Publisher:
    """A sender of control frames on a free port."""

    def __init__(self) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self.endpoint = f"tcp://127.0.0.1:{self._socket.bind_to_random_port('tcp://127.0.0.1')}"

    def heard(self) -> None:
        """Wait until somebody subscribes."""
        assert self._socket.poll(int(1000 * PATIENCE_S)), "nobody subscribed"
        assert self._socket.recv() == b"\x01"

    def left(self) -> None:
        """Wait until the subscriber is gone."""
        assert self._socket.poll(int(1000 * PATIENCE_S)), "nobody left"
        assert self._socket.recv() == b"\x00"

    def send(self, *, nose: float = 0.0, stamped: bool = False) -> None:
        parts = list(NEUTRAL)
        parts[NOSE] = str(nose).encode()
        self.send_parts([str(time.time()).encode(), *parts] if stamped else parts)

    def send_parts(self, parts: Sequence[bytes]) -> None:
        self._socket.send_multipart(list(parts))

    def close(self) -> None:
        self._context.destroy(linger=0)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    made = Publisher()
    yield made
    made.close()


@contextmanager
def receiving(one: VirtualAmeca, publisher: Publisher, framing: str = "auto") -> Iterator[FrameReceiver]:
    """A receiver that the publisher knows of."""
    receiver = FrameReceiver(one, publisher.endpoint, framing=Framing(framing))
    try:
        publisher.heard()
        yield receiver
    finally:
        receiver.close()


def until(condition: Callable[[], bool], receiver: FrameReceiver) -> None:
    """Poll until it holds; sockets of this machine have threads of their own."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it never happened"
        receiver.poll()
        time.sleep(0.001)


@pytest.mark.parametrize(("framing", "stamped"), [("30", False), ("31", True), ("auto", False), ("auto", True)])
def test_a_frame_in_either_framing_moves_the_face(publisher: Publisher, framing: str, stamped: bool) -> None:
    one = robot()
    with receiving(one, publisher, framing) as receiver:
        publisher.send(nose=1.0, stamped=stamped)
        until(lambda: one.counters["writes"] == 1, receiver)
        wait(one, 0.5)
        assert at(one, "Nose Wrinkle") > 0.9 and one.counters["zmq_malformed"] == 0
    assert one.bids == ()


@pytest.mark.parametrize(("framing", "stamped"), [("30", True), ("31", False)])
def test_the_other_framing_is_refused_and_counted(publisher: Publisher, framing: str, stamped: bool) -> None:
    one = robot()
    with receiving(one, publisher, framing) as receiver:
        publisher.send(nose=1.0, stamped=stamped)
        until(lambda: one.counters["zmq_malformed"] == 1, receiver)
        assert one.counters["writes"] == 0


def test_the_newest_good_frame_wins_and_the_rest_is_counted(publisher: Publisher) -> None:
    one = robot()
    with receiving(one, publisher) as receiver:
        for nose in (0.1, 0.2, 0.3):
            publisher.send(nose=nose)
        for bad in ([*NEUTRAL[:-1], b"nan"], NEUTRAL[:-1], [b"last"]):
            publisher.send_parts(bad)
        until(lambda: one.counters["zmq_frames"] == 6, receiver)
        one.tick()
        assert asked(one, "Nose Wrinkle") == 0.3
    assert one.counters["zmq_malformed"] == 3
    assert one.counters["writes"] + one.counters["zmq_overtaken"] == 3


def test_a_disconnected_link_closes_the_socket_and_opens_it_again(publisher: Publisher) -> None:
    one = robot("disconnect@0.5-1")
    with receiving(one, publisher) as receiver:
        wait(one, 0.6)
        assert not receiver.poll()
        publisher.left()
        publisher.send(nose=1.0)
        assert not receiver.poll()
        wait(one, 0.6)
        receiver.poll()
        publisher.heard()
        publisher.send(nose=0.5)
        until(lambda: one.counters["zmq_frames"] == 1, receiver)
        one.tick()
        assert asked(one, "Nose Wrinkle") == 0.5


def test_an_endpoint_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="must look like tcp://HOST:6666"):
        FrameReceiver(robot(), "127.0.0.1:6666")
    with pytest.raises(InvalidInput, match="--tasks"):
        TaskDealer(robot(), "tcp://nowhere")
    first = TaskDealer(robot(), "tcp://127.0.0.1:0")
    try:
        with pytest.raises(InvalidInput, match=r"already in use.*; choose another port$"):
            TaskDealer(robot(), first.endpoint)
    finally:
        first.close()


@given(st.lists(st.binary(max_size=8), min_size=28, max_size=33), st.sampled_from(Framing))
def test_bytes_of_any_kind_never_become_anything_but_finite_values(parts: list[bytes], framing: Framing) -> None:
    values = parse_frame(parts, 30, framing)
    assert values is None or (len(values) == 30 and np.isfinite(values).all())


@pytest.mark.parametrize("bad", [b"nan", b"inf", b"-1e999", b"", b"1_0", b"0x1", b"1,5", b"\xc2\xbd", b"1" * 100])
def test_one_bad_part_spoils_a_frame(bad: bytes) -> None:
    assert parse_frame(NEUTRAL, 30, Framing.AUTO) == SCHEMA.neutral.tolist()
    assert parse_frame([*NEUTRAL[:-1], bad], 30, Framing.AUTO) is None
    assert parse_frame([bad, *NEUTRAL], 30, Framing.AUTO) is None


def test_tasks_are_given_to_a_server_and_answered_with_a_code() -> None:
    one = robot()
    dealer = TaskDealer(one, "tcp://127.0.0.1:*")
    assert not dealer.ask("too early")
    context = zmq.Context()
    server = context.socket(zmq.ROUTER)
    server.connect(dealer.endpoint)
    end = time.monotonic() + PATIENCE_S
    while not dealer.ask("mimic", "start"):
        assert time.monotonic() < end
        time.sleep(0.01)
    assert server.poll(int(1000 * PATIENCE_S))
    identity, *task = server.recv_multipart()
    assert (identity, task) == (b"task_dealer", [b"mimic", b"start"])
    for answer in ([b"7"], [b"1", b"done"], [b"2"], [b"0"]):
        server.send_multipart([identity, *answer])
    answers: list[tuple[str, list[bytes]]] = []
    while len(answers) < 3:
        assert time.monotonic() < end
        answers += dealer.poll()
    assert answers == [("success", [b"done"]), ("fail", []), ("keep silent", [])]
    assert one.counters["task_malformed"] == 1
    dealer.close()
    context.destroy(linger=0)
