"""The seed's own recipe for data: `python -m training.prepare generated BUNDLE --out DIR`.

A base model is given sentences that describe a body, with neutral affect and many seeds; what it makes gets its feet
locked and is kept or dropped by the rules of `training.generation_rules`. The clips are the model's own, so they are
marked: evidence "synthetic", provenance "generated", with bundle, sentence and seed. EMo-Mask (Y. Liu) built its 320
clips so: four emotions, walking and running, 40 clips a pair. Interrupted runs go on where they stopped, for every
attempt is noted in `attempts.jsonl`.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from sdk.emotion import SEED_EMOTIONS, Affect, Emotion, emotion_named
from sdk.errors import InvalidInput
from sdk.motion import rot272
from sdk.motion.cues import CUE_NAMES
from sdk.motion.footlock import lock_feet
from sdk.motion.motion import Motion
from training.attempts import Attempts
from training.body_language import Sentences, descriptions, load_table
from training.datasets.captions import CAPTIONS_PER_CLIP, captions, known_contents
from training.datasets.preparation import PREPARATION, clip_made, write_npz, write_outcome
from training.generation_rules import LIMITS, RULES, STAYING, VERSION, Measured, broken_rule, cue_agreement, measure

ACTIONS = {"walking": "walk", "running": "run"}
"""Everyday names of contents that --pairs takes too."""
DEFAULT_PAIRS = ",".join(f"{e.label}:{c}" for e in SEED_EMOTIONS for c in ("walk", "run"))
NEUTRAL_CLIPS = 8
"""Generations of an action's plain caption whose median cues are what the emotion is compared with."""
_VAL_EVERY = 10

Generate = Callable[[str, int, float], Motion]
"""Sentence, seed, seconds -> Motion at the prepared rate, neutral affect."""


@dataclass(frozen=True)
class Base:
    """Where the clips come from: the bundle's name and hash, its terms, and how to ask it."""

    name: str
    sha256: str
    licence: str
    attribution: str
    generate: Generate


@dataclass(frozen=True)
class Wish:
    """One emotion with one action."""

    emotion: Emotion
    content: str

    @property
    def name(self) -> str:
        """As --pairs has it, e.g. "joy:walk"."""
        return f"{self.emotion.label}:{self.content}"


def wishes_named(pairs: str) -> tuple[Wish, ...]:
    """Pairs written "joy:walk,fear:run". Raises InvalidInput for an unknown emotion or action, and for neutral."""
    out = []
    for part in pairs.split(","):
        label, colon, action = (word.strip() for word in part.partition(":"))
        content = ACTIONS.get(action, action)
        if not colon or content not in known_contents():
            known = ", ".join(sorted({*known_contents(), *ACTIONS}))
            raise InvalidInput(f"pair {part!r} must be EMOTION:ACTION; known actions: {known}", field="pairs")
        emotion, _ = emotion_named(label)
        if emotion is Emotion.NEUTRAL:
            raise InvalidInput("neutral is what the pairs are compared with; name other emotions", field="pairs")
        out.append(Wish(emotion, content))
    return tuple(dict.fromkeys(out))


def prompts_of(emotion: Emotion, content: str, table: Sentences) -> list[str]:
    """Sentences to ask with: each description alone, then behind the plain caption of the action.

    A model that learned from few words loses the action in a long description; the plain caption holds it.
    """
    plain = captions(content, "normal", count=1)[0]
    told = descriptions(emotion, content, table)
    return [prompt for text in told for prompt in (text, f"{plain}. {text}")]


def seed_of(base_seed: int, wish: str, attempt: int) -> int:
    """The seed of an attempt: the same for the same request, different for all others."""
    text = f"{base_seed} {wish} {attempt}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:6], "big")


