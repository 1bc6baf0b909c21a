"""Local rotations from joint positions alone, with a twist that does not jump.

Shapes: T frames, J = 22 joints, L limbs. Positions fix the direction of every bone but not the turn about it. What is
missing is taken from the neighbours: pelvis and chest from their across vectors, upper arm and thigh from the plane of
elbow and knee, everything else from the parent. All of it is relative to the parent, so turning the whole clip turns
joint 0 and changes nothing else. Head, hands and toes end in no bone: their local rotations are the identity.
"""

import numpy as np

from sdk.motion.errors import InvalidInput
from sdk.motion.kinematics import local_rotations
from sdk.motion.rotations import (
    Array,
    normalize,
    quat_between,
    quat_continuous,
    quat_from_matrix,
    quat_mul,
    quat_rotate,
    quat_slerp,
)
from sdk.motion.skeleton import BODY, JOINT, NUM_JOINTS, Skeleton

# Upper joint, middle joint, end joint, and the axis about which the middle joint bends in the T-pose: forearms fold
# forward, shins backward.
_LIMBS: tuple[tuple[str, str, str, tuple[float, float, float]], ...] = (
    ("left_shoulder", "left_elbow", "left_wrist", (0, -1, 0)),
    ("right_shoulder", "right_elbow", "right_wrist", (0, 1, 0)),
    ("left_hip", "left_knee", "left_ankle", (1, 0, 0)),
    ("right_hip", "right_knee", "right_ankle", (1, 0, 0)),
)

BEND_UNSURE, BEND_SURE = np.sin(np.radians([6.0, 20.0]))
"""Sine of the bend below which a limb's plane says nothing, and above which it is believed."""
SMOOTHNESS = 0.5
"""Cost of a change of twist between two frames, beside a cost of 1 for leaving a believed plane."""
PULL = 1e-3
"""Cost of any twist at all: a limb straight for about (SMOOTHNESS / PULL) ** 0.5 = 22 frames follows its parent."""


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
        world[:, JOINT[name]] = _swung(between, p, skeleton, name, child)
    for name, parent, child in (
        ("neck", "spine3", "head"),
        ("left_collar", "spine3", "left_shoulder"),
        ("right_collar", "spine3", "right_shoulder"),
    ):
        world[:, JOINT[name]] = _swung(world[:, JOINT[parent]], p, skeleton, name, child)
    _solve_limbs(world, p, skeleton)
    for side in ("left", "right"):
        ankle = _swung(world[:, JOINT[f"{side}_knee"]], p, skeleton, f"{side}_ankle", f"{side}_foot")
        world[:, JOINT[f"{side}_ankle"]] = world[:, JOINT[f"{side}_foot"]] = ankle
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


def _swung(start: Array, p: Array, skeleton: Skeleton, joint: str, child: str) -> Array:
    """World rotations `start`, (T, 4), turned by the shortest way until the bone joint -> child lies as in p."""
    goal = p[:, JOINT[child]] - p[:, JOINT[joint]]
    return quat_mul(quat_between(quat_rotate(start, skeleton.offsets[JOINT[child]]), goal), start)


def _solve_limbs(world: Array, p: Array, skeleton: Skeleton) -> None:
    """Fill in upper and middle joints of arms and legs; their parents in `world`, (T, J, 4), are known."""
    starts, angles, weights = [], [], []
    for upper, middle, end, hinge in _LIMBS:
        start = _swung(world[:, skeleton.parents[JOINT[upper]]], p, skeleton, upper, middle)
        bone = normalize(p[:, JOINT[middle]] - p[:, JOINT[upper]])
        normal = np.cross(bone, normalize(p[:, JOINT[end]] - p[:, JOINT[middle]]))
        bend = np.linalg.norm(normal, axis=-1)
        zero = quat_rotate(start, np.array(hinge))
        angle = np.arctan2(np.sum(np.cross(zero, normal) * bone, -1), np.sum(zero * normal, -1))
        weight = _smoothstep((bend - BEND_UNSURE) / (BEND_SURE - BEND_UNSURE))
        if middle.endswith("knee"):
            # A knee that seems to fold the other way is a stretched knee with noise; believing it would turn the thigh.
            weight = weight * _smoothstep((np.cos(angle) + 0.4) / 0.4)
        starts.append(start)
        angles.append(angle)
        weights.append(weight)
    twist = smooth_twist(np.stack(angles, -1), np.stack(weights, -1))
    for k, (upper, middle, end, _) in enumerate(_LIMBS):
        bone = normalize(p[:, JOINT[middle]] - p[:, JOINT[upper]])
        half = 0.5 * twist[:, k, None]
        turned = quat_mul(np.concatenate([np.sin(half) * bone, np.cos(half)], -1), starts[k])
        world[:, JOINT[upper]] = turned
        world[:, JOINT[middle]] = _swung(turned, p, skeleton, middle, end)


def _smoothstep(x: Array) -> Array:
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3 - 2 * x)


def smooth_twist(angles: Array, weights: Array) -> Array:
    """Twist that follows `angles` where they can be believed and passes smoothly over where they cannot.

    angles: (T, L) radians, any branch. weights: (T, L) in [0, 1]. Returns (T, L) radians, unwrapped: the least squares
    of weights * (x - angle)^2 + SMOOTHNESS * (change of x)^2 + PULL * x^2.
    """
    goal, frames = np.zeros_like(angles), np.arange(len(angles))
    for k in range(angles.shape[1]):
        sure = weights[:, k] > 0.25
        if sure.any():
            # Unwrapped over believed frames only, so that noise in a gap cannot add a whole turn to what follows it.
            course = np.interp(frames, frames[sure], np.unwrap(angles[sure, k]))
            goal[:, k] = course + (angles[:, k] - course + np.pi) % (2 * np.pi) - np.pi
    edges = np.full((len(angles), 1), 2.0 * SMOOTHNESS)
    edges[0] -= SMOOTHNESS
    edges[-1] -= SMOOTHNESS
    return _solve_chain(weights + edges + PULL, weights * goal)


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
