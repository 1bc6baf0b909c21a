"""Other bodies: plausible proportions, poses kept, planted feet planted, knees the right way round."""

from dataclasses import replace

import numpy as np
import pytest

from sdk.errors import InvalidInput
from sdk.motion.bodies import ATHLETE, CHILD, onto_body, symmetric_skeleton
from sdk.motion.contacts import ANKLES, TOES, planted_feet, runs
from sdk.motion.motion import Motion
from sdk.motion.retarget import hinge_angles
from sdk.motion.rotations import IDENTITY, normalize, quat_about, quat_angle
from sdk.motion.skeleton import BODY, JOINT, MIRROR, NUM_JOINTS, PARENTS, Skeleton
from tests.synthetic import standing, walking

BOTH = pytest.mark.parametrize("body", [ATHLETE, CHILD], ids=["athlete", "child"])
LEG_NAMES = ("hip", "knee", "ankle")
LEGS = [JOINT[f"{side}_{name}"] for side in ("left", "right") for name in LEG_NAMES]
OTHERS = [j for j in range(NUM_JOINTS) if j not in LEGS]


def rest(body: Skeleton) -> Motion:
    m = standing(0.1)
    return Motion(np.broadcast_to(IDENTITY, m.rotations.shape), m.root * 0 + [0, body.rest_height, 0], 30.0, body)


def slide(m: Motion, toe: np.ndarray) -> float:
    p = m.positions[:, TOES][..., [0, 2]]
    return max(float(np.linalg.norm(np.ptp(p[a:b, f], axis=0))) for f in (0, 1) for a, b in runs(toe[:, f]))


def skate_ratio(m: Motion) -> float:
    """Share of frames at 20 fps in which a ball less than 5 cm up slides faster than 0.5 m/s, both on BODY's scale."""
    m = m.resampled(20)
    scale = m.skeleton.leg_length / BODY.leg_length
    p = m.positions[:, TOES]
    low = p[..., 1] - m.skeleton.toe_height < 0.05 * scale
    speed = np.linalg.norm(np.diff(p[..., [0, 2]], axis=0), axis=-1) * 20
    return float((low[1:] & low[:-1] & (speed > 0.5 * scale)).any(-1).mean())


# --- the bodies -------------------------------------------------------------------------------------------------------


@BOTH
def test_bodies_are_symmetric_and_stand_on_the_ground(body: Skeleton) -> None:
    np.testing.assert_array_equal(body.offsets[list(MIRROR)], body.offsets * [-1, 1, 1])
    assert body.parents == PARENTS and not body.offsets.flags.writeable
    p = rest(body).positions[0]
    np.testing.assert_allclose(p[ANKLES, 1], body.ankle_height, atol=1e-9)
    np.testing.assert_allclose(p[TOES, 1], body.toe_height, atol=1e-9)
    assert p[TOES[0], 2] > 0.05


def test_proportions_differ_as_they_should() -> None:
    def share(body: Skeleton) -> tuple[float, float, float]:
        p = rest(body).positions[0]
        shoulders = np.ptp(p[[JOINT["left_shoulder"], JOINT["right_shoulder"]], 0])
        return p[JOINT["head"], 1], body.leg_length / p[JOINT["head"], 1], shoulders / p[JOINT["head"], 1]

    tall, own, small = share(ATHLETE), share(BODY), share(CHILD)
    assert tall[0] > own[0] + 0.2 > small[0] + 0.5
    assert small[1] < 0.45 < own[1]  # short legs
    assert tall[2] > 1.4 * own[2]  # broad shoulders
    assert tall[0] == pytest.approx(1.83 - 0.2, abs=0.05)


def test_a_missing_joint_is_named() -> None:
    with pytest.raises(InvalidInput, match="'spine1' is missing"):
        symmetric_skeleton({"pelvis": (0, 0, 0), "left_hip": (0.1, 0, 0)}, ankle_height=0.1, toe_height=0.0)


# --- onto them --------------------------------------------------------------------------------------------------------


def test_the_same_body_changes_nothing() -> None:
    m = walking(2.0)
    out = onto_body(m, BODY)
    np.testing.assert_array_equal(out.rotations, m.rotations)
    np.testing.assert_array_equal(out.root, m.root)
    twin = symmetric_skeleton(
        {name: tuple(BODY.offsets[j]) for name, j in JOINT.items()},
        ankle_height=BODY.ankle_height,
        toe_height=BODY.toe_height,
    )
    out = onto_body(m, twin)
    np.testing.assert_array_equal(out.positions, m.positions)
    assert out.skeleton is twin


