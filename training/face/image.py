"""`python -m training.face.image RUN`: the picture network, trained on renderings of the rig; with `--x2c ROOT --from
CHECKPOINT` it is tuned to pictures of a robot. A run that was stopped goes on where it stood.

Shapes: B faces of P people, K calm pictures of each, C controls, E width of the embedding, S picture side.
"""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sdk.console import run as run_command
from sdk.face.controls import ControlSchema
from training import checkpoint
from training.data import step_rng
from training.face.losses import MapperLoss, control_weights, mapper_loss
from training.face.metrics import figures, visible
from training.face.nets import ImageConfig, ImageNet
from training.face.pictures import PictureSet, augmented, centred, render_people, x2c_pictures
from training.face.train import ameca_sampler
from training.face.x2c import CHANNEL_ORDERS, MISSING, load_x2c
from training.face.x2c_splits import SPLITS, neighbour_report
from training.loop import Scalars, Stage, start_from, train
from training.recipes import StageRecipe

NAME = "image"
CALM_SHOWN = 2
"""Calm pictures whose embeddings stand for a person in training; the runtime takes the mean of more."""
TRAIN_SEED, HELD_OUT_SEED = 11, 1_000_011


@dataclass(frozen=True, kw_only=True)
class ImageRecipe:
    """Everything a picture network depends on but the seed and the pictures. people: in each batch."""

    kind: str = "mixed"
    range_set: str = "x2c"
    size: int = 96
    width: int = 18
    people: int = 16
    rendered: int = 500
    each: int = 20
    loss: MapperLoss = field(default_factory=MapperLoss)
    schedule: StageRecipe


RECIPES = {
    "full": ImageRecipe(
        schedule=StageRecipe(
            steps=3000, batch=96, rate=2e-3, warmup=150, weight_decay=0.02, validate_every=500, save_every=100
        )
    ),
    "tune": ImageRecipe(
        schedule=StageRecipe(
            steps=1500, batch=96, rate=4e-4, warmup=75, weight_decay=0.05, validate_every=300, save_every=100
        )
    ),
    "tiny": ImageRecipe(
        size=64, width=4, people=4, rendered=6, each=4,
        schedule=StageRecipe(steps=4, batch=8, rate=1e-3, warmup=1, validate_every=4, save_every=2),
    ),
}  # fmt: skip


def fit_image(
    recipe: ImageRecipe, pictures: PictureSet, others: PictureSet, schema: ControlSchema, run: Path, *, seed: int,
    stop_after: int | None = None, init: Path | None = None,
) -> Scalars:  # fmt: skip
    """Train, resume or finish the picture network in `run`, from the weights of `init` where given.

    Returns figures on `others`, pictures of people who are not in `pictures`.
    """
    torch.manual_seed(seed)
    model = ImageNet(ImageConfig(controls=len(schema), size=recipe.size, width=recipe.width))
    model.to(memory_format=torch.channels_last)  # half as slow again without
    origin = start_from(model, init)
    weight_C = control_weights(schema)
    of_person = [np.flatnonzero(pictures.person == p) for p in range(len(pictures.calm))]

    def loss(step: int) -> tuple[Tensor, Scalars]:
        rng = step_rng(seed, step)
        chosen, calm = batch(pictures, of_person, recipe, rng)
        shown = np.concatenate([calm.ravel(), chosen])
        x = augmented(pictures.pixels[shown], pictures.person[shown], recipe.size, rng)
        x = x.contiguous(memory_format=torch.channels_last)
        wanted, seen = wanted_of(pictures.values[chosen], schema, recipe.range_set)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            given = deviations(model, x, calm.shape, pictures.person[calm[:, 0]], pictures.person[chosen])
        value = mapper_loss(given, wanted, seen, weight_C, recipe.loss)
        return value, {"loss": float(value.detach())}

    def validate() -> Scalars:
        found = figures(schema, predict(model, others, schema, recipe.range_set), others.values, recipe.range_set)
        return {"nmae": found["nmae"], "nmae_mouth": found["nmae_mouth"], "r2": found["r2"]}

    meta = {
        "model": asdict(model.config), **{k: v for k, v in asdict(recipe).items() if k not in ("size", "width")},
        "seed": seed, "schema_sha256": schema.sha256, "init_sha256": origin, "pictures": len(pictures),
    }  # fmt: skip
    return train(Stage(NAME, model, recipe.schedule, loss, validate, meta), run, stop_after=stop_after)


