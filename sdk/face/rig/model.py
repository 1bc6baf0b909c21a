"""The rig: values of the controls in, points or a picture of a face out. What moves how far is assumed.

Shapes: (...) leading axes of values and identity, which broadcast; C = 30 controls of the schema, P = 478 points, 480
with the eyeballs' centres. Metres in the frame of the face: its left +X, up +Y, forward +Z, the bridge of the nose at
the origin when all is at rest.
"""

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdk.errors import InvalidInput
from sdk.face.controls import ControlSchema
from sdk.face.rig import anatomy as a
from sdk.face.rig.anatomy import POINTS, Array
from sdk.face.rig.camera import Camera
from sdk.face.rig.identity import Identity, shaped
from sdk.face.rig.muscles import JAW_OPENING, JAW_YAW, MUSCLES, jaw_fields, muscle_fields, rest_points
from sdk.face.rig.noise import noisy
from sdk.face.rig.parts import Stance
from sdk.face.rig.picture import render
from sdk.face.rig.pose import posed, rotation

CLOSED_AT = 0.25
"""Where the lids meet: share of the way from the lower lid at rest to the upper one."""
LID_RADIUS = 0.0129
UPPER_WIDE, LOWER_WIDE = 0.42, 0.30
"""How far a lid goes beyond its rest when it is wide, as a share of the opening."""
SQUEEZE = 0.16
"""How far a squeezed lid presses beyond where lids meet, as a share of the opening."""
FOLD_FOLLOWS = 0.38
LID_FOLLOWS_GAZE = (0.010, 0.006)
"""Of the opening, a degree that the eye looks up: upper and lower lid."""
GAZE_LIMITS = (55.0, 45.0)
"""Degrees at which an eye stops, to the side and up: it turns less and less on the way there."""
SIDES = ("Right", "Left")
LIDS = (
    (a.RIGHT_CORNERS, a.RIGHT_UPPER_LID, a.RIGHT_LOWER_LID, a.RIGHT_UPPER_FOLD, a.RIGHT_LOWER_FOLD),
    (a.LEFT_CORNERS, a.LEFT_UPPER_LID, a.LEFT_LOWER_LID, a.LEFT_UPPER_FOLD, a.LEFT_LOWER_FOLD),
)
POSE = ("Head Pitch", "Head Yaw", "Head Roll", "Neck Pitch", "Neck Roll")
GAZE = ("Gaze Target Phi", "Gaze Target Theta")
JAW = ("Jaw Pitch", "Jaw Yaw")


