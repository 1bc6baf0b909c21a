"""Quality beside real motion: the published metrics on the frozen evaluator's embeddings, physics, energy, nearness.

Shapes: n clips, D width of the embedding. The published metrics are means of 20 replications with 95 % intervals.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from training.evaluate.embedding_metrics import (
    BATCH,
    Estimate,
    distinct_batches,
    diversity,
    frechet_distance,
    matching_distance,
    multimodality,
    r_precision,
    replicate,
)
from training.evaluate.evaluator_captions import evaluator_caption
from training.evaluate.measure_clips import PHYSICS, Answers, Judge, Measured
from training.evaluate.measure_emotion import Figures, estimate
from training.evaluate.measure_real import Reconstructed, Reference
from training.evaluate.memorisation import nearest_all, spread_cm
from training.evaluate.protocol import Ask
from training.evaluate.real_clips import SAME_STYLE

SEED = 7
Label = tuple[str, str]
"""(content, style): what a text tells."""


def label_of(content: str, style: str) -> Label:
    """The label of a clip; styles that only go by two names are one, for their captions say the same."""
    return content, SAME_STYLE.get(style, style)


def caption_embeddings(labels: Sequence[Label], judges: Judge) -> np.ndarray:
    """Text embeddings (n, D) of the evaluator's own captions, which name the style; each label is embedded once."""
    names = sorted(set(labels))
    rows = judges.text([evaluator_caption(content, style) for content, style in names])
    where = {name: k for k, name in enumerate(names)}
    return np.asarray(rows)[[where[label] for label in labels]]


def embedding_figures(movement: np.ndarray, labels: Sequence[Label], real: np.ndarray, judges: Judge) -> Figures:
    """R-precision 1 to 3, MM-Dist, Diversity and FID of embeddings (n, D) that answer `labels`; FID is to `real`.

    Batches hold different labels, 32 where there are as many. R-precision draws one clip of each label a replication.
    """
    text = caption_embeddings(labels, judges)
    batch = min(BATCH, len(set(labels)))

    def once(rng: np.random.Generator) -> dict[str, float]:
        hits = r_precision(text, movement, distinct_batches(labels, rng, batch=batch))
        picks = rng.choice(len(movement), len(movement))
        return {
            **{f"r_precision_{k + 1}": float(hit) for k, hit in enumerate(hits)},
            "mm_dist": matching_distance(text[picks], movement[picks]),
            "diversity": diversity(movement, rng),
        }  # fmt: skip

    found = replicate(once, seed=SEED)
    figures = {name: as_figure(value, len(movement)) for name, value in found.items()}
    distance = frechet_distance(movement, real)
    return figures | {"fid": {"value": distance, "n": len(movement), "real": len(real)}, "batch": batch}


def content_figures(asks: Sequence[Ask], measured: Measured, judges: Judge) -> Figures:
    """R-precision of clips under emotions at full intensity, told by words: is it still the action, and the feeling?

    Labels are (content, emotion), so a batch holds the same action under other emotions too.
    """
    labels = [(a.prompt.content, a.affect.label) for a in asks]
    found = embedding_figures(measured.movement, labels, measured.movement, judges)
    return {name: found[name] for name in ("r_precision_1", "r_precision_2", "r_precision_3", "batch")}


def as_figure(found: Estimate, count: int) -> Figures:
    """An estimate of replications as JSON."""
    return {
        "value": found.mean, "low": found.mean - found.half, "high": found.mean + found.half, "n": count,
        "replications": found.count,
    }  # fmt: skip


