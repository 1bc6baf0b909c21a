"""How a pose moves: a path that is limited in speed, seen through two moving averages.

Shapes: C controls; poses and targets are (..., C), the leading axes being robots that share a clock. Seconds.

    target -> path u: straight to the target at no more than slew V        (speed)
           -> mean of the last T1 = 2 V / A seconds of u                   (acceleration)
           -> mean of the last T2 = 2 A / J seconds of that = demand y     (jerk)

Both means are integrals over the path's straight pieces, so y is a function of continuous time that is read whenever a
tick comes. From this alone follows, for ticks at any distance and any targets:

- *Legal.* y is a mean, with weights that are not negative and sum to 1, of poses of the path; the path runs straight
  between legal poses; legal poses are convex (`robot_bridge.limits`). So y is legal at every tick, coupled limits
  included.
- *Slew* <= V, for y' is a mean of u'. *Acceleration* <= A, for y'' is a mean of (u'(t) - u'(t - T1)) / T1, at most
  2 V / T1. *Jerk* <= J, for y''' is (u'(t) - u'(t - T1) - u'(t - T2) + u'(t - T1 - T2)) / (T1 T2), at most 4 V /
  (T1 T2). Differences of the demands, divided by their times, are means of these derivatives (Peano), so they keep
  the same bounds.
- *Arrival.* A target that stays is reached after (way / V), and a tick, and T1 + T2, exactly, and never passed
  from rest. So it can always stop, and always inside the ranges: what it passes through lies between poses it was
  at or was sent to.

Controls that are tied by rules are moved so that the path itself stays legal, and through the same means.
Only sums and products in a fixed order are used, no matrix products, so that every machine makes the same bytes.
The price is a delay of (T1 + T2) / 2 for what needs no limiting: 50 ms for the mouth, 17 ms for the lids.
"""

from collections import deque
from itertools import islice

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot_bridge.limits import Limits
from sdk.errors import InvalidInput

Array = NDArray[np.float64]
ROUNDING_S = 1e-9


def windows(limits: Limits) -> tuple[Array, Array]:
    """T1 and T2 of each control, (C,) seconds each; those of a tied group are its longest."""
    motions = [control.motion for control in limits.schema]
    first = np.array([2 * motion.slew / motion.acceleration for motion in motions])
    second = np.array([2 * motion.acceleration / motion.jerk for motion in motions])
    for group in limits.groups:
        first[group], second[group] = first[group].max(), second[group].max()
    return first, second


def step_response(age: ArrayLike, first: ArrayLike, second: ArrayLike) -> Array:
    """Integral over 0..age, seconds, of how much of a step of the path the demand shows by then.

    A step at age 0 is shown by 0, one older than first + second wholly; in between it rises smoothly.
    """
    a, t1, t2 = (np.asarray(x, float) for x in (age, first, second))
    ramps = (np.maximum(a - shift, 0.0) for shift in (0.0, t1, t2, t1 + t2))
    zero, one, two, both = (ramp * ramp * ramp for ramp in ramps)
    risen = (zero - one - two + both) / (6 * t1 * t2)
    shown: Array = np.where(a >= t1 + t2, a - (t1 + t2) / 2, risen)
    return shown


