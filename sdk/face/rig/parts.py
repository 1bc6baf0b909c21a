"""A part of a head as triangles: what is fixed of it, and where its vertices are for a given face.

Shapes: V vertices, F triangles, P = 480 points of `Rig.local`. Metres in the frame of the face at rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from sdk.face.rig.anatomy import Array, Index


class Material(IntEnum):
    """What a triangle is made of."""

    FACE = 0
    HEAD = 1
    NECK = 2
    CLOTH = 3
    EYE = 4
    LASH = 5
    TEETH = 6
    GUM = 7
    MOUTH = 8
    TONGUE = 9
    HAIR = 10
    EAR = 11
    SOCKET = 12


@dataclass(frozen=True, eq=False)
class Stance:
    """What parts hang on: the face's points (480, 3), how the jaw turns (3, 3), how each eye turns (3, 3), all at the
    same moment."""

    points: Array
    jaw: Array
    eyes: Array


@dataclass(frozen=True, eq=False)
class Part:
    """What is fixed, and how the rest follows.

    triangles: (F, 3), counter-clockwise from outside. material: (F,). coordinates: (V, 3), what paint must know of a
    vertex: of the face its place in the mean face; of an eyeball the direction from its middle in the gaze's frame; of
    the rest across, along, and hollow (0 in the light, 1 deep inside). follow: (V,) how far a vertex goes with the
    head. place: the vertices (V, 3) of a stance.
    """

    triangles: Index
    material: Index
    coordinates: Array
    follow: Array
    place: Callable[[Stance], Array]


def grid(rows: int, columns: int, *, closed: bool = False, inwards: bool = False) -> Index:
    """Triangles (F, 3) of vertices in rows; closed: the last column borders on the first one.

    Fronts are on the side from which rows go down and columns to the right; `inwards`: on the other one.
    """
    wide = columns if closed else columns - 1
    row, column = np.divmod(np.arange((rows - 1) * wide), wide)
    here, right = row * columns + column, row * columns + (column + 1) % columns
    below, below_right = here + columns, right + columns
    faces = np.concatenate([np.stack([here, below, right], -1), np.stack([right, below, below_right], -1)])
    return faces[:, ::-1] if inwards else faces


def all_of(material: Material, triangles: Index) -> Index:
    """The same material for each triangle, (F,)."""
    return np.full(len(triangles), int(material), np.intp)
