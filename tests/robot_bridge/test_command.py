"""The programs as a user runs them: what they refuse, in one line, and a run from arming to neutral."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from robot_bridge.__main__ import command, own_schema
from robot_bridge.client import BridgeClient, state_of
from robot_bridge.record import applied_of, read_log
from robot_bridge.replay import replay
from sdk.console import run
from sdk.errors import MalformedFile
from tests.robot_bridge.bridges import SCHEMA, pose
from tests.robot_bridge.checker import Checker
from tests.robot_bridge.programs import running
from tests.service.conftest import PATIENCE_S
from tests.service.programs import ENVIRONMENT, REPO


def test_a_run_from_arming_to_neutral(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    with running("--robot", "sim", "--arm", "--log", str(log)) as (process, address):
        with BridgeClient(address) as client, client.control(SCHEMA, writer="test") as writer:
            acks = []
            while not any(len(ack.applied) and ack.applied[12] > 3 for ack in acks):
                writer.send(pose(Head_Yaw=12, Nose_Wrinkle=0.5))
                acks.extend(writer.acks())
                time.sleep(1 / 60)
            assert state_of(client.status()) == "tracking"
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read() if process.stdout else ""
        assert process.wait(20) == 0 and "the face goes to neutral" in rest
    ticks = [record.fields for record in read_log(log) if record.kind == "T" and record.fields["applied"]]
    values = np.array([applied_of(tick["applied"], 30)[0] for tick in ticks])
    np.testing.assert_array_equal(values[-1], SCHEMA.neutral)
    assert ticks[-1]["release"] and ticks[-1]["state"] == "disarmed"
    times = np.array([tick["now"] for tick in ticks])
    if np.diff(times).max() <= 1 / 20:  # a machine that stood still shows in the times, not in the demands
        assert Checker().verdict(times, values).broken == []
    made = replay(log)
    assert made.differs == "" and made.torn == 0 and made.demands == len(ticks)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Missing option '--robot'"),
        (["--robot", "ameca"], "is no robot; write sim"),
        (["--robot", "sim", "--range-set", "wide"], "range set 'wide' is unknown; known: x2c, tight"),
        (["--robot", "sim", "--calibration", "{folder}/broken.yaml"], "not readable as YAML"),
        (["--robot", "sim", "--calibration", "{folder}/wrong.yaml"], "control 'Nose' is unknown"),
        (["--robot", "sim", "--calibration", "{folder}/none.yaml"], "does not exist"),
        (["--robot", "sim", "--log", "{folder}/broken.yaml"], "exists already"),
        (["--robot", "sim", "--host", "0.0.0.0"], "host 0.0.0.0 may be reached from other machines"),
        (["--robot", "sim", "--face", "nowhere"], "server must be HOST:PORT"),
        (["--robot", "sim", "--face", "localhost:50051", "--affect", "bliss"], "'bliss'"),
        (["--robot", "sim", "--affect", "joy"], "give --face HOST:PORT too"),
        (["--robot", "tritium://127.0.0.1:1", "--arm", "--port", "0", "--robot-token", "key"], "no robot answers at"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_clear_line(
    tmp_path: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("robot_bridge.__main__.start_log", lambda **_: None)
    (tmp_path / "broken.yaml").write_text("neutral: {")
    (tmp_path / "wrong.yaml").write_text("neutral: {Nose: 0.85}")
    with pytest.raises(SystemExit) as ended:
        run(command, [option.format(folder=tmp_path) for option in options], name="python -m robot_bridge")
    said = capsys.readouterr().err
    assert ended.value.code == 2 and message in said
    assert len(said.splitlines()) == 1 and said.startswith("error: ")


def test_a_port_in_use_is_one_line_of_the_whole_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = ["--robot", "sim", "--port", str(taken.getsockname()[1])]
        command = [sys.executable, "-m", "robot_bridge", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, env=ENVIRONMENT, cwd=REPO)
    assert done.returncode == 2 and "is already in use" in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_calibration_nobody_may_read_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(self: Path) -> bytes:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "read_bytes", forbidden)
    with pytest.raises(MalformedFile, match="--calibration cannot be read .Permission denied."):
        own_schema(tmp_path / "robot.yaml")
