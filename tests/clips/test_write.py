"""Writing clips: pairs appear together or not at all, and bad paths are refused before the work."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from sdk.clips import files
from sdk.clips.read import read_tags
from sdk.clips.read_motion import read_motion
from sdk.clips.tags import ClipTags, read_sidecar, sidecar_path
from sdk.clips.write import check_writable, in_place, write_clip
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.bvh import read_bvh
from sdk.motion.motion import Motion
from tests.synthetic import walking


@pytest.mark.parametrize("suffix", [".glb", ".bvh", ".GLB"])
def test_clip_and_sidecar_belong_together(suffix: str, walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    path = tmp_path / f"walk{suffix}"
    assert write_clip(path, walk, tags) == [path, sidecar_path(path)]
    assert sorted(tmp_path.iterdir()) == [path, sidecar_path(path)]
    facts = read_sidecar(path).clip
    assert facts is not None and facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert facts.format == suffix.lower().lstrip(".")
    assert read_tags(path).conflicts == ()


def test_bvh_holds_the_motion(walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "walk.bvh", walk, tags)[0]
    _, world = read_bvh(path).world()
    assert abs(len(world) - len(walk)) == 0
    assert np.abs(world[:, 0] / 100 - walk.root).max() < 1e-5


def test_a_bvh_without_its_sidecar_has_no_tags(walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "walk.bvh", walk, tags)[0]
    sidecar_path(path).unlink()
    with pytest.raises(MalformedFile, match="carries no emotion tags"):
        read_tags(path)


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize("failing", [1, 2])
def test_a_failed_rename_leaves_things_as_they_were(
    failing: int, existing: bool, walk: Motion, tags: ClipTags, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "walk.glb"
    if existing:
        write_clip(path, walking(0.5), tags)
    before = {p: p.read_bytes() for p in tmp_path.iterdir()}
    calls = []

    def replace_or_fail(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")
        os.rename(source, target)

    monkeypatch.setattr(files.os, "replace", replace_or_fail)
    with pytest.raises(InvalidInput, match="No space left on device") as caught:
        write_clip(path, walk, tags)
    assert "\n" not in str(caught.value)
    assert {p: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_an_interrupt_between_renames_leaves_nothing(
    walk: Motion, tags: ClipTags, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(source: Path, target: Path) -> None:
        if target.suffix == ".json":
            raise KeyboardInterrupt
        os.rename(source, target)

    monkeypatch.setattr(files.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_clip(tmp_path / "walk.glb", walk, tags)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("walk.obj", "file type '.obj' is unknown; known: .glb, .vrma, .usda, .usdc, .usdz, .bvh, .fbx, .npz"),
        ("walk", "a file type is missing; known: .glb, .vrma"),
        ("missing/walk.glb", "folder does not exist"),
        ("file/walk.glb", "not a folder|Not a directory"),
        ("folder.glb", "cannot write a file over the folder"),
        ("x" * 300 + ".glb", "File name too long"),
        ("x" * 245 + ".glb", "File name too long"),  # only the sidecar's name is
    ],
)
def test_bad_paths_are_refused_before_the_work(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder.glb").mkdir()
    with pytest.raises(InvalidInput, match=words) as caught:
        check_writable(tmp_path / name)
    assert caught.value.field == "out" and "\n" not in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder.glb"]


def test_a_folder_that_takes_no_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.tempfile, "NamedTemporaryFile", refuse)
    with pytest.raises(InvalidInput, match="cannot write: Permission denied: .*walk.glb"):
        check_writable(tmp_path / "walk.glb")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc, a folder in which even root cannot write")
def test_a_real_folder_that_takes_no_file_is_refused() -> None:
    with pytest.raises(InvalidInput, match="cannot write"):
        check_writable(Path("/proc/walk.glb"))


def test_a_path_may_be_a_string(walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    path = f"{tmp_path}/walk.glb"
    assert write_clip(path, walk, tags)[0] == Path(path)
    assert read_tags(path).tags.prompt == tags.prompt and len(read_motion(path)) == len(walk)


def test_in_place_keeps_height_and_pose(walk: Motion) -> None:
    still = in_place(walk)
    assert np.ptp(still.root[:, [0, 2]], axis=0).max() == 0
    np.testing.assert_array_equal(still.root[:, 1], walk.root[:, 1])
    np.testing.assert_array_equal(still.rotations, walk.rotations)
    np.testing.assert_array_equal(still.root[0], walk.root[0])
    assert walk.root[-1, 2] > 1.5
