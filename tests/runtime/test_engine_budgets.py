"""The engine's budgets, on toy passes: which plan fits, who is refused, what is learned of what a plan takes."""

import time
from pathlib import Path
from unittest.mock import patch

import pytest

from sdk.bundle import Bundle
from sdk.runtime.costs import Costs
from sdk.runtime.decode import gumbel_noise
from sdk.runtime.engine import Alone, Engine
from sdk.runtime.generators import TokenGenerator
from sdk.runtime.planner import OverBudget
from sdk.runtime.work import Step
from tests.runtime.toys import INFO, ToyPasses, ToyText, ask
from tests.service.fake_engine import MANIFEST


def slow_engine(passes: ToyPasses, text: ToyText, pass_s: float) -> Engine:
    """An engine that believes that every pass of any length takes so long; in truth they take nothing."""
    costs = Costs()
    for graph, rows in (("masked", 2), ("residual", 2), ("decode", 1)):
        for size in (1, 16, 31):
            costs.observe(Step(graph, rows, size), pass_s)
    bundle = Bundle(Path("toy"), MANIFEST, "ab" * 32)
    return Engine(bundle, {"emo-mask": TokenGenerator(passes, INFO)}, text, costs=costs)


# 31 tokens: default takes 16 passes, fast 6.
@pytest.mark.parametrize(
    ("budget_ms", "plan", "used", "degraded"),
    [(None, None, "default", False), (20_000, None, "default", False), (10_000, None, "fast", True)]
    + [(10_000, "default", "fast", True), (10_000, "fast", "fast", False), (None, "fast", "fast", False)],
)
def test_a_budget_takes_the_best_plan_that_fits(
    passes: ToyPasses, text: ToyText, budget_ms: float | None, plan: str | None, used: str, degraded: bool
) -> None:
    engine = slow_engine(passes, text, 1.0)
    result = engine.generate(ask(budget_ms=budget_ms, plan=plan))
    assert (result.plan, result.degraded) == (used, degraded)
    made = {"default": {"masked": 10, "residual": 5, "decode": 1}, "fast": {"masked": 4, "residual": 1, "decode": 1}}
    assert result.passes == made[used]


def test_a_budget_below_every_plan_is_refused_before_anything_runs(passes: ToyPasses, text: ToyText) -> None:
    engine = slow_engine(passes, text, 1.0)
    assert engine.cheapest(ask(budget_ms=10_000)) == ("fast", pytest.approx(6.0))
    with pytest.raises(OverBudget, match="budget_ms 5000 is too small .* 'fast', takes about 6000 ms"):
        engine.generate(ask(budget_ms=5000))
    assert not passes.masked_tokens and not text.texts


@pytest.mark.parametrize(("seconds", "plan"), [(100.0, "default"), (10.0, "fast"), (0.0, "fast")])
def test_what_is_affordable_is_the_best_that_fits_or_the_cheapest(
    passes: ToyPasses, text: ToyText, seconds: float, plan: str
) -> None:
    assert slow_engine(passes, text, 1.0).affordable(ask(budget_ms=1000), seconds) == plan


def test_who_is_refused_for_ever_is_let_in_at_last(passes: ToyPasses, text: ToyText) -> None:
    engine, now = slow_engine(passes, text, 0.030), [time.monotonic()]
    engine.costs._clock = lambda: now[0]  # what was learned in a bad moment; a pass of toys takes nothing
    refused = 0
    while True:
        now[0] += 3.0
        try:
            assert engine.generate(ask(budget_ms=60)).plan == "fast"
            break
        except OverBudget:
            refused += 1
    assert 5 < refused < 20


def test_the_time_between_passes_is_foreseen(passes: ToyPasses, text: ToyText) -> None:
    engine = slow_engine(passes, text, 0.0)
    engine.generate(ask())
    before = engine.planner.seconds(MANIFEST.plans[0], engine.wanted(ask()))
    gumbel = "sdk.runtime.generators.gumbel_noise"
    with patch(gumbel, side_effect=lambda *args: (time.sleep(0.004), gumbel_noise(*args))[1]):
        for _ in range(3):
            engine.generate(ask())
    # 25 draws of 4 ms in 17 passes, none of them in a pass.
    assert engine.planner.seconds(MANIFEST.plans[0], engine.wanted(ask())) > before + 0.05


def test_a_generation_that_falls_behind_leaves_passes_out_and_says_so(passes: ToyPasses, text: ToyText) -> None:
    engine = slow_engine(passes, text, 0.01)

    class Hurried(Alone):
        """Half of the time is gone after the third pass."""

        def limit(self) -> float:
            return self.deadline - (0.1 if len(passes.masked_tokens) >= 3 else 0)

    result = engine.generate(ask(), turn=Hurried(budget_ms=170))
    assert result.degraded and result.plan == "default"
    assert 3 < result.passes["masked"] < 10
    assert len(result.motion) == 121


def test_what_a_plan_takes_is_learned_by_warming_up(engine: Engine) -> None:
    seconds = engine.expected_s()
    assert seconds == {"default": 0.0, "fast": 0.0}, "toy passes are not timed, finishing was not seen"
    engine.warm_up()
    assert all(value > 0 for value in engine.expected_s().values())
