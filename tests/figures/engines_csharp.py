"""Figures of the C# core: every call against the real server, rates, delays, allocations, angles, uneven ways.

`measure` is one part of `python -m tests.figures engines`. Needs the rig of `tests/csharp`.
"""

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.csharp import rig
from tests.csharp.assemblies import HANDLERS, Build
from tests.csharp.probing import Probe, failures
from tests.figures.report import Report
from tests.service.programs import REAL, serving
from tools.generate_vectors import COUNT, VECTORS

FLOOD_S = 10
RATE = 1000
TRIES = 3
"""A delay is measured so often; the best is what the client adds, for others use this machine, too."""


def measure(report: Report, _prepared: tuple[Path, ...] = ()) -> None:
    found = rig.find()
    if found is None:
        report.holds("C#: test rig", rig.why_absent(), "built", False)
        return
    with tempfile.TemporaryDirectory() as folder:
        build = Build(Path(folder))
        found.compile([build.core_job(), build.tests_job(), build.probe_job()])
        probe = Probe(found, build)
        own_tests(report, found, build)
        calls(report, probe)
        rates(report, probe)
        maths(report, probe)
        uneven(report, probe)
        engine(report, found, build)


def own_tests(report: Report, found: rig.Rig, build: Build) -> None:
    """On CoreCLR, then ahead of time on Mono."""
    done = subprocess.run(found.command(build.tests), env=found.environment, capture_output=True, text=True)
    good = done.stdout.count("ok ")
    report.holds("C#: tests of the core on CoreCLR", f"{good} pass", "all", done.returncode == 0)
    foreign = found.foreign_types(build.core)
    report.holds("C#: types beyond .NET Standard 2.1", str(len(foreign)), "none", not foreign)
    ahead = build.ahead
    ahead.out.mkdir()
    found.compile([ahead.core_job(), ahead.tests_job()])
    command = found.full_aot(ahead.tests)
    done = subprocess.run(command, cwd=ahead.out, env=found.mono_environment, capture_output=True, text=True)
    good = done.stdout.count("ok ")
    passed = done.returncode == 0 and not failures(done.stdout)
    report.holds("C#: the same tests without a JIT (Mono, full AOT)", f"{good} pass", "all", passed)


def calls(report: Report, probe: Probe) -> None:
    """Every kind of call against the real server."""
    with serving("--web-port", "0", module=REAL) as server:
        web = "web:" + next(w for line in server.lines for w in line.split() if w.startswith("http://"))
        for name, address in (("HTTP/2", server.address), ("gRPC-Web and WebSocket", web)):
            info = probe.one("info", address)
            clip = probe.one("generate", address, "a person walks forward", "seconds=2")
            drive = probe.one("drive", address, "seconds=4")
            face = probe.one("express", address, "seconds=1")
            refused = probe.one("generate", address, "walk", "intensity=2")
            late = probe.one("generate", address, "a person walks forward", "seconds=30", "timeout=0.05")
            ended = probe.one("cancel", address, "20")
            good = {
                "one to one": info["joints"] == 22,
                "one to many": clip["frames"] == 61,
                "many to many": drive["ended"] and drive["wish"] == 2,
                "face": face["frames"] > 0,
                "status": refused["field"] == "affect.intensity",
                "deadline": late["status"] == "DeadlineExceeded",
                "cancel": ended["what"] == "cancelled",
            }
            said = ", ".join(kind for kind, passed in good.items() if passed)
            report.holds(f"C#: calls by {name} against sdk.serve", said, ", ".join(good), all(good.values()))
            if address == server.address:
                report.at_most("C#: shown behind the arrival on loopback, mean", drive["delay"] * 30, 2, "frames")
                report.show("C#: the same, worst moment", f"{drive['worst'] * 30:.2f} frames")
        composed(report, probe.run("compose", server.address, "plain=1"))
    report.holds("C#: server killed and started again", *killed(probe))


def composed(report: Report, lines: list[dict[str, Any]]) -> None:
    """A loop of two beats, and a second of it made anew."""
    if lines[0]["what"] == "error":
        report.show("C#: composed clips", lines[0]["message"])
        return
    loop, _, changed = lines
    report.at_most("C#: a composed loop, jump where the end meets the beginning", 1000 * loop["seam"], 1, "mm")
    report.at_most("C#: a second made anew, turn of frames that were kept", changed["kept"], 1e-6, "rad")
    report.holds(
        "C#: the same, turn of those made anew", f"{changed['made']:.2f} rad", "> 0.1 rad", changed["made"] > 0.1
    )


