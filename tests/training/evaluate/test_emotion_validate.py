"""Leave-one-out of the emotion judge on made-up features: what a fold may see, and what it says of known clips."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from training.evaluate.emotion_data import CLASSES, EmotionData, class_of  # noqa: E402
from training.evaluate.emotion_model import Cell, Moments, Scale, Weights  # noqa: E402
from training.evaluate.emotion_validate import (  # noqa: E402
    CONTENT,
    PAIR,
    Judged,
    best_temperature,
    cross_validate,
    fit_without,
    folds,
    judge_all,
    log_loss,
)
from training.evaluate.real_clips import RealClip, RealClips  # noqa: E402

CONTENTS = ("walk", "walk-left", "walk-right", "run", "bow", "kick", "punch")
FEATURES = 6
EFFECT = {style: 2.0 * np.eye(FEATURES)[k] for k, style in enumerate((*CLASSES, "proud"))}
WEIGHTS = Weights()


def made(*, strength: float = 1.0, seed: int = 0) -> EmotionData:
    """Every content in every class and as "proud": group + strength x style effect + noise; no clip is held out."""
    rng = np.random.default_rng(seed)
    clips = tuple(
        RealClip(f"{content}_{style}", content, style, 1, "train", {}, 1.0)
        for content in CONTENTS for style in (*CLASSES, "proud")
    )  # fmt: skip
    groups = {family: 0.5 * rng.normal(size=FEATURES) for family in sorted({c.family for c in clips})}
    members: dict[tuple[int, str, str], tuple[RealClip, ...]] = defaultdict(tuple)
    features = {}
    for clip in clips:
        members[clip.part, clip.family, clip.style] += (clip,)
        centre = groups[clip.family] + strength * EFFECT[clip.style] + 0.2 * rng.normal(size=FEATURES)
        features[clip.name] = centre + 0.1 * rng.normal(size=(3, FEATURES))
    cells = [Cell(*key, tuple(features[c.name] for c in inside)) for key, inside in sorted(members.items())]
    scale = Scale.of(cells)
    zero = np.zeros((FEATURES, FEATURES))
    moments = tuple(Moments.of(cell, scale) for cell in cells)
    return EmotionData(RealClips(Path(), clips), features, scale, moments, members, zero, zero)


@pytest.fixture(scope="module")
def data() -> EmotionData:
    return made()


@pytest.fixture(scope="module")
def judged(data: EmotionData) -> Judged:
    return cross_validate(data, WEIGHTS, PAIR)


@pytest.mark.parametrize("kind", [PAIR, CONTENT])
def test_a_fold_never_sees_its_pair(data: EmotionData, kind: str) -> None:
    """Wherever the pair's training clips are moved to, its clips are judged the same."""
    before = cross_validate(data, WEIGHTS, kind)
    family, style = "bow", "sad"
    spoilt = tuple(
        replace(m, mean=m.mean + 50.0, scatter=m.scatter + 9.0)
        if (m.cell.family, m.cell.style) == (family, style) else m
        for m in data.cells
    )  # fmt: skip
    after = cross_validate(replace(data, cells=spoilt), WEIGHTS, kind)
    own = [k for k, clip in enumerate(before.clips) if (clip.family, clip.style) == (family, style)]
    np.testing.assert_array_equal(after.scores[own], before.scores[own])
    others = [k for k, clip in enumerate(before.clips) if clip.family != family]
    assert (np.abs(after.scores[others] - before.scores[others]).max(-1) > 1e-3).all()


def test_sides_of_an_action_are_left_out_together(data: EmotionData) -> None:
    """A mirrored clip is the same clip to features that average both sides."""
    for skip, clips in folds(data, PAIR):
        assert all(skip(Cell(c.part, c.family, c.style, ())) for c in clips)
        if any(c.content == "walk-left" for c in clips):
            assert sorted(c.content for c in clips) == ["walk-left", "walk-right"]


