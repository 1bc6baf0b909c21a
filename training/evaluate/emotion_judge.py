"""Train the emotion judge: one linear model on cue features, as an ONNX graph with its report."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from sdk.motion.rotations import Array
from training.evaluate.cue_features import feature_names
from training.evaluate.emotion_data import CLASS_NAMES, EmotionData, class_of, class_points
from training.evaluate.emotion_model import LIMIT, Discriminant, Scale, Weights, softmax
from training.evaluate.emotion_validate import (
    CONTENT,
    PAIR,
    Judged,
    best_temperature,
    cross_validate,
    fit_without,
    judge_all,
    log_loss,
)
from training.evaluate.real_clips import RealClip
from training.evaluate.statistics import balanced_accuracy, spearman

OPSET = 20
IR_VERSION = 10
WEIGHTS = Weights()
"""Chosen by cross-validation on training clips; the card says how little the choice mattered (GRID)."""
GRID = tuple(
    Weights(group=group, performer=performer, distortion=distortion, floor=floor)
    for group in (0.3, 1.0)
    for performer in (1.0, 16.0)
    for distortion in (0.5, 2.0)
    for floor in (0.03, 0.3)
)
"""Corners of the range from which WEIGHTS were chosen."""


def train_emotion(data: EmotionData, path: Path, *, seed: int, codec: Mapping[str, Array]) -> dict[str, Any]:
    """Fit, calibrate, write the graph to `path`, and return the report for the card.

    codec: features of reconstructed clips by name, only to report how they are judged; may be empty.
    """
    model = fit_without(data, lambda cell: False, WEIGHTS)
    judged = cross_validate(data, WEIGHTS, PAIR)
    temperature = best_temperature(judged)
    points = class_points(data.classed)
    path.write_bytes(emotion_graph(data.scale, model, temperature, points))
    held_out = [c for c in data.clips.val if class_of(c) > 0 and c.pair in data.clips.held_out_pairs]
    report: dict[str, Any] = {
        "classes": list(CLASS_NAMES), "features": list(feature_names()), "weights": asdict(WEIGHTS),
        "temperature": round(temperature, 4), "log_loss": round(log_loss(judged, temperature), 4),
        "ceiling": judged.report(seed=seed), "ceiling_over_grid": _over_grid(data),
        "without_the_contents_emotions": cross_validate(data, WEIGHTS, CONTENT).report(seed=seed),
        "held_out_pairs": one_by_one(judge_all(model, data, held_out, data.features), temperature),
        "held_out_neutral_recall": _neutral_recall(model, data),
        "valence_arousal": plane_report(judged, temperature, points),
    }  # fmt: skip
    if codec:
        there = [c for c in held_out if c.name in codec]
        report["reconstructed"] = cross_validate(data, WEIGHTS, PAIR, features=codec).report(seed=seed)
        report["reconstructed_held_out_pairs"] = one_by_one(judge_all(model, data, there, codec), temperature)
    return report


def emotion_graph(scale: Scale, model: Discriminant, temperature: float, points: Array) -> bytes:
    """`features` (W, F) of one clip's windows -> `probability` (5,), `valence_arousal` (2,).

    The scores are averaged over the windows; valence and arousal are the classes' own, weighted by the probabilities.
    """
    values = {
        "mean": scale.mean, "inverse_std": 1 / scale.std, "low": np.array(-LIMIT), "high": np.array(LIMIT),
        "weights": model.weights.T / temperature, "bias": model.bias / temperature, "points": points,
    }  # fmt: skip
    nodes = [
        helper.make_node("Sub", ["features", "mean"], ["centred"]),
        helper.make_node("Mul", ["centred", "inverse_std"], ["scaled"]),
        helper.make_node("Clip", ["scaled", "low", "high"], ["standardised"]),
        helper.make_node("ReduceMean", ["standardised", "axis"], ["clip"], keepdims=1),
        helper.make_node("Gemm", ["clip", "weights", "bias"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["shares"], axis=-1),
        helper.make_node("MatMul", ["shares", "points"], ["plane"]),
        helper.make_node("Squeeze", ["shares", "axis"], ["probability"]),
        helper.make_node("Squeeze", ["plane", "axis"], ["valence_arousal"]),
    ]
    stored = [numpy_helper.from_array(np.asarray(v, dtype=np.float32), name) for name, v in values.items()]
    stored.append(numpy_helper.from_array(np.array([0], dtype=np.int64), "axis"))
    shapes = {"features": ["windows", len(scale.mean)], "probability": [len(CLASS_NAMES)], "valence_arousal": [2]}
    ends = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()}
    graph = helper.make_graph(
        nodes, "emotion", [ends["features"]], [ends["probability"], ends["valence_arousal"]], stored
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(made)
    return made.SerializeToString(deterministic=True)


def one_by_one(judged: Judged, temperature: float) -> dict[str, Any]:
    """What is said of a few clips, each by name: they are too few for an interval."""
    said = {
        clip.name: {
            "truth": CLASS_NAMES[truth], "judged": CLASS_NAMES[int(row.argmax())],
            "probability": round(float(row[truth]), 3),
        }
        for clip, truth, row in zip(judged.clips, judged.truth, softmax(judged.scores / temperature), strict=True)
    }  # fmt: skip
    right = sum(x["truth"] == x["judged"] for x in said.values())
    return {"right": right, "of": len(said), "clips": said}


def plane_report(judged: Judged, temperature: float, points: Array) -> dict[str, Any]:
    """Cross-validated error of valence and arousal, classes counting the same, beside always saying neutral."""
    made, truth = softmax(judged.scores / temperature) @ points, points[judged.truth]
    error, idle = judged.weights @ np.abs(made - truth), judged.weights @ np.abs(truth)
    felt = judged.truth > 0
    return {
        name: {
            "mean_absolute_error": round(float(error[k]), 4), "error_of_always_neutral": round(float(idle[k]), 4),
            "spearman_of_emotional_clips": round(spearman(made[felt, k], truth[felt, k]), 4),
        }
        for k, name in enumerate(("valence", "arousal"))
    }  # fmt: skip


def _over_grid(data: EmotionData) -> list[float]:
    """Lowest and highest balanced accuracy over GRID: how much of the ceiling was chosen."""
    found = [balanced_accuracy(cross_validate(data, weights, PAIR).confusion()) for weights in GRID]
    return [round(min(found), 4), round(max(found), 4)]


def _neutral_recall(model: Discriminant, data: EmotionData) -> dict[str, float]:
    """Recall of held-out takes in the normal style, and their number."""
    clips: list[RealClip] = [c for c in data.clips.val if class_of(c) == 0]
    if not clips:
        return {"recall": float("nan"), "clips": 0}
    judged = judge_all(model, data, clips, data.features)
    return {"recall": round(float((judged.scores.argmax(-1) == 0).mean()), 4), "clips": len(clips)}
