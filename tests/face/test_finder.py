"""The face finder against MediaPipe itself on a real photograph, and what it does where there is no such face."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from sdk.bundle.face_manifest import FACE_BUNDLE, FACE_FORMAT_VERSION, FaceManifest
from sdk.bundle.manifest import MANIFEST, Graph
from sdk.errors import BundleError, InvalidInput
from sdk.runtime.face_finder import (
    DETECTOR,
    HOLD_S,
    LANDMARKS,
    RECOUNT_S,
    Face,
    FaceFinder,
    FaceTracker,
    overlap,
    windows,
)
from sdk.runtime.face_region import Region, crop
from tests.face.photographs import FOLLOWED, STILL, astronaut, detector_picture, followed_frame, moved

HERE = Path(__file__).parent
MEAN_SHARE, WORST_SHARE = 0.0025, 0.01
"""Of the distance between the eyes: what our points may differ from MediaPipe's in the mean and at worst."""
BLANK = np.full((240, 320, 3), 128, np.uint8)


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder.open()


@pytest.fixture(scope="module")
def theirs() -> dict[str, np.ndarray]:
    """MediaPipe's points; see mediapipe_points.py."""
    with np.load(HERE / "mediapipe_points.npz") as found:
        return dict(found)


def shares(ours: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Distance of each point from the reference's, on the picture, by the distance between the eyes."""
    eyes = np.linalg.norm(reference[468, :2] - reference[473, :2])
    return np.linalg.norm((ours - reference)[:, :2], axis=1) / eyes


@pytest.mark.parametrize("name", STILL)
def test_single_pictures_give_mediapipes_points(name: str, finder: FaceFinder, theirs: dict[str, np.ndarray]) -> None:
    seen = finder.look(STILL[name]())
    assert seen.face is not None and seen.faces == 1 and not seen.reason
    assert seen.face.points.shape == (478, 3) and seen.face.confidence > 0.99 and not seen.face.held
    reference = theirs[name]
    if name == "far away":  # MediaPipe looks at the whole picture only and finds nothing
        assert np.isnan(reference).all()
        return
    off = shares(seen.face.points, reference)
    assert off.mean() < MEAN_SHARE and off.max() < WORST_SHARE
    assert np.abs(seen.face.points - reference)[:, 2].max() < WORST_SHARE * np.ptp(reference[:, 0])


def test_a_video_is_followed_as_mediapipe_follows_it(finder: FaceFinder, theirs: dict[str, np.ndarray]) -> None:
    tracker = finder.tracker()
    for number in range(FOLLOWED):
        face = tracker.find(followed_frame(number), number / 30)
        assert face is not None
        off = shares(face.points, theirs["followed"][number])
        assert off.mean() < MEAN_SHARE and off.max() < WORST_SHARE, f"frame {number}"


def test_the_detector_computes_what_tensorflow_lite_computes(finder: FaceFinder) -> None:
    from export.face_finder import anchors  # what the graph adds to the network's own outputs

    with np.load(HERE / "litert_outputs.npz") as reference:
        offsets, logits = reference["regressors"], reference["classificators"][:, 0]
    picture = detector_picture()[None].astype(np.float32)
    faces, confidence = finder._detector.run(None, {"image": picture})
    faces[:, :2] -= anchors(128)
    faces[:, 4:] -= np.tile(anchors(128), 6)
    np.testing.assert_allclose(faces * 128, offsets, atol=2e-3)
    np.testing.assert_allclose(confidence, 0.5 + 0.5 * np.tanh(np.clip(logits, -100, 100) / 2), atol=1e-5)
    assert confidence.max() > 0.9


def test_points_turn_with_the_picture(finder: FaceFinder) -> None:
    """The points themselves, not only their likeness to MediaPipe's: upright and turned must show the same places."""
    upright = finder.find(astronaut())
    turned = finder.find(moved(astronaut(), degrees=25))
    assert upright is not None and turned is not None
    middle = np.array([255.5, 255.5])
    cos, sin = np.cos(np.radians(25)), np.sin(np.radians(25))
    expected = (upright.points[:, :2] - middle) @ np.array([[cos, sin], [-sin, cos]]) + middle
    eyes = np.linalg.norm(upright.points[468, :2] - upright.points[473, :2])
    assert np.linalg.norm(turned.points[:, :2] - expected, axis=1).mean() < 0.04 * eyes


def test_of_several_faces_the_largest_is_taken_and_all_are_counted(finder: FaceFinder) -> None:
    large, small = (moved(astronaut(), scale=k, size=(400, 400), shift=(40 * k, 130 * k)) for k in (2, 1.5))
    seen = finder.look(np.concatenate([small, large], axis=1))
    assert seen.faces == 2 and seen.face is not None
    assert seen.face.points[1, 0] > 400
    ten = np.tile(moved(astronaut(), scale=1.5, size=(200, 200), shift=(45, 200)), (2, 5, 1))
    crowd = finder.look(ten)
    assert crowd.face is not None and 5 <= crowd.faces <= 10  # the detector sees seven, MediaPipe's no more


@pytest.mark.parametrize(
    "picture",
    [BLANK, np.zeros((480, 640, 3), np.uint8), np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)],
)
def test_no_face_is_none_with_a_reason(finder: FaceFinder, picture: np.ndarray) -> None:
    seen = finder.look(picture)
    assert seen.face is None and seen.faces == 0
    assert "no face" in seen.reason or "no clear face" in seen.reason
    assert finder.find(picture) is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (np.zeros((1, 1, 3), np.uint8), "1 x 1 pixels"),
        (np.zeros((32, 20000, 3), np.uint8), "20000 x 32 pixels"),
        (np.zeros((64, 64), np.uint8), r"uint8 \(64, 64\)"),
        (np.zeros((64, 64, 4), np.uint8), r"\(64, 64, 4\)"),
        (np.zeros((64, 64, 3), np.uint16), "uint16"),
        ([[0]], "list"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(finder: FaceFinder, wrong: object, words: str) -> None:
    for look in (finder.look, finder.tracker().look):
        with pytest.raises(InvalidInput, match=words) as refused:
            look(wrong)
        assert refused.value.field == "image" and "\n" not in str(refused.value)


def test_views_and_read_only_pictures_are_taken(finder: FaceFinder) -> None:
    view = astronaut()[:, ::-1]
    np.testing.assert_array_equal(finder.find(view).points, finder.find(view.copy()).points)


def test_a_lost_face_is_held_then_gone_then_found_again(finder: FaceFinder) -> None:
    tracker, here = finder.tracker(), astronaut()
    first = tracker.look(here, 0.0)
    assert first.face is not None and not first.face.held
    confidence = [first.face.confidence]
    for at_s in (0.25 * HOLD_S, 0.6 * HOLD_S):
        held = tracker.look(BLANK, at_s)
        assert held.face is not None and held.face.held and held.faces == 1
        np.testing.assert_array_equal(held.face.points, first.face.points)
        confidence.append(held.face.confidence)
    assert confidence[0] > confidence[1] > confidence[2] > 0
    gone = tracker.look(BLANK, 1.1 * HOLD_S)
    assert gone.face is None and gone.faces == 0 and gone.reason
    again = tracker.look(here, 1.0)
    assert again.face is not None and not again.face.held
    np.testing.assert_allclose(again.face.points, first.face.points)  # found as in a first picture


def test_a_face_that_jumps_is_found_in_the_same_picture(finder: FaceFinder) -> None:
    tracker = finder.tracker()
    tracker.find(moved(astronaut(), shift=(-120, 0), size=(800, 512)), 0.0)
    face = tracker.find(moved(astronaut(), shift=(200, 0), size=(800, 512)), 1 / 30)
    assert face is not None and not face.held and face.points[1, 0] > 500


class Counting(FaceFinder):
    """Counts how often the detector runs."""

    detections = 0

    def detect(self, *arguments: object) -> object:
        self.detections += 1
        return super().detect(*arguments)


def test_while_it_follows_it_detects_only_to_count() -> None:
    finder = Counting.open()
    tracker = FaceTracker(finder)
    for frame in range(int(RECOUNT_S * 30)):
        tracker.find(astronaut(), frame / 30)
    assert finder.detections == 1
    two = np.concatenate([astronaut()[:300, 100:350]] * 2, axis=1)
    tracker = FaceTracker(finder)
    tracker.find(astronaut()[:300, 100:350], 0.0)
    finder.detections = 0
    assert tracker.look(two, RECOUNT_S - 0.01).faces == 1
    assert tracker.look(two, RECOUNT_S + 0.01).faces == 2
    assert finder.detections == 1


def test_a_tracker_forgets_when_told(finder: FaceFinder) -> None:
    tracker = finder.tracker()
    tracker.find(astronaut(), 0.0)
    tracker.forget()
    assert tracker.find(BLANK, 0.01) is None


def test_lost_in_a_large_picture_every_part_is_searched_in_turn(finder: FaceFinder) -> None:
    """One part a frame, so that searching takes no longer than following."""
    tracker, picture = finder.tracker(), STILL["far away"]()
    parts = len(list(windows(picture))) - 1
    assert any(tracker.find(picture, frame / 30) for frame in range(parts))


def test_windows_cover_the_picture() -> None:
    for height, width in ((480, 640), (720, 1280), (512, 512), (100, 1000)):
        whole, *parts = windows(np.zeros((height, width, 3), np.uint8))
        assert whole.side == max(height, width)
        seen = np.zeros((height, width), bool)
        for part in parts:
            x, y = int(part.x - part.side / 2), int(part.y - part.side / 2)
            seen[max(0, y) : int(y + part.side), max(0, x) : int(x + part.side)] = True
        assert seen.all()


def test_a_region_and_its_crop_agree(finder: FaceFinder) -> None:
    """A white pixel of a turned crop lies where `to_picture` says."""
    region = Region(150.0, 120.0, 90.0, np.radians(30))
    picture = np.zeros((240, 320, 3), np.uint8)
    (x, y, _) = region.to_picture(np.array([[0.25, 0.75, 0.0]]))[0]
    picture[round(y), round(x)] = 255
    sample = crop(picture, region, 180, beyond="edge")[..., 0]
    row, column = np.unravel_index(sample.argmax(), sample.shape)
    assert abs(column / 180 - 0.25) < 0.01 and abs(row / 180 - 0.75) < 0.01


def test_a_crop_is_edge_or_black_outside() -> None:
    white = np.full((20, 30, 3), 200, np.uint8)
    away = Region(-40, -40, 20)
    assert (crop(white, away, 8, beyond="edge") == 200).all()
    assert (crop(white, away, 8, beyond="black") == 0).all()
    np.testing.assert_allclose(crop(white, Region(15, 10, 10), 8, beyond="black"), 200)


def test_overlap_is_a_share() -> None:
    box = np.array([0.0, 0, 2, 2])
    others = np.array([[0.0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6], [1, 1, 1, 1]])
    np.testing.assert_allclose(overlap(box, others), [1, 1 / 3, 0, 0])
    assert overlap(others[3], others[3:]).tolist() == [0]


def test_threads_may_share_a_finder(finder: FaceFinder) -> None:
    from concurrent.futures import ThreadPoolExecutor

    pictures = [astronaut(), astronaut()[:, ::-1].copy()] * 4
    with ThreadPoolExecutor(4) as pool:
        faces: list[Face] = list(pool.map(finder.find, pictures))
    for picture, face in zip(pictures, faces, strict=True):
        np.testing.assert_array_equal(face.points, finder.find(picture).points)


def test_missing_and_broken_graphs_are_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=DETECTOR):
        FaceFinder.open(tmp_path)
    (tmp_path / DETECTOR).write_bytes((FACE_BUNDLE / DETECTOR).read_bytes())
    (tmp_path / LANDMARKS).write_bytes((FACE_BUNDLE / LANDMARKS).read_bytes()[:1000])
    with pytest.raises(BundleError, match=LANDMARKS):
        FaceFinder.open(tmp_path)


def test_a_bundles_graphs_are_checked_against_its_manifest(tmp_path: Path) -> None:
    files = {name: (FACE_BUNDLE / name).read_bytes() for name in (DETECTOR, LANDMARKS)}
    files["schema.yaml"] = b"a schema"
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    graphs = {Path(name).stem: Graph(file=name, inputs={}, outputs={}) for name in (DETECTOR, LANDMARKS)}
    manifest = FaceManifest(
        format_version=FACE_FORMAT_VERSION, name="test", version="0", licence="", licences={}, range_set="tight",
        schema_file="schema.yaml", schema_sha256=hashes["schema.yaml"], graphs=graphs, mapper={}, files=hashes,
        parity={}, quality={}, provenance={},
    )  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / MANIFEST).write_text(manifest.to_json())
    assert FaceFinder.open(tmp_path).find(astronaut()) is not None
    (tmp_path / LANDMARKS).write_bytes(files[LANDMARKS] + b" ")
    with pytest.raises(BundleError, match=f"{LANDMARKS} .* was altered"):
        FaceFinder.open(tmp_path)
