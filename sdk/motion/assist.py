"""How the rest of a body helps a hand or a foot to get somewhere: it leans, turns, bends its knees, shifts its weight.

Per frame the least effort is found that brings shoulders and hips within comfortable reach, by a few damped
Gauss-Newton steps over seven numbers: where the pelvis goes (3), how it pitches (1), how the spine turns (3). Feet are
where they were or where a goal wants them, legs must reach them, and the weight stays over them. What is pulled with no
weight does not move, and effort follows weight smoothly, so nothing pops.

Shapes: T frames, metres, radians. Numbers (T, 7) are in the frame of the body's heading: to the left, up, ahead;
rotations about these axes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sdk.motion.contacts import ANKLES, HIPS, Flags
from sdk.motion.ik import ARMS, LEGS, STRETCH, Limb, limb_lengths
from sdk.motion.kinematics import global_rotations, heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    IDENTITY,
    Array,
    quat_about,
    quat_continuous,
    quat_from_axis_angle,
    quat_inv,
    quat_mul,
    quat_rotate,
    quat_slerp,
)
from sdk.motion.skeleton import JOINT
from sdk.motion.smooth import evened

EFFORT = np.array([0.12, 0.16, 0.12, 0.45, 0.35, 0.45, 0.3])
"""What costs as much as each other: of the pelvis metres to the side, up or down, ahead, and pitch; of the spine pitch,
yaw, roll in radians."""
MOST = np.array([0.35, 0.62, 0.35, 0.9, 0.75, 0.6, 0.4])
"""No number goes beyond these."""
ARM_COMFORT, LEG_COMFORT = 0.93, 0.97
"""Shares of their lengths that limbs are stretched to where the body can help it."""
FOLDED = 0.3
"""A hip comes no nearer to its ankle than this share of a leg's length."""
REACH_M, LEG_M, BALANCE_M = 0.01, 0.003, 0.05
"""Being so far, metres, beyond reach, beyond a leg's length, out of balance is as bad as one unit of effort."""
HOPE = 3.0
"""What is beyond reach by more of these units than so many may well be beyond it for good, and weighs less."""
SIDEWAYS, SIDEWAYS_UNIT = 1.1, 0.4
"""A chest turns towards what lies further aside than the first, radians; so much is as bad as one unit of effort."""
BESIDE, AWAY = 0.25, 0.45
"""... as far as that is not nearer to the chest than the first, fully from the second, metres over the ground."""
HEAD_SHARE, NECK_SHARE, ARM_SHARE = 0.5, 0.75, 0.3
"""So much of the chest's turning head, neck and hanging arms follow."""
EVEN_S, SURE_WEIGHT = 0.08, 0.15
"""The numbers are evened out over about this long, seconds, to both sides, where the weight is at least the second."""
STEPS, STILL, DAMPING, DELTA = 30, 1e-5, 0.05, 1e-6
"""Steps to the least effort at most, how small they are at the end, how shy the first; what slopes are found with."""
SIDES = ("left", "right")
SPINE = [JOINT[name] for name in ("spine1", "spine2", "spine3")]


@dataclass(frozen=True, eq=False)
class Pull:
    """The end of a limb wants to be at targets (T, 3) with a weight (T,) in 0..1.

    along: (T,) share to which the targets go where the pelvis goes over the ground.
    """

    limb: Limb
    targets: Array
    weight: Array
    along: Array


def assisted(motion: Motion, pulls: Sequence[Pull], *, upper: bool = False) -> Motion:
    """The motion with pelvis and spine where limbs can reach their targets; legs hang from the pelvis as they did.

    upper: the spine alone may help. Frames without weight stay as they are.
    """
    active = np.flatnonzero(np.max([pull.weight for pull in pulls], axis=0) > 0)
    if len(active):
        active = active[_Effort(motion, pulls, active, upper=upper).needed()]
    if len(active) == 0:
        return motion
    numbers = np.zeros((len(motion), 7))
    numbers[active] = _Effort(motion, pulls, active, upper=upper).least()
    # Where another part of the body begins to help, the rest gives way softly; limbs take up what is left.
    sure = np.clip(np.max([pull.weight for pull in pulls], axis=0) / SURE_WEIGHT, 0.0, 1.0)[:, None]
    numbers += (evened(numbers, EVEN_S * motion.fps) - numbers) * sure * sure * (3 - 2 * sure)
    return _bent(motion, numbers)


