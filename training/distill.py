"""`python -m training.distill RUN --data DIR --out OUT`: guidance baked into the weights, so that one row is enough.

Classifier-free guidance asks a transformer two or three times per pass. Here a student, which begins as a copy, learns
to give in one pass what its teacher gives with guidance (Meng et al. 2023, for diffusion; here logits are compared, so
the loss is the cross-entropy to the teacher's guided distribution). OUT is a run like any other, whose checkpoints say
which scales are in them; the exporter gives its plans no guidance.

Shapes: B batch, N tokens, C codes, E = 9 emotions.
"""

import hashlib
import shutil
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
import torch.nn.functional as fn
from torch import Tensor

from sdk.console import run as run_command
from sdk.emotion import NUM_EMOTIONS, Emotion
from training import parallel
from training.data import step_rng
from training.generator import Generator
from training.loop import Scalars, Stage, train
from training.models.transformer import MaskedTransformer, ResidualTransformer
from training.parallel import spread
from training.recipes import Recipe, TokenLoss, recipe_named
from training.tokens import Batch, TokenSet
from training.train_tokens import build, drawn_layers, load_rvq, masked_view, token_sets

FELT_ANEW = 0.5
"""Share of a batch whose affect is drawn anew, of any emotion and intensity: the teacher answers those, too."""


@dataclass(frozen=True, kw_only=True)
class Scales:
    """Of the guidance that is baked in: by text and emotion in the masked passes, by both in the residual ones."""

    text: float = 3.5
    emotion: float = 5.0
    residual: float = 2.0

    def of(self, stage: str) -> tuple[float, float]:
        """Scales for text and emotion of a stage."""
        return (self.text, self.emotion) if stage == "masked" else (self.residual, self.residual)


def guided(model: Any, known: tuple[Tensor, ...], batch: Batch, scales: tuple[float, float]) -> Tensor:
    """Logits (B, N, C) with guidance, as `Condition.guided` and `emotion_scale` of the runtime weigh them."""
    text, full = scales
    nothing, nobody = torch.zeros_like(batch.text), torch.zeros_like(batch.affect)
    felt_B11 = 1 - batch.affect[:, Emotion.NEUTRAL, None, None]
    emotion_B11 = text + (full - text) * felt_B11
    out = emotion_B11 * model(*known, batch.text, batch.affect, batch.real)
    if text != full:
        out = out + (text - emotion_B11) * model(*known, batch.text, nobody, batch.real)
    return out + (1 - text) * model(*known, nothing, nobody, batch.real)


def felt_anew(affect_BE: Tensor, rng: np.random.Generator) -> Tensor:
    """Some of the affects replaced by a random emotion at a random intensity."""
    count = len(affect_BE)
    drawn = np.zeros((count, NUM_EMOTIONS), dtype=np.float32)
    intensity = rng.random(count, dtype=np.float32)
    drawn[np.arange(count), rng.integers(1, NUM_EMOTIONS, count)] = intensity
    drawn[:, Emotion.NEUTRAL] += 1 - intensity
    anew = torch.from_numpy(rng.random(count) < FELT_ANEW)[:, None]
    return torch.where(anew, torch.from_numpy(drawn), affect_BE)


