"""Batches: complete files or none, failures collected, nothing made twice after a stop of any kind."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import sdk.batch.work as work
from sdk.clips.read import read_tags
from sdk.errors import InvalidInput, ServerError
from sdk.motion.bvh import bvh_text
from tests.batch.conftest import LIST
from tests.batch.fakes import MODULE, FakeMaker
from tests.service.programs import ENVIRONMENT, REPO, serving
from tests.synthetic import walking

Run = Callable[..., Result]


def clips(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.glb"))


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "batch.jsonl").read_text().splitlines()]


def test_a_batch_makes_clips_with_tags_and_a_sheet(run: Run, tmp_path: Path) -> None:
    result = run("--lock-feet", "--smooth", "0.5")
    assert result.return_value == 0 and "made     8 clips" in result.output, result.output
    made = clips(tmp_path / "out")
    assert len(made) == 8 and made[0].name == "a-person-runs_anger_1_s1.glb"
    reading = read_tags(made[0])
    assert reading.conflicts == () and reading.tags.seed == 1 and reading.tags.applied.label == "anger"
    assert reading.tags.postprocess == (("post", {"smooth": 0.5, "lock_feet": True}),)
    assert (tmp_path / "out" / "index.html").exists() and not list((tmp_path / "out").glob(".emomotion-*"))


def test_a_second_run_makes_nothing(run: Run, maker: FakeMaker, tmp_path: Path) -> None:
    run()
    before = {path: path.stat().st_mtime_ns for path in clips(tmp_path / "out")}
    maker.made.clear()
    result = run()
    assert "made     0 clips" in result.output and "kept     8 clips" in result.output and maker.made == []
    assert {path: path.stat().st_mtime_ns for path in clips(tmp_path / "out")} == before


def test_only_what_changed_is_made_again(run: Run, maker: FakeMaker, tmp_path: Path) -> None:
    run()
    maker.made.clear()
    clips(tmp_path / "out")[0].unlink()  # a lost file
    result = run(text=LIST + "  - {prompt: a person bows, seed: 1}\n")
    assert "made     2 clips" in result.output and sorted(maker.made) == ["a person bows", "a person runs"]
    maker.made.clear()
    maker.facts = replace(maker.facts, sha256="cd" * 32)  # another bundle
    assert "made     8 clips" in run().output


def test_what_others_made_or_changed_is_not_written_over(run: Run, maker: FakeMaker, tmp_path: Path) -> None:
    run()
    edited = clips(tmp_path / "out")[3]
    edited.write_bytes(b"an animator's evening")
    maker.made.clear()
    result = run()
    assert isinstance(result.exception, InvalidInput) and "1 file in" in str(result.exception)
    assert str(edited) in result.stderr and edited.read_bytes() == b"an animator's evening" and maker.made == []
    assert "made     1 clip " in run("--replace").output and read_tags(edited).conflicts == ()


def test_a_rig_is_not_written_over_by_its_clips(run: Run, maker: FakeMaker, tmp_path: Path) -> None:
    rig = tmp_path / "out" / "hero.bvh"
    text = f"seconds: 0.6\nclips: [{{prompt: a person walks, name: hero, rig: {rig}}}]"
    rig.parent.mkdir()
    rig.write_text(bvh_text(walking(0.5)))
    before = rig.read_bytes()
    result = run("--format", "bvh", "--replace", text=text)
    assert isinstance(result.exception, InvalidInput) and "is a rig that the list names" in str(result.exception)
    assert rig.read_bytes() == before and maker.made == []


def test_failures_are_told_at_the_end_and_made_by_the_next_run(run: Run, maker: FakeMaker, tmp_path: Path) -> None:
    def problem(text: str) -> None:
        if "runs" in text:
            raise InvalidInput("plan 'best' stumbled", field="plan")

    maker.problem = problem
    result = run()
    assert result.return_value == 1 and "failed   4 clips" in result.output
    assert result.stderr.count("plan 'best' stumbled") == 4 and "line 4:" in result.stderr
    page = (tmp_path / "out" / "index.html").read_text()
    assert "Not made" in page and page.count("stumbled") == 4
    maker.problem = lambda text: None
    assert "made     4 clips" in run().output


def test_workers_work_side_by_side(run: Run, maker: FakeMaker) -> None:
    maker._pause_s = 0.05
    run("--workers", "4")
    assert 2 <= maker.most_at_once <= 4


def test_a_busy_server_is_asked_again(run: Run, maker: FakeMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "FIRST_PAUSE_S", 0.001)
    refusals = iter(range(3))

    def problem(text: str) -> None:
        if next(refusals, None) is not None:
            raise ServerError("the queue is full", status="RESOURCE_EXHAUSTED")

    maker.problem = problem
    assert run("--workers", "1").return_value == 0


def test_a_server_that_is_gone_ends_the_batch_at_once(
    run: Run, maker: FakeMaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(work, "PATIENCE_S", 0.0)

    def problem(text: str) -> None:
        if len(maker.made) >= 3:
            raise ServerError("server is not there", status="UNAVAILABLE")

    maker.problem = problem
    result = run("--workers", "1")
    assert "server is not there; mend that and run the same command again" in str(result.exception)
    assert "stopped: 3 of 8 clips are done and kept" in result.stderr and len(lines(tmp_path / "out")) == 3


def test_a_batch_killed_in_the_middle_goes_on_without_doing_work_twice(
    run: Run, maker: FakeMaker, tmp_path: Path
) -> None:
    (tmp_path / "clips.yaml").write_text(LIST)
    out = tmp_path / "out"
    with program(tmp_path, "0.15") as killed:
        until(lambda: (out / "batch.jsonl").exists() and len(lines_whole(out)) >= 3)
        os.kill(killed.pid, signal.SIGKILL)
    # A clip counts if all of it is there, whether or not the program came to say so.
    done = sum(all(path.exists() for path in files_of(out, line)) for line in lines_whole(out))
    assert 2 <= done < 8
    with (out / "batch.jsonl").open("ab") as file:  # a line that the power cut short
        file.write(b'{"schema": "sdk.batch/1", "key": "')
    kept = {path: path.stat().st_mtime_ns for path in clips(out)}
    result = run()
    assert f"kept     {done} clips" in result.output and len(maker.made) == 8 - done
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert len(clips(out)) == 8 and all(read_tags(path).conflicts == () for path in clips(out))


def test_a_stop_between_record_and_files_loses_nothing(
    run: Run, maker: FakeMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(contents: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(work, "publish", killed)
    with pytest.raises(BaseException):  # noqa: B017, PT011  (Click makes an Abort of it)
        raise run("--workers", "1").exception or KeyboardInterrupt
    assert len(lines(tmp_path / "out")) >= 1 and clips(tmp_path / "out") == []
    monkeypatch.undo()
    monkeypatch.setattr(MODULE, "EngineMaker", lambda bundle: maker)
    assert "made     8 clips" in run().output


def until(true: Callable[[], bool]) -> None:
    """Wait for something that another program does."""
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.005)


def program(tmp_path: Path, pause: str, **options: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.batch.fakes", str(tmp_path / "clips.yaml"), "--out", str(tmp_path / "out")]
    return subprocess.Popen(
        [*command, "--pause", pause], cwd=REPO, env=ENVIRONMENT, text=True, stderr=subprocess.PIPE,
        stdout=subprocess.PIPE, **options,  # type: ignore[call-overload]
    )  # fmt: skip


def lines_whole(folder: Path) -> list[dict[str, object]]:
    whole = [line for line in (folder / "batch.jsonl").read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line) for line in whole]


def files_of(folder: Path, line: dict[str, object]) -> list[Path]:
    return [folder / file["path"] for file in line["files"]]  # type: ignore[attr-defined, index]


def test_ctrl_c_leaves_what_is_done(tmp_path: Path) -> None:
    (tmp_path / "clips.yaml").write_text(LIST)

    def hearing() -> None:  # what a shell starts in the background does not hear Ctrl-C, nor what that starts
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with program(tmp_path, "0.2", preexec_fn=hearing) as stopped:
        until(lambda: (tmp_path / "out" / "batch.jsonl").exists() and bool(lines_whole(tmp_path / "out")))
        stopped.send_signal(signal.SIGINT)
        _, errors = stopped.communicate(timeout=30)
    assert stopped.returncode == 130 and "are done and kept" in errors and "Traceback" not in errors


def test_a_full_disk_stops_the_batch_and_loses_nothing(run: Run, tmp_path: Path) -> None:
    def small() -> None:  # no file may grow beyond this, as on a disk that is full: the record, after some clips
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    # Long clips, so that a few lines fill the record.
    (tmp_path / "clips.yaml").write_text(LIST.replace("0.6", "30"))
    with program(tmp_path, "0", preexec_fn=small) as full:
        _, errors = full.communicate(timeout=60)
    assert (
        full.returncode == 2 and "cannot write: File too large" in errors and "run the same command again" in errors
    ), errors
    assert "Traceback" not in errors
    out = tmp_path / "out"
    assert not list(out.glob(".emomotion-*"))
    for path in clips(out):
        assert read_tags(path).conflicts == ()


@pytest.mark.parametrize("name", ["file", "file/out"])
def test_a_folder_that_cannot_be_made_is_refused_before_the_work(
    name: str, run: Run, maker: FakeMaker, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    result = run("--out", str(tmp_path / name))
    assert result.exception is not None and maker.made == []


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc, a folder in which even root cannot write")
def test_a_folder_that_takes_no_file_is_refused_before_the_work(run: Run, maker: FakeMaker) -> None:
    result = run("--out", "/proc/clips")
    assert isinstance(result.exception, InvalidInput) and "cannot make the folder" in str(result.exception)
    assert maker.made == []


def test_two_batches_in_one_folder_do_not_mix(run: Run, tmp_path: Path) -> None:
    (tmp_path / "clips.yaml").write_text(LIST)
    with program(tmp_path, "0.3") as first:
        until(lambda: (tmp_path / "out" / "batch.jsonl").exists())
        time.sleep(0.05)
        result = run()
        first.kill()
    assert isinstance(result.exception, InvalidInput) and "another batch is writing" in str(result.exception)


def test_a_record_that_is_none_is_refused_and_kept(run: Run, tmp_path: Path) -> None:
    run()
    record = tmp_path / "out" / "batch.jsonl"
    record.write_text("my notes\n" + record.read_text())
    before = record.read_bytes()
    result = run()
    assert "line 1: not a line of a batch" in str(result.exception) and record.read_bytes() == before


def test_check_makes_nothing(run: Run, maker: FakeMaker, tmp_path: Path) -> None:
    result = run("--check")
    assert "is in order: 8 clips, 8 files" in result.output and maker.made == [] and not (tmp_path / "out").exists()


def test_check_needs_no_folder_and_making_does(tmp_path: Path) -> None:
    (tmp_path / "clips.yaml").write_text("clips:\n- prompt: walk\n")
    checked = CliRunner().invoke(MODULE.command, [str(tmp_path / "clips.yaml"), "--check"], standalone_mode=False)
    assert "is in order: 1 clip" in checked.output and checked.exit_code == 0
    made = CliRunner().invoke(MODULE.command, [str(tmp_path / "clips.yaml")], standalone_mode=False)
    assert isinstance(made.exception, InvalidInput) and "--out FOLDER" in str(made.exception)


def test_faults_are_told_line_by_line_before_anything_is_touched(run: Run, tmp_path: Path) -> None:
    result = run(text="clips:\n- prompt: walk\n  emotion: joi\n- prompt: run\n  seconds: 99\n")
    assert "line 3: emotion 'joi'" in result.stderr and "line 5: seconds" in result.stderr
    assert str(result.exception) == "clips.yaml has 2 faults; nothing was made" and not (tmp_path / "out").exists()


def test_a_server_makes_the_motion_and_the_files_are_written_here(tmp_path: Path) -> None:
    (tmp_path / "clips.yaml").write_text(LIST)
    with serving() as server:
        arguments = [str(tmp_path / "clips.yaml"), "--out", str(tmp_path / "out"), "--server", server.address]
        result = CliRunner().invoke(MODULE.command, arguments, standalone_mode=False)
        assert result.return_value == 0 and "made     8 clips" in result.output, result.exception
        assert "kept     8 clips" in CliRunner().invoke(MODULE.command, arguments, standalone_mode=False).output
    assert all(read_tags(path).conflicts == () for path in clips(tmp_path / "out"))
    refused = CliRunner().invoke(MODULE.command, arguments, standalone_mode=False)
    assert isinstance(refused.exception, ServerError)
