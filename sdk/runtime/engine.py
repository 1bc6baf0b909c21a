"""The engine: a request in, a motion out, in this process. Knows no gRPC and no torch."""

import math
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from sdk.bundle import Bundle, GeneratorInfo, Plan
from sdk.emotion import Affect
from sdk.errors import BundleError, EmoMotionError
from sdk.motion import hml263, rot272
from sdk.motion.motion import Motion
from sdk.motion.retarget import canonical
from sdk.runtime import limits
from sdk.runtime.compose import Maker, composed, rate_of
from sdk.runtime.composition import Composition, Stretch
from sdk.runtime.costs import BETWEEN, Costs
from sdk.runtime.decode import PREFIX_TOKENS, Floats, Ints, Passes
from sdk.runtime.diffusion import GraphDenoiser, Known
from sdk.runtime.generators import (
    NOTHING_PLAYED,
    DenoisingGenerator,
    Generator,
    Order,
    Part,
    Score,
    StageClock,
    TokenGenerator,
    felt_of,
)
from sdk.runtime.graphs import OnnxPasses, Sessions
from sdk.runtime.limits import validate_request
from sdk.runtime.planner import TEXT, DeadlinePace, OverBudget, Planner, Wanted, accepted, finish_of
from sdk.runtime.postures import Postures
from sdk.runtime.sessions import made_with
from sdk.runtime.text import TextEncoder, open_encoder
from sdk.runtime.timed import TimedDenoiser, TimedPasses, timed
from sdk.runtime.timeline import Piece
from sdk.runtime.work import Pace, Work

REPRESENTATIONS: dict[str, tuple[Callable[[Floats], Motion], int, Callable[[Motion], Floats]]] = {
    "rot272": (rot272.decode, rot272.DIM, rot272.encode),
    "hml263": (hml263.decode, hml263.NUM_FEATURES, hml263.encode),
}
"""How features become motion, how many there are in a frame, and how motion becomes features."""
DEFAULT_SECONDS = 4.0


class Cancelled(EmoMotionError):
    """The caller went away while the motion was being made."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to generate.

    text: what the character does. affect: how it feels. seconds: length, cut to whole frames. seed: same seed, same
    motion; None draws one, which the result tells. plan: name of a bundle's plan; generator: name of a bundle's
    generator. None for both is the default plan; a generator alone means its first plan. fps: frames a second of the
    result, None for the bundle's own. budget_ms: time it may take; the best plan that fits is chosen, of those behind
    `plan` where that is given.
    """

    text: str
    affect: Affect = field(default_factory=Affect.neutral)
    seconds: float = DEFAULT_SECONDS
    seed: int | None = None
    plan: str | None = None
    generator: str | None = None
    fps: float | None = None
    budget_ms: float | None = None


@dataclass(frozen=True, eq=False)
class Result:
    """A motion, the request as it was really carried out, milliseconds per stage, and the tokens (Q, N), if any.

    passes: how many were made by stage. degraded: a cheaper plan than the one asked for (without one: the default) was
    used, or passes were left out to keep the deadline. Of a composition: itself as it was carried out (`request` then
    sums it up), notes on what had to be bent, a sentence each, and stretch: see `Composition.told`. made_with: see
    `sdk.runtime.sessions.made_with`.
    """

    motion: Motion
    request: Request
    plan: str
    stage_ms: dict[str, float]
    tokens: Ints
    passes: Mapping[str, int] = field(default_factory=dict)
    degraded: bool = False
    composition: Composition | None = None
    notes: tuple[str, ...] = ()
    stretch: Stretch | None = None
    made_with: Mapping[str, str] = field(default_factory=made_with)


