"""Compositions as JSON, for a clip's sidecar, and as YAML or JSON files that people write.

    beats:
      - {text: a person walks forward, emotion: joy, seconds: 3}
      - {text: a person waves, emotion: "joy:0.6,trust:0.4", intensity: 1, seconds: 2}
    seed: 7
    source: walk.glb          # relative to the file
    keep: [[0, 1.5]]
    path: [[0, 0], [0, 2], [2, 3]]
    goals: [{effector: right_wrist, seconds: 4, hold_s: 0.5, position: [-0.3, 1.4, 0.4]}]

What `composition_to_object` writes holds everything, the source's frames too, exactly: the same object is the same
motion. Unknown keys are refused.
"""

import base64
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.motion import Motion
from sdk.motion.skeleton import NUM_JOINTS
from sdk.post import Post
from sdk.runtime.composition import Beat, Composition, Goal, Keyframe, Span, Waypoint
from sdk.runtime.track import AffectTrack, Segment

FORMAT = "emomotion.composition/1"
KEYS = (
    "format", "beats", "track", "seed", "plan", "generator", "fps", "source", "felt", "keep", "keyframes", "goals",
    "path", "route", "heading", "part", "loop", "speed", "post",
)  # fmt: skip
MOST_PACKED = 32 << 20
"""A source's frames unpack to no more than this, bytes."""
Read = Callable[[Path], Motion]
ReadFelt = Callable[[Path], Sequence[Segment]]


def composition_to_object(it: Composition) -> dict[str, Any]:
    """A composition as JSON values, complete and stable: equal compositions give equal objects."""
    out: dict[str, Any] = {"format": FORMAT, "beats": [_beat_to_object(beat) for beat in it.beats]}
    if it.track is not None:
        keys = zip(it.track.seconds, it.track.affects, strict=True)
        out["track"] = [{"seconds": float(at), **_affect_to_object(affect)} for at, affect in keys]
    for name in ("seed", "plan", "generator", "fps", "heading"):
        if getattr(it, name) is not None:
            out[name] = getattr(it, name)
    if it.source is not None:
        out["source"] = _motion_to_object(it.source)
    if it.felt:
        out["felt"] = [
            {"start_s": float(s.start_s), "end_s": float(s.end_s), **_affect_to_object(s.affect)} for s in it.felt
        ]
    if it.keep:
        out["keep"] = [[float(span.start_s), float(span.end_s)] for span in it.keep]
    if it.keyframes:
        out["keyframes"] = [
            {"seconds": float(k.seconds), "rotations": k.rotations.tolist(), "root": k.root.tolist(), "place": k.place}
            for k in it.keyframes
        ]
    if it.goals:
        out["goals"] = [_goal_to_object(goal) for goal in it.goals]
    if it.path is not None:
        out["path"] = it.path.tolist()
    if it.route is not None:
        out["route"] = [{"seconds": float(p.seconds), "x": float(p.x), "z": float(p.z)} for p in it.route]
    out |= {"part": it.part, "loop": it.loop, "speed": float(it.speed)}
    out["post"] = {"lock_feet": it.post.lock_feet, "ground": it.post.ground, "smooth": float(it.post.smooth)}
    return out


def composition_from_object(
    value: Any, *, read: Read | None = None, felt: ReadFelt | None = None, folder: Path = Path()
) -> Composition:
    """The composition of decoded JSON or YAML. Raises InvalidInput naming the field.

    read: reads a motion from a file, for sources and keyframes that name one relative to `folder`; without it none may.
    felt: reads what such a source feels, unless the composition says so itself.
    """
    given = _mapping(value, "composition", KEYS)
    if given.get("format", FORMAT) != FORMAT:
        raise InvalidInput(f"format is {str(given['format'])[:40]!r}; this version reads {FORMAT}", field="format")
    files = _Files(read, felt, folder)
    try:
        return Composition(
            beats=[_beat(beat, k) for k, beat in enumerate(_list(given.get("beats"), "beats"))],
            track=_track(given["track"]) if given.get("track") is not None else None,
            seed=_whole(given.get("seed"), "seed"),
            plan=given.get("plan"),
            generator=given.get("generator"),
            fps=_number(given.get("fps"), "fps"),
            source=files.source(given["source"]) if given.get("source") is not None else None,
            felt=files.felt(given),
            keep=[_span(span, k) for k, span in enumerate(_list(given.get("keep", []), "keep"))],
            keyframes=[files.keyframe(key, k) for k, key in enumerate(_list(given.get("keyframes", []), "keyframes"))],
            goals=[files.goal(goal, k) for k, goal in enumerate(_list(given.get("goals", []), "goals"))],
            path=_points(given["path"]) if given.get("path") is not None else None,
            route=[_waypoint(p, k) for k, p in enumerate(_list(given["route"], "route"))] if "route" in given else None,
            heading=_number(given.get("heading"), "heading"),
            part=given.get("part", "whole"),
            loop=_flag(given.get("loop", False), "loop"),
            speed=_number(given.get("speed", 1.0), "speed") or 0.0,
            post=_post(given.get("post", {})),
        )
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, (InvalidInput, MalformedFile)):
            raise
        raise InvalidInput(f"the composition holds a value of the wrong kind: {error}", field="composition") from None


