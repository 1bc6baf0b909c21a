"""Faces over the wire, against a fake that maps landmarks: order, mailbox, refusals, limits, and both clients."""

import asyncio
import queue
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any

import grpc
import numpy as np
import pytest

from emomotion.v1 import face_pb2
from sdk.client import AsyncClient, Client
from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.face.affect_face import FaceActor, FaceWish
from sdk.face.blendshapes import NAMES
from sdk.face.expressions import VISEMES, ameca_schema
from sdk.face_client import FaceFrame, Seen
from tests.service.conftest import PATIENCE_S, Live
from tests.service.fake_faces import GONE, Camera, FakeFaces, points, read

SERVICE = "emomotion.v1.FaceService"
SCHEMA = ameca_schema()
JAW = SCHEMA.index("Jaw Pitch")
EXPRESS = face_pb2.ExpressRequest(start=face_pb2.ExpressStart(seed=1))
TRACK = face_pb2.TrackRequest(start=face_pb2.TrackStart())


@pytest.fixture
def live(cold: Live, faces: FakeFaces) -> Live:
    """A server that is ready, with faces."""
    cold.faces = faces
    return cold.start()


# --- express ---


def test_express_header_then_frames_in_real_time_then_the_end(live: Live, client: Client) -> None:
    with client.express("joy", seed=5, fps=50, every_frame=True) as face:
        began = time.monotonic()
        frames = read(face, 40)
        took = time.monotonic() - began
        face.end()
        frames += list(face)
    assert (face.control_names, face.schema_sha256, face.range_set) == (SCHEMA.names, SCHEMA.sha256, "tight")
    assert (face.fps, face.seed, face.blendshape_names) == (50, 5, ())
    assert [f.number for f in frames] == list(range(len(frames)))
    assert 0.7 < took < 2.5, "40 frames at 50 a second"
    assert face.ended is not None and face.ended.frame_count == len(frames)
    assert {f.mode for f in frames} == {"follow"} and {f.confidence for f in frames} == {1.0}
    assert all(f.affect == Affect.of("joy") for f in frames)
    assert all(a.capture_ns < b.capture_ns for a, b in pairwise(frames))
    assert 0 < frames[-1].expires_s - time.monotonic() <= 0.2
    low, high = SCHEMA.bounds("tight")
    values = np.array([f.values for f in frames])
    assert (values >= low - 1e-6).all() and (values <= high + 1e-6).all()
    assert (
        values[-1][SCHEMA.index("Lip Corner Raise Left")] > SCHEMA.neutral[SCHEMA.index("Lip Corner Raise Left")] + 0.1
    )


def test_the_frames_are_those_of_the_actor(live: Live, client: Client) -> None:
    with client.express("fear", seed=9, fps=60, every_frame=True, options={"range_set": "x2c"}) as face:
        frames = read(face, 30)
    actor = FaceActor(SCHEMA, seed=9, range_set="x2c", wish=FaceWish(Affect.of("fear")))
    made = []
    for frame in frames:
        for _ in range(frame.overtaken):
            actor.step(1 / 60)
        made.append(actor.step(1 / 60))
    np.testing.assert_allclose([f.values for f in frames], made, atol=1e-4)


def test_changes_reach_the_wire_in_the_next_frames(live: Live, client: Client) -> None:
    with client.express("joy", seed=5, still=True) as face:
        read(face, 20)
        face.change(affect=Affect.of("sadness", 1.0))
        after = read(face, 40)
        face.change(visemes={"O": 1.0}, look_left=20.0, look_up=-10.0)
        speaking = read(face, 40)[-1]
        face.change(look_freely=True)
        silent = read(face, 60)[-1]
    felt = [k for k, f in enumerate(after) if f.affect is not None and f.affect.label == "sadness"]
    assert felt[0] <= 6
    narrow, phi = SCHEMA.index("Lip Corner Stretch Left"), SCHEMA.index("Gaze Target Phi")
    assert speaking.values[narrow] < SCHEMA.neutral[narrow] - 0.1 and abs(speaking.values[phi]) == pytest.approx(
        20, abs=1
    )
    assert silent.values[narrow] > SCHEMA.neutral[narrow] - 0.1, "a change without visemes is silence"
    assert abs(silent.values[phi]) < 2
    assert silent.affect is not None and silent.affect.label == "sadness", "what is unset stays"


def test_a_track_of_feelings_runs_by_itself_and_through_speech(live: Live, client: Client) -> None:
    with client.express(seed=5, track=[(0, "joy"), (0.5, "fear")]) as face:
        read(face, 12)
        face.change(visemes={"A": 0.5})
        frames = read(face, 35)
    assert frames[-1].affect is not None and frames[-1].affect.label == "fear"


