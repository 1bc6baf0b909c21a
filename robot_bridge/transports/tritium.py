"""A robot behind Tritium's remote API: GraphQL over a WebSocket. Never run against a real gateway.

The API has no "set control"; demands are posted as messages to `robot_bridge/on_robot/emomotion_face.py`, which
has to lie on the robot at the path that the address names. One thread of its own talks to the robot; of demands
that it cannot send in time the newest is kept.

    tritium://HOST[:1234]?script=/Scripts/emomotion_face.py

The maker's API is unencrypted and meant for a trusted local network only; the token travels in the clear.
"""

import asyncio
import contextlib
import json
import os
import secrets
import threading
import time
from collections.abc import Coroutine, Mapping
from typing import Any
from urllib.parse import SplitResult

import numpy as np

from robot_bridge.core import Array
from robot_bridge.governor import Mask
from robot_bridge.transports import TransportError, check_options
from sdk.errors import InvalidInput
from sdk.extras import how_to_install
from sdk.face.controls import ControlSchema

PORT = 1234
SCRIPT = "emomotion_face.py"
CHANNEL = "emomotion_face"
OPEN_S = 5.0
ANSWER_S = 0.5
"""A robot that has not answered a message for so long is lost."""
CLOSE_S = 1.0
MOST_UNANSWERED = 20
POST = "mutation PostMessage($input: PostMessageInput!) { postMessage(input: $input) }"
TRIGGER = (
    "mutation ManuallyTriggerScript($input: ManuallyTriggerScriptInput!) "
    "{ manuallyTriggerScript(input: $input) { script { status } } }"
)
FAILED = ("ERROR", "FAILED")


class Tritium:
    """One robot. rest: the pose (C,) that the script brings the face to when this side is silent."""

    def __init__(self, url: str, token: str, *, script: str = SCRIPT, rest: Array) -> None:
        try:
            import aiohttp
        except ImportError:
            message = f"a tritium:// robot needs aiohttp; {how_to_install('robot')}"
            raise InvalidInput(message, field="robot") from None
        self._aiohttp, self._url, self._token, self._script, self._rest = aiohttp, url, token, script, rest
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tritium", daemon=True)
        self._link: _Link | None = None
        self._number = 0

    @classmethod
    def of_url(
        cls, url: SplitResult, options: Mapping[str, str], schema: ControlSchema, *, token: str | None
    ) -> "Tritium":
        """From tritium://HOST:PORT?script=PATH. Raises InvalidInput for other options, or without a token."""
        check_options(options, ("script",))
        if not token:
            what = "a tritium:// robot needs its API key: --robot-token, or EMOMOTION_ROBOT_TOKEN in the environment"
            raise InvalidInput(what, field="robot-token")
        host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
        address = f"ws://{host}:{PORT if url.port is None else url.port}{url.path or '/'}"
        return cls(address, token, script=options.get("script", SCRIPT), rest=schema.neutral)

    def open(self) -> None:
        """Connect, start the script, tell it where neutral is. Raises TransportError."""
        if not self._thread.is_alive():
            self._thread.start()
        if self._link is None or self._link.failed:
            link = _Link(self._aiohttp, self._url, self._token, self._script)
            try:
                self._run(link.open(), OPEN_S + 1)
            except TransportError:
                self._run(link.close(), CLOSE_S + 1)
                raise
            self._link = link
        begin = {"type": "begin", "neutral": self._rest.tolist()}
        self._run(self._link.begin(begin), OPEN_S + 1)

    def write(self, values: Array, mask: Mask, now: float) -> None:
        """Hand the demand to the thread that sends. Raises TransportError once the robot is lost."""
        if self._link is None:
            raise TransportError(f"there is no connection to {self._url}")
        if self._link.failed:
            raise TransportError(self._link.failed)
        self._number += 1
        message = {"type": "frame", "number": self._number, "values": np.asarray(values).tolist()}
        self._loop.call_soon_threadsafe(self._link.offer, message)

    def positions(self) -> None:
        """The API does not say where the face is."""

    def settle(self) -> None:
        """Tell the script to go to neutral by itself."""
        self._post({"type": "settle"})

    def release(self) -> None:
        """Tell the script to let go. It stays, ready for the next time."""
        self._post({"type": "release"})

    def close(self) -> None:
        """Stop the script and disconnect; a robot that does not answer is left alone after a second."""
        link, self._link = self._link, None
        if link is not None:
            with contextlib.suppress(Exception):
                self._run(link.close(), CLOSE_S + 1)
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(CLOSE_S)

    def _post(self, message: dict[str, Any]) -> None:
        if self._link is not None:
            self._loop.call_soon_threadsafe(self._link.offer, message)

    def _run(self, work: Coroutine[Any, Any, None], timeout_s: float) -> None:
        try:
            asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout_s)
        except TimeoutError:
            raise TransportError(f"the robot at {self._url} does not answer") from None


