"""What a landmark network adds to the true points.

The size was measured on a real network (standard deviation 0.0027 to 0.0056 of the distance between the outer corners
of the eyes, on pictures with noise); how it is spread over the face and that half of its power is shared by neighbours
is assumed.
"""

from functools import cache

import numpy as np

from sdk.errors import InvalidInput
from sdk.face.rig.anatomy import LEFT_CORNERS, MESH_POINTS, POINTS, RIGHT_CORNERS, Array, anatomy

LEAST, MOST = 0.0027, 0.0056
DEPTH_TIMES = 1.6
SHARED_WIDTH = 0.018
CENTRES = 40


@cache
def _spread() -> tuple[Array, Array]:
    """Standard deviation of each point in distances between the eyes, (478,); and how noise is shared, (40, 478)."""
    points = anatomy().points
    far = np.linalg.norm((points - points[4]) * [1, 1, 0.5], axis=1)
    far = np.clip(far / np.quantile(far, 0.98), 0, 1)
    chosen = np.linspace(0, MESH_POINTS - 1, CENTRES).astype(int)
    away = np.linalg.norm(points[:, None] - points[chosen], axis=-1)
    shared = np.exp(-((away / SHARED_WIDTH) ** 2) / 2) + 1e-9
    shared /= np.linalg.norm(shared, axis=1, keepdims=True)
    return LEAST + (MOST - LEAST) * far, shared.T


def noisy(points_px: Array, rng: np.random.Generator, *, times: float = 1.0) -> Array:
    """Points (..., 478, 3), of any unit, as a landmark network would find them; `times` its usual noise.

    Raises InvalidInput for another shape.
    """
    if points_px.shape[-2:] != (POINTS, 3):
        raise InvalidInput(
            f"points_px must have the shape (..., {POINTS}, 3), got {points_px.shape}", field="points_px"
        )
    spread, shared = _spread()
    eyes = points_px[..., RIGHT_CORNERS[0], :2] - points_px[..., LEFT_CORNERS[0], :2]
    scale = times * np.linalg.norm(eyes, axis=-1)[..., None, None] * spread[:, None] * np.array([1, 1, DEPTH_TIMES])
    own = rng.standard_normal(points_px.shape, dtype=np.float32)
    common = rng.standard_normal((*points_px.shape[:-2], 3, CENTRES), dtype=np.float32) @ shared.astype(np.float32)
    made: Array = points_px + scale * (own + np.swapaxes(common, -1, -2)) * np.sqrt(0.5)
    return made
