"""Emotion in the final motion: accuracy, what foot lock and other bodies leave of it, intensity, mixtures, plane.

Shapes: n clips, S stages, E = 5 emotions, L levels, C = 6 cues. Confidence intervals are 95 %, by bootstrap over
prompts: clips of one prompt are not independent, and a judge's verdict on one says much about the next.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sdk.emotion import Emotion
from sdk.motion.cues import CUE_NAMES
from training.evaluate.measure_clips import STAGES, Measured
from training.evaluate.measure_labels import EMOTIONS, FELT
from training.evaluate.protocol import MIXTURES, Ask, Graded, Protocol
from training.evaluate.statistics import bootstrap_mean, confusion_matrix, sign_test, spearman

Figures = dict[str, Any]

RESAMPLES = 1000
CHANCE = 1 / len(EMOTIONS)
MONOTONE = 0.9
"""Least size of a rank correlation that counts as monotone."""
TOLERANCE = 0.1
"""A mixture's cue may leave the range between its ends by this share of it."""
DIRECTIONS = {
    Emotion.JOY: {"arm_swing": 1, "hand_speed": 1, "head_pitch": -1, "bounce": 1},
    Emotion.SADNESS: {"speed": -1, "arm_swing": -1, "hand_speed": -1, "head_pitch": 1, "bounce": -1},
    Emotion.FEAR: {"speed": -1, "arm_swing": -1, "hand_speed": -1, "trunk_pitch": 1, "head_pitch": 1},
    Emotion.ANGER: {"hand_speed": 1, "trunk_pitch": 1, "head_pitch": 1},
}
"""Where a cue goes from neutral: as in recorded clips of the same contents, and as the literature on gait has it
(Montepare et al. 1987; Michalak et al. 2009; Gross et al. 2012; Halovic and Kroos 2018). 1 up or forward, -1 down."""
CLEARLY = 2.0
"""The ends of a mixture differ clearly in a cue when it is by more than this many standard errors."""


def asked_class(asks: Sequence[Ask]) -> np.ndarray:
    """Place (n,) in EMOTIONS of the emotion that each question asks for."""
    return np.array([EMOTIONS.index(Emotion[a.affect.label.upper()]) for a in asks])


def accuracy(hits: np.ndarray, asks: Sequence[Ask]) -> Figures:
    """Mean of hits (n,) with its interval over prompts; NaN for no clips."""
    groups = np.array([a.prompt.content for a in asks])
    return estimate(hits.astype(float), groups)


def estimate(values: np.ndarray, groups: np.ndarray) -> Figures:
    """Mean of values (n,), 95 % interval by bootstrap over groups (n,), clips and groups counted."""
    if len(values) == 0:
        return {"value": float("nan"), "low": float("nan"), "high": float("nan"), "n": 0, "prompts": 0}
    low, high = bootstrap_mean(values, groups.tolist(), resamples=RESAMPLES)
    counts = {"n": len(values), "prompts": len(set(groups.tolist()))}
    return {"value": float(values.mean()), "low": low, "high": high, **counts}


def accuracy_figures(
    protocol: Protocol, asks: Sequence[Ask], measured: Measured, more: Sequence[Ask], more_measured: Measured | None
) -> Figures:
    """Accuracy of the final motion by split, recall by emotion, confusion; `more` are further clips of unseen pairs."""
    wanted, judged = asked_class(asks), measured.final.argmax(-1)
    hits = judged == wanted
    splits = np.array([protocol.split_of(a.prompt.content, EMOTIONS[c]) for a, c in zip(asks, wanted, strict=True)])
    out: Figures = {"chance": CHANCE, "splits": {}}

    def part(keep: np.ndarray) -> Figures:
        return accuracy(hits[keep], [a for a, k in zip(asks, keep, strict=True) if k])

    out["splits"] = {
        "all": part(np.ones(len(asks), bool)), "seen": part(splits != "unseen"), "real": part(splits == "real"),
        "made": part(splits == "made"), "unseen": part(splits == "unseen"),
    }  # fmt: skip
    if len(more) and more_measured is not None:
        rest = [a for a, s in zip(asks, splits, strict=True) if s == "unseen"]
        all_hits = np.concatenate([hits[splits == "unseen"], more_measured.final.argmax(-1) == asked_class(more)])
        out["splits"]["unseen"] = accuracy(all_hits, [*rest, *more])
    out["recall"] = {e.label: part(wanted == k) for k, e in enumerate(EMOTIONS)}
    out["recall_unseen"] = {
        e.label: part((wanted == k) & (splits == "unseen")) for k, e in enumerate(EMOTIONS) if e in FELT
    }
    out["confusion"] = confusion_matrix(wanted, judged, len(EMOTIONS)).tolist()
    return out


def retention_figures(asks: Sequence[Ask], measured: Measured) -> Figures:
    """Accuracy at every stage of finishing, and the points it lost against the clip as decoded."""
    wanted = asked_class(asks)
    out: Figures = {}
    for stage, name in enumerate(STAGES):
        found = accuracy(measured.probability[:, stage].argmax(-1) == wanted, asks)
        before = out[STAGES[0]]["value"] if stage else found["value"]
        out[name] = found | {"drop_points": 100 * (before - found["value"])}
    return out


