"""Where the 478 points of a face lie when it is calm, and which of them are what (MediaPipe's numbering).

Shapes: P = 478 points: 468 of the face mesh, 5 of the right iris, 5 of the left one (its middle, then its rim from the
face's left over the top). Metres; X to the face's own left, Y up, Z forward; the bridge of the nose is the origin. The
numbers of the points are facts of MediaPipe (Apache-2.0); the shape was measured and calmed by tools/mean_face.py.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sdk.errors import MalformedFile

Array = NDArray[np.float64]
Index = NDArray[np.intp]
FILE = Path(__file__).with_name("mean_face.json")
POINTS = 478
MESH_POINTS = 468

RIGHT_IRIS = slice(468, 473)
LEFT_IRIS = slice(473, 478)
# Lids from the outer corner to the inner one; the same column of the upper and the lower lid meet when the eye closes.
RIGHT_UPPER_LID = (246, 161, 160, 159, 158, 157, 173)
RIGHT_LOWER_LID = (7, 163, 144, 145, 153, 154, 155)
RIGHT_CORNERS = (33, 133)
LEFT_UPPER_LID = (466, 388, 387, 386, 385, 384, 398)
LEFT_LOWER_LID = (249, 390, 373, 374, 380, 381, 382)
LEFT_CORNERS = (263, 362)
# The skin next to the lids' edge, column by column.
RIGHT_UPPER_FOLD = (247, 30, 29, 27, 28, 56, 190)
RIGHT_LOWER_FOLD = (25, 110, 24, 23, 22, 26, 112)
LEFT_UPPER_FOLD = (467, 260, 259, 257, 258, 286, 414)
LEFT_LOWER_FOLD = (255, 339, 254, 253, 252, 256, 341)
# Rings of the lips, from outside to inside, each from the right corner over the middle to the left one.
UPPER_LIP = (
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
    (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306),
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292),
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
)
LOWER_LIP = (
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
    (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306),
    (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
)
RIGHT_BROW = ((70, 63, 105, 66, 107), (46, 53, 52, 65, 55))
"""Upper and lower edge, from the temple to the nose."""
LEFT_BROW = ((300, 293, 334, 296, 336), (276, 283, 282, 295, 285))
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The mesh's rim, from the top of the forehead by the face's left."""
RIGID = (
    4, 5, 1, 168, 6, 33, 133, 143, 34, 127, 227, 234, 137, 93, 116, 162,
    263, 362, 372, 264, 356, 447, 454, 366, 323, 345, 389,
)  # fmt: skip
"""Points that hardly move with the face: ridge of the nose, corners of the eyes, sides of the head."""
NOSTRILS = ((20, 60, 166, 79, 239, 238), (250, 290, 392, 309, 459, 458))
BOTTOM_OF_NOSE, TIP_OF_NOSE, CHIN, BRIDGE = 2, 4, 152, 168


@dataclass(frozen=True, eq=False)
class Anatomy:
    """points: (478, 3) at rest. eyes: centres of the right and the left eyeball, (2, 3). mirror: each point's partner
    on the other side, itself in the middle, (478,). triangles: (852, 3), counter-clockwise seen from the front."""

    points: Array
    eyes: Array
    mirror: Index
    triangles: Index


@cache
def anatomy() -> Anatomy:
    """The mean face, read once. Raises MalformedFile where the file was damaged."""
    try:
        content = json.loads(FILE.read_text(encoding="utf-8"))
        points, eyes = np.array(content["points"], float), np.array(content["eyes"], float)
        mirror, triangles = np.array(content["mirror"], np.intp), np.array(content["triangles"], np.intp)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MalformedFile(f"{FILE}: not readable: {error}; install the package again") from None
    if (points.shape, eyes.shape, mirror.shape) != ((POINTS, 3), (2, 3), (POINTS,)) or triangles.shape[1:] != (3,):
        raise MalformedFile(f"{FILE}: it must hold {POINTS} points, 2 eyes and triangles; install the package again")
    return Anatomy(points, eyes, mirror, triangles)
