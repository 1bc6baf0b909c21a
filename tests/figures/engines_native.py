"""Figures of the relay and of the C++ core, against a server with the shipped bundle and one with a fake model.

About a minute, and two more for the first build. Needs what `tests/cpp/build.py` names, and godot3-server.
"""

import ctypes as c
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable

import numpy as np

from sdk.client import Client
from sdk.motion.kinematics import forward_kinematics
from sdk.motion.skeleton import BODY, JOINT_NAMES
from sdk.relay.live_link_face import LiveLinkFace
from sdk.relay.moment import MOST_BYTES
from sdk.relay.plain import Plain
from sdk.relay.vmc import BONES, Vmc
from tests.cpp import core as em
from tests.cpp.build import built
from tests.cpp.core import Core, DriveOptions, Request, Wish
from tests.cpp.test_face import both_faces, difference
from tests.cpp.test_frames import worst_errors
from tests.cpp.test_programs import ENVIRONMENT, declared, exported
from tests.figures.report import Report
from tests.relay.conftest import moment
from tests.relay.test_command import godot_bones
from tests.service.programs import FAKE, REAL, Program, serving

CALLS, CLIPS, FRAMES = 300, 30, 150
TEXT = "a person walks forward"


def native_figures(report: Report) -> None:
    """Everything of this page."""
    core_figures(report)
    relay_figures(report)
    latency_figures(report)


def core_figures(report: Report) -> None:
    """Symbols, sanitizers, frames."""
    names, wanted = exported(built().library), declared()
    report.holds(
        "symbols that the core exports", f"{len(names)} functions", "those of emomotion.h alone", names == wanted
    )
    with serving(module=FAKE) as server:
        for kind, groups in (("asan", ("unit", "live", "threads")), ("tsan", ("live", "threads"))):
            for group in groups:
                program = getattr(built(), kind)
                done = subprocess.run(
                    [str(program), group, server.address], env=ENVIRONMENT, capture_output=True, text=True, check=False
                )
                said = (done.stdout.splitlines() or ["no output"])[-1]
                tool = {"asan": "ASan and UBSan", "tsan": "TSan"}[kind]
                report.holds(f"core under {tool}, {group}", said, "clean", done.returncode == 0)
    core = Core(built().library)
    with serving(module=FAKE) as server:
        client = core.connect(server.address)
        mine, theirs, _header = both_faces(core, client, server.address)
        core.library.em_close(client)
    report.at_most(
        "blendshapes of a face beside Python's client, largest difference", difference(mine, theirs), 1e-6, ""
    )
    errors = worst_errors(core)
    report.at_most(
        f"frame conversion of 500 poses in {len(errors)} frames, largest error", max(errors.values()), 1e-6, ""
    )


def relay_figures(report: Report) -> None:
    """Datagrams, and what Godot makes of them."""
    senders = (
        Vmc(),
        Vmc(travel="root", names="vrm1"),
        LiveLinkFace(subject="x" * 100),
        Plain(frame="unreal_component"),
    )
    longest = max(len(data) for sender in senders for seed in range(50) for data in sender.datagrams(moment(seed)))
    report.holds(
        "longest datagram of any protocol", f"{longest} bytes", f"< {MOST_BYTES:,} bytes", longest < MOST_BYTES
    )
    if shutil.which("godot3-server") is None:
        report.holds("bones of 10 poses in Godot", "godot3-server is absent", "<= 0.1 mm", False)
        return
    worst = 0.0
    for seed in range(10):
        wanted = moment(seed)
        bones, _ = godot_bones(Vmc(travel="root").datagrams(wanted))
        world = forward_kinematics(wanted.frame.rotations, wanted.frame.root, BODY) * [-1, 1, -1]
        off = [np.abs(bones[BONES[name]] - world[joint]).max() for joint, name in enumerate(JOINT_NAMES)]
        worst = max(worst, *map(float, off))
    report.at_most("bones of 10 poses in Godot, farthest from where they are", 1000 * worst, 0.1, "mm")


