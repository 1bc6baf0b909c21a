"""The log, and that playing it again gives the same bytes."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from robot_bridge.core import Command
from robot_bridge.record import MAGIC, Recorder, applied_of, read_log
from robot_bridge.replay import command, replay
from robot_bridge.schema import FILE
from sdk.errors import InvalidInput, MalformedFile
from tests.robot_bridge.bridges import SCHEMA, Remembering, Rig, frame, pose

TURNED = pose(Head_Yaw=15)


def eventful(path: Path) -> Rig:
    """A run in which everything happens that a log can hold."""
    rig = Rig(log=path, at=pose(Head_Yaw=5)).armed()
    draw = np.random.default_rng(0)
    rig.tick(40, values=TURNED)
    for _ in range(60):
        rig.send(draw.uniform(-2, 2, 30))
        rig.send(draw.uniform(-2, 2, int(draw.integers(28, 32))))
        rig.clock.now += draw.uniform(0.001, 0.08)
        rig.bridge.tick()
    rig.send(TURNED, ttl_ms=float("nan"))
    rig.tick(150)
    other = rig.bridge.acquire("other", SCHEMA.sha256, rig.acks.append)
    rig.bridge.submit(other, frame(TURNED))
    rig.tick(3)
    rig.robot.fails = RuntimeError("broken")
    rig.tick(3)
    rig.robot.fails = None
    rig.bridge.command(Command.CLEAR)
    rig.bridge.command(Command.ARM)
    rig.tick(10)
    rig.clock.now += 0.4
    rig.bridge.check()
    rig.tick(80)
    rig.bridge.command(Command.CLEAR)
    rig.bridge.give_up(other)
    rig.bridge.command(Command.ARM)
    rig.tick(5)
    rig.bridge.command(Command.STOP)
    rig.tick(5)
    rig.bridge.command(Command.CUT)
    rig.tick(5)
    rig.bridge.close()
    return rig


def test_a_replay_gives_every_demand_byte_for_byte(tmp_path: Path) -> None:
    rig = eventful(tmp_path / "a.log")
    made = replay(tmp_path / "a.log")
    assert made.differs == "" and made.torn == 0 and made.ticks > 300
    logged = [r.fields["applied"] for r in read_log(tmp_path / "a.log") if r.kind == "T" and r.fields["applied"]]
    values = np.array([applied_of(each, 30)[0] for each in logged])
    # The robot was not there to be written to in the tick in which it failed.
    assert len(values) == len(rig.robot.written) + 1
    np.testing.assert_array_equal(values[:100], np.array(rig.robot.written)[:100])


def test_the_command_says_whether_it_is_identical(tmp_path: Path) -> None:
    eventful(tmp_path / "a.log")
    out = tmp_path / "applied"
    done = CliRunner().invoke(command, [str(tmp_path / "a.log"), "--out", str(out)])
    assert done.exit_code == 0 and "identical, sha256" in done.output and out.stat().st_size > 10_000


def test_a_replay_sees_one_changed_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eventful(tmp_path / "a.log")
    monkeypatch.setattr("robot_bridge.motion.ROUNDING_S", 1e-2)
    assert "another one than in the log" in replay(tmp_path / "a.log").differs


def test_a_torn_end_is_passed_over_wherever_it_is_torn(tmp_path: Path) -> None:
    eventful(tmp_path / "a.log")
    whole = (tmp_path / "a.log").read_bytes()
    torn = tmp_path / "torn.log"
    for cut in range(1, 700, 61):
        torn.write_bytes(whole[:-cut])
        made = replay(torn)
        assert made.differs == "" and not made.damaged
        kinds = [record.kind for record in read_log(torn)]
        assert kinds.count("torn") <= 1 and "torn" not in kinds[:-1]


def test_a_log_that_is_damaged_in_the_middle_fails(tmp_path: Path) -> None:
    eventful(tmp_path / "a.log")
    whole = (tmp_path / "a.log").read_bytes()
    for place in (len(whole) // 2, len(whole) // 2 + 200, len(whole) // 2 + 411):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        (tmp_path / "damaged.log").write_bytes(bytes(damaged))
        done = CliRunner().invoke(command, [str(tmp_path / "damaged.log")])
        assert isinstance(done.exception, MalformedFile) and "the log is damaged behind tick" in str(done.exception)


def test_demands_that_cannot_be_written_are_one_clear_line(tmp_path: Path) -> None:
    eventful(tmp_path / "a.log")
    done = CliRunner().invoke(command, [str(tmp_path / "a.log"), "--out", str(tmp_path / "none" / "out")])
    assert isinstance(done.exception, InvalidInput) and "--out cannot be written" in str(done.exception)


def test_what_is_no_log_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    for content, message in (
        (b"", "no log of this version"), (b"hello", "no log of this version"),
        (MAGIC.replace(b"1", b"2"), "no log of this version"), (MAGIC, "no whole record"),
        (MAGIC + b"\x01\x02", "no whole record, only 2 bytes"),
    ):  # fmt: skip
        path.write_bytes(content)
        with pytest.raises(MalformedFile, match=message):
            replay(path)


def test_a_log_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("precious")
    rig = Rig()
    for place, message in ((path, "exists already"), (tmp_path / "none" / "a.log", "No such file or directory")):
        with pytest.raises(InvalidInput, match=message):
            Recorder(place, SCHEMA, FILE.read_bytes(), rig.settings)
    assert path.read_text() == "precious"


def test_a_calibrated_neutral_is_in_the_log(tmp_path: Path) -> None:
    from robot_bridge.bridge import Bridge
    from tests.robot_bridge.bridges import Clock

    calibration = tmp_path / "robot.yaml"
    calibration.write_text("neutral: {Brow Inner Left: 0.6}\n")
    own, rig = SCHEMA.calibrated(calibration), Rig()
    log = Recorder(tmp_path / "a.log", own, FILE.read_bytes(), rig.settings)
    clock, robot = Clock(), Remembering()
    bridge = Bridge(own, rig.settings, robot, clock=clock, log=log)
    bridge.tick()
    bridge.command(Command.ARM)
    for _ in range(30):
        clock.now += 1 / 60
        bridge.tick()
    bridge.close()
    assert robot.written[-1][0] == 0.6 and replay(tmp_path / "a.log").differs == ""
