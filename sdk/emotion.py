"""Affect: what a character feels, as every room of the SDK speaks of it.

Names follow Plutchik (1980): eight basic emotions and neutral. An `Affect` is a mixture of them with one intensity.
"""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sdk.errors import InvalidInput

DEFAULT_INTENSITY = 0.7


class Emotion(IntEnum):
    """The order is that of the model's embedding table and of the wire's enum (wire value = value + 1)."""

    NEUTRAL = 0
    JOY = 1
    TRUST = 2
    FEAR = 3
    SURPRISE = 4
    SADNESS = 5
    DISGUST = 6
    ANGER = 7
    ANTICIPATION = 8

    @property
    def label(self) -> str:
        """Public name, e.g. "joy"."""
        return self.name.lower()


NUM_EMOTIONS = len(Emotion)
SEED_EMOTIONS = (Emotion.JOY, Emotion.SADNESS, Emotion.FEAR, Emotion.ANGER)
"""The four emotions EMo-Mask asks for."""

# Plutchik's mild and strong words, and everyday ones, as (emotion, intensity).
ALIASES: Mapping[str, tuple[Emotion, float]] = {
    "serenity": (Emotion.JOY, 0.3), "ecstasy": (Emotion.JOY, 1.0), "happy": (Emotion.JOY, 0.7),
    "happiness": (Emotion.JOY, 0.7), "acceptance": (Emotion.TRUST, 0.3), "admiration": (Emotion.TRUST, 1.0),
    "apprehension": (Emotion.FEAR, 0.3), "terror": (Emotion.FEAR, 1.0), "afraid": (Emotion.FEAR, 0.7),
    "distraction": (Emotion.SURPRISE, 0.3), "amazement": (Emotion.SURPRISE, 1.0), "surprised": (Emotion.SURPRISE, 0.7),
    "pensiveness": (Emotion.SADNESS, 0.3), "grief": (Emotion.SADNESS, 1.0), "sad": (Emotion.SADNESS, 0.7),
    "boredom": (Emotion.DISGUST, 0.3), "loathing": (Emotion.DISGUST, 1.0), "disgusted": (Emotion.DISGUST, 0.7),
    "annoyance": (Emotion.ANGER, 0.3), "rage": (Emotion.ANGER, 1.0), "angry": (Emotion.ANGER, 0.7),
    "interest": (Emotion.ANTICIPATION, 0.3), "vigilance": (Emotion.ANTICIPATION, 1.0),
}  # fmt: skip

# Valence and arousal of each emotion at full intensity, both in [-1, 1], in the enum's order. Working values after the
# circumplex; fear and anger nearly coincide, so valence-arousal alone can never tell them apart.
VALENCE_AROUSAL = np.array(
    [[0, 0], [0.8, 0.5], [0.5, 0], [-0.6, 0.6], [0.2, 0.7], [-0.6, -0.3], [-0.6, 0.3], [-0.5, 0.6], [0.2, 0.4]]
)


