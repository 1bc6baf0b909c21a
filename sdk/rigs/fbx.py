"""FBX rigs, by way of Blender in a process of its own: read as a GLB, written from one (see `sdk.clips.blender`)."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sdk.clips import blender
from sdk.clips.fbx import SCRIPT as GLB_TO_FBX
from sdk.errors import InvalidInput

FBX_TO_GLB = Path(__file__).with_name("inside_blender.py")


def glb_of_fbx(path: Path) -> bytes:
    """The skeleton and meshes of an FBX file as GLB, at rest, without animations.

    Raises InvalidInput where Blender is missing (naming the command that installs it) or the file is not there,
    EmoMotionError where Blender cannot read it.
    """
    if not path.is_file():
        raise InvalidInput(f"there is no such file: {path}", field="rig")
    if blender.find_blender() is None:
        message = f"FBX files are read by Blender, which was not found: run {blender.INSTALL} once (373 MB)"
        fix = f"or set {blender.VARIABLE} to Blender's executable, or export the rig as .glb"
        raise InvalidInput(f"{message}, {fix}", field="rig")
    with tempfile.TemporaryDirectory(prefix="emomotion-") as folder:
        glb = Path(folder, "rig.glb")
        blender.run_script(FBX_TO_GLB, str(path.absolute()), str(glb))
        return glb.read_bytes()


def fbx_of_glb(glb: bytes, *, fps: float, frames: int, tags: Mapping[str, str]) -> bytes:
    """A GLB with one animation as FBX, metres, tags as strings on the armature. Raises as `glb_of_fbx`."""
    blender.check_blender()
    with tempfile.TemporaryDirectory(prefix="emomotion-") as folder:
        source, target, settings = (Path(folder, name) for name in ("clip.glb", "clip.fbx", "settings.json"))
        source.write_bytes(glb)
        wanted = {
            "glb": str(source), "fbx": str(target), "fps": fps, "frames": frames, "unit": "m", "tags": dict(tags),
        }  # fmt: skip
        settings.write_text(json.dumps(wanted), encoding="utf-8")
        blender.run_script(GLB_TO_FBX, str(settings))
        return target.read_bytes()
