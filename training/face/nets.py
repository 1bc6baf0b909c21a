"""The two networks of the mapper: from landmarks, and from a picture. Both give deviations from neutral.

Shapes: B batch, F features, C controls, S picture side, E width of the picture's embedding.
"""

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


@dataclass(frozen=True, kw_only=True)
class LandmarkConfig:
    """Sizes of the landmark network. features: what it reads, F; controls: what it gives, C."""

    features: int
    controls: int
    width: int = 256
    blocks: int = 2


class LandmarkNet(nn.Module):
    """A residual MLP on whitened features; `mean` and `std` are those of the training faces."""

    def __init__(self, config: LandmarkConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(config.features))
        self.register_buffer("std", torch.ones(config.features))
        self.enter = nn.Linear(config.features, config.width)
        self.blocks = nn.ModuleList(_Block(config.width) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.leave = nn.Linear(config.width, config.controls)

    def forward(self, features_BF: Tensor) -> tuple[Tensor, Tensor]:
        """Deviations (B, C), and how far the features lie from those of training (B,): about 1 inside."""
        white_BF = (features_BF - self.mean) / self.std
        x = self.enter(white_BF.clamp(-12, 12))
        for block in self.blocks:
            x = block(x)
        return self.leave(self.norm(x)), white_BF.square().mean(-1).sqrt()


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.first, self.second = nn.LayerNorm(width), nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(nn.functional.silu(self.first(self.norm(x))))


@dataclass(frozen=True, kw_only=True)
class ImageConfig:
    """Sizes of the picture network. size: S, a multiple of 32. width: channels of the first stage; they double."""

    controls: int
    size: int = 96
    width: int = 20


class ImageNet(nn.Module):
    """ResNet18's shape (stem, four stages of two basic blocks), narrow, on the face beside the person's own neutral.

    Pictures are RGB in 0..1; `mean` and `std` normalise them.
    """

    def __init__(self, config: ImageConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.full((3, 1, 1), 0.5))
        self.register_buffer("std", torch.full((3, 1, 1), 0.25))
        widths = [config.width * 2**stage for stage in range(4)]
        self.stem = nn.Sequential(
            nn.Conv2d(3, widths[0], 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )  # fmt: skip
        before = [widths[0], *widths[:-1]]
        self.stages = nn.Sequential(
            *(
                nn.Sequential(_Basic(least, most, 1 if stage == 0 else 2), _Basic(most, most, 1))
                for stage, (least, most) in enumerate(zip(before, widths, strict=True))
            )
        )
        # The last map is flattened, not averaged: where a lip is matters as much as that there is one.
        self.embed = nn.Linear(widths[3] * (config.size // 32) ** 2, self.width)
        self.head = nn.Sequential(nn.Linear(2 * self.width, 256), nn.SiLU(), nn.Linear(256, config.controls))

    @property
    def width(self) -> int:
        """Width E of the embedding."""
        return 8 * self.config.width

    def embedding(self, picture_B3SS: Tensor) -> Tensor:
        """(B, E)."""
        x = self.stages(self.stem((picture_B3SS - self.mean) / self.std))
        return self.embed(x.flatten(1))

    def forward(self, picture_B3SS: Tensor, neutral_BE: Tensor) -> tuple[Tensor, Tensor]:
        """Deviations (B, C) and the embedding (B, E); `neutral_BE` is the embedding of the person's neutral face."""
        embedding_BE = self.embedding(picture_B3SS)
        return self.read(embedding_BE, neutral_BE), embedding_BE

    def read(self, embedding_BE: Tensor, neutral_BE: Tensor) -> Tensor:
        """Deviations (B, C) of embeddings beside those of the same people's neutral faces."""
        return self.head(torch.cat([embedding_BE - neutral_BE, neutral_BE], -1))

    def folded(self) -> "ImageNet":
        """A copy in evaluation mode whose batch normalisations are part of the convolutions before them."""
        copy = deepcopy(self).eval()
        for part in copy.modules():
            if isinstance(part, nn.Sequential):
                for k in range(len(part) - 1):
                    conv, norm = part[k], part[k + 1]
                    if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                        part[k], part[k + 1] = fuse_conv_bn_eval(conv, norm), nn.Identity()
        return copy


class _Basic(nn.Module):
    """ResNet's basic block."""

    def __init__(self, least: int, most: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(least, most, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(most), nn.ReLU(),
            nn.Conv2d(most, most, 3, padding=1, bias=False), nn.BatchNorm2d(most),
        )  # fmt: skip
        self.skip: nn.Module = nn.Identity()
        if least != most or stride > 1:
            self.skip = nn.Sequential(nn.Conv2d(least, most, 1, stride=stride, bias=False), nn.BatchNorm2d(most))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.skip(x))
