"""Writes a bundle: graphs, text encoder, reference inputs and outputs, model card, manifest. All of it or nothing."""

import hashlib
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from export.graphs import GraphSpec, export_graph
from export.parts import Part, parts_of
from export.text import export_text
from sdk.bundle.manifest import EVIDENCE, FORMAT_VERSION, MANIFEST, Bundle, EmotionEvidence, Graph, Manifest
from sdk.emotion import Emotion
from sdk.errors import InvalidInput
from sdk.motion import rot272
from training.data import load_index
from training.datasets import bandai_namco

REFERENCE = "reference.npz"
CARD = "MODEL_CARD.md"
LICENCE_FILE = "LICENSE-WEIGHTS.txt"


@dataclass(frozen=True)
class Provenance:
    """What the weights come from."""

    data: tuple[Path, ...]
    version: str


def emotion_evidence(data: tuple[Path, ...]) -> list[EmotionEvidence]:
    """Per emotion: minutes of training motion that carry it, and the best evidence among them."""
    minutes = dict.fromkeys((e.label for e in Emotion), 0.0)
    found: dict[str, set[str]] = {e.label: set() for e in Emotion}
    for line in (line for folder in data for line in load_index(folder)):
        if line["split"] != "train" or line["evidence"] == "none":
            continue
        for name in line["affect"]:
            minutes[name] += line["frames"] / rot272.FPS / 60
            # A style that is no emotion is still a recorded movement without one.
            found[name].add("mocap" if line["evidence"] == "style" else line["evidence"])
    best = {name: next((e for e in EVIDENCE if e in kinds), "none") for name, kinds in found.items()}
    return [EmotionEvidence(name=n, evidence=best[n], minutes=round(minutes[n], 2)) for n in minutes]


def reference_arrays(specs: dict[str, GraphSpec]) -> dict[str, np.ndarray]:
    """Example inputs and torch's outputs of every graph, as "graph.in.name" and "graph.out.name"."""
    arrays = {}
    for name, spec in specs.items():
        with torch.no_grad():
            out = spec.module(*spec.example.values())
        outputs = out if isinstance(out, tuple) else (out,)
        arrays |= {f"{name}.in.{key}": value.numpy() for key, value in spec.example.items()}
        arrays |= {f"{name}.out.{key}": value.numpy() for key, value in zip(spec.outputs, outputs, strict=True)}
    return arrays


def write_bundle(
    run: Path, out: Path, *, generators: tuple[str, ...] = ("emo-mask",), data: tuple[Path, ...] = (), version: str,
    quality: dict[str, Any], student: Path | None = None,
) -> Bundle:  # fmt: skip
    """Export a finished run into the folder `out`, which is replaced only when everything is written and loads again.

    generators: names of `export.parts.PARTS`. data: the prepared folders, for the evidence behind each emotion.
    quality: what `training.evaluate` measured: {"plans": {plan: {figure: value}}, "quality": {...}}. student: see
    `export.parts.emo_mask_part`.
    Raises InvalidInput for an unfinished run, unprepared `data`, and when `out` exists and is not a bundle.
    """
    if out.exists() and any(out.iterdir()) and not (out / MANIFEST).exists():
        raise InvalidInput(f"{out} exists and is no bundle; choose an empty folder")
    parts, emotions = parts_of(run, generators, student), emotion_evidence(data)
    specs = {name: spec for part in parts for name, spec in part.specs.items()}
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise InvalidInput(f"no folder can be made beside {out} ({error.strerror}); choose another") from None
    try:
        for name, spec in tqdm(specs.items(), desc="graphs", unit="graph"):
            export_graph(spec, part / f"{name}.onnx")
        export_text(part)
        np.savez_compressed(part / REFERENCE, **reference_arrays(specs))  # type: ignore[arg-type]
        manifest = build_manifest(parts, emotions, Provenance(data, version), quality)
        (part / CARD).write_text(model_card(manifest))
        (part / LICENCE_FILE).write_text(weights_licence())
        files = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(part.iterdir())}
        manifest.files.update(files)
        (part / MANIFEST).write_text(manifest.to_json())
        Bundle.load(part)
        part.chmod(0o755)
        put_in_place(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Bundle.load(out)


def put_in_place(new: Path, target: Path) -> None:
    """Rename the folder `new` to `target`, which is replaced; when that fails, the old folder is back in its place."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def build_manifest(
    parts: list[Part], emotions: list[EmotionEvidence], source: Provenance, quality: dict[str, Any]
) -> Manifest:
    """The manifest without the files' hashes."""
    measured = quality.get("plans", {})
    plans = [replace(plan, quality=measured.get(plan.name, {})) for part in parts for plan in part.plans]
    specs = {name: spec for part in parts for name, spec in part.specs.items()}
    graphs = {n: Graph(file=f"{n}.onnx", inputs=s.inputs, outputs=s.outputs) for n, s in specs.items()}
    sources = sorted({line["source"] for folder in source.data for line in load_index(folder)})
    provenance = {
        "data": sources or [bandai_namco.NAME], "commit": _commit(), "training": {p.name: p.trained for p in parts}
    }  # fmt: skip
    return Manifest(
        format_version=FORMAT_VERSION, name="emo-mask-bandai-namco", version=source.version,
        licence=bandai_namco.LICENCE, attribution=bandai_namco.ATTRIBUTION, representation="rot272", fps=rot272.FPS,
        text_encoder="all-MiniLM-L6-v2 (Apache-2.0), int8", emotions=emotions,
        generators={p.name: p.info for p in parts}, plans=plans, default_plan=parts[0].plans[0].name, graphs=graphs,
        files={}, provenance=provenance, quality=quality.get("quality", {}),
    )  # fmt: skip


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent)
    return found.stdout.strip() or "unknown"


