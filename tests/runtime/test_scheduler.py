"""Whose turn it is. Work waits for events; the clock of deadlines is set by hand; nothing sleeps."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError

import pytest

from sdk.runtime.scheduler import Closed, Late, Rank, Refused, Scheduler, Turn

PATIENCE_S = 20.0


class Bench:
    """A scheduler on a clock that stands still, and a first job that holds its thread until `go`."""

    def __init__(self) -> None:
        self.now = 100.0
        self.scheduler = Scheduler(clock=lambda: self.now)
        self.order: list[str] = []
        self._gate, self._entered = threading.Event(), threading.Event()

    def hold(self, **how: float) -> None:
        """Occupy the thread, so that what is submitted waits."""
        self.first = self.scheduler.submit(self._wait, **how)  # type: ignore[arg-type]
        assert self._entered.wait(PATIENCE_S)

    def _wait(self, turn: Turn) -> str:
        self._entered.set()
        assert self._gate.wait(PATIENCE_S)
        return "held"

    def go(self) -> None:
        """Let the first job end."""
        self._gate.set()

    def note(self, name: str) -> Callable[[Turn], str]:
        """Work that writes its name down."""

        def work(turn: Turn) -> str:
            self.order.append(name)
            return name

        return work


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.go()
    made.scheduler.close()


def test_work_gives_its_result_or_its_error(bench: Bench) -> None:
    def fail(turn: Turn) -> None:
        raise MemoryError("nothing left")

    failed = bench.scheduler.submit(fail)
    assert bench.scheduler.submit(bench.note("a")).result(PATIENCE_S) == "a"
    with pytest.raises(MemoryError):
        failed.result(PATIENCE_S)


def test_the_earliest_deadline_comes_first_and_live_work_before_all(bench: Bench) -> None:
    bench.hold()
    asked = {"whenever": {}, "late": {"deadline": 300.0}, "soon": {"deadline": 200.0}, "next": {"deadline": 250.0}}
    futures = [bench.scheduler.submit(bench.note(name), **how) for name, how in asked.items()]
    futures.append(bench.scheduler.submit(bench.note("nobody waits"), rank=Rank.BACKGROUND))
    futures.append(bench.scheduler.submit(bench.note("later"), deadline=1e9))
    futures.append(bench.scheduler.submit(bench.note("live"), deadline=400.0, rank=Rank.LIVE))
    assert bench.scheduler.waiting == 7
    bench.go()
    for future in futures:
        future.result(PATIENCE_S)
    assert bench.order == ["live", "soon", "next", "late", "later", "whenever", "nobody waits"]


def test_equal_work_runs_in_order_of_arrival(bench: Bench) -> None:
    bench.hold()
    futures = [bench.scheduler.submit(bench.note(str(k))) for k in range(20)]
    bench.go()
    for future in futures:
        future.result(PATIENCE_S)
    assert bench.order == [str(k) for k in range(20)]


def test_running_work_gives_way_to_what_is_more_urgent_and_to_nothing_else(bench: Bench) -> None:
    submitted, entered = threading.Event(), threading.Event()

    def long(turn: Turn) -> float:
        entered.set()
        assert submitted.wait(PATIENCE_S)
        bench.order.append("long begins")
        turn.give_way()
        bench.order.append("long ends")
        return turn.waited_s

    running = bench.scheduler.submit(long, deadline=300.0)
    assert entered.wait(PATIENCE_S)
    later = bench.scheduler.submit(bench.note("later"), deadline=400.0)
    urgent = bench.scheduler.submit(bench.note("urgent"), deadline=200.0)
    live = bench.scheduler.submit(bench.note("live"), deadline=900.0, rank=Rank.LIVE)
    submitted.set()
    for future in (running, later, urgent, live):
        future.result(PATIENCE_S)
    assert bench.order == ["long begins", "live", "urgent", "long ends", "later"]


def test_what_cannot_be_kept_is_refused_at_once(bench: Bench) -> None:
    bench.hold(deadline=101.0, least_s=0.5)
    bench.scheduler.submit(bench.note("taken"), deadline=101.0, least_s=0.3)
    with pytest.raises(Refused, match="would pass its own deadline") as refusal:
        bench.scheduler.submit(bench.note("too slow"), deadline=101.1, least_s=0.4)
    assert refusal.value.wait_s == pytest.approx(0.1)
    with pytest.raises(Refused, match="would pass another request's deadline"):
        bench.scheduler.submit(bench.note("in front"), deadline=100.9, least_s=0.3)
    bench.scheduler.submit(bench.note("behind"), deadline=101.2, least_s=0.4)
    assert bench.scheduler.waiting == 2


def test_a_live_character_is_not_refused_for_a_requests_sake(bench: Bench) -> None:
    bench.hold()
    bench.scheduler.submit(bench.note("request"), deadline=101.0, least_s=0.9)
    bench.scheduler.submit(bench.note("live"), deadline=100.6, least_s=0.5, rank=Rank.LIVE)
    with pytest.raises(Refused, match="would pass its own deadline"):
        bench.scheduler.submit(bench.note("too much"), deadline=100.9, least_s=0.5, rank=Rank.LIVE)


def test_nobody_is_refused_for_what_is_late_without_him(bench: Bench) -> None:
    bench.hold()
    bench.scheduler.submit(bench.note("late"), deadline=101.0, least_s=0.9)
    bench.scheduler.submit(bench.note("live"), deadline=100.6, least_s=0.5, rank=Rank.LIVE)
    bench.now = 100.2
    bench.scheduler.submit(bench.note("behind"), least_s=0.1)
    bench.scheduler.submit(bench.note("in front"), deadline=100.95, least_s=0.2)
    with pytest.raises(Refused, match="would pass another request's deadline"):
        bench.scheduler.submit(bench.note("too much"), deadline=100.9, least_s=0.1)


def test_time_that_has_passed_makes_room(bench: Bench) -> None:
    bench.hold(deadline=110.0, least_s=5.0)
    with pytest.raises(Refused):
        bench.scheduler.submit(bench.note("a"), deadline=112.0, least_s=8.0)
    bench.now = 103.5
    bench.scheduler.submit(bench.note("a"), deadline=113.1, least_s=8.0)


def test_work_without_a_deadline_takes_nobodys_room(bench: Bench) -> None:
    bench.hold(least_s=1000.0)
    bench.scheduler.submit(bench.note("whenever"), least_s=1000.0)
    bench.scheduler.submit(bench.note("soon"), deadline=101.0, least_s=0.5)


def test_a_full_queue_refuses_requests_but_no_live_character(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdk.runtime.scheduler.MOST_WAITING", 3)
    bench.hold()
    waiting = [bench.scheduler.submit(bench.note(str(k)), least_s=2.0) for k in range(3)]
    with pytest.raises(Refused, match=r"the queue is full: 3 requests wait; try again in 3\.0 s"):
        bench.scheduler.submit(bench.note("more"), least_s=2.0)
    live = bench.scheduler.submit(bench.note("live"), rank=Rank.LIVE)
    waiting[0].cancel()
    waiting[1].cancel()
    bench.scheduler.submit(bench.note("later"))
    bench.go()
    assert live.result(PATIENCE_S) == "live" and waiting[2].result(PATIENCE_S) == "2"


def test_work_whose_deadline_can_no_longer_be_kept_does_not_begin(bench: Bench) -> None:
    bench.hold()
    late = bench.scheduler.submit(bench.note("late"), deadline=101.0, least_s=0.5)
    bench.now = 100.6
    bench.go()
    with pytest.raises(Late, match="100 ms were missing"):
        late.result(PATIENCE_S)
    assert bench.order == []


def test_cancelled_work_does_not_begin_and_running_work_hears_of_it(bench: Bench) -> None:
    entered, seen = threading.Event(), threading.Event()

    def patient(turn: Turn) -> None:
        entered.set()
        while not turn.cancelled:
            seen.wait(0.001)
        seen.set()

    running = bench.scheduler.submit(patient)
    waiting = bench.scheduler.submit(bench.note("never"))
    assert entered.wait(PATIENCE_S)
    assert waiting.cancel() and bench.scheduler.waiting == 0
    assert running.cancel()
    assert seen.wait(PATIENCE_S)
    with pytest.raises(CancelledError):
        running.result(PATIENCE_S)
    assert bench.scheduler.submit(bench.note("after")).result(PATIENCE_S) == "after"
    assert bench.order == ["after"]


def test_cancelled_work_takes_nobodys_room(bench: Bench) -> None:
    bench.hold()
    bench.scheduler.submit(bench.note("gone"), deadline=101.0, least_s=0.9).cancel()
    bench.scheduler.submit(bench.note("in"), deadline=101.0, least_s=0.9)


def test_the_limit_leaves_those_who_wait_their_shortest_time(bench: Bench) -> None:
    limits: list[float] = []
    submitted, entered = threading.Event(), threading.Event()

    def work(turn: Turn) -> None:
        entered.set()
        assert submitted.wait(PATIENCE_S)
        limits.append(turn.limit())

    running = bench.scheduler.submit(work, deadline=105.0)
    assert entered.wait(PATIENCE_S)
    bench.scheduler.submit(bench.note("a"), deadline=106.0, least_s=2.0)
    bench.scheduler.submit(bench.note("b"), deadline=107.0, least_s=1.5)
    bench.scheduler.submit(bench.note("whenever"), least_s=50.0)
    submitted.set()
    running.result(PATIENCE_S)
    assert limits == [pytest.approx(103.5)], "b must begin at 105.5, a at 103.5"


def test_closing_ends_everything(bench: Bench) -> None:
    bench.hold()
    waiting = bench.scheduler.submit(bench.note("never"))
    closer = threading.Thread(target=bench.scheduler.close)
    closer.start()
    bench.go()
    closer.join(PATIENCE_S)
    assert not closer.is_alive() and bench.first.result(PATIENCE_S) == "held"
    with pytest.raises(Closed):
        waiting.result(PATIENCE_S)
    with pytest.raises(Closed):
        bench.scheduler.submit(bench.note("never"))
    assert bench.order == []
