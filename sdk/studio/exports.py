"""Clip files of a motion that the page holds, with their sidecar, as one download."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from sdk.client import Clip, Info
from sdk.clips.tags import ClipTags, describe, tags_from_object
from sdk.clips.write import FORMATS, WriteOptions, clip_files
from sdk.compose_file import composition_from_object, composition_to_object
from sdk.compose_tags import composition_tags
from sdk.emotion import Affect
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.motion import Motion
from sdk.runtime.composition import Composition
from sdk.studio.orders import flag, name_of, optional
from sdk.studio.recordings import tags_of

MAX_NAME = 100
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a ZIP can hold: the same clip gives the same bytes."""
IN_PACKETS = "glb"
"""Format that the tags of a packet name: the page's motion is in the frame and the units of a GLB."""


@cache
def formats() -> tuple[str, ...]:
    """Suffixes that this machine can write. Slow the first time: programs are looked for."""
    return tuple(suffix for suffix in FORMATS if _writable(suffix))


def _writable(suffix: str) -> bool:
    try:
        FORMATS[suffix].needs()
    except InvalidInput:
        return False
    return True


def tags_json(clip: Clip, info: Info, asked: Composition | Affect, fps: float | None) -> dict[str, Any]:
    """What a clip says about itself, for the page to keep: enough to make it again.

    asked: what was composed, or the affect that was asked for.
    """
    generator = clip.generator or next(plan.generator for plan in info.plans if plan.name == clip.plan)
    if isinstance(asked, Composition):
        tags = composition_tags(
            asked, clip.seed, plan=clip.plan, generator=generator, applied=clip.affect, prompt=clip.text,
            licence=info.licence, attribution=info.attribution, model=info.name, version=info.version,
            bundle_sha256=clip.bundle_sha256, made_with=clip.made_with, stretch=clip.stretch,
        )  # fmt: skip
    else:
        tags = ClipTags(
            prompt=clip.text, requested=asked, applied=clip.affect, seed=clip.seed, plan=clip.plan,
            generator=generator, licence=info.licence, dataset_licences=(info.attribution,), model_name=info.name,
            model_version=info.version, bundle_sha256=clip.bundle_sha256, seconds=clip.seconds, fps=fps,
            made_with=clip.made_with,
        )  # fmt: skip
    # Inside a clip the versions are left out, but the sidecar that the page asks for later tells them.
    return {**describe(tags, clip.motion, clip_format=IN_PACKETS), "made_with": dict(clip.made_with)}


def name_of_file(header: Mapping[str, Any]) -> str:
    """Name of the clip without folder and suffix. Raises InvalidInput."""
    name = (name_of(header, "name") or "clip").strip()
    if len(name) > MAX_NAME or not all(c.isalnum() or c in " -_." for c in name) or name.startswith("."):
        message = f'a clip\'s name has 1 to {MAX_NAME} letters, digits, spaces, "-", "_" or "."'
        raise InvalidInput(message, field="name")
    return name


def exported(header: Mapping[str, Any], motion: Motion) -> tuple[str, bytes]:
    """File name and bytes of a ZIP with the clip and its sidecar. Raises InvalidInput."""
    suffix = (name_of(header, "format") or ".glb").lower()
    name, options = name_of_file(header), WriteOptions(fps=optional(header, "rate"), in_place=flag(header, "in_place"))
    recording = header.get("recording")
    try:
        known = header.get("tags")
        tags = tags_of(recording, motion) if recording is not None else tags_from_object(known, where="tags")
        if tags.composition is not None:  # a browser writes 4.0 as 4, and whoever makes the clip again does not
            same = composition_to_object(composition_from_object(tags.composition))
            tags = replace(tags, composition=same)
    except MalformedFile as error:
        raise InvalidInput(str(error), field="tags") from None
    return f"{name}.zip", zipped(clip_files(name, motion, tags, suffix=suffix, options=options))


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Files as a ZIP, alike for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return out.getvalue()
