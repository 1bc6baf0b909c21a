"""A guard against the failure that no loss shows: a generator that stands still.

Sampling repeats the commonest code when a model knows what belongs to a prompt but not where; the cross-entropy looks
fine all the while. So a finished masked transformer has to move before it counts as finished.
"""

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion import rot272
from sdk.runtime.decode import Condition, Schedule, gumbel_noise, unmask
from training.models.rvq import Rvq
from training.models.transformer import MaskedTransformer
from training.passes import TorchPasses
from training.train_tokens import TokenSet

ENERGY_FLOOR = 0.6
CLIPS = 24
_SCHEDULE = Schedule(iterations=10, residual_layers=0, choice_temperature=4.0)


def energy(features_TF: np.ndarray) -> float:
    """Path of the root plus mean path of the joints relative to it, metres over the clip."""
    root = np.linalg.norm(features_TF[1:, rot272.SLICES["root_velocity"]], axis=-1).sum()
    joints = features_TF[1:, rot272.SLICES["velocities"]].reshape(len(features_TF) - 1, -1, 3)
    return float(root + np.linalg.norm(joints, axis=-1).mean(-1).sum())


def generated_energy(model: MaskedTransformer, rvq: Rvq, clips: TokenSet, *, seed: int = 0) -> float:
    """Energy of base tokens sampled for held-out captions over that of the clips' own base tokens, decoded alike."""
    was_training = model.training
    model.eval()
    passes = TorchPasses(rvq, model, None)
    made = real = 0.0
    for k in range(0, len(clips.sequences), max(1, len(clips.sequences) // CLIPS)):
        truth = clips.sequences[k][0].astype(np.int64)[:, : model.config.max_tokens]
        condition = Condition.guided(clips.text[k][0], clips.affect[k], text_scale=3.0, emotion_scale=3.0)
        tokens = np.full_like(truth, -1)
        tokens[0] = unmask(
            passes,
            condition,
            _SCHEDULE,
            tokens[0],
            codes=model.config.codes,
            noise=lambda stage, index, shape, clip=k: gumbel_noise(seed + clip, stage, index, shape),
            between=lambda: None,
        )
        base = np.where(np.arange(len(truth))[:, None] == 0, truth, -1)
        real += energy(passes.decode(base, clips.affect[k]))
        made += energy(passes.decode(tokens, clips.affect[k]))
    model.train(was_training)
    return made / real


def check_generated(ratio: float) -> None:
    """Raises InvalidInput for a generator that moves far less than the clips it learned from."""
    if ratio < ENERGY_FLOOR:
        raise InvalidInput(
            f"static motion: sampled clips move {ratio:.0%} as much as real ones, less than {ENERGY_FLOOR:.0%}; "
            "train longer, or look at docs/log.md for the causes that were found"
        )
