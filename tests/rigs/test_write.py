"""What is written: the user's file with an animation more, BVH, VRMA, FBX; read back by other code than wrote it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdk.clips import blender
from sdk.clips.container import read_glb
from sdk.clips.gltf_read import gltf_clip
from sdk.clips.read import read_tags
from sdk.clips.read_motion import read_motion
from sdk.clips.tags import ClipTags, sidecar_path
from sdk.errors import InvalidInput
from sdk.motion.bvh import read_bvh
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_angle, quat_from_euler, quat_rotate
from sdk.rigs import RigMotion, load_rig, put_on_rig, rig_clip_files, rig_named, write_rig_clip
from sdk.rigs.write_bvh import euler_angles
from tests.rigs.builders import bvh_rig, rokoko

GLTF = ("mixamo", "ue5", "metahuman", "vrm", "vrm0", "odd", "nameless")
VALIDATOR = Path(__file__).parents[1] / "clips" / "validate_gltf.mjs"
SCRIPT = Path(__file__).with_name("blender_positions.py")


def file_places(path: Path, animation: int, names: tuple[str, ...]) -> Array:
    """World places (T, K, 3) of the named nodes, by the reader of clips."""
    document, binary = read_glb(path)
    document["animations"] = [document["animations"][animation]]
    clip = gltf_clip(document, binary, name=path.name)
    places = clip.moving.world()[1]
    order = [str(document["nodes"][n].get("name")) for n in clip.node_of]
    return places[:, [order.index(n) for n in names]]


@pytest.mark.parametrize("name", GLTF)
def test_the_users_file_with_one_animation_more(
    rig_files: dict[str, Path], walk: Motion, tags: ClipTags, tmp_path: Path, name: str
) -> None:
    source = rig_files[name]
    made = put_on_rig(walk, load_rig(source))
    clip, sidecar = write_rig_clip(tmp_path / f"out{source.suffix}", made, tags)
    assert sidecar == sidecar_path(clip)
    before, old = read_glb(source)
    after, new = read_glb(clip)
    assert new[: len(old)] == old  # meshes, skins, pictures: byte for byte
    for key in ("meshes", "skins", "scenes", "scene", "extensions", "extensionsUsed"):
        assert after.get(key) == before.get(key), key
    for key in ("accessors", "bufferViews", "animations"):
        assert after[key][: len(before.get(key, []))] == before.get(key, []), key
    assert len(after["animations"]) == len(before.get("animations", [])) + 1
    assert after["asset"]["extras"]["artist"] == "me" and after["asset"]["generator"] == "somebody"
    strip = [{k: v for k, v in node.items() if k != "extras"} for node in after["nodes"]]
    assert strip == before["nodes"]
    # Another reader's forward kinematics agree with ours.
    spots = made.world()[1]
    np.testing.assert_allclose(file_places(clip, -1, made.rig.nodes), spots, atol=2e-5 * float(np.abs(spots).max()))


def test_written_tags_are_found_everywhere(
    rig_files: dict[str, Path], walk: Motion, tags: ClipTags, tmp_path: Path
) -> None:
    made = put_on_rig(walk, load_rig(rig_files["mixamo"]))
    clip, sidecar = write_rig_clip(tmp_path / "walk.glb", made, tags)
    found = read_tags(clip)
    assert found.source == "sidecar" and not found.conflicts and found.tags.seed == tags.seed
    name, parameters = found.tags.postprocess[-1]
    assert name == "retarget" and parameters["kind"] == "mixamo" and parameters["slide_m"] <= 0.005
    assert parameters["joints"]["left_hip"] == ["mixamorig:LeftUpLeg"]
    stated = json.loads(sidecar.read_text())["clip"]
    assert stated["rig"] == "mixamo.glb" and "mixamorig:Hips" in stated["joints"]
    sidecar.unlink()
    assert read_tags(clip).source == "animation.extras" and not read_tags(clip).conflicts
    assert rig_clip_files("walk", made, tags)["walk.glb"] == clip.read_bytes()  # equal input, equal bytes


def test_a_second_clip_keeps_the_first(
    rig_files: dict[str, Path], walk: Motion, tags: ClipTags, tmp_path: Path
) -> None:
    once, _ = write_rig_clip(tmp_path / "a.glb", put_on_rig(walk, load_rig(rig_files["mixamo"])), tags)
    twice, _ = write_rig_clip(tmp_path / "b.glb", put_on_rig(walk, load_rig(once)), tags)
    assert [a["name"] for a in read_glb(twice)[0]["animations"]] == ["idle", "motion", "motion-2"]


@pytest.mark.parametrize("name", ["mixamo", "ue5", "vrm", "odd", "rokoko", "known:ue5"])
def test_the_validator_finds_nothing_new(
    rig_files: dict[str, Path], walk: Motion, tags: ClipTags, tmp_path: Path, name: str
) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (VALIDATOR.parents[2] / "node_modules" / "gltf-validator").is_dir():
        pytest.skip("gltf-validator is not installed: run npm install in the repository")

    def faults(path: Path) -> list[str]:
        done = subprocess.run(["node", str(VALIDATOR), str(path)], capture_output=True, text=True, check=True)
        return [
            f"{m['code']} {m.get('pointer')}"
            for m in json.loads(done.stdout)["issues"]["messages"]
            if m["severity"] < 2
        ]

    rig = rig_named(name[6:]) if name.startswith("known:") else load_rig(rig_files[name])
    clip, _ = write_rig_clip(tmp_path / "out.glb", put_on_rig(walk[:10], rig), tags)
    assert faults(clip) == (faults(rig_files[name]) if name in GLTF else [])


def test_a_bvh_keeps_its_own_hierarchy_and_channels(walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    for order in ("ZXY", "XYZ", "YZX"):
        source = bvh_rig(rokoko(), tmp_path / f"{order}.bvh", order=order)
        made = put_on_rig(walk, load_rig(source))
        clip, _ = write_rig_clip(tmp_path / f"{order}_walk.bvh", made, tags)
        assert clip.read_text().split("MOTION")[0] == source.read_text().split("MOTION")[0]
        places = read_bvh(clip).world()[1]
        np.testing.assert_allclose(places, made.world()[1], atol=2e-4)  # centimetres, six decimals of degrees


@pytest.mark.parametrize("name", ["ue5", "odd", "vrm0"])
def test_any_rig_as_bvh(rig_files: dict[str, Path], walk: Motion, tags: ClipTags, tmp_path: Path, name: str) -> None:
    made = put_on_rig(walk, load_rig(rig_files[name]))
    clip, _ = write_rig_clip(tmp_path / "walk.bvh", made, tags)
    read = read_bvh(clip)
    ours = 100 * made.fit.metres * quat_rotate(made.fit.axes, made.world()[1])
    index = [made.rig.index[n] for n in read.names]
    np.testing.assert_allclose(read.world()[1], ours[:, index], atol=5e-4)


@pytest.mark.parametrize("order", ["xyz", "xzy", "yxz", "yzx", "zxy", "zyx"])
def test_euler_angles_of_every_order(order: str) -> None:
    q = np.random.default_rng(0).normal(size=(500, 4))
    q /= np.linalg.norm(q, axis=-1, keepdims=True)
    poles = quat_from_euler(np.array([[0.3, s * np.pi / 2, 0.4] for s in (1, -1)]), order)
    for turns in (q, poles):
        assert quat_angle(quat_from_euler(euler_angles(turns, order), order), turns).max() < 1e-6


def test_vrma_for_a_vrm(rig_files: dict[str, Path], walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    made = put_on_rig(walk, load_rig(rig_files["vrm"]))
    clip, _ = write_rig_clip(tmp_path / "walk.vrma", made, tags)
    mine, back = made.as_motion(), read_motion(clip)
    assert np.degrees(quat_angle(back.rotations, mine.rotations)).max() < 0.1
    assert read_tags(clip).tags.postprocess[-1][0] == "retarget"


def test_a_rig_from_a_written_vrma(rig_files: dict[str, Path], walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    clip, _ = write_rig_clip(tmp_path / "a.vrma", put_on_rig(walk[:5], load_rig(rig_files["vrm"])), tags)
    assert len(load_rig(clip).map.joints) == 22


def test_what_cannot_be_written(rig_files: dict[str, Path], walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    made = put_on_rig(walk[:5], load_rig(rig_files["mixamo"]))
    with pytest.raises(InvalidInput, match="only a .vrm rig"):
        write_rig_clip(tmp_path / "a.vrm", made, tags)
    with pytest.raises(InvalidInput, match="'.max' is unknown"):
        write_rig_clip(tmp_path / "a.max", made, tags)
    with pytest.raises(InvalidInput, match="known: .glb"):
        rig_clip_files("a", made, tags, suffix=".usd")
    few = bvh_rig(rokoko(), tmp_path / "few.bvh")
    text = few.read_text().replace("CHANNELS 3 Zrotation Xrotation Yrotation", "CHANNELS 1 Zrotation", 1)
    few.write_text(text.rstrip().rsplit(" ", 2)[0] + "\n")
    with pytest.raises(InvalidInput, match=r"'Spine1' has the rotation channels Z"):
        rig_clip_files("a", put_on_rig(walk[:5], load_rig(few)), tags, suffix=".bvh")
    assert not list(tmp_path.glob("a.*"))


def test_fbx_without_blender_names_the_command(
    walk: Motion, tags: ClipTags, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blender, "find_blender", lambda: None)
    (tmp_path / "hero.fbx").write_bytes(b"Kaydara FBX Binary")
    with pytest.raises(InvalidInput, match=r"python -m sdk.clips.blender"):
        load_rig(tmp_path / "hero.fbx")
    with pytest.raises(InvalidInput, match=r"python -m sdk.clips.blender"):
        write_rig_clip(tmp_path / "a.fbx", put_on_rig(walk[:5], rig_named("mixamo")), tags)


def in_blender(path: Path, made: RigMotion, *, first: int) -> dict[str, Any]:
    text = blender.run_script(SCRIPT, str(path), f"{made.fps:g}", str(first), str(len(made)))
    found: dict[str, Any] = json.loads(next(line for line in text.splitlines() if line.startswith("RESULT"))[6:])
    return found


def blender_error(made: RigMotion, found: dict[str, Any]) -> float:
    spots, worst = made.fit.metres * made.world()[1], 0.0
    for name in found["frames"][0]:
        theirs = np.array([frame[name] for frame in found["frames"]])
        worst = max(worst, float(np.abs(theirs - spots[:, made.rig.index[name]]).max()))
    return worst


@pytest.mark.slow
def test_blender_shows_the_same_bones_and_writes_fbx(
    rig_files: dict[str, Path], walk: Motion, tags: ClipTags, tmp_path: Path
) -> None:
    if blender.find_blender() is None:
        pytest.skip(f"Blender is not here: {blender.INSTALL}, or set {blender.VARIABLE}")
    made = put_on_rig(walk[:8], load_rig(rig_files["mixamo"]))
    clip, _ = write_rig_clip(tmp_path / "walk.glb", made, tags)
    found = in_blender(clip, made, first=0)
    assert blender_error(made, found) < 1e-5 and found["actions"] == ["idle", "motion"]
    fbx, _ = write_rig_clip(tmp_path / "walk.fbx", made, tags)
    found = in_blender(fbx, made, first=1)
    assert blender_error(made, found) < 1e-5 and "emotion_json" in found["tags"]
    again = load_rig(fbx)
    assert again.suffix == ".fbx" and again.map.kind == "mixamo" and len(again.map.joints) == 22
