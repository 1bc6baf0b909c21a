"""Postures: how a feeling bends the upper body, measured on the bundle's own motion.

A window of motion takes some tens of milliseconds to be made; a change of feeling must show in the next frame. So the
mean difference between an emotional and a neutral clip of the same walk and seed is kept as a rotation of each upper
joint, and laid over whatever is played until motion with the feeling is there.

Shapes: J = 22 joints; rotation vectors (J, 3), radians.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sdk.emotion import Affect, Emotion
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, normalize, quat_inv, quat_mul, quat_to_axis_angle
from sdk.motion.skeleton import JOINT, NUM_JOINTS

TEXT, SECONDS, SEEDS = "a person walks forward", 2.5, (1, 2)
UPPER = [
    JOINT[name]
    for name in ("spine1", "spine2", "spine3", "neck", "head")
    + tuple(f"{side}_{part}" for side in ("left", "right") for part in ("collar", "shoulder", "elbow"))
]
"""Joints that may be bent without the feet or the balance noticing."""
MOST = np.radians(30.0)
"""No joint is bent further than this."""


@dataclass(frozen=True, eq=False)
class Postures:
    """By emotion; others bend nothing."""

    by_emotion: Mapping[Emotion, Array]

    @classmethod
    def measure(cls, generate: Callable[[str, Affect, float, int], Motion]) -> "Postures":
        """From clips of `generate(text, affect, seconds, seed)`."""

        def mean(affect: Affect) -> Array:
            return mean_pose([generate(TEXT, affect, SECONDS, seed) for seed in SEEDS])

        neutral = mean(Affect.neutral())
        felt = [emotion for emotion in Emotion if emotion is not Emotion.NEUTRAL]
        return cls({emotion: bend(mean(Affect({emotion: 1.0}, 1.0)), neutral) for emotion in felt})

    def __call__(self, affect: Affect) -> Array:
        """Rotation vectors (J, 3) to be applied before each joint's own rotation; mixtures and intensity count."""
        out = np.zeros((NUM_JOINTS, 3))
        for emotion, share in enumerate(affect.condition):
            if share > 0 and emotion in self.by_emotion:
                out += float(share) * self.by_emotion[Emotion(emotion)]
        return out


def mean_pose(motions: list[Motion]) -> Array:
    """Mean local rotations (J, 4) over all frames: the normalised sum, which is near the mean for postures."""
    q = np.concatenate([m.rotations for m in motions])
    q = q * np.where((q * q[:1]).sum(-1, keepdims=True) < 0, -1.0, 1.0)
    return normalize(q.sum(0))


def bend(pose: Array, neutral: Array) -> Array:
    """Rotation vectors (J, 3) that carry a neutral pose (J, 4) to another one: of upper joints, by MOST at most."""
    out = np.zeros((NUM_JOINTS, 3))
    turn = quat_to_axis_angle(quat_mul(pose, quat_inv(neutral)))[UPPER]
    size = np.linalg.norm(turn, axis=-1, keepdims=True)
    out[UPPER] = turn * np.minimum(1.0, MOST / np.maximum(size, 1e-9))
    return out
