"""Directions of the controls that are angles, and how head and neck turn the face.

Positive is up for Head Pitch, Neck Pitch and Gaze Target Theta, and to the face's own right for Head Yaw and Gaze
Target Phi, as is Jaw Yaw above 0.5; a positive Head Roll or Neck Roll leans the top of the head to its own right. That
a negative Head Yaw looks left is the vendor's word; all the others are assumed.

A point is turned by the head about the top of the spine, roll first, then pitch, then yaw; then by the neck about its
root, roll first, then pitch. Shapes: angles (...) in degrees, points (..., P, 3) in metres.
"""

import numpy as np

from sdk.face.rig.anatomy import Array

HEAD_PIVOT = np.array([0.0, -0.065, -0.095])
NECK_PIVOT = np.array([0.0, -0.190, -0.105])
"""In the face's frame at rest: assumed."""


def rotation(pitch: Array, yaw: Array, roll: Array) -> Array:
    """Matrices (..., 3, 3) that roll, then pitch, then yaw; degrees, directions as in the module."""
    # Right-handed turns about +X, +Y, +Z lower the face, turn it left and lean it to its right.
    turn_x, turn_y, turn_z = -np.deg2rad(pitch), -np.deg2rad(yaw), np.deg2rad(roll)
    (cx, sx), (cy, sy), (cz, sz) = ((np.cos(turn), np.sin(turn)) for turn in (turn_x, turn_y, turn_z))
    rows = [
        [cy * cz + sy * sx * sz, -cy * sz + sy * sx * cz, sy * cx],
        [cx * sz, cx * cz, -sx],
        [-sy * cz + cy * sx * sz, sy * sz + cy * sx * cz, cy * cx],
    ]
    return np.stack([np.stack(np.broadcast_arrays(*row), -1) for row in rows], -2)


def angles(matrix: Array) -> tuple[Array, Array, Array]:
    """The inverse of `rotation`: pitch, yaw and roll (...) in degrees of matrices (..., 3, 3); pitch within +-90."""
    pitch = np.rad2deg(np.arcsin(np.clip(matrix[..., 1, 2], -1, 1)))
    yaw = -np.rad2deg(np.arctan2(matrix[..., 0, 2], matrix[..., 2, 2]))
    roll = np.rad2deg(np.arctan2(matrix[..., 1, 0], matrix[..., 1, 1]))
    return pitch, yaw, roll


def posed(points: Array, head: tuple[Array, Array, Array], neck: tuple[Array, Array]) -> Array:
    """Points turned by head (pitch, yaw, roll) and neck (pitch, roll), (..., P, 3)."""
    of_head = rotation(*head)
    of_neck = rotation(neck[0], np.zeros_like(neck[0]), neck[1])
    turned = (points - HEAD_PIVOT) @ np.swapaxes(of_head, -1, -2) + HEAD_PIVOT
    moved: Array = (turned - NECK_PIVOT) @ np.swapaxes(of_neck, -1, -2) + NECK_PIVOT
    return moved
