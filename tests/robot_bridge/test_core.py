"""States, lease, mailbox and loss of signal, with a clock that is set by hand."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import generate_latest

from robot_bridge.core import Command, Core, Frame, Refused, Settings, State
from robot_bridge.transports import TransportError
from sdk.errors import InvalidInput
from tests.robot_bridge.bridges import SCHEMA, Rig, frame, pose
from tests.robot_bridge.checker import Checker

TURNED = pose(Head_Yaw=15, Nose_Wrinkle=0.8)
YAW = SCHEMA.index("Head Yaw")


def test_nothing_is_written_before_it_is_armed() -> None:
    rig = Rig()
    rig.writer()
    rig.tick(5, values=TURNED)
    assert rig.state == State.DISARMED and not rig.robot.written
    assert rig.outcomes() == ["not_armed"] * 5


def test_the_states_from_arming_to_loss_and_back() -> None:
    rig = Rig().armed()
    rig.tick(3)
    assert rig.state == State.ARMED
    np.testing.assert_array_equal(rig.demand, SCHEMA.neutral)
    rig.tick(60, values=TURNED)
    assert rig.state == State.TRACKING and rig.demand[YAW] == 15
    states = []
    for _ in range(60):
        rig.tick()
        states.append(rig.state)
    assert list(dict.fromkeys(states)) == ["tracking", "hold", "return_neutral", "armed"]
    # The last frame came a tick before the last tick of tracking, and the state is judged in ticks.
    assert states.index("hold") in (1, 2) and states.index("return_neutral") in (4, 5)
    np.testing.assert_array_equal(rig.demand, SCHEMA.neutral)
    rig.tick(1, values=TURNED)
    assert rig.state == State.TRACKING


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32 - 1), hz=st.sampled_from([20.0, 30.0, 60.0, 120.0]), hold=st.sampled_from([0.1, 0.15]),
    profile=st.sampled_from(["sdk", "published"]),
)  # fmt: skip
def test_any_loss_of_signal_ends_in_neutral_within_a_second_without_a_jump(
    seed: int, hz: float, hold: float, profile: str
) -> None:
    draw = np.random.default_rng(seed)
    rig = Rig(hold_s=hold, range_set="x2c", profile=profile).armed()
    low, high = SCHEMA.bounds("x2c")
    for _ in range(draw.integers(1, 4)):
        wish = np.where(draw.random(30) < 0.5, np.where(draw.random(30) < 0.5, low, high), draw.uniform(low, high))
        rig.tick(int(draw.integers(1, hz)), hz=hz, values=wish)
    lost = rig.clock.now - 1 / hz
    while np.abs(rig.demand - rig.bridge.rest).max() > 1e-9:
        rig.tick(hz=hz)
        assert rig.clock.now - lost <= 1.0
    assert Checker("x2c", profile).verdict(np.array(rig.robot.times), np.array(rig.robot.written)).broken == []


def test_frames_that_are_no_pose_are_no_signal() -> None:
    rig = Rig().armed()
    rig.tick(60, values=TURNED)
    bad = TURNED.copy()
    bad[3] = math.nan
    for values in ([bad] * 40) + ([TURNED[:29]] * 40):
        rig.tick(1, values=values)
    assert rig.state == State.ARMED
    np.testing.assert_array_equal(rig.demand, SCHEMA.neutral)
    assert rig.outcomes()[-80:] == ["rejected"] * 80
    reasons = {ack.reason for ack in rig.acks[-80:]}
    assert reasons == {"values[3] is nan; all must be finite numbers",
                       "values must be 30, one for each control; got 29"}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"ttl_ms": 0.0}, r"ttl_ms must lie in 1\.\.10000, got 0"), ({"ttl_ms": math.nan}, "ttl_ms must lie"),
        ({"ttl_ms": 1e5}, "ttl_ms must lie"), ({"made_in_ms": -1.0}, "made_in_ms must be at least 0, got -1"),
        ({"made_in_ms": math.inf}, "made_in_ms must be at least 0"),
    ],
)  # fmt: skip
def test_a_frame_without_a_proper_life_is_rejected(fields: dict[str, float], message: str) -> None:
    rig = Rig().armed()
    rig.send(TURNED, **fields)
    assert rig.outcomes() == ["rejected"] and re.search(message, rig.acks[0].reason)


def test_of_frames_between_two_ticks_the_latest_wins_and_each_has_one_ack() -> None:
    rig = Rig().armed()
    for yaw in (1, 2, 3):
        rig.send(pose(Head_Yaw=yaw))
    rig.tick()
    assert [(ack.number, str(ack.outcome)) for ack in rig.acks] == [
        (0, "overtaken"), (1, "overtaken"), (2, "applied")]  # fmt: skip
    rig.tick(60, values=pose(Head_Yaw=3))
    assert rig.demand[YAW] == 3


def test_reordered_and_repeated_frames_are_dropped() -> None:
    rig = Rig().armed()
    rig.send(TURNED, number=5)
    rig.tick()
    for number in (5, 4, 0):
        rig.send(pose(Head_Yaw=-15), number=number)
    rig.tick()
    assert rig.outcomes() == ["applied", "reordered", "reordered", "reordered"]
    rig.send(TURNED, number=6)
    rig.tick()
    assert rig.outcomes()[-1] == "applied"


def test_stale_frames_are_dropped_on_arrival_and_in_the_mailbox() -> None:
    rig = Rig().armed()
    rig.send(TURNED, ttl_ms=50.0, made_in_ms=60.0)
    assert rig.outcomes() == ["stale"]
    rig.send(TURNED, ttl_ms=50.0, made_in_ms=40.0)
    rig.tick()  # 17 ms later it is 57 ms old
    assert rig.outcomes() == ["stale", "stale"] and rig.state == State.ARMED


def test_an_ack_says_what_was_applied_which_limit_acted_and_when() -> None:
    rig = Rig().armed()
    rig.send(pose(Head_Yaw=500))
    sent = rig.clock.now
    rig.tick()
    ack = rig.acks[-1]
    assert ack.arrived == sent and ack.applied_at == rig.clock.now and not ack.late
    assert ack.values is not None and ack.mask is not None
    np.testing.assert_array_equal(ack.values, rig.demand)
    assert ack.mask[YAW] == 1 | 4 | 8 and ack.state is State.TRACKING
    rig.send(pose(Head_Yaw=500))
    rig.tick(hz=20)
    assert rig.acks[-1].late


def test_a_second_writer_waits_for_the_first_ones_end_or_silence() -> None:
    rig = Rig().armed()
    first = rig.lease
    with pytest.raises(Refused, match=r"test has the lease; it ends when its stream does, or 2\.0 s from now"):
        rig.bridge.acquire("other", SCHEMA.sha256, rig.acks.append)
    rig.tick(150)
    second: list = []
    other = rig.bridge.acquire("other", SCHEMA.sha256, second.append)
    rig.send(TURNED)  # the first one wakes up
    assert rig.outcomes()[-1] == "no_lease" and not second
    rig.bridge.submit(other, frame(TURNED))
    rig.tick()
    assert [str(ack.outcome) for ack in second] == ["applied"]
    assert first is not None
    rig.bridge.give_up(first)  # it has none to give
    assert rig.bridge.status().writer == "other"
    rig.bridge.give_up(other)
    assert rig.writer("third").number == 3


def test_who_lost_its_connection_takes_its_lease_over_at_once() -> None:
    rig = Rig().armed()
    held = rig.lease
    assert held is not None
    with pytest.raises(Refused):
        rig.bridge.acquire("test", SCHEMA.sha256, rig.acks.append, token="0" * 32)
    again = rig.bridge.acquire("test", SCHEMA.sha256, rig.acks.append, token=held.token)
    assert again.number == 2 and again.token != held.token


def test_garbage_keeps_no_lease() -> None:
    rig = Rig().armed()
    rig.tick(150, values=TURNED[:5])
    assert rig.bridge.acquire("other", SCHEMA.sha256, rig.acks.append)


def test_another_schema_is_refused() -> None:
    rig = Rig()
    for wrong in ("", "0" * 64, SCHEMA.sha256[:-1]):
        with pytest.raises(Refused, match="both sides need the same file"):
            rig.bridge.acquire("test", wrong, rig.acks.append)


def test_disarming_settles_then_releases() -> None:
    rig = Rig().armed()
    rig.tick(60, values=TURNED)
    rig.bridge.command(Command.DISARM)
    assert rig.state == State.RETURN_NEUTRAL and rig.robot.calls == ["open"]
    rig.tick(60, values=TURNED)
    assert rig.state == State.DISARMED and rig.robot.calls == ["open", "release"]
    np.testing.assert_array_equal(rig.demand, SCHEMA.neutral)
    assert set(rig.outcomes()[-60:]) == {"not_armed"}
    rig.bridge.command(Command.ARM)
    assert rig.state == State.ARMED


def test_a_stop_settles_releases_and_stays_until_it_is_cleared() -> None:
    rig = Rig().armed()
    rig.tick(60, values=TURNED)
    rig.bridge.command(Command.STOP)
    with pytest.raises(Refused, match="still on the way to neutral"):
        rig.bridge.command(Command.CLEAR)
    written = len(rig.robot.written)
    rig.tick(60, values=TURNED)
    assert rig.state == State.ESTOP and rig.robot.calls == ["open", "release"]
    assert 20 < len(rig.robot.written) - written < 60
    np.testing.assert_array_equal(rig.demand, SCHEMA.neutral)
    for command in (Command.ARM, Command.DISARM):
        with pytest.raises(Refused, match="clear"):
            rig.bridge.command(command)
    rig.bridge.command(Command.CLEAR)
    assert rig.state == State.DISARMED


def test_a_cut_writes_nothing_more() -> None:
    rig = Rig().armed()
    rig.tick(20, values=TURNED)
    rig.bridge.command(Command.CUT)
    written = len(rig.robot.written)
    rig.tick(20, values=TURNED)
    assert rig.state == State.ESTOP and len(rig.robot.written) == written
    assert rig.robot.calls == ["open", "release"]


def test_a_cut_ends_a_stop_that_settles() -> None:
    rig = Rig().armed()
    rig.tick(60, values=TURNED)
    rig.bridge.command(Command.STOP)
    rig.tick(3)
    rig.bridge.command(Command.CUT)
    written = len(rig.robot.written)
    rig.tick(3)
    assert len(rig.robot.written) == written and rig.robot.calls == ["open", "release"]


@pytest.mark.parametrize("error", [TransportError("the robot is lost"), RuntimeError("broken")])
def test_a_transport_that_fails_in_mid_stream_is_a_latched_fault(error: Exception) -> None:
    rig = Rig().armed()
    rig.tick(30, values=TURNED)
    rig.robot.fails = error
    rig.tick(1, values=TURNED)
    assert rig.state == State.FAULT and str(error) in rig.bridge.status().reason
    assert rig.outcomes()[-1] == "not_armed" and rig.acks[-1].state is State.FAULT
    rig.robot.fails = None
    rig.tick(30, values=TURNED)
    assert rig.state == State.FAULT and rig.robot.calls == ["open", "settle", "release"]
    assert len(rig.robot.written) == 30
    rig.bridge.command(Command.CLEAR)
    rig.bridge.command(Command.ARM)
    rig.tick(30, values=TURNED)
    assert rig.state == State.TRACKING


def test_a_robot_that_cannot_be_had_is_not_armed() -> None:
    rig = Rig()
    rig.robot.refuses = "no robot answers"
    with pytest.raises(TransportError, match="no robot answers"):
        rig.bridge.command(Command.ARM)
    assert rig.state == State.DISARMED


def test_a_loop_that_stood_still_is_a_fault_that_goes_to_neutral() -> None:
    rig = Rig().armed()
    rig.tick(60, values=TURNED)
    rig.clock.now += 0.3
    rig.bridge.tick()
    assert rig.state == State.FAULT and "no tick for 300 ms" in rig.bridge.status().reason
    assert abs(rig.demand[YAW] - 15) < 60 / 20  # no jump after the pause
    rig.tick(60)
    np.testing.assert_array_equal(rig.demand, SCHEMA.neutral)
    assert rig.robot.calls == ["open", "release"]


def test_the_watchdog_sees_a_dead_loop_from_outside() -> None:
    rig = Rig().armed()
    rig.tick(5)
    rig.bridge.check()
    assert rig.state == State.ARMED
    rig.clock.now += 0.26
    rig.bridge.check()
    assert rig.state == State.FAULT


def test_a_clock_that_goes_back_is_a_fault_and_one_that_stands_writes_nothing() -> None:
    rig = Rig().armed()
    rig.tick(60, values=TURNED)
    written = len(rig.robot.written)
    rig.bridge.tick()
    assert len(rig.robot.written) == written and rig.state == State.TRACKING
    rig.clock.now -= 100
    rig.bridge.tick()
    assert len(rig.robot.written) == written
    assert rig.state == State.FAULT and rig.bridge.status().reason == "the clock went back"
    rig.tick(60)
    np.testing.assert_array_equal(rig.demand, SCHEMA.neutral)


def test_a_demand_that_breaks_a_limit_is_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig().armed()
    rig.tick(10, values=TURNED)
    core = rig.bridge._core
    honest = core.governor.step

    def broken(asked: np.ndarray, dt: float) -> object:
        demand = honest(asked, dt)
        demand.values[0] = math.nan
        return demand

    monkeypatch.setattr(core.governor, "step", broken)
    rig.tick(5, values=TURNED)
    assert len(rig.robot.written) == 10 and rig.state == State.FAULT
    assert rig.robot.calls == ["open", "settle", "release"]


def test_an_error_of_our_own_is_a_fault_and_ends_no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig().armed()
    rig.tick(10, values=TURNED)
    monkeypatch.setattr(rig.bridge._core.governor, "step", lambda asked, dt: 1 / 0)
    rig.tick(5)
    assert rig.state == State.FAULT and "ZeroDivisionError" in rig.bridge.status().reason
    assert rig.robot.calls[-1] == "release"


def test_it_starts_from_where_the_robot_says_it_is() -> None:
    rig = Rig(at=pose(Head_Yaw=10)).armed()
    rig.tick()
    assert 9 < rig.demand[YAW] < 10
    for unknown in (pose(Head_Yaw=math.nan), None):
        other = Rig(at=unknown).armed()
        other.tick()
        np.testing.assert_array_equal(other.demand, SCHEMA.neutral)


def test_settings_out_of_range_are_refused() -> None:
    for wrong in ({"hold_s": 0.05}, {"hold_s": 0.2}, {"watchdog_s": 5.0}, {"lease_s": 0.0}):
        with pytest.raises(InvalidInput, match=f"{next(iter(wrong))} must lie in"):
            Settings(**wrong)


def test_equal_calls_give_equal_bytes() -> None:
    def run() -> list[bytes]:
        core, draw, made = Core(SCHEMA, Settings()), np.random.default_rng(0), []
        core.tick(0.0)
        core.command(Command.ARM, 0.0)
        lease = core.acquire("test", 0.0)
        for number in range(200):
            now = number / 60
            values = draw.uniform(-1, 1, 30)
            core.submit(Frame(lease=lease, number=number, values=values, arrived=now, ttl_s=0.2), now)
            tick = core.tick(now + 0.01)
            made.append(b"" if tick.values is None else tick.values.tobytes())
        return made

    assert run() == run()


def test_a_log_on_a_full_disk_stops_no_robot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    monkeypatch.setattr("robot_bridge.record.begun", lambda path: open("/dev/full", "wb", buffering=0))  # noqa: SIM115
    rig = Rig(log=tmp_path / "a.log").armed()
    assert rig.log is not None
    rig.log.close()
    rig.tick(30, values=TURNED)
    assert rig.state == State.TRACKING and len(rig.robot.written) == 30
    assert "No space left" in rig.bridge.status().log_failed


def test_metrics_tell_frames_commands_latency_and_the_state() -> None:
    rig = Rig().armed()
    rig.bridge.metrics.watch_state(lambda: rig.bridge.status().state)
    rig.tick(3, values=TURNED)
    rig.send(TURNED[:3])
    page = generate_latest(rig.bridge.metrics.registry).decode()
    for line in (
        'emomotion_bridge_frames_total{outcome="applied"} 3.0', 'emomotion_bridge_frames_total{outcome="rejected"} 1.0',
        'emomotion_bridge_commands_total{command="arm"} 1.0', "emomotion_bridge_arrival_to_write_seconds_count 3.0",
        'emomotion_bridge_state{state="tracking"} 1.0', 'emomotion_bridge_state{state="fault"} 0.0',
    ):  # fmt: skip
        assert line in page
    assert "test" not in page
