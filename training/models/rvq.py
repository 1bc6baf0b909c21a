"""RVQ-VAE: motion features <-> residual tokens (MoMask, Guo et al. 2024, section 3.1).

Shapes: B batch, T frames, N = T/4 tokens, Q quantiser layers, C codes, F features, D width.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as fn
from torch import Tensor, nn

from training.models.emotion import EmotionEmbedder
from training.parallel import spread

DOWNSAMPLING = 4


@dataclass(frozen=True, kw_only=True)
class RvqConfig:
    """Sizes of the RVQ-VAE; `emotion` puts the EmotionEmbedder into the decoder (integration point `vq`)."""

    features: int = 272
    width: int = 256
    codes: int = 512
    code_width: int = 256
    layers: int = 6
    decay: float = 0.99
    emotion: bool = False


class ResidualBlock(nn.Module):
    """ReLU, dilated convolution, ReLU, 1x1 convolution, add; FiLM (Perez et al. 2018) by the emotion where given."""

    def __init__(self, width: int, dilation: int, *, emotion: bool) -> None:
        super().__init__()
        self.dilated = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)
        self.film = nn.Linear(width, 2 * width) if emotion else None
        if self.film is not None:  # begins as the identity
            nn.init.zeros_(self.film.weight)
            nn.init.zeros_(self.film.bias)

    def forward(self, x_BDT: Tensor, emotion_BD: Tensor | None = None) -> Tensor:
        h = self.dilated(fn.relu(x_BDT))
        if self.film is not None and emotion_BD is not None:
            scale, shift = self.film(emotion_BD)[..., None].chunk(2, 1)
            h = h * (1 + scale) + shift
        return x_BDT + self.mix(fn.relu(h))


class Encoder(nn.Module):
    """(B, T, F) normalised features -> (B, N, code_width)."""

    def __init__(self, config: RvqConfig) -> None:
        super().__init__()
        width = config.width
        stages: list[nn.Module] = [nn.Conv1d(config.features, width, 3, padding=1), nn.ReLU()]
        for _ in range(2):
            stages.append(nn.Conv1d(width, width, 4, stride=2, padding=1))
            stages += [ResidualBlock(width, d, emotion=False) for d in (9, 3, 1)]
        stages.append(nn.Conv1d(width, config.code_width, 3, padding=1))
        self.stages = nn.Sequential(*stages)

    def forward(self, x_BTF: Tensor) -> Tensor:
        return self.stages(x_BTF.transpose(1, 2)).transpose(1, 2)


class Decoder(nn.Module):
    """(B, N, code_width) -> (B, 4N, F) normalised features."""

    def __init__(self, config: RvqConfig) -> None:
        super().__init__()
        width = config.width
        self.embedder = EmotionEmbedder(width) if config.emotion else None
        self.enter = nn.Conv1d(config.code_width, width, 3, padding=1)
        self.blocks = nn.ModuleList(ResidualBlock(width, d, emotion=config.emotion) for d in (9, 3, 1) * 2)
        self.widen = nn.ModuleList(nn.Conv1d(width, width, 3, padding=1) for _ in range(2))
        self.hidden = nn.Conv1d(width, width, 3, padding=1)
        self.leave = nn.Conv1d(width, config.features, 3, padding=1)

    def forward(self, z_BND: Tensor, affect_BE: Tensor | None = None) -> Tensor:
        emotion_BD = None if self.embedder is None or affect_BE is None else self.embedder(affect_BE)
        x = fn.relu(self.enter(z_BND.transpose(1, 2)))
        for stage, widen in enumerate(self.widen):
            for block in self.blocks[3 * stage : 3 * stage + 3]:
                x = block(x, emotion_BD)
            x = widen(fn.interpolate(x, scale_factor=2.0, mode="nearest"))
        return self.leave(fn.relu(self.hidden(fn.relu(x)))).transpose(1, 2)


class Quantiser(nn.Module):
    """One codebook, learned by exponential moving averages.

    Everything that the averages need lives in buffers, hence in the checkpoint: a resumed run goes on to the bit, and a
    fine-tuned one cannot re-initialise its codes by accident.
    """

    codebook: Tensor
    counts: Tensor
    sums: Tensor
    initialised: Tensor

    def __init__(self, config: RvqConfig) -> None:
        super().__init__()
        self.decay = config.decay
        self.register_buffer("codebook", torch.zeros(config.codes, config.code_width))
        self.register_buffer("counts", torch.ones(config.codes))
        self.register_buffer("sums", torch.zeros(config.codes, config.code_width))
        self.register_buffer("initialised", torch.zeros((), dtype=torch.bool))

    def nearest(self, x_MD: Tensor) -> Tensor:
        """Index of the nearest code, (..., D) -> (...)."""
        distance = self.codebook.square().sum(-1) - 2 * x_MD @ self.codebook.T
        return distance.argmin(-1)

    def lookup(self, tokens: Tensor) -> Tensor:
        """(...) -> (..., D)."""
        return fn.embedding(tokens, self.codebook)

    @torch.no_grad()
    def update(self, x_MD: Tensor, tokens_M: Tensor) -> None:
        """Move the codes towards the vectors they stand for; codes that died are reborn as vectors of this batch."""
        count = len(self.codebook)
        one_hot = fn.one_hot(tokens_M, count).to(x_MD.dtype)
        self.counts.mul_(self.decay).add_(one_hot.sum(0), alpha=1 - self.decay)
        self.sums.mul_(self.decay).add_(one_hot.T @ x_MD, alpha=1 - self.decay)
        self.codebook.copy_(self.sums / self.counts.clamp_min(1e-5)[:, None])
        # The share of a batch that an even use would give a code; below a twentieth of it the code counts as dead.
        dead = self.counts < 0.05 * len(x_MD) / count
        self._reseed(dead, x_MD)

    @torch.no_grad()
    def initialise(self, x_MD: Tensor) -> None:
        """First codes: vectors of the first batch."""
        self._reseed(torch.ones(len(self.codebook), dtype=torch.bool), x_MD)
        self.initialised.fill_(True)

    def _reseed(self, which: Tensor, x_MD: Tensor) -> None:
        number = int(which.sum())
        if number:
            picks = x_MD[torch.randint(len(x_MD), (number,))]
            picks = picks + 0.01 * x_MD.std() * torch.randn_like(picks)
            self.codebook[which] = picks
            self.sums[which] = picks
            self.counts[which] = 1.0


class RvqOutput(NamedTuple):
    """Reconstruction (B, T, F), commitment loss, tokens (B, Q, N) with -1 for layers that were dropped."""

    features: Tensor
    commit: Tensor
    tokens: Tensor


class Rvq(nn.Module):
    """Encoder, Q quantisers, decoder. Features are normalised by `mean` and `std`, which the checkpoint carries."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: RvqConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.quantisers = nn.ModuleList(Quantiser(config) for _ in range(config.layers))
        self.decoder = Decoder(config)
        self.register_buffer("mean", torch.zeros(config.features))
        self.register_buffer("std", torch.ones(config.features))

    def forward(self, x_BTF: Tensor, affect_BE: Tensor | None = None, *, keep_layers: int | None = None) -> RvqOutput:
        """Normalised features in and out. While training, codes are updated; `keep_layers` drops the later layers."""
        z = spread(self.encoder, x_BTF).float()
        residual, total, commit = z, torch.zeros_like(z), z.new_zeros(())
        tokens = []
        used = self.config.layers if keep_layers is None else keep_layers
        for k, quantiser in enumerate(self.quantisers):
            if k >= used:
                tokens.append(torch.full(z.shape[:2], -1))
                continue
            flat = residual.detach().reshape(-1, z.shape[-1])
            if self.training and not quantiser.initialised:
                quantiser.initialise(flat)
            index = quantiser.nearest(flat)
            code = quantiser.lookup(index).view_as(z)
            commit = commit + fn.mse_loss(residual, code)
            if self.training:
                quantiser.update(flat, index)
            total = total + code
            residual = residual - code
            tokens.append(index.view(z.shape[:2]))
        straight_through = z + (total - z).detach()
        features = spread(self.decoder, straight_through, affect_BE)
        return RvqOutput(features, commit / used, torch.stack(tokens, 1))

    def encode(self, x_BTF: Tensor) -> Tensor:
        """Features in their own units (B, T, F), T a multiple of 4 -> tokens (B, Q, N)."""
        residual = self.encoder((x_BTF - self.mean) / self.std)
        tokens = []
        for quantiser in self.quantisers:
            tokens.append(quantiser.nearest(residual))
            residual = residual - quantiser.lookup(tokens[-1])
        return torch.stack(tokens, 1)

    def decode(self, tokens_BQN: Tensor, affect_BE: Tensor | None = None) -> Tensor:
        """Tokens (B, q, N) of the first q >= 1 layers -> features in their own units (B, 4N, F)."""
        layers = tokens_BQN.unbind(1)
        z = sum(self.quantisers[k].lookup(t) for k, t in enumerate(layers))
        return self.decoder(z, affect_BE) * self.std + self.mean
