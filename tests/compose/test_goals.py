"""Goals of hands and feet on made-up motion: they are reached, the rest goes along or stays, and nothing pops."""

from dataclasses import replace

import numpy as np
import pytest

from sdk.motion.approach import approached
from sdk.motion.goals import EFFECTORS, Reach, body_frames, reached, seen_from_body
from sdk.motion.kinematics import global_rotations
from sdk.motion.layers import LEGS
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_about, quat_angle, quat_mul, quat_rotate
from sdk.motion.skeleton import JOINT
from sdk.motion.warp import Anchor, placed
from tests.synthetic import walking

WALK = walking(4.0)
_PASSING = 8
"""A frame of the walk with both feet near the ground."""
STILL = replace(
    WALK,
    rotations=np.repeat(WALK.rotations[_PASSING : _PASSING + 1], 121, 0),
    root=np.repeat(WALK.root[_PASSING : _PASSING + 1] * [1, 1, 0], 121, 0),
)
FEET = [JOINT[f"{side}_{name}"] for side in ("left", "right") for name in ("ankle", "foot")]


def at(where: list[float], effector: str = "right_wrist", first: int = 50, last: int = 70, **rest: object) -> Reach:
    return Reach(effector, first, last, np.array(where), **{"place": True, **rest})


def quickest(motion: Motion) -> float:
    """Largest acceleration of a joint, m/s2: a pop of a centimetre between two frames is 9."""
    return float(np.linalg.norm(np.diff(motion.positions, n=2, axis=0), axis=-1).max()) * motion.fps**2


def fastest(motion: Motion) -> float:
    return float(np.linalg.norm(np.diff(motion.positions, axis=0), axis=-1).max()) * motion.fps


def away(motion: Motion, reach: Reach) -> float:
    """Metres between an end and its goal, the most while it is held."""
    held = motion.positions[reach.first : reach.last + 1, JOINT[reach.effector]]
    origin, turn = (part[reach.first : reach.last + 1] for part in body_frames(motion))
    goal = reach.position if reach.place else origin + quat_rotate(turn, reach.position)
    return float(np.linalg.norm(held - goal, axis=-1).max())


