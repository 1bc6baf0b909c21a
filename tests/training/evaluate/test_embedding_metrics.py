"""The published metrics on embeddings whose outcome is known by a formula."""

import itertools

import numpy as np
import pytest

from sdk.errors import InvalidInput
from training.evaluate.embedding_metrics import (
    distinct_batches,
    diversity,
    frechet_distance,
    matching_distance,
    multimodality,
    pair_distances,
    r_precision,
    replicate,
    shuffled_batches,
    top_hits,
)


def gaussian(mean: np.ndarray, root: np.ndarray, count: int = 50) -> np.ndarray:
    """Samples (count, D) whose sample mean is exactly `mean` and sample covariance exactly root @ root.T."""
    raw = np.random.default_rng(3).normal(size=(count, len(mean)))
    raw -= raw.mean(0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T)).T)
    return white @ root.T + mean


def test_frechet_distance_of_axis_aligned_gaussians_is_the_sum_of_squares() -> None:
    """|mu1 - mu2|^2 + sum (sigma1 - sigma2)^2."""
    first, second = np.array([1.0, 2.0, 0.5]), np.array([3.0, 2.0, 0.1])
    shift = np.array([0.3, -1.0, 2.0])
    found = frechet_distance(gaussian(np.zeros(3), np.diag(first)), gaussian(shift, np.diag(second), count=80))
    assert found == pytest.approx((shift**2).sum() + ((first - second) ** 2).sum(), rel=1e-9)


@pytest.mark.parametrize("count", [40, 6])  # more samples than the eight dimensions, and fewer
def test_frechet_distance_is_the_formula_with_a_matrix_root(count: int) -> None:
    linalg = pytest.importorskip("scipy.linalg")
    rng = np.random.default_rng(4)
    first, second = (rng.normal(size=(count, 8)) @ rng.normal(size=(8, 8)) + rng.normal(size=8) for _ in range(2))
    a, b = np.cov(first.T), np.cov(second.T)
    root = linalg.sqrtm(a @ b + 1e-12 * np.eye(8)).real
    wanted = ((first.mean(0) - second.mean(0)) ** 2).sum() + np.trace(a + b - 2 * root)
    assert frechet_distance(first, second) == pytest.approx(wanted, rel=1e-4)


def test_frechet_distance_is_a_distance() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(30, 4)), 2 * rng.normal(size=(20, 4)) + 1
    turn, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    assert frechet_distance(x, x[::-1]) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(x, y) > 1
    assert frechet_distance(x, y) == pytest.approx(frechet_distance(y, x))
    assert frechet_distance(x @ turn + 7, y @ turn + 7) == pytest.approx(frechet_distance(x, y))


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (np.full((5, 3), np.nan), np.zeros((5, 3)), "finite embeddings"),
        (np.zeros((5, 3)), np.zeros((1, 3)), "the second are \\(1, 3\\)"),
        (np.zeros((5, 3)), np.zeros((5, 4)), "differ in width: 3 and 4"),
    ],
)
def test_frechet_distance_refuses_what_has_none(first: np.ndarray, second: np.ndarray, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        frechet_distance(first, second)


def test_distances_are_euclidean_rows_texts() -> None:
    rng = np.random.default_rng(6)
    text, motion = rng.normal(size=(5, 7)), rng.normal(size=(5, 7))
    np.testing.assert_allclose(
        pair_distances(text, motion), np.linalg.norm(text[:, None] - motion[None], axis=-1), atol=1e-12
    )


def test_perfect_embeddings_hit_always_and_random_ones_at_chance() -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(2, 32 * 200, 16))
    assert r_precision(x, x, shuffled_batches(len(x), rng)).tolist() == [1, 1, 1]
    assert r_precision(x, y, shuffled_batches(len(x), rng)) == pytest.approx([1 / 32, 2 / 32, 3 / 32], abs=0.01)


def test_a_text_with_one_nearer_motion_counts_from_top_two_on() -> None:
    text = np.array([[0.0], [1.0], [100.0], [101.0], [200.0], [201.0]])
    motion = text[[1, 0, 3, 2, 5, 4]]  # neighbours exchanged
    assert top_hits(text, motion).tolist() == [0, 1, 1]


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_embeddings_that_tell_nothing_hit_nothing(value: float) -> None:
    text = np.random.default_rng(8).normal(size=(32, 4))
    assert top_hits(text, np.full((32, 4), value)).tolist() == [0, 0, 0]


def test_one_motion_that_is_not_a_number_spoils_its_own_text_alone() -> None:
    text = 10 * np.eye(32)
    motion = text.copy()
    motion[3] = np.nan
    assert top_hits(text, motion)[1] == 31 / 32


def test_shuffled_batches_take_each_sample_once_and_drop_the_rest() -> None:
    found = list(shuffled_batches(70, np.random.default_rng(0)))
    assert [len(rows) for rows in found] == [32, 32]
    assert len(set(np.concatenate(found).tolist())) == 64
    with pytest.raises(InvalidInput, match="at least 32 samples, got 31"):
        next(shuffled_batches(31, np.random.default_rng(0)))


def test_no_label_comes_twice_and_every_sample_has_its_turn() -> None:
    labels = [("walk", k % 40) for k in range(90)]
    drawn: set[int] = set()
    for seed in range(60):
        found = list(distinct_batches(labels, np.random.default_rng(seed), batch=16))
        rows = np.concatenate(found)
        assert [len(part) for part in found] == [16, 16]
        assert len({labels[row] for row in rows}) == 32
        drawn |= set(rows.tolist())
    assert drawn == set(range(90))


def test_labels_too_few_for_a_batch_are_refused() -> None:
    with pytest.raises(InvalidInput, match="32 different labels, got 31"):
        next(distinct_batches([k % 31 for k in range(100)], np.random.default_rng(0)))


def test_matching_distance_is_the_mean_over_own_pairs() -> None:
    text = np.zeros((2, 2))
    assert matching_distance(text, np.array([[3.0, 4.0], [0.0, 1.0]])) == 3


def test_diversity_and_multimodality_of_two_places() -> None:
    """Half of the random pairs of two equally full places are apart, by their distance."""
    rng = np.random.default_rng(9)
    places = np.repeat([[0.0, 0.0], [6.0, 8.0]], 300, axis=0)
    assert diversity(places, rng) == pytest.approx(5, abs=0.7)
    assert diversity(np.ones((4, 3)), rng) == 0
    samples = rng.permuted(np.tile(places[::10], (50, 1, 1)), axis=1)
    assert multimodality(samples[..., :1] * np.ones(2), rng) == pytest.approx(np.sqrt(72) / 2, abs=0.6)
    assert multimodality(np.ones((5, 30, 3)), rng) == 0
    with pytest.raises(InvalidInput, match="samples >= 2"):
        multimodality(np.ones((5, 1, 3)), rng)


def test_a_replicated_figure_has_the_published_interval() -> None:
    turns = itertools.cycle([1.0, 3.0])
    found = replicate(lambda rng: {"x": next(turns)}, seed=0, count=20)["x"]
    assert (found.mean, found.half, found.count) == (2, pytest.approx(1.96 / np.sqrt(20)), 20)


def test_replications_differ_and_come_again_with_the_seed() -> None:
    def draws(seed: int) -> list[float]:
        seen: list[float] = []

        def measure(rng: np.random.Generator) -> dict[str, float]:
            seen.append(float(rng.random()))
            return {"x": seen[-1]}

        replicate(measure, seed=seed, count=5)
        return seen

    assert len(set(draws(0))) == 5
    assert draws(0) == draws(0) != draws(1)
