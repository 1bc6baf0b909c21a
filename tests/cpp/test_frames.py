"""The core's frames beside Python's, by the vectors that all languages share."""

import ctypes as c
import json

import numpy as np
import pytest

from sdk.motion.frames import FRAMES
from sdk.motion.skeleton import JOINT_NAMES
from tests.cpp.build import REPO
from tests.cpp.core import INVALID, OK, Core

NAMES = ("sdk", "vrm0", "unity", "unreal", "unreal_component", "blender", "bvh", "ros")
"""In the order of em_axes; Python also knows "gltf", which is the SDK's own."""
MOST_ERROR = 1e-6


def converted(core: Core, what: str, axes: int, values: np.ndarray) -> np.ndarray:
    data = np.ascontiguousarray(values, dtype=np.float32)
    out = np.empty_like(data)
    pointer = c.POINTER(c.c_float)
    function = getattr(core.library, f"em_convert_{what}")
    code = function(axes, data.ctypes.data_as(pointer), out.ctypes.data_as(pointer), c.c_size_t(len(data)))
    assert code == OK
    return out.astype(np.float64)


def worst_errors(core: Core) -> dict[str, float]:
    """Largest error of each frame over the shared vectors: positions by the frame's unit, rotations as they are."""
    vectors = json.loads((REPO / "tests" / "vectors" / "frames.json").read_text())["frames"]
    source = {what: np.array(vectors["sdk"][what]).reshape(-1, n) for what, n in (("positions", 3), ("rotations", 4))}
    out = {}
    for axes, name in enumerate(NAMES):
        frame = vectors[name]
        points = converted(core, "points", axes, source["positions"])
        turned = converted(core, "rotations", axes, source["rotations"])
        wanted_points = np.array(frame["positions"]).reshape(-1, 3)
        wanted = np.array(frame["rotations"]).reshape(-1, 4)
        assert len(wanted) >= 500
        size = np.maximum(np.abs(wanted_points), frame["unit"])  # a float has seven digits, however far away
        out[name] = float(max((np.abs(points - wanted_points) / size).max(), np.abs(turned - wanted).max()))
    return out


def test_every_frame_is_pythons(core: Core) -> None:
    found = [core.library.em_axes_name(axes) for axes in range(len(NAMES) + 1)]
    assert found == [*(name.encode() for name in NAMES), None]
    assert set(NAMES) | {"gltf"} == set(FRAMES)
    errors = worst_errors(core)
    assert max(errors.values()) <= MOST_ERROR, errors


def test_a_frame_that_is_none_is_refused(core: Core) -> None:
    one = (c.c_float * 4)()
    assert core.library.em_convert_points(99, one, one, c.c_size_t(1)) == INVALID
    assert core.library.em_convert_rotations(0, None, one, c.c_size_t(1)) == INVALID
    assert core.library.em_convert_points(0, None, None, c.c_size_t(0)) == OK


def sided(*names: str) -> list[str]:
    """Each name for the left and for the right; {L} is Left, {l} is left or l by the family."""
    return [name.format(L=full, l=full.lower(), s=full[0].lower()) for full in ("Left", "Right") for name in names]


ARM, LEG = ("clavicle", "upperarm", "lowerarm", "hand"), ("thigh", "calf", "foot", "ball")
UNREAL = [*sided(*(f"{bone}_{{s}}" for bone in ARM + LEG)), "head", "pelvis", "root"]
UNITY = ("Shoulder", "UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot", "Toes")
MIXAMO = ("Shoulder", "Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot", "ToeBase")
ORDER = ("collar", "shoulder", "elbow", "wrist", "hip", "knee", "ankle", "foot")
"""Of the joints that the bones of a side move, in every family."""
FAMILIES = {
    "unreal5": (
        [*UNREAL, *(f"spine_0{n}" for n in range(1, 6)), "neck_01", "neck_02", "upperarm_twist_01_l", "ik_hand_l"],
        ["pelvis", "spine_01", "spine_03", "spine_05", "neck_01", "head"], [f"{bone}_{{s}}" for bone in ARM + LEG],
    ),
    "unreal4": (
        [*UNREAL, "spine_01", "spine_02", "spine_03", "neck_01"],
        ["pelvis", "spine_01", "spine_02", "spine_03", "neck_01", "head"], [f"{bone}_{{s}}" for bone in ARM + LEG],
    ),
    "mixamo": (
        [f"mixamorig:{bone}" for bone in ["Hips", "Spine", "Spine1", "Spine2", "Neck", "Head",
                                          *sided(*(f"{{L}}{bone}" for bone in MIXAMO))]],
        [f"mixamorig:{bone}" for bone in ("Hips", "Spine", "Spine1", "Spine2", "Neck", "Head")],
        [f"mixamorig:{{L}}{bone}" for bone in MIXAMO],
    ),
    "unity": (
        ["Hips", "Spine", "Chest", "UpperChest", "Neck", "Head", *sided(*(f"{{L}}{bone}" for bone in UNITY))],
        ["Hips", "Spine", "Chest", "UpperChest", "Neck", "Head"], [f"{{L}}{bone}" for bone in UNITY],
    ),
    "sdk": (
        list(JOINT_NAMES), ["pelvis", "spine1", "spine2", "spine3", "neck", "head"],
        [f"{{l}}_{bone}" for bone in ORDER],
    ),
}  # fmt: skip
"""Bones of a skeleton, and which of them are moved: those of the spine from pelvis to head, those of a side."""


@pytest.mark.parametrize("family", FAMILIES)
def test_bones_of_well_known_skeletons_are_found(core: Core, family: str) -> None:
    bones, spine, side = FAMILIES[family]
    array, out = (c.c_char_p * len(bones))(*(name.encode() for name in bones)), (c.c_int32 * 22)()
    assert core.library.em_rig_match(array, len(bones), out) == 22
    found = {joint: bones[out[j]] for j, joint in enumerate(JOINT_NAMES)}
    wanted = dict(zip(("pelvis", "spine1", "spine2", "spine3", "neck", "head"), spine, strict=True))
    wanted |= dict(zip(sided(*(f"{{l}}_{joint}" for joint in ORDER)), sided(*side), strict=True))
    assert found == wanted


def test_bones_of_nobody_are_not_guessed(core: Core) -> None:
    out = (c.c_int32 * 22)()
    assert core.library.em_rig_match((c.c_char_p * 2)(b"door", b"hinge"), 2, out) == 0 and set(out) == {-1}
