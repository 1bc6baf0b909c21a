"""rot272 features -> joint positions in torch, for losses. Shapes: B batch, T frames, J = 22 joints."""

import torch
from torch import Tensor

from sdk.motion.rot272 import SLICES
from sdk.motion.skeleton import BODY, NUM_JOINTS


def matrices_from_6d(d_6: Tensor) -> Tensor:
    """(..., 6) first two rows -> (..., 3, 3), by Gram-Schmidt."""
    x = torch.nn.functional.normalize(d_6[..., :3], dim=-1)
    y = torch.nn.functional.normalize(d_6[..., 3:] - (x * d_6[..., 3:]).sum(-1, keepdim=True) * x, dim=-1)
    return torch.stack([x, y, torch.linalg.cross(x, y)], -2)


def heading_positions(features_BTF: Tensor) -> Tensor:
    """Forward kinematics of the stored rotations: (B, T, 272) in their own units -> (B, T, 22, 3) metres.

    As in slice `positions`: root xz and heading removed, height kept.
    """
    local = matrices_from_6d(features_BTF[..., SLICES["rotations"]].unflatten(-1, (NUM_JOINTS, 6)))
    offsets = torch.tensor(BODY.offsets, dtype=features_BTF.dtype)
    height = features_BTF[..., SLICES["positions"]][..., 1]
    zero = torch.zeros_like(height)
    world = [local[..., 0, :, :]]
    points = [torch.stack([zero, height, zero], -1)]
    for j in range(1, NUM_JOINTS):
        parent = BODY.parents[j]
        world.append(world[parent] @ local[..., j, :, :])
        points.append(points[parent] + world[parent] @ offsets[j])
    return torch.stack(points, -2)
