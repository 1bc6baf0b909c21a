"""Profiles of rigs, and the command."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

from sdk.cli import VERBS
from sdk.clips.read import read_tags
from sdk.clips.tags import ClipTags
from sdk.clips.write import write_clip
from sdk.errors import EmoMotionError, InvalidInput, MalformedFile
from sdk.motion.motion import Motion
from sdk.motion.profile_file import read_profile
from sdk.retarget import command
from sdk.rigs import load_rig, put_on_rig
from sdk.rigs.profile import profile_text, read_rig_profile, write_profile


def run(*args: object) -> Result:
    return CliRunner().invoke(command, [str(a) for a in args])


@pytest.mark.parametrize("name", ["mixamo", "ue5", "odd", "rokoko", "vrm"])
def test_a_written_profile_gives_the_same_motion(
    rig_files: dict[str, Path], walk: Motion, tmp_path: Path, name: str
) -> None:
    rig = load_rig(rig_files[name])
    profile = write_profile(rig, tmp_path / "hero.yaml")
    again = load_rig(rig_files[name], profile=profile)
    assert again.map.joints == rig.map.joints
    assert (again.map.twists, again.map.follow) == (rig.map.twists, rig.map.follow)
    one, other = (put_on_rig(walk[:6], r) for r in (rig, again))
    np.testing.assert_array_equal(one.rotations, other.rotations)
    assert {d.how for d in other.report.driven} == {"profile"}


def test_an_edited_profile_decides(rig_files: dict[str, Path], walk: Motion, tmp_path: Path) -> None:
    document = yaml.safe_load(profile_text(load_rig(rig_files["ue5"])))
    del document["skeleton"]["joints"]["left_collar"]
    document["skeleton"] |= {"unit": "m", "up": "y", "ahead": "z", "floor": -0.1}
    path = tmp_path / "hero.yaml"
    path.write_text(yaml.safe_dump(document))
    made = put_on_rig(walk[:6], load_rig(rig_files["ue5"], profile=path))
    assert dict(made.report.missing) == {"left_collar": "shoulders cannot be raised"}
    assert made.fit.floor == -0.1 and made.fit.metres == 1.0


def test_a_profile_for_recordings_is_one_for_the_rig(rig_files: dict[str, Path], tmp_path: Path) -> None:
    joints = {joint: nodes[-1] for joint, nodes in load_rig(rig_files["rokoko"]).map.joints.items()}
    skeleton = {"joints": joints, "unit": "cm", "up": "y", "ahead": "z", "t_pose": "zero", "fps": 30, "first_frame": 0}
    path = tmp_path / "studio.json"
    path.write_text(json.dumps({"name": "studio", "skeleton": skeleton}))
    assert read_profile(path).nodes == joints
    rig = load_rig(rig_files["rokoko"], profile=path)
    assert {j: n[0] for j, n in rig.map.joints.items()} == joints and rig.metres == 0.01


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.update(bones={}), "hero.yaml.skeleton.bones is unknown"),
        (lambda s: s["joints"].update(left_thigh="Dude_Thigh.L"), "joints.left_thigh is unknown; did you mean"),
        (lambda s: s["joints"].pop("left_knee"), "joints.left_knee is missing; needed are"),
        (
            lambda s: s["joints"].update(left_knee="Dude_Shin.L"),
            "no bone 'Dude_Shin.L', which joints.left_knee.*Dude_Shank.L",
        ),
        (lambda s: s["joints"].update(left_knee="Dude_Thigh.L"), "both name 'Dude_Thigh.L'"),
        (lambda s: s["joints"].update(left_knee=["Dude_Shank.L", 3]), "must be a bone's name or a list"),
        (lambda s: s["joints"].update(left_knee="Dude_Palm.L"), "both name"),
        (lambda s: s["joints"].update(left_knee="Dude_Ankle.L", left_ankle="Dude_Shank.L"), "does not carry"),
        (lambda s: s["joints"].update(pelvis="Dude_Torso", spine3="Dude_Hip"), "does not carry"),
        (lambda s: s.update(unit="furlong"), "skeleton.unit must be one of"),
        (lambda s: s.update(up="y"), "up and ahead belong together"),
        (lambda s: s.update(up="y", ahead="y"), "along the same line"),
        (lambda s: s.update(floor="low"), "floor must be a number"),
        (lambda s: s.update(t_pose="sitting"), "t_pose must be"),
        (lambda s: s.update(twists={"left_foot": "x"}), "twists.left_foot is unknown"),
        (lambda s: s.update(follow={"ik": "nothing"}), "no bone 'ik'"),
    ],
)
def test_what_is_wrong_with_a_profile(rig_files: dict[str, Path], tmp_path: Path, change: object, message: str) -> None:
    document = yaml.safe_load(profile_text(load_rig(rig_files["odd"])))
    change(document["skeleton"])  # type: ignore[operator]
    path = tmp_path / "hero.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(EmoMotionError, match=message):
        load_rig(rig_files["odd"], profile=path)


def test_a_profile_that_is_no_yaml(tmp_path: Path) -> None:
    path = tmp_path / "hero.yaml"
    for text, message in (
        ("name: [", "hero.yaml: line"),
        ("name: a\nname: b\n", "'name' stands twice"),
        ("- 1", "must be an"),
    ):
        path.write_text(text)
        with pytest.raises((MalformedFile, InvalidInput), match=message):
            read_rig_profile(path)


def test_the_command_shows_writes_a_profile_and_retargets(
    rig_files: dict[str, Path], walk: Motion, tags: ClipTags, tmp_path: Path
) -> None:
    assert "retarget" in VERBS
    hero = rig_files["ue5"]
    shown = run(hero)
    assert shown.exit_code == 0 and "spine_04 + spine_05" in shown.output and "proportions" in shown.output
    assert run(hero, "--write-profile", tmp_path / "hero.yaml").exit_code == 0
    clip, _ = write_clip(tmp_path / "walk.glb", walk, tags)
    out = tmp_path / "hero_walk.glb"
    done = run(
        hero, clip, "--out", out, "--profile", tmp_path / "hero.yaml", "--report", tmp_path / "r.json", "--fps", 24
    )
    assert done.exit_code == 0, done.output
    assert "at worst" in done.output and out.exists()
    found = read_tags(out).tags
    assert found.prompt == tags.prompt and found.postprocess[-1][0] == "retarget" and found.clip is not None
    assert found.clip.fps == 24
    assert json.loads((tmp_path / "r.json").read_text())["slide_m"] <= 0.005
    still = run("mixamo", clip, "--out", tmp_path / "still.bvh", "--in-place")
    assert still.exit_code == 0 and (tmp_path / "still.bvh").exists()


def test_the_command_refuses_before_it_works(rig_files: dict[str, Path], tmp_path: Path) -> None:
    hero = rig_files["mixamo"]
    for args, message in (
        ((hero, "--out", tmp_path / "a.glb"), "needs a clip"),
        ((hero, tmp_path / "walk.glb"), "--out"),
        ((hero, tmp_path / "walk.glb", "--out", tmp_path / "a.max"), "unknown"),
        ((hero, tmp_path / "walk.glb", "--out", hero), "is the rig itself; write to another file"),
        ((hero, tmp_path / "walk.glb", "--out", tmp_path / "a.glb"), "cannot read"),
        (("mixame",), "known: "),
        ((tmp_path / "gone.glb",), "cannot read"),
        (("mixamo", "--profile", tmp_path / "x.yaml"), "known by name"),
    ):
        done = run(*args)
        assert done.exit_code and isinstance(done.exception, EmoMotionError) and message in str(done.exception), args
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--out", "walk.glb"), "walk.glb is the clip itself"),
        (("--out", "a.glb", "--report", "hero.json"), "hero.json is the profile itself"),
        (("--write-profile", "hero.yaml"), "hero.yaml is the profile itself"),
    ],
)
def test_the_command_writes_over_nothing_that_it_reads(
    options: tuple[str, ...], words: str, rig_files: dict[str, Path], walk: Motion, tags: ClipTags, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    write_clip(Path("walk.glb"), walk, tags)
    hero, profile = rig_files["ue5"], Path("hero.json" if "hero.json" in options else "hero.yaml")
    profile.write_text(profile_text(load_rig(hero)))
    if profile.suffix == ".json":
        profile.write_text(json.dumps(yaml.safe_load(profile.read_text())))
    before = {path: path.read_bytes() for path in Path().iterdir()}
    done = run(hero, "walk.glb", "--profile", profile, *options)
    assert isinstance(done.exception, InvalidInput) and words in str(done.exception)
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def test_a_clip_without_tags_is_said_to_have_none(
    rig_files: dict[str, Path], walk: Motion, tags: ClipTags, tmp_path: Path
) -> None:
    clip, sidecar = write_clip(tmp_path / "walk.bvh", walk, tags)
    sidecar.unlink()
    done = run(rig_files["mixamo"], clip, "--out", tmp_path / "a.glb")
    assert done.exit_code == 0 and read_tags(tmp_path / "a.glb").tags.licence == "not stated"
