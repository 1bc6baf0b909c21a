"""FaceService: follows a human face, or shows a feeling, and sends values for a robot's face.

Knows no ONNX: the engine is anything with the interface of `FaceEngineLike`. Pictures are decoded and looked at in a
thread of their own, so that the event loop, on which live bodies are paced, stays free; feelings are cheap enough for
the loop itself.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import grpc

from emomotion.v1 import face_pb2
from sdk.errors import InvalidInput
from sdk.face.affect_face import FaceActor
from sdk.face.blendshapes import Blendshapes
from sdk.face.controls import ControlSchema
from sdk.runtime.face import Landmarks, Mode, Shown
from sdk.service.access import Door, RateLimit
from sdk.service.context import Context
from sdk.service.face_messages import (
    ExpressOptions,
    Incoming,
    OtherSchema,
    TrackOptions,
    calibration_from_wire,
    express_start_from_wire,
    face_wish_from_wire,
    frame_to_wire,
    header_to_wire,
    incoming_from_wire,
    track_start_from_wire,
)
from sdk.service.live import MOST_LAG_S, STALLED_S
from sdk.service.metrics import Metrics
from sdk.service.watch import note, way_of
from sdk.wire import FIELD_TRAILER

log = logging.getLogger("emomotion.service")
FACES_PER_S, FACES_AT_ONCE = 240.0, 480.0
"""Pictures and landmarks that a stream may send."""
EXPRESSES = "affect-face 1"
"""What makes the frames of Express, as a header says it."""


class FollowingLike(Protocol):
    """What the service needs of `sdk.runtime.face.Following`."""

    def calibrate(self, faces: int) -> None: ...

    def step(self, seen: bytes | Landmarks, at_s: float) -> Shown: ...


class FaceEngineLike(Protocol):
    """What the service needs of `sdk.runtime.face.FaceEngine`."""

    @property
    def schema(self) -> ControlSchema: ...

    @property
    def model_id(self) -> str: ...

    @property
    def follows(self) -> bool: ...

    def follow(self, *, range_set: str, smoothing: float, calibration_faces: int) -> FollowingLike: ...

    def warm_up(self) -> None: ...


class FaceServicer:
    """Methods of FaceService over one engine. Refuses streams until `warm_up` has ended."""

    def __init__(self, engine: FaceEngineLike, door: Door, metrics: Metrics) -> None:
        self._engine, self._door, self._metrics = engine, door, metrics
        self._blendshapes = Blendshapes(engine.schema)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="faces")
        self._ready = False

    async def warm_up(self) -> None:
        """Run the engine once on its thread, then answer calls."""
        await asyncio.get_running_loop().run_in_executor(self._worker, self._engine.warm_up)
        self._ready = True

    def close(self) -> None:
        """Give up what waits and end the thread."""
        self._worker.shutdown(cancel_futures=True)

    async def Track(self, requests: AsyncIterator[face_pb2.TrackRequest], context: Context) -> None:
        """One face that is followed, from its start to the client's end."""
        async with self._stream(context):
            first = await self._first(requests)
            options = track_start_from_wire(first.start, self._engine.schema)
            if not self._engine.follows:
                message = "this server follows no faces, for it has no face bundle; Express works without one"
                await context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
            following = self._engine.follow(
                range_set=options.range_set, smoothing=options.smoothing, calibration_faces=options.calibration_faces
            )
            name = _stream_id()
            header = header_to_wire(name, self._engine.schema, options, model_id=self._engine.model_id)
            note(stream=name)
            await _written(context, header)
            mailbox = Mailbox(requests)
            reader = asyncio.create_task(mailbox.read())
            try:
                await self._follow(mailbox, following, options, context)
                reader.result()
            finally:
                reader.cancel()

    async def _follow(
        self, mailbox: "Mailbox", following: FollowingLike, options: TrackOptions, context: Context
    ) -> None:
        """A frame for each face that was not overtaken, until the client ends or leaves."""
        loop = asyncio.get_running_loop()
        number = without_face = overtaken = 0
        while (item := await mailbox.take()) is not None:
            shown = await loop.run_in_executor(self._worker, item.step, following)
            without_face += not shown.found
            shapes = self._blendshapes.of(shown.values) if options.blendshapes else None
            made_s = time.monotonic() - item.arrived_s
            frame = frame_to_wire(
                number, shown.values, mode=shown.mode, confidence=shown.confidence, capture_ns=item.capture_ns,
                made_in_ms=1000 * made_s, ttl_ms=options.ttl_ms, affect=options.affect, blendshapes=shapes,
                overtaken=mailbox.overtaken - overtaken,
            )  # fmt: skip
            self._metrics.face_frames.labels("Track", shown.mode).inc()
            self._metrics.face_made.observe(made_s)
            self._metrics.face_overtaken.inc(mailbox.overtaken - overtaken)
            number, overtaken = number + 1, mailbox.overtaken
            await _written(context, frame)
        note(frames=number, without_face=without_face, overtaken=mailbox.overtaken)
        if mailbox.ended:
            await _written(context, _ended(number, mailbox.overtaken, without_face))

    async def Express(self, requests: AsyncIterator[face_pb2.ExpressRequest], context: Context) -> None:
        """One face that shows feelings in real time, from its start to the client's end."""
        async with self._stream(context):
            first = await self._first(requests)
            options = express_start_from_wire(first.start, self._engine.schema)
            seed = secrets.randbits(53) if options.seed is None else options.seed
            name = _stream_id()
            actor = FaceActor(
                self._engine.schema, seed=seed, range_set=options.range_set, still=options.still, wish=options.wish
            )
            note(stream=name)
            header = header_to_wire(name, self._engine.schema, options, model_id=EXPRESSES, fps=options.fps, seed=seed)
            await _written(context, header)
            wishes = Wishes(requests, options, actor)
            reader = asyncio.create_task(wishes.read())
            try:
                await self._express(wishes, options, reader, context)
            finally:
                reader.cancel()

    async def _express(
        self, wishes: "Wishes", options: ExpressOptions, reader: "asyncio.Task[None]", context: Context
    ) -> None:
        """Frames in real time until the client ends or leaves. Raises what the reader raised."""
        loop, actor = asyncio.get_running_loop(), wishes.actor
        began, ticks = loop.time(), 0
        sent = left_out = 0
        while not reader.done():
            behind_s = loop.time() - began - ticks / options.fps
            missed = 0
            if behind_s < 0:
                await asyncio.sleep(-behind_s)
            elif behind_s > MOST_LAG_S:
                missed = int(behind_s * options.fps)
                for _ in range(missed):
                    actor.step(1 / options.fps)
            made_s = time.monotonic()
            values = actor.step(1 / options.fps)
            shapes = self._blendshapes.of(values) if options.blendshapes else None
            self._metrics.face_frames.labels("Express", Mode.FOLLOW).inc()
            self._metrics.lateness.observe(max(loop.time() - began - (ticks + missed) / options.fps, 0.0))
            frame = frame_to_wire(
                sent, values, mode=Mode.FOLLOW, confidence=1.0, capture_ns=round(1e9 * made_s),
                made_in_ms=1000 * (time.monotonic() - made_s), ttl_ms=options.ttl_ms, affect=actor.affect,
                blendshapes=shapes, overtaken=missed,
            )  # fmt: skip
            ticks, sent, left_out = ticks + missed + 1, sent + 1, left_out + missed
            await _written(context, frame)
        reader.result()
        note(frames=sent, left_out=left_out)
        if wishes.ended:
            await _written(context, _ended(sent, left_out))

    async def _first(self, requests: AsyncIterator[Any]) -> Any:
        """The first message, which must be a start. Raises InvalidInput."""
        first = await anext(requests, None)
        if first is None or first.WhichOneof("part") != "start":
            raise InvalidInput("a stream begins with a start; send it first", field="start")
        return first

    @contextlib.asynccontextmanager
    async def _stream(self, context: Context) -> AsyncIterator[None]:
        """A place for a stream; what goes wrong in it becomes a status."""
        if not self._ready:
            await _refuse(context, grpc.StatusCode.UNAVAILABLE, "the server is warming up; try again in a few seconds")
        try:
            async with self._door.stream(context):
                yield
        except InvalidInput as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error), ((FIELD_TRAILER, error.field),))
        except OtherSchema as error:
            await _refuse(context, grpc.StatusCode.FAILED_PRECONDITION, str(error))
        except TooFast as error:
            await _refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
        except TimeoutError:
            message = f"the client took no frame for {STALLED_S:g} s"
            await _refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, message)
        except grpc.aio.AbortError:
            raise
        except Exception as error:  # its text may hold what the client sent
            log.error("a face stream failed with %s at %s", type(error).__name__, way_of(error))
            await _refuse(context, grpc.StatusCode.INTERNAL, "the server failed on this stream; its log says more")


