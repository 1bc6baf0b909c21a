# SPDX-License-Identifier: GPL-3.0-or-later
"""A clip file as a new character: armature at the right rate, action, tags, emotion curves, markers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from .actions import curves_of, named, place_markers, write_emotions, write_tags
from .gltf import BadFile, Gltf
from .tags import Tags, read_tags

COLLECTIONS = (
    "objects", "meshes", "armatures", "actions", "materials", "images", "textures", "cameras", "lights", "collections",
)  # fmt: skip
"""Kinds of data that an import can make, in the order in which they are taken back."""


@dataclass(frozen=True)
class Imported:
    """The new armature, the frames it fills, and what the animator should know."""

    armature: bpy.types.Object
    first: float
    last: float
    tags: Tags | None
    notes: tuple[str, ...]


def scene_rate(scene: bpy.types.Scene) -> float:
    """Frames a second."""
    return scene.render.fps / scene.render.fps_base


def set_rate(scene: bpy.types.Scene, fps: float) -> None:
    """Give the scene a rate, whole or such as 29.97."""
    scene.render.fps = max(1, round(fps))
    scene.render.fps_base = scene.render.fps / fps


def takes_rate(scene: bpy.types.Scene, choice: str) -> bool:
    """Whether the scene takes the clip's rate and range: if told so, or if nothing in the file moves yet."""
    return choice == "CLIP" or (choice == "AUTO" and not bpy.data.actions)


def frames_of(count: int, clip_fps: float, scene_fps: float, first: float) -> list[float]:
    """Frames of the scene on which the clip's frames lie."""
    return [first + k * scene_fps / clip_fps for k in range(count)]


def fit_scene(scene: bpy.types.Scene, frames: Sequence[float]) -> None:
    """Make the scene's range that of the clip."""
    scene.frame_start, scene.frame_end = round(frames[0]), max(round(frames[0]), round(frames[-1]))
    scene.frame_set(scene.frame_start)


def import_clip(path: Path, *, first: float = 0.0, rate: str = "AUTO") -> Imported:
    """Import a .glb with its tags. Raises BadFile; nothing is left in the file then.

    rate: "CLIP" gives the scene the clip's frame rate and range, "KEEP" leaves both, "AUTO" decides by whether
    anything is animated already.
    """
    if path.suffix.lower() != ".glb":
        raise BadFile(f"{path.name} is no .glb; make the clip with --out NAME.glb, or use File > Import for others")
    clip = Gltf(path)
    tags = read_tags(clip, path)
    times = clip.key_times()
    if not times:
        raise BadFile(f"{path.name} holds no animation; choose the .glb of a clip")
    count = tags.frames if tags else len(times)
    if tags and len(times) != count:
        raise BadFile(f"{path.name} has {len(times)} frames, its tags say {count}; the pair does not belong together")
    fps = tags.fps if tags else (count - 1) / (times[-1] - times[0]) if count > 1 and times[-1] > times[0] else 30.0
    scene = bpy.context.scene
    takes = takes_rate(scene, rate)
    before = {kind: set(getattr(bpy.data, kind)) for kind in COLLECTIONS}
    render = scene.render
    kept = render.fps, render.fps_base
    try:
        # Blender's importer multiplies by fps_base instead of dividing by it: only a base of 1 gives the right frames.
        render.fps, render.fps_base = max(1, round(fps)), 1.0
        imported_at = float(render.fps)
        try:
            bpy.ops.import_scene.gltf(filepath=str(path), disable_bone_shape=True, bone_heuristic="TEMPERANCE")
        except RuntimeError as error:
            raise BadFile(f"Blender cannot import {path.name}: {str(error).strip()}") from None
        new = [thing for thing in bpy.data.objects if thing not in before["objects"]]
        armature = next((thing for thing in new if thing.type == "ARMATURE"), None)
        if armature is None or armature.animation_data is None or armature.animation_data.action is None:
            raise BadFile(f"{path.name} holds no animated skeleton; choose a clip that `emomotion clip` wrote")
    except BadFile:
        _take_back(before)
        render.fps, render.fps_base = kept
        raise
    render.fps, render.fps_base = kept
    if takes:
        set_rate(scene, fps)
    frames = frames_of(count, fps, scene_rate(scene), first)
    action = armature.animation_data.action
    _retime(action, imported_at / fps, scene_rate(scene) / fps, first)
    # The importer stashes the action as well; once is enough.
    for track in list(armature.animation_data.nla_tracks):
        armature.animation_data.nla_tracks.remove(track)
    armature.name = action.name = named(tags.prompt if tags else path.stem)
    if tags:
        write_tags(armature, tags)
        write_tags(action, tags)
        write_emotions(armature, action, tags, frames)
        place_markers(scene.timeline_markers, tags.segments, first, scene_rate(scene))
    if takes:
        fit_scene(scene, frames)
    for thing in bpy.context.selected_objects:
        thing.select_set(False)
    armature.select_set(True)
    bpy.context.view_layer.objects.active = armature
    return Imported(armature, frames[0], frames[-1], tags, _notes(path, tags))


def _notes(path: Path, tags: Tags | None) -> tuple[str, ...]:
    if tags is None:
        return (f"{path.name} carries no emotion tags: keep its {path.name}.emotion.json beside it",)
    return tags.conflicts


def _retime(action: bpy.types.Action, per_frame: float, stretch: float, first: float) -> None:
    """Keys as the importer laid them, `per_frame` apart -> frames of the scene; rounding of 32-bit times is undone."""
    for curve in curves_of(action):
        flat = [0.0] * (2 * len(curve.keyframe_points))
        curve.keyframe_points.foreach_get("co", flat)
        flat[::2] = [first + _whole(at / per_frame) * stretch for at in flat[::2]]
        curve.keyframe_points.foreach_set("co", flat)
        curve.update()


def _whole(frame: float) -> float:
    return float(round(frame)) if abs(frame - round(frame)) < 1e-2 else frame


def _take_back(before: dict[str, set[bpy.types.ID]]) -> None:
    for kind in COLLECTIONS:
        held = getattr(bpy.data, kind)
        for thing in [thing for thing in held if thing not in before[kind]]:
            held.remove(thing)
