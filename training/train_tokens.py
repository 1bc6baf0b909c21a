"""Stages 2 and 3: the masked and the residual transformer, on the tokens of a trained RVQ-VAE.

Shapes: B batch, N tokens, Q quantiser layers, S text width, E = 9 emotions.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as fn
from torch import Tensor

from training import checkpoint
from training.data import load_clips, load_index, step_rng
from training.datasets.preparation import check_emotional
from training.loop import Scalars, Stage, start_from, train
from training.losses import EmotionTerm
from training.models.rvq import Rvq, RvqConfig
from training.models.transformer import MaskedTransformer, ResidualTransformer, TransformerConfig
from training.parallel import spread
from training.recipes import Recipe, TokenLoss
from training.tokens import Batch, TokenSet
from training.train_rvq import check_result


def load_rvq(run: Path, stage: str = "rvq", *, check: Callable[[Scalars], None] = check_result) -> tuple[Rvq, str]:
    """The trained RVQ-VAE of a run, frozen, and a hash of its weights.

    Raises InvalidInput while it is not finished, and when it ended with dead codes or frozen motion.
    """
    path = run / f"{stage}.pt"
    saved = checkpoint.load_finished(path)
    if saved["meta"]["recipe"] != "tiny":
        check(saved["scalars"])
    model = Rvq(RvqConfig(**saved["meta"]["model"]))
    checkpoint.load_weights(model, saved["model"], path)
    digest = hashlib.sha256()
    for name, value in sorted(saved["model"].items()):
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return model.eval().requires_grad_(False), digest.hexdigest()


def chosen_positions(real_BN: Tensor, share_B: Tensor, rng: np.random.Generator) -> Tensor:
    """A random share of each row's real positions, at least one: True where chosen (B, N)."""
    wanted_B = (share_B * real_BN.sum(1)).round().clamp_min(1)
    order_BN = torch.from_numpy(rng.random(real_BN.shape)).masked_fill(~real_BN, 2.0).argsort(1).argsort(1)
    return order_BN < wanted_B[:, None]


def masked_view(
    batch: Batch, rng: np.random.Generator, model: MaskedTransformer, how: TokenLoss
) -> tuple[Tensor, Tensor]:
    """Base tokens as the transformer is shown them, and the positions it is asked for: (B, N) and (B, N) of bool."""
    base_BN = batch.tokens[:, 0]
    share_B = torch.from_numpy(np.cos(0.5 * math.pi * rng.random(len(base_BN))))
    chosen_BN = chosen_positions(batch.real, share_B, rng)
    luck_BN = torch.from_numpy(rng.random(base_BN.shape))
    noise_BN = torch.from_numpy(rng.integers(0, model.config.codes, base_BN.shape))
    # Of the chosen, most become MASK, some a random code, some stay: the model learns to doubt what it is shown.
    shown_BN = torch.where(chosen_BN & (luck_BN < how.random_code), noise_BN, base_BN)
    mask_BN = chosen_BN & (luck_BN >= how.random_code) & (luck_BN < how.random_code + 0.88 * (1 - how.random_code))
    shown_BN = shown_BN.masked_fill(mask_BN, model.mask_token)
    return shown_BN.masked_fill(~batch.real, model.mask_token), chosen_BN


def masked_loss(
    model: MaskedTransformer, batch: Batch, rng: np.random.Generator, how: TokenLoss
) -> tuple[Tensor, Tensor]:
    """Cross-entropy and accuracy on the masked positions (MoMask, section 3.2; ratio from the cosine schedule)."""
    shown_BN, chosen_BN = masked_view(batch, rng, model, how)
    logits = spread(model, shown_BN, batch.text, batch.affect, batch.real)[chosen_BN].float()
    truth = batch.tokens[:, 0][chosen_BN]
    return fn.cross_entropy(logits, truth), (logits.argmax(-1) == truth).float().mean()


def drawn_layers(batch: Batch, rng: np.random.Generator, layers: int) -> Tensor:
    """A random residual layer for each sample, (B,), higher ones less often."""
    spread = (1 - np.cos(0.5 * math.pi * rng.random(len(batch.tokens)))) * (layers - 2)
    return torch.from_numpy(1 + np.round(spread).astype(np.int64))