@BOTH
def test_a_t_pose_stands_on_the_other_body(body: Skeleton) -> None:
    out = onto_body(standing(0.5), body)
    np.testing.assert_allclose(out.positions, np.broadcast_to(rest(body).positions[0], out.positions.shape), atol=1e-6)


@BOTH
def test_poses_are_kept_and_the_path_fits_the_legs(body: Skeleton) -> None:
    m = walking(3.0)
    out = onto_body(m, body)
    np.testing.assert_array_equal(out.rotations[:, OTHERS], m.rotations[:, OTHERS])
    scale = body.leg_length / BODY.leg_length
    np.testing.assert_allclose(out.root[:, [0, 2]], scale * m.root[:, [0, 2]], atol=1e-12)
    assert out.skeleton is body and out.fps == m.fps
    for a, b in (("hip", "knee"), ("knee", "ankle")):
        bones = [normalize(x.positions[:, JOINT[f"left_{b}"]] - x.positions[:, JOINT[f"left_{a}"]]) for x in (m, out)]
        angle = np.degrees(np.arccos(np.clip(np.sum(bones[0] * bones[1], -1), -1, 1)))
        assert np.median(angle) < 6 and angle.max() < 20


@BOTH
def test_planted_feet_stay_planted(body: Skeleton) -> None:
    m = walking(4.0)
    _, toe = planted_feet(m)
    out, loose = onto_body(m, body), onto_body(m, body, plant=False)
    assert slide(loose, toe) > 0.01
    assert slide(out, toe) < 1e-3
    assert skate_ratio(out) <= skate_ratio(loose)
    assert np.abs(out.positions[:, TOES, 1][toe] - body.toe_height).max() < 0.012


@BOTH
def test_nothing_flips_pops_or_sinks(body: Skeleton) -> None:
    m = walking(4.0)
    out = onto_body(m, body)
    hinges = hinge_angles(out)
    assert min(hinges["left_knee"].min(), hinges["right_knee"].min()) > -1e-6
    scale = body.leg_length / BODY.leg_length
    before, after = (np.linalg.norm(np.diff(x.positions, 2, axis=0), axis=-1) for x in (m, out))
    assert after.max() < 1.6 * max(scale, 0.7) * before.max()
    turns = [quat_angle(x.rotations[1:], x.rotations[:-1]).max() for x in (m, out)]
    assert turns[1] < 1.6 * turns[0]
    assert out.positions[:, TOES, 1].min() > body.toe_height - 0.01


@BOTH
def test_a_raised_foot_keeps_its_clearance(body: Skeleton) -> None:
    m = standing(1.0)
    m.rotations[:, JOINT["right_hip"]] = quat_about("x", -1.3)
    m.rotations[:, JOINT["right_knee"]] = quat_about("x", 0.9)
    out = onto_body(m, body)
    scale = body.leg_length / BODY.leg_length
    height = m.positions[0, TOES[1], 1] - BODY.toe_height
    assert height > 0.3
    assert out.positions[0, TOES[1], 1] - body.toe_height == pytest.approx(scale * height, abs=0.02 * scale)


@BOTH
def test_a_body_in_the_air_stays_there(body: Skeleton) -> None:
    m = standing(0.5)
    out = onto_body(replace(m, root=m.root + [0, 1, 0]), body)
    scale = body.leg_length / BODY.leg_length
    assert out.positions[:, TOES, 1].min() == pytest.approx(scale + body.toe_height, abs=1e-6)


@BOTH
def test_there_and_back_is_nearly_the_same(body: Skeleton) -> None:
    m = walking(2.0)
    back = onto_body(onto_body(m, body), BODY)
    np.testing.assert_array_equal(back.rotations[:, OTHERS], m.rotations[:, OTHERS])
    apart = np.linalg.norm(back.positions - m.positions, axis=-1)
    assert np.median(apart) < 0.01 and apart.max() < 0.09


def test_impossible_bodies_are_named() -> None:
    m = standing(0.1)
    with pytest.raises(InvalidInput, match="same joints") as error:
        onto_body(m, replace(CHILD, names=tuple(reversed(CHILD.names))))
    assert error.value.field == "skeleton"
    with pytest.raises(InvalidInput, match="left leg has no length"):
        onto_body(m, replace(CHILD, offsets=CHILD.offsets * 0))
