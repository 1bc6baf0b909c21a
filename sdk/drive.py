"""A live character from Python: `Client.drive` opens one.

    with client.drive("a person walks forward", affect="joy") as live:
        for frame in live:
            show(frame.rotations, frame.root)
            if frame.number == 90:
                live.change(affect="anger")
            if frame.number == 300:
                live.end()

Frames come in real time. Changes may be sent from any thread. Shapes: J = 22 joints.
"""

import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypedDict

import grpc
import numpy as np

from emomotion.v1 import live_pb2
from sdk.emotion import Affect
from sdk.errors import InvalidInput, ServerError
from sdk.motion.rotations import Array
from sdk.motion.skeleton import NUM_JOINTS, Skeleton
from sdk.wire import affect_from_wire, affect_to_wire, skeleton_from_wire

Call = Callable[[Iterator[live_pb2.DriveRequest]], "grpc.CallIterator[live_pb2.DriveReply]"]


class Changes(TypedDict, total=False):
    """What a character may be told; what is left out stays as it was.

    text: what it does. affect: how it feels, an Affect or its short form. track: how it feels over time, as (seconds,
    affect) pairs, instead of affect. speed: pace, 0.5..1.5. heading: direction in radians, 0 towards +Z, growing to the
    left; path: points (x, z) in metres, at least two; free: True to be steered no longer.
    """

    text: str
    affect: Affect | str
    track: Sequence[tuple[float, Affect | str]]
    speed: float
    heading: float
    path: Sequence[tuple[float, float]]
    free: bool


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


@dataclass(frozen=True)
class Ended:
    """How a stream ended: frames sent, left out because they were read too slowly, and without generated motion."""

    frame_count: int
    frames_left_out: int
    frames_idle: int


class Live:
    """An open stream; iterate over it for its frames. Close it, or use it in a `with`.

    skeleton, fps, seed: known once the first frame was read. last: the latest frame, to resume from. ended: how it
    ended, after `end` and the last frame.
    """

    def __init__(self, call: Call, start: live_pb2.DriveStart, translated: Callable[[], object]) -> None:
        self._requests: queue.SimpleQueue[live_pb2.DriveRequest | None] = queue.SimpleQueue()
        self._requests.put(live_pb2.DriveRequest(start=start))
        self._translated = translated
        self._call = call(iter(self._requests.get, None))
        self.skeleton: Skeleton | None = None
        self.fps = 0.0
        self.seed = 0
        self.last: LiveFrame | None = None
        self.ended: Ended | None = None

    def change(self, **changes: object) -> None:
        """Tell the character something else; see `Changes`. Raises InvalidInput for what no message can hold."""
        self._requests.put(live_pb2.DriveRequest(change=change_to_wire(changes)))

    def end(self) -> None:
        """No more is wanted: the iteration ends after the frame that is on its way."""
        self._requests.put(live_pb2.DriveRequest(end=live_pb2.DriveEnd()))
        self._requests.put(None)

    def __iter__(self) -> Iterator[LiveFrame]:
        with self._translated():  # type: ignore[attr-defined]
            for reply in self._call:
                kind = reply.WhichOneof("part")
                if kind == "header":
                    self.skeleton = skeleton_from_wire(reply.header.skeleton)
                    self.fps, self.seed = reply.header.fps, reply.header.seed
                elif kind == "frame":
                    self.last = frame_from_wire(reply.frame)
                    yield self.last
                elif kind == "ended":
                    found = reply.ended
                    self.ended = Ended(found.frame_count, found.frames_left_out, found.frames_idle)

    def close(self) -> None:
        """Leave without an end."""
        self._requests.put(None)
        self._call.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def start_to_wire(
    changes: dict[str, object], *, seed: int | None, plan: str | None, generator: str | None, resume: LiveFrame | None
) -> live_pb2.DriveStart:
    """The first message of a stream. Raises InvalidInput for what no message can hold."""
    if seed is not None and not 0 <= seed < 2**64:
        raise InvalidInput(f"seed must lie in 0..{2**64 - 1}, got {seed}", field="seed")
    start = live_pb2.DriveStart(wish=change_to_wire(changes), seed=seed, plan=plan, generator=generator)
    if resume is not None:
        start.resume.rotations.extend(resume.rotations.ravel().tolist())
        start.resume.root.extend(resume.root.tolist())
    return start


def change_to_wire(changes: dict[str, object]) -> live_pb2.DriveChange:
    """The message of `Changes`. Raises InvalidInput for an unknown key or emotion, and for values of the wrong kind."""
    unknown = set(changes) - set(Changes.__annotations__)
    if unknown:
        known = ", ".join(Changes.__annotations__)
        raise InvalidInput(f"a character has no {', '.join(sorted(unknown))}; known: {known}", field=min(unknown))
    message = live_pb2.DriveChange()
    for key, value in changes.items():
        try:
            _set(message, key, value)
        except (TypeError, ValueError) as error:
            if isinstance(error, InvalidInput):
                raise
            raise InvalidInput(f"{key} cannot be {str(value)[:40]!r}: {error}", field=key) from None
    return message


def _set(message: live_pb2.DriveChange, key: str, value: object) -> None:
    if key == "affect":
        message.affect.CopyFrom(affect_to_wire(_affect(value)))
    elif key == "track":
        for seconds, affect in value:  # type: ignore[attr-defined]
            message.track.keys.add(seconds=seconds, affect=affect_to_wire(_affect(affect)))
    elif key == "path":
        message.path.points.extend(np.asarray(value, dtype=float).ravel().tolist())
    else:
        setattr(message, key, value)


def _affect(value: object) -> Affect:
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
