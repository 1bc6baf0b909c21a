"""What is measured of single clips, and the loop that asks a generator and keeps what it answered.

Shapes: n clips, S stages of finishing a clip, E = 5 emotions of the judge, D width of its embedding, C = 6 cues.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from tqdm import tqdm

from sdk.motion.bodies import ATHLETE, CHILD, onto_body
from sdk.motion.cues import measure_cues
from sdk.motion.footlock import lock_feet
from sdk.motion.motion import Motion
from training.evaluate.measure_cache import Cache, code_digest
from training.evaluate.measure_labels import EMOTIONS
from training.evaluate.physics import measure_physics
from training.evaluate.protocol import Ask, Sampler

BLOCK = 32
"""Clips that are kept in one file."""
BODIES = {"athlete": ATHLETE, "child": CHILD}
"""The bodies that a clip is put on after the foot lock."""
STAGES = ("decoded", "foot lock", *(f"on {name}" for name in BODIES))
DECODED, LOCKED, FINAL, ALL = 0, 1, 2, len(STAGES) - 1
"""Places in STAGES: the clip itself, what the engine's own body shows, what a character on another body shows."""
PHYSICS = ("foot_skate", "penetration_m", "jerk", "jitter", "energy", "stillness")
"""What `measure_physics` tells of a clip on the engine's own body, feet locked; then the same as it was decoded."""


class Judge(Protocol):
    """What this package asks of its judges; see `training.evaluate.judges`."""

    sha256: str
    card: dict[str, Any]

    def emotions(self, motions: Sequence[Motion]) -> np.ndarray:
        """Probabilities (n, 5)."""

    def valence_arousal(self, motions: Sequence[Motion]) -> np.ndarray:
        """(n, 2)."""

    def movement(self, motions: Sequence[Motion]) -> np.ndarray:
        """Embeddings (n, D)."""

    def text(self, captions: Sequence[str]) -> np.ndarray:
        """Embeddings (n, D)."""


def finished(motion: Motion, last: int) -> list[Motion]:
    """The clip as decoded, with its feet locked, and that on other bodies: a motion for each of STAGES up to `last`."""
    if last == DECODED:
        return [motion]
    locked = lock_feet(motion)
    return [motion, locked, *(onto_body(locked, body) for body in list(BODIES.values())[: last - LOCKED])]


@dataclass(frozen=True, eq=False)
class Measured:
    """Figures of n clips, each an array whose first axis is the clip.

    probability: (n, S, E) of the judge at each stage, NaN at stages that a clip was not taken to. valence_arousal:
    (n, 2) of the final motion. cues: (n, C) of it. movement: (n, D) on the engine's own body, feet locked.
    physics: (n, 2, P), feet locked and as decoded, see PHYSICS. ms: (n,) of generating; NaN for real clips.
    What was not taken to a stage is measured at its last one.
    """

    probability: np.ndarray
    valence_arousal: np.ndarray
    cues: np.ndarray
    movement: np.ndarray
    physics: np.ndarray
    ms: np.ndarray

    def __len__(self) -> int:
        return len(self.ms)

    def __getitem__(self, rows: Any) -> "Measured":
        return Measured(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def physical(self, name: str, *, decoded: bool = False) -> np.ndarray:
        """(n,) of one of PHYSICS, feet locked or as decoded."""
        return self.physics[:, int(decoded), PHYSICS.index(name)]

    @property
    def final(self) -> np.ndarray:
        """Probabilities (n, E) of the final motion, or of a clip's last stage before it."""
        last = np.isfinite(self.probability[:, : FINAL + 1, 0]).sum(-1) - 1
        return self.probability[np.arange(len(self)), last]

    @classmethod
    def joined(cls, parts: Sequence["Measured"]) -> "Measured":
        """Several in one."""
        return cls(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)})


def measure(motions: Sequence[Motion], judges: Judge, *, last: int, ms: np.ndarray | None = None) -> Measured:
    """Figures of clips, which are finished up to the stage `last` of STAGES."""
    stages = [finished(m, last) for m in motions]
    final = [clip[min(FINAL, last)] for clip in stages]
    locked = [clip[min(LOCKED, last)] for clip in stages]
    probability = np.full((len(motions), len(STAGES), len(EMOTIONS)), np.nan)
    judged = np.asarray(judges.emotions([m for clip in stages for m in clip]))
    probability[:, : last + 1] = judged.reshape(len(motions), last + 1, len(EMOTIONS))
    return Measured(
        probability=probability,
        valence_arousal=np.asarray(judges.valence_arousal(final)),
        cues=np.stack([measure_cues(m).vector for m in final]),
        movement=np.asarray(judges.movement(locked)),
        physics=np.array([[physics(own), physics(raw)] for raw, own in zip(motions, locked, strict=True)]),
        ms=np.full(len(motions), np.nan) if ms is None else ms,
    )


