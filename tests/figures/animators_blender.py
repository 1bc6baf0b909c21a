"""Figures of the Blender add-on: what it makes, read back in Blender."""

import json
import tempfile
from pathlib import Path

import numpy as np

from sdk.clips.blender import blender_version, find_blender
from sdk.motion.skeleton import JOINT, JOINT_NAMES
from tests.blender.session import degrees_off, explore, make_clips
from tests.figures.report import Report
from tests.synthetic import walking

RIGS = {"hero": "A-pose, random bone rolls, metres", "mixamo_cm": "T-pose, centimetres, Euler angles"}


def measure(report: Report, prepared: tuple[Path, ...]) -> None:
    """Bones' directions after retarget, tags and curves read back, seconds from Generate to an action."""
    if find_blender() is None:
        report.show("Blender add-on", "not measured: python -m sdk.clips.blender installs Blender's Python module")
        return
    walk = walking(2.0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = make_clips(folder / "clips", walk)
        found = explore(folder, clips, ("generate", "import", "retarget"))
        tagged = {
            n: json.loads(p.with_name(f"{p.name}.emotion.json").read_text()) for n, p in clips.items() if n != "extras"
        }
    report.show("Blender", blender_version())
    joints = found["import"]["plain"]["joints"]
    off = [np.subtract(row[n], walk.positions[int(k)][JOINT[n]]) for k, row in joints.items() for n in JOINT_NAMES]
    report.at_most(
        "add-on: imported joints beside our kinematics", float(np.linalg.norm(off, axis=-1).max()), 1e-5, "m"
    )
    worst, same = 0.0, True
    for clip in ("plain", "segments", "curve", "long"):
        made, told = found["import"][clip], tagged[clip]
        same &= all(json.loads(made["text"]["emotion_json"])[key] == told[key] for key in told if key != "clip")
        for emotion, curve in told["curves"].items():
            played = [row[f"emotion_{emotion}"] for row in made["emotions"]]
            stated = [curve["values"][min(k, len(curve["values"]) - 1)] for k in range(len(walk))]
            worst = max(worst, float(np.abs(np.subtract(played, stated)).max()))
    report.holds("add-on: tags read back", "all fields" if same else "some differ", "all fields equal", same)
    report.at_most("add-on: emotion curves as Blender plays them", worst, 1e-7, "")
    for kind, about in RIGS.items():
        made = found["retarget"][f"{kind} False"]
        report.at_most(
            f"add-on: limbs' directions on a rig ({about})", degrees_off(made["directions"], walk), 1.0, "degrees"
        )
        planted = found["retarget"][f"{kind} True"]
        report.show("... with feet planted and reach kept", f"{degrees_off(planted['directions'], walk):.2f} degrees")
        report.holds(
            "... rig, its data and its old action", "untouched", "untouched", made["untouched"] and made["kept"]
        )
        report.show("... seconds from the button to the action", f"{planted['seconds']:.1f} s")
    report.show("add-on: seconds from Generate to an action", f"{found['generate']['seconds']:.1f} s for a clip of 2 s")
