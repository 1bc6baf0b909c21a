"""Talk to a server from Python, waiting (`Client`) or with asyncio (`AsyncClient`).

    with Client("localhost:50051") as client:
        clip = client.generate("a person walks forward", affect="joy", seconds=6, seed=7)
        clip.motion.positions  # (T, 22, 3) metres

Both raise InvalidInput for a value the server refuses, with the field's name, and ServerError for everything else that
goes wrong with the server. Shapes: T frames of a clip, n frames of a chunk.
"""

import math
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypedDict, Unpack

import grpc
import grpc.experimental
from google.protobuf.message import Message

from emomotion.v1 import clip_pb2_grpc, compose_pb2_grpc, info_pb2, live_pb2_grpc, motion_pb2, motion_pb2_grpc
from sdk import ready
from sdk.client_errors import translated
from sdk.clip_client import ExportedClip, ExportOptions, FileReader, export_to_wire
from sdk.closing import AsyncClosing, Closing
from sdk.compose_wire import composition_to_wire
from sdk.drive import AsyncLive, Live, Resume, Wishes, start_to_wire
from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.face_client import AsyncFaces, Faces
from sdk.replies import Clip, Header, Part, ReplyReader, Status, clip_of
from sdk.runtime.composition import Composition
from sdk.wire import (
    Chunk,
    Evidence,
    Info,
    Plan,
    affect_to_wire,
    check_seed,
    info_from_wire,
)

__all__ = [
    "AsyncClient",
    "Chunk",
    "Client",
    "Clip",
    "Evidence",
    "ExportedClip",
    "Header",
    "Info",
    "Options",
    "Part",
    "Plan",
    "Status",
]

INFO_TIMEOUT_S = 10.0
GENERATE_TIMEOUT_S = 120.0
COMPOSE_TIMEOUT_S = 600.0
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
    ("grpc.min_reconnect_backoff_ms", 5_000),  # in truth how long one attempt to connect may take
    ("grpc.max_reconnect_backoff_ms", 500),
    # The thread that iterates over a clip's messages reads them itself, .3 ms sooner than through one of grpc's.
    (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1),
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

    def compose(self, composition: Composition, *, timeout_s: float = COMPOSE_TIMEOUT_S) -> Clip:
        """One clip of a composition; see `sdk.runtime.composition`. Raises InvalidInput, ServerError."""
        stub = compose_pb2_grpc.ComposeServiceStub(self._channel)  # type: ignore[no-untyped-call]
        return clip_of(list(self._parts(stub.Compose, composition_to_wire(composition), timeout_s)))

    def export(
        self, composition: Composition, *, timeout_s: float = COMPOSE_TIMEOUT_S, **options: Unpack[ExportOptions]
    ) -> ExportedClip:
        """A composition as files in a folder, all of them or none; see `sdk.clip_client`. Raises InvalidInput,
        ServerError.
        """
        request, reader = export_to_wire(composition, **options), FileReader(**options)
        stub = clip_pb2_grpc.ClipServiceStub(self._channel)  # type: ignore[no-untyped-call]
        with translated(self.target, timeout_s):
            for reply in stub.Export(request, timeout=timeout_s, metadata=self._metadata):
                reader.add(reply)
        return reader.publish()

    def stream(self, text: str, *, timeout_s: float = GENERATE_TIMEOUT_S, **options: Unpack[Options]) -> Iterator[Part]:
        """The parts of one clip as they arrive. Closing the iterator stops the server's work."""
        return self._parts(self._stub.Generate, build_request(text, **options), timeout_s)

    def _parts(self, method: Any, request: Message, timeout_s: float) -> Iterator[Part]:
        reader = ReplyReader()
        with translated(self.target, timeout_s):
            call = method(request, timeout=timeout_s, metadata=self._metadata)
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

    async def compose(self, composition: Composition, *, timeout_s: float = COMPOSE_TIMEOUT_S) -> Clip:
        """One clip of a composition; cancelling the task stops the server's work. Raises InvalidInput, ServerError."""
        stub = compose_pb2_grpc.ComposeServiceStub(self._channel)  # type: ignore[no-untyped-call]
        return clip_of([part async for part in self._parts(stub.Compose, composition_to_wire(composition), timeout_s)])

    async def export(
        self, composition: Composition, *, timeout_s: float = COMPOSE_TIMEOUT_S, **options: Unpack[ExportOptions]
    ) -> ExportedClip:
        """`Client.export`."""
        request, reader = export_to_wire(composition, **options), FileReader(**options)
        stub = clip_pb2_grpc.ClipServiceStub(self._channel)  # type: ignore[no-untyped-call]
        with translated(self.target, timeout_s):
            async for reply in stub.Export(request, timeout=timeout_s, metadata=self._metadata):
                reader.add(reply)
        return reader.publish()

    def stream(
        self, text: str, *, timeout_s: float = GENERATE_TIMEOUT_S, **options: Unpack[Options]
    ) -> AsyncIterator[Part]:
        """The parts of one clip as they arrive. Closing the iterator (`aclosing`) stops the server's work."""
        return self._parts(self._stub.Generate, build_request(text, **options), timeout_s)

    async def _parts(self, method: Any, request: Message, timeout_s: float) -> AsyncIterator[Part]:
        reader = ReplyReader()
        with translated(self.target, timeout_s):
            call = method(request, timeout=timeout_s, metadata=self._metadata)
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
    request = motion_pb2.GenerateRequest()
    given = {"text": text, "seconds": seconds, "seed": seed, "plan": plan, "generator": generator, "fps": fps}
    for name, value in {**given, "budget_ms": budget_ms}.items():
        try:
            if value is not None or name == "text":
                setattr(request, name, value)
        except ValueError:
            raise InvalidInput(f"{name} holds a lone surrogate, which is no character", field=name) from None
        except TypeError:
            raise InvalidInput(f"{name} cannot be {value!r}, a {type(value).__name__}", field=name) from None
    if affect is not None:
        if not isinstance(affect, Affect):
            message = f"affect is an Affect or a name such as 'joy', got {affect!r}"
            raise InvalidInput(message, field="affect")
        request.affect.CopyFrom(affect_to_wire(affect))
    return request
