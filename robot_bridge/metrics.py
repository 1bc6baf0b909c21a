"""What operators see of a bridge: Prometheus metrics of frames, ticks, latency and state. No writer's name is a
label."""

from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from robot_bridge.core import State

WRITES_S = (0.002, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.05, 0.1, 0.25)
LATENESS_S = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.0167, 0.033, 0.05, 0.1, 0.25)


class Metrics:
    """Counters of one bridge, in a registry of its own; `calls` is what `sdk.service.watch` counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"emomotion_bridge_{name}", text, labels, registry=self.registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"emomotion_bridge_{name}_seconds", text, registry=self.registry, buckets=buckets)

        self.calls = counter("calls_total", "Calls that ended, by method and gRPC status.", "method", "status")
        self.frames = counter("frames_total", "Frames by what became of them.", "outcome")
        self.commands = counter("commands_total", "Commands that were obeyed.", "command")
        self.missed = counter("missed_ticks_total", "Moments at which a demand was due and none was made.")
        self.arrival_to_write = histogram("arrival_to_write", "Arrival of a frame to its demand's write.", WRITES_S)
        self.lateness = histogram("tick_lateness", "How late a tick began.", LATENESS_S)

    def observe_tick(self, late_s: float, missed: int) -> None:
        """What the loop says of each tick."""
        self.lateness.observe(late_s)
        self.missed.inc(missed)

    def watch_state(self, state: Callable[[], State]) -> None:
        """One gauge for each state, 1 for the present one."""
        gauge = Gauge("emomotion_bridge_state", "1 for the present state.", ["state"], registry=self.registry)
        for each in State:
            gauge.labels(each).set_function(partial(_is, state, each))


def _is(state: Callable[[], State], one: State) -> float:
    return float(state() is one)
