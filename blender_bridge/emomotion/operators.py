# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel's buttons do. Scripts may call them too: without a window they wait until the work is done."""

import json
import random
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ImportHelper

from . import work
from .actions import named, place_markers, write_emotions, write_tags
from .command import CommandFailed, Run, find_command
from .gltf import BadFile, Gltf
from .importing import fit_scene, frames_of, import_clip, scene_rate, set_rate, takes_rate
from .rigs import apply_motion, is_clip_armature, skeleton_nodes, write_motion, write_skeleton
from .settings import Settings, preferences
from .tags import Tags, read_tags, tags_of_text

Steps = Generator[str, None, str]


class Background:
    """What operators share that start a task: reports that also show when the operator itself is long gone."""

    def begin(self, task_name: str, run: Run, steps: Steps) -> set[str]:
        """Start the task; without a window wait for it."""
        if bpy.app.background:
            failed = []

            def report(kind: set[str], message: str) -> None:
                failed.append("ERROR" in kind)
                self.report(kind, message)

            work.wait(work.Task(task_name, run, steps, report))
            return {"CANCELLED"} if any(failed) else {"FINISHED"}
        work.begin(work.Task(task_name, run, steps, show))
        return {"FINISHED"}


def show(kind: set[str], message: str) -> None:
    """Report from a timer: errors pop up, all goes to the status bar."""
    if "ERROR" in kind:
        bpy.context.window_manager.popup_menu(
            lambda menu, _: menu.layout.label(text=message), title="EmoMotion", icon="ERROR"
        )
    bpy.context.workspace.status_text_set(None)
    bpy.ops.emomotion.say(kind=next(iter(kind)), message=message)


class EMOMOTION_OT_say(bpy.types.Operator):
    """Reports are the privilege of operators: this one says what a task has to say."""

    bl_idname = "emomotion.say"
    bl_label = "Say"
    bl_options = {"INTERNAL"}

    kind: StringProperty()
    message: StringProperty()

    def execute(self, context: bpy.types.Context) -> set[str]:
        self.report({self.kind if self.kind != "ERROR" else "WARNING"}, self.message)
        return {"FINISHED"}


