"""The stylist on a made-up walk: nothing at intensity 0, more with more, feet where they belong."""

from dataclasses import replace

import numpy as np
import pytest

from sdk.emotion import Emotion
from sdk.errors import InvalidInput
from sdk.motion.contacts import TOES, speeds
from sdk.motion.cues import measure_cues
from sdk.motion.motion import Motion
from sdk.motion.retarget import hinge_angles
from sdk.motion.rotations import Array, quat_about, quat_angle, quat_mul
from sdk.motion.skeleton import JOINT
from tests.synthetic import standing, walking
from training.stylist.amplitude import reached
from training.stylist.edits import Edits
from training.stylist.feet import eased_offsets, read_feet
from training.stylist.perform import edited, perform
from training.stylist.table import TABLE

SEEDS = (Emotion.JOY, Emotion.SADNESS, Emotion.FEAR, Emotion.ANGER)


@pytest.fixture(scope="module")
def walk() -> Motion:
    return walking(3.0)


def hanging(seconds: float = 3.0) -> Motion:
    """A body that stands with its arms down."""
    motion = standing(seconds)
    rotations = motion.rotations.copy()
    for side, sign in (("left", 1.0), ("right", -1.0)):
        rotations[:, JOINT[f"{side}_shoulder"]] = quat_about("z", np.full(len(motion), -sign * 1.3))
        rotations[:, JOINT[f"{side}_elbow"]] = quat_about("y", np.full(len(motion), -sign * 0.2))
    return replace(motion, rotations=rotations)


def raising() -> Motion:
    """A body that raises its right arm to the side and takes it down again."""
    motion = hanging(3.0)
    up = np.clip(1.4 * np.sin(np.pi * np.linspace(0, 1, len(motion))) - 0.2, 0, 1)
    rotations = motion.rotations.copy()
    joint = JOINT["right_shoulder"]
    rotations[:, joint] = quat_mul(quat_about("z", -1.7 * up), rotations[:, joint])
    return replace(motion, rotations=rotations)


def slide(motion: Motion, planted: Array) -> float:
    """Mean speed over the ground, m/s, of the balls of planted feet."""
    ground = motion.positions[:, TOES] * np.array([1, 0, 1])
    return float(speeds(ground, motion.fps)[planted].mean())


def skate_ratio(motion: Motion) -> float:
    """Share of frames in which a low foot slides (SMooDi): under 5 cm for two frames and faster than 0.5 m/s."""
    clip = motion.resampled(20)
    toes = clip.positions[:, TOES]
    low = toes[..., 1] - toes[..., 1].min() < 0.05
    speed = np.linalg.norm(np.diff(toes[..., [0, 2]], axis=0), axis=-1) * clip.fps
    mean = np.stack([np.convolve(np.pad(s, 2, mode="edge"), np.ones(5) / 5, "valid") for s in speed.T], -1)
    return float((low[1:] & low[:-1] & (speed > 0.5) & (mean > 0.5)).any(-1).mean())


def difference(a: Motion, b: Motion) -> float:
    """Largest distance, metres, between the joints of two clips of one length."""
    return float(np.linalg.norm(a.positions - b.positions, axis=-1).max())


# --- intensity --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("emotion", TABLE)
def test_intensity_zero_returns_the_clip_itself(walk: Motion, emotion: Emotion) -> None:
    assert perform(walk, emotion, 0.0, performer=5) is walk


def test_neutral_returns_the_clip_itself(walk: Motion) -> None:
    assert perform(walk, Emotion.NEUTRAL, 1.0) is walk


def test_edits_that_ask_for_nothing_change_nothing(walk: Motion) -> None:
    for clip in (walk, raising()):
        same = edited(clip, Edits(), seed=3)
        assert len(same) == len(clip)
        assert difference(same, clip) < 1e-6


@pytest.mark.parametrize("emotion", SEEDS)
def test_a_little_emotion_changes_a_little(walk: Motion, emotion: Emotion) -> None:
    slightly = perform(walk, emotion, 0.01)
    frames = min(len(slightly), len(walk)) // 2
    assert 0 < difference(slightly[:frames], walk[:frames]) < 0.03


