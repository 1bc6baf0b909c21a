"""A live character between page and server: changes one way, frames the other.

The page sends JSON: {"start": {"text", "affect", "speed", "heading", "path", "seed"}}, then {"change": {...}} with the
same keys or "free", then {"end": true}. It gets JSON ("open", "refused", "error", "ended") and frames, little-endian:

    4 bytes  number of the frame, uint32          4 bytes   number of the change that it shows, uint32
    4 bytes  flags: 1 idle, 2 reacting            12 bytes  root, float32
    352      rotations (22, 4), float32           120       controls of the face (30), float32
    8        valence and arousal felt, float32
"""

import asyncio
import struct
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web

from sdk.drive import AsyncLive, LiveFrame
from sdk.errors import EmoMotionError, InvalidInput
from sdk.face.affect_face import FaceActor, FaceWish
from sdk.face.expressions import ameca_schema
from sdk.motion.steering import MAX_HEADING
from sdk.studio.link import Link, lost
from sdk.studio.orders import affect_of, flag, name_of, number, points_of, seed_of
from sdk.studio.packets import load_object

HEARTBEAT_S = 20.0
RECONNECT_S = 60.0
"""So long a character waits for a server that went away."""
MAX_MESSAGE_BYTES = 1 << 18


def wish_of(stated: dict[str, Any]) -> dict[str, Any]:
    """What `AsyncLive.change` takes. Raises InvalidInput."""
    known = {"text", "affect", "speed", "heading", "path", "free", "seed", "plan", "generator"}
    if unknown := sorted(set(stated) - known):
        raise InvalidInput(f"a live character has no {unknown[0][:40]}", field=unknown[0][:40])
    wish: dict[str, Any] = {}
    if "text" in stated:
        wish["text"] = name_of(stated, "text") or ""
    if "affect" in stated:
        wish["affect"] = affect_of(stated["affect"], "affect")
    for key in ("speed", "heading"):
        if key in stated:
            wish[key] = number(stated[key], key)
    if "heading" in wish:
        wish["heading"] = float(np.clip(wish["heading"], -MAX_HEADING, MAX_HEADING))
    if "path" in stated:
        wish["path"] = points_of(stated["path"], "path")
    if flag(stated, "free"):
        wish["free"] = True
    return wish


class Showing:
    """One character on one page."""

    def __init__(self, request: web.Request, link: Link) -> None:
        self._link = link
        self._request = request
        self._socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MAX_MESSAGE_BYTES, compress=False)
        self._face: FaceActor | None = None
        self._felt = FaceWish()
        self._shown = -1

    async def run(self) -> web.WebSocketResponse:
        """From the start to the end, the page's or the server's."""
        await self._socket.prepare(self._request)
        try:
            await self._character()
        except InvalidInput as error:
            await self._say(error=str(error), field=error.field)
        except EmoMotionError as error:
            self._link.look()
            await self._say(error=str(error), field="", away=lost(error))
        except ConnectionError:
            pass  # the page has gone
        finally:
            await self._socket.close()
        return self._socket

    async def _character(self) -> None:
        start = await self._told()
        if start is None:
            return
        stated = start.get("start")
        if not isinstance(stated, dict):
            raise InvalidInput('begin with {"start": {"text": ...}}', field="start")
        wish = wish_of(stated)
        text, seed = wish.pop("text", ""), seed_of(stated.get("seed"))
        if not text.strip():
            raise InvalidInput('say what the character does, e.g. "a person walks forward"', field="text")
        self._face = FaceActor(ameca_schema(), seed=seed or 0)
        plan, generator = name_of(stated, "plan"), name_of(stated, "generator")
        live = self._link.client.drive(text, seed=seed, plan=plan, generator=generator, reconnect_s=RECONNECT_S, **wish)
        async with live:
            sending = asyncio.create_task(self._send(live))
            listening = asyncio.create_task(self._listen(live))
            try:
                await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
                # The page left or said the end: what is on its way may still come. Or the server ended: so do we.
                if listening.done() and not sending.done() and not self._socket.closed and listening.result():
                    await asyncio.wait((sending,), timeout=2.0)
                for task in (sending, listening):
                    if task.done():
                        task.result()
            finally:
                for task in (sending, listening):
                    task.cancel()
                await asyncio.gather(sending, listening, return_exceptions=True)

    async def _listen(self, live: AsyncLive) -> bool:
        """Pass changes on; True when the page said the end, False when it left."""
        while True:
            told = await self._told()
            if told is None:
                return False
            if told.get("end"):
                await live.end()
                return True
            try:
                stated = told.get("change")
                if not isinstance(stated, dict):
                    raise InvalidInput('say {"change": {...}} or {"end": true}', field="change")
                await live.change(**wish_of(stated))
            except InvalidInput as error:  # the character lives on; the page takes the change back
                await self._say(refused=str(error), field=error.field, number=told.get("number"))

    async def _send(self, live: AsyncLive) -> None:
        async for frame in live:
            if self._shown < 0:
                await self._say(open=True, fps=live.fps, seed=str(live.seed))
            await self._socket.send_bytes(self._packed(frame, live.fps))
        ended = live.ended
        await self._say(ended=None if ended is None else vars(ended))

    def _packed(self, frame: LiveFrame, fps: float) -> bytes:
        assert self._face is not None
        if frame.affect != self._felt.affect:
            self._felt = FaceWish(frame.affect)
            self._face.change(self._felt)
        passed = min(max(frame.number - self._shown, 1), 30) if self._shown >= 0 else 1
        controls = self._face.step(min(passed / fps, 1.0))
        self._shown = frame.number
        flags = (1 if frame.idle else 0) | (2 if frame.reacting else 0)
        values = np.concatenate([frame.root, frame.rotations.ravel(), controls, frame.affect.valence_arousal])
        head = struct.pack("<III", frame.number & 0xFFFFFFFF, frame.wish, flags)
        return head + values.astype("<f4").tobytes()

    async def _told(self) -> dict[str, Any] | None:
        """The page's next message; None when it has left. Raises InvalidInput."""
        message = await self._socket.receive()
        if message.type is WSMsgType.TEXT:
            return load_object(message.data.encode())
        if message.type is WSMsgType.BINARY:
            raise InvalidInput("a live character is told things as JSON text", field="body")
        return None

    async def _say(self, **said: Any) -> None:
        if not self._socket.closed:
            await self._socket.send_json(said)
