"""Foot lock: planted feet stand, everything else is left alone, nothing pops."""

from dataclasses import replace

import numpy as np
import pytest

from sdk.errors import InvalidInput
from sdk.motion.contacts import ANKLES, TOES, longest_slide, planted_feet, runs
from sdk.motion.footlock import LOCKS, LONGEST_SLIDE, MAX_DROP, STEP_LIFT, faded, lock_feet, settled
from sdk.motion.ik import LEGS
from sdk.motion.kinematics import global_rotations
from sdk.motion.motion import Motion
from sdk.motion.retarget import hinge_angles
from sdk.motion.rotations import Array, quat_about, quat_angle, quat_mul, quat_rotate
from sdk.motion.skeleton import BODY, NUM_JOINTS, PARENTS
from tests.motion.feet import swaying
from tests.synthetic import standing, walking

LEG_JOINTS = [getattr(leg, name) for leg in LEGS for name in ("upper", "middle", "end")]
OTHERS = [j for j in range(NUM_JOINTS) if j not in LEG_JOINTS]


def skating(share: float = 0.3, seconds: float = 4.0) -> Motion:
    """A walk whose body goes faster than its feet step, so that planted feet slide along."""
    m = walking(seconds, speed=0.9)
    return replace(m, root=m.root * [1, 1, 1 + share])


def slide(m: Motion, toe: Array) -> float:
    """Farthest that a ball of the foot travels on the ground in any contact, metres."""
    p = m.positions[:, TOES][..., [0, 2]]
    spans = [np.linalg.norm(np.ptp(p[a:b, f], axis=0)) for f in (0, 1) for a, b in runs(toe[:, f])]
    return float(max(spans, default=0.0))


def accelerations(m: Motion) -> Array:
    """(T - 2, 22) m/s^2."""
    return np.linalg.norm(np.diff(m.positions, 2, axis=0), axis=-1) * m.fps**2


# --- what it does -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [-0.2, 0.15, 0.3])
def test_planted_feet_stop_sliding(share: float) -> None:
    m = skating(share)
    _, toe = planted_feet(m)
    assert toe.mean(0).min() > 0.4 and slide(m, toe) > 0.04
    assert slide(lock_feet(m), toe) < 1e-3


def test_only_legs_and_the_pelvis_height_change() -> None:
    m = skating()
    out = lock_feet(m)
    np.testing.assert_array_equal(out.rotations[:, OTHERS], m.rotations[:, OTHERS])
    np.testing.assert_array_equal(out.root[:, [0, 2]], m.root[:, [0, 2]])
    lowered = m.root[:, 1] - out.root[:, 1]
    assert lowered.min() >= 0 and lowered.max() <= MAX_DROP + 1e-12
    assert out.fps == m.fps and out.skeleton is m.skeleton


def test_feet_already_planted_are_left_where_they_are() -> None:
    for m in (standing(1.0), swaying(), swaying(depth=0.03)):
        out = lock_feet(m)
        np.testing.assert_allclose(out.positions, m.positions, atol=1e-6)
        assert quat_angle(out.rotations, m.rotations).max() < 1e-6


def test_a_locked_clip_with_the_same_contacts_does_not_change() -> None:
    m = skating(0.2)
    heel, toe = planted_feet(m)
    contacts = np.stack([heel[:, 0], toe[:, 0], heel[:, 1], toe[:, 1]], -1).astype(float)
    out = lock_feet(m, contacts=contacts)
    again = lock_feet(out, contacts=contacts)
    assert np.linalg.norm(again.positions - out.positions, axis=-1)[:, ANKLES + TOES].max() < 0.01


@pytest.mark.parametrize("share", [-0.2, 0.15, 0.3])
def test_locking_twice_is_locking_once(share: float) -> None:
    out = lock_feet(skating(share))
    again = lock_feet(out)
    moved = np.linalg.norm(again.positions - out.positions, axis=-1)[:, ANKLES + TOES]
    assert moved.max() < 0.03 and np.median(moved) < 1e-3


def test_a_clip_without_contacts_comes_back_as_it_is() -> None:
    flying = replace(walking(1.0), root=walking(1.0).root + [0, 0.5, 0])
    assert lock_feet(flying) is flying
    m = skating()
    assert lock_feet(m, contacts=np.zeros((len(m), 4))) is m