class TooFast(Exception):
    """More faces came than a stream may send."""


@dataclass(frozen=True, eq=False)
class Item:
    """A face in the mailbox. calibrate: how many faces are to be taken as neutral from this one on."""

    seen: bytes | Landmarks
    arrived_s: float
    capture_ns: int
    calibrate: int | None

    def step(self, following: FollowingLike) -> Shown:
        """Let the face be followed; runs on the thread for faces. Raises InvalidInput naming the wire's field."""
        if self.calibrate is not None:
            following.calibrate(self.calibrate)
        try:
            return following.step(self.seen, self.capture_ns / 1e9)
        except InvalidInput as error:
            part, content = ("landmarks", "points") if isinstance(self.seen, Landmarks) else ("image", "encoded")
            field = error.field if error.field == "capture_ns" else content
            raise InvalidInput(str(error), field=f"{part}.{field}") from None


class Mailbox:
    """The client's faces: it holds one, the newest. overtaken: how many were replaced before they were taken."""

    def __init__(self, requests: AsyncIterator[face_pb2.TrackRequest]) -> None:
        self._requests = requests
        self._rate = RateLimit(FACES_PER_S, FACES_AT_ONCE)
        self._arrived = asyncio.Event()
        self._item: Item | None = None
        self._calibrate: int | None = None
        self._over = False
        self.ended = False
        self.overtaken = 0

    async def read(self) -> None:
        """Take the client's messages until its end. Raises InvalidInput for one that is wrong or out of place."""
        try:
            async for request in self._requests:
                kind = request.WhichOneof("part")
                if kind == "end":
                    self.ended = True
                    return
                if kind == "calibrate":
                    self._calibrate = calibration_from_wire(request.calibrate)
                elif kind in ("image", "landmarks"):
                    self._put(incoming_from_wire(request))
                else:
                    message = f"a stream has one start, then faces, then an end; got {kind or 'an empty message'}"
                    raise InvalidInput(message, field=kind or "part")
        finally:
            self._over = True
            self._arrived.set()

    def _put(self, incoming: Incoming) -> None:
        if self._rate.take("") > 0:
            raise TooFast(f"a stream may send {FACES_PER_S:g} faces a second; send fewer")
        if self._item is not None:
            self.overtaken += 1
            self._calibrate = self._item.calibrate if self._calibrate is None else self._calibrate
        now_s = time.monotonic()
        capture_ns = round(1e9 * now_s) if incoming.capture_ns is None else incoming.capture_ns
        self._item, self._calibrate = Item(incoming.seen, now_s, capture_ns, self._calibrate), None
        self._arrived.set()

    async def take(self) -> Item | None:
        """The newest face, once there is one; None when no more will come."""
        while self._item is None:
            if self._over:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        item, self._item = self._item, None
        return item


