"""Clearance: arms that an edit has pushed into the trunk are brought out again.

Shapes: T frames; points (T, 3) metres.
"""

import numpy as np

from sdk.motion.ik import ARMS, Limb, place_ends
from sdk.motion.kinematics import global_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, normalize, quat_rotate
from sdk.motion.skeleton import JOINT, PARENTS
from training.stylist.signals import smoothed

_TRUNK_RADIUS = 0.125  # metres; from the line between pelvis and neck to where a forearm's bone may be
_HAND = 0.12  # metres from the wrist to the middle of the fingers
_EASE_S = 0.1


def clear_trunk(motion: Motion, source: Motion) -> Motion:
    """The motion with forearms and hands outside the trunk, or as deep in it as `source` has them, frame by frame.

    Both have the same frames. Wrists move straight out from the trunk's middle line and arms follow by two-bone IK.
    """
    for _ in range(2):  # the second pass takes what the first has pushed from one point of the arm to another
        pushes = np.stack([_push(motion, source, arm) for arm in ARMS], 1)
        if not pushes.any():
            return motion
        wrists = motion.positions[:, [arm.end for arm in ARMS]]
        motion = place_ends(motion, ARMS, wrists + pushes)
    return motion


def _push(motion: Motion, source: Motion, arm: Limb) -> Array:
    """How far, (T, 3) metres, the wrist of one arm must move out."""
    needs, ways = [], []
    for now, before in zip(_points(motion, arm), _points(source, arm), strict=True):
        out = _from_line(now, motion)
        distance = np.linalg.norm(out, axis=-1)
        room = np.minimum(np.linalg.norm(_from_line(before, source), axis=-1), _TRUNK_RADIUS)
        needs.append(np.maximum(room - distance, 0))
        ways.append(normalize(out))
    need = np.stack(needs)
    if not need.any():
        return np.zeros((len(motion), 3))
    weights = need + 1e-6
    way = normalize(smoothed((weights[..., None] * np.stack(ways)).sum(0) / weights.sum(0)[:, None], 2.0))
    reach = max(round(_EASE_S * motion.fps), 1)
    padded = np.pad(need.max(0), reach, mode="edge")
    widest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(-1)
    return way * np.maximum(smoothed(widest, 0.5 * reach), 0)[:, None]


def _points(motion: Motion, arm: Limb) -> tuple[Array, Array, Array]:
    """Middle of the forearm, wrist and hand, each (T, 3)."""
    world = global_rotations(motion.rotations, PARENTS)[:, arm.end]
    along = normalize(motion.skeleton.offsets[arm.end])
    elbow, wrist = motion.positions[:, arm.middle], motion.positions[:, arm.end]
    return (elbow + wrist) / 2, wrist, wrist + quat_rotate(world, _HAND * along)


def _from_line(point: Array, motion: Motion) -> Array:
    """From the nearest point of the line between pelvis and neck to a point, (T, 3)."""
    low, high = motion.positions[:, 0], motion.positions[:, JOINT["neck"]]
    line = high - low
    share = np.clip(((point - low) * line).sum(-1) / (line * line).sum(-1), 0.0, 1.0)
    out: Array = point - low - share[:, None] * line
    return out
