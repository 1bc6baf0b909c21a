"""Retargeting: known rotations come back, twist included; then floor, facing and the hinges of real clips."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sdk.errors import InvalidInput
from sdk.motion import rot272
from sdk.motion.bvh import BvhClip, bvh_text, read_bvh
from sdk.motion.motion import Motion
from sdk.motion.retarget import PROFILES, canonical, ground_height, hinge_angles, profile_named, retarget
from sdk.motion.rotations import (
    IDENTITY,
    Array,
    quat_about,
    quat_angle,
    quat_from_axis_angle,
    quat_inv,
    quat_mul,
    quat_rotate,
)
from sdk.motion.skeleton import BODY, JOINT, NUM_JOINTS
from tests.synthetic import standing, walking
from tests.training.synthetic_set import bandai_text, walk

BANDAI = PROFILES["bandai-namco"]
SEED = pytest.mark.parametrize("seed", range(4))


def random_motion(seed: int, frames: int = 25) -> Motion:
    """Every joint turns about every axis; spine2, which the layout does not have, keeps still."""
    rng = np.random.default_rng(seed)
    turns = rng.normal(0, 0.6, (1, NUM_JOINTS, 3)) + np.cumsum(rng.normal(0, 0.05, (frames, NUM_JOINTS, 3)), axis=0)
    turns[:, JOINT["spine2"]] = 0
    root = [0, 0.9, 0] + np.cumsum(rng.normal(0, 0.05, (frames, 3)), axis=0)
    return Motion(quat_from_axis_angle(turns), root, 30.0)


def read(text: str, folder: Path) -> BvhClip:
    path = folder / "clip.bvh"
    path.write_text(text)
    return read_bvh(path)


def check_same(out: Motion, expected: Motion) -> None:
    assert quat_angle(out.rotations, expected.rotations).max() < 1e-6
    np.testing.assert_allclose(out.root, expected.root, atol=1e-6)


# --- the Bandai-Namco layout ------------------------------------------------------------------------------------------


@SEED
def test_known_rotations_come_back_with_their_twist(seed: int, tmp_path: Path) -> None:
    m = random_motion(seed)
    out = retarget(read(bandai_text(m), tmp_path), BANDAI)
    check_same(out, m)
    np.testing.assert_allclose(out.positions, m.positions, atol=1e-6)
    assert out.fps == 30 and out.skeleton is BODY
    assert (np.sum(out.rotations[1:] * out.rotations[:-1], -1) > 0).all()


@pytest.mark.parametrize("joint", ["left_shoulder", "right_elbow", "left_wrist", "right_hip", "left_knee", "head"])
def test_a_pure_twist_of_one_bone_is_kept(joint: str, tmp_path: Path) -> None:
    m = standing(0.5)
    along = {"left_shoulder": "x", "right_elbow": "x", "left_wrist": "x"}.get(joint, "y")
    m.rotations[:, JOINT[joint]] = quat_about(along, np.linspace(0, 1, len(m)))  # type: ignore[arg-type]
    check_same(retarget(read(bandai_text(m), tmp_path), BANDAI), m)


@pytest.mark.parametrize("size", [0.5, 0.97, 1.3])
def test_the_root_path_is_scaled_by_the_legs(size: float, tmp_path: Path) -> None:
    m = walk(1.0)
    clip = read(bandai_text(m, size=size), tmp_path)
    hips = clip.world()[1][:, clip.names.index("Hips")] / 100
    np.testing.assert_allclose(hips, m.root * size, atol=1e-6)
    check_same(retarget(clip, BANDAI), m)


def test_the_movement_of_the_root_above_the_hips_counts(tmp_path: Path) -> None:
    m = random_motion(5)
    rng = np.random.default_rng(5)
    carrier = Rotation.random(len(m), random_state=5).as_quat(), rng.normal(0, 100, (len(m), 3))
    clip = read(bandai_text(m, carrier=carrier), tmp_path)
    assert np.ptp(clip.translations[:, 0], axis=0).min() > 100
    check_same(retarget(clip, BANDAI), m)


def test_legs_are_measured_where_they_are_and_not_by_an_offset_that_is_replaced(tmp_path: Path) -> None:
    m = walk(0.5)
    clip = read(bandai_text(m), tmp_path)
    check_same(retarget(replace(clip, offsets=clip.offsets * 0), BANDAI), m)


def test_missing_nodes_are_named(tmp_path: Path) -> None:
    text = bandai_text(standing(0.1))
    with pytest.raises(
        InvalidInput, match=r"the clip lacks Chest, Toes_L, which profile 'bandai-namco' needs"
    ) as error:
        retarget(read(text.replace("Chest", "Brust").replace("Toes_L", "Zehen"), tmp_path), BANDAI)
    assert error.value.field == "profile"
    with pytest.raises(InvalidInput, match="lacks Chest, Foot_L"):
        retarget(read(bvh_text(standing(0.1)), tmp_path), BANDAI)


def test_a_body_without_legs_is_refused(tmp_path: Path) -> None:
    clip = read(bandai_text(standing(0.1)), tmp_path)
    with pytest.raises(InvalidInput, match="left leg has no length"):
        retarget(replace(clip, translations=clip.translations * 0), BANDAI)


@pytest.mark.parametrize("frame_time", ["0.0001", "1e-320", "3"])
def test_a_rate_nobody_films_at_is_refused(frame_time: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"fps must lie in 1\.\.240"):
        retarget(read(bandai_text(standing(0.1), frame_time=frame_time), tmp_path), BANDAI)


def test_an_unknown_profile_lists_the_known_ones() -> None:
    assert profile_named("sdk") is PROFILES["sdk"]
    with pytest.raises(InvalidInput, match=r"'mixamo' is unknown; known: bandai-namco, sdk") as error:
        profile_named("mixamo")
    assert error.value.field == "profile"


# --- floor and facing -------------------------------------------------------------------------------------------------


def jumping(height: float = 0.5) -> Motion:
    """Stands a second, is in the air for most of two seconds, stands a second."""
    m = standing(4.0)
    rise = np.clip((np.arange(len(m)) / 30 - 1) / 2, 0, 1)
    return replace(m, root=m.root + np.outer(4 * height * rise * (1 - rise), [0, 1, 0]))


@pytest.mark.parametrize("floor", [-0.7, 0.0, 0.42])
def test_the_ground_is_found_at_any_height(floor: float) -> None:
    for m, tolerance in ((standing(1.0), 1e-9), (walking(4.0), 0.02), (jumping(), 0.01)):
        assert ground_height(m.moved(np.array([0, floor, 0]))) == pytest.approx(floor, abs=tolerance)


def test_one_frame_is_enough() -> None:
    m = standing(0.1)[:1].moved(np.array([0, 0.3, 0]))
    assert ground_height(m) == pytest.approx(0.3)
    assert canonical(m).root[0, 1] == pytest.approx(BODY.rest_height)


def test_a_frame_below_the_floor_does_not_pull_the_ground_down() -> None:
    m = walking(4.0)
    m.root[50, 1] -= 0.3
    assert m.positions[..., 1].min() < -0.2
    assert abs(ground_height(m)) < 0.02


@SEED
def test_canonical_starts_over_the_origin_facing_ahead_wherever_the_clip_was(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m = walking(2.0, speed=0.8 + 0.2 * seed)
    yaw, place = rng.uniform(-np.pi, np.pi), rng.normal(0, 3, 3)
    out = canonical(m.turned(quat_about("y", yaw)).moved(place))
    np.testing.assert_allclose(out.root[0, [0, 2]], 0, atol=1e-9)
    ahead = quat_rotate(out.rotations[0, 0], np.array([0.0, 0.0, 1.0]))
    assert ahead[0] == pytest.approx(0, abs=1e-9) and ahead[2] > 0.9
    assert ground_height(out) == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(out.positions, canonical(m).positions, atol=1e-9)
    np.testing.assert_allclose(canonical(out).positions, out.positions, atol=1e-9)
    np.testing.assert_array_equal(out.rotations[:, 1:], m.rotations[:, 1:])


# --- hinges -----------------------------------------------------------------------------------------------------------


def bent(joint: str, rotation: Array) -> Motion:
    m = standing(0.1)
    m.rotations[:, JOINT[joint]] = rotation
    return m


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("angle", [0.0, 0.1, 1.2, 2.5, -0.3])
def test_a_knee_is_positive_when_the_foot_goes_back_and_an_elbow_when_the_hand_goes_ahead(
    side: str, angle: float
) -> None:
    # The axis of the bend is found from the geometry: across the limb and the way it is to go.
    for hinge, end, ahead in (("knee", "ankle", -1.0), ("elbow", "wrist", 1.0)):
        name = f"{side}_{hinge}"
        bone = BODY.offsets[JOINT[f"{side}_{end}"]]
        axis = np.cross(bone / np.linalg.norm(bone), [0, 0, ahead])
        for sign in (1, -1):  # q and -q are the same rotation
            m = bent(name, sign * quat_from_axis_angle(angle * axis))
            gone = m.positions[0, JOINT[f"{side}_{end}"], 2] - m.positions[0, JOINT[name], 2]
            assert gone == pytest.approx(ahead * np.linalg.norm(bone) * np.sin(angle), abs=1e-12)
            hinges = hinge_angles(m)
            np.testing.assert_allclose(hinges.pop(name), angle, atol=1e-9)
            assert all((np.abs(other) < 1e-12).all() for other in hinges.values())


def test_turns_about_other_axes_are_left_out() -> None:
    for name, along in (("left_elbow", "x"), ("right_elbow", "x"), ("left_knee", "y"), ("right_knee", "z")):
        turn = quat_about(along, 0.9)  # type: ignore[arg-type]
        np.testing.assert_allclose(hinge_angles(bent(name, turn))[name], 0, atol=1e-12)


def test_hinges_of_a_mirrored_clip_change_sides() -> None:
    m = walking(2.0)
    m.rotations[:, JOINT["left_knee"]] = quat_mul(m.rotations[:, JOINT["left_knee"]], quat_about("x", 0.4))
    own, twin = hinge_angles(m), hinge_angles(m.mirrored())
    for name in ("elbow", "knee"):
        np.testing.assert_allclose(twin[f"left_{name}"], own[f"right_{name}"], atol=1e-12)
        np.testing.assert_allclose(twin[f"right_{name}"], own[f"left_{name}"], atol=1e-12)


# --- real clips -------------------------------------------------------------------------------------------------------


@pytest.mark.mocap
def test_real_clips_bend_stand_and_survive_the_representation(mocap_path: Path) -> None:
    files = sorted(mocap_path.rglob("*.bvh"), key=lambda path: path.name)[35::70]
    assert len(files) >= 40
    for path in files:
        m = canonical(retarget(read_bvh(path), BANDAI))
        hinges = hinge_angles(m)
        for name, angle in hinges.items():
            assert np.degrees(angle.min()) > -1, f"{path.name}: {name} bends the wrong way"
        for name in ("left_knee", "right_knee"):  # elbows twist with the hand, knees do not
            rest = quat_mul(m.rotations[:, JOINT[name]], quat_inv(quat_about("x", hinges[name])))
            assert np.degrees(quat_angle(rest, IDENTITY)).max() < 3, f"{path.name}: {name} bends about another axis"
        toes, planted = m.positions[:, [JOINT["left_foot"], JOINT["right_foot"]], 1], m.contacts[:, [1, 3]] > 0
        over = toes[planted] - BODY.toe_height
        assert len(over) > 10 and np.abs(np.quantile(over, [0.05, 0.5, 0.95])).max() < 0.02, path.name
        back = rot272.decode(rot272.encode(m))
        np.testing.assert_allclose(back.positions, m.positions, atol=1e-3, err_msg=path.name)
