"""Compositions made by the shipped bundle: each edit by what it promises."""

import json
from dataclasses import replace

import numpy as np
import pytest

from sdk.bundle import DEFAULT_BUNDLE
from sdk.compose_file import composition_from_object, composition_to_object
from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.motion.contacts import longest_slide
from sdk.motion.kinematics import heading_angle
from sdk.motion.layers import LEGS
from sdk.motion.loop import SEARCH_S, around_again, seam
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_angle
from sdk.motion.ways import distance_to
from sdk.post import Post
from sdk.runtime.composition import Beat, Composition, Goal, Keyframe, Span, Waypoint
from sdk.runtime.engine import Alone, Cancelled, Engine, Request
from sdk.runtime.track import AffectTrack

pytestmark = pytest.mark.skipif(not (DEFAULT_BUNDLE / "manifest.json").exists(), reason="the shipped bundle is absent")
WALK, JOY = "a person walks forward", Affect.of("joy", 1.0)
FAST = {"plan": "fast", "seed": 3}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(threads=1)


@pytest.fixture(scope="module")
def source(engine: Engine) -> Motion:
    return engine.generate(Request(text=WALK, affect=JOY, seconds=4, seed=3, plan="fast")).motion


def quickest(motion: Motion) -> float:
    return float(np.linalg.norm(np.diff(motion.positions, n=2, axis=0), axis=-1).max()) * motion.fps**2


def test_one_beat_is_what_generate_makes(engine: Engine, source: Motion) -> None:
    made = engine.compose(Composition(beats=[Beat(WALK, JOY, 4)], **FAST))
    np.testing.assert_array_equal(made.motion.rotations, source.rotations)
    assert made.request.text == WALK and made.request.affect == JOY and made.plan == "fast" and made.notes == ()
    assert made.stage_ms["total"] > 0 and made.passes["masked"] > 0


@pytest.mark.parametrize("generator", ["emo-mask", "mmm", "mdm"])
def test_a_span_is_redone_and_the_rest_stays_to_the_bit(engine: Engine, source: Motion, generator: str) -> None:
    asked = Composition(
        beats=[Beat(WALK, Affect.of("sadness", 1.0), 4)], seed=5, generator=generator, source=source,
        keep=[Span(0, 1), Span(3, 4)],
    )  # fmt: skip
    made = engine.compose(asked).motion
    kept = np.array([asked.kept(k / 30) for k in range(len(made))])
    assert len(made) == len(source) and kept.sum() == 62
    np.testing.assert_array_equal(made.rotations[kept], source.rotations[kept])
    np.testing.assert_array_equal(made.root[kept], source.root[kept])
    assert np.abs(made.positions - source.positions)[45:75].max() > 0.05
    assert quickest(made) < 2.5 * quickest(source)
    if generator == "mmm":  # the quickest
        np.testing.assert_array_equal(engine.compose(asked).motion.rotations, made.rotations)


def test_it_goes_on_from_a_source_at_the_sources_own_rate(engine: Engine, source: Motion) -> None:
    slow = source.resampled(24)
    asked = Composition(
        beats=[Beat(WALK, JOY, 2), Beat("a person waves", JOY, 3)], source=slow, keep=[Span(0, 2)], **FAST
    )
    made = engine.compose(asked).motion
    assert made.fps == 24 and len(made) == 121
    np.testing.assert_array_equal(made.rotations[:49], np.float32(slow.rotations[:49]))
    assert quickest(made) < 2.5 * quickest(slow)


def test_who_is_told_to_wave_where_the_source_walks_goes_on_walking(engine: Engine, source: Motion) -> None:
    asked = Composition(beats=[Beat("a person waves", JOY, 4)], source=source, keep=[Span(0, 1), Span(3, 4)], **FAST)
    result = engine.compose(asked)
    if not any("legs and way are the source's" in line for line in result.notes):
        pytest.skip("this take travels by itself")
    apart = np.abs(result.motion.root - source.root)
    assert apart[:, [0, 2]].max() < 0.01 and apart[:, 1].max() < 0.03  # held feet may bring the pelvis down
    assert quickest(result.motion) < 2.5 * quickest(source)


