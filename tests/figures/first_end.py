"""Figures of the first end: preparation, reconstruction, prompts, emotions, determinism, parity, time, size."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sdk.bundle import Bundle
from sdk.client import Client
from sdk.emotion import Affect
from sdk.motion import hml263
from sdk.motion.cues import CUE_NAMES, UNITS, measure_cues
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_about
from sdk.motion.skeleton import BODY, NUM_JOINTS
from tests.figures.data_figures import data_figures, draw_sheet
from tests.figures.predicates import PREDICATES, WALK
from tests.figures.report import REPO, Report
from tools.demo import running_server

FIRST_SEED = 1000  # the plans were chosen on seeds 0..19
SEEDS_PER_PROMPT = 10
SEEDS_PER_EMOTION = 32
EMOTIONS = ("neutral", "joy", "sadness", "anger")
SECONDS = 4.0


def measure(report: Report, prepared: tuple[Path, ...]) -> None:
    """Measure everything the first issue asks for, on the first prepared folder."""
    bundle = Bundle.load()
    data = data_figures(prepared[0] if prepared else None, bundle)
    preparation_figures(report, data.get("preparation", {}))
    if prepared:
        print(f"     8 real clips to look at: {draw_sheet(prepared[0])}")
    reconstruction_figures(report, data, bundle)
    with running_server(None) as address, Client(address) as client:
        prompt_figures(report, client)
        emotion_figures(report, client, data.get("real_cues", {}))
        wander_figures(report, client)
    determinism_figures(report)
    parity_figures(report, bundle)
    time_figures(report)
    size = sum(p.stat().st_size for p in bundle.path.iterdir()) / 1e6
    report.at_most("bundle size", size, 60, "MB")
    install_figures(report)


def preparation_figures(report: Report, found: dict[str, float]) -> None:
    nan = float("nan")
    accounted, files = found.get("accounted", 0), found.get("files", 2839)
    report.holds("clips accounted for", f"{accounted} of {files}", "2839 of 2839", accounted == files == 2839)
    report.at_most("rot272 encode/decode, worst joint of all clips", found.get("round_trip_mm", nan), 1, "mm")
    report.at_most("hml263 encode/decode, worst joint of every tenth clip", found.get("hml263_mm", nan), 0.01, "mm")
    report.at_most("hml263 yaw identity: a left turn of d a frame gives -d/2", hml263_yaw_error(), 1e-6, "rad")
    report.at_most("feet on the floor, worst clip", found.get("feet_worst_cm", nan), 2, "cm")
    hinges, clips = found.get("hinges_right", 0), found.get("clips", 1)
    report.holds("knees and elbows bend the right way", f"{hinges} of {clips} clips", "all", hinges == clips)


def hml263_yaw_error() -> float:
    """Worst distance of feature 0 from minus half the yaw per frame, for a T-pose that turns left evenly.

    Far from the clip's ends, where the published smoothing of the heading (sigma 20 frames) reaches over the edge.
    """
    frames, margin, step = 400, 100, np.radians(170 / 400)  # within half a turn: see sdk/motion/hml263.py
    rotations = np.zeros((frames, NUM_JOINTS, 4))
    rotations[..., 3] = 1
    rotations[:, 0] = quat_about("y", step * np.arange(frames))
    motion = Motion(rotations, np.tile([0, BODY.rest_height, 0], (frames, 1)), hml263.FPS)
    yaw = hml263.encode_positions(motion.positions)[margin:-margin, 0]
    return float(np.abs(yaw + step / 2).max())


def reconstruction_figures(report: Report, data: dict[str, object], bundle: Bundle) -> None:
    found = data.get("reconstruction", {})
    assert isinstance(found, dict)
    if data.get("bundle_sha256") != bundle.sha256:
        report.holds("RVQ figures belong to this bundle", "measured on another", "same bundle; give --prepared", False)
    report.at_most(f"RVQ MPJPE on {found.get('clips')} held-out takes", found.get("mpjpe_mm", float("nan")), 15, "mm")
    report.at_least("codes used on held-out takes, least layer", min(found.get("code_use", [0])), 0.6)


def prompt_figures(report: Report, client: Client) -> None:
    for predicate in PREDICATES:
        true = 0
        for seed in range(FIRST_SEED, FIRST_SEED + SEEDS_PER_PROMPT):
            clip = client.generate(predicate.prompt, affect=Affect.neutral(), seconds=SECONDS, seed=seed)
            true += predicate.true_of(clip.motion)
        report.at_least(f"'{predicate.prompt}': {predicate.fact}", true, 8, f"of {SEEDS_PER_PROMPT} seeds")


def emotion_figures(report: Report, client: Client, real: dict[str, list[float]]) -> None:
    """The same prompt under four emotions; each cue's order is compared with that of the real clips.

    A row agrees when every pair of emotions that differs by more than a quarter of the row's range in the real clips
    comes in the same order; closer pairs count as ties, for there are only two real takes each.
    """
    made = {}
    for emotion in EMOTIONS:
        affect = Affect.neutral() if emotion == "neutral" else Affect.of(emotion, 1.0)
        seeds = tqdm(range(FIRST_SEED, FIRST_SEED + SEEDS_PER_EMOTION), desc=emotion, unit="clip")
        cues = [
            measure_cues(client.generate(WALK, affect=affect, seconds=SECONDS, seed=s).motion).vector for s in seeds
        ]
        made[emotion] = np.mean(cues, 0)
    lines = ["| cue | " + " | ".join(EMOTIONS) + " | order agrees |", "| --- |" + " --- |" * (len(EMOTIONS) + 1)]
    agreeing = 0
    for row, name in enumerate(CUE_NAMES):
        there = np.array([real.get(e, [np.nan] * len(CUE_NAMES))[row] for e in EMOTIONS])
        here = np.array([made[e][row] for e in EMOTIONS])
        apart = np.abs(there[:, None] - there) > 0.25 * np.ptp(there)
        same = bool(
            np.isfinite(there).all() and (np.sign(there[:, None] - there) == np.sign(here[:, None] - here))[apart].all()
        )
        agreeing += same
        cells = " | ".join(f"{h:.2f} ({t:.2f})" for h, t in zip(here, there, strict=True))
        lines.append(f"| {name}, {UNITS[name]} | {cells} | {'yes' if same else 'no'} |")
    title = f"'{WALK}' under four emotions, mean of {SEEDS_PER_EMOTION} seeds, real clips in brackets:\n\n"
    report.table(title + "\n".join(lines))
    report.at_least("cues whose order of emotions agrees with the real clips", agreeing, 4, f"of {len(CUE_NAMES)}")


def wander_figures(report: Report, client: Client) -> None:
    """How far the direction of travel strays from +Z within 25 s, in steps of a second: nothing steers it yet."""
    for emotion in ("neutral", "joy"):
        strays = []
        for seed in range(FIRST_SEED, FIRST_SEED + 5):
            motion = client.generate(WALK, affect=emotion, seconds=25, seed=seed).motion
            step = np.diff(motion.root[:: round(motion.fps)], axis=0)
            strays.append(np.degrees(np.abs(np.unwrap(np.arctan2(step[:, 0], step[:, 2]))).max()))
        spread = f"{min(strays):.0f} to {max(strays):.0f} degrees in 25 s, 5 seeds"
        report.show(f"direction of travel off +Z, '{WALK}', {emotion}", spread)


def determinism_figures(report: Report) -> None:
    code = (
        "import hashlib; from sdk.runtime.engine import Engine, Request; "
        f"m = Engine.load().generate(Request(text={WALK!r}, seed=7)).motion; "
        "print(hashlib.sha256(m.rotations.tobytes() + m.root.tobytes()).hexdigest())"
    )
    found = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPO).stdout for _ in range(2)
    }
    same = len(found) == 1 and "" not in found
    report.holds("same seed in two processes", "same motion" if same else "different motion", "same motion", same)


def parity_figures(report: Report, bundle: Bundle) -> None:
    command = [sys.executable, "-m", "export.parity", str(bundle.path), "--int8", "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPO)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    found = json.loads(lines[-1]) if lines else {}
    nan = float("nan")
    report.at_least("parity of rollouts: identical tokens", 100 * found.get("token_agreement", nan), 99, "%")
    report.show("parity of rollouts: identical tokens, worst clip", f"{100 * found.get('worst_agreement', nan):.2f} %")
    report.at_most("parity of rollouts: motion where tokens agree, worst", found.get("motion_mm", nan), 1, "mm")
    for name, share in found.get("int8", {}).items():
        report.show(f"int8 {name}: identical tokens", f"{100 * share:.1f} %")


def time_figures(report: Report) -> None:
    """One clip of 196 frames, in a process each: torch and ONNX Runtime disturb each other in one."""
    times = {}
    for side in ("torch", "onnx"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.figures.timing", side], capture_output=True, text=True, cwd=REPO
        )
        times[side] = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 and done.stdout else {}
    for plan, milliseconds in times["onnx"].items():
        eager = times["torch"].get(plan, float("nan"))
        report.show(
            f"196 frames in the process, plan {plan}, median",
            f"{milliseconds:.0f} ms; eager PyTorch, same weights: {eager:.0f} ms ({eager / milliseconds:.1f} x)",
        )


def install_figures(report: Report) -> None:
    code = "import sys, sdk.serve, sdk.client, sdk.clip, sdk.runtime.engine; print('torch' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPO).stdout.strip()
    wanted = re.search(r"install_requires =\n((?:    .+\n)+)", (REPO / "setup.cfg").read_text())
    required = "torch" in (wanted[1] if wanted else "torch")
    report.holds(
        "install without the train extra", f"torch required: {required}, imported: {loaded}", "no torch",
        not required and loaded == "False",
    )  # fmt: skip
