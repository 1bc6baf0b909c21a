"""What a composition cannot ask for: each thing by itself, and what contradicts what. No model is needed to say so.

Metres, seconds, radians; seconds count from the first frame of the composed clip.
"""

import math
from typing import TYPE_CHECKING

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion.rotations import Array, quat_angle
from sdk.runtime import limits
from sdk.runtime.limits import SAME_TIME_S, check_place, check_range
from sdk.runtime.track import MAX_SECONDS

if TYPE_CHECKING:  # compositions import this module
    from sdk.runtime.composition import Composition, Goal, Keyframe, Span, Waypoint

PARTS = ("whole", "upper")


def check_composition(it: "Composition") -> None:
    """Raises InvalidInput, naming the field, for a composition that cannot be made."""
    _check_beats(it)
    _check_numbers(it)
    _check_source(it)
    _check_keyframes(it)
    _check_goals(it)
    _check_way(it)


def _check_beats(it: "Composition") -> None:
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


def _check_numbers(it: "Composition") -> None:
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


def _check_source(it: "Composition") -> None:
    source = it.source
    if source is None:
        for name, wish in (("keep names spans", it.keep), ("felt tells feelings", it.felt)):
            if wish:
                raise InvalidInput(f"{name} of a source; give one", field="source")
        if it.part == "upper":
            raise InvalidInput("part upper needs a source, whose legs and way stay", field="source")
        return
    check_range("source.fps", source.fps, limits.MIN_FPS, limits.MAX_FPS)
    if not 2 <= len(source) <= limits.MAX_SOURCE_FRAMES:
        message = f"a source has 2..{limits.MAX_SOURCE_FRAMES} frames, got {len(source)}"
        raise InvalidInput(message, field="source")
    check_place("source", source.root)
    _check_felt(it)
    if it.part == "upper" and source.seconds < it.seconds - 1 / source.fps - SAME_TIME_S:
        message = f"part upper lasts as long as its source at most: {source.seconds:g} s, the beats {it.seconds:g} s"
        raise InvalidInput(message, field="beats")
    if it.loop and it.keep:
        raise InvalidInput("loop changes where the clip begins; it cannot keep spans as they are", field="loop")
    if it.loop and it.part == "upper":
        raise InvalidInput("loop is for whole bodies; loop the source first, then change its upper part", field="loop")
    _check_keep(it, min(source.seconds, it.seconds))


def _check_felt(it: "Composition") -> None:
    if len(it.felt) > limits.MAX_FELT:
        raise InvalidInput(f"felt has at most {limits.MAX_FELT} spans, got {len(it.felt)}", field="felt")
    before = 0.0
    for span in it.felt:
        if not before <= span.start_s < span.end_s <= MAX_SECONDS:
            message = f"spans of felt must be sorted and apart within {before:g}..{MAX_SECONDS:g} s"
            raise InvalidInput(f"{message}, got {span.start_s:g}..{span.end_s:g} s", field="felt")
        before = span.end_s


def _check_keep(it: "Composition", end: float) -> None:
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


def _check_keyframes(it: "Composition") -> None:
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


def _check_pair(a: "Keyframe", b: "Keyframe") -> None:
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


def _check_goals(it: "Composition") -> None:
    if len(it.goals) > limits.MAX_GOALS:
        raise InvalidInput(f"goals are at most {limits.MAX_GOALS}, got {len(it.goals)}", field="goals")
    if it.goals and it.loop:
        raise InvalidInput("a loop has no goals: a cut for it is searched in what is made", field="goals")
    last: dict[str, Goal] = {}
    for goal in sorted(it.goals, key=lambda goal: goal.seconds):
        _check_goal(it, goal)
        if goal.effector in last:
            _check_way_between(last[goal.effector], goal)
        last[goal.effector] = goal


def _check_goal(it: "Composition", goal: "Goal") -> None:
    begin, end = goal.seconds, goal.end_s
    what = f"the goal of {goal.effector} at {begin:g}..{end:g} s"
    if it.part == "upper" and goal.effector.endswith("ankle"):
        raise InvalidInput(f"{what} is a foot's; part upper keeps the legs of the source", field="goals.effector")
    if end > it.seconds + SAME_TIME_S:
        message = f"{what} does not lie inside the clip, which lasts {it.seconds:g} s"
        raise InvalidInput(message, field="goals.seconds" if begin > it.seconds + SAME_TIME_S else "goals.hold_s")
    for span in it.keep:
        if begin <= span.end_s + SAME_TIME_S and span.start_s <= end + SAME_TIME_S:
            message = f"{what} touches the kept span {span.start_s:g}..{span.end_s:g} s, which does not change"
            raise InvalidInput(message, field="goals.seconds")
    for key in it.keyframes:
        if begin - SAME_TIME_S <= key.seconds <= end + SAME_TIME_S:
            message = f"{what} is held over the keyframe at {key.seconds:g} s, which says where all joints are"
            raise InvalidInput(message, field="goals.seconds")


def _check_way_between(a: "Goal", b: "Goal") -> None:
    """Refuse two goals of one effector that overlap or between which it cannot move."""
    gap = b.seconds - a.end_s
    what = f"the goals of {a.effector} at {a.seconds:g} and {b.seconds:g} s"
    if gap <= SAME_TIME_S:
        message = f"{what} overlap: the first is held until {a.end_s:g} s"
        raise InvalidInput(message, field="goals.seconds")
    if a.place != b.place:  # how far they are apart only the motion can tell
        return
    pace = float(np.linalg.norm(b.position - a.position)) / gap
    if pace > limits.MAX_END_SPEED:
        limit = f"at most {limits.MAX_END_SPEED:g} are possible"
        message = f"{what} contradict each other: it would have to move at {pace:.1f} m/s, {limit}"
        raise InvalidInput(message, field="goals")


def _check_way(it: "Composition") -> None:
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
    check_place("path", points)
    if float(np.linalg.norm(np.diff(points, axis=0), axis=-1).sum()) < 0.01:
        raise InvalidInput("path leads nowhere: all its points are the same", field="path")


def _check_route(it: "Composition") -> None:
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
