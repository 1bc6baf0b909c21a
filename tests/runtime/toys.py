"""A generator and a text encoder without weights, for the engine's tests."""

import math
import threading
from dataclasses import replace

import numpy as np

from sdk.motion import rot272
from sdk.runtime.engine import Request
from tests.service.fake_engine import MANIFEST
from tests.synthetic import walking

WALK = rot272.encode(walking(31.0))
YAW = 1.0
HEIGHT = 0.7
INFO = MANIFEST.generators["emo-mask"]
MASK = INFO.codes


class ToyText:
    """A vector from the letters, and a list of what was encoded."""

    dim = 4

    def __init__(self) -> None:
        self.texts: list[str] = []

    def known(self, text: str) -> bool:
        return text in self.texts

    def encode(self, text: str) -> np.ndarray:
        self.texts.append(text)
        return np.full(self.dim, 1 + sum(map(ord, text)) % 97, dtype=np.float32)


class ToyPasses:
    """Codes are the noise's argmax, shifted by the conditions; the motion is a walk whose speed follows the tokens.

    It walks at another height and in another direction than the engine promises. `on_pass` is called in every pass.
    """

    def __init__(self) -> None:
        self.masked_tokens: list[np.ndarray] = []
        self.masked_noise: list[np.ndarray] = []
        self.masked_weights: list[list[float]] = []
        self.residual_weights: list[list[float]] = []
        self.decoded: list[tuple[np.ndarray, np.ndarray]] = []
        self.on_pass = lambda: None
        self._inside = threading.Lock()

    def masked(self, tokens_N, text_RS, affect_RE, weight_R, noise_NC):
        with Inside(self._inside):
            self.on_pass()
            self.masked_tokens.append(tokens_N.copy())
            self.masked_noise.append(noise_NC)
            self.masked_weights.append(weight_R.tolist())
            shift = int(text_RS[0, 0] + 100 * affect_RE[0] @ np.arange(9))
            return (noise_NC.argmax(-1) + shift) % MASK, noise_NC.max(-1)

    def residual(self, tokens_QN, layer, text_RS, affect_RE, weight_R, noise_NC):
        with Inside(self._inside):
            self.on_pass()
            self.residual_weights.append(weight_R.tolist())
            return noise_NC.argmax(-1)

    def decode(self, tokens_QN, affect_E):
        with Inside(self._inside):
            self.decoded.append((tokens_QN.copy(), affect_E))
            features = WALK[: 4 * tokens_QN.shape[1]].copy()
            features[:, rot272.SLICES["root_velocity"]] *= 1 + np.repeat(tokens_QN[0], 4)[:, None] / MASK
            features[:, rot272.SLICES["positions"]][:, 1::3] += HEIGHT
            cos, sin = math.cos(YAW), math.sin(YAW)
            features[0, rot272.SLICES["heading_change"]] = [cos, 0, sin, 0, 1, 0]
            return features


class Inside:
    """Fails when two passes run at the same time."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        assert self._lock.acquire(blocking=False), "two requests are inside the sessions at once"

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def ask(**changes: object) -> Request:
    return replace(Request(text="a person walks forward", seed=7), **changes)
