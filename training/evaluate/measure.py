"""The whole measurement: a bundle's plans, or any generator that can be called, beside real clips and their ceiling.

`evaluate_bundle` is what the command runs. `evaluate_motions` measures a callable with the same questions, so that an
ablation or a twin model told by words stands in the same table.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sdk.bundle import Bundle
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.runtime.engine import Engine, Request
from training.evaluate.measure_cache import Cache
from training.evaluate.measure_clips import ALL, DECODED, FINAL, LOCKED, STAGES, Answers, Judge
from training.evaluate.measure_emotion import (
    Figures,
    accuracy_figures,
    direction_figures,
    intensity_figures,
    mixture_figures,
    plane_errors,
    plane_figures,
    retention_figures,
)
from training.evaluate.measure_labels import EMOTIONS, affect_of, emotion_of
from training.evaluate.measure_quality import (
    content_figures,
    embedding_figures,
    energy_figures,
    label_of,
    memorisation_figures,
    physics_figures,
    real_figures,
    reconstruction_figures,
    repeat_figures,
    time_figures,
)
from training.evaluate.measure_real import Reference, reconstruct
from training.evaluate.protocol import TIMED_SECONDS, Prompt, Protocol, Sampler, Size
from training.evaluate.statistics import balanced_accuracy, confusion_matrix
from training.stylist.holdout import held_out

HEADLINE = ("accuracy_seen", "accuracy_unseen", "fid", "r_precision_3", "diversity", "foot_skate", "energy")


@dataclass(frozen=True, eq=False)
class Setting:
    """What all plans and models of one run are measured with."""

    judges: Judge
    reference: Reference
    cache: Cache | None = None

    @classmethod
    def of(cls, folders: Sequence[Path], judges: Judge, *, size: Size, cache: Cache | None = None) -> "Setting":
        """Measure the real clips of prepared folders. Raises InvalidInput for data without emotion labels."""
        return cls(judges, Reference.of(folders, judges, size=size, cache=cache), cache)

    @property
    def protocol(self) -> Protocol:
        """The questions."""
        return self.reference.protocol


def evaluate_motions(sample: Sampler, setting: Setting, *, key: Any = None, label: str = "") -> Figures:
    """Core figures of any generator: sample(prompt, affect, seed) -> Motion on the SDK's body.

    emotion: accuracy by split, recall, confusion. retention: accuracy by stage of finishing. directions: of the cues.
    content: R-precision of emotional clips. quality: FID, R-precision, MM-Dist, Diversity. body: foot skating, jerk and
    others. energy: per content, of real. headline: HEADLINE as plain numbers, energy the worst ratio.
    key: names the generator (anything JSON can tell); with it and a cache in `setting`, clips are kept on disk.
    """
    cache = setting.cache if key is not None else None
    return core_figures(Answers(sample, setting.judges, key, cache, label), setting)


def core_figures(answers: Answers, setting: Setting) -> Figures:
    """See `evaluate_motions`."""
    protocol = setting.protocol
    asks, more, matched = protocol.emotion_asks(), protocol.unseen_asks(), protocol.held_out_asks()
    found = answers.ask(asks, last=ALL, label="emotions")
    extra = answers.ask(more, last=FINAL, label="unseen pairs") if more else None
    real_like = answers.ask(matched, last=LOCKED, label="as held out")
    labels = [label_of(a.prompt.content, a.prompt.style) for a in matched]
    figures: Figures = {
        "emotion": accuracy_figures(protocol, asks, found, more, extra),
        "retention": retention_figures(asks, found),
        "directions": direction_figures(asks, found),
        "content": content_figures(asks, found, setting.judges),
        "quality": embedding_figures(
            real_like.movement, labels, setting.reference.held_out.movement, setting.judges
        ),
        "body": physics_figures(real_like, [a.prompt.content for a in matched]),
        "energy": energy_figures(asks, found, setting.reference.normal_energy),
    }  # fmt: skip
    return figures | {"headline": headline(figures)}


def headline(figures: Figures) -> dict[str, float]:
    """HEADLINE of core figures; energy is the content's ratio farthest from real."""
    splits, ratios = figures["emotion"]["splits"], list(figures["energy"].values())
    return {
        "accuracy_seen": splits["seen"]["value"], "accuracy_unseen": splits["unseen"]["value"],
        "fid": figures["quality"]["fid"]["value"], "r_precision_3": figures["quality"]["r_precision_3"]["value"],
        "diversity": figures["quality"]["diversity"]["value"], "foot_skate": figures["body"]["foot_skate"]["value"],
        "energy": max(ratios, key=lambda r: abs(np.log(max(r, 1e-9))), default=float("nan")),
    }  # fmt: skip


def whole_figures(answers: Answers, setting: Setting) -> Figures:
    """Core figures and those of intensity, mixtures, the affect plane, repetition and memorisation."""
    protocol, figures = setting.protocol, core_figures(answers, setting)
    levels, mixtures, repeats = protocol.levels(), protocol.mixtures(), protocol.repeat_asks()
    graded = answers.ask([g.ask for g in levels], last=FINAL, label="intensities")
    mixed = answers.ask([g.ask for g in mixtures], last=FINAL, label="mixtures")
    again = answers.ask(repeats, last=LOCKED, label="repeats")
    return figures | {
        "intensity": intensity_figures(levels, graded),
        "mixtures": mixture_figures(mixtures, mixed),
        "valence_arousal": plane_figures([g.ask for g in levels], graded),
        "repeats": repeat_figures(repeats, again, answers),
        "memorisation": memorisation_figures(protocol.nearest_asks(), answers, setting.reference),
    }


