"""Reads a .tflite file: its tensors, its operators in order, and the constants, weights of half precision included.

A .tflite file is a FlatBuffer. A table's fields are known by number only; the numbers here are those of TensorFlow's
schema.fbs, version 3 (Apache-2.0), which promises never to change them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flatbuffers import flexbuffers, number_types
from flatbuffers.table import Table
from numpy.typing import NDArray

from sdk.errors import MalformedFile

IDENTIFIER = b"TFL3"
DTYPES = {0: np.dtype("<f4"), 1: np.dtype("<f2"), 2: np.dtype("<i4")}
ACTIVATIONS = {0: "", 1: "Relu"}
OPERATORS = {
    0: "ADD", 2: "CONCATENATION", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 6: "DEQUANTIZE", 17: "MAX_POOL_2D", 18: "MUL",
    19: "RELU", 22: "RESHAPE", 32: "CUSTOM", 34: "PAD", 45: "STRIDED_SLICE", 54: "PRELU",
}  # fmt: skip
# Options of an operator as (name, number of the field, kind, default); kinds are those of `_scalar`.
OPTIONS: Mapping[str, tuple[tuple[str, int, str, int], ...]] = {
    "ADD": (("activation", 0, "int8", 0),),
    "MUL": (("activation", 0, "int8", 0),),
    "CONCATENATION": (("axis", 0, "int32", 0), ("activation", 1, "int8", 0)),
    "CONV_2D": (
        ("padding", 0, "int8", 0), ("stride_w", 1, "int32", 0), ("stride_h", 2, "int32", 0),
        ("activation", 3, "int8", 0), ("dilation_w", 4, "int32", 1), ("dilation_h", 5, "int32", 1),
    ),
    "DEPTHWISE_CONV_2D": (
        ("padding", 0, "int8", 0), ("stride_w", 1, "int32", 0), ("stride_h", 2, "int32", 0),
        ("activation", 4, "int8", 0), ("dilation_w", 5, "int32", 1), ("dilation_h", 6, "int32", 1),
    ),
    "MAX_POOL_2D": (
        ("padding", 0, "int8", 0), ("stride_w", 1, "int32", 0), ("stride_h", 2, "int32", 0),
        ("filter_w", 3, "int32", 0), ("filter_h", 4, "int32", 0), ("activation", 5, "int8", 0),
    ),
}  # fmt: skip
_KINDS = {
    "int8": number_types.Int8Flags, "uint8": number_types.Uint8Flags,
    "int32": number_types.Int32Flags, "uint32": number_types.Uint32Flags,
}  # fmt: skip


@dataclass(frozen=True)
class TfTensor:
    """A tensor's name, shape and, if it is constant, its values."""

    name: str
    shape: tuple[int, ...]
    values: NDArray[Any] | None


