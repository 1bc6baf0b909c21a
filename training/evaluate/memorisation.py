"""How near a clip comes to what was learned from: distance to the nearest piece of any training clip.

Shapes: W windows, K sampled frames, J joints. A window of two seconds is moved over the origin and turned to face +Z in
its middle, so only the movement counts, not where it happens. The distance is the root mean square over joints and
frames, centimetres. A clip is as near as its window that is farthest from training: one well-known second is no copy.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_about, quat_rotate
from sdk.motion.skeleton import JOINT

WINDOW_SECONDS = 2.0
SAMPLES = 11
"""Frames that are looked at in a window: one each fifth of a second, which is whole frames at 30 fps."""
STRIDE_SECONDS = 0.4
"""Between two windows of a training clip; a clip that is looked up is shifted in steps of SHIFT_SECONDS within it."""
SHIFT_SECONDS = 1 / 30
JOINTS = tuple(
    JOINT[name]
    for name in (
        "pelvis", "neck", "head", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
        "left_knee", "right_knee", "left_ankle", "right_ankle",
    )
)  # fmt: skip


def aligned_windows(motion: Motion, starts: Array) -> Array:
    """Windows (W, K * J * 3) float32 metres from `starts` on, seconds (W,); beyond its end a clip stands still."""
    times = starts[:, None] + WINDOW_SECONDS / (SAMPLES - 1) * np.arange(SAMPLES)
    frames = np.minimum(np.round(times * motion.fps).astype(int), len(motion) - 1)
    # Only the frames that are looked at: forward kinematics of a whole set is what costs.
    used, where = np.unique(frames, return_inverse=True)
    points = motion[used].positions[:, JOINTS][where.reshape(frames.shape)]
    middle = frames[:, SAMPLES // 2]
    origin = motion.root[middle] * np.array([1.0, 0.0, 1.0])
    turn = quat_about("y", -heading_angle(motion.rotations[middle, 0]))
    placed = quat_rotate(turn[:, None, None], points - origin[:, None, None])
    return placed.reshape(len(starts), -1).astype(np.float32)


def windows_of(motions: Iterable[Motion]) -> Array:
    """The windows of many clips in one table."""
    return np.concatenate([aligned_windows(m, _starts(m, STRIDE_SECONDS)) for m in motions])


def nearest_cm(motion: Motion, table: Array) -> float:
    """Distance (cm) of a clip to the training windows `table`, mirrored ones included; see the module."""
    starts = _starts(motion, WINDOW_SECONDS)
    shifts = SHIFT_SECONDS * np.arange(round(STRIDE_SECONDS / SHIFT_SECONDS))
    # A clip is as near to a mirrored twin as its own mirror image is to the clip.
    queries = [aligned_windows(m, (starts[:, None] + shifts).ravel()) for m in (motion, motion.mirrored())]
    best = np.minimum(*(_least_squares(q, table) for q in queries)).reshape(len(starts), -1).min(-1)
    return float(100 * np.sqrt(best.max() / (SAMPLES * len(JOINTS))))


def nearest_all(motions: Iterable[Motion], table: Array) -> Array:
    """`nearest_cm` of each clip, (n,)."""
    return np.array([nearest_cm(m, table) for m in motions])


def spread_cm(motions: Sequence[Motion]) -> float:
    """Mean distance (cm) between clips of one prompt, each by its middle window; NaN for less than two."""
    if len(motions) < 2:
        return float("nan")
    middle = [np.array([max(m.seconds - WINDOW_SECONDS, 0.0) / 2]) for m in motions]
    windows = np.concatenate([aligned_windows(m, at) for m, at in zip(motions, middle, strict=True)])
    gaps = [np.sqrt(((windows[:k] - windows[k]) ** 2).sum(-1)) for k in range(1, len(windows))]
    return float(100 * np.concatenate(gaps).mean() / np.sqrt(SAMPLES * len(JOINTS)))


def _starts(motion: Motion, stride_s: float) -> Array:
    return np.arange(0.0, max(motion.seconds - WINDOW_SECONDS, 0.0) + 1e-6, stride_s)


def _least_squares(query: Array, table: Array, chunk: int = 20_000) -> Array:
    """Least squared distance (W,) of each row of `query` to the rows of `table`."""
    best = np.full(len(query), np.inf)
    for start in range(0, len(table), chunk):
        part = table[start : start + chunk]
        square = (query**2).sum(-1)[:, None] + (part**2).sum(-1) - 2 * query @ part.T
        best = np.minimum(best, square.min(-1))
    return np.maximum(best, 0.0)
