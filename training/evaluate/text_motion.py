"""Train the text-motion evaluator on recorded clips, and export its two halves as ONNX graphs.

Shapes: as in `evaluator_model`; K captions of a label, W columns.
A label is (content, style): a batch holds each label at most once, so every other row is a true negative.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.export import Dim
from tqdm import tqdm

from sdk.errors import InvalidInput
from sdk.motion.rotations import Array
from training.data import step_rng
from training.datasets.captions import mirrored_caption
from training.evaluate.embedding_metrics import (
    BATCH,
    REPLICATIONS,
    distinct_batches,
    diversity,
    matching_distance,
    r_precision,
    replicate,
)
from training.evaluate.evaluator_captions import evaluator_caption
from training.evaluate.evaluator_model import Evaluator, EvaluatorConfig
from training.evaluate.movement_features import BLOCKS, WIDTH, movement_features
from training.evaluate.real_clips import RealClip, RealClips
from training.onnx_export import quiet_exporter, without_traces
from training.text import embed_captions

OPSET = 20
CAPTIONS = 16
"""Sentences a label is trained with."""
SHORTEST_CROP, LONGEST_CROP = 32, 160  # frames

Label = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """AdamW with a linear warm-up and a cosine down to nothing. noise: added to crops, in standard deviations."""

    steps: int = 800
    batch: int = 64
    rate: float = 1.5e-3
    warmup: int = 100
    weight_decay: float = 0.05
    noise: float = 0.1


@dataclass(frozen=True, eq=False)
class Takes:
    """Movement features of clips by label, and sentence embeddings (K, S) of every label."""

    rows: dict[Label, list[Array]]
    words: dict[Label, Array]

    @property
    def labels(self) -> list[Label]:
        """All labels, in order."""
        return sorted(self.rows)


def take_rows(clips: RealClips, members: Sequence[RealClip], *, mirror: bool, name: str) -> dict[Label, list[Array]]:
    """Movement features of clips by label, with mirrored twins if asked for; no twin shows a held-out pair."""
    rows: dict[Label, list[Array]] = defaultdict(list)
    for clip in tqdm(members, desc=f"reading {name}", disable=None):
        motion = clips.motion(clip)
        content, style = clip.pair
        rows[content, style].append(movement_features(motion))
        twin = mirrored_caption(content), style
        if mirror and twin not in clips.held_out_pairs:
            rows[twin].append(movement_features(motion.mirrored()))
    return dict(rows)


def label_words(labels: Sequence[Label], count: int) -> dict[Label, Array]:
    """Sentence embeddings (count, S) of each label."""
    texts = [evaluator_caption(content, style, k) for content, style in labels for k in range(count)]
    rows = embed_captions(texts).reshape(len(labels), count, -1)
    return dict(zip(labels, rows, strict=True))


def feature_scale(rows: dict[Label, list[Array]]) -> tuple[Array, Array]:
    """Mean (M,) and standard deviation (M,), averaged inside each block; every label counts the same."""
    means = np.stack([np.mean([x.mean(0) for x in takes], axis=0) for takes in rows.values()])
    mean = means.mean(0)
    square = np.mean([np.mean([((x - mean) ** 2).mean(0) for x in takes], axis=0) for takes in rows.values()], axis=0)
    std, start = np.sqrt(square), 0
    for _, width in BLOCKS:
        std[start : start + width] = std[start : start + width].mean()
        start += width
    return mean.astype(np.float32), std.astype(np.float32)


def draw(takes: Takes, labels: Sequence[Label], rng: np.random.Generator, schedule: Schedule) -> tuple[Tensor, Tensor]:
    """A batch of different labels: crops of one length (B, T, M), short takes repeated, and words (B, S)."""
    picks = rng.choice(len(labels), min(schedule.batch, len(labels)), replace=False)
    frames = int(rng.integers(SHORTEST_CROP, LONGEST_CROP + 1))
    crops, words = np.empty((len(picks), frames, WIDTH), np.float32), []
    for row, k in enumerate(picks):
        own = takes.rows[labels[k]]
        x = own[rng.integers(len(own))]
        start = int(rng.integers(max(len(x) - frames, 0) + 1))
        part = x[start : start + frames]
        crops[row] = part[np.arange(frames) % len(part)] if len(part) < frames else part
        words.append(takes.words[labels[k]][rng.integers(CAPTIONS)])
    return torch.from_numpy(crops), torch.from_numpy(np.stack(words))


def fit_evaluator(takes: Takes, schedule: Schedule, config: EvaluatorConfig, *, seed: int) -> Evaluator:
    """Train from scratch; the same seed gives the same weights."""
    torch.manual_seed(seed)
    model = Evaluator(config)
    mean, std = feature_scale(takes.rows)
    model.movement.mean.copy_(torch.from_numpy(mean))
    model.movement.std.copy_(torch.from_numpy(std))
    decay = [p for p in model.parameters() if p.ndim >= 2]
    rest = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": decay, "weight_decay": schedule.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=schedule.rate, betas=(0.9, 0.99))
    labels = takes.labels
    bar = tqdm(range(schedule.steps), desc="training evaluator", disable=None)
    for step in bar:
        rng = step_rng(seed, step)
        x_BTM, s_BS = draw(takes, labels, rng, schedule)
        x_BTM = x_BTM + schedule.noise * torch.randn_like(x_BTM) * model.movement.std
        warm, left = (step + 1) / schedule.warmup, step / schedule.steps
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate * min(warm, 0.5 * (1 + np.cos(np.pi * left)))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model.loss(x_BTM, s_BS)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        bar.set_postfix(loss=f"{float(loss.detach()):.3f}", refresh=False)
    return model.eval().requires_grad_(False)


def measure(model: Evaluator, takes: Takes, *, seed: int) -> dict[str, Any]:
    """Published metrics of real clips with their own plainest caption, batches of 32 different labels."""
    labels = [label for label in takes.labels for _ in takes.rows[label]]
    with torch.inference_mode():
        movement = np.concatenate(
            [model.movement(torch.from_numpy(x)[None]).numpy() for label in takes.labels for x in takes.rows[label]]
        )
        words = {label: model.text(torch.from_numpy(takes.words[label][:1])).numpy()[0] for label in takes.labels}
    text = np.stack([words[label] for label in labels])

    def once(rng: np.random.Generator) -> dict[str, float]:
        hits = r_precision(text, movement, distinct_batches(labels, rng))
        return {f"r_precision_{k + 1}": float(h) for k, h in enumerate(hits)} | {"diversity": diversity(movement, rng)}

    found = replicate(once, seed=seed)
    report: dict[str, Any] = {name: [round(e.mean, 4), round(e.half, 4)] for name, e in found.items()}
    counts = {"clips": len(labels), "labels": len(takes.labels), "replications": REPLICATIONS}
    return report | {"mm_dist": round(matching_distance(text, movement), 4)} | counts


def check_labels(clips: RealClips) -> None:
    """Raises InvalidInput when one of the splits has too few labels for a batch of the published metrics."""
    for split, members in (("train", clips.train), ("val", clips.val)):
        count = len({c.pair for c in members})
        if count < BATCH:
            raise InvalidInput(
                f"the evaluator is measured in batches of {BATCH} different (content, style) labels, split {split!r} "
                f"has {count}; prepare the whole set",
                field="data",
            )


def train_evaluator(
    clips: RealClips, movement_path: Path, text_path: Path, *, seed: int, schedule: Schedule | None = None
) -> dict[str, Any]:
    """Train on training clips, measure on both splits, write the two graphs, and return the report for the card."""
    schedule, config = schedule or Schedule(), EvaluatorConfig()
    rows = {
        "train": take_rows(clips, clips.train, mirror=True, name="training clips"),
        "val": take_rows(clips, clips.val, mirror=False, name="held-out clips"),
    }
    words = label_words(sorted(set(rows["train"]) | set(rows["val"])), CAPTIONS)
    takes = {name: Takes(part, words) for name, part in rows.items()}
    model = fit_evaluator(takes["train"], schedule, config, seed=seed)
    frames = Dim("frames", min=16, max=1 << 16)
    export(model.movement, torch.randn(1, 64, WIDTH), "features", {1: frames}, movement_path)
    export(model.text, torch.randn(2, model.text.out.in_features), "sentence", {0: Dim("rows", min=1)}, text_path)
    unseen = Takes({label: x for label, x in rows["val"].items() if label in clips.held_out_pairs}, words)
    return {
        "schedule": asdict(schedule), "sizes": asdict(config), "chance": [k / 32 for k in (1, 2, 3)],
        "parameters": sum(p.numel() for p in model.parameters()),
        "val": measure(model, takes["val"], seed=seed), "train": measure(model, takes["train"], seed=seed),
        "rank_of_unseen_pairs": _ranks(model, unseen, takes["val"]),
    }  # fmt: skip


def _ranks(model: Evaluator, unseen: Takes, among: Takes) -> dict[str, int]:
    """For pairs that no training clip shows: place of the own caption among those of all val labels, worst clip's."""
    labels = among.labels
    out: dict[str, int] = {}
    with torch.inference_mode():
        text = model.text(torch.from_numpy(np.stack([among.words[label][0] for label in labels]))).numpy()
        for label in unseen.labels:
            for x in unseen.rows[label]:
                score = text @ model.movement(torch.from_numpy(x)[None]).numpy()[0]
                rank = int((score > score[labels.index(label)]).sum()) + 1
                out["/".join(label)] = max(rank, out.get("/".join(label), 0))
    return out


def export(module: nn.Module, example: Tensor, name: str, free: dict[int, Any], path: Path) -> None:
    """One half of the evaluator as a graph with input `name` and output `embedding`."""
    with quiet_exporter():
        program = torch.onnx.export(
            module, (example,), dynamo=True, opset_version=OPSET, input_names=[name], output_names=["embedding"],
            dynamic_shapes=(free,), verbose=False,
        )  # fmt: skip
    assert program is not None
    made = without_traces(program.model_proto)
    onnx.checker.check_model(made)
    path.write_bytes(made.SerializeToString(deterministic=True))
