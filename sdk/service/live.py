"""LiveService: one task a character sends a frame when it is due, and lets the scheduler make windows for it.

Knows no ONNX: the engine is anything with the interface of `LiveEngineLike`.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from typing import Protocol

import grpc

from emomotion.v1 import live_pb2
from sdk.errors import EmoMotionError, InvalidInput
from sdk.motion.idle import idle_loop
from sdk.motion.motion import Motion
from sdk.motion.skeleton import BODY
from sdk.runtime import limits
from sdk.runtime.character import WINDOW_S, Character, Order, Postures, Source
from sdk.runtime.engine import Request, Result, Turn
from sdk.runtime.scheduler import Rank, Scheduler
from sdk.service.access import Door
from sdk.service.context import Context
from sdk.service.facts import BundleLike
from sdk.service.live_messages import Start, frame_to_wire, start_from_wire, wish_from_wire
from sdk.service.metrics import Metrics
from sdk.service.watch import note
from sdk.wire import FIELD_TRAILER, skeleton_to_wire

log = logging.getLogger("emomotion.service")
FIRST_S = 0.06
"""A stream waits so long for its first window before it begins standing."""
URGENT_S = 0.04
"""A window that a change waits for may take so long, by a plan that is foreseen to: with the wait for the next frame it
is on the wire in a tenth of a second. The windows behind it have time for a better plan."""
SLOW = 2.0
"""It may take so many times what the cheapest plan is foreseen to take, if that is more."""
MOST_LAG_S = 0.25
"""A client that has fallen behind by more than this gets the present frame and not those it has missed."""
STALLED_S = 10.0
"""A client that takes no frame for so long is gone."""
LIVE_SHARE = 0.5
"""Share of the engine's time that windows which only go on may take, all characters together; changes, requests and a
busy machine need the rest. When characters are many, each gets a cheaper plan, and none a late window."""
LEARN = 0.2
"""Share by which the latest urgent window's latency changes what is foreseen for the next."""


class LiveEngineLike(Protocol):
    """What the service needs of `sdk.runtime.engine.Engine`."""

    @property
    def bundle(self) -> BundleLike: ...

    def cheapest(self, request: Request, *, played: int = 0) -> tuple[str, float]: ...

    def affordable(self, request: Request, seconds: float, *, played: int = 0) -> str: ...

    def extend(self, request: Request, played: Motion | None, frames: int, *, turn: Turn | None = None) -> Result: ...

    def measured_postures(self, turn: Turn | None = None) -> Postures: ...


class LiveServicer:
    """Methods of LiveService over one engine. Refuses streams until the first `use`."""

    def __init__(self, engine: LiveEngineLike, scheduler: Scheduler, door: Door, metrics: Metrics) -> None:
        self._engine, self._scheduler, self._door, self._metrics = engine, scheduler, door, metrics
        self._postures: Postures | None = None
        self._open = 0

    def use(self, engine: LiveEngineLike, postures: Postures) -> None:
        """Drive new streams with this engine; those that are open stay with theirs."""
        self._engine, self._postures = engine, postures

    async def Drive(self, requests: AsyncIterator[live_pb2.DriveRequest], context: Context) -> None:
        """One character, from its start to the client's end."""
        postures = self._postures
        if postures is None:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the server is warming up; try again in a few seconds")
            raise AssertionError("abort always raises")
        trailers: tuple[tuple[str, str], ...] = ()
        try:
            async with self._door.stream(context):
                await self._drive(aiter(requests), context, postures)
            return
        except InvalidInput as error:
            code, message, trailers = grpc.StatusCode.INVALID_ARGUMENT, str(error), ((FIELD_TRAILER, error.field),)
            # Its frames hold the stream, whose reader holds it: memory that only a full collection would free.
            error.__traceback__ = None
        except TimeoutError:
            code, message = grpc.StatusCode.RESOURCE_EXHAUSTED, f"the client took no frame for {STALLED_S:g} s"
        # Not while an exception is handled: grpc keeps what abort raises, and that would keep the other one.
        await context.abort(code, message, trailers)

    async def _drive(
        self, requests: AsyncIterator[live_pb2.DriveRequest], context: Context, postures: Postures
    ) -> None:
        first = await anext(requests, None)
        if first is None or first.WhichOneof("part") != "start":
            raise InvalidInput("a stream begins with a start; send DriveRequest.start first", field="start")
        start = start_from_wire(first.start, self._engine.bundle.manifest)
        note(text=start.wish.text)
        stream = _Stream(start, self._engine, self._scheduler, postures, context, self._metrics, share_s=self._share_s)
        reader = asyncio.create_task(stream.read(requests))
        self._open += 1
        try:
            await stream.play(reader)
        finally:
            self._open -= 1
            reader.cancel()
            stream.close()

    def _share_s(self) -> float:
        """Seconds that a window of one of the open streams should take at most."""
        return WINDOW_S * LIVE_SHARE / max(self._open, 1)


