"""rot272: an independent slow encoder, identities of encode and decode, the conventions, and what is refused."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sdk.errors import InvalidInput
from sdk.motion import rot272
from sdk.motion.motion import Motion
from sdk.motion.rot272 import DIM, LAYOUT, SLICES, decode, encode
from sdk.motion.rotations import Array, quat_about, quat_angle, quat_from_axis_angle
from sdk.motion.skeleton import BODY, JOINT, NUM_JOINTS, PARENTS
from tests.synthetic import standing, walking

SEED = pytest.mark.parametrize("seed", range(5))
NO_TURN = [1, 0, 0, 0, 1, 0]


def random_motion(seed: int, frames: int = 90) -> Motion:
    """Smooth turns of all joints about all axes, facing anywhere; the pelvis leans, but never to the ground."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames)[:, None, None] / 30
    size = np.where(np.arange(NUM_JOINTS) == 0, 0.3, 0.8)[:, None]
    waves = np.sin(2 * np.pi * (rng.uniform(0.1, 0.6, (NUM_JOINTS, 3)) * time + rng.random((NUM_JOINTS, 3))))
    root = np.cumsum(rng.normal(0, 0.01, (frames, 3)), axis=0) + [3.0, 0.9, -2.0]
    m = Motion(quat_from_axis_angle(size * waves), root, 30.0)
    m.rotations[:] = m.turned(quat_about("y", rng.uniform(-np.pi, np.pi))).rotations
    return m


def at_the_origin(m: Motion) -> Motion:
    """What a decoder can know of a clip: it starts over the origin and faces +Z."""
    ahead = Rotation.from_quat(m.rotations[0, 0]).apply([0, 0, 1])
    return m.moved(-m.root[0] * [1, 0, 1]).turned(quat_about("y", -np.arctan2(ahead[0], ahead[2])))


def check_same(out: Motion, expected: Motion, *, metres: float = 1e-4, degrees: float = 0.05) -> None:
    np.testing.assert_allclose(out.positions, expected.positions, atol=metres)
    assert np.degrees(quat_angle(out.rotations, expected.rotations)).max() < degrees


# --- an encoder written a second time: one frame and one joint at a time, matrices ------------------------------------


def slow_encode(m: Motion) -> Array:
    rows = []
    heading_before = root_before = places_before = None
    for t in range(len(m)):
        local = [Rotation.from_quat(m.rotations[t, j]).as_matrix() for j in range(NUM_JOINTS)]
        world, places = [local[0]], [m.root[t]]
        for j in range(1, NUM_JOINTS):
            world.append(world[PARENTS[j]] @ local[j])
            places.append(places[PARENTS[j]] + world[PARENTS[j]] @ BODY.offsets[j])
        angle = np.arctan2(local[0][0, 2], local[0][2, 2])
        cos, sin = np.cos(-angle), np.sin(-angle)
        heading = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
        if heading_before is None:
            heading_before, root_before = heading, m.root[t]
        velocity = heading_before @ (m.root[t] - root_before)
        change = heading @ heading_before.T
        seen = np.concatenate([heading @ (place - [m.root[t][0], 0, m.root[t][2]]) for place in places])
        row = [velocity[0], velocity[2], *change[0], *change[1], *seen]
        row += list(seen * 0 if places_before is None else seen - places_before)
        for j in range(NUM_JOINTS):
            turn = heading @ local[j] if j == 0 else local[j]
            row += [*turn[0], *turn[1]]
        rows.append(row)
        heading_before, root_before, places_before = heading, m.root[t], seen
    return np.array(rows)


@SEED
def test_parity_with_the_slow_encoder(seed: int) -> None:
    m = random_motion(seed, 40)
    np.testing.assert_allclose(encode(m), slow_encode(m), atol=1e-6)


# --- layout -----------------------------------------------------------------------------------------------------------


def test_the_table_is_the_layout() -> None:
    assert DIM == sum(width for _, width, _ in LAYOUT) == 272
    assert list(SLICES) == [name for name, _, _ in LAYOUT]
    edges = [(part.start, part.stop) for part in SLICES.values()]
    assert edges == [(0, 2), (2, 8), (8, 74), (74, 140), (140, 272)]


