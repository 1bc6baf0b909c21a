"""Rigs as animators build them, made in Blender: other names, other rest poses, rolls, units and axes."""

import hashlib
import json
import math
import random

import bpy
from mathutils import Matrix, Vector

DATA_KINDS = ("objects", "armatures", "meshes", "actions", "materials", "collections", "texts")

# Joint -> (place in metres, Blender's axes, facing -Y; parent). The left side; the right one is its mirror image.
TRUNK = {
    "hips": ((0, 0, 0.98), None),
    "spine": ((0, 0.01, 1.10), "hips"),
    "chest": ((0, 0.02, 1.24), "spine"),
    "neck": ((0, 0.03, 1.48), "chest"),
    "head": ((0, 0.01, 1.58), "neck"),
}
LEG = {
    "thigh": ((0.10, 0, 0.92), "hips"),
    "shin": ((0.11, -0.01, 0.50), "thigh"),
    "foot": ((0.11, 0.02, 0.09), "shin"),
    "toe": ((0.12, -0.12, 0.02), "foot"),
}
T_ARM = {
    "shoulder": ((0.03, 0.02, 1.42), "chest"),
    "upper_arm": ((0.18, 0.02, 1.42), "shoulder"),
    "forearm": ((0.47, 0.03, 1.42), "upper_arm"),
    "hand": ((0.72, 0.02, 1.42), "forearm"),
}
A_ARM = {
    "shoulder": ((0.03, 0.02, 1.42), "chest"),
    "upper_arm": ((0.18, 0.02, 1.40), "shoulder"),
    "forearm": ((0.37, 0.04, 1.18), "upper_arm"),
    "hand": ((0.53, -0.02, 0.98), "forearm"),
}
TIPS = {"head": (0, 0, 0.2), "toe": (0, -0.06, 0), "hand": (0.1, 0, 0)}
LIMBS = (("upper_arm", "forearm"), ("forearm", "hand"), ("thigh", "shin"), ("shin", "foot"))
MIXAMO = {
    "hips": "Hips", "spine": "Spine", "chest": "Spine1", "neck": "Neck", "head": "Head", "thigh": "UpLeg",
    "shin": "Leg", "foot": "Foot", "toe": "ToeBase", "shoulder": "Shoulder",
    "upper_arm": "Arm", "forearm": "ForeArm",
    "hand": "Hand",
}  # fmt: skip


def bone_name(kind, part, side):
    if kind == "mixamo_cm":
        return f"mixamorig:{ {'L': 'Left', 'R': 'Right', '': ''}[side] }{MIXAMO[part]}"
    return f"{part}.{side}" if side else part


def parts_of(kind):
    """(part, side) -> (place, parent)."""
    arm = A_ARM if kind in ("hero", "legless") else T_ARM
    found = {(part, ""): (place, parent and (parent, "")) for part, (place, parent) in TRUNK.items()}
    for side, sign in (("L", 1), ("R", -1)):
        for part, (place, parent) in {**arm, **({} if kind == "legless" else LEG)}.items():
            above = (parent, "") if parent in TRUNK else (parent, side)
            found[part, side] = ((sign * place[0], *place[1:]), above)
    return found


def add_rig(name, kind):
    """An armature in the scene, active and selected.

    hero: A-pose, metres, random rolls, a root control above the hips, a hand control that no joint drives, standing
    elsewhere and turned. mixamo_cm: centimetres and Y up inside the object, as an FBX import leaves them; Euler angles.
    """
    for thing in bpy.context.selected_objects:
        thing.select_set(False)
    data = bpy.data.armatures.new(name)
    rig = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    rig.select_set(True)
    if not kind:
        return rig
    cm = kind == "mixamo_cm"
    # Armature space from upright metres.
    inside = Matrix.Scale(100, 4) @ Matrix.Rotation(-math.pi / 2, 4, "X") if cm else Matrix()
    chance = random.Random(5)
    bpy.ops.object.mode_set(mode="EDIT")
    made = {}
    parts = parts_of(kind)
    root = None
    if kind == "hero":
        root = data.edit_bones.new("root")
        root.head, root.tail = (0, 0, 0), (0, -0.3, 0)
    for (part, side), (place, parent) in parts.items():
        bone = data.edit_bones.new(bone_name(kind, part, side))
        child = next(
            (p for (_, s), (p, up) in parts.items() if up == (part, side) and (s == side or part == "chest")), None
        )
        if part == "hips":
            child = parts["spine", ""][0]
        sign = -1 if side == "R" else 1
        tip = TIPS.get(part)
        tail = (
            child if child and not tip else tuple(a + b for a, b in zip(place, (sign * tip[0], *tip[1:]), strict=True))
        )
        bone.head, bone.tail = inside @ Vector(place), inside @ Vector(tail)
        bone.roll = chance.uniform(-3, 3)
        bone.parent = made[parent] if parent else root
        made[part, side] = bone
    if kind == "hero":
        control = data.edit_bones.new("ctrl_hand_ik.L")
        control.head, control.tail, control.parent = (0.6, 0, 1), (0.6, 0, 1.1), root
    bpy.ops.object.mode_set(mode="OBJECT")
    if cm:
        rig.scale, rig.rotation_euler = (0.01,) * 3, (math.pi / 2, 0, 0)
        for k, bone in enumerate(rig.pose.bones):
            bone.rotation_mode = ("XYZ", "ZXY", "YZX", "AXIS_ANGLE")[k % 4]
    else:
        rig.location, rig.rotation_euler = (1, 2, 0), (0, 0, 0.6)
        rig["my own property"] = 3
    bpy.context.view_layer.update()
    return rig


def fingerprint(rig):
    """All of a rig that an action must not change."""
    bones = [
        (b.name, b.parent and b.parent.name, [round(v, 6) for row in b.matrix_local for v in row], b.use_deform,
         b.use_connect, b.use_inherit_rotation)
        for b in rig.data.bones
    ]  # fmt: skip
    posed = [(b.name, b.rotation_mode, [c.type for c in b.constraints], tuple(b.lock_location)) for b in rig.pose.bones]
    place = [round(v, 6) for row in rig.matrix_world for v in row]
    return hashlib.sha256(json.dumps([bones, posed, place, sorted(rig.keys())]).encode()).hexdigest()


def limb_directions(rig, kind, frames):
    """Frame by frame: limb -> its direction in the SDK's axes, seen from the rig's own heading."""
    turn = Matrix.Rotation(-rig.rotation_euler.z if kind == "hero" else 0.0, 3, "Z")
    found = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        played = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
        row = {}
        for side in "LR":
            for part, child in LIMBS:
                ends = [played.matrix_world @ played.pose.bones[bone_name(kind, p, side)].head for p in (part, child)]
                way = turn @ (ends[1] - ends[0]).normalized()
                row[f"{part}.{side}"] = [way.x, way.z, -way.y]
        found.append(row)
    return found
