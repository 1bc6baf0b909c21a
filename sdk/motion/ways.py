"""Bending the way of a whole motion: along a line, over places with times, towards a heading.

The motion's own way over the ground is split into where it leads (smoothed over a step) and how it sways about that;
the way is laid along the wanted curve at the motion's own pace, and sway and body turn with it. Feet slide by what a
step is bent; `sdk.motion.footlock` holds them afterwards. A live character, which knows no future, is steered by
`sdk.motion.steering` instead.

Shapes: T frames, K points; metres over the ground as (x, z), radians; a heading of 0 faces +Z and grows to the left.
"""

from dataclasses import dataclass, replace

import numpy as np

from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_about, quat_mul

STRIDE_S = 0.3
"""The way is smoothed over about so long to either side: a step."""
LEAST_CHORD = 0.08
"""Over shorter ways, metres, nobody is going anywhere, and a direction is taken from neighbours."""
CORNER_M = 0.6
"""A path's corners are rounded over about so many metres."""
GRID_M = 0.02


@dataclass(frozen=True, eq=False)
class Line:
    """A smooth curve over the ground as points (n, 2) every GRID_M metres."""

    points: Array

    @classmethod
    def through(cls, points: Array, *, beyond: float) -> "Line":
        """A polyline (K, 2) with its corners rounded, which goes on straight for `beyond` metres."""
        keep = np.concatenate([[True], np.linalg.norm(np.diff(points, axis=0), axis=-1) > 1e-6])
        points = points[keep]
        last = points[-1] - points[-2]
        points = np.concatenate([points, points[-1:] + last / np.linalg.norm(last) * max(beyond, GRID_M)])
        even = _evenly(points, GRID_M)
        return cls(_smoothed(even, CORNER_M / 2 / GRID_M))

    @property
    def length(self) -> float:
        """Metres from end to end."""
        return float((len(self.points) - 1) * GRID_M)

    def at(self, way: Array) -> Array:
        """Points (T, 2) so many metres along, (T,)."""
        k = np.clip(way / GRID_M, 0, len(self.points) - 1)
        grid = np.arange(len(self.points))
        return np.stack([np.interp(k, grid, self.points[:, d]) for d in (0, 1)], -1)

    def heading(self, way: Array) -> Array:
        """Direction of the curve so many metres along, (T,)."""
        ahead, behind = self.at(way + 3 * GRID_M), self.at(np.maximum(way - 3 * GRID_M, 0))
        way = ahead - behind
        return np.asarray(np.arctan2(way[:, 0], way[:, 1]))


def along_path(motion: Motion, points: Array) -> Motion:
    """The motion walked along a polyline (K, 2) at its own pace, from its first point; behind the last straight on."""
    way = _Way.of(motion)
    line = Line.through(points, beyond=float(way.travelled[-1]) + 1.0)
    return way.laid(motion, line.at(way.travelled), line.heading(way.travelled))


