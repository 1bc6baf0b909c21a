"""Writes an ONNX graph node by node; large weights lie in it small and are widened when a session loads them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 20, 10
_SMALL = 512
"""Weights of fewer values are stored as float32."""


class GraphWriter:
    """An ONNX graph in the making. Names of values are given out by the writer."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._count = 0

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node of one output and returns the output's name."""
        self._count += 1
        output = f"{op.lower()}_{self._count}"
        self._nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def constant(self, values: ArrayLike, dtype: type[np.generic] = np.float32) -> str:
        """Name of a constant; equal ones are stored once."""
        array = np.ascontiguousarray(np.asarray(values, dtype))
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = f"constant_{len(self._known)}"
            self._constants.append(numpy_helper.from_array(array, self._known[key]))
        return self._known[key]

    def weight(self, values: ArrayLike) -> str:
        """Name of a layer's weights. In the file many are float16, if none changes by it; at work all are float32."""
        array = np.asarray(values, np.float32)
        with np.errstate(over="ignore"):
            half = array.astype(np.float16)
        if array.size < _SMALL or not np.array_equal(half.astype(np.float32), array):
            return self.constant(array)
        return self.node("Cast", self.constant(half, np.float16), to=TensorProto.FLOAT)

    def model(
        self, name: str, inputs: Mapping[str, Sequence[int]], outputs: Mapping[str, tuple[str, Sequence[int]]]
    ) -> onnx.ModelProto:
        """The checked model. inputs: {name: shape}; outputs: {name: (value, shape)}; all are float32."""
        ends = [helper.make_node("Identity", [value], [output]) for output, (value, _) in outputs.items()]
        shapes = {output: shape for output, (_, shape) in outputs.items()}
        ports = [
            [helper.make_tensor_value_info(port, TensorProto.FLOAT, list(shape)) for port, shape in side.items()]
            for side in (inputs, shapes)
        ]
        graph = helper.make_graph([*self._nodes, *ends], name, *ports, initializer=self._constants)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="emomotion")
        onnx.checker.check_model(model, full_check=True)
        return model
