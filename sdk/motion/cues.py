"""Kinematic cues of emotion: what speed, posture and rhythm show of a feeling.

Definitions follow the gait literature (Montepare et al. 1987; Gross, Crane & Fredrickson 2012; Michalak et al. 2009):
speed, arm swing, inclination of trunk and head, vertical bounce. Inclinations are in degrees, forward positive.
"""

from dataclasses import astuple, dataclass, fields

import numpy as np

from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_about, quat_rotate
from sdk.motion.skeleton import JOINT

_PEAK_TO_PEAK = 2 * np.sqrt(2)  # of a sine, in standard deviations


@dataclass(frozen=True)
class Cues:
    """Cues of one clip; each field's unit is in `UNITS`."""

    speed: float
    arm_swing: float
    hand_speed: float
    trunk_pitch: float
    head_pitch: float
    bounce: float

    @property
    def vector(self) -> Array:
        """(6,) in the order of the fields."""
        return np.array(astuple(self))


CUE_NAMES = tuple(f.name for f in fields(Cues))
UNITS = {
    "speed": "m/s",
    "arm_swing": "m",
    "hand_speed": "m/s",
    "trunk_pitch": "deg",
    "head_pitch": "deg",
    "bounce": "cm",
}


def in_heading(motion: Motion) -> Array:
    """Joint positions (T, 22, 3) relative to the pelvis, turned so that the body faces +Z in every frame."""
    to_heading = quat_about("y", -heading_angle(motion.rotations[:, 0]))
    return quat_rotate(to_heading[:, None], motion.positions - motion.root[:, None])


def pitch(lower: Array, upper: Array) -> Array:
    """Forward inclination, degrees (T,), of the line between two joints (T, 3) given in the heading frame."""
    line = upper - lower
    return np.degrees(np.arctan2(line[:, 2], line[:, 1]))


def measure_cues(motion: Motion) -> Cues:
    """Cues of a clip of at least two frames."""
    body = in_heading(motion)
    path = np.linalg.norm(np.diff(motion.root[:, [0, 2]], axis=0), axis=-1).sum()
    swings, hands = [], []
    for side in ("left", "right"):
        reach = body[:, JOINT[f"{side}_wrist"]] - body[:, JOINT[f"{side}_shoulder"]]
        swings.append(_PEAK_TO_PEAK * reach[:, 2].std())
        hand = body[:, JOINT[f"{side}_wrist"]]
        hands.append(np.linalg.norm(np.diff(hand, axis=0), axis=-1).mean() * motion.fps)
    return Cues(
        speed=float(path / motion.seconds),
        arm_swing=float(np.mean(swings)),
        hand_speed=float(np.mean(hands)),
        trunk_pitch=float(pitch(body[:, JOINT["pelvis"]], body[:, JOINT["neck"]]).mean()),
        head_pitch=float(pitch(body[:, JOINT["neck"]], body[:, JOINT["head"]]).mean()),
        bounce=float(100 * motion.root[:, 1].std()),
    )
