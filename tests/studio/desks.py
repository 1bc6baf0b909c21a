"""A studio over the fake engine, within the test's own loop."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from typing import Any

from aiohttp import ClientResponse, WSMsgType
from aiohttp.test_utils import TestClient, TestServer

from sdk.service.server import MotionServer
from sdk.studio.desk import PACKET, desk
from sdk.studio.link import Link
from tests.service.fake_engine import FakeEngine

WALK: dict[str, Any] = {
    "beats": [{"text": "a person walks", "seconds": 2, "affect": {"weights": {"joy": 1}, "intensity": 0.8}}],
    "seed": "7",
}
PATIENCE_S = 20.0


@dataclass
class Studio:
    """The studio, its server and what browsers would send it."""

    client: TestClient[Any, Any]
    server: MotionServer
    engine: FakeEngine
    link: Link

    async def make(self, order: Any) -> ClientResponse:
        return await self.client.post("/api/make", json=order)

    async def sent(self, path: str, packet: bytes) -> ClientResponse:
        return await self.client.post(path, data=packet, headers={"Content-Type": PACKET})

    async def fault(self, reply: ClientResponse, status: int) -> dict[str, Any]:
        """The refusal of a reply that must have this status."""
        text = await reply.text()
        assert reply.status == status, text
        found: dict[str, Any] = json.loads(text)
        assert found["error"]
        return found

    async def until(self, name: str) -> dict[str, Any]:
        """Wait until the page would be told this state."""
        async with self.client.ws_connect("/api/state") as socket, asyncio.timeout(PATIENCE_S):
            while True:
                message = await socket.receive()
                assert message.type is WSMsgType.TEXT
                found: dict[str, Any] = json.loads(message.data)
                if found["state"] == name:
                    return found


@contextlib.asynccontextmanager
async def studio(*, warm: bool = True, **options: Any) -> AsyncIterator[Studio]:
    """A studio in front of a running server."""
    engine, server = FakeEngine(), await MotionServer.bind("127.0.0.1", 0)
    await server.start(engine)
    if warm:
        await server.warm_up()
    link = Link(server.address, {}, own=False)
    watching = asyncio.create_task(link.watch())
    client = TestClient(TestServer(desk(link, **options)))
    try:
        await client.start_server()
        made = Studio(client, server, engine, link)
        if warm:
            await made.until("ready")
        yield made
    finally:
        engine.gate.set()
        engine.live_gate.set()
        await client.close()
        watching.cancel()
        await link.close()
        await server.drain(notice_s=0, grace_s=0)


def in_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test that is a coroutine function."""

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run
