"""Amplitude: how large arms and trunk move around their resting pose, and how fluent.

Shapes: T frames; rotations of one joint are (T, 4), xyzw.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    Array,
    normalize,
    quat_angle,
    quat_continuous,
    quat_from_axis_angle,
    quat_inv,
    quat_mul,
    quat_to_axis_angle,
)
from sdk.motion.skeleton import JOINT
from training.stylist.edits import Edits
from training.stylist.signals import smoothed, smoothed_rotations, smoothstep

_SWING_SIGMA_S = 0.4
"""Slower movement than this is a gesture's way out and back; faster is swinging or waving."""
_RESTING_SHARE = 0.2
_GESTURE = (20.0, 55.0)  # degrees away from rest: below the first an arm hangs, above the second it makes a gesture
_OPENING = 1.5  # exponent: with a reach of 1.25 a raised arm's elbow bends 0.7 times as far
_GESTURE_SIGMA_S = 0.1
_LARGEST_REACH = np.radians(150.0)  # so far from rest a gesture is not enlarged any more: the joint ends there
_LARGEST_SWING = np.radians(100.0)  # nor is a swing of this size, which is wild as it is
TRUNK = ("spine1", "spine3")
"""The joints that carry the trunk; spine2 of the mocap set never moves."""
UPPER_BODY = tuple(
    JOINT[n] for n in ("spine1", "spine3", "neck", "head", *(f"{s}_{j}" for s in ("left", "right")
                       for j in ("collar", "shoulder", "elbow", "wrist")))
)  # fmt: skip


def swung(q: Array, ratio: Array | float) -> Array:
    """Small turns (T, 4) made `ratio` times as large; the larger a turn already is, the less it grows.

    ratio: a number or (T,). Half turns stay what they are, so that the result is continuous wherever `q` is.
    """
    v = quat_to_axis_angle(q)
    size = np.linalg.norm(v, axis=-1, keepdims=True)
    factor = np.broadcast_to(np.asarray(ratio, dtype=np.float64), len(v))[:, None]
    room = np.where(factor > 1, np.clip(1 - size / _LARGEST_SWING, 0, 1) ** 2, np.clip((np.pi - size) / 0.8, 0, 1))
    return quat_from_axis_angle(v * (1 + (factor - 1) * room))


def reached(q: Array, ratio: Array | float) -> Array:
    """The way (T, 4) from rest made `ratio` times as long, without jumps at half turns; see `swung` for `ratio`.

    It is enlarged the less the nearer it comes to 150 degrees, and left alone near a full turn.
    """
    q = quat_continuous(q)
    if q[np.argmax(np.abs(q[:, 3])), 3] < 0:
        q = -q
    sin = np.linalg.norm(q[:, :3], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sin, q[:, 3:])
    v = np.where(sin < 1e-9, 2.0, angle / np.maximum(sin, 1e-9)) * q[:, :3]
    factor = np.broadcast_to(np.asarray(ratio, dtype=np.float64), len(v))[:, None]
    room = np.where(factor > 1, np.clip(1 - angle / _LARGEST_REACH, 0, 1), np.clip((2 * np.pi - angle) / 1.5, 0, 1))
    return quat_from_axis_angle(v * (1 + (factor - 1) * room))


def mean_rotation(q: Array, weights: Array) -> Array:
    """Weighted mean of quaternions (T, 4) that lie close together."""
    return normalize((quat_continuous(q) * weights[:, None]).sum(0))


@dataclass(frozen=True, eq=False)
class Arm:
    """One arm through a clip: slow paths (T, 4) of shoulder and elbow, their resting rotations (4,), and shares (T,).

    hangs: 1 where the arm just hangs or swings, 0 where it makes a gesture. raised: 1 where the upper arm is up.
    """

    side: str
    slow: dict[str, Array]
    rest: dict[str, Array]
    hangs: Array
    raised: Array


def read_arm(motion: Motion, side: str) -> Arm:
    """Find out what an arm does. At rest is where its wrist is lowest against the shoulder in this clip."""
    shoulder, elbow, wrist = (motion.positions[:, JOINT[f"{side}_{n}"]] for n in ("shoulder", "elbow", "wrist"))
    height = wrist[:, 1] - shoulder[:, 1]
    lowest = (height <= np.quantile(height, _RESTING_SHARE) + 1e-9).astype(np.float64)
    slow, rest, away = {}, {}, np.zeros(len(motion))
    for name in ("shoulder", "elbow"):
        slow[name] = smoothed_rotations(motion.rotations[:, JOINT[f"{side}_{name}"]], _SWING_SIGMA_S * motion.fps)
        rest[name] = mean_rotation(slow[name], lowest)
        away = np.maximum(away, np.degrees(quat_angle(rest[name], slow[name])))
    raised = 1 - smoothstep((-normalize(elbow - shoulder)[:, 1] - 0.1) / 0.75)
    gesture = smoothstep((away - _GESTURE[0]) / (_GESTURE[1] - _GESTURE[0]))
    hangs = np.clip(smoothed((1 - raised) * (1 - gesture), _GESTURE_SIGMA_S * motion.fps), 0.0, 1.0)
    return Arm(side, slow, rest, hangs, raised)


def scale_arms(motion: Motion, arms: Sequence[Arm], edits: Edits) -> Array:
    """Rotations (T, 22, 4) with arm movement scaled: `reach` for slow gestures, `swing` for what oscillates."""
    rotations = motion.rotations.copy()
    for arm in arms:
        shoulder, elbow = JOINT[f"{arm.side}_shoulder"], JOINT[f"{arm.side}_elbow"]
        rest, slow = arm.rest["shoulder"], arm.slow["shoulder"]
        gesture = reached(quat_mul(quat_inv(rest), slow), edits.reach)
        swing = swung(quat_mul(quat_inv(slow), rotations[:, shoulder]), edits.swing)
        rotations[:, shoulder] = quat_mul(quat_mul(rest, gesture), swing)
        # The elbow swings along while the arm hangs. With a larger reach it opens where the upper arm is up, so that
        # the hand goes further out and not into the face.
        slow = arm.slow["elbow"]
        share = np.sqrt(edits.swing) if edits.swing > 1 else edits.swing
        quick = swung(quat_mul(quat_inv(slow), rotations[:, elbow]), 1 + (share - 1) * arm.hangs)
        rotations[:, elbow] = reached(quat_mul(slow, quick), max(edits.reach, 1.0) ** (-_OPENING * arm.raised))
    return rotations


def scale_trunk(motion: Motion, rotations: Array, edits: Edits) -> Array:
    """Rotations (T, 22, 4) with what the trunk oscillates scaled by `trunk_swing`."""
    rotations = rotations.copy()
    for name in TRUNK:
        q = rotations[:, JOINT[name]]
        slow = smoothed_rotations(q, _SWING_SIGMA_S * motion.fps)
        rotations[:, JOINT[name]] = quat_mul(slow, swung(quat_mul(quat_inv(slow), q), edits.trunk_swing))
    return rotations


def smooth_upper_body(rotations: Array, fps: float, seconds: float) -> Array:
    """Rotations (T, 22, 4) with the upper body low-passed by a Gaussian of `seconds`: fluent, without jerk."""
    rotations = rotations.copy()
    rotations[:, UPPER_BODY] = smoothed_rotations(rotations[:, UPPER_BODY], seconds * fps)
    return rotations