class _Link:
    """One connection, on the thread's loop. `failed` says why it is of no use any more."""

    def __init__(self, aiohttp: Any, url: str, token: str, script: str) -> None:
        self._aiohttp, self._url, self._token, self._script = aiohttp, url, token, script
        self.failed = ""
        self._id = 0
        self._asked: dict[int, tuple[float, asyncio.Future[Any] | None]] = {}
        self._session = secrets.token_hex(8)
        self._frame: dict[str, Any] | None = None
        self._orders: list[dict[str, Any]] = []
        self._work = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._http: Any = None
        self._socket: Any = None

    async def open(self) -> None:
        """Connect and start the script. Raises TransportError."""
        headers = {"x-tritium-token": self._token, "x-tritium-session-metadata": json.dumps(
            {"session_type": "graphql", "description": "EmoMotion bridge"})}  # fmt: skip
        http = self._aiohttp
        self._http = http.ClientSession(timeout=http.ClientTimeout(total=OPEN_S))
        try:
            self._socket = await self._http.ws_connect(self._url, headers=headers, max_msg_size=1 << 20)
        except http.WSServerHandshakeError as error:
            refused = error.status in (401, 403)
            why = "refuses the token" if refused else f"answers {error.status} instead of a WebSocket"
            raise TransportError(f"the robot at {self._url} {why}") from None
        except (http.ClientError, OSError, TimeoutError) as error:
            raise TransportError(f"no robot answers at {self._url} ({_reason_of(error)})") from None
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._send())]
        found = await self._ask(TRIGGER, {"path": self._script, "action": "START"})
        status = str(((found or {}).get("manuallyTriggerScript") or {}).get("script", {}).get("status", ""))
        if status in FAILED:
            raise TransportError(f"the script {self._script} does not run on the robot: {status}")

    async def begin(self, message: dict[str, Any]) -> None:
        """Tell the script that frames will come. Raises TransportError."""
        self._session, self._frame = secrets.token_hex(8), None
        await self._ask(POST, self._posted(message))

    def offer(self, message: dict[str, Any]) -> None:
        """Send a message soon; of frames the newest, of others all, which end what frames still wait."""
        if message["type"] == "frame":
            self._frame = message
        else:
            self._frame = None
            self._orders.append(message)
        self._work.set()

    async def close(self) -> None:
        """Send what is left, stop the script, disconnect."""
        if self._socket is not None and not self.failed:
            with contextlib.suppress(TransportError, TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    while self._orders:
                        await asyncio.sleep(0.01)
                    await self._ask(TRIGGER, {"path": self._script, "action": "STOP"})
        self._fail("the connection is closed")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()
        if self._http is not None:
            await self._http.close()

    async def _send(self) -> None:
        while not self.failed:
            await self._work.wait()
            self._work.clear()
            while self._orders:
                await self._write(POST, self._posted(self._orders.pop(0)), None)
            frame, self._frame = self._frame, None
            oldest = min((since for since, _ in self._asked.values()), default=time.monotonic())
            if time.monotonic() - oldest > ANSWER_S:
                self._fail(f"the robot at {self._url} has not answered for {ANSWER_S:g} s")
            elif frame is not None and len(self._asked) < MOST_UNANSWERED:
                await self._write(POST, self._posted(frame), None)

    async def _read(self) -> None:
        async for message in self._socket:
            try:
                reply = json.loads(message.data)
                _, waits = self._asked.pop(reply["request_id"])
            except (ValueError, KeyError, TypeError):
                continue  # not an answer to anything that was asked
            if error := _error_of(reply):
                self._fail(f"the robot refuses a message: {error}")
            if waits is not None and not waits.done():
                waits.set_result((reply.get("data") or {}).get("data"))
        self._fail(f"the robot at {self._url} closed the connection")

    async def _ask(self, document: str, given: dict[str, Any]) -> Any:
        waits: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        await self._write(document, given, waits)
        try:
            async with asyncio.timeout(OPEN_S):
                answer = await waits
        except TimeoutError:
            raise TransportError(f"the robot at {self._url} does not answer") from None
        if self.failed:
            raise TransportError(self.failed)
        return answer

    async def _write(self, document: str, given: dict[str, Any], waits: "asyncio.Future[Any] | None") -> None:
        self._id += 1
        self._asked[self._id] = (time.monotonic(), waits)
        envelope = {
            "type": "graphql", "auth_token": self._token, "request_id": self._id, "document": document,
            "variable_values": {"input": given},
        }  # fmt: skip
        try:
            await self._socket.send_str(json.dumps(envelope))
        except (ConnectionError, RuntimeError) as error:
            self._fail(f"the robot at {self._url} is lost ({type(error).__name__})")

    def _posted(self, message: dict[str, Any]) -> dict[str, Any]:
        return {"channel": CHANNEL, "message": {**message, "session": self._session}}

    def _fail(self, why: str) -> None:
        """The first reason stands. Who still waits for an answer learns of it."""
        self.failed = self.failed or why
        for _, waits in self._asked.values():
            if waits is not None and not waits.done():
                waits.set_result(None)
        self._asked.clear()


def _reason_of(error: Exception) -> str:
    """Why there is no connection, in the system's words where it has some."""
    if isinstance(error, TimeoutError):
        return f"nothing came for {OPEN_S:g} s"
    number, text = getattr(error, "errno", None), getattr(error, "strerror", None)
    return os.strerror(number) if number and number > 0 else str(text or type(error).__name__)


def _error_of(reply: Mapping[str, Any]) -> str:
    """What a reply complains of, in one line; empty if of nothing."""
    if reply.get("error"):
        return " ".join(str(reply["error"]).split())[:200]
    data = reply.get("data")
    errors = data.get("errors") if isinstance(data, Mapping) else None
    return " ".join(str(errors[0].get("message", errors[0])).split())[:200] if errors else ""
