"""Programs that know nothing of the SDK open its clips: Blender, three.js, usd-core; joints, tags, curves agree."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdk.clips.read import read_tags
from sdk.clips.tags import ClipTags
from sdk.emotion import Affect
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_angle
from tests.clips.formats import (
    JOINT_LIMIT_M,
    TRACK,
    USD_SUFFIXES,
    blender_reads,
    need_blender,
    rich,
    three_reads,
    without_sidecar,
    worst_joint,
    written,
)
from tests.clips.test_glb import khronos
from tests.synthetic import standing, walking

CURVES = {"joy": {0: 0.2, 30: 1.0, 45: 0.5}, "fear": {0: 0.0, 30: 0.0, 45: 0.25}}
"""What is felt, by frame at 30 fps."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, walk: Motion) -> tuple[dict[str, Any], Path]:
    """Clips of all kinds as Blender sees them, in one process, and the folder they lie in."""
    need_blender()
    pytest.importorskip("pxr", reason="usd-core is not installed: the extra 'usd'")
    folder = tmp_path_factory.mktemp("blender")
    tags = rich(_tags())
    clips = [
        written(folder, f"walk{suffix}", walk, tags) for suffix in (".glb", ".vrma", ".bvh", ".fbx", *USD_SUFFIXES)
    ]
    clips += [written(folder, f"hanging{suffix}", walk, tags, rest="a-pose") for suffix in (".glb", ".fbx")]
    clips += [written(folder, "other.usda", walk, tags, rest="a-pose", unit="cm", up="z")]
    clips += [written(folder, f"unit_m{suffix}", walk, tags, unit="m") for suffix in (".fbx", ".bvh")]
    again = {folder / name: folder / f"again_{k}.glb" for k, name in enumerate(("walk.glb", "walk.fbx", "walk.usda"))}
    return blender_reads([(clip, 30.0, len(walk), again.get(clip)) for clip in clips], folder), folder


def _tags() -> ClipTags:
    joy = Affect.of("joy", 0.6)
    return ClipTags(prompt="", requested=joy, applied=joy, seed=1, plan="best", licence="CC0-1.0")


def test_blender_has_every_joint_where_it_is(opened: tuple[dict[str, Any], Path], walk: Motion) -> None:
    errors = {name: worst_joint(clip["names"], clip["places"], walk) for name, clip in opened[0].items()}
    assert len(errors) == 12 and max(errors.values()) < JOINT_LIMIT_M, errors


def test_blender_has_the_emotion_curve_as_shape_keys(opened: tuple[dict[str, Any], Path]) -> None:
    for name, clip in opened[0].items():
        if name.endswith((".bvh", ".vrma")):
            continue
        for emotion, values in CURVES.items():
            for frame, value in values.items():
                assert clip["shapes"][frame][f"emotion_{emotion}"] == pytest.approx(value, abs=1e-4), (name, frame)


def test_blender_has_the_tags(opened: tuple[dict[str, Any], Path]) -> None:
    holders = {".glb": "bone pelvis", ".vrma": "pelvis", ".fbx": "body", ".usda": "Character", ".usdz": "Character"}
    for suffix, holder in holders.items():
        held = opened[0][f"walk{suffix}"]["properties"][holder]
        assert held["emotion_label"] == "joy" and held["emotion_prompt"] == rich(_tags()).prompt, suffix


def test_tags_survive_a_second_export_by_blender(opened: tuple[dict[str, Any], Path], walk: Motion) -> None:
    for k, source in enumerate(("walk.glb", "walk.fbx", "walk.usda")):
        reading = read_tags(opened[1] / f"again_{k}.glb")
        assert reading.source == "node.extras" and reading.conflicts == (), source
        assert reading.tags.prompt == rich(_tags()).prompt and reading.tags.track == TRACK, source


