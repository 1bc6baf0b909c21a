"""Write a motion on a rig: into the user's own file, as BVH, as VRMA or by Blender as FBX, with its sidecar."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sdk.clips import files
from sdk.clips.blender import check_blender
from sdk.clips.tags import ClipTags, describe, flat_strings, sidecar_bytes, sidecar_path
from sdk.clips.write import clip_files
from sdk.errors import InvalidInput
from sdk.rigs.fbx import fbx_of_glb
from sdk.rigs.put import RigMotion
from sdk.rigs.rig import GltfSource
from sdk.rigs.write_bvh import rig_bvh_bytes
from sdk.rigs.write_glb import rig_glb_bytes

Facts = Mapping[str, Any]


def _glb(made: RigMotion, tags: ClipTags, facts: Facts) -> bytes:
    return rig_glb_bytes(made, tags, facts=facts)


def _bvh(made: RigMotion, tags: ClipTags, facts: Facts) -> bytes:
    return rig_bvh_bytes(made)  # no place for tags: they stand in the sidecar alone


def _fbx(made: RigMotion, tags: ClipTags, facts: Facts) -> bytes:
    glb = rig_glb_bytes(made, tags, facts=facts, alone=True)
    strings = flat_strings(describe(tags, made.source, clip_format="fbx", options=facts))
    return fbx_of_glb(glb, fps=made.fps, frames=len(made), tags=strings)


RIG_FORMATS: Mapping[str, Callable[[RigMotion, ClipTags, Facts], bytes]] = {
    ".glb": _glb, ".vrm": _glb, ".bvh": _bvh, ".fbx": _fbx,
}  # fmt: skip
"""Writers by suffix; .vrma is `sdk.clips`' own."""
SUFFIXES = (*RIG_FORMATS, ".vrma")


def check_rig_writable(path: Path, rig_suffix: str = "") -> None:
    """Refuse a path that could not be written: call it before the work begins.

    Raises InvalidInput for an unknown suffix, a folder that takes no file, a .vrm that is not made from one, or FBX
    without Blender (naming the command that installs it).
    """
    files.check_writable(path, suffixes=SUFFIXES)
    if path.suffix.lower() == ".vrm" and rig_suffix != ".vrm":
        message = "only a .vrm rig can be written as .vrm; write .glb, or .vrma for a clip of its own"
        raise InvalidInput(message, field="out")
    if path.suffix.lower() == ".fbx":
        check_blender()


def rig_clip_files(name: str, made: RigMotion, tags: ClipTags, *, suffix: str = ".glb") -> dict[str, bytes]:
    """The files of a clip on a rig, called `name`, by file name: first the clip, then its sidecar. Nothing is written.

    The sidecar's `postprocess` gets a step "retarget" with the report. Raises InvalidInput for an unknown suffix or bad
    tags.
    """
    suffix = suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidInput(f"file type {suffix!r} is unknown for a rig; known: {', '.join(SUFFIXES)}", field="format")
    step = ("retarget", made.report.as_dict())
    tags = replace(tags, postprocess=(*tags.postprocess, step))
    if suffix == ".vrma":  # a clip for any VRM: its own humanoid in this rig's proportions
        return clip_files(name, made.as_motion(), tags, suffix=suffix)
    facts = rig_facts(made)
    clip = RIG_FORMATS[suffix](made, tags, facts)
    file = f"{name}{suffix}"
    sidecar = sidecar_bytes(tags, made.source, file=file, clip_bytes=clip, options=facts)
    return {file: clip, sidecar_path(Path(file)).name: sidecar}


def rig_facts(made: RigMotion) -> dict[str, Any]:
    """What the tags say of a clip on a rig instead of what they say of one on the SDK's body."""
    rig = made.rig
    unit = f"{made.fit.metres:g} m" if isinstance(rig.source, GltfSource) or rig.suffix == ".bvh" else "1 m"
    return {
        "rig": rig.name,
        "joints": [rig.nodes[k] for k in made.animated],
        "frame_convention": f"the rig's own local transforms, xyzw; one unit of the file is {unit}",
    }


def write_rig_clip(path: Path | str, made: RigMotion, tags: ClipTags) -> list[Path]:
    """Write the clip and its sidecar, both or neither; files of these names are replaced.

    .glb, .vrm: the user's own file with everything in it, and this animation behind its others. .bvh: their skeleton.
    .vrma: a clip for a VRM. .fbx: by Blender. Returns the paths written, clip first. Raises InvalidInput for a bad path
    or tags, or a full disk.
    """
    path = Path(path)
    check_rig_writable(path, made.rig.suffix)
    contents = rig_clip_files(path.stem, made, tags, suffix=path.suffix)
    written = {path.with_name(name): content for name, content in contents.items()}
    files.publish(written)
    return list(written)
