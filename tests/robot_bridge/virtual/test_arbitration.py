"""Laws of the arbitration: who may move what."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_bridge.virtual import WHOLE_FACE, BidType, Precedence
from robot_bridge.virtual import constants as c
from sdk.errors import InvalidInput
from tests.robot_bridge.virtual.robots import SCHEMA, asked, at, hold, robot, wait, with_bid

NOSE = "Nose Wrinkle"


def test_without_a_bid_nothing_moves_and_it_is_counted() -> None:
    one = robot()
    hold(one, None, {NOSE: 1.0}, 0.5)
    assert asked(one, NOSE) == 0 and one.counters["without_bid"] == 30


def test_a_bid_moves_only_what_it_covers() -> None:
    one = robot()
    bid = one.bid(["Mesmer Nose 1"])
    hold(one, bid, {NOSE: 1.0, "Brow Inner Left": 1.0}, 0.5)
    assert (asked(one, NOSE), asked(one, "Brow Inner Left")) == (1.0, 0.5)
    assert one.counters["without_bid"] == 30


def test_a_released_bid_is_ignored() -> None:
    one, bid = with_bid()
    one.release(bid)
    hold(one, bid, {NOSE: 1.0}, 0.5)
    assert asked(one, NOSE) == 0 and one.counters["without_bid"] == 30 and one.bids == ()


@given(st.lists(st.tuples(st.sampled_from(Precedence), st.floats(0, 1)), min_size=1, max_size=6))
@settings(max_examples=30)
def test_the_highest_wins_and_of_equals_the_oldest(bids: list[tuple[Precedence, float]]) -> None:
    one = robot()
    for bid, value in [(one.bid(NOSE, precedence), value) for precedence, value in bids]:
        one.demand(bid, {NOSE: value})
    one.tick()
    winner = max(range(len(bids)), key=lambda number: (bids[number][0], -number))
    assert asked(one, NOSE) == bids[winner][1]
    assert one.owner[SCHEMA.index(NOSE)] == winner


def test_a_lower_bid_takes_over_when_the_higher_one_is_silent_or_gone() -> None:
    one = robot()
    high, low = one.bid(NOSE, Precedence.VERY_HIGH), one.bid(NOSE, Precedence.LOW)
    one.demand(high, {NOSE: 1.0})
    hold(one, low, {NOSE: 0.25}, c.ON_DEMAND_S - 0.1)
    assert asked(one, NOSE) == 1.0
    hold(one, low, {NOSE: 0.25}, 0.2)
    assert asked(one, NOSE) == 0.25
    one.demand(high, {NOSE: 0.75})
    one.tick()
    assert asked(one, NOSE) == 0.75
    one.release(high)
    hold(one, low, {NOSE: 0.25}, 0.1)
    assert asked(one, NOSE) == 0.25


def test_an_exclusive_bid_holds_even_in_silence() -> None:
    one = robot()
    one.bid(NOSE, Precedence.HIGH, BidType.EXCLUSIVE)
    low = one.bid(NOSE, Precedence.LOW)
    hold(one, low, {NOSE: 1.0}, 1.0)
    assert asked(one, NOSE) == 0 and not one.holds(low).any()


@pytest.mark.parametrize(
    ("specifier", "names"),
    [
        ("Jaw Pitch", {"Jaw Pitch"}),
        ("Mesmer Gaze 1", {"Gaze Target Phi", "Gaze Target Theta"}),
        ("Control/Mesmer Mouth 2", {"Jaw Yaw"}),
        ("Control/Direct Motors/Mouth Motors", {"Jaw Pitch"}),
        ("Control/Direct Motors", {one.name for one in SCHEMA if one.namespace is None}),
        ("Control/Direct Motors/Lip Motors", {one.name for one in SCHEMA if one.region == "lip"}),
    ],
)
def test_a_specifier_is_a_control_a_namespace_or_an_address(specifier: str, names: set[str]) -> None:
    mask = robot().bid(specifier).mask[: len(SCHEMA)]
    assert {name for name, covered in zip(SCHEMA.names, mask, strict=True) if covered} == names


def test_what_published_playback_bids_for_is_the_whole_face() -> None:
    assert robot().bid(WHOLE_FACE).mask.all()


@pytest.mark.parametrize("wrong", ["Mesmer Nose 2", "Control/Direct Motors/Lip", "", "nose wrinkle"])
def test_a_specifier_of_nothing_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidInput, match="names no control"):
        robot().bid(wrong)


def test_a_frame_must_have_the_right_length_and_known_names() -> None:
    one, bid = with_bid()
    with pytest.raises(InvalidInput, match="must be 30"):
        one.demand(bid, np.zeros(29))
    with pytest.raises(InvalidInput, match="'Nose' is unknown"):
        one.demand(bid, {"Nose": 1.0})


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_frame_with_one_bad_value_is_ignored_as_a_whole(bad: float) -> None:
    one, bid = with_bid()
    values = SCHEMA.neutral.copy()
    values[SCHEMA.index(NOSE)] = 1.0
    values[0] = bad
    hold(one, bid, values, 0.2)
    assert asked(one, NOSE) == 0 and one.counters["not_finite"] == 12


def test_demands_are_clipped_to_the_range_and_counted() -> None:
    one, bid = with_bid()
    hold(one, bid, {NOSE: 7.0, "Head Yaw": -90.0}, 1.5)
    assert (asked(one, NOSE), asked(one, "Head Yaw")) == (1.0, -30.0)
    assert one.counters["clamped"] == 90 and at(one, "Head Yaw") == pytest.approx(-30, abs=0.1)


def test_the_mouth_driver_mixes_expressions_and_visemes_over_direct_values() -> None:
    one, bid = with_bid()
    rows = SCHEMA.indices("lip")
    for _ in range(30):
        one.expression(bid, {"Joy": 0.8})
        one.tick()
    joyful = one.demands.copy()
    assert np.abs(joyful[rows] - SCHEMA.neutral[rows]).max() > 0.1
    for _ in range(30):
        one.expression(bid, {"Joy": 0.8})
        one.visemes(bid, {"CLOSED": 1.0})
        one.tick()
    # Speech takes all the weight there is, so the expression is gone.
    spoken = one.demands.copy()
    one.expression(bid, {"Joy": 0.0})
    one.tick()
    np.testing.assert_array_equal(one.demands, spoken)
    # A direct value wins where it deviates more.
    one.visemes(bid, {"CLOSED": 0.0})
    one.expression(bid, {"Joy": 0.8})
    one.demand(bid, {"Lip Corner Raise Left": 1.0, "Lip Corner Raise Right": SCHEMA.neutral[20] + 0.01})
    one.tick()
    assert asked(one, "Lip Corner Raise Left") == 1.0
    assert asked(one, "Lip Corner Raise Right") == joyful[20]


def test_weights_outside_their_range_are_clipped() -> None:
    one, bid = with_bid()
    one.expression(bid, {"Happy": 5.0, "Sad": -1.0})
    one.tick()
    much = one.demands.copy()
    one.expression(bid, {"Happy": 1.0, "Sad": 0.0})
    one.tick()
    np.testing.assert_array_equal(one.demands, much)


def test_silence_ends_a_mouth_expression_too() -> None:
    one, bid = with_bid()
    for _ in range(30):
        one.expression(bid, {"Joy": 1.0})
        one.tick()
    wait(one, c.IDLE_S + 0.1)
    np.testing.assert_array_equal(one.demands, SCHEMA.neutral)