def residual_loss(model: ResidualTransformer, batch: Batch, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Cross-entropy and accuracy of one random layer a sample, higher layers seen less often (MoMask, section 3.3)."""
    layer_B = drawn_layers(batch, rng, model.config.quantisers)
    logits = spread(model, batch.tokens, layer_B, batch.text, batch.affect, batch.real)[batch.real].float()
    truth = batch.tokens[torch.arange(len(layer_B)), layer_B][batch.real]
    return fn.cross_entropy(logits, truth), (logits.argmax(-1) == truth).float().mean()


def build(stage: str, config: TransformerConfig) -> MaskedTransformer | ResidualTransformer:
    """The transformer of a stage."""
    return MaskedTransformer(config) if stage == "masked" else ResidualTransformer(config)


def token_sets(
    data: Path | Sequence[Path], rvq: Rvq, *, words: bool = False, neutral: bool = False
) -> tuple[TokenSet, TokenSet]:
    """Training and held-out clips as tokens; `words` as in `TokenSet.encode`, `neutral` leaves emotional clips out."""
    if not neutral:
        folders = [data] if isinstance(data, Path) else data
        check_emotional((line for folder in folders for line in load_index(folder)), ", ".join(map(str, folders)))
    sets = []
    for split, mirror in (("train", True), ("val", False)):
        clips = load_clips(data, split, mirror=mirror)
        if neutral:
            clips = clips.where(lambda clip: not clip.emotional)
        with torch.no_grad():
            sets.append(TokenSet.encode(clips, rvq, label=split, words=words))
    return sets[0], sets[1]


def train_tokens(
    stage: str, recipe: Recipe, data: Path | Sequence[Path], run: Path, *, seed: int, stop_after: int | None = None,
    init: Path | None = None, neutral: bool = False,
) -> Scalars:  # fmt: skip
    """Train, resume or finish one transformer in `run`, whose RVQ-VAE must be finished.

    `init` is a checkpoint of the same stage whose weights are the start (fine-tuning); `neutral` trains on the clips
    without an emotion alone, which makes a base for fine-tuning.
    """
    rvq, digest = load_rvq(run)
    clips, held_out = token_sets(data, rvq, words=recipe.token_loss.words, neutral=neutral)
    more = {"rvq_sha256": digest, "neutral": neutral}
    return fit_tokens(stage, recipe, rvq, clips, held_out, run, seed=seed, stop_after=stop_after, init=init, more=more)


def fit_tokens(
    stage: str, recipe: Recipe, rvq: Rvq, clips: TokenSet, held_out: TokenSet, run: Path, *, seed: int,
    stop_after: int | None = None, init: Path | None = None, more: dict[str, Any],
) -> Scalars:  # fmt: skip
    """`train_tokens` on clips that are tokens already; `more` is what the checkpoint says of itself besides."""
    torch.manual_seed(seed)
    config, schedule, how = getattr(recipe, f"{stage}_model"), getattr(recipe, stage), recipe.token_loss
    model = build(stage, config)
    origin = start_from(model, init)
    kind = recipe.emotion_loss.kind
    term = None if kind == "tokens" else EmotionTerm(recipe.emotion_loss, rvq, clips)

    def tokens_loss(batch: Batch, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        if isinstance(model, MaskedTransformer):
            return masked_loss(model, batch, rng, how)
        return residual_loss(model, batch, rng)

    def loss(step: int) -> tuple[Tensor, Scalars]:
        rng = step_rng(seed, step)
        batch = clips.draw(rng, schedule.batch, config.max_tokens, how)
        value, shown = torch.zeros(()), Scalars()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            if kind != "paper":
                value, accuracy = tokens_loss(batch, rng)
                shown = {"tokens": float(value.detach()), "accuracy": float(accuracy)}
            if term is not None:
                value = value + term(model, batch, rng)
        return value, {"loss": float(value.detach()), **shown}

    def validate() -> Scalars:
        rng = np.random.default_rng(0)
        plain = TokenLoss(drop_text=0, drop_affect=0, crop=0)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            batches = (held_out.draw(rng, schedule.batch, config.max_tokens, plain) for _ in range(8))
            found = [[float(x) for x in tokens_loss(batch, rng)] for batch in batches]
        value, accuracy = np.mean(found, 0)
        return {"loss": float(value), "accuracy": float(accuracy)}

    meta = {**recipe.part(stage), "seed": seed, "init_sha256": origin, **more}
    scalars = train(Stage(stage, model, schedule, loss, validate, meta), run, stop_after=stop_after)
    if isinstance(model, MaskedTransformer) and stop_after is None and kind != "paper" and recipe.name != "tiny":
        from training.guards import check_generated, generated_energy  # it samples, and so needs this module

        with torch.no_grad():
            scalars["generated_energy"] = generated_energy(model, rvq, held_out)
        check_generated(scalars["generated_energy"])
    return scalars
