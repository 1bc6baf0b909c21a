"""The VMC protocol: OSC that VRM applications and many engines take, body and expressions.

Positions and rotations are Unity's (left-handed, Y up, metres), local, bones by the names of its HumanBodyBones. The
rest pose is a T-pose with identity rotations, as an avatar of VRM 0 has it and as the protocol's receivers expect.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np

from sdk.emotion import NUM_EMOTIONS, Emotion
from sdk.errors import InvalidInput
from sdk.face.blendshapes import NAMES
from sdk.motion.frames import convert_points, convert_rotations
from sdk.motion.rotations import Array
from sdk.motion.skeleton import BODY, JOINT_NAMES
from sdk.relay.moment import Moment
from sdk.relay.osc import bundles, message

PORT = 39539
"""Where receivers of VMC ("Marionettes") listen by default."""
Travel = Literal["hips", "root", "none"]
Names = Literal["vrm0", "vrm1"]

_LIMBS = {
    "hip": "UpperLeg", "knee": "LowerLeg", "ankle": "Foot", "foot": "Toes",
    "collar": "Shoulder", "shoulder": "UpperArm", "elbow": "LowerArm", "wrist": "Hand",
}  # fmt: skip
BONES: Mapping[str, str] = {
    "pelvis": "Hips", "spine1": "Spine", "spine2": "Chest", "spine3": "UpperChest", "neck": "Neck", "head": "Head",
    **{f"{side}_{ours}": f"{side.title()}{theirs}" for side in ("left", "right") for ours, theirs in _LIMBS.items()},
}  # fmt: skip
"""Joint -> bone of Unity's HumanBodyBones."""

EXPRESSIONS: Mapping[Names, Mapping[str, Mapping[Emotion, float]]] = {
    "vrm0": {
        "Joy": {Emotion.JOY: 1.0},
        "Fun": {Emotion.TRUST: 0.7, Emotion.ANTICIPATION: 0.4},
        "Angry": {Emotion.ANGER: 1.0, Emotion.DISGUST: 0.6},
        "Sorrow": {Emotion.SADNESS: 1.0, Emotion.FEAR: 0.6},
        "Surprised": {Emotion.SURPRISE: 1.0, Emotion.FEAR: 0.4},
    },
    "vrm1": {
        "happy": {Emotion.JOY: 1.0, Emotion.ANTICIPATION: 0.3},
        "relaxed": {Emotion.TRUST: 0.7},
        "angry": {Emotion.ANGER: 1.0, Emotion.DISGUST: 0.6},
        "sad": {Emotion.SADNESS: 1.0, Emotion.FEAR: 0.4},
        "surprised": {Emotion.SURPRISE: 1.0, Emotion.FEAR: 0.6},
    },
}
"""Expression -> how much of it each emotion shows at full intensity. "Surprised" is no preset of VRM 0, but many
avatars have it; receivers leave out what an avatar has not."""
BLINKS: Mapping[Names, tuple[str, str]] = {"vrm0": ("Blink_L", "Blink_R"), "vrm1": ("blinkLeft", "blinkRight")}
EYES = (NAMES.index("eyeBlinkLeft"), NAMES.index("eyeBlinkRight"))


class Vmc:
    """Sends VMC.

    travel: who walks over the ground. "hips": the hips carry everything, the root stays; "root": the root takes the way
    over the ground and the hips the rest; "none": the character stays over its place. names: those of VRM 0 or 1.
    hips_height: of the avatar in its T-pose, metres; positions are scaled by it, so that feet stay on the ground.
    """

    name, port = "VMC", PORT

    def __init__(
        self, *, travel: Travel = "hips", names: Names = "vrm0", hips_height: float = BODY.rest_height
    ) -> None:
        if not 0.05 <= hips_height <= 20:
            raise InvalidInput(f"hips_height must lie in 0.05..20 metres, got {hips_height}", field="hips-height")
        self._travel, self._scale = travel, hips_height / BODY.rest_height
        table = EXPRESSIONS[names]
        self._expressions = np.zeros((len(table), NUM_EMOTIONS))
        for row, shares in enumerate(table.values()):
            self._expressions[row, list(shares)] = list(shares.values())
        self._names = [*table, *BLINKS[names]]
        self._began = time.monotonic()

    def datagrams(self, moment: Moment) -> list[bytes]:
        """Bundles of one frame: OK and time, root, bones, expressions."""
        return list(bundles(self._messages(moment)))

    def _messages(self, moment: Moment) -> Iterator[bytes]:
        frame = moment.frame
        ground = np.array([frame.root[0], 0.0, frame.root[2]])
        root = ground if self._travel == "root" else np.zeros(3)
        positions = moment.skeleton.offsets.copy()
        positions[0] = frame.root if self._travel == "hips" else frame.root - ground
        yield message("/VMC/Ext/OK", 1)
        yield message("/VMC/Ext/T", time.monotonic() - self._began)
        yield message("/VMC/Ext/Root/Pos", "root", *self._place(root), 0.0, 0.0, 0.0, 1.0)
        rotations = convert_rotations(frame.rotations, "vmc")
        for joint, position, rotation in zip(JOINT_NAMES, self._place(positions), rotations, strict=True):
            yield message("/VMC/Ext/Bone/Pos", BONES[joint], *position, *rotation)
        values = [*(self._expressions @ moment.felt), *(moment.face[eye] for eye in EYES)]
        for name, value in zip(self._names, values, strict=True):
            yield message("/VMC/Ext/Blend/Val", name, min(value, 1.0))
        yield message("/VMC/Ext/Blend/Apply")

    def _place(self, points: Array) -> Array:
        return convert_points(points, "vmc") * self._scale
