"""`python -m training.face.train RUN`: the landmark network, from features of a face to controls.

Every batch shows people who were never seen before and is a function of (seed, step); a run that was stopped goes on
where it stood. Shapes: B batch, F features, C controls.
"""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from torch import Tensor

from sdk.console import run as run_command
from sdk.errors import InvalidInput
from sdk.face.expressions import POSES_FILE, ameca_schema, load_poses
from training import checkpoint
from training.data import step_rng
from training.face.faces import INPUTS, FaceMaker, Faces, network_input
from training.face.found import CALM, FoundSet, find_people
from training.face.losses import MapperLoss, control_weights, landmark_response, mapper_loss
from training.face.metrics import figures, visible
from training.face.nets import LandmarkConfig, LandmarkNet
from training.face.samplers import KINDS, Sampler
from training.loop import Scalars, Stage, train
from training.recipes import StageRecipe

NAME = "landmarks"
PEOPLE = 32
"""In each batch, with equally many faces each."""
FOUND_PEOPLE, FOUND_EACH, FOUND_SEED = 160, 24, 21
FOUND_JITTER = 0.15
"""Noise on found faces, in standard deviations of each number: there are few, and else they are learned by heart."""
_STEP = 0.02
_VALIDATION_SEED = 1_000_003


@dataclass(frozen=True, kw_only=True)
class LandmarkRecipe:
    """Everything a landmark network depends on but the seed.

    kind: how faces are drawn. input: see `network_input`. found: share of a batch that the real face finder saw.
    """

    kind: str = "mixed"
    input: str = "relative"
    range_set: str = "x2c"
    width: int = 256
    blocks: int = 2
    found: float = 0.0
    loss: MapperLoss = field(default_factory=MapperLoss)
    schedule: StageRecipe


RECIPES = {
    "full": LandmarkRecipe(
        found=0.25,
        schedule=StageRecipe(steps=8000, batch=512, rate=1e-3, weight_decay=1e-3, validate_every=1000, save_every=500),
    ),
    "ablation": LandmarkRecipe(
        schedule=StageRecipe(steps=1000, batch=512, rate=1.5e-3, weight_decay=1e-3, warmup=100, validate_every=1000)
    ),
}


def ameca_sampler(range_set: str = "x2c") -> Sampler:
    """Draws faces of Ameca."""
    return Sampler(load_poses(ameca_schema(), POSES_FILE), range_set)


