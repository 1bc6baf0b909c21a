"""Budgets over the wire: kept, lowered with a word, or refused at once with the right status. The fake engine says that
its plan `default` takes 50 ms and `fast` 20.
"""

import contextlib

import grpc
import pytest

from emomotion.v1 import motion_pb2, motion_pb2_grpc
from sdk.client import Client
from sdk.errors import InvalidInput, ServerError
from tests.service.conftest import PATIENCE_S, Live

WALK = "a person walks forward"


@pytest.mark.parametrize(
    ("budget_ms", "asked", "plan", "degraded"),
    [
        (10_000, None, "default", False),
        (45, None, "fast", True),
        (45, "fast", "fast", False),
        (10_000, "fast", "fast", False),
    ],
)
def test_the_best_plan_that_fits_is_used_and_said(
    client: Client, budget_ms: float, asked: str | None, plan: str, degraded: bool
) -> None:
    clip = client.generate(WALK, seconds=1, plan=asked, budget_ms=budget_ms)
    assert (clip.plan, clip.degraded) == (plan, degraded)
    assert clip.budget_left_ms is not None and clip.budget_left_ms < budget_ms
    assert clip.stage_ms["queue"] >= 0


def test_a_budget_that_no_plan_keeps_is_refused_with_what_would_do(live: Live, channel: grpc.Channel) -> None:
    call = motion_pb2_grpc.MotionServiceStub(channel).Generate(motion_pb2.GenerateRequest(text=WALK, budget_ms=15))
    with pytest.raises(grpc.RpcError) as refusal:
        list(call)
    assert refusal.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "budget_ms 15 is too small" in refusal.value.details()
    assert "the cheapest plan, 'fast', takes about 24 ms" in refusal.value.details()
    assert dict(refusal.value.trailing_metadata())["grpc-retry-pushback-ms"] == "-1"
    assert live.engine.requests == [], "nothing ran"


def test_a_named_plan_that_is_the_cheapest_is_all_there_is(client: Client) -> None:
    with pytest.raises(ServerError, match="takes about 24 ms") as refusal:
        client.generate(WALK, plan="fast", budget_ms=10)
    assert refusal.value.status == "FAILED_PRECONDITION"


@pytest.mark.parametrize("budget_ms", [0, 0.99, -5, 600_001, float("nan"), float("inf")])
def test_a_budget_outside_the_range_is_named(client: Client, budget_ms: float) -> None:
    with pytest.raises(InvalidInput, match=r"budget_ms must lie in 1\.\.600000") as refusal:
        client.generate(WALK, budget_ms=budget_ms)
    assert refusal.value.field == "budget_ms"


def test_a_full_queue_refuses_and_says_when_to_come_back(live: Live, channel: grpc.Channel) -> None:
    live.engine.gate.clear()
    stub = motion_pb2_grpc.MotionServiceStub(channel)
    running = stub.Generate(motion_pb2.GenerateRequest(text=WALK, budget_ms=2000))
    assert live.engine.entered.acquire(timeout=PATIENCE_S)
    waiting = [stub.Generate(motion_pb2.GenerateRequest(text=WALK, budget_ms=2400)) for _ in range(150)]
    # 20 ms for each of them: the queue is full at about 120.
    live.until(lambda: live.server.core.waiting + sum(call.done() for call in waiting) == 150)
    live.engine.gate.set()
    assert len(list(running)) > 2, "the one that runs is not disturbed"
    outcomes = [status_of(call) for call in waiting]
    refused = [trailers for status, trailers in outcomes if status == "RESOURCE_EXHAUSTED"]
    assert 20 <= len(refused) < 150
    assert all(0 < int(trailers["grpc-retry-pushback-ms"]) < 2400 for trailers in refused)
    assert {status for status, _ in outcomes} <= {"OK", "RESOURCE_EXHAUSTED"}


def status_of(call: grpc.Call) -> tuple[str, dict[str, str]]:
    """How a stream ended, and its trailers."""
    with contextlib.suppress(grpc.RpcError):
        list(call)
    return call.code().name, dict(call.trailing_metadata())


def test_the_clients_own_deadline_counts_when_it_is_earlier(client: Client) -> None:
    with pytest.raises(ServerError) as refusal:
        client.generate(WALK, budget_ms=60_000, timeout_s=0.010)
    assert refusal.value.status in {"FAILED_PRECONDITION", "DEADLINE_EXCEEDED"}


def test_without_a_budget_nothing_is_promised_and_nothing_lowered(client: Client) -> None:
    clip = client.generate(WALK, seconds=1)
    assert (clip.plan, clip.degraded, clip.budget_left_ms) == ("default", False, None)