def test_the_harder_run_leaves_all_emotions_of_the_action_out_and_keeps_its_neutral_clips(data: EmotionData) -> None:
    styles = list(CLASSES)
    for kind, others_stay in ((PAIR, True), (CONTENT, False)):
        for skip, clips in folds(data, kind):
            family, style = clips[0].family, clips[0].style
            if style == "normal":
                continue
            left = {s: skip(Cell(1, family, s, ())) for s in (*styles, "proud")}
            assert left[style] and not left["normal"] and not left["proud"]
            assert all(left[s] != others_stay for s in styles[1:] if s != style)
            assert not skip(Cell(1, "walk" if family != "walk" else "run", style, ()))


def test_every_clip_of_a_class_is_judged_once(data: EmotionData, judged: Judged) -> None:
    assert sorted(c.name for c in judged.clips) == sorted(c.name for c in data.classed)
    assert len(judged.clips) == len(CONTENTS) * len(CLASSES)
    assert "proud" not in {c.style for c in judged.clips}


def test_planted_feelings_are_found_and_absent_ones_are_not(judged: Judged) -> None:
    assert judged.accuracy(seed=0).value > 0.9
    said = cross_validate(made(strength=0.0), WEIGHTS, PAIR).report(seed=0)
    assert said["accuracy"] < 0.5 and said["interval_95"][0] < said["chance"] == 0.2


def test_rows_of_a_confusion_are_shares_of_the_truth(judged: Judged) -> None:
    found = judged.report(seed=0)
    confusion = np.array(found["confusion"])
    np.testing.assert_allclose(confusion.sum(1), 1, atol=1e-3)
    np.testing.assert_allclose(np.diag(confusion), list(found["recall"].values()))
    assert found["accuracy"] == pytest.approx(np.diag(confusion).mean(), abs=1e-4)
    assert found["interval_95"][0] <= found["accuracy"] <= found["interval_95"][1]


def test_classes_count_the_same_and_so_do_actions_of_neutral_takes() -> None:
    """One action with three neutral takes weighs as much as one with a single take; emotional clips are one each."""
    takes = [("walk", "normal")] * 3 + [("bow", "normal"), ("walk", "happy"), ("walk", "happy"), ("bow", "happy")]
    clips = tuple(RealClip(str(k), *take, 1, "train", {}, 1.0) for k, take in enumerate(takes))
    weights = Judged(clips, np.zeros((7, 5))).weights
    np.testing.assert_allclose(weights, [1 / 12] * 3 + [1 / 4] + [1 / 6] * 3)


def test_the_temperature_undoes_overconfidence() -> None:
    judged = cross_validate(made(strength=0.2), WEIGHTS, PAIR)
    assert 0.3 < judged.accuracy(seed=0).value < 0.9
    best = best_temperature(judged)
    assert log_loss(judged, best) <= min(log_loss(judged, t) for t in (0.5, 0.9 * best, 1.1 * best, 20.0))
    louder = Judged(judged.clips, 3 * judged.scores)
    assert best_temperature(louder) == pytest.approx(3 * best, rel=0.07)
    assert log_loss(louder, 3 * best) == pytest.approx(log_loss(judged, best))


def test_knowing_nothing_costs_the_logarithm_of_the_classes(judged: Judged) -> None:
    assert log_loss(Judged(judged.clips, np.zeros_like(judged.scores)), 1.0) == pytest.approx(np.log(5))


def test_other_versions_of_clips_are_judged_by_the_same_folds(data: EmotionData, judged: Judged) -> None:
    some = {c.name: data.features[c.name] for c in judged.clips[::3]}
    found = cross_validate(data, WEIGHTS, PAIR, features=some)
    assert [c.name for c in found.clips] == [c.name for c in judged.clips[::3]]
    np.testing.assert_array_equal(found.scores, judged.scores[::3])
    still = {name: np.zeros_like(x) for name, x in some.items()}
    assert not np.allclose(cross_validate(data, WEIGHTS, PAIR, features=still).scores, found.scores)


def test_the_whole_model_judges_clips_in_their_order(data: EmotionData) -> None:
    model = fit_without(data, lambda cell: False, WEIGHTS)
    clips = data.classed[::-1]
    found = judge_all(model, data, clips, data.features)
    assert found.clips == tuple(clips)
    assert (found.scores.argmax(-1) == [class_of(c) for c in clips]).mean() > 0.9
