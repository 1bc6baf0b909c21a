"""How good the emotion judge is on clips it has not seen: the ceiling that generated motion is compared with.

Leave one (family, class) out: all clips of one kind of action with one emotion, both sides, are judged by a model that
learned from everything else. A second, harder run leaves every emotional clip of the action out and keeps its neutral
ones, for that is what a model faces whose data show an action only without feeling.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sdk.motion.rotations import Array
from training.evaluate.emotion_data import CHANCE, CLASS_NAMES, CLASSES, EmotionData, class_of
from training.evaluate.emotion_model import Cell, Discriminant, Weights, fit, softmax
from training.evaluate.real_clips import RealClip
from training.evaluate.statistics import Interval, balanced_accuracy, bootstrap, confusion_matrix, recalls

PAIR, CONTENT = "pair", "content"
TEMPERATURES = np.geomspace(0.5, 20, 60)

Skip = Callable[[Cell], bool]


def fit_without(data: EmotionData, skip: Skip, weights: Weights) -> Discriminant:
    """The model fitted to all cells for which `skip` says False."""
    kept = [m for m in data.cells if not skip(m.cell)]
    return fit(kept, list(CLASSES), weights=weights, performer=data.performer, distortion=data.distortion)


def clip_scores(model: Discriminant, data: EmotionData, features: Array) -> Array:
    """Class scores (5,) of one clip: the mean over its windows, (W, F) in."""
    scores: Array = model(data.scale(features)).mean(0)
    return scores


def folds(data: EmotionData, kind: str) -> Iterator[tuple[Skip, list[RealClip]]]:
    """(what to leave out, clips to judge) of each fold."""
    styles = list(CLASSES)
    for style in styles:
        families = sorted({family for _, family, s in data.members if s == style})
        for family in families:
            judged = [c for key, inside in data.members.items() if key[1:] == (family, style) for c in inside]
            left_out = (style,) if kind == PAIR or style == styles[0] else tuple(styles[1:])

            def skip(cell: Cell, family: str = family, left_out: tuple[str, ...] = left_out) -> bool:
                return cell.family == family and cell.style in left_out

            yield skip, judged


@dataclass(frozen=True, eq=False)
class Judged:
    """Scores (n, 5) of n clips, each by a model that had not seen its pair."""

    clips: tuple[RealClip, ...]
    scores: Array

    @cached_property
    def truth(self) -> Array:
        """Class (n,) of each clip."""
        return np.array([class_of(c) for c in self.clips])

    @cached_property
    def weights(self) -> Array:
        """(n,) summing to one: classes count the same; emotional clips the same in their class; neutral clips the same
        in their part and family, and these the same, for a few actions have hundreds of neutral takes.
        """
        groups: dict[int, dict[tuple[int, str] | str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for k, clip in enumerate(self.clips):
            index = class_of(clip)
            groups[index][(clip.part, clip.family) if index == 0 else clip.name].append(k)
        out = np.zeros(len(self.clips))
        for members in groups.values():
            for rows in members.values():
                out[rows] = 1 / len(groups) / len(members) / len(rows)
        return out

    def confusion(self, rows: Array | slice = slice(None)) -> Array:
        """Weighted confusion (5, 5), rows summing to one for classes that are there."""
        found = confusion_matrix(
            self.truth[rows], self.scores[rows].argmax(-1), len(CLASSES), weights=self.weights[rows]
        )
        with np.errstate(invalid="ignore"):
            shares: Array = found / found.sum(1, keepdims=True)
        return shares

    def accuracy(self, *, seed: int) -> Interval:
        """Balanced accuracy; whole families are drawn for the interval, within their class."""
        labels = [c.family for c in self.clips]
        classes = [int(k) for k in self.truth]
        return bootstrap(lambda rows: balanced_accuracy(self.confusion(rows)), labels, seed=seed, strata=classes)

    def report(self, *, seed: int) -> dict[str, Any]:
        """What a card says of these judgements."""
        accuracy, confusion = self.accuracy(seed=seed), self.confusion()
        return {
            "accuracy": round(accuracy.value, 4), "interval_95": [round(accuracy.low, 4), round(accuracy.high, 4)],
            "chance": CHANCE, "clips": len(self.clips),
            "recall": dict(zip(CLASS_NAMES, recalls(confusion).round(4).tolist(), strict=True)),
            "confusion": confusion.round(4).tolist(),
        }  # fmt: skip


def cross_validate(
    data: EmotionData, weights: Weights, kind: str, *, features: Mapping[str, Array] | None = None
) -> Judged:
    """Judge every training clip of a class by a model without its fold.

    features: other versions of the clips to judge (reconstructions), by name; those that are absent are left out.
    """
    source = data.features if features is None else features
    clips: list[RealClip] = []
    scores = []
    for skip, judged in folds(data, kind):
        there = [c for c in judged if c.name in source]
        model = fit_without(data, skip, weights) if there else None
        for clip in there:
            assert model is not None
            clips.append(clip)
            scores.append(clip_scores(model, data, source[clip.name]))
    return Judged(tuple(clips), np.array(scores))


def best_temperature(judged: Judged) -> float:
    """The temperature at which the balanced log likelihood of the truth is highest (Guo et al., ICML 2017)."""
    return float(min(TEMPERATURES, key=lambda t: log_loss(judged, float(t))))


def log_loss(judged: Judged, temperature: float) -> float:
    """Balanced negative log likelihood of the truth, nats; ln 5 = 1.61 says nothing."""
    chance = softmax(judged.scores / temperature)[np.arange(len(judged.clips)), judged.truth]
    return float(-(judged.weights * np.log(chance + 1e-12)).sum())


def judge_all(
    model: Discriminant, data: EmotionData, clips: Sequence[RealClip], features: Mapping[str, Array]
) -> Judged:
    """Judge clips by one model."""
    return Judged(tuple(clips), np.array([clip_scores(model, data, features[c.name]) for c in clips]))
