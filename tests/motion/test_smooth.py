"""Smoothing: jitter goes; timing, accents, trembling and the ends of a clip stay."""

from dataclasses import replace

import numpy as np
import pytest

from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    Array,
    normalize,
    quat_about,
    quat_angle,
    quat_continuous,
    quat_from_axis_angle,
    quat_mul,
)
from sdk.motion.skeleton import JOINT
from sdk.motion.smooth import evened, low_passed, smooth_motion, spline_kernel
from tests.synthetic import standing, walking

ELBOW = JOINT["left_elbow"]


def jerk(m: Motion) -> float:
    return float(np.linalg.norm(np.diff(m.positions, 3, axis=0), axis=-1).mean() * m.fps**3)


def swung(degrees: Array, fps: float = 30.0) -> Motion:
    """Standing, with one elbow at these angles."""
    m = standing((len(degrees) - 1) / fps, fps)
    rotations = m.rotations.copy()
    rotations[:, ELBOW] = quat_about("y", np.radians(degrees))
    return replace(m, rotations=rotations)


def angle(m: Motion) -> Array:
    return np.degrees(2 * np.arctan2(m.rotations[:, ELBOW, 1], m.rotations[:, ELBOW, 3]))


def shaken(m: Motion, degrees: float, seed: int = 0) -> Motion:
    noise = np.random.default_rng(seed).normal(size=(*m.rotations.shape[:2], 3)) * np.radians(degrees)
    return replace(m, rotations=normalize(quat_mul(m.rotations, quat_from_axis_angle(noise))))


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_jitter_goes_and_the_walk_stays(fps: float) -> None:
    walk = walking(4.0, fps)
    shaky = shaken(walk, 0.5)
    out = smooth_motion(shaky)
    assert jerk(out) < 0.3 * jerk(shaky)
    assert np.abs(out.positions - walk.positions).max() < np.abs(shaky.positions - walk.positions).max()
    assert np.abs(out.positions - walk.positions).mean() < 0.7 * np.abs(shaky.positions - walk.positions).mean()


def test_more_strength_smooths_more() -> None:
    shaky = shaken(walking(3.0), 0.5)
    found = [jerk(smooth_motion(shaky, strength=s)) for s in (0.1, 0.25, 0.5, 0.75, 1.0)]
    assert jerk(shaky) > found[0] and found == sorted(found, reverse=True)


def test_the_ends_stay_and_nothing_comes_late() -> None:
    shaky = shaken(walking(3.0), 0.5)
    out = smooth_motion(shaky)
    for end in (0, -1):
        assert quat_angle(out.rotations[end], shaky.rotations[end]).max() < 1e-9
        np.testing.assert_allclose(out.root[end], shaky.root[end], atol=1e-12)
    blow = 60 * np.exp(-0.5 * ((np.arange(61) - 30) / 2.0) ** 2)
    assert int(np.argmax(angle(smooth_motion(swung(blow))))) == 30


def test_an_accent_keeps_its_height_and_its_haste() -> None:
    blow = 60 * np.exp(-0.5 * ((np.arange(61) - 30) / 2.0) ** 2)  # an arm thrown out within a sixth of a second
    kept, passed = (angle(f(swung(blow))) for f in (smooth_motion, lambda m: low_passed(m, cutoff_hz=3.0)))
    assert kept.max() > 0.97 * 60 and np.diff(kept).max() > 0.95 * np.diff(blow).max()
    assert passed.max() < 0.9 * 60  # what a plain filter of that cut-off leaves


@pytest.mark.parametrize(("degrees", "hz", "least"), [(3.0, 5.0, 0.7), (3.0, 6.0, 0.6), (2.0, 6.0, 0.5)])
def test_trembling_is_not_taken_for_jitter(degrees: float, hz: float, least: float) -> None:
    tremor = degrees * np.sin(2 * np.pi * hz * np.arange(121) / 30)
    left = angle(smooth_motion(swung(tremor)))[20:-20]
    assert left.std() > least * tremor.std()
    assert angle(smooth_motion(swung(0.1 * tremor)))[20:-20].std() < 0.35 * 0.1 * tremor.std()


def test_a_pose_and_a_steady_turn_stay() -> None:
    still = standing(1.0)
    np.testing.assert_allclose(smooth_motion(still).positions, still.positions, atol=1e-12)
    turning = swung(np.linspace(0, 900, 91))  # through the half turn where quaternions change their sign
    assert quat_angle(smooth_motion(turning).rotations, turning.rotations).max() < 1e-6


def test_signs_of_quaternions_do_not_matter() -> None:
    walk = walking(2.0)
    flipped = replace(walk, rotations=walk.rotations * np.where(np.arange(len(walk)) % 2, -1, 1)[:, None, None])
    out = smooth_motion(flipped)
    assert quat_angle(out.rotations, smooth_motion(walk).rotations).max() < 1e-9
    np.testing.assert_allclose(out.rotations, quat_continuous(out.rotations))


@pytest.mark.parametrize("frames", [1, 2, 3, 5])
def test_short_clips(frames: int) -> None:
    m = walking(1.0)[:frames]
    assert len(smooth_motion(m)) == frames


def test_bad_values_are_refused() -> None:
    for strength in (0.0, -1.0, 1.1, float("nan")):
        with pytest.raises(InvalidInput, match="strength must lie in 0..1"):
            smooth_motion(standing(), strength=strength)
    with pytest.raises(InvalidInput, match="cutoff_hz must be > 0"):
        low_passed(standing(), cutoff_hz=0.0)


def test_the_filter_halves_at_its_cut_off() -> None:
    for hz in (2.0, 4.0, 6.0):
        tremor = 2 * np.sin(2 * np.pi * hz * np.arange(301) / 30)
        left = angle(low_passed(swung(tremor), cutoff_hz=hz))[60:-60]
        assert abs(left.std() / tremor.std() - 0.5) < 0.06
    assert abs(spline_kernel(0.1, longest=100).sum() - 1) < 1e-12


def test_an_average_keeps_what_is_constant() -> None:
    np.testing.assert_allclose(evened(np.full((20, 2), 3.0), 4.0), 3.0)
