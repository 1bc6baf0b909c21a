"""The decoding loop's passes in torch. Shapes as in `sdk.runtime.decode`."""

from collections.abc import Collection

import numpy as np
import torch

from sdk.runtime.decode import Floats, Ints
from training.generator import Generator
from training.models.rvq import Rvq
from training.models.steps import DecodeStep, MaskedStep, ResidualStep
from training.models.transformer import MaskedTransformer, ResidualTransformer


class TorchPasses:
    """`sdk.runtime.decode.Passes` over torch modules in evaluation mode.

    points: the stages that are told the affect, of mask, residual and vq; the others get the zeros of "no emotion".
    """

    def __init__(
        self, rvq: Rvq, masked: MaskedTransformer, residual: ResidualTransformer | None, *,
        points: Collection[str] = ("mask", "residual", "vq"), distilled: MaskedTransformer | None = None,
    ) -> None:  # fmt: skip
        self._told = {point: np.float32(point in points) for point in ("mask", "residual", "vq")}
        self._masked, self._decode = MaskedStep(masked), DecodeStep(rvq)
        self._residual = None if residual is None else ResidualStep(residual)
        self._distilled = None if distilled is None else MaskedStep(distilled)

    @classmethod
    def of(cls, generator: Generator) -> "TorchPasses":
        """The passes of a whole generator."""
        return cls(generator.rvq, generator.masked, generator.residual, distilled=generator.distilled)

    @torch.no_grad()
    def masked(
        self, tokens_N: Ints, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> tuple[Ints, Floats]:
        """See `Passes.masked`."""
        return self._proposed(self._masked, tokens_N, text_RS, affect_RE, weight_R, noise_NC)

    @torch.no_grad()
    def distilled(
        self, tokens_N: Ints, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> tuple[Ints, Floats]:
        """See `Passes.distilled`."""
        if self._distilled is None:
            raise ValueError("these passes were made without a distilled transformer")
        return self._proposed(self._distilled, tokens_N, text_RS, affect_RE, weight_R, noise_NC)

    def _proposed(
        self, step: MaskedStep, tokens_N: Ints, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> tuple[Ints, Floats]:
        affect_RE = affect_RE * self._told["mask"]
        code, chance = step(*map(torch.from_numpy, (tokens_N, text_RS, affect_RE, weight_R, noise_NC)))
        return code.numpy(), chance.numpy()

    @torch.no_grad()
    def residual(
        self, tokens_QN: Ints, layer: int, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> Ints:
        """See `Passes.residual`."""
        if self._residual is None:
            raise ValueError("these passes were made without a residual transformer")
        rest = map(torch.from_numpy, (text_RS, affect_RE * self._told["residual"], weight_R, noise_NC))
        found: Ints = self._residual(torch.from_numpy(tokens_QN), torch.tensor([layer]), *rest).numpy()
        return found

    @torch.no_grad()
    def decode(self, tokens_QN: Ints, affect_E: Floats) -> Floats:
        """See `Passes.decode`."""
        affect = torch.from_numpy(affect_E * self._told["vq"])
        features: Floats = self._decode(torch.from_numpy(tokens_QN), affect).numpy()
        return features