@dataclass
class Maker:
    """Makes and judges the attempts of one run."""

    base: Base
    out: Path
    attempts: Attempts
    table: dict[str, dict[str, list[str]]]
    seconds: float
    seed: int

    def neutral_cues(self, content: str) -> list[float]:
        """Median cues of the action's neutral generations, as CUE_NAMES."""
        prompt = captions(content, "normal", count=1)[0]
        rows = []
        for k in range(NEUTRAL_CLIPS):
            known = self.attempts.known.get((f"neutral:{content}", k))
            if known is None:
                seed = seed_of(self.seed, f"neutral:{content}", k)
                measured = self._made(prompt, seed)[1]
                known = {"pair": f"neutral:{content}", "attempt": k, "prompt": prompt, "seed": seed,
                         "rule": broken_rule(measured, content, Emotion.NEUTRAL, None), **asdict(measured)}  # fmt: skip
                self.attempts.add(known)
            rows.append(known)
        # A neutral generation that does not do the action is no measure for one that should.
        good = [row["cues"] for row in rows if not row["rule"]] or [row["cues"] for row in rows]
        return [float(x) for x in np.median(good, axis=0)]

    def _made(self, prompt: str, seed: int) -> tuple[Motion, Measured]:
        raw = self.base.generate(prompt, seed, self.seconds)
        locked = lock_feet(raw)
        return locked, measure(locked, raw)

    def attempt(self, wish: Wish, k: int, neutral: Sequence[float]) -> dict[str, Any]:
        """One attempt, made or known; a clip that is kept lies in the folder afterwards."""
        target = self.out / "clips" / f"{clip_name(wish, k)}.npz"
        known = self.attempts.known.get((wish.name, k))
        if known and (known["rule"] or clip_made(target, known["digest"])[0]):
            return known
        prompts = prompts_of(wish.emotion, wish.content, self.table)
        prompt, seed = prompts[k % len(prompts)], seed_of(self.seed, wish.name, k)
        motion, measured = self._made(prompt, seed)
        rule = broken_rule(measured, wish.content, wish.emotion, neutral)
        digest = hashlib.sha256(json.dumps([self.base.sha256, prompt, seed, self.seconds]).encode()).hexdigest()
        if not rule:
            arrays = {"rotations": motion.rotations.astype(np.float32), "root": motion.root.astype(np.float32)}
            write_npz(target, **arrays, source_sha256=digest, preparation=PREPARATION)
        agreement = cue_agreement(measured.cues, neutral, wish.emotion)
        entry = {"pair": wish.name, "attempt": k, "prompt": prompt, "seed": seed, "rule": rule, "frames": len(motion),
                 "digest": digest, "agreement": round(agreement, 3), **asdict(measured)}  # fmt: skip
        self.attempts.add(entry)
        return entry


def clip_name(wish: Wish, attempt: int) -> str:
    """Id of the clip of one attempt."""
    return f"generated-{wish.emotion.label}-{wish.content}-{attempt:04d}"


def index_line(wish: Wish, entry: dict[str, Any], number: int, base: Base) -> dict[str, Any]:
    """What the index keeps of a clip. The captions are the plain ones: the emotion is in the affect alone."""
    return {
        "id": clip_name(wish, entry["attempt"]), "frames": entry["frames"],
        "split": "val" if number % _VAL_EVERY == _VAL_EVERY - 1 else "train",
        "content": wish.content, "style": wish.emotion.label, "take": number + 1,
        "captions": captions(wish.content, "normal", count=CAPTIONS_PER_CLIP),
        "affect": {wish.emotion.label: 1.0}, "intensity": 1.0, "evidence": "synthetic", "actor": "generated",
        "source": f"generated by {base.name}", "licence": base.licence, "source_sha256": entry["digest"],
        "changes": ["made by a model from a description of the body", "feet locked", "kept by stated rules"],
        "attribution": base.attribution, "provenance": "generated",
        "generated": {"bundle_sha256": base.sha256, "prompt": entry["prompt"], "seed": entry["seed"],
                      "cue_agreement": entry["agreement"], "rules": VERSION},
    }  # fmt: skip


