# SPDX-License-Identifier: GPL-3.0-or-later
"""A motion onto the animator's own armature: its skeleton goes out, an action comes in. Nothing of the rig is changed.

Frames: the command knows metres, Y up and a character that faces +Z; Blender (x, y, z) is (x, z, -y) there. The
armature's place and heading are left out on the way: the action starts where the armature stands.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy
from mathutils import Euler, Matrix, Quaternion, Vector

from .actions import new_action, write_curve
from .gltf import BadFile, Gltf, Node, skeleton_bytes

Y_UP = Matrix(((1, 0, 0, 0), (0, 0, 1, 0), (0, -1, 0, 0), (0, 0, 0, 1)))
EVEN = 1e-3
"""Largest relative difference between an armature's three scales."""
JOINTS = frozenset(
    (
        "pelvis left_hip right_hip spine1 left_knee right_knee spine2 left_ankle right_ankle spine3 left_foot "
        "right_foot neck left_collar right_collar head left_shoulder right_shoulder left_elbow right_elbow "
        "left_wrist right_wrist"
    ).split()
)
"""Bones of a character that this add-on imported."""


def is_clip_armature(thing: bpy.types.Object | None) -> bool:
    """Whether this is a character that the add-on made, rather than the animator's rig."""
    return thing is not None and thing.type == "ARMATURE" and {bone.name for bone in thing.data.bones} >= JOINTS


def upright(armature: bpy.types.Object) -> tuple[Matrix, float]:
    """Armature space -> metres with Z up, without place and heading; and its scale. Raises BadFile."""
    world = armature.matrix_world
    _, turn, scale = world.decompose()
    if max(scale) - min(scale) > EVEN * max(scale) or min(scale) <= 0 or world.determinant() <= 0:
        raise BadFile(f"{armature.name} is scaled unevenly or mirrored: apply its scale (Ctrl-A) and try again")
    euler = turn.to_euler("XYZ")
    unturned = Euler((euler.x, euler.y, 0.0), "XYZ").to_matrix().to_4x4()
    metres = bpy.context.scene.unit_settings.scale_length if bpy.context.scene.unit_settings.system != "NONE" else 1.0
    size = sum(scale) / 3 * metres
    return unturned @ Matrix.Scale(size, 4), size


def skeleton_nodes(armature: bpy.types.Object) -> list[Node]:
    """Every bone in its rest pose as a node, parents first. Raises BadFile for a rig that has no bones."""
    bones = list(armature.data.bones)
    if not bones:
        raise BadFile(f"{armature.name} has no bones; choose a rig with a skeleton")
    out, _ = upright(armature)
    placed = {bone.name: _unscaled(Y_UP @ out @ bone.matrix_local) for bone in bones}
    index = {bone.name: k for k, bone in enumerate(bones)}
    nodes = []
    for bone in bones:  # Blender lists parents before their children
        local = placed[bone.name]
        if bone.parent:
            local = placed[bone.parent.name].inverted() @ local
        parent = index[bone.parent.name] if bone.parent else -1
        nodes.append(Node(bone.name, parent, local.to_translation(), _xyzw(local.to_quaternion())))
    return nodes


def write_skeleton(path: Path, armature: bpy.types.Object) -> None:
    """The armature's rest pose as a .glb that `emomotion retarget --rig` takes. Raises BadFile."""
    path.write_bytes(skeleton_bytes(skeleton_nodes(armature)))


def write_motion(path: Path, armature: bpy.types.Object, frames: Sequence[float], fps: float, tagged: Any) -> None:
    """What an imported character does, as its action stands now, as a .glb with its tags.

    Joints turn relative to the T-pose, whatever the bones' axes are. Raises BadFile.
    """
    scene = bpy.context.scene
    out, _ = upright(armature)
    turn = (Y_UP @ out).to_quaternion()
    bones = [bone for bone in armature.data.bones if bone.name in JOINTS]
    index = {bone.name: k for k, bone in enumerate(bones)}
    place = {bone.name: (Y_UP @ out @ bone.matrix_local).to_translation() for bone in bones}
    nodes = []
    for bone in bones:
        parent = index.get(bone.parent.name, -1) if bone.parent else -1
        offset = place[bone.name] - (place[bones[parent].name] if parent >= 0 else Vector())
        nodes.append(Node(bone.name, parent, offset))
    rotations: dict[int, list[Sequence[float]]] = {k: [] for k in range(len(bones))}
    root: list[Sequence[float]] = []
    at = scene.frame_current, scene.frame_subframe
    try:
        for frame in frames:
            scene.frame_set(math.floor(frame), subframe=frame - math.floor(frame))
            posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
            turned: list[Quaternion] = []
            for k, bone in enumerate(bones):
                delta = posed[bone.name].matrix.to_quaternion() @ bone.matrix_local.to_quaternion().inverted()
                turned.append(turn @ delta @ turn.inverted())
                parent = nodes[k].parent
                local = turned[parent].inverted() @ turned[k] if parent >= 0 else turned[k]
                if rotations[k] and local.dot(Quaternion(_wxyz(rotations[k][-1]))) < 0:
                    local.negate()
                rotations[k].append(_xyzw(local))
            root.append((Y_UP @ out @ posed[bones[0].name].matrix).to_translation())
    finally:
        scene.frame_set(at[0], subframe=at[1])
    path.write_bytes(skeleton_bytes(nodes, fps=fps, translations={0: root}, rotations=rotations, extras=tagged))


