"""Writing to a caller over the web: who it is, and what becomes of one that does not read."""

import asyncio
from collections.abc import Awaitable

from aiohttp import web

from sdk.service.addresses import address_of
from sdk.service.live import STALLED_S


class Writer:
    """Waits for what is written on a connection to be taken, and cuts it off where it is not."""

    def __init__(self, request: web.Request) -> None:
        assert request.transport is not None
        self.transport = request.transport

    async def put(self, writing: Awaitable[object]) -> None:
        """Wait for a write. Raises CancelledError when the caller is gone or takes nothing: its call then ends, too."""
        try:
            async with asyncio.timeout(STALLED_S):
                await writing
        except (ConnectionError, TimeoutError):
            self.transport.abort()
            raise asyncio.CancelledError("the caller is gone") from None
        except asyncio.CancelledError:
            # Half of a frame may be out, so nothing can follow it; and a mere close would wait for this caller to read.
            self.transport.abort()
            raise


def peer_of(request: web.Request) -> str:
    """web:ADDRESS:PORT."""
    found = None if request.transport is None else request.transport.get_extra_info("peername")
    return "web:unknown:0" if not found else f"web:{address_of(found[0], found[1])}"
