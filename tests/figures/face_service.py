"""Figures of FaceService: how soon a face is followed while a body moves, how evenly one expresses, and hard times."""

import asyncio
import io
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import grpc
import numpy as np
from PIL import Image

from sdk.bundle.face_manifest import FACE_BUNDLE
from sdk.client import Client
from sdk.face_client import Face
from sdk.runtime.face_finder import FaceFinder
from tests.figures.hardship import HIDDEN, status_of
from tests.figures.report import Report
from tests.service.mutants import CLEAN, mutants
from tests.service.programs import FAKE, REAL, Program, serving
from tests.service.test_face_refusals import EXPRESS, SERVICE, TRACK, valid_faces

WALK = "a person walks forward"
CAMERA_FPS, FOLLOWED_S = 30.0, 40
EXPRESSED_S, EXPRESS_FPS = 30, 60.0
SIZES = ((640, 480), (1280, 720))
"""Of the camera's pictures; the goal is for the first."""
MESSAGES = 20_000
MEMORY_MINUTES, WARM_MINUTES = 4, 1


def measure(report: Report) -> None:
    """All of it, in about ten minutes. Following needs the face bundle.

    The body's engine has one thread, so that of two cores one is left for faces.
    """
    with serving("--threads", "1", module=REAL) as program:
        follow_figures(report, program)
        express_figures(report, program)
        memory_figures(report, program)
    fuzz_figures(report)


def percentile(values: list[float], share: float) -> float:
    """NaN of nothing."""
    return float(np.percentile(values, share)) if values else float("nan")


