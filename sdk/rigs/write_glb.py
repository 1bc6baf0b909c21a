"""A motion into the user's own GLB or VRM: everything that was there stays, one animation and the tags are added.

The binary chunk keeps its bytes, new ones stand behind them; of the JSON chunk only lists grow. A rig without such a
file (one known by name, or a BVH) gets a body of sticks, so that tools that want a mesh show it.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk.clips.container import pack_glb
from sdk.clips.gltf import GENERATOR, Buffer
from sdk.clips.tags import ClipTags, describe, flat_strings
from sdk.motion.rotations import IDENTITY, Array, quat_continuous, quat_inv, quat_mul, quat_rotate, quat_to_matrix
from sdk.rigs.put import RigMotion
from sdk.rigs.rig import GltfSource

VERTEX_TARGET, INDEX_TARGET = 34962, 34963
_STICK = np.array([[0, 0, 0], [1, 0.15, 0], [0, 0.15, 1], [-1, 0.15, 0], [0, 0.15, -1], [0, 1, 0]], dtype=float)
_FACES = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 4], [0, 4, 1], [5, 2, 1], [5, 3, 2], [5, 4, 3], [5, 1, 4]])


def rig_glb_bytes(made: RigMotion, tags: ClipTags, *, facts: Mapping[str, Any], alone: bool = False) -> bytes:
    """The rig's file with the motion as a further animation; `alone` leaves the file's other animations out.

    facts: what the tags say of this file. Raises InvalidInput for tags that break their schema.
    """
    source = made.rig.source if isinstance(made.rig.source, GltfSource) else stick_body(made)
    document: dict[str, Any] = json.loads(json.dumps(source.document))
    if alone:
        document.pop("animations", None)
    data = Buffer()
    whole = describe(tags, made.source, clip_format="glb", options=facts)
    first = len(document.get("accessors", []))
    animation = _animation(made, source, data, document, whole, first)
    flat = flat_strings(whole)
    binary = _appended(document, source.binary, data)
    document.setdefault("animations", []).append(animation)
    for holder in (document["asset"], document["nodes"][source.node_of[made.moved[0]]]):
        kept = holder.get("extras")
        if kept is None or isinstance(kept, dict):  # extras that are no object are somebody else's and stay
            old = {key: value for key, value in (kept or {}).items() if not key.startswith("emotion_")}
            holder["extras"] = {**old, **flat}
    return pack_glb(document, binary)


def _animation(
    made: RigMotion, source: GltfSource, data: Buffer, document: dict[str, Any], whole: Mapping[str, Any], first: int
) -> dict[str, Any]:
    """The animation; its accessors are counted from `first`, where the file's own end."""
    times = first + data.add((np.arange(len(made)) / made.fps).astype(np.float32), "SCALAR", limits=True)
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []

    def track(node: int, path: str, values: Array, kind: str) -> None:
        index = source.node_of[node]
        _as_parts(document["nodes"][index], made, node)
        output = first + data.add(values.astype(np.float32), kind)
        channels.append({"sampler": len(samplers), "target": {"node": index, "path": path}})
        samplers.append({"input": times, "interpolation": "LINEAR", "output": output})

    for n, node in enumerate(made.moved):
        track(node, "translation", made.translations[:, n], "VEC3")
    for n, node in enumerate(made.animated):
        track(node, "rotation", quat_continuous(made.rotations[:, n]), "VEC4")
    taken = {a.get("name") for a in document.get("animations", []) if isinstance(a, dict)}
    name = next(n for n in ("motion", *(f"motion-{k}" for k in range(2, 10_000))) if n not in taken)
    return {"name": name, "channels": channels, "samplers": samplers, "extras": dict(whole)}


def _as_parts(node: dict[str, Any], made: RigMotion, k: int) -> None:
    """A node that moves may not have a matrix: it says the same in translation, rotation and scale."""
    if node.pop("matrix", None) is not None:
        rig = made.rig
        node["translation"] = [float(v) for v in rig.translations[k]]
        node["rotation"] = [float(v) for v in rig.rotations[k]]
        node["scale"] = [float(v) for v in rig.scales[k]]


def _appended(document: dict[str, Any], binary: bytes, data: Buffer) -> bytes:
    """Join the new accessors to the document; returns the binary chunk, new bytes behind the old ones."""
    buffers = document.setdefault("buffers", [])
    views, accessors = document.setdefault("bufferViews", []), document.setdefault("accessors", [])
    inside = not buffers or "uri" not in buffers[0]
    if inside:
        start = len(binary) + -len(binary) % 4
        binary = binary + b"\0" * (start - len(binary)) + bytes(data.bytes)
        if buffers:
            buffers[0]["byteLength"] = len(binary)
        else:
            buffers.append({"byteLength": len(binary)})
        place = 0
    else:  # the file keeps its data elsewhere: ours goes into the JSON, so that nothing of theirs moves
        start, place = 0, len(buffers)
        text = base64.b64encode(bytes(data.bytes)).decode()
        buffers.append({"byteLength": len(data.bytes), "uri": f"data:application/octet-stream;base64,{text}"})
    first = len(views)
    views += [{**view, "buffer": place, "byteOffset": view["byteOffset"] + start} for view in data.views]
    accessors += [{**a, "bufferView": a["bufferView"] + first} for a in data.accessors]
    return binary


