"""A feeling that changes over time: key moments with an affect each, blended between."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput

MAX_KEYS = 256
MAX_SECONDS = 3600.0


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
