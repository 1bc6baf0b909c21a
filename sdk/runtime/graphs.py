"""The passes of a bundle on ONNX Runtime. Shapes as in `decode.py`."""

from typing import Any

import numpy as np
import onnxruntime as ort

from sdk.bundle import Bundle, GeneratorInfo
from sdk.errors import BundleError
from sdk.runtime.decode import Floats, Ints
from sdk.runtime.sessions import open_session, run_session


class Sessions:
    """The graphs of one generator by role; all share one thread count."""

    def __init__(self, bundle: Bundle, info: GeneratorInfo, roles: tuple[str, ...], *, threads: int) -> None:
        self._sessions: dict[str, ort.InferenceSession] = {}
        for role in roles:
            if role not in info.graphs:
                raise BundleError(f"bundle {bundle.manifest.name!r} names no graph for {role!r}")
            graph = bundle.manifest.graphs[info.graphs[role]]
            session = open_session(bundle.file(graph.file), threads=threads)
            found = {node.name for node in session.get_inputs()}
            if found != set(graph.inputs):
                raise BundleError(f"graph {role!r} takes {sorted(found)}, the manifest says {sorted(graph.inputs)}")
            self._sessions[role] = session

    def replace(self, role: str, session: ort.InferenceSession) -> None:
        """Use another session for one graph, e.g. a quantised one that is being measured."""
        self._sessions[role] = session

    def run(self, role: str, inputs: dict[str, Any]) -> list[Any]:
        """Outputs of one graph."""
        return run_session(self._sessions[role], inputs, name=role)


class OnnxPasses:
    """`Passes` over the sessions of a generator of kind `tokens`; with one codebook it needs no residual graph."""

    def __init__(self, bundle: Bundle, info: GeneratorInfo, *, threads: int) -> None:
        roles = ["masked", "residual", "decode"] if info.quantisers > 1 else ["masked", "decode"]
        # Imported checkpoints may come without an encoder; they cannot go on from played frames then.
        roles += [role for role in ("encode", "distilled") if role in info.graphs]
        self.sessions = Sessions(bundle, info, tuple(roles), threads=threads)

    def masked(
        self, tokens_N: Ints, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> tuple[Ints, Floats]:
        """See `Passes.masked`."""
        return self._proposed("masked", tokens_N, text_RS, affect_RE, weight_R, noise_NC)

    def distilled(
        self, tokens_N: Ints, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> tuple[Ints, Floats]:
        """See `Passes.distilled`."""
        return self._proposed("distilled", tokens_N, text_RS, affect_RE, weight_R, noise_NC)

    def _proposed(
        self, role: str, tokens_N: Ints, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> tuple[Ints, Floats]:
        inputs = {"tokens": tokens_N, "text": text_RS, "affect": affect_RE, "weight": weight_R, "noise": noise_NC}
        codes, chance = self.sessions.run(role, inputs)
        return codes, chance

    def residual(
        self, tokens_QN: Ints, layer: int, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> Ints:
        """See `Passes.residual`."""
        inputs = {"tokens": tokens_QN, "layer": np.array([layer]), "text": text_RS, "affect": affect_RE}
        codes: Ints = self.sessions.run("residual", {**inputs, "weight": weight_R, "noise": noise_NC})[0]
        return codes

    def decode(self, tokens_QN: Ints, affect_E: Floats) -> Floats:
        """See `Passes.decode`."""
        features: Floats = self.sessions.run("decode", {"tokens": tokens_QN, "affect": affect_E})[0]
        return features

    def encode(self, features_TF: Floats) -> Ints:
        """See `Passes.encode`."""
        tokens: Ints = self.sessions.run("encode", {"features": features_TF})[0]
        return tokens
