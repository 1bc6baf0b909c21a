"""Masked and residual transformers over motion tokens (MoMask, section 3.2-3.3), with the EmotionEmbedder (EMo-Mask).

Shapes: B batch, N tokens, P prefix tokens, Q quantiser layers, C codes, D width, H heads, E = 9 emotions, S text width.
Both models read a text embedding and an affect condition as prefix tokens; the emotion is also added to every token,
so that a condition that changes over time needs no other weights. A zero text vector means "no text", a zero affect
vector "no emotion".

Two things differ from MoMask, because with its sinusoidal positions a small run never learned what stands beside a
masked token (docs/log.md): a convolution mixes neighbours before the first block, and attention knows relative
positions (RoPE, Su et al. 2021).
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as fn
from torch import Tensor, nn

from training.models.emotion import EmotionEmbedder

MAX_PREFIX = 3


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """Sizes of a token transformer; `emotion` puts the EmotionEmbedder in (integration points `mask`, `residual`)."""

    codes: int = 512
    quantisers: int = 6
    text_width: int = 384
    width: int = 256
    heads: int = 4
    layers: int = 4
    hidden: int = 1024
    dropout: float = 0.15
    max_tokens: int = 64
    emotion: bool = True


class Block(nn.Module):
    """Pre-norm self-attention and feed-forward."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.heads, self.dropout = config.heads, config.dropout
        self.norm1, self.norm2 = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)
        self.feed = nn.Sequential(
            nn.Linear(config.width, config.hidden), nn.GELU(), nn.Dropout(config.dropout),
            nn.Linear(config.hidden, config.width),
        )  # fmt: skip
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x_BND: Tensor, turns_2NK: Tensor, real_B11N: Tensor | None) -> Tensor:
        x_BND = x_BND + self.drop(self.out(self._mixed(self.qkv(self.norm1(x_BND)), turns_2NK, real_B11N)))
        return x_BND + self.drop(self.feed(self.norm2(x_BND)))

    def _mixed(self, qkv_BNA: Tensor, turns_2NK: Tensor, real_B11N: Tensor | None) -> Tensor:
        """Attention of queries, keys and values that lie side by side, A = 3 D, (B, N, D)."""
        if torch.onnx.is_in_onnx_export() and real_B11N is None:
            return fused_attention(qkv_BNA, turns_2NK, self.heads)
        qkv_3BHNK = qkv_BNA.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        (q, k), v = rotate(qkv_3BHNK[:2], turns_2NK), qkv_3BHNK[2]
        chance = self.dropout if self.training else 0.0
        mixed = fn.scaled_dot_product_attention(q, k, v, attn_mask=real_B11N, dropout_p=chance)
        return mixed.transpose(1, 2).flatten(2)


