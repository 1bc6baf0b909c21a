"""Where a pose may lie: the range of each control, and what bounds one control by others.

Shapes: C controls in the schema's order; `values` are (..., C) in each control's own unit; R rows of a.x <= b.

Every rule bounds one control, its *follower*, by a straight line in others, its *leaders*. The lines of the
published lip limiter have bends (a lerp holds its end values), but inside the ranges these bends change nothing:
where a rule's line passes a range's end the range takes over, and rule 1 keeps the opening of rule 2 at or below
its upper end (at a jaw pitch j a depressed lip leaves j - 0.75 * 0.4 / 0.3 * (j - 0.7) <= 0.7). So the legal poses
are a convex polytope. The motion limiter rests on that: whatever lies between legal poses is legal.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdk.errors import InvalidInput
from sdk.face.controls import ControlSchema

Array = NDArray[np.float64]
Points = tuple[tuple[float, float], tuple[float, float]]

TOLERANCE = 1e-9
"""Rounding that is no breach, in the unit of a control."""

JAW, YAW = "Jaw Pitch", "Jaw Yaw"
DEPRESS, RAISE = "Lip Bottom Depress Middle", "Lip Top Raise Middle"
BOTTOM_CURL, TOP_CURL = "Lip Bottom Curl", "Lip Top Curl"
HEAD, NECK, NECK_ROLL = "Head Pitch", "Neck Pitch", "Neck Roll"


@dataclass(frozen=True)
class Rule:
    """`follower` is at least, or at most, constant + sum of slope x leader. `source` as in the schema's file."""

    follower: str
    at_most: bool
    constant: float
    leaders: tuple[tuple[str, float], ...]
    source: str


@dataclass(frozen=True)
class Profile:
    """A named set of rules, each with its leaders settled by the rules before it."""

    name: str
    text: str
    rules: tuple[Rule, ...]


def _line(follower: str, leaders: dict[str, float], points: Points, source: str, *, at_most: bool = False) -> Rule:
    """A rule through two points (x, bound), x being the weighted sum of the leaders."""
    (x0, y0), (x1, y1) = points
    slope = (y1 - y0) / (x1 - x0)
    weights = tuple((name, slope * weight) for name, weight in leaders.items())
    return Rule(follower, at_most, y0 - slope * x0, weights, source)


def _lips(raise_at_most_open: float, source: str) -> tuple[Rule, ...]:
    """The lip limiter, rules 1 to 4. raise_at_most_open: the least raise of the upper lip at an opening of 0.7."""
    return (
        _line(DEPRESS, {JAW: 1.0}, ((0.7, 0.0), (1.0, 0.40)), "public-code"),
        _line(RAISE, {JAW: 1.0, DEPRESS: -0.75}, ((0.4, 0.0), (0.7, raise_at_most_open)), source),
        _line(BOTTOM_CURL, {DEPRESS: 1.0}, ((0.0, 0.1), (1.0, 0.85)), "public-code"),
        _line(TOP_CURL, {RAISE: 1.0}, ((0.0, 0.0), (1.0, 0.75)), "public-code"),
        _line(TOP_CURL, {RAISE: 1.0}, ((0.0, 0.7), (0.2, 1.0)), "public-code", at_most=True),
    )


# That pitch wins over yaw, and that full neck pitch needs opposite head pitch, is the maker's word; it gives no
# numbers. Ends of the published ranges: head pitch -30..20, neck pitch -20..30, neck roll -24..24 degrees.
_ENVELOPES = (
    _line(YAW, {JAW: 1.0}, ((0.0, 0.3), (1.0, 0.0)), "assumed"),
    _line(YAW, {JAW: 1.0}, ((0.0, 0.7), (1.0, 1.0)), "assumed", at_most=True),
    # Neck pitch reaches 0.8 of its end with the head straight, 0.4 with the head full to the same side, all of it with
    # the head at 15 degrees to the other side.
    _line(NECK, {HEAD: 1.0}, ((0.0, 24.0), (20.0, 12.0)), "assumed", at_most=True),
    _line(NECK, {HEAD: 1.0}, ((0.0, 24.0), (-15.0, 30.0)), "assumed", at_most=True),
    _line(NECK, {HEAD: 1.0}, ((-30.0, -8.0), (15.0, -20.0)), "assumed"),
    # Neck pitch and roll, each as a share of its end, sum to 1.5 at most.
    _line(NECK_ROLL, {NECK: 1.0}, ((15.0, 24.0), (30.0, 12.0)), "assumed", at_most=True),
    _line(NECK_ROLL, {NECK: 1.0}, ((-10.0, 24.0), (-20.0, 12.0)), "assumed", at_most=True),
    _line(NECK_ROLL, {NECK: 1.0}, ((15.0, -24.0), (30.0, -12.0)), "assumed"),
    _line(NECK_ROLL, {NECK: 1.0}, ((-10.0, -24.0), (-20.0, -12.0)), "assumed"),
)

