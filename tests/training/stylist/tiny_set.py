"""A prepared folder with a handful of made-up clips, for tests of the stylist's commands."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sdk.motion.motion import Motion
from tests.synthetic import walking
from training.datasets.captions import captions

# (part, content, style, take, split, affect, evidence); walks of different speed, and one longer than an excerpt.
CLIPS = (
    (2, "walk", "normal", 1, "train", "neutral", "mocap"),
    (2, "walk", "normal", 2, "train", "neutral", "mocap"),
    (2, "walk", "normal", 3, "guard", "neutral", "mocap"),
    (2, "walk", "normal", 4, "val", "neutral", "mocap"),
    (1, "run", "normal", 1, "train", "neutral", "mocap"),
    (1, "walk-left", "normal", 1, "train", "neutral", "mocap"),
    (1, "walk-left", "old", 1, "train", "neutral", "style"),
    (1, "walk", "normal", 9, "train", "neutral", "mocap"),
    (1, "walk", "happy", 1, "train", "joy", "mocap"),
    (1, "walk", "sad", 1, "train", "sadness", "mocap"),
    (1, "walk", "angry", 1, "train", "anger", "mocap"),
    (1, "walk", "not-confident", 1, "train", "fear", "proxy"),
)


def write_prepared(folder: Path, clips: Sequence[tuple[Any, ...]] = CLIPS) -> Path:
    """Write the clips in the layout of any prepared folder and return it."""
    (folder / "clips").mkdir(parents=True)
    lines = []
    for number, (part, content, style, take, split, affect, evidence) in enumerate(clips):
        name = f"dataset-{part}_{content}_{style}_{take:03d}"
        motion = _clip(number, style)
        np.savez(
            folder / "clips" / f"{name}.npz",
            rotations=motion.rotations.astype(np.float32),
            root=motion.root.astype(np.float32),
        )
        lines.append({
            "id": name, "frames": len(motion), "split": split, "part": part, "content": content, "style": style,
            "take": take, "captions": captions(content, style, count=3), "affect": {affect: 1.0}, "intensity": 1.0,
            "evidence": evidence, "actor": "unknown", "source": "Tiny set", "licence": "CC-BY-NC-4.0",
            "source_sha256": f"{number:064d}", "changes": ["made up"], "attribution": "Tiny set (c) nobody",
        })  # fmt: skip
    (folder / "index.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def _clip(number: int, style: str) -> Motion:
    looks = {"happy": {"swing": 0.7}, "sad": {"speed": 0.5, "swing": 0.2}, "angry": {"stoop": 0.1, "swing": 0.6},
             "not-confident": {"speed": 0.6, "swing": 0.05, "stoop": 0.1}}  # fmt: skip
    seconds = 12.0 if number == 1 else 1.6
    return walking(seconds, **({"speed": 0.9 + 0.03 * number} | looks.get(style, {})))
