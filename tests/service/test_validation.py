"""Every wrong field gets INVALID_ARGUMENT, one line of text and its name in the trailer; the next call works."""

import math
from typing import Any

import grpc
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from emomotion.v1 import affect_pb2, motion_pb2, motion_pb2_grpc
from sdk.client import Client
from sdk.errors import InvalidInput
from sdk.runtime.engine import Request
from sdk.service.validation import request_from_wire
from sdk.wire import FIELD_TRAILER
from tests.service.conftest import Live

NAN, INF = math.nan, math.inf
JOY = affect_pb2.EMOTION_JOY


def affect(*weights: tuple[int, float], **fields: Any) -> dict[str, Any]:
    entries = [affect_pb2.EmotionWeight(emotion=emotion, weight=weight) for emotion, weight in weights]
    return {"affect": affect_pb2.Affect(weights=entries, **fields)}


def point(valence: float, arousal: float) -> affect_pb2.ValenceArousal:
    return affect_pb2.ValenceArousal(valence=valence, arousal=arousal)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("empty text", {"text": ""}, "text"),
    ("only white space", {"text": " \t\n"}, "text"),
    ("1,001 characters", {"text": "x" * 1001}, "text"),
    ("10,000 characters", {"text": "x" * 10_000}, "text"),
    ("0 seconds", {"seconds": 0.0}, "seconds"),
    ("too short", {"seconds": 0.4999}, "seconds"),
    ("600 seconds", {"seconds": 600.0}, "seconds"),
    ("negative seconds", {"seconds": -1.0}, "seconds"),
    ("NaN seconds", {"seconds": NAN}, "seconds"),
    ("infinite seconds", {"seconds": INF}, "seconds"),
    ("0 fps", {"fps": 0.0}, "fps"),
    ("negative fps", {"fps": -30.0}, "fps"),
    ("121 fps", {"fps": 121.0}, "fps"),
    ("NaN fps", {"fps": NAN}, "fps"),
    ("infinite fps", {"fps": -INF}, "fps"),
    ("unknown plan", {"plan": "best"}, "plan"),
    ("intensity 7", affect((JOY, 1.0), intensity=7.0), "affect.intensity"),
    ("negative intensity", affect((JOY, 1.0), intensity=-0.1), "affect.intensity"),
    ("NaN intensity", affect((JOY, 1.0), intensity=NAN), "affect.intensity"),
    ("NaN intensity alone", affect(intensity=NAN), "affect.intensity"),
    ("unknown emotion", affect((77, 1.0)), "affect.weights"),
    ("negative emotion", affect((-1, 1.0)), "affect.weights"),
    ("unspecified emotion", affect((0, 1.0)), "affect.weights"),
    ("negative weight", affect((JOY, -1.0)), "affect.weights"),
    ("NaN weight", affect((JOY, NAN)), "affect.weights"),
    ("infinite weight", affect((JOY, INF)), "affect.weights"),
    ("weights too large to add", affect((JOY, 1e308), (JOY + 1, 1e308)), "affect.weights"),
    ("only zero weights", affect((JOY, 0.0), (JOY + 1, 0.0)), "affect.weights"),
    ("one emotion twice", affect((JOY, 0.5), (JOY, 0.5)), "affect.weights"),
    ("weights and a point", affect((JOY, 1.0), valence_arousal=point(0.1, 0.1)), "affect.valence_arousal"),
    ("valence 2", affect(valence_arousal=point(2.0, 0.0)), "affect.valence_arousal.valence"),
    ("NaN valence", affect(valence_arousal=point(NAN, 0.0)), "affect.valence_arousal.valence"),
    ("NaN arousal", affect(valence_arousal=point(0.0, NAN)), "affect.valence_arousal.arousal"),
    ("infinite arousal", affect(valence_arousal=point(0.0, -INF)), "affect.valence_arousal.arousal"),
]


