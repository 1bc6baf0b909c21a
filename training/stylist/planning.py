"""Which clips a synthetic set holds: sources, emotions, intensities, performers, balanced over (content, emotion)."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sdk.emotion import SEED_EMOTIONS, Emotion, emotion_named
from sdk.errors import InvalidInput
from sdk.motion import rot272
from training.datasets.preparation import NO_LABEL
from training.stylist.holdout import held_out
from training.stylist.table import STYLIST, VERSION

PER_PAIR = 14
"""Clips per (content, emotion)."""
WEAK_SHARE = 0.25
"""Emotions without any measured source get this share of the clips per pair."""
INTENSITIES: Mapping[float, float] = {
    0.3: 0.05, 0.4: 0.05, 0.5: 0.10, 0.6: 0.15, 0.7: 0.15, 0.8: 0.20, 0.9: 0.15, 1.0: 0.15,
}  # fmt: skip
"""Intensity -> share of the clips."""
MAX_SECONDS = 10.0
"""Of a longer source an excerpt is performed, so that one long dance does not outweigh all else."""
_VAL_SHARE = 0.15  # of a pair's clips, where the source set has validation clips of the content
_STREAM = 0x57171157  # keeps these draws apart from any other use of the same seed

Line = dict[str, Any]
"""One line of a prepared folder's index."""


@dataclass(frozen=True)
class Task:
    """One clip to make: a source clip's index line, its frames first..end - 1, and how they are performed."""

    line: Line
    emotion: Emotion
    intensity: float
    variant: int
    performer: int
    first: int
    end: int

    @property
    def name(self) -> str:
        """The new clip's id."""
        return f"stylist-{self.line['part']}_{self.line['content']}_{self.emotion.label}_{self.variant:03d}"

    @property
    def split(self) -> str:
        """The source's split, but for held-out pairs, which are validation whatever the source is."""
        return "val" if held_out(self.line["content"], self.emotion) else str(self.line["split"])

    @property
    def stylist(self) -> dict[str, Any]:
        """How the clip is made; with the source's hash it decides every frame of it."""
        return {
            "name": STYLIST, "version": VERSION, "source_clip": self.line["id"], "frames": [self.first, self.end],
            "emotion": self.emotion.label, "intensity": self.intensity, "variant": self.variant,
            "performer": self.performer,
        }  # fmt: skip


def neutral_lines(folder: Path) -> dict[str, list[Line]]:
    """Index lines of a folder's neutral recorded clips, by content.

    Raises InvalidInput when the folder was not prepared, has no emotion labels, or no neutral clip that was recorded.
    """
    from training.data import load_index  # loads torch, for which nobody who asks for --help should wait

    lines = load_index(folder)
    if not any(line.get("affect") and line.get("evidence", NO_LABEL) != NO_LABEL for line in lines):
        raise InvalidInput(f"{folder} has no emotion labels, so nothing says which of its clips are neutral")
    by_content: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if set(line.get("affect") or ()) == {"neutral"} and line.get("evidence") == "mocap":
            by_content[line["content"]].append(line)
    if not by_content:
        raise InvalidInput(f"{folder} holds no neutral recorded clip (affect neutral, evidence mocap) to start from")
    return dict(sorted(by_content.items()))


def emotions_named(names: str) -> tuple[Emotion, ...]:
    """Emotions of a comma-separated list. Raises InvalidInput for an unknown one, and for neutral."""
    found = tuple(dict.fromkeys(emotion_named(name)[0] for name in names.split(",")))
    if Emotion.NEUTRAL in found:
        raise InvalidInput("neutral clips are what the stylist starts from; name other emotions", field="emotions")
    return found


def plan(by_content: Mapping[str, Sequence[Line]], emotions: Sequence[Emotion], per_pair: int, seed: int) -> list[Task]:
    """The clips of a balanced set: `per_pair` variants of each (content, emotion), fewer for the weaker emotions."""
    tasks = []
    for content, lines in by_content.items():
        key = int.from_bytes(hashlib.sha256(content.encode()).digest()[:4], "big")
        for emotion in emotions:
            # A stream for each pair: another list of emotions, or a set with more contents, changes no other pair.
            rng = np.random.default_rng([_STREAM, seed, key, int(emotion)])
            count = per_pair if emotion in SEED_EMOTIONS else max(1, round(WEAK_SHARE * per_pair))
            for variant, line in enumerate(_sources(lines, count, rng), 1):
                intensity = float(rng.choice(list(INTENSITIES), p=list(INTENSITIES.values())))
                length = min(line["frames"], int(MAX_SECONDS * rot272.FPS))
                first = int(rng.integers(line["frames"] - length + 1))
                performer = int(rng.integers(2**31))
                tasks.append(Task(line, emotion, intensity, variant, performer, first, first + length))
    return tasks


def _sources(lines: Sequence[Line], count: int, rng: np.random.Generator) -> list[Line]:
    """`count` sources, validation clips first in a fixed share; one is used again only when all were used.

    Guard clips, which no side may use, are taken only where a content has no others.
    """
    pools = {}
    for split in ("train", "val", "guard"):
        pool = [line for line in lines if line["split"] == split]
        pools[split] = [pool[k] for k in rng.permutation(len(pool))]
    val = min(round(_VAL_SHARE * count), len(pools["val"]))
    rest = pools["train"] or pools["val"] or pools["guard"]
    return pools["val"][:val] + [rest[k % len(rest)] for k in range(count - val)]
