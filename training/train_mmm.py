"""The generator MMM: stage `mmm_vq`, a VQ-VAE with one large codebook, and `mmm`, a masked transformer on its tokens.

Shapes: B batch, N tokens, C codes. It is EMo-Mask without residual layers, so the same runtime decodes it. Fine-tuning
MMM is known for motion that stands still (training.collapse shows why); what is refused here are its causes: slow
data, codes that the transformer does not know, a result that does not move.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
import torch.nn.functional as fn
from torch import Tensor

from sdk.errors import InvalidInput
from training import checkpoint
from training.data import ClipSet, check_moving, draw_windows, load_clips, statistics, step_rng
from training.guards import check_generated, check_speeds, content_speeds, generated_speeds, relative_speeds
from training.loop import Scalars, Stage, start_from, train
from training.models.rvq import DOWNSAMPLING, Rvq
from training.models.transformer import MaskedTransformer, TransformerConfig
from training.parallel import is_main, spread, wait
from training.recipes_mmm import GUIDANCE, SCHEDULE, MmmLoss, MmmRecipe
from training.tokens import Batch, TokenSet
from training.train_rvq import MOTION_ENERGY_FLOOR, evaluate, reconstruction_loss
from training.train_tokens import chosen_positions, load_rvq, masked_loss

Data = Path | Sequence[Path]
PERPLEXITY_FLOOR = 0.05
"""Least perplexity of the tokens of held-out clips, as a share of the codes."""


# --- the codebook ---


def code_figures(tokens: np.ndarray, codes: int) -> Scalars:
    """Share of the codes that occur in `tokens`, perplexity of their distribution (1..codes), and its share of them."""
    chance = np.bincount(tokens.ravel(), minlength=codes) / tokens.size
    seen = chance[chance > 0]
    perplexity = float(np.exp(-(seen * np.log(seen)).sum()))
    return {"code_use": len(seen) / codes, "perplexity": perplexity, "perplexity_share": perplexity / codes}


@torch.no_grad()
def base_tokens(vq: Rvq, clips: ClipSet) -> np.ndarray:
    """The base tokens of all clips, one after the other."""
    cut = [clip.features[: len(clip.features) // DOWNSAMPLING * DOWNSAMPLING] for clip in clips.clips]
    return np.concatenate([vq.encode(torch.from_numpy(x[None]))[0, 0].numpy() for x in cut])


def check_codes(scalars: Scalars) -> None:
    """Raises InvalidInput when a finished codebook has collapsed or its reconstructions stand still."""
    share, energy = scalars["perplexity_share"], scalars["energy_ratio"]
    if share < PERPLEXITY_FLOOR:
        raise InvalidInput(
            f"codebook collapse: the tokens of held-out clips have a perplexity of {scalars['perplexity']:.0f}, "
            f"{share:.1%} of the codes, less than {PERPLEXITY_FLOOR:.0%}; train longer or with fewer codes"
        )
    if energy < MOTION_ENERGY_FLOOR:
        raise InvalidInput(f"static motion: reconstructions move {energy:.0%} as much as the real clips")


def fit_vq(
    recipe: MmmRecipe, clips: ClipSet, held_out: ClipSet, run: Path, *, seed: int, stop_after: int | None = None,
    init: Path | None = None,
) -> Scalars:  # fmt: skip
    """Train, resume or finish `mmm_vq` in `run` on these clips; nothing is refused. Returns held-out figures."""
    torch.manual_seed(seed)
    config, schedule, weights = recipe.mmm_vq_model, recipe.mmm_vq, recipe.vq_loss
    model = Rvq(config)
    for value, known in zip((model.mean, model.std), statistics(clips), strict=True):
        value.copy_(torch.from_numpy(known))
    origin = start_from(model, init)  # after the statistics: weights belong to the numbers they were learned with

    def loss(step: int) -> tuple[Tensor, Scalars]:
        x_BTF, affect_BE = draw_windows(clips, step_rng(seed, step), schedule.batch, weights.window_frames)
        return reconstruction_loss(model, x_BTF, affect_BE, weights, keep_layers=1)

    def validate() -> Scalars:
        figures = evaluate(model, held_out, limit=100)
        del figures["code_use_min"]  # of a tenth of the clips, which cannot fill a large codebook
        return {**figures, **code_figures(base_tokens(model, held_out), config.codes)}

    meta = {**recipe.part("mmm_vq"), "seed": seed, "init_sha256": origin, "speeds": content_speeds(clips)}
    return train(Stage("mmm_vq", model, schedule, loss, validate, meta), run, stop_after=stop_after)


def train_mmm_vq(
    recipe: MmmRecipe, data: Data, run: Path, *, seed: int, stop_after: int | None = None, init: Path | None = None,
    allow_slow: bool = False,
) -> Scalars:  # fmt: skip
    """Train, resume or finish the VQ-VAE in `run`, from the weights of the checkpoint `init` where one is given.

    Its averages come with the weights, so that tuning moves codes and does not replace them. Raises InvalidInput for
    clips far slower than those of `init`, and at the end for a collapsed codebook and static motion.
    """
    clips, held_out = load_clips(data, "train"), load_clips(data, "val", mirror=False)
    check_moving(clips)
    compare_with_base(clips, init, allow_slow=allow_slow)
    scalars = fit_vq(recipe, clips, held_out, run, seed=seed, stop_after=stop_after, init=init)
    if stop_after is None and recipe.name != "tiny":
        check_codes(scalars)
    return scalars


# --- the transformer ---


def corrupted(batch: Batch, rng: np.random.Generator, how: MmmLoss, *, codes: int) -> tuple[Tensor, Tensor]:
    """MMM's corruption: what the model is shown (B, N), MASK being `codes`, and which of it is masked (B, N)."""
    base_BN = batch.tokens[:, 0]
    noise_BN = torch.from_numpy(rng.integers(0, codes, base_BN.shape))
    replaced_BN = torch.from_numpy(rng.random(base_BN.shape) < how.random_share)
    share_B = torch.from_numpy(rng.uniform(how.least_mask, 1.0, len(base_BN)))
    masked_BN = chosen_positions(batch.real, share_B, rng)
    shown_BN = torch.where(replaced_BN, noise_BN, base_BN)
    return shown_BN.masked_fill(masked_BN | ~batch.real, codes), masked_BN


