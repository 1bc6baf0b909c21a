"""What the emotion judge reads: the same whatever the heading, place, side, rate and size, and in the units it says."""

import numpy as np
import pytest

from sdk.errors import InvalidInput
from sdk.motion.bodies import ATHLETE, CHILD, onto_body
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_about, quat_mul
from sdk.motion.skeleton import JOINT
from tests.synthetic import standing, walking
from training.evaluate.cue_features import HOP, WINDOW, cue_features, feature_names, window_spans
from training.evaluate.cue_signals import LATERAL, measure_signals, smoothed

NAMES = feature_names()


def named(motion: Motion) -> dict[str, float]:
    """Features by name, averaged over the windows."""
    return dict(zip(NAMES, cue_features(motion).mean(0).tolist(), strict=True))


def bent(motion: Motion, joint: str, axis: str, radians: float) -> Motion:
    """The motion with one joint turned further, in its own frame."""
    rotations = motion.rotations.copy()
    rotations[:, JOINT[joint]] = quat_mul(rotations[:, JOINT[joint]], quat_about(axis, np.array(radians)))
    return Motion(rotations, motion.root, motion.fps, motion.skeleton)


@pytest.fixture(scope="module")
def walk() -> Motion:
    return bent(walking(4.0), "left_shoulder", "x", -0.4)  # the sides differ, so that a mirror image does too


def test_every_column_has_a_name_of_its_own(walk: Motion) -> None:
    assert cue_features(walk).shape[1] == len(NAMES) == len(set(NAMES))
    assert {name.split(".")[1] for name in NAMES} == {"mean", "spread", "speed", "change"}


@pytest.mark.parametrize("heading", [-3.0, 0.7, np.pi])
def test_heading_and_place_do_not_show(walk: Motion, heading: float) -> None:
    moved = walk.turned(quat_about("y", np.array(heading))).moved(np.array([5.0, 0.0, -3.0]))
    np.testing.assert_allclose(cue_features(moved), cue_features(walk), atol=1e-9)


def test_a_mirror_image_has_the_same_features(walk: Motion) -> None:
    assert np.abs(walk.mirrored().positions - walk.positions).max() > 0.1
    np.testing.assert_allclose(cue_features(walk.mirrored()), cue_features(walk), atol=1e-9)


def test_the_rate_does_not_show() -> None:
    at_30 = cue_features(walking(3.0))
    np.testing.assert_allclose(cue_features(walking(3.0, fps=60)), at_30, atol=1e-9)
    assert np.abs(cue_features(walking(3.0, fps=24)) - at_30).max() < 0.5


@pytest.mark.parametrize("body", [ATHLETE, CHILD])
def test_the_size_of_the_body_does_not_show(walk: Motion, body: object) -> None:
    other = onto_body(walk, body, plant=False)  # type: ignore[arg-type]
    assert abs(other.positions[..., 1].max() - walk.positions[..., 1].max()) > 0.05
    np.testing.assert_allclose(cue_features(other), cue_features(walk), atol=1e-9)


def test_speeds_are_logarithms_of_metres_a_second() -> None:
    slow, fast = named(walking(4.0, speed=0.7)), named(walking(4.0, speed=1.4))
    assert slow["forward.mean"] == pytest.approx(0.7, abs=0.02) and fast["forward.mean"] == pytest.approx(1.4, abs=0.02)
    assert fast["root.speed"] - slow["root.speed"] == pytest.approx(np.log((1.4 + 0.03) / (0.7 + 0.03)), abs=0.02)
    assert fast["ankle.speed"] > slow["ankle.speed"] + 0.4


def test_a_person_at_rest_moves_less_than_noise() -> None:
    found = named(standing(2.0))
    spreads = {round(found[name], 6) for name in NAMES if name.endswith("spread")}
    assert spreads == {round(np.log(0.5), 6), round(np.log(0.02), 6)}
    assert all(found[n] == pytest.approx(np.log(0.03), abs=1e-6) for n in NAMES if n.endswith("speed"))
    assert all(found[n] == pytest.approx(np.log(0.2), abs=1e-6) for n in NAMES if n.endswith("change"))


