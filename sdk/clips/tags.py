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

from sdk.clips.files import publish
from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.motion import Motion

SCHEMA = "sdk.emotion/1"
SIDECAR_SUFFIX = ".emotion.json"
FRAME_CONVENTION = "right-handed, Y up, faces +Z, metres; local rotations xyzw relative to the T-pose"
FLAT_KEYS = ("label", "intensity", "prompt", "seed", "licence", "synthetic")
"""Fields that also stand alone, as the strings `emotion_<name>`, for readers that cannot parse JSON."""

_KNOWN = frozenset(
    ("schema clip label weights valence arousal intensity segments requested prompt seed plan model generator "
     "postprocess loop root_motion licence dataset_licences synthetic").split()
)  # fmt: skip


@dataclass(frozen=True)
class Segment:
    """A span of the clip, in seconds from its first frame, and what is felt in it."""

    start_s: float
    end_s: float
    affect: Affect


@dataclass(frozen=True)
class ClipFacts:
    """The file a set of tags was read with. `file` and `sha256` are empty for tags from inside a clip."""

    format: str
    fps: float
    frames: int
    file: str = ""
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class ClipTags:
    """How a clip was made and what it feels: enough, with the bundle, to make it again.

    requested: the affect asked for; applied: the one really used. seconds, fps: as requested, None where left open.
    bundle_sha256: 64 hexadecimal digits, "" if unknown. segments: spans of a changing affect; empty means `applied`
    throughout. postprocess: (name, parameters) of each step after generation. extra: fields this version does not
    know, kept as they were read. clip: set by the readers only; writers take these facts from the motion.
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
    segments: tuple[Segment, ...] = ()
    postprocess: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    clip: ClipFacts | None = None


def sidecar_path(clip: Path) -> Path:
    """Where the sidecar of a clip lies. The clip's suffix stays in the name: walk.glb and walk.bvh have one each."""
    return clip if clip.name.endswith(SIDECAR_SUFFIX) else clip.with_name(clip.name + SIDECAR_SUFFIX)


def describe(tags: ClipTags, motion: Motion, *, clip_format: str, file: str = "", sha256: str = "") -> dict[str, Any]:
    """The object "sdk.emotion/1" of a clip, valid by the schema; without `file` the form that stands inside a clip.

    Raises InvalidInput, which names the field.
    """
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
        "frame_convention": FRAME_CONVENTION,
    }
    if file:
        clip |= {"file": file, "sha256": sha256}
    segments = tags.segments or (Segment(0.0, duration, tags.applied),)
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
        "requested": {**_affect(tags.requested, exact=True), "seconds": tags.seconds, "fps": tags.fps},
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
            seconds=requested.get("seconds"),
            fps=requested.get("fps"),
            valence=tagged["valence"],
            arousal=tagged["arousal"],
            root_motion=tagged["root_motion"],
            loop=tagged["loop"],
            synthetic=tagged["synthetic"],
            dataset_licences=tuple(tagged.get("dataset_licences", ())),
            segments=tuple(Segment(s["start_s"], s["end_s"], _affect_of(s)) for s in tagged["segments"]),
            postprocess=tuple((step["name"], step["parameters"]) for step in tagged["postprocess"]),
            extra={key: value for key, value in tagged.items() if key not in _KNOWN},
            clip=ClipFacts(clip["format"], clip["fps"], clip["frames"], clip.get("file", ""), clip.get("sha256", "")),
        )
    except InvalidInput as error:  # e.g. weights that are all zero
        raise MalformedFile(f"{where}: {error}") from None


def sidecar_bytes(tags: ClipTags, motion: Motion, *, file: str, clip_bytes: bytes) -> bytes:
    """Content of the sidecar of a clip called `file`: UTF-8, sorted keys, no time stamps."""
    digest = hashlib.sha256(clip_bytes).hexdigest()
    suffix = Path(file).suffix.lstrip(".").lower()
    tagged = describe(tags, motion, clip_format=suffix, file=file, sha256=digest)
    return (json.dumps(tagged, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False) + "\n").encode()


def write_sidecar(clip: Path, tags: ClipTags, motion: Motion) -> Path:
    """Write the sidecar of a clip that lies on disk, complete or not at all. Raises InvalidInput."""
    target = sidecar_path(clip)
    publish({target: sidecar_bytes(tags, motion, file=clip.name, clip_bytes=clip.read_bytes())})
    return target


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


def _rounded(value: float | None) -> float | None:
    """At most six decimals, and no difference between 1 and 1.0: a number must read the same wherever it is written."""
    return None if value is None else round(float(value), 6) + 0.0


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
