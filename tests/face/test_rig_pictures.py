"""Pictures of the rig: what they show is where the points are; and the rasteriser beneath."""

from dataclasses import replace

import numpy as np
import pytest

from robot_bridge.schema import ameca
from sdk.errors import InvalidInput
from sdk.face.rig import Camera, Identity, Rig
from sdk.face.rig.paint import painting
from sdk.face.rig.raster import covered, vertex_normals

SCHEMA = ameca()
RIG = Rig(SCHEMA)
MEAN = replace(Identity.mean(), eyes=np.array([0.1, 0.3, 0.9]), hair_style=np.array(0.0))
SIZE = 256
CLOSE = Camera.frontal(SIZE, fill=0.42)


def picture(look: str = "human", **values: float) -> np.ndarray:
    return RIG.render(controls(**values), MEAN, CLOSE, SIZE, look).astype(int)


def controls(**values: float) -> np.ndarray:
    wanted = SCHEMA.neutral.copy()
    for key, value in values.items():
        name = key.replace("_", " ")
        for one in [name] if name in SCHEMA.names else [f"{name} Left", f"{name} Right"]:
            wanted[SCHEMA.index(one)] = value
    return wanted


def around(image: np.ndarray, point: np.ndarray, reach: int = 1) -> np.ndarray:
    """Mean colour about a point."""
    x, y = np.round(point[:2]).astype(int)
    return image[y - reach : y + reach + 1, x - reach : x + reach + 1].mean((0, 1))


@pytest.mark.parametrize("size", [8, 64, 112, 200])
@pytest.mark.parametrize("look", ["human", "ameca"])
def test_pictures_have_the_size_that_was_asked_for_and_repeat(size: int, look: str) -> None:
    person = Identity.random(np.random.default_rng(size))
    values = np.random.default_rng(1).uniform(*SCHEMA.bounds("tight"))
    first, again = (RIG.render(values, person, Camera.frontal(512), size, look) for _ in range(2))
    assert first.shape == (size, size, 3) and first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)


def test_the_camera_s_view_is_scaled_to_the_picture() -> None:
    large = RIG.render(SCHEMA.neutral, MEAN, CLOSE, 2 * SIZE).reshape(SIZE, 2, SIZE, 2, 3).mean((1, 3))
    assert np.abs(large - picture()).mean() < 2


def test_landmarks_lie_on_what_they_name() -> None:
    image, seen = picture(), CLOSE.project(RIG.points(SCHEMA.neutral, MEAN))
    skin = around(image, (seen[50] + seen[280]) / 2 * [0, 1, 1] + seen[4] * [1, 0, 0], 2)
    for pupil in (468, 473):
        assert around(image, seen[pupil]).max() < 70, "a pupil is dark"
    for rim, iris in ((469, 468), (476, 473)):
        between = around(image, seen[iris] * 0.35 + seen[rim] * 0.65)
        assert between[2] > between[0] + 30, "an iris is as blue as the person's eyes"
    for lip in (np.mean(seen[[0, 13]], 0), np.mean(seen[[17, 14]], 0)):
        colour = around(image, lip)
        assert colour[0] - colour[1] > (skin[0] - skin[1]) + 15, "lips are redder than skin"
    for brow, below in ((105, 52), (334, 282), (66, 65), (296, 295)):
        assert around(image, seen[brow] * 0.6 + seen[below] * 0.4).sum() < skin.sum()


def test_closed_lids_hide_the_eyes() -> None:
    def blue(image: np.ndarray) -> int:
        return int((image[..., 2] > image[..., 0] + 40).sum())

    background = blue(picture(Eyelid_Upper=0, Eyelid_Lower=0))
    assert blue(picture()) > background + 100
    one = picture(Eyelid_Upper_Left=0, Eyelid_Lower_Left=0)
    assert background + 40 < blue(one) < blue(picture()) - 40


def test_an_open_jaw_shows_a_dark_mouth_between_the_lips() -> None:
    values = controls(Jaw_Pitch=0.1)
    seen = CLOSE.project(RIG.points(values, MEAN))
    middle = seen[13] * 0.45 + seen[14] * 0.55
    assert around(picture(Jaw_Pitch=0.1), middle).sum() < 0.5 * around(picture(), middle).sum()


