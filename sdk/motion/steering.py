"""Bending the way of a motion over the ground: towards a heading, or along a path.

A generated character goes where it will. Here its way is turned, a little in every frame and only while it moves, so
that it comes to face where it should; steps stay as they are, so a foot on the ground turns about itself by as much.

Shapes: T frames; metres over the ground as (x, z), radians; a heading of 0 faces +Z and grows to the left, to +X.
"""

from dataclasses import dataclass, replace

import numpy as np

from sdk.motion.errors import InvalidInput
from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_about, quat_mul

MIN_SPEED, MAX_SPEED = 0.5, 1.5
"""Bounds of the pace at which motion is played, 1 being as generated: beyond them a gait is another gait."""
MAX_HEADING = 6.2832
"""Headings lie within a whole turn to either side, radians."""
MAX_TURN = np.radians(90.0)
"""Fastest turn, radians a second, at WALK_SPEED or above; slower characters turn less, standing ones not at all."""
WALK_SPEED = 1.0
LOOK_AHEAD_S = 0.8
"""A character heads for the point of its path that it will reach in this time."""
LEAST_LOOK = 0.5
"""It never looks less far ahead than this, metres."""
RESPONSE_S = 0.5
"""A wrong heading would be right after this time, if the fastest turn allowed it."""


@dataclass(frozen=True, eq=False)
class Way:
    """Where to go: along `points` (K, 2), K >= 2, metres as (x, z), and straight on behind the last one; or, without
    any, towards `heading`, radians.
    """

    points: Array | None = None
    heading: float = 0.0

    def __post_init__(self) -> None:
        if self.points is not None:
            p = self.points
            if p.ndim != 2 or p.shape[1] != 2 or len(p) < 2 or not np.isfinite(p).all():
                raise InvalidInput(f"path needs two or more finite points (x, z), got shape {p.shape}", field="path")
        elif not np.isfinite(self.heading):
            raise InvalidInput(f"heading must be finite, got {self.heading}", field="heading")

    def wanted(self, place: Array, speed: float) -> float:
        """Heading to take at a place (2,), moving so fast."""
        if self.points is None:
            return self.heading
        goal = _ahead_on(self.points, place, max(speed * LOOK_AHEAD_S, LEAST_LOOK))
        return float(np.arctan2(goal[0] - place[0], goal[1] - place[1]))


class Steering:
    """Bends a motion frame by frame, so that the way may change at any time.

    turn: how far it was turned so far, radians. place: where the character really is, (2,) metres.
    """

    def __init__(self, root: Array) -> None:
        """Begin where the motion's own root (3,) is."""
        self.turn = 0.0
        self.place = np.array([root[0], root[2]], dtype=np.float64)
        self._before = self.place

    def step(self, root: Array, rotation: Array, way: Way | None, *, dt: float) -> tuple[Array, Array]:
        """The motion's next root (3,) and body rotation (4,) as they really are; without a way just as before."""
        here = np.array([root[0], root[2]], dtype=np.float64)
        step, self._before = here - self._before, here
        if way is not None:
            speed = float(np.linalg.norm(step)) / dt
            facing = float(heading_angle(rotation))
            gap = _wrapped(way.wanted(self.place, speed) - facing - self.turn)
            most = MAX_TURN * min(speed / WALK_SPEED, 1.0)
            self.turn += float(np.clip(gap / RESPONSE_S, -most, most)) * dt
        self.place = self.place + _turned(step, self.turn)
        bent = np.array([self.place[0], root[1], self.place[1]])
        return bent, quat_mul(quat_about("y", self.turn), rotation)


def steered(motion: Motion, way: Way) -> Motion:
    """The motion with its way over the ground bent; frame 0 stays where it is, facing as it does."""
    steering = Steering(motion.root[0])
    pairs = [(motion.root[0], motion.rotations[0, 0])]
    for root, rotation in zip(motion.root[1:], motion.rotations[1:, 0], strict=True):
        pairs.append(steering.step(root, rotation, way, dt=1 / motion.fps))
    rotations = motion.rotations.copy()
    rotations[:, 0] = [rotation for _, rotation in pairs]
    return replace(motion, rotations=rotations, root=np.array([root for root, _ in pairs]))


def _ahead_on(points: Array, place: Array, ahead: float) -> Array:
    """The point (2,) of a polyline `ahead` metres behind the one nearest to `place`; its last part has no end."""
    a, way = points[:-1], np.diff(points, axis=0)
    length = np.maximum(np.linalg.norm(way, axis=-1), 1e-9)
    along = ((place - a) * way).sum(-1) / length
    within = np.clip(along, 0.0, np.append(length[:-1], np.inf))
    gaps = np.linalg.norm(a + (within / length)[:, None] * way - place, axis=-1)
    nearest = int(np.argmin(gaps))
    begin = np.concatenate([[0.0], np.cumsum(length[:-1])])
    at = begin[nearest] + within[nearest] + ahead
    k = int(np.searchsorted(begin, at, side="right")) - 1
    goal: Array = a[k] + way[k] * (at - begin[k]) / length[k]
    return goal


def _turned(step: Array, angle: float) -> Array:
    """A step (x, z) turned by an angle to the left, from +Z to +X."""
    sin, cos = np.sin(angle), np.cos(angle)
    return np.array([step[0] * cos + step[1] * sin, step[1] * cos - step[0] * sin])


def _wrapped(angle: float) -> float:
    return (angle + np.pi) % (2 * np.pi) - np.pi
