"""Generate and GetInfo against the fake engine: what arrives, in which order, and what stops the work."""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest

from emomotion.v1 import info_pb2, motion_pb2, motion_pb2_grpc
from sdk.client import AsyncClient, Chunk, Client, Evidence, Header, Plan, Status
from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput, ServerError
from sdk.motion.skeleton import BODY
from sdk.runtime.engine import Cancelled
from sdk.runtime.limits import MAX_SECONDS, MIN_SECONDS
from tests.service.conftest import PATIENCE_S, Live
from tests.service.fake_engine import motion_of

WALK = "a person walks forward"


def test_the_clip_is_the_engines_motion_with_all_settings_echoed(live: Live, client: Client) -> None:
    affect = Affect({Emotion.JOY: 1, Emotion.FEAR: 2}, 0.8)
    clip = client.generate(WALK, affect=affect, seconds=3.3, seed=2**64 - 1, plan="fast", fps=24)
    [request] = live.engine.requests
    assert (request.text, request.affect, request.seconds) == (WALK, affect, 3.3)
    assert (request.seed, request.plan, request.fps) == (2**64 - 1, "fast", 24.0)
    expected = motion_of(request)
    np.testing.assert_allclose(clip.motion.rotations, expected.rotations, atol=1e-7)
    np.testing.assert_allclose(clip.motion.root, expected.root, atol=1e-6)
    assert clip.motion.skeleton is BODY and clip.motion.fps == 24
    assert (clip.text, clip.affect, clip.seconds, clip.seed) == (WALK, affect, 3.3, 2**64 - 1)
    assert (clip.plan, clip.fps, clip.degraded) == ("fast", 24, False)
    assert list(clip.stage_ms) == ["queue", "text", "masked", "residual", "decode", "total"]
    assert clip.passes == {"masked": 10, "residual": 5, "decode": 1} and clip.budget_left_ms is None
    assert clip.bundle_sha256 == live.engine.bundle.sha256


def test_what_is_not_asked_for_is_filled_in_and_said(live: Live, client: Client) -> None:
    clip = client.generate(WALK)
    [request] = live.engine.requests
    assert (request.affect, request.seconds) == (Affect.neutral(), 4.0)
    assert (request.seed, request.plan, request.fps) == (None, None, None)
    assert (clip.seed, clip.plan, clip.fps, clip.degraded) == (12345, "default", 30, False)


def test_settings_used_give_the_same_motion_again(live: Live, client: Client) -> None:
    first = client.generate(WALK, affect="joy:1,trust:1,fear:1", seconds=1.7)
    again = client.generate(
        first.text, affect=first.affect, seconds=first.seconds, seed=first.seed, plan=first.plan, fps=first.fps
    )
    np.testing.assert_array_equal(again.motion.rotations, first.motion.rotations)
    np.testing.assert_array_equal(*(request.affect.vector for request in live.engine.requests))


@pytest.mark.parametrize("seconds", [MIN_SECONDS, 1.0, 4.2, MAX_SECONDS])
def test_header_first_then_every_frame_once_then_status(client: Client, seconds: float) -> None:
    header, *chunks, status = client.stream(WALK, seconds=seconds, seed=1)
    assert isinstance(header, Header) and isinstance(status, Status)
    assert all(isinstance(chunk, Chunk) for chunk in chunks)
    sizes = [len(chunk) for chunk in chunks]
    assert [chunk.start_frame for chunk in chunks] == list(np.cumsum([0, *sizes[:-1]]))
    assert sum(sizes) == header.frame_count == round(seconds * 30) + 1


def test_contacts_on_the_wire_are_the_motions(client: Client) -> None:
    parts = list(client.stream(WALK, seconds=2, seed=3))
    contacts = np.concatenate([part.contacts for part in parts if isinstance(part, Chunk)])
    expected = client.generate(WALK, seconds=2, seed=3).motion.contacts
    np.testing.assert_array_equal(contacts, expected > 0.5)


def test_sync_and_async_clients_agree(live: Live, client: Client) -> None:
    async def ask() -> tuple[object, ...]:
        async with AsyncClient(live.address) as connected:
            clip = await connected.generate(WALK, affect="fear", seconds=2, seed=9)
            kinds = [type(part) async for part in connected.stream(WALK, seconds=1, seed=9)]
            return clip, kinds, await connected.info()

    clip, kinds, info = live.loop.call(ask())
    mine = client.generate(WALK, affect="fear", seconds=2, seed=9)
    np.testing.assert_array_equal(clip.motion.rotations, mine.motion.rotations)
    clocks = {"motion": None, "stage_ms": None}
    assert vars(clip) | clocks == vars(mine) | clocks
    assert kinds == [type(part) for part in client.stream(WALK, seconds=1, seed=9)]
    assert vars(info) == vars(client.info())


def test_info_tells_the_bundle_and_the_limits(client: Client) -> None:
    info = client.info()
    assert (info.name, info.version, info.sha256, info.licence) == ("fake", "1.2.3", "ab" * 32, "CC0-1.0")
    assert (info.representation, info.fps, info.generators) == ("rot272", 30.0, ("emo-mask",))
    scales = (4.0, 3.0, 2.0, 1.0, 0.0)
    assert info.plans == (
        Plan("default", 10, 5, *scales, is_default=True, generator="emo-mask", quality={"fid": 0.5}, expected_ms=50.0),
        Plan("fast", 4, 1, *scales, is_default=False, generator="emo-mask", quality={}, expected_ms=20.0),
    )
    assert info.default_plan == "default"
    assert info.emotions[Emotion.FEAR] == Evidence("proxy", 1.5) and info.emotions[Emotion.TRUST].kind == "none"
    assert info.skeleton is BODY
    assert info.limits["max_seconds"] == 30 and info.limits["max_text_chars"] == 1000


