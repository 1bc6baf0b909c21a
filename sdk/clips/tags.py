"""What a clip says about itself: the object "sdk.emotion/1", its JSON Schema and the sidecar file that holds it.

The sidecar `<clip file>.emotion.json` is the source of truth; formats that can carry tags hold copies of it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from sdk.clips.curves import emotion_curves, stated_curves
from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_angle
from sdk.runtime.track import AffectTrack, Segment

SCHEMA = "sdk.emotion/1"
CLOSED_RAD = 2e-3
"""A loop's last pose nearer to its first than this is the same pose again."""
SIDECAR_SUFFIX = ".emotion.json"
UNITS = {"m": "metres", "cm": "centimetres"}
UPS = {"y": "Y up, faces +Z", "z": "Z up, faces -Y"}
OPTION_FACTS = ("unit", "rest", "up", "body", "model_sha256")
FLAT_KEYS = ("label", "intensity", "prompt", "seed", "licence", "synthetic")
"""Fields that also stand alone, as the strings `emotion_<name>`, for readers that cannot parse JSON."""

_KNOWN = frozenset(
    ("schema clip label weights valence arousal intensity segments requested curves prompt seed plan model generator "
     "postprocess loop root_motion expression_map composition made_with licence dataset_licences synthetic").split()
)  # fmt: skip


@dataclass(frozen=True)
class ClipFacts:
    """The file a set of tags was read with. `file` and `sha256` are empty for tags from inside a clip.

    options: the other facts of the file, such as "unit" and "rest"; see `sdk.clips.options.WriteOptions`.
    """

    format: str
    fps: float
    frames: int
    file: str = ""
    sha256: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ClipTags:
    """How a clip was made and what it feels: enough, with the bundle, to make it again.

    requested: the affect asked for; applied: the one really used. seconds, fps: as requested, None where left open.
    bundle_sha256: 64 hexadecimal digits, "" if unknown. track: how the affect changes over time; segments: the same as
    spans, taken from the track if empty; without both `applied` holds throughout. postprocess: (name, parameters) of
    each step after generation. composition: what was composed, as JSON, if it was. made_with: versions of what made
    it. extra: fields this version does not know, kept as they were read. clip: set by the readers only; writers take
    these facts from the motion.
    """

    prompt: str
    requested: Affect
    applied: Affect
    seed: int
    plan: str
    licence: str
    generator: str = "emo-mask"
    bundle_sha256: str = ""
    model_name: str = ""
    model_version: str = ""
    seconds: float | None = None
    fps: float | None = None
    valence: float | None = None
    arousal: float | None = None
    root_motion: Literal["travel", "in_place"] = "travel"
    loop: bool = False
    synthetic: bool = True
    dataset_licences: tuple[str, ...] = ()
    track: AffectTrack | None = None
    segments: tuple[Segment, ...] = ()
    postprocess: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    composition: Mapping[str, Any] | None = None
    made_with: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    clip: ClipFacts | None = None


def sidecar_path(clip: Path) -> Path:
    """Where the sidecar of a clip lies. The clip's suffix stays in the name: walk.glb and walk.bvh have one each."""
    return clip if clip.name.endswith(SIDECAR_SUFFIX) else clip.with_name(clip.name + SIDECAR_SUFFIX)


