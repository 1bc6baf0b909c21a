"""Where pictures come from: a webcam, a video file, one picture. Pictures are (H, W, 3) uint8 RGB."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from sdk.errors import InvalidInput
from sdk.face.pictures import Picture, decode_image

MAX_SIDE = 4096
MAX_FILE_BYTES = 50_000_000
"""Of a picture file; larger than what a server takes, for it is the user's own."""
UNKNOWN_FPS = 30.0
FPS_RANGE = (1.0, 240.0)
"""What a video file may claim; outside it is taken to be UNKNOWN_FPS."""
WAIT_S = 5.0
"""A webcam that gives no picture for so long is gone."""


@dataclass(frozen=True, eq=False)
class Taken:
    """A picture and when it was taken, in seconds of the source's own clock, which only rises."""

    picture: Picture
    at_s: float


class Source(Protocol):
    """Gives pictures until it is closed or has no more. fps: of the source as it says; 0 where it does not."""

    fps: float
    live: bool

    def __iter__(self) -> Iterator[Taken]: ...

    def close(self) -> None: ...


class ImageSource:
    """One picture of a file."""

    live = False
    fps = 0.0

    def __init__(self, path: Path) -> None:
        self._picture = read_picture(path)

    def __iter__(self) -> Iterator[Taken]:
        yield Taken(self._picture, 0.0)

    def close(self) -> None:
        """Nothing is open."""


class VideoSource:
    """The frames of a video file; `real_time` waits until each is due, and leaves out those that came too late."""

    live = False

    def __init__(self, path: Path, *, real_time: bool) -> None:
        self._capture, self._path, self._real_time = _opened(str(path)), path, real_time
        if self._capture is None:
            raise InvalidInput(f"no video to be read (damaged, or of an unknown kind): {path}", field="video")
        told = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = told if FPS_RANGE[0] <= told <= FPS_RANGE[1] else UNKNOWN_FPS

    def __iter__(self) -> Iterator[Taken]:
        began, number = time.monotonic(), 0
        while self._capture.grab():
            at_s, number = number / self.fps, number + 1
            late_s = time.monotonic() - began - at_s
            if self._real_time and late_s > 1 / self.fps:
                continue
            good, picture = self._capture.retrieve()
            if not good:
                break
            if self._real_time and late_s < 0:
                time.sleep(-late_s)
            yield Taken(_rgb(picture, str(self._path)), at_s)
        if number == 0:
            raise InvalidInput(f"the video holds no picture that can be read: {self._path}", field="video")

    def close(self) -> None:
        """Give the file back."""
        self._capture.release()


class WebcamSource:
    """A webcam by number. A thread empties its queue, so that the newest picture is given and none is old."""

    live = True

    def __init__(self, number: int, *, width: int = 1280, height: int = 720) -> None:
        self._capture = _opened(number)
        if self._capture is None:
            fix = "is one connected, free and allowed? --camera chooses another, --video and --image need none"
            raise InvalidInput(f"camera {number} gives no picture; {fix}", field="camera")
        self._number = number
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        self.fps = self._capture.get(cv2.CAP_PROP_FPS) or 0.0
        self._newest: Taken | None = None
        self._changed, self._closed = threading.Condition(), False
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Taken]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None or self._closed, WAIT_S)
                taken, self._newest = self._newest, None
            if taken is None:
                if self._closed:
                    return
                raise InvalidInput(f"camera {self._number} gives no more pictures; was it unplugged?", field="camera")
            yield taken

    def close(self) -> None:
        """Give the camera back."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(WAIT_S)
        self._capture.release()

    def _read(self) -> None:
        while not self._closed:
            good, picture = self._capture.read()
            if not good:
                break
            taken = Taken(_rgb(picture, f"camera {self._number}"), time.monotonic())
            with self._changed:
                self._newest = taken
                self._changed.notify_all()


def read_picture(path: Path) -> Picture:
    """A JPEG or PNG file. Raises InvalidInput that names the file."""
    try:
        return decode_image(path.read_bytes(), max_bytes=MAX_FILE_BYTES, max_side=MAX_SIDE)
    except OSError as error:
        raise InvalidInput(f"the picture cannot be read ({error.strerror}): {path}", field="image") from None
    except InvalidInput as error:
        raise InvalidInput(f"{error}: {path}", field="image") from None


def _opened(what: int | str) -> cv2.VideoCapture | None:
    """A capture that is open; OpenCV's own many lines on standard error are kept away."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    with contextlib.suppress(AttributeError):  # absent from some builds
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    capture = cv2.VideoCapture(what)
    if capture.isOpened():
        return capture
    capture.release()
    return None


def _rgb(picture: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]", name: str) -> Picture:
    if max(picture.shape[:2]) > MAX_SIDE:
        height, width = picture.shape[:2]
        raise InvalidInput(f"pictures of {width} x {height} are too large; at most {MAX_SIDE} a side: {name}")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
