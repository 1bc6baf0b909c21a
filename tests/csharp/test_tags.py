"""Clips that the SDK writes, read by the code of the Unity importer."""

from dataclasses import replace
from pathlib import Path

import pytest

from sdk.clips.tags import ClipTags
from sdk.clips.write import write_clip
from sdk.emotion import Affect
from sdk.runtime.track import Segment
from tests.csharp.probing import Probe
from tests.synthetic import walking

JOY = Affect.of("joy:3,fear:1", 0.8)
TAGS = ClipTags(
    prompt='a person "runs", läuft', requested=JOY, applied=JOY, seed=2**64 - 1, plan="default", licence="CC BY-NC 4.0",
    bundle_sha256="5a" * 32, seconds=2.0, segments=(Segment(0, 1, JOY), Segment(1, 2, Affect.of("anger", 0.25))),
    extra={"studio": {"shot": [1, None, True]}},
)  # fmt: skip


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "run.glb"
    write_clip(path, walking(2.0), TAGS)
    return path


@pytest.mark.parametrize("suffix", ["", ".emotion.json"], ids=["glb", "sidecar"])
def test_tags_are_read(clip: Path, probe: Probe, suffix: str) -> None:
    read = probe.one("tags", f"{clip}{suffix}")
    assert read["prompt"] == TAGS.prompt and read["label"] == "joy" and read["seed"] == str(TAGS.seed)
    assert read["joy"] == pytest.approx(0.75) and read["intensity"] == pytest.approx(0.8)
    assert read["segments"] == 2 and read["late"] == 0.25 and read["duration"] == 2.0
    assert read["licence"] == TAGS.licence and read["sha"] == TAGS.bundle_sha256 and not read["loop"]
    assert read["file"] == ("run.glb" if suffix else "")


def test_a_clip_in_place_says_so(tmp_path: Path, probe: Probe) -> None:
    path = tmp_path / "stand.glb"
    write_clip(path, walking(2.0), replace(TAGS, root_motion="in_place", loop=True))
    read = probe.one("tags", str(path))
    assert read["inplace"] and read["loop"]
