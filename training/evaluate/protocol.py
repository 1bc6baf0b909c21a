"""The fixed questions that a generator is measured with: prompts, emotions, intensities, mixtures, seeds, splits.

Everything here is a pure function of the prepared data's index, so two models measured on one index answered the same
questions. A *pair* is (content, emotion); it is seen when a training clip shows it, by itself or by its mirrored twin.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from sdk.emotion import Affect, Emotion
from sdk.motion import rot272
from sdk.motion.motion import Motion
from training.evaluate.measure_labels import (
    EMOTIONS,
    FELT,
    affect_of,
    plain_words,
    recorded,
    shown_pairs,
    thinned,
)

LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Intensities; neutral stands for 0, for the models are given the same condition."""
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of the second emotion of a mixture."""
MIXTURES = ((Emotion.JOY, Emotion.ANGER), (Emotion.SADNESS, Emotion.JOY), (Emotion.SADNESS, Emotion.FEAR))
FIRST_SEED = 5000
"""Seeds below are for choosing plans, see docs/log.md."""
SHORTEST, LONGEST = 2.0, 6.0  # seconds
TIMED_SECONDS = 4.0
SHEET = ("walk", "run", "raise-up-both-hands", "wave-right-hand", "bow", "kick", "walk-turn-left", "punch")
"""Actions that are drawn, those that the data has."""


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What to ask for: words without an emotion in them, and how long. A style that is no emotion is in the words."""

    content: str
    style: str
    text: str
    seconds: float


@dataclass(frozen=True)
class Ask:
    """One clip to generate."""

    prompt: Prompt
    affect: Affect
    seed: int

    @property
    def key(self) -> list[Any]:
        """What the clip depends on, for the cache."""
        condition = [round(float(c), 6) for c in self.affect.condition]
        return [self.prompt.text, self.prompt.seconds, condition, self.seed]


class Graded(NamedTuple):
    """A question of a series: the emotion whose intensity rises, or the pair between which a share moves."""

    series: tuple[Emotion, ...]
    knob: float
    ask: Ask


Sampler = Callable[[Prompt, Affect, int], Motion]
"""sample(prompt, affect, seed): what a generator makes of a question."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is asked. Counts are per prompt unless said; see `Protocol`."""

    name: str
    contents: int
    emotion_seeds: int
    unseen_seeds: int
    levels: tuple[float, ...]
    level_seeds: int
    shares: tuple[float, ...]
    mixture_contents: int
    mixture_seeds: int
    held_out: int
    held_out_seeds: int
    repeats: int
    repeat_contents: int
    timed: int
    nearest: int


