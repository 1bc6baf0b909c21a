"""What a body shows from frame to frame: postures and speeds, whatever its size, place and heading.

Shapes: T frames, 2 sides. A motion is first put on the SDK's own body at 30 fps, so a tall character and a child are
seen alike, and turned so that it faces +Z in every frame. All signals are low-passed a little (Gaussian, 33 ms): what a
codec or a foot lock adds from frame to frame says nothing of a feeling. Angles are degrees, lengths cm, speeds m/s.
"""

from dataclasses import dataclass

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion.bodies import onto_body
from sdk.motion.kinematics import global_rotations, heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, normalize, quat_about, quat_mul, quat_rotate
from sdk.motion.skeleton import BODY, JOINT

FPS = 30.0
MIN_SECONDS = 0.5
_SMOOTH = 1.0  # frames, of positions and directions
_SMOOTH_HEADING = 3.0  # frames: hips that swing with every step shall not swing the view
SIDES = (("left", 1.0), ("right", -1.0))
MOVING = ("elbow", "wrist", "knee", "ankle")
"""Joints of both sides whose speed and acceleration are taken, relative to the pelvis."""


@dataclass(frozen=True)
class Signals:
    """Signals by name: (T,) of the trunk and of the body as a whole, (T, 2) of limbs, left first."""

    middle: dict[str, Array]
    sides: dict[str, Array]
    speed: dict[str, Array]
    acceleration: dict[str, Array]

    def __len__(self) -> int:
        return len(self.middle["gaze"])


LATERAL = ("trunk_roll", "head_roll", "head_yaw", "chest_yaw")
"""Middle signals whose sign only tells left from right."""


def on_own_body(motion: Motion) -> Motion:
    """The motion on `BODY` at 30 fps, poses kept. Raises InvalidInput when it is shorter than half a second."""
    if motion.seconds < MIN_SECONDS:
        raise InvalidInput(
            f"a judge needs {MIN_SECONDS} s of motion or more, got {motion.seconds:.2f} s", field="motion"
        )
    own = onto_body(motion, BODY, plant=False)
    return own if abs(own.fps - FPS) < 0.01 else own.resampled(FPS)


def smoothed(x: Array, sigma: float) -> Array:
    """Gaussian low-pass along the first axis, ends held; sigma in frames."""
    reach = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    padded = np.concatenate([np.repeat(x[:1], reach, 0), x, np.repeat(x[-1:], reach, 0)])
    out: Array = sum(weight * padded[k : k + len(x)] for k, weight in enumerate(kernel))  # type: ignore[assignment]
    return out


def measure_signals(motion: Motion) -> Signals:
    """Signals of a clip; see the module's first lines. Raises InvalidInput for a clip under half a second."""
    own = on_own_body(motion)
    heading = smoothed(np.unwrap(heading_angle(own.rotations[:, 0])), _SMOOTH_HEADING)
    to_heading = quat_about("y", -heading)
    over_ground = own.positions - own.root[:, None] * np.array([1, 0, 1])
    body = smoothed(quat_rotate(to_heading[:, None], over_ground), _SMOOTH)
    root = smoothed(own.root, _SMOOTH)
    travel = quat_rotate(to_heading, np.gradient(root, axis=0) * FPS)
    turned = quat_mul(to_heading[:, None], global_rotations(own.rotations, BODY.parents))
    speed, acceleration = _rates(body, travel, heading)
    middle = _trunk(body, turned)
    middle |= {"height": 100 * root[:, 1] / BODY.rest_height, "forward": travel[:, 2]}
    return Signals(middle, _limbs(body), speed, acceleration)


def _elevation(direction: Array) -> Array:
    """Angle over the horizontal of unit vectors (T, 3), degrees."""
    return np.degrees(np.arcsin(np.clip(direction[:, 1], -1, 1)))


def _degrees(a: Array, b: Array) -> Array:
    return np.degrees(np.arctan2(a, b))


