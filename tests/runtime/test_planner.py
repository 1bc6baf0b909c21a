"""Which plan is chosen, and whether work that turns out slower than foreseen still ends in time. No clock runs here."""

import math
from dataclasses import replace

import pytest

from sdk.bundle import Plan
from sdk.errors import InvalidInput
from sdk.runtime.costs import Costs
from sdk.runtime.planner import DeadlinePace, OverBudget, Planner, Wanted, accepted
from sdk.runtime.work import Load, Step, Work
from tests.service.fake_engine import MANIFEST

GUIDANCE = {"text_guidance": 1.0, "emotion_guidance": 1.0, "residual_guidance": 1.0}
PLANS = [
    Plan(name=name, generator=generator, iterations=iterations, residual_layers=layers, **GUIDANCE)
    for name, generator, iterations, layers in (
        ("best", "masks", 10, 5), ("middle", "masks", 10, 2), ("slow", "noise", 50, 0), ("fast", "masks", 4, 0),
        ("quick", "noise", 10, 0),
    )
]  # fmt: skip
BEST, MIDDLE, _, FAST, _ = PLANS
MASKED, RESIDUAL, DECODE = (Step(name, 1, 32) for name in ("masked", "residual", "decode"))
SECONDS = {"masked": 0.010, "residual": 0.005, "decode": 0.004, "text": 0.020, "finish": 0.001}
WINDOWS = 2


class Walks:
    """A generator whose clips have two windows."""

    def work(self, plan: Plan, frames: int, *, played: int = 0, felt: float = 1.0) -> list[Load]:
        window = [Load("masked", MASKED, plan.iterations), Load("residual", RESIDUAL, plan.residual_layers)]
        return [*(window * WINDOWS), Load("decode", DECODE, 1, firm=True)]


def known_costs(factor: float = 1.0) -> Costs:
    costs = Costs()
    for graph, seconds in SECONDS.items():
        size = {"text": 1, "finish": 121}.get(graph, 32)
        costs.observe(Step(graph, 1, size), seconds * factor)
    return costs


@pytest.fixture
def planner() -> Planner:
    return Planner({"masks": Walks()}, known_costs())  # type: ignore[dict-item]


def wanted(*plans: Plan, text_known: bool = True) -> Wanted:
    return Wanted(plans or (BEST, MIDDLE, FAST), 121, text_known)


# Milliseconds of two windows: best 2 (100 + 25) + 5, middle 2 (100 + 10) + 5, fast 2 * 40 + 5.
@pytest.mark.parametrize(
    ("left_ms", "name"),
    [(10_000, "best"), (255.1, "best"), (254, "middle"), (225.1, "middle"), (224, "fast"), (85.1, "fast"), (84, None)],
)
def test_the_first_plan_that_fits_is_taken(planner: Planner, left_ms: float, name: str | None) -> None:
    plan = planner.choose(wanted(), left_ms / 1000)
    assert (plan.name if plan else None) == name


def test_a_text_that_must_be_encoded_costs_time(planner: Planner) -> None:
    gap = planner.seconds(BEST, wanted(text_known=False)) - planner.seconds(BEST, wanted())
    assert gap == pytest.approx(SECONDS["text"])
    assert planner.choose(wanted(text_known=False), 0.260) is MIDDLE


def test_without_a_limit_the_first_plan_is_taken(planner: Planner) -> None:
    assert planner.choose(wanted(MIDDLE, FAST), math.inf) is MIDDLE


def test_the_cheapest_plan_is_named_with_what_it_takes(planner: Planner) -> None:
    plan, seconds = planner.cheapest(wanted())
    assert plan is FAST and seconds == pytest.approx(0.085)
    error = OverBudget(20, plan.name, 1000 * seconds)
    assert "budget_ms 20 is too small" in str(error) and "'fast', takes about 85 ms" in str(error)


