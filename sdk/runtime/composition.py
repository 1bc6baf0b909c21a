"""Compositions: several things done one after the other, and what an animator holds on to while the rest is made.

    Composition(beats=[Beat("a person walks forward", seconds=3), Beat("a person waves", Affect.of("joy"), 2)], seed=7)

The Python mirror of protos/emomotion/v1/compose.proto. Whatever can be refused without a model is refused here,
so a Composition that exists can be made. Numbers that the wire carries as float32 are rounded to it at once: one made
in this process, one sent to a server and one read from a file give the same motion.

Shapes: T frames of a source, J = 22 joints, K points. Metres, seconds, radians; seconds count from the first frame of
the composed clip, and frame k of `source` is at k / source.fps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, length, quat_angle
from sdk.motion.skeleton import NUM_JOINTS
from sdk.post import Post
from sdk.runtime import limits
from sdk.runtime.limits import check_range
from sdk.runtime.track import AffectTrack

Part = Literal["whole", "upper"]
PARTS: tuple[Part, ...] = ("whole", "upper")
SAME_TIME_S = 1e-6


@dataclass(frozen=True)
class Beat:
    """Something that is done for a while. text: in English. affect: how it feels, None for neutral or what the
    composition's track says. seconds: 0.5..30.
    """

    text: str
    affect: Affect | None = None
    seconds: float = 4.0

    def __post_init__(self) -> None:
        _named("beats", lambda: limits.validate_text(self.text))
        check_range("beats.seconds", self.seconds, limits.MIN_SECONDS, limits.MAX_SECONDS)


@dataclass(frozen=True)
class Span:
    """From one moment to another, both frames included, seconds."""

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        for value in (self.start_s, self.end_s):
            check_range("keep", value, 0, limits.MAX_COMPOSED_SECONDS)
        if self.end_s <= self.start_s:
            message = f"a span must end after it begins, got {self.start_s:g}..{self.end_s:g} s"
            raise InvalidInput(message, field="keep")

    def holds(self, seconds: float) -> bool:
        """Whether a moment lies in the span."""
        return self.start_s - SAME_TIME_S <= seconds <= self.end_s + SAME_TIME_S


@dataclass(frozen=True, eq=False)
class Keyframe:
    """A pose at a moment: local rotations (22, 4) xyzw and the root's position (3,), as in a `Motion`'s frame.

    place: its place on the ground and its direction count too, not only posture and height.
    """

    seconds: float
    rotations: Array
    root: Array
    place: bool = False

    def __post_init__(self) -> None:
        check_range("keyframes.seconds", self.seconds, 0, limits.MAX_COMPOSED_SECONDS)
        q, p = rounded(self.rotations), rounded(self.root)
        if q.shape != (NUM_JOINTS, 4) or p.shape != (3,) or not (np.isfinite(q).all() and np.isfinite(p).all()):
            message = f"a keyframe at {self.seconds:g} s needs finite rotations (22, 4) and root (3,)"
            raise InvalidInput(f"{message}; got {q.shape} and {p.shape}", field="keyframes")
        if np.abs(length(q) - 1).max() > 1e-3:
            message = f"rotations of the keyframe at {self.seconds:g} s must be unit quaternions (xyzw)"
            raise InvalidInput(message, field="keyframes")
        _check_place("keyframes", p)
        object.__setattr__(self, "rotations", q)
        object.__setattr__(self, "root", p)

    @classmethod
    def of(cls, motion: Motion, seconds: float, *, at: float | None = None, place: bool = False) -> "Keyframe":
        """The pose of a motion at `seconds`, to be reached at `at` (the same moment unless said)."""
        k = round(seconds * motion.fps) if math.isfinite(seconds) else -1
        if not 0 <= k < len(motion):
            message = f"a keyframe takes its pose at {seconds:g} s, but the clip it is from lasts {motion.seconds:g} s"
            raise InvalidInput(message, field="keyframes")
        return cls(seconds if at is None else at, motion.rotations[k], motion.root[k], place)


@dataclass(frozen=True)
class Waypoint:
    """A place on the ground (x, z), metres, to be at, at a time."""

    seconds: float
    x: float
    z: float

    def __post_init__(self) -> None:
        check_range("route.seconds", self.seconds, 0, limits.MAX_COMPOSED_SECONDS)
        _check_place("route", np.array([self.x, self.z]))


@dataclass(frozen=True, kw_only=True, eq=False)
class Composition:
    """What to compose; see the module and docs/edits.md.

    beats: what is done, one after the other; their seconds are the clip's. track: how it feels over time, instead of
    the beats' own affects. seed: same seed, same motion; None draws one. plan, generator: as in `Request`. fps: frames
    a second of the result; None for the source's, or else the bundle's. source: a motion to change or to go on from.
    keep: spans of it that stay as they are; all else is made anew. keyframes: poses to reach. path: points (K, 2),
    metres as (x, z), to walk along at the motion's own pace. route: places with times. heading: direction to face.
    part: "upper" makes spine, neck, head and arms anew and keeps legs and way of the source. loop: the end meets the
    beginning. speed: pace, 0.5..2; the length stays. post: what is done to the finished motion.
    Raises InvalidInput, which names the field and what contradicts what.
    """

    beats: Sequence[Beat]
    track: AffectTrack | None = None
    seed: int | None = None
    plan: str | None = None
    generator: str | None = None
    fps: float | None = None
    source: Motion | None = None
    keep: Sequence[Span] = ()
    keyframes: Sequence[Keyframe] = ()
    path: Array | None = None
    route: Sequence[Waypoint] | None = None
    heading: float | None = None
    part: Part = "whole"
    loop: bool = False
    speed: float = 1.0
    post: Post = field(default_factory=Post)

    def __post_init__(self) -> None:
        for name in ("beats", "keep", "keyframes"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.route is not None:
            object.__setattr__(self, "route", tuple(self.route))
        if self.path is not None:
            object.__setattr__(self, "path", rounded(self.path))
        if self.source is not None:
            source = replace(self.source, rotations=rounded(self.source.rotations), root=rounded(self.source.root))
            object.__setattr__(self, "source", source)
        _check_beats(self)
        _check_numbers(self)
        _check_source(self)
        _check_keyframes(self)
        _check_way(self)

    @property
    def seconds(self) -> float:
        """Length of the clip."""
        return float(sum(beat.seconds for beat in self.beats))

    def affect_at(self, seconds: float) -> Affect:
        """What is felt at a moment of the clip."""
        if self.track is not None:
            return self.track.at(seconds)
        begin = 0.0
        for beat in self.beats:
            begin += beat.seconds
            if seconds < begin:
                break
        return Affect.neutral() if beat.affect is None else beat.affect

    def kept(self, seconds: float) -> bool:
        """Whether a moment lies in a span that stays as it is."""
        return any(span.holds(seconds) for span in self.keep)


def variations(composition: Composition, count: int) -> list[Composition]:
    """The same composition with seeds n, n + 1, ...: takes to choose from. It must have a seed.

    Raises InvalidInput for no seed and for a count outside 1..64.
    """
    if composition.seed is None:
        raise InvalidInput("variations count on from a seed; set one", field="seed")
    if not 1 <= count <= limits.MAX_VARIATIONS:
        raise InvalidInput(f"variations must lie in 1..{limits.MAX_VARIATIONS}, got {count}", field="variations")
    return [replace(composition, seed=(composition.seed + k) % 2**64) for k in range(count)]


def rounded(values: Any) -> Array:
    """As the wire carries numbers: float32, kept as float64."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def _named(name: str, check: Any) -> None:
    """Run a check; what it raises is about a field of `name`."""
    try:
        check()
    except InvalidInput as error:
        raise InvalidInput(str(error), field=f"{name}.{error.field}") from None


