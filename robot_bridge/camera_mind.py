"""What becomes of a picture: the face in it, and what the robot's face is to show.

Shapes: C controls, in the schema's order.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from robot_bridge.camera_source import Taken
from sdk.face.controls import ControlSchema
from sdk.face.pictures import Picture
from sdk.runtime.face_finder import Face, FaceFinder, Sighting

Array = NDArray[np.float64]
FPS_OVER = 30
"""Frames that the shown rate is taken over."""


@dataclass(frozen=True, eq=False)
class Wish:
    """Values (C,) for the robot's face.

    mode: "follow", "hold" (lost for a moment) or "neutral". confidence: 0..1 that they follow a face.
    """

    values: Array
    mode: str
    confidence: float


class Mind(Protocol):
    """Turns a face, or None where there is none, into a wish. `calibrate` takes the next faces as neutral."""

    calibration_faces: int

    def wish(self, face: Face | None, at_s: float) -> Wish: ...

    def calibrate(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, eq=False)
class Reading:
    """All that is known of one picture.

    state: "follow", "hold", "no face" or "calibrating". calibrated: faces taken as neutral, and how many are wanted.
    find_ms, map_ms: what the two steps took. fps: of the last pictures; 0 at first. note: how a robot is that follows.
    """

    taken: Taken
    seen: Sighting
    wish: Wish
    state: str
    calibrated: tuple[int, int]
    find_ms: float
    map_ms: float
    fps: float
    note: str = ""


class Reader:
    """Reads picture after picture of one video. clock: seconds that only rise. note: goes into the next reading."""

    def __init__(
        self, finder: FaceFinder, mind: Mind, *, still: bool = False, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._mind, self._clock, self.note = mind, clock, ""
        tracker = finder.tracker()
        self._look: Callable[[Picture, float], Sighting] = tracker.look
        if still:
            self._look = lambda picture, _: finder.look(picture)
        self._neutral_faces = 0
        self._ends: deque[float] = deque(maxlen=FPS_OVER + 1)

    def calibrate(self) -> None:
        """Take the next faces as neutral."""
        self._mind.calibrate()
        self._neutral_faces = 0

    def read(self, taken: Taken) -> Reading:
        """What is in the next picture. Raises what the finder and the mind raise."""
        began = self._clock()
        seen = self._look(taken.picture, taken.at_s)
        found = self._clock()
        face = None if seen.face is None or seen.face.held else seen.face
        wanted = self._mind.calibration_faces
        calibrating = self._neutral_faces < wanted
        wish = self._mind.wish(face, taken.at_s)
        ended = self._clock()
        self._neutral_faces += int(calibrating and face is not None)
        self._ends.append(ended)
        state = "calibrating" if calibrating and face is not None else wish.mode
        if state == "neutral":
            state = "no face" if face is None else "follow"
        span = self._ends[-1] - self._ends[0]
        return Reading(
            taken=taken, seen=seen, wish=wish, state=state, calibrated=(min(self._neutral_faces, wanted), wanted),
            find_ms=1000 * (found - began), map_ms=1000 * (ended - found),
            fps=(len(self._ends) - 1) / span if span > 0 else 0.0, note=self.note,
        )  # fmt: skip


def shares(schema: ControlSchema, range_set: str, values: Array) -> Array:
    """Where values (C,) stand in their ranges, 0 at the lowest, 1 at the highest."""
    low, high = schema.bounds(range_set)
    return np.clip((values - low) / (high - low), 0, 1)
