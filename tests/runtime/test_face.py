"""Following a face: calibration, holding, going back, taking it up again without a jump. The models are fakes."""

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sdk.bundle.face_manifest import FACE_BUNDLE
from sdk.bundle.manifest import MANIFEST
from sdk.errors import InvalidInput
from sdk.face.expressions import ameca_schema
from sdk.face.rig import Camera, Identity, Rig
from sdk.runtime.face import HOLD_S, FaceEngine, Following, Landmarks, Mode, Shown
from sdk.runtime.face_finder import Face
from sdk.runtime.face_mapper import Calibration, Mapped

SCHEMA = ameca_schema()
JAW = SCHEMA.index("Jaw Pitch")
LOW, HIGH = SCHEMA.bounds("tight")
FPS = 30.0


class FakeMapper:
    """The first coordinate of a face is its Jaw Pitch."""

    def __init__(self) -> None:
        self.calibrations: list[Calibration | None] = []

    def features(self, points: Any) -> Any:
        return np.asarray(points)[0]

    def map(self, points: Any, calibration: Calibration | None = None) -> Mapped:
        self.calibrations.append(calibration)
        values = SCHEMA.neutral.copy()
        values[JAW] = points[0, 0]
        return Mapped(values, 0.8)


@dataclass
class FakeFinder:
    """Finds what a test says."""

    faces: list[Face | None] = field(default_factory=list)
    pictures: list[Any] = field(default_factory=list)

    def find(self, image: Any, at_s: float | None = None) -> Face | None:
        self.pictures.append(image)
        return self.faces.pop(0)


def face(jaw: float, confidence: float = 1.0) -> Landmarks:
    points = np.zeros((478, 3))
    points[0, 0] = jaw
    return Landmarks(points, confidence)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 24), (200, 10, 10)).save(out, "PNG")
    return out.getvalue()


def following(
    *, smoothing: float = 0.0, calibration: int = 1, finder: FakeFinder | None = None, range_set: str = "tight"
) -> Following:
    return Following(
        finder or FakeFinder(), FakeMapper(), SCHEMA, range_set=range_set, smoothing=smoothing,
        calibration_faces=calibration,
    )  # fmt: skip


def played(follower: Following, *jaws: float | None, start_s: float = 0.0, fps: float = FPS) -> list[Shown]:
    """One face after the other; None is a face that is not found."""
    return [
        follower.step(face(0.0, 0.1) if jaw is None else face(jaw), start_s + k / fps) for k, jaw in enumerate(jaws)
    ]


def test_the_first_faces_are_neutral_and_the_next_are_followed() -> None:
    shown = played(following(calibration=3), *[0.9] * 40)
    assert [s.mode for s in shown[:4]] == [Mode.NEUTRAL] * 3 + [Mode.FOLLOW]
    assert all((s.values == SCHEMA.neutral).all() for s in shown[:3])
    assert shown[-1].values[JAW] == pytest.approx(0.9, abs=1e-3)
    assert shown[-1].confidence == pytest.approx(0.8) and all(s.found for s in shown)


def test_a_calibration_collects_what_it_saw_and_the_mapper_gets_it() -> None:
    mapper = FakeMapper()
    follower = Following(FakeFinder(), mapper, SCHEMA, range_set="tight", smoothing=0.0, calibration_faces=2)
    played(follower, 0.9, 0.9, 0.8)
    [calibration] = mapper.calibrations
    assert calibration is not None and calibration.neutral == pytest.approx([0.9, 0, 0])
    follower.calibrate(2)
    shown = played(follower, 0.7, 0.7, 0.6, start_s=1.0)
    assert [s.mode for s in shown] == [Mode.NEUTRAL, Mode.NEUTRAL, Mode.FOLLOW]
    assert mapper.calibrations[-1].neutral == pytest.approx([0.7, 0, 0])  # type: ignore[union-attr]


def test_a_lost_face_is_held_then_neutral_within_a_second_and_without_a_jump() -> None:
    follower = following()
    before = played(follower, *[0.6] * 40)[-1]
    lost = played(follower, *[None] * 30, start_s=40 / FPS)
    held = [s for s in lost if s.mode is Mode.HOLD]
    assert 1 <= len(held) <= np.ceil(HOLD_S * FPS) and not any(s.found for s in lost)
    assert all(s.values[JAW] == before.values[JAW] for s in held)
    assert all(0 <= b.confidence <= a.confidence < 0.8 for a, b in zip(held, held[1:], strict=False))
    jaws = np.array([before.values[JAW], *(s.values[JAW] for s in lost)])
    assert (np.diff(jaws) >= -1e-9).all() and np.diff(jaws).max() < 0.12 * 0.4 * 3
    assert lost[-1].mode is Mode.NEUTRAL and lost[-1].confidence == 0
    assert lost[-1].values == pytest.approx(SCHEMA.neutral, abs=0.01)


