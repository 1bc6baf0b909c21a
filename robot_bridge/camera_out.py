"""Where readings go besides the browser: a file to look at, the bridge of a robot, lines on the console."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from PIL import Image

from emomotion.v1 import face_pb2, robot_pb2
from robot_bridge.camera_mind import Reading
from robot_bridge.camera_view import annotated
from robot_bridge.client import BridgeClient, state_of
from robot_bridge.schema import ameca
from sdk.errors import InvalidInput
from sdk.face.controls import ControlSchema
from sdk.server_options import Connection

STILLS, GIF, VIDEO = (".png", ".jpg", ".jpeg"), ".gif", ".mp4"
GIF_STEP_S, GIF_MOST, GIF_SCALE = 0.08, 600, 0.5
TTL_MS = 200.0
LINE_EVERY_S = 1.0
DEFAULT_FPS = 30.0
MODES = {
    "follow": face_pb2.FACE_MODE_FOLLOW, "hold": face_pb2.FACE_MODE_HOLD, "neutral": face_pb2.FACE_MODE_NEUTRAL,
}  # fmt: skip


class Sink(Protocol):
    """Takes readings in order. `finish` after the last one; `close` always, also after an error.

    note: what is to be shown beside the next reading.
    """

    note: str

    def show(self, reading: Reading) -> None: ...

    def finish(self) -> None: ...

    def close(self) -> None: ...


class FileSink:
    """Keeps what `annotated` draws: .png or .jpg the last picture with a face, .mp4 and .gif all (a GIF every 80 ms).

    The file appears when it is whole.
    """

    note = ""

    def __init__(
        self, path: Path, schema: ControlSchema, range_set: str, *, fps: float, say: Callable[[str], None]
    ) -> None:
        kind = path.suffix.lower()
        if kind not in (*STILLS, GIF, VIDEO):
            raise InvalidInput(f"--out must end in {', '.join((*STILLS, GIF, VIDEO))}, got {path.name!r}", field="out")
        if not path.parent.is_dir():
            raise InvalidInput(f"the folder of --out does not exist: {path.parent}", field="out")
        self._path, self._kind, self._schema, self._range_set = path, kind, schema, range_set
        self._beside = path.with_name(f".{path.stem}.part{kind}")
        self._fps, self._say = fps or DEFAULT_FPS, say
        self._still: Reading | None = None
        self._frames: list[Image.Image] = []
        self._next_s = -np.inf
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def show(self, reading: Reading) -> None:
        """Take one reading. Raises InvalidInput where this machine cannot write videos."""
        if self._kind in STILLS:
            if self._still is None or reading.seen.face is not None:
                self._still = reading
        elif self._kind == VIDEO:
            self._write(annotated(reading, self._schema, self._range_set))
        elif reading.taken.at_s >= self._next_s - 1e-6 and len(self._frames) < GIF_MOST:
            self._next_s = reading.taken.at_s + GIF_STEP_S
            view = Image.fromarray(annotated(reading, self._schema, self._range_set))
            small = view.resize((round(view.width * GIF_SCALE), round(view.height * GIF_SCALE)), Image.Resampling.BOX)
            self._frames.append(small.quantize(128, dither=Image.Dither.NONE))

    def finish(self) -> None:
        """Put the file in place. Raises InvalidInput that says why it cannot be written."""
        try:
            if self._still is not None:
                Image.fromarray(annotated(self._still, self._schema, self._range_set)).save(self._beside)
            elif self._frames:
                first, *others = self._frames
                step = round(1000 * GIF_STEP_S)
                first.save(self._beside, save_all=True, append_images=others, duration=step, loop=0, optimize=True)
            elif self._writer is not None:
                self._writer.release()
                self._writer = None
            else:
                return
            os.replace(self._beside, self._path)
            self._say(f"wrote {self._path}")
        except OSError as error:
            raise InvalidInput(f"--out cannot be written ({error.strerror}): {self._path}", field="out") from None

    def close(self) -> None:
        """Remove what was not finished."""
        if self._writer is not None:
            self._writer.release()
        self._beside.unlink(missing_ok=True)

    def _write(self, view: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> None:
        height, width = (side - side % 2 for side in view.shape[:2])  # the codec wants even sides
        if self._writer is None:
            code = cv2.VideoWriter.fourcc(*"mp4v")
            self._size = (width, height)
            self._writer = cv2.VideoWriter(str(self._beside), code, self._fps, self._size)
            if not self._writer.isOpened():
                raise InvalidInput(f"this OpenCV cannot write {self._path.name}; take a .gif instead", field="out")
        if (width, height) != self._size:
            raise InvalidInput("pictures change their size; a video cannot", field="out")
        self._writer.write(cv2.cvtColor(view[:height, :width], cv2.COLOR_RGB2BGR))


class BridgeSink:
    """Sends values to the safety bridge, which decides what the robot does. note: how it is, for people to read."""

    def __init__(self, target: str, range_set: str, connection: Connection) -> None:
        self._target, self.note = target, ""
        options: dict[str, Any] = dict(connection)
        self._client = BridgeClient(target, **options)
        try:
            self._writer = self._client.control(ameca(), range_set=range_set, writer="camera")
        except BaseException:
            self._client.close()
            raise

    def show(self, reading: Reading) -> None:
        """Send one frame, never waiting. Raises ServerError once the bridge is gone."""
        wish = reading.wish
        frame = face_pb2.FaceFrame(
            number=self._writer.number, values=wish.values.tolist(), mode=MODES[wish.mode], confidence=wish.confidence,
            ttl_ms=TTL_MS, made_in_ms=reading.find_ms + reading.map_ms,
        )  # fmt: skip
        self._writer.send_frame(frame)
        for ack in self._writer.acks():
            limited = sum(1 for mask in ack.limits if mask)
            self.note = f"bridge: {state_of(ack)}" + (f", {limited} controls limited" if limited else "")
            if ack.outcome == robot_pb2.FRAME_OUTCOME_NOT_ARMED:
                self.note = f"bridge: not armed (python -m robot_bridge.client {self._target} arm)"

    def finish(self) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        """End the stream; the bridge brings the face to neutral."""
        self._writer.close()
        self._client.close()


class LineSink:
    """A line a second, and one in the end with what was seen and how long it took."""

    note = ""

    def __init__(self, say: Callable[[str], None], *, every_s: float = LINE_EVERY_S) -> None:
        self._say, self._every_s = say, every_s
        self._next_s = -np.inf
        self._found = 0
        self._times: list[tuple[float, float]] = []

    def show(self, reading: Reading) -> None:
        """Count one reading, and tell it if the last line is old enough."""
        self._times.append((reading.find_ms, reading.map_ms))
        self._found += int(reading.seen.face is not None and not reading.seen.face.held)
        if reading.taken.at_s >= self._next_s:
            self._next_s = reading.taken.at_s + self._every_s
            self._say(line_of(reading))

    def finish(self) -> None:
        """Tell what was seen in all."""
        if self._times:
            find, to_controls = np.array(self._times).T
            self._say(
                f"{len(self._times)} pictures, {self._found} with a face; face {np.median(find):.1f} ms "
                f"(p99 {np.percentile(find, 99):.1f}), controls {np.median(to_controls):.1f} ms "
                f"(p99 {np.percentile(to_controls, 99):.1f})"
            )

    def close(self) -> None:
        """Nothing is open."""


def line_of(reading: Reading) -> str:
    """A reading in one line."""
    words = reading.state
    if words == "calibrating":
        words += " {} of {}".format(*reading.calibrated)
    elif words == "no face" and reading.seen.reason:
        words = reading.seen.reason
    several = f", {reading.seen.faces} faces" if reading.seen.faces > 1 else ""
    return f"{reading.taken.at_s:7.2f} s  {words}{several}, confidence {reading.wish.confidence:.2f}"
