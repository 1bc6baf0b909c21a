"""Which plan keeps a deadline, and how a generation keeps to it when the machine is slower than it was thought to be.

The plans of a generator stand in the manifest from the best to the cheapest. The first that fits is taken; when passes
then take longer than foreseen, all stages that can be shortened are shortened alike.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sdk.bundle import Manifest, Plan
from sdk.errors import EmoMotionError
from sdk.runtime.costs import Costs
from sdk.runtime.generators import Generator
from sdk.runtime.work import Clock, Load, Step, Work

TEXT = Load("text", Step("text", 1, 1), 1, firm=True)
"""Encoding a sentence that was not encoded before."""


class OverBudget(EmoMotionError):
    """No plan fits the budget, however idle the machine is.

    plan, least_ms: the cheapest one that the request accepts, and what it is foreseen to take.
    """

    def __init__(self, budget_ms: float, plan: str, least_ms: float) -> None:
        super().__init__(
            f"budget_ms {max(budget_ms, 0):.0f} is too small on this machine: the cheapest plan, {plan!r}, takes about "
            f"{least_ms:.0f} ms; allow more, ask for fewer seconds, or for another generator"
        )
        self.plan, self.least_ms = plan, least_ms


@dataclass(frozen=True)
class Wanted:
    """What the planner needs to know of a request: the plans it accepts, best first, how many frames, whether its text
    was encoded before, how many frames were played that it goes on from, and how much is felt (`generators.felt_of`).
    """

    plans: Sequence[Plan]
    frames: int
    text_known: bool = False
    played: int = 0
    felt: float = 1.0


class Planner:
    """Chooses plans by what `costs` knows of their passes."""

    def __init__(self, generators: Mapping[str, Generator], costs: Costs) -> None:
        self._generators, self._costs = generators, costs

    def seconds(self, plan: Plan, wanted: Wanted) -> float:
        """What a plan is foreseen to take, from the text to the finished motion."""
        return self._costs.total(self._work(plan, wanted))

    def over_budget(self, wanted: Wanted, left_s: float, *, needed_s: float = 0.0) -> OverBudget:
        """The error for what does not fit, whose reason is doubted: see `Engine.over_budget`."""
        plan, seconds = self.cheapest(wanted)
        self._costs.doubt(self._work(plan, wanted))
        return OverBudget(1000 * left_s, plan.name, 1000 * (seconds + needed_s))

    def _work(self, plan: Plan, wanted: Wanted) -> list[Load]:
        text = [] if wanted.text_known else [TEXT]
        passes = self._generators[plan.generator].work(plan, wanted.frames, played=wanted.played, felt=wanted.felt)
        return [*text, *passes, finish_of(wanted)]

    def cheapest(self, wanted: Wanted) -> tuple[Plan, float]:
        """The accepted plan that takes least, and its seconds."""
        found = [(self.seconds(plan, wanted), plan) for plan in wanted.plans]
        seconds, plan = min(found, key=lambda pair: pair[0])
        return plan, seconds

    def choose(self, wanted: Wanted, left_s: float) -> Plan | None:
        """The first accepted plan that fits into what is left; None when none does."""
        return next((plan for plan in wanted.plans if self.seconds(plan, wanted) <= left_s), None)


def accepted(manifest: Manifest, plan: str | None, generator: str | None) -> list[Plan]:
    """Plans that a request with a budget accepts: the one it names and those behind it, or all of its generator.

    Raises InvalidInput for unknown names.
    """
    first = manifest.plan(plan, generator)
    own = [p for p in manifest.plans if p.generator == first.generator]
    return own if plan is None else own[own.index(first) :]


def finish_of(wanted: Wanted) -> Load:
    """What follows the generator's work: features to a motion on the ground."""
    return Load("finish", Step("finish", 1, wanted.frames), 1, firm=True)


class DeadlinePace:
    """A pace that ends in time: what can be left out is shortened in proportion to the time that is missing.

    limit: the time, by `clock`, when all must be done; asked anew every time, for others may be waiting. finish: what
    follows the generator's own work. shortened: whether passes were left out.
    """

    def __init__(
        self, costs: Costs, limit: Callable[[], float], *, finish: Work, clock: Clock = time.monotonic
    ) -> None:
        self._costs, self._limit, self._finish, self._clock = costs, limit, finish, clock
        self.shortened = False

    def __call__(self, work: Work) -> int:
        """See `Pace`."""
        now, left = work[0], [*work, *self._finish]
        available = self._limit() - self._clock()
        planned = self._costs.total(left)
        if planned <= available or now.firm or not now.passes:
            return now.passes
        firm = self._costs.total([load for load in left if load.firm])
        share = max(available - firm, 0.0) / (planned - firm)
        allowed = int(now.passes * share)
        self.shortened = self.shortened or allowed < now.passes
        return allowed
