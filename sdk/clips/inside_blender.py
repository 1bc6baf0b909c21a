"""Runs inside Blender, in a process of its own, and imports nothing of the SDK: GLB in, FBX out.

blender --background --python inside_blender.py -- settings.json, where the settings are glb, fbx, fps, frames, unit
("cm" or "m"; the GLB's lengths are in it) and tags (strings for the armature).
"""

import datetime
import json
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from io_scene_fbx import export_fbx_bin

EPOCH = datetime.datetime(1980, 1, 1)


class FixedTime(datetime.datetime):
    """The exporter writes the time of day into the file; equal clips are to be equal files."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return EPOCH


def convert(settings: dict[str, Any]) -> None:
    """Import the GLB into an empty scene at the clip's rate, and export the armature with mesh, tags and movement."""
    if not hasattr(np, "bool"):
        vars(np)["bool"] = bool  # Blender 3.4 with the numpy that Debian gives it asks for the old name
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    rate = max(1, round(settings["fps"]))
    # Before the import, which turns seconds into frames of the scene.
    scene.render.fps, scene.render.fps_base = rate, rate / settings["fps"]
    # BLENDER keeps each bone's rest axes as they are; bone shapes would come as a stray mesh.
    wanted = {"bone_heuristic": "BLENDER", "disable_bone_shape": True}
    known = bpy.ops.import_scene.gltf.get_rna_type().properties.keys()
    bpy.ops.import_scene.gltf(filepath=settings["glb"], **{k: v for k, v in wanted.items() if k in known})
    # Behind the import, which would convert lengths: those of the GLB are in this unit already.
    scene.unit_settings.system = "METRIC"
    scene.unit_settings.scale_length = 0.01 if settings["unit"] == "cm" else 1.0
    # With the default start of 1 the first frame would be lost.
    scene.frame_start, scene.frame_end = 0, settings["frames"] - 1
    [armature] = [thing for thing in scene.objects if thing.type == "ARMATURE"]
    for name, text in settings["tags"].items():
        armature[name] = text
    export_fbx_bin.datetime = type("datetime", (), {"datetime": FixedTime})
    bpy.ops.export_scene.fbx(
        filepath=settings["fbx"],
        object_types={"ARMATURE", "MESH"},
        use_custom_props=True,
        add_leaf_bones=False,
        bake_anim_simplify_factor=0,
        bake_anim_use_all_actions=False,
        bake_anim_use_nla_strips=False,
        # Lengths in the file are those of the GLB, and no object carries a scale.
        apply_scale_options="FBX_SCALE_NONE" if settings["unit"] == "cm" else "FBX_SCALE_UNITS",
    )


if __name__ == "__main__":
    convert(json.loads(Path(sys.argv[sys.argv.index("--") + 1]).read_text(encoding="utf-8")))
