"""What the mapper looks at: a face's features, and where in the picture the head is, beside the same person's neutral.

The place tells a bent neck from a turned head: a neck carries the head along. It means something only against a neutral
that the same camera saw, and a person who moves away from there looks like one whose neck is bent.
Shapes: P = 468 or 478 points (x right, y down, z away, one unit), F features, O = F + 3 numbers observed.
"""

import numpy as np
from numpy.typing import ArrayLike

from sdk.errors import InvalidInput
from sdk.face.features import FEATURES, face_features
from sdk.face.rig.anatomy import RIGID, Array

PLACE = ("place right", "place down", "log size")
OBSERVED = (*FEATURES, *PLACE)
"""Names of what `beside_neutral` gives, in order. Places are in sizes of the neutral face, across the picture."""


def observed(points: ArrayLike) -> Array:
    """Numbers (..., O) of points (..., P, 3): features, then middle x, middle y and size in the points' own unit.

    What a calibration averages. Raises InvalidInput as `face_features` does.
    """
    features = face_features(points)
    rigid = np.asarray(points, float)[..., list(RIGID), :]
    middle = rigid.mean(-2)
    size = np.sqrt(((rigid - middle[..., None, :]) ** 2).sum((-2, -1)) / len(RIGID))
    return np.concatenate([features, middle[..., :2], size[..., None]], -1)


def beside_neutral(seen: ArrayLike, neutral: ArrayLike) -> Array:
    """Differences (..., O) of observed numbers (..., O) to those of the neutral face; 0 in the neutral face itself.

    Raises InvalidInput for numbers of another length.
    """
    now, rest = np.asarray(seen, float), np.asarray(neutral, float)
    for array in (now, rest):
        if array.ndim == 0 or array.shape[-1] != len(OBSERVED):
            raise InvalidInput(f"observed numbers must be (..., {len(OBSERVED)}), got {array.shape}", field="seen")
    count = len(FEATURES)
    size = rest[..., -1:]
    place = (now[..., count:-1] - rest[..., count:-1]) / size
    return np.concatenate([now[..., :count] - rest[..., :count], place, np.log(now[..., -1:] / size)], -1)


def unplaced(seen: ArrayLike) -> Array:
    """Observed numbers (..., O) as they are, the place 0: without a neutral it is unknown."""
    now = np.asarray(seen, float).copy()
    now[..., len(FEATURES) :] = 0
    return now
