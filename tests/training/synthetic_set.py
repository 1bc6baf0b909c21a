"""A tiny set in the Bandai-Namco layout, made from known motions.

The layout is written down a second time here, from the measured table and with matrices, so that a mistake in the
SDK's profile cannot hide: bones along local X, six channels on every node, a root above the hips, centimetres.
"""

import warnings
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from sdk.motion.motion import Motion
from sdk.motion.rotations import Array
from sdk.motion.skeleton import BODY, JOINT
from tests.synthetic import walking

_LEFT, _UP, _AHEAD = np.eye(3)
_FOOT, _TOES = np.radians(39.6), np.radians(22.9)


def _slope(angle: float) -> Array:
    return np.cos(angle) * _AHEAD - np.sin(angle) * _UP


# Node: (parent, SDK joint, where local X points in the T-pose, where local Y points).
_SPINE = {
    "Hips": ("joint_Root", "pelvis", _UP, -_LEFT),
    "Spine": ("Hips", "spine1", _UP, _AHEAD),
    "Chest": ("Spine", "spine3", _UP, _AHEAD),
    "Neck": ("Chest", "neck", _UP, _AHEAD),
    "Head": ("Neck", "head", _UP, _AHEAD),
}
_LIMBS = {  # the left side's X and Y; on the right the legs' X is reversed and the arms' Y
    "Shoulder": ("Chest", "collar", _LEFT, _UP),
    "UpperArm": ("Shoulder", "shoulder", _LEFT, _UP),
    "LowerArm": ("UpperArm", "elbow", _LEFT, _UP),
    "Hand": ("LowerArm", "wrist", _LEFT, _UP),
    "UpperLeg": ("Hips", "hip", -_UP, _LEFT),
    "LowerLeg": ("UpperLeg", "knee", -_UP, _LEFT),
    "Foot": ("LowerLeg", "ankle", _slope(_FOOT), _LEFT),
    "Toes": ("Foot", "foot", _slope(_TOES), _LEFT),
}


def _nodes() -> dict[str, tuple[str, str, Array]]:
    """Node -> (parent, SDK joint, matrix of its axes in the T-pose), parents first."""
    out = {name: (parent, joint, _frame(x, y)) for name, (parent, joint, x, y) in _SPINE.items()}
    for side, sign in (("L", 1.0), ("R", -1.0)):
        for name, (parent, joint, x, y) in _LIMBS.items():
            arm = np.array_equal(x, _LEFT)
            above = parent if parent in _SPINE else f"{parent}_{side}"
            sided = f"{'left' if side == 'L' else 'right'}_{joint}"
            out[f"{name}_{side}"] = (above, sided, _frame(x, sign * y) if arm else _frame(sign * x, y))
    return out


def _frame(x: Array, y: Array) -> Array:
    return np.stack([x, y, np.cross(x, y)], -1)


NODES = _nodes()


def walk(seconds: float = 1.0, **style: float) -> Motion:
    """`walking` in a spine of two parts, which is all that the layout has."""
    motion = walking(seconds, **style)
    motion.rotations[:, JOINT["spine2"]] = [0, 0, 0, 1]
    return motion


def bandai_text(
    motion: Motion, *, size: float = 1.0, carrier: tuple[Array, Array] | None = None, frame_time: str = ".0333333"
) -> str:
    """BVH of a performer `size` times as tall as the motion's body; the motion's spine2 must not turn.

    carrier: movement of joint_Root, rotations (T, 4) xyzw and positions (T, 3) in centimetres; it changes the numbers
    in the file and not what the performer does.
    """
    count = len(motion)
    identity = np.broadcast_to(np.eye(3), (count, 3, 3))
    turned = _world_matrices(motion)
    axes = {"joint_Root": Rotation.from_quat(carrier[0]).as_matrix() if carrier else identity}
    rest = _rest_positions()
    columns: dict[str, tuple[Array, Array]] = {}
    for node, (parent, joint, t_pose) in NODES.items():
        axes[node] = turned[JOINT[joint]] @ t_pose
        if parent == "joint_Root":
            start = carrier[1] if carrier else np.zeros((count, 3))
            world = motion.root * 100 * size - start
            place = np.einsum("tji,tj->ti", axes[parent], world)
        else:
            _, above, above_pose = NODES[parent]
            place = np.tile((rest[JOINT[joint]] - rest[JOINT[above]]) @ above_pose * 100 * size, (count, 1))
        columns[node] = place, axes[parent].transpose(0, 2, 1) @ axes[node]
    columns = {"joint_Root": (carrier[1] if carrier else np.zeros((count, 3)), axes["joint_Root"]), **columns}
    lines = ["HIERARCHY"]
    order: list[str] = []
    _write_node("joint_Root", columns, order, lines)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a T-pose has gimbal locks; one of its many angles will do
        angles = {node: Rotation.from_matrix(turn).as_euler("ZXY", degrees=True) for node, (_, turn) in columns.items()}
    table = np.concatenate([part for node in order for part in (columns[node][0], angles[node])], -1)
    lines += ["MOTION", f"Frames:\t{count}", f"Frame Time:\t{frame_time}"]
    lines += [" ".join(f"{v:.9f}".rstrip("0").rstrip(".") for v in row) for row in table]
    return "\n".join(lines) + "\n"


