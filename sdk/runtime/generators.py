"""Generators: what a request asks for in, features out. One class a kind of the bundle's manifest.

Shapes: T frames, F features, N tokens, Q quantiser layers, S text width, E = 9 emotions.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import NamedTuple, Protocol

import numpy as np

from sdk.bundle import GeneratorInfo, Plan
from sdk.emotion import Emotion
from sdk.motion.contacts import runs
from sdk.runtime.decode import (
    PREFIX_TOKENS,
    Condition,
    Floats,
    Ints,
    Noise,
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

LEAD_TOKENS = 4
"""A part of a composition sees so many tokens of the one before: with more of them it goes on doing what was done."""
DISTILLED = "distilled"
"""Role of a masked graph that has the guidance in its weights."""
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


class Part(NamedTuple):
    """What is done for so many frames: sentence embedding (S,), `Affect.condition` (E,), frames."""

    text_S: Floats
    affect_E: Floats
    frames: int


@dataclass(frozen=True, eq=False)
class Score:
    """What is to be made of several parts, one after the other.

    known: features of all frames, those flagged being given; the parts' frames together are as many. An affect that
    changes within a part is several parts.
    """

    parts: Sequence[Part]
    known: Known
    seed: int

    @property
    def spans(self) -> list[tuple[Part, int, int]]:
        """The parts that have frames, and from which frame to which they last."""
        ends = np.cumsum([part.frames for part in self.parts]).tolist()
        return [(part, end - part.frames, end) for part, end in zip(self.parts, ends, strict=True) if part.frames]


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

    def compose(self, score: Score, plan: Plan, clock: StageClock, pace: Pace) -> Floats:
        """Features (T, F) of all parts, each part made behind the ones before and towards what is known after it.

        Given frames come back nearly, not exactly, as they are: a codec may stand between. `pace` is as in `make`.
        """


class TokenGenerator:
    """Unmasks base tokens, adds residual layers, decodes: EMo-Mask, MMM (one layer), MoMask."""

    def __init__(self, passes: Passes, info: GeneratorInfo) -> None:
        self._passes, self._info = passes, info

    def work(self, plan: Plan, frames: int, *, played: int = 0, felt: float = 1.0) -> list[Load]:
        """See `Generator.work`: for every window its masked passes, then its residual ones; the decoder once."""
        known = self._prefix(played)
        total = known + self._tokens(frames)
        out = [Load("encode", self._step("encode", 1, known * self._info.downsampling), 1, firm=True)] if known else []
        for start, stop in windows(total, self._info.max_tokens):
            out += self._loads(plan, stop - start, felt)
        return [*out, Load("decode", self._step("decode", 1, total), 1, firm=True)]

    def make(self, order: Order, plan: Plan, clock: StageClock, pace: Pace) -> tuple[Floats, Ints]:
        """See `Generator.make`."""
        info = self._info
        work = self.work(plan, order.frames, played=len(order.played_PF), felt=felt_of(order.affect_E))
        known = self._prefix(len(order.played_PF))
        total = known + self._tokens(order.frames)
        tokens_QN = np.full((info.quantisers, total), -1, dtype=np.int64)
        if known:
            pace(work)
            clock.count("encode")
            tokens_QN[:, :known] = self._passes.encode(order.played_PF[-known * info.downsampling :])
            clock.stop("encode")
            work = work[1:]
        fill = partial(self._fill, text_S=order.text_S, affect_E=order.affect_E, plan=plan, clock=clock, pace=pace)
        for number, (start, stop) in enumerate(windows(total, info.max_tokens)):
            fill(tokens_QN[:, start:stop], noise=_window_noise(order.seed, number), work=work[2 * number :])
        pace(work[-1:])
        clock.count("decode")
        # The tokens stand for more frames than were asked for; what is cut off is cut off at the end.
        features = self.decode(tokens_QN, order.affect_E)[: known * info.downsampling + order.frames]
        clock.stop("decode")
        return features, tokens_QN

    def compose(self, score: Score, plan: Plan, clock: StageClock, pace: Pace) -> Floats:
        """See `Generator.compose`: in-painting of tokens. A token of which only some frames are given is made anew."""
        tokens_QN = self._given(score.known, clock, pace)
        total = tokens_QN.shape[1]
        spans = [(part, *self._span(begin, end, score)) for part, begin, end in score.spans]
        jobs = [(part, b, *window) for part, a, b in spans for window in self._windows(tokens_QN[0], a, b)]
        last = Load("decode", self._step("decode", 1, total), 1, firm=True)
        loads = [self._loads(plan, stop - start, felt_of(part.affect_E)) for part, _, start, stop in jobs]
        for number, (part, end, start, stop) in enumerate(jobs):
            window_QN = tokens_QN[:, start:stop].copy()
            inside_N = np.arange(start, stop) < end
            new_N = (window_QN[0] < 0) & inside_N
            if not new_N.any():
                continue
            self._fill(
                window_QN, text_S=part.text_S, affect_E=part.affect_E, plan=plan, clock=clock, pace=pace,
                noise=_window_noise(score.seed, number), work=[*chain.from_iterable(loads[number:]), last],
            )  # fmt: skip
            # What lies behind the part was made only to lead there.
            tokens_QN[:, start:stop][:, new_N] = window_QN[:, new_N]
        pace([last])
        clock.count("decode")
        frames = len(score.known.flags)
        affect_E = sum(part.affect_E * np.float32(part.frames / frames) for part in score.parts)
        features = self.decode(tokens_QN, np.asarray(affect_E, np.float32))[:frames]
        clock.stop("decode")
        return features

    def _given(self, known: Known, clock: StageClock, pace: Pace) -> Ints:
        """Tokens (Q, N) of what is given; -1 where a token is not given whole."""
        each, frames = self._info.downsampling, len(known.flags)
        tokens_QN = np.full((self._info.quantisers, self._tokens(frames)), -1, dtype=np.int64)
        for begin, end in runs(known.flags > 0):
            first, last = -(-begin // each), self._tokens(frames) if end == frames else end // each
            if last <= first:
                continue
            given_TF = known.frames[first * each : last * each]
            # Behind the clip's end its last frame stands still, so that its last token is whole.
            given_TF = np.pad(given_TF, ((0, (last - first) * each - len(given_TF)), (0, 0)), mode="edge")
            pace([Load("encode", self._step("encode", 1, len(given_TF)), 1, firm=True)])
            clock.count("encode")
            tokens_QN[:, first:last] = self._passes.encode(given_TF)
        clock.stop("encode")
        return tokens_QN

    def _span(self, begin: int, end: int, score: Score) -> tuple[int, int]:
        """Tokens of a part that lasts from one frame to another; neighbours share none."""
        each, frames = self._info.downsampling, len(score.known.flags)
        return round(begin / each), self._tokens(frames) if end == frames else round(end / each)

    def _windows(self, tokens_N: Ints, first: int, last: int) -> list[tuple[int, int]]:
        """Windows over the tokens of a part, behind some that come before it, and in front of what is given after."""
        begin = max(first - LEAD_TOKENS, 0)
        ahead = np.flatnonzero(tokens_N[last : last + PREFIX_TOKENS] >= 0)
        end = last + (int(ahead[-1]) + 1 if len(ahead) else 0)
        return [(begin + start, begin + stop) for start, stop in windows(end - begin, self._info.max_tokens)]

    def _fill(
        self, tokens_QN: Ints, *, text_S: Floats, affect_E: Floats, plan: Plan, clock: StageClock, pace: Pace,
        noise: Noise, work: Work,
    ) -> None:  # fmt: skip
        """Fill the open tokens of one window; work: all that is left, this window's masked and residual load first."""
        scale, felt = plan.residual_guidance, felt_of(affect_E)
        condition = Condition.guided(
            text_S, affect_E, text_scale=plan.text_guidance, emotion_scale=emotion_scale(plan, felt)
        )
        above = Condition.guided(text_S, affect_E, text_scale=scale, emotion_scale=scale)
        schedule = Schedule(plan.iterations, self._layers(plan), plan.temperature, plan.choice_temperature)
        propose = self._passes.distilled if self._masked_role(plan) == DISTILLED else self._passes.masked
        tokens_QN[0] = unmask(
            propose, condition, schedule, tokens_QN[0],
            codes=self._info.codes, noise=noise, allow=partial(_allow, pace, clock, work, 1),
        )  # fmt: skip
        clock.stop("masked")
        tokens_QN[:] = refine(
            self._passes, above, schedule, tokens_QN,
            codes=self._info.codes, noise=noise, allow=partial(_allow, pace, clock, work[1:], 0),
        )  # fmt: skip
        clock.stop("residual")

    def _loads(self, plan: Plan, tokens: int, felt: float) -> list[Load]:
        """The masked and the residual load of one window."""
        rows = _rows(plan.text_guidance, emotion_scale(plan, felt))
        above = _rows(plan.residual_guidance, plan.residual_guidance)
        masked = Load("masked", self._step(self._masked_role(plan), rows, tokens), plan.iterations)
        return [masked, Load("residual", self._step("residual", above, tokens), self._layers(plan))]

    def decode(self, tokens_QN: Ints, affect_E: Floats) -> Floats:
        """Tokens (Q, N) -> features, as many frames as the tokens stand for."""
        return self._passes.decode(tokens_QN, affect_E)

    def _masked_role(self, plan: Plan) -> str:
        """Whose weights hold the guidance is right for plans that ask for none."""
        unguided = plan.text_guidance == plan.emotion_guidance == 1
        return DISTILLED if unguided and DISTILLED in self._info.graphs else "masked"

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

    def compose(self, score: Score, plan: Plan, clock: StageClock, pace: Pace) -> Floats:
        """See `Generator.compose`."""
        known = Known(score.known.frames.copy(), score.known.flags.copy())
        for number, (part, begin, end) in enumerate(score.spans):
            if known.flags[begin:end].all():
                continue
            ahead = np.flatnonzero(known.flags[end : end + CONTEXT])
            start, stop = max(begin - CONTEXT, 0), end + (int(ahead[-1]) + 1 if len(ahead) else 0)
            felt = felt_of(part.affect_E)
            work = self.work(plan, stop - start, felt=felt)

            def allow(window: int, left: int, work: Work = work) -> int:
                return _allow(pace, clock, work[window:], int(left == plan.iterations), left)

            made = self._diffusion.features(
                part.text_S, part.affect_E, stop - start, steps=plan.iterations, text_guidance=plan.text_guidance,
                emotion_guidance=emotion_scale(plan, felt), seed=(score.seed + number) % 2**64,
                known=known.part(start, stop), allow=allow,
            )  # fmt: skip
            known.frames[begin:end], known.flags[begin:end] = made[begin - start : end - start], 1
        clock.stop("denoise")
        return known.frames


