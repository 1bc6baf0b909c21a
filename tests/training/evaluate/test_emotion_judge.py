"""The emotion judge's graph says what the linear model says, and its report tells the figures as they are."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")
pytest.importorskip("onnx", reason="onnx is absent: pip install -e '.[export]'")

from sdk.emotion import VALENCE_AROUSAL  # noqa: E402
from sdk.runtime.sessions import open_session, run_session  # noqa: E402
from training.evaluate.emotion_data import CLASSES, class_of, class_points  # noqa: E402
from training.evaluate.emotion_judge import GRID, WEIGHTS, emotion_graph, one_by_one, plane_report  # noqa: E402
from training.evaluate.emotion_model import LIMIT, Discriminant, Scale, softmax  # noqa: E402
from training.evaluate.emotion_validate import Judged  # noqa: E402
from training.evaluate.measure_labels import EMOTIONS  # noqa: E402
from training.evaluate.real_clips import RealClip  # noqa: E402

FEATURES = 6
TEMPERATURE = 1.7
RNG = np.random.default_rng(0)
SCALE = Scale(RNG.normal(size=FEATURES), RNG.uniform(0.5, 3, size=FEATURES))
MODEL = Discriminant(RNG.normal(size=(5, FEATURES)), RNG.normal(size=5))
INTENSITY = {"normal": 1.0, "happy": 1.0, "sad": 1.0, "not-confident": 0.6, "angry": 1.0}


def clip(style: str, name: str = "") -> RealClip:
    return RealClip(name or style, "walk", style, 1, "train", {}, INTENSITY.get(style, 1.0))


POINTS = class_points([clip(style) for style in CLASSES])


def test_classes_are_those_that_the_evaluation_asks_for() -> None:
    assert tuple(CLASSES.values()) == EMOTIONS
    assert [class_of(clip(style)) for style in (*CLASSES, "tired", "proud")] == [0, 1, 2, 3, 4, -1, -1]


def test_a_class_lies_in_the_plane_at_the_intensity_it_was_performed_with() -> None:
    np.testing.assert_allclose(POINTS[[0, 1, 2, 4]], VALENCE_AROUSAL[[int(e) for e in EMOTIONS]][[0, 1, 2, 4]])
    np.testing.assert_allclose(POINTS[3], 0.6 * VALENCE_AROUSAL[int(EMOTIONS[3])])


@pytest.mark.parametrize("windows", [1, 2, 9])
def test_the_graph_says_what_the_model_says(windows: int) -> None:
    """Standardise, cut, average the windows' scores, divide by the temperature."""
    session = open_session(emotion_graph(SCALE, MODEL, TEMPERATURE, POINTS), threads=1)
    for seed in range(5):
        features = SCALE.mean + 4 * SCALE.std * np.random.default_rng(seed).normal(size=(windows, FEATURES))
        assert (np.abs((features - SCALE.mean) / SCALE.std) > LIMIT).any()
        wanted = softmax(MODEL(SCALE(features)).mean(0) / TEMPERATURE)
        found, plane = run_session(session, {"features": features.astype(np.float32)}, name="emotion")
        np.testing.assert_allclose(found, wanted, atol=1e-5)
        np.testing.assert_allclose(plane, wanted @ POINTS, atol=1e-5)


def test_the_graph_has_the_same_bytes_every_time() -> None:
    assert emotion_graph(SCALE, MODEL, TEMPERATURE, POINTS) == emotion_graph(SCALE, MODEL, TEMPERATURE, POINTS)
    assert emotion_graph(SCALE, MODEL, TEMPERATURE, POINTS) != emotion_graph(SCALE, MODEL, 1.0, POINTS)


def test_the_weights_were_chosen_from_inside_the_grid_that_the_card_reports() -> None:
    for name in ("group", "performer", "distortion", "floor"):
        values = {getattr(corner, name) for corner in GRID}
        assert min(values) < getattr(WEIGHTS, name) < max(values)
    assert len(set(GRID)) == len(GRID) == 16


def judged(*pairs: tuple[str, int], sure: float = 20.0) -> Judged:
    """Clips of a style with the class that they are taken for."""
    clips = tuple(clip(style, f"{style}{k}") for k, (style, _) in enumerate(pairs))
    return Judged(clips, sure * np.eye(5)[[said for _, said in pairs]])


def test_single_clips_are_told_by_name_with_the_probability_of_the_truth() -> None:
    said = one_by_one(judged(("happy", 1), ("sad", 3), ("angry", 4)), 1.0)
    assert (said["right"], said["of"]) == (2, 3)
    assert said["clips"]["sad1"] == {"truth": "sadness", "judged": "fear", "probability": 0.0}
    assert said["clips"]["happy0"]["probability"] == 1
    unsure = one_by_one(judged(("happy", 1), sure=0.0), 1.0)
    assert unsure["clips"]["happy0"]["probability"] == 0.2
    assert one_by_one(Judged((), np.zeros((0, 5))), 1.0) == {"right": 0, "of": 0, "clips": {}}


def test_a_judge_that_is_right_has_no_error_in_the_plane_and_one_that_says_neutral_has_all_of_it() -> None:
    styles = list(CLASSES)
    right = plane_report(judged(*[(style, k) for k, style in enumerate(styles)]), 1.0, POINTS)
    idle = plane_report(judged(*[(style, 0) for style in styles]), 1.0, POINTS)
    for k, name in enumerate(("valence", "arousal")):
        assert right[name]["mean_absolute_error"] < 1e-3
        assert right[name]["spearman_of_emotional_clips"] == 1
        assert idle[name]["mean_absolute_error"] == idle[name]["error_of_always_neutral"]
        assert idle[name]["error_of_always_neutral"] == pytest.approx(np.abs(POINTS[:, k]).mean(), abs=1e-4)
        assert idle[name]["spearman_of_emotional_clips"] == 0
