"""The on-robot drivers between a control and its motors: brows, lids, head and neck.

Motor space is the control's own unit, bent by this robot's mounting (brows) or by where the eyes look (lids).
"""

import math

import numpy as np
from numpy.typing import NDArray

from robot_bridge.virtual import constants as c
from sdk.face.controls import ControlSchema

Array = NDArray[np.float64]
RANGE_SET = "x2c"
"""The controls' own ranges; tighter ones are the business of who drives the robot."""


def split_head(pitch: float, roll: float, yaw: float) -> tuple[float, float, float, float]:
    """Head pitch, head roll, neck pitch and neck roll for a pose that is asked of the head alone; degrees."""
    turn = math.radians(yaw)
    pitch, roll = (
        pitch * math.cos(turn) - roll * math.sin(turn),
        pitch * math.sin(turn) + roll * math.cos(turn),
    )
    head, neck = c.HEAD_SHARE_OF_PITCH * pitch, (1 - c.HEAD_SHARE_OF_PITCH) * pitch
    excess = min(head - c.HEAD_PITCH_SQUASH_DEG, 0.0) / 2
    return head - excess, c.HEAD_SHARE_OF_ROLL * roll, neck + excess, (1 - c.HEAD_SHARE_OF_ROLL) * roll


class Drivers:
    """Controls to motors and back. `midpoints` (B,) are the brows' neutral places in motor space, inside (0, 1)."""

    def __init__(self, schema: ControlSchema, midpoints: Array) -> None:
        self._brows, self._lids = schema.indices("brow"), schema.indices("lid")
        self._midpoints = midpoints
        self._theta = schema.index("Gaze Target Theta")
        self._widest = schema.bounds(RANGE_SET)[1][self._lids]
        upper = np.array(["Upper" in schema.names[number] for number in self._lids])
        follow = np.where(upper, c.LID_FOLLOW_UPPER, -c.LID_FOLLOW_LOWER)
        self._follow = follow * c.LID_FOLLOW_SCALE / c.GAZE_THETA_DEG

    def to_motors(self, values: Array, theta: float) -> Array:
        """Motor places (C,) for control values (C,), the eyes being at `theta` degrees."""
        motors = values.copy()
        brow, middle = values[self._brows], self._midpoints
        motors[self._brows] = np.where(brow <= 0.5, 2 * middle * brow, 2 * (1 - middle) * (brow - 0.5) + middle)
        lid = values[self._lids]
        # What is closed or squeezed stays so wherever the eyes look.
        motors[self._lids] = lid + np.minimum(np.maximum(lid, 0), 1) * self._follow * theta
        return motors

    def from_motors(self, motors: Array, theta: float) -> Array:
        """The inverse of `to_motors`: what is read back; lids that eyes left behind count as at their range's end."""
        values = motors.copy()
        brow, middle = motors[self._brows], self._midpoints
        values[self._brows] = np.where(brow <= middle, brow / (2 * middle), (brow - middle) / (2 * (1 - middle)) + 0.5)
        lid, shift = motors[self._lids], self._follow * theta
        open_ = np.where(lid < 1 + shift, lid / (1 + shift), lid - shift)
        values[self._lids] = np.where(lid <= 0, lid, np.minimum(open_, self._widest))
        return values
