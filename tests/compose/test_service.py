"""ComposeService over a fake engine: what is sent arrives, what is wrong is named, what is cancelled stops."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import grpc
import numpy as np
import pytest

from emomotion.v1 import compose_pb2, compose_pb2_grpc
from sdk.client import AsyncClient, Client
from sdk.clips.read import read_tags
from sdk.emotion import Affect
from sdk.errors import InvalidInput, ServerError
from sdk.runtime.composition import Beat, Composition, Goal, Span
from sdk.wire import FIELD_TRAILER
from tests.service.conftest import Live
from tests.synthetic import walking

BEATS = [Beat("a person walks", Affect.of("joy", 1.0), 2.0), Beat("a person waves", None, 1.0)]


@pytest.fixture
def stub(channel: grpc.Channel) -> Iterator[compose_pb2_grpc.ComposeServiceStub]:
    yield compose_pb2_grpc.ComposeServiceStub(channel)


def test_a_composition_arrives_whole_and_its_clip_comes_back(live: Live, client: Client) -> None:
    source = walking(2.0)
    asked = Composition(beats=BEATS, seed=2**64 - 1, source=source, keep=[Span(0, 1)])
    clip = client.compose(asked)
    (seen,) = live.engine.compositions
    assert seen.beats == asked.beats and seen.keep == asked.keep and seen.source is not None
    np.testing.assert_array_equal(seen.source.rotations, np.float32(source.rotations))
    assert clip.text == "a person walks; a person waves" and clip.seed == 2**64 - 1
    assert clip.seconds == 3.0 and len(clip.motion) == 91 and clip.notes == ("nothing was bent",)
    assert quiet(clip.motion.positions[:31] - source.positions[:31])
    assert clip.stage_ms["queue"] >= 0


def test_goals_arrive_as_they_were_asked_for(live: Live, client: Client) -> None:
    goals = [Goal("right_wrist", 1.0, [-0.2, 1.2, 0.4], [0, 0, 0, 1], 0.5, True, 0.3), Goal("left_ankle", 0, [0, 1, 0])]
    client.compose(Composition(beats=BEATS, seed=1, goals=goals))
    (seen,) = live.engine.compositions
    for got, asked in zip(seen.goals, goals, strict=True):
        assert (got.effector, got.seconds, got.hold_s, got.place, got.ease_s) == (
            asked.effector, asked.seconds, asked.hold_s, asked.place, asked.ease_s,
        )  # fmt: skip
        np.testing.assert_array_equal(got.position, asked.position)
    np.testing.assert_array_equal(seen.goals[0].rotation, [0, 0, 0, 1])
    assert seen.goals[1].rotation is None


def test_a_loop_says_which_stretch_it_plays_and_its_file_what_is_felt_there(client: Client, tmp_path: Path) -> None:
    looped = Composition(beats=BEATS, seed=1, loop=True)
    assert client.compose(looped).stretch == (0.5, 3.5) and client.compose(replace(looped, loop=False)).stretch is None
    tags = read_tags(client.export(looped, folder=tmp_path).files[0]).tags
    told = [(span.start_s, span.end_s, span.affect.label) for span in tags.segments]
    assert told == [(0, 1.5, "joy"), (1.5, 3, "neutral")]


def quiet(gaps: np.ndarray) -> bool:
    return bool(np.abs(gaps).max() < 1e-6)


def test_the_client_for_asyncio_composes_too(live: Live) -> None:
    async def go() -> int:
        async with AsyncClient(live.address) as client:
            return len((await client.compose(Composition(beats=BEATS, seed=1))).motion)

    assert asyncio.run(go()) == 91


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"beats": []}, "beats"),
        ({"beats": [{"text": "a person walks", "seconds": 30.0}] * 20}, "beats"),
        ({"beats": [{"text": " ", "seconds": 1.0}]}, "beats.text"),
        ({"beats": [{"text": "a person walks"}]}, "beats.seconds"),
        ({"plan": "bestest"}, "plan"),
        ({"speed": 9.0}, "speed"),
        ({"keep": [{"start_s": 0.0, "end_s": 1.0}]}, "source"),
        ({"goals": [{"effector": 1, "seconds": 3.0, "position": [0.0, 1.0, 0.0]}]}, "goals.seconds"),
        ({"goals": [{"position": [0.0, 1.0, 0.0]}]}, "goals.effector"),
        ({"route": {"points": [{"seconds": 1.0}, {"seconds": 0.5}]}}, "route.seconds"),
    ],
)
def test_a_wrong_field_is_named(
    live: Live,
    stub: compose_pb2_grpc.ComposeServiceStub,
    fields: dict,
    field: str,
) -> None:
    beat = {"beats": [{"text": "a person walks", "seconds": 2.0}]}
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.Compose(compose_pb2.ComposeRequest(**{**beat, **fields})))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert dict(caught.value.trailing_metadata())[FIELD_TRAILER] == field
    assert live.engine.compositions == []


def test_the_client_raises_what_the_server_refuses(live: Live, client: Client) -> None:
    with pytest.raises(InvalidInput) as refused:
        client.compose(Composition(beats=BEATS, plan="bestest"))
    assert refused.value.field == "plan"


def test_a_call_that_is_cancelled_stops_the_work(live: Live, stub: compose_pb2_grpc.ComposeServiceStub) -> None:
    live.engine.gate.clear()
    call = stub.Compose(compose_pb2.ComposeRequest(beats=[{"text": "a person walks", "seconds": 2.0}]))
    assert live.engine.entered.acquire(timeout=20)
    call.cancel()
    assert live.engine.was_cancelled.wait(20)


def test_a_server_that_warms_up_says_so(cold: Live) -> None:
    cold.start(warm=False)
    with Client(cold.address) as early, pytest.raises(ServerError) as refused:
        early.compose(Composition(beats=BEATS))
    assert refused.value.status == "UNAVAILABLE"
