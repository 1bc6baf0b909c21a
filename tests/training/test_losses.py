"""Losses about emotion: the equations on hand-made cases, and that a step of each teaches what it should."""

import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from tests.export import tiny  # noqa: E402
from training.losses import TOKENS, EmotionTerm, pair_means, paper_contrast, supervised_contrast  # noqa: E402
from training.recipes import EmotionLoss, TokenLoss  # noqa: E402
from training.tokens import Batch, TokenSet  # noqa: E402
from training.train_tokens import build  # noqa: E402


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> TokenSet:
    def embed(captions: list[str]) -> np.ndarray:
        return np.ones((len(captions), 384), dtype=np.float32)

    monkeypatch.setattr("training.tokens.embed_captions", embed)
    with torch.no_grad():
        return TokenSet.encode(tiny.clips(), tiny.generator().rvq, label="tiny")


def drawn(tokens: TokenSet) -> Batch:
    """A batch that holds more than one emotion."""
    batches = (tokens.draw(np.random.default_rng(seed), 8, 64, TokenLoss(drop_affect=1.0)) for seed in range(99))
    return next(batch for batch in batches if len(batch.emotion.unique()) > 1)


# --- the equations ---


def test_the_papers_contrast_pushes_different_emotions_apart_up_to_the_margin() -> None:
    at = torch.tensor([[0.0], [0.0], [0.6], [5.0]])
    emotion = torch.tensor([0, 0, 1, 2])
    # Of 16 ordered pairs only 0-2 and 1-2 lie within the margin of 1, each 0.4 short of it, counted both ways.
    assert float(paper_contrast(at, emotion, 1.0)) == pytest.approx(4 * 0.4 / 16, abs=1e-3)


def test_the_papers_contrast_counts_the_distance_between_equals() -> None:
    apart = torch.tensor([[0.0], [2.0]])
    assert float(paper_contrast(apart, torch.tensor([3, 3]), 1.0)) == pytest.approx(2 * 2.0 / 4, abs=1e-3)


def test_supervised_contrast_is_the_cross_entropy_of_finding_the_partner() -> None:
    vector = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    found = float(supervised_contrast(vector, torch.tensor([0, 0, 1, 1]), 1.0))
    assert found == pytest.approx(math.log(math.e + 2) - 1, abs=1e-5)
    wrong = float(supervised_contrast(vector, torch.tensor([0, 1, 0, 1]), 1.0))
    assert wrong == pytest.approx(math.log(math.e + 2), abs=1e-5)


def test_rows_without_a_partner_count_nothing() -> None:
    vector = torch.randn(3, 4, requires_grad=True)
    loss = supervised_contrast(vector, torch.tensor([0, 1, 2]), 0.1)
    loss.backward()
    assert float(loss) == 0 and float(vector.grad.abs().sum()) == 0


# --- on tokens ---


def test_pair_means_average_the_clips_of_a_pair(tokens: TokenSet) -> None:
    rvq = tiny.generator().rvq
    means = pair_means(rvq, tokens)
    assert means.shape == (len(set(tokens.pairs)), 4 * TOKENS, rvq.config.features)
    one = int(tokens.pairs[0])
    alone = [k for k, pair in enumerate(tokens.pairs) if pair == one]
    few = replace(
        tokens, sequences=[tokens.sequences[alone[0]]] * 2, pairs=np.array([0, 0]),
    )  # fmt: skip
    again = pair_means(rvq, few)[0]
    assert not torch.allclose(again, means[one]), "the pair has more than one clip"
    assert torch.allclose(pair_means(rvq, replace(few, sequences=few.sequences[:1], pairs=np.array([0])))[0], again)


def test_the_clips_own_affect_is_kept_where_the_condition_is_dropped(tokens: TokenSet) -> None:
    batch = drawn(tokens)
    assert float(batch.affect.abs().sum()) == 0
    assert torch.allclose(batch.clip_affect.sum(-1), torch.ones(8))
    assert torch.equal(batch.emotion, batch.clip_affect.argmax(-1))


@pytest.mark.parametrize("stage", ["masked", "residual"])
@pytest.mark.parametrize("kind", ["paper", "contrast", "feature"])
def test_steps_lower_the_term_and_reach_the_embedder(tokens: TokenSet, stage: str, kind: str) -> None:
    torch.manual_seed(0)
    model = build(stage, getattr(tiny.RECIPE, f"{stage}_model")).eval()
    term = EmotionTerm(EmotionLoss(kind=kind, weight=1.0, margin=3.0), tiny.generator().rvq, tokens)
    batch, optimiser = drawn(tokens), torch.optim.Adam(model.parameters(), lr=3e-3)
    values = []
    for _ in range(12):
        loss = term(model, batch, np.random.default_rng(1))
        optimiser.zero_grad()
        loss.backward()
        reached = model.trunk.embedder.table.grad
        assert reached is not None and float(reached.abs().sum()) > 0
        optimiser.step()
        values.append(float(loss))
    assert values[-1] < 0.97 * values[0]


def test_words_replace_the_affect(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def embed(captions: list[str]) -> np.ndarray:
        said.extend(captions)
        return np.ones((len(captions), 384), dtype=np.float32)

    monkeypatch.setattr("training.tokens.embed_captions", embed)
    with torch.no_grad():
        worded = TokenSet.encode(tiny.clips(), tiny.generator().rvq, label="tiny", words=True)
    assert float(np.abs(worded.affect).sum()) == 0
    assert any("happily" in text for text in said) and any("sadly" in text for text in said)
    assert len(set(worded.pairs)) == 3, "pairs still know the emotion"
