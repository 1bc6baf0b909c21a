"""What a motion does to the laws of the floor and of inertia, without any learned judge.

Shapes: T frames, J = 22 joints. Every figure is of one clip; compare it with real clips of the same content, for real
motion scores zero on none of them (feet of real clips slide too).
"""

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array
from sdk.motion.skeleton import JOINT

SKATE_FPS = 20.0
_SKATE_HEIGHT = 0.05  # m over the lowest point of the clip's feet
_SKATE_SPEED = 0.5  # m/s
_SKATE_FRAMES = 5
STILL_SPEED = 0.02  # m/s, mean over the joints
_FEET = (JOINT["left_foot"], JOINT["right_foot"])
_ANKLES = (JOINT["left_ankle"], JOINT["right_ankle"])


def _at_least(motion: Motion, frames: int, what: str) -> None:
    if len(motion) < frames:
        raise InvalidInput(f"{what} needs at least {frames} frames, got {len(motion)}", field="motion")


def foot_skate(motion: Motion) -> float:
    """Share of the frames in which a planted foot slides (SMooDi, Zhong et al. 2024; resampled to 20 fps).

    Planted: toe joint lower than 5 cm, over the clip's lowest toe, in both neighbouring frames. Sliding: horizontal
    speed over 0.5 m/s in the frame and in the mean of the five around it (zeros beyond the ends).
    """
    clip = motion if abs(motion.fps - SKATE_FPS) < 0.01 else motion.resampled(SKATE_FPS)
    _at_least(clip, 2, "foot skating")
    feet = clip.positions[:, _FEET]
    low = feet[..., 1] - feet[..., 1].min() < _SKATE_HEIGHT
    speed = np.linalg.norm(np.diff(feet[..., [0, 2]], axis=0), axis=-1) * SKATE_FPS
    kernel = np.full(_SKATE_FRAMES, 1 / _SKATE_FRAMES)
    half = _SKATE_FRAMES // 2  # "same" would give the kernel's length for shorter clips
    average = np.stack([np.convolve(side, kernel)[half : half + len(side)] for side in speed.T], -1)
    sliding = low[:-1] & low[1:] & (speed > _SKATE_SPEED) & (average > _SKATE_SPEED)
    return float(sliding.any(-1).mean())


def _derivative(motion: Motion, order: int) -> Array:
    """Speed, acceleration ... of all joints by finite differences, magnitudes (T - order, J)."""
    _at_least(motion, order + 1, f"a derivative of order {order}")
    values: Array = np.linalg.norm(np.diff(motion.positions, n=order, axis=0), axis=-1) * motion.fps**order
    return values


def motion_energy(motion: Motion) -> float:
    """Mean speed over joints and frames, m/s."""
    return float(_derivative(motion, 1).mean())


def jerk(motion: Motion) -> float:
    """Mean magnitude of the third derivative over joints and frames, m/s^3. It grows with the frame rate of noise."""
    return float(_derivative(motion, 3).mean())


def jitter(motion: Motion) -> float:
    """95th percentile over frames of the mean joint jerk, m/s^3: catches a clip that only jumps now and then."""
    return float(np.percentile(_derivative(motion, 3).mean(-1), 95))


def stillness(motion: Motion) -> float:
    """Share of frames in which the joints move slower than 2 cm/s on average: catches motion that froze."""
    return float((_derivative(motion, 1).mean(-1) < STILL_SPEED).mean())


def penetration(motion: Motion) -> float:
    """Mean depth over frames, metres, of the lower foot below where it lies when the sole is flat on the floor."""
    positions, body = motion.positions, motion.skeleton
    toes = body.toe_height - positions[:, _FEET, 1]
    ankles = body.ankle_height - positions[:, _ANKLES, 1]
    # An ankle is lower than in a flat stand also when the toes point up; only both together say it is in the ground.
    depth = np.maximum(np.minimum(toes, ankles), 0.0).max(-1)
    return float(depth.mean())


def measure_physics(motion: Motion) -> dict[str, float]:
    """All figures of this module by name."""
    return {
        "foot_skate": foot_skate(motion), "penetration_m": penetration(motion), "jerk": jerk(motion),
        "jitter": jitter(motion), "energy": motion_energy(motion), "stillness": stillness(motion),
    }  # fmt: skip
