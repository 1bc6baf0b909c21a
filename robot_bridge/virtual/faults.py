"""What can go wrong on the way to the robot and in it, written down in advance and repeatable by its seed."""

import heapq
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from robot_bridge.virtual import constants as c
from sdk.errors import InvalidInput

T = TypeVar("T")

KINDS = {
    "loss": ("probability", "a frame is lost"),
    "late": ("seconds", "each frame comes so much later"),
    "jitter": ("seconds", "each frame comes later by a random time up to this; their order stays"),
    "reorder": ("probability", "a frame comes behind later ones"),
    "nan": ("probability", "one value of a frame becomes NaN"),
    "disconnect": ("", "the link is down"),
    "stuck": ("code", "a motor does not move and reports this status, 7 (driver) if none is given"),
    "slow": ("share", "a motor has this share of its speed"),
    "sensor": ("", "a position is not known; status 2"),
    "supply": ("volts", "the motors' supply; below 19 V they stand still, status 4"),
}
"""Kinds of faults: the unit of their value and what they do."""
ON_A_CONTROL = ("stuck", "slow", "sensor")
DEFAULT = {"disconnect": 1.0, "stuck": 7.0, "sensor": 2.0}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault from `start_s` until `end_s` of the robot's time. `value` is in the unit of KINDS; `control` names a
    control for the kinds of ON_A_CONTROL, all controls if empty."""

    kind: str
    value: float
    control: str = ""
    start_s: float = 0.0
    end_s: float = math.inf

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidInput(f"fault {self.kind!r} is unknown; known: {', '.join(KINDS)}")
        unit = KINDS[self.kind][0]
        most = {"probability": 1.0, "share": 1.0, "code": 8.0, "volts": 60.0}.get(unit, math.inf)
        least = 1.0 if unit == "code" else 0.0
        if not (math.isfinite(self.value) and least <= self.value <= most):
            name = f"fault {self.kind}: {unit or 'value'}"
            raise InvalidInput(f"{name} must lie in {least:g}..{most:g}, got {self.value:g}")
        if self.control and self.kind not in ON_A_CONTROL:
            raise InvalidInput(f"fault {self.kind}: takes no control, got {self.control!r}")
        if not 0 <= self.start_s < self.end_s:
            raise InvalidInput(f"fault {self.kind}: must end after it starts, at 0 s or later")

    def acts(self, now: float) -> bool:
        """Whether it is there at a time."""
        return self.start_s <= now < self.end_s

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """From `KIND[=VALUE][:CONTROL][@START[-END]]`, such as "loss=0.1" or "stuck:Jaw Pitch@2-5"; seconds."""
        head, _, window = text.partition("@")
        head, _, control = head.partition(":")
        kind, _, value = head.partition("=")
        start, _, end = window.partition("-")
        kind = kind.strip()
        if not value and kind in KINDS and kind not in DEFAULT:
            raise InvalidInput(f"fault {text!r}: needs a value, such as {kind}=0.1 ({KINDS[kind][0]})")
        try:
            numbers = float(value or DEFAULT.get(kind, 0)), float(start or 0), float(end or math.inf)
        except ValueError:
            form = "KIND=VALUE:CONTROL@START-END, such as slow=0.2:Head Yaw@1-3"
            raise InvalidInput(f"fault {text!r} must look like {form}") from None
        return cls(kind=kind, value=numbers[0], control=control.strip(), start_s=numbers[1], end_s=numbers[2])


@dataclass
class Faults:
    """All faults of a run; `script` may grow while it goes on. An empty one is a robot that is well."""

    script: tuple[Fault, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "Faults":
        """Each as `Fault.parse` takes it."""
        return cls(tuple(Fault.parse(text) for text in texts))

    def at(self, now: float, kind: str) -> list[Fault]:
        """Faults of a kind that are there at a time."""
        return [fault for fault in self.script if fault.kind == kind and fault.acts(now)]

    def value(self, now: float, kind: str, default: float) -> float:
        """Value of the last such fault in the script."""
        found = self.at(now, kind)
        return found[-1].value if found else default


class Link(Generic[T]):
    """The way of frames to the robot. What is sent comes out at its time, or never.

    Counters: lost and reordered frames.
    """

    def __init__(self, faults: Faults, rng: np.random.Generator, counters: Counter[str]) -> None:
        self._faults, self._rng, self._counters = faults, rng, counters
        self._on_the_way: list[tuple[float, int, T]] = []
        self._sent, self._latest = 0, -math.inf

    def up(self, now: float) -> bool:
        """Whether it is connected."""
        return not self._faults.at(now, "disconnect")

    def send(self, now: float, frame: T) -> None:
        """Put a frame in. Every frame draws the same random numbers, so that one fault does not move another."""
        lost, later, overtaken = self._rng.random(3)
        if not self.up(now) or lost < self._faults.value(now, "loss", 0):
            self._counters["lost"] += 1
            return
        due = now + self._faults.value(now, "late", 0) + later * self._faults.value(now, "jitter", 0)
        if overtaken < self._faults.value(now, "reorder", 0):
            due += c.REORDER_S
            self._counters["reordered"] += 1
        else:
            due = self._latest = max(due, self._latest)
        heapq.heappush(self._on_the_way, (due, self._sent, frame))
        self._sent += 1

    def due(self, now: float) -> list[T]:
        """Frames that have come by now, in the order of their coming."""
        come = []
        while self._on_the_way and self._on_the_way[0][0] <= now:
            come.append(heapq.heappop(self._on_the_way)[2])
        return come
