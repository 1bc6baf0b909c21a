"""Local rotations from joint positions alone, with a twist that does not jump.

Shapes: T frames, J = 22 joints, L limbs. Positions fix the direction of every bone but not the turn about it. What is
missing is taken from the neighbours: pelvis and chest from their across vectors, upper arm and thigh from the plane of
elbow and knee, everything else from the parent. All of it is relative to the parent, so turning the whole clip turns
joint 0 and changes nothing else. Head, hands and toes end in no bone: their local rotations are the identity.

A limb that is too straight to have a plane carries its last one along by parallel transport (the direction moves by the
shortest way from frame to frame, without turn about itself; Bishop 1975), which has no singular direction. Slowly it
returns to the shortest swing from the rest pose, which has one: opposite to rest (a leg straight up, an arm straight
across the chest) the swing says nothing and is not asked.
"""

import numpy as np

from sdk.motion.errors import InvalidInput
from sdk.motion.ik import ARMS, LEGS
from sdk.motion.kinematics import local_rotations
from sdk.motion.rotations import (
    Array,
    normalize,
    quat_between,
    quat_continuous,
    quat_from_matrix,
    quat_inv,
    quat_mul,
    quat_rotate,
    quat_slerp,
)
from sdk.motion.skeleton import BODY, JOINT, NUM_JOINTS, Skeleton

LIMBS = (*ARMS, *LEGS)

BEND_UNSURE, BEND_SURE = np.sin(np.radians([6.0, 20.0]))
"""Sine of the bend below which a limb's plane says nothing, and above which it is believed."""
SMOOTHNESS = 0.5
"""Cost of a change of twist between two frames, beside a cost of 1 for leaving a believed plane."""
PULL = 1e-3
"""Cost of any twist at all: a limb straight for about (SMOOTHNESS / PULL) ** 0.5 = 22 frames follows its parent."""
AGAINST_REST = np.cos(np.radians([170.0, 130.0]))
"""Cosines of an angle from rest: beyond the first the swing says nothing of the twist, within the second all."""


def solve_rotations(positions: Array, skeleton: Skeleton = BODY) -> Array:
    """Local rotations whose bones point as in the given positions: (T, 22, 3) metres -> (T, 22, 4) xyzw.

    Relative to the T-pose of `skeleton`. Only directions are used, so bone lengths may differ from the skeleton's; on a
    body of the skeleton's own proportions forward kinematics returns the positions.
    Raises InvalidInput for a wrong shape or values that are not finite.
    """
    p = np.asarray(positions, dtype=np.float64)
    if p.ndim != 3 or p.shape[1:] != (NUM_JOINTS, 3) or len(p) == 0:
        raise InvalidInput(f"positions must be (T, 22, 3), T >= 1; got {p.shape}", field="positions")
    if not np.isfinite(p).all():
        raise InvalidInput("positions hold NaN or infinite values", field="positions")

    world = np.zeros((len(p), NUM_JOINTS, 4))
    rest = _rest_positions(skeleton)
    world[:, 0] = _basis_turn(p, rest, "left_hip", "right_hip", top="spine1", base=("left_hip", "right_hip"))
    chest = JOINT["spine3"]
    world[:, chest] = _basis_turn(p, rest, "left_collar", "right_collar", top="neck", base=("spine3",))
    for k, (name, child) in enumerate((("spine1", "spine2"), ("spine2", "spine3")), start=1):
        between = quat_slerp(world[:, 0], world[:, chest], k / 3)
        world[:, JOINT[name]] = _swung(between, p, skeleton, JOINT[name], JOINT[child])
    for name, parent, child in (
        ("neck", "spine3", "head"),
        ("left_collar", "spine3", "left_shoulder"),
        ("right_collar", "spine3", "right_shoulder"),
    ):
        world[:, JOINT[name]] = _swung(world[:, JOINT[parent]], p, skeleton, JOINT[name], JOINT[child])
    _solve_limbs(world, p, skeleton)
    for side in ("left", "right"):
        knee, ankle, foot = (JOINT[f"{side}_{name}"] for name in ("knee", "ankle", "foot"))
        world[:, ankle] = world[:, foot] = _swung(world[:, knee], p, skeleton, ankle, foot)
        world[:, JOINT[f"{side}_wrist"]] = world[:, JOINT[f"{side}_elbow"]]
    world[:, JOINT["head"]] = world[:, JOINT["neck"]]
    return quat_continuous(local_rotations(world, skeleton.parents))


def _rest_positions(skeleton: Skeleton) -> Array:
    out = np.zeros((NUM_JOINTS, 3))
    for j, parent in enumerate(skeleton.parents):
        if parent >= 0:
            out[j] = out[parent] + skeleton.offsets[j]
    return out


def _basis(p: Array, left: str, right: str, top: str, base: tuple[str, ...]) -> Array:
    # Columns: across to the left, up, forward; across is kept exactly, up is made perpendicular to it.
    x = normalize(p[..., JOINT[left], :] - p[..., JOINT[right], :])
    up = p[..., JOINT[top], :] - p[..., [JOINT[b] for b in base], :].mean(-2)
    z = normalize(np.cross(x, up))
    return np.stack([x, np.cross(z, x), z], -1)


def _basis_turn(p: Array, rest: Array, left: str, right: str, *, top: str, base: tuple[str, ...]) -> Array:
    matrix = _basis(p, left, right, top, base) @ _basis(rest, left, right, top, base).T
    return quat_continuous(quat_from_matrix(matrix))


def _swung(start: Array, p: Array, skeleton: Skeleton, joint: int, child: int) -> Array:
    """World rotations `start`, (T, 4), turned by the shortest way until the bone joint -> child lies as in p."""
    goal = p[:, child] - p[:, joint]
    return quat_mul(quat_between(quat_rotate(start, skeleton.offsets[child]), goal), start)


