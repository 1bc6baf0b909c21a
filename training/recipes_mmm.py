"""Recipes of the generator MMM: one large codebook and a masked transformer (Pinyoanuntapong et al., CVPR 2024).

`cpu` trains both stages in about forty minutes on one core.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sdk.errors import InvalidInput
from sdk.runtime.decode import Schedule
from training.models.rvq import RvqConfig
from training.models.transformer import TransformerConfig
from training.recipes import RvqLoss, StageRecipe, TokenLoss

SCHEDULE = Schedule(iterations=10, residual_layers=0, temperature=1.0, choice_temperature=8.0)
"""How an MMM is decoded, with GUIDANCE, where its training is guarded and in the collapse study."""
GUIDANCE = 3.0
"""Scale of classifier-free guidance, for text and emotion alike."""


@dataclass(frozen=True, kw_only=True)
class MmmLoss(TokenLoss):
    """How tokens are hidden from the transformer.

    corruption: `mmm` makes a share `random_share` of all tokens random codes, then masks a share drawn evenly from
    `least_mask`..1, and judges every token; `momask` is `train_tokens.masked_loss`.
    """

    corruption: Literal["mmm", "momask"] = "mmm"
    random_share: float = 0.5
    least_mask: float = 0.5


@dataclass(frozen=True, kw_only=True)
class MmmRecipe:
    """Sizes, schedules and losses of the stages `mmm_vq` and `mmm`."""

    name: str
    mmm_vq_model: RvqConfig
    mmm_model: TransformerConfig
    mmm_vq: StageRecipe
    mmm: StageRecipe
    vq_loss: RvqLoss = field(default_factory=lambda: RvqLoss(quantise_dropout=0.0))
    token_loss: MmmLoss = field(default_factory=MmmLoss)

    def part(self, stage: str) -> dict[str, Any]:
        """What one stage depends on, as a checkpoint keeps it: a change elsewhere does not stop it from resuming."""
        loss = self.vq_loss if stage == "mmm_vq" else self.token_loss
        parts = {"model": getattr(self, f"{stage}_model"), "schedule": getattr(self, stage), "loss": loss}
        return {"recipe": self.name, **{name: asdict(value) for name, value in parts.items()}}


CODES = 1024
_SHORT = StageRecipe(steps=30, batch=8, rate=1e-3, warmup=5, validate_every=10, save_every=10)

MMM_RECIPES = {
    "cpu": MmmRecipe(
        name="cpu",
        mmm_vq_model=RvqConfig(codes=CODES, code_width=32, layers=1),
        mmm_model=TransformerConfig(codes=CODES, quantisers=1),
        mmm_vq=StageRecipe(steps=2400, batch=32, rate=4e-4),
        mmm=StageRecipe(steps=4000, batch=32, rate=5e-4, weight_decay=0.01),
    ),
    "tiny": MmmRecipe(
        name="tiny",
        mmm_vq_model=RvqConfig(width=32, codes=64, code_width=8, layers=1),
        mmm_model=TransformerConfig(codes=64, quantisers=1, width=32, heads=2, layers=2, hidden=64),
        mmm_vq=_SHORT,
        mmm=_SHORT,
    ),
}
"""`tiny` exists for tests. MMM itself has 8,192 codes x 32 and 236 M parameters, for 28 hours of motion."""


def mmm_recipe_named(name: str) -> MmmRecipe:
    """Recipe by name; raises InvalidInput that lists the known ones."""
    if name not in MMM_RECIPES:
        raise InvalidInput(f"recipe {name!r} is unknown for MMM; known: {', '.join(MMM_RECIPES)}", field="recipe")
    return MMM_RECIPES[name]
