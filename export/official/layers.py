"""Layers that both official families share, under the parameter names of torch.nn.TransformerEncoder.

Shapes: B batch, L positions, D width, H heads. Batch comes first here; official tensors have it second.
"""

import math

import torch
import torch.nn.functional as fn
from torch import Tensor, nn


class Attention(nn.Module):
    """Multi-head self-attention; `bias_LL`, if given, is added to the scores."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x_BLD: Tensor, bias_LL: Tensor | None = None) -> Tensor:
        qkv = fn.linear(x_BLD, self.in_proj_weight, self.in_proj_bias)
        q, k, v = qkv.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        mixed = fn.scaled_dot_product_attention(q, k, v, attn_mask=bias_LL)
        return self.out_proj(mixed.transpose(1, 2).flatten(2))


class PostNormLayer(nn.Module):
    """Self-attention and feed-forward with GELU, each normalised after its residual sum."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn = Attention(width, heads)
        self.linear1, self.linear2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x_BLD: Tensor) -> Tensor:
        x_BLD = self.norm1(x_BLD + self.self_attn(x_BLD))
        return self.norm2(x_BLD + self.linear2(fn.gelu(self.linear1(x_BLD))))


class Layers(nn.Module):
    """A stack of post-norm layers without a final norm."""

    def __init__(self, count: int, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(PostNormLayer(width, heads, hidden) for _ in range(count))

    def forward(self, x_BLD: Tensor) -> Tensor:
        for layer in self.layers:
            x_BLD = layer(x_BLD)
        return x_BLD


class Positions(nn.Module):
    """The table of positions, (count, 1, D) as it is saved; returns the first `length` rows, (length, D)."""

    pe: Tensor

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.register_buffer("pe", torch.empty(count, 1, width))

    def forward(self, length: int) -> Tensor:
        return self.pe[:length, 0]


class PoseEmbedding(nn.Module):
    """A linear layer under the name that it has in both families."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.poseEmbedding = nn.Linear(inputs, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.poseEmbedding(x)


def sinusoids(count: int, width: int) -> Tensor:
    """(count, 1, width): sines in even and cosines in odd columns, as in both official code bases."""
    rate = torch.exp(torch.arange(0, width, 2).float() * (-math.log(10000.0) / width))
    angle = torch.arange(count, dtype=torch.float32)[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)[:, None]
