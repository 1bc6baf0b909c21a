"""The passes of a bundle on ONNX Runtime. Shapes as in `decode.py`."""

from typing import Any

import numpy as np
import onnxruntime as ort

from sdk.bundle import Bundle
from sdk.errors import BundleError
from sdk.runtime.decode import Floats, Ints
from sdk.runtime.sessions import open_session, run_session

GRAPHS = ("masked", "residual", "decode")


class OnnxPasses:
    """`Passes` over the sessions of one bundle; all share one thread count."""

    def __init__(self, bundle: Bundle, *, threads: int) -> None:
        self._sessions: dict[str, ort.InferenceSession] = {}
        for name in GRAPHS:
            if name not in bundle.manifest.graphs:
                raise BundleError(f"bundle {bundle.manifest.name!r} has no graph {name!r}")
            graph = bundle.manifest.graphs[name]
            session = open_session(bundle.file(graph.file), threads=threads)
            found = {node.name for node in session.get_inputs()}
            if found != set(graph.inputs):
                raise BundleError(f"graph {name!r} takes {sorted(found)}, the manifest says {sorted(graph.inputs)}")
            self._sessions[name] = session

    def replace(self, name: str, session: ort.InferenceSession) -> None:
        """Use another session for one graph, e.g. a quantised one that is being measured."""
        self._sessions[name] = session

    def masked(
        self, tokens_N: Ints, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> tuple[Ints, Floats]:
        """See `Passes.masked`."""
        inputs = {"tokens": tokens_N, "text": text_RS, "affect": affect_RE, "weight": weight_R, "noise": noise_NC}
        codes, chance = self._run("masked", inputs)
        return codes, chance

    def residual(
        self, tokens_QN: Ints, layer: int, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> Ints:
        """See `Passes.residual`."""
        inputs = {"tokens": tokens_QN, "layer": np.array([layer]), "text": text_RS, "affect": affect_RE}
        codes: Ints = self._run("residual", {**inputs, "weight": weight_R, "noise": noise_NC})[0]
        return codes

    def decode(self, tokens_QN: Ints, affect_E: Floats) -> Floats:
        """See `Passes.decode`."""
        features: Floats = self._run("decode", {"tokens": tokens_QN, "affect": affect_E})[0]
        return features

    def _run(self, name: str, inputs: dict[str, Any]) -> list[Any]:
        return run_session(self._sessions[name], inputs, name=name)