@pytest.mark.parametrize("frames", [1, 2, 77])
def test_one_row_a_frame(frames: int) -> None:
    features = encode(random_motion(0, frames))
    assert features.shape == (frames, 272) and features.dtype == np.float32
    out = decode(features)
    assert len(out) == frames and out.fps == 30 and out.skeleton is BODY


# --- identities -------------------------------------------------------------------------------------------------------


@SEED
@pytest.mark.parametrize("yaw", np.linspace(-3.1, 3.1, 5))
def test_decoding_returns_the_motion_up_to_its_place_and_heading(seed: int, yaw: float) -> None:
    m = random_motion(seed).turned(quat_about("y", yaw))
    check_same(decode(encode(m)), at_the_origin(m))


@SEED
def test_encoding_a_decoded_motion_returns_the_features(seed: int) -> None:
    features = encode(random_motion(seed))
    np.testing.assert_allclose(encode(decode(features)), features, atol=2e-5)


@SEED
def test_place_and_heading_are_not_stored_but_height_is(seed: int) -> None:
    m = random_motion(seed)
    elsewhere = m.turned(quat_about("y", 2.2)).moved(np.array([5.0, 0.0, -7.0]))
    np.testing.assert_allclose(encode(elsewhere), encode(m), atol=1e-5)
    lifted = encode(m.moved(np.array([0, 0.25, 0]))) - encode(m)
    heights = SLICES["positions"].start + 1 + 3 * np.arange(NUM_JOINTS)
    expected = np.zeros(272)
    expected[heights] = 0.25
    np.testing.assert_allclose(lifted, np.tile(expected, (len(m), 1)), atol=1e-6)


def test_a_clip_that_spins_and_walks_for_five_minutes_keeps_its_heading() -> None:
    frames = 9000
    m = standing((frames - 1) / 30)
    yaw = np.linspace(0, 2 * np.pi * 40, frames)
    m.rotations[:, 0] = quat_about("y", yaw)
    m.root[:, [0, 2]] = np.cumsum(np.stack([np.sin(yaw), np.cos(yaw)], -1) * 0.04, axis=0)
    m.root[:, [0, 2]] -= m.root[0, [0, 2]]
    out = decode(encode(m))
    assert np.degrees(quat_angle(out.rotations, m.rotations)).max() < 0.05
    assert np.abs(out.root - m.root).max() < 0.01
    np.testing.assert_allclose(out.rotations[:, 0, [0, 2]], 0, atol=1e-6)  # no lean has crept in


@SEED
def test_a_badly_scaled_or_skewed_heading_change_never_tilts_the_body(seed: int) -> None:
    features = encode(walking(2.0))
    noise = np.random.default_rng(seed).normal(0, 0.05, (len(features), 6))
    features[:, SLICES["heading_change"]] = features[:, SLICES["heading_change"]] * 1.3 + noise
    up = [Rotation.from_quat(m.rotations[:, 0]).apply([0, 1, 0])[:, 1] for m in (decode(features), walking(2.0))]
    np.testing.assert_allclose(up[0], up[1], atol=1e-6)


@SEED
def test_positions_and_velocities_are_redundant(seed: int) -> None:
    m = random_motion(seed)
    features = encode(m)
    features[:, SLICES["velocities"]] = 7
    places = features[:, SLICES["positions"]]
    places[:, [k for k in range(66) if k != 1]] = -3  # all but the height of the pelvis
    check_same(decode(features), at_the_origin(m))


def test_predicted_rotations_are_made_whole() -> None:
    features = encode(random_motion(1))
    features[:, SLICES["rotations"]] *= 1.7
    check_same(decode(features), at_the_origin(random_motion(1)))
    features[:, SLICES["rotations"]] += np.random.default_rng(0).normal(0, 0.1, (len(features), 132))
    np.testing.assert_allclose(np.linalg.norm(decode(features).rotations, axis=-1), 1, atol=1e-9)


# --- conventions ------------------------------------------------------------------------------------------------------


