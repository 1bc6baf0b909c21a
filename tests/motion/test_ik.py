"""Two-bone inverse kinematics: targets are reached, bones and bend planes kept, knees never flip."""

import numpy as np
import pytest

from sdk.errors import InvalidInput
from sdk.motion.ik import ARMS, LEGS, STRETCH, UNLOCKED, limb_lengths, natural_reach, place_ends, soft_reach, two_bone
from sdk.motion.kinematics import global_rotations
from sdk.motion.motion import Motion
from sdk.motion.retarget import hinge_angles
from sdk.motion.rotations import Array, normalize, quat_about, quat_angle, quat_rotate
from sdk.motion.skeleton import BODY, JOINT, PARENTS
from tests.synthetic import standing, walking

SEED = pytest.mark.parametrize("seed", range(5))
LEG_ENDS, ARM_ENDS = ([limb.end for limb in limbs] for limbs in (LEGS, ARMS))
Limb3 = tuple[Array, Array, Array]


def bent_limb(bend: Array, *, seed: int, lengths: tuple[float, float] = (0.4, 0.45)) -> tuple[Limb3, Array]:
    """Joints (N, 3) of limbs that bend by these angles about random hinges, and the hinges (N, 3)."""
    rng = np.random.default_rng(seed)
    start, along = rng.normal(size=(len(bend), 3)), normalize(rng.normal(size=(len(bend), 3)))
    hinge = normalize(np.cross(along, rng.normal(size=along.shape)))
    middle = start + lengths[0] * along
    fold = np.cos(bend)[:, None] * along + np.sin(bend)[:, None] * np.cross(hinge, along)
    return (start, middle, middle + lengths[1] * fold), hinge


def solved(limb: Limb3, target: Array, hinge: Array) -> tuple[Array, Array]:
    """Middle and end joint after the solution."""
    start, middle, end = limb
    upper, lower = two_bone(start, middle, end, target, hinge=hinge)
    knee = start + quat_rotate(upper, middle - start)
    return knee, knee + quat_rotate(lower, end - middle)


@SEED
def test_every_target_within_reach_is_reached(seed: int) -> None:
    rng = np.random.default_rng(seed)
    limb, hinge = bent_limb(rng.uniform(0.0, 2.6, 400), seed=seed)
    target = limb[0] + normalize(rng.normal(size=(400, 3))) * rng.uniform(0.051, 0.8499, (400, 1))
    knee, end = solved(limb, target, hinge)
    np.testing.assert_allclose(end, target, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(knee - limb[0], axis=-1), 0.4, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(end - knee, axis=-1), 0.45, atol=1e-12)


@SEED
def test_the_plane_of_the_bend_is_carried_along(seed: int) -> None:
    rng = np.random.default_rng(seed)
    limb, hinge = bent_limb(rng.uniform(0.5, 2.0, 200), seed=seed)
    reach = limb[2] - limb[0]
    # A little to the side of where it was: the swing is small, so the knee must look where it looked.
    target = limb[0] + reach * rng.uniform(0.7, 0.97, (200, 1)) + 0.005 * rng.normal(size=(200, 3))
    knee, end = solved(limb, target, hinge)
    upper, _ = two_bone(*limb, target, hinge=hinge)
    normal = normalize(np.cross(knee - limb[0], end - knee))
    np.testing.assert_allclose(np.sum(normal * quat_rotate(upper, hinge), -1), 1.0, atol=1e-6)
    assert np.sum(normal * hinge, -1).min() > 0.9


@SEED
def test_a_limb_whose_target_is_its_end_does_not_move(seed: int) -> None:
    bend = np.concatenate([np.linspace(0.02, 2.8, 50), np.zeros(5)])
    limb, hinge = bent_limb(bend, seed=seed)
    upper, lower = two_bone(*limb, limb[2], hinge=hinge)
    identity = np.array([0.0, 0.0, 0.0, 1.0])
    assert quat_angle(upper, identity).max() < 1e-6 and quat_angle(lower, identity).max() < 1e-6


