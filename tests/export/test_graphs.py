"""The motion graphs against their torch modules, on other sizes than they were exported with; how weights are stored.

N tokens, R condition rows, Q layers, C codes.
"""

import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[export]'")
onnx = pytest.importorskip("onnx", reason="onnx is absent: pip install -e '.[export]'")
pytest.importorskip("onnxscript", reason="onnxscript is absent: pip install -e '.[export]'")

from onnx import numpy_helper  # noqa: E402

from export.graphs import GraphSpec, export_graph, graph_specs, name_weights  # noqa: E402
from export.storage import round_weights, stored_weights  # noqa: E402
from export.twin import load_twin  # noqa: E402
from sdk.bundle import Bundle  # noqa: E402
from sdk.emotion import Affect  # noqa: E402
from sdk.errors import BundleError  # noqa: E402
from sdk.runtime.sessions import open_session  # noqa: E402
from tests.export import tiny  # noqa: E402
from training.generator import Generator  # noqa: E402
from training.recipes import RECIPES  # noqa: E402

REPO = Path(__file__).resolve().parents[2]
GRAPHS = ("masked", "distilled", "residual", "decode", "encode")
HALF_FROM = 1024
CODES, LAYERS, TEXT = 16, 3, 384


@cache
def rounded() -> Generator:
    """The run's models with the rounding of the graphs."""
    generator = Generator.load(tiny.run()).with_student(tiny.student())
    for model in (generator.rvq, generator.masked, generator.residual, generator.distilled):
        round_weights(model, int8=True)
    return generator


@cache
def specs() -> dict[str, GraphSpec]:
    return {name: replace(spec, int8=True) for name, spec in graph_specs(rounded()).items()}


@cache
def session(name: str):
    return open_session(tiny.bundle() / f"{name}.onnx", threads=1)


@cache
def graph(name: str) -> onnx.ModelProto:
    return onnx.load(tiny.bundle() / f"{name}.onnx")


