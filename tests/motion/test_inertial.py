"""Seams: nothing jumps, in place or in speed, and what is different is gone soon after."""

import numpy as np
import pytest

from sdk.motion.errors import InvalidInput
from sdk.motion.inertial import HALFLIFE_S, aligned, continued, spring_to_zero
from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_about, quat_angle
from tests.synthetic import standing, walking


def test_an_offset_begins_as_it_is_and_halves_in_its_half_life() -> None:
    value, speed = np.array([1.0, -2.0]), np.zeros(2)
    found, _ = spring_to_zero(value, speed, halflife_s=0.2, at=np.array([0.0, 5.0]))
    np.testing.assert_allclose(found, [value, 0 * value], atol=1e-10)
    rate = 2 * np.log(2) / 0.2
    half, _ = spring_to_zero(value, -rate * value, halflife_s=0.2, at=0.1)
    np.testing.assert_allclose(half, 0.5 * value, atol=1e-12)  # pure decay at the spring's own rate


@pytest.mark.parametrize("at", [0.0, 0.05, 0.3])
def test_the_speed_is_the_derivative_of_the_place(at: float) -> None:
    value, speed, step = np.array([0.3, -1.0]), np.array([2.0, 0.5]), 1e-6
    before, _ = spring_to_zero(value, speed, halflife_s=0.12, at=at)
    after, _ = spring_to_zero(value, speed, halflife_s=0.12, at=at + step)
    _, found = spring_to_zero(value, speed, halflife_s=0.12, at=at)
    np.testing.assert_allclose((after - before) / step, found, atol=1e-4)


def test_two_short_steps_are_one_long_one() -> None:
    value, speed = np.array([0.3]), np.array([-1.0])
    whole = spring_to_zero(value, speed, halflife_s=0.1, at=0.25)
    half = spring_to_zero(value, speed, halflife_s=0.1, at=0.1)
    again = spring_to_zero(*half, halflife_s=0.1, at=0.15)
    np.testing.assert_allclose(np.array(whole), np.array(again), atol=1e-12)


@pytest.mark.parametrize("halflife_s", [0.0, -1.0, float("nan")])
def test_a_half_life_is_positive(halflife_s: float) -> None:
    with pytest.raises(InvalidInput, match="halflife_s must be positive"):
        spring_to_zero(np.zeros(1), np.zeros(1), halflife_s=halflife_s, at=0.0)


def turned_walk(seconds: float = 3.0) -> Motion:
    return walking(seconds).turned(quat_about("y", 1.1)).moved(np.array([3.0, 0.0, -2.0]))


def test_aligning_puts_the_first_frame_where_the_other_ends() -> None:
    old, new = turned_walk(), walking(2.0)
    found = aligned(new, old)
    np.testing.assert_allclose(found.root[0, [0, 2]], old.root[-1, [0, 2]], atol=1e-12)
    assert found.root[0, 1] == pytest.approx(new.root[0, 1]), "heights are not for alignment to change"
    assert heading_angle(found.rotations[0, 0]) == pytest.approx(heading_angle(old.rotations[-1, 0]))
    lengths = [np.linalg.norm(np.diff(m.root, axis=0), axis=-1) for m in (new, found)]
    np.testing.assert_allclose(*lengths, atol=1e-12)


def jump(motion: Motion, frame: int) -> tuple[float, float]:
    """Largest change of velocity at a frame: of the joints (m/s) and of their rotations (rad/s, roughly)."""
    p = motion.positions
    speed = np.diff(p, axis=0) * motion.fps
    turn = quat_angle(motion.rotations[1:], motion.rotations[:-1]) * motion.fps
    return (
        float(np.linalg.norm(speed[frame] - speed[frame - 1], axis=-1).max()),
        float(np.abs(turn[frame] - turn[frame - 1]).max()),
    )


def joined(old: Motion, after: Motion) -> Motion:
    return Motion(np.concatenate([old.rotations, after.rotations]), np.concatenate([old.root, after.root]), old.fps)


@pytest.mark.parametrize("cut", [30, 37, 44, 51])
def test_a_walk_stops_without_a_jump(cut: int) -> None:
    old, new = turned_walk()[:cut], standing(2.0)
    plain = joined(old, aligned(new, old)[1:])
    found = joined(old, continued(old, aligned(new, old)))
    step = np.linalg.norm(found.positions[cut] - found.positions[cut - 1], axis=-1).max()
    before = np.linalg.norm(found.positions[cut - 1] - found.positions[cut - 2], axis=-1).max()
    assert step < 1.15 * before + 0.002, "the first frame goes on as the last one went"
    assert jump(found, cut - 1)[0] < 0.35 * jump(plain, cut - 1)[0]


def test_the_offset_is_gone_after_a_while() -> None:
    old, new = turned_walk()[:40], aligned(standing(2.0), turned_walk()[:40])
    found = continued(old, new)
    late = round(8 * HALFLIFE_S * 30)
    np.testing.assert_allclose(found.root[late:], new.root[1:][late:], atol=0.01)
    assert quat_angle(found.rotations[late:], new.rotations[1:][late:]).max() < np.radians(1.5)
    assert len(found) == len(new) - 1


def test_going_on_with_the_same_motion_changes_nothing() -> None:
    walk = walking(3.0)
    found = continued(walk[:41], walk[40:])
    # The speed at the cut is that of the frame before on one side and of the frame after on the other.
    np.testing.assert_allclose(found.root, walk.root[41:], atol=0.01)
    assert quat_angle(found.rotations, walk.rotations[41:]).max() < np.radians(5)


def test_a_single_old_frame_is_enough() -> None:
    old = turned_walk()[40:41]
    found = continued(old, aligned(standing(1.0), old))
    assert np.linalg.norm(found.positions[0] - old.positions[0], axis=-1).max() < 0.06


def test_rates_must_agree_and_there_must_be_something_new() -> None:
    with pytest.raises(InvalidInput, match="equal rates and two new frames"):
        continued(walking(1.0), walking(1.0).resampled(60))
    with pytest.raises(InvalidInput, match="1 frames"):
        continued(walking(1.0), walking(1.0)[:1])