def engine_sampler(engine: Engine, plan: str) -> Sampler:
    """A plan of a bundle as a callable; the clip comes at the bundle's rate, on the SDK's body."""

    def sample(prompt: Prompt, affect: Any, seed: int) -> Motion:
        request = Request(text=prompt.text, affect=affect, seconds=prompt.seconds, seed=seed, plan=plan)
        return engine.generate(request).motion

    return sample


def evaluate_bundle(
    engine: Engine, setting: Setting, *, plans: Sequence[str] = ()
) -> tuple[Figures, dict[str, Answers]]:
    """Figures of the plans of an open bundle; see `report.py` for the layout.

    Plans that are named are measured in full; without any name the default plan is, and of the others the core figures.
    Also returns what each plan answered, for pictures. Raises InvalidInput for an unknown plan.
    """
    bundle = engine.bundle
    chosen = chosen_plans(bundle, plans)
    reconstructed = reconstruct(bundle, setting.reference, setting.judges, setting.cache)
    report = frame(bundle, setting)
    if reconstructed is not None:
        report["reconstruction"] = reconstruction_figures(reconstructed, setting.reference, setting.judges)
    answered = {}
    for plan in chosen:
        key = plan_key(bundle, plan)
        answers = Answers(engine_sampler(engine, plan), setting.judges, key, setting.cache, plan)
        timed = answers.ask(setting.protocol.timed_asks(), last=DECODED, label="timing")
        figures = (whole_figures if plan in (plans or chosen[:1]) else core_figures)(answers, setting)
        report["plans"][plan] = figures | {"ms": time_figures(timed.ms, TIMED_SECONDS)}
        answered[plan] = answers
    return report, answered


def plan_key(bundle: Bundle, name: str) -> list[Any]:
    """What the clips of a plan depend on: its numbers, and the bundle's graphs but those that it does not run."""
    manifest = bundle.manifest
    plan = next(p for p in manifest.plans if p.name == name)
    info = manifest.generators[plan.generator]
    # A diffusion has a graph for each number of steps, and a plan runs one of them.
    own = {graph for role, graph in info.graphs.items() if info.kind == "tokens" or role == str(plan.iterations)}
    others = {graph.file for key, graph in manifest.graphs.items() if key not in own}
    files = {f: digest for f, digest in manifest.files.items() if f.endswith((".onnx", ".json")) and f not in others}
    numbers = {k: v for k, v in asdict(plan).items() if k not in ("name", "quality")}
    sizes = {k: v for k, v in asdict(info).items() if k != "graphs"}
    return [numbers, sizes, files]


def chosen_plans(bundle: Bundle, plans: Sequence[str]) -> list[str]:
    """The plans asked for, or all with the default one first. Raises InvalidInput for an unknown one."""
    known = [p.name for p in bundle.manifest.plans]
    for plan in plans:
        if plan not in known:
            raise InvalidInput(f"plan {plan[:40]!r} is unknown; known: {', '.join(known)}", field="plan")
    default = bundle.manifest.default_plan
    return list(dict.fromkeys(plans)) or [default, *(p for p in known if p != default)]


def frame(bundle: Bundle, setting: Setting) -> Figures:
    """What a report says of the bundle, the questions, the data and the judges, and the real clips' figures."""
    protocol, data = setting.protocol, setting.reference.data
    splits = [protocol.split_of(p.content, e) for p in protocol.prompts for e in EMOTIONS]
    return {
        "bundle": {"name": bundle.manifest.name, "version": bundle.manifest.version, "sha256": bundle.sha256},
        "protocol": {
            "size": protocol.size.name, "sha256": protocol.digest, "contents": len(protocol.prompts),
            "pairs": {s: splits.count(s) for s in ("real", "made", "unseen")}, "leaks": protocol.leaks(held_out),
        },
        "data": {"clips": len(data.lines), "sha256": data.sha256},
        "judges": {"sha256": setting.judges.sha256},
        "real": real_figures(setting.reference, setting.judges) | real_emotion(setting),
        "plans": {},
    }  # fmt: skip


def real_emotion(setting: Setting) -> Figures:
    """The judge's ceiling on recorded clips as its card tells it, by cross-validation; and what it says of the held-out
    ones at every stage of finishing, classes counted alike.
    """
    lines = setting.protocol.held_out_lines()
    shown = [emotion_of(x) for x in lines]
    rows = np.array([k for k, e in enumerate(shown) if e is not None], dtype=int)
    held = setting.reference.held_out[rows]
    asked = np.array([EMOTIONS.index(e) for e in shown if e is not None], dtype=int)
    stages = [
        balanced_accuracy(confusion_matrix(asked, x.argmax(-1), len(EMOTIONS))) for x in held.probability.swapaxes(0, 1)
    ]
    card = setting.judges.card["emotion"]["ceiling"]
    low, high = card["interval_95"]
    plane = np.array([affect_of(lines[k]).valence_arousal for k in rows])
    return {
        "ceiling": {"value": card["accuracy"], "low": low, "high": high, "n": card["clips"]},
        "ceiling_recall": {name: {"value": value} for name, value in card["recall"].items()},
        "held_out_stages": dict(zip(STAGES, stages, strict=True)) | {"n": len(rows)},
        "valence_arousal": plane_errors(plane, held.valence_arousal),
    }
