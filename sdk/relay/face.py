"""The face that belongs to a live body: FaceService's, with blinks and glances, or one made here of the feeling."""

import threading
import time

import click

from sdk.client import Client
from sdk.emotion import Affect, Emotion
from sdk.errors import EmoMotionError, ServerError
from sdk.face.blendshapes import Blendshapes
from sdk.face.expressions import ameca_schema
from sdk.face_client import Expression, FaceFrame
from sdk.motion.rotations import Array

AGAIN_S = 0.5
"""Between two attempts to open a lost stream of faces."""


class MadeHere:
    """A face for those who need no more, and for the time without a server: it feels, and does not move by itself."""

    def __init__(self) -> None:
        self._shapes = Blendshapes(ameca_schema())

    def at(self, affect: Affect, felt: Array) -> Array:
        """(52,) blendshapes, in the order of `sdk.face.blendshapes.NAMES`, of a feeling's shares (9,)."""
        return self._shapes.of_affect(Affect(dict(zip(Emotion, felt.tolist(), strict=True)), 1.0))

    def close(self) -> None:
        """Nothing is open."""


class Served(MadeHere):
    """Follows the body's feeling by FaceService, on a thread of its own. Threads: `at` and `close` are for one."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client
        self._stream: Expression | None = None
        self._latest: FaceFrame | None = None
        self._told = Affect.neutral()
        self._closed = threading.Event()
        threading.Thread(target=self._read, daemon=True, name="relay-face").start()

    def at(self, affect: Affect, felt: Array) -> Array:
        """(52,) blendshapes: the present frame's, or those made here where there is none."""
        if affect != self._told:
            self._told = affect
            if self._stream is not None:
                self._stream.change(affect=affect)
        frame = self._latest
        if frame is not None and frame.blendshapes is not None and time.monotonic() < frame.expires_s:
            return frame.blendshapes
        return super().at(affect, felt)

    def close(self) -> None:
        """Leave the stream."""
        self._closed.set()
        if self._stream is not None:
            self._stream.close()

    def _read(self) -> None:
        while not self._closed.is_set():
            try:
                with self._client.express(self._told, fps=60, options={"blendshapes": True}) as self._stream:
                    for frame in self._stream:
                        self._latest = frame
            except EmoMotionError as error:
                lost = isinstance(error, ServerError) and error.status == "UNAVAILABLE"
                if not lost and not self._closed.is_set():
                    click.echo(f"warning: the face is made here, without blinks: {error}", err=True)
                    return
            except ValueError:  # the client was closed under our feet
                return
            self._closed.wait(AGAIN_S)
