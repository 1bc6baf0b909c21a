"""Read the tags of a clip back from wherever they survived, and say where the places disagree."""

import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from sdk.clips.container import split_glb
from sdk.clips.read_motion import npz_arrays
from sdk.clips.tags import FLAT_KEYS, ClipTags, flat_strings, load_json, sidecar_path, tags_from_object
from sdk.clips.usd import check_usd
from sdk.errors import InvalidInput, MalformedFile
from sdk.runtime.track import TOLD_S, Segment

Place = Literal[
    "sidecar", "animation.extras", "node.extras", "asset.extras", "animation.customData", "layer.customLayerData",
    "character.userProperties", "npz.emotion_json", "armature.properties",
]  # fmt: skip
WHOLE: tuple[Place, ...] = ("animation.extras", "animation.customData")
"""Places that hold the object itself; the others hold flat strings, the object among them as `emotion_json`."""
Found = Iterator[tuple[Place, Any]]


@dataclass(frozen=True)
class TagReading:
    """tags: from the most trusted place, `source`. conflicts: one line per disagreement, empty when all is well."""

    tags: ClipTags
    source: Place
    conflicts: tuple[str, ...]


def read_tags(path: Path | str) -> TagReading:
    """Tags of a clip file: the sidecar's, else those inside the clip, the most trusted first.

    GLB and VRMA: the animation's, the root joint's, the asset's; USD: the animation's, the layer's, the character's;
    NPZ: emotion_json; FBX: the armature's; BVH: none. Every other place is compared with the chosen one; what differs,
    cannot be read or no longer fits the file is listed in `conflicts`. Raises MalformedFile for a sidecar that breaks
    its schema and for a clip without any tags, InvalidInput for a USD clip without sidecar where the extra is missing.
    """
    path = Path(path)
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
    for place, value in _inside(path, raw, alone=not found):
        try:
            tagged = value
            if place not in WHOLE:
                tagged = load_json(value["emotion_json"], where=f"{place}.emotion_json")
            tags = tags_from_object(tagged, where=place)
        except MalformedFile as error:
            conflicts.append(str(error))
            continue
        if place not in WHOLE:
            conflicts += _differences(f"{place} (alone and in emotion_json)", flat_strings(tagged), value, "itself")
        found.append((place, tagged, tags))
    if not found:
        broken = f": {conflicts[0]}" if conflicts else f", and {sidecar.name} does not lie beside it"
        raise MalformedFile(f"{path.name} carries no emotion tags{broken}")
    source, truth, tags = found[0]
    for place, tagged, _ in found[1:]:
        conflicts += _differences(place, truth, tagged, source)
    return TagReading(tags, source, tuple(conflicts))


def felt_in(path: Path | str) -> tuple[Segment, ...]:
    """What a clip file's tags say is felt when; nothing where it has none."""
    try:
        tags = read_tags(path).tags
    except MalformedFile:
        return ()
    out, before = [], 0.0
    told = tags.segments
    if tags.track is not None and told:
        told = tags.track.segments(told[-1].end_s, most_s=TOLD_S)
    for span in told:  # rounded, they may overlap by a little
        if span.end_s > max(before, span.start_s):
            out.append(replace(span, start_s=max(before, span.start_s)))
            before = span.end_s
    return tuple(out)


def _inside(path: Path, raw: bytes, *, alone: bool) -> Found:
    """Places of a clip file that hold tags. alone: there is no sidecar, so that a missing reader is an error."""
    suffix = path.suffix.lower()
    if suffix in (".glb", ".vrma"):
        yield from _gltf_places(split_glb(raw, name=path.name)[0])
    elif suffix == ".npz":
        arrays = npz_arrays(path)
        if "emotion_json" in arrays:
            yield "npz.emotion_json", {"emotion_json": str(arrays["emotion_json"])}
    elif suffix == ".fbx":
        flat = _fbx_strings(raw)
        if "emotion_json" in flat:
            yield "armature.properties", flat
    elif suffix in (".usda", ".usdc", ".usdz"):
        try:
            check_usd()
        except InvalidInput:
            if alone:
                raise
            return  # the sidecar says it all; nothing can be compared
        yield from _usd_places(path)


def _usd_places(path: Path) -> Found:
    from pxr import Tf, Usd

    try:
        stage = Usd.Stage.Open(str(path))
    except Tf.ErrorException:
        raise MalformedFile(f"{path.name} is no USD file, or a damaged one") from None
    for prim in stage.Traverse():
        whole = prim.GetCustomDataByKey("emotion")
        if isinstance(whole, str):
            yield "animation.customData", load_json(whole, where="animation.customData")
            break
    layer = stage.GetRootLayer().customLayerData.get("emotion")
    if isinstance(layer, dict) and "emotion_json" in layer:
        yield "layer.customLayerData", layer
    for prim in stage.Traverse():
        names = [name for name in prim.GetPropertyNames() if name.startswith("userProperties:emotion_")]
        if "userProperties:emotion_json" in names:
            kept = {name.partition(":")[2]: prim.GetAttribute(name).Get() for name in names}
            yield "character.userProperties", kept
            break


def _fbx_strings(raw: bytes) -> dict[str, str]:
    """Strings `emotion_<name>` of a binary FBX file; a property is name, type, label, flags, value, each a string."""
    found: dict[str, str] = {}
    for name in ("emotion_json", *(f"emotion_{key}" for key in FLAT_KEYS)):
        mark = b"S" + struct.pack("<I", len(name)) + name.encode()
        at, parts = raw.find(mark), list[bytes]()
        while 0 <= at < len(raw) - 5 and raw[at : at + 1] == b"S" and len(parts) < 5:
            size = struct.unpack_from("<I", raw, at + 1)[0]
            parts.append(raw[at + 5 : at + 5 + size])
            at += 5 + size
        if len(parts) == 5:
            found[name] = parts[4].decode("utf-8", errors="replace")
    return found


def _gltf_places(document: Mapping[str, Any]) -> Found:
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