def _check_place(name: str, place: Array) -> None:
    if not np.isfinite(place).all() or np.abs(place).max() > limits.MAX_PLACE_M:
        message = f"places of {name} must be finite and within {limits.MAX_PLACE_M:g} m of the origin"
        raise InvalidInput(message, field=name)


def _check_beats(it: Composition) -> None:
    if not 1 <= len(it.beats) <= limits.MAX_BEATS:
        message = f"a composition has 1..{limits.MAX_BEATS} beats, got {len(it.beats)}"
        raise InvalidInput(message, field="beats")
    if it.seconds > limits.MAX_COMPOSED_SECONDS + SAME_TIME_S:
        most = limits.MAX_COMPOSED_SECONDS
        message = f"the beats last {it.seconds:g} s together, a composition at most {most:g} s; make it in parts, each "
        raise InvalidInput(message + "going on from the last seconds of the one before", field="beats")
    felt = [number for number, beat in enumerate(it.beats) if beat.affect is not None]
    if it.track is not None and felt:
        message = f"give either track or affects of beats, not both; beat {felt[0]} has one"
        raise InvalidInput(message, field="track")


def _check_numbers(it: Composition) -> None:
    check_range("speed", it.speed, limits.MIN_PACE, limits.MAX_PACE)
    if it.fps is not None:
        check_range("fps", it.fps, limits.MIN_FPS, limits.MAX_FPS)
    if it.seed is not None and not 0 <= it.seed < 2**64:
        raise InvalidInput(f"seed must lie in 0..{2**64 - 1}, got {it.seed}", field="seed")
    if it.heading is not None:
        check_range("heading", it.heading, -limits.MAX_HEADING, limits.MAX_HEADING)
    check_range("post.smooth", it.post.smooth, 0, 1)
    if it.part not in PARTS:
        raise InvalidInput(f"part {it.part!r} is unknown; known: {', '.join(PARTS)}", field="part")


