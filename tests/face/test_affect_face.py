"""A face that shows feelings: what it looks like, how it moves, and what it never does."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput, MalformedFile
from sdk.face.affect_face import FaceActor, FaceWish, face_values
from sdk.face.controls import Array, ControlSchema
from sdk.face.expressions import VISEMES, ameca_schema, load_poses
from sdk.face.liveliness import BLINK_S, PAUSE_S, Liveliness
from sdk.face.pursuit import Pursuit
from sdk.runtime.track import AffectTrack

SCHEMA = ameca_schema()
POSES = load_poses(SCHEMA)
SLEW = np.array([control.motion.slew for control in SCHEMA])
ACCELERATION = np.array([control.motion.acceleration for control in SCHEMA])
FEELINGS = [emotion.label for emotion in Emotion if emotion is not Emotion.NEUTRAL]
weights = st.lists(st.floats(0, 1), min_size=9, max_size=9).filter(lambda w: sum(w) > 0.01)


def affect(shares: list[float], intensity: float = 1.0) -> Affect:
    return Affect(dict(zip(Emotion, shares, strict=True)), intensity)


def played(actor: FaceActor, seconds: float, *, fps: float = 60.0) -> Array:
    """Values (T, 30) of so many seconds."""
    return np.array([actor.step(1 / fps) for _ in range(round(seconds * fps))])


def within_limits(values: Array, fps: float) -> None:
    """Slew and acceleration of the schema, measured by differences, the beginning from rest included."""
    speed = np.diff(values, axis=0, prepend=values[:1]) * fps
    assert (np.abs(speed) <= SLEW * (1 + 1e-6)).all()
    assert (np.abs(np.diff(speed, axis=0)) * fps <= ACCELERATION * (1 + 1e-6)).all()


def blinks(values: Array) -> list[tuple[int, int]]:
    """First and last frame of each time in which an upper lid is less than half open."""
    shut = np.concatenate([[False], values[:, SCHEMA.index("Eyelid Upper Left")] < 0.5, [False]]).astype(int)
    edges = np.diff(shut)
    return list(zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1, strict=True))


# --- what a feeling looks like ---


def control(values: Array, name: str) -> float:
    return float((values - SCHEMA.neutral)[SCHEMA.index(name)])


def test_neutral_is_the_neutral_face() -> None:
    np.testing.assert_array_equal(face_values(POSES, Affect.neutral()), SCHEMA.neutral)
    np.testing.assert_allclose(face_values(POSES, Affect.of("joy", 0.0)), SCHEMA.neutral, atol=1e-12)


def test_feelings_look_like_feelings() -> None:
    face = {name: face_values(POSES, Affect.of(name, 1.0)) for name in FEELINGS}
    corner = {name: control(values, "Lip Corner Raise Left") for name, values in face.items()}
    assert max(corner, key=corner.__getitem__) == "joy" and min(corner, key=corner.__getitem__) == "sadness"
    assert corner["trust"] > 0.1
    jaw = {name: control(values, "Jaw Pitch") for name, values in face.items()}
    assert min(jaw, key=jaw.__getitem__) == "surprise"
    assert control(face["surprise"], "Brow Inner Left") > 0.3 and control(face["surprise"], "Brow Outer Left") > 0.3
    assert control(face["anger"], "Brow Inner Left") < -0.3
    assert control(face["sadness"], "Brow Inner Left") > 0.2 > control(face["sadness"], "Brow Outer Left")
    assert control(face["disgust"], "Nose Wrinkle") > 0.5
    assert control(face["fear"], "Eyelid Upper Left") > 0.4


@settings(max_examples=60, deadline=None)
@given(weights, st.floats(0, 1), st.sampled_from(SCHEMA.range_sets))
def test_any_mixture_lies_in_the_ranges(shares: list[float], intensity: float, range_set: str) -> None:
    low, high = SCHEMA.bounds(range_set)
    values = face_values(POSES, affect(shares, intensity))
    assert (values >= low - 1e-9).all() and (values <= high + 1e-9).all()


@settings(max_examples=60, deadline=None)
@given(weights, st.floats(0, 1), st.floats(0, 1))
def test_more_intensity_is_more_of_the_same(shares: list[float], one: float, other: float) -> None:
    weak, strong = (face_values(POSES, affect(shares, i)) - SCHEMA.neutral for i in sorted((one, other)))
    assert (np.abs(weak) <= np.abs(strong) + 1e-6).all() and (weak * strong >= -1e-9).all()


@settings(max_examples=60, deadline=None)
@given(weights, weights, st.floats(0, 1))
def test_a_small_change_of_the_feeling_is_a_small_change_of_the_face(a: list[float], b: list[float], at: float) -> None:
    def face(share: float) -> Array:
        mixed = (1 - share) * affect(a).condition + share * affect(b).condition
        return face_values(POSES, affect([float(w) for w in mixed]))

    low, high = SCHEMA.bounds("x2c")
    step = np.abs(face(min(at + 1e-3, 1)) - face(at)) / (high - low)
    assert step.max() <= 5e-3


# --- how it moves ---


@pytest.mark.parametrize("fps", [10.0, 30.0, 60.0, 120.0])
@pytest.mark.parametrize("range_set", SCHEMA.range_sets)
def test_it_stays_in_range_and_keeps_to_slew_and_acceleration(fps: float, range_set: str) -> None:
    low, high = SCHEMA.bounds(range_set)
    draw = np.random.default_rng(3)
    actor = FaceActor(SCHEMA, seed=1, range_set=range_set)
    out = [actor.values]
    for n in range(round(12 * fps)):
        if n % max(round(0.17 * fps), 1) == 0:  # one wish upon the other, before any is reached
            shares = dict(zip(VISEMES, draw.random(14) * (draw.random() < 0.5), strict=True))
            look = float(draw.uniform(-60, 60)) if draw.random() < 0.5 else None
            feeling = Affect.of(str(draw.choice(FEELINGS)), float(draw.random()))
            actor.change(FaceWish(feeling, visemes=shares, look_left=look, look_up=look and look / 2))
        out.append(actor.step(1 / fps))
    values = np.array(out)
    assert (values >= low).all() and (values <= high).all()
    within_limits(values, fps)


def test_a_feeling_comes_soon_and_without_overshoot() -> None:
    actor = FaceActor(SCHEMA, still=True)
    actor.change(FaceWish(Affect.of("joy", 1.0)))
    shown = (
        played(actor, 3)[:, SCHEMA.index("Lip Corner Raise Left")]
        - SCHEMA.neutral[SCHEMA.index("Lip Corner Raise Left")]
    )
    aim = control(face_values(POSES, Affect.of("joy", 1.0)), "Lip Corner Raise Left")
    assert 0.05 < np.argmax(shown > aim / 2) / 60 < 0.25
    assert (np.diff(shown) >= -1e-9).all() and shown[-1] == pytest.approx(aim, abs=1e-3)
    np.testing.assert_allclose(actor.values, face_values(POSES, Affect.of("joy", 1.0)), atol=0.02)


def test_it_returns_to_neutral() -> None:
    actor = FaceActor(SCHEMA, still=True)
    actor.change(FaceWish(Affect.of("anger", 1.0), visemes={"A": 1.0}, look_left=30))
    played(actor, 1)
    actor.change(FaceWish())
    played(actor, 4)
    np.testing.assert_allclose(actor.values, SCHEMA.neutral, atol=1e-3)


def test_a_still_face_shows_neutral_exactly() -> None:
    assert (played(FaceActor(SCHEMA, still=True), 1) == SCHEMA.neutral).all()


@pytest.mark.parametrize("fps", [30.0, 60.0, 120.0])
def test_the_same_seed_gives_the_same_moments_at_any_rate(fps: float) -> None:
    reference = FaceActor(SCHEMA, seed=5, wish=FaceWish(Affect.of("fear", 0.6)))
    expected = played(reference, 12, fps=60.0)[29::30]
    got = played(FaceActor(SCHEMA, seed=5, wish=FaceWish(Affect.of("fear", 0.6))), 12, fps=fps)
    low, high = SCHEMA.bounds("tight")
    away = np.abs(got[round(fps / 2) - 1 :: round(fps / 2)] - expected) / (high - low)
    assert away.max() < 0.02


def test_equal_seeds_are_equal_and_others_are_not() -> None:
    one, same, other = (played(FaceActor(SCHEMA, seed=seed), 6) for seed in (7, 7, 8))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.1


def test_a_track_changes_the_feeling_by_itself_and_begins_with_its_wish() -> None:
    actor = FaceActor(SCHEMA, still=True)
    played(actor, 2)
    track = AffectTrack([0.0, 1.0], [Affect.of("joy", 1.0), Affect.of("sadness", 1.0)])
    actor.change(FaceWish(track=track))
    corner = SCHEMA.index("Lip Corner Raise Left")
    values = played(actor, 4)[:, corner] - SCHEMA.neutral[corner]
    assert values.max() > 0.15 and values[-1] < -0.2
    assert actor.affect.label == "sadness"


def test_speech_moves_the_mouth_and_takes_from_the_expression() -> None:
    actor = FaceActor(SCHEMA, still=True, wish=FaceWish(Affect.of("joy", 1.0)))
    smiling = played(actor, 2)[-1]
    actor.change(FaceWish(Affect.of("joy", 1.0), visemes={"O": 1.0}))
    saying = played(actor, 0.6)[-1]
    assert control(saying, "Lip Corner Stretch Left") < -0.15 < 0.2 < control(smiling, "Lip Corner Stretch Left")
    # Brows go on smiling.
    assert control(saying, "Brow Outer Left") == pytest.approx(control(smiling, "Brow Outer Left"), abs=1e-3)


def test_the_eyes_go_where_they_are_told() -> None:
    actor = FaceActor(SCHEMA, seed=2, wish=FaceWish(Affect.of("sadness", 1.0), look_left=25, look_up=10))
    values = played(actor, 3)[-60:]
    phi, theta = (values[:, SCHEMA.index(f"Gaze Target {axis}")] for axis in ("Phi", "Theta"))
    assert np.abs(phi * POSES.signs["Gaze Target Phi"] + 25).max() < 3  # positive is to the right
    assert np.abs(theta * POSES.signs["Gaze Target Theta"] - 10).max() < 2


# --- it is alive ---


@dataclass(frozen=True)
class Minutes:
    values: Array
    blinks: list[tuple[int, int]]


@pytest.fixture(scope="module")
def calm() -> Minutes:
    values = played(FaceActor(SCHEMA, seed=11), 120)
    return Minutes(values, blinks(values))


def test_it_blinks_as_often_and_as_long_as_eyes_do(calm: Minutes) -> None:
    begins = np.array([begin for begin, _ in calm.blinks]) / 60
    lasted = np.array([end - begin + 1 for begin, end in calm.blinks]) / 60
    assert 12 <= len(begins) <= 60
    pauses = np.diff(begins)
    assert pauses.min() >= PAUSE_S[0] - 0.05 and pauses.max() <= PAUSE_S[1] + 0.05 and pauses.std() > 0.5
    assert lasted.min() >= BLINK_S[0] - 0.03 and lasted.max() <= BLINK_S[1] + 0.05
    both = [SCHEMA.index(f"Eyelid Upper {side}") for side in ("Left", "Right")]
    np.testing.assert_allclose(calm.values[:, both[0]], calm.values[:, both[1]])
    assert max(calm.values[begin : end + 1, both[0]].min() for begin, end in calm.blinks) < 0.15


def test_eyes_that_are_wide_open_shut_too() -> None:
    values = played(FaceActor(SCHEMA, seed=11, wish=FaceWish(Affect.of("surprise", 1.0))), 40)
    lid = values[:, SCHEMA.index("Eyelid Upper Left")]
    shut = blinks(values)
    assert len(shut) >= 4 and max(lid[begin : end + 1].min() for begin, end in shut) < 0.2


def test_whoever_is_afraid_blinks_more_often_than_whoever_is_sad() -> None:
    def count(feeling: str) -> int:
        shut = 0
        for seed in range(4):
            life = Liveliness(SCHEMA, seed)
            on = [life.at(n / 50, lambda _: Affect.of(feeling, 1.0)).shut for n in range(3000)]
            shut += int((np.diff(np.array(on, int)) == 1).sum())
        return shut

    assert count("fear") > 1.2 * count("sadness")


def test_it_glances_and_its_head_is_never_quite_still(calm: Minutes) -> None:
    phi = calm.values[:, SCHEMA.index("Gaze Target Phi")]
    assert np.abs(phi).max() <= 10.5 and phi.std() > 0.5
    glances = np.diff((np.abs(np.diff(phi)) > 0.5).astype(int)) == 1
    assert 15 <= glances.sum() <= 120
    for name in ("Head Pitch", "Head Yaw", "Head Roll"):
        head = calm.values[:, SCHEMA.index(name)]
        assert 0.2 < np.ptp(head) < 4
        assert (np.ptp(head.reshape(-1, 60), axis=1) > 1e-3).all(), "in every second"


def test_its_sides_differ_a_little() -> None:
    actor = FaceActor(SCHEMA, seed=4, wish=FaceWish(Affect.of("joy", 1.0)))
    values = played(actor, 3)[-1]
    left, right = (control(values, f"Lip Corner Raise {side}") for side in ("Left", "Right"))
    assert 0.001 < abs(left - right) < 0.13 * max(left, right)


# --- what is refused ---


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"visemes": {"X": 1.0}}, "visemes"),
        ({"visemes": {"A": 1.5}}, "visemes.weight"),
        ({"visemes": {"A": float("nan")}}, "visemes.weight"),
        ({"look_left": 61.0}, "look_left"),
        ({"look_up": float("nan")}, "look_up"),
    ],
)
def test_wishes_out_of_range_are_refused(wish: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        FaceWish(**wish)  # type: ignore[arg-type]
    assert refusal.value.field == field


def test_odd_actors_and_steps_are_refused() -> None:
    with pytest.raises(InvalidInput, match="range set"):
        FaceActor(SCHEMA, range_set="wide")
    with pytest.raises(InvalidInput, match="seed"):
        FaceActor(SCHEMA, seed=-1)
    for dt in (0.0, -1.0, 1.5, float("nan")):
        with pytest.raises(InvalidInput, match="dt"):
            FaceActor(SCHEMA).step(dt)


# --- the pursuit beneath it ---


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(SCHEMA.range_sets))
def test_no_target_makes_a_pursuit_break_its_limits(seed: int, range_set: str) -> None:
    draw = np.random.default_rng(seed)
    low, high = SCHEMA.bounds(range_set)
    pursuit, before, speed = Pursuit(SCHEMA, range_set), SCHEMA.neutral, np.zeros(len(SCHEMA))
    for _ in range(60):
        dt = float(draw.uniform(0.004, 0.05))  # uneven on purpose
        values = pursuit.step(draw.uniform(2 * low - high, 2 * high - low), dt)
        now = (values - before) / dt
        assert (values >= low).all() and (values <= high).all()
        assert (np.abs(now) <= SLEW).all() and (np.abs(now - speed) <= ACCELERATION * dt * (1 + 1e-9) + 1e-9).all()
        before, speed = values, now


def test_a_pursuit_reaches_a_target_at_rest_and_never_passes_it() -> None:
    low, high = SCHEMA.bounds("x2c")
    pursuit = Pursuit(SCHEMA, "x2c")
    values = np.array([pursuit.step(high, 1 / 60) for _ in range(240)])
    assert (np.diff(values, axis=0) >= -1e-12).all()
    np.testing.assert_allclose(values[-1], high, rtol=0, atol=1e-3 * (high - low).max())


def test_a_schema_of_another_robot_is_refused() -> None:
    with pytest.raises(MalformedFile, match="'Jaw Pitch' is unknown"):
        FaceActor(ControlSchema("other", SCHEMA.controls[:5], "0" * 64))
