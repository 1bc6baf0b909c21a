"""Faces from Python: `Client.express` shows a feeling, `Client.track` follows a human face.

    with client.express("joy", seed=7) as face:
        for frame in face:  # 60 a second
            robot.show(frame.values)
            if frame.number == 90:
                face.change(affect="anger", look_left=20)
            if frame.number == 300:
                face.end()

    with client.track(camera) as face:  # camera yields JPEGs, RGB arrays or landmarks
        for frame in face:
            robot.show(frame.values)

Values are for the controls of `face.control_names`, in their own units. A frame may be used until `frame.expires_s`.
Who reads frames of `express` more slowly than they come gets the present one. Changes may be sent from any thread.
Shapes: C controls, P = 468 or 478 landmarks.
"""

import asyncio
import math
import queue
import time
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Unpack

from emomotion.v1 import face_pb2, face_pb2_grpc
from sdk.catch_up import CatchUp
from sdk.client_errors import translated
from sdk.closing import AsyncClosing, Closing
from sdk.emotion import Affect
from sdk.errors import InvalidInput, ServerError
from sdk.face_wire import (
    Face,
    FaceEnded,
    FaceFrame,
    FaceOptions,
    FaceWishes,
    LaterWishes,
    Seen,
    express_to_wire,
    face_frame_from_wire,
    face_to_wire,
    track_to_wire,
    wish_to_wire,
)

__all__ = [
    "AsyncExpression", "AsyncFaces", "AsyncTracking", "Expression", "Face", "FaceEnded", "FaceFrame", "FaceOptions",
    "FaceWishes", "Faces", "Seen", "Tracking",
]  # fmt: skip

Call = Callable[[Any], Any]
"""Opens a stream over an iterator of requests."""
MAX_CALIBRATION = 300


class _Stream:
    """What a stream's header said, and its frames as they are read."""

    def __init__(self, target: str, *, every_frame: bool = True) -> None:
        self._target, self._catch_up = target, None if every_frame else CatchUp()
        self._failed: Exception | None = None
        self.stream_id = self.schema_sha256 = self.range_set = self.model_id = ""
        self.control_names: tuple[str, ...] = ()
        self.blendshape_names: tuple[str, ...] = ()
        self.fps = 0.0
        self.seed = self.passed_over = 0
        self.ended: FaceEnded | None = None
        self._call: Any = None

    def _frame(self, reply: face_pb2.FaceReply) -> FaceFrame | None:
        """Take one reply; the frame if it is one of the present. Raises ServerError for one that is not whole."""
        kind = reply.WhichOneof("part")
        if kind == "header":
            header = reply.header
            for name in ("stream_id", "schema_sha256", "range_set", "model_id", "seed"):
                setattr(self, name, getattr(header, name))
            self.control_names, self.blendshape_names = tuple(header.control_names), tuple(header.blendshape_names)
            self.fps = header.nominal_fps
        elif kind == "ended":
            found = reply.ended
            self.ended = FaceEnded(found.frame_count, found.without_face, found.overtaken)
        elif kind == "frame":
            frame = face_frame_from_wire(reply.frame)
            if len(frame.values) != len(self.control_names):
                message = f"the server broke the protocol: frame {frame.number} is not whole"
                raise ServerError(message, status="DATA_LOSS")
            if self._catch_up is None or not self._catch_up.past(frame.capture_ns / 1e9, time.monotonic()):
                return frame
            self.passed_over += 1
        return None

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self._target, math.inf)


class _Open(Closing, _Stream):
    """A stream that is read by waiting. Close it, or use it in a `with`."""

    def __iter__(self) -> Iterator[FaceFrame]:
        try:
            with self._translated():
                for reply in self._call:
                    if (frame := self._frame(reply)) is not None:
                        yield frame
        except ServerError:
            if self._failed is not None:
                raise self._failed from None
            raise

    def close(self) -> None:
        """Leave without an end."""
        self._call.cancel()


