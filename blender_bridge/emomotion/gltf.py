# SPDX-License-Identifier: GPL-3.0-or-later
"""Just enough binary glTF for skeletons and clips: read a file's JSON and float arrays, write nodes and rotations.

No bpy here. Node transforms are tuples in the order of glTF: translation xyz, rotation xyzw.
"""

import json
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

MAGIC, JSON_CHUNK, BIN_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
FLOAT = 5126
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


class BadFile(Exception):
    """A file that is not what it should be; the message names it and what to do."""


class Gltf:
    """A binary glTF file, opened."""

    def __init__(self, path: Path) -> None:
        """Raises BadFile, which names the file, for anything but a whole .glb."""
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise BadFile(f"{path.name} cannot be read: {error.strerror}") from None
        self.name, self.raw = path.name, raw
        try:
            magic, version, length = struct.unpack_from("<III", raw)
            if magic != MAGIC or version != 2 or length != len(raw):
                raise ValueError
            size, kind = struct.unpack_from("<II", raw, 12)
            self.document: dict[str, Any] = json.loads(raw[20 : 20 + size])
            if kind != JSON_CHUNK or not isinstance(self.document, dict):
                raise ValueError
        except (struct.error, ValueError, RecursionError):
            raise BadFile(f"{path.name} is not a whole binary glTF file; make or download it again") from None
        self._binary = raw[20 + size + 8 :]

    def objects(self, key: str) -> list[dict[str, Any]]:
        """A list of the document, such as "nodes"; what is not an object in it is passed over."""
        values = self.document.get(key)
        return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []

    def floats(self, accessor: int) -> list[tuple[float, ...]]:
        """Rows of a float accessor. Raises BadFile."""
        try:
            stated = self.document["accessors"][accessor]
            view = self.document["bufferViews"][stated["bufferView"]]
            width, count = WIDTHS[stated["type"]], stated["count"]
            if stated["componentType"] != FLOAT or view.get("byteStride", 4 * width) != 4 * width:
                raise ValueError
            start = view.get("byteOffset", 0) + stated.get("byteOffset", 0)
            values = struct.unpack_from(f"<{width * count}f", self._binary, start)
        except (KeyError, IndexError, TypeError, ValueError, struct.error):
            raise BadFile(f"{self.name}: accessor {accessor} is no array of floats that lies in the file") from None
        return [values[k : k + width] for k in range(0, len(values), width)]

    def key_times(self) -> list[float]:
        """Times of the longest track of the first animation in seconds; empty without an animation. Raises BadFile."""
        animations = self.objects("animations")
        if not animations:
            return []
        try:
            inputs = {sampler["input"] for sampler in animations[0]["samplers"]}
        except (KeyError, TypeError):
            raise BadFile(f"{self.name}: its animation has no samplers") from None
        return max(([row[0] for row in self.floats(k)] for k in inputs), key=len, default=[])

    def tracks(self) -> dict[tuple[str, str], list[tuple[float, ...]]]:
        """(node name, "translation" or "rotation") -> a row for each key of the first animation. Raises BadFile."""
        found: dict[tuple[str, str], list[tuple[float, ...]]] = {}
        times = len(self.key_times())
        for animation in self.objects("animations")[:1]:
            for channel in animation.get("channels", ()):
                target = channel["target"]
                if target["path"] not in ("translation", "rotation"):
                    continue
                rows = self.floats(animation["samplers"][channel["sampler"]]["output"])
                if len(rows) != times:
                    raise BadFile(f"{self.name}: its tracks have different numbers of keys")
                found[self.document["nodes"][target["node"]].get("name", ""), target["path"]] = rows
        return found


class Node:
    """A joint to write: its name, its parent's index or -1, its rest place and rotation below the parent."""

    def __init__(
        self, name: str, parent: int, translation: Sequence[float], rotation: Sequence[float] = (0.0, 0.0, 0.0, 1.0)
    ) -> None:
        self.name, self.parent = name, parent
        self.translation, self.rotation = [float(v) for v in translation], [float(v) for v in rotation]


def skeleton_bytes(
    nodes: Sequence[Node],
    *,
    fps: float = 0.0,
    translations: dict[int, Sequence[Sequence[float]]] | None = None,
    rotations: dict[int, Sequence[Sequence[float]]] | None = None,
    extras: dict[str, Any] | None = None,
) -> bytes:
    """A .glb of joints with a skin and no mesh; with `fps` also one animation, whose tracks go by the node's index."""
    binary = bytearray()
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []

    def add(rows: Iterable[Sequence[float]], kind: str) -> int:
        values = [float(v) for row in rows for v in row]
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": 4 * len(values)})
        accessor = {
            "bufferView": len(views) - 1, "componentType": FLOAT, "count": len(values) // WIDTHS[kind], "type": kind
        }  # fmt: skip
        if kind == "SCALAR":
            accessor |= {"min": [min(values)], "max": [max(values)]}
        binary.extend(struct.pack(f"<{len(values)}f", *values))
        accessors.append(accessor)
        return len(accessors) - 1

    written = []
    for k, node in enumerate(nodes):
        children = [j for j, other in enumerate(nodes) if other.parent == k]
        stated = {"name": node.name, "translation": node.translation, "rotation": node.rotation}
        written.append({**stated, "children": children} if children else stated)
    roots = [k for k, node in enumerate(nodes) if node.parent < 0]
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "EmoMotion for Blender"},
        "scene": 0,
        "scenes": [{"nodes": roots}],
        "nodes": written,
        "skins": [{"joints": list(range(len(nodes)))}],
    }
    if fps:
        frames = len(next(iter((rotations or {}).values())))
        times = add(([k / fps] for k in range(frames)), "SCALAR")
        samplers, channels = [], []
        for path, kind, tracks in (("translation", "VEC3", translations), ("rotation", "VEC4", rotations)):
            for k, rows in (tracks or {}).items():
                samplers.append({"input": times, "output": add(rows, kind), "interpolation": "LINEAR"})
                channels.append({"sampler": len(samplers) - 1, "target": {"node": k, "path": path}})
        document["animations"] = [{"name": "clip", "samplers": samplers, "channels": channels}]
        if extras:
            document["animations"][0]["extras"] = extras
    if binary:
        document |= {"accessors": accessors, "bufferViews": views, "buffers": [{"byteLength": len(binary)}]}
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    parts = struct.pack("<II", len(text), JSON_CHUNK) + text
    if binary:
        parts += struct.pack("<II", len(binary), BIN_CHUNK) + bytes(binary)
    return struct.pack("<III", MAGIC, 2, 12 + len(parts)) + parts
