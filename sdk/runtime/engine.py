"""The engine: a request in, a motion out, in this process. Knows no gRPC and no torch."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sdk.bundle import Bundle, Plan
from sdk.emotion import Affect
from sdk.errors import BundleError, EmoMotionError, InvalidInput
from sdk.motion import rot272
from sdk.motion.motion import Motion
from sdk.motion.retarget import canonical
from sdk.runtime.decode import (
    PREFIX_TOKENS,
    Condition,
    Floats,
    Ints,
    Passes,
    Schedule,
    Stage,
    gumbel_noise,
    refine,
    unmask,
    windows,
)
from sdk.runtime.graphs import OnnxPasses
from sdk.runtime.limits import validate_request
from sdk.runtime.text import MiniLM, TextEncoder

DEFAULT_SECONDS = 4.0


class Cancelled(EmoMotionError):
    """The caller went away while the motion was being made."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to generate.

    text: what the character does. affect: how it feels. seconds: length, cut to whole frames. seed: same seed, same
    motion; None draws one, which the result tells. plan: name of a bundle's plan, None for its default. fps: frames a
    second of the result, None for the bundle's own.
    """

    text: str
    affect: Affect = field(default_factory=Affect.neutral)
    seconds: float = DEFAULT_SECONDS
    seed: int | None = None
    plan: str | None = None
    fps: float | None = None


@dataclass(frozen=True, eq=False)
class Result:
    """A motion, the request as it was really carried out, milliseconds per stage, and the tokens (Q, N)."""

    motion: Motion
    request: Request
    plan: str
    stage_ms: dict[str, float]
    tokens: Ints


class Engine:
    """Generates motion from one bundle. Thread-safe: one request at a time has the sessions."""

    def __init__(self, bundle: Bundle, passes: Passes, text: TextEncoder) -> None:
        self.bundle = bundle
        self._passes, self._text = passes, text
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: Path | None = None, *, threads: int = 0) -> "Engine":
        """Open a bundle, the shipped one unless `path` is given; threads 0 means one a core. Raises BundleError."""
        bundle = Bundle.load(path)
        if bundle.manifest.representation != "rot272":
            raise BundleError(f"representation {bundle.manifest.representation!r} is unknown; known: rot272")
        if bundle.manifest.max_tokens <= PREFIX_TOKENS:
            raise BundleError(f"max_tokens is {bundle.manifest.max_tokens}; long clips need more than {PREFIX_TOKENS}")
        text = MiniLM(bundle.file("text.onnx"), bundle.file("tokenizer.json"), threads=threads)
        return cls(bundle, OnnxPasses(bundle, threads=threads), text)

    def with_passes(self, passes: Passes) -> "Engine":
        """The same bundle and text encoder over other passes, e.g. torch's, for a comparison."""
        return Engine(self.bundle, passes, self._text)

    def warm_up(self) -> None:
        """Run every plan once, so that the first request is as fast as the next."""
        for plan in self.bundle.manifest.plans:
            self.generate(Request(text="a person stands", seconds=1.0, seed=0, plan=plan.name))

    def generate(self, request: Request, *, cancelled: Callable[[], bool] | None = None) -> Result:
        """Make one motion, on the ground, starting over the origin and facing +Z.

        `cancelled` is asked before every pass; when it says True, Cancelled is raised. Raises InvalidInput, naming the
        field, for a request outside `sdk.runtime.limits` or an unknown plan.
        """
        validate_request(request)
        try:
            plan = self.bundle.plan(request.plan)
        except BundleError as error:
            raise InvalidInput(str(error), field="plan") from None
        fps = self.bundle.manifest.fps if request.fps is None else request.fps
        seed = secrets.randbits(53) if request.seed is None else request.seed
        used = replace(request, seed=seed, plan=plan.name, fps=fps)
        with self._lock:
            return self._generate(used, plan, seed, cancelled or (lambda: False))

    def _generate(self, request: Request, plan: Plan, seed: int, cancelled: Callable[[], bool]) -> Result:
        manifest = self.bundle.manifest
        clock = _StageClock()
        text_S = self._text.encode(request.text)
        clock.stop("text")
        affect_E = request.affect.condition
        total = -(-self._frames(request) // manifest.downsampling)
        base = Condition.guided(text_S, affect_E, text_scale=plan.text_guidance, emotion_scale=plan.emotion_guidance)
        scale = plan.residual_guidance
        residual = Condition.guided(text_S, affect_E, text_scale=scale, emotion_scale=scale)
        layers = min(plan.residual_layers, manifest.quantisers - 1)
        schedule = Schedule(plan.iterations, layers, plan.temperature, plan.choice_temperature)

        def between() -> None:
            if cancelled():
                raise Cancelled("the request was cancelled")

        tokens_QN = np.full((manifest.quantisers, total), -1, dtype=np.int64)
        for number, (start, stop) in enumerate(windows(total, manifest.max_tokens)):
            span = tokens_QN[:, start:stop]

            def noise(stage: Stage, index: int, shape: tuple[int, ...], window: int = number) -> Floats:
                return gumbel_noise(seed, stage, (window << 16) + index, shape)

            span[0] = unmask(
                self._passes, base, schedule, span[0],
                codes=manifest.codes, noise=noise, between=between,
            )  # fmt: skip
            clock.stop("masked")
            span[:] = refine(
                self._passes, residual, schedule, span,
                codes=manifest.codes, noise=noise, between=between,
            )  # fmt: skip
            clock.stop("residual")
        between()
        motion = self.decode(tokens_QN, request)
        clock.stop("decode")
        return Result(motion, request, plan.name, clock.finished(), tokens_QN)

    def decode(self, tokens_QN: Ints, request: Request) -> Motion:
        """Tokens to motion as the request wants it: its length, its frame rate, on the ground."""
        features = self._passes.decode(tokens_QN, request.affect.condition)
        motion = canonical(rot272.decode(features[: self._frames(request)]))
        if request.fps is not None and abs(request.fps - motion.fps) > 1e-6:
            motion = motion.resampled(request.fps)
        # Rounded to what the wire carries, so that a clip made here and one made by a server are the same file.
        rotations, root = (x.astype(np.float32).astype(np.float64) for x in (motion.rotations, motion.root))
        return replace(motion, rotations=rotations, root=root)

    def _frames(self, request: Request) -> int:
        """Frames at the bundle's rate, the one at time zero included."""
        return round(request.seconds * self.bundle.manifest.fps) + 1


class _StageClock:
    """Milliseconds per stage, summed over windows."""

    def __init__(self) -> None:
        self._begin = self._last = time.perf_counter()
        self._spent: dict[str, float] = {}

    def stop(self, stage: str) -> None:
        now = time.perf_counter()
        self._spent[stage] = self._spent.get(stage, 0.0) + 1000 * (now - self._last)
        self._last = now

    def finished(self) -> dict[str, float]:
        return {**self._spent, "total": 1000 * (time.perf_counter() - self._begin)}
