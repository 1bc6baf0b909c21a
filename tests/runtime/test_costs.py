"""What passes cost: learned, carried over to other sizes and rows, followed when the machine changes."""

import pytest

from sdk.runtime.costs import BETWEEN, Costs
from sdk.runtime.work import Load, Step

STEP = Step("masked", 2, 32)


def learned(seconds: float = 0.010, *, step: Step = STEP, times: int = 8) -> Costs:
    costs = Costs()
    for _ in range(times):
        costs.observe(step, seconds)
    return costs


def test_a_graph_that_never_ran_costs_nothing_yet() -> None:
    assert learned().predict(Step("decode", 1, 32)) == 0.0


def test_equal_passes_are_predicted_as_they_were() -> None:
    assert learned(0.010).predict(STEP) == pytest.approx(0.010)


@pytest.mark.parametrize(("size", "seconds"), [(32, 0.010), (64, 0.020), (256, 0.080)])
def test_a_larger_pass_counts_in_proportion(size: int, seconds: float) -> None:
    assert learned(0.010).predict(STEP._replace(size=size)) == pytest.approx(seconds)


@pytest.mark.parametrize("size", [1, 4, 16])
def test_a_smaller_pass_than_any_seen_costs_as_much_as_that(size: int) -> None:
    assert learned(0.010).predict(STEP._replace(size=size)) == pytest.approx(0.010)


def test_a_size_of_its_own_is_learned_apart() -> None:
    costs = learned(0.010)
    for _ in range(8):
        costs.observe(STEP._replace(size=4), 0.004)
    assert costs.predict(STEP._replace(size=4)) == pytest.approx(0.004)
    assert costs.predict(STEP) == pytest.approx(0.010)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_rows_that_were_not_seen_count_in_proportion(rows: int) -> None:
    assert learned(0.010).predict(STEP._replace(rows=rows)) == pytest.approx(0.005 * rows)


def test_a_machine_that_became_slower_is_believed_within_a_few_passes() -> None:
    costs = learned(0.010, times=50)
    for _ in range(4):
        costs.observe(STEP, 0.030)
    assert 0.025 < costs.predict(STEP) < 0.050


def test_good_news_are_believed_slowly() -> None:
    costs = learned(0.030, times=50)
    costs.observe(STEP, 0.010)
    assert costs.predict(STEP) > 0.028
    for _ in range(100):
        costs.observe(STEP, 0.010)
    assert costs.predict(STEP) == pytest.approx(0.010, rel=0.05)


def busy(clock: list[float]) -> Costs:
    """Passes of 10 ms, then some of 50, all in one moment."""
    costs = Costs(clock=lambda: clock[0])
    for seconds in [0.010] * 50 + [0.050] * 10:
        costs.observe(STEP, seconds)
    return costs


def test_a_bad_moment_is_forgotten_when_nothing_is_made_after_it() -> None:
    clock = [100.0]
    costs = busy(clock)
    before = costs.predict(STEP)
    assert before > 0.045
    seen = []
    for clock[0] in (101.0, 102.0, 110.0):
        seen.append(costs.predict(STEP))
    assert before > seen[0] > seen[1] > seen[2]
    assert 0.010 < seen[2] < 0.015, "what it took in good moments"


def test_a_machine_that_stays_slow_is_believed_for_good() -> None:
    clock = [100.0]
    costs = busy(clock)
    for _ in range(600):
        clock[0] += 0.05
        costs.observe(STEP, 0.050)
    assert costs.predict(STEP) > 0.049
    clock[0] += 60
    assert costs.predict(STEP) > 0.045


def test_a_clock_that_stands_forgets_nothing() -> None:
    costs = busy([0.0])
    assert costs.predict(STEP) == costs.predict(STEP) > 0.045


def test_passes_that_scatter_are_predicted_above_their_mean() -> None:
    costs = Costs()
    for k in range(60):
        costs.observe(STEP, 0.008 if k % 2 else 0.012)
    assert 0.012 < costs.predict(STEP) < 0.018


def test_work_is_the_sum_of_its_passes() -> None:
    costs = learned(0.010)
    assert costs.total([Load("masked", STEP, 5), Load("decode", Step("decode", 1, 32), 1)]) == pytest.approx(0.050)


def test_what_lies_between_passes_counts_with_each_of_them() -> None:
    costs = learned(0.010)
    work = [Load("masked", STEP, 3), Load("decode", STEP, 1, firm=True)]
    assert costs.total(work) == pytest.approx(0.040)
    costs.observe(BETWEEN, 0.002)
    assert costs.total(work) == pytest.approx(0.048)


def test_what_refuses_everybody_is_doubted_until_somebody_is_let_in() -> None:
    now = [0.0]
    costs = Costs(clock=lambda: now[0])
    for _ in range(8):
        costs.observe(STEP, 0.170)  # the machine was busy when it was first met
    work = [Load("masked", STEP, 1)]
    for _ in range(30):
        costs.doubt(work)
    assert costs.predict(STEP) == pytest.approx(0.170), "not at once, and not while passes are made"
    refused = 0
    while costs.predict(STEP) > 0.060:
        refused, now[0] = refused + 1, now[0] + 3.0
        costs.doubt(work)
        costs.doubt(work)  # many who are refused at once are one reason
    assert refused == 10
    for _ in range(60):
        costs.observe(STEP, 0.014)
    assert costs.predict(STEP) < 0.020
