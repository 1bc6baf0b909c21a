"""`python -m training.collapse --data DIR --run DIR --out DIR`: what makes a fine-tuned MMM stand still."""

from pathlib import Path

import click
import torch

from sdk.console import run as run_command
from sdk.errors import InvalidInput
from training.collapse.report import verdict, write_report
from training.collapse.study import STUDY_RECIPES, Study, run_study

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.option("--data", required=True, multiple=True, type=_FOLDER, help="Prepared clips; may be given again.")
@click.option("--run", required=True, type=_FOLDER, help="Where the finished mmm_vq.pt and mmm.pt of the base lie.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to fill.")
@click.option("--recipe", default="cpu", show_default=True, help="cpu (25 minutes on one core).")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0))
@click.option("--threads", default=1, show_default=True, help="torch threads; 0: all cores.")
def command(data: tuple[Path, ...], run: Path, out: Path, recipe: str, seed: int, threads: int) -> None:
    """Fine-tune a base MMM with and without each defect of the published recipe and compare how much it moves.

    Stopped and started again, it goes on where it was.
    """
    if threads:
        torch.set_num_threads(threads)
    if recipe not in STUDY_RECIPES:
        raise InvalidInput(f"recipe {recipe!r} is unknown; known: {', '.join(STUDY_RECIPES)}", field="recipe")
    study = Study(STUDY_RECIPES[recipe], list(data), run, out, seed=seed)
    found = run_study(study)
    for path in write_report(study, found):
        click.echo(f"wrote {path}")
    for line in verdict(found):
        click.echo(line)


if __name__ == "__main__":
    run_command(command, name="python -m training.collapse")
