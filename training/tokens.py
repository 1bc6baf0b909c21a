"""Token sequences of prepared clips, and batches of them that depend on (seed, step) alone.

Shapes: B batch, N tokens, Q quantiser layers, S text width, E = 9 emotions.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from training.data import ClipSet
from training.datasets.captions import with_emotion
from training.models.rvq import DOWNSAMPLING, Rvq
from training.recipes import TokenLoss
from training.text import embed_captions

OFFSETS = (0, 2)
"""Frames by which a clip is shifted before it is encoded: two token sequences from each clip."""
MIN_TOKENS = 4


class Batch(NamedTuple):
    """tokens (B, Q, N), real (B, N) True where not padding, text (B, S), affect (B, E); dropped conditions are zero.

    clip_affect (B, E) is never dropped; emotion (B,) is the strongest one of it, pair (B,) the number of the clip's
    (content, emotion).
    """

    tokens: Tensor
    real: Tensor
    text: Tensor
    affect: Tensor
    clip_affect: Tensor
    emotion: Tensor
    pair: Tensor


@dataclass(frozen=True, eq=False)
class TokenSet:
    """Token sequences (Q, N) of every clip at every offset, with the clips' conditions and their pairs' numbers."""

    sequences: list[list[np.ndarray]]
    text: list[np.ndarray]
    affect: np.ndarray
    weights: np.ndarray
    pairs: np.ndarray

    @classmethod
    def encode(cls, clips: ClipSet, rvq: Rvq, *, label: str, words: bool = False) -> "TokenSet":
        """Run the frozen RVQ-VAE's encoder over all clips, and the text encoder over all captions.

        words: put the emotion into the captions and take it out of the affects, which become zero.
        """
        sequences = []
        for clip in tqdm(clips.clips, desc=f"tokens of {label}", unit="clip"):
            found = []
            for offset in OFFSETS:
                x = clip.features[offset:]
                x = x[: len(x) // DOWNSAMPLING * DOWNSAMPLING]
                if len(x) >= DOWNSAMPLING * MIN_TOKENS or not found:
                    found.append(rvq.encode(torch.from_numpy(x[None]))[0].numpy().astype(np.int16))
            sequences.append(found)
        said = [[with_emotion(c, clip.affect, k) if words else c for k, c in enumerate(clip.captions)]
                for clip in clips.clips]  # fmt: skip
        captions = sorted({text for texts in said for text in texts})
        row = {text: k for k, text in enumerate(captions)}
        embedded = embed_captions(captions)
        text = [embedded[[row[c] for c in texts]] for texts in said]
        affect = np.stack([c.condition for c in clips.clips])
        names = [(c.content, int(a.argmax())) for c, a in zip(clips.clips, affect, strict=True)]
        number = {name: k for k, name in enumerate(sorted(set(names)))}
        pairs = np.array([number[name] for name in names])
        return cls(sequences, text, 0 * affect if words else affect, clips.weights, pairs)

    def draw(self, rng: np.random.Generator, batch: int, max_tokens: int, how: TokenLoss) -> Batch:
        """A batch of similar lengths: four times as many are drawn, sorted by length, and one quarter is taken."""
        parts: list[tuple[np.ndarray, int]] = []
        for k in rng.choice(len(self.sequences), 4 * batch, p=self.weights):
            choices = self.sequences[k]
            sequence = choices[rng.integers(len(choices))]
            length = min(sequence.shape[1], max_tokens)
            if length > 2 * MIN_TOKENS and rng.random() < how.crop:
                length = int(rng.integers(length // 2, length + 1))
            start = int(rng.integers(sequence.shape[1] - length + 1))
            parts.append((sequence[:, start : start + length], int(k)))
        parts.sort(key=lambda part: part[0].shape[1])
        quarter = int(rng.integers(4))
        parts = parts[quarter * batch : (quarter + 1) * batch]
        longest = max(tokens.shape[1] for tokens, _ in parts)
        tokens = np.zeros((batch, parts[0][0].shape[0], longest), dtype=np.int64)
        real = np.zeros((batch, longest), dtype=bool)
        for row, (sequence, _) in enumerate(parts):
            tokens[row, :, : sequence.shape[1]] = sequence
            real[row, : sequence.shape[1]] = True
        text = np.stack([self.text[k][rng.integers(len(self.text[k]))] for _, k in parts])
        picks = [k for _, k in parts]
        whole = self.affect[picks]
        affect = whole.copy()
        both, only = rng.random(batch), rng.random((2, batch))
        text[(both < how.drop_text) | (only[0] < how.drop_text / 2)] = 0
        affect[(both < how.drop_text) | (only[1] < how.drop_affect)] = 0
        arrays = (tokens, real, text, affect, whole, whole.argmax(-1), self.pairs[picks])
        return Batch(*map(torch.from_numpy, arrays))
