"""`Motion`: resampling, mirroring, placing, and what it refuses."""

import numpy as np
import pytest

from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    IDENTITY,
    normalize,
    quat_about,
    quat_angle,
    quat_from_axis_angle,
    quat_rotate,
    quat_to_matrix,
)
from sdk.motion.skeleton import JOINT, MIRROR, NUM_JOINTS
from tests.synthetic import standing, walking


def random_motion(seed: int, frames: int = 40, fps: float = 30.0) -> Motion:
    rng = np.random.default_rng(seed)
    turns = np.cumsum(rng.normal(0, 0.05, (frames, NUM_JOINTS, 3)), axis=0)
    return Motion(quat_from_axis_angle(turns), np.cumsum(rng.normal(0, 0.01, (frames, 3)), axis=0), fps)


def test_length_and_seconds() -> None:
    m = random_motion(0, frames=31)
    assert len(m) == 31 and m.seconds == 1.0
    assert m.positions.shape == (31, 22, 3) and m.contacts.shape == (31, 4)
    part = m[10:20]
    assert len(part) == 10 and part.fps == m.fps
    np.testing.assert_array_equal(part.positions, m.positions[10:20])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("factor", [2, 3])
def test_resampling_up_and_back_returns_every_frame(seed: int, factor: int) -> None:
    m = random_motion(seed)
    back = m.resampled(factor * m.fps).resampled(m.fps)
    assert len(back) == len(m) and back.fps == m.fps
    np.testing.assert_allclose(back.positions, m.positions, atol=1e-9)
    assert quat_angle(back.rotations, m.rotations).max() < 1e-7


@pytest.mark.parametrize("frames", [1, 2, 3, 30, 31, 32, 91, 200, 901])
@pytest.mark.parametrize("fps", [20.0, 24.0, 30.0, 60.0, 29.97, 120.0])
def test_resampling_keeps_the_duration_within_one_frame(frames: int, fps: float) -> None:
    m = random_motion(1, frames)
    out = m.resampled(fps)
    assert out.fps == fps
    assert m.seconds - 1 / fps < out.seconds <= m.seconds + 1e-5
    np.testing.assert_array_equal(out.root[0], m.root[0])


def test_thirty_to_twenty_takes_times_not_strides() -> None:
    frames = 61
    rotations = np.tile(IDENTITY, (frames, NUM_JOINTS, 1))
    rotations[:, JOINT["neck"]] = quat_about("y", 0.02 * np.arange(frames))
    m = Motion(rotations, np.arange(frames)[:, None] * [0.0, 0.0, 0.03], 30.0)
    out = m.resampled(20.0)
    assert len(out) == 41 and out.seconds == m.seconds == 2.0
    np.testing.assert_allclose(out.root[:, 2], 0.03 * 1.5 * np.arange(41), atol=1e-12)
    np.testing.assert_allclose(out.rotations[:, JOINT["neck"]], quat_about("y", 0.03 * np.arange(41)), atol=1e-12)


def test_resampling_passes_over_sign_flips_of_quaternions() -> None:
    m = random_motion(2)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (len(m), NUM_JOINTS, 1))
    flipped = Motion(m.rotations * signs, m.root, m.fps).resampled(77.0)
    np.testing.assert_allclose(flipped.positions, m.resampled(77.0).positions, atol=1e-12)
    assert (np.sum(flipped.rotations[1:] * flipped.rotations[:-1], -1) > 0).all()


@pytest.mark.parametrize("fps", [0.0, -30.0, float("nan"), float("inf"), 0.5, 241.0])
def test_bad_rates_are_named(fps: float) -> None:
    m = random_motion(0, frames=3)
    for make in (m.resampled, lambda f: Motion(m.rotations, m.root, f)):
        with pytest.raises(InvalidInput, match=r"fps must lie in 1\.\.240") as error:
            make(fps)
        assert error.value.field == "fps"


@pytest.mark.parametrize("seed", range(4))
def test_mirroring_reflects_positions_and_swaps_sides(seed: int) -> None:
    m = random_motion(seed)
    mirrored = m.mirrored()
    np.testing.assert_allclose(mirrored.positions, m.positions[:, list(MIRROR)] * [-1, 1, 1], atol=1e-12)
    twice = mirrored.mirrored()
    np.testing.assert_array_equal(twice.rotations, m.rotations)
    np.testing.assert_array_equal(twice.root, m.root)


def test_mirroring_swaps_contacts() -> None:
    m = walking(2.0)
    assert 0 < m.contacts.mean() < 1
    np.testing.assert_array_equal(m.mirrored().contacts, m.contacts[:, [2, 3, 0, 1]])


@pytest.mark.parametrize("seed", range(4))
def test_turned_and_moved_are_rigid(seed: int) -> None:
    m, rng = random_motion(seed), np.random.default_rng(seed)
    turn, shift, pivot = normalize(rng.normal(size=4)), rng.normal(size=3), rng.normal(size=3)
    np.testing.assert_allclose(m.turned(turn).positions, quat_rotate(turn, m.positions), atol=1e-12)
    about = m.turned(turn, about=pivot).positions
    np.testing.assert_allclose(about, quat_rotate(turn, m.positions - pivot) + pivot, atol=1e-12)
    np.testing.assert_allclose(m.moved(shift).positions, m.positions + shift, atol=1e-12)
    np.testing.assert_array_equal(m.turned(turn).rotations[:, 1:], m.rotations[:, 1:])


def test_a_quarter_turn_about_y_makes_a_forward_walk_go_left() -> None:
    path = walking(3.0).turned(quat_about("y", np.pi / 2)).root
    assert path[-1, 0] - path[0, 0] > 2.5 and abs(path[-1, 2] - path[0, 2]) < 0.1


def test_nothing_given_is_changed() -> None:
    m = random_motion(3)
    before = m.rotations.copy(), m.root.copy()
    m.resampled(60.0), m.mirrored(), m.turned(quat_about("y", 1.0)), m.moved(np.ones(3))
    np.testing.assert_array_equal(m.rotations, before[0])
    np.testing.assert_array_equal(m.root, before[1])


def test_wrong_shapes_are_named() -> None:
    q, p = standing(0.1).rotations, standing(0.1).root
    for bad_q, bad_p in ((q[0], p), (q[:, :21], p), (q[..., :3], p), (q, p[:-1]), (q, p[:, :2]), (q[:0], p[:0])):
        with pytest.raises(InvalidInput, match=r"rotations \(T, 22, 4\) and root \(T, 3\).*got"):
            Motion(bad_q, bad_p, 30.0)


def test_an_empty_slice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="T >= 1"):
        standing(0.1)[5:5]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_named(value: float) -> None:
    q, p = standing(0.1).rotations, standing(0.1).root.copy()
    p[1, 2] = value
    with pytest.raises(InvalidInput, match="NaN or infinite"):
        Motion(q, p, 30.0)


def test_quaternions_off_unit_length_are_named() -> None:
    q, p = standing(0.1).rotations, standing(0.1).root
    Motion(q * 1.0005, p, 30.0)
    with pytest.raises(InvalidInput, match=r"unit quaternions \(xyzw\)"):
        Motion(q * 1.01, p, 30.0)


def test_rotations_are_relative_to_the_t_pose() -> None:
    p = standing(0.1).positions[0]
    np.testing.assert_allclose(quat_to_matrix(IDENTITY), np.eye(3))
    assert p[JOINT["left_wrist"], 0] > 0.5 and p[JOINT["left_foot"], 2] > 0
    assert p[:, 1].min() == pytest.approx(0.025)
