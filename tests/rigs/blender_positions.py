"""Runs inside Blender: world places of every bone of a file's only armature, frame by frame, as JSON on stdout.

... -- FILE FPS FIRST_FRAME COUNT. Places in the SDK's axes: Blender's (x, y, z) is the SDK's (x, z, -y).
"""

import json
import sys

import bpy

path, fps, first, count = sys.argv[sys.argv.index("--") + 1 :]
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.fps = round(float(fps))
if path.endswith(".fbx"):
    bpy.ops.import_scene.fbx(filepath=path, automatic_bone_orientation=False)
elif path.endswith(".bvh"):
    bpy.ops.import_anim.bvh(filepath=path, global_scale=0.01, update_scene_fps=True, axis_forward="-Z", axis_up="Y")
else:
    bpy.ops.import_scene.gltf(filepath=path, bone_heuristic="BLENDER", disable_bone_shape=True)
[armature] = [thing for thing in scene.objects if thing.type == "ARMATURE"]
actions = [a.name for a in bpy.data.actions]
mine = [a for a in bpy.data.actions if a.name.split("_")[0].startswith("motion") or "|motion" in a.name]
if len(actions) > 1 and mine:
    data = armature.animation_data
    for track in list(data.nla_tracks):
        data.nla_tracks.remove(track)
    data.action = mine[0]
    if hasattr(mine[0], "slots") and len(mine[0].slots):
        data.action_slot = mine[0].slots[0]
out = []
for frame in range(int(first), int(first) + int(count)):
    scene.frame_set(frame)
    matrix = armature.matrix_world
    row = {}
    for bone in armature.pose.bones:
        x, y, z = matrix @ bone.head
        row[bone.name] = [x, z, -y]
    out.append(row)
tags = [name for name in list(armature.keys()) if name.startswith("emotion")]
for bone in armature.data.bones:
    tags += [f"{bone.name}.{name}" for name in list(bone.keys()) if name.startswith("emotion")]
print("RESULT" + json.dumps({"frames": out, "actions": actions, "tags": tags, "meshes": len(bpy.data.meshes)}))