@pytest.mark.parametrize("case", ["carried", "keyframes"])
def test_planted_feet_stay_where_the_source_or_a_keyframe_has_them(engine: Engine, case: str) -> None:
    plain = Composition(beats=[Beat(WALK, Affect.of("fear", 1.0), 5)], seed=12)
    shuffling = engine.compose(plain).motion
    waving = [Beat("a person waves", Affect.of("fear", 1.0), 5)]
    asked = replace(plain, beats=waving, seed=13, source=shuffling, keep=[Span(0, 1), Span(4, 5)])
    if case == "keyframes":
        asked = replace(plain, seed=13, keyframes=[Keyframe.of(shuffling, t, place=True) for t in (0.0, 2.0, 4.5)])
    result = engine.compose(asked)
    assert any("legs and way are the source's" in line for line in result.notes) == (case == "carried")
    new = ~np.array([asked.kept(k / 30) for k in range(len(result.motion))])
    assert longest_slide(result.motion, new) < 0.005
    assert quickest(result.motion) < 2 * quickest(shuffling)


def test_keyframes_are_reached(engine: Engine, source: Motion) -> None:
    keys = [
        Keyframe.of(source, 0.0, place=True),
        Keyframe.of(source, 3.0, at=2.0),
        Keyframe.of(source, 3.5, place=True),
    ]
    asked = Composition(beats=[Beat(WALK, Affect.of("anger", 1.0), 4)], keyframes=keys, **FAST)
    made = engine.compose(asked).motion
    for key, frame in zip(keys, (0, 60, 105), strict=True):
        assert quat_angle(made.rotations[frame, 1:], key.rotations[1:]).max() < 1e-3
        assert abs(made.root[frame, 1] - key.root[1]) < 1e-4
        if key.place:
            np.testing.assert_allclose(made.root[frame], key.root, atol=1e-5)
    assert quickest(made) < 3 * quickest(source)


def test_a_path_is_followed_and_a_heading_faced(engine: Engine) -> None:
    line = np.array([[0.0, 0.0], [0.0, 1.5], [1.5, 3.0], [1.5, 9.0]])
    along = engine.compose(Composition(beats=[Beat(WALK, JOY, 4)], path=line, **FAST))
    assert distance_to(line, along.motion.root[:, [0, 2]]).mean() < 0.1
    ahead = engine.compose(Composition(beats=[Beat(WALK, JOY, 3)], heading=1.2, **FAST)).motion
    assert abs(np.mean(heading_angle(ahead.rotations[15:75, 0])) - 1.2) < 0.1


def test_a_route_is_there_in_time(engine: Engine) -> None:
    route = [Waypoint(0, 0, 0), Waypoint(2, 1, 2), Waypoint(4, -0.5, 4)]
    made = engine.compose(Composition(beats=[Beat(WALK, JOY, 4)], route=route, **FAST)).motion
    for point in route:
        root = made.root[round(point.seconds * 30)]
        assert np.hypot(root[0] - point.x, root[2] - point.z) < 0.1


def test_arms_are_new_and_legs_and_way_stay(engine: Engine, source: Motion) -> None:
    asked = Composition(beats=[Beat("a person waves", JOY, 4)], source=source, part="upper", **FAST)
    made = engine.compose(asked).motion
    np.testing.assert_array_equal(made.root, source.root)
    assert quat_angle(made.rotations[:, [0, *LEGS]], source.rotations[:, [0, *LEGS]]).max() < 1e-5
    assert np.abs(made.positions - source.positions)[:, 20:].max() > 0.1


