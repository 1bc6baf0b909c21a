"""What the points of a face say: features for a network, and coefficients that people can read.

Points are (..., 478, 3) or (..., 468, 3) in MediaPipe's numbering: x to the right of the picture, y down, z away from
the camera, all in one unit of any size (the wire's FaceLandmarks). Lengths come out in distances between the outer
corners of the eyes, angles in degrees with the directions of `sdk.face.rig.pose`. Left and right are the face's own.

The coefficients are derived from landmarks by distances and angles; they are no blendshapes of any maker.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sdk.errors import InvalidInput
from sdk.face.rig import anatomy as a
from sdk.face.rig.anatomy import MESH_POINTS, POINTS, Array, anatomy
from sdk.face.rig.pose import angles

_LIPS = tuple(dict.fromkeys((*a.UPPER_LIP[0], *a.LOWER_LIP[0], *a.UPPER_LIP[3], *a.LOWER_LIP[3])))
_LIDS = (
    *a.RIGHT_UPPER_LID,
    *a.RIGHT_LOWER_LID,
    *a.RIGHT_CORNERS,
    *a.LEFT_UPPER_LID,
    *a.LEFT_LOWER_LID,
    *a.LEFT_CORNERS,
)
_FOLDS = (27, 30, 56, 23, 110, 26, 257, 260, 286, 253, 339, 256)
_BROWS = tuple(point for edge in (*a.RIGHT_BROW, *a.LEFT_BROW) for point in edge)
_REST = (9, 8, 4, 2, 98, 327, 129, 358, 50, 280, 205, 425, 187, 411, 200, 18, 152, 148, 377, 172, 397, 136, 365)
CHOSEN = (*_LIDS, *_FOLDS, *_BROWS, *_LIPS, *_REST)
"""Points whose place across and up is a feature; the others say little more."""
DEEP = (*_LIPS, 152, 200, 18)
"""Points whose depth is one too: lips roll and the chin comes forward."""
COEFFICIENTS = (
    "lid opening right", "lid opening left", "upper lid right", "upper lid left", "lower lid right", "lower lid left",
    "jaw open", "jaw right", "mouth width", "corner raise right", "corner raise left", "corner out right",
    "corner out left", "brow inner right", "brow inner left", "brow outer right", "brow outer left",
    "upper lip raise", "lower lip depress", "upper lip height", "lower lip height", "nose wrinkle",
    "gaze right", "gaze up", "head pitch", "head yaw", "head roll",
)  # fmt: skip
"""Names of what `landmark_coefficients` gives. Head: degrees; gaze: half widths of the eye; others: eye distances."""
GAZE = ("gaze right of right eye", "gaze up of right eye", "gaze right of left eye", "gaze up of left eye")
HEAD = ("head pitch", "head yaw", "head roll")
_DISTANCES = COEFFICIENTS[:22]
FEATURES = (
    *(f"{axis} of {point}" for point in CHOSEN for axis in "xy"),
    *(f"z of {point}" for point in DEEP),
    *_DISTANCES, *GAZE, "irises missing", *(f"{name} / 30 degrees" for name in HEAD),
)  # fmt: skip
"""Names of what `face_features` gives, in order."""
DEGREES_PER_UNIT = 30.0
"""Angles of the head come in thirties of degrees among the features, so that they are as large as the rest."""


@dataclass(frozen=True, eq=False)
class StraightFace:
    """A face without its place, size and pose.

    points: (..., 478, 3) in eye distances, frame of the face (left +X, up +Y, forward +Z), irises 0 where missing.
    pitch, yaw, roll: (...) degrees. has_irises: whether the irises were given.
    """

    points: Array
    pitch: Array
    yaw: Array
    roll: Array
    has_irises: bool


def straightened(points: ArrayLike) -> StraightFace:
    """Moves, turns and scales the face so that its rigid points lie on the mean face's (least squares).

    Raises InvalidInput for another shape, numbers that are not finite, and points that all lie in one place.
    """
    array = np.asarray(points, float)
    if array.ndim < 2 or array.shape[-2] not in (MESH_POINTS, POINTS) or array.shape[-1] != 3:
        raise InvalidInput(f"points must have the shape (..., 468 or 478, 3), got {array.shape}", field="points")
    if not np.isfinite(array).all():
        raise InvalidInput("points must be finite numbers", field="points")
    local = array * np.array([1.0, -1.0, -1.0])
    goal = anatomy().points[list(a.RIGID)]
    unit = float(np.linalg.norm(anatomy().points[a.LEFT_CORNERS[0]] - anatomy().points[a.RIGHT_CORNERS[0]]))
    goal_middle = goal.mean(0) / unit
    goal = goal / unit - goal_middle
    seen = local[..., list(a.RIGID), :]
    middle = seen.mean(-2, keepdims=True)
    seen = seen - middle
    size = (seen**2).sum((-2, -1))
    if (size <= 0).any():
        raise InvalidInput("points must be those of a face; here they all lie in one place", field="points")
    left, strength, right = np.linalg.svd(np.swapaxes(seen, -1, -2) @ goal)
    flip = np.sign(np.linalg.det(left @ right))
    signs = np.stack([np.ones_like(flip), np.ones_like(flip), flip], -1)
    turn = (left * signs[..., None, :]) @ right
    scale = (strength * signs).sum(-1) / size
    straight = ((local - middle) @ turn) * scale[..., None, None] + goal_middle
    pitch, yaw, roll = angles(turn)
    has_irises = array.shape[-2] == POINTS
    if has_irises:
        # Landmark networks do not measure the depth of an iris: it lies as deep as the outline of its eye.
        for iris, outline in ((a.RIGHT_IRIS, (33, 133, 159, 145)), (a.LEFT_IRIS, (263, 362, 386, 374))):
            flat = local[..., iris, :].copy()
            flat[..., 2] = local[..., list(outline), 2].mean(-1)[..., None]
            straight[..., iris, :] = ((flat - middle) @ turn) * scale[..., None, None] + goal_middle
    else:
        straight = np.concatenate([straight, np.zeros((*array.shape[:-2], POINTS - MESH_POINTS, 3))], -2)
    return StraightFace(straight, pitch, yaw, roll, has_irises)


def face_features(points: ArrayLike) -> Array:
    """Features (..., F) in the order of FEATURES, whatever the face's place, size and, nearly, pose.

    Without irises the gaze is 0 and "irises missing" 1. Raises InvalidInput as `straightened`.
    """
    face = straightened(points)
    lead = face.points.shape[:-2]
    missing = np.full((*lead, 1), 0.0 if face.has_irises else 1.0)
    head = np.stack([face.pitch, face.yaw, face.roll], -1) / DEGREES_PER_UNIT
    flat = face.points[..., list(CHOSEN), :2].reshape(*lead, -1)
    deep = face.points[..., list(DEEP), 2]
    return np.concatenate([flat, deep, _distances(face.points), _gaze(face), missing, head], -1)


def landmark_coefficients(points: ArrayLike, neutral_points: ArrayLike) -> Array:
    """Landmark-derived coefficients (..., K) in the order of COEFFICIENTS: what differs from the person's neutral face.

    The gaze is 0 where either face has no irises. Raises InvalidInput as `straightened`.
    """
    face, neutral = straightened(points), straightened(neutral_points)
    pairs = []
    for one in (face, neutral):
        gaze = _gaze(one).reshape(*one.points.shape[:-2], 2, 2).mean(-2)
        head = np.stack([one.pitch, one.yaw, one.roll], -1)
        pairs.append((np.concatenate([_distances(one.points), gaze, head], -1), one.has_irises))
    difference: Array = pairs[0][0] - pairs[1][0]
    if not (pairs[0][1] and pairs[1][1]):
        difference[..., [COEFFICIENTS.index("gaze right"), COEFFICIENTS.index("gaze up")]] = 0
    return difference


def _distances(points: Array) -> Array:
    """What the first 22 of COEFFICIENTS measure, (..., 22)."""

    def apart(first: int, second: int) -> Array:
        length: Array = np.linalg.norm(points[..., first, :] - points[..., second, :], axis=-1)
        return length

    def mean(indices: tuple[int, ...], axis: int) -> Array:
        value: Array = points[..., list(indices), axis].mean(-1)
        return value

    right_line, left_line = mean(a.RIGHT_CORNERS, 1), mean(a.LEFT_CORNERS, 1)
    mouth_x, mouth_y = mean((13, 14), 0), mean((13, 14), 1)
    columns = [
        apart(159, 145), apart(386, 374), mean((160, 159, 158), 1) - right_line, mean((387, 386, 385), 1) - left_line,
        mean((144, 145, 153), 1) - right_line, mean((373, 374, 380), 1) - left_line, apart(13, 14),
        -(mean((152, 148, 377), 0)), apart(61, 291), points[..., 61, 1] - mouth_y, points[..., 291, 1] - mouth_y,
        mouth_x - points[..., 61, 0], points[..., 291, 0] - mouth_x, apart(107, 133), apart(336, 362), apart(70, 33),
        apart(300, 263), -apart(2, 0), apart(2, 17), apart(0, 13), apart(17, 14),
        mean((129, 358), 1) - mean((133, 362), 1),
    ]  # fmt: skip
    return np.stack(columns, -1)


def _gaze(face: StraightFace) -> Array:
    """Where the irises are between the eyes' corners, (..., 4): to the right and up, in half widths of the eye."""
    if not face.has_irises:
        return np.zeros((*face.points.shape[:-2], 4))
    parts = []
    for iris, corners in ((a.RIGHT_IRIS, a.RIGHT_CORNERS), (a.LEFT_IRIS, a.LEFT_CORNERS)):
        ends = face.points[..., list(corners), :2]
        half = np.linalg.norm(ends[..., 0, :] - ends[..., 1, :], axis=-1) / 2
        away = face.points[..., iris, :2].mean(-2) - ends.mean(-2)
        parts += [-away[..., 0] / np.maximum(half, 1e-6), away[..., 1] / np.maximum(half, 1e-6)]
    return np.stack(parts, -1)
