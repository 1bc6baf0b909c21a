"""`python -m tests.figures NAME`: exits 1 naming the figures that fall short."""

import importlib
import sys
from pathlib import Path

import click

from sdk.console import run
from tests.figures.report import Report

NAMES = {
    "first-end": "first_end", "emotion": "emotion", "runtime": "runtime", "face": "face", "engines": "engines",
    "animators": "animators",
}  # fmt: skip


@click.command()
@click.argument("name", type=click.Choice(list(NAMES)))
@click.option(
    "--prepared", multiple=True, envvar="EMOMOTION_PREPARED",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Prepared clips, recorded ones first; figures that need them are read from docs/results without it.",
)  # fmt: skip
@click.option("--write/--no-write", default=True, show_default=True, help="Keep the figures in docs/figures.md.")
def command(name: str, prepared: tuple[Path, ...], write: bool) -> None:
    """Measure what issue NAME asks for."""
    report = Report(name)
    try:
        importlib.import_module(f"tests.figures.{NAMES[name]}").measure(report, prepared)
    finally:  # what was measured before an interruption is worth keeping
        if write:
            report.write()
    if report.short:
        click.echo(f"falls short: {', '.join(report.short)}", err=True)
        sys.exit(1)
    click.echo("every figure reaches its goal")


if __name__ == "__main__":
    run(command, name="python -m tests.figures")
