"""The diffusion generator: a denoiser trained on features, for its own number of steps (MDM; prefixes as in DiP).

Shapes: B batch, T frames, F features, J joints, K steps, S text width, E = 9 emotions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as fn
from torch import Tensor

from sdk.errors import InvalidInput
from sdk.motion import rot272
from sdk.runtime.diffusion import CONTEXT, DiffusionGenerator, NoiseSchedule
from training import checkpoint
from training.data import ClipSet, check_moving, load_clips, statistics, step_rng, still
from training.guards import CLIPS, check_generated, energy
from training.kinematics import heading_angles, heading_positions, root_path
from training.loop import Scalars, Stage, start_from, train
from training.models.diffusion import Averaged, Denoiser, DenoiserConfig, TorchDenoiser
from training.parallel import spread
from training.recipes_diffusion import STEPS, DiffusionLoss, DiffusionRecipe
from training.text import embed_captions

STREAM_FRAMES = 40
"""Frames that a stream asks for at a time, behind CONTEXT known ones."""
GUARD_GUIDANCE = 2.5
_VALIDATION_BATCHES = 4


class Batch(NamedTuple):
    """x (B, T, F) in units, real (B, T) True where not padding, known (B, T) True where given, text (B, S), affect
    (B, E); dropped conditions are zero.
    """

    x: Tensor
    real: Tensor
    known: Tensor
    text: Tensor
    affect: Tensor


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Clips with their captions' embeddings and the chance of each clip to be drawn."""

    clips: ClipSet
    text: list[np.ndarray]
    weights: np.ndarray

    @classmethod
    def of(cls, clips: ClipSet, *, emotional: float) -> "FeatureSet":
        """Embed all captions. A share of `emotional` of what is drawn shows an emotion, the rest does not.

        Raises InvalidInput when the clips lack one of the two kinds and it is asked for.
        """
        weights = clips.weights * shares(clips, emotional)
        captions = sorted({text for clip in clips.clips for text in clip.captions})
        row = {text: k for k, text in enumerate(captions)}
        embedded = embed_captions(captions)
        text = [embedded[[row[c] for c in clip.captions]] for clip in clips.clips]
        return cls(clips, text, weights / weights.sum())

    def draw(self, rng: np.random.Generator, batch: int, config: DenoiserConfig, how: DiffusionLoss) -> Batch:
        """A batch of similar lengths: four times as many are drawn, sorted by length, and one quarter is taken."""
        spans = []
        for k in rng.choice(len(self.weights), 4 * batch, p=self.weights):
            x = self.clips.clips[k].features
            start, length, known = draw_span(rng, len(x), config, how)
            spans.append((length, int(k), start, known))
        spans.sort(key=lambda span: span[0])
        quarter = int(rng.integers(4))
        spans = spans[quarter * batch : (quarter + 1) * batch]
        longest = spans[-1][0]
        x_BTF = np.empty((batch, longest, config.features), dtype=np.float32)
        real, known_BT = np.zeros((2, batch, longest), dtype=bool)
        for row, (length, k, start, known) in enumerate(spans):
            part = self.clips.clips[k].features[start : start + length]
            x_BTF[row, :length], x_BTF[row, length:] = part, still(part[-1])
            real[row, :length], known_BT[row, :length] = True, known
        text = np.stack([self.text[k][rng.integers(len(self.text[k]))] for _, k, _, _ in spans])
        affect = np.stack([self.clips.clips[k].condition for _, k, _, _ in spans])
        nothing, no_affect = rng.random((2, batch))
        text[nothing < how.drop_text] = 0
        affect[(nothing < how.drop_text) | (no_affect < how.drop_affect)] = 0
        return Batch(*map(torch.from_numpy, (x_BTF, real, known_BT, text, affect)))


def shares(clips: ClipSet, emotional: float) -> np.ndarray:
    """Factor on each clip's weight by which the emotional ones together are drawn with the chance `emotional`."""
    feels = np.array([c.emotional for c in clips.clips])
    for kind, wanted, there in (("with an", emotional > 0, feels.any()), ("without", emotional < 1, not feels.all())):
        if wanted and not there:
            raise InvalidInput(f"the data hold no clip {kind} emotion; look at the affects in index.jsonl")
    mass = clips.weights[feels].sum()
    return np.where(feels, emotional / max(mass, 1e-9), (1 - emotional) / max(1 - mass, 1e-9))


