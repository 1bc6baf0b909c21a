"""Who turns a face into values: the engine in this process, one picture's own neutral, or a FaceService elsewhere."""

import queue
import threading

import numpy as np

from robot_bridge.camera_mind import Wish
from sdk.client import Client
from sdk.errors import InvalidInput, ServerError
from sdk.face.controls import ControlSchema
from sdk.face_wire import FaceOptions, Seen
from sdk.runtime.face import Following, Landmarks
from sdk.runtime.face_finder import Face
from sdk.runtime.face_mapper import Calibration, FaceMapper
from sdk.server_options import Connection

NO_FACE = np.zeros((478, 3))
"""Landmarks of nothing, sent with no confidence: the follower is told that there was a picture without a face."""
ANSWER_S = 0.1
"""A server that has not answered after so long is shown late rather than waited for."""
OPEN_S = 10.0


class EngineMind:
    """The engine in this process, which follows one face; see `Mind`."""

    def __init__(self, following: Following, calibration_faces: int) -> None:
        self._following, self.calibration_faces = following, calibration_faces

    def wish(self, face: Face | None, at_s: float) -> Wish:
        """What is to be shown now. Raises InvalidInput for a time before the last one."""
        seen = Landmarks(NO_FACE, 0.0) if face is None else Landmarks(face.points, face.confidence)
        shown = self._following.step(seen, at_s)
        return Wish(shown.values, str(shown.mode), shown.confidence)

    def calibrate(self) -> None:
        """Take the next faces as neutral."""
        self._following.calibrate(self.calibration_faces)

    def close(self) -> None:
        """Nothing is open."""


class StillMind:
    """Single pictures: no smoothing, and the neutral is that of a picture, or an average person's without one."""

    calibration_faces = 0

    def __init__(self, mapper: FaceMapper, range_set: str, neutral: Face | None) -> None:
        self._mapper = mapper
        self._low, self._high = mapper.schema.bounds(range_set)
        self._rest = np.clip(mapper.schema.neutral, self._low, self._high)
        self._calibration = None
        if neutral is not None:
            self._calibration = Calibration(1)
            self._calibration.add(mapper.features(neutral.points))

    def wish(self, face: Face | None, at_s: float) -> Wish:
        """What the face in this picture asks for."""
        if face is None:
            return Wish(self._rest, "neutral", 0.0)
        mapped = self._mapper.map(face.points, self._calibration)
        return Wish(np.clip(mapped.values, self._low, self._high), "follow", face.confidence * mapped.confidence)

    def calibrate(self) -> None:
        """A single picture has nothing to calibrate with."""

    def close(self) -> None:
        """Nothing is open."""


class ServerMind:
    """A FaceService: landmarks go there, values come back. The face is found here, so pictures stay here."""

    def __init__(
        self, target: str, schema: ControlSchema, range_set: str, *, smoothing: float, calibration_faces: int,
        connection: Connection,
    ) -> None:  # fmt: skip
        self.calibration_faces = calibration_faces
        low, high = schema.bounds(range_set)
        self._newest = Wish(np.clip(schema.neutral, low, high), "neutral", 0.0)
        self._newest_ns = -1
        self._faces: queue.SimpleQueue[Seen | None] = queue.SimpleQueue()
        self._changed, self._failed = threading.Condition(), ServerError("the server ended the stream")
        self._ended = False
        options: FaceOptions = {"schema_sha256": schema.sha256, "range_set": range_set}
        self._client = Client(target, **connection)
        self._stream = self._client.track(
            iter(self._faces.get, None), calibration_faces=calibration_faces, smoothing=smoothing, options=options
        )
        self._thread = threading.Thread(target=self._read, name="face service", daemon=True)
        self._thread.start()

    def wish(self, face: Face | None, at_s: float) -> Wish:
        """The server's newest answer, waited for a moment. Raises ServerError or InvalidInput once it has none."""
        capture_ns = round(at_s * 1e9)
        if face is None:
            self._faces.put(Seen(NO_FACE, capture_ns, 0.0))
        else:
            self._faces.put(Seen(face.points, capture_ns, face.confidence))
        with self._changed:
            patience = OPEN_S if self._newest_ns < 0 else ANSWER_S
            self._changed.wait_for(lambda: self._newest_ns >= capture_ns or self._ended, patience)
            if self._ended:
                raise self._failed
            if self._newest_ns < 0:
                raise ServerError(f"the server has not answered in {OPEN_S:g} s", status="DEADLINE_EXCEEDED")
            return self._newest

    def calibrate(self) -> None:
        """Take the next faces as neutral."""
        self._stream.calibrate(self.calibration_faces)

    def close(self) -> None:
        """Leave the stream."""
        self._faces.put(None)
        self._stream.close()
        self._thread.join(1.0)
        self._client.close()

    def _read(self) -> None:
        try:
            for frame in self._stream:
                with self._changed:
                    self._newest = Wish(frame.values, frame.mode, frame.confidence)
                    self._newest_ns = frame.capture_ns
                    self._changed.notify_all()
        except (ServerError, InvalidInput) as error:
            self._failed = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()
