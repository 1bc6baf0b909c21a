"""An engine without a model: a deterministic motion from the request, and events by which tests steer it."""

import math
import threading
import time
from dataclasses import dataclass, replace

import numpy as np

from sdk.bundle import EmotionEvidence, GeneratorInfo, Manifest, Plan
from sdk.emotion import Emotion
from sdk.motion.motion import Motion
from sdk.motion.rotations import normalize, quat_continuous
from sdk.motion.skeleton import BODY, JOINT, NUM_JOINTS
from sdk.runtime.composition import Composition
from sdk.runtime.engine import Cancelled, Request, Result, Turn
from sdk.runtime.planner import OverBudget
from sdk.runtime.postures import Postures
from tests.synthetic import walking

GUIDANCE = {"generator": "emo-mask", "text_guidance": 4.0, "emotion_guidance": 3.0, "residual_guidance": 2.0}
PLANS = [
    Plan(name="default", iterations=10, residual_layers=5, quality={"fid": 0.5}, **GUIDANCE),
    Plan(name="fast", iterations=4, residual_layers=1, **GUIDANCE),
]
SECONDS = {"default": 0.050, "fast": 0.020}
"""What the fake says its plans take."""
EVIDENCE = {Emotion.JOY: "mocap", Emotion.FEAR: "proxy"}
MANIFEST = Manifest(
    format_version=2,
    name="fake",
    version="1.2.3",
    licence="CC0-1.0",
    attribution="nobody's data",
    representation="rot272",
    fps=30.0,
    text_encoder="none",
    generators={
        "emo-mask": GeneratorInfo(
            kind="tokens", graphs={}, downsampling=4, max_tokens=50, codes=512, quantisers=6, emotion_points=["mask"]
        )
    },
    emotions=[EmotionEvidence(name=e.label, evidence=EVIDENCE.get(e, "none"), minutes=1.5) for e in Emotion],
    plans=PLANS,
    default_plan="default",
    graphs={},
    files={},
    provenance={},
    quality={},
)


@dataclass
class FakeBundle:
    manifest: Manifest = MANIFEST
    sha256: str = "ab" * 32


class FakeEngine:
    """`generate` waits at `gate` (open unless a test closes it) as the real one does between passes."""

    def __init__(self) -> None:
        self.bundle = FakeBundle()
        self.requests: list[Request] = []
        self.windows: list[Request] = []
        self.compositions: list[Composition] = []
        self.live_gate = threading.Event()
        self.live_gate.set()
        self.warm_gate = threading.Event()
        self.warm_gate.set()
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.was_cancelled = threading.Event()
        self.error: Exception | None = None

    def warm_up(self, turn: Turn | None = None) -> None:
        assert self.warm_gate.wait(20)

    def expected_s(self) -> dict[str, float]:
        return SECONDS

    def cheapest(self, request: Request, *, played: int = 0) -> tuple[str, float]:
        plans = self._accepted(request)
        return plans[-1], SECONDS[plans[-1]]

    def over_budget(self, request: Request, left_s: float, *, needed_s: float = 0.0) -> OverBudget:
        plan, seconds = self.cheapest(request)
        return OverBudget(1000 * left_s, plan, 1000 * (seconds + needed_s))

    def affordable(self, request: Request, seconds: float, *, played: int = 0) -> str:
        plans = self._accepted(request)
        return next((plan for plan in plans if SECONDS[plan] <= seconds), plans[-1])

    def measured_postures(self, turn: Turn | None = None) -> Postures:
        """Sadness bends the neck."""
        bend = np.zeros((NUM_JOINTS, 3))
        bend[JOINT["neck"], 0] = 0.4
        return Postures({Emotion.SADNESS: bend})

    def extend(self, request: Request, played: Motion | None, frames: int, *, turn: Turn | None = None) -> Result:
        """A walk, slower for sadness; `live_gate` holds it back."""
        self.windows.append(request)
        self.entered.release()
        while not self.live_gate.wait(0.001):
            if turn is not None and turn.cancelled:
                raise Cancelled("cancelled between passes")
        if self.error is not None:
            raise self.error
        speed = 0.7 if request.affect.label == "sadness" else 1.4
        length = frames + (played is not None)
        motion = walking(length / 30 + 1, speed=speed)[:length]
        return Result(motion, request, "fast", {"total": 1.0}, np.zeros((6, 4), dtype=np.int64))

    def compose(self, composition: Composition, *, turn: Turn | None = None) -> Result:
        """A motion as long as was asked for, with a note; of a source's kept frames the source itself.

        A loop says that it begins half a second on.
        """
        self.compositions.append(composition)
        request = Request(
            text="; ".join(beat.text for beat in composition.beats), affect=composition.affect_at(0.0),
            seconds=composition.seconds, seed=composition.seed, plan=composition.plan,
            fps=composition.fps or (composition.source.fps if composition.source else None),
        )  # fmt: skip
        made = self.generate(request, turn=turn)
        motion = made.motion
        if composition.source is not None:
            kept = np.array([composition.kept(k / motion.fps) for k in range(len(motion))])
            rotations, root = motion.rotations.copy(), motion.root.copy()
            own = composition.source[: len(motion)]
            kept = kept[: len(own)]
            rotations[: len(own)][kept], root[: len(own)][kept] = own.rotations[kept], own.root[kept]
            motion = replace(motion, rotations=rotations, root=root)
        stretch = (0.5, 0.5 + composition.seconds) if composition.loop else None
        return replace(made, motion=motion, composition=composition, notes=("nothing was bent",), stretch=stretch)

    def _accepted(self, request: Request) -> list[str]:
        first = MANIFEST.plan(request.plan, request.generator).name
        return [first] if request.budget_ms is None or first == "fast" else ["default", "fast"]

    def generate(self, request: Request, *, turn: Turn | None = None) -> Result:
        self.requests.append(request)
        self.entered.release()
        while not self.gate.wait(0.001):
            assert turn is not None
            turn.give_way()
            if turn.cancelled:
                self.was_cancelled.set()
                raise Cancelled("cancelled between passes")
        if self.error is not None:
            raise self.error
        accepted = self._accepted(request)
        left_s = math.inf if turn is None else turn.limit() - time.monotonic()
        plan = next((p for p in accepted if SECONDS[p] <= left_s), accepted[-1])
        seed = 12345 if request.seed is None else request.seed
        fps, generator = request.fps or self.bundle.manifest.fps, MANIFEST.plan(plan).generator
        used = replace(request, seed=seed, plan=plan, generator=generator, fps=fps)
        stages = {"text": 1.0, "masked": 20.0, "residual": 5.0, "decode": 2.0, "total": 28.5}
        passes = {"masked": 10, "residual": 5, "decode": 1}
        tokens = np.zeros((6, 4), dtype=np.int64)
        return Result(motion_of(used), used, plan, stages, tokens, passes, degraded=plan != accepted[0])


def motion_of(request: Request) -> Motion:
    """The motion the fake makes of a complete request: smooth, different for every seed and affect."""
    assert request.seed is not None and request.fps is not None
    frames = round(request.seconds * request.fps) + 1
    t_T = np.arange(frames)[:, None, None] / request.fps
    base = np.random.default_rng(request.seed).normal(size=(1, NUM_JOINTS, 4))
    rotations = normalize(base + 0.3 * np.sin(t_T + request.affect.vector.sum() + request.affect.intensity))
    root = np.concatenate([0 * t_T[:, 0], 0 * t_T[:, 0] + BODY.rest_height, t_T[:, 0]], -1)
    return Motion(quat_continuous(rotations), root, request.fps)
