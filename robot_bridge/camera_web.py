"""The page on which a person watches the camera: the picture, the face's points, 30 bars, and a button to calibrate.

`/` is the page, `/setup.json` what does not change, `/live` a WebSocket. On it come, for each picture that a viewer is
quick enough for, what was read of it as JSON (see `state`) and then the picture as a JPEG. A viewer may send
{"do": "calibrate"}. It serves this machine only: nobody else may look through its camera.
"""

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import WSCloseCode, WSMsgType, web
from PIL import Image

from robot_bridge.camera_mind import Reading
from robot_bridge.camera_view import CONTOURS, UNIT_MARKS
from sdk.face.controls import ControlSchema
from sdk.face.pictures import encode_jpeg
from sdk.service.addresses import is_loopback, why_not

PAGE = Path(__file__).with_name("camera.html")
HOST = "127.0.0.1"
MOST_VIEWERS = 8
MAX_MESSAGE_BYTES = 1024
SENT_HEIGHT, QUALITY = 540, 80
"""A picture is sent no higher than this, as a JPEG of this quality."""
STOP_S = 5.0


class Page:
    """A sink that serves the page from a thread of its own. Open it with `start`."""

    note = ""

    def __init__(self, schema: ControlSchema, range_set: str, calibrate: Callable[[], None]) -> None:
        self._schema, self._range_set, self._calibrate = schema, range_set, calibrate
        self._viewers: set[asyncio.Queue[tuple[str, bytes]]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="camera page", daemon=True)
        self._runner: web.AppRunner | None = None
        self._last: Reading | None = None

    def start(self, port: int) -> str:
        """Serve on a port of this machine, 0 for a free one; the address. Raises InvalidInput for a port in use."""
        try:
            listening = socket.create_server((HOST, port))
        except OSError:
            raise why_not(HOST, port, option="browser") from None
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(listening), self._loop).result(STOP_S)
        return f"http://{HOST}:{listening.getsockname()[1]}"

    def show(self, reading: Reading) -> None:
        """The newest reading, for those who look; one who is still busy with another misses it."""
        self._last = reading
        if self._viewers:
            self._loop.call_soon_threadsafe(self._hand_out, _message(reading))

    def finish(self) -> None:
        """The last reading stays to be looked at."""

    def close(self) -> None:
        """Close the connections and end the thread."""
        if self._thread.is_alive():
            if self._runner is not None:
                asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(STOP_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_S)

    async def _serve(self, listening: socket.socket) -> None:
        app = web.Application(middlewares=[_only_this_machine])
        app.router.add_get("/", self._page)
        app.router.add_get("/setup.json", self._setup)
        app.router.add_get("/live", self._live)
        app.on_shutdown.append(self._shut)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()

    def _hand_out(self, message: tuple[str, bytes]) -> None:
        for queue in self._viewers:
            while not queue.empty():
                queue.get_nowait()
            queue.put_nowait(message)

    async def _shut(self, _: web.Application) -> None:
        for queue in list(self._viewers):
            queue.put_nowait(("", b""))

    async def _page(self, _: web.Request) -> web.Response:
        policy = "default-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; connect-src 'self' ws:"
        headers = {"Content-Security-Policy": policy, "X-Frame-Options": "DENY", "Cache-Control": "no-store"}
        return web.Response(text=PAGE.read_text(encoding="utf-8"), content_type="text/html", headers=headers)

    async def _setup(self, _: web.Request) -> web.Response:
        return web.json_response(setup(self._schema, self._range_set))

    async def _live(self, request: web.Request) -> web.StreamResponse:
        if len(self._viewers) >= MOST_VIEWERS:
            raise web.HTTPServiceUnavailable(text=f"at most {MOST_VIEWERS} viewers at once")
        ws = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, heartbeat=20)
        await ws.prepare(request)
        queue: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        if self._last is not None:
            queue.put_nowait(_message(self._last))
        self._viewers.add(queue)
        sending = asyncio.create_task(self._send(ws, queue))
        try:
            async for message in ws:
                if message.type is WSMsgType.TEXT and _wish_of(message.data) == "calibrate":
                    self._calibrate()
        finally:
            self._viewers.discard(queue)
            sending.cancel()
        return ws

    async def _send(self, ws: web.WebSocketResponse, queue: "asyncio.Queue[tuple[str, bytes]]") -> None:
        while True:
            words, picture = await queue.get()
            if not words:
                await ws.close(code=WSCloseCode.GOING_AWAY)
                return
            try:
                await ws.send_str(words)
                await ws.send_bytes(picture)
            except ConnectionError:  # the viewer has left; its own loop ends too
                return


def setup(schema: ControlSchema, range_set: str) -> dict[str, Any]:
    """What the page needs once: the controls with range, neutral and unit, and the lines over a face's points."""
    low, high = schema.bounds(range_set)
    controls = [
        {
            "name": control.name, "region": control.region, "unit": control.unit, "low": float(low[number]),
            "high": float(high[number]), "neutral": control.neutral, "mark": UNIT_MARKS.get(control.unit, ""),
        }
        for number, control in enumerate(schema)
    ]  # fmt: skip
    lines = [{"kind": kind, "points": list(chain)} for kind, chain in CONTOURS]
    return {"robot": schema.robot, "range_set": range_set, "controls": controls, "lines": lines}


def state(reading: Reading) -> dict[str, Any]:
    """A reading as JSON; points are fractions of the picture's width and height."""
    height, width = reading.taken.picture.shape[:2]
    face = reading.seen.face
    points = [] if face is None else ((face.points[:, :2] + 0.5) / [width, height]).round(5).tolist()
    return {
        "state": reading.state, "reason": reading.seen.reason, "faces": reading.seen.faces, "points": points,
        "held": face is not None and face.held, "values": np.round(reading.wish.values, 4).tolist(),
        "confidence": round(reading.wish.confidence, 3), "calibrated": list(reading.calibrated),
        "find_ms": round(reading.find_ms, 2), "map_ms": round(reading.map_ms, 2), "fps": round(reading.fps, 1),
        "note": reading.note,
    }  # fmt: skip


def _message(reading: Reading) -> tuple[str, bytes]:
    return json.dumps(state(reading)), _jpeg(reading)


def _jpeg(reading: Reading) -> bytes:
    picture = reading.taken.picture
    height, width = picture.shape[:2]
    if height > SENT_HEIGHT:
        size = (max(1, round(width * SENT_HEIGHT / height)), SENT_HEIGHT)
        picture = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
    return encode_jpeg(picture, quality=QUALITY)


def _wish_of(text: str) -> str:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return str(content.get("do")) if isinstance(content, dict) else ""


@web.middleware
async def _only_this_machine(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    """Refuse what a page of somebody else makes this machine's browser send: another Host, or another Origin."""
    host = request.host.rpartition(":")[0] or request.host
    origin = request.headers.get("Origin")
    if not is_loopback(host) or (origin is not None and origin != f"http://{request.host}"):
        raise web.HTTPForbidden(text="this page is for this machine only")
    response: web.StreamResponse = await handler(request)
    return response
