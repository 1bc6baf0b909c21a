"""What the evaluator reads of a movement: neither heading nor place, but left and right, and speeds in m/s."""

import numpy as np
import pytest

from sdk.errors import InvalidInput
from sdk.motion.bodies import CHILD, onto_body
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_about
from sdk.motion.skeleton import JOINT, MIRROR, NUM_JOINTS
from tests.synthetic import standing, walking
from training.evaluate.movement_features import BLOCKS, WIDTH, movement_features


def blocks(motion: Motion) -> dict[str, Array]:
    """Columns by block."""
    rows, out, start = movement_features(motion), {}, 0
    for name, width in BLOCKS:
        out[name] = rows[:, start : start + width]
        start += width
    return out


def test_rows_are_frames_at_30_fps_of_float32() -> None:
    found = movement_features(walking(2.0, fps=60))
    assert found.shape == (61, WIDTH) and found.dtype == np.float32 and WIDTH == 2 * 3 * NUM_JOINTS + 4
    np.testing.assert_allclose(found, movement_features(walking(2.0)), atol=1e-5)


@pytest.mark.parametrize("heading", [0.5, -3.1])
def test_heading_and_place_do_not_show(heading: float) -> None:
    walk = walking(2.0)
    moved = walk.turned(quat_about("y", np.array(heading))).moved(np.array([4.0, 0.0, 9.0]))
    np.testing.assert_allclose(movement_features(moved), movement_features(walk), atol=1e-5)


def test_the_size_of_the_body_does_not_show() -> None:
    walk = walking(2.0)
    found = movement_features(onto_body(walk, CHILD, plant=False))
    np.testing.assert_allclose(found, movement_features(walk), atol=1e-5)


def test_a_mirror_image_exchanges_left_and_right() -> None:
    walk = walking(2.0)
    walk = Motion(walk.rotations, walk.root + np.linspace(0, 1, len(walk))[:, None] * [1, 0, 0], walk.fps)
    seen, mirrored = blocks(walk), blocks(walk.mirrored())
    for name in ("positions", "velocities"):
        joints = seen[name].reshape(len(walk), NUM_JOINTS, 3)[:, MIRROR] * [-1, 1, 1]
        np.testing.assert_allclose(mirrored[name].reshape(joints.shape), joints, atol=1e-5)
    np.testing.assert_allclose(mirrored["travel"], seen["travel"] * [-1, 1, 1], atol=1e-5)
    np.testing.assert_allclose(mirrored["turning"], -seen["turning"], atol=1e-5)
    assert seen["travel"][30, 0] == pytest.approx(0.5, abs=0.3)


def test_a_walk_travels_ahead_at_its_speed() -> None:
    walk = walking(3.0, speed=1.3)
    travel = blocks(walk)["travel"].mean(0)
    assert travel[2] == pytest.approx(1.3, abs=0.03) and abs(travel[0]) < 0.1
    back = Motion(walk.rotations[::-1].copy(), walk.root[::-1].copy(), walk.fps)
    assert blocks(back)["travel"][:, 2].mean() == pytest.approx(-1.3, abs=0.03)


def test_velocities_are_those_of_the_positions() -> None:
    found = blocks(walking(2.0))
    np.testing.assert_allclose(
        found["velocities"][1:-1], 15 * (found["positions"][2:] - found["positions"][:-2]), atol=1e-4
    )


def test_a_turn_to_the_left_is_positive_and_stands_still() -> None:
    still = standing(3.0)
    rotations = still.rotations.copy()
    rotations[:, 0] = quat_about("y", np.linspace(3.0, 6.0, len(still)))  # over the half turn, where angles jump
    found = blocks(Motion(rotations, still.root, still.fps))
    np.testing.assert_allclose(found["turning"][15:-15], 1.0, atol=1e-3)
    assert np.abs(found["travel"]).max() < 1e-6
    assert np.abs(found["velocities"][15:-15]).max() < 1e-3


def test_height_over_the_floor_is_told() -> None:
    found = blocks(standing(1.0))["positions"].reshape(-1, NUM_JOINTS, 3)
    np.testing.assert_allclose(found, standing(1.0).positions, atol=1e-6)
    assert found[0, JOINT["head"], 1] > 1.2


def test_a_clip_under_half_a_second_is_refused() -> None:
    assert len(movement_features(walking(0.5))) == 16
    with pytest.raises(InvalidInput, match="0.5 s of motion or more"):
        movement_features(walking(0.4))
