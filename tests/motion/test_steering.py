"""A walk that is bent goes where it should, and is otherwise the walk it was."""

import numpy as np
import pytest

from sdk.motion.errors import InvalidInput
from sdk.motion.kinematics import heading_angle
from sdk.motion.steering import MAX_TURN, Way, steered
from tests.synthetic import standing, walking

HEADINGS = [0.0, 0.5, -0.5, np.pi / 2, -np.pi / 2, 3.0, -3.0]


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_walk_comes_to_face_its_heading(heading: float) -> None:
    found = steered(walking(8.0), Way(heading=heading))
    gap = np.angle(np.exp(1j * (heading_angle(found.rotations[-30:, 0]) - heading)))
    assert np.abs(gap).mean() < np.radians(6)
    way = found.root[-1] - found.root[-30]
    assert np.angle(np.exp(1j * (np.arctan2(way[0], way[2]) - heading))) == pytest.approx(0, abs=np.radians(6))


@pytest.mark.parametrize("heading", HEADINGS)
def test_it_turns_no_faster_than_it_may_and_begins_where_it_was(heading: float) -> None:
    walk = walking(4.0)
    found = steered(walk, Way(heading=heading))
    np.testing.assert_array_equal(found.root[0], walk.root[0])
    np.testing.assert_allclose(found.rotations[0], walk.rotations[0], atol=1e-12)
    extra = np.diff(np.unwrap(heading_angle(found.rotations[:, 0]) - heading_angle(walk.rotations[:, 0])))
    assert np.abs(extra).max() * walk.fps <= MAX_TURN + 1e-6


def test_only_the_way_is_bent() -> None:
    walk = walking(4.0)
    found = steered(walk, Way(heading=1.0))
    np.testing.assert_allclose(found.rotations[:, 1:], walk.rotations[:, 1:])
    np.testing.assert_allclose(found.root[:, 1], walk.root[:, 1])
    steps = [np.linalg.norm(np.diff(m.root, axis=0), axis=-1) for m in (walk, found)]
    np.testing.assert_allclose(*steps, atol=1e-9)


def test_who_stands_is_not_turned() -> None:
    still = standing(3.0)
    np.testing.assert_allclose(steered(still, Way(heading=2.0)).root, still.root, atol=1e-3)
    assert abs(heading_angle(steered(still, Way(heading=2.0)).rotations[-1, 0])) < 0.05


def test_a_path_is_followed() -> None:
    corner = np.array([[0.0, 0.0], [0.0, 3.0], [3.0, 3.0]])
    found = steered(walking(7.0), Way(points=corner))
    place = found.root[:, [0, 2]]
    way = np.concatenate([np.linspace(corner[0], corner[1], 100), np.linspace(corner[1], corner[2], 100)])
    gaps = np.linalg.norm(place[:, None] - way, axis=-1).min(1)
    upto = int(np.argmin(np.linalg.norm(place - corner[2], axis=-1)))
    assert gaps[:upto].mean() < 0.12 and gaps[:upto].max() < 0.4
    assert np.linalg.norm(place[upto] - corner[2]) < 0.3


def test_at_the_end_of_its_path_nobody_turns_back() -> None:
    found = steered(walking(6.0), Way(points=np.array([[0.0, 0.0], [0.0, 2.0]])))
    assert np.abs(heading_angle(found.rotations[:, 0])).max() < np.radians(25)
    assert found.root[-1, 2] > 4


@pytest.mark.parametrize(
    "points", [np.zeros((1, 2)), np.zeros((3, 3)), np.array([[0.0, 0.0], [np.nan, 1.0]]), np.zeros(4)]
)
def test_a_path_that_is_none_is_refused(points: np.ndarray) -> None:
    with pytest.raises(InvalidInput, match="path needs two or more finite points"):
        Way(points=points)


def test_a_heading_is_finite() -> None:
    with pytest.raises(InvalidInput, match="heading must be finite"):
        Way(heading=float("nan"))


def test_points_that_coincide_do_no_harm() -> None:
    found = steered(walking(2.0), Way(points=np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 9.0]])))
    assert np.isfinite(found.root).all() and found.root[-1, 2] > 1
