"""Coupled limits of the face as the robot's own scripts hold them.

A model of its own on purpose: a bridge is tested against this robot, so it must not share the code it is tested with.
"""

import math

import numpy as np
from numpy.typing import NDArray

from robot_bridge.virtual import constants as c
from sdk.face.controls import ControlSchema

Array = NDArray[np.float64]
Map = tuple[tuple[float, float], tuple[float, float]]


def along(line: Map, x: float) -> float:
    """Value of a map at x: straight between its two points, constant outside."""
    (x0, y0), (x1, y1) = line
    return y0 + (y1 - y0) * min(max((x - x0) / (x1 - x0), 0.0), 1.0)


class CoupledLimits:
    """Limits that depend on other controls. What no rule names keeps its range."""

    def __init__(self, schema: ControlSchema, low: Array, high: Array) -> None:
        """low, high: the controls' own ranges (C,)."""
        self._low, self._high = low, high
        self._jaw, self._yaw = schema.index("Jaw Pitch"), schema.index("Jaw Yaw")
        self._depress, self._raise = schema.index("Lip Bottom Depress Middle"), schema.index("Lip Top Raise Middle")
        self._bottom_curl, self._top_curl = schema.index("Lip Bottom Curl"), schema.index("Lip Top Curl")
        self._head, self._pitch = schema.index("Head Pitch"), schema.index("Neck Pitch")
        self._roll = schema.index("Neck Roll")

    def around(self, demands: Array) -> tuple[Array, Array]:
        """Lowest and highest values (C,) each that motors go to for demands (C,), which lie in their ranges."""
        low, high = self._low.copy(), self._high.copy()
        value = demands.tolist()
        self._lips(value, low, high)
        turn = along(c.JAW_YAW_BY_PITCH, value[self._jaw])
        low[self._yaw], high[self._yaw] = c.JAW_YAW_CENTRE - turn, c.JAW_YAW_CENTRE + turn
        self._neck(value, low, high)
        return low, high

    def _lips(self, value: list[float], low: Array, high: Array) -> None:
        """The lip limiter: the lower lip by the jaw, the upper lip by both, curls by their lip."""
        jaw = value[self._jaw]
        low[self._depress] = along(c.LEAST_DEPRESS_BY_JAW, jaw)
        depress = max(value[self._depress], low[self._depress])
        low[self._raise] = along(c.LEAST_RAISE_BY_OPENING, jaw - c.JAW_SHARE_OF_DEPRESS * depress)
        raised = max(value[self._raise], low[self._raise])
        low[self._bottom_curl] = along(c.LEAST_BOTTOM_CURL_BY_DEPRESS, depress)
        low[self._top_curl] = along(c.LEAST_TOP_CURL_BY_RAISE, raised)
        high[self._top_curl] = along(c.MOST_TOP_CURL_BY_RAISE, raised)

    def _neck(self, value: list[float], low: Array, high: Array) -> None:
        """Neck pitch by the head's, then roll by what pitch leaves."""
        pitch, head = value[self._pitch], value[self._head]
        for side, bounds in ((1.0, self._high), (-1.0, self._low)):
            # The head's share to this side; below 0 where it leans to the other.
            own = bounds[self._head] if head * side > 0 else (self._low if side > 0 else self._high)[self._head]
            reach = along(c.NECK_PITCH_BY_HEAD, side * head / abs(own)) * bounds[self._pitch]
            (high if side > 0 else low)[self._pitch] = reach
        reached = min(max(pitch, low[self._pitch]), high[self._pitch])
        share = reached / (self._high if reached > 0 else self._low)[self._pitch]
        left = min(c.NECK_PITCH_AND_ROLL - math.fabs(share), 1.0)
        low[self._roll], high[self._roll] = left * self._low[self._roll], left * self._high[self._roll]
