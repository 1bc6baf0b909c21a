"""Tempo: one time warp of the whole body, so that contacts, steps and gestures stay together.

Shapes: T frames of the source, W frames of the warped clip.
"""

from dataclasses import replace

import numpy as np

from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_continuous, quat_slerp
from training.stylist.edits import Edits
from training.stylist.signals import slow_noise, smoothed

_SLOWEST, _FASTEST = 0.45, 1.9  # of the tempo; beyond it a person looks like a film at the wrong speed
_ENERGY_SIGMA_S = 0.12
_HESITATION_PERIOD_S = 0.75


def rate_of(motion: Motion, edits: Edits, rng: np.random.Generator) -> Array:
    """How fast the source is played at each of its frames, (T,), > 0; 1 is as recorded."""
    if len(motion) < 3:
        return np.full(len(motion), edits.tempo)
    body = motion.positions - motion.root[:, None]
    speed = np.linalg.norm(np.gradient(body, axis=0), axis=-1).mean(-1) * motion.fps
    energy = smoothed(speed, _ENERGY_SIGMA_S * motion.fps)
    # Quick parts quicker and slow parts slower is suddenness; the other way round is passive, even effort.
    contrast = np.clip((energy + 0.05) / (energy.mean() + 0.05), 0.3, 3.0) ** edits.attack
    contrast /= np.exp(np.log(contrast).mean())
    noise = slow_noise(rng, len(motion), motion.fps, _HESITATION_PERIOD_S)
    wavering = np.exp(edits.hesitation * np.minimum(noise, 0.8))
    return edits.tempo * np.clip(smoothed(contrast * wavering, 2.0), _SLOWEST, _FASTEST)


def source_times(rate: Array, *, min_frames: int = 2) -> Array:
    """Source frame, a fraction, shown at each frame of the warped clip: (T,) rates -> (W,), from 0 to at most T - 1.

    A warp that would leave fewer than `min_frames` frames is stretched as a whole.
    """
    steps = 2 / (rate[1:] + rate[:-1])
    clock = np.concatenate([[0.0], np.cumsum(steps)])
    if clock[-1] < min_frames - 1:
        clock *= min(min_frames - 1, len(rate) - 1) / clock[-1]
    at: Array = np.interp(np.arange(int(clock[-1] + 1e-9) + 1), clock, np.arange(len(rate)))
    return at


def warped(motion: Motion, at: Array) -> Motion:
    """The motion at the source frames `at` (W,)."""
    low = np.minimum(at.astype(int), max(len(motion) - 2, 0))
    high = np.minimum(low + 1, len(motion) - 1)
    part = at - low
    rotations = quat_slerp(motion.rotations[low], motion.rotations[high], part[:, None])
    root = motion.root[low] + (motion.root[high] - motion.root[low]) * part[:, None]
    return replace(motion, rotations=quat_continuous(rotations), root=root)
