"""What is done to a finished motion: in order, only what was asked for, and said in the tags."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from sdk.clip_again import read_recipe
from sdk.clips.read import read_tags
from sdk.clips.read_motion import read_motion
from sdk.clips.tags import ClipTags
from sdk.clips.write import write_clip
from sdk.emotion import Affect
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.contacts import TOES, planted_feet, runs
from sdk.post import Post, command, post_process
from tests.service.programs import ENVIRONMENT
from tests.synthetic import walking


def test_nothing_is_done_unasked() -> None:
    walk = walking(2.0)
    assert post_process(walk, Post()) is walk and not Post() and Post().steps == ()


def test_feet_stand_after_everything_else() -> None:
    walk = walking(4.0).moved(np.array([0, 0.15, 0]))
    post = Post(lock_feet=True, ground=True, smooth=1.0)
    out = post_process(walk, post)
    toes = planted_feet(out)[1]
    assert toes.mean(0).min() > 0.3
    ways = [
        np.linalg.norm(np.ptp(out.positions[a:b, TOES[f]][:, [0, 2]], axis=0))
        for f in (0, 1)
        for a, b in runs(toes[:, f])
    ]
    assert max(ways) < 0.005 and post
    assert post.steps == (("post", {"lock_feet": True, "ground": True, "smooth": 1.0}),)


@pytest.mark.parametrize("smooth", [-0.1, 1.1, float("nan")])
def test_smooth_has_a_range(smooth: float) -> None:
    with pytest.raises(InvalidInput, match="smooth must lie in 0..1") as caught:
        Post(smooth=smooth)
    assert caught.value.field == "post.smooth"


TAGS = ClipTags(
    prompt="a person walks",
    requested=Affect.of("joy"),
    applied=Affect.of("joy"),
    seed=7,
    plan="best",
    licence="CC0-1.0",
)


def test_a_clip_file_is_done_once_more_with_its_tags(tmp_path: Path) -> None:
    walk, out = write_clip(tmp_path / "walk.glb", walking(2.0), TAGS)[0], tmp_path / "still.bvh"
    before = walk.read_bytes()
    arguments = [str(walk), "--out", str(out), "--lock-feet", "--smooth", "0.5"]
    result = CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
    assert result.output.splitlines() == [f"written  {out}", f"written  {out}.emotion.json"]
    tags = read_tags(out).tags
    assert (tags.seed, tags.prompt) == (7, "a person walks")
    assert tags.postprocess == (("post of a file", {"lock_feet": True, "smooth": 0.5}),)
    with pytest.raises(InvalidInput, match="went through post of a file, which is done by other commands"):
        read_recipe(out)
    expected = post_process(read_motion(walk), Post(lock_feet=True, smooth=0.5))
    assert np.abs(read_motion(out).positions - expected.positions).max() < 1e-4 and walk.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (["walk.glb", "--out", "new.glb"], InvalidInput, "nothing to do: say --lock-feet"),
        (["walk.glb", "--out", "walk.glb", "--ground"], InvalidInput, "is the clip itself"),
        (["walk.glb", "--out", "new.doc", "--ground"], InvalidInput, "file type '.doc' is unknown"),
        (["lost.glb", "--out", "new.glb", "--ground"], InvalidInput, "cannot read: No such file"),
        (["walk.glb", "--out", "new.glb", "--smooth", "2"], InvalidInput, "smooth must lie in 0..1"),
        (["bare.bvh", "--out", "new.glb", "--ground"], MalformedFile, "carries no emotion tags"),
    ],
)
def test_what_cannot_be_done_leaves_everything_as_it_was(
    arguments: list[str], error: type[Exception], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(Path("walk.glb"), walking(1.0), TAGS)
    write_clip(Path("bare.bvh"), walking(1.0), TAGS)[1].unlink()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(error, match=words):
        CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_runtime_does_without_the_command() -> None:
    code = "import sys, sdk.post; print(sorted({'click', 'sdk.clips.write'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
