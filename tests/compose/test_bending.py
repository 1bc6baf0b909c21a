"""Warps, ways, loops and layers on made-up motion: what must hold holds, and nothing pops."""

from dataclasses import replace

import numpy as np
import pytest

from sdk.errors import InvalidInput
from sdk.motion.contacts import TOES, planted_feet
from sdk.motion.kinematics import heading_angle
from sdk.motion.layers import LEGS, in_step, upper_over
from sdk.motion.loop import Cut, around_again, closed, find_cut, least_sliding, periodic, planted, seam
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_about, quat_angle, quat_mul
from sdk.motion.skeleton import JOINT
from sdk.motion.warp import Anchor, led_on, left_over, placed, reaching, sampled
from sdk.motion.ways import along_path, along_route, distance_to, facing, headed
from tests.motion.feet import swaying
from tests.synthetic import standing, walking

WALK = walking(4.0)
OTHER = walking(4.0, speed=0.8).turned(quat_about("y", 0.7)).moved(np.array([1.0, 0.0, 2.0]))


def quickest(motion: Motion) -> float:
    """Largest acceleration of a joint, m/s2: a pop of a centimetre between two frames is 9."""
    return float(np.linalg.norm(np.diff(motion.positions, n=2, axis=0), axis=-1).max()) * motion.fps**2


def test_a_motion_sampled_at_its_own_frames_is_itself() -> None:
    again = sampled(WALK, np.arange(len(WALK)), fps=30.0)
    np.testing.assert_allclose(again.positions, WALK.positions, atol=1e-12)
    assert len(sampled(WALK, np.arange(0, 120, 0.5), fps=30.0)) == 240


def test_places_are_reached_and_speed_goes_on_beside_them() -> None:
    anchors = [Anchor(10, 1.0, 2.0, 0.5), Anchor(100, 2.0, 4.5, 1.2)]
    there = placed(WALK, anchors)
    for anchor in anchors:
        np.testing.assert_allclose(there.root[anchor.frame, [0, 2]], [anchor.x, anchor.z], atol=1e-9)
        assert heading_angle(there.rotations[anchor.frame, 0]) == pytest.approx(anchor.heading, abs=1e-9)
    assert quickest(there) < 1.5 * quickest(WALK)
    apart, turned = left_over(there, [(anchors[0], anchors[1])])
    assert apart < 1e-9 and turned < 1e-9
    assert placed(WALK, []) is WALK
    with pytest.raises(InvalidInput, match="rise"):
        placed(WALK, anchors[::-1])


def test_given_frames_are_the_same_floats_and_no_seam_pops() -> None:
    given = np.zeros(len(WALK), dtype=bool)
    given[:30], given[90:] = True, True
    anchors = [Anchor.of(k, OTHER.root[k], OTHER.rotations[k, 0]) for k in (29, 90)]
    joined = reaching(placed(WALK, anchors), OTHER, given)
    assert (joined.rotations[given] == OTHER.rotations[given]).all() and (joined.root[given] == OTHER.root[given]).all()
    assert quickest(joined) < 2 * quickest(WALK)
    nothing = np.zeros(len(WALK), dtype=bool)
    assert reaching(WALK, OTHER, nothing) is WALK


@pytest.mark.parametrize(
    "points", [[[0, 0], [0, 10]], [[3, 1], [3, 3], [6, 3]], [[0, 0], [2, 2], [0, 4], [-2, 2]], [[0, 0], [0, 0.5]]]
)
def test_a_path_is_followed_at_the_motions_own_pace(points: list[list[float]]) -> None:
    line = np.array(points, dtype=float)
    there = along_path(WALK, line)
    np.testing.assert_allclose(there.root[0, [0, 2]], line[0], atol=0.05)
    own, bent = (np.linalg.norm(np.diff(m.root[:, [0, 2]], axis=0), axis=-1).sum() for m in (WALK, there))
    assert bent == pytest.approx(own, rel=0.08)
    beyond = np.concatenate([line, line[-1:] + 20 * (line[-1] - line[-2])])
    assert distance_to(beyond, there.root[:, [0, 2]]).mean() < 0.1
    assert quickest(there) < 2 * quickest(WALK)