def train_landmarks(
    recipe: LandmarkRecipe, run: Path, *, seed: int, found: FoundSet | None = None, stop_after: int | None = None
) -> Scalars:
    """Train, resume or finish the landmark network in `run`. Returns figures on new people.

    found: faces for the recipe's share of them. Raises InvalidInput when they are lacking.
    """
    if recipe.found and found is None:
        raise InvalidInput("the recipe wants faces as the face finder sees them; name their folder with --found")
    sampler = ameca_sampler(recipe.range_set)
    maker = FaceMaker(sampler)
    first = maker.draw(recipe.kind, np.random.default_rng(seed), people=256, each=8)
    if found is not None:
        first = together(first, found.faces(np.random.default_rng(seed), round(recipe.found * len(first.values))))
    x_NF = network_input(first, recipe.input)
    torch.manual_seed(seed)
    model = LandmarkNet(
        LandmarkConfig(features=x_NF.shape[1], controls=len(sampler.schema), width=recipe.width, blocks=recipe.blocks)
    )
    model.mean.copy_(torch.from_numpy(x_NF.mean(0)))
    model.std.copy_(torch.from_numpy(np.maximum(x_NF.std(0), 1e-6)))
    weight_C = control_weights(sampler.schema)
    response_CR = response(maker) if recipe.loss.closed_loop else None
    others = maker.draw(recipe.kind, np.random.default_rng(_VALIDATION_SEED), people=64, each=16)

    def loss(step: int) -> tuple[Tensor, Scalars]:
        rng = step_rng(seed, step)
        count = round(recipe.found * recipe.schedule.batch)
        faces = maker.draw(recipe.kind, rng, people=PEOPLE, each=(recipe.schedule.batch - count) // PEOPLE)
        if found is not None:
            faces = together(faces, found.faces(rng, count))
        wanted, shown = targets(faces, sampler)
        x_BF = torch.from_numpy(network_input(faces, recipe.input))
        x_BF[len(x_BF) - count :] += FOUND_JITTER * model.std * torch.randn(count, x_BF.shape[1])
        given, _ = model(x_BF)
        value = mapper_loss(given, wanted, shown, weight_C, recipe.loss, response_CR)
        return value, {"loss": float(value.detach())}

    def validate() -> Scalars:
        given = predict(model, others, recipe.input, sampler)
        errors = figures(sampler.schema, given, others.values, sampler.range_set)
        return {key: errors[key] for key in ("nmae", "nmae_mouth", "r2")}

    meta = {
        "model": asdict(model.config), **{k: v for k, v in asdict(recipe).items() if k not in ("width", "blocks")},
        "seed": seed, "schema_sha256": sampler.schema.sha256,
        "found_faces": 0 if found is None else int(found.sure[:, CALM:].sum()),
    }  # fmt: skip
    return train(Stage(NAME, model, recipe.schedule, loss, validate, meta), run, stop_after=stop_after)


def trained_with(folder: Path, recipe: dict[str, Any]) -> FoundSet:
    """The faces as the face finder sees them that a recipe (its fields by name) is trained with."""
    sampler = ameca_sampler(recipe["range_set"])
    return find_people(folder, sampler, recipe["kind"], people=FOUND_PEOPLE, each=FOUND_EACH, seed=FOUND_SEED)


def together(first: Faces, second: Faces) -> Faces:
    """Faces of both."""
    parts = zip(*((one.seen, one.neutral, one.values) for one in (first, second)), strict=True)
    return Faces(*(np.concatenate(pair) for pair in parts))


def targets(faces: Faces, sampler: Sampler) -> tuple[Tensor, Tensor]:
    """Wanted deviations (B, C), and 1 where a control can be seen (B, C)."""
    wanted = sampler.schema.deviations(faces.values, sampler.range_set).astype(np.float32)
    return torch.from_numpy(wanted), torch.from_numpy(visible(sampler.schema, faces.values).astype(np.float32))


def response(maker: FaceMaker) -> Tensor:
    """How what is seen answers to each control at rest, over a few people; see `landmark_response`."""
    schema, range_set = maker.sampler.schema, maker.sampler.range_set
    inward = np.where(schema.neutral >= schema.bounds(range_set)[1], -1.0, 1.0)  # a shut jaw only opens
    deviations = np.concatenate([_STEP * np.diag(inward), np.zeros((1, len(schema)))])
    faces = maker.show(np.tile(schema.values(deviations, range_set), (128, 1, 1)), np.random.default_rng(0))
    moved = network_input(faces, "relative").reshape(128, len(schema) + 1, -1).mean(0, dtype=float)
    return landmark_response(moved, _STEP) * torch.from_numpy(inward).float()[:, None]


@torch.no_grad()
def predict(model: LandmarkNet, faces: Faces, kind: str, sampler: Sampler) -> np.ndarray:
    """Values (N, C) in the controls' own units, not clipped."""
    given, _ = model.eval()(torch.from_numpy(network_input(faces, kind)))
    return sampler.schema.values(given.double().numpy(), sampler.range_set)


def load_landmarks(run: Path) -> tuple[LandmarkNet, dict[str, Any]]:
    """A network in evaluation mode, and its checkpoint. Raises InvalidInput for a missing or foreign one."""
    saved = checkpoint.load(run / f"{NAME}.pt")
    model = LandmarkNet(LandmarkConfig(**saved["meta"]["model"]))
    checkpoint.load_weights(model, saved["model"], run / f"{NAME}.pt")
    return model.eval().requires_grad_(False), saved


@click.command()
@click.argument("run", type=click.Path(file_okay=False, path_type=Path))
@click.option("--recipe", default="full", show_default=True, type=click.Choice(list(RECIPES)))
@click.option("--kind", default="mixed", show_default=True, type=click.Choice(KINDS), help="How faces are drawn.")
@click.option("--input", "inputs", default="relative", show_default=True, type=click.Choice(INPUTS))
@click.option("--steps", type=click.IntRange(1), help="Instead of the recipe's.")
@click.option("--closed-loop", default=0.0, show_default=True, help="Weight of the landmark loss.")
@click.option(
    "--found", type=click.Path(file_okay=False, path_type=Path),
    help="Folder for faces as the face finder sees them; made when they are not there, in half an hour of one core.",
)  # fmt: skip
@click.option("--seed", default=1, show_default=True)
def command(
    run: Path, recipe: str, kind: str, inputs: str, steps: int | None, closed_loop: float, found: Path | None, seed: int
) -> None:
    """Train, resume or finish the landmark network in the folder RUN."""
    torch.set_num_threads(1)
    base = RECIPES[recipe]
    schedule = base.schedule if steps is None else replace(base.schedule, steps=steps)
    chosen = replace(base, kind=kind, input=inputs, schedule=schedule, loss=replace(base.loss, closed_loop=closed_loop))
    faces = None if found is None else trained_with(found, asdict(chosen))
    scalars = train_landmarks(chosen, run, seed=seed, found=faces)
    click.echo(", ".join(f"{key} {value:.4g}" for key, value in scalars.items()))


if __name__ == "__main__":
    run_command(command, name="python -m training.face.train")
