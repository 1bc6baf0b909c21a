"""Waiting for a server: it may be loading its bundle, or not be there yet."""

import asyncio
import time
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from sdk.errors import ServerError

SERVICE = "emomotion.v1.MotionService"
LOOK_S = 0.2
"""Between two looks."""
ANSWER_S = 5.0
"""A look may take so long."""
NOT_YET = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


class Wait:
    """Looks by `grpc.health.v1` until a server serves, or for `timeout_s`.

    Where that service is missing, as behind Ray, a server that answers at all is ready: it is not shown to callers
    before.
    """

    def __init__(self, target: str, timeout_s: float) -> None:
        self._target, self._timeout_s = target, timeout_s
        self._end = time.monotonic() + timeout_s

    def look(self, channel: Any, metadata: tuple[tuple[str, str], ...]) -> Any:
        """The call that asks; to be awaited with an asynchronous channel."""
        stub = health_pb2_grpc.HealthStub(channel)
        return stub.Check(health_pb2.HealthCheckRequest(service=SERVICE), timeout=ANSWER_S, metadata=metadata)

    def over(self, reply: health_pb2.HealthCheckResponse | grpc.RpcError) -> bool:
        """Whether that was the last look. Raises ServerError when the time is up, or when waiting cannot help."""
        if isinstance(reply, grpc.RpcError):
            code = reply.code()
            if code is grpc.StatusCode.UNIMPLEMENTED:
                return True
            state = "is not there" if code in NOT_YET else f"answers {code.name}: {reply.details()}"
            if code not in NOT_YET:
                raise ServerError(f"server {self._target} {state}", status=code.name)
        elif reply.status == health_pb2.HealthCheckResponse.SERVING:
            return True
        else:
            state = "is warming up, or shutting down"
        if time.monotonic() >= self._end:
            message = f"server {self._target} {state}, after {self._timeout_s:g} s; allow more time or look at its log"
            raise ServerError(message, status=grpc.StatusCode.UNAVAILABLE.name)
        return False


def wait(channel: Any, target: str, metadata: tuple[tuple[str, str], ...], timeout_s: float) -> None:
    """Return when the server is ready. Raises ServerError when it is not in `timeout_s`."""
    looks = Wait(target, timeout_s)
    while not looks.over(_reply(lambda: looks.look(channel, metadata))):
        time.sleep(LOOK_S)


async def wait_async(channel: Any, target: str, metadata: tuple[tuple[str, str], ...], timeout_s: float) -> None:
    """`wait` for asyncio."""
    looks = Wait(target, timeout_s)
    while True:
        try:
            reply = await looks.look(channel, metadata)
        except grpc.RpcError as error:
            reply = error
        if looks.over(reply):
            return
        await asyncio.sleep(LOOK_S)


def _reply(look: Any) -> Any:
    try:
        return look()
    except grpc.RpcError as error:
        return error
