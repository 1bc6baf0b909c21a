"""A live character over WebSocket, as a page drives it."""

import asyncio
import random
from collections.abc import Callable

import aiohttp
import pytest

from emomotion.v1 import live_pb2, motion_pb2
from sdk.service import live as live_service
from sdk.service import web_writer
from sdk.service.access import Tokens
from sdk.service.core import MAX_METADATA_BYTES, MAX_RECEIVE_BYTES
from tests.service.conftest import PATIENCE_S, TOKEN, Live
from tests.service.mutants import change_bytes, mutants, valid_messages
from tests.service.web_caller import LIVE, MOTION, Reply, Socket, frame, opened

DRIVE = f"{LIVE}/Drive"
WALK = "a person walks forward"
START = live_pb2.DriveRequest(
    start=live_pb2.DriveStart(wish=live_pb2.DriveChange(text=WALK), seed=5)
).SerializeToString()
CHANGE = live_pb2.DriveRequest(change=live_pb2.DriveChange(speed=1.2)).SerializeToString()
END = live_pb2.DriveRequest(end=live_pb2.DriveEnd()).SerializeToString()
CLEAN = {0, 3, 8, 12}


@pytest.fixture
def web(start: Callable[..., Live]) -> Live:
    return start(web_port=0)


def said(live: Live, *messages: bytes, path: str = DRIVE, metadata: bytes = b"") -> Reply:
    """What is answered to raw messages of the socket."""

    async def play() -> Reply:
        async with opened(live.server.web_address, path, metadata=metadata) as socket:
            for message in messages:
                await socket.raw.send_bytes(message)
            return await socket.reply()

    return live.loop.call(play())


async def read(socket: Socket, count: int) -> list[live_pb2.DriveReply]:
    """So many messages, the block of headers left out."""
    found = []
    async for flags, content in socket.frames():
        if flags == 0:
            found.append(live_pb2.DriveReply.FromString(content))
        if len(found) == count:
            break
    return found


def test_header_frames_a_change_and_the_end(web: Live) -> None:
    async def play() -> tuple[list[live_pb2.DriveReply], Reply]:
        async with opened(web.server.web_address, DRIVE, metadata=b"x-grpc-web: 1\r\n") as socket:
            await socket.send(START)
            first = await read(socket, 20)
            await socket.send(CHANGE)
            first += await read(socket, 20)
            await socket.send(END)
            await socket.finish()
            rest = [entry async for entry in socket.frames()]
            assert socket.raw.close_code == 1000
        *messages, (flags, trailers) = rest
        assert flags == 0x80 and trailers == b"grpc-status: 0\r\n"
        return first + [live_pb2.DriveReply.FromString(content) for _, content in messages]

    header, *frames, ended = web.loop.call(play())
    assert header.header.seed == 5 and header.header.bundle_sha256 == web.engine.bundle.sha256
    numbers = [reply.frame.number for reply in frames]
    assert numbers == sorted(set(numbers)) and numbers[-1] + 1 == len(frames) + ended.ended.frames_left_out
    assert frames[-1].frame.wish == 1 and ended.ended.frame_count == len(frames)
    web.until(lambda: web.server.core.streams == 0)


def test_only_the_callers_end_is_an_end(web: Live) -> None:
    reply = said(web, b"\0" + frame(START), b"\1")
    assert reply.status == 0 and reply.http == 101 and reply.headers["content-type"] == "application/grpc-web+proto"
    assert not any(live_pb2.DriveReply.FromString(m).HasField("ended") for m in reply.messages), "it just stops"


@pytest.mark.parametrize("how", ["close", "abort"])
def test_a_lost_socket_cancels_and_frees_the_place(web: Live, how: str) -> None:
    async def play() -> None:
        async with opened(web.server.web_address, DRIVE) as socket:
            await socket.send(START)
            await read(socket, 3)
            assert web.server.core.streams == 1
            if how == "abort":
                socket.raw._response.connection.transport.abort()  # type: ignore[union-attr]

    web.loop.call(play())
    web.until(lambda: web.server.core.streams == 0)
    labels = {"method": "Drive", "status": "CANCELLED"}
    web.until(lambda: web.server.metrics.registry.get_sample_value("emomotion_calls_total", labels) == 1)