def read_composition(path: Path, *, read: Read, felt: ReadFelt | None = None) -> Composition:
    """The composition of a .yaml, .yml or .json file; `read` reads motions that it names, `felt` what a source feels.

    Raises InvalidInput, MalformedFile.
    """
    if path.suffix.lower() not in (".yaml", ".yml", ".json"):
        known = ".yaml, .yml, .json"
        raise InvalidInput(f"compositions of file type {path.suffix!r} cannot be read; known: {known}", field="script")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"cannot read {path.name}: {error}", field="script") from None
    try:
        value = json.loads(text) if path.suffix.lower() == ".json" else yaml.safe_load(text)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise MalformedFile(f"{path.name} cannot be read: {' '.join(str(error).split())[:200]}") from None
    return composition_from_object(value, read=read, felt=felt, folder=path.parent)


class _Files:
    """Motions that a composition holds or names."""

    def __init__(self, read: Read | None, felt: ReadFelt | None, folder: Path) -> None:
        self._read, self._felt, self._folder = read, felt, folder

    def source(self, value: Any, field: str = "source") -> Motion:
        if isinstance(value, str):
            if self._read is None:
                raise InvalidInput(f"{field} names a file; here the frames themselves are needed", field=field)
            return self._read(self._folder / value)
        given = _mapping(value, field, ("fps", "frames", "data"))
        frames = _whole(given.get("frames"), f"{field}.frames") or 0
        wide = NUM_JOINTS * 4 + 3
        try:
            packed = base64.b64decode(str(given.get("data", "")), validate=True)
            numbers = np.frombuffer(zlib.decompressobj().decompress(packed, MOST_PACKED), dtype="<f4")
        except (ValueError, zlib.error):
            raise InvalidInput(f"{field}.data is damaged: it must be base64 of deflated float32", field=field) from None
        if frames < 1 or len(numbers) != frames * wide:
            raise InvalidInput(
                f"{field}.data holds {len(numbers)} numbers, {frames} frames need {frames * wide}", field=field
            )
        table = numbers.astype(np.float64).reshape(frames, wide)
        rotations = table[:, :-3].reshape(frames, NUM_JOINTS, 4)
        return Motion(rotations, table[:, -3:].copy(), _number(given.get("fps"), f"{field}.fps") or 0.0)

    def felt(self, given: Mapping[str, Any]) -> Sequence[Segment]:
        """What is felt in the source: as the composition says, or as the source's own file does."""
        if given.get("felt") is not None:
            return [_segment(span, k) for k, span in enumerate(_list(given["felt"], "felt"))]
        source = given.get("source")
        return self._felt(self._folder / source) if self._felt and isinstance(source, str) else ()

    def keyframe(self, value: Any, number: int) -> Keyframe:
        """Its own pose, or that of a file at a moment: {seconds: 2, pose: bow.glb, at: 1.5}."""
        name = f"keyframes.{number}"
        given = _mapping(value, name, ("seconds", "rotations", "root", "place", "pose", "at"))
        seconds = _number(given.get("seconds"), f"{name}.seconds") or 0.0
        place = _flag(given.get("place", False), f"{name}.place")
        if "pose" in given:
            motion = self.source(given["pose"], f"{name}.pose")
            return Keyframe.of(motion, _number(given.get("at", 0.0), f"{name}.at") or 0.0, at=seconds, place=place)
        return Keyframe(seconds, np.array(given.get("rotations"), float), np.array(given.get("root"), float), place)

    def goal(self, value: Any, number: int) -> Goal:
        """Its own place, or that of hand or foot in a file: {effector: left_wrist, seconds: 2, from: bow.glb, at: 1.5}.

        There `turned` says whether how it is turned counts too.
        """
        name = f"goals.{number}"
        own, taken = ("position", "rotation"), ("from", "at", "turned")
        given = _mapping(value, name, ("effector", "seconds", "hold_s", "place", "ease_s", *own, *taken))
        effector = str(given.get("effector"))
        seconds, hold_s, at = (
            _number(given.get(key, 0.0), f"{name}.{key}") or 0.0 for key in ("seconds", "hold_s", "at")
        )
        ease_s = _number(given.get("ease_s"), f"{name}.ease_s")
        place, turned = (_flag(given.get(key, False), f"{name}.{key}") for key in ("place", "turned"))
        both = [key for key in (own if "from" in given else taken) if key in given]
        if both:
            message = f"{name} has {both[0]}; give either position and rotation, or from, at and turned"
            raise InvalidInput(message, field="goals")
        if "from" in given:
            motion = self.source(given["from"], f"{name}.from")
            return Goal.of(motion, effector, at, at=seconds, hold_s=hold_s, place=place, turned=turned, ease_s=ease_s)
        position, rotation = given.get("position"), given.get("rotation")
        turn = None if rotation is None else np.array(rotation, float)
        return Goal(effector, seconds, np.array(position, float), turn, hold_s, place, ease_s)


