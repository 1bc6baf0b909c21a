"""The predicates judge motions whose truth is known by construction, both ways."""

from dataclasses import replace

import numpy as np
import pytest

from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_about, quat_mul
from sdk.motion.skeleton import JOINT
from tests.figures.predicates import PREDICATES, bow_depth, swings, turn, velocity
from tests.synthetic import standing, walking

BY_PROMPT = {p.prompt: p for p in PREDICATES}


def posed(motion: Motion, turns: dict[str, np.ndarray]) -> Motion:
    """The motion with extra local rotations (T, 4) on some joints."""
    rotations = motion.rotations.copy()
    for name, q in turns.items():
        rotations[:, JOINT[name]] = quat_mul(rotations[:, JOINT[name]], q)
    return replace(motion, rotations=rotations)


def true_prompts(motion: Motion) -> set[str]:
    return {prompt for prompt, p in BY_PROMPT.items() if p.true_of(motion)}


def test_there_are_ten_different_prompts() -> None:
    assert len(BY_PROMPT) == 10


def test_a_t_pose_makes_no_prompt_true() -> None:
    assert true_prompts(standing(3.0)) == set()


@pytest.mark.parametrize(
    ("speed", "prompt"),
    [(1.2, "a person walks forward"), (3.0, "a person runs forward"), (-0.8, "a person walks backwards")],
)
def test_speed_along_z_decides_walking_running_and_walking_back(speed: float, prompt: str) -> None:
    motion = walking(3.0, speed=abs(speed))
    if speed < 0:
        motion = motion.turned(quat_about("y", np.pi))
    assert true_prompts(motion) == {prompt}
    assert velocity(motion)[2] == pytest.approx(speed, rel=0.05)


@pytest.mark.parametrize(("degrees", "prompt"), [(90, "left"), (-90, "right")])
def test_turns_are_told_apart(degrees: float, prompt: str) -> None:
    motion = standing(3.0)
    yaw = quat_about("y", np.radians(np.linspace(0, degrees, len(motion))))
    motion = posed(motion, {"pelvis": yaw})
    assert true_prompts(motion) == {f"a person turns {prompt} while walking"}
    assert turn(motion) == pytest.approx(degrees, abs=12)


def test_a_turn_beyond_half_a_circle_keeps_its_sign() -> None:
    motion = standing(3.0)
    assert turn(posed(motion, {"pelvis": quat_about("y", np.linspace(0, 4.0, len(motion)))})) > 200


def test_raised_hands() -> None:
    motion = standing(1.0)
    up = {
        f"{side}_shoulder": np.tile(quat_about("z", sign * 1.4), (len(motion), 1))
        for side, sign in (("left", 1), ("right", -1))
    }
    down = {"left_shoulder": np.tile(quat_about("z", -1.3), (len(motion), 1))}
    assert true_prompts(posed(motion, up)) == {"a person raises both hands"}
    assert true_prompts(posed(motion, {**up, **down})) == {"a person raises the right hand"}


def test_waving_counts_ways_of_the_raised_hand() -> None:
    motion = standing(4.0)
    count = len(motion)
    up = quat_about("z", np.full(count, -1.3) + 0.4 * np.sin(np.arange(count) * 2 * np.pi / 30))
    low = quat_about("z", np.full(count, 1.3) + 0.4 * np.sin(np.arange(count) * 2 * np.pi / 30))
    assert swings(posed(motion, {"right_shoulder": up}), "right") == pytest.approx(8, abs=1)
    assert swings(posed(motion, {"right_shoulder": low}), "right") == 0


def test_a_bow_goes_down_and_comes_up() -> None:
    motion = standing(3.0)
    bend = quat_about("x", 0.9 * np.sin(np.linspace(0, np.pi, len(motion))))
    assert true_prompts(posed(motion, {"spine1": bend})) == {"a person bows"}
    assert bow_depth(posed(motion, {"spine1": bend}))[0] > 30
    stooping = np.tile(quat_about("x", 0.9), (len(motion), 1))
    assert true_prompts(posed(motion, {"spine1": stooping})) == set()


def test_a_diagonal_walk_keeps_facing_ahead() -> None:
    motion = walking(3.0, speed=0.5)
    drift = np.zeros((len(motion), 3))
    drift[:, 0] = np.linspace(0, 0.9, len(motion))
    assert "a person walks diagonally to the left" in true_prompts(replace(motion, root=motion.root + drift))
    assert "a person walks diagonally to the left" not in true_prompts(replace(motion, root=motion.root - drift))
