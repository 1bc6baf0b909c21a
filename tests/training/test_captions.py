"""The grammar of captions: many wordings, never an emotion, and a twin for every side."""

import re
from pathlib import Path

import pytest

from sdk.emotion import ALIASES, Emotion
from training.datasets.bandai_namco import STYLES, find_clips, parse_label
from training.datasets.captions import ACTIONS, MANNERS, SUBJECTS, captions, known_contents, mirrored_caption

ALL = 10_000
# Both sets' label lists, as the publisher gives them.
CONTENTS_1 = (
    "walk walk-back walk-left walk-right run dash bow bye byebye guide call respond dance-short punch kick slash"
)
CONTENTS_2 = (
    "walk run walk-turn-left walk-turn-right raise-up-left-hand raise-up-right-hand raise-up-both-hands "
    "wave-left-hand wave-right-hand wave-both-hands"
)
STYLES_1 = (
    "normal happy sad angry proud not-confident tired active childish chimpira feminine masculinity giant musical old"
)
STYLES_2 = "normal active exhausted elderly feminine masculine youthful"
CONTENTS = sorted({*CONTENTS_1.split(), *CONTENTS_2.split()})
PAIRS = [(content, style) for content in CONTENTS for style in sorted({*STYLES_1.split(), *STYLES_2.split()})]


def every_sentence() -> list[tuple[str, str, str]]:
    return [(content, style, text) for content, style in PAIRS for text in captions(content, style, count=ALL)]


def test_every_label_of_both_sets_has_words() -> None:
    assert known_contents() == set(CONTENTS)
    assert set(STYLES) == set(MANNERS) == {*STYLES_1.split(), *STYLES_2.split()}


@pytest.mark.parametrize("style", ["normal", "elderly", "angry"])
@pytest.mark.parametrize("content", CONTENTS)
def test_one_content_has_many_different_wordings(content: str, style: str) -> None:
    texts = captions(content, style, count=ALL)
    assert len(texts) == len(set(texts)) >= 3 * len(SUBJECTS)
    assert texts[:5] == captions(content, style, count=5) == captions(content, style, count=24)[:5]
    assert {text.split()[0] for text in texts} == {"a", "someone", "the"}


def test_the_plain_sentence_comes_first() -> None:
    firsts = {content: captions(content, "normal", count=1) for content in CONTENTS}
    assert firsts["walk"] == ["a person walks forward"] and firsts["bow"] == ["a person bows"]
    assert firsts["raise-up-right-hand"] == ["a person raises the right hand"]
    assert firsts["walk-turn-left"] == ["a person walks and turns left"]
    assert captions("run", "elderly", count=1) == ["a person runs forward like an elderly person"]
    assert len(set(map(tuple, firsts.values()))) == len(CONTENTS), "two contents share their plain sentence"


def test_a_style_that_is_an_emotion_is_silent_and_the_others_speak() -> None:
    plain = captions("walk", "normal", count=ALL)
    for style, (affect, evidence) in STYLES.items():
        texts = captions("walk", style, count=ALL)
        if evidence == "mocap" or style == "not-confident":
            assert texts == plain, style
        else:
            assert not set(texts) & set(plain), (style, affect)


def test_no_sentence_names_an_emotion() -> None:
    named = {emotion.label for emotion in Emotion} | set(ALIASES)
    named |= {"joyful", "joyfully", "happily", "sadly", "angrily", "anger", "furious", "fearful", "scared", "confident"}
    for _, _, text in every_sentence():
        assert not named & set(re.findall(r"[a-z]+", text)), text


def test_sentences_are_plain_ascii_without_holes() -> None:
    for _, _, text in every_sentence():
        assert re.fullmatch(r"[a-z]+( [a-z]+)*", text), text


def test_a_side_is_told_as_the_label_says_and_only_there() -> None:
    for content, _, text in every_sentence():
        told = set(re.findall(r"\b(left|right)\b", text))
        assert told == set(re.findall(r"left|right", content)), (content, text)


def test_the_mirrored_sentence_is_a_sentence_of_the_mirrored_content() -> None:
    for content, style in PAIRS:
        texts = captions(content, style, count=ALL)
        twins = [mirrored_caption(text) for text in texts]
        assert [mirrored_caption(twin) for twin in twins] == texts
        assert set(twins) == set(captions(mirrored_caption(content), style, count=ALL))


def test_mirroring_exchanges_sides_and_spares_longer_words() -> None:
    text = "turns left, right hand up, straight ahead, upright, bright, leftover"
    assert mirrored_caption(text) == "turns right, left hand up, straight ahead, upright, bright, leftover"
    assert mirrored_caption("raise-up-left-hand") == "raise-up-right-hand"
    assert mirrored_caption("walk-turn-right") == "walk-turn-left"


@pytest.mark.parametrize(
    ("content", "style"), [("swim", "normal"), ("walk", "bored"), ("walk-side", "normal"), ("raise-both", "normal")]
)
def test_an_unknown_label_is_refused(content: str, style: str) -> None:
    with pytest.raises(KeyError):
        captions(content, style, count=1)


def test_no_row_of_words_is_unused() -> None:
    used = {text for content in CONTENTS for text in captions(content, "normal", count=ALL)}
    for row, phrases in ACTIONS.items():
        for phrase in phrases:
            assert f"a person {phrase.format(side='left')}" in used, row


@pytest.mark.mocap
def test_the_real_sets_files_have_these_labels(mocap_path: Path) -> None:
    labels = {parse_label(path) for path in find_clips(mocap_path)}
    assert {(label.part, label.content) for label in labels} == {
        *((1, content) for content in CONTENTS_1.split()),
        *((2, content) for content in CONTENTS_2.split()),
    }
