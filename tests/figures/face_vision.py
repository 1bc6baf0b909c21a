"""From pictures to points: how near MediaPipe, how quick, and what becomes of a photograph and of a video.

Part of `python -m tests.figures face`; alone: `python -m tests.figures.face_vision`. It draws
docs/pictures/face_tracking.png. MediaPipe's and TensorFlow Lite's own results are kept beside the tests, with the
programs that made them (tests/face/mediapipe_points.py, litert_outputs.py).
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from robot_bridge.camera_engine import EngineMind
from robot_bridge.camera_mind import Mind, Reader, Reading
from robot_bridge.camera_source import Taken
from robot_bridge.camera_view import annotated
from robot_bridge.schema import ameca
from sdk.bundle.face_manifest import FACE_BUNDLE
from sdk.face.features import COEFFICIENTS, landmark_coefficients
from sdk.face.pictures import decode_image, encode_jpeg
from sdk.runtime.face import FaceEngine
from sdk.runtime.face_finder import DETECTOR, HOLD_S, LANDMARKS, FaceFinder
from tests.face.photographs import FOLLOWED, STILL, astronaut, detector_picture, followed_frame, moved
from tests.face.video import FPS, clip, open_mouth
from tests.figures.report import REPO, Report
from tests.robot_bridge.camera_parts import JAW, PlainMind

KEPT = REPO / "tests" / "face"
PICTURE = REPO / "docs" / "pictures" / "face_tracking.png"
PICTURE_WIDTH, COLOURS = 940, 256
REPEATS = 300
Array = np.ndarray[Any, Any]


def measure(report: Report, prepared: tuple[Path, ...] = ()) -> None:
    """All figures of the finder; `prepared` is not needed."""
    finder = FaceFinder.open()
    size = sum((FACE_BUNDLE / name).stat().st_size for name in (DETECTOR, LANDMARKS))
    report.at_most("face finder: size of both graphs", size / 1e6, 2.8, "MB")
    parity(report, finder)
    latency(report, finder)
    video(report, finder)
    draw(finder)
    report.holds(
        "face finder: picture to look at", f"{PICTURE.stat().st_size / 1e3:.0f} kB",
        "docs/pictures/face_tracking.png below 250 kB", PICTURE.stat().st_size < 250_000,
    )  # fmt: skip


def parity(report: Report, finder: FaceFinder) -> None:
    """Beside MediaPipe 0.10.21 and TensorFlow Lite."""
    from export.face_finder import anchors

    with np.load(KEPT / "litert_outputs.npz") as kept:
        offsets, logits = kept["regressors"], kept["classificators"][:, 0]
    faces, confidence = finder._detector.run(None, {"image": detector_picture()[None].astype(np.float32)})
    faces[:, :2] -= anchors(128)
    faces[:, 4:] -= np.tile(anchors(128), 6)
    report.at_most(
        "detector beside TensorFlow Lite, worst output", np.abs(128 * faces - offsets).max(), 2e-3, "px of 128"
    )
    likely = 0.5 + 0.5 * np.tanh(np.clip(logits, -100, 100) / 2)
    report.at_most("detector beside TensorFlow Lite, worst confidence", np.abs(confidence - likely).max(), 1e-5, "")
    with np.load(KEPT / "mediapipe_points.npz") as kept:
        theirs = dict(kept)
    rows, off = [], {"single": [], "followed": []}
    for name, make in STILL.items():
        face = finder.find(make())
        if face is None or np.isnan(theirs[name]).any():
            told = "found here only" if face is not None else "not found"
            rows.append(f"| {name} | {told} | | |")
            continue
        pixels, share = differences(face.points, theirs[name])
        off["single"].append((pixels, share))
        rows.append(f"| {name} | {pixels.mean():.3f} | {pixels.max():.3f} | {share.max():.4f} |")
    tracker = finder.tracker()
    for number in range(FOLLOWED):
        face = tracker.find(followed_frame(number), number / FPS)
        assert face is not None
        off["followed"].append(differences(face.points, theirs["followed"][number]))
    for kind, found in off.items():
        pixels, share = (np.concatenate(values) for values in zip(*found, strict=True))
        report.at_most(f"points beside MediaPipe, {kind}, mean", share.mean(), 0.0025, "of the eyes' distance")
        report.at_most(f"points beside MediaPipe, {kind}, worst", share.max(), 0.01, "of the eyes' distance")
        report.show(
            f"points beside MediaPipe, {kind}, in pixels", f"mean {pixels.mean():.3f}, worst {pixels.max():.3f}"
        )
    head = "| picture | mean, px | worst, px | worst, of the eyes' distance |\n| --- | --- | --- | --- |\n"
    report.table("Points beside MediaPipe 0.10.21 (478 points, x and y):\n\n" + head + "\n".join(rows))


def differences(ours: Array, reference: Array) -> tuple[Array, Array]:
    """Distance of each point from the reference's, in pixels and by the distance between the irises."""
    pixels = np.linalg.norm((ours - reference)[:, :2], axis=1)
    return pixels, pixels / np.linalg.norm(reference[468, :2] - reference[473, :2])


