"""Made-up movement for tests that need a plausible person. Frame and units as everywhere in the SDK."""

import numpy as np

from sdk.motion.kinematics import global_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_about, quat_between, quat_inv, quat_mul, quat_rotate
from sdk.motion.skeleton import BODY, JOINT, NUM_JOINTS

STANCE = 0.62
"""Share of the cycle for which a foot stays on the ground."""


def standing(seconds: float = 1.0, fps: float = 30.0) -> Motion:
    """A T-pose that does not move."""
    count = round(seconds * fps) + 1
    rotations = np.zeros((count, NUM_JOINTS, 4))
    rotations[..., 3] = 1.0
    return Motion(rotations, np.tile([0.0, BODY.rest_height, 0.0], (count, 1)), fps)


def walking(
    seconds: float = 4.0,
    fps: float = 30.0,
    *,
    speed: float = 1.1,
    cycle_s: float = 1.08,
    swing: float = 0.42,
    stoop: float = 0.03,
    bend: float = 0.3,
) -> Motion:
    """A walk along +Z from the origin: planted feet do not slide, arms swing against the legs.

    speed: m/s. cycle_s: two steps. swing: arm swing to each side, radians. stoop: lean of trunk and neck, radians.
    bend: of the elbows, radians.
    """
    time = np.arange(round(seconds * fps) + 1) / fps
    phase = time / cycle_s
    turn = 2 * np.pi * phase
    stride = speed * cycle_s
    rotations = np.zeros((len(time), NUM_JOINTS, 4))
    rotations[..., 3] = 1.0

    root = np.zeros((len(time), 3))
    root[:, 0] = 0.018 * np.sin(turn)
    root[:, 1] = BODY.rest_height - 0.035 - 0.05 * stride**2 + 0.016 * np.cos(2 * turn - 0.7)
    root[:, 2] = speed * time
    rotations[:, 0] = quat_mul(quat_about("y", 0.10 * np.cos(turn)), quat_about("z", 0.03 * np.sin(turn)))

    for part, name in enumerate(("spine1", "spine2", "spine3")):
        lean = quat_about("x", np.full(len(time), stoop * (1 + 0.5 * part)))
        rotations[:, JOINT[name]] = quat_mul(quat_about("y", -0.06 * np.cos(turn)), lean)
    rotations[:, JOINT["neck"]] = quat_about("x", np.full(len(time), stoop))
    rotations[:, JOINT["head"]] = quat_about("y", 0.07 * np.cos(turn))

    for side, shift in (("left", 0.0), ("right", 0.5)):
        sign = 1.0 if side == "left" else -1.0
        _pose_leg(rotations, root, side, phase + shift, stride)
        arm = swing * np.cos(turn + 2 * np.pi * shift)  # the leg of this side is in front at phase 0
        hang = quat_about("z", np.full(len(time), -sign * 1.33))
        rotations[:, JOINT[f"{side}_shoulder"]] = quat_mul(quat_about("x", arm), hang)
        rotations[:, JOINT[f"{side}_elbow"]] = quat_about("y", -sign * (bend + 0.4 * np.maximum(-arm, 0.0)))
    return Motion(rotations, root, fps)


def _pose_leg(rotations: Array, root: Array, side: str, phase: Array, stride: float) -> None:
    """Write hip, knee and ankle of one leg: ankle on the path of a walking foot, sole rolling from heel to toe."""
    hip, knee, ankle = (JOINT[f"{side}_{name}"] for name in ("hip", "knee", "ankle"))
    step, within = np.floor(phase), phase % 1.0
    air = np.clip((within - STANCE) / (1 - STANCE), 0.0, 1.0)
    ease = air * air * (3 - 2 * air)
    # The foot lands stride * STANCE / 2 ahead of the pelvis and stays there while the body passes over it.
    shift = 0.0 if side == "left" else 0.5
    heel_strike = (step - shift) * stride + stride * STANCE / 2
    target = np.zeros_like(root)
    target[:, 0] = BODY.offsets[hip, 0] * 0.9
    target[:, 1] = BODY.ankle_height + 0.11 * np.sin(np.pi * air) ** 1.5
    target[:, 2] = heel_strike + stride * ease
    rise = np.clip((within - 0.45) / (STANCE - 0.45), 0.0, 1.0) * (1 - air)
    target[:, 1] += 0.05 * rise
    pitch = 0.75 * rise - 0.25 * np.sin(np.pi * air) * air

    start = root + quat_rotate(rotations[:, 0], BODY.offsets[hip])
    to_ankle = quat_rotate(quat_inv(rotations[:, 0]), target - start)
    thigh, shin = (float(np.linalg.norm(BODY.offsets[j])) for j in (knee, ankle))
    reach = np.minimum(np.linalg.norm(to_ankle, axis=-1), (thigh + shin) * 0.998)
    flexion = np.pi - np.arccos(np.clip((thigh**2 + shin**2 - reach**2) / (2 * thigh * shin), -1.0, 1.0))
    bent = np.stack([np.zeros_like(flexion), -thigh - shin * np.cos(flexion), -shin * np.sin(flexion)], -1)
    rotations[:, hip] = quat_between(bent, to_ankle)
    rotations[:, knee] = quat_about("x", flexion)
    world = global_rotations(rotations, BODY.parents)
    rotations[:, ankle] = quat_mul(quat_inv(world[:, knee]), quat_about("x", pitch))
