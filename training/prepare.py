"""Data preparation: `python -m training.prepare SET DIR --out DIR`; docs/data.md tells of the sets.

Writes one `clips/<id>.npz` a clip (rotations, root) and, last, `index.jsonl` (one line a clip: words, affect, split,
provenance) and `report.json`. Interrupted runs go on where they stopped; a source file that changed is done again.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sdk.errors import InvalidInput
from training.datasets import bandai_namco, emilya, humanml3d, hundred_style, own_bvh, physionet
from training.datasets.preparation import Plan, SetInfo, prepare
from training.generated import generated
from training.stylist.command import emotions

_Command = Callable[..., Any]


def _shared(function: _Command) -> _Command:
    """The options that every set has."""
    options = (
        click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path)),
        click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to fill."),
        click.option("--strict", is_flag=True, help="Fail when any file is skipped."),
        click.option(
            "--jobs", default=os.cpu_count() or 1, show_default=True, type=click.IntRange(1), help="Processes."
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def _labels(function: _Command) -> _Command:
    path = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.option("--labels", type=path, help="JSON with more labels; see docs/data.md.")(function)


def _pattern(default: str) -> Callable[[_Command], _Command]:
    what = "Regular expression of file paths with the groups actor, emotion, content and take."
    return click.option("--pattern", default=default, show_default=True, help=what)


def run_plan(plan: Plan, info: SetInfo, out: Path, strict: bool, jobs: int) -> None:
    """Prepare and say what became of every file. Raises InvalidInput when `out` cannot be written or is not whole."""
    try:
        report = prepare(plan, info, out, jobs)
    except OSError as error:
        raise InvalidInput(f"cannot write: {error.strerror or error}: {out}", field="out") from None
    skips = [f"{skip['file']}: {skip['reason']}" for skip in report["skips"]]
    for skip in skips:
        click.echo(f"skipped {skip}", err=True)
    for reason, count in report["left_out"].items():
        click.echo(f"left out {count} files: {reason}")
    counts = f"{report['clips']} clips, {report['skipped']} skipped"
    click.echo(f"{report['accounted']} of {report['files']} files accounted for: {counts}")
    if report["clips"] and not report["emotion_labels"]:
        click.echo("no clip has an emotion label: this set can teach movement and words, but no emotion")
    if strict and skips:
        raise InvalidInput(f"--strict: {len(skips)} files were skipped; the first: {skips[0]}")


@click.group()
def command() -> None:
    """Turn motion-capture sets into clips for training."""


@command.command()
@_shared
def bandai(directory: Path, out: Path, strict: bool, jobs: int) -> None:
    """Read the Bandai-Namco-Research-Motiondataset below DIRECTORY."""
    files = bandai_namco.find_clips(directory)
    if not files:
        raise InvalidInput(f"no .bvh file lies below {directory}")
    run_plan(bandai_namco.plan_of(files), bandai_namco.INFO, out, strict, jobs)


@command.command("humanml3d")
@_shared
def humanml3d_command(directory: Path, out: Path, strict: bool, jobs: int) -> None:
    """Read a HumanML3D folder: features, texts and split lists. Emotion words become weak labels."""
    run_plan(humanml3d.plan_of(directory), humanml3d.INFO, out, strict, jobs)


@command.command("emilya")
@_shared
@_labels
@_pattern(emilya.PATTERN)
def emilya_command(directory: Path, out: Path, strict: bool, jobs: int, labels: Path | None, pattern: str) -> None:
    """Read the Emilya recordings (Xsens BVH) below DIRECTORY, split by actor."""
    run_plan(emilya.plan_of(directory, pattern=pattern, labels=labels), emilya.INFO, out, strict, jobs)


@command.command("physionet")
@_shared
@_labels
@_pattern(physionet.PATTERN)
def physionet_command(directory: Path, out: Path, strict: bool, jobs: int, labels: Path | None, pattern: str) -> None:
    """Read PhysioNet's kinematic dataset of actors expressing emotions (BVH), split by actor."""
    run_plan(physionet.plan_of(directory, pattern=pattern, labels=labels), physionet.INFO, out, strict, jobs)


@command.command("100style")
@_shared
@_labels
def hundred_style_command(directory: Path, out: Path, strict: bool, jobs: int, labels: Path | None) -> None:
    """Read 100STYLE (Xsens BVH) below DIRECTORY, cut as its Frame_Cuts.csv says."""
    run_plan(hundred_style.plan_of(directory, labels=labels), hundred_style.INFO, out, strict, jobs)


@command.command("bvh")
@_shared
@click.option("--profile", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="JSON: skeleton, file names, labels, terms; see docs/data.md.")  # fmt: skip
def bvh_command(directory: Path, out: Path, strict: bool, jobs: int, profile: Path) -> None:
    """Read any BVH files below DIRECTORY with a profile of your own."""
    own = own_bvh.read_own_profile(profile)
    run_plan(own_bvh.plan_of(directory, own), own.info, out, strict, jobs)


command.add_command(emotions)
command.add_command(generated)

if __name__ == "__main__":
    from sdk.console import run

    run(command)
