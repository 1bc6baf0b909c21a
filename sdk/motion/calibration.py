"""Where a source skeleton's local axes point in the T-pose: given, held in a frame of the clip, or read off its bones.

Shapes: T frames, K nodes of the file. Frame of everything here: the SDK's, Y up, +Z ahead, the character's left +X. The
answer is, per node, the world rotation T_j that `sdk.motion.retarget` takes every recorded rotation relative to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sdk.motion.bvh import BvhClip
from sdk.motion.errors import InvalidInput
from sdk.motion.rotations import IDENTITY, Array, quat_about, quat_between, quat_from_matrix, quat_mul, quat_rotate

ARM_SLOPE_DEGREES = 30.0
"""An arm further from the horizon than this is not held in a T-pose."""

# Bones whose direction in the T-pose is beyond doubt. The others' slopes differ from body to body, so that swinging
# them without being told to would bend the back, the shoulders and the feet of whoever has another anatomy.
_SURE: Mapping[str, tuple[str, tuple[float, float, float]]] = {
    "left_shoulder": ("left_elbow", (1, 0, 0)), "left_elbow": ("left_wrist", (1, 0, 0)),
    "right_shoulder": ("right_elbow", (-1, 0, 0)), "right_elbow": ("right_wrist", (-1, 0, 0)),
    "left_hip": ("left_knee", (0, -1, 0)), "left_knee": ("left_ankle", (0, -1, 0)),
    "right_hip": ("right_knee", (0, -1, 0)), "right_knee": ("right_ankle", (0, -1, 0)),
}  # fmt: skip
_ENDS = {joint: end for joint, (end, _) in _SURE.items()} | {
    "spine1": "spine2", "spine2": "spine3", "spine3": "neck", "neck": "head", "left_collar": "left_shoulder",
    "right_collar": "right_shoulder", "left_ankle": "left_foot", "right_ankle": "right_foot",
}  # fmt: skip
BONES = tuple(_ENDS)
"""Joints whose bone (to the next joint of the chain) a table of directions may name."""


@dataclass(frozen=True)
class TPoseInFrame:
    """The performer holds a T-pose in this frame of every clip, facing anywhere."""

    frame: int


@dataclass(frozen=True)
class TPoseByBones:
    """All-zero rotations are some upright pose facing +Z; each bone is swung from there the shortest way.

    directions: joint -> direction (3,) of its bone in the T-pose. Arms and legs need none: to the sides and down.
    """

    directions: Mapping[str, Array] = field(default_factory=dict)


TPose = Mapping[str, Array] | TPoseInFrame | TPoseByBones
"""Source node -> quaternion (4,) of its local axes in the T-pose, or how to find it."""


def t_pose_of(
    t_pose: TPose, nodes: Mapping[str, str], clip: BvhClip, axes: Array, world: tuple[Array, Array]
) -> Mapping[str, Array]:
    """Local axes in the T-pose of every node of `nodes` (SDK joint -> node), node -> quaternion (4,).

    axes: quaternion (4,) from the file's frame to the SDK's. world: rotations (T, K, 4) and positions (T, K, 3) of the
    clip in the SDK's frame. Raises InvalidInput when the frame is not there or shows no T-pose.
    """
    if isinstance(t_pose, TPoseInFrame):
        return _held(t_pose.frame, nodes, clip.names, world)
    if isinstance(t_pose, TPoseByBones):
        return _swung(t_pose.directions, nodes, clip, axes)
    return t_pose


def _held(frame: int, nodes: Mapping[str, str], names: tuple[str, ...], world: tuple[Array, Array]) -> dict[str, Array]:
    rotations, positions = world
    if frame >= len(rotations):
        message = f"the T-pose should stand in frame {frame}, but the clip has {len(rotations)} frames"
        raise InvalidInput(message, field="profile")
    at = {joint: positions[frame, names.index(node)] for joint, node in nodes.items()}
    across = at["left_hip"] - at["right_hip"] + at["left_shoulder"] - at["right_shoulder"]
    ahead = np.cross(across, [0.0, 1.0, 0.0])
    for side in ("left", "right"):
        arm = at[f"{side}_wrist"] - at[f"{side}_shoulder"]
        slope = float(np.degrees(np.arctan2(arm[1], np.hypot(arm[0], arm[2]))))
        if abs(slope) > ARM_SLOPE_DEGREES:
            message = f"frame {frame} shows no T-pose: the {side} arm lies {slope:+.0f} degrees off the horizon"
            raise InvalidInput(message, field="profile")
    to_front = quat_about("y", -np.arctan2(ahead[0], ahead[2]))
    return {node: quat_mul(to_front, rotations[frame, names.index(node)]) for node in nodes.values()}


def _swung(directions: Mapping[str, Array], nodes: Mapping[str, str], clip: BvhClip, axes: Array) -> dict[str, Array]:
    rest = np.zeros((len(clip.names), 3))
    for k, parent in enumerate(clip.parents):
        if parent >= 0:
            rest[k] = rest[parent] + clip.offsets[k]
    at = {joint: quat_rotate(axes, rest[clip.names.index(node)]) for joint, node in nodes.items()}
    swings: dict[str, Array] = {}
    for joint in nodes:
        goal = directions.get(joint, np.array(_SURE[joint][1]) if joint in _SURE else None)
        end = _ENDS.get(joint)
        if goal is not None and end in at:
            swings[joint] = quat_between(at[end] - at[joint], goal)
    for side in ("left", "right"):  # a hand has no bone of its own and goes with the forearm
        swings.setdefault(f"{side}_wrist", swings.get(f"{side}_elbow", IDENTITY))
    return {node: quat_mul(swings.get(joint, IDENTITY), axes) for joint, node in nodes.items()}


def frame_axes(up: str, ahead: str) -> Array:
    """Quaternion (4,) that carries a file's directions `up` and `ahead`, e.g. "z" and "-y", to the SDK's +Y and +Z.

    Raises InvalidInput for a name that is none of x, y, z with an optional sign, or two that are not perpendicular.
    """
    u, a = _axis(up, "up"), _axis(ahead, "ahead")
    if abs(float(u @ a)) > 0:
        raise InvalidInput(f"up {up!r} and ahead {ahead!r} lie along the same line", field="ahead")
    # Rows are the SDK's X, Y and Z as the file has them, so the matrix turns the file's vectors into the SDK's.
    return quat_from_matrix(np.stack([np.cross(u, a), u, a]))


def _axis(name: str, key: str) -> Array:
    sign, letter = (-1.0, name[1:]) if name.startswith("-") else (1.0, name.removeprefix("+"))
    if letter not in ("x", "y", "z"):
        raise InvalidInput(f"{key} must be x, y, z, -x, -y or -z, got {name!r}", field=key)
    out: Array = sign * np.eye(3)["xyz".index(letter)]
    return out