def test_a_face_that_comes_back_is_taken_up_without_a_jump() -> None:
    follower = following(smoothing=0.5)
    played(follower, *[0.6] * 40)
    played(follower, *[None] * 40, start_s=2.0)
    back = [s.values[JAW] for s in played(follower, *[0.5] * 40, start_s=4.0)]
    assert abs(back[0] - 1.0) < 0.2 and np.abs(np.diff(back)).max() < 0.25
    assert back[-1] == pytest.approx(0.5, abs=0.01)


def test_a_blink_of_the_finder_changes_nothing() -> None:
    follower = following()
    played(follower, *[0.6] * 40)
    shown = played(follower, None, 0.6, 0.6, start_s=40 / FPS)
    assert [s.mode for s in shown] == [Mode.HOLD, Mode.FOLLOW, Mode.FOLLOW]
    assert [s.values[JAW] for s in shown] == pytest.approx([0.6] * 3, abs=1e-3)


def test_values_stay_in_the_range_set() -> None:
    for range_set in SCHEMA.range_sets:
        low, _ = SCHEMA.bounds(range_set)
        shown = played(following(range_set=range_set), *[-3.0] * 60)
        assert shown[-1].values[JAW] == pytest.approx(low[JAW], abs=1e-3) and all(
            s.values[JAW] >= low[JAW] for s in shown
        )


def test_smoothing_calms_noise() -> None:
    noisy = [0.7 + 0.02 * float(x) for x in np.random.default_rng(0).standard_normal(120)]
    raw, calm = (np.std([s.values[JAW] for s in played(following(smoothing=k), *noisy)[60:]]) for k in (0.0, 0.8))
    assert calm < raw / 2


def test_pictures_are_found_first() -> None:
    found = Face(face(0.7).points, 0.9, (0, 0, 1, 1))
    held = Face(face(0.7).points, 0.5, (0, 0, 1, 1), held=True)
    finder = FakeFinder([found, found, None, held])
    follower = following(finder=finder)
    shown = [follower.step(picture(), k / FPS) for k in range(4)]
    assert [s.found for s in shown] == [True, True, False, False]
    assert [s.mode for s in shown] == [Mode.NEUTRAL, Mode.FOLLOW, Mode.HOLD, Mode.HOLD]
    assert finder.pictures[0].shape == (24, 32, 3) and shown[1].confidence == pytest.approx(0.9 * 0.8)


def test_what_is_wrong_is_refused() -> None:
    follower = following()
    with pytest.raises(InvalidInput, match="neither JPEG nor PNG"):
        follower.step(b"GIF89a", 0.0)
    follower.step(face(0.9), 5.0)
    with pytest.raises(InvalidInput, match="before the last one"):
        follower.step(face(0.9), 4.0)
    for options in ({"range_set": "wide"}, {"smoothing": 2.0}, {"calibration": 0}):
        with pytest.raises(InvalidInput):
            following(**options)  # type: ignore[arg-type]


def test_an_engine_without_a_bundle_knows_its_schema_and_follows_nothing() -> None:
    engine = FaceEngine(ameca_schema())
    engine.warm_up()
    assert not engine.follows and engine.schema.sha256 == SCHEMA.sha256
    with pytest.raises(InvalidInput, match="no face bundle"):
        engine.follow()


@pytest.mark.skipif(not (FACE_BUNDLE / MANIFEST).exists(), reason="the face bundle is absent")
def test_the_shipped_bundle_follows_a_face_of_the_rig() -> None:
    engine = FaceEngine.load()
    engine.warm_up()
    assert engine.follows and engine.model_id and engine.schema.sha256 == SCHEMA.sha256
    rig, camera, who = Rig(SCHEMA), Camera.frontal(512.0), Identity.random(np.random.default_rng(3))
    smiling = SCHEMA.neutral.copy()
    smiling[JAW] = 0.6
    for side in ("Left", "Right"):
        smiling[SCHEMA.index(f"Lip Corner Raise {side}")] += 0.3
    points = {
        name: camera.project(rig.points(values, who)) for name, values in (("calm", SCHEMA.neutral), ("smile", smiling))
    }
    follower = engine.follow(calibration_faces=8)
    shown = [follower.step(Landmarks(points["calm" if k < 8 else "smile"], 1.0), k / FPS) for k in range(60)]
    assert [s.mode for s in shown] == [Mode.NEUTRAL] * 8 + [Mode.FOLLOW] * 52
    assert shown[-1].values[JAW] == pytest.approx(0.6, abs=0.15)
    corner = SCHEMA.index("Lip Corner Raise Left")
    assert shown[-1].values[corner] - SCHEMA.neutral[corner] > 0.1