class Turn(Protocol):
    """What stands around a generation: its deadline, who waits for it, and who else needs the machine."""

    waited_s: float
    """Time spent on more urgent work in the middle of this."""

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the result any more."""

    @property
    def deadline(self) -> float:
        """Monotonic time at which the work must be done; infinity for none."""

    def limit(self) -> float:
        """The deadline, or earlier, if otherwise others could not keep theirs."""

    def give_way(self) -> None:
        """Let more urgent work run; called before every pass."""


class Alone:
    """The turn of a generation that shares the machine with nobody. budget_ms counts from now."""

    waited_s = 0.0

    def __init__(self, *, budget_ms: float | None = None, cancelled: Callable[[], bool] = lambda: False) -> None:
        self.deadline = math.inf if budget_ms is None else time.monotonic() + budget_ms / 1000
        self._cancelled = cancelled

    @property
    def cancelled(self) -> bool:
        """See `Turn`."""
        return self._cancelled()

    def limit(self) -> float:
        """See `Turn`."""
        return self.deadline

    def give_way(self) -> None:
        """Nobody waits."""


class Engine:
    """Generates motion from one bundle. Thread-safe: one request at a time has the sessions."""

    def __init__(
        self, bundle: Bundle, generators: dict[str, Generator], text: TextEncoder, *, costs: Costs | None = None
    ) -> None:
        self.bundle = bundle
        self.costs = Costs() if costs is None else costs
        self._generators, self._text = generators, text
        self.planner = Planner(generators, self.costs)
        # Re-entrant, for more urgent work runs on the same thread in the middle of a generation.
        self._lock = threading.RLock()

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
        costs, infos = Costs(), bundle.manifest.generators
        generators = {name: _generator(bundle, info, threads, costs) for name, info in infos.items()}
        bundle.check()  # what was opened is what was checked, even if the folder changed in between
        return cls(bundle, generators, text, costs=costs)

    def with_passes(self, name: str, passes: Passes) -> "Engine":
        """The same bundle and text encoder, one generator of kind `tokens` over other passes, e.g. torch's."""
        other = TokenGenerator(passes, self.bundle.manifest.generators[name])
        return Engine(self.bundle, {**self._generators, name: other}, self._text)

    def warm_up(self, turn: Turn | None = None) -> None:
        """Run every plan, short, middling and a whole window, so that the first request is as fast as the next and what
        it takes is known. `turn` lets others go first meanwhile.
        """
        manifest = self.bundle.manifest
        for plan in manifest.plans:
            info = manifest.generators[plan.generator]
            window_s = (info.max_tokens * info.downsampling - 1) / manifest.fps
            for seconds in (limits.MIN_SECONDS, 2.0, min(window_s, limits.MAX_SECONDS)):
                text = f"a person stands for {seconds:g} s, {plan.name}"  # new, for the text encoder is timed too
                self.generate(Request(text=text, seconds=seconds, seed=0, plan=plan.name), turn=turn)

    def measured_postures(self, turn: Turn | None = None) -> Postures:
        """How feelings bend this bundle's characters; about twenty short clips of the cheapest plan."""
        default = self.bundle.plan(None).generator
        plan = [p.name for p in self.bundle.manifest.plans if p.generator == default][-1]

        def generate(text: str, affect: Affect, seconds: float, seed: int) -> Motion:
            request = Request(text=text, affect=affect, seconds=seconds, seed=seed, plan=plan)
            return self.generate(request, turn=turn).motion

        return Postures.measure(generate)

    def wanted(self, request: Request) -> Wanted:
        """What the planner needs to know of a request. Raises InvalidInput as `generate` does."""
        validate_request(request)
        manifest = self.bundle.manifest
        if request.budget_ms is None:
            plans = [manifest.plan(request.plan, request.generator)]
        else:
            plans = accepted(manifest, request.plan, request.generator)
        felt = felt_of(request.affect.condition)
        return Wanted(plans, self._frames(request), self._text.known(request.text), felt=felt)

    def cheapest(self, request: Request, *, played: int = 0) -> tuple[str, float]:
        """Name of the cheapest plan that a request accepts, and the seconds it is foreseen to take.

        played: number of frames that it goes on from. Raises InvalidInput as `generate` does.
        """
        plan, seconds = self.planner.cheapest(replace(self.wanted(request), played=played))
        return plan.name, seconds

    def over_budget(self, request: Request, left_s: float, *, needed_s: float = 0.0) -> OverBudget:
        """The error for a request whose cheapest plan does not fit what is left; needed_s: what else it needs.

        What refuses is believed a little less from now on, see `Costs.doubt`. Raises InvalidInput as `generate` does.
        """
        return self.planner.over_budget(self.wanted(request), left_s, needed_s=needed_s)

    def affordable(self, request: Request, seconds: float, *, played: int = 0) -> str:
        """Name of the best plan that a request accepts and that should take no longer than that, or of the cheapest.

        played: number of frames that it goes on from. Raises InvalidInput as `generate` does.
        """
        wanted = replace(self.wanted(request), played=played)
        return (self.planner.choose(wanted, seconds) or self.planner.cheapest(wanted)[0]).name

    def expected_s(self) -> dict[str, float]:
        """Seconds that a clip of DEFAULT_SECONDS is foreseen to take by each plan, its text known."""
        frames = self._frames(Request(text="-"))
        plans = self.bundle.manifest.plans
        return {plan.name: self.planner.seconds(plan, Wanted([plan], frames, text_known=True)) for plan in plans}

    def generate(self, request: Request, *, turn: Turn | None = None) -> Result:
        """Make one motion, on the ground, starting over the origin and facing +Z.

        `turn` is asked before every pass; when it says cancelled, Cancelled is raised. Raises InvalidInput, naming the
        field, for a request outside `sdk.runtime.limits`, an unknown plan or generator, and OverBudget when no plan
        fits the time that is left.
        """
        turn = Alone(budget_ms=request.budget_ms) if turn is None else turn
        wanted = self.wanted(request)
        plan = self._plan(wanted, turn)
        fps = self.bundle.manifest.fps if request.fps is None else request.fps
        seed = secrets.randbits(53) if request.seed is None else request.seed
        used = replace(request, seed=seed, plan=plan.name, generator=plan.generator, fps=fps)
        result = self._run(used, plan, wanted, turn, lambda features: self._finished(features, used))
        plans = [p.name for p in self.bundle.manifest.plans]
        asked = self.bundle.plan(request.plan, request.generator).name
        return replace(result, degraded=result.degraded or plans.index(plan.name) > plans.index(asked))

    def extend(self, request: Request, played: Motion | None, frames: int, *, turn: Turn | None = None) -> Result:
        """Go on from frames that were played, at the bundle's rate: a motion whose first frame shows the last of them.

        Nothing is put on the ground or turned. Without `played`, or with too few frames to look at, motion begins anew,
        as `generate` makes it: `frames` frames, or one more. Of `request`, seconds and fps do not count.
        Raises as `generate`.
        """
        first = self.bundle.plan(request.plan, request.generator)
        enough = self.bundle.manifest.generators[first.generator].downsampling
        anew = frames if played is None else frames + 1
        seconds = max((anew - 1) / self.bundle.manifest.fps, limits.MIN_SECONDS)
        request = replace(request, seconds=seconds, fps=None)
        if played is None or len(played) < enough:
            return self.generate(request, turn=turn)
        turn = Alone(budget_ms=request.budget_ms) if turn is None else turn
        decode, _, encode = REPRESENTATIONS[self.bundle.manifest.representation]
        wanted = replace(self.wanted(request), frames=frames, played=len(played))
        plan = self._plan(wanted, turn)
        seed = secrets.randbits(53) if request.seed is None else request.seed
        used = replace(request, seed=seed, plan=plan.name, generator=plan.generator)
        # One frame before the new ones: where the old motion ends and this one begins.
        return self._run(used, plan, wanted, turn, lambda features: decode(features)[-(frames + 1) :], encode(played))

    def compose(self, composition: Composition, *, turn: Turn | None = None) -> Result:
        """Make a composition. Frames that it keeps come back as they are.

        `turn` as in `generate`; a composition has no budget. Raises InvalidInput for an unknown plan or generator.
        """
        turn = Alone() if turn is None else turn
        manifest = self.bundle.manifest
        plan = manifest.plan(composition.plan, composition.generator)
        seed = secrets.randbits(53) if composition.seed is None else composition.seed
        fps = rate_of(composition, manifest.fps)
        used = replace(composition, seed=seed, plan=plan.name, generator=plan.generator, fps=fps)
        clock, deadline = StageClock(), DeadlinePace(self.costs, turn.limit, finish=[])
        pace = _paced(turn, clock, deadline)
        decode, width, encode = REPRESENTATIONS[manifest.representation]

        def make(pieces: Sequence[Piece], known: Known, seed: int) -> Motion:
            clock.stop("bend")
            parts = [Part(self._text.encode(p.text), p.affect.condition, p.frames) for p in pieces]
            clock.stop("text")
            features = self._generators[plan.generator].compose(Score(parts, known, seed), plan, clock, pace)
            return decode(features)

        maker = Maker(make, lambda motion: encode(motion), width, manifest.fps, lambda: _gives_way(turn, clock))
        with self._lock:
            made = composed(used, maker)
            clock.stop("bend")
            motion = _rounded(made.motion)
        clock.stop("finish")
        request, passes = _summed_up(used), clock.passes
        nothing = np.zeros((0, 0), dtype=np.int64)
        return Result(
            motion, request, plan.name, clock.finished(), nothing, passes, deadline.shortened, used, made.notes,
            made.stretch,
        )  # fmt: skip

    def _plan(self, wanted: Wanted, turn: Turn) -> Plan:
        """The best plan that leaves others their time, or else the cheapest, if the deadline allows for that."""
        now = time.monotonic()
        plan = self.planner.choose(wanted, turn.limit() - now)
        if plan is None:
            plan, seconds = self.planner.cheapest(wanted)
            if now + seconds > turn.deadline:
                raise self.planner.over_budget(wanted, turn.deadline - now)
        return plan

    def _run(
        self, used: Request, plan: Plan, wanted: Wanted, turn: Turn, finish: Callable[[Floats], Motion],
        played_PF: Floats = NOTHING_PLAYED,
    ) -> Result:  # fmt: skip
        """Let the plan's generator work, at the pace that the turn allows, and finish what it made."""
        clock, last = StageClock(), finish_of(wanted)
        deadline = DeadlinePace(self.costs, turn.limit, finish=[last])

        pace = _paced(turn, clock, deadline)
        with self._lock:
            began, waited_s, observed_s = time.perf_counter(), turn.waited_s, self.costs.observed_s
            text_S = self._encoded(used.text, wanted)
            clock.stop("text")
            order = Order(text_S, used.affect.condition, wanted.frames, used.seed or 0, played_PF)
            features, tokens_QN = self._generators[plan.generator].make(order, plan, clock, pace)
            motion = timed(self.costs, last.step, lambda: finish(features))
            if turn.waited_s == waited_s:  # otherwise other work was observed meanwhile
                between_s = time.perf_counter() - began - (self.costs.observed_s - observed_s)
                self.costs.observe(BETWEEN, max(between_s, 0.0) / (sum(clock.passes.values()) + 1))
        clock.stop("finish")
        return Result(motion, used, plan.name, clock.finished(), tokens_QN, clock.passes, deadline.shortened)

    def _encoded(self, text: str, wanted: Wanted) -> Floats:
        """The sentence's embedding, timed where it has to be computed."""
        if wanted.text_known:
            return self._text.encode(text)
        return timed(self.costs, TEXT.step, lambda: self._text.encode(text))

    def decode(self, tokens_QN: Ints, request: Request) -> Motion:
        """Tokens to motion as a request of a generator of kind `tokens` wants it."""
        generator = self._generators[self.bundle.plan(request.plan, request.generator).generator]
        if not isinstance(generator, TokenGenerator):
            raise TypeError(f"generator {request.generator!r} works without tokens")
        features = generator.decode(tokens_QN, request.affect.condition)
        return self._finished(features[: self._frames(request)], request)

    def _finished(self, features: Floats, request: Request) -> Motion:
        """Features to motion: on the ground, over the origin, facing +Z, at the rate that was asked for."""
        decode, _, _ = REPRESENTATIONS[self.bundle.manifest.representation]
        motion = canonical(decode(features))
        if request.fps is not None and abs(request.fps - motion.fps) > 1e-6:
            motion = motion.resampled(request.fps)
        return _rounded(motion)

    def _frames(self, request: Request) -> int:
        """Frames at the bundle's rate, the one at time zero included."""
        return round(request.seconds * self.bundle.manifest.fps) + 1


