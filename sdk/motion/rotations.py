"""Rotations as pure functions over numpy arrays.

Shapes: leading axes broadcast everywhere. Quaternions are xyzw and unit, (..., 4); q and -q are the same rotation.
Matrices are (..., 3, 3) and act on column vectors. Angles are radians. The product `quat_mul(a, b)` applies b, then a.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

IDENTITY = np.array([0.0, 0.0, 0.0, 1.0])
_SMALL = 1e-12


# numpy's own cross, sum and norm along so short an axis take several times as long; these give the same bits.


def cross(u: Array, v: Array) -> Array:
    """Cross product, (..., 3), (..., 3) -> (..., 3)."""
    u0, u1, u2, v0, v1, v2 = (x[..., k] for x in (u, v) for k in range(3))
    out = np.empty((*np.broadcast_shapes(u.shape[:-1], v.shape[:-1]), 3), np.result_type(u, v))
    out[..., 0], out[..., 1], out[..., 2] = u1 * v2 - u2 * v1, u2 * v0 - u0 * v2, u0 * v1 - u1 * v0
    return out


def dot(u: Array, v: Array) -> Array:
    """Scalar product, (..., n), (..., n) -> (..., 1)."""
    total = u[..., 0] * v[..., 0]
    for k in range(1, u.shape[-1]):
        total = total + u[..., k] * v[..., k]
    return total[..., None]


def length(v: Array) -> Array:
    """Of vectors: (..., n) -> (..., 1)."""
    root: Array = np.sqrt(dot(v, v))
    return root


def normalize(v: Array) -> Array:
    """Vectors of length one along the last axis; a zero vector stays zero."""
    unit: Array = v / np.maximum(length(v), _SMALL)
    return unit


def quat_mul(a: Array, b: Array) -> Array:
    """Rotation that applies b, then a: (..., 4), (..., 4) -> (..., 4)."""
    av, aw, bv, bw = a[..., :3], a[..., 3:], b[..., :3], b[..., 3:]
    return np.concatenate([aw * bv + bw * av + cross(av, bv), aw * bw - dot(av, bv)], -1)


def quat_inv(q: Array) -> Array:
    """Inverse of unit quaternions (..., 4)."""
    return q * np.array([-1, -1, -1, 1], dtype=q.dtype)


def quat_rotate(q: Array, v: Array) -> Array:
    """Turn vectors v, (..., 3), by q, (..., 4)."""
    return v + 2 * cross(q[..., :3], cross(q[..., :3], v) + q[..., 3:] * v)


def quat_continuous(q: Array, *, axis: int = 0) -> Array:
    """Choose q or -q so that neighbours along `axis` lie in one hemisphere; the rotations do not change."""
    q = np.moveaxis(q, axis, 0)
    dots = dot(q[1:], q[:-1])
    signs = np.cumprod(np.where(dots < 0, -1.0, 1.0), axis=0)
    out = np.concatenate([q[:1], q[1:] * signs.astype(q.dtype)])
    return np.moveaxis(out, 0, axis)


def quat_between(u: Array, v: Array) -> Array:
    """Shortest rotation that carries direction u to direction v, (..., 3), (..., 3) -> (..., 4).

    For opposite directions, where the shortest way is not unique, the axis is a fixed one perpendicular to u.
    """
    u, v = np.broadcast_arrays(normalize(u.astype(np.float64)), normalize(v.astype(np.float64)))
    w = 1 + dot(u, v)
    least = np.eye(3)[np.argmin(np.abs(u), -1)]
    flip = np.concatenate([normalize(cross(u, least)), np.zeros_like(w)], -1)
    # Below 1e-14 rounding drowns w and the cross product, so the half turn comes from `flip`: at most 1.5e-7 rad off.
    return np.where(w < 1e-14, flip, normalize(np.concatenate([cross(u, v), w], -1)))


def quat_angle(a: Array, b: Array) -> Array:
    """Angle in [0, pi] between rotations a and b, (..., 4), (..., 4) -> (...)."""
    d = quat_mul(quat_inv(a), b)
    angle: Array = 2 * np.arctan2(length(d[..., :3])[..., 0], np.abs(d[..., 3]))
    return angle


def quat_slerp(a: Array, b: Array, t: Array | float) -> Array:
    """Spherical interpolation from a (t = 0) to b (t = 1) by the short way; t broadcasts against (...)."""
    t = np.asarray(t, dtype=np.float64)[..., None]
    cos = dot(a, b)
    b = np.where(cos < 0, -b, b)
    angle = np.arccos(np.clip(np.abs(cos), -1.0, 1.0))
    sin = np.sin(angle)
    near = sin < 1e-6  # a straight line is exact to rounding there, and sin may be zero
    safe = np.where(near, 1.0, sin)
    wa = np.where(near, 1 - t, np.sin((1 - t) * angle) / safe)
    wb = np.where(near, t, np.sin(t * angle) / safe)
    return normalize(wa * a + wb * b)


def quat_swing_twist(q: Array, axis: Array) -> tuple[Array, Array]:
    """Split q = swing * twist, twist about the unit vector `axis` (..., 3), swing about an axis perpendicular to it.

    Where the swing is a half turn the twist is not defined; it is then the identity.
    """
    along = dot(q[..., :3], axis)
    twist = np.concatenate([along * axis, np.broadcast_to(q[..., 3:], along.shape)], -1)
    size = length(twist)
    twist = np.where(size < 1e-9, IDENTITY, twist / np.maximum(size, _SMALL))
    return quat_mul(q, quat_inv(twist)), twist


def quat_from_axis_angle(v: Array) -> Array:
    """Rotation vectors, axis times angle in radians, (..., 3) -> (..., 4)."""
    half = 0.5 * length(v)
    return np.concatenate([0.5 * np.sinc(half / np.pi) * v, np.cos(half)], -1)


def quat_to_axis_angle(q: Array) -> Array:
    """Rotation vectors of length <= pi, (..., 4) -> (..., 3)."""
    q = np.where(q[..., 3:] < 0, -q, q)
    sin = length(q[..., :3])
    angle = 2 * np.arctan2(sin, q[..., 3:])
    return q[..., :3] * np.where(sin < 1e-9, 2.0, angle / np.maximum(sin, 1e-9))


def quat_about(axis: Literal["x", "y", "z"], angle: Array | float) -> Array:
    """Rotation by `angle` (...) about a coordinate axis -> (..., 4)."""
    half = 0.5 * np.asarray(angle, dtype=np.float64)
    q = np.zeros((*half.shape, 4))
    q[..., "xyz".index(axis)] = np.sin(half)
    q[..., 3] = np.cos(half)
    return q


def quat_from_euler(angles: Array, order: str) -> Array:
    """Intrinsic Euler angles (..., 3) in radians; order "zxy" means R = Rz Rx Ry, angles in that order."""
    q = quat_about(order[0], angles[..., 0])  # type: ignore[arg-type]
    for k in (1, 2):
        q = quat_mul(q, quat_about(order[k], angles[..., k]))  # type: ignore[arg-type]
    return q


def quat_to_euler_zxy(q: Array) -> Array:
    """Intrinsic z, x, y angles (..., 3) with R = Rz Rx Ry, x in [-pi/2, pi/2]; at x = +-pi/2 the y angle is 0."""
    m = quat_to_matrix(q)
    x = np.arcsin(np.clip(m[..., 2, 1], -1, 1))
    locked = np.abs(m[..., 2, 1]) > 1 - 1e-10
    z = np.where(locked, np.arctan2(m[..., 1, 0], m[..., 0, 0]), np.arctan2(-m[..., 0, 1], m[..., 1, 1]))
    y = np.where(locked, 0.0, np.arctan2(-m[..., 2, 0], m[..., 2, 2]))
    return np.stack([z, x, y], -1)


def quat_to_matrix(q: Array) -> Array:
    """Rotation matrices, (..., 4) -> (..., 3, 3)."""
    x, y, z, w = np.moveaxis(q, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(r, -1) for r in rows], -2)


def quat_from_matrix(m: Array) -> Array:
    """Unit quaternions of rotation matrices, (..., 3, 3) -> (..., 4), stable for every angle.

    Builds 4 q_k q for each component k and keeps the one with the largest diagonal (Bar-Itzhack's K matrix, row-wise).
    """
    m00, m11, m22 = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    xy, xz, yz = m[..., 0, 1] + m[..., 1, 0], m[..., 0, 2] + m[..., 2, 0], m[..., 1, 2] + m[..., 2, 1]
    wx, wy, wz = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    candidates = np.stack(
        [
            np.stack([1 + m00 - m11 - m22, xy, xz, wx], -1),
            np.stack([xy, 1 - m00 + m11 - m22, yz, wy], -1),
            np.stack([xz, yz, 1 - m00 - m11 + m22, wz], -1),
            np.stack([wx, wy, wz, 1 + m00 + m11 + m22], -1),
        ],
        -2,
    )
    best = np.argmax(np.diagonal(candidates, axis1=-2, axis2=-1), -1)
    return normalize(np.take_along_axis(candidates, best[..., None, None], -2)[..., 0, :])


def matrix_to_6d(m: Array, *, layout: Literal["rows", "columns"]) -> Array:
    """First two rows (PyTorch3D, rot272) or columns (HumanML3D) of m, concatenated: (..., 3, 3) -> (..., 6)."""
    if layout == "columns":
        m = np.swapaxes(m, -1, -2)
    return m[..., :2, :].reshape(*m.shape[:-2], 6)


def matrix_from_6d(d: Array, *, layout: Literal["rows", "columns"]) -> Array:
    """Nearest rotation by Gram-Schmidt (Zhou et al. 2019): (..., 6) -> (..., 3, 3)."""
    a, b = d[..., :3], d[..., 3:]
    x = normalize(a)
    y = normalize(b - dot(x, b) * x)
    m = np.stack([x, y, cross(x, y)], -2)
    return np.swapaxes(m, -1, -2) if layout == "columns" else m


def quat_to_6d(q: Array, *, layout: Literal["rows", "columns"]) -> Array:
    """(..., 4) -> (..., 6); see `matrix_to_6d`."""
    return matrix_to_6d(quat_to_matrix(q), layout=layout)


def quat_from_6d(d: Array, *, layout: Literal["rows", "columns"]) -> Array:
    """(..., 6) -> (..., 4); see `matrix_from_6d`."""
    return quat_from_matrix(matrix_from_6d(d, layout=layout))
