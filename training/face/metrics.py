"""How well controls are recovered. Every figure is of one named range set.

Shapes: N faces or frames, T frames of a clip, C controls; `mask` (N, C) is False where a control cannot be seen.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk.face.controls import ControlSchema

Floats = NDArray[np.float64]
MOUTH = ("jaw", "lip")


def visible(schema: ControlSchema, values: Floats) -> NDArray[np.bool_]:
    """(..., C) -> (..., C): gaze cannot be seen while both upper lids are below 0, everything else can."""
    shown = np.ones(values.shape, bool)
    lids = [schema.index(f"Eyelid Upper {side}") for side in ("Left", "Right")]
    shut = (values[..., lids] < 0).all(-1)
    shown[..., schema.indices("gaze")] = ~shut[..., None]
    return shown


def normalised_errors(schema: ControlSchema, given: Floats, wanted: Floats, range_set: str) -> Floats:
    """abs(given - wanted) in widths of the range, NaN where the control cannot be seen."""
    errors = np.abs(schema.deviations(given, range_set) - schema.deviations(wanted, range_set))
    return np.where(visible(schema, wanted), errors, np.nan)


def figures(schema: ControlSchema, given: Floats, wanted: Floats, range_set: str) -> dict[str, Any]:
    """All figures of predictions `given` (N, C) of `wanted` (N, C), both in the controls' own units.

    nMAE: mean absolute error in widths of the range. neutral_ratio: nMAE by that of the neutral face as a guess; below
    1 is better. r2: share of the variance explained. out_of_range: share of predicted values outside the range set.
    """
    errors = normalised_errors(schema, given, wanted, range_set)
    at_rest = np.broadcast_to(schema.neutral, wanted.shape)
    guesses = normalised_errors(schema, at_rest, wanted, range_set)
    by_control, by_guess = np.nanmean(errors, 0), np.nanmean(guesses, 0)
    ratio, r2 = by_control / np.maximum(by_guess, 1e-12), _r2(schema, given, wanted)
    low, high = schema.bounds(range_set)
    slack = 1e-6 * (high - low)
    worst, least = int(by_control.argmax()), int(ratio.argmax())
    regions = sorted({control.region for control in schema})
    mean_of = {region: float(np.nanmean(errors[:, schema.indices(region)])) for region in regions}
    mouth = np.concatenate([schema.indices(region) for region in MOUTH])
    return {
        "range_set": range_set,
        "faces": len(wanted),
        "nmae": float(np.nanmean(errors)),
        "nmae_mouth": float(np.nanmean(errors[:, mouth])),
        "nmae_neutral_guess": float(np.nanmean(guesses)),
        "nmae_by_region": mean_of,
        "worst_control": {"name": schema.names[worst], "nmae": float(by_control[worst])},
        "least_gain": {"name": schema.names[least], "neutral_ratio": float(ratio[least])},
        "out_of_range": float(((given < low - slack) | (given > high + slack)).mean()),
        "r2": float(np.mean(r2)),
        "controls": {
            name: {"nmae": float(by_control[k]), "neutral_ratio": float(ratio[k]), "r2": float(r2[k])}
            for k, name in enumerate(schema.names)
        },
    }  # fmt: skip


def _r2(schema: ControlSchema, given: Floats, wanted: Floats) -> Floats:
    shown = visible(schema, wanted)
    wrong = np.where(shown, given - wanted, np.nan) ** 2
    spread = np.where(shown, wanted, np.nan)
    spread = (spread - np.nanmean(spread, 0)) ** 2
    return np.asarray(1 - np.nansum(wrong, 0) / np.maximum(np.nansum(spread, 0), 1e-12))


def jerk(schema: ControlSchema, clips: Sequence[Floats], range_set: str, *, fps: float) -> float:
    """Root mean square of the third derivative, in widths of the range per second cubed, over clips (T, C)."""
    thirds = [np.diff(schema.deviations(clip, range_set), n=3, axis=0) * fps**3 for clip in clips]
    return float(np.sqrt(np.mean(np.concatenate(thirds) ** 2)))
