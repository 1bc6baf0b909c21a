"""The study's steps: fine-tune one base MMM in eight ways, decode each in four, measure all 32, and three controls.

Every step's result is a file, and a step whose file is there is not done again.
"""

import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.motion import rot272
from sdk.motion.motion import Motion
from training.collapse.defects import CAUSES, DATA_CAUSES, Decoding, defective, forget_averages
from training.data import Clip, ClipSet, load_clips
from training.guards import check_speeds, content_speeds, energy, relative_speeds, sampled
from training.models.rvq import DOWNSAMPLING, RvqConfig
from training.models.transformer import TransformerConfig
from training.passes import TorchPasses
from training.recipes import StageRecipe
from training.recipes_mmm import MmmRecipe
from training.text import embed_captions
from training.train_mmm import Data, Mmm, base_tokens, code_figures, fit_mmm, fit_vq

WALK = "a person walks forward"
STILL_BELOW = 0.15
"""A frame is still when no joint is faster, m/s."""
Measures = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class StudyRecipe:
    """How long each fine-tuning is, and how much of it is measured."""

    name: str
    vq: StageRecipe
    mmm: StageRecipe
    prompts: int
    walk_seeds: int
    walk_seconds: float = 4.0


_FEW = StageRecipe(steps=4, batch=4, rate=1e-3, warmup=2, validate_every=4, save_every=4)
STUDY_RECIPES = {
    "cpu": StudyRecipe(
        name="cpu",
        vq=StageRecipe(steps=150, batch=32, rate=2e-4, warmup=20, validate_every=150, save_every=50),
        mmm=StageRecipe(
            steps=300, batch=32, rate=3e-4, warmup=30, weight_decay=0.01, validate_every=300, save_every=100
        ),
        prompts=24,
        walk_seeds=4,
    ),
    "tiny": StudyRecipe(name="tiny", vq=_FEW, mmm=_FEW, prompts=2, walk_seeds=1, walk_seconds=1.0),
}


def causes_name(causes: Iterable[str]) -> str:
    """The name of a variant: its causes in the order of CAUSES, or `cure` for none."""
    found = [cause for cause in CAUSES if cause in causes]
    return "+".join(found) or "cure"


def all_variants() -> list[tuple[str, ...]]:
    """Every subset of the causes, the cure first."""
    return [c for size in range(len(CAUSES) + 1) for c in itertools.combinations(CAUSES, size)]


