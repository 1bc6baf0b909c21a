"""All metrics of this package by name, so that a report needs one import."""

from training.evaluate.embedding_metrics import (
    BATCH,
    REPLICATIONS,
    TOP,
    Estimate,
    distinct_batches,
    diversity,
    frechet_distance,
    matching_distance,
    multimodality,
    pair_distances,
    r_precision,
    replicate,
    shuffled_batches,
    top_hits,
)
from training.evaluate.physics import (
    foot_skate,
    jerk,
    jitter,
    measure_physics,
    motion_energy,
    penetration,
    stillness,
)
from training.evaluate.statistics import (
    Interval,
    balanced_accuracy,
    bootstrap,
    bootstrap_mean,
    confusion_matrix,
    recalls,
    sign_test,
    spearman,
)

__all__ = [
    "BATCH", "REPLICATIONS", "TOP", "Estimate", "Interval", "balanced_accuracy", "bootstrap", "bootstrap_mean",
    "confusion_matrix", "distinct_batches", "diversity", "foot_skate", "frechet_distance", "jerk", "jitter",
    "matching_distance", "measure_physics", "motion_energy", "multimodality", "pair_distances", "penetration",
    "r_precision", "recalls", "replicate", "shuffled_batches", "sign_test", "spearman", "stillness", "top_hits",
]  # fmt: skip