def along_route(motion: Motion, frames: Array, points: Array) -> tuple[Motion, float]:
    """The motion over places (K, 2) at frames (K,), and how far strides were stretched at most, 1 being not at all.

    Between two places it keeps its own pace as far as that goes: what is travelled there is stretched to fit.
    """
    way = _Way.of(motion)
    k = np.arange(len(motion), dtype=float)
    curve, marks = _spline(points)
    own = np.interp(frames, k, way.travelled)
    stretch, at = 1.0, np.empty(len(motion))
    first, last = int(np.ceil(frames[0])), int(np.floor(frames[-1]))
    for a, b, s0, s1, m0, m1 in zip(frames, frames[1:], own, own[1:], marks, marks[1:], strict=False):
        inside = (k >= a) & (k <= b)
        time = (k[inside] - a) / (b - a)
        # Who hardly moves by himself is carried evenly in time.
        trust = np.clip((s1 - s0) / LEAST_CHORD - 1, 0, 1)
        share = (way.travelled[inside] - s0) / max(s1 - s0, 1e-9)
        at[inside] = m0 + (m1 - m0) * (trust * share + (1 - trust) * time)
        if m1 - m0 > LEAST_CHORD:
            stretch = max(stretch, (m1 - m0) / max(s1 - s0, 1e-3))
    # Pace changes at the places; evened out, so that nobody starts or stops in a single frame.
    before, after = k < frames[0], k > frames[-1]
    at[before] = marks[0] + way.travelled[before] - own[0]
    at[after] = marks[-1] + way.travelled[after] - own[-1]
    smooth = _pinned(at, frames, marks, motion.fps)
    where, heading = curve.at(smooth), curve.heading(smooth)
    reach = float(curve.length)
    for outside, end, sign in ((smooth < 0, 0.0, 1.0), (smooth > reach, reach, 1.0)):
        if outside.any():
            direction = float(curve.heading(np.array([end]))[0])
            step = (smooth[outside] - end)[:, None] * np.array([np.sin(direction), np.cos(direction)]) * sign
            where[outside] = curve.at(np.array([end])) + step
            heading[outside] = direction
    # Who hardly travels may come to a sharp turn in a single frame; the body takes its time.
    heading = _smoothed(np.unwrap(heading)[:, None], STRIDE_S * motion.fps)[:, 0]
    laid = way.laid(motion, where, heading)
    # Sway is taken out at the places themselves, a little before and after.
    missing = np.stack([points[i] - _at(laid, frames[i]) for i in range(len(frames))])
    shift = np.stack([np.interp(k, frames, missing[:, d]) for d in (0, 1)], -1)
    root = laid.root.copy()
    root[:, [0, 2]] += _smoothed(shift, STRIDE_S * motion.fps / 2) if last > first else shift
    return replace(laid, root=root), stretch


def facing(motion: Motion, heading: float) -> Motion:
    """The motion with its body turned to face a heading all along; it goes where it goes."""
    own = _smoothed(np.unwrap(heading_angle(motion.rotations[:, 0]))[:, None], STRIDE_S * motion.fps)[:, 0]
    rotations = motion.rotations.copy()
    rotations[:, 0] = quat_mul(quat_about("y", heading - own), rotations[:, 0])
    return replace(motion, rotations=rotations)


def headed(motion: Motion, heading: float) -> Motion:
    """The motion with its way bent so that it faces, and goes, towards a heading; it begins where it began."""
    own = _smoothed(np.unwrap(heading_angle(motion.rotations[:, 0]))[:, None], STRIDE_S * motion.fps)[:, 0]
    turn = heading - own
    rotations, root = motion.rotations.copy(), motion.root.copy()
    rotations[:, 0] = quat_mul(quat_about("y", turn), rotations[:, 0])
    steps = np.diff(motion.root[:, [0, 2]], axis=0, prepend=motion.root[:1, [0, 2]])
    root[:, [0, 2]] = motion.root[0, [0, 2]] + np.cumsum(_turned(steps, turn), axis=0)
    return replace(motion, rotations=rotations, root=root)


def distance_to(points: Array, places: Array) -> Array:
    """How far places (T, 2) are from a polyline (K, 2), (T,) metres."""
    a, way = points[:-1], np.diff(points, axis=0)
    size = np.maximum((way * way).sum(-1), 1e-12)
    share = np.clip(((places[:, None] - a) * way).sum(-1) / size, 0, 1)
    gaps = np.linalg.norm(a + share[..., None] * way - places[:, None], axis=-1)
    nearest: Array = gaps.min(-1)
    return nearest


@dataclass(frozen=True, eq=False)
class _Way:
    """Where a motion leads: centre (T, 2), its direction (T,), metres travelled (T,)."""

    centre: Array
    direction: Array
    travelled: Array

    @classmethod
    def of(cls, motion: Motion) -> "_Way":
        width = STRIDE_S * motion.fps
        centre = _smoothed(motion.root[:, [0, 2]], width)
        travelled = np.cumsum(np.linalg.norm(np.diff(centre, axis=0, prepend=centre[:1]), axis=-1))
        return cls(centre, _directions(motion, centre, round(width)), travelled)

    def laid(self, motion: Motion, where: Array, heading: Array) -> Motion:
        """The motion with its centre at `where` (T, 2), led in `heading` (T,)."""
        turn = np.unwrap(heading) - self.direction
        root, rotations = motion.root.copy(), motion.rotations.copy()
        root[:, [0, 2]] = where + _turned(motion.root[:, [0, 2]] - self.centre, turn)
        rotations[:, 0] = quat_mul(quat_about("y", turn), rotations[:, 0])
        return replace(motion, rotations=rotations, root=root)


