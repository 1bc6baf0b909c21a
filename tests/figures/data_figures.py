"""Figures that need the real set: preparation, held-out reconstruction, cues of real clips.

With prepared clips they are measured and kept in docs/results/; without, they are read from there.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from sdk.bundle import Bundle
from sdk.clips.preview import contact_sheet
from sdk.motion import hml263, rot272
from sdk.motion.cues import measure_cues
from sdk.motion.kinematics import CONTACT_SPEED
from sdk.motion.motion import Motion
from sdk.motion.retarget import hinge_angles
from sdk.motion.rotations import quat_rotate
from sdk.motion.skeleton import FOOT_JOINTS
from sdk.runtime.sessions import open_session
from tests.figures.report import REPO

RESULTS = REPO / "docs" / "results" / "first-end-data.json"
COMMAND = "python -m tests.figures first-end --prepared DIR"
HML263_EVERY = 10
SHEET = ("walk", "run", "walk-back", "walk-turn-left", "raise-up-both-hands", "wave-right-hand", "bow", "kick")
WALK_STYLES = {"neutral": "normal", "joy": "happy", "sadness": "sad", "anger": "angry"}


def planted_height(motion: Motion) -> float:
    """Median distance, metres, between the planted toe joints and where they lie when the sole is flat; NaN if none is.

    Planted: slower than the contact speed and among the lowest tenth of the clip's toe heights plus 3 cm.
    """
    toes = motion.positions[:, FOOT_JOINTS[1::2]]
    speed = np.linalg.norm(np.gradient(toes, axis=0), axis=-1) * motion.fps
    low = toes[..., 1] < np.quantile(toes[..., 1], 0.1) + 0.03
    planted = toes[..., 1][(speed < CONTACT_SPEED) & low]
    return float(abs(np.median(planted) - motion.skeleton.toe_height)) if len(planted) else float("nan")


def hml263_gap_mm(motion: Motion) -> float:
    """Worst joint distance between processed positions and what their features decode to (heading made the same).

    The corrected facing mode is used: the published one loses the sign of one frame's yaw where the heading crosses
    half a turn, by design (see sdk/motion/hml263.py).
    """
    positions = hml263.placed(hml263.uniform_skeleton(motion.resampled(hml263.FPS).positions))
    made = hml263.decode_positions(hml263.encode_positions(positions, facing="correct"))
    facing = hml263.heading_quaternions(positions, facing="correct")[0]
    return 1000 * float(np.abs(quat_rotate(facing, positions[:-1]) - made).max())


def measure_preparation(folder: Path) -> dict[str, Any]:
    """Every prepared clip: round trip of rot272, feet on the floor, hinges."""
    from training.data import load_index, load_motion

    report = json.loads((folder / "report.json").read_text())
    worst: dict[str, float] = defaultdict(float)
    hinge_ok = clips = 0
    feet = []
    for line in tqdm(load_index(folder), desc="preparation", unit="clip"):
        motion = load_motion(folder, line["id"])
        again = rot272.decode(rot272.encode(motion))
        worst["round_trip_mm"] = max(
            worst["round_trip_mm"], 1000 * float(np.abs(again.positions - motion.positions).max())
        )
        feet.append(planted_height(motion))
        if clips % HML263_EVERY == 0:
            worst["hml263_mm"] = max(worst["hml263_mm"], hml263_gap_mm(motion))
        angles = hinge_angles(motion)
        # A straight joint may overextend by a few degrees; bending the wrong way is more than that.
        hinge_ok += all(np.degrees(bend).min() > -5 for bend in angles.values())
        clips += 1
    known = [f for f in feet if np.isfinite(f)]
    return {
        "files": report["files"], "accounted": report["accounted"], "clips": clips, **worst,
        "feet_worst_cm": 100 * max(known), "feet_measured": len(known), "hinges_right": hinge_ok,
    }  # fmt: skip


def measure_reconstruction(folder: Path, bundle: Bundle) -> dict[str, Any]:
    """Held-out takes through the bundle's encoder and decoder: MPJPE, and share of the codes each layer uses."""
    from training.data import load_clips

    sessions = {n: open_session(bundle.file(bundle.manifest.graphs[n].file), threads=0) for n in ("encode", "decode")}
    info = bundle.manifest.generators["emo-mask"]
    used = np.zeros((info.quantisers, info.codes), dtype=bool)
    total, frames = 0.0, 0
    clips = load_clips(folder, "val", mirror=False).clips
    for clip in tqdm(clips, desc="held-out takes", unit="clip"):
        features = clip.features[: len(clip.features) // 4 * 4]
        tokens = sessions["encode"].run(None, {"features": features})[0]
        feed = {"tokens": tokens, "affect": clip.affect.condition}
        made = sessions["decode"].run(None, {i.name: feed[i.name] for i in sessions["decode"].get_inputs()})[0]
        real, again = (rot272.decode(x) for x in (features, made))
        gap = (again.positions - again.root[:, None]) - (real.positions - real.root[:, None])
        total += float(np.linalg.norm(gap, axis=-1).mean(-1).sum())
        frames += len(features)
        for layer, codes in enumerate(tokens):
            used[layer, codes] = True
    return {"clips": len(clips), "mpjpe_mm": 1000 * total / frames, "code_use": used.mean(1).round(4).tolist()}


def measure_real_cues(folder: Path) -> dict[str, list[float]]:
    """Mean cues of the real walks of the first set, by emotion (two takes each)."""
    from training.data import load_index, load_motion

    out = {}
    for emotion, style in WALK_STYLES.items():
        lines = [x for x in load_index(folder) if (x["part"], x["content"], x["style"]) == (1, "walk", style)]
        out[emotion] = np.mean([measure_cues(load_motion(folder, x["id"])).vector for x in lines], 0).tolist()
    return out


def draw_sheet(folder: Path) -> Path:
    """Eight real clips of different contents as a contact sheet beside the prepared clips, for a person to judge."""
    from training.data import load_index, load_motion

    normal = {line["content"]: line["id"] for line in load_index(folder) if line["style"] == "normal"}
    names = [normal[content] for content in SHEET]
    path = folder / "sheet.png"
    contact_sheet([(load_motion(folder, name), name) for name in names], path)
    return path


def data_figures(folder: Path | None, bundle: Bundle) -> dict[str, Any]:
    """All figures of this module; those of another bundle's encoder are measured again or marked as missing."""
    if folder is None:
        return dict(json.loads(RESULTS.read_text())) if RESULTS.exists() else {}
    found = {
        "command": COMMAND, "bundle_sha256": bundle.sha256, "preparation": measure_preparation(folder),
        "reconstruction": measure_reconstruction(folder, bundle), "real_cues": measure_real_cues(folder),
    }  # fmt: skip
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    return found
