"""Blendshapes: Apple's names and order, whose left is left, and what a face looks like in them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk.emotion import Affect, Emotion
from sdk.face.blendshapes import ALWAYS_ZERO, NAMES, Blendshapes
from sdk.face.controls import Array
from sdk.face.expressions import ameca_schema, load_poses

SCHEMA = ameca_schema()
SHAPES = Blendshapes(SCHEMA)
SIGNS = load_poses(SCHEMA).signs


def shapes_of(**moved: float) -> dict[str, float]:
    """Shapes above 0 of a neutral face with some controls moved; an underscore stands for a space."""
    values = SCHEMA.neutral.copy()
    for name, amount in moved.items():
        values[SCHEMA.index(name.replace("_", " "))] += amount
    return {name: value for name, value in zip(NAMES, SHAPES.of(values).tolist(), strict=True) if value > 0}


def test_there_are_apples_names_in_apples_order() -> None:
    assert len(NAMES) == len(set(NAMES)) == 52
    # The places that Apple's own list gives them: left eye, right eye, mouth and jaw, brows, cheeks, nose, tongue.
    assert NAMES[:7] == (
        "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
        "eyeWideLeft",
    )  # fmt: skip
    assert NAMES[14:23] == (
        "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft",
        "mouthRight",
    )  # fmt: skip
    assert NAMES[31:35] == ("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper")
    assert NAMES[41:44] == ("browDownLeft", "browDownRight", "browInnerUp")
    assert NAMES[-3:] == ("noseSneerLeft", "noseSneerRight", "tongueOut")


def test_a_neutral_face_has_none() -> None:
    assert not SHAPES.of(SCHEMA.neutral).any() and not SHAPES.of_affect(Affect.neutral()).any()


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_left_and_right_are_the_faces_own(side: str) -> None:
    other = "Right" if side == "Left" else "Left"
    to_left = -SIGNS["Gaze Target Phi"]
    assert shapes_of(**{f"Eyelid_Upper_{side}": -1.0, f"Eyelid_Lower_{side}": -1.0}) == {f"eyeBlink{side}": 1.0}
    assert set(shapes_of(**{f"Lip_Corner_Raise_{side}": 0.3})) == {f"mouthSmile{side}"}
    assert set(shapes_of(**{f"Brow_Outer_{side}": 0.3})) == {f"browOuterUp{side}"}
    looks = shapes_of(Gaze_Target_Phi=to_left * 20 if side == "Left" else -to_left * 20)
    # Whoever looks to the own left turns the left eye outwards and the right one towards the nose.
    assert set(looks) == {f"eyeLookOut{side}", f"eyeLookIn{other}"}


def test_a_mirror_changes_left_and_right() -> None:
    def swapped(name: str) -> str:
        side, other = ("Left", "Right") if name.endswith("Left") else ("Right", "Left")
        return name.removesuffix(side) + other if name.endswith(side) else name

    low, high = SCHEMA.bounds("tight")
    values = np.random.default_rng(0).uniform(low, high, (20, 30))
    plain, mirrored = SHAPES.of(values), SHAPES.of(SCHEMA.mirrored(values))
    for k, name in enumerate(NAMES):
        np.testing.assert_allclose(mirrored[:, NAMES.index(swapped(name))], plain[:, k], atol=1e-12, err_msg=name)


def test_shapes_mean_what_their_names_say() -> None:
    assert shapes_of(Jaw_Pitch=-0.5)["jawOpen"] == pytest.approx(0.5)
    assert set(shapes_of(Gaze_Target_Theta=10 * SIGNS["Gaze Target Theta"])) == {"eyeLookUpLeft", "eyeLookUpRight"}
    assert shapes_of(Nose_Wrinkle=1.0)["noseSneerLeft"] == 1
    assert set(shapes_of(Eyelid_Upper_Left=0.5, Eyelid_Upper_Right=0.5)) == {"eyeWideLeft", "eyeWideRight"}
    assert set(shapes_of(Eyelid_Lower_Left=-0.4)) == {"eyeSquintLeft"}
    narrow = {"Lip_Corner_Stretch_Left": -0.28, "Lip_Corner_Stretch_Right": -0.28}
    assert shapes_of(**narrow)["mouthPucker"] == pytest.approx(1)
    round_ = shapes_of(**narrow, Jaw_Pitch=-0.4, Lip_Bottom_Curl=0.3, Lip_Top_Curl=0.3)
    assert round_["mouthFunnel"] == pytest.approx(1) and "mouthPucker" not in round_


def test_feelings_show_in_their_shapes() -> None:
    def strongest(feeling: str, count: int) -> set[str]:
        values = SHAPES.of_affect(Affect.of(feeling, 1.0))
        return {NAMES[k] for k in np.argsort(-values)[:count]}

    assert {"mouthSmileLeft", "mouthSmileRight"} <= strongest("joy", 2)
    assert {"browInnerUp", "eyeWideLeft", "jawOpen"} <= strongest("surprise", 6)
    assert {"mouthFrownLeft", "browInnerUp"} <= strongest("sadness", 3)
    assert {"browDownLeft", "browDownRight"} <= strongest("anger", 2)
    assert {"noseSneerLeft", "mouthUpperUpLeft"} <= strongest("disgust", 4)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(SCHEMA.range_sets))
def test_all_lie_between_nothing_and_all(seed: int, range_set: str) -> None:
    low, high = SCHEMA.bounds(range_set)
    values: Array = np.random.default_rng(seed).uniform(low, high, (8, 30))
    shapes = SHAPES.of(values)
    assert shapes.shape == (8, 52) and (shapes >= 0).all() and (shapes <= 1).all()
    assert not shapes[:, [NAMES.index(name) for name in ALWAYS_ZERO]].any()


def test_every_other_shape_can_be_had() -> None:
    low, high = SCHEMA.bounds("x2c")
    draw = np.random.default_rng(1)
    some = SHAPES.of(np.where(draw.random((400, 30)) < 0.2, draw.uniform(low, high, (400, 30)), SCHEMA.neutral))
    assert {NAMES[k] for k in np.flatnonzero(some.max(0) > 0.1)} == set(NAMES) - ALWAYS_ZERO


def test_intensity_raises_shapes() -> None:
    for emotion in Emotion:
        weak, strong = (SHAPES.of_affect(Affect({emotion: 1.0}, i)).sum() for i in (0.3, 0.9))
        assert weak < strong or emotion is Emotion.NEUTRAL
