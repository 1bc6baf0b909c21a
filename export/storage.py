"""How weights lie in a graph: as int8 or float16, widened to float32 when a session loads them.

The torch side is rounded the same way first (`round_weights`), so that both compute with the same numbers. Arithmetic
stays float32. Shapes: O output channels of a layer, the first axis of its weight in torch.
"""

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from sdk.runtime.decode import Floats

_HALF_FROM = 1024
"""Tensors of at least so many values are stored as float16."""
_INT8_FROM = 4096
"""Matrices and kernels of at least so many values are stored as int8, where a graph asks for it."""
_SCALE_BITS = 12
HALF, INT8, SCALE = ".half", ".int8", ".scale"


def int8_rows(values: Floats, axis: int) -> tuple[NDArray[np.int8], Floats]:
    """int8 values and the scale of each slice along `axis`, (O,) broadcast to the values' axes.

    A scale has few bits, rounded up, so that 127 times it is exact: rounding what is rounded changes nothing.
    """
    others = tuple(k for k in range(values.ndim) if k != axis % values.ndim)
    mantissa, exponent = np.frexp(np.abs(values).max(others, keepdims=True).astype(np.float64) / 127)
    steps = float(1 << _SCALE_BITS)
    scale = np.ldexp(np.ceil(mantissa * steps) / steps, exponent).astype(np.float32)
    scale = np.where(scale > 0, scale, np.float32(1))
    return np.round(values / scale).astype(np.int8), scale


def is_int8(name: str, value: Tensor, *, parameters: set[str]) -> bool:
    """Whether a graph that asks for int8 stores this weight so; tables of codes and positions are buffers."""
    return name in parameters and value.ndim >= 2 and value.numel() >= _INT8_FROM


def round_weights(module: nn.Module, *, int8: bool = False) -> None:
    """Round parameters and buffers, in place, to what a graph stores."""
    parameters = {name for name, _ in module.named_parameters()}
    with torch.no_grad():
        for name, value in [*module.named_parameters(), *module.named_buffers()]:
            if value.dtype != torch.float32:
                continue
            if int8 and is_int8(name, value, parameters=parameters):
                rows, scale = int8_rows(value.numpy(), 0)
                value.copy_(torch.from_numpy(rows * scale))
            elif value.numel() >= _HALF_FROM:
                value.copy_(value.half().float())


def store_small(model: onnx.ModelProto, module: nn.Module | None = None) -> onnx.ModelProto:
    """Store large float32 initialisers as float16 behind a Cast; those that are weights of `module` as int8, if given.

    An initialiser belongs to a weight by its name, `<weight>` or, where it lies transposed, `<weight>.T`. ONNX Runtime
    folds the nodes when it loads the graph.
    """
    weights = {} if module is None else dict(module.named_parameters())
    nodes, stored = [], []
    for tensor in model.graph.initializer:
        values, name = numpy_helper.to_array(tensor), tensor.name
        weight = weights.get(name.removesuffix(".T"))
        if values.dtype != np.float32 or values.size < _HALF_FROM:
            stored.append(tensor)
        elif weight is not None and is_int8(name, weight, parameters={name}):
            rows, scale = int8_rows(values, -1 if name.endswith(".T") else 0)
            stored += [numpy_helper.from_array(rows, name + INT8), numpy_helper.from_array(scale, name + SCALE)]
            nodes.append(helper.make_node("Cast", [name + INT8], [f"{name}.wide"], to=TensorProto.FLOAT))
            nodes.append(helper.make_node("Mul", [f"{name}.wide", name + SCALE], [name]))
        else:
            stored.append(numpy_helper.from_array(values.astype(np.float16), name + HALF))
            nodes.append(helper.make_node("Cast", [name + HALF], [name], to=TensorProto.FLOAT))
    nodes += model.graph.node
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(stored)
    model.graph.node.extend(nodes)
    return model


def stored_weights(model: onnx.ModelProto) -> dict[str, Floats]:
    """The weights of a graph under their names in torch, widened and in torch's order of axes."""
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    found = {}
    for name, values in arrays.items():
        if name.endswith(SCALE) and name.removesuffix(SCALE) + INT8 in arrays:
            continue
        if name.endswith(INT8):
            name = name.removesuffix(INT8)
            values = values * arrays[name + SCALE]
        elif name.endswith(HALF):
            name, values = name.removesuffix(HALF), values.astype(np.float32)
        if name.endswith(".T"):
            name, values = name.removesuffix(".T"), values.T
        found[name] = np.array(values, order="C")
    return found
