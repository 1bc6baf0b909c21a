"""The 22 SMPL body joints and the SDK's rest body.

Frame: right-handed, Y up, metres; the character faces +Z and its left is +X. The rest pose is a T-pose, palms down,
in which every joint's local frame is parallel to the world's, so that all-zero rotations ARE the T-pose.
"""

from dataclasses import dataclass, field

import numpy as np

from sdk.motion.rotations import Array

JOINT_NAMES: tuple[str, ...] = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
)  # fmt: skip
PARENTS: tuple[int, ...] = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
NUM_JOINTS = len(JOINT_NAMES)
JOINT = {name: j for j, name in enumerate(JOINT_NAMES)}

MIRROR: tuple[int, ...] = tuple(
    JOINT[n.replace("left", "RIGHT").replace("right", "left").replace("RIGHT", "right")] for n in JOINT_NAMES
)
"""Index of each joint's twin on the other side; a joint in the middle is its own."""

FOOT_JOINTS: tuple[int, ...] = (JOINT["left_ankle"], JOINT["left_foot"], JOINT["right_ankle"], JOINT["right_foot"])
"""Order of the four contact flags: left ankle, left foot, right ankle, right foot."""


@dataclass(frozen=True)
class Skeleton:
    """A body: joint names, parents (parent before child) and T-pose offsets (J, 3) in metres from the parent.

    `ankle_height` and `toe_height` are how far ankle and foot joint lie over the ground when the sole is flat on it.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: Array = field(repr=False)
    ankle_height: float = 0.0
    toe_height: float = 0.0

    @property
    def leg_length(self) -> float:
        """Thigh plus shin of the left leg, metres."""
        return float(sum(np.linalg.norm(self.offsets[JOINT[n]]) for n in ("left_knee", "left_ankle")))

    @property
    def rest_height(self) -> float:
        """Height of the pelvis over the ground in the T-pose, metres."""
        chain = ("left_hip", "left_knee", "left_ankle", "left_foot")
        return self.toe_height - float(sum(self.offsets[JOINT[n]][1] for n in chain))


def _rest_offsets() -> Array:
    # A body of 1.62 m, rounded to the centimetre and the same on both sides. Its proportions are close to those of the
    # performers in the training data, so that retargeting to it changes poses little; engines retarget once more.
    half = {
        "pelvis": (0, 0, 0), "left_hip": (0.065, -0.02, 0), "left_knee": (0, -0.39, 0), "left_ankle": (0, -0.41, 0),
        "left_foot": (0, -0.075, 0.09), "spine1": (0, 0.155, 0), "spine2": (0, 0.045, 0), "spine3": (0, 0.045, 0),
        "neck": (0, 0.165, 0), "head": (0, 0.065, 0), "left_collar": (0.05, 0.13, 0), "left_shoulder": (0.055, 0, 0),
        "left_elbow": (0.245, 0, 0), "left_wrist": (0.225, 0, 0),
    }  # fmt: skip
    offsets = np.zeros((NUM_JOINTS, 3))
    for name, xyz in half.items():
        offsets[JOINT[name]] = xyz
        offsets[MIRROR[JOINT[name]]] = np.array(xyz) * [-1, 1, 1]
    offsets.flags.writeable = False
    return offsets


BODY = Skeleton(JOINT_NAMES, PARENTS, _rest_offsets(), ankle_height=0.10, toe_height=0.025)
"""The body every `Motion` is posed on unless another is named."""
