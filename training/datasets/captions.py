"""Sentences from labels: a small grammar with many wordings for one content.

A caption is subject + action + manner. Manner carries the styles that are NOT emotions (elderly, tired, ...). Emotions
never appear in the words: they reach the model by the Affect alone, so that the two cannot be confused.
"""

import hashlib
import itertools
import re
from collections.abc import Sequence

from sdk.emotion import Affect, Emotion

CAPTIONS_PER_CLIP = 24
SUBJECTS = ("a person", "someone", "a man", "a woman", "the character", "a figure", "the person")

# Third-person phrases, plain ones first. {side} is filled with left or right.
ACTIONS: dict[str, tuple[str, ...]] = {
    "walk": ("walks forward", "walks", "is walking", "walks ahead", "walks straight ahead", "strolls forward",
             "takes steps forward", "walks forward at a steady pace", "moves forward on foot"),
    "run": ("runs forward", "runs", "is running", "runs ahead", "jogs forward", "jogs", "is jogging",
            "runs straight ahead"),
    "dash": ("dashes forward", "sprints", "sprints forward", "runs very fast", "dashes ahead", "rushes forward"),
    "walk-back": ("walks backwards", "walks back", "walks backward", "steps backwards", "moves backwards",
                  "is walking backwards", "retreats a few steps", "backs away"),
    "walk-side": ("walks diagonally to the {side}", "walks to the {side}", "walks forward and to the {side}",
                  "walks to the {side} without turning", "moves diagonally to the {side}",
                  "drifts to the {side} while walking", "walks towards the {side} side"),
    "walk-turn": ("walks and turns {side}", "walks and turns to the {side}", "turns {side} while walking",
                  "turns {side}", "walks forward then turns {side}", "makes a {side} turn while walking",
                  "walks in a curve to the {side}", "takes a {side} turn", "turns to the {side}"),
    "raise-hand": ("raises the {side} hand", "raises their {side} hand", "lifts the {side} arm",
                   "raises the {side} arm", "puts the {side} hand up", "holds up the {side} hand",
                   "raises a {side} hand above the head"),
    "raise-both": ("raises both hands", "raises both arms", "lifts both hands up", "puts both hands up",
                   "raises both hands above the head", "throws both arms up", "raises their arms",
                   "lifts both arms over the head"),
    "wave-hand": ("waves the {side} hand", "waves with the {side} hand", "waves their {side} hand",
                  "is waving with the {side} arm", "waves the {side} arm", "greets with a wave of the {side} hand"),
    "wave-both": ("waves both hands", "waves with both hands", "waves both arms", "is waving both hands",
                  "waves both arms above the head", "waves their arms"),
    "bow": ("bows", "takes a bow", "bows forward", "bends forward in a bow", "bows politely", "makes a bow"),
    "bye": ("waves goodbye", "says goodbye with a wave", "waves farewell", "gives a short wave goodbye"),
    "byebye": ("waves bye bye", "waves goodbye with a big wave", "keeps waving goodbye", "waves",
               "waves goodbye to someone"),
    "guide": ("shows the way", "guides someone", "points out the way", "gestures to show the direction",
              "directs someone with an arm"),
    "call": ("calls out to someone", "calls someone far away", "bends forward and calls out", "shouts to someone"),
    "respond": ("responds to a call", "answers a call by raising a hand", "reacts to being called"),
    "dance-short": ("dances", "is dancing", "performs a dance", "does a short dance"),
    "punch": ("punches", "throws punches", "throws a punch", "is boxing"),
    "kick": ("kicks", "kicks with a leg", "performs kicks", "gives a high kick"),
    "slash": ("slashes with a sword", "swings a sword", "slashes", "makes slashing moves with a weapon"),
}  # fmt: skip

# Content label -> its row of ACTIONS and its side. A row whose name is no label serves several.
_CONTENTS = {content: (content, "") for content in (
    "walk", "run", "dash", "walk-back", "bow", "bye", "byebye", "guide", "call", "respond", "dance-short", "punch",
    "kick", "slash")} | {
    "walk-left": ("walk-side", "left"), "walk-right": ("walk-side", "right"),
    "walk-turn-left": ("walk-turn", "left"), "walk-turn-right": ("walk-turn", "right"),
    "raise-up-left-hand": ("raise-hand", "left"), "raise-up-right-hand": ("raise-hand", "right"),
    "wave-left-hand": ("wave-hand", "left"), "wave-right-hand": ("wave-hand", "right"),
    "raise-up-both-hands": ("raise-both", ""), "wave-both-hands": ("wave-both", ""),
}  # fmt: skip

