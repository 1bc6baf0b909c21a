"""Decoding as a host loop over short passes: iterative unmasking, residual layers, decoder (MoMask, section 3.4).

Shapes: N tokens, Q quantiser layers, C codes, R condition rows, S text width, E = 9 emotions, F features.
Pure numpy: the passes themselves are a `Passes` object, ONNX Runtime in the runtime and torch in the parity check.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_LEAST_CHANCE = np.float32(1e-20)
PREFIX_TOKENS = 16
"""How many tokens a window of a long clip shares with the one before."""


class Stage(IntEnum):
    """What noise is drawn for: codes of base tokens, codes of a residual layer, the order in which tokens are kept."""

    BASE = 0
    RESIDUAL = 1
    ORDER = 2


Noise = Callable[[Stage, int, tuple[int, ...]], Floats]
"""noise(stage, index of the pass or layer, shape): Gumbel(0, 1)."""
Propose = Callable[[Ints, Floats, Floats, Floats, Floats], tuple[Ints, Floats]]
"""A masked pass: `Passes.masked` or `Passes.distilled`."""
Allow = Callable[[int], int]
"""allow(left): how many of the `left` passes of a stage may be made, asked before each pass; it may raise to stop."""


def every(left: int) -> int:
    """`Allow` that takes nothing away."""
    return left


class Passes(Protocol):
    """The graphs of a bundle as functions."""

    def masked(
        self, tokens_N: Ints, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> tuple[Ints, Floats]:
        """A code (N,) for every position and how sure the model is of it (N,)."""

    def distilled(
        self, tokens_N: Ints, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> tuple[Ints, Floats]:
        """The same by the graph that has its guidance in the weights, for one row; not every generator has one."""

    def residual(
        self, tokens_QN: Ints, layer: int, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> Ints:
        """Codes (N,) of one residual layer."""

    def decode(self, tokens_QN: Ints, affect_E: Floats) -> Floats:
        """Features (4N, F); layers that hold -1 are left out."""

    def encode(self, features_TF: Floats) -> Ints:
        """Tokens (Q, N) of T = 4N frames."""


@dataclass(frozen=True)
class Condition:
    """Condition rows and their weights: logits = sum over rows of weight * logits(text, affect)."""

    text_RS: Floats
    affect_RE: Floats
    weight_R: Floats

    @classmethod
    def guided(cls, text_S: Floats, affect_E: Floats, *, text_scale: float, emotion_scale: float) -> "Condition":
        """Classifier-free guidance, a scale each for text and emotion: u + s_t (c_text - u) + s_e (c_both - c_text).

        Rows whose weight is zero are left out, so equal scales cost two rows and scales of one cost a single row.
        """
        nothing_S, nobody_E = np.zeros_like(text_S), np.zeros_like(affect_E)
        rows = [
            (text_S, affect_E, emotion_scale),
            (text_S, nobody_E, text_scale - emotion_scale),
            (nothing_S, nobody_E, 1 - text_scale),
        ]
        rows = [row for row in rows if row[2] != 0]
        text, affect, weight = zip(*rows, strict=True)
        return cls(np.stack(text), np.stack(affect), np.array(weight, dtype=np.float32))


@dataclass(frozen=True)
class Schedule:
    """How to decode; the numbers of a bundle's plan."""

    iterations: int
    residual_layers: int
    temperature: float = 1.0
    choice_temperature: float = 0.0


def gumbel_noise(seed: int, stage: int, index: int, shape: tuple[int, ...]) -> Floats:
    """Gumbel(0, 1) noise that depends on (seed, stage, index) alone: -log(-log(u)) of Philox4x64-10 uniforms.

    Key: (seed, stage * 2**32 + index), counter from zero; u is numpy's 53-bit uniform, clipped away from 0. Two plans
    that share a pass therefore share its noise.
    """
    # As a list the key would pass through float64, in which seeds beyond 2**53 run together.
    key = np.array([seed, (stage << 32) + index], dtype=np.uint64)
    generator = np.random.Generator(np.random.Philox(key=key))
    # In place: of a pass of two milliseconds a tenth was new arrays.
    noise = generator.random(shape)
    np.maximum(noise, 1e-20, out=noise)
    for _ in range(2):
        np.negative(np.log(noise, out=noise), out=noise)
    return noise.astype(np.float32)