def stick_body(made: RigMotion) -> GltfSource:
    """A skinned body of sticks for a rig that has no file of its own, in metres, Y up, facing +Z."""
    rig, fit = made.rig, made.fit
    unit = fit.metres if rig.suffix == ".bvh" else 1.0
    turn = fit.axes if rig.suffix == ".bvh" else IDENTITY
    carried = unit != 1.0 or abs(turn[3]) < 1 - 1e-9
    first = 1 if carried else 0
    rotations, positions = rig.rest
    world_q = quat_mul(turn, rotations)
    world_p = unit * quat_rotate(turn, positions)
    scale = unit * rig.world_scales
    nodes: list[dict[str, Any]] = []
    roots = [k for k, parent in enumerate(rig.parents) if parent < 0]
    if carried:
        top: dict[str, Any] = {"name": "Armature", "children": [r + first for r in roots]}
        nodes.append(top | {"rotation": [float(v) for v in turn], "scale": [unit] * 3})
    below = rig.children()
    for k, name in enumerate(rig.nodes):
        node: dict[str, Any] = {"name": name, "translation": [float(v) for v in rig.translations[k]]}
        if abs(rig.rotations[k, 3]) < 1 - 1e-12:
            node["rotation"] = [float(v) for v in rig.rotations[k]]
        if np.abs(rig.scales[k] - 1).max() > 1e-12:
            node["scale"] = [float(v) for v in rig.scales[k]]
        if below[k]:
            node["children"] = [c + first for c in below[k]]
        nodes.append(node)
    data = Buffer()
    vertices, owners, triangles = _sticks(world_p, rig.parents, below, size=fit.real)
    joints = [k for k in range(len(rig.nodes)) if rig.parents[k] >= 0 or rig.nodes[k] != "Armature"]
    place = {k: n for n, k in enumerate(joints)}
    skin = np.zeros((len(vertices), 4), dtype=np.uint16)
    skin[:, 0] = [place[k] for k in owners]
    weights = np.zeros((len(vertices), 4), dtype=np.float32)
    weights[:, 0] = 1.0
    attributes = {
        "POSITION": data.add(vertices.astype(np.float32), "VEC3", target=VERTEX_TARGET, limits=True),
        "JOINTS_0": data.add(skin, "VEC4", target=VERTEX_TARGET),
        "WEIGHTS_0": data.add(weights, "VEC4", target=VERTEX_TARGET),
    }
    indices = data.add(triangles.astype(np.uint16).reshape(-1), "SCALAR", target=INDEX_TARGET)
    bind = data.add(_inverse_bind(world_q[joints], world_p[joints], scale[joints]), "MAT4")
    nodes.append({"mesh": 0, "name": "sticks", "skin": 0})
    tops = [0] if carried else roots
    document = {
        "asset": {"generator": GENERATOR, "version": "2.0"},
        "scene": 0,
        "scenes": [{"name": "clip", "nodes": [*tops, len(nodes) - 1]}],
        "nodes": nodes,
        "skins": [{"inverseBindMatrices": bind, "joints": [k + first for k in joints], "name": rig.name}],
        "meshes": [{"name": "sticks", "primitives": [{"attributes": attributes, "indices": indices}]}],
        **data.parts(),
    }
    return GltfSource(document, bytes(data.bytes), tuple(k + first for k in range(len(rig.nodes))))


def _sticks(
    places: Array, parents: tuple[int, ...], below: list[list[int]], *, size: float
) -> tuple[Array, list[int], NDArray[np.int64]]:
    """Vertices (V, 3) of a stick from each node to each of its children, whose each is, and triangles."""
    vertices: list[Array] = []
    owners: list[int] = []
    triangles: list[NDArray[np.int64]] = []
    for k, children in enumerate(below):
        ends = [places[c] for c in children if np.linalg.norm(places[c] - places[k]) > 1e-4 * size]
        if not children and parents[k] >= 0:  # a tip, so that the last bone is seen
            ends = [places[k] + 0.4 * (places[k] - places[parents[k]])]
        for end in ends:
            along = end - places[k]
            length = float(np.linalg.norm(along))
            if length < 1e-6 * size or k == 0 and parents[k] < 0 and length > 0.5 * size:
                continue
            helper = np.eye(3)[np.argmin(np.abs(along))]
            x = np.cross(along, helper)
            x = x / np.linalg.norm(x) * min(0.03 * size, 0.2 * length)
            z = np.cross(x, along) / length
            triangles.append(_FACES + len(owners))
            vertices.append(places[k] + _STICK @ np.stack([x, along, z]))
            owners += [k] * len(_STICK)
    return np.concatenate(vertices), owners, np.concatenate(triangles)


def _inverse_bind(rotations: Array, positions: Array, scales: Array) -> NDArray[np.float32]:
    """(N, 16) column-major inverses of the nodes' world matrices."""
    out = np.zeros((len(rotations), 4, 4))
    back = quat_to_matrix(quat_inv(rotations)) / scales[:, None, None]
    out[:, :3, :3] = back
    out[:, :3, 3] = -np.einsum("nij,nj->ni", back, positions)
    out[:, 3, 3] = 1.0
    return np.swapaxes(out, 1, 2).reshape(-1, 16).astype(np.float32)
