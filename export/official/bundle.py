"""An imported checkpoint as a bundle: graphs, the user's text encoder, manifest, terms. All of it or nothing."""

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from export.bundle import CARD, LICENCE_FILE, REFERENCE, put_in_place, reference_arrays
from export.graphs import export_graph
from export.official.clip import write_encoder
from export.official.folders import FRAMES_A_TOKEN, Mdm, Momask
from export.official.graphs import mdm_graphs, momask_graphs
from export.official.momask import CLIP_WIDTH
from export.parts import Part
from sdk.bundle.manifest import FORMAT_VERSION, MANIFEST, Bundle, EmotionEvidence, GeneratorInfo, Graph, Manifest, Plan
from sdk.emotion import Emotion
from sdk.errors import InvalidInput
from sdk.motion import hml263

MOMASK_WORDS, MDM_WORDS = 75, 20
"""Word pieces of a text that count: CLIP's own limit, and the one that MDM's training cut captions to."""

_TERMS = (
    "Weights of HumanML3D models derive from AMASS: research, not commerce, and no redistribution of the data.\n"
    "Read the terms that came with your checkpoint before you use this folder or pass it on.\n"
)


@dataclass(frozen=True)
class Source:
    """What is imported and how it wants to be read. `words`: word pieces of a text that count."""

    title: str
    paper: str
    part: Part
    words: int
    files: dict[str, str]
    options: dict[str, Any]


def momask_source(model: Momask) -> Source:
    """A MoMask with the published numbers: guidance 4 and 5, all residual layers, temperature 1 throughout.

    "best" has the 18 passes that the published code takes unless told otherwise, "fast" the 10 of paper and evaluation.
    """
    sizes = model.vq.sizes
    specs = momask_graphs(model)
    info = GeneratorInfo(
        kind="tokens", graphs={role: role for role in specs}, downsampling=FRAMES_A_TOKEN,
        max_tokens=model.max_tokens, codes=sizes.codes, quantisers=sizes.quantisers, emotion_points=[],
    )  # fmt: skip
    # Equal scales for text and emotion make two condition rows of the three; the emotion is not read.
    numbers: dict[str, Any] = {
        "generator": "momask", "residual_layers": sizes.quantisers - 1, "text_guidance": 4.0, "emotion_guidance": 4.0,
        "residual_guidance": 5.0,
    }  # fmt: skip
    plans = (Plan(name="best", iterations=18, **numbers), Plan(name="fast", iterations=10, **numbers))
    part = Part("momask", specs, info, plans, {})
    return Source("MoMask", "Guo et al., MoMask, CVPR 2024", part, MOMASK_WORDS, model.files, {})


def mdm_source(model: Mdm) -> Source:
    """An MDM with the published numbers: guidance 2.5, and all the steps that it was trained for."""
    sizes = model.net.sizes
    specs = mdm_graphs(model)
    info = GeneratorInfo(
        kind="diffusion", graphs={str(sizes.steps): "denoise"}, downsampling=1, max_tokens=sizes.max_frames,
        codes=0, quantisers=0, emotion_points=[],
    )  # fmt: skip
    plan = Plan(
        name="best", generator="mdm", iterations=sizes.steps, residual_layers=0, text_guidance=2.5,
        emotion_guidance=2.5, residual_guidance=1.0,
    )  # fmt: skip
    part = Part("mdm", specs, info, (plan,), {})
    return Source("MDM", "Tevet et al., MDM, ICLR 2023", part, MDM_WORDS, model.files, model.options)


def write_bundle(source: Source, out: Path, *, clip: Path, vocabulary: Path, version: str) -> Bundle:
    """Write the bundle into the folder `out`, which is replaced only when everything is written and loads again.

    clip: an ONNX file or a state dict of CLIP ViT-B/32's text tower. vocabulary: its list of byte-pair merges.
    Raises InvalidInput and MalformedFile for what cannot be imported, and when `out` exists and is not a bundle.
    """
    with assembled(out) as folder:
        torch.manual_seed(0)
        encoder = write_encoder(clip, vocabulary, folder, width=CLIP_WIDTH, words=source.words)
        for name, spec in source.part.specs.items():
            export_graph(spec, folder / f"{name}.onnx")
        np.savez_compressed(folder / REFERENCE, **reference_arrays(source.part.specs))  # type: ignore[arg-type]
        hashes = {f"CLIP: {path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in (clip, vocabulary)}
        manifest = build_manifest(source, encoder, {**source.files, **hashes}, version)
        (folder / LICENCE_FILE).write_text(weights_licence(source))
        (folder / CARD).write_text(model_card(source, manifest))
        files = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}
        manifest.files.update(files)
        (folder / MANIFEST).write_text(manifest.to_json())
        Bundle.load(folder)
    return Bundle.load(out)