def _rounded(motion: Motion) -> Motion:
    """Rounded to what the wire carries, so that a clip made here and one made by a server are the same file."""
    rotations, root = (x.astype(np.float32).astype(np.float64) for x in (motion.rotations, motion.root))
    motion = replace(motion, rotations=rotations, root=root)
    _ = motion.contacts  # computed once, here, where it is timed
    return motion


def _summed_up(it: Composition) -> Request:
    """A composition as one request: its sentences one after the other, and what is felt in most of it."""
    text = "; ".join(beat.text for beat in it.beats)[: limits.MAX_TEXT_CHARS]
    felt = [it.affect_at(it.seconds * (k + 0.5) / 64) for k in range(64)]
    most = max(felt, key=felt.count)
    return Request(
        text=text, affect=most, seconds=it.seconds, seed=it.seed, plan=it.plan, generator=it.generator, fps=it.fps
    )


def _gives_way(turn: Turn, clock: StageClock) -> None:
    """Let others go first. Raises Cancelled when nobody waits any more."""
    before = turn.waited_s
    turn.give_way()
    if turn.waited_s > before:
        clock.skip(turn.waited_s - before, "wait")
    if turn.cancelled:
        raise Cancelled("the request was cancelled")


def _paced(turn: Turn, clock: StageClock, deadline: Pace) -> Pace:
    """The pace of a deadline that lets others go first before every pass."""

    def pace(work: Work) -> int:
        _gives_way(turn, clock)
        return deadline(work)

    return pace


def _generator(bundle: Bundle, info: GeneratorInfo, threads: int, costs: Costs) -> Generator:
    """Open the graphs of one generator; their passes are timed. Raises BundleError."""
    if info.kind == "diffusion":
        sessions = Sessions(bundle, info, tuple(info.graphs), threads=threads)
        passes = {
            int(steps): TimedDenoiser(GraphDenoiser(partial(sessions.run, steps)), graph, costs)
            for steps, graph in info.graphs.items()
        }
        return DenoisingGenerator(passes, info, width=REPRESENTATIONS[bundle.manifest.representation][1])
    return TokenGenerator(TimedPasses(OnnxPasses(bundle, info, threads=threads), info.graphs, costs), info)