@dataclass(frozen=True)
class TfOperator:
    """One operator: `kind` as in the schema, or a custom operator's own name; tensors by number, -1 for none."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TfGraph:
    """The only subgraph of a model."""

    tensors: tuple[TfTensor, ...]
    operators: tuple[TfOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_tflite(data: bytes, name: str) -> TfGraph:
    """The graph of a .tflite file; `name` stands in errors.

    Constants of half precision are widened where the file does so, and DEQUANTIZE is gone. Raises MalformedFile for
    anything else than a model of one subgraph made of OPERATORS and custom ones.
    """
    if len(data) < 8 or data[4:8] != IDENTIFIER:
        raise MalformedFile(f"{name}: no .tflite file, it does not begin with {IDENTIFIER.decode()}")
    try:
        return _read(data, name)
    except MalformedFile:
        raise
    except Exception as error:  # flatbuffers, struct and numpy have errors of their own, without a common base
        raise MalformedFile(f"{name}: truncated or corrupt ({type(error).__name__})") from None


def _read(data: bytes, name: str) -> TfGraph:
    model = Table(bytearray(data), int.from_bytes(data[:4], "little"))
    subgraphs = _tables(model, 2)
    if len(subgraphs) != 1:
        raise MalformedFile(f"{name}: has {len(subgraphs)} subgraphs; one is read")
    buffers = [_bytes(buffer, 0) for buffer in _tables(model, 4)]
    codes = [_operator_name(code, name) for code in _tables(model, 1)]
    tensors = [_tensor(table, buffers, name) for table in _tables(subgraphs[0], 0)]
    operators = []
    for table in _tables(subgraphs[0], 3):
        kind = codes[_scalar(table, 0, "uint32", 0)]
        operator = TfOperator(kind, _integers(table, 1), _integers(table, 2), _options(table, kind))
        if kind != "DEQUANTIZE":
            operators.append(operator)
            continue
        source, target = operator.inputs[0], operator.outputs[0]
        stored = tensors[source].values
        if stored is None:
            raise MalformedFile(f"{name}: DEQUANTIZE of {tensors[source].name!r}, which is no constant, is not read")
        tensors[target] = TfTensor(tensors[target].name, tensors[target].shape, stored.astype(np.float32))
    return TfGraph(tuple(tensors), tuple(operators), _integers(subgraphs[0], 1), _integers(subgraphs[0], 2))


def _operator_name(code: Table, name: str) -> str:
    # Old files have the number in the first field, which holds a byte; new ones in the last.
    number = max(_scalar(code, 0, "int8", 0), _scalar(code, 3, "int32", 0))
    if number not in OPERATORS:
        raise MalformedFile(f"{name}: operator {number} of TensorFlow Lite is not known to this reader")
    return OPERATORS[number] if OPERATORS[number] != "CUSTOM" else _bytes(code, 1).decode()


def _tensor(table: Table, buffers: list[bytes], name: str) -> TfTensor:
    label, shape, kind = _bytes(table, 3).decode(), _integers(table, 0), _scalar(table, 1, "int8", 0)
    content = buffers[_scalar(table, 2, "uint32", 0)]
    if not content:
        return TfTensor(label, shape, None)
    if kind not in DTYPES or table.Offset(4 + 2 * 6):
        raise MalformedFile(f"{name}: {label!r} is stored in a way (type {kind}, or sparse) that is not read")
    return TfTensor(label, shape, np.frombuffer(content, DTYPES[kind]).reshape(shape))


def _options(table: Table, kind: str) -> dict[str, Any]:
    if custom := _bytes(table, 5):
        return dict(flexbuffers.Loads(custom))
    place = table.Offset(4 + 2 * 4)
    if not place or kind not in OPTIONS:
        return {option: default for option, _, _, default in OPTIONS.get(kind, ())}
    union = Table(table.Bytes, table.Indirect(place + table.Pos))
    return {option: _scalar(union, number, size, default) for option, number, size, default in OPTIONS[kind]}


def _scalar(table: Table, number: int, kind: str, default: int) -> int:
    place = table.Offset(4 + 2 * number)
    return int(table.Get(_KINDS[kind], place + table.Pos)) if place else default


def _bytes(table: Table, number: int) -> bytes:
    """A vector of bytes or a string; empty if it is absent."""
    place = table.Offset(4 + 2 * number)
    if not place:
        return b""
    start, length = table.Vector(place), table.VectorLen(place)
    if start + length > len(table.Bytes):
        raise IndexError("vector beyond the file's end")
    return bytes(table.Bytes[start : start + length])


def _integers(table: Table, number: int) -> tuple[int, ...]:
    place = table.Offset(4 + 2 * number)
    if not place:
        return ()
    start, length = table.Vector(place), table.VectorLen(place)
    return tuple(np.frombuffer(table.Bytes, "<i4", length, start).tolist())


def _tables(table: Table, number: int) -> list[Table]:
    place = table.Offset(4 + 2 * number)
    if not place:
        return []
    start, length = table.Vector(place), table.VectorLen(place)
    if start + 4 * length > len(table.Bytes):
        raise IndexError("vector beyond the file's end")
    return [Table(table.Bytes, table.Indirect(start + 4 * k)) for k in range(length)]
