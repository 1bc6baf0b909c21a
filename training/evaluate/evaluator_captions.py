"""What the text-motion evaluator is told of a clip: the action and how it is done, emotions in words.

The captions of the index never name an emotion, for generators are told it by the Affect. A judge of (content, style)
pairs has to be told it, so here an adverb says it.
"""

from functools import lru_cache

from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from training.datasets.bandai_namco import STYLES
from training.datasets.captions import MANNERS, captions, known_contents, with_emotion


@lru_cache(maxsize=4096)
def _sentences(content: str, style: str) -> tuple[str, ...]:
    return tuple(captions(content, style, count=10_000))


def evaluator_caption(content: str, style: str, k: int = 0) -> str:
    """The k-th sentence (counted round) for a content and a style, or an emotion's name: 0 is the plainest one.

    "walk", "happy" and "walk", "joy" give "a person walks forward happily"; styles that are no emotions keep their own
    words ("... like an elderly person"). Raises InvalidInput for a content or a style without words.
    """
    if content not in known_contents():
        known = ", ".join(sorted(known_contents()))
        raise InvalidInput(f"content {content[:40]!r} has no wording; known: {known}", field="content")
    if style.upper() in Emotion.__members__:
        plain, affect = "normal", Affect({Emotion[style.upper()]: 1.0}, 1.0)
    elif style in STYLES:
        plain, affect = style, STYLES[style][0]
    else:
        known = ", ".join([*STYLES, *(e.label for e in Emotion)])
        raise InvalidInput(f"style {style[:40]!r} has no wording; known: {known}", field="style")
    every = _sentences(content, plain)
    text = every[k % len(every)]
    if MANNERS[plain] or affect.label == Emotion.NEUTRAL.label:
        return text
    # At full intensity: which word it is shall not depend on how surely the data show it.
    return with_emotion(text, Affect(affect.weights, 1.0), k)
