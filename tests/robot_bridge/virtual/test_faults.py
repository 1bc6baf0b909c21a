"""Each fault does what it says, when it says, and the same again for the same seed."""

import io
import json
from collections.abc import Iterator

import numpy as np
import pytest

from robot_bridge.virtual import Fault
from robot_bridge.virtual import constants as c
from robot_bridge.virtual.motors import DRIVER, HIGH_LEVEL, SENSOR, VOLTAGE
from sdk.errors import InvalidInput
from tests.robot_bridge.virtual.robots import SCHEMA, TICK_S, asked, at, hold, robot, wait, with_bid

NOSE = "Nose Wrinkle"
EVERYTHING = (
    "loss=0.1", "late=0.02", "jitter=0.05", "reorder=0.1", "nan=0.1", "disconnect@1-1.2", "stuck:Jaw Pitch@1-2",
    "slow=0.2:Head Yaw", "sensor:Nose Wrinkle@2-3", "supply=12@3-3.5",
)  # fmt: skip


def recorded(seed: int) -> str:
    """The log of a run with a moving face and every fault there is."""
    one, bid = with_bid(*EVERYTHING, seed=seed, blinking=True)
    out = io.StringIO()
    one.log.record_to(out)
    low, high = SCHEMA.bounds("tight")
    for tick in range(360):
        one.demand(bid, low + (high - low) * (0.5 + 0.5 * np.sin(tick / 7 + np.arange(30))))
        one.tick(TICK_S)
    wait(one, 10)
    return out.getvalue()


def test_equal_seeds_give_equal_bytes_and_others_do_not() -> None:
    first = recorded(5)
    assert first == recorded(5)
    assert first != recorded(6)
    entries = [json.loads(line) for line in first.splitlines()]
    ticks = [entry for entry in entries if "event" not in entry]
    assert len(ticks) == 960 and len(ticks[0]["position"]) == 30
    assert {entry["event"] for entry in entries if "event" in entry} == {"faults", "blink"}
    assert any(None in entry["position"] for entry in ticks)  # while the sensor was out


def test_lost_frames_do_not_arrive() -> None:
    one, bid = with_bid("loss=0.25")
    hold(one, bid, {NOSE: 1.0}, 20.0)
    assert one.counters["lost"] + one.counters["writes"] == 1200
    assert 240 < one.counters["lost"] < 360


def test_late_frames_come_later_and_in_order() -> None:
    one, bid = with_bid("late=0.1")
    one.demand(bid, {NOSE: 1.0})
    wait(one, 0.1 - 2 * TICK_S)
    assert asked(one, NOSE) == 0
    wait(one, 3 * TICK_S)
    assert asked(one, NOSE) == 1


def arrivals(*faults: str) -> Iterator[float]:
    """Numbers that are sent one a tick, as they come in."""
    one = robot(*faults)
    come: list[float] = []
    for number in range(300):
        one.over_link(lambda carried: come.append(float(carried[0])), [number])
        wait(one, TICK_S)
    wait(one, 1.0)
    yield from come


def test_jitter_keeps_the_order_and_reordering_does_not() -> None:
    jittered = list(arrivals("jitter=0.1"))
    assert jittered == sorted(jittered) and len(jittered) == 300
    shuffled = list(arrivals("reorder=0.2"))
    assert shuffled != sorted(shuffled) and sorted(shuffled) == jittered


def test_one_fault_does_not_move_the_chances_of_another() -> None:
    alone = set(range(300)) - set(map(int, arrivals("loss=0.2")))
    together = set(range(300)) - set(map(int, arrivals("reorder=0.3", "jitter=0.05", "loss=0.2")))
    assert alone == together and alone


def test_damaged_frames_are_refused_whole() -> None:
    one, bid = with_bid("nan=0.3")
    hold(one, bid, SCHEMA.neutral, 10.0)
    assert one.counters["damaged"] == one.counters["not_finite"] > 120
    assert np.isfinite(one.demands).all()


def test_a_disconnected_link_loses_all_and_the_idle_rules_take_over() -> None:
    one, bid = with_bid("disconnect@1-4")
    hold(one, bid, {NOSE: 1.0}, 1.0 - TICK_S)
    assert one.connected and at(one, NOSE) > 0.9
    hold(one, bid, {NOSE: 1.0}, 0.1)
    assert not one.connected
    hold(one, bid, {NOSE: 1.0}, 2.8)
    assert at(one, NOSE) < 0.01
    hold(one, bid, {NOSE: 1.0}, 0.5)
    assert one.connected and at(one, NOSE) > 0.5


