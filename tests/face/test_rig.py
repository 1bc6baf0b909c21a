"""The parametric face: which control moves what, which laws its points keep, its people, cameras and noise."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_bridge.schema import ameca
from sdk.errors import InvalidInput
from sdk.face.controls import ControlSchema
from sdk.face.features import face_features
from sdk.face.rig import Camera, Identity, Rig
from sdk.face.rig import anatomy as a
from sdk.face.rig.pose import angles, rotation

SCHEMA = ameca()
RIG = Rig(SCHEMA)
MEAN = Identity.mean()
LOW, HIGH = SCHEMA.bounds("x2c")
POSE = {"Head Pitch", "Head Roll", "Head Yaw", "Neck Pitch", "Neck Roll"}
RIGHT_LIDS, LEFT_LIDS = {159, 145, 27, 23}, {386, 374, 257, 253}
# For each control a point that must move by at least 2 mm between the ends of its range, and points that must not move
# by a fifth of a millimetre.
MOVES: dict[str, tuple[int, set[int]]] = {
    "Brow Inner Left": (336, {107, 70, 300, 61, 291, 4, 159}),
    "Brow Inner Right": (107, {336, 300, 70, 61, 291, 4, 386}),
    "Brow Outer Left": (334, {105, 107, 336, 61, 291, 4, 159}),
    "Brow Outer Right": (105, {334, 336, 107, 61, 291, 4, 386}),
    "Eyelid Lower Left": (374, RIGHT_LIDS | {386, 300, 61, 291, 4}),
    "Eyelid Lower Right": (145, LEFT_LIDS | {159, 70, 61, 291, 4}),
    "Eyelid Upper Left": (386, RIGHT_LIDS | {374, 300, 61, 291, 4}),
    "Eyelid Upper Right": (159, LEFT_LIDS | {145, 70, 61, 291, 4}),
    "Gaze Target Phi": (468, {33, 133, 61, 291, 4, 107}),
    "Gaze Target Theta": (473, {33, 133, 61, 291, 4, 107}),
    "Jaw Pitch": (152, {4, 0, 33, 159, 107, 10}),
    "Jaw Yaw": (152, {4, 0, 33, 159, 107, 10}),
    "Lip Bottom Curl": (17, {4, 152, 61, 291, 33}),
    "Lip Bottom Depress Left": (314, {4, 152, 61, 91, 33}),
    "Lip Bottom Depress Middle": (17, {4, 152, 61, 291, 33}),
    "Lip Bottom Depress Right": (84, {4, 152, 291, 321, 33}),
    "Lip Corner Raise Left": (291, {4, 152, 61, 33, 107}),
    "Lip Corner Raise Right": (61, {4, 152, 291, 33, 107}),
    "Lip Corner Stretch Left": (291, {4, 152, 61, 33, 107}),
    "Lip Corner Stretch Right": (61, {4, 152, 291, 33, 107}),
    "Lip Top Curl": (0, {4, 152, 61, 291, 33, 17}),
    "Lip Top Raise Left": (267, {4, 152, 61, 40, 33}),
    "Lip Top Raise Middle": (0, {4, 152, 61, 291, 33}),
    "Lip Top Raise Right": (37, {4, 152, 291, 270, 33}),
    "Nose Wrinkle": (129, {152, 61, 291, 33, 17}),
}


def face(**values: float) -> np.ndarray:
    """The mean face with some controls set; underscores stand for spaces, a name without a side for both."""
    return RIG.points(controls(**values), MEAN)


def controls(**values: float) -> np.ndarray:
    wanted = SCHEMA.neutral.copy()
    for key, value in values.items():
        name = key.replace("_", " ")
        for one in [name] if name in SCHEMA.names else [f"{name} Left", f"{name} Right"]:
            wanted[SCHEMA.index(one)] = value
    return wanted


def apart(points: np.ndarray, first: int, second: int) -> float:
    return float(np.linalg.norm(points[first] - points[second]))


def random_values(seed: int, n: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(LOW, HIGH, (n, len(SCHEMA)))


def test_neutral_values_give_everyone_their_own_calm_face() -> None:
    people = Identity.random(np.random.default_rng(1), 20)
    np.testing.assert_allclose(RIG.points(SCHEMA.neutral, people), RIG.rest(people)[..., :478, :], atol=1e-12)


def test_the_mean_face_is_symmetric_and_of_human_size() -> None:
    points = face()
    np.testing.assert_allclose(points, points[a.anatomy().mirror] * [-1, 1, 1], atol=1e-9)
    assert apart(points, 33, 263) == pytest.approx(0.090, abs=0.001)
    assert points[291, 0] > 0 > points[61, 0] and points[10, 1] > points[152, 1] and points[4, 2] > points[234, 2]
    assert apart(points, 13, 14) < 0.0005, "lips touch"
    assert 0.008 < apart(points, 159, 145) < 0.012, "eyes are open"


@pytest.mark.parametrize("seed", range(3))
def test_mirrored_values_give_the_mirrored_face(seed: int) -> None:
    values = random_values(seed, 50)
    person = replace(MEAN, shape=np.random.default_rng(seed).normal(size=MEAN.shape.shape))
    mirrored = RIG.points(SCHEMA.mirrored(values), person)
    np.testing.assert_allclose(mirrored, RIG.points(values, person)[:, a.anatomy().mirror] * [-1, 1, 1], atol=1e-9)


def test_every_control_has_its_row() -> None:
    assert set(MOVES) | POSE == set(SCHEMA.names)


@pytest.mark.parametrize("name", MOVES)
def test_a_control_moves_its_own_part_and_leaves_the_rest(name: str) -> None:
    index = SCHEMA.index(name)
    ends = np.stack([SCHEMA.neutral, SCHEMA.neutral])
    ends[:, index] = LOW[index], HIGH[index]
    moved = np.linalg.norm(np.diff(RIG.points(ends, MEAN), axis=0)[0], axis=-1)
    point, still = MOVES[name]
    assert moved[point] > 0.002
    assert moved[sorted(still)].max() < 0.0002


@pytest.mark.parametrize("name", sorted(POSE))
def test_head_and_neck_turn_the_whole_face_rigidly(name: str) -> None:
    turned, calm = face(**{name.replace(" ", "_"): 12.0}), face()
    spans = [np.linalg.norm(points[:, None, :] - points[None, ::40, :], axis=-1) for points in (turned, calm)]
    np.testing.assert_allclose(*spans, atol=1e-9)
    assert np.linalg.norm(turned - calm, axis=-1).max() > 0.01


def test_angles_have_the_documented_directions() -> None:
    calm = face()
    assert face(Head_Yaw=-15)[4, 0] > calm[4, 0] + 0.01, "a negative yaw looks to the face's own left (vendor)"
    assert face(Head_Pitch=15)[4, 1] > calm[4, 1] + 0.01 and face(Neck_Pitch=15)[4, 2] < calm[4, 2] - 0.01
    assert face(Head_Roll=15)[10, 0] < calm[10, 0] - 0.01 and face(Neck_Roll=15)[10, 0] < calm[10, 0] - 0.01
    assert face(Gaze_Target_Phi=30)[468, 0] < calm[468, 0] - 0.003
    assert face(Gaze_Target_Theta=20)[468, 1] > calm[468, 1] + 0.003
    assert face(Jaw_Yaw=1)[152, 0] < calm[152, 0] - 0.005


@given(st.floats(-80, 80), st.floats(-170, 170), st.floats(-170, 170))
@settings(max_examples=50, deadline=None)
def test_angles_come_back_from_their_matrix(pitch: float, yaw: float, roll: float) -> None:
    matrix = rotation(np.array(pitch), np.array(yaw), np.array(roll))
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(angles(matrix), (pitch, yaw, roll), atol=1e-6)


def test_movements_are_monotonic() -> None:
    open_mouth = [apart(face(Jaw_Pitch=value), 13, 14) for value in np.linspace(1, 0, 9)]
    assert (np.diff(open_mouth) > 0.0005).all() and open_mouth[-1] > 0.02
    for corner, side in ((61, "Right"), (291, "Left")):
        heights = [face(**{f"Lip_Corner_Raise_{side}": value})[corner, 1] for value in np.linspace(0, 1, 9)]
        assert (np.diff(heights) > 0.001).all()
    for upper, lower, side in ((159, 145, "Right"), (386, 374, "Left")):
        lids = [
            apart(face(**{f"Eyelid_Upper_{side}": value, f"Eyelid_Lower_{side}": value}), upper, lower)
            for value in np.linspace(0, 2, 9)
        ]
        assert (np.diff(lids) > 0.0005).all() and lids[0] < 0.0003
    brows = [face(Brow_Inner=value)[107, 1] for value in np.linspace(0, 1, 9)]
    assert (np.diff(brows) > 0.001).all()
    gaze = [face(Gaze_Target_Phi=value)[468, 0] for value in np.linspace(-130, 130, 27)]
    assert (np.diff(gaze) < 0).all(), "an eye turns less and less, but never back"


def test_lips_that_meet_press_on_one_another() -> None:
    calm, pressed = face(), face(Lip_Bottom_Depress_Middle=0)
    assert apart(pressed, 13, 14) < 0.0005
    assert pressed[13, 1] > calm[13, 1] + 0.001 and pressed[0, 1] > calm[0, 1] + 0.0005
    lifted = face(Lip_Bottom_Depress_Middle=0, Lip_Top_Raise_Middle=1)
    assert lifted[14, 1] > pressed[14, 1], "the upper lip makes room"


def test_squeezed_lids_stay_shut_and_wrinkle_the_skin_around() -> None:
    closed, squeezed = face(Eyelid_Upper=0, Eyelid_Lower=0), face(Eyelid_Upper=-1, Eyelid_Lower=-1)
    assert apart(squeezed, 159, 145) < 0.0003
    assert closed[27, 1] - squeezed[27, 1] > 0.001 and squeezed[23, 1] - closed[23, 1] > 0.001


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_no_values_pull_a_face_apart(seed: int) -> None:
    """Points stay finite and near, lids and lips never pass through one another."""
    people = Identity.random(np.random.default_rng(seed), 8)
    local = RIG.local(random_values(seed, 8), people)
    assert np.isfinite(local).all() and np.abs(local).max() < 0.25
    upper, lower = list(a.UPPER_LIP[3][1:-1]), list(a.LOWER_LIP[3][1:-1])
    assert (local[:, upper, 1] - local[:, lower, 1]).min() > -1e-9
    for top, bottom in ((159, 145), (386, 374)):
        assert (local[:, top, 1] - local[:, bottom, 1]).min() > -0.0005


def test_controls_can_be_told_apart_in_spite_of_the_noise() -> None:
    """A quarter of a control's range shows in the features, and no other control of the skin makes the same picture."""
    camera = Camera.frontal()
    rng = np.random.default_rng(5)
    calm = camera.project(face())
    spread = face_features(RIG.noisy(np.repeat(calm[None], 200, 0), rng)).std(0) + 1e-9
    changes = []
    for name in MOVES:
        index = SCHEMA.index(name)
        step = 0.25 * (HIGH[index] - LOW[index])
        values = SCHEMA.neutral.copy()
        values[index] += step if values[index] + step <= HIGH[index] else -step
        changes.append((face_features(camera.project(RIG.points(values, MEAN))) - face_features(calm)) / spread)
    size = np.linalg.norm(changes, axis=1)
    assert size.min() > 4, dict(zip(MOVES, size.round(1), strict=True))
    alike = np.abs(np.array(changes) @ np.array(changes).T / np.outer(size, size)) - np.eye(len(size))
    assert alike.max() < 0.85


