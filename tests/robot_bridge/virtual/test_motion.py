"""How the robot moves: lag, rates, coupled limits, drivers, warm-up."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_bridge.limits import Limits
from robot_bridge.virtual import constants as c
from robot_bridge.virtual.drivers import Drivers, split_head
from robot_bridge.virtual.limits import CoupledLimits
from sdk.errors import InvalidInput
from sdk.face.controls import Array
from tests.robot_bridge.virtual.robots import SCHEMA, TICK_S, asked, at, hold, robot, wait, with_bid

LOW, HIGH = SCHEMA.bounds("x2c")
POSES = st.lists(st.floats(0, 1), min_size=30, max_size=30).map(lambda share: LOW + np.array(share) * (HIGH - LOW))


def test_a_small_step_is_answered_by_the_lag_alone() -> None:
    one, bid = with_bid()
    hold(one, bid, {"Brow Inner Left": 0.55}, 3 * TICK_S)
    lag_s = c.MOTOR_LAG_S["brow"][1]
    assert at(one, "Brow Inner Left") == pytest.approx(0.55 - 0.05 * math.exp(-3 * TICK_S / lag_s))


def test_two_lags_in_series_start_softly_and_do_not_overshoot() -> None:
    one, bid = with_bid()
    hold(one, bid, {"Head Yaw": 0.0}, 1.0)  # the ramp of the new owner is over
    path = []
    for _ in range(60):
        hold(one, bid, {"Head Yaw": 1.0}, TICK_S)
        path.append(at(one, "Head Yaw"))
    steps = np.diff([0.0, *path])
    assert steps[0] < steps[1] and steps.argmax() > 0 and steps.min() >= 0 and path[-1] == pytest.approx(1, abs=1e-3)


@given(st.lists(POSES, min_size=2, max_size=6), st.sampled_from([1 / 120, TICK_S, 1 / 30]))
@settings(max_examples=15)
def test_nothing_is_faster_than_its_motor_and_nothing_leaves_its_range(poses: list[Array], dt: float) -> None:
    one, bid = with_bid()
    rate = np.array([c.MOTOR_RATE[control.region] for control in SCHEMA])
    lids = SCHEMA.indices("lid")
    for pose in poses:
        for _ in range(8):
            before = one.positions
            one.demand(bid, pose)
            one.tick(dt)
            moved = np.abs(one.positions - before)
            # What is read of the lids is bent by the eyes, which move meanwhile.
            moved[lids] = 0
            assert (moved <= rate * dt * (1 + 1e-9) + 1e-12).all()
            assert (one.positions >= LOW - 1e-9).all() and (one.positions <= HIGH + 1e-9).all()


def test_the_published_neutral_is_moved_by_the_lip_limiter_and_the_demand_does_not_show_it() -> None:
    one, bid = with_bid()
    hold(one, bid, SCHEMA.neutral, 1.0)
    assert asked(one, "Lip Top Raise Middle") == 0.30
    assert at(one, "Lip Top Raise Middle") == pytest.approx(0.4625)
    others = np.arange(30) != SCHEMA.index("Lip Top Raise Middle")
    np.testing.assert_allclose(one.positions[others], SCHEMA.neutral[others], atol=1e-9)


@pytest.mark.parametrize(
    ("asked_for", "expected"),
    [
        # Shut jaws: the lower lip cannot stay up, and the upper one follows: 1 - .75 * .4 = .7.
        ({"Jaw Pitch": 1.0, "Lip Bottom Depress Middle": 0.0, "Lip Top Raise Middle": 0.0}, (0.40, 0.50)),
        # Half way: lerp(.85) = .2; a = .85 - .15 = .7.
        ({"Jaw Pitch": 0.85, "Lip Bottom Depress Middle": 0.0, "Lip Top Raise Middle": 0.0}, (0.20, 0.50)),
        # An open jaw frees both.
        ({"Jaw Pitch": 0.3, "Lip Bottom Depress Middle": 0.0, "Lip Top Raise Middle": 0.0}, (0.0, 0.0)),
    ],
)
def test_the_lip_limiter_in_numbers(asked_for: dict[str, float], expected: tuple[float, float]) -> None:
    one, bid = with_bid()
    hold(one, bid, asked_for, 1.5)
    found = at(one, "Lip Bottom Depress Middle"), at(one, "Lip Top Raise Middle")
    assert found == pytest.approx(expected, abs=1e-6)


def test_curls_go_with_their_lips() -> None:
    one, bid = with_bid()
    lips = {"Jaw Pitch": 0.0, "Lip Bottom Depress Middle": 1.0, "Lip Top Raise Middle": 0.1}
    hold(one, bid, {**lips, "Lip Bottom Curl": 0.0, "Lip Top Curl": 1.0}, 1.5)
    assert at(one, "Lip Bottom Curl") == pytest.approx(0.85)
    assert at(one, "Lip Top Curl") == pytest.approx(0.85)  # half way from .7 to 1
    hold(one, bid, {**lips, "Lip Top Raise Middle": 1.0, "Lip Top Curl": 0.0}, 1.5)
    assert at(one, "Lip Top Curl") == pytest.approx(0.75)
    # The curl goes by where the lip is let, not by what was asked of it.
    hold(one, bid, {"Jaw Pitch": 1.0, "Lip Bottom Depress Middle": 0.0, "Lip Bottom Curl": 0.0}, 1.5)
    assert at(one, "Lip Bottom Curl") == pytest.approx(0.1 + 0.75 * 0.4)


def test_the_jaw_opens_at_the_cost_of_its_yaw() -> None:
    one, bid = with_bid()
    hold(one, bid, {"Jaw Pitch": 1.0, "Jaw Yaw": 1.0}, 1.0)
    assert at(one, "Jaw Yaw") == pytest.approx(1.0)
    hold(one, bid, {"Jaw Pitch": 0.0, "Jaw Yaw": 1.0}, 1.0)
    assert (at(one, "Jaw Pitch"), at(one, "Jaw Yaw")) == pytest.approx((0.0, 0.7))


def test_full_neck_pitch_needs_opposite_head_pitch() -> None:
    one, bid = with_bid()
    reach = {}
    for head in (-15.0, 0.0, 20.0):
        hold(one, bid, {"Neck Pitch": 30.0, "Neck Roll": 0.0, "Head Pitch": head}, 3.0)
        reach[head] = at(one, "Neck Pitch")
    assert reach[-15.0] == pytest.approx(30, abs=0.01) and reach[-15.0] > reach[0.0] > reach[20.0] > 0
    hold(one, bid, {"Neck Pitch": 30.0, "Neck Roll": 24.0, "Head Pitch": -15.0}, 3.0)
    assert at(one, "Neck Roll") == pytest.approx(12, abs=0.01)


@given(POSES)
@settings(max_examples=100)
def test_the_robot_does_not_change_what_the_bridge_calls_legal(pose: Array) -> None:
    """Two programs by the same published rules: neither can take the other's mistake for its own."""
    robots, bridge = CoupledLimits(SCHEMA, LOW, HIGH), Limits(SCHEMA, range_set="x2c", profile="published")
    legal = bridge.legal(pose)
    np.testing.assert_allclose(np.clip(legal, *robots.around(legal)), legal, atol=1e-9)
    # On the mouth, where numbers are published, they agree on what is illegal too.
    mouth = np.concatenate([SCHEMA.indices("lip"), SCHEMA.indices("jaw")])
    np.testing.assert_allclose(np.clip(pose, *robots.around(pose))[mouth], legal[mouth], atol=1e-9)


