"""Motion from torch models by the runtime's own decoding loop: for evaluation without a bundle."""

from collections.abc import Collection
from functools import lru_cache

import numpy as np

from sdk.bundle import GeneratorInfo, Plan
from sdk.emotion import Affect
from sdk.motion import rot272
from sdk.motion.motion import Motion
from sdk.motion.retarget import canonical
from sdk.runtime.generators import Order, StageClock, TokenGenerator
from sdk.runtime.work import unhurried
from training.datasets.captions import with_emotion
from training.evaluate.protocol import Prompt
from training.models.rvq import DOWNSAMPLING, Rvq
from training.models.transformer import MaskedTransformer, ResidualTransformer
from training.passes import TorchPasses
from training.text import embed_captions

POINTS = ("mask", "residual", "vq")


class TorchSampler:
    """Samples motion from a torch EMo-Mask.

    points: where the affect is let in; the other stages are told "no emotion". words: say the emotion in the text and
    let it in nowhere, as a model does that knows captions alone.
    """

    def __init__(
        self, rvq: Rvq, masked: MaskedTransformer, residual: ResidualTransformer, plan: Plan, *,
        points: Collection[str] = POINTS, words: bool = False,
    ) -> None:  # fmt: skip
        config = masked.config
        info = GeneratorInfo(
            kind="tokens", graphs={}, downsampling=DOWNSAMPLING, max_tokens=config.max_tokens, codes=config.codes,
            quantisers=config.quantisers, emotion_points=list(points),
        )  # fmt: skip
        passes = TorchPasses(rvq.eval(), masked.eval(), residual.eval(), points=() if words else points)
        self._generator, self._plan, self._words = TokenGenerator(passes, info), plan, words

    def __call__(self, prompt: Prompt, affect: Affect, seed: int) -> Motion:
        """One motion on the ground, over the origin, facing +Z."""
        said = with_emotion(prompt.text, affect) if self._words else prompt.text
        order = Order(_embedding(said), affect.condition, round(prompt.seconds * rot272.FPS) + 1, seed)
        features, _ = self._generator.make(order, self._plan, StageClock(), unhurried)
        return canonical(rot272.decode(features))


@lru_cache(maxsize=4096)
def _embedding(text: str) -> np.ndarray:
    return embed_captions([text])[0]
