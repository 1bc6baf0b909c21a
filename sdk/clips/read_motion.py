"""Read the movement of a clip file back: ours, and other people's where the joints can be told."""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sdk.clips.container import read_glb
from sdk.clips.gltf_read import GltfClip, gltf_clip
from sdk.clips.npz import STAND_UP
from sdk.clips.smpl import MEAN_PELVIS
from sdk.clips.vrma import EXTENSION, HUMAN_BONES
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.bvh import read_bvh
from sdk.motion.motion import Motion
from sdk.motion.retarget import PROFILES, Profile, retarget
from sdk.motion.rotations import (
    Array,
    normalize,
    quat_between,
    quat_continuous,
    quat_from_axis_angle,
    quat_inv,
    quat_mul,
    quat_rotate,
)
from sdk.motion.skeleton import BODY, JOINT_NAMES, NUM_JOINTS

NEEDED = ("pelvis", "left_hip", "left_knee", "left_ankle", "right_hip", "right_knee", "right_ankle")
"""Without these a body cannot be placed; other joints may be missing and keep their parents' direction."""


def read_motion(path: Path | str) -> Motion:
    """The movement of a clip file on the SDK's body, at the file's frame rate, where it happened.

    .glb: joints called as the SDK's, or a VRM 1.0 humanoid; .vrma: any; their nodes stand in a T-pose or an A-pose.
    .bvh: as the SDK writes it, any unit. .npz: SMPL, SMPL-H or SMPL-X parameters under AMASS's names. The root's path
    is scaled by the ratio of leg lengths. Raises InvalidInput for another suffix or a file that is not there,
    MalformedFile, with the name of the file and what is wrong, for its content.
    """
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(READERS)
        raise InvalidInput(
            f"movement of file type {path.suffix!r} cannot be read; known: {known}: {path}", field="path"
        )
    try:
        return reader(path)
    except OSError as error:
        raise InvalidInput(f"cannot read: {error.strerror or error}: {path}", field="path") from None
    except InvalidInput as error:  # from the maths below, which does not know the file
        raise MalformedFile(f"{path.name}: {error}") from None


def _from_gltf(path: Path) -> Motion:
    document, binary = read_glb(path)
    nodes = _joints(document, path.name)
    clip = gltf_clip(document, binary, name=path.name)
    known = set(clip.node_of)
    lost = [joint for joint, node in nodes.items() if node not in known]
    if lost:
        raise MalformedFile(f"{path.name}: its humanoid names nodes that do not exist, for {', '.join(lost)}")
    named = {joint: str(node) for joint, node in nodes.items()}
    return retarget(clip.moving, Profile(path.name, named, _t_pose(clip, named, path.name), metres=1.0))


def _joints(document: Mapping[str, Any], name: str) -> dict[str, int]:
    """SDK joint -> node of the file."""
    extensions = document.get("extensions", {})
    for extension in (EXTENSION, "VRMC_vrm"):
        bones = extensions.get(extension, {}).get("humanoid", {}).get("humanBones")
        if isinstance(bones, dict):
            found = {joint: bones[bone]["node"] for joint, bone in HUMAN_BONES.items() if bone in bones}
            break
    else:
        index = {node.get("name"): k for k, node in reversed([*enumerate(document.get("nodes", []))])}
        found = {joint: index[joint] for joint in JOINT_NAMES if joint in index}
    missing = [joint for joint in NEEDED if joint not in found]
    if missing:
        what = "has neither a VRM humanoid nor joints called as the SDK's"
        message = f"{name} {what} (missing: {', '.join(missing)}); other skeletons are read as rigs"
        raise MalformedFile(message)
    return found


def _t_pose(clip: GltfClip, nodes: Mapping[str, str], name: str) -> dict[str, Array]:
    """World rotation of each joint's node in the T-pose. The rest pose is that one, but its arms may hang."""
    rotations, positions = clip.rest.world()
    index = {node: k for k, node in enumerate(clip.rest.names)}
    turn = {joint: rotations[0, index[node]] for joint, node in nodes.items()}
    at = {joint: positions[0, index[node]] for joint, node in nodes.items()}
    leg = normalize(at["left_ankle"] - at["left_hip"])
    across = normalize(at["left_hip"] - at["right_hip"])
    if leg[1] > -0.8 or across[0] < 0.8:
        message = "stands neither in a T-pose nor in an A-pose that faces +Z"
        raise MalformedFile(f"{name}: the skeleton at rest {message}")
    for side, out in (("left", 1.0), ("right", -1.0)):
        shoulder, elbow = f"{side}_shoulder", f"{side}_elbow"
        if shoulder not in at or elbow not in at:
            continue
        hangs = quat_between(np.array([out, 0.0, 0.0]), at[elbow] - at[shoulder])
        for joint in (shoulder, elbow, f"{side}_wrist"):
            if joint in turn:
                turn[joint] = quat_mul(quat_inv(hangs), turn[joint])
    return {nodes[joint]: rotation for joint, rotation in turn.items()}


def _from_bvh(path: Path) -> Motion:
    # The unit is not said in the file, and does not matter: the legs give the scale.
    return retarget(read_bvh(path), replace(PROFILES["sdk"], metres=0.0))


def _from_npz(path: Path) -> Motion:
    arrays = npz_arrays(path)
    try:
        poses = np.asarray(arrays["poses"], dtype=np.float64)
        trans = np.asarray(arrays["trans"], dtype=np.float64)
        fps = float(arrays["mocap_frame_rate"] if "mocap_frame_rate" in arrays else arrays["mocap_framerate"])
    except KeyError as error:
        raise MalformedFile(
            f"{path.name}: there is no array {error}; poses, trans and mocap_framerate are needed"
        ) from None
    except (TypeError, ValueError) as error:
        raise MalformedFile(f"{path.name}: poses, trans and mocap_framerate must be numbers: {error}") from None
    if poses.ndim != 2 or poses.shape[1] < 3 * NUM_JOINTS or trans.shape != (len(poses), 3):
        message = f"poses must be (T, 66 or more) and trans (T, 3), found {poses.shape} and {trans.shape}"
        raise MalformedFile(f"{path.name}: {message}")
    family = "smplx" if poses.shape[1] == 165 else "smpl"
    pelvis = np.asarray(arrays.get("pelvis_rest", MEAN_PELVIS[family]), dtype=np.float64)
    rotations = quat_from_axis_angle(poses[:, : 3 * NUM_JOINTS].reshape(len(poses), NUM_JOINTS, 3))
    root: Array = trans + pelvis
    if str(arrays.get("up_axis", "z")) == "z":  # AMASS does not say it
        lie = quat_inv(STAND_UP)
        root, rotations[:, 0] = quat_rotate(lie, root), quat_mul(lie, rotations[:, 0])
    if "leg_length" in arrays:
        root = root * (BODY.leg_length / float(arrays["leg_length"]))
    return Motion(quat_continuous(normalize(rotations)), root, fps)


def npz_arrays(path: Path) -> dict[str, Any]:
    """All arrays of a file; nothing pickled is run. Raises MalformedFile."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (zipfile.BadZipFile, EOFError, ValueError, AttributeError) as error:
        raise MalformedFile(f"{path.name} is no .npz file of plain arrays: {error}") from None


READERS: Mapping[str, Callable[[Path], Motion]] = {
    ".glb": _from_gltf, ".vrma": _from_gltf, ".bvh": _from_bvh, ".npz": _from_npz,
}  # fmt: skip
"""Readers of movement by suffix."""
