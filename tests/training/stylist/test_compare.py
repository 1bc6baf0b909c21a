"""The comparison with real styles: its figures, its verdicts, its files."""

import json
from pathlib import Path

import pytest
from PIL import Image

from sdk.console import run
from tests.training.stylist.tiny_set import CLIPS, write_prepared
from training.stylist.compare import STYLES, UNITS, Row, command, compare, table


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prepared(tmp_path_factory.mktemp("compare") / "prepared")


def asked(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        run(command, list(arguments), name="compare")
    return int(left.value.code or 0)


def row(**changes: object) -> Row:
    values = {"emotion": "joy", "cue": "speed", "unit": "ratio", "contents": 4, "real": 0.4, "real_share": 1.0,
              "stylist": 0.4}  # fmt: skip
    return Row(**(values | changes))  # type: ignore[arg-type]


def test_every_emotion_with_a_real_style_and_every_cue_is_compared(data: Path) -> None:
    rows = compare(data)
    assert {(r.emotion, r.cue) for r in rows} == {(e.label, cue) for e in STYLES.values() for cue in UNITS}
    sad = {r.cue: r for r in rows if r.emotion == "sadness"}
    assert sad["speed"].real < 0 and sad["speed"].stylist < 0  # the made-up sad walk is slower, and so is the stylist's


def test_at_intensity_zero_the_stylist_changes_nothing(data: Path) -> None:
    assert all(r.stylist == 0 for r in compare(data, intensity=0.0))


def test_an_effect_is_clear_when_contents_agree_and_it_is_large_enough() -> None:
    assert row().clear
    assert not row(real_share=0.5).clear
    assert not row(real=0.05).clear
    assert not row(unit="deg", real=2.0).clear


def test_the_table_says_what_goes_against_the_real_style() -> None:
    said = table([row(), row(cue="bounce", stylist=-0.4), row(cue="arm_swing", stylist=0.1), row(real_share=0.5)])
    verdicts = [line.split("  ")[-1].strip() for line in said.splitlines()]
    assert verdicts[1:5] == ["same way", "AGAINST", "same way, but weaker", "not clear"]
    assert verdicts[5] == "2 of 3 clear effects point the same way, 1 are 0.5 to 1.5 x as big"


def test_the_command_prints_the_table_and_writes_both_kinds_of_file(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(str(data), "--out", str(tmp_path / "cues.json")) == 0
    assert "clear effects point the same way" in capsys.readouterr().out
    rows = json.loads((tmp_path / "cues.json").read_text())["rows"]
    assert len(rows) == len(STYLES) * len(UNITS)
    assert asked(str(data), "--out", str(tmp_path / "cues.png")) == 0
    assert Image.open(tmp_path / "cues.png").size[0] > 400


def test_what_it_cannot_do_is_named(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(str(data), "--out", str(tmp_path / "cues.txt")) == 2
    assert "--out must end in .json or .png" in capsys.readouterr().err
    bare = write_prepared(tmp_path / "bare", [clip for clip in CLIPS if clip[2] == "normal"])
    assert asked(str(bare)) == 2
    assert "has no content in both styles" in capsys.readouterr().err