PLACES = {
    "door handle": [-0.15, 1.0, 0.45],
    "beyond the arm": [-0.15, 1.2, 0.75],
    "overhead": [-0.15, 1.72, 0.1],
    "from the floor": [-0.15, 0.15, 0.35],
    "behind": [-0.3, 0.9, -0.25],
    "across the chest": [0.2, 1.1, 0.25],
    "far aside": [-0.6, 1.3, 0.1],
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_hand_gets_there_smoothly_and_the_feet_stay(place: list[float], side: str) -> None:
    still = STILL if side == "right" else STILL.mirrored()
    reach = at([place[0] * (1 if side == "right" else -1), *place[1:]], f"{side}_wrist")
    done, (result,) = reached(still, [reach])
    assert away(done, reach) < 1e-3 and result.missed_m < 1e-3
    np.testing.assert_allclose(done.positions[:, FEET], still.positions[:, FEET], atol=1e-4)
    assert quickest(done) < 35 and fastest(done) < 3
    # Before and behind it nothing is changed, to the bit.
    np.testing.assert_array_equal(done.rotations[[0, -1]], still.rotations[[0, -1]])
    # Elbows bend as elbows do.
    elbow = done.rotations[:, JOINT[f"{side}_elbow"]]
    assert np.degrees(quat_angle(elbow, still.rotations[:, JOINT[f"{side}_elbow"]])).max() < 150
    turns = quat_angle(done.rotations[1:], done.rotations[:-1]) * 30
    assert turns.max() < 12, "no joint flips round, rad/s"


def test_both_hands_pick_something_up_together() -> None:
    both = [at([-0.15, 0.15, 0.3]), at([0.15, 0.15, 0.3], "left_wrist")]
    done, results = reached(STILL, both)
    assert max(away(done, reach) for reach in both) < 1e-3 and len(results) == 2
    assert done.root[60, 1] < STILL.root[60, 1] - 0.25, "with bent knees"
    np.testing.assert_allclose(done.positions[:, FEET], STILL.positions[:, FEET], atol=1e-4)


def test_a_goal_seen_from_the_body_follows_it() -> None:
    way = placed(WALK, [Anchor(0, 0, 0, 0.3), Anchor(120, 2.0, 3.5, 1.2)])
    hip = at([-0.2, 0.95, 0.0], place=False, first=30, last=90)
    done, (result,) = reached(way, [hip])
    assert away(done, hip) < 1e-3 and result.missed_m < 1e-3
    np.testing.assert_array_equal(done.root, way.root)
    np.testing.assert_allclose(done.positions[:, FEET], way.positions[:, FEET], atol=1e-9)
    assert quickest(done) < 1.3 * quickest(way)
    far = np.ptp(done.positions[30:91, JOINT["right_wrist"]], axis=0)
    assert np.hypot(far[0], far[2]) > 1.5


def test_a_goal_seen_from_a_body_that_goes_along_is_where_the_body_then_sees_it() -> None:
    reach = at([-0.15, 0.9, 0.6], place=False)
    done, _ = reached(STILL, [reach])
    assert np.abs(done.root - STILL.root).max() > 0.01 and away(done, reach) < 1e-3


def test_a_foot_is_put_on_a_step_and_the_other_stays() -> None:
    step = at([-0.1, 0.4, 0.35], "right_ankle")
    done, _ = reached(STILL, [step])
    assert away(done, step) < 1e-3
    left = [JOINT["left_ankle"], JOINT["left_foot"]]
    np.testing.assert_allclose(done.positions[:, left], STILL.positions[:, left], atol=1e-4)
    assert done.positions[:, FEET, 1].min() > STILL.positions[:, FEET, 1].min() - 1e-6
    # It goes up before it goes ahead: half way it is above the line.
    ankle, start = done.positions[:50, JOINT["right_ankle"]], STILL.positions[0, JOINT["right_ankle"]]
    middle = ankle[int(np.argmin(np.abs(ankle[:, 2] - (start[2] + 0.35) / 2)))]
    assert middle[1] > (start[1] + 0.4) / 2 + 0.05
    assert quickest(done) < 35


def test_a_foot_that_steps_aside_is_lifted_on_its_way() -> None:
    start = STILL.positions[0, JOINT["left_ankle"]]
    aside = at([start[0] + 0.3, start[1], start[2]], "left_ankle")
    done, _ = reached(STILL, [aside])
    assert away(done, aside) < 1e-3
    moving = np.abs(np.diff(done.positions[:, JOINT["left_ankle"], 0])) * 30 > 0.4
    assert moving.sum() > 10 and done.positions[1:, JOINT["left_ankle"], 1][moving].min() > start[1] + 0.01


def test_a_rotation_is_held_and_the_forearm_turns_with_the_hand() -> None:
    turn = quat_mul(quat_about("y", -1.2), quat_about("x", 1.4))
    done, _ = reached(STILL, [at(PLACES["door handle"], rotation=turn)])
    world = global_rotations(done.rotations, done.skeleton.parents)[50:71, JOINT["right_wrist"]]
    assert quat_angle(world, turn).max() < 1e-6 and away(done, at(PLACES["door handle"])) < 1e-3
    free, _ = reached(STILL, [at(PLACES["door handle"])])
    twist = quat_angle(done.rotations[60], free.rotations[60])
    assert twist[JOINT["right_elbow"]] > 0.1 and quickest(done) < 45
    seen = at(PLACES["door handle"], rotation=turn, place=False)
    moved = STILL.turned(quat_about("y", 0.9))
    there, _ = reached(moved, [seen])
    world = global_rotations(there.rotations, there.skeleton.parents)[60, JOINT["right_wrist"]]
    assert quat_angle(world, quat_mul(body_frames(there)[1][60], turn)) < 1e-6


def test_kept_frames_stay_to_the_bit_and_the_ease_ends_before_them() -> None:
    fixed = np.zeros(len(WALK), dtype=bool)
    fixed[:40], fixed[85:] = True, True
    reach = at([-0.3, 1.3, 0.35], place=False, ease=60)
    done, _ = reached(WALK, [reach], fixed=fixed)
    np.testing.assert_array_equal(done.rotations[fixed], WALK.rotations[fixed])
    np.testing.assert_array_equal(done.root[fixed], WALK.root[fixed])
    assert away(done, reach) < 1e-3


def test_from_one_goal_to_the_next_the_hand_goes_straight_on() -> None:
    first, second = at([-0.25, 1.3, 0.4], first=40, last=45), at([0.1, 1.3, 0.4], first=57, last=70)
    done, _ = reached(STILL, [second, first])
    assert away(done, first) < 1e-3 and away(done, second) < 1e-3
    between = done.positions[45:58, JOINT["right_wrist"]]
    assert between[:, 1].min() > 1.2 and (np.diff(between[:, 0]) > 0).all()
    assert quickest(done) < 35
    # With time between it lets the arm down.
    later = replace(second, first=100, last=110)
    apart, _ = reached(STILL, [first, later])
    assert apart.positions[45:100, JOINT["right_wrist"], 1].min() < 0.95


def test_two_goals_that_fall_into_one_frame_follow_each_other() -> None:
    done, results = reached(STILL, [at([-0.2, 1.2, 0.4], first=40, last=40), at([-0.2, 1.22, 0.4], first=40, last=40)])
    assert [result.reach.first for result in results] == [40, 41]
    assert max(result.missed_m for result in results) < 1e-3 and np.isfinite(done.rotations).all()


@pytest.mark.parametrize("effector", EFFECTORS)
def test_what_is_out_of_reach_is_told_and_nobody_falls_over(effector: str) -> None:
    reach = at([-0.2, 2.5, 1.5], effector)
    done, (result,) = reached(STILL, [reach])
    assert result.missed_m == pytest.approx(away(done, reach), abs=1e-6) and result.missed_m > 0.5
    others = [j for j in FEET if JOINT[effector] != j and j != JOINT[effector] + 3]
    np.testing.assert_allclose(done.positions[:, others], STILL.positions[:, others], atol=2e-3)
    assert quickest(done) < 60 and fastest(done) < 4


def test_with_the_upper_body_alone_legs_and_way_stay() -> None:
    reach = at([-0.3, 0.8, 0.6], place=False)
    done, _ = reached(WALK, [reach], upper=True)
    np.testing.assert_array_equal(done.rotations[:, [0, *LEGS]], WALK.rotations[:, [0, *LEGS]])
    np.testing.assert_array_equal(done.root, WALK.root)
    assert away(done, reach) < away(WALK, reach) - 0.3
    assert quat_angle(done.rotations[60, JOINT["spine2"]], WALK.rotations[60, JOINT["spine2"]]) > 0.02


def test_a_goal_at_the_very_beginning_or_end_is_held_there() -> None:
    for first, last in ((0, 20), (100, 120), (0, 120)):
        reach = at(PLACES["door handle"], first=first, last=last)
        done, _ = reached(STILL, [reach])
        assert away(done, reach) < 1e-3 and quickest(done) < 35


def test_without_goals_it_is_the_same_motion() -> None:
    done, results = reached(WALK, [])
    assert done is WALK and results == []


def test_the_body_is_brought_to_where_its_hand_can_reach() -> None:
    handle = at([1.0, 1.1, 3.0], first=80, last=90)
    anchors = approached(WALK, [handle], [])
    assert anchors[0] == Anchor.of(0, WALK.root[0], WALK.rotations[0, 0])
    there = placed(WALK, anchors)
    done, _ = reached(there, [handle])
    assert away(done, handle) < 1e-3
    seen, _ = seen_from_body(there.root[80], there.rotations[80, 0], handle.position, np.array([0.0, 0, 0, 1]))
    assert 0.2 < seen[2] < 0.5 and -0.3 < seen[0] < 0, "before it, a little to the hand's own side"
    near: Array = WALK.positions[80, JOINT["right_wrist"]] + [0.0, 0.2, 0.2]
    close = at(list(near), first=80, last=80)
    assert approached(WALK, [close], []) == []
    assert approached(WALK, [replace(handle, place=False)], []) == []
    assert approached(WALK, [at([0, 1, 60.0])], []) == [], "nobody runs that fast"
