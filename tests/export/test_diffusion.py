"""The denoising graph against its torch module, by passes and by whole rollouts, and a sampler without a bundle."""

import os
import subprocess
import sys
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[export]'")
onnx = pytest.importorskip("onnx", reason="onnx is absent: pip install -e '.[export]'")
pytest.importorskip("onnxscript", reason="onnxscript is absent: pip install -e '.[export]'")

from onnx import numpy_helper  # noqa: E402

from export.diffusion import denoise_spec  # noqa: E402
from export.graphs import export_graph  # noqa: E402
from export.storage import round_weights, stored_weights  # noqa: E402
from sdk.emotion import Affect  # noqa: E402
from sdk.motion import rot272  # noqa: E402
from sdk.motion.retarget import canonical  # noqa: E402
from sdk.runtime.decode import Floats  # noqa: E402
from sdk.runtime.diffusion import DenoisePasses, DiffusionGenerator, GraphDenoiser, Known  # noqa: E402
from sdk.runtime.sessions import open_session, run_session  # noqa: E402
from tests.export import tiny  # noqa: E402
from tests.synthetic import walking  # noqa: E402
from training.data import statistics  # noqa: E402
from training.models.diffusion import Denoiser, DenoiserConfig, TorchDenoiser  # noqa: E402

REPO = Path(__file__).resolve().parents[2]
STEPS = 10
PASS_GATE, MOTION_GATE_M = 1e-4, 1e-3


@cache
def model() -> Denoiser:
    """Random weights, rounded as the graph stores them; its features have the scale of real ones."""
    torch.manual_seed(0)
    made = Denoiser(DenoiserConfig(steps=STEPS, width=32, heads=2, layers=2, hidden=64)).eval().requires_grad_(False)
    tiny.shake(made)  # equal weights would share one name
    for value, known in zip((made.mean, made.std), statistics(tiny.clips()), strict=True):
        value.copy_(torch.from_numpy(known))
    round_weights(made)
    return made


@cache
def graph() -> Path:
    path = tiny.folder("diffusion") / "denoise10.onnx"
    export_graph(denoise_spec(model()), path)
    return path


@cache
def onnx_passes() -> DenoisePasses:
    return GraphDenoiser(partial(run_session, open_session(graph(), threads=1), name="denoise10"))


def one_pass(frames: int, rows: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(ONNX Runtime's, torch's) clean motion and features of one pass with a known beginning."""
    rng = np.random.default_rng(seed)
    text, affect = rng.normal(size=(rows, 384)), rng.dirichlet(np.ones(9), rows)
    if rows > 1:
        text[-1], affect[-1] = 0, 0
    arrays: list[Floats] = [rng.normal(size=(frames, rot272.DIM)), rng.normal(size=(frames, rot272.DIM)) / 10]
    arrays += [np.arange(frames) < rng.integers(0, frames)]
    conditions = [text, affect, np.array({1: [1], 2: [3, -2], 3: [3, 1, -3]}[rows])]
    before, after = ([np.asarray(a, np.float32) for a in part] for part in (arrays, conditions))
    step = int(rng.integers(STEPS))
    return list(zip(*(p.denoise(*before, step, *after) for p in (onnx_passes(), TorchDenoiser(model()))), strict=True))


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("frames", [8, 60, 196, 256])
def test_passes_agree(frames: int, rows: int) -> None:
    for seed in range(3):
        for ours, theirs in one_pass(frames, rows, seed):
            assert (ours.shape, ours.dtype) == ((frames, rot272.DIM), np.float32) == (theirs.shape, theirs.dtype)
            assert np.abs(ours - theirs).max() < PASS_GATE


def rollout(passes: DenoisePasses, frames: int, known: Known | None = None) -> Floats:
    sampler = DiffusionGenerator({STEPS: passes})
    text = np.random.default_rng(1).normal(size=384).astype(np.float32) / 20
    return sampler.features(
        text, Affect.of("joy", 0.8).condition, frames, steps=STEPS,
        text_guidance=2.5, emotion_guidance=3.5, seed=4, known=known,
    )  # fmt: skip


@pytest.mark.parametrize("frames", [61, 300])
def test_whole_rollouts_end_in_the_same_motion(frames: int) -> None:
    walk = rot272.encode(walking(1.0))[:20]
    ours, theirs = (rollout(p, frames, Known.at({0: walk}, frames)) for p in (onnx_passes(), TorchDenoiser(model())))
    assert ours[:20].tobytes() == walk.tobytes() == theirs[:20].tobytes()
    places = [rot272.decode(features).positions for features in (ours, theirs)]
    assert np.linalg.norm(places[0] - places[1], axis=-1).max() <= MOTION_GATE_M
    assert np.ptp(places[0], axis=0).max() > 0.01, "there is something to compare"


def test_a_sampler_without_a_bundle_makes_motion() -> None:
    motion = canonical(rot272.decode(rollout(onnx_passes(), 45)))
    assert len(motion) == 45 and np.isfinite(motion.positions).all()


def test_the_graph_describes_itself() -> None:
    spec, session = denoise_spec(model()), open_session(graph(), threads=1)
    for described, nodes in ((spec.inputs, session.get_inputs()), (spec.outputs, session.get_outputs())):
        assert list(described) == [node.name for node in nodes]
        for node in nodes:
            shape, kind, _ = described[node.name]
            assert node.type == f"tensor({'float' if kind == 'float32' else kind})"
            for ours, theirs in zip(shape, node.shape, strict=True):
                assert isinstance(theirs, str) if isinstance(ours, str) else ours == theirs, node.name


def test_large_weights_are_small_and_every_weight_keeps_its_name() -> None:
    made = onnx.load(graph())
    for tensor in made.graph.initializer:
        values = numpy_helper.to_array(tensor)
        assert values.dtype != np.float32 or values.size < 1024, tensor.name
    found = stored_weights(made)
    for name, value in model().state_dict().items():
        np.testing.assert_array_equal(found[f"model.{name}"].reshape(value.shape), value.numpy())


def test_the_sampler_runs_without_torch() -> None:
    code = (
        "import sys, sdk.runtime.diffusion, sdk.runtime.sessions\n"
        "assert not {'torch', 'training', 'export'} & set(sys.modules)"
    )
    path = os.pathsep.join([str(REPO), str(REPO / "protos")])
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": path})
