"""What `emomotion edit` refuses: it says what was probably meant."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from sdk.edit import command
from sdk.errors import InvalidInput
from sdk.motion.bvh import bvh_text
from tests.synthetic import walking


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), r"--redo, --keep, --upper, --loop or a longer --seconds$"),
        (("--speed", "1.3"), r"add --redo 0:4 "),
        (("--lock-feet",), r"emomotion post walk\.bvh"),
        (("--seconds", "2"), r"lasts 4 s already"),
    ],
)
def test_an_edit_that_changes_nothing_says_what_to_add(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    assert re.search(says, refusal(tmp_path, "new.glb", *options))


def test_the_clip_itself_is_not_written_over(tmp_path: Path) -> None:
    assert "is the clip itself" in refusal(tmp_path, "walk.bvh", "--redo", "1:2")


def refusal(folder: Path, out: str, *options: str) -> str:
    clip = folder / "walk.bvh"
    clip.write_text(bvh_text(walking(4.0)))
    before = clip.read_bytes()
    arguments = [str(clip), "--text", "a person waves", "--out", str(folder / out), *options]
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert isinstance(result.exception, InvalidInput) and clip.read_bytes() == before
    return str(result.exception)