def emotion_named(name: str) -> tuple[Emotion, float | None]:
    """Emotion of a public name or alias, with the intensity the word implies (None for the plain names).

    Raises InvalidInput, which lists the known names and the nearest one.
    """
    key = name.strip().lower()
    if key.upper() in Emotion.__members__:
        return Emotion[key.upper()], None
    if key in ALIASES:
        return ALIASES[key]
    known = [e.label for e in Emotion]
    near = difflib.get_close_matches(key, [*known, *ALIASES], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise InvalidInput(f"emotion {name[:40]!r} is unknown{hint} Known: {', '.join(known)}.", field="emotion")


@dataclass(frozen=True)
class Affect:
    """A mixture of emotions and how strongly it is felt.

    weights: emotion -> share >= 0; stored divided by their sum. intensity: [0, 1]; at 0 the weights have no effect.
    Raises InvalidInput for a negative or non-finite weight, no positive weight, or an intensity outside [0, 1].
    """

    weights: Mapping[Emotion, float]
    intensity: float = DEFAULT_INTENSITY

    def __post_init__(self) -> None:
        for emotion, weight in self.weights.items():
            if not math.isfinite(weight) or weight < 0:
                raise InvalidInput(f"weight of {emotion.label} must be >= 0, got {weight}", field="affect.weights")
        total = sum(self.weights.values())
        if not (math.isfinite(total) and total > 0):
            raise InvalidInput("affect needs at least one weight > 0", field="affect.weights")
        if not 0 <= self.intensity <= 1:  # also false for NaN
            raise InvalidInput(f"intensity must lie in 0..1, got {self.intensity}", field="affect.intensity")
        object.__setattr__(self, "weights", {e: w / total for e, w in sorted(self.weights.items()) if w / total > 0})

    @classmethod
    def of(cls, name: str, intensity: float | None = None) -> "Affect":
        """One emotion by name or alias, or a mixture written "joy:0.6,trust:0.4".

        Without `intensity` an alias brings its own ("rage" is 1.0) and a plain name gets 0.7.
        """
        weights: dict[Emotion, float] = {}
        implied: list[float] = []
        for part in name.split(","):
            label, colon, share = part.partition(":")
            emotion, own = emotion_named(label)
            try:
                weights[emotion] = weights.get(emotion, 0.0) + (float(share) if colon else 1.0)
            except ValueError:
                message = f"weight {share.strip()!r} of {emotion.label} is not a number; write e.g. joy:0.6,trust:0.4"
                raise InvalidInput(message, field="affect.weights") from None
            implied += [] if own is None else [own]
        if intensity is None:
            intensity = max(implied, default=DEFAULT_INTENSITY)
        return cls(weights, intensity)

    @classmethod
    def neutral(cls) -> "Affect":
        """No emotion: the neutral class itself, at full intensity."""
        return cls({Emotion.NEUTRAL: 1.0}, 1.0)

    @classmethod
    def from_valence_arousal(cls, valence: float, arousal: float) -> "Affect":
        """Nearest mixture for a point of the valence-arousal plane, both in [-1, 1].

        The share of each emotion is its alignment with the point's direction (cosine, cubed to keep mixtures small);
        the intensity is the point's distance from the origin relative to the anchors'.
        """
        for name, value in (("valence", valence), ("arousal", arousal)):
            if not -1 <= value <= 1:
                raise InvalidInput(f"{name} must lie in -1..1, got {value}", field=f"affect.{name}")
        point = np.array([valence, arousal])
        radius = float(np.linalg.norm(point))
        if radius < 1e-6:
            return cls.neutral()
        lengths = np.linalg.norm(VALENCE_AROUSAL[1:], axis=-1)
        cosine = VALENCE_AROUSAL[1:] @ point / (lengths * radius)
        share = np.clip(cosine, 0, None) ** 3
        share = np.where(share < 0.2 * share.max(), 0, share)
        intensity = radius * share.sum() / float((share * lengths).sum())
        return cls({Emotion(i + 1): float(s) for i, s in enumerate(share) if s > 0}, min(intensity, 1.0))

    @property
    def vector(self) -> NDArray[np.float32]:
        """(9,) float32: the weights in the enum's order, summing to one."""
        out = np.zeros(NUM_EMOTIONS, dtype=np.float32)
        for emotion, weight in self.weights.items():
            out[emotion] = weight
        return out

    @property
    def condition(self) -> NDArray[np.float32]:
        """(9,) float32, what the models are given: the mixture blended with neutral by the intensity; sums to one."""
        out = self.intensity * self.vector
        out[Emotion.NEUTRAL] += 1 - self.intensity
        return out

    @property
    def label(self) -> str:
        """Name of the largest weight."""
        return max(self.weights, key=lambda e: self.weights[e]).label

    @property
    def valence_arousal(self) -> tuple[float, float]:
        """Point of the mixture in the valence-arousal plane."""
        valence, arousal = self.vector @ VALENCE_AROUSAL * self.intensity
        return float(valence), float(arousal)
