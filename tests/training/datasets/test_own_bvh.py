"""Anybody's BVH files with a profile of their own, from file names to the index."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdk.console import run
from sdk.motion.calibration import frame_axes
from sdk.motion.retarget import canonical
from sdk.motion.rotations import quat_about
from tests.motion.strange_rig import NODES, strange_clip, strange_text
from tests.synthetic import walking
from training.data import load_index, load_motion
from training.prepare import command

SKELETON = {"joints": NODES, "up": "z", "ahead": "-y", "unit": "mm", "t_pose": {"bones": {}}}
HANGING = {
    f"{side}_{joint}": quat_about("z", sign * np.radians(80))
    for side, sign in (("left", 1), ("right", -1))
    for joint in ("shoulder", "elbow", "wrist")
}
LABELLED = {
    "name": "Our Studio",
    "skeleton": SKELETON,
    "files": r"(?P<actor>[^_]+)_(?P<emotion>[^_]+)_(?P<content>[^_]+)_(?P<take>\d+)\.bvh",
    "labels": {
        "emotion": {"glad": "joy", "grand": {"style": "grand", "manner": ["in a grand way"]}},
        "content": {"amble": {"content": "amble", "phrases": ["ambles along", "strolls"]}},
    },
    "set": {"name": "Studio walks", "licence": "CC0-1.0", "attribution": "Studio walks, Our Studio, 2024"},
}


def prepare(source: Path, out: Path, profile: dict[str, Any] | str, *, jobs: int = 1) -> int:
    path = source.parent / "profile.json"
    path.write_text(profile if isinstance(profile, str) else json.dumps(profile))
    with pytest.raises(SystemExit) as left:
        where = [str(source), "--out", str(out), "--profile", str(path), "--jobs", str(jobs)]
        run(command, ["bvh", *where], name="prepare")
    return int(left.value.code or 0)


def put(folder: Path, *names: str, seconds: float = 0.6) -> None:
    folder.mkdir(exist_ok=True)
    clip = strange_clip(walking(seconds, fps=50.0), axes=frame_axes("z", "-y"), swings=HANGING, per_metre=1000.0)
    for name in names:
        (folder / name).write_text(strange_text(clip))


def test_a_strange_rig_with_labels_becomes_clips(tmp_path: Path) -> None:
    put(tmp_path / "in", "ana_glad_amble_1.bvh", "ana_normal_walk_2.bvh", "bea_grand_amble_1.bvh", seconds=1.0)
    assert prepare(tmp_path / "in", tmp_path / "out", LABELLED) == 0
    lines = {line["id"]: line for line in load_index(tmp_path / "out")}
    glad, grand = lines["ourstudio-ana-glad-amble-1"], lines["ourstudio-bea-grand-amble-1"]
    assert (glad["affect"], glad["evidence"], glad["content"]) == ({"joy": 1.0}, "mocap", "amble")
    assert (grand["affect"], grand["evidence"], grand["style"]) == ({"neutral": 1.0}, "style", "grand")
    assert "a person ambles along" in glad["captions"] and "a person strolls in a grand way" in grand["captions"]
    assert (glad["licence"], glad["attribution"]) == ("CC0-1.0", "Studio walks, Our Studio, 2024")
    assert lines["ourstudio-ana-normal-walk-2"]["split"] == glad["split"] != grand["split"]
    expected = canonical(walking(1.0, fps=50.0).resampled(30.0))
    out = load_motion(tmp_path / "out", glad["id"])
    np.testing.assert_allclose(out.positions, expected.positions, atol=1e-3)


def test_a_set_without_labels_works_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path / "in", "one.bvh", "two.bvh", "three.bvh")
    assert prepare(tmp_path / "in", tmp_path / "out", {"name": "plain", "skeleton": SKELETON}) == 0
    assert "no clip has an emotion label" in capsys.readouterr().out
    lines = load_index(tmp_path / "out")
    assert {(line["evidence"], line["content"], line["actor"]) for line in lines} == {("none", "any", "unknown")}
    assert sorted(line["split"] for line in lines) == ["train", "train", "val"]
    assert all(line["captions"] for line in lines)


def test_several_processes_make_the_same(tmp_path: Path) -> None:
    put(tmp_path / "in", "one.bvh", "two.bvh", "three.bvh")
    for jobs in (1, 2):
        assert prepare(tmp_path / "in", tmp_path / f"out{jobs}", {"name": "x", "skeleton": SKELETON}, jobs=jobs) == 0
    one, two = ((tmp_path / f"out{jobs}" / "index.jsonl").read_bytes() for jobs in (1, 2))
    assert one == two


def test_a_changed_profile_makes_the_clips_again(tmp_path: Path) -> None:
    put(tmp_path / "in", "one.bvh", "two.bvh")
    times = []
    for foot in ([0, -0.075, 0.09], [0, -0.075, 0.09], [0, -0.09, 0.075]):
        bones = {"left_ankle": foot, "right_ankle": foot}
        document = {"name": "plain", "skeleton": {**SKELETON, "t_pose": {"bones": bones}}}
        assert prepare(tmp_path / "in", tmp_path / "out", document) == 0
        times.append((tmp_path / "out" / "clips" / "plain-one.npz").stat().st_mtime_ns)
    assert times[0] == times[1] < times[2]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ('{"name": "x",\n}', "profile.json: line 2, column 1"),
        ({**LABELLED, "label": {}}, "profile.json.label is unknown; did you mean 'labels'?"),
        ({**LABELLED, "labels": {"emotion": {"glad": "hapy"}}}, "emotion 'hapy' is unknown; did you mean 'happy'?"),
        ({**LABELLED, "labels": {"emotion": {"glad": {"affect": {"joy": 0}}}}}, "labels.emotion.glad.affect is wrong"),
        ({**LABELLED, "labels": {"emotion": {"glad": {"evidence": "sure"}}}}, "glad.evidence must be one of mocap"),
        ({**LABELLED, "labels": {"content": {"amble": "stroll"}}}, "content.amble refers to no known action"),
        ({**LABELLED, "labels": {"content": {"amble": {"phrases": []}}}}, "amble.phrases must be a list of texts"),
        ({**LABELLED, "files": "("}, "--pattern is no regular expression"),
        ({**LABELLED, "labels": {}}, "'glad' (1 files, e.g. ana_glad_amble_1.bvh) is in no table; 1 other labels too"),
        ({**LABELLED, "skeleton": {**SKELETON, "unit": "ells"}}, "skeleton.unit must be one of m, cm, mm"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_profile_is_named(
    document: dict[str, Any] | str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "in", "ana_glad_amble_1.bvh")
    assert prepare(tmp_path / "in", tmp_path / "out", document) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and message in line
    assert not (tmp_path / "out").exists()