class Trunk(nn.Module):
    """Prefix tokens, neighbours, blocks, final norm: what both transformers share."""

    turns: Tensor

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.text = nn.Linear(config.text_width, config.width)
        self.embedder = EmotionEmbedder(config.width) if config.emotion else None
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.drop = nn.Dropout(config.dropout)
        self.neighbours = nn.Conv1d(config.width, config.width, 5, padding=2)
        turns = rotary_turns(config.max_tokens + MAX_PREFIX, config.width // config.heads)
        self.register_buffer("turns", turns, persistent=False)

    def forward(
        self, x_BND: Tensor, text_BS: Tensor, affect_BE: Tensor, extra_BPD: Tensor | None, real_BN: Tensor | None
    ) -> Tensor:
        prefix = [self.text(text_BS)[:, None]]
        if real_BN is not None:  # padding must look like the end of the clip to the convolution
            x_BND = x_BND * real_BN[..., None]
        x_BND = x_BND + self.neighbours(x_BND.transpose(1, 2)).transpose(1, 2)
        if self.embedder is not None:
            emotion_B1D = self.embedder(affect_BE)[:, None]
            prefix.append(emotion_B1D)
            x_BND = x_BND + emotion_B1D
        if extra_BPD is not None:
            prefix.append(extra_BPD)
        prefix_BPD = torch.cat(prefix, 1)
        count = prefix_BPD.shape[1]
        mask = None
        if real_BN is not None:
            mask = torch.cat([real_BN.new_ones(len(real_BN), count), real_BN], 1)[:, None, None]
        h = self.drop(torch.cat([prefix_BPD, x_BND], 1))
        turns_2NK = self.turns[:, : h.shape[1]]
        for block in self.blocks:
            h = block(h, turns_2NK, mask)
        return self.norm(h[:, count:])


class MaskedTransformer(nn.Module):
    """Base-layer tokens, some of them MASK -> logits of all of them."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.mask_token = config.codes
        self.tokens = nn.Embedding(config.codes + 1, config.width)
        self.trunk = Trunk(config)
        self.head = nn.Linear(config.width, config.codes)

    def forward(self, tokens_BN: Tensor, text_BS: Tensor, affect_BE: Tensor, real_BN: Tensor | None = None) -> Tensor:
        """(B, N) tokens, (B, S), (B, E), padding mask (B, N) -> (B, N, C)."""
        return self.head(self.hidden(tokens_BN, text_BS, affect_BE, real_BN))

    def hidden(self, tokens_BN: Tensor, text_BS: Tensor, affect_BE: Tensor, real_BN: Tensor | None = None) -> Tensor:
        """What the logits are read from, (B, N, D)."""
        return self.trunk(self.tokens(tokens_BN), text_BS, affect_BE, None, real_BN)


class ResidualTransformer(nn.Module):
    """Tokens of the layers below q -> logits of layer q's tokens, q in 1..Q-1."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        # Rows of one table per layer, one after the other; what layer q is read with in the layers above is also what
        # it is predicted with. Kept flat, so that every use is a gather from the same weight in the exported graph.
        self.table = nn.Parameter(torch.randn(config.quantisers * config.codes, config.width) * config.width**-0.5)
        self.layer = nn.Embedding(config.quantisers, config.width)
        self.trunk = Trunk(config)
        self.head = nn.Linear(config.width, config.width)

    def forward(
        self, tokens_BQN: Tensor, layer_B: Tensor, text_BS: Tensor, affect_BE: Tensor, real_BN: Tensor | None = None
    ) -> Tensor:
        """(B, Q, N) tokens of which only layers < q count, (B,) q, conditions -> (B, N, C)."""
        return self.logits(self.hidden(tokens_BQN, layer_B, text_BS, affect_BE, real_BN), layer_B)

    def hidden(
        self, tokens_BQN: Tensor, layer_B: Tensor, text_BS: Tensor, affect_BE: Tensor, real_BN: Tensor | None = None
    ) -> Tensor:
        """What the logits are read from, (B, N, D)."""
        count, codes = self.config.quantisers, self.config.codes
        below_BQ = (torch.arange(count)[None] < layer_B[:, None]).to(self.table.dtype)
        rows_BQN = tokens_BQN.clamp_min(0) + torch.arange(count)[:, None] * codes
        x_BND = (fn.embedding(rows_BQN, self.table) * below_BQ[:, :, None, None]).sum(1)
        return self.trunk(x_BND * self.config.width**0.5, text_BS, affect_BE, self.layer(layer_B)[:, None], real_BN)

    def logits(self, hidden_BND: Tensor, layer_B: Tensor) -> Tensor:
        """Hidden states of layer q -> its logits (B, N, C)."""
        codes = self.config.codes
        own_BCD = fn.embedding(layer_B[:, None] * codes + torch.arange(codes), self.table)
        return self.head(hidden_BND) @ own_BCD.transpose(1, 2)


def rotary_turns(count: int, width: int) -> Tensor:
    """Cosines and sines (2, count, width / 2) of rotary positions for heads of `width`."""
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    angle = torch.arange(count)[:, None] * rate
    return torch.stack([angle.cos(), angle.sin()])


def fused_attention(qkv_BNA: Tensor, turns_2NK: Tensor, heads: int) -> Tensor:
    """The same attention by ONNX's own operators (RotaryEmbedding and Attention, opset 23), (B, N, D).

    At the size of a clip a pass is mostly the starting of small operations: these are five where there were fifty.
    """
    cos, sin = (turns_NK.expand(qkv_BNA.shape[0], -1, -1) for turns_NK in turns_2NK.unbind(0))
    q, k, v = qkv_BNA.chunk(3, -1)
    q, k = (torch.onnx.ops.rotary_embedding(x, cos, sin, num_heads=heads) for x in (q, k))
    return torch.onnx.ops.attention(q, k, v, q_num_heads=heads, kv_num_heads=heads)[0]


def rotate(x_BHNK: Tensor, turns_2NK: Tensor) -> Tensor:
    """Turn the halves of queries or keys by their positions, so that their product depends on the distance alone."""
    cos, sin = turns_2NK.to(x_BHNK.dtype).unbind(0)
    a, b = x_BHNK.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)
