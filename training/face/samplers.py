"""Where training faces come from: ways to draw controls, clips between key poses, and combinations that are held out.

Shapes: N faces, T frames, C controls in the schema's order. Draws are values in the controls' own units,
inside the range set.
"""

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sdk.errors import InvalidInput
from sdk.face.controls import ControlSchema
from sdk.face.expressions import Poses

Floats = NDArray[np.float64]

KINDS = ("convex", "independent", "edge", "mixed")
SHARES = {"convex": 0.4, "independent": 0.4, "edge": 0.2}
"""Of `mixed`."""
HELD_OUT = 0.2
"""Share of the combinations that no training face shows."""

# Beside the emotions' own brows, lids, nose and head: what else faces do above the mouth. Deltas from neutral in the
# controls' own units, of every control whose name begins so. Source: assumed.
MORE_POSES: dict[str, dict[str, float]] = {
    "shut": {"Eyelid Upper": -1.0, "Eyelid Lower": -0.1},
    "squeezed": {"Eyelid Upper": -1.8, "Eyelid Lower": -1.5, "Brow Inner": -0.25, "Nose Wrinkle": 0.3},
    "look left": {"Gaze Target Phi": -40.0, "Head Yaw": -18.0, "Neck Roll": -6.0},
    "look right": {"Gaze Target Phi": 40.0, "Head Yaw": 18.0, "Neck Roll": 6.0},
    "look up": {"Gaze Target Theta": 25.0, "Head Pitch": 9.0, "Neck Pitch": 8.0},
    "look down": {"Gaze Target Theta": -25.0, "Head Pitch": -14.0, "Neck Pitch": -8.0},
    "chew": {"Jaw Yaw": 0.35},
    "chew back": {"Jaw Yaw": -0.35},
    "tilt": {"Head Roll": 10.0},
    "tilt back": {"Head Roll": -10.0},
}  # fmt: skip

# Which groups of controls make a combination, each in three parts of its range.
_GROUPS = (
    ("Brow Inner Left", "Brow Inner Right"), ("Eyelid Upper Left", "Eyelid Upper Right"), ("Jaw Pitch",),
    ("Lip Corner Raise Left", "Lip Corner Raise Right"), ("Lip Corner Stretch Left", "Lip Corner Stretch Right"),
)  # fmt: skip
_THIRD = 0.06
"""A group is at rest while its mean deviation stays within this, in widths of the range."""


