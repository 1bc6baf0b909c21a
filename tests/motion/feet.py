"""Made-up stands on two feet. Frame and units as everywhere in the SDK."""

from dataclasses import replace

import numpy as np

from sdk.motion.contacts import ANKLES
from sdk.motion.ik import LEGS, place_ends
from sdk.motion.motion import Motion
from tests.synthetic import standing


def swaying(seconds: float = 2.0, depth: float = 0.06, fps: float = 30.0) -> Motion:
    """Feet planted flat and still, the body moving over bent knees."""
    m = standing(seconds, fps)
    wave = np.sin(np.arange(len(m)) / fps * 4)[:, None]
    moved = replace(m, root=m.root + wave * [0.03, 0.02, 0.02] - [0, depth, 0])
    return place_ends(moved, LEGS, m.positions[:, ANKLES])
