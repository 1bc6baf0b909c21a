"""The page on which a person sees the virtual robot: its face, 30 bars, bids, faults and counters, live.

`/` is the page, `/setup.json` what does not change, `/face.png` a picture, `/live` a WebSocket. On it come, 30 times a
second, binary frames of little-endian float32 (see `frame`), and five times a second the rest as JSON (see `state`).
A viewer may send {"fault": "KIND=VALUE:CONTROL", "for_s": seconds}; an error comes back as {"error": text}.
"""

import asyncio
import io
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import WSCloseCode, WSMsgType, web
from PIL import Image

from robot_bridge.virtual.arbitration import NOBODY
from robot_bridge.virtual.faults import KINDS, ON_A_CONTROL, Fault
from robot_bridge.virtual.motors import STATUS
from robot_bridge.virtual.robot import VirtualAmeca
from robot_bridge.virtual.script_host import ScriptHost
from sdk.errors import InvalidInput
from sdk.face.rig import anatomy as a
from sdk.service.addresses import is_loopback

PAGE = Path(__file__).with_name("page.html")
FRAMES_PER_S, STATES_PER_S = 30, 5
EVENTS_SHOWN = 40
PICTURE_SIZE = 384
LONGEST_FAULT_S = 3600.0
MOST_VIEWERS = 16
MAX_MESSAGE_BYTES = 4096
POLICY = "default-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:"
"""The page loads nothing from anywhere else."""
# Four points that say how head and neck stand: an origin and a step along each axis.
AXES = np.concatenate([np.zeros((1, 3)), np.eye(3)])


class Viewer:
    """The page of one robot. `step` after each tick makes what is sent; it costs nothing while nobody looks."""

    def __init__(self, robot: VirtualAmeca, host: ScriptHost | None = None) -> None:
        self._robot, self._host = robot, host
        self._sockets: dict[web.WebSocketResponse, asyncio.Queue[bytes | str]] = {}
        self._next_frame = self._next_state = -math.inf

    def application(self, *, loopback: bool) -> web.Application:
        """Serve this. loopback: refuse requests for any other host, which pages of others could make a browser send."""
        app = web.Application(middlewares=[_only_this_machine] if loopback else [])
        app.router.add_get("/", self._page)
        app.router.add_get("/setup.json", self._setup)
        app.router.add_get("/face.png", self._picture)
        app.router.add_get("/live", self._live)
        app.on_shutdown.append(self._shut)
        return app

    def step(self) -> None:
        """Send what is due to those who look. A viewer that is too slow misses frames."""
        now = self._robot.time
        if not self._sockets:
            return
        if now >= self._next_frame - 1e-9:
            self._next_frame = max(self._next_frame + 1 / FRAMES_PER_S, now)
            self._send(frame(self._robot))
        if now >= self._next_state - 1e-9:
            self._next_state = max(self._next_state + 1 / STATES_PER_S, now)
            self._send(json.dumps(state(self._robot, self._host)))

    def _send(self, message: bytes | str) -> None:
        for queue in self._sockets.values():
            if not queue.full():
                queue.put_nowait(message)

    async def _shut(self, _: web.Application) -> None:
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _page(self, _: web.Request) -> web.Response:
        text = PAGE.read_text(encoding="utf-8")
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": POLICY})

    async def _setup(self, _: web.Request) -> web.Response:
        return web.json_response(setup(self._robot))

    async def _picture(self, _: web.Request) -> web.Response:
        picture = await asyncio.to_thread(self._robot.picture, PICTURE_SIZE)
        out = io.BytesIO()
        Image.fromarray(picture).save(out, "PNG")
        return web.Response(body=out.getvalue(), content_type="image/png", headers={"Cache-Control": "no-store"})

    async def _live(self, request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.host:
            raise web.HTTPForbidden(text="only this page may look\n")
        if len(self._sockets) >= MOST_VIEWERS:
            raise web.HTTPServiceUnavailable(text="too many viewers\n")
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, heartbeat=10, timeout=1)
        await socket.prepare(request)
        queue: asyncio.Queue[bytes | str] = asyncio.Queue(4)
        sender = asyncio.create_task(_deliver(socket, queue))
        self._sockets[socket] = queue
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT and (error := self._asked(message.data)):
                    await socket.send_json({"error": error})
        finally:
            del self._sockets[socket]
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    def _asked(self, text: str) -> str:
        """Do what a viewer asks; what is wrong with it, or nothing."""
        try:
            wish = json.loads(text)
            fault, seconds = Fault.parse(str(wish["fault"])), float(wish["for_s"])
            if not 0 < seconds <= LONGEST_FAULT_S:
                raise InvalidInput(f"a fault must last 0 to {LONGEST_FAULT_S:g} s")
            now = self._robot.time
            self._robot.inject(replace(fault, start_s=now, end_s=now + seconds))
        except InvalidInput as error:
            return str(error)
        except (ValueError, KeyError, TypeError):
            return 'send {"fault": "loss=0.2", "for_s": 5}'
        return ""


