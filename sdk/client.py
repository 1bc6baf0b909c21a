"""Talk to a server from Python, waiting (`Client`) or with asyncio (`AsyncClient`).

    with Client("localhost:50051") as client:
        clip = client.generate("a person walks forward", affect="joy", seconds=6, seed=7)
        clip.motion.positions  # (T, 22, 3) metres

Both raise InvalidInput for a value the server refuses, with the field's name, and ServerError for everything else that
goes wrong with the server. Shapes: T frames of a clip, n frames of a chunk.
"""

import math
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypedDict, Unpack

import grpc
import numpy as np

from emomotion.v1 import info_pb2, live_pb2_grpc, motion_pb2, motion_pb2_grpc
from sdk import ready
from sdk.client_errors import translated
from sdk.closing import AsyncClosing, Closing
from sdk.drive import AsyncLive, Live, Resume, Wishes, start_to_wire
from sdk.emotion import Affect
from sdk.errors import InvalidInput, ServerError
from sdk.face_client import AsyncFaces, Faces
from sdk.motion.motion import Motion
from sdk.motion.skeleton import Skeleton
from sdk.wire import (
    Chunk,
    Evidence,
    Info,
    Plan,
    affect_from_wire,
    affect_to_wire,
    check_seed,
    chunk_from_wire,
    info_from_wire,
    skeleton_from_wire,
)

__all__ = ["AsyncClient", "Chunk", "Client", "Clip", "Evidence", "Header", "Info", "Options", "Part", "Plan", "Status"]

