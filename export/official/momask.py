"""The networks of MoMask (Guo et al. 2024) under the names of its published checkpoints, computing what they compute.

Shapes: B batch, T = 4N frames, N tokens, Q quantiser layers, C codes, F features, K code width, D width, S text width.
Written from the description of the published networks; a zero text vector means "no text", as in the official code.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as fn
from torch import Tensor, nn

from export.official.layers import Layers, PoseEmbedding, Positions

CLIP_WIDTH = 512
LENGTHS = 50
_SAVED_POSITIONS = 5000


@dataclass(frozen=True, kw_only=True)
class VqSizes:
    """Sizes of the RVQ-VAE as its opt.txt says them."""

    features: int
    codes: int
    code_width: int
    width: int
    depth: int
    dilation_growth: int
    quantisers: int


@dataclass(frozen=True, kw_only=True)
class TokenSizes:
    """Sizes of a token transformer as its opt.txt says them, and those that follow from the RVQ-VAE."""

    codes: int
    code_width: int
    quantisers: int
    width: int
    heads: int
    layers: int
    hidden: int
    shared: bool = False


class ConvBlock(nn.Module):
    """ReLU, dilated convolution, ReLU, 1x1 convolution, add."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.conv2 = nn.Conv1d(width, width, 1)

    def forward(self, x_BDT: Tensor) -> Tensor:
        return x_BDT + self.conv2(fn.relu(self.conv1(fn.relu(x_BDT))))


class ConvBlocks(nn.Module):
    """Blocks whose dilation falls: growth ** (depth - 1) first, 1 last."""

    def __init__(self, sizes: VqSizes) -> None:
        super().__init__()
        dilations = [sizes.dilation_growth**k for k in reversed(range(sizes.depth))]
        self.model = nn.Sequential(*(ConvBlock(sizes.width, d) for d in dilations))

    def forward(self, x_BDT: Tensor) -> Tensor:
        return self.model(x_BDT)


class Encoder(nn.Module):
    """(B, F, T) normalised -> (B, K, N)."""

    def __init__(self, sizes: VqSizes) -> None:
        super().__init__()
        width = sizes.width
        down = [nn.Sequential(nn.Conv1d(width, width, 4, 2, 1), ConvBlocks(sizes)) for _ in range(2)]
        self.model = nn.Sequential(
            nn.Conv1d(sizes.features, width, 3, padding=1), nn.ReLU(), *down,
            nn.Conv1d(width, sizes.code_width, 3, padding=1),
        )  # fmt: skip

    def forward(self, x_BFT: Tensor) -> Tensor:
        return self.model(x_BFT)


class Decoder(nn.Module):
    """(B, K, N) -> (B, F, T) normalised."""

    def __init__(self, sizes: VqSizes) -> None:
        super().__init__()
        width = sizes.width
        up = [
            nn.Sequential(
                ConvBlocks(sizes), nn.Upsample(scale_factor=2.0, mode="nearest"), nn.Conv1d(width, width, 3, padding=1)
            )
            for _ in range(2)
        ]
        self.model = nn.Sequential(
            nn.Conv1d(sizes.code_width, width, 3, padding=1), nn.ReLU(), *up,
            nn.Conv1d(width, width, 3, padding=1), nn.ReLU(), nn.Conv1d(width, sizes.features, 3, padding=1),
        )  # fmt: skip

    def forward(self, z_BKN: Tensor) -> Tensor:
        return self.model(z_BKN)


class Codebook(nn.Module):
    """The codes of one layer. What the official quantiser keeps beside them is not in its checkpoints, nor needed here.

    (Its sums, counts and `init` serve training alone; to fine-tune, rebuild them first or the codes are drawn anew.)
    """

    codebook: Tensor

    def __init__(self, codes: int, width: int) -> None:
        super().__init__()
        self.register_buffer("codebook", torch.empty(codes, width))


