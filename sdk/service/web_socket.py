"""A call over WebSocket, for methods to which the caller streams; gRPC-Web has no way to do so.

The subprotocol is the one that @improbable-eng/grpc-web made known. The caller sends metadata as lines, then pieces of
frames, each behind a byte 0, and at last the byte 1; the server sends a frame of headers, its messages, and a frame of
trailers. A socket that closes before is a loss, not an end: its call is cancelled.
"""

import asyncio
import socket
from collections.abc import AsyncIterator

from aiohttp import WSMessage, WSMsgType, web
from google.protobuf.message import Message

from sdk.service.core import MAX_METADATA_BYTES, MAX_RECEIVE_BYTES
from sdk.service.web_calls import StringMetadata, WebCalls
from sdk.service.web_frames import BadCall, FrameReader, frame, lines_frame, malformed, metadata_of, trailers_of
from sdk.service.web_writer import Writer, peer_of

SUBPROTOCOL = "grpc-websockets"
MORE, END = 0, 1
FIRST_S = 10.0
"""The metadata must have come within this time."""
HEARTBEAT_S = 20.0
"""A caller that was silent for so long is asked for a sign of life."""
CLOSE_S = 2.0
"""So long a caller may take to answer the closing of the socket."""
WAITING = 8
"""So many messages of a caller may wait; then nothing more is read of it."""
SEND_BUFFER_BYTES = 1 << 16
"""What the system keeps for a caller that does not read, some seconds of frames; of itself it would keep minutes."""


class WebSocketCall:
    """One call, for as long as its socket is open."""

    def __init__(self, request: web.Request, calls: WebCalls) -> None:
        self._request, self._calls = request, calls
        # Every write waits for the connection (writer_limit). A message may have twice what is allowed, so that one a
        # little too large gets a status; beyond that the socket is closed with 1009.
        self._socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,), heartbeat=HEARTBEAT_S, timeout=CLOSE_S, compress=False, writer_limit=0,
            max_msg_size=2 * MAX_RECEIVE_BYTES,
        )  # fmt: skip
        self._incoming: asyncio.Queue[bytes | BadCall | None] = asyncio.Queue(WAITING)

    async def run(self) -> web.WebSocketResponse:
        """Shake hands, answer, say how it ended, close."""
        await self._socket.prepare(self._request)
        self._writer = Writer(self._request)
        connection = self._writer.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        try:
            await self._answer()
        finally:
            # A mere close would wait for ever for a caller that does not read.
            self._writer.transport.abort()
        return self._socket

    async def _answer(self) -> None:
        try:
            async with asyncio.timeout(FIRST_S):
                first = await self._socket.receive()
        except TimeoutError:
            return
        if first.type not in (WSMsgType.BINARY, WSMsgType.TEXT):
            return
        metadata: StringMetadata = []
        try:
            metadata = metadata_of(_bytes_of(first), MAX_METADATA_BYTES)
        except BadCall as error:
            self._incoming.put_nowait(error)
        await self._put(lines_frame([("content-type", "application/grpc-web+proto")]))
        reading = asyncio.create_task(self._read())
        call = asyncio.create_task(
            self._calls.answer(
                self._request.path, self._messages(), metadata=metadata, peer=peer_of(self._request), send=self._send
            )
        )
        try:
            await asyncio.wait((reading, call), return_when=asyncio.FIRST_COMPLETED)
            lost = not call.done() or call.cancelled()
        finally:
            for task in (reading, call):
                task.cancel()
            await asyncio.gather(reading, call, return_exceptions=True)
        if not lost:
            await self._put(lines_frame(trailers_of(call.result())))
            await self._writer.put(self._socket.close())

    async def _read(self) -> None:
        """Take what the caller sends, until the socket closes: also behind its end, or a loss would go unseen."""
        frames, ended = FrameReader(MAX_RECEIVE_BYTES), False
        async for message in self._socket:
            if message.type is WSMsgType.ERROR:
                return
            if ended:
                continue
            try:
                for data in _messages_in(message, frames):
                    await self._incoming.put(data)
                    ended = data is None
            except BadCall as error:
                await self._incoming.put(error)
                ended = True

    async def _messages(self) -> AsyncIterator[bytes]:
        while (message := await self._incoming.get()) is not None:
            if isinstance(message, BadCall):
                raise message
            yield message

    async def _send(self, message: Message) -> None:
        await self._put(frame(message.SerializeToString()))

    async def _put(self, data: bytes) -> None:
        await self._writer.put(self._socket.send_bytes(data))


def _bytes_of(message: WSMessage) -> bytes:
    data: str | bytes = message.data
    return data.encode() if isinstance(data, str) else data


def _messages_in(message: WSMessage, frames: FrameReader) -> list[bytes] | list[None]:
    """The gRPC messages that end in one of the socket; None for the caller's end. Raises BadCall."""
    data = message.data
    if message.type is WSMsgType.BINARY and data[:1] == bytes([MORE]):
        return frames.feed(data[1:])
    if message.type is WSMsgType.BINARY and data == bytes([END]) and not frames.partial:
        return [None]
    raise malformed("a message is a byte 0 and a frame, or the byte 1 for the end of sending")
