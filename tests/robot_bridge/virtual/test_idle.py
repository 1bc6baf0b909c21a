"""What the robot does when nobody moves it, in injected time."""

import numpy as np
import pytest

from robot_bridge.virtual import constants as c
from tests.robot_bridge.virtual.robots import SCHEMA, TICK_S, asked, at, hold, robot, wait, with_bid

LIDS = SCHEMA.indices("lid")


def test_lids_without_demand_open_after_two_seconds() -> None:
    one, bid = with_bid()
    shut = {SCHEMA.names[number]: 0.0 for number in LIDS}
    hold(one, bid, shut, 0.5)
    wait(one, c.IDLE_S - 2 * TICK_S)
    assert (one.demands[LIDS] == 0).all()
    wait(one, 4 * TICK_S)
    assert (one.demands[LIDS] == 1).all()
    wait(one, 0.5)
    np.testing.assert_allclose(one.positions[LIDS], 1, atol=1e-3)


def test_a_silent_stream_brings_the_whole_face_to_neutral_without_a_jump() -> None:
    one, bid = with_bid()
    low, high = SCHEMA.bounds("tight")
    hold(one, bid, high, 2.0)
    wait(one, c.IDLE_S - 0.1)
    assert asked(one, "Head Yaw") == 20.0
    rate = np.array([c.MOTOR_RATE[control.region] for control in SCHEMA])
    for _ in range(180):
        before = one.positions
        one.tick(TICK_S)
        assert (np.abs(one.positions - before) <= rate * TICK_S + 0.1).all()
    np.testing.assert_array_equal(one.demands, SCHEMA.neutral)
    raised = SCHEMA.index("Lip Top Raise Middle")  # the limiter keeps this one up
    calm = np.arange(30) != raised
    np.testing.assert_allclose(one.positions[calm], SCHEMA.neutral[calm], atol=0.01)


def test_a_stream_that_goes_on_is_never_idle() -> None:
    one, bid = with_bid()
    hold(one, bid, {"Nose Wrinkle": 1.0}, 5.0)
    assert at(one, "Nose Wrinkle") == pytest.approx(1.0)


def test_it_blinks_every_two_to_ten_seconds_for_75_to_150_ms() -> None:
    one = robot(blinking=True, seed=3)
    shut, starts, lengths, closed, narrowest = False, [], [], 0, 1.0
    for _ in range(120 * 60):
        one.tick(TICK_S)
        now = bool((one.targets[LIDS] == 0).all())
        if now and not shut:
            starts.append(one.time)
            closed, narrowest = 0, 1.0
        closed += now
        narrowest = min(narrowest, *one.positions[LIDS])
        if shut and not now:
            lengths.append(closed * TICK_S)
            assert narrowest < 0.05  # they really closed
        shut = now
    waits = np.diff(starts)
    assert len(starts) == one.counters["blinks"] and 12 < len(starts) < 60
    assert waits.min() >= c.BLINK_EVERY_S[0] - TICK_S
    assert waits.max() <= c.BLINK_EVERY_S[1] + c.BLINK_SHUT_S[1] + 3 * TICK_S
    assert min(lengths) >= c.BLINK_SHUT_S[0] - TICK_S and max(lengths) <= c.BLINK_SHUT_S[1] + TICK_S
    assert (one.demands[LIDS] == 1).all()  # the demand does not show it


def test_it_does_not_blink_while_somebody_moves_its_lids() -> None:
    one, bid = with_bid(blinking=True)
    hold(one, bid, SCHEMA.neutral, 30.0)
    assert one.counters["blinks"] == 0
    wait(one, 15.0)
    assert one.counters["blinks"] >= 1
