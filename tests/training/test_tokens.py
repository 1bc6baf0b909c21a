"""Token batches and the losses of both transformers: what is drawn, dropped, masked and counted."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from tests.export import tiny  # noqa: E402
from training.data import ClipSet  # noqa: E402
from training.models.transformer import MaskedTransformer, ResidualTransformer, TransformerConfig  # noqa: E402
from training.recipes import TokenLoss  # noqa: E402
from training.tokens import MIN_TOKENS, OFFSETS, Batch, TokenSet  # noqa: E402
from training.train_tokens import masked_loss, residual_loss  # noqa: E402

WHOLE = TokenLoss(drop_text=0, drop_affect=0, crop=0)
LENGTHS = (3, 5, 9, 18, 30, 47)
Q = 3


@pytest.fixture
def tokens() -> TokenSet:
    """Sequences whose values tell clip, place and layer: 100 clip + place + 5000 layer, at one offset or two."""
    place = [np.arange(n)[None] + 5000 * np.arange(Q)[:, None] for n in LENGTHS]
    sequences = [[100 * k + p, 100 * k + p[:, 1:]][: 1 + k % 2] for k, p in enumerate(place)]
    text = [np.full((1 + k % 3, 4), k + 1, dtype=np.float32) for k in range(len(LENGTHS))]
    affect = np.eye(9, dtype=np.float32)[: len(LENGTHS)]
    return TokenSet(sequences, text, affect, np.full(len(LENGTHS), 1 / len(LENGTHS)), np.arange(len(LENGTHS)))


def batches(tokens: TokenSet, how: TokenLoss, count: int, *, batch: int = 16, longest: int = 64) -> list[Batch]:
    rng = np.random.default_rng(0)
    return [tokens.draw(rng, batch, longest, how) for _ in range(count)]


def clip_of(row: torch.Tensor) -> int:
    return int(row[0, 0]) // 100


# --- drawing ---


def test_a_batch_is_a_function_of_its_generator(tokens: TokenSet) -> None:
    first, again, other = (tokens.draw(np.random.default_rng(seed), 16, 40, TokenLoss()) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(a.shape == b.shape and torch.equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("longest", [64, 20, 4])
def test_rows_are_runs_of_their_clip_and_padding_is_marked(tokens: TokenSet, longest: int) -> None:
    seen = set()
    for batch in batches(tokens, TokenLoss(drop_text=0, drop_affect=0), 40, longest=longest):
        assert batch.tokens.shape == (16, Q, batch.real.shape[1]) and batch.tokens.dtype == torch.int64
        assert batch.real.shape[1] <= longest and batch.real.any(0).all(), "no column is padding alone"
        for row, real, text, affect in zip(*batch[:4], strict=True):
            count = int(real.sum())
            assert real[:count].all(), "padding comes last"
            k, begin = clip_of(row), int(row[0, 0]) % 100
            assert begin + count <= LENGTHS[k]
            expected = 100 * k + begin + torch.arange(count) + 5000 * torch.arange(Q)[:, None]
            assert torch.equal(row[:, :count], expected)
            assert (row[:, count:] == 0).all()
            assert (text == k + 1).all() and affect.argmax() == k, "conditions are those of the clip"
            seen.add((k, begin))
    assert {k for k, _ in seen} == set(range(len(LENGTHS)))
    if longest == 20:
        assert {begin for k, begin in seen if k == 5} >= {0, 27}, "a long clip is cut anywhere, ends included"


def test_without_cropping_a_clip_that_fits_is_whole(tokens: TokenSet) -> None:
    for batch in batches(tokens, WHOLE, 20):
        for row, real in zip(batch.tokens, batch.real, strict=True):
            k = clip_of(row)
            assert int(real.sum()) == LENGTHS[k] - int(row[0, 0]) % 100, "up to the clip's end"


def test_crops_keep_at_least_half_and_short_clips_are_left_whole(tokens: TokenSet) -> None:
    cut = {k: set() for k in range(len(LENGTHS))}
    for batch in batches(tokens, TokenLoss(drop_text=0, drop_affect=0, crop=1.0), 60):
        for row, real in zip(batch.tokens, batch.real, strict=True):
            cut[clip_of(row)].add(int(real.sum()))
    for k, length in enumerate(LENGTHS):
        if length <= 2 * MIN_TOKENS:
            assert cut[k] <= {length, length - 1}  # the second offset has one less
        else:
            assert (length - 1) // 2 <= min(cut[k]) < max(cut[k]) <= length
    assert len(cut[5]) > 15


def test_a_batch_holds_similar_lengths(tokens: TokenSet) -> None:
    spread = [np.ptp(batch.real.sum(1).numpy()) for batch in batches(tokens, WHOLE, 60)]
    assert np.mean(spread) < 0.5 * (max(LENGTHS) - min(LENGTHS))


def test_clips_are_drawn_by_their_weights(tokens: TokenSet) -> None:
    heavy = TokenSet(tokens.sequences, tokens.text, tokens.affect, np.array([0.5, 0, 0.1, 0.1, 0.1, 0.2]), tokens.pairs)
    clips = [clip_of(row) for batch in batches(heavy, WHOLE, 150) for row in batch.tokens]
    share = np.bincount(clips, minlength=6) / len(clips)
    assert share[1] == 0
    np.testing.assert_allclose(share, heavy.weights, atol=0.06)


def test_conditions_are_dropped_at_their_rates(tokens: TokenSet) -> None:
    how = TokenLoss(drop_text=0.2, drop_affect=0.3)
    drawn = batches(tokens, how, 400)
    no_text = np.concatenate([(batch.text == 0).all(1).numpy() for batch in drawn])
    no_affect = np.concatenate([(batch.affect == 0).all(1).numpy() for batch in drawn])
    # Both go together with drop_text; of the rest text alone with half of it, the affect alone with drop_affect.
    assert no_text.mean() == pytest.approx(1 - 0.8 * 0.9, abs=0.02)
    assert no_affect.mean() == pytest.approx(1 - 0.8 * 0.7, abs=0.02)
    assert (no_text & no_affect).mean() == pytest.approx(0.2 + 0.8 * 0.1 * 0.3, abs=0.02)
    assert (no_text & ~no_affect).any() and (~no_text & no_affect).any()
    nothing_dropped = batches(tokens, WHOLE, 20)
    assert all((batch.text != 0).all() and (batch.affect.sum(1) == 1).all() for batch in nothing_dropped)


def test_dropping_leaves_the_set_as_it_was(tokens: TokenSet) -> None:
    batches(tokens, TokenLoss(drop_text=1.0, drop_affect=1.0), 5)
    assert (tokens.affect.sum(1) == 1).all() and all((text != 0).all() for text in tokens.text)


def test_a_set_holds_every_clip_at_both_offsets(monkeypatch: pytest.MonkeyPatch) -> None:
    clips = ClipSet(tiny.clips().clips[:4])
    asked: list[str] = []

    def embed(captions: list[str]) -> np.ndarray:
        asked.extend(captions)
        return np.array([[len(text), sum(map(ord, text))] for text in captions], dtype=np.float32)

    monkeypatch.setattr("training.tokens.embed_captions", embed)
    rvq = tiny.generator().rvq
    with torch.no_grad():
        found = TokenSet.encode(clips, rvq, label="test")
    assert sorted(asked) == sorted({text for clip in clips.clips for text in clip.captions})
    for clip, sequences, text, affect in zip(clips.clips, found.sequences, found.text, found.affect, strict=True):
        for offset, sequence in zip(OFFSETS, sequences, strict=True):
            assert sequence.shape == (Q, (len(clip.features) - offset) // 4)
            length = 4 * sequence.shape[1]
            again = rvq.encode(torch.from_numpy(clip.features[None, offset : offset + length]))[0].numpy()
            assert (sequence == again).all()
        assert [int(v) for v in text[:, 0]] == [len(caption) for caption in clip.captions]
        np.testing.assert_array_equal(affect, clip.affect.condition)
    np.testing.assert_array_equal(found.weights, clips.weights)


# --- losses ---

CODES = 8
CONFIG = TransformerConfig(codes=CODES, quantisers=Q, text_width=4, width=16, heads=2, layers=1, hidden=16)


class Oracle(MaskedTransformer):
    """Notes what it is shown and answers with fixed logits (B, N, C)."""

    def __init__(self, answer: torch.Tensor) -> None:
        super().__init__(CONFIG)
        self.answer = answer
        self.shown: list[torch.Tensor] = []

    def forward(self, tokens_BN, text_BS, affect_BE, real_BN=None):
        self.shown.append(tokens_BN)
        return self.answer


class ResidualOracle(ResidualTransformer):
    """Knows every layer's tokens; notes which layers it is asked for."""

    def __init__(self, truth: torch.Tensor) -> None:
        super().__init__(CONFIG)
        self.truth = truth
        self.layers: list[torch.Tensor] = []

    def forward(self, tokens_BQN, layer_B, text_BS, affect_BE, real_BN=None):
        self.layers.append(layer_B)
        return sure_of(self.truth[torch.arange(len(layer_B)), layer_B])