@given(POSES, st.floats(-62, 62), st.lists(st.floats(0.05, 0.95), min_size=4, max_size=4))
def test_drivers_read_back_what_they_were_told(pose: Array, theta: float, midpoints: list[float]) -> None:
    drivers = Drivers(SCHEMA, np.array(midpoints))
    np.testing.assert_allclose(drivers.from_motors(drivers.to_motors(pose, theta), theta), pose, atol=1e-9)


def test_brows_are_warped_by_the_midpoints_of_this_robot() -> None:
    drivers = Drivers(SCHEMA, np.array([0.6, 0.68, 0.65, 0.53]))
    for value, motor in ((0.0, 0.0), (0.25, 0.3), (0.5, 0.6), (0.75, 0.8), (1.0, 1.0)):
        pose = SCHEMA.neutral.copy()
        pose[0] = value
        assert drivers.to_motors(pose, 0.0)[0] == pytest.approx(motor)


def test_open_lids_follow_the_eyes_and_closed_ones_do_not() -> None:
    drivers = Drivers(SCHEMA, np.full(4, 0.5))
    upper, lower = SCHEMA.index("Eyelid Upper Left"), SCHEMA.index("Eyelid Lower Left")
    pose = SCHEMA.neutral.copy()
    up, down = drivers.to_motors(pose, 62.0), drivers.to_motors(pose, -62.0)
    assert up[upper] - 1 == pytest.approx(c.LID_FOLLOW_SCALE * 1.0) == 1 - down[upper]
    assert up[lower] - 1 == pytest.approx(-c.LID_FOLLOW_SCALE * 0.8)
    pose[SCHEMA.indices("lid")] = 0.0
    np.testing.assert_array_equal(drivers.to_motors(pose, 62.0), pose)


