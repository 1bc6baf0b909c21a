"""The linear model of the emotion judge on cells whose effects were planted."""

import numpy as np
import pytest

from training.evaluate.emotion_model import (
    LIMIT,
    Cell,
    Effects,
    Moments,
    Scale,
    Weights,
    fit,
    performer_covariance,
    softmax,
)

FEATURES = 5
UNIT = Scale(np.zeros(FEATURES), np.ones(FEATURES))
STYLES = {
    "normal": [0, 0, 0, 0, 0], "happy": [1.4, 0, 0, 0, 0], "sad": [0, 1.4, 0, 0, 0], "angry": [0, 0, 1.4, 0, 0],
}  # fmt: skip
FAMILIES = {f"action{k}": row for k, row in enumerate(0.25 * np.random.default_rng(1).normal(size=(8, FEATURES)))}
"""Group effects, smaller than those of the styles, so that a linear model can tell the styles apart."""


def cell(family: str, style: str, mean: np.ndarray, *, part: int = 1, spread: np.ndarray | None = None) -> Cell:
    """A cell of two clips around `mean`; windows are symmetric about it, so its mean is exact."""
    step = np.full(FEATURES, 0.05) if spread is None else spread
    rng = np.random.default_rng([*family.encode(), *style.encode(), part])
    half = rng.normal(size=(20, FEATURES)) * step
    return Cell(part, family, style, (mean + half, mean - half))


def planted(**missing: tuple[str, ...]) -> list[Moments]:
    """Cells of all families and styles, group plus style effect, but for the families a style is missing in."""
    return [
        Moments.of(cell(family, style, group + np.array(effect)), UNIT)
        for family, group in FAMILIES.items() for style, effect in STYLES.items()
        if family not in missing.get(style, ())
    ]  # fmt: skip


def test_planted_effects_are_found_though_the_table_has_holes() -> None:
    found = Effects.of(planted(happy=("action0", "action1", "action2"), sad=("action5",)), penalty=1e-6)
    for style, effect in STYLES.items():
        np.testing.assert_allclose(found.styles[style] - found.styles["normal"], effect, atol=0.01)
    differences = found.groups[1, "action3"] - found.groups[1, "action4"]
    np.testing.assert_allclose(differences, FAMILIES["action3"] - FAMILIES["action4"], atol=0.01)
    assert np.abs(found.residual).max() < 1e-4


def test_what_an_action_looks_like_is_not_taken_for_a_feeling() -> None:
    """Happy clips are of waving alone, where hands are up (feature 3): that is no part of joy."""
    moments = []
    for family, group in FAMILIES.items():
        waves = family in ("action0", "action1", "action2", "action3")
        base = group + 1.5 * waves * np.eye(FEATURES)[3]
        moments.append(Moments.of(cell(family, "normal", base), UNIT))
        if waves:
            moments.append(Moments.of(cell(family, "happy", base + np.array(STYLES["happy"])), UNIT))
    found = Effects.of(moments, penalty=1e-6)
    joy = found.styles["happy"] - found.styles["normal"]
    naive = np.mean([m.mean for m in moments if m.cell.style == "happy"], axis=0)
    naive = naive - np.mean([m.mean for m in moments if m.cell.style == "normal"], axis=0)
    assert naive[3] > 0.5
    assert abs(joy[3]) < 0.01 and joy[0] == pytest.approx(1.4, abs=0.01)


def test_styles_are_shrunk_by_the_penalty() -> None:
    free, held = (Effects.of(planted(), penalty=p).styles["happy"][0] for p in (1e-6, 8.0))
    assert 0 < held < 0.7 * free


def fitted(moments: list[Moments], **given: object) -> np.ndarray:
    """Class directions (4, F)."""
    zero = np.zeros((FEATURES, FEATURES))
    settings = {"weights": Weights(style_penalty=1e-6), "performer": zero, "distortion": zero} | given
    return fit(moments, list(STYLES), **settings).weights  # type: ignore[arg-type]