PROFILES = {
    profile.name: profile
    for profile in (
        Profile("published", "the robot's own lip limiter", (*_lips(0.50, "public-code"), *_ENVELOPES)),
        # With the published rule 2 the published neutral (upper lip raised 0.30) would have to be 0.4625.
        Profile("sdk", "the same, rule 2 less steep, so that neutral stays", (*_lips(0.30, "assumed"), *_ENVELOPES)),
    )
}


class Limits:
    """All limits of place for one schema, range set and profile. Raises InvalidInput for unknown names."""

    def __init__(self, schema: ControlSchema, *, range_set: str = "tight", profile: str = "sdk") -> None:
        if profile not in PROFILES:
            raise InvalidInput(f"profile {profile!r} is unknown; known: {', '.join(PROFILES)}", field="profile")
        self.schema, self.range_set, self.profile = schema, range_set, PROFILES[profile]
        self.low, self.high = schema.bounds(range_set)
        self._rules = [
            (schema.index(rule.follower), rule.at_most, rule.constant,
             [(schema.index(name), slope) for name, slope in rule.leaders])
            for rule in self.profile.rules
        ]  # fmt: skip

    @cached_property
    def rows(self) -> tuple[Array, Array]:
        """The rules as a (R, C) and b (R,): a pose x is legal where a x <= b, besides its ranges."""
        a, b = np.zeros((len(self._rules), len(self.schema))), np.zeros(len(self._rules))
        for row, (follower, at_most, constant, leaders) in enumerate(self._rules):
            sign = 1.0 if at_most else -1.0
            a[row, follower], b[row] = sign, sign * constant
            for leader, slope in leaders:
                a[row, leader] = -sign * slope
        return a, b

    @cached_property
    def groups(self) -> tuple[NDArray[np.intp], ...]:
        """Controls that rules tie together, one array of positions for each set: what must be moved as one."""
        tied: list[set[int]] = []
        for follower, _, _, leaders in self._rules:
            mine = {follower, *(leader for leader, _ in leaders)}
            tied = [*(other for other in tied if not other & mine), mine.union(*(o for o in tied if o & mine))]
        return tuple(np.array(sorted(group), np.intp) for group in tied)

    def clamp(self, values: ArrayLike) -> Array:
        """Values (..., C) moved into their ranges."""
        moved: Array = np.clip(np.asarray(values, float), self.low, self.high)
        return moved

    def couple(self, values: ArrayLike) -> Array:
        """Values (..., C), in their ranges, moved so that every rule holds; leaders stay, followers give way."""
        out = np.array(values, float)
        for follower, at_most, constant, leaders in self._rules:
            bound = constant + sum(slope * out[..., leader] for leader, slope in leaders)
            clip = np.minimum if at_most else np.maximum
            out[..., follower] = clip(out[..., follower], bound)
        return out

    def legal(self, values: ArrayLike) -> Array:
        """The pose (..., C) to go to for values (..., C): in every range and by every rule."""
        return self.couple(self.clamp(values))

    @cached_property
    def rest(self) -> Array:
        """The pose (C,) a face without orders returns to: its neutral, made legal."""
        return self.legal(self.schema.neutral)

    def excess(self, values: ArrayLike) -> Array:
        """How far poses (..., C) lie outside, (...): the largest breach in the control's own unit, 0 or less inside."""
        x = np.asarray(values, float)
        a, b = self.rows
        outside: Array = np.maximum(np.maximum(self.low - x, x - self.high).max(-1), (x @ a.T - b).max(-1))
        return outside
