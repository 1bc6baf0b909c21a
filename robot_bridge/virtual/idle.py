"""What the robot does of its own accord: it blinks where nobody else moves its lids."""

import math

import numpy as np

from robot_bridge.virtual import constants as c


class Blinking:
    """When the lids are shut. Time only goes forward."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._from, self._until = math.nan, math.nan

    def shut(self, now: float, *, free: bool) -> bool:
        """Whether a blink shuts the lids now. free: nobody else moves them; the wait for a blink begins with that."""
        if not free:
            self._from = math.nan
            return False
        if math.isnan(self._from) or now >= self._until:
            self._from = now + float(self._rng.uniform(*c.BLINK_EVERY_S))
            self._until = self._from + float(self._rng.uniform(*c.BLINK_SHUT_S))
        return self._from <= now
