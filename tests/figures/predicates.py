"""Ten prompts, each with a physical fact that must be true of the motion. All positions are metres, frame +Z ahead."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sdk.motion.cues import in_heading, pitch
from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.skeleton import JOINT


def velocity(motion: Motion) -> np.ndarray:
    """Mean velocity (3,) in m/s from the first to the last frame."""
    return (motion.root[-1] - motion.root[0]) / motion.seconds


def turn(motion: Motion) -> float:
    """Degrees by which the body turned from the first to the last third of a second, left positive."""
    yaw = np.degrees(np.unwrap(heading_angle(motion.rotations[:, 0])))
    ends = max(1, int(motion.fps / 3))
    return float(yaw[-ends:].mean() - yaw[:ends].mean())


def height_over_head(motion: Motion, joint: str) -> np.ndarray:
    """Height (T,) of a joint over the head joint."""
    return motion.positions[:, JOINT[joint], 1] - motion.positions[:, JOINT["head"], 1]


def swings(motion: Motion, side: str, *, least: float = 0.05) -> int:
    """How often the raised hand changes its sideways direction by more than `least` metres."""
    hand = in_heading(motion)[:, JOINT[f"{side}_wrist"]]
    raised = hand[:, 1] > in_heading(motion)[:, JOINT[f"{side}_shoulder"], 1]
    x = hand[raised, 0]
    count, way, extreme = 0, 0, x[0] if len(x) else 0.0
    for value in x:
        if way >= 0 and value < extreme - least:
            count, way, extreme = count + 1, -1, value
        elif way <= 0 and value > extreme + least:
            count, way, extreme = count + 1, 1, value
        elif (way > 0 and value > extreme) or (way < 0 and value < extreme):
            extreme = value
    return count


def bow_depth(motion: Motion) -> tuple[float, float]:
    """Trunk inclination in degrees: the deepest, and at the end."""
    body = in_heading(motion)
    trunk = pitch(body[:, JOINT["pelvis"]], body[:, JOINT["neck"]])
    return float(trunk.max()), float(trunk[-5:].mean())


def bows(motion: Motion) -> bool:
    deepest, last = bow_depth(motion)
    return deepest > 30 and last < 20


@dataclass(frozen=True)
class Predicate:
    """A prompt, the fact in words, and its check; `than` names a prompt whose motion of the same seed is given too."""

    prompt: str
    fact: str
    true_of: Callable[[Motion], bool]


WALK = "a person walks forward"
WALKING_SPEED = 2.0
PREDICATES = (
    Predicate(WALK, "0.6 to 2 m/s along +Z", lambda m: 0.6 <= velocity(m)[2] <= WALKING_SPEED),
    Predicate(
        "a person runs forward", "faster than walking: over 2 m/s along +Z", lambda m: velocity(m)[2] > WALKING_SPEED
    ),
    Predicate(
        "a person turns left while walking", "the heading changes over 30 degrees to the left", lambda m: turn(m) > 30
    ),
    Predicate("a person turns right while walking", "... to the right", lambda m: turn(m) < -30),
    Predicate(
        "a person raises both hands",
        "both wrists above the head at once",
        lambda m: bool(((height_over_head(m, "left_wrist") > 0) & (height_over_head(m, "right_wrist") > 0)).any()),
    ),
    Predicate(
        "a person raises the right hand",
        "the right wrist above the head, the left never",
        lambda m: bool(
            (height_over_head(m, "right_wrist") > 0).any() and (height_over_head(m, "left_wrist") < 0).all()
        ),
    ),
    Predicate(
        "a person waves the right hand",
        "the raised right hand goes to and fro at least twice",
        lambda m: swings(m, "right") >= 3,
    ),
    Predicate("a person bows", "the trunk bends over 30 degrees and rises again", bows),
    Predicate("a person walks backwards", "over 0.3 m/s along -Z", lambda m: velocity(m)[2] < -0.3),
    Predicate(
        "a person walks diagonally to the left",
        "over 0.1 m/s along +X, still facing +Z within 45 degrees",
        lambda m: velocity(m)[0] > 0.1 and abs(turn(m)) < 45,
    ),
)
