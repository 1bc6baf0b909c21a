"""The camera program on a real video and a real photograph: found, lost and found again, drawn, and refused."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

cv2 = pytest.importorskip("cv2", reason="OpenCV is absent: pip install -e '.[robot]'")

from robot_bridge import camera_program as camera  # noqa: E402
from robot_bridge.camera_mind import Reader, Reading  # noqa: E402
from robot_bridge.camera_out import FileSink, LineSink  # noqa: E402
from robot_bridge.camera_source import ImageSource, Taken, VideoSource  # noqa: E402
from robot_bridge.camera_view import HEIGHT, PANEL, annotated  # noqa: E402
from robot_bridge.schema import ameca  # noqa: E402
from sdk.errors import EmoMotionError, InvalidInput  # noqa: E402
from sdk.runtime.face_finder import FaceFinder  # noqa: E402
from tests.face.photographs import astronaut  # noqa: E402
from tests.face.video import FPS, PARTS, clip, write_video  # noqa: E402
from tests.robot_bridge.camera_parts import CORNER, JAW, PlainMind, reading  # noqa: E402


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder.open()


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("video") / "face.mp4")


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "face.png"
    Image.fromarray(astronaut()).save(path)
    return path


class Kept:
    """A sink that keeps everything."""

    note = "robot: fine"

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.finished = False

    def show(self, reading: Reading) -> None:
        self.readings.append(reading)

    def finish(self) -> None:
        self.finished = True

    def close(self) -> None: ...


def followed(source: object, reader: Reader, **wishes: object) -> Kept:
    kept = Kept()
    options = {"stop": threading.Event(), "again": threading.Event(), "seconds": None} | wishes
    camera.follow(source, reader, [kept], **options)
    return kept


@pytest.fixture(scope="module")
def readings(finder: FaceFinder, video: Path) -> dict[str, list[Reading]]:
    """What was read of the video, by part."""
    kept = followed(VideoSource(video, real_time=False), Reader(finder, PlainMind()))
    assert kept.finished and len(kept.readings) == len(clip())
    parts: dict[str, list[Reading]] = {part.name: [] for part in PARTS}
    for (name, _), one in zip(clip(), kept.readings, strict=True):
        parts[name].append(one)
    return parts


def test_a_video_begins_with_its_own_neutral(readings: dict[str, list[Reading]]) -> None:
    states = [one.state for one in readings["calm"]]
    assert states[:15] == ["calibrating"] * 15 and set(states[15:]) == {"follow"}
    assert [one.calibrated for one in readings["calm"]][:15] == [(k, 15) for k in range(1, 16)]
    assert [one.taken.at_s for one in readings["calm"]] == pytest.approx(np.arange(18) / FPS)


@pytest.mark.parametrize("part", ["mouth", "smile", "moves", "turns", "nearer"])
def test_the_face_is_followed_through_all_its_movements(readings: dict[str, list[Reading]], part: str) -> None:
    for one in readings[part]:
        assert one.state == "follow" and one.seen.face is not None and not one.seen.face.held
        assert one.seen.faces == 1 and one.note == "robot: fine"


def test_an_open_mouth_opens_the_jaw_and_a_smile_raises_the_corners(readings: dict[str, list[Reading]]) -> None:
    jaw = {part: np.array([one.wish.values[JAW] for one in readings[part]]) for part in ("mouth", "smile", "moves")}
    corner = {part: np.array([one.wish.values[CORNER] for one in readings[part]]) for part in ("mouth", "smile")}
    assert jaw["mouth"].min() < 0.75 and jaw["moves"].min() > 0.9 and jaw["smile"].min() > 0.85
    assert np.abs(jaw["mouth"].argmin() - len(jaw["mouth"]) / 2) <= 3
    assert corner["smile"].max() > corner["mouth"][0] + 0.03
    assert np.abs(corner["smile"].argmax() - len(corner["smile"]) / 2) <= 3


@pytest.mark.parametrize(("lost", "found"), [("dark", "back"), ("away", "again")])
def test_a_face_is_lost_and_found_again(readings: dict[str, list[Reading]], lost: str, found: str) -> None:
    gone = readings[lost][6:]
    assert {one.state for one in gone} == {"no face"} and all(one.seen.reason for one in gone)
    assert all(one.wish.confidence == 0 for one in gone)
    np.testing.assert_array_equal(gone[-1].wish.values, ameca().neutral)
    assert [one.state for one in readings[found]][-5:] == ["follow"] * 5


def test_between_them_it_is_held_for_a_moment(readings: dict[str, list[Reading]]) -> None:
    held = [one for one in readings["dark"] if one.seen.face is not None]
    assert 1 <= len(held) <= 5 and all(one.seen.face.held for one in held)


def test_neutral_is_taken_anew_when_asked(finder: FaceFinder) -> None:
    mind, again = PlainMind(5), threading.Event()
    kept = followed([Taken(astronaut(), k / 30) for k in range(8)], reader := Reader(finder, mind), again=again)
    assert kept.readings[-1].state == "follow" and mind.calibrations == 0
    again.set()
    kept = followed([Taken(astronaut(), 1 + k / 30) for k in range(8)], reader, again=again)
    assert mind.calibrations == 1 and not again.is_set()
    assert [one.state for one in kept.readings] == ["calibrating"] * 5 + ["follow"] * 3


def test_it_stops_when_told_and_after_its_seconds(finder: FaceFinder) -> None:
    stop = threading.Event()
    stop.set()
    frames = [Taken(astronaut(), 5 + k / 30) for k in range(6)]
    stopped = followed(frames, Reader(finder, PlainMind()), stop=stop)
    assert stopped.readings == [] and stopped.finished
    assert len(followed(frames, Reader(finder, PlainMind()), seconds=0.07).readings) == 3


def test_times_and_rate_are_measured(finder: FaceFinder) -> None:
    ticks = iter(np.arange(0, 100, 0.01))
    reader = Reader(finder, PlainMind(), clock=lambda: float(next(ticks)))
    for k in range(4):
        one = reader.read(Taken(astronaut(), k / 30))
    assert one.find_ms == pytest.approx(10) and one.map_ms == pytest.approx(10)
    assert one.fps == pytest.approx(1 / 0.03)


def test_the_view_has_the_picture_the_lines_and_the_bars(finder: FaceFinder) -> None:
    one = reading(astronaut(), finder.find(astronaut()))
    view = annotated(one, ameca(), "tight")
    assert view.shape == (HEIGHT, HEIGHT + PANEL, 3)
    plain = annotated(reading(astronaut()), ameca(), "tight")
    changed = np.abs(view[:, :HEIGHT].astype(int) - plain[:, :HEIGHT]).sum(-1) > 60
    x0, y0, x1, y1 = np.array(one.seen.face.box) * HEIGHT / 512
    rows, columns = np.nonzero(changed)
    assert len(rows) > 500  # lines were drawn, and only on the face
    assert columns.min() > x0 - 4 and columns.max() < x1 + 4 and rows.min() > y0 - 4 and rows.max() < y1 + 4
    moved = ameca().neutral.copy()
    moved[JAW] = 0.5
    wish = type(one.wish)(moved, "follow", 0.9)
    other = annotated(reading(astronaut(), one.seen.face, wish=wish), ameca(), "tight")
    rows = np.nonzero(np.abs(other[:, HEIGHT:].astype(int) - view[:, HEIGHT:]).sum((1, 2)))[0]
    assert len(rows) and np.ptp(rows) < 25  # one bar and its number


def run_camera(*arguments: object, mind: PlainMind | None = None) -> Result:
    """The command with a mind that needs no face bundle."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("engine_mind", "still_mind", "server_mind"):
            if mind is not None:
                patch.setattr(camera, name, lambda *_: mind)
        return CliRunner().invoke(camera.command, [str(argument) for argument in arguments])


