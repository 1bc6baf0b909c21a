"""The guard tells a generator that moves from one that repeats one code."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from sdk.errors import InvalidInput  # noqa: E402
from sdk.motion import rot272  # noqa: E402
from training.guards import check_generated, energy, generated_energy  # noqa: E402
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
    return TokenSet(sequences, text, np.eye(9, dtype=np.float32)[:6], np.full(6, 1 / 6))


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