def direction_figures(asks: Sequence[Ask], measured: Measured) -> Figures:
    """Do the cues go where recorded emotions go? Each clip against the neutral one of the same prompt and seed.

    By emotion and cue of DIRECTIONS: the share of pairs that go the right way, the p of a sign test, the pairs.
    """
    where = {(a.prompt.content, a.seed, a.affect.label): row for row, a in enumerate(asks)}
    out: Figures = {}
    for emotion, cues in DIRECTIONS.items():
        felt = [(row, where[content, seed, "neutral"]) for (content, seed, label), row in where.items()
                if label == emotion.label]  # fmt: skip
        rows, neutral = (np.array(column, dtype=int) for column in zip(*felt, strict=True))
        out[emotion.label] = {}
        for name, sign in cues.items():
            values = sign * measured.cues[:, CUE_NAMES.index(name)]
            share, p = sign_test(values[rows], values[neutral])
            out[emotion.label][name] = {"sign": sign, "share": share, "p": p, "n": len(rows)}
    return out


def rank_correlation(knob: np.ndarray, values: np.ndarray) -> float:
    """Spearman's rho; 0 where the values do not vary, for then the knob moves nothing."""
    # Rounded, because a limit of 0.9 must not be missed by the last bit.
    return 0.0 if np.ptp(values) < 1e-12 else round(spearman(knob, values), 9)


def intensity_figures(graded: Sequence[Graded], measured: Measured) -> Figures:
    """Per emotion: means over prompts and seeds at each level of the judge's probability and of every cue, and rho.

    rho is of the means; rho_per_prompt is the mean over prompts of the rho within each.
    """
    levels, contents = np.array([g.knob for g in graded]), np.array([g.ask.prompt.content for g in graded])
    out: Figures = {}
    for emotion in FELT:
        own = np.array([g.series == (emotion,) for g in graded])
        columns = {"probability": measured.final[own, EMOTIONS.index(emotion)]}
        columns |= {name: measured.cues[own, c] for c, name in enumerate(CUE_NAMES)}
        found: Figures = {name: _curve(values, levels[own], contents[own]) for name, values in columns.items()}
        found["monotone_cues"] = [n for n in CUE_NAMES if abs(found[n]["rho"]) >= MONOTONE]
        out[emotion.label] = found | {"n": int(own.sum()), "levels": np.unique(levels[own]).tolist()}
    return out


def _curve(values: np.ndarray, levels: np.ndarray, contents: np.ndarray) -> Figures:
    knob = np.unique(levels)
    means, errors = means_at(values, levels)
    within = [
        rank_correlation(knob, means_at(values[contents == content], levels[contents == content])[0])
        for content in np.unique(contents)
    ]
    return {
        "means": means.tolist(), "errors": errors.tolist(), "rho": rank_correlation(knob, means),
        "rho_per_prompt": float(np.mean(within)),
    }  # fmt: skip


def means_at(values: np.ndarray, knob: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means (L, ...) of values (n, ...) at each value of the knob (n,), and their standard errors."""
    parts = [values[knob == at] for at in np.unique(knob)]
    return np.stack([p.mean(0) for p in parts]), np.stack([p.std(0) / np.sqrt(len(p)) for p in parts])


def mixture_figures(graded: Sequence[Graded], measured: Measured) -> Figures:
    """Per mixture: how the judge and the cues go from the one emotion to the other, by means over prompts and seeds.

    rho: of the share of the second emotion and the judge's probability of it minus that of the first. between: share of
    (cue, inner step) whose mean lies between those of the ends, for the cues whose ends differ clearly.
    """
    out: Figures = {}
    for pair in MIXTURES:
        own = np.array([g.series == pair for g in graded])
        share = np.array([g.knob for g in graded])[own]
        knob = np.unique(share)
        a, b = (EMOTIONS.index(e) for e in pair)
        chance, (cues, errors) = means_at(measured.final[own], share)[0], means_at(measured.cues[own], share)
        apart = np.abs(cues[-1] - cues[0]) > CLEARLY * np.hypot(errors[-1], errors[0])
        low, high = np.minimum(cues[0], cues[-1]), np.maximum(cues[0], cues[-1])
        slack = TOLERANCE * (high - low)
        inside = ((cues >= low - slack) & (cues <= high + slack))[1:-1][:, apart]
        out[" to ".join(e.label for e in pair)] = {
            "shares": knob.tolist(), "first": chance[:, a].tolist(), "second": chance[:, b].tolist(),
            "rho": rank_correlation(knob, chance[:, b] - chance[:, a]),
            "between": float(inside.mean()) if inside.size else float("nan"),
            "rho_cues": {n: rank_correlation(knob, cues[:, c]) for c, n in enumerate(CUE_NAMES) if apart[c]},
            "n": int(own.sum()),
        }  # fmt: skip
    return out


def plane_figures(asks: Sequence[Ask], measured: Measured) -> Figures:
    """How far the judge's valence and arousal lie from those asked for, and how they correlate."""
    asked = np.array([a.affect.valence_arousal for a in asks])
    return plane_errors(asked, measured.valence_arousal)


def plane_errors(asked: np.ndarray, judged: np.ndarray) -> Figures:
    """Of points (n, 2) asked for and judged."""
    out: Figures = {"n": len(asked)}
    for axis, name in enumerate(("valence", "arousal")):
        x, y = asked[:, axis], judged[:, axis]
        known = len(x) > 1 and np.ptp(x) > 1e-9 and np.ptp(y) > 1e-9
        correlation = float(np.corrcoef(x, y)[0, 1]) if known else float("nan")
        out[name] = {
            "mean_absolute_error": float(np.abs(x - y).mean()), "correlation": correlation,
            "error_of_the_mean": float(np.abs(x - x.mean()).mean()),
        }  # fmt: skip
    return out
