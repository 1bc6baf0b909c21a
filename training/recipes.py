"""Recipes: every number of a training run in one place.

`cpu` trains all three stages on two cores in an evening.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from sdk.errors import InvalidInput
from training.models.rvq import RvqConfig
from training.models.transformer import TransformerConfig


@dataclass(frozen=True, kw_only=True)
class StageRecipe:
    """How one stage is trained: AdamW, linear warm-up, cosine decay to a hundredth of the rate."""

    steps: int
    batch: int
    rate: float
    warmup: int = 300
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    validate_every: int = 500
    save_every: int = 500


@dataclass(frozen=True, kw_only=True)
class RvqLoss:
    """Windows and weights of the RVQ-VAE's loss."""

    window_frames: int = 64
    quantise_dropout: float = 0.2
    commit: float = 0.05
    joint: float = 10.0
    joint_velocity: float = 4.0
    heading: float = 1.0
    path: float = 0.5


@dataclass(frozen=True, kw_only=True)
class TokenLoss:
    """How often the token transformers train without a condition, with a random code, or on a part of a clip.

    words: the emotion stands as a word in the caption and not in the affect; what typed emotions are compared with.
    """

    words: bool = False
    drop_text: float = 0.1
    drop_affect: float = 0.1
    random_code: float = 0.1
    crop: float = 0.3


EMOTION_LOSSES = ("tokens", "paper", "contrast", "feature")


@dataclass(frozen=True, kw_only=True)
class EmotionLoss:
    """What a token transformer learns of emotion; see `training.losses`.

    kind: `tokens` is the cross-entropy alone, where the emotion is one more condition; `paper` is equation 3 of
    EMo-Mask alone; `contrast` and `feature` add a term to the cross-entropy. weight: of that term, and lambda_MSE of
    `paper`. contrast, margin: lambda_con and the margin of `paper`. temperature: of `contrast`.
    """

    kind: str = "tokens"
    weight: float = 0.5
    contrast: float = 0.1
    margin: float = 1.0
    temperature: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One whole generator: sizes, schedules and losses of the three stages."""

    name: str
    rvq_model: RvqConfig = field(default_factory=RvqConfig)
    masked_model: TransformerConfig = field(default_factory=TransformerConfig)
    residual_model: TransformerConfig = field(default_factory=TransformerConfig)
    rvq: StageRecipe
    masked: StageRecipe
    residual: StageRecipe
    rvq_loss: RvqLoss = field(default_factory=RvqLoss)
    token_loss: TokenLoss = field(default_factory=TokenLoss)
    emotion_loss: EmotionLoss = field(default_factory=EmotionLoss)

    def part(self, stage: str) -> dict[str, Any]:
        """What one stage depends on, as a checkpoint keeps it: a change elsewhere does not stop it from resuming."""
        parts = {"model": getattr(self, f"{stage}_model"), "schedule": getattr(self, stage)}
        parts |= {"loss": self.rvq_loss} if stage == "rvq" else {"loss": self.token_loss, "emotion": self.emotion_loss}
        return {"recipe": self.name, **{name: asdict(value) for name, value in parts.items()}}


RECIPES = {
    "cpu": Recipe(
        name="cpu",
        rvq=StageRecipe(steps=6000, batch=64, rate=4e-4),
        masked=StageRecipe(steps=4000, batch=64, rate=6e-4, weight_decay=0.01),
        residual=StageRecipe(steps=3200, batch=64, rate=6e-4, weight_decay=0.01),
    ),
    "refine": Recipe(
        name="refine",
        rvq=StageRecipe(steps=6000, batch=64, rate=2e-4, warmup=100),
        masked=StageRecipe(steps=2000, batch=64, rate=3e-4, warmup=100, weight_decay=0.01),
        residual=StageRecipe(steps=2000, batch=64, rate=3e-4, warmup=100, weight_decay=0.01),
    ),
    "full": Recipe(
        name="full",
        rvq_model=RvqConfig(width=512, code_width=512),
        masked_model=TransformerConfig(width=384, heads=6, layers=8, hidden=1024),
        residual_model=TransformerConfig(width=384, heads=6, layers=8, hidden=1024),
        rvq=StageRecipe(steps=150_000, batch=256, rate=2e-4, warmup=2000, validate_every=2000, save_every=2000),
        masked=StageRecipe(
            steps=100_000, batch=128, rate=2e-4, warmup=2000, weight_decay=0.01, validate_every=2000, save_every=2000
        ),
        residual=StageRecipe(
            steps=100_000, batch=128, rate=2e-4, warmup=2000, weight_decay=0.01, validate_every=2000, save_every=2000
        ),
    ),
    "tiny": Recipe(
        name="tiny",
        rvq_model=RvqConfig(width=32, codes=16, code_width=16, layers=3),
        masked_model=TransformerConfig(codes=16, quantisers=3, width=32, heads=2, layers=2, hidden=64),
        residual_model=TransformerConfig(codes=16, quantisers=3, width=32, heads=2, layers=2, hidden=64),
        rvq=StageRecipe(steps=30, batch=8, rate=1e-3, warmup=5, validate_every=10, save_every=10),
        masked=StageRecipe(steps=30, batch=8, rate=1e-3, warmup=5, validate_every=10, save_every=10),
        residual=StageRecipe(steps=30, batch=8, rate=1e-3, warmup=5, validate_every=10, save_every=10),
    ),
}
"""`refine` goes on from a `cpu` run (--init), with other data or for longer; `full` follows the published sizes and is
meant for a GPU; `tiny` exists for tests.
"""


def recipe_named(name: str) -> Recipe:
    """Recipe by name; raises InvalidInput that lists the known ones."""
    if name not in RECIPES:
        raise InvalidInput(f"recipe {name!r} is unknown; known: {', '.join(RECIPES)}", field="recipe")
    return RECIPES[name]