def _trunk(body: Array, turned: Array) -> dict[str, Array]:
    """Inclinations of trunk, neck and head, and how wide hands and feet are apart."""

    def axis(joint: str, which: int) -> Array:
        return smoothed(quat_rotate(turned[:, JOINT[joint]], np.eye(3)[which]), _SMOOTH)

    spine = body[:, JOINT["neck"]] - body[:, JOINT["pelvis"]]
    neck = body[:, JOINT["head"]] - body[:, JOINT["neck"]]
    face, chest = axis("head", 2), axis("spine3", 2)
    hands = body[:, JOINT["left_wrist"]] - body[:, JOINT["right_wrist"]]
    feet = body[:, JOINT["left_ankle"]] - body[:, JOINT["right_ankle"]]
    gaze, pelvis = _elevation(face), _elevation(axis("pelvis", 2))
    return {
        "trunk_pitch": _degrees(spine[:, 2], spine[:, 1]), "trunk_roll": _degrees(spine[:, 0], spine[:, 1]),
        "neck_pitch": _degrees(neck[:, 2], neck[:, 1]), "gaze": gaze, "head_yaw": _degrees(face[:, 0], face[:, 2]),
        "head_roll": _elevation(axis("head", 0)), "chest": _elevation(chest),
        "chest_yaw": _degrees(chest[:, 0], chest[:, 2]), "pelvis_pitch": pelvis, "curl": gaze - pelvis,
        "hands_apart": 100 * np.linalg.norm(hands, axis=-1),
        "feet_apart": 100 * np.linalg.norm(feet[:, [0, 2]], axis=-1), "feet_wide": 100 * np.abs(feet[:, 0]),
    }  # fmt: skip


def _limbs(body: Array) -> dict[str, Array]:
    """Angles and places of arms and legs, (T, 2) each; the right side is seen in the mirror."""
    columns: dict[str, list[Array]] = {}
    for side, sign in SIDES:
        flip = np.array([sign, 1.0, 1.0])

        def bone(start: str, end: str, side: str = side, flip: Array = flip) -> Array:
            names = (name if name == "neck" else f"{side}_{name}" for name in (start, end))
            first, last = (body[:, JOINT[name]] for name in names)
            return (last - first) * flip

        arm, forearm = normalize(bone("shoulder", "elbow")), normalize(bone("elbow", "wrist"))
        thigh, shin = normalize(bone("hip", "knee")), normalize(bone("knee", "ankle"))
        hand, shoulder, toes = bone("shoulder", "wrist"), bone("neck", "shoulder"), bone("ankle", "foot")
        one = {
            "arm_elev": np.degrees(np.arccos(np.clip(-arm[:, 1], -1, 1))),
            "arm_out": np.degrees(np.arcsin(np.clip(arm[:, 0], -1, 1))),
            "arm_fwd": _degrees(arm[:, 2], np.hypot(arm[:, 0], arm[:, 1])),
            "elbow": np.degrees(np.arccos(np.clip((arm * forearm).sum(-1), -1, 1))),
            "hand_fwd": 100 * hand[:, 2], "hand_up": 100 * hand[:, 1], "hand_out": 100 * hand[:, 0],
            "shrug": 100 * shoulder[:, 1], "protract": 100 * shoulder[:, 2],
            "thigh": _degrees(thigh[:, 2], -thigh[:, 1]),
            "knee": np.degrees(np.arccos(np.clip((thigh * shin).sum(-1), -1, 1))),
            "toe_out": _degrees(toes[:, 0], toes[:, 2]), "foot_up": 100 * body[:, JOINT[f"{side}_foot"], 1],
        }  # fmt: skip
        for name, values in one.items():
            columns.setdefault(name, []).append(values)
    return {name: np.stack(values, -1) for name, values in columns.items()}


def _rates(body: Array, travel: Array, heading: Array) -> tuple[dict[str, Array], dict[str, Array]]:
    """Speeds, and accelerations, of head, limbs and the body as a whole."""
    velocity = np.gradient(body, axis=0) * FPS
    change = np.gradient(velocity, axis=0) * FPS
    fast, sudden = np.linalg.norm(velocity, axis=-1), np.linalg.norm(change, axis=-1)
    both = {name: [JOINT[f"{side}_{name}"] for side, _ in SIDES] for name in MOVING}
    speed = {name: fast[:, joints] for name, joints in both.items()}
    acceleration = {name: sudden[:, joints] for name, joints in both.items()}
    speed |= {"head": fast[:, JOINT["head"]], "neck": fast[:, JOINT["neck"]]}
    acceleration |= {"head": sudden[:, JOINT["head"]], "pelvis": sudden[:, JOINT["pelvis"]]}
    speed |= {"root": np.hypot(travel[:, 0], travel[:, 2]), "rise": np.abs(travel[:, 1])}
    speed["turn"] = np.abs(np.gradient(heading)) * FPS
    return speed, acceleration
