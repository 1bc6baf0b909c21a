"""A live character from Python: `Client.drive` opens one.

    with client.drive("a person walks forward", affect="joy") as live:
        for frame in live:
            show(frame.rotations, frame.root)
            if frame.number == 90:
                live.change(affect="anger")
            if frame.number == 300:
                live.end()

Frames come in real time. Who reads more slowly gets the present frame and not those that piled up, unless it asks for
`every_frame`. Changes may be sent from any thread. With `reconnect_s` a stream whose server went away is opened again
for so long, and goes on from its last frames with its last wish. Shapes: J = 22 joints.
"""

import asyncio
import queue
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from typing import Any, TypedDict, Unpack

import grpc
import numpy as np

from emomotion.v1 import live_pb2
from sdk.catch_up import CatchUp
from sdk.closing import AsyncClosing, Closing
from sdk.emotion import Affect
from sdk.errors import InvalidInput, ServerError
from sdk.motion.rotations import Array
from sdk.motion.skeleton import NUM_JOINTS, Skeleton
from sdk.motion.steering import MAX_HEADING, MAX_SPEED, MIN_SPEED
from sdk.runtime.limits import MAX_PATH_POINTS, MIN_POINTS, check_place, validate_text
from sdk.runtime.track import AffectTrack
from sdk.wire import affect_from_wire, affect_to_wire, check_seed, filled, skeleton_from_wire

Call = Callable[[Iterator[live_pb2.DriveRequest]], Any]
"""Opens a stream over an iterator of requests."""
AsyncCall = Callable[[], Any]
"""Opens a stream that is written to."""
Translated = Callable[[], AbstractContextManager[None]]
"""Turns grpc's errors into the SDK's."""
LOST = "UNAVAILABLE"
"""How a stream ends when its server does, or when what stands before it resets it."""
REMEMBERED = 64
"""So many frames are kept to go on from; a start holds no more."""
FIRST_WAIT_S, MOST_WAIT_S = 0.05, 0.5
"""Between two attempts to open a lost stream again; the wait doubles every 0.2 s."""


class Wishes(TypedDict, total=False):
    """What a character may be told besides what it does; what is left out stays as it was.

    affect: how it feels, an Affect or its short form. track: how it feels over time, as (seconds,
    affect) pairs, instead of affect. speed: pace, 0.5..1.5. heading: direction in radians, 0 towards +Z, growing to the
    left; path: points (x, z) in metres, at least two; free: True to be steered no longer.
    """

    affect: Affect | str
    track: Sequence[tuple[float, Affect | str]]
    speed: float
    heading: float
    path: Sequence[tuple[float, float]]
    free: bool


class Changes(Wishes, total=False):
    """What a character may be told. text: what it does."""

    text: str


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """One frame: rotations (22, 4) xyzw local, root (3,) metres, contacts (4,) bool.

    affect: what is felt. wish: number of the change that the motion serves, 0 for the start. idle: nothing was ready in
    time, the character stands about. reacting: a posture is laid over a motion that does not show the feeling yet.
    """

    number: int
    rotations: Array
    root: Array
    contacts: np.typing.NDArray[np.bool_]
    affect: Affect
    wish: int
    idle: bool
    reacting: bool


Resume = LiveFrame | Sequence[LiveFrame] | None
"""What a stream goes on from: the last frame of another one, or its latest, without gaps, the last one last."""


@dataclass(frozen=True)
class Ended:
    """How a stream ended, by the server: frames sent, left out because nobody took them, and without generated motion.

    After a reconnection these are of the last connection. What the client passed over is in `Live.passed_over`.
    """

    frame_count: int
    frames_left_out: int
    frames_idle: int


