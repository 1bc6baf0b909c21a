"""What the lines of prepared indices say of a clip: its emotion, whether a body performed it, its plainest words."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from training.datasets.captions import captions, known_contents, mirrored_caption

EMOTIONS = (Emotion.NEUTRAL, Emotion.JOY, Emotion.SADNESS, Emotion.FEAR, Emotion.ANGER)
"""The classes of the emotion judge, in its order."""
FELT = EMOTIONS[1:]
SHOWN = 0.5
"""A training clip shows an emotion whose share of its condition is at least this; tired (0.4 sadness) does not."""
MADE = "synthetic"
"""The evidence of clips that no body performed."""
UNKNOWN = "none"
"""The evidence of clips whose emotion nobody knows; they are neutral in training and nothing here."""


def emotion_of(line: dict[str, Any]) -> Emotion | None:
    """The one emotion of the judge's five that an index line shows clearly; None for a weak one, a mixture, another
    emotion, or an unknown one.
    """
    condition = affect_of(line).condition
    if line["evidence"] == UNKNOWN:
        return None
    if condition[Emotion.NEUTRAL] > 0.999:
        return Emotion.NEUTRAL
    shown = [e for e in FELT if condition[e] >= SHOWN]
    return shown[0] if len(shown) == 1 else None


def affect_of(line: dict[str, Any]) -> Affect:
    """What the clip of an index line feels. Raises InvalidInput for a line without labels or with unknown ones."""
    try:
        weights = {Emotion[name.upper()]: float(weight) for name, weight in line["affect"].items()}
        return Affect(weights, float(line["intensity"]))
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"clip {line.get('id')!r} has no usable emotion label ({error}); an index line needs affect as "
            f"{{name: weight}} of {', '.join(e.label for e in Emotion)} and an intensity: prepare the data again",
            field="data",
        ) from None


def check_labels(lines: Sequence[dict[str, Any]]) -> None:
    """Raises InvalidInput for an index without emotion labels, without emotional clips, or without held-out clips."""
    found = {emotion_of(line) for line in lines}
    if not found & set(FELT):
        raise InvalidInput(
            "the data has no emotional clip: evaluation needs clips labelled joy, sadness, fear or anger; "
            "add --data with a set that has them, e.g. made by: python -m training.prepare emotions",
            field="data",
        )
    for split in ("train", "val"):
        if not any(recorded(line) and line["split"] == split for line in lines):
            raise InvalidInput(f"the data has no recorded clip of split {split!r}: prepare it again", field="data")


def recorded(line: dict[str, Any]) -> bool:
    """True for a clip that a body performed, False for one that was made."""
    return bool(line["evidence"] != MADE)


def shown_pairs(lines: Iterable[dict[str, Any]]) -> set[tuple[str, Emotion]]:
    """(content, emotion) that training clips show, by themselves or by the mirrored twins that training adds."""
    pairs = set()
    for line in lines:
        emotion = emotion_of(line)
        if line["split"] == "train" and emotion is not None:
            pairs |= {(line["content"], emotion), (mirrored_caption(line["content"]), emotion)}
    return pairs


def plain_words(content: str, lines: Iterable[dict[str, Any]]) -> str:
    """The plainest caption of a content: of the grammar, or the shortest one of its neutral clips where it has none."""
    if content in known_contents():
        return captions(content, "normal", count=1)[0]
    own = [x for x in lines if x["content"] == content]
    neutral = [x for x in own if emotion_of(x) == Emotion.NEUTRAL] or own
    return min((text for x in neutral for text in x["captions"]), key=lambda text: (len(text), text))


def thinned(items: list[Any], count: int) -> list[Any]:
    """At most `count` of the items, evenly spread, in their order."""
    if len(items) <= count:
        return list(items)
    return [items[k] for k in np.linspace(0, len(items) - 1, count).round().astype(int)] if count > 0 else []