def refusal_of(channel: grpc.Channel, message: motion_pb2.GenerateRequest) -> tuple[grpc.StatusCode, str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        list(motion_pb2_grpc.MotionServiceStub(channel).Generate(message))
    trailers = dict(caught.value.trailing_metadata())
    return caught.value.code(), caught.value.details(), trailers.get(FIELD_TRAILER, "")


def test_every_wrong_field_is_named(live: Live, channel: grpc.Channel) -> None:
    for name, fields, field in REFUSED:
        message = motion_pb2.GenerateRequest(**{"text": "a person waves", **fields})
        code, details, named = refusal_of(channel, message)
        assert (code, named) == (grpc.StatusCode.INVALID_ARGUMENT, field), name
        assert details and "\n" not in details and "Traceback" not in details and len(details) < 300, name
    assert live.engine.requests == [], "nothing runs for a request that is refused"
    assert list(motion_pb2_grpc.MotionServiceStub(channel).Generate(motion_pb2.GenerateRequest(text="waves")))


def test_the_client_raises_what_the_server_names(client: Client) -> None:
    with pytest.raises(InvalidInput, match=r"seconds must lie in 0.5..30, got 600") as refusal:
        client.generate("a person waves", seconds=600)
    assert refusal.value.field == "seconds"


@pytest.mark.parametrize(
    ("method", "data"),
    [
        ("Generate", b"\xff"),  # half a tag
        ("Generate", b"\x0a\xff"),  # half a length
        ("Generate", b"\x0a\x02\xff\xfe"),  # a text that is no UTF-8
        ("Generate", b"\x12\x01\x01"),  # an affect that is none
        ("GetInfo", b"\xff"),
        ("GetInfo", b"\x00" * 9),  # field number 0
    ],
)
def test_undecodable_bytes_are_refused(live: Live, channel: grpc.Channel, data: bytes, method: str) -> None:
    path = f"/emomotion.v1.MotionService/{method}"
    with pytest.raises(grpc.RpcError) as caught:
        if method == "GetInfo":
            channel.unary_unary(path)(data)
        else:
            list(channel.unary_stream(path)(data))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert f"emomotion.v1.{method}Request" in caught.value.details()
    assert live.engine.requests == []


def test_a_message_beyond_the_receive_limit_is_refused(channel: grpc.Channel) -> None:
    code, _, _ = refusal_of(channel, motion_pb2.GenerateRequest(text="x" * (1 << 20)))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "x" * 1000}, {"text": "\u00e9" * 1000}, {"seconds": 0.5}, {"seconds": 30.0}, {"fps": 10.0},
        {"fps": 120.0}, {"seed": 0}, {"seed": 2**64 - 1}, affect((JOY, 1.0), intensity=0.0),
        affect((JOY, 1.0), intensity=1.0), affect(), affect(valence_arousal=point(-1, 1)), affect((9, 1e300)),
    ],
)  # fmt: skip
def test_the_ends_of_every_range_are_accepted(fields: dict[str, Any]) -> None:
    message = motion_pb2.GenerateRequest(**{"text": "a person waves", **fields})
    assert isinstance(request_from_wire(message), Request)


VALID = motion_pb2.GenerateRequest(
    text="a person walks", seconds=2.0, seed=7, plan="fast", fps=30.0, **affect((JOY, 0.6), (5, 0.4), intensity=0.5)
).SerializeToString()


@given(st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), max_size=6), st.integers(0, len(VALID)))
def test_mutated_messages_are_accepted_or_refused_by_name(edits: list[tuple[int, int]], length: int) -> None:
    data = bytearray(VALID)
    for at, value in edits:
        data[at] = value
    try:
        request = request_from_wire(motion_pb2.GenerateRequest.FromString(bytes(data[: length or None])))
    except DecodeError:
        return
    except InvalidInput as refusal:
        assert refusal.field
        return
    assert 0.5 <= request.seconds <= 30 and 0 <= request.affect.intensity <= 1
