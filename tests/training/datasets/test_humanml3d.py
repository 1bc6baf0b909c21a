"""HumanML3D folders: features to motion, texts to sub-clips, emotion words to weak labels; KIT-ML refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdk.console import run
from sdk.errors import MalformedFile
from sdk.motion import hml263
from sdk.motion.retarget import canonical
from tests.synthetic import walking
from training.data import load_index, load_motion
from training.datasets.humanml3d import TextLine, read_texts
from training.prepare import command

STD = np.full(263, 0.3)
STD[0], STD[1:3], STD[3], STD[259:] = 0.012826, 0.016927, 0.153766, 0.355933
TEXTS = {
    "000001": "a person walks forward.#a/DET person/NOUN walk/VERB forward/ADV#0.0#0.0\n"
    "a man walks angrily.#a/DET man/NOUN walk/VERB angrily/ADV#nan#nan\n",
    "000002": "someone walks#someone/PRON walk/VERB#0.0#0.0\n"
    "he takes steps#he/PRON take/VERB step/NOUN#1.0#2.5\n"
    "a man steps#a/DET man/NOUN step/VERB#1.0#2.5\n",
    "000003": "a person strolls#a/DET person/NOUN stroll/VERB#0.0#0.0\n",
}


def write_set(folder: Path) -> Path:
    for name in ("new_joint_vecs", "texts"):
        (folder / name).mkdir(parents=True)
    np.save(folder / "Mean.npy", np.zeros(263))
    np.save(folder / "Std.npy", STD)
    features = hml263.encode(walking(3.0, fps=20.0, speed=1.2))
    for name, text in TEXTS.items():
        for twin in (name, f"M{name}"):
            np.save(folder / "new_joint_vecs" / f"{twin}.npy", features)
            (folder / "texts" / f"{twin}.txt").write_text(text)
    for split, name in zip(("train", "val", "test"), TEXTS, strict=True):
        (folder / f"{split}.txt").write_text(f"{name}\nM{name}\n")
    return folder


def prepare(source: Path, out: Path) -> int:
    with pytest.raises(SystemExit) as left:
        run(command, ["humanml3d", str(source), "--out", str(out), "--jobs", "1"], name="prepare")
    return int(left.value.code or 0)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("humanml3d")
    assert prepare(write_set(folder / "in"), folder / "out") == 0
    return folder / "out"


def report_in(out: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return report


# --- movement ---------------------------------------------------------------------------------------------------------


def test_the_movement_comes_back_in_place_and_in_time(prepared: Path) -> None:
    out = load_motion(prepared, "humanml3d-000001")
    source = canonical(walking(3.0, fps=20.0, speed=1.2))
    assert out.fps == 30 and out.seconds == pytest.approx(2.95, abs=1 / 30)
    # 20 and 30 fps meet every tenth of a second.
    ours, theirs = out.positions[::3], source.positions[:59:2]
    assert len(ours) == len(theirs) == 30
    error = np.linalg.norm(ours - theirs, axis=-1).max(0)
    assert error[0] < 1e-3, "the path, to the millimetre"
    assert error[:12].max() < 2.5e-3, "legs and back"
    # The published collars are 6 mm longer on the right, so the chest that is solved from them leans a little.
    assert error.max() < 0.01
    speed = np.linalg.norm(out.root[-1] - out.root[0]) / out.seconds
    assert speed == pytest.approx(1.2, rel=0.005)


def test_ranges_become_clips_of_their_own(prepared: Path) -> None:
    lines = {line["id"]: line for line in load_index(prepared)}
    assert set(lines) == {"humanml3d-000001", "humanml3d-000002", "humanml3d-000002-2", "humanml3d-000003"}
    part = lines["humanml3d-000002-2"]
    assert part["captions"] == ["he takes steps", "a man steps"] and part["frames"] == 45
    whole, cut = load_motion(prepared, "humanml3d-000002"), load_motion(prepared, "humanml3d-000002-2")
    np.testing.assert_allclose(cut.positions, canonical(whole[30:75]).positions, atol=2e-3)


def test_splits_come_from_the_lists_and_twins_are_counted(prepared: Path) -> None:
    splits = {line["id"]: line["split"] for line in load_index(prepared)}
    assert splits["humanml3d-000001"] == "train" and splits["humanml3d-000003"] == "test"
    assert splits["humanml3d-000002"] == splits["humanml3d-000002-2"] == "val"
    report = report_in(prepared)
    assert report["left_out"] == {"mirrored twin; training mirrors its clips": 3}
    assert report["files"] == report["accounted"] == 6 and report["clips"] == 4


def test_an_emotion_word_is_a_weak_label_and_no_caption(prepared: Path) -> None:
    lines = {line["id"]: line for line in load_index(prepared)}
    walk, plain = lines["humanml3d-000001"], lines["humanml3d-000003"]
    assert (walk["affect"], walk["intensity"], walk["evidence"]) == ({"anger": 1.0}, 0.5, "text-mined")
    assert walk["captions"] == ["a person walks forward.", "a man walks."]
    assert walk["captions_as_written"] == ["a person walks forward.", "a man walks angrily."]
    assert walk["emotion_in_words"] is False
    assert (plain["affect"], plain["evidence"]) == ({"neutral": 1.0}, "none") and "captions_as_written" not in plain
    assert report_in(prepared)["emotion_labels"] == 1


# --- refusals ---------------------------------------------------------------------------------------------------------


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("Std.npy", "Std.npy is missing: is this a HumanML3D folder?"),
        ("test.txt", "test.txt is missing: the split comes from"),
        ("new_joint_vecs", "no .npy file lies in"),
    ],
)
def test_a_folder_that_is_not_whole_is_named(
    missing: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_set(tmp_path / "in")
    (source / missing).rename(source / "elsewhere")
    assert prepare(source, tmp_path / "out") == 2
    assert message in error_of(capsys)


def test_kit_is_refused_as_a_folder_and_as_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_set(tmp_path / "in")
    np.save(source / "new_joint_vecs" / "000001.npy", np.zeros((50, 251), np.float32))
    assert prepare(source, tmp_path / "out") == 0
    (skip,) = report_in(tmp_path / "out")["skips"]
    assert skip["reason"] == "251 features: this is KIT-ML (21 joints, 12.5 fps, mm), not HumanML3D"
    np.save(source / "Mean.npy", np.zeros(251))
    assert prepare(source, tmp_path / "out") == 2
    assert "Mean.npy has 251 values: this is KIT-ML" in error_of(capsys)


def test_files_nobody_can_train_on_have_a_reason(tmp_path: Path) -> None:
    source = write_set(tmp_path / "in")
    vectors = source / "new_joint_vecs"
    broken = np.load(vectors / "000001.npy")
    broken[3, 100] = np.nan
    np.save(vectors / "000001.npy", broken)
    np.save(vectors / "000002.npy", np.load(vectors / "000002.npy") - [*[0] * 3, 0.92, *[0] * 259])
    (source / "texts" / "000003.txt").unlink()
    np.save(vectors / "000004.npy", broken)
    (source / "train.txt").write_text("000001\n000009\n")
    np.save(vectors / "000005.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (source / "texts" / "000005.txt").write_text(TEXTS["000003"])
    (source / "val.txt").write_text("000002\n000005\n")
    assert prepare(source, tmp_path / "out") == 0
    report = report_in(tmp_path / "out")
    reasons = {skip["file"]: skip["reason"] for skip in report["skips"]}
    assert report["files"] == report["accounted"] and report["clips"] == 0
    assert "NaN" in reasons["000001.npy"]
    assert "normalised already?" in reasons["000002.npy"]
    assert reasons["000003.npy"] == "has no captions: texts/000003.txt is missing"
    assert reasons["000004.npy"] == "in none of train.txt, val.txt and test.txt"
    assert "no array of numbers" in reasons["000005.npy"], "objects are never unpickled"
    assert reasons["000009.npy"] == "listed, but the file is missing"


def test_a_name_in_two_lists_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_set(tmp_path / "in")
    (source / "val.txt").write_text("000001\n000002\n")
    assert prepare(source, tmp_path / "out") == 2
    assert "000001 stands in train.txt and in val.txt" in error_of(capsys)


# --- texts ------------------------------------------------------------------------------------------------------------


def test_a_line_is_read_from_the_right(tmp_path: Path) -> None:
    path = tmp_path / "1.txt"
    path.write_text("steps to mark #2 on the floor#step/VERB#0.0#0.0\r\n\r\n jumps #jump/VERB#0.5#2\n")
    assert read_texts(path) == [TextLine("steps to mark #2 on the floor", None), TextLine("jumps", (0.5, 2.0))]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("jumps#jump/VERB#0.0", "line 1: caption#tokens#from#to should stand here"),
        ("jumps#jump/VERB#a#b", "line 1: 'a' to 'b' are no seconds"),
        ("jumps#jump/VERB#3.0#2.0", "line 1: the range 3..2 s is empty"),
    ],
)
def test_a_broken_line_is_named(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "1.txt"
    path.write_text(line + "\n")
    with pytest.raises(MalformedFile, match=message):
        read_texts(path)
