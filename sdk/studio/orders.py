"""What the page asks for, read: every fault is an InvalidInput that names the field as the page knows it.

The page's order is one JSON object:

    {"beats": [{"text": str, "seconds": number, "affect": AFFECT}], "seed": str | null, "plan": str, ...}

AFFECT is {"weights": {name: share}, "intensity": 0..1}, or null for neutral. Seeds are strings, for they may be larger
than what a page's numbers hold.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from sdk.client import Options
from sdk.emotion import Affect, emotion_named
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array
from sdk.motion.skeleton import NUM_JOINTS
from sdk.post import Post
from sdk.runtime.composition import Beat, Composition, Goal, Keyframe, Part, Span, Waypoint
from sdk.runtime.limits import MAX_BEATS, MAX_FELT, MAX_SPANS
from sdk.runtime.track import MAX_KEYS, AffectTrack, Segment

MAX_POINTS = 512


COMPOSED = (
    "track", "keep", "keyframes", "goals", "path", "route", "heading", "part", "loop", "speed", "post", "source",
)  # fmt: skip
"""Wishes that ComposeService alone can grant."""


def needs_composing(order: Mapping[str, Any]) -> bool:
    """Whether an order is more than one thing done with one feeling."""
    return len(listed(order, "beats", most=MAX_BEATS)) > 1 or any(_wished(key, order.get(key)) for key in COMPOSED)


def _wished(key: str, value: Any) -> bool:
    if key == "heading":  # 0 is straight ahead
        return value is not None
    return bool(value) and value not in (("whole",) if key == "part" else (1,) if key == "speed" else ())


def simple_of(order: Mapping[str, Any]) -> tuple[str, Options]:
    """Text and options for `Client.generate`. Raises InvalidInput; ranges are for the server to judge."""
    beats = listed(order, "beats", most=MAX_BEATS)
    if len(beats) != 1:
        raise InvalidInput(f"this server makes one beat a clip, got {len(beats)}", field="beats")
    beat = beat_of(beats[0], "beats.0")
    return beat.text, Options(
        affect=beat.affect or Affect.neutral(), seconds=beat.seconds, seed=seed_of(order.get("seed")),
        plan=name_of(order, "plan"), generator=name_of(order, "generator"), fps=optional(order, "fps"),
    )  # fmt: skip


def composition_of(order: Mapping[str, Any], source: Motion | None) -> Composition:
    """What `Client.compose` takes; source: the motion that came with the order. Raises InvalidInput."""
    post, way = order.get("post") or {}, order.get("path")
    if not isinstance(post, dict):
        raise InvalidInput("post must be an object", field="post")
    beats = [beat_of(beat, f"beats.{k}") for k, beat in enumerate(listed(order, "beats", most=MAX_BEATS))]
    track = track_of(listed(order, "track", most=MAX_KEYS))
    route = [_waypoint(at, f"route.{k}") for k, at in enumerate(listed(order, "route", most=MAX_POINTS))]
    return Composition(
        # Feelings stand in the track where there is one, never in both.
        beats=beats if track is None else [replace(beat, affect=None) for beat in beats],
        track=track, seed=seed_of(order.get("seed")), plan=name_of(order, "plan"),
        generator=name_of(order, "generator"), fps=optional(order, "fps"), source=source,
        felt=[_felt(span, f"felt.{k}") for k, span in enumerate(listed(order, "felt", most=MAX_FELT))],
        keep=[_span(span, f"keep.{k}") for k, span in enumerate(listed(order, "keep", most=MAX_SPANS))],
        keyframes=[_key(key, f"keyframes.{k}") for k, key in enumerate(listed(order, "keyframes", most=MAX_POINTS))],
        goals=[_goal(goal, f"goals.{k}") for k, goal in enumerate(listed(order, "goals", most=MAX_POINTS))],
        path=np.array(points_of(way, "path")) if way else None, route=route or None,
        heading=optional(order, "heading"), part=cast(Part, order.get("part") or "whole"), loop=flag(order, "loop"),
        speed=number(order.get("speed", 1.0), "speed"),
        post=Post(
            lock_feet=flag(post, "lock_feet"), ground=flag(post, "ground"),
            smooth=number(post.get("smooth", 0.0), "post.smooth"),
        ),
    )  # fmt: skip


def track_of(keys: Sequence[Any]) -> AffectTrack | None:
    """An emotion track of [{"seconds": number, "affect": AFFECT}]; None for no key. Raises InvalidInput."""
    if not keys:
        return None
    read = [mapping_of(key, f"track.{k}") for k, key in enumerate(keys)]
    return AffectTrack(
        [number(key.get("seconds"), f"track.{k}.seconds") for k, key in enumerate(read)],
        [affect_of(key.get("affect"), f"track.{k}.affect") for k, key in enumerate(read)],
    )


def points_of(stated: Any, field: str) -> list[tuple[float, float]]:
    """Places (x, z) on the ground, metres. Raises InvalidInput."""
    if not isinstance(stated, list) or not 2 <= len(stated) <= MAX_POINTS:
        raise InvalidInput(f"{field} needs 2 to {MAX_POINTS} points", field=field)
    for place in stated:
        if not isinstance(place, list) or len(place) != 2:
            raise InvalidInput(f"a point of {field} is two numbers, x and z", field=field)
    return [(number(x, field), number(z, field)) for x, z in stated]


def mapping_of(stated: Any, field: str) -> dict[str, Any]:
    """An object. Raises InvalidInput."""
    if not isinstance(stated, dict):
        raise InvalidInput(f"{field} must be an object", field=field)
    return stated


def _waypoint(stated: Any, field: str) -> Waypoint:
    at = mapping_of(stated, field)
    return Waypoint(*(number(at.get(key), f"{field}.{key}") for key in ("seconds", "x", "z")))


def _felt(stated: Any, field: str) -> Segment:
    """A span as a take's tags tell it."""
    span = mapping_of(stated, field)
    start, end = (number(span.get(key), f"{field}.{key}") for key in ("start_s", "end_s"))
    return Segment(start, end, affect_of(span, field))


