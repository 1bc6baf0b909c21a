"""Preparation: every file accounted for, runs that go on where they stopped, and splits that leak nothing."""

import json
import os
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import training.datasets.preparation
from sdk.console import run
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from tests.synthetic import standing
from tests.training.synthetic_set import GOOD, SKIPPED, bandai_text, walk, write_set
from training.data import load_index, load_motion
from training.datasets.bandai_namco import STYLES, Label, find_clips, parse_label, split_of
from training.datasets.captions import captions, mirrored_caption
from training.datasets.preparation import check_motion
from training.prepare import command

KEYS = {
    "id", "frames", "split", "part", "content", "style", "take", "captions", "affect", "intensity", "evidence", "actor",
    "source", "licence", "source_sha256", "changes", "attribution",
}  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny set; never written to."""
    return write_set(tmp_path_factory.mktemp("source"))


def prepare(source: Path, out: Path, *options: str) -> int:
    with pytest.raises(SystemExit) as left:
        run(command, ["bandai", str(source), "--out", str(out), "--jobs", "1", *options], name="prepare")
    return int(left.value.code or 0)


@pytest.fixture(scope="module")
def prepared(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny set, prepared; never written to."""
    out = tmp_path_factory.mktemp("prepared") / "deep" / "out"
    assert prepare(source, out) == 0
    return out


