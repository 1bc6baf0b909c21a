"""BridgeService over one bridge: messages in, acknowledgements and status out. What is decided is decided in the
core."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable

import grpc

from emomotion.v1 import robot_pb2
from robot_bridge.bridge import Bridge, Lease
from robot_bridge.core import Ack, Outcome, Refused
from robot_bridge.loop import LoopStats
from robot_bridge.transports import TransportError
from robot_bridge.wire import COMMANDS, ack_to_wire, check_start
from sdk.errors import InvalidInput
from sdk.service.context import Context
from sdk.service.watch import note
from sdk.wire import FIELD_TRAILER

STALLED_S = 10.0
"""A writer that takes no acknowledgement for so long is gone."""
MOST_WAITING = 600
"""Acknowledgements that wait for a slow writer; more than ten seconds of them end its stream."""
WATCH_HZ = (0.1, 60.0)
DEFAULT_WATCH_HZ = 10.0
MAX_REASON_CHARS = 500


class BridgeServicer:
    """Methods of BridgeService. robot: as the status names it. stats, rate_hz: of the loop."""

    def __init__(
        self, bridge: Bridge, *, robot: str, dry_run: bool, stats: Callable[[], LoopStats], rate_hz: float
    ) -> None:
        self._bridge, self._robot, self._dry_run, self._stats, self._rate_hz = bridge, robot, dry_run, stats, rate_hz

    async def Control(self, requests: AsyncIterator[robot_pb2.ControlRequest], context: Context) -> None:
        """One writer, from its start to its end."""
        try:
            await self._control(aiter(requests), context)
        except InvalidInput as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error), ((FIELD_TRAILER, error.field),))
        except Refused as error:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        except TimeoutError:
            message = f"the writer took no acknowledgement for {STALLED_S:g} s"
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, message)

    async def Command(self, request: robot_pb2.CommandRequest, context: Context) -> robot_pb2.BridgeStatus:
        """Do as told; what the bridge is like then."""
        if request.command not in COMMANDS:
            known = ", ".join(COMMANDS.values())
            message = f"command {request.command} is none; known: {known}"
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, message, ((FIELD_TRAILER, "command"),))
        command = COMMANDS[request.command]
        note(command=str(command))
        try:
            await asyncio.to_thread(self._bridge.command, command)
        except (Refused, TransportError) as error:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        return self.status()

    async def Watch(self, request: robot_pb2.WatchRequest, context: Context) -> AsyncIterator[robot_pb2.BridgeStatus]:
        """How the bridge is, at the rate asked for."""
        rate_hz = request.rate_hz if request.HasField("rate_hz") else DEFAULT_WATCH_HZ
        low, high = WATCH_HZ
        if not low <= rate_hz <= high:
            message = f"rate_hz must lie in {low:g}..{high:g}, got {rate_hz:g}"
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, message, ((FIELD_TRAILER, "rate_hz"),))
        while True:
            yield self.status()
            await asyncio.sleep(1 / rate_hz)

    async def _control(self, requests: AsyncIterator[robot_pb2.ControlRequest], context: Context) -> None:
        first = await anext(requests, None)
        if first is None or first.WhichOneof("part") != "start":
            raise InvalidInput("a stream begins with a start; send ControlRequest.start first", field="start")
        bridge, start = self._bridge, first.start
        check_start(start, bridge.schema)
        acks = _Acks(asyncio.get_running_loop())
        lease = bridge.acquire(start.writer, start.schema_sha256, acks.put, token=start.lease)
        try:
            await context.write(robot_pb2.ControlReply(header=self._header(lease)))
            reader = asyncio.create_task(self._read(requests, lease, acks))
            try:
                applied = await self._acknowledge(acks, context)
            finally:
                reader.cancel()
            count = await reader if not reader.cancelled() and reader.done() else 0
            note(frames=count, applied=applied)
            ended = robot_pb2.ControlEnded(frame_count=count, applied_count=applied)
            await context.write(robot_pb2.ControlReply(ended=ended))
        finally:
            bridge.give_up(lease)

    async def _read(self, requests: AsyncIterator[robot_pb2.ControlRequest], lease: Lease, acks: "_Acks") -> int:
        """Submit the writer's frames until its end; how many there were."""
        count = 0
        try:
            async for request in requests:
                kind = request.WhichOneof("part")
                if kind == "end":
                    break
                if kind != "frame":
                    message = f"a stream has one start, then frames, then an end; got {kind or 'an empty message'}"
                    raise InvalidInput(message, field=kind or "part")
                count += 1
                self._bridge.submit(lease, request.frame)
        except BaseException as error:
            acks.end(error)
            raise
        # The last frame is acknowledged with the next tick.
        await asyncio.sleep(2 / self._rate_hz)
        acks.end(None)
        return count

    async def _acknowledge(self, acks: "_Acks", context: Context) -> int:
        """Write acknowledgements until there are no more; how many frames were applied."""
        applied = 0
        while (ack := await acks.get()) is not None:
            applied += ack.outcome is Outcome.APPLIED
            async with asyncio.timeout(STALLED_S):
                await context.write(robot_pb2.ControlReply(ack=ack_to_wire(ack)))
            if ack.outcome is Outcome.NO_LEASE:
                raise Refused("another writer has the lease by now; start a new stream to ask for it")
        return applied

    def _header(self, lease: Lease) -> robot_pb2.ControlHeader:
        bridge = self._bridge
        return robot_pb2.ControlHeader(
            lease=lease.token, lease_s=bridge.settings.lease_s, schema_sha256=bridge.schema.sha256,
            range_set=bridge.settings.range_set, control_names=bridge.schema.names, rest=bridge.rest.tolist(),
            rate_hz=self._rate_hz,
        )  # fmt: skip

    def status(self) -> robot_pb2.BridgeStatus:
        """How the bridge is."""
        status, stats = self._bridge.status(), self._stats()
        position = status.position if status.position is not None else ()
        return robot_pb2.BridgeStatus(
            state=f"BRIDGE_STATE_{status.state.name}", reason=status.reason[:MAX_REASON_CHARS], writer=status.writer,
            robot=self._robot, dry_run=self._dry_run,
            frames=[{"outcome": f"FRAME_OUTCOME_{outcome.name}", "count": n} for outcome, n in status.frames.items()],
            tick_count=status.ticks, missed_count=stats.missed, worst_burst=stats.worst_burst,
            lateness_p99_ms=1000 * stats.late_p99_s, demand=status.demand.tolist(),
            position=[value for value in position if math.isfinite(value)] if position is not None else (),
            log_failed=bool(status.log_failed),
        )  # fmt: skip


class _Acks:
    """Acknowledgements on their way from the thread of the loop to a stream."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: asyncio.Queue[Ack | BaseException | None] = asyncio.Queue()

    def put(self, ack: Ack) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._take, ack)

    def end(self, error: BaseException | None) -> None:
        """No more will come; with an error the stream ends with it."""
        self._queue.put_nowait(error)

    async def get(self) -> Ack | None:
        """The next one, None at the end. Raises what ended the stream."""
        found = await self._queue.get()
        if isinstance(found, BaseException):
            raise found
        return found

    def _take(self, ack: Ack) -> None:
        if self._queue.qsize() >= MOST_WAITING:
            self._queue.put_nowait(TimeoutError())
        else:
            self._queue.put_nowait(ack)
