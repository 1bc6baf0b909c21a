"""Standing about: a loop that needs no model. Arms hang, the chest breathes, the head wanders a little, feet stay."""

from functools import cache

import numpy as np

from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_about, quat_mul
from sdk.motion.skeleton import BODY, JOINT, NUM_JOINTS

BREATH_S, GLANCE_S = 4.0, 8.0
HANG, ELBOW = 1.3, 0.25
"""Arms are let down by the first angle from the T-pose, radians, and bent by the second at the elbow."""
BREATH, LEAN, GLANCE = 0.02, 0.015, 0.08
"""Radians: of the chest with each breath, of the trunk from side to side, of the head from side to side."""


@cache
def idle_loop(*, fps: float = 30.0) -> Motion:
    """Eight seconds over the origin, facing +Z, whose last frame is followed by its first. All callers share it."""
    time = np.arange(round(GLANCE_S * fps)) / fps
    breath, glance = 2 * np.pi * time / BREATH_S, 2 * np.pi * time / GLANCE_S
    rotations = np.zeros((len(time), NUM_JOINTS, 4))
    rotations[..., 3] = 1.0
    rotations[:, JOINT["spine1"]] = quat_about("z", LEAN * np.sin(glance))
    rotations[:, JOINT["spine3"]] = quat_about("x", -BREATH * (1 - np.cos(breath)) / 2)
    rotations[:, JOINT["neck"]] = quat_about("x", 0.5 * BREATH * (1 - np.cos(breath)))
    rotations[:, JOINT["head"]] = quat_about("y", GLANCE * np.sin(glance))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        lift = sign * 0.02 * (1 - np.cos(breath)) / 2
        rotations[:, JOINT[f"{side}_shoulder"]] = quat_about("z", -sign * HANG + lift)
        bend = quat_about("y", np.full(len(time), -sign * ELBOW))
        rotations[:, JOINT[f"{side}_elbow"]] = quat_mul(quat_about("z", lift), bend)
    root = np.tile([0.0, BODY.rest_height, 0.0], (len(time), 1))
    rotations.flags.writeable = root.flags.writeable = False
    return Motion(rotations, root, fps)
