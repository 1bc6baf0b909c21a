"""Recordings as the makers' programs write them, from known motions: Xsens MVN (28 nodes) and Axis Neuron (72 nodes).

The layouts are written down here from the programs' own files, apart from the SDK's profiles, so that a mistake there
cannot hide. Both rest in a T-pose with all rotations zero, facing +Z, in centimetres.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from sdk.motion.motion import Motion
from sdk.motion.rotations import Array
from sdk.motion.skeleton import BODY, JOINT

ROOT_CHANNELS = "CHANNELS 6 Xposition Yposition Zposition Yrotation Xrotation Zrotation"


@dataclass(frozen=True)
class Rig:
    """node -> (parent, offset in centimetres, the SDK joint that moves it; "" for one that goes with its parent)."""

    nodes: dict[str, tuple[str, tuple[float, float, float], str]]
    ends: dict[str, tuple[float, float, float]]
    leg: float
    channels: str

    @property
    def scale(self) -> float:
        """Centimetres of this performer per metre of the SDK's body."""
        return self.leg / BODY.leg_length


def _xsens() -> Rig:
    nodes = {"Hips": ("", (0.0, 0.0, 0.0), "pelvis")}
    above = "Hips"
    for name, y, joint in (("Chest", 9.8, ""), ("Chest2", 10.9, "spine1"), ("Chest3", 9.9, "spine2"),
                           ("Chest4", 9.9, "spine3"), ("Neck", 13.9, "neck"), ("Head", 9.2, "head")):  # fmt: skip
        nodes[name] = (above, (0.0, y, 0.0), joint)
        above = name
    for side, sign in (("Right", -1.0), ("Left", 1.0)):
        above, own = "Chest4", side.lower()
        for name, offset in (("Collar", (3.0, 7.8, 0)), ("Shoulder", (14.2, 0, 0)), ("Elbow", (30.4, 0, 0)),
                             ("Wrist", (24.8, 0, 0))):  # fmt: skip
            nodes[side + name] = (above, (sign * offset[0], offset[1], 0.0), f"{own}_{name.lower()}")
            above = side + name
    for side, sign in (("Right", -1.0), ("Left", 1.0)):
        above, own = "Hips", side.lower()
        for name, offset, joint in (("Hip", (8.1, 0, 0), "hip"), ("Knee", (0, -41.9, 0), "knee"),
                                    ("Ankle", (0, -40.9, 0), "ankle"), ("Toe", (0, -7.1, 16.2), "foot")):  # fmt: skip
            nodes[side + name] = (above, (sign * offset[0], float(offset[1]), float(offset[2])), f"{own}_{joint}")
            above = side + name
    ends = {"Head": (0.0, 17.2, 0.0), "RightWrist": (-18.5, 0.0, 0.0), "LeftWrist": (18.5, 0.0, 0.0),
            "RightToe": (0.0, -1.6, 6.8), "LeftToe": (0.0, -1.6, 6.8)}  # fmt: skip
    return Rig(nodes, ends, 41.9 + 40.9, "CHANNELS 3 Yrotation Xrotation Zrotation")