def test_blendshapes_come_if_asked_for(live: Live, client: Client) -> None:
    with client.express("joy", seed=1, options={"blendshapes": True}) as face:
        frame = read(face, 40)[-1]
    assert face.blendshape_names == NAMES and frame.blendshapes is not None and frame.blendshapes.shape == (52,)
    assert frame.blendshapes[NAMES.index("mouthSmileLeft")] > 0.2


def test_one_affect_moves_body_and_face_in_step(live: Live, client: Client) -> None:
    changed, felt = 0.0, {}
    with client.drive("a person walks forward", affect="joy") as body, client.express("joy") as face:
        next(iter(body)), next(iter(face))

        def watch(name: str, stream: Any) -> None:
            for frame in stream:
                if frame.affect is not None and frame.affect.label == "sadness":
                    felt[name] = time.monotonic()
                    return

        threads = [threading.Thread(target=watch, args=each) for each in (("body", body), ("face", face))]
        for thread in threads:
            thread.start()
        changed = time.monotonic()
        for stream in (body, face):
            stream.change(affect="sadness")
        for thread in threads:
            thread.join(PATIENCE_S)
    assert max(felt.values()) - changed < 0.5 and abs(felt["body"] - felt["face"]) < 0.25


# --- track ---


def test_track_answers_each_face_and_ends(live: Live, client: Client, faces: FakeFaces) -> None:
    camera = Camera()
    jaws = (1.0, 0.7, 0.5)
    with client.track(camera, affect="joy", calibration_faces=3, smoothing=0.2) as face:
        frames, replies = [], iter(face)
        for jaw in jaws:
            camera.show(points(jaw))
            frames.append(next(replies))
        camera.show(GONE)
        frames.append(next(replies))
        camera.end()
        frames += list(replies)
    assert [f.number for f in frames] == [0, 1, 2, 3]
    assert [f.values[JAW] for f in frames] == pytest.approx([*jaws, 1.0], abs=1e-6)
    assert [f.mode for f in frames] == ["follow"] * 3 + ["neutral"]
    assert all(f.affect == Affect.of("joy") and f.made_in_ms < 1000 and f.blendshapes is None for f in frames)
    assert face.model_id == "fake-face 1" and face.fps == 0
    assert face.ended is not None
    assert (face.ended.frame_count, face.ended.without_face, face.ended.overtaken) == (4, 1, 0)
    assert faces.followings[0].options == {"range_set": "tight", "smoothing": 0.2, "calibration_faces": 3}


def test_what_the_client_says_of_a_face_comes_back(live: Live, client: Client, faces: FakeFaces) -> None:
    seen = [Seen(points(0.6, 468), capture_ns=5_000_000_000, confidence=0.25), Seen(b"jpeg", capture_ns=5_100_000_000)]
    camera = Camera()
    with client.track(camera, options={"ttl_ms": 50.0, "blendshapes": True}) as face:
        replies = iter(face)
        frames = []
        for each in seen:
            camera.show(each)
            frames.append(next(replies))
    assert [f.capture_ns for f in frames] == [5_000_000_000, 5_100_000_000]
    assert [f.confidence for f in frames] == [0.25, 0.5]
    assert faces.followings[0].times == [5.0, 5.1]
    assert frames[0].expires_s - time.monotonic() < 0.05
    assert frames[0].blendshapes is not None and frames[0].blendshapes[NAMES.index("jawOpen")] == pytest.approx(0.4)


def test_the_newest_face_wins_and_the_overtaken_are_counted(live: Live, client: Client, faces: FakeFaces) -> None:
    camera = Camera()
    faces.gate.clear()
    with client.track(camera) as face:
        camera.show(points(1.0))
        assert faces.entered.acquire(timeout=PATIENCE_S)
        camera.show(*(points(jaw) for jaw in (0.9, 0.8, 0.7, 0.6)))
        camera.end()
        time.sleep(0.1)  # on their way to the mailbox
        faces.gate.set()
        frames = list(face)
    assert [f.values[JAW] for f in frames] == pytest.approx([1.0, 0.6], abs=1e-6)
    assert sum(f.overtaken for f in frames) == 3 and face.ended is not None and face.ended.overtaken == 3


def test_a_slow_model_delays_no_live_frame(live: Live, client: Client, faces: FakeFaces) -> None:
    camera = Camera()
    faces.gate.clear()
    with client.track(camera), client.express("joy", seed=1) as face, client.drive("a person walks") as body:
        camera.show(points(0.5))
        assert faces.entered.acquire(timeout=PATIENCE_S)
        began = time.monotonic()
        read(face, 30)
        bodies = [next(iter(body)) for _ in range(3)]
        assert time.monotonic() - began < 3 and len(bodies) == 3
        faces.gate.set()


def test_calibration_is_asked_for_with_the_next_face(live: Live, client: Client, faces: FakeFaces) -> None:
    camera = Camera()
    with client.track(camera) as face:
        replies = iter(face)
        camera.show(points(1.0))
        next(replies)
        face.calibrate(30)
        camera.show(points(1.0))
        next(replies)
    assert faces.followings[0].calibrations == [30]