def _check_source(it: Composition) -> None:
    source = it.source
    if source is None:
        if it.keep:
            raise InvalidInput("keep names spans of a source; give one", field="source")
        if it.part == "upper":
            raise InvalidInput("part upper needs a source, whose legs and way stay", field="source")
        return
    check_range("source.fps", source.fps, limits.MIN_FPS, limits.MAX_FPS)
    if not 2 <= len(source) <= limits.MAX_SOURCE_FRAMES:
        message = f"a source has 2..{limits.MAX_SOURCE_FRAMES} frames, got {len(source)}"
        raise InvalidInput(message, field="source")
    _check_place("source", source.root)
    if it.part == "upper" and source.seconds < it.seconds - 1 / source.fps - SAME_TIME_S:
        message = f"part upper lasts as long as its source at most: {source.seconds:g} s, the beats {it.seconds:g} s"
        raise InvalidInput(message, field="beats")
    if it.loop and it.keep:
        raise InvalidInput("loop changes where the clip begins; it cannot keep spans as they are", field="loop")
    if it.loop and it.part == "upper":
        raise InvalidInput("loop is for whole bodies; loop the source first, then change its upper part", field="loop")
    _check_keep(it, min(source.seconds, it.seconds))


def _check_keep(it: Composition, end: float) -> None:
    if len(it.keep) > limits.MAX_SPANS:
        raise InvalidInput(f"keep has at most {limits.MAX_SPANS} spans, got {len(it.keep)}", field="keep")
    before: Span | None = None
    for span in it.keep:
        if before is not None and span.start_s <= before.end_s:
            message = f"spans of keep must be sorted and apart; {span.start_s:g}..{span.end_s:g} s follows "
            raise InvalidInput(f"{message}{before.start_s:g}..{before.end_s:g} s", field="keep")
        # A span may be named by its length in seconds where the last frame is a part of one earlier.
        if span.end_s > end + SAME_TIME_S + 1e-3:
            message = f"keep {span.start_s:g}..{span.end_s:g} s goes beyond what source and clip share, {end:g} s"
            raise InvalidInput(message, field="keep")
        before = span


def _check_keyframes(it: Composition) -> None:
    if len(it.keyframes) > limits.MAX_KEYFRAMES:
        message = f"keyframes are at most {limits.MAX_KEYFRAMES}, got {len(it.keyframes)}"
        raise InvalidInput(message, field="keyframes")
    if it.keyframes and it.part == "upper":
        raise InvalidInput("keyframes are poses of the whole body; part upper has none", field="keyframes")
    if it.keyframes and it.loop:
        raise InvalidInput("a loop has no keyframes: a cut for it is searched in what is made", field="keyframes")
    before: Keyframe | None = None
    for key in it.keyframes:
        if key.seconds > it.seconds + SAME_TIME_S:
            message = f"the keyframe at {key.seconds:g} s lies outside the clip, which lasts {it.seconds:g} s"
            raise InvalidInput(message, field="keyframes.seconds")
        for span in it.keep:
            if span.holds(key.seconds):
                kept = f"inside the kept span {span.start_s:g}..{span.end_s:g} s, which does not change"
                raise InvalidInput(f"the keyframe at {key.seconds:g} s lies {kept}", field="keyframes.seconds")
        if before is not None:
            _check_pair(before, key)
        before = key


