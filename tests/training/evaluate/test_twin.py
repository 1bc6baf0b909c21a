"""The twin's command: what it writes is what `--twin` reads, and a typed run is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from sdk.errors import InvalidInput  # noqa: E402
from tests.export import tiny  # noqa: E402
from tests.training.evaluate.measuring import LeanJudges, real_set  # noqa: E402
from training.evaluate import twin  # noqa: E402
from training.evaluate.__main__ import read_twin  # noqa: E402


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.sampling.embed_captions", tiny.letters)
    monkeypatch.setattr(twin, "load_judges", LeanJudges)


def invoke(*args: object) -> None:
    twin.command.main([str(a) for a in args], standalone_mode=False)


def test_the_file_is_one_that_the_evaluation_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = replace(tiny.RECIPE, token_loss=replace(tiny.RECIPE.token_loss, words=True))
    (tmp_path / "run").mkdir()
    run = tiny.write_run(tmp_path / "run", told)
    invoke(run, "--data", real_set(), "--out", tmp_path / "twin.json", "--quick")
    found = read_twin(tmp_path / "twin.json")
    assert 0 <= found["emotion"]["splits"]["all"]["value"] <= 1 and set(found["weights"]) == {
        "rvq", "masked", "residual"
    }  # fmt: skip
    assert found["plan"]["text_guidance"] == twin.PLAN.text_guidance
    assert "all 0." in capsys.readouterr().out and json.loads((tmp_path / "twin.json").read_text()) == found


def test_a_typed_run_is_no_twin(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="masked, residual not trained with --emotion-as words"):
        invoke(tiny.run(), "--data", real_set(), "--out", tmp_path / "twin.json")
    assert not (tmp_path / "twin.json").exists()
