"""The robot's remote API over a real WebSocket: envelope, mutations, subscription, and every refusal."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from robot_bridge.virtual.program import Program, Wishes
from robot_bridge.virtual.robot import VirtualAmeca
from tests.robot_bridge.virtual.robots import at, robot

HERE = Path(__file__).parent
PATIENCE_S = 10.0
HEADERS = {"x-tritium-token": "key", "x-tritium-session-metadata": json.dumps({"session_type": "graphql"})}
POST = "mutation PostMessage($input: PostMessageInput!) { postMessage(input: $input) }"
TRIGGER = """mutation ManuallyTriggerScript($input: ManuallyTriggerScriptInput!) {
    manuallyTriggerScript(input: $input) { script { status } } }"""
NAME = "face_script.py"


class Client:
    """What a user's program does: one connection, numbered requests."""

    def __init__(self, program: Program, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.program, self.socket, self._number = program, socket, 0

    async def say(self, document: str, variables: Any = None, changes: dict[str, Any] | None = None) -> int:
        self._number += 1
        envelope = {
            "type": "graphql", "auth_token": "key", "request_id": self._number, "document": document,
            "variable_values": variables,
        } | (changes or {})  # fmt: skip
        await self.socket.send_str(json.dumps(envelope))
        return self._number

    async def hear(self) -> dict[str, Any]:
        message = await self.socket.receive(PATIENCE_S)
        assert message.type is WSMsgType.TEXT, message
        found = json.loads(message.data)
        assert found["type"] == "graphql_response" and set(found) == {"type", "request_id", "data", "error"}
        return found

    async def ask(self, document: str, variables: Any = None, changes: dict[str, Any] | None = None) -> dict[str, Any]:
        number = await self.say(document, variables, changes)
        reply = await self.hear()
        assert reply["request_id"] == number
        return reply

    async def closed(self) -> int:
        """The code with which the robot closes."""
        message = await self.socket.receive(PATIENCE_S)
        assert message.type is WSMsgType.CLOSE
        return int(message.data)

    async def live(self, ticks: int) -> None:
        """Let the robot live, faster than the clock."""
        for _ in range(ticks):
            await self.program.step()


@asynccontextmanager
async def connected(one: VirtualAmeca, **wishes: Any) -> AsyncIterator[Client]:
    async with (
        Program.opened(one, Wishes(tritium=0, scripts=HERE, **wishes)) as program,
        aiohttp.ClientSession() as http,
        http.ws_connect(program.addresses["Tritium at"], headers=HEADERS) as socket,
    ):
        yield Client(program, socket)


def talk(work: Callable[[Client], Awaitable[None]], one: VirtualAmeca | None = None) -> None:
    async def all_of_it() -> None:
        async with connected(one or robot()) as client:
            await work(client)

    asyncio.run(asyncio.wait_for(all_of_it(), 3 * PATIENCE_S))


def test_system_says_who_it_is() -> None:
    async def work(client: Client) -> None:
        reply = await client.ask("query BasicSystemInfo { system { serial version name } }")
        assert reply["error"] is None
        assert reply["data"] == {
            "data": {"system": {"serial": "VIRTUAL-AMECA", "version": "0", "name": "Virtual Ameca"}}
        }

    talk(work)


def test_a_script_is_started_told_asked_and_stopped() -> None:
    async def work(client: Client) -> None:
        started = await client.ask(TRIGGER, {"input": {"action": "START", "path": NAME}})
        assert started["data"] == {"data": {"manuallyTriggerScript": {"script": {"status": "RUNNING"}}}}
        posted = await client.ask(POST, {"input": {"channel": "pose", "message": [0.2, 1.0]}})
        assert posted["data"] == {"data": {"postMessage": None}}
        await client.live(60)
        assert at(client.program.robot, "Jaw Pitch") < 0.25
        query = "query Script($path: String!) { script(path: $path) { status } }"
        assert (await client.ask(query, {"path": NAME}))["data"] == {"data": {"script": {"status": "RUNNING"}}}
        stopped = await client.ask(TRIGGER, {"input": {"action": "STOP", "path": NAME}})
        assert stopped["data"] == {"data": {"manuallyTriggerScript": {"script": {"status": "STOPPED"}}}}
        assert client.program.robot.bids == ()

    talk(work)


def test_a_sequence_is_accepted_and_written_down() -> None:
    async def work(client: Client) -> None:
        play = "mutation PlaySequence($input: PlaySequenceInput!) { playSequence(input: $input) { id } }"
        reply = await client.ask(play, {"input": {"projectPath": "Chat_G2_Happy_1.project"}})
        assert reply["data"] == {"data": {"playSequence": {"id": "1"}}}
        assert client.program.robot.log.events[-1]["path"] == "Chat_G2_Happy_1.project"

    talk(work)


def test_a_subscriber_hears_what_happens_and_other_answers_come_between() -> None:
    async def work(client: Client) -> None:
        number = await client.say("subscription { worldEvents { timestamp eventData } }")
        trigger = await client.say(TRIGGER, {"input": {"action": "START", "path": NAME}})
        replies = [await client.hear() for _ in range(3)]
        answers = {reply["request_id"]: reply for reply in replies}
        assert set(answers) == {number, trigger}
        events = [reply["data"]["data"]["worldEvents"] for reply in replies if reply["request_id"] == number]
        assert [json.loads(event["eventData"])["event"] for event in events] == ["script started", "bid"]
        assert all(event["timestamp"] == 0 for event in events)

    talk(work)


@pytest.mark.parametrize(
    ("document", "variables", "complaint"),
    [
        ("nonsense", None, "Syntax Error"),
        ("{ unheard { of } }", None, "it has system, script"),
        ("{ system { colour } }", None, 'Cannot query field "colour"'),
        ("{ system }", None, "must have a selection"),
        ("mutation { postMessage }", None, "input must be an object"),
        (POST, None, "was not provided"),
        (POST, {"input": {"channel": "x"}}, "message is missing"),
        (POST, {"input": {"channel": 5, "message": 1}}, "channel must be text"),
        (TRIGGER, {"input": {"action": "FROB", "path": NAME}}, "known: START, STOP"),
        (TRIGGER, {"input": {"action": "START", "path": "absent.py"}}, "there is no script"),
        (TRIGGER, {"input": {"action": "START", "path": "../../conftest.py"}}, "there is no script"),
        (TRIGGER, {"input": {"action": "STOP", "path": NAME}}, "never started"),
        ("subscription { weather { wind } }", None, 'must have one field, "worldEvents"'),
        ("subscription { worldEvents }", None, "must have a selection"),
    ],
)
def test_a_wrong_document_gets_an_error_and_the_connection_stays(document: str, variables: Any, complaint: str) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask(document, variables)
        assert reply["error"] is None and reply["data"]["data"] is None
        assert complaint in reply["data"]["errors"][0]["message"]
        assert (await client.ask("{ system { serial } }"))["data"]["data"]

    talk(work)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"type": "rest"}, "known: graphql"),
        ({"auth_token": "other"}, "auth_token"),
        ({"document": 5}, "document must be text"),
        ({"variable_values": [1]}, "variable_values must be an object"),
    ],
)
def test_a_wrong_envelope_gets_an_error_without_data(changes: dict[str, Any], complaint: str) -> None:
    async def work(client: Client) -> None:
        reply = await client.ask("{ system { serial } }", changes=changes)
        assert reply["data"] is None and complaint in reply["error"]

    talk(work)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "not json", '{"request_id": -1}', '{"request_id": 18446744073709551616}']
)
def test_a_message_that_cannot_be_answered_closes_the_connection(text: str) -> None:
    async def work(client: Client) -> None:
        await client.socket.send_str(text)
        assert await client.closed() == 1002

    talk(work)


