"""Loaders of BVH sets: what was moved comes back to the millimetre, in metres and seconds, and nothing gets lost."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdk.console import run
from sdk.motion.motion import Motion
from sdk.motion.retarget import canonical
from sdk.motion.skeleton import JOINT
from tests.synthetic import standing, walking
from tests.training.datasets.rigs import AXIS_NEURON, ROOT_CHANNELS, XSENS, Rig, bvh_of
from training.data import load_index, load_motion
from training.prepare import command

SETS: dict[str, tuple[Rig, str, float, str]] = {
    "emilya": (XSENS, "Ana_Joy_Walking_1.bvh", 120.0, "0.008333"),
    "physionet": (AXIS_NEURON, "BVH/F01/F01H1V1.bvh", 125.0, "0.008000"),
    "100style": (XSENS, "Elated/Elated_FW_1.bvh", 60.0, "0.016667"),
}
"""Subcommand -> rig, a file of it, its frame rate and how the files write that down."""


def prepare(kind: str, source: Path, out: Path, *options: str) -> int:
    with pytest.raises(SystemExit) as left:
        run(command, [kind, str(source), "--out", str(out), "--jobs", "1", *options], name="prepare")
    return int(left.value.code or 0)


def put(folder: Path, name: str, motion: Motion, rig: Rig, **how: Any) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(bvh_of(motion, rig, **how), newline="")


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, lines
    return lines[0]


def report_in(out: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return report


# --- the movement -----------------------------------------------------------------------------------------------------


def test_the_layouts_are_those_of_the_programs() -> None:
    for rig, nodes, joints in ((XSENS, 28, 23), (AXIS_NEURON, 72, 59)):
        text = bvh_of(standing(0.1), rig)
        assert text.count("JOINT") + text.count("ROOT") == joints
        assert joints + text.count("End Site") == nodes
    assert bvh_of(standing(0.1), AXIS_NEURON).count(ROOT_CHANNELS) == 59
    assert bvh_of(standing(0.1), XSENS).count(ROOT_CHANNELS) == 1


@pytest.mark.parametrize("kind", SETS)
def test_positions_come_back_to_the_millimetre(kind: str, tmp_path: Path) -> None:
    rig, name, fps, frame_time = SETS[kind]
    motion = walking(1.2, fps=fps, speed=1.3)
    if rig is AXIS_NEURON:  # its toes have no rotation of their own
        motion.rotations[:, [JOINT["left_foot"], JOINT["right_foot"]]] = [0, 0, 0, 1]
    put(tmp_path / "in", name, motion, rig, frame_time=frame_time, yaw=2.0)
    assert prepare(kind, tmp_path / "in", tmp_path / "out") == 0
    (line,) = load_index(tmp_path / "out")
    out = load_motion(tmp_path / "out", line["id"])
    expected = canonical(motion.resampled(30.0))
    assert len(out) == len(expected) == line["frames"] == 37
    np.testing.assert_allclose(out.positions, expected.positions, atol=1e-3)


@pytest.mark.parametrize("kind", SETS)
def test_the_path_has_the_performers_speed(kind: str, tmp_path: Path) -> None:
    rig, name, fps, frame_time = SETS[kind]
    put(tmp_path / "in", name, walking(2.0, fps=fps, speed=1.2), rig, frame_time=frame_time)
    assert prepare(kind, tmp_path / "in", tmp_path / "out") == 0
    (line,) = load_index(tmp_path / "out")
    out = load_motion(tmp_path / "out", line["id"])
    # Scaled by the legs alone: a root path left in another unit is 6.5 x off, sampling by stride 0.5 x.
    assert np.linalg.norm(out.root[-1] - out.root[0]) / out.seconds == pytest.approx(1.2, rel=0.01)
    assert out.seconds == pytest.approx(2.0, abs=1 / 30)
    assert report_in(tmp_path / "out")["speed_by_content"][line["content"]] == pytest.approx(1.2, rel=0.02)


def test_hips_and_not_the_chest_is_the_pelvis(tmp_path: Path) -> None:
    motion = walking(0.6, fps=120.0, stoop=0.3)
    put(tmp_path / "in", "Ana_Joy_Walking_1.bvh", motion, XSENS)
    assert prepare("emilya", tmp_path / "in", tmp_path / "out") == 0
    out = load_motion(tmp_path / "out", "emilya-Ana-Joy-Walking-1")
    np.testing.assert_allclose(out.root[:, 1], canonical(motion.resampled(30.0)).root[:, 1], atol=1e-3)
    assert out.root[:, 1].mean() < 1.0


# --- Emilya -----------------------------------------------------------------------------------------------------------

EMOTIONS = ("Joy", "Anger", "Panic Fear", "Anxiety", "Sadness", "Shame", "Pride", "Neutral")


@pytest.fixture(scope="module")
def emilya(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven actors, each with two emotions, all eight among them; prepared."""
    folder = tmp_path_factory.mktemp("emilya")
    still = bvh_of(walking(0.6, fps=40.0), XSENS)
    for actor in range(11):
        for emotion in (EMOTIONS[actor % 8], EMOTIONS[(actor + 3) % 8]):
            path = folder / "in" / f"A{actor:02d}_{emotion}_Sitting Down_1.bvh"
            path.parent.mkdir(exist_ok=True)
            path.write_text(still)
    assert prepare("emilya", folder / "in", folder / "out") == 0
    return folder / "out"


