"""What a pass costs on this machine: learned from the passes that were made, followed while the load changes."""

import math
import threading
import time
from dataclasses import dataclass

from sdk.runtime.work import Clock, Step, Work

RISE, FALL = 0.25, 0.06
"""Share of a surprise that the estimate takes over, upwards and downwards: being late is worse than being early."""
SPREAD = 0.12
DEVIATIONS = 2.0
"""A prediction lies so many mean deviations above the mean, as TCP's timer does (Jacobson 1988, with 4)."""
RELAX_S = 1.0
"""Half of what an estimate lies above its usual value is forgotten in so long without a pass: after a bad moment, in
which everything was refused, nothing else would ever correct it."""
DOUBT, DOUBT_S = 0.9, 1.0
"""The usual value falls to this share when a request is refused for it although no pass was made for so long, seconds,
and once in so long: what a bad moment taught when the machine was first met would otherwise hold for ever."""
LEAST_SPREAD = 0.05
"""Relaxing leaves this share of the usual value as mean deviation, if there was as much."""
CREEP = 0.01
"""Share of its distance to the mean by which the usual value rises in a pass; it falls at once."""


BETWEEN = Step("between", 1, 1)
"""What the host loop takes beside one pass: drawing noise, choosing tokens, letting others go first."""


@dataclass
class _Estimate:
    """Smoothed seconds per unit of size and their mean deviation, at a time; usual: what it takes in good moments."""

    mean: float
    deviation: float
    usual: float
    at: float
    doubted: float = -math.inf

    @classmethod
    def first(cls, value: float, now: float) -> "_Estimate":
        return cls(value, 0.0, value, now)

    def relaxed(self, now: float) -> tuple[float, float]:
        """Mean and deviation as they are believed now."""
        share = 0.5 ** (max(now - self.at, 0.0) / RELAX_S)
        kept = min(self.deviation, LEAST_SPREAD * self.usual)
        return self.usual + (self.mean - self.usual) * share, kept + (self.deviation - kept) * share

    def doubt(self, now: float) -> None:
        if now - self.at > DOUBT_S and now - self.doubted > DOUBT_S:
            self.mean, self.deviation = self.relaxed(now)
            self.mean, self.usual, self.deviation = (DOUBT * x for x in (self.mean, self.usual, self.deviation))
            self.doubted = now

    def take(self, value: float, now: float) -> None:
        self.mean, self.deviation = self.relaxed(now)
        self.at = now
        gap = value - self.mean
        self.deviation += SPREAD * (abs(gap) - self.deviation)
        self.mean += (RISE if gap > 0 else FALL) * gap
        self.usual = min(self.usual + CREEP * (self.mean - self.usual), self.mean)


class Costs:
    """Seconds a pass by graph, rows and size. Near sizes share an estimate. Thread-safe."""

    def __init__(self, *, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._estimates: dict[tuple[str, int], dict[int, _Estimate]] = {}
        self.observed_s = 0.0
        """All passes that were learned from, together."""

    def observe(self, step: Step, seconds: float) -> None:
        """Learn from one pass."""
        value = seconds / step.size
        with self._lock:
            self.observed_s += seconds
            sizes = self._estimates.setdefault((step.graph, step.rows), {})
            bucket = _bucket(step.size)
            if bucket in sizes:
                sizes[bucket].take(value, self._clock())
            else:
                sizes[bucket] = _Estimate.first(value, self._clock())

    def predict(self, step: Step) -> float:
        """Seconds that such a pass will hardly exceed; 0 when its graph was never run.

        From the nearest size that was seen: less than in proportion would be too hopeful for a larger pass, and a
        smaller one never costs more. Other numbers of rows count in proportion.
        """
        with self._lock:
            sizes, rows = self._estimates.get((step.graph, step.rows)), step.rows
            if sizes is None:
                seen = [key for key in self._estimates if key[0] == step.graph]
                if not seen:
                    return 0.0
                key = min(seen, key=lambda k: abs(k[1] - step.rows))
                sizes, rows = self._estimates[key], key[1]
            bucket = _bucket(step.size)
            near = min(sizes, key=lambda b: (abs(b - bucket), b))
            mean, deviation = sizes[near].relaxed(self._clock())
            size = step.size if near <= bucket else 2 ** (near / 2)
            # Between many passes chance evens out: what now and then holds one up is no reason to fear for all.
            spread = 0.0 if step == BETWEEN else DEVIATIONS * deviation
            return (mean + spread) * size * step.rows / rows

    def doubt(self, work: Work) -> None:
        """Believe a little less in what passes cost that were not made of late: a request is refused for it."""
        now = self._clock()
        with self._lock:
            for graph in {(step.graph, step.rows) for step in (BETWEEN, *(load.step for load in work))}:
                for estimate in self._estimates.get(graph, {}).values():
                    estimate.doubt(now)

    def total(self, work: Work) -> float:
        """Seconds of all passes together, and of what lies between them."""
        between = self.predict(BETWEEN)
        return sum(load.passes * (self.predict(load.step) + between) for load in work)


def _bucket(size: int) -> int:
    return round(2 * math.log2(max(size, 1)))
