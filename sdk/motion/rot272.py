"""rot272: 272 features a frame at 30 fps with true local rotations (Li-xingXiao/272-dim-Motion-Representation, MIT).

Shapes: T frames, J = 22 joints; T frames in, T rows out. H[t] turns the world to the character's heading at t
(yaw of the pelvis). 6D rotations are the first two ROWS of the matrix.
"""

import numpy as np

from sdk.motion.errors import InvalidInput
from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_about, quat_continuous, quat_from_6d, quat_inv, quat_mul, quat_rotate
from sdk.motion.rotations import quat_to_6d as _quat_to_6d
from sdk.motion.skeleton import BODY, NUM_JOINTS, Skeleton

FPS = 30.0
LAYOUT: tuple[tuple[str, int, str], ...] = (
    ("root_velocity", 2, "m/frame, x and z in the heading of the frame before"),
    ("heading_change", 6, "6D of H[t] H[t-1]^-1"),
    ("positions", 3 * NUM_JOINTS, "m, root xz and heading removed"),
    ("velocities", 3 * NUM_JOINTS, "m/frame, difference of positions to the frame before"),
    ("rotations", 6 * NUM_JOINTS, "6D local rotations, the root's relative to its heading"),
)
"""The columns in order: name, width, unit. Slices, docs and the bundle's manifest come from this table."""

SLICES: dict[str, slice] = {}
_start = 0
for _name, _width, _ in LAYOUT:
    SLICES[_name] = slice(_start, _start + _width)
    _start += _width
DIM = _start


def encode(motion: Motion) -> Array:
    """Motion at 30 fps -> (T, 272) float32. Raises InvalidInput at another rate; call `motion.resampled(30)` first.

    The clip's place and heading are not stored: decoding starts over the origin, facing +Z.
    """
    if abs(motion.fps - FPS) > 0.01:
        raise InvalidInput(f"rot272 needs {FPS:g} fps, got {motion.fps:g}; resample the motion first", field="fps")
    to_heading = quat_about("y", -heading_angle(motion.rotations[:, 0]))
    before = np.concatenate([to_heading[:1], to_heading[:-1]])
    step = np.diff(motion.root, axis=0, prepend=motion.root[:1])
    local = motion.positions - motion.root[:, None] * np.array([1, 0, 1])
    positions = quat_rotate(to_heading[:, None], local).reshape(len(motion), -1)
    rotations = motion.rotations.copy()
    rotations[:, 0] = quat_mul(to_heading, rotations[:, 0])
    parts = {
        "root_velocity": quat_rotate(before, step)[:, [0, 2]],
        "heading_change": _quat_to_6d(quat_mul(to_heading, quat_inv(before)), layout="rows"),
        "positions": positions,
        "velocities": np.diff(positions, axis=0, prepend=positions[:1]),
        "rotations": _quat_to_6d(rotations, layout="rows").reshape(len(motion), -1),
    }
    return np.concatenate([parts[name] for name, _, _ in LAYOUT], -1).astype(np.float32)


def decode(features: Array, *, skeleton: Skeleton = BODY) -> Motion:
    """(T, 272) -> Motion from rotations and root alone; positions and velocities are redundant and not read.

    Raises InvalidInput for a wrong shape or values that are not finite.
    """
    if features.ndim != 2 or features.shape[1] != DIM or len(features) == 0:
        raise InvalidInput(f"rot272 features must be (T, {DIM}), got {features.shape}")
    if not np.isfinite(features).all():
        raise InvalidInput("rot272 features hold NaN or infinite values")
    x = features.astype(np.float64)
    # Only the yaw of each increment counts: summing angles keeps the heading a pure turn about Y over long clips.
    first_row = x[:, SLICES["heading_change"]][:, :3]
    to_heading = quat_about("y", np.cumsum(np.arctan2(first_row[:, 2], first_row[:, 0])))
    from_heading = quat_inv(to_heading)
    before = np.concatenate([from_heading[:1], from_heading[:-1]])
    velocity = x[:, SLICES["root_velocity"]]
    step = quat_rotate(before, np.stack([velocity[:, 0], np.zeros(len(x)), velocity[:, 1]], -1))
    root = np.cumsum(step, axis=0)
    root[:, 1] = x[:, SLICES["positions"]][:, 1]
    rotations = quat_from_6d(x[:, SLICES["rotations"]].reshape(len(x), NUM_JOINTS, 6), layout="rows")
    rotations[:, 0] = quat_mul(from_heading, rotations[:, 0])
    return Motion(quat_continuous(rotations), root, FPS, skeleton)
