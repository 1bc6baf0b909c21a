"""A live character over the wire, against the fake engine. Frames come in real time: these tests read for a second."""

import contextlib
import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator

import grpc
import numpy as np
import pytest

from emomotion.v1 import live_pb2, live_pb2_grpc
from sdk.client import AsyncClient, Client
from sdk.client_errors import translated
from sdk.drive import Live, LiveFrame, start_to_wire
from sdk.emotion import Affect
from sdk.errors import InvalidInput, ServerError
from sdk.motion.motion import Motion
from sdk.motion.skeleton import BODY, JOINT
from sdk.service.server import MotionServer
from tests.service.conftest import PATIENCE_S, Loop
from tests.service.conftest import Live as Running
from tests.service.seams import seam
from tests.service.test_client import Reset

WALK = "a person walks forward"


def read(live: Live, count: int) -> list[LiveFrame]:
    """So many frames."""
    out = []
    for frame in live:
        out.append(frame)
        if len(out) == count:
            break
    return out


def motion_of(frames: list[LiveFrame]) -> Motion:
    return Motion(np.array([f.rotations for f in frames]), np.array([f.root for f in frames]), 30)


def test_header_then_frames_in_real_time_then_the_end(live: Running, client: Client) -> None:
    with client.drive(WALK, affect="joy", seed=5, every_frame=True) as stream:
        began = time.monotonic()
        frames = read(stream, 45)
        took = time.monotonic() - began
        stream.end()
        frames += list(stream)
    assert (stream.skeleton, stream.fps, stream.seed) == (BODY, 30, 5)
    assert [f.number for f in frames] == list(range(len(frames)))
    assert 1.2 < took < 3.0, "45 frames at 30 a second"
    assert stream.ended is not None and stream.ended.frame_count == len(frames)
    assert stream.ended.frames_left_out == 0
    walked = motion_of(frames)
    assert walked.root[-1, 2] > 1 and all(f.affect.label == "joy" for f in frames)
    assert live.engine.windows[0].text == WALK


def test_a_change_reaches_the_wire_in_the_next_frames(live: Running, client: Client) -> None:
    with client.drive(WALK, affect="joy", seed=5) as stream:
        read(stream, 20)
        live.engine.live_gate.clear()
        stream.change(affect=Affect.of("sadness", 1.0))
        after = read(stream, 5)
        live.engine.live_gate.set()
        after += read(stream, 55)
    felt = [k for k, f in enumerate(after) if f.affect.label == "sadness"]
    assert felt[0] <= 3 and after[felt[0]].reacting, "at once, by a posture"
    shown = [k for k, f in enumerate(after) if f.wish == 1]
    assert shown[0] <= 12 and not any(f.reacting for f in after[50:]), "soon, by the motion itself"
    late = motion_of(after[30:])
    assert late.root[-1, 2] - late.root[0, 2] < 1.0 * (len(late) - 1) / 30


