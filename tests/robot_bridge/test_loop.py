"""The loop's grid, with time that passes when the test says so."""

import os

import pytest

from robot_bridge.loop import PROCESS_PRIORITY, Loop, ask_for_realtime, realtime_priority
from sdk.errors import InvalidInput


class Time:
    """Waits pass at once; `ticks` seconds each tick takes, from a list; ends after the list."""

    def __init__(self, takes: list[float]) -> None:
        self.now, self.takes = 50.0, list(takes)
        self.began: list[float] = []

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return not self.takes

    def tick(self) -> None:
        self.began.append(self.now)
        self.now += self.takes.pop(0)


def run(takes: list[float]) -> tuple[Time, Loop]:
    time = Time(takes)
    loop = Loop(time.tick, rate_hz=100, clock=time.clock, wait=time.wait)
    loop.run()
    return time, loop


def test_ticks_lie_on_the_grid_whatever_they_take() -> None:
    time, loop = run([0.001, 0.009, 0.0, 0.005] * 5)
    assert time.began == pytest.approx([50 + 0.01 * (k + 1) for k in range(20)])
    assert loop.stats.missed == loop.stats.overruns == 0 and loop.stats.worst_late_s < 1e-9


def test_what_was_missed_is_counted_and_not_caught_up_on() -> None:
    time, loop = run([0.0, 0.035, 0.0, 0.012, 0.0, 0.0])
    # The second tick ends 25 ms late: the tick after it is late, two moments between have none.
    assert time.began == pytest.approx([50.01, 50.02, 50.055, 50.06, 50.072, 50.08])
    assert loop.stats.missed == 2 and loop.stats.worst_burst == 2 and loop.stats.overruns == 2
    assert loop.stats.worst_late_s == pytest.approx(0.025)


def test_a_clock_that_jumps_leaves_the_loop_ticking() -> None:
    time = Time([0.0] * 6)
    loop = Loop(time.tick, rate_hz=100, clock=time.clock, wait=time.wait)
    honest = time.tick

    def jumping() -> None:
        honest()
        if len(time.began) == 2:
            time.now -= 30
        if len(time.began) == 4:
            time.now += 30

    loop._tick = jumping
    loop.run()
    assert len(time.began) == 6 and loop.stats.worst_burst >= 2999


def test_rates_out_of_range_are_refused() -> None:
    for rate in (19.9, 121, float("nan")):
        with pytest.raises(InvalidInput, match=r"rate must lie in 20\.\.120"):
            Loop(lambda: None, rate_hz=rate)


def test_an_error_of_the_tick_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        Loop(lambda: 1 / 0, wait=lambda seconds: False, clock=iter(range(1000)).__next__).run()


def test_a_priority_is_given_back() -> None:
    before = os.sched_getscheduler(0)
    with realtime_priority(PROCESS_PRIORITY):
        inside = os.sched_getscheduler(0)
    assert os.sched_getscheduler(0) == before
    assert inside in (before, os.SCHED_FIFO)  # where the system allows it


def test_a_refused_priority_is_said_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.sched_setscheduler", refuse, raising=False)
    assert ask_for_realtime() == "normal: real-time priority was refused (Operation not permitted)"
