"""EmotionEmbedder: a mixture of emotions -> a dense vector (EMo-Mask).

Shapes: B batch, N tokens, E = 9 emotions, D width.
"""

import torch
from torch import Tensor, nn

from sdk.emotion import NUM_EMOTIONS


class EmotionEmbedder(nn.Module):
    """Embedding table -> dense layers.

    The input is `Affect.condition`: shares that already hold the intensity, (1 - i) neutral + i mixture. The table rows
    are mixed before the dense layers, so a mixture of emotions is a mixture of embeddings. What is missing to a sum of
    one is filled with a learned null row: all zeros means "no emotion given", which guidance needs and which is not the
    same as neutral.
    """

    def __init__(self, width: int, *, table_width: int = 64, hidden: int = 256) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(NUM_EMOTIONS + 1, table_width))
        self.dense = nn.Sequential(
            nn.Linear(table_width, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, width)
        )

    def forward(self, affect_E: Tensor) -> Tensor:
        """(..., E) -> (..., D)."""
        missing = 1 - affect_E.sum(-1, keepdim=True)
        return self.dense(torch.cat([affect_E, missing], -1) @ self.table)
