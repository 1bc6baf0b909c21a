"""What the words in file names mean: an emotion or style, and an action with its wordings.

Emotions never appear in captions: they reach the model by the Affect alone. Styles that are no emotion do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sdk.emotion import Affect, Emotion, emotion_named
from sdk.errors import InvalidInput
from sdk.motion.profile_file import Section, read_document
from training.datasets.captions import MANNERS
from training.datasets.preparation import NO_LABEL

EVIDENCE = ("mocap", "proxy", "style", "synthetic", "text-mined", NO_LABEL)
"""mocap: recorded under the emotion's name. proxy: a recorded style that resembles it. style: no emotion, a manner."""


@dataclass(frozen=True)
class Feeling:
    """One emotion or style label: the style's name in the index, its affect, the evidence, and its words, if any."""

    style: str
    affect: Affect
    evidence: str = "mocap"
    manners: tuple[str, ...] = ()


@dataclass(frozen=True)
class Action:
    """One content label: its name in the index, and phrases of the third person, the plainest first."""

    content: str
    phrases: tuple[str, ...]


def felt(style: str, emotions: Mapping[Emotion, float], intensity: float = 1.0, evidence: str = "mocap") -> Feeling:
    """A label that is an emotion, and so is told by the Affect alone."""
    return Feeling(style, Affect(emotions, intensity), evidence)


def mannered(style: str, *manners: str) -> Feeling:
    """A label that is no emotion: neutral, and told in words."""
    return Feeling(style, Affect.neutral(), "style", manners)


UNLABELLED = Feeling("normal", Affect.neutral(), NO_LABEL)
NEUTRAL = Feeling("normal", Affect.neutral())
PROUD = mannered("proud", *MANNERS["proud"])
MOVES = Action("any", ("moves", "is moving", "performs a movement", "moves about"))
WALK = Action("walk", ("walks forward", "walks", "is walking", "walks ahead", "takes steps forward"))
RUN = Action("run", ("runs forward", "runs", "is running", "runs ahead", "jogs forward"))
WALK_BACK = Action("walk-back", ("walks backwards", "walks backward", "steps backwards", "is walking backwards"))


def key_of(word: str) -> str:
    """How labels are compared: lower case, without blanks, hyphens and underscores ("Panic Fear" is "panicfear")."""
    return re.sub(r"[\s_-]+", "", word).lower()


@dataclass(frozen=True)
class Vocabulary:
    """The labels that a set knows; keys as `key_of` gives them."""

    feelings: Mapping[str, Feeling] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)

    def extended(self, labels: Section) -> "Vocabulary":
        """With the labels of a user's table added, which win. Raises InvalidInput, which names the key.

        {"emotion": {"Jy": "joy", "Pr": {"style": "proud", "manner": ["proudly"]},
                     "Ax": {"affect": {"fear": 2, "anticipation": 1}, "intensity": 0.6, "evidence": "proxy"}},
         "content": {"SW": "walk", "JJ": {"content": "jumping-jack", "phrases": ["does jumping jacks"]}}}

        A text stands for a label that is already known, or for an emotion.
        """
        labels.only(("emotion", "content"))
        feelings, actions = dict(self.feelings), dict(self.actions)
        if "emotion" in labels.values:
            table = labels.section("emotion")
            feelings |= {key_of(name): self._feeling(table, name) for name in table.values}
        if "content" in labels.values:
            table = labels.section("content")
            actions |= {key_of(name): self._action(table, name) for name in table.values}
        return replace(self, feelings=feelings, actions=actions)

    def _feeling(self, table: Section, name: str) -> Feeling:
        if isinstance(table.values[name], str):
            known = self.feelings.get(key_of(table.values[name]))
            return known or _emotion(table, name, table.text(name))
        entry = table.section(name)
        entry.only(("affect", "intensity", "evidence", "style", "manner"))
        evidence = entry.text("evidence", "style" if "affect" not in entry.values else "mocap")
        if evidence not in EVIDENCE:
            raise entry.fail("evidence", f"must be one of {', '.join(EVIDENCE)}, found {evidence!r}")
        style = entry.text("style", name.lower())
        manners = _texts(entry, "manner") if "manner" in entry.values else ()
        if "affect" not in entry.values:
            return Feeling(style, Affect.neutral(), evidence, manners)
        shares = entry.section("affect")
        intensity = entry.number("intensity", 0, 1) if "intensity" in entry.values else 1.0
        weights = {_emotion_of(shares, label): shares.number(label, 0, 1e6) for label in shares.values}
        try:
            return Feeling(style, Affect(weights, intensity), evidence, manners)
        except InvalidInput as error:
            raise entry.fail("affect", f"is wrong: {error}") from None

    def _action(self, table: Section, name: str) -> Action:
        if isinstance(table.values[name], str):
            known = self.actions.get(key_of(table.text(name)))
            if known is None:
                raise table.fail(name, f"refers to no known action; known: {', '.join(sorted(self.actions)) or 'none'}")
            return known
        entry = table.section(name)
        entry.only(("content", "phrases"))
        return Action(entry.text("content", name.lower()), _texts(entry, "phrases"))


def read_labels(path: Path | None, vocabulary: Vocabulary) -> Vocabulary:
    """The vocabulary with a user's JSON table of labels, if one is named. Raises MalformedFile or InvalidInput."""
    return vocabulary if path is None else vocabulary.extended(read_document(path))


def _emotion(table: Section, name: str, label: str) -> Feeling:
    try:
        emotion, intensity = emotion_named(label)
    except InvalidInput as error:
        raise table.fail(name, f"is wrong: {error}") from None
    if emotion is Emotion.NEUTRAL:
        return NEUTRAL
    return felt(emotion.label, {emotion: 1.0}, 1.0 if intensity is None else intensity)


def _emotion_of(table: Section, label: str) -> Emotion:
    try:
        return emotion_named(label)[0]
    except InvalidInput as error:
        raise table.fail(label, f"is wrong: {error}") from None


def _texts(entry: Section, key: str) -> tuple[str, ...]:
    value: Any = entry.values.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(x, str) and x.strip() for x in value):
        raise entry.fail(key, "must be a list of texts")
    return tuple(x.strip() for x in value)
