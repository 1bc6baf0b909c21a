"""`python -m training.train STAGE --data DIR --run DIR`: one stage of a generator, resumable.

`torchrun --nproc-per-node 2 -m training.train ...` trains it in two processes; see `training.parallel`.

EMo-Mask: rvq, then masked and residual in any order. MMM: mmm_vq, then mmm. MDM: mdm50 or mdm10, alone.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import torch

from sdk.errors import InvalidInput
from training import parallel
from training.loop import Scalars
from training.recipes import EMOTION_LOSSES, RECIPES, recipe_named
from training.recipes_diffusion import DIFFUSION_RECIPES, STEPS, diffusion_recipe_named
from training.recipes_mmm import MMM_RECIPES, mmm_recipe_named

TOKEN_STAGES, MMM_STAGES = ("masked", "residual"), ("mmm_vq", "mmm")
STAGES = ("rvq", *TOKEN_STAGES, *MMM_STAGES, *STEPS)
_KNOWN = (("EMo-Mask", RECIPES), ("MMM", MMM_RECIPES), ("MDM", DIFFUSION_RECIPES))
_RECIPES = "; ".join(f"{kind}: {', '.join(known)}" for kind, known in _KNOWN)


@click.command()
@click.argument("stage", type=click.Choice(STAGES))
@click.option(
    "--data", required=True, multiple=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Prepared clips; again for more folders.",
)  # fmt: skip
@click.option(
    "--run", required=True, type=click.Path(file_okay=False, path_type=Path), help="Checkpoints and TensorBoard."
)
@click.option("--recipe", default="cpu", show_default=True, help=f"{_RECIPES}.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0))
@click.option("--threads", default=0, help="torch threads of each process; 0: all cores.")
@click.option(
    "--init", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Start from the weights of this checkpoint of the same stage (fine-tuning).",
)  # fmt: skip
@click.option("--neutral", is_flag=True, help="masked, residual: only clips without an emotion, for a base to tune.")
@click.option(
    "--emotion-as", type=click.Choice(["condition", "words"]), default="condition", show_default=True,
    help="masked, residual: words puts the emotion into the captions instead, for comparison.",
)  # fmt: skip
@click.option(
    "--emotion-loss", type=click.Choice(EMOTION_LOSSES), default="tokens", show_default=True, help="masked, residual."
)
@click.option("--allow-slow", is_flag=True, help="mmm_vq, mmm: train on clips far slower than those of --init.")
@click.option("--stop-after", type=click.IntRange(1), help="Stop after so many steps; run again to go on.")
@parallel.group()
def command(
    stage: str, data: tuple[Path, ...], run: Path, recipe: str, seed: int, threads: int, init: Path | None,
    neutral: bool, emotion_as: str, emotion_loss: str, allow_slow: bool, stop_after: int | None,
) -> None:  # fmt: skip
    """Train one STAGE of a generator."""
    chosen = {"--neutral": neutral, "--emotion-as": emotion_as == "words", "--emotion-loss": emotion_loss != "tokens"}
    _refuse(stage, TOKEN_STAGES, [name for name, there in chosen.items() if there])
    _refuse(stage, MMM_STAGES, ["--allow-slow"] if allow_slow else [])
    if threads:
        torch.set_num_threads(threads)
    options: dict[str, Any] = {"seed": seed, "stop_after": stop_after, "init": init}
    if stage in MMM_STAGES:
        scalars = _mmm(stage, recipe, data, run, allow_slow=allow_slow, **options)
    elif stage in STEPS:
        from training.train_diffusion import train_diffusion

        scalars = train_diffusion(stage, diffusion_recipe_named(recipe), data, run, **options)
    elif stage == "rvq":
        from training.train_rvq import train_rvq

        scalars = train_rvq(recipe_named(recipe), data, run, **options)
    else:
        from training.train_tokens import train_tokens

        base = recipe_named(recipe)
        told = replace(base.token_loss, words=emotion_as == "words")
        whole = replace(base, token_loss=told, emotion_loss=replace(base.emotion_loss, kind=emotion_loss))
        scalars = train_tokens(stage, whole, data, run, neutral=neutral, **options)
    click.echo(f"{stage}: " + ", ".join(f"{name} {value:.4g}" for name, value in scalars.items()))


def _refuse(stage: str, stages: tuple[str, ...], names: list[str]) -> None:
    if names and stage not in stages:
        raise InvalidInput(f"{names[0]} is for the stages {', '.join(stages)}, not for {stage}")


def _mmm(stage: str, recipe: str, data: tuple[Path, ...], run: Path, **options: Any) -> Scalars:
    from training.train_mmm import train_mmm, train_mmm_vq

    train = train_mmm_vq if stage == "mmm_vq" else train_mmm
    return train(mmm_recipe_named(recipe), data, run, **options)


if __name__ == "__main__":
    from sdk.console import run as run_command

    run_command(command)
