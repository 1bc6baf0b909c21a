"""A composed clip made again from its sidecar, with the bundle that comes along."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from sdk import clip, compose
from sdk.clips.read import read_tags

SCRIPT = """
beats:
  - {text: a person walks forward, emotion: joy, seconds: 1}
  - {text: a person waves, emotion: "sadness:0.6,fear:0.4", intensity: 1, seconds: 1}
post: {lock_feet: true, smooth: 0.2}
"""


@pytest.mark.parametrize("suffix", [".glb", ".bvh"])
def test_a_composition_is_made_again_to_the_byte(suffix: str, tmp_path: Path, bundle_path: Path) -> None:
    (tmp_path / "script.yaml").write_text(SCRIPT)
    first, second = tmp_path / f"a{suffix}", tmp_path / "new" / f"a{suffix}"
    second.parent.mkdir()
    made = CliRunner().invoke(compose.command, [str(tmp_path / "script.yaml"), "--out", str(first)])
    assert made.exit_code == 0, made.output
    done = CliRunner().invoke(clip.command, ["--again", f"{first}.emotion.json", "--out", str(second)])
    assert done.exit_code == 0 and "again    the same file to the byte" in done.output, done.output
    for end in ("", ".emotion.json"):
        assert Path(f"{second}{end}").read_bytes() == Path(f"{first}{end}").read_bytes()
    tags = read_tags(second).tags
    assert [s.affect.label for s in tags.segments] == ["joy", "sadness"]
    assert set(tags.made_with) == {"onnxruntime", "processor", "sdk"}
