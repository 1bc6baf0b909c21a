"""Figures of post-processing: feet, floor, jitter, and what emotion and accents keep after each step."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sdk.emotion import Affect, Emotion
from sdk.motion.contacts import TOES, Flags, planted_feet, runs
from sdk.motion.cues import CUE_NAMES, UNITS, in_heading, measure_cues
from sdk.motion.floor import floor_height
from sdk.motion.footlock import lock_feet
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_about, quat_angle, quat_mul
from sdk.motion.skeleton import JOINT
from sdk.post import Post, post_process
from sdk.runtime.engine import Engine, Request
from tests.figures.report import Report
from training.evaluate.judges import Judges, load_judges
from training.evaluate.physics import jerk, jitter

TEXTS = (
    "a person walks forward", "a person runs forward", "a person raises both hands", "a person bows",
    "a person waves with the right hand", "a person kicks", "a person walks and turns left", "a person punches",
    "a person walks backward", "a person stands and points with the right hand",
)  # fmt: skip
SEEDS = (1, 2, 3)
JUDGED = (Emotion.NEUTRAL, Emotion.JOY, Emotion.SADNESS, Emotion.FEAR, Emotion.ANGER)
STEPS = {
    "raw": Post(), "smooth 0.5": Post(smooth=0.5), "smooth 1": Post(smooth=1.0), "ground": Post(ground=True),
    "lock": Post(lock_feet=True), "all": Post(lock_feet=True, ground=True, smooth=1.0),
}  # fmt: skip
WRISTS = [JOINT["left_wrist"], JOINT["right_wrist"]]
Clips = list[tuple[Emotion, Motion]]


def measure(report: Report, prepared: tuple[Path, ...]) -> None:
    """Generate clips of every emotion with the shipped bundle and put them through each step. Needs no data."""
    engine, judges = Engine.load(), load_judges()
    clips = generated(engine)
    judged = [(emotion, clip) for emotion, clip in clips if emotion in JUDGED]
    report.show("clips", f"{len(clips)}, all nine emotions; judged: {len(judged)} of the five that the judge knows")
    done = {name: [post_process(clip, post) for _, clip in clips] for name, post in tqdm(STEPS.items(), desc="steps")}
    ground = [post_process(clip, Post(ground=True, smooth=1.0)) for _, clip in clips]
    locked = [planted_feet(lock_feet(clip))[1] for clip in ground]
    slides = [way for clip, toes in zip(done["all"], locked, strict=True) for way in contact_slides(clip, toes)]
    heights = [off for clip, toes in zip(done["all"], locked, strict=True) for off in contact_heights(clip, toes)]
    before = [way for _, clip in clips for way in contact_slides(clip)]
    found = np.array([way for clip in done["all"] for way in contact_slides(clip)])
    report.show("slide per contact as generated: median, worst", f"{quantiles(before)} of {len(before)}")
    report.show("slide per contact after all steps: median, worst", f"{quantiles(slides)} of {len(slides)}")
    report.at_most("slide per contact after all steps, worst", 1000 * max(slides), 5, "mm")
    report.show("contacts looked for anew afterwards that slide more than 5 mm (where a foot comes down or leaves)",
                f"{(found > 0.005).sum()} of {len(found)}")  # fmt: skip
    report.show("balls of planted feet over the ground after all steps: median, worst", quantiles(heights))
    report.show("floor as generated is off: median, worst", quantiles([worst_floor(clip) for _, clip in clips]))
    drift(report, engine)
    emotion(
        report,
        judges,
        judged,
        {n: [m for (e, _), m in zip(clips, ms, strict=True) if e in JUDGED] for n, ms in done.items()},
    )
    movement(report, clips, done)


def generated(engine: Engine) -> Clips:
    """Clips of four seconds; of emotions that no judge knows, one seed."""
    asks = [(t, e, s) for s in SEEDS for t in TEXTS for e in Emotion if e in JUDGED or s == SEEDS[0]]
    out: Clips = []
    for text, felt, seed in tqdm(asks, desc="clips", unit="clip"):
        affect = Affect.neutral() if felt is Emotion.NEUTRAL else Affect.of(felt.label, 1.0)
        out.append((felt, engine.generate(Request(text=text, affect=affect, seed=seed)).motion))
    return out


def contact_slides(motion: Motion, toes: Flags | None = None) -> list[float]:
    """How far, metres, a ball of a foot travels over the ground in each contact; toes: (T, 2), found unless given."""
    toes, p = planted_feet(motion)[1] if toes is None else toes, motion.positions[:, TOES][..., [0, 2]]
    return [float(np.linalg.norm(np.ptp(p[a:b, f], axis=0))) for f in (0, 1) for a, b in runs(toes[:, f])]


def contact_heights(motion: Motion, toes: Flags) -> list[float]:
    """How far, metres, the ball of a foot is from where it lies on the ground, at worst in each contact."""
    off = np.abs(motion.positions[:, TOES, 1] - motion.skeleton.toe_height)
    return [float(off[a:b, f].max()) for f in (0, 1) for a, b in runs(toes[:, f])]


def worst_floor(motion: Motion) -> float:
    """How far, metres, the floor under the feet is from the ground, at worst in the clip."""
    return float(np.abs(floor_height(motion)).max())


def drift(report: Report, engine: Engine) -> None:
    """A long clip that rises by 20 cm, and a clip with a jump put into it."""
    walk = engine.generate(Request(text=TEXTS[0], seconds=30.0, seed=1)).motion
    rising = replace(walk, root=walk.root + np.linspace(0, 0.2, len(walk))[:, None] * [0, 1, 0])
    out = post_process(rising, Post(ground=True))
    off = float(np.abs(out.root[:, 1] - post_process(walk, Post(ground=True)).root[:, 1]).max())
    report.at_most("a clip of 30 s that rises by 20 cm: what is left of that", 1000 * off, 15, "mm")
    stand = engine.generate(Request(text="a person stands still", seconds=4.0, seed=1)).motion
    t = np.clip(np.arange(len(stand)) / stand.fps - 2, 0, 0.6)
    jump = replace(stand, root=stand.root + (9.81 / 2 * t * (0.6 - t))[:, None] * [0, 1, 0])
    ground, plain = post_process(jump, Post(ground=True)), post_process(stand, Post(ground=True))
    lost = float(np.abs((ground.root - plain.root)[:, 1] - (jump.root - stand.root)[:, 1]).max())
    report.at_most("a jump of 44 cm: height that is lost", 1000 * lost, 5, "mm")


def emotion(report: Report, judges: Judges, clips: Clips, done: dict[str, list[Motion]]) -> None:
    """Accuracy of the judge after each step."""
    wanted = np.array([judges.classes.index(felt.label) for felt, _ in clips])
    raw = 0.0
    lines = ["| step | accuracy | probability | " + " | ".join(judges.classes) + " |", "| --- |" + " --: |" * 7]
    for name, motions in done.items():
        probability = judges.emotions(motions)
        hits = probability.argmax(-1) == wanted
        if name == "raw":
            raw = float(hits.mean())
        recall = " | ".join(f"{hits[wanted == k].mean():.2f}" for k in range(len(judges.classes)))
        own = probability[np.arange(len(wanted)), wanted].mean()
        lines.append(f"| {name} | {hits.mean():.3f} | {own:.3f} | {recall} |")
        report.at_most(f"emotion accuracy lost by {name}", 100 * (raw - float(hits.mean())), 5, "points")
    report.table("\n".join(lines))


def movement(report: Report, clips: Clips, done: dict[str, list[Motion]]) -> None:
    """Jitter, accents, trembling and cues after each step."""
    names = ["jerk m/s3", "jitter m/s3", "hands' peak speed of anger", "hands' peak acceleration of anger"]
    cues = [f"{name} {UNITS[name]}" for name in CUE_NAMES]
    lines = [f"| step | {' | '.join(names + cues)} |", "| --- |" + " --: |" * (len(names) + len(cues))]
    angry = [k for k, (felt, _) in enumerate(clips) if felt is Emotion.ANGER]
    jerks = {}
    for name, motions in done.items():
        jerks[name] = float(np.mean([jerk(m) for m in motions]))
        peaks = [np.mean([peak(motions[k], order) / peak(clips[k][1], order) for k in angry]) for order in (1, 2)]
        means = np.mean([measure_cues(m).vector for m in motions], axis=0)
        values = [jerks[name], float(np.mean([jitter(m) for m in motions])), *peaks, *means]
        lines.append(f"| {name} | " + " | ".join(f"{value:.3g}" for value in values) + " |")
        if name == "smooth 1":
            report.at_least("smooth 1: peak acceleration of angry hands that is left", 100 * float(peaks[1]), 80, "%")
    report.at_most("smooth 1: jerk that is left", 100 * jerks["smooth 1"] / jerks["raw"], 70, "%")
    fear = [clip for felt, clip in clips if felt is Emotion.FEAR][:10]
    for degrees, hz in ((3.0, 5.0), (2.0, 6.0)):
        left = trembling_left(fear, degrees, hz)
        report.at_least(f"smooth 1: trembling of {degrees:g} degrees at {hz:g} Hz that is left", 100 * left, 50, "%")
    report.table("\n".join(lines))


def peak(motion: Motion, order: int) -> float:
    """98th percentile of the hands' speed (1) or acceleration (2) as seen from the body."""
    hands = np.diff(in_heading(motion)[:, WRISTS], order, axis=0)
    return float(np.percentile(np.linalg.norm(hands, axis=-1), 98) * motion.fps**order)


def trembling_left(clips: Sequence[Motion], degrees: float, hz: float) -> float:
    """Share of a trembling of one elbow, put into clips, that is there after smoothing."""
    elbow, shares = JOINT["left_elbow"], []
    for clip in clips:
        rotations = clip.rotations.copy()
        shake = np.radians(degrees) * np.sin(2 * np.pi * hz * np.arange(len(clip)) / clip.fps)
        rotations[:, elbow] = quat_mul(rotations[:, elbow], quat_about("y", shake))
        shaking = replace(clip, rotations=rotations)
        after, plain = (post_process(m, Post(smooth=1.0)) for m in (shaking, clip))
        left = quat_angle(after.rotations[:, elbow], plain.rotations[:, elbow])
        shares.append(float(np.sqrt((left**2).mean() / (shake**2).mean())))
    return float(np.mean(shares))


def quantiles(values: Sequence[float]) -> str:
    """Median and worst, millimetres."""
    return f"{1000 * float(np.median(values)):.1f}, {1000 * max(values):.1f} mm"
