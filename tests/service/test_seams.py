"""What counts as a jump."""

from dataclasses import replace

import numpy as np
import pytest

from sdk.drive import LiveFrame
from sdk.emotion import Affect
from sdk.motion.rotations import quat_from_axis_angle, quat_mul
from tests.service.seams import seam
from tests.synthetic import walking


def frames() -> list[LiveFrame]:
    motion = walking(1.0, speed=1.4)
    return [
        LiveFrame(k, motion.rotations[k], motion.root[k], np.zeros(4, dtype=bool), Affect.neutral(), 0, False, False)
        for k in range(len(motion))
    ]


def test_a_walk_has_no_seam_although_it_moves() -> None:
    metres, degrees = seam(frames(), 10)
    assert metres < 0.005 and degrees < 6  # what legs speed up and slow down in a frame


def test_standing_still_for_a_while_is_no_jump() -> None:
    walk = frames()
    metres, degrees = seam([*walk[:10], replace(walk[9], number=10), *walk[10:]], 10)
    assert metres == 0 and degrees == pytest.approx(0, abs=1e-5)


def test_a_jump_is_measured_beside_the_walk() -> None:
    walk = frames()
    turn = quat_from_axis_angle(np.array([0, 0.3, 0]))
    jumped = [replace(f, root=f.root + [0, 0.2, 0], rotations=quat_mul(turn, f.rotations)) for f in walk[10:]]
    metres, degrees = seam([*walk[:10], *jumped], 10)
    assert metres == pytest.approx(0.2, abs=0.05) and degrees == pytest.approx(np.degrees(0.3), abs=2)
