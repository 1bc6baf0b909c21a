"""Recipes of the diffusion generator: every number of a training run in one place.

Training has two phases. `cpu` makes the base from clips without an emotion, `cpu-emotion` goes on from it (`--init`)
with half of each batch from emotional clips and half as before, so that the base's abilities stay.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sdk.errors import InvalidInput
from training.models.diffusion import DenoiserConfig
from training.recipes import StageRecipe

STEPS = {"mdm50": 50, "mdm10": 10}
"""Stages: a model of its own for each number of denoising steps."""


@dataclass(frozen=True, kw_only=True)
class DiffusionLoss:
    """What a batch shows, what is compared, and how strongly.

    drop_text, drop_affect: how often both are left out, and the affect alone. crop: how often a part of a clip is
    shown. stream: how often it is a part of 20 known and 40 unknown frames; prefix, between: how often else the
    beginning, or the beginning and the end, are known. Every block of the representation has a weight of its own,
    whatever its width. joint, joint_velocity, heading, path: per metre, metre a frame, radian and metre, times the
    share of signal.
    """

    drop_text: float = 0.1
    drop_affect: float = 0.1
    crop: float = 0.3
    stream: float = 0.2
    prefix: float = 0.15
    between: float = 0.15
    root_velocity: float = 1.0
    heading_change: float = 0.3
    positions: float = 0.5
    velocities: float = 0.5
    rotations: float = 1.5
    joint: float = 2.0
    joint_velocity: float = 20.0
    heading: float = 1.0
    path: float = 0.5


@dataclass(frozen=True, kw_only=True)
class DiffusionRecipe:
    """Sizes, schedule and loss. emotional: share of emotional clips in a batch; 0 trains a base, more goes on from one.

    average: decay of the moving average of the weights.
    """

    name: str
    schedule: StageRecipe
    model: DenoiserConfig = field(default_factory=DenoiserConfig)
    loss: DiffusionLoss = field(default_factory=DiffusionLoss)
    emotional: float = 0.0
    average: float = 0.999

    def part(self, stage: str) -> dict[str, Any]:
        """What a stage depends on, as a checkpoint keeps it."""
        model = replace(self.model, steps=STEPS[stage])
        parts = {"model": asdict(model), "schedule": asdict(self.schedule), "loss": asdict(self.loss)}
        return {"recipe": self.name, **parts, "emotional": self.emotional, "average": self.average}


_TINY = DenoiserConfig(width=32, heads=2, layers=2, hidden=64)
_SHORT = StageRecipe(steps=30, batch=8, rate=1e-3, warmup=5, validate_every=10, save_every=10)

DIFFUSION_RECIPES = {
    recipe.name: recipe
    for recipe in (
        DiffusionRecipe(name="cpu", schedule=StageRecipe(steps=6000, batch=64, rate=8e-4, weight_decay=0.01)),
        DiffusionRecipe(
            name="cpu-emotion",
            schedule=StageRecipe(steps=2500, batch=64, rate=3e-4, weight_decay=0.01),
            emotional=0.5,
        ),
        DiffusionRecipe(name="tiny", model=_TINY, schedule=_SHORT),
        DiffusionRecipe(name="tiny-emotion", model=_TINY, schedule=_SHORT, emotional=0.5),
    )
}
"""`tiny` exists for tests."""


def diffusion_recipe_named(name: str) -> DiffusionRecipe:
    """Recipe by name; raises InvalidInput that lists the known ones."""
    if name not in DIFFUSION_RECIPES:
        known = ", ".join(DIFFUSION_RECIPES)
        raise InvalidInput(f"recipe {name!r} of the diffusion is unknown; known: {known}", field="recipe")
    return DIFFUSION_RECIPES[name]