class _Effort:
    """What seven numbers a frame cost, for the active frames of a motion."""

    def __init__(self, motion: Motion, pulls: Sequence[Pull], active: NDArray[np.intp], *, upper: bool) -> None:
        p, world = motion.positions[active], global_rotations(motion.rotations[active], motion.skeleton.parents)
        self._heading = quat_about("y", heading_angle(motion.rotations[active, 0]))
        back = quat_inv(self._heading)

        def seen(points: Array) -> Array:
            return quat_rotate(back if points.ndim == 2 else back[:, None], points)

        root = p[:, 0]
        chain = [0, *SPINE]
        self._bones = [seen(p[:, b] - p[:, a]) for a, b in zip(chain, chain[1:], strict=False)]
        self._hips = seen(p[:, HIPS] - root[:, None])
        self._ankles = seen(p[:, ANKLES] - root[:, None])
        arms = [pull for pull in pulls if pull.limb in ARMS]
        self._shoulders = [seen(p[:, pull.limb.upper] - p[:, SPINE[2]]) for pull in arms]
        self._arms = [(seen(pull.targets[active] - root), pull.weight[active], pull.along[active]) for pull in arms]
        self._free = np.array([not upper] * 4 + [True] * 3)
        ahead = seen(quat_rotate(world[:, SPINE[2]], np.array([0.0, 0.0, 1.0])))
        self._yaw = np.arctan2(ahead[:, 0], ahead[:, 2])
        arm, leg = (float(limb_lengths(motion.skeleton, limbs)[0]) for limbs in (ARMS, LEGS))
        nothing = np.zeros((len(active), 7))
        shoulders, hips, self._weight_at = self._posed(nothing)
        self._arm_reach = [
            _allowed(target, shoulder, weight, ARM_COMFORT * arm)
            for (target, weight, _), shoulder in zip(self._arms, shoulders, strict=True)
        ]
        self._feet, self._feet_along = self._ankles.copy(), np.zeros((len(active), 2))
        own = np.linalg.norm(self._hips - self._ankles, axis=-1)
        self._leg_reach = np.maximum(own, STRETCH * leg)
        self._leg_least = np.minimum(own, FOLDED * leg)
        self._led = {LEGS.index(pull.limb) for pull in pulls if pull.limb in LEGS}
        for pull in (pull for pull in pulls if pull.limb in LEGS):
            k, weight = LEGS.index(pull.limb), pull.weight[active]
            target = seen(pull.targets[active] - root)
            reach = _allowed(target, hips[:, k], weight, LEG_COMFORT * leg)
            # On its way a foot is somewhere between: only what the goal asks for counts.
            self._feet[:, k], self._feet_along[:, k], self._leg_reach[:, k] = target, pull.along[active], reach
            self._leg_least[:, k] = np.minimum(np.linalg.norm(target - hips[:, k], axis=-1), FOLDED * leg)

    def needed(self) -> Flags:
        """Where limbs cannot do it alone, (active,)."""
        return np.asarray((self._misery(np.zeros((len(self._yaw), 7))) != 0).any(-1))

    def least(self) -> Array:
        """The numbers, (active, 7)."""
        x = np.zeros((len(self._yaw), 7))
        free = np.flatnonzero(self._free)
        here, damping = self._misery(x), np.full(len(x), DAMPING)
        for _ in range(STEPS):
            slope = np.empty((*here.shape, len(free)))
            for n, k in enumerate(free):
                step = x.copy()
                step[:, k] += DELTA
                slope[..., n] = (self._misery(step) - here) / DELTA
            turned = np.swapaxes(slope, -1, -2)
            square = turned @ slope + (1 + damping[:, None, None]) * np.eye(len(free))
            step = x.copy()
            step[:, free] -= np.linalg.solve(square, (turned @ here[..., None]) + x[:, free, None])[..., 0]
            there = self._misery(step)
            # A step that makes it worse is not taken; the next one is shorter.
            better = _cost(there, step) < _cost(here, x)
            still = np.abs(step - x).max() < STILL
            x[better], here[better] = step[better], there[better]
            damping = np.where(better, damping / 4, damping * 8)
            if still:
                break
        return self._numbers(x)

    def _numbers(self, x: Array) -> Array:
        """From units of effort to the numbers, which stay within MOST."""
        bound = MOST / EFFORT
        out: Array = MOST * np.tanh(x / bound)
        return out

    def _posed(self, numbers: Array) -> tuple[Sequence[Array], Array, Array]:
        """Shoulders, each (A, 3), hips (A, 2, 3) and where the weight is over the ground (A, 2), from the old root."""
        pelvis = quat_about("x", numbers[:, 3])
        at = numbers[:, :3]
        hips = at[:, None] + quat_rotate(pelvis[:, None], self._hips)
        weight = 0.4 * at
        for k, bone in enumerate(self._bones):
            turn = pelvis if k == 0 else quat_mul(quat_from_axis_angle(numbers[:, 4:] * (k / 3)), pelvis)
            at = at + quat_rotate(turn, bone)
        turn = quat_mul(quat_from_axis_angle(numbers[:, 4:]), pelvis)
        shoulders = [at + quat_rotate(turn, bone) for bone in self._shoulders]
        over: Array = (weight + 0.6 * at)[:, [0, 2]]
        return shoulders, hips, over

    def _misery(self, x: Array) -> Array:
        """How bad it is, all but the effort itself: (A, N), to be squared."""
        numbers = self._numbers(x)
        shoulders, hips, weight_at = self._posed(numbers)
        over = numbers[:, :3] * np.array([1.0, 0.0, 1.0])
        out = []
        for (target, weight, along), shoulder, reach in zip(self._arms, shoulders, self._arm_reach, strict=True):
            there = target + along[:, None] * over
            out.append(_eager(np.maximum(np.linalg.norm(there - shoulder, axis=-1) - reach, 0.0) / REACH_M))
            aside = (np.arctan2(there[:, 0], there[:, 2]) - self._yaw + np.pi) % (2 * np.pi) - np.pi
            far = np.clip((np.hypot(there[:, 0], there[:, 2]) - BESIDE) / (AWAY - BESIDE), 0.0, 1.0)
            left = np.abs(aside) - SIDEWAYS
            # The chest's turn counts in the direction that the target lies in.
            out.append(
                weight * far * np.maximum(left - np.sign(aside) * numbers[:, 5], 0.0) / SIDEWAYS_UNIT * (left > 0)
            )
        feet = self._feet + self._feet_along[..., None] * over[:, None]
        legs = np.linalg.norm(hips - feet, axis=-1)
        for k, over_long in enumerate(np.maximum(legs - self._leg_reach, 0.0).T):
            out.append(_eager(over_long / REACH_M) if k in self._led else over_long / LEG_M)
        out += list((np.maximum(self._leg_least - legs, 0.0) / LEG_M).T)
        out += list(((weight_at - self._weight_at) / BALANCE_M).T)
        return np.stack(out, -1)