def both_sides(name: str, **inputs: torch.Tensor) -> list[tuple[np.ndarray, np.ndarray]]:
    """(ONNX Runtime's, torch's) for every output."""
    with torch.no_grad():
        out = specs()[name].module(**inputs)
    theirs = [value.numpy() for value in (out if isinstance(out, tuple) else (out,))]
    ours = session(name).run(None, {key: value.numpy() for key, value in inputs.items()})
    for a, b in zip(ours, theirs, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
    return list(zip(ours, theirs, strict=True))


def conditions(tokens: int, rows: int, seed: int) -> dict[str, torch.Tensor]:
    """Guidance as the runtime asks for it: full, text alone, nothing."""
    rng = np.random.default_rng(seed)
    text = rng.normal(size=(rows, TEXT)) / TEXT**0.5
    affect = rng.dirichlet(np.ones(9), rows)
    if rows > 1:
        text[-1], affect[-1] = 0, 0
    arrays = {
        "text": text, "affect": affect, "weight": {1: [1], 2: [3, -2], 3: [3, 1, -3]}[rows],
        "noise": rng.gumbel(size=(tokens, CODES)),
    }  # fmt: skip
    return {name: torch.tensor(np.asarray(value), dtype=torch.float32) for name, value in arrays.items()}


# --- parity ---


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("tokens", [2, 5, 12, 49, 64])
def test_masked_passes_agree(tokens: int, rows: int) -> None:
    worst = 0.0
    for seed in range(4):
        base = torch.from_numpy(np.random.default_rng(seed).integers(0, CODES + 1, tokens))
        codes, chance = both_sides("masked", tokens=base, **conditions(tokens, rows, seed))
        np.testing.assert_array_equal(*codes)
        worst = max(worst, float(np.abs(chance[0] - chance[1]).max()))
    assert worst < 1e-4


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("tokens", [2, 12, 64])
def test_residual_passes_agree_on_every_layer(tokens: int, rows: int) -> None:
    for layer in range(1, LAYERS):
        below = torch.from_numpy(np.random.default_rng(layer).integers(0, CODES, (LAYERS, tokens)))
        below[layer:] = -1
        inputs = {"tokens": below, "layer": torch.tensor([layer]), **conditions(tokens, rows, layer)}
        for ours, theirs in both_sides("residual", **inputs):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("tokens", [2, 12, 64, 226])
@pytest.mark.parametrize("layers", [1, LAYERS])
def test_decoders_agree_with_layers_left_out_and_beyond_a_window(tokens: int, layers: int) -> None:
    codes = torch.from_numpy(np.random.default_rng(tokens).integers(0, CODES, (LAYERS, tokens)))
    codes[layers:] = -1
    affect = torch.from_numpy(Affect.of("joy", 0.8).condition)
    ((ours, theirs),) = both_sides("decode", tokens=codes, affect=affect)
    assert ours.shape == (4 * tokens, 272)
    assert np.abs(ours - theirs).max() < 1e-4


@pytest.mark.parametrize("tokens", [2, 12, 100])
def test_encoders_agree(tokens: int) -> None:
    walk = np.concatenate([clip.features for clip in tiny.clips().clips])[: 4 * tokens]
    ((ours, theirs),) = both_sides("encode", features=torch.from_numpy(walk))
    assert ours.shape == (LAYERS, tokens)
    np.testing.assert_array_equal(ours, theirs)


def test_what_is_decoded_is_what_is_encoded() -> None:
    # The prefix of a continuation goes through both: their codebooks must be the same numbers.
    walk = tiny.clips().clips[0].features[:48]
    tokens = session("encode").run(None, {"features": walk})[0]
    with torch.no_grad():
        truth = rounded().rvq.encode(torch.from_numpy(walk[None]))[0].numpy()
    np.testing.assert_array_equal(tokens, truth)


# --- the point vq ---


def decoded(run, affect: Affect) -> np.ndarray:
    tokens = np.random.default_rng(0).integers(0, CODES, (LAYERS, 12))
    return run.run(None, {"tokens": tokens, "affect": affect.condition})[0]


def test_the_emotion_enters_the_exported_decoder() -> None:
    joy, anger = (decoded(session("decode"), Affect.of(name, 1.0)) for name in ("joy", "anger"))
    assert np.abs(joy - anger).max() > 1e-3


def test_a_decoder_without_the_point_still_takes_the_affect_and_ignores_it(tmp_path: Path) -> None:
    whole = tiny.generator()
    plain = Generator(tiny.random_rvq(RECIPES["tiny"].rvq_model), whole.masked, whole.residual, meta={})
    assert plain.points == ["mask", "residual"]
    path = tmp_path / "decode.onnx"
    export_graph(graph_specs(plain)["decode"], path)
    run = open_session(path, threads=1)
    assert [node.name for node in run.get_inputs()] == ["tokens", "affect"]
    np.testing.assert_array_equal(decoded(run, Affect.neutral()), decoded(run, Affect.of("anger", 1.0)))


# --- what is stored ---


@pytest.mark.parametrize("name", GRAPHS)
def test_large_weights_are_stored_small_under_their_names(name: str) -> None:
    module = specs()[name].module
    weights = dict(module.named_parameters()) | dict(module.named_buffers())
    for tensor in graph(name).graph.initializer:
        values = numpy_helper.to_array(tensor)
        assert values.dtype != np.float32 or values.size < HALF_FROM, tensor.name
    found = stored_weights(graph(name))
    large = {key for key, values in found.items() if values.dtype == np.float32 and values.size >= HALF_FROM}
    assert len(large) >= 10 and large <= set(weights)
    for key in large:
        np.testing.assert_array_equal(found[key].reshape(weights[key].shape), weights[key].numpy())
    bytes_stored = sum(len(tensor.raw_data) for tensor in graph(name).graph.initializer)
    assert bytes_stored < 2 * sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_carry_nothing_of_where_they_were_made(name: str) -> None:
    content = (tiny.bundle() / f"{name}.onnx").read_bytes()
    for trace in (str(REPO), "site-packages", ".py", str(tiny.run())):
        assert trace.encode() not in content
    assert all(not node.doc_string and not node.metadata_props for node in graph(name).graph.node)


@pytest.mark.parametrize("name", GRAPHS)
def test_inputs_and_outputs_are_those_of_the_manifest(name: str) -> None:
    described = Bundle.load(tiny.bundle()).manifest.graphs[name]
    kinds = {"tensor(int64)": "int64", "tensor(float)": "float32"}
    for nodes, facts in (
        (session(name).get_inputs(), described.inputs),
        (session(name).get_outputs(), described.outputs),
    ):
        assert {node.name for node in nodes} == set(facts)
        for node in nodes:
            shape, kind, meaning = facts[node.name]
            assert kinds[node.type] == kind and meaning
            assert len(node.shape) == len(shape)
            for found, said in zip(node.shape, shape, strict=True):
                assert isinstance(found, str) == isinstance(said, str)
                assert isinstance(found, str) or found == said


def test_the_same_weights_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from export import graphs, parts;"
        "graphs.export_graph(parts.emo_mask_part(Path(sys.argv[1])).specs['encode'], Path(sys.argv[2]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPO)}
    out = tmp_path / "encode.onnx"
    subprocess.run([sys.executable, "-c", script, str(tiny.run()), str(out)], check=True, cwd=REPO, env=environment)
    assert out.read_bytes() == (tiny.bundle() / "encode.onnx").read_bytes()


# --- the twin ---


def test_the_twin_read_from_the_graphs_is_the_run(tmp_path: Path) -> None:
    twin, truth = load_twin(Bundle.load(tiny.bundle())), rounded()
    assert twin.points == truth.points
    for model, other in (
        (twin.masked, truth.masked),
        (twin.residual, truth.residual),
        (twin.distilled, truth.distilled),
    ):
        assert not model.training
        for name, value in other.state_dict().items():
            assert torch.equal(model.state_dict()[name], value), name
    state = twin.rvq.state_dict()
    for name, value in truth.rvq.state_dict().items():
        if not name.endswith((".counts", ".sums")):  # of the averages, which only training needs
            assert torch.equal(state[name], value), name
    fresh = graph_specs(twin)
    for name, spec in specs().items():
        with torch.no_grad():
            ours, theirs = fresh[name].module(*spec.example.values()), spec.module(*spec.example.values())
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6, msg=name)


