"""`Motion`: what every room of the SDK passes on."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sdk.motion.errors import InvalidInput
from sdk.motion.kinematics import foot_contacts, foot_positions, forward_kinematics
from sdk.motion.rotations import Array, length, quat_continuous, quat_mul, quat_rotate, quat_slerp
from sdk.motion.skeleton import BODY, MIRROR, NUM_JOINTS, Skeleton


def _check_fps(fps: float) -> None:
    if not 1 <= fps <= 240:  # also true for NaN
        raise InvalidInput(f"fps must lie in 1..240, got {fps}", field="fps")


@dataclass(frozen=True, eq=False)
class Motion:
    """A moving body. Shapes: T frames, J = 22 joints.

    rotations: (T, 22, 4) local rotations, xyzw, relative to the T-pose; joint 0's is the body's in the world.
    root: (T, 3) pelvis position, metres, Y up, ground at y = 0.
    fps: frames per second. skeleton: the body, `BODY` unless said.
    Raises InvalidInput for wrong shapes, values that are not finite, quaternions off unit length by > 1e-3, bad fps.
    """

    rotations: Array
    root: Array
    fps: float
    skeleton: Skeleton = BODY

    def __post_init__(self) -> None:
        q, p = self.rotations, self.root
        if q.ndim != 3 or q.shape[1:] != (NUM_JOINTS, 4) or p.shape != (len(q), 3) or len(q) == 0:
            needs = "motion needs rotations (T, 22, 4) and root (T, 3), T >= 1"
            raise InvalidInput(f"{needs}; got {q.shape} and {p.shape}")
        if not (np.isfinite(q).all() and np.isfinite(p).all()):
            raise InvalidInput("motion holds NaN or infinite values")
        if np.abs(length(q) - 1).max() > 1e-3:
            raise InvalidInput("motion rotations must be unit quaternions (xyzw)")
        _check_fps(self.fps)

    def __len__(self) -> int:
        return len(self.rotations)

    @property
    def seconds(self) -> float:
        """Time from the first to the last frame."""
        return (len(self) - 1) / self.fps

    @cached_property
    def positions(self) -> Array:
        """Joint positions in the world, (T, 22, 3) metres."""
        return forward_kinematics(self.rotations, self.root, self.skeleton)

    @cached_property
    def feet(self) -> Array:
        """Positions of FOOT_JOINTS in the world, (T, 4, 3) metres."""
        return foot_positions(self.rotations, self.root, self.skeleton)

    @cached_property
    def contacts(self) -> Array:
        """(T, 4) of 0 or 1: left ankle, left foot, right ankle, right foot on the ground; see `foot_contacts`."""
        return foot_contacts(self.feet, self.fps, self.skeleton)

    def __getitem__(self, frames: slice) -> "Motion":
        return replace(self, rotations=self.rotations[frames], root=self.root[frames])

    def resampled(self, fps: float) -> "Motion":
        """The same movement at another rate, sampled at k / fps seconds and never beyond the last frame.

        Slerp between neighbours. Raises InvalidInput for a rate outside 1..240.
        """
        _check_fps(fps)
        count = int(np.floor(self.seconds * fps + 1e-6)) + 1
        at = np.minimum(np.arange(count) * (self.fps / fps), len(self) - 1)
        low = np.minimum(at.astype(int), max(len(self) - 2, 0))
        high, part = np.minimum(low + 1, len(self) - 1), at - low
        rotations = quat_slerp(self.rotations[low], self.rotations[high], part[:, None])
        root = self.root[low] + (self.root[high] - self.root[low]) * part[:, None]
        return replace(self, rotations=quat_continuous(rotations), root=root, fps=fps)

    def mirrored(self) -> "Motion":
        """Left and right exchanged: reflection in the plane x = 0."""
        rotations = self.rotations[:, MIRROR] * np.array([1, -1, -1, 1])
        return replace(self, rotations=rotations, root=self.root * np.array([-1, 1, 1]))

    def turned(self, rotation: Array, *, about: Array | None = None) -> "Motion":
        """The whole clip turned by one quaternion (4,) about a point (3,), the origin unless said."""
        pivot = np.zeros(3) if about is None else about
        rotations = self.rotations.copy()
        rotations[:, 0] = quat_mul(rotation, rotations[:, 0])
        return replace(self, rotations=rotations, root=quat_rotate(rotation, self.root - pivot) + pivot)

    def moved(self, offset: Array) -> "Motion":
        """The whole clip shifted by (3,) metres."""
        return replace(self, root=self.root + offset)
