"""What is painted on the face's skin: where lips and brows are, where it is shaded and where warm. Drawn once: assumed.

A painting is (H, W, 4) of [0, 1] over the front view of the mean face: lips, brows, shade, warmth.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from sdk.face.rig import anatomy as a
from sdk.face.rig.anatomy import Array, anatomy

LEFT, TOP, METRES_A_PIXEL = -0.080, 0.056, 0.00033
WIDTH, HEIGHT = 486, 536
FINE = 3
"""Strokes are drawn so many times larger."""
HAIRS = 260
LIPS, BROWS, SHADE, WARMTH = range(4)
Painting = NDArray[np.float32]


def pixel_of(x: Painting, y: Painting) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column of places (...) in the mean face's front view, metres."""
    row = ((TOP - y) / METRES_A_PIXEL).astype(np.intp).clip(0, HEIGHT - 1)
    column = ((x - LEFT) / METRES_A_PIXEL).astype(np.intp).clip(0, WIDTH - 1)
    return row, column


@cache
def painting() -> Painting:
    """The four layers."""
    layers = [_lips(), _brows(), _shade(), _warmth()]
    made: Painting = np.stack(layers, -1).astype(np.float32)
    return made


class _Sheet:
    """A grey picture to draw on in metres, `FINE` times as large as the painting."""

    def __init__(self) -> None:
        self.image = Image.new("L", (WIDTH * FINE, HEIGHT * FINE), 0)
        self._draw = ImageDraw.Draw(self.image)

    def at(self, place: Array) -> list[tuple[float, float]]:
        flat = (np.asarray(place)[:, :2] - [LEFT, TOP]) * [1, -1] * FINE / METRES_A_PIXEL
        return [(float(x), float(y)) for x, y in flat]

    def area(self, outline: Array, value: int = 255) -> None:
        self._draw.polygon(self.at(outline), fill=value)

    def line(self, places: Array, width: float, value: int = 255) -> None:
        wide = max(1, round(width * FINE / METRES_A_PIXEL))
        self._draw.line(self.at(places), fill=value, width=wide, joint="curve")

    def done(self, blur: float) -> Array:
        """The sheet as (H, W) in [0, 1], blurred by so many metres."""
        soft = self.image.filter(ImageFilter.GaussianBlur(blur * FINE / METRES_A_PIXEL))
        return np.asarray(soft.resize((WIDTH, HEIGHT), Image.Resampling.BOX), float) / 255


def curve(places: Array, steps: int = 8, *, closed: bool = False) -> Array:
    """A smooth line through places (n, d), with `steps` pieces between two of them (Catmull-Rom)."""
    if closed:
        padded = np.concatenate([places[-1:], places, places[:2]])
    else:
        padded = np.concatenate([2 * places[:1] - places[1:2], places, 2 * places[-1:] - places[-2:-1]])
    t = (np.arange(steps) / steps)[:, None]
    pieces = []
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        bend = 2 * p0 - 5 * p1 + 4 * p2 - p3, 3 * p1 - p0 - 3 * p2 + p3
        pieces.append(p1 + 0.5 * ((p2 - p0) * t + bend[0] * t**2 + bend[1] * t**3))
    return np.concatenate([*pieces, padded[-2:-1]])


def _points(indices: Sequence[int]) -> Array:
    return anatomy().points[list(indices)]


def _lips() -> Array:
    sheet = _Sheet()
    sheet.area(np.concatenate([curve(_points(a.UPPER_LIP[0])), curve(_points(a.LOWER_LIP[0][::-1]))]))
    return sheet.done(0.0006)


