"""Training: resuming to the bit, what is refused, what a kill leaves behind, the guards. On seven synthetic walks."""

import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")
pytest.importorskip("tensorboard", reason="tensorboard is absent: pip install -e '.[train]'")

from sdk.console import run as run_command  # noqa: E402
from sdk.errors import InvalidInput  # noqa: E402
from tests.export import tiny  # noqa: E402
from tests.synthetic import standing, walking  # noqa: E402
from training import checkpoint, train_tokens  # noqa: E402
from training.generator import Generator  # noqa: E402
from training.loop import Stage, learning_rate, train  # noqa: E402
from training.recipes import Recipe, StageRecipe  # noqa: E402
from training.train import command  # noqa: E402
from training.train_rvq import check_result, evaluate, train_rvq  # noqa: E402

STEPS = 20
SHORT = StageRecipe(steps=STEPS, batch=4, rate=1e-3, warmup=5, validate_every=10, save_every=10)
RECIPE = replace(tiny.RECIPE, rvq=SHORT, masked=SHORT, residual=SHORT)


@pytest.fixture(autouse=True)
def words_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Captions become vectors by their letters; the sentence encoder has tests of its own."""
    monkeypatch.setattr("training.tokens.embed_captions", tiny.letters)


@pytest.fixture
def finished_rvq(tmp_path: Path) -> Path:
    """A run of which only the RVQ-VAE is there."""
    run = tmp_path / "run"
    run.mkdir()
    os.link(tiny.run() / "rvq.pt", run / "rvq.pt")
    return run


def train_stage(stage: str, run: Path, *, recipe: Recipe = RECIPE, stop_after: int | None = None) -> dict[str, float]:
    if stage == "rvq":
        return train_rvq(recipe, tiny.prepared(), run, seed=3, stop_after=stop_after)
    return train_tokens.train_tokens(stage, recipe, tiny.prepared(), run, seed=3, stop_after=stop_after)


def differences(first: Any, second: Any, where: str = "") -> list[str]:
    """Paths of all that differs between two checkpoints, bit for bit."""
    if isinstance(first, dict):
        if first.keys() != second.keys():
            return [f"{where}: {sorted(map(str, first.keys() ^ second.keys()))}"]
        return [d for key in first for d in differences(first[key], second[key], f"{where}/{key}")]
    if isinstance(first, list):
        pairs = enumerate(zip(first, second, strict=True))
        return [d for k, (a, b) in pairs for d in differences(a, b, f"{where}/{k}")]
    same = torch.equal(first, second) if isinstance(first, torch.Tensor) else first == second
    return [] if same else [where]


# --- resuming ---


@pytest.mark.parametrize("stage", ["rvq", "masked", "residual"])
def test_a_stopped_and_resumed_run_ends_with_the_same_bits(stage: str, tmp_path: Path, finished_rvq: Path) -> None:
    runs = []
    for name, stops in (("straight", [None]), ("stopped", [7, 6, None])):
        run = tmp_path / name
        run.mkdir()
        if stage != "rvq":
            os.link(finished_rvq / "rvq.pt", run / "rvq.pt")
        for number, stop_after in enumerate(stops):
            # What a new process would find: another state of the generators.
            torch.manual_seed(1000 + number)
            np.random.seed(number)
            scalars = train_stage(stage, run, stop_after=stop_after)
        runs.append(checkpoint.load(run / f"{stage}.pt"))
        assert scalars == runs[-1]["scalars"]
    straight, stopped = runs
    assert straight["step"] == STEPS and straight["scalars"]
    assert straight["optimiser"]["state"], "the comparison has an optimiser to look at"
    if stage == "rvq":
        assert {"quantisers.0.counts", "quantisers.0.sums"} <= straight["model"].keys()
    assert differences(straight, stopped) == []


def test_stopping_keeps_the_step_and_a_finished_run_is_left_alone(tmp_path: Path) -> None:
    short = replace(RECIPE, rvq=replace(SHORT, steps=5))
    train_stage("rvq", tmp_path, recipe=short, stop_after=4)
    assert checkpoint.load(tmp_path / "rvq.pt")["step"] == 4
    scalars = train_stage("rvq", tmp_path, recipe=short)
    before = (tmp_path / "rvq.pt").read_bytes()
    assert train_stage("rvq", tmp_path, recipe=short) == scalars
    assert (tmp_path / "rvq.pt").read_bytes() == before


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    train_stage("rvq", tmp_path / "a", stop_after=2)
    train_rvq(RECIPE, tiny.prepared(), tmp_path / "b", seed=4, stop_after=2)
    first, second = (checkpoint.load(tmp_path / name / "rvq.pt")["model"] for name in "ab")
    assert differences(first, second)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"rvq": replace(SHORT, rate=5e-4)}, "schedule"),
        ({"rvq_model": replace(RECIPE.rvq_model, emotion=False)}, "model"),
        ({"rvq_loss": replace(RECIPE.rvq_loss, commit=0.5)}, "loss"),
        ({"name": "mine"}, "recipe"),
    ],
)
def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path, change: dict[str, Any], named: str) -> None:
    train_stage("rvq", tmp_path, stop_after=1)
    kept = (tmp_path / "rvq.pt").read_bytes()
    with pytest.raises(InvalidInput, match=rf"rvq\.pt was made with other settings \({named}\); use another folder"):
        train_stage("rvq", tmp_path, recipe=replace(RECIPE, **change))
    assert (tmp_path / "rvq.pt").read_bytes() == kept


def test_a_change_of_another_stage_does_not_stop_this_one(tmp_path: Path) -> None:
    train_stage("rvq", tmp_path, stop_after=1)
    train_stage("rvq", tmp_path, recipe=replace(RECIPE, masked=replace(SHORT, rate=1.0)), stop_after=1)
    assert checkpoint.load(tmp_path / "rvq.pt")["step"] == 2


# --- the loop itself, on a line ---


def line(recipe: StageRecipe, *, spoil: int | None = None) -> Stage:
    """Fits y = 2x; with `spoil` the loss is not a number from that step on."""
    torch.manual_seed(0)
    model = torch.nn.Linear(1, 1)

    def loss(step: int):
        x = torch.linspace(-1, 1, 8)[:, None]
        value = (model(x) - 2 * x).square().mean()
        value = value * float("nan") if spoil is not None and step >= spoil else value
        return value, {"loss": float(value.detach())}

    return Stage("line", model, recipe, loss, lambda: {"slope": float(model.weight)}, {"who": "line"})


def test_training_descends(tmp_path: Path) -> None:
    stage = line(StageRecipe(steps=150, batch=1, rate=0.05, warmup=10))
    assert train(stage, tmp_path)["slope"] == pytest.approx(2, abs=0.05)


def test_a_lost_loss_stops_the_run_and_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    recipe = StageRecipe(steps=30, batch=1, rate=0.01, save_every=10)
    with pytest.raises(InvalidInput, match="line: the loss is nan at step 12; lower the rate and resume"):
        train(line(recipe, spoil=12), tmp_path)
    saved = checkpoint.load(tmp_path / "line.pt")
    assert saved["step"] == 10
    assert all(torch.isfinite(value).all() for value in saved["model"].values())
    train(line(recipe), tmp_path)
    assert checkpoint.load(tmp_path / "line.pt")["step"] == 30


def test_the_learning_rate_warms_up_and_decays() -> None:
    recipe = StageRecipe(steps=1000, batch=1, rate=0.1, warmup=100)
    rates = [learning_rate(recipe, step) for step in range(1000)]
    assert rates[0] == pytest.approx(0.001)
    assert rates[49] == pytest.approx(0.05)
    assert rates[99] == pytest.approx(0.1) == max(rates)
    assert rates[100:] == sorted(rates[100:], reverse=True)
    assert rates[550] == pytest.approx(0.1 * (0.01 + 0.99 / 2))  # half of the cosine
    assert rates[-1] == pytest.approx(0.001, rel=0.01)


def test_the_learning_rate_reaches_the_optimiser(tmp_path: Path) -> None:
    train(line(StageRecipe(steps=50, batch=1, rate=0.01, warmup=20)), tmp_path, stop_after=5)
    groups = checkpoint.load(tmp_path / "line.pt")["optimiser"]["param_groups"]
    assert [group["lr"] for group in groups] == [pytest.approx(0.01 * 5 / 20)] * 2


def test_only_matrices_decay(tmp_path: Path) -> None:
    train(line(StageRecipe(steps=5, batch=1, rate=0.01, weight_decay=0.3)), tmp_path)
    groups = checkpoint.load(tmp_path / "line.pt")["optimiser"]["param_groups"]
    assert [(group["weight_decay"], len(group["params"])) for group in groups] == [(0.3, 1), (0.0, 1)]


def test_tensorboard_shows_both_kinds_of_scalars(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    recipe = StageRecipe(steps=100, batch=1, rate=0.01, validate_every=50)
    train(line(recipe), tmp_path, stop_after=60)
    train(line(recipe), tmp_path)
    events = EventAccumulator(str(tmp_path / "tensorboard" / "line")).Reload()
    assert set(events.Tags()["scalars"]) == {"train/loss", "train/gradient_norm", "train/rate", "val/slope"}
    for tag in ("train/loss", "val/slope"):
        assert [event.step for event in events.Scalars(tag)] == [50, 100]


# --- checkpoints ---


class Evil:
    """Unpickling this makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_a_checkpoint_with_code_in_it_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rvq.pt"
    torch.save({"model": Evil(tmp_path / "owned"), "step": 1}, path)
    with pytest.raises(InvalidInput, match=r"rvq\.pt is not a readable checkpoint") as caught:
        checkpoint.load(path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04junk"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rvq.pt").write_bytes(content)
    with pytest.raises(InvalidInput, match=r"rvq\.pt is not a readable checkpoint"):
        checkpoint.load(tmp_path / "rvq.pt")