FULL = Size(
    name="full", contents=99, emotion_seeds=5, unseen_seeds=5, levels=LEVELS, level_seeds=2, shares=SHARES,
    mixture_contents=12, mixture_seeds=2, held_out=320, held_out_seeds=2, repeats=30, repeat_contents=10,
    timed=20, nearest=300,
)  # fmt: skip
QUICK = Size(
    name="quick", contents=2, emotion_seeds=1, unseen_seeds=1, levels=(0.0, 0.5, 1.0), level_seeds=1,
    shares=(0.0, 0.5, 1.0), mixture_contents=1, mixture_seeds=1, held_out=6, held_out_seeds=1,
    repeats=4, repeat_contents=1, timed=2, nearest=4,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Protocol:
    """The questions for one prepared index."""

    lines: Sequence[dict[str, Any]]
    size: Size = FULL

    @cached_property
    def prompts(self) -> tuple[Prompt, ...]:
        """The plainest caption of each content, lasting as long as the recorded clips of that content do (median)."""
        frames: dict[str, list[int]] = defaultdict(list)
        for line in self.lines:
            if recorded(line):
                frames[line["content"]].append(line["frames"])
        prompts = []
        for content in self._chosen(sorted(frames)):
            seconds = (float(np.median(frames[content])) - 1) / rot272.FPS
            seconds = round(min(max(seconds, SHORTEST), LONGEST), 1)
            text = plain_words(content, self.lines)
            prompts.append(Prompt(content=content, style="normal", text=text, seconds=seconds))
        return tuple(prompts)

    def _chosen(self, contents: list[str]) -> list[str]:
        """As many contents as the size has, those that are drawn first."""
        ranked = sorted(contents, key=lambda c: (SHEET.index(c) if c in SHEET else len(SHEET), c))
        return sorted(ranked[: self.size.contents])

    @cached_property
    def _shown(self) -> set[tuple[str, Emotion]]:
        return shown_pairs(self.lines)

    @cached_property
    def _recorded(self) -> set[tuple[str, Emotion]]:
        return shown_pairs(line for line in self.lines if recorded(line))

    def split_of(self, content: str, emotion: Emotion) -> str:
        """One of "real": a recorded training clip shows the pair; "made": only synthetic ones do; "unseen": none."""
        pair = (content, emotion)
        return "real" if pair in self._recorded else "made" if pair in self._shown else "unseen"

    def leaks(self, held_out: Callable[[str, Emotion], bool]) -> list[str]:
        """Pairs that are held out by name and yet shown by a training clip of this data; they count as seen."""
        return [f"{e.label} {c}" for c, e in sorted(self._shown) if e in FELT and held_out(c, e)]

    def emotion_asks(self) -> list[Ask]:
        """Every prompt under every emotion at full intensity."""
        return [
            Ask(prompt, at(emotion, 1.0), FIRST_SEED + seed)
            for prompt in self.prompts for emotion in EMOTIONS for seed in range(self.size.emotion_seeds)
        ]  # fmt: skip

    def unseen_asks(self) -> list[Ask]:
        """More seeds of the unseen pairs: there are few of them, and what is known of them is worth more."""
        first = FIRST_SEED + self.size.emotion_seeds
        return [
            Ask(prompt, at(emotion, 1.0), first + seed)
            for prompt in self.prompts for emotion in FELT if self.split_of(prompt.content, emotion) == "unseen"
            for seed in range(self.size.unseen_seeds)
        ]  # fmt: skip

    def levels(self) -> list[Graded]:
        """Every prompt under every felt emotion at every level; the ends are shared with `emotion_asks`."""
        return [
            Graded((emotion,), level, Ask(prompt, at(emotion, level), FIRST_SEED + seed))
            for prompt in self.prompts for emotion in FELT for level in self.size.levels
            for seed in range(self.size.level_seeds)
        ]  # fmt: skip

    def mixtures(self) -> list[Graded]:
        """A part of the prompts under mixtures of two emotions, from the one to the other in equal steps."""
        return [
            Graded((first, second), share, Ask(prompt, mixed(first, second, share), FIRST_SEED + seed))
            for prompt in self.spread(self.size.mixture_contents) for first, second in MIXTURES
            for share in self.size.shares for seed in range(self.size.mixture_seeds)
        ]  # fmt: skip

    def repeat_asks(self) -> list[Ask]:
        """A part of the prompts many times over, with an emotion each in turn: for diversity within a prompt."""
        return [
            Ask(prompt, at(EMOTIONS[k % len(EMOTIONS)], 1.0), FIRST_SEED + seed)
            for k, prompt in enumerate(self.spread(self.size.repeat_contents)) for seed in range(self.size.repeats)
        ]  # fmt: skip

    def held_out_asks(self) -> list[Ask]:
        """What the held-out recorded clips show, asked for with their words, affect and length."""
        return [
            Ask(prompt_of(line), affect_of(line), FIRST_SEED + seed)
            for line in self.held_out_lines() for seed in range(self.size.held_out_seeds)
        ]  # fmt: skip

    def held_out_lines(self) -> list[dict[str, Any]]:
        """Held-out recorded clips, evenly thinned to the size."""
        lines = sorted((x for x in self.lines if x["split"] == "val" and recorded(x)), key=lambda x: x["id"])
        return thinned(lines, self.size.held_out)

    def nearest_lines(self) -> list[dict[str, Any]]:
        """Those of the held-out clips whose nearest training clip is looked for."""
        return thinned(self.held_out_lines(), self.size.nearest)

    def nearest_asks(self) -> list[Ask]:
        """What `nearest_lines` show, one seed each."""
        return [Ask(prompt_of(line), affect_of(line), FIRST_SEED) for line in self.nearest_lines()]

    def timed_asks(self) -> list[Ask]:
        """Clips of the same length, to be timed."""
        prompt = replace(self.prompts[0], seconds=TIMED_SECONDS)
        return [Ask(prompt, Affect.neutral(), FIRST_SEED + k) for k in range(self.size.timed)]

    def training_lines(self) -> list[dict[str, Any]]:
        """Recorded training clips with the held-out ones' numbers per (content, style), as far as there are any."""
        wanted: dict[tuple[str, str], int] = defaultdict(int)
        for line in self.held_out_lines():
            wanted[line["content"], line["style"]] += 1
        by_pair: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for line in sorted(self.lines, key=lambda x: x["id"]):
            if line["split"] == "train" and recorded(line):
                by_pair[line["content"], line["style"]].append(line)
        # A pair of the first set that is held out as a whole is stood in for by its style's other contents.
        spare = [x for (_, _), group in sorted(by_pair.items()) for x in group]
        chosen = [x for pair, n in sorted(wanted.items()) for x in thinned(by_pair.get(pair, []), n)]
        return chosen or thinned(spare, len(self.held_out_lines()))

    def normal_lines(self) -> dict[str, list[dict[str, Any]]]:
        """Recorded clips in the normal style of each content asked for, at most twelve each."""
        out = {}
        for prompt in self.prompts:
            lines = [x for x in self.lines if x["content"] == prompt.content and x["style"] == "normal" and recorded(x)]
            if lines:
                out[prompt.content] = thinned(sorted(lines, key=lambda x: x["id"]), 12)
        return out

    def spread(self, count: int) -> list[Prompt]:
        """`count` prompts from all over the list."""
        return thinned(list(self.prompts), count)

    @cached_property
    def digest(self) -> str:
        """Names the questions: equal for equal protocols."""
        graded = [g.ask for g in (*self.levels(), *self.mixtures())]
        asks = (self.emotion_asks(), self.unseen_asks(), graded, self.repeat_asks(), self.held_out_asks())
        return hashlib.sha256(json.dumps([[a.key for a in part] for part in asks]).encode()).hexdigest()


def at(emotion: Emotion, intensity: float) -> Affect:
    """One emotion at an intensity; at 0 this is neutral itself."""
    return Affect.neutral() if intensity == 0 or emotion == Emotion.NEUTRAL else Affect({emotion: 1.0}, intensity)


def mixed(first: Emotion, second: Emotion, share: float) -> Affect:
    """Two emotions at full intensity, `share` of the second."""
    return Affect({first: 1 - share, second: share}, 1.0)


def prompt_of(line: dict[str, Any]) -> Prompt:
    """The question whose answer the clip of an index line is."""
    seconds = min((line["frames"] - 1) / rot272.FPS, LONGEST)
    return Prompt(
        content=line["content"], style=line["style"], text=line["captions"][0], seconds=round(max(seconds, 0.5), 3)
    )
