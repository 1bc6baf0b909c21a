"""Generators: what a request asks for in, features out. One class a kind of the bundle's manifest.

Shapes: T frames, F features, N tokens, Q quantiser layers, S text width, E = 9 emotions.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sdk.bundle import GeneratorInfo, Plan
from sdk.runtime.decode import (
    Condition,
    Floats,
    Ints,
    Passes,
    Schedule,
    Stage,
    gumbel_noise,
    refine,
    unmask,
    windows,
)
from sdk.runtime.diffusion import DenoisePasses, DiffusionGenerator


@dataclass(frozen=True, eq=False)
class Order:
    """What is to be made: sentence embedding (S,), `Affect.condition` (E,), frames at the bundle's rate, seed."""

    text_S: Floats
    affect_E: Floats
    frames: int
    seed: int


class StageClock:
    """Milliseconds per stage, summed over windows."""

    def __init__(self) -> None:
        self._begin = self._last = time.perf_counter()
        self._spent: dict[str, float] = {}

    def stop(self, stage: str) -> None:
        """Book the time since the last stop on a stage."""
        now = time.perf_counter()
        self._spent[stage] = self._spent.get(stage, 0.0) + 1000 * (now - self._last)
        self._last = now

    def finished(self) -> dict[str, float]:
        """All stages and, as "total", the time since the clock was made."""
        return {**self._spent, "total": 1000 * (time.perf_counter() - self._begin)}


class Generator(Protocol):
    """One of a bundle's generators, loaded."""

    def make(self, order: Order, plan: Plan, clock: StageClock, between: Callable[[], None]) -> tuple[Floats, Ints]:
        """Features (T, F) of exactly `order.frames` frames, and the tokens (Q, N) behind them, none for diffusion.

        `between` is called before every pass and may raise to stop.
        """


class TokenGenerator:
    """Unmasks base tokens, adds residual layers, decodes: EMo-Mask, MMM (one layer), MoMask."""

    def __init__(self, passes: Passes, info: GeneratorInfo) -> None:
        self._passes, self._info = passes, info

    def make(self, order: Order, plan: Plan, clock: StageClock, between: Callable[[], None]) -> tuple[Floats, Ints]:
        """See `Generator.make`."""
        info = self._info
        condition = Condition.guided(
            order.text_S, order.affect_E, text_scale=plan.text_guidance, emotion_scale=plan.emotion_guidance
        )
        scale = plan.residual_guidance
        above = Condition.guided(order.text_S, order.affect_E, text_scale=scale, emotion_scale=scale)
        layers = min(plan.residual_layers, info.quantisers - 1)
        schedule = Schedule(plan.iterations, layers, plan.temperature, plan.choice_temperature)
        total = -(-order.frames // info.downsampling)
        tokens_QN = np.full((info.quantisers, total), -1, dtype=np.int64)
        for number, (start, stop) in enumerate(windows(total, info.max_tokens)):
            span = tokens_QN[:, start:stop]

            def noise(stage: Stage, index: int, shape: tuple[int, ...], window: int = number) -> Floats:
                return gumbel_noise(order.seed, stage, (window << 16) + index, shape)

            span[0] = unmask(
                self._passes, condition, schedule, span[0],
                codes=info.codes, noise=noise, between=between,
            )  # fmt: skip
            clock.stop("masked")
            span[:] = refine(
                self._passes, above, schedule, span,
                codes=info.codes, noise=noise, between=between,
            )  # fmt: skip
            clock.stop("residual")
        between()
        features = self.decode(tokens_QN, order.affect_E)[: order.frames]
        clock.stop("decode")
        return features, tokens_QN

    def decode(self, tokens_QN: Ints, affect_E: Floats) -> Floats:
        """Tokens (Q, N) -> features, as many frames as the tokens stand for."""
        return self._passes.decode(tokens_QN, affect_E)


class DenoisingGenerator:
    """Denoises features: MDM. `passes` holds a graph for each number of steps that a plan may ask for."""

    def __init__(self, passes: Mapping[int, DenoisePasses], info: GeneratorInfo, *, width: int) -> None:
        frames = info.max_tokens * info.downsampling
        self._diffusion = DiffusionGenerator(passes, patch=info.downsampling, max_frames=frames, width=width)

    def make(self, order: Order, plan: Plan, clock: StageClock, between: Callable[[], None]) -> tuple[Floats, Ints]:
        """See `Generator.make`."""
        features = self._diffusion.features(
            order.text_S, order.affect_E, order.frames, steps=plan.iterations, text_guidance=plan.text_guidance,
            emotion_guidance=plan.emotion_guidance, seed=order.seed, between=between,
        )  # fmt: skip
        clock.stop("denoise")
        return features, np.zeros((0, 0), dtype=np.int64)