@pytest.mark.parametrize("content", [{"weight": torch.zeros(2)}, [1, 2], {"model": {}, "meta": {}}])
def test_a_torch_file_that_is_no_stage_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "rvq.pt")
    with pytest.raises(InvalidInput, match=r"rvq\.pt is no checkpoint of a training stage: it lacks .*optimiser"):
        checkpoint.load(tmp_path / "rvq.pt")


def test_a_truncated_checkpoint_is_refused(tmp_path: Path) -> None:
    whole = (tiny.run() / "masked.pt").read_bytes()
    (tmp_path / "masked.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidInput, match="not a readable checkpoint"):
        checkpoint.load(tmp_path / "masked.pt")


def test_a_missing_checkpoint_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"masked\.pt does not exist; train it first \(python -m training\.train"):
        checkpoint.load(tmp_path / "masked.pt")


def test_a_kill_while_saving_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train_stage("rvq", tmp_path, stop_after=3)
    before = (tmp_path / "rvq.pt").read_bytes()
    save = torch.save

    def die_half_way(parts: object, path: Path) -> None:
        save(parts, path)
        os.truncate(path, 1000)
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", die_half_way)
    with pytest.raises(KeyboardInterrupt):
        train_stage("rvq", tmp_path, stop_after=3)
    assert (tmp_path / "rvq.pt").read_bytes() == before
    monkeypatch.setattr(torch, "save", save)
    train_stage("rvq", tmp_path, stop_after=3)
    assert checkpoint.load(tmp_path / "rvq.pt")["step"] == 6


