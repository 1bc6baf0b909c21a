"""How far a character jumps where one motion is joined to another."""

from collections.abc import Sequence

import numpy as np

from sdk.drive import LiveFrame
from sdk.motion.rotations import quat_inv, quat_mul, quat_to_axis_angle


def seam(frames: Sequence[LiveFrame], at: int) -> tuple[float, float]:
    """The jump from frame `at - 1` to frame `at`: of the root in metres, of the joint that turns most in degrees.

    A walking body moves five centimetres in a frame. So a jump is what of the step is neither there in the step before
    nor in the step behind it, nor in standing still.
    """
    near = frames[at - 2 : at + 2]
    rotations, root = np.stack([f.rotations for f in near]), np.stack([f.root for f in near])
    turns = quat_to_axis_angle(quat_mul(quat_inv(rotations[:-1]), rotations[1:]))
    return jump(np.diff(root, axis=0)), float(np.degrees(jump(turns)))


def jump(steps: np.ndarray) -> float:
    """Of the middle one of three steps: its distance from the nearest of its neighbours and of nothing."""
    before, step, behind = steps
    away = [np.linalg.norm(step - other, axis=-1) for other in (before, behind, 0 * step)]
    return float(np.min(away, axis=0).max())
