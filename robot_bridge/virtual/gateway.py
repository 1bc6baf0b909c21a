"""The robot's remote API: a WebSocket that takes GraphQL, as Tritium's gateway does, in front of a script host.

Public: the headers, the envelope, text frames only, the names of mutations and of the subscription, `system`. Assumed,
for they are not public: HTTP statuses and close codes of refusals, texts of errors, names of a script's states, what a
world event holds. Sequences are accepted and written down; they do not move the face.
"""

import asyncio
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from robot_bridge.virtual.graphql import QUERY, SUBSCRIPTION, Operation, QueryError, Selection, answer, parse
from robot_bridge.virtual.robot import VirtualAmeca
from robot_bridge.virtual.script_host import ScriptHost
from sdk.errors import InvalidInput

MAX_MESSAGE_BYTES = 1_000_000
MOST_EVENTS = 1000
"""Events that wait for a subscriber; a slower one loses the oldest."""
U64 = 2**64
CLOSE_S = 1.0
SYSTEM = {"serial": "VIRTUAL-AMECA", "version": "0", "name": "Virtual Ameca"}
Answerer = Callable[[Selection], Any]


class Gateway:
    """One port. `token`: what clients must show; None takes any that is not empty."""

    def __init__(self, robot: VirtualAmeca, host: ScriptHost, *, token: str | None = None) -> None:
        self._robot, self._host, self._token = robot, host, token
        self._sockets: set[web.WebSocketResponse] = set()
        self._subscribers: set[asyncio.Queue[dict[str, Any]]] = set()
        self._sequences = 0
        self._pumps: set[asyncio.Task[None]] = set()
        robot.log.listeners.append(self._event)

    def application(self) -> web.Application:
        """Serve this at any address; clients of the robot use the root of port 1234."""
        app = web.Application()
        app.router.add_get("/{anything:.*}", self._open)
        app.on_shutdown.append(self._shut)
        return app

    async def drop(self) -> None:
        """Cut all connections, as a network that fails."""
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"the link is down")

    async def _shut(self, _: web.Application) -> None:
        self._robot.log.listeners.remove(self._event)
        await self.drop()

    # --- connections ---

    async def _open(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("x-tritium-token", "")
        if not token or (self._token is not None and token != self._token):
            raise web.HTTPUnauthorized(text="x-tritium-token is missing or wrong\n")
        try:
            metadata = json.loads(request.headers.get("x-tritium-session-metadata", ""))
        except ValueError:
            metadata = None
        if not isinstance(metadata, dict) or metadata.get("session_type") != "graphql":
            raise web.HTTPBadRequest(text='x-tritium-session-metadata must be {"session_type": "graphql"}\n')
        if not self._robot.connected:
            raise web.HTTPServiceUnavailable(text="the link is down\n")
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, timeout=CLOSE_S)
        await socket.prepare(request)
        self._sockets.add(socket)
        pumps: list[asyncio.Task[None]] = []
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    await socket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"text frames only")
                    break
                if not await self._message(socket, message.data, token, pumps):
                    break
        finally:
            self._sockets.discard(socket)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        return socket

    async def _message(
        self, socket: web.WebSocketResponse, text: str, token: str, pumps: list[asyncio.Task[None]]
    ) -> bool:
        """Answer one message; False where it has no number to answer to, which closes the connection."""
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        number = message.get("request_id") if isinstance(message, dict) else None
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < U64:
            await socket.close(code=WSCloseCode.PROTOCOL_ERROR, message=b"a message needs a request_id of 64 bits")
            return False
        assert isinstance(message, dict)
        variables = message.get("variable_values")
        if message.get("type") != "graphql":
            await _say(socket, number, error=f"type {message.get('type')!r} is unknown; known: graphql")
        elif message.get("auth_token") != token:
            await _say(socket, number, error="auth_token is not that of the session")
        elif not isinstance(message.get("document"), str):
            await _say(socket, number, error="document must be text")
        elif not isinstance(variables, dict | None):
            await _say(socket, number, error="variable_values must be an object")
        else:
            await self._run(socket, number, message["document"], variables, pumps)
        return True

    async def _run(
        self, socket: web.WebSocketResponse, number: int, document: str, variables: Mapping[str, Any] | None,
        pumps: list[asyncio.Task[None]],
    ) -> None:  # fmt: skip
        """Answer a document that came in a proper envelope."""
        try:
            operation = parse(document, variables)
            if operation.kind == SUBSCRIPTION:
                pumps.append(asyncio.create_task(self._pump(socket, number, _events_of(operation))))
                # It listens before the next message is read.
                await asyncio.sleep(0)
                return
            made = {one.alias: self._field(operation.kind, one) for one in operation.fields}
        except (QueryError, InvalidInput) as error:
            await _say(socket, number, data={"data": None, "errors": [{"message": str(error)}]})
            return
        await _say(socket, number, data={"data": made})

    async def _pump(self, socket: web.WebSocketResponse, number: int, wanted: Selection) -> None:
        """Send events to a subscriber until it leaves."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_EVENTS)
        self._subscribers.add(queue)
        try:
            while True:
                shown = answer(wanted.fields, await queue.get(), "WorldEvent")
                await _say(socket, number, data={"data": {wanted.alias: shown}})
        except ConnectionError:
            pass  # it has left
        finally:
            self._subscribers.discard(queue)

    def _event(self, entry: dict[str, Any]) -> None:
        event = {"timestamp": entry["t"], "eventData": {key: entry[key] for key in entry if key != "t"}}
        for queue in self._subscribers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait({**event, "eventData": json.dumps(event["eventData"])})

    # --- what can be asked ---

    def _field(self, kind: str, asked: Selection) -> Any:
        """Value of one field at the top. Raises QueryError or InvalidInput."""
        queries: Mapping[str, Answerer] = {"system": self._system, "script": self._script}
        mutations: Mapping[str, Answerer] = {
            "manuallyTriggerScript": self._trigger, "postMessage": self._post, "playSequence": self._play,
        }  # fmt: skip
        known = queries if kind == QUERY else mutations
        if asked.name not in known:
            title = kind.capitalize()
            raise QueryError(f'Cannot query field "{asked.name}" on type "{title}"; it has {", ".join(known)}.')
        return known[asked.name](asked)

    def _system(self, asked: Selection) -> dict[str, Any]:
        return answer(_some(asked), SYSTEM, "SystemInfo")

    def _script(self, asked: Selection) -> dict[str, Any]:
        path = _text(asked.arguments, "path", asked.name)
        script = self._host.scripts.get(path)
        status = {"path": path, "status": script.status if script else "STOPPED"}
        return answer(_some(asked), status, "Script")

    def _trigger(self, asked: Selection) -> dict[str, Any]:
        given = _input(asked)
        path, action = _text(given, "path", asked.name), given.get("action")
        if action not in ("START", "STOP"):
            raise QueryError(f"{asked.name}: input.action is {action!r}; known: START, STOP")
        script = self._host.start(path) if action == "START" else self._host.stop(path)
        made = {"script": {"path": script.path, "status": script.status}}
        return answer(_some(asked), made, "ManuallyTriggerScriptPayload")

    def _post(self, asked: Selection) -> None:
        """The message goes over the link, with its faults, to all scripts. Answered before it is there, with null."""
        given = _input(asked)
        channel = _text(given, "channel", asked.name)
        if "message" not in given:
            raise QueryError(f"{asked.name}: input.message is missing; it may be any JSON")
        if asked.fields:
            raise QueryError(f'Field "{asked.name}" must not have a selection, for it has no subfields.')
        message, count = given["message"], len(self._robot.schema)
        numbers = _numbers(message, count)
        if numbers is None:
            self._robot.over_link(lambda _: self._host.post(channel, message))
        else:
            key, values = numbers
            self._robot.over_link(lambda came: self._host.post(channel, _with(message, key, came.tolist())), values)

    def _play(self, asked: Selection) -> dict[str, Any]:
        path = _text(_input(asked), "projectPath", asked.name)
        self._sequences += 1
        self._robot.log.event(self._robot.time, "sequence", path=path)
        return answer(_some(asked), {"id": str(self._sequences)}, "PlaySequencePayload")


async def _say(socket: web.WebSocketResponse, number: int, *, data: Any = None, error: str | None = None) -> None:
    await socket.send_json({"type": "graphql_response", "request_id": number, "data": data, "error": error})


def _events_of(operation: Operation) -> Selection:
    """The one field a subscription may have."""
    if len(operation.fields) != 1 or operation.fields[0].name != "worldEvents":
        raise QueryError('A subscription must have one field, "worldEvents".')
    answer(_some(operation.fields[0]), {"timestamp": 0, "eventData": ""}, "WorldEvent")
    return operation.fields[0]


def _some(asked: Selection) -> tuple[Selection, ...]:
    if not asked.fields:
        raise QueryError(f'Field "{asked.name}" must have a selection of subfields.')
    return asked.fields


def _input(asked: Selection) -> Mapping[str, Any]:
    given = asked.arguments.get("input")
    if not isinstance(given, Mapping):
        raise QueryError(f"{asked.name}: the argument input must be an object")
    return given


def _text(given: Mapping[str, Any], key: str, place: str) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not value:
        raise QueryError(f"{place}: {key} must be text, got {value!r}")
    return value


def _numbers(message: Any, count: int) -> tuple[str, list[float]] | None:
    """The values of all controls in a message, for a fault that damages one: its first list of so many numbers."""
    if isinstance(message, Mapping):
        for key, value in message.items():
            if isinstance(value, list) and len(value) == count and all(_is_number(one) for one in value):
                return key, value
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _with(message: Mapping[str, Any], key: str, values: list[float]) -> dict[str, Any]:
    return {**message, key: values}
