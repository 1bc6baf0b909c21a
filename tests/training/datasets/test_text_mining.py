"""Emotion words leave the captions and become weak labels; a sentence that needs its word is kept, and noted."""

import pytest

from sdk.emotion import Emotion
from training.datasets.text_mining import INTENSITY, emotions_in, mined, without_emotion


@pytest.mark.parametrize(
    ("caption", "freed"),
    [
        ("a person walks angrily across the room.", "a person walks across the room."),
        ("an angry person walks in a circle", "a person walks in a circle"),
        ("a sad old man walks slowly", "an old man walks slowly"),
        ("a man is angry and kicks something", "a man kicks something"),
        ("a person who is very angry stomps around", "a person stomps around"),
        ("the person walks as if they are sad", "the person walks"),
        ("person is walking in a sad manner", "person is walking"),
        ("a person throws their arms up in joy.", "a person throws their arms up."),
        ("a person dances happily and joyfully", "a person dances"),
        ("a person jumps for joy", "a person jumps"),
        ("a person walks, looking depressed", "a person walks"),
        ("a person walks sadly, with head down", "a person walks, with head down"),
        ("person angrily throws something, then angrily kicks", "person throws something, then kicks"),
    ],
)
def test_the_word_goes_and_the_deed_stays(caption: str, freed: str) -> None:
    assert without_emotion(caption) == freed
    found = mined([caption])
    assert found.captions == (freed,) and not found.in_words
    assert found.affect is not None and found.affect.intensity == INTENSITY


@pytest.mark.parametrize("caption", ["a man is happy", "a person looks scared while running away"])
def test_what_cannot_stand_without_the_word_is_kept_and_noted(caption: str) -> None:
    assert without_emotion(caption) is None
    alone, beside = mined([caption]), mined([caption, "a person runs"])
    assert alone.captions == (caption,) and alone.in_words
    assert beside.captions == ("a person runs",) and not beside.in_words
    assert alone.affect == beside.affect is not None


@pytest.mark.parametrize(
    "caption", ["a person walks forward", "he does not look happy", "a person walks without fear", "she made a sadist"]
)
def test_no_emotion_is_read_where_none_is_said(caption: str) -> None:
    found = mined([caption])
    assert found.affect is None and found.captions == (caption,)


def test_several_emotions_are_a_mixture() -> None:
    found = mined(["he walks happily", "a happy man walks", "a man walks fearfully"])
    assert found.affect is not None
    assert found.affect.weights == {Emotion.JOY: pytest.approx(2 / 3), Emotion.FEAR: pytest.approx(1 / 3)}
    assert found.captions == ("he walks", "a man walks")


def test_words_are_found_whole_and_in_any_case() -> None:
    assert emotions_in("Sadly, an ANGRY man; angrily") == [Emotion.SADNESS, Emotion.ANGER, Emotion.ANGER]
    assert emotions_in("a saddle, a rager and a happygram") == []
