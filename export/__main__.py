"""`python -m export RUN --out BUNDLE [--data DIR]`: a finished run as a bundle."""

import json
from pathlib import Path
from typing import TextIO

import click

from export.bundle import write_bundle
from sdk.console import run as run_command
from sdk.errors import InvalidInput


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the bundle.")
@click.option(
    "--data", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The prepared clips; the manifest then says how much motion each emotion rests on.",
)  # fmt: skip
@click.option("--version", default="0.1.0", show_default=True, help="Version of the bundle.")
@click.option("--quality", type=click.File(), help="JSON with measured quality, copied into the manifest.")
def command(run: Path, out: Path, data: Path | None, version: str, quality: TextIO | None) -> None:
    """Export RUN, a folder with rvq.pt, masked.pt and residual.pt."""
    try:
        measured = json.load(quality) if quality else {}
    except ValueError as error:
        raise InvalidInput(f"--quality holds no JSON: {error}", field="quality") from None
    bundle = write_bundle(run, out, data=data, version=version, quality=measured)
    total = sum(p.stat().st_size for p in out.iterdir()) / 1e6
    click.echo(f"{out}: {bundle.manifest.name} {bundle.manifest.version}, {total:.1f} MB, sha256 {bundle.sha256[:16]}")
    click.echo(f"check it: python -m export.parity {out}")


if __name__ == "__main__":
    run_command(command, name="python -m export")
