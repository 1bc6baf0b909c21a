"""What every stage's training has in common: optimiser, schedule, resuming, progress, TensorBoard."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from sdk.errors import InvalidInput
from training import checkpoint, parallel
from training.recipes import StageRecipe

Scalars = dict[str, float]


@dataclass(frozen=True)
class Stage:
    """One thing to train.

    loss(step) -> (loss to descend, scalars to show); validate() -> scalars; meta: what the checkpoint says of itself.
    """

    name: str
    model: nn.Module
    recipe: StageRecipe
    loss: Callable[[int], tuple[Tensor, Scalars]]
    validate: Callable[[], Scalars]
    meta: dict[str, Any]


def learning_rate(recipe: StageRecipe, step: int) -> float:
    """Linear warm-up, then a cosine down to one hundredth."""
    if step < recipe.warmup:
        return recipe.rate * (step + 1) / recipe.warmup
    done = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    return recipe.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


def start_from(model: nn.Module, init: Path | None) -> str:
    """Fill `model` with the weights of the checkpoint `init` and return the file's hash; without one, do nothing.

    Raises InvalidInput for a checkpoint that cannot be read or is of another size.
    """
    if init is None:
        return ""
    checkpoint.load_weights(model, checkpoint.load(init)["model"], init)
    return hashlib.sha256(init.read_bytes()).hexdigest()


def _show(writer: SummaryWriter | None, kind: str, scalars: Scalars, done: int) -> None:
    if writer is not None:
        for key, value in scalars.items():
            writer.add_scalar(f"{kind}/{key}", value, done)


def train(stage: Stage, folder: Path, *, stop_after: int | None = None) -> Scalars:
    """Train to the recipe's last step, or for `stop_after` steps, resuming from `folder/<name>.pt` when it is there.

    A run that was stopped and resumed ends with the same weights, bit for bit, as one that was not. Several processes
    (`training.parallel`) share each batch; any number of them resumes what any other began. Returns the last
    validation's scalars. Raises InvalidInput when the checkpoint belongs to another recipe, when the loss is lost, and
    when the batch cannot be divided among the processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stage.name}.pt"
    decay = [p for p in stage.model.parameters() if p.ndim >= 2]
    rest = [p for p in stage.model.parameters() if p.ndim < 2]
    optimiser = torch.optim.AdamW(
        [{"params": decay, "weight_decay": stage.recipe.weight_decay}, {"params": rest, "weight_decay": 0.0}],
        lr=stage.recipe.rate, betas=(0.9, 0.99), fused=True,
    )  # fmt: skip
    start, scalars = 0, Scalars()
    if path.exists():
        saved = checkpoint.load(path)
        if saved["meta"] != stage.meta:
            different = sorted(k for k in stage.meta if saved["meta"].get(k) != stage.meta[k])
            raise InvalidInput(f"{path} was made with other settings ({', '.join(different)}); use another folder")
        checkpoint.load_weights(stage.model, saved["model"], path)
        optimiser.load_state_dict(saved["optimiser"])
        start, scalars = saved["step"], saved["scalars"]
    parallel.check(stage.recipe.batch, start)
    last = stage.recipe.steps if stop_after is None else min(stage.recipe.steps, start + stop_after)
    place = str(folder / "tensorboard" / stage.name)
    writer = SummaryWriter(place, purge_step=start) if parallel.is_main() else None
    bar = tqdm(range(start, last), initial=start, total=stage.recipe.steps, desc=stage.name, unit="step", mininterval=5)
    for step in bar:
        stage.model.train()
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(stage.recipe, step)
        loss, shown = stage.loss(step)
        if not torch.isfinite(loss):
            raise InvalidInput(f"{stage.name}: the loss is {loss.item()} at step {step}; lower the rate and resume")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        parallel.average_gradients(stage.model)
        norm = nn.utils.clip_grad_norm_(stage.model.parameters(), stage.recipe.clip_norm)
        optimiser.step()
        done = step + 1
        if done % 50 == 0:
            bar.set_postfix({k: f"{v:.3g}" for k, v in shown.items()})
            extra = {"gradient_norm": float(norm), "rate": learning_rate(stage.recipe, step)}
            _show(writer, "train", {**shown, **extra}, done)
        if done % stage.recipe.validate_every == 0 or done == stage.recipe.steps:
            stage.model.eval()
            with torch.no_grad():
                scalars = stage.validate()
            tqdm.write(f"{stage.name} {done}: " + ", ".join(f"{k} {v:.4g}" for k, v in scalars.items()))
            _show(writer, "val", scalars, done)
        if parallel.is_main() and (done % stage.recipe.save_every == 0 or done == last):
            state = {"model": stage.model.state_dict(), "optimiser": optimiser.state_dict()}
            checkpoint.save(path, **state, step=done, scalars=scalars, meta=stage.meta)
    if writer is not None:
        writer.close()
    parallel.wait()  # the checkpoint may be read next
    return scalars
