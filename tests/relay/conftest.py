"""Moments to send, and a server over the fake engine."""

import numpy as np
import pytest

from sdk.drive import LiveFrame
from sdk.emotion import Affect
from sdk.motion.rotations import normalize
from sdk.motion.skeleton import BODY, NUM_JOINTS
from sdk.relay.face import MadeHere
from sdk.relay.moment import Moment
from tests.relay.decoders import Inbox

MADE_HERE = MadeHere()


def moment(seed: int = 0, affect: Affect | None = None, *, left_hand_up: bool = False) -> Moment:
    """A body in a random pose, or in a T-pose whose left arm points up."""
    random = np.random.default_rng(seed)
    affect = affect or Affect.of("joy", 1.0)
    rotations = normalize(random.normal(size=(NUM_JOINTS, 4)))
    root = random.uniform(-2, 2, 3)
    if left_hand_up:
        rotations = np.tile([0.0, 0.0, 0.0, 1.0], (NUM_JOINTS, 1))
        rotations[BODY.names.index("left_shoulder")] = [0, 0, np.sin(np.pi / 4), np.cos(np.pi / 4)]
        root = np.array([0.0, BODY.rest_height, 0.0])
    frame = LiveFrame(7, rotations, root, np.array([True, False, True, False]), affect, 0, False, False)
    felt = affect.condition.astype(np.float64)
    return Moment(frame, BODY, 30.0, felt, MADE_HERE.at(affect, felt))


@pytest.fixture
def inbox():
    found = Inbox()
    yield found
    found.close()
