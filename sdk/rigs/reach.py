"""Hands keep their reach: what they touched or were near in the source they are near on the rig.

Shapes: T frames, J = 22 joints, body frame. Where arms, trunk and head have other proportions than the source's, the
same angles clap past each other or stop before the face. A hand near the other hand, the head, the chest, the hips or a
knee is drawn to where it was beside that, its distance scaled with the arm; the nearer, the more firmly. A hand in the
open keeps its angles. Elbows bend in their own plane (`sdk.motion.ik.two_bone`).
"""

import numpy as np

from sdk.motion.contacts import Flags
from sdk.motion.ik import ARMS, softened, two_bone
from sdk.motion.kinematics import global_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_inv, quat_mul, quat_rotate
from sdk.motion.skeleton import JOINT, PARENTS
from sdk.rigs.fit import Fit

TOUCH, FREE = 0.25, 0.6
"""Shares of the arm's length: nearer than the first a hand holds on to what is there, beyond the second it is free."""
ANCHORS = ("head", "spine3", "pelvis", "left_shoulder", "right_shoulder", "left_knee", "right_knee")


def keep_reach(
    source: Motion, turns: Array, places: Array, fit: Fit, *, weight: float
) -> tuple[Array, dict[str, float]]:
    """World turns (T, 22, 4) with hands drawn to where they belong, and how far off they were before and after.

    turns, places: of the joints on the rig, (T, 22, 4) and (T, 22, 3), body frame. The figures, metres of the body
    frame, are means over frames in which a hand is near something: "before", "after", and the number "frames".
    """
    wrists = [JOINT["left_wrist"], JOINT["right_wrist"]]
    goal, pull = _goals(source, turns, places, fit)
    near = pull > 0.5
    miss = np.linalg.norm(goal - places[:, wrists], axis=-1)
    figures = {"frames": float(near.any(-1).sum()), "before": _mean(miss, near), "after": _mean(miss, near)}
    if weight == 0 or not (pull > 0).any():
        return turns, figures
    target = places[:, wrists] + (weight * pull)[..., None] * (goal - places[:, wrists])
    out, reached = turns.copy(), np.empty_like(target)
    for a, limb in enumerate(ARMS):
        start, middle, end = (places[:, j] for j in (limb.upper, limb.middle, limb.end))
        length = float(np.linalg.norm(middle[0] - start[0]) + np.linalg.norm(end[0] - middle[0]))
        wanted = start + softened(target[:, a] - start, end - start, np.array(length))
        hinge = quat_rotate(turns[:, limb.upper], np.array(limb.hinge, dtype=float))
        high, low = two_bone(start, middle, end, wanted, hinge=hinge)
        out[:, limb.upper] = quat_mul(high, turns[:, limb.upper])
        out[:, limb.middle] = quat_mul(low, turns[:, limb.middle])
        elbow = start + quat_rotate(high, middle - start)
        reached[:, a] = elbow + quat_rotate(low, end - middle)
    figures["after"] = _mean(np.linalg.norm(goal - reached, axis=-1), near)
    return out, figures


def _goals(source: Motion, turns: Array, places: Array, fit: Fit) -> tuple[Array, Array]:
    """Where each wrist belongs, (T, 2, 3), and how firmly, (T, 2) in 0..1."""
    was, old = source.positions, global_rotations(source.rotations, PARENTS)
    arm = _arm_length(source.skeleton.offsets)
    size = _arm_length(fit.skeleton.offsets) / arm
    goal, pull = np.zeros((len(was), 2, 3)), np.zeros((len(was), 2))
    total = np.full((len(was), 2), 1e-9)
    wrists = [JOINT["left_wrist"], JOINT["right_wrist"]]
    for a, wrist in enumerate(wrists):
        for name in ANCHORS:
            j = JOINT[name]
            if name.startswith(("left", "right")[a]) and name.endswith("shoulder"):
                continue  # its own shoulder is always near
            beside = quat_rotate(quat_inv(old[:, j]), was[:, wrist] - was[:, j])
            there = places[:, j] + quat_rotate(turns[:, j], beside * size)
            w = _near(np.linalg.norm(beside, axis=-1) / arm)
            goal[:, a] += w[:, None] * there
            total[:, a] += w
            pull[:, a] = np.maximum(pull[:, a], w)
    # The other hand: both go half of the way, around where the body alone would put their middle.
    apart = was[:, wrists[0]] - was[:, wrists[1]]
    w = _near(np.linalg.norm(apart, axis=-1) / arm)
    alone = np.where((pull > 0)[..., None], goal / total[..., None], places[:, wrists])
    alone = places[:, wrists] + pull[..., None] * (alone - places[:, wrists])
    middle = alone.mean(1)
    # As the chest turned on the way to the rig, so did what lies between the hands.
    chest = JOINT["spine3"]
    turned = quat_rotate(quat_mul(turns[:, chest], quat_inv(old[:, chest])), apart * size)
    for a, sign in enumerate((0.5, -0.5)):
        goal[:, a] = (goal[:, a] + 3 * w[:, None] * (middle + sign * turned)) / (total[:, a] + 3 * w)[:, None]
        pull[:, a] = np.maximum(pull[:, a], w)
    return goal, pull


def _near(share: Array) -> Array:
    x = np.clip((FREE - share) / (FREE - TOUCH), 0.0, 1.0)
    out: Array = x * x * (3 - 2 * x)
    return out


def _arm_length(offsets: Array) -> float:
    return float(sum(np.linalg.norm(offsets[JOINT[n]]) for n in ("left_elbow", "left_wrist")))


def _mean(values: Array, where: Flags) -> float:
    return float(values[where].mean()) if where.any() else 0.0
