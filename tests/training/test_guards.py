"""The guard tells a generator that moves from one that repeats one code."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from sdk.errors import InvalidInput  # noqa: E402
from sdk.motion import rot272  # noqa: E402
from tests.export import tiny  # noqa: E402
from training.data import ClipSet  # noqa: E402
from training.guards import (  # noqa: E402
    Speeds,
    check_generated,
    check_speeds,
    content_speeds,
    energy,
    generated_energy,
    generated_speeds,
    relative_speeds,
)
from training.models.rvq import Rvq, RvqConfig  # noqa: E402
from training.models.transformer import MaskedTransformer, TransformerConfig  # noqa: E402
from training.train_tokens import TokenSet  # noqa: E402

CODES = 16
TOKENS = 12


def moving_rvq() -> Rvq:
    """A decoder whose every code stands for another velocity; code 0 is at rest."""
    rvq = Rvq(RvqConfig(width=8, codes=CODES, code_width=8, layers=2)).eval()
    rvq.decoder.forward = lambda z, affect=None: z.repeat_interleave(4, 1)[..., :1].expand(-1, -1, rot272.DIM)  # type: ignore[method-assign]
    rvq.quantisers[0].codebook[:, 0] = torch.arange(CODES) / CODES
    return rvq


class Repeating(MaskedTransformer):
    """A model that is sure of one code everywhere."""

    def __init__(self, code: int) -> None:
        super().__init__(TransformerConfig(codes=CODES, quantisers=2, width=16, heads=2, layers=1, hidden=16))
        self.code = code

    def forward(self, tokens_BN, text_BS, affect_BE, real_BN=None):
        logits = torch.zeros(*tokens_BN.shape, CODES)
        logits[..., self.code] = 50.0
        return logits


def clips() -> TokenSet:
    rng = np.random.default_rng(0)
    sequences = [[rng.integers(0, CODES, (2, TOKENS)).astype(np.int16)] for _ in range(6)]
    text = [np.ones((1, 384), np.float32)] * 6
    return TokenSet(sequences, text, np.eye(9, dtype=np.float32)[:6], np.full(6, 1 / 6), np.arange(6))


def test_energy_is_the_path_of_root_and_joints() -> None:
    features = np.zeros((11, rot272.DIM))
    features[:, rot272.SLICES["root_velocity"]] = [0.03, 0.04]
    assert energy(features) == pytest.approx(0.5)
    features[:, rot272.SLICES["velocities"]] = np.tile([0.0, 0.01, 0.0], 22)
    assert energy(features) == pytest.approx(0.6)


def test_a_generator_at_rest_is_refused() -> None:
    with torch.no_grad():
        ratio = generated_energy(Repeating(0), moving_rvq(), clips())
    assert ratio == pytest.approx(0, abs=1e-6)
    with pytest.raises(InvalidInput, match="static motion: sampled clips move 0%"):
        check_generated(ratio)


def test_a_generator_that_moves_like_the_clips_passes() -> None:
    with torch.no_grad():
        ratio = generated_energy(Repeating(CODES // 2), moving_rvq(), clips())
    assert ratio == pytest.approx(1, abs=0.2)
    check_generated(ratio)


def test_the_mode_of_the_model_is_left_as_it_was() -> None:
    model = Repeating(1)
    model.train()
    with torch.no_grad():
        generated_energy(model, moving_rvq(), clips())
    assert model.training


def test_sampled_speed_is_compared_for_root_and_joints_apart() -> None:
    with torch.no_grad():
        still = generated_speeds(Repeating(0), moving_rvq(), clips())
        moving = generated_speeds(Repeating(CODES // 2), moving_rvq(), clips())
    assert still == pytest.approx((0, 0), abs=1e-6)
    assert moving == pytest.approx((1, 1), abs=0.2)


# --- speeds of a set to fine-tune on ---


def test_speeds_are_means_by_content_in_metres_a_second() -> None:
    found = content_speeds(tiny.clips())
    assert list(found) == ["walk"] and found["walk"][0] == len(tiny.clips().clips)
    path = [np.linalg.norm(c.features[1:, :2], axis=-1).sum() for c in tiny.clips().clips]
    seconds = [(len(c.features) - 1) / rot272.FPS for c in tiny.clips().clips]
    assert found["walk"][1] == pytest.approx(np.mean(np.array(path) / seconds))
    slower = ClipSet(tuple(c for c in tiny.clips().clips if c.style == "sad"))
    ratio = relative_speeds(content_speeds(slower), found)
    assert ratio.root < 0.9 and ratio.joints < 0.9


def test_only_the_contents_that_both_sets_have_are_compared() -> None:
    base = {"walk": [10, 1.2, 0.6], "wave": [90, 0.0, 0.1]}
    assert relative_speeds({"walk": [3, 0.6, 0.6], "run": [9, 3.0, 1.0]}, base) == pytest.approx((0.5, 1))
    many = {"walk": [1, 1.2, 0.6], "wave": [3, 0.0, 0.05]}
    assert relative_speeds(many, base) == pytest.approx((1, (0.6 + 0.15) / (0.6 + 0.3)))
    # Nothing in common: all clips against all, 0.12 m/s and 0.15 m/s on the mean of the base.
    assert relative_speeds({"crawl": [5, 0.06, 0.3]}, base) == pytest.approx((0.5, 2))


@pytest.mark.parametrize(
    ("ratio", "cause"),
    [
        (Speeds(0.45, 0.47), "both alike, as when clips are read at a lower frame rate"),
        (Speeds(0.14, 0.92), "the root above all, as when its path has another scale than the body$"),
        (Speeds(0.07, 0.46), "another scale than the body, and all of it at a lower frame rate than recorded"),
        (Speeds(0.95, 0.3), "the joints above all"),
    ],
)
def test_slow_sets_are_refused_with_figures_and_likely_cause(ratio: Speeds, cause: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_speeds(ratio)
    message = str(refused.value)
    assert f"root {ratio.root:.2f}, joints {ratio.joints:.2f}" in message and "--allow-slow" in message
    assert cause.removesuffix("$") in message
    if cause.endswith("$"):
        assert "frame rate" not in message
    check_speeds(ratio, allow_slow=True)


def test_a_somewhat_slower_set_passes() -> None:
    check_speeds(Speeds(0.8, 0.7))
