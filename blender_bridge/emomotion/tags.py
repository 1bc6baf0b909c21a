# SPDX-License-Identifier: GPL-3.0-or-later
"""What a clip says it feels: the sidecar, else the tags in the file; and that as values over frames. No bpy here."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .gltf import BadFile, Gltf

SCHEMA = "sdk.emotion/1"
SIDECAR_SUFFIX = ".emotion.json"
EMOTIONS = ("joy", "trust", "fear", "surprise", "sadness", "disgust", "anger", "anticipation")
"""Each is a curve on the armature. Neutral is what is left when none of them is felt."""


@dataclass(frozen=True)
class Segment:
    """A span in seconds from the first frame, its name, and emotion -> share times intensity."""

    start_s: float
    end_s: float
    label: str
    felt: dict[str, float]


@dataclass(frozen=True)
class Tags:
    """tagged: the object "sdk.emotion/1". source: where it was found. conflicts: what other places say otherwise."""

    tagged: dict[str, Any]
    source: str
    conflicts: tuple[str, ...]

    @property
    def prompt(self) -> str:
        return str(self.tagged.get("prompt") or "")

    @property
    def fps(self) -> float:
        return float(self.tagged["clip"]["fps"])

    @property
    def frames(self) -> int:
        return int(self.tagged["clip"]["frames"])

    @property
    def segments(self) -> list[Segment]:
        """Spans of one feeling, in order; the whole clip where none is stated."""
        whole = {**self.tagged, "start_s": 0.0, "end_s": (self.frames - 1) / self.fps}
        stated = [s for s in self.tagged.get("segments") or [whole] if isinstance(s, dict)]
        return [Segment(float(s["start_s"]), float(s["end_s"]), _named(s), _felt(s)) for s in stated]

    def curves(self) -> dict[str, list[float]]:
        """Emotion -> a value 0..1 for each frame: its share times the intensity. All eight; what is not felt is 0.

        From the clip's own curves, else from its segments, else from the one feeling it has.
        """
        stated = self.tagged.get("curves")
        if isinstance(stated, dict) and stated:
            return {name: self._sampled(stated.get(name)) for name in EMOTIONS}
        felt = [_felt(self.tagged)] * self.frames
        for segment in self.segments:
            # Half a frame less, so that of two neighbours the later one has the frame they share.
            first = max(0, -int(-(segment.start_s * self.fps - 0.5) // 1))
            felt[first:] = [segment.felt] * (self.frames - first)
        return {name: [values.get(name, 0.0) for values in felt] for name in EMOTIONS}

    def _sampled(self, curve: Any) -> list[float]:
        """A stated curve at the clip's frames; its last value holds."""
        if not curve:
            return [0.0] * self.frames
        values, rate = [float(v) for v in curve["values"]], float(curve["fps"])
        return [values[min(round(k / self.fps * rate), len(values) - 1)] for k in range(self.frames)]


def read_tags(clip: Gltf, path: Path) -> Tags | None:
    """Tags of an opened clip: the sidecar's, else the animation's, the root joint's, the asset's; None without any.

    Raises BadFile for a sidecar that cannot be used: the source of truth is never passed over in silence.
    """
    found: list[tuple[str, dict[str, Any]]] = []
    conflicts: list[str] = []
    sidecar = path.with_name(path.name + SIDECAR_SUFFIX)
    if sidecar.exists():
        try:
            tagged = _checked(json.loads(sidecar.read_bytes()))
        except (OSError, ValueError, RecursionError) as error:
            message = f"{sidecar.name} cannot be used: {error}; mend it, or move it away to use the clip's own tags"
            raise BadFile(message) from None
        if tagged["clip"].get("sha256") != hashlib.sha256(clip.raw).hexdigest():
            conflicts.append(f"{sidecar.name} was written for other bytes than {path.name}: one of the two was changed")
        found.append(("sidecar", tagged))
    for place, value in _places(clip):
        try:
            found.append((place, _checked(json.loads(value) if isinstance(value, str) else value)))
        except (ValueError, RecursionError) as error:
            conflicts.append(f"{place} of {path.name} cannot be read: {error}")
    if not found:
        if conflicts:
            raise BadFile(conflicts[0])
        return None
    source, truth = found[0]
    for place, tagged in found[1:]:
        differing = [k for k in sorted(truth.keys() & tagged.keys()) if not _agree(truth[k], tagged[k])]
        if differing:
            conflicts.append(f"{place} says otherwise than {source} on {', '.join(differing)}; {source} counts")
    return Tags(truth, source, tuple(conflicts))


