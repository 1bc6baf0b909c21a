"""TensorFlow Lite operators as ONNX nodes: what MediaPipe's face models are made of, its own operators included.

Pictures lie as (1, H, W, C) in TensorFlow Lite and as (1, C, H, W) here: a tensor of four axes is transposed once,
where it comes in, and back where its axes matter. MediaPipe's own three operators (Apache-2.0, version 2 of each) are
written anew from what they compute.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from export.tflite.reader import ACTIVATIONS, TfGraph, TfOperator
from export.tflite.writer import GraphWriter
from sdk.errors import MalformedFile

SAME = 0
TO_NCHW, TO_NHWC = [0, 3, 1, 2], [0, 2, 3, 1]


def convert(graph: TfGraph, writer: GraphWriter, inputs: Sequence[str]) -> list[str]:
    """Adds a graph to the writer. inputs, result: names of values in TensorFlow Lite's layout, in the graph's order.

    Raises MalformedFile for an operator, or a use of one, that is not converted.
    """
    return _Conversion(graph, writer).run(inputs)


class _Conversion:
    """One conversion: `values` holds the name of each tensor's value, four axes as (1, C, H, W)."""

    def __init__(self, graph: TfGraph, writer: GraphWriter) -> None:
        self.graph, self.writer = graph, writer
        self.values: dict[int, str] = {}

    def run(self, inputs: Sequence[str]) -> list[str]:
        for number, name in zip(self.graph.inputs, inputs, strict=True):
            self.values[number] = self.channels_first(number, name)
        for operator in self.graph.operators:
            if operator.kind not in HANDLERS:
                raise MalformedFile(f"operator {operator.kind} is not converted; known: {', '.join(sorted(HANDLERS))}")
            result = HANDLERS[operator.kind](self, operator)
            self.values[operator.outputs[0]] = self.activated(operator, result)
        return [self.channels_last(number) for number in self.graph.outputs]

    def shape(self, number: int) -> tuple[int, ...]:
        return self.graph.tensors[number].shape

    def constant(self, operator: TfOperator, place: int) -> np.ndarray[Any, Any]:
        tensor = self.graph.tensors[operator.inputs[place]]
        if tensor.values is None:
            raise MalformedFile(f"{operator.kind}: {tensor.name!r} must be constant to be converted")
        return tensor.values

    def value(self, number: int) -> str:
        """Name of a tensor's value, a constant's too."""
        if number not in self.values:
            tensor = self.graph.tensors[number]
            if tensor.values is None or len(tensor.shape) == 4:
                raise MalformedFile(f"tensor {tensor.name!r} is neither computed nor a constant of up to three axes")
            self.values[number] = self.writer.constant(tensor.values)
        return self.values[number]

    def channels_first(self, number: int, name: str) -> str:
        return self.writer.node("Transpose", name, perm=TO_NCHW) if len(self.shape(number)) == 4 else name

    def channels_last(self, number: int) -> str:
        name = self.value(number)
        return self.writer.node("Transpose", name, perm=TO_NHWC) if len(self.shape(number)) == 4 else name

    def activated(self, operator: TfOperator, name: str) -> str:
        kind = operator.options.get("activation", 0)
        if kind not in ACTIVATIONS:
            raise MalformedFile(f"{operator.kind}: fused activation {kind} is not converted")
        return self.writer.node(ACTIVATIONS[kind], name) if ACTIVATIONS[kind] else name

    def window(self, operator: TfOperator, kernel: Sequence[int]) -> dict[str, Any]:
        """Kernel, stride, dilation and padding of a convolution or pool as ONNX wants them."""
        o, spans = operator.options, list(kernel)
        strides, dilations = [o["stride_h"], o["stride_w"]], [o.get("dilation_h", 1), o.get("dilation_w", 1)]
        before, after = [0, 0], [0, 0]
        if o["padding"] == SAME:
            sizes, made = self.shape(operator.inputs[0])[1:3], self.shape(operator.outputs[0])[1:3]
            for k in range(2):
                reach = (made[k] - 1) * strides[k] + (spans[k] - 1) * dilations[k] + 1
                missing = max(0, reach - sizes[k])
                before[k], after[k] = missing // 2, missing - missing // 2  # the odd one at the end
        return {"kernel_shape": spans, "strides": strides, "pads": before + after} | (
            {} if operator.kind == "MAX_POOL_2D" else {"dilations": dilations}
        )

    def convolution(self, operator: TfOperator) -> str:
        weights = self.constant(operator, 1)  # (O, H, W, I); depthwise: (1, H, W, O)
        groups = 1
        if operator.kind == "DEPTHWISE_CONV_2D":
            weights, groups = weights.transpose(3, 0, 1, 2), self.shape(operator.inputs[0])[3]
        else:
            weights = weights.transpose(0, 3, 1, 2)
        return self.writer.node(
            "Conv", self.value(operator.inputs[0]), self.writer.weight(weights),
            self.writer.constant(self.constant(operator, 2)), group=groups, **self.window(operator, weights.shape[2:]),
        )  # fmt: skip

    def pool(self, operator: TfOperator) -> str:
        kernel = (operator.options["filter_h"], operator.options["filter_w"])
        return self.writer.node("MaxPool", self.value(operator.inputs[0]), **self.window(operator, kernel))

    def pad(self, operator: TfOperator) -> str:
        pads = self.constant(operator, 1)
        if len(pads) == 4:
            pads = pads[TO_NCHW]
        ends = self.writer.constant(pads.T.ravel(), np.int64)
        return self.writer.node("Pad", self.value(operator.inputs[0]), ends)

    def prelu(self, operator: TfOperator) -> str:
        """slope x + (1 - slope) relu(x), the factors as depthwise convolutions of one pixel.

        ONNX has the operator, but its kernel in ONNX Runtime 1.31 takes as long as all convolutions together and keeps
        them from their blocked layout: the landmark network took 5.1 ms with it and takes 2.4 ms so.
        """
        slopes, value = self.constant(operator, 1), self.value(operator.inputs[0])  # (1, 1, C)
        if slopes.size != slopes.shape[-1]:
            raise MalformedFile(f"PRELU with slopes {slopes.shape} is not converted; there must be one a channel")
        options: Mapping[str, Any] = {"group": slopes.size, "kernel_shape": [1, 1]}
        factors = [self.writer.weight(factor.reshape(-1, 1, 1, 1)) for factor in (slopes, 1 - slopes)]
        bent = self.writer.node("Conv", self.writer.node("Relu", value), factors[1], **options)
        return self.writer.node("Add", self.writer.node("Conv", value, factors[0], **options), bent)

    def elementwise(self, operator: TfOperator) -> str:
        op = {"ADD": "Add", "MUL": "Mul"}[operator.kind]
        return self.writer.node(op, *map(self.value, operator.inputs))

    def relu(self, operator: TfOperator) -> str:
        return self.writer.node("Relu", self.value(operator.inputs[0]))

    def reshape(self, operator: TfOperator) -> str:
        shape = self.writer.constant(self.shape(operator.outputs[0]), np.int64)
        made = self.writer.node("Reshape", self.channels_last(operator.inputs[0]), shape)
        return self.channels_first(operator.outputs[0], made)

    def concatenation(self, operator: TfOperator) -> str:
        axis = operator.options["axis"] % len(self.shape(operator.outputs[0]))
        if len(self.shape(operator.outputs[0])) == 4:
            axis = TO_NCHW.index(axis)
        return self.writer.node("Concat", *map(self.value, operator.inputs), axis=axis)

    def whole_slice(self, operator: TfOperator) -> str:
        begin, end, strides = (self.constant(operator, place).tolist() for place in (1, 2, 3))
        if any(begin) or tuple(end) != self.shape(operator.inputs[0]) or set(strides) != {1}:
            raise MalformedFile("STRIDED_SLICE is converted only where it takes the whole tensor")
        return self.value(operator.inputs[0])

    def transform_matrix(self, operator: TfOperator) -> str:
        """Landmarks (1, L, 3) -> the matrix (1, 4, 4) from a small picture of a part to where the part is.

        The part is the box around some landmarks, level with the line between two of them, made larger by a factor.
        With u the direction of that line, v at right angles and B their columns: the box is found in B's frame, and a
        point of the small picture maps to centre + B diag(size / pixels) (point - pixels / 2).
        """
        o, add, fixed = operator.options, self.writer.node, self.writer.constant
        if o["target_rotation_radians"]:
            raise MalformedFile("Landmarks2TransformMatrix towards another angle than 0 is not converted")
        places = add("Slice", self.value(operator.inputs[0]), *(fixed([k], np.int64) for k in (0, 2, 2)))
        left, right = (
            add("Gather", places, fixed([o[f"{side}_rotation_idx"]], np.int64), axis=1) for side in ("left", "right")
        )
        line = add("Sub", right, left)  # (1, 1, 2)
        u = add("Div", line, add("ReduceL2", line, fixed([2], np.int64), keepdims=1))
        v = add("MatMul", u, fixed([[0, 1], [-1, 0]]))
        basis = add("Transpose", add("Concat", u, v, axis=1), perm=[0, 2, 1])  # (1, 2, 2), u and v its columns
        part = add("MatMul", add("Gather", places, fixed(o["subset_idxs"], np.int64), axis=1), basis)
        highest, lowest = (add(op, part, fixed([1], np.int64), keepdims=1) for op in ("ReduceMax", "ReduceMin"))
        middle = add("Mul", add("Add", highest, lowest), fixed(0.5))
        centre = add("MatMul", basis, add("Transpose", middle, perm=[0, 2, 1]))  # (1, 2, 1)
        pixels = np.array([o["output_width"], o["output_height"]])
        zoom = fixed(np.array([o["scale_x"], o["scale_y"]]) / pixels)
        turn = add("Mul", basis, add("Mul", add("Sub", highest, lowest), zoom))
        shift = add("Sub", centre, add("MatMul", turn, fixed(pixels[:, None] / 2)))
        rows = add("Concat", turn, fixed(np.zeros((1, 2, 1))), shift, axis=2)
        return add("Concat", rows, fixed([[[0, 0, 1, 0], [0, 0, 0, 1]]]), axis=1)

    def transform_bilinear(self, operator: TfOperator) -> str:
        """The picture of a part: (1, C, H, W) sampled where a matrix says, each pixel at its middle.

        A place outside is black in MediaPipe; here one less than a pixel outside fades to black.
        """
        add, fixed, o = self.writer.node, self.writer.constant, operator.options
        x, y = np.meshgrid(np.arange(o["output_width"]) + 0.5, np.arange(o["output_height"]) + 0.5)
        grid = np.stack([x.ravel(), y.ravel(), np.zeros(x.size), np.ones(x.size)])
        rows = add("Slice", self.value(operator.inputs[1]), *(fixed([k], np.int64) for k in (0, 2, 1)))
        places = add("Transpose", add("MatMul", rows, fixed(grid)), perm=[0, 2, 1])  # (1, H W, 2) in pixels and a half
        height, width = self.shape(operator.inputs[0])[1:3]
        last = np.array([width - 1, height - 1])
        scaled = add("Sub", add("Mul", places, fixed(2 / last)), fixed(1 + 1 / last))
        shape = fixed([1, o["output_height"], o["output_width"], 2], np.int64)
        places = add("Reshape", scaled, shape)
        options: Mapping[str, Any] = {"mode": "linear", "padding_mode": "zeros", "align_corners": 1}
        return add("GridSample", self.value(operator.inputs[0]), places, **options)

    def transform_landmarks(self, operator: TfOperator) -> str:
        """Points (1, N, 2) of a part's picture -> where they are, by the first two rows of a matrix (1, 4, 4)."""
        add, fixed = self.writer.node, self.writer.constant
        if self.shape(operator.inputs[0])[2] != 2:
            raise MalformedFile("TransformLandmarks is converted for points of two coordinates only")
        columns = add("Transpose", self.value(operator.inputs[1]), perm=[0, 2, 1])
        select = np.eye(4)[:, :2]
        columns = add("MatMul", columns, fixed(select))  # (1, 4, 2)
        turn = add("Slice", columns, *(fixed([k], np.int64) for k in (0, 2, 1)))
        shift = add("Slice", columns, *(fixed([k], np.int64) for k in (3, 4, 1)))
        return add("Add", add("MatMul", self.value(operator.inputs[0]), turn), shift)


HANDLERS: Mapping[str, Callable[[_Conversion, TfOperator], str]] = {
    "ADD": _Conversion.elementwise,
    "MUL": _Conversion.elementwise,
    "CONCATENATION": _Conversion.concatenation,
    "CONV_2D": _Conversion.convolution,
    "DEPTHWISE_CONV_2D": _Conversion.convolution,
    "MAX_POOL_2D": _Conversion.pool,
    "PAD": _Conversion.pad,
    "PRELU": _Conversion.prelu,
    "RELU": _Conversion.relu,
    "RESHAPE": _Conversion.reshape,
    "STRIDED_SLICE": _Conversion.whole_slice,
    "Landmarks2TransformMatrix": _Conversion.transform_matrix,
    "TransformTensorBilinear": _Conversion.transform_bilinear,
    "TransformLandmarks": _Conversion.transform_landmarks,
}
