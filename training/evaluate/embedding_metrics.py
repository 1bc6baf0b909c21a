"""Text-to-motion metrics on embeddings, as published by Guo et al. (CVPR 2022); pure numpy.

Shapes: n samples, D width. Text and motion embeddings are (n, D); row k of both belongs to one sample.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion.rotations import Array

BATCH = 32
"""One true text against 31 others, in every published table."""
TOP = 3
REPLICATIONS = 20
_DIVERSITY_PAIRS = 300
_MODALITY_PAIRS = 10


def frechet_distance(first: Array, second: Array) -> float:
    """Squared Frechet distance of Gaussians fitted to (n, D) and (m, D): |mu1 - mu2|^2 + tr(C1 + C2 - 2 sqrt(C1 C2)).

    tr sqrt(C1 C2) is the nuclear norm of A B^T, where A^T A = C1 and B^T B = C2 are the centred samples scaled; so
    nothing has to be inverted and fewer samples than dimensions do no harm. Raises InvalidInput for fewer than two
    samples, unequal widths or values that are not finite.
    """
    for name, x in (("first", first), ("second", second)):
        if x.ndim != 2 or len(x) < 2 or not np.isfinite(x).all():
            raise InvalidInput(f"FID needs finite embeddings (n, D) with n >= 2; the {name} are {x.shape}")
    if first.shape[1] != second.shape[1]:
        raise InvalidInput(f"embeddings differ in width: {first.shape[1]} and {second.shape[1]}")
    roots, means, traces = [], [], []
    for x in (first.astype(np.float64), second.astype(np.float64)):
        means.append(x.mean(0))
        root = (x - means[-1]) / np.sqrt(len(x) - 1)
        # The triangle of QR has the same product root^T root and at most D rows.
        roots.append(np.linalg.qr(root, mode="r") if len(x) > x.shape[1] else root)
        traces.append((root**2).sum())
    cross = np.linalg.norm(roots[0] @ roots[1].T, "nuc")
    distance = ((means[0] - means[1]) ** 2).sum() + traces[0] + traces[1] - 2 * cross
    return float(max(distance, 0.0))


def pair_distances(text: Array, motion: Array) -> Array:
    """Euclidean distance of every text (row) to every motion (column): (n, D), (n, D) -> (n, n)."""
    square = (text**2).sum(-1)[:, None] + (motion**2).sum(-1)[None] - 2 * text @ motion.T
    distances: Array = np.sqrt(np.maximum(square, 0.0))
    return distances


def top_hits(text: Array, motion: Array, *, top: int = TOP) -> Array:
    """R-precision of one batch, (top,): share of texts whose own motion is among the 1, 2 ... top nearest.

    A motion counts as nearer unless it is farther: embeddings that all coincide, or are NaN, hit nothing.
    """
    distances = pair_distances(text, motion)
    own = np.diagonal(distances)[:, None]
    nearer = (~(distances > own)).sum(1) - 1
    return np.array([(nearer < k).mean() for k in range(1, top + 1)])


def shuffled_batches(count: int, rng: np.random.Generator, *, batch: int = BATCH) -> Iterator[Array]:
    """Indices of random batches; an incomplete last one is dropped, as the published loaders do.

    Raises InvalidInput when there are too few samples for one.
    """
    if count < batch:
        raise InvalidInput(f"R-precision needs at least {batch} samples, got {count}")
    order = rng.permutation(count)
    for start in range(0, count - batch + 1, batch):
        yield order[start : start + batch]


def distinct_batches(labels: Sequence[Hashable], rng: np.random.Generator, *, batch: int = BATCH) -> Iterator[Array]:
    """Indices of random batches in which no label comes twice, e.g. (content, style): one sample of each label drawn.

    Every label comes at most once in all batches together. Raises InvalidInput for fewer labels than a batch holds.
    """
    groups: dict[Hashable, list[int]] = {}
    for index, label in enumerate(labels):
        groups.setdefault(label, []).append(index)
    if len(groups) < batch:
        raise InvalidInput(f"a batch needs {batch} different labels, got {len(groups)}")
    picks = np.array([members[rng.integers(len(members))] for members in groups.values()])
    for order in shuffled_batches(len(picks), rng, batch=batch):
        yield picks[order]


def r_precision(text: Array, motion: Array, batches: Iterator[Array], *, top: int = TOP) -> Array:
    """Mean R-precision top 1 .. `top` over batches of indices, (top,)."""
    return np.mean([top_hits(text[rows], motion[rows], top=top) for rows in batches], axis=0)


def matching_distance(text: Array, motion: Array) -> float:
    """MM-Dist: mean Euclidean distance of a text to its own motion."""
    return float(np.linalg.norm(text - motion, axis=-1).mean())


def diversity(motion: Array, rng: np.random.Generator, *, pairs: int = _DIVERSITY_PAIRS) -> float:
    """Mean distance of two random samples: `pairs` against `pairs`, each drawn without replacement (fewer if n is)."""
    count = min(pairs, len(motion))
    first, second = (motion[rng.choice(len(motion), count, replace=False)] for _ in range(2))
    return float(np.linalg.norm(first - second, axis=-1).mean())


def multimodality(motion: Array, rng: np.random.Generator, *, pairs: int = _MODALITY_PAIRS) -> float:
    """Mean distance of two samples of one text: motion (texts, samples, D), `pairs` random pairs a text.

    Raises InvalidInput for fewer than two samples a text.
    """
    if motion.ndim != 3 or motion.shape[1] < 2:
        raise InvalidInput(f"MultiModality needs (texts, samples >= 2, D), got {motion.shape}")
    count = min(pairs, motion.shape[1])
    first, second = (motion[:, rng.choice(motion.shape[1], count, replace=False)] for _ in range(2))
    return float(np.linalg.norm(first - second, axis=-1).mean())


@dataclass(frozen=True)
class Estimate:
    """A mean with the half-width of its 95 % interval, over `count` replications."""

    mean: float
    half: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} +- {self.half:.3f}"


def replicate(
    measure: Callable[[np.random.Generator], dict[str, float]], *, seed: int, count: int = REPLICATIONS
) -> dict[str, Estimate]:
    """Repeat a measurement with fresh randomness, as published: mean and 1.96 std / sqrt(count), std of the population.

    measure: generator of random numbers -> figures by name, the same names every time.
    """
    rows = [measure(np.random.default_rng([seed, k])) for k in range(count)]
    out = {}
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        out[name] = Estimate(float(values.mean()), float(1.96 * values.std() / np.sqrt(count)), count)
    return out
