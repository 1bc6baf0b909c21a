"""Generators: what a request asks for in, features out. One class a kind of the bundle's manifest.

Shapes: T frames, F features, N tokens, Q quantiser layers, S text width, E = 9 emotions.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import numpy as np

from sdk.bundle import GeneratorInfo, Plan
from sdk.emotion import Emotion
from sdk.runtime.decode import (
    PREFIX_TOKENS,
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
from sdk.runtime.diffusion import CONTEXT, DenoisePasses, DiffusionGenerator, Known
from sdk.runtime.work import Load, Pace, Step, Work

NOTHING_PLAYED: Floats = np.zeros((0, 0), np.float32)


@dataclass(frozen=True, eq=False)
class Order:
    """What is to be made: sentence embedding (S,), `Affect.condition` (E,), frames at the bundle's rate, seed.

    played_PF: features of frames that were played, to be gone on from; P = 0 begins anew.
    """

    text_S: Floats
    affect_E: Floats
    frames: int
    seed: int
    played_PF: Floats = field(default_factory=lambda: NOTHING_PLAYED)


class StageClock:
    """Milliseconds per stage, summed over windows. passes: how many were made, by stage."""

    def __init__(self) -> None:
        self._begin = self._last = time.perf_counter()
        self._spent: dict[str, float] = {}
        self.passes: dict[str, int] = {}

    def stop(self, stage: str) -> None:
        """Book the time since the last stop on a stage."""
        now = time.perf_counter()
        self._spent[stage] = self._spent.get(stage, 0.0) + 1000 * (now - self._last)
        self._last = now

    def skip(self, seconds: float, stage: str) -> None:
        """Book seconds of the present stage on another one."""
        self._last += seconds
        self._spent[stage] = self._spent.get(stage, 0.0) + 1000 * seconds

    def count(self, stage: str) -> None:
        """Note that a pass of a stage is made."""
        self.passes[stage] = self.passes.get(stage, 0) + 1

    def finished(self) -> dict[str, float]:
        """All stages and, as "total", the time since the clock was made."""
        return {**self._spent, "total": 1000 * (time.perf_counter() - self._begin)}


class Generator(Protocol):
    """One of a bundle's generators, loaded."""

    def work(self, plan: Plan, frames: int, *, played: int = 0, felt: float = 1.0) -> list[Load]:
        """The passes that `make` will make for so many frames, behind so many that were played; felt: see `felt_of`."""

    def make(self, order: Order, plan: Plan, clock: StageClock, pace: Pace) -> tuple[Floats, Ints]:
        """Features (T, F) of exactly `order.frames` frames, and the tokens (Q, N) behind them, none for diffusion.

        With `order.played_PF` the features go on from those and begin with as many of them as the generator looks at:
        the last `order.frames` rows are new. `pace` is asked before every pass, with the work that is left.
        """


