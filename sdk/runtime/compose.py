"""How a composition is made: raw motion by the generator, then bent to what must hold.

The generator sees what is kept: its tokens or frames are given, all else is open, so that it makes the joins itself. It
works in its own rate and from its own place; what it made is then laid where the clip needs it, and at the end frames
that are kept are the source's own floats again. Where several takes are possible, the one that has to be bent least is
taken. Which is which is decided by mechanics alone, never by a judge.

Shapes: T frames of the clip at its rate, R raw frames at the bundle's, F features.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sdk.motion.approach import approached
from sdk.motion.contacts import TOES, Flags, planted_feet, runs
from sdk.motion.footlock import lock_feet, settled
from sdk.motion.goals import Reach, reached
from sdk.motion.kinematics import heading_angle
from sdk.motion.layers import in_step, upper_over
from sdk.motion.loop import SEARCH_S, find_cut, least_sliding, periodic, seam
from sdk.motion.motion import Motion
from sdk.motion.retarget import canonical
from sdk.motion.rotations import quat_about, quat_mul
from sdk.motion.warp import FADE_S, Anchor, led_on, left_over, offsets, placed, reaching, sampled, with_frames
from sdk.motion.ways import along_path, along_route, distance_to, facing, headed
from sdk.post import post_process
from sdk.runtime.composition import Composition, Goal, Keyframe, Stretch
from sdk.runtime.decode import Floats
from sdk.runtime.diffusion import Known
from sdk.runtime.limits import MAX_END_SPEED, MAX_PACE, MIN_PACE, SAME_TIME_S
from sdk.runtime.timeline import Piece, Timeline

TAKES = 4
"""So many takes are made where one may fit better than another."""
SEED_STEP = 0x9E3779B97F4A7C15
"""From the seed of one take to that of the next; the first has the composition's own."""
STEP_SEARCH_S = 1.2
"""An upper body is chosen from so much more motion than is needed, so that arms swing with the legs: a gait's cycle."""
AROUND_KEY_S = 0.2
"""A keyframe's pose is shown to the generator this long before and after it."""
AGAIN_FADE_S = 0.15
"""What locked feet took from the seams is given back in this time: it is little, and feet should stay."""
KEY_FADE_S, KEY_FADE_RAD_S = 0.45, 0.3
"""A keyframe is led up to in this time, and so much longer for every radian that a joint is bent."""
SHORTEST_PACE, LONGEST_PACE = 0.7, 1.5
"""Who must be somewhere in time may move at so other a pace, before strides are stretched."""
LEAST_PACING = 0.05
"""A pace nearer to its own is left."""
LEAST_TRAVEL = 0.3
"""Who travels less than so many metres is not going anywhere."""
NOTED_M, NOTED_RAD = 0.05, np.radians(5.0)
"""Bending by less goes without saying."""
NOTED_GOAL_M = 0.01
"""A goal that is missed by less has been reached."""
MOST_CARRIED = 0.6
"""Where more than this share of the way would be made by gliding, legs and way of the source are taken."""
Gap = tuple[Anchor, Anchor]
"""From where to where new motion leads."""


@dataclass(frozen=True, eq=False)
class Maker:
    """What composing needs of an engine.

    make(pieces, known, seed): raw motion of exactly those frames, beginning over the origin. encode: features of a
    motion at `fps`. width: features a frame. breathe: called between steps, raises to stop.
    """

    make: Callable[[Sequence[Piece], Known, int], Motion]
    encode: Callable[[Motion], Floats]
    width: int
    fps: float
    breathe: Callable[[], None]


@dataclass(frozen=True, eq=False)
class Composed:
    """The motion, what had to be bent for it, and of a loop which seconds of its material it plays."""

    motion: Motion
    notes: tuple[str, ...]
    stretch: Stretch | None


def composed(composition: Composition, maker: Maker) -> Composed:
    """What a composition asks for, at its rate, which must be set as its seed must."""
    work = _Work(composition, maker)
    if composition.loop:
        motion = work.loop()
    elif composition.part == "upper":
        motion = work.upper()
    else:
        motion = work.whole()
    return Composed(motion, tuple(work.notes), work.stretch)


