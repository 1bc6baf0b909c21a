"""Harm that says nothing of a feeling: small, other every time, and the same again from the same generator."""

import numpy as np
import pytest

from tests.synthetic import walking
from training.evaluate.distortions import distorted


@pytest.mark.parametrize("seed", range(4))
def test_a_distorted_clip_is_the_same_movement_with_small_errors(seed: int) -> None:
    clip = walking(3.0)
    made = distorted(clip, np.random.default_rng(seed))
    assert len(made) == len(clip) and made.skeleton is clip.skeleton
    apart = np.linalg.norm(made.positions - clip.positions, axis=-1)
    assert 0.002 < apart.mean() < 0.08 and apart.max() < 0.4
    assert 0.8 < made.fps / clip.fps < 1.25 and made.fps != clip.fps


def test_every_joint_is_off() -> None:
    clip = walking(2.0)
    turned = np.abs((distorted(clip, np.random.default_rng(0)).rotations * clip.rotations).sum(-1))
    assert (turned.max(0) < 1 - 1e-6).all()


def test_harm_is_of_the_generator_alone() -> None:
    clip = walking(1.0)
    rng = np.random.default_rng(5)
    first, second = distorted(clip, rng), distorted(clip, rng)
    again = distorted(clip, np.random.default_rng(5))
    np.testing.assert_array_equal(again.rotations, first.rotations)
    assert again.fps == first.fps != second.fps
    assert np.abs(first.root - second.root).max() > 1e-3


def test_some_clips_are_blurred_and_some_are_not() -> None:
    """A jump of one frame is kept by half of the harm and smeared by the other half."""
    clip = walking(1.0)
    clip.root[15, 1] += 0.5
    peaks = []
    for seed in range(24):
        height = distorted(clip, np.random.default_rng(seed)).root[:, 1]
        peaks.append(height[15] - (height[13] + height[17]) / 2)
    sharp = np.array(peaks) > 0.35
    assert 5 < sharp.sum() < 19
    assert (np.array(peaks)[~sharp] < 0.2).all()


def test_the_clip_itself_is_left_alone() -> None:
    clip = walking(1.0)
    before = clip.rotations.copy(), clip.root.copy()
    distorted(clip, np.random.default_rng(0))
    np.testing.assert_array_equal(clip.rotations, before[0])
    np.testing.assert_array_equal(clip.root, before[1])
