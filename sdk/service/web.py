"""gRPC-Web over HTTP/1.1, and live characters over WebSocket, beside the gRPC server and on its event loop.

https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md says what is on the wire; the status of a call always comes
in the body's last frame. Needs aiohttp, which the extra `web` brings.
"""

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
from aiohttp import web
from google.protobuf.message import Message

from sdk.service.access import Origins
from sdk.service.addresses import address_of, why_not
from sdk.service.core import MAX_METADATA_BYTES, MAX_RECEIVE_BYTES, Core
from sdk.service.web_calls import WebCalls
from sdk.service.web_frames import BadCall, FrameReader, TextReader, frame, lines_frame, malformed, trailers_of
from sdk.service.web_socket import SUBPROTOCOL, WebSocketCall
from sdk.service.web_writer import Writer, peer_of
from sdk.wire import FIELD_TRAILER, PUSHBACK_TRAILER

BINARY, TEXT = "application/grpc-web", "application/grpc-web-text"
READ_S = 10.0
"""A body must have come within this time."""
LINGER_S = 1.0
"""So long a caller that was refused may go on sending, for its answer would be lost if the connection were cut."""
CLOSE_S = 2.0
"""So long connections may take to say how their calls ended, once these were ended by a drain."""
PREFLIGHT_S = 600
EXPOSED = ", ".join(("grpc-status", "grpc-message", FIELD_TRAILER, PUSHBACK_TRAILER))


class WebServer:
    """A web server on one address. Make it with `bind`, open it with `start`, end it with `stop`.

    serving: what GET /healthz tells balancers.
    """

    def __init__(self, host: str, listening: socket.socket, tls: ssl.SSLContext | None, origins: Origins) -> None:
        self.address = f"http{'s' if tls else ''}://{address_of(host, listening.getsockname()[1])}"
        self.serving = False
        self._origins, self._calls = origins, WebCalls()
        app = web.Application(middlewares=[self._checked])
        app.on_response_prepare.append(self._tell_browsers)
        app.router.add_get("/healthz", self._health)
        for verb, answer in (("OPTIONS", self._preflight), ("POST", self._post), ("GET", self._socket)):
            app.router.add_route(verb, "/{service}/{method}", answer)
        # With handler_cancellation a caller that leaves cancels its call.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=CLOSE_S, lingering_time=LINGER_S,
            max_field_size=MAX_METADATA_BYTES,
        )  # fmt: skip
        self._listening, self._tls = listening, tls

    @classmethod
    async def bind(cls, host: str, port: int, *, tls: ssl.SSLContext | None, origins: Origins) -> "WebServer":
        """Take the port (0: any free one); until `start` calls are UNAVAILABLE. Raises InvalidInput."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
        except OSError:
            raise why_not(host, port, option="web-port") from None
        made = cls(host, listening, tls, origins)
        await made._runner.setup()
        await web.SockSite(made._runner, listening, ssl_context=tls).start()
        return made

    def start(self, core: Core) -> None:
        """Answer with a core's methods."""
        self._calls.start(core)

    async def stop(self, grace_s: float) -> None:
        """Take no more connections, refuse new calls, end running ones in `grace_s`."""
        self.serving = False
        for site in list(self._runner.sites):
            await site.stop()
        await self._calls.end(grace_s)
        await self._runner.cleanup()

    @web.middleware
    async def _checked(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Refuse pages of other sites; browsers themselves do not, on a WebSocket."""
        origin = request.headers.get("Origin")
        if origin is not None and not self._origins.allow(origin):
            raise web.HTTPForbidden(text=f"pages of {origin[:200]} may not call; allow them with --web-origin\n")
        return await handler(request)

    async def _tell_browsers(self, request: web.Request, response: web.StreamResponse) -> None:
        origin = request.headers.get("Origin")
        response.headers["Vary"] = "Origin"
        if origin is not None and self._origins.allow(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = EXPOSED

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(status=200 if self.serving else 503, text="serving\n" if self.serving else "not serving\n")

    async def _preflight(self, request: web.Request) -> web.Response:
        headers = {"Access-Control-Allow-Methods": "POST", "Access-Control-Max-Age": str(PREFLIGHT_S)}
        asked = request.headers.get("Access-Control-Request-Headers")
        if asked:
            headers["Access-Control-Allow-Headers"] = asked
        return web.Response(status=204, headers=headers)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if SUBPROTOCOL not in request.headers.get("Sec-WebSocket-Protocol", ""):
            raise web.HTTPBadRequest(text=f"POST gRPC-Web here, or open a WebSocket of protocol {SUBPROTOCOL}\n")
        return await WebSocketCall(request, self._calls).run()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        """One call whose caller sends one message."""
        kind = request.content_type.removesuffix("+proto")
        if kind not in (BINARY, TEXT):
            raise web.HTTPUnsupportedMediaType(text=f"send {BINARY}+proto or {TEXT}+proto\n")
        as_text = kind == TEXT or TEXT in request.headers.get("Accept", "")
        response = web.StreamResponse(headers={"Content-Type": f"{TEXT if as_text else BINARY}+proto"})
        await response.prepare(request)
        writer = Writer(request)

        async def put(data: bytes) -> None:
            # Each frame is encoded by itself, so that a caller can read it before the next one comes.
            await writer.put(response.write(base64.b64encode(data) if as_text else data))

        async def send(message: Message) -> None:
            await put(frame(message.SerializeToString()))

        metadata = [(k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in request.raw_headers]
        context = await self._calls.answer(
            request.path, body_of(request, text=kind == TEXT), metadata=metadata, peer=peer_of(request), send=send
        )
        await put(lines_frame(trailers_of(context)))
        await writer.put(response.write_eof())
        return response


async def body_of(request: web.Request, *, text: bool) -> AsyncIterator[bytes]:
    """The one message of a body. Raises BadCall where there is none, half of one or more, or where it does not come."""
    try:
        async with asyncio.timeout(READ_S):
            message = await _message_of(request, TextReader() if text else None)
    except TimeoutError:
        raise BadCall(grpc.StatusCode.DEADLINE_EXCEEDED, f"the body did not come in {READ_S:g} s") from None
    yield message


async def _message_of(request: web.Request, decoder: TextReader | None) -> bytes:
    frames, found = FrameReader(MAX_RECEIVE_BYTES), []
    try:
        async for data in request.content.iter_any():
            found += frames.feed(data if decoder is None else decoder.feed(data))
            if len(found) > 1 or (found and frames.partial):
                raise malformed("the body holds more than one message")
    except (web.PayloadAccessError, web.RequestPayloadError):
        raise malformed("the body cannot be read") from None
    if not found or frames.partial or (decoder is not None and decoder.partial):
        raise malformed("the body is no whole message: a byte 0, four bytes of length, then so many")
    return found[0]