@dataclass(frozen=True, eq=False)
class Sampler:
    """Draws controls within a range set, around the poses of a face."""

    poses: Poses
    range_set: str = "x2c"

    @property
    def schema(self) -> ControlSchema:
        """Of the controls drawn."""
        return self.poses.schema

    @cached_property
    def _upper_poses(self) -> Floats:
        """Deltas (poses, C)."""
        more = np.zeros((len(MORE_POSES), len(self.schema)))
        for row, pose in zip(more, MORE_POSES.values(), strict=True):
            for start, delta in pose.items():
                row[[k for k, name in enumerate(self.schema.names) if name.startswith(start)]] = delta
        return np.concatenate([self.poses.emotion_rest, more])

    def keys(self, rng: np.random.Generator, kind: str, count: int) -> Floats:
        """`count` key poses, (N, C). Raises InvalidInput for an unknown kind."""
        low, high = self.schema.bounds(self.range_set)
        if kind == "convex":
            drawn = self._convex(rng, count)
        elif kind == "independent":
            drawn = rng.uniform(low, high, (count, len(low)))
        elif kind == "edge":
            drawn = self._edge(rng, count)
        elif kind == "mixed":
            which = rng.choice(list(SHARES), count, p=list(SHARES.values()))
            drawn = np.empty((count, len(low)))
            for name in SHARES:
                drawn[which == name] = self.keys(rng, name, int((which == name).sum()))
        else:
            raise InvalidInput(f"sampling {kind!r} is unknown; known: {', '.join(KINDS)}")
        return np.clip(drawn, low, high)

    def _convex(self, rng: np.random.Generator, count: int) -> Floats:
        """The seed's faces: x_1 H_1 + ... + x_P H_P with x >= 0 and sum 1, and the same of the upper face's poses."""
        upper = self._weights(rng, count, len(self._upper_poses)) @ self._upper_poses
        values = self.schema.neutral + upper
        mouth = self.poses.mixed(self._weights(rng, count, len(self.poses.expressions)))
        values[:, self.poses.controls] = self.poses.neutral + mouth
        return values

    @staticmethod
    def _weights(rng: np.random.Generator, count: int, poses: int) -> Floats:
        """Rows (N, poses) of the simplex, most of them near an edge: two or three poses at a time."""
        return rng.dirichlet(np.full(poses, 0.25), count)

    def _edge(self, rng: np.random.Generator, count: int) -> Floats:
        """A third of the controls near an end of their range, the others at rest."""
        low, high = self.schema.bounds(self.range_set)
        moved = low + (high - low) * rng.beta(0.35, 0.35, (count, len(low)))
        return np.where(rng.random(moved.shape) < 1 / 3, moved, self.schema.neutral)

    def clip(self, rng: np.random.Generator, kind: str, frames: int, *, fps: float = 30.0) -> Floats:
        """A smooth clip, (T, C): key poses 0.25 to 0.8 s apart, joined without a jump of velocity or acceleration."""
        gaps = rng.uniform(0.25, 0.8, int(frames / fps / 0.25) + 2)
        times, keys = np.concatenate([[0], np.cumsum(gaps)]), self.keys(rng, kind, len(gaps) + 1)
        at = np.arange(frames) / fps
        before = np.searchsorted(times, at, side="right") - 1
        part = eased((at - times[before]) / gaps[before])[:, None]
        return keys[before] + part * (keys[before + 1] - keys[before])

    def frames(self, rng: np.random.Generator, kind: str, count: int, *, held_out: bool | None = None) -> Floats:
        """Frames (N, C) as they occur in such clips, each from a clip of its own.

        held_out: only frames whose combination is held out (True) or is not (False); None: any.
        """
        found = [np.empty((0, len(self.schema)))]
        while sum(map(len, found)) < count:
            first, second = self.keys(rng, kind, count), self.keys(rng, kind, count)
            values = first + eased(rng.random(count))[:, None] * (second - first)
            found.append(values if held_out is None else values[self.is_held_out(values) == held_out])
        return np.concatenate(found)[:count]

    def combinations(self, values: Floats) -> NDArray[np.int64]:
        """Number of each face's combination, (..., C) -> (...): below, at or above rest for each of five groups."""
        deviations = self.schema.deviations(values, self.range_set)
        number = np.zeros(deviations.shape[:-1], np.int64)
        for group in _GROUPS:
            mean = deviations[..., [self.schema.index(name) for name in group]].mean(-1)
            number = 3 * number + (mean > -_THIRD) + (mean > _THIRD)
        return number

    def is_held_out(self, values: Floats) -> NDArray[np.bool_]:
        """Whether no training face may show this combination, (..., C) -> (...)."""
        return _HELD_OUT_TABLE[self.combinations(values)]


def eased(part: Floats) -> Floats:
    """0..1 -> 0..1 with no velocity and no acceleration at either end."""
    return part**3 * (10 - 15 * part + 6 * part**2)


def _held_out_table() -> NDArray[np.bool_]:
    """By combination. Everything at rest is in the training set: it is what all people's calibration shows."""
    count = 3 ** len(_GROUPS)
    order = sorted(range(count), key=lambda number: zlib.crc32(b"combination %d" % number))
    table = np.zeros(count, bool)
    table[order[: round(HELD_OUT * count)]] = True
    table[(count - 1) // 2] = False
    return table


_HELD_OUT_TABLE = _held_out_table()
