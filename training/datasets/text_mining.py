"""Emotion words in free captions: a weak label, and the caption without it.

A caption that says "angrily" describes a body that somebody saw so; nobody measured how it feels. The word becomes an
Affect with evidence "text-mined" and half intensity, and is taken out of the caption, because in the SDK emotion
reaches the model by the Affect and words say what is done.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sdk.emotion import Affect, Emotion

INTENSITY = 0.5

_WORDS = {
    Emotion.JOY: "happy happily happiness joy joyful joyfully joyous joyously cheerful cheerfully gleeful gleefully "
                 "merrily elated ecstatic ecstatically delighted delightedly",
    Emotion.SADNESS: "sad sadly sadness sorrow sorrowful sorrowfully depressed gloomy gloomily mournful mournfully "
                     "dejected dejectedly grief",
    Emotion.ANGER: "angry angrily anger furious furiously fury enraged rage irritated irritatedly annoyed aggressively",
    Emotion.FEAR: "afraid scared fear fearful fearfully frightened terrified terror panicked panicking",
    Emotion.SURPRISE: "surprised surprise astonished startled",
    Emotion.DISGUST: "disgusted disgust disgustedly",
    Emotion.ANTICIPATION: "eager eagerly expectant expectantly",
    Emotion.TRUST: "trusting trustingly",
}  # fmt: skip
EMOTION_OF = {word: emotion for emotion, words in _WORDS.items() for word in words.split()}
_WORD = rf"(?:{'|'.join(sorted(EMOTION_OF, key=len, reverse=True))})"
_NAMED = re.compile(rf"\b{_WORD}\b", re.IGNORECASE)
_NEGATED = re.compile(rf"\b(?:not|no|never|without|neither|nor|un)(?: \w+)? {_WORD}\b", re.IGNORECASE)

# What goes with the word, longest first. Each removal leaves a sentence that still says what is done.
_LIST = rf"{_WORD}(?: and {_WORD})*"
_AMOUNT = r"(?:(?:very|really|quite|so|rather|slightly|somewhat|a little|a bit) )?"
_WHO = r"(?:he|she|they|it)"
_SHOWING = r"(?:being|looking|seeming|appearing|feeling|acting|looks?|seems?|appears?|feels?|acts?|gets?|becomes?)"
_IS = rf"(?:(?:is|are|was|were) (?:{_SHOWING} )?|{_SHOWING} )"
_REMOVALS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf",? ?\b(?:as if|as though|like)(?: {_WHO})? ?(?:is|are|was|were|'s|'re)?(?: being)? {_AMOUNT}{_LIST}\b",
        rf",? ?\b(?:in|with|out of) (?:an? )?{_AMOUNT}{_LIST}(?: (?:way|manner|mood|fashion|state|motion))?\b",
        rf"\b{_IS}{_AMOUNT}{_LIST} and (?!\w+ing\b)",
        rf",? ?\b(?:while|and|who|that) {_IS}?{_AMOUNT}{_LIST}\b",
        rf"\ban? {_AMOUNT}{_LIST}(?= \w)",
        rf", {_SHOWING} {_AMOUNT}{_LIST}\b",
        rf"\b(?:for|of) {_WORD}\b",
        rf",? ?\b{_AMOUNT}{_LIST}\b",
    )
)
_ARTICLE = 4  # the removal that takes "an angry" and has to leave "a"
# A verb that lost what it says: the sentence cannot stand without the word.
_BROKEN = re.compile(
    r"\b(?:is|are|was|were|be|being|looks?|looking|seems?|seeming|appears?|feels?|feeling|acts?|acting|gets?|becomes?)"
    r"(?= (?:and|then|while|as|at|or)\b|[,.;]|$)|\b(?:and|or|in|with|of|the|an?|very|being) ?[.,]?$|\b(\w+) \1\b",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True)
class Mined:
    """What a clip's captions say: its affect, None for no emotion, and captions from which the emotion is gone.

    in_words: no caption could be freed of its emotion, so all were kept as they are.
    """

    affect: Affect | None
    captions: tuple[str, ...]
    in_words: bool = False


def emotions_in(caption: str) -> list[Emotion]:
    """Emotions that a caption names, a negated one left out."""
    without = _NEGATED.sub(" ", caption)
    return [EMOTION_OF[word.lower()] for word in _NAMED.findall(without)]


def without_emotion(caption: str) -> str | None:
    """The caption without its emotion words; None where it would be no sentence any more."""
    text = caption
    for number, removal in enumerate(_REMOVALS):
        text = removal.sub(_article if number == _ARTICLE else "", text)
    text = re.sub(r"\s+([.,;])", r"\1", re.sub(r"\s{2,}", " ", text)).strip(" ,;")
    return None if not text or _NAMED.search(text) or _BROKEN.search(text) else text


def _article(match: re.Match[str]) -> str:
    following = match.string[match.end() :].lstrip()[:1].lower()
    return "an" if following in "aeiou" and following else "a"


def mined(captions: Sequence[str]) -> Mined:
    """Affect and captions of one clip; several emotions make a mixture by how often they are named."""
    named = [emotions_in(caption) for caption in captions]
    counts = Counter(emotion for found in named for emotion in found)
    if not counts:
        return Mined(None, tuple(captions))
    affect = Affect({emotion: float(count) for emotion, count in counts.items()}, INTENSITY)
    freed = [without_emotion(caption) if found else caption for caption, found in zip(captions, named, strict=True)]
    kept = tuple(dict.fromkeys(text for text in freed if text))
    return Mined(affect, kept or tuple(captions), in_words=not kept)
