"""MMM: corruption, training and resuming, fine-tuning and what it refuses, sampling by the runtime's loop."""

import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")
pytest.importorskip("tensorboard", reason="tensorboard is absent: pip install -e '.[train]'")

from sdk.errors import InvalidInput  # noqa: E402
from sdk.motion import rot272  # noqa: E402
from sdk.runtime.decode import Condition, Schedule, gumbel_noise, unmask  # noqa: E402
from tests.export import tiny  # noqa: E402
from tests.synthetic import walking  # noqa: E402
from training import checkpoint, tokens, train_mmm  # noqa: E402
from training.models.transformer import MaskedTransformer, TransformerConfig  # noqa: E402
from training.passes import TorchPasses  # noqa: E402
from training.recipes import StageRecipe  # noqa: E402
from training.recipes_mmm import MMM_RECIPES, MmmLoss, mmm_recipe_named  # noqa: E402
from training.tokens import Batch  # noqa: E402
from training.train_mmm import Mmm, check_codes, code_figures, corrupted, mmm_loss  # noqa: E402

SHORT = StageRecipe(steps=12, batch=4, rate=1e-3, warmup=5, validate_every=6, save_every=6)
RECIPE = replace(MMM_RECIPES["tiny"], mmm_vq=SHORT, mmm=SHORT)
CODES = RECIPE.mmm_model.codes


@pytest.fixture(autouse=True)
def words_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Captions become vectors by their letters; the sentence encoder has tests of its own."""
    monkeypatch.setattr(tokens, "embed_captions", tiny.letters)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of both stages."""
    run = tmp_path_factory.mktemp("mmm")
    with pytest.MonkeyPatch.context() as patch:
        words_without_weights.__wrapped__(patch)
        train("mmm_vq", run)
        train("mmm", run)
    return run


def train(stage: str, run: Path, **options: Any) -> dict[str, float]:
    function = train_mmm.train_mmm_vq if stage == "mmm_vq" else train_mmm.train_mmm
    return function(RECIPE, options.pop("data", tiny.prepared()), run, seed=3, **options)


def slow_walks(folder: Path) -> Path:
    """A prepared folder of walks at a third of the speed, half of them to validate with."""
    folder.mkdir()
    for split in ("train", "val"):
        walks = {f"{split}_{k}": walking(2.0, speed=0.4, cycle_s=2.0, swing=0.4) for k in range(2)}
        tiny.write_clips(folder, walks, split=split, style="sad")
    return folder


# --- corruption ---


def batch_of(rows: int, longest: int = 32) -> Batch:
    rng = np.random.default_rng(5)
    lengths = torch.from_numpy(rng.integers(8, longest + 1, rows))
    real = torch.arange(longest)[None] < lengths[:, None]
    codes = torch.from_numpy(rng.integers(0, CODES, (rows, 1, longest))) * real[:, None]
    affect, number = torch.ones(rows, 9) / 9, torch.zeros(rows, dtype=torch.int64)
    return Batch(codes, real, torch.ones(rows, 384), affect, affect, number, number)


def test_half_of_the_tokens_become_random_and_then_half_to_all_of_them_are_masked() -> None:
    batch = batch_of(3000)
    shown, masked = corrupted(batch, np.random.default_rng(0), MmmLoss(), codes=CODES)
    base, real = batch.tokens[:, 0], batch.real
    assert (shown[masked] == CODES).all() and (shown[~real] == CODES).all() and not (masked & ~real).any()
    share = masked.sum(1) / real.sum(1)
    assert float(share.min()) >= 0.5 - 0.5 / 8 and float(share.max()) == 1
    assert float(share.mean()) == pytest.approx(0.75, abs=0.01)
    assert float(share.std()) == pytest.approx(0.5 / math.sqrt(12), abs=0.01), "even between a half and one"
    visible = real & ~masked
    # Half of what is left to see is a random code, of which one in CODES happens to be the true one.
    assert float((shown != base)[visible].float().mean()) == pytest.approx(0.5 * (1 - 1 / CODES), abs=0.01)
    assert shown[visible].max() < CODES


def test_the_shares_are_options() -> None:
    batch = batch_of(500)
    how = MmmLoss(random_share=0.0, least_mask=0.9)
    shown, masked = corrupted(batch, np.random.default_rng(0), how, codes=CODES)
    visible = batch.real & ~masked
    assert torch.equal(shown[visible], batch.tokens[:, 0][visible])
    assert float((masked.sum(1) / batch.real.sum(1)).mean()) == pytest.approx(0.95, abs=0.01)