def test_nobody_is_on_both_sides(emilya: Path) -> None:
    sides: dict[str, set[str]] = {}
    for line in load_index(emilya):
        sides.setdefault(line["split"], set()).add(line["actor"])
    assert set(sides) == {"train", "val"} and not sides["train"] & sides["val"]
    assert len(sides["train"] | sides["val"]) == 11 and len(sides["val"]) == 2


def test_no_class_is_left_out_and_each_is_mapped(emilya: Path) -> None:
    lines = load_index(emilya)
    assert len(lines) == 22 and report_in(emilya)["skipped"] == 0
    found = {line["style"]: (line["affect"], line["evidence"]) for line in lines}
    assert found == {
        "joy": ({"joy": 1.0}, "mocap"),
        "anger": ({"anger": 1.0}, "mocap"),
        "panic-fear": ({"fear": 1.0}, "mocap"),
        "anxiety": ({"fear": pytest.approx(2 / 3), "anticipation": pytest.approx(1 / 3)}, "proxy"),
        "sadness": ({"sadness": 1.0}, "mocap"),
        "ashamed": ({"neutral": 1.0}, "style"),
        "proud": ({"neutral": 1.0}, "style"),
        "normal": ({"neutral": 1.0}, "mocap"),
    }
    for line in lines:
        assert line["content"] == "sit-down" and "sits down" in line["captions"][0]
        told = " ".join(line["captions"])
        assert ("asham" in told) == (line["style"] == "ashamed") and "joy" not in told and "fear" not in told


def test_the_index_has_what_every_set_has(emilya: Path) -> None:
    for line in load_index(emilya):
        assert {"id", "frames", "split", "content", "style", "take", "captions", "affect", "intensity", "evidence",
                "actor", "source", "licence", "source_sha256", "changes", "attribution"} == set(line)  # fmt: skip
        assert line["source"] == "Emilya" and "Pelachaud" in line["attribution"] and len(line["source_sha256"]) == 64


def test_a_long_recording_is_cut_and_not_dropped(tmp_path: Path) -> None:
    motion = walking(45.0, fps=30.0, speed=0.2)
    # The rounded frame time says 44.9996 s; the last frame counts all the same.
    put(tmp_path / "in", "Ana_Joy_Walking_1.bvh", motion, XSENS, frame_time="0.033333")
    assert prepare("emilya", tmp_path / "in", tmp_path / "out") == 0
    lines = load_index(tmp_path / "out")
    assert [line["id"] for line in lines] == [f"emilya-Ana-Joy-Walking-1-{k}" for k in (1, 2, 3)]
    assert sum(line["frames"] for line in lines) == len(motion.resampled(30.0))
    assert {line["split"] for line in lines} == {"train"} and report_in(tmp_path / "out")["accounted"] == 1
    middle = load_motion(tmp_path / "out", lines[1]["id"])
    expected = canonical(motion.resampled(30.0)[450:900])
    np.testing.assert_allclose(middle.positions, expected.positions, atol=1e-3)


def test_a_second_run_makes_nothing_twice(tmp_path: Path) -> None:
    put(tmp_path / "in", "Ana_Joy_Walking_1.bvh", walking(25.0, fps=20.0), XSENS)
    clips = tmp_path / "out" / "clips"
    times = []
    for _ in range(2):
        assert prepare("emilya", tmp_path / "in", tmp_path / "out") == 0
        times.append({path.name: path.stat().st_mtime_ns for path in clips.iterdir()})
    assert len(times[0]) == 2 and times[0] == times[1]
    put(tmp_path / "in", "Ana_Joy_Walking_1.bvh", walking(26.0, fps=20.0), XSENS)
    assert prepare("emilya", tmp_path / "in", tmp_path / "out") == 0
    assert all(path.stat().st_mtime_ns > times[0][path.name] for path in clips.iterdir())


