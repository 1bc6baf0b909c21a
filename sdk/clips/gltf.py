"""What GLB and VRMA have in common: the binary chunk, joints as nodes, the movement as an animation, tags.

Shapes: T frames, J = 22 joints. Frame of the file = frame of the SDK (metres, Y up, faces +Z).
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdk.errors import InvalidInput
from sdk.motion.kinematics import forward_kinematics, global_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, normalize, quat_continuous
from sdk.motion.skeleton import Skeleton

FLOAT, USHORT = 5126, 5123  # component types
GENERATOR = "EmoMotion SDK"


class RestPose(NamedTuple):
    """local (J, 4): rotations relative to the T-pose. positions (J, 3), rotations (J, 4): in the world."""

    local: Array
    positions: Array
    rotations: Array


def rest_pose(skeleton: Skeleton, local: Array) -> RestPose:
    """The skeleton in a rest pose, its pelvis as high over the ground as in the T-pose."""
    root = np.array([0.0, skeleton.rest_height, 0.0])
    return RestPose(local, forward_kinematics(local, root, skeleton), global_rotations(local, skeleton.parents))


class Buffer:
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

    def parts(self) -> dict[str, Any]:
        """The document's entries about this chunk."""
        return {"accessors": self.accessors, "bufferViews": self.views, "buffers": [{"byteLength": len(self.bytes)}]}


class Tracks:
    """The animation as it grows: samplers over one time line, and the node each of them moves."""

    def __init__(self, data: Buffer, motion: Motion) -> None:
        self._data = data
        self._times = data.add((np.arange(len(motion)) / motion.fps).astype(np.float32), "SCALAR", limits=True)
        self.samplers: list[dict[str, Any]] = []
        self.channels: list[dict[str, Any]] = []
        self.add(0, "translation", motion.root, "VEC3")
        rotations = quat_continuous(normalize(motion.rotations.astype(np.float64)))
        for j in range(rotations.shape[1]):
            self.add(j, "rotation", rotations[:, j], "VEC4")

    def add(self, node: int, path: str, values: Array, kind: str) -> None:
        """A further track: `path` of `node` takes `values` at the frames."""
        output = self._data.add(values.astype(np.float32), kind)
        self.channels.append({"sampler": len(self.samplers), "target": {"node": node, "path": path}})
        self.samplers.append({"input": self._times, "interpolation": "LINEAR", "output": output})

    def animation(self, extras: Mapping[str, Any]) -> dict[str, Any]:
        """The document's animation."""
        return {"name": "motion", "channels": self.channels, "samplers": self.samplers, "extras": dict(extras)}


def joint_nodes(skeleton: Skeleton, rest: RestPose) -> list[dict[str, Any]]:
    """A node per joint, in the skeleton's order; the root is node 0 and stands at its height over the ground."""
    nodes: list[dict[str, Any]] = []
    for j, (name, parent) in enumerate(zip(skeleton.names, skeleton.parents, strict=True)):
        place = rest.positions[0] if parent < 0 else skeleton.offsets[j]
        node: dict[str, Any] = {"name": name, "translation": [round(float(v), 9) + 0.0 for v in place]}
        if abs(rest.local[j, 3]) < 1:
            node["rotation"] = [float(np.float32(v)) for v in rest.local[j]]
        if children := [k for k, above in enumerate(skeleton.parents) if above == j]:
            node["children"] = children
        nodes.append(node)
    return nodes


def check_motion(motion: Motion) -> None:
    """Raise InvalidInput for values that are not finite or rotations off unit length (a Motion is mutable inside)."""
    if not (np.isfinite(motion.rotations).all() and np.isfinite(motion.root).all()):
        raise InvalidInput("motion holds NaN or infinite values; no clip was written", field="motion")
    if np.abs(np.linalg.norm(motion.rotations, axis=-1) - 1).max() > 1e-3:
        raise InvalidInput("motion rotations must be unit quaternions (xyzw); no clip was written", field="motion")
    if not (math.isfinite(motion.fps) and 1 <= motion.fps <= 240):
        raise InvalidInput(f"fps must lie in 1..240, got {motion.fps}", field="fps")