def test_weights_that_do_not_fit_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"x\.pt does not fit this model: .*weight") as caught:
        checkpoint.load_weights(torch.nn.Linear(2, 2), {"bias": torch.zeros(2)}, tmp_path / "x.pt")
    assert "\n" not in str(caught.value)


# --- what stages ask of each other ---


def test_token_stages_refuse_an_unfinished_rvq(tmp_path: Path) -> None:
    train_stage("rvq", tmp_path, stop_after=5)
    remedy = r"rvq\.pt stands at step 5 of 20; finish it: python -m training\.train rvq"
    with pytest.raises(InvalidInput, match=remedy):
        train_stage("masked", tmp_path)
    assert not (tmp_path / "masked.pt").exists()


def test_token_stages_refuse_a_run_without_rvq(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"rvq\.pt does not exist"):
        train_stage("residual", tmp_path)


def test_a_finished_run_is_a_generator() -> None:
    generator = Generator.load(tiny.run())
    assert generator.points == ["mask", "residual", "vq"]
    assert not any(m.training for m in (generator.rvq, generator.masked, generator.residual))
    assert generator.meta["masked"]["step"] == tiny.RECIPE.masked.steps


@pytest.mark.parametrize("stage", ["masked", "residual"])
def test_a_generator_refuses_tokens_of_another_rvq(tmp_path: Path, stage: str) -> None:
    ours, theirs = tiny.copy_of(tiny.run(), tmp_path / "ours"), tmp_path / "theirs"
    theirs.mkdir()
    tiny.write_run(theirs, seed=9)
    tiny.put(ours / f"{stage}.pt", (theirs / f"{stage}.pt").read_bytes())
    with pytest.raises(
        InvalidInput, match=rf"{stage}\.pt was trained on the tokens of another RVQ-VAE; train it again"
    ):
        Generator.load(ours)