class Rig:
    """A face that a schema's controls move. Holds no state; callable from any thread."""

    def __init__(self, schema: ControlSchema) -> None:
        """Raises InvalidInput for a schema without the controls of an Ameca face."""
        self.schema = schema
        self._muscles = np.array([schema.index(name) for name in MUSCLES])
        self._lids = {
            f"{lid} {side}": schema.index(f"Eyelid {lid} {side}") for lid in ("Upper", "Lower") for side in SIDES
        }
        self._pose, self._gaze, self._jaw = ([schema.index(name) for name in names] for names in (POSE, GAZE, JAW))

    noisy = staticmethod(noisy)

    def points(self, values: ArrayLike, identity: Identity) -> Array:
        """The face's points, (..., 478, 3) in metres, for values (..., C) in the schema's units.

        Values may lie outside their ranges: the face then goes on as it went. Raises InvalidInput for a wrong shape or
        values that are not finite.
        """
        return self.posed(self.local(values, identity), values)[..., :POINTS, :]

    def local(self, values: ArrayLike, identity: Identity) -> Array:
        """As `points`, before head and neck turn it, with the eyeballs' centres, (..., 480, 3)."""
        values = self._checked(values)
        rest = self.rest(identity)
        away = values - self.schema.neutral
        activation = away[..., self._muscles] * identity.gains
        opening, yaw = self._jaw_angles(values, identity)
        turns = np.stack([np.sin(opening), 1 - np.cos(opening), np.sin(yaw), 1 - np.cos(yaw)], -1)
        weights = np.concatenate([activation, turns], -1)
        moved = rest + (weights @ self._fields).reshape(*weights.shape[:-1], -1, 3)
        _part_lips(moved)
        eyes = self._eye_angles(values, identity)
        self._move_lids(moved, rest, values, eyes[1], identity)
        self._turn_eyes(moved, rest, eyes)
        return moved

    def rest(self, identity: Identity) -> Array:
        """The calm face with the eyeballs' centres, (..., 480, 3)."""
        rest = shaped(identity)
        rest += (identity.resting @ self._fields[: len(MUSCLES)]).reshape(*identity.resting.shape[:-1], -1, 3)
        _part_lips(rest, sealed=True)
        # Irises and lids sit on their eyeballs, wherever a person's shape moved these.
        mean = rest_points()
        for side, iris in enumerate((a.RIGHT_IRIS, a.LEFT_IRIS)):
            centre = rest[..., POINTS + side, None, :]
            rest[..., iris, :] = centre + mean[iris] - mean[POINTS + side]
            for lid in LIDS[side][1:3]:
                rest[..., lid, :] = _on_eyeball(rest[..., lid, :], centre)
        return rest

    def posed(self, points: Array, values: ArrayLike) -> Array:
        """Points (..., P, 3) of the face at rest, or things that hang on it, turned by head and neck."""
        pitch, yaw, roll, neck_pitch, neck_roll = np.moveaxis(self._checked(values)[..., self._pose], -1, 0)
        return posed(points, (pitch, yaw, roll), (neck_pitch, neck_roll))

    def eye_angles(self, values: ArrayLike, identity: Identity) -> tuple[Array, Array]:
        """Degrees by which the eyes turn to their right and up, (...) each: less than the target's far to a side."""
        return self._eye_angles(self._checked(values), identity)

    def jaw_angles(self, values: ArrayLike, identity: Identity) -> tuple[Array, Array]:
        """Radians by which the jaw opens and turns to the face's left, (...) each."""
        return self._jaw_angles(self._checked(values), identity)

    def render(
        self, values: ArrayLike, identity: Identity, camera: Camera, size: int, look: str = "human"
    ) -> NDArray[np.uint8]:
        """A picture (size, size, 3) of one face, for values (C,), one identity and one camera, scaled to `size` pixels.

        look: "human", or "ameca": a robot's grey skin on a shell, without hair; the other colours are the identity's.
        Raises InvalidInput for wrong shapes, values that are not finite, and unknown sizes and looks.
        """
        values = self._checked(values)
        side, up = self._eye_angles(values, identity)
        opening, yaw = (-np.rad2deg(angle) for angle in self._jaw_angles(values, identity))
        zero = np.zeros_like(side)
        stance = Stance(self.local(values, identity), rotation(opening, yaw, zero), rotation(up, side, zero))
        return render(stance, lambda points: self.posed(points, values), identity, camera, size, look)

    @cached_property
    def _fields(self) -> Array:
        """(M + 4, 480 * 3)."""
        return np.concatenate([muscle_fields(), jaw_fields()]).reshape(len(MUSCLES) + 4, -1)

    def _checked(self, values: ArrayLike) -> Array:
        array = np.asarray(values, float)
        if array.ndim == 0 or array.shape[-1] != len(self.schema):
            message = f"values must have the shape (..., {len(self.schema)}), got {array.shape}"
            raise InvalidInput(message, field="values")
        if not np.isfinite(array).all():
            raise InvalidInput("values must be finite numbers", field="values")
        return array

    def _jaw_angles(self, values: Array, identity: Identity) -> tuple[Array, Array]:
        jaw = (values - self.schema.neutral)[..., self._jaw] * identity.jaw_gain[..., None]
        return -JAW_OPENING * jaw[..., 0], -2 * JAW_YAW * jaw[..., 1]

    def _eye_angles(self, values: Array, identity: Identity) -> tuple[Array, Array]:
        side, up = (
            2 * limit / np.pi * np.arctan(np.pi / 2 / limit * values[..., index] * identity.gaze_gain)
            for limit, index in zip(GAZE_LIMITS, self._gaze, strict=True)
        )
        return side, up

    def _move_lids(self, moved: Array, rest: Array, values: Array, up: Array, identity: Identity) -> None:
        """Lids slide over the eyeball; where both would overlap they meet between."""
        for side, (corners, upper_lid, lower_lid, upper_fold, lower_fold) in enumerate(LIDS):
            upper, lower = (
                _lid_opening(values[..., self._lids[f"{lid} {SIDES[side]}"]], identity.lid_gain)
                for lid in ("Upper", "Lower")
            )
            # Lids go with the eye, the less the more they are closed.
            upper = upper + LID_FOLLOWS_GAZE[0] * up * np.clip(upper, 0, 1)
            lower = lower - LID_FOLLOWS_GAZE[1] * up * np.clip(lower, 0, 1)
            high = CLOSED_AT + np.where(upper > 1, (1 - CLOSED_AT) + (upper - 1) * UPPER_WIDE, upper * (1 - CLOSED_AT))
            high = np.where(upper < 0, CLOSED_AT + upper * SQUEEZE, high)
            low = np.where(lower > 1, -(lower - 1) * LOWER_WIDE, CLOSED_AT * (1 - lower))
            low = np.where(lower < 0, CLOSED_AT - lower * SQUEEZE, low)
            meet = (high + low) / 2
            high, low = np.maximum(high, meet), np.minimum(low, meet)
            centre = rest[..., None, POINTS + side, :]
            top, bottom = rest[..., upper_lid, :], rest[..., lower_lid, :]
            opening = top - bottom
            # What the skin around does to the lids, such as a cheek that is pushed up, stays.
            carried_top, carried_bottom = moved[..., upper_lid, :] - top, moved[..., lower_lid, :] - bottom
            lid_top = _on_eyeball(bottom + high[..., None, None] * opening, centre)
            lid_bottom = _on_eyeball(bottom + low[..., None, None] * opening, centre)
            squeezed = np.clip(-upper, 0, 1) + np.clip(-lower, 0, 1)
            fold_down = FOLD_FOLLOWS * (high - 1)[..., None, None] * opening
            fold_up = FOLD_FOLLOWS * low[..., None, None] * opening
            moved[..., upper_lid, :] = lid_top + carried_top
            moved[..., lower_lid, :] = lid_bottom + carried_bottom
            moved[..., upper_fold, :] += fold_down - np.clip(-upper, 0, 1)[..., None, None] * [0, 0.0016, 0]
            moved[..., lower_fold, :] += fold_up + np.clip(-lower, 0, 1)[..., None, None] * [0, 0.0016, 0]
            inwards = rest[..., corners[1], :] - rest[..., corners[0], :]
            moved[..., corners[0], :] += 0.02 * squeezed[..., None] * inwards

    def _turn_eyes(self, moved: Array, rest: Array, eyes: tuple[Array, Array]) -> None:
        """Irises go round the middle of their eyeballs, which stay where they are."""
        turn = np.swapaxes(rotation(eyes[1], eyes[0], np.zeros_like(eyes[0])), -1, -2)
        for side, iris in enumerate((a.RIGHT_IRIS, a.LEFT_IRIS)):
            centre = rest[..., POINTS + side, None, :]
            moved[..., iris, :] = centre + (rest[..., iris, :] - centre) @ turn
            moved[..., POINTS + side, :] = rest[..., POINTS + side, :]


