"""What every protocol is given: one frame, the body it is posed on, and the feeling as a face can show it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sdk.drive import LiveFrame
from sdk.emotion import NUM_EMOTIONS, Affect
from sdk.motion.rotations import Array
from sdk.motion.skeleton import Skeleton

HALFLIFE_S = 0.12
"""A feeling that changes is half shown after this time; bodies react in the same time."""
MOST_BYTES = 1_400
"""Datagrams stay below this: with headers it fits into one packet of Ethernet, and nothing is cut up on the way."""


@dataclass(frozen=True, eq=False)
class Moment:
    """One frame on its way.

    felt: (9,) shares of the emotions in the enum's order, summing to one; what is missing to full intensity is neutral.
    face: (52,) blendshapes, 0..1, in the order of `sdk.face.blendshapes.NAMES`.
    """

    frame: LiveFrame
    skeleton: Skeleton
    fps: float
    felt: Array
    face: Array


class Sender(Protocol):
    """A protocol: its name for people, the port its receivers listen at, and the datagrams of a moment."""

    name: str
    port: int

    def datagrams(self, moment: Moment) -> list[bytes]:
        """What is sent for one frame, in order; each shorter than MOST_BYTES."""
        ...


class Feeling:
    """Follows the affect of the frames without jumps, as a face has to."""

    def __init__(self) -> None:
        self._felt: Array | None = None
        self._number = 0

    def at(self, affect: Affect, number: int, fps: float) -> Array:
        """(9,) shares of the emotions in frame `number`; the first one is taken as it is."""
        wanted = affect.condition.astype(np.float64)
        if self._felt is None:
            self._felt = wanted
        dt = max(number - self._number, 0) / fps
        self._number = number
        self._felt = wanted + (self._felt - wanted) * 0.5 ** (dt / HALFLIFE_S)
        assert self._felt.shape == (NUM_EMOTIONS,)
        return self._felt