def test_many_faces_at_once_are_the_same_as_each_alone() -> None:
    people, values = Identity.random(np.random.default_rng(3), 4), random_values(3, 4)
    cameras = Camera.random(np.random.default_rng(4), 4)
    together = cameras.project(RIG.points(values, people))
    for k in range(4):
        np.testing.assert_allclose(together[k], cameras[k].project(RIG.points(values[k], people[k])), atol=1e-9)
    assert len(people) == 4 and RIG.points(values.reshape(2, 2, -1), MEAN).shape == (2, 2, 478, 3)


def test_people_differ_and_equal_seeds_give_equal_people() -> None:
    first, again = (Identity.random(np.random.default_rng(9), 30) for _ in range(2))
    rest = RIG.rest(first)
    np.testing.assert_array_equal(rest, RIG.rest(again))
    widths = np.linalg.norm(rest[:, 61] - rest[:, 291], axis=-1)
    assert widths.std() > 0.002
    smiles = RIG.points(controls(Lip_Corner_Raise=1.0), first)[:, 61, 1] - rest[:, 61, 1]
    assert smiles.std() / smiles.mean() > 0.08, "the same value moves each of them differently"
    for entry in ("skin", "lips", "brows", "hair", "eyes", "backdrop", "ambient"):
        assert getattr(first, entry).min() >= 0 and getattr(first, entry).max() <= 1


