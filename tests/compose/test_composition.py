"""Compositions: what is refused, by which name; that the wire and files carry them exactly."""

import json
import math
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from emomotion.v1 import compose_pb2
from sdk.compose_file import composition_from_object, composition_to_object, read_composition
from sdk.compose_wire import composition_from_wire, composition_to_wire
from sdk.emotion import Affect
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_about, quat_angle, quat_mul
from sdk.post import Post
from sdk.runtime import limits
from sdk.runtime.composition import Beat, Composition, Goal, Keyframe, Span, Waypoint, variations
from sdk.runtime.track import AffectTrack, Segment
from tests.synthetic import standing, walking

WALK = walking(4.0)
BEAT = Beat("a person walks", seconds=4.0)
WAVE = Beat("a person waves", Affect.of("joy"), 2.0)


def key(seconds: float, *, turn: float = 0.0, up: float = 0.0, place: bool = False) -> Keyframe:
    pose = standing()
    rotations = pose.rotations[0].copy()
    rotations[16] = quat_mul(quat_about("z", turn), rotations[16])
    return Keyframe(seconds, rotations, pose.root[0] + [0, up, 0], place)


def goal(seconds: float, hold_s: float = 0.0, x: float = -0.2, **rest: object) -> Goal:
    return Goal(**{"effector": "right_wrist", "position": [x, 1.2, 0.4], **rest}, seconds=seconds, hold_s=hold_s)


REFUSED = [
    ("no beat", {"beats": []}, "beats"),
    ("33 beats", {"beats": [Beat("a", seconds=0.5)] * 33}, "beats"),
    ("ten minutes", {"beats": [Beat("a person walks", seconds=30.0)] * 20}, "beats"),
    ("track and affects", {"beats": [WAVE], "track": AffectTrack([0.0], [Affect.neutral()])}, "track"),
    ("speed 3", {"speed": 3.0}, "speed"),
    ("speed NaN", {"speed": math.nan}, "speed"),
    ("fps 5", {"fps": 5.0}, "fps"),
    ("seed -1", {"seed": -1}, "seed"),
    ("heading 7", {"heading": 7.0}, "heading"),
    ("unknown part", {"part": "legs"}, "part"),
    ("keep without source", {"keep": [Span(0, 1)]}, "source"),
    ("upper without source", {"part": "upper"}, "source"),
    ("upper longer than its source", {"part": "upper", "source": walking(2.0)}, "beats"),
    ("keep beyond the source", {"source": walking(2.0), "keep": [Span(1, 3)]}, "keep"),
    ("keep beyond the clip", {"source": walking(8.0), "keep": [Span(1, 5)]}, "keep"),
    ("keep that overlaps", {"source": WALK, "keep": [Span(0, 2), Span(1, 3)]}, "keep"),
    ("keep unsorted", {"source": WALK, "keep": [Span(2, 3), Span(0, 1)]}, "keep"),
    ("loop and keep", {"source": WALK, "keep": [Span(0, 1)], "loop": True}, "loop"),
    ("source too long", {"source": walking(91.0)}, "source"),
    ("source of one frame", {"source": WALK[:1]}, "source"),
    ("source too far away", {"source": WALK.moved(np.array([2000.0, 0, 0]))}, "source"),
    ("keyframe behind the end", {"keyframes": [key(9.0)]}, "keyframes.seconds"),
    ("keyframe in a kept span", {"source": WALK, "keep": [Span(0, 1)], "keyframes": [key(0.5)]}, "keyframes.seconds"),
    ("keyframes out of order", {"keyframes": [key(2.0), key(1.0)]}, "keyframes.seconds"),
    ("two keyframes at once", {"keyframes": [key(1.0), key(1.0)]}, "keyframes.seconds"),
    ("keyframes too far apart", {"keyframes": [key(1.0), key(1.03, turn=2.0)]}, "keyframes"),
    ("keyframes that jump", {"keyframes": [key(1.0), key(1.1, up=1.5)]}, "keyframes"),
    ("loop and keyframes", {"loop": True, "keyframes": [key(1.0)]}, "keyframes"),
    ("65 goals", {"goals": [goal(0.05 * k) for k in range(65)]}, "goals"),
    ("goal behind the end", {"goals": [goal(4.5)]}, "goals.seconds"),
    ("goal held behind the end", {"goals": [goal(3.5, 1.0)]}, "goals.hold_s"),
    ("goal in a kept span", {"source": WALK, "keep": [Span(0, 1)], "goals": [goal(0.5)]}, "goals.seconds"),
    ("goal held into a kept span", {"source": WALK, "keep": [Span(2, 3)], "goals": [goal(1.5, 1.0)]}, "goals.seconds"),
    ("goal held around a kept span", {"source": WALK, "keep": [Span(2, 3)], "goals": [goal(1, 3)]}, "goals.seconds"),
    ("goal held over a keyframe", {"keyframes": [key(2.0)], "goals": [goal(1.5, 1.0)]}, "goals.seconds"),
    ("two goals of a hand at once", {"goals": [goal(1.0, 1.0), goal(1.5)]}, "goals.seconds"),
    ("goals too far apart", {"goals": [goal(1.0), goal(1.05, x=0.4)]}, "goals"),
    ("loop and goals", {"loop": True, "goals": [goal(1.0)]}, "goals"),
    (
        "upper and a foot",
        {"part": "upper", "source": walking(6.0), "goals": [goal(1.0, effector="left_ankle")]},
        "goals.effector",
    ),
    ("path and route", {"path": [[0, 0], [1, 1]], "route": [Waypoint(0, 0, 0), Waypoint(1, 0, 1)]}, "path"),
    ("path of one point", {"path": [[0, 0]]}, "path"),
    ("path that leads nowhere", {"path": [[1, 1], [1, 1]]}, "path"),
    ("path with NaN", {"path": [[0, 0], [0, math.nan]]}, "path"),
    ("path and keep", {"path": [[0, 0], [0, 1]], "source": WALK, "keep": [Span(0, 1)]}, "path"),
    ("path and loop", {"path": [[0, 0], [0, 1]], "loop": True}, "path"),
    ("path and a keyframe's place", {"path": [[0, 0], [0, 1]], "keyframes": [key(1.0, place=True)]}, "path"),
    ("route too fast", {"route": [Waypoint(0, 0, 0), Waypoint(1, 0, 30)]}, "route"),
    ("route behind the end", {"route": [Waypoint(0, 0, 0), Waypoint(9, 0, 1)]}, "route.seconds"),
    ("route back in time", {"route": [Waypoint(1, 0, 0), Waypoint(1, 0, 1)]}, "route.seconds"),
]