@pytest.mark.parametrize(
    ("emotion", "cue", "sign"),
    [
        (Emotion.JOY, "bounce", 1), (Emotion.JOY, "head_pitch", -1), (Emotion.JOY, "hand_speed", 1),
        (Emotion.SADNESS, "speed", -1), (Emotion.SADNESS, "arm_swing", -1), (Emotion.SADNESS, "head_pitch", 1),
        (Emotion.SADNESS, "hand_speed", -1), (Emotion.ANGER, "trunk_pitch", 1), (Emotion.ANGER, "speed", 1),
        (Emotion.ANGER, "hand_speed", 1), (Emotion.FEAR, "speed", -1), (Emotion.FEAR, "head_pitch", 1),
        (Emotion.FEAR, "arm_swing", -1),
    ],
)  # fmt: skip
def test_each_cue_grows_with_the_intensity(walk: Motion, emotion: Emotion, cue: str, sign: int) -> None:
    levels = [getattr(measure_cues(perform(walk, emotion, k, performer=1)), cue) for k in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert (np.diff(levels) * sign > 0).all(), levels


@pytest.mark.parametrize("intensity", [-0.1, 1.1, float("nan")])
def test_an_intensity_outside_its_range_is_refused(walk: Motion, intensity: float) -> None:
    with pytest.raises(InvalidInput, match="intensity must lie in 0..1") as refused:
        perform(walk, Emotion.JOY, intensity)
    assert refused.value.field == "intensity"


# --- performers -------------------------------------------------------------------------------------------------------


def test_performers_differ_and_one_performer_repeats_itself(walk: Motion) -> None:
    first, again, *others = (perform(walk, Emotion.JOY, 0.8, performer=k) for k in (1, 1, 2, 3))
    assert difference(first, again) == 0
    for other in others:
        frames = min(len(first), len(other))
        assert difference(first[:frames], other[:frames]) > 0.05
    assert len({round(measure_cues(x).hand_speed, 3) for x in (first, *others)}) == 3


# --- feet -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("emotion", TABLE)
def test_planted_feet_stay_planted(walk: Motion, emotion: Emotion) -> None:
    made = perform(walk, emotion, 1.0, performer=2)
    planted = read_feet(walk).planted
    assert planted.mean() > 0.3
    # The feet of the made-up walk roll while they are planted: what counts is that no edit adds to it.
    assert slide(made, read_feet(made).planted) < slide(walk, planted) + 0.05
    assert skate_ratio(made) <= 1.1 * skate_ratio(walk) + 0.02


@pytest.mark.parametrize("emotion", TABLE)
def test_feet_keep_the_floor_and_knees_their_side(walk: Motion, emotion: Emotion) -> None:
    made = perform(walk, emotion, 1.0, performer=2)
    assert made.positions[:, TOES, 1].min() > walk.positions[:, TOES, 1].min() - 0.003
    bends = hinge_angles(made)
    assert min(bends["left_knee"].min(), bends["right_knee"].min()) > -0.01


@pytest.mark.parametrize("emotion", TABLE)
def test_no_joint_jumps(walk: Motion, emotion: Emotion) -> None:
    def fastest(motion: Motion) -> float:
        return float(quat_angle(motion.rotations[1:], motion.rotations[:-1]).max()) * motion.fps

    made = perform(walk, emotion, 1.0, performer=2)
    assert fastest(made) < 2.5 * fastest(walk)


@pytest.mark.parametrize("ratio", [0.6, 1.15])
def test_the_root_goes_as_far_as_the_steps(walk: Motion, ratio: float) -> None:
    made = edited(walk, Edits(stride=ratio), seed=0)
    assert len(made) == len(walk)
    path = made.root[-1, 2] - made.root[0, 2]
    assert path == pytest.approx(ratio * (walk.root[-1, 2] - walk.root[0, 2]), rel=1e-6)
    steps = made.positions[:, TOES[0], 2]
    assert np.ptp(steps) == pytest.approx(ratio * np.ptp(walk.positions[:, TOES[0], 2]), rel=0.15)


def test_a_warp_of_time_keeps_contacts_with_the_steps(walk: Motion) -> None:
    made = edited(walk, Edits(tempo=0.6, hesitation=0.5), seed=4)
    assert len(made) > 1.3 * len(walk)
    assert read_feet(made).planted.mean() == pytest.approx(read_feet(walk).planted.mean(), abs=0.12)
    assert slide(made, read_feet(made).planted) < slide(walk, read_feet(walk).planted) + 0.02


def test_offsets_stand_still_while_a_foot_does() -> None:
    wanted = np.cumsum(np.random.default_rng(0).normal(0, 0.01, (60, 3)), axis=0)
    planted = np.zeros(60, dtype=bool)
    planted[8:20] = planted[33:47] = True
    offsets = eased_offsets(wanted, planted)
    for first, end in ((8, 20), (33, 47)):
        np.testing.assert_allclose(offsets[first:end], np.tile(wanted[first:end].mean(0), (end - first, 1)))
    leaps = np.linalg.norm(np.diff(offsets, axis=0), axis=-1)
    gap = np.linalg.norm(offsets[40] - offsets[10])
    assert leaps[19:33].max() < 0.2 * gap  # eased over 13 frames, not in one
    np.testing.assert_allclose(offsets[[0, -1]], wanted[[0, -1]], atol=1e-9)


def test_a_standing_body_has_no_steps_to_shorten() -> None:
    clip = hanging()
    assert difference(edited(clip, Edits(stride=0.5, foot_lift=0.5), seed=0), clip) < 1e-6


def test_a_short_stride_slides_no_more_than_the_source(walk: Motion) -> None:
    made = edited(walk, Edits(stride=0.5, step_width=0.8, sway=0.02), seed=0)
    planted = read_feet(walk).planted
    assert slide(made, planted) < slide(walk, planted) + 0.01


def test_the_pelvis_comes_down_for_a_long_stride(walk: Motion) -> None:
    made = edited(walk, Edits(stride=1.35), seed=0)
    assert made.root[:, 1].mean() < walk.root[:, 1].mean() - 0.01
    planted = read_feet(walk).planted
    assert slide(made, planted) < slide(walk, planted) + 0.02


def test_heels_rise_and_balls_stay_when_a_standing_body_bounces() -> None:
    clip = hanging()
    made = edited(clip, Edits(pulse=0.04), seed=1)
    assert np.ptp(made.root[:, 1]) > 0.03
    assert np.ptp(made.positions[:, JOINT["left_ankle"], 1]) > 0.02
    assert np.ptp(made.positions[:, TOES], axis=0).max() < 1e-3


# --- posture and content ----------------------------------------------------------------------------------------------


def test_fear_closes_the_arms_and_joy_opens_them() -> None:
    clip = hanging()

    def apart(motion: Motion) -> float:
        hands = motion.positions[:, [JOINT["left_wrist"], JOINT["right_wrist"]]]
        return float(np.linalg.norm(hands[:, 0] - hands[:, 1], axis=-1).mean())

    assert apart(perform(clip, Emotion.FEAR, 1.0)) < 0.7 * apart(clip)
    assert apart(perform(clip, Emotion.JOY, 1.0)) > apart(clip)


def test_hands_stay_out_of_the_trunk() -> None:
    made = edited(hanging(), Edits(elbow_flexion=100, forearm_aim=80, forearm_hold=1.0), seed=0)
    spine = made.positions[:, 0]
    for side in ("left", "right"):
        wrist = made.positions[:, JOINT[f"{side}_wrist"]]
        assert np.linalg.norm((wrist - spine)[:, [0, 2]], axis=-1).min() > 0.11


@pytest.mark.parametrize("emotion", SEEDS)
def test_a_raised_arm_is_still_raised(emotion: Emotion) -> None:
    clip = raising()
    made = perform(clip, emotion, 1.0)

    def rise(motion: Motion) -> float:
        return float(np.ptp(motion.positions[:, JOINT["right_wrist"], 1]))

    assert rise(made) > 0.4 * rise(clip)
    left = made.positions[:, JOINT["left_wrist"], 1]
    assert np.ptp(left) < 0.5 * rise(made)


def test_half_turns_of_an_arm_do_not_tear_it() -> None:
    clip = hanging()
    turning = clip.rotations.copy()
    joint = JOINT["right_shoulder"]
    turning[:, joint] = quat_mul(quat_about("z", np.linspace(0, -3.6, len(clip))), turning[:, joint])
    clip = replace(clip, rotations=turning)
    signs = np.where(np.arange(len(clip)) % 3 == 1, -1.0, 1.0)[:, None]
    np.testing.assert_allclose(reached(turning[:, joint] * signs, 0.6), reached(turning[:, joint], 0.6), atol=1e-12)
    for edits in (Edits(reach=0.6), Edits(reach=1.3), Edits(swing=0.3), Edits(swing=2.5)):
        made = edited(clip, edits, seed=0)
        step = quat_angle(made.rotations[1:, joint], made.rotations[:-1, joint]).max()
        assert step < 3 * 3.6 / len(clip)
