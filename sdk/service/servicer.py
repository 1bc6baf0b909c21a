"""MotionService: validates, lets the engine work on one thread, and streams what it made.

Knows no ONNX: the engine is anything with the interface of `EngineLike`.
"""

import asyncio
import hashlib
import logging
import threading
import traceback
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn, Protocol, TypeVar

import grpc
from grpc.aio import ServicerContext as Context

from emomotion.v1 import info_pb2, motion_pb2
from sdk.errors import InvalidInput
from sdk.runtime.engine import Cancelled, Request, Result
from sdk.service.facts import BundleLike, info_reply
from sdk.service.validation import request_from_wire
from sdk.wire import FIELD_TRAILER, affect_to_wire, motion_to_wire

log = logging.getLogger("emomotion.service")
Value = TypeVar("Value")


class EngineLike(Protocol):
    """What the service needs of `sdk.runtime.engine.Engine`."""

    @property
    def bundle(self) -> BundleLike: ...

    def warm_up(self) -> None: ...

    def generate(self, request: Request, *, cancelled: Callable[[], bool] | None = None) -> Result: ...


class Worker:
    """One thread for the engine, so that the event loop stays free; work waits its turn in order of arrival."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="emomotion-worker")
        self._closing = threading.Event()

    async def run(self, work: Callable[[Callable[[], bool]], Value]) -> Value:
        """Result of `work(cancelled)`. A cancelled caller makes `cancelled()` true; work still waiting is dropped."""
        caller_left = threading.Event()

        def cancelled() -> bool:
            return caller_left.is_set() or self._closing.is_set()

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, cancelled)
        except asyncio.CancelledError:
            caller_left.set()
            raise

    def close(self) -> None:
        """Cancel all work, wait for the thread to end. Blocks: call it off the event loop."""
        self._closing.set()
        self._pool.shutdown(wait=True, cancel_futures=True)


class MotionServicer:
    """Methods of MotionService over one engine. Refuses to generate until `ready` is set."""

    def __init__(self, engine: EngineLike, worker: Worker) -> None:
        self._engine = engine
        self._worker = worker
        self._info = info_reply(engine.bundle)
        self.ready = False

    async def GetInfo(self, request: info_pb2.GetInfoRequest, context: Context) -> info_pb2.GetInfoReply:
        """Facts of the bundle; available from the start."""
        return self._info

    async def Generate(
        self, request: motion_pb2.GenerateRequest, context: Context
    ) -> AsyncIterator[motion_pb2.GenerateReply]:
        """Header, chunks, status. Nothing is sent before the whole motion stands, so a refusal is always clean."""
        if not self.ready:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the server is warming up; try again in a few seconds")
        try:
            asked = request_from_wire(request)
            result = await self._worker.run(lambda cancelled: self._make(asked, cancelled))
        except InvalidInput as error:
            if not error.field:  # not about the request: the engine produced something impossible
                await _abort_internal(context, request, error)
            await _abort_invalid(context, error)
        except Cancelled:
            await context.abort(grpc.StatusCode.CANCELLED, "the call was cancelled")
        except Exception as error:
            await _abort_internal(context, request, error)
        for message in motion_to_wire(result.motion):
            yield message
        yield motion_pb2.GenerateReply(status=self._status(asked, result))

    def _make(self, request: Request, cancelled: Callable[[], bool]) -> Result:
        result = self._engine.generate(request, cancelled=cancelled)
        _ = result.motion.contacts  # computed and cached here, on the worker's thread
        return result

    def _status(self, asked: Request, result: Result) -> motion_pb2.GenerateStatus:
        used, bundle = result.request, self._engine.bundle
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
            stages=[motion_pb2.StageTime(stage=stage, ms=ms) for stage, ms in result.stage_ms.items()],
            degraded=result.plan != bundle.manifest.plan(asked.plan, asked.generator).name,
            bundle_sha256=bundle.sha256,
        )


async def _abort_invalid(context: Context, error: InvalidInput) -> NoReturn:
    trailers = ((FIELD_TRAILER, error.field),)
    await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error), trailers)
    raise AssertionError("abort always raises")


async def _abort_internal(context: Context, request: motion_pb2.GenerateRequest, error: Exception) -> NoReturn:
    # The exception's own text may quote the prompt, so the log gets its type and the way it came, and both sides a
    # hash of the request by which they can speak about it.
    reference = hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()[:12]
    way = " <- ".join(f"{f.filename}:{f.lineno} {f.name}" for f in reversed(traceback.extract_tb(error.__traceback__)))
    log.error("request %s failed with %s at %s", reference, type(error).__name__, way)
    message = f"the server failed on this request; its log says why under reference {reference}"
    await context.abort(grpc.StatusCode.INTERNAL, message)
    raise AssertionError("abort always raises")
