"""Standing about: it loops, it lives, and the feet stay."""

import numpy as np

from sdk.motion.idle import idle_loop
from sdk.motion.rotations import quat_angle
from sdk.motion.skeleton import BODY, FOOT_JOINTS, JOINT


def test_the_loop_has_no_seam() -> None:
    loop = idle_loop()
    seam = quat_angle(loop.rotations[0], loop.rotations[-1]).max()
    inside = quat_angle(loop.rotations[1:], loop.rotations[:-1]).max()
    assert 0 < seam <= 1.01 * inside
    np.testing.assert_allclose(loop.root[0], loop.root[-1])


def test_all_callers_share_one_loop_that_nobody_can_alter() -> None:
    assert idle_loop() is idle_loop()
    assert not (idle_loop().rotations.flags.writeable or idle_loop().root.flags.writeable)


def test_feet_stand_and_the_rest_breathes() -> None:
    loop = idle_loop(fps=60)
    spread = np.ptp(loop.positions, axis=0)
    assert spread[list(FOOT_JOINTS)].max() < 1e-9
    assert spread[JOINT["head"]].max() > 0.005 and spread[JOINT["left_wrist"]].max() > 0.005
    assert loop.contacts.all()
    assert np.isclose(loop.positions[:, JOINT["left_ankle"], 1], BODY.ankle_height).all()


def test_arms_hang() -> None:
    at = idle_loop().positions[0]
    for side in ("left", "right"):
        assert at[JOINT[f"{side}_wrist"], 1] < at[JOINT["pelvis"], 1] + 0.05
        assert abs(at[JOINT[f"{side}_wrist"], 0]) < 0.45
    assert at[JOINT["left_wrist"], 0] > 0 > at[JOINT["right_wrist"], 0]