def test_who_walks_along_a_path_faces_along_it_and_who_walks_backwards_does_not() -> None:
    line = np.array([[0, 0], [8.0, 0]])
    ahead = along_path(WALK, line)
    assert np.abs(heading_angle(ahead.rotations[30:90, 0]) - np.pi / 2).max() < 0.2
    backwards = replace(WALK, rotations=WALK.turned(quat_about("y", np.pi)).rotations)
    away = along_path(backwards, line)
    assert np.abs(heading_angle(away.rotations[30:90, 0]) + np.pi / 2).max() < 0.2


def test_who_is_sent_there_and_back_turns_in_more_than_a_frame() -> None:
    there, _ = along_route(standing(5.0), np.array([0.0, 75.0, 150.0]), np.array([[0, 0], [0.3, 0.02], [0, 0.04]]))
    turns = quat_angle(there.rotations[:-1, 0], there.rotations[1:, 0])
    assert np.sum(turns) > 1.0 and np.degrees(turns.max()) < 12


def test_a_route_is_there_in_time() -> None:
    frames, points = np.array([0.0, 45.0, 120.0]), np.array([[0.0, 0.0], [1.0, 1.5], [0.0, 5.0]])
    there, stretch = along_route(WALK, frames, points)
    np.testing.assert_allclose(there.root[[0, 45, 120]][:, [0, 2]], points, atol=0.05)
    assert 1.0 <= stretch < 2.0
    assert quickest(there) < 2 * quickest(WALK)


def test_a_heading_is_faced_and_where_it_goes_follows_or_not() -> None:
    ahead = headed(WALK, 1.0)
    assert np.abs(heading_angle(ahead.rotations[20:-20, 0]) - 1.0).max() < 0.1
    way = ahead.root[-1] - ahead.root[0]
    assert np.arctan2(way[0], way[2]) == pytest.approx(1.0, abs=0.05)
    aside = facing(WALK, 1.0)
    np.testing.assert_array_equal(aside.root, WALK.root)


def test_a_cut_finds_the_gait_and_the_loop_closes() -> None:
    drifting = headed(WALK, 0.0)
    turn = 0.1 * np.arange(len(WALK)) / 30
    rotations = drifting.rotations.copy()
    rotations[:, 0] = quat_mul(quat_about("y", turn), rotations[:, 0])
    drifting = replace(drifting, rotations=rotations)
    cut = find_cut(drifting, 60)
    assert 52 <= cut.frames <= 69
    cycle = closed(drifting, cut, 61, fps=30.0)
    assert len(cycle) == 61
    found = seam(cycle)
    assert found.place_m < 1e-6 and found.angle_rad < 1e-5 and found.speed_m_s < 0.3
    assert quickest(around_again(cycle, 3)) < 2 * quickest(WALK)
    # Round and round it goes straight, as far in each round as in the one before.
    rounds = around_again(cycle, 3)
    steps = rounds.root[[60, 120, 180]] - rounds.root[[0, 60, 120]]
    np.testing.assert_allclose(steps, steps[:1].repeat(3, 0), atol=1e-9)


def test_a_loop_without_a_good_cut_still_closes() -> None:
    cycle = closed(WALK, Cut(3, 37, 1.0), 41, fps=30.0)
    found = seam(cycle)
    assert found.place_m < 1e-6 and found.angle_rad < 1e-5
    assert quickest(around_again(cycle, 2)) < 3 * quickest(WALK)


def test_a_treatment_of_a_loop_knows_no_seam() -> None:
    cycle = closed(WALK, find_cut(WALK, 60), 61, fps=30.0)
    seen: list[int] = []

    def treat(motion: Motion) -> Motion:
        seen.append(len(motion))
        return motion

    np.testing.assert_allclose(periodic(cycle, treat).positions, cycle.positions, atol=1e-9)
    assert seen == [181]


def carried(metres: float, seconds: float = 3.0) -> Motion:
    """Somebody who sways over planted feet and is carried aside, slowly, as generated standing is."""
    m = swaying(seconds)
    return replace(m, root=m.root + np.linspace(0, metres, len(m))[:, None] * [1, 0, 0])