@pytest.mark.parametrize(("changes", "field"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_made_is_refused_by_name(changes: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Composition(**{"beats": [BEAT], **changes})
    assert refused.value.field == field
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 300


def test_parts_of_a_composition_refuse_what_they_are_given() -> None:
    for make, field in (
        (lambda: Beat(" ", seconds=1.0), "beats.text"),
        (lambda: Beat("a", seconds=0.4), "beats.seconds"),
        (lambda: Beat("a", seconds=math.nan), "beats.seconds"),
        (lambda: Span(2, 1), "keep"),
        (lambda: Span(-1, 1), "keep"),
        (lambda: Waypoint(0, 2000, 0), "route"),
        (lambda: Keyframe(0.0, np.zeros((22, 4)), np.zeros(3)), "keyframes"),
        (lambda: Keyframe(0.0, np.zeros((4, 4)), np.zeros(3)), "keyframes"),
        (lambda: goal(1.0, effector="right_elbow"), "goals.effector"),
        (lambda: goal(-1.0), "goals.seconds"),
        (lambda: goal(1.0, math.nan), "goals.hold_s"),
        (lambda: goal(1.0, ease_s=0.05), "goals.ease_s"),
        (lambda: goal(1.0, ease_s=6.0), "goals.ease_s"),
        (lambda: goal(1.0, position=[0, 1]), "goals.position"),
        (lambda: goal(1.0, position=[0, math.nan, 1]), "goals.position"),
        (lambda: goal(1.0, position=[0, 1, 2000]), "goals.position"),
        (lambda: goal(1.0, effector="left_ankle", position=[0, -0.1, 0]), "goals.position"),
        (lambda: goal(1.0, rotation=[0, 0, 0, 2]), "goals.rotation"),
        (lambda: goal(1.0, rotation=[0, 0, 1]), "goals.rotation"),
        (lambda: goal(1.0, rotation=[0, 0, 0, math.nan]), "goals.rotation"),
    ):
        with pytest.raises(InvalidInput) as refused:
            make()
        assert refused.value.field == field


def test_ten_minutes_are_refused_with_the_limit_and_a_way_out() -> None:
    with pytest.raises(InvalidInput, match=r"600 s together, a composition at most 120 s; make it in parts"):
        Composition(beats=[Beat("a person walks", seconds=30.0)] * 20)


def test_contradictions_say_what_contradicts_what() -> None:
    with pytest.raises(InvalidInput, match=r"keyframe at 0.5 s lies inside the kept span 0..1 s"):
        Composition(beats=[BEAT], source=WALK, keep=[Span(0, 1)], keyframes=[key(0.5)])
    with pytest.raises(InvalidInput, match=r"keyframes at 1 and 1.03 s contradict each other: .* 67 rad/s"):
        Composition(beats=[BEAT], keyframes=[key(1.0), key(1.03, turn=2.0)])


def test_goals_that_contradict_say_what_contradicts_what() -> None:
    with pytest.raises(InvalidInput, match=r"right_elbow.* known: left_wrist, right_wrist, left_ankle, right_ankle"):
        goal(1.0, effector="right_elbow")
    with pytest.raises(InvalidInput, match=r"goal of right_wrist at 1.5..2.5 s is held over the keyframe at 2 s"):
        Composition(beats=[BEAT], keyframes=[key(2.0)], goals=[goal(1.5, 1.0)])
    with pytest.raises(InvalidInput, match=r"goals of right_wrist at 1 and 1.05 s contradict each other: .* 12.0 m/s"):
        Composition(beats=[BEAT], goals=[goal(1.05, x=0.4), goal(1.0)])
    # Another hand may be elsewhere meanwhile, and what one sees from the body may be anywhere in the world.
    Composition(beats=[BEAT], goals=[goal(1.0), goal(1.0, effector="left_wrist"), goal(1.05, x=40, place=True)])


def test_a_goal_is_taken_from_a_motion() -> None:
    moved = WALK.turned(quat_about("y", 0.7)).moved(np.array([3.0, 0, 1]))
    here, there = (Goal.of(m, "right_wrist", 1.0, turned=True, at=2.0) for m in (WALK, moved))
    np.testing.assert_allclose(here.position, there.position, atol=1e-6)
    assert here.rotation is not None and there.rotation is not None and here.seconds == 2.0
    assert quat_angle(here.rotation, there.rotation) < 1e-6
    placed = Goal.of(moved, "left_ankle", 1.0, place=True)
    np.testing.assert_allclose(placed.position, moved.positions[30, 7], atol=1e-6)
    assert placed.rotation is None and placed.place
    with pytest.raises(InvalidInput, match="takes its place at 5 s, but the clip it is from lasts 4 s"):
        Goal.of(WALK, "left_ankle", 5.0)
    with pytest.raises(InvalidInput, match="known: left_wrist"):
        Goal.of(WALK, "nose", 1.0)


def whole() -> list[Composition]:
    """Every field at least once."""
    track = AffectTrack([0.0, 2.5], [Affect.of("joy", 0.3), Affect.of("joy:0.6,trust:0.4", 1.0)])
    beats = [Beat("a person walks", seconds=2.0), Beat("a person waves", seconds=2.5)]
    rest = {"seed": 2**64 - 1, "plan": "fast", "generator": "emo-mask", "fps": 24.0, "speed": 1.3}
    return [
        Composition(beats=[BEAT, WAVE], path=[[0, 0.1], [0, 2], [1.3, 3]], heading=1.5, post=Post(True, True, 0.3)),
        Composition(beats=beats, track=track, source=WALK, keep=[Span(0, 1), Span(3.1, 3.9)], **rest),
        Composition(beats=beats, keyframes=[key(0.0), key(3.0, turn=1.0, place=True)]),
        Composition(beats=beats, route=[Waypoint(0, 0, 0.3), Waypoint(4, 1, 2)]),
        Composition(
            beats=[BEAT], source=WALK, part="upper", felt=[Segment(0.5, 2, Affect.of("joy:0.6,fear:0.4", 1.0))]
        ),
        Composition(beats=[BEAT], loop=True),
        Composition(
            beats=[BEAT],
            goals=[
                goal(1.1, 0.7, rotation=quat_about("y", 0.3), place=True, ease_s=0.3),
                goal(0.0, effector="left_ankle"),
            ],
        ),
    ]


def same(a: object, b: object) -> bool:
    """Equal in every field, arrays and motions number by number."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.shape == b.shape and bool((a == b).all())
    if isinstance(a, Motion):
        assert isinstance(b, Motion)
        return same(a.rotations, b.rotations) and same(a.root, b.root) and a.fps == b.fps
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, (Composition, Goal, Keyframe, AffectTrack)):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return a == b


@pytest.mark.parametrize("composition", whole())
def test_the_wire_and_files_carry_a_composition_exactly(composition: Composition) -> None:
    data = composition_to_wire(composition).SerializeToString()
    assert same(composition_from_wire(compose_pb2.ComposeRequest.FromString(data)), composition)
    text = json.dumps(composition_to_object(composition), sort_keys=True, allow_nan=False)
    again = composition_from_object(json.loads(text))
    assert same(again, composition)
    assert json.dumps(composition_to_object(again), sort_keys=True) == text


def test_the_longest_source_fits_into_one_message() -> None:
    longest = walking((limits.MAX_SOURCE_FRAMES - 1) / 30)
    keys = [key(k + 0.5) for k in range(64)]
    full = Composition(beats=[Beat("x" * 1000, seconds=3.0)] * 32, source=longest, keep=[Span(66, 89)], keyframes=keys)
    assert len(longest) == limits.MAX_SOURCE_FRAMES
    assert composition_to_wire(full).ByteSize() < 1 << 20


def test_wrong_messages_are_refused_by_name() -> None:
    beat = compose_pb2.Beat(text="a person walks", seconds=2.0)
    for fields_, field in (
        ({"part": 7}, "part"),
        ({"source": compose_pb2.SourceMotion(fps=30, rotations=[0.0] * 88, root=[0.0] * 4)}, "source"),
        ({"source": compose_pb2.SourceMotion(rotations=[0.0] * 88, root=[0.0] * 3)}, "source.fps"),
        ({"source": compose_pb2.SourceMotion(fps=30, rotations=[math.nan] * 88, root=[0.0] * 3)}, "source.rotations"),
        ({"source": compose_pb2.SourceMotion(fps=30, rotations=[0.1] * 176, root=[0.0] * 6)}, "source.rotations"),
        ({"keyframes": [compose_pb2.Keyframe(seconds=1)]}, "keyframes[0].pose"),
        ({"goals": [{"position": [0.0, 1.0, 0.0]}]}, "goals.effector"),
        ({"goals": [{"effector": 9, "position": [0.0, 1.0, 0.0]}]}, "goals.effector"),
        ({"goals": [{"effector": 1}]}, "goals.position"),
        ({"goals": [{"effector": 1, "position": [0.0, math.nan, 0.0]}]}, "goals[0].position"),
        ({"goals": [{"effector": 1, "position": [0.0, 1.0, 0.0], "rotation": [0.0]}]}, "goals.rotation"),
        ({"path": {"points": [0.0, 1.0, 2.0]}}, "path"),
        ({"route": {}}, "route"),
        ({"post": {"smooth": 2.0}}, "post.smooth"),
        ({"track": {"keys": []}}, "track"),
    ):
        with pytest.raises(InvalidInput) as refused:
            composition_from_wire(compose_pb2.ComposeRequest(beats=[beat], **fields_))
        assert refused.value.field == field


def test_unset_fields_of_a_message_are_the_defaults() -> None:
    beat = compose_pb2.Beat(text="a person walks", seconds=2.0)
    made = composition_from_wire(compose_pb2.ComposeRequest(beats=[beat]))
    assert same(made, Composition(beats=[Beat("a person walks", seconds=2.0)]))


def test_a_script_is_written_by_hand(tmp_path: Path) -> None:
    script = tmp_path / "play.yaml"
    script.write_text(
        "beats:\n  - {text: a person walks, emotion: rage, seconds: 2}\n  - {text: a person waves, seconds: 1}\n"
        "source: walk.bvh\nkeep: [[0, 0.5]]\nkeyframes:\n  - {seconds: 2, pose: walk.bvh, at: 1}\n"
    )
    asked: list[Path] = []

    def read(path: Path) -> Motion:
        asked.append(path)
        return WALK

    made = read_composition(script, read=read)
    assert asked == [tmp_path / "walk.bvh"] * 2
    assert made.beats[0].affect == Affect.of("rage") and made.beats[1].affect is None
    assert made.keep == (Span(0, 0.5),) and made.keyframes[0].seconds == 2
    np.testing.assert_array_equal(made.keyframes[0].root, np.float32(WALK.root[30]))


def test_a_script_names_goals_by_number_or_by_a_file(tmp_path: Path) -> None:
    script = tmp_path / "play.yaml"
    script.write_text(
        "beats: [{text: a person waves, seconds: 3}]\ngoals:\n"
        "  - {effector: right_wrist, seconds: 2, hold_s: 0.5, position: [-0.3, 1.4, 0.5], place: true}\n"
        "  - {effector: left_wrist, seconds: 1, from: walk.bvh, at: 1.5, turned: true}\n"
    )
    first, second = read_composition(script, read=lambda path: WALK).goals
    assert same(first, Goal("right_wrist", 2.0, np.array([-0.3, 1.4, 0.5]), hold_s=0.5, place=True))
    assert same(second, Goal.of(WALK, "left_wrist", 1.5, at=1.0, turned=True))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("beats: [{text: a, seconds: 1}]\ngoals: [{effector: left_wrist, seconds: 0, height: 1}]", "goals.0"),
        ("beats: [{text: a, seconds: 1}]\ngoals: [{effector: left_wrist, seconds: 0}]", "goals.position"),
        ("beats: [{text: a, seconds: 1}]\ngoals: [{effector: left_wrist, at: 1, position: [0, 1, 0]}]", "goals"),
        ("beats: [{text: a, seconds: 1}]\ngoals: [{effector: left_wrist, position: high}]", "composition"),
        ("beats: 3", "beats"),
        ("beats: [{text: a, seconds: 1, mood: joy}]", "beats.0"),
        ("beats: [{text: a}]", "beats"),
        ("beats: [{text: a, seconds: soon}]", "beats.0.seconds"),
        ("beats: [{text: a, seconds: 1, intensity: 1}]", "beats.0"),
        ("speeed: 2", "composition"),
        ("beats: [{text: a, seconds: 1}]\nkeep: [[1]]", "keep"),
        ("beats: [{text: a, seconds: 1}]\nloop: maybe", "loop"),
        ("beats: [{text: a, seconds: 1}]\nformat: emomotion.composition/2", "format"),
        ("beats: [{text: a, seconds: 1}]\nsource: {fps: 30, frames: 2, data: AAAA}", "source"),
        ("- 1", "composition"),
    ],
)
def test_a_script_with_a_fault_is_refused_by_name(tmp_path: Path, text: str, field: str) -> None:
    script = tmp_path / "play.yaml"
    script.write_text(text)
    with pytest.raises(InvalidInput) as refused:
        read_composition(script, read=lambda path: WALK)
    assert refused.value.field == field


def test_a_script_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "play.yaml").write_text("beats: [")
    with pytest.raises(MalformedFile, match=r"play.yaml cannot be read"):
        read_composition(tmp_path / "play.yaml", read=lambda path: WALK)
    with pytest.raises(InvalidInput, match=r"cannot read away.json"):
        read_composition(tmp_path / "away.json", read=lambda path: WALK)
    with pytest.raises(InvalidInput, match=r"known: .yaml, .yml, .json"):
        read_composition(tmp_path / "play.txt", read=lambda path: WALK)


def test_variations_are_the_same_but_for_their_seeds() -> None:
    takes = variations(Composition(beats=[BEAT], seed=2**64 - 1), 3)
    assert [take.seed for take in takes] == [2**64 - 1, 0, 1]
    assert all(same(replace(take, seed=None), Composition(beats=[BEAT])) for take in takes)
    with pytest.raises(InvalidInput, match="set one"):
        variations(Composition(beats=[BEAT]), 3)
    with pytest.raises(InvalidInput, match="1..64"):
        variations(takes[0], 65)


@pytest.mark.parametrize("seconds", [-0.1, 4.1, 99.0, math.nan])
def test_a_pose_that_a_clip_does_not_have_is_refused(seconds: float) -> None:
    assert np.allclose(Keyframe.of(WALK, 4.0).root, WALK.root[-1], atol=1e-6)
    with pytest.raises(InvalidInput, match="takes its pose at .* lasts 4 s"):
        Keyframe.of(WALK, seconds, at=1.0)
