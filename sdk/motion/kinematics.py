"""Forward kinematics, heading and ground contact.

Shapes: T frames, J joints; leading axes broadcast where `...` stands.
"""

import numpy as np

from sdk.motion.rotations import Array, quat_mul, quat_rotate
from sdk.motion.skeleton import FOOT_JOINTS, Skeleton

CONTACT_SPEED = 0.30
"""A foot joint slower than this, m/s, may be planted (real clips slide at a median of 0.17 m/s while low)."""
CONTACT_HEIGHT = 0.05
"""... if it is less than this, metres, over where it lies when the sole is flat."""


def global_rotations(rotations: Array, parents: tuple[int, ...]) -> Array:
    """World rotations of all joints from local ones, (..., J, 4) -> (..., J, 4)."""
    out: list[Array] = []
    for j, parent in enumerate(parents):
        local = rotations[..., j, :]
        out.append(local if parent < 0 else quat_mul(out[parent], local))
    return np.stack(out, -2)


def local_rotations(world: Array, parents: tuple[int, ...]) -> Array:
    """Inverse of `global_rotations`."""
    inverse = world * np.array([-1, -1, -1, 1])
    out = [world[..., j, :] if p < 0 else quat_mul(inverse[..., p, :], world[..., j, :]) for j, p in enumerate(parents)]
    return np.stack(out, -2)


def forward_kinematics(rotations: Array, root: Array, skeleton: Skeleton) -> Array:
    """World joint positions: (..., J, 4) local xyzw and (..., 3) root metres -> (..., J, 3) metres."""
    world = global_rotations(rotations, skeleton.parents)
    out: list[Array] = []
    for j, parent in enumerate(skeleton.parents):
        out.append(root if parent < 0 else out[parent] + quat_rotate(world[..., parent, :], skeleton.offsets[j]))
    return np.stack(out, -2)


def heading_angle(rotation: Array) -> Array:
    """Yaw of a body rotation in radians, (..., 4) -> (...): 0 faces +Z, positive turns left, towards +X."""
    forward = quat_rotate(rotation, np.array([0.0, 0.0, 1.0]))
    return np.arctan2(forward[..., 0], forward[..., 2])


def foot_contacts(positions: Array, fps: float, skeleton: Skeleton) -> Array:
    """(T, J, 3) metres -> (T, 4) float 0 or 1, in the order of FOOT_JOINTS: slow and low by the thresholds."""
    feet = positions[:, FOOT_JOINTS]
    velocity: Array = np.gradient(feet, axis=0) * fps if len(feet) > 1 else np.zeros_like(feet)
    speed = np.linalg.norm(velocity, axis=-1)
    rest = np.array([skeleton.ankle_height, skeleton.toe_height] * 2)
    contacts: Array = ((speed < CONTACT_SPEED) & (feet[..., 1] < rest + CONTACT_HEIGHT)).astype(np.float64)
    return contacts
