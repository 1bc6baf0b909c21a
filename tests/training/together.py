"""What test_parallel.py lets one process do, and several that torchrun starts:

python -m tests.training.together all DATA RUN STOP_AFTER ...    in each RUN all stages, STOP_AFTER steps (0: all)
python -m tests.training.together fail RUN                       process 1 finds a fault while the others train on
"""

import sys
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import torch

from sdk.errors import InvalidInput
from tests.export import tiny
from training import parallel
from training.distill import Scales, distil
from training.generator import Generator
from training.loop import Stage, train
from training.recipes import EmotionLoss, Recipe, StageRecipe
from training.recipes_diffusion import DIFFUSION_RECIPES
from training.recipes_mmm import MMM_RECIPES
from training.train_diffusion import train_diffusion
from training.train_mmm import train_mmm, train_mmm_vq
from training.train_rvq import train_rvq
from training.train_tokens import token_sets, train_tokens

SHORT = StageRecipe(steps=6, batch=4, rate=1e-3, warmup=2, validate_every=3, save_every=3)
STAGES = ("rvq", "masked", "residual", "mmm_vq", "mmm", "mdm10")
DISTILLED = "distilled"
SCALES = Scales()


def recipe(*, dropout: float = 0.0, emotion: str = "tokens") -> Recipe:
    """A short one of EMo-Mask."""
    model = replace(tiny.RECIPE.masked_model, dropout=dropout)
    return replace(
        tiny.RECIPE, rvq=SHORT, masked=SHORT, residual=SHORT, masked_model=model, residual_model=model,
        emotion_loss=EmotionLoss(kind=emotion),
    )  # fmt: skip


def train_all(data: Path, run: Path, *, stop_after: int | None = None) -> None:
    """Every stage with the same seed, without dropout and in float32, which leaves nothing to chance or to rounding."""
    mmm, mdm = MMM_RECIPES["tiny"], DIFFUSION_RECIPES["tiny"]
    mmm = replace(mmm, mmm_vq=SHORT, mmm=SHORT, mmm_model=replace(mmm.mmm_model, dropout=0.0))
    mdm = replace(mdm, schedule=SHORT, model=replace(mdm.model, dropout=0.0))
    how = {"seed": 3, "stop_after": stop_after}
    with ExitStack() as stack:
        for place in ("training.tokens", "training.train_diffusion"):
            stack.enter_context(patch(f"{place}.embed_captions", tiny.letters))
        stack.enter_context(patch("torch.autocast", lambda *_, **__: nullcontext()))
        train_rvq(recipe(), data, run, **how)
        train_mmm_vq(mmm, data, run, **how)
        train_diffusion("mdm10", mdm, data, run, **how)
        if stop_after is not None:  # the others need finished tokens
            return
        train_tokens("masked", recipe(emotion="feature"), data, run, **how)
        train_tokens("residual", recipe(emotion="contrast"), data, run, **how)
        train_mmm(mmm, data, run, **how)
        teachers = Generator.load(run)
        sets = token_sets(data, teachers.rvq)
        meta = {"schedule": {"steps": SHORT.steps}}
        distil("masked", teachers.masked, recipe(), *sets, run / DISTILLED, scales=SCALES, seed=3, meta=meta)


def fail(run: Path) -> None:
    """A run whose process 1 raises at its third step."""
    model = torch.nn.Linear(1, 1)

    def loss(step: int) -> tuple[torch.Tensor, dict[str, float]]:
        if step == 2 and parallel.rank() == 1:
            raise InvalidInput("process 1 has enough")
        value = parallel.spread(model, torch.ones(4, 1)).square().mean()
        return value, {"loss": float(value.detach())}

    train(Stage("line", model, SHORT, loss, dict, {}), run)


@parallel.group()
def main(task: str, *args: str) -> None:
    torch.set_num_threads(1)
    if task == "fail":
        fail(Path(args[0]))
    else:
        data, *runs = args
        for run, stop_after in zip(runs[::2], runs[1::2], strict=True):
            train_all(Path(data), Path(run), stop_after=int(stop_after) or None)


if __name__ == "__main__":
    import click

    from sdk.console import run as run_command

    run_command(click.Command("together", callback=lambda: main(*sys.argv[1:])), [])
