"""From a face to a robot's controls, in ONNX Runtime: landmarks or a picture in, values of the control schema out.

Both networks compare a face with the same person's neutral one, which a `Calibration` collects first. They were trained
on a parametric rig; what they recover are the controls of that rig. Never run on hardware.
Shapes: P = 468 or 478 landmarks (x, y, z), C = 30 controls, O observed numbers, S picture side, E width of the
embedding.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdk.bundle.face_manifest import FaceBundle
from sdk.errors import BundleError, InvalidInput
from sdk.face.controls import ControlSchema, parse_schema
from sdk.face.observed import OBSERVED, PLACE, beside_neutral, observed
from sdk.runtime.sessions import open_session, run_session

Floats = NDArray[np.float64]
LANDMARKS, IMAGE = "mapper", "mapper_image"
"""Graphs of the bundle."""
ROLES = (LANDMARKS, IMAGE)
WANTED = 15
UNCALIBRATED = 0.5
"""Confidence is multiplied by this while the neutral of an average person stands in for the person's own (assumed)."""
_FAR = 3.0
PLACES = len(PLACE)


class Calibration:
    """One person's neutral: what `FaceMapper.features` or `FaceMapper.embedding` gave for a few calm faces.

    One for each person and kind of vector; not for several threads at once.
    """

    def __init__(self, wanted: int = WANTED) -> None:
        if not 1 <= wanted <= 1000:
            raise InvalidInput(f"wanted is {wanted}; a calibration needs 1 to 1000 faces", field="wanted")
        self.wanted = wanted
        self._vectors: list[Floats] = []
        self._neutral: Floats | None = None

    def add(self, vector: ArrayLike) -> bool:
        """Take one more calm face, unless enough are there. Returns whether the calibration is complete.

        Raises InvalidInput for a vector of another length or that is not finite.
        """
        array = np.asarray(vector, float)
        if array.ndim != 1 or not np.isfinite(array).all():
            raise InvalidInput("a calibration takes one finite vector at a time", field="vector")
        if self._vectors and len(array) != len(self._vectors[0]):
            message = f"a vector of {len(array)} numbers among those of {len(self._vectors[0])}"
            raise InvalidInput(f"{message}; use one calibration for landmarks, another for pictures", field="vector")
        if not self.ready:
            self._vectors.append(array)
            self._neutral = robust_mean(np.stack(self._vectors)) if self.ready else None
        return self.ready

    @property
    def ready(self) -> bool:
        """Whether enough faces are there."""
        return len(self._vectors) >= self.wanted

    @property
    def seen(self) -> int:
        """Faces taken so far."""
        return len(self._vectors)

    @property
    def neutral(self) -> Floats | None:
        """Mean of the calm faces, without those unlike the others; None until `ready`."""
        return self._neutral

    def reset(self) -> None:
        """Forget the person."""
        self._vectors.clear()
        self._neutral = None


def robust_mean(vectors: Floats) -> Floats:
    """Mean of rows (N, O) without those far from the median: a blink or a word during calibration does no harm."""
    middle = np.median(vectors, 0)
    away = np.linalg.norm(vectors - middle, axis=1)
    near = away <= _FAR * np.median(away)  # at least half of the rows
    return np.asarray(vectors[near].mean(0))


@dataclass(frozen=True)
class Mapped:
    """values: (C,) in the controls' own units, inside the range set. confidence: 0..1, how like the faces of training
    this one is; 1 for any of those."""

    values: Floats
    confidence: float