def test_camera_projects_and_back() -> None:
    cameras = Camera.random(np.random.default_rng(2), 25)
    points = RIG.points(random_values(2, 25), MEAN)
    np.testing.assert_allclose(cameras.unproject(cameras.project(points)), points, atol=1e-9)


def test_a_frontal_camera_sees_the_face_as_the_wire_wants_it() -> None:
    seen = Camera.frontal(400, fill=0.25).project(face())
    assert seen[263, 0] > seen[33, 0], "the face's own left is on the right of the picture"
    assert seen[152, 1] > seen[10, 1] and seen[4, 2] < seen[33, 2] < seen[234, 2]
    assert seen[263, 0] - seen[33, 0] == pytest.approx(100, rel=0.05)
    near, far = (Camera.frontal(400, distance=distance).project(face()) for distance in (0.35, 2.0))
    assert near[4, 1] - near[168, 1] > far[4, 1] - far[168, 1], "what is near looks larger"
    assert np.ptp(near[[234, 454], 0]) < np.ptp(far[[234, 454], 0])


def test_noise_is_as_large_as_measured() -> None:
    calm = Camera.frontal().project(face())
    noise = RIG.noisy(np.repeat(calm[None], 400, 0), np.random.default_rng(0)) - calm
    spread = noise[..., :2].std((0, 2)) / np.linalg.norm(calm[33, :2] - calm[263, :2])
    assert spread.min() > 0.0024 and spread.max() < 0.0062 and np.abs(noise.mean(0)).max() < 1.0
    twice = RIG.noisy(calm, np.random.default_rng(7), times=2.0) - calm
    np.testing.assert_allclose(twice, 2 * (RIG.noisy(calm, np.random.default_rng(7)) - calm), atol=1e-4)


def test_wrong_input_is_refused_in_one_line() -> None:
    values = SCHEMA.neutral
    bad = values.copy()
    bad[3] = np.nan
    cases = [
        lambda: RIG.points(values[:-1], MEAN),
        lambda: RIG.points(bad, MEAN),
        lambda: RIG.points(np.float64(1.0), MEAN),
        lambda: Identity.random(np.random.default_rng(0), 0),
        lambda: Camera.random(np.random.default_rng(0), 0),
        lambda: Camera.frontal(0),
        lambda: Camera.frontal().project(np.zeros(3)),
        lambda: RIG.noisy(np.zeros((468, 3)), np.random.default_rng(0)),
        lambda: Rig(ControlSchema("none", SCHEMA.controls[:5], "0" * 64)),
    ]
    for case in cases:
        with pytest.raises(InvalidInput) as caught:
            case()
        assert "\n" not in str(caught.value)
