"""Skin of face, skull, neck and shoulders in one piece, ears and hair. Their shapes are drawn: assumed."""

from functools import cache

import numpy as np

from sdk.face.rig.anatomy import MESH_POINTS, OVAL, Array, anatomy
from sdk.face.rig.muscles import rest_points, smooth_step
from sdk.face.rig.parts import Material, Part, Stance, all_of, grid

# Rings from the mesh's rim over the skull and under the chin down to the shoulders, millimetres: the highest point
# (y, z), the lowest one, the side (y, z), half widths of the upper and the lower half, and how far the ring goes with
# the head.
RINGS = (
    ((66, -20), (-117, -20), (-25, -82), 71.0, 60.0, 1.0),
    ((86, -48), (-120, -36), (-18, -96), 75.0, 57.0, 1.0),
    ((97, -92), (-121, -52), (-14, -108), 76.5, 55.0, 1.0),
    ((89, -142), (-123, -62), (-30, -117), 75.0, 54.0, 0.97),
    ((55, -178), (-128, -67), (-52, -120), 69.0, 54.0, 0.88),
    ((0, -186), (-140, -69), (-84, -118), 61.0, 54.0, 0.70),
    ((-70, -164), (-158, -69), (-122, -114), 57.0, 54.0, 0.45),
    ((-122, -158), (-172, -66), (-150, -112), 58.0, 56.0, 0.18),
    ((-150, -168), (-190, -58), (-172, -112), 72.0, 70.0, 0.0),
    ((-166, -178), (-206, -46), (-188, -110), 118.0, 100.0, 0.0),
    ((-190, -184), (-236, -30), (-214, -106), 190.0, 158.0, 0.0),
    ((-300, -190), (-330, -20), (-330, -100), 222.0, 190.0, 0.0),
)
NECK_FROM, CLOTH_FROM = 6, 9
COLUMNS = len(OVAL)
SQUARENESS = 0.74
FOLLOWS_FACE = np.array([0.85, 0.6, 0.4, 0.25, 0.15, 0.1, 0.05, 0, 0, 0, 0, 0])
"""How much of what a person's rim of the face is unlike the mean each ring takes over."""
HAIR_COLUMNS = 37
# Hair by rows, from the forehead to the nape: which ring it lies over, how thick it is (millimetres) at the top, how
# far it reaches on both sides (degrees from the middle of the forehead; beyond 90 it hangs), and how far it all hangs.
SHORT_HAIR = (
    (0.30, 0.3, 66, 0), (0.5, 5.0, 76, 0), (0.8, 9.0, 84, 0), (1.3, 12.0, 87, 0), (2.0, 13.0, 90, 0),
    (3.0, 12.0, 90, 0), (4.0, 11.0, 91, 0), (5.0, 9.0, 92, 0), (6.0, 3.0, 90, 0),
)  # fmt: skip
LONG_HAIR = (
    (0.30, 0.3, 72, 0), (0.5, 6.0, 86, 0), (0.8, 11.0, 116, 0), (1.3, 14.0, 150, 0), (2.0, 16.0, 164, 0),
    (3.0, 17.0, 170, 0), (4.0, 18.0, 172, 0), (5.0, 19.0, 172, 0), (5.4, 19.0, 160, 40), (5.4, 17.0, 150, 85),
)  # fmt: skip
HANGS_MM = 1.3
"""Hair hangs so far for each degree beyond 90."""


@cache
def ring_points() -> Array:
    """The rings of the mean head, (12, 36, 3); columns begin at the top and go by the face's left."""
    angle = np.deg2rad(np.arange(COLUMNS) * 360 / COLUMNS)
    cosine, sine = np.cos(angle), np.sin(angle)
    # A skull is broader between top and side than an ellipse.
    cosine = np.where(cosine > 0, np.abs(cosine) ** SQUARENESS, cosine)
    sine = np.where(cosine > 0, np.sign(sine) * np.abs(sine) ** SQUARENESS, sine)
    rings = []
    for top, low, side, wide, narrow, _ in RINGS:
        high, deep, beside = (np.array(end, float) for end in (top, low, side))
        middle, half = (high + deep) / 2, (high - deep) / 2
        width = wide + (narrow - wide) * smooth_step(-cosine, 0.0, 1.0)
        across = middle + cosine[:, None] * half + (1 - cosine**2)[:, None] * (beside - middle)
        rings.append(np.concatenate([(width * sine)[:, None], across], 1))
    return np.array(rings) / 1000


def rings_of(stance: Stance) -> Array:
    """The rings of a person's head, (12, 36, 3)."""
    rim = stance.points[list(OVAL)] - rest_points()[list(OVAL)]
    return ring_points() + FOLLOWS_FACE[:, None, None] * rim