def latency(report: Report, finder: FaceFinder) -> None:
    """On one core: 720p pictures in which the face moves."""
    frames = [moved(astronaut(), scale=1.6, shift=(40 * np.sin(k / 3), 160), size=(1280, 720)) for k in range(12)]
    tracker = finder.tracker()
    turn = iter(range(10**9))

    def follow() -> None:
        number = next(turn)
        tracker.find(frames[number % len(frames)], number / FPS)

    p50, p99 = times(follow)
    report.at_most("picture to points, following, p99", p99, 12, "ms")
    report.show("picture to points, following, median", f"{p50:.2f} ms")
    p50, p99 = times(lambda: finder.find(frames[0]), REPEATS // 3)
    report.at_most("picture to points, a single picture, p99", p99, 12, "ms")
    blank = np.full((720, 1280, 3), 90, np.uint8)
    lost = finder.tracker()
    report.at_most("a picture without a face, p99", times(lambda: lost.find(blank), REPEATS // 3)[1], 12, "ms")
    encoded = encode_jpeg(frames[0][::2, ::2])
    p50, _ = times(lambda: decode_image(encoded), REPEATS // 3)
    report.show("a JPEG of 640 x 360 to its picture, median", f"{p50:.2f} ms")
    engine = FaceEngine.load()
    if engine.follows:
        following = engine.follow(calibration_faces=1)
        began = time.monotonic()
        p99 = times(lambda: following.step(encoded, time.monotonic() - began))[1]
        report.at_most("JPEG to controls, p99", p99, 15, "ms")


def times(run: Callable[[], Any], repeats: int = REPEATS) -> tuple[float, float]:
    """Median and 99th percentile in milliseconds, after ten runs that are not counted."""
    taken = []
    for _ in range(repeats + 10):
        began = time.perf_counter()
        run()
        taken.append(1000 * (time.perf_counter() - began))
    return float(np.median(taken[10:])), float(np.percentile(taken[10:], 99))


def video(report: Report, finder: FaceFinder) -> None:
    """The video made of the photograph: found, lost, found again; what the mouth does."""
    mind = mind_of()
    reader = Reader(finder, mind)
    parts: dict[str, list[Reading]] = {}
    for number, (name, picture) in enumerate(clip()):
        parts.setdefault(name, []).append(reader.read(Taken(picture, number / FPS)))
    shown = [one for name in ("calm", "mouth", "smile", "moves", "turns", "nearer") for one in parts[name]]
    found = np.mean([one.seen.face is not None and not one.seen.face.held for one in shown])
    report.at_least("video: frames with a face in which it is found", float(found), 1.0)
    lost = [sum(one.seen.face is not None for one in parts[name]) / FPS for name in ("dark", "away")]
    report.at_most("video: a face that is gone is shown as held for", max(lost), HOLD_S + 1 / FPS, "s")
    again = [next(k for k, one in enumerate(parts[name]) if one.seen.face is not None) for name in ("back", "again")]
    report.at_most("video: frames until a face that is back is found", max(again), 3, "frames")
    calm = np.mean([one.seen.face.points for one in parts["calm"]], 0)
    for part, name, least in (("mouth", "jaw open", 0.1), ("smile", "corner raise left", 0.01)):
        change = [landmark_coefficients(one.seen.face.points, calm)[COEFFICIENTS.index(name)] for one in parts[part]]
        report.at_least(f"video: {part}: largest change of {name!r}", max(change), least, "of the eyes' distance")
    if isinstance(mind, EngineMind):
        jaw = ameca().neutral[JAW] - min(one.wish.values[JAW] for one in parts["mouth"])
        report.at_least("video: mouth: Jaw Pitch opens by", jaw, 0.1, "of its way")
        raised = [ameca().index(f"Lip Corner Raise {side}") for side in ("Left", "Right")]
        rise = np.array([one.wish.values[raised] for one in parts["smile"]]) - ameca().neutral[raised]
        report.at_least("video: smile: both corners are raised by", float(rise.max(0).min()), 0.02, "of their way")


def mind_of(calibration_faces: int = 15) -> Mind:
    """The engine where this installation has a face bundle, else the landmark-derived coefficients alone."""
    engine = FaceEngine.load()
    if not engine.follows:
        return PlainMind(calibration_faces)
    return EngineMind(engine.follow(calibration_faces=calibration_faces), calibration_faces)


def draw(finder: FaceFinder) -> None:
    """A picture to look at: the photograph with its mouth open, and the 30 bars. Times are medians over its frames."""
    reader, readings = Reader(finder, mind_of(3)), []
    for number in range(24):
        share = 0.0 if number < 3 else min(1.0, (number - 3) / 8)
        picture = moved(open_mouth(astronaut(), share), scale=2.8, shift=(95, 320), size=(960, 720))
        readings.append(reader.read(Taken(picture, number / FPS)))
    find_ms, map_ms = (float(np.median([getattr(one, name) for one in readings])) for name in ("find_ms", "map_ms"))
    shown = replace(readings[-1], find_ms=find_ms, map_ms=map_ms, fps=0.0)
    view = Image.fromarray(annotated(shown, ameca(), "tight"))
    small = view.resize((PICTURE_WIDTH, round(view.height * PICTURE_WIDTH / view.width)), Image.Resampling.LANCZOS)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    small.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.FLOYDSTEINBERG).save(PICTURE, optimize=True)


if __name__ == "__main__":
    measure(Report("face vision"))
