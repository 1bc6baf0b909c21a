"""The square of a picture that a face network looks at, and the picture of it.

Places are in pixels, x to the right and y down, (0, 0) the middle of the first pixel. Shapes: S pixels a side of what
is cut out, N points. The conventions are MediaPipe's, so that its networks see what they were trained on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdk.face.pictures import Picture

MARGIN = 1.5
"""A square around a face is so much longer than the face's longer side."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Region:
    """A square: its centre, its side, and how far its x axis is turned clockwise on the screen, in radians."""

    x: float
    y: float
    side: float
    angle: float = 0.0

    @classmethod
    def around(cls, box: Sequence[float] | Array, left_eye: Array, right_eye: Array) -> "Region":
        """The square around a face's box (x0, y0, x1, y1), level with its eyes (as seen: the one on the left first)."""
        x0, y0, x1, y1 = (float(value) for value in box)
        across, down = right_eye[:2] - left_eye[:2]
        return cls((x0 + x1) / 2, (y0 + y1) / 2, MARGIN * max(x1 - x0, y1 - y0), float(np.arctan2(down, across)))

    def to_picture(self, fractions: Array) -> Array:
        """Points (N, 2 or 3) in fractions of the square, from its corner, as points of the picture; z only grows."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        x, y = (fractions[:, :2].T - 0.5) * self.side
        places = np.stack([self.x + cos * x - sin * y, self.y + sin * x + cos * y], 1)
        return np.concatenate([places, fractions[:, 2:] * self.side], 1)


def crop(image: Picture, region: Region, size: int, *, beyond: str) -> NDArray[np.float32]:
    """The square as a picture (S, S, 3) of floats in 0..255, sampled bilinearly.

    beyond: what is seen outside the picture, its "edge" or "black".
    """
    height, width = image.shape[:2]
    step = np.arange(size, dtype=np.float32) - np.float32(size / 2)
    along = np.float32(np.cos(region.angle) * region.side / size) * step
    across = np.float32(np.sin(region.angle) * region.side / size) * step
    x = (np.float32(region.x) + along)[None, :] - across[:, None]
    y = (np.float32(region.y) + across)[None, :] + along[:, None]
    inside = None
    if beyond == "black":
        inside = ((x > -1) & (x < width) & (y > -1) & (y < height))[..., None]
    np.clip(x, 0, width - 1, out=x)
    np.clip(y, 0, height - 1, out=y)
    column = np.minimum(x.astype(np.intp), max(0, width - 2))
    row = np.minimum(y.astype(np.intp), max(0, height - 2))
    right, down = int(width > 1), width * int(height > 1)
    first = row * width + column
    x -= column
    y -= row
    u, v = x[..., None], y[..., None]
    pixels = image.reshape(-1, 3)
    # One row of the sample after the other: upper left, upper right, lower left, lower right.
    corners = [pixels.take(first + offset, axis=0).astype(np.float32) for offset in (0, right, down, down + right)]
    upper = corners[0] + (corners[1] - corners[0]) * u
    lower = corners[2] + (corners[3] - corners[2]) * u
    sampled: NDArray[np.float32] = upper + (lower - upper) * v
    return sampled if inside is None else sampled * inside
