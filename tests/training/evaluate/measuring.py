"""A made-up set of walks whose emotion is the lean of the trunk, and judges that look at nothing else."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from sdk.emotion import VALENCE_AROUSAL, Affect, Emotion
from sdk.motion.cues import measure_cues
from sdk.motion.motion import Motion
from tests.synthetic import walking
from training.datasets.captions import captions
from training.evaluate.evaluator_captions import evaluator_caption
from training.evaluate.measure import Setting, whole_figures
from training.evaluate.measure_clips import Answers
from training.evaluate.measure_labels import EMOTIONS
from training.evaluate.protocol import QUICK, Prompt, Size

LEAN = {Emotion.NEUTRAL: 0.02, Emotion.JOY: -0.12, Emotion.SADNESS: 0.16, Emotion.FEAR: 0.30, Emotion.ANGER: 0.44}
"""Lean of the spine's parts, radians, at full intensity."""
STYLES = dict(zip(EMOTIONS, ("normal", "happy", "sad", "not-confident", "angry"), strict=True))
SPEEDS = {"walk": 1.0, "run": 1.3, "dash": 1.6}
SECONDS = 2.0
UNSEEN = (("walk", Emotion.JOY), ("run", Emotion.FEAR))
SMALL: Size = replace(QUICK, contents=2, mixture_contents=1, repeat_contents=2, repeats=3, held_out=6, nearest=3)

_KEPT = tempfile.TemporaryDirectory(prefix="emomotion-measuring-", ignore_cleanup_errors=True)


def person(content: str, affect: Affect, *, seed: int = 0, seconds: float = SECONDS) -> Motion:
    """A walk with the affect's lean; the seed changes its pace a little."""
    condition = affect.condition
    lean = sum(float(condition[e]) * LEAN[e] for e in EMOTIONS)
    energy = float(condition[Emotion.ANGER] - condition[Emotion.SADNESS])
    rng = np.random.default_rng(seed)
    speed = SPEEDS[content] * (1 + 0.02 * rng.standard_normal())
    return walking(seconds, speed=speed, swing=0.4 + 0.2 * energy, stoop=lean, bend=0.3 + 0.01 * rng.standard_normal())


def ideal(prompt: Prompt, affect: Affect, seed: int) -> Motion:
    """A generator that does exactly what the real clips do."""
    return person(prompt.content, affect, seed=seed, seconds=prompt.seconds)


def write_set(out: Path, *, without: Sequence[tuple[str, Emotion]] = ()) -> Path:
    """A prepared folder: two training clips and a held-out one for each content and emotion but those left out."""
    (out / "clips").mkdir(parents=True)
    lines = []
    for content in SPEEDS:
        for emotion, style in STYLES.items():
            for take, split in enumerate(("train", "train", "val")):
                if split == "train" and (content, emotion) in without:
                    continue
                affect = Affect({emotion: 1.0}, 1.0)
                motion = person(content, affect, seed=100 + take)
                name = f"{content}_{style}_{take}"
                np.savez(out / "clips" / f"{name}.npz", rotations=motion.rotations, root=motion.root)
                lines.append({
                    "id": name, "frames": len(motion), "split": split, "content": content, "style": style,
                    "captions": captions(content, style, count=3), "affect": {emotion.label: 1.0}, "intensity": 1.0,
                    "evidence": "mocap",
                })  # fmt: skip
    write_index(out, lines)
    return out


def write_index(folder: Path, lines: Sequence[dict]) -> None:
    """Replace the index of a prepared folder."""
    (folder / "index.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def read_index(folder: Path) -> list[dict]:
    """Its lines."""
    return [json.loads(line) for line in (folder / "index.jsonl").read_text().splitlines()]


@cache
def real_set() -> Path:
    """The set that most tests measure with; two pairs are in no training clip."""
    return write_set(Path(_KEPT.name) / "set", without=UNSEEN)


@cache
def setting() -> Setting:
    """Its real clips, measured."""
    return Setting.of([real_set()], LeanJudges(), size=SMALL)


@cache
def whole() -> dict[str, Any]:
    """Full figures of the ideal generator."""
    return whole_figures(Answers(ideal, setting().judges), setting())


class LeanJudges:
    """Judges by the trunk's mean inclination alone, measured on the ideal walks."""

    sha256 = "f" * 64
    card = {"emotion": {"ceiling": {
        "accuracy": 1.0, "interval_95": [0.9, 1.0], "clips": 15, "recall": {e.label: 1.0 for e in EMOTIONS},
    }}}  # fmt: skip

    def __init__(self) -> None:
        self.known = {e: self._lean(person("walk", Affect({e: 1.0}, 1.0))) for e in EMOTIONS}
        self.calls = 0

    @staticmethod
    def _lean(motion: Motion) -> float:
        return measure_cues(motion).trunk_pitch

    def emotions(self, motions: Sequence[Motion]) -> np.ndarray:
        self.calls += len(motions)
        leans = np.array([self._lean(m) for m in motions])
        logits = -(((leans[:, None] - np.array([self.known[e] for e in EMOTIONS])) / 4) ** 2)
        chance = np.exp(logits - logits.max(-1, keepdims=True))
        return chance / chance.sum(-1, keepdims=True)

    def valence_arousal(self, motions: Sequence[Motion]) -> np.ndarray:
        return self.emotions(motions) @ VALENCE_AROUSAL[list(EMOTIONS)]

    def movement(self, motions: Sequence[Motion]) -> np.ndarray:
        found = [measure_cues(m) for m in motions]
        return np.array(
            [[c.speed * 30 / m.skeleton.leg_length, c.trunk_pitch] for c, m in zip(found, motions, strict=True)]
        )

    def text(self, texts: Sequence[str]) -> np.ndarray:
        table = {
            evaluator_caption(content, style): self.movement([person(content, Affect({emotion: 1.0}, 1.0))])[0]
            for content in SPEEDS for emotion, known in STYLES.items() for style in (known, emotion.label)
        }  # fmt: skip
        return np.stack([table[text] for text in texts])
