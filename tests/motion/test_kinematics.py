"""Forward kinematics, heading, contacts and the solver from positions: laws over random poses and movements."""

import numpy as np
import pytest

from sdk.errors import InvalidInput
from sdk.motion.from_positions import smooth_twist, solve_rotations
from sdk.motion.kinematics import (
    CONTACT_HEIGHT,
    CONTACT_SPEED,
    foot_contacts,
    foot_positions,
    forward_kinematics,
    global_rotations,
    heading_angle,
    local_rotations,
)
from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    IDENTITY,
    Array,
    normalize,
    quat_about,
    quat_angle,
    quat_from_axis_angle,
    quat_mul,
    quat_rotate,
)
from sdk.motion.skeleton import BODY, FOOT_JOINTS, JOINT, JOINT_NAMES, MIRROR, NUM_JOINTS, PARENTS
from tests.synthetic import standing, walking


def random_motion(seed: int, frames: int = 60, size: float = 0.6, fps: float = 30.0) -> Motion:
    """Smooth movement of every joint: three slow waves for each axis, up to about `size` radians."""
    rng = np.random.default_rng(seed)
    waves = rng.uniform(0.1, 0.6, 3)[:, None, None, None] * np.arange(frames)[:, None, None] / fps
    turns = (rng.normal(0, size / 2, (3, 1, NUM_JOINTS, 3)) * np.sin(2 * np.pi * (waves + rng.random()))).sum(0)
    root = np.cumsum(rng.normal(0, 0.01, (frames, 3)), axis=0) + [0, 1, 0]
    return Motion(quat_from_axis_angle(turns), root, fps)


def test_skeleton_is_a_symmetric_tree_in_the_published_order() -> None:
    assert PARENTS[0] == -1 and all(p < j for j, p in enumerate(PARENTS))
    assert [MIRROR[m] for m in MIRROR] == list(range(NUM_JOINTS))
    assert all(PARENTS[MIRROR[j]] == MIRROR[p] for j, p in enumerate(PARENTS) if p >= 0)
    np.testing.assert_array_equal(BODY.offsets[list(MIRROR)], BODY.offsets * [-1, 1, 1])
    assert JOINT_NAMES[:3] == ("pelvis", "left_hip", "right_hip") and BODY.offsets[JOINT["left_hip"], 0] > 0


def test_rest_pose_is_the_sum_of_offsets() -> None:
    expected = np.zeros((NUM_JOINTS, 3))
    for j in range(NUM_JOINTS):
        k = j
        while k >= 0:
            expected[j] += BODY.offsets[k]
            k = PARENTS[k]
    out = forward_kinematics(np.tile(IDENTITY, (2, 3, NUM_JOINTS, 1)), np.zeros((2, 3, 3)), BODY)
    np.testing.assert_allclose(out, np.broadcast_to(expected, out.shape), atol=1e-12)
    wrists = expected[[JOINT["left_wrist"], JOINT["right_wrist"]]]
    assert wrists[0, 0] > 0.5 and wrists[1, 0] < -0.5 and abs(wrists[0, 1] - wrists[1, 1]) < 1e-12
    np.testing.assert_allclose(BODY.rest_height + expected[JOINT["left_foot"], 1], BODY.toe_height)
    np.testing.assert_allclose(BODY.rest_height + expected[JOINT["left_ankle"], 1], BODY.ankle_height)


@pytest.mark.parametrize("seed", range(5))
def test_bones_keep_their_length(seed: int) -> None:
    p = random_motion(seed, size=2.0).positions
    lengths = np.linalg.norm(p[:, 1:] - p[:, list(PARENTS[1:])], axis=-1)
    np.testing.assert_allclose(lengths, np.broadcast_to(np.linalg.norm(BODY.offsets[1:], axis=-1), lengths.shape))