def test_a_stuck_motor_stays_says_so_and_recovers() -> None:
    one, bid = with_bid("stuck:Jaw Pitch@0-1")
    jaw = SCHEMA.index("Jaw Pitch")
    hold(one, bid, {"Jaw Pitch": 0.0, NOSE: 1.0}, 0.9)
    assert at(one, "Jaw Pitch") == 1.0 and at(one, NOSE) > 0.9
    assert one.status[jaw] == DRIVER and np.count_nonzero(one.status) == 1
    hold(one, bid, {"Jaw Pitch": 0.0}, 1.0)
    assert at(one, "Jaw Pitch") < 0.01 and one.status[jaw] == 0


def test_a_stuck_motor_may_report_another_code() -> None:
    one = robot("stuck=6:Jaw Pitch")
    wait(one, 0.1)
    assert one.status[SCHEMA.index("Jaw Pitch")] == 6


def test_a_slow_motor_has_its_share_of_speed() -> None:
    one, bid = with_bid("slow=0.1:Jaw Pitch")
    hold(one, bid, {"Jaw Pitch": 0.0}, 0.5)
    assert 1 - at(one, "Jaw Pitch") == pytest.approx(0.1 * c.MOTOR_RATE["jaw"] * 0.5)


def test_a_blind_sensor_hides_a_position_and_the_motor_moves_on() -> None:
    one, bid = with_bid("sensor:Nose Wrinkle@0-1")
    hold(one, bid, {NOSE: 1.0}, 0.9)
    nose = SCHEMA.index(NOSE)
    assert np.isnan(one.positions[nose]) and np.isnan(one.positions).sum() == 1
    assert one.status[nose] == SENSOR and one.looks[nose] > 0.9 and np.isfinite(one.landmarks()).all()
    hold(one, bid, {NOSE: 1.0}, 0.3)
    assert at(one, NOSE) > 0.9 and one.status[nose] == 0


def test_a_low_supply_stops_all_motors_and_head_and_neck_need_homing() -> None:
    one, bid = with_bid("supply=18.9@1-2")
    pose = SCHEMA.neutral.copy()
    pose[[SCHEMA.index("Head Yaw"), SCHEMA.index(NOSE)]] = 20.0, 1.0
    hold(one, bid, pose, 1.0)
    before = one.positions
    hold(one, bid, SCHEMA.neutral, 0.9)
    assert (one.status == VOLTAGE).all()
    np.testing.assert_allclose(one.positions, before, atol=0.2)
    assert at(one, "Head Yaw") > 10
    hold(one, bid, pose, 1.5)
    assert one.homing and one.status[SCHEMA.index("Head Yaw")] == HIGH_LEVEL and one.status[SCHEMA.index(NOSE)] == 0
    assert at(one, "Head Yaw") == pytest.approx(0, abs=0.5) and at(one, NOSE) > 0.9
    hold(one, bid, pose, 2.5)
    assert not one.homing and at(one, "Head Yaw") == pytest.approx(20, abs=0.5)


def test_enough_supply_is_no_fault() -> None:
    one = robot(f"supply={c.LEAST_SUPPLY_V}")
    wait(one, 0.1)
    assert not one.status.any()


def test_a_fault_can_be_added_while_the_robot_runs() -> None:
    one = robot()
    wait(one, 1.0)
    one.inject(Fault(kind="sensor", value=2.0, start_s=one.time, end_s=one.time + 1))
    wait(one, 0.5)
    assert np.isnan(one.positions).all() and one.active_faults == ["sensor"]
    wait(one, 1.0)
    assert np.isfinite(one.positions).all() and one.active_faults == []
    with pytest.raises(InvalidInput, match="unknown"):
        one.inject(Fault(kind="stuck", value=7.0, control="Nose"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("loss=0.1", Fault(kind="loss", value=0.1)),
        ("stuck:Jaw Pitch@2-5", Fault(kind="stuck", value=7.0, control="Jaw Pitch", start_s=2.0, end_s=5.0)),
        ("slow=0.5: Head Yaw @ 1.5", Fault(kind="slow", value=0.5, control="Head Yaw", start_s=1.5)),
        ("disconnect@0-1", Fault(kind="disconnect", value=1.0, end_s=1.0)),
    ],
)
def test_faults_are_written_in_one_line(text: str, fault: Fault) -> None:
    assert Fault.parse(text) == fault


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("flood=1", "known: loss"),
        ("loss", "needs a value"),
        ("loss=2", "must lie in 0..1"),
        ("loss=nan", "must lie in"),
        ("loss=much", "must look like"),
        ("loss=0.1:Jaw Pitch", "takes no control"),
        ("supply=12@5-2", "must end after"),
        ("stuck=9", "must lie in 1..8"),
        ("", "known: loss"),
    ],
)
def test_a_wrong_fault_is_refused_in_one_line(text: str, complaint: str) -> None:
    with pytest.raises(InvalidInput, match=complaint) as refused:
        Fault.parse(text)
    assert "\n" not in str(refused.value)
