"""The linear model behind the emotion judge: discriminant analysis that knows what does not belong to a feeling.

Shapes: W windows, F features, C = 5 classes, K cells, G groups, S styles.
A window's features are x = group + style + clip + noise. A group is a kind of action by one set's performers, a style
is how it was performed; five styles are the classes. Group and style effects are found together by least squares over
cells (one cell: all clips of one group and style), so that what an action looks like (hands are up when waving) is
not taken for a feeling although only some actions were recorded with feelings. Classes then differ by their style
effects alone, and everything else is noise to the classifier, the more so the more it varies: between actions, between
performers, between clips and within one (Fisher 1936; the variances as in Kenny's PLDA for speakers, 2010).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sdk.motion.rotations import Array

_STILL = 1e-6  # a feature that varies less than this does not vary: divided by it, rounding errors would look like one
LIMIT = 2.5
"""Standardised features are cut here: a bow at 75 degrees is not three times as sad as one at 25."""


@dataclass(frozen=True)
class Weights:
    """How much the sources of variation count as noise, beside what is left between and within clips, which counts 1.

    floor: variance added to every standardised feature. style_penalty: see `Effects.of`.
    """

    group: float = 0.5
    performer: float = 4.0
    distortion: float = 1.0
    floor: float = 0.1
    style_penalty: float = 0.3


@dataclass(frozen=True, eq=False)
class Scale:
    """Mean and standard deviation of the features, (F,) each."""

    mean: Array
    std: Array

    @classmethod
    def of(cls, cells: Sequence["Cell"]) -> "Scale":
        """Every cell counts the same, and in it every clip."""
        mean = np.mean([np.mean([x.mean(0) for x in cell.clips], axis=0) for cell in cells], axis=0)
        square = np.mean([np.mean([((x - mean) ** 2).mean(0) for x in cell.clips], axis=0) for cell in cells], axis=0)
        std = np.sqrt(square)
        return cls(mean, np.where(std > _STILL, std, 1.0))

    def __call__(self, features: Array) -> Array:
        """Standardised features, cut at LIMIT: (..., F) -> (..., F)."""
        return np.clip((features - self.mean) / self.std, -LIMIT, LIMIT)


@dataclass(frozen=True, eq=False)
class Cell:
    """All clips of one group and style: features (W, F) of each, not standardised."""

    part: int
    family: str
    style: str
    clips: tuple[Array, ...]

    @property
    def group(self) -> tuple[int, str]:
        """What a group effect stands for."""
        return self.part, self.family


@dataclass(frozen=True, eq=False)
class Moments:
    """A cell, standardised: mean (F,) of its clips and scatter (F, F) of their windows about it."""

    cell: Cell
    mean: Array
    scatter: Array

    @classmethod
    def of(cls, cell: Cell, scale: Scale) -> "Moments":
        clips = [scale(x) for x in cell.clips]
        mean = np.mean([x.mean(0) for x in clips], axis=0)
        scatter = np.mean([(x - mean).T @ (x - mean) / len(x) for x in clips], axis=0)
        return cls(cell, mean, scatter)


@dataclass(frozen=True, eq=False)
class Effects:
    """Two-way fit of cell means: groups (G, F), styles (S, F), residual covariance (F, F)."""

    groups: dict[tuple[int, str], Array]
    styles: dict[str, Array]
    residual: Array

    @classmethod
    def of(cls, moments: Sequence[Moments], penalty: float) -> "Effects":
        """Least squares; styles are shrunk by `penalty` (in cells) towards none, which also makes the split unique."""
        groups = sorted({m.cell.group for m in moments})
        styles = sorted({m.cell.style for m in moments})
        design = np.zeros((len(moments), len(groups) + len(styles)))
        for row, m in enumerate(moments):
            design[row, groups.index(m.cell.group)] = 1
            design[row, len(groups) + styles.index(m.cell.style)] = 1
        means = np.stack([m.mean for m in moments])
        ridge = np.diag([1e-3] * len(groups) + [penalty] * len(styles))
        found = np.linalg.solve(design.T @ design + ridge, design.T @ means)
        rest = means - design @ found
        freedom = max(1, len(moments) - design.shape[1] + 2)
        return cls(
            dict(zip(groups, found[: len(groups)], strict=True)),
            dict(zip(styles, found[len(groups) :], strict=True)),
            rest.T @ rest / freedom,
        )

    def centre(self) -> tuple[Array, Array]:
        """Mean of the groups (F,), each part of the data counting the same, and their covariance (F, F)."""
        parts = [part for part, _ in self.groups]
        share = np.array([1 / parts.count(part) for part in parts])
        share /= share.sum()
        effects = np.stack(list(self.groups.values()))
        mean = share @ effects
        return mean, ((effects - mean) * share[:, None]).T @ (effects - mean)


def performer_covariance(moments: Sequence[Moments]) -> Array:
    """Covariance (F, F) of what differs between the parts of the data where action and style are the same.

    The parts were performed by other people, so this is what a performer's build and habits do.
    """
    cells = {(*m.cell.group, m.cell.style): m.mean for m in moments}
    families = sorted({(m.cell.family, m.cell.style) for m in moments})
    pairs = [((1, *key), (2, *key)) for key in families]
    differences = [cells[a] - cells[b] for a, b in pairs if a in cells and b in cells]
    if not differences:
        return np.zeros((len(moments[0].mean),) * 2)
    stacked = np.stack(differences)
    return stacked.T @ stacked / len(stacked)


@dataclass(frozen=True, eq=False)
class Discriminant:
    """Class scores of standardised features: x @ weights.T + bias, (C, F) and (C,)."""

    weights: Array
    bias: Array

    def __call__(self, standardised: Array) -> Array:
        """(..., F) -> (..., C)."""
        scores: Array = standardised @ self.weights.T + self.bias
        return scores


def fit(
    moments: Sequence[Moments], classes: Sequence[str], *, weights: Weights, performer: Array, distortion: Array
) -> Discriminant:
    """Fit to the cells given; `performer` and `distortion` are covariances (F, F) that the classes have no part in."""
    effects = Effects.of(moments, weights.style_penalty)
    centre, between = effects.centre()
    within = np.mean([m.scatter for m in moments], axis=0)
    noise = effects.residual + within + weights.group * between
    noise = noise + weights.performer * performer + weights.distortion * distortion
    noise = noise + weights.floor * np.eye(len(centre))
    means = np.stack([effects.styles[name] for name in classes])
    directions = np.linalg.solve(noise, means.T).T
    bias = -0.5 * (directions * means).sum(-1) - directions @ centre
    return Discriminant(directions, bias)


def softmax(scores: Array) -> Array:
    """(..., C) -> probabilities (..., C)."""
    shifted = np.exp(scores - scores.max(-1, keepdims=True))
    out: Array = shifted / shifted.sum(-1, keepdims=True)
    return out