@pytest.mark.parametrize(
    ("plan", "generator", "names"),
    [
        (None, None, ["best", "middle", "fast"]),
        ("middle", None, ["middle", "fast"]),
        ("fast", None, ["fast"]),
        (None, "noise", ["slow", "quick"]),
        ("quick", None, ["quick"]),
        ("slow", "noise", ["slow", "quick"]),
    ],
)
def test_a_request_accepts_what_it_named_and_what_is_cheaper(
    plan: str | None, generator: str | None, names: list[str]
) -> None:
    info = MANIFEST.generators["emo-mask"]
    manifest = replace(MANIFEST, plans=PLANS, default_plan="middle", generators={"masks": info, "noise": info})
    assert [p.name for p in accepted(manifest, plan, generator)] == names
    with pytest.raises(InvalidInput, match=r"plan 'turbo' .*is unknown"):
        accepted(manifest, "turbo", generator)


class Machine:
    """Makes the passes of `Walks` on a clock of its own, every one `factor` times as long as foreseen."""

    def __init__(self, factor: float, *, budget_s: float) -> None:
        self.factor, self.now = factor, 0.0
        self.costs = known_costs()
        finish = [Load("finish", Step("finish", 1, 121), 1, firm=True)]
        self.pace = DeadlinePace(self.costs, lambda: budget_s, finish=finish, clock=lambda: self.now)
        self.made: list[tuple[str, int]] = []

    def make(self, plan: Plan) -> float:
        """Seconds until the motion is finished."""
        work = Walks().work(plan, 121)
        for number, load in enumerate(work):
            left, least, made = load.passes, int(load.stage == "masked"), 0
            while left > 0:
                left = max(least, self.pace([load._replace(passes=left), *work[number + 1 :]]))
                if left:
                    self._run(load.step)
                    made, left = made + 1, left - 1
            self.made.append((load.stage, made))
        self.now += SECONDS["finish"] * self.factor
        return self.now

    def _run(self, step: Step) -> None:
        seconds = SECONDS[step.graph] * self.factor
        self.now += seconds
        self.costs.observe(step, seconds)

    def passes(self, stage: str) -> list[int]:
        return [made for name, made in self.made if name == stage]


def test_work_that_is_on_time_is_done_whole() -> None:
    machine = Machine(1.0, budget_s=0.256)
    assert machine.make(BEST) == pytest.approx(0.255)
    assert machine.passes("masked") == [10, 10] and machine.passes("residual") == [5, 5]
    assert not machine.pace.shortened


@pytest.mark.parametrize("factor", [1.2, 1.5, 2.0, 3.0, 5.0])
def test_a_slower_machine_makes_fewer_passes_and_is_on_time(factor: float) -> None:
    machine = Machine(factor, budget_s=0.256)
    took = machine.make(BEST)
    assert machine.pace.shortened
    assert 0.75 * 0.256 < took <= 0.256 + 0.010 * factor, "late by one pass at most, and no time is given away"
    assert all(made >= 1 for made in machine.passes("masked"))
    assert sum(machine.passes("masked")) < 20 and sum(machine.passes("residual")) < 10, "all stages give something"


def test_every_window_is_made_however_late_it_is() -> None:
    machine = Machine(1.0, budget_s=0.0)
    machine.make(BEST)
    assert (
        machine.passes("masked") == [1, 1] and machine.passes("residual") == [0, 0] and machine.passes("decode") == [1]
    )


def test_nothing_left_to_leave_out_is_no_fault_however_late() -> None:
    pace = DeadlinePace(known_costs(), lambda: 0.0, finish=[], clock=lambda: 1.0)
    assert pace([Load("masked", MASKED, 0), Load("decode", DECODE, 1, firm=True)]) == 0
    assert not pace.shortened


def test_a_limit_that_comes_nearer_shortens_the_rest() -> None:
    limits = iter([1.0] * 4 + [0.08] * 100)
    costs, now = known_costs(), 0.040
    pace = DeadlinePace(costs, lambda: next(limits), finish=[], clock=lambda: now)
    work: Work = [Load("masked", MASKED, 6), Load("decode", DECODE, 1, firm=True)]
    assert [pace(work) for _ in range(4)] == [6] * 4
    assert pace(work) == 3, "40 ms are left: 4 for the decoder, three passes of ten"