def _directions(motion: Motion, centre: Array, reach: int) -> Array:
    """Direction in which a motion leads, (T,), continuous; who stands leads where he faces."""
    count = len(centre)
    k = np.arange(count)
    chord = centre[np.minimum(k + reach, count - 1)] - centre[np.maximum(k - reach, 0)]
    size = np.linalg.norm(chord, axis=-1)
    own = np.unwrap(heading_angle(motion.rotations[:, 0]))
    sure = np.clip(size / LEAST_CHORD - 1, 0, 1)
    if not (sure > 0.5).any():
        return _smoothed(own[:, None], reach)[:, 0]
    # Relative to the body the direction of travel changes little (ahead, backwards, sideways): it is that which is kept
    # through pauses.
    aside = np.unwrap(np.arctan2(chord[:, 0], chord[:, 1]) - own)
    at = np.flatnonzero(sure > 0.5)
    aside = np.interp(k, at, np.unwrap(aside[at]))
    return _smoothed((own + aside)[:, None], reach / 2)[:, 0]


def _spline(points: Array) -> tuple[Line, Array]:
    """A smooth curve through points (K, 2), and how many metres along it each lies, (K,)."""
    ends = [points[0] + (points[0] - points[1]) * 0.5], [points[-1] + (points[-1] - points[-2]) * 0.5]
    p = np.concatenate([ends[0], points, ends[1]])
    u = np.linspace(0, 1, 101)[:-1, None]
    parts = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False):  # Catmull-Rom
        parts.append(b + 0.5 * u * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a))))
    fine = np.concatenate([*parts, points[-1:]])
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(fine, axis=0), axis=-1))])
    total = max(float(run[-1]), GRID_M)
    grid = np.linspace(0, total, max(round(total / GRID_M), 1) + 1)
    even = np.stack([np.interp(grid, run, fine[:, d]) for d in (0, 1)], -1)
    marks = run[np.arange(len(points)) * 100] / total * (len(even) - 1) * GRID_M
    return Line(even), marks


def _pinned(at: Array, frames: Array, marks: Array, fps: float) -> Array:
    """Progress (T,) smoothed over a step, but still at the marks at their frames."""
    smooth = _smoothed(at[:, None], STRIDE_S * fps)[:, 0]
    k = np.arange(len(at), dtype=float)
    return np.asarray(smooth + np.interp(k, frames, marks - np.interp(frames, k, smooth)))


def _at(motion: Motion, frame: float) -> Array:
    k = np.arange(len(motion))
    return np.array([np.interp(frame, k, motion.root[:, d]) for d in (0, 2)])


def _evenly(points: Array, step: float) -> Array:
    """A polyline as points every `step` metres."""
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=-1))])
    grid = np.arange(0, run[-1] + step / 2, step)
    return np.stack([np.interp(grid, run, points[:, d]) for d in (0, 1)], -1)


def _smoothed(values: Array, width: float) -> Array:
    """Values (T, D) under a bell of this standard deviation, in rows; beyond the ends they go on in a line."""
    reach = min(int(np.ceil(3 * width)), len(values) - 1)
    if reach < 1:
        return values
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    before = 2 * values[:1] - values[reach:0:-1]
    after = 2 * values[-1:] - values[-2 : -reach - 2 : -1]
    padded = np.concatenate([before, values, after])
    return np.stack([np.convolve(padded[:, d], bell / bell.sum(), mode="valid") for d in range(values.shape[1])], -1)


def _turned(steps: Array, angle: Array) -> Array:
    """Steps (T, 2) as (x, z), each turned by an angle (T,) to the left, from +Z to +X."""
    sin, cos = np.sin(angle), np.cos(angle)
    return np.stack([steps[:, 0] * cos + steps[:, 1] * sin, steps[:, 1] * cos - steps[:, 0] * sin], -1)
