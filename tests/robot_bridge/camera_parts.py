"""What the tests of the camera program share: a mind that needs no mapper, readings, and servers that answer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np

from robot_bridge.camera_mind import Reading, Wish
from robot_bridge.camera_source import Taken
from robot_bridge.schema import ameca
from sdk.face.features import COEFFICIENTS, landmark_coefficients
from sdk.runtime.face_finder import Face, Sighting

JAW, CORNER = ameca().index("Jaw Pitch"), ameca().index("Lip Corner Raise Left")


class PlainMind:
    """Opens the jaw and raises the corners by the landmark-derived coefficients alone."""

    def __init__(self, calibration_faces: int = 15) -> None:
        self.calibration_faces = calibration_faces
        self.calibrations, self.closed = 0, False
        self._calm: list[np.ndarray[Any, Any]] = []
        self._last = Wish(ameca().neutral, "neutral", 0.0)

    def wish(self, face: Face | None, at_s: float) -> Wish:
        values = ameca().neutral.copy()
        if face is None:
            return Wish(values, "neutral", 0.0)
        if len(self._calm) < self.calibration_faces:
            self._calm.append(face.points)
            return Wish(values, "neutral", face.confidence)
        difference = landmark_coefficients(face.points, np.mean(self._calm, 0) if self._calm else face.points)
        values[JAW] -= np.clip(2 * difference[COEFFICIENTS.index("jaw open")], 0, 0.5)
        values[CORNER] += np.clip(4 * difference[COEFFICIENTS.index("corner raise left")], -0.4, 0.4)
        return Wish(values, "follow", face.confidence)

    def calibrate(self) -> None:
        self.calibrations += 1
        self._calm.clear()

    def close(self) -> None:
        self.closed = True


def reading(picture: np.ndarray[Any, Any], face: Face | None = None, **changes: Any) -> Reading:
    """A reading of a picture, as if all had been quick."""
    seen = Sighting(None, 0, "no face was detected") if face is None else Sighting(face, 1)
    values: dict[str, Any] = {
        "taken": Taken(picture, 0.5), "seen": seen,
        "wish": Wish(ameca().neutral, "follow" if face else "neutral", 0.9 if face else 0.0),
        "state": "follow" if face else "no face", "calibrated": (15, 15), "find_ms": 5.0, "map_ms": 0.5, "fps": 30.0,
    }  # fmt: skip
    return Reading(**(values | changes))


@contextmanager
def serving(add: Any, servicer: Any) -> Iterator[str]:
    """A gRPC server with one servicer; its address."""
    with ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool)
        add(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(0).wait()
