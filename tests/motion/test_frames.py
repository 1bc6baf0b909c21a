"""Frame conversion: the table's formulas, the algebra behind them, and that no target mirrors the body."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk.errors import InvalidInput
from sdk.motion.frames import (
    ALIASES,
    FRAMES,
    Frame,
    convert_points,
    convert_rotations,
    frame_named,
    restore_points,
    restore_rotations,
)
from sdk.motion.kinematics import forward_kinematics
from sdk.motion.rotations import normalize, quat_mul, quat_rotate, quat_to_matrix
from sdk.motion.skeleton import BODY, JOINT, NUM_JOINTS, Skeleton
from tests.synthetic import standing

# name: point (x, y, z) -> point, quaternion (x, y, z, w) -> quaternion, faces, left, up, handedness
TABLE = {
    "gltf": ("x y z", 1, "x y z", "+z", "+x", "+y", "right"),
    "vrm0": ("-x y -z", 1, "-x y -z", "-z", "-x", "+y", "right"),
    "unity": ("-x y z", 1, "x -y -z", "+z", "-x", "+y", "left"),
    "unreal": ("z -x y", 100, "-z x -y", "+x", "-y", "+z", "left"),
    "unreal_component": ("x z y", 100, "-x -z -y", "+y", "+x", "+z", "left"),
    "blender": ("x -z y", 1, "x -z y", "-y", "+x", "+z", "right"),
    "bvh": ("x y z", 100, "x y z", "+z", "+x", "+y", "right"),
    "ros": ("z x y", 1, "z x y", "+x", "+y", "+z", "right"),
}
NAMES = pytest.mark.parametrize("name", TABLE)
SEEDS = st.integers(0, 2**32 - 1)


def pick(v: np.ndarray, columns: str) -> np.ndarray:
    return np.stack([(-1 if c[0] == "-" else 1) * v[..., "xyz".index(c[-1])] for c in columns.split()], -1)


def direction(text: str) -> np.ndarray:
    return (1 if text[0] == "+" else -1) * np.eye(3)["xyz".index(text[1])]


def test_the_table_covers_every_frame() -> None:
    assert set(TABLE) | {"sdk"} == set(FRAMES)


@NAMES
def test_formulas_of_the_table(name: str) -> None:
    points, unit, vector, *_ = TABLE[name]
    rng = np.random.default_rng(0)
    p, q = rng.normal(size=(4, 30, 3)), normalize(rng.normal(size=(4, 30, 4)))
    np.testing.assert_allclose(convert_points(p, name), unit * pick(p, points))
    expected = np.concatenate([pick(q[..., :3], vector), q[..., 3:]], -1)
    np.testing.assert_allclose(convert_rotations(q, name), expected)


@NAMES
def test_axes_and_handedness(name: str) -> None:
    *_, faces, left, up, hand = TABLE[name]
    frame = FRAMES[name]
    np.testing.assert_array_equal(frame.forward, direction(faces))
    np.testing.assert_array_equal(frame.left, direction(left))
    np.testing.assert_array_equal(frame.up, direction(up))
    assert frame.handedness == hand
    # In every frame up x forward = left holds up to the handedness, so left stays the character's left.
    np.testing.assert_array_equal(np.cross(frame.up, frame.forward), frame.determinant * frame.left)


@NAMES
@given(seed=SEEDS)
def test_conversion_is_conjugation(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, v = normalize(rng.normal(size=(20, 4))), normalize(rng.normal(size=(20, 4))), rng.normal(size=(20, 3))
    axes = FRAMES[name].axes
    np.testing.assert_allclose(
        quat_to_matrix(convert_rotations(a, name)), axes @ quat_to_matrix(a) @ axes.T, atol=1e-12
    )
    product = quat_mul(convert_rotations(a, name), convert_rotations(b, name))
    np.testing.assert_allclose(convert_rotations(quat_mul(a, b), name), product, atol=1e-12)
    turned = quat_rotate(convert_rotations(a, name), convert_points(v, name))
    np.testing.assert_allclose(convert_points(quat_rotate(a, v), name), turned, atol=1e-10)


@NAMES
@given(seed=SEEDS)
def test_there_and_back(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, q = rng.normal(size=(3, 5, 3)), normalize(rng.normal(size=(3, 5, 4)))
    np.testing.assert_allclose(restore_points(convert_points(p, name), name), p, atol=1e-12)
    np.testing.assert_array_equal(restore_rotations(convert_rotations(q, name), name), q)
    np.testing.assert_allclose(convert_points(restore_points(p, name), name), p, atol=1e-12)


@NAMES
def test_kinematics_in_the_target_frame_gives_the_converted_positions(name: str) -> None:
    rng = np.random.default_rng(5)
    q, root = normalize(rng.normal(size=(10, NUM_JOINTS, 4))), rng.normal(size=(10, 3))
    body = Skeleton(BODY.names, BODY.parents, convert_points(BODY.offsets, name))
    there = forward_kinematics(convert_rotations(q, name), convert_points(root, name), body)
    np.testing.assert_allclose(there, convert_points(forward_kinematics(q, root, BODY), name), atol=1e-10)


@NAMES
def test_the_left_hand_stays_on_the_left(name: str) -> None:
    frame = FRAMES[name]
    p = convert_points(standing(0.1).positions[0], frame)
    side = p @ frame.left
    assert side[JOINT["left_wrist"]] > 0 > side[JOINT["right_wrist"]]
    assert p[JOINT["left_foot"]] @ frame.forward > 0 and p[JOINT["head"]] @ frame.up > frame.unit


def test_names_and_aliases() -> None:
    assert frame_named(" Unity ") is FRAMES["unity"] and frame_named("unreal-component") is FRAMES["unreal_component"]
    for alias, name in ALIASES.items():
        assert frame_named(alias) is FRAMES[name]


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match=r"'unitty' is unknown; did you mean 'unity'\? Known: sdk, gltf") as error:
        frame_named("unitty")
    assert error.value.field == "frame"
    with pytest.raises(InvalidInput, match=r"unknown\. Known:"):
        convert_points(np.zeros(3), "qqqqqq")


@pytest.mark.parametrize(
    "axes", [np.eye(2), 2 * np.eye(3), np.ones((3, 3)), np.eye(3)[[0, 0, 1]], np.full((3, 3), np.nan)], ids=str
)
def test_axes_that_are_no_signed_permutation_are_refused(axes: np.ndarray) -> None:
    with pytest.raises(InvalidInput, match="signed permutation"):
        Frame("mine", axes)


@pytest.mark.parametrize("unit", [0.0, -1.0, float("nan"), float("inf")])
def test_a_unit_that_is_not_positive_is_refused(unit: float) -> None:
    with pytest.raises(InvalidInput, match="unit of frame 'mine'"):
        Frame("mine", np.eye(3), unit)
