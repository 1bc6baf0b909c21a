"""Carriage: the pelvis. Its path (stride), its height (bounce, crouch, heaviness) and its sway.

Shapes: T frames; root (T, 3) metres.
"""

import numpy as np

from sdk.motion.contacts import speeds
from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array
from training.stylist.edits import Edits
from training.stylist.signals import slow_noise, smoothed, smoothstep

_STEP_SIGMA_S = 0.3
"""Heights and sideways paths that vary faster than this belong to the steps."""
_TOE_SHARE = 0.75  # of a rise of the pelvis comes from the heels, the rest from the knees
_DIP_SHARE = 0.35  # of a pulse lies under the standing height
_MOST_EXTRA = 0.035  # metres; a run flies high enough as it is
_THUD_S = 0.08  # after a landing the body is lowest
_SWAY_PER_M = 25.0  # a sway of 2 cm makes the steps' sideways path half as wide again
_WALKING = (0.15, 0.6)  # m/s; below the first the body stands, above the second it walks


def walking_share(motion: Motion) -> Array:
    """(T,) in [0, 1]: 0 while the body stands, 1 while it travels."""
    path = smoothed(motion.root * np.array([1, 0, 1]), _STEP_SIGMA_S * motion.fps)
    return smoothstep((speeds(path, motion.fps) - _WALKING[0]) / (_WALKING[1] - _WALKING[0]))


def ahead(motion: Motion) -> Array:
    """Where the body faces, smoothed: unit vectors (T, 3) on the ground."""
    yaw = smoothed(np.unwrap(heading_angle(motion.rotations[:, 0])), _STEP_SIGMA_S * motion.fps)
    return np.stack([np.sin(yaw), np.zeros_like(yaw), np.cos(yaw)], -1)


def strided(root: Array, ratio: float) -> Array:
    """The path of the pelvis (T, 3) with distances on the ground `ratio` times as long, heights unchanged."""
    path: Array = root[:1] + (root - root[:1]) * np.array([ratio, 1.0, ratio])
    return path


def carry(motion: Motion, planted: Array, edits: Edits, rng: np.random.Generator) -> tuple[Array, Array]:
    """Path of the pelvis (T, 3) with the edits of stride, height and sway, and how far heels should rise, (T,) metres.

    planted: (T, 2) of bool, which foot is on the ground. Feet are placed later, by `feet`.
    """
    root = strided(motion.root, edits.stride)
    walking = walking_share(motion)
    forward = ahead(motion)
    left = np.cross([0.0, 1.0, 0.0], forward)

    # On the way up the heels help: a bounce that came from the knees alone would be a row of squats.
    mean = smoothed(root[:, 1], 1.5 * _STEP_SIGMA_S * motion.fps)
    extra = _MOST_EXTRA * np.tanh((edits.bounce - 1) * (root[:, 1] - mean) / _MOST_EXTRA) * walking
    time = np.arange(len(root)) / motion.fps
    beat = np.sin(np.pi * rng.uniform(1.55, 1.95) * time + rng.uniform(0, np.pi)) ** 2 * (1 - walking)
    rise = _TOE_SHARE * (_positive(extra) + edits.pulse * beat)
    root[:, 1] += extra + edits.pulse * (beat - _DIP_SHARE * (1 - walking)) - edits.knee_drop
    root[:, 1] -= edits.heaviness * _thuds(planted, motion.fps) * walking

    sway = slow_noise(rng, len(root), motion.fps, 0.9) * (1 - walking)
    path = motion.root - smoothed(motion.root, _STEP_SIGMA_S * motion.fps)
    sideways = (path * left).sum(-1)
    root += left * (edits.sway * sway + edits.sway * _SWAY_PER_M * sideways * walking)[:, None]
    root -= forward * edits.lean_back
    return root, rise


def _positive(x: Array) -> Array:
    """The positive part of metres, smooth over a centimetre."""
    up = np.maximum(x, 0)
    return up * up / (up + 0.01)


def _thuds(planted: Array, fps: float) -> Array:
    """(T,) in [0, 1]: how far the body still gives way after each landing of a foot."""
    out = np.zeros(len(planted))
    time = np.arange(len(planted)) / fps / _THUD_S
    for foot in planted.T:
        for start in np.flatnonzero(foot[1:] & ~foot[:-1]) + 1:
            after = np.maximum(time - time[start], 0)
            out = np.maximum(out, after * np.exp(1 - after))
    return out
