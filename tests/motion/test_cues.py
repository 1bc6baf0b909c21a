"""Cues of motions whose cues are known by construction."""

from dataclasses import replace

import numpy as np
import pytest

from sdk.motion.cues import CUE_NAMES, UNITS, in_heading, measure_cues
from sdk.motion.rotations import quat_about, quat_mul
from sdk.motion.skeleton import JOINT
from tests.synthetic import standing, walking


def test_every_cue_has_a_unit() -> None:
    assert set(UNITS) == set(CUE_NAMES)
    assert len(measure_cues(walking(2.0, 30.0)).vector) == len(CUE_NAMES)


@pytest.mark.parametrize("speed", [0.5, 1.3])
def test_speed_is_the_length_of_the_path_over_time(speed: float) -> None:
    assert measure_cues(walking(4.0, 30.0, speed=speed)).speed == pytest.approx(speed, rel=0.05)


def test_cues_do_not_depend_on_where_the_character_walks_to() -> None:
    motion = walking(3.0, 30.0)
    turned = motion.turned(quat_about("y", 2.0)).moved(np.array([3.0, 0.0, -1.0]))
    np.testing.assert_allclose(measure_cues(turned).vector, measure_cues(motion).vector, atol=1e-9)


def test_cues_do_not_depend_on_the_frame_rate() -> None:
    slow, fast = (measure_cues(walking(4.0, fps)).vector for fps in (30.0, 60.0))
    np.testing.assert_allclose(slow, fast, rtol=0.05, atol=0.3)


@pytest.mark.parametrize("degrees", [-15.0, 20.0])
def test_bending_the_spine_forward_pitches_trunk_and_head(degrees: float) -> None:
    motion = standing(1.0, 30.0)
    rotations = motion.rotations.copy()
    pelvis = JOINT["pelvis"]
    rotations[:, pelvis] = quat_mul(rotations[:, pelvis], quat_about("x", np.radians(degrees)))
    before, after = measure_cues(motion), measure_cues(replace(motion, rotations=rotations))
    assert after.trunk_pitch - before.trunk_pitch == pytest.approx(degrees, abs=0.1)
    assert after.head_pitch - before.head_pitch == pytest.approx(degrees, abs=0.1)


def test_bounce_is_the_standard_deviation_of_the_pelvis_height_in_centimetres() -> None:
    motion = standing(4.0, 30.0)
    root = motion.root.copy()
    root[:, 1] += 0.03 * np.sin(2 * np.pi * np.arange(len(motion)) / 30)
    assert measure_cues(replace(motion, root=root)).bounce == pytest.approx(3 / np.sqrt(2), rel=0.02)


def test_wider_arm_swing_is_seen() -> None:
    small, wide = (measure_cues(walking(4.0, 30.0, swing=swing)) for swing in (0.2, 0.6))
    assert wide.arm_swing > 1.5 * small.arm_swing
    assert wide.hand_speed > small.hand_speed


def test_in_heading_faces_ahead_in_every_frame() -> None:
    motion = walking(2.0, 30.0).turned(quat_about("y", -1.0))
    body = in_heading(motion)
    across = body[:, JOINT["left_hip"]] - body[:, JOINT["right_hip"]]
    assert (across[:, 0] > 0).all()
    np.testing.assert_allclose(body[:, JOINT["pelvis"]], 0, atol=1e-12)
