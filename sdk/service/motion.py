"""MotionService: validates, lets the engine work in its turn, and streams what it made.

Knows no ONNX: the engine is anything with the interface of `MotionEngineLike`.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import NamedTuple, Protocol

from emomotion.v1 import info_pb2, motion_pb2
from sdk.runtime.engine import Request, Result, Turn
from sdk.runtime.planner import OverBudget
from sdk.runtime.scheduler import Late, Scheduler
from sdk.service.access import Door
from sdk.service.answers import admitted, status_of
from sdk.service.context import Context
from sdk.service.facts import BundleLike, info_reply
from sdk.service.metrics import Metrics
from sdk.service.validation import request_from_wire
from sdk.service.watch import note
from sdk.wire import motion_to_wire

SEND_S = 0.004
"""Of every budget so much is kept for what lies beyond the engine: sending, and the client's reading."""


class MotionEngineLike(Protocol):
    """What the service needs of `sdk.runtime.engine.Engine`."""

    @property
    def bundle(self) -> BundleLike: ...

    def warm_up(self, turn: Turn | None = None) -> None: ...

    def expected_s(self) -> dict[str, float]: ...

    def cheapest(self, request: Request, *, played: int = 0) -> tuple[str, float]: ...

    def over_budget(self, request: Request, left_s: float, *, needed_s: float = 0.0) -> OverBudget: ...

    def generate(self, request: Request, *, turn: Turn | None = None) -> Result: ...


class _Made(NamedTuple):
    """A clip, and its header and chunks as messages."""

    result: Result
    messages: list[motion_pb2.GenerateReply]


class MotionServicer:
    """Methods of MotionService over one engine. Refuses to generate until `ready` is set."""

    def __init__(self, engine: MotionEngineLike, scheduler: Scheduler, door: Door, metrics: Metrics) -> None:
        self._scheduler, self._door, self._metrics = scheduler, door, metrics
        self.use(engine)
        self.ready = False

    def use(self, engine: MotionEngineLike) -> None:
        """Answer from another engine from now on; calls that run stay with theirs."""
        self._engine, self._info = engine, info_reply(engine.bundle)

    async def GetInfo(self, request: info_pb2.GetInfoRequest, context: Context) -> info_pb2.GetInfoReply:
        """Facts of the bundle; available from the start. What plans take is as of now."""
        expected_s = self._engine.expected_s()
        reply = info_pb2.GetInfoReply()
        reply.CopyFrom(self._info)
        for plan in reply.plans:
            plan.expected_ms = 1000 * expected_s[plan.name]
        return reply

    async def Generate(
        self, request: motion_pb2.GenerateRequest, context: Context
    ) -> AsyncIterator[motion_pb2.GenerateReply]:
        """Header, chunks, status. Nothing is sent before the whole motion stands, so a refusal is always clean."""
        arrived = time.monotonic()
        async with admitted(request, context, ready=self.ready, door=self._door, metrics=self._metrics):
            asked = request_from_wire(request)
            note(text=asked.text, seconds=asked.seconds, budget_ms=asked.budget_ms)
            deadline = _deadline(asked, arrived, context.time_remaining())
            engine = self._engine
            made = await self._made(engine, asked, arrived, deadline)
        result, (header, first, *more) = made.result, made.messages
        status = motion_pb2.GenerateReply(status=status_of(result, engine.bundle.sha256))
        if deadline < math.inf:
            status.status.budget_left_ms = 1000 * (deadline - time.monotonic())
        self._count(result, arrived, deadline)
        yield header
        yield first
        for message in more:
            yield message
        yield status

    def _count(self, result: Result, arrived: float, deadline: float) -> None:
        now = time.monotonic()
        note(plan=result.plan, degraded=result.degraded, late=now > deadline, **_rounded(result.stage_ms))
        self._metrics.latency.labels(result.plan).observe(now - arrived)
        self._metrics.queue.observe(result.stage_ms.get("queue", 0.0) / 1000)
        for stage, ms in result.stage_ms.items():
            self._metrics.stage.labels(stage).observe(ms / 1000)
        self._metrics.degraded.inc(result.degraded)
        self._metrics.late.inc(now > deadline)

    async def _made(
        self, engine: MotionEngineLike, asked: Request, arrived: float, deadline: float
    ) -> _Made:
        """The motion, made when its turn comes. Raises OverBudget, Refused, Late, Closed, Cancelled, InvalidInput."""
        _, least_s = engine.cheapest(asked)
        if arrived + least_s > deadline - SEND_S:
            raise engine.over_budget(asked, deadline - arrived, needed_s=SEND_S)

        def work(turn: Turn) -> _Made:
            queue_ms = 1000 * (time.monotonic() - arrived)
            try:
                made = engine.generate(asked, turn=turn)
            except OverBudget as error:  # it fitted when it came; what was learned since says otherwise
                raise Late(str(error)) from None
            stages = {"queue": queue_ms, **made.stage_ms, "total": made.stage_ms["total"] + queue_ms}
            result = replace(made, stage_ms=stages)
            # Written here, where the motion is still at hand, and not on the thread that answers everybody.
            return _Made(result, list(motion_to_wire(made.motion)))

        future = self._scheduler.submit(work, deadline=deadline - SEND_S, least_s=least_s)
        return await asyncio.wrap_future(future)


def _rounded(stage_ms: dict[str, float]) -> dict[str, float]:
    return {f"{stage}_ms": round(ms, 3) for stage, ms in stage_ms.items() if stage != "total"}


def _deadline(asked: Request, arrived: float, remaining_s: float | None) -> float:
    """When the first chunk must be sent, monotonic; infinity without a budget: the plan is then made whole."""
    if asked.budget_ms is None:
        return math.inf
    return arrived + min(asked.budget_ms / 1000, math.inf if remaining_s is None else remaining_s)
