"""Agreement of judgements: confusion, balanced accuracy, rank correlation, bootstrap over prompts. Pure numpy."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion.rotations import Array

RESAMPLES = 2000


def ranks(values: Array) -> Array:
    """Ranks from 1, ties sharing their mean rank: (n,) -> (n,)."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: Array = (last - (counts - 1) / 2)[inverse]
    return shared


def spearman(first: Array, second: Array) -> float:
    """Spearman's rank correlation of two (n,); 0 where one of them does not vary. Raises InvalidInput for n < 2."""
    if len(first) != len(second) or len(first) < 2:
        raise InvalidInput(f"rank correlation needs two equal lengths of at least 2, got {len(first)}, {len(second)}")
    a, b = (r - r.mean() for r in (ranks(np.asarray(first)), ranks(np.asarray(second))))
    norm = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / norm) if norm > 0 else 0.0


def confusion_matrix(truth: Array, judged: Array, classes: int, *, weights: Array | None = None) -> Array:
    """Counts, or sums of weights, (classes, classes): row the truth, column the judgement."""
    out = np.zeros((classes, classes))
    np.add.at(out, (truth, judged), 1.0 if weights is None else weights)
    return out


def recalls(confusion: Array) -> Array:
    """Share of each class that is judged right, (classes,); NaN for a class without samples."""
    total = confusion.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Array = np.diagonal(confusion) / total
    return share


def balanced_accuracy(confusion: Array) -> float:
    """Mean recall of the classes that have samples; chance is one over their number."""
    return float(np.nanmean(recalls(confusion)))


@dataclass(frozen=True)
class Interval:
    """A figure with the 95 % interval of a bootstrap."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap(
    statistic: Callable[[Array], float],
    groups: Sequence[Hashable],
    *,
    seed: int,
    strata: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
) -> Interval:
    """Percentile bootstrap that draws whole groups (prompts, takes), never frames or clips of one group alone.

    statistic: indices of samples -> figure. groups: one label a sample. strata: one label a sample; groups are drawn
    within their stratum, so that every resample has all classes. Raises InvalidInput without samples.
    """
    if not len(groups):
        raise InvalidInput("a bootstrap needs at least one sample")
    layers = strata if strata is not None else [0] * len(groups)
    members: dict[Hashable, dict[Hashable, list[int]]] = {}
    for index, (group, layer) in enumerate(zip(groups, layers, strict=True)):
        members.setdefault(layer, {}).setdefault(group, []).append(index)
    pools = [[np.array(rows) for rows in layer.values()] for layer in members.values()]
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(resamples):
        picks = [pool[k] for pool in pools for k in rng.integers(len(pool), size=len(pool))]
        values.append(statistic(np.concatenate(picks)))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Interval(float(statistic(np.arange(len(groups)))), float(low), float(high))


def bootstrap_mean(
    values: Array, groups: Sequence[Hashable], *, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Ends of the 95 % interval of the mean of (n,), whole groups drawn; see `bootstrap`."""
    values = np.asarray(values, dtype=np.float64)
    found = bootstrap(lambda rows: float(values[rows].mean()), groups, seed=seed, resamples=resamples)
    return found.low, found.high


def sign_test(first: Array, second: Array) -> tuple[float, float]:
    """Share of pairs in which `first` is larger, and the two-sided p value of the sign test (ties left out)."""
    difference = np.asarray(first) - np.asarray(second)
    wins, losses = int((difference > 0).sum()), int((difference < 0).sum())
    count = wins + losses
    if count == 0:
        return 0.5, 1.0
    row = np.array([1.0])
    for _ in range(count):  # Pascal's triangle, scaled: the binomial distribution at 1/2
        row = np.convolve(row, [0.5, 0.5])
    tail = row[max(wins, losses) :].sum()
    return wins / count, float(min(1.0, 2 * tail))