class _Work:
    """One composition being made."""

    def __init__(self, composition: Composition, maker: Maker) -> None:
        assert composition.fps is not None and composition.seed is not None, "the engine fills them in"
        self._it, self._maker, self._fps, self._seed = composition, maker, composition.fps, composition.seed
        self.notes: list[str] = []
        self.stretch: Stretch | None = None

    # --- the three kinds ---

    def whole(self) -> Motion:
        it = self._it
        line = self._timeline()
        goal, kept = self._source(line)
        keys = [(round(key.seconds * self._fps), key) for key in it.keyframes]
        anchors = self._approached(line, goal, _anchors(goal, kept, keys))
        gaps = [(a, b) for a, b in zip(anchors, anchors[1:], strict=False) if not kept[a.frame : b.frame + 1].all()]

        def misfit(take: Motion) -> float:
            return _misfit(take, goal, kept, keys, anchors, gaps)

        made = min((self._take(line, number) for number in range(TAKES if gaps or keys else 1)), key=misfit)
        pace = self._pace(made, gaps)
        if abs(pace / it.speed - 1) > LEAST_PACING:
            other = self._timeline(composition=replace(it, speed=pace))
            again = min((self._take(other, number) for number in range(TAKES if gaps else 1)), key=misfit)
            if it.route is not None or misfit(again) < misfit(made):
                line, made = other, again
                self.notes.append(f"new motion is played at {pace / it.speed:.2f} of its pace to be in time")
        if keys:
            made = self._shown(line, made, goal, kept, keys, anchors)
        if not kept.any():
            made = canonical(made)
        carried = [gap for gap in gaps if self._covered(gap) and _stays(made, *gap)]
        gaps = [gap for gap in gaps if gap not in carried]
        motion = self._led(self._carried(self._there(made, anchors, gaps, goal), goal, carried))
        held = self._held(motion, goal, kept, keys)
        motion = held(led_on(motion, kept))
        self._maker.breathe()
        if anchors or keys or it.goals or it.path is not None or it.route is not None or it.heading is not None:
            sure = _edges(kept)
            sure[[frame for frame, _ in keys]] = True
            motion = settled(motion, lambda m: held(lock_feet(m, sure=sure), again=True), frames=~kept)
        self._maker.breathe()
        if it.post:
            motion = held(post_process(motion, it.post), again=True)
        fixed = kept.copy()
        fixed[[frame for frame, _ in keys]] = True
        motion = self._reached(motion, fixed)
        if it.path is not None:
            error = float(distance_to(it.path, motion.root[:, [0, 2]]).mean())
            self.notes.append(f"the path is {100 * error:.0f} cm away on average")
        return motion

    def loop(self) -> Motion:
        line = self._timeline(more_s=SEARCH_S)
        raw = [self._looped(line, number) for number in range(TAKES)]
        wanted = float(line.raw_at(self._it.seconds))
        cuts = [find_cut(motion, wanted) for motion in raw]
        takes = [canonical(motion) for motion in raw]
        cycle, cut = least_sliding(takes, cuts, line.frames, fps=self._fps, breathe=self._maker.breathe)
        if self._it.post:
            cycle = periodic(cycle, lambda m: post_process(m, self._it.post))
        begin, end = np.interp([cut.start, cut.start + cut.frames], np.arange(line.raw_frames), line.raw_times)
        self.stretch = float(begin), float(end)
        if self._it.source is not None:
            all_of_it = end <= self._it.source.seconds + SAME_TIME_S
            new = "; words and feelings had no part in it" if all_of_it else " and of what was made behind it"
            self.notes.append(f"the loop is {begin:.2f} to {end:.2f} s of the source{new}")
        pace = cut.frames / wanted
        if abs(pace - 1) > 0.02:
            self.notes.append(f"the loop is played {100 * abs(pace - 1):.0f} % {'faster' if pace > 1 else 'slower'}")
        found = seam(cycle)
        self.notes.append(f"the seam is {1000 * found.place_m:.1f} mm and {np.degrees(found.angle_rad):.2f} degrees")
        return cycle

    def _looped(self, line: Timeline, number: int) -> Motion:
        """A take to cut a loop from: of a source all there is of it, and what goes on from there."""
        source = self._it.source
        if source is None:
            return self._raw(line, number)
        own = sampled(source, line.raw_times * source.fps, fps=self._maker.fps)
        given = line.raw_times <= source.seconds + SAME_TIME_S
        made = self._raw(line, number, self._features(own, given))
        last = int(np.flatnonzero(given)[-1])
        made = placed(made, [Anchor.of(last, own.root[last], own.rotations[last, 0])])
        return reaching(made, own, given)

    def upper(self) -> Motion:
        line = self._timeline(more_s=STEP_SEARCH_S)
        goal, kept = self._source(line)
        raw = canonical(self._raw(line, 0))
        more = sampled(
            raw, np.arange(line.raw_frames * self._fps / self._maker.fps) * (self._maker.fps / self._fps), fps=self._fps
        )
        first = in_step(goal, more) if len(more) > line.frames else 0
        motion = upper_over(goal, more[first : first + line.frames])
        motion = reaching(motion, goal, kept)
        if self._it.post:
            # Legs and way are the source's, whatever is done to the rest.
            motion = reaching(upper_over(goal, post_process(motion, self._it.post)), goal, kept)
        return self._reached(motion, kept)

    # --- raw motion ---

    def _timeline(self, *, more_s: float = 0.0, composition: Composition | None = None) -> Timeline:
        it = self._it if composition is None else composition
        return Timeline(it, fps=self._fps, raw_fps=self._maker.fps, more_s=more_s)

    def _source(self, line: Timeline) -> tuple[Motion, Flags]:
        """The source at the clip's rate and length, its last frame standing behind its end, and what is kept, (T,)."""
        source = self._it.source
        kept = np.array([self._it.kept(float(t)) for t in line.times], dtype=bool)
        if source is None:
            nothing = np.zeros((line.frames, 22, 4))
            nothing[..., 3] = 1
            return Motion(nothing, np.zeros((line.frames, 3)), self._fps), kept
        if abs(source.fps - self._fps) < 1e-6:
            at = np.minimum(np.arange(line.frames), len(source) - 1)
            return replace(source, rotations=source.rotations[at], root=source.root[at]), kept
        return sampled(source, line.times * source.fps, fps=self._fps), kept

    def _known(self, line: Timeline) -> Known:
        """What the generator is given of the kept spans."""
        source, times = self._it.source, line.raw_times
        given = np.array([self._it.kept(float(t)) for t in times], dtype=bool)
        if source is None or not given.any():
            return Known.none(line.raw_frames, self._maker.width)
        return self._features(sampled(source, times * source.fps, fps=self._maker.fps), given)

    def _features(self, raw: Motion, given: Flags) -> Known:
        """Features of the given raw frames, (R,); the frame before each run tells its first speed."""
        parts: dict[int, Floats] = {}
        for start, stop in runs(given):
            before = min(start, 1)
            parts[start] = self._maker.encode(raw[start - before : stop])[before:]
        return Known.at(parts, len(raw), self._maker.width)

    def _raw(self, line: Timeline, number: int, known: Known | None = None) -> Motion:
        """The take of this number."""
        self._maker.breathe()
        known = self._known(line) if known is None else known
        return self._maker.make(line.pieces(), known, (self._seed + number * SEED_STEP) % 2**64)

    def _take(self, line: Timeline, number: int) -> Motion:
        """The same at the clip's rate."""
        return self._clipped(line, self._raw(line, number))

    def _clipped(self, line: Timeline, raw: Motion) -> Motion:
        return sampled(raw, line.raw_at(line.times), fps=self._fps)

    def _shown(
        self, line: Timeline, made: Motion, goal: Motion, kept: Flags, keys: list[tuple[int, Keyframe]],
        anchors: Sequence[Anchor],
    ) -> Motion:  # fmt: skip
        """The take made again knowing how its keyframes will look when they are reached."""
        bent = self._held(made, goal, kept, keys)(placed(made, anchors))
        times = line.raw_times
        raw = sampled(bent, times * self._fps, fps=self._maker.fps)
        near = np.zeros(len(raw), dtype=bool)
        for _, key in keys:
            near |= np.abs(times - key.seconds) <= AROUND_KEY_S
        near |= np.array([self._it.kept(float(t)) for t in times], dtype=bool)
        return self._clipped(line, self._raw(line, 0, self._features(raw, near)))

    def _pace(self, made: Motion, gaps: Sequence[Gap]) -> float:
        """At which pace this take would travel as far as it must."""
        legs = [(a.frame, b.frame, float(np.hypot(b.x - a.x, b.z - a.z))) for a, b in gaps]
        route = self._it.route or ()
        for a, b in zip(route, route[1:], strict=False):
            legs.append(
                (round(a.seconds * self._fps), round(b.seconds * self._fps), float(np.hypot(b.x - a.x, b.z - a.z)))
            )
        wanted = sum(far for _, _, far in legs)
        own = sum(float(np.linalg.norm((made.root[stop] - made.root[start])[[0, 2]])) for start, stop, _ in legs)
        speed = self._it.speed
        if min(wanted, own) < LEAST_TRAVEL:
            return speed
        least, most = max(SHORTEST_PACE * speed, MIN_PACE), min(LONGEST_PACE * speed, MAX_PACE)
        return float(np.clip(speed * wanted / own, least, most))

    # --- bending ---

    def _there(self, made: Motion, anchors: Sequence[Anchor], gaps: Sequence[Gap], goal: Motion) -> Motion:
        """What was made where it belongs."""
        if not anchors:
            if self._it.source is not None and self._it.path is None and self._it.route is None:
                return placed(made, [Anchor.of(0, goal.root[0], goal.rotations[0, 0])])
            return made
        apart, turned = left_over(made, gaps)
        if apart > NOTED_M or turned > NOTED_RAD:
            what = f"{apart:.2f} m and {np.degrees(turned):.0f} degrees"
            self.notes.append(f"{what} were spread over the new motion so that it arrives where it must")
        return placed(made, anchors)

    def _covered(self, gap: Gap) -> bool:
        """Whether there is a source all along."""
        source = self._it.source
        return source is not None and gap[1].frame / self._fps <= source.seconds + SAME_TIME_S and bool(self._it.keep)

    def _carried(self, motion: Motion, goal: Motion, gaps: Sequence[Gap]) -> Motion:
        """The motion with legs and way of the source between those anchors: who stands there would have to glide."""
        both = upper_over(goal, motion)
        for a, b in gaps:
            # A little more, so that speeds beside the seams are those of one motion.
            motion = with_frames(motion, both, _within(len(motion), a.frame - 1, b.frame + 1))
            times = f"{a.frame / self._fps:.1f} to {b.frame / self._fps:.1f} s"
            self.notes.append(f"from {times} legs and way are the source's: what was made there stays in one place")
        return motion

    def _led(self, motion: Motion) -> Motion:
        """The motion along its path or route, facing its heading."""
        it = self._it
        if it.path is not None:
            motion = along_path(motion, it.path)
        elif it.route is not None:
            frames = np.array([point.seconds for point in it.route]) * self._fps
            points = np.array([[point.x, point.z] for point in it.route])
            motion, stretch = along_route(motion, frames, points)
            if stretch > 1.2:
                self.notes.append(f"strides are {stretch:.1f} times as long as they were made, to be in time")
        elif it.heading is not None:
            return headed(motion, it.heading)
        return motion if it.heading is None else facing(motion, it.heading)

    def _approached(self, line: Timeline, goal: Motion, anchors: list[Anchor]) -> list[Anchor]:
        """The anchors and those that bring the body to where its hands and feet have to be."""
        it = self._it
        reaches = [_reach(one, self._fps) for one in it.goals if one.place]
        if not reaches or it.path is not None or it.route is not None or it.heading is not None:
            return anchors
        begin = [Anchor.of(0, goal.root[0], goal.rotations[0, 0])] if it.source is not None else []
        return approached(placed(canonical(self._take(line, 0)), anchors or begin), reaches, anchors)

    def _reached(self, motion: Motion, fixed: Flags) -> Motion:
        """The motion with its hands and feet at their goals; fixed: frames that stay, (T,)."""
        reaches = [_reach(goal, self._fps) for goal in self._it.goals]
        motion, ends = reached(motion, reaches, fixed=fixed, upper=self._it.part == "upper")
        for end in ends:
            if end.missed_m > NOTED_GOAL_M:
                what = f"the {end.reach.effector.replace('_', ' ')} stays {100 * end.missed_m:.0f} cm short of its goal"
                self.notes.append(f"{what} at {end.reach.first / self._fps:.1f} s: it is out of reach")
            elif end.speed > MAX_END_SPEED:
                what = f"the {end.reach.effector.replace('_', ' ')} moves at {end.speed:.0f} m/s"
                self.notes.append(f"{what} about its goal at {end.reach.first / self._fps:.1f} s: it has little time")
        return motion

    def _held(
        self, motion: Motion, goal: Motion, kept: Flags, keys: list[tuple[int, Keyframe]]
    ) -> Callable[..., Motion]:
        """What puts kept frames and keyframes where they must be, and bends the rest towards them."""
        wanted = kept.copy()
        for frame, _ in keys:
            wanted[frame] = True

        def held(motion: Motion, *, again: bool = False) -> Motion:
            motion = reaching(motion, goal, kept, fade_s=AGAIN_FADE_S if again else FADE_S)
            if not keys:
                return motion
            aim = _with_keys(goal, motion, kept, keys)
            most = float(np.linalg.norm(offsets(aim, motion)[wanted][:, :-3].reshape(-1, 22, 3), axis=-1).max())
            fade_s = (AGAIN_FADE_S if again else KEY_FADE_S) + KEY_FADE_RAD_S * most
            return reaching(motion, aim, wanted, fade_s=fade_s)

        return held