def test_binary_frames_are_an_error() -> None:
    async def work(client: Client) -> None:
        await client.socket.send_bytes(b"{}")
        assert await client.closed() == 1003

    talk(work)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"x-tritium-token": ""}, 401),
        ({"x-tritium-token": "guess"}, 401),
        ({"x-tritium-session-metadata": ""}, 400),
        ({"x-tritium-session-metadata": '{"session_type": "other"}'}, 400),
    ],
)
def test_a_connection_needs_both_headers(changes: dict[str, str], status: int) -> None:
    async def all_of_it() -> None:
        wishes = Wishes(tritium=0, token="key", scripts=HERE)
        async with Program.opened(robot(), wishes) as program, aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(program.addresses["Tritium at"], headers=HEADERS | changes)
            assert refused.value.status == status

    asyncio.run(asyncio.wait_for(all_of_it(), PATIENCE_S))


def test_a_disconnect_cuts_clients_and_refuses_new_ones_until_it_is_over() -> None:
    async def work(client: Client) -> None:
        await client.live(70)
        assert await client.closed() == 1001
        address = client.program.addresses["Tritium at"]
        async with aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(address, headers=HEADERS)
            assert refused.value.status == 503
            await client.live(60)
            async with http.ws_connect(address, headers=HEADERS) as again:
                assert "errors" not in (await Client(client.program, again).ask("{ system { serial } }"))["data"]

    talk(work, robot("disconnect@1-2"))


def test_messages_pass_the_link_and_its_faults() -> None:
    one = robot("late=0.5", "nan=1")

    async def work(client: Client) -> None:
        await client.ask(TRIGGER, {"input": {"action": "START", "path": NAME}})
        await client.ask(POST, {"input": {"channel": "pose", "message": {"values": [0.5] * 30}}})
        await client.live(20)
        activity = client.program.host.scripts[NAME]._activity
        assert activity.pose is None
        await client.live(20)
        assert one.counters["damaged"] == 1

    talk(work, one)