def test_a_jump_is_left_alone_in_the_air() -> None:
    m = swaying(3.0)
    rise = np.clip(np.arange(len(m)) / 30 - 1, 0, 1)
    m = replace(m, root=m.root + np.outer(4 * 0.4 * rise * (1 - rise), [0, 1, 0]))
    out = lock_feet(m)
    high = m.positions[:, TOES, 1].min(-1) > 0.3
    assert high.sum() > 5
    np.testing.assert_allclose(out.positions[high], m.positions[high], atol=0.01)


@pytest.mark.parametrize("share", [-0.2, 0.15, 0.3])
def test_nothing_pops(share: float) -> None:
    m = skating(share)
    out = lock_feet(m)
    before, after = accelerations(m), accelerations(out)
    assert after[:, ANKLES + TOES].max() < 1.25 * before[:, ANKLES + TOES].max()
    knees = [leg.middle for leg in LEGS]
    assert after[:, knees].max() < 1.6 * before[:, knees].max()
    speed = [np.linalg.norm(np.diff(x.positions, axis=0), axis=-1).max() * x.fps for x in (m, out)]
    assert speed[1] < 1.15 * speed[0] + 2 * abs(share)
    turn = [quat_angle(x.rotations[1:], x.rotations[:-1]).max() for x in (m, out)]
    assert turn[1] < 1.4 * turn[0]


def test_knees_never_bend_the_wrong_way() -> None:
    for m in (skating(-0.2), skating(0.3), standing(1.0)):
        hinges = hinge_angles(lock_feet(m))
        assert min(hinges["left_knee"].min(), hinges["right_knee"].min()) > -1e-6


def test_the_mirrored_clip_is_locked_alike() -> None:
    m = skating(0.2)
    np.testing.assert_allclose(lock_feet(m.mirrored()).positions, lock_feet(m).mirrored().positions, atol=1e-6)


def test_the_rate_does_not_matter() -> None:
    m = skating(0.2)
    slow, fast = lock_feet(m), lock_feet(m.resampled(60))
    apart = np.linalg.norm(fast.positions[::2][: len(slow)] - slow.positions, axis=-1)
    assert np.median(apart) < 4e-3 and apart.max() < 0.06


def test_somebody_lying_is_left_lying() -> None:
    for turn in (-np.pi / 2, np.pi / 2):  # on the back, on the face with the insteps on the ground
        m = standing(2.0)
        breath = 0.01 * np.sin(np.arange(len(m)) / 8)
        m.rotations[:, 0] = quat_about("x", turn)
        m.rotations[:, ANKLES] = quat_about("x", np.radians(60.0 if turn > 0 else 0.0))
        lying = replace(m, root=np.stack([0 * breath, 0.1 + breath, 0 * breath], -1))
        assert np.linalg.norm(lock_feet(lying).positions - lying.positions, axis=-1).max() < 0.05


def test_one_frame_is_enough() -> None:
    m = swaying(0.1)[:1]
    np.testing.assert_allclose(lock_feet(m).positions, m.positions, atol=1e-6)


# --- floor and soles --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sunk", [-0.015, 0.02])
def test_standing_feet_are_put_on_the_ground(sunk: float) -> None:
    m = swaying()
    out = lock_feet(replace(m, root=m.root - [0, sunk, 0]))
    np.testing.assert_allclose(out.positions[:, TOES, 1], BODY.toe_height, atol=1e-6)
    np.testing.assert_allclose(out.positions[:, ANKLES, 1], BODY.ankle_height, atol=1e-6)


@pytest.mark.parametrize("share", [-0.2, 0.3])
def test_no_foot_is_pushed_below_the_ground(share: float) -> None:
    m = skating(share)
    out = lock_feet(m)
    for joints, rest in ((TOES, BODY.toe_height), (ANKLES, BODY.ankle_height)):
        least = np.minimum(m.positions[:, joints, 1], rest)
        assert (out.positions[:, joints, 1] - least).min() > -1e-3


def pitched(degrees: float) -> Motion:
    m = swaying()
    rotations = m.rotations.copy()
    rotations[:, ANKLES] = quat_mul(rotations[:, ANKLES], quat_about("x", np.radians(degrees)))
    tilted = replace(m, rotations=rotations)
    return replace(tilted, root=tilted.root + [0, BODY.toe_height - tilted.positions[0, TOES[0], 1], 0])


