"""GLB: the clip as a skinned mannequin in one binary glTF 2.0 file. Shapes: T frames, J = 22 joints, V vertices.

Frame of the file = frame of the SDK (metres, Y up, faces +Z). Equal input gives equal bytes.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk.clips.container import pack_glb
from sdk.clips.figure import figure_mesh
from sdk.clips.tags import ClipTags, describe, flat_strings
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import normalize, quat_continuous

FLOAT, USHORT = 5126, 5123  # component types
VERTEX_TARGET, INDEX_TARGET = 34962, 34963
GENERATOR = "EmoMotion SDK"
MATERIAL = {
    "name": "mannequin",
    "pbrMetallicRoughness": {"baseColorFactor": [0.72, 0.71, 0.69, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.6},
}


def glb_bytes(motion: Motion, tags: ClipTags) -> bytes:
    """The clip as GLB: joints named as in the skeleton, one rigidly skinned mesh, one animation, tags in three places.

    The T frames lie at k / fps seconds, so the animation lasts (T - 1) / fps. Tags: `asset.extras` and the root joint's
    `extras` hold flat strings, the animation's `extras` the whole object of the sidecar without file name and hash.
    Raises InvalidInput for values that are not finite or quaternions off unit length (a Motion is mutable inside).
    """
    _check(motion)
    skeleton = motion.skeleton
    offsets = skeleton.offsets.astype(np.float64).copy()
    offsets[0] += (0.0, skeleton.rest_height, 0.0)  # the rest pose stands on the ground
    rest = np.zeros_like(offsets)
    for j, parent in enumerate(skeleton.parents):
        rest[j] = offsets[j] + (rest[parent] if parent >= 0 else 0.0)

    data = _Buffer()
    mesh = figure_mesh(skeleton, rest=rest)
    weights = np.zeros((len(mesh.joints), 4), dtype=np.float32)
    weights[:, 0] = 1.0
    joints = np.zeros((len(mesh.joints), 4), dtype=np.uint16)
    joints[:, 0] = mesh.joints
    attributes = {
        "POSITION": data.add(mesh.positions, "VEC3", target=VERTEX_TARGET, limits=True),
        "NORMAL": data.add(mesh.normals, "VEC3", target=VERTEX_TARGET),
        "JOINTS_0": data.add(joints, "VEC4", target=VERTEX_TARGET),
        "WEIGHTS_0": data.add(weights, "VEC4", target=VERTEX_TARGET),
    }
    indices = data.add(mesh.triangles.reshape(-1), "SCALAR", target=INDEX_TARGET)
    inverse_bind = np.tile(np.eye(4, dtype=np.float32), (len(rest), 1, 1))
    inverse_bind[:, 3, :3] = -rest  # column-major: the translation is the last row of each 4 x 4 block
    bind = data.add(inverse_bind.reshape(-1, 16), "MAT4")
    times = data.add((np.arange(len(motion)) / motion.fps).astype(np.float32), "SCALAR", limits=True)
    rotations = quat_continuous(normalize(motion.rotations.astype(np.float64))).astype(np.float32)
    outputs = [data.add(motion.root.astype(np.float32), "VEC3")]
    outputs += [data.add(rotations[:, j], "VEC4") for j in range(len(rest))]

    whole = describe(tags, motion, clip_format="glb")
    flat = flat_strings(whole)
    channels = [{"sampler": 0, "target": {"node": 0, "path": "translation"}}]
    channels += [{"sampler": j + 1, "target": {"node": j, "path": "rotation"}} for j in range(len(rest))]
    nodes = [_joint(j, skeleton.names, skeleton.parents, offsets) for j in range(len(rest))]
    nodes[0]["extras"] = flat
    nodes.append({"mesh": 0, "name": "mannequin", "skin": 0})
    document = {
        "asset": {"extras": flat, "generator": GENERATOR, "version": "2.0"},
        "scene": 0,
        # A skinned mesh takes no transform from its node, so it stands beside the skeleton, not in it.
        "scenes": [{"name": "clip", "nodes": [0, len(rest)]}],
        "nodes": nodes,
        "skins": [
            {"inverseBindMatrices": bind, "joints": list(range(len(rest))), "name": "body", "skeleton": 0},
        ],
        "materials": [MATERIAL],
        "meshes": [
            {"name": "mannequin", "primitives": [{"attributes": attributes, "indices": indices, "material": 0}]},
        ],
        "animations": [
            {
                "name": "motion",
                "channels": channels,
                "samplers": [{"input": times, "interpolation": "LINEAR", "output": o} for o in outputs],
                "extras": whole,
            }
        ],
        "accessors": data.accessors,
        "bufferViews": data.views,
        "buffers": [{"byteLength": len(data.bytes)}],
    }
    return pack_glb(document, bytes(data.bytes))


class _Buffer:
    """The binary chunk as it grows, with the accessor and the view of each array."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.views: list[dict[str, int]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, values: NDArray[Any], kind: str, *, target: int | None = None, limits: bool = False) -> int:
        """Append an array, (N,) or (N, components), float32 or uint16; returns the index of its accessor."""
        raw = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).tobytes()
        view: dict[str, int] = {"buffer": 0, "byteOffset": len(self.bytes), "byteLength": len(raw)}
        if target is not None:
            view["target"] = target
        accessor: dict[str, Any] = {
            "bufferView": len(self.views),
            "componentType": USHORT if values.dtype == np.uint16 else FLOAT,
            "count": len(values),
            "type": kind,
        }
        if limits:
            columns = values.reshape(len(values), -1)
            # float() of a float32 prints exactly, and the format wants the limits to be exact.
            accessor["min"] = [float(v) for v in columns.min(axis=0)]
            accessor["max"] = [float(v) for v in columns.max(axis=0)]
        self.bytes += raw + b"\0" * (-len(raw) % 4)
        self.views.append(view)
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def _joint(j: int, names: tuple[str, ...], parents: tuple[int, ...], offsets: NDArray[np.float64]) -> dict[str, Any]:
    node: dict[str, Any] = {"name": names[j], "translation": [round(float(v), 9) for v in offsets[j]]}
    children = [k for k, parent in enumerate(parents) if parent == j]
    return {**node, "children": children} if children else node


def _check(motion: Motion) -> None:
    if not (np.isfinite(motion.rotations).all() and np.isfinite(motion.root).all()):
        raise InvalidInput("motion holds NaN or infinite values; no clip was written", field="motion")
    if np.abs(np.linalg.norm(motion.rotations, axis=-1) - 1).max() > 1e-3:
        raise InvalidInput("motion rotations must be unit quaternions (xyzw); no clip was written", field="motion")
    if not (math.isfinite(motion.fps) and 1 <= motion.fps <= 240):
        raise InvalidInput(f"fps must lie in 1..240, got {motion.fps}", field="fps")
