"""One process of Blender's Python that tries the add-on: what it is given and what it tells. For tests and figures."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sdk.clips.blender import run_script
from sdk.clips.tags import ClipTags
from sdk.clips.write import write_clip
from sdk.emotion import Affect
from sdk.motion.motion import Motion
from sdk.motion.skeleton import JOINT
from sdk.runtime.track import AffectTrack, Segment

REPO = Path(__file__).resolve().parents[2]
LIMBS = {
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
    "thigh": ("hip", "knee"),
    "shin": ("knee", "ankle"),
}
LAUNCH = """import sys
sys.path[:0] = {paths!r}
from sdk.cli import main
main()
"""
SLEEPER = """import os, time
open("pid", "w").write(str(os.getpid()))
time.sleep(60)
"""


TIMEOUT_S = 400
"""Generous: other tests may keep the machine busy."""


def tags_of(**changed: Any) -> ClipTags:
    """Tags of a made-up clip."""
    affect = Affect.of("anger:2,sadness:1", 0.8)
    whole = ClipTags(
        prompt="a person walks forward", requested=affect, applied=affect, seed=2**64 - 1, plan="default",
        licence="CC BY-NC 4.0", bundle_sha256="5a" * 32, seconds=2.0,
    )  # fmt: skip
    return replace(whole, **changed)


def make_clips(folder: Path, walk: Motion) -> dict[str, Path]:
    """Clips of one walk: one feeling, segments, a curve, a name beyond Blender's limit, places that disagree."""
    folder.mkdir(parents=True)
    half = 1.0
    spans = (Segment(0.0, half, Affect.of("joy", 0.9)), Segment(half, walk.seconds, Affect.of("sadness", 0.4)))
    track = AffectTrack([0.0, 0.5, 1.5], [Affect.neutral(), Affect.of("joy", 1.0), Affect.of("fear:1,anger:1", 0.6)])
    wanted = {
        "plain": tags_of(),
        "segments": tags_of(segments=spans),
        "curve": tags_of(track=track),
        "long": tags_of(
            prompt="Eine Figur geht vorwärts, während sie ausgelassen beide Arme über den Kopf hebt – Ж 歩く"
        ),
    }
    for name, tags in wanted.items():
        write_clip(folder / f"{name}.glb", walk, tags)
    for name in ("extras", "conflict"):
        write_clip(folder / f"{name}.glb", walk, tags_of())
    (folder / "extras.glb.emotion.json").unlink()
    sidecar = folder / "conflict.glb.emotion.json"
    sidecar.write_text(sidecar.read_text().replace('"a person walks forward"', '"a person strolls"'))
    return {name: folder / f"{name}.glb" for name in (*wanted, "extras", "conflict")}


def make_bad_files(folder: Path, clips: dict[str, Path]) -> dict[str, Path]:
    """Files that cannot be imported."""
    folder.mkdir(parents=True)
    raw = clips["plain"].read_bytes()
    (folder / "cut.glb").write_bytes(raw[:-100])
    (folder / "text.glb").write_text("not a clip")
    (folder / "other.fbx").write_bytes(b"Kaydara")
    (folder / "sidecar.glb").write_bytes(raw)
    (folder / "sidecar.glb.emotion.json").write_text("{")
    (folder / "newer.glb").write_bytes(raw)
    told = json.loads(clips["plain"].with_name("plain.glb.emotion.json").read_text())
    (folder / "newer.glb.emotion.json").write_text(json.dumps({**told, "schema": "sdk.emotion/2"}))
    (folder / "pair.glb").write_bytes(raw)
    shorter = {**told, "clip": {**told["clip"], "frames": 5}}
    (folder / "pair.glb.emotion.json").write_text(json.dumps(shorter))
    names = ("cut.glb", "text.glb", "other.fbx", "sidecar.glb", "newer.glb", "pair.glb", "absent.glb")
    return {name: folder / name for name in names}


def explore(folder: Path, clips: dict[str, Path], scenarios: Sequence[str] = ()) -> dict[str, Any]:
    """What `inside.py` finds out, by scenario; all of them unless named."""
    bad = make_bad_files(folder / "bad", clips)
    (folder / "sleeper.py").write_text(SLEEPER)
    launch = folder / "launch.py"
    launch.write_text(LAUNCH.format(paths=[str(REPO), str(REPO / "protos")]))
    given = {
        "addon": str(REPO / "blender_bridge"),
        "command": f"{sys.executable} {launch}",
        "sleeper": str(folder / "sleeper.py"),
        "work": str(folder),
        "clips": {name: str(path) for name, path in clips.items()},
        "bad": {name: str(path) for name, path in bad.items()},
        "scenarios": list(scenarios),
        "out": str(folder / "found.json"),
    }
    (folder / "given.json").write_text(json.dumps(given))
    run_script(Path(__file__).with_name("inside.py"), str(folder / "given.json"), timeout_s=TIMEOUT_S)
    return dict(json.loads((folder / "found.json").read_text()))


def degrees_off(directions: list[dict[str, list[float]]], walk: Motion) -> float:
    """Largest angle between a limb of the rig and the clip's, over all frames."""
    worst = 0.0
    assert len(directions) == len(walk)
    for frame, row in enumerate(directions):
        for limb, way in row.items():
            part, side = limb.split(".")
            a, b = (JOINT[f"{ {'L': 'left', 'R': 'right'}[side] }_{joint}"] for joint in LIMBS[part])
            wanted = walk.positions[frame, b] - walk.positions[frame, a]
            cosine = float(np.dot(way, wanted / np.linalg.norm(wanted)))
            worst = max(worst, float(np.degrees(np.arccos(min(1.0, cosine)))))
    return worst