def report_of(base: Base, tried: dict[str, list[dict[str, Any]]], lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Kept and dropped, per pair and rule, per sentence, and the limits that decided."""

    def counts(entries: Iterable[dict[str, Any]]) -> dict[str, int]:
        found = Counter(entry["rule"] or "kept" for entry in entries)
        return {name: found[name] for name in ("kept", *RULES)}

    prompts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entries in tried.values():
        for entry in entries:
            prompts[entry["prompt"]].append(entry)
    every = [entry for entries in tried.values() for entry in entries]
    return {
        "source": base.attribution, "bundle": {"name": base.name, "sha256": base.sha256}, "provenance": "generated",
        "clips": len(lines), "attempts": len(every), "frames": sum(line["frames"] for line in lines),
        "by_rule": counts(every), "by_pair": {pair: counts(entries) for pair, entries in tried.items()},
        "by_prompt": {prompt: counts(entries) for prompt, entries in prompts.items()},
        "limits": {content: asdict(limits) for content, limits in {**LIMITS, "others": STAYING}.items()},
        "cue_names": CUE_NAMES,
    }  # fmt: skip


def make_set(
    base: Base,
    wishes: Sequence[Wish],
    out: Path,
    *,
    table: dict[str, dict[str, list[str]]],
    per_pair: int,
    max_attempts: int,
    seconds: float,
    seed: int,
) -> dict[str, Any]:
    """Make clips until every pair has `per_pair` or was tried `max_attempts` times; the report. Raises OSError."""
    (out / "clips").mkdir(parents=True, exist_ok=True)
    settings = json.dumps([base.sha256, VERSION, seconds, seed, hashlib.sha256(json.dumps(table).encode()).hexdigest()])
    maker = Maker(base, out, Attempts(out / "attempts.jsonl", settings), table, seconds, seed)
    tried: dict[str, list[dict[str, Any]]] = {}
    lines: list[dict[str, Any]] = []
    neutral = {content: maker.neutral_cues(content) for content in {wish.content: 0 for wish in wishes}}
    bar = tqdm(total=len(wishes) * per_pair, unit="clip", disable=None)
    for wish in wishes:
        entries = tried.setdefault(wish.name, [])
        kept = 0
        while kept < per_pair and len(entries) < max_attempts:
            entry = maker.attempt(wish, len(entries), neutral[wish.content])
            entries.append(entry)
            if not entry["rule"]:
                lines.append(index_line(wish, entry, kept, base))
                kept += 1
                bar.update()
    bar.close()
    report = report_of(base, tried, lines)
    write_outcome(out, report, lines)
    return report


def open_base(bundle: Path, plan: str | None, threads: int) -> Base:
    """A bundle as the base model. Raises BundleError or InvalidInput; see `sdk.runtime.engine`."""
    from sdk.runtime.engine import Engine, Request

    engine = Engine.load(bundle, threads=threads)
    manifest = engine.bundle.manifest

    def generate(prompt: str, seed: int, seconds: float) -> Motion:
        wanted = Request(text=prompt, affect=Affect.neutral(), seconds=seconds, seed=seed, plan=plan, fps=rot272.FPS)
        return engine.generate(wanted).motion

    name = f"{manifest.name} {manifest.version}" + (f", plan {plan}" if plan else "")
    return Base(name, engine.bundle.sha256, manifest.licence, manifest.attribution, generate)


@click.command()
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to fill.")
@click.option("--pairs", default=DEFAULT_PAIRS, show_default=True, help="EMOTION:ACTION, with commas between.")
@click.option("--per-pair", default=40, show_default=True, type=click.IntRange(1, 10_000), help="Clips wanted of each.")
@click.option("--max-attempts", default=400, show_default=True, type=click.IntRange(1), help="Of each pair at most.")
@click.option("--seconds", default=4.0, show_default=True, type=click.FloatRange(1.0, 20.0), help="Length of a clip.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Decides all seeds.")
@click.option("--table", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Your own descriptions.")
@click.option("--plan", help="Plan of the bundle; the default one unless said.")
@click.option("--threads", default=0, type=click.IntRange(0), help="0: all cores.")
def generated(
    bundle: Path,
    out: Path,
    pairs: str,
    per_pair: int,
    max_attempts: int,
    seconds: float,
    seed: int,
    table: Path | None,
    plan: str | None,
    threads: int,
) -> None:
    """Make emotional clips with the model in BUNDLE from descriptions of the body (provenance generated)."""
    wishes, words = wishes_named(pairs), load_table(table)
    base = open_base(bundle, plan, threads)
    try:
        report = make_set(
            base, wishes, out, table=words, per_pair=per_pair, max_attempts=max_attempts, seconds=seconds, seed=seed
        )
    except OSError as error:
        raise InvalidInput(f"cannot write: {error.strerror or error}: {out}", field="out") from None
    for pair, counts in report["by_pair"].items():
        dropped = ", ".join(f"{rule} {counts[rule]}" for rule in RULES if counts[rule])
        click.echo(
            f"{pair}: kept {counts['kept']} of {sum(counts.values())} attempts" + (f"; {dropped}" if dropped else "")
        )
    wanted = per_pair * len(wishes)
    click.echo(f"{report['clips']} of {wanted} clips" + ("" if report["clips"] == wanted else "; raise --max-attempts"))
