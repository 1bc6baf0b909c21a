"""The table of cues and the pairs held out."""

from dataclasses import fields

import pytest

from sdk.emotion import SEED_EMOTIONS, Emotion
from training.datasets.captions import known_contents, mirrored_caption
from training.stylist.edits import UNITS, Edits
from training.stylist.holdout import HELD_OUT, held_out
from training.stylist.table import TABLE, edits_for


def test_every_edit_has_a_unit_and_a_default_that_does_nothing() -> None:
    assert list(UNITS) == [f.name for f in fields(Edits)]
    for name, unit in UNITS.items():
        assert getattr(Edits(), name) == (1.0 if unit == "ratio" else 0.0)


def test_every_emotion_but_neutral_has_cues_with_a_source() -> None:
    assert set(TABLE) == set(Emotion) - {Emotion.NEUTRAL}
    for cues in TABLE.values():
        assert set(cues) <= set(UNITS)
        assert all(cue.source for cue in cues.values())


def test_only_the_seed_emotions_rest_on_something_measured() -> None:
    for emotion, cues in TABLE.items():
        measured = [cue for name, cue in cues.items() if "[inferred]" not in cue.source and name != "forearm_hold"]
        assert bool(measured) == (emotion in SEED_EMOTIONS), emotion


@pytest.mark.parametrize("emotion", TABLE)
def test_intensity_zero_gives_the_edits_that_change_nothing(emotion: Emotion) -> None:
    assert edits_for(emotion, 0.0, 3) == Edits()


@pytest.mark.parametrize("emotion", TABLE)
def test_edits_grow_with_the_intensity(emotion: Emotion) -> None:
    levels = [edits_for(emotion, k / 10, 7) for k in range(11)]
    for name, cue in TABLE[emotion].items():
        values = [getattr(level, name) for level in levels]
        up = cue.value > getattr(Edits(), name)
        pairs = zip(values, values[1:], strict=False)
        assert all((b > a) == up and a != b for a, b in pairs), name


def test_the_average_performer_is_the_table() -> None:
    edits = edits_for(Emotion.FEAR, 1.0)
    assert all(getattr(edits, name) == pytest.approx(cue.value) for name, cue in TABLE[Emotion.FEAR].items())


def test_a_performer_stays_near_the_table() -> None:
    for performer in range(40):
        edits = edits_for(Emotion.ANGER, 1.0, performer)
        assert 0.6 - 1e-9 <= edits.trunk_pitch / TABLE[Emotion.ANGER]["trunk_pitch"].value <= 1.4 + 1e-9


def test_held_out_pairs_are_closed_under_mirroring_and_known() -> None:
    for content, emotion in HELD_OUT:
        assert held_out(mirrored_caption(content), emotion)
        assert content in known_contents()


def test_the_held_out_pairs() -> None:
    assert {(content, emotion.label) for content, emotion in HELD_OUT} == {
        ("walk-back", "joy"), ("raise-up-left-hand", "joy"), ("raise-up-right-hand", "joy"),
        ("byebye", "sadness"), ("wave-both-hands", "sadness"),
        ("walk-left", "anger"), ("walk-right", "anger"), ("wave-left-hand", "anger"), ("wave-right-hand", "anger"),
        ("run", "fear"), ("walk-turn-left", "fear"), ("walk-turn-right", "fear"),
    }  # fmt: skip
    assert not held_out("walk", Emotion.JOY)
    assert not held_out("run", Emotion.JOY)