@cache
def skin() -> Part:
    """Face, skull, neck and shoulders."""
    rings = len(RINGS)
    rows = np.concatenate([np.array(OVAL), MESH_POINTS + np.arange(rings * COLUMNS)]).reshape(rings + 1, COLUMNS)
    local = grid(rings + 1, COLUMNS, closed=True, inwards=True)
    tube = rows.ravel()[local]
    ring = local.max(1) // COLUMNS - 1
    kind = np.where(ring >= CLOTH_FROM, Material.CLOTH, np.where(ring >= NECK_FROM, Material.NECK, Material.HEAD))
    faces = anatomy().triangles
    hollow = np.zeros((rings, COLUMNS))
    under = smooth_step(-np.cos(np.arange(COLUMNS) * 2 * np.pi / COLUMNS), 0.1, 0.8)
    hollow[:9] = np.array([0.25, 0.5, 0.7, 0.8, 0.75, 0.6, 0.4, 0.2, 0.05])[:, None] * under
    columns, along = np.meshgrid(np.arange(COLUMNS) / COLUMNS, np.arange(rings, dtype=float))
    behind = np.stack([columns, along, hollow], -1).reshape(-1, 3)
    return Part(
        triangles=np.concatenate([faces, tube]),
        material=np.concatenate([all_of(Material.FACE, faces), kind.astype(np.intp)]),
        coordinates=np.concatenate([rest_points()[:MESH_POINTS], behind]),
        follow=np.concatenate([np.ones(MESH_POINTS), np.repeat([row[5] for row in RINGS], COLUMNS)]),
        place=lambda stance: np.concatenate([stance.points[:MESH_POINTS], rings_of(stance).reshape(-1, 3)]),
    )


EAR_ROWS, EAR_COLUMNS = 6, 20


@cache
def ears() -> tuple[Part, Part]:
    """The right and the left ear: a shell with a rim and a hollow."""
    turn = np.arange(EAR_COLUMNS) * 2 * np.pi / EAR_COLUMNS
    reach = np.array([1.0, 1.04, 0.92, 0.72, 0.45, 0.0])[:, None]
    out = np.array([-6.0, 9.0, 12.0, 7.0, 3.0, 1.0])[:, None]
    hollow = np.array([0.5, 0.1, 0.0, 0.35, 0.65, 0.75])[:, None]
    # Broad above, narrow at the lobe, and free of the head behind only.
    wide = 14.5 + 3.5 * np.sin(turn)
    back = -wide * np.cos(turn) * reach
    up = 28.0 * np.sin(turn) * reach
    # The lobe lies closer to the head than the upper rim.
    out = -6.0 + (out + 6.0) * (0.35 + 0.65 * (1 + np.sin(turn)) / 2)
    lift = out + 5.0 * np.clip(-np.cos(turn), -0.4, 1) * (reach > 0.3)
    shape = np.stack(np.broadcast_arrays(lift, up - 0.18 * back, -back), -1).reshape(-1, 3) / 1000
    coordinates = np.stack(np.broadcast_arrays(reach, 0 * up, hollow), -1).reshape(-1, 3)
    made = []
    for side, hinge in ((-1, 234), (1, 454)):
        triangles = grid(EAR_ROWS, EAR_COLUMNS, closed=True, inwards=side > 0)

        def place(stance: Stance, side: int = side, hinge: int = hinge) -> Array:
            moved = stance.points[hinge] - rest_points()[hinge]
            placed: Array = np.array([side * 0.0715, -0.022, -0.098]) + moved * 0.7 + shape * [side, 1, 1]
            return placed

        made.append(Part(triangles, all_of(Material.EAR, triangles), coordinates, np.ones(len(shape)), place))
    return made[0], made[1]


@cache
def hair(style: int, *, inside: bool = False) -> Part:
    """A cap of hair over the skull: style 1 short, 2 long; inside: as seen from the head, for hair that hangs."""
    table = np.array(SHORT_HAIR if style == 1 else LONG_HAIR)
    rows = len(table)
    share = np.linspace(-1, 1, HAIR_COLUMNS)
    reach = table[:, 2:3] * share
    column = np.clip(reach, -90, 90) / 360 * COLUMNS
    hanging = (np.clip(np.abs(reach) - 90, 0, None) * HANGS_MM + table[:, 3:]) / 1000
    # Thick at the top, thin at its edge.
    thick = table[:, 1:2] * np.where(hanging > 0, 0.7, np.clip(1 - np.abs(share) ** 6, 0.05, 1)) / 1000
    triangles = grid(rows, HAIR_COLUMNS, inwards=not inside)
    below = np.floor(column).astype(int)
    part = (column - below)[..., None]
    ring = table[:, :1]

    def place(stance: Stance) -> Array:
        rings = np.concatenate([stance.points[None, list(OVAL)], rings_of(stance)])
        first = np.broadcast_to(np.floor(ring).astype(int), below.shape)
        towards = (ring - first)[..., None]

        def at(row: Array) -> Array:
            between: Array = rings[row, below % COLUMNS] * (1 - part) + rings[row, (below + 1) % COLUMNS] * part
            return between

        base = at(first) * (1 - towards) + at(first + 1) * towards
        away = base - np.array([0, -0.005, -0.090])
        away /= np.linalg.norm(away, axis=-1, keepdims=True)
        lifted: Array = base + away * thick[..., None]
        lifted[..., 1] -= hanging
        return lifted.reshape(-1, 3)

    along, across = np.meshgrid(np.linspace(0, 1, rows), share, indexing="ij")
    coordinates = np.stack([across, along, np.zeros_like(along)], -1).reshape(-1, 3)
    follow = np.repeat(
        np.interp(table[:, 0], np.arange(len(RINGS) + 1), [1.0, *(row[5] for row in RINGS)]), HAIR_COLUMNS
    )
    return Part(triangles, all_of(Material.HAIR, triangles), coordinates, follow, place)
