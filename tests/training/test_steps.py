"""One pass of decoding in torch: sampling, guidance rows, layers that are left out. The graphs: tests/export.

N tokens, Q quantiser layers, R condition rows, C codes.
"""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from sdk.emotion import NUM_EMOTIONS, Affect  # noqa: E402
from training.models.rvq import Rvq, RvqConfig  # noqa: E402
from training.models.steps import DecodeStep, EncodeStep, MaskedStep, ResidualStep, guided_sample  # noqa: E402
from training.models.transformer import MaskedTransformer, ResidualTransformer, TransformerConfig  # noqa: E402

RVQ = RvqConfig(features=12, width=16, codes=8, code_width=6, layers=3)
TOKENS = TransformerConfig(codes=8, quantisers=3, text_width=5, width=16, heads=2, layers=2, hidden=32, max_tokens=20)
JOY = torch.from_numpy(Affect.of("joy", 1.0).condition)
NOBODY = torch.zeros(NUM_EMOTIONS)


@pytest.fixture(autouse=True)
def fixed_seed() -> None:
    torch.manual_seed(0)


def test_sampling_is_the_argmax_of_guided_logits_and_noise_among_the_likeliest() -> None:
    logits = torch.randn(3, 20, 40)
    weights = torch.tensor([3.0, -1.5, -0.5])
    noise = torch.from_numpy(np.random.default_rng(0).gumbel(size=(20, 40)).astype(np.float32))
    guided = 3.0 * logits[0] - 1.5 * logits[1] - 0.5 * logits[2]
    for given in (noise, torch.zeros(20, 40), 1000 * noise):
        code, chance = guided_sample(logits, weights, given)
        for n in range(20):
            allowed = sorted(range(40), key=lambda c: -guided[n, c].item())[:4]  # a tenth of 40
            assert code[n] == max(allowed, key=lambda c: (guided[n, c] + given[n, c]).item())
        torch.testing.assert_close(chance, guided.softmax(-1)[torch.arange(20), code])


@pytest.mark.parametrize(("codes", "kept"), [(8, 1), (16, 2), (40, 4), (512, 52)])
def test_a_tenth_of_the_codes_may_be_drawn(codes: int, kept: int) -> None:
    logits = torch.randn(1, 1, codes).expand(1, 4000, codes)
    noise = torch.from_numpy(np.random.default_rng(1).gumbel(size=(4000, codes)).astype(np.float32))
    found, _ = guided_sample(logits / 100, torch.ones(1), noise)  # nearly even: every allowed code comes up
    assert len(found.unique()) == kept


def test_steps_are_the_models_with_rows_of_conditions() -> None:
    masked, residual = MaskedTransformer(TOKENS).eval(), ResidualTransformer(TOKENS).eval()
    text, affect = torch.randn(2, 5), torch.stack([JOY, NOBODY])
    weight, noise = torch.tensor([2.0, -1.0]), torch.zeros(10, 8)
    tokens = torch.randint(8, (3, 10))
    with torch.no_grad():
        code, chance = MaskedStep(masked)(tokens[0], text, affect, weight, noise)
        logits = masked(tokens[:1].expand(2, -1), text, affect)
        assert torch.equal(code, (2 * logits[0] - logits[1]).argmax(-1))
        assert chance.shape == (10,) and ((chance > 0) & (chance <= 1)).all()
        code = ResidualStep(residual)(tokens, torch.tensor([2]), text, affect, weight, noise)
        logits = residual(tokens.expand(2, -1, -1), torch.tensor([2, 2]), text, affect)
        assert torch.equal(code, (2 * logits[0] - logits[1]).argmax(-1))


def test_code_zero_is_not_a_missing_layer() -> None:
    model = Rvq(RVQ)
    with torch.no_grad():
        model(torch.randn(8, 40, 12))  # fills the codebooks
    model.eval()
    step = DecodeStep(model)
    tokens = model.encode(torch.randn(1, 24, 12))[0]
    with torch.no_grad():
        torch.testing.assert_close(step(tokens, NOBODY), model.decode(tokens[None])[0])
        shorter = torch.where(torch.arange(3)[:, None] < 1, tokens, -1)
        torch.testing.assert_close(step(shorter, NOBODY), model.decode(tokens[None, :1])[0])
        zero = torch.where(torch.arange(3)[:, None] < 1, tokens, 0)
        assert not torch.allclose(step(shorter, NOBODY), step(zero, NOBODY))
        assert torch.equal(
            EncodeStep(model)(model.decode(tokens[None])[0]), model.encode(model.decode(tokens[None]))[0]
        )
