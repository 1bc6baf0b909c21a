"""FBX: the clip by way of a GLB and Blender, which runs in a process of its own (see `sdk.clips.blender`)."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

from sdk.clips import blender
from sdk.clips.glb import glb_bytes
from sdk.clips.options import PLAIN, WriteOptions
from sdk.clips.tags import ClipTags, describe, flat_strings
from sdk.motion.motion import Motion

SCRIPT = Path(__file__).with_name("inside_blender.py")


def fbx_bytes(motion: Motion, tags: ClipTags, options: WriteOptions = PLAIN) -> bytes:
    """The clip as binary FBX: armature and mannequin, Y up, centimetres unless `options.unit` is "m", nothing scaled.

    Tags: strings `emotion_<name>` on the armature. The emotion curve: shape keys `emotion_<name>`. Needs Blender;
    takes some seconds. Raises InvalidInput where it is missing, EmoMotionError where it fails.
    """
    unit = options.unit or "cm"
    tagged = describe(tags, motion, clip_format="fbx", options={**options.facts(), "unit": unit})
    # Lengths are put into the file's unit here, so that Blender need not hang a scale on the armature.
    scaled = motion
    if unit == "cm":
        body = motion.skeleton
        bigger = replace(body, offsets=body.offsets * 100, ankle_height=body.ankle_height * 100,
                         toe_height=body.toe_height * 100)  # fmt: skip
        scaled = replace(motion, root=motion.root * 100, skeleton=bigger)
    with tempfile.TemporaryDirectory(prefix="emomotion-") as folder:
        glb, fbx, settings = (Path(folder, name) for name in ("clip.glb", "clip.fbx", "settings.json"))
        glb.write_bytes(glb_bytes(scaled, tags, replace(options, unit=None)))
        wanted = {
            "glb": str(glb), "fbx": str(fbx), "fps": motion.fps, "frames": len(motion), "unit": unit,
            "tags": flat_strings(tagged),
        }  # fmt: skip
        settings.write_text(json.dumps(wanted), encoding="utf-8")
        blender.run_script(SCRIPT, str(settings))
        return fbx.read_bytes()
