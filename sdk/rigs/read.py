"""Rigs by file or by name: `load_rig`, `rig_named`."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from sdk.errors import EmoMotionError, InvalidInput, MalformedFile
from sdk.motion.bvh import read_bvh
from sdk.motion.calibration import TPoseInFrame
from sdk.rigs.gltf import read_gltf_rig
from sdk.rigs.mapping import find_map, map_humanoid
from sdk.rigs.named import NAMED, build_named, known_kind
from sdk.rigs.profile import RigProfile, read_rig_profile, with_profile
from sdk.rigs.rig import BvhSource, Rig, RigMap

SUFFIXES = (".glb", ".vrm", ".vrma", ".bvh", ".fbx")
"""Files that a rig can be read from; .fbx by Blender."""


def rig_names() -> tuple[str, ...]:
    """Rigs that are known by name."""
    return tuple(NAMED)


def rig_named(name: str) -> Rig:
    """A rig that is known by name, e.g. "mixamo": names, hierarchy and axes of the real one, proportions of nobody.

    Raises InvalidInput, which lists the names.
    """
    if name not in NAMED:
        raise InvalidInput(f"rig {name[:40]!r} is unknown; known: {', '.join(NAMED)}, or a file", field="rig")
    return build_named(NAMED[name])


def load_rig(path: Path | str, *, profile: Path | str | None = None) -> Rig:
    """The rig of a .glb, .vrm, .vrma, .bvh or .fbx file, mapped by itself or as a profile (YAML or JSON) says.

    Raises InvalidInput, naming bone or key and the fix, MalformedFile for a file that breaks its format, OSError if it
    cannot be opened.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        got = f"file type {path.suffix!r} is unknown" if path.suffix else "a file type is missing"
        fix = " (export it as .glb)" if suffix == ".gltf" else ""
        raise InvalidInput(f"{got}{fix}; rigs are read from {', '.join(SUFFIXES)}: {path}", field="rig")
    if suffix == ".bvh":
        return rig_from_bvh(path, profile=profile)
    if suffix == ".fbx":
        from sdk.rigs.fbx import glb_of_fbx  # needs Blender

        raw = glb_of_fbx(path)
    else:
        raw = path.read_bytes()
    rig = rig_from_bytes(raw, name=path.name, profile=profile)
    return replace(rig, path=path, suffix=suffix)


def rig_from_bytes(raw: bytes, *, name: str, profile: Path | str | None = None) -> Rig:
    """As `load_rig`, for the bytes of a GLB or VRM; `name` stands in messages."""
    rig, humanoid = read_gltf_rig(raw, name=name)
    return _mapped(rig, humanoid, profile)


def rig_from_bvh(path: Path, *, profile: Path | str | None = None) -> Rig:
    """The skeleton of a BVH file; at rest all rotations are zero, unless a profile names a frame with a T-pose."""
    clip = read_bvh(path)
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    lines = text.splitlines()
    start = next(k for k, line in enumerate(lines) if line.strip().upper() == "MOTION")
    rig = Rig(
        name=path.name,
        nodes=clip.names,
        parents=clip.parents,
        translations=clip.offsets,
        rotations=np.tile([0.0, 0.0, 0.0, 1.0], (len(clip.names), 1)),
        scales=np.ones((len(clip.names), 3)),
        map=RigMap({}),
        suffix=".bvh",
        source=BvhSource("\n".join(lines[:start]), clip.channels),
        path=path,
    )
    twice = next((n for n in clip.names if clip.names.count(n) > 1), None)
    if twice is not None:
        raise MalformedFile(f"{path.name}: two joints are called {twice!r}; rename one of them")
    known = read_rig_profile(profile) if profile is not None else None
    if known is not None and isinstance(known.t_pose, TPoseInFrame):
        frame = known.t_pose.frame
        if frame >= len(clip.rotations):
            message = f"the T-pose should stand in frame {frame}, but {path.name} has {len(clip.rotations)} frames"
            raise InvalidInput(message, field="profile")
        rig = replace(rig, rotations=clip.rotations[frame])
    return _mapped(rig, {}, known)


def _mapped(rig: Rig, humanoid: Mapping[str, int], profile: RigProfile | Path | str | None) -> Rig:
    if profile is not None:
        known = profile if isinstance(profile, RigProfile) else read_rig_profile(profile)
        return with_profile(rig, known)
    if humanoid:
        return replace(rig, map=map_humanoid(rig, humanoid))
    found = find_map(rig, {name: known.profile.joints for name, known in NAMED.items()})
    kind = known_kind(NAMED, rig.nodes, found.kind)
    how = {joint: kind if said == found.kind else said for joint, said in found.how.items()}
    return replace(rig, map=replace(found, kind=kind, how=how))


def rig_of(wanted: str, *, profile: Path | str | None = None) -> Rig:
    """The rig of a command line: a file, or the name of a known rig. Raises as `load_rig` and `rig_named`."""
    if Path(wanted).suffix or Path(wanted).exists():
        try:
            return load_rig(wanted, profile=profile)
        except OSError as error:
            raise EmoMotionError(f"cannot read {wanted}: {error.strerror or error}") from None
    if profile is not None:
        raise InvalidInput(f"a profile says what a file's bones are; {wanted!r} is known by name", field="profile")
    return rig_named(wanted)
