"""`python -m training.face.ablate RUN`: what the seed ran into, reproduced. Does it matter which faces are shown in
training, and whether a network reads landmarks as they are or minus the person's own neutral?

Every variant has the same network, steps and batch size; finished ones are kept, so an interrupted run goes on.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from sdk.console import run as run_command
from training.face.evaluate import TEST_KINDS, draw_tests, keep, score
from training.face.faces import FaceMaker
from training.face.train import RECIPES, ameca_sampler, load_landmarks, predict, train_landmarks

INPUTS = ("absolute", "relative")
SHOWN = ("nmae", "nmae_mouth", "nmae_neutral_guess")


def ablate(run: Path, *, steps: int | None, seeds: int) -> dict[str, Any]:
    """Rows {train, input, seed, test: {kind: figures}} of every variant."""
    base = RECIPES["ablation"]
    schedule = base.schedule if steps is None else replace(base.schedule, steps=steps, validate_every=steps)
    sampler = ameca_sampler(base.range_set)
    tests = {kind: draw_tests(FaceMaker(sampler), kind) for kind in TEST_KINDS}
    rows = []
    for seed in range(1, seeds + 1):
        for kind in TEST_KINDS:
            for inputs in INPUTS:
                folder = run / f"{kind}-{inputs}-{seed}"
                train_landmarks(replace(base, kind=kind, input=inputs, schedule=schedule), folder, seed=seed)
                model, _ = load_landmarks(folder)
                found = {
                    name: score(predict(model, one.faces, inputs, sampler), one, sampler) for name, one in tests.items()
                }
                kept = {name: {key: one[key] for key in SHOWN} for name, one in found.items()}
                rows.append({"train": kind, "input": inputs, "seed": seed, "test": kept})
    return {"steps": schedule.steps, "seeds": seeds, "range_set": base.range_set, "rows": rows, **answers(rows)}


def answers(rows: list[dict[str, Any]]) -> dict[str, float]:
    """The two questions as ratios of mean errors, with networks that read features minus the person's own neutral.

    coverage: convex training on independent motion, by mixed training on the same; coverage_mouth: of the mouth alone.
    absolute: absolute input by relative input, mixed training on mixed motion.
    """

    def mean(train: str, inputs: str, test: str, figure: str) -> float:
        chosen = [row for row in rows if (row["train"], row["input"]) == (train, inputs)]
        return float(np.mean([row["test"][test][figure] for row in chosen]))

    def coverage(figure: str) -> float:
        return mean("convex", "relative", "independent", figure) / mean("mixed", "relative", "independent", figure)

    absolute = mean("mixed", "absolute", "mixed", "nmae") / mean("mixed", "relative", "mixed", "nmae")
    return {"coverage": coverage("nmae"), "coverage_mouth": coverage("nmae_mouth"), "absolute": absolute}


def table(found: dict[str, Any]) -> str:
    """Markdown: error in widths of the range, mouth in brackets; rows by training, columns by test; seeds averaged."""
    lines = ["| trained on | input | " + " | ".join(f"test: {kind}" for kind in TEST_KINDS) + " |"]
    lines.append("| --- | --- |" + " --: |" * len(TEST_KINDS))
    for kind in TEST_KINDS:
        for inputs in INPUTS:
            chosen = [row["test"] for row in found["rows"] if (row["train"], row["input"]) == (kind, inputs)]
            cells = []
            for test in TEST_KINDS:
                whole, mouth = (np.mean([one[test][figure] for one in chosen]) for figure in ("nmae", "nmae_mouth"))
                cells.append(f"{whole:.4f} ({mouth:.4f})")
            lines.append(f"| {kind} | {inputs} | " + " | ".join(cells) + " |")
    guesses = [f"{found['rows'][0]['test'][test]['nmae_neutral_guess']:.4f}" for test in TEST_KINDS]
    lines.append("| the neutral face as a guess | | " + " | ".join(guesses) + " |")
    return "\n".join(lines) + "\n"


@click.command()
@click.argument("run", type=click.Path(file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Results file.")
@click.option("--steps", type=click.IntRange(1), help="Of each training, instead of the recipe's.")
@click.option("--seeds", default=1, show_default=True, type=click.IntRange(1))
def command(run: Path, out: Path | None, steps: int | None, seeds: int) -> None:
    """Train and compare the variants in the folder RUN."""
    torch.set_num_threads(1)
    found = ablate(run, steps=steps, seeds=seeds)
    click.echo(table(found))
    click.echo(", ".join(f"{key} {found[key]:.2f}" for key in ("coverage", "coverage_mouth", "absolute")))
    if out is not None:
        made = f"python -m training.face.ablate RUN --seeds {seeds} --out docs/results/{out.name}"
        keep(out, {"command": made, **found})


if __name__ == "__main__":
    run_command(command, name="python -m training.face.ablate")
