"""`python -m training.prepare emotions`: what it writes, what it carries over, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdk.console import run
from tests.training.stylist.tiny_set import CLIPS, write_prepared
from training.data import load_clips, load_index, load_motion
from training.prepare import command
from training.stylist import command as emotions_module
from training.stylist.holdout import held_out
from training.stylist.perform import perform

FEW = ("--emotions", "joy,fear,anger,trust", "--per-pair", "4")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny prepared folder; never written to."""
    return write_prepared(tmp_path_factory.mktemp("data") / "prepared")


def make(data: Path, out: Path, *options: str) -> int:
    with pytest.raises(SystemExit) as left:
        run(command, ["emotions", str(data), "--out", str(out), *options], name="prepare")
    return int(left.value.code or 0)


@pytest.fixture(scope="module")
def made(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command makes of it; never written to."""
    out = tmp_path_factory.mktemp("made") / "emotional"
    assert make(data, out, *FEW) == 0
    return out


def source_of(data: Path, line: dict[str, Any]) -> dict[str, Any]:
    return next(x for x in load_index(data) if x["id"] == line["stylist"]["source_clip"])


# --- what comes out ---------------------------------------------------------------------------------------------------


def test_the_set_is_balanced_and_weak_emotions_get_less(made: Path) -> None:
    lines = load_index(made)
    counts = {(x["content"], x["style"]): 0 for x in lines}
    for line in lines:
        counts[line["content"], line["style"]] += 1
    contents = {"run", "walk", "walk-left"}
    assert counts == {(c, e): 1 if e == "trust" else 4 for c in contents for e in ("joy", "fear", "anger", "trust")}
    assert len({line["id"] for line in lines}) == len(lines)


def test_a_clip_says_that_it_is_synthetic_and_how_it_was_made(made: Path, data: Path) -> None:
    for line in load_index(made):
        source = source_of(data, line)
        assert line["evidence"] == line["provenance"] == "synthetic"
        assert line["affect"] == {line["style"]: 1.0}
        assert line["stylist"]["emotion"] == line["style"]
        assert line["intensity"] == line["stylist"]["intensity"]
        assert 0.3 <= line["intensity"] <= 1.0
        assert source["source"] in line["source"] and "kinematic-stylist" in line["source"]
        assert line["changes"][:-1] == source["changes"] and line["style"] in line["changes"][-1]
        kept = ("licence", "attribution", "captions", "content", "part", "actor", "source_sha256")
        assert {key: line[key] for key in kept} == {key: source[key] for key in kept}
        assert set(source) <= set(line)


def test_no_caption_names_the_emotion(made: Path) -> None:
    for line in load_index(made):
        assert not any(line["style"] in caption for caption in line["captions"])


def test_only_neutral_recorded_clips_are_sources(made: Path, data: Path) -> None:
    for line in load_index(made):
        source = source_of(data, line)
        assert source["affect"] == {"neutral": 1.0} and source["evidence"] == "mocap"


def test_clips_inherit_their_split_unless_the_pair_is_held_out(made: Path, data: Path) -> None:
    seen = set()
    for line in load_index(made):
        name = line["style"].upper()
        unseen = held_out(line["content"], emotions_module.Emotion[name])
        assert line["split"] == ("val" if unseen else source_of(data, line)["split"])
        seen.add((unseen, source_of(data, line)["split"]))
    assert {(True, "train"), (False, "train"), (False, "val")} <= seen
    report = json.loads((made / "report.json").read_text())
    assert ["run", "fear"] in report["held_out_pairs"] and ["walk", "fear"] not in report["held_out_pairs"]


def test_a_clip_can_be_made_again_from_its_index_line(made: Path, data: Path) -> None:
    line = load_index(made)[0]
    how = line["stylist"]
    source = load_motion(data, how["source_clip"])[slice(*how["frames"])]
    emotion = emotions_module.Emotion[how["emotion"].upper()]
    again = emotions_module.from_origin(perform(source, emotion, how["intensity"], performer=how["performer"]))
    made_clip = load_motion(made, line["id"])
    assert len(made_clip) == line["frames"]
    np.testing.assert_allclose(made_clip.positions, again.positions, atol=1e-4)


def test_clips_begin_over_the_origin_and_are_excerpts_of_long_ones(made: Path, data: Path) -> None:
    lengths = []
    for line in load_index(made):
        root = load_motion(made, line["id"]).root
        np.testing.assert_allclose(root[0, [0, 2]], 0, atol=1e-6)
        first, end = line["stylist"]["frames"]
        lengths.append(end - first)
        assert 0 <= first < end <= source_of(data, line)["frames"]
    assert max(lengths) == 300


def test_variants_of_one_source_differ(made: Path) -> None:
    lines = [x for x in load_index(made) if (x["content"], x["style"]) == ("run", "joy")]
    assert len({x["stylist"]["source_clip"] for x in lines}) == 1
    roots = [load_motion(made, x["id"]).root[:15] for x in lines]
    assert all(np.abs(a - b).max() > 1e-3 for k, a in enumerate(roots) for b in roots[:k])


def test_training_reads_what_it_wrote(made: Path) -> None:
    clips = load_clips(made, "train", mirror=False)
    assert {c.evidence for c in clips.clips} == {"synthetic"}
    assert all(np.isfinite(c.features).all() for c in clips.clips)


# --- again ------------------------------------------------------------------------------------------------------------


def test_a_second_run_takes_over_what_is_there(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--emotions", "sadness", "--per-pair", "2")
    assert make(data, tmp_path / "out", *options) == 0
    before = (tmp_path / "out/index.jsonl").read_text()
    broken = next((tmp_path / "out/clips").glob("*run*"))
    broken.write_bytes(broken.read_bytes()[:100])
    calls = []

    def counted(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        return perform(*arguments, **options)

    monkeypatch.setattr(emotions_module, "perform", counted)
    assert make(data, tmp_path / "out", *options) == 0
    assert len(calls) == 1
    assert (tmp_path / "out/index.jsonl").read_text() == before


def test_the_seed_draws_another_set(data: Path, tmp_path: Path, made: Path) -> None:
    assert make(data, tmp_path / "out", "--emotions", "joy", "--per-pair", "4", "--seed", "1") == 0
    new, old = ({x["id"]: x["stylist"] for x in load_index(folder)} for folder in (tmp_path / "out", made))
    assert all(new[name] != old.get(name) for name in new)


def test_another_list_of_emotions_changes_no_other_pair(data: Path, tmp_path: Path, made: Path) -> None:
    assert make(data, tmp_path / "out", "--emotions", "anger", "--per-pair", "4") == 0
    old = {x["id"]: x for x in load_index(made)}
    assert all(old[x["id"]] == x for x in load_index(tmp_path / "out"))


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--emotions", "joy,bored"), "emotion 'bored' is unknown"),
        (("--emotions", "neutral"), "neutral clips are what the stylist starts from"),
        (("--emotions", ""), "emotion '' is unknown"),
        (("--per-pair", "0"), "--per-pair"),
    ],
)
def test_bad_options_are_named(
    data: Path, tmp_path: Path, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make(data, tmp_path / "out", *options) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_set_without_emotion_labels_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_prepared(tmp_path / "data", [(*CLIPS[0][:6], "none")])
    assert make(folder, tmp_path / "out") == 2
    assert "has no emotion labels" in capsys.readouterr().err


def test_a_set_without_neutral_clips_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_prepared(tmp_path / "data", [clip for clip in CLIPS if clip[5] == "joy"])
    assert make(folder, tmp_path / "out") == 2
    assert "no neutral recorded clip" in capsys.readouterr().err


def test_a_folder_that_was_not_prepared_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make(tmp_path, tmp_path / "out") == 2
    assert "index.jsonl does not exist" in capsys.readouterr().err


def test_the_source_folder_is_never_the_target(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (data / "index.jsonl").read_text()
    assert make(data, data) == 2
    assert "--out must be another folder" in capsys.readouterr().err
    assert (data / "index.jsonl").read_text() == before
