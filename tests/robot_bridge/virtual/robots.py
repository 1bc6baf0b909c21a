"""Robots for tests: made, bid for and ticked in injected time."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from robot_bridge.schema import ameca
from robot_bridge.virtual import WHOLE_FACE, Bid, Faults, VirtualAmeca

TICK_S = 1 / 60
SCHEMA = ameca()


def robot(*faults: str, **options: Any) -> VirtualAmeca:
    """A robot with faults as `Fault.parse` takes them; it does not blink unless told to."""
    return VirtualAmeca(SCHEMA, faults=Faults.parse(faults), **{"blinking": False, **options})


def with_bid(*faults: str, **options: Any) -> tuple[VirtualAmeca, Bid]:
    """A robot and a bid for its whole face."""
    made = robot(*faults, **options)
    return made, made.bid(WHOLE_FACE)


def hold(one: VirtualAmeca, bid: Bid | None, values: ArrayLike | Mapping[str, float], seconds: float) -> None:
    """Ask for the same values in every tick for so long."""
    for _ in range(round(seconds / TICK_S)):
        one.demand(bid, values)
        one.tick(TICK_S)


def wait(one: VirtualAmeca, seconds: float) -> None:
    """Tick for so long, asking for nothing."""
    for _ in range(round(seconds / TICK_S)):
        one.tick(TICK_S)


def at(one: VirtualAmeca, name: str) -> float:
    """Where a control is."""
    return float(one.positions[SCHEMA.index(name)])


def asked(one: VirtualAmeca, name: str) -> float:
    """A control's demand, as it is read back."""
    return float(one.demands[SCHEMA.index(name)])
