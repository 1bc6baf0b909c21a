"""`python -m export.parity BUNDLE [--int8]`: torch against ONNX Runtime, pass by pass and over whole rollouts.

The worst case decides, never the mean. Shapes as in `sdk.runtime.decode`.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import click
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from tqdm import tqdm

from export.bundle import REFERENCE
from export.twin import load_twin
from sdk.bundle import Bundle
from sdk.console import run as run_command
from sdk.emotion import Affect
from sdk.errors import EmoMotionError
from sdk.runtime.decode import Floats, Ints, Passes
from sdk.runtime.engine import Engine, Request, Result
from sdk.runtime.generators import DISTILLED
from sdk.runtime.graphs import OnnxPasses
from sdk.runtime.sessions import open_session, run_session
from training.passes import TorchPasses

PROMPTS = (
    "a person walks forward", "someone runs", "a person turns left", "a man raises both hands",
    "a woman waves the right hand", "a person bows", "a person walks backwards", "someone punches",
)  # fmt: skip
AFFECTS = (
    Affect.neutral(), Affect.of("joy", 1.0), Affect.of("sadness", 1.0), Affect.of("anger", 0.8), Affect.of("fear")
)  # fmt: skip
GENERATOR = "emo-mask"
"""Whose rollouts are compared; the passes of every graph are."""
TOKEN_GATE = 0.99
MOTION_GATE_M = 1e-3
PASS_GATE = 1e-3


class SideBySide:
    """Both sides on the same inputs at every step of a rollout; goes on with torch's answer, so nothing cascades."""

    def __init__(self, reference: Passes, other: Passes) -> None:
        self._reference, self._other = reference, other
        self.codes = self.different = 0
        self.worst: dict[str, float] = {}

    def masked(
        self, tokens_N: Ints, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> tuple[Ints, Floats]:
        """See `Passes.masked`."""
        inputs = (tokens_N, text_RS, affect_RE, weight_R, noise_NC)
        return self._proposed("masked", self._reference.masked(*inputs), self._other.masked(*inputs))

    def distilled(
        self, tokens_N: Ints, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> tuple[Ints, Floats]:
        """See `Passes.distilled`."""
        inputs = (tokens_N, text_RS, affect_RE, weight_R, noise_NC)
        return self._proposed("distilled", self._reference.distilled(*inputs), self._other.distilled(*inputs))

    def residual(
        self, tokens_QN: Ints, layer: int, text_RS: Floats, affect_RE: Floats, weight_R: Floats, noise_NC: Floats
    ) -> Ints:
        """See `Passes.residual`."""
        inputs = (tokens_QN, layer, text_RS, affect_RE, weight_R, noise_NC)
        code = self._reference.residual(*inputs)
        self._count(code, self._other.residual(*inputs))
        return code

    def decode(self, tokens_QN: Ints, affect_E: Floats) -> Floats:
        """See `Passes.decode`."""
        features = self._reference.decode(tokens_QN, affect_E)
        self._keep("decode features", np.abs(features - self._other.decode(tokens_QN, affect_E)))
        return features

    def _proposed(self, name: str, ours: tuple[Ints, Floats], theirs: tuple[Ints, Floats]) -> tuple[Ints, Floats]:
        (code, chance), (other, their_chance) = ours, theirs
        same = self._count(code, other)
        self._keep(f"{name} chance", np.abs(chance - their_chance)[same])
        return code, chance

    def _count(self, ours: Ints, theirs: Ints) -> NDArray[np.bool_]:
        same = ours == theirs
        self.codes += same.size
        self.different += int((~same).sum())
        return same

    def _keep(self, name: str, gaps: Floats) -> None:
        # numpy's maximum, here and below: Python's max loses a NaN that does not come first.
        self.worst[name] = float(np.maximum(self.worst.get(name, 0.0), gaps.max(initial=0.0)))


@dataclass(frozen=True)
class Rollouts:
    """Worst cases over all rollouts: share of equal tokens, and metres between motions made of equal tokens."""

    agreement: float
    motion_m: float
    mean_agreement: float


def compare_passes(bundle: Bundle) -> dict[str, float]:
    """Worst difference of every graph's outputs from torch's, on the reference inputs that lie in the bundle."""
    worst = {}
    with np.load(bundle.file(REFERENCE)) as arrays:
        for name, graph in bundle.manifest.graphs.items():
            session = open_session(bundle.file(graph.file), threads=0)
            feed = {i.name: arrays[f"{name}.in.{i.name}"] for i in session.get_inputs()}
            outputs = zip(session.get_outputs(), run_session(session, feed, name=name), strict=True)
            gaps = [np.abs(found - arrays[f"{name}.out.{node.name}"]).max() for node, found in outputs]
            worst[name] = float(np.max(gaps))
    return worst


def compared_plans(bundle: Bundle) -> list[str]:
    """Plans that between them run every graph of the generator: its first one and, with a student, its last."""
    own = [plan.name for plan in bundle.manifest.plans if plan.generator == GENERATOR]
    return [own[0], own[-1]] if DISTILLED in bundle.manifest.generators[GENERATOR].graphs else own[:1]


def rollouts(engine: Engine, *, seeds: int, seconds: float = 6.5) -> list[Result]:
    """Every prompt under every affect by all `compared_plans`, `seeds` seeds each."""
    plans = compared_plans(engine.bundle)
    cases = [(p, a, s, plan) for plan in plans for p in PROMPTS for a in AFFECTS for s in range(seeds)]
    return [
        engine.generate(Request(text=p, affect=a, seconds=seconds, seed=s, plan=plan, generator=GENERATOR))
        for p, a, s, plan in tqdm(cases, desc="rollouts", unit="clip")
    ]


def compare_rollouts(ours: list[Result], theirs: list[Result], engine: Engine) -> Rollouts:
    """Compare two sides' rollouts of the same requests; motion is compared where all tokens of a clip are equal.

    For clips whose tokens differ somewhere, ONNX Runtime decodes torch's tokens too, so the decoder is always compared.
    """
    agreement = [float((a.tokens == b.tokens).mean()) for a, b in zip(ours, theirs, strict=True)]
    gaps = []
    for a, b in zip(ours, theirs, strict=True):
        again = a.motion if np.array_equal(a.tokens, b.tokens) else engine.decode(b.tokens, b.request)
        gaps.append(float(np.linalg.norm(again.positions - b.motion.positions, axis=-1).max()))
    return Rollouts(min(agreement), float(np.max(gaps)), float(np.mean(agreement)))


def quantised(bundle: Bundle, names: tuple[str, ...], folder: Path) -> OnnxPasses:
    """The bundle's passes with some graphs' matrix products in int8."""
    passes = OnnxPasses(bundle, bundle.manifest.generators[GENERATOR], threads=0)
    for name in names:
        options = ort.SessionOptions()
        # int8 quantisation reads float32 initialisers: let ONNX Runtime fold the stored halves first.
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(folder / f"{name}.fp32.onnx")
        ort.InferenceSession(str(bundle.file(bundle.manifest.graphs[name].file)), options)
        prepared, small = folder / f"{name}.ready.onnx", folder / f"{name}.int8.onnx"
        quant_pre_process(options.optimized_model_filepath, str(prepared), skip_symbolic_shape=True)
        quantize_dynamic(
            prepared, small, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gemm"]
        )
        passes.sessions.replace(name, open_session(small, threads=0))
    return passes


@click.command()
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--seeds", default=2, show_default=True, type=click.IntRange(1), help="Seeds of each prompt and affect.")
@click.option("--int8", is_flag=True, help="Also say what int8 matrix products would cost.")
@click.option(
    "--json", "json_file", type=click.File("w"), help="Also write the figures there as one line; - is stdout."
)
def command(bundle: Path, seeds: int, int8: bool, json_file: IO[str] | None) -> None:
    """Compare BUNDLE with its torch twin; exit 2 when a gate is missed."""
    engine = Engine.load(bundle)
    twin = TorchPasses.of(load_twin(engine.bundle))
    failed = []
    for name, gap in compare_passes(engine.bundle).items():
        click.echo(f"pass {name:9s} worst difference {gap:.2e} (goal <= {PASS_GATE:g})")
        # "Not within" and not "beyond": a NaN passes no gate.
        failed += [] if gap <= PASS_GATE else [name]
    info = engine.bundle.manifest.generators[GENERATOR]
    steps = SideBySide(twin, OnnxPasses(engine.bundle, info, threads=0))
    theirs = rollouts(engine.with_passes(GENERATOR, steps), seeds=seeds)
    click.echo(f"step by step: {steps.different} of {steps.codes} codes differ, on equal inputs")
    failed += [] if steps.different <= (1 - TOKEN_GATE) * steps.codes else ["codes step by step"]
    for name, gap in steps.worst.items():
        click.echo(f"step {name:16s} worst difference {gap:.2e} (goal <= {PASS_GATE:g})")
        failed += [] if gap <= PASS_GATE else [name]
    ours = rollouts(engine, seeds=seeds)
    found = compare_rollouts(ours, theirs, engine)
    click.echo(f"rollouts ({len(ours)}): equal tokens, worst {found.agreement:.4f}, mean {found.mean_agreement:.4f}")
    click.echo(f"  goal: mean over all positions >= {TOKEN_GATE}")
    click.echo(f"motion of equal tokens, worst {1000 * found.motion_m:.4f} mm (goal <= {1000 * MOTION_GATE_M:g} mm)")
    failed += [] if found.mean_agreement >= TOKEN_GATE else ["token agreement"]
    failed += [] if found.motion_m <= MOTION_GATE_M else ["motion"]
    cost_of: dict[str, float] = {}
    if int8:
        with tempfile.TemporaryDirectory() as folder:
            for names in (("masked",), ("residual",), ("masked", "residual")):
                small = engine.with_passes(GENERATOR, quantised(engine.bundle, names, Path(folder)))
                cost = compare_rollouts(rollouts(small, seeds=seeds), ours, engine)
                label = " + ".join(names)
                cost_of[label] = cost.mean_agreement
                click.echo(f"int8 {label}: equal tokens, worst {cost.agreement:.3f}, mean {cost.mean_agreement:.3f}")
    if json_file:
        figures = {
            "steps_different": steps.different / steps.codes,
            "token_agreement": found.mean_agreement,
            "worst_agreement": found.agreement,
            "motion_mm": 1000 * found.motion_m,
            "int8": cost_of,
        }
        click.echo(json.dumps(figures), file=json_file)
    if failed:
        raise EmoMotionError(f"parity fails: {', '.join(failed)}")


if __name__ == "__main__":
    run_command(command, name="python -m export.parity")
