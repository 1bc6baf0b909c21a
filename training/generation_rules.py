"""Which generated clips are worth keeping: stated rules, each with a figure and a limit.

Limits come from recorded clips of the Bandai-Namco set (walks and runs of all styles, `docs/data.md`): a little wider
than what 5 to 95 % of those show. What is measured is what would be kept, after the foot lock. No judge that is trained
is asked, so a clip that is kept has proved nothing to the judges that evaluate a model later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sdk.emotion import Emotion
from sdk.motion.cues import CUE_NAMES, measure_cues
from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.skeleton import FOOT_JOINTS, JOINT

VERSION = 1
"""Raise it when a clip would be judged differently: attempts of an older run are then judged anew."""
CUE_AGREEMENT = 0.25
"""Least mean agreement of the cues with the emotion, of -1..1."""
_TOES = (JOINT["left_foot"], JOINT["right_foot"])
_LOW = 0.03  # metres over where a flat foot's toe joint lies


@dataclass(frozen=True)
class Limits:
    """What a clip of one action may measure; see `Measured` for the units."""

    speed: tuple[float, float]
    forward: float
    planted: float
    slide: float
    jerk: float


LIMITS: Mapping[str, Limits] = {
    "walk": Limits(speed=(0.25, 2.0), forward=0.7, planted=0.9, slide=0.1, jerk=350.0),
    "run": Limits(speed=(1.2, 4.5), forward=0.7, planted=0.4, slide=0.35, jerk=700.0),
    "dash": Limits(speed=(1.8, 6.0), forward=0.7, planted=0.3, slide=0.45, jerk=900.0),
    "walk-back": Limits(speed=(0.25, 1.6), forward=-1.0, planted=0.9, slide=0.1, jerk=350.0),
}
STAYING = Limits(speed=(0.0, 1.0), forward=-1.0, planted=0.9, slide=0.1, jerk=350.0)
"""Of every other action."""
MOST_CORRECTION = 0.04
"""Metres, mean over feet and frames, that the foot lock may move the feet: legs that need more do not fit the path."""
LEAST_MOTION = 0.03
"""m/s, mean over the joints relative to the pelvis: less is a statue (recorded bows and waves: 0.04 and more)."""

# Direction of each cue against the neutral generation, for the emotions of docs/data.md; the scale is a change that
# counts as clear: a factor for speeds and lengths (its logarithm), degrees for inclinations.
CUE_SIGNS: Mapping[Emotion, Mapping[str, int]] = {
    Emotion.JOY: {"hand_speed": 1, "arm_swing": 1, "bounce": 1, "head_pitch": -1},
    Emotion.SADNESS: {"speed": -1, "hand_speed": -1, "arm_swing": -1, "bounce": -1, "head_pitch": 1},
    Emotion.FEAR: {"arm_swing": -1, "hand_speed": -1, "head_pitch": 1, "trunk_pitch": 1},
    Emotion.ANGER: {"hand_speed": 1, "arm_swing": 1, "head_pitch": 1, "trunk_pitch": 1},
    Emotion.DISGUST: {"speed": -1, "arm_swing": -1, "trunk_pitch": -1},
    Emotion.SURPRISE: {"hand_speed": 1, "head_pitch": -1, "trunk_pitch": -1},
    Emotion.TRUST: {"hand_speed": -1, "head_pitch": -1, "bounce": -1},
    Emotion.ANTICIPATION: {"speed": 1, "trunk_pitch": 1, "hand_speed": 1},
}
_DEGREES = ("trunk_pitch", "head_pitch")
_CLEAR_DEGREES = 5.0
_CLEAR_FACTOR = 1.25

RULES = ("motion", "speed", "direction", "contact", "skate", "jerk", "cues")
"""In the order in which they are asked; the first that a clip breaks is its reason."""


@dataclass(frozen=True)
class Measured:
    """Figures of one clip.

    motion: m/s, mean over joints, relative to the pelvis. speed: m/s over the ground. slowest: the same in the slowest
    second. forward: share of the path that leads where the body faces, -1..1. planted: share of frames with a foot low.
    slide: m/s, median of low feet. correction: metres, mean way of the feet by the foot lock. jerk: m/s^3, mean over
    joints, median over time. cues: in the order of CUE_NAMES.
    """

    motion: float
    speed: float
    slowest: float
    forward: float
    planted: float
    slide: float
    correction: float
    jerk: float
    cues: tuple[float, ...]


def measure(motion: Motion, before_lock: Motion | None = None) -> Measured:
    """Figures of a clip of at least four frames. before_lock: the same clip as the model made it, if it was locked."""
    positions, fps = motion.positions, motion.fps
    way = np.zeros(1) if before_lock is None else positions[:, FOOT_JOINTS] - before_lock.positions[:, FOOT_JOINTS]
    relative = positions - positions[:, :1]
    steps = np.diff(motion.root[:, [0, 2]], axis=0)
    yaw = heading_angle(motion.rotations[:, 0])
    ahead = np.stack([np.sin(yaw), np.cos(yaw)], -1)[:-1]
    lengths = np.linalg.norm(steps, axis=-1)
    path, second = float(lengths.sum()), min(round(fps), len(lengths))
    toes = positions[:, _TOES]
    low = toes[..., 1] < motion.skeleton.toe_height + _LOW
    sliding = np.linalg.norm(np.gradient(toes[..., [0, 2]], axis=0), axis=-1) * fps
    return Measured(
        motion=float(np.linalg.norm(np.diff(relative, axis=0), axis=-1).mean() * fps),
        speed=path / motion.seconds,
        slowest=float(np.convolve(lengths, np.ones(second), mode="valid").min() * fps / second),
        forward=float(np.sum(steps * ahead)) / max(path, 1e-9),
        planted=float(low.any(1).mean()),
        slide=float(np.median(sliding[low])) if low.any() else 0.0,
        correction=float(np.linalg.norm(way, axis=-1).mean()),
        jerk=float(np.median(np.linalg.norm(np.diff(positions, n=3, axis=0), axis=-1).mean(-1)) * fps**3),
        cues=tuple(float(x) for x in measure_cues(motion).vector),
    )


def cue_agreement(cues: Sequence[float], neutral: Sequence[float], emotion: Emotion) -> float:
    """How well a clip's cues, against the neutral generation's, point where the emotion's do: -1..1, 1 for neutral."""
    signs = CUE_SIGNS.get(emotion)
    if not signs:
        return 1.0
    change = []
    for name, sign in signs.items():
        k = CUE_NAMES.index(name)
        if name in _DEGREES:
            moved = (cues[k] - neutral[k]) / _CLEAR_DEGREES
        else:
            moved = np.log(max(cues[k], 1e-3) / max(neutral[k], 1e-3)) / np.log(_CLEAR_FACTOR)
        change.append(sign * float(np.tanh(moved)))
    return float(np.mean(change))


def broken_rule(measured: Measured, content: str, emotion: Emotion, neutral: Sequence[float] | None) -> str:
    """The first rule that a clip breaks, "" if none. neutral: cues to compare with; None: the cues are not asked."""
    limits = LIMITS.get(content, STAYING)
    if measured.motion < LEAST_MOTION:
        return "motion"
    low, high = limits.speed
    if not low <= measured.speed <= high or measured.slowest < low / 2:  # who stops on the way does not walk
        return "speed"
    if measured.forward < limits.forward:
        return "direction"
    if measured.planted < limits.planted:
        return "contact"
    if measured.slide > limits.slide or measured.correction > MOST_CORRECTION:
        return "skate"
    if measured.jerk > limits.jerk:
        return "jerk"
    if neutral is not None and cue_agreement(measured.cues, neutral, emotion) < CUE_AGREEMENT:
        return "cues"
    return ""