def test_who_stands_stays_where_he_is_round_after_round() -> None:
    cycle = planted(closed(carried(0.09), Cut(0, 90, 0.0), 91, fps=30.0))
    assert np.abs(cycle.root[-1] - cycle.root[0]).max() < 1e-9
    rounds = around_again(cycle, 3)
    assert np.ptp(rounds.positions[:, TOES][..., [0, 2]], axis=0).max() < 1e-3
    assert quickest(rounds) < 2 * quickest(swaying())


def test_a_round_that_goes_somewhere_goes_on() -> None:
    slow = walking(4.0, speed=0.25, cycle_s=1.5)
    cycle = closed(slow, find_cut(slow, 45), 46, fps=30.0)
    assert 0.3 < cycle.root[-1, 2] < 0.45


def test_of_two_places_that_are_as_alike_the_nearer_one_is_the_end_of_a_round() -> None:
    still = swaying(4.0)
    pushed = np.where(np.arange(len(still)) < 60, 0.0, 0.1)[:, None] * [1, 0, 0]
    cut = find_cut(replace(still, root=still.root + pushed), 45)
    assert cut.start + cut.frames < 60 or cut.start >= 60


@pytest.mark.parametrize("cycle_s, frames", [(0.9, 45), (1.1, 30), (1.2, 65)])
def test_a_cut_lies_where_no_foot_comes_down_or_leaves(cycle_s: float, frames: int) -> None:
    m = walking(4.0, cycle_s=cycle_s)
    cut = find_cut(m, frames)
    _, toe = planted_feet(m)
    for at in (cut.start, cut.start + cut.frames):
        assert (toe[max(at - 2, 0) : at + 3] == toe[at]).all()


def test_a_loop_whose_feet_sink_gives_way_to_one_nearly_as_alike() -> None:
    sunk = WALK.moved(np.array([0.0, -0.08, 0.0]))
    cuts = [Cut(23, 65, 0.02), Cut(23, 65, 0.03)]
    tried: list[int] = []

    def best(*takes: Motion) -> Motion:
        tried.clear()
        return least_sliding(takes, cuts, 66, fps=30.0, breathe=lambda: tried.append(1))[0]

    np.testing.assert_array_equal(best(sunk, WALK).root, best(WALK, sunk).root)
    assert len(tried) == 1  # the best one does: nothing else is tried
    cuts[1] = Cut(23, 65, 0.1)
    assert best(sunk, WALK).root[0, 1] < best(WALK, sunk).root[0, 1] - 0.05  # too unlike


def test_legs_of_one_and_arms_of_another() -> None:
    both = upper_over(WALK, OTHER)
    np.testing.assert_array_equal(both.root, WALK.root)
    assert quat_angle(both.rotations[:, [0, *LEGS]], WALK.rotations[:, [0, *LEGS]]).max() < 1e-7
    shoulder = 16
    assert quat_angle(both.rotations[:, shoulder], OTHER.rotations[:, shoulder]).max() < 1e-7


def test_an_upper_body_is_begun_when_its_legs_go_with_those_below() -> None:
    assert in_step(WALK[9:100], WALK) == 9
    assert in_step(WALK, WALK) == 0


def test_what_is_given_leads_on_to_what_is_new() -> None:
    walk, given = walking(2.0, speed=1.2), np.arange(61) <= 20
    rotations = walk.rotations.copy()
    rotations[given, JOINT["right_elbow"]] = quat_mul(rotations[given, JOINT["right_elbow"]], quat_about("y", 0.6))
    leaping = replace(walk, rotations=rotations)

    def quickest(motion: Motion) -> float:
        wrist = motion.positions[17:26, JOINT["right_wrist"]]
        return float(np.linalg.norm(np.diff(wrist, n=2, axis=0), axis=-1).max())

    led = led_on(leaping, given)
    np.testing.assert_array_equal(led.rotations[21:], walk.rotations[21:])
    np.testing.assert_array_equal(led.root[:19], walk.root[:19])
    assert quickest(reaching(leaping, walk, given)) > 5 * quickest(walk), "the leap would stay"
    assert quickest(reaching(led, walk, given)) < 2 * quickest(walk)
    from_behind = reaching(led_on(leaping[::-1], given[::-1]), walk[::-1], given[::-1])
    assert quickest(from_behind[::-1]) < 2 * quickest(walk)