def sure_of(tokens: torch.Tensor) -> torch.Tensor:
    """Logits that leave no doubt of these tokens."""
    return 30.0 * torch.nn.functional.one_hot(tokens, CODES).float()


def padded_batch(rows: int = 40, longest: int = 24) -> Batch:
    rng = np.random.default_rng(3)
    lengths = torch.from_numpy(rng.integers(4, longest + 1, rows))
    lengths[0] = longest
    real = torch.arange(longest)[None] < lengths[:, None]
    tokens = torch.from_numpy(rng.integers(0, CODES, (rows, Q, longest))) * real[:, None]
    affect, zeros = torch.ones(rows, 9) / 9, torch.zeros(rows, dtype=torch.int64)
    return Batch(tokens, real, torch.ones(rows, 4), affect, affect, zeros, zeros)


def test_the_masked_loss_counts_only_what_was_chosen() -> None:
    batch, plain = padded_batch(), TokenLoss(random_code=0.0)
    base = batch.tokens[:, 0]
    wrong = (base + 1) % CODES
    masked = shown_to_model(batch, plain) == CODES
    losses = []
    for answer in (base, torch.where(masked, base, wrong), wrong):
        loss, accuracy = masked_loss(Oracle(sure_of(answer)), batch, np.random.default_rng(0), plain)
        assert float(loss) == pytest.approx(30 * (1 - float(accuracy)), abs=1e-3)
        losses.append(float(loss) / 30)
    # Whoever is right on MASK alone fails on the 12 % of the chosen that are shown as they are, and on nothing else.
    assert losses == [pytest.approx(0, abs=1e-4), pytest.approx(0.12, abs=0.05), pytest.approx(1, abs=1e-4)]


