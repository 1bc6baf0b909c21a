"""Runs inside Blender: imports clip files, says where their joints are and what tags came along, exports a GLB again.

... -- job.json out.npz, where the job lists [name, file, fps, frames, re-export or null]. The archive holds, by name:
joint names, positions (T, J, 3) in the SDK's axes, and facts as JSON: properties, shape keys, scales, rate.
"""

import json
import sys
from pathlib import Path

import bpy
import numpy as np


def imported(path: str, fps: float) -> int:
    """Open a file in an empty scene at its rate; returns the scene's frame of the clip's first."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = max(1, round(fps)), max(1, round(fps)) / fps
    suffix = Path(path).suffix
    if suffix in (".glb", ".vrma"):
        bpy.ops.import_scene.gltf(filepath=path, disable_bone_shape=True, bone_heuristic="BLENDER")
        return 0
    if suffix.startswith(".usd"):
        bpy.ops.wm.usd_import(filepath=path)
        return 0
    if suffix == ".bvh":
        scale = 1.0 if Path(path).stem.endswith("_m") else 0.01
        bpy.ops.import_anim.bvh(
            filepath=path, global_scale=scale, update_scene_fps=True, axis_forward="-Z", axis_up="Y"
        )
        return 1
    bpy.ops.import_scene.fbx(filepath=path)
    return 1


def joints_at(names: list[str]) -> np.ndarray:
    found = []
    armatures = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    for name in names:
        if armatures:
            place = armatures[0].matrix_world @ armatures[0].pose.bones[name].head
        else:
            place = bpy.data.objects[name].matrix_world.translation
        found.append([place.x, place.z, -place.y])
    return np.array(found)


def bone_names() -> list[str]:
    armatures = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    if armatures:
        return [bone.name.split("/")[-1] for bone in armatures[0].pose.bones]
    return [thing.name for thing in bpy.data.objects if thing.type == "EMPTY" and not thing.name.startswith("expr")]


def properties() -> dict:
    said = {}
    for thing in bpy.data.objects:
        said[thing.name] = dict(thing.items())
        if thing.type == "ARMATURE":
            said |= {f"bone {bone.name}": dict(bone.items()) for bone in thing.data.bones}
    strings = {name: {k: v for k, v in kept.items() if isinstance(v, str)} for name, kept in said.items()}
    return {name: kept for name, kept in strings.items() if kept}


def shape_keys() -> dict:
    return {k.name: k.value for keys in bpy.data.shape_keys for k in keys.key_blocks if k.name != "Basis"}


job, target = sys.argv[sys.argv.index("--") + 1 :][:2]
arrays = {}
for name, path, fps, frames, again in json.loads(Path(job).read_text()):
    first = imported(path, fps)
    scene = bpy.context.scene
    names = bone_names()
    places, shapes, frame_of_object = [], [], {}
    for k in range(frames):
        scene.frame_set(first + k)
        bpy.context.view_layer.update()
        places.append(joints_at(names))
        shapes.append(shape_keys())
    scales = {thing.name: list(thing.matrix_world.to_scale()) for thing in bpy.data.objects}
    facts = {
        "properties": properties(),
        "shapes": shapes,
        "scales": scales,
        "fps": scene.render.fps / scene.render.fps_base,
        "meshes": sorted(thing.name for thing in bpy.data.objects if thing.type == "MESH"),
        "frames": [scene.frame_start, scene.frame_end],
    }
    arrays |= {
        f"{name}/names": np.array(names),
        f"{name}/places": np.array(places),
        f"{name}/facts": np.array(json.dumps(facts)),
    }
    if again:
        bpy.ops.export_scene.gltf(filepath=again, export_extras=True)
np.savez(target, **arrays)