class Wishes:
    """The client's wishes for a face that expresses."""

    def __init__(
        self, requests: AsyncIterator[face_pb2.ExpressRequest], options: ExpressOptions, actor: FaceActor
    ) -> None:
        self._requests, self._wish = requests, options.wish
        self.actor = actor
        self.ended = False

    async def read(self) -> None:
        """Take the client's messages until its end. Raises InvalidInput for one that is wrong or out of place."""
        async for request in self._requests:
            kind = request.WhichOneof("part")
            if kind == "end":
                self.ended = True
                return
            if kind != "change":
                message = f"a stream has one start, then changes, then an end; got {kind or 'an empty message'}"
                raise InvalidInput(message, field=kind or "part")
            self._wish = face_wish_from_wire(request.change, self._wish)
            self.actor.change(self._wish)


def _stream_id() -> str:
    return secrets.token_hex(6)


def _ended(frames: int, overtaken: int, without_face: int = 0) -> face_pb2.FaceReply:
    ended = face_pb2.FaceEnded(frame_count=frames, without_face=without_face, overtaken=overtaken)
    return face_pb2.FaceReply(ended=ended)


async def _written(context: Context, reply: face_pb2.FaceReply) -> None:
    async with asyncio.timeout(STALLED_S):
        await context.write(reply)


async def _refuse(context: Context, code: grpc.StatusCode, message: str) -> NoReturn:
    await context.abort(code, message)
    raise AssertionError("abort always raises")