def killed(probe: Probe) -> tuple[str, str, bool]:
    """Value, goal and whether it is reached."""
    with serving(module=REAL) as first, probe.start("watch", first.address, "seconds=45") as process:
        assert process.stdout is not None
        lines: list[dict[str, Any]] = []

        def until(state: str) -> dict[str, Any]:
            for line in process.stdout or ():
                lines.append(json.loads(line))
                if lines[-1].get("state") == state:
                    return lines[-1]
            raise AssertionError(f"never {state}: {lines}")

        until("Playing")
        time.sleep(2)
        first.process.kill()
        lost = until("Reconnecting")
        with serving(port=first.port, module=REAL):
            again = until("Playing")
            time.sleep(2)
            process.kill()
    waited = again["at"] - lost["at"]
    return f"goes on at frame {again['newest']} after {lost['newest']}, {waited:.1f} s later", "goes on", (
        again["newest"] > lost["newest"]
    )  # fmt: skip


def rates(report: Report, probe: Probe) -> None:
    """A thousand frames a second, and what is allocated for one."""
    with serving(module="tests.csharp.odd_server") as server:
        runs = [probe.one("flood", server.address, f"seconds={FLOOD_S}", f"rate={RATE}") for _ in range(TRIES)]
    report.at_least("C#: frames received, decoded and shown", min(run["rate"] for run in runs), 0.99 * RATE, "a second")
    report.at_most("C#: processor time for that", max(run["cpu"] for run in runs), 1, "cores")
    best = min(runs, key=lambda run: float(run["p99"]))
    report.at_most(f"C#: from the server's send to the pose, p99 of the best of {TRIES}", best["p99"], 2, "ms")
    report.show("C#: the same of all runs, p50 / p99", ", ".join(f"{r['p50']:.2f} / {r['p99']:.2f} ms" for r in runs))
    for line in probe.run("allocations"):
        name = "woken for each frame" if line["what"] == "waiting" else "frames ready at once"
        report.at_most(f"C#: allocated for a frame, {name}", line["bytes"] / line["frames"], 0, "bytes")
        report.show(f"C#: most frames of one core, {name}", f"{line['rate']:,.0f} a second")
    report.show("C#: allocated by .NET's own HTTP/2 handler", f"{runs[0]['bytes']:.0f} bytes a frame")


def maths(report: Report, probe: Probe) -> None:
    """Conversion by the shared vectors, and directions of limbs."""
    frames = json.loads(VECTORS.read_text(encoding="utf-8"))["frames"]
    sdk = np.concatenate([np.reshape(frames["sdk"][key], (COUNT, -1)) for key in ("positions", "rotations")], 1)
    asked = [" ".join([name, *map(repr, row)]) for name in frames for row in sdk.tolist()]
    answers = np.array([line.split() for line in probe.talk("convert", asked)], dtype=float).reshape(-1, COUNT, 7)
    worst = 0.0
    for answer, image in zip(answers, frames.values(), strict=True):
        positions, rotations = (np.reshape(image[key], (COUNT, -1)) for key in ("positions", "rotations"))
        worst = max(
            worst, np.abs(answer[:, :3] - positions).max() / image["unit"], np.abs(answer[:, 3:] - rotations).max()
        )
    report.at_most(f"C#: {COUNT} poses in {len(frames)} frames, worst error (metres, unit quaternion)", worst, 1e-6, "")
    for line in probe.run("angles"):
        report.at_most(f"C#: limbs of the rig '{line['rig']}' beside the body's, worst", line["degrees"], 1, "degrees")


def uneven(report: Report, probe: Probe) -> None:
    """What is played over ways with jitter and stalls."""
    rows = ["| jitter | stalls of 0.2 s | fastest turn / the clip's | fastest move / the clip's | behind | waited |",
            "| --- | --- | --- | --- | --- | --- |"]  # fmt: skip
    worst = 0.0
    for line in probe.run("jitter"):
        worst = max(worst, line["turn"], line["move"])
        rows.append(
            f"| {1000 * line['late']:.0f} ms | {100 * line['stalls']:.0f} % | {line['turn']:.3f} | "
            f"{line['move']:.3f} | {1000 * line['mean']:.0f} ms | {line['held']:.1f} s in 120 |"
        )
    report.at_most("C#: fastest step that is played, beside the clip's own", worst, 1.001, "")
    report.table("\n".join(rows))


def engine(report: Report, found: rig.Rig, build: Build) -> None:
    """Type checks: no more than that, and said so."""
    try:
        found.compile([job for name in HANDLERS for job in build.engine_jobs(name)])
        good = True
    except rig.CompileError:
        good = False
    said = f"{len(HANDLERS)} versions and platforms"
    report.holds("C#: scripts for Unity, type-checked against a stub of its API (not run)", said, "all", good)
