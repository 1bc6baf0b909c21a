"""Whose turn it is: one thread for all sessions, live characters first, then the earliest deadline.

A generation is a loop over short passes, and between two of them it gives way to anything more urgent: that runs in
the middle, on the same thread, and a long clip delays a live character by one pass at most. Work with a deadline is
taken only while everything taken before can still be kept.
"""

import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Generic, TypeVar

from sdk.errors import EmoMotionError
from sdk.runtime.work import Clock

Value = TypeVar("Value")


MOST_WAITING = 256
"""Requests that wait at once; each holds memory, and who comes behind so many would wait for minutes."""


STILL_TO_COME = 0.3
"""What runs longer than its shortest work has so much of that before it in any case: a pass, the decoder."""


class Refused(EmoMotionError):
    """The queue is too full for the deadline, or altogether. wait_s: when there should be room."""

    def __init__(self, message: str, *, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Late(EmoMotionError):
    """The deadline passed before the work could begin."""


class Closed(EmoMotionError):
    """The scheduler was closed before the work was done."""


class Rank(IntEnum):
    """Who goes first, whatever the deadlines: live characters, requests, and what nobody waits for."""

    LIVE = 0
    REQUEST = 1
    BACKGROUND = 2


@dataclass(order=True)
class _Job(Generic[Value]):
    rank: Rank
    deadline: float
    number: int
    least_s: float = field(compare=False)
    work: Callable[["Turn"], Value] = field(compare=False)
    future: "Future[Value]" = field(compare=False)


class Turn:
    """What running work knows of its own deadline and of the others."""

    def __init__(self, scheduler: "Scheduler", job: _Job[Any]) -> None:
        self._scheduler, self._job = scheduler, job
        self.waited_s = 0.0
        """Time spent on more urgent work in the middle of this."""

    @property
    def deadline(self) -> float:
        """Monotonic time at which the work must be done; infinity for none."""
        return self._job.deadline

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the result any more."""
        return self._job.future.cancelled() or self._scheduler.closing

    def limit(self) -> float:
        """The deadline, or earlier, if otherwise work that waits could not keep its own."""
        return self._scheduler.limit(self._job)

    def give_way(self) -> None:
        """Run what is more urgent; call it between passes."""
        self.waited_s += self._scheduler.run_urgent(self._job)


class Scheduler:
    """Runs work on one thread of its own. Thread-safe."""

    def __init__(self, *, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._jobs: list[_Job[Any]] = []
        self._running: list[tuple[_Job[Any], float]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self.closing = False
        self._thread = threading.Thread(target=self._serve, name="emomotion-worker", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How much work has not begun."""
        with self._changed:
            return sum(not job.future.cancelled() for job in self._jobs)

    def submit(
        self, work: Callable[[Turn], Value], *, deadline: float = math.inf, least_s: float = 0.0,
        rank: Rank = Rank.REQUEST,
    ) -> "Future[Value]":  # fmt: skip
        """Put work in the queue; cancelling the future takes it out or tells it so by `Turn.cancelled`.

        least_s: the shortest time it can be done in. Raises Refused when that would make this or other work late,
        Closed after `close`.
        """
        job: _Job[Value] = _Job(rank, deadline, next(self._numbers), least_s, work, Future())
        with self._changed:
            if self.closing:
                raise Closed("the server is shutting down")
            self._check_room(job)
            heapq.heappush(self._jobs, job)
            self._changed.notify()
        return job.future

    def limit(self, job: _Job[Any]) -> float:
        """See `Turn.limit`: waiting work of a later turn with deadline d needs its share of the time before d."""
        with self._changed:
            limit, needed = job.deadline, 0.0
            for other in sorted(self._jobs):
                if not other.future.cancelled():
                    needed += other.least_s
                    limit = min(limit, other.deadline - needed)
            return limit

    def run_urgent(self, job: _Job[Any]) -> float:
        """See `Turn.give_way`: seconds spent, 0 when nothing was more urgent."""
        began, spent = self._clock(), 0.0
        while True:
            with self._changed:
                if not self._jobs or self._jobs[0] > job:
                    return spent
                other = heapq.heappop(self._jobs)
            self._run(other)
            spent = self._clock() - began

    def close(self) -> None:
        """Cancel all work and wait for the thread to end. Blocks: call it off an event loop."""
        with self._changed:
            self.closing = True
            self._changed.notify()
        self._thread.join()
        self._drop_all()

    def _check_room(self, job: _Job[Any]) -> None:
        """Raises Refused for a full queue, or where the shortest work would make something with a deadline late.

        What goes first is not held up by it, and what is late anyway has no say; nor has what has a later rank: a live
        character is not refused for a request's sake.
        """
        t = now = self._clock()
        needs = [(other, other.least_s) for other in self._jobs if not other.future.cancelled()]
        if job.rank > Rank.LIVE and len(needs) >= MOST_WAITING:
            wait_s = sum(seconds for _, seconds in needs) / 2
            message = f"the queue is full: {len(needs)} requests wait; try again in {wait_s:.1f} s"
            raise Refused(message, wait_s=wait_s)
        # What runs gives way between two passes, so it stands in the same order as what waits.
        needs += [
            (running, max(began + running.least_s - now, STILL_TO_COME * running.least_s))
            for running, began in self._running
        ]
        for other, seconds in sorted([*needs, (job, job.least_s)]):
            t += seconds
            late_alone = other is not job and t - job.least_s > other.deadline
            if job <= other and other.rank <= job.rank and t > other.deadline and not late_alone:
                whose = "its own" if other is job else "another request's"
                wait_s = t - other.deadline
                message = f"the queue is too full: this request would pass {whose} deadline; try again in"
                raise Refused(f"{message} {1000 * wait_s:.0f} ms or allow more", wait_s=wait_s)

    def _serve(self) -> None:
        while True:
            with self._changed:
                while not self._jobs and not self.closing:
                    self._changed.wait()
                if self.closing:
                    return
                job = heapq.heappop(self._jobs)
            self._run(job)

    def _run(self, job: _Job[Any]) -> None:
        if job.future.cancelled():
            return
        now = self._clock()
        if now + job.least_s > job.deadline:
            late_ms = 1000 * (now + job.least_s - job.deadline)
            _settle(job.future, error=Late(f"the deadline could not be kept: {late_ms:.0f} ms were missing"))
            return
        entry = (job, now)
        with self._changed:
            self._running.append(entry)
        try:
            value = job.work(Turn(self, job))
        except BaseException as error:  # whatever it is, whoever waits must hear of it
            _settle(job.future, error=error)
        else:
            _settle(job.future, value)
        finally:
            with self._changed:
                self._running.remove(entry)

    def _drop_all(self) -> None:
        with self._changed:
            jobs, self._jobs = self._jobs, []
        for job in jobs:
            _settle(job.future, error=Closed("the server is shutting down"))


def _settle(future: "Future[Any]", value: Any = None, *, error: BaseException | None = None) -> None:
    """Give a future its outcome, unless it was cancelled."""
    if not future.set_running_or_notify_cancel():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
