"""Everything that may go wrong with a bridge, as scenes that say whether they ended safe.

Safe is: what was written is lawful by the independent checker, and in the end the face is in neutral or the robot was
released; what stays wrong is latched and said.
"""

import math
from collections.abc import Callable

import numpy as np

from robot_bridge.core import Command, Refused, State
from robot_bridge.transports import TransportError
from tests.robot_bridge.bridges import SCHEMA, Rig, pose
from tests.robot_bridge.checker import Checker

TURNED = pose(Head_Yaw=18, Nose_Wrinkle=0.9, Gaze_Target_Phi=100, Jaw_Pitch=0.6)
SECOND = 75
"""Ticks in a second and the time to release."""


def moving() -> Rig:
    """A bridge that follows frames."""
    rig = Rig().armed()
    rig.tick(60, values=TURNED)
    return rig


def lawful(rig: Rig) -> bool:
    """Whether all demands keep the laws in the time in which they move."""
    dts = np.minimum(np.diff(rig.robot.times), 1 / 20)
    dts = np.where(dts > 0, dts, 1 / 60)
    times = np.concatenate([[0.0], np.cumsum(dts)])
    return Checker().verdict(times, np.array(rig.robot.written)).broken == []


def neutral(rig: Rig) -> bool:
    return lawful(rig) and np.array_equal(rig.demand, SCHEMA.neutral)


def released(rig: Rig, state: State) -> bool:
    return rig.robot.calls[-1] == "release" and rig.state == state


def bad_frames(values: np.ndarray, **fields: float) -> Callable[[], bool]:
    """A writer that sends nothing but these."""

    def scene() -> bool:
        rig = moving()
        for _ in range(SECOND):
            rig.send(values, **fields)
            rig.tick()
        return neutral(rig) and rig.state == State.ARMED

    return scene


def silence() -> bool:
    rig = moving()
    rig.tick(SECOND)
    return neutral(rig) and rig.state == State.ARMED


def reordered() -> bool:
    rig = moving()
    for _ in range(SECOND):
        rig.send(TURNED, number=3)
        rig.tick()
    return neutral(rig)


def stalls(pause: float, hz: float = 60) -> Callable[[], bool]:
    """A loop that stood still for so long."""

    def scene() -> bool:
        rig = moving()
        rig.clock.now += pause
        rig.bridge.tick()
        rig.tick(SECOND, hz=hz)
        return neutral(rig) and released(rig, State.FAULT)

    return scene


def clock_back() -> bool:
    rig = moving()
    rig.clock.now -= 1000
    rig.bridge.tick()
    rig.tick(SECOND)
    return neutral(rig) and released(rig, State.FAULT)


def clock_forward() -> bool:
    return stalls(1e6)()


def transport(error: Exception) -> Callable[[], bool]:
    """A robot that is lost in mid-stream."""

    def scene() -> bool:
        rig = moving()
        written = len(rig.robot.written)
        rig.robot.fails = error
        rig.tick(SECOND, values=TURNED)
        calls = rig.robot.calls[-2:]
        return lawful(rig) and len(rig.robot.written) == written and calls == ["settle", "release"] and released(
            rig, State.FAULT
        )  # fmt: skip

    return scene


def told(command: Command, state: State) -> Callable[[], bool]:
    """A command in full motion."""

    def scene() -> bool:
        rig = moving()
        rig.bridge.command(command)
        rig.tick(SECOND, values=TURNED)
        return released(rig, state) and (lawful(rig) if command is Command.CUT else neutral(rig))

    return scene


def two_writers() -> bool:
    rig = moving()
    try:
        rig.bridge.acquire("other", SCHEMA.sha256, rig.acks.append)
    except Refused:
        rig.tick(SECOND)
        return neutral(rig)
    return False


def other_schema() -> bool:
    rig = moving()
    try:
        rig.bridge.acquire("other", "0" * 64, rig.acks.append)
    except Refused:
        rig.tick(SECOND)
        return neutral(rig)
    return False


def own_error() -> bool:
    rig = moving()
    rig.bridge._core.governor.step = lambda asked, dt: 1 / 0  # type: ignore[assignment,return-value]
    rig.tick(SECOND)
    return lawful(rig) and released(rig, State.FAULT)


def own_nonsense() -> bool:
    rig = moving()
    honest = rig.bridge._core.governor.step

    def broken(asked: np.ndarray, dt: float) -> object:
        demand = honest(asked, dt)
        demand.values[5] = 3.0
        return demand

    rig.bridge._core.governor.step = broken  # type: ignore[assignment]
    written = len(rig.robot.written)
    rig.tick(SECOND)
    return len(rig.robot.written) == written and released(rig, State.FAULT)


def unreachable() -> bool:
    rig = Rig()
    rig.robot.refuses = "no robot"
    try:
        rig.bridge.command(Command.ARM)
    except TransportError:
        rig.tick(5)
        return rig.state == State.DISARMED and not rig.robot.written
    return False


BAD = TURNED.copy()
BAD[7] = math.nan
FAULTS: dict[str, Callable[[], bool]] = {
    "no more frames": silence, "NaN in every frame": bad_frames(BAD), "frames of 29 values": bad_frames(TURNED[:29]),
    "frames without values": bad_frames(TURNED[:0]), "frames that are too old": bad_frames(TURNED, made_in_ms=300.0),
    "frames without a life": bad_frames(TURNED, ttl_ms=0.0), "frames out of order": reordered,
    "two writers": two_writers, "another schema": other_schema, "a loop that stalls for 0.3 s": stalls(0.3),
    "a loop that stalls for 5 s": stalls(5.0), "a loop that stalls, then 30 Hz": stalls(0.5, hz=30),
    "a clock that goes back": clock_back, "a clock that jumps ahead": clock_forward,
    "a robot that is lost": transport(TransportError("lost")), "a transport with a fault": transport(OSError("pipe")),
    "a robot that cannot be had": unreachable, "stop": told(Command.STOP, State.ESTOP),
    "cut": told(Command.CUT, State.ESTOP), "disarm": told(Command.DISARM, State.DISARMED),
    "an error in the governor": own_error, "a demand that breaks a limit": own_nonsense,
}  # fmt: skip