def test_fbx_files_are_clean(opened: tuple[dict[str, Any], Path]) -> None:
    raw = {name: (opened[1] / name).read_bytes() for name in ("walk.fbx", "unit_m.fbx")}
    assert not any(str(opened[1]).encode() in content for content in raw.values())
    for name, scale in (("walk.fbx", 0.01), ("unit_m.fbx", 1.0)):  # what the file's unit is in metres
        scales = {round(s, 6) for sizes in opened[0][name]["scales"].values() for s in sizes}
        assert scales == {scale} and opened[0][name]["fps"] == pytest.approx(30)


def test_three_js_plays_glb_and_vrma(walk: Motion, tmp_path: Path) -> None:
    tags = rich(_tags())
    clips = [(written(tmp_path, f"walk{suffix}", walk, tags), 30.0, len(walk)) for suffix in (".glb", ".vrma")]
    clips.append((written(tmp_path, "hanging.glb", walk, tags, rest="a-pose"), 30.0, len(walk)))
    one, fast = standing(0.0), walking(0.25, 240.0)
    clips += [
        (written(tmp_path, "one.glb", one, tags), 30.0, 1),
        (written(tmp_path, "fast.vrma", fast, tags), 240.0, 61),
    ]
    seen = three_reads(clips, tmp_path / "three.json")
    motions = {"one.glb": one, "fast.vrma": fast}
    for name, clip in seen.items():
        motion = motions.get(name, walk)
        places = np.stack([clip["places"][joint] for joint in motion.skeleton.names], 1)
        assert worst_joint(motion.skeleton.names, places, motion) < JOINT_LIMIT_M, name
        assert clip["duration"] == pytest.approx(motion.seconds, abs=1e-6)
        assert clip["asset"]["emotion_label"] == clip["root"]["emotion_label"] == "joy"
        assert clip["clip"]["prompt"] == tags.prompt and clip["clip"]["curves"]["joy"]["values"][0] == 0.2
    for frame in (0, 30, 45):
        expected = {f"emotion_{emotion}": values[frame] for emotion, values in CURVES.items()}
        assert seen["walk.glb"]["morphs"][frame] == pytest.approx(expected, abs=1e-5)


def test_three_vrm_reads_a_humanoid_and_its_expressions(walk: Motion, tmp_path: Path) -> None:
    path = written(tmp_path, "walk.vrma", walk, rich(_tags()))
    vrma = three_reads([(path, 30.0, len(walk))], tmp_path / "three.json")["walk.vrma"]["vrma"]
    assert len(vrma["rotations"]) == 22 and list(vrma["translations"]) == ["hips"]
    assert vrma["hips"] == pytest.approx([0, walk.skeleton.rest_height, 0], abs=1e-6)
    arm = np.array(vrma["rotations"]["leftUpperArm"]).reshape(-1, 4)
    assert quat_angle(arm, walk.rotations[:, 16]).max() < 1e-6
    assert vrma["preset"]["happy"][30] == pytest.approx(1.0) and vrma["custom"]["fear"][45] == pytest.approx(0.25)


@pytest.mark.parametrize("name", ["walk.vrma", "one.vrma", "hanging.glb"])
def test_khronos_validator_of_the_other_writers(name: str, walk: Motion, tmp_path: Path) -> None:
    motion = standing(0.0) if name.startswith("one") else walk
    rest: Any = "a-pose" if name.startswith("hanging") else "t-pose"
    issues = khronos(written(tmp_path, name, motion, rich(_tags()), rest=rest))
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]
    assert {m["code"] for m in issues["messages"]} <= {"UNSUPPORTED_EXTENSION", "NODE_EMPTY"}


def usd_faults(path: Path) -> list[str]:
    """What usd-core's own validators say of a stage."""
    pxr = pytest.importorskip("pxr.UsdValidation", reason="usd-core is not installed: the extra 'usd'")
    from pxr import Usd

    context = pxr.ValidationContext(pxr.ValidationRegistry().GetOrLoadAllValidators())
    return [error.GetName() for error in context.Validate(Usd.Stage.Open(str(path)))]


