"""How long the motion core takes: FRAMES frames of 22 joints, or one."""

import numpy as np
import pytest

from sdk.motion import rot272
from sdk.motion.inertial import continued
from sdk.motion.kinematics import forward_kinematics
from sdk.motion.motion import Motion
from sdk.motion.rotations import matrix_from_6d, quat_from_matrix, quat_mul, quat_rotate, quat_slerp, quat_to_6d

pytestmark = pytest.mark.benchmark(group="motion")


def test_quat_mul(benchmark, walk: Motion) -> None:
    benchmark(quat_mul, walk.rotations, walk.rotations)


def test_quat_rotate(benchmark, walk: Motion) -> None:
    benchmark(quat_rotate, walk.rotations, np.ones(3))


def test_quat_slerp(benchmark, walk: Motion) -> None:
    benchmark(quat_slerp, walk.rotations[:-1], walk.rotations[1:], 0.3)


def test_quat_to_6d_and_back(benchmark, walk: Motion) -> None:
    def there_and_back() -> None:
        quat_from_matrix(matrix_from_6d(quat_to_6d(walk.rotations, layout="rows"), layout="rows"))

    benchmark(there_and_back)


def test_forward_kinematics(benchmark, walk: Motion) -> None:
    benchmark(forward_kinematics, walk.rotations, walk.root, walk.skeleton)


def test_rot272_encode(benchmark, walk: Motion) -> None:
    benchmark(lambda: rot272.encode(walk[:]))  # a slice, for a motion keeps the positions it has computed


def test_rot272_decode(benchmark, walk: Motion) -> None:
    benchmark(rot272.decode, rot272.encode(walk))


def test_inertialisation_of_one_frame(benchmark, walk: Motion) -> None:
    benchmark(continued, walk[:2], walk[40:42])
