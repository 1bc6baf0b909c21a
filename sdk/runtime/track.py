"""Feelings that change over time: key moments with an affect each, blended between, and spans with one each."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput

MAX_KEYS = 256
MAX_SECONDS = 3600.0


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

    def segments(self, seconds: float) -> tuple[Segment, ...]:
        """So many seconds of it as spans from key to key, each with what is felt in its middle."""
        cuts = [0.0, *(at for at in self.seconds if 0 < at < seconds), seconds]
        return tuple(Segment(a, b, self.at((a + b) / 2)) for a, b in pairwise(cuts))


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
