"""The script that is put on the robot, run by the virtual robot's script host, tick by tick."""

import math
from typing import Any

import numpy as np
import pytest

from robot_bridge.schema import ameca
from robot_bridge.virtual.program import SCRIPTS
from robot_bridge.virtual.robot import VirtualAmeca
from robot_bridge.virtual.script_host import ScriptHost
from tests.robot_bridge.bridges import SCHEMA, pose

SCRIPT, CHANNEL = "emomotion_face.py", "emomotion_face"
YAW = SCHEMA.index("Head Yaw")


class Robot:
    """A virtual robot with the script running."""

    def __init__(self) -> None:
        self.robot = VirtualAmeca(SCHEMA, blinking=False)
        self.host = ScriptHost(self.robot, SCRIPTS)
        self.script = self.host.start(SCRIPT)
        assert self.script.status == "RUNNING", self.script.error
        self.activity = self.script._activity
        self.number = 0

    def post(self, kind: str, *, session: str = "s", **fields: Any) -> None:
        self.host.post(CHANNEL, {"type": kind, "session": session, **fields})

    def begin(self) -> "Robot":
        self.post("begin", neutral=SCHEMA.neutral.tolist())
        self.tick()
        return self

    def show(self, values: np.ndarray, ticks: int = 1) -> None:
        for _ in range(ticks):
            self.post("frame", number=self.number, values=values.tolist())
            self.number += 1
            self.tick()

    def tick(self, ticks: int = 1) -> list[np.ndarray]:
        demands = []
        for _ in range(ticks):
            self.host.step()
            self.robot.tick()
            demands.append(self.robot.demands.copy())
        assert self.script.status == "RUNNING", self.script.error
        return demands

    @property
    def writes(self) -> bool:
        return self.activity.values is not None


def test_its_table_is_the_schema() -> None:
    script = Robot().activity
    table = script.on_start.__func__.__globals__["CONTROLS"]
    for row, control in zip(table, ameca(), strict=True):
        low, high = control.ranges["x2c"]
        assert row == (control.name, control.namespace, low, high, control.neutral)


def test_it_writes_what_comes_and_nothing_before() -> None:
    robot = Robot()
    robot.tick(10)
    assert not robot.writes and robot.robot.counters["frames"] == 0
    robot.begin().show(pose(Head_Yaw=12, Nose_Wrinkle=0.4), 120)
    assert abs(robot.robot.positions[YAW] - 12) < 0.2
    assert robot.robot.counters["without_bid"] == 0


def test_silence_brings_the_face_to_neutral_and_lets_go() -> None:
    robot = Robot().begin()
    robot.show(pose(Head_Yaw=20, Gaze_Target_Phi=60), 90)
    demands = np.array(robot.tick(150))
    assert (demands[:25, YAW] == 20).all() and not robot.writes
    settled = int(np.argmax(np.abs(demands[:, YAW]) < 1e-9))
    assert settled / 60 <= 0.5 + 1.2 + 0.1
    speed = np.abs(np.diff(demands[: settled + 1, YAW])) * 60
    assert speed.max() <= 60 and speed[[0, -1]].max() < 2


def test_settle_and_release() -> None:
    robot = Robot().begin()
    robot.show(pose(Head_Yaw=20), 60)
    robot.post("settle")
    robot.show(pose(Head_Yaw=-20), 90)  # it does not listen any more
    assert not robot.writes and abs(robot.robot.demands[YAW]) < 1e-6
    robot.begin().show(pose(Head_Yaw=20), 30)
    robot.post("release")
    robot.tick()
    assert not robot.writes


@pytest.mark.parametrize(
    "message",
    [
        None, 7, "frame", [], {}, {"type": "frame"}, {"type": "frame", "session": "s"},
        {"type": "frame", "session": "s", "number": 99, "values": [0.5] * 29},
        {"type": "frame", "session": "s", "number": 99, "values": [0.5] * 29 + [math.nan]},
        {"type": "frame", "session": "s", "number": 99, "values": [0.5] * 29 + [True]},
        {"type": "frame", "session": "s", "number": 99, "values": [0.5] * 29 + ["1"]},
        {"type": "frame", "session": "s", "number": 1, "values": [0.5] * 30},
        {"type": "frame", "session": "s", "number": "99", "values": [0.5] * 30},
        {"type": "frame", "session": "other", "number": 99, "values": [0.5] * 30},
        {"type": "begin", "session": 5, "neutral": [0.5] * 30}, {"type": "begin", "session": "x", "neutral": None},
        {"type": "settle", "session": "other"}, {"type": "release"}, {"type": ["frame"], "session": "s"},
    ],
)  # fmt: skip
def test_what_is_no_message_of_its_bridge_is_counted_and_ignored(message: object) -> None:
    robot = Robot().begin()
    robot.show(pose(Head_Yaw=10), 5)
    robot.host.post(CHANNEL, message)
    robot.tick()
    assert robot.activity.ignored == 1 and robot.activity.values[YAW] == 10
    robot.host.post("speech_recognized", message)
    robot.tick()
    assert robot.activity.ignored == 1


def test_it_keeps_to_the_ranges_by_itself() -> None:
    robot = Robot().begin()
    robot.show(np.full(30, 1e6), 2)
    high = SCHEMA.bounds("x2c")[1]
    np.testing.assert_array_equal(robot.activity.values, high)
    assert robot.robot.counters["clamped"] == 0


def test_stop_and_pause_write_nothing_more() -> None:
    robot = Robot().begin()
    robot.show(pose(Head_Yaw=10), 5)
    robot.host.pause(SCRIPT)
    assert not robot.writes
    robot.host.resume(SCRIPT)
    robot.show(pose(Head_Yaw=10), 5)
    robot.host.stop(SCRIPT)
    assert not robot.writes and robot.script.status == "STOPPED"