def test_a_sole_that_is_nearly_flat_is_laid_flat_and_a_raised_heel_stays_raised() -> None:
    for degrees, expected in ((1.5, 0.0), (-4.0, 0.0), (12.0, 12.0)):
        out = lock_feet(pitched(degrees))
        up = quat_rotate(global_rotations(out.rotations, PARENTS)[:, ANKLES], np.array([0.0, 1.0, 0.0]))
        tilt = np.degrees(np.arccos(np.clip(up[..., 1], -1, 1)))
        np.testing.assert_allclose(tilt, expected, atol=0.6)


def test_a_foot_that_wobbles_on_the_spot_points_one_way() -> None:
    m = swaying()
    turn = np.radians(4) * np.sin(np.arange(len(m)) / 5)
    m.rotations[:, ANKLES[0]] = quat_mul(quat_about("y", turn), m.rotations[:, ANKLES[0]])
    assert slide(m, planted_feet(m)[1]) > 0.005
    out = lock_feet(m)
    world = global_rotations(out.rotations, PARENTS)[:, ANKLES[0]]
    assert quat_angle(world, world[:1]).max() < 1e-6
    assert np.ptp(out.positions[:, ANKLES + TOES], axis=0).max() < 1e-6


def test_a_foot_that_pivots_may_go_on() -> None:
    m = swaying(3.0)
    turn = np.linspace(0, np.radians(60), len(m))
    m.rotations[:, ANKLES[0]] = quat_mul(quat_about("y", turn), m.rotations[:, ANKLES[0]])
    world = global_rotations(lock_feet(m).rotations, PARENTS)[:, ANKLES[0]]
    assert np.degrees(quat_angle(world[:1], world[-1:])) == pytest.approx(60, abs=5)


# --- reach ------------------------------------------------------------------------------------------------------------


def test_the_pelvis_comes_down_where_a_planted_leg_is_too_short() -> None:
    m = swaying(3.0, depth=0.03)
    lift = 0.055 * np.cos(np.clip(np.arange(len(m)) / 30 - 1.5, -0.5, 0.5) * np.pi) ** 2
    raised = replace(m, root=m.root + np.outer(lift, [0, 1, 0]))
    contacts = np.ones((len(m), 4))
    out = lock_feet(raised, contacts=contacts)
    lowered = raised.root[:, 1] - out.root[:, 1]
    assert 0.01 < lowered.max() <= MAX_DROP and max(lowered[:10].max(), lowered[-10:].max()) < 1e-12
    assert np.ptp(out.positions[:, ANKLES + TOES], axis=0).max() < 2e-3
    assert np.abs(np.diff(lowered, 2)).max() * 900 < 12


def test_a_foot_far_out_of_reach_gives_way_instead_of_pulling_the_body_down() -> None:
    m = swaying(2.0)
    raised = replace(m, root=m.root + [0, 0.4, 0])
    contacts = np.ones((len(m), 4))
    out = lock_feet(raised, contacts=contacts)
    assert np.isfinite(out.rotations).all()
    assert (raised.root[:, 1] - out.root[:, 1]).max() <= MAX_DROP + 1e-9


# --- steps ------------------------------------------------------------------------------------------------------------


def test_feet_that_glide_far_take_small_steps_in_turn() -> None:
    m = swaying(4.0)
    gliding = replace(m, root=m.root + np.outer(np.arange(len(m)) / 30 * 0.2, [0, 0, 1]))
    out = lock_feet(gliding)
    toes = out.positions[:, TOES]
    up = toes[..., 1] > BODY.toe_height + 0.01
    assert up.any(0).all() and not up.all(-1).any()  # both step, never at once
    assert toes[..., 1].max() < BODY.toe_height + 1.1 * STEP_LIFT
    still = np.linalg.norm(np.diff(toes[..., [0, 2]], axis=0), axis=-1) < 1e-6
    assert still.mean() > 0.7
    assert np.linalg.norm(toes - gliding.positions[:, TOES], axis=-1).max() < LONGEST_SLIDE


def test_a_stand_on_the_heel_pins_the_ankle() -> None:
    m = pitched(-25.0)
    m = replace(m, root=m.root + np.outer(0.1 * np.arange(len(m)) / 30, [0, 0, 1]))
    contacts = np.zeros((len(m), 4))
    contacts[10:50, [0, 2]] = 1
    out = lock_feet(m, contacts=contacts)
    assert np.ptp(m.positions[10:50, ANKLES, 2], axis=0).min() > 0.1
    assert np.ptp(out.positions[10:50, ANKLES], axis=0).max() < 1e-3


