"""The denoiser, its batches, its loss and its training, on seven synthetic walks. Shapes as in `train_diffusion`."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")
pytest.importorskip("tensorboard", reason="tensorboard is absent: pip install -e '.[train]'")

from sdk.emotion import Emotion  # noqa: E402
from sdk.errors import InvalidInput  # noqa: E402
from sdk.motion import rot272  # noqa: E402
from sdk.runtime.diffusion import NoiseSchedule  # noqa: E402
from tests.export import tiny  # noqa: E402
from tests.synthetic import walking  # noqa: E402
from training import checkpoint, train_diffusion  # noqa: E402
from training.models.diffusion import Averaged, Denoiser, DenoiserConfig, TorchDenoiser, noise_levels  # noqa: E402
from training.recipes_diffusion import DIFFUSION_RECIPES, STEPS, DiffusionLoss, diffusion_recipe_named  # noqa: E402
from training.train_diffusion import (  # noqa: E402
    FeatureSet,
    denoise_loss,
    draw_span,
    generated_energy,
    load_denoiser,
    part_weights,
    shares,
)

CONFIG = replace(DIFFUSION_RECIPES["tiny"].model, steps=10)
RECIPE = DIFFUSION_RECIPES["tiny"]
SHORT = replace(RECIPE, schedule=replace(RECIPE.schedule, steps=8, batch=4, validate_every=4, save_every=4))
TUNED = replace(SHORT, name="tiny-emotion", emotional=0.5)
HOW = DiffusionLoss()


@pytest.fixture(autouse=True)
def words_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_diffusion, "embed_captions", tiny.letters)


@cache
def denoiser() -> Denoiser:
    """Random weights in evaluation mode."""
    torch.manual_seed(0)
    model = Denoiser(CONFIG).eval().requires_grad_(False)
    tiny.shake(model)
    return model


def inputs(rows: int, frames: int, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        "x_BTF": torch.randn(rows, frames, rot272.DIM, generator=generator),
        "known_BT": (torch.rand(rows, frames, generator=generator) < 0.3).float(),
        "step_B": torch.randint(10, (rows,), generator=generator),
        "text_BS": torch.randn(rows, 384, generator=generator),
        "affect_BE": torch.rand(rows, 9, generator=generator) / 9,
    }


def train(recipe: Any, run: Path, *, stage: str = "mdm10", data: Path | None = None, **how: Any) -> dict[str, float]:
    found = train_diffusion.train_diffusion(stage, recipe, data or tiny.prepared(), run, seed=3, **how)
    return dict(found)


# --- the model ---


@pytest.mark.parametrize("patch", [2, 4])
@pytest.mark.parametrize("frames", [8, 60, 256])
def test_every_frame_gets_a_prediction(patch: int, frames: int) -> None:
    model = Denoiser(replace(CONFIG, patch=patch)).eval()
    assert model(**inputs(2, frames)).shape == (2, frames, rot272.DIM)


def test_every_input_matters() -> None:
    given = inputs(1, 40)
    before = denoiser()(**given)
    other = inputs(1, 40, seed=1) | {"step_B": (given["step_B"] + 1) % 10}
    for name, value in other.items():
        changed = denoiser()(**(given | {name: value}))
        assert (changed - before).abs().max() > 1e-3, name


def test_padding_changes_nothing() -> None:
    short, long = inputs(1, 40), inputs(1, 72, seed=1)
    both = {name: torch.cat([value, long[name]]) for name, value in short.items() if value.shape[1:2] != (40,)}
    for name in ("x_BTF", "known_BT"):
        filler = torch.full_like(long[name], 7.0)
        filler[:, :40] = short[name]
        both[name] = torch.cat([filler, long[name]])
    real = torch.arange(72) < torch.tensor([[40], [72]])
    found = denoiser()(**both, real_BT=real)
    torch.testing.assert_close(found[:1, :40], denoiser()(**short), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found[1:], denoiser()(**long), atol=1e-5, rtol=1e-5)


def test_a_step_is_told_by_its_noise_and_not_by_its_number() -> None:
    fifty, ten = noise_levels(50), noise_levels(10)
    assert fifty.shape == (50, 14) and fifty.isfinite().all()
    assert torch.cdist(fifty, fifty).fill_diagonal_(9).min() > 0.05, "steps can be told apart"
    signal = [torch.from_numpy(NoiseSchedule.cosine(k).signal) for k in (10, 50)]
    for k in range(10):
        nearest = int((signal[1] - signal[0][k]).abs().argmin())
        assert int(torch.cdist(ten[k : k + 1], fifty).argmin()) == nearest


def test_the_average_follows_slowly_and_is_where_fine_tuning_starts() -> None:
    model = Averaged(torch.nn.Linear(1, 1, bias=False), 0.9)
    with torch.no_grad():
        model.average.weight.zero_()
        model.model.weight.fill_(1.0)
    model.follow(0)
    assert model.average.weight.item() == pytest.approx(0.9), "the first weights are soon forgotten"
    with torch.no_grad():
        model.model.weight.fill_(2.0)
    model.follow(10_000)
    assert model.average.weight.item() == pytest.approx(0.9 * 0.9 + 0.1 * 2)
    model.start_over()
    assert model.model.weight.item() == model.average.weight.item()
    assert [p.requires_grad for p in model.parameters()] == [True, False]


# --- batches ---


def test_spans_lie_inside_the_clip_and_leave_something_to_make() -> None:
    rng, kinds = np.random.default_rng(0), {"none": 0, "begin": 0, "both": 0, "stream": 0}
    for _ in range(3000):
        frames = int(rng.integers(12, 400))
        start, length, known = draw_span(rng, frames, CONFIG, HOW)
        assert 0 <= start <= start + length <= frames and length % 4 == 0 and 8 <= length <= 256
        assert len(known) == length and (~known).sum() >= length / 3 - 1
        edges = np.flatnonzero(np.diff(np.r_[0, known, 0]))
        assert len(edges) in (0, 2, 4) and (not len(edges) or edges[0] == 0), "known from the beginning"
        stream = length == 60 and known.sum() == 20 and known[:20].all()
        kind = "stream" if stream else {0: "none", 2: "begin", 4: "both"}[len(edges)]
        assert kind != "both" or known[-1]
        kinds[kind] += 1
    assert min(kinds.values()) > 300 and kinds["none"] > 1200


def test_a_batch_holds_clips_as_they_are_and_drops_conditions() -> None:
    clips = FeatureSet.of(tiny.clips(), emotional=0.5)
    how = replace(HOW, drop_text=0.2, drop_affect=0.3)
    seen = {"text": [], "affect": []}
    for step in range(40):
        batch = clips.draw(np.random.default_rng(step), 8, CONFIG, how)
        assert batch.x.shape[:2] == batch.real.shape == batch.known.shape and batch.x.shape[1] % 4 == 0
        assert not (batch.known & ~batch.real).any()
        for x, real in zip(batch.x, batch.real, strict=True):
            part = x[real].numpy()
            assert any(
                part.tobytes() in clip.features.tobytes()
                for clip in tiny.clips().clips
                if len(clip.features) >= len(x[real])
            )
            assert not x[~real][:, rot272.SLICES["velocities"]].any()
        seen["text"].append((batch.text == 0).all(1))
        seen["affect"].append((batch.affect == 0).all(1))
    text, affect = (torch.cat(seen[name]).float() for name in ("text", "affect"))
    assert text.mean() == pytest.approx(0.2, abs=0.08)
    assert affect.mean() == pytest.approx(0.2 + 0.8 * 0.3, abs=0.08)
    assert affect[text.bool()].all(), "without text there is no emotion either"


@pytest.mark.parametrize("emotional", [0.0, 0.5, 1.0])
def test_emotional_clips_are_drawn_as_often_as_asked(emotional: float) -> None:
    clips = FeatureSet.of(tiny.clips(), emotional=emotional)
    assert clips.weights.sum() == pytest.approx(1)
    feels = np.array([c.emotional for c in tiny.clips().clips])
    assert clips.weights[feels].sum() == pytest.approx(emotional)


def test_data_without_what_is_asked_for_are_refused() -> None:
    neutral = tiny.clips().where(lambda clip: not clip.emotional)
    with pytest.raises(InvalidInput, match="no clip with an emotion"):
        shares(neutral, 0.5)
    with pytest.raises(InvalidInput, match="no clip without emotion"):
        shares(tiny.clips().where(lambda clip: clip.emotional), 0.0)


# --- loss ---


def test_weights_of_the_blocks_do_not_depend_on_their_width() -> None:
    weights = part_weights(HOW)
    assert weights.sum() == pytest.approx(1)
    blocks = {name: float(weights[columns].sum()) for name, columns in rot272.SLICES.items()}
    assert blocks["root_velocity"] / blocks["rotations"] == pytest.approx(HOW.root_velocity / HOW.rotations)


class Fixed(torch.nn.Module):
    """Predicts what it is given, whatever is asked."""

    def __init__(self, made: torch.Tensor) -> None:
        super().__init__()
        self.made = made
        self.mean, self.std = torch.zeros(rot272.DIM), torch.ones(rot272.DIM)
        self.shown: list[torch.Tensor] = []

    def forward(self, x, known, step, text, affect, real):
        self.shown.append(x)
        return self.made


def one_batch() -> train_diffusion.Batch:
    """Some batch with padding and known frames in it."""
    clips = FeatureSet.of(tiny.clips(), emotional=0.5)
    for step in range(100):
        batch = clips.draw(np.random.default_rng(step), 6, CONFIG, HOW)
        if batch.known.any() and not batch.real.all():
            return batch
    raise AssertionError("no such batch")


def loss_of(model: Any, batch: train_diffusion.Batch, how: DiffusionLoss = HOW) -> tuple[float, dict[str, float]]:
    torch.manual_seed(0)
    value, shown = denoise_loss(model, batch, NoiseSchedule.cosine(10), np.random.default_rng(0), how)
    return float(value.detach()), shown


def test_the_truth_costs_nothing_and_only_open_real_frames_count() -> None:
    batch = one_batch()
    assert loss_of(Fixed(batch.x.clone()), batch)[0] == pytest.approx(0, abs=1e-5)
    elsewhere = (batch.known | ~batch.real)[..., None]
    assert loss_of(Fixed(torch.where(elsewhere, 9.0, batch.x)), batch)[0] == pytest.approx(0, abs=1e-5)
    wrong = batch.x.clone()
    row, frame = map(int, (batch.real & ~batch.known).nonzero()[0])
    wrong[row, frame] += 1
    assert loss_of(Fixed(wrong), batch)[0] > 0.01


def test_known_frames_are_shown_clean_and_the_others_noisy() -> None:
    batch = one_batch()
    model = Fixed(batch.x.clone())
    loss_of(model, batch)
    same = (model.shown[0] == batch.x).all(-1)
    assert same[batch.known].all() and not same[batch.real & ~batch.known].any()


@pytest.mark.parametrize(
    ("part", "term"),
    [("root_velocity", "path_mm"), ("heading_change", "heading_mrad"), ("rotations", "joint_mm")],
)
def test_each_geometric_term_sees_its_part(part: str, term: str) -> None:
    batch = one_batch()
    wrong = batch.x.clone()
    wrong[..., rot272.SLICES[part]] += 0.05
    assert loss_of(Fixed(batch.x.clone()), batch)[1][term] < 0.05
    assert loss_of(Fixed(wrong), batch)[1][term] > 1
    off = replace(HOW, joint=0, joint_velocity=0, heading=0, path=0)
    value, shown = loss_of(Fixed(wrong), batch, off)
    assert value == pytest.approx(shown["feature"])


# --- training ---


def differences(first: Any, second: Any, where: str = "") -> list[str]:
    """Paths of all that differs between two checkpoints, bit for bit."""
    if isinstance(first, dict):
        keys = first.keys() ^ second.keys()
        return [f"{where}: {keys}"] if keys else [
            d for key in first for d in differences(first[key], second[key], f"{where}/{key}")
        ]  # fmt: skip
    if isinstance(first, list):
        pairs = enumerate(zip(first, second, strict=True))
        return [d for k, (a, b) in pairs for d in differences(a, b, f"{where}/{k}")]
    same = torch.equal(first, second) if isinstance(first, torch.Tensor) else first == second
    return [] if same else [where]


def test_a_stopped_and_resumed_run_ends_with_the_same_bits_average_included(tmp_path: Path) -> None:
    train(SHORT, tmp_path / "straight")
    for number, stop_after in enumerate((3, 3, None)):
        torch.manual_seed(1000 + number)  # what a new process would find
        np.random.seed(number)
        scalars = train(SHORT, tmp_path / "stopped", stop_after=stop_after)
    straight, stopped = (checkpoint.load(tmp_path / name / "mdm10.pt") for name in ("straight", "stopped"))
    assert straight["step"] == 8 and straight["scalars"] == scalars
    assert differences(straight, stopped) == []
    kept = straight["model"]
    assert differences(kept["average.leave.weight"], kept["model.leave.weight"]) == [""], "an average of its own"


def test_the_base_sees_no_emotion_and_the_fine_tuning_starts_from_its_average(tmp_path: Path) -> None:
    seen: list[torch.Tensor] = []
    draw = FeatureSet.draw

    def watched(self: FeatureSet, *args: Any) -> train_diffusion.Batch:
        batch = draw(self, *args)
        seen.append(batch.affect)
        return batch

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FeatureSet, "draw", watched)
        train(SHORT, tmp_path / "base")
        base = torch.cat(seen)
        seen.clear()
        train(TUNED, tmp_path / "tuned", init=tmp_path / "base" / "mdm10.pt", stop_after=3)
        tuned = torch.cat(seen)
    assert not base[:, 1:].any() and base[:, Emotion.NEUTRAL].any()
    assert tuned[:, Emotion.JOY].any() or tuned[:, Emotion.SADNESS].any()
    first = checkpoint.load(tmp_path / "base" / "mdm10.pt")["model"]
    second = checkpoint.load(tmp_path / "tuned" / "mdm10.pt")["model"]
    assert torch.equal(first["average.mean"], second["model.mean"])
    moved = (second["model.leave.weight"] - first["average.leave.weight"]).abs().max()
    assert moved < 3e-3, "three small steps away from the base's average"


def test_a_model_of_fifty_steps_is_a_start_for_one_of_ten(tmp_path: Path) -> None:
    train(SHORT, tmp_path / "a", stage="mdm50", stop_after=1)
    train(SHORT, tmp_path / "b", stage="mdm10", stop_after=1, init=tmp_path / "a" / "mdm50.pt")
    assert checkpoint.load(tmp_path / "b" / "mdm10.pt")["meta"]["model"]["steps"] == 10
    with pytest.raises(InvalidInput, match="does not fit this model"):
        other = replace(SHORT, model=replace(SHORT.model, width=16))
        train(other, tmp_path / "c", stop_after=1, init=tmp_path / "a" / "mdm50.pt")


def test_what_cannot_be_trained_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="'tiny-emotion' goes on from a base; name its checkpoint with --init"):
        train(TUNED, tmp_path)
    neutral = tmp_path / "neutral"
    neutral.mkdir()
    tiny.write_clips(neutral, {"walk": walking(3.0)})
    tiny.write_clips(neutral, {"other": walking(3.0)}, split="val")
    train(SHORT, tmp_path / "base", stop_after=1)
    with pytest.raises(InvalidInput, match="no clip with an emotion"):
        train(TUNED, tmp_path / "tuned", data=neutral, init=tmp_path / "base" / "mdm10.pt")
    with pytest.raises(InvalidInput, match=r"mdm10\.pt was made with other settings \(average\)"):
        train(replace(SHORT, average=0.5), tmp_path / "base")
    with pytest.raises(InvalidInput, match="'cpu-joy' of the diffusion is unknown; known: cpu, cpu-emotion"):
        diffusion_recipe_named("cpu-joy")


def test_a_finished_stage_is_loaded_with_its_averaged_weights(tmp_path: Path) -> None:
    train(SHORT, tmp_path, stop_after=4)
    with pytest.raises(InvalidInput, match=r"mdm10\.pt stands at step 4 of 8"):
        load_denoiser(tmp_path / "mdm10.pt")
    train(SHORT, tmp_path)
    model, facts = load_denoiser(tmp_path / "mdm10.pt")
    kept = checkpoint.load(tmp_path / "mdm10.pt")
    assert torch.equal(model.leave.weight, kept["model"]["average.leave.weight"])
    assert not model.training and not any(p.requires_grad for p in model.parameters())
    assert facts == {name: kept[name] for name in ("meta", "step", "scalars")}
    assert model.config.steps == STEPS["mdm10"] == 10


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    recipe = replace(RECIPE, schedule=replace(RECIPE.schedule, steps=40, rate=4e-3, validate_every=40))
    train(recipe, tmp_path)
    model, batch = Denoiser(CONFIG), one_batch()
    trained, _ = load_denoiser(tmp_path / "mdm10.pt")
    model.mean.copy_(trained.mean)
    model.std.copy_(trained.std)
    first, last = (loss_of(m.eval(), batch)[1] for m in (model, trained))
    assert last["feature"] < 0.8 * first["feature"]
    assert last["joint_mm"] < first["joint_mm"]


# --- the guard ---


def test_a_denoiser_that_stands_still_is_seen() -> None:
    clips = FeatureSet.of(tiny.clips(), emotional=0.5)
    still, moving = (Denoiser(CONFIG).eval().requires_grad_(False) for _ in range(2))
    stacked = np.concatenate([c.features for c in tiny.clips().clips])
    for model, level in ((still, np.zeros(rot272.DIM)), (moving, np.abs(stacked).mean(0))):
        # A weightless last layer: whatever comes in, each frame is `mean`.
        model.leave.weight.zero_()
        model.leave.bias.zero_()
        model.mean.copy_(torch.from_numpy(level))
    assert generated_energy(still, clips) == pytest.approx(0, abs=1e-6)
    assert generated_energy(moving, clips) > 0.6


def test_torch_passes_keep_known_frames_in_normalised_space() -> None:
    model = denoiser()
    frames = np.random.default_rng(0).normal(size=(24, rot272.DIM)).astype(np.float32)
    known = (np.arange(24) < 8).astype(np.float32)
    text, affect, weight = np.zeros((2, 384), np.float32), np.zeros((2, 9), np.float32), np.float32([2, -1])
    clean, features = TorchDenoiser(model).denoise(frames[::-1].copy(), frames, known, 3, text, affect, weight)
    expected = (frames - model.mean.numpy()) / model.std.numpy()
    np.testing.assert_array_equal(clean[:8], expected[:8])
    np.testing.assert_allclose(features, clean * model.std.numpy() + model.mean.numpy(), atol=1e-6)
    assert np.abs(clean[8:] - expected[8:]).min(-1).max() > 0


def test_the_recipes_name_sizes_that_fit_together() -> None:
    for name, recipe in DIFFUSION_RECIPES.items():
        assert diffusion_recipe_named(name) is recipe and recipe.name == name
        assert isinstance(recipe.model, DenoiserConfig)
        assert recipe.model.max_frames % recipe.model.patch == 0 and 20 % recipe.model.patch == 0
    assert DIFFUSION_RECIPES["cpu-emotion"].model == DIFFUSION_RECIPES["cpu"].model