@pytest.mark.parametrize("kind", [".mp4", ".gif", ".png"])
def test_a_video_is_drawn_into_a_file(tmp_path: Path, video: Path, kind: str) -> None:
    out, mind = tmp_path / f"seen{kind}", PlainMind()
    done = run_camera("--video", video, "--out", out, "--seconds", 0.7, mind=mind)
    assert done.exit_code == 0, done.output
    assert "22 pictures, 22 with a face" in done.output and f"wrote {out}" in done.output and mind.closed
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    if kind == ".mp4":
        made = cv2.VideoCapture(str(out))
        assert made.get(cv2.CAP_PROP_FRAME_COUNT) == 22 and made.get(cv2.CAP_PROP_FPS) == FPS
        assert made.get(cv2.CAP_PROP_FRAME_HEIGHT) == HEIGHT
    else:
        with Image.open(out) as made:
            assert getattr(made, "n_frames", 1) == (8 if kind == ".gif" else 1)  # of 0.7 s, one every 0.08 s and more


def test_a_picture_is_drawn_into_a_file(tmp_path: Path, photo: Path) -> None:
    out = tmp_path / "seen.jpg"
    done = run_camera("--image", photo, "--out", out, mind=PlainMind(0))
    assert done.exit_code == 0, done.output
    assert "1 pictures, 1 with a face" in done.output
    with Image.open(out) as made:
        assert made.size == (HEIGHT + PANEL, HEIGHT)


