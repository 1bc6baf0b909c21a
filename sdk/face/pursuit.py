"""Values that follow a target and never break a schema's ranges, slew and acceleration.

Each control goes to its target as fast as its limits let it and brakes in time, so that a target at rest is never
passed. The bounds hold for the differences of successive values, whatever the steps in time are: speeds are such
differences, and every speed leaves room to brake within the range.

Shapes: C controls, in the schema's order and units; seconds.
"""

import numpy as np

from sdk.errors import InvalidInput
from sdk.face.controls import Array, ControlSchema

MARGIN = 1e-6
"""Share of slew and acceleration that is left for rounding."""


class Pursuit:
    """The values of one face. They begin at rest in neutral."""

    def __init__(self, schema: ControlSchema, range_set: str) -> None:
        self._low, self._high = schema.bounds(range_set)
        self._slew = np.array([control.motion.slew for control in schema]) * (1 - MARGIN)
        self._acceleration = np.array([control.motion.acceleration for control in schema]) * (1 - MARGIN)
        self.values = schema.neutral
        self._speed = np.zeros(len(schema))

    def step(self, target: Array, dt: float) -> Array:
        """The values (C,) after `dt` seconds towards a target (C,). Raises InvalidInput for dt that is not above 0."""
        if not 0 < dt < np.inf:
            raise InvalidInput(f"dt must be above 0, got {dt}", field="dt")
        way = np.clip(target, self._low, self._high) - self.values
        reach = self._acceleration * dt
        # The highest speed after whose step there is room to stop: v dt + v^2 / 2a <= way.
        brakable = np.sqrt(reach**2 + 2 * self._acceleration * np.abs(way)) - reach
        wanted = np.sign(way) * np.minimum(brakable, self._slew)
        self._speed = np.clip(wanted, self._speed - reach, self._speed + reach)
        self.values = np.clip(self.values + self._speed * dt, self._low, self._high)  # clips rounding alone
        return self.values
