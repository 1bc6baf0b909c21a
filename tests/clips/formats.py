"""What the tests of single formats share: tools that may be missing, and a clip that has everything in it."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdk.clips import blender
from sdk.clips.options import Rest, Unit, Up, WriteOptions
from sdk.clips.tags import ClipTags
from sdk.clips.write import write_clip
from sdk.emotion import Affect
from sdk.motion.motion import Motion
from sdk.runtime.track import AffectTrack

HERE = Path(__file__).parent
MODULES = HERE.parents[1] / "node_modules"
TRACK = AffectTrack([0.0, 1.0, 2.0], [Affect.of("joy", 0.2), Affect.of("joy", 1.0), Affect.of("fear", 0.5)])
"""Joy grows for a second, then turns into fear."""
PLAIN_SUFFIXES = (".glb", ".vrma", ".bvh", ".npz")
USD_SUFFIXES = (".usda", ".usdc", ".usdz")
JOINT_LIMIT_M = 1e-5
"""How far an independent reader's joints may lie from the SDK's own."""

Read = dict[str, Any]


def node_tool(name: str) -> None:
    """Skip, with the reason, where node or one of its packages is missing."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (MODULES / name).is_dir():
        pytest.skip(f"{name} is not installed: run npm install in the repository")


def three_reads(clips: Sequence[tuple[Path, float, int]], out: Path) -> Read:
    """What three.js makes of files, given with rate and number of frames; by file name."""
    node_tool("three")
    files = [f"{path}:{fps}:{frames}" for path, fps, frames in clips]
    command = ["node", str(HERE / "three_reads.mjs"), str(out), *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(out.read_text()))


def need_blender() -> None:
    """Skip, with the reason, where there is no Blender; BLENDER names one, make extras installs one."""
    if blender.find_blender() is None:
        pytest.skip(f"Blender is not installed: run {blender.INSTALL} or set {blender.VARIABLE}")


def blender_reads(jobs: Sequence[tuple[Path, float, int, Path | None]], folder: Path) -> Read:
    """What Blender makes of files, given with rate, frames and where to export them again; by file name."""
    listed, out = folder / "job.json", folder / "read.npz"
    rows = [[path.name, str(path), fps, frames, again and str(again)] for path, fps, frames, again in jobs]
    listed.write_text(json.dumps(rows))
    blender.run_script(HERE / "blender_reads.py", str(listed), str(out))
    with np.load(out) as archive:
        return {
            path.name: {
                "names": [str(name) for name in archive[f"{path.name}/names"]],
                "places": archive[f"{path.name}/places"],
                **json.loads(str(archive[f"{path.name}/facts"])),
            }
            for path, *_ in jobs
        }


def worst_joint(names: Sequence[str], places: Any, motion: Motion) -> float:
    """Largest distance in metres between a reader's joints, (T, K, 3) with their names, and the motion's."""
    order = [list(names).index(name) for name in motion.skeleton.names]
    return float(np.linalg.norm(np.asarray(places)[:, order] - motion.positions, axis=-1).max())


def rich(tags: ClipTags, prompt: str = '\u6b69\u304f \U0001f600 "quoted"') -> ClipTags:
    """Tags with a track and a prompt that is not ASCII."""
    return replace(tags, track=TRACK, prompt=prompt)


def written(
    folder: Path, name: str, motion: Motion, tags: ClipTags, *, rest: Rest = "t-pose", unit: Unit | None = None,
    up: Up | None = None, fps: float | None = None,
) -> Path:  # fmt: skip
    """The path of a clip written with these options."""
    return write_clip(folder / name, motion, tags, WriteOptions(rest=rest, unit=unit, up=up, fps=fps))[0]


def without_sidecar(path: Path) -> Path:
    """The clip, its sidecar removed."""
    os.unlink(f"{path}.emotion.json")
    return path
