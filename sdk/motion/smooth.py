"""Smoothing of finished motion: jitter goes; timing, accents, trembling and the first and last frame stay.

Shapes: T frames, J joints. Two filters without delay part a motion into three: what is slow, which stays; what is too
quick for a body, which goes; and what lies between, jitter and accents alike. There size tells them apart: small
oscillations are taken for jitter, large ones for a blow, a start or a shiver. Rotations are averaged where they are, as
rotation vectors between each frame and its neighbours.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sdk.motion.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    Array,
    dot,
    normalize,
    quat_continuous,
    quat_from_axis_angle,
    quat_inv,
    quat_mul,
    quat_to_axis_angle,
)

SLOW_HZ, QUICK_HZ = 3.0, 9.0
"""Between these, size decides; the second is the cut-off at full strength. Found by what judges and accents lose, see
docs/log.md."""
JITTER, JITTER_M = np.radians(0.8), 0.004
"""Oscillations of this size, of a joint in radians and of the root in metres, are halved at full strength."""
NEAR_S = 0.1
"""The size of an oscillation is that over about this long, seconds, to both sides."""
REACH = 1.1
"""Neighbours further away than this over the cut-off, seconds, have no weight: it has fallen to a hundredth."""


def smooth_motion(motion: Motion, *, strength: float = 1.0) -> Motion:
    """The motion without its jitter. strength: (0, 1], how large and how slow an oscillation may be to count as that.

    Joint rotations and the root's path are smoothed, each by itself; feet may slide a little more, so lock them after.
    The first and the last frame stay as they are. A clip of one or two frames comes back as it is.
    Raises InvalidInput for a strength outside.
    """
    if not 0 < strength <= 1:  # also true for NaN
        raise InvalidInput(f"strength must lie in 0..1 and not be 0, got {strength}", field="strength")
    slow, calm = low_passed(motion, cutoff_hz=SLOW_HZ), low_passed(motion, cutoff_hz=QUICK_HZ / np.sqrt(strength))
    turn = quat_to_axis_angle(quat_mul(quat_inv(slow.rotations), calm.rotations))
    turn *= _share(turn, strength * JITTER, motion.fps)
    move = calm.root - slow.root
    move *= _share(move, strength * JITTER_M, motion.fps)
    rotations = quat_continuous(normalize(quat_mul(slow.rotations, quat_from_axis_angle(turn))))
    return replace(motion, rotations=rotations, root=slow.root + move)


def low_passed(motion: Motion, *, cutoff_hz: float) -> Motion:
    """The motion without what is quicker than `cutoff_hz`, at which half of an oscillation is left.

    The filter is that of a smoothing spline: over frequencies 1 / (1 + (f / cut-off)^4). It has no delay, and the first
    and the last frame stay. Raises InvalidInput for a cut-off that is not positive.
    """
    if not cutoff_hz > 0:  # also true for NaN
        raise InvalidInput(f"cutoff_hz must be > 0, got {cutoff_hz}", field="cutoff_hz")
    if len(motion) < 3:
        return motion
    weights = spline_kernel(cutoff_hz / motion.fps, longest=len(motion) - 1)
    reach = len(weights) // 2
    rotations, root = motion.rotations, motion.root
    # Beyond the ends the clip goes on turned about its end, so that neither pose nor speed there is pulled inwards.
    turned = _extended(rotations, reach, lambda end, far: quat_mul(quat_mul(end, quat_inv(far)), end))
    places = _extended(root, reach, lambda end, far: 2 * end - far)
    turn, moved = np.zeros((*rotations.shape[:2], 3)), np.zeros_like(root)
    here = quat_inv(rotations)
    for k, weight in enumerate(weights):
        turn += weight * quat_to_axis_angle(quat_mul(here, turned[k : k + len(motion)]))
        moved += weight * (places[k : k + len(motion)] - root)
    smoothed = normalize(quat_mul(rotations, quat_from_axis_angle(turn)))
    return replace(motion, rotations=quat_continuous(smoothed), root=root + moved)


def spline_kernel(cutoff: float, *, longest: int) -> Array:
    """Weights (2 K + 1,) of neighbours that sum to 1; cutoff in cycles a frame, K at most `longest`.

    They fall like a damped wave, a little below zero on the way. A cut-off of more than half a cycle, which frames
    cannot show, takes a little of the quickest that they can.
    """
    reach = min(int(np.ceil(REACH / cutoff)) + 2, longest)
    count = 16 * (reach + 1)
    # A smoothing spline over frames: what it takes off grows with the fourth power of a frame's second difference.
    bend = 2 * np.sin(np.pi * np.arange(count // 2 + 1) / count)
    edge = 2 * np.sin(np.pi * cutoff) if cutoff < 0.5 else 4 * cutoff
    whole = np.fft.irfft(1 / (1 + (bend / edge) ** 4), count)
    weights: Array = np.concatenate([whole[-reach:], whole[: reach + 1]]) if reach else whole[:1]
    weights /= weights.sum()
    return weights


def evened(values: Array, frames: float) -> Array:
    """A running average over the first axis, (T, ...), under a bell of this standard deviation in frames.

    The ends go on as they end.
    """
    reach = int(np.ceil(3 * frames))
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / frames) ** 2)
    padded = np.concatenate([np.repeat(values[:1], reach, 0), values, np.repeat(values[-1:], reach, 0)])
    out = np.zeros_like(values)
    for k, weight in enumerate(bell / bell.sum()):
        out += weight * padded[k : k + len(values)]
    return out


def _share(oscillation: Array, size: float, fps: float) -> Array:
    """How much of an oscillation (T, ..., 3) stays, (T, ..., 1): nothing of a small one, all of a large one."""
    power = evened(dot(oscillation, oscillation), NEAR_S * fps)
    share: Array = power**2 / (power**2 + size**4)
    return share


def _extended(values: Array, reach: int, beyond: Callable[[Array, Array], Array]) -> Array:
    """The frames with `reach` more on both sides, (T + 2 reach, ...). beyond(end, inside): what lies as far outside."""
    before = beyond(values[:1], values[reach:0:-1])
    after = beyond(values[-1:], values[-2 : -reach - 2 : -1])
    return np.concatenate([before, values, after])
