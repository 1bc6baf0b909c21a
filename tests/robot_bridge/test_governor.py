"""The governor: what it refuses, which limit it says acted, how long a control may stay at an end."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_bridge.governor import EXTREME_S, Governor, Limit, check_values
from robot_bridge.limits import Limits
from robot_bridge.schema import ameca
from sdk.errors import InvalidInput
from tests.robot_bridge.bridges import pose
from tests.robot_bridge.checker import Checker

NOSE, YAW, RAISE = (ameca().index(name) for name in ("Nose Wrinkle", "Head Yaw", "Lip Top Raise Middle"))


def settled(governor: Governor, asked: np.ndarray, seconds: float = 1.0, hz: float = 60.0) -> np.ndarray:
    """The mask of the last of so many ticks."""
    for _ in range(round(seconds * hz)):
        demand = governor.step(asked, 1 / hz)
    return demand.mask


@pytest.mark.parametrize("dt", [0.0, -1 / 60, math.nan, math.inf])
def test_no_step_without_time(dt: float) -> None:
    with pytest.raises(InvalidInput, match="dt must be a time above 0"):
        Governor(Limits(ameca())).step(ameca().neutral, dt)


@pytest.mark.parametrize("count", [0, 29, 31])
def test_a_wrong_length_is_refused(count: int) -> None:
    with pytest.raises(InvalidInput, match=f"values must be 30, one for each control; got {count}"):
        check_values([0.5] * count, 30)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_one_value_that_is_not_finite_refuses_the_pose(bad: float) -> None:
    with pytest.raises(InvalidInput, match=r"values\[12\] is (nan|-?inf); all must be finite"):
        check_values([*[0.5] * 12, bad, *[0.5] * 17], 30)


def test_the_mask_names_the_limit_that_acted() -> None:
    governor = Governor(Limits(ameca()))
    first = governor.step(pose(Nose_Wrinkle=2.0, Head_Yaw=1e9, Lip_Top_Raise_Middle=0.0), 1 / 60).mask
    assert first[NOSE] == Limit.RANGE | Limit.SLEW | Limit.EASE
    assert first[YAW] == Limit.RANGE | Limit.SLEW | Limit.EASE
    assert first[RAISE] & Limit.COUPLED and not first[RAISE] & Limit.RANGE
    assert (np.delete(first, [NOSE, YAW, RAISE]) == 0).all()
    last = settled(governor, pose(Nose_Wrinkle=2.0, Head_Yaw=1e9, Lip_Top_Raise_Middle=0.0))
    assert last[NOSE] == Limit.RANGE and last[YAW] == Limit.RANGE and last[RAISE] == Limit.COUPLED


def test_a_pause_is_not_caught_up_on() -> None:
    long, short = Governor(Limits(ameca())), Governor(Limits(ameca()))
    asked = pose(Head_Yaw=20)
    np.testing.assert_array_equal(long.step(asked, 5.0).values, short.step(asked, 1 / 20).values)


def test_a_control_comes_off_its_end_after_ten_seconds_and_returns_when_the_wish_does() -> None:
    limits = Limits(ameca())
    governor, checker = Governor(limits), Checker()
    made, asked = [governor.values], pose(Nose_Wrinkle=1.0, Head_Yaw=-20)
    for _ in range(round((EXTREME_S + 2) * 60)):
        demand = governor.step(asked, 1 / 60)
        made.append(demand.values)
    assert made[round((EXTREME_S - 1) * 60)][NOSE] == 1.0
    assert demand.values[NOSE] == pytest.approx(0.9) and demand.mask[NOSE] == Limit.REST
    assert demand.values[YAW] == pytest.approx(-16) and demand.mask[YAW] == Limit.REST
    assert checker.verdict(np.arange(len(made)) / 60, np.array(made)).broken == []
    settled(governor, asked, 30)
    assert governor.values[NOSE] == pytest.approx(0.9)
    settled(governor, pose(Nose_Wrinkle=0.5))
    settled(governor, asked)
    assert governor.values[NOSE] == 1.0


def test_a_neutral_at_an_end_may_stay_there_for_ever() -> None:
    governor = Governor(Limits(ameca()))
    mask = settled(governor, ameca().neutral, 2 * EXTREME_S, hz=20)
    np.testing.assert_array_equal(governor.values, ameca().neutral)
    assert not mask.any()


def test_robots_side_by_side_move_as_each_alone() -> None:
    limits, draw = Limits(ameca()), np.random.default_rng(3)
    asked = draw.uniform(limits.low, limits.high, (30, 4, 30))
    together = Governor(limits, np.tile(limits.rest, (4, 1)))
    alone = [Governor(limits) for _ in range(4)]
    for step in asked:
        made = together.step(step, 1 / 60)
        for robot, governor in enumerate(alone):
            each = governor.step(step[robot], 1 / 60)
            np.testing.assert_allclose(made.values[robot], each.values, atol=1e-12)


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_finite_wishes_make_lawful_demands(seed: int) -> None:
    draw = np.random.default_rng(seed)
    limits = Limits(ameca())
    governor, checker = Governor(limits, np.tile(limits.rest, (10, 1))), Checker()
    dts = draw.uniform(1 / 120, 1 / 20, 90)
    made = [governor.values]
    for dt in dts:
        scale = 10.0 ** draw.uniform(-3, 300, (10, 1))
        made.append(governor.step(draw.normal(size=(10, 30)) * scale, dt).values)
    assert checker.verdict(np.concatenate([[0], np.cumsum(dts)]), np.array(made)).broken == []
