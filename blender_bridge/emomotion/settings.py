# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel asks (kept in the scene) and what the preferences hold (kept in Blender)."""

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from .tags import EMOTIONS

LONGEST_S = 30.0

Items = list[tuple[str, str, str]]
FEELINGS: Items = [
    ("EMOTION", "Emotion", "One emotion and how strongly it is felt"),
    ("PLANE", "Valence and Arousal", "A point between unpleasant and pleasant, calm and excited"),
]
EMOTION_ITEMS: Items = [(name, name.title(), "") for name in ("neutral", *EMOTIONS)]
TARGETS: Items = [
    ("NEW", "New Character", "The clip comes as a mannequin of its own"),
    ("RIG", "Active Armature", "The clip becomes a new action of the active armature, whose skeleton is mapped"),
]
RATES: Items = [
    ("AUTO", "Automatic", "The clip's rate and range in a file without animation, else the scene's"),
    ("CLIP", "From Clip", "Give the scene the clip's frame rate and range"),
    ("KEEP", "Keep Scene", "Leave the scene's frame rate and range; keys may then lie between frames"),
]
WORKERS: Items = [
    ("LOCAL", "This Computer", "The emomotion command makes the motion by itself"),
    ("SERVER", "Server", "The emomotion command asks a server"),
]


class Settings(bpy.types.PropertyGroup):
    """One set for each scene."""

    prompt: StringProperty(
        name="Prompt", description="What the character does, in English", default="a person walks forward", maxlen=1000
    )
    feeling: EnumProperty(name="Feeling", items=FEELINGS, default="EMOTION")
    emotion: EnumProperty(name="Emotion", items=EMOTION_ITEMS, default="joy")
    intensity: FloatProperty(
        name="Intensity", description="How strongly it is felt", default=0.7, min=0.0, max=1.0, subtype="FACTOR"
    )
    valence: FloatProperty(name="Valence", description="Unpleasant to pleasant", default=0.5, min=-1.0, max=1.0)
    arousal: FloatProperty(name="Arousal", description="Calm to excited", default=0.3, min=-1.0, max=1.0)
    seconds: FloatProperty(name="Seconds", description="Length of the clip", default=4.0, min=0.5, max=LONGEST_S)
    fixed_seed: BoolProperty(
        name="Fixed Seed", description="Make the same clip again; off: another one each time", default=False
    )
    seed: IntProperty(name="Seed", description="The same seed gives the same clip", default=1, min=0)
    plan: StringProperty(
        name="Plan", description="Way to decode; `emomotion info` lists them. Empty: the best one", default=""
    )
    worker: EnumProperty(name="Made By", items=WORKERS, default="LOCAL")
    server: StringProperty(
        name="Server", description="Host and port, such as localhost:50051", default="localhost:50051"
    )
    target: EnumProperty(name="Onto", items=TARGETS, default="NEW")
    first: IntProperty(name="First Frame", description="Where the clip begins", default=0, min=0, max=1_000_000)
    rate: EnumProperty(name="Frame Rate", items=RATES, default="AUTO")
    plant: BoolProperty(
        name="Plant Feet", description="Hold feet that are on the ground in place, by the rig's own legs", default=True
    )
    reach: FloatProperty(
        name="Keep Reach",
        description="How firmly hands keep what they touched; at 0 the arms keep their directions exactly",
        default=1.0, min=0.0, max=1.0, subtype="FACTOR",
    )  # fmt: skip
    curves: BoolProperty(
        name="Emotion Curves on the Rig",
        description="Give the armature a property and a curve for each emotion too; off: only the action has tags",
        default=False,
    )
    profile: StringProperty(
        name="Rig Profile",
        description="File that says which bone is which, where the names do not; see docs of `emomotion retarget`",
        subtype="FILE_PATH",
    )


class Preferences(bpy.types.AddonPreferences):
    """Where the command is and how it reaches a server."""

    bl_idname = __package__

    command: StringProperty(
        name="Command",
        description="Path of the emomotion command, or a line such as /path/to/python -m sdk. Empty: found on PATH",
        subtype="FILE_PATH",
    )
    bundle: StringProperty(
        name="Bundle", description="Folder of your own bundle. Empty: the one that comes along", subtype="DIR_PATH"
    )
    token: StringProperty(name="Token", description="Token that the server knows you by", subtype="PASSWORD")
    tls_ca: StringProperty(
        name="Certificate", description="PEM that signed the server's certificate", subtype="FILE_PATH"
    )

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column()
        for name in ("command", "bundle", "token", "tls_ca"):
            column.prop(self, name)


def preferences() -> Preferences:
    """The add-on's preferences as they stand."""
    return bpy.context.preferences.addons[__package__].preferences


CLASSES = (Settings, Preferences)