def _brows() -> Array:
    """Hairs from the lower to the upper edge, more lying towards the temple."""
    rng = np.random.default_rng(7)
    sheet, body = _Sheet(), _Sheet()
    for upper, lower in (a.RIGHT_BROW, a.LEFT_BROW):
        # From the nose outwards; the tail is thin, and the head of the brow ends softly.
        top, low = curve(_points(upper[::-1])), curve(_points(lower[::-1]))
        along = np.linspace(0, 1, len(top))
        thin = np.interp(along, [0, 0.12, 0.55, 1], [0.62, 0.86, 0.80, 0.10])[:, None]
        middle = top * 0.60 + low * 0.40
        top, low = middle + (top - middle) * thin, middle + (low - middle) * thin
        body.area(np.concatenate([top, low[::-1]]), 130)
        outwards = np.sign(middle[-1, 0] - middle[0, 0])
        for place in np.sort(rng.uniform(0, 1, HAIRS)):
            at = [np.interp(place, along, edge[:, k]) for edge in (low, top) for k in (0, 1)]
            foot, head = np.array(at[:2]), np.array(at[2:])
            root = foot + (head - foot) * rng.uniform(-0.05, 0.65)
            lean = np.interp(place, [0, 0.25, 1], [0.25, 1.0, 1.25]) * 0.0052
            rise = np.interp(place, [0, 0.3, 1], [0.0042, 0.0020, -0.0014])
            tip = root + [outwards * lean * rng.uniform(0.7, 1.2), rise * rng.uniform(0.6, 1.3)]
            sheet.line(np.array([root, (root + tip) / 2 + [0, 0.0003], tip]), 0.00036, int(rng.uniform(150, 255)))
    return np.clip(0.9 * sheet.done(0.00022) + 0.75 * body.done(0.0011), 0, 1)


def _shade() -> Array:
    """Nostrils, the fold above the eye, the hollow of the eyes, and the line of the mouth's corners."""
    nostrils, folds, sockets, corners = _Sheet(), _Sheet(), _Sheet(), _Sheet()
    for ring in a.NOSTRILS:
        hole = _points(ring)
        middle = hole.mean(0)
        turn = np.linspace(0, 2 * np.pi, 24)
        nostrils.area(middle + np.stack([0.0030 * np.cos(turn), 0.0011 * np.sin(turn), 0 * turn], -1))
    for corners_of, fold, lower in (
        (a.RIGHT_CORNERS, a.RIGHT_UPPER_FOLD, a.RIGHT_LOWER_FOLD),
        (a.LEFT_CORNERS, a.LEFT_UPPER_FOLD, a.LEFT_LOWER_FOLD),
    ):
        crease = curve(_points(fold[1:-1]))
        folds.line(crease + [0, 0.0004, 0], 0.0009)
        around = _points((*fold, corners_of[1], *lower[::-1], corners_of[0]))
        sockets.area(curve(around, closed=True))
    for corner in (61, 291):
        spot = _points((corner,))[0]
        corners.line(spot + np.array([[-0.0014, 0.0003, 0], [0.0014, 0.0003, 0]]), 0.0011)
    dark = 0.95 * nostrils.done(0.0007) + 0.30 * folds.done(0.0006) + 0.16 * sockets.done(0.0030)
    return np.clip(dark + 0.35 * corners.done(0.0009), 0, 1)


def _warmth() -> Array:
    """Cheeks, tip of the nose and chin; a little mottled."""
    x = LEFT + (np.arange(WIDTH) + 0.5) * METRES_A_PIXEL
    y = (TOP - (np.arange(HEIGHT) + 0.5) * METRES_A_PIXEL)[:, None]
    cheeks = np.exp(-(((np.abs(x) - 0.041) / 0.013) ** 2) / 2 - ((y + 0.039) / 0.011) ** 2 / 2)
    nose = 0.55 * np.exp(-((x / 0.009) ** 2) / 2 - ((y + 0.037) / 0.008) ** 2 / 2)
    chin = 0.25 * np.exp(-((x / 0.012) ** 2) / 2 - ((y + 0.100) / 0.009) ** 2 / 2)
    rng = np.random.default_rng(11)
    mottle = np.zeros((HEIGHT, WIDTH))
    for cells, share in ((40, 0.5), (130, 0.5)):
        rough = Image.fromarray(rng.uniform(0, 255, (cells, cells)).astype(np.uint8))
        mottle += share * np.asarray(rough.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), float) / 255
    warm: Array = np.clip(0.50 * (cheeks + nose + chin) + 0.16 * (mottle - 0.5) + 0.12, 0, 1)
    return warm
