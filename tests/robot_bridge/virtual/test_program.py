"""The program as a user starts it, and the page it serves."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from aiohttp import WSMsgType

from robot_bridge.virtual.program import Program, Wishes, read_calibration
from sdk.errors import InvalidInput, MalformedFile
from tests.conftest import REPO
from tests.robot_bridge.virtual.robots import SCHEMA, robot

PATIENCE_S = 30.0


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "robot_bridge.virtual", *arguments]


def test_the_program_runs_logs_and_ends_with_its_counters(tmp_path: Path) -> None:
    log = tmp_path / "robot.jsonl"
    options = ["--web", "0", "--tritium", "0", "--seconds", "0.5", "--log", str(log), "--fault", "stuck:Jaw Pitch@0.1"]
    done = subprocess.run(command(*options), cwd=REPO, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    assert re.search(r"page at http://127.0.0.1:\d+", done.stdout) and "Tritium at ws://" in done.stdout
    assert re.search(r"ended after \d\.\d s: .*ticks \d+", done.stdout)
    entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert {"t": pytest.approx(0.1, abs=0.02), "event": "faults", "active": ["stuck Jaw Pitch"]} in entries
    assert len(entries[-1]["demand"]) == 30


def test_bytes_that_are_no_http_leave_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def knock() -> None:
        async with Program.opened(robot(), Wishes(web=0)) as program:
            port = int(program.addresses["page at"].rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")  # as gRPC begins
            assert b"400 Bad Request" in await asyncio.wait_for(reader.read(), PATIENCE_S)
            writer.close()

    asyncio.run(knock())
    assert [record for record in caplog.records if record.name == "aiohttp.server"] == []


def test_ctrl_c_ends_it_quietly() -> None:
    with subprocess.Popen(
        command("--web", "0"), cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        while "virtual Ameca runs" not in one.stdout.readline():
            assert one.poll() is None
        one.send_signal(signal.SIGINT)
        out, errors = one.communicate(timeout=PATIENCE_S)
    assert one.returncode == 0 and "ended after" in out and errors == ""


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "nothing reaches this robot"),
        (["--web", "0", "--fault", "flood=1"], "fault 'flood' is unknown"),
        (["--web", "0", "--fault", "stuck:Nose"], "control 'Nose' is unknown"),
        (["--zmq", "localhost"], "must look like tcp://HOST:6666"),
        (["--web", "70000"], "70000"),
        (["--web", "0", "--log", "absent/robot.jsonl"], "--log cannot be written"),
        (["--web", "0", "--log", "here.yaml"], "here.yaml exists already"),
        (["--web", "0", "--calibration", "here.yaml"], "'Head Pitch' is 90; it must lie between -30 and 20"),
    ],
)
def test_wrong_options_are_one_clear_line(options: list[str], complaint: str, tmp_path: Path) -> None:
    (tmp_path / "here.yaml").write_text("neutral: {Head Pitch: 90}")
    environment = {"PYTHONPATH": f"{REPO}:{REPO / 'protos'}", "PATH": ""}
    done = subprocess.run(
        command(*options), cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 2 and complaint in done.stderr and done.stderr.count("\n") == 1


def test_a_taken_port_is_refused() -> None:
    async def twice() -> None:
        async with Program.opened(robot(), Wishes(web=0)) as first:
            port = int(first.addresses["page at"].rpartition(":")[2])
            with pytest.raises(InvalidInput, match=f"port {port} .*already in use"):
                async with Program.opened(robot(), Wishes(web=port)):
                    pass

    asyncio.run(twice())


def test_a_calibration_is_read_and_a_wrong_one_named(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("neutral: {Brow Inner Left: 0.6, Nose Wrinkle: 0}", encoding="utf-8")
    assert read_calibration(path) == {"Brow Inner Left": 0.6, "Nose Wrinkle": 0.0}
    for text in ("", "neutral: 5", "neutral: {Nose: soft}", "neutral: [", "other: {}"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(MalformedFile, match="own.yaml"):
            read_calibration(path)


# --- the page ---


def browse(work: Any, *faults: str) -> None:
    async def all_of_it() -> None:
        async with Program.opened(robot(*faults), Wishes(web=0)) as program, aiohttp.ClientSession() as http:
            await work(program, http, program.addresses["page at"])

    asyncio.run(asyncio.wait_for(all_of_it(), PATIENCE_S))


def test_the_page_is_whole_and_asks_nobody_else() -> None:
    async def work(_: Program, http: aiohttp.ClientSession, address: str) -> None:
        async with http.get(address) as reply:
            page = await reply.text()
            assert reply.status == 200 and reply.content_type == "text/html"
            assert "default-src 'self'" in reply.headers["Content-Security-Policy"]
        assert '<html lang="en">' in page and "https://" not in page.replace('https:"', "")
        assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
        setup = await (await http.get(f"{address}/setup.json")).json()
        assert [one["name"] for one in setup["controls"]] == list(SCHEMA.names)
        assert len(setup["triangles"]) == 852 and setup["schema"] == SCHEMA.sha256
        async with http.get(f"{address}/face.png") as picture:
            assert (await picture.read()).startswith(b"\x89PNG")

    browse(work)


def test_what_is_sent_live_is_what_the_robot_does() -> None:
    async def work(program: Program, http: aiohttp.ClientSession, address: str) -> None:
        async with http.ws_connect(f"{address}/live") as socket:
            bid = program.robot.bid("Jaw Pitch")
            for _ in range(30):
                program.robot.demand(bid, {"Jaw Pitch": 0.25})
                await program.step()
                await asyncio.sleep(0)
            frames, states = [], []
            while len(frames) < 3 or not states:
                message = await socket.receive(PATIENCE_S)
                if message.type is WSMsgType.BINARY:
                    frames.append(np.frombuffer(message.data, "<f4"))
                else:
                    states.append(json.loads(message.data))
                program.robot.demand(bid, {"Jaw Pitch": 0.25})
                await program.step()
            last = frames[-1]
            assert len(last) == 1 + 3 * 488 + 4 * 30 and np.isfinite(last).all()
            demand, position, low, high = last[1 + 3 * 488 :].reshape(4, 30)
            jaw = SCHEMA.index("Jaw Pitch")
            assert demand[jaw] == 0.25 and 0.2 < position[jaw] < 1 and low[jaw] == 0 and high[jaw] == 1
            assert np.abs(last[1 : 1 + 3 * 478]).max() < 0.3  # metres
            assert states[0]["connected"] and states[0]["bids"][0]["controls"] in (0, 1)
            assert len(states[0]["status"]) == 30 and states[0]["counters"]["ticks"] >= 1

    browse(work)


def test_a_viewer_can_inject_a_fault_and_is_told_what_is_wrong_with_another() -> None:
    async def work(program: Program, http: aiohttp.ClientSession, address: str) -> None:
        async with http.ws_connect(f"{address}/live") as socket:
            await socket.send_str(json.dumps({"fault": "stuck:Jaw Pitch", "for_s": 1}))
            for bad in (
                '{"fault": "flood=1", "for_s": 1}',
                '{"fault": "loss=0.5", "for_s": -1}',
                "x",
                "[]",
                '{"for_s": 1}',
            ):
                await socket.send_str(bad)
                assert (await socket.receive_json(timeout=PATIENCE_S))["error"]
            await program.step()
            assert program.robot.active_faults == ["stuck Jaw Pitch"]
            for _ in range(70):
                await program.step()
            assert program.robot.active_faults == []

    browse(work)


def test_pages_of_others_cannot_look() -> None:
    async def work(_: Program, http: aiohttp.ClientSession, address: str) -> None:
        async with http.get(address, headers={"Host": "evil.example"}) as reply:
            assert reply.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{address}/live", headers={"Origin": "http://evil.example"})
        assert refused.value.status == 403

    browse(work)


def test_the_loop_keeps_time() -> None:
    async def work(program: Program, _: aiohttp.ClientSession, __: str) -> None:
        stop = asyncio.Event()
        start = time.monotonic()
        asyncio.get_running_loop().call_later(1.0, stop.set)
        await program.live(stop)
        # Ticks that a busy machine made it give up are counted.
        lived = program.robot.time + program.robot.counters["ticks_given_up"] / 60
        assert lived == pytest.approx(time.monotonic() - start, abs=0.3)

    browse(work)
