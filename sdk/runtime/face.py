"""From a human face to values of a robot's face: find it, compare it with its own neutral, map it, calm it, and go back
to neutral when it is lost. No clock, no thread: times are told.

A `FaceEngine` is shared; each followed face has a `Following` of its own, which one thread at a time may use.
Shapes: P = 468 or 478 landmarks (x, y, z) in pixels, C controls in the schema's order and units.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np

from sdk.bundle.face_manifest import FACE_BUNDLE
from sdk.bundle.manifest import MANIFEST
from sdk.errors import InvalidInput
from sdk.face.controls import Array, ControlSchema
from sdk.face.expressions import ameca_schema
from sdk.face.pictures import decode_image
from sdk.face.rig.anatomy import anatomy
from sdk.face.smoothing import OneEuroFilter, settings_for
from sdk.motion.inertial import spring_to_zero
from sdk.motion.rotations import Array as Floats
from sdk.runtime.face_finder import Face, FaceFinder, windows
from sdk.runtime.face_mapper import Calibration, FaceMapper, Mapped

MAX_IMAGE_BYTES = 1_000_000
"""Of an encoded picture."""
SURE = 0.5
"""Landmarks of less confidence are no face."""
HOLD_S = 0.15
"""A lost face is held for so long; then it goes back to neutral."""
FOLLOW_HALFLIFE_S, NEUTRAL_HALFLIFE_S = 0.06, 0.12
"""Half-lives of what is between the old values and the new when a face is taken up, and when it is given up: nothing of
it can be seen after five of them."""

MAX_STEP_S = 0.05
"""After a longer silence the way goes on from where it was, or it would end in a jump."""


class Mode(StrEnum):
    """How values are meant."""

    FOLLOW = "follow"
    HOLD = "hold"
    NEUTRAL = "neutral"


@dataclass(frozen=True, eq=False)
class Landmarks:
    """A face that somebody else found: points (P, 3) and how sure that one is, 0..1."""

    points: Array
    confidence: float


@dataclass(frozen=True, eq=False)
class Shown:
    """Values (C,) to be shown. confidence: 0..1 that they follow a face. found: whether this picture had one."""

    values: Array
    mode: Mode
    confidence: float
    found: bool


class Finder(Protocol):
    """What is needed of `FaceTracker`."""

    def find(self, image: np.typing.NDArray[np.uint8], at_s: float | None = None) -> Face | None: ...


class Mapper(Protocol):
    """What is needed of `FaceMapper`."""

    def features(self, points: Array) -> Array: ...

    def map(self, points: Array, calibration: Calibration | None = None) -> Mapped: ...


class FaceEngine:
    """What makes values of faces. Without a face bundle it follows none, and knows its schema all the same."""

    def __init__(self, schema: ControlSchema, *, finder: FaceFinder | None = None, mapper: FaceMapper | None = None,
                 model_id: str = "") -> None:  # fmt: skip
        self.schema, self.model_id = schema, model_id
        self._finder, self._mapper = finder, mapper

    @classmethod
    def load(cls, folder: Path | None = None, *, threads: int = 1) -> "FaceEngine":
        """Of the face bundle in a folder, or of the one that comes along, if any does. Raises BundleError."""
        if folder is None and not (FACE_BUNDLE / MANIFEST).exists():
            return cls(ameca_schema())
        mapper = FaceMapper.open(folder, threads=threads)
        manifest = mapper.bundle.manifest
        finder = FaceFinder.open(folder, threads=threads)
        return cls(mapper.schema, finder=finder, mapper=mapper, model_id=f"{manifest.name} {manifest.version}")

    @property
    def follows(self) -> bool:
        """Whether faces can be followed."""
        return self._mapper is not None

    def follow(self, *, range_set: str = "tight", smoothing: float = 0.5, calibration_faces: int = 15) -> "Following":
        """Begin to follow a face. Raises InvalidInput for what is out of range, and without a face bundle."""
        if self._finder is None or self._mapper is None:
            raise InvalidInput("there is no face bundle to follow faces with", field="start")
        return Following(
            self._finder.tracker(), self._mapper, self.schema, range_set=range_set, smoothing=smoothing,
            calibration_faces=calibration_faces,
        )  # fmt: skip

    def warm_up(self) -> None:
        """Run all graphs once: the first run of a graph takes much longer than the others."""
        if self._finder is not None and self._mapper is not None:
            black = np.zeros((64, 64, 3), np.uint8)
            self._finder.find(black)
            self._finder.landmarks(black, next(windows(black)))
            self._mapper.map(anatomy().points * [1, -1, -1])  # from the frame of the face to that of pictures


class Following:
    """One face that is followed through pictures or landmarks. Begins in neutral."""

    def __init__(
        self, finder: Finder, mapper: Mapper, schema: ControlSchema, *, range_set: str, smoothing: float,
        calibration_faces: int,
    ) -> None:  # fmt: skip
        self._finder, self._mapper = finder, mapper
        self._low, self._high = schema.bounds(range_set)
        settings = settings_for(smoothing, self._high - self._low)
        self._filter = None if settings is None else OneEuroFilter(settings)
        self._neutral = np.clip(schema.neutral, self._low, self._high)
        self._calibration = Calibration(calibration_faces)
        self._values = self._neutral
        self._gap: Floats = np.zeros(len(schema))
        self._gap_speed: Floats = np.zeros(len(schema))
        self._mode = Mode.NEUTRAL
        self._confidence = 0.0
        self._at_s = self._seen_s = -np.inf

    def calibrate(self, faces: int) -> None:
        """Take the next faces as neutral. Raises InvalidInput for a number out of range."""
        self._calibration = Calibration(faces)

    def step(self, seen: bytes | Landmarks, at_s: float) -> Shown:
        """What follows from a picture (JPEG or PNG) or landmarks taken at `at_s`, seconds of a clock that only rises.

        Raises InvalidInput for what is no picture, no face of points, or of the past.
        """
        if not at_s >= self._at_s:
            raise InvalidInput(f"a face is of {self._at_s - at_s:.3g} s before the last one", field="capture_ns")
        dt = at_s - self._at_s if np.isfinite(self._at_s) else 0.0
        face = self._face(seen, at_s)
        self._at_s = at_s
        if face is None:
            hold = self._mode is not Mode.NEUTRAL and at_s - self._seen_s < HOLD_S
            mode, base = (Mode.HOLD, self._values) if hold else (Mode.NEUTRAL, self._neutral)
            confidence = self._confidence * max(1 - (at_s - self._seen_s) / HOLD_S, 0.0) if hold else 0.0
            return self._towards(base, mode, dt, confidence=confidence, found=False)
        if not self._calibration.ready:
            # The face that completes the calibration is neutral by what it was taken for.
            self._calibration.add(self._mapper.features(face.points))
            return self._towards(self._neutral, Mode.NEUTRAL, dt, confidence=face.confidence, found=True)
        mapped = self._mapper.map(face.points, self._calibration)
        self._seen_s, self._confidence = at_s, face.confidence * mapped.confidence
        if self._filter is not None and self._mode is Mode.NEUTRAL:
            self._filter.reset()
        values = mapped.values if self._filter is None else self._filter.step(mapped.values, at_s)
        return self._towards(values, Mode.FOLLOW, dt, confidence=self._confidence, found=True)

    def _face(self, seen: bytes | Landmarks, at_s: float) -> Landmarks | None:
        if isinstance(seen, Landmarks):
            return seen if seen.confidence >= SURE else None
        face = self._finder.find(decode_image(seen, max_bytes=MAX_IMAGE_BYTES), at_s)
        return None if face is None or face.held else Landmarks(face.points, face.confidence)

    def _towards(self, base: Array, mode: Mode, dt: float, *, confidence: float, found: bool) -> Shown:
        """Show what is wished, with what is left of the way there from where the face was."""
        base = np.clip(base, self._low, self._high)
        halflife_s = NEUTRAL_HALFLIFE_S if mode is Mode.NEUTRAL else FOLLOW_HALFLIFE_S
        if mode is not self._mode:
            # At once behind the last values, whatever they were: a spring carries the difference to nothing.
            self._gap, self._gap_speed = self._values - base, np.zeros_like(base)
        gap, speed = self._gap, self._gap_speed
        self._gap, self._gap_speed = spring_to_zero(gap, speed, halflife_s=halflife_s, at=min(dt, MAX_STEP_S))
        self._mode = mode
        self._values = np.clip(base + self._gap, self._low, self._high)
        return Shown(self._values, mode, confidence, found)
