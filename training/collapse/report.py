"""What the study found, as JSON, as a Markdown page, and as a contact sheet."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from sdk.clips.preview import Shot, contact_sheet
from sdk.emotion import Affect
from sdk.motion import rot272
from sdk.motion.retarget import canonical
from training.collapse.defects import CAUSES, Decoding
from training.collapse.study import STILL_BELOW, WALK, Study, causes_name
from training.data import Clip
from training.guards import ENERGY_FLOOR

Found = dict[str, Any]
PUBLISHED = tuple(CAUSES)
COLLAPSED = 0.5
"""A codebook has collapsed when the perplexity of held-out tokens falls below this share of what it was."""
COLUMNS = (
    ("energy", "energy", "{:.2f}"),
    ("still", "still frames", "{:.0%}"),
    ("walk_speed", "walk, m/s", "{:.2f}"),
    ("made_perplexity", "perplexity of sampled tokens", "{:.0f}"),
    ("code_use", "codes used, held out", "{:.0%}"),
    ("perplexity", "perplexity, held out", "{:.0f}"),
    ("code_change", "codebook change", "{:.2f}"),
)


def rows(found: Found) -> list[tuple[str, Found]]:
    """The rows of the table: published recipe, each cause alone, all but one, cure, controls, real clips."""
    variants = found["variants"]
    chosen = [("as published: all five", variants[causes_name(PUBLISHED)])]
    chosen += [(f"{cause} alone", variants[cause]) for cause in CAUSES]
    chosen += [(f"all but {cause}", variants[causes_name(set(CAUSES) - {cause})]) for cause in CAUSES]
    chosen += [("cure: none of the five", variants["cure"])]
    chosen += [(f"control: {name}", measures) for name, measures in found["controls"].items()]
    return [*chosen, ("recorded clips", found["real"])]


def effects(found: Found, measure: str) -> dict[str, float]:
    """Mean change of a measure by each cause, over the sixteen pairs of variants that differ in it alone."""
    variants = found["variants"]
    out = {}
    for cause in CAUSES:
        without = [v for v in variants.values() if cause not in v["causes"]]
        pairs = [(variants[causes_name({*v["causes"], cause})][measure], v[measure]) for v in without]
        out[cause] = float(np.mean([a - b for a, b in pairs]))
    return out


def verdict(found: Found) -> list[str]:
    """The findings in words, each with its figures."""
    variants, base = found["variants"], found["controls"]["base"]
    energy = {name: v["energy"] for name, v in variants.items()}
    static = [cause for cause in CAUSES if energy[cause] < ENERGY_FLOOR]
    whole, cure = energy[causes_name(PUBLISHED)], energy["cure"]
    lines = [
        f"As published, generated clips move {whole:.0%} as much as the recorded ones; cured, {cure:.0%}. "
        f"Static here means less than {ENERGY_FLOOR:.0%}.",
        "Static by itself: " + (", ".join(f"{c} ({energy[c]:.0%})" for c in static) or "no single cause") + ". "
        "Not static by itself: " + (", ".join(f"{c} ({energy[c]:.0%})" for c in CAUSES if c not in static) or "none")
        + ".",
    ]  # fmt: skip
    mean = sorted(effects(found, "energy").items(), key=lambda item: item[1])
    lines.append("Mean effect on the energy over all settings of the others: "
                 + ", ".join(f"{cause} {value:+.2f}" for cause, value in mean) + ".")  # fmt: skip
    drawn = variants["codes"]
    right = drawn["perplexity"] < COLLAPSED * base["perplexity"] and "codes" in static
    others = energy[causes_name(set(CAUSES) - {"codes"})]
    lines.append(
        f"The guess of a codebook collapse is {'right' if right else 'wrong'}: a VQ-VAE resumed without its averages "
        f"changes its codes by {drawn['code_change']:.2f} of their norm (frozen: "
        f"{variants['cure']['code_change']:.2f}), held-out clips then have a perplexity of {drawn['perplexity']:.0f} "
        f"(before: {base['perplexity']:.0f}), and with the transformer fine-tuned on the new tokens the clips move "
        f"{drawn['energy']:.0%} as much as recorded ones; the other four causes without it give {others:.0%}."
    )
    return lines


def markdown(found: Found) -> str:
    """The page: what was done, the table, the effects, the findings."""
    lines = [
        "# Why a fine-tuned MMM stands still",
        "",
        "One finished base MMM, fine-tuned on the recorded emotional clips with and without each of five defects of",
        "the published recipe: all 32 combinations, one seed. Energy: path of root and joints over that of the",
        f"recorded clips of the same captions. Still: no joint faster than {STILL_BELOW} m/s. Walk: '{WALK}', all",
        "recorded emotions. Held out: tokens of the base's held-out clips. Codebook change: how far a code is from",
        "where it was, over the mean norm.",
        "",
        *(f"- `{cause}`: {meaning}" for cause, meaning in CAUSES.items()),
        "",
        *rows_table(found),
    ]
    lines += ["", *(f"- {line}" for line in verdict(found)), ""]
    refusals = {v["refused"] for v in found["variants"].values() if v["refused"]}
    if refusals:
        lines += ["What the guards say without `--allow-slow`:", "", *(f"- {line}" for line in sorted(refusals)), ""]
    return "\n".join(lines)


def rows_table(found: Found) -> list[str]:
    """Lines of the Markdown table of `rows`."""
    lines = [
        "| | " + " | ".join(title for _, title, _ in COLUMNS) + " | refused by default |",
        "| --- |" + " --: |" * len(COLUMNS) + " --- |",
    ]
    for name, measures in rows(found):
        cells = [form.format(measures[key]) if key in measures else "" for key, _, form in COLUMNS]
        refused = "yes" if measures.get("refused") else "no" if "refused" in measures else ""
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {refused} |")
    return lines


def draw_sheet(study: Study, path: Path) -> None:
    """Recorded, cured, published and each cause alone, one row each: a walk, then a gesture."""
    shots = []
    for content in ("walk", "byebye"):
        clip = example(study, content)
        frames = min(len(clip.features), 120)
        recorded = rot272.decode(clip.features[:frames])
        shots.append(Shot(canonical(recorded), f"{clip.captions[0]}: recorded", clip.affect))
        variants: list[tuple[str, ...]] = [(), PUBLISHED, *((cause,) for cause in CAUSES)]
        for causes in variants if content == "walk" else variants[:2]:
            title = {0: "cured", len(CAUSES): "as published"}.get(len(causes), f"{causes_name(causes)} alone")
            shots.append(shot(study, clip, causes, frames, title=f"{clip.captions[0]}: {title}"))
    contact_sheet(shots, path, columns=8, cell=(150, 190))


def example(study: Study, content: str) -> Clip:
    """A recorded clip of this content, or of any."""
    own = [c for c in study.prompts if c.content == content]
    return (own or study.prompts)[0]


def shot(study: Study, clip: Clip, causes: tuple[str, ...], frames: int, *, title: str) -> Shot:
    """One variant's clip for a caption."""
    model = study.tuned(causes)
    features, _ = study.sample(model, Decoding.with_defects(causes), clip.captions[0], clip.affect, frames, seed=7)
    affect: Affect = clip.affect
    return Shot(canonical(rot272.decode(features)), title, affect)


def write_report(study: Study, found: Found) -> list[Path]:
    """Write collapse.json, collapse.md and collapse.png; the page last. Returns their paths."""
    paths = [study.out / f"collapse.{suffix}" for suffix in ("json", "png", "md")]
    put(paths[0], json.dumps({**found, "effects_on_energy": effects(found, "energy")}, indent=1) + "\n")
    draw_sheet(study, paths[1])
    put(paths[2], markdown(found))
    return paths


def put(path: Path, text: str) -> None:
    """Write beside, then rename."""
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    os.replace(part, path)