@pytest.mark.parametrize("from_source", [False, True])
def test_a_loop_lasts_as_long_as_asked_and_closes(engine: Engine, source: Motion, from_source: bool) -> None:
    asked = Composition(beats=[Beat(WALK, JOY, 2)], loop=True, source=source if from_source else None, **FAST)
    made = engine.compose(asked).motion
    found = seam(made)
    assert len(made) == 61
    assert found.place_m < 0.01 and found.angle_rad < np.radians(3)
    assert made.root[-1, 2] > 1.0  # what travels in a round is kept


@pytest.mark.parametrize("text, feeling", [("a person waves", "neutral"), (WALK, "sadness")])
def test_a_loop_that_is_played_on_has_neither_slide_nor_jolt(engine: Engine, text: str, feeling: str) -> None:
    affect = Affect.neutral() if feeling == "neutral" else Affect.of(feeling, 1.0)
    looped = Composition(beats=[Beat(text, affect, 2)], loop=True, seed=12)
    # What it is cut from is longer than the loop.
    raw = engine.compose(replace(looped, beats=[Beat(text, affect, 2 + SEARCH_S)], loop=False)).motion
    made = engine.compose(looped).motion
    rounds = around_again(made, 3)
    assert longest_slide(rounds, np.abs(np.arange(181) - 90) < 60) < 0.005
    change = np.linalg.norm(np.diff(rounds.positions, n=2, axis=0), axis=-1).max(-1)
    assert change[57:62].max() < 1.5 * change[63:116].max()  # the seam is frame 60, which change 59 is about
    assert quickest(rounds) < 3 * quickest(raw)


def test_speed_changes_the_pace_and_not_the_length(engine: Engine) -> None:
    slow, fast = (
        engine.compose(Composition(beats=[Beat(WALK, JOY, 3)], speed=speed, **FAST)).motion for speed in (0.7, 1.4)
    )
    assert len(slow) == len(fast) == 91
    assert fast.root[-1, 2] > 1.4 * slow.root[-1, 2]


def test_a_feeling_changes_inside_the_clip(engine: Engine) -> None:
    track = AffectTrack([0.0, 2.5, 3.5], [Affect.of("joy", 1.0), Affect.of("joy", 1.0), Affect.of("sadness", 1.0)])
    made = engine.compose(Composition(beats=[Beat(WALK, seconds=6)], track=track, **FAST)).motion
    pace = np.linalg.norm(np.diff(made.root[:, [0, 2]], axis=0), axis=-1) * 30
    assert pace[:60].mean() > 1.25 * pace[130:].mean()  # who is sad walks slowly
    assert len(made) == 181


def test_what_is_kept_stays_after_post_processing_too(engine: Engine, source: Motion) -> None:
    post = Post(lock_feet=True, ground=True, smooth=0.5)
    asked = Composition(beats=[Beat(WALK, JOY, 4)], source=source, keep=[Span(1, 2)], post=post, **FAST)
    made = engine.compose(asked).motion
    np.testing.assert_array_equal(made.rotations[30:61], source.rotations[30:61])


def test_a_composition_from_its_own_json_is_the_same_motion(engine: Engine, source: Motion) -> None:
    asked = Composition(beats=[Beat(WALK, JOY, 4)], source=source, keep=[Span(0, 1), Span(3, 4)], **FAST)
    first = engine.compose(asked)
    assert first.composition is not None
    again = engine.compose(composition_from_object(json.loads(json.dumps(composition_to_object(first.composition)))))
    np.testing.assert_array_equal(again.motion.rotations, first.motion.rotations)
    np.testing.assert_array_equal(again.motion.root, first.motion.root)


def test_a_composition_stops_when_nobody_waits_for_it(engine: Engine) -> None:
    calls: list[int] = []

    def cancelled() -> bool:
        calls.append(1)
        return len(calls) > 8

    long = Composition(beats=[Beat(WALK, JOY, 30)] * 4, **FAST)
    with pytest.raises(Cancelled):
        engine.compose(long, turn=Alone(cancelled=cancelled))
    assert len(calls) == 9