class _AsyncOpen(AsyncClosing, _Stream):
    """A stream that is read with `async for`. Close it, or use it in an `async with`."""

    _sender: "asyncio.Task[Any] | None" = None

    async def __aiter__(self) -> AsyncIterator[FaceFrame]:
        try:
            with self._translated():
                async for reply in self._call:
                    if (frame := self._frame(reply)) is not None:
                        yield frame
        except (ServerError, asyncio.CancelledError):
            if self._failed is not None:
                raise self._failed from None
            raise

    async def close(self) -> None:
        """Leave without an end."""
        self._call.cancel()
        if self._sender is not None:
            self._sender.cancel()  # of a call that the server ended grpc leaves it waiting for the next request


class Expression(_Open):
    """A face that shows feelings; iterate over it for its frames.

    control_names, range_set, schema_sha256, blendshape_names, fps, seed, model_id, stream_id: known once the first
    frame was read. ended: how it ended, after `end` and the last frame. passed_over: frames that piled up unread.
    """

    def __init__(self, call: Call, target: str, start: face_pb2.ExpressStart, *, every_frame: bool) -> None:
        super().__init__(target, every_frame=every_frame)
        self._requests: queue.SimpleQueue[face_pb2.ExpressRequest | None] = queue.SimpleQueue()
        self._requests.put(face_pb2.ExpressRequest(start=start))
        self._call = call(iter(self._requests.get, None))

    def change(self, **wishes: Unpack[FaceWishes]) -> None:
        """Tell the face something else. Raises InvalidInput for what no message can hold."""
        self._requests.put(face_pb2.ExpressRequest(change=wish_to_wire(dict(wishes))))

    def end(self) -> None:
        """No more is wanted: the iteration ends after the frame that is on its way."""
        self._requests.put(face_pb2.ExpressRequest(end=face_pb2.FaceEnd()))
        self._requests.put(None)

    def close(self) -> None:
        """Leave without an end."""
        self._requests.put(None)
        super().close()


class AsyncExpression(_AsyncOpen):
    """`Expression` for asyncio: `async with`, `async for`, and `change` and `end` are to be awaited."""

    def __init__(self, call: Call, target: str, start: face_pb2.ExpressStart, *, every_frame: bool) -> None:
        super().__init__(target, every_frame=every_frame)
        self._pending: asyncio.Queue[face_pb2.ExpressRequest] = asyncio.Queue()
        self._pending.put_nowait(face_pb2.ExpressRequest(start=start))
        self._call = call(self._requests())

    async def _requests(self) -> AsyncIterator[face_pb2.ExpressRequest]:
        self._sender = asyncio.current_task()
        while True:
            request = await self._pending.get()
            yield request
            if request.WhichOneof("part") == "end":
                return

    async def change(self, **wishes: Unpack[FaceWishes]) -> None:
        """Tell the face something else. Raises InvalidInput for what no message can hold."""
        await self._pending.put(face_pb2.ExpressRequest(change=wish_to_wire(dict(wishes))))

    async def end(self) -> None:
        """No more is wanted: the iteration ends after the frame that is on its way."""
        await self._pending.put(face_pb2.ExpressRequest(end=face_pb2.FaceEnd()))


class _Followed:
    """What a client says besides faces."""

    def __init__(self) -> None:
        self._calibrations: deque[int] = deque()
        self._ending = False

    def calibrate(self, faces: int = 15) -> None:
        """Take so many faces from the next one on as neutral. Raises InvalidInput for a number no message can hold."""
        if not 1 <= faces <= MAX_CALIBRATION:
            raise InvalidInput(f"faces must lie in 1..{MAX_CALIBRATION}, got {faces}", field="faces")
        self._calibrations.append(faces)

    def end(self) -> None:
        """No more will come: the iterable is left at its next face, and the iteration ends with the last frame."""
        self._ending = True

    def _messages(self, face: Face) -> Iterator[face_pb2.TrackRequest]:
        """A face, behind the calibrations that were asked for."""
        while self._calibrations:
            calibrate = face_pb2.Calibrate(faces=self._calibrations.popleft())
            yield face_pb2.TrackRequest(calibrate=calibrate)
        yield face_to_wire(face)


