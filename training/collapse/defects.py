"""The defects of the published recipe (Glasgow 2025), each as one small function that does it on purpose.

Shapes: T frames, C codes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch

from sdk.motion import rot272
from sdk.motion.motion import Motion
from sdk.runtime.decode import Schedule
from training import checkpoint
from training.data import ClipSet
from training.recipes_mmm import GUIDANCE, SCHEDULE

ROOT_SHRINKAGE = 6.5
"""The body was made smaller by so much and its path not; scaling to the leg length then divided the path."""

CAUSES = MappingProxyType({
    "root": f"root path {ROOT_SHRINKAGE:g} x too small",
    "rate": "half speed: every third frame of 120 fps fed as 20 fps",
    "codes": "VQ resumed without its averages, so its codes are drawn anew",
    "greedy": "greedy decoding, temperature 0",
    "unguided": "no guidance",
})  # fmt: skip
"""What the published recipe did, by the names the study uses."""
DATA_CAUSES = ("root", "rate")


def shrunk_root(motion: Motion, factor: float = ROOT_SHRINKAGE) -> Motion:
    """The root's path `factor` times smaller about its first frame, its rise and fall about their mean; poses kept."""
    root = motion.root
    centre = np.array([root[0, 0], root[:, 1].mean(), root[0, 2]])
    return replace(motion, root=centre + (root - centre) / factor)


def half_speed(motion: Motion) -> Motion:
    """The movement at half its speed: sampled at twice the rate that it is then said to have."""
    return replace(motion.resampled(2 * motion.fps), fps=motion.fps)


DATA_DEFECTS = {"root": shrunk_root, "rate": half_speed}


def defective(clips: ClipSet, causes: Iterable[str]) -> ClipSet:
    """The clips as the published pipeline would have fed them, with those of its data defects that are named."""
    out = []
    for clip in clips.clips:
        motion = rot272.decode(clip.features)
        for cause in DATA_CAUSES:
            if cause in causes:
                motion = DATA_DEFECTS[cause](motion)
        out.append(replace(clip, features=rot272.encode(motion)))
    return ClipSet(tuple(out))


def forget_averages(source: Path, target: Path) -> None:
    """A VQ-VAE's checkpoint as a state dict without the averages leaves it: the next batch initialises every code."""
    saved = checkpoint.load(source)
    state = saved["model"]
    for name, value in state.items():
        if name.endswith(".initialised"):
            state[name] = torch.zeros_like(value)
        elif name.endswith(".counts"):
            state[name] = torch.ones_like(value)
        elif name.endswith(".sums"):
            state[name] = torch.zeros_like(value)
    checkpoint.save(target, **saved)


@dataclass(frozen=True)
class Decoding:
    """How a variant is decoded."""

    schedule: Schedule = SCHEDULE
    guidance: float = GUIDANCE

    @classmethod
    def with_defects(cls, causes: Iterable[str]) -> "Decoding":
        """The cure's decoding, but for those of `greedy` and `unguided` that are among the causes."""
        still = replace(SCHEDULE, temperature=0.0, choice_temperature=0.0)
        return cls(still if "greedy" in causes else SCHEDULE, 1.0 if "unguided" in causes else GUIDANCE)
