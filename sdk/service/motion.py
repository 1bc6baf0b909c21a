"""MotionService: validates, lets the engine work in its turn, and streams what it made.

Knows no ONNX: the engine is anything with the interface of `MotionEngineLike`.
"""

import asyncio
import hashlib
import logging
import math
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import NoReturn, Protocol

import grpc

from emomotion.v1 import info_pb2, motion_pb2
from sdk.errors import InvalidInput
from sdk.runtime.engine import Cancelled, Request, Result, Turn
from sdk.runtime.planner import OverBudget
from sdk.runtime.scheduler import Closed, Late, Refused, Scheduler
from sdk.service.access import Door
from sdk.service.context import Context
from sdk.service.facts import BundleLike, info_reply
from sdk.service.metrics import Metrics
from sdk.service.validation import request_from_wire
from sdk.service.watch import note, way_of
from sdk.wire import FIELD_TRAILER, PUSHBACK_TRAILER, affect_to_wire, motion_to_wire

log = logging.getLogger("emomotion.service")
SEND_S = 0.002
"""Of every budget so much is kept for packing and sending the first chunk."""


class MotionEngineLike(Protocol):
    """What the service needs of `sdk.runtime.engine.Engine`."""

    @property
    def bundle(self) -> BundleLike: ...

    def warm_up(self, turn: Turn | None = None) -> None: ...

    def expected_s(self) -> dict[str, float]: ...

    def cheapest(self, request: Request, *, played: int = 0) -> tuple[str, float]: ...

    def generate(self, request: Request, *, turn: Turn | None = None) -> Result: ...


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
        if not self.ready:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the server is warming up; try again in a few seconds")
        await self._door.admit(context)
        try:
            asked = request_from_wire(request)
            note(text=asked.text, seconds=asked.seconds, budget_ms=asked.budget_ms)
            deadline = _deadline(asked, arrived, context.time_remaining())
            engine = self._engine
            result = await self._made(engine, asked, arrived, deadline)
        except InvalidInput as error:
            if not error.field:  # not about the request: the engine produced something impossible
                await _abort_internal(context, request, error)
            await _abort_invalid(context, error)
        except Cancelled:
            await context.abort(grpc.StatusCode.CANCELLED, "the call was cancelled")
        except OverBudget as error:
            self._metrics.refused.labels("budget").inc()
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error), ((PUSHBACK_TRAILER, "-1"),))
        except Refused as error:
            self._metrics.refused.labels("queue").inc()
            pushback = ((PUSHBACK_TRAILER, str(math.ceil(1000 * error.wait_s))),)
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, str(error), pushback)
        except Late as error:
            self._metrics.refused.labels("late").inc()
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, str(error))
        except Closed as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        except Exception as error:
            await _abort_internal(context, request, error)
        parts = motion_to_wire(result.motion)
        header, first = next(parts), next(parts)
        status = motion_pb2.GenerateReply(status=_status(result, engine.bundle.sha256))
        if deadline < math.inf:
            status.status.budget_left_ms = 1000 * (deadline - time.monotonic())
        self._count(result, arrived, deadline)
        yield header
        yield first
        for message in parts:
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

    async def _made(self, engine: MotionEngineLike, asked: Request, arrived: float, deadline: float) -> Result:
        """The motion, made when its turn comes. Raises OverBudget, Refused, Late, Closed, Cancelled, InvalidInput."""
        plan, least_s = engine.cheapest(asked)
        if arrived + least_s > deadline - SEND_S:
            raise OverBudget(1000 * (deadline - arrived), plan, 1000 * (least_s + SEND_S))

        def work(turn: Turn) -> Result:
            queue_ms = 1000 * (time.monotonic() - arrived)
            try:
                made = engine.generate(asked, turn=turn)
            except OverBudget as error:  # it fitted when it came; what was learned since says otherwise
                raise Late(str(error)) from None
            stages = {"queue": queue_ms, **made.stage_ms, "total": made.stage_ms["total"] + queue_ms}
            return replace(made, stage_ms=stages)

        future = self._scheduler.submit(work, deadline=deadline - SEND_S, least_s=least_s)
        return await asyncio.wrap_future(future)


def _status(result: Result, bundle_sha256: str) -> motion_pb2.GenerateStatus:
    used = result.request
    return motion_pb2.GenerateStatus(
        used=motion_pb2.SettingsUsed(
            text=used.text,
            affect=affect_to_wire(used.affect),
            seconds=used.seconds,
            seed=used.seed,
            plan=result.plan,
            generator=used.generator or "",
            fps=result.motion.fps,
        ),
        stages=[
            motion_pb2.StageTime(stage=stage, ms=ms, passes=result.passes.get(stage, 0))
            for stage, ms in result.stage_ms.items()
        ],
        degraded=result.degraded,
        bundle_sha256=bundle_sha256,
    )


def _rounded(stage_ms: dict[str, float]) -> dict[str, float]:
    return {f"{stage}_ms": round(ms, 3) for stage, ms in stage_ms.items() if stage != "total"}


def _deadline(asked: Request, arrived: float, remaining_s: float | None) -> float:
    """When the first chunk must be sent, monotonic; infinity without a budget: the plan is then made whole."""
    if asked.budget_ms is None:
        return math.inf
    return arrived + min(asked.budget_ms / 1000, math.inf if remaining_s is None else remaining_s)


async def _abort_invalid(context: Context, error: InvalidInput) -> NoReturn:
    trailers = ((FIELD_TRAILER, error.field),)
    await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error), trailers)
    raise AssertionError("abort always raises")


async def _abort_internal(context: Context, request: motion_pb2.GenerateRequest, error: Exception) -> NoReturn:
    # The exception's own text may quote the prompt, so the log gets its type and the way it came, and both sides a
    # hash of the request by which they can speak about it.
    reference = hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()[:12]
    log.error("request %s failed with %s at %s", reference, type(error).__name__, way_of(error))
    message = f"the server failed on this request; its log says why under reference {reference}"
    await context.abort(grpc.StatusCode.INTERNAL, message)
    raise AssertionError("abort always raises")
