"""The mapper that ships: from landmarks and pictures to controls, calibration, confidence, and input that is wrong."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_bridge.schema import ameca
from sdk.bundle.face_manifest import FACE_BUNDLE, FaceBundle
from sdk.errors import BundleError, InvalidInput
from sdk.face.crop import crop_square, face_square
from sdk.face.expressions import ameca_schema
from sdk.face.observed import OBSERVED, beside_neutral, observed
from sdk.face.rig import Camera, Identity, Rig
from sdk.runtime.face_mapper import IMAGE, LANDMARKS, Calibration, FaceMapper, robust_mean
from sdk.runtime.sessions import open_session

SCHEMA = ameca_schema()
RIG = Rig(SCHEMA)
CAMERA = Camera.frontal(512.0)
LOW, HIGH = SCHEMA.bounds("x2c")


@pytest.fixture(scope="module")
def mapper() -> FaceMapper:
    return FaceMapper.open()


@pytest.fixture(scope="module")
def reference(mapper: FaceMapper) -> dict[str, np.ndarray]:
    data = mapper.bundle.contents[mapper.bundle.manifest.mapper["reference"]]
    return dict(np.load(io.BytesIO(data), allow_pickle=False))


def face(values: np.ndarray, seed: int, *, noise: float = 1.0) -> np.ndarray:
    """Landmarks of the person `seed` with these values."""
    who = Identity.random(np.random.default_rng(seed))
    pixels = CAMERA.project(RIG.points(values, who))
    return RIG.noisy(pixels, np.random.default_rng(seed + 1), times=noise)


def moved(**controls: float) -> np.ndarray:
    """Neutral but for some controls, given by name with underscores."""
    values = SCHEMA.neutral.copy()
    for name, value in controls.items():
        values[SCHEMA.index(name.replace("_", " "))] = value
    return values


def calibrated(mapper: FaceMapper, seed: int, count: int = 8) -> Calibration:
    calibration = Calibration(count)
    who = Identity.random(np.random.default_rng(seed))
    pixels = CAMERA.project(RIG.points(SCHEMA.neutral, who))
    for k in range(count):
        calibration.add(mapper.features(RIG.noisy(pixels, np.random.default_rng([seed, k]))))
    return calibration


# --- the bundle ---


def test_the_bundle_is_small_and_made_for_the_schema_of_the_bridge(mapper: FaceMapper) -> None:
    manifest = mapper.bundle.manifest
    assert manifest.schema_sha256 == ameca().sha256 == SCHEMA.sha256 == mapper.schema.sha256
    sizes = {role: len(mapper.bundle.graph(role)) for role in (LANDMARKS, IMAGE)}
    assert sum(sizes.values()) <= 1_600_000 and sizes[LANDMARKS] < 1_000_000
    weights = sum(len(data) for name, data in mapper.bundle.contents.items() if name.endswith((".onnx", ".npz")))
    assert weights <= 4_500_000
    assert "never run on hardware" in mapper.bundle.contents["MODEL_CARD.md"].decode().lower()
    assert all(manifest.licences[g.file].startswith("Apache-2.0") for r, g in manifest.graphs.items() if "face" in r)


def test_every_file_of_the_folder_is_in_the_manifest() -> None:
    names = {path.name for path in FACE_BUNDLE.iterdir()} - {"manifest.json"}
    assert names == set(FaceBundle.load().manifest.files)


@pytest.mark.parametrize("role", [LANDMARKS, IMAGE])
def test_the_graphs_still_give_what_torch_gave(mapper: FaceMapper, reference: dict[str, np.ndarray], role: str) -> None:
    session = open_session(mapper.bundle.graph(role), threads=1)
    graph = mapper.bundle.manifest.graphs[role]
    given = session.run(list(graph.outputs), {name: reference[f"{role}.in.{name}"] for name in graph.inputs})
    for name, value in zip(graph.outputs, given, strict=True):
        np.testing.assert_allclose(value, reference[f"{role}.out.{name}"], atol=1e-4, rtol=1e-4)
    assert mapper.bundle.manifest.parity[role] <= 1e-4


def test_a_changed_byte_and_other_features_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "face"
    shutil.copytree(FACE_BUNDLE, folder)
    graph = folder / "mapper.onnx"
    data = bytearray(graph.read_bytes())
    data[len(data) // 2] ^= 1
    graph.write_bytes(data)
    with pytest.raises(BundleError, match="mapper.onnx of face bundle"):
        FaceMapper.open(folder)
    shutil.copy(FACE_BUNDLE / "mapper.onnx", graph)
    text = (FACE_BUNDLE / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace('"log size"', '"size"'))
    with pytest.raises(BundleError, match="maps other features"):
        FaceMapper.open(folder)


# --- landmarks ---


def test_a_calm_face_maps_to_neutral(mapper: FaceMapper) -> None:
    for seed in (1, 2, 3):
        mapped = mapper.map(face(SCHEMA.neutral, seed), calibrated(mapper, seed))
        assert np.abs(SCHEMA.deviations(mapped.values, "x2c")).mean() < 0.03
        assert mapped.confidence > 0.9


@pytest.mark.parametrize(
    ("controls", "sign"),
    [
        ({"Jaw_Pitch": 0.3}, -1),
        ({"Lip_Corner_Raise_Left": 0.8, "Lip_Corner_Raise_Right": 0.95}, 1),
        ({"Brow_Inner_Left": 0.9, "Brow_Inner_Right": 0.9}, 1),
        ({"Eyelid_Upper_Left": 0.0}, -1),
        ({"Gaze_Target_Phi": 40.0}, 1),
        ({"Head_Yaw": -20.0}, -1),
        ({"Nose_Wrinkle": 0.8}, 1),
    ],
)
def test_what_is_shown_is_found_on_people_never_seen(mapper: FaceMapper, controls: dict[str, float], sign: int) -> None:
    values = moved(**controls)
    places = [SCHEMA.index(name.replace("_", " ")) for name in controls]
    wanted = SCHEMA.deviations(values, "x2c")
    for seed in (11, 12, 13):
        got = SCHEMA.deviations(mapper.map(face(values, seed), calibrated(mapper, seed)).values, "x2c")
        assert (sign * got[places] > 0.4 * sign * wanted[places]).all()
        others = np.delete(got, places)
        assert np.abs(others).mean() < 0.05


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), scale=st.floats(0.2, 5), x=st.floats(-500, 500), y=st.floats(-500, 500))
def test_values_lie_in_the_range_set_and_do_not_depend_on_the_unit_or_the_place(
    seed: int, scale: float, x: float, y: float
) -> None:
    mapper = shared()
    values = np.random.default_rng(seed).uniform(LOW, HIGH)
    points = face(values, seed % 1000)
    calm = face(SCHEMA.neutral, seed % 1000)
    results = []
    for size, shift in ((1.0, np.zeros(3)), (scale, np.array([x, y, 0.0]))):
        calibration = Calibration(1)
        calibration.add(mapper.features(calm * size + shift))
        results.append(mapper.map(points * size + shift, calibration))
    for mapped in results:
        assert mapped.values.shape == (30,) and (mapped.values >= LOW).all() and (mapped.values <= HIGH).all()
        assert 0 <= mapped.confidence <= 1
    np.testing.assert_allclose(results[0].values, results[1].values, atol=2e-3 * (HIGH - LOW).max(), rtol=1e-3)


_SHARED: list[FaceMapper] = []


def shared() -> FaceMapper:
    """One mapper for property tests, which may not take fixtures of functions."""
    if not _SHARED:
        _SHARED.append(FaceMapper.open())
    return _SHARED[0]


def test_mesh_without_irises_is_taken_and_gaze_then_rests(mapper: FaceMapper) -> None:
    values = moved(Jaw_Pitch=0.4)
    calibration = Calibration(1)
    calibration.add(mapper.features(face(SCHEMA.neutral, 21)[:468]))
    mapped = mapper.map(face(values, 21)[:468], calibration)
    assert mapped.values[SCHEMA.index("Jaw Pitch")] < 0.75


def test_what_is_no_face_of_training_has_little_confidence(mapper: FaceMapper) -> None:
    calibration = calibrated(mapper, 31)
    scrambled = np.random.default_rng(0).permutation(face(SCHEMA.neutral, 31))
    assert mapper.map(scrambled, calibration).confidence < 0.5
    assert mapper.map(face(SCHEMA.neutral, 31), calibration).confidence == 1


@pytest.mark.parametrize(
    ("points", "says"),
    [
        (np.zeros((467, 3)), "468 or 478"),
        (np.zeros((478, 2)), "468 or 478"),
        (np.zeros((2, 478, 3)), "one face"),
        (np.full((478, 3), np.nan), "finite"),
        (np.zeros((478, 3)), "one place"),
    ],
)
def test_points_that_are_wrong_are_refused_in_one_line(mapper: FaceMapper, points: np.ndarray, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as refusal:
        mapper.map(points)
    assert "\n" not in str(refusal.value)


# --- calibration ---


def test_a_calibration_is_ready_after_the_wanted_faces_takes_no_more_and_can_be_reset() -> None:
    calibration = Calibration(3)
    assert [calibration.add(np.full(4, float(k))) for k in range(4)] == [False, False, True, True]
    assert calibration.ready and calibration.seen == 3
    np.testing.assert_allclose(calibration.neutral, 1.0)
    calibration.reset()
    assert not calibration.ready and calibration.neutral is None and calibration.seen == 0


def test_a_blink_during_calibration_does_no_harm() -> None:
    rng = np.random.default_rng(0)
    calm = rng.normal(0, 0.01, (12, 50))
    with_blinks = np.concatenate([calm, calm[:3] + 5.0])
    np.testing.assert_allclose(robust_mean(with_blinks), calm.mean(0), atol=0.01)
    np.testing.assert_array_equal(robust_mean(np.ones((4, 5))), np.ones(5))


def test_without_a_calibration_an_average_face_stands_in_with_half_the_confidence(mapper: FaceMapper) -> None:
    open_mouth, shut = (
        mapper.map(face(moved(Jaw_Pitch=jaw), 41)).values[SCHEMA.index("Jaw Pitch")] for jaw in (0.3, 1.0)
    )
    assert shut > open_mouth + 0.3
    assert mapper.map(face(SCHEMA.neutral, 41)).confidence <= 0.5
    unfinished = Calibration(5)
    unfinished.add(mapper.features(face(SCHEMA.neutral, 41)))
    assert mapper.map(face(SCHEMA.neutral, 41), unfinished).confidence <= 0.5


@pytest.mark.parametrize(
    ("vector", "says"), [(np.zeros((2, 3)), "one finite vector"), ([np.inf] * 4, "one finite"), (np.zeros(5), "among")]
)
def test_vectors_that_do_not_belong_are_refused(vector: object, says: str) -> None:
    calibration = Calibration(9)
    calibration.add(np.zeros(4))
    with pytest.raises(InvalidInput, match=says):
        calibration.add(vector)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="1 to 1000"):
        Calibration(0)


def test_a_calibration_of_pictures_is_no_calibration_of_landmarks(mapper: FaceMapper) -> None:
    calibration = Calibration(1)
    calibration.add(np.zeros(7))
    with pytest.raises(InvalidInput, match="the calibration holds vectors of 7 numbers"):
        mapper.map(face(SCHEMA.neutral, 1), calibration)


# --- pictures ---


def test_a_picture_gives_controls_too(mapper: FaceMapper) -> None:
    who = Identity.random(np.random.default_rng(51))

    def crop(values: np.ndarray) -> np.ndarray:
        points = CAMERA.project(RIG.points(values, who))
        return crop_square(RIG.render(values, who, CAMERA, 512), face_square(points), mapper.picture_size)

    calibration = Calibration(1)
    calibration.add(mapper.embedding(crop(SCHEMA.neutral)))
    calm = mapper.map_image(crop(SCHEMA.neutral), calibration)
    assert np.abs(SCHEMA.deviations(calm.values, "x2c")).mean() < 0.05
    opened = mapper.map_image(crop(moved(Jaw_Pitch=0.2)), calibration)
    assert opened.values[SCHEMA.index("Jaw Pitch")] < 0.6 < calm.values[SCHEMA.index("Jaw Pitch")]
    assert (opened.values >= LOW).all() and (opened.values <= HIGH).all()


@pytest.mark.parametrize("crop", [np.zeros((96, 95, 3), np.uint8), np.zeros((96, 96, 3)), np.zeros((96, 96), np.uint8)])
def test_a_crop_of_another_shape_or_kind_is_refused(mapper: FaceMapper, crop: np.ndarray) -> None:
    with pytest.raises(InvalidInput, match="a crop must be"):
        mapper.map_image(crop)


# --- the crop, and what is observed ---


def test_a_crop_is_the_square_of_the_picture() -> None:
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[20:40, 30:50] = 200
    inside = crop_square(picture, (39.5, 29.5, 20.0), 10)
    assert inside.shape == (10, 10, 3) and (inside == 200).all()
    around = crop_square(picture, (39.5, 29.5, 40.0), 20)
    assert (around[6:14, 6:14] == 200).all() and not around[:4].any() and not around[:, -4:].any()
    beyond = crop_square(picture, (0.0, 0.0, 40.0), 16)
    np.testing.assert_array_equal(beyond[:8, :8], np.broadcast_to(picture[0, 0], (8, 8, 3)))
    with pytest.raises(InvalidInput, match="a picture must be"):
        crop_square(picture[..., 0], (1.0, 1.0, 5.0), 8)


def test_the_square_is_around_the_landmarks() -> None:
    x, y, side = face_square(np.array([[10.0, 20.0, 3.0], [30.0, 60.0, 9.0]]))
    assert (x, y) == (20, 40) and side > 40
    for bad in (np.zeros((3, 3)), np.full((2, 2), np.nan), np.zeros(4)):
        with pytest.raises(InvalidInput):
            face_square(bad)


def test_nothing_lies_between_a_face_and_itself_and_places_count_in_sizes_of_the_neutral() -> None:
    calm = face(SCHEMA.neutral, 61, noise=0.0)
    seen = observed(calm)
    assert seen.shape == (len(OBSERVED),)
    np.testing.assert_array_equal(beside_neutral(seen, seen), np.zeros(len(OBSERVED)))
    away = beside_neutral(observed(calm + [50.0, 0.0, 0.0]), seen)
    twice = beside_neutral(observed(2 * calm + [100.0, 0.0, 0.0]), observed(2 * calm))
    place = OBSERVED.index("place right")
    assert away[place] > 0.3 and away[place] == pytest.approx(twice[place])
    np.testing.assert_allclose(np.delete(away, place), 0, atol=1e-9)
    with pytest.raises(InvalidInput, match="observed numbers must be"):
        beside_neutral(seen[:-1], seen)
