"""Write a motion as a clip file with its sidecar; the suffix chooses the format."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from sdk.clips import files
from sdk.clips.glb import glb_bytes
from sdk.clips.tags import ClipTags, sidecar_bytes, sidecar_path
from sdk.motion.bvh import bvh_text
from sdk.motion.motion import Motion


def _bvh_bytes(motion: Motion, tags: ClipTags) -> bytes:
    # BVH has no place for tags: they stand in the sidecar alone.
    return bvh_text(motion).encode()


FORMATS: Mapping[str, Callable[[Motion, ClipTags], bytes]] = {".glb": glb_bytes, ".bvh": _bvh_bytes}
"""Writers by suffix; a further format is one more line."""


def check_writable(path: Path, *, field: str = "out") -> None:
    """Refuse a clip path that could not be written: call it before the work of generating begins.

    Raises InvalidInput for an unknown suffix (naming the known ones), a missing folder or one that takes no file.
    """
    files.check_writable(path, suffixes=FORMATS, field=field)


def write_clip(path: Path, motion: Motion, tags: ClipTags) -> list[Path]:
    """Write the clip and its sidecar, both or neither; files of these names are replaced.

    Returns the paths written, clip first. Raises InvalidInput for a bad path, motion or tags, or a full disk.
    """
    check_writable(path)
    clip = FORMATS[path.suffix.lower()](motion, tags)
    sidecar = sidecar_bytes(tags, motion, file=path.name, clip_bytes=clip)
    # The sidecar comes last: its hash tells a reader whether the pair belongs together.
    files.publish({path: clip, sidecar_path(path): sidecar})
    return [path, sidecar_path(path)]


def in_place(motion: Motion) -> Motion:
    """The same movement without travel: the pelvis keeps its height and stays over where it began."""
    root = motion.root.copy()
    root[:, [0, 2]] = root[0, [0, 2]]
    return replace(motion, root=np.asarray(root))