def tags_of_text(text: str) -> Tags:
    """Tags kept as JSON on an armature. Raises BadFile."""
    try:
        return Tags(_checked(json.loads(text)), "armature", ())
    except (ValueError, RecursionError) as error:
        raise BadFile(f"the property emotion_json cannot be read: {error}; import the clip again") from None


def _places(clip: Gltf) -> Iterator[tuple[str, Any]]:
    for animation in clip.objects("animations"):
        extras = animation.get("extras")
        if isinstance(extras, dict) and str(extras.get("schema", "")).startswith("sdk.emotion/"):
            yield "animation.extras", extras
            break
    asset = clip.document.get("asset")
    for place, holders in (("node.extras", clip.objects("nodes")), ("asset.extras", [asset])):
        for holder in holders:
            # By content: other programs move the root joint to another index.
            extras = holder.get("extras") if isinstance(holder, dict) else None
            if isinstance(extras, dict) and isinstance(extras.get("emotion_json"), str):
                yield place, extras["emotion_json"]
                break


def _checked(tagged: Any) -> dict[str, Any]:
    """The object if this add-on can use it. Raises ValueError, which names the field."""
    schema = tagged.get("schema") if isinstance(tagged, dict) else None
    if not isinstance(schema, str) or not schema.startswith("sdk.emotion/"):
        raise ValueError("schema: it is no object of the kind sdk.emotion")
    if schema.split("/")[1].split(".")[0] != "1":
        raise ValueError(f"schema: it is {schema[:40]}, this add-on reads {SCHEMA}; update the add-on")
    try:
        tags = Tags(tagged, "", ())
        field = "clip"
        if not (1 <= tags.fps <= 240 and 1 <= tags.frames <= 1_000_000):
            raise ValueError
        field = "weights"
        values = list(_felt(tagged).values())
        field = "segments"
        values += [v for segment in tags.segments for v in segment.felt.values()]
        field = "curves"
        values += [v for curve in tags.curves().values() for v in curve]
        if not all(0 <= v <= 1 for v in values):
            field = "weights, segments or curves"
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ValueError(f"{field}: a value is missing or out of range") from None
    return dict(tagged)


def _named(stated: dict[str, Any]) -> str:
    """What a marker says: "joy 0.7"; for a mixture its parts."""
    weights = stated.get("weights") or {}
    felt = [name for name, share in weights.items() if share > 0]
    name = stated.get("label") or "+".join(felt) or "neutral"
    intensity = stated.get("intensity")
    return f"{name} {intensity:.2g}" if intensity is not None and name != "neutral" else str(name)


def _felt(stated: dict[str, Any]) -> dict[str, float]:
    """Emotion -> share times intensity."""
    intensity = float(stated.get("intensity", 1.0))
    weights = stated.get("weights") or ({stated["label"]: 1.0} if stated.get("label") else {})
    return {name: round(float(share) * intensity, 6) for name, share in weights.items() if name in EMOTIONS}


def _agree(here: Any, there: Any) -> bool:
    """Whether two places say the same; a copy may lack fields, such as the file's name."""
    if isinstance(here, dict) and isinstance(there, dict):
        return all(_agree(here[key], there[key]) for key in here.keys() & there.keys())
    return bool(here == there)