def test_clips_of_an_action_that_was_never_shown_with_the_feeling_are_judged_right() -> None:
    moments = planted(happy=("action6",), sad=("action6",), angry=("action6",))
    zero = np.zeros((FEATURES, FEATURES))
    model = fit(moments, list(STYLES), weights=Weights(), performer=zero, distortion=zero)
    for k, effect in enumerate(STYLES.values()):
        assert model(FAMILIES["action6"] + np.array(effect)).argmax() == k


@pytest.mark.parametrize("name", ["performer", "distortion"])
def test_a_direction_of_noise_is_ignored(name: str) -> None:
    """Joy shows in feature 0. When performers, or codecs, differ there as well, it can no longer be trusted."""
    harm = np.diag([100.0, 0, 0, 0, 0])
    clean, harmed = fitted(planted()), fitted(planted(), **{name: harm})
    assert abs(harmed[1, 0]) < 0.05 * abs(clean[1, 0])
    assert harmed[2, 1] == pytest.approx(clean[2, 1], rel=0.1)


def test_what_varies_within_a_clip_is_ignored() -> None:
    restless = np.array([0.9, 0.05, 0.05, 0.05, 0.05])
    moments = [
        Moments.of(cell(family, style, group + np.array(effect), spread=restless), UNIT)
        for family, group in FAMILIES.items() for style, effect in STYLES.items()
    ]  # fmt: skip
    assert abs(fitted(moments)[1, 0]) < 0.5 * abs(fitted(planted())[1, 0])


def test_a_family_of_one_part_with_many_actions_counts_as_one_with_few() -> None:
    groups = {(1, "a"): np.zeros(2), (2, "b"): np.ones(2), (2, "c"): np.ones(2), (2, "d"): np.ones(2)}
    mean, covariance = Effects(groups, {}, np.zeros((2, 2))).centre()
    np.testing.assert_allclose(mean, 0.5)
    np.testing.assert_allclose(covariance, 0.25)


def test_performers_are_compared_where_action_and_style_are_the_same() -> None:
    build = np.array([0.5, 0, 0, 0, 0])
    made = [
        Moments.of(cell(family, "normal", group + (part == 2) * build, part=part), UNIT)
        for family, group in FAMILIES.items() for part in (1, 2)
    ]  # fmt: skip
    alone = [Moments.of(cell("another", "normal", np.ones(FEATURES), part=2), UNIT)]
    found = performer_covariance([*made, *alone])
    np.testing.assert_allclose(found, np.outer(build, build), atol=1e-9)
    assert not performer_covariance(alone).any()


def test_the_scale_counts_cells_and_not_clips() -> None:
    many = Cell(1, "walk", "normal", tuple(np.full((2, 1), -1.0) for _ in range(50)))
    one = Cell(1, "bow", "normal", (np.full((7, 1), 1.0),))
    scale = Scale.of([many, one])
    assert (scale.mean, scale.std) == (0, 1)
    assert scale(np.array([[1.0], [-3.0], [99.0]])).ravel().tolist() == [1, -LIMIT, LIMIT]


def test_a_feature_that_never_varies_says_nothing() -> None:
    level = 0.1 + 0.2  # no exact number, so its mean is off by a rounding error
    cells = [Cell(1, f"a{k}", "normal", (np.array([[float(k), level]] * 3),)) for k in range(7)]
    scale = Scale.of(cells)
    assert np.abs(scale(np.array([[2.0, level]]))[0, 1]) < 1e-9
    assert np.isfinite(Moments.of(cells[0], scale).scatter).all()


def test_softmax_laws() -> None:
    scores = np.random.default_rng(2).normal(size=(40, 5)) * 3
    chance = softmax(scores)
    np.testing.assert_allclose(chance.sum(-1), 1)
    np.testing.assert_allclose(softmax(scores + 1000.0), chance, atol=1e-12)
    np.testing.assert_allclose(np.log(chance[:, 1] / chance[:, 0]), scores[:, 1] - scores[:, 0])
    assert softmax(np.array([1e5, 0.0, -1e5])).tolist() == [1, 0, 0]
