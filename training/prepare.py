"""Data preparation: `python -m training.prepare bandai DIR --out DIR`.

Writes one `clips/<id>.npz` a clip (rotations, root) and, last, `index.jsonl` (one line a clip: words, affect, split,
provenance) and `report.json`. Interrupted runs go on where they stopped; a source file that changed is done again.
"""

import hashlib
import json
import os
import zipfile
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

PREPARATION = 1
"""Raise it when a clip would come out differently: an older run's clips are then made again, not taken over."""
CAPTIONS_PER_CLIP = 24
MIN_SECONDS = 0.5
MAX_SECONDS = 65.0
_LIMIT_SPEED = 12.0  # m/s; no body moves its pelvis faster, a broken capture may


@dataclass(frozen=True)
class Done:
    """One file's outcome: a clip, or the reason it was skipped."""

    file: str
    frames: int = 0
    digest: str = ""
    skipped: str = ""


def check_motion(motion: Motion) -> None:
    """Raises InvalidInput for a clip nobody should train on: too short, too long, or faster than a body can be."""
    if not MIN_SECONDS <= motion.seconds <= MAX_SECONDS:
        raise InvalidInput(f"lasts {motion.seconds:.2f} s, outside {MIN_SECONDS:g}..{MAX_SECONDS:g} s")
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


def frames_made(target: Path, digest: str) -> int:
    """Frames of the clip that an earlier run made of the same source; 0 if it must be made."""
    try:
        with np.load(target) as old:
            made = str(old["source_sha256"]), int(old["preparation"])
            return len(old["root"]) if made == (digest, PREPARATION) else 0
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):  # absent or damaged
        return 0


def prepare_clip(source: Path, profile: str, target: Path) -> Done:
    """One BVH file -> canonical Motion at 30 fps in `target`; what is wrong with the file is returned, not raised."""
    try:
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        if frames := frames_made(target, digest):
            return Done(source.name, frames, digest)
        clip = retarget(read_bvh(source), PROFILES[profile])
        motion = canonical(clip if clip.fps == rot272.FPS else clip.resampled(rot272.FPS))
        check_motion(motion)
    except (InvalidInput, MalformedFile, OSError) as error:
        return Done(source.name, skipped=str(error).removeprefix(f"{source.name}: "))
    arrays = {"rotations": motion.rotations.astype(np.float32), "root": motion.root.astype(np.float32)}
    write_npz(target, **arrays, source_sha256=digest, preparation=PREPARATION)
    return Done(source.name, len(motion), digest)


def index_line(path: Path, label: bandai_namco.Label, split: str, done: Done) -> dict[str, Any]:
    """What the index keeps of a clip."""
    affect, evidence = bandai_namco.STYLES[label.style]
    return {
        "id": path.stem, "frames": done.frames, "split": split, **asdict(label),
        "captions": captions(label.content, label.style, count=CAPTIONS_PER_CLIP),
        "affect": {e.label: w for e, w in affect.weights.items()}, "intensity": affect.intensity, "evidence": evidence,
        "actor": "unknown", "source": bandai_namco.NAME, "licence": bandai_namco.LICENCE, "source_sha256": done.digest,
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
        "skips": [{"file": done.file, "reason": done.skipped} for done in skips],
    }  # fmt: skip


def labelled(files: list[Path]) -> tuple[dict[Path, bandai_namco.Label], list[Done]]:
    """The label of each usable file name, and the others as skips."""
    labels: dict[Path, bandai_namco.Label] = {}
    skips = []
    first: dict[str, Path] = {}
    for path in files:
        try:
            label = bandai_namco.parse_label(path)
            if first.setdefault(path.name, path) != path:
                raise InvalidInput(f"another file has this name; only the first is read: {first[path.name]}")
            labels[path] = label
        except InvalidInput as error:
            skips.append(Done(path.name, skipped=str(error)))
    return labels, skips


def prepare_set(files: list[Path], out: Path, jobs: int) -> dict[str, Any]:
    """Prepare all files into `out` and return the report. Raises OSError when `out` cannot be written."""
    (out / "clips").mkdir(parents=True, exist_ok=True)
    labels, skips = labelled(files)
    splits = bandai_namco.split_of(labels.values())
    targets = [out / "clips" / f"{path.stem}.npz" for path in labels]
    lines = []
    with ProcessPoolExecutor(jobs) as pool:
        results = pool.map(prepare_clip, labels, [bandai_namco.PROFILE] * len(labels), targets, chunksize=8)
        bar = tqdm(zip(labels.items(), results, strict=True), total=len(labels), unit="clip", disable=None)
        for (path, label), done in bar:
            if done.skipped:
                skips.append(done)
            else:
                lines.append(index_line(path, label, splits[label], done))
    report = report_of(len(files), lines, skips)
    index = "".join(json.dumps(line) + "\n" for line in lines)
    # The index comes last: where it stands, everything it names is there.
    for name, text in (("report.json", json.dumps(report, indent=1) + "\n"), ("index.jsonl", index)):
        part = out / f"{name}.part"
        part.write_text(text)
        os.replace(part, out / name)
    return report


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
    try:
        report = prepare_set(files, out, jobs)
    except OSError as error:
        raise InvalidInput(f"cannot write: {error.strerror or error}: {out}", field="out") from None
    skips = [f"{skip['file']}: {skip['reason']}" for skip in report["skips"]]
    for skip in skips:
        click.echo(f"skipped {skip}", err=True)
    counts = f"{report['clips']} clips, {report['skipped']} skipped"
    click.echo(f"{report['accounted']} of {report['files']} files accounted for: {counts}")
    if strict and skips:
        raise InvalidInput(f"--strict: {len(skips)} files were skipped; the first: {skips[0]}")


if __name__ == "__main__":
    from sdk.console import run

    run(command)
