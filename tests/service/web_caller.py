"""Calls gRPC-Web as a browser would, with the standard library; and live characters over WebSocket, with aiohttp."""

import base64
import http.client
import ssl
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp

from tests.service.conftest import PATIENCE_S

BINARY, TEXT = "application/grpc-web+proto", "application/grpc-web-text+proto"
MOTION, LIVE = "/emomotion.v1.MotionService", "/emomotion.v1.LiveService"


def frame(message: bytes, flags: int = 0) -> bytes:
    return struct.pack(">BI", flags, len(message)) + message


def frames_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Flags and content of each frame; nothing may be left over."""
    while data:
        flags, length = struct.unpack_from(">BI", data)
        assert len(data) >= 5 + length, "half a frame"
        yield flags, data[5 : 5 + length]
        data = data[5 + length :]


def lines_of(data: bytes) -> dict[str, str]:
    assert data.endswith(b"\r\n")
    return dict(line.split(": ", 1) for line in data.decode("ascii").splitlines())


@dataclass
class Reply:
    """What came back: of HTTP, then of gRPC."""

    http: int
    headers: dict[str, str]
    messages: list[bytes] = field(default_factory=list)
    trailers: dict[str, str] = field(default_factory=dict)
    text: str = ""

    @property
    def status(self) -> int:
        return int(self.trailers["grpc-status"])

    @property
    def details(self) -> str:
        return unquote(self.trailers.get("grpc-message", ""))


def connection_to(address: str, tls: ssl.SSLContext | None = None) -> http.client.HTTPConnection:
    parts = urlsplit(address)
    assert parts.hostname is not None
    if parts.scheme == "https":
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=PATIENCE_S, context=tls)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_S)


def ask(address: str, path: str, *, method: str = "GET", tls: ssl.SSLContext | None = None, **headers: str) -> Reply:
    """A plain request."""
    connection = connection_to(address, tls)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    reply = Reply(answer.status, found, text=answer.read().decode())
    connection.close()
    return reply


def post(
    address: str, path: str, body: bytes, *, kind: str = BINARY, tls: ssl.SSLContext | None = None, **headers: str
) -> Reply:
    """One call; `body` is framed already, and in base64 where `kind` is text."""
    connection = connection_to(address, tls)
    sent = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    connection.request("POST", path, body=body, headers=sent)
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    data = answer.read()
    connection.close()
    if answer.status != 200:
        return Reply(answer.status, found, text=data.decode())
    if found["content-type"] == TEXT:
        data = decoded(data)
    *messages, (flags, last) = frames_of(data)
    assert flags == 0x80 and all(flags == 0 for flags, _ in messages), "messages, then one frame of trailers"
    return Reply(200, found, [message for _, message in messages], lines_of(last))


def decoded(text: bytes) -> bytes:
    """Base64 of pieces, each of which may be padded."""
    out, left = b"", text
    while left:
        end = left.find(b"=")
        end = len(left) if end < 0 else end + (2 if left[end : end + 2] == b"==" else 1)
        out, left = out + base64.b64decode(left[:end], validate=True), left[end:]
    return out


class Socket:
    """A WebSocket to one method."""

    def __init__(self, raw: aiohttp.ClientWebSocketResponse) -> None:
        self.raw = raw

    async def send(self, message: bytes) -> None:
        await self.raw.send_bytes(b"\0" + frame(message))

    async def finish(self) -> None:
        await self.raw.send_bytes(b"\1")

    async def frames(self) -> AsyncIterator[tuple[int, bytes]]:
        """Until the server closes."""
        async for message in self.raw:
            assert message.type is aiohttp.WSMsgType.BINARY
            for found in frames_of(message.data):
                yield found

    async def reply(self) -> Reply:
        """Everything up to the end: headers, messages, trailers."""
        found = [entry async for entry in self.frames()]
        (first, headers), *messages, (last, trailers) = found
        assert (first, last) == (0x80, 0x80)
        return Reply(101, lines_of(headers), [message for _, message in messages], lines_of(trailers))


@asynccontextmanager
async def opened(address: str, path: str, *, metadata: bytes = b"", **options: Any) -> AsyncIterator[Socket]:
    """A socket whose metadata is sent."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(address + path, protocols=("grpc-websockets",), **options) as raw,
    ):
        assert raw.protocol == "grpc-websockets"
        await raw.send_bytes(metadata)
        yield Socket(raw)
