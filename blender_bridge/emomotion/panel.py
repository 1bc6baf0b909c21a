# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel in the 3D view's sidebar (N), tab EmoMotion."""

import bpy

from . import work
from .settings import Settings


class Tab:
    """Where the panels are."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "EmoMotion"


class EMOMOTION_PT_generate(Tab, bpy.types.Panel):
    bl_label = "Generate"

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.emomotion
        layout.use_property_split = True
        layout.use_property_decorate = False
        asked = layout.column()
        asked.enabled = work.current() is None
        asked.prop(settings, "prompt", text="")
        asked.row().prop(settings, "feeling", expand=True)
        if settings.feeling == "PLANE":
            asked.prop(settings, "valence", slider=True)
            asked.prop(settings, "arousal", slider=True)
        else:
            asked.prop(settings, "emotion")
            asked.prop(settings, "intensity")
        asked.prop(settings, "seconds")
        seed = asked.row(heading="Seed", align=True)
        seed.prop(settings, "fixed_seed", text="")
        number = seed.row(align=True)
        number.active = settings.fixed_seed
        number.prop(settings, "seed", text="")
        asked.prop(settings, "target")
        button = layout.row()
        button.scale_y = 1.4
        task = work.current()
        if task is None:
            button.operator("emomotion.generate", icon="PLAY")
        else:
            button.operator("emomotion.cancel", icon="CANCEL")
            layout.label(text=task.state, icon="TIME")


class EMOMOTION_PT_options(Tab, bpy.types.Panel):
    bl_label = "Options"
    bl_parent_id = "EMOMOTION_PT_generate"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout: bpy.types.UILayout = self.layout
        settings: Settings = context.scene.emomotion
        layout.use_property_split = True
        layout.use_property_decorate = False
        for name in ("worker", *(("server",) if settings.worker == "SERVER" else ()), "plan", "first", "rate"):
            layout.prop(settings, name)


class EMOMOTION_PT_clips(Tab, bpy.types.Panel):
    bl_label = "Clips and Rigs"

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.emomotion
        layout.operator("emomotion.import_clip", icon="IMPORT")
        layout.separator()
        layout.operator("emomotion.retarget", icon="ARMATURE_DATA")
        layout.operator("emomotion.retarget_file", icon="FILE_FOLDER")
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(settings, "plant")
        layout.prop(settings, "reach")
        layout.prop(settings, "curves", text="Emotion Curves")
        layout.prop(settings, "profile", text="", placeholder="Rig profile (optional)")


class EMOMOTION_PT_tags(Tab, bpy.types.Panel):
    bl_label = "What It Feels"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return tagged(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        holder = tagged(context)
        column = self.layout.column(align=True)
        for name in ("prompt", "label", "intensity", "seed", "plan", "licence"):
            value = holder.get(f"emotion_{name}")
            if value is not None:
                row = column.split(factor=0.3)
                row.label(text=name.title())
                row.label(text=str(value))


def tagged(context: bpy.types.Context) -> bpy.types.ID | None:
    """What carries the tags of the active object: the action it plays, else the object itself."""
    active = context.active_object
    if active is None:
        return None
    action = active.animation_data.action if active.animation_data else None
    return next((holder for holder in (action, active) if holder is not None and "emotion_json" in holder), None)


CLASSES = (EMOMOTION_PT_generate, EMOMOTION_PT_options, EMOMOTION_PT_clips, EMOMOTION_PT_tags)