def _span(stated: Any, field: str) -> Span:
    if not isinstance(stated, list) or len(stated) != 2:
        raise InvalidInput("a span is two numbers, its start and its end in seconds", field=field)
    return Span(*(number(end, field) for end in stated))


def _key(stated: Any, field: str) -> Keyframe:
    key = mapping_of(stated, field)
    try:
        rotations = np.array(key.get("rotations"), dtype=float).reshape(NUM_JOINTS, 4)
        root = np.array(key.get("root"), dtype=float).reshape(3)
    except (TypeError, ValueError):
        raise InvalidInput("a keyframe needs rotations (22, 4) and root (3)", field=field) from None
    return Keyframe(number(key.get("seconds"), f"{field}.seconds"), rotations, root, flag(key, "place"))


def _goal(stated: Any, field: str) -> Goal:
    goal = mapping_of(stated, field)
    turn = goal.get("rotation")
    return Goal(
        name_of(goal, "effector") or "", number(goal.get("seconds"), f"{field}.seconds"),
        _numbers(goal.get("position"), f"{field}.position", 3),
        None if turn is None else _numbers(turn, f"{field}.rotation", 4),
        number(goal.get("hold", 0.0), f"{field}.hold"), flag(goal, "place"), optional(goal, "ease"),
    )  # fmt: skip


def _numbers(stated: Any, field: str, count: int) -> Array:
    if not isinstance(stated, list) or len(stated) != count:
        raise InvalidInput(f"{field} is {count} numbers", field=field)
    return np.array([number(value, field) for value in stated])


def beat_of(stated: Any, field: str) -> Beat:
    """A beat. Raises InvalidInput."""
    beat = mapping_of(stated, field)
    text = beat.get("text")
    if not isinstance(text, str) or not text.strip():
        message = 'say what the character does, e.g. "a person walks forward"'
        raise InvalidInput(message, field=f"{field}.text")
    affect, seconds = affect_of(beat.get("affect"), f"{field}.affect"), number(beat.get("seconds"), f"{field}.seconds")
    try:
        return Beat(text, affect, seconds)
    except InvalidInput as error:
        raise InvalidInput(str(error), field=error.field.replace("beats", field, 1)) from None


def affect_of(stated: Any, field: str) -> Affect:
    """An affect; None is neutral. Raises InvalidInput."""
    if stated is None:
        return Affect.neutral()
    if not isinstance(stated, dict) or not isinstance(stated.get("weights"), dict):
        raise InvalidInput('an affect is {"weights": {name: share}, "intensity": 0..1}', field=field)
    weights: dict[Any, float] = {}
    for name, share in stated["weights"].items():
        place = f"{field}.weights.{name[:40]}"
        try:
            emotion = emotion_named(name)[0]
        except InvalidInput as error:
            raise InvalidInput(str(error), field=place) from None
        weights[emotion] = weights.get(emotion, 0.0) + number(share, place)
    intensity = number(stated.get("intensity", 1.0), f"{field}.intensity")
    try:
        return Affect(weights, intensity)
    except InvalidInput as error:
        raise InvalidInput(str(error), field=error.field.replace("affect", field, 1)) from None


def affect_json(affect: Affect) -> dict[str, Any]:
    """The way back."""
    return {"weights": {e.label: w for e, w in affect.weights.items()}, "intensity": affect.intensity}


def seed_of(stated: Any) -> int | None:
    """A seed, or None where the server is to draw one. Raises InvalidInput."""
    if stated is None or stated == "":
        return None
    if isinstance(stated, bool) or not isinstance(stated, int | str) or not str(stated).strip().isdecimal():
        raise InvalidInput("a seed is a whole number, 0 or more", field="seed")
    return int(str(stated)[:40])


def name_of(order: Mapping[str, Any], key: str) -> str | None:
    """A name, or None for none. Raises InvalidInput."""
    found = order.get(key)
    if found is not None and not isinstance(found, str):
        raise InvalidInput(f"{key} must be a name", field=key)
    return found or None


def number(stated: Any, field: str) -> float:
    """A finite number. Raises InvalidInput."""
    if isinstance(stated, bool) or not isinstance(stated, int | float) or not math.isfinite(stated):
        raise InvalidInput(f"{field.rpartition('.')[2]} must be a number", field=field)
    return float(stated)


def optional(order: Mapping[str, Any], key: str) -> float | None:
    """A finite number, or None where there is none. Raises InvalidInput."""
    return None if order.get(key) is None else number(order[key], key)


def flag(order: Mapping[str, Any], key: str) -> bool:
    """Yes or no; no where there is none. Raises InvalidInput."""
    found = order.get(key, False)
    if not isinstance(found, bool):
        raise InvalidInput(f"{key} must be true or false", field=key)
    return found


def listed(order: Mapping[str, Any], key: str, *, most: int) -> Sequence[Any]:
    """A list, empty where there is none. Raises InvalidInput."""
    found = order.get(key) or []
    if not isinstance(found, list) or len(found) > most:
        raise InvalidInput(f"{key} must be a list of at most {most}", field=key)
    return found
