# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions and F-curves in every Blender from 4.2 on: flat ones, and layered ones with slots (4.4 and later)."""

import json
from collections.abc import Sequence
from typing import Any

import bpy

from .tags import Segment, Tags

TAG_KEYS = ("prompt", "label", "intensity", "seed", "plan", "generator", "licence", "synthetic", "root_motion", "loop")
"""Fields of the tags that also stand alone as `emotion_<name>`, as text."""
MAX_NAME = 59
"""Bytes of a name, so that Blender can append .001 to it."""


def named(prompt: str) -> str:
    """The prompt as far as it fits into a name of Blender, which counts bytes."""
    text = " ".join(prompt.split()) or "EmoMotion"
    return text.encode()[:MAX_NAME].decode(errors="ignore").rstrip()


def new_action(owner: bpy.types.Object, name: str) -> bpy.types.Action:
    """A new action that the object plays from now on; the one it played before is kept in the file."""
    animation = owner.animation_data or owner.animation_data_create()
    before = animation.action
    if before is not None and before.users <= 1:
        before.use_fake_user = True  # or saving would drop it
    action = bpy.data.actions.new(name)
    if hasattr(action, "slots"):
        slot = action.slots.new(id_type="OBJECT", name=owner.name)
        action.layers.new("Layer").strips.new(type="KEYFRAME").channelbag(slot, ensure=True)
        animation.action = action
        animation.action_slot = slot
    else:
        animation.action = action
    return action


def curves_of(action: bpy.types.Action) -> Any:
    """F-curves of the action: those of its first slot, where it has slots."""
    if getattr(action, "layers", None):
        return action.layers[0].strips[0].channelbags[0].fcurves
    return action.fcurves


def write_curve(
    action: bpy.types.Action, path: str, index: int, frames: Sequence[float], values: Sequence[float], group: str,
    interpolation: str = "LINEAR",
) -> None:  # fmt: skip
    """One F-curve with a key at each frame; a channel that never changes gets one key."""
    if max(values) == min(values):
        frames, values = frames[:1], values[:1]
    curves = curves_of(action)
    if getattr(action, "layers", None):
        bag = action.layers[0].strips[0].channelbags[0]
        curve = curves.new(path, index=index)
        curve.group = bag.groups.get(group) or bag.groups.new(group)
    else:
        curve = curves.new(path, index=index, action_group=group)
    curve.keyframe_points.add(len(frames))
    flat = [0.0] * (2 * len(frames))
    flat[::2], flat[1::2] = frames, values
    curve.keyframe_points.foreach_set("co", flat)
    kind = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items[interpolation].value
    curve.keyframe_points.foreach_set("interpolation", [kind] * len(frames))
    curve.update()


def write_tags(holder: bpy.types.ID, tags: Tags) -> None:
    """The tags as custom properties of an armature or action: single ones as text, and all of them as emotion_json."""
    for key in TAG_KEYS:
        value = tags.tagged.get(key)
        if value is not None:
            # Text, because a seed may need 64 bits and Blender's integers have 32.
            holder[f"emotion_{key}"] = value if isinstance(value, str) else json.dumps(value)
    holder["emotion_json"] = json.dumps(tags.tagged, sort_keys=True, separators=(",", ":"))


def write_emotions(owner: bpy.types.Object, action: bpy.types.Action, tags: Tags, frames: Sequence[float]) -> None:
    """A property `emotion_<name>` 0..1 on the object for each emotion, and its curve in the action."""
    for name, values in tags.curves().items():
        key = f"emotion_{name}"
        owner[key] = values[0]
        owner.id_properties_ui(key).update(min=0.0, max=1.0, description=f"{name}: its share times the intensity")
        changing = tags.tagged.get("curves")
        kind = "LINEAR" if isinstance(changing, dict) and changing else "CONSTANT"
        kept = [k for k in range(len(frames)) if kind == "LINEAR" or k == 0 or values[k] != values[k - 1]]
        write_curve(action, f'["{key}"]', 0, [frames[k] for k in kept], [values[k] for k in kept], "Emotion", kind)


def place_markers(markers: Any, segments: Sequence[Segment], first: float, rate: float) -> None:
    """A marker at the beginning of each segment; `markers` are a scene's or an action's."""
    for segment in segments:
        marker = markers.new(segment.label)
        marker.frame = round(first + segment.start_s * rate)
