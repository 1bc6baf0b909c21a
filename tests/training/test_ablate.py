"""The ablation: which stage is trained for which variant, what is kept, and how the table counts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from sdk.emotion import Affect  # noqa: E402
from tests.export import tiny  # noqa: E402
from training import ablate  # noqa: E402
from training.ablate import PLAN, VARIANTS, Ablation, Variant, interval, table  # noqa: E402
from training.evaluate.protocol import Prompt  # noqa: E402
from training.recipes import StageRecipe  # noqa: E402
from training.sampling import TorchSampler  # noqa: E402

SHORT = StageRecipe(steps=2, batch=4, rate=1e-3, warmup=1, validate_every=2, save_every=2)
RECIPE = replace(tiny.RECIPE, name="tiny", rvq=SHORT, masked=SHORT, residual=SHORT)
WALK = Prompt(content="walk", style="normal", text="a person walks", seconds=1.0)
JOY, SADNESS = Affect.of("joy", 1.0), Affect.of("sadness", 1.0)


@pytest.fixture(autouse=True)
def words_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.tokens.embed_captions", tiny.letters)
    monkeypatch.setattr("training.sampling.embed_captions", tiny.letters)


@pytest.fixture
def ablation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ablation:
    def figures(sample: TorchSampler, setting: Any, *, label: str) -> dict[str, Any]:
        moved = np.abs(sample(WALK, JOY, 1).rotations - sample(WALK, SADNESS, 1).rotations).max()
        return {"headline": {"difference": float(moved)}}

    monkeypatch.setattr(ablate, "evaluate_motions", figures)
    (tmp_path / "base").mkdir()
    base = tiny.write_run(tmp_path / "base", replace(RECIPE, rvq_model=replace(RECIPE.rvq_model, emotion=False)))
    return Ablation(base, (tiny.prepared(),), tmp_path / "out", recipe=RECIPE, setting=None)  # type: ignore[arg-type]


def variant(name: str) -> Variant:
    return next(v for v in VARIANTS if v.name == name)


def stages(out: Path) -> list[str]:
    return sorted(f"{p.parent.name}/{p.name}" for p in (out / "stages").glob("*/*.pt") if p.name != "rvq.pt")


@pytest.mark.parametrize(
    ("name", "trained", "feels"),
    [
        ("base, no emotion", [], False),
        ("mask", ["tokens-1/masked.pt"], True),
        ("residual", ["tokens-1/residual.pt"], True),
        ("vq", ["film-1/film.pt"], True),
        ("mask + residual, loss paper", ["paper-1/masked.pt", "paper-1/residual.pt"], True),
        ("a word in the caption", ["words-1/masked.pt", "words-1/residual.pt"], True),
    ],
)
def test_a_variant_trains_its_own_stages_and_feels_there(
    ablation: Ablation, tmp_path: Path, name: str, trained: list[str], feels: bool
) -> None:
    found = ablation.measured(variant(name), 1)
    assert (stages(tmp_path / "out") if trained else []) == trained
    assert (found["difference"] > 0) == feels


def test_what_was_measured_is_not_measured_again(ablation: Ablation, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ablation.measured(variant("mask"), 1)
    monkeypatch.setattr(ablate, "evaluate_motions", None)
    assert ablation.measured(variant("mask"), 1) == first


def test_seeds_train_apart(ablation: Ablation, tmp_path: Path) -> None:
    for seed in (1, 2):
        ablation.measured(variant("mask"), seed)
    one, two = (torch.load(tmp_path / f"out/stages/tokens-{s}/masked.pt", weights_only=True) for s in (1, 2))
    assert not torch.equal(one["model"]["head.weight"], two["model"]["head.weight"])


def test_a_stage_that_is_left_out_never_hears_the_affect() -> None:
    whole = tiny.generator()
    deaf = TorchSampler(whole.rvq, whole.masked, whole.residual, PLAN, points=())
    told = TorchSampler(whole.rvq, whole.masked, whole.residual, PLAN)
    assert np.array_equal(deaf(WALK, JOY, 1).rotations, deaf(WALK, SADNESS, 1).rotations)
    assert not np.array_equal(told(WALK, JOY, 1).rotations, told(WALK, SADNESS, 1).rotations)
    assert len(told(WALK, JOY, 1)) == 31


def test_the_interval_is_students() -> None:
    mean, half = interval([1.0, 2.0, 3.0])
    assert mean == 2.0 and half == pytest.approx(4.303 / 3**0.5, rel=1e-3)
    assert interval([5.0]) == (5.0, 0.0)


def test_the_table_has_a_row_a_variant() -> None:
    text = table({"mask": [{"fid": 1.0}, {"fid": 2.0}], "vq": [{"fid": 4.0}]}, ["fid"])
    assert text.splitlines()[0] == "| variant | fid |"
    assert text.splitlines()[2] == "| mask | 1.5 +- 6.4 |" and text.splitlines()[3] == "| vq | 4 +- 0 |"
