"""Stage 1: the RVQ-VAE. Shapes: B batch, T frames, F features, J joints, Q quantiser layers, C codes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as fn
from torch import Tensor

from sdk.errors import InvalidInput
from training.data import ClipSet, check_moving, draw_windows, load_clips, statistics, step_rng
from training.kinematics import heading_angles, heading_positions, root_path, turned
from training.loop import Scalars, Stage, start_from, train
from training.models.rvq import DOWNSAMPLING, Rvq
from training.parallel import spread
from training.recipes import Recipe, RvqLoss

MIN_CODE_USE = 0.6
MOTION_ENERGY_FLOOR = 0.7


def reconstruct(model: Rvq, features: np.ndarray, affect: np.ndarray | None = None) -> tuple[Tensor, Tensor]:
    """One clip (T, F) -> its reconstruction (T', F), T' = T cut to a multiple of 4, and tokens (Q, N)."""
    x_1TF = torch.from_numpy(features[None, : len(features) // DOWNSAMPLING * DOWNSAMPLING])
    tokens_1QN = model.encode(x_1TF)
    affect_1E = None if affect is None else torch.from_numpy(affect)[None]
    return model.decode(tokens_1QN, affect_1E)[0], tokens_1QN[0]


def evaluate(model: Rvq, clips: ClipSet, *, limit: int | None = None) -> Scalars:
    """Held-out figures: MPJPE (mm, pelvis aligned, by forward kinematics, the heading summed up from the clip's start),
    code use of the least used layer, motion energy ratio.
    """
    picks = clips.clips if limit is None else clips.clips[:: max(1, len(clips.clips) // limit)]
    error, frames = 0.0, 0
    used = [torch.zeros(model.config.codes, dtype=torch.bool) for _ in range(model.config.layers)]
    energy = np.zeros(2)
    for clip in picks:
        x_TF, tokens_QN = reconstruct(model, clip.features, clip.condition if model.config.emotion else None)
        truth = torch.from_numpy(clip.features[: len(x_TF)])
        real, made = heading_positions(truth), heading_positions(x_TF)
        made, real = turned(made, heading_angles(x_TF)), turned(real, heading_angles(truth))
        difference = (made - made[:, :1]) - (real - real[:, :1])
        error += float(difference.norm(dim=-1).mean(-1).sum())
        frames += len(x_TF)
        energy += [float(p.diff(dim=0).norm(dim=-1).sum()) for p in (made, real)]
        for layer, tokens in enumerate(tokens_QN):
            used[layer][tokens] = True
    use = [float(u.float().mean()) for u in used]
    return {"mpjpe_mm": 1000 * error / frames, "code_use_min": min(use), "energy_ratio": float(energy[0] / energy[1])}


def reconstruction_loss(
    model: Rvq, x_BTF: Tensor, affect_BE: Tensor, weights: RvqLoss, *, keep_layers: int
) -> tuple[Tensor, Scalars]:
    """Loss of windows (B, T, F) in their own units that pass the first `keep_layers` quantisers, and what to show."""
    normal = (x_BTF - model.mean) / model.std
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = model(normal, affect_BE if model.config.emotion else None, keep_layers=keep_layers)
    made = out.features.float()
    feature = fn.smooth_l1_loss(made, normal)
    # The rotations are what is decoded in the end, so their forward kinematics is what must be right.
    motion = made * model.std + model.mean
    joints, truth = spread(heading_positions, motion), spread(heading_positions, x_BTF)
    joint = (joints - truth).abs().mean()
    velocity = (joints.diff(dim=1) - truth.diff(dim=1)).abs().mean()
    total = feature + weights.commit * out.commit
    # Small errors of the increments add up over a clip, so the sums are compared too.
    heading, true_heading = heading_angles(motion), heading_angles(x_BTF)
    drift = (heading - true_heading).abs().mean()
    path = (root_path(motion, heading) - root_path(x_BTF, true_heading)).abs().mean()
    total = total + weights.joint * joint + weights.joint_velocity * velocity
    total = total + weights.heading * drift + weights.path * path
    shown = {"loss": total, "feature": feature, "joint_mm": 1000 * joint, "commit": out.commit}
    shown |= {"heading_mrad": 1000 * drift, "path_mm": 1000 * path}
    return total, {k: float(v.detach()) for k, v in shown.items()}


def train_rvq(
    recipe: Recipe, data: Path | Sequence[Path], run: Path, *, seed: int, stop_after: int | None = None,
    init: Path | None = None,
) -> Scalars:  # fmt: skip
    """Train, resume or finish the RVQ-VAE in `run`, from the weights of the checkpoint `init` where one is given.

    Raises InvalidInput at the end for dead codes and static motion.
    """
    clips, held_out = load_clips(data, "train"), load_clips(data, "val", mirror=False)
    spread = check_moving(clips)
    torch.manual_seed(seed)
    model = Rvq(recipe.rvq_model)
    mean, std = statistics(clips)
    model.mean.copy_(torch.from_numpy(mean))
    model.std.copy_(torch.from_numpy(std))
    origin = start_from(model, init)  # after the statistics: weights belong to the numbers they were learned with

    weights = recipe.rvq_loss

    def loss(step: int) -> tuple[Tensor, Scalars]:
        rng = step_rng(seed, step)
        x_BTF, affect_BE = draw_windows(clips, rng, recipe.rvq.batch, weights.window_frames)
        layers = recipe.rvq_model.layers
        keep = int(rng.integers(1, layers + 1)) if rng.random() < weights.quantise_dropout else layers
        return reconstruction_loss(model, x_BTF, affect_BE, weights, keep_layers=keep)

    meta = {**recipe.part("rvq"), "seed": seed, "velocity_std": spread, "init_sha256": origin}
    stage = Stage("rvq", model, recipe.rvq, loss, lambda: evaluate(model, held_out, limit=200), meta)
    scalars = train(stage, run, stop_after=stop_after)
    if stop_after is None and recipe.name != "tiny":
        check_result(scalars)
    return scalars


def check_result(scalars: Scalars) -> None:
    """Raises InvalidInput when a finished RVQ-VAE let its codes die or its motion freeze."""
    use, energy = scalars["code_use_min"], scalars["energy_ratio"]
    if use < MIN_CODE_USE:
        raise InvalidInput(f"dead codebook: only {use:.0%} of a layer's codes are used on held-out takes")
    if energy < MOTION_ENERGY_FLOOR:
        raise InvalidInput(f"static motion: reconstructions move {energy:.0%} as much as the real clips")