def _cost(misery: Array, x: Array) -> Array:
    """What is to be least, (A,)."""
    out: Array = np.sum(misery**2, -1) + np.sum(x**2, -1)
    return out


def _eager(beyond: Array) -> Array:
    """What is beyond reach, in units, as a residual: it weighs ever less where it cannot be had anyway."""
    out: Array = HOPE * np.sqrt(2 * (np.sqrt(1 + (beyond / HOPE) ** 2) - 1))
    return out


def _allowed(target: Array, start: Array, weight: Array, comfort: float) -> Array:
    """How far a limb may have to reach, (A,): comfortably with weight 1, as far as it would have to with weight 0."""
    far = np.linalg.norm(target - start, axis=-1)
    out: Array = comfort + (1 - weight) * np.maximum(far - comfort, 0.0)
    return out


def _bent(motion: Motion, numbers: Array) -> Motion:
    """The motion with these numbers laid on; neck, head and arms follow the chest as far as they do."""
    parents = motion.skeleton.parents
    heading = quat_about("y", heading_angle(motion.rotations[:, 0]))
    root = motion.root + quat_rotate(heading, numbers[:, :3])
    back = quat_inv(heading)

    def turn(about: Array) -> Array:
        return quat_mul(quat_mul(heading, quat_from_axis_angle(about)), back)

    pitch = np.concatenate([numbers[:, 3:4], np.zeros((len(numbers), 2))], -1)
    old = global_rotations(motion.rotations, parents)
    new = old.copy()
    new[:, 0] = quat_mul(turn(pitch), old[:, 0])
    for k, joint in enumerate(SPINE):
        new[:, joint] = quat_mul(quat_mul(turn(numbers[:, 4:] * ((k + 1) / 3)), turn(pitch)), old[:, joint])
    chest = quat_mul(turn(numbers[:, 4:]), turn(pitch))
    still = np.broadcast_to(IDENTITY, chest.shape)
    for name, share in (("neck", NECK_SHARE), ("head", HEAD_SHARE), *((f"{s}_shoulder", ARM_SHARE) for s in SIDES)):
        new[:, JOINT[name]] = quat_mul(quat_slerp(still, chest, share), old[:, JOINT[name]])
    rotations = motion.rotations.copy()
    rotations[:, 0] = new[:, 0]
    for side in SIDES:
        new[:, JOINT[f"{side}_collar"]] = quat_mul(chest, old[:, JOINT[f"{side}_collar"]])
    for joint in (*SPINE, JOINT["neck"], JOINT["head"], *(JOINT[f"{side}_shoulder"] for side in SIDES)):
        rotations[:, joint] = quat_mul(quat_inv(new[:, parents[joint]]), new[:, joint])
    return replace(motion, rotations=quat_continuous(rotations), root=root)
