"""Write a motion as a clip file with its sidecar; the suffix chooses the format."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from sdk import __version__
from sdk.clips import files
from sdk.clips.blender import blender_version, check_blender
from sdk.clips.fbx import fbx_bytes
from sdk.clips.glb import glb_bytes
from sdk.clips.npz import npz_bytes
from sdk.clips.options import PLAIN, Format, WriteOptions, in_place, prepared
from sdk.clips.smpl import load_body
from sdk.clips.tags import ClipTags, sidecar_bytes, sidecar_path
from sdk.clips.usd import Kind, check_usd, usd_bytes, usd_version
from sdk.clips.vrma import expression_map, vrma_bytes
from sdk.errors import InvalidInput
from sdk.motion.bvh import bvh_text
from sdk.motion.motion import Motion

__all__ = ["FORMATS", "WriteOptions", "check_writable", "clip_files", "in_place", "write_clip"]


def _bvh_bytes(motion: Motion, tags: ClipTags, options: WriteOptions = PLAIN) -> bytes:
    # BVH has no place for tags: they stand in the sidecar alone.
    return bvh_text(motion, units_per_metre=1.0 if options.unit == "m" else 100.0).encode()


def _usd(title: str, kind: Kind) -> Format:
    return Format(
        title=title, write=partial(usd_bytes, kind=kind), units=("m", "cm"), rests=("t-pose", "a-pose"), ups=("y", "z"),
        needs=check_usd, tool=usd_version,
    )  # fmt: skip


FORMATS: Mapping[str, Format] = {
    ".glb": Format(
        title="GLB", write=glb_bytes, rests=("t-pose", "a-pose"), models=True, why="glTF is in metres, Y up",
    ),
    ".vrma": Format(title="VRMA", write=vrma_bytes, why="VRM is in metres, Y up, from the T-pose"),
    ".usda": _usd("USD", "usda"),
    ".usdc": _usd("USD", "usdc"),
    ".usdz": _usd("USDZ", "usdz"),
    ".bvh": Format(title="BVH", write=_bvh_bytes, units=("cm", "m"), why="its rest is where all angles are 0, Y up"),
    ".fbx": Format(
        title="FBX", write=fbx_bytes, units=("cm", "m"), rests=("t-pose", "a-pose"), why="it is written Y up",
        needs=check_blender, tool=blender_version,
    ),
    ".npz": Format(
        title="NPZ", write=npz_bytes, ups=("z", "y"), bodies=True, models=True,
        why="SMPL is in metres, from the T-pose",
    ),
}  # fmt: skip
"""Formats by suffix; a further one is one more entry."""


def check_writable(path: Path, options: WriteOptions = PLAIN, *, field: str = "out") -> None:
    """Refuse a clip that could not be written: call it before the work of generating begins.

    Raises InvalidInput for an unknown suffix (naming the known ones), an option that the format cannot hold, a missing
    tool (naming the command that installs it), a missing or full folder or one that takes no file, the body model's own
    file.
    """
    files.check_writable(path, suffixes=FORMATS, field=field)
    kind = FORMATS[path.suffix.lower()]
    kind.check(options)
    if options.model is not None:
        files.check_apart(path, {options.model: "the body model"}, field=field)
        load_body(options.model)
    kind.needs()


def clip_files(
    name: str, motion: Motion, tags: ClipTags, *, suffix: str = ".glb", options: WriteOptions = PLAIN
) -> dict[str, bytes]:
    """The files of a clip called `name`, by file name: first the clip, then its sidecar. Nothing is written.

    Raises InvalidInput for an unknown suffix, an option the format cannot hold, a missing tool, bad motion or tags.
    """
    kind = FORMATS.get(suffix.lower())
    if kind is None:
        known = ", ".join(FORMATS)
        raise InvalidInput(f"file type {suffix!r} is unknown; known: {known}", field="format")
    kind.check(options)
    kind.needs()
    motion, tags = prepared(motion, tags, options)
    settled = kind.settled(options)
    clip = kind.write(motion, tags, settled)
    facts = settled.facts()
    if kind.bodies:
        facts["body"] = options.body
    if options.model is not None:
        facts["model_sha256"] = load_body(options.model).sha256
    made_with = {**tags.made_with, "sdk": __version__}
    if tool := kind.tool():
        made_with["writer"] = tool
    file = f"{name}{suffix}"
    sidecar = sidecar_bytes(
        replace(tags, made_with=made_with), motion, file=file, clip_bytes=clip, options=facts,
        expressions=expression_map() if suffix.lower() == ".vrma" else None,
    )  # fmt: skip
    return {file: clip, sidecar_path(Path(file)).name: sidecar}


def write_clip(path: Path | str, motion: Motion, tags: ClipTags, options: WriteOptions = PLAIN) -> list[Path]:
    """Write the clip and its sidecar, both or neither; files of these names are replaced.

    Returns the paths written, clip first. Raises InvalidInput for a bad path, motion or tags, or a full disk.
    """
    path = Path(path)
    check_writable(path, options)
    contents = clip_files(path.stem, motion, tags, suffix=path.suffix, options=options)
    # The sidecar comes last: its hash tells a reader whether the pair belongs together.
    written = {path.with_name(name): content for name, content in contents.items()}
    files.publish(written)
    return list(written)