def test_each_of_many_characters_gets_a_cheaper_plan(
    live: Running, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sdk.service.live.LIVE_SHARE", 0.04)  # 80 ms a window: 50 are a default one
    monkeypatch.setattr("sdk.service.live.URGENT_S", 0.06)
    with client.drive(WALK, seed=1) as one:
        read(one, 30)  # its second window is ordered by now, its third not yet
        alone = len(live.engine.windows)
        with client.drive(WALK, seed=2) as two:
            read(two, 20)
    assert [window.plan for window in live.engine.windows[:alone]] == ["default"] * alone
    assert {window.plan for window in live.engine.windows[alone:]} == {"fast"}


def test_what_a_change_waits_for_is_made_by_a_plan_that_is_in_time(live: Running, client: Client) -> None:
    with client.drive(WALK, affect="joy", seed=4) as stream:
        read(stream, 35)
        stream.change(affect="anger")
        read(stream, 40)
    # A default window takes 50 ms, a fast one less than the 40 that a change may wait.
    plans = [window.plan for window in live.engine.windows]
    angry = [window.affect.label == "anger" for window in live.engine.windows]
    assert plans[0] == "fast" and plans[angry.index(True)] == "fast", "somebody waits for these"
    assert plans[1] == "default" and plans[-1] == "default", "nobody waits for those that go on"


def test_everything_that_can_change_is_understood(live: Running, client: Client) -> None:
    with client.drive(WALK, track=[(0, "joy"), (0.5, "fear")], speed=1.2, heading=1.0) as stream:
        read(stream, 5)
        stream.change(text="a person runs", path=[(0, 0), (3, 3)], speed=0.8)
        stream.change(free=True)
        frames = read(stream, 40)
    assert frames[-1].affect.label == "fear"
    assert frames[-1].wish == 2
    assert {request.text for request in live.engine.windows} == {WALK, "a person runs"}


def test_an_engine_that_is_stuck_is_bridged(live: Running, client: Client) -> None:
    live.engine.live_gate.clear()
    with client.drive(WALK, seed=1) as stream:
        frames = read(stream, 20)
        assert all(f.idle for f in frames), "it stands until there is motion"
        live.engine.live_gate.set()
        frames = read(stream, 40)
        stream.end()
        list(stream)
    assert not frames[-1].idle
    assert stream.ended is not None and 20 <= stream.ended.frames_idle < 50


def test_an_engine_that_fails_is_bridged_and_logged_without_words(
    live: Running, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    live.engine.error = RuntimeError(f"boom at {WALK}")
    with client.drive(WALK, seed=1) as stream:
        assert all(f.idle for f in read(stream, 15))
        live.engine.error = None
        assert not read(stream, 30)[-1].idle
    assert "a window failed with RuntimeError" in caplog.text and WALK not in caplog.text


def test_a_lost_stream_goes_on_as_it_was_or_from_rest(client: Client) -> None:
    with client.drive(WALK, seed=1, every_frame=True) as first:
        before = read(first, 30)
    assert [frame.number for frame in first.played] == list(range(30)) and first.last is before[-1]
    steps = {}
    for name, resume in (("as it was", first.played), ("from rest", first.last)):
        with client.drive(WALK, seed=2, resume=resume, every_frame=True) as second:
            after = read(second, 10)
        metres, degrees = seam([*before, *after], len(before))
        assert metres < 0.05 and degrees < 10
        steps[name] = np.linalg.norm(after[0].root - before[-1].root)
    walked = np.linalg.norm(before[-1].root - before[-2].root)
    assert steps["as it was"] == pytest.approx(walked, rel=0.2) and steps["from rest"] < 0.5 * walked


def restarted(first: Running, loop: Loop) -> Running:
    """Another server where the first one was."""
    first.drain()
    second = Running(loop)
    second.drained = True
    loop.call(second.server.drain(notice_s=0, grace_s=0))
    second.server = loop.call(MotionServer.bind("127.0.0.1", first.server.port))
    second.drained = False
    return second.start()


def test_a_stream_that_may_reconnect_goes_on_when_the_server_is_back(live: Running, loop: Loop) -> None:
    how = {"affect": "joy", "seed": 1, "reconnect_s": 20, "every_frame": True}
    with Client(live.address) as client, client.drive(WALK, **how) as stream:
        before = read(stream, 30)
        stream.change(affect="sadness", heading=0.5)
        before += read(stream, 10)
        second = restarted(live, loop)
        after = read(stream, 30)
        stream.end()
        list(stream)
    second.drain()
    numbers = [f.number for f in before + after]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert {f.affect.label for f in after} == {"sadness"} and after[-1].wish == 1
    metres, degrees = seam([*before, *after], len(before))
    assert metres < 0.05 and degrees < 10
    assert stream.ended is not None


def test_an_async_stream_does_the_same(live: Running, loop: Loop) -> None:
    async def play() -> list[LiveFrame]:
        frames = []
        async with AsyncClient(live.address) as client:
            async with client.drive(WALK, affect="joy", seed=1, reconnect_s=20, every_frame=True) as stream:
                async for frame in stream:
                    frames.append(frame)
                    if frame.number == 20:
                        await stream.change(affect="anger")
                    if frame.number == 60:
                        await stream.end()
            assert stream.ended is not None
        return frames

    playing = loop.begin(play())
    live.until(lambda: live.server.core.streams == 1)
    live.until(lambda: len(live.engine.windows) > 1)
    second = restarted(live, loop)
    frames = playing.result(PATIENCE_S)
    second.drain()
    assert [f.number for f in frames] == list(range(len(frames))) and len(frames) >= 60
    assert frames[0].affect.label == "joy" and frames[-1].affect.label == "anger"


def test_a_stream_that_may_not_reconnect_says_so(live: Running) -> None:
    with Client(live.address) as client, client.drive(WALK) as stream:
        read(stream, 3)
        live.drain()
        with pytest.raises(ServerError, match="shutting down") as refusal:
            list(stream)
    assert refusal.value.status == "UNAVAILABLE"


class Resetting:
    """A balancer whose server died: it resets streams for some time, then passes them on."""

    def __init__(self, call: Callable[..., object], resets: int) -> None:
        self.call, self.resets, self.starts = call, resets, []

    def __call__(self, requests: Iterator[live_pb2.DriveRequest]) -> object:
        start = next(requests)
        self.starts.append(start.start.HasField("resume"))
        return self.replies(self.call(itertools.chain([start], requests)))

    def replies(self, call: grpc.Call) -> Iterator[live_pb2.DriveReply]:
        for count, reply in enumerate(call):
            if count == 10 and self.resets:
                self.resets -= 1
                raise Reset(grpc.StatusCode.CANCELLED, "Received RST_STREAM with error code 8")
            yield reply


def test_a_stream_that_a_balancer_reset_goes_on_from_its_last_frame(live: Running, client: Client) -> None:
    balancer = Resetting(live_pb2_grpc.LiveServiceStub(client._channel).Drive, resets=2)
    start = start_to_wire({"text": WALK}, seed=1, plan=None, generator=None, resume=None)
    stream = Live(balancer, start, lambda: translated(live.address, math.inf), reconnect_s=10, every_frame=True)
    frames = read(stream, 40)
    assert balancer.starts == [False, True, True] and [f.number for f in frames] == list(range(40))
    for at in (9, 18):  # nine frames of each stream that was reset
        metres, degrees = seam(frames, at)
        assert metres < 0.05 and degrees < 10


def test_a_stream_of_a_client_that_was_closed_is_not_opened_again(live: Running) -> None:
    client = Client(live.address)
    stream = client.drive(WALK, reconnect_s=20)
    read(stream, 3)
    client.close()
    with pytest.raises(ServerError) as refusal:
        list(stream)
    assert refusal.value.status == "CANCELLED"


def test_a_server_that_stays_away_is_given_up(live: Running) -> None:
    with Client(live.address) as client, client.drive(WALK, reconnect_s=0.5) as stream:
        read(stream, 3)
        live.drain()
        with pytest.raises(ServerError):
            list(stream)


def test_many_characters_share_one_server(live: Running, client: Client) -> None:
    streams = [client.drive(WALK, seed=k) for k in range(8)]
    found: dict[int, list[LiveFrame]] = {}
    readers = [threading.Thread(target=lambda k=k, s=s: found.update({k: read(s, 30)})) for k, s in enumerate(streams)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(PATIENCE_S)
    for stream in streams:
        stream.close()
    assert sorted(found) == list(range(8)) and all(len(frames) == 30 for frames in found.values())
    live.until(lambda: live.server.core.streams == 0)


def test_leaving_in_any_way_frees_the_place(live: Running, client: Client) -> None:
    for leave in (Live.close, Live.end, lambda stream: stream._requests.put(None)):
        stream = client.drive(WALK)
        read(stream, 3)
        assert live.server.core.streams == 1
        leave(stream)
        list_quietly(stream)
        live.until(lambda: live.server.core.streams == 0)


def list_quietly(stream: Live) -> None:
    with contextlib.suppress(ServerError):
        list(stream)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "x" * 1001}, "text"),
        ({"speed": 3.0}, "speed"),
        ({"speed": float("nan")}, "speed"),
        ({"heading": 7.0}, "heading"),
        ({"path": [(0, 0)]}, "path.points"),
        ({"path": [(0, 0), (float("inf"), 0)]}, "path.points"),
        ({"path": [(0, 0)] * 600}, "path.points"),
        ({"track": [(1, "joy"), (0, "fear")]}, "track.seconds"),
        ({"track": [(0, "joy")], "affect": "joy"}, "track"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_what_is_wrong_is_named(client: Client, changes: dict, field: str, first: bool) -> None:
    begin = {"text": WALK} | changes if first else {"text": WALK}
    with pytest.raises(InvalidInput) as refusal, client.drive(**begin) as stream:
        if not first:
            stream.change(**changes)
        list(stream)
    assert refusal.value.field == field and "\n" not in str(refusal.value)


def test_unknown_plans_and_generators_are_named(client: Client) -> None:
    for options, field in (({"plan": "turbo"}, "plan"), ({"generator": "magic"}, "generator")):
        with pytest.raises(InvalidInput) as refusal:
            list(client.drive(WALK, **options))
        assert refusal.value.field == field


@pytest.mark.parametrize(
    "changes",
    [
        {"speed": 9}, {"speed": float("nan")}, {"heading": 99}, {"text": ""}, {"text": "x" * 1001}, {"path": [(0, 0)]},
        {"path": [(0, 0), (0, float("nan"))]}, {"path": [(0, 0), (0, 1e9)]}, {"path": [(0, 0)] * 513},
        {"path": [(0, 0, 0), (0, 0, 2)]}, {"track": [(1, "joy"), (0, "fear")]},
        {"track": [(0, "joy")], "affect": "joy"}, {"path": [(0, 0), (0, 2)], "heading": 0.0},
        {"free": True, "heading": 0.0},
    ],
)  # fmt: skip
def test_what_the_server_would_refuse_is_refused_where_it_is_given_and_the_character_lives_on(
    client: Client, changes: dict
) -> None:
    with client.drive(WALK) as stream:
        read(stream, 3)
        with pytest.raises(InvalidInput):
            stream.change(**changes)
        assert read(stream, 5)[-1].number == 7
    with pytest.raises(InvalidInput, match="reconnect_s must be 0 or more"):
        client.drive(WALK, reconnect_s=-3)


def test_the_client_refuses_what_no_message_can_hold(client: Client) -> None:
    for changes, field in (
        ({"mood": "joy"}, "mood"), ({"affect": "hapy"}, "emotion"), ({"speed": "fast"}, "speed"),
        ({"track": 5}, "track"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as refusal:
            client.drive(WALK, **changes)
        assert refusal.value.field == field


def requests_of(*parts: live_pb2.DriveRequest) -> Iterator[live_pb2.DriveRequest]:
    yield from parts
    time.sleep(0.3)


START = live_pb2.DriveRequest(start=live_pb2.DriveStart(wish=live_pb2.DriveChange(text=WALK)))
CHANGE = live_pb2.DriveRequest(change=live_pb2.DriveChange(speed=1.0))


def changed(**wish: object) -> live_pb2.DriveRequest:
    return live_pb2.DriveRequest(change=live_pb2.DriveChange(**wish))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([], "begins with a start"),
        ([CHANGE], "begins with a start"),
        ([live_pb2.DriveRequest()], "begins with a start"),
        ([START, START], "one start, then changes"),
        ([START, live_pb2.DriveRequest()], "an empty message"),
        ([START, changed(speed=9)], "speed must lie in 0.5..1.5"),
        ([START, changed(heading=7)], "heading must lie in"),
        ([START, changed(text=" ")], "text is empty"),
        ([START, changed(text="x" * 1001)], "at most 1000 characters"),
        ([START, changed(path={"points": [0.0, 1.0, 2.0]})], "x and z of 2..512 points, got 3 numbers"),
        ([START, changed(path={"points": [0.0, 1.0, 2.0, float("nan")]})], "path.points must lie in"),
        ([START, changed(track={"keys": [{"seconds": 2}, {"seconds": 1}]})], "track must rise"),
        ([START, changed(track={"keys": [{"seconds": 2}]}, affect={})], "either affect or track"),
        ([live_pb2.DriveRequest(start=live_pb2.DriveStart())], "text is empty"),
    ],
)
def test_messages_out_of_order_are_refused(channel: grpc.Channel, parts: list, words: str) -> None:
    call = live_pb2_grpc.LiveServiceStub(channel).Drive(requests_of(*parts))
    with pytest.raises(grpc.RpcError) as refusal:
        list(call)
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT and words in refusal.value.details()


def test_bytes_that_are_no_message_are_refused(channel: grpc.Channel, client: Client) -> None:
    drive = channel.stream_stream("/emomotion.v1.LiveService/Drive")
    for parts in ([b"\xff"], [START.SerializeToString(), b"\x0a\xff"]):
        with pytest.raises(grpc.RpcError) as refusal:
            list(drive(iter(parts)))
        assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert len(client.generate(WALK, seconds=1).motion) == 31


@pytest.mark.parametrize(
    ("pose", "words"),
    [
        ({"rotations": [1.0] * 88, "root": [0, 0, 0]}, "no pose"),
        ({"rotations": [0.0, 0, 0, 1] * 22, "root": [0, 0]}, "88 rotations and 3"),
        ({"rotations": [0.0, 0, 0, 1] * 21, "root": [0, 0, 0]}, "88 rotations and 3"),
        ({"rotations": [0.0, 0, 0, 1] * 22, "root": [0, 5000, 0]}, "-1000..1000"),
        ({"rotations": [float("nan")] * 88, "root": [0, 0, 0]}, ".rotations must"),
    ],
)
def test_poses_to_go_on_from_are_checked(channel: grpc.Channel, pose: dict, words: str) -> None:
    wrong, right = live_pb2.Pose(**pose), live_pb2.Pose(rotations=[0, 0, 0, 1] * 22, root=[0, 1, 0])
    assert words in refusal_of(channel, resume=wrong)
    second = refusal_of(channel, resume=right, before=[right, wrong])
    assert words in second and second.startswith("before[1]")


def test_poses_before_are_not_too_many_and_not_alone(channel: grpc.Channel) -> None:
    pose = live_pb2.Pose(rotations=[0, 0, 0, 1] * 22, root=[0, 1, 0])
    assert "before needs resume" in refusal_of(channel, before=[pose])
    assert "at most 63 poses, got 64" in refusal_of(channel, resume=pose, before=[pose] * 64)


def refusal_of(channel: grpc.Channel, **start: object) -> str:
    """What the server says of a start."""
    message = live_pb2.DriveStart(wish=live_pb2.DriveChange(text=WALK), **start)  # type: ignore[arg-type]
    with pytest.raises(grpc.RpcError) as refusal:
        list(live_pb2_grpc.LiveServiceStub(channel).Drive(requests_of(live_pb2.DriveRequest(start=message))))
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return str(refusal.value.details())


def test_the_posture_is_the_bundles(live: Running, client: Client) -> None:
    live.engine.live_gate.clear()
    with client.drive(WALK, affect=Affect.of("sadness", 1.0)) as stream:
        neck = read(stream, 30)[-1].rotations[JOINT["neck"]]
    assert 2 * np.arcsin(neck[0]) == pytest.approx(0.4, abs=0.06)