def test_wrong_input_is_named() -> None:
    m = standing(0.5)
    with pytest.raises(InvalidInput, match=r"contacts must be \(16, 4\), got \(16, 2\)") as error:
        lock_feet(m, contacts=np.ones((16, 2)))
    assert error.value.field == "contacts"
    with pytest.raises(InvalidInput, match="fade_s must lie between 0 and 10 s"):
        lock_feet(m, fade_s=0.0)


# --- the curve between contacts ---------------------------------------------------------------------------------------


def test_a_correction_fades_smoothly_and_meets_the_next_one() -> None:
    known = np.zeros(80, dtype=bool)
    known[:20] = known[40:60] = True
    values = np.zeros((80, 2))
    values[:20, 0] = 0.03 + 0.001 * np.arange(20)
    values[40:60, 1] = -0.05
    out = faded(values, known, rate=3.0 / 6)
    np.testing.assert_array_equal(out[known], values[known])
    assert np.abs(out[30, 0]) < 3e-3 and np.abs(out[66:]).max() < 6e-3 and np.abs(out[75:]).max() < 1e-3
    assert np.abs(np.diff(out, axis=0)).max() < 0.017
    # The slope is continued: the first step out of the contact differs little from the last one in it.
    assert out[20, 0] - out[19, 0] == pytest.approx(0.001, abs=0.012)
    short = faded(values[10:50], np.isin(np.arange(40), [*range(10), *range(14, 40)]), rate=0.5)
    assert np.isfinite(short).all()
    assert not faded(values, np.zeros(80, dtype=bool), rate=0.5).any()


def test_everything_known_is_everything_returned() -> None:
    values = np.random.default_rng(0).normal(size=(9, 3))
    np.testing.assert_array_equal(faded(values, np.ones(9, dtype=bool), rate=0.3), values)


def drifting(metres: float, seconds: float = 3.0) -> Motion:
    """Somebody who stands and is carried aside, slowly."""
    m = standing(seconds)
    aside = np.linspace(0, metres, len(m))[:, None] * [1, 0, 0]
    return replace(m, root=m.root + aside)


def test_a_foot_is_where_sure_frames_have_it_and_steps_between_them() -> None:
    m = drifting(0.06)
    sure = np.zeros(len(m), dtype=bool)
    sure[[10, -11]] = True
    locked = lock_feet(m, sure=sure)
    balls = locked.positions[:, TOES]
    np.testing.assert_allclose(balls[sure][..., [0, 2]], m.positions[sure][:, TOES][..., [0, 2]], atol=1e-3)
    assert np.ptp(balls[:30, :, 0], axis=0).max() < 1e-3 and np.ptp(balls[-30:, :, 0], axis=0).max() < 1e-3
    assert (balls[..., 1].max(0) > BODY.toe_height + 0.02).all()  # it was raised
    assert slide(locked, planted_feet(locked)[1]) < 0.01


def test_without_room_for_a_step_sure_frames_share_a_place() -> None:
    m = drifting(0.06, seconds=0.5)
    sure = np.zeros(len(m), dtype=bool)
    sure[[6, 9]] = True
    balls = lock_feet(m, sure=sure).positions[:, TOES]
    assert np.ptp(balls[..., 0], axis=0).max() < 1e-3


def test_feet_are_held_until_none_slides_and_no_more_often() -> None:
    m, times = drifting(0.06), []

    def lock(motion: Motion) -> Motion:
        times.append(len(times))
        return lock_feet(motion) if len(times) == 2 else motion

    everywhere = np.ones(len(m), dtype=bool)
    assert longest_slide(settled(m, lock, frames=everywhere), everywhere) < 1e-3 and len(times) == 2
    times.clear()
    settled(m, lambda motion: lock(m), frames=everywhere, seen=lambda motion: m)
    assert len(times) == LOCKS  # it gives up
    times.clear()
    settled(m, lock, frames=~everywhere)
    assert len(times) == 1


def test_of_feet_that_never_stand_still_the_best_try_is_taken() -> None:
    shares = iter([0.9, 0.3, *[0.6] * LOCKS])
    m = drifting(0.06)

    def lock(motion: Motion) -> Motion:
        return drifting(0.06 * next(shares))

    best = settled(m, lock, frames=np.ones(len(m), dtype=bool))
    np.testing.assert_array_equal(best.root, drifting(0.018).root)
