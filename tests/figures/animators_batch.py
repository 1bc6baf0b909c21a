"""Figures of a batch: rate, memory, and work that is not done twice, the shipped bundle in a program of its own."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.figures.report import Report
from tests.service.programs import ENVIRONMENT, REPO

LIST = """
lock_feet: yes
ground: yes
smooth: 0.5
clips:
  - prompt: [a person walks forward, a person punches, a person waves, a person bows, a person kicks]
    emotion: [joy, sadness, fear, anger]
    intensity: 1
    seed: 1..5
"""
CLIPS = 100
GROWTH_MB = 30.0
"""So much more memory than after ten clips is not growth: buffers of the longest one."""


def measure(report: Report, prepared: tuple[Path, ...]) -> None:
    """Make 100 clips in one go; then 100 in another folder, killed in the middle and resumed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "clips.yaml").write_text(LIST)
        began, samples = time.monotonic(), []
        with program(folder, "whole") as process:
            while process.poll() is None:
                samples.append((made(folder / "whole"), resident_mb(process.pid)))
                time.sleep(0.1)
        took = time.monotonic() - began
        record = lines(folder / "whole")
        report.holds("clips made", f"{len(record)}, exit code {process.returncode}", f"{CLIPS}, exit code 0",
                     len(record) == CLIPS and process.returncode == 0)  # fmt: skip
        report.show("time for all, start and contact sheet included", f"{took:.1f} s")
        report.show("rate", f"{60 * CLIPS / took:.0f} clips of 4 s a minute")
        early = max((mb for count, mb in samples if 5 <= count <= 15), default=float("nan"))
        late = max((mb for count, mb in samples if count >= CLIPS - 15), default=float("nan"))
        report.show("memory after 10 clips and after 100", f"{early:.0f} MB, {late:.0f} MB")
        report.at_most("memory that grows from 10 clips to 100", late - early, GROWTH_MB, "MB")
        sheet = folder / "whole" / "index.html"
        report.show("contact sheet", f"{sheet.stat().st_size / 2**20:.1f} MB, one file")

        with program(folder, "halves") as process:
            while made(folder / "halves") < CLIPS // 2 and process.poll() is None:
                time.sleep(0.01)
            os.kill(process.pid, signal.SIGKILL)
        before = {path: path.stat().st_mtime_ns for path in (folder / "halves").glob("*.glb")}
        done = made(folder / "halves")
        recorded = {folder / "halves" / line["files"][0]["path"] for line in lines(folder / "halves")}
        with program(folder, "halves") as process:
            process.wait()
        again = [path for path in recorded if path in before and path.stat().st_mtime_ns != before[path]]
        report.show("killed after", f"{done} clips")
        report.at_most("clips that were made twice", len(again), 0, "clips")
        same = contents(folder / "halves") == contents(folder / "whole")
        report.holds("killed and resumed: all files as without the stop", "yes" if same else "no", "yes", same)


def program(folder: Path, out: str) -> "subprocess.Popen[bytes]":
    """The command on the list, into a folder of this name."""
    command = [sys.executable, "-m", "sdk.batch", str(folder / "clips.yaml"), "--out", str(folder / out)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=REPO, env=ENVIRONMENT, stdout=quiet, stderr=quiet)


def lines(folder: Path) -> list[dict[str, list[dict[str, str]]]]:
    """Whole lines of the record."""
    path = folder / "batch.jsonl"
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def made(folder: Path) -> int:
    """How many clips the record has."""
    path = folder / "batch.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def contents(folder: Path) -> dict[str, bytes]:
    """Every clip and sidecar."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".glb", ".json")}


def resident_mb(pid: int) -> float:
    """Memory that a process holds just now (Linux); 0 when it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = [line.split()[1] for line in text.splitlines() if line.startswith("VmRSS")]
    return float(found[0]) / 1024 if found else 0.0
