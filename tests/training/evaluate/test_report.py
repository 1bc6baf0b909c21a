"""The report: verdicts on both sides of their limits, tables, JSON, pictures, the command on a bundle in miniature."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from sdk.errors import BundleError, InvalidInput  # noqa: E402
from sdk.runtime.engine import Engine  # noqa: E402
from tests.training.evaluate import measuring  # noqa: E402
from tests.training.evaluate.measuring import LeanJudges, read_index, real_set, write_index  # noqa: E402
from training.evaluate import __main__ as main  # noqa: E402
from training.evaluate.measure import frame, time_figures  # noqa: E402
from training.evaluate.report import finish_report, summary, without_nan, write_report  # noqa: E402
from training.evaluate.report_text import markdown, table  # noqa: E402
from training.evaluate.report_verdicts import at_least, at_most, verdicts  # noqa: E402


class FakeBundle:
    sha256 = "b" * 64

    class manifest:
        name, version = "made-up", "0.0.1"


@pytest.fixture(scope="module")
def measured() -> dict:
    """A report of a generator that does what real clips do, and a poor plan beside it."""
    whole = measuring.whole()
    core = {
        k: whole[k] for k in ("emotion", "retention", "directions", "content", "quality", "body", "energy", "headline")
    }
    times = {"ms": time_figures(np.array([50.0, 20.0, 30.0]), 4.0)}
    report = frame(FakeBundle, measuring.setting())  # type: ignore[arg-type]
    report["reconstruction"] = {
        **report["real"]["quality"], "fid": {"value": 0.5, "n": 6}, "mpjpe_mm": {"value": 7.0, "n": 6},
    }  # fmt: skip
    return report | {"plans": {"best": whole | times, "fast": core | times}}


def reached(report: dict, part: str, plan: str = "best", twin: dict | None = None) -> bool | None:
    (found,) = [v for v in verdicts(report, plan, twin=twin) if part in v.goal]
    return found.reached


def changed(report: dict, path: str, value: object) -> dict:
    """A copy with one figure replaced; the path's parts are separated by slashes."""
    out = copy.deepcopy(report)
    *parents, last = path.split("/")
    place = out
    for key in parents:
        place = place[key]
    place[last] = value
    return out


@pytest.mark.parametrize(
    ("goal", "path", "good", "bad"),
    [
        ("recorded clips", "plans/best/emotion/splits/real/value", 0.85, 0.84),
        ("unseen pairs, of chance", "plans/best/emotion/splits/unseen/value", 0.6001, 0.59),
        ("points lost", "plans/best/retention/on child/drop_points", 5.0, 5.1),
        ("Spearman of intensity", "plans/best/intensity/fear/probability/rho", 0.9, 0.89),
        ("cues with", "plans/best/intensity/anger/monotone_cues", ["a", "b", "c", "d"], ["a", "b", "c"]),
        ("judge's preference", "plans/best/mixtures/joy to anger/rho", 0.9, 0.7),
        ("between those of the ends", "plans/best/mixtures/joy to anger/between", 0.8, 0.5),
        ("FID", "plans/best/quality/fid/value", 1.0, 1.01),
        ("R-precision", "plans/best/quality/r_precision_3/value", 0.95, 0.5),
        ("energy", "plans/best/energy/walk", 1.25, 1.26),
        ("MPJPE", "reconstruction/mpjpe_mm/value", 8.0, 8.1),
    ],
)
def test_each_goal_has_its_limit(measured: dict, goal: str, path: str, good: object, bad: object) -> None:
    cues = ["a", "b", "c", "d"]
    for emotion in ("joy", "sadness", "fear", "anger"):
        measured = changed(measured, f"plans/best/intensity/{emotion}/monotone_cues", cues)
    for pair in measured["plans"]["best"]["mixtures"]:
        measured = changed(measured, f"plans/best/mixtures/{pair}/between", 1.0)
    assert reached(changed(measured, path, good), goal) is True
    assert reached(changed(measured, path, bad), goal) is False


def test_skating_is_judged_against_real_clips(measured: dict) -> None:
    real = changed(measured, "real/body/foot_skate/value", 0.2)
    assert reached(changed(real, "plans/best/body/foot_skate/value", 0.22), "foot skating") is True
    assert reached(changed(real, "plans/best/body/foot_skate/value", 0.23), "foot skating") is False


def test_what_was_not_measured_is_neither_reached_nor_missed(measured: dict) -> None:
    no_encoder = {k: v for k, v in measured.items() if k != "reconstruction"}
    assert reached(no_encoder, "MPJPE") is None and reached(no_encoder, "FID") is None
    assert reached(measured, "over the twin told by words, unseen") is None
    assert not [v for v in verdicts(measured, "fast") if "mixtures" in v.goal]
    assert at_least("", float("nan"), 1.0).reached is None is at_most("", 1.0, float("nan")).reached


