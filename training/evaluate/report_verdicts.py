"""The goals that generated emotion has to reach, each judged by figures of one report.

A verdict is None where a figure is missing: not measured is neither reached nor missed.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

Figures = dict[str, Any]

ACCURACY_OF_CEILING = 0.85
UNSEEN_OVER_CHANCE = 3.0
MOST_DROP_POINTS = 5.0
LEAD_OVER_TWIN, LEAD_UNSEEN = 15.0, 25.0  # points
LEAST_RHO = 0.9
LEAST_CUES = 4
LEAST_BETWEEN = 0.8
FID_OVER_RECONSTRUCTION = 2.0
R3_OF_REAL = 0.9
SKATE_OF_REAL = 1.1
ENERGY_BAND = (0.8, 1.25)
MOST_MPJPE_MM = 8.0


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One goal: what was measured in words, what is wanted, and whether it is reached."""

    goal: str
    measured: str
    wanted: str
    reached: bool | None


def verdicts(report: Figures, plan: str, *, twin: Figures | None = None) -> list[Verdict]:
    """The goals for one plan of a report. `twin`: figures of `evaluate_motions` for the model told by words."""
    found, real = report["plans"][plan], report["real"]
    out = [*_accuracy(found, real), *_twin(found, twin)]
    if "intensity" in found:
        out += [*_intensity(found["intensity"]), *_mixtures(found["mixtures"])]
    return [*out, *_quality(found, real, report.get("reconstruction"))]


def as_json(found: list[Verdict]) -> list[Figures]:
    """For report.json."""
    return [asdict(v) for v in found]


def known(value: float | None) -> bool:
    """Neither missing nor NaN."""
    return value is not None and math.isfinite(value)


def at_least(goal: str, value: float, limit: float, *, note: str = "", form: str = ".3f") -> Verdict:
    reached = value >= limit if known(value) and known(limit) else None
    return Verdict(goal=goal, measured=_shown(value, form) + note, wanted=f">= {_shown(limit, form)}", reached=reached)


def at_most(goal: str, value: float, limit: float, *, note: str = "", form: str = ".3f") -> Verdict:
    reached = value <= limit if known(value) and known(limit) else None
    return Verdict(goal=goal, measured=_shown(value, form) + note, wanted=f"<= {_shown(limit, form)}", reached=reached)


def _shown(value: float, form: str) -> str:
    return format(value, form) if known(value) else "not measured"


def interval(found: Figures) -> str:
    """As in " [0.71, 0.84], n = 120" of an estimate."""
    if not found.get("n"):
        return ""
    return f" [{found['low']:.2f}, {found['high']:.2f}], n = {found['n']}"


def _accuracy(found: Figures, real: Figures) -> list[Verdict]:
    splits, ceiling = found["emotion"]["splits"], real["ceiling"]["value"]
    chance = found["emotion"]["chance"]
    dropped = {name: x["drop_points"] for name, x in found["retention"].items()}
    worst = max(dropped, key=lambda name: dropped[name])
    return [
        at_least(
            f"accuracy on pairs with recorded clips, of the judge's ceiling {ceiling:.3f}",
            splits["real"]["value"], ACCURACY_OF_CEILING * ceiling, note=interval(splits["real"]),
        ),
        at_least(
            f"accuracy on unseen pairs, of chance {chance:.2f}", splits["unseen"]["value"],
            UNSEEN_OVER_CHANCE * chance, note=interval(splits["unseen"]),
        ),
        at_most(
            "points lost after foot lock and on other bodies, worst stage", dropped[worst], MOST_DROP_POINTS,
            note=f" ({worst})", form=".1f",
        ),
    ]  # fmt: skip


def _twin(found: Figures, twin: Figures | None) -> list[Verdict]:
    out = []
    for split, least in (("all", LEAD_OVER_TWIN), ("unseen", LEAD_UNSEEN)):
        own = found["emotion"]["splits"][split]["value"]
        other = twin["emotion"]["splits"][split]["value"] if twin else float("nan")
        note = f" ({own:.2f} against {other:.2f})" if known(other) else " (give --twin)"
        goal = f"points over the twin told by words, {split} pairs"
        out.append(at_least(goal, 100 * (own - other), least, note=note, form=".1f"))
    return out


def _intensity(found: Figures) -> list[Verdict]:
    rho = {emotion: x["probability"]["rho"] for emotion, x in found.items()}
    cues = {emotion: len(x["monotone_cues"]) for emotion, x in found.items()}
    worst, fewest = min(rho, key=lambda e: rho[e]), min(cues, key=lambda e: cues[e])
    return [
        at_least("Spearman of intensity and the judge's probability, worst emotion", rho[worst], LEAST_RHO,
                 note=f" ({worst})"),
        at_least("cues with |Spearman| >= 0.9 to intensity, emotion with the fewest", cues[fewest], LEAST_CUES,
                 note=f" ({fewest})", form=".0f"),
    ]  # fmt: skip


def _mixtures(found: Figures) -> list[Verdict]:
    rho = {name: x["rho"] for name, x in found.items()}
    between = {name: x["between"] for name, x in found.items() if known(x["between"])}
    worst = min(rho, key=lambda n: rho[n])
    least = min(between, key=lambda n: between[n], default="")
    return [
        at_least("mixtures: Spearman of the share and the judge's preference, worst", rho[worst], LEAST_RHO,
                 note=f" ({worst})"),
        at_least("mixtures: cues of inner steps between those of the ends, worst", between.get(least, float("nan")),
                 LEAST_BETWEEN, note=f" ({least})" if least else "", form=".2f"),
    ]  # fmt: skip


def _quality(found: Figures, real: Figures, reconstruction: Figures | None) -> list[Verdict]:
    quality, nan = found["quality"], float("nan")
    fid = reconstruction["fid"]["value"] if reconstruction else nan
    mpjpe = reconstruction["mpjpe_mm"]["value"] if reconstruction else nan
    energy = {k: v for k, v in found["energy"].items() if known(v)}
    outside = [name for name, v in energy.items() if not ENERGY_BAND[0] <= v <= ENERGY_BAND[1]]
    r3, wanted = quality["r_precision_3"], R3_OF_REAL * real["quality"]["r_precision_3"]["value"]
    skate = found["body"]["foot_skate"]["value"]
    return [
        at_most("FID to held-out real clips", quality["fid"]["value"], FID_OVER_RECONSTRUCTION * fid),
        at_least("R-precision top 3, batches of 32 pairs", r3["value"], wanted, note=interval(r3)),
        at_most("foot skating", skate, SKATE_OF_REAL * real["body"]["foot_skate"]["value"]),
        Verdict(
            goal="motion energy of each content, of real",
            measured=f"{len(energy) - len(outside)} of {len(energy)} contents; outside: {', '.join(outside) or 'none'}",
            wanted=f"{ENERGY_BAND[0]:g} to {ENERGY_BAND[1]:g} for all", reached=not outside if energy else None,
        ),
        at_most("RVQ MPJPE on held-out takes, mm", mpjpe, MOST_MPJPE_MM, form=".2f"),
    ]  # fmt: skip
