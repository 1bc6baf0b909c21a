"""Contacts: whole ones, in the places where somebody looking would see them."""

from dataclasses import replace

import numpy as np
import pytest

from sdk.errors import InvalidInput
from sdk.motion.contacts import ANKLES, TOES, longest_slide, planted_feet, runs, speeds
from sdk.motion.skeleton import JOINT
from tests.motion.feet import swaying
from tests.synthetic import standing, walking


def test_contacts_are_those_of_the_walk() -> None:
    m = walking(4.0)
    heel, toe = planted_feet(m)
    for f in (0, 1):
        strides = runs(toe[:, f])
        assert 3 <= len(strides) <= 5 and min(b - a for a, b in strides[1:-1]) > 12
    assert (toe[:, 0] | toe[:, 1]).mean() > 0.9
    assert (heel & (m.positions[:, ANKLES, 1] > 0.16)).sum() == 0


def test_feet_that_slide_all_along_are_still_found() -> None:
    m = swaying(2.0)
    gliding = replace(m, root=m.root + np.outer(np.arange(len(m)) / 30 * 0.5, [0, 0, 1]))
    assert not gliding.contacts.any()
    heel, toe = planted_feet(gliding)
    assert toe.all() and heel.all()
    running_over = replace(m, root=m.root + np.outer(np.arange(len(m)) / 30 * 1.5, [0, 0, 1]))
    assert not planted_feet(running_over)[1].any()


def test_short_contacts_and_short_gaps_do_not_count() -> None:
    m = standing(2.0)
    contacts = np.zeros((len(m), 4))
    contacts[10:40], contacts[20], contacts[50] = 1, 0, 1
    heel, toe = planted_feet(m, contacts=contacts)
    for flags in (heel, toe):
        assert runs(flags[:, 0]) == runs(flags[:, 1]) == [(10, 40)]


def test_runs_are_half_open() -> None:
    assert runs(np.array([True, False, True, True])) == [(0, 1), (2, 4)]
    assert runs(np.zeros(3, dtype=bool)) == []
    assert [JOINT["left_foot"], JOINT["right_foot"]] == TOES


def test_a_short_shuffle_parts_two_contacts() -> None:
    # The foot stays low and is moved by 25 cm in half a second: two stands, not one in the middle.
    m = standing(3.0)
    way = np.clip((np.arange(len(m)) / 30 - 1.25) / 0.5, 0, 1)
    shuffling = replace(m, root=m.root + np.outer(0.25 * way * way * (3 - 2 * way), [0, 0, 1]))
    _, toe = planted_feet(shuffling)
    assert len(runs(toe[:, 0])) == 2 and not toe[40:50, 0].any()
    near = replace(m, root=m.root + np.outer(0.03 * way * way * (3 - 2 * way), [0, 0, 1]))
    assert planted_feet(near)[1].all()


def test_a_foot_that_is_lifted_slowly_leaves_the_ground() -> None:
    m = standing(2.0)
    up = np.clip(np.arange(len(m)) / 30 - 1, 0, None) * 0.1
    _, toe = planted_feet(replace(m, root=m.root + np.outer(up, [0, 1, 0])))
    assert toe[:31].all() and not toe[36:].any()


def test_contacts_of_another_length_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"contacts must be \(16, 4\), got \(15, 4\)"):
        planted_feet(standing(0.5), contacts=np.ones((15, 4)))


def test_speeds_are_metres_a_second() -> None:
    p = np.outer(np.arange(9), [0.1, 0, 0])[:, None]
    np.testing.assert_allclose(speeds(p, 20.0), 2.0)
    assert speeds(p[:1], 20.0).tolist() == [[0.0]]


def test_a_slide_is_as_long_as_the_way_in_the_frames_that_count() -> None:
    m = standing(3.0)
    aside = np.clip(np.arange(len(m)) - 30, 0, 30)[:, None] * [0.001, 0, 0]  # 3 cm between frames 30 and 60
    m = replace(m, root=m.root + aside)
    everywhere = np.ones(len(m), dtype=bool)
    assert longest_slide(m, everywhere) == pytest.approx(0.03, abs=1e-6)
    assert longest_slide(m, ~everywhere) == 0.0
    first = np.arange(len(m)) < 42
    assert longest_slide(m, first) == pytest.approx(0.009, abs=1e-6)  # two frames at its end are rolling off
    lifted = replace(m, root=m.root + [0, 0.2, 0])
    assert longest_slide(lifted, everywhere) == 0.0