class _Stream:
    """One character on the wire."""

    def __init__(
        self, start: Start, engine: LiveEngineLike, scheduler: Scheduler, postures: Postures, context: Context,
        metrics: Metrics, *, share_s: Callable[[], float],
    ) -> None:  # fmt: skip
        self._engine, self._scheduler, self._context, self._metrics = engine, scheduler, context, metrics
        self._share_s = share_s
        self._plan, self._generator = start.plan, start.generator
        self._seed = secrets.randbits(53) if start.seed is None else start.seed
        self._wish = start.wish
        fps = engine.bundle.manifest.fps
        self._character = Character(
            start.wish, seed=self._seed, idle=idle_loop(fps=fps), postures=postures, start=start.resume
        )
        self._loop = asyncio.get_running_loop()
        self._future: Future[Motion] | None = None
        self._latency_s = URGENT_S / 2
        self._arrival = asyncio.Event()
        self._ended = False
        self._left_out = self._idle = 0

    async def read(self, requests: AsyncIterator[live_pb2.DriveRequest]) -> None:
        """Take the client's messages until its end. Raises InvalidInput for one that is wrong or out of place."""
        async for request in requests:
            kind = request.WhichOneof("part")
            if kind == "end":
                self._ended = True
                return
            if kind != "change":
                message = f"a stream has one start, then changes, then an end; got {kind or 'an empty message'}"
                raise InvalidInput(message, field=kind or "part")
            self._wish = wish_from_wire(request.change, self._wish)
            self._character.change(self._wish)
            self._order_if_due()

    async def play(self, reader: "asyncio.Task[None]") -> None:
        """Send the header and frames in real time until the client ends or leaves. Raises what the reader raised."""
        manifest, character = self._engine.bundle.manifest, self._character
        await self._write(
            live_pb2.DriveReply(
                header=live_pb2.DriveHeader(
                    skeleton=skeleton_to_wire(BODY), fps=manifest.fps, seed=self._seed,
                    bundle_sha256=self._engine.bundle.sha256,
                )
            )
        )  # fmt: skip
        self._order_if_due()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_S):
                await self._arrival.wait()
        began, ticks = self._loop.time(), 0
        while not reader.done():
            behind_s = self._loop.time() - began - ticks / manifest.fps
            if behind_s < 0:
                await asyncio.sleep(-behind_s)
            elif behind_s > MOST_LAG_S:
                for _ in range(int(behind_s * manifest.fps)):
                    character.next()
                    ticks, self._left_out = ticks + 1, self._left_out + 1
                    self._metrics.left_out.inc()
            self._order_if_due()
            frame = character.next()
            self._idle += frame.source is Source.IDLE
            self._metrics.frames.labels(frame.source).inc()
            self._metrics.lateness.observe(max(self._loop.time() - began - ticks / manifest.fps, 0.0))
            ticks += 1
            await self._write(live_pb2.DriveReply(frame=frame_to_wire(frame)))
        reader.result()
        note(frames=character.sent, left_out=self._left_out, idle=self._idle)
        if self._ended:
            sent = character.sent - self._left_out
            ended = live_pb2.DriveEnded(frame_count=sent, frames_left_out=self._left_out, frames_idle=self._idle)
            await self._write(live_pb2.DriveReply(ended=ended))

    def close(self) -> None:
        """Give up the window that is being made."""
        if self._future is not None:
            self._future.cancel()
            self._future = None  # its callback holds the stream

    async def _write(self, reply: live_pb2.DriveReply) -> None:
        # Not wait_for: before Python 3.12 it lost a cancellation that came in the moment in which the write was done.
        async with asyncio.timeout(STALLED_S):
            await self._context.write(reply)

    def _order_if_due(self) -> None:
        order = self._character.due(latency_s=self._latency_s)
        if order is None:
            return
        if self._future is not None:
            self._future.cancel()
        # A budget lets the engine take cheaper plans; how long it may be is for the deadline to say.
        request = Request(
            text=order.text, affect=order.affect, seed=order.seed, plan=self._plan, generator=self._generator,
            budget_ms=limits.MAX_BUDGET_MS,
        )  # fmt: skip
        engine, now = self._engine, self._loop.time()
        played = 0 if order.played is None else len(order.played)

        def work(turn: Turn) -> Motion:
            return engine.extend(request, order.played, order.frames, turn=turn).motion

        try:
            most_s = min(self._share_s(), URGENT_S) if order.urgent else self._share_s()
            request = replace(request, plan=engine.affordable(request, most_s, played=played))
            _, least_s = engine.cheapest(request, played=played)
            # On a slow machine a late window is better than none: the character stands until it comes.
            allowed_s = max(order.slack_s, URGENT_S, SLOW * least_s)
            future = self._scheduler.submit(work, deadline=now + allowed_s, least_s=least_s, rank=Rank.LIVE)
        except EmoMotionError:  # too much is asked of the machine just now: the next tick tries again
            self._character.lost(order)
            return
        self._future = future
        future.add_done_callback(lambda done: self._loop.call_soon_threadsafe(self._arrived, order, done, now))

    def _arrived(self, order: Order, done: "Future[Motion]", ordered: float) -> None:
        try:
            made = done.result()
        except (CancelledError, EmoMotionError):
            self._character.lost(order)
        except Exception as error:
            log.error("a window failed with %s", type(error).__name__)
            self._character.lost(order)
        else:
            took_s = self._loop.time() - ordered
            self._metrics.window.observe(took_s)
            if order.urgent:
                self._latency_s += LEARN * (took_s - self._latency_s)
            self._character.accept(order, made)
            self._arrival.set()
