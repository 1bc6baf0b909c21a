"""Other bodies with the same 22 joints, and how a motion moves onto them.

Both bodies are made up, to see whether a motion survives other proportions. Their lengths are in metres.
"""

from dataclasses import replace

import numpy as np

from sdk.motion.contacts import ANKLES, TOES, planted_feet
from sdk.motion.errors import InvalidInput
from sdk.motion.footlock import lock_feet
from sdk.motion.ik import LEGS, place_ends
from sdk.motion.motion import Motion
from sdk.motion.skeleton import JOINT, JOINT_NAMES, MIRROR, PARENTS, Skeleton


def symmetric_skeleton(
    offsets: dict[str, tuple[float, float, float]], *, ankle_height: float, toe_height: float
) -> Skeleton:
    """A body of 22 joints from T-pose offsets, metres, of the joints in the middle and on the left.

    Raises InvalidInput when a joint is missing.
    """
    out = np.zeros((len(JOINT_NAMES), 3))
    for j, name in enumerate(JOINT_NAMES):
        source, sign = (JOINT_NAMES[MIRROR[j]], -1.0) if name.startswith("right") else (name, 1.0)
        if source not in offsets:
            raise InvalidInput(f"offset of joint {source!r} is missing", field="offsets")
        out[j] = np.array(offsets[source]) * [sign, 1.0, 1.0]
    out.flags.writeable = False
    return Skeleton(JOINT_NAMES, PARENTS, out, ankle_height=ankle_height, toe_height=toe_height)


ATHLETE = symmetric_skeleton(
    {
        "pelvis": (0, 0, 0), "left_hip": (0.095, -0.05, 0), "left_knee": (0, -0.455, 0), "left_ankle": (0, -0.45, 0),
        "left_foot": (0, -0.065, 0.13), "spine1": (0, 0.10, 0), "spine2": (0, 0.12, 0), "spine3": (0, 0.09, 0),
        "neck": (0, 0.17, 0), "head": (0, 0.10, 0), "left_collar": (0.045, 0.11, 0), "left_shoulder": (0.165, 0, 0),
        "left_elbow": (0.32, 0, 0), "left_wrist": (0.265, 0, 0),
    },
    ankle_height=0.095,
    toe_height=0.03,
)  # fmt: skip
"""Tall, long-legged and broad-shouldered, as heroes of games are: 1.83 m. Made up, not measured from any asset."""

CHILD = symmetric_skeleton(
    {
        "pelvis": (0, 0, 0), "left_hip": (0.07, -0.035, 0), "left_knee": (0, -0.21, 0), "left_ankle": (0, -0.19, 0),
        "left_foot": (0, -0.05, 0.075), "spine1": (0, 0.11, 0), "spine2": (0, 0.08, 0), "spine3": (0, 0.07, 0),
        "neck": (0, 0.12, 0), "head": (0, 0.05, 0), "left_collar": (0.035, 0.08, 0), "left_shoulder": (0.075, 0, 0),
        "left_elbow": (0.16, 0, 0), "left_wrist": (0.14, 0, 0),
    },
    ankle_height=0.07,
    toe_height=0.02,
)  # fmt: skip
"""A stylised child, short legs under a long trunk and a large head: 1.15 m with a head of 0.24 m. Nobody's measures."""


def onto_body(motion: Motion, skeleton: Skeleton, *, plant: bool = True) -> Motion:
    """The motion on another body of the same joints: same poses, a path and a height that fit the legs.

    Local rotations are kept. The path of the root is scaled by the ratio of leg lengths, the height of the hips over
    the ankles too, the rest is the body's own. Feet keep their clearance, scaled, over the ground y = 0; planted feet
    (found in the source) are held in place by `lock_feet`, for which legs bend a little. plant: False leaves the feet
    where the poses put them. On the same body nothing changes.
    Raises InvalidInput for a body with other joints or without legs.
    """
    source = motion.skeleton
    if skeleton.names != source.names or skeleton.parents != source.parents:
        raise InvalidInput("the body must have the same joints and parents as the motion's own", field="skeleton")
    if not skeleton.leg_length > 0:
        raise InvalidInput("the body's left leg has no length", field="skeleton")
    heights = (skeleton.ankle_height, skeleton.toe_height) == (source.ankle_height, source.toe_height)
    if heights and np.array_equal(skeleton.offsets, source.offsets):
        return replace(motion, skeleton=skeleton)
    scale = skeleton.leg_length / source.leg_length
    root = motion.root * scale
    root[:, 1] += _standing_height(skeleton) - scale * _standing_height(source)
    posed = Motion(motion.rotations, root, motion.fps, skeleton)
    if not plant:
        return posed
    clearance = scale * (motion.positions[:, TOES, 1] - source.toe_height)
    targets = posed.positions[:, ANKLES].copy()
    targets[..., 1] += skeleton.toe_height + clearance - posed.positions[:, TOES, 1]
    heel, toe = planted_feet(motion)
    contacts = np.stack([heel[:, 0], toe[:, 0], heel[:, 1], toe[:, 1]], -1).astype(np.float64)
    return lock_feet(place_ends(posed, LEGS, targets), contacts=contacts)


def _standing_height(skeleton: Skeleton) -> float:
    # What of the pelvis' height is not leg: ankle to ground, and hip to pelvis.
    return skeleton.ankle_height - float(skeleton.offsets[JOINT["left_hip"]][1])
