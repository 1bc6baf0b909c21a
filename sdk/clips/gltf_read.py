"""Movement of a glTF file: its nodes at rest and in time, whoever wrote it. Shapes: K nodes, T frames, N keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sdk.errors import MalformedFile
from sdk.motion.bvh import BvhClip
from sdk.motion.rotations import Array, normalize, quat_from_matrix, quat_slerp

USUAL_FPS = 30.0
LOWEST_FPS, HIGHEST_FPS = 10.0, 240.0
MAX_FRAMES = 100_000
ROUNDING_S = 2e-5
"""How far a key may lie from its frame: times are float32, which at two minutes are 8e-6 s apart."""
COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
KINDS = {5120: ("<i1", 127), 5121: ("<u1", 255), 5122: ("<i2", 32767), 5123: ("<u2", 65535), 5126: ("<f4", 1)}
"""Component type -> numpy's name of it, and what stands for 1 where the numbers are normalised."""


@dataclass(frozen=True, eq=False)
class GltfClip:
    """A glTF file's first animation, metres. rest: one frame, the nodes as they stand; moving: T frames.

    Both have the file's nodes, parent first; `node_of` is each one's index in the file. Scales are worked into the
    translations.
    """

    rest: BvhClip
    moving: BvhClip
    node_of: tuple[int, ...]


def gltf_clip(document: Mapping[str, Any], binary: bytes, *, name: str) -> GltfClip:
    """Nodes and first animation of a GLB's two chunks, sampled at the rate of its keys.

    Raises MalformedFile, with `name` and what is wrong, for a file without animation or with broken references.
    """
    try:
        return _read(document, binary, name)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, MalformedFile):
            raise
        raise MalformedFile(f"{name} is damaged: {type(error).__name__}: {error}") from None


def _read(document: Mapping[str, Any], binary: bytes, name: str) -> GltfClip:
    nodes = document.get("nodes", [])
    animations = document.get("animations", [])
    if not animations:
        raise MalformedFile(f"{name} holds no animation")
    order, parents = _parent_first(nodes, name)
    place = {node: k for k, node in enumerate(order)}
    rest = [_rest(nodes[node]) for node in order]
    translations, rotations, scales = (np.stack([part[k] for part in rest]) for k in range(3))

    tracks: dict[tuple[int, str], tuple[Array, Array, str]] = {}
    for channel in animations[0]["channels"]:
        target, sampler = channel["target"], animations[0]["samplers"][channel["sampler"]]
        path = target["path"]
        if "node" not in target or path not in ("translation", "rotation"):
            continue
        times = _accessor(document, binary, sampler["input"], name).reshape(-1)
        values = _accessor(document, binary, sampler["output"], name)
        kind = sampler.get("interpolation", "LINEAR")
        if kind not in ("LINEAR", "STEP", "CUBICSPLINE"):
            raise MalformedFile(f"{name}: interpolation {kind!r} of an animation sampler is unknown")
        if len(values) != len(times) * (3 if kind == "CUBICSPLINE" else 1) or not len(times):
            raise MalformedFile(f"{name}: an animation sampler has {len(times)} times and {len(values)} values")
        if (np.diff(times) < 0).any():
            raise MalformedFile(f"{name}: times of an animation sampler do not rise")
        tracks[place[target["node"]], path] = times, values, kind
    if not tracks:
        raise MalformedFile(f"{name}: its animation moves no node")
    start, fps, count = _time_line([times for times, _, _ in tracks.values()], name)
    at = start + np.arange(count) / fps

    moved, turned = np.tile(translations, (count, 1, 1)), np.tile(rotations, (count, 1, 1))
    for (k, path), (times, values, kind) in tracks.items():
        sampled = _sampled(times, values, kind, at, turn=path == "rotation")
        (turned if path == "rotation" else moved)[:, k] = sampled
    grown = _grown(scales, parents)
    names = tuple(str(node) for node in order)

    def clip(turns: Array, moves: Array) -> BvhClip:
        return BvhClip(names, parents, translations * grown, turns, moves * grown, 1 / fps)

    return GltfClip(clip(rotations[None], translations[None]), clip(turned, moved), tuple(order))


def _parent_first(nodes: list[Mapping[str, Any]], name: str) -> tuple[list[int], tuple[int, ...]]:
    links = [(child, k) for k, node in enumerate(nodes) for child in node.get("children", ())]
    above = dict(links)
    if len(above) != len(links):  # a node with two parents; from here on every walk ends
        raise MalformedFile(f"{name}: its nodes do not form a tree")
    order: list[int] = []
    waiting = [k for k in range(len(nodes)) if k not in above]
    while waiting:
        node = waiting.pop(0)
        order.append(node)
        waiting.extend(nodes[node].get("children", ()))
    if len(order) != len(nodes):
        raise MalformedFile(f"{name}: its nodes do not form a tree")
    place = {node: k for k, node in enumerate(order)}
    return order, tuple(place[above[node]] if node in above else -1 for node in order)


