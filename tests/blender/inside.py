"""Runs in Blender's Python: what the tests of the add-on want to know, scenario by scenario. Prints one JSON line.

Arguments behind "--": a JSON file that names the folder of the add-on, the command, clips and a folder to work in.
"""

import json
import math
import os
import sys
import time
import traceback
from pathlib import Path

# isort: off
import bpy  # first: it tells Python where Blender's own modules are
import addon_utils
# isort: on

GIVEN = json.loads(Path(sys.argv[sys.argv.index("--") + 1]).read_text())
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, GIVEN["addon"])

from rigs_inside import DATA_KINDS, add_rig, fingerprint, limb_directions  # noqa: E402


def fresh(command=None):
    """An empty file with the add-on switched on."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert addon_utils.enable("emomotion", default_set=True) is not None
    preferences().command = GIVEN["command"] if command is None else command
    bpy.ops.ed.undo_push(message="begin")
    return bpy.context.scene.emomotion


def preferences():
    return bpy.context.preferences.addons["emomotion"].preferences


def said(call, **arguments):
    """What an operator did, and the error it reported."""
    try:
        return {"result": sorted(call(**arguments)), "error": ""}
    except RuntimeError as error:
        return {"result": ["CANCELLED"], "error": str(error).removeprefix("Error: ").strip()}


def everything():
    """Names of all there is in the file, by kind."""
    return {kind: sorted(thing.name for thing in getattr(bpy.data, kind)) for kind in DATA_KINDS}


def curves(action):
    """(path, index) -> keys of an action's curves."""
    from emomotion.actions import curves_of

    return {(c.data_path, c.array_index): [tuple(k.co) for k in c.keyframe_points] for c in curves_of(action)}


def emotions_of(armature, frames):
    """Values of the emotion properties as Blender plays them."""
    found = []
    for frame in frames:
        bpy.context.scene.frame_set(math.floor(frame), subframe=frame - math.floor(frame))
        played = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        found.append({key: value for key, value in sorted(played.items()) if isinstance(value, float)})
    return found


def left_over():
    """What lies in Blender's temporary folder."""
    return sorted(path.name for path in Path(bpy.app.tempdir).iterdir() if path.name.startswith("emomotion"))


def state_of(armature):
    scene = bpy.context.scene
    action = armature.animation_data.action
    keys = curves(action)
    at = sorted({k[0] for path, rows in keys.items() if "rotation" in path[0] for k in rows})
    return {
        "armature": armature.name,
        "action": action.name,
        "fps": scene.render.fps / scene.render.fps_base,
        "range": [scene.frame_start, scene.frame_end],
        "keys": [at[0], at[-1], len(at)],
        "markers": [(m.name, m.frame) for m in scene.timeline_markers],
        "text": {key: value for key, value in armature.items() if isinstance(value, str)},
        "on_action": {key: value for key, value in action.items() if isinstance(value, str)},
        "tracks": len(armature.animation_data.nla_tracks),
    }


def scenario_register():
    fresh()
    once = hasattr(bpy.types.Scene, "emomotion"), hasattr(bpy.types, "EMOMOTION_PT_generate")
    addon_utils.disable("emomotion")
    gone = hasattr(bpy.types.Scene, "emomotion"), hasattr(bpy.types, "EMOMOTION_PT_generate")
    fresh()
    again = hasattr(bpy.types.Scene, "emomotion"), hasattr(bpy.types, "EMOMOTION_PT_generate")
    return {"once": once, "gone": gone, "again": again}


def scenario_panels():
    """Draw every panel onto a layout that only checks that what it shows exists."""
    settings = fresh()
    said(bpy.ops.emomotion.import_clip, filepath=GIVEN["clips"]["plain"])
    shown = []

    class Layout:
        def __setattr__(self, name, value):
            assert name in bpy.types.UILayout.bl_rna.properties, name

        def prop(self, owner, name, **options):
            assert name in owner.bl_rna.properties, name
            known = bpy.types.UILayout.bl_rna.functions["prop"].parameters
            assert all(option in known for option in options), options
            shown.append(name)

        def operator(self, name, **options):
            assert hasattr(bpy.ops.emomotion, name.split(".")[1]) and name.split(".")[1] in dir(bpy.ops.emomotion), name
            shown.append(name)

        def label(self, text="", icon="NONE"):
            shown.append(text)

        def separator(self):
            pass

        def column(self, **options):
            return Layout()

        row = split = column

    from emomotion import panel
    from emomotion.settings import Preferences

    class Drawn:
        layout = Layout()

    for feeling, worker in (("EMOTION", "LOCAL"), ("PLANE", "SERVER")):
        settings.feeling, settings.worker = feeling, worker
        for cls in panel.CLASSES:
            if not hasattr(cls, "poll") or cls.poll(bpy.context):
                cls.draw(Drawn(), bpy.context)
    Drawn.bl_rna = Preferences.bl_rna
    Preferences.draw(Drawn(), bpy.context)
    return {"shown": shown}


