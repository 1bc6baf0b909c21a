"""What a generation consists of: passes of known kind and size, so that their time can be told before they are made.

A generator lists its `Work`; `Costs` puts seconds on it; before every pass a `Pace` may shorten what is left.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

Clock = Callable[[], float]
"""Monotonic seconds."""


class Step(NamedTuple):
    """One pass: of which graph, with how many condition rows, over how many tokens or frames."""

    graph: str
    rows: int
    size: int


class Load(NamedTuple):
    """Equal passes of one stage. firm: they cannot be left out, as the decoder cannot."""

    stage: str
    step: Step
    passes: int
    firm: bool = False


Work = Sequence[Load]
"""Loads in the order of work; the present one first."""
Pace = Callable[[Work], int]
"""pace(work that is left): how many passes of the first load may be made; asked before each, it may raise to stop."""


def unhurried(work: Work) -> int:
    """The pace of a generation without a deadline."""
    return work[0].passes
