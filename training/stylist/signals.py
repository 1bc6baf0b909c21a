"""Filters over time that the edits share. Shapes: T frames first, anything behind."""

import numpy as np

from sdk.motion.rotations import Array, normalize, quat_continuous


def smoothed(x: Array, sigma: float) -> Array:
    """Gaussian low-pass of (T, ...) with standard deviation `sigma` frames; ends are continued by odd reflection."""
    if sigma <= 0 or len(x) < 2:
        return x
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    pad = [(reach, reach)] + [(0, 0)] * (x.ndim - 1)
    padded = np.pad(x, pad, mode="reflect", reflect_type="odd")
    flat = padded.reshape(len(padded), -1)
    out = np.stack([np.convolve(column, weights, mode="valid") for column in flat.T], -1)
    return out.reshape(x.shape)


def smoothed_rotations(q: Array, sigma: float) -> Array:
    """Low-pass of quaternions (T, ..., 4); good where they turn little within `sigma` frames."""
    if sigma <= 0 or len(q) < 2:
        return q
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    pad = [(reach, reach)] + [(0, 0)] * (q.ndim - 1)
    # The last pose is held beyond the ends: reflected quaternions would leave the sphere.
    padded = np.pad(quat_continuous(q), pad, mode="edge")
    flat = padded.reshape(len(padded), -1)
    out = np.stack([np.convolve(column, weights, mode="valid") for column in flat.T], -1)
    return normalize(out.reshape(q.shape))


def smoothstep(x: Array) -> Array:
    """0 below 0, 1 above 1, a smooth ramp between."""
    t = np.clip(x, 0.0, 1.0)
    return t * t * (3 - 2 * t)


def slow_noise(rng: np.random.Generator, count: int, fps: float, period_s: float) -> Array:
    """Smooth random curve (T,) of unit strength that changes about every `period_s` seconds."""
    knots = int(np.ceil(count / fps / period_s)) + 4
    values = rng.standard_normal(knots)
    at = 1 + np.arange(count) / (fps * period_s)
    low = np.floor(at).astype(int)
    part = at - low
    # Cubic B-spline: twice differentiable, so that what it moves has no jerk at the knots.
    weights = [(1 - part) ** 3, 3 * part**3 - 6 * part**2 + 4, -3 * part**3 + 3 * part**2 + 3 * part + 1, part**3]
    curve = sum(w * values[low - 1 + k] for k, w in enumerate(weights)) / 6
    return np.asarray(curve) / 0.7  # a B-spline of unit white noise has a deviation of about 0.7
