"""The "Mesmer Mouth 2" driver: weights of expressions and visemes, and direct values, into the 13 mouth controls.

The rule is `sdk.face.expressions.Poses.mouth`; its poses are assumed. That the driver reads its poses anew every two
seconds is left out, for they do not change here.
"""

import numpy as np
from numpy.typing import NDArray

from sdk.face.controls import ControlSchema
from sdk.face.expressions import EXPRESSIONS, HIGHEST, VISEMES, load_poses

Array = NDArray[np.float64]

WEIGHTS = (*(f"Mouth {name}" for name in EXPRESSIONS), *(f"Viseme {name}" for name in VISEMES))
"""Names of the driver's own controls; those of the expressions are public, the prefix of the visemes is assumed."""
MOST = np.concatenate([HIGHEST, np.ones(len(VISEMES))])
"""Their largest values (W,); the smallest are 0."""


class Mouth:
    """The driver for a robot whose schema holds its own neutral."""

    def __init__(self, schema: ControlSchema) -> None:
        self._poses = load_poses(schema)

    def drive(self, values: Array, weights: Array) -> None:
        """Change control values (C,) in place by weights (W,), clipped to their range. Mouth values that are there
        count as direct ones: the larger deviation from neutral wins, control by control."""
        if not weights.any():
            return
        inside = np.minimum(np.maximum(weights, 0.0), MOST)
        shown, said = inside[: len(EXPRESSIONS)], inside[len(EXPRESSIONS) :]
        rows = self._poses.controls
        values[rows] = self._poses.mouth(shown, said, values[rows])
