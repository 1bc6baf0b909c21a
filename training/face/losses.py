"""What the networks descend: errors of range-normalised deviations, weighted by region, and of the rig's landmarks.

Shapes: B batch, C controls, R rows of the rig's response. All deviations are in widths of one range set.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sdk.face.controls import ControlSchema

# Lips carry most of an expression and are the hardest to see; gaze and the neck are seen badly by their nature.
REGION_WEIGHTS = {
    "brow": 1.0, "lid": 1.0, "gaze": 0.7, "head": 1.0, "neck": 0.7, "jaw": 1.2, "lip": 1.3, "nose": 1.0,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class MapperLoss:
    """delta: of the Huber loss, in widths of the range. closed_loop: weight of the landmark error."""

    delta: float = 0.02
    closed_loop: float = 0.0


def control_weights(schema: ControlSchema) -> Tensor:
    """Weight of each control, (C,), mean 1."""
    weights = torch.tensor([REGION_WEIGHTS[control.region] for control in schema])
    return weights / weights.mean()


def mapper_loss(
    given_BC: Tensor, wanted_BC: Tensor, shown_BC: Tensor, weight_C: Tensor, how: MapperLoss,
    response_CR: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Huber's loss over what can be seen, in units of its delta, and the squared error of the landmarks.

    shown_BC: 1 where a control can be seen. response_CR: how the rig's landmarks answer to each control (see
    `landmark_response`); needed when `how.closed_loop` is above 0.
    """
    error = (given_BC.float() - wanted_BC) * shown_BC
    size = error.abs() / how.delta
    huber = torch.where(size < 1, 0.5 * size**2, size - 0.5)
    loss = (huber * weight_C).sum() / (shown_BC * weight_C).sum().clamp(min=1)
    if how.closed_loop and response_CR is not None:
        loss = loss + how.closed_loop * (error @ response_CR).square().mean()
    return loss


def landmark_response(features_of_deviations: NDArray[np.float64], step: float) -> Tensor:
    """Response (C, R) of features to controls from differences: rows 0..C-1 are faces with one control moved by `step`
    widths, the last row is the face at rest. Scaled to a root mean square of 1.

    The first order of the closed loop controls -> rig -> landmarks: exact where the rig is linear, and free of a
    differentiable twin of it.
    """
    response = (features_of_deviations[:-1] - features_of_deviations[-1]) / step
    return torch.tensor(response / np.sqrt((response**2).mean()), dtype=torch.float32)