def _with_keys(goal: Motion, motion: Motion, kept: Flags, keys: list[tuple[int, Keyframe]]) -> Motion:
    """What must hold: the goal's kept frames and, in the motion's own place unless it counts, the keyframes."""
    rotations, root = motion.rotations.copy(), motion.root.copy()
    rotations[kept], root[kept] = goal.rotations[kept], goal.root[kept]
    for frame, key in keys:
        rotations[frame], root[frame] = key.rotations, key.root
        if not key.place:
            turn = heading_angle(motion.rotations[frame, 0]) - heading_angle(key.rotations[0])
            rotations[frame, 0] = quat_mul(quat_about("y", turn), key.rotations[0])
            root[frame, [0, 2]] = motion.root[frame, [0, 2]]
    aim = replace(motion, rotations=rotations, root=root)
    # Where a place does not count it is the one that leaves planted feet where they are.
    _, toe = planted_feet(motion)
    for frame, key in keys:
        feet = [j for j, down in zip(TOES, toe[frame], strict=True) if down] if not key.place else []
        if feet:
            away = (motion.positions[frame, feet] - aim.positions[frame, feet]).mean(0)
            root[frame, [0, 2]] += away[[0, 2]]
    return replace(aim, root=root)


def _reach(goal: Goal, fps: float) -> Reach:
    """A goal in frames."""
    first, last = round(goal.seconds * fps), round(goal.end_s * fps)
    ease = None if goal.ease_s is None else max(round(goal.ease_s * fps), 1)
    return Reach(goal.effector, first, last, goal.position, goal.rotation, goal.place, ease)


