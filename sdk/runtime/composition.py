"""Compositions: several things done one after the other, and what an animator holds on to while the rest is made.

    Composition(beats=[Beat("a person walks forward", seconds=3), Beat("a person waves", Affect.of("joy"), 2)], seed=7)

The Python mirror of protos/emomotion/v1/compose.proto. Whatever can be refused without a model is refused here,
so a Composition that exists can be made. Numbers that the wire carries as float32 are rounded to it at once: one made
in this process, one sent to a server and one read from a file give the same motion.

Shapes: T frames of a source, J = 22 joints, K points. Metres, seconds, radians; seconds count from the first frame of
the composed clip, and frame k of `source` is at k / source.fps.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.motion.goals import EFFECTORS, seen_from_body
from sdk.motion.kinematics import global_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, length
from sdk.motion.skeleton import JOINT, NUM_JOINTS
from sdk.post import Post
from sdk.runtime import limits
from sdk.runtime.contradictions import check_composition
from sdk.runtime.limits import check_range
from sdk.runtime.track import TOLD_S, AffectTrack, Segment, laid_over, within

Part = Literal["whole", "upper"]
Stretch = tuple[float, float]
"""From when to when, seconds."""


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
        return self.start_s - limits.SAME_TIME_S <= seconds <= self.end_s + limits.SAME_TIME_S


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
        limits.check_place("keyframes", p)
        object.__setattr__(self, "rotations", q)
        object.__setattr__(self, "root", p)

    @classmethod
    def of(cls, motion: Motion, seconds: float, *, at: float | None = None, place: bool = False) -> "Keyframe":
        """The pose of a motion at `seconds`, to be reached at `at` (the same moment unless said)."""
        k = _frame_at(motion, seconds, "a keyframe takes its pose", "keyframes")
        return cls(seconds if at is None else at, motion.rotations[k], motion.root[k], place)


@dataclass(frozen=True, eq=False)
class Goal:
    """A hand or a foot that is somewhere for a while.

    effector: one of EFFECTORS, "left_wrist", "right_wrist", "left_ankle", "right_ankle": the joint that is led.
    seconds, hold_s: from when on and for how long, both ends included. position: (3,) metres, to the left, up from the
    ground, ahead. rotation: (4,) xyzw, how hand or foot is turned; None for a hand as the motion bends its wrist and a
    foot as the motion turns it. place: both are of the clip's own frame; otherwise they are seen from the body, from
    the ground below the pelvis and along its heading, and follow it. ease_s: time to get there and to come back,
    0.1..5; None for 0.5, or longer for a long way.
    """

    effector: str
    seconds: float
    position: Array
    rotation: Array | None = None
    hold_s: float = 0.0
    place: bool = False
    ease_s: float | None = None

    def __post_init__(self) -> None:
        if self.effector not in EFFECTORS:
            message = f"effector {self.effector!r} is unknown; known: {', '.join(EFFECTORS)}"
            raise InvalidInput(message, field="goals.effector")
        check_range("goals.seconds", self.seconds, 0, limits.MAX_COMPOSED_SECONDS)
        check_range("goals.hold_s", self.hold_s, 0, limits.MAX_COMPOSED_SECONDS)
        if self.ease_s is not None:
            check_range("goals.ease_s", self.ease_s, limits.MIN_EASE_S, limits.MAX_EASE_S)
        what = f"the goal of {self.effector} at {self.seconds:g} s"
        p = rounded(self.position)
        if p.shape != (3,):
            raise InvalidInput(f"{what} needs a position (3,), got {p.shape}", field="goals.position")
        limits.check_place("goals.position", p)
        if p[1] < 0 and self.effector.endswith("ankle"):
            raise InvalidInput(f"{what} lies {-p[1]:.2f} m below the ground, y = 0", field="goals.position")
        object.__setattr__(self, "position", p)
        if self.rotation is not None:
            q = rounded(self.rotation)
            if q.shape != (4,) or not abs(float(np.linalg.norm(q)) - 1) <= 1e-3:  # also true for NaN
                raise InvalidInput(f"{what} needs a unit quaternion (4,) xyzw as rotation", field="goals.rotation")
            object.__setattr__(self, "rotation", q)

    @property
    def end_s(self) -> float:
        """Until when it is held."""
        return self.seconds + self.hold_s

    @classmethod
    def of(
        cls, motion: Motion, effector: str, seconds: float, *, at: float | None = None, hold_s: float = 0.0,
        place: bool = False, turned: bool = False, ease_s: float | None = None,
    ) -> "Goal":  # fmt: skip
        """Where a motion has a hand or a foot at `seconds`, to be reached at `at` (the same moment unless said).

        turned: how it is turned counts too.
        """
        k = _frame_at(motion, seconds, "a goal takes its place", "goals")
        joint = JOINT.get(effector, 0)  # an unknown one is refused below
        position = motion.positions[k, joint]
        rotation = global_rotations(motion.rotations[k], motion.skeleton.parents)[joint]
        if not place:
            position, rotation = seen_from_body(motion.root[k], motion.rotations[k, 0], position, rotation)
        when = seconds if at is None else at
        return cls(effector, when, position, rotation if turned else None, hold_s, place, ease_s)


@dataclass(frozen=True)
class Waypoint:
    """A place on the ground (x, z), metres, to be at, at a time."""

    seconds: float
    x: float
    z: float

    def __post_init__(self) -> None:
        check_range("route.seconds", self.seconds, 0, limits.MAX_COMPOSED_SECONDS)
        limits.check_place("route", np.array([self.x, self.z]))


@dataclass(frozen=True, kw_only=True, eq=False)
class Composition:
    """What to compose; see the module and docs/edits.md.

    beats: what is done, one after the other; their seconds are the clip's. track: how it feels over time, instead of
    the beats' own affects. seed: same seed, same motion; None draws one. plan, generator: as in `Request`. fps: frames
    a second of the result; None for the source's, or else the bundle's. source: a motion to change or to go on from.
    felt: what is felt in it, for the tags; the motion does not depend on it.
    keep: spans of it that stay as they are; all else is made anew. keyframes: poses to reach. goals: places of single
    hands and feet. path: points (K, 2), metres as (x, z), to walk along at the motion's own pace. route: places with
    times. heading: direction to face. part: "upper" makes spine, neck, head and arms anew and keeps legs and way of the
    source. loop: the end meets the beginning. speed: pace, 0.5..2; the length stays. post: what is done to the finished
    motion.
    Raises InvalidInput, which names the field and what contradicts what.
    """

    beats: Sequence[Beat]
    track: AffectTrack | None = None
    seed: int | None = None
    plan: str | None = None
    generator: str | None = None
    fps: float | None = None
    source: Motion | None = None
    felt: Sequence[Segment] = ()
    keep: Sequence[Span] = ()
    keyframes: Sequence[Keyframe] = ()
    goals: Sequence[Goal] = ()
    path: Array | None = None
    route: Sequence[Waypoint] | None = None
    heading: float | None = None
    part: Part = "whole"
    loop: bool = False
    speed: float = 1.0
    post: Post = field(default_factory=Post)

    def __post_init__(self) -> None:
        for name in ("beats", "felt", "keep", "keyframes", "goals"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.route is not None:
            object.__setattr__(self, "route", tuple(self.route))
        if self.path is not None:
            object.__setattr__(self, "path", rounded(self.path))
        if self.source is not None:
            source = replace(self.source, rotations=rounded(self.source.rotations), root=rounded(self.source.root))
            object.__setattr__(self, "source", source)
        check_composition(self)

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

    def felt_at(self, seconds: float) -> Affect:
        """What is felt at a moment of the clip, the source's own feeling in a kept span where that is known."""
        own = (span.affect for span in self.felt if span.start_s <= seconds < span.end_s)
        return next(own, self.affect_at(seconds)) if self.kept(seconds) else self.affect_at(seconds)

    def told(self, stretch: Stretch | None = None) -> tuple[Segment, ...]:
        """What is felt in all of the clip: where the source plays what was felt in it, else what is asked for.

        stretch: of a loop, which seconds it plays; of a source all there is of it, and what goes on from there.
        """
        if stretch is None:
            return laid_over(
                self._asked(), [s for span in self.keep for s in within(self.felt, span.start_s, span.end_s)]
            )
        *most, last = self._asked()
        asked = [*most, replace(last, end_s=max(last.end_s, stretch[1]))]
        own = () if self.source is None else within(self.felt, 0.0, self.source.seconds)
        begin, end = stretch
        pace = self.seconds / (end - begin)
        return tuple(
            replace(s, start_s=(s.start_s - begin) * pace, end_s=(s.end_s - begin) * pace)
            for s in within(laid_over(asked, own), begin, end)
        )

    def _asked(self) -> tuple[Segment, ...]:
        """What is asked for: one span a beat, or those of the track."""
        if self.track is not None:
            return self.track.segments(self.seconds, most_s=TOLD_S)
        ends = list(itertools.accumulate((beat.seconds for beat in self.beats), initial=0.0))
        return tuple(
            Segment(begin, end, Affect.neutral() if beat.affect is None else beat.affect)
            for beat, (begin, end) in zip(self.beats, itertools.pairwise(ends), strict=True)
        )

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


def _frame_at(motion: Motion, seconds: float, what: str, field: str) -> int:
    k = round(seconds * motion.fps) if math.isfinite(seconds) else -1
    if not 0 <= k < len(motion):
        message = f"{what} at {seconds:g} s, but the clip it is from lasts {motion.seconds:g} s"
        raise InvalidInput(message, field=field)
    return k


def _named(name: str, check: Any) -> None:
    """Run a check; what it raises is about a field of `name`."""
    try:
        check()
    except InvalidInput as error:
        raise InvalidInput(str(error), field=f"{name}.{error.field}") from None