def test_cancelling_the_call_stops_the_engine(live: Live, channel: grpc.Channel) -> None:
    live.engine.gate.clear()
    call = motion_pb2_grpc.MotionServiceStub(channel).Generate(motion_pb2.GenerateRequest(text=WALK))
    assert live.engine.entered.acquire(timeout=PATIENCE_S)
    call.cancel()
    assert live.engine.was_cancelled.wait(PATIENCE_S)


def test_a_client_that_goes_away_stops_the_engine(live: Live) -> None:
    live.engine.gate.clear()
    channel = grpc.insecure_channel(live.address)
    call = motion_pb2_grpc.MotionServiceStub(channel).Generate(motion_pb2.GenerateRequest(text=WALK))
    assert live.engine.entered.acquire(timeout=PATIENCE_S)
    channel.close()  # the process going away looks the same to the server
    assert call is not None  # a call nobody holds would have been cancelled before it began
    assert live.engine.was_cancelled.wait(PATIENCE_S)


def test_a_cancelled_task_of_the_async_client_stops_the_engine(live: Live) -> None:
    live.engine.gate.clear()

    async def ask_and_leave() -> None:
        async with AsyncClient(live.address) as connected:
            task = asyncio.create_task(connected.generate(WALK))
            await asyncio.to_thread(live.engine.entered.acquire, timeout=PATIENCE_S)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    live.loop.call(ask_and_leave())
    assert live.engine.was_cancelled.wait(PATIENCE_S)


def test_a_deadline_stops_the_engine_and_says_so(live: Live, client: Client) -> None:
    live.engine.gate.clear()
    with pytest.raises(ServerError, match=r"did not finish within 0.3 s") as refusal:
        client.generate(WALK, timeout_s=0.3)
    assert refusal.value.status == "DEADLINE_EXCEEDED"
    assert live.engine.was_cancelled.wait(PATIENCE_S)


def test_closing_the_client_ends_its_calls_and_the_work(live: Live) -> None:
    live.engine.gate.clear()
    refusals: list[ServerError] = []

    def ask(client: Client) -> None:
        with pytest.raises(ServerError) as refusal:
            client.generate(WALK)
        refusals.append(refusal.value)

    client = Client(live.address)
    asking = threading.Thread(target=ask, args=(client,))
    asking.start()
    assert live.engine.entered.acquire(timeout=PATIENCE_S)
    client.close()
    asking.join(PATIENCE_S)
    assert [refusal.status for refusal in refusals] == ["CANCELLED"]
    assert live.engine.was_cancelled.wait(PATIENCE_S)
    live.engine.gate.set()
    with Client(live.address) as second:
        assert len(second.generate(WALK, seconds=1).motion) == 31


def test_leaving_the_stream_early_is_quiet(live: Live, client: Client) -> None:
    for part in client.stream(WALK, seconds=30):
        if isinstance(part, Chunk):
            break
    assert len(client.generate(WALK, seconds=1).motion) == 31


def test_work_that_still_waits_is_dropped_when_its_caller_leaves(live: Live, channel: grpc.Channel) -> None:
    live.engine.gate.clear()
    stub = motion_pb2_grpc.MotionServiceStub(channel)
    running = stub.Generate(motion_pb2.GenerateRequest(text="first"))
    assert live.engine.entered.acquire(timeout=PATIENCE_S)
    waiting = stub.Generate(motion_pb2.GenerateRequest(text="second"))
    live.until(lambda: live.server.core.waiting == 1)
    waiting.cancel()
    live.until(lambda: live.server.core.waiting == 0)
    live.engine.gate.set()
    assert len(list(running)) > 2
    assert [request.text for request in live.engine.requests] == ["first"]


@pytest.mark.parametrize(
    "error", [RuntimeError(f"boom at {WALK}"), InvalidInput("motion holds NaN or infinite values"), KeyError(WALK)]
)
def test_a_fault_is_internal_with_a_reference_and_no_details(
    live: Live, client: Client, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    live.engine.error = error
    with caplog.at_level(logging.DEBUG), pytest.raises(ServerError) as refusal:
        client.generate(WALK)
    text = str(refusal.value)
    assert refusal.value.status == "INTERNAL" and "\n" not in text
    for secret in ("boom", "Traceback", "fake_engine", WALK, "NaN"):
        assert secret not in text
    [record] = [record for record in caplog.records if record.name == "emomotion.service"]
    logged = record.getMessage()
    reference = text.rpartition(" ")[2]
    assert reference in logged and type(error).__name__ in logged and "fake_engine.py" in logged
    assert WALK not in caplog.text
    live.engine.error = None
    assert len(client.generate(WALK, seconds=1).motion) == 31


def test_an_engine_that_cancels_by_itself_is_reported_as_cancelled(live: Live, client: Client) -> None:
    live.engine.error = Cancelled("between passes")
    with pytest.raises(ServerError) as refusal:
        client.generate(WALK)
    assert refusal.value.status == "CANCELLED"


def test_calls_from_many_threads_each_get_their_own_motion(client: Client) -> None:
    def ask(seed: int) -> np.ndarray:
        return client.generate(WALK, seconds=0.5, seed=seed).motion.rotations

    with ThreadPoolExecutor(8) as pool:
        clips = list(pool.map(ask, range(16)))
    for seed, clip in enumerate(clips):
        np.testing.assert_array_equal(clip, ask(seed))


def test_get_info_needs_no_field(channel: grpc.Channel) -> None:
    reply = motion_pb2_grpc.MotionServiceStub(channel).GetInfo(info_pb2.GetInfoRequest())
    assert len(reply.skeleton.rest_offsets) == 66 and reply.skeleton.parents[0] == -1