def photograph(size: tuple[int, int]) -> bytes:
    """A real face (NASA, public domain) in a picture of a camera's size, as JPEG."""
    from skimage.data import astronaut

    width, height = size
    picture = Image.new("RGB", size, (90, 100, 110))
    side = min(width, height)
    picture.paste(Image.fromarray(astronaut()).resize((side, side)), ((width - side) // 2, 0))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def landmarks() -> np.ndarray:
    """The face of the photograph."""
    with Image.open(io.BytesIO(photograph(SIZES[0]))) as picture:
        face = FaceFinder.open().find(np.asarray(picture))
    assert face is not None, "the photograph has a face"
    return face.points


@contextmanager
def walking(address: str) -> Iterator[list[float]]:
    """A body moves while the block runs; when its frames came."""
    came: list[float] = []
    with Client(address) as client, client.drive(WALK, affect="joy", seed=1) as live:

        def read() -> None:
            for frame in live:
                came.append(time.perf_counter())
                if frame.number % 150 == 149:
                    live.change(affect=("anger", "joy")[frame.number // 150 % 2])

        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield came
        finally:
            live.end()
            thread.join()


def paced(faces: Iterator[Face], fps: float, seconds: float) -> Iterator[Face]:
    """Faces as a camera gives them."""
    began = time.perf_counter()
    for number in range(round(fps * seconds)):
        time.sleep(max(began + number / fps - time.perf_counter(), 0))
        yield next(faces)


def follow_figures(report: Report, program: Program) -> None:
    """Landmarks and pictures to controls while a body stream runs beside, and what that stream sees of it."""
    if not (FACE_BUNDLE / "manifest.json").exists():
        report.holds("faces followed", "not measured: there is no face bundle", "measured", False)
        return
    points = landmarks()
    kinds: list[tuple[str, Face, float]] = [("landmarks", points, 3.0)]
    for size in SIZES:
        limit = 15.0 if size == SIZES[0] else float("nan")
        kinds.append((f"pictures of {size[0]} x {size[1]}", photograph(size), limit))
    with Client(program.address) as client:
        for name, face, limit in kinds:
            with walking(program.address) as body:
                began = time.perf_counter()
                with client.track(
                    paced(itertools.repeat(face), CAMERA_FPS, FOLLOWED_S), calibration_faces=15
                ) as follow:
                    frames = list(follow)
                gaps = np.diff([at for at in body if at > began + 1])
            made = [frame.made_in_ms for frame in frames[30:]]
            p50, p99 = percentile(made, 50), percentile(made, 99)
            text = f"{name} to controls at {CAMERA_FPS:g} a second while a body streams"
            if np.isfinite(limit):
                report.at_most(f"{text}, p99 (p50 {p50:.1f})", p99, limit, "ms")
            else:
                report.show(f"{text}, p50 and p99", f"{p50:.1f}, {p99:.1f} ms")
            ended = follow.ended
            lost = (ended.overtaken, ended.without_face) if ended else ("?", "?")
            report.show(f"{name}: faces overtaken, not found", f"{lost[0]}, {lost[1]} of {CAMERA_FPS * FOLLOWED_S:g}")
            report.at_most(
                f"longest time between two frames of the body, beside {name}", 1000 * gaps.max(), 100.0, "ms"
            )


def express_figures(report: Report, program: Program) -> None:
    """How evenly frames come while a body streams."""
    with Client(program.address) as client, walking(program.address):
        came, made = [], []
        with client.express("joy", fps=EXPRESS_FPS, seed=1, every_frame=True) as face:
            for frame in face:
                came.append(time.perf_counter())
                made.append(frame.made_in_ms)
                if frame.number % 120 == 119:
                    face.change(affect=("anger", "joy")[frame.number // 120 % 2])
                if frame.number == round(EXPRESS_FPS * EXPRESSED_S):
                    face.end()
    late = 1000 * (np.array(came) - np.arange(len(came)) / EXPRESS_FPS)
    late = (late - late.min())[30:]
    report.at_most("Express, making of a frame, p99", percentile(made, 99), 3.0, "ms")
    report.at_most(f"Express at {EXPRESS_FPS:g} a second beside a body: lateness of frames, p99",
                   percentile(list(late), 99), 1000 / EXPRESS_FPS, "ms")  # fmt: skip
    left_out = face.ended.overtaken if face.ended else -1
    report.holds("Express, frames left out", f"{left_out} of {len(came)}", "0", left_out == 0)


def memory_figures(report: Report, program: Program) -> None:
    """Streams that come and go for some minutes: does the server grow?"""
    points, picture = None, None
    if (FACE_BUNDLE / "manifest.json").exists():
        points, picture = landmarks(), photograph(SIZES[0])
    began, sizes = time.monotonic(), []
    with Client(program.address) as client, ExitStack() as stack:
        stack.enter_context(walking(program.address))
        while time.monotonic() < began + 60 * MEMORY_MINUTES:
            with client.express("fear", options={"blendshapes": True}) as face:
                for frame in face:
                    if frame.number == 120:
                        break
            for seen in (points, picture):
                if seen is not None:
                    with client.track(paced(itertools.repeat(seen), 60.0, 2.0), calibration_faces=5) as follow:
                        list(follow)
            sizes.append((time.monotonic() - began, program.resident_mb()))
    warm = [mb for at, mb in sizes if at <= 60 * WARM_MINUTES] or [float("nan")]
    growth = 100 * (sizes[-1][1] / warm[-1] - 1)
    name = f"memory in {MEMORY_MINUTES - WARM_MINUTES} minutes of faces that come and go, growth"
    report.at_most(name, growth, 2.0, "%")


def fuzz_figures(report: Report) -> None:
    """Mutated messages: statuses, and whether the server still answers."""
    with serving(module=FAKE) as program:
        # What a stream leaves is collected late: half of them go by before memory is looked at.
        warm = asyncio.run(statuses(program.address, MESSAGES // 2, seed=0))
        before_mb = program.resident_mb()
        found = warm + asyncio.run(statuses(program.address, MESSAGES - MESSAGES // 2, seed=1))
        grown = 100 * (program.resident_mb() / before_mb - 1)
        with Client(program.address) as client, client.express("joy") as face:
            alive = next(iter(face)).number == 0 and program.process.poll() is None
    report.at_least("mutated messages sent to FaceService", found.total(), MESSAGES)
    counts = ", ".join(f"{name} {count}" for name, count in found.most_common())
    wrong = sum(count for name, count in found.items() if name not in CLEAN | {HIDDEN})
    report.holds("their statuses", counts, "only clean ones", wrong == 0)
    report.holds("the server after them", "answers" if alive else "is gone", "answers", alive)
    report.at_most("its memory in the second half of them, growth", grown, 2.0, "%")


async def statuses(address: str, count: int, *, seed: int) -> Counter[str]:
    """How so many mutated streams ended, a few at a time."""
    found: Counter[str] = Counter()
    draw = random.Random(seed)
    streams = [mutants(message, draw) for message in valid_faces()]
    starts = [None, EXPRESS, None, TRACK, TRACK]
    numbers = iter(range(count))
    async with grpc.aio.insecure_channel(address) as channel:
        calls = {name: channel.stream_stream(f"/{SERVICE}/{name}") for name in ("Express", "Track")}

        async def send() -> None:
            for number in numbers:
                kind = number % len(streams)
                start = starts[kind]
                begin = [] if start is None else [start.SerializeToString()]
                call = calls["Express" if kind < 2 else "Track"](iter([*begin, next(streams[kind])]), timeout=60)
                found[await status_of(call)] += 1

        await asyncio.gather(*(send() for _ in range(8)))
    return found


if __name__ == "__main__":
    measure(Report("face-service"))