class Tracking(_Followed, _Open):
    """A human face that is followed; iterate over it for its frames. Attributes are those of `Expression`.

    What the iterable of faces raises, the iteration over frames raises too.
    """

    def __init__(self, call: Call, target: str, start: face_pb2.TrackStart, faces: Iterable[Face]) -> None:
        _Followed.__init__(self)
        _Open.__init__(self, target)
        self._call = call(self._requests(start, faces))

    def _requests(self, start: face_pb2.TrackStart, faces: Iterable[Face]) -> Iterator[face_pb2.TrackRequest]:
        """What is sent; grpc reads it in a thread of its own."""
        yield face_pb2.TrackRequest(start=start)
        try:
            for face in faces:
                if self._ending:
                    break
                yield from self._messages(face)
        except Exception as error:
            self._failed = error
            self._call.cancel()
            return
        yield face_pb2.TrackRequest(end=face_pb2.FaceEnd())


class AsyncTracking(_Followed, _AsyncOpen):
    """`Tracking` for asyncio, over an asynchronous iterable; `calibrate` and `end` are not to be awaited."""

    def __init__(self, call: Call, target: str, start: face_pb2.TrackStart, faces: AsyncIterable[Face]) -> None:
        _Followed.__init__(self)
        _AsyncOpen.__init__(self, target)
        self._call = call(self._requests(start, faces))

    async def _requests(
        self, start: face_pb2.TrackStart, faces: AsyncIterable[Face]
    ) -> AsyncIterator[face_pb2.TrackRequest]:
        self._sender = asyncio.current_task()
        yield face_pb2.TrackRequest(start=start)
        try:
            async for face in faces:
                if self._ending:
                    break
                for message in self._messages(face):
                    yield message
        except Exception as error:
            self._failed = error
            self._call.cancel()
            return
        yield face_pb2.TrackRequest(end=face_pb2.FaceEnd())


class _Connection:
    """What the calls below need of a client."""

    target: str
    _channel: Any
    _metadata: Any

    def _bound(self, method: str) -> Call:
        stub = face_pb2_grpc.FaceServiceStub(self._channel)  # type: ignore[no-untyped-call]
        return partial(getattr(stub, method), metadata=self._metadata)


class Faces(_Connection):
    """The calls of FaceService that `sdk.client.Client` has."""

    def express(
        self, affect: Affect | str | None = None, *, fps: float | None = None, seed: int | None = None,
        still: bool = False, every_frame: bool = False, options: FaceOptions | None = None, **wish: Unpack[LaterWishes],
    ) -> Expression:  # fmt: skip
        """Open a face that shows feelings, from the first one on.

        fps: 10..120, 60 unless said. seed: of blinks and glances. still: it makes no movements of its own.
        every_frame: also those that are read too late.
        """
        start = express_to_wire(affect, dict(wish), fps=fps, seed=seed, still=still, options=options)
        return Expression(self._bound("Express"), self.target, start, every_frame=every_frame)

    def track(
        self, faces: Iterable[Face], *, affect: Affect | str | None = None, calibration_faces: int | None = None,
        smoothing: float | None = None, options: FaceOptions | None = None,
    ) -> Tracking:  # fmt: skip
        """Follow the face of pictures or landmarks, the first ones being neutral.

        affect: what the performer feels, echoed in every frame. calibration_faces: how many are neutral, 15 unless
        said. smoothing: 0..1, 0.5 unless said.
        """
        start = track_to_wire(affect, calibration_faces, smoothing, options)
        return Tracking(self._bound("Track"), self.target, start, faces)


class AsyncFaces(_Connection):
    """The calls of FaceService that `sdk.client.AsyncClient` has."""

    def express(
        self, affect: Affect | str | None = None, *, fps: float | None = None, seed: int | None = None,
        still: bool = False, every_frame: bool = False, options: FaceOptions | None = None, **wish: Unpack[LaterWishes],
    ) -> AsyncExpression:  # fmt: skip
        """`Faces.express`."""
        start = express_to_wire(affect, dict(wish), fps=fps, seed=seed, still=still, options=options)
        return AsyncExpression(self._bound("Express"), self.target, start, every_frame=every_frame)

    def track(
        self, faces: AsyncIterable[Face], *, affect: Affect | str | None = None, calibration_faces: int | None = None,
        smoothing: float | None = None, options: FaceOptions | None = None,
    ) -> AsyncTracking:  # fmt: skip
        """`Faces.track`."""
        start = track_to_wire(affect, calibration_faces, smoothing, options)
        return AsyncTracking(self._bound("Track"), self.target, start, faces)
