"""The loop: ticks on a grid of a monotonic clock. What was missed is counted and never caught up on."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from sdk.errors import InvalidInput

RATE_HZ = 60.0
RATES_HZ = (20.0, 120.0)
REMEMBERED = 3600
LOOP_PRIORITY, PROCESS_PRIORITY = 20, 10
"""Low among real-time threads, so that those of the system itself go first. The other threads of the process need one
too: who holds Python's lock and may not run holds up the loop."""


@dataclass
class LoopStats:
    """What a loop went through. A tick is late by the time from its moment on the grid; an overrun is a tick that took
    longer than the period; missed are moments without a tick, worst_burst the most in a row. Seconds."""

    ticks: int = 0
    overruns: int = 0
    missed: int = 0
    worst_burst: int = 0
    worst_late_s: float = 0.0
    recent_late_s: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    @property
    def late_p99_s(self) -> float:
        """Of the last minute; 0 before the first tick."""
        return float(np.percentile(list(self.recent_late_s), 99)) if self.recent_late_s else 0.0


def ask_for_realtime(priority: int = LOOP_PRIORITY) -> str:
    """Move the calling thread, and those that it will start, to SCHED_FIFO, where the system has that and allows it.

    Returns the kind of priority that it has then.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except AttributeError:
        return "normal: this system has no real-time priority for threads"
    except OSError as error:
        return f"normal: real-time priority was refused ({error.strerror})"
    return "real time"


@contextmanager
def realtime_priority(priority: int) -> Iterator[None]:
    """`ask_for_realtime` for a while: afterwards the calling thread has what it had."""
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    ask_for_realtime(priority)
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)


class Loop:
    """Calls `tick` at `rate_hz` until it is stopped. clock and wait are the time to live by; tests bring their own.

    wait(seconds) returns True when the loop is to end. on_tick is told how late each tick was and how many were missed.
    realtime: ask the system to run this thread before all ordinary ones; `priority` says whether it does.
    """

    def __init__(
        self, tick: Callable[[], None], *, rate_hz: float = RATE_HZ, clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None, on_tick: Callable[[float, int], None] | None = None,
        realtime: bool = False,
    ) -> None:  # fmt: skip
        low, high = RATES_HZ
        if not low <= rate_hz <= high:
            raise InvalidInput(f"rate must lie in {low:g}..{high:g} a second, got {rate_hz:g}", field="rate")
        self.stats = LoopStats()
        self.rate_hz = rate_hz
        self._tick, self._clock, self._period_s, self._on_tick = tick, clock, 1 / rate_hz, on_tick
        self._realtime, self.priority = realtime, "normal"
        self._stop = threading.Event()
        self._wait = self._stop.wait if wait is None else wait
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Tick until told to stop. An error of `tick` ends the loop and is raised."""
        if self._realtime:
            self.priority = ask_for_realtime()
        due = self._clock() + self._period_s
        while not self._wait(max(due - self._clock(), 0.0)):
            began = self._clock()
            late_s = began - due
            if late_s < 0:  # woken early, or the clock went back
                if late_s < -self._period_s:
                    due = began + self._period_s
                else:
                    continue
            missed = int(late_s / self._period_s)
            self._count(max(late_s, 0.0), missed)
            self._tick()
            self.stats.overruns += self._clock() - began > self._period_s
            due += (missed + 1) * self._period_s

    def _count(self, late_s: float, missed: int) -> None:
        stats = self.stats
        stats.ticks += 1
        stats.missed += missed
        stats.worst_burst = max(stats.worst_burst, missed)
        stats.worst_late_s = max(stats.worst_late_s, late_s)
        stats.recent_late_s.append(late_s)
        if self._on_tick is not None:
            self._on_tick(late_s, missed)

    def start(self) -> None:
        """Run in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="bridge loop", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the tick it is in."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(2.0)
