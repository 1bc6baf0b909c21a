"""Movement from files that others might write: VRM humanoids with bones of their own axes, splines, steps, scales."""

import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdk.clips import blender
from sdk.clips.container import pack_glb, read_glb
from sdk.clips.read_motion import read_motion
from sdk.clips.tags import ClipTags
from sdk.clips.vrma import HUMAN_BONES
from sdk.clips.write import write_clip
from sdk.errors import EmoMotionError, InvalidInput, MalformedFile
from sdk.motion.kinematics import global_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import IDENTITY, Array, normalize, quat_inv, quat_mul, quat_rotate
from sdk.motion.skeleton import BODY, JOINT, PARENTS
from tests.clips.formats import rich, worst_joint

Edit = Callable[[dict[str, Any]], Any]


def foreign_vrma(path: Path, motion: Motion, *, scale: float = 1.0, left_out: tuple[str, ...] = ()) -> Path:
    """The motion on bones whose rest axes point anywhere, under an armature of any size, by the definition."""
    random = np.random.default_rng(5)
    axes = normalize(random.standard_normal((22, 4)))  # world rotation of each bone at rest
    world = quat_mul(global_rotations(motion.rotations, PARENTS), axes)
    kept = [j for j, name in enumerate(motion.skeleton.names) if name not in left_out]
    nodes: list[dict[str, Any]] = [{"name": "Armature", "scale": [scale] * 3, "children": [1]}]
    place = {j: k + 1 for k, j in enumerate(kept)}
    binary, views, accessors, channels, samplers = b"", [], [], [], []

    def add(values: Array, kind: str) -> int:
        nonlocal binary
        raw = values.astype("<f4").tobytes()
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(raw)})
        accessors.append({"bufferView": len(views) - 1, "componentType": 5126, "count": len(values), "type": kind})
        binary += raw
        return len(views) - 1

    times = add(np.arange(len(motion)) / motion.fps, "SCALAR")
    for j in kept:
        above = PARENTS[j]
        offset = BODY.offsets[j]
        while above >= 0 and above not in kept:
            offset, above = offset + BODY.offsets[above], PARENTS[above]
        inverse = quat_inv(axes[above]) if above >= 0 else IDENTITY
        rest = [0, BODY.rest_height, 0] if above < 0 else quat_rotate(inverse, offset)
        node = {"name": f"b{j}", "translation": [float(v) / scale for v in rest],
                "rotation": [float(v) for v in quat_mul(inverse, axes[j])]}  # fmt: skip
        nodes.append(node)
        if above >= 0:
            nodes[place[above]].setdefault("children", []).append(place[j])
        local = world[:, j] if above < 0 else quat_mul(quat_inv(world[:, above]), world[:, j])
        samplers.append({"input": times, "output": add(local, "VEC4")})
        channels.append({"sampler": len(samplers) - 1, "target": {"node": place[j], "path": "rotation"}})
    samplers.append({"input": times, "output": add(motion.root / scale, "VEC3")})
    channels.append({"sampler": len(samplers) - 1, "target": {"node": 1, "path": "translation"}})
    bones = {HUMAN_BONES[motion.skeleton.names[j]]: {"node": place[j]} for j in kept}
    document = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": nodes,
        "extensionsUsed": ["VRMC_vrm_animation"],
        "extensions": {"VRMC_vrm_animation": {"specVersion": "1.0", "humanoid": {"humanBones": bones}}},
        "animations": [{"channels": channels, "samplers": samplers}],
        "accessors": accessors, "bufferViews": views, "buffers": [{"byteLength": len(binary)}],
    }  # fmt: skip
    path.write_bytes(pack_glb(document, binary))
    return path


@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_bones_with_any_axes_and_scale(scale: float, walk: Motion, tmp_path: Path) -> None:
    back = read_motion(foreign_vrma(tmp_path / "a.vrma", walk, scale=scale))
    assert worst_joint(walk.skeleton.names, back.positions, walk) < 1e-5
    assert back.fps == 30


def test_bones_a_character_may_lack(walk: Motion, tmp_path: Path) -> None:
    lost = ("spine3", "neck", "left_foot", "right_foot", "left_collar", "right_collar")
    back = read_motion(foreign_vrma(tmp_path / "a.vrma", walk, left_out=lost))
    # What hangs on a missing joint keeps the way it points in the world.
    joints = [JOINT[name] for name in ("head", "left_knee", "right_ankle", "left_elbow")]
    expected, found = (global_rotations(m.rotations, PARENTS)[:, joints] for m in (walk, back))
    assert np.abs(np.abs(np.sum(expected * found, -1)) - 1).max() < 1e-6


def edited(path: Path, edit: Edit) -> Path:
    document, binary = read_glb(path)
    edit(document)
    path.write_bytes(pack_glb(document, binary))
    return path


