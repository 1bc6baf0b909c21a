"""The denoiser of MDM (Tevet et al. 2023) under the names of its published checkpoints, computing what it computes.

Shapes: B batch, T frames, F features, D width, S text width. Features are normalised; a zero text vector means "no
text". Written from the description of the published network.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as fn
from torch import Tensor, nn

from export.official.layers import Attention, Layers, PoseEmbedding, Positions, PostNormLayer

HEADS, HIDDEN = 4, 1024
"""Both are constants in the official code."""


@dataclass(frozen=True, kw_only=True)
class MdmSizes:
    """Sizes as args.json says them. `decoder`: the text is read by cross-attention instead of as a prefix."""

    features: int
    width: int
    layers: int
    steps: int
    text_width: int
    max_frames: int
    decoder: bool = False

    @property
    def positions(self) -> int:
        """Rows of the table of positions, which frames (and one prefix) and steps share."""
        return max(self.max_frames + 1, self.steps)


class CrossAttention(Attention):
    """Attention of frames to a memory of a single token.

    With one token every weight of the softmax is 1, so what remains of it are its value and output projections.
    """

    def forward(self, memory_B1D: Tensor, bias_LL: Tensor | None = None) -> Tensor:
        width = memory_B1D.shape[-1]
        value = fn.linear(memory_B1D, self.in_proj_weight[2 * width :], self.in_proj_bias[2 * width :])
        return self.out_proj(value)


class DecoderLayer(PostNormLayer):
    """A post-norm layer that also reads the memory, after its self-attention."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__(width, heads, hidden)
        self.multihead_attn = CrossAttention(width, heads)
        self.norm3 = nn.LayerNorm(width)

    def forward(self, x_BLD: Tensor, memory_B1D: Tensor) -> Tensor:  # type: ignore[override]
        x_BLD = self.norm1(x_BLD + self.self_attn(x_BLD))
        x_BLD = self.norm2(x_BLD + self.multihead_attn(memory_B1D))
        return self.norm3(x_BLD + self.linear2(fn.gelu(self.linear1(x_BLD))))


class DecoderLayers(nn.Module):
    """A stack of them."""

    def __init__(self, count: int, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DecoderLayer(width, heads, hidden) for _ in range(count))

    def forward(self, x_BLD: Tensor, memory_B1D: Tensor) -> Tensor:
        for layer in self.layers:
            x_BLD = layer(x_BLD, memory_B1D)
        return x_BLD


class StepEmbedding(nn.Module):
    """Row of the table of positions -> (B, D)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.time_embed = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, row_BD: Tensor) -> Tensor:
        return self.time_embed(row_BD)


class PoseFinal(nn.Module):
    """A linear layer under its published name."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.poseFinal = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.poseFinal(x)


class MdmNet(nn.Module):
    """Noisy motion (B, T, F), step (B,) 0 the cleanest, text (B, S) -> clean motion x_0 (B, T, F)."""

    def __init__(self, sizes: MdmSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.input_process = PoseEmbedding(sizes.features, sizes.width)
        self.sequence_pos_encoder = Positions(sizes.positions, sizes.width)
        self.embed_timestep = StepEmbedding(sizes.width)
        self.embed_text = nn.Linear(sizes.text_width, sizes.width)
        if sizes.decoder:
            self.seqTransDecoder = DecoderLayers(sizes.layers, sizes.width, HEADS, HIDDEN)
        else:
            self.seqTransEncoder = Layers(sizes.layers, sizes.width, HEADS, HIDDEN)
        self.output_process = PoseFinal(sizes.width, sizes.features)

    def forward(self, x_BTF: Tensor, step_B: Tensor, text_BS: Tensor) -> Tensor:
        table = self.sequence_pos_encoder(self.sizes.positions)
        condition_B1D = (self.embed_timestep(fn.embedding(step_B, table)) + self.embed_text(text_BS))[:, None]
        x_BTD = self.input_process(x_BTF)
        if self.sizes.decoder:
            h = self.seqTransDecoder(x_BTD + table[: x_BTF.shape[1]], condition_B1D)
        else:
            x_BLD = torch.cat([condition_B1D, x_BTD], 1)
            h = self.seqTransEncoder(x_BLD + table[: x_BLD.shape[1]])[:, 1:]
        return self.output_process(h)
