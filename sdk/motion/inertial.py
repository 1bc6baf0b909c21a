"""Inertialisation (Bollo 2018): cut from one motion to another at once and let what is different between them decay.

The difference in place and in speed at the cut is carried on as an offset on the new motion, a critically damped spring
pulled to zero (Holden 2020, decaying springs). Nothing of the old motion has to be known beyond the cut.

Shapes: T frames, J = 22 joints; seconds, metres, radians.
"""

from dataclasses import replace

import numpy as np

from sdk.motion.errors import InvalidInput
from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    Array,
    quat_about,
    quat_continuous,
    quat_from_axis_angle,
    quat_inv,
    quat_mul,
    quat_to_axis_angle,
)

HALFLIFE_S = 0.12
"""After this time half of an offset without speed is left, and hardly any after four times as long."""


def spring_to_zero(value: Array, speed: Array, *, halflife_s: Array | float, at: Array | float) -> tuple[Array, Array]:
    """Critically damped spring: an offset (...) and its speed after `at` seconds, (T,) or (): each (T, ...) or (...).

    halflife_s: one, or one of each number (...). Raises InvalidInput for a half-life that is not positive.
    """
    if not np.all(np.greater(halflife_s, 0)):
        raise InvalidInput(f"halflife_s must be positive, got {halflife_s}", field="halflife_s")
    rate: Array = 2 * np.log(2) / np.asarray(halflife_s, dtype=np.float64)
    t = np.asarray(at, dtype=np.float64)
    t = t.reshape(t.shape + (1,) * np.ndim(value))
    pull = speed + rate * value
    fall = np.exp(-rate * t)
    return fall * (value + pull * t), fall * (speed - rate * pull * t)


def aligned(motion: Motion, to: Motion) -> Motion:
    """The motion turned and moved over the ground so that it begins where `to` ends, facing the same way."""
    turn = heading_angle(to.rotations[-1, 0]) - heading_angle(motion.rotations[0, 0])
    turned = motion.turned(quat_about("y", turn), about=motion.root[0])
    return turned.moved((to.root[-1] - motion.root[0]) * np.array([1, 0, 1]))


def continued(old: Motion, new: Motion, *, halflife_s: float = HALFLIFE_S) -> Motion:
    """What follows the last frame of `old`: `new` without its first frame, which shows the same moment as old's last.

    The result begins with old's place and speed and becomes `new`. Both must stand in the same place; see `aligned`.
    Raises InvalidInput for other rates, or a `new` of less than two frames.
    """
    if abs(old.fps - new.fps) > 1e-6 or len(new) < 2:
        message = f"a seam needs equal rates and two new frames, got {old.fps:g} and {new.fps:g} fps, {len(new)} frames"
        raise InvalidInput(message, field="motion")
    dt = 1 / new.fps
    at = np.arange(1, len(new)) * dt
    root = old.root[-1] - new.root[0]
    root_speed = (_speed(old.root[-2:], dt) if len(old) > 1 else 0.0) - _speed(new.root[:2], dt)
    turn = quat_to_axis_angle(quat_mul(old.rotations[-1], quat_inv(new.rotations[0])))
    turn_speed = (_spin(old.rotations[-2:], dt) if len(old) > 1 else 0.0) - _spin(new.rotations[:2], dt)
    moved, _ = spring_to_zero(root, root_speed, halflife_s=halflife_s, at=at)
    turned, _ = spring_to_zero(turn, turn_speed, halflife_s=halflife_s, at=at)
    rotations = quat_mul(quat_from_axis_angle(turned), new.rotations[1:])
    rotations = quat_continuous(np.concatenate([old.rotations[-1:], rotations]))[1:]
    return replace(new, rotations=rotations, root=new.root[1:] + moved)


def _speed(pair: Array, dt: float) -> Array:
    """Metres a second between two places (2, 3)."""
    speed: Array = (pair[1] - pair[0]) / dt
    return speed


def _spin(pair: Array, dt: float) -> Array:
    """Angular velocity in the parent's frame, radians a second, between two poses (2, J, 4)."""
    spin: Array = quat_to_axis_angle(quat_mul(pair[1], quat_inv(pair[0]))) / dt
    return spin