def batch(
    pictures: PictureSet, of_person: list[NDArray[np.int64]], recipe: ImageRecipe, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pictures (B,) of a few people, in order of the people, and calm ones of each of these (P, K)."""
    people = np.sort(rng.choice(len(pictures.calm), min(recipe.people, len(pictures.calm)), replace=False))
    each = recipe.schedule.batch // len(people)
    chosen = [rng.choice(of_person[p], each) for p in people]
    calm = [rng.choice(pictures.calm[p], CALM_SHOWN, replace=False) for p in people]
    return np.concatenate(chosen), np.stack(calm)


def deviations(
    model: ImageNet, x: Tensor, calm: tuple[int, ...], people: NDArray[np.int64], person: NDArray[np.int64]
) -> Tensor:
    """Deviations (B, C) of pictures whose first P x K are the calm ones of `people` (P,); `person` (B,) says whose."""
    count = calm[0] * calm[1]
    embedding = model.embedding(x)
    neutral = embedding[:count].reshape(*calm, -1).mean(1)
    own = neutral[torch.from_numpy(np.searchsorted(people, person))]
    return model.read(embedding[count:], own)


def wanted_of(values: NDArray[np.float64], schema: ControlSchema, range_set: str) -> tuple[Tensor, Tensor]:
    """Wanted deviations, and 1 where a control can be seen, (B, C) each."""
    wanted = schema.deviations(values, range_set).astype(np.float32)
    return torch.from_numpy(wanted), torch.from_numpy(visible(schema, values).astype(np.float32))


@torch.no_grad()
def predict(model: ImageNet, pictures: PictureSet, schema: ControlSchema, range_set: str) -> NDArray[np.float64]:
    """Values (N, C) in the controls' own units, not clipped."""
    size = model.eval().config.size
    parts = [
        model.embedding(centred(part, size)) for part in np.array_split(pictures.pixels, max(1, len(pictures) // 64))
    ]
    embedding = torch.cat(parts)
    neutral = embedding[torch.from_numpy(pictures.calm)].mean(1)[torch.from_numpy(pictures.person)]
    return schema.values(model.read(embedding, neutral).double().numpy(), range_set)


def load_image(run: Path) -> tuple[ImageNet, dict[str, Any]]:
    """A trained network in evaluation mode, and its checkpoint. Raises InvalidInput for a missing or foreign one."""
    saved = checkpoint.load(run / f"{NAME}.pt")
    model = ImageNet(ImageConfig(**saved["meta"]["model"]))
    checkpoint.load_weights(model, saved["model"], run / f"{NAME}.pt")
    return model.eval().requires_grad_(False), saved


def rig_pictures(folder: Path, recipe: ImageRecipe) -> tuple[PictureSet, PictureSet]:
    """Renderings to train on, and of other people with held-out combinations."""
    sampler = ameca_sampler(recipe.range_set)
    train_set = render_people(folder, sampler, recipe.kind, people=recipe.rendered, each=recipe.each, seed=TRAIN_SEED)
    others = render_people(
        folder, sampler, recipe.kind, people=max(2, recipe.rendered // 12), each=recipe.each, seed=HELD_OUT_SEED,
        held_out=True,
    )  # fmt: skip
    return train_set, others


@click.command()
@click.argument("run", type=click.Path(file_okay=False, path_type=Path))
@click.option("--recipe", type=click.Choice(list(RECIPES)), help="Default: full, with --x2c tune.")
@click.option("--pictures", type=click.Path(file_okay=False, path_type=Path), help="Where renderings are kept.")
@click.option("--x2c", "root", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of X2C.")
@click.option(
    "--from", "init", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Checkpoint to tune."
)
@click.option("--split", default="block", show_default=True, type=click.Choice(list(SPLITS)), help="Of X2C.")
@click.option("--channel-order", default="rgb", show_default=True, type=click.Choice(CHANNEL_ORDERS), help="Of X2C.")
@click.option("--missing", default="refuse", show_default=True, type=click.Choice(MISSING), help="Pictures of X2C.")
@click.option("--steps", type=click.IntRange(1), help="Instead of the recipe's.")
@click.option("--seed", default=1, show_default=True)
def command(
    run: Path, recipe: str | None, pictures: Path | None, root: Path | None, init: Path | None, split: str,
    channel_order: str, missing: str, steps: int | None, seed: int,
) -> None:  # fmt: skip
    """Train, resume or finish the picture network in the folder RUN."""
    torch.set_num_threads(1)
    chosen = RECIPES[recipe or ("tune" if root else "full")]
    if steps is not None:
        chosen = replace(chosen, schedule=replace(chosen.schedule, steps=steps))
    schema = ameca_sampler(chosen.range_set).schema
    if root is None:
        train_set, others = rig_pictures(pictures or run / "pictures", chosen)
    else:
        data = load_x2c(root, schema, range_set=chosen.range_set, missing=missing)
        parts = SPLITS[split](data, schema, seed)
        click.echo(f"{len(data)} rows, rejected {data.rejected or 'none'}, outside the range set {data.outside}")
        click.echo(
            f"split {split}: " + ", ".join(f"{k} {v:.4g}" for k, v in neighbour_report(data, parts, schema).items())
        )
        train_set, others = (
            x2c_pictures(data, rows, schema, channel_order=channel_order) for rows in (parts.train, parts.val)
        )
    scalars = fit_image(chosen, train_set, others, schema, run, seed=seed, init=init)
    click.echo(", ".join(f"{key} {value:.4g}" for key, value in scalars.items()))


if __name__ == "__main__":
    run_command(command, name="python -m training.face.image")