class Oracle(MaskedTransformer):
    """Answers with fixed logits."""

    def __init__(self, answer: torch.Tensor) -> None:
        super().__init__(TransformerConfig(codes=CODES, quantisers=1, width=16, heads=2, layers=1, hidden=16))
        self.answer = answer

    def forward(self, tokens_BN, text_BS, affect_BE, real_BN=None):
        return self.answer


def test_every_real_token_is_judged_and_no_padding() -> None:
    batch = batch_of(200)
    base = batch.tokens[:, 0]
    _, masked = corrupted(batch, np.random.default_rng(0), MmmLoss(), codes=CODES)
    wrong = (base + 1) % CODES
    right_where_masked = torch.where(masked, base, wrong)
    for answer, lost, right in ((base, 0.0, 1.0), (right_where_masked, 0.25, 1.0), (wrong, 1.0, 0.0)):
        answer = torch.where(batch.real, answer, wrong)
        logits = 30.0 * torch.nn.functional.one_hot(answer, CODES).float()
        loss, accuracy = mmm_loss(Oracle(logits), batch, np.random.default_rng(0), MmmLoss())
        assert float(loss) / 30 == pytest.approx(lost, abs=0.02)
        assert float(accuracy) == right, "accuracy is that of the masked tokens"


# --- training ---


@pytest.mark.parametrize("stage", ["mmm_vq", "mmm"])
def test_a_stopped_and_resumed_run_ends_with_the_same_bits(stage: str, tmp_path: Path, base: Path) -> None:
    if stage == "mmm":
        os.link(base / "mmm_vq.pt", tmp_path / "mmm_vq.pt")
    for number, stop_after in enumerate((5, 3, None)):
        torch.manual_seed(1000 + number)
        scalars = train(stage, tmp_path, stop_after=stop_after)
    stopped, straight = checkpoint.load(tmp_path / f"{stage}.pt"), checkpoint.load(base / f"{stage}.pt")
    assert stopped["step"] == SHORT.steps and scalars == straight["scalars"] == stopped["scalars"]
    assert stopped["meta"] == straight["meta"]
    for name, value in straight["model"].items():
        assert torch.equal(value, stopped["model"][name]), name


def test_the_figures_of_the_codes_are_logged(base: Path) -> None:
    scalars = checkpoint.load(base / "mmm_vq.pt")["scalars"]
    assert 1 <= scalars["perplexity"] <= CODES * scalars["code_use"] <= CODES
    assert {"mpjpe_mm", "energy_ratio"} <= scalars.keys()


def test_our_corruption_is_the_other_option(base: Path, tmp_path: Path) -> None:
    os.link(base / "mmm_vq.pt", tmp_path / "mmm_vq.pt")
    ours = replace(RECIPE, token_loss=replace(RECIPE.token_loss, corruption="momask"))
    train_mmm.train_mmm(ours, tiny.prepared(), tmp_path, seed=3, stop_after=2)
    found = checkpoint.load(tmp_path / "mmm.pt")
    assert found["meta"]["loss"]["corruption"] == "momask"
    with pytest.raises(InvalidInput, match=r"made with other settings \(loss\)"):
        train("mmm", tmp_path)


def test_perplexity_counts_codes_evenly() -> None:
    half = {"code_use": 0.5, "perplexity": 8.0, "perplexity_share": 0.5}
    assert code_figures(np.arange(8), 16) == pytest.approx(half)
    one = {"code_use": 1 / 16, "perplexity": 1.0, "perplexity_share": 1 / 16}
    assert code_figures(np.zeros((3, 4), dtype=int), 16) == pytest.approx(one)
    assert code_figures(np.array([0] * 97 + [1, 2, 3]), 16)["perplexity"] < 1.3


def test_a_collapsed_codebook_and_static_reconstructions_are_refused() -> None:
    good = {"perplexity": 300.0, "perplexity_share": 0.15, "energy_ratio": 0.95}
    check_codes(good)
    with pytest.raises(InvalidInput, match=r"codebook collapse: .* a perplexity of 20, 1\.0% of the codes"):
        check_codes({**good, "perplexity": 20.0, "perplexity_share": 0.0098})
    with pytest.raises(InvalidInput, match="static motion: reconstructions move 40%"):
        check_codes({**good, "energy_ratio": 0.4})