def ranks(scores: NDArray[np.floating]) -> Ints:
    """Rank of each score from 0, equal scores by position, so that every runtime masks the same tokens."""
    order = np.argsort(scores, kind="stable")
    out = np.empty(len(scores), dtype=np.int64)
    out[order] = np.arange(len(scores))
    return out


def unmask(
    propose: Propose,
    condition: Condition,
    schedule: Schedule,
    known_N: Ints,
    *,
    codes: int,
    noise: Noise,
    allow: Allow = every,
) -> Ints:
    """Base tokens (N,): positions of `known_N` that are -1 are filled, the others kept.

    Every pass proposes a code for each open position; the least sure cos(pi/2 (k+1)/iterations) of all that were open
    at first are masked again. How sure a code is: its log chance plus Gumbel noise that fades out over the passes
    (MaskGIT's choice temperature, Chang et al. 2022, section 3.3). Without the noise the surest codes are those that a
    whole clip can be made of, and what should walk stands still (docs/log.md). `allow` says 1 or more: when it takes
    passes away, the rest of the cosine is spread over those that are left.
    """
    masked_N = known_N < 0
    count = int(masked_N.sum())
    tokens_N = np.where(masked_N, codes, known_N)
    begun, done = 0.0, 0.0
    planned, made = schedule.iterations, 0
    for k in range(schedule.iterations):
        allowed = allow(planned - made)
        if allowed < planned - made:
            begun, planned, made = done, allowed, 0
        noise_NC = noise(Stage.BASE, k, (len(tokens_N), codes)) * np.float32(schedule.temperature)
        found_N, chance_N = propose(tokens_N, condition.text_RS, condition.affect_RE, condition.weight_R, noise_NC)
        tokens_N = np.where(masked_N, found_N, tokens_N)
        made += 1
        done = begun + (1 - begun) * made / planned
        left = math.floor(count * math.cos(math.pi / 2 * done)) if made < planned else 0
        if left < 1:
            break
        sure_N = np.log(np.maximum(chance_N, _LEAST_CHANCE))
        sure_N = sure_N + schedule.choice_temperature * (1 - done) * noise(Stage.ORDER, k, sure_N.shape)
        # What was decided before is never reopened.
        masked_N = ranks(np.where(masked_N, sure_N, np.inf)) < left
        tokens_N = np.where(masked_N, codes, tokens_N)
    return tokens_N


def refine(
    passes: Passes,
    condition: Condition,
    schedule: Schedule,
    tokens_QN: Ints,
    *,
    codes: int,
    noise: Noise,
    allow: Allow = every,
) -> Ints:
    """Fill the first `residual_layers` layers above the base in (Q, N); -1 marks what is open, the rest is kept.

    When `allow` takes layers away, the last ones stay open.
    """
    tokens_QN = tokens_QN.copy()
    layer, last = 0, schedule.residual_layers
    while layer < last:
        last = layer + min(last - layer, allow(last - layer))
        if layer == last:
            break
        layer += 1
        noise_NC = noise(Stage.RESIDUAL, layer, (tokens_QN.shape[1], codes))
        found_N = passes.residual(
            tokens_QN, layer, condition.text_RS, condition.affect_RE, condition.weight_R, noise_NC
        )
        tokens_QN[layer] = np.where(tokens_QN[layer] < 0, found_N, tokens_QN[layer])
    return tokens_QN


def windows(total: int, longest: int, *, shared: int = PREFIX_TOKENS) -> Iterator[tuple[int, int]]:
    """Spans (start, stop) that cover `total` tokens, none longer than `longest`, each behind `shared` of the last.

    The spans are made equally long, so that no window is left with a handful of tokens to make sense of.
    """
    if total <= longest:
        yield 0, total
        return
    number = math.ceil((total - shared) / (longest - shared))
    for k in range(number):
        start = round(k * (total - shared) / number)
        yield start, round((k + 1) * (total - shared) / number) + shared
