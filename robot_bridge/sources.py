"""Where frames come from besides BridgeService: an EmoMotion server that shows a feeling (FaceService.Express)."""

import asyncio
import time
from collections.abc import Callable

from emomotion.v1 import face_pb2
from robot_bridge.bridge import Bridge, Lease
from robot_bridge.core import Refused
from sdk.client import AsyncClient, check_target
from sdk.emotion import Affect
from sdk.errors import InvalidInput, ServerError
from sdk.face_wire import FaceFrame, FaceOptions
from sdk.server_options import Connection

AGAIN_S = 2.0
"""A server that was lost, or a lease that another writer has, is asked for again after this."""
WRITER = "face service"
LEAST_TTL_MS = 1.0


class FaceSource:
    """Frames of the server at HOST:PORT, showing an affect ("joy", "joy:0.6,trust:0.4"). Raises InvalidInput."""

    def __init__(self, target: str, affect: str, connection: Connection, *, range_set: str) -> None:
        self.target = check_target(target)
        self._affect, self._connection, self._range_set = Affect.of(affect), connection, range_set

    async def feed(self, bridge: Bridge, say: Callable[[str], None]) -> None:
        """Hand frames to a bridge for ever. What goes wrong is said once and tried again, the face in neutral."""
        said = ""
        while True:
            try:
                await self._follow(bridge)
                line = f"the face of {self.target} has ended"
            except (InvalidInput, Refused, ServerError) as error:
                line = f"no face: {error}".partition("; try again")[0]  # a server that warms up; nobody else has to
            if line != said:
                say(f"{line}; trying again every {AGAIN_S:g} s")
                said = line
            await asyncio.sleep(AGAIN_S)

    async def _follow(self, bridge: Bridge) -> None:
        """One stream, to its end."""
        options: FaceOptions = {"schema_sha256": bridge.schema.sha256, "range_set": self._range_set}
        lease: Lease | None = None
        try:
            async with (
                AsyncClient(self.target, **self._connection) as client,
                client.express(self._affect, options=options) as face,
            ):
                async for frame in face:
                    if lease is None:
                        lease = bridge.acquire(WRITER, face.schema_sha256, lambda ack: None)
                    bridge.submit(lease, message_of(frame))
        finally:
            if lease is not None:
                bridge.give_up(lease)


def message_of(frame: FaceFrame) -> face_pb2.FaceFrame:
    """The frame as a writer sends it, with what is left of its life."""
    left_ms = 1000 * (frame.expires_s - time.monotonic())
    return face_pb2.FaceFrame(
        number=frame.number, values=frame.values.tolist(), capture_ns=frame.capture_ns, made_in_ms=frame.made_in_ms,
        ttl_ms=max(left_ms + frame.made_in_ms, LEAST_TTL_MS), mode=f"FACE_MODE_{frame.mode.upper()}",
        confidence=frame.confidence,
    )  # fmt: skip