def broken(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--camera", "63"], "camera 63 gives no picture"),
        (["--video", "text.mp4"], "no video to be read"),
        (["--image", "text.png"], "neither JPEG nor PNG"),
        (["--image", "cut.jpg"], "truncated or corrupt"),
        (["--image", "tiny.png"], "1 x 1 pixels"),
        (["--image", "photo.png", "--out", "seen.txt"], "--out must end in .png"),
        (["--image", "photo.png", "--out", "nowhere/seen.png"], "folder of --out does not exist"),
        (["--image", "photo.png", "--camera", "0"], "choose one of --camera and --image"),
        (["--camera", "0", "--neutral", "photo.png"], "--neutral goes with --image"),
        (["--image", "photo.png", "--server", "localhost:1"], "--server takes videos"),
        (["--image", "photo.png", "--range-set", "wide"], "range set 'wide' is unknown"),
        (["--image", "photo.png", "--bundle", "."], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photo: Path, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    broken(tmp_path / "text.mp4", b"no video")
    broken(tmp_path / "text.png", b"no picture")
    Image.fromarray(astronaut()).save(tmp_path / "whole.jpg")
    broken(tmp_path / "cut.jpg", (tmp_path / "whole.jpg").read_bytes()[:5000])
    Image.new("RGB", (1, 1)).save(tmp_path / "tiny.png")
    broken(tmp_path / "photo.png", photo.read_bytes())
    before = sorted(path.name for path in tmp_path.iterdir())
    done = run_camera(*arguments, mind=PlainMind(0))
    assert isinstance(done.exception, EmoMotionError) and words in str(done.exception)
    assert "\n" not in str(done.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_video_without_pictures_is_told(tmp_path: Path) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "empty.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (64, 64))
    writer.release()
    with pytest.raises(InvalidInput, match="video"):
        list(VideoSource(tmp_path / "empty.avi", real_time=False))


def test_a_video_in_real_time_leaves_out_what_is_late(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("robot_bridge.camera_source.time.monotonic", lambda: now[0])
    monkeypatch.setattr("robot_bridge.camera_source.time.sleep", lambda s: now.__setitem__(0, now[0] + s))
    times = []
    for taken in VideoSource(video, real_time=True):
        times.append(taken.at_s)
        now[0] += 0.1  # three frames' time for each
    assert 45 < len(times) < 75
    assert np.diff(times).max() < 0.15 and times[-1] > 5


def test_a_file_that_was_not_finished_is_removed(tmp_path: Path, finder: FaceFinder) -> None:
    sink = FileSink(tmp_path / "seen.mp4", ameca(), "tight", fps=30, say=print)
    sink.show(reading(astronaut(), finder.find(astronaut())))
    assert list(tmp_path.iterdir())
    sink.close()
    assert not list(tmp_path.iterdir())


def test_lines_tell_the_state_and_the_times() -> None:
    said: list[str] = []
    sink = LineSink(said.append)
    sink.show(reading(astronaut()))
    sink.show(reading(astronaut(), state="calibrating", calibrated=(3, 15), taken=Taken(astronaut(), 0.9)))
    sink.show(reading(astronaut(), state="calibrating", calibrated=(9, 15), taken=Taken(astronaut(), 1.6)))
    sink.finish()
    assert len(said) == 3
    assert "no face was detected" in said[0] and "calibrating 9 of 15" in said[1]
    assert "3 pictures, 0 with a face; face 5.0 ms (p99 5.0)" in said[2]


def test_without_its_extra_the_program_says_what_to_install() -> None:
    code = "import sys, runpy; sys.modules['cv2'] = None; runpy.run_module('robot_bridge.camera', run_name='__main__')"
    repo = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=repo, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: cv2 is missing; in the SDK's folder: pip install")


def test_one_picture_is_one_reading(finder: FaceFinder, photo: Path) -> None:
    kept = followed(ImageSource(photo), Reader(finder, PlainMind(0), still=True))
    assert len(kept.readings) == 1 and kept.readings[0].state == "follow"
    assert json.dumps(kept.readings[0].seen.faces) == "1"