def latency_figures(report: Report) -> None:
    """The core beside Python's client, in turns, for the machine's speed changes over minutes."""
    with serving(module=FAKE) as server:
        pairs = (
            ("GetInfo", info_pair(server), CALLS),
            ("a clip of 10 s from a model that takes no time", clip_pair(server), CLIPS),
        )
        for name, (cpp, python), count in pairs:
            times: dict[str, list[float]] = {"cpp": [], "python": []}
            for turn in range(count + 5):
                for kind, call in (("cpp", cpp), ("python", python)):
                    began = time.perf_counter()
                    call()
                    if turn >= 5:
                        times[kind].append(1000 * (time.perf_counter() - began))
            ours, theirs = (statistics.median(times[kind]) for kind in ("cpp", "python"))
            report.show(f"{name}: C++ core, Python's client, median", f"{ours:.2f} ms, {theirs:.2f} ms")
            report.at_most(f"{name}: C++ core over Python's client", ours / theirs, 1.1, "times")
    with serving(module=REAL) as server:
        live_figures(report, server)


def info_pair(server: Program) -> tuple[Callable[[], None], Callable[[], None]]:
    """GetInfo by either client."""
    core, python = Core(built().library), Client(server.address)
    client, found = core.connect(server.address), c.POINTER(em.Info)()

    def ask() -> None:
        core.call("get_info", client, 5.0, c.byref(found))
        core.library.em_info_free(found)

    return ask, lambda: void(python.info())


def clip_pair(server: Program) -> tuple[Callable[[], None], Callable[[], None]]:
    """A clip by either client, whole and as arrays that a program can use."""
    core, python = Core(built().library), Client(server.address)
    client, request = core.connect(server.address), Request(text=TEXT, seconds=10, has_seed=1, seed=7)
    return (
        lambda: void(core.call("generate", client, c.byref(request), None, None)),
        lambda: void(python.generate(TEXT, seconds=10, seed=7)),
    )


def void(_result: object) -> None:
    """For calls whose result is not wanted."""


def live_figures(report: Report, server: Program) -> None:
    """A live character of the shipped bundle, read by the core and sampled at 60 frames a second."""
    core = Core(built().library)
    client = core.connect(server.address)
    core.call("wait_ready", client, 120.0)
    drive = core.drive(client, DriveOptions(wish=Wish(text=TEXT), every_frame=1))
    began, late = time.perf_counter(), []
    for _ in range(FRAMES):
        frame = core.next(drive)
        assert frame is not None
        late.append(time.perf_counter() - began - frame.number / 30)
    late = [1000 * (value - min(late)) for value in late]
    report.show(
        f"{FRAMES} live frames beside an even 30 a second: median, p99 late",
        f"{np.median(late):.1f} ms, {np.quantile(late, 0.99):.1f} ms",
    )
    core.library.em_drive_close(drive)
    drive = core.drive(client, DriveOptions(wish=Wish(text=TEXT)))
    frame, took, delays = em.Frame(), [], []
    for _ in range(5 * 60):
        began = time.perf_counter()
        core.call("drive_sample", drive, began, c.byref(frame), accept=(em.OK, em.NOT_YET))
        took.append(1e6 * (time.perf_counter() - began))
        delays.append(core.state(drive).delay_s)
        time.sleep(max(0.0, began + 1 / 60 - time.perf_counter()))
    report.show(
        "one sample for a rendered frame, by ctypes: median, p99",
        f"{np.median(took):.0f} us, {np.quantile(took, 0.99):.0f} us",
    )
    report.at_most(
        "how far behind the newest frame it plays on loopback", float(np.median(delays[120:])) * 30, 2.0, "frames"
    )
    core.library.em_drive_close(drive)
    core.library.em_close(client)


if __name__ == "__main__":
    native_figures(Report("engines"))
