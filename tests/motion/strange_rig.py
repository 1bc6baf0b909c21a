"""Recordings of a rig that is not the SDK's: another up axis, another rest pose, other names and units."""

import numpy as np

from sdk.motion.bvh import BvhClip
from sdk.motion.kinematics import global_rotations, local_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import IDENTITY, Array, quat_inv, quat_mul, quat_rotate, quat_to_euler_zxy
from sdk.motion.skeleton import JOINT_NAMES, PARENTS

NODES = {joint: f"bone_{joint}" for joint in JOINT_NAMES}


def strange_clip(
    motion: Motion, *, axes: Array = IDENTITY, swings: dict[str, Array] | None = None, per_metre: float = 100.0
) -> BvhClip:
    """The motion in a file's own frame. axes: from the file's frame to the SDK's. per_metre: units of length.

    swings: joint -> rotation that carries its bone from the rig's rest pose to the T-pose; none for the others.
    """
    back, swing = quat_inv(axes), np.stack([(swings or {}).get(joint, IDENTITY) for joint in JOINT_NAMES])
    world = global_rotations(motion.rotations, PARENTS)
    in_file = quat_mul(quat_mul(back, world), quat_mul(swing, axes))
    offsets = np.zeros((len(PARENTS), 3))
    for j, parent in enumerate(PARENTS[1:], start=1):
        offsets[j] = quat_rotate(back, quat_rotate(quat_inv(swing[parent]), motion.skeleton.offsets[j])) * per_metre
    translations = np.broadcast_to(offsets, (len(motion), *offsets.shape)).copy()
    translations[:, 0] = quat_rotate(back, motion.root) * per_metre
    names = tuple(NODES.values())
    return BvhClip(names, PARENTS, offsets, local_rotations(in_file, PARENTS), translations, 1 / motion.fps)


def strange_text(clip: BvhClip) -> str:
    """The clip as a file."""
    lines, order = ["HIERARCHY"], []

    def write(k: int) -> None:
        order.append(k)
        root = clip.parents[k] < 0
        lines.extend([f"{'ROOT' if root else 'JOINT'} {clip.names[k]}", "{"])
        lines.append("OFFSET " + " ".join(f"{v:.6f}" for v in clip.offsets[k]))
        place = "6 Xposition Yposition Zposition " if root else "3 "
        lines.append(f"CHANNELS {place}Zrotation Xrotation Yrotation")
        for child, parent in enumerate(clip.parents):
            if parent == k:
                write(child)
        if k not in clip.parents:
            lines.extend(["End Site", "{", "OFFSET 0 0 0", "}"])
        lines.append("}")

    write(0)
    angles = np.degrees(quat_to_euler_zxy(clip.rotations))[:, order].reshape(len(clip.rotations), -1)
    rows = np.concatenate([clip.translations[:, 0], angles], 1)
    lines += ["MOTION", f"Frames: {len(rows)}", f"Frame Time: {clip.frame_time:.8f}"]
    return "\n".join([*lines, *(" ".join(f"{v:.6f}" for v in row) for row in rows)]) + "\n"
