"""Forward kinematics, heading and ground contact.

Shapes: T frames, J joints; leading axes broadcast where `...` stands.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from sdk.motion.rotations import Array, quat_mul, quat_rotate
from sdk.motion.skeleton import FOOT_JOINTS, Skeleton

CONTACT_SPEED = 0.30
"""A foot joint slower than this, m/s, may be planted (real clips slide at a median of 0.17 m/s while low)."""
CONTACT_HEIGHT = 0.05
"""... if it is less than this, metres, over where it lies when the sole is flat."""


@cache
def _levels(parents: tuple[int, ...]) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], ...]:
    """Joints level by level below the roots, and their parents: joints of a level can be computed at once."""
    depth: list[int] = []
    for parent in parents:
        depth.append(0 if parent < 0 else depth[parent] + 1)
    levels = [np.flatnonzero(np.array(depth) == k) for k in range(1, max(depth) + 1)]
    return tuple((joints, np.array(parents)[joints]) for joints in levels)


def global_rotations(rotations: Array, parents: tuple[int, ...]) -> Array:
    """World rotations of all joints from local ones, (..., J, 4) -> (..., J, 4)."""
    out = rotations.copy()
    for joints, above in _levels(tuple(parents)):
        out[..., joints, :] = quat_mul(out[..., above, :], rotations[..., joints, :])
    return out


def local_rotations(world: Array, parents: tuple[int, ...]) -> Array:
    """Inverse of `global_rotations`."""
    inverse = world * np.array([-1, -1, -1, 1])
    out = [world[..., j, :] if p < 0 else quat_mul(inverse[..., p, :], world[..., j, :]) for j, p in enumerate(parents)]
    return np.stack(out, -2)


def forward_kinematics(rotations: Array, root: Array, skeleton: Skeleton) -> Array:
    """World joint positions: (..., J, 4) local xyzw and (..., 3) root metres -> (..., J, 3) metres."""
    return _posed(rotations, root, skeleton.parents, skeleton.offsets)


def foot_positions(rotations: Array, root: Array, skeleton: Skeleton) -> Array:
    """Those of FOOT_JOINTS alone, (..., 4, 3) metres: the same numbers for less work."""
    joints, parents, feet = _legs(skeleton.parents)
    return _posed(rotations[..., joints, :], root, parents, skeleton.offsets[joints])[..., feet, :]


def _posed(rotations: Array, root: Array, parents: tuple[int, ...], offsets: Array) -> Array:
    world = global_rotations(rotations, parents)
    bones = quat_rotate(world[..., list(parents), :], offsets)
    out: Array = np.empty((*np.broadcast_shapes(bones.shape[:-2], root.shape[:-1]), *bones.shape[-2:]))
    out[...] = root[..., None, :]
    for joints, above in _levels(parents):
        out[..., joints, :] = out[..., above, :] + bones[..., joints, :]
    return out


@cache
def _legs(parents: tuple[int, ...]) -> tuple[list[int], tuple[int, ...], list[int]]:
    """Joints from the roots down to the feet, their parents among them, and where FOOT_JOINTS are among them."""
    wanted: set[int] = set()
    for joint in FOOT_JOINTS:
        while joint >= 0:
            wanted.add(joint)
            joint = parents[joint]
    joints = sorted(wanted)
    place = {-1: -1, **{joint: k for k, joint in enumerate(joints)}}
    return joints, tuple(place[parents[joint]] for joint in joints), [place[joint] for joint in FOOT_JOINTS]


def heading_angle(rotation: Array) -> Array:
    """Yaw of a body rotation in radians, (..., 4) -> (...): 0 faces +Z, positive turns left, towards +X."""
    forward = quat_rotate(rotation, np.array([0.0, 0.0, 1.0]))
    return np.arctan2(forward[..., 0], forward[..., 2])


def foot_contacts(feet: Array, fps: float, skeleton: Skeleton) -> Array:
    """Positions of FOOT_JOINTS, (T, 4, 3) metres -> (T, 4) float 0 or 1: slow and low by the thresholds."""
    velocity: Array = np.gradient(feet, axis=0) * fps if len(feet) > 1 else np.zeros_like(feet)
    speed = np.linalg.norm(velocity, axis=-1)
    rest = np.array([skeleton.ankle_height, skeleton.toe_height] * 2)
    contacts: Array = ((speed < CONTACT_SPEED) & (feet[..., 1] < rest + CONTACT_HEIGHT)).astype(np.float64)
    return contacts
