"""What holds for every format: equal bytes, short and fast clips, foreign prompts, options, emotion curve, reading."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sdk.clips import files
from sdk.clips.container import read_glb
from sdk.clips.options import WriteOptions
from sdk.clips.read import read_tags
from sdk.clips.read_motion import npz_arrays, read_motion
from sdk.clips.tags import ClipTags
from sdk.clips.write import FORMATS, check_writable, clip_files, write_clip
from sdk.emotion import Affect
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_angle
from tests.clips.formats import PLAIN_SUFFIXES, TRACK, USD_SUFFIXES, need_blender, rich, without_sidecar
from tests.synthetic import standing, walking

ALL = (*PLAIN_SUFFIXES, *USD_SUFFIXES, ".fbx")


def need(suffix: str) -> None:
    if suffix in USD_SUFFIXES:
        pytest.importorskip("pxr", reason="usd-core is not installed: the extra 'usd'")
    if suffix == ".fbx":
        need_blender()


def test_every_format_is_tested() -> None:
    assert set(ALL) == set(FORMATS)


@pytest.mark.parametrize("suffix", ALL)
def test_equal_clips_are_equal_files(suffix: str, walk: Motion, tags: ClipTags) -> None:
    need(suffix)
    first, second = (clip_files("walk", walk, rich(tags), suffix=suffix) for _ in range(2))
    assert first == second and list(first) == [f"walk{suffix}", f"walk{suffix}.emotion.json"]


@pytest.mark.parametrize("suffix", [*PLAIN_SUFFIXES, *USD_SUFFIXES])
@pytest.mark.parametrize("motion", [standing(0.0), walking(0.25, 240.0)], ids=["one frame", "240 fps"])
def test_short_and_fast_clips_with_foreign_prompts(suffix: str, motion: Motion, tags: ClipTags, tmp_path: Path) -> None:
    need(suffix)
    path = write_clip(tmp_path / f"a{suffix}", motion, rich(tags))[0]
    reading = read_tags(path)
    assert reading.conflicts == () and reading.tags.prompt == rich(tags).prompt and reading.tags.track == TRACK
    assert reading.tags.clip is not None and (reading.tags.clip.frames, reading.tags.clip.fps) == (
        len(motion), motion.fps,
    )  # fmt: skip
    if suffix != ".bvh":
        assert read_tags(without_sidecar(path)).tags.prompt == rich(tags).prompt
    if suffix in PLAIN_SUFFIXES:
        back = read_motion(path)
        assert len(back) == len(motion) and np.abs(back.positions - motion.positions).max() < 1e-5
        assert back.fps == (motion.fps if len(motion) > 1 or suffix in (".bvh", ".npz") else 30.0)


@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 60.0])
@pytest.mark.parametrize("suffix", PLAIN_SUFFIXES)
def test_rates_are_resampled_rotations(fps: float, suffix: str, walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    path = write_clip(tmp_path / f"a{suffix}", walk, tags, WriteOptions(fps=fps))[0]
    back = read_motion(path)
    assert back.fps == fps and abs(back.seconds - walk.seconds) < 1 / fps
    # Where both rates have a frame the pose is the original one; between, it lies on the shortest arc.
    for k in range(len(back)):
        at = k / fps * walk.fps
        low, part = int(at + 1e-9), at - int(at + 1e-9)
        high = min(low + 1, len(walk) - 1)
        whole = quat_angle(walk.rotations[low], walk.rotations[high])
        assert np.abs(quat_angle(walk.rotations[low], back.rotations[k]) - part * whole).max() < 2e-3
    assert read_tags(path).tags.postprocess == ((("resample", {"fps": fps}),) if fps != 30 else ())


@pytest.mark.parametrize("suffix", PLAIN_SUFFIXES)
def test_in_place_is_said_and_done(suffix: str, walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    path = write_clip(tmp_path / f"a{suffix}", walk, tags, WriteOptions(in_place=True))[0]
    assert np.ptp(read_motion(path).root[:, [0, 2]], axis=0).max() < 1e-6
    assert read_tags(path).tags.root_motion == "in_place"


@pytest.mark.parametrize(
    ("suffix", "options", "words"),
    [
        (".glb", WriteOptions(unit="cm"), "GLB cannot hold unit 'cm', only m: glTF is in metres"),
        (".vrma", WriteOptions(rest="a-pose"), "VRMA cannot hold rest 'a-pose', only t-pose"),
        (".bvh", WriteOptions(rest="a-pose"), "BVH cannot hold rest 'a-pose'"),
        (".fbx", WriteOptions(up="z"), "FBX cannot hold up 'z', only y"),
        (".npz", WriteOptions(unit="cm"), "NPZ cannot hold unit 'cm'"),
        (".usda", WriteOptions(body="smpl"), "holds no SMPL parameters"),
        (".vrma", WriteOptions(model=Path("m.npz")), "VRMA takes no body model"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(
    suffix: str, options: WriteOptions, words: str, walk: Motion, tags: ClipTags, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=words):
        write_clip(tmp_path / f"a{suffix}", walk, tags, options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "value"), [("fps", 5), ("fps", 241), ("fps", float("nan")), ("unit", "ft"), ("rest", "sit"), ("up", "x")]
)
def test_options_that_no_format_has(name: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        WriteOptions(**{name: value})  # type: ignore[arg-type]
    assert caught.value.field == name


def test_clip_files_of_an_unknown_kind(walk: Motion, tags: ClipTags) -> None:
    with pytest.raises(InvalidInput, match=r"'.obj' is unknown; known: .glb"):
        clip_files("a", walk, tags, suffix=".obj")


def test_a_missing_extra_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pxr", None)
    with pytest.raises(InvalidInput, match=r"extra 'usd', which is not installed; .*pip install .*\[usd\]"):
        check_writable(tmp_path / "a.usdz")


def test_no_room_is_said_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: full)
    with pytest.raises(InvalidInput, match="no room: 0.0 MiB are free and a clip may need 8"):
        check_writable(tmp_path / "a.glb")


def curve(path: Path, name: str) -> np.ndarray:
    """The animated curve of an emotion, (T,), as the file holds it outside of its tags."""
    if path.suffix == ".npz":
        arrays = npz_arrays(path)
        return np.asarray(arrays["emotion_curves"][:, list(arrays["emotion_names"]).index(name)])
    document, binary = read_glb(path)
    animation = document["animations"][0]

    def output(channel: dict[str, int]) -> np.ndarray:
        accessor = document["accessors"][animation["samplers"][channel["sampler"]]["output"]]
        start = document["bufferViews"][accessor["bufferView"]]["byteOffset"]
        width = {"SCALAR": 1, "VEC3": 3}[accessor["type"]]
        return np.frombuffer(binary, "<f4", accessor["count"] * width, start).reshape(-1, width)

    if path.suffix == ".vrma":
        faces = document["extensions"]["VRMC_vrm_animation"]["expressions"]
        expression = {"joy": ("preset", "happy"), "fear": ("custom", "fear")}[name]
        node = faces[expression[0]][expression[1]]["node"]
        return output(next(c for c in animation["channels"] if c["target"]["node"] == node))[:, 0]
    names = document["meshes"][0]["extras"]["targetNames"]
    values = output(next(c for c in animation["channels"] if c["target"]["path"] == "weights"))
    return values.reshape(-1, len(names))[:, names.index(f"emotion_{name}")]


@pytest.mark.parametrize("suffix", [".glb", ".vrma", ".npz"])
def test_the_emotion_curve_is_animated(suffix: str, walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    path = write_clip(tmp_path / f"a{suffix}", walk, rich(tags))[0]
    joy, fear = curve(path, "joy"), curve(path, "fear")
    assert joy[[0, 15, 30, 45, 60]] == pytest.approx([0.2, 0.6, 1.0, 0.5, 0.0], abs=1e-6)
    assert fear[[0, 30, 45, 60]] == pytest.approx([0.0, 0.0, 0.25, 0.5], abs=1e-6)
    for source in ("sidecar", "clip"):
        tagged = read_tags(path)
        assert tagged.tags.track == TRACK and tagged.conflicts == ()
        assert [round(s.end_s, 3) for s in tagged.tags.segments] == [1.0, 2.0]
        if source == "sidecar":
            without_sidecar(path)


def test_a_steady_feeling_is_one_value_in_the_tags(walk: Motion, tags: ClipTags) -> None:
    sidecar = json.loads(list(clip_files("a", walk, tags).values())[1])
    assert sidecar["curves"] == {
        "anger": {"fps": 30.0, "values": [0.533333]}, "sadness": {"fps": 30.0, "values": [0.266667]},
    }  # fmt: skip
    neutral = replace(tags, applied=Affect.neutral(), requested=Affect.neutral())
    document = json.loads(list(clip_files("a", walk, neutral).values())[1])
    assert document["curves"] == {}


def test_a_vrma_says_which_expression_shows_what(walk: Motion, tags: ClipTags) -> None:
    sidecar = json.loads(list(clip_files("a", walk, tags, suffix=".vrma").values())[1])
    assert sidecar["expression_map"]["joy"] == "happy" and sidecar["expression_map"]["anger"] == "angry"


@pytest.mark.parametrize(("closed", "period"), [(True, 2.0), (False, 61 / 30)])
def test_a_loop_says_its_period(closed: bool, period: float, walk: Motion, tags: ClipTags) -> None:
    rotations = walk.rotations.copy()
    if closed:
        rotations[-1] = rotations[0]
    made = clip_files("a", replace(walk, rotations=rotations), replace(tags, loop=True))
    clip = json.loads(list(made.values())[1])["clip"]
    assert clip["period_s"] == pytest.approx(period, abs=1e-6) and clip["duration_s"] == 2.0


def test_a_composition_travels_in_the_tags(walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    composed = replace(tags, composition={"beats": [{"text": "walk", "seconds": 2}]})
    path = write_clip(tmp_path / "a.glb", walk, composed)[0]
    assert read_tags(path).tags.composition == composed.composition
    assert read_tags(without_sidecar(path)).tags.composition == composed.composition


def test_tags_of_an_fbx_survive_the_loss_of_the_sidecar(walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    need_blender()
    path = write_clip(tmp_path / "a.fbx", walk, rich(tags))[0]
    assert read_tags(path).conflicts == ()
    reading = read_tags(without_sidecar(path))
    assert (reading.source, reading.tags.prompt, reading.tags.track) == (
        "armature.properties",
        rich(tags).prompt,
        TRACK,
    )


@pytest.mark.parametrize("suffix", PLAIN_SUFFIXES)
def test_damaged_clips_are_named(suffix: str, walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    path = write_clip(tmp_path / f"a{suffix}", walk, tags)[0]
    raw = path.read_bytes()
    for damaged in (b"", raw[:100], raw[: len(raw) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(MalformedFile, match=f"a{suffix}") as caught:
            read_motion(path)
        assert "\n" not in str(caught.value)
    path.unlink()
    with pytest.raises(InvalidInput, match="cannot read: No such file"):
        read_motion(path)
    with pytest.raises(InvalidInput, match="known: .glb, .vrma, .bvh, .npz"):
        read_motion(tmp_path / "a.usda")