class _Stream:
    """What a stream was told and what it showed, so that another one can go on where it ended."""

    def __init__(self, start: live_pb2.DriveStart, reconnect_s: float, every_frame: bool) -> None:
        if not reconnect_s >= 0:
            raise InvalidInput(f"reconnect_s must be 0 or more, got {reconnect_s}", field="reconnect_s")
        self._start, self._reconnect_s, self._every_frame = start, reconnect_s, every_frame
        self._catch_up = CatchUp()
        self._first_number = self._first_wish = self._wishes = 0
        self._lost_at: float | None = None
        self._ending = False
        self.header_at = 0.0
        self.skeleton: Skeleton | None = None
        self.fps = 0.0
        self.seed = 0
        self.passed_over = self.lost = 0
        self.played: deque[LiveFrame] = deque(maxlen=REMEMBERED)
        self.ended: Ended | None = None

    @property
    def last(self) -> LiveFrame | None:
        """The latest frame."""
        return self.played[-1] if self.played else None

    def _told(self, changes: dict[str, object]) -> live_pb2.DriveRequest:
        """The message of a change; what it says stands in the start of the next stream, too."""
        change = change_to_wire(changes)
        wish = self._start.wish
        if change.WhichOneof("way"):
            wish.ClearField(wish.WhichOneof("way") or "free")
        for one, other in (("affect", "track"), ("track", "affect")):
            if change.HasField(one):
                wish.ClearField(one)
                wish.ClearField(other)
        wish.MergeFrom(change)
        self._wishes += 1
        return live_pb2.DriveRequest(change=change)

    def _frame(self, reply: live_pb2.DriveReply) -> LiveFrame | None:
        """Take one reply; the frame if it is one of the present. Numbers go on where a lost stream ended."""
        kind = reply.WhichOneof("part")
        if kind == "header":
            self.header_at = time.perf_counter()
            self.skeleton = skeleton_from_wire(reply.header.skeleton)
            self.fps, self.seed = reply.header.fps, reply.header.seed
            self._catch_up = CatchUp()
        elif kind == "ended":
            found = reply.ended
            self.ended = Ended(found.frame_count, found.frames_left_out, found.frames_idle)
        elif kind == "frame":
            frame = frame_from_wire(reply.frame)
            self._lost_at = None
            shown = replace(frame, number=frame.number + self._first_number, wish=frame.wish + self._first_wish)
            if self.last is not None and shown.number != self.last.number + 1:
                self.played.clear()  # frames with a gap between them are no motion to go on with
            self.played.append(shown)
            if self._every_frame or not self._catch_up.past(frame.number / self.fps, time.monotonic()):
                return shown
            self.passed_over += 1
        return None

    def _wait_s(self, error: ServerError, now: float) -> float:
        """How long to wait before the stream is opened again. Raises the error when it is of another kind, or late."""
        self._lost_at = now if self._lost_at is None else self._lost_at
        if self._ending or error.status != LOST or now - self._lost_at >= self._reconnect_s:
            raise error  # a stream that was told to end is not opened again only to be ended
        return min(FIRST_WAIT_S * 2 ** ((now - self._lost_at) / 0.2), MOST_WAIT_S)

    def _again(self) -> live_pb2.DriveStart:
        """The start of a stream that goes on from the last frames."""
        self.lost += 1
        if self.last is not None:
            self._first_number, self._first_wish = self.last.number + 1, self._wishes
            resume_to_wire(self.played, self._start)
        return self._start