def scenario_generate():
    settings = fresh()
    settings.prompt, settings.emotion, settings.intensity = "a person waves the right hand", "joy", 0.8
    settings.seconds, settings.fixed_seed, settings.seed = 2.0, True, 7
    began = time.perf_counter()
    done = said(bpy.ops.emomotion.generate)
    took = time.perf_counter() - began
    armature = bpy.context.view_layer.objects.active
    out = {**done, "seconds": took, "left": left_over(), **state_of(armature)}
    out["played"] = emotions_of(armature, [0, 30, 60])
    bpy.ops.ed.undo()
    out["after_undo"] = everything()
    bpy.ops.ed.redo()
    out["after_redo"] = everything()["armatures"]
    return out


def scenario_valence_arousal():
    settings = fresh()
    settings.feeling, settings.valence, settings.arousal, settings.seconds = "PLANE", -0.6, -0.3, 1.0
    settings.prompt = "--help"  # a prompt is never taken for an option
    done = said(bpy.ops.emomotion.generate)
    tagged = json.loads(bpy.context.view_layer.objects.active["emotion_json"])
    return {**done, "valence": tagged["valence"], "arousal": tagged["arousal"], "prompt": tagged["prompt"],
            "seed": tagged["seed"]}  # fmt: skip


def scenario_import():
    out = {}
    for name, path in GIVEN["clips"].items():
        fresh()
        done = said(bpy.ops.emomotion.import_clip, filepath=path)
        armature = bpy.context.view_layer.objects.active
        if done["error"] or armature is None:
            out[name] = done
            continue
        made = state_of(armature)
        out[name] = {**done, **made, "emotions": emotions_of(armature, range(made["range"][0], made["range"][1] + 1)),
                     "joints": joints_of(armature, made["range"])}  # fmt: skip
    return out


