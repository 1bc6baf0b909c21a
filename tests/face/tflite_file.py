"""Writes small .tflite files for tests: one operator or a few, with inputs, constants and options."""

from typing import Any

import numpy as np
from flatbuffers import Builder, flexbuffers

from export.tflite.reader import OPERATORS, OPTIONS

NUMBERS = {name: number for number, name in OPERATORS.items()}
TYPES = {"float32": 0, "float16": 1, "int32": 2}


class TfliteFile:
    """A model in the making; tensors and operators are added in order, `data` gives the file."""

    def __init__(self) -> None:
        self.tensors: list[tuple[tuple[int, ...], np.ndarray[Any, Any] | None]] = []
        self.operators: list[tuple[str, list[int], int, dict[str, Any]]] = []

    def tensor(self, shape: tuple[int, ...]) -> int:
        self.tensors.append((tuple(shape), None))
        return len(self.tensors) - 1

    def constant(self, values: np.ndarray[Any, Any]) -> int:
        self.tensors.append((values.shape, np.ascontiguousarray(values)))
        return len(self.tensors) - 1

    def operator(self, kind: str, inputs: list[int], shape: tuple[int, ...], **options: Any) -> int:
        """Adds an operator with an output of a shape; a kind that is not in the schema is a custom one."""
        output = self.tensor(shape)
        self.operators.append((kind, inputs, output, options))
        return output

    def data(self, inputs: list[int], outputs: list[int]) -> bytes:
        b = Builder(1024)
        buffers = [self._table(b, {})]
        tensors = []
        for number, (shape, values) in enumerate(self.tensors):
            place = 0
            if values is not None:
                content = b.CreateNumpyVector(np.frombuffer(values.tobytes(), np.uint8))
                buffers.append(self._table(b, {0: ("offset", content)}))
                place = len(buffers) - 1
            name, dims = b.CreateString(f"t{number}"), self._integers(b, shape)
            kind = TYPES[str(values.dtype)] if values is not None else 0
            fields = {0: ("offset", dims), 1: ("int8", kind), 2: ("uint32", place), 3: ("offset", name)}
            tensors.append(self._table(b, fields))
        codes, made = [], []
        for number, (kind, given, output, options) in enumerate(self.operators):
            custom = kind not in NUMBERS
            fields = {0: ("int8", 32 if custom else NUMBERS[kind])}
            if custom:
                fields[1] = ("offset", b.CreateString(kind))
            codes.append(self._table(b, fields))
            ports = (self._integers(b, given), self._integers(b, [output]))
            fields = {0: ("uint32", number), 1: ("offset", ports[0]), 2: ("offset", ports[1])}
            if custom:
                content = np.frombuffer(flexbuffers.Dumps(options), np.uint8)
                fields[5] = ("offset", b.CreateNumpyVector(content))
            elif kind in OPTIONS:
                known = {name: (size, place) for name, place, size, _ in OPTIONS[kind]}
                union = self._table(b, {known[n][1]: (known[n][0], value) for n, value in options.items()})
                fields[4] = ("offset", union)
            made.append(self._table(b, fields))
        graph = {
            0: ("offset", self._tables(b, tensors)), 1: ("offset", self._integers(b, inputs)),
            2: ("offset", self._integers(b, outputs)), 3: ("offset", self._tables(b, made)),
        }  # fmt: skip
        subgraphs = self._tables(b, [self._table(b, graph)])
        model = {
            0: ("uint32", 3), 1: ("offset", self._tables(b, codes)), 2: ("offset", subgraphs),
            4: ("offset", self._tables(b, buffers)),
        }  # fmt: skip
        b.Finish(self._table(b, model), file_identifier=b"TFL3")
        return bytes(b.Output())

    @staticmethod
    def _table(b: Builder, fields: dict[int, tuple[str, int]]) -> int:
        b.StartObject(12)
        for slot, (kind, value) in fields.items():
            if kind == "offset":
                b.PrependUOffsetTRelativeSlot(slot, value, 0)
            else:
                prepend = {"int8": b.PrependInt8Slot, "int32": b.PrependInt32Slot, "uint32": b.PrependUint32Slot}
                prepend[kind](slot, value, None)
        return int(b.EndObject())

    @staticmethod
    def _integers(b: Builder, values: Any) -> int:
        return int(b.CreateNumpyVector(np.asarray(values, np.int32).reshape(-1)))

    @staticmethod
    def _tables(b: Builder, offsets: list[int]) -> int:
        b.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            b.PrependUOffsetTRelative(offset)
        return int(b.EndVector())
