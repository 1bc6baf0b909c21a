"""Data preparation: `python -m training.prepare bandai DIR --out DIR`.

Writes one `clips/<id>.npz` a clip (rotations, root) and, last, `index.jsonl` (one line a clip: words, affect, split,
provenance) and `report.json`. Interrupted runs go on where they stopped; a source file that changed is done again.
"""

import hashlib
import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from sdk.errors import InvalidInput, MalformedFile
from sdk.motion import rot272
from sdk.motion.bvh import read_bvh
from sdk.motion.motion import Motion
from sdk.motion.retarget import PROFILES, canonical, retarget
from training.datasets import bandai_namco
from training.datasets.captions import captions

CAPTIONS_PER_CLIP = 24
MIN_SECONDS = 0.5
MAX_SECONDS = 60.0
_LIMIT_SPEED = 12.0  # m/s; no body moves its pelvis faster, a broken capture may


@dataclass(frozen=True)
class Done:
    """One file's outcome: a clip, or the reason it was skipped."""

    file: str
    frames: int = 0
    skipped: str = ""


def check_motion(motion: Motion) -> None:
    """Raises InvalidInput for a clip nobody should train on: too short, too long, or faster than a body can be."""
    if not MIN_SECONDS <= motion.seconds <= MAX_SECONDS + 5:
        raise InvalidInput(f"lasts {motion.seconds:.2f} s, outside {MIN_SECONDS:g}..{MAX_SECONDS + 5:g} s")
    if len(motion) > 1:
        speed = np.linalg.norm(np.diff(motion.root, axis=0), axis=-1).max() * motion.fps
        if speed > _LIMIT_SPEED:
            raise InvalidInput(f"the pelvis jumps at {speed:.0f} m/s, more than {_LIMIT_SPEED:g}")


def write_npz(path: Path, **arrays: Any) -> None:
    """Write beside, then rename: a file is there completely or not at all."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, **arrays)
    os.replace(part, path)


def prepare_clip(source: Path, profile: str, target: Path) -> Done:
    """One BVH file -> canonical Motion at 30 fps in `target`; what is wrong with the file is returned, not raised."""
    try:
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        if target.exists():
            with np.load(target) as old:
                if str(old["source_sha256"]) == digest:
                    return Done(source.name, len(old["root"]))
        clip = retarget(read_bvh(source), PROFILES[profile])
        fps = rot272.FPS if abs(clip.fps - rot272.FPS) < 0.01 else clip.fps
        clip = Motion(clip.rotations, clip.root, fps, clip.skeleton)
        motion = canonical(clip if fps == rot272.FPS else clip.resampled(rot272.FPS))
        check_motion(motion)
    except (InvalidInput, MalformedFile, OSError) as error:
        return Done(source.name, skipped=str(error))
    arrays = {"rotations": motion.rotations.astype(np.float32), "root": motion.root.astype(np.float32)}
    write_npz(target, **arrays, source_sha256=digest)
    return Done(source.name, len(motion))


def index_line(path: Path, label: bandai_namco.Label, split: str, frames: int, digest: str) -> dict[str, Any]:
    """What the index keeps of a clip."""
    affect, evidence = bandai_namco.STYLES[label.style]
    return {
        "id": path.stem, "frames": frames, "split": split, **asdict(label),
        "captions": captions(label.content, label.style, count=CAPTIONS_PER_CLIP),
        "affect": {e.label: w for e, w in affect.weights.items()}, "intensity": affect.intensity, "evidence": evidence,
        "actor": "unknown", "source": bandai_namco.NAME, "licence": bandai_namco.LICENCE, "source_sha256": digest,
        "changes": ["retargeted to 22 joints", "floor at y = 0", "starts over the origin facing +Z"],
    }  # fmt: skip


def report_of(found: int, lines: list[dict[str, Any]], skips: list[Done]) -> dict[str, Any]:
    """Counts and minutes of what was read, by split, content and affect, with every skip and its reason."""

    def minutes(key: str) -> dict[str, float]:
        totals: dict[str, float] = {}
        for line in lines:
            name = line[key] if isinstance(line[key], str) else "+".join(line[key])
            totals[name] = totals.get(name, 0) + line["frames"] / rot272.FPS / 60
        return {name: round(value, 2) for name, value in sorted(totals.items())}

    return {
        "source": bandai_namco.ATTRIBUTION, "files": found, "clips": len(lines), "skipped": len(skips),
        "accounted": len(lines) + len(skips), "frames": sum(line["frames"] for line in lines),
        "minutes_by_split": minutes("split"), "minutes_by_content": minutes("content"),
        "minutes_by_style": minutes("style"), "minutes_by_affect": minutes("affect"),
        "skips": {done.file: done.skipped for done in skips},
    }  # fmt: skip


@click.group()
def command() -> None:
    """Turn motion-capture sets into clips for training."""


@command.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to fill.")
@click.option("--strict", is_flag=True, help="Fail when any file is skipped.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, type=click.IntRange(1), help="Processes.")
def bandai(directory: Path, out: Path, strict: bool, jobs: int) -> None:
    """Read the Bandai-Namco-Research-Motiondataset below DIRECTORY."""
    files = bandai_namco.find_clips(directory)
    if not files:
        raise InvalidInput(f"no .bvh file lies below {directory}")
    (out / "clips").mkdir(parents=True, exist_ok=True)
    labels: dict[Path, bandai_namco.Label] = {}
    skips: list[Done] = []
    for path in files:
        try:
            labels[path] = bandai_namco.parse_label(path)
        except ValueError as error:
            skips.append(Done(path.name, skipped=str(error)))
    splits = bandai_namco.split_of(labels.values())
    lines = []
    paths = list(labels)
    targets = [out / "clips" / f"{path.stem}.npz" for path in paths]
    with ProcessPoolExecutor(jobs) as pool:
        results = pool.map(prepare_clip, paths, [bandai_namco.PROFILE] * len(paths), targets, chunksize=8)
        for path, target, done in tqdm(zip(paths, targets, results, strict=True), total=len(paths), unit="clip"):
            if done.skipped:
                skips.append(done)
                click.echo(f"skipped {done.file}: {done.skipped}", err=True)
                continue
            with np.load(target) as arrays:
                digest = str(arrays["source_sha256"])
            lines.append(index_line(path, labels[path], splits[labels[path]], done.frames, digest))
    report = report_of(len(files), lines, skips)
    for name, text in (
        ("report.json", json.dumps(report, indent=1) + "\n"),
        ("index.jsonl", "".join(json.dumps(line) + "\n" for line in lines)),
    ):
        part = out / f"{name}.part"
        part.write_text(text)
        os.replace(part, out / name)
    click.echo(f"{report['accounted']} of {len(files)} files accounted for: {len(lines)} clips, {len(skips)} skipped")
    if strict and skips:
        raise InvalidInput(f"--strict: {len(skips)} files were skipped; the first: {skips[0].file}: {skips[0].skipped}")


if __name__ == "__main__":
    from sdk.console import run

    run(command)
