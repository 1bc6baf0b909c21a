"""The edits a clip can undergo, as numbers. What an emotion asks for stands in `table`."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Edits:
    """How strongly each edit is applied to one clip. The defaults change nothing; units stand in `UNITS`."""

    # Time.
    tempo: float = 1.0  # of everything
    attack: float = 0.0  # quick parts quicker and slow ones slower; negative evens them out
    hesitation: float = 0.0  # strength of a wavering tempo
    fluency: float = 0.0  # low-pass of the upper body
    # Steps.
    stride: float = 1.0  # distances on the ground
    step_width: float = 1.0
    foot_lift: float = 1.0
    heaviness: float = 0.0  # how far the body gives way after each landing
    # Size of movements.
    swing: float = 1.0  # of what arms oscillate
    reach: float = 1.0  # of arm gestures
    trunk_swing: float = 1.0
    # Posture of the trunk and the head; forward is positive, of each part in the world.
    pelvis_pitch: float = 0.0
    trunk_pitch: float = 0.0  # from the waist
    slump: float = 0.0  # of the chest, beyond trunk_pitch
    head_pitch: float = 0.0  # of the line from neck to head
    gaze_pitch: float = 0.0  # of where the face looks
    head_turn: float = 0.0  # to one side for the whole clip
    glance: float = 0.0  # of a head that wanders
    # Posture of shoulders and arms, as long as they hang.
    shoulder_raise: float = 0.0
    shoulder_forward: float = 0.0
    arm_spread: float = 0.0
    arm_forward: float = 0.0
    arm_inward: float = 0.0  # twist of the upper arm
    elbow_flexion: float = 0.0
    forearm_aim: float = 0.0  # where a bent forearm points, from straight ahead; inward is positive
    forearm_hold: float = 0.0  # how firmly it is held there
    tremble: float = 0.0
    # Carriage of the pelvis.
    knee_drop: float = 0.0
    bounce: float = 1.0  # of the steps
    pulse: float = 0.0  # height of a rhythm in the knees and heels of a standing body
    sway: float = 0.0
    lean_back: float = 0.0  # pelvis behind the feet


UNITS: Mapping[str, str] = {
    "tempo": "ratio", "attack": "exponent", "hesitation": "log rate", "fluency": "s",
    "stride": "ratio", "step_width": "ratio", "foot_lift": "ratio", "heaviness": "m",
    "swing": "ratio", "reach": "ratio", "trunk_swing": "ratio",
    "pelvis_pitch": "deg", "trunk_pitch": "deg", "slump": "deg", "head_pitch": "deg", "gaze_pitch": "deg",
    "head_turn": "deg", "glance": "deg",
    "shoulder_raise": "deg", "shoulder_forward": "deg", "arm_spread": "deg", "arm_forward": "deg",
    "arm_inward": "deg", "elbow_flexion": "deg", "forearm_aim": "deg", "forearm_hold": "share", "tremble": "deg",
    "knee_drop": "m", "bounce": "ratio", "pulse": "m", "sway": "m", "lean_back": "m",
}  # fmt: skip
"""Unit of each edit. A ratio multiplies, every other unit adds."""
