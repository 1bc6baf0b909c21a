"""Affect: mixtures, words, intensity, and the valence-arousal plane."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk.emotion import (
    ALIASES,
    DEFAULT_INTENSITY,
    NUM_EMOTIONS,
    SEED_EMOTIONS,
    VALENCE_AROUSAL,
    Affect,
    Emotion,
    emotion_named,
)
from sdk.errors import InvalidInput

WEIGHTS = st.dictionaries(st.sampled_from(Emotion), st.floats(0.0, 1e6), min_size=1).filter(
    lambda w: sum(w.values()) > 1e-6
)
INTENSITY = st.floats(0, 1)


def test_order_of_the_enum_is_the_wire_s() -> None:
    names = "neutral joy trust fear surprise sadness disgust anger anticipation".split()
    assert [e.label for e in Emotion] == names and [int(e) for e in Emotion] == list(range(9))
    assert NUM_EMOTIONS == 9 and {e.label for e in SEED_EMOTIONS} == {"joy", "sadness", "fear", "anger"}


@given(WEIGHTS, INTENSITY)
def test_weights_normalise(weights: dict[Emotion, float], intensity: float) -> None:
    affect = Affect(weights, intensity)
    assert sum(affect.weights.values()) == pytest.approx(1)
    assert all(w > 0 for w in affect.weights.values()) and list(affect.weights) == sorted(affect.weights)
    assert affect.vector.shape == (9,) and affect.vector.dtype == np.float32
    assert affect.vector.sum() == pytest.approx(1, abs=1e-6)
    assert affect.label == max(affect.weights, key=lambda e: affect.weights[e]).label
    again = Affect(affect.weights, affect.intensity)
    assert again.weights == pytest.approx(affect.weights) and again.intensity == affect.intensity


@given(WEIGHTS, st.floats(0.01, 100))
def test_only_the_ratio_of_weights_counts(weights: dict[Emotion, float], factor: float) -> None:
    scaled = Affect({e: w * factor for e, w in weights.items()})
    np.testing.assert_allclose(scaled.vector, Affect(weights).vector, atol=1e-6)


@given(WEIGHTS, INTENSITY)
def test_valence_and_arousal_are_bounded_and_grow_with_intensity(
    weights: dict[Emotion, float], intensity: float
) -> None:
    full, part = np.array(Affect(weights, 1.0).valence_arousal), np.array(Affect(weights, intensity).valence_arousal)
    assert (np.abs(full) <= 1).all()
    np.testing.assert_allclose(part, intensity * full, atol=1e-6)


def test_given_weights_are_not_changed() -> None:
    weights = {Emotion.JOY: 3.0, Emotion.TRUST: 1.0, Emotion.FEAR: 0.0}
    assert Affect(weights).weights == {Emotion.JOY: 0.75, Emotion.TRUST: 0.25}
    assert weights == {Emotion.JOY: 3.0, Emotion.TRUST: 1.0, Emotion.FEAR: 0.0}


@pytest.mark.parametrize("emotion", Emotion)
def test_plain_names(emotion: Emotion) -> None:
    assert emotion_named(f" {emotion.label.upper()} ") == (emotion, None)
    affect = Affect.of(emotion.label)
    assert affect.weights == {emotion: 1.0} and affect.intensity == DEFAULT_INTENSITY and affect.label == emotion.label
    assert Affect.of(emotion.label, 0.2).intensity == 0.2


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases_bring_their_intensity(alias: str) -> None:
    emotion, intensity = ALIASES[alias]
    assert Affect.of(alias) == Affect({emotion: 1.0}, intensity)
    assert Affect.of(alias, 0.5).intensity == 0.5
    assert alias.upper() not in Emotion.__members__ and 0 < intensity <= 1


def test_each_basic_emotion_has_a_mild_and_a_strong_word() -> None:
    for emotion in Emotion:
        if emotion is not Emotion.NEUTRAL:
            assert {0.3, 1.0} <= {i for e, i in ALIASES.values() if e is emotion}


def test_mixtures() -> None:
    affect = Affect.of("joy:0.6, trust:0.4")
    assert affect.weights == pytest.approx({Emotion.JOY: 0.6, Emotion.TRUST: 0.4})
    assert affect.intensity == DEFAULT_INTENSITY and affect.label == "joy"
    assert Affect.of("joy,trust").weights == {Emotion.JOY: 0.5, Emotion.TRUST: 0.5}
    assert Affect.of("rage,serenity").intensity == 1.0
    assert Affect.of("happy:1,joy:1,fear:2").weights == {Emotion.JOY: 0.5, Emotion.FEAR: 0.5}
    assert Affect.neutral() == Affect({Emotion.NEUTRAL: 1.0}, 1.0)


@pytest.mark.parametrize(
    ("text", "message", "field"),
    [
        ("joyy", r"'joyy' is unknown; did you mean 'joy'\? Known: neutral, joy", "emotion"),
        ("rgae", "did you mean 'rage'", "emotion"),
        ("", "emotion '' is unknown", "emotion"),
        ("joy,", "emotion '' is unknown", "emotion"),
        ("joy:lots", "weight 'lots' of joy is not a number", "affect.weights"),
        ("joy:", "weight '' of joy is not a number", "affect.weights"),
        ("joy:-1", "weight of joy must be >= 0, got -1", "affect.weights"),
        ("joy:nan", "weight of joy must be >= 0, got nan", "affect.weights"),
        ("joy:inf", "weight of joy must be >= 0, got inf", "affect.weights"),
        ("joy:0,fear:0", "at least one weight > 0", "affect.weights"),
    ],
)
def test_words_that_are_refused(text: str, message: str, field: str) -> None:
    with pytest.raises(InvalidInput, match=message) as error:
        Affect.of(text)
    assert error.value.field == field and "\n" not in str(error.value)


def test_a_long_unknown_name_is_cut_in_the_message() -> None:
    with pytest.raises(InvalidInput) as error:
        Affect.of("x" * 10_000)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("intensity", [-0.01, 1.01, 7.0, float("nan"), float("inf")])
def test_intensity_outside_is_refused(intensity: float) -> None:
    with pytest.raises(InvalidInput, match=r"intensity must lie in 0\.\.1") as error:
        Affect.of("joy", intensity)
    assert error.value.field == "affect.intensity"


def test_no_weight_at_all_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one weight"):
        Affect({})


@pytest.mark.parametrize("emotion", [e for e in Emotion if e is not Emotion.NEUTRAL])
@pytest.mark.parametrize("intensity", [0.3, 0.7, 1.0])
def test_anchor_points_of_the_plane_name_their_emotion(emotion: Emotion, intensity: float) -> None:
    valence, arousal = VALENCE_AROUSAL[emotion] * intensity
    affect = Affect.from_valence_arousal(valence, arousal)
    assert affect.label == emotion.label
    # Neighbours come in and pull the point sideways and inward: the plane is a coarse control.
    goal, got = np.array([valence, arousal]), np.array(affect.valence_arousal)
    cosine = goal @ got / np.linalg.norm(goal) / np.linalg.norm(got)
    assert np.degrees(np.arccos(cosine)) < 20
    assert 0.6 < np.linalg.norm(got) / np.linalg.norm(goal) < 1.1


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_every_point_of_the_plane_gives_an_affect(valence: float, arousal: float) -> None:
    affect = Affect.from_valence_arousal(valence, arousal)
    assert 0 <= affect.intensity <= 1 and affect.vector.sum() == pytest.approx(1, abs=1e-6)


def test_the_origin_is_neutral() -> None:
    assert Affect.from_valence_arousal(0.0, 0.0) == Affect.neutral()
    assert Affect.neutral().valence_arousal == (0.0, 0.0)


@pytest.mark.parametrize(
    ("valence", "arousal", "field"), [(1.1, 0, "valence"), (0, -2, "arousal"), (np.nan, 0, "valence")]
)
def test_points_outside_the_plane_are_refused(valence: float, arousal: float, field: str) -> None:
    with pytest.raises(InvalidInput, match=f"{field} must lie in") as error:
        Affect.from_valence_arousal(valence, arousal)
    assert error.value.field == f"affect.{field}"
