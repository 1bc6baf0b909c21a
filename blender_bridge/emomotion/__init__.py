# SPDX-License-Identifier: GPL-3.0-or-later
"""EmoMotion for Blender: words and an emotion become a moving character, or an action of your own rig."""

import bpy

from . import operators, panel, settings, work

CLASSES = (*settings.CLASSES, *operators.CLASSES, *panel.CLASSES)


def menu(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    """The entry in File > Import."""
    self.layout.operator("emomotion.import_clip", text="EmoMotion Clip with Tags (.glb)")


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.emomotion = bpy.props.PointerProperty(type=settings.Settings)
    bpy.types.TOPBAR_MT_file_import.append(menu)
    bpy.app.handlers.load_pre.append(work.on_load)


def unregister() -> None:
    work.cancel()
    bpy.app.handlers.load_pre.remove(work.on_load)
    bpy.types.TOPBAR_MT_file_import.remove(menu)
    del bpy.types.Scene.emomotion
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
