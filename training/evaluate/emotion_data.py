"""Clips of five emotion classes, and all other styles, as cells of cue features for the emotion judge."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from sdk.emotion import VALENCE_AROUSAL, Emotion
from sdk.errors import InvalidInput
from sdk.motion.rotations import Array
from training.evaluate.cue_features import cue_features
from training.evaluate.cue_signals import MIN_SECONDS
from training.evaluate.distortions import distorted
from training.evaluate.emotion_model import Cell, Moments, Scale, performer_covariance
from training.evaluate.real_clips import SAME_STYLE, RealClip, RealClips

CLASSES: Mapping[str, Emotion] = {
    "normal": Emotion.NEUTRAL, "happy": Emotion.JOY, "sad": Emotion.SADNESS, "not-confident": Emotion.FEAR,
    "angry": Emotion.ANGER,
}  # fmt: skip
"""Style of the data -> class, in the judge's order. Fear is a proxy: nobody was recorded being afraid."""
CLASS_NAMES = tuple(e.label for e in CLASSES.values())
CHANCE = 1 / len(CLASSES)
_DISTORTED_CLIPS = 120


def class_of(clip: RealClip) -> int:
    """Place of the clip's class in CLASS_NAMES; -1 for a style that is none."""
    return list(CLASSES).index(clip.style) if clip.style in CLASSES else -1


@dataclass(frozen=True, eq=False)
class EmotionData:
    """Features of all clips; what the classifier is fitted to.

    features: clip name -> (W, F). cells: training clips. distortion: covariance (F, F) of what harm does to features.
    """

    clips: RealClips
    features: Mapping[str, Array]
    scale: Scale
    cells: tuple[Moments, ...]
    members: Mapping[tuple[int, str, str], tuple[RealClip, ...]]
    performer: Array
    distortion: Array

    @classmethod
    def load(cls, clips: RealClips, *, seed: int) -> "EmotionData":
        """Measure every clip. Raises InvalidInput when a class has training clips of fewer than two kinds of action.

        Scale, performers and distortion are learned from clips of no class, so no fold of a validation leaks there.
        """
        members: dict[tuple[int, str, str], list[RealClip]] = defaultdict(list)
        for clip in clips.train:
            members[clip.part, clip.family, SAME_STYLE.get(clip.style, clip.style)].append(clip)
        for style in CLASSES:
            families = sorted({family for _, family, s in members if s == style})
            if len(families) < 2:  # leaving one out would leave nothing
                raise InvalidInput(
                    f"style {style} is in training clips of {', '.join(families) or 'no action'}; the emotion judge "
                    "needs two kinds of action or more: prepare the whole set",
                    field="data",
                )
        wanted = [*clips.train, *(c for c in clips.val if class_of(c) >= 0)]
        features = {c.name: cue_features(clips.motion(c)) for c in tqdm(wanted, desc="measuring clips", disable=None)}
        cells = [Cell(*key, tuple(features[c.name] for c in inside)) for key, inside in sorted(members.items())]
        others = [cell for cell in cells if cell.style not in CLASSES]
        scale = Scale.of(others or cells)
        moments = tuple(Moments.of(cell, scale) for cell in cells)
        performer = performer_covariance([m for m in moments if m.cell.style not in CLASSES] or moments)
        unclassed = [c for c in clips.train if class_of(c) < 0] or list(clips.train)
        distortion = _distortion(clips, unclassed, features, scale, np.random.default_rng(seed))
        frozen = {key: tuple(inside) for key, inside in members.items()}
        return cls(clips, features, scale, moments, frozen, performer, distortion)

    @property
    def classed(self) -> list[RealClip]:
        """Training clips that belong to a class."""
        return [c for c in self.clips.train if class_of(c) >= 0]


def _distortion(
    clips: RealClips, pool: Sequence[RealClip], features: Mapping[str, Array], scale: Scale, rng: np.random.Generator
) -> Array:
    """Covariance (F, F), standardised, of what `distorted` does to a clip's mean features."""
    changes = []
    for k in tqdm(rng.permutation(len(pool))[:_DISTORTED_CLIPS], desc="distorting clips", disable=None):
        motion = distorted(clips.motion(pool[k]), rng)
        if motion.seconds < MIN_SECONDS:  # the shortest clips, played a little faster
            continue
        changes.append((cue_features(motion).mean(0) - features[pool[k].name].mean(0)) / scale.std)
    stacked = np.array(changes).reshape(-1, len(scale.std))
    return stacked.T @ stacked / max(len(stacked), 1)


def class_points(clips: Sequence[RealClip]) -> Array:
    """Valence and arousal (5, 2) of the classes, each at the intensity it was recorded at."""
    intensity = {c.style: c.intensity for c in clips}
    return np.stack([VALENCE_AROUSAL[emotion] * intensity[style] for style, emotion in CLASSES.items()])
