"""File names: safe everywhere, told apart, and never outside the folder."""

from pathlib import Path

import pytest

from sdk.batch.names import MAX_BYTES, stem_of, stems
from sdk.batch.rows import Row, read_list
from sdk.errors import InvalidInput


def row(tmp_path: Path, prompt: str, **fields: str) -> Row:
    path = tmp_path / "clips.csv"
    cells = [["prompt", *fields], [prompt, *fields.values()]]
    path.write_text("".join("\t".join(line) + "\n" for line in cells), encoding="utf-8")
    return read_list(path)[0]


def test_a_name_tells_what_is_in_the_file(tmp_path: Path) -> None:
    found = stem_of(row(tmp_path, "A person walks, then runs!", emotion="joy:0.6,trust:0.4", seed="7"))
    assert str(found) == "A-person-walks-then-runs_joy-0.6-trust-0.4_0.7_s7"


def test_a_pattern_makes_folders(tmp_path: Path) -> None:
    assert str(stem_of(row(tmp_path, "walk", emotion="joy", name="{emotion}/take {number}"))) == "joy/take 0001"


@pytest.mark.parametrize("prompt", ["läuft vorwärts", "人が歩く", "человек идёт", "شخص يمشي"])
def test_letters_of_every_language_stay(prompt: str, tmp_path: Path) -> None:
    assert str(stem_of(row(tmp_path, prompt, name="{prompt}"))) == prompt.replace(" ", "-")


@pytest.mark.parametrize("prompt", ["../../etc/passwd", "a/b\\c:d*e?", "con", "..hidden", "人" * 400, "a" * 900])
def test_no_prompt_leaves_the_folder_or_breaks_a_system(prompt: str, tmp_path: Path) -> None:
    found = str(stem_of(row(tmp_path, prompt, name="{prompt}")))
    assert not set(found) & set('/\\:*?"<>|') and not found.startswith(".") and found.lower() != "con"
    assert 0 < len(found.encode()) <= MAX_BYTES


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("{mood}", "holds {mood}, which is unknown; known: {prompt}"),
        ("{prompt.__class__}", "which is unknown"),
        ("{prompt!r}", "which is unknown"),
        ("{seed:>99999999}", "which is unknown"),
        ("{prompt", "a brace without its other"),
        ("../{prompt}", "which is no file name"),
        ("/{prompt}", "which is no file name"),
        ("a//b", "which is no file name"),
        (".{prompt}", "which is no file name"),
    ],
)
def test_patterns_that_are_refused(pattern: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        stem_of(row(tmp_path, "walk", name=pattern))
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "prompt\nwalk\nwalk\n",
            "line 3: its file walk_neutral_1_s461893 is that of line 2 too; it asks for the same clip",
        ),
        ("prompt,seconds,seed\nwalk,2,1\nwalk,3,1\n", "put {seconds} into the name"),
        ("prompt,seed\nwalk!,1\nwalk?,1\n", "put {number} into the name"),
        ("prompt,seed\nWalk,1\nwalk,1\n", "is that of line 2 too"),  # one file on Windows and macOS
        ("prompt,name\nwalk,a\nrun,a\n", "put {prompt} into the name, e.g. a_{prompt}"),
    ],
)
def test_names_that_meet_are_told_with_a_remedy(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "clips.csv"
    path.write_text(text)
    found = stems(read_list(path))[1]
    assert len(found) == 1 and words.replace("461893", str(read_list(path)[0].seed)) in found[0]