def apply_motion(
    armature: bpy.types.Object, clip: Gltf, frames: Sequence[float], name: str
) -> tuple[bpy.types.Action, list[str]]:
    """Lay a clip of this armature's own skeleton onto it as a new action; returns it and what may spoil it.

    Bones that the clip does not move get no keys. Each bone keeps its rotation mode and constraints. Raises BadFile.
    """
    out, size = upright(armature)
    nodes = {node.get("name"): node for node in clip.objects("nodes")}
    tracks = clip.tracks()
    moved = [
        bone for bone in armature.data.bones if any((bone.name, path) in tracks for path in ("rotation", "translation"))
    ]
    if not moved:
        raise BadFile(f"{clip.name} moves none of the bones of {armature.name}")
    if any(len(rows) != len(frames) for rows in tracks.values()):
        raise BadFile(f"{clip.name} has another number of frames than its tags say")
    notes = _hindrances(armature, moved)
    action = new_action(armature, name)
    for bone in moved:
        posed = armature.pose.bones[bone.name]
        path = posed.path_from_id()
        rest = Quaternion(_wxyz(nodes[bone.name].get("rotation", (0, 0, 0, 1))))
        back = rest.inverted()
        turns = [back @ Quaternion(_wxyz(row)) for row in tracks.get((bone.name, "rotation"), ())]
        if turns:
            _write_rotation(action, posed, path, frames, turns)
        places = tracks.get((bone.name, "translation"), ())
        if places and (max(_spread(places)) > 1e-7 or bone.parent is None):
            if bone.use_connect:
                notes.append(f"{bone.name} is connected to its parent and cannot travel: disconnect it in edit mode")
                continue
            at_rest = Vector(nodes[bone.name].get("translation", (0, 0, 0)))
            moves = [back @ ((Vector(row) - at_rest) / size) for row in places]
            for axis in range(3):
                write_curve(action, f"{path}.location", axis, frames, [move[axis] for move in moves], bone.name)
    return action, notes


def _write_rotation(
    action: bpy.types.Action, posed: bpy.types.PoseBone, path: str, frames: Sequence[float], turns: list[Quaternion]
) -> None:
    """Keys in the bone's own rotation mode, without jumps between equal rotations."""
    mode, rows = posed.rotation_mode, []
    for k, turn in enumerate(turns):
        if mode == "QUATERNION" or mode == "AXIS_ANGLE":
            if k and turn.dot(turns[k - 1]) < 0:
                turn.negate()
            axis, angle = turn.to_axis_angle()
            rows.append(tuple(turn) if mode == "QUATERNION" else (angle, *axis))
        else:
            rows.append(tuple(turn.to_euler(mode, Euler(rows[-1], mode)) if rows else turn.to_euler(mode)))
    name = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}.get(mode, "rotation_euler")
    for axis in range(len(rows[0])):
        write_curve(action, f"{path}.{name}", axis, frames, [row[axis] for row in rows], posed.name)


def _hindrances(armature: bpy.types.Object, moved: Sequence[bpy.types.Bone]) -> list[str]:
    """What of the rig keeps the keys from being seen, a sentence each; nothing of it is changed."""
    notes = []
    held = [
        b.name for b in moved if any(not c.mute and c.influence > 0 for c in armature.pose.bones[b.name].constraints)
    ]
    if held:
        shown = ", ".join(held[:4]) + (" and others" if len(held) > 4 else "")
        notes.append(f"constraints hold {shown}: switch the rig from IK to FK, or mute them")
    if any(not bone.use_inherit_rotation for bone in moved):
        loose = next(bone.name for bone in moved if not bone.use_inherit_rotation)
        notes.append(f"{loose} does not inherit rotation: switch Inherit Rotation on, or its direction is its own")
    return notes


def _spread(rows: Sequence[Sequence[float]]) -> list[float]:
    return [max(column) - min(column) for column in zip(*rows, strict=True)]


def _unscaled(matrix: Matrix) -> Matrix:
    place, turn, _ = matrix.decompose()
    return Matrix.Translation(place) @ turn.to_matrix().to_4x4()


def _xyzw(turn: Quaternion) -> tuple[float, float, float, float]:
    return (turn.x, turn.y, turn.z, turn.w)


def _wxyz(row: Sequence[float]) -> tuple[float, float, float, float]:
    return (row[3], row[0], row[1], row[2])