def distil(
    stage: str, teacher: MaskedTransformer | ResidualTransformer, recipe: Recipe, clips: TokenSet, held_out: TokenSet,
    run: Path, *, scales: Scales, seed: int, meta: dict[str, Any],
) -> Scalars:  # fmt: skip
    """Train, resume or finish the student of one transformer in `run`.

    Scalars: `gap`, the divergence from the teacher's guided distribution, nats; `same`, share of equal likeliest codes.
    """
    torch.manual_seed(seed)
    student, schedule = build(stage, teacher.config), getattr(recipe, stage)
    student.load_state_dict(teacher.state_dict())
    plain = TokenLoss(drop_text=0, drop_affect=0, crop=recipe.token_loss.crop, random_code=0)

    def compare(rng: np.random.Generator, source: TokenSet) -> tuple[Tensor, Tensor]:
        batch = source.draw(rng, schedule.batch, teacher.config.max_tokens, plain)
        batch = batch._replace(affect=felt_anew(batch.affect, rng))
        known: tuple[Tensor, ...]
        if isinstance(teacher, MaskedTransformer):
            known = (masked_view(batch, rng, teacher, plain)[0],)
            counts_BN = (known[0] == teacher.mask_token) & batch.real
        else:
            known, counts_BN = (batch.tokens, drawn_layers(batch, rng, teacher.config.quantisers)), batch.real
        with torch.autocast("cpu", dtype=torch.bfloat16):
            with torch.no_grad():
                target = guided(partial(spread, teacher), known, batch, scales.of(stage))
            found = spread(student, *known, batch.text, batch.affect, batch.real)
            found, target = (logits[counts_BN].float().log_softmax(-1) for logits in (found, target))
        gap = fn.kl_div(found, target, log_target=True, reduction="batchmean")
        return gap, (found.argmax(-1) == target.argmax(-1)).float().mean()

    def loss(step: int) -> tuple[Tensor, Scalars]:
        gap, same = compare(step_rng(seed, step), clips)
        return gap, {"gap": float(gap.detach()), "same": float(same)}

    def validate() -> Scalars:
        rng = np.random.default_rng(0)
        found = [[float(x) for x in compare(rng, held_out)] for _ in range(8)]
        gap, same = np.mean(found, 0)
        return {"gap": float(gap), "same": float(same)}

    return train(Stage(stage, student, schedule, loss, validate, meta), run)


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--data", required=True, multiple=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Prepared clips; again for more folders.",
)  # fmt: skip
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the new run.")
@click.option("--recipe", default="refine", show_default=True, help="Steps, batch and rate; see training/recipes.py.")
@click.option("--steps", type=click.IntRange(1), help="Other than the recipe's.")
@click.option("--text-guidance", default=Scales.text, show_default=True, type=click.FloatRange(0, 20))
@click.option("--emotion-guidance", default=Scales.emotion, show_default=True, type=click.FloatRange(0, 20))
@click.option("--residual-guidance", default=Scales.residual, show_default=True, type=click.FloatRange(0, 20))
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0))
@click.option("--threads", default=0, help="torch threads; 0: all cores.")
@parallel.group()
def command(
    run: Path, data: tuple[Path, ...], out: Path, recipe: str, steps: int | None, text_guidance: float,
    emotion_guidance: float, residual_guidance: float, seed: int, threads: int,
) -> None:  # fmt: skip
    """Bake guidance into the weights of RUN."""
    if threads:
        torch.set_num_threads(threads)
    scales = Scales(text=text_guidance, emotion=emotion_guidance, residual=residual_guidance)
    chosen = recipe_named(recipe)
    if steps:
        chosen = replace(
            chosen, **{name: replace(getattr(chosen, name), steps=steps) for name in ("masked", "residual")}
        )
    teachers = Generator.load(run)
    out.mkdir(parents=True, exist_ok=True)
    if parallel.is_main() and not (out / "rvq.pt").exists():
        shutil.copyfile(run / "rvq.pt", out / "rvq.pt")
    parallel.wait()
    digest = load_rvq(out)[1]
    clips, held_out = token_sets(data, teachers.rvq)
    for stage, teacher in (("masked", teachers.masked), ("residual", teachers.residual)):
        assert teacher is not None, "EMo-Mask has both"
        own = {**chosen.part(stage), "model": asdict(teacher.config)}
        meta = {
            **own, "seed": seed, "rvq_sha256": digest, "neutral": False, "distilled": asdict(scales),
            "teacher_sha256": hashlib.sha256((run / f"{stage}.pt").read_bytes()).hexdigest(),
        }  # fmt: skip
        found = distil(stage, teacher, chosen, clips, held_out, out, scales=scales, seed=seed, meta=meta)
        click.echo(f"{stage}: " + ", ".join(f"{name} {value:.4g}" for name, value in found.items()))


if __name__ == "__main__":
    run_command(command, name="python -m training.distill")
