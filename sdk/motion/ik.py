"""Two-bone inverse kinematics: put wrists and ankles where they belong, elbows and knees bending as they did.

Shapes: leading axes broadcast where `...` stands; T frames, L limbs. Metres, world frame, quaternions xyzw.
The solution is analytic: the bend at the middle joint follows from the law of cosines, one swing of the whole limb
brings its end to the target. The swing is the shortest, so the plane of the bend is carried along and never chosen
anew, and a limb whose target is where its end already is does not move.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sdk.motion.errors import InvalidInput
from sdk.motion.kinematics import global_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    Array,
    normalize,
    quat_between,
    quat_continuous,
    quat_from_axis_angle,
    quat_inv,
    quat_mul,
    quat_rotate,
)
from sdk.motion.skeleton import JOINT, Skeleton

SURE_BEND = 0.05
"""Sine of the bend (3 degrees) about which the limb's own plane weighs as much as the anatomical hinge."""
STRETCH = 0.985
"""Share of a limb's length (20 degrees of bend) from which a limb asked to reach further than it did gives way."""
UNLOCKED = 0.9985
"""Share (6 degrees of bend) beyond which a limb that has to be moved at all is not stretched, even if it was."""
UNLOCK_M = 0.003
"""Metres of correction at which a stretched limb is mostly unlocked."""
AHEAD, ELBOW = (0.3, -0.6, 0.75), (0.5, -0.8, -0.35)
"""A hand before its shoulder, and where the elbow then points at ease: outwards, up, ahead, seen from the chest."""


@dataclass(frozen=True)
class Limb:
    """Joint indices of upper, middle and end joint, and the axis of a positive bend in the upper joint's rest frame."""

    name: str
    upper: int
    middle: int
    end: int
    hinge: tuple[float, float, float]


def _limb(name: str, joints: str, hinge: tuple[float, float, float]) -> Limb:
    side = name.split("_")[0]
    upper, middle, end = (JOINT[f"{side}_{joint}"] for joint in joints.split())
    return Limb(name, upper, middle, end, hinge)


# In the T-pose forearms fold forward, shins backward.
ARMS = (_limb("left_arm", "shoulder elbow wrist", (0, -1, 0)), _limb("right_arm", "shoulder elbow wrist", (0, 1, 0)))
LEGS = (_limb("left_leg", "hip knee ankle", (1, 0, 0)), _limb("right_leg", "hip knee ankle", (1, 0, 0)))


def two_bone(start: Array, middle: Array, end: Array, target: Array, *, hinge: Array) -> tuple[Array, Array]:
    """World rotations that bring the end of a two-bone limb to a target, each (..., 4): of the upper, the lower bone.

    start, middle, end: (..., 3) joints as they are. target: (..., 3). hinge: (..., 3) unit axis of a positive bend, in
    the world; it decides where the limb is too straight to have a plane of its own, and which way a knee may bend.
    Apply them from the left: new world rotation = result * old one. Both bones keep their length. The target is
    reached exactly within [||a| - |b||, |a| + |b|], beyond it the limb points to the target.
    """
    upper, lower = middle - start, end - middle
    a, b = (np.linalg.norm(bone, axis=-1) for bone in (upper, lower))
    axis = bend_axis(upper, lower, hinge=hinge)
    # `axis` is perpendicular to the upper bone, so only the part of the lower bone across it changes the distance.
    across = np.sqrt(np.maximum(b * b - np.sum(axis * lower, -1) ** 2, 0.0))
    goal = (np.sum((target - start) ** 2, -1) - a * a - b * b) / 2
    bend = np.arccos(np.clip(goal / np.maximum(a * across, 1e-12), -1.0, 1.0))
    bent = np.arctan2(np.sum(axis * np.cross(upper, lower), -1), np.sum(upper * lower, -1))
    half = 0.5 * (bend - bent)[..., None]
    turn = np.concatenate([np.sin(half) * axis, np.cos(half)], -1)
    swing = quat_between(upper + quat_rotate(turn, lower), target - start)
    return swing, quat_mul(swing, turn)


def bend_axis(upper: Array, lower: Array, *, hinge: Array) -> Array:
    """Unit axis (..., 3) perpendicular to the upper bone about which the limb bends, never against `hinge`.

    The normal of the limb's own plane where it is bent, the hinge where it is straight, a smooth mixture between. A
    limb that is bent the wrong way (an over-stretched knee) gets the normal mirrored to the right side.
    """
    u = normalize(upper)
    normal = np.cross(u, normalize(lower))
    across = normalize(hinge - np.sum(hinge * u, -1, keepdims=True) * u)
    along = np.sum(normal * across, -1, keepdims=True)
    normal = normal + (np.abs(along) - along) * across
    size = np.linalg.norm(normal, axis=-1, keepdims=True)
    return normalize(normal + across * SURE_BEND * np.exp(-0.5 * (size / SURE_BEND) ** 2))


def soft_reach(distance: Array, *, natural: Array, longest: Array | float) -> Array:
    """How far a limb should reach for a target at `distance`, (...), metres: stretched softly, never with a snap.

    Unchanged up to `natural` (how far the limb reached in the source, or where stretching should begin to be felt);
    beyond it the rest of the way to `longest` (the bones' summed length) is used up ever more slowly.
    """
    room = np.maximum(longest - natural, 1e-9)
    over = np.maximum(distance - natural, 0.0)
    reached: Array = np.where(over > 0, natural + room * (1 - np.exp(-over / room)), distance)
    return np.minimum(reached, np.maximum(longest, natural))