@pytest.mark.parametrize("stage", ["rvq", "masked", "residual"])
def test_a_generator_refuses_what_is_missing_or_unfinished(tmp_path: Path, stage: str) -> None:
    run = tiny.copy_of(tiny.run(), tmp_path / "run")
    saved = checkpoint.load(run / f"{stage}.pt")
    (run / f"{stage}.pt").unlink()
    with pytest.raises(InvalidInput, match=rf"{stage}\.pt does not exist"):
        Generator.load(run)
    checkpoint.save(run / f"{stage}.pt", **{**saved, "step": 29})
    with pytest.raises(InvalidInput, match=rf"{stage}\.pt stands at step 29 of 30; finish it: .*train {stage}"):
        Generator.load(run)


# --- guards ---


def test_dead_codes_and_static_motion_end_in_an_error() -> None:
    good = {"mpjpe_mm": 12.0, "code_use_min": 0.7, "energy_ratio": 0.95}
    check_result(good)
    with pytest.raises(InvalidInput, match="dead codebook: only 40% of a layer's codes"):
        check_result({**good, "code_use_min": 0.4})
    with pytest.raises(InvalidInput, match="static motion: reconstructions move 50% as much"):
        check_result({**good, "energy_ratio": 0.5})


def test_a_recipe_that_is_meant_to_last_is_checked_at_its_end(tmp_path: Path) -> None:
    serious = replace(RECIPE, name="serious", rvq=replace(SHORT, steps=2))
    with pytest.raises(InvalidInput, match="dead codebook|static motion"):
        train_stage("rvq", tmp_path, recipe=serious)
    assert (tmp_path / "rvq.pt").exists(), "what was trained is kept for a look"


def test_still_clips_are_refused_before_training(tmp_path: Path) -> None:
    data = tmp_path / "still"
    data.mkdir()
    tiny.write_clips(data, {"still": standing(3.0)})
    tiny.write_clips(data, {"walk": walking(3.0)}, split="val")
    with pytest.raises(InvalidInput, match=r"the clips hardly move: joint velocity varies by 0\.00000 m/frame"):
        train_rvq(RECIPE, data, tmp_path / "run", seed=0)


def test_the_held_out_figures_know_a_frozen_model_from_a_moving_one() -> None:
    model = tiny.random_rvq(tiny.RECIPE.rvq_model)
    figures = evaluate(model, tiny.clips())
    assert set(figures) == {"mpjpe_mm", "code_use_min", "energy_ratio"}
    assert all(math.isfinite(value) and value > 0 for value in figures.values())
    with torch.no_grad():
        for quantiser in model.quantisers:
            quantiser.codebook.zero_()
    frozen = evaluate(model, tiny.clips())
    assert frozen["code_use_min"] == 1 / tiny.RECIPE.rvq_model.codes
    assert frozen["energy_ratio"] < 0.3 * figures["energy_ratio"]


# --- the command ---


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["rvq", "--recipe", "huge"], "recipe 'huge' is unknown; known: cpu, refine, full, tiny"),
        (["masked", "--recipe", "tiny"], "rvq.pt does not exist"),
        (["length"], "'length' is not one of"),
        (["rvq", "--stop-after", "0"], "--stop-after"),
    ],
)
def test_what_cannot_be_trained_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, args: list[str], words: str
) -> None:
    with pytest.raises(SystemExit) as left:
        run_command(command, [*args, "--data", str(tiny.prepared()), "--run", str(tmp_path)])
    err = capsys.readouterr().err.splitlines()[-1]
    assert left.value.code == 2 and err.startswith("error: ") and words in err
