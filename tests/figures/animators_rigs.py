"""Figures of retargeting: generated clips on eight rigs that are built differently, and what is left of them.

The clips are asked of the shipped bundle: eight actions in five emotions by two seeds. Each goes onto every rig;
directions, slide and the hands' reach are measured on the rig's own bones, the emotion on the motion that those show.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sdk.emotion import Affect, Emotion
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, normalize, quat_rotate
from sdk.motion.skeleton import JOINT
from sdk.rigs import Rig, RigMotion, load_rig, put_on_rig
from sdk.rigs.report import balls_of, contact_slides
from sdk.runtime.engine import Engine, Request
from tests.figures.report import Report
from tests.rigs.builders import files
from training.evaluate.judges import load_judges

ACTIONS = (
    "a person walks forward", "a person runs forward", "a person waves with the right hand",
    "a person raises both hands", "a person bows", "a person kicks", "a person turns left while walking",
    "a person dances",
)  # fmt: skip
EMOTIONS = (Emotion.NEUTRAL, Emotion.JOY, Emotion.SADNESS, Emotion.FEAR, Emotion.ANGER)
SEEDS = (5000, 5001)
SECONDS = 4.0
LIMBS = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))


class OnRig(NamedTuple):
    """What was measured of all clips on one rig: degrees, metres, metres, share, degrees (planted legs, median)."""

    direction: float
    slide: float
    contacts: int
    reach: tuple[float, float]
    accuracy: float
    legs: float


def measure(report: Report, prepared: tuple[Path, ...]) -> None:
    """Measure what the issue of the animator's desk asks of retargeting."""
    del prepared  # generated clips are enough: what is asked is that nothing of them is lost
    engine, judges = Engine.load(), load_judges()
    asked = [(text, emotion, seed) for emotion in EMOTIONS for text in ACTIONS for seed in SEEDS]
    clips, wanted = [], []
    for k, (text, emotion, seed) in enumerate(asked, start=1):
        clips.append(
            engine.generate(Request(text=text, affect=Affect.of(emotion.label, 1.0), seconds=SECONDS, seed=seed)).motion
        )
        wanted.append(judges.classes.index(emotion.label))
        if k % 20 == 0:
            print(f"     generated {k} of {len(asked)} clips", flush=True)
    raw = accuracy(judges.emotions(clips), wanted)
    report.show("clips", f"{len(clips)}, {len(EMOTIONS)} emotions, {len(ACTIONS)} actions, {len(SEEDS)} seeds")
    report.show("emotion accuracy of the raw motion", f"{raw:.3f}")
    head = "| rig | directions, worst | slide per contact, worst | emotion accuracy | hands off, before | after |"
    rows = [head, "| --- | --: | --: | --: | --: | --: |"]
    with tempfile.TemporaryDirectory() as folder:
        rigs = {name: load_rig(path) for name, path in files(Path(folder)).items()}
    for name, rig in rigs.items():
        found = on_rig(rig, clips, lambda motions: accuracy(judges.emotions(motions), wanted))
        report.at_most(f"{name}: limbs' directions beside the source", found.direction, 1.0, "degrees")
        report.at_most(f"{name}: slide per contact, worst of {found.contacts}", 1000 * found.slide, 5.0, "mm")
        report.at_most(f"{name}: emotion accuracy lost", 100 * (raw - found.accuracy), 5.0, "points")
        before, after = (1000 * v for v in found.reach)
        report.holds(
            f"{name}: hands near something are nearer to it", f"{before:.0f} -> {after:.0f} mm", "less", after <= before
        )
        report.show(f"{name}: planted legs turn, median", f"{found.legs:.1f} degrees")
        rows.append(
            f"| {name} | {found.direction:.1e} deg | {1000 * found.slide:.2f} mm | {found.accuracy:.3f} "
            f"| {before:.0f} mm | {after:.0f} mm |"
        )
    report.table("\n".join(rows))


def on_rig(rig: Rig, clips: list[Motion], judge: Callable[[list[Motion]], float]) -> OnRig:
    """Every clip on one rig."""
    directions, legs, slides, shown = [], [], [], []
    hands = np.zeros(3)
    for clip in clips:
        # By angles alone: what calibration does. The lock then moves legs on purpose, as far as `legs` says.
        directions.append(limb_angles(put_on_rig(clip, rig, plant=False, reach=0.0), clip).max())
        made = put_on_rig(clip, rig)
        legs.append(float(np.median(limb_angles(made, clip)[..., :2])))
        slides += contact_slides(balls_of(made), made.contacts)
        shown.append(made.as_motion())
        frames = made.report.reach_frames
        hands += np.array([frames, *(frames * v for v in made.report.reach_m)])
    mean = hands[1:] / max(hands[0], 1)
    return OnRig(
        max(directions),
        max(slides),
        len(slides),
        (float(mean[0]), float(mean[1])),
        judge(shown),
        float(np.median(legs)),
    )


def limb_angles(made: RigMotion, source: Motion) -> Array:
    """Degrees (T, 2 sides, 4 limbs) between the rig's bones, by their places, and the source's."""
    places = quat_rotate(made.fit.axes, made.world()[1])
    out = []
    for side in ("left", "right"):
        row = []
        for a, b in LIMBS:
            upper, lower = (made.rig.index[made.rig.map.joints[f"{side}_{j}"][0]] for j in (a, b))
            mine = normalize(places[:, lower] - places[:, upper])
            theirs = normalize(source.positions[:, JOINT[f"{side}_{b}"]] - source.positions[:, JOINT[f"{side}_{a}"]])
            row.append(np.degrees(2 * np.arcsin(np.clip(np.linalg.norm(mine - theirs, axis=-1) / 2, 0, 1))))
        out.append(np.stack(row, -1))
    return np.stack(out, 1)


def accuracy(probabilities: Array, wanted: list[int]) -> float:
    """Share of clips that are judged as what was asked for."""
    return float((probabilities.argmax(-1) == np.array(wanted)).mean())
