"""The report of `python -m training.evaluate`: report.md to read, report.json to compute with, pictures beside them.

report.json holds bundle, protocol, data, judges, real (figures of real clips), reconstruction (of the RVQ-VAE, where
the bundle can encode), plans (figures by plan: emotion, retention, quality, body, energy, ms, headline; of plans that
were measured in full also intensity, mixtures, valence_arousal, repeats, memorisation) and verdicts (by plan). NaN is
written as null. summary.json holds the few figures that `python -m export --quality` puts into a manifest.
"""

import json
import math
from pathlib import Path
from typing import Any

from sdk.clips import files
from sdk.clips.preview import Shot
from sdk.motion.cues import CUE_NAMES, UNITS
from training.evaluate.measure import Setting
from training.evaluate.measure_clips import FINAL, STAGES, Answers, finished
from training.evaluate.measure_labels import EMOTIONS, FELT
from training.evaluate.pictures import bars_picture, confusion_picture, curves_picture, sheet_picture
from training.evaluate.protocol import FIRST_SEED, SHEET, Ask, at
from training.evaluate.report_text import markdown
from training.evaluate.report_verdicts import ENERGY_BAND, Figures, as_json, verdicts

LABELS = [e.label for e in EMOTIONS]


def finish_report(report: Figures, *, twin: Figures | None = None) -> Figures:
    """The report with a verdict on every goal for every plan."""
    found = {plan: as_json(verdicts(report, plan, twin=twin)) for plan in report["plans"]}
    return report | {"verdicts": found}


def write_report(report: Figures, out: Path, pictures: list[Path]) -> list[Path]:
    """Write report.md, report.json and summary.json into `out`; all appear or none.

    Raises InvalidInput when the disk refuses.
    """
    text = markdown(report, [path.name for path in pictures])
    plain = {"report.json": without_nan(report), "summary.json": summary(report)}
    targets = {out / name: (json.dumps(x, indent=1, sort_keys=True) + "\n").encode() for name, x in plain.items()}
    targets[out / "report.md"] = text.encode()
    files.publish(targets)
    return list(targets)


def without_nan(value: Any) -> Any:
    """The same with None for every number that JSON cannot tell."""
    if isinstance(value, dict):
        return {key: without_nan(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def summary(report: Figures) -> Figures:
    """The few figures that a bundle's manifest keeps: `quality`, and `plans` with the quality of each plan by name.

    Figures that were not measured are left out.
    """
    plans = {name: plan_summary(found) for name, found in report["plans"].items()}
    first, real = next(iter(report["plans"].values())), report["real"]
    reconstruction = report.get("reconstruction", {})
    quality = {
        "protocol": report["protocol"]["size"], "protocol_sha256": report["protocol"]["sha256"],
        "judges_sha256": report["judges"]["sha256"], "emotion_chance": first["emotion"]["chance"],
        "emotion_ceiling": real["ceiling"]["value"], "real_r_precision_3": real["quality"]["r_precision_3"]["value"],
        "real_foot_skate": real["body"]["foot_skate"]["value"],
        "reconstruction_fid": reconstruction.get("fid", {}).get("value"),
        "reconstruction_mpjpe_mm": reconstruction.get("mpjpe_mm", {}).get("value"),
    }  # fmt: skip
    return {"quality": _known(quality), "plans": plans}


def plan_summary(found: Figures) -> dict[str, float]:
    """The figures of one plan that go into the manifest."""
    splits, quality = found["emotion"]["splits"], found["quality"]
    return _known({
        "emotion_accuracy": splits["seen"]["value"], "emotion_accuracy_unseen": splits["unseen"]["value"],
        "fid": quality["fid"]["value"], "r_precision_3": quality["r_precision_3"]["value"],
        "foot_skate": found["body"]["foot_skate"]["value"], "ms": found.get("ms", {}).get("p50"),
    })  # fmt: skip


def _known(figures: dict[str, Any]) -> dict[str, Any]:
    rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in without_nan(figures).items()}
    return {name: value for name, value in rounded.items() if value is not None}


def draw(report: Figures, answered: dict[str, Answers], setting: Setting, out: Path) -> list[Path]:
    """Pictures of the first plan: confusion, intensity, energy, and a contact sheet of the emotions for each action."""
    plan, found = next(iter(report["plans"].items()))
    count = found["emotion"]["splits"]["all"]["n"]
    paths = [
        confusion_picture(
            found["emotion"]["confusion"], LABELS, out / "confusion.png",
            title=f"Emotion asked for and judged, final motion, plan {plan}, n = {count}",
        ),
        bars_picture(
            found["energy"], out / "energy.png", title=f"Motion energy of neutral clips, of real ones, plan {plan}",
            band=ENERGY_BAND,
        ),
    ]  # fmt: skip
    if "intensity" in found:
        paths.append(_intensity_picture(found["intensity"], plan, out / "intensity.png"))
    return [*paths, *_sheets(answered[plan], setting, out)]


def _intensity_picture(intensity: Figures, plan: str, path: Path) -> Path:
    names = {"probability": "judge's probability"} | {c: f"{c}, {UNITS[c]}" for c in CUE_NAMES}
    panels = {
        shown: {e: intensity[e.label][name]["means"] for e in FELT} for name, shown in names.items()
    }  # fmt: skip
    levels = intensity[FELT[0].label]["levels"]
    return curves_picture(panels, levels, path, title=f"Final motion over the intensity asked for, plan {plan}")


def _sheets(answers: Answers, setting: Setting, out: Path) -> list[Path]:
    """One sheet an action, a row per emotion: the final motion of the first seed."""
    prompts = {p.content: p for p in setting.protocol.prompts}
    paths = []
    for content in SHEET:
        if content not in prompts:
            continue
        asks = [Ask(prompts[content], at(emotion, 1.0), FIRST_SEED) for emotion in EMOTIONS]
        shots = [
            Shot(finished(motion, FINAL)[FINAL], f"{ask.prompt.text} ({STAGES[FINAL]})", ask.affect)
            for ask, motion in zip(asks, answers.motions(asks), strict=True)
        ]
        paths.append(sheet_picture(shots, out / f"sheet-{content}.png"))
    return paths
