"""Profiles from a file: four ways to calibrate a rig, any axes and units, and complaints that name the key."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.bvh import read_bvh
from sdk.motion.calibration import frame_axes
from sdk.motion.motion import Motion
from sdk.motion.profile_file import NEEDED, read_profile
from sdk.motion.retarget import PROFILES, retarget
from sdk.motion.rotations import Array, quat_about, quat_angle, quat_between, quat_mul, quat_rotate
from sdk.motion.skeleton import JOINT_NAMES
from tests.motion.strange_rig import NODES, strange_clip, strange_text
from tests.synthetic import standing, walking

HANGING = {
    f"{side}_{joint}": quat_about("z", sign * np.radians(80))
    for side, sign in (("left", 1), ("right", -1))
    for joint in ("shoulder", "elbow", "wrist")
}
"""A rest pose with the arms down at the sides."""
Z_UP = frame_axes("z", "-y")


def profile_text(**skeleton: Any) -> str:
    return json.dumps({"name": "strange", "skeleton": {"joints": NODES, **skeleton}})


def write(folder: Path, text: str) -> Path:
    path = folder / "profile.json"
    path.write_text(text)
    return path


def same(out: Motion, expected: Motion) -> None:
    assert quat_angle(out.rotations, expected.rotations).max() < 1e-6
    np.testing.assert_allclose(out.root, expected.root, atol=1e-6)


# --- calibration ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("up", "ahead"), [("y", "z"), ("z", "-y"), ("z", "x"), ("-x", "y"), ("y", "-z")])
def test_axes_of_a_file_become_the_sdks(up: str, ahead: str) -> None:
    q = frame_axes(up, ahead)

    def axis(name: str) -> Array:
        return (-1.0 if name.startswith("-") else 1.0) * np.eye(3)["xyz".index(name[-1])]

    np.testing.assert_allclose(quat_rotate(q, axis(up)), [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(quat_rotate(q, axis(ahead)), [0, 0, 1], atol=1e-12)


def test_a_t_pose_at_zero_with_another_axis_and_unit(tmp_path: Path) -> None:
    m = walking(0.5)
    profile = read_profile(write(tmp_path, profile_text(up="z", ahead="-y", unit="inch", t_pose="zero")))
    same(retarget(strange_clip(m, axes=Z_UP, per_metre=1 / 0.0254), profile), m)


@pytest.mark.parametrize("axes", [np.array([0.0, 0, 0, 1]), Z_UP])
def test_a_t_pose_held_in_a_frame_facing_anywhere(axes: Array, tmp_path: Path) -> None:
    m, pose = walking(0.5), standing(0.1)[:1].turned(quat_about("y", 2.1))
    whole = Motion(np.concatenate([pose.rotations, m.rotations]), np.concatenate([pose.root, m.root]), m.fps)
    rng = np.random.default_rng(0)  # the rig's own frames lie anyhow
    swings = {joint: quat_between(rng.normal(size=3), rng.normal(size=3)) for joint in JOINT_NAMES}
    up, ahead = ("y", "z") if axes is not Z_UP else ("z", "-y")
    options = {"up": up, "ahead": ahead, "t_pose": {"frame": 0}, "first_frame": 1}
    profile = read_profile(write(tmp_path, profile_text(**options)))
    same(retarget(strange_clip(whole, axes=axes, swings=swings), profile), m)


@pytest.mark.parametrize("axes", [np.array([0.0, 0, 0, 1]), Z_UP])
def test_arms_that_hang_at_zero_are_swung_up(axes: Array, tmp_path: Path) -> None:
    m = walking(0.5)
    up, ahead = ("y", "z") if axes is not Z_UP else ("z", "-y")
    profile = read_profile(write(tmp_path, profile_text(up=up, ahead=ahead, t_pose={"bones": {}})))
    same(retarget(strange_clip(m, axes=axes, swings=HANGING), profile), m)
    as_if_zero = read_profile(write(tmp_path, profile_text(up=up, ahead=ahead, t_pose="zero")))
    wrong = retarget(strange_clip(m, axes=axes, swings=HANGING), as_if_zero)
    assert quat_angle(wrong.rotations, m.rotations).max() > 1


def test_a_direction_of_the_table_is_taken(tmp_path: Path) -> None:
    m, tilt = walking(0.5), quat_about("x", 0.4)
    slope = [0.0, -0.075, 0.09]  # of the SDK's own foot, from ankle to toe joint
    profile = read_profile(write(tmp_path, profile_text(t_pose={"bones": {"left_ankle": slope}})))
    same(retarget(strange_clip(m, swings={"left_ankle": tilt}), profile), m)


def test_given_axes_of_every_node(tmp_path: Path) -> None:
    m, rng = walking(0.5), np.random.default_rng(1)
    swings = {joint: quat_between(rng.normal(size=3), rng.normal(size=3)) for joint in JOINT_NAMES}
    x, y = np.eye(3)[:2]
    axes = {NODES[j]: {"x": quat_rotate(q, x).tolist(), "y": quat_rotate(q, y).tolist()} for j, q in swings.items()}
    profile = read_profile(write(tmp_path, profile_text(t_pose={"axes": axes})))
    same(retarget(strange_clip(m, swings=swings), profile), m)


def test_a_wrong_frame_rate_is_put_right(tmp_path: Path) -> None:
    m = walking(0.5, fps=60.0)
    profile = read_profile(write(tmp_path, profile_text(fps=60)))
    path = tmp_path / "clip.bvh"
    path.write_text(strange_text(strange_clip(m)).replace("0.01666667", "0.00833333"))
    out = retarget(read_bvh(path), profile)
    assert read_bvh(path).fps == 120 and out.fps == 60 and len(out) == len(m)
    np.testing.assert_allclose(out.positions, m.positions, atol=1e-4)


def test_a_joint_may_be_left_out(tmp_path: Path) -> None:
    joints = {j: n for j, n in NODES.items() if j in NEEDED}
    m = standing(0.2)
    same(retarget(strange_clip(m), read_profile(write(tmp_path, profile_text(joints=joints)))), m)


# --- what a clip can lack ---------------------------------------------------------------------------------------------


def complaint(clip_of: Motion, profile: str, folder: Path) -> str:
    with pytest.raises(InvalidInput) as error:
        retarget(strange_clip(clip_of), read_profile(write(folder, profile)))
    assert error.value.field == "profile" and "\n" not in str(error.value)
    return str(error.value)


def test_a_pose_that_is_none_is_refused(tmp_path: Path) -> None:
    said = complaint(walking(0.5), profile_text(t_pose={"frame": 3}), tmp_path)
    assert re.fullmatch(r"frame 3 shows no T-pose: the left arm lies -\d\d degrees off the horizon", said)
    said = complaint(standing(0.1), profile_text(t_pose={"frame": 40}), tmp_path)
    assert said == "the T-pose should stand in frame 40, but the clip has 4 frames"


def test_a_clip_without_movement_and_a_wrong_unit_are_refused(tmp_path: Path) -> None:
    said = complaint(standing(0.1), profile_text(first_frame=4), tmp_path)
    assert said == "the movement should begin at frame 4, but the clip has 4 frames"
    said = complaint(standing(0.1), profile_text(unit="mm"), tmp_path)
    assert said == "the left leg would be 0.08 m long; is the unit of 'strange' right?"


@pytest.mark.parametrize("name", ["xsens", "axis-neuron"])
def test_the_known_programs_write_centimetres(name: str) -> None:
    assert PROFILES[name].metres == 0.01 and {"pelvis", "left_hip", "left_knee", "left_ankle"} <= set(
        PROFILES[name].nodes
    )


# --- what a file can hold ---------------------------------------------------------------------------------------------


def broken(change: Callable[[dict[str, Any]], object]) -> str:
    document = json.loads(profile_text())
    change(document)
    return json.dumps(document)


def joints(**names: Any) -> Callable[[dict[str, Any]], object]:
    return lambda d: d["skeleton"]["joints"].update(names)


def keys(**values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda d: d["skeleton"].update(values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("skeleton"), "profile.json.skeleton is missing"),
        (lambda d: d.pop("name"), "profile.json.name is missing"),
        (lambda d: d["skeleton"].pop("joints"), "profile.json.skeleton.joints is missing"),
        (lambda d: d["skeleton"]["joints"].pop("left_knee"), "joints.left_knee is missing; needed are pelvis"),
        (joints(left_nee="x"), "joints.left_nee is unknown; did you mean 'left_knee'?"),
        (joints(head="bone_neck"), "joints.head and neck name the same node 'bone_neck'"),
        (joints(head=3), "joints.head must be a text, found 3"),
        (keys(unit="yard"), 'skeleton.unit must be one of m, cm, mm, inch, foot, found "yard"'),
        (keys(up="north"), "skeleton.up is wrong: up must be x, y, z, -x, -y or -z"),
        (keys(up="-z"), "skeleton.ahead is wrong: up '-z' and ahead 'z' lie along the same line"),
        (keys(fps=1000), "skeleton.fps must be a number in 1..240, found 1000"),
        (keys(frames=3), "skeleton.frames is unknown; known: joints, unit, up"),
        (keys(t_pose="arms out"), 'skeleton.t_pose must be "zero", {"frame": n}'),
        (keys(t_pose={"frame": "first"}), "t_pose.frame must be a number"),
        (keys(t_pose={"bones": {"head": [0, 1, 0]}}), "t_pose.bones.head is unknown"),
        (keys(t_pose={"bones": {"neck": [0, 0, 0]}}), "bones.neck must be a direction like"),
        (keys(t_pose={"axes": {}}), "t_pose.axes.bone_pelvis is missing"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_named_with_its_way(
    change: Callable[[dict[str, Any]], object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput) as error:
        read_profile(write(tmp_path, broken(change)))
    assert message in str(error.value) and str(error.value).startswith("profile.json") and error.value.field


def test_axes_that_are_not_perpendicular_are_named(tmp_path: Path) -> None:
    axes = {node: {"x": [1, 0, 0], "y": [1, 1, 0]} for node in NODES.values()}
    with pytest.raises(InvalidInput, match=r"axes\.bone_pelvis needs x and y at right angles"):
        read_profile(write(tmp_path, profile_text(t_pose={"axes": axes})))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"name": "x",\n "skeleton": {,}}', "profile.json: line 2, column 15"),
        ('{"name": "x", "name": "y"}', "the key 'name' stands twice"),
        ("name: strange\n", "profile.json: line 1, column 1: Expecting value; profiles are JSON"),
    ],
)
def test_what_is_no_json_is_named_by_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(MalformedFile, match=message):
        read_profile(write(tmp_path, text))


def test_a_list_is_no_profile(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"profile.json must be an object \{\.\.\.\}, found \[1, 2\]"):
        read_profile(write(tmp_path, "[1, 2]"))


def test_turning_first_and_axes_after_is_not_the_same() -> None:
    """The anchor of the tests above: their rig really is turned."""
    assert quat_angle(quat_mul(Z_UP, HANGING["left_elbow"]), quat_mul(HANGING["left_elbow"], Z_UP)) > 0.1