def weights_licence() -> str:
    """The terms of the weights, which follow from their data."""
    return (
        "The motion weights in this folder (every .onnx file but text.onnx) were trained on\n"
        f"{bandai_namco.ATTRIBUTION}.\n"
        "They are offered under Creative Commons Attribution-NonCommercial 4.0 International (CC BY-NC 4.0):\n"
        "https://creativecommons.org/licenses/by-nc/4.0/ . NO COMMERCIAL USE.\n"
        "Changes to the data: retargeted to 22 joints, mirrored, cut into windows, learned from.\n"
        "Cite: Kobayashi et al., Motion Capture Dataset for Practical Use of AI-based Motion Editing and Stylization,\n"
        "arXiv 2306.08861.\n\n"
        "text.onnx and tokenizer.json are sentence-transformers/all-MiniLM-L6-v2, quantised to int8,\n"
        "under the Apache License 2.0: https://www.apache.org/licenses/LICENSE-2.0 .\n"
    )


def model_card(manifest: Manifest) -> str:
    """What a person should know before using the weights."""
    emotions = "\n".join(f"| {e.name} | {e.evidence} | {e.minutes:g} |" for e in manifest.emotions)
    plans = "\n".join(
        f"| {p.name} | {p.generator} | {p.iterations} | {p.residual_layers} | {p.text_guidance:g} / "
        f"{p.emotion_guidance:g} / {p.residual_guidance:g} |" for p in manifest.plans
    )  # fmt: skip
    generators = "\n".join(f"- {n}: {', '.join(g.emotion_points) or 'nowhere'}" for n, g in manifest.generators.items())
    return f"""# {manifest.name} {manifest.version}

Text and emotion to full-body motion, {manifest.representation} at {manifest.fps:g} fps. Generators, and where the
EmotionEmbedder enters them:

{generators}

**Licence of the weights: {manifest.licence}, no commercial use.** {manifest.attribution}.
Text encoder: {manifest.text_encoder}.

## What each emotion rests on

| emotion | evidence | minutes of training motion |
| --- | --- | --- |
{emotions}

`mocap`: recorded under that name. `proxy`: a recorded style that resembles it. `text-mined`: recordings whose captions
hold a word of it. `synthetic`: neutral recordings restyled by rules. `none`: nothing was shown to the model; the result
is a guess.

## Plans

| plan | generator | iterations | residual layers | guidance text / emotion / residual |
| --- | --- | --- | --- | --- |
{plans}

## Limits

- Contents: walking (also back, sideways, turning), running, dashing, raising and waving hands, bowing, waving goodbye,
  guiding, calling, a little dancing, punching, kicking and slashing. Other words give the nearest of these.
- One to three performers with one body; 22 joints, no fingers, no face.
- The emotional recordings are about three minutes; what they do not show (an angry bow, a sad wave) is extrapolated.

## Training

```json
{json.dumps(manifest.provenance, indent=1, sort_keys=True)}
```
"""
