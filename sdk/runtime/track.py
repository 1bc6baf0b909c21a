"""Feelings that change over time: key moments with an affect each, blended between, and spans with one each."""

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput

MAX_KEYS = 256
MAX_SECONDS = 3600.0
TOLD_S = 0.5
"""Of a clip that keeps a part of another, spans in which the feeling changes are told in pieces no longer than this."""


@dataclass(frozen=True)
class Segment:
    """A span of the clip, in seconds from its first frame, and what is felt in it."""

    start_s: float
    end_s: float
    affect: Affect


@dataclass(frozen=True)
class AffectTrack:
    """Moments, seconds from the beginning, strictly rising, and what is felt then; before and behind, the ends hold.

    Raises InvalidInput, naming the field, for no key or too many, times that do not rise or lie outside 0..3600.
    """

    seconds: Sequence[float]
    affects: Sequence[Affect]

    def __post_init__(self) -> None:
        count = len(self.seconds)
        if count != len(self.affects) or not 1 <= count <= MAX_KEYS:
            message = f"an emotion track has 1..{MAX_KEYS} keys, each with a time and an affect; got {count} times"
            raise InvalidInput(f"{message} and {len(self.affects)} affects", field="track")
        before = -1.0
        for number, at in enumerate(self.seconds):
            if not 0 <= at <= MAX_SECONDS or at <= before:
                message = f"times of an emotion track must rise within 0..{MAX_SECONDS:g} s; key {number} is at {at:g}"
                raise InvalidInput(message, field="track.seconds")
            before = at

    def at(self, seconds: float) -> Affect:
        """What is felt at a moment: between two keys the mixture that the models are given is blended in a line."""
        k = bisect.bisect_right(self.seconds, seconds)
        if k == 0:
            return self.affects[0]
        if k == len(self.seconds):
            return self.affects[-1]
        share = (seconds - self.seconds[k - 1]) / (self.seconds[k] - self.seconds[k - 1])
        before, after = self.affects[k - 1].condition, self.affects[k].condition
        mixture = (1 - share) * before + share * after
        weights = {emotion: float(mixture[emotion]) for emotion in Emotion if mixture[emotion] > 0}
        total = float(np.sum(list(weights.values())))
        return Affect({emotion: weight / total for emotion, weight in weights.items()}, 1.0)

    def segments(self, seconds: float, *, most_s: float = math.inf) -> tuple[Segment, ...]:
        """So many seconds of it as spans from key to key, each with what is felt in its middle.

        most_s: no span in which the feeling changes is longer.
        """
        out: list[Segment] = []
        cuts = [0.0, *(at for at in self.seconds if 0 < at < seconds), seconds]
        for a, b in pairwise(cuts):
            first, last = self._last_key(a), self._next_key(b)
            count = 1 if first == last else max(math.ceil((b - a) / most_s), 1)
            ends = [*(a + (b - a) * k / count for k in range(count)), b]
            out += [Segment(s, e, first if first == last else _plain(self.at((s + e) / 2))) for s, e in pairwise(ends)]
        return tuple(out)

    def _last_key(self, seconds: float) -> Affect:
        """What the key at a moment says, or the last one before it."""
        return self.affects[max(bisect.bisect_right(self.seconds, seconds) - 1, 0)]

    def _next_key(self, seconds: float) -> Affect:
        """What the key at a moment says, or the first one behind it."""
        return self.affects[min(bisect.bisect_left(self.seconds, seconds), len(self.affects) - 1)]


def _plain(affect: Affect) -> Affect:
    """The same feeling without a share of neutral: that much less intense."""
    felt: dict[Emotion, float] = {e: weight for e, weight in affect.weights.items() if e is not Emotion.NEUTRAL}
    share = sum(felt.values())
    return Affect(felt, affect.intensity * share) if share > 0 else Affect.neutral()


def laid_over(below: Sequence[Segment], above: Sequence[Segment]) -> tuple[Segment, ...]:
    """Spans in the order of time: those of `above`, and of `below` what they leave. Both are sorted and apart."""
    out = list(below)
    for piece in above:
        out = [
            part
            for s in out
            for part in (
                replace(s, end_s=min(s.end_s, piece.start_s)), replace(s, start_s=max(s.start_s, piece.end_s))
            )
            if part.end_s > part.start_s
        ]  # fmt: skip
    return tuple(sorted([*out, *above], key=lambda s: s.start_s))


def within(segments: Sequence[Segment], start_s: float, end_s: float) -> tuple[Segment, ...]:
    """What of the spans lies between two moments."""
    return tuple(
        replace(s, start_s=max(s.start_s, start_s), end_s=min(s.end_s, end_s))
        for s in segments
        if min(s.end_s, end_s) > max(s.start_s, start_s)
    )
