"""A real face to test on: the photograph of Eileen Collins that comes with scikit-image (NASA, public domain).

Numpy alone turns it into other pictures, so that they are the same wherever they are made: `mediapipe_points.py` makes
them again in MediaPipe's own environment. Pictures are (H, W, 3) uint8.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Picture = NDArray[np.uint8]


@cache
def astronaut() -> Picture:
    from skimage.data import astronaut as photograph

    picture = photograph()
    picture.setflags(write=False)
    return picture


def sampled(picture: Picture, x: NDArray[np.float64], y: NDArray[np.float64]) -> Picture:
    """The picture at places (h, w), bilinearly; grey where there is none."""
    height, width = picture.shape[:2]
    column = np.clip(np.floor(x).astype(int), 0, width - 2)
    row = np.clip(np.floor(y).astype(int), 0, height - 2)
    u, v = (np.clip(share, 0, 1)[..., None] for share in (x - column, y - row))
    upper = picture[row, column] * (1 - u) + picture[row, column + 1] * u
    lower = picture[row + 1, column] * (1 - u) + picture[row + 1, column + 1] * u
    inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return np.where(inside[..., None], np.rint(upper * (1 - v) + lower * v), 96).astype(np.uint8)


def moved(
    picture: Picture, *, degrees: float = 0, scale: float = 1, shift: ArrayLike = (0, 0), size: ArrayLike | None = None
) -> Picture:
    """The picture turned clockwise and scaled about its middle, then shifted, in a frame of `size` (width, height)."""
    height, width = picture.shape[:2]
    across, down = (width, height) if size is None else np.asarray(size, int).tolist()
    dx, dy = np.asarray(shift, float)
    x, y = np.meshgrid(np.arange(across) - (across - 1) / 2 - dx, np.arange(down) - (down - 1) / 2 - dy)
    cos, sin = np.cos(np.radians(degrees)) / scale, np.sin(np.radians(degrees)) / scale
    return sampled(picture, cos * x + sin * y + (width - 1) / 2, -sin * x + cos * y + (height - 1) / 2)


def darker(picture: Picture, share: float) -> Picture:
    return np.rint(picture * share).astype(np.uint8)


def noisy(picture: Picture, sigma: float, seed: int = 0) -> Picture:
    noise = np.random.default_rng(seed).normal(0, sigma, picture.shape)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


STILL: dict[str, Callable[[], Picture]] = {
    "as it is": astronaut,
    "turned 25 left": lambda: moved(astronaut(), degrees=-25),
    "turned 25 right": lambda: moved(astronaut(), degrees=25),
    "smaller": lambda: moved(astronaut(), scale=0.6, size=(308, 308)),
    "larger": lambda: moved(astronaut(), scale=1.7, size=(870, 870)),
    "far away": lambda: moved(astronaut(), scale=1.2, shift=(200, 40), size=(1280, 720)),
    "mirrored": lambda: astronaut()[:, ::-1].copy(),
    "darker": lambda: darker(astronaut(), 0.35),
    "noisy": lambda: noisy(astronaut(), 12),
}
"""Pictures by name, each with the one face."""


def detector_picture() -> Picture:
    """The photograph as large as the detector wants it, 128 x 128."""
    return moved(astronaut(), scale=0.25, size=(128, 128))


FOLLOWED = 24


def followed_frame(number: int) -> Picture:
    """Frame of a little video in which the photograph sways, turns and comes nearer, 640 x 480."""
    t = number / FOLLOWED
    swing = np.sin(2 * np.pi * t)
    shift = (30 + 60 * swing, 60 + 25 * np.sin(4 * np.pi * t))
    return moved(astronaut(), degrees=18 * swing, scale=1 + 0.4 * t, shift=shift, size=(640, 480))