@contextlib.contextmanager
def assembled(out: Path) -> Iterator[Path]:
    """A new folder beside `out` that takes its place when the block ends without an error, and vanishes otherwise."""
    if out.exists() and not out.is_dir() or (out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).exists()):
        raise InvalidInput(f"{out} exists and is no bundle; choose an empty folder")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise InvalidInput(f"no folder can be made beside {out} ({error.strerror}); choose another") from None
    try:
        yield folder
        folder.chmod(0o755)
        put_in_place(folder, out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def build_manifest(source: Source, encoder: str, files: dict[str, str], version: str) -> Manifest:
    """The manifest without the hashes of the bundle's own files."""
    part = source.part
    graphs = {n: Graph(file=f"{n}.onnx", inputs=s.inputs, outputs=s.outputs) for n, s in part.specs.items()}
    provenance = {"imported": source.title, "paper": source.paper, "files": files, "options": source.options}
    return Manifest(
        format_version=FORMAT_VERSION, name=f"official-{part.name}", version=version,
        licence="as the imported checkpoint's (HumanML3D: not for commerce)",
        attribution=f"imported from a checkpoint of {source.title} ({source.paper}), trained on HumanML3D and AMASS",
        representation="hml263", fps=hml263.FPS, text_encoder=encoder,
        emotions=[EmotionEvidence(name=e.label, evidence="none", minutes=0.0) for e in Emotion],
        generators={part.name: part.info}, plans=list(part.plans), default_plan=part.plans[0].name, graphs=graphs,
        files={}, provenance=provenance, quality={},
    )  # fmt: skip


def weights_licence(source: Source) -> str:
    """Whose terms hold for what."""
    return (
        f"The motion weights in this folder (every .onnx file but text.onnx) were imported from a checkpoint of\n"
        f"{source.title} ({source.paper}) that its user supplied. The terms of that checkpoint hold for them.\n"
        f"{_TERMS}\n"
        "text.onnx and tokenizer.json were made from the CLIP weights and vocabulary that the user supplied.\n"
        "OpenAI published them under the MIT licence: https://github.com/openai/CLIP/blob/main/LICENSE .\n"
    )


def model_card(source: Source, manifest: Manifest) -> str:
    """What a person should know before using the weights."""
    plans = "\n".join(
        f"| {p.name} | {p.iterations} | {p.residual_layers} | {p.text_guidance:g} / {p.residual_guidance:g} |"
        for p in manifest.plans
    )
    files = "\n".join(f"| {name} | {value} |" for name, value in sorted(manifest.provenance["files"].items()))
    return f"""# {manifest.name} {manifest.version}

{source.title} ({source.paper}), imported from the user's own checkpoint. Text to full-body motion, representation
{manifest.representation} at {manifest.fps:g} fps. It knows no emotion: the affect of a request has no effect.

**The terms of the imported checkpoint hold.** {_TERMS.replace(chr(10), " ").strip()}
Text encoder: {manifest.text_encoder}.

## Plans

| plan | passes | residual layers | guidance text / residual |
| --- | --- | --- | --- |
{plans}

## Limits

- English sentences as HumanML3D writes them ("a person walks forward"), clips of 2 to 9.8 seconds; longer ones are
  made window by window.
- Joint positions only: rotations are solved from them. Heading and contacts have HumanML3D's published defects.
- Large weights are rounded to float16.

## Imported files

| file | sha256 |
| --- | --- |
{files}

## Options

```json
{json.dumps(source.options, indent=1, sort_keys=True)}
```
"""