def place_ends(
    motion: Motion, limbs: Sequence[Limb], targets: Array, *, rotations: Array | None = None, soft: bool = True
) -> Motion:
    """The motion with the ends of `limbs` (wrists, ankles) at targets (T, L, 3) metres in the world.

    rotations: (T, L, 4) world rotations of the end joints; unset, hand and foot keep the world rotation they had.
    soft: near full stretch a limb that is asked to reach further than it did gives way smoothly, see `soft_reach`;
    otherwise every target within the bones' length is reached exactly.
    All other local rotations and the root stay as they are. Raises InvalidInput for a wrong shape.
    """
    shape = (len(motion), len(limbs), 3)
    if targets.shape != shape or (rotations is not None and rotations.shape != (*shape[:2], 4)):
        got = targets.shape if targets.shape != shape or rotations is None else rotations.shape
        raise InvalidInput(f"targets must be {shape} and rotations (T, L, 4); got {got}", field="targets")
    upper, middle, end = (np.array([getattr(limb, name) for limb in limbs]) for name in ("upper", "middle", "end"))
    world = global_rotations(motion.rotations, motion.skeleton.parents)
    p = motion.positions
    start = p[:, upper]
    if soft:
        targets = start + softened(targets - start, p[:, end] - start, limb_lengths(motion.skeleton, limbs))
    hinge = quat_rotate(world[:, upper], np.array([limb.hinge for limb in limbs], dtype=float))
    high, low = two_bone(start, p[:, middle], p[:, end], targets, hinge=hinge)
    world_upper, world_middle = quat_mul(high, world[:, upper]), quat_mul(low, world[:, middle])
    parents = world[:, [motion.skeleton.parents[j] for j in upper]]
    out = motion.rotations.copy()
    out[:, upper] = quat_mul(quat_inv(parents), world_upper)
    out[:, middle] = quat_mul(quat_inv(world_upper), world_middle)
    out[:, end] = quat_mul(quat_inv(world_middle), world[:, end] if rotations is None else rotations)
    changed = np.concatenate([upper, middle, end])
    out[:, changed] = quat_continuous(out[:, changed])
    return replace(motion, rotations=out)


def swivelled(was: Motion, motion: Motion, arm: Limb, weight: Array) -> Motion:
    """The motion with an elbow where it naturally is, (T,) of 0 for as it was to 1; the hand stays where it is.

    was: the motion before its hand was placed. An elbow is where it lies most at ease when the hand is before the
    shoulder; to other directions that is carried round the shoulder. A way of the hand is so a way of the elbow, with
    no flip between.
    """
    aside = []
    for pose in (was, motion):
        world, p = global_rotations(pose.rotations, pose.skeleton.parents), pose.positions
        upper, lower = p[:, arm.middle] - p[:, arm.upper], p[:, arm.end] - p[:, arm.middle]
        across = bend_axis(upper, lower, hinge=quat_rotate(world[:, arm.upper], np.array(arm.hinge, dtype=float)))
        along = normalize(upper + lower)
        chest = quat_inv(world[:, pose.skeleton.parents[pose.skeleton.parents[arm.upper]]])
        seen, elbow = quat_rotate(chest, along), quat_rotate(chest, normalize(np.cross(along, across)))
        out = np.array([1.0 if arm.name.startswith("left") else -1.0, 1.0, 1.0])
        ahead, down = (normalize(np.array(v) * out) for v in (AHEAD, ELBOW))
        swing = quat_between(np.broadcast_to(ahead, seen.shape), seen)
        ease = quat_rotate(swing, normalize(down - np.sum(down * ahead) * ahead))
        aside.append(np.arctan2(np.sum(np.cross(ease, elbow) * seen, -1), np.sum(ease * elbow, -1)))
    turn = np.unwrap(aside[0]) * (1 - weight) - aside[1]
    turn = (turn + np.pi) % (2 * np.pi) - np.pi
    world, p = global_rotations(motion.rotations, motion.skeleton.parents), motion.positions
    axis = normalize(p[:, arm.end] - p[:, arm.upper])
    new = quat_mul(quat_from_axis_angle(axis * turn[:, None]), world[:, arm.upper])
    rotations = motion.rotations.copy()
    rotations[:, arm.upper] = quat_mul(quat_inv(world[:, motion.skeleton.parents[arm.upper]]), new)
    rotations[:, arm.upper] = quat_continuous(rotations[:, arm.upper])
    return replace(motion, rotations=rotations)


def natural_reach(wanted: Array, was: Array, lengths: Array) -> Array:
    """How far a limb may be asked to reach as a matter of course, (...) metres.

    wanted, was: (..., 3) from the upper joint to where the end should be and where it was in the source. As far as it
    was, or STRETCH of its length. Near full stretch a millimetre of reach moves the knee by centimetres: a limb that
    was stretched and has to be moved keeps a little bend. One that need not be moved may stay as it is.
    """
    reach = np.linalg.norm(was, axis=-1)
    moved = 1 - np.exp(-((np.linalg.norm(wanted - was, axis=-1) / UNLOCK_M) ** 2))
    natural: Array = np.maximum(reach - np.maximum(reach - UNLOCKED * lengths, 0.0) * moved, STRETCH * lengths)
    return natural


def softened(wanted: Array, was: Array, lengths: Array) -> Array:
    """`wanted` (..., 3), shortened by `soft_reach` where it is more than the `natural_reach`."""
    far = np.linalg.norm(wanted, axis=-1)
    near = soft_reach(far, natural=natural_reach(wanted, was, lengths), longest=0.9999 * lengths)
    shortened: Array = wanted * (near / np.maximum(far, 1e-12))[..., None]
    return shortened


def limb_lengths(skeleton: Skeleton, limbs: Sequence[Limb]) -> Array:
    """Length of each limb stretched out, (L,) metres."""
    size = np.linalg.norm(skeleton.offsets, axis=-1)
    return np.array([size[limb.middle] + size[limb.end] for limb in limbs])