def test_an_unknown_label_is_an_error_and_never_neutral(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("Ana_Joy_Walking_1.bvh", "Ana_Bored_Walking_1.bvh", "Bea_Bored_Walking_1.bvh"):
        put(tmp_path / "in", name, standing(0.6), XSENS)
    assert prepare("emilya", tmp_path / "in", tmp_path / "out") == 2
    line = refusal(capsys)
    assert "emotion 'Bored' (2 files, e.g. Ana_Bored_Walking_1.bvh) is in no table; add it to --labels" in line
    assert "panicfear" in line and not (tmp_path / "out").exists()
    labels = tmp_path / "labels.json"
    labels.write_text('{"emotion": {"Bored": {"affect": {"disgust": 1}, "intensity": 0.3, "evidence": "proxy"}}}')
    assert prepare("emilya", tmp_path / "in", tmp_path / "out", "--labels", str(labels)) == 0
    bored = [line for line in load_index(tmp_path / "out") if line["style"] == "bored"]
    assert [(b["affect"], b["intensity"], b["evidence"]) for b in bored] == [({"disgust": 1.0}, 0.3, "proxy")] * 2


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"(?P<emotion>[^_]+)_.*\.bvh", "lacks the group (?P<actor>...)"),
        (r"(?P<actor>[^_]+)_(?P<mood>[^_]+)\.bvh", "has the group 'mood'; known: emotion, style, content"),
        (r"(?P<actor>[^_]+", "is no regular expression"),
        (r"(?P<actor>\d+)_(?P<emotion>\d+)\.bvh", "none of 1 files matches the pattern"),
    ],
)
def test_a_wrong_pattern_is_named(
    pattern: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "in", "Ana_Joy_Walking_1.bvh", standing(0.6), XSENS)
    assert prepare("emilya", tmp_path / "in", tmp_path / "out", "--pattern", pattern) == 2
    assert message in refusal(capsys)


def test_labels_may_stand_in_folders(tmp_path: Path) -> None:
    for actor in ("Ana", "Bea"):
        put(tmp_path / "in", f"Joy/Walking/{actor}.bvh", walking(0.6), XSENS)
    pattern = r"(?P<emotion>[^/]+)/(?P<content>[^/]+)/(?P<actor>[^/]+)\.bvh"
    assert prepare("emilya", tmp_path / "in", tmp_path / "out", "--pattern", pattern) == 0
    lines = load_index(tmp_path / "out")
    assert {(line["actor"], line["style"], line["content"]) for line in lines} == {
        ("Ana", "joy", "walk"),
        ("Bea", "joy", "walk"),
    }


def test_files_that_are_no_clips_have_a_reason(tmp_path: Path) -> None:
    put(tmp_path / "in", "Ana_Joy_Walking_1.bvh", walking(0.8), XSENS)
    put(tmp_path / "in", "calibration.bvh", standing(0.6), XSENS)
    put(tmp_path / "in", "Ana_Joy_Walking_2.bvh", walking(0.2), XSENS)
    put(tmp_path / "in", "Ana_Joy_Walking_3.bvh", walking(0.8), AXIS_NEURON)
    (tmp_path / "in" / "Ana_Joy_Walking_4.bvh").write_text("HIERARCHY\nROOT Hips\n")
    assert prepare("emilya", tmp_path / "in", tmp_path / "out") == 0
    report = report_in(tmp_path / "out")
    reasons = {skip["file"]: skip["reason"] for skip in report["skips"]}
    assert report["files"] == report["accounted"] == 5 and report["clips"] == 1 and len(reasons) == 4
    assert "does not match" in reasons["calibration.bvh"]
    assert "lasts 0.20 s" in reasons["Ana_Joy_Walking_2.bvh"]
    assert "the clip lacks Chest2, " in reasons["Ana_Joy_Walking_3.bvh"]
    assert "no MOTION section" in reasons["Ana_Joy_Walking_4.bvh"]


def test_a_recording_in_another_unit_is_named(tmp_path: Path) -> None:
    text = bvh_of(walking(0.6), XSENS)
    head, tail = text.split("MOTION")
    metres = "\r\n".join(
        line if "OFFSET" not in line else "OFFSET " + " ".join(str(float(v) / 100) for v in line.split()[1:])
        for line in head.split("\r\n")
    )
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Ana_Joy_Walking_1.bvh").write_text(metres + "MOTION" + tail)
    assert prepare("emilya", tmp_path / "in", tmp_path / "out", "--strict") == 2
    assert "the left leg would be 0.00828 m long" in report_in(tmp_path / "out")["skips"][0]["reason"]


# --- PhysioNet --------------------------------------------------------------------------------------------------------