def test_a_twin_needs_every_graph_and_weight(tmp_path: Path) -> None:
    path = tiny.copy_of(tiny.bundle(), tmp_path / "bundle")
    model = onnx.load(path / "masked.onnx")
    for tensor in model.graph.initializer:
        if tensor.name == "model.head.bias":
            tensor.name = "anonymous"
    tiny.put(path / "masked.onnx", model.SerializeToString())
    tiny.rehash(path)
    with pytest.raises(BundleError, match=r"graph 'masked' does not name the weight 'head\.bias'; export the bundle"):
        load_twin(Bundle.load(path))
    bundle = Bundle.load(tiny.bundle())
    bundle.manifest.graphs.pop("encode")
    with pytest.raises(BundleError, match="has no graph 'encode'"):
        load_twin(bundle)


# --- the two rewrites, on a graph of three nodes ---


def toy_model(**initialisers: np.ndarray) -> onnx.ModelProto:
    """x @ first, then every further initialiser is multiplied on."""
    names = list(initialisers)
    nodes = [onnx.helper.make_node("MatMul", ["x", names[0]], ["h0"])]
    for k, name in enumerate(names[1:]):
        nodes.append(onnx.helper.make_node("MatMul", [f"h{k}", name], [f"h{k + 1}"]))
    ends = ("x", f"h{len(names) - 1}")
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", f"of {name}"]) for name in ends]
    tensors = [numpy_helper.from_array(value, name) for name, value in initialisers.items()]
    inside = onnx.helper.make_graph(nodes, "toy", values[:1], values[1:], tensors)
    return onnx.helper.make_model(inside, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)


def result_of(model: onnx.ModelProto, width: int) -> np.ndarray:
    x = np.random.default_rng(1).normal(size=(3, width)).astype(np.float32)
    return open_session(model.SerializeToString(), threads=1).run(None, {"x": x})[0]


def test_folded_weights_get_their_names_back_and_the_graph_stays_the_same() -> None:
    rng = np.random.default_rng(0)
    first, second, constant = (rng.normal(size=(8, 8)).astype(np.float32) for _ in range(3))
    model = toy_model(val_1=first.T.copy(), val_2=second, val_3=constant)
    before = result_of(model, 8)
    named = name_weights(model, {"a.weight": torch.from_numpy(first), "b.weight": torch.from_numpy(second)})
    assert [tensor.name for tensor in named.graph.initializer] == ["a.weight.T", "b.weight", "val_3"]
    onnx.checker.check_model(named)
    np.testing.assert_array_equal(result_of(named, 8), before)


def test_two_equal_weights_do_not_share_a_name() -> None:
    same = np.ones((8, 8), np.float32)
    model = toy_model(val_1=same, val_2=same.copy())
    before = result_of(model, 8)
    named = name_weights(model, {"a": torch.from_numpy(same), "b": torch.from_numpy(same.copy())})
    names = [tensor.name for tensor in named.graph.initializer]
    assert len(set(names)) == 2
    np.testing.assert_array_equal(result_of(named, 8), before)