INFO_TIMEOUT_S = 10.0
GENERATE_TIMEOUT_S = 120.0
READY_TIMEOUT_S = 60.0
OPTIONS = (
    # A server that vanished without a word is noticed within seconds; a live character then goes on elsewhere.
    ("grpc.keepalive_time_ms", 5_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # grpc pings by itself while messages flow, and waits a minute for that answer; no keepalive is sent meanwhile.
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
    # Left alone grpc would wait ever longer, up to minutes, before it looks for a server that was away.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
)


class Options(TypedDict, total=False):
    """What may be said about a clip besides its text; None and absence are the same.

    affect: an Affect, or its short form for Affect.of ("joy", "joy:0.6,trust:0.4"); neutral unless said.
    seconds: length; 4 unless said. seed: 0..2**64-1; drawn by the server unless said.
    plan: a name from `info().plans`; generator: a name from `info().generators`, which without a plan stands for its
    first one; the default plan unless either is said. fps: frame rate; the bundle's own unless said.
    budget_ms: time the server may take to the first chunk; the best plan that fits is used, or the call is refused at
    once.
    """

    affect: Affect | str | None
    seconds: float | None
    seed: int | None
    plan: str | None
    generator: str | None
    fps: float | None
    budget_ms: float | None


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
    sent, negative if it was late; None without a budget.
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Clip(Status):
    """A whole clip: the motion and everything `Status` says about it."""

    motion: Motion


Part = Header | Chunk | Status
"""A stream gives one Header, then Chunks without gap, then one Status."""


@dataclass(frozen=True)
class Tls:
    """Encryption. ca: PEM file that signed the server's certificate, None for the system's.

    cert, key: PEM files of this client's own certificate, for servers that ask for one.
    """

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        """For a channel. Raises InvalidInput for a file that cannot be read, or a certificate without its key."""
        if (self.cert is None) != (self.key is None):
            raise InvalidInput("a client's certificate needs its key, and the other way round", field="tls")
        try:
            ca, key, cert = (None if path is None else path.read_bytes() for path in (self.ca, self.key, self.cert))
        except OSError as error:
            raise InvalidInput(f"a TLS file cannot be read ({error.strerror}): {error.filename}", field="tls") from None
        return grpc.ssl_channel_credentials(ca, key, cert)


class Client(Closing, Faces):
    """A connection to one server, `target` being HOST:PORT. Threads may share it. Close it, or use it in a `with`.

    token: what the server knows this client by. tls: encrypt, see `Tls`.
    """

    def __init__(self, target: str, *, token: str | None = None, tls: Tls | None = None) -> None:
        self.target = check_target(target)
        self._metadata = bearer(token)
        if tls is None:
            self._channel = grpc.insecure_channel(self.target, OPTIONS)
        else:
            self._channel = grpc.secure_channel(self.target, tls.credentials(), OPTIONS)
        self._stub = motion_pb2_grpc.MotionServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._live = live_pb2_grpc.LiveServiceStub(self._channel)  # type: ignore[no-untyped-call]

    def info(self, *, timeout_s: float = INFO_TIMEOUT_S) -> Info:
        """What the server has loaded and accepts."""
        with translated(self.target, timeout_s):
            return info_from_wire(
                self._stub.GetInfo(info_pb2.GetInfoRequest(), timeout=timeout_s, metadata=self._metadata)
            )

    def generate(self, text: str, *, timeout_s: float = GENERATE_TIMEOUT_S, **options: Unpack[Options]) -> Clip:
        """One clip. Raises InvalidInput, ServerError."""
        return clip_of(list(self.stream(text, timeout_s=timeout_s, **options)))

    def stream(self, text: str, *, timeout_s: float = GENERATE_TIMEOUT_S, **options: Unpack[Options]) -> Iterator[Part]:
        """The parts of one clip as they arrive. Closing the iterator stops the server's work."""
        return self._parts(build_request(text, **options), timeout_s)

    def _parts(self, request: motion_pb2.GenerateRequest, timeout_s: float) -> Iterator[Part]:
        reader = ReplyReader()
        with translated(self.target, timeout_s):
            call = self._stub.Generate(request, timeout=timeout_s, metadata=self._metadata)
            try:
                for reply in call:
                    yield reader.part(reply)
            finally:
                call.cancel()
            reader.check_end()

    def drive(
        self, text: str, *, seed: int | None = None, plan: str | None = None, generator: str | None = None,
        resume: Resume = None, reconnect_s: float = 0.0, every_frame: bool = False, **wish: Unpack[Wishes],
    ) -> Live:  # fmt: skip
        """Open a live character; see `sdk.drive`.

        resume: `played` of a lost stream, or its last frame. reconnect_s: go on by itself. every_frame: also those that
        are read too late.
        """
        start = start_to_wire({"text": text, **wish}, seed=seed, plan=plan, generator=generator, resume=resume)
        call = partial(self._live.Drive, metadata=self._metadata)
        errors = partial(translated, self.target, math.inf)
        return Live(call, start, errors, reconnect_s=reconnect_s, every_frame=every_frame)

    def wait_until_ready(self, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Return when the server has warmed up and answers. Raises ServerError if it does not in `timeout_s`."""
        ready.wait(self._channel, self.target, self._metadata, timeout_s)

    def close(self) -> None:
        """Give the connection back; running calls end with ServerError."""
        self._channel.close()


class AsyncClient(AsyncClosing, AsyncFaces):
    """`Client` for asyncio: the same methods, to be awaited; `stream` is an async iterator. Use it within one loop."""

    def __init__(self, target: str, *, token: str | None = None, tls: Tls | None = None) -> None:
        self.target = check_target(target)
        self._metadata = bearer(token)
        if tls is None:
            self._channel = grpc.aio.insecure_channel(self.target, OPTIONS)
        else:
            self._channel = grpc.aio.secure_channel(self.target, tls.credentials(), OPTIONS)
        self._stub = motion_pb2_grpc.MotionServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._live = live_pb2_grpc.LiveServiceStub(self._channel)  # type: ignore[no-untyped-call]

    async def info(self, *, timeout_s: float = INFO_TIMEOUT_S) -> Info:
        """What the server has loaded and accepts."""
        with translated(self.target, timeout_s):
            return info_from_wire(
                await self._stub.GetInfo(info_pb2.GetInfoRequest(), timeout=timeout_s, metadata=self._metadata)
            )

    async def generate(self, text: str, *, timeout_s: float = GENERATE_TIMEOUT_S, **options: Unpack[Options]) -> Clip:
        """One clip; cancelling the task stops the server's work. Raises InvalidInput, ServerError."""
        return clip_of([part async for part in self.stream(text, timeout_s=timeout_s, **options)])

    def stream(
        self, text: str, *, timeout_s: float = GENERATE_TIMEOUT_S, **options: Unpack[Options]
    ) -> AsyncIterator[Part]:
        """The parts of one clip as they arrive. Closing the iterator (`aclosing`) stops the server's work."""
        return self._parts(build_request(text, **options), timeout_s)

    async def _parts(self, request: motion_pb2.GenerateRequest, timeout_s: float) -> AsyncIterator[Part]:
        reader = ReplyReader()
        with translated(self.target, timeout_s):
            call = self._stub.Generate(request, timeout=timeout_s, metadata=self._metadata)
            try:
                async for reply in call:
                    yield reader.part(reply)
            finally:
                call.cancel()
            reader.check_end()

    def drive(
        self, text: str, *, seed: int | None = None, plan: str | None = None, generator: str | None = None,
        resume: Resume = None, reconnect_s: float = 0.0, every_frame: bool = False, **wish: Unpack[Wishes],
    ) -> AsyncLive:  # fmt: skip
        """Open a live character; see `sdk.drive`.

        resume: `played` of a lost stream, or its last frame. reconnect_s: go on by itself. every_frame: also those that
        are read too late.
        """
        start = start_to_wire({"text": text, **wish}, seed=seed, plan=plan, generator=generator, resume=resume)
        call = partial(self._live.Drive, metadata=self._metadata)
        errors = partial(translated, self.target, math.inf)
        return AsyncLive(call, start, errors, reconnect_s=reconnect_s, every_frame=every_frame)

    async def wait_until_ready(self, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Return when the server has warmed up and answers. Raises ServerError if it does not in `timeout_s`."""
        await ready.wait_async(self._channel, self.target, self._metadata, timeout_s)

    async def close(self) -> None:
        """Give the connection back; running calls end with ServerError."""
        await self._channel.close()


# What both clients share.


def bearer(token: str | None) -> tuple[tuple[str, str], ...]:
    """Metadata that carries a token. Raises InvalidInput for one that no header can hold."""
    if token is not None and not re.fullmatch(r"[!-~]+", token):
        raise InvalidInput("token must be printable ASCII without spaces", field="token")
    return () if token is None else (("authorization", f"Bearer {token}"),)


def check_target(target: str) -> str:
    """HOST:PORT as it is. Raises InvalidInput if the port is missing: grpc would take 443 in silence."""
    match = re.fullmatch(r"(?:\[[0-9a-fA-F:.%]+\]|[^\s:/\[\]]+):(\d{1,5})", target)
    if not match or not 1 <= int(match[1]) <= 65535:
        raise InvalidInput(f"server must be HOST:PORT, e.g. localhost:50051; got {target[:80]!r}", field="server")
    return target


def build_request(
    text: str,
    *,
    affect: Affect | str | None = None,
    seconds: float | None = None,
    seed: int | None = None,
    plan: str | None = None,
    generator: str | None = None,
    fps: float | None = None,
    budget_ms: float | None = None,
) -> motion_pb2.GenerateRequest:
    """The message of a request. Ranges are for the server to judge; refused here is only what no message can hold."""
    check_seed(seed)
    if isinstance(affect, str):
        affect = Affect.of(affect)
    try:
        request = motion_pb2.GenerateRequest(
            text=text, seconds=seconds, seed=seed, plan=plan, generator=generator, fps=fps, budget_ms=budget_ms
        )
    except ValueError:
        what = "text, plan or generator holds a lone surrogate"
        raise InvalidInput(f"{what}, which is no character", field="text") from None
    if affect is not None:
        request.affect.CopyFrom(affect_to_wire(affect))
    return request


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
            raise _broken(f"{kind or 'an empty part'} came out of order")
        try:
            if kind == "header":
                message = reply.header
                self._header = Header(skeleton_from_wire(message.skeleton), message.fps, message.frame_count)
                return self._header
            if kind == "chunk":
                chunk = chunk_from_wire(reply.chunk)
                if chunk.start_frame != self._frames:
                    raise _broken(f"frame {chunk.start_frame} came where frame {self._frames} was due")
                self._frames += len(chunk)
                return chunk
            if kind == "status":
                self._ended = True
                return _status(reply.status)
        except InvalidInput as error:
            raise _broken(str(error)) from None
        raise _broken("a part of unknown kind came; update the SDK")

    def check_end(self) -> None:
        """Raises ServerError if the stream ended before its status, or with frames missing."""
        if self._header is None or not self._ended or self._frames != self._header.frame_count:
            raise _broken(f"the stream ended after {self._frames} frames, incomplete")


def clip_of(parts: Sequence[Part]) -> Clip:
    """The clip of a complete stream's parts, in the order of a `ReplyReader`."""
    header, status = parts[0], parts[-1]
    chunks = [part for part in parts if isinstance(part, Chunk)]
    assert isinstance(header, Header) and isinstance(status, Status)
    try:
        rotations = np.concatenate([chunk.rotations for chunk in chunks])
        motion = Motion(rotations, np.concatenate([chunk.root for chunk in chunks]), header.fps, header.skeleton)
    except ValueError as error:  # no chunk at all, or a motion that is none: InvalidInput is a ValueError
        raise _broken(str(error)) from None
    return Clip(motion=motion, **vars(status))


def _status(message: motion_pb2.GenerateStatus) -> Status:
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
    )


def _broken(what: str) -> ServerError:
    return ServerError(f"the server broke the protocol: {what}", status="DATA_LOSS")
