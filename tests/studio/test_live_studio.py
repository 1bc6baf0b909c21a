"""Live characters between page and server."""

import asyncio
import json
import struct
from typing import Any

import numpy as np
import pytest

pytest.importorskip("aiohttp", reason="aiohttp is absent: pip install -e '.[studio]'")

from aiohttp import ClientWebSocketResponse, WSMsgType

from tests.studio.desks import PATIENCE_S, in_a_loop, studio

START = {"text": "a person walks", "affect": {"weights": {"joy": 1}, "intensity": 0.8}}
FRAME_BYTES = 12 + 4 * (3 + 88 + 30 + 2)


class Page:
    """One tab."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket

    async def say(self, **message: Any) -> None:
        await self._socket.send_json(message)

    async def told(self) -> Any:
        """JSON, or (number, wish, flags, values) of a frame; None when the studio has closed."""
        async with asyncio.timeout(PATIENCE_S):
            message = await self._socket.receive()
        if message.type is WSMsgType.TEXT:
            return json.loads(message.data)
        if message.type is not WSMsgType.BINARY:
            return None
        assert len(message.data) == FRAME_BYTES
        return (*struct.unpack_from("<III", message.data), np.frombuffer(message.data, "<f4", offset=12))

    async def until(self, key: str) -> Any:
        """The next message with this key."""
        while not (isinstance(found := await self.told(), dict) and key in found):
            assert found is not None
        return found

    async def frame(self, wish: int = 0) -> Any:
        """The next frame that shows this wish."""
        while not (isinstance(found := await self.told(), tuple) and found[1] >= wish):
            assert found is not None
        return found


@in_a_loop
async def test_a_character_lives_changes_and_ends() -> None:
    async with studio() as desk, desk.client.ws_connect("/api/live") as socket:
        page = Page(socket)
        await page.say(start=START)
        opened = await page.until("open")
        assert opened["fps"] == 30
        number, _, _, values = await page.frame()
        assert np.abs(np.linalg.norm(values[3:91].reshape(22, 4), axis=1) - 1).max() < 1e-4
        assert values[-2:] == pytest.approx([0.64, 0.4], abs=1e-5), "joy, at 0.8"
        await page.say(change={"affect": {"weights": {"sadness": 1}, "intensity": 1}, "speed": 0.8}, number=1)
        later, wish, _, values = await page.frame(wish=1)
        assert later > number and wish == 1 and values[-2:] == pytest.approx([-0.6, -0.3], abs=1e-5)
        face = values[91:121]
        for _ in range(12):
            values = (await page.frame())[3]
        assert np.abs(values[91:121] - face).max() > 0.05, "the face goes to what is felt"
        await page.say(change={"path": [[0, 0], [1, 2]]}, number=2)
        await page.frame(wish=2)
        await page.say(end=True)
        assert (await page.until("ended"))["ended"]["frame_count"] > 10
        assert await page.told() is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"speed": 9}, "speed"), ({"speed": "x"}, "speed"), ({"text": " "}, "text"), ({"path": [[0, 0]]}, "path"),
        ({"path": [[0, 0], [1]]}, "path"), ({"affect": {"weights": {"joyy": 1}}}, "affect.weights.joyy"),
        ({"colour": 1}, "colour"),
    ],
)  # fmt: skip
@in_a_loop
async def test_a_bad_change_is_refused_and_the_character_lives_on(change: dict[str, Any], field: str) -> None:
    async with studio() as desk, desk.client.ws_connect("/api/live") as socket:
        page = Page(socket)
        await page.say(start=START)
        await page.frame()
        await page.say(change=change, number=1)
        refused = await page.until("refused")
        assert refused["field"] == field and refused["number"] == 1
        await page.say(change={"speed": 1.2}, number=1)
        await page.frame(wish=1)


@pytest.mark.parametrize(
    ("first", "field"),
    [
        ({"start": {**START, "text": ""}}, "text"),
        ({"start": {**START, "affect": {"weights": {"joyy": 1}}}}, "affect.weights.joyy"),
        ({"start": 3}, "start"), ({"change": {}}, "start"), ({"start": {**START, "seed": "x"}}, "seed"),
        ({"start": {**START, "plan": "slow"}}, "plan"),
    ],
)  # fmt: skip
@in_a_loop
async def test_a_character_that_cannot_begin(first: dict[str, Any], field: str) -> None:
    async with studio() as desk, desk.client.ws_connect("/api/live") as socket:
        page = Page(socket)
        await page.say(**first)
        assert (await page.until("error"))["field"] == field
        assert await page.told() is None


@pytest.mark.parametrize("text", ["{", "[]", "NaN"])
@in_a_loop
async def test_what_is_no_message_ends_the_character_in_words(text: str) -> None:
    async with studio() as desk, desk.client.ws_connect("/api/live") as socket:
        page = Page(socket)
        await socket.send_str(text)
        assert (await page.until("error"))["field"] == "body"


@in_a_loop
async def test_two_tabs_have_a_character_each() -> None:
    async with studio() as desk, desk.client.ws_connect("/api/live") as a, desk.client.ws_connect("/api/live") as b:
        pages = Page(a), Page(b)
        for page, name in zip(pages, ("joy", "fear"), strict=True):
            await page.say(start={**START, "affect": {"weights": {name: 1}, "intensity": 1}})
        points = [(await page.frame())[3][-2:].tolist() for page in pages]
        assert points[0] == pytest.approx([0.8, 0.5], abs=1e-5) and points[1] == pytest.approx([-0.6, 0.6], abs=1e-5)
        await a.close()
        first = (await pages[1].frame())[0]
        assert (await pages[1].frame())[0] > first, "the other goes on"


@in_a_loop
async def test_a_page_that_leaves_ends_its_character() -> None:
    async with studio() as desk:
        socket = await desk.client.ws_connect("/api/live")
        page = Page(socket)
        await page.say(start=START)
        await page.frame()
        assert desk.server.core.streams == 1
        await socket.close()
        for _ in range(500):
            if desk.server.core.streams == 0:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the character lives on")
