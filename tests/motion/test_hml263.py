"""hml263: the published identities, an independent slow encoder, and what may never happen (NaN, a wrong std)."""

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from sdk.errors import InvalidInput
from sdk.motion import hml263
from sdk.motion.hml263 import (
    BLOCKS,
    CHAINS,
    NUM_FEATURES,
    RAW_DIRECTIONS,
    SLICES,
    TARGET_LENGTHS,
    Facing,
    check_std,
    decode_positions,
    encode_positions,
    heading_quaternions,
    placed,
    process,
    std_kind,
    uniform_skeleton,
)
from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    Array,
    matrix_from_6d,
    quat_about,
    quat_angle,
    quat_from_axis_angle,
    quat_inv,
    quat_rotate,
    quat_to_matrix,
)
from sdk.motion.skeleton import FOOT_JOINTS, JOINT, MIRROR, NUM_JOINTS, PARENTS
from tests.motion.hml263_reference import slow_encode
from tests.synthetic import standing, walking

FACINGS: tuple[Facing, ...] = ("published", "correct")
BOTH = pytest.mark.parametrize("facing", FACINGS)
SEED = pytest.mark.parametrize("seed", range(4))


def random_positions(seed: int, frames: int = 90, size: float = 0.25) -> Array:
    """(T, 22, 3) at 20 fps: a body that wanders and moves all joints smoothly; its heading stays off +-180 degrees."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames) / 20
    waves = np.sin(2 * np.pi * (rng.uniform(0.1, 0.7, (3, 1, NUM_JOINTS, 3)) * time[:, None, None] + rng.random()))
    rotations = quat_from_axis_angle((rng.normal(0, size / 2, (3, 1, NUM_JOINTS, 3)) * waves).sum(0))
    root = np.stack([0.3 * np.sin(time), 0.9 + 0.05 * np.cos(3 * time), 0.8 * time], -1)
    return Motion(rotations, root, 20.0).turned(quat_about("y", rng.uniform(-1, 1))).positions


def prepared(seed: int, frames: int = 90) -> Array:
    return placed(uniform_skeleton(random_positions(seed, frames)))


@pytest.mark.parametrize("seed", range(3))
def test_parity_with_the_slow_encoder(seed: int) -> None:
    p = prepared(seed, 50)
    np.testing.assert_allclose(encode_positions(p), slow_encode(p), atol=2e-7)


def test_smoothing_is_scipys_gaussian() -> None:
    for frames in (2, 5, 40, 300):
        x = np.random.default_rng(frames).normal(size=(frames, 3))
        np.testing.assert_allclose(hml263._smoothed(x), gaussian_filter1d(x, 20, axis=0, mode="nearest"), atol=1e-12)


# --- layout -----------------------------------------------------------------------------------------------------------


def test_the_table_is_the_layout() -> None:
    assert [b.name for b in BLOCKS] == [
        "yaw", "velocity", "height", "position", "rotation", "joint_velocity", "contact",
    ]  # fmt: skip
    assert [b.columns.start for b in BLOCKS] == [0, 1, 3, 4, 67, 193, 259] and NUM_FEATURES == 263
    assert all(a.columns.stop == b.columns.start for a, b in zip(BLOCKS, BLOCKS[1:], strict=False))
    assert all(math.prod(b.shape) == b.columns.stop - b.columns.start for b in BLOCKS)


def test_the_skeleton_is_the_published_one() -> None:
    assert RAW_DIRECTIONS.shape == (22, 3) and (np.linalg.norm(RAW_DIRECTIONS[1:], axis=-1) == 1).all()
    assert {b: a for chain in CHAINS for a, b in zip(chain, chain[1:], strict=False)} == dict(
        enumerate(PARENTS[1:], start=1)
    )
    assert TARGET_LENGTHS[JOINT["right_knee"]] + TARGET_LENGTHS[JOINT["right_ankle"]] == pytest.approx(0.815831)


@pytest.mark.parametrize("frames", [2, 3, 40, 200])
@BOTH
def test_one_row_less_than_frames(frames: int, facing: Facing) -> None:
    features = process(random_positions(0, frames), facing=facing)
    assert features.shape == (frames - 1, 263) and features.dtype == np.float32
    assert decode_positions(features).shape == (frames - 1, 22, 3)


# --- the pipeline -----------------------------------------------------------------------------------------------------


@SEED
def test_uniform_skeleton_has_the_target_lengths_and_the_old_directions(seed: int) -> None:
    p = random_positions(seed) * 1.37
    out = uniform_skeleton(p)
    bones, old = (x[:, 1:] - x[:, list(PARENTS[1:])] for x in (out, p))
    lengths = np.linalg.norm(bones, axis=-1)
    np.testing.assert_allclose(lengths, np.broadcast_to(TARGET_LENGTHS[1:], lengths.shape), atol=1e-12)
    cosine = np.sum(bones * old, -1) / lengths / np.linalg.norm(old, axis=-1)
    np.testing.assert_allclose(cosine, 1, atol=1e-12)
    np.testing.assert_allclose(uniform_skeleton(out), out, atol=1e-12)
    np.testing.assert_allclose(out[:, 0], p[:, 0] * 0.815831 / (0.8 * 1.37), atol=1e-9)


@SEED
def test_uniform_skeleton_is_the_published_swing_ik_followed_by_fk(seed: int) -> None:
    p = random_positions(seed)
    heading = heading_quaternions(p)
    swings, out = hml263._swings(p, heading), uniform_skeleton(p)
    there = np.zeros_like(p)
    there[:, 0] = out[:, 0]
    for chain in CHAINS:
        so_far = quat_to_matrix(heading)
        for a, b in zip(chain, chain[1:], strict=False):
            so_far = so_far @ quat_to_matrix(swings[:, b])
            there[:, b] = there[:, a] + TARGET_LENGTHS[b] * (so_far @ RAW_DIRECTIONS[b])
    np.testing.assert_allclose(there, out, atol=1e-9)


@SEED
def test_placed_puts_the_clip_on_the_floor_at_the_origin_facing_forward(seed: int) -> None:
    p = random_positions(seed)
    out = placed(p)
    assert out[..., 1].min() == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(out[0, 0, [0, 2]], 0, atol=1e-12)
    across = out[0, 1] - out[0, 2] + out[0, 16] - out[0, 17]  # to the left
    assert across[0] > 0 and across[2] == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(np.linalg.norm(out - out[:, :1], axis=-1), np.linalg.norm(p - p[:, :1], axis=-1))


@SEED
@BOTH
def test_the_pipeline_ignores_where_a_clip_stands_and_looks(seed: int, facing: Facing) -> None:
    p = random_positions(seed)
    moved = quat_rotate(quat_about("y", 2.1), p) + [4.0, 0.3, -2.0]
    np.testing.assert_allclose(process(moved, facing=facing), process(p, facing=facing), atol=1e-6)


def test_encode_resamples_and_processes() -> None:
    m = walking(3.0, fps=30.0)
    features = hml263.encode(m)
    assert len(features) == 60
    np.testing.assert_array_equal(features, process(m.resampled(20.0).positions))


# --- published identities ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_decoding_returns_the_positions(seed: int) -> None:
    p = prepared(seed, 199)
    np.testing.assert_allclose(decode_positions(encode_positions(p)), p[:-1], atol=1e-5)


@pytest.mark.parametrize("yaw", np.linspace(-3, 3, 7))
def test_decoding_returns_the_positions_in_the_correct_mode_up_to_the_first_heading(yaw: float) -> None:
    p = placed(uniform_skeleton(random_positions(5, 150)))
    p = quat_rotate(quat_about("y", yaw), p)
    first = heading_quaternions(p, facing="correct")[0]
    out = decode_positions(encode_positions(p, facing="correct"))
    np.testing.assert_allclose(out, quat_rotate(first, p)[:-1], atol=1e-5)


def spinning(turns: float, frames: int = 120) -> Array:
    p = np.tile(standing(0.1).positions[:1], (frames, 1, 1))
    p += np.linspace(0, 1, frames)[:, None, None] * [0.0, 0.0, 2.0]
    return quat_rotate(quat_about("y", np.linspace(0, 2 * np.pi * turns, frames))[:, None], p)


def test_turning_left_gives_negative_half_angles() -> None:
    features = encode_positions(spinning(0.25))
    middle = features[50:70, 0]  # away from the ends, where the smoothing holds the heading back
    np.testing.assert_allclose(middle, -np.pi / 2 / 119 / 2, atol=1e-4)
    assert encode_positions(spinning(-0.25))[50:70, 0].min() > 0
    rate = -2 * middle * hml263.FPS
    np.testing.assert_allclose(rate, np.pi / 2 / 119 * 20, rtol=0.02)


def test_the_correct_mode_survives_a_full_turn_and_the_published_one_bends() -> None:
    p = spinning(1.0)
    first = heading_quaternions(p, facing="correct")[0]
    exact = decode_positions(encode_positions(p, facing="correct"))
    np.testing.assert_allclose(exact, quat_rotate(first, p)[:-1], atol=1e-5)
    features = encode_positions(p)
    lost = np.flatnonzero(features[:, 0] > 0)  # one frame of a left turn with the sign of a right turn
    assert len(lost) == 1
    out = decode_positions(features)
    np.testing.assert_allclose(out[: lost[0] + 1], p[: lost[0] + 1], atol=1e-5)
    off = quat_about("y", 4 * float(features[lost[0], 0]))
    here = out[-1] - out[-1, 0]
    np.testing.assert_allclose(here, quat_rotate(quat_inv(off), p[-2] - p[-2, 0]), atol=1e-4)


def test_walking_forward_gives_positive_z_velocity_at_its_speed() -> None:
    features = hml263.encode(walking(4.0, speed=1.1))
    scale = 0.815831 / 0.8
    assert features[:, 2].mean() * hml263.FPS == pytest.approx(1.1 * scale, rel=0.02)
    assert abs(features[:, 1].mean()) * hml263.FPS < 0.1


def test_the_left_wrist_of_a_t_pose_lies_at_positive_x() -> None:
    features = hml263.encode(standing(1.0))
    wrists = features[:, SLICES["position"]].reshape(-1, 21, 3)[:, [JOINT["left_wrist"] - 1, JOINT["right_wrist"] - 1]]
    assert (wrists[:, 0, 0] > 0.5).all() and (wrists[:, 1, 0] < -0.5).all()
    assert features[:, SLICES["contact"]].all()


@SEED
def test_positions_do_not_feel_a_turn_of_the_clip(seed: int) -> None:
    p = prepared(seed)
    turned = quat_rotate(quat_about("y", 0.7), p)
    for facing, start in (("published", 1), ("correct", 0)):
        a, b = (encode_positions(x, facing=facing) for x in (p, turned))
        for name in ("height", "position", "joint_velocity", "contact"):
            np.testing.assert_allclose(a[start:, SLICES[name]], b[start:, SLICES[name]], atol=1e-6)
        # ... but the swings are taken in world axes, which is why they are no pose.
        assert np.abs(a[start:, SLICES["rotation"]] - b[start:, SLICES["rotation"]]).max() > 0.1


@SEED
def test_rotation_block_with_target_lengths_agrees_with_the_positions(seed: int) -> None:
    features = encode_positions(prepared(seed))
    p = decode_positions(features)
    m = matrix_from_6d(features[:, SLICES["rotation"]].reshape(-1, 21, 6).astype(float), layout="columns")
    half = np.concatenate([[0.0], np.cumsum(features[:-1, 0].astype(float))])
    out = np.zeros_like(p)
    out[:, 0] = p[:, 0]
    for chain in CHAINS:
        so_far = quat_to_matrix(quat_about("y", 2 * half))
        for a, b in zip(chain, chain[1:], strict=False):
            so_far = so_far @ m[:, b - 1]
            out[:, b] = out[:, a] + TARGET_LENGTHS[b] * (so_far @ RAW_DIRECTIONS[b])
    np.testing.assert_allclose(out, p, atol=2e-6)


@SEED
@BOTH
def test_contacts_are_the_squared_step_below_the_limit(seed: int, facing: Facing) -> None:
    p = prepared(seed)
    contacts = encode_positions(p, facing=facing)[:, SLICES["contact"]]
    for column, joint in enumerate(FOOT_JOINTS):
        step = np.sum((p[1:, joint] - p[:-1, joint]) ** 2, -1)
        np.testing.assert_array_equal(contacts[:, column], (step < 0.002).astype(np.float32))
    assert 0 < contacts.mean() < 1


@SEED
@BOTH
def test_a_mirrored_clip_swaps_contacts_and_turns(seed: int, facing: Facing) -> None:
    p = prepared(seed)
    mirrored = p[:, list(MIRROR)] * [-1, 1, 1]
    np.testing.assert_array_equal(mirrored[:, list(MIRROR)] * [-1, 1, 1], p)
    a, b = encode_positions(p, facing=facing), encode_positions(mirrored, facing=facing)
    np.testing.assert_array_equal(b[:, SLICES["contact"]], a[:, SLICES["contact"]][:, [2, 3, 0, 1]])
    np.testing.assert_allclose(b[:, 0], -a[:, 0], atol=1e-6)
    np.testing.assert_allclose(b[:, 1:4], a[:, 1:4] * [-1, 1, 1], atol=1e-6)


def test_published_mode_forces_the_first_heading_and_subtracts_the_hips() -> None:
    p = quat_rotate(quat_about("y", 0.5), prepared(1))
    np.testing.assert_array_equal(heading_quaternions(p)[0], [0, 0, 0, 1])
    assert quat_angle(heading_quaternions(p, facing="correct")[0], quat_about("y", -0.5)) < 0.3
    twisted = np.tile(standing(0.1).positions[:1], (30, 1, 1))
    hips = [1, 2]
    twisted[:, hips] = quat_rotate(quat_about("y", 0.4), twisted[:, hips] - twisted[:, :1]) + twisted[:, :1]
    yaw = {f: float(2 * np.arctan2(*heading_quaternions(twisted, facing=f)[5, [1, 3]])) for f in FACINGS}
    assert yaw["correct"] < -0.01 and yaw["published"] > 0.01  # the published heading turns against the hips


# --- no NaN -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("joint", range(1, NUM_JOINTS))
@BOTH
def test_a_bone_against_its_raw_direction_gives_no_nan(joint: int, facing: Facing) -> None:
    p = np.tile(standing(0.1).positions[:1], (10, 1, 1))
    below = [j for j in range(NUM_JOINTS) if joint in ancestors(j)]
    goal = p[:, PARENTS[joint]] - TARGET_LENGTHS[joint] * RAW_DIRECTIONS[joint]
    p[:, below] += (goal - p[:, joint])[:, None]
    features = encode_positions(p, facing=facing)
    assert np.isfinite(features).all()
    six = features[:, SLICES["rotation"]].reshape(-1, 21, 2, 3).astype(float)
    np.testing.assert_allclose(np.linalg.norm(six, axis=-1), 1, atol=1e-6)


def ancestors(j: int) -> set[int]:
    out = {j}
    while PARENTS[j] >= 0:
        j = PARENTS[j]
        out.add(j)
    return out


@BOTH
def test_a_body_that_faces_backwards_or_stands_on_its_hands_gives_no_nan(facing: Facing) -> None:
    p = standing(1.0).positions
    for turned in (quat_rotate(quat_about("y", np.pi), p), quat_rotate(quat_about("x", np.pi), p)):
        for features in (process(turned, facing=facing), encode_positions(turned, facing=facing)):
            assert np.isfinite(features).all()
        heading = heading_quaternions(turned, facing=facing)
        np.testing.assert_array_equal(heading[:, [0, 2]], 0)
        np.testing.assert_allclose(placed(turned)[:, 1] - placed(turned)[:, 2], [[0.13, 0, 0]] * len(p), atol=1e-9)


# --- to a Motion ------------------------------------------------------------------------------------------------------


def test_decoded_motion_walks_like_the_source() -> None:
    m = walking(4.0, fps=20.0)
    out = hml263.decode(hml263.encode(m))
    assert out.fps == 20 and len(out) == len(m) - 1
    speed = (out.root[-1, 2] - out.root[0, 2]) / out.seconds
    assert speed == pytest.approx(1.1, rel=0.02)
    assert abs(out.positions[..., 1].min() - out.skeleton.toe_height) < 0.03
    # The two skeletons part pelvis and collars differently; limbs must keep their course.
    error = np.degrees(quat_angle(out.rotations, m.rotations[:-1]))
    for name in ("left_hip", "right_hip", "left_knee", "right_knee", "left_elbow", "right_elbow"):
        assert np.median(error[:, JOINT[name]]) < 8, name
    jump = np.degrees(quat_angle(out.rotations[1:], out.rotations[:-1])).max(0)
    own = np.degrees(quat_angle(m.rotations[1:], m.rotations[:-1])).max(0)
    assert (jump < own + 10).all()


@SEED
def test_decoded_motion_points_every_bone_as_the_features_do(seed: int) -> None:
    features = encode_positions(prepared(seed))
    p, out = decode_positions(features), hml263.decode(features).positions
    for name in ("left_knee", "right_ankle", "left_foot", "spine2", "spine3", "left_elbow", "right_wrist", "head"):
        j = JOINT[name]
        a, b = (x[:, j] - x[:, PARENTS[j]] for x in (p, out))
        np.testing.assert_allclose(np.sum(a * b, -1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1), 1)


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_wrong_input_is_named() -> None:
    good = prepared(0, 5)
    for bad in (good[0], good[:, :21], good[..., :2], good[:1]):
        with pytest.raises(InvalidInput, match=r"positions must be \(T, 22, 3\), T >= 2; got") as error:
            encode_positions(bad)
        assert error.value.field == "positions"
    with pytest.raises(InvalidInput, match="NaN"):
        process(good * np.nan)
    with pytest.raises(InvalidInput, match="facing must be 'published' or 'correct', got 'left'"):
        encode_positions(good, facing="left")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="right leg has no length"):
        uniform_skeleton(np.zeros((3, 22, 3)))
    with pytest.raises(InvalidInput, match=r"features must be \(T, 263\)"):
        decode_positions(np.zeros((3, 251)))
    with pytest.raises(InvalidInput, match="features hold NaN"):
        hml263.decode(np.full((3, 263), np.nan))
    with pytest.raises(InvalidInput, match=r"needs at least 0\.05 s of motion, got 0 s"):
        hml263.encode(standing(1.0)[:1])


def published_std() -> Array:
    std = np.ones(263)
    for name, value in zip(
        [b.name for b in BLOCKS], [0.012826, 0.016927, 0.153766, 0.122244, 0.299692, 0.019470, 0.355933], strict=True
    ):
        std[SLICES[name]] = value
    return std


def test_the_three_standard_deviations_are_told_apart() -> None:
    raw = published_std()
    divided = [b for name in ("yaw", "velocity", "height", "contact") for b in range(263)[SLICES[name]]]
    kinds = {}
    for factor in (1, 5, 25):
        std = raw.copy()
        std[divided] /= factor
        kinds[factor] = std_kind(std)
        check_std(std, expected=kinds[factor])
        # Another data set moves: spreads of half to double must not change the verdict.
        assert std_kind(std * 0.55) == std_kind(std * 1.8) == kinds[factor]
    assert kinds == {1: "raw", 5: "divided by 5", 25: "divided by 25"}
    with pytest.raises(InvalidInput, match=r"std is raw \(yaw 0\.012826\) but divided by 25 is expected") as error:
        check_std(raw, expected="divided by 25")
    assert error.value.field == "std"
    for bad in (raw[:-1], raw * np.nan, raw * 0):
        with pytest.raises(InvalidInput, match=r"std must be \(263,\)"):
            std_kind(bad)
