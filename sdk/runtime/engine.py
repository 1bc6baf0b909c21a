"""The engine: a request in, a motion out, in this process. Knows no gRPC and no torch."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from sdk.bundle import Bundle, GeneratorInfo, Plan
from sdk.emotion import Affect
from sdk.errors import BundleError, EmoMotionError
from sdk.motion import hml263, rot272
from sdk.motion.motion import Motion
from sdk.motion.retarget import canonical
from sdk.runtime.decode import PREFIX_TOKENS, Floats, Ints, Passes
from sdk.runtime.diffusion import GraphDenoiser
from sdk.runtime.generators import DenoisingGenerator, Generator, Order, StageClock, TokenGenerator
from sdk.runtime.graphs import OnnxPasses, Sessions
from sdk.runtime.limits import validate_request
from sdk.runtime.text import TextEncoder, open_encoder

REPRESENTATIONS: dict[str, tuple[Callable[[Floats], Motion], int]] = {
    "rot272": (rot272.decode, rot272.DIM),
    "hml263": (hml263.decode, hml263.NUM_FEATURES),
}
"""How features become motion, and how many there are in a frame."""
DEFAULT_SECONDS = 4.0


class Cancelled(EmoMotionError):
    """The caller went away while the motion was being made."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to generate.

    text: what the character does. affect: how it feels. seconds: length, cut to whole frames. seed: same seed, same
    motion; None draws one, which the result tells. plan: name of a bundle's plan; generator: name of a bundle's
    generator. None for both is the default plan; a generator alone means its first plan. fps: frames a second of the
    result, None for the bundle's own.
    """

    text: str
    affect: Affect = field(default_factory=Affect.neutral)
    seconds: float = DEFAULT_SECONDS
    seed: int | None = None
    plan: str | None = None
    generator: str | None = None
    fps: float | None = None


@dataclass(frozen=True, eq=False)
class Result:
    """A motion, the request as it was really carried out, milliseconds per stage, and the tokens (Q, N), if any."""

    motion: Motion
    request: Request
    plan: str
    stage_ms: dict[str, float]
    tokens: Ints


class Engine:
    """Generates motion from one bundle. Thread-safe: one request at a time has the sessions."""

    def __init__(self, bundle: Bundle, generators: dict[str, Generator], text: TextEncoder) -> None:
        self.bundle = bundle
        self._generators, self._text = generators, text
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: Path | None = None, *, threads: int = 0) -> "Engine":
        """Open a bundle, the shipped one unless `path` is given; threads 0 means one a core. Raises BundleError."""
        bundle = Bundle.load(path)
        known, wanted = ", ".join(REPRESENTATIONS), bundle.manifest.representation
        if wanted not in REPRESENTATIONS:
            raise BundleError(f"representation {wanted!r} is unknown; known: {known}")
        for name, info in bundle.manifest.generators.items():
            if info.kind == "tokens" and info.max_tokens <= PREFIX_TOKENS:
                what = f"max_tokens of generator {name!r} is {info.max_tokens}"
                raise BundleError(f"{what}; long clips need more than {PREFIX_TOKENS}")
        text = open_encoder(bundle.file("text.onnx"), bundle.file("tokenizer.json"), threads=threads)
        generators = {name: _generator(bundle, info, threads) for name, info in bundle.manifest.generators.items()}
        return cls(bundle, generators, text)

    def with_passes(self, name: str, passes: Passes) -> "Engine":
        """The same bundle and text encoder, one generator of kind `tokens` over other passes, e.g. torch's."""
        other = TokenGenerator(passes, self.bundle.manifest.generators[name])
        return Engine(self.bundle, {**self._generators, name: other}, self._text)

    def warm_up(self) -> None:
        """Run every plan once, so that the first request is as fast as the next."""
        for plan in self.bundle.manifest.plans:
            self.generate(Request(text="a person stands", seconds=1.0, seed=0, plan=plan.name))

    def generate(self, request: Request, *, cancelled: Callable[[], bool] | None = None) -> Result:
        """Make one motion, on the ground, starting over the origin and facing +Z.

        `cancelled` is asked before every pass; when it says True, Cancelled is raised. Raises InvalidInput, naming the
        field, for a request outside `sdk.runtime.limits`, an unknown plan or generator.
        """
        validate_request(request)
        plan = self.bundle.plan(request.plan, request.generator)
        fps = self.bundle.manifest.fps if request.fps is None else request.fps
        seed = secrets.randbits(53) if request.seed is None else request.seed
        used = replace(request, seed=seed, plan=plan.name, generator=plan.generator, fps=fps)
        with self._lock:
            return self._generate(used, plan, seed, cancelled or (lambda: False))

    def _generate(self, request: Request, plan: Plan, seed: int, cancelled: Callable[[], bool]) -> Result:
        def between() -> None:
            if cancelled():
                raise Cancelled("the request was cancelled")

        clock = StageClock()
        text_S = self._text.encode(request.text)
        clock.stop("text")
        order = Order(text_S, request.affect.condition, self._frames(request), seed)
        features, tokens_QN = self._generators[plan.generator].make(order, plan, clock, between)
        motion = self._finished(features, request)
        clock.stop("finish")
        return Result(motion, request, plan.name, clock.finished(), tokens_QN)

    def decode(self, tokens_QN: Ints, request: Request) -> Motion:
        """Tokens to motion as a request of a generator of kind `tokens` wants it."""
        generator = self._generators[self.bundle.plan(request.plan, request.generator).generator]
        if not isinstance(generator, TokenGenerator):
            raise TypeError(f"generator {request.generator!r} works without tokens")
        features = generator.decode(tokens_QN, request.affect.condition)
        return self._finished(features[: self._frames(request)], request)

    def _finished(self, features: Floats, request: Request) -> Motion:
        """Features to motion: on the ground, over the origin, facing +Z, at the rate that was asked for."""
        decode, _ = REPRESENTATIONS[self.bundle.manifest.representation]
        motion = canonical(decode(features))
        if request.fps is not None and abs(request.fps - motion.fps) > 1e-6:
            motion = motion.resampled(request.fps)
        # Rounded to what the wire carries, so that a clip made here and one made by a server are the same file.
        rotations, root = (x.astype(np.float32).astype(np.float64) for x in (motion.rotations, motion.root))
        return replace(motion, rotations=rotations, root=root)

    def _frames(self, request: Request) -> int:
        """Frames at the bundle's rate, the one at time zero included."""
        return round(request.seconds * self.bundle.manifest.fps) + 1


def _generator(bundle: Bundle, info: GeneratorInfo, threads: int) -> Generator:
    """Open the graphs of one generator. Raises BundleError."""
    if info.kind == "diffusion":
        sessions = Sessions(bundle, info, tuple(info.graphs), threads=threads)
        passes = {int(steps): GraphDenoiser(partial(sessions.run, steps)) for steps in info.graphs}
        return DenoisingGenerator(passes, info, width=REPRESENTATIONS[bundle.manifest.representation][1])
    return TokenGenerator(OnnxPasses(bundle, info, threads=threads), info)