def report_in(out: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return report


# --- what comes out ---------------------------------------------------------------------------------------------------


def test_every_file_is_a_clip_or_has_a_reason(prepared: Path, source: Path) -> None:
    report = report_in(prepared)
    assert report["files"] == report["accounted"] == len(GOOD) + len(SKIPPED)
    assert (report["clips"], report["skipped"]) == (len(GOOD), len(SKIPPED))
    reasons = {skip["file"]: skip["reason"] for skip in report["skips"]}
    assert set(reasons) == set(SKIPPED) and all(SKIPPED[name] in reason for name, reason in reasons.items())
    assert not any(name in reason for name, reason in reasons.items()), "a reason repeats the file's name"
    assert [line["id"] for line in load_index(prepared)] == sorted(GOOD)
    assert {path.stem for path in (prepared / "clips").iterdir()} == set(GOOD)


def test_skips_are_told_one_by_one(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare(source, tmp_path) == 0
    out = capsys.readouterr()
    total = len(GOOD) + len(SKIPPED)
    assert out.out == f"{total} of {total} files accounted for: {len(GOOD)} clips, {len(SKIPPED)} skipped\n"
    lines = out.err.splitlines()
    assert len(lines) == len(SKIPPED) and all(line.startswith("skipped ") for line in lines)
    assert all(any(name in line and reason in line for line in lines) for name, reason in SKIPPED.items())


def test_the_index_says_what_a_trainer_and_a_lawyer_need(prepared: Path) -> None:
    for line in load_index(prepared):
        assert set(line) == KEYS
        label = parse_label(Path(line["id"] + ".bvh"))
        assert (line["part"], line["content"], line["style"]) == (label.part, label.content, label.style)
        assert line["frames"] == len(load_motion(prepared, line["id"])) == 31
        assert line["captions"] == captions(label.content, label.style, count=24)
        assert line["licence"] == "CC-BY-NC-4.0" and line["changes"] and len(line["source_sha256"]) == 64
    lines = {line["id"]: line for line in load_index(prepared)}
    joy, old = lines["dataset-1_bow_happy_001"], lines["dataset-2_walk_elderly_001"]
    assert (joy["affect"], joy["intensity"], joy["evidence"]) == ({"joy": 1.0}, 1.0, "mocap")
    assert (old["affect"], old["evidence"]) == ({"neutral": 1.0}, "style")


def test_the_report_adds_up(prepared: Path) -> None:
    report, lines = report_in(prepared), load_index(prepared)
    assert report["frames"] == sum(line["frames"] for line in lines)
    minutes = report["frames"] / 30 / 60
    for key in ("split", "content", "style", "affect"):
        assert sum(report[f"minutes_by_{key}"].values()) == pytest.approx(minutes, abs=0.02)
    assert set(report["minutes_by_content"]) == {"walk", "walk-left", "bow"} and "CC BY-NC 4.0" in report["source"]


def test_clips_are_the_known_motions(prepared: Path) -> None:
    for number, name in enumerate(GOOD):
        m, out = walk(1.0, speed=0.9 + 0.04 * number), load_motion(prepared, name)
        assert out.fps == 30 and abs(out.root[0, [0, 2]]).max() < 1e-6
        m, out = (x.moved(-x.root[0]).turned(_facing(x)) for x in (m, out))
        np.testing.assert_allclose(out.positions, m.positions, atol=1e-5)


def _facing(m: Motion) -> np.ndarray:
    """The turn about Y alone that makes frame 0 look ahead."""
    x, y, z, w = m.rotations[0, 0]
    yaw = np.arctan2(2 * (x * z + y * w), 1 - 2 * (x * x + y * y))
    return np.array([0, -np.sin(yaw / 2), 0, np.cos(yaw / 2)])


def test_another_frame_rate_becomes_thirty(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    text = bandai_text(walk(1.0, fps=120.0), frame_time="0.00833333")
    (source / "dataset-1_walk_sad_001.bvh").write_text(text)
    assert prepare(source, tmp_path / "out") == 0
    out = load_motion(tmp_path / "out", "dataset-1_walk_sad_001")
    assert len(out) == 31
    speed = (out.root[-1, 2] - out.root[0, 2]) / out.seconds
    assert speed == pytest.approx(1.1, rel=0.05)


# --- refusals ---------------------------------------------------------------------------------------------------------


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("skipped ")]
    assert len(lines) == 1 and lines[0].startswith("error: "), lines
    return lines[0].removeprefix("error: ")


def test_strict_fails_after_the_work_is_done(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare(source, tmp_path, "--strict") == 2
    line = refusal(capsys)
    assert line.startswith("--strict: 5 files were skipped; the first: ") and any(name in line for name in SKIPPED)
    assert len(load_index(tmp_path)) == len(GOOD)


def test_strict_passes_where_nothing_is_skipped(source: Path, tmp_path: Path) -> None:
    assert prepare(source / "part-2", tmp_path, "--strict") == 0


def test_a_folder_without_bvh_files_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "source").mkdir()
    assert prepare(tmp_path / "source", tmp_path / "out") == 2
    assert refusal(capsys) == f"no .bvh file lies below {tmp_path / 'source'}"
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_absent_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare(tmp_path / "absent", tmp_path / "out") == 2
    assert "absent" in refusal(capsys)


def test_an_output_that_cannot_be_written_is_named(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert prepare(source, tmp_path / "file" / "out") == 2
    assert refusal(capsys).startswith("cannot write: Not a directory: ")


def test_a_full_disk_is_named_and_leaves_no_index(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        assert prepare(source, tmp_path) == 2
    assert refusal(capsys) == f"cannot write: No space left on device: {tmp_path}"
    assert not (tmp_path / "index.jsonl").exists() and not list((tmp_path / "clips").glob("*.npz"))


def test_two_files_of_one_name_are_one_clip(source: Path, tmp_path: Path) -> None:
    twice = tmp_path / "twice"
    shutil.copytree(source / "part-2", twice / "a")
    shutil.copytree(source / "part-2", twice / "b")
    assert prepare(twice, tmp_path / "out") == 0
    report = report_in(tmp_path / "out")
    assert report["files"] == report["accounted"] == 24 and report["clips"] == 12
    assert all(str(twice / "a") in skip["reason"] for skip in report["skips"])


@pytest.mark.parametrize("fault", ["short", "long", "jump"])
def test_clips_nobody_should_train_on_are_refused(fault: str) -> None:
    m = standing({"short": 0.4, "long": 66.0, "jump": 1.0}[fault])
    if fault == "jump":
        m.root[15:, 2] += 0.5
    with pytest.raises(InvalidInput, match={"short": "lasts 0.40 s", "long": "lasts 66", "jump": "at 15 m/s"}[fault]):
        check_motion(m)
    check_motion(standing(0.5))
    check_motion(standing(63.4))  # the longest of the real set


# --- going on ---------------------------------------------------------------------------------------------------------


def times(out: Path) -> dict[str, int]:
    return {path.stem: path.stat().st_mtime_ns for path in (out / "clips").glob("*.npz")}


@pytest.fixture
def own(source: Path, prepared: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Copies of the set and of what was prepared from it, to be damaged."""
    shutil.copytree(source, tmp_path / "source")
    shutil.copytree(prepared, tmp_path / "out")
    return tmp_path / "source", tmp_path / "out"


def test_a_second_run_makes_nothing_twice(own: tuple[Path, Path]) -> None:
    source, out = own
    before, index = times(out), (out / "index.jsonl").read_bytes()
    assert prepare(source, out) == 0
    assert times(out) == before and (out / "index.jsonl").read_bytes() == index


def test_a_changed_source_is_made_again_and_no_other(own: tuple[Path, Path]) -> None:
    source, out = own
    before = times(out)
    (source / "part-1" / "data" / "dataset-1_bow_happy_001.bvh").write_text(bandai_text(walk(1.5)))
    assert prepare(source, out) == 0
    assert [name for name, time in times(out).items() if time != before[name]] == ["dataset-1_bow_happy_001"]
    assert {line["id"]: line["frames"] for line in load_index(out)}["dataset-1_bow_happy_001"] == 46


def test_a_source_that_broke_leaves_the_index(own: tuple[Path, Path]) -> None:
    source, out = own
    (source / "part-1" / "data" / "dataset-1_bow_happy_001.bvh").write_text("HIERARCHY")
    assert prepare(source, out) == 0
    assert "dataset-1_bow_happy_001" not in [line["id"] for line in load_index(out)]
    assert report_in(out)["skipped"] == len(SKIPPED) + 1


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a whole archive", b"\x00" * 100])
def test_a_damaged_clip_is_made_again(content: bytes, own: tuple[Path, Path]) -> None:
    source, out = own
    victim = out / "clips" / f"{GOOD[3]}.npz"
    whole = load_motion(out, GOOD[3])
    victim.write_bytes(content)
    assert prepare(source, out) == 0
    np.testing.assert_array_equal(load_motion(out, GOOD[3]).root, whole.root)


def test_parts_of_a_killed_run_do_no_harm(own: tuple[Path, Path]) -> None:
    source, out = own
    (out / "clips" / f"{GOOD[0]}.npz").unlink()
    for part in (out / "clips" / f"{GOOD[0]}.part", out / "index.jsonl.part"):
        part.write_bytes(b"half")
    assert prepare(source, out) == 0
    assert len(load_index(out)) == len(GOOD) and len(load_motion(out, GOOD[0])) == 31


@pytest.mark.parametrize("killed_at", ["third clip", "report", "index"])
def test_a_killed_run_leaves_no_index_and_the_next_one_goes_on(
    killed_at: str, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    line_of, replace = training.datasets.preparation.index_line, os.replace

    def lines_until_the_third(planned: Any, *rest: Any) -> dict[str, Any]:
        seen.append(planned.id)
        if killed_at == "third clip" and len(seen) == 3:
            raise KeyboardInterrupt
        return line_of(planned, *rest)

    def replace_unless_killed(part: Path, target: Path) -> None:
        if target.name.startswith(killed_at):
            raise KeyboardInterrupt
        replace(part, target)

    with monkeypatch.context() as patch:
        patch.setattr(training.datasets.preparation, "index_line", lines_until_the_third)
        patch.setattr(os, "replace", replace_unless_killed)
        assert prepare(source, tmp_path) == 130
    assert not (tmp_path / "index.jsonl").exists()
    before = times(tmp_path)
    assert len(before) >= 3
    with pytest.raises(InvalidInput, match="does not exist; run: python -m training.prepare"):
        load_index(tmp_path)
    assert prepare(source, tmp_path) == 0
    assert len(load_index(tmp_path)) == len(GOOD)
    assert {name: time for name, time in times(tmp_path).items() if name in before} == before


# --- names and splits -------------------------------------------------------------------------------------------------


def test_a_name_says_part_content_style_and_take() -> None:
    label = parse_label(Path("anywhere/dataset-2_raise-up-both-hands_not-confident_017.bvh"))
    assert label == Label(2, "raise-up-both-hands", "not-confident", 17)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dataset-3_walk_happy_001.bvh", "file name is not"),
        ("dataset-1_walk_happy.bvh", "file name is not"),
        ("dataset-1_walk_happy_one.bvh", "file name is not"),
        ("dataset-1_walk_Happy_001.bvh", "style 'Happy' has no affect; add it to training/datasets/bandai_namco.py"),
        ("dataset-1_swim_happy_001.bvh", "content 'swim' has no wording; add it to training/datasets/captions.py"),
        ("dataset-1_walk-side_happy_001.bvh", "content 'walk-side' has no wording"),
    ],
)
def test_an_unknown_label_is_never_taken_as_neutral(name: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parse_label(Path(name))


def test_each_style_has_one_affect_and_an_evidence() -> None:
    assert {evidence for _, evidence in STYLES.values()} == {"mocap", "proxy", "style"}
    labels = {style: affect.label for style, (affect, evidence) in STYLES.items() if evidence == "mocap"}
    assert labels == {"normal": "neutral", "happy": "joy", "sad": "sadness", "angry": "anger"}
    assert all(affect.label == "neutral" for affect, evidence in STYLES.values() if evidence == "style")
    assert all(affect.label != "neutral" for affect, evidence in STYLES.values() if evidence == "proxy")


SET_1 = ["walk", "walk-back", "walk-left", "walk-right", "run", "dash", "bow", "bye", "byebye", "guide"]
STYLES_1 = ["normal", "happy", "sad", "angry", "giant"]


def many_labels() -> list[Label]:
    """Both parts in the real set's proportions."""
    first = [Label(1, c, s, k) for s in STYLES_1 for c in SET_1 for k in range(1, 2 + (c == "walk"))]
    sizes = {("walk", "elderly"): 60, ("run", "elderly"): 23, ("walk", "normal"): 5, ("run", "normal"): 4}
    # Numbers have holes: clips that the original set has and this copy has not.
    return first + [Label(2, c, s, 1 + k + k // 3) for (c, s), count in sizes.items() for k in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_the_split_does_not_depend_on_the_order_of_files(seed: int) -> None:
    labels = many_labels()
    expected = split_of(labels)
    assert set(expected) == set(labels) and set(expected.values()) == {"train", "val", "guard"}
    random.Random(seed).shuffle(labels)
    assert split_of(labels) == expected


def test_repeats_of_one_take_never_straddle() -> None:
    split = split_of(many_labels())
    groups: dict[tuple[str, str], list[str]] = {}
    for label in sorted(split, key=lambda label: label.take):
        if label.part == 2:
            groups.setdefault((label.content, label.style), []).append(split[label])
    assert groups["walk", "elderly"] == ["train"] * 52 + ["guard"] * 2 + ["val"] * 6
    assert groups["run", "elderly"] == ["train"] * 19 + ["guard"] * 2 + ["val"] * 2
    assert groups["walk", "normal"] == ["train"] * 2 + ["guard"] * 2 + ["val"]
    assert groups["run", "normal"] == ["train"] * 4  # too few to hold any out


def test_the_first_part_holds_out_whole_pairs() -> None:
    split = {label: side for label, side in split_of(many_labels()).items() if label.part == 1}
    held = {(label.content, label.style) for label, side in split.items() if side == "val"}
    assert sorted(style for _, style in held) == ["angry", "giant", "happy", "sad"]
    assert "walk" not in {content for content, _ in held}
    assert all((side == "val") == ((label.content, label.style) in held) for label, side in split.items())


def test_no_training_clip_mirrors_into_a_held_out_pair() -> None:
    labels = many_labels()
    split = {label: side for label, side in split_of(labels).items() if label.part == 1}
    held = {(label.content, label.style) for label, side in split.items() if side == "val"}
    trained = {(label.content, label.style) for label, side in split.items() if side == "train"}
    assert not held & {(mirrored_caption(content), style) for content, style in trained}
    guarded = {(label.content, label.style) for label, side in split.items() if side == "guard"}
    assert guarded == {(mirrored_caption(c), s) for c, s in held if mirrored_caption(c) != c}
    assert guarded, "the labels of this test hold out no content with a side, so it shows nothing"


def test_one_part_does_not_move_the_split_of_the_other() -> None:
    labels = many_labels()
    whole = split_of(labels)
    for part in (1, 2):
        alone = split_of(label for label in labels if label.part == part)
        assert alone == {label: side for label, side in whole.items() if label.part == part}


def test_the_split_reaches_the_index(prepared: Path) -> None:
    sides = {line["id"]: line["split"] for line in load_index(prepared)}
    assert [sides[f"dataset-2_walk_elderly_{k:03d}"] for k in range(1, 13)] == ["train"] * 9 + ["guard"] * 2 + ["val"]
    assert sides["dataset-1_walk_happy_001"] == "train"
    assert sorted(sides[f"dataset-1_{c}_happy_001"] for c in ("bow", "walk-left")) == ["train", "val"]


@pytest.mark.mocap
def test_every_name_of_the_real_set_has_words_affect_and_split(mocap_path: Path) -> None:
    labels = [parse_label(path) for path in find_clips(mocap_path)]
    split = split_of(labels)
    assert len(split) == len(labels) >= 2839
    share = sum(side == "val" for side in split.values()) / len(split)
    assert 0.05 < share < 0.15