class MotionLimiter:
    """Demands that go to targets within all limits. `start` (..., C) must be legal; the face is taken to rest there."""

    def __init__(self, limits: Limits, start: ArrayLike) -> None:
        self._limits = limits
        self._slew = np.array([control.motion.slew for control in limits.schema])
        first, second = windows(limits)
        # Few controls differ in their windows: what depends on those alone is computed once for each pair.
        pairs, self._pair_of = np.unique(np.stack([first, second]), axis=1, return_inverse=True)
        self._first, self._second = pairs
        self._memory_s = float((first + second).max())
        a, b = limits.rows
        bounding = [(group, (a[:, group] != 0).any(1)) for group in limits.groups]
        self._tied = [(group, a[rows][:, group], b[rows]) for group, rows in bounding]
        self.reset(start)

    def reset(self, start: ArrayLike) -> None:
        """Rest at a legal pose (..., C). Raises InvalidInput for one that is not."""
        pose = np.array(start, float)
        if pose.shape[-1:] != self._slew.shape or not (self._limits.excess(pose) <= 1e-6).all():
            raise InvalidInput("motion can only start from a legal pose", field="start")
        self._knots: deque[Array] = deque([pose])
        self._spans: deque[float] = deque()
        self.demand = pose.copy()

    @property
    def path(self) -> Array:
        """Where the path has come to, (..., C): the demand after T1 + T2 more seconds if nothing changes."""
        return self._knots[-1]

    @property
    def at_rest(self) -> NDArray[np.bool_]:
        """Whether nothing moves while the target stays, (...)."""
        same = [(knot == self._knots[-1]).all(-1) for knot in self._knots]
        still: NDArray[np.bool_] = np.logical_and.reduce(same)
        return still

    def step(self, target: ArrayLike, dt: float) -> Array:
        """The demand (..., C) after dt seconds on the way to a legal target (..., C)."""
        self._knots.append(self._advanced(np.asarray(target, float), dt))
        self._spans.append(dt)
        ages = np.concatenate([np.cumsum(np.array(self._spans)[::-1])[::-1], [0.0]])
        while len(ages) > 1 and ages[1] >= self._memory_s - ROUNDING_S:
            self._knots.popleft()
            self._spans.popleft()
            ages = ages[1:]
        shown = step_response(ages[:, None], self._first, self._second)
        # Of each piece of the path the demand shows so much: its mean over the piece, from 0 for the newest to 1.
        shares = np.clip((shown[:-1] - shown[1:]) / np.array(self._spans)[:, None], 0.0, 1.0)[:, self._pair_of]
        demand = self._knots[0].copy()
        for share, before, after in zip(shares, self._knots, islice(self._knots, 1, None), strict=False):
            demand += share * (after - before)
        # Rounding may lift a mean of values at a range's end by a last digit.
        self.demand = np.clip(demand, self._limits.low, self._limits.high)
        return self.demand

    def _advanced(self, target: Array, dt: float) -> Array:
        """The path's next knot: as near to the target as slew and rules allow."""
        path, reach = self._knots[-1], self._slew * dt
        away = target - path
        near = np.abs(away) <= reach
        knot = np.where(near, target, path + np.clip(away, -reach, reach))
        for group, a, b in self._tied:
            knot[..., group] = _legal_step(path[..., group], target[..., group], knot[..., group], reach[group], a, b)
        return knot


def _legal_step(path: Array, target: Array, free: Array, reach: Array, a: Array, b: Array) -> Array:
    """A legal pose (..., G) within reach (G,) of a legal path's end, towards a legal target.

    The straight step, all controls by the same share of their way, is legal because path and target are. `free`, each
    control as fast as it can, is within reach but perhaps not legal. Taken is the point furthest from the straight
    step to the free one that is legal: within reach, as both its ends are.
    """
    away = target - path
    share = np.min(np.minimum(reach / np.maximum(np.abs(away), reach), 1.0), axis=-1, keepdims=True)
    straight = np.where(share >= 1.0, target, path + share * away)
    slack = np.maximum(b - _times(straight, a), 0.0)
    worse = _times(free - straight, a)
    possible = np.where(worse > slack, slack / np.where(worse > slack, worse, 1.0), 1.0)
    furthest = possible.min(-1, keepdims=True)
    return np.where(furthest >= 1.0, free, straight + furthest * (free - straight))


def _times(poses: Array, rows: Array) -> Array:
    """rows (R, G) times poses (..., G): (..., R)."""
    total = poses[..., :1] * rows[:, 0]
    for number in range(1, rows.shape[1]):
        total = total + poses[..., number : number + 1] * rows[:, number]
    return total