def joints_of(armature, span):
    """Positions of all joints in the SDK's axes, a row for each of some frames."""
    rows = {}
    for frame in (span[0], (span[0] + span[1]) // 2, span[1]):
        bpy.context.scene.frame_set(frame)
        played = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        rows[frame] = {
            bone.name: [place.x, place.z, -place.y]
            for bone in played.pose.bones
            for place in [played.matrix_world @ bone.head]
        }
    return rows


def scenario_rates():
    out = {}
    for name, rate, fps, base in (
        ("keep 24", "KEEP", 24, 1.0),
        ("keep ntsc", "KEEP", 30, 1.001),
        ("clip", "CLIP", 24, 1.0),
    ):
        settings = fresh()
        settings.rate, settings.first = rate, 10
        scene = bpy.context.scene
        scene.render.fps, scene.render.fps_base = fps, base
        said(bpy.ops.emomotion.import_clip, filepath=GIVEN["clips"]["plain"])
        out[name] = state_of(bpy.context.view_layer.objects.active)
    settings = fresh()
    said(bpy.ops.emomotion.import_clip, filepath=GIVEN["clips"]["plain"])
    bpy.context.scene.render.fps = 24
    said(bpy.ops.emomotion.import_clip, filepath=GIVEN["clips"]["plain"])
    out["second"] = state_of(bpy.context.view_layer.objects.active)
    return out


def scenario_bad_files():
    out = {}
    for name, path in GIVEN["bad"].items():
        fresh()
        before = everything()
        out[name] = {**said(bpy.ops.emomotion.import_clip, filepath=path), "clean": everything() == before,
                     "fps": bpy.context.scene.render.fps}  # fmt: skip
    return out


def scenario_bad_settings():
    out = {}

    def ask(name, command=None, **changed):
        settings = fresh(command)
        before = everything()
        for key, value in changed.items():
            setattr(settings, key, value)
        out[name] = {**said(bpy.ops.emomotion.generate), "clean": everything() == before, "left": left_over()}

    ask("no prompt", prompt="  ")
    ask("unknown plan", plan="magic", seconds=1.0)
    ask("server away", worker="SERVER", server="localhost:9", seconds=1.0)
    ask("server unnamed", worker="SERVER", server=" ")
    ask("offline", worker="SERVER", server="example.org:50051")
    ask("command missing", command=str(Path(GIVEN["work"]) / "nothing" / "emomotion"))
    ask("command fails", command=f"{sys.executable} -c raise(SystemExit('no_room_left'))")
    path = os.environ["PATH"]
    os.environ["PATH"] = GIVEN["work"]
    ask("not on path", command="")
    os.environ["PATH"] = path
    ask("nothing selected", target="RIG")
    fresh()
    out["retarget nothing"] = said(bpy.ops.emomotion.retarget)
    fresh()
    add_rig("bare", {})
    out["no bones"] = said(bpy.ops.emomotion.retarget_file, filepath=GIVEN["clips"]["plain"])
    fresh()
    add_rig("legless", "legless")
    before = everything()
    out["no legs"] = {**said(bpy.ops.emomotion.retarget_file, filepath=GIVEN["clips"]["plain"]),
                      "clean": everything() == before, "left": left_over()}  # fmt: skip
    fresh()
    rig = add_rig("uneven", "hero")
    rig.scale = (1, 1, 2)
    bpy.context.view_layer.update()
    out["uneven scale"] = said(bpy.ops.emomotion.retarget_file, filepath=GIVEN["clips"]["plain"])
    return out


def scenario_cancel():
    fresh(f"{sys.executable} {GIVEN['sleeper']}")
    from emomotion import operators, work

    before = everything()
    run = operators.start_run()
    steps = operators.generate(run, ["--", "x"], None, bpy.context.scene.emomotion)
    heard = []
    work.begin(work.Task("test", run, steps, lambda kind, text: heard.append(text)))
    alive = [work.tick(), work.tick()]
    state = work.current().state
    busy = bpy.ops.emomotion.generate.poll()
    time.sleep(1.0)
    pid = int((run.folder / "pid").read_text())
    began = time.perf_counter()
    bpy.ops.emomotion.cancel()
    took = time.perf_counter() - began
    try:
        os.kill(pid, 0)
        ended = False
    except ProcessLookupError:
        ended = True
    return {"alive": alive, "state": state, "busy": busy, "ended": ended, "took": took, "left": left_over(),
            "after": work.tick(), "heard": heard, "clean": everything() == before}  # fmt: skip


def scenario_other_file():
    """A file is opened while a clip is made: the work ends, and nothing of it stays."""
    fresh(f"{sys.executable} {GIVEN['sleeper']}")
    from emomotion import operators, work

    run = operators.start_run()
    work.begin(work.Task("test", run, operators.generate(run, ["--", "x"], None, bpy.context.scene.emomotion), print))
    work.tick()
    bpy.ops.wm.read_homefile(use_empty=True)
    return {"task": work.current() is None, "left": left_over()}


def scenario_retarget():
    out = {}
    for kind in ("hero", "mixamo_cm"):
        for plant in (True, False):
            settings = fresh()
            settings.plant, settings.reach, settings.rate = plant, 1.0 if plant else 0.0, "CLIP"
            rig = add_rig("my rig", kind)
            old = rig.animation_data_create().action = bpy.data.actions.new("walk by hand")
            bpy.ops.ed.undo_push(message="rig")
            before, things = fingerprint(rig), everything()
            began = time.perf_counter()
            done = said(bpy.ops.emomotion.retarget_file, filepath=GIVEN["clips"]["plain"])
            took = time.perf_counter() - began
            if done["error"]:
                out[f"{kind} {plant}"] = done
                continue
            new = {k: sorted(set(v) - set(things[k])) for k, v in everything().items() if v != things[k]}
            action = rig.animation_data.action
            scene = bpy.context.scene
            out[f"{kind} {plant}"] = {
                **done, "seconds": took, "untouched": fingerprint(rig) == before, "new": new, "left": left_over(),
                "kept": old.use_fake_user, "markers": [(m.name, m.frame) for m in action.pose_markers],
                "tags": action["emotion_json"], "properties": [k for k, _ in rig.items() if k.startswith("emotion")],
                "directions": limb_directions(rig, kind, range(scene.frame_start, scene.frame_end + 1)),
                "range": [scene.frame_start, scene.frame_end], "fps": scene.render.fps,
            }  # fmt: skip
            bpy.ops.ed.undo()
            rig = bpy.data.objects["my rig"]
            out[f"{kind} {plant}"]["undone"] = rig.animation_data.action.name, everything() == things
    return out


def scenario_retarget_scene():
    """From a character in the scene, moved elsewhere and edited, onto a rig with emotion curves."""
    settings = fresh()
    settings.curves, settings.plant, settings.reach = True, False, 0.0
    said(bpy.ops.emomotion.import_clip, filepath=GIVEN["clips"]["curve"])
    source = bpy.context.view_layer.objects.active
    source.location = (-3, 1, 0)
    rig = add_rig("my rig", "hero")
    source.select_set(True)
    bpy.context.view_layer.objects.active = rig
    done = said(bpy.ops.emomotion.retarget)
    scene = bpy.context.scene
    span = range(scene.frame_start, scene.frame_end + 1)
    return {**done, "directions": limb_directions(rig, "hero", span), "emotions": emotions_of(rig, span),
            "tags": rig.animation_data.action.get("emotion_json"), "left": left_over()}  # fmt: skip


def main():
    wanted = GIVEN.get("scenarios") or [
        name.removeprefix("scenario_") for name in globals() if name.startswith("scenario_")
    ]
    found = {"version": list(bpy.app.version)}
    for name in wanted:
        began = time.perf_counter()
        try:
            found[name] = globals()[f"scenario_{name}"]()
        except Exception:
            found[name] = {"failed": traceback.format_exc()}
        print(f"{name}: {time.perf_counter() - began:.1f} s", file=sys.stderr)
    Path(GIVEN["out"]).write_text(json.dumps(found))


main()
sys.stdout.flush()
sys.stderr.flush()
# Blender's Python module now and then waits for itself for ever when the interpreter takes it down (seen with 4.5.15).
os._exit(0)
