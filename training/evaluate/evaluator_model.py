"""The text-motion evaluator in torch: a movement encoder, and a linear head on the frozen sentence encoder.

Shapes: B clips, T frames, M columns of movement features, S = 384 width of a sentence embedding, D = 128 of a joint
embedding. Both embeddings are unit vectors, so Euclidean distance, which the published metrics use, ranks as the cosine
does.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as fn
from torch import Tensor, nn

from training.evaluate.movement_features import WIDTH
from training.text import DIM as TEXT_WIDTH

EMBEDDING = 128


@dataclass(frozen=True, kw_only=True)
class EvaluatorConfig:
    """Sizes of the movement encoder; with these all files together stay under 3 MB."""

    first: int = 128
    width: int = 160
    hidden: int = 192
    dropout: float = 0.1


class Block(nn.Module):
    """Norm, GELU, convolution over three steps, added to the input; (B, C, T) -> (B, C, T)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, width)
        self.mix = nn.Conv1d(width, width, 3, padding=1)

    def forward(self, x_BCT: Tensor) -> Tensor:
        return x_BCT + self.mix(fn.gelu(self.norm(x_BCT)))


class MovementEncoder(nn.Module):
    """Movement features (B, T, M), T >= 8, in their own units -> unit embeddings (B, D)."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: EvaluatorConfig) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(WIDTH))
        self.register_buffer("std", torch.ones(WIDTH))
        self.enter = nn.Conv1d(WIDTH, config.first, 5, stride=2, padding=2)
        self.down = nn.Conv1d(config.first, config.width, 5, stride=2, padding=2)
        self.block = Block(config.width)
        self.slow = nn.Conv1d(config.width, config.width, 3, stride=2, padding=1)
        self.last = Block(config.width)
        self.drop = nn.Dropout(config.dropout)
        self.hidden = nn.Linear(2 * config.width, config.hidden)
        self.out = nn.Linear(config.hidden, EMBEDDING)

    def forward(self, x_BTM: Tensor) -> Tensor:
        x = ((x_BTM - self.mean) / self.std).transpose(1, 2)
        x = self.block(self.down(fn.gelu(self.enter(x))))
        x = fn.gelu(self.last(self.slow(fn.gelu(x))))
        pooled = torch.cat([x.mean(-1), x.amax(-1)], -1)
        return fn.normalize(self.out(fn.gelu(self.hidden(self.drop(pooled)))), dim=-1)


class TextHead(nn.Module):
    """Sentence embeddings (B, S) -> unit embeddings (B, D).

    Linear on purpose: with a hidden layer, unseen pairs of a known action and a known manner were found less often.
    """

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(TEXT_WIDTH, EMBEDDING)

    def forward(self, s_BS: Tensor) -> Tensor:
        return fn.normalize(self.out(s_BS), dim=-1)


class Evaluator(nn.Module):
    """Both encoders and the learned sharpness of their agreement."""

    def __init__(self, config: EvaluatorConfig) -> None:
        super().__init__()
        self.movement = MovementEncoder(config)
        self.text = TextHead()
        self.sharpness = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def loss(self, x_BTM: Tensor, s_BS: Tensor) -> Tensor:
        """Symmetric InfoNCE (van den Oord et al. 2018; Radford et al. 2021): row k of both belongs together."""
        logits_BB = self.text(s_BS) @ self.movement(x_BTM).T * self.sharpness.exp().clamp(max=50)
        own = torch.arange(len(logits_BB))
        return (fn.cross_entropy(logits_BB, own) + fn.cross_entropy(logits_BB.T, own)) / 2