def setup(robot: VirtualAmeca) -> dict[str, Any]:
    """What does not change: the controls, the mesh, and which of its points are what."""
    schema, anatomy = robot.schema, a.anatomy()
    controls = [
        {"name": one.name, "region": one.region, "unit": one.unit, "low": low, "high": high, "neutral": neutral}
        for one, low, high, neutral in zip(
            schema, robot.low.tolist(), robot.high.tolist(), robot.neutral.tolist(), strict=True
        )
    ]
    return {
        "controls": controls, "seed": robot.seed, "schema": schema.sha256, "triangles": anatomy.triangles.tolist(),
        "rest": anatomy.points.round(5).tolist(), "oval": list(a.OVAL), "brows": [a.RIGHT_BROW, a.LEFT_BROW],
        "lips": [a.UPPER_LIP, a.LOWER_LIP], "status": STATUS,
        "faults": {kind: {"unit": unit, "does": does, "control": kind in ON_A_CONTROL}
                   for kind, (unit, does) in KINDS.items()},
    }  # fmt: skip


def frame(robot: VirtualAmeca) -> bytes:
    """Floats: time; 478 points and both eyeballs' centres; 4 points each of head and neck (origin, x, y, z), all as
    (x, y, z) in metres; then demand, position, lowest and highest, (C,) each."""
    values = robot.looks
    face = robot.rig.posed(robot.rig.local(values, robot.identity), values)
    neck = values.copy()
    neck[robot.schema.indices("head")] = 0.0
    points = [face, robot.rig.posed(AXES, values), robot.rig.posed(AXES, neck)]
    bars = (robot.demands, robot.positions, *robot.limits)
    rows = [np.array([robot.time]), *(part.ravel() for part in points), *bars]
    return np.concatenate(rows).astype("<f4").tobytes()


def state(robot: VirtualAmeca, host: ScriptHost | None) -> dict[str, Any]:
    """What changes seldom: link, bids, faults, status of motors, owners, counters, scripts, the latest events."""
    bids = [
        {
            "number": bid.number, "precedence": bid.precedence.name, "kind": bid.kind.value,
            "controls": int(robot.holds(bid).sum()),
            "silent_s": None if np.isinf(last := bid.written.max()) else round(robot.time - float(last), 2),
        }
        for bid in reversed(robot.bids)
    ]  # fmt: skip
    owners = robot.owner[: len(robot.schema)]
    scripts = list(host.scripts.values()) if host else []
    return {
        "time": robot.time, "connected": robot.connected, "homing": robot.homing, "bids": bids,
        "faults": robot.active_faults, "status": robot.status.tolist(),
        "owner": [None if one == NOBODY else one for one in owners.tolist()], "counters": dict(robot.counters),
        "scripts": [{"path": one.path, "status": one.status, "error": one.error} for one in scripts],
        "events": list(robot.log.events)[-EVENTS_SHOWN:],
    }  # fmt: skip


async def _deliver(socket: web.WebSocketResponse, queue: asyncio.Queue[bytes | str]) -> None:
    """Send what is in the queue until the viewer leaves."""
    try:
        while True:
            message = await queue.get()
            await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))
    except ConnectionError:
        await socket.close()


@web.middleware
async def _only_this_machine(request: web.Request, handler: Any) -> web.StreamResponse:
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdecimal() else request.host
    if not is_loopback(host.strip("[]")):
        raise web.HTTPForbidden(text="ask for this page as http://127.0.0.1\n")
    response: web.StreamResponse = await handler(request)
    return response
