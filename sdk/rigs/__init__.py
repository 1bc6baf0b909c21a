"""Users' own rigs: a motion goes onto the skeleton of a GLB, VRM, BVH or FBX file, and back into that file."""

from sdk.rigs.put import RigMotion, put_on_rig
from sdk.rigs.read import load_rig, rig_from_bytes, rig_named, rig_names
from sdk.rigs.report import RigReport
from sdk.rigs.rig import Rig
from sdk.rigs.travel import by_root_bone, clip_on_rig, in_place
from sdk.rigs.write import rig_clip_files, write_rig_clip

__all__ = [
    "Rig",
    "RigMotion",
    "RigReport",
    "by_root_bone",
    "clip_on_rig",
    "in_place",
    "load_rig",
    "put_on_rig",
    "rig_clip_files",
    "rig_from_bytes",
    "rig_named",
    "rig_names",
    "write_rig_clip",
]
