"""The passes of a generator as ONNX graphs.

Shapes: N tokens, Q quantiser layers, C codes, R condition rows, S text width, E = 9 emotions, T = 4N frames, F
features.
How weights are stored stands in `export.storage`.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.export import Dim

from export.storage import store_small
from sdk.emotion import NUM_EMOTIONS
from training.generator import Generator
from training.models.steps import DecodeStep, EncodeStep, MaskedStep, ResidualStep
from training.onnx_export import quiet_exporter, without_traces

OPSET = 23


@dataclass(frozen=True)
class GraphSpec:
    """A module and how it is called: example inputs by name, free axes by name, meaning of inputs and outputs.

    `inputs` and `outputs` hold (shape, dtype, meaning) as the manifest shows them. int8: how weights are stored.
    """

    module: nn.Module
    example: dict[str, Tensor]
    free: dict[str, dict[int, Any]]
    inputs: dict[str, list[Any]]
    outputs: dict[str, list[Any]]
    int8: bool = False


def graph_specs(generator: Generator) -> dict[str, GraphSpec]:
    """The motion graphs of a generator, by role; residual and distilled where it has them."""
    config = generator.masked.config
    layers, codes, width = config.quantisers, config.codes, config.text_width
    features = generator.rvq.config.features
    tokens, rows = Dim("tokens", min=2, max=config.max_tokens), Dim("rows", min=1, max=3)
    f32, i64 = partial(described, "float32"), partial(described, "int64")
    condition = {
        "text": (torch.randn(2, width), {0: rows}, f32("sentence embeddings; zeros: no text", "R", width)),
        "affect": (torch.rand(2, NUM_EMOTIONS), {0: rows}, f32("Affect.condition; zeros: none", "R", NUM_EMOTIONS)),
        "weight": (torch.tensor([3.0, -2.0]), {0: rows}, f32("weight of each row's logits, summing to 1", "R")),
        "noise": (torch.randn(12, codes), {0: tokens}, f32("Gumbel(0, 1) noise; zeros: likeliest code", "N", codes)),
    }

    def spec(module: nn.Module, inputs: dict[str, Any], outputs: dict[str, list[Any]]) -> GraphSpec:
        return GraphSpec(
            module.eval(), {k: v[0] for k, v in inputs.items()}, {k: v[1] for k, v in inputs.items()},
            {k: v[2] for k, v in inputs.items()}, outputs,
        )  # fmt: skip

    any_tokens = Dim("any_tokens", min=2, max=4096)
    some = torch.randint(codes, (layers, 12))
    base = (torch.randint(codes + 1, (12,)), {0: tokens}, i64(f"base tokens; {codes} is MASK", "N"))
    below = (some, {1: tokens}, i64("tokens; only those of layers below `layer` count", layers, "N"))
    layer = (torch.tensor([2]), {}, i64(f"layer to predict, 1..{layers - 1}", 1))
    all_tokens = (some, {1: any_tokens}, i64("tokens; -1: layer left out", layers, "N"))
    one_affect = (torch.rand(NUM_EMOTIONS), {}, f32("Affect.condition", NUM_EMOTIONS))
    # torch.export wants the frame axis said as 4 times the token axis.
    # Of the size of real features: far from all codes the choice of a code would depend on hardly anything.
    like_real = generator.rvq.mean + generator.rvq.std * torch.randn(48, features)
    frames = (like_real, {0: 4 * any_tokens}, f32("rot272 features in their units", "4N", features))
    code, chance = i64("a code for every position", "N"), f32("probability of that code before filtering", "N")
    motion, found = f32("rot272 features in their units", "4N", features), i64("tokens of all layers", layers, "N")
    specs = {
        "masked": spec(MaskedStep(generator.masked), {"tokens": base, **condition}, {"codes": code, "chance": chance}),
        "decode": spec(
            DecodeStep(generator.rvq), {"tokens": all_tokens, "affect": one_affect}, {"features": motion}
        ),
        "encode": spec(EncodeStep(generator.rvq), {"features": frames}, {"tokens": found}),
    }  # fmt: skip
    if generator.residual is not None:
        inputs = {"tokens": below, "layer": layer, **condition}
        specs["residual"] = spec(ResidualStep(generator.residual), inputs, {"codes": code})
    if generator.distilled is not None:
        inputs = {"tokens": base, **condition}
        specs["distilled"] = spec(MaskedStep(generator.distilled), inputs, {"codes": code, "chance": chance})
    return specs


def described(kind: str, meaning: str, *shape: int | str) -> list[Any]:
    """An input or output as the manifest shows it."""
    return [list(shape), kind, meaning]


def export_graph(spec: GraphSpec, path: Path) -> None:
    """Write one graph, checked by onnx; its module was rounded by `round_weights` with the same `int8`."""
    names = tuple(spec.example)
    with quiet_exporter():
        program = torch.onnx.export(
            spec.module, tuple(spec.example.values()), dynamo=True, opset_version=OPSET, input_names=list(names),
            output_names=list(spec.outputs), dynamic_shapes=tuple(spec.free[name] for name in names), verbose=False,
        )  # fmt: skip
    assert program is not None
    weights = dict(spec.module.named_parameters()) | dict(spec.module.named_buffers())
    model = name_weights(program.model_proto, weights)
    model = without_traces(store_small(model, spec.module if spec.int8 else None))
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def name_weights(model: onnx.ModelProto, weights: dict[str, Tensor]) -> onnx.ModelProto:
    """Give initialisers that the exporter folded (it transposes weights ahead of time) their names back.

    A weight stored transposed is called `<name>.T`. With this a graph is readable, and `export.twin` can read a torch
    model from a bundle alone.
    """
    known = {}
    for name, value in weights.items():
        if value.ndim == 2:
            known[value.detach().T.contiguous().numpy().tobytes()] = f"{name}.T"
    for name, value in weights.items():
        known.setdefault(value.detach().contiguous().numpy().tobytes(), name)
    renamed: dict[str, str] = {}
    taken = {tensor.name for tensor in model.graph.initializer}
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        name = known.get(array.tobytes())
        if tensor.name not in weights and name is not None and array.size > 1 and name not in taken:
            renamed[tensor.name] = name
            taken.add(name)
            tensor.name = name
    for node in model.graph.node:
        for k, name in enumerate(node.input):
            node.input[k] = renamed.get(name, name)
    return model
