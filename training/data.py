"""Prepared clips in memory, and batches that depend on (seed, step) alone.

Shapes: B batch, T frames, F = 272 features, E = 9 emotions. Because a batch is a pure function of its step, a resumed
run draws what an uninterrupted one would have drawn, and no sampler state has to be saved.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from sdk.motion import rot272
from sdk.motion.motion import Motion
from training.datasets.captions import mirrored_caption
from training.datasets.preparation import NO_LABEL

RECORDED_EMOTION = 3.0
"""How much more often a recorded emotional clip is drawn than its pair's size alone would have it: there are few, and
they are what the synthetic ones stand in for."""

# A generator trained on less than this moves like a statue; see `check_moving`.
MIN_VELOCITY_STD = 0.004  # m/frame at 30 fps over all joints; the real set has about 0.02


@dataclass(frozen=True, eq=False)
class Clip:
    """One training clip: what the index says, and its features (T, 272) float32."""

    name: str
    content: str
    style: str
    split: str
    affect: Affect
    evidence: str
    captions: tuple[str, ...]
    features: np.ndarray

    @property
    def condition(self) -> np.ndarray:
        """What models are given of the affect (E,); zeros, that is "no emotion given", where nobody knows it."""
        return self.affect.condition * np.float32(self.evidence != NO_LABEL)

    @property
    def emotional(self) -> bool:
        """True for a clip that is known to show an emotion."""
        return bool(self.condition[1:].any())


@dataclass(frozen=True, eq=False)
class ClipSet:
    """Clips of one split, each with its mirrored twin behind it."""

    clips: tuple[Clip, ...]

    @cached_property
    def weights(self) -> np.ndarray:
        """Chance of each clip: the square root of its (content, style)'s share, so that rare pairs are seen often;
        recorded emotions more often still.
        """
        sizes = Counter((c.content, c.style) for c in self.clips)
        weights = np.array([sizes[c.content, c.style] ** -0.5 for c in self.clips])
        recorded = np.array([c.emotional and c.evidence == "mocap" for c in self.clips])
        weights = np.where(recorded, RECORDED_EMOTION * weights, weights)
        return weights / weights.sum()

    def where(self, keep: Callable[[Clip], bool]) -> "ClipSet":
        """The clips for which `keep` says True. Raises InvalidInput when none is left."""
        kept = tuple(c for c in self.clips if keep(c))
        if not kept:
            raise InvalidInput("no clip is left of this selection; look at the affects and the evidence in index.jsonl")
        return ClipSet(kept)


def load_index(folder: Path) -> list[dict[str, Any]]:
    """Lines of a prepared folder's index. Raises InvalidInput when the folder was not prepared."""
    path = folder / "index.jsonl"
    if not path.exists():
        raise InvalidInput(f"{path} does not exist; run: python -m training.prepare bandai DIR --out {folder}")
    return [json.loads(line) for line in path.read_text().splitlines()]


def load_motion(folder: Path, name: str) -> Motion:
    """One prepared clip."""
    with np.load(folder / "clips" / f"{name}.npz") as arrays:
        return Motion(arrays["rotations"].astype(np.float64), arrays["root"].astype(np.float64), rot272.FPS)


def load_clips(data: Path | Sequence[Path], split: str, *, mirror: bool = True) -> ClipSet:
    """Clips of one split as features, of one prepared folder or several, with mirrored twins unless told otherwise."""
    folders = [data] if isinstance(data, Path) else list(data)
    lines = [(folder, line) for folder in folders for line in load_index(folder) if line["split"] == split]
    clips = []
    for folder, line in tqdm(lines, desc=f"loading {split}", unit="clip"):
        motion = load_motion(folder, line["id"])
        affect = Affect({Emotion[name.upper()]: w for name, w in line["affect"].items()}, line["intensity"])
        twins = [(motion, tuple(line["captions"]), "")]
        if mirror:
            twins.append((motion.mirrored(), tuple(map(mirrored_caption, line["captions"])), "M"))
        for moving, captions, prefix in twins:
            content = mirrored_caption(line["content"]) if prefix else line["content"]
            features = rot272.encode(moving)
            name, evidence = prefix + line["id"], line["evidence"]
            clips.append(Clip(name, content, line["style"], split, affect, evidence, captions, features))
    if not clips:
        raise InvalidInput(f"{', '.join(map(str, folders))}: no clip of split {split!r}")
    return ClipSet(tuple(clips))


def statistics(clips: ClipSet) -> tuple[np.ndarray, np.ndarray]:
    """Mean (F,), and standard deviation (F,) averaged inside each block of the representation."""
    stacked = np.concatenate([c.features for c in clips.clips]).astype(np.float64)
    mean, std = stacked.mean(0), stacked.std(0)
    for part in rot272.SLICES.values():
        std[part] = std[part].mean()
    return mean.astype(np.float32), std.astype(np.float32)


def check_moving(clips: ClipSet) -> float:
    """Standard deviation of joint velocity, m/frame. Raises InvalidInput for data that would teach standing still."""
    velocity = np.concatenate([c.features[:, rot272.SLICES["velocities"]] for c in clips.clips])
    spread = float(velocity.std())
    if spread < MIN_VELOCITY_STD:
        raise InvalidInput(
            f"the clips hardly move: joint velocity varies by {spread:.5f} m/frame, less than {MIN_VELOCITY_STD}; "
            "check unit, frame rate and root scale of the source before training"
        )
    return spread


def step_rng(seed: int, step: int) -> np.random.Generator:
    """The generator of one step; also seeds torch, so that dropout and reseeding of codes follow the step too."""
    torch.manual_seed(seed * 1_000_003 + step)
    return np.random.default_rng([seed, step])


def draw_windows(clips: ClipSet, rng: np.random.Generator, batch: int, frames: int) -> tuple[Tensor, Tensor]:
    """Random windows: features (B, T, F) in their own units, affect conditions (B, E); short clips hold their end."""
    picks = rng.choice(len(clips.clips), batch, p=clips.weights)
    windows = np.empty((batch, frames, rot272.DIM), dtype=np.float32)
    for row, k in enumerate(picks):
        x = clips.clips[k].features
        start = rng.integers(max(len(x) - frames, 0) + 1)
        part = x[start : start + frames]
        windows[row, : len(part)] = part
        windows[row, len(part) :] = still(part[-1])
    affect = np.stack([clips.clips[k].condition for k in picks])
    return torch.from_numpy(windows), torch.from_numpy(affect)


def still(frame: np.ndarray) -> np.ndarray:
    """A frame (F,) held without any velocity or turning."""
    out = frame.copy()
    out[rot272.SLICES["root_velocity"]] = 0
    out[rot272.SLICES["velocities"]] = 0
    out[rot272.SLICES["heading_change"]] = [1, 0, 0, 0, 1, 0]
    return out