def _axis_neuron() -> Rig:
    nodes = {"Hips": ("", (0.0, 95.7, 0.0), "pelvis")}
    ends: dict[str, tuple[float, float, float]] = {"Head": (0.0, 16.5, 0.0)}
    for side, sign in (("Right", -1.0), ("Left", 1.0)):
        own = side.lower()
        nodes[f"{side}UpLeg"] = ("Hips", (sign * 9.6, -1.6, 0.0), f"{own}_hip")
        nodes[f"{side}Leg"] = (f"{side}UpLeg", (0.0, -43.1, 0.0), f"{own}_knee")
        nodes[f"{side}Foot"] = (f"{side}Leg", (0.0, -43.1, 0.0), f"{own}_ankle")
        ends[f"{side}Foot"] = (0.0, -7.9, 17.9)
    above = "Hips"
    for name, y, joint in (("Spine", 16.4, ""), ("Spine1", 10.0, "spine1"), ("Spine2", 10.4, "spine2"),
                           ("Spine3", 10.0, "spine3"), ("Neck", 10.7, "neck"), ("Head", 9.7, "head")):  # fmt: skip
        nodes[name] = (above, (0.0, y, 0.0), joint)
        above = name
    for side, sign in (("Right", -1.0), ("Left", 1.0)):
        above, own = "Spine3", side.lower()
        for name, x, y, joint in (("Shoulder", 3.3, 7.1, "collar"), ("Arm", 13.1, 0.0, "shoulder"),
                                  ("ForeArm", 27.3, 0.0, "elbow"), ("Hand", 26.8, 0.0, "wrist")):  # fmt: skip
            nodes[side + name] = (above, (sign * x, y, 0.0), f"{own}_{joint}")
            above = side + name
        for finger in ("Thumb", "Index", "Middle", "Ring", "Pinky"):
            above = f"{side}Hand"
            first = [] if finger == "Thumb" else [f"{side}InHand{finger}"]
            for bone in [*first, *(f"{side}Hand{finger}{k}" for k in (1, 2, 3))]:
                nodes[bone] = (above, (sign * 3.0, 0.1, 0.5), "")
                above = bone
            ends[above] = (sign * 2.0, 0.0, 0.0)
    return Rig(nodes, ends, 43.1 + 43.1, ROOT_CHANNELS)


XSENS, AXIS_NEURON = _xsens(), _axis_neuron()


def bvh_of(motion: Motion, rig: Rig, *, frame_time: str | None = None, yaw: float = 0.0) -> str:
    """The motion as that program writes it; the performer's size is the rig's. yaw: where on the stage it faced."""
    stage = Rotation.from_euler("y", yaw)
    world: dict[str, Rotation] = {}
    turned = _world(motion)
    angles, places = [], []
    for node, (parent, offset, joint) in rig.nodes.items():
        if joint:
            world[node] = stage * turned[JOINT[joint]]
        else:  # a bone that the SDK's body has not: it lags behind its parent, which must not matter
            world[node] = world[parent] * Rotation.from_euler("xyz", [0.1, -0.05, 0.02])
        local = world[node] if not parent else world[parent].inv() * world[node]
        angles.append(local.as_euler("YXZ", degrees=True))
        root = stage.apply(motion.root) * rig.scale + [120.0, 0.0, -35.0]
        places.append(root if not parent else np.tile(offset, (len(motion), 1)))
    rows = []
    for node_angles, node_places, node in zip(angles, places, rig.nodes, strict=True):
        with_place = node == "Hips" or rig.channels == ROOT_CHANNELS
        rows += [node_places, node_angles] if with_place else [node_angles]
    table = np.concatenate(rows, -1)
    lines = ["HIERARCHY", *_hierarchy(rig, "Hips", 0), "MOTION", f"Frames: {len(motion)}"]
    lines.append(f"Frame Time: {frame_time or f'{1 / motion.fps:.6f}'}")
    lines += [" ".join(f"{v:.5f}" for v in row) for row in table]
    return "\r\n".join(lines) + "\r\n"  # both programs run on Windows


def _world(motion: Motion) -> list[Rotation]:
    out: list[Rotation] = []
    for j, parent in enumerate(motion.skeleton.parents):
        local = Rotation.from_quat(motion.rotations[:, j])
        out.append(local if parent < 0 else out[parent] * local)
    return out


def _hierarchy(rig: Rig, node: str, depth: int) -> list[str]:
    parent, offset, _ = rig.nodes[node]
    pad = "\t" * depth
    lines = [f"{pad}{'JOINT' if parent else 'ROOT'} {node}", pad + "{", f"{pad}\tOFFSET {_numbers(offset)}"]
    lines.append(f"{pad}\t{rig.channels if parent else ROOT_CHANNELS}")
    for child, (above, *_) in rig.nodes.items():
        if above == node:
            lines += _hierarchy(rig, child, depth + 1)
    if node in rig.ends:
        lines += [f"{pad}\tEnd Site", f"{pad}\t{{", f"{pad}\t\tOFFSET {_numbers(rig.ends[node])}", f"{pad}\t}}"]
    return [*lines, pad + "}"]


def _numbers(values: Array | tuple[float, ...]) -> str:
    return " ".join(f"{v:.6f}" for v in values)