def felt_of(affect_E: Floats) -> float:
    """How much of an `Affect.condition` is emotion: 0 for a neutral character, 1 at full intensity."""
    return 1.0 - float(affect_E[Emotion.NEUTRAL])


def emotion_scale(plan: Plan, felt: float) -> float:
    """Scale of guidance by emotion: the plan's own at full intensity, for a neutral character that of the text.

    Being neutral is nothing to exaggerate: with the full scale neutral characters walked backwards at half their speed
    (docs/log.md). Where both scales are equal a pass needs a row less.
    """
    return plan.text_guidance + (plan.emotion_guidance - plan.text_guidance) * felt


def _window_noise(seed: int, number: int) -> Noise:
    """The noise of one window of a clip."""

    def noise(stage: Stage, index: int, shape: tuple[int, ...]) -> Floats:
        return gumbel_noise(seed, stage, (number << 16) + index, shape)

    return noise


def _rows(text_scale: float, emotion_scale: float) -> int:
    """How many condition rows `Condition.guided` makes of two scales."""
    return sum(weight != 0 for weight in (emotion_scale, text_scale - emotion_scale, 1 - text_scale))


def _allow(pace: Pace, clock: StageClock, work: Work, least: int, left: int) -> int:
    """Ask the pace with what is left of the first load and the loads behind it; `least` passes are made in any case."""
    allowed = max(least, pace([work[0]._replace(passes=left), *work[1:]]))
    if allowed:
        clock.count(work[0].stage)
    return allowed