def test_a_calibration_outlives_the_face_it_came_with(live: Live, channel: grpc.Channel, faces: FakeFaces) -> None:
    faces.gate.clear()
    several = [face_pb2.TrackRequest(landmarks={"points": points(j).ravel()}) for j in (1.0, 0.9, 0.8)]
    calibrate = face_pb2.TrackRequest(calibrate=face_pb2.Calibrate(faces=7))
    sent: queue.SimpleQueue[Any] = queue.SimpleQueue()
    replies = channel.stream_stream(
        f"/{SERVICE}/Track",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=face_pb2.FaceReply.FromString,
    )(iter(sent.get, None), timeout=PATIENCE_S)
    for message in (TRACK, several[0]):
        sent.put(message)
    assert faces.entered.acquire(timeout=PATIENCE_S)
    for message in (calibrate, *several[1:], face_pb2.TrackRequest(end=face_pb2.FaceEnd())):
        sent.put(message)
    sent.put(None)
    time.sleep(0.1)  # on their way to the mailbox
    faces.gate.set()
    assert [reply.WhichOneof("part") for reply in replies] == ["header", "frame", "frame", "ended"]
    assert faces.followings[0].calibrations == [7]


# --- clients ---


def test_what_the_camera_raises_the_frames_raise(live: Live, client: Client) -> None:
    def broken() -> Iterator[Any]:
        yield points(1.0)
        raise OSError("the camera was pulled out")

    with client.track(broken()) as face, pytest.raises(OSError, match="pulled out"):
        list(face)


def test_the_asynchronous_client_does_the_same(live: Live) -> None:
    async def play() -> tuple[list[FaceFrame], list[FaceFrame], Any]:
        async def camera() -> AsyncIterator[Any]:
            for jaw in (1.0, 0.5):
                yield points(jaw)
                await asyncio.sleep(0.1)

        async def broken() -> AsyncIterator[Any]:
            yield points(1.0)
            raise OSError("the camera was pulled out")

        async with AsyncClient(live.address) as client:
            shown, followed = [], []
            async with client.express("joy", seed=5, every_frame=True) as face:
                async for frame in face:
                    shown.append(frame)
                    if frame.number == 10:
                        await face.change(affect="anger")
                    if frame.number == 30:
                        await face.end()
            async with client.track(camera()) as tracked:
                followed = [frame async for frame in tracked]
            with pytest.raises(OSError, match="pulled out"):
                async with client.track(broken()) as lost:
                    [frame async for frame in lost]
            with pytest.raises(InvalidInput) as refusal:
                async with client.express(look_left=99.0) as face:
                    [frame async for frame in face]
            assert refusal.value.field == "look_left"
        return shown, followed, (face.ended, tracked.ended)

    shown, followed, _ = live.loop.call(play())
    assert shown[-1].affect is not None and shown[-1].affect.label == "anger"
    assert [f.values[JAW] for f in followed] == pytest.approx([1.0, 0.5], abs=1e-6)


def test_a_stream_that_the_server_ended_leaves_no_task_behind(live: Live) -> None:
    async def camera() -> AsyncIterator[Any]:
        yield points(1.0)
        await asyncio.Event().wait()

    async def play() -> None:
        mine = asyncio.all_tasks()
        async with AsyncClient(live.address) as client:
            for face in (client.express(look_left=99.0), client.track(camera(), smoothing=9.0)):
                with pytest.raises(InvalidInput):
                    async with face:
                        [frame async for frame in face]
            async with asyncio.timeout(10):  # a busy machine is slow to end them
                while [task for task in asyncio.all_tasks() - mine if "_consume_request" in repr(task)]:
                    await asyncio.sleep(0.01)

    live.loop.call(play())


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"frown": 1}, "frown"),
        ({"options": {"ttl": 5}}, "options"),
        ({"affect": "jolly"}, "emotion"),
        ({"visemes": {"X": 1.0}}, "visemes"),
        ({"visemes": 3}, "visemes"),
        ({"look_left": "left"}, "look_left"),
        ({"track": [("soon", "joy")]}, "track"),
    ],
)
def test_what_no_message_can_hold_is_refused_at_once(client: Client, wish: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        client.express(**wish)
    assert refusal.value.field == field


def test_what_is_no_face_is_refused_at_once(live: Live, client: Client) -> None:
    for odd in (np.zeros((478, 2)), np.zeros((4, 4, 3)), "picture", np.zeros((4, 4, 4), np.uint8)):
        with client.track([odd]) as face, pytest.raises(InvalidInput) as refusal:
            list(face)
        assert refusal.value.field == "face"
    with client.track([]) as face, pytest.raises(InvalidInput, match=re.escape("1..300")):
        face.calibrate(0)


def test_the_enums_of_both_ends_are_the_same() -> None:
    assert [name.removeprefix("VISEME_") for name in face_pb2.Viseme.keys()[1:]] == list(VISEMES)