def _rest(node: Mapping[str, Any]) -> tuple[Array, Array, Array]:
    if "matrix" in node:
        matrix = np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
        scale = np.linalg.norm(matrix[:3, :3], axis=0)
        return matrix[:3, 3], quat_from_matrix(matrix[:3, :3] / np.maximum(scale, 1e-12)), scale
    translation = np.array(node.get("translation", (0, 0, 0)), dtype=np.float64)
    rotation = normalize(np.array(node.get("rotation", (0, 0, 0, 1)), dtype=np.float64))
    return translation, rotation, np.array(node.get("scale", (1, 1, 1)), dtype=np.float64)


def _grown(scales: Array, parents: tuple[int, ...]) -> Array:
    """(K, 1): by how much what stands above each node enlarges its translation, as one number."""
    own, above = np.cbrt(np.abs(scales.prod(1))), np.ones(len(parents))
    for k, parent in enumerate(parents):
        if parent >= 0:
            above[k] = above[parent] * own[parent]
    return above[:, None]


def _accessor(document: Mapping[str, Any], binary: bytes, index: int, name: str) -> Array:
    """Values (N, components) of an accessor in the binary chunk."""
    accessor = document["accessors"][index]
    kind, one = KINDS[accessor["componentType"]]
    width, count = COMPONENTS[accessor["type"]], accessor["count"]
    if "sparse" in accessor:
        raise MalformedFile(f"{name}: accessor {index} is sparse, which is not read for animations")
    if "bufferView" not in accessor:
        return np.zeros((count, width))
    view = document["bufferViews"][accessor["bufferView"]]
    if view.get("buffer", 0) != 0 or "uri" in document["buffers"][0]:
        raise MalformedFile(f"{name}: accessor {index} lies outside the file; save it as one .glb")
    size = np.dtype(kind).itemsize * width
    stride = view.get("byteStride", size)
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    if not 0 <= start <= start + stride * (count - 1) + size <= len(binary):
        raise MalformedFile(f"{name}: accessor {index} reaches beyond the binary chunk")
    values = np.ndarray((count, width), kind, binary, start, (stride, np.dtype(kind).itemsize)).astype(np.float64)
    if accessor.get("normalized"):
        values = np.maximum(values / one, -1.0)
    if not np.isfinite(values).all():
        raise MalformedFile(f"{name}: accessor {index} holds NaN or infinity")
    return values


def _time_line(times: list[Array], name: str) -> tuple[float, float, int]:
    """Start in seconds, frames a second and number of frames: the rate of the densest keys, whole if nearly so."""
    start, end = min(t[0] for t in times), max(t[-1] for t in times)
    steps = np.diff(max(times, key=len))
    step = float(np.median(steps)) if len(steps) else 0.0
    rate = 1 / step if step > 0 else USUAL_FPS
    if not LOWEST_FPS * 0.99 <= rate <= HIGHEST_FPS * 1.01:
        rate = USUAL_FPS
    # Times are float32: at 120 s a step of 1/30 s is known to a few parts in ten thousand.
    fps = float(round(rate)) if abs(rate - round(rate)) < 1e-3 * rate else rate
    count = int(np.floor((end - start) * fps + 1e-3)) + 1
    if count > MAX_FRAMES:
        raise MalformedFile(f"{name}: its animation has {count} frames at {fps:g} fps; at most {MAX_FRAMES} are read")
    return float(start), fps, count


def _sampled(times: Array, values: Array, kind: str, at: Array, *, turn: bool) -> Array:
    """Values of a sampler at the moments `at`; the ends hold."""
    low = np.clip(np.searchsorted(times, at + ROUNDING_S, side="right") - 1, 0, len(times) - 1)
    high = np.minimum(low + 1, len(times) - 1)
    gap = times[high] - times[low]
    part = np.clip(np.where(gap > 0, (at - times[low]) / np.where(gap > 0, gap, 1), 0.0), 0.0, 1.0)
    if kind == "CUBICSPLINE":
        into, point, out = (values.reshape(len(times), 3, -1)[:, k] for k in range(3))
        t, g = part[:, None], gap[:, None]
        curve = (
            (2 * t**3 - 3 * t**2 + 1) * point[low] + (t**3 - 2 * t**2 + t) * g * out[low]
            + (3 * t**2 - 2 * t**3) * point[high] + (t**3 - t**2) * g * into[high]
        )  # fmt: skip
        return normalize(curve) if turn else curve
    if turn:
        values = normalize(values)
    if kind == "STEP":
        return values[low]
    if turn:
        return quat_slerp(values[low], values[high], part)
    moved: Array = values[low] + (values[high] - values[low]) * part[:, None]
    return moved
