"""What the evaluator is told: action, manner, and emotions in words, which captions of clips never have."""

import pytest

from sdk.emotion import Emotion
from sdk.errors import InvalidInput
from training.datasets.bandai_namco import STYLES
from training.datasets.captions import EMOTION_WORDS, known_contents
from training.evaluate.evaluator_captions import evaluator_caption

ADVERBS = [word for words in EMOTION_WORDS.values() for word in words]


@pytest.mark.parametrize(
    ("content", "style", "said"),
    [
        ("walk", "normal", "a person walks forward"),
        ("walk", "neutral", "a person walks forward"),
        ("walk", "happy", "a person walks forward happily"),
        ("walk", "joy", "a person walks forward happily"),
        ("walk-turn-left", "angry", "a person walks and turns left angrily"),
        ("bow", "not-confident", "a person bows fearfully"),
        ("bow", "fear", "a person bows fearfully"),
        ("run", "proud", "a person runs forward proudly"),
        ("kick", "surprise", "a person kicks in surprise"),
    ],
)
def test_the_plainest_sentence_says_action_and_manner(content: str, style: str, said: str) -> None:
    assert evaluator_caption(content, style) == said


def test_a_style_and_the_emotion_it_shows_are_told_alike() -> None:
    for style, emotion in (("happy", "joy"), ("sad", "sadness"), ("angry", "anger"), ("not-confident", "fear")):
        for k in range(40):
            assert evaluator_caption("bow", style, k) == evaluator_caption("bow", emotion, k)


def test_every_label_has_its_own_sentence() -> None:
    """Otherwise R-precision could not be 1: two motions of a batch would belong to one text."""
    labels = [(content, style) for content in known_contents() for style in STYLES if style != "masculinity"]
    assert len({evaluator_caption(*label) for label in labels}) == len(labels) > 300


def test_sentences_vary_and_begin_again() -> None:
    for content in known_contents():
        sentences = [evaluator_caption(content, "sad", k) for k in range(1000)]
        period = sentences.index(sentences[0], 1)
        assert len(set(sentences[:period])) == period >= 21
        assert sentences[period : 2 * period] == sentences[:period]


def test_an_emotion_is_in_every_sentence_and_a_manner_brings_none() -> None:
    for k in range(50):
        angry = evaluator_caption("kick", "angry", k)
        assert any(angry.endswith(f" {word}") for word in EMOTION_WORDS[Emotion.ANGER])
        assert "a little" not in evaluator_caption("kick", "not-confident", k)
        for style in ("normal", "active", "tired", "giant"):  # active and tired have an affect, and words of their own
            assert not any(word in evaluator_caption("kick", style, k).split() for word in ADVERBS)


def test_left_and_right_are_told() -> None:
    for k in range(50):
        assert "left" in evaluator_caption("wave-left-hand", "happy", k)
        assert "right" in evaluator_caption("wave-right-hand", "happy", k)


@pytest.mark.parametrize(
    ("content", "style", "said"),
    [
        ("juggle", "sad", "content 'juggle' has no wording; known: bow, bye"),
        ("walk", "grumpy", "style 'grumpy' has no wording; known: normal, .*anticipation"),
    ],
)
def test_labels_without_words_are_refused(content: str, style: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        evaluator_caption(content, style)