@pytest.mark.parametrize("seed", range(5))
def test_rigid_movement_of_the_body_moves_all_joints(seed: int) -> None:
    m, rng = random_motion(seed, size=2.0), np.random.default_rng(seed)
    turn, shift = normalize(rng.normal(size=4)), rng.normal(size=3)
    rotations = m.rotations.copy()
    rotations[:, 0] = quat_mul(turn, rotations[:, 0])
    out = forward_kinematics(rotations, quat_rotate(turn, m.root) + shift, BODY)
    np.testing.assert_allclose(out, quat_rotate(turn, m.positions) + shift, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_a_joint_moves_only_what_hangs_on_it(seed: int) -> None:
    m = random_motion(seed)
    for j in range(NUM_JOINTS):
        rotations = m.rotations.copy()
        rotations[:, j] = quat_mul(rotations[:, j], quat_about("x", 1.0))
        moved = np.abs(forward_kinematics(rotations, m.root, BODY) - m.positions).max((0, 2)) > 1e-9
        for k in np.flatnonzero(moved):
            while k != j and k >= 0:
                k = PARENTS[k]
            assert k == j


def test_world_and_local_rotations_are_inverse() -> None:
    q = normalize(np.random.default_rng(4).normal(size=(3, 5, NUM_JOINTS, 4)))
    np.testing.assert_allclose(local_rotations(global_rotations(q, PARENTS), PARENTS), q, atol=1e-12)
    np.testing.assert_allclose(global_rotations(local_rotations(q, PARENTS), PARENTS), q, atol=1e-12)


def test_heading_turns_left_positive_and_ignores_lean() -> None:
    yaw = np.linspace(-3, 3, 25)
    np.testing.assert_allclose(heading_angle(quat_about("y", yaw)), yaw, atol=1e-12)
    leaning = quat_mul(quat_about("y", yaw), quat_about("x", np.full(25, 0.6)))
    np.testing.assert_allclose(heading_angle(leaning), yaw, atol=1e-12)


def test_feet_are_where_the_whole_body_has_them() -> None:
    walk = walking(1.0, speed=1.2)
    np.testing.assert_array_equal(walk.feet, walk.positions[:, FOOT_JOINTS])
    q = normalize(np.random.default_rng(5).normal(size=(2, 3, NUM_JOINTS, 4)))
    np.testing.assert_array_equal(
        foot_positions(q, np.ones(3), BODY), forward_kinematics(q, np.ones(3), BODY)[..., FOOT_JOINTS, :]
    )


def test_contacts_need_low_and_slow() -> None:
    rest = np.tile(standing(0.5).feet[:1], (11, 1, 1))
    assert foot_contacts(rest, 30.0, BODY).tolist() == [[1.0] * 4] * 11
    assert foot_contacts(rest[:1], 30.0, BODY).tolist() == [[1.0] * 4]
    assert not foot_contacts(rest + [0, CONTACT_HEIGHT + 1e-6, 0], 30.0, BODY).any()
    time = np.arange(11)[:, None, None] / 30
    assert foot_contacts(rest + time * [0.99 * CONTACT_SPEED, 0, 0], 30.0, BODY).all()
    assert not foot_contacts(rest + time * [1.01 * CONTACT_SPEED, 0, 0], 30.0, BODY).any()
    lifted = rest.copy()
    lifted[:, 2, 1] += 0.2
    assert foot_contacts(lifted, 30.0, BODY)[0].tolist() == [1.0, 1.0, 0.0, 1.0]


# --- rotations from positions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0.1, 0.6, 2.0])
@pytest.mark.parametrize("seed", range(6))
def test_solved_rotations_return_every_position(seed: int, size: float) -> None:
    # Pelvis and chest carry three rigid bones each, all others one, so no joint of this tree is out of reach.
    m = random_motion(seed, size=size)
    solved = solve_rotations(m.positions)
    np.testing.assert_allclose(forward_kinematics(solved, m.root, BODY), m.positions, atol=1e-9)
    assert (np.sum(solved[1:] * solved[:-1], -1) > 0).all()


def hinged_motion(seed: int, frames: int = 90) -> Motion:
    """As a person moves: elbows and knees are hinges bent by 30 to 90 degrees, shoulders and hips do turn axially."""
    m = random_motion(seed, frames, size=0.35)
    rotations = m.rotations.copy()
    bend = np.radians(60 + 30 * np.sin(np.arange(frames) / 9 + seed))
    for side, sign in (("left", -1), ("right", 1)):
        rotations[:, JOINT[f"{side}_elbow"]] = quat_about("y", sign * bend)
        rotations[:, JOINT[f"{side}_knee"]] = quat_about("x", bend)
    return Motion(rotations, m.root, m.fps)


@pytest.mark.parametrize("seed", range(6))
def test_solved_rotations_find_the_twist_of_bent_limbs(seed: int) -> None:
    m = hinged_motion(seed)
    solved, true = (global_rotations(q, PARENTS) for q in (solve_rotations(m.positions), m.rotations))
    error = np.degrees(quat_angle(solved, true)).max(0)
    assert error[[JOINT["pelvis"], JOINT["spine3"]]].max() < 1e-4  # three rigid bones each
    for name in ("shoulder", "elbow", "hip", "knee"):
        for side in ("left", "right"):
            assert error[JOINT[f"{side}_{name}"]] < 2.0, name


@pytest.mark.parametrize("seed", range(4))
def test_turning_the_clip_turns_only_the_body(seed: int) -> None:
    m = random_motion(seed, size=0.8)
    solved = solve_rotations(m.positions)
    for yaw in (0.5, 1.6, np.pi, -2.5):
        turned = solve_rotations(m.turned(quat_about("y", yaw)).positions)
        assert quat_angle(turned[:, 1:], solved[:, 1:]).max() < 1e-6
        assert quat_angle(turned[:, 0], quat_mul(quat_about("y", yaw), solved[:, 0])).max() < 1e-6


def test_no_jump_while_the_character_turns_round() -> None:
    m = walking(4.0)
    count = len(m)
    spin = quat_about("y", np.linspace(0, 4 * np.pi, count))
    p = quat_rotate(spin[:, None], m.positions)
    still, turning = (np.degrees(quat_angle(q[1:], q[:-1])) for q in map(solve_rotations, (m.positions, p)))
    own = np.degrees(quat_angle(m.rotations[1:], m.rotations[:-1]))
    np.testing.assert_allclose(turning[:, 1:], still[:, 1:], atol=1e-4)
    assert turning[:, 0].max() < 360 * 2 / (count - 1) + own[:, 0].max() + 0.1
    assert turning[:, 1:].max() < own[:, 1:].max() + 8.0


def test_a_stretched_limb_keeps_its_twist_and_then_follows_its_parent() -> None:
    # Thigh turned by 40 degrees; the knee bends, stretches for two seconds, bends again.
    frames = 120
    bend = np.radians(60) * np.clip(np.abs(np.linspace(-3, 3, frames)) - 2, 0, 1)
    rotations = np.tile(IDENTITY, (frames, NUM_JOINTS, 1))
    rotations[:, JOINT["left_hip"]] = quat_about("y", np.full(frames, np.radians(40)))
    rotations[:, JOINT["left_knee"]] = quat_about("x", bend)
    solved = solve_rotations(forward_kinematics(rotations, np.zeros((frames, 3)), BODY))
    twist = np.degrees(2 * np.arctan2(solved[:, JOINT["left_hip"], 1], solved[:, JOINT["left_hip"], 3]))
    assert twist[0] == pytest.approx(40, abs=1) and twist[-1] == pytest.approx(40, abs=1)
    assert twist[frames // 2] < 25
    assert np.abs(np.diff(twist)).max() < 3


def test_a_knee_that_seems_to_fold_forward_does_not_turn_the_thigh() -> None:
    frames = 60
    bend = np.radians(np.linspace(40, -15, frames))  # ends over-stretched
    rotations = np.tile(IDENTITY, (frames, NUM_JOINTS, 1))
    rotations[:, JOINT["right_knee"]] = quat_about("x", bend)
    solved = solve_rotations(forward_kinematics(rotations, np.zeros((frames, 3)), BODY))
    assert np.degrees(quat_angle(solved[:, JOINT["right_hip"]], IDENTITY)).max() < 1e-3


@pytest.mark.parametrize("name", ["left_knee", "right_elbow", "head", "left_foot"])
def test_a_bone_against_its_rest_direction_gives_no_nan(name: str) -> None:
    p = np.tile(standing(0.1).positions[:1], (5, 1, 1))
    j = JOINT[name]
    parent = PARENTS[j]
    below = [k for k in range(NUM_JOINTS) if k == j or PARENTS[k] == j]
    p[:, below] -= 2 * (p[:, [j]] - p[:, [parent]])
    solved = solve_rotations(p)
    assert np.isfinite(solved).all()
    np.testing.assert_allclose(forward_kinematics(solved, p[:, 0], BODY)[:, j], p[:, j], atol=1e-4)


def test_twist_filter_crosses_gaps_by_the_short_way() -> None:
    angles, weights = np.zeros((41, 1)), np.zeros((41, 1))
    angles[:10], angles[31:] = np.radians(170), np.radians(-170)
    weights[:10] = weights[31:] = 1.0
    out: Array = np.degrees(smooth_twist(angles, weights))[:, 0]
    assert (
        np.abs(np.diff(out)).max() < 5 and out[0] == pytest.approx(170, abs=2) and out[-1] == pytest.approx(190, abs=2)
    )
    assert not smooth_twist(angles, np.zeros((41, 1))).any()
    np.testing.assert_allclose(smooth_twist(angles[:1], weights[:1]), angles[:1], atol=0.01)


@pytest.mark.parametrize("shape", [(22, 3), (0, 22, 3), (4, 21, 3)])
def test_solver_names_a_wrong_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput, match=r"positions must be \(T, 22, 3\)"):
        solve_rotations(np.zeros(shape))


def test_solver_names_nan() -> None:
    with pytest.raises(InvalidInput, match="NaN"):
        solve_rotations(np.full((2, 22, 3), np.nan))