def test_bowing_the_head_and_the_trunk_show_in_degrees(walk: Motion) -> None:
    upright, head = named(walk), named(bent(walk, "head", "x", np.radians(20)))
    assert upright["gaze.mean"] - head["gaze.mean"] == pytest.approx(20, abs=0.3)
    assert upright["curl.mean"] - head["curl.mean"] == pytest.approx(20, abs=0.3)
    assert head["trunk_pitch.mean"] == pytest.approx(upright["trunk_pitch.mean"])
    trunk = named(bent(walk, "spine1", "x", np.radians(20)))
    assert trunk["chest.mean"] - upright["chest.mean"] == pytest.approx(-20, abs=1)
    assert 10 < trunk["trunk_pitch.mean"] - upright["trunk_pitch.mean"] < 20


def test_a_look_to_either_side_is_a_look_aside() -> None:
    left, right = (named(bent(standing(1.0), "head", "y", turn)) for turn in (0.5, -0.5))
    assert left["head_yaw.mean"] == right["head_yaw.mean"] == pytest.approx(np.degrees(0.5))
    assert all(f"{name}.mean" in NAMES for name in LATERAL)


def test_arms_that_swing_more_move_faster_and_vary_more() -> None:
    calm, lively = named(walking(4.0, swing=0.2)), named(walking(4.0, swing=0.8))
    assert lively["wrist.speed"] > calm["wrist.speed"] + 0.5
    assert lively["arm_fwd.spread"] > calm["arm_fwd.spread"] + 0.5
    assert lively["knee.speed"] == pytest.approx(calm["knee.speed"])


def test_a_spin_is_seen_as_turning_and_not_as_a_changed_posture() -> None:
    still = standing(3.0)
    turn = quat_about("y", np.linspace(0, 3.0, len(still)))  # 1 rad/s, over the half turn
    rotations = still.rotations.copy()
    rotations[:, 0] = turn
    spun = named(Motion(rotations, still.root, still.fps))
    assert spun["turn.speed"] == pytest.approx(np.log(1 + 0.03), abs=0.05)
    assert spun["chest_yaw.mean"] < 1 and spun["wrist.speed"] < np.log(0.1)


def test_windows_cover_a_clip_from_end_to_end() -> None:
    for frames in (1, WINDOW - 1, WINDOW, WINDOW + 1, 200, 1951):
        spans = window_spans(frames)
        assert spans[0][0] == 0 and spans[-1][1] == frames
        if frames > WINDOW:
            assert {end - start for start, end in spans} == {WINDOW}
            assert all(1 <= b[0] - a[0] <= HOP for a, b in zip(spans, spans[1:], strict=False))
    assert [len(cue_features(walking(seconds))) for seconds in (1.0, 4.0)] == [1, 3]


def test_a_window_tells_of_its_own_seconds() -> None:
    """Two seconds of rest and then a walk: the first window is quiet and the last one is not."""
    walk, rest = walking(5.0), walking(5.0)[:1]
    rotations = np.concatenate([np.repeat(rest.rotations, 90, 0), walk.rotations])
    root = np.concatenate([np.repeat(rest.root, 90, 0), walk.root])
    found = cue_features(Motion(rotations, root, 30.0))[:, NAMES.index("root.speed")]
    assert found[0] < np.log(0.1) and found[-1] > np.log(1.0)


@pytest.mark.parametrize("fps", [30.0, 60.0, 20.0])
def test_half_a_second_is_enough_and_less_is_refused(fps: float) -> None:
    clip = walking(0.5, fps=fps)
    assert np.isfinite(cue_features(clip)).all()
    with pytest.raises(InvalidInput, match=r"0.5 s of motion or more, got 0.4\d s"):
        cue_features(clip[: len(clip) - 1])


def test_smoothing_keeps_levels_and_ends_and_takes_jitter_away() -> None:
    rng = np.random.default_rng(0)
    level = np.full((40, 2), 3.0)
    np.testing.assert_allclose(smoothed(level, 2.0), level)
    assert smoothed(rng.normal(size=(400, 3)), 3.0).std() < 0.4
    slope = np.arange(40.0)
    np.testing.assert_allclose(smoothed(slope, 1.0)[5:-5], slope[5:-5])


def test_jitter_of_a_millimetre_hardly_shows_in_the_speed() -> None:
    still = standing(2.0)
    shaken = Motion(still.rotations, still.root + 0.001 * (-1.0) ** np.arange(len(still))[:, None] * [0, 1, 0], 30.0)
    assert np.abs(np.diff(shaken.root[:, 1])).mean() * 30 == pytest.approx(0.06)
    assert measure_signals(shaken).speed["rise"].mean() < 0.006
