"""Runs inside Blender, in a process of its own, and imports nothing of the SDK: FBX in, GLB out.

blender --background --python inside_blender.py -- RIG.fbx RIG.glb. Skeleton at rest and meshes, no animation.
"""

import sys

import bpy


def convert(fbx: str, glb: str) -> None:
    """Import the FBX into an empty scene and export what it holds, bones with the axes they have in the file."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.fbx(filepath=fbx, automatic_bone_orientation=False, use_anim=False)
    if not any(thing.type == "ARMATURE" for thing in bpy.context.scene.objects):
        raise SystemExit("the file holds no skeleton (no armature)")
    bpy.ops.export_scene.gltf(
        filepath=glb,
        export_format="GLB",
        export_animations=False,
        export_rest_position_armature=True,
        export_yup=True,
        export_extras=True,
    )


if __name__ == "__main__":
    convert(*sys.argv[sys.argv.index("--") + 1 :])