def missed(motion: Motion, goal: Goal) -> float:
    """Metres between a hand or a foot and its goal, the most while it is held."""
    frames = range(round(goal.seconds * motion.fps), round(goal.end_s * motion.fps) + 1)
    found = [Goal.of(motion, goal.effector, k / motion.fps, place=goal.place).position for k in frames]
    return float(np.linalg.norm(np.array(found) - goal.position, axis=-1).max())


def test_a_hand_on_the_hip_of_a_walk_leaves_its_way_as_it_is(engine: Engine, source: Motion) -> None:
    hip = Goal("right_wrist", 1.5, [-0.2, 0.95, 0.0], hold_s=1.0)
    made = engine.compose(Composition(beats=[Beat(WALK, JOY, 4)], goals=[hip], **FAST))
    assert missed(made.motion, hip) < 1e-3 < 0.05 < missed(source, hip) and made.notes == ()
    np.testing.assert_allclose(made.motion.root[:, [0, 2]], source.root[:, [0, 2]], atol=0.01)
    assert quickest(made.motion) < 1.5 * quickest(source)


def test_a_walk_arrives_where_its_hand_can_reach(engine: Engine) -> None:
    beats = [Beat(WALK, JOY, 3), Beat("a person stands still", JOY, 2)]
    handle = Goal("right_wrist", 3.3, [0.6, 1.1, 2.4], hold_s=0.6, place=True)
    made = engine.compose(Composition(beats=beats, goals=[handle], **FAST))
    assert missed(made.motion, handle) < 1e-3
    assert not any("short" in note for note in made.notes)
    pelvis = made.motion.root[round(3.3 * 30), [0, 2]]
    assert 0.2 < np.linalg.norm(pelvis - [0.6, 2.4]) < 0.7
    np.testing.assert_allclose(made.motion.root[0, [0, 2]], [0, 0], atol=0.05)
    # With a way of its own nobody leaves it for a goal, and the note says by how much that is short.
    led = engine.compose(Composition(beats=beats, goals=[handle], path=np.array([[0, 0], [-2.0, 0]]), **FAST))
    assert any("the right wrist stays" in note and "at 3.3 s" in note for note in led.notes)


def test_goals_between_kept_spans_and_keyframes_leave_these_as_they_are(engine: Engine, source: Motion) -> None:
    up = Goal("left_wrist", 1.8, [0.25, 1.5, 0.3], hold_s=0.3)
    asked = Composition(
        beats=[Beat(WALK, JOY, 4)], source=source, keep=[Span(0, 1), Span(3.2, 4)], goals=[up], **FAST
    )  # fmt: skip
    made = engine.compose(asked).motion
    kept = np.array([asked.kept(k / 30) for k in range(len(made))])
    np.testing.assert_array_equal(made.rotations[kept], source.rotations[kept])
    np.testing.assert_array_equal(made.root[kept], source.root[kept])
    assert missed(made, up) < 1e-3 and quickest(made) < 2.5 * quickest(source)
    posed = replace(asked, source=None, keep=[], keyframes=[Keyframe.of(source, 3.0, at=2.5)])
    with_goal, without = (engine.compose(it).motion for it in (posed, replace(posed, goals=[])))
    np.testing.assert_array_equal(with_goal.rotations[75], without.rotations[75])
    assert missed(with_goal, up) < 1e-3


def test_new_arms_reach_over_legs_that_stay(engine: Engine, source: Motion) -> None:
    up = Goal("right_wrist", 1.5, [-0.3, 1.6, 0.2], hold_s=1.0)
    asked = Composition(beats=[Beat("a person waves", JOY, 4)], source=source, part="upper", goals=[up], **FAST)
    made = engine.compose(asked).motion
    assert missed(made, up) < 1e-3
    np.testing.assert_array_equal(made.rotations[:, LEGS], source.rotations[:, LEGS])
    np.testing.assert_array_equal(made.root, source.root)


def test_an_unknown_plan_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidInput) as refused:
        engine.compose(replace(Composition(beats=[Beat(WALK, JOY, 2)]), plan="bestest"))
    assert refused.value.field == "plan"
