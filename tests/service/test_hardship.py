"""What befalls servers: killed, stopped, a clock set anew, a full disk, readers that do not read, mute callers."""

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import grpc
import numpy as np
import pytest

from emomotion.v1 import live_pb2
from sdk.client import AsyncClient, Client
from sdk.drive import LiveFrame
from sdk.errors import ServerError
from sdk.service import live as live_service
from tests.service.conftest import PATIENCE_S, Live
from tests.service.mutants import valid_messages
from tests.service.programs import serving
from tests.service.seams import seam

WALK = "a person walks forward"
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


@posix
def test_characters_of_a_killed_server_go_on_when_it_is_back() -> None:
    frames: dict[int, list[LiveFrame]] = {number: [] for number in range(8)}

    async def play(client: AsyncClient, number: int, back: asyncio.Event) -> None:
        options = {"affect": "joy", "seed": number, "reconnect_s": PATIENCE_S, "every_frame": True}
        async with client.drive(WALK, **options) as live:
            async for frame in live:
                frames[number].append(frame)
                if back.is_set():
                    return

    async def run(port: int, back: asyncio.Event) -> None:
        async with AsyncClient(f"127.0.0.1:{port}") as client:
            await asyncio.gather(*(play(client, number, back) for number in frames))

    async def all_of_it() -> dict[int, int]:
        back = asyncio.Event()
        with ExitStack() as stack:
            first = stack.enter_context(serving())
            playing = asyncio.create_task(run(first.port, back))
            while min(len(got) for got in frames.values()) < 20:
                await asyncio.sleep(0.05)
            first.process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(first.process.wait)
            await asyncio.sleep(0.3)
            before = {number: len(got) for number, got in frames.items()}
            second = await asyncio.to_thread(stack.enter_context, serving(port=first.port))
            assert second.port == first.port
            while any(len(got) < before[number] + 10 for number, got in frames.items()):
                await asyncio.sleep(0.05)
            back.set()
            await playing
        return before

    before = asyncio.run(asyncio.wait_for(all_of_it(), 2 * PATIENCE_S))
    for number, got in frames.items():
        numbers = [frame.number for frame in got]
        assert numbers[0] == 0 and numbers == sorted(set(numbers))  # a busy server leaves frames out; none comes twice
        metres, degrees = seam(got, before[number])
        assert metres < 0.05 and degrees < 10


@posix
def test_a_server_that_stood_still_goes_on_with_the_present() -> None:
    with serving() as program, Client(program.address) as client, client.drive(WALK, seed=1) as live:
        stopped = 0.0
        for frame in live:
            if frame.number == 20:
                program.process.send_signal(signal.SIGSTOP)
                time.sleep(2)
                program.process.send_signal(signal.SIGCONT)
                stopped = time.perf_counter()
            elif stopped and time.perf_counter() - stopped > 0.3:
                break
    # Two seconds are sixty frames; what was already on its way may still come.
    assert frame.number - 20 >= 45


def test_a_clock_that_is_set_anew_changes_nothing(live: Live, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    wall, began, numbers = time.time, time.perf_counter(), []
    with client.drive(WALK, seed=1, every_frame=True) as stream:
        for frame in stream:
            numbers.append(frame.number)
            if frame.number == 10:
                monkeypatch.setattr(time, "time", lambda: wall() + 3600)
                clip = client.generate(WALK, seconds=1, budget_ms=1000)
                assert clip.budget_left_ms is not None and 0 < clip.budget_left_ms <= 1000
            elif frame.number == 20:
                monkeypatch.setattr(time, "time", lambda: wall() - 3600)
            elif frame.number == 30:
                break
    assert numbers == list(range(31)) and 0.8 < time.perf_counter() - began < PATIENCE_S


@posix
def test_a_server_that_says_nothing_for_long_is_lost_and_taken_up_again() -> None:
    refusals: list[str] = []
    with serving() as program, Client(program.address) as client, Client(program.address) as other:
        impatient = other.drive(WALK, seed=1)
        next(iter(impatient))

        def read() -> None:
            try:
                list(impatient)
            except ServerError as error:
                refusals.append(error.status)

        reader = threading.Thread(target=read)
        reader.start()
        with client.drive(WALK, seed=1, reconnect_s=PATIENCE_S) as live:
            for frame in live:
                if frame.number == 20:
                    program.process.send_signal(signal.SIGSTOP)
                    threading.Timer(9, program.process.send_signal, [signal.SIGCONT]).start()
                if frame.number > 20 and live.lost:
                    break
        reader.join(PATIENCE_S)
    assert refusals == ["UNAVAILABLE"], "a stream that may not reconnect ends"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("kind", ["text", "json"])
def test_a_log_on_a_full_disk_stops_nobody(kind: str) -> None:
    with open("/dev/full", "w") as full, serving("--log", kind, "--log-level", "info", stderr=full) as program:
        with Client(program.address) as client:
            for _ in range(5):
                assert len(client.generate(WALK, seconds=1).motion) == 31
        program.process.terminate()
        assert program.process.wait(PATIENCE_S) == 0


def test_callers_that_say_nothing_keep_nobody_out(live: Live, client: Client) -> None:
    openings = (b"", b"PRI * HTTP/2", b"GET / HTTP/1.1\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", os.urandom(300))
    with ExitStack() as stack:
        for number in range(200):
            mute = stack.enter_context(socket.create_connection(("127.0.0.1", live.server.port)))
            mute.sendall(openings[number % len(openings)])
        assert len(client.generate(WALK, seconds=1).motion) == 31
        with client.drive(WALK, every_frame=True) as stream:
            assert [frame.number for frame, _ in zip(stream, range(5), strict=False)] == list(range(5))
    live.until(lambda: live.server.core.streams == 0)


def test_a_reader_that_never_reads_loses_its_place(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_service, "STALLED_S", 0.5)
    # Small windows, so that the way is full at once and not after megabytes.
    options = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 1024), ("grpc.http2.max_frame_size", 16384))
    with grpc.insecure_channel(live.address, options) as channel:
        start = live_pb2.DriveRequest.FromString(valid_messages()[1].SerializeToString())
        drive = channel.stream_stream(
            "/emomotion.v1.LiveService/Drive", request_serializer=live_pb2.DriveRequest.SerializeToString
        )

        def requests() -> Iterator[live_pb2.DriveRequest]:
            yield start
            time.sleep(PATIENCE_S)

        call = drive(requests())
        live.until(lambda: live.server.core.streams == 1)
        live.until(lambda: live.server.core.streams == 0)
        with pytest.raises(grpc.RpcError, match="took no frame"):
            list(call)


def test_a_reader_that_paused_sees_the_present(live: Live, client: Client) -> None:
    with client.drive(WALK, seed=1) as stream:
        frames = iter(stream)
        first = next(frames)
        began = time.perf_counter()
        time.sleep(2)
        after = next(frames)
        due = first.number + 30 * (time.perf_counter() - began)
    assert after.number > due - 15 and stream.passed_over > 30
    with client.drive(WALK, seed=1, every_frame=True) as stream:
        frames = iter(stream)
        next(frames)
        time.sleep(1)
        assert [next(frames).number for _ in range(20)] == list(range(1, 21))
    assert np.isfinite(after.rotations).all()
