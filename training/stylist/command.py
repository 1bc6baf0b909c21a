"""The command `python -m training.prepare emotions`: neutral clips of a prepared folder, performed with emotions.

Writes the layout of any prepared folder (`clips/<id>.npz`, `index.jsonl`, `report.json`), every clip with evidence and
provenance "synthetic" and a `stylist` object that says how it was made. Interrupted runs go on where they stopped.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from sdk.emotion import Emotion
from sdk.errors import InvalidInput
from sdk.motion import rot272
from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_about
from training.datasets.preparation import PREPARATION, clip_made, write_npz, write_outcome
from training.stylist.holdout import held_out
from training.stylist.perform import perform
from training.stylist.planning import PER_PAIR, Line, Task, emotions_named, neutral_lines, plan
from training.stylist.table import STYLIST, TABLE, VERSION

EVIDENCE = "synthetic"


def from_origin(motion: Motion) -> Motion:
    """The clip over the origin and facing +Z in frame 0; its height stays."""
    yaw = heading_angle(motion.rotations[0, 0])
    return motion.moved(-motion.root[0] * np.array([1, 0, 1])).turned(quat_about("y", -yaw))


def make_clip(folder: Path, task: Task, target: Path) -> int:
    """Write one clip unless an earlier run did; its frames."""
    from training.data import load_motion  # loads torch

    settings, digest = json.dumps(task.stylist), task.line["source_sha256"]
    frames, _ = clip_made(target, digest, settings)
    if frames:
        return frames
    source = load_motion(folder, task.line["id"])[task.first : task.end]
    motion = from_origin(perform(source, task.emotion, task.intensity, performer=task.performer))
    arrays = {"rotations": motion.rotations.astype(np.float32), "root": motion.root.astype(np.float32)}
    write_npz(target, **arrays, source_sha256=digest, preparation=PREPARATION, settings=settings)
    return len(motion)


def index_line(task: Task, frames: int) -> Line:
    """What the index keeps of a clip: the source's line, with the emotion and where it comes from."""
    line, emotion = task.line, task.emotion.label
    return line | {
        "id": task.name, "frames": frames, "split": task.split, "style": emotion, "take": task.variant,
        "affect": {emotion: 1.0}, "intensity": task.intensity, "evidence": EVIDENCE, "provenance": EVIDENCE,
        "source": f"{line['source']}, edited by {STYLIST} {VERSION}",
        "attribution": line.get("attribution", line["source"]), "stylist": task.stylist,
        "changes": [*line["changes"], f"performed with {emotion} by {STYLIST} {VERSION}"],
    }  # fmt: skip


def report_of(lines: Sequence[Line]) -> dict[str, Any]:
    """Counts and minutes of what was made."""

    def counted(key: str) -> dict[str, int]:
        return dict(sorted(Counter(str(line[key]) for line in lines).items()))

    minutes: Counter[str] = Counter()
    for line in lines:
        minutes[line["style"]] += line["frames"] / rot272.FPS / 60
    unseen = {(x["content"], x["style"]) for x in lines if held_out(x["content"], Emotion[x["style"].upper()])}
    return {
        "source": sorted({line["attribution"] for line in lines}),
        "licence": sorted({line["licence"] for line in lines}),
        "provenance": EVIDENCE, "stylist": {"name": STYLIST, "version": VERSION},
        "clips": len(lines), "frames": sum(line["frames"] for line in lines),
        "source_clips": len({line["stylist"]["source_clip"] for line in lines}),
        "clips_by_split": counted("split"), "clips_by_emotion": counted("style"),
        "clips_by_content": counted("content"), "clips_by_intensity": counted("intensity"),
        "minutes_by_emotion": {name: round(value, 2) for name, value in sorted(minutes.items())},
        "held_out_pairs": [list(pair) for pair in sorted(unseen)],
    }  # fmt: skip


def make_set(folder: Path, out: Path, emotions: Sequence[Emotion], per_pair: int, seed: int) -> dict[str, Any]:
    """Make all clips into `out` and return the report. Raises InvalidInput for an unfit folder, OSError for `out`."""
    tasks = plan(neutral_lines(folder), emotions, per_pair, seed)
    (out / "clips").mkdir(parents=True, exist_ok=True)
    lines = []
    for task in tqdm(tasks, unit="clip", disable=None):
        lines.append(index_line(task, make_clip(folder, task, out / "clips" / f"{task.name}.npz")))
    report = report_of(lines)
    write_outcome(out, report, lines)
    return report


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to fill.")
@click.option("--emotions", "names", default=",".join(e.label for e in TABLE), show_default=True,
              help="Which ones, with commas between.")  # fmt: skip
@click.option("--per-pair", default=PER_PAIR, show_default=True, type=click.IntRange(1, 1000),
              help="Clips per (content, emotion); a quarter of it for emotions without a measured source.")  # fmt: skip
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Draws sources and performers.")
def emotions(data: Path, out: Path, names: str, per_pair: int, seed: int) -> None:
    """Perform the neutral clips of the prepared folder DATA with emotions (provenance synthetic)."""
    wanted = emotions_named(names)
    if out.resolve() == data.resolve():
        raise InvalidInput(f"--out must be another folder than DATA: {out}", field="out")
    try:
        report = make_set(data, out, wanted, per_pair, seed)
    except OSError as error:
        raise InvalidInput(f"cannot write: {error.strerror or error}: {out}", field="out") from None
    splits = ", ".join(f"{count} {split}" for split, count in report["clips_by_split"].items())
    click.echo(f"{report['clips']} clips from {report['source_clips']} neutral ones: {splits}")
