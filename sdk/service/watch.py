"""What is kept of every call: a counter, a line in the log, and, where OpenTelemetry is set up, a span.

The line is one JSON object or plain text. What a prompt said is in neither unless the operator asks for it.
"""

import json
import logging
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import grpc

from sdk.errors import InvalidInput
from sdk.extras import how_to_install
from sdk.service.context import Context
from sdk.service.metrics import Metrics

log = logging.getLogger("emomotion.access")
PRIVATE = ("text",)
"""Facts that only an operator who asks for prompts gets to see."""
Facts = dict[str, Any]


@dataclass
class Call:
    """One call while it runs: its method and what was noted of it."""

    method: str
    status: str = "CANCELLED"
    facts: Facts = field(default_factory=dict)


_present: ContextVar[Call | None] = ContextVar("emomotion_call", default=None)


def way_of(error: BaseException) -> str:
    """Where an error was raised and by what way, the innermost first, without its text, which may quote a prompt."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    return " <- ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)


def note(**facts: Any) -> None:
    """Add to what is kept of the present call; outside of one, nothing."""
    call = _present.get()
    if call is not None:
        call.facts.update(facts)


class Watch:
    """Keeps what was noted. client_of: the name of a call's client. traces: start a span for every call.

    Raises InvalidInput for traces without OpenTelemetry.
    """

    def __init__(
        self, metrics: Metrics, client_of: Callable[[Context], str], *, traces: bool = False, prompts: bool = False
    ) -> None:
        self._metrics, self._client_of, self._prompts = metrics, client_of, prompts
        self._tracer = tracer() if traces else None

    @contextmanager
    def call(self, method: str, context: Context) -> Iterator[Call]:
        """Stand around a call."""
        call, began = Call(method), time.perf_counter()
        _present.set(call)
        span = None if self._tracer is None else self._tracer(method, dict(context.invocation_metadata() or ()))
        try:
            yield call
            call.status = "OK"
        except grpc.aio.AbortError:
            code = context.code()
            call.status = next((c.name for c in grpc.StatusCode if code in (c, c.value[0])), "UNKNOWN")
            raise
        except Exception:
            call.status = "UNKNOWN"
            raise
        finally:
            ms = round(1000 * (time.perf_counter() - began), 3)
            facts = {k: v for k, v in call.facts.items() if self._prompts or k not in PRIVATE}
            self._metrics.calls.labels(method, call.status).inc()
            if log.isEnabledFor(logging.INFO):
                line = {"method": method, "status": call.status, "client": self._client_of(context), "ms": ms, **facts}
                log.info("%s %s in %.1f ms", method, call.status, ms, extra={"call": line})
            if span is not None:
                for name, value in {"rpc.grpc.status": call.status, **facts}.items():
                    span.set_attribute(f"emomotion.{name}" if name in facts else name, value)
                span.end()


def tracer() -> Callable[[str, dict[str, Any]], Any]:
    """Starts a span for a method behind the one that the metadata names. Raises InvalidInput without OpenTelemetry."""
    try:
        from opentelemetry import propagate, trace
    except ImportError:
        message = f"--traces needs OpenTelemetry; {how_to_install('otel')}"
        raise InvalidInput(message, field="traces") from None
    found = trace.get_tracer("emomotion")

    def start(method: str, metadata: dict[str, Any]) -> Any:
        words = {key: value for key, value in metadata.items() if isinstance(value, str)}
        return found.start_span(method, context=propagate.extract(words), kind=trace.SpanKind.SERVER)

    return start


def export_traces() -> None:
    """Send spans to OTEL_EXPORTER_OTLP_ENDPOINT. Raises InvalidInput without OpenTelemetry."""
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        message = f"--traces needs OpenTelemetry; {how_to_install('otel')}"
        raise InvalidInput(message, field="traces") from None
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and what was kept of a call."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}",
            "level": record.levelname, "logger": record.name, "message": record.getMessage(),
            **getattr(record, "call", {}),
        }  # fmt: skip
        return json.dumps(line, default=str)


class PlainLines(logging.Formatter):
    """Text for a person; what was kept of a call stands behind it as name=value."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        kept = {k: v for k, v in getattr(record, "call", {}).items() if k not in ("method", "status", "ms")}
        return super().format(record) + "".join(f" {name}={value!r}" for name, value in kept.items())


def start_log(*, kind: str, level: str) -> None:
    """Write the log to standard error, as `text` or `json`, from a level on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if kind == "json" else PlainLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