# Words of the styles that are not emotions; an empty tuple says the style is told by the Affect alone.
MANNERS: dict[str, tuple[str, ...]] = {
    "normal": (), "happy": (), "sad": (), "angry": (), "not-confident": (),
    "tired": ("tiredly", "in a tired way", "while tired", "wearily"),
    "exhausted": ("exhausted", "in an exhausted way", "completely exhausted", "wearily"),
    "active": ("actively", "energetically", "in an energetic way", "full of energy"),
    "youthful": ("youthfully", "like a young person", "in a youthful way", "with youthful energy"),
    "proud": ("proudly", "in a proud way", "with pride"),
    "chimpira": ("like a thug", "like a street tough", "with a swagger"),
    "childish": ("like a child", "childishly", "in a childish way"),
    "feminine": ("in a feminine way", "femininely", "in a feminine manner"),
    "masculine": ("in a masculine way", "in a masculine manner", "in a manly way"),
    "masculinity": ("in a masculine way", "in a masculine manner", "in a manly way"),
    "giant": ("like a giant", "with heavy giant steps", "like a huge giant"),
    "musical": ("like in a musical", "as if in a musical", "theatrically"),
    "old": ("like an old person", "like an elderly person", "in an elderly way"),
    "elderly": ("like an elderly person", "like an old person", "in an elderly way"),
}  # fmt: skip


def known_contents() -> set[str]:
    """Content labels the grammar has words for."""
    return set(_CONTENTS)


def action_of(content: str) -> str:
    """The plainest phrase of a content, or of a row of ACTIONS, e.g. "walks forward". Raises KeyError if unknown."""
    row, side = _CONTENTS.get(content, (content, ""))
    return " ".join(ACTIONS[row][0].format(side=side or "right").split())


def captions(content: str, style: str, *, count: int) -> list[str]:
    """Up to `count` different sentences for the labels, in an order that depends on the labels alone.

    The plainest one ("a person walks forward") always comes first. Raises KeyError for an unknown content or style.
    """
    row, side = _CONTENTS[content]
    return sentences([a.format(side=side) for a in ACTIONS[row]], MANNERS[style], count=count)


def sentences(actions: Sequence[str], manners: Sequence[str], *, count: int) -> list[str]:
    """Up to `count` different sentences, subject + action + manner, in an order that depends on the words alone.

    The first subject with the first action and the first manner (none, where there are none) comes first.
    """
    every = [" ".join(w for w in words if w) for words in itertools.product(SUBJECTS, actions, manners or ("",))]
    rest = sorted(every[1:], key=lambda s: hashlib.sha256(s.encode()).digest())
    return [every[0], *rest][:count]


_SIDE = re.compile(
    r"\b(left|right)(?=wards?\b|hand(?:ed)?\b|\b)|\b(clockwise|(?:counter|anti)[- ]?clockwise)\b", re.IGNORECASE
)


def mirrored_caption(text: str) -> str:
    """The sentence, or the content label, for the mirrored clip: left and right, and ways of turning, exchanged."""

    def other(match: re.Match[str]) -> str:
        word = match[0].lower()
        twin = {"left": "right", "right": "left", "clockwise": "counterclockwise"}.get(word, "clockwise")
        return twin.capitalize() if match[0][0].isupper() else twin

    return _SIDE.sub(other, text)


EMOTION_WORDS: dict[Emotion, tuple[str, ...]] = {
    Emotion.NEUTRAL: (), Emotion.JOY: ("happily", "joyfully", "cheerfully"),
    Emotion.TRUST: ("trustingly", "with trust"), Emotion.FEAR: ("fearfully", "in fear", "anxiously"),
    Emotion.SURPRISE: ("in surprise", "surprised"), Emotion.SADNESS: ("sadly", "with sadness", "gloomily"),
    Emotion.DISGUST: ("in disgust", "disgusted"), Emotion.ANGER: ("angrily", "in anger", "furiously"),
    Emotion.ANTICIPATION: ("expectantly", "eagerly"),
}  # fmt: skip
"""How an emotion is said, for models that are told it in words; the plainest word first."""
_MILD = 0.5


def with_emotion(text: str, affect: Affect, k: int = 0) -> str:
    """A caption with its strongest emotion as the k-th word for it (counted round), "a little" before a mild one."""
    condition = affect.condition.copy()
    condition[Emotion.NEUTRAL] = 0
    words = EMOTION_WORDS[Emotion(int(condition.argmax()))] if condition.any() else ()
    if not words:
        return text
    return f"{text} {'a little ' if condition.max() < _MILD else ''}{words[k % len(words)]}"
