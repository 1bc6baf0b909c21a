"""Frame conversion at the edge: everything inside the SDK lives in one frame, files and engines get theirs here.

SDK frame: right-handed, Y up, faces +Z, left is +X, metres, quaternions xyzw. No conversion mirrors the body: the left
hand stays the left hand, also where handedness changes. The same maps apply to world and to local rotations, to root
paths and to rest offsets.
"""

import difflib
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from sdk.motion.errors import InvalidInput
from sdk.motion.rotations import Array


@dataclass(frozen=True, eq=False)
class Frame:
    """A target frame: its point is `unit * axes @ p` for the SDK's point p.

    name: public name. axes: (3, 3) signed permutation matrix. unit: target units per metre (100 for centimetres).
    Raises InvalidInput if `axes` is not a signed permutation or `unit` is not positive.
    """

    name: str
    axes: Array = field(repr=False)
    unit: float = 1.0

    def __post_init__(self) -> None:
        size = np.abs(self.axes)
        one_each = size.shape == (3, 3) and np.isin(size, (0, 1)).all() and np.array_equal(size @ size.T, np.eye(3))
        if not one_each:
            raise InvalidInput(f"axes of frame {self.name!r} must be a signed permutation matrix (3, 3)", field="frame")
        if not (np.isfinite(self.unit) and self.unit > 0):
            raise InvalidInput(f"unit of frame {self.name!r} must be > 0, got {self.unit}", field="frame")

    @property
    def determinant(self) -> int:
        """+1 if the frame is right-handed like the SDK's, -1 if it is left-handed."""
        return round(float(np.linalg.det(self.axes)))

    @property
    def handedness(self) -> Literal["right", "left"]:
        """Handedness of the target frame."""
        return "right" if self.determinant > 0 else "left"

    @property
    def forward(self) -> Array:
        """Where a character that faces +Z in the SDK looks in this frame, (3,)."""
        return self.axes[:, 2]

    @property
    def left(self) -> Array:
        """The character's left in this frame, (3,)."""
        return self.axes[:, 0]

    @property
    def up(self) -> Array:
        """Up in this frame, (3,)."""
        return self.axes[:, 1]


def _frame(name: str, columns: str, unit: float = 1.0) -> Frame:
    # "x -z y": the target's coordinates as coordinates of the SDK.
    axes = np.zeros((3, 3))
    for row, column in enumerate(columns.split()):
        axes[row, "xyz".index(column[-1])] = -1.0 if column[0] == "-" else 1.0
    axes.flags.writeable = False
    return Frame(name, axes, unit)


FRAMES: dict[str, Frame] = {
    f.name: f
    for f in (
        _frame("sdk", "x y z"),
        _frame("gltf", "x y z"),
        _frame("vrm0", "-x y -z"),
        _frame("unity", "-x y z"),
        _frame("unreal", "z -x y", 100.0),  # actor space: X forward, Y right
        _frame("unreal_component", "x z y", 100.0),  # space of the mannequin's mesh: faces +Y
        _frame("blender", "x -z y"),
        _frame("bvh", "x y z", 100.0),
        _frame("ros", "z x y"),  # REP 103: x forward, y left, z up
    )
}
"""Target frames by public name."""

ALIASES: dict[str, str] = {"vrm1": "gltf", "three": "gltf", "usd_y_up": "gltf", "usd_z_up": "blender", "vmc": "unity"}
"""Other names for frames of the table."""


def frame_named(name: str) -> Frame:
    """Frame of a public name or alias, e.g. "unity". Raises InvalidInput, which lists the names and the nearest one."""
    key = name.strip().lower().replace("-", "_")
    key = ALIASES.get(key, key)
    if key not in FRAMES:
        near = difflib.get_close_matches(key, [*FRAMES, *ALIASES], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise InvalidInput(f"frame {name[:40]!r} is unknown{hint} Known: {', '.join(FRAMES)}.", field="frame")
    return FRAMES[key]


def _resolved(frame: Frame | str) -> Frame:
    return frame_named(frame) if isinstance(frame, str) else frame


def convert_points(points: Array, frame: Frame | str) -> Array:
    """Points, offsets or velocities (..., 3) in metres of the SDK frame -> (..., 3) in the target's axes and unit."""
    target = _resolved(frame)
    return target.unit * (points @ target.axes.T)


def restore_points(points: Array, frame: Frame | str) -> Array:
    """Inverse of `convert_points`: (..., 3) in the target's axes and unit -> metres of the SDK frame."""
    target = _resolved(frame)
    return (points @ target.axes) / target.unit


def convert_rotations(rotations: Array, frame: Frame | str) -> Array:
    """Quaternions (..., 4) xyzw of the SDK frame -> the same rotations, xyzw, in the target frame."""
    # R' = A R A^T. An axis of rotation is a pseudovector: under an improper A it changes sign once more.
    target = _resolved(frame)
    turned = target.determinant * (rotations[..., :3] @ target.axes.T)
    return np.concatenate([turned, rotations[..., 3:]], -1)


def restore_rotations(rotations: Array, frame: Frame | str) -> Array:
    """Inverse of `convert_rotations`."""
    target = _resolved(frame)
    turned = target.determinant * (rotations[..., :3] @ target.axes)
    return np.concatenate([turned, rotations[..., 3:]], -1)
