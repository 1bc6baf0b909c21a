"""A camera in front of the face, such as a webcam's. Distances, angles and lenses of `random` are assumed.

Shapes: (...) leading axes, () for one camera, which broadcast with those of the points (..., P, 3). Pixels: x to the
right, y down, z away from the camera in the same scale, 0 near the bridge of the nose: the wire's FaceLandmarks.
"""

from dataclasses import dataclass, fields

import numpy as np

from sdk.errors import InvalidInput
from sdk.face.rig.anatomy import Array
from sdk.face.rig.pose import rotation

AIM = np.array([0.0, -0.034, 0.0])
"""What a camera looks at: between the eyes and the mouth."""


@dataclass(frozen=True, eq=False)
class Camera:
    """focal: pixels. centre: where the aim is seen, pixels, (..., 2). distance: to the aim, metres. pitch, yaw, roll:
    how the face stands to the camera, degrees in the directions of `pose`. depth_gain: how a landmark network's z is to
    a true one. size: (...) side of the picture, pixels."""

    focal: Array
    centre: Array
    distance: Array
    pitch: Array
    yaw: Array
    roll: Array
    depth_gain: Array
    size: Array

    @staticmethod
    def frontal(size: float = 512.0, *, distance: float = 0.70, fill: float = 0.26) -> "Camera":
        """Straight ahead; the outer corners of the eyes (0.09 m) are `fill` of the picture's side apart."""
        if not (size > 0 and distance > 0.2 and fill > 0):
            raise InvalidInput("size and fill must be above 0 and distance above 0.2 m", field="camera")
        zero = np.array(0.0)
        focal = np.array(fill * size * distance / 0.09)
        centre = np.array([size / 2, size / 2])
        return Camera(focal, centre, np.array(distance), zero, zero, zero, np.array(1.0), np.array(float(size)))

    @staticmethod
    def random(rng: np.random.Generator, n: int | None = None, *, size: float = 640.0) -> "Camera":
        """A webcam's view, or n of them: 0.4 to 1.1 m, off centre, tilted, the face up to a third of the picture.

        Raises InvalidInput for an n below 1.
        """
        if n is not None and n < 1:
            raise InvalidInput(f"n must be at least 1, got {n}", field="n")
        shape = () if n is None else (n,)
        distance = rng.uniform(0.40, 1.10, shape)
        fill = rng.uniform(0.12, 0.30, shape)
        off = rng.normal(0, 0.08, (*shape, 2)).clip(-0.2, 0.2)
        return Camera(
            focal=fill * size * distance / 0.09, centre=size * (0.5 + off), distance=distance,
            pitch=rng.normal(0, 6, shape), yaw=rng.normal(0, 7, shape), roll=rng.normal(0, 3, shape),
            depth_gain=np.exp(rng.normal(0, 0.08, shape)), size=np.full(shape, float(size)),
        )  # fmt: skip

    def __getitem__(self, index: int | slice | Array) -> "Camera":
        """One or some of many cameras."""
        return Camera(**{entry.name: getattr(self, entry.name)[index] for entry in fields(self)})

    def project(self, points: Array) -> Array:
        """Points of a face (..., P, 3) in metres as pixels, (..., P, 3). Raises InvalidInput for another shape."""
        if points.ndim < 2 or points.shape[-1] != 3:
            raise InvalidInput(f"points must have the shape (..., P, 3), got {points.shape}", field="points")
        local = (points - AIM) @ np.swapaxes(rotation(self.pitch, self.yaw, self.roll), -1, -2)
        depth = self.distance[..., None] - local[..., 2]
        scale = self.focal[..., None] / depth
        z = -local[..., 2] * (self.focal * self.depth_gain / self.distance)[..., None]
        x = self.centre[..., 0, None] + local[..., 0] * scale
        y = self.centre[..., 1, None] - local[..., 1] * scale
        return np.stack([x, y, z], -1)

    def unproject(self, pixels: Array) -> Array:
        """The inverse of `project`, (..., P, 3) -> (..., P, 3)."""
        height = -pixels[..., 2] * (self.distance / (self.focal * self.depth_gain))[..., None]
        scale = (self.distance[..., None] - height) / self.focal[..., None]
        x = (pixels[..., 0] - self.centre[..., 0, None]) * scale
        y = (self.centre[..., 1, None] - pixels[..., 1]) * scale
        local = np.stack([x, y, height], -1)
        back: Array = local @ rotation(self.pitch, self.yaw, self.roll) + AIM
        return back
