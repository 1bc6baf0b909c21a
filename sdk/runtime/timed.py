"""Passes that tell `Costs` what they took."""

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from sdk.runtime.costs import Costs
from sdk.runtime.decode import Floats, Ints, Passes
from sdk.runtime.diffusion import DenoisePasses
from sdk.runtime.work import Step

Value = TypeVar("Value")


class TimedPasses:
    """`Passes` with a watch. graphs: the names by which `Costs` knows them, by role."""

    def __init__(self, passes: Passes, graphs: Mapping[str, str], costs: Costs) -> None:
        self._passes, self._graphs, self._costs = passes, graphs, costs

    def masked(
        self, tokens_N: Ints, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> tuple[Ints, Floats]:
        """See `Passes.masked`."""
        step = Step(self._graphs["masked"], len(weight_R), len(tokens_N))
        return timed(self._costs, step, lambda: self._passes.masked(tokens_N, text_RS, affect_RE, weight_R, noise_NC))

    def distilled(
        self, tokens_N: Ints, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> tuple[Ints, Floats]:
        """See `Passes.distilled`."""
        step = Step(self._graphs["distilled"], len(weight_R), len(tokens_N))
        return timed(
            self._costs, step, lambda: self._passes.distilled(tokens_N, text_RS, affect_RE, weight_R, noise_NC)
        )

    def residual(
        self, tokens_QN: Ints, layer: int, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> Ints:
        """See `Passes.residual`."""
        step = Step(self._graphs["residual"], len(weight_R), tokens_QN.shape[1])
        return timed(
            self._costs, step, lambda: self._passes.residual(tokens_QN, layer, text_RS, affect_RE, weight_R, noise_NC)
        )

    def decode(self, tokens_QN: Ints, affect_E: Floats) -> Floats:
        """See `Passes.decode`."""
        step = Step(self._graphs["decode"], 1, tokens_QN.shape[1])
        return timed(self._costs, step, lambda: self._passes.decode(tokens_QN, affect_E))

    def encode(self, features_TF: Floats) -> Ints:
        """See `Passes.encode`."""
        return timed(
            self._costs, Step(self._graphs["encode"], 1, len(features_TF)), lambda: self._passes.encode(features_TF)
        )


class TimedDenoiser:
    """`DenoisePasses` with a watch; `graph` is the name by which `Costs` knows it."""

    def __init__(self, passes: DenoisePasses, graph: str, costs: Costs) -> None:
        self._passes, self._graph, self._costs = passes, graph, costs

    def denoise(
        self, x_TF: Floats, frames_TF: Floats, known_T: Floats, step: int,
        text_RS: Floats, affect_RE: Floats, weight_R: Floats,
    ) -> tuple[Floats, Floats]:  # fmt: skip
        """See `DenoisePasses.denoise`."""
        return timed(
            self._costs, Step(self._graph, len(weight_R), len(x_TF)),
            lambda: self._passes.denoise(x_TF, frames_TF, known_T, step, text_RS, affect_RE, weight_R),
        )  # fmt: skip


def timed(costs: Costs, step: Step, run: Callable[[], Value]) -> Value:
    """What `run` returns; what it took is booked, unless it failed."""
    began = time.perf_counter()
    value = run()
    costs.observe(step, time.perf_counter() - began)
    return value
