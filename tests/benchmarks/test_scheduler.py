"""What the scheduler itself costs."""

from collections.abc import Iterator

import pytest

from sdk.runtime.scheduler import Scheduler

pytestmark = pytest.mark.benchmark(group="scheduler")


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    scheduler = Scheduler()
    yield scheduler
    scheduler.close()


def test_100_jobs_that_do_nothing(benchmark, scheduler: Scheduler) -> None:
    def run() -> None:
        for future in [scheduler.submit(lambda turn: None) for _ in range(100)]:
            future.result()

    benchmark(run)