@SEED
def test_the_first_row_says_no_movement_yet(seed: int) -> None:
    first = encode(random_motion(seed))[0]
    np.testing.assert_array_equal(first[SLICES["root_velocity"]], [0, 0])
    np.testing.assert_allclose(first[SLICES["heading_change"]], NO_TURN, atol=1e-7)
    np.testing.assert_array_equal(first[SLICES["velocities"]], np.zeros(66))
    pelvis = first[SLICES["positions"]][:3]
    np.testing.assert_allclose(pelvis, [0, random_motion(seed).root[0, 1], 0], atol=1e-6)


@pytest.mark.parametrize("yaw", [0.0, 1.0, -2.5])
def test_walking_forward_is_positive_z_whatever_the_heading(yaw: float) -> None:
    velocity = encode(walking(4.0, speed=1.2).turned(quat_about("y", yaw)))[1:, SLICES["root_velocity"]]
    mean = velocity.mean(0) * rot272.FPS
    assert mean[1] == pytest.approx(1.2, rel=0.02) and abs(mean[0]) < 0.1


def test_stepping_to_the_left_is_positive_x() -> None:
    m = standing(1.0)
    m.root[:, 0] += np.linspace(0, 1, len(m))
    velocity = encode(m)[1:, SLICES["root_velocity"]]
    np.testing.assert_allclose(velocity, np.tile([1 / 30, 0], (30, 1)), atol=1e-7)


def test_a_quarter_turn_to_the_left_in_rows() -> None:
    m = standing(1.0)
    m.rotations[10:, 0] = quat_about("y", np.pi / 2)
    features = encode(m)
    # The world turns to the right in the eyes of one who turns left: rows (0, 0, -1) and (0, 1, 0) of H[t] H[t-1]^-1.
    np.testing.assert_allclose(features[10, SLICES["heading_change"]], [0, 0, -1, 0, 1, 0], atol=1e-7)
    np.testing.assert_allclose(features[11, SLICES["heading_change"]], NO_TURN, atol=1e-7)
    np.testing.assert_allclose(features[:, SLICES["rotations"]][:, :6], np.tile(NO_TURN, (len(m), 1)), atol=1e-7)
    ahead = Rotation.from_quat(decode(features).rotations[-1, 0]).apply([0, 0, 1])
    np.testing.assert_allclose(ahead, [1, 0, 0], atol=1e-7)  # left is +X


def test_joint_rotations_are_rows_too() -> None:
    m = standing(0.1)
    m.rotations[:, JOINT["left_shoulder"]] = quat_about("z", np.pi / 2)  # X to Y, so the rows are (0 -1 0) and (1 0 0)
    six = encode(m)[:, SLICES["rotations"]].reshape(-1, NUM_JOINTS, 6)
    np.testing.assert_allclose(six[0, JOINT["left_shoulder"]], [0, -1, 0, 1, 0, 0], atol=1e-7)


def test_the_left_wrist_of_a_t_pose_lies_at_positive_x() -> None:
    places = encode(standing(0.1))[0, SLICES["positions"]].reshape(NUM_JOINTS, 3)
    assert places[JOINT["left_wrist"], 0] > 0.5 and places[JOINT["right_wrist"], 0] < -0.5


def test_nothing_given_is_changed() -> None:
    m = random_motion(2)
    before = m.rotations.copy(), m.root.copy()
    features = encode(m)
    kept = features.copy()
    decode(features)
    np.testing.assert_array_equal(m.rotations, before[0])
    np.testing.assert_array_equal(m.root, before[1])
    np.testing.assert_array_equal(features, kept)


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fps", [20.0, 29.9, 60.0])
def test_another_rate_is_refused_with_the_remedy(fps: float) -> None:
    m = standing(1.0, fps=fps)
    with pytest.raises(InvalidInput, match=rf"rot272 needs 30 fps, got {fps:g}; resample the motion first") as error:
        encode(m)
    assert error.value.field == "fps"
    encode(m.resampled(30.0))


@pytest.mark.parametrize("shape", [(272,), (5, 271), (5, 263), (0, 272), (2, 5, 272)])
def test_a_wrong_shape_is_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput, match=r"rot272 features must be \(T, 272\), got \("):
        decode(np.zeros(shape))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_named(value: float) -> None:
    features = encode(standing(1.0))
    features[3, 200] = value
    with pytest.raises(InvalidInput, match="rot272 features hold NaN or infinite values"):
        decode(features)
