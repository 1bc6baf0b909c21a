"""One pass of an official network as a module, with the signatures of the SDK's own graphs.

Shapes: N tokens, Q quantiser layers, C codes, R condition rows, S text width, E = 9 emotions, T frames, F features.
`affect` is taken so that one runtime serves both, and is not read: these networks know no emotion.
"""

import torch
from torch import Tensor, nn

from export.official.mdm import MdmNet
from export.official.momask import LengthNet, MaskedNet, ResidualNet, VqNet
from training.models.steps import guided_sample


class MaskedPass(nn.Module):
    """Base tokens (N,), some MASK (= C) -> a code for every position (N,) and how sure the model is (N,)."""

    def __init__(self, model: MaskedNet) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, tokens: Tensor, text: Tensor, affect: Tensor, weight: Tensor, noise: Tensor
    ) -> tuple[Tensor, Tensor]:
        """tokens (N,) int64, text (R, S), affect (R, E), weight (R,), noise (N, C)."""
        return guided_sample(self.model(tokens[None].expand(text.shape[0], -1), text), weight, noise)


class ResidualPass(nn.Module):
    """Tokens of the layers below `layer` (Q, N) -> codes of that layer (N,), -1 where the network samples PAD."""

    def __init__(self, model: ResidualNet) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, tokens: Tensor, layer: Tensor, text: Tensor, affect: Tensor, weight: Tensor, noise: Tensor
    ) -> Tensor:
        """tokens (Q, N) int64, layer (1,) int64, text (R, S), affect (R, E), weight (R,), noise (N, C)."""
        rows, codes = text.shape[0], self.model.sizes.codes
        logits_RNP = self.model(tokens[None].expand(rows, -1, -1), layer.expand(rows), text)
        # PAD is one more candidate than there is noise for. It takes the noise of the unlikeliest code: that one is
        # filtered out whatever its noise, so the value is free, and which code it is does not depend on the noise.
        guided_NP = (logits_RNP * weight[:, None, None]).sum(0)
        spare_N1 = noise.gather(1, guided_NP[:, :codes].argmin(-1, keepdim=True))
        code_N, _ = guided_sample(logits_RNP, weight, torch.cat([noise, spare_N1], 1))
        return torch.where(code_N == codes, -1, code_N)


class _InUnits(nn.Module):
    """A VQ-VAE with the mean and deviation (F,) of the features it knows normalised."""

    mean: Tensor
    std: Tensor

    def __init__(self, model: VqNet, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)


class DecodePass(_InUnits):
    """All tokens (Q, N), -1 where a layer was left out -> features (T, F) in their own units."""

    def forward(self, tokens: Tensor, affect: Tensor) -> Tensor:
        """tokens (Q, N) int64, affect (E,)."""
        return self.model.decode(tokens[None])[0] * self.std + self.mean


class EncodePass(_InUnits):
    """Features (T, F) in their own units, T a multiple of 4 -> tokens (Q, N)."""

    def forward(self, features: Tensor) -> Tensor:
        return self.model.encode(((features - self.mean) / self.std)[None])[0]


class LengthPass(nn.Module):
    """A sentence (S,) -> probability of every number of tokens, (50,)."""

    def __init__(self, model: LengthNet) -> None:
        super().__init__()
        self.model = model

    def forward(self, text: Tensor) -> Tensor:
        return torch.softmax(self.model(text[None]), -1)[0]


class DenoisePass(nn.Module):
    """One denoising pass, with the signature of `training.models.diffusion.DenoiseStep`.

    Known frames replace the prediction and not the noisy input: this network never saw clean frames among noisy ones.
    That is the published in-painting, for the sampler's next x follows from the prediction.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: MdmNet, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(
        self, x: Tensor, frames: Tensor, known: Tensor, step: Tensor, text: Tensor, affect: Tensor, weight: Tensor
    ) -> tuple[Tensor, Tensor]:
        """x (T, F) normalised, frames (T, F) in units, known (T,) 0 or 1, step (1,) int64, text (R, S), affect (R, E),
        weight (R,) -> x_0 (T, F) normalised, with the known frames in it, and the same in units.
        """
        rows = text.shape[0]
        made_RTF = self.model(x[None].expand(rows, -1, -1), step.expand(rows), text)
        clean = (frames - self.mean) / self.std
        made = torch.where(known[:, None] > 0, clean, (made_RTF * weight[:, None, None]).sum(0))
        return made, made * self.std + self.mean