@pytest.mark.parametrize("suffix", USD_SUFFIXES)
def test_usd_validators_have_nothing_to_say(suffix: str, walk: Motion, tmp_path: Path) -> None:
    pytest.importorskip("pxr", reason="usd-core is not installed: the extra 'usd'")
    for name, motion in (("walk", walk), ("one", standing(0.0))):
        assert usd_faults(written(tmp_path, f"{name}{suffix}", motion, rich(_tags()))) == []
    assert usd_faults(written(tmp_path, f"other{suffix}", walk, rich(_tags()), rest="a-pose", unit="cm", up="z")) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('upAxis = "Y"', "MissingUpAxisMetadata"),
        ("metersPerUnit = 1", "MissingMetersPerUnitMetadata"),
        ('defaultPrim = "Character"', "MissingDefaultPrim"),
        ('prepend apiSchemas = ["SkelBindingAPI"]', "MissingSkelBindingAPI"),
    ],
)
def test_usd_validators_see_faults(line: str, fault: str, walk: Motion, tmp_path: Path) -> None:
    pytest.importorskip("pxr", reason="usd-core is not installed: the extra 'usd'")
    path = written(tmp_path, "walk.usda", walk, rich(_tags()))
    text = path.read_text()
    assert line in text
    path.write_text(text.replace(line, ""))
    assert fault in usd_faults(path)


@pytest.mark.parametrize("name", ["walk.usda", "walk.usdz", "other.usdc"])
def test_usd_core_has_joints_curves_and_tags(name: str, walk: Motion, tmp_path: Path) -> None:
    pytest.importorskip("pxr", reason="usd-core is not installed: the extra 'usd'")
    from pxr import Usd, UsdGeom, UsdSkel

    tags, other = rich(_tags()), name.startswith("other")
    options: Any = {"rest": "a-pose", "unit": "cm", "up": "z"} if other else {}
    path = written(tmp_path, name, walk, tags, **options)
    stage = Usd.Stage.Open(str(path))
    metres = UsdGeom.GetStageMetersPerUnit(stage)
    assert metres == (0.01 if other else 1.0) and UsdGeom.GetStageUpAxis(stage) == ("Z" if other else "Y")
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode(), stage.GetTimeCodesPerSecond()) == (0, 60, 30)
    root = UsdSkel.Root(stage.GetDefaultPrim())
    cache = UsdSkel.Cache()
    cache.Populate(root, Usd.PrimDefaultPredicate)
    query = cache.GetSkelQuery(UsdSkel.Skeleton(stage.GetPrimAtPath("/Character/Skel")))
    world = UsdGeom.XformCache()
    places = []
    for k in range(len(walk)):
        world.SetTime(k)
        above = world.GetLocalToWorldTransform(query.GetPrim())
        spots = [(m * above).ExtractTranslation() for m in query.ComputeJointSkelTransforms(k)]
        places.append(np.array([[*spot] for spot in spots]) * metres)
    placed = np.array(places)
    if other:
        placed = np.stack([placed[..., 0], placed[..., 2], -placed[..., 1]], -1)
    assert worst_joint([joint.split("/")[-1] for joint in query.GetJointOrder()], placed, walk) < JOINT_LIMIT_M
    curve = root.GetPrim().GetAttribute("userProperties:emotion:joy")
    assert [curve.Get(k) for k in (0, 30, 45)] == pytest.approx([0.2, 1.0, 0.5], abs=1e-6)
    without_sidecar(path)
    assert read_tags(path).source == "animation.customData"
    assert read_tags(path).conflicts == () and read_tags(path).tags.track == TRACK


def test_places_in_a_usd_file_that_disagree_are_told(walk: Motion, tmp_path: Path) -> None:
    pytest.importorskip("pxr", reason="usd-core is not installed: the extra 'usd'")
    path = written(tmp_path, "walk.usda", walk, _tags())
    path.write_text(
        path.read_text().replace('userProperties:emotion_label = "joy"', 'userProperties:emotion_label = "x"')
    )
    conflicts = read_tags(path).conflicts
    assert any("character.userProperties" in line and "emotion_label" in line for line in conflicts)
    without_sidecar(path).write_text("#usda 1.0\n(")
    with pytest.raises(Exception, match=r"walk.usda is no USD file"):
        read_tags(path)
