"""Denoiser of the diffusion generator: noisy motion -> clean motion (MDM, Tevet et al. 2023), with known frames (DiP).

Shapes: B batch, T frames, N = T / patch tokens, F features, D width, K steps, R condition rows, S text width, E = 9
emotions. x is normalised; `known` flags the frames that are given clean instead of noisy, so plain generation,
continuing and filling in are one model.
"""

import copy
from dataclasses import dataclass

import torch
import torch.nn.functional as fn
from torch import Tensor, nn

from sdk.runtime.decode import Floats
from sdk.runtime.diffusion import NoiseSchedule
from training.models.transformer import TransformerConfig, Trunk

_OCTAVES = 7


@dataclass(frozen=True, kw_only=True)
class DenoiserConfig:
    """Sizes; `steps` is K, which the model is trained for, `patch` the frames a token (even)."""

    steps: int = 50
    features: int = 272
    text_width: int = 384
    width: int = 256
    heads: int = 4
    layers: int = 4
    hidden: int = 1024
    dropout: float = 0.05
    patch: int = 4
    max_frames: int = 256


class Denoiser(nn.Module):
    """Predicts x_0. Tokens of `patch` frames go through the trunk of the token transformers: text, emotion and step are
    prefix tokens, emotion and step are also added to every token. Features are normalised by `mean` and `std`, which
    the checkpoint carries.
    """

    mean: Tensor
    std: Tensor
    levels: Tensor

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config
        width, patch = config.width, config.patch
        window = {"kernel_size": 2 * patch, "stride": patch, "padding": patch // 2}
        self.enter = nn.Conv1d(config.features + 1, width, **window)
        self.widen = nn.ConvTranspose1d(width, width // 2, **window)
        # Sees frames and not tokens: without it a seam shows every `patch` frames.
        self.leave = nn.Conv1d(width // 2, config.features, 5, padding=2)
        self.step = nn.Sequential(nn.Linear(2 * _OCTAVES, width), nn.SiLU(), nn.Linear(width, width))
        self.trunk = Trunk(
            TransformerConfig(
                text_width=config.text_width, width=width, heads=config.heads, layers=config.layers,
                hidden=config.hidden, dropout=config.dropout, max_tokens=config.max_frames // patch,
            )
        )  # fmt: skip
        self.register_buffer("mean", torch.zeros(config.features))
        self.register_buffer("std", torch.ones(config.features))
        self.register_buffer("levels", noise_levels(config.steps), persistent=False)

    def forward(
        self, x_BTF: Tensor, known_BT: Tensor, step_B: Tensor, text_BS: Tensor, affect_BE: Tensor,
        real_BT: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """Normalised motion with the known frames written in -> x_0 (B, T, F), known frames predicted like the others.

        T is a multiple of the patch, as is the number of frames of each row that `real_BT` marks (others are padding).
        """
        x = torch.cat([x_BTF, known_BT[..., None]], -1)
        real_BN = None if real_BT is None else real_BT[:, :: self.config.patch]
        if real_BT is not None:  # what lies behind the end must look to the convolutions as it does at run time
            x = x * real_BT[..., None]
        step_BD = self.step(self.levels[step_B])
        tokens = self.enter(x.transpose(1, 2)).transpose(1, 2) + step_BD[:, None]
        h_BND = self.trunk(tokens, text_BS, affect_BE, step_BD[:, None], real_BN)
        if real_BN is not None:
            h_BND = h_BND * real_BN[..., None]
        h_BDT = fn.silu(self.widen(h_BND.transpose(1, 2)))
        if real_BT is not None:
            h_BDT = h_BDT * real_BT[:, None]
        return self.leave(h_BDT).transpose(1, 2)


def noise_levels(steps: int) -> Tensor:
    """What the model is told of a step, (K, 2 * octaves): waves over the angle whose sine is the noise's share.

    It names the noise and not the number of the step, so weights learned with one K are a start for another.
    """
    schedule = NoiseSchedule.cosine(steps)
    angle_K = torch.atan2(torch.from_numpy(schedule.noise), torch.from_numpy(schedule.signal))
    wave_KO = angle_K[:, None] * 2.0 ** torch.arange(_OCTAVES)
    return torch.cat([wave_KO.cos(), wave_KO.sin()], -1).float()


class Averaged(nn.Module):
    """A model and the moving average of its weights, which is what is kept of it. Both are in the checkpoint."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__()
        self.model, self.decay = model, decay
        self.average = copy.deepcopy(model).requires_grad_(False)

    @torch.no_grad()
    def follow(self, step: int) -> None:
        """Move the average towards the model; in the first steps faster, so that it does not remember the beginning."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for mean, value in zip(self.average.parameters(), self.model.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)

    def start_over(self) -> None:
        """Let the model, too, begin from the average: the start of a fine-tuning."""
        self.model.load_state_dict(self.average.state_dict())


class DenoiseStep(nn.Module):
    """One denoising pass: what is exported, and what the torch side of the parity check runs."""

    def __init__(self, model: Denoiser) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, x: Tensor, frames: Tensor, known: Tensor, step: Tensor, text: Tensor, affect: Tensor, weight: Tensor
    ) -> tuple[Tensor, Tensor]:
        """x (T, F) normalised, frames (T, F) in units, known (T,) 0 or 1, step (1,) int64, text (R, S), affect (R, E),
        weight (R,) -> x_0 (T, F) normalised, with the known frames in it, and the same in units.
        """
        rows = text.shape[0]
        given = known[:, None] > 0
        clean = (frames - self.model.mean) / self.model.std
        x = torch.where(given, clean, x)
        made_RTF = self.model(
            x[None].expand(rows, -1, -1), known[None].expand(rows, -1), step.expand(rows), text, affect
        )
        made = torch.where(given, clean, (made_RTF * weight[:, None, None]).sum(0))
        return made, made * self.model.std + self.model.mean


class TorchDenoiser:
    """`sdk.runtime.diffusion.DenoisePasses` over a torch model in evaluation mode."""

    def __init__(self, model: Denoiser) -> None:
        self._step = DenoiseStep(model)

    @torch.no_grad()
    def denoise(
        self, x_TF: Floats, frames_TF: Floats, known_T: Floats, step: int,
        text_RS: Floats, affect_RE: Floats, weight_R: Floats,
    ) -> tuple[Floats, Floats]:  # fmt: skip
        """See `DenoisePasses.denoise`."""
        x, frames, known, text, affect, weight = map(
            torch.from_numpy, (x_TF, frames_TF, known_T, text_RS, affect_RE, weight_R)
        )
        clean, features = self._step(x, frames, known, torch.tensor([step]), text, affect, weight)
        return clean.numpy(), features.numpy()
