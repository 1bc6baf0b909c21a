"""Everything of a server but its transport: the servicers, their scheduler, who may call, what is kept of calls.

grpc.aio (`sdk.service.server`), gRPC-Web (`sdk.service.web`) and Ray Serve (`sdk.deploy`) are shells around it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from emomotion.v1 import clip_pb2, compose_pb2, face_pb2, live_pb2, motion_pb2
from sdk.runtime.character import Postures
from sdk.runtime.scheduler import Rank, Scheduler
from sdk.service.access import Door, RateLimit, Tokens, client_of
from sdk.service.clips import ClipServicer
from sdk.service.compose import ComposeEngineLike, ComposeServicer
from sdk.service.face import FaceEngineLike, FaceServicer
from sdk.service.handlers import Method, methods_of
from sdk.service.live import LiveEngineLike, LiveServicer
from sdk.service.metrics import Metrics
from sdk.service.motion import MotionEngineLike, MotionServicer
from sdk.service.watch import Watch

MOTION = motion_pb2.DESCRIPTOR.services_by_name["MotionService"]
LIVE = live_pb2.DESCRIPTOR.services_by_name["LiveService"]
COMPOSE = compose_pb2.DESCRIPTOR.services_by_name["ComposeService"]
CLIP = clip_pb2.DESCRIPTOR.services_by_name["ClipService"]
FACE = face_pb2.DESCRIPTOR.services_by_name["FaceService"]
SERVICES = (MOTION, LIVE, COMPOSE, CLIP, FACE)
"""All that there are; a core without faces has not the last one."""
MAX_RECEIVE_BYTES = 1 << 20
"""No message of a caller may be longer, over whatever transport."""
MAX_METADATA_BYTES = 1 << 14
"""Nor may what it sends besides its messages."""


class EngineLike(MotionEngineLike, LiveEngineLike, ComposeEngineLike, Protocol):
    """What a server needs of `sdk.runtime.engine.Engine`."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Who may call, how much, and what is kept. The defaults are for one machine: no tokens, no rate.

    tokens: who may call. rate, burst: calls a second and at once of each client, 0 for no limit. max_streams,
    max_streams_per_client: of live characters and faces. traces: a span of OpenTelemetry for every call. log_prompts:
    let the log tell what was asked for.
    """

    tokens: Tokens = field(default_factory=Tokens)
    rate: float = 0.0
    burst: float = 20.0
    max_streams: int = 64
    max_streams_per_client: int = 64
    traces: bool = False
    log_prompts: bool = False


class Core:
    """The servicers over one engine, and over one of faces, if there is one.

    `warm_up` opens them, `close` ends the threads for models.
    """

    def __init__(
        self, engine: EngineLike, rules: Rules, metrics: Metrics, *, faces: FaceEngineLike | None = None
    ) -> None:
        self._engine = engine
        self._scheduler = Scheduler()
        self._door = Door(
            rules.tokens, RateLimit(rules.rate, rules.burst),
            max_streams=rules.max_streams, max_streams_per_client=rules.max_streams_per_client,
        )  # fmt: skip
        name_of = partial(client_of, tokens=rules.tokens)
        watch = Watch(metrics, name_of, traces=rules.traces, prompts=rules.log_prompts)
        self._motion = MotionServicer(engine, self._scheduler, self._door, metrics)
        self._live = LiveServicer(engine, self._scheduler, self._door, metrics)
        self._compose = ComposeServicer(engine, self._scheduler, self._door, metrics)
        self._clips = ClipServicer(engine, self._scheduler, self._door, metrics)
        self._face = None if faces is None else FaceServicer(faces, self._door, metrics)
        making = ((MOTION, self._motion), (LIVE, self._live), (COMPOSE, self._compose), (CLIP, self._clips))
        servicers = (*making, (FACE, self._face))
        self.services = tuple(service for service, servicer in servicers if servicer is not None)
        self.methods: list[Method] = [
            method
            for service, servicer in servicers
            if servicer is not None
            for method in methods_of(service, servicer, watch, rules.tokens)
        ]
        metrics.watch("queue_length", "Work that has not begun.", lambda: self.waiting)
        metrics.watch("streams", "Live characters and faces that are open.", lambda: self.streams)

    @property
    def bundle_sha256(self) -> str:
        """Hash of the bundle that new calls get."""
        return self._engine.bundle.sha256

    @property
    def waiting(self) -> int:
        """How many generations have not begun."""
        return self._scheduler.waiting

    @property
    def streams(self) -> int:
        """How many live characters and faces are open."""
        return self._door.streams

    async def warm_up(self) -> None:
        """Let the engine warm up on its thread, then answer calls; until then they are UNAVAILABLE."""
        postures = await self._warmed(self._engine)
        if self._face is not None:
            await self._face.warm_up()
        self._motion.ready = self._compose.ready = self._clips.ready = True
        self._live.use(self._engine, postures)

    async def reload(self, load: Callable[[], EngineLike]) -> None:
        """Change to another engine while calls and streams go on; those that run keep the one they began with.

        Raises whatever `load` raises; the old engine then stays.
        """
        engine = await asyncio.to_thread(load)
        postures = await self._warmed(engine)
        self._engine = engine
        self._motion.use(engine)
        self._compose.use(engine)
        self._clips.use(engine)
        self._live.use(engine, postures)

    async def close(self) -> None:
        """Refuse what waits and end the threads for models."""
        await asyncio.to_thread(self._scheduler.close)
        if self._face is not None:
            await asyncio.to_thread(self._face.close)

    async def _warmed(self, engine: EngineLike) -> Postures:
        """Warm an engine up on the thread for models, everybody else going first."""
        await asyncio.wrap_future(self._scheduler.submit(engine.warm_up, rank=Rank.BACKGROUND))
        return await asyncio.wrap_future(self._scheduler.submit(engine.measured_postures, rank=Rank.BACKGROUND))
