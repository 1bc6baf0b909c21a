"""A whole generator in miniature: random weights in real shapes, as prepared data, run and bundle.

Each is made once a process and shared, so a test that alters one takes `copy_of` it first.
"""

import json
import os
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import torch
from torch import nn

from sdk.bundle.manifest import MANIFEST
from sdk.motion.motion import Motion
from tests.synthetic import walking
from training import checkpoint
from training.data import ClipSet, draw_windows, load_clips, statistics
from training.datasets.captions import captions
from training.generator import Generator
from training.models.rvq import Rvq, RvqConfig
from training.recipes import RECIPES, Recipe
from training.train_tokens import build, load_rvq

RECIPE: Recipe = replace(RECIPES["tiny"], rvq_model=replace(RECIPES["tiny"].rvq_model, emotion=True))
"""The tiny recipe with the emotion at all three points."""

QUALITY = {"quality": {"note": "random weights"}}

# (style, seconds, speed, arm swing, split): lengths that are no multiple of 4 frames, and one below any window.
WALKS = (
    ("normal", 2.5, 1.1, 0.42, "train"),
    ("normal", 3.1, 1.3, 0.50, "train"),
    ("happy", 2.9, 1.5, 0.80, "train"),
    ("sad", 3.7, 0.7, 0.15, "train"),
    ("sad", 1.0, 0.8, 0.20, "train"),
    ("normal", 2.2, 1.2, 0.45, "val"),
    ("happy", 2.4, 1.4, 0.75, "val"),
)
AFFECTS = {"normal": "neutral", "happy": "joy", "sad": "sadness"}

if TYPE_CHECKING:
    from export.graphs import GraphSpec

_KEPT = tempfile.TemporaryDirectory(prefix="emomotion-tiny-", ignore_cleanup_errors=True)


def folder(name: str) -> Path:
    """A folder that is removed when the tests end."""
    path = Path(_KEPT.name) / name
    path.mkdir()
    return path


def write_clips(out: Path, motions: dict[str, Motion], *, split: str = "train", style: str = "normal") -> None:
    """Add clips to a folder like those that `training.prepare` fills."""
    (out / "clips").mkdir(exist_ok=True)
    with (out / "index.jsonl").open("a") as index:
        for name, motion in motions.items():
            np.savez(out / "clips" / f"{name}.npz", rotations=motion.rotations, root=motion.root)
            line = {
                "id": name, "frames": len(motion), "split": split, "content": "walk", "style": style, "take": 1,
                "captions": captions("walk", style, count=3), "affect": {AFFECTS[style]: 1.0}, "intensity": 1.0,
                "evidence": "mocap", "source": "made for tests",
            }  # fmt: skip
            index.write(json.dumps(line) + "\n")


@cache
def prepared() -> Path:
    """Seven synthetic walks, five to train with."""
    out = folder("prepared")
    for k, (style, seconds, speed, swing, split) in enumerate(WALKS):
        motion = walking(seconds, speed=speed, swing=swing)
        write_clips(out, {f"{style}_{k}": motion}, split=split, style=style)
    return out


@cache
def clips() -> ClipSet:
    """The training clips of `prepared`, mirrored twins included."""
    return load_clips(prepared(), "train")


def random_rvq(config: RvqConfig, *, seed: int = 0) -> Rvq:
    """An RVQ-VAE whose codes are vectors of its own random encoder, in evaluation mode."""
    torch.manual_seed(seed)
    model = Rvq(config)
    for value, known in zip((model.mean, model.std), statistics(clips()), strict=True):
        value.copy_(torch.from_numpy(known))
    shake(model)
    windows, _ = draw_windows(clips(), np.random.default_rng(seed), 16, 64)
    with torch.no_grad():
        model((windows - model.mean) / model.std)
    return model.eval().requires_grad_(False)


