"""GLB files, read back by a reader that knows only the glTF specification."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdk.clips.container import pack_glb, split_glb
from sdk.clips.glb import glb_bytes
from sdk.clips.tags import ClipTags
from sdk.emotion import Affect
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_about, quat_to_matrix
from sdk.motion.skeleton import BODY, JOINT_NAMES
from tests.synthetic import standing, walking

VALIDATOR = Path(__file__).with_name("validate_gltf.mjs")
COMPONENTS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def accessor(document: dict[str, Any], binary: bytes, index: int) -> np.ndarray:
    entry = document["accessors"][index]
    view = document["bufferViews"][entry["bufferView"]]
    kind = {5126: "<f4", 5123: "<u2"}[entry["componentType"]]
    width = COMPONENTS[entry["type"]]
    flat = np.frombuffer(binary, kind, count=entry["count"] * width, offset=view["byteOffset"])
    return flat.reshape(entry["count"], width) if width > 1 else flat


def played(document: dict[str, Any], binary: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Key times (T,) and world matrices (T, J, 4, 4) of all joints from node transforms and the animation."""
    animation = document["animations"][0]
    times = accessor(document, binary, animation["samplers"][0]["input"])
    tracks = {
        (c["target"]["node"], c["target"]["path"]): accessor(
            document, binary, animation["samplers"][c["sampler"]]["output"]
        )
        for c in animation["channels"]
    }
    joints = document["skins"][0]["joints"]
    world: dict[int, np.ndarray] = {}

    def visit(node: int, above: np.ndarray) -> None:
        local = np.tile(np.eye(4), (len(times), 1, 1))
        local[:, :3, 3] = tracks.get((node, "translation"), document["nodes"][node].get("translation", [0, 0, 0]))
        if (node, "rotation") in tracks:
            local[:, :3, :3] = quat_to_matrix(tracks[node, "rotation"].astype(np.float64))
        world[node] = above @ local
        for child in document["nodes"][node].get("children", []):
            visit(child, world[node])

    for root in document["scenes"][document["scene"]]["nodes"]:
        visit(root, np.eye(4))
    return times, np.stack([world[j] for j in joints], 1)


@pytest.mark.parametrize("motion", [walking(2.0), standing(0.0), walking(0.5, 240.0)], ids=["walk", "one", "240fps"])
def test_joints_are_where_the_motion_says(motion: Motion, tags: ClipTags) -> None:
    document, binary = split_glb(glb_bytes(motion, tags), name="clip")
    times, world = played(document, binary)
    np.testing.assert_allclose(times, np.arange(len(motion)) / motion.fps, atol=1e-6)
    assert np.abs(world[:, :, :3, 3] - motion.positions).max() < 1e-6
    assert [document["nodes"][j]["name"] for j in document["skins"][0]["joints"]] == list(JOINT_NAMES)


def test_faces_forward_with_its_left_at_plus_x(tags: ClipTags) -> None:
    document, binary = split_glb(glb_bytes(walking(2.0), tags), name="clip")
    _, world = played(document, binary)
    root, left = world[:, 0, :3, 3], world[:, JOINT_NAMES.index("left_hip"), :3, 3]
    assert root[-1, 2] - root[0, 2] > 1.5
    assert (left[:, 0] > root[:, 0]).all()


def test_skin_follows_the_joints_and_stands_on_the_ground(walk: Motion, tags: ClipTags) -> None:
    document, binary = split_glb(glb_bytes(walk, tags), name="clip")
    attributes = document["meshes"][0]["primitives"][0]["attributes"]
    position, normal, joints, weights = (
        accessor(document, binary, attributes[n]) for n in ("POSITION", "NORMAL", "JOINTS_0", "WEIGHTS_0")
    )
    assert (weights.sum(1) == 1).all() and set(joints[:, 0]) <= set(range(22))
    np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1, atol=1e-5)
    assert abs(position[:, 1].min()) < 0.02 and 1.5 < position[:, 1].max() < 1.8
    bind = accessor(document, binary, document["skins"][0]["inverseBindMatrices"]).reshape(-1, 4, 4)
    _, world = played(document, binary)
    point = np.concatenate([position, np.ones((len(position), 1))], 1)[:, :, None]
    skinned = (world[:, joints[:, 0]] @ (bind.swapaxes(1, 2)[joints[:, 0]] @ point))[..., :3, 0]
    assert np.linalg.norm(skinned - walk.positions[:, joints[:, 0]], axis=-1).max() < 0.5
    assert -0.05 < skinned[..., 1].min() < 0.03  # soles on the ground while walking


def test_mesh_is_closed_and_faces_outward(walk: Motion, tags: ClipTags) -> None:
    document, binary = split_glb(glb_bytes(walk, tags), name="clip")
    primitive = document["meshes"][0]["primitives"][0]
    position, normal = (accessor(document, binary, primitive["attributes"][n]) for n in ("POSITION", "NORMAL"))
    triangle = accessor(document, binary, primitive["indices"]).reshape(-1, 3)
    a, b, c = (position[triangle[:, k]].astype(float) for k in range(3))
    across = np.cross(b - a, c - a)
    assert (np.linalg.norm(across, axis=1) > 1e-10).all()
    assert (np.sum(across * normal[triangle].mean(1), axis=1) > 0).all()
    edges = np.concatenate([triangle[:, [0, 1]], triangle[:, [1, 2]], triangle[:, [2, 0]]])
    forward = {tuple(e) for e in edges.tolist()}
    assert len(forward) == len(edges) and forward == {(v, u) for u, v in forward}


