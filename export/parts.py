"""The generators of a run as parts of a bundle: graphs, sizes, plans and what their training says."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from export.diffusion import denoise_spec
from export.graphs import GraphSpec, graph_specs
from export.storage import round_weights
from sdk.bundle.manifest import GeneratorInfo, Plan
from sdk.errors import InvalidInput
from training.generator import Generator
from training.models.rvq import DOWNSAMPLING
from training.recipes_diffusion import STEPS
from training.train_diffusion import load_denoiser
from training.train_mmm import Mmm


@dataclass(frozen=True)
class Part:
    """One generator on its way into a bundle.

    specs: its graphs by the names they get in the bundle. trained: per stage the checkpoint's meta, steps and scalars.
    """

    name: str
    specs: dict[str, GraphSpec]
    info: GeneratorInfo
    plans: tuple[Plan, ...]
    trained: dict[str, Any]


def trained_facts(meta: dict[str, Any]) -> dict[str, Any]:
    """What the manifest keeps of checkpoints, by stage."""
    return {stage: {**f["meta"], "steps": f["step"], "validation": f["scalars"]} for stage, f in meta.items()}


def token_part(name: str, generator: Generator, prefix: str, plans: tuple[Plan, ...]) -> Part:
    """A generator of kind `tokens`; `prefix` keeps its graphs' names apart from another's."""
    for model in (generator.rvq, generator.masked, generator.residual, generator.distilled):
        if model is not None:
            round_weights(model, int8=True)
    torch.manual_seed(0)  # of the reference inputs: the same run gives the same bytes
    specs = {role: replace(spec, int8=True) for role, spec in graph_specs(generator).items()}
    config = generator.masked.config
    info = GeneratorInfo(
        kind="tokens", graphs={role: prefix + role for role in specs}, downsampling=DOWNSAMPLING,
        max_tokens=config.max_tokens, codes=config.codes, quantisers=config.quantisers, emotion_points=generator.points,
    )  # fmt: skip
    trained = trained_facts(generator.meta)
    return Part(name, {prefix + role: spec for role, spec in specs.items()}, info, plans, trained)


def emo_mask_part(run: Path, student: Path | None = None) -> Part:
    """EMo-Mask: `rvq.pt`, `masked.pt` and `residual.pt` of a run; a distilled one has its guidance in the weights.

    student: a run that was distilled from this one; its masked transformer then decodes the cheaper plans, and its
    residual one all of them.
    """
    generator = Generator.load(run)
    distilled = "distilled" in generator.meta["masked"]["meta"]
    if student is not None:
        generator = generator.with_student(student)
    told: dict[str, Any] = {"text_guidance": 3.5, "emotion_guidance": 5.0}
    known: dict[str, Any] = {"text_guidance": 1.0, "emotion_guidance": 1.0}
    of_best, of_others = known if distilled else told, known if distilled or student else told
    common: dict[str, Any] = {"generator": "emo-mask", "choice_temperature": 8.0}
    above = 1.0 if distilled or student else 2.0
    plans = [
        Plan(name="best", iterations=10, residual_layers=5, residual_guidance=above, **of_best, **common),
        Plan(name="fast", iterations=5, residual_layers=2, residual_guidance=1.0, **of_others, **common),
    ]
    if distilled or student:
        plans.append(
            Plan(name="instant", iterations=3, residual_layers=1, residual_guidance=1.0, **of_others, **common)
        )
    return token_part("emo-mask", generator, "", tuple(plans))


def mmm_part(run: Path) -> Part:
    """MMM: `mmm_vq.pt` and `mmm.pt` of a run."""
    found = Mmm.load(run)
    # By the speed of its walks and its cues, see docs/log.md: guidance by text slows this generator down.
    plan = Plan(
        name="mmm", generator="mmm", iterations=10, residual_layers=0, text_guidance=2.0, emotion_guidance=4.0,
        residual_guidance=1.0, temperature=1.2, choice_temperature=8.0,
    )  # fmt: skip
    return token_part("mmm", Generator(found.vq, found.masked, None, found.meta), "mmm_", (plan,))


def mdm_part(run: Path) -> Part:
    """MDM: those of `mdm50.pt` and `mdm10.pt` that the run has; each is a model of its own."""
    specs, trained, plans, info = {}, {}, [], None
    for stage, steps in STEPS.items():
        if not (run / f"{stage}.pt").exists():
            continue
        model, facts = load_denoiser(run / f"{stage}.pt")
        round_weights(model, int8=True)
        torch.manual_seed(0)
        specs[stage] = replace(denoise_spec(model), int8=True)
        trained |= trained_facts({stage: facts})
        plans.append(
            Plan(
                name=stage, generator="mdm", iterations=steps, residual_layers=0, text_guidance=MDM_GUIDANCE,
                emotion_guidance=MDM_GUIDANCE, residual_guidance=1.0,
            )
        )  # fmt: skip
        config = model.config
        info = GeneratorInfo(
            kind="diffusion", graphs={str(STEPS[name]): name for name in specs}, downsampling=config.patch,
            max_tokens=config.max_frames // config.patch, codes=0, quantisers=0, emotion_points=["denoiser"],
        )  # fmt: skip
    if info is None:
        raise InvalidInput(f"{run} holds neither of {', '.join(f'{stage}.pt' for stage in STEPS)}; train one first")
    return Part("mdm", specs, info, tuple(plans), trained)


MDM_GUIDANCE = 2.5
PARTS: dict[str, Callable[..., Part]] = {"emo-mask": emo_mask_part, "mmm": mmm_part, "mdm": mdm_part}
"""Known generators, in the order of a bundle; the first plan of the first one is the default."""


def parts_of(run: Path, names: tuple[str, ...], student: Path | None = None) -> list[Part]:
    """The named generators of a run; student: see `emo_mask_part`.

    Raises InvalidInput for an unknown name and an unfinished checkpoint.
    """
    unknown = [name for name in names if name not in PARTS]
    if unknown or not names:
        raise InvalidInput(f"generator {(unknown or ['none'])[0]!r} is unknown; known: {', '.join(PARTS)}")
    if student is not None and "emo-mask" not in names:
        raise InvalidInput("a student stands beside emo-mask; export that, too", field="student")
    return [PARTS[n](run, student) if n == "emo-mask" else PARTS[n](run) for n in PARTS if n in names]
