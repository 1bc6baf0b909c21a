"""A motion as the rows that the text-motion evaluator reads: where the joints are and how they move.

Shapes: T frames at 30 fps, M = 136 columns. The body is the SDK's own, as for the emotion judge; place and heading of
the clip do not show, left and right do.
"""

import numpy as np

from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_about, quat_rotate
from sdk.motion.skeleton import NUM_JOINTS
from training.evaluate.cue_signals import FPS, on_own_body, smoothed

VERSION = 1
"""Raise it when a column changes: judges trained on another version are then refused."""
BLOCKS = (("positions", 3 * NUM_JOINTS), ("velocities", 3 * NUM_JOINTS), ("travel", 3), ("turning", 1))
"""Columns in order: joint positions over the ground (m), their velocities (m/s), the root's (m/s), yaw rate (rad/s)."""
WIDTH = sum(width for _, width in BLOCKS)
_SMOOTH, _SMOOTH_HEADING = 1.0, 2.0


def movement_features(motion: Motion) -> Array:
    """(T, M) float32. Raises InvalidInput for a clip under half a second."""
    own = on_own_body(motion)
    heading = smoothed(np.unwrap(heading_angle(own.rotations[:, 0])), _SMOOTH_HEADING)
    to_heading = quat_about("y", -heading)
    positions = quat_rotate(to_heading[:, None], own.positions - own.root[:, None] * np.array([1, 0, 1]))
    positions = smoothed(positions, _SMOOTH)
    velocities = np.gradient(positions, axis=0) * FPS
    travel = quat_rotate(to_heading, np.gradient(smoothed(own.root, _SMOOTH), axis=0) * FPS)
    turning = np.gradient(heading)[:, None] * FPS
    rows = [positions.reshape(len(own), -1), velocities.reshape(len(own), -1), travel, turning]
    return np.concatenate(rows, -1).astype(np.float32)
