"""What FaceService refuses, and how it stands in the house: health, places, tokens, drain, metrics, the web."""

import queue
import random
import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from emomotion.v1 import face_pb2
from sdk.client import Client
from sdk.errors import ServerError
from sdk.service.access import Tokens
from tests.service.conftest import PATIENCE_S, TOKEN, Live
from tests.service.fake_faces import Camera, FakeFaces, points, read
from tests.service.mutants import CLEAN, mutants
from tests.service.test_face import EXPRESS, SCHEMA, SERVICE, TRACK
from tests.service.test_mutants import status_of
from tests.service.test_operations import health_of
from tests.service.web_caller import opened


@pytest.fixture
def live(cold: Live, faces: FakeFaces) -> Live:
    """A server that is ready, with faces."""
    cold.faces = faces
    return cold.start()


# --- refusals ---

EXPRESS_REFUSED = [
    ({"fps": 9.9}, "fps"),
    ({"fps": float("nan")}, "fps"),
    ({"ttl_ms": 0.5}, "ttl_ms"),
    ({"range_set": "wide"}, "range_set"),
    ({"schema_sha256": "AB"}, "schema_sha256"),
    ({"wish": {"affect": {"intensity": 2.0}}}, "affect.intensity"),
    ({"wish": {"affect": {}, "track": {}}}, "track"),
    ({"wish": {"track": {}}}, "track"),
    ({"wish": {"visemes": [{"viseme": 0}]}}, "visemes"),
    ({"wish": {"visemes": [{"viseme": 15}]}}, "visemes"),
    ({"wish": {"visemes": [{"viseme": 1}, {"viseme": 1}]}}, "visemes"),
    ({"wish": {"visemes": [{"viseme": 1, "weight": 1.5}]}}, "visemes.weight"),
    ({"wish": {"look_left": 61}}, "look_left"),
    ({"wish": {"look_up": -41}}, "look_up"),
    ({"wish": {"look_up": 3, "look_freely": True}}, "look_freely"),
]
TRACK_REFUSED = [
    ({"start": {"calibration_faces": 0}}, "calibration_faces"),
    ({"start": {"calibration_faces": 301}}, "calibration_faces"),
    ({"start": {"smoothing": -0.1}}, "smoothing"),
    ({"start": {"ttl_ms": 10_001}}, "ttl_ms"),
    ({"start": {"affect": {"weights": [{"emotion": 99, "weight": 1}]}}}, "affect.weights"),
    ({"image": {}}, "image.encoded"),
    ({"image": {"encoded": b"gif"}}, "image.encoded"),
    ({"image": {"encoded": b"j" * 1_000_001}}, "image.encoded"),
    ({"image": {"encoded": b"jpeg", "capture_ns": -1}}, "image.capture_ns"),
    ({"landmarks": {}}, "landmarks.points"),
    ({"landmarks": {"points": [0.0] * 1403}}, "landmarks.points"),
    ({"landmarks": {"points": [float("nan")] * 1404}}, "landmarks.points"),
    ({"landmarks": {"points": [1e6] * 1404}}, "landmarks.points"),
    ({"landmarks": {"points": [1.0] * 1404, "confidence": 1.1}}, "landmarks.confidence"),
    ({"calibrate": {"faces": 301}}, "faces"),
    ({"start": {}}, "start"),
    ({}, "part"),
]


def refusal_of(channel: grpc.Channel, method: str, *messages: Any) -> tuple[str, str]:
    """Status and field with which a stream of messages is refused; it stays open for more."""
    sent: queue.SimpleQueue[Any] = queue.SimpleQueue()
    for message in messages:
        sent.put(message.SerializeToString())
    call = channel.stream_stream(f"/{SERVICE}/{method}")(iter(sent.get, None), timeout=PATIENCE_S)
    status = status_of(call)
    sent.put(None)
    return status, dict(call.trailing_metadata()).get("emomotion-field", "")


@pytest.mark.parametrize(("start", "field"), EXPRESS_REFUSED)
def test_a_wrong_start_or_change_of_express_names_its_field(
    live: Live, channel: grpc.Channel, start: dict[str, Any], field: str
) -> None:
    first = face_pb2.ExpressRequest(start=start)
    assert refusal_of(channel, "Express", first) == ("INVALID_ARGUMENT", field)
    if "wish" in start:
        change = face_pb2.ExpressRequest(change=start["wish"])
        assert refusal_of(channel, "Express", EXPRESS, change) == ("INVALID_ARGUMENT", field)