class Study:
    """One base MMM, the recorded emotional clips it is fine-tuned on, and a folder for what is made of them."""

    def __init__(self, recipe: StudyRecipe, data: Data, run: Path, out: Path, *, seed: int) -> None:
        self.recipe, self.run, self.out, self.seed = recipe, run, out, seed
        self.base = Mmm.load(run)
        self.clips = load_clips(data, "train").where(recorded_emotion)
        self.held_out = load_clips(data, "val", mirror=False)
        own = [c for c in self.clips.clips if not c.name.startswith("M")]
        self.prompts = [own[k * len(own) // recipe.prompts] for k in range(recipe.prompts)]
        self._tuned: dict[str, Mmm] = {}
        self._refusals: dict[tuple[str, ...], str] = {}
        out.mkdir(parents=True, exist_ok=True)

    @cached_property
    def mmm_recipe(self) -> MmmRecipe:
        """The base's sizes with the study's schedules."""
        sizes = {stage: facts["meta"]["model"] for stage, facts in self.base.meta.items()}
        return MmmRecipe(
            name=f"collapse-{self.recipe.name}", mmm_vq_model=RvqConfig(**sizes["mmm_vq"]),
            mmm_model=TransformerConfig(**sizes["mmm"]), mmm_vq=self.recipe.vq, mmm=self.recipe.mmm,
        )  # fmt: skip

    # --- training ---

    def data(self, causes: Iterable[str]) -> tuple[ClipSet, ClipSet]:
        """The clips to fine-tune on and the held-out ones like them, with the data defects among the causes."""
        held_out = self.held_out.where(recorded_emotion)
        return defective(self.clips, causes), defective(held_out, causes)

    def tuned(self, causes: Iterable[str], *, keep_codes: bool = False) -> Mmm:
        """The base fine-tuned on such data; its VQ-VAE frozen, with `codes` resumed too, the averages lost or kept."""
        codes = "kept" if keep_codes else "drawn" if "codes" in causes else "frozen"
        name = f"{'+'.join(cause for cause in DATA_CAUSES if cause in causes) or 'right'}-{codes}"
        if name not in self._tuned:
            self._tuned[name] = self.tune(causes, codes, self.out / "runs" / name)
        return self._tuned[name]

    def tune(self, causes: Iterable[str], codes: str, folder: Path) -> Mmm:
        """Train, resume or load what `tuned` is asked for."""
        folder.mkdir(parents=True, exist_ok=True)
        clips, held_out = self.data(causes)
        if codes == "frozen":
            if not (folder / "mmm_vq.pt").exists():
                copy_file(self.run / "mmm_vq.pt", folder / "mmm_vq.pt")
        else:
            fit_vq(self.mmm_recipe, clips, held_out, folder, seed=self.seed, init=self.vq_start(codes))
        start = self.run / "mmm.pt"
        fit_mmm(self.mmm_recipe, clips, held_out, folder, seed=self.seed, init=start, check=unchecked)
        return Mmm.load(folder, check=unchecked)

    def vq_start(self, codes: str) -> Path:
        """What a resumed VQ-VAE starts from."""
        if codes == "kept":
            return self.run / "mmm_vq.pt"
        path = self.out / "forgotten.pt"
        if not path.exists():
            forget_averages(self.run / "mmm_vq.pt", path)
        return path

    # --- measuring ---

    def variant(self, causes: tuple[str, ...]) -> Measures:
        """Measures of the model with these causes, from the file of an earlier run where it is there."""
        return self.kept(causes_name(causes), lambda: (self.tuned(causes), Decoding.with_defects(causes)))

    def controls(self) -> dict[str, Measures]:
        """The base itself, a VQ-VAE resumed with its averages, and new codes under the transformer of the old ones."""

        def stale() -> tuple[Mmm, Decoding]:
            return replace(self.base, vq=self.tuned(("codes",)).vq), Decoding()

        return {
            "base": self.kept("base", lambda: (self.base, Decoding())),
            "codes kept": self.kept("codes kept", lambda: (self.tuned((), keep_codes=True), Decoding())),
            "stale transformer": self.kept("stale transformer", stale),
        }

    def kept(self, name: str, make: Any) -> Measures:
        """What `measure` says of make()'s model and decoding, kept in a file that belongs to this base and recipe."""
        path = self.out / "measures" / f"{name.replace(' ', '-')}.json"
        key = self.key
        if path.exists():
            found: Measures = json.loads(path.read_text())
            if found["key"] == key:
                return found
        model, decoding = make()
        found = {"key": key, **self.measure(model, decoding)}
        path.parent.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(found, indent=1) + "\n")
        os.replace(part, path)
        return found

    @cached_property
    def key(self) -> str:
        """Hash of all that the measures depend on."""
        digest = hashlib.sha256(repr((self.recipe, self.seed, Decoding(), self.mmm_recipe)).encode())
        digest.update((self.run / "mmm.pt").read_bytes())
        return digest.hexdigest()

    def measure(self, model: Mmm, decoding: Decoding) -> Measures:
        """Energy and stillness beside the real clips, walking speed, use of the codes, change of the codebook."""
        made = [
            self.sample(model, decoding, clip.captions[0], clip.affect, len(clip.features), seed=k)
            for k, clip in enumerate(self.prompts)
        ]
        real = [clip.features[: len(x)] for clip, (x, _) in zip(self.prompts, made, strict=True)]
        frames = round(self.recipe.walk_seconds * rot272.FPS)
        walks = [
            self.sample(model, decoding, WALK, affect, frames, seed=seed)[0]
            for affect in self.affects for seed in range(self.recipe.walk_seeds)
        ]  # fmt: skip
        codes = model.vq.config.codes
        old, new = self.base.vq.quantisers[0].codebook, model.vq.quantisers[0].codebook
        return {
            "energy": sum(energy(x) for x, _ in made) / sum(energy(x) for x in real),
            "still": float(np.concatenate([still_frames(rot272.decode(x)) for x, _ in made]).mean()),
            "walk_speed": float(np.mean([walking_speed(x) for x in walks])),
            "made_perplexity": code_figures(np.concatenate([t for _, t in made]), codes)["perplexity"],
            "code_change": float((new - old).norm(dim=-1).mean() / old.norm(dim=-1).mean()),
            **code_figures(base_tokens(model.vq, self.held_out), codes),
        }

    def real(self) -> Measures:
        """The same of the recorded clips, as far as it means something there."""
        clips = [clip.features[: self.longest] for clip in self.prompts]
        walks = [c.features for c in self.clips.clips if c.content == "walk"]
        return {
            "energy": 1.0,
            "still": float(np.concatenate([still_frames(rot272.decode(x)) for x in clips]).mean()),
            "walk_speed": float(np.mean([walking_speed(x) for x in walks])) if walks else float("nan"),
        }

    def guard(self, causes: tuple[str, ...]) -> str:
        """What `train_mmm` says to fine-tuning like this variant's; empty when it would let it pass."""
        data = tuple(cause for cause in DATA_CAUSES if cause in causes)
        if data not in self._refusals:
            self._refusals[data] = self.speed_refusal(data)
        said = [self._refusals[data], "init was trained on the tokens of another VQ-VAE" if "codes" in causes else ""]
        return "; ".join(text for text in said if text)

    def speed_refusal(self, causes: Iterable[str]) -> str:
        """What is said of the speed of data with these defects."""
        try:
            base = self.base.meta["mmm"]["meta"]["speeds"]
            check_speeds(relative_speeds(content_speeds(defective(self.clips, causes)), base))
        except InvalidInput as error:
            return str(error)
        return ""

    @cached_property
    def affects(self) -> list[Affect]:
        """The different affects of the clips."""
        return list({clip.affect.label: clip.affect for clip in self.clips.clips}.values())

    @property
    def longest(self) -> int:
        """Frames of the longest clip that is decoded at once."""
        return int(self.base.masked.config.max_tokens * DOWNSAMPLING)

    def sample(
        self, model: Mmm, decoding: Decoding, caption: str, affect: Affect, frames: int, *, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Features and base tokens of one generated clip."""
        passes = TorchPasses(model.vq, model.masked, None)
        tokens = sampled(
            passes, embed_captions([caption])[0], affect.condition, max(1, min(frames, self.longest) // DOWNSAMPLING),
            schedule=decoding.schedule, guidance=decoding.guidance, codes=model.masked.config.codes, seed=seed,
        )  # fmt: skip
        return passes.decode(tokens[None], affect.condition), tokens


def recorded_emotion(clip: Clip) -> bool:
    """True for a clip recorded under the name of an emotion."""
    return clip.emotional and clip.evidence == "mocap"


def unchecked(scalars: dict[str, float]) -> None:
    """The study trains what the guards refuse."""


def copy_file(source: Path, target: Path) -> None:
    """Copy beside, then rename."""
    part = target.with_suffix(".part")
    shutil.copyfile(source, part)
    os.replace(part, target)


def still_frames(motion: Motion) -> np.ndarray:
    """True (T - 1,) where no joint is faster than STILL_BELOW."""
    speed = np.linalg.norm(np.diff(motion.positions, axis=0), axis=-1) * motion.fps
    return speed.max(-1) < STILL_BELOW


def walking_speed(features: np.ndarray) -> float:
    """Metres per second from the first to the last frame, straight ahead or not."""
    root = rot272.decode(features).root[:, [0, 2]]
    return float(np.linalg.norm(root[-1] - root[0]) / ((len(root) - 1) / rot272.FPS))


def run_study(study: Study) -> dict[str, Any]:
    """All variants and controls by name, the real clips' measures, and what the guards say."""
    variants = {}
    for causes in tqdm(all_variants(), desc="variants", unit="variant"):
        variants[causes_name(causes)] = {
            "causes": list(causes), **study.variant(causes), "refused": study.guard(causes)
        }  # fmt: skip
    click.echo("controls")
    return {"real": study.real(), "variants": variants, "controls": study.controls()}