class Quantisers(nn.Module):
    """Codebooks of all layers."""

    def __init__(self, sizes: VqSizes) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Codebook(sizes.codes, sizes.code_width) for _ in range(sizes.quantisers))

    def tables(self) -> list[Tensor]:
        """Q codebooks (C, K)."""
        return [layer.codebook for layer in self.layers]  # type: ignore[misc]


class VqNet(nn.Module):
    """The RVQ-VAE."""

    def __init__(self, sizes: VqSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.encoder, self.decoder, self.quantizer = Encoder(sizes), Decoder(sizes), Quantisers(sizes)

    def encode(self, x_BTF: Tensor) -> Tensor:
        """Normalised features (B, T, F) -> nearest codes (B, Q, N)."""
        residual_BNK = self.encoder(x_BTF.transpose(1, 2)).transpose(1, 2)
        tokens = []
        for table_CK in self.quantizer.tables():
            distance = table_CK.square().sum(-1) - 2 * residual_BNK @ table_CK.T
            tokens.append(distance.argmin(-1))
            residual_BNK = residual_BNK - fn.embedding(tokens[-1], table_CK)
        return torch.stack(tokens, 1)

    def decode(self, tokens_BQN: Tensor) -> Tensor:
        """Tokens (B, Q, N), -1 where a layer was left out -> normalised features (B, T, F)."""
        z_BNK = torch.zeros(())
        for tokens_BN, table_CK in zip(tokens_BQN.unbind(1), self.quantizer.tables(), strict=True):
            z_BNK = z_BNK + fn.embedding(tokens_BN.clamp_min(0), table_CK) * (tokens_BN >= 0)[..., None]
        return self.decoder(z_BNK.transpose(1, 2)).transpose(1, 2)


class Head(nn.Module):
    """Linear, GELU, LayerNorm, Linear."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, width)
        self.LayerNorm = nn.LayerNorm(width, eps=1e-12)
        self.poseFinal = nn.Linear(width, outputs)

    def forward(self, x_BND: Tensor) -> Tensor:
        return self.poseFinal(self.LayerNorm(fn.gelu(self.dense(x_BND))))


class TokenNet(nn.Module):
    """What both transformers share. Prefix tokens get no position; padding is not needed, for a pass has one clip."""

    def __init__(self, sizes: TokenSizes, outputs: int) -> None:
        super().__init__()
        self.sizes = sizes
        self.input_process = PoseEmbedding(sizes.code_width, sizes.width)
        self.position_enc = Positions(_SAVED_POSITIONS, sizes.width)
        self.cond_emb = nn.Linear(CLIP_WIDTH, sizes.width)
        self.seqTransEncoder = Layers(sizes.layers, sizes.width, sizes.heads, sizes.hidden)
        self.output_process = Head(sizes.width, outputs)

    def trunk(self, x_BNK: Tensor, text_BS: Tensor, more_BPD: Tensor | None = None) -> Tensor:
        """Embedded tokens (B, N, K), text (B, S), further prefix tokens (B, P, D) -> the head's output (B, N, ...)."""
        x_BND = self.input_process(x_BNK) + self.position_enc(x_BNK.shape[1])
        prefix = [self.cond_emb(text_BS)[:, None], *([] if more_BPD is None else [more_BPD])]
        h = self.seqTransEncoder(torch.cat([*prefix, x_BND], 1))
        return self.output_process(h[:, -x_BNK.shape[1] :])

    def keep_positions(self, count: int) -> None:
        """Drop the positions beyond `count`, which no clip reaches: thousands are saved, and a graph holds them all."""
        self.position_enc.pe = self.position_enc.pe[:count].clone()


class MaskedNet(TokenNet):
    """Base tokens (B, N) of 0..C-1, C where masked, and text (B, S) -> logits (B, N, C). C + 1 is padding, unused."""

    def __init__(self, sizes: TokenSizes) -> None:
        super().__init__(sizes, sizes.codes)
        self.token_emb = nn.Embedding(sizes.codes + 2, sizes.code_width)

    def forward(self, tokens_BN: Tensor, text_BS: Tensor) -> Tensor:
        return self.trunk(self.token_emb(tokens_BN), text_BS)


class ResidualNet(TokenNet):
    """Tokens of the layers below q and text (B, S) -> logits of layer q, (B, N, C + 1), the last of them PAD.

    With shared tables (all released models) layer k's input and output are one table; without, each has its own.
    """

    def __init__(self, sizes: TokenSizes) -> None:
        super().__init__(sizes, sizes.code_width)
        self.quant_emb = nn.Linear(sizes.quantisers, sizes.width)
        rows, width, above = sizes.codes + 1, sizes.code_width, sizes.quantisers - 1
        if sizes.shared:
            self.token_embed_weight_ = nn.Parameter(torch.empty(1, rows, width))
            self.embed_proj_shared_weight = nn.Parameter(torch.empty(above - 1, rows, width))
            self.output_proj_weight_ = nn.Parameter(torch.empty(1, rows, width))
        else:
            self.token_embed_weight = nn.Parameter(torch.empty(above, rows, width))
            self.output_proj_weight = nn.Parameter(torch.empty(above, rows, width))
            self.output_proj_bias = nn.Parameter(torch.empty(above + 1, rows))

    def forward(self, tokens_BQN: Tensor, layer_B: Tensor, text_BS: Tensor) -> Tensor:
        """(B, Q, N) tokens of which only layers < q count, -1 standing for PAD; (B,) q in 1..Q-1; (B, S) text."""
        count, rows = self.sizes.quantisers, self.sizes.codes + 1
        below_BQ = (torch.arange(count - 1)[None] < layer_B[:, None]).to(text_BS.dtype)
        # One row of tables after the other, so that every use is a gather from the same flat weight.
        inputs, outputs = self._tables()
        tokens_BQN = tokens_BQN[:, :-1]
        rows_BQN = torch.where(tokens_BQN < 0, rows - 1, tokens_BQN) + torch.arange(count - 1)[:, None] * rows
        x_BNK = (fn.embedding(rows_BQN, inputs) * below_BQ[:, :, None, None]).sum(1)
        which_BQ = fn.one_hot(layer_B, count).to(text_BS.dtype)
        h_BNK = self.trunk(x_BNK, text_BS, self.quant_emb(which_BQ)[:, None])
        own_BC = (layer_B[:, None] - 1) * rows + torch.arange(rows)
        logits_BNC = h_BNK @ fn.embedding(own_BC, outputs).transpose(1, 2)
        if self.sizes.shared:
            return logits_BNC
        # The official code adds the product twice here, in training too, so these weights mean twice the product.
        return 2 * logits_BNC + self.output_proj_bias[layer_B - 1][:, None]

    def _tables(self) -> tuple[Tensor, Tensor]:
        if not self.sizes.shared:
            return self.token_embed_weight.flatten(0, 1), self.output_proj_weight.flatten(0, 1)
        rows = self.sizes.codes + 1
        every = torch.cat([self.token_embed_weight_, self.embed_proj_shared_weight, self.output_proj_weight_])
        flat = every.flatten(0, 1)
        return flat[:-rows], flat[rows:]


class LengthNet(nn.Module):
    """Text (B, S) -> logits over the number of tokens, 0..49, (B, 50)."""

    def __init__(self) -> None:
        super().__init__()
        # Dropout does nothing here, but the published names count places, and it has two of them.
        self.output = nn.Sequential(
            nn.Linear(CLIP_WIDTH, 512), nn.LayerNorm(512), nn.LeakyReLU(0.2), nn.Dropout(0.2),
            nn.Linear(512, 256), nn.LayerNorm(256), nn.LeakyReLU(0.2), nn.Dropout(0.2),
            nn.Linear(256, 128), nn.LayerNorm(128), nn.LeakyReLU(0.2), nn.Linear(128, LENGTHS),
        )  # fmt: skip

    def forward(self, text_BS: Tensor) -> Tensor:
        return self.output(text_BS)
