"""What a server answers about a clip: the parts of a stream, the order they keep, and the whole clip.

Shapes: T frames of a clip, n frames of a chunk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from emomotion.v1 import motion_pb2
from sdk.emotion import Affect
from sdk.errors import InvalidInput, ServerError
from sdk.motion.motion import Motion
from sdk.motion.skeleton import Skeleton
from sdk.wire import Chunk, affect_from_wire, chunk_from_wire, skeleton_from_wire


@dataclass(frozen=True)
class Header:
    """First part of a stream: what all frames have in common."""

    skeleton: Skeleton
    fps: float
    frame_count: int


@dataclass(frozen=True, kw_only=True)
class Status:
    """Last part of a stream: the settings really used, and how it went.

    seed, plan and generator are filled in where none was asked for; fps: rate of the frames. stage_ms: milliseconds
    by stage, "total" among them; passes: how many were made, by stage. degraded: a cheaper plan than the one asked for,
    or than the default one, was used, or passes were left out. budget_left_ms: what was left when the first chunk was
    sent, negative if it was late; None without a budget. notes: of a composition, what had to be bent and by how much.
    made_with: versions of what made it on the server. stretch: of a composed loop, from when to when, seconds, it plays
    the source and what goes on from there, or what was made.
    """

    text: str
    affect: Affect
    seconds: float
    seed: int
    plan: str
    generator: str
    fps: float
    stage_ms: dict[str, float]
    passes: dict[str, int]
    degraded: bool
    bundle_sha256: str
    budget_left_ms: float | None = None
    notes: tuple[str, ...] = ()
    made_with: Mapping[str, str] = field(default_factory=dict)
    stretch: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Clip(Status):
    """A whole clip: the motion and everything `Status` says about it."""

    motion: Motion


Part = Header | Chunk | Status
"""A stream gives one Header, then Chunks without gap, then one Status."""


class ReplyReader:
    """Turns replies into parts and holds the server to the order: header, chunks without gap, status, nothing more."""

    def __init__(self) -> None:
        self._header: Header | None = None
        self._frames = 0
        self._ended = False

    def part(self, reply: motion_pb2.GenerateReply) -> Part:
        """The next part. Raises ServerError if it is out of order or damaged."""
        kind = reply.WhichOneof("part")
        if self._ended or (kind == "header") != (self._header is None):
            raise broken(f"{kind or 'an empty part'} came out of order")
        try:
            if kind == "header":
                message = reply.header
                self._header = Header(skeleton_from_wire(message.skeleton), message.fps, message.frame_count)
                return self._header
            if kind == "chunk":
                chunk = chunk_from_wire(reply.chunk)
                if chunk.start_frame != self._frames:
                    raise broken(f"frame {chunk.start_frame} came where frame {self._frames} was due")
                self._frames += len(chunk)
                return chunk
            if kind == "status":
                self._ended = True
                return status_from_wire(reply.status)
        except InvalidInput as error:
            raise broken(str(error)) from None
        raise broken("a part of unknown kind came; update the SDK")

    def check_end(self) -> None:
        """Raises ServerError if the stream ended before its status, or with frames missing."""
        if self._header is None or not self._ended or self._frames != self._header.frame_count:
            raise broken(f"the stream ended after {self._frames} frames, incomplete")


def clip_of(parts: Sequence[Part]) -> Clip:
    """The clip of a complete stream's parts, in the order of a `ReplyReader`."""
    header, status = parts[0], parts[-1]
    chunks = [part for part in parts if isinstance(part, Chunk)]
    assert isinstance(header, Header) and isinstance(status, Status)
    try:
        rotations = np.concatenate([chunk.rotations for chunk in chunks])
        motion = Motion(rotations, np.concatenate([chunk.root for chunk in chunks]), header.fps, header.skeleton)
    except ValueError as error:  # no chunk at all, or a motion that is none: InvalidInput is a ValueError
        raise broken(str(error)) from None
    return Clip(motion=motion, **vars(status))


def status_from_wire(message: motion_pb2.GenerateStatus) -> Status:
    """How a clip was made. Raises InvalidInput for an affect that is none."""
    used = message.used
    return Status(
        text=used.text,
        affect=affect_from_wire(used.affect),
        seconds=used.seconds,
        seed=used.seed,
        plan=used.plan,
        generator=used.generator,
        fps=used.fps,
        stage_ms={entry.stage: entry.ms for entry in message.stages},
        passes={entry.stage: entry.passes for entry in message.stages if entry.passes},
        degraded=message.degraded,
        budget_left_ms=message.budget_left_ms if message.HasField("budget_left_ms") else None,
        bundle_sha256=message.bundle_sha256,
        notes=tuple(message.notes),
        made_with={entry.name: entry.version for entry in message.made_with},
        stretch=(message.stretch.start_s, message.stretch.end_s) if message.HasField("stretch") else None,
    )


def broken(what: str) -> ServerError:
    """The error of a server that does not keep to the protocol."""
    return ServerError(f"the server broke the protocol: {what}", status="DATA_LOSS")
