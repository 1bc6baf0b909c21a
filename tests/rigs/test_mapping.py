"""Which bone is which: known rigs, other people's names, none at all; and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.rotations import quat_about
from sdk.rigs import load_rig, put_on_rig, rig_from_bytes, rig_named, rig_names
from sdk.rigs.fit import fit_rig
from sdk.rigs.names import parts_of
from tests.rigs.builders import TRUTH, Made, bvh_rig, glb_rig, limbs, mixamo, rokoko, unreal
from tests.rigs.builders import body as body_at
from tests.synthetic import walking

KIND = {"mixamo": "mixamo", "ue5": "ue5", "metahuman": "metahuman", "vrm": "vrm", "vrm0": "vrm", "rokoko": "rokoko",
        "odd": "", "nameless": ""}  # fmt: skip
SURE = {"odd": 0.7, "nameless": 0.4}


@pytest.mark.parametrize("name", KIND)
def test_every_joint_finds_its_bone(rig_files: dict[str, Path], name: str) -> None:
    rig = load_rig(rig_files[name])
    found = {joint: nodes[0] for joint, nodes in rig.map.joints.items()}
    for joint, bone in TRUTH[name]().truth.items():
        assert found[joint] == bone, joint
    assert rig.map.kind == KIND[name]
    assert min(rig.map.confidence.values()) >= SURE.get(name, 0.99)


def test_five_spine_bones_two_necks_roll_and_ik_bones(rig_files: dict[str, Path]) -> None:
    found = load_rig(rig_files["ue5"]).map
    assert found.joints["spine1"] == ("spine_01",) and found.joints["spine3"] == ("spine_04", "spine_05")
    assert found.joints["neck"] == ("neck_01", "neck_02")
    assert set(found.twists) == {f"{s}_{j}" for s in ("left", "right") for j in ("shoulder", "elbow", "hip", "knee")}
    assert found.twists["left_elbow"] == ("lowerarm_twist_02_l", "lowerarm_twist_01_l")
    assert found.follow["ik_foot_l"] == "foot_l" and found.follow["ik_hand_gun"] == "hand_r"
    assert "ik_foot_root" not in found.follow


@pytest.mark.parametrize(
    ("name", "side", "part"),
    [
        ("mixamorig:LeftUpLeg", "left", "thigh"), ("Bip01 L Calf", "left", "leg"), ("thigh.R", "right", "thigh"),
        ("DEF-forearm.L", "left", "forearm"), ("J_Bip_R_UpperArm", "right", "arm"), ("CC_Base_L_Clavicle",
        "left", "clavicle"),
        ("rightfoot", "right", "foot"), ("f_avg_L_Hip", "left", "thigh"), ("L_Collar", "left", "clavicle"),
        ("lShldrBend", "left", "shoulder"), ("Hips", "", "hips"), ("hip_l", "left", "thigh"),
        ("LeftHandIndex1", "left", ""),
        ("LeftToe_End", "left", ""), ("ik_foot_l", "left", ""), ("Jaw", "", ""), ("spine_03", "", "spine"),
    ],
)  # fmt: skip
def test_names_are_taken_apart(name: str, side: str, part: str) -> None:
    found = parts_of(name)
    assert (found.side, found.part) == (side, part)


@pytest.mark.parametrize(
    "rule",
    [
        {"hip": "{side}_hip", "knee": "{side}_knee", "ankle": "{side}_ankle", "foot": "{side}_foot",
        "collar": "{side}_collar",
         "shoulder": "{side}_shoulder", "elbow": "{side}_elbow", "wrist": "{side}_wrist"},
        {"hip": "Bip01 {U} Thigh", "knee": "Bip01 {U} Calf", "ankle": "Bip01 {U} Foot", "foot": "Bip01 {U} Toe0",
         "collar": "Bip01 {U} Clavicle", "shoulder": "Bip01 {U} UpperArm", "elbow": "Bip01 {U} Forearm",
         "wrist": "Bip01 {U} Hand"},
        {"hip": "{S}Hip", "knee": "{S}Knee", "ankle": "{S}Ankle", "foot": "{S}Toe", "collar": "{S}Collar",
         "shoulder": "{S}Shoulder", "elbow": "{S}Elbow", "wrist": "{S}Wrist"},
        {"hip": "leg_01_{s}", "knee": "leg_02_{s}", "ankle": "foot_{s}", "shoulder": "arm_01_{s}",
        "elbow": "arm_02_{s}",
         "wrist": "hand_{s}"},
        {"hip": "DEF-thigh.{U}", "knee": "DEF-shin.{U}", "ankle": "DEF-foot.{U}", "foot": "DEF-toe.{U}",
         "collar": "DEF-shoulder.{U}", "shoulder": "DEF-upper_arm.{U}", "elbow": "DEF-forearm.{U}",
         "wrist": "DEF-hand.{U}"},
    ],
    ids=["sdk", "biped", "xsens", "numbered", "rigify"],
)  # fmt: skip
def test_other_peoples_names(rule: dict[str, str]) -> None:
    at, made = body_at(), Made({})
    made.add("Pelvis", None, at["pelvis"], "pelvis")
    chest = made.add("Chest", "Pelvis", at["spine3"], "spine3")
    made.add("Head", chest, at["head"], "head")
    limbs(made, at, rule, chest=chest, hips="Pelvis")
    rig = rig_from_bytes(glb_rig(made), name="hero.glb")
    assert {joint: nodes[0] for joint, nodes in rig.map.joints.items()} == made.truth


@pytest.mark.parametrize("name", rig_names())
def test_rigs_known_by_name_need_no_file(name: str) -> None:
    rig = rig_named(name)
    assert len(rig.map.joints) == 22 and rig.map.kind == name
    made = put_on_rig(walking(0.4), rig)
    assert made.report.slide_m < 0.005 and made.fit.metres == 1.0
    assert made.as_motion().skeleton.leg_length == pytest.approx(0.905, abs=1e-6)


def test_a_file_of_a_known_rig_is_recognised_in_spite_of_its_namespace() -> None:
    made = mixamo()
    renamed = {n.replace("mixamorig:", "mixamorig7:"): (p and p.replace("mixamorig:", "mixamorig7:"), at)
               for n, (p, at) in made.bones.items()}  # fmt: skip
    assert rig_from_bytes(glb_rig(Made(renamed)), name="a.glb").map.kind == "mixamo"


# --- what is refused: the bone is named, and the fix ------------------------------------------------------------------


def without(made: Made, *pieces: str) -> Made:
    gone = {n for n in made.bones if any(piece in n for piece in pieces)}
    return Made({n: v for n, v in made.bones.items() if n not in gone}, made.truth)


def renamed(made: Made, change: dict[str, str]) -> Made:
    bones = {change.get(n, n): (change.get(p, p) if p else p, at) for n, (p, at) in made.bones.items()}
    return Made(bones, made.truth)


def refused(made: Made, **options: object) -> str:
    with pytest.raises(InvalidInput) as caught:
        fit_rig(rig_from_bytes(glb_rig(made, **options), name="hero.glb"))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_rig_without_legs() -> None:
    message = refused(without(mixamo(), "UpLeg", "LeftLeg", "RightLeg", "Foot", "Toe"))
    assert "hero.glb" in message and "no legs" in message and "profile" in message


def test_a_rig_without_hips() -> None:
    made = mixamo()
    bones = dict(made.bones)
    for side in ("Left", "Right"):  # legs beside the trunk: nothing carries both
        bones[f"mixamorig:{side}UpLeg"] = (None, bones[f"mixamorig:{side}UpLeg"][1])
    message = refused(without(Made(bones), "mixamorig:Hips#"))
    assert "bone" in message and "hero.glb" in message


def test_two_bones_that_claim_one_hand() -> None:
    made = renamed(rokoko(), {"LeftHand": "hand_l", "LeftForeArm": "forearm_l"})
    made.bones["other_hand_l"] = ("forearm_l", made.bones["hand_l"][1])
    message = refused(made)
    assert "'hand_l'" in message and "'other_hand_l'" in message and "left_wrist" in message and "profile" in message


def test_two_characters_in_one_file() -> None:
    made = mixamo()
    both = dict(made.bones)
    both |= {f"{n}": v for n, v in made.bones.items()}
    twins = {
        f"second:{n.split(':')[1]}": (p and f"second:{p.split(':')[1]}", at + [2, 0, 0])
        for n, (p, at) in made.bones.items()
    }
    message = refused(Made(both | twins))
    assert "both claim pelvis" in message and "'mixamorig:Hips'" in message and "'second:Hips'" in message


def test_a_bone_without_length() -> None:
    made = mixamo()
    made.bones["mixamorig:LeftForeArm"] = ("mixamorig:LeftArm", made.bones["mixamorig:LeftArm"][1])
    message = refused(made)
    assert "mixamorig:LeftForeArm" in message and "one point" in message


def test_negative_and_uneven_scales() -> None:
    rig = rig_from_bytes(glb_rig(mixamo()), name="hero.glb")
    for scale, said in (([-1.0, 1, 1], "negative scale"), ([1.0, 2, 1], "shear"), ([0.0, 0, 0], "scale of zero")):
        scales = rig.scales.copy()
        scales[rig.index["mixamorig:Spine"]] = scale
        with pytest.raises(InvalidInput, match=r"mixamorig:Spine'.*Apply > Scale") as caught:
            fit_rig(replace(rig, scales=scales))
        assert said in str(caught.value)


def test_left_and_right_exchanged() -> None:
    swap = {n: n.replace("Left", "#").replace("Right", "Left").replace("#", "Right") for n in mixamo().bones}
    message = refused(renamed(mixamo(), swap))
    assert "toes then point backwards" in message and "RightFoot" in message


def test_a_rest_pose_that_does_not_stand() -> None:
    assert "upright" in refused(mixamo(), turn=quat_about("x", np.radians(45)))
    made = mixamo()
    for side in ("Left", "Right"):  # sitting
        hip = made.bones[f"mixamorig:{side}UpLeg"][1]
        for bone, offset in (("Leg", [0, 0, 0.4]), ("Foot", [0, -0.4, 0.4]), ("ToeBase", [0, -0.45, 0.5])):
            name = f"mixamorig:{side}{bone}"
            made.bones[name] = (made.bones[name][0], hip + offset)
    assert "degrees away from down" in refused(made) and "T-pose" in refused(made)


def test_files_that_are_no_rigs(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="file type '.max' is unknown"):
        load_rig(tmp_path / "hero.max")
    with pytest.raises(InvalidInput, match="export it as .glb"):
        load_rig(tmp_path / "hero.gltf")
    (tmp_path / "broken.glb").write_bytes(b"glTF" + b"\0" * 40)
    with pytest.raises(MalformedFile, match="broken.glb"):
        load_rig(tmp_path / "broken.glb")
    with pytest.raises(OSError, match="nowhere"):
        load_rig(tmp_path / "nowhere.bvh")
    with pytest.raises(InvalidInput, match="known: .*mixamo"):
        rig_named("mixame")


def test_a_bvh_that_rests_in_no_pose_takes_its_t_pose_from_a_frame(tmp_path: Path) -> None:
    # The same skeleton lying down at rest; frame 0 stands it up again.
    made = rokoko()
    flat = Made({n: (p, np.array([at[0], -at[2], at[1]])) for n, (p, at) in made.bones.items()}, made.truth)
    path = bvh_rig(flat, tmp_path / "flat.bvh", order="XYZ")
    lines = path.read_text().splitlines()
    row = lines[-1].split()
    row[:6] = ["0", "97", "0", "-90", "0", "0"]
    path.write_text("\n".join([*lines[:-1], " ".join(row), ""]))
    joints = "\n".join(f"    {joint}: {bone}" for joint, bone in made.truth.items())
    profile = tmp_path / "flat.yaml"
    profile.write_text(f"name: flat\nskeleton:\n  joints:\n{joints}\n  up: z\n  ahead: '-y'\n")
    lying = fit_rig(load_rig(path, profile=profile))
    profile.write_text(f"name: flat\nskeleton:\n  joints:\n{joints}\n  t_pose: {{frame: 0}}\n")
    stood = fit_rig(load_rig(path, profile=profile))
    np.testing.assert_allclose(stood.skeleton.offsets, lying.skeleton.offsets, atol=1e-6)
    np.testing.assert_allclose(stood.axes, [0, 0, 0, 1], atol=1e-6)


def test_controls_beside_the_bones_that_deform() -> None:
    names = {j: n.format(S="{S}", s="{s}", U="{U}") for j, n in {
        "hip": "DEF-thigh.{U}", "knee": "DEF-shin.{U}", "ankle": "DEF-foot.{U}", "foot": "DEF-toe.{U}",
        "collar": "DEF-shoulder.{U}", "shoulder": "DEF-upper_arm.{U}", "elbow": "DEF-forearm.{U}",
        "wrist": "DEF-hand.{U}",
    }.items()}  # fmt: skip
    at, made = body_at(), Made({})
    for prefix in ("DEF-", "ORG-"):
        made.add(f"{prefix}spine", None if prefix == "DEF-" else "DEF-spine", at["pelvis"])
        made.add(f"{prefix}chest", f"{prefix}spine", at["spine3"])
        made.add(f"{prefix}head", f"{prefix}chest", at["head"])
        rule = {j: n.replace("DEF-", prefix) for j, n in names.items()}
        limbs(made, at, rule, chest=f"{prefix}chest", hips=f"{prefix}spine")
    found = rig_from_bytes(glb_rig(made), name="r.glb").map.joints
    assert (
        found["left_hip"] == ("DEF-thigh.L",) and found["pelvis"] == ("DEF-spine",) and found["head"] == ("DEF-head",)
    )


def test_unreal_names_with_and_without_marks() -> None:
    assert rig_from_bytes(glb_rig(unreal()), name="a.glb").map.kind == "ue5"
    assert rig_from_bytes(glb_rig(unreal(metahuman=True)), name="a.glb").map.kind == "metahuman"
