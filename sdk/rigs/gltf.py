"""Rigs out of GLB and VRM files: the node tree, what is skinned, and what the file says of its Humanoid bones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sdk.clips.container import split_glb
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.rotations import IDENTITY, Array, length, normalize, quat_from_matrix
from sdk.rigs.rig import GltfSource, Rig, RigMap

_ANIMATION, _VRM1, _VRM0 = "VRMC_vrm_animation", "VRMC_vrm", "VRM"


def read_gltf_rig(raw: bytes, *, name: str, path: Path | None = None) -> tuple[Rig, dict[str, int]]:
    """The skeleton of a GLB or VRM, not mapped yet, and the Humanoid bones it names, bone -> index of the rig's node.

    Raises MalformedFile for a damaged file, InvalidInput for one without a skeleton.
    """
    document, binary = split_glb(raw, name=name)
    nodes = document.get("nodes")
    if not isinstance(nodes, list) or not nodes or not all(isinstance(n, dict) for n in nodes):
        raise InvalidInput(f"{name} holds no nodes, so no skeleton", field="rig")
    parent_of = _parents(nodes, name)
    order = _parent_first(parent_of, name)
    place = {node: k for k, node in enumerate(order)}
    local = [_local(nodes[n], n, name) for n in order]
    joints = {j for skin in _list(document, "skins") for j in skin.get("joints", []) if isinstance(j, int)}
    humanoid, vrm = _humanoid(document)
    bones = {n for j in (*joints, *humanoid.values()) for n in _line(parent_of, j)}
    if bones:  # a mesh or a camera is no bone; what else hangs below bones may be
        others = [n for n in order if "mesh" not in nodes[n] and "camera" not in nodes[n]]
        wanted = bones | {n for n in others if bones & set(_line(parent_of, n))}
        order = [n for n in order if n in wanted]
        local = [local[place[n]] for n in order]
        place = {node: k for k, node in enumerate(order)}
    rig = Rig(
        name=name,
        nodes=_unique([str(nodes[n].get("name") or f"node_{n}") for n in order]),
        parents=tuple(place.get(parent_of[n], -1) for n in order),
        translations=np.array([t for t, _, _ in local]),
        rotations=np.array([r for _, r, _ in local]),
        scales=np.array([s for _, _, s in local]),
        map=RigMap({}),
        suffix=".vrm" if vrm else ".glb",
        source=GltfSource(document, binary, tuple(order), vrm),
        path=path,
        metres=1.0,
    )
    return rig, {bone: place[n] for bone, n in humanoid.items() if n in place}


def _list(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    value = document.get(key)
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _parents(nodes: list[dict[str, Any]], name: str) -> dict[int, int]:
    out = dict.fromkeys(range(len(nodes)), -1)
    for k, node in enumerate(nodes):
        for child in node.get("children", []):
            if not isinstance(child, int) or not 0 <= child < len(nodes):
                raise MalformedFile(f"{name}: nodes[{k}].children names node {child!r}, which is not there")
            if out[child] >= 0:
                raise MalformedFile(f"{name}: nodes[{child}] has two parents, {out[child]} and {k}")
            out[child] = k
    return out


def _parent_first(parent_of: dict[int, int], name: str) -> list[int]:
    below: dict[int, list[int]] = {}
    for node, parent in parent_of.items():
        below.setdefault(parent, []).append(node)
    out, waiting = [], list(reversed(below.get(-1, [])))
    while waiting:
        node = waiting.pop()
        out.append(node)
        waiting += reversed(below.get(node, []))
    if len(out) != len(parent_of):
        raise MalformedFile(f"{name}: its nodes form a ring, which is no tree")
    return out


def _line(parent_of: dict[int, int], node: int) -> list[int]:
    out = []
    while node >= 0:
        out.append(node)
        node = parent_of.get(node, -1)
    return out


def _local(node: dict[str, Any], k: int, name: str) -> tuple[Array, Array, Array]:
    """Translation, rotation and scale of a node, out of its matrix if it has one."""
    if "matrix" in node:
        matrix = _numbers(node["matrix"], 16, f"{name}: nodes[{k}].matrix").reshape(4, 4).T
        scale = np.linalg.norm(matrix[:3, :3], axis=0)
        if np.linalg.det(matrix[:3, :3]) < 0:
            scale = scale * [-1, 1, 1]
        turn = matrix[:3, :3] / np.where(np.abs(scale) < 1e-12, 1.0, scale)
        return matrix[:3, 3], quat_from_matrix(turn), scale
    rotation = _numbers(node.get("rotation", IDENTITY), 4, f"{name}: nodes[{k}].rotation")
    if float(length(rotation)[0]) < 1e-6:
        raise MalformedFile(f"{name}: nodes[{k}].rotation is zero, which is no rotation")
    translation = _numbers(node.get("translation", (0, 0, 0)), 3, f"{name}: nodes[{k}].translation")
    return translation, normalize(rotation), _numbers(node.get("scale", (1, 1, 1)), 3, f"{name}: nodes[{k}].scale")


def _numbers(values: Any, count: int, where: str) -> Array:
    try:
        out = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        out = np.zeros(0)
    if out.shape != (count,) or not np.isfinite(out).all():
        raise MalformedFile(f"{where} must be {count} finite numbers")
    return out


def _humanoid(document: Mapping[str, Any]) -> tuple[dict[str, int], str]:
    """Humanoid bone -> node of the file, and the version of VRM, "" for a file that says nothing."""
    extensions = document.get("extensions")
    if not isinstance(extensions, dict):
        return {}, ""
    for key in (_VRM1, _ANIMATION):
        if isinstance(extensions.get(key), dict):
            bones = extensions[key].get("humanoid", {}).get("humanBones", {})
            found = {b: v.get("node") for b, v in bones.items() if isinstance(v, dict)}
            return {bone: node for bone, node in found.items() if isinstance(node, int)}, "1"
    if isinstance(extensions.get(_VRM0), dict):
        bones = extensions[_VRM0].get("humanoid", {}).get("humanBones", [])
        return {b["bone"]: b["node"] for b in bones if isinstance(b, dict) and isinstance(b.get("node"), int)}, "0"
    return {}, ""


def _unique(names: list[str]) -> tuple[str, ...]:
    """Names with "#2", "#3" behind those that stood before."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(out)
