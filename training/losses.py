"""Losses about emotion for the token transformers, beside or instead of the tokens' cross-entropy.

`paper` is EMo-Mask's own (equations 1 to 3), kept for comparison: it pulls every motion towards the mean of its pair's
clips, which hardly moves. `contrast` and `feature` are what we would rather add: supervised contrast of what the
transformer makes of a condition (Khosla et al. 2020), and a distance of each sample's motion from its own clip.
Motion is reached through soft codes, softmax x codebook, so that gradients pass the frozen decoder.

Shapes: B batch, N tokens, Q quantiser layers, C codes, D width, T frames, F features, E emotions, P pairs.
"""

import numpy as np
import torch
import torch.nn.functional as fn
from torch import Tensor

from training.models.rvq import DOWNSAMPLING, Rvq
from training.models.transformer import MaskedTransformer, ResidualTransformer
from training.parallel import spread
from training.recipes import EmotionLoss
from training.tokens import Batch, TokenSet

TOKENS = 16
"""Length of the motions that `paper` compares, about two seconds."""


def pair_means(rvq: Rvq, clips: TokenSet) -> Tensor:
    """Mean of the decoded clips of each (content, emotion), normalised (P, T, F); short clips hold their last token."""
    sums = torch.zeros(int(clips.pairs.max()) + 1, DOWNSAMPLING * TOKENS, rvq.config.features)
    counts = torch.zeros(len(sums))
    for pair, sequences in zip(clips.pairs, clips.sequences, strict=True):
        tokens = torch.from_numpy(sequences[0][:, :TOKENS].astype(np.int64))
        tokens = torch.cat([tokens, tokens[:, -1:].expand(-1, TOKENS - tokens.shape[1])], 1)
        sums[pair] += (rvq.decode(tokens[None])[0] - rvq.mean) / rvq.std
        counts[pair] += 1
    return sums / counts[:, None, None]


class EmotionTerm:
    """The emotional part of a stage's loss, ready to be called with a batch."""

    def __init__(self, how: EmotionLoss, rvq: Rvq, clips: TokenSet) -> None:
        self.how, self._rvq = how, rvq
        self._means_PTF = pair_means(rvq, clips) if how.kind == "paper" else None

    def __call__(
        self, model: MaskedTransformer | ResidualTransformer, batch: Batch, rng: np.random.Generator
    ) -> Tensor:
        """The weighted term; the conditions are those of the clips, never dropped."""
        if self.how.kind == "paper":
            return self._paper(model, batch, rng)
        hidden_BND, layer = hidden_of(model, batch, rng, batch.tokens)
        if self.how.kind == "contrast":
            weight_BN1 = batch.real[..., None].float()
            pooled_BD = (hidden_BND.float() * weight_BN1).sum(1) / weight_BN1.sum(1)
            return self.how.weight * supervised_contrast(pooled_BD, batch.emotion, self.how.temperature)
        made_BTF = self._soft_motion(model, hidden_BND, layer, batch.tokens)
        with torch.no_grad():
            truth_BTF = (self._rvq.decode(batch.tokens[:, : layer + 1]) - self._rvq.mean) / self._rvq.std
        real_BT = batch.real.repeat_interleave(DOWNSAMPLING, 1)
        return self.how.weight * fn.smooth_l1_loss(made_BTF[real_BT], truth_BTF[real_BT])

    def _paper(self, model: MaskedTransformer | ResidualTransformer, batch: Batch, rng: np.random.Generator) -> Tensor:
        """Equation 3: mean squared distance from the pair's mean motion, and equation 2 on the embeddings."""
        assert self._means_PTF is not None
        tokens_BQN = batch.tokens[:, :, :TOKENS]
        if tokens_BQN.shape[2] < TOKENS:
            last = tokens_BQN[:, :, -1:].expand(-1, -1, TOKENS - tokens_BQN.shape[2])
            tokens_BQN = torch.cat([tokens_BQN, last], 2)
        whole = batch._replace(tokens=tokens_BQN, real=torch.ones(len(tokens_BQN), TOKENS, dtype=torch.bool))
        hidden_BND, layer = hidden_of(model, whole, rng, tokens_BQN, masked=1.0)
        made_BTF = self._soft_motion(model, hidden_BND, layer, tokens_BQN)
        distance = fn.mse_loss(made_BTF, self._means_PTF[batch.pair])
        embedder = model.trunk.embedder
        assert embedder is not None, "the paper's loss needs an EmotionEmbedder"
        contrast = paper_contrast(embedder(batch.clip_affect).float(), batch.emotion, self.how.margin)
        return self.how.weight * distance + self.how.contrast * contrast

    def _soft_motion(
        self, model: MaskedTransformer | ResidualTransformer, hidden_BND: Tensor, layer: int, tokens_BQN: Tensor
    ) -> Tensor:
        """Normalised features (B, T, F) of the soft codes of `layer` over the true codes below it."""
        if isinstance(model, MaskedTransformer):
            logits_BNC = model.head(hidden_BND)
        else:
            logits_BNC = model.logits(hidden_BND, torch.full((len(hidden_BND),), layer))
        z_BND = torch.softmax(logits_BNC.float(), -1) @ self._rvq.quantisers[layer].codebook
        for below in range(layer):
            z_BND = z_BND + self._rvq.quantisers[below].lookup(tokens_BQN[:, below])
        return spread(self._rvq.decoder, z_BND).float()


