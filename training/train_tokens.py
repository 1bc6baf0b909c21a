"""Stages 2 and 3: the masked and the residual transformer, on the tokens of a trained RVQ-VAE.

Shapes: B batch, N tokens, Q quantiser layers, S text width, E = 9 emotions.
"""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as fn
from torch import Tensor
from tqdm import tqdm

from training import checkpoint
from training.data import ClipSet, load_clips, step_rng
from training.loop import Scalars, Stage, train
from training.models.rvq import DOWNSAMPLING, Rvq, RvqConfig
from training.models.transformer import MaskedTransformer, ResidualTransformer, TransformerConfig
from training.recipes import Recipe, TokenLoss
from training.text import embed_captions
from training.train_rvq import check_result

OFFSETS = (0, 2)
"""Frames by which a clip is shifted before it is encoded: two token sequences from each clip."""
MIN_TOKENS = 4


class Batch(NamedTuple):
    """tokens (B, Q, N), real (B, N) True where not padding, text (B, S), affect (B, E); dropped conditions are zero."""

    tokens: Tensor
    real: Tensor
    text: Tensor
    affect: Tensor


@dataclass(frozen=True, eq=False)
class TokenSet:
    """Token sequences (Q, N) of every clip at every offset, with the clips' conditions."""

    sequences: list[list[np.ndarray]]
    text: list[np.ndarray]
    affect: np.ndarray
    weights: np.ndarray

    @classmethod
    def encode(cls, clips: ClipSet, rvq: Rvq, *, label: str) -> "TokenSet":
        """Run the frozen RVQ-VAE's encoder over all clips, and the text encoder over all captions."""
        sequences = []
        for clip in tqdm(clips.clips, desc=f"tokens of {label}", unit="clip"):
            found = []
            for offset in OFFSETS:
                x = clip.features[offset:]
                x = x[: len(x) // DOWNSAMPLING * DOWNSAMPLING]
                if len(x) >= DOWNSAMPLING * MIN_TOKENS or not found:
                    found.append(rvq.encode(torch.from_numpy(x[None]))[0].numpy().astype(np.int16))
            sequences.append(found)
        captions = sorted({text for clip in clips.clips for text in clip.captions})
        row = {text: k for k, text in enumerate(captions)}
        embedded = embed_captions(captions)
        text = [embedded[[row[c] for c in clip.captions]] for clip in clips.clips]
        return cls(sequences, text, np.stack([c.affect.condition for c in clips.clips]), clips.weights)

    def draw(self, rng: np.random.Generator, batch: int, max_tokens: int, how: TokenLoss) -> Batch:
        """A batch of similar lengths: four times as many are drawn, sorted by length, and one quarter is taken."""
        parts: list[tuple[np.ndarray, int]] = []
        for k in rng.choice(len(self.sequences), 4 * batch, p=self.weights):
            choices = self.sequences[k]
            sequence = choices[rng.integers(len(choices))]
            length = min(sequence.shape[1], max_tokens)
            if length > 2 * MIN_TOKENS and rng.random() < how.crop:
                length = int(rng.integers(length // 2, length + 1))
            start = int(rng.integers(sequence.shape[1] - length + 1))
            parts.append((sequence[:, start : start + length], int(k)))
        parts.sort(key=lambda part: part[0].shape[1])
        quarter = int(rng.integers(4))
        parts = parts[quarter * batch : (quarter + 1) * batch]
        longest = max(tokens.shape[1] for tokens, _ in parts)
        tokens = np.zeros((batch, parts[0][0].shape[0], longest), dtype=np.int64)
        real = np.zeros((batch, longest), dtype=bool)
        for row, (sequence, _) in enumerate(parts):
            tokens[row, :, : sequence.shape[1]] = sequence
            real[row, : sequence.shape[1]] = True
        text = np.stack([self.text[k][rng.integers(len(self.text[k]))] for _, k in parts])
        affect = self.affect[[k for _, k in parts]].copy()
        both, only = rng.random(batch), rng.random((2, batch))
        text[(both < how.drop_text) | (only[0] < how.drop_text / 2)] = 0
        affect[(both < how.drop_text) | (only[1] < how.drop_affect)] = 0
        return Batch(*map(torch.from_numpy, (tokens, real, text, affect)))


def load_rvq(run: Path) -> tuple[Rvq, str]:
    """The trained RVQ-VAE of a run, frozen, and a hash of its weights.

    Raises InvalidInput while it is not finished, and when it ended with dead codes or frozen motion.
    """
    path = run / "rvq.pt"
    saved = checkpoint.load_finished(path)
    if saved["meta"]["recipe"] != "tiny":
        check_result(saved["scalars"])
    model = Rvq(RvqConfig(**saved["meta"]["model"]))
    checkpoint.load_weights(model, saved["model"], path)
    digest = hashlib.sha256()
    for name, value in sorted(saved["model"].items()):
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return model.eval().requires_grad_(False), digest.hexdigest()


def masked_loss(
    model: MaskedTransformer, batch: Batch, rng: np.random.Generator, how: TokenLoss
) -> tuple[Tensor, Tensor]:
    """Cross-entropy and accuracy on the masked positions (MoMask, section 3.2; ratio from the cosine schedule)."""
    base_BN = batch.tokens[:, 0]
    count_B = batch.real.sum(1)
    share_B = torch.from_numpy(np.cos(0.5 * math.pi * rng.random(len(base_BN))))
    wanted_B = (share_B * count_B).round().clamp_min(1)
    order_BN = torch.from_numpy(rng.random(base_BN.shape)).masked_fill(~batch.real, 2.0).argsort(1).argsort(1)
    chosen_BN = order_BN < wanted_B[:, None]
    luck_BN = torch.from_numpy(rng.random(base_BN.shape))
    noise_BN = torch.from_numpy(rng.integers(0, model.config.codes, base_BN.shape))
    # Of the chosen, most become MASK, some a random code, some stay: the model learns to doubt what it is shown.
    shown_BN = torch.where(chosen_BN & (luck_BN < how.random_code), noise_BN, base_BN)
    mask_BN = chosen_BN & (luck_BN >= how.random_code) & (luck_BN < how.random_code + 0.88 * (1 - how.random_code))
    shown_BN = shown_BN.masked_fill(mask_BN, model.mask_token)
    shown_BN = shown_BN.masked_fill(~batch.real, model.mask_token)
    logits = model(shown_BN, batch.text, batch.affect, batch.real)[chosen_BN].float()
    truth = base_BN[chosen_BN]
    return fn.cross_entropy(logits, truth), (logits.argmax(-1) == truth).float().mean()


def residual_loss(model: ResidualTransformer, batch: Batch, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Cross-entropy and accuracy of one random layer a sample, higher layers seen less often (MoMask, section 3.3)."""
    layers = model.config.quantisers
    spread = (1 - np.cos(0.5 * math.pi * rng.random(len(batch.tokens)))) * (layers - 2)
    layer_B = torch.from_numpy(1 + np.round(spread).astype(np.int64))
    logits = model(batch.tokens, layer_B, batch.text, batch.affect, batch.real)[batch.real].float()
    truth = batch.tokens[torch.arange(len(layer_B)), layer_B][batch.real]
    return fn.cross_entropy(logits, truth), (logits.argmax(-1) == truth).float().mean()


def build(stage: str, config: TransformerConfig) -> MaskedTransformer | ResidualTransformer:
    """The transformer of a stage."""
    return MaskedTransformer(config) if stage == "masked" else ResidualTransformer(config)


def train_tokens(
    stage: str, recipe: Recipe, data: Path, run: Path, *, seed: int, stop_after: int | None = None
) -> Scalars:
    """Train, resume or finish one transformer in `run`, whose RVQ-VAE must be finished."""
    rvq, digest = load_rvq(run)
    with torch.no_grad():
        clips = TokenSet.encode(load_clips(data, "train"), rvq, label="train")
        held_out = TokenSet.encode(load_clips(data, "val", mirror=False), rvq, label="val")
    torch.manual_seed(seed)
    config, schedule, how = getattr(recipe, f"{stage}_model"), getattr(recipe, stage), recipe.token_loss
    model = build(stage, config)

    def one(batch: Batch, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            if isinstance(model, MaskedTransformer):
                return masked_loss(model, batch, rng, how)
            return residual_loss(model, batch, rng)

    def loss(step: int) -> tuple[Tensor, Scalars]:
        rng = step_rng(seed, step)
        value, accuracy = one(clips.draw(rng, schedule.batch, config.max_tokens, how), rng)
        return value, {"loss": float(value.detach()), "accuracy": float(accuracy)}

    def validate() -> Scalars:
        rng = np.random.default_rng(0)
        plain = TokenLoss(drop_text=0, drop_affect=0, crop=0)
        pairs = [one(held_out.draw(rng, schedule.batch, config.max_tokens, plain), rng) for _ in range(8)]
        value, accuracy = (float(np.mean([float(x) for x in column])) for column in zip(*pairs, strict=True))
        return {"loss": value, "accuracy": accuracy}

    meta = {**recipe.part(stage), "seed": seed, "rvq_sha256": digest}
    scalars = train(Stage(stage, model, schedule, loss, validate, meta), run, stop_after=stop_after)
    if isinstance(model, MaskedTransformer) and stop_after is None and recipe.name != "tiny":
        from training.guards import check_generated, generated_energy  # it samples, and so needs this module

        with torch.no_grad():
            scalars["generated_energy"] = generated_energy(model, rvq, held_out)
        check_generated(scalars["generated_energy"])
    return scalars