def shown_to_model(batch: Batch, how: TokenLoss, seed: int = 0) -> torch.Tensor:
    """What a model is shown."""
    oracle = Oracle(sure_of(batch.tokens[:, 0]))
    masked_loss(oracle, batch, np.random.default_rng(seed), how)
    return oracle.shown[0]


def test_padding_is_shown_as_mask_and_never_judged() -> None:
    batch = padded_batch()
    answer = sure_of(torch.where(batch.real, batch.tokens[:, 0], (batch.tokens[:, 0] + 1) % CODES))
    oracle = Oracle(answer)
    loss, _ = masked_loss(oracle, batch, np.random.default_rng(0), TokenLoss())
    assert float(loss) == pytest.approx(0, abs=1e-4)
    assert (oracle.shown[0][~batch.real] == CODES).all()


def test_the_share_of_masks_follows_the_cosine() -> None:
    batch = padded_batch(rows=4000)
    shown = shown_to_model(batch, TokenLoss(random_code=0.0))
    share = ((shown == CODES) & batch.real).sum(1) / batch.real.sum(1)
    # 88 % of the chosen; the mean of cos(pi/2 u) is 2 / pi, and shares near one are common.
    assert float(share.mean()) == pytest.approx(0.88 * 2 / math.pi, abs=0.02)
    chosen = share / 0.88
    assert float((chosen > 0.9).float().mean()) == pytest.approx(math.acos(0.9) * 2 / math.pi, abs=0.06)