def test_codes_of_actors_and_emotions_are_read(tmp_path: Path) -> None:
    text = bvh_of(walking(0.6, fps=25.0), AXIS_NEURON)
    codes = ("A", "D", "F", "H", "SA", "SU", "N")
    for actor in ("F01", "F02", "F03", "M01", "M02", "M03"):
        for code in codes if actor == "F01" else ("H",):
            path = tmp_path / "in" / "BVH" / actor / f"{actor}{code}0V2.bvh"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    assert prepare("physionet", tmp_path / "in", tmp_path / "out") == 0
    lines = load_index(tmp_path / "out")
    shown = {line["id"]: next(iter(line["affect"])) for line in lines if line["actor"] == "F01"}
    assert sorted(shown.values()) == ["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"]
    held = {line["actor"] for line in lines if line["split"] == "val"}
    assert sorted(actor[0] for actor in held) == ["F", "M"]
    assert not held & {line["actor"] for line in lines if line["split"] == "train"}
    assert {line["take"] for line in lines} == {2} and {line["evidence"] for line in lines} == {"mocap"}


def test_an_unknown_code_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path / "in", "F01X1V1.bvh", standing(0.6), AXIS_NEURON)
    assert prepare("physionet", tmp_path / "in", tmp_path / "out") == 2
    assert "emotion 'X' (1 files, e.g. F01X1V1.bvh) is in no table" in refusal(capsys)


# --- 100STYLE ---------------------------------------------------------------------------------------------------------


def test_emotional_styles_are_affects_and_the_others_are_words(tmp_path: Path) -> None:
    for style in ("Angry", "Depressed", "Neutral", "LimpLeft", "InTheDark"):
        put(tmp_path / "in", f"{style}/{style}_FW.bvh", walking(0.6), XSENS)
    assert prepare("100style", tmp_path / "in", tmp_path / "out") == 0
    lines = {line["style"]: line for line in load_index(tmp_path / "out")}
    assert {s: (x["affect"], x["evidence"]) for s, x in lines.items()} == {
        "angry": ({"anger": 1.0}, "mocap"),
        "depressed": ({"sadness": 1.0}, "mocap"),
        "normal": ({"neutral": 1.0}, "mocap"),
        "limp-left": ({"neutral": 1.0}, "style"),
        "in-the-dark": ({"fear": 1.0}, "proxy"),
    }
    assert lines["angry"]["captions"] == lines["normal"]["captions"]
    assert all("left" in text for text in lines["limp-left"]["captions"])
    assert all("dark" in text for text in lines["in-the-dark"]["captions"])


def test_the_sets_own_cuts_are_used(tmp_path: Path) -> None:
    motion = walking(4.0, fps=60.0)
    put(tmp_path / "in", "Angry/Angry_FW.bvh", motion, XSENS)
    table = "STYLE_NAME,FW_START,FW_STOP,TR1_START,TR1_STOP\nAngry,60,180,N/A,N/A\n"
    (tmp_path / "in" / "Frame_Cuts.csv").write_text(table)
    assert prepare("100style", tmp_path / "in", tmp_path / "out") == 0
    (line,) = load_index(tmp_path / "out")
    out = load_motion(tmp_path / "out", line["id"])
    np.testing.assert_allclose(out.positions, canonical(motion.resampled(30.0)[30:90]).positions, atol=1e-3)


def test_a_broken_table_of_cuts_is_named_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path / "in", "Angry/Angry_FW.bvh", walking(0.6), XSENS)
    cuts = tmp_path / "in" / "Frame_Cuts.csv"
    for text, message in (
        ("STYLE_NAME,FW_START,FW_STOP\nAngry,10,end\n", "Frame_Cuts.csv: line 2: FW: '10' to 'end' are no frames"),
        ("style,from,to\n", "Frame_Cuts.csv: line 1: STYLE_NAME"),
    ):
        cuts.write_text(text)
        assert prepare("100style", tmp_path / "in", tmp_path / "out") == 2
        assert message in refusal(capsys)


def test_a_held_out_way_of_going_does_not_come_back_mirrored(tmp_path: Path) -> None:
    text = bvh_of(walking(0.6, fps=20.0), XSENS)
    (tmp_path / "in").mkdir()
    for style in ("LimpLeft", "LimpRight", "Neutral"):
        for code in ("FW", "BW", "SW", "ID"):
            (tmp_path / "in" / f"{style}_{code}.bvh").write_text(text)
    assert prepare("100style", tmp_path / "in", tmp_path / "out") == 0
    sides: dict[str, set[tuple[str, str]]] = {}
    for line in load_index(tmp_path / "out"):
        sides.setdefault(line["split"], set()).add((line["content"], line["style"]))
    assert {style for _, style in sides["val"]} == {"limp-left", "limp-right"} and len(sides["val"]) == 2
    assert "walk" not in {content for content, _ in sides["val"]}
    swap = {"limp-left": "limp-right", "limp-right": "limp-left", "normal": "normal"}
    assert not sides["val"] & {(content, swap[style]) for content, style in sides["train"]}
