"""The vectors that the tests of other languages share do not drift from the code they were made of."""

import json

import numpy as np

from sdk.motion.frames import FRAMES, restore_points, restore_rotations
from tools.generate_vectors import COUNT, VECTORS, text


def test_the_frame_vectors_are_those_of_the_code() -> None:
    assert VECTORS.read_text(encoding="utf-8") == text(), "run: python -m tools.generate_vectors"


def test_every_frame_leads_back_to_the_same_poses() -> None:
    frames = json.loads(VECTORS.read_text(encoding="utf-8"))["frames"]
    assert set(frames) == set(FRAMES)
    positions, rotations = (np.reshape(frames["sdk"][key], (COUNT, -1)) for key in ("positions", "rotations"))
    np.testing.assert_allclose(np.linalg.norm(rotations, axis=1), 1, atol=2e-7)
    for name, image in frames.items():
        there = np.reshape(image["positions"], (COUNT, 3)), np.reshape(image["rotations"], (COUNT, 4))
        np.testing.assert_allclose(restore_points(there[0], name), positions, atol=1e-7)
        np.testing.assert_allclose(restore_rotations(there[1], name), rotations, atol=1e-7)
