"""Posture: where trunk, head, shoulders and arms are held. Posture decides which emotion is seen (Normoyle et al.).

Shapes: T frames; rotations (T, 22, 4). Edits are degrees, in the frame of the joint's parent unless said.
"""

from collections.abc import Sequence

import numpy as np

from sdk.motion.kinematics import global_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, normalize, quat_about, quat_from_axis_angle, quat_inv, quat_mul, quat_rotate
from sdk.motion.skeleton import JOINT, PARENTS
from training.stylist.amplitude import Arm
from training.stylist.edits import Edits
from training.stylist.signals import slow_noise, smoothstep

_RAISED_SHARE = 0.1  # of an arm's posture edits is kept while the arm makes a gesture
_GLANCE_S = 0.8  # between two turns of a wandering head, at the neutral tempo
_MAX_ELBOW = 125.0
_SIDES = (("left", 1.0), ("right", -1.0))


def hold_posture(
    motion: Motion, rotations: Array, arms: Sequence[Arm], edits: Edits, rng: np.random.Generator
) -> Array:
    """Rotations with the posture of `edits`. `arms` says where the arms of `motion`, the unedited clip, hang."""
    out = hold_trunk(rotations, edits, motion.fps, rng)
    for side, sign in _SIDES:
        raised = quat_about("z", np.radians(sign * edits.shoulder_raise))
        forward = quat_about("y", np.radians(-sign * edits.shoulder_forward))
        _turn(out, f"{side}_collar", quat_mul(forward, raised))
    before, after = global_rotations(rotations, PARENTS), global_rotations(out, PARENTS)
    # Arms hang by their weight: they keep the place they had before trunk and collars were turned, and edits of the
    # arms turn in the frame that the chest had then.
    chest = before[:, JOINT["spine3"]]
    for arm, (side, sign) in zip(arms, _SIDES, strict=True):
        collar, shoulder, elbow, wrist = (JOINT[f"{side}_{n}"] for n in ("collar", "shoulder", "elbow", "wrist"))
        share = _RAISED_SHARE + (1 - _RAISED_SHARE) * arm.hangs
        spread = quat_about("z", np.radians(sign * edits.arm_spread * share))
        lifted = quat_about("x", np.radians(-edits.arm_forward * share))
        inward = quat_about("x", np.radians(edits.arm_inward * share))
        held = quat_mul(quat_inv(chest), before[:, shoulder])
        held = quat_mul(quat_mul(quat_mul(spread, lifted), held), inward)
        out[:, elbow] = flexed(out[:, elbow], edits.elbow_flexion * share, sign)
        upper = quat_rotate(held, motion.skeleton.offsets[elbow])
        lower = quat_rotate(quat_mul(held, out[:, elbow]), motion.skeleton.offsets[wrist])
        turn = edits.forearm_hold * share * aim_error(upper, lower, sign * np.radians(edits.forearm_aim))
        held = quat_mul(quat_from_axis_angle(normalize(upper) * turn[:, None]), held)
        out[:, shoulder] = quat_mul(quat_inv(after[:, collar]), quat_mul(chest, held))
    return out


def hold_trunk(rotations: Array, edits: Edits, fps: float, rng: np.random.Generator) -> Array:
    """Rotations with the edits of pelvis, spine, neck and head."""
    out = rotations.copy()
    tilt = quat_about("x", np.radians(edits.pelvis_pitch))
    out[:, 0] = quat_mul(out[:, 0], tilt)
    _turn(out, "spine1", quat_mul(quat_about("x", np.radians(edits.trunk_pitch)), quat_inv(tilt)))
    _turn(out, "spine3", quat_about("x", np.radians(edits.slump)))
    # The trunk's lean carries the neck, and the neck's the head: each takes back what the one below it did.
    wander, bob = (slow_noise(rng, len(out), fps, _GLANCE_S / edits.tempo) for _ in range(2))
    aside = edits.head_turn * (1.0 if rng.random() < 0.5 else -1.0)
    yaw = np.radians(aside + edits.glance * np.clip(1.6 * wander, -1.3, 1.3))
    neck = np.radians(edits.head_pitch - edits.trunk_pitch - edits.slump)
    nod = np.radians(edits.gaze_pitch - edits.head_pitch + 0.15 * edits.glance * bob)
    _turn(out, "neck", quat_mul(quat_about("x", neck), quat_about("y", 0.4 * yaw)))
    _turn(out, "head", quat_mul(quat_about("y", 0.6 * yaw), quat_about("x", nod)))
    return out


def _turn(rotations: Array, name: str, turn: Array) -> None:
    rotations[:, JOINT[name]] = quat_mul(turn, rotations[:, JOINT[name]])


def aim_error(upper: Array, lower: Array, aim: float) -> Array:
    """How far, radians (T,), an arm must turn about its upper bone for its forearm to point to `aim`.

    upper, lower: bones (T, 3) in the chest's frame. aim: radians from straight ahead, about the upper bone. Nothing is
    asked of a straight arm, whose forearm has no direction, nor of one that would have to turn all the way round.
    """
    u, f = normalize(upper), normalize(lower)
    ahead = np.array([0.0, 0.0, 1.0]) - u[:, 2:] * u
    out = f - (f * u).sum(-1, keepdims=True) * u
    angle = np.arctan2((u * np.cross(ahead, out)).sum(-1), (ahead * out).sum(-1))
    error = (aim - angle + np.pi) % (2 * np.pi) - np.pi
    defined = smoothstep(np.linalg.norm(out, axis=-1) / 0.6) * smoothstep(np.linalg.norm(ahead, axis=-1) / 0.6)
    asked: Array = error * defined * smoothstep((np.pi - np.abs(error)) / 0.7)
    return asked


def flexed(q: Array, degrees: Array, sign: float) -> Array:
    """Elbow rotations (T, 4) bent further by (T,) degrees; the nearer to the joint's end, the less."""
    bend = np.degrees(-sign * 2 * np.arctan2(q[:, 1] * np.sign(q[:, 3] + 1e-12), np.abs(q[:, 3])))
    room = np.clip((_MAX_ELBOW - bend) / _MAX_ELBOW, 0.0, 1.0)
    target = np.maximum(bend + degrees * np.where(degrees > 0, room, 1.0), np.minimum(bend, 2.0))
    return quat_mul(q, quat_about("y", np.radians(-sign * (target - bend))))


def tremble(rotations: Array, fps: float, degrees: float, rng: np.random.Generator) -> Array:
    """Rotations with forearms, neck and spine trembling by `degrees` at 6 to 8 Hz, in bursts."""
    if degrees == 0:
        return rotations
    out = rotations.copy()
    time = np.arange(len(out)) / fps
    burst = np.clip(0.6 + 0.5 * slow_noise(rng, len(out), fps, 0.5), 0.0, 1.2)
    for name, share in (("left_elbow", 1.5), ("right_elbow", 1.5), ("neck", 0.6), ("spine3", 0.4)):
        wave = np.sin(2 * np.pi * rng.uniform(6, 8) * time + rng.uniform(0, 2 * np.pi))
        angle = np.radians(degrees) * share * burst * wave
        shake = quat_about("y", angle) if name.endswith("elbow") else quat_about("x", angle)
        out[:, JOINT[name]] = quat_mul(out[:, JOINT[name]], shake)
    return out