class FaceMapper:
    """The mapper of a face bundle. `open` one for a process; calls may come from several threads."""

    def __init__(self, bundle: FaceBundle, *, threads: int = 1) -> None:
        manifest = bundle.manifest
        self.bundle = bundle
        self.schema: ControlSchema = parse_schema(bundle.schema(), manifest.schema_file)
        self.range_set = manifest.range_set
        self._low, self._high = self.schema.bounds(self.range_set)
        info = manifest.mapper
        if info.get("features") != list(OBSERVED):
            raise BundleError(f"face bundle {manifest.name!r} maps other features than this SDK computes; update both")
        try:
            reference = np.load(io.BytesIO(bundle.contents[str(info["reference"])]), allow_pickle=False)
            self._average = {role: reference[f"neutral.{role}"].astype(np.float32) for role in ROLES}
            self._inside = {role: float(info["inside"][role]) for role in ROLES}
            self.picture_size = int(info["picture_size"])
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise BundleError(f"face bundle {manifest.name!r}: its mapper lacks or garbles {error}") from None
        self._landmarks = open_session(bundle.graph(LANDMARKS), threads=threads)
        self._image = open_session(bundle.graph(IMAGE), threads=threads)

    @classmethod
    def open(cls, folder: Path | None = None, *, threads: int = 1) -> "FaceMapper":
        """The mapper of the bundle in `folder`; without it, of the one that comes along. Raises BundleError."""
        return cls(FaceBundle.load(folder), threads=threads)

    def features(self, points: ArrayLike) -> Floats:
        """Numbers (O,) of landmarks (P, 3), which a calibration for `map` collects.

        Raises InvalidInput for another shape and for what is not finite.
        """
        array = np.asarray(points, float)
        if array.ndim != 2:
            raise InvalidInput(f"points must be those of one face, (468 or 478, 3), got {array.shape}", field="points")
        return observed(array)

    def map(self, points: ArrayLike, calibration: Calibration | None = None) -> Mapped:
        """Controls of a face given by its landmarks (P, 3), in pixels or any other unit of length.

        calibration: of the same person's observed numbers; until it is ready an average person's neutral stands in.
        """
        seen = self.features(points)
        neutral, factor = self._neutral(LANDMARKS, calibration)
        if factor < 1:  # an average person was never in front of this camera
            neutral[-PLACES:] = seen[-PLACES:]
        values, distance = self.values_of(beside_neutral(seen, neutral)[None])
        return self._mapped(values[0], distance[0], LANDMARKS, factor)

    def values_of(self, differences: ArrayLike) -> tuple[Floats, Floats]:
        """Values (N, C), not clipped, and distances (N,) from training faces, of differences to neutral (N, O)."""
        feed = {"features": np.asarray(differences, np.float32)}
        deviations, distance = run_session(self._landmarks, feed, name=LANDMARKS)
        return self._values(deviations), np.asarray(distance, float)

    def embedding(self, crop: NDArray[np.uint8]) -> Floats:
        """What the picture network sees of a crop (S, S, 3), (E,): what a calibration for `map_image` collects."""
        return np.asarray(self._run_image(crop, self._average[IMAGE])[1][0], float)

    def map_image(self, crop: NDArray[np.uint8], calibration: Calibration | None = None) -> Mapped:
        """Controls of a face given by its picture, (S, S, 3) RGB as `sdk.face.crop` cuts it; S is `picture_size`.

        calibration: of the same person's embeddings. Raises InvalidInput for a picture of another shape.
        """
        neutral, factor = self._neutral(IMAGE, calibration)
        deviations, _, distance = self._run_image(crop, neutral.astype(np.float32))
        return self._mapped(self._values(deviations)[0], float(np.asarray(distance)[0]), IMAGE, factor)

    def _run_image(self, crop: NDArray[np.uint8], neutral: NDArray[np.float32]) -> list[NDArray[np.generic]]:
        side = self.picture_size
        if crop.shape != (side, side, 3) or crop.dtype != np.uint8:
            message = f"a crop must be ({side}, {side}, 3) of 0..255, got {crop.shape} of {crop.dtype}"
            raise InvalidInput(f"{message}; cut it with sdk.face.crop", field="crop")
        picture = np.ascontiguousarray(crop.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
        return run_session(self._image, {"picture": picture, "neutral": neutral[None]}, name=IMAGE)

    def _neutral(self, role: str, calibration: Calibration | None) -> tuple[Floats, float]:
        """The neutral to compare with, and what that does to the confidence."""
        average = self._average[role]
        if calibration is None or calibration.neutral is None:
            return average.astype(float), UNCALIBRATED
        if calibration.neutral.shape != average.shape:
            message = (
                f"the calibration holds vectors of {len(calibration.neutral)} numbers, {role} needs {len(average)}"
            )
            raise InvalidInput(message, field="calibration")
        return calibration.neutral, 1.0

    def _values(self, deviations: NDArray[np.generic]) -> Floats:
        values = self.schema.values(np.asarray(deviations, float), self.range_set)
        if not np.isfinite(values).all():
            raise BundleError(f"face bundle {self.bundle.manifest.name!r} gives values that are not finite")
        return values

    def _mapped(self, values: Floats, distance: float, role: str, factor: float) -> Mapped:
        confidence = factor * min(1.0, self._inside[role] / max(float(distance), 1e-9))
        return Mapped(np.clip(values, self._low, self._high), confidence)