def _stays(take: Motion, a: Anchor, b: Anchor) -> bool:
    """Whether a take hardly goes where it would have to go far."""
    wanted = float(np.hypot(b.x - a.x, b.z - a.z))
    apart, _ = left_over(take, [(a, b)])
    return wanted > LEAST_TRAVEL and apart > MOST_CARRIED * wanted


def _within(frames: int, first: int, last: int) -> Flags:
    """Frames from one to another, both included, (T,)."""
    k = np.arange(frames)
    return np.asarray((k >= first) & (k <= last))


def _edges(kept: Flags) -> Flags:
    """Kept frames beside new ones, (T,)."""
    out = np.zeros(len(kept), dtype=bool)
    for start, stop in runs(kept):
        out[[start, stop - 1]] = True
    return out


def _anchors(goal: Motion, kept: Flags, keys: list[tuple[int, Keyframe]]) -> list[Anchor]:
    """Where the body is known to be: at both ends of what is kept, and at keyframes with a place."""
    found = {key_frame: Anchor.of(key_frame, key.root, key.rotations[0]) for key_frame, key in keys if key.place}
    for start, stop in runs(kept):
        for frame in (start, stop - 1):
            found[frame] = Anchor.of(frame, goal.root[frame], goal.rotations[frame, 0])
    return [found[frame] for frame in sorted(found)]


def _misfit(
    take: Motion, goal: Motion, kept: Flags, keys: list[tuple[int, Keyframe]], anchors: Sequence[Anchor],
    gaps: Sequence[Gap],
) -> float:  # fmt: skip
    """How far a take has to be bent: metres that are left over, a metre for a radian, and poses, radians a joint."""
    there = placed(take, anchors)
    apart, turned = left_over(take, gaps)
    cost = apart + turned
    for frame, key in keys:
        aim = _with_keys(goal, there, kept, [(frame, key)])
        turns = offsets(aim, there)[frame, :-3].reshape(-1, 3)
        cost += float(np.linalg.norm(turns, axis=-1).mean())
    return cost


def rate_of(composition: Composition, bundle_fps: float) -> float:
    """Frames a second of the result."""
    if composition.fps is not None:
        return composition.fps
    return bundle_fps if composition.source is None else composition.source.fps
