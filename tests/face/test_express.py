"""The command `emomotion express`."""

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from sdk import express
from sdk.errors import EmoMotionError
from sdk.face.blendshapes import NAMES
from sdk.face.expressions import ameca_schema


def said(*args: str) -> str:
    done = CliRunner().invoke(express.command, list(args), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_resting_face_is_printed() -> None:
    lines = said("joy").splitlines()
    assert [line[:26].strip() for line in lines] == list(ameca_schema().names)
    assert any(line.startswith("Lip Corner Raise Left") and "+0." in line for line in lines)
    assert "mouthSmileLeft" in said("joy", "--blendshapes") and "mouthFrownLeft" not in said("joy", "--blendshapes")


def test_a_file_has_a_row_a_frame(tmp_path: Path) -> None:
    out = tmp_path / "face.csv"
    assert "120 frames of 30 controls" in said("joy", "--seconds", "4", "--fps", "30", "--out", str(out))
    found = rows(out)
    assert len(found) == 120 and list(found[0]) == ["seconds", *ameca_schema().names]
    assert float(found[30]["seconds"]) == pytest.approx(1)
    said("joy", "--seconds", "4", "--fps", "30", "--out", str(tmp_path / "again.csv"))
    assert rows(tmp_path / "again.csv") == found


def test_feelings_follow_each_other(tmp_path: Path) -> None:
    out = tmp_path / "face.csv"
    said("joy", "--then", "2", "sadness", "--seconds", "4", "--still", "--blendshapes", "--out", str(out))
    found = rows(out)
    assert list(found[0]) == ["seconds", *NAMES]
    assert float(found[119]["mouthSmileLeft"]) > 0.4 and float(found[119]["mouthFrownLeft"]) == 0
    assert float(found[-1]["mouthSmileLeft"]) == 0 and float(found[-1]["mouthFrownLeft"]) > 0.3


@pytest.mark.parametrize(
    "args",
    [
        ("jolly",), ("joy", "--then", "1", "jolly", "--out", "x.csv"), ("joy", "--range-set", "wide", "--out", "x.csv"),
        ("joy", "--then", "4", "anger", "--out", "x.csv"), ("joy", "--then", "1", "anger"), ("joy", "--still"),
        ("joy", "--range-set", "tight"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(args: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(express.command, list(args))
    assert isinstance(done.exception, EmoMotionError) and "\n" not in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_absent_is_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(express.command, ["joy", "--out", str(tmp_path / "absent" / "face.csv")])
    assert isinstance(done.exception, EmoMotionError) and "--out cannot be written" in str(done.exception)
    done = CliRunner().invoke(express.command, ["joy", "--out", str(tmp_path)])
    assert done.exit_code == 2 and "is a directory" in done.output
