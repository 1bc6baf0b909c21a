"""Harm that says nothing of a feeling: what codecs, foot locks and capture do to a motion, made up at random.

The emotion judge learns from it which features cannot be trusted. No codec is run for it, so that no generator's own
faults are learned.
"""

import numpy as np

from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, normalize, quat_from_axis_angle, quat_mul
from sdk.motion.skeleton import NUM_JOINTS
from training.evaluate.cue_signals import smoothed

_OFFSET, _DRIFT, _JITTER = np.radians([1.5, 2.0, 0.7])
"""Standard deviations of a joint's constant error, of one that wanders, and of one that jumps from frame to frame."""
_DRIFT_FRAMES = 8.0
_BLUR_FRAMES = 1.5
_SINK, _SWAY = 0.008, 0.004  # metres: root too high or low all along; wandering
_TEMPO = 0.05


def distorted(motion: Motion, rng: np.random.Generator) -> Motion:
    """The motion with small errors in every joint and in the root, a little off in tempo, every other time blurred."""
    frames = len(motion)

    def noise(*shape: int) -> Array:
        return rng.normal(size=shape)

    def wandering(*shape: int) -> Array:
        raw = smoothed(noise(frames, *shape), _DRIFT_FRAMES)
        return raw / max(float(raw.std()), 1e-6)

    rotations, root = motion.rotations, motion.root
    if rng.random() < 0.5:
        rotations = normalize(smoothed(rotations, _BLUR_FRAMES))
        root = smoothed(root, _BLUR_FRAMES)
    slow = _OFFSET * noise(1, NUM_JOINTS, 3) + _DRIFT * wandering(NUM_JOINTS, 3)
    error = slow + _JITTER * noise(frames, NUM_JOINTS, 3)
    rotations = normalize(quat_mul(rotations, quat_from_axis_angle(error)))
    root = root + _SWAY * wandering(3) + np.array([0, _SINK * rng.normal(), 0])
    tempo = float(np.exp(_TEMPO * rng.normal()))
    return Motion(rotations, root, motion.fps * tempo, motion.skeleton)
