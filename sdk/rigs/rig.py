"""`Rig`: somebody's skeleton at rest, as it stands in their file, and which of its bones the body's joints drive.

Shapes: K nodes of the file, parent before child; T frames. Rest transforms are in the file's own unit and axes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion.calibration import TPose
from sdk.motion.kinematics import global_rotations
from sdk.motion.rotations import Array, quat_rotate

UNIFORM = 1e-3
"""Largest relative difference of a node's three scales that still counts as one scale."""


@dataclass(frozen=True)
class RigMap:
    """Which nodes the body's joints drive; names are the rig's.

    joints: SDK joint -> its nodes, parent first; several share what the joint turns beyond the joint before it.
    twists: SDK joint -> roll bones that lie along its limb and take a share of its twist.
    follow: node -> the node whose place and turn it copies, such as an engine's IK bones.
    confidence: SDK joint -> 0..1. how: SDK joint -> where the choice comes from, in a word or two.
    kind: name of the known rig it is, "" if it is none.
    """

    joints: Mapping[str, tuple[str, ...]]
    twists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    follow: Mapping[str, str] = field(default_factory=dict)
    confidence: Mapping[str, float] = field(default_factory=dict)
    how: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""


@dataclass(frozen=True, eq=False)
class GltfSource:
    """The GLB or VRM a rig came from. node_of: index in the file of each of the rig's nodes. vrm: "", "0" or "1"."""

    document: Mapping[str, Any]
    binary: bytes
    node_of: tuple[int, ...]
    vrm: str = ""


@dataclass(frozen=True, eq=False)
class BvhSource:
    """The BVH file a rig came from: its hierarchy as it was written, and (node, channel) of every column."""

    hierarchy: str
    channels: tuple[tuple[int, str], ...]


@dataclass(frozen=True, eq=False)
class Rig:
    """A skeleton at rest and its map.

    name: for messages. nodes: (K,) names, unique. parents: index of each node's parent, -1 for none, parent first.
    translations (K, 3), rotations (K, 4) xyzw, scales (K, 3): local rest transforms, the file's unit and axes.
    suffix: of the file, "" for a rig known by name. source: what `write_rig_clip` needs of the file.
    metres: of the file's unit as its format has it, 0 where nobody says.
    up, ahead: the file's directions ("y", "-z", ...) if a profile says them, else found from the body.
    t_pose, floor: as a profile says them; see `sdk.rigs.profile`.
    """

    name: str
    nodes: tuple[str, ...]
    parents: tuple[int, ...]
    translations: Array = field(repr=False)
    rotations: Array = field(repr=False)
    scales: Array = field(repr=False)
    map: RigMap = field(repr=False)
    suffix: str = ""
    source: GltfSource | BvhSource | None = field(default=None, repr=False)
    path: Path | None = None
    metres: float = 0.0
    up: str | None = None
    ahead: str | None = None
    t_pose: TPose | None = None
    floor: float | None = None

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Node name -> its index."""
        return {name: k for k, name in enumerate(self.nodes)}

    @cached_property
    def world_scales(self) -> Array:
        """(K,) scale that each node's children live in, the file's own included."""
        out = np.ones(len(self.nodes))
        for k, parent in enumerate(self.parents):
            out[k] = (out[parent] if parent >= 0 else 1.0) * float(np.cbrt(np.abs(np.prod(self.scales[k]))))
        return out

    @cached_property
    def rest(self) -> tuple[Array, Array]:
        """World rotations (K, 4) and positions (K, 3) at rest, the file's unit and axes."""
        rotations = global_rotations(self.rotations, self.parents)
        return rotations, self.placed(rotations, self.translations)

    def placed(self, world: Array, translations: Array) -> Array:
        """World positions (..., K, 3) from world rotations (..., K, 4) and local translations (..., K, 3)."""
        out: list[Array] = []
        for k, parent in enumerate(self.parents):
            local = np.broadcast_to(translations[..., k, :], (*world.shape[:-2], 3))
            if parent < 0:
                out.append(local)
            else:
                out.append(out[parent] + self.world_scales[parent] * quat_rotate(world[..., parent, :], local))
        return np.stack(out, -2)

    def chain(self, node: int) -> list[int]:
        """The node and everything above it, root first."""
        out = [node]
        while self.parents[out[-1]] >= 0:
            out.append(self.parents[out[-1]])
        return out[::-1]

    def above(self, nodes: Sequence[int]) -> int:
        """The lowest node that is above all of `nodes` or one of them; -1 if there is none."""
        chains = [self.chain(n) for n in nodes]
        common = -1
        for step in zip(*chains, strict=False):
            if len(set(step)) > 1:
                break
            common = step[0]
        return common

    def children(self) -> list[list[int]]:
        """Indices of each node's children."""
        out: list[list[int]] = [[] for _ in self.nodes]
        for k, parent in enumerate(self.parents):
            if parent >= 0:
                out[parent].append(k)
        return out


def check_transforms(rig: Rig, moved: Sequence[int]) -> None:
    """Refuse scales under which `moved` nodes cannot be turned as bones. Raises InvalidInput, which names the node."""
    above: set[int] = set()
    for node in moved:
        above |= set(rig.chain(node)[:-1])
    for k in sorted(above | set(moved)):
        scale = rig.scales[k]
        if (scale < 0).any():
            what = "has a negative scale, which mirrors the body below it"
        elif (scale < 1e-9).any():
            what = "has a scale of zero, so that nothing below it has a size"
        elif k in above and np.ptp(scale) > UNIFORM * scale.max():
            what = f"is scaled by {', '.join(f'{s:g}' for s in scale)}: turned bones below it would shear"
        else:
            continue
        fix = "apply the scale in your modelling tool (Blender: Object > Apply > Scale) and export again"
        raise InvalidInput(f"{rig.name}: bone {rig.nodes[k]!r} {what}; {fix}", field="rig")