def test_who_does_not_read_is_dropped(web: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_service, "STALLED_S", 0.3)
    monkeypatch.setattr(web_writer, "STALLED_S", 0.3)

    async def play() -> None:
        host, port = web.server.web_address.removeprefix("http://").split(":")
        # A reader that takes nothing after the handshake: what the system keeps for it is soon full.
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        upgrade = "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: grpc-websockets\r\n"
        writer.write(f"GET {DRIVE} HTTP/1.1\r\n{upgrade}{key}\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        for message in (b"", b"\0" + frame(START)):
            writer.write(bytes([0x82, 0x80 | len(message)]) + bytes(4) + message)
        while web.server.core.streams == 0:
            await asyncio.sleep(0.01)
        while web.server.core.streams == 1:
            await asyncio.sleep(0.05)
        writer.transport.abort()

    monkeypatch.setattr("sdk.service.live.frame_to_wire", large_frame(live_service.frame_to_wire))
    web.loop.call(play())
    labels = {"method": "Drive", "status": "RESOURCE_EXHAUSTED"}
    assert web.server.metrics.registry.get_sample_value("emomotion_calls_total", labels) == 1


def large_frame(pack: Callable[..., live_pb2.DriveFrame]) -> Callable[..., live_pb2.DriveFrame]:
    """Frames so large that a few of them fill every buffer."""

    def packed(frame: object) -> live_pb2.DriveFrame:
        out = pack(frame)
        out.rotations.extend([0.0] * 100_000)
        return out

    return packed


def test_other_methods_can_be_called_too(web: Live) -> None:
    request = motion_pb2.GenerateRequest(text=WALK, seconds=1, seed=7).SerializeToString()
    reply = said(web, b"\0" + frame(request), b"\1", path=f"{MOTION}/Generate")
    assert reply.status == 0 and len(reply.messages) > 2
    assert said(web, b"\0" + frame(b""), b"\1", path=f"{MOTION}/GetInfo").status == 0
    assert said(web, b"\1", path=f"{MOTION}/GetInfo").status == 3
    assert said(web, path=f"{MOTION}/Dance").status == 12


def test_a_deadline_ends_it(web: Live) -> None:
    assert said(web, b"\0" + frame(START), metadata=b"grpc-timeout: 300m\r\n").status == 4
    web.until(lambda: web.server.core.streams == 0)


@pytest.mark.parametrize(
    ("messages", "status", "words"),
    [
        ([b"\1"], 3, "begins with a start"),
        ([b"\0" + frame(CHANGE)], 3, "begins with a start"),
        ([b"\0" + frame(START), b"\0" + frame(b"\x0a\xff")], 3, "not a valid emomotion.v1.DriveRequest"),
        ([b"\0" + frame(START), b""], 3, "the byte 1 for the end"),
        ([b"\0" + frame(START), b"\2"], 3, "the byte 1 for the end"),
        ([b"\0" + frame(START), b"\0\0", b"\1"], 3, "the byte 1 for the end"),
        ([b"\0" + frame(START), b"\0" + frame(CHANGE, 1)], 12, "compressed"),
        ([b"\0" + frame(bytes(MAX_RECEIVE_BYTES + 1))], 8, "1048576 bytes at most"),
        ([b"\0\0\xff\xff\xff\xff"], 8, "4294967295"),
    ],
)
def test_messages_that_are_none_are_refused(web: Live, messages: list[bytes], status: int, words: str) -> None:
    reply = said(web, *messages)
    assert reply.status == status and words in reply.details
    web.until(lambda: web.server.core.streams == 0)


def test_a_start_may_come_in_pieces(web: Live) -> None:
    data = frame(START)
    assert said(web, b"\0" + data[:3], b"\0" + data[3:9], b"\0" + data[9:] + frame(END), b"\1").status == 0


def test_metadata_that_is_none_is_refused(web: Live) -> None:
    for metadata, status in ((b"no lines", 3), (b"a: b\r\n" * MAX_METADATA_BYTES, 8), (b"grpc-timeout: x\r\n", 3)):
        assert said(web, metadata=metadata).status == status


@pytest.mark.parametrize("kind", [1, 3])
def test_mutated_streams_get_a_clean_status(web: Live, kind: int) -> None:
    valid, draw, found = valid_messages(), random.Random(kind), set()
    for data, _ in zip(mutants(valid[kind], draw), range(30), strict=False):
        body = bytearray(frame(data))
        if draw.random() < 0.3:
            change_bytes(body, draw)
        first = [b"\0" + frame(valid[1].SerializeToString())] if kind == 3 else []
        found.add(said(web, *first, b"\0" + bytes(body), b"\1").status)
    assert found <= CLEAN and 3 in found
    web.until(lambda: web.server.core.streams == 0)


def test_pages_of_other_sites_cannot_open_one(web: Live) -> None:
    async def try_it(origin: str) -> int:
        try:
            async with opened(web.server.web_address, DRIVE, origin=origin):
                return 101
        except aiohttp.WSServerHandshakeError as refusal:
            return refusal.status

    assert web.loop.call(try_it("https://evil.example")) == 403
    assert web.loop.call(try_it("http://localhost:8080")) == 101


def test_the_first_message_carries_the_token(start: Callable[..., Live], tokens: Tokens) -> None:
    live = start(tokens=tokens, web_port=0)
    assert said(live, b"\0" + frame(START), b"\1", metadata=f"authorization: Bearer {TOKEN}\r\n".encode()).status == 0
    refused = said(live, b"\0" + frame(START), metadata=b"authorization: Bearer another-token-than-that\r\n")
    assert refused.status == 16 and "Bearer TOKEN" in refused.details and refused.messages == []


def test_streams_have_a_limit(start: Callable[..., Live]) -> None:
    live = start(max_streams=1, web_port=0)

    async def play() -> Reply:
        async with opened(live.server.web_address, DRIVE) as first, opened(live.server.web_address, DRIVE) as second:
            await first.send(START)
            await read(first, 2)
            await second.send(START)
            return await second.reply()

    reply = live.loop.call(play())
    assert reply.status == 8 and "of this server are taken" in reply.details


def test_a_drain_ends_it_and_says_so(web: Live) -> None:
    async def play() -> tuple[int, bytes]:
        async with opened(web.server.web_address, DRIVE) as socket:
            await socket.send(START)
            await read(socket, 3)
            drain = asyncio.create_task(web.server.drain(notice_s=0.0, grace_s=0.2))
            rest = [entry async for entry in socket.frames()]
            await asyncio.wait_for(drain, PATIENCE_S)
            return rest[-1]

    web.drained = True
    flags, trailers = web.loop.call(play())
    assert flags == 0x80 and b"grpc-status: 14\r\n" in trailers and b"shutting down" in trailers