def mmm_loss(model: MaskedTransformer, batch: Batch, rng: np.random.Generator, how: MmmLoss) -> tuple[Tensor, Tensor]:
    """Cross-entropy of all real tokens, the visible ones too, for they may be random; accuracy on the masked ones."""
    shown_BN, masked_BN = corrupted(batch, rng, how, codes=model.config.codes)
    logits = spread(model, shown_BN, batch.text, batch.affect, batch.real).float()
    base_BN = batch.tokens[:, 0]
    right_BN = (logits.argmax(-1) == base_BN).float()
    return fn.cross_entropy(logits[batch.real], base_BN[batch.real]), right_BN[masked_BN].mean()


@dataclass(frozen=True, eq=False)
class Mmm:
    """A finished MMM: VQ-VAE and transformer in evaluation mode, and what their checkpoints say of themselves."""

    vq: Rvq
    masked: MaskedTransformer
    meta: dict[str, Any]

    @classmethod
    def load(cls, run: Path, *, check: Callable[[Scalars], None] = check_codes) -> "Mmm":
        """Load `mmm_vq.pt` and `mmm.pt`. Raises InvalidInput when one is missing, unfinished or of other tokens."""
        vq, digest = load_rvq(run, "mmm_vq", check=check)
        saved = checkpoint.load_finished(run / "mmm.pt")
        if saved["meta"]["rvq_sha256"] != digest:
            raise InvalidInput(f"{run / 'mmm.pt'} was trained on the tokens of another VQ-VAE; train it again")
        model = MaskedTransformer(TransformerConfig(**saved["meta"]["model"]))
        checkpoint.load_weights(model, saved["model"], run / "mmm.pt")
        meta = {"mmm_vq": checkpoint.load(run / "mmm_vq.pt"), "mmm": saved}
        facts = {stage: {k: m[k] for k in ("meta", "step", "scalars")} for stage, m in meta.items()}
        return cls(vq, model.eval().requires_grad_(False), facts)


