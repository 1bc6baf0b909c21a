"""`python -m training.ablate --base RUN --data DIR --out DIR`: where does the emotion enter best, and what teaches it?

Every variant is a fine-tune of one base that never saw an emotion, on the same clips, for the same steps, over several
seeds. A stage that a variant leaves out stays as it is in the base and is never told the affect. Finished stages and
measured variants are kept, so an interrupted run goes on.
"""

import json
import os
import shutil
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
import torch.nn.functional as fn
from scipy import stats
from torch import Tensor

from sdk.bundle import Plan
from sdk.console import run as run_command
from training import checkpoint
from training.data import draw_windows, load_clips, step_rng
from training.evaluate.judges import load_judges
from training.evaluate.measure import HEADLINE, Setting, evaluate_motions
from training.evaluate.protocol import FULL, QUICK
from training.generator import Generator
from training.kinematics import heading_positions
from training.loop import Scalars, Stage, train
from training.models.rvq import Rvq
from training.models.transformer import TransformerConfig
from training.recipes import Recipe, recipe_named
from training.sampling import TorchSampler
from training.tokens import TokenSet
from training.train_tokens import build, fit_tokens, load_rvq, token_sets

PLAN = Plan(
    name="ablation", generator="emo-mask", iterations=10, residual_layers=5, text_guidance=3.5, emotion_guidance=5.0,
    residual_guidance=2.0, choice_temperature=8.0,
)  # fmt: skip

SIZES = {
    "quick": QUICK,
    "table": replace(FULL, name="ablation", emotion_seeds=1, unseen_seeds=2, held_out=96, held_out_seeds=1),
}


@dataclass(frozen=True)
class Variant:
    """One row of the table: where the emotion enters, which loss teaches it, or that it is a word of the caption."""

    name: str
    points: tuple[str, ...]
    loss: str = "tokens"
    words: bool = False


VARIANTS = (
    Variant("base, no emotion", ()),
    Variant("mask", ("mask",)),
    Variant("residual", ("residual",)),
    Variant("vq", ("vq",)),
    Variant("mask + residual", ("mask", "residual")),
    Variant("mask + residual + vq", ("mask", "residual", "vq")),
    Variant("mask + residual, loss paper", ("mask", "residual"), "paper"),
    Variant("mask + residual, loss contrast", ("mask", "residual"), "contrast"),
    Variant("mask + residual, loss feature", ("mask", "residual"), "feature"),
    Variant("a word in the caption", ("mask", "residual"), words=True),
)


class Ablation:
    """The base, the clips, and the folder where finished stages lie."""

    def __init__(self, base: Path, data: tuple[Path, ...], out: Path, *, recipe: Recipe, setting: Setting) -> None:
        self._base, self._data, self._out, self._recipe, self._setting = base, data, out, recipe, setting

    @cached_property
    def _generator(self) -> Generator:
        return Generator.load(self._base)

    @cached_property
    def _typed(self) -> tuple[TokenSet, TokenSet]:
        return token_sets(self._data, self._generator.rvq)

    @cached_property
    def _worded(self) -> tuple[TokenSet, TokenSet]:
        return token_sets(self._data, self._generator.rvq, words=True)

    def sampler(self, variant: Variant, seed: int) -> TorchSampler:
        """The variant's models, trained where they are not there yet."""
        base = self._generator
        models = {"masked": base.masked, "residual": base.residual}
        for stage, point in (("masked", "mask"), ("residual", "residual")):
            if point in variant.points:
                models[stage] = self._transformer(stage, variant, seed)
        rvq = self._film(seed) if "vq" in variant.points else base.rvq
        return TorchSampler(rvq, models["masked"], models["residual"], PLAN, points=variant.points, words=variant.words)

    def _transformer(self, stage: str, variant: Variant, seed: int) -> Any:
        run = self._out / "stages" / f"{'words' if variant.words else variant.loss}-{seed}"
        run.mkdir(parents=True, exist_ok=True)
        if not (run / "rvq.pt").exists():
            shutil.copyfile(self._base / "rvq.pt", run / "rvq.pt")
        recipe = replace(
            self._recipe,
            token_loss=replace(self._recipe.token_loss, words=variant.words),
            emotion_loss=replace(self._recipe.emotion_loss, kind=variant.loss),
        )
        path, more = run / f"{stage}.pt", {"rvq_sha256": load_rvq(self._base)[1], "neutral": False}
        if not finished(path):
            clips, held_out = self._worded if variant.words else self._typed
            init = self._base / f"{stage}.pt"
            fit_tokens(stage, recipe, self._generator.rvq, clips, held_out, run, seed=seed, init=init, more=more)
        saved = checkpoint.load_finished(path)
        model = build(stage, TransformerConfig(**saved["meta"]["model"]))
        checkpoint.load_weights(model, saved["model"], path)
        return model.eval().requires_grad_(False)

    def _film(self, seed: int) -> Rvq:
        """The base's RVQ-VAE with the emotion in a fine-tuned decoder; encoder and codes stay as they are."""
        base, schedule = self._generator.rvq, replace(self._recipe.rvq, steps=self._recipe.masked.steps)
        model = Rvq(replace(base.config, emotion=True))
        model.load_state_dict(base.state_dict(), strict=False)
        run = self._out / "stages" / f"film-{seed}"
        if not finished(run / "film.pt"):
            torch.manual_seed(seed)
            clips = load_clips(self._data, "train")

            def loss(step: int) -> tuple[Tensor, Scalars]:
                rng = step_rng(seed, step)
                x_BTF, affect_BE = draw_windows(clips, rng, schedule.batch, self._recipe.rvq_loss.window_frames)
                keep = int(rng.integers(1, model.config.layers + 1))
                with torch.no_grad():
                    tokens_BQN = base.encode(x_BTF)[:, :keep]
                made_BTF = model.decode(tokens_BQN, affect_BE)
                gap = heading_positions(made_BTF) - heading_positions(x_BTF)
                value = fn.smooth_l1_loss((made_BTF - base.mean) / base.std, (x_BTF - base.mean) / base.std)
                value = value + self._recipe.rvq_loss.joint * gap.abs().mean()
                return value, {"loss": float(value.detach())}

            meta = {**self._recipe.part("rvq"), "schedule": schedule.__dict__, "seed": seed}
            train(Stage("film", model.decoder, schedule, loss, dict, meta), run)
        checkpoint.load_weights(model.decoder, checkpoint.load(run / "film.pt")["model"], run / "film.pt")
        return model.eval().requires_grad_(False)

    def measured(self, variant: Variant, seed: int) -> dict[str, float]:
        """The variant's figures, from an earlier run where it has them."""
        path = self._out / "measured" / f"{variant.name.replace(' ', '_')}-{seed}.json"
        if not path.exists():
            figures = evaluate_motions(self.sampler(variant, seed), self._setting, label=variant.name)["headline"]
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_text(json.dumps(figures, indent=1))
            os.replace(part, path)
        return dict(json.loads(path.read_text()))