def test_an_unknown_recipe_is_named() -> None:
    with pytest.raises(InvalidInput, match="recipe 'huge' is unknown for MMM; known: cpu, tiny"):
        mmm_recipe_named("huge")


# --- fine-tuning ---


def test_fine_tuning_takes_the_frozen_vq_along(base: Path, tmp_path: Path) -> None:
    train("mmm", tmp_path / "tuned", init=base / "mmm.pt")
    assert (tmp_path / "tuned" / "mmm_vq.pt").read_bytes() == (base / "mmm_vq.pt").read_bytes()
    before, after = (checkpoint.load(run / "mmm.pt") for run in (base, tmp_path / "tuned"))
    assert after["meta"]["init_sha256"] and not torch.equal(before["model"]["head.bias"], after["model"]["head.bias"])
    assert Mmm.load(tmp_path / "tuned").masked.config == RECIPE.mmm_model


def test_a_transformer_is_not_tuned_on_the_tokens_of_another_vq(base: Path, tmp_path: Path) -> None:
    train_mmm.train_mmm_vq(RECIPE, tiny.prepared(), tmp_path, seed=4)
    with pytest.raises(InvalidInput, match="trained on the tokens of another VQ-VAE"):
        train("mmm", tmp_path, init=base / "mmm.pt")
    assert not (tmp_path / "mmm.pt").exists()
    os.link(base / "mmm.pt", tmp_path / "mmm.pt")
    with pytest.raises(InvalidInput, match="trained on the tokens of another VQ-VAE; train it again"):
        Mmm.load(tmp_path)


@pytest.mark.parametrize("stage", ["mmm_vq", "mmm"])
def test_slow_clips_are_refused_unless_told_otherwise(
    stage: str, base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow, run = slow_walks(tmp_path / "slow"), tmp_path / "run"
    with pytest.raises(InvalidInput, match=r"too slow to fine-tune on: root 0\.\d\d, joints 0\.\d\d .*--allow-slow"):
        train(stage, run, data=slow, init=base / f"{stage}.pt")
    assert not (run / f"{stage}.pt").exists()
    assert "beside the base set, same contents: root 0." in capsys.readouterr().out
    train(stage, run, data=slow, init=base / f"{stage}.pt", allow_slow=True, stop_after=1)
    assert checkpoint.load(run / f"{stage}.pt")["step"] == 1


def test_a_tuned_vq_keeps_its_codes(base: Path, tmp_path: Path) -> None:
    gentle = replace(RECIPE, mmm_vq=replace(SHORT, steps=1, rate=1e-5))
    train_mmm.train_mmm_vq(gentle, tiny.prepared(), tmp_path, seed=8, init=base / "mmm_vq.pt")
    old, new = (checkpoint.load(run / "mmm_vq.pt")["model"]["quantisers.0.codebook"] for run in (base, tmp_path))
    moved = (new - old).norm(dim=-1) / old.norm(dim=-1).mean()
    assert float(moved.median()) < 0.05, "one step of the averages hardly moves a code"


# --- sampling ---


def test_the_runtime_decodes_it_with_torch_passes(base: Path) -> None:
    mmm = Mmm.load(base)
    passes = TorchPasses(mmm.vq, mmm.masked, None)
    text, affect = np.ones(384, np.float32), np.eye(9, dtype=np.float32)[1]
    found = []
    for seed in (0, 0, 1):
        codes = unmask(
            passes.masked, Condition.guided(text, affect, text_scale=3.0, emotion_scale=2.0),
            Schedule(iterations=10, residual_layers=0, choice_temperature=8.0), np.full(20, -1),
            codes=CODES,
            noise=lambda stage, index, shape, seed=seed: gumbel_noise(seed, stage, index, shape),
        )  # fmt: skip
        assert codes.shape == (20,) and codes.min() >= 0 and codes.max() < CODES
        found.append(codes)
    assert (found[0] == found[1]).all() and (found[0] != found[2]).any()
    features = passes.decode(found[0][None], affect)
    assert features.shape == (80, rot272.DIM)
    with torch.no_grad():
        expected = mmm.vq.decode(torch.from_numpy(found[0])[None, None])[0].numpy()
    np.testing.assert_allclose(features, expected, atol=1e-5)
    assert len(rot272.decode(features)) == 80