def fit_mmm(
    recipe: MmmRecipe, clips: ClipSet, held_out: ClipSet, run: Path, *, seed: int, stop_after: int | None = None,
    init: Path | None = None, check: Callable[[Scalars], None] = check_codes,
) -> tuple[Scalars, MaskedTransformer, Rvq, TokenSet]:  # fmt: skip
    """Train, resume or finish `mmm` in `run` on these clips' tokens.

    Returns held-out figures, the model, the VQ-VAE and the training tokens.
    """
    vq, digest = load_rvq(run, "mmm_vq", check=check)
    with torch.no_grad():
        tokens = TokenSet.encode(clips, vq, label="train")
        others = TokenSet.encode(held_out, vq, label="val")
    torch.manual_seed(seed)
    config, schedule, how = recipe.mmm_model, recipe.mmm, recipe.token_loss
    model = MaskedTransformer(config)
    origin = start_from(model, init)

    def one(batch: Batch, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return (mmm_loss if how.corruption == "mmm" else masked_loss)(model, batch, rng, how)

    def loss(step: int) -> tuple[Tensor, Scalars]:
        rng = step_rng(seed, step)
        value, accuracy = one(tokens.draw(rng, schedule.batch, config.max_tokens, how), rng)
        return value, {"loss": float(value.detach()), "accuracy": float(accuracy)}

    def validate() -> Scalars:
        rng = np.random.default_rng(0)
        plain = MmmLoss(drop_text=0, drop_affect=0, crop=0)
        pairs = [one(others.draw(rng, schedule.batch, config.max_tokens, plain), rng) for _ in range(8)]
        value, accuracy = (float(np.mean([float(x) for x in column])) for column in zip(*pairs, strict=True))
        return {"loss": value, "accuracy": accuracy}

    meta = {
        **recipe.part("mmm"), "seed": seed, "rvq_sha256": digest, "init_sha256": origin,
        "speeds": content_speeds(clips),
    }  # fmt: skip
    scalars = train(Stage("mmm", model, schedule, loss, validate, meta), run, stop_after=stop_after)
    return scalars, model, vq, tokens


def train_mmm(
    recipe: MmmRecipe, data: Data, run: Path, *, seed: int, stop_after: int | None = None, init: Path | None = None,
    allow_slow: bool = False,
) -> Scalars:  # fmt: skip
    """Train, resume or finish the transformer in `run`, whose `mmm_vq.pt` must be finished.

    `init` is a checkpoint of `mmm` whose weights are the start (fine-tuning). Its VQ-VAE stays as it is: it is copied
    to `run` where none is there, and another one is refused, for its tokens mean nothing to these weights. Raises
    InvalidInput too for clips far slower than those of `init` and, at the end, for a model that stands still.
    """
    if init is not None:
        adopt_vq(init, run)
    clips, held_out = load_clips(data, "train"), load_clips(data, "val", mirror=False)
    check_moving(clips)
    compare_with_base(clips, init, allow_slow=allow_slow)
    scalars, model, vq, tokens = fit_mmm(recipe, clips, held_out, run, seed=seed, stop_after=stop_after, init=init)
    if stop_after is None and recipe.name != "tiny":
        with torch.no_grad():
            made = generated_speeds(model, vq, tokens, schedule=SCHEDULE, guidance=GUIDANCE)
        scalars |= {"generated_root_speed": made.root, "generated_joint_speed": made.joints}
        check_generated(min(made))
    return scalars


def adopt_vq(init: Path, run: Path) -> None:
    """Give a run the VQ-VAE that `init` was trained with. Raises InvalidInput when the run has another one."""
    if is_main() and not (run / "mmm_vq.pt").exists() and (init.parent / "mmm_vq.pt").exists():
        run.mkdir(parents=True, exist_ok=True)
        part = run / "mmm_vq.part"
        shutil.copyfile(init.parent / "mmm_vq.pt", part)
        part.rename(run / "mmm_vq.pt")
    wait()
    if load_rvq(run, "mmm_vq", check=check_codes)[1] != checkpoint.load(init)["meta"]["rvq_sha256"]:
        raise InvalidInput(
            f"{init} was trained on the tokens of another VQ-VAE than {run / 'mmm_vq.pt'}, so it would read noise; "
            "put the mmm_vq.pt it belongs to into the run, or train without init"
        )


def compare_with_base(clips: ClipSet, init: Path | None, *, allow_slow: bool) -> None:
    """Print how fast the clips are, and beside those that `init` was trained on. Raises InvalidInput for slow ones."""
    speeds = content_speeds(clips)
    count = sum(row[0] for row in speeds.values())
    root, joints = (sum(row[0] * row[k] for row in speeds.values()) / count for k in (1, 2))
    click.echo(f"{count:.0f} clips with their mirrored twins: root {root:.2f} m/s, joints {joints:.2f} m/s")
    if init is not None:
        base = checkpoint.load(init)["meta"]["speeds"]
        ratio = relative_speeds(speeds, base)
        click.echo(f"beside the base set, same contents: root {ratio.root:.2f}, joints {ratio.joints:.2f}")
        check_speeds(ratio, allow_slow=allow_slow)