def test_a_mirrored_face_gives_the_mirrored_picture() -> None:
    person = replace(MEAN, light=np.array([0.0, 0.5, 0.8]))
    values = controls(Brow_Outer_Left=1, Lip_Corner_Raise_Right=1, Head_Yaw=12, Gaze_Target_Phi=20, Jaw_Pitch=0.7)
    one, other = (RIG.render(v, person, CLOSE, SIZE).astype(int) for v in (values, SCHEMA.mirrored(values)))
    assert np.abs(one - other[:, ::-1]).mean() < 1.5 < np.abs(one - other).mean()


def test_looks_differ_and_the_robot_has_no_hair() -> None:
    hairy = replace(MEAN, hair_style=np.array(2.0))
    robot = RIG.render(SCHEMA.neutral, hairy, CLOSE, SIZE, "ameca").astype(int)
    np.testing.assert_array_equal(robot, picture("ameca"))
    assert np.abs(robot - picture()).mean() > 10
    seen = CLOSE.project(RIG.points(SCHEMA.neutral, MEAN))
    cheek = around(robot, seen[50], 2)
    assert np.ptp(cheek) < 25, "its skin is grey"


def test_all_expressions_and_people_can_be_drawn() -> None:
    rng = np.random.default_rng(0)
    low, high = SCHEMA.bounds("x2c")
    for _ in range(12):
        image = RIG.render(rng.uniform(low, high), Identity.random(rng), Camera.random(rng), 64)
        assert image.std() > 5


def test_wrong_pictures_are_refused() -> None:
    people = Identity.random(np.random.default_rng(0), 2)
    cases = [
        lambda: RIG.render(SCHEMA.neutral, MEAN, CLOSE, 4),
        lambda: RIG.render(SCHEMA.neutral, MEAN, CLOSE, 100_000),
        lambda: RIG.render(SCHEMA.neutral, MEAN, CLOSE, 64, "statue"),
        lambda: RIG.render(SCHEMA.neutral, people, CLOSE, 64),
        lambda: RIG.render(np.stack([SCHEMA.neutral] * 2), MEAN, CLOSE, 64),
        lambda: RIG.render(SCHEMA.neutral[:5], MEAN, CLOSE, 64),
    ]
    for case in cases:
        with pytest.raises(InvalidInput) as caught:
            case()
        assert "\n" not in str(caught.value)


def test_the_painting_is_where_the_face_is() -> None:
    layers = painting()
    assert layers.shape[2] == 4 and layers.min() >= 0 and layers.max() <= 1
    assert (layers.max((0, 1)) > 0.5).all()


# Counter-clockwise as seen, with y going down.
NEAR = np.array([[1.0, 1.0, 0.0], [1.0, 9.0, 0.0], [9.0, 9.0, 0.0]])
FAR = np.array([[0.0, 0.0, 5.0], [10.0, 0.0, 5.0], [0.0, 10.0, 5.0], [10.0, 10.0, 5.0]])


def test_the_nearer_triangle_hides_the_other_one_in_any_order() -> None:
    places = np.concatenate([NEAR, FAR])
    faces = np.array([[0, 1, 2], [3, 5, 4], [4, 5, 6]])
    for order in ([0, 1, 2], [2, 1, 0]):
        seen = covered(places, faces[order], 10, 10)
        shown = np.full(100, -1)
        shown[seen.pixel] = np.array(order)[seen.triangle]
        shown = shown.reshape(10, 10)
        assert (shown >= 0).all() and len(seen.pixel) == 100
        assert shown[6, 2] == 0 and shown[0, 0] == 1 and shown[2, 8] != 0


def test_weights_give_a_pixel_s_own_place() -> None:
    seen = covered(NEAR, np.array([[0, 1, 2]]), 10, 10)
    at = (NEAR[None] * seen.weights[..., None]).sum(1)
    np.testing.assert_allclose(at[:, 0], seen.pixel % 10 + 0.5, atol=1e-5)
    np.testing.assert_allclose(at[:, 1], seen.pixel // 10 + 0.5, atol=1e-5)


def test_backs_and_what_is_outside_are_not_drawn() -> None:
    for places, faces in ((NEAR, [[0, 2, 1]]), (NEAR + [50, 0, 0], [[0, 1, 2]]), (NEAR * [0, 1, 1], [[0, 1, 2]])):
        assert len(covered(places, np.array(faces), 10, 10).pixel) == 0


def test_normals_of_a_flat_square_face_its_front() -> None:
    corners = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    np.testing.assert_allclose(vertex_normals(corners, np.array([[0, 1, 2], [0, 2, 3]])), [[0, 0, 1]] * 4)
