"""Blendshapes for engines: the 52 names of ARKit, with coefficients made of a robot's controls.

They are ARKit-compatible in name, meaning and range, and are not ARKit's: no depth camera and no code of Apple's is
behind them. What follows a human face is called "ARKit-compatible, landmark-derived"; what shows a feeling
"ARKit-compatible, affect-derived". Shapes that no control speaks of (`ALWAYS_ZERO`) stay 0.

Left and right are those of the face itself: eyeBlinkLeft is the left eye of the person, as Apple's documentation says
(https://developer.apple.com/documentation/arkit/arfaceanchor/blendshapelocation), and "Left" of a control is the
robot's own left: a shape of the left comes from controls of the left. Sizes at which a shape is 1 are assumed.
Shapes: C controls in the schema's order and units; (...) leading axes.
"""

import numpy as np
from numpy.typing import ArrayLike

from sdk.emotion import Affect
from sdk.face.affect_face import face_values
from sdk.face.controls import Array, ControlSchema
from sdk.face.expressions import load_poses

LANDMARK_DERIVED = "ARKit-compatible, landmark-derived"
AFFECT_DERIVED = "ARKit-compatible, affect-derived"
_EYE = ("eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide")
_PAIRS = ("Smile", "Frown", "Dimple", "Stretch", "RollLower", "RollUpper", "ShrugLower", "ShrugUpper", "Press",
          "LowerDown", "UpperUp")  # fmt: skip
_SINGLE = ("RollLower", "RollUpper", "ShrugLower", "ShrugUpper")
SIDES = ("Left", "Right")
NAMES = (
    *(f"{name}{side}" for side in SIDES for name in _EYE),
    "jawForward", "jawLeft", "jawRight", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    *(f"mouth{name}{side}" for name in _PAIRS for side in (("",) if name in _SINGLE else SIDES)),
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""All 52, in the order of Apple's documentation: left eye, right eye, mouth and jaw, brows, cheeks, nose, tongue."""
ALWAYS_ZERO = frozenset({
    "jawForward", "mouthClose", "mouthLeft", "mouthRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthShrugUpper",
    "mouthPressLeft", "mouthPressRight", "cheekPuff", "tongueOut",
})  # fmt: skip
LOOK = {"side": 35.0, "up": 25.0, "down": 30.0}
"""Degrees at which a look is whole."""
SMILE, FROWN, WIDE, NARROW, LIP, CURL, BROW, SQUINT = 0.38, 0.40, 0.36, 0.28, 0.45, 0.30, 0.50, 0.50
"""Deviations of controls at which their shapes are whole: corners up and down, mouth wide and narrow, lips apart, lips
rolled, brows, and the lower lid."""
SPOKEN, ROUND = 0.10, 0.30
"""Beyond the first opening of the jaw a rounded mouth is more and more a funnel, wholly so the second further on."""


class Blendshapes:
    """Turns values of a schema's controls into blendshapes."""

    def __init__(self, schema: ControlSchema) -> None:
        self._schema, self._poses = schema, load_poses(schema)

    def of_affect(self, affect: Affect) -> Array:
        """Coefficients (52,), each in [0, 1], of a face that shows an affect: affect-derived."""
        return self.of(face_values(self._poses, affect))

    def of(self, values: ArrayLike) -> Array:
        """Coefficients (..., 52), each in [0, 1], for values (..., C) in the controls' units."""
        from_neutral = np.asarray(values, float) - self._schema.neutral
        moved = {name: from_neutral[..., k] for k, name in enumerate(self._schema.names)}
        shapes = {name: np.zeros_like(moved["Jaw Pitch"]) for name in ALWAYS_ZERO}
        shapes |= self._mouth(moved)
        for side in SIDES:
            shapes |= self._side(side, moved, shapes[f"mouthSmile{side}"])
        shapes["browInnerUp"] = (moved["Brow Inner Left"] + moved["Brow Inner Right"]) / (2 * BROW)
        return np.clip(np.stack([shapes[name] for name in NAMES], -1), 0.0, 1.0)

    def _mouth(self, moved: dict[str, Array]) -> dict[str, Array]:
        """Shapes of jaw and lips."""
        shapes = {"jawOpen": -moved["Jaw Pitch"], "jawLeft": -2 * moved["Jaw Yaw"], "jawRight": 2 * moved["Jaw Yaw"]}
        stretch = {side: moved[f"Lip Corner Stretch {side}"] for side in SIDES}
        curls = {"Lower": moved["Lip Bottom Curl"], "Upper": moved["Lip Top Curl"]}
        funnel = np.clip((shapes["jawOpen"] - SPOKEN) / ROUND, 0, 1)
        shapes["mouthPucker"] = -(stretch["Left"] + stretch["Right"]) / (2 * NARROW) * (1 - funnel)
        shapes["mouthFunnel"] = (curls["Lower"] + curls["Upper"]) / (2 * CURL) * funnel
        shapes["mouthShrugLower"] = -moved["Lip Bottom Depress Middle"] / CURL
        for name, curl in curls.items():
            shapes[f"mouthRoll{name}"] = -curl / CURL
        for side in SIDES:
            raised = moved[f"Lip Corner Raise {side}"]
            smile = np.clip(raised / SMILE, 0, 1)
            shapes[f"mouthSmile{side}"], shapes[f"mouthFrown{side}"] = smile, -raised / FROWN
            # A smile widens the mouth by itself.
            shapes[f"mouthStretch{side}"] = stretch[side] / WIDE * (1 - smile)
            for shape, lip in (("LowerDown", "Lip Bottom Depress"), ("UpperUp", "Lip Top Raise")):
                shapes[f"mouth{shape}{side}"] = (moved[f"{lip} {side}"] + moved[f"{lip} Middle"]) / (2 * LIP)
        return shapes

    def _side(self, side: str, moved: dict[str, Array], smile: Array) -> dict[str, Array]:
        """Shapes of one side's eye, brow, cheek and nose."""
        upper, lower = moved[f"Eyelid Upper {side}"], moved[f"Eyelid Lower {side}"]
        to_right = moved["Gaze Target Phi"] * self._poses.signs["Gaze Target Phi"] / LOOK["side"]
        up = moved["Gaze Target Theta"] * self._poses.signs["Gaze Target Theta"]
        inwards = to_right if side == "Left" else -to_right  # towards the nose
        # In a blink both lids move; a squint is what the lower one does beyond that.
        squint = np.clip((np.minimum(upper, 0) - lower) / SQUINT, 0, 1)
        inner, outer = moved[f"Brow Inner {side}"], moved[f"Brow Outer {side}"]
        return {
            f"eyeBlink{side}": -upper, f"eyeWide{side}": upper, f"eyeSquint{side}": squint,
            f"eyeLookIn{side}": inwards, f"eyeLookOut{side}": -inwards,
            f"eyeLookUp{side}": up / LOOK["up"], f"eyeLookDown{side}": -up / LOOK["down"],
            f"browDown{side}": -(0.8 * inner + 0.2 * outer) / BROW, f"browOuterUp{side}": outer / BROW,
            f"cheekSquint{side}": squint * smile, f"noseSneer{side}": moved["Nose Wrinkle"],
        }  # fmt: skip
