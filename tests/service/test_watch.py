"""What operators read of calls: one line each, a span each, and no word of a prompt unless they ask for it."""

import contextlib
import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest

from sdk.client import Client
from sdk.errors import InvalidInput, ServerError
from sdk.service import watch
from sdk.service.watch import JsonLines, PlainLines, Watch, note, start_log
from tests.service.conftest import Live

WALK = "a person walks forward"
Start = Callable[..., Live]


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict]]]:
    """What the access log wrote so far, as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("emomotion.access")
    logger.addHandler(handler)
    before = logger.level
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(before)


def test_every_call_is_a_line_without_its_words(live: Live, client: Client, lines: Callable[[], list[dict]]) -> None:
    client.generate(WALK, seconds=1, budget_ms=45)
    with contextlib.suppress(InvalidInput):
        client.generate(WALK, seconds=99)
    with client.drive(WALK) as stream:
        next(iter(stream))
        stream.end()
        list(stream)
    live.until(lambda: len(lines()) == 3)
    done, refused, drive = lines()
    assert (done["method"], done["status"], done["plan"], done["degraded"]) == ("Generate", "OK", "fast", True)
    assert done["client"].startswith("ipv4:127.0.0.1") and done["ms"] > 0 and done["masked_ms"] == 20.0
    assert done["budget_ms"] == 45 and done["late"] is False
    assert refused["status"] == "INVALID_ARGUMENT"
    assert (drive["method"], drive["status"]) == ("Drive", "OK") and drive["frames"] >= 1
    assert WALK not in json.dumps(lines())


def test_prompts_are_told_to_who_asks_for_them(start: Start, lines: Callable[[], list[dict]]) -> None:  # noqa: F811
    live = start(log_prompts=True)
    with Client(live.address) as client:
        client.generate(WALK, seconds=1)
    live.until(lambda: len(lines()) == 1)
    assert lines()[0]["text"] == WALK


def test_a_line_for_people_says_the_same(live: Live, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="emomotion.access"):
        client.generate(WALK, seconds=1)
        live.until(lambda: len(caplog.records) >= 1)
    line = PlainLines().format(caplog.records[-1])
    assert "Generate OK in" in line and "plan='default'" in line and "\n" not in line


def test_outside_of_a_call_nothing_is_noted() -> None:
    note(plan="best")


def test_the_log_has_the_form_and_begins_at_the_level_that_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = logging.getLogger()
    before = (root.level, root.handlers[:])
    try:
        start_log(kind="json", level="warning")
        logging.getLogger("emomotion").warning("a %s", "word")
        logging.getLogger("emomotion").info("not this")
        [line] = capsys.readouterr().err.splitlines()
        assert json.loads(line)["message"] == "a word" and json.loads(line)["level"] == "WARNING"
    finally:
        root.setLevel(before[0])
        root.handlers[:] = before[1]


def test_a_call_is_a_span_behind_the_callers(
    start: Start, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    pytest.importorskip("opentelemetry.sdk", reason="OpenTelemetry is absent: pip install -e '.[otel]'")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr("opentelemetry.trace.get_tracer", provider.get_tracer)
    live = start(traces=True)
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with Client(live.address) as client:
        client._metadata = (("traceparent", parent),)
        client.generate(WALK, seconds=1)
        with contextlib.suppress(ServerError):
            client.generate(WALK, budget_ms=5)
    live.until(lambda: len(kept.get_finished_spans()) == 2)
    done, refused = kept.get_finished_spans()
    assert done.name == "Generate" and f"{done.context.trace_id:032x}" == parent[3:35]
    assert done.attributes["rpc.grpc.status"] == "OK" and done.attributes["emomotion.plan"] == "default"
    assert refused.attributes["rpc.grpc.status"] == "FAILED_PRECONDITION"
    assert WALK not in str(dict(done.attributes))


def test_traces_without_opentelemetry_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry", None)
    with pytest.raises(InvalidInput, match=r"needs OpenTelemetry; .*'\.\[otel\]'"):
        watch.tracer()
    with pytest.raises(InvalidInput, match=r"needs OpenTelemetry; .*'\.\[otel\]'"):
        watch.export_traces()
    with pytest.raises(InvalidInput):
        Watch(None, str, traces=True)  # type: ignore[arg-type]