def finished(path: Path) -> bool:
    """Whether a stage's checkpoint stands at its last step."""
    if not path.exists():
        return False
    saved = checkpoint.load(path)
    return bool(saved["step"] >= saved["meta"]["schedule"]["steps"])


def interval(values: list[float]) -> tuple[float, float]:
    """Mean and half the width of its 95 % confidence interval over seeds (Student's t; 0 for a single seed)."""
    mean, count = float(np.mean(values)), len(values)
    if count < 2:
        return mean, 0.0
    return mean, float(stats.t.ppf(0.975, count - 1) * np.std(values, ddof=1) / count**0.5)


def table(rows: dict[str, list[dict[str, float]]], columns: list[str]) -> str:
    """Markdown: a row a variant, mean and 95 % interval over its seeds."""
    lines = ["| variant | " + " | ".join(columns) + " |", "| --- |" + " --: |" * len(columns)]
    for name, figures in rows.items():
        cells = ["{:.3g} +- {:.2g}".format(*interval([f[c] for f in figures])) for c in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


@click.command()
@click.option(
    "--base", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Finished run that never saw an emotion: training.train masked|residual --neutral.",
)  # fmt: skip
@click.option(
    "--data", required=True, multiple=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Prepared clips; again for more folders.",
)  # fmt: skip
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Stages, figures, table.")
@click.option("--recipe", default="refine", show_default=True, help="Sizes and losses; see training/recipes.py.")
@click.option("--steps", default=400, show_default=True, type=click.IntRange(1), help="Of each fine-tune.")
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--only", multiple=True, type=click.Choice([v.name for v in VARIANTS]), help="Variants; all without it.")
@click.option("--size", type=click.Choice(list(SIZES)), default="table", show_default=True, help="How much is asked.")
@click.option("--threads", default=0, help="torch threads; 0: all cores.")
def command(
    base: Path, data: tuple[Path, ...], out: Path, recipe: str, steps: int, seeds: int, only: tuple[str, ...],
    size: str, threads: int,
) -> None:  # fmt: skip
    """Train and compare integration points and losses; writes ablation.md and ablation.json to OUT."""
    if threads:
        torch.set_num_threads(threads)
    chosen = recipe_named(recipe)
    short = {name: replace(getattr(chosen, name), steps=steps) for name in ("masked", "residual")}
    setting = Setting.of(data, load_judges(), size=SIZES[size])
    ablation = Ablation(base, data, out, recipe=replace(chosen, **short), setting=setting)
    variants = [v for v in VARIANTS if v.name in only or not only]
    rows: dict[str, list[dict[str, float]]] = {v.name: [] for v in variants}
    for seed in range(1, seeds + 1):  # seed by seed, so that an unfinished run has whole rows of fewer seeds
        for variant in variants:
            rows[variant.name].append(ablation.measured(variant, seed))
            text = table({name: found for name, found in rows.items() if found}, list(HEADLINE))
            (out / "ablation.md").write_text(text)
            facts = {"base": str(base.name), "steps": steps, "seeds": seed, "size": size, "rows": rows}
            (out / "ablation.json").write_text(json.dumps(facts, indent=1) + "\n")
    click.echo(text)


if __name__ == "__main__":
    run_command(command, name="python -m training.ablate")
