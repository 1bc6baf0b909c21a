"""What services that make motion have in common: who comes in, how failures are told, and how a clip was made."""

import hashlib
import logging
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

import grpc
from google.protobuf.message import Message

from emomotion.v1 import motion_pb2
from sdk.errors import InvalidInput
from sdk.runtime.engine import Cancelled, Result
from sdk.runtime.planner import OverBudget
from sdk.runtime.scheduler import Closed, Late, Refused
from sdk.service.access import Door
from sdk.service.context import Context
from sdk.service.metrics import Metrics
from sdk.service.watch import way_of
from sdk.wire import FIELD_TRAILER, PUSHBACK_TRAILER, affect_to_wire

log = logging.getLogger("emomotion.service")


@asynccontextmanager
async def admitted(
    request: Message, context: Context, *, ready: bool, door: Door, metrics: Metrics
) -> AsyncIterator[None]:
    """Around the work of a call, until it answers: nobody comes in who may not or too early, and what goes wrong ends
    the call with the status that the protos promise.
    """
    if not ready:
        await context.abort(grpc.StatusCode.UNAVAILABLE, "the server is warming up; try again in a few seconds")
    await door.admit(context)
    try:
        yield
    except InvalidInput as error:
        if not error.field:  # not about the request: the engine produced something impossible
            await _abort_internal(context, request, error)
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error), ((FIELD_TRAILER, error.field),))
    except Cancelled:
        await context.abort(grpc.StatusCode.CANCELLED, "the call was cancelled")
    except OverBudget as error:
        metrics.refused.labels("budget").inc()
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error), ((PUSHBACK_TRAILER, "-1"),))
    except Refused as error:
        metrics.refused.labels("queue").inc()
        pushback = ((PUSHBACK_TRAILER, str(math.ceil(1000 * error.wait_s))),)
        await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, str(error), pushback)
    except Late as error:
        metrics.refused.labels("late").inc()
        await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, str(error))
    except Closed as error:
        await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
    except Exception as error:
        await _abort_internal(context, request, error)


async def _abort_internal(context: Context, request: Message, error: Exception) -> NoReturn:
    # The exception's own text may quote the prompt, so the log gets its type and the way it came, and both sides a
    # hash of the request by which they can speak about it.
    reference = hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()[:12]
    log.error("request %s failed with %s at %s", reference, type(error).__name__, way_of(error))
    message = f"the server failed on this request; its log says why under reference {reference}"
    await context.abort(grpc.StatusCode.INTERNAL, message)
    raise AssertionError("abort always raises")


def status_of(result: Result, bundle_sha256: str) -> motion_pb2.GenerateStatus:
    """How a clip was made, as the last part of a reply."""
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
        notes=result.notes,
        stretch=None
        if result.stretch is None
        else motion_pb2.Stretch(start_s=result.stretch[0], end_s=result.stretch[1]),
        made_with=[
            motion_pb2.MadeWith(name=name, version=version) for name, version in sorted(result.made_with.items())
        ],
    )
