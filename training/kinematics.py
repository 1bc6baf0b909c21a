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


def heading_angles(features_BTF: Tensor) -> Tensor:
    """Heading since the first row, radians (B, T): the sum of the yaw increments, as `rot272.decode` takes it."""
    row = features_BTF[..., SLICES["heading_change"]]
    return torch.atan2(row[..., 2], row[..., 0]).cumsum(-1)


def root_path(features_BTF: Tensor, heading_BT: Tensor) -> Tensor:
    """Path of the root on the ground, metres (B, T, 2) as x and z, from the velocities and the headings."""
    x, z = features_BTF[..., SLICES["root_velocity"]].unbind(-1)
    # A velocity is written in the heading of the frame before it.
    before = torch.cat([torch.zeros_like(heading_BT[..., :1]), heading_BT[..., :-1]], -1)
    sin, cos = -before.sin(), before.cos()
    return torch.stack([cos * x + sin * z, cos * z - sin * x], -1).cumsum(-2)


def turned(points_BTJ3: Tensor, heading_BT: Tensor) -> Tensor:
    """Points in the heading frame -> in the frame of the first row, as `rot272.decode` places them."""
    sin, cos = -heading_BT.sin()[..., None], heading_BT.cos()[..., None]
    x, y, z = points_BTJ3.unbind(-1)
    return torch.stack([cos * x + sin * z, y, cos * z - sin * x], -1)
