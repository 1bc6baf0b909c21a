"""One pass of decoding as a module: what is exported, and what the torch side of the parity check runs.

Shapes: N tokens, Q quantiser layers, C codes, R condition rows, S text width, E = 9 emotions, T = 4N frames, F
features.
Guidance is a weighted sum over condition rows: rows (full, nothing) with weights (s, 1 - s) are classifier-free
guidance of scale s, three rows separate the text's scale from the emotion's, and one row of weight 1 is none. All
randomness comes in as Gumbel noise, so equal noise gives equal tokens on every runtime.
"""

import math

import torch
from torch import Tensor, nn

from training.models.rvq import Rvq
from training.models.transformer import MaskedTransformer, ResidualTransformer

KEEP_SHARE = 0.1
"""Share of the codes that may be sampled at a position, the likeliest ones (MoMask's top-k filter)."""


def guided_sample(logits_RNC: Tensor, weight_R: Tensor, noise_NC: Tensor) -> tuple[Tensor, Tensor]:
    """Guided logits -> sampled code (N,) and its probability before filtering (N,)."""
    logits_NC = torch.tensordot(weight_R, logits_RNC, 1)
    keep = math.ceil(KEEP_SHARE * logits_NC.shape[-1])
    # Unsorted: a third of the time.
    floor = torch.topk(logits_NC, keep, dim=-1, sorted=False).values.amin(-1, keepdim=True)
    # Gumbel-max sampling; codes below the floor can never win.
    code_N = torch.where(logits_NC >= floor, logits_NC + noise_NC, torch.full_like(logits_NC, -1e9)).argmax(-1)
    chance_N = torch.softmax(logits_NC, -1).gather(1, code_N[:, None])[:, 0]
    return code_N, chance_N


class MaskedStep(nn.Module):
    """Base tokens (N,), some MASK (= C) -> a code for every position (N,) and how sure the model is (N,)."""

    def __init__(self, model: MaskedTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, tokens: Tensor, text: Tensor, affect: Tensor, weight: Tensor, noise: Tensor
    ) -> tuple[Tensor, Tensor]:
        """tokens (N,) int64, text (R, S), affect (R, E), weight (R,), noise (N, C)."""
        logits_RNC = self.model(tokens[None].expand(text.shape[0], -1), text, affect)
        return guided_sample(logits_RNC, weight, noise)


class ResidualStep(nn.Module):
    """Tokens of the layers below `layer` (Q, N) -> codes of that layer (N,)."""

    def __init__(self, model: ResidualTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, tokens: Tensor, layer: Tensor, text: Tensor, affect: Tensor, weight: Tensor, noise: Tensor
    ) -> Tensor:
        """tokens (Q, N) int64, layer (1,) int64, text (R, S), affect (R, E), weight (R,), noise (N, C)."""
        rows = text.shape[0]
        logits_RNC = self.model(tokens[None].expand(rows, -1, -1), layer.expand(rows), text, affect)
        return guided_sample(logits_RNC, weight, noise)[0]


class DecodeStep(nn.Module):
    """All tokens (Q, N), -1 where a layer was left out -> features (T, F) in their own units."""

    codebooks: Tensor

    def __init__(self, model: Rvq) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("codebooks", torch.cat([q.codebook for q in model.quantisers]))

    def forward(self, tokens: Tensor, affect: Tensor) -> Tensor:
        """tokens (Q, N) int64, affect (E,), which only a decoder with the integration point `vq` reads."""
        layers, codes = self.model.config.layers, self.model.config.codes
        rows_QN = tokens.clamp_min(0) + torch.arange(layers)[:, None] * codes
        z_QND = torch.nn.functional.embedding(rows_QN, self.codebooks)
        z_1ND = (z_QND * (tokens >= 0)[..., None]).sum(0)[None]
        emotion = affect[None] if self.model.config.emotion else None
        return self.model.decoder(z_1ND, emotion)[0] * self.model.std + self.model.mean


class EncodeStep(nn.Module):
    """Features (T, F) in their own units, T a multiple of 4 -> tokens (Q, N): prefixes for continuation."""

    def __init__(self, model: Rvq) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: Tensor) -> Tensor:
        return self.model.encode(features[None])[0]