class EMOMOTION_OT_generate(Background, bpy.types.Operator):
    """Make the clip: by the emomotion command, while Blender stays usable"""

    bl_idname = "emomotion.generate"
    bl_label = "Generate"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return idle(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings: Settings = context.scene.emomotion
        try:
            rig = active_rig(context) if settings.target == "RIG" else None
            arguments = clip_arguments(settings)
            run = start_run()
        except (CommandFailed, BadFile) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return self.begin("EmoMotion: generate", run, generate(run, arguments, rig, settings))


class EMOMOTION_OT_import_clip(bpy.types.Operator, ImportHelper):
    """Import a clip as a new character: frame rate, range, tags, a curve for each emotion, markers at its segments"""

    bl_idname = "emomotion.import_clip"
    bl_label = "Import with Tags"
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = ".glb"
    filter_glob: StringProperty(default="*.glb", options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings: Settings = context.scene.emomotion
        try:
            imported = import_clip(Path(self.filepath), first=settings.first, rate=settings.rate)
        except BadFile as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for note in imported.notes:
            self.report({"WARNING"}, note)
        self.report({"INFO"}, f"{imported.armature.name}: frames {imported.first:g} to {imported.last:g}")
        return {"FINISHED"}


class EMOMOTION_OT_retarget(Background, bpy.types.Operator):
    """Lay the motion of the other selected armature, a character of this add-on, onto the active one: a new action"""

    bl_idname = "emomotion.retarget"
    bl_label = "Retarget to Active"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return idle(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        run = None
        try:
            rig = active_rig(context)
            source = source_character(context, rig)
            run = start_run()
            tags = tags_of_text(str(source.get("emotion_json", "")))
            action = source.animation_data.action
            first = action.frame_range[0]
            frames = frames_of(tags.frames, tags.fps, scene_rate(context.scene), first)
            write_motion(run.folder / "clip.glb", source, frames, tags.fps, tags.tagged)
        except (CommandFailed, BadFile) as error:
            if run is not None:
                run.close()
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        steps = retarget(run, run.folder / "clip.glb", rig, context.scene.emomotion, first=first)
        return self.begin("EmoMotion: retarget", run, steps)


class EMOMOTION_OT_retarget_file(Background, bpy.types.Operator, ImportHelper):
    """Lay the motion of a clip file onto the active armature: a new action"""

    bl_idname = "emomotion.retarget_file"
    bl_label = "Clip File to Active"

    filename_ext = ".glb"
    filter_glob: StringProperty(default="*.glb", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return idle(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings: Settings = context.scene.emomotion
        try:
            rig = active_rig(context)
            Gltf(Path(self.filepath))
            run = start_run()
        except (CommandFailed, BadFile) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        steps = retarget(run, Path(self.filepath), rig, settings, first=settings.first)
        return self.begin("EmoMotion: retarget", run, steps)


class EMOMOTION_OT_cancel(bpy.types.Operator):
    """Stop what is being made; nothing of it stays"""

    bl_idname = "emomotion.cancel"
    bl_label = "Cancel"

    def execute(self, context: bpy.types.Context) -> set[str]:
        if work.cancel():
            self.report({"INFO"}, "Cancelled")
        return {"FINISHED"}


def idle(operator: type) -> bool:
    """Whether nothing is being worked on; else the button says why it is grey."""
    if work.current() is None:
        if bpy.context.mode in ("OBJECT", "POSE"):
            return True
        operator.poll_message_set("Go to Object or Pose Mode first")
        return False
    operator.poll_message_set("A clip is being made; wait or cancel it")
    return False


def active_rig(context: bpy.types.Context) -> bpy.types.Object:
    """The animator's armature. Raises BadFile, which says how to choose one."""
    rig = context.view_layer.objects.active
    if rig is None or rig.type != "ARMATURE" or not rig.select_get():
        raise BadFile("no armature is selected: click your rig, so that it is the active object, and try again")
    if is_clip_armature(rig):
        raise BadFile(f"{rig.name} is the clip's own character: make your rig the active object")
    if rig.library is not None or (
        rig.override_library is None and rig.data.library is not None and not rig.is_editable
    ):
        raise BadFile(f"{rig.name} is linked: make a library override (Object > Library Override) and try again")
    skeleton_nodes(rig)
    return rig


def source_character(context: bpy.types.Context, rig: bpy.types.Object) -> bpy.types.Object:
    """The selected character that moves. Raises BadFile."""
    others = [thing for thing in context.selected_objects if thing != rig and is_clip_armature(thing)]
    if len(others) != 1:
        raise BadFile("select one character of this add-on, then your rig with Ctrl, so that the rig is the active one")
    if others[0].animation_data is None or others[0].animation_data.action is None or "emotion_json" not in others[0]:
        raise BadFile(f"{others[0].name} has no clip with tags: import it again with Import with Tags")
    return others[0]


def start_run() -> Run:
    """A folder for the command's files, below Blender's own temporary one. Raises CommandFailed."""
    kept = preferences()
    return Run(find_command(bpy.path.abspath(kept.command)), token=kept.token, parent=bpy.app.tempdir)


def clip_arguments(settings: Settings) -> list[str]:
    """The words behind `emomotion clip`, but for where to write. Raises CommandFailed."""
    if not settings.prompt.strip():
        raise CommandFailed("the prompt is empty: say what the character does, such as “a person walks forward”")
    words = [f"--seconds={settings.seconds:.6g}"]
    if settings.feeling == "PLANE":
        words += [f"--valence={settings.valence:.6g}", f"--arousal={settings.arousal:.6g}"]
    else:
        words += [f"--emotion={settings.emotion}", f"--intensity={settings.intensity:.6g}"]
    # Drawn here, so that it is one that can be typed into the panel again.
    words.append(f"--seed={settings.seed if settings.fixed_seed else random.randrange(2**31)}")
    if settings.plan.strip():
        words.append(f"--plan={settings.plan.strip()}")
    kept = preferences()
    if settings.worker == "SERVER":
        address = settings.server.strip()
        host = urlsplit(f"//{address}").hostname
        if not host:
            raise CommandFailed("the server's address is empty: write host and port, such as localhost:50051")
        if host not in ("localhost", "127.0.0.1", "::1") and not bpy.app.online_access:
            raise CommandFailed("Blender may not go online: switch on Preferences > System > Allow Online Access")
        words.append(f"--server={address}")
        if kept.tls_ca:
            words.append(f"--tls-ca={bpy.path.abspath(kept.tls_ca)}")
    elif kept.bundle:
        words.append(f"--bundle={bpy.path.abspath(kept.bundle)}")
    # Behind "--" a prompt may begin with a dash.
    return [*words, "--", settings.prompt]


def generate(run: Run, arguments: list[str], rig: bpy.types.Object | None, settings: Settings) -> Steps:
    """Steps of a task: make the clip, then import it or lay it onto the rig."""
    clip = run.folder / "clip.glb"
    run.start("clip", f"--out={clip}", *arguments)
    while run.running():
        yield f"making the clip, {run.seconds:.0f} s"
    if rig is not None:
        return (yield from retarget(run, clip, rig, settings, first=settings.first))
    imported = import_clip(clip, first=settings.first, rate=settings.rate)
    seed = f", seed {imported.tags.tagged.get('seed')}" if imported.tags else ""
    return f"{imported.armature.name}: frames {imported.first:g} to {imported.last:g}{seed}, {run.seconds:.1f} s"


def retarget(run: Run, clip: Path, rig: bpy.types.Object, settings: Settings, *, first: float) -> Steps:
    """Steps of a task: let the command map the rig's skeleton, then make the action."""
    skeleton, made, told = run.folder / "rig.glb", run.folder / "on_rig.glb", run.folder / "report.json"
    write_skeleton(skeleton, rig)
    options = [f"--out={made}", f"--report={told}", f"--reach={settings.reach:.6g}"]
    if not settings.plant:
        options.append("--no-plant")
    if settings.profile:
        options.append(f"--profile={bpy.path.abspath(settings.profile)}")
    run.start("retarget", *options, "--", str(skeleton), str(clip))
    while run.running():
        yield f"mapping onto {rig.name}, {run.seconds:.0f} s"
    result = Gltf(made)
    tags = read_tags(result, made)
    if tags is None:
        raise BadFile("the command wrote no tags: update it (`make demo` in the newest SDK)")
    notes = lay_onto(rig, result, tags, settings, first)
    report = json.loads(told.read_bytes())
    notes += [f"{joint} has no bone: {meaning}" for joint, meaning in report["missing"].items()] + report["notes"]
    return "; ".join([f"{rig.name}: new action {rig.animation_data.action.name}, {run.seconds:.1f} s", *notes])


def lay_onto(rig: bpy.types.Object, result: Gltf, tags: Tags, settings: Settings, first: float) -> list[str]:
    """The command's clip as a new action of the rig, tags and markers in the action."""
    scene = bpy.context.scene
    takes = takes_rate(scene, settings.rate)
    if takes:
        set_rate(scene, tags.fps)
    frames = frames_of(tags.frames, tags.fps, scene_rate(scene), first)
    action, notes = apply_motion(rig, result, frames, named(tags.prompt))
    write_tags(action, tags)
    place_markers(action.pose_markers, tags.segments, first, scene_rate(scene))
    if settings.curves:
        write_emotions(rig, action, tags, frames)
    if takes:
        fit_scene(scene, frames)
    return notes


CLASSES = (
    EMOMOTION_OT_say, EMOMOTION_OT_generate, EMOMOTION_OT_import_clip, EMOMOTION_OT_retarget,
    EMOMOTION_OT_retarget_file, EMOMOTION_OT_cancel,
)  # fmt: skip