def test_same_motion_same_bytes(tags: ClipTags) -> None:
    assert glb_bytes(walking(1.0), tags) == glb_bytes(walking(1.0), tags)
    assert glb_bytes(walking(1.0), tags) != glb_bytes(walking(1.0), replace(tags, seed=8))


def test_rotations_keep_to_one_hemisphere(tags: ClipTags) -> None:
    turning = walking(2.0)
    rotations = turning.rotations.copy()
    rotations[:, 0] = quat_about("y", np.linspace(0, 6 * np.pi, len(turning)))
    rotations[::2] *= -1
    document, binary = split_glb(glb_bytes(replace(turning, rotations=rotations), tags), name="clip")
    for channel in document["animations"][0]["channels"]:
        if channel["target"]["path"] != "rotation":
            continue
        q = accessor(document, binary, document["animations"][0]["samplers"][channel["sampler"]]["output"])
        assert (np.sum(q[1:] * q[:-1], axis=1) > 0).all()


@pytest.mark.parametrize(("array", "value", "word"), [("rotations", np.nan, "NaN"), ("root", np.inf, "infinite")])
def test_values_that_became_bad_are_refused(array: str, value: float, word: str, tags: ClipTags) -> None:
    motion = walking(0.5)
    getattr(motion, array)[3, 1] = value
    with pytest.raises(InvalidInput, match=word):
        glb_bytes(motion, tags)


def test_rotations_off_unit_length_are_refused(tags: ClipTags) -> None:
    motion = walking(0.5)
    motion.rotations[2] *= 1.01
    with pytest.raises(InvalidInput, match="unit quaternions"):
        glb_bytes(motion, tags)


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda raw: b"", "does not begin"),
        (lambda raw: b"PK" + raw[2:], "does not begin"),
        (lambda raw: raw[:-5], "its header says"),
        (lambda raw: raw[:4] + b"\x01" + raw[5:], "version 1"),
        (lambda raw: raw[:20] + b"}" + raw[21:], "JSON chunk cannot be read"),
        (lambda raw: raw[:16] + b"BIN\0" + raw[20:], "no JSON chunk"),
        (lambda raw: raw[:12] + b"\xff\xff\xff\x7f" + raw[16:], "reaches beyond"),
        (lambda raw: pack_glb([], b""), "not an object"),  # type: ignore[arg-type]
    ],
)
def test_damaged_containers_are_named(damage: Any, word: str, walk: Motion, tags: ClipTags) -> None:
    with pytest.raises(MalformedFile, match=word) as caught:
        split_glb(damage(glb_bytes(walk, tags)), name="walk.glb")
    assert str(caught.value).startswith("walk.glb") and "\n" not in str(caught.value)


def khronos(path: Path) -> dict[str, Any]:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (VALIDATOR.parents[2] / "node_modules" / "gltf-validator").is_dir():
        pytest.skip("gltf-validator is not installed: run npm install in the repository")
    done = subprocess.run(["node", str(VALIDATOR), str(path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout)["issues"])


@pytest.mark.parametrize(
    ("motion", "prompt"),
    [(walking(2.0), "a person walks"), (standing(0.0), '\u6b69\u304f \U0001f600 "quoted"'), (walking(0.5, 240.0), "")],
    ids=["walk", "one frame, not ASCII", "240 fps"],
)
def test_khronos_validator_has_nothing_to_say(motion: Motion, prompt: str, tags: ClipTags, tmp_path: Path) -> None:
    path = tmp_path / "clip.glb"
    path.write_bytes(glb_bytes(motion, replace(tags, prompt=prompt)))
    issues = khronos(path)
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (lambda d: d["animations"][0]["samplers"][0].update(interpolation="LINEER"), "VALUE_NOT_IN_LIST"),
        (lambda d: d["accessors"][0].update(count=10**6), "ACCESSOR_TOO_LONG"),
        (
            lambda d: d["accessors"][d["animations"][0]["samplers"][0]["input"]].pop("max"),
            "ANIMATION_SAMPLER_INPUT_ACCESSOR_WITHOUT_BOUNDS",
        ),
    ],
)
def test_khronos_validator_sees_faults(fault: Any, code: str, walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    document, binary = split_glb(glb_bytes(walk, tags), name="clip")
    fault(document)
    path = tmp_path / "clip.glb"
    path.write_bytes(pack_glb(document, binary))
    assert code in {m["code"] for m in khronos(path)["messages"] if m["severity"] <= 1}


def test_other_bodies_of_22_joints_work(tags: ClipTags) -> None:
    tall = replace(BODY, offsets=BODY.offsets * 1.2, ankle_height=0.12, toe_height=0.03)
    motion = replace(walking(0.5), skeleton=tall)
    document, binary = split_glb(glb_bytes(motion, replace(tags, applied=Affect.neutral())), name="clip")
    assert np.abs(played(document, binary)[1][:, :, :3, 3] - motion.positions).max() < 1e-6