def test_steps_and_splines(walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.glb", walk, tags)[0]
    edited(path, lambda d: [s.update(interpolation="STEP") for s in d["animations"][0]["samplers"]])
    assert worst_joint(walk.skeleton.names, read_motion(path).positions, walk) < 1e-5
    document, binary = read_glb(path)
    animation = document["animations"][0]
    for sampler in animation["samplers"]:
        accessor = document["accessors"][sampler["output"]]
        view = document["bufferViews"][accessor["bufferView"]]
        raw = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
        values = np.frombuffer(raw, "<f4").reshape(accessor["count"], -1)
        # Three of each: tangent in, value, tangent out.
        triple = np.stack([0 * values, values, 0 * values], 1).astype("<f4").tobytes()
        document["bufferViews"].append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(triple)})
        document["accessors"].append({**accessor, "bufferView": len(document["bufferViews"]) - 1,
                                      "count": 3 * accessor["count"]})  # fmt: skip
        sampler |= {"interpolation": "CUBICSPLINE", "output": len(document["accessors"]) - 1}
        binary += triple
    document["buffers"][0]["byteLength"] = len(binary)
    path.write_bytes(pack_glb(document, binary))
    assert worst_joint(walk.skeleton.names, read_motion(path).positions, walk) < 1e-5


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda d: d.pop("animations"), "holds no animation"),
        (lambda d: d["animations"][0]["samplers"][0].update(interpolation="LINEER"), "'LINEER'"),
        (lambda d: d["accessors"][0].update(count=10**6) or d["accessors"][7].update(count=10**6), "beyond the binary"),
        (lambda d: d["animations"][0]["samplers"][0].update(output=9999), "is damaged"),
        (lambda d: d["nodes"][4].update(children=[1]), "do not form a tree|neither"),
        (lambda d: d["nodes"][0].update(name="Hips"), "neither a VRM humanoid nor joints called as the SDK's"),
        (lambda d: d["nodes"][0].update(rotation=[1, 0, 0, 0]), "neither in a T-pose nor in an A-pose"),
        (lambda d: d["nodes"][0].update(rotation=[0, 1, 0, 0]), "faces \\+Z"),
        (lambda d: d["animations"][0].update(channels=[]), "moves no node"),
        (lambda d: d["buffers"][0].update(uri="a.bin"), "save it as one .glb"),
    ],
)
def test_what_cannot_be_read_is_named(edit: Edit, words: str, walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    path = edited(write_clip(tmp_path / "a.glb", walk, tags)[0], edit)
    with pytest.raises(MalformedFile, match=words) as caught:
        read_motion(path)
    assert "a.glb" in str(caught.value) and "\n" not in str(caught.value)


# Blender as a tool, without Blender.


def fake_blender(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No Blender anywhere; the user's folder is an empty one."""
    monkeypatch.delenv("BLENDER", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(blender.importlib.util, "find_spec", lambda _: None)
    (tmp_path / "bin").mkdir()
    return tmp_path


def test_without_blender_one_command_is_named(nowhere: Path, walk: Motion, tags: ClipTags) -> None:
    assert blender.find_blender() is None
    with pytest.raises(InvalidInput, match=r"run python -m sdk.clips.blender once .* or set BLENDER") as caught:
        write_clip(nowhere / "a.fbx", walk, tags)
    assert caught.value.field == "out" and not (nowhere / "a.fbx").exists()


def test_where_blender_is_looked_for(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = fake_blender(nowhere / "bin" / "blender", "echo Blender 9.9")
    assert blender.find_blender() == command and blender.blender_version() == "Blender 9.9"
    folder = blender.bpy_folder()
    (folder / "bpy").mkdir(parents=True)
    (folder / "bpy-4.5.15.dist-info").mkdir()
    assert blender.find_blender() == folder and blender.blender_version() == "Blender 4.5.15"
    own = fake_blender(nowhere / "mine", "exit 0")
    monkeypatch.setenv("BLENDER", str(own))
    assert blender.find_blender() == own
    monkeypatch.setenv("BLENDER", str(nowhere / "no"))
    with pytest.raises(InvalidInput, match="environment variable BLENDER is neither"):
        blender.find_blender()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("echo 'Traceback'; echo 'KeyError: walk'; echo 'Error: script failed'; exit 1", "Blender failed: "),
        ("echo \"ModuleNotFoundError: No module named 'numpy'\"; exit 1", "apt-get install python3-numpy"),
        ("echo 'ImportError: libXi.so.6: cannot open shared object file'; exit 1", "apt-get install libgl1 .* libxi6"),
        ("exit 3", "exit code 3"),
        ("sleep 5", "stopped after 0.2 s"),
    ],
)
def test_a_failing_blender_is_one_line(body: str, words: str, nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLENDER", str(fake_blender(nowhere / "mine", f"PATH=/usr/bin:/bin\n{body}")))
    with pytest.raises(EmoMotionError, match=words) as caught:
        blender.run_script(Path("x.py"), timeout_s=0.2 if "sleep" in body else 30)
    assert "\n" not in str(caught.value)


def test_the_module_is_installed_whole_or_not_at_all(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    ran: list[list[str]] = []
    code = 1

    def pip(command: list[str], **_: Any) -> Any:
        ran.append(command)
        (Path(command[command.index("--target") + 1]) / "bpy").mkdir()
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(blender.subprocess, "run", pip)
    monkeypatch.setattr(blender.sys, "version_info", (3, 11, 0))
    failed = CliRunner().invoke(blender.command, [])
    assert isinstance(failed.exception, EmoMotionError) and blender.find_blender() is None
    assert os.listdir(blender.bpy_folder().parent) == []
    code = 0
    done = CliRunner().invoke(blender.command, [])
    assert done.exit_code == 0 and blender.find_blender() == blender.bpy_folder()
    assert os.listdir(blender.bpy_folder().parent) == ["bpy"] and ran[1][-1] == blender.BPY
    assert "already there" in CliRunner().invoke(blender.command, []).output and len(ran) == 2
    monkeypatch.setattr(blender.sys, "version_info", (3, 13, 0))
    other = CliRunner().invoke(blender.command, ["--folder", str(nowhere / "else")])
    assert isinstance(other.exception, InvalidInput) and "install Blender itself" in str(other.exception)


def test_tags_with_a_track_are_plain_json(walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.glb", walk, rich(tags))[0]
    told = json.loads(Path(f"{path}.emotion.json").read_text())
    assert [key["seconds"] for key in told["requested"]["track"]] == [0, 1, 2]
    assert len(told["curves"]["joy"]["values"]) == 61
