"""Export of the sentence encoder all-MiniLM-L6-v2 to one ONNX file with int8 weights.

Shapes: L tokens, D = 384 width. Ids and mask are (1, L) int64; an embedding is a unit vector (D,). Only the weights are
int8; the arithmetic is float32. Quantised activations would halve the time of a new prompt, but their noise (cosine
0.008) is not small beside what tells "the left hand" from "the right hand" (0.021); see docs/log.md.
"""

import copy
import hashlib
import importlib.metadata
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

from sdk.runtime.text import MAX_TOKENS, MiniLM
from training.onnx_export import quiet_exporter
from training.text import (
    DIM,
    PACKAGE,
    WEIGHTS_SHA256,
    MiniLMEncoder,
    embed_captions,
    load_minilm,
    load_tokenizer,
)

OPSET = 20
OUTPUT = "embedding"
GRAPH_FILE, TOKENIZER_FILE = "text.onnx", "tokenizer.json"

_ACTIONS = (
    "walks forward", "walks backwards", "runs", "jogs in a circle", "turns left", "turns around to the right",
    "jumps up", "sits down on a chair", "stands up", "waves the right hand", "waves both hands", "bows deeply",
    "raises both hands", "kicks with the left leg", "throws a ball", "punches the air", "dances", "claps",
    "crouches down", "looks around",
)  # fmt: skip
_MANNERS = ("", " slowly like an old man, looking at the floor", " quickly and full of energy, then stops")
CAPTIONS = tuple(f"a person {action}{manner}" for action in _ACTIONS for manner in _MANNERS)
"""Sixty motion captions on which int8 is compared with fp32."""


class Int8Table(nn.Module):
    """An embedding table of int8 rows with one scale a row; a quarter of the size, and a rare word keeps its detail."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        scale = weight.abs().amax(1, keepdim=True).clamp_min(1e-12) / 127
        self.register_buffer("rows", (weight / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, ids: Tensor) -> Tensor:
        return F.embedding(ids, self.rows).float() * F.embedding(ids, self.scale)


def embed_captions_onnx(
    captions: Sequence[str], *, folder: Path | None = None, threads: int = 1
) -> NDArray[np.float32]:
    """Unit embeddings (K, 384) by the int8 graph, value for value what the runtime feeds the motion graphs.

    Train on these: the generator then sees in use what it saw in training. `folder` holds `text.onnx` and
    `tokenizer.json` of an earlier export_text; None exports anew, which takes about ten seconds.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            write_files(Path(temporary))
            return embed_captions_onnx(captions, folder=Path(temporary), threads=threads)
    encoder = MiniLM(folder / GRAPH_FILE, folder / TOKENIZER_FILE, threads=threads)
    rows = {text: encoder.encode(text) for text in sorted(set(captions))}
    return np.stack([rows[text] for text in captions]) if captions else np.zeros((0, DIM), np.float32)


class SingleSentence(nn.Module):
    """The encoder as the runtime calls it: one sentence in, (1, L) ids and mask, its embedding (D,) out."""

    def __init__(self, encoder: MiniLMEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.encoder(input_ids, attention_mask).squeeze(0)


def write_graph(encoder: MiniLMEncoder, path: Path) -> None:
    """Export `encoder` as one fp32 ONNX file with 2 <= L <= MAX_TOKENS left open."""
    ids = torch.ones(1, 16, dtype=torch.long)
    length = torch.export.Dim("L", min=2, max=MAX_TOKENS)
    with quiet_exporter():
        program = torch.onnx.export(
            SingleSentence(encoder).eval(),
            (ids, torch.ones_like(ids)),
            dynamo=True,
            opset_version=OPSET,
            input_names=["input_ids", "attention_mask"],
            output_names=[OUTPUT],
            dynamic_shapes={"input_ids": {1: length}, "attention_mask": {1: length}},
            verbose=False,
        )
    assert program is not None
    graph = program.model.graph
    for node in graph:
        # Stack traces carry paths of this machine and would make the file depend on where it was made.
        node.metadata_props.clear()
        for value in node.outputs:
            # torch names the word lookup "embedding" too; two values of one name read as a cyclic graph.
            if value.name == OUTPUT and value is not graph.outputs[0]:
                value.name = "word_embedding"
    program.save(str(path), external_data=False)


def write_int8(encoder: MiniLMEncoder, path: Path) -> None:
    """Export `encoder` with int8 weights: the word table by rows, every linear layer by output channels."""
    small = copy.deepcopy(encoder)
    assert isinstance(encoder.words, nn.Embedding)
    small.words = Int8Table(encoder.words.weight)
    with tempfile.TemporaryDirectory() as temporary:
        full = Path(temporary) / "full.onnx"
        write_graph(small, full)
        model = store_int8(onnx.load(full))
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def store_int8(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store the matrices that MatMul reads as int8 and one scale a column; a session widens them when it loads."""
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        tensor = weights.get(node.input[1]) if node.op_type == "MatMul" else None
        if tensor is not None:
            values, name = numpy_helper.to_array(tensor), tensor.name
            scale = np.maximum(np.abs(values).max(0) / 127, 1e-12).astype(np.float32)
            rows = np.round(values / scale).astype(np.int8)
            model.graph.initializer.remove(tensor)
            model.graph.initializer.append(numpy_helper.from_array(rows, f"{name}.int8"))
            model.graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
            nodes.append(helper.make_node("Cast", [f"{name}.int8"], [f"{name}.wide"], to=TensorProto.FLOAT))
            nodes.append(helper.make_node("Mul", [f"{name}.wide", f"{name}.scale"], [name]))
        nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    del model.graph.value_info[:]
    return model


def write_files(folder: Path) -> None:
    """Write `text.onnx` (int8) and `tokenizer.json` into the existing `folder`; equal bytes for equal versions."""
    write_int8(load_minilm(), folder / GRAPH_FILE)
    (folder / TOKENIZER_FILE).write_text(load_tokenizer().to_str(), encoding="utf-8", newline="\n")


def export_text(out_dir: str | os.PathLike[str]) -> dict[str, Any]:
    """Write the int8 encoder and its tokenizer into `out_dir` (made if absent) and report on them, JSON-ready.

    The report has the files' sizes and hashes, the provenance, and what int8 costs as cosine distance from fp32 over
    CAPTIONS: the worst caption and the mean. Each file appears complete or not at all. Raises WeightsMissing.
    """
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".text-") as temporary:
        made = Path(temporary)
        write_files(made)
        distance = 1.0 - np.sum(embed_captions(CAPTIONS) * embed_captions_onnx(CAPTIONS, folder=made, threads=1), -1)
        files = {}
        for name in (TOKENIZER_FILE, GRAPH_FILE):
            data = (made / name).read_bytes()
            files[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            os.replace(made / name, out / name)
    return {
        "encoder": "all-MiniLM-L6-v2",
        "source": "sentence-transformers/all-MiniLM-L6-v2",
        "package": f"{PACKAGE}=={importlib.metadata.version(PACKAGE)}",
        "licence": "Apache-2.0",
        "weights_sha256": WEIGHTS_SHA256,
        "dim": DIM,
        "max_tokens": MAX_TOKENS,
        "precision": "int8 weights, float32 arithmetic",
        "files": files,
        "captions": len(CAPTIONS),
        "worst_cosine_distance": float(distance.max()),
        "worst_caption": CAPTIONS[int(distance.argmax())],
        "mean_cosine_distance": float(distance.mean()),
    }
