"""`python -m export RUN --out BUNDLE [--data DIR]`: a finished run as a bundle."""

import json
from pathlib import Path
from typing import TextIO

import click

from export.bundle import write_bundle
from export.parts import PARTS
from sdk.console import run as run_command
from sdk.errors import InvalidInput


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the bundle.")
@click.option(
    "--data", multiple=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Prepared clips (again for more folders); the manifest then says what each emotion rests on.",
)  # fmt: skip
@click.option(
    "--generators", default="emo-mask", show_default=True, help=f"Which ones, of: {', '.join(PARTS)}; commas between."
)
@click.option("--version", default="0.2.0", show_default=True, help="Version of the bundle.")
@click.option(
    "--student", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A run that training.distill made of RUN: for the cheaper plans of emo-mask, and all residual layers.",
)  # fmt: skip
@click.option("--quality", type=click.File(), help="summary.json of training.evaluate, for the manifest.")
def command(
    run: Path, out: Path, data: tuple[Path, ...], generators: str, version: str, student: Path | None,
    quality: TextIO | None,
) -> None:  # fmt: skip
    """Export RUN, a folder with the checkpoints of `training.train`."""
    try:
        measured = json.load(quality) if quality else {}
    except ValueError as error:
        raise InvalidInput(f"--quality holds no JSON: {error}", field="quality") from None
    if not isinstance(measured, dict) or not {*measured} <= {"quality", "plans"}:
        raise InvalidInput('--quality must hold {"quality": {...}, "plans": {...}}', field="quality")
    names = tuple(name.strip() for name in generators.split(","))
    bundle = write_bundle(run, out, generators=names, data=data, version=version, quality=measured, student=student)
    total = sum(p.stat().st_size for p in out.iterdir()) / 1e6
    click.echo(f"{out}: {bundle.manifest.name} {bundle.manifest.version}, {total:.1f} MB, sha256 {bundle.sha256[:16]}")
    click.echo(f"check it: python -m export.parity {out}")


if __name__ == "__main__":
    run_command(command, name="python -m export")