def _world_matrices(motion: Motion) -> list[Array]:
    out: list[Array] = []
    for j, parent in enumerate(motion.skeleton.parents):
        local = Rotation.from_quat(motion.rotations[:, j]).as_matrix()
        out.append(local if parent < 0 else out[parent] @ local)
    return out


def _rest_positions() -> Array:
    out = np.zeros((len(BODY.parents), 3))
    for j, parent in enumerate(BODY.parents[1:], start=1):
        out[j] = out[parent] + BODY.offsets[j]
    return out


def _write_node(node: str, columns: dict[str, tuple[Array, Array]], order: list[str], lines: list[str]) -> None:
    order.append(node)
    children = [name for name, (parent, *_) in NODES.items() if parent == node]
    # The offset of the hips means nothing in the real files either.
    offset = (0.0, 93.9241, -3.0) if node == "Hips" else columns[node][0][0]
    lines += [f"{'JOINT' if len(order) > 1 else 'ROOT'} {node}", "{"]
    lines += ["OFFSET " + " ".join(f"{v:.9f}" for v in offset)]
    lines += ["CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"]
    for child in children:
        _write_node(child, columns, order, lines)
    if not children:
        lines += ["End Site", "{", "OFFSET 0 0 0", "}"]
    lines += ["}"]


GOOD = (
    *(f"dataset-2_walk_elderly_{take:03d}" for take in range(1, 13)),
    "dataset-1_walk-left_happy_001",
    "dataset-1_walk_happy_001",
    "dataset-1_bow_happy_001",
)
"""Names of the usable clips that `write_set` makes."""

SKIPPED = {
    "dataset-1_run_angry_001.bvh": "frames of 132 values announced, found 16 frames and 17 values",
    "dataset-1_walk_bored_001.bvh": "style 'bored' has no affect",
    "dataset-1_juggle_happy_001.bvh": "content 'juggle' has no wording",
    "dataset-1_kick_normal_001.bvh": "lasts 0.20 s, outside 0.5..65 s",
    "notes.bvh": "file name is not dataset-<1|2>_<content>_<style>_<take>.bvh",
}
"""The other files it makes, and what is to be said of each."""


def write_set(folder: Path) -> Path:
    """Write the set below `folder`, in the real set's two parts, and return the folder."""
    for number, name in enumerate(GOOD):
        text = bandai_text(walk(1.0, speed=0.9 + 0.04 * number))
        _put(folder, name + ".bvh", text)
    whole = bandai_text(walk(1.0))
    head, rows = whole.split(".0333333\n")
    kept = rows.split()[: 16 * 132 + 17]
    _put(folder, "dataset-1_run_angry_001.bvh", f"{head}.0333333\n{' '.join(kept)}\n")
    _put(folder, "dataset-1_kick_normal_001.bvh", bandai_text(walk(0.2)))
    for name in ("dataset-1_walk_bored_001.bvh", "dataset-1_juggle_happy_001.bvh", "notes.bvh"):
        _put(folder, name, whole)
    return folder


def _put(folder: Path, name: str, text: str) -> None:
    part = folder / f"part-{2 if name.startswith('dataset-2') else 1}" / "data"
    part.mkdir(parents=True, exist_ok=True)
    (part / name).write_text(text)
