"""The rig as a picture: all parts of a head, placed, projected, filled and shaded.

Shapes: V vertices, F triangles, E edges, N pixels that show something.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sdk.errors import InvalidInput
from sdk.face.rig import anatomy as a
from sdk.face.rig.anatomy import Array, Index
from sdk.face.rig.camera import Camera
from sdk.face.rig.identity import Identity
from sdk.face.rig.inside import cavity, eyes, lashes, sockets, teeth, tongue
from sdk.face.rig.parts import Part, Stance
from sdk.face.rig.pose import rotation
from sdk.face.rig.raster import covered, vertex_normals
from sdk.face.rig.shading import LOOKS, Lit, Seen, shaded
from sdk.face.rig.skull import ears, hair, skin

MAX_SIZE = 2048
FINE_FROM = 160
"""From this size on triangles are split once, so that outlines are round."""
SAMPLES = 2
"""Pixels are looked at so many times across and down."""


@dataclass(frozen=True, eq=False)
class Head:
    """All parts with one numbering. edges: (E, 2). edges_of: the edges 0-1, 1-2 and 2-0 of each triangle, (F, 3).
    start: first vertex of each part, then the end."""

    parts: tuple[Part, ...]
    triangles: Index
    material: Index
    coordinates: Array
    follow: Array
    edges: Index
    edges_of: Index
    start: tuple[int, ...]


@cache
def head(hair_style: int) -> Head:
    """The parts of a head: hair style 0 none, 1 short, 2 long."""
    parts = (
        skin(),
        *eyes(),
        *lashes(),
        *sockets(),
        *teeth(),
        tongue(),
        cavity(),
        *ears(),
        *((hair(hair_style),) if hair_style else ()),
        *((hair(hair_style, inside=True),) if hair_style == 2 else ()),
    )
    start = np.cumsum([0, *(len(part.coordinates) for part in parts)])
    triangles = np.concatenate([part.triangles + first for part, first in zip(parts, start, strict=False)])
    sides = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges, edge_of = np.unique(sides, axis=0, return_inverse=True)
    return Head(
        parts, triangles, np.concatenate([part.material for part in parts]),
        np.concatenate([part.coordinates for part in parts]), np.concatenate([part.follow for part in parts]),
        edges, edge_of.reshape(-1, 3), tuple(int(first) for first in start),
    )  # fmt: skip


def render(
    stance: Stance, turned: Callable[[Array], Array], identity: Identity, camera: Camera, size: int, look: str
) -> NDArray[np.uint8]:
    """A picture (size, size, 3) of one face; turned: head and neck. The camera's view is scaled to `size`.

    Raises InvalidInput for unknown sizes and looks, and for a camera or a person that is many.
    """
    if look not in LOOKS:
        raise InvalidInput(f"look {look!r} is unknown; known: {', '.join(LOOKS)}", field="look")
    if identity.shape.ndim != 1 or camera.distance.ndim != 0 or stance.points.ndim != 2:
        raise InvalidInput("a picture shows one face: give one set of values, one identity, one camera", field="values")
    if not 8 <= size <= MAX_SIZE:
        raise InvalidInput(f"size must lie in 8..{MAX_SIZE} pixels, got {size}", field="size")
    made = head(int(identity.hair_style) if look == "human" else 0)
    places, coordinates = _placed(stance, turned, made)
    normals = vertex_normals(places, made.triangles)
    triangles, material = made.triangles, made.material
    if size >= FINE_FROM:
        places, normals, coordinates = _split(places, normals, coordinates, made.edges)
        triangles = _split_triangles(made)
        material = np.tile(material, 4)
    side = size * SAMPLES
    pixels = camera.project(places) * (side / camera.size)
    seen = covered(pixels, triangles, side, side)
    turned_normals = (normals @ rotation(camera.pitch, camera.yaw, camera.roll).T).astype(np.float32)
    per_vertex = np.concatenate([turned_normals, coordinates.astype(np.float32)], 1)
    corners = triangles[seen.triangle]
    mixed = np.zeros((len(corners), 6), np.float32)
    for k in range(3):
        mixed += per_vertex[corners[:, k]] * seen.weights[:, k, None]
    lit = Lit.of(identity, LOOKS[look])
    colours = shaded(Seen(mixed[:, :3], mixed[:, 3:], material[seen.triangle]), lit)
    canvas = np.empty((size, SAMPLES, size, SAMPLES, 3), np.float32)
    canvas[:] = lit.background(size)[:, None, :, None]
    canvas.reshape(-1, 3)[seen.pixel] = colours
    # Adding slices is several times quicker than a mean over small axes.
    small = np.zeros((size, size, 3), np.float32)
    for down, across in np.ndindex(SAMPLES, SAMPLES):
        small += canvas[:, down, :, across]
    small /= SAMPLES**2
    picture: NDArray[np.uint8] = (np.sqrt(np.clip(small, 0, 1)) * 255 + 0.5).astype(np.uint8)
    return picture


def _placed(stance: Stance, turned: Callable[[Array], Array], made: Head) -> tuple[Array, Array]:
    """Vertices (V, 3) turned by head and neck, and what paint must know of them (V, 3)."""
    places = np.concatenate([part.place(stance) for part in made.parts])
    coordinates = made.coordinates.copy()
    for number, (corners, lid) in enumerate(((a.RIGHT_CORNERS, a.RIGHT_UPPER_LID), (a.LEFT_CORNERS, a.LEFT_UPPER_LID))):
        eye = slice(made.start[1 + number], made.start[2 + number])
        edge = stance.points[[corners[0], *lid, corners[1]]]
        edge = edge[np.argsort(edge[:, 0])]
        # How far below the upper lid's edge a place of the eyeball lies: the lid shades it.
        coordinates[eye, 2] = np.interp(places[eye, 0], edge[:, 0], edge[:, 1]) - places[eye, 1]
    return places + made.follow[:, None] * (turned(places) - places), coordinates


def _split(places: Array, normals: Array, coordinates: Array, edges: Index) -> tuple[Array, Array, Array]:
    """A vertex more in the middle of each edge, lifted onto the curve that the normals of its ends suggest."""
    first, last = edges.T
    middle = (places[first] + places[last]) / 2
    lift = np.zeros_like(middle)
    for end in (first, last):
        away = ((places[end] - middle) * normals[end]).sum(-1, keepdims=True)
        lift += 0.5 * away * normals[end]
    between = normals[first] + normals[last]
    between /= np.maximum(np.linalg.norm(between, axis=-1, keepdims=True), 1e-9)
    more = (coordinates[first] + coordinates[last]) / 2
    return (
        np.concatenate([places, middle + 0.75 * lift]),
        np.concatenate([normals, between]),
        np.concatenate([coordinates, more]),
    )


def _split_triangles(made: Head) -> Index:
    """Four triangles of each one, (4 F, 3): three corners and the middle."""
    a0, b0, c0 = made.triangles.T
    ab, bc, ca = (len(made.coordinates) + made.edges_of).T
    return np.concatenate([np.stack(t, -1) for t in ((a0, ab, ca), (b0, bc, ab), (c0, ca, bc), (ab, bc, ca))])
