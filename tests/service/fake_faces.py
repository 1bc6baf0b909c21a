"""Faces without a model: landmarks say what is shown, and events by which tests steer it."""

import queue
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from sdk.errors import InvalidInput
from sdk.face.expressions import ameca_schema
from sdk.face_client import Expression, FaceFrame
from sdk.runtime.face import Landmarks, Mode, Shown

GONE = b"nobody"
"""A picture without a face."""


def points(jaw: float, count: int = 478) -> np.ndarray:
    """Landmarks that the fake maps to a Jaw Pitch, 0..1."""
    made = np.random.default_rng(0).normal(size=(count, 3)) * 50 + 200
    made[0, 0] = 100 * jaw
    return made


class FakeFollowing:
    """Waits at the engine's gate, as a slow model would."""

    def __init__(self, engine: "FakeFaces", options: dict[str, object]) -> None:
        self._engine, self.options = engine, options
        self.calibrations: list[int] = []
        self.times: list[float] = []

    def calibrate(self, faces: int) -> None:
        self.calibrations.append(faces)

    def step(self, seen: bytes | Landmarks, at_s: float) -> Shown:
        self._engine.entered.release()
        assert self._engine.gate.wait(20)
        if self._engine.error is not None:
            raise self._engine.error
        if self.times and at_s < self.times[-1]:
            raise InvalidInput("a face is of the past", field="capture_ns")
        self.times.append(at_s)
        values = self._engine.schema.neutral.copy()
        if seen == GONE:
            return Shown(values, Mode.NEUTRAL, 0.0, False)
        if isinstance(seen, bytes):
            if not seen.startswith(b"jpeg"):
                raise InvalidInput("image is neither JPEG nor PNG", field="image")
            return Shown(values, Mode.FOLLOW, 0.5, True)
        values[self._engine.schema.index("Jaw Pitch")] = seen.points[0, 0] / 100
        return Shown(values, Mode.FOLLOW, seen.confidence, True)


class FakeFaces:
    """Takes the place of `sdk.runtime.face.FaceEngine`."""

    def __init__(self, *, follows: bool = True) -> None:
        self.schema, self.model_id, self.follows = ameca_schema(), "fake-face 1", follows
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.error: Exception | None = None
        self.followings: list[FakeFollowing] = []

    def follow(self, **options: object) -> FakeFollowing:
        self.followings.append(FakeFollowing(self, options))
        return self.followings[-1]

    def warm_up(self) -> None:
        pass


def read(stream: Expression, count: int) -> list[FaceFrame]:
    """So many frames."""
    out = []
    for frame in stream:
        out.append(frame)
        if len(out) == count:
            break
    return out


class Camera:
    """An iterable of faces that a test feeds."""

    def __init__(self) -> None:
        self._faces: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def show(self, *faces: Any) -> None:
        for face in faces:
            self._faces.put(face)

    def end(self) -> None:
        self._faces.put(None)

    def __iter__(self) -> Iterator[Any]:
        while (face := self._faces.get()) is not None:
            yield face