class Live(Closing, _Stream):
    """An open stream; iterate over it for its frames. Close it, or use it in a `with`.

    skeleton, fps, seed: known once the first frame was read. played: the latest frames, to resume from. ended: how it
    ended, after `end` and the last frame. header_at: when the header came, by `time.perf_counter`. passed_over: frames
    that piled up unread and were not given out. lost: how often the stream was lost and opened again.
    """

    def __init__(
        self, call: Call, start: live_pb2.DriveStart, translated: Translated, *, reconnect_s: float = 0.0,
        every_frame: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(start, reconnect_s, every_frame)
        self._open, self._translated = call, translated
        self._call_with(start)

    def _call_with(self, start: live_pb2.DriveStart) -> None:
        self._requests: queue.SimpleQueue[live_pb2.DriveRequest | None] = queue.SimpleQueue()
        self._requests.put(live_pb2.DriveRequest(start=start))
        self._call = self._open(iter(self._requests.get, None))

    def change(self, **changes: Unpack[Changes]) -> None:
        """Tell the character something else. Raises InvalidInput for what no message can hold."""
        self._requests.put(self._told(dict(changes)))

    def end(self) -> None:
        """No more is wanted: the iteration ends after the frame that is on its way."""
        self._ending = True
        self._requests.put(live_pb2.DriveRequest(end=live_pb2.DriveEnd()))
        self._requests.put(None)

    def __iter__(self) -> Iterator[LiveFrame]:
        while True:
            try:
                with self._translated():
                    for reply in self._call:
                        if (frame := self._frame(reply)) is not None:
                            yield frame
                return
            except ServerError as error:
                time.sleep(self._wait_s(error, time.monotonic()))
                self._requests.put(None)
                self._call_with(self._again())

    def close(self) -> None:
        """Leave without an end."""
        self._reconnect_s = 0.0
        self._requests.put(None)
        self._call.cancel()


class AsyncLive(AsyncClosing, _Stream):
    """`Live` for asyncio: `async with`, `async for`, and `change` and `end` are to be awaited."""

    def __init__(
        self, call: AsyncCall, start: live_pb2.DriveStart, translated: Translated, *, reconnect_s: float = 0.0,
        every_frame: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(start, reconnect_s, every_frame)
        self._open, self._translated = call, translated
        self._call = call()

    async def change(self, **changes: Unpack[Changes]) -> None:
        """Tell the character something else. Raises InvalidInput for what no message can hold."""
        await self._write(self._told(dict(changes)))

    async def end(self) -> None:
        """No more is wanted: the iteration ends after the frame that is on its way."""
        self._ending = True
        await self._write(live_pb2.DriveRequest(end=live_pb2.DriveEnd()))

    async def _write(self, request: live_pb2.DriveRequest) -> None:
        # A stream that is lost just now hears of it when it is opened again.
        with suppress(grpc.RpcError, asyncio.InvalidStateError):
            await self._call.write(request)

    async def __aiter__(self) -> AsyncIterator[LiveFrame]:
        start = self._start
        while True:
            try:
                with self._translated():
                    await self._call.write(live_pb2.DriveRequest(start=start))
                    async for reply in self._call:
                        if (frame := self._frame(reply)) is not None:
                            yield frame
                return
            except ServerError as error:
                await asyncio.sleep(self._wait_s(error, time.monotonic()))
                self._call, start = self._open(), self._again()

    async def close(self) -> None:
        """Leave without an end."""
        self._reconnect_s = 0.0
        self._call.cancel()


def start_to_wire(
    changes: dict[str, object], *, seed: int | None, plan: str | None, generator: str | None, resume: Resume
) -> live_pb2.DriveStart:
    """The first message of a stream. Raises InvalidInput for what no message can hold."""
    check_seed(seed)
    start = live_pb2.DriveStart(wish=change_to_wire(changes), seed=seed, plan=plan, generator=generator)
    if resume is not None:
        resume_to_wire([resume] if isinstance(resume, LiveFrame) else resume, start)
    return start


def resume_to_wire(played: Sequence[LiveFrame], start: live_pb2.DriveStart) -> None:
    """Put in the frames to go on from, as many as a start holds. Raises InvalidInput for none."""
    if not played:
        raise InvalidInput("resume has no frame to go on from", field="resume")
    poses = [
        live_pb2.Pose(rotations=frame.rotations.ravel().tolist(), root=frame.root.tolist())
        for frame in list(played)[-REMEMBERED:]
    ]
    del start.before[:]
    start.before.extend(poses[:-1])
    start.resume.CopyFrom(poses[-1])


def change_to_wire(changes: dict[str, object]) -> live_pb2.DriveChange:
    """The message of `Changes`.

    Raises InvalidInput for an unknown key or emotion, values of the wrong kind or out of range, and what excludes each
    other: the server would end the stream for them.
    """
    for one, other in (("affect", "track"), ("heading", "path"), ("free", "path"), ("free", "heading")):
        if one in changes and other in changes and changes[one] is not False:
            raise InvalidInput(f"a change takes either {one} or {other}, got both", field=other)
    return filled(live_pb2.DriveChange(), changes, _set, known=Changes.__annotations__, who="a character")


def _set(message: live_pb2.DriveChange, key: str, value: object) -> None:
    if key == "affect":
        message.affect.CopyFrom(affect_to_wire(affect_of(value)))
    elif key == "track":
        keys = list(value)  # type: ignore[call-overload]
        track = AffectTrack([float(at) for at, _ in keys], [affect_of(affect) for _, affect in keys])
        for seconds, affect in zip(track.seconds, track.affects, strict=True):
            message.track.keys.add(seconds=seconds, affect=affect_to_wire(affect))
    elif key == "speed" and not MIN_SPEED <= float(str(value)) <= MAX_SPEED:
        raise InvalidInput(f"speed must lie in {MIN_SPEED:g}..{MAX_SPEED:g}, got {value}", field="speed")
    elif key == "heading" and not abs(float(str(value))) <= MAX_HEADING:
        raise InvalidInput(f"heading must lie in -{MAX_HEADING}..{MAX_HEADING} radians, got {value}", field="heading")
    elif key == "path":
        points = np.asarray(value, dtype=float)
        if points.ndim != 2 or points.shape[1] != 2 or not MIN_POINTS <= len(points) <= MAX_PATH_POINTS:
            message_ = f"path takes {MIN_POINTS}..{MAX_PATH_POINTS} points (x, z), got an array {points.shape}"
            raise InvalidInput(message_, field="path.points")
        check_place("path.points", points)
        message.path.points.extend(points.ravel().tolist())
    else:
        setattr(message, key, value)
        if key == "text":
            validate_text(message.text)


def affect_of(value: object) -> Affect:
    """An affect as it is, or from its short form. Raises InvalidInput."""
    return value if isinstance(value, Affect) else Affect.of(str(value))


def frame_from_wire(message: live_pb2.DriveFrame) -> LiveFrame:
    """One frame. Raises ServerError for one that is not whole."""
    if len(message.rotations) != 4 * NUM_JOINTS or len(message.root) != 3 or len(message.contacts) != 4:
        raise ServerError(f"the server broke the protocol: frame {message.number} is not whole", status="DATA_LOSS")
    return LiveFrame(
        number=message.number,
        rotations=np.array(message.rotations).reshape(NUM_JOINTS, 4),
        root=np.array(message.root),
        contacts=np.array(message.contacts, dtype=bool),
        affect=affect_from_wire(message.affect),
        wish=message.wish,
        idle=message.source == live_pb2.FRAME_SOURCE_IDLE,
        reacting=message.reacting,
    )