def test_a_straight_limb_bends_about_its_hinge() -> None:
    limb, hinge = bent_limb(np.zeros(20), seed=0)
    knee, end = solved(limb, limb[0] + 0.8 * (limb[2] - limb[0]), hinge)
    side = normalize(np.cross(knee - limb[0], end - knee))
    np.testing.assert_allclose(side, hinge, atol=1e-9)


def test_an_over_stretched_knee_comes_back_to_the_right_side() -> None:
    limb, hinge = bent_limb(np.radians([-2.0, -5.0, -10.0]), seed=1)
    knee, end = solved(limb, limb[0] + 0.9 * (limb[2] - limb[0]), hinge)
    assert np.sum(np.cross(knee - limb[0], end - knee) * hinge, -1).min() > 0


def test_the_knee_never_jumps_on_the_way_through_full_stretch() -> None:
    # The source leg itself goes slowly from bent over straight to slightly over-stretched and back.
    frames = 400
    bend = np.radians(14 + 16 * np.cos(np.linspace(0, 4 * np.pi, frames)))
    hinge = np.tile([1.0, 0.0, 0.0], (frames, 1))
    start, middle = np.zeros((frames, 3)), np.tile([0.0, -0.4, 0.0], (frames, 1))
    end = middle + 0.4 * np.stack([np.zeros(frames), -np.cos(bend), -np.sin(bend)], -1)
    knee, foot = solved((start, middle, end), 0.985 * end, hinge)
    assert np.abs(np.diff(knee, axis=0)).max() < 0.012
    assert knee[:, 2].min() > 0.02  # in front of the line from hip to ankle
    np.testing.assert_allclose(foot, 0.985 * end, atol=1e-9)


@pytest.mark.parametrize("distance", [0.86, 2.0])
def test_out_of_reach_the_limb_points_to_the_target(distance: float) -> None:
    limb, hinge = bent_limb(np.array([0.3, 1.5]), seed=3)
    ahead = normalize(np.array([[0.3, 0.2, -1.0], [0.0, 1.0, 0.0]]))
    _, end = solved(limb, limb[0] + distance * ahead, hinge)
    np.testing.assert_allclose(end, limb[0] + 0.85 * ahead, atol=1e-6)


def test_soft_reach_gives_way_without_a_snap() -> None:
    far = np.linspace(0.5, 1.5, 2001)
    near = soft_reach(far, natural=np.full_like(far, 0.77), longest=0.8)
    np.testing.assert_array_equal(near[far <= 0.77], far[far <= 0.77])
    slope = np.diff(near) / np.diff(far)
    assert slope.min() >= 0 and slope.max() < 1 + 1e-9 and np.abs(np.diff(slope)).max() < 0.02
    assert near.max() <= 0.8 and near[-1] > 0.7999
    # A limb that was stretched further than `longest` allows may stay so, not go on.
    np.testing.assert_allclose(soft_reach(far, natural=np.full_like(far, 0.8), longest=0.8), np.minimum(far, 0.8))


def test_a_stretched_limb_is_unlocked_only_when_it_has_to_move() -> None:
    was, length = np.array([[0.0, -0.8, 0.0]]), np.array([0.8])
    assert natural_reach(was, was, length) == pytest.approx(0.8)
    assert natural_reach(was + [0.02, 0, 0], was, length) == pytest.approx(0.8 * UNLOCKED, abs=1e-6)
    assert natural_reach(0.5 * was, 0.5 * was, length) == pytest.approx(0.8 * STRETCH)


