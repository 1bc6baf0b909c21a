"""How long a face takes: landmarks to controls, and a tick of the virtual robot."""

import numpy as np
import pytest

from sdk.face.expressions import ameca_schema
from sdk.face.rig import Camera, Identity, Rig
from sdk.runtime.face_mapper import Calibration, FaceMapper
from tests.robot_bridge.virtual.robots import SCHEMA, TICK_S, with_bid

pytestmark = pytest.mark.benchmark(group="face")


def test_landmarks_to_controls(benchmark) -> None:
    mapper, calibration = FaceMapper.open(), Calibration(1)
    person = Identity.random(np.random.default_rng(0))
    points = Camera.frontal(512.0).project(Rig(ameca_schema()).points(ameca_schema().neutral, person))
    calibration.add(mapper.features(points))
    benchmark(mapper.map, points, calibration)


def test_a_tick_of_the_robot(benchmark) -> None:
    robot, bid = with_bid(blinking=True)
    low, high = SCHEMA.bounds("tight")
    poses = iter(np.random.default_rng(0).uniform(low, high, (100_000, 30)))

    def tick() -> None:
        robot.demand(bid, next(poses))
        robot.tick(TICK_S)

    benchmark.pedantic(tick, rounds=500)