def _solve_limbs(world: Array, p: Array, skeleton: Skeleton) -> None:
    """Fill in upper and middle joints of arms and legs; their parents in `world`, (T, J, 4), are known."""
    starts, angles, weights, turns, trusts = [], [], [], [], []
    for limb in LIMBS:
        parent = world[:, skeleton.parents[limb.upper]]
        rest = normalize(skeleton.offsets[limb.middle])
        bone = normalize(p[:, limb.middle] - p[:, limb.upper])
        start = _swung(parent, p, skeleton, limb.upper, limb.middle)
        turns.append(_transport_turn(quat_mul(quat_inv(parent), start), quat_rotate(quat_inv(parent), bone), rest))
        swing = np.sum(quat_rotate(parent, rest) * bone, -1)
        trust = _smoothstep((swing - AGAINST_REST[0]) / (AGAINST_REST[1] - AGAINST_REST[0]))
        normal = np.cross(bone, normalize(p[:, limb.end] - p[:, limb.middle]))
        bend = np.linalg.norm(normal, axis=-1)
        zero = quat_rotate(start, np.array(limb.hinge))
        angle = np.arctan2(np.sum(np.cross(zero, normal) * bone, -1), np.sum(zero * normal, -1))
        weight = _smoothstep((bend - BEND_UNSURE) / (BEND_SURE - BEND_UNSURE))
        if limb in LEGS:
            # A knee that seems to fold the other way is a stretched knee with noise; believing it would turn the thigh.
            weight = weight * (1 - trust * (1 - _smoothstep((np.cos(angle) + 0.4) / 0.4)))
        starts.append(start)
        angles.append(angle)
        weights.append(weight)
        trusts.append(trust)
    columns = (np.stack(x, -1) for x in (angles, weights, turns, trusts))
    twist = smooth_twist(next(columns), next(columns), turns=next(columns), trust=next(columns))
    for k, limb in enumerate(LIMBS):
        bone = normalize(p[:, limb.middle] - p[:, limb.upper])
        half = 0.5 * twist[:, k, None]
        turned = quat_mul(np.concatenate([np.sin(half) * bone, np.cos(half)], -1), starts[k])
        world[:, limb.upper] = turned
        world[:, limb.middle] = _swung(turned, p, skeleton, limb.middle, limb.end)


def _transport_turn(swing: Array, bone: Array, rest: Array) -> Array:
    """How far, (T,) radians, parallel transport from the frame before turns beyond the swings, (T, 4), from rest.

    bone: (T, 3) in the parent's frame, where swings carry `rest`, (3,), to it. The first frame has 0.
    """
    carried = quat_mul(quat_between(bone[:-1], bone[1:]), swing[:-1])
    beyond = quat_mul(quat_inv(swing[1:]), carried)  # keeps `rest`, so it is a turn about it
    turn = 2 * np.arctan2(np.sum(beyond[:, :3] * rest, -1), beyond[:, 3])
    return np.concatenate([[0.0], _wrapped(turn)])


def _wrapped(angle: Array) -> Array:
    return (angle + np.pi) % (2 * np.pi) - np.pi


def _smoothstep(x: Array) -> Array:
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3 - 2 * x)


def smooth_twist(angles: Array, weights: Array, *, turns: Array | float = 0.0, trust: Array | float = 1.0) -> Array:
    """Twist that follows `angles` where they can be believed and passes smoothly over where they cannot.

    angles: (T, L) radians, any branch. weights: (T, L) in [0, 1]. turns: (T, L) radians, by how much a twist changes
    by itself since the frame before, see `_transport_turn`. trust: (T, L) in [0, 1], how much a twist of zero means.
    Returns (T, L) radians: the x that makes least the sum of weights * (x - angle)^2 + SMOOTHNESS * (change of x beyond
    `turns`)^2 + PULL * trust * x^2, angles and zero taken on the branch that fits their neighbours.
    """
    carried = np.cumsum(np.broadcast_to(turns, angles.shape), axis=0)
    goal, zero, frames = np.zeros_like(angles), np.zeros_like(angles), np.arange(len(angles))
    for k in range(angles.shape[1]):
        own, sure = angles[:, k] - carried[:, k], weights[:, k] > 0.25
        course = np.zeros(len(angles))
        if sure.any():
            # Unwrapped over believed frames only, so that noise in a gap cannot add a whole turn to what follows it.
            course = np.interp(frames, frames[sure], np.unwrap(own[sure]))
        goal[:, k] = course + _wrapped(own - course)
        zero[:, k] = course + _wrapped(-carried[:, k] - course)
    pull = PULL * np.broadcast_to(trust, angles.shape) + 1e-9
    edges = np.full((len(angles), 1), 2.0 * SMOOTHNESS)
    edges[0] -= SMOOTHNESS
    edges[-1] -= SMOOTHNESS
    return carried + _solve_chain(weights + edges + pull, weights * goal + pull * zero)


def _solve_chain(diagonal: Array, right: Array) -> Array:
    # Tridiagonal system with -SMOOTHNESS beside the diagonal, by elimination along time.
    ratio, out = np.zeros_like(right), right.copy()
    for t in range(len(right)):
        before = ratio[t - 1] if t else 0.0
        pivot = diagonal[t] - SMOOTHNESS * before
        ratio[t] = SMOOTHNESS / pivot
        out[t] = (right[t] + (SMOOTHNESS * out[t - 1] if t else 0.0)) / pivot
    for t in range(len(right) - 2, -1, -1):
        out[t] += ratio[t] * out[t + 1]
    return out