def test_even_the_luckiest_row_has_something_to_learn() -> None:
    batch = padded_batch(rows=2000)
    oracle = Oracle(sure_of((batch.tokens[:, 0] + 1) % CODES))
    loss, accuracy = masked_loss(oracle, batch, np.random.default_rng(1), WHOLE)
    assert torch.isfinite(loss) and float(accuracy) == 0
    one_token = batch._replace(tokens=batch.tokens[:, :, :1], real=batch.real[:, :1])
    shown = shown_to_model(one_token, TokenLoss(random_code=0.0))
    assert float((shown == CODES).float().mean()) == pytest.approx(0.88, abs=0.03)


@pytest.mark.parametrize("random_code", [0.0, 0.1, 0.5])
def test_some_of_the_chosen_are_shown_as_another_code(random_code: float) -> None:
    batch = padded_batch(rows=4000)
    shown, base = shown_to_model(batch, TokenLoss(random_code=random_code)), batch.tokens[:, 0]
    replaced = float(((shown != base) & (shown != CODES) & batch.real).sum() / batch.real.sum())
    # Of the chosen (2 / pi of all); one in CODES happens to be the true code.
    assert replaced == pytest.approx(random_code * 2 / math.pi * (1 - 1 / CODES), abs=0.01)


def test_the_same_generator_masks_the_same() -> None:
    batch = padded_batch()
    assert torch.equal(shown_to_model(batch, TokenLoss()), shown_to_model(batch, TokenLoss()))
    assert not torch.equal(shown_to_model(batch, TokenLoss()), shown_to_model(batch, TokenLoss(), seed=1))


def test_the_residual_loss_asks_for_every_layer_above_the_base_lower_ones_more_often() -> None:
    batch = padded_batch(rows=3000)
    for layers in (2, 3, 6):
        oracle = ResidualOracle(batch.tokens.repeat(1, 2, 1))
        oracle.config = TransformerConfig(quantisers=layers)
        wide = batch._replace(tokens=oracle.truth)
        residual_loss(oracle, wide, np.random.default_rng(0))
        counts = torch.bincount(oracle.layers[0], minlength=layers)
        assert counts[0] == 0 and len(counts) == layers and (counts[1:] > 0).all()
        # 1 + round((1 - cos(pi/2 u)) (Q - 2)): the first layer has u with (1 - cos) (Q - 2) below a half.
        expected = math.acos(max(0.0, 1 - 0.5 / max(layers - 2, 0.5))) * 2 / math.pi
        assert counts[1] / counts.sum() == pytest.approx(expected, abs=0.04)


def test_the_residual_loss_judges_the_asked_layer_and_no_padding() -> None:
    batch = padded_batch()
    noisy = torch.where(batch.real[:, None], batch.tokens, (batch.tokens + 1) % CODES)
    loss, accuracy = residual_loss(ResidualOracle(noisy), batch, np.random.default_rng(0))
    assert (float(loss), float(accuracy)) == (pytest.approx(0, abs=1e-4), 1.0)
    wrong = ResidualOracle((batch.tokens + 1) % CODES)
    loss, accuracy = residual_loss(wrong, batch, np.random.default_rng(0))
    assert (float(loss), float(accuracy)) == (pytest.approx(30, abs=0.1), 0.0)
