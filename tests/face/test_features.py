"""What is read from a face's points: invariances, poses, and coefficients with the right signs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_bridge.schema import ameca
from sdk.errors import InvalidInput
from sdk.face.features import COEFFICIENTS, FEATURES, face_features, landmark_coefficients
from sdk.face.rig import Camera, Identity, Rig
from sdk.face.rig.pose import rotation

SCHEMA = ameca()
RIG = Rig(SCHEMA)
MEAN = Identity.mean()
CAMERA = Camera.frontal(640)
HEAD = [index for index, name in enumerate(FEATURES) if name.startswith("head ")]


def seen(camera: Camera = CAMERA, **values: float) -> np.ndarray:
    """Pixels of the mean face with some controls set; underscores stand for spaces, no side for both sides."""
    wanted = SCHEMA.neutral.copy()
    for key, value in values.items():
        name = key.replace("_", " ")
        for one in [name] if name in SCHEMA.names else [f"{name} Left", f"{name} Right"]:
            wanted[SCHEMA.index(one)] = value
    return camera.project(RIG.points(wanted, MEAN))


def coefficients(**values: float) -> dict[str, float]:
    return dict(zip(COEFFICIENTS, landmark_coefficients(seen(**values), seen()).tolist(), strict=True))


def test_every_feature_has_one_name() -> None:
    points = seen()
    assert face_features(points).shape == (len(FEATURES),) and len(set(FEATURES)) == len(FEATURES)
    assert face_features(np.stack([points, points])[None]).shape == (1, 2, len(FEATURES))
    assert landmark_coefficients(points, points).shape == (len(COEFFICIENTS),)


@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(0.01, 20))
@settings(max_examples=30, deadline=None)
def test_place_and_size_do_not_matter(x: float, y: float, scale: float) -> None:
    points = seen(Jaw_Pitch=0.5, Head_Yaw=10)
    np.testing.assert_allclose(face_features(points * scale + [x, y, 3.0]), face_features(points), atol=1e-7)


@given(st.floats(-25, 25), st.floats(-35, 35), st.floats(-25, 25))
@settings(max_examples=30, deadline=None)
def test_pose_comes_out_as_angles_and_changes_nothing_else(pitch: float, yaw: float, roll: float) -> None:
    points = RIG.points(SCHEMA.neutral, MEAN)
    turned = points @ rotation(np.array(pitch), np.array(yaw), np.array(roll)).T
    flip = np.array([1, -1, -1])
    calm, posed = face_features(points[:468] * flip), face_features(turned[:468] * flip)
    np.testing.assert_allclose(np.delete(posed, HEAD), np.delete(calm, HEAD), atol=1e-9)
    np.testing.assert_allclose((posed - calm)[HEAD] * 30, [pitch, yaw, roll], atol=1e-6)


@pytest.mark.parametrize(
    "pose", [{"Head_Yaw": 20.0}, {"Head_Pitch": 15.0}, {"Head_Roll": -15.0}, {"Neck_Pitch": -12.0}]
)
def test_a_camera_s_perspective_disturbs_little(pose: dict[str, float]) -> None:
    far, near = Camera.frontal(640, distance=3.0), Camera.frontal(640, distance=0.5)
    for camera, limit in ((far, 0.02), (near, 0.09)):
        change = np.delete(face_features(seen(camera, **pose)) - face_features(seen(camera)), HEAD)
        assert np.abs(change).max() < limit


def test_missing_irises_are_flagged_and_change_nothing_else() -> None:
    points = seen(Gaze_Target_Phi=30.0, Jaw_Pitch=0.6)
    whole, part = face_features(points), face_features(points[:468])
    differ = {FEATURES[k] for k in np.flatnonzero(~np.isclose(whole, part))}
    assert differ == {name for name in FEATURES if name.startswith("gaze")} | {"irises missing"} - {
        name for name in FEATURES if name.startswith("gaze up") and abs(whole[FEATURES.index(name)]) < 1e-8
    }
    assert part[FEATURES.index("irises missing")] == 1 and whole[FEATURES.index("irises missing")] == 0
    gaze = landmark_coefficients(points, points[:468])[
        [COEFFICIENTS.index("gaze right"), COEFFICIENTS.index("gaze up")]
    ]
    np.testing.assert_array_equal(gaze, 0)


def test_coefficients_of_the_neutral_face_are_zero() -> None:
    np.testing.assert_allclose(landmark_coefficients(seen(), seen()), 0, atol=1e-12)


@pytest.mark.parametrize(
    ("values", "name", "least"),
    [
        ({"Eyelid_Upper_Right": 0.0, "Eyelid_Lower_Right": 0.0}, "lid opening right", -0.08),
        ({"Eyelid_Upper_Left": 0.0, "Eyelid_Lower_Left": 0.0}, "lid opening left", -0.08),
        ({"Eyelid_Upper_Right": 2.0}, "upper lid right", 0.03),
        ({"Eyelid_Lower_Left": 2.0}, "lower lid left", -0.02),
        ({"Jaw_Pitch": 0.3}, "jaw open", 0.15),
        ({"Jaw_Yaw": 1.0}, "jaw right", 0.05),
        ({"Lip_Corner_Stretch": 1.0}, "mouth width", 0.05),
        ({"Lip_Corner_Raise_Right": 1.0}, "corner raise right", 0.05),
        ({"Lip_Corner_Raise_Left": 0.0}, "corner raise left", -0.05),
        ({"Lip_Corner_Stretch_Left": 0.0}, "corner out left", -0.05),
        ({"Brow_Inner_Right": 1.0}, "brow inner right", 0.04),
        ({"Brow_Inner_Left": 0.0}, "brow inner left", -0.04),
        ({"Brow_Outer_Right": 1.0}, "brow outer right", 0.02),
        ({"Brow_Outer_Left": 0.0}, "brow outer left", -0.015),
        ({"Lip_Top_Raise": 1.0, "Lip_Top_Raise_Middle": 1.0}, "upper lip raise", 0.05),
        ({"Lip_Bottom_Depress": 1.0, "Lip_Bottom_Depress_Middle": 1.0}, "lower lip depress", 0.05),
        ({"Lip_Top_Curl": 1.0}, "upper lip height", 0.02),
        ({"Lip_Bottom_Curl": 0.0}, "lower lip height", -0.02),
        ({"Nose_Wrinkle": 1.0}, "nose wrinkle", 0.03),
        ({"Gaze_Target_Phi": 25.0}, "gaze right", 0.2),
        ({"Gaze_Target_Theta": -25.0}, "gaze up", -0.2),
        ({"Head_Pitch": 15.0}, "head pitch", 10.0),
        ({"Head_Yaw": -20.0}, "head yaw", -15.0),
        ({"Head_Roll": 15.0}, "head roll", 13.0),
    ],
)
def test_a_movement_shows_in_its_coefficient(values: dict[str, float], name: str, least: float) -> None:
    value = coefficients(**values)[name]
    assert value * np.sign(least) > abs(least)


def test_the_person_s_own_neutral_is_taken_away() -> None:
    """Two people who do the same look more alike in coefficients than in features of themselves."""
    people = Identity.random(np.random.default_rng(0), 30)
    values = SCHEMA.neutral.copy()
    values[SCHEMA.index("Jaw Pitch")] = 0.4
    calm = CAMERA.project(RIG.points(SCHEMA.neutral, people))
    wide = CAMERA.project(RIG.points(values, people))
    opened = landmark_coefficients(wide, calm)[:, COEFFICIENTS.index("jaw open")]
    assert opened.min() > 0.1 and opened.std() / opened.mean() < 0.3
    absolute = face_features(wide)[:, FEATURES.index("mouth width")]
    relative = landmark_coefficients(wide, calm)[:, COEFFICIENTS.index("mouth width")]
    assert relative.std() < 0.5 * absolute.std()


def test_points_that_are_no_face_are_refused() -> None:
    points = seen()
    broken = points.copy()
    broken[5, 1] = np.inf
    for bad in (points[:400], points[:, :2], broken, np.zeros((478, 3)), np.zeros(3)):
        with pytest.raises(InvalidInput) as caught:
            face_features(bad)
        assert "\n" not in str(caught.value)