class TokenGenerator:
    """Unmasks base tokens, adds residual layers, decodes: EMo-Mask, MMM (one layer), MoMask."""

    def __init__(self, passes: Passes, info: GeneratorInfo) -> None:
        self._passes, self._info = passes, info

    def work(self, plan: Plan, frames: int, *, played: int = 0, felt: float = 1.0) -> list[Load]:
        """See `Generator.work`: for every window its masked passes, then its residual ones; the decoder once."""
        rows = _rows(plan.text_guidance, emotion_scale(plan, felt))
        above = _rows(plan.residual_guidance, plan.residual_guidance)
        known = self._prefix(played)
        total = known + self._tokens(frames)
        out = [Load("encode", self._step("encode", 1, known * self._info.downsampling), 1, firm=True)] if known else []
        for start, stop in windows(total, self._info.max_tokens):
            out.append(Load("masked", self._step("masked", rows, stop - start), plan.iterations))
            out.append(Load("residual", self._step("residual", above, stop - start), self._layers(plan)))
        return [*out, Load("decode", self._step("decode", 1, total), 1, firm=True)]

    def make(self, order: Order, plan: Plan, clock: StageClock, pace: Pace) -> tuple[Floats, Ints]:
        """See `Generator.make`."""
        info = self._info
        felt = felt_of(order.affect_E)
        condition = Condition.guided(
            order.text_S, order.affect_E, text_scale=plan.text_guidance, emotion_scale=emotion_scale(plan, felt)
        )
        scale = plan.residual_guidance
        above = Condition.guided(order.text_S, order.affect_E, text_scale=scale, emotion_scale=scale)
        schedule = Schedule(plan.iterations, self._layers(plan), plan.temperature, plan.choice_temperature)
        work = self.work(plan, order.frames, played=len(order.played_PF), felt=felt)
        known = self._prefix(len(order.played_PF))
        total = known + self._tokens(order.frames)
        tokens_QN = np.full((info.quantisers, total), -1, dtype=np.int64)
        if known:
            pace(work)
            clock.count("encode")
            tokens_QN[:, :known] = self._passes.encode(order.played_PF[-known * info.downsampling :])
            clock.stop("encode")
            work = work[1:]
        for number, (start, stop) in enumerate(windows(total, info.max_tokens)):
            span = tokens_QN[:, start:stop]

            def noise(stage: Stage, index: int, shape: tuple[int, ...], window: int = number) -> Floats:
                return gumbel_noise(order.seed, stage, (window << 16) + index, shape)

            span[0] = unmask(
                self._passes, condition, schedule, span[0],
                codes=info.codes, noise=noise, allow=partial(_allow, pace, clock, work[2 * number :], 1),
            )  # fmt: skip
            clock.stop("masked")
            span[:] = refine(
                self._passes, above, schedule, span,
                codes=info.codes, noise=noise, allow=partial(_allow, pace, clock, work[2 * number + 1 :], 0),
            )  # fmt: skip
            clock.stop("residual")
        pace(work[-1:])
        clock.count("decode")
        # The tokens stand for more frames than were asked for; what is cut off is cut off at the end.
        features = self.decode(tokens_QN, order.affect_E)[: known * info.downsampling + order.frames]
        clock.stop("decode")
        return features, tokens_QN

    def decode(self, tokens_QN: Ints, affect_E: Floats) -> Floats:
        """Tokens (Q, N) -> features, as many frames as the tokens stand for."""
        return self._passes.decode(tokens_QN, affect_E)

    def _step(self, role: str, rows: int, size: int) -> Step:
        return Step(self._info.graphs.get(role, role), rows, size)

    def _tokens(self, frames: int) -> int:
        return -(-frames // self._info.downsampling)

    def _prefix(self, played: int) -> int:
        """How many tokens of so many played frames a window begins with."""
        return min(played // self._info.downsampling, PREFIX_TOKENS)

    def _layers(self, plan: Plan) -> int:
        return min(plan.residual_layers, self._info.quantisers - 1)


class DenoisingGenerator:
    """Denoises features: MDM. `passes` holds a graph for each number of steps that a plan may ask for."""

    def __init__(self, passes: Mapping[int, DenoisePasses], info: GeneratorInfo, *, width: int) -> None:
        self._info = info
        frames = info.max_tokens * info.downsampling
        self._diffusion = DiffusionGenerator(passes, patch=info.downsampling, max_frames=frames, width=width)

    def work(self, plan: Plan, frames: int, *, played: int = 0, felt: float = 1.0) -> list[Load]:
        """See `Generator.work`: for every window its steps."""
        frames += min(played, CONTEXT)
        rows = _rows(plan.text_guidance, emotion_scale(plan, felt))
        graph = self._info.graphs.get(str(plan.iterations), str(plan.iterations))
        patch = self._info.downsampling
        spans = windows(max(2, -(-frames // patch)), self._info.max_tokens, shared=CONTEXT // patch)
        return [Load("denoise", Step(graph, rows, patch * (stop - start)), plan.iterations) for start, stop in spans]

    def make(self, order: Order, plan: Plan, clock: StageClock, pace: Pace) -> tuple[Floats, Ints]:
        """See `Generator.make`."""
        felt = felt_of(order.affect_E)
        work = self.work(plan, order.frames, played=len(order.played_PF), felt=felt)
        played = order.played_PF[-CONTEXT:]
        known = Known.at({0: played}, len(played) + order.frames, order.played_PF.shape[1]) if len(played) else None

        def allow(window: int, left: int) -> int:
            return _allow(pace, clock, work[window:], int(left == plan.iterations), left)

        features = self._diffusion.features(
            order.text_S, order.affect_E, len(played) + order.frames, steps=plan.iterations,
            text_guidance=plan.text_guidance, emotion_guidance=emotion_scale(plan, felt), seed=order.seed, known=known,
            allow=allow,
        )  # fmt: skip
        clock.stop("denoise")
        return features, np.zeros((0, 0), dtype=np.int64)


def felt_of(affect_E: Floats) -> float:
    """How much of an `Affect.condition` is emotion: 0 for a neutral character, 1 at full intensity."""
    return 1.0 - float(affect_E[Emotion.NEUTRAL])


def emotion_scale(plan: Plan, felt: float) -> float:
    """Scale of guidance by emotion: the plan's own at full intensity, for a neutral character that of the text.

    Being neutral is nothing to exaggerate: with the full scale neutral characters walked backwards at half their speed
    (docs/log.md). Where both scales are equal a pass needs a row less.
    """
    return plan.text_guidance + (plan.emotion_guidance - plan.text_guidance) * felt


def _rows(text_scale: float, emotion_scale: float) -> int:
    """How many condition rows `Condition.guided` makes of two scales."""
    return sum(weight != 0 for weight in (emotion_scale, text_scale - emotion_scale, 1 - text_scale))


def _allow(pace: Pace, clock: StageClock, work: Work, least: int, left: int) -> int:
    """Ask the pace with what is left of the first load and the loads behind it; `least` passes are made in any case."""
    allowed = max(least, pace([work[0]._replace(passes=left), *work[1:]]))
    if allowed:
        clock.count(work[0].stage)
    return allowed
