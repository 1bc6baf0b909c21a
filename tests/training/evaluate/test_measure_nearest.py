"""The nearest training clip: a copy is found wherever it begins, whichever way it faces, mirrored too."""

import numpy as np
import pytest

from sdk.motion.rotations import quat_about
from tests.synthetic import standing, walking
from training.evaluate.memorisation import nearest_all, nearest_cm, spread_cm, windows_of

TRAINING = [walking(4.0, speed=1.1), walking(3.0, speed=1.5, swing=0.7)]


@pytest.fixture(scope="module")
def table() -> np.ndarray:
    return windows_of(TRAINING)


def test_a_copy_has_no_distance_wherever_it_lies(table: np.ndarray) -> None:
    moved = TRAINING[0].turned(quat_about("y", np.array(1.2))).moved(np.array([3.0, 0.0, -2.0]))
    assert nearest_cm(TRAINING[0], table) < 0.1
    assert nearest_cm(moved, table) < 0.1
    assert nearest_cm(TRAINING[1].mirrored(), table) < 0.1


def test_a_piece_that_begins_between_two_windows_is_near(table: np.ndarray) -> None:
    assert nearest_cm(TRAINING[0][5:], table) < 0.1


def test_another_movement_is_farther_than_a_similar_one(table: np.ndarray) -> None:
    similar, other = nearest_all([walking(4.0, speed=1.15), standing(4.0)], table)
    assert 0.1 < similar < other
    assert other > 10


def test_one_known_second_does_not_make_a_copy(table: np.ndarray) -> None:
    known, new = TRAINING[0], walking(6.0, speed=0.4, swing=0.1, stoop=0.3)
    half = type(known)(
        np.concatenate([known.rotations, new.rotations]), np.concatenate([known.root, new.root]), known.fps
    )
    assert nearest_cm(half, table) > 5


def test_the_spread_of_one_clip_many_times_is_nothing() -> None:
    assert spread_cm([TRAINING[0]] * 3) == 0
    assert spread_cm(TRAINING) > 1
    assert np.isnan(spread_cm(TRAINING[:1]))