def modality_figures(movement: np.ndarray, groups: Sequence[Any]) -> Figures:
    """MultiModality of clips (n, D) with the label of their text; texts with one clip only are left out.

    The published metric wants equally many clips a text; here the fewest of the texts that have four or more are drawn.
    """
    members: dict[Any, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        members[group].append(row)
    kept = [rows for rows in members.values() if len(rows) >= 4] or [rows for rows in members.values() if len(rows) > 1]
    if not kept:
        return {"value": float("nan"), "low": float("nan"), "high": float("nan"), "n": 0}
    least = min(len(rows) for rows in kept)

    def once(rng: np.random.Generator) -> dict[str, float]:
        drawn = np.stack([movement[rng.choice(rows, least, replace=False)] for rows in kept])
        return {"multimodality": multimodality(drawn, rng)}

    return as_figure(replicate(once, seed=SEED)["multimodality"], least * len(kept)) | {"texts": len(kept)}


def physics_figures(measured: Measured, groups: Sequence[str]) -> Figures:
    """Means with intervals over groups of everything in PHYSICS, and as decoded, before the foot lock."""
    names = np.array(groups)
    found = {name: estimate(measured.physical(name), names) for name in PHYSICS}
    return found | {f"{name}_decoded": estimate(measured.physical(name, decoded=True), names) for name in PHYSICS}


def energy_figures(asks: Sequence[Ask], measured: Measured, normal: dict[str, float]) -> dict[str, float]:
    """Mean motion energy of neutral clips per content over that of real clips in the normal style."""
    energy = measured.physical("energy")
    neutral: dict[str, list[float]] = defaultdict(list)
    for ask, value in zip(asks, energy, strict=True):
        if ask.affect.label == "neutral":
            neutral[ask.prompt.content].append(float(value))
    return {c: float(np.mean(neutral[c])) / normal[c] for c in sorted(neutral) if normal.get(c, 0) > 0}


def nearest_figures(distances: np.ndarray, real: np.ndarray) -> Figures:
    """Distances (cm) to the nearest training clip beside those of held-out real clips.

    copies: share of clips nearer than all but a twentieth of the real ones; 5 % is what real motion has.
    """
    close = float(np.quantile(real, 0.05))
    return {
        "median_cm": float(np.median(distances)), "real_median_cm": float(np.median(real)),
        "ratio": float(np.median(distances) / max(np.median(real), 1e-9)),
        "copies": float((distances < close).mean()), "close_cm": close, "n": len(distances),
    }  # fmt: skip


def time_figures(ms: np.ndarray, seconds: float) -> Figures:
    """Milliseconds for a clip of `seconds`, the first one left out: it warms up."""
    kept = ms[1:] if len(ms) > 1 else ms
    p50, p95 = (float(v) for v in np.quantile(kept, [0.5, 0.95]))
    return {"p50": p50, "p95": p95, "seconds": seconds, "n": len(kept)}


def repeat_figures(asks: Sequence[Ask], measured: Measured, answers: Answers) -> Figures:
    """How much the answers to one question differ over seeds: MultiModality, and joint distance in centimetres."""
    texts = [json_name(a) for a in asks]
    motions: dict[str, list[Any]] = defaultdict(list)
    for name, motion in zip(texts, answers.motions(asks), strict=True):
        motions[name].append(motion)
    spreads = np.array([spread_cm(m) for m in motions.values()])
    return {"multimodality": modality_figures(measured.movement, texts), "spread_cm": float(np.nanmean(spreads))}


def json_name(ask: Ask) -> str:
    """Names what was asked, seed aside."""
    return f"{ask.prompt.text} / {ask.affect.label} {ask.affect.intensity:g}"


def memorisation_figures(asks: Sequence[Ask], answers: Answers, reference: Reference) -> Figures:
    """`nearest_figures` of the answers to the questions of the held-out clips."""
    return nearest_figures(nearest_all(answers.motions(asks), reference.windows), reference.nearest)


def real_figures(reference: Reference, judges: Judge) -> Figures:
    """The same figures of real clips: held out, and learned from (their FID is the floor that finite samples have)."""
    held_out = [label_of(x["content"], x["style"]) for x in reference.protocol.held_out_lines()]
    learned = [label_of(x["content"], x["style"]) for x in reference.protocol.training_lines()]
    movement = reference.held_out.movement
    return {
        "quality": embedding_figures(movement, held_out, movement, judges),
        "training": embedding_figures(reference.training.movement, learned, movement, judges),
        "multimodality": modality_figures(reference.training.movement, learned),
        "body": physics_figures(reference.held_out, [c for c, _ in held_out]),
    }


def reconstruction_figures(found: Reconstructed, reference: Reference, judges: Judge) -> Figures:
    """The published metrics of what the RVQ-VAE makes of the held-out clips, and its joint error."""
    labels = [label_of(x["content"], x["style"]) for x in reference.protocol.held_out_lines()]
    figures = embedding_figures(found.measured.movement, labels, reference.held_out.movement, judges)
    return figures | {"mpjpe_mm": estimate(found.mpjpe_mm, np.array([c for c, _ in labels]))}
