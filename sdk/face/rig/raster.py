"""Triangles to pixels: a z-buffer in numpy. Knows nothing of faces.

Shapes: V vertices, F triangles, N covered pixels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdk.face.rig.anatomy import Array, Index

DEPTH_STEPS = 1 << 30
MAX_SAMPLES = 30_000_000
"""Pixels of all triangles' boxes that are looked at; a face that is nearer than this to the camera is cut there."""


@dataclass(frozen=True, eq=False)
class Covered:
    """The pixels that show a triangle: index into the picture's rows one after the other (N,), the triangle (N,), and
    the weights of its three vertices (N, 3)."""

    pixel: Index
    triangle: Index
    weights: NDArray[np.float32]


def covered(places: Array, triangles: Index, width: int, height: int) -> Covered:
    """What of `triangles` (F, 3) over `places` (V, 3; pixels, z away from the viewer) is seen in width x height pixels.

    Triangles are seen from their front alone, where their corners go round counter-clockwise.
    """
    corners = places[triangles]
    (ax, ay), (bx, by), (cx, cy) = (corners[:, k, :2].T for k in range(3))
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    low = np.ceil(corners[..., :2].min(1) - 0.5).astype(np.int32).clip(0)
    high = np.minimum(np.floor(corners[..., :2].max(1) - 0.5).astype(np.int32), [width - 1, height - 1])
    span = (high - low + 1).clip(0)
    seen = np.flatnonzero((area < -1e-9) & (span[:, 0] > 0) & (span[:, 1] > 0))
    count = span[seen, 0].astype(np.int64) * span[seen, 1]
    seen = seen[np.cumsum(count) <= MAX_SAMPLES]
    count = count[: len(seen)]
    # Weights are affine in x and y, so each triangle has two numbers and an offset for each of two weights.
    inverse = 1 / area[seen]
    start_x, start_y = low[seen, 0] + 0.5 - ax[seen], low[seen, 1] + 0.5 - ay[seen]
    bx_slope, by_slope = (cy - ay)[seen] * inverse, (ax - cx)[seen] * inverse
    cx_slope, cy_slope = (ay - by)[seen] * inverse, (bx - ax)[seen] * inverse
    table = np.stack([bx_slope, by_slope, bx_slope * start_x + by_slope * start_y,
                      cx_slope, cy_slope, cx_slope * start_x + cy_slope * start_y]).astype(np.float32)  # fmt: skip
    owner = np.repeat(np.arange(len(seen), dtype=np.int32), count)
    first = (np.cumsum(count) - count).astype(np.int32)
    step = np.arange(len(owner), dtype=np.int32) - first[owner]
    wide = span[seen, 0].astype(np.int32)[owner]
    row = step // wide
    column = step - row * wide
    own = table[:, owner]
    wb = column * own[0] + (row * own[1] + own[2])
    wc = column * own[3] + (row * own[4] + own[5])
    inside = np.flatnonzero((wb >= 0) & (wc >= 0) & (wb + wc <= 1))
    owner, wb, wc = owner[inside], wb[inside], wc[inside]
    pixel = (row[inside] + low[seen, 1][owner]) * width + column[inside] + low[seen, 0][owner]
    za, zb, zc = corners[seen, :, 2].T.astype(np.float32)
    depth = za[owner] + wb * (zb - za)[owner] + wc * (zc - za)[owner]
    nearest = _nearest(pixel, depth, width * height)
    owner, wb, wc = owner[nearest], wb[nearest], wc[nearest]
    weights = np.stack([1 - wb - wc, wb, wc], -1)
    return Covered(pixel[nearest], seen[owner], weights)


def _nearest(pixel: Index, depth: Array, pixels: int) -> Index:
    """Indices of the samples that are in front of all others of their pixel."""
    if not len(pixel):
        return np.zeros(0, np.intp)
    far = depth.max()
    near = ((far - depth) * ((DEPTH_STEPS - 1) / max(float(far - depth.min()), 1e-12))).astype(np.int64) + 1
    # Depth and number in one integer: the greatest wins, and of equals the later one, on every machine.
    key = near << 32 | np.arange(len(pixel))
    best = np.zeros(pixels, np.int64)
    np.maximum.at(best, pixel, key)
    best = best[best > 0]
    found: Index = (best & 0xFFFFFFFF).astype(np.intp)
    return found


def vertex_normals(places: Array, triangles: Index) -> Array:
    """Unit normals (V, 3), of the triangles around each vertex by their area."""
    a, b, c = places[triangles[:, 0]], places[triangles[:, 1]], places[triangles[:, 2]]
    across = np.cross(b - a, c - a)
    flat = triangles.T.ravel()
    total = np.stack([np.bincount(flat, np.tile(across[:, k], 3), len(places)) for k in range(3)], -1)
    unit: Array = total / np.maximum(np.linalg.norm(total, axis=-1, keepdims=True), 1e-15)
    return unit
