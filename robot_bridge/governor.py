"""The safety governor: what every demand passes before it may be written. Pure, deterministic, without a clock.

Shapes: C controls in the schema's order; values are (..., C) in each control's own unit, leading axes being robots
that share a clock. The order, and what a bit of the mask says when it acted on a control:

    check -> RANGE -> REST -> COUPLED -> SLEW -> EASE -> demand, whose extremes are timed for REST

`check` refuses a pose as a whole. REST stands first in time and last in effect: a control whose demand has been at
an end of its range for too long is asked to come off it, and does so within all limits that follow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot_bridge.limits import Limits
from robot_bridge.motion import MotionLimiter
from sdk.errors import InvalidInput

Array = NDArray[np.float64]
Mask = NDArray[np.uint8]

LONGEST_STEP_S = 1 / 20
"""After a longer pause motion goes on from where it was as if this had passed: nothing is caught up on."""
EXTREME = 0.02
"""assumed: nearer than this share of the range to its end is at the extreme."""
EXTREME_S = 10.0
"""assumed: so long a control may stay there."""
EASED = 0.10
"""assumed: then it is kept this share of the range away from the end, until what is asked of it is too."""


class Limit(IntFlag):
    """What acted on a control in a tick."""

    RANGE = 1
    """The value asked for lies outside the range."""
    COUPLED = 2
    """A rule that ties controls bounds it."""
    SLEW = 4
    """It cannot get there in this tick."""
    EASE = 8
    """It is still easing: acceleration and jerk."""
    REST = 16
    """It has been at an end of its range for too long."""


@dataclass(frozen=True, eq=False)
class Demand:
    """What may be written: values (..., C), and for each control the bits of `Limit` that acted."""

    values: Array
    mask: Mask


def check_values(values: Sequence[float], controls: int) -> Array:
    """A pose (C,) from untrusted numbers. Raises InvalidInput for a wrong length and for anything not finite."""
    if len(values) != controls:
        raise InvalidInput(f"values must be {controls}, one for each control; got {len(values)}", field="values")
    pose = np.array(values, float)
    if not np.isfinite(pose).all():
        where = int(np.flatnonzero(~np.isfinite(pose))[0])
        raise InvalidInput(f"values[{where}] is {pose[where]}; all must be finite numbers", field="values")
    return pose


class Governor:
    """Turns what is asked for into what may be written, tick by tick. `start` (..., C) is where the face rests."""

    def __init__(self, limits: Limits, start: ArrayLike | None = None) -> None:
        self.limits = limits
        span = limits.high - limits.low
        self._near, self._off = EXTREME * span, EASED * span
        # A neutral that lies at an end of its range, as that of the jaw does, may stay there for ever.
        self._low_end = limits.rest > limits.low + self._near
        self._high_end = limits.rest < limits.high - self._near
        self._motion = MotionLimiter(limits, limits.rest if start is None else limits.legal(start))
        self.reset(self._motion.demand)

    def reset(self, start: ArrayLike) -> None:
        """Rest at a pose (..., C), made legal."""
        self._motion.reset(self.limits.legal(start))
        self._at_low_s = np.zeros_like(self._motion.demand)
        self._at_high_s = np.zeros_like(self._motion.demand)

    @property
    def values(self) -> Array:
        """The last demand (..., C)."""
        return self._motion.demand

    @property
    def at_rest(self) -> NDArray[np.bool_]:
        """Whether the demand has come to rest, (...)."""
        return self._motion.at_rest

    def step(self, asked: ArrayLike, dt: float) -> Demand:
        """The demand dt seconds after the last one, on the way to what is asked for (..., C), which must be finite.

        Raises InvalidInput for dt <= 0 or not finite; more than LONGEST_STEP_S counts as that.
        """
        if not 0 < dt < np.inf:
            raise InvalidInput(f"dt must be a time above 0 seconds, got {dt}", field="dt")
        dt = min(dt, LONGEST_STEP_S)
        wish = np.asarray(asked, float)
        limits = self.limits
        ranged = limits.clamp(wish)
        rested = self._off_the_ends(ranged)
        target = limits.couple(rested)
        values = self._motion.step(target, dt)
        self._time_extremes(values, wish, dt)
        acted = (
            (ranged != wish, Limit.RANGE), (rested != ranged, Limit.REST), (target != rested, Limit.COUPLED),
            (self._motion.path != target, Limit.SLEW), (values != self._motion.path, Limit.EASE),
        )  # fmt: skip
        mask = np.zeros(values.shape, np.uint8)
        for where, bit in acted:
            mask |= np.where(where, np.uint8(bit), np.uint8(0))
        return Demand(values, mask)

    def _off_the_ends(self, values: Array) -> Array:
        """Values kept away from ends where a control has been for too long."""
        low = np.where(self._at_low_s >= EXTREME_S, self.limits.low + self._off, self.limits.low)
        high = np.where(self._at_high_s >= EXTREME_S, self.limits.high - self._off, self.limits.high)
        return np.clip(values, low, high)

    def _time_extremes(self, values: Array, wish: Array, dt: float) -> None:
        """Count how long demands have been at the ends; once too long, until the wish itself has left."""
        limits = self.limits
        at_low = self._low_end & (values <= limits.low + self._near)
        at_high = self._high_end & (values >= limits.high - self._near)
        stays_low = (self._at_low_s >= EXTREME_S) & (wish < limits.low + self._off)
        stays_high = (self._at_high_s >= EXTREME_S) & (wish > limits.high - self._off)
        self._at_low_s = np.where(stays_low, self._at_low_s, np.where(at_low, self._at_low_s + dt, 0.0))
        self._at_high_s = np.where(stays_high, self._at_high_s, np.where(at_high, self._at_high_s + dt, 0.0))