def hidden_of(
    model: MaskedTransformer | ResidualTransformer, batch: Batch, rng: np.random.Generator, tokens_BQN: Tensor, *,
    masked: float = 0.7,
) -> tuple[Tensor, int]:  # fmt: skip
    """Last hidden states (B, N, D) under the clips' own conditions, and the quantiser layer they are about.

    The masked transformer sees a share of 1 - `masked` of the base tokens; the residual one predicts a random layer.
    """
    if isinstance(model, MaskedTransformer):
        hide_BN = torch.from_numpy(rng.random(tokens_BQN[:, 0].shape) < masked) | ~batch.real
        shown_BN = tokens_BQN[:, 0].masked_fill(hide_BN, model.mask_token)
        return spread(model.hidden, shown_BN, batch.text, batch.clip_affect, batch.real), 0
    layer = int(rng.integers(1, model.config.quantisers))
    layer_B = torch.full((len(tokens_BQN),), layer)
    return spread(model.hidden, tokens_BQN, layer_B, batch.text, batch.clip_affect, batch.real), layer


def paper_contrast(embedding_BD: Tensor, emotion_B: Tensor, margin: float) -> Tensor:
    """Equation 2 over all pairs of a batch: y d + (1 - y) max(0, margin - d), d Euclidean, mean instead of sum.

    The embedder sees the emotion alone, so d is zero wherever y is one, and only the second part ever acts.
    """
    gap_BBD = embedding_BD[:, None] - embedding_BD[None]
    distance_BB = (gap_BBD.square().sum(-1) + 1e-8).sqrt()
    same_BB = emotion_B[:, None] == emotion_B[None]
    return torch.where(same_BB, distance_BB, (margin - distance_BB).clamp_min(0)).mean()


def supervised_contrast(vector_BD: Tensor, emotion_B: Tensor, temperature: float) -> Tensor:
    """Supervised contrastive loss (Khosla et al. 2020, L_out); rows without a partner of their emotion are left out."""
    unit_BD = fn.normalize(vector_BD, dim=-1)
    alike_BB = (unit_BD @ unit_BD.T / temperature).masked_fill(torch.eye(len(unit_BD), dtype=torch.bool), -1e9)
    partner_BB = (emotion_B[:, None] == emotion_B[None]) & ~torch.eye(len(unit_BD), dtype=torch.bool)
    chance_BB = alike_BB.log_softmax(-1)
    count_B = partner_BB.sum(-1)
    row_B = -(chance_BB * partner_BB).sum(-1) / count_B.clamp_min(1)
    return row_B[count_B > 0].mean() if bool((count_B > 0).any()) else vector_BD.sum() * 0
