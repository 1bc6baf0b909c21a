"""ComposeService: puts compositions in the queue behind live characters, and streams what was made."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Protocol

from emomotion.v1 import compose_pb2, motion_pb2
from sdk.compose_wire import composition_from_wire
from sdk.runtime.composition import Composition
from sdk.runtime.engine import Result, Turn
from sdk.runtime.scheduler import Rank, Scheduler
from sdk.service.access import Door
from sdk.service.answers import admitted, status_of
from sdk.service.context import Context
from sdk.service.facts import BundleLike
from sdk.service.metrics import Metrics
from sdk.service.watch import note
from sdk.wire import motion_to_wire


class ComposeEngineLike(Protocol):
    """What the service needs of `sdk.runtime.engine.Engine`."""

    @property
    def bundle(self) -> BundleLike: ...

    def compose(self, composition: Composition, *, turn: Turn | None = None) -> Result: ...


class ComposeServicer:
    """Methods of ComposeService over one engine. Refuses to work until `ready` is set."""

    def __init__(self, engine: ComposeEngineLike, scheduler: Scheduler, door: Door, metrics: Metrics) -> None:
        self._scheduler, self._door, self._metrics = scheduler, door, metrics
        self.use(engine)
        self.ready = False

    def use(self, engine: ComposeEngineLike) -> None:
        """Answer from another engine from now on; calls that run stay with theirs."""
        self._engine = engine

    async def Compose(
        self, request: compose_pb2.ComposeRequest, context: Context
    ) -> AsyncIterator[motion_pb2.GenerateReply]:
        """Header, chunks, status. Nothing is sent before the whole motion stands, so a refusal is always clean."""
        arrived = time.monotonic()
        engine = self._engine
        async with admitted(request, context, ready=self.ready, door=self._door, metrics=self._metrics):
            asked = composition_from_wire(request)
            result = await composed(engine, asked, self._scheduler, self._metrics, arrived)
        for message in motion_to_wire(result.motion):
            yield message
        yield motion_pb2.GenerateReply(status=status_of(result, engine.bundle.sha256))


async def composed(
    engine: ComposeEngineLike, asked: Composition, scheduler: Scheduler, metrics: Metrics, arrived: float
) -> Result:
    """The motion of a composition, made when its turn comes, and counted. Raises Refused, Closed, Cancelled,
    InvalidInput.

    Live characters go first, between any two passes; among requests those with a deadline.
    """

    def work(turn: Turn) -> Result:
        queue_ms = 1000 * (time.monotonic() - arrived)
        made = engine.compose(asked, turn=turn)
        stages = {"queue": queue_ms, **made.stage_ms, "total": made.stage_ms["total"] + queue_ms}
        return replace(made, stage_ms=stages)

    engine.bundle.manifest.plan(asked.plan, asked.generator)
    note(text="; ".join(beat.text for beat in asked.beats), seconds=asked.seconds)
    result = await asyncio.wrap_future(scheduler.submit(work, rank=Rank.REQUEST))
    note(plan=result.plan, degraded=result.degraded)
    for stage, ms in result.stage_ms.items():
        metrics.stage.labels(stage).observe(ms / 1000)
    return result