def draw_span(
    rng: np.random.Generator, frames: int, config: DenoiserConfig, how: DiffusionLoss
) -> tuple[int, int, np.ndarray]:
    """What is shown of a clip: start, length (a multiple of the patch), and which frames of it are known, (T,) bool."""
    patch = config.patch
    length = min(frames // patch * patch, config.max_frames)
    task = rng.random()
    if task < how.stream and length > CONTEXT + STREAM_FRAMES:
        length = CONTEXT + STREAM_FRAMES
        known_T = np.arange(length) < CONTEXT
    else:
        if length > 8 * patch and rng.random() < how.crop:
            length = int(rng.integers(length // patch // 2, length // patch + 1)) * patch
        begin, end = rng.integers(1, length // 3 + 1, 2)
        at = np.arange(length)
        between = task >= 1 - how.between
        known_T = (at < begin) & (task >= 1 - how.between - how.prefix) | (at >= length - end) & between
    return int(rng.integers(frames - length + 1)), length, known_T


def part_weights(how: DiffusionLoss) -> Tensor:
    """Weight of each feature (F,): a block's weight spread over its columns, all summing to one."""
    out = torch.zeros(rot272.DIM)
    for name, columns in rot272.SLICES.items():
        out[columns] = getattr(how, name) / (columns.stop - columns.start)
    return out / out.sum()


def denoise_loss(
    model: Denoiser, batch: Batch, schedule: NoiseSchedule, rng: np.random.Generator, how: DiffusionLoss
) -> tuple[Tensor, Scalars]:
    """Error of x_0 at uniformly drawn steps, as features and as what they mean for the body; and scalars to show.

    Known frames do not count as features. The geometry of a guess from almost pure noise says nothing, so its terms
    weigh as much as there is signal.
    """
    step_B = torch.from_numpy(rng.integers(0, schedule.steps, len(batch.x)))
    signal_B, noise_B = (torch.from_numpy(t).float()[step_B] for t in (schedule.signal, schedule.noise))
    truth = (batch.x - model.mean) / model.std
    given = batch.known[..., None]
    noisy = signal_B[:, None, None] * truth + noise_B[:, None, None] * torch.randn_like(truth)
    shown = torch.where(given, truth, noisy)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = spread(model, shown, batch.known.float(), step_B, batch.text, batch.affect, batch.real)
    made = torch.where(given | ~batch.real[..., None], truth, made.float())
    open_BT = (batch.real & ~batch.known).float()
    feature_B = ((made - truth).square() @ part_weights(how) * open_BT).sum(1) / open_BT.sum(1)
    motion = made * model.std + model.mean
    joints, joints_true = spread(heading_positions, motion), spread(heading_positions, batch.x)
    heading, heading_true = heading_angles(motion), heading_angles(batch.x)
    # Small errors of the increments add up over a clip, so the sums are compared too.
    path = root_path(motion, heading) - root_path(batch.x, heading_true)
    gaps = {
        "joint": (joints - joints_true).abs().mean((-1, -2)),
        "joint_velocity": fn.pad((joints - joints_true).diff(dim=1).abs().mean((-1, -2)), (1, 0)),
        "heading": (heading - heading_true).abs(),
        "path": path.abs().mean(-1),
    }
    share_BT = signal_B.square()[:, None] * open_BT / open_BT.sum(1, keepdim=True)
    terms = {name: (gap * share_BT).sum(1).mean() for name, gap in gaps.items()}
    total = feature_B.mean() + sum(getattr(how, name) * value for name, value in terms.items())
    shown_terms = {"loss": total, "feature": feature_B.mean(), "joint_mm": 1000 * terms["joint"]}
    shown_terms |= {"heading_mrad": 1000 * terms["heading"], "path_mm": 1000 * terms["path"]}
    return total, {name: float(value.detach()) for name, value in shown_terms.items()}


def generated_energy(model: Denoiser, clips: FeatureSet, *, seed: int = 0) -> float:
    """Energy of clips sampled for held-out captions and affects over that of the clips themselves."""
    sampler = DiffusionGenerator(
        {model.config.steps: TorchDenoiser(model)}, patch=model.config.patch, max_frames=model.config.max_frames
    )
    drawn = np.flatnonzero(clips.weights)
    made = real = 0.0
    for k in drawn[:: max(1, len(drawn) // CLIPS)]:
        clip = clips.clips.clips[k]
        frames = min(len(clip.features), model.config.max_frames)
        features = sampler.features(
            clips.text[k][0], clip.condition, frames, steps=model.config.steps,
            text_guidance=GUARD_GUIDANCE, emotion_guidance=GUARD_GUIDANCE, seed=seed + int(k),
        )  # fmt: skip
        made += energy(features)
        real += energy(clip.features[:frames])
    return made / real


def load_denoiser(path: Path) -> tuple[Denoiser, dict[str, object]]:
    """The averaged weights of a finished stage, in evaluation mode, and its checkpoint without the weights.

    Raises InvalidInput while it is not finished.
    """
    saved = checkpoint.load_finished(path)
    model = Averaged(Denoiser(DenoiserConfig(**saved["meta"]["model"])), 0.0)
    checkpoint.load_weights(model, saved["model"], path)
    return model.average.eval(), {k: saved[k] for k in ("meta", "step", "scalars")}


def train_diffusion(
    stage: str, recipe: DiffusionRecipe, data: Path | Sequence[Path], run: Path, *, seed: int,
    stop_after: int | None = None, init: Path | None = None,
) -> Scalars:  # fmt: skip
    """Train, resume or finish the denoiser of a stage of `STEPS` in `run`.

    `init` is a checkpoint of any stage of the same sizes whose averaged weights are the start; a recipe with emotional
    clips needs one. Raises InvalidInput without it, for data that lack what the recipe draws, and at the end for a
    generator that stands still.
    """
    if recipe.emotional and init is None:
        raise InvalidInput(f"recipe {recipe.name!r} goes on from a base; name its checkpoint with --init", field="init")
    clips, held_out = load_clips(data, "train"), load_clips(data, "val", mirror=False)
    spread = check_moving(clips)
    torch.manual_seed(seed)
    config, how, batch = replace(recipe.model, steps=STEPS[stage]), recipe.loss, recipe.schedule.batch
    mean, std = statistics(clips)
    shown = FeatureSet.of(clips, emotional=recipe.emotional)
    kept_back = FeatureSet.of(held_out, emotional=recipe.emotional)
    model = Averaged(Denoiser(config), recipe.average)
    for part in (model.model, model.average):
        part.mean.copy_(torch.from_numpy(mean))
        part.std.copy_(torch.from_numpy(std))
    origin = start_from(model, init)  # after the statistics: weights belong to the numbers they were learned with
    model.start_over()
    schedule = NoiseSchedule.cosine(config.steps)

    def loss(step: int) -> tuple[Tensor, Scalars]:
        model.follow(step)  # takes up the step before; the loop knows nothing of averages
        rng = step_rng(seed, step)
        return denoise_loss(model.model, shown.draw(rng, batch, config, how), schedule, rng, how)

    def validate() -> Scalars:
        rng = np.random.default_rng(0)
        torch.manual_seed(0)
        plain = replace(how, drop_text=0.0, drop_affect=0.0)
        found = [
            denoise_loss(model.average, kept_back.draw(rng, batch, config, plain), schedule, rng, plain)[1]
            for _ in range(_VALIDATION_BATCHES)
        ]
        return {name: float(np.mean([scalars[name] for scalars in found])) for name in found[0]}

    meta = {**recipe.part(stage), "seed": seed, "velocity_std": spread, "init_sha256": origin}
    scalars = train(Stage(stage, model, recipe.schedule, loss, validate, meta), run, stop_after=stop_after)
    if stop_after is None and not recipe.name.startswith("tiny"):
        scalars["generated_energy"] = generated_energy(model.average.eval(), kept_back)
        check_generated(scalars["generated_energy"])
    return scalars