def test_a_twin_has_to_be_beaten_by_points(measured: dict) -> None:
    twin = {"emotion": {"splits": {"all": {"value": 0.86}, "unseen": {"value": 0.7}}}}
    assert reached(measured, "words, all", twin=twin) is False
    assert reached(measured, "words, unseen", twin=twin) is True


def test_the_report_tells_every_figure_with_its_count(measured: dict, tmp_path: Path) -> None:
    report = finish_report(measured)
    text = markdown(report, ["confusion.png"])
    for part in ("## Goals, plan best", "## Plan fast", "unseen pairs", "| neutral | 2 | 0 |", "![confusion.png]",
                 "R-precision", "Size quick", "on athlete", "joy to anger", "MultiModality"):  # fmt: skip
        assert part in text, part
    assert "nan" not in text and "[1.000, 1.000] | 10 | 2 |" in text
    paths = write_report(report, tmp_path, [])
    assert {p.name for p in paths} == {"report.json", "report.md", "summary.json"}
    assert json.loads((tmp_path / "summary.json").read_text()) == summary(report)
    kept = json.loads((tmp_path / "report.json").read_text())
    assert kept["plans"]["best"]["emotion"]["splits"]["all"]["value"] == 1
    assert kept["plans"]["best"]["emotion"]["splits"]["made"]["value"] is None
    assert len(kept["verdicts"]["best"]) == len(verdicts(measured, "best"))


def test_the_manifest_gets_numbers_that_its_schema_takes(measured: dict) -> None:
    found = summary(measured)
    assert set(found["plans"]) == {"best", "fast"}
    wanted = {"emotion_accuracy", "emotion_accuracy_unseen", "fid", "r_precision_3", "foot_skate", "ms"}
    assert set(found["plans"]["best"]) == wanted and found["plans"]["best"]["ms"] == 25
    assert all(isinstance(v, float) for v in found["plans"]["best"].values())
    assert found["quality"]["emotion_ceiling"] == 1 and found["quality"]["reconstruction_mpjpe_mm"] == 7
    assert json.dumps(found, allow_nan=False)


def test_numbers_that_json_cannot_tell_become_null() -> None:
    assert without_nan({"a": [float("nan"), 1.0], "b": (float("inf"),)}) == {"a": [None, 1.0], "b": [None]}


def test_a_table_has_a_row_for_each_row() -> None:
    assert table(["a", "b"], [[1, "x"], [2, "y"]]) == "| a | b |\n| --- | --- |\n| 1 | x |\n| 2 | y |"


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "load_judges", lambda folder: LeanJudges())


def invoke(*args: object) -> None:
    main.command.main([str(a) for a in args], standalone_mode=False)


def test_the_command_measures_a_bundle_and_a_second_run_generates_nothing(
    judged: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = pytest.importorskip("tests.export.tiny", reason="the exporter is absent: pip install -e '.[export]'")
    args = (tiny.bundle(), "--data", real_set(), "--out", tmp_path / "out", "--quick", "--plan", "fast")
    invoke(*args)
    first = json.loads((tmp_path / "out" / "report.json").read_text())
    assert list(first["plans"]) == ["fast"] and "intensity" in first["plans"]["fast"]
    assert first["reconstruction"]["mpjpe_mm"]["value"] > 0
    for name in ("confusion", "energy", "intensity", "sheet-walk"):
        with Image.open(tmp_path / "out" / f"{name}.png") as picture:
            assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 10
    assert "fast: foot skating" in capsys.readouterr().out

    def refuse(*args: object) -> None:
        raise AssertionError("generated again")

    monkeypatch.setattr(Engine, "generate", refuse)
    invoke(*args)
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == first


def test_bad_input_is_named(judged: None, tmp_path: Path) -> None:
    tiny = pytest.importorskip("tests.export.tiny", reason="the exporter is absent: pip install -e '.[export]'")
    out = ("--out", tmp_path / "out", "--quick")
    with pytest.raises(InvalidInput, match="plan 'slow' is unknown; known: best, fast"):
        invoke(tiny.bundle(), "--data", real_set(), *out, "--plan", "slow")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BundleError, match="is no bundle"):
        invoke(tmp_path / "empty", "--data", real_set(), *out)
    with pytest.raises(InvalidInput, match="index.jsonl does not exist"):
        invoke(tiny.bundle(), "--data", tmp_path / "empty", *out)
    write_index(tmp_path, [{k: v for k, v in x.items() if k != "affect"} for x in read_index(real_set())])
    with pytest.raises(InvalidInput, match="has no emotion label"):
        invoke(tiny.bundle(), "--data", tmp_path, *out)
    (tmp_path / "twin.json").write_text('{"accuracy": 1}')
    with pytest.raises(InvalidInput, match="holds no figures of evaluate_motions"):
        invoke(tiny.bundle(), "--data", real_set(), *out, "--twin", tmp_path / "twin.json")