def _lid_opening(values: Array, gain: Array) -> Array:
    """What a person's lid makes of a value: 0 stays closed and 1 at rest, beyond these a gain."""
    opening: Array = np.where(values > 1, 1 + (values - 1) * gain, np.where(values < 0, values * gain, values))
    return opening


def _on_eyeball(points: Array, centre: Array) -> Array:
    """Points of a lid, none of them inside the eyeball: those are brought forward onto it."""
    flat = ((points[..., :2] - centre[..., :2]) ** 2).sum(-1)
    surface = centre[..., 2] + np.sqrt(np.clip(LID_RADIUS**2 - flat, 0, None))
    depth = np.where(flat < LID_RADIUS**2, np.maximum(points[..., 2], surface), points[..., 2])
    return np.concatenate([points[..., :2], depth[..., None]], -1)


UPPER_INNER, LOWER_INNER = a.UPPER_LIP[3][1:-1], a.LOWER_LIP[3][1:-1]
RINGS: tuple[tuple[NDArray[np.intp], NDArray[np.intp], float], ...] = tuple(
    (np.array(upper[1:-1]), np.array(lower[1:-1]), share)
    for upper, lower, share in zip(a.UPPER_LIP, a.LOWER_LIP, (0.45, 0.65, 0.85, 1.0), strict=True)
)


def _part_lips(points: Array, *, sealed: bool = False) -> None:
    """Lips that would pass through one another press instead: both give way by half, in place. sealed: they touch."""
    push = (points[..., LOWER_INNER, 1] - points[..., UPPER_INNER, 1]) / 2
    if not sealed:
        push = np.clip(push, 0, None)
    for upper, lower, share in RINGS:
        points[..., upper, 1] += share * push
        points[..., lower, 1] -= share * push
