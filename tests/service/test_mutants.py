"""Mutated messages: whatever comes, the answer is a clean status, and the next call works."""

import random

import grpc
import pytest

from sdk.client import Client
from tests.service.conftest import PATIENCE_S, Live
from tests.service.mutants import CLEAN, mutants, valid_messages

WALK = "a person walks forward"


@pytest.mark.parametrize("seed", range(4))
def test_mutated_requests_get_a_clean_status(live: Live, channel: grpc.Channel, client: Client, seed: int) -> None:
    generate = channel.unary_stream("/emomotion.v1.MotionService/Generate")
    found = set()
    for data, _ in zip(mutants(valid_messages()[0], random.Random(seed)), range(150), strict=False):
        found.add(status_of(generate(data, timeout=PATIENCE_S)))
    assert found <= CLEAN and {"OK", "INVALID_ARGUMENT"} <= found
    assert len(client.generate(WALK, seconds=1).motion) == 31


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_mutated_streams_get_a_clean_status(live: Live, channel: grpc.Channel, client: Client, kind: int) -> None:
    drive = channel.stream_stream("/emomotion.v1.LiveService/Drive")
    valid, draw = valid_messages(), random.Random(kind)
    found = set()
    for data, _ in zip(mutants(valid[kind], draw), range(60), strict=False):
        parts = [data] if kind < 3 else [valid[1].SerializeToString(), data]
        found.add(status_of(drive(iter(parts), timeout=PATIENCE_S)))
    assert found <= CLEAN and "INVALID_ARGUMENT" in found
    live.until(lambda: live.server.core.streams == 0)
    with client.drive(WALK) as stream:
        assert next(iter(stream)).number == 0


def status_of(call: grpc.Call) -> str:
    """How a call ended, its replies thrown away."""
    try:
        for _ in call:
            pass
    except grpc.RpcError:
        pass
    return str(call.code().name)