# --- limbs of a motion ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limbs", [LEGS, ARMS])
def test_ends_are_placed_and_nothing_else_moves(limbs: tuple) -> None:
    m, ends = walking(3.0), [limb.end for limb in limbs]
    starts = [limb.upper for limb in limbs]
    rng = np.random.default_rng(0)
    shift = 0.03 * np.sin(np.arange(len(m))[:, None, None] / 9 + rng.uniform(0, 6, (1, 2, 3)))
    targets = m.positions[:, starts] + 0.9 * (m.positions[:, ends] - m.positions[:, starts]) + shift
    out = place_ends(m, limbs, targets, soft=False)
    np.testing.assert_allclose(out.positions[:, ends], targets, atol=1e-6)
    others = [j for j in range(22) if not any(j in (limb.upper, limb.middle, limb.end) for limb in limbs)]
    np.testing.assert_array_equal(out.rotations[:, others], m.rotations[:, others])
    np.testing.assert_array_equal(out.root, m.root)
    before, after = (global_rotations(x.rotations, PARENTS)[:, ends] for x in (m, out))
    assert quat_angle(before, after).max() < 1e-7  # hands and feet keep their direction
    assert quat_angle(out.rotations[1:], out.rotations[:-1]).max() < 0.5


def test_ends_take_the_directions_they_are_given() -> None:
    m = walking(1.0)
    wanted = np.broadcast_to(quat_about("y", 0.3), (len(m), 2, 4))
    out = place_ends(m, LEGS, m.positions[:, LEG_ENDS], rotations=wanted)
    assert quat_angle(global_rotations(out.rotations, PARENTS)[:, LEG_ENDS], wanted).max() < 1e-7


def test_a_motion_whose_ends_are_in_place_does_not_move() -> None:
    for m in (walking(3.0), standing(0.5)):
        for limbs, ends in ((LEGS, LEG_ENDS), (ARMS, ARM_ENDS)):
            out = place_ends(m, limbs, m.positions[:, ends])
            np.testing.assert_allclose(out.positions, m.positions, atol=1e-7)
            assert quat_angle(out.rotations, m.rotations).max() < 1e-6


def test_knees_and_elbows_bend_the_way_they_can() -> None:
    m = standing(0.5)  # all limbs straight
    for limbs, names in ((LEGS, ("left_knee", "right_knee")), (ARMS, ("left_elbow", "right_elbow"))):
        starts, ends = ([getattr(limb, key) for limb in limbs] for key in ("upper", "end"))
        p = m.positions
        out = place_ends(m, limbs, p[:, starts] + 0.8 * (p[:, ends] - p[:, starts]))
        for name in names:
            assert np.degrees(hinge_angles(out)[name].min()) > 60


def test_a_soft_limb_does_not_lock_where_a_hard_one_would() -> None:
    m = walking(1.0)
    hips = m.positions[:, [limb.upper for limb in LEGS]]
    far = hips + 1.2 * (m.positions[:, LEG_ENDS] - hips)
    soft, hard = (place_ends(m, LEGS, far, soft=soft) for soft in (True, False))
    reach = [np.linalg.norm(x.positions[:, LEG_ENDS] - hips, axis=-1) for x in (soft, hard)]
    assert (reach[0] <= reach[1]).all() and reach[0].max() < 0.79999 and (reach[1] > 0.7999999).any()
    np.testing.assert_allclose(limb_lengths(BODY, LEGS), BODY.leg_length)


def test_mirrored_limbs_are_solved_alike() -> None:
    m = walking(1.5)
    targets = m.positions[:, LEG_ENDS] + [0.02, 0.03, -0.01]
    twin = place_ends(m.mirrored(), LEGS, targets[:, ::-1] * [-1, 1, 1])
    np.testing.assert_allclose(twin.positions, place_ends(m, LEGS, targets).mirrored().positions, atol=1e-9)


def test_wrong_shapes_are_named() -> None:
    m: Motion = standing(0.1)
    ankles = m.positions[:, [JOINT["left_ankle"], JOINT["right_ankle"]]]
    with pytest.raises(InvalidInput, match=r"targets must be \(4, 2, 3\)") as error:
        place_ends(m, LEGS, ankles[:, :1])
    assert error.value.field == "targets"
    with pytest.raises(InvalidInput, match=r"rotations \(T, L, 4\); got \(4, 1, 4\)"):
        place_ends(m, LEGS, ankles, rotations=m.rotations[:, :1])