def physics(motion: Motion) -> list[float]:
    """PHYSICS of one clip."""
    found = measure_physics(motion)
    return [found[name] for name in PHYSICS]


@dataclass(eq=False)
class Answers:
    """What one generator answered, each question once.

    key: names the generator for the cache (bundle hash, plan). Without a cache nothing is kept on disk.
    """

    sample: Sampler
    judges: Judge
    key: Any = None
    cache: Cache | None = None
    label: str = ""
    _where: dict[str, tuple[int, int]] = field(default_factory=dict)
    _blocks: list["_Block"] = field(default_factory=list)

    def ask(self, asks: Sequence[Ask], *, last: int, label: str) -> Measured:
        """Figures of the answers in the order of `asks`, finished up to the stage `last` or beyond.

        What was asked before and taken as far is not asked again.
        """
        fresh = list({_name(a): a for a in asks if not self._known(a, last)}.values())
        with tqdm(total=len(fresh), desc=f"{self.label} {label}".strip(), unit="clip", disable=None) as bar:
            for start in range(0, len(fresh), BLOCK):
                block = fresh[start : start + BLOCK]
                self._where |= {_name(a): (len(self._blocks), row) for row, a in enumerate(block)}
                self._blocks.append(_Block(block, last, self._measure(block, last)))
                bar.update(len(block))
        return Measured.joined([self._one(a) for a in asks])

    def motions(self, asks: Sequence[Ask]) -> Iterator[Motion]:
        """The clips of questions that were asked, as decoded, read from the cache or made again."""
        number, clips = -1, list[Motion]()
        for ask in asks:
            block, row = self._where[_name(ask)]
            if block != number:
                number, clips = block, self._clips(self._blocks[block].asks)[0]
            yield clips[row]

    @cached_property
    def _judge_key(self) -> list[str]:
        return [self.judges.sha256, code_digest()]

    def _one(self, ask: Ask) -> Measured:
        block, row = self._where[_name(ask)]
        return self._blocks[block].measured[row : row + 1]

    def _known(self, ask: Ask, last: int) -> bool:
        return _name(ask) in self._where and self._blocks[self._where[_name(ask)][0]].last >= last

    def _measure(self, block: list[Ask], last: int) -> Measured:
        def make() -> dict[str, np.ndarray]:
            motions, ms = self._clips(block)
            found = measure(motions, self.judges, last=last, ms=ms)
            return {f.name: getattr(found, f.name) for f in fields(found)}

        if self.cache is None:
            return Measured(**make())
        return Measured(**self.cache.get("measured", [self._block_key(block), last, self._judge_key], make))

    def _clips(self, block: list[Ask]) -> tuple[list[Motion], np.ndarray]:
        def make() -> dict[str, np.ndarray]:
            motions, ms = [], []
            for ask in block:
                began = time.perf_counter()
                motions.append(self.sample(ask.prompt, ask.affect, ask.seed))
                ms.append(1000 * (time.perf_counter() - began))
            return packed(motions) | {"ms": np.array(ms)}

        arrays = make() if self.cache is None else self.cache.get("clips", self._block_key(block), make)
        return unpacked(arrays), arrays["ms"]

    def _block_key(self, block: list[Ask]) -> list[Any]:
        return [self.key, [a.key for a in block]]


@dataclass(frozen=True, eq=False)
class _Block:
    """Questions that lie in one file, the stage they were taken to, and their figures."""

    asks: list[Ask]
    last: int
    measured: Measured


def packed(motions: Sequence[Motion]) -> dict[str, np.ndarray]:
    """Clips on the SDK's body as arrays: rotations and root one after the other, lengths, rate."""
    return {
        "rotations": np.concatenate([m.rotations for m in motions]).astype(np.float32),
        "root": np.concatenate([m.root for m in motions]).astype(np.float32),
        "lengths": np.array([len(m) for m in motions]),
        "fps": np.array([m.fps for m in motions]),
    }


def unpacked(arrays: dict[str, np.ndarray]) -> list[Motion]:
    """Inverse of `packed`."""
    ends = np.cumsum(arrays["lengths"])[:-1]
    rotations = np.split(arrays["rotations"].astype(np.float64), ends)
    roots = np.split(arrays["root"].astype(np.float64), ends)
    return [Motion(q, p, float(fps)) for q, p, fps in zip(rotations, roots, arrays["fps"], strict=True)]


def _name(ask: Ask) -> str:
    return json.dumps(ask.key)