def test_a_head_pose_is_shared_with_a_neck_that_nobody_moves() -> None:
    assert split_head(8.0, 10.0, 0.0) == pytest.approx((6.0, 8.5, 2.0, 1.5))
    assert split_head(-20.0, 0.0, 0.0) == pytest.approx((-12.5, 0.0, -7.5, 0.0))  # -15, and half of 5 moves on
    pitch, roll, _, _ = split_head(10.0, 0.0, 90.0)
    assert (pitch, roll) == pytest.approx((0.0, 8.5))
    one = robot()
    head = one.bid(["Head Pitch", "Head Roll", "Head Yaw"])
    hold(one, head, {"Head Pitch": 8.0}, 3.0)
    assert (at(one, "Head Pitch"), at(one, "Neck Pitch")) == pytest.approx((6.0, 2.0), abs=0.01)
    both = one.bid("Mesmer Neck 1")
    one.release(head)
    hold(one, both, {"Head Pitch": 8.0, "Head Roll": 0.0, "Neck Pitch": 0.0, "Neck Roll": 0.0}, 3.0)
    assert (at(one, "Head Pitch"), at(one, "Neck Pitch")) == pytest.approx((8.0, 0.0), abs=0.01)


def test_a_new_owner_warms_head_and_neck_up_and_the_face_jumps() -> None:
    one, bid = with_bid()
    pose = SCHEMA.neutral.copy()
    pose[[SCHEMA.index(name) for name in ("Head Yaw", "Brow Inner Left")]] = 20.0, 1.0
    hold(one, bid, pose, TICK_S)
    yaw, brow = SCHEMA.index("Head Yaw"), SCHEMA.index("Brow Inner Left")
    assert one.targets[brow] == 1.0 and one.targets[yaw] < 1.0 and one.demands[yaw] == 20.0
    hold(one, bid, pose, 0.3 - TICK_S)
    assert one.targets[yaw] == pytest.approx(20 * (0.3 - TICK_S) / c.WARM_UP_S, abs=0.4)
    hold(one, bid, pose, 0.4)
    assert one.targets[yaw] == 20.0
    # The same owner needs no second ramp; another one does.
    other = one.bid("Head Yaw")
    one.release(bid)
    hold(one, other, {"Head Yaw": -20.0}, 0.2)
    assert -20 < one.targets[yaw] < 20


def test_a_calibration_moves_neutral_and_the_brows_midpoints_and_the_face_looks_the_same() -> None:
    own = {"Lip Corner Raise Left": 0.6, "Brow Inner Left": 0.7}
    one = robot(calibration=own)
    wait(one, 0.5)
    assert at(one, "Lip Corner Raise Left") == 0.6 and at(one, "Brow Inner Left") == pytest.approx(0.5)
    plain = robot()
    wait(plain, 0.5)
    np.testing.assert_allclose(one.looks, plain.looks, atol=1e-9)
    np.testing.assert_allclose(one.landmarks(), plain.landmarks(), atol=1e-9)


@pytest.mark.parametrize("own", [{"Jaw Pitch": 1.2}, {"Brow Inner Left": 1.0}, {"Brow Inner Left": 0.0}])
def test_a_calibration_outside_the_range_is_refused(own: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match="calibration"):
        robot(calibration=own)
    with pytest.raises(InvalidInput, match="unknown"):
        robot(calibration={"Nose": 0.5})


@pytest.mark.parametrize("dt", [0.0, -1.0, math.nan, math.inf, 1.0])
def test_time_must_go_on_in_small_steps(dt: float) -> None:
    with pytest.raises(InvalidInput, match="dt must lie"):
        robot().tick(dt)


def test_the_face_shows_what_the_motors_do() -> None:
    one, bid = with_bid()
    wait(one, 0.5)
    calm = one.landmarks()
    assert calm.shape == (478, 3) and np.isfinite(calm).all()
    hold(one, bid, {"Jaw Pitch": 0.2}, 1.0)
    opened = one.landmarks()
    assert (opened[13] - opened[14])[1] > (calm[13] - calm[14])[1] + 0.01
    picture = one.picture(96)
    assert picture.shape == (96, 96, 3) and picture.dtype == np.uint8 and picture.std() > 20
