"""SMPL parameters and bodies: a tiny model in the layout of the real files, smplx as the judge where there is one."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdk.clips.container import read_glb
from sdk.clips.npz import npz_bytes
from sdk.clips.options import WriteOptions
from sdk.clips.read_motion import npz_arrays, read_motion
from sdk.clips.smpl import JOINTS_OF, MEAN_PELVIS, load_body
from sdk.clips.tags import ClipTags
from sdk.clips.write import write_clip
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_rotate
from sdk.motion.skeleton import BODY, PARENTS
from tests.clips.formats import worst_joint
from tests.clips.test_glb import khronos, played
from tests.synthetic import walking

BIG = 1.1
"""Size of the tiny model's skeleton beside the SDK's body."""


def tiny_model(path: Path, family: str = "smplx", **changes: Any) -> Path:
    """A model file in the published layout: a small octahedron on each joint, which turns with it."""
    count = JOINTS_OF[family]
    parents = [*PARENTS, *([15, 15, 15] + [20] * 15 + [21] * 15 if family == "smplx" else [20, 21])]
    joints = np.zeros((count, 3))
    for k, parent in enumerate(parents):
        offset = BODY.offsets[k] * BIG if k < 22 else np.array([0.01 * (k - 30), 0.02, 0.03])
        joints[k] = (joints[parent] if k else np.array([0.002, -0.3, 0.01])) + offset
    corners = 0.02 * np.concatenate([np.eye(3), -np.eye(3)])
    faces = [[0, 1, 2], [1, 3, 2], [3, 4, 2], [4, 0, 2], [1, 0, 5], [3, 1, 5], [4, 3, 5], [0, 4, 5]]
    vertices = (joints[:, None] + corners).reshape(-1, 3)
    random = np.random.default_rng(3)
    owner = np.repeat(np.arange(count), 6)
    weights = np.zeros((len(vertices), count))
    weights[np.arange(len(owner)), owner] = 0.75
    weights[np.arange(len(owner)), np.maximum(np.array(parents)[owner], 0)] += 0.25
    regressor = np.zeros((count, len(vertices)))
    for k in range(count):
        regressor[k, owner == k] = 1 / 6
    arrays: dict[str, Any] = {
        "v_template": vertices, "weights": weights, "J_regressor": regressor,
        "f": (np.array(faces) + 6 * np.arange(count)[:, None, None]).reshape(-1, 3).astype(np.uint32),
        "posedirs": 1e-3 * random.standard_normal((len(vertices), 3, 9 * (count - 1))),
        "shapedirs": 1e-3 * random.standard_normal((len(vertices), 3, 400)),
        "kintree_table": np.array([[2**32 - 1, *parents[1:]], list(range(count))], dtype=np.uint32),
    }  # fmt: skip
    if family == "smplx":  # what the package of that name also looks for
        arrays |= {f"hands_components{s}": np.eye(45) for s in "lr"} | {f"hands_mean{s}": np.zeros(45) for s in "lr"}
        arrays |= {"lmk_faces_idx": np.zeros(51, dtype=np.int64), "lmk_bary_coords": np.full((51, 3), 1 / 3)}
        arrays |= {
            "dynamic_lmk_faces_idx": np.zeros((79, 17), dtype=np.int64),
            "dynamic_lmk_bary_coords": np.full((79, 17, 3), 1 / 3),
        }
    arrays |= changes
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return path


@pytest.mark.parametrize("family", ["smplx", "smpl"])
def test_the_forward_pass_is_that_of_smplx(family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smplx = pytest.importorskip("smplx", reason="smplx is not installed: the extra 'smplx'")
    torch = pytest.importorskip("torch", reason="torch is not installed")
    # Its landmarks lie on vertices that the tiny model has not.
    monkeypatch.setitem(smplx.body_models.VERTEX_IDS, "smplx", defaultdict(int))
    path = tiny_model(tmp_path / f"{family.upper()}_NEUTRAL.npz", family)
    random = np.random.default_rng(4)
    poses, trans = 0.6 * random.standard_normal((3, 3 * JOINTS_OF[family])), random.standard_normal((3, 3))
    body = load_body(path)
    ours = [np.stack(x) for x in zip(*body.forward(poses, trans), strict=True)]
    turned = torch.tensor(poses, dtype=torch.float64)
    common = {"transl": torch.tensor(trans), "global_orient": turned[:, :3], "betas": torch.zeros(3, 10).double()}
    if family == "smplx":
        model = smplx.SMPLX(str(path), ext="npz", use_pca=False, flat_hand_mean=True, batch_size=3, dtype=torch.float64,
                            num_expression_coeffs=10)  # fmt: skip
        parts = {"body_pose": (3, 66), "jaw_pose": (66, 69), "leye_pose": (69, 72), "reye_pose": (72, 75),
                 "left_hand_pose": (75, 120), "right_hand_pose": (120, 165)}  # fmt: skip
        rest = {name: turned[:, a:b] for name, (a, b) in parts.items()} | {"expression": torch.zeros(3, 10).double()}
        theirs = model(**common, **rest)
    else:
        with np.load(path) as file:
            layout = smplx.utils.Struct(**dict(file))
        numbers: Any = {"batch_size": 3, "dtype": torch.float64, "vertex_ids": defaultdict(int)}
        model = smplx.SMPL(str(path), data_struct=layout, **numbers)
        theirs = model(**common, body_pose=turned[:, 3:])
    assert np.abs(theirs.vertices.detach().numpy() - ours[0]).max() < 1e-6
    assert np.abs(theirs.joints.detach().numpy()[:, :22] - ours[1][:, :22]).max() < 1e-6


@pytest.mark.parametrize("up", ["y", "z"])
@pytest.mark.parametrize("family", ["smplx", "smpl"])
def test_parameters_put_the_body_into_the_motion(
    family: Any, up: Any, walk: Motion, tags: ClipTags, tmp_path: Path
) -> None:
    model = tiny_model(tmp_path / "model.npz", family)
    path = write_clip(tmp_path / "a.npz", walk, tags, WriteOptions(body=family, up=up, model=model))[0]
    arrays, body = npz_arrays(path), load_body(model)
    assert arrays["poses"].shape == (61, 3 * JOINTS_OF[family]) and str(arrays["surface_model_type"]) == family
    assert float(arrays["mocap_frame_rate"]) == 30 and arrays["betas"].shape == (16,)
    joints = np.stack([j for _, j in body.forward(arrays["poses"].astype(float), arrays["trans"].astype(float))])
    if up == "z":
        joints = np.stack([joints[..., 0], joints[..., 2], -joints[..., 1]], -1)
    # The model is 1.1 times the SDK's body, so the motion is too: strides grow with the legs.
    assert np.abs(joints[:, :22] / BIG - walk.positions).max() < 1e-5
    assert worst_joint(walk.skeleton.names, read_motion(path).positions, walk) < 1e-5


def test_without_a_model_the_mean_body_is_meant(walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.npz", walk, tags)[0]
    arrays = npz_arrays(path)
    pelvis = np.array(MEAN_PELVIS["smplx"])
    x, y, z = (arrays["trans"].astype(float) + pelvis).T
    assert np.abs(np.stack([x, z, -y], -1) - walk.root).max() < 1e-6  # Z up, as in AMASS
    for name, (a, b) in {"root_orient": (0, 3), "pose_body": (3, 66), "pose_hand": (75, 165)}.items():
        np.testing.assert_array_equal(arrays[name], arrays["poses"][:, a:b])
    assert npz_bytes(walk, tags) == npz_bytes(walk, tags)


def test_amass_files_are_read(walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    ours = npz_arrays(write_clip(tmp_path / "a.npz", walk, tags)[0])
    # SMPL-H's 156 numbers, their older name of the rate, nothing of ours.
    poses = np.zeros((61, 156))
    poses[:, :66] = ours["poses"][:, :66]
    trans = ours["trans"] + np.array(MEAN_PELVIS["smplx"]) - MEAN_PELVIS["smpl"]
    np.savez(
        tmp_path / "amass.npz", poses=poses, trans=trans, mocap_framerate=120.0, gender="female", betas=np.zeros(16)
    )
    back = read_motion(tmp_path / "amass.npz")
    assert back.fps == 120 and np.abs(back.positions - walk.positions).max() < 1e-5


@pytest.mark.parametrize("rest", ["t-pose", "a-pose"])
def test_a_glb_shows_the_users_body(rest: Any, walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "model.npz")
    path = write_clip(tmp_path / "a.glb", walk, tags, WriteOptions(model=model, rest=rest))[0]
    document, binary = read_glb(path)
    assert document["meshes"][0]["name"] == "smplx"
    times, world = played(document, binary)
    assert len(times) == 61 and np.abs(world[:, :22, :3, 3] / BIG - walk.positions).max() < 1e-5
    issues = khronos(path)
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


def test_the_skin_stands_on_its_own_feet(tmp_path: Path) -> None:
    skin = load_body(tiny_model(tmp_path / "model.npz")).skin()
    assert skin.positions[:, 1].min() == pytest.approx(0, abs=1e-6)
    assert np.abs(skin.weights.sum(1) - 1).max() < 1e-6 and skin.joints.max() < 22
    out = quat_rotate(np.array([0.0, 0, 0, 1]), skin.normals.astype(float))
    assert np.abs(np.linalg.norm(out, axis=1) - 1).max() < 1e-5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": None}, "it lacks weights"),
        ({"weights": np.zeros((3, 55))}, r"weights should be \(330, 55\), found \(3, 55\)"),
        ({"J_regressor": np.zeros((20, 330))}, "for 20 joints; SMPL has 24, SMPL-X 55"),
        ({"kintree_table": np.zeros((2, 55), dtype=int)}, "kintree_table is not that"),
        ({"v_template": np.full((330, 3), np.nan)}, "v_template holds NaN"),
        ({"f": np.full((4, 3), 9999)}, "f must name three of the 330 vertices"),
        ({"posedirs": np.array([{}], dtype=object)}, "pickled objects"),
    ],
)
def test_broken_models_are_named(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(MalformedFile, match=words):
        load_body(tiny_model(tmp_path / "model.npz", **changes))


def test_models_that_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(b"x")
    (tmp_path / "m.npz").write_bytes(b"x")
    with pytest.raises(InvalidInput, match=r"use the .npz of the same model: m.pkl"):
        load_body(tmp_path / "m.pkl")
    with pytest.raises(MalformedFile, match="m.npz"):
        load_body(tmp_path / "m.npz")
    with pytest.raises(InvalidInput, match="cannot read the body model"):
        load_body(tmp_path / "absent.npz")


def test_a_model_is_not_written_over(tags: ClipTags, tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "body.npz")
    before = model.read_bytes()
    with pytest.raises(InvalidInput, match="is the body model; write to another file"):
        write_clip(model, walking(1.0), tags, WriteOptions(model=model))
    assert model.read_bytes() == before


def test_a_model_of_the_other_family_is_refused(tags: ClipTags, tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "model.npz", "smpl")
    with pytest.raises(InvalidInput, match="the model is of smpl, but body is smplx"):
        write_clip(tmp_path / "a.npz", walking(0.5), tags, WriteOptions(model=model))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trans": None}, "no array 'trans'"),
        ({"poses": np.zeros((61, 12))}, r"poses must be \(T, 66 or more\)"),
        ({"trans": np.full((61, 3), np.nan)}, "NaN"),
        ({"mocap_frame_rate": 0.0}, "fps must lie in"),
        ({"mocap_frame_rate": "fast"}, "must be numbers"),
    ],
)
def test_broken_parameters_are_named(
    changes: dict[str, Any], words: str, walk: Motion, tags: ClipTags, tmp_path: Path
) -> None:
    arrays = npz_arrays(write_clip(tmp_path / "a.npz", walk, tags)[0]) | changes
    np.savez(tmp_path / "b.npz", **{key: value for key, value in arrays.items() if value is not None})
    with pytest.raises(MalformedFile, match=words):
        read_motion(tmp_path / "b.npz")
