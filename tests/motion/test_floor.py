"""The floor: clips come down to it, drift goes, jumps, boxes and poses stay."""

from dataclasses import replace

import numpy as np

from sdk.motion.contacts import ANKLES
from sdk.motion.floor import floor_height, grounded
from sdk.motion.ik import LEGS, place_ends
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array
from tests.motion.feet import swaying
from tests.synthetic import standing, walking

UP = np.array([0.0, 1.0, 0.0])


def lifted(m: Motion, by: Array | float) -> Motion:
    return replace(m, root=m.root + np.broadcast_to(by, len(m))[:, None] * UP)


def jumping(height: float = 0.5) -> Motion:
    """Two seconds of standing, a jump by the law of falling, two seconds of standing."""
    fps = 60.0
    air = 2 * np.sqrt(2 * height / 9.81)
    t = np.arange(round((4 + air) * fps) + 1) / fps
    in_air = np.clip(t - 2, 0, air)
    return lifted(standing(float(t[-1]), fps), 9.81 / 2 * in_air * (air - in_air))


def test_a_clip_above_or_below_the_ground_is_put_on_it() -> None:
    for m in (standing(2.0), swaying(), walking(4.0)):
        for off in (-0.4, 0.02, 0.7):
            assert np.abs(grounded(lifted(m, off)).root - grounded(m).root).max() < 1e-9
            assert np.abs(floor_height(grounded(lifted(m, off)))).max() < 0.003


def test_a_slow_drift_goes() -> None:
    for drift in (0.3, -0.3):
        m = walking(30.0)
        out = grounded(lifted(m, np.linspace(0, drift, len(m))))
        assert np.abs(out.root[:, 1] - m.root[:, 1]).max() < 0.015


def test_only_the_height_changes_and_smoothly() -> None:
    m = lifted(walking(10.0), 0.1 * np.sin(np.arange(301) / 50))
    out = grounded(m)
    np.testing.assert_array_equal(out.rotations, m.rotations)
    np.testing.assert_array_equal(out.root[:, [0, 2]], m.root[:, [0, 2]])
    moved = out.root[:, 1] - m.root[:, 1]
    assert np.abs(np.diff(moved, 2)).max() * m.fps**2 < 1.0  # m/s^2: nobody feels a lift


def test_a_jump_is_as_high_as_before() -> None:
    for height in (0.1, 0.5):
        m = jumping(height)
        out = grounded(lifted(m, 0.2))
        np.testing.assert_allclose(out.root, m.root, atol=1e-6)


def test_who_steps_on_a_box_stands_on_it() -> None:
    m = standing(6.0)
    on_box = np.clip((np.arange(len(m)) / m.fps - 4) / 0.4, 0, 1) * 0.35
    out = grounded(lifted(m, 0.1 + on_box))
    np.testing.assert_allclose(out.root[:, 1] - m.root[:, 1], on_box, atol=1e-6)


def test_one_foot_in_the_air_says_nothing_of_the_floor() -> None:
    m = standing(3.0)
    targets = m.positions[:, ANKLES].copy()
    targets[30:, 0, 1] += 0.3
    kick = place_ends(m, LEGS, targets)
    np.testing.assert_allclose(grounded(kick).positions, kick.positions, atol=1e-6)


def test_without_contacts_nothing_happens() -> None:
    falling = lifted(standing(1.0), -4.9 * (np.arange(31) / 30) ** 2 + 8)[4:]
    np.testing.assert_array_equal(grounded(falling).root, falling.root)


def test_a_single_frame_stands_on_the_ground() -> None:
    m = lifted(standing(0.0), 0.5)
    assert len(m) == 1 and abs(grounded(m).root[0, 1] - standing(0.0).root[0, 1]) < 1e-9
