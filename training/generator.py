"""A whole generator in torch: what a finished run holds."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sdk.errors import InvalidInput
from training import checkpoint
from training.models.rvq import Rvq
from training.models.transformer import MaskedTransformer, ResidualTransformer, TransformerConfig
from training.train_tokens import build, load_rvq


@dataclass(frozen=True, eq=False)
class Generator:
    """The models of a run, in evaluation mode, and what their checkpoints say of themselves. MMM has no residual.

    distilled: a masked transformer with guidance in its weights, beside the one that is told its guidance.
    """

    rvq: Rvq
    masked: MaskedTransformer
    residual: ResidualTransformer | None
    meta: dict[str, Any]
    distilled: MaskedTransformer | None = None

    @property
    def points(self) -> list[str]:
        """Where the EmotionEmbedder enters."""
        inside = {
            "mask": self.masked.config.emotion,
            "residual": self.residual is not None and self.residual.config.emotion,
            "vq": self.rvq.config.emotion,
        }  # fmt: skip
        return [point for point, there in inside.items() if there]

    @classmethod
    def load(cls, run: Path) -> "Generator":
        """Load the checkpoints of a run. Raises InvalidInput when one is missing, unfinished or of another RVQ-VAE."""
        rvq, digest = load_rvq(run)
        models: dict[str, Any] = {}
        meta = {"rvq": checkpoint.load_finished(run / "rvq.pt")}
        for stage in ("masked", "residual"):
            path = run / f"{stage}.pt"
            saved = checkpoint.load_finished(path)
            if saved["meta"]["rvq_sha256"] != digest:
                raise InvalidInput(f"{path} was trained on the tokens of another RVQ-VAE; train it again")
            models[stage] = build(stage, TransformerConfig(**saved["meta"]["model"]))
            checkpoint.load_weights(models[stage], saved["model"], path)
            models[stage].eval().requires_grad_(False)
            meta[stage] = saved
        facts = {stage: {k: m[k] for k in ("meta", "step", "scalars")} for stage, m in meta.items()}
        return cls(rvq, models["masked"], models["residual"], facts)

    def with_student(self, run: Path) -> "Generator":
        """This one with the masked transformer of a run of `training.distill` beside its own, and with that run's
        residual one, which has its guidance in the weights.

        Raises InvalidInput when that run is unfinished, was not distilled, or is of another RVQ-VAE.
        """
        student = Generator.load(run)
        meta = student.meta["masked"]
        if "distilled" not in meta["meta"]:
            raise InvalidInput(f"{run} was not distilled; make it with training.distill")
        if meta["meta"]["rvq_sha256"] != self.meta["masked"]["meta"]["rvq_sha256"]:
            raise InvalidInput(f"{run} was distilled on the tokens of another RVQ-VAE")
        facts = {**self.meta, "distilled": meta, "residual": student.meta["residual"]}
        return replace(self, distilled=student.masked, residual=student.residual, meta=facts)