def _check_pair(a: Keyframe, b: Keyframe) -> None:
    """Refuse two keyframes between which a body cannot move."""
    gap = b.seconds - a.seconds
    if gap <= SAME_TIME_S:
        message = f"times of keyframes must rise; {b.seconds:g} s follows {a.seconds:g} s"
        raise InvalidInput(message, field="keyframes.seconds")
    turn = float(quat_angle(a.rotations[1:], b.rotations[1:]).max()) / gap
    what = f"the keyframes at {a.seconds:g} and {b.seconds:g} s contradict each other:"
    if turn > limits.MAX_JOINT_SPEED:
        limit = f"at most {limits.MAX_JOINT_SPEED:g} are possible"
        raise InvalidInput(f"{what} a joint would have to turn by {turn:.0f} rad/s, {limit}", field="keyframes")
    apart = b.root - a.root if a.place and b.place else (b.root - a.root) * np.array([0, 1, 0])
    pace = float(np.linalg.norm(apart)) / gap
    if pace > limits.MAX_ROOT_SPEED:
        limit = f"at most {limits.MAX_ROOT_SPEED:g} are possible"
        raise InvalidInput(f"{what} the body would have to move at {pace:.1f} m/s, {limit}", field="keyframes")


def _check_way(it: Composition) -> None:
    if it.path is not None and it.route is not None:
        raise InvalidInput("give either path or route, not both", field="path")
    way = "path" if it.path is not None else "route" if it.route is not None else "heading"
    if way == "heading" and it.heading is None:
        return
    if it.part == "upper":
        raise InvalidInput(f"{way} cannot change: part upper keeps the way of the source", field=way)
    if it.loop:
        raise InvalidInput(f"a loop has no {way}: what travels in one round is kept", field=way)
    if it.keep:
        raise InvalidInput(f"{way} contradicts keep: where the clip goes is fixed by the kept spans", field=way)
    if way == "heading":
        return
    placed = next((key for key in it.keyframes if key.place), None)
    if placed is not None:
        message = f"{way} contradicts the keyframe with place at {placed.seconds:g} s; let its place not count"
        raise InvalidInput(message, field=way)
    if it.path is not None:
        _check_path(it.path)
    if it.route is not None:
        _check_route(it)


def _check_path(points: Array) -> None:
    least, most = limits.MIN_POINTS, limits.MAX_PATH_POINTS
    if points.ndim != 2 or points.shape[1] != 2 or not least <= len(points) <= most:
        raise InvalidInput(f"path needs {least}..{most} points (x, z), got shape {points.shape}", field="path")
    _check_place("path", points)
    if float(np.linalg.norm(np.diff(points, axis=0), axis=-1).sum()) < 0.01:
        raise InvalidInput("path leads nowhere: all its points are the same", field="path")


def _check_route(it: Composition) -> None:
    route = it.route or ()
    if not limits.MIN_POINTS <= len(route) <= limits.MAX_WAYPOINTS:
        message = f"route needs {limits.MIN_POINTS}..{limits.MAX_WAYPOINTS} points, got {len(route)}"
        raise InvalidInput(message, field="route")
    before: Waypoint | None = None
    for point in route:
        if point.seconds > it.seconds + SAME_TIME_S:
            message = f"the waypoint at {point.seconds:g} s lies outside the clip, which lasts {it.seconds:g} s"
            raise InvalidInput(message, field="route.seconds")
        if before is not None:
            gap = point.seconds - before.seconds
            if gap <= SAME_TIME_S:
                message = f"times of a route must rise; {point.seconds:g} s follows {before.seconds:g} s"
                raise InvalidInput(message, field="route.seconds")
            pace = math.hypot(point.x - before.x, point.z - before.z) / gap
            if pace > limits.MAX_ROOT_SPEED:
                where = f"from {before.seconds:g} to {point.seconds:g} s"
                limit = f"at most {limits.MAX_ROOT_SPEED:g} are possible"
                raise InvalidInput(f"route {where} asks for {pace:.1f} m/s, {limit}", field="route")
        before = point