@pytest.mark.parametrize(("message", "field"), TRACK_REFUSED)
def test_a_wrong_message_of_track_names_its_field(
    live: Live, channel: grpc.Channel, message: dict[str, Any], field: str
) -> None:
    first = [] if message.get("start") else [TRACK]
    got = refusal_of(channel, "Track", *first, face_pb2.TrackRequest(**message))
    assert got == ("INVALID_ARGUMENT", field)
    live.until(lambda: live.server.core.streams == 0)


def test_a_stream_begins_with_its_start(live: Live, channel: grpc.Channel) -> None:
    change, end = face_pb2.ExpressRequest(change={}), face_pb2.TrackRequest(end={})
    assert refusal_of(channel, "Express", change) == ("INVALID_ARGUMENT", "start")
    assert refusal_of(channel, "Track", end) == ("INVALID_ARGUMENT", "start")
    assert refusal_of(channel, "Express", EXPRESS, EXPRESS) == ("INVALID_ARGUMENT", "start")


def test_faces_of_the_past_are_refused(live: Live, channel: grpc.Channel) -> None:
    late, early = (face_pb2.TrackRequest(image={"encoded": b"jpeg", "capture_ns": ns}) for ns in (2 * 10**9, 10**9))
    sent: queue.SimpleQueue[Any] = queue.SimpleQueue()
    call = channel.stream_stream(f"/{SERVICE}/Track")(iter(sent.get, None), timeout=PATIENCE_S)
    for message in (TRACK, late):
        sent.put(message.SerializeToString())
    next(call), next(call)
    sent.put(early.SerializeToString())
    assert status_of(call) == "INVALID_ARGUMENT"
    assert dict(call.trailing_metadata())["emomotion-field"] == "image.capture_ns"


def test_another_schema_is_refused_and_the_own_one_is_not(live: Live, client: Client) -> None:
    for open_ in (client.express, lambda **options: client.track([], **options)):
        with pytest.raises(ServerError, match="control schema is 000000000000") as refusal:
            list(open_(options={"schema_sha256": "0" * 64}))  # type: ignore[operator]
        assert refusal.value.status == "FAILED_PRECONDITION"
    with client.express(options={"schema_sha256": SCHEMA.sha256}) as face:
        assert len(read(face, 2)) == 2


def test_too_many_faces_a_second_are_refused(live: Live, channel: grpc.Channel, faces: FakeFaces) -> None:
    faces.gate.clear()
    flood = face_pb2.TrackRequest(image={"encoded": b"jpeg"})
    threading.Timer(1.0, faces.gate.set).start()
    assert refusal_of(channel, "Track", TRACK, *[flood] * 1500)[0] == "RESOURCE_EXHAUSTED"


def test_a_failure_inside_is_told_without_its_text(live: Live, client: Client, faces: FakeFaces) -> None:
    faces.error = RuntimeError("secret")
    with pytest.raises(ServerError) as failure, client.track([points(1.0)]) as face:
        list(face)
    assert failure.value.status == "INTERNAL" and "secret" not in str(failure.value)


def test_without_a_bundle_faces_express_and_are_not_followed(start: Callable[..., Live]) -> None:
    running = start(FakeFaces(follows=False))
    with Client(running.address) as client:
        with pytest.raises(ServerError, match="no face bundle") as refusal, client.track([b"jpeg"]) as face:
            list(face)
        assert refusal.value.status == "FAILED_PRECONDITION"
        with client.express("joy") as face:
            assert len(read(face, 2)) == 2


def test_without_faces_there_is_no_such_service(cold: Live) -> None:
    cold.start()
    with Client(cold.address) as client, grpc.insecure_channel(cold.address) as channel:
        with pytest.raises(ServerError) as refusal:
            list(client.express("joy"))
        assert refusal.value.status == "UNIMPLEMENTED"
        with pytest.raises(grpc.RpcError):
            health_of(channel, SERVICE)


# --- the rest of the house ---


def test_health_knows_the_service(live: Live, channel: grpc.Channel) -> None:
    assert health_of(channel, SERVICE) == health_pb2.HealthCheckResponse.SERVING