def _goal_to_object(goal: Goal) -> dict[str, Any]:
    out: dict[str, Any] = {"effector": goal.effector, "seconds": float(goal.seconds), "hold_s": float(goal.hold_s)}
    out |= {"position": goal.position.tolist(), "place": goal.place}
    if goal.rotation is not None:
        out["rotation"] = goal.rotation.tolist()
    return out if goal.ease_s is None else {**out, "ease_s": float(goal.ease_s)}


def _motion_to_object(motion: Motion) -> dict[str, Any]:
    table = np.concatenate([motion.rotations.reshape(len(motion), -1), motion.root], -1)
    packed = zlib.compress(np.ascontiguousarray(table, dtype="<f4").tobytes(), 9)
    return {"fps": motion.fps, "frames": len(motion), "data": base64.b64encode(packed).decode()}


def _beat_to_object(beat: Beat) -> dict[str, Any]:
    return {
        "text": beat.text,
        "seconds": beat.seconds,
        **({} if beat.affect is None else _affect_to_object(beat.affect)),
    }


def _affect_to_object(affect: Affect) -> dict[str, Any]:
    return {"weights": {e.label: weight for e, weight in affect.weights.items()}, "intensity": affect.intensity}


def _affect(given: Mapping[str, Any], field: str) -> Affect | None:
    """The affect of an entry that has `weights` or `emotion`, with or without intensity."""
    intensity = _number(given.get("intensity"), f"{field}.intensity")
    if given.get("weights") is not None:
        weights = _mapping(given["weights"], f"{field}.weights", [e.label for e in Emotion])
        named = {Emotion[name.upper()]: _number(w, f"{field}.weights") or 0.0 for name, w in weights.items()}
        return Affect(named) if intensity is None else Affect(named, intensity)
    if given.get("emotion") is not None:
        return Affect.of(str(given["emotion"]), intensity)
    if intensity is not None:
        raise InvalidInput(f"{field}: intensity says how strongly an emotion is felt; add emotion", field=field)
    return None


def _beat(value: Any, number: int) -> Beat:
    name = f"beats.{number}"
    given = _mapping(value, name, ("text", "seconds", "emotion", "weights", "intensity"))
    if "text" not in given or "seconds" not in given:
        raise InvalidInput(f"{name} needs text and seconds", field="beats")
    return Beat(str(given["text"]), _affect(given, name), _number(given["seconds"], f"{name}.seconds") or 0.0)


def _track(value: Any) -> AffectTrack:
    keys = [
        _mapping(key, f"track.{k}", ("seconds", "emotion", "weights", "intensity"))
        for k, key in enumerate(_list(value, "track"))
    ]
    seconds = [_number(key.get("seconds"), "track.seconds") or 0.0 for key in keys]
    return AffectTrack(seconds, [_affect(key, f"track.{k}") or Affect.neutral() for k, key in enumerate(keys)])


def _span(value: Any, number: int) -> Span:
    pair = _list(value, f"keep.{number}")
    if len(pair) != 2:
        raise InvalidInput(f"keep.{number} is a pair [start, end] in seconds, got {len(pair)} values", field="keep")
    start, end = (_number(v, f"keep.{number}") or 0.0 for v in pair)
    return Span(start, end)


def _segment(value: Any, number: int) -> Segment:
    name = f"felt.{number}"
    given = _mapping(value, name, ("start_s", "end_s", "emotion", "weights", "intensity"))
    start, end = (_number(given.get(key, 0.0), f"{name}.{key}") or 0.0 for key in ("start_s", "end_s"))
    return Segment(start, end, _affect(given, name) or Affect.neutral())


def _waypoint(value: Any, number: int) -> Waypoint:
    given = _mapping(value, f"route.{number}", ("seconds", "x", "z"))
    seconds, x, z = (_number(given.get(key, 0.0), f"route.{number}.{key}") or 0.0 for key in ("seconds", "x", "z"))
    return Waypoint(seconds, x, z)


def _points(value: Any) -> Any:
    try:
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput("path is a list of points [x, z] in metres", field="path") from None


def _post(value: Any) -> Post:
    given = _mapping(value, "post", ("lock_feet", "ground", "smooth"))
    lock, ground = (_flag(given.get(name, False), f"post.{name}") for name in ("lock_feet", "ground"))
    return Post(lock, ground, _number(given.get("smooth", 0.0), "post.smooth") or 0.0)


def _mapping(value: Any, field: str, known: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{field} must hold names with values, such as {known[0]}", field=field)
    unknown = [str(key) for key in value if key not in known]
    if unknown:
        raise InvalidInput(f"{field} has no {unknown[0][:40]!r}; known: {', '.join(known)}", field=field)
    return value


def _list(value: Any, field: str) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise InvalidInput(f"{field} must be a list", field=field)
    return value


def _number(value: Any, field: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidInput(f"{field} must be a number, got {str(value)[:40]!r}", field=field)
    return float(value)


def _whole(value: Any, field: str) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise InvalidInput(f"{field} must be a whole number, got {str(value)[:40]!r}", field=field)
    return value


def _flag(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput(f"{field} must be true or false, got {str(value)[:40]!r}", field=field)
    return value
