"""Pairs of content and emotion that no training clip may show, so that unseen pairs can be tested.

The table is closed under mirroring: where a content of the left hand is held out, so is its twin of the right.
"""

from collections.abc import Mapping

from sdk.emotion import Emotion
from training.datasets.captions import mirrored_caption

_NAMED: Mapping[Emotion, tuple[str, ...]] = {
    Emotion.JOY: ("walk-back", "raise-up-left-hand", "raise-up-right-hand"),
    Emotion.SADNESS: ("byebye", "wave-both-hands"),
    Emotion.ANGER: ("walk-left", "walk-right", "wave-left-hand", "wave-right-hand"),
    Emotion.FEAR: ("run", "walk-turn-left", "walk-turn-right"),
}
HELD_OUT = frozenset(
    (twin, emotion) for emotion, contents in _NAMED.items() for c in contents for twin in (c, mirrored_caption(c))
)
"""(content, emotion) of every pair that is kept for validation."""


def held_out(content: str, emotion: Emotion) -> bool:
    """Whether a clip of this content with this emotion is for validation only, whatever its source's split is."""
    return (content, emotion) in HELD_OUT