def describe(
    tags: ClipTags, motion: Motion, *, clip_format: str, file: str = "", sha256: str = "",
    options: Mapping[str, Any] | None = None, expressions: Mapping[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The object "sdk.emotion/1" of a clip, valid by the schema; without `file` the form that stands inside a clip.

    options: facts of the file such as unit and rest pose. expressions: emotion -> expression that shows it, if any do.
    Raises InvalidInput, which names the field.
    """
    options = options or {}
    try:
        tags.prompt.encode()
    except UnicodeEncodeError:
        raise InvalidInput("prompt holds bytes that are not text; pass it as UTF-8", field="text") from None
    duration = round(motion.seconds, 6)
    clip: dict[str, Any] = {
        "format": clip_format,
        "fps": _rounded(motion.fps),
        "frames": len(motion),
        "duration_s": duration,
        "joints": list(motion.skeleton.names),
        "frame_convention": (
            f"right-handed, {UPS[options.get('up', 'y')]}, {UNITS[options.get('unit', 'm')]}; "
            "local rotations xyzw relative to the T-pose"
        ),
        **options,
    }
    if tags.loop:
        clip["period_s"] = _period(motion)
    if file:
        clip |= {"file": file, "sha256": sha256}
    segments = tags.segments or _spans(tags, duration)
    curves = emotion_curves(tags, len(motion), motion.fps)
    tagged: dict[str, Any] = {
        **tags.extra,
        "schema": SCHEMA,
        "clip": clip,
        **_affect(tags.applied),
        "valence": _rounded(tags.valence),
        "arousal": _rounded(tags.arousal),
        "segments": [
            {"start_s": _rounded(s.start_s), "end_s": _rounded(s.end_s), **_affect(s.affect)} for s in segments
        ],
        # Rounded shares would not always give the same tokens again, so the request alone is exact.
        "requested": {
            **_affect(tags.requested, exact=True),
            "seconds": tags.seconds,
            "fps": tags.fps,
            **_stated_track(tags.track),
        },
        "curves": stated_curves(curves, clip["fps"]),
        "prompt": tags.prompt,
        "seed": tags.seed,
        "plan": tags.plan,
        "model": {"name": tags.model_name, "version": tags.model_version, "sha256": tags.bundle_sha256 or None},
        "generator": tags.generator,
        "postprocess": [{"name": name, "parameters": dict(parameters)} for name, parameters in tags.postprocess],
        "loop": tags.loop,
        "root_motion": tags.root_motion,
        "licence": tags.licence,
        "dataset_licences": list(tags.dataset_licences),
        "synthetic": tags.synthetic,
    }
    if expressions:
        tagged["expression_map"] = dict(expressions)
    if tags.composition is not None:
        tagged["composition"] = dict(tags.composition)
    if tags.made_with and file:  # inside a clip it would make equal clips differ
        tagged["made_with"] = dict(tags.made_with)
    problem = _problem(tagged, sidecar=bool(file))
    if problem is not None:
        raise InvalidInput(f"clip tags: {problem[0]}: {problem[1]}", field=f"tags.{problem[0]}")
    return tagged


def flat_strings(tagged: Mapping[str, Any]) -> dict[str, str]:
    """Tags as strings `emotion_label`, `emotion_json`, ...: the only kind that survives in Blender and the engines."""
    flat = {f"emotion_{key}": _as_text(tagged[key]) for key in FLAT_KEYS}
    return {**flat, "emotion_json": json.dumps(tagged, sort_keys=True, separators=(",", ":"), allow_nan=False)}


def tags_from_object(tagged: Any, *, where: str, sidecar: bool = False) -> ClipTags:
    """ClipTags of a decoded JSON object. Raises MalformedFile, which names `where` and the field."""
    schema = tagged.get("schema") if isinstance(tagged, dict) else None
    if isinstance(schema, str) and schema.startswith("sdk.emotion/") and schema.split("/")[1].split(".")[0] != "1":
        raise MalformedFile(f"{where}: schema is {schema[:40]!r}; this version reads {SCHEMA}, update the SDK")
    problem = _problem(tagged, sidecar=sidecar)
    if problem is not None:
        raise MalformedFile(f"{where}: {problem[0]}: {problem[1]}")
    clip, model, requested = tagged["clip"], tagged["model"], tagged["requested"]
    try:
        return ClipTags(
            prompt=tagged["prompt"],
            requested=_affect_of(requested),
            applied=_affect_of(tagged),
            seed=tagged["seed"],
            plan=tagged["plan"],
            licence=tagged["licence"],
            generator=tagged["generator"],
            bundle_sha256=model["sha256"] or "",
            model_name=model["name"],
            model_version=model["version"],
            seconds=_float(requested.get("seconds")),
            fps=_float(requested.get("fps")),
            valence=tagged["valence"],
            arousal=tagged["arousal"],
            root_motion=tagged["root_motion"],
            loop=tagged["loop"],
            synthetic=tagged["synthetic"],
            dataset_licences=tuple(tagged.get("dataset_licences", ())),
            track=_track_of(requested),
            segments=tuple(Segment(s["start_s"], s["end_s"], _affect_of(s)) for s in tagged["segments"]),
            postprocess=tuple((step["name"], step["parameters"]) for step in tagged["postprocess"]),
            composition=tagged.get("composition"),
            made_with=tagged.get("made_with", {}),
            extra={key: value for key, value in tagged.items() if key not in _KNOWN},
            clip=ClipFacts(
                clip["format"],
                clip["fps"],
                clip["frames"],
                clip.get("file", ""),
                clip.get("sha256", ""),
                {key: clip[key] for key in OPTION_FACTS if key in clip},
            ),
        )
    except InvalidInput as error:  # e.g. weights that are all zero
        raise MalformedFile(f"{where}: {error}") from None


def sidecar_bytes(
    tags: ClipTags, motion: Motion, *, file: str, clip_bytes: bytes, options: Mapping[str, Any] | None = None,
    expressions: Mapping[str, str] | None = None,
) -> bytes:  # fmt: skip
    """Content of the sidecar of a clip called `file`: UTF-8, sorted keys, no time stamps. Options as in `describe`."""
    digest = hashlib.sha256(clip_bytes).hexdigest()
    suffix = Path(file).suffix.lstrip(".").lower()
    tagged = describe(
        tags, motion, clip_format=suffix, file=file, sha256=digest, options=options, expressions=expressions
    )
    return (json.dumps(tagged, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False) + "\n").encode()


def read_sidecar(path: Path) -> ClipTags:
    """Tags of a sidecar, or of a clip's sidecar. Raises MalformedFile, which names the field."""
    path = sidecar_path(path)
    return tags_from_object(load_json(path.read_bytes(), where=path.name), where=path.name, sidecar=True)


def load_json(raw: bytes | str, *, where: str) -> Any:
    """Decode strict JSON: no NaN, no Infinity. Raises MalformedFile."""
    try:
        return json.loads(raw, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise MalformedFile(f"{where} is not JSON: {error}") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a JSON number")


@cache
def _validator(*, sidecar: bool) -> Draft202012Validator:
    schema = json.loads(files("sdk.clips").joinpath("emotion.schema.json").read_text(encoding="utf-8"))
    if not sidecar:
        schema = {"$defs": schema["$defs"], "$ref": "#/$defs/tags"}
    return Draft202012Validator(schema)


def _problem(tagged: Any, *, sidecar: bool) -> tuple[str, str] | None:
    """First fault of an object as (field, what is wrong), or None."""
    error = best_match(_validator(sidecar=sidecar).iter_errors(tagged))
    if error is not None:
        return ".".join(str(part) for part in error.absolute_path) or "object", " ".join(error.message.split())[:200]
    # What a schema cannot say.
    weights, label = tagged["weights"], tagged["label"]
    if label is not None and weights.get(label, 0.0) < max(weights.values()) - 1e-6:
        return "label", f"{label!r} is not the largest of weights"
    last = 0.0
    for k, segment in enumerate(tagged["segments"]):
        if segment["start_s"] < last - 1e-6 or segment["end_s"] < segment["start_s"]:
            return f"segments.{k}", "spans must be sorted and must not overlap"
        last = segment["end_s"]
    if last > tagged["clip"]["duration_s"] + 1e-6:
        return "segments", f"the last ends at {last} s, the clip at {tagged['clip']['duration_s']} s"
    return None


def _affect(affect: Affect, *, exact: bool = False) -> dict[str, Any]:
    weights = {e.label: w if exact else _rounded(w) for e, w in affect.weights.items()}
    intensity = affect.intensity if exact else _rounded(affect.intensity)
    return {"label": affect.label, "weights": weights, "intensity": intensity}


def _affect_of(stated: Mapping[str, Any]) -> Affect:
    weights = stated.get("weights")
    if weights is None:
        return Affect.of(stated["label"] or "neutral", stated.get("intensity"))
    named = {Emotion[name.upper()]: float(weight) for name, weight in weights.items()}
    return Affect(named, float(stated["intensity"])) if "intensity" in stated else Affect(named)


def _spans(tags: ClipTags, duration: float) -> tuple[Segment, ...]:
    """The track as spans; without a track one span."""
    return (Segment(0.0, duration, tags.applied),) if tags.track is None else tags.track.segments(duration)


def _period(motion: Motion) -> float:
    """Seconds after which a loop begins again: its last frame is either the first one again or the one before it."""
    turn = float(quat_angle(motion.rotations[0, 1:], motion.rotations[-1, 1:]).max())
    closed = len(motion) > 1 and turn < CLOSED_RAD
    return round((len(motion) - closed) / motion.fps, 6)


def _stated_track(track: AffectTrack | None) -> dict[str, Any]:
    if track is None:
        return {}
    keys = zip(track.seconds, track.affects, strict=True)
    return {"track": [{"seconds": at, **_affect(affect, exact=True)} for at, affect in keys]}


def _track_of(requested: Mapping[str, Any]) -> AffectTrack | None:
    keys = requested.get("track")
    return None if not keys else AffectTrack([k["seconds"] for k in keys], [_affect_of(k) for k in keys])


def _float(value: float | None) -> float | None:
    """A number that a browser may have written as a whole one."""
    return None if value is None else float(value)


def _rounded(value: float | None) -> float | None:
    """At most six decimals, and no difference between 1 and 1.0: a number must read the same wherever it is written."""
    return None if value is None else round(float(value), 6) + 0.0


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
