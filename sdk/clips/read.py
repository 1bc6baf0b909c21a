"""Read the tags of a clip back from wherever they survived, and say where the places disagree."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sdk.clips.container import read_glb
from sdk.clips.tags import ClipTags, flat_strings, load_json, sidecar_path, tags_from_object
from sdk.errors import MalformedFile

Place = Literal["sidecar", "animation.extras", "node.extras", "asset.extras"]


@dataclass(frozen=True)
class TagReading:
    """tags: from the most trusted place, `source`. conflicts: one line per disagreement, empty when all is well."""

    tags: ClipTags
    source: Place
    conflicts: tuple[str, ...]


def read_tags(path: Path) -> TagReading:
    """Tags of a clip file: the sidecar's, else the animation's, the root joint's, the asset's (the last three: GLB).

    Every other place is compared with the chosen one; what differs, cannot be read or no longer fits the file is
    listed in `conflicts`. Raises MalformedFile for a sidecar that breaks its schema and for a clip without any tags.
    """
    raw = path.read_bytes()
    found: list[tuple[Place, dict[str, Any], ClipTags]] = []
    conflicts: list[str] = []
    sidecar = sidecar_path(path)
    if sidecar.exists():
        # The source of truth is never replaced in silence: a broken one is an error even if copies are left.
        tagged = load_json(sidecar.read_bytes(), where=sidecar.name)
        tags = tags_from_object(tagged, where=sidecar.name, sidecar=True)
        found.append(("sidecar", tagged, tags))
        if tagged["clip"]["sha256"] != hashlib.sha256(raw).hexdigest():
            conflicts.append(f"sidecar: clip.sha256 is not that of {path.name}: one of the two was changed")
    if path.suffix.lower() == ".glb":
        for place, value in _places(read_glb(path)[0]):
            try:
                tagged = value
                if place != "animation.extras":
                    tagged = load_json(value["emotion_json"], where=f"{place}.emotion_json")
                tags = tags_from_object(tagged, where=place)
            except MalformedFile as error:
                conflicts.append(str(error))
                continue
            if place != "animation.extras":
                conflicts += _differences(f"{place} (alone and in emotion_json)", flat_strings(tagged), value, "itself")
            found.append((place, tagged, tags))
    if not found:
        broken = f": {conflicts[0]}" if conflicts else f", and {sidecar.name} does not lie beside it"
        raise MalformedFile(f"{path.name} carries no emotion tags{broken}")
    source, truth, tags = found[0]
    for place, tagged, _ in found[1:]:
        conflicts += _differences(place, truth, tagged, source)
    return TagReading(tags, source, tuple(conflicts))


def _places(document: Mapping[str, Any]) -> Iterator[tuple[Place, Any]]:
    """Places of a glTF document that hold tags, most trusted first; other people's extras are passed over."""
    for animation in _objects(document.get("animations")):
        extras = animation.get("extras")
        if isinstance(extras, dict) and str(extras.get("schema", "")).startswith("sdk.emotion/"):
            yield "animation.extras", extras
            break
    for node in _objects(document.get("nodes")):
        # Looked for by content: Blender moves the root joint to another index when it writes the file again.
        extras = node.get("extras")
        if isinstance(extras, dict) and isinstance(extras.get("emotion_json"), str):
            yield "node.extras", extras
            break
    for asset in _objects([document.get("asset")]):
        extras = asset.get("extras")
        if isinstance(extras, dict) and isinstance(extras.get("emotion_json"), str):
            yield "asset.extras", extras


def _objects(values: Any) -> Iterator[Mapping[str, Any]]:
    for value in values if isinstance(values, list) else []:
        if isinstance(value, dict):
            yield value


def _differences(place: str, truth: Mapping[str, Any], other: Mapping[str, Any], source: str) -> list[str]:
    """Fields of both that differ, by dotted name. Fields only one of them has say nothing: copies may lack some."""
    lines: list[str] = []
    for key in truth.keys() & other.keys() - {"emotion_json"}:
        here, there = other[key], truth[key]
        if isinstance(here, dict) and isinstance(there, dict) and key not in ("weights",):
            lines += [line.replace(": ", f": {key}.", 1) for line in _differences(place, there, here, source)]
        elif here != there:
            lines.append(f"{place}: {key} is {_short(here)}, {source} says {_short(there)}")
    return sorted(lines)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
