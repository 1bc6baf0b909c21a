"""Agreement of judgements: against scipy, against closed forms, and what a bootstrap draws."""

import numpy as np
import pytest

from sdk.errors import InvalidInput
from training.evaluate.statistics import (
    balanced_accuracy,
    bootstrap,
    bootstrap_mean,
    confusion_matrix,
    ranks,
    recalls,
    sign_test,
    spearman,
)

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("levels", [3, 1000])
def test_rank_correlation_is_scipys_with_ties_and_without(levels: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    first = RNG.integers(levels, size=60).astype(float)
    second = first + RNG.integers(levels, size=60)
    assert spearman(first, second) == pytest.approx(stats.spearmanr(first, second).statistic, abs=1e-12)
    np.testing.assert_allclose(ranks(first), stats.rankdata(first))


def test_rank_correlation_sees_order_only() -> None:
    x = RNG.normal(size=20)
    assert spearman(x, np.exp(5 * x)) == pytest.approx(1)
    assert spearman(x, -(x**3)) == pytest.approx(-1)
    assert spearman(x, np.full(20, 3.0)) == 0


@pytest.mark.parametrize("lengths", [(1, 1), (3, 2)])
def test_rank_correlation_needs_pairs(lengths: tuple[int, int]) -> None:
    with pytest.raises(InvalidInput, match="two equal lengths"):
        spearman(np.zeros(lengths[0]), np.zeros(lengths[1]))


def test_confusion_has_the_truth_in_rows_and_sums_weights() -> None:
    truth, judged = np.array([0, 0, 1, 1]), np.array([0, 2, 2, 2])
    assert confusion_matrix(truth, judged, 3).tolist() == [[1, 0, 1], [0, 0, 2], [0, 0, 0]]
    weighted = confusion_matrix(truth, judged, 3, weights=np.array([0.1, 0.2, 0.3, 0.4]))
    np.testing.assert_allclose(weighted, [[0.1, 0, 0.2], [0, 0, 0.7], [0, 0, 0]])


def test_a_judge_that_always_says_the_commonest_class_is_at_chance() -> None:
    truth = np.repeat([0, 1, 2, 3], [97, 1, 1, 1])
    assert balanced_accuracy(confusion_matrix(truth, np.zeros(100, int), 4)) == pytest.approx(1 / 4)


def test_a_class_without_samples_has_no_recall_and_does_not_count() -> None:
    found = confusion_matrix(np.array([0, 0, 2]), np.array([0, 1, 2]), 3)
    assert recalls(found)[[0, 2]].tolist() == [0.5, 1] and np.isnan(recalls(found)[1])
    assert balanced_accuracy(found) == 0.75


def test_the_interval_of_a_mean_is_that_of_the_normal_law() -> None:
    values = RNG.normal(5, 2, size=400)
    low, high = bootstrap_mean(values, range(400), seed=1)
    half = 1.96 * values.std() / np.sqrt(400)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.15 * half)


def test_clips_of_one_group_are_drawn_together() -> None:
    """Fifty copies of four values say no more than the four do."""
    four = np.array([0.0, 1.0, 4.0, 9.0])
    copies, groups = np.repeat(four, 50), np.repeat(np.arange(4), 50)
    single = bootstrap_mean(four, range(4), seed=2)
    assert bootstrap_mean(copies, groups.tolist(), seed=2) == pytest.approx(single)
    pretended = bootstrap_mean(copies, range(200), seed=2)
    assert pretended[1] - pretended[0] < 0.3 * (single[1] - single[0])


def test_every_resample_has_all_strata() -> None:
    strata = np.array([0] * 9 + [1])
    seen: list[set[int]] = []

    def classes(rows: np.ndarray) -> float:
        seen.append(set(strata[rows].tolist()))
        return 0.0

    bootstrap(classes, range(10), seed=0, strata=strata.tolist(), resamples=50)
    assert all(found == {0, 1} for found in seen)
    seen.clear()
    bootstrap(classes, range(10), seed=0, resamples=50)
    assert any(found == {0} for found in seen)


def test_a_bootstrap_is_of_its_seed_and_its_value_of_the_sample_itself() -> None:
    values = RNG.normal(size=30)
    found = [bootstrap(lambda rows: values[rows].mean(), range(30), seed=s, resamples=200) for s in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
    assert found[0].value == found[2].value == values.mean()
    assert found[0].low < found[0].value < found[0].high


def test_nothing_cannot_be_resampled() -> None:
    with pytest.raises(InvalidInput, match="at least one sample"):
        bootstrap(lambda rows: 0.0, [], seed=0)


@pytest.mark.parametrize(("wins", "losses", "ties"), [(8, 2, 0), (1, 5, 3), (50, 50, 0)])
def test_the_sign_test_is_the_exact_binomial_one(wins: int, losses: int, ties: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    first = np.array([1.0] * wins + [-1.0] * losses + [0.0] * ties)
    share, p = sign_test(first, np.zeros(len(first)))
    assert share == wins / (wins + losses)
    assert p == pytest.approx(stats.binomtest(wins, wins + losses).pvalue)


def test_the_sign_test_of_ties_says_nothing() -> None:
    assert sign_test(np.ones(4), np.ones(4)) == (0.5, 1.0)
