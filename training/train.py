"""`python -m training.train rvq|masked|residual --data DIR --run DIR [--recipe cpu|full]`: one stage, resumable."""

from pathlib import Path

import click
import torch

from training.recipes import recipe_named


@click.command()
@click.argument("stage", type=click.Choice(["rvq", "masked", "residual"]))
@click.option(
    "--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), help="Prepared clips."
)
@click.option(
    "--run", required=True, type=click.Path(file_okay=False, path_type=Path), help="Checkpoints and TensorBoard."
)
@click.option("--recipe", default="cpu", show_default=True, help="cpu (90 minutes on 2 cores), full (published sizes).")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0))
@click.option("--threads", default=0, help="torch threads; 0: all cores.")
@click.option("--stop-after", type=click.IntRange(1), help="Stop after so many steps; run again to go on.")
def command(stage: str, data: Path, run: Path, recipe: str, seed: int, threads: int, stop_after: int | None) -> None:
    """Train one STAGE of the generator; rvq first, then masked and residual in any order."""
    if threads:
        torch.set_num_threads(threads)
    chosen = recipe_named(recipe)
    if stage == "rvq":
        from training.train_rvq import train_rvq

        scalars = train_rvq(chosen, data, run, seed=seed, stop_after=stop_after)
    else:
        from training.train_tokens import train_tokens

        scalars = train_tokens(stage, chosen, data, run, seed=seed, stop_after=stop_after)
    click.echo(f"{stage}: " + ", ".join(f"{name} {value:.4g}" for name, value in scalars.items()))


if __name__ == "__main__":
    from sdk.console import run as run_command

    run_command(command)