def test_streams_of_faces_take_the_places_of_streams(start: Callable[..., Live]) -> None:
    running = start(FakeFaces(), max_streams=2)
    with Client(running.address) as client, client.express("joy") as face, client.drive("a person walks") as body:
        next(iter(face)), next(iter(body))
        with pytest.raises(ServerError, match="all 2 streams") as refusal, client.track([]) as other:
            list(other)
        assert refusal.value.status == "RESOURCE_EXHAUSTED"
        face.close()
        running.until(lambda: running.server.core.streams == 1)


def test_a_client_that_leaves_frees_its_place(live: Live, client: Client, faces: FakeFaces) -> None:
    faces.gate.clear()
    camera = Camera()
    with client.track(camera), client.express("joy") as face:
        camera.show(points(1.0))
        assert faces.entered.acquire(timeout=PATIENCE_S)
        next(iter(face))
        assert live.server.core.streams == 2
    live.until(lambda: live.server.core.streams == 0)
    camera.end()


def test_faces_are_for_those_with_a_token(start: Callable[..., Live], tokens: Tokens) -> None:
    running = start(FakeFaces(), tokens=tokens)
    with Client(running.address) as stranger, pytest.raises(ServerError) as refusal:
        list(stranger.express("joy"))
    assert refusal.value.status == "UNAUTHENTICATED"
    with Client(running.address, token=TOKEN) as known, known.express("joy") as face:
        assert len(read(face, 2)) == 2


def test_a_drain_ends_faces(live: Live, client: Client) -> None:
    with client.express("joy") as face:
        replies = iter(face)
        next(replies)
        live.drain()
        with pytest.raises(ServerError) as end:
            list(replies)
    assert end.value.status == "UNAVAILABLE"


def test_metrics_count_frames(live: Live, client: Client) -> None:
    with client.track([points(1.0)]) as face:
        list(face)
    with client.express("joy") as face:
        read(face, 3)
    assert live.face_frames("Track") == 1 and live.face_frames("Express") >= 3


def test_a_page_can_let_a_face_express(start: Callable[..., Live]) -> None:
    running = start(FakeFaces(), web_port=0)

    async def play() -> list[face_pb2.FaceReply]:
        found = []
        async with opened(running.server.web_address, f"/{SERVICE}/Express") as socket:
            await socket.send(EXPRESS.SerializeToString())
            async for flags, content in socket.frames():
                if flags == 0:
                    found.append(face_pb2.FaceReply.FromString(content))
                if len(found) == 5:
                    break
        return found

    replies = running.loop.call(play())
    assert [reply.WhichOneof("part") for reply in replies] == ["header"] + ["frame"] * 4


# --- strange bytes ---


def valid_faces() -> list[Any]:
    """Messages that are answered, with most fields set: of Express, then of Track."""
    affect = {"weights": [{"emotion": 2, "weight": 1.0}], "intensity": 0.8}
    change = {"affect": affect, "visemes": [{"viseme": 1, "weight": 0.5}], "look_left": 5.0, "look_up": 2.0}
    track = {"keys": [{"seconds": k, "affect": affect} for k in range(3)]}
    landmarks = {"points": points(0.8).ravel(), "confidence": 0.9, "capture_ns": 10**9}
    return [
        face_pb2.ExpressRequest(start={"wish": change, "fps": 60, "ttl_ms": 100, "seed": 1, "range_set": "tight"}),
        face_pb2.ExpressRequest(change={"track": track}),
        face_pb2.TrackRequest(start={"calibration_faces": 3, "ttl_ms": 100, "smoothing": 0.5, "affect": affect}),
        face_pb2.TrackRequest(landmarks=landmarks),
        face_pb2.TrackRequest(image={"encoded": b"jpeg", "capture_ns": 2 * 10**9}),
    ]


@pytest.mark.parametrize("kind", range(5))
def test_mutated_messages_get_a_clean_status(live: Live, channel: grpc.Channel, client: Client, kind: int) -> None:
    valid = valid_faces()
    method = "Express" if kind < 2 else "Track"
    call = channel.stream_stream(f"/{SERVICE}/{method}")
    begin = [] if kind in (0, 2) else [(EXPRESS if kind < 2 else TRACK).SerializeToString()]
    found = {
        status_of(call(iter([*begin, data]), timeout=PATIENCE_S))
        for data, _ in zip(mutants(valid[kind], random.Random(kind)), range(60), strict=False)
    }
    assert found <= CLEAN and {"OK", "INVALID_ARGUMENT"} <= found
    live.until(lambda: live.server.core.streams == 0)
    with client.express("joy") as face:
        assert next(iter(face)).number == 0