def letters(captions: list[str]) -> np.ndarray:
    """Captions as vectors (K, 384) made of their letters, for tests that need no sentence encoder."""
    rows = [np.random.default_rng(sum(map(ord, text))).normal(size=384) for text in captions]
    return np.stack(rows).astype(np.float32)


def shake(model: nn.Module) -> None:
    """Move the weights that begin as zeros and ones (norms, biases, FiLM), as the first steps of training would."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))


def write_run(out: Path, recipe: Recipe = RECIPE, *, seed: int = 0) -> Path:
    """The checkpoints of a finished run, with random weights."""
    rvq = random_rvq(recipe.rvq_model, seed=seed)
    parts = {"optimiser": {}, "scalars": {"loss": 1.0}}
    meta = {**recipe.part("rvq"), "seed": seed}
    checkpoint.save(out / "rvq.pt", model=rvq.state_dict(), meta=meta, step=recipe.rvq.steps, **parts)
    for stage in ("masked", "residual"):
        torch.manual_seed(seed + len(stage))
        model = build(stage, getattr(recipe, f"{stage}_model"))
        shake(model)
        meta = {**recipe.part(stage), "seed": seed, "rvq_sha256": load_rvq(out)[1]}
        steps = getattr(recipe, stage).steps
        checkpoint.save(out / f"{stage}.pt", model=model.state_dict(), meta=meta, step=steps, **parts)
    return out


@cache
def run() -> Path:
    """The run that `bundle` is exported from."""
    return write_run(folder("run"))


@cache
def student() -> Path:
    """A run with other weights on the same tokens, as if it were distilled from `run`."""
    out = folder("student")
    for name in ("rvq", "masked", "residual"):
        saved = checkpoint.load(run() / f"{name}.pt")
        if name != "rvq":
            torch.manual_seed(len(name) + 100)
            model = build(name, getattr(RECIPE, f"{name}_model"))
            shake(model)
            saved["model"] = model.state_dict()
            saved["meta"]["distilled"] = {"text": 3.5, "emotion": 5.0, "residual": 2.0}
        torch.save(saved, out / f"{name}.pt")
    return out


@cache
def generator() -> Generator:
    """The run's models, not rounded."""
    return Generator.load(run())


@cache
def encoder() -> tuple[Path, dict[str, Any]]:
    """The real sentence encoder, in a folder that the exporter had to make, and the exporter's report."""
    from export.text import export_text  # training's tests need no exporter

    out = folder("text") / "new" / "folder"
    return out, export_text(out)


def copy_encoder(out: Path) -> None:
    """Stands in for `export.bundle.export_text`, of which one run a session is enough."""
    for name in ("text.onnx", "tokenizer.json"):
        shutil.copy(encoder()[0] / name, out / name)


@cache
def bundle() -> Path:
    """The run with its student as a bundle with the real sentence encoder."""
    from export.bundle import write_bundle

    out = folder("exported") / "bundle"
    with patch("export.bundle.export_text", autospec=True, side_effect=copy_encoder):
        write_bundle(run(), out, data=(prepared(),), version="0.0.1", quality=QUALITY, student=student())
    return out


def copy_graph(_: "GraphSpec", path: Path) -> None:
    """Stands in for `export.bundle.export_graph` where the weights are the run's."""
    shutil.copy(bundle() / path.name, path)


def copy_of(source: Path, target: Path) -> Path:
    """A copy of a flat folder by hard links: write to a file of it with `put`, never in place."""
    shutil.copytree(source, target, copy_function=os.link)
    return target


def put(path: Path, content: bytes) -> None:
    """Replace a file of a `copy_of`."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def rehash(path: Path) -> None:
    """Make the manifest of an altered bundle agree with its files again."""
    manifest = json.loads((path / MANIFEST).read_text())
    manifest["files"] = {name: sha256((path / name).read_bytes()).hexdigest() for name in manifest["files"]}
    put(path / MANIFEST, json.dumps(manifest).encode())
