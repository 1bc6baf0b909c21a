"""One body of two motions: the legs and the way of one, the upper body of another.

Shapes: T frames, J = 22 joints; both motions have equally many frames and one rate.
"""

from dataclasses import replace

import numpy as np

from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_about, quat_angle, quat_continuous, quat_inv, quat_mul
from sdk.motion.skeleton import JOINT, NUM_JOINTS

LEGS = [JOINT[f"{side}_{part}"] for side in ("left", "right") for part in ("hip", "knee", "ankle", "foot")]
UPPER = [j for j in range(NUM_JOINTS) if j not in (0, *LEGS)]
"""Spine, neck, head and arms."""


def upper_over(lower: Motion, upper: Motion) -> Motion:
    """`lower` with the upper body of `upper`, whose chest keeps its lean: what the two pelvises differ by, but for the
    heading, is taken up by the lowest joint of the spine.
    """
    rotations = lower.rotations.copy()
    rotations[:, UPPER] = upper.rotations[:, UPPER]
    spine = JOINT["spine1"]
    lean = quat_mul(quat_inv(_level(lower)), _level(upper))
    rotations[:, spine] = quat_mul(lean, upper.rotations[:, spine])
    return replace(lower, rotations=quat_continuous(rotations))


def in_step(lower: Motion, upper: Motion) -> int:
    """How many frames of `upper` to leave out at its beginning, so that its legs go with those of `lower`.

    `upper` is the longer one; as many frames as it is longer are tried. Arms swing with legs.
    """
    count, spare = len(lower), len(upper) - len(lower)
    cost = [
        float(np.mean(quat_angle(lower.rotations[:, LEGS], upper.rotations[k : k + count, LEGS]) ** 2))
        for k in range(max(spare, 0) + 1)
    ]
    return int(np.argmin(cost))


def _level(motion: Motion) -> Array:
    """The pelvis seen from its own heading, (T, 4)."""
    body = motion.rotations[:, 0]
    return quat_mul(quat_about("y", -heading_angle(body)), body)
