"""The square around a face that the picture network reads.

Pictures are (H, W, 3) of 0..255, RGB; points are pixels (x right, y down), the middle of the upper left pixel at 0.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdk.errors import InvalidInput

MARGIN = 1.1
"""Side of the square by that of the landmarks' box."""
_MOST_SAMPLES = 4


def face_square(points: ArrayLike) -> tuple[float, float, float]:
    """Centre x, centre y and side, in pixels, of the square around landmarks (P, 2 or more).

    Raises InvalidInput for points that are not finite or all lie in one place.
    """
    xy = np.asarray(points, float)[..., :2]
    if xy.ndim != 2 or xy.shape[1] != 2 or not np.isfinite(xy).all():
        raise InvalidInput("landmarks must be finite, one row (x, y, ...) a point", field="points")
    low, high = xy.min(0), xy.max(0)
    side = float((high - low).max()) * MARGIN
    if side <= 0:
        raise InvalidInput("all landmarks lie in one place", field="points")
    middle = (low + high) / 2
    return float(middle[0]), float(middle[1]), side


def crop_square(picture: NDArray[np.uint8], square: tuple[float, float, float], size: int) -> NDArray[np.uint8]:
    """The square of a picture as (size, size, 3). What lies beyond the picture repeats its edge.

    Each pixel is the mean of up to 4 x 4 bilinear samples, so that a large face does not alias.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or min(picture.shape[:2]) < 2:
        raise InvalidInput(f"a picture must be (height, width, 3), got {picture.shape}", field="picture")
    x, y, side = square
    samples = int(np.clip(np.ceil(side / size), 1, _MOST_SAMPLES))
    steps = (np.arange(size * samples) + 0.5) / (size * samples) - 0.5
    columns, right = _places(x + steps * side, picture.shape[1])
    rows, below = _places(y + steps * side, picture.shape[0])
    lines = picture[rows].astype(np.float32)
    lines += below[:, None, None] * (picture[rows + 1] - lines)
    pixels = lines[:, columns]
    pixels += right[:, None] * (lines[:, columns + 1] - pixels)
    cut: NDArray[np.uint8] = np.round(pixels.reshape(size, samples, size, samples, 3).mean((1, 3))).astype(np.uint8)
    return cut


def _places(at: NDArray[np.float64], length: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Pixel before each place, and the share of the one after it."""
    inside = np.clip(at, 0, length - 1)
    before = np.minimum(inside.astype(np.intp), length - 2)
    return before, (inside - before).astype(np.float32)
