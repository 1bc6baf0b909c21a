"""What a pass costs on this machine: learned from the passes that were made, followed while the load changes."""

import math
import threading
from dataclasses import dataclass

from sdk.runtime.work import Step, Work

RISE, FALL = 0.25, 0.06
"""Share of a surprise that the estimate takes over, upwards and downwards: being late is worse than being early."""
SPREAD = 0.12
DEVIATIONS = 2.0
"""A prediction lies so many mean deviations above the mean, as TCP's timer does (Jacobson 1988, with 4)."""


@dataclass
class _Estimate:
    """Smoothed seconds per unit of size, and their mean deviation."""

    mean: float
    deviation: float

    def take(self, value: float) -> None:
        gap = value - self.mean
        self.deviation += SPREAD * (abs(gap) - self.deviation)
        self.mean += (RISE if gap > 0 else FALL) * gap


class Costs:
    """Seconds a pass by graph, rows and size. Near sizes share an estimate. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._estimates: dict[tuple[str, int], dict[int, _Estimate]] = {}

    def observe(self, step: Step, seconds: float) -> None:
        """Learn from one pass."""
        value = seconds / step.size
        with self._lock:
            sizes = self._estimates.setdefault((step.graph, step.rows), {})
            bucket = _bucket(step.size)
            if bucket in sizes:
                sizes[bucket].take(value)
            else:
                sizes[bucket] = _Estimate(value, 0.0)

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
            estimate = sizes[near]
            size = step.size if near <= bucket else 2 ** (near / 2)
            return (estimate.mean + DEVIATIONS * estimate.deviation) * size * step.rows / rows

    def total(self, work: Work) -> float:
        """Seconds of all passes together."""
        return sum(load.passes * self.predict(load.step) for load in work)


def _bucket(size: int) -> int:
    return round(2 * math.log2(max(size, 1)))
