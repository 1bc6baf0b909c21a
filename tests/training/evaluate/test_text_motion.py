"""The text-motion evaluator: what a batch holds and what training finds."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")
pytest.importorskip("onnx", reason="onnx is absent: pip install -e '.[export]'")

from sdk.errors import InvalidInput  # noqa: E402
from tests.synthetic import walking  # noqa: E402
from training.evaluate import text_motion  # noqa: E402
from training.evaluate.evaluator_captions import evaluator_caption  # noqa: E402
from training.evaluate.evaluator_model import EMBEDDING, Evaluator, EvaluatorConfig, TextHead  # noqa: E402
from training.evaluate.movement_features import BLOCKS, WIDTH  # noqa: E402
from training.evaluate.real_clips import RealClip, RealClips  # noqa: E402
from training.evaluate.text_motion import (  # noqa: E402
    CAPTIONS,
    LONGEST_CROP,
    SHORTEST_CROP,
    Schedule,
    Takes,
    check_labels,
    draw,
    feature_scale,
    fit_evaluator,
    label_words,
    measure,
    take_rows,
)

SENTENCE = 384
SMALL = EvaluatorConfig(first=16, width=16, hidden=16, dropout=0.0)


def made(labels: int = 40, *, takes: int = 2, seed: int = 0) -> Takes:
    """Labels of constant features, each with words of its own direction: easy to tell apart."""
    rng = np.random.default_rng(seed)
    rows, words = {}, {}
    for k in range(labels):
        centre = 2 * rng.normal(size=WIDTH)
        lengths = rng.integers(20, 200, size=takes)
        rows["act", str(k)] = [(centre + 0.1 * rng.normal(size=(n, WIDTH))).astype(np.float32) for n in lengths]
        direction = rng.normal(size=SENTENCE)
        one = direction + 0.1 * rng.normal(size=(CAPTIONS, SENTENCE))
        words["act", str(k)] = (one / np.linalg.norm(one, axis=-1, keepdims=True)).astype(np.float32)
    return Takes(rows, words)


def test_a_batch_holds_each_label_once_and_words_beside_their_movement() -> None:
    takes = made()
    for step in range(20):
        x, words = draw(takes, takes.labels, np.random.default_rng(step), Schedule(batch=12))
        assert len(x) == len(words) == 12
        owners = [
            next(label for label in takes.labels if (takes.words[label] == row.numpy()).all(-1).any()) for row in words
        ]
        assert len(set(owners)) == 12
        for crop, label in zip(x.numpy(), owners, strict=True):
            assert any((crop[0] == own).all(-1).any() for own in takes.rows[label])


def test_crops_are_of_one_length_and_short_takes_go_round() -> None:
    takes = Takes(
        {("a", "b"): [np.arange(20.0, dtype=np.float32)[:, None] * np.ones(WIDTH, np.float32)]}, made(1).words
    )
    takes.words["a", "b"] = takes.words["act", "0"]
    lengths = set()
    for step in range(40):
        x, _ = draw(takes, takes.labels, np.random.default_rng(step), Schedule(batch=64))
        assert x.shape[0] == 1 and SHORTEST_CROP <= x.shape[1] <= LONGEST_CROP
        np.testing.assert_array_equal(x[0, :, 0], np.arange(x.shape[1]) % 20)
        lengths.add(x.shape[1])
    assert len(lengths) > 15


def test_the_scale_is_one_number_a_block_and_labels_count_the_same() -> None:
    rng = np.random.default_rng(0)
    often = [rng.normal(size=(30, WIDTH)).astype(np.float32) for _ in range(40)]
    once = [rng.normal(size=(30, WIDTH)).astype(np.float32) + 4]
    mean, std = feature_scale({("a", "x"): often, ("b", "x"): once})
    np.testing.assert_allclose(mean, 2, atol=0.3)
    starts = np.cumsum([0, *(width for _, width in BLOCKS)])
    for start, end in zip(starts, starts[1:], strict=False):
        assert np.ptp(std[start:end]) < 1e-6 and std[start] == pytest.approx(np.sqrt(1 + 4), rel=0.1)


def in_memory(monkeypatch: pytest.MonkeyPatch, *labels: tuple[str, str, str]) -> RealClips:
    """Clips (content, style, split), all of them the same walk."""
    clips = RealClips(Path(), tuple(RealClip(f"{c}_{s}_{p}", c, s, 1, p, {}, 1.0) for c, s, p in labels))
    walk = walking(1.0)
    monkeypatch.setattr(RealClips, "motion", lambda self, clip: walk)
    return clips


def test_training_sees_both_sides_and_held_out_clips_are_seen_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    clips = in_memory(monkeypatch, ("walk-left", "sad", "train"), ("walk", "old", "train"), ("walk", "old", "val"))
    rows = take_rows(clips, clips.train, mirror=True, name="")
    assert {label: len(x) for label, x in rows.items()} == {
        ("walk-left", "sad"): 1, ("walk-right", "sad"): 1, ("walk", "elderly"): 2
    }  # fmt: skip
    assert np.abs(rows["walk-left", "sad"][0] - rows["walk-right", "sad"][0]).max() > 0.01
    held_out = take_rows(clips, clips.val, mirror=False, name="")
    assert {label: len(x) for label, x in held_out.items()} == {("walk", "elderly"): 1}


def test_no_twin_shows_a_held_out_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    clips = in_memory(monkeypatch, ("walk-left", "sad", "train"), ("walk-right", "sad", "val"))
    assert not clips.train
    assert ("walk-right", "sad") not in take_rows(clips, clips.clips[:1], mirror=True, name="")


def test_a_label_is_told_in_sixteen_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def embed(texts: list[str]) -> np.ndarray:
        asked.extend(texts)
        return np.arange(len(texts), dtype=np.float32)[:, None]

    monkeypatch.setattr(text_motion, "embed_captions", embed)
    words = label_words([("walk", "sad"), ("bow", "normal")], CAPTIONS)
    assert words["bow", "normal"].ravel().tolist() == list(range(CAPTIONS, 2 * CAPTIONS))
    assert asked[CAPTIONS:] == [evaluator_caption("bow", "normal", k) for k in range(CAPTIONS)]
    assert len(set(asked)) == 2 * CAPTIONS


def test_too_few_labels_are_refused_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [(c, s, "train") for c in ("walk", "run", "bow", "kick") for s in "abcdefgh"]
    with pytest.raises(InvalidInput, match="batches of 32 .* split 'val' has 1; prepare the whole set"):
        check_labels(in_memory(monkeypatch, *many, ("walk", "a", "val")))
    check_labels(in_memory(monkeypatch, *many, *((c, s, "val") for c, s, _ in many)))


def test_the_loss_knows_what_belongs_together() -> None:
    torch.manual_seed(0)
    model = Evaluator(SMALL)
    x, words = torch.randn(8, 40, WIDTH), torch.randn(8, SENTENCE)
    with torch.no_grad():
        shared = torch.linalg.qr(torch.randn(EMBEDDING, 8))[0].T
        model.movement.forward = lambda x_BTM: shared  # type: ignore[method-assign]
        model.text.forward = lambda s_BS: shared  # type: ignore[method-assign]
        together = model.loss(x, words)
        model.text.forward = lambda s_BS: shared.roll(1, 0)  # type: ignore[method-assign]
        apart = model.loss(x, words)
        model.text.forward = lambda s_BS: shared[:1].expand(8, -1)  # type: ignore[method-assign]
        alike = model.loss(x, words)
    assert together < 1e-4 < alike < apart
    assert apart == pytest.approx(1 / 0.07, rel=0.01)


def test_a_text_is_told_by_its_direction() -> None:
    head = TextHead()
    with torch.no_grad():
        head.out.bias.zero_()
        words = torch.randn(4, SENTENCE)
        torch.testing.assert_close(head(3 * words), head(words))
        torch.testing.assert_close(head(words).norm(dim=-1), torch.ones(4))


@pytest.fixture(scope="module")
def trained() -> tuple[Evaluator, Takes]:
    takes = made()
    return fit_evaluator(takes, Schedule(steps=30, batch=32, rate=4e-3, warmup=3), SMALL, seed=0), takes


def test_training_finds_labels_that_can_be_told_apart(trained: tuple[Evaluator, Takes]) -> None:
    model, takes = trained
    found = measure(model, takes, seed=0)
    assert found["r_precision_1"][0] > 0.9 and found["clips"] == 80 and found["labels"] == 40
    assert found["r_precision_1"][0] <= found["r_precision_2"][0] <= found["r_precision_3"][0]
    turned = dict(zip(takes.labels, [*takes.labels[1:], takes.labels[0]], strict=True))
    wrong = Takes(takes.rows, {label: takes.words[other] for label, other in turned.items()})
    assert measure(model, wrong, seed=0)["r_precision_1"][0] < 0.2


def test_the_same_seed_gives_the_same_weights(trained: tuple[Evaluator, Takes]) -> None:
    takes, schedule = made(), Schedule(steps=2, batch=32, warmup=1)
    first, again, other = (fit_evaluator(takes, schedule, SMALL, seed=seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["text.out.weight"], other["text.out.weight"])
    assert not any(p.requires_grad for p in trained[0].parameters()) and not trained[0].training


def test_the_place_of_an_unseen_pair_is_that_of_its_worst_clip(trained: tuple[Evaluator, Takes]) -> None:
    model, takes = trained
    one, two = takes.labels[:2]
    right = Takes({one: takes.rows[one]}, takes.words)
    assert text_motion._ranks(model, right, takes) == {"/".join(one): 1}
    mixed = Takes({one: [takes.rows[two][0], takes.rows[one][0]]}, takes.words)
    assert text_motion._ranks(model, mixed, takes)["/".join(one)] > 1
