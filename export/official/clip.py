"""CLIP's text encoder (Radford et al. 2021) from what the user supplies: weights or an ONNX file, and the vocabulary.

Shapes: L = 77 token ids, D width of the tower, S width of an embedding. The networks were trained on the raw embedding:
it is not divided by its length.
"""

import gzip
import re
import zlib
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as fn
from onnx import TensorProto, compose, helper
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn

from export.graphs import GraphSpec, export_graph
from export.official.files import existing, fill, load_pickle
from export.official.layers import Attention
from export.storage import round_weights
from export.text import GRAPH_FILE, OUTPUT, TOKENIZER_FILE
from sdk.errors import BundleError, InvalidInput, MalformedFile
from sdk.runtime.sessions import open_session
from sdk.runtime.text import CLIP_TOKENS, Clip

MERGES = 48894
VOCABULARY = 49408
START, END = "<|startoftext|>", "<|endoftext|>"
_HEAD_WIDTH = 64
_MOST_BYTES = 32_000_000  # of an unpacked vocabulary; the published one has 3 million
_INPUT = "input_ids"


class TowerLayer(nn.Module):
    """Pre-norm causal self-attention and feed-forward, with the sigmoid approximation of GELU that OpenAI used."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.attn = Attention(width, width // _HEAD_WIDTH)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, hidden), "c_proj": nn.Linear(hidden, width)})

    def forward(self, x_BLD: Tensor, hidden_LL: Tensor) -> Tensor:
        x_BLD = x_BLD + self.attn(self.ln_1(x_BLD), hidden_LL)
        h = self.mlp["c_fc"](self.ln_2(x_BLD))
        return x_BLD + self.mlp["c_proj"](h * torch.sigmoid(1.702 * h))


class TowerLayers(nn.Module):
    """The layers under their published name."""

    def __init__(self, count: int, width: int, hidden: int) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(TowerLayer(width, hidden) for _ in range(count))

    def forward(self, x_BLD: Tensor) -> Tensor:
        # What follows is hidden by a number that float16, in which graphs store constants, still holds.
        hidden_LL = torch.full((CLIP_TOKENS, CLIP_TOKENS), -1e4).triu(1)
        for layer in self.resblocks:
            x_BLD = layer(x_BLD, hidden_LL)
        return x_BLD


class TextTower(nn.Module):
    """Ids (1, 77) -> embedding (S,), read off where the end mark, the largest id, stands."""

    def __init__(self, *, width: int, layers: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(VOCABULARY, width)
        self.positional_embedding = nn.Parameter(torch.empty(CLIP_TOKENS, width))
        self.transformer = TowerLayers(layers, width, hidden)
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.empty(width, outputs))

    def forward(self, input_ids: Tensor) -> Tensor:
        # Rows by index: the exporter would call what nn.Embedding returns "embedding", which is the output's name.
        x_1LD = self.transformer(self.token_embedding.weight[input_ids] + self.positional_embedding)
        at_end_1D = (self.ln_final(x_1LD) * fn.one_hot(input_ids.argmax(-1), CLIP_TOKENS)[..., None]).sum(1)
        return (at_end_1D @ self.text_projection)[0]


def read_tower(path: Path) -> TextTower:
    """The text tower from a state dict with OpenAI's or open_clip's names; the visual half, if there, is left out.

    Raises MalformedFile for code in the file, other keys, other shapes and values that are not finite.
    """
    state = load_pickle(path, "CLIP's weights")
    state = state.get("state_dict", state)
    if not isinstance(state, dict):
        raise MalformedFile(f"{path}: state_dict is no dict of weights")
    beside = ("visual.", "logit_scale", "logit_bias", "input_resolution", "context_length", "vocab_size")
    text = {str(k): v for k, v in state.items() if not str(k).startswith(beside)}
    shapes: dict[str, tuple[int, ...]] = {}
    for name in ("text_projection", "transformer.resblocks.0.mlp.c_fc.weight"):
        shapes[name] = tuple(getattr(text.get(name), "shape", ()))
        if len(shapes[name]) != 2:
            remedy = "give a state dict with OpenAI's names, or an ONNX file of the text tower"
            raise MalformedFile(f"{path} is no CLIP with a text tower: it has no matrix {name!r}; {remedy}")
    width, outputs = shapes["text_projection"]
    hidden = shapes["transformer.resblocks.0.mlp.c_fc.weight"][0]
    if not width or width % _HEAD_WIDTH:
        raise MalformedFile(f"{path}: a text tower of width {width} has no heads of {_HEAD_WIDTH}")
    numbers = {int(m[1]) for name in text if (m := re.match(r"transformer\.resblocks\.(\d{1,3})\.", name))}
    with torch.device("meta"):
        tower = TextTower(width=width, layers=len(numbers), hidden=hidden, outputs=outputs)
    fill(tower, text, str(path))
    return tower


def write_encoder(source: Path, vocabulary: Path, folder: Path, *, width: int, words: int) -> str:
    """Write `text.onnx` and `tokenizer.json` into `folder`, tried out on a few sentences; returns what they are.

    source: an ONNX file (*.onnx) or a state dict. width: of the embedding that the networks were trained with.
    words: longest text in word pieces without its two marks. Raises InvalidInput, MalformedFile.
    """
    existing(source, "CLIP ViT-B/32's text tower")
    if source.suffix == ".onnx":
        (folder / GRAPH_FILE).write_bytes(adopt_graph(source, folder))
    else:
        tower = read_tower(source)
        check_width(source, tower.text_projection.shape[1], width)
        round_weights(tower)
        ids, meaning = torch.full((1, CLIP_TOKENS), VOCABULARY - 1), "CLIP's token ids, zeros behind the end mark"
        outputs = {OUTPUT: [[tower.text_projection.shape[1]], "float32", "sentence embedding, not normalised"]}
        inputs = {_INPUT: [[1, CLIP_TOKENS], "int64", meaning]}
        export_graph(GraphSpec(tower, {_INPUT: ids}, {_INPUT: {}}, inputs, outputs), folder / GRAPH_FILE)
    (folder / TOKENIZER_FILE).write_text(read_tokenizer(vocabulary, words).to_str(), encoding="utf-8", newline="\n")
    try_encoder(folder, source, width)
    return "CLIP ViT-B/32 text tower supplied by the user (OpenAI's weights are under the MIT licence)"


def adopt_graph(source: Path, folder: Path) -> bytes:
    """A user's graph behind the input and the output that the runtime knows: `input_ids` (1, 77), `embedding` (S,)."""
    try:
        model = onnx.load(source)
        onnx.checker.check_model(model)
    except Exception as error:
        raise MalformedFile(f"{source} is no ONNX file ({type(error).__name__})") from None
    given = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in given]
    kinds = {TensorProto.INT64, TensorProto.INT32}
    if len(inputs) != 1 or len(model.graph.output) != 1 or inputs[0].type.tensor_type.elem_type not in kinds:
        takes, gives = ", ".join(v.name for v in inputs), ", ".join(v.name for v in model.graph.output)
        wanted = "must take token ids (1, 77) alone and return the embedding alone"
        raise MalformedFile(f"{source} {wanted}; it takes {takes} and returns {gives}")
    kind = inputs[0].type.tensor_type.elem_type
    taken, made, flat = f"clip.{inputs[0].name}", f"clip.{model.graph.output[0].name}", "flat.shape"
    model = compose.add_prefix(model, "clip.")
    before = helper.make_node("Cast", [_INPUT], [taken], to=kind)
    after = [helper.make_node("Cast", [made], ["flat.float"], to=TensorProto.FLOAT)]
    after.append(helper.make_node("Reshape", ["flat.float", flat], [OUTPUT]))
    nodes = [before, *model.graph.node, *after]
    del model.graph.node[:], model.graph.output[:], model.graph.value_info[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.append(helper.make_tensor(flat, TensorProto.INT64, [1], [-1]))
    kept = [value for value in model.graph.input if value.name != taken]
    del model.graph.input[:]
    model.graph.input.extend([helper.make_tensor_value_info(_INPUT, TensorProto.INT64, [1, CLIP_TOKENS]), *kept])
    model.graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["S"]))
    probe = folder / GRAPH_FILE
    probe.write_bytes(model.SerializeToString())
    outputs = _embed(probe, np.full((1, CLIP_TOKENS), VOCABULARY - 1), source)
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [len(outputs)]))
    return bytes(model.SerializeToString(deterministic=True))


def check_width(source: Path, found: int, wanted: int) -> None:
    """Refuse the tower of another CLIP."""
    if found != wanted:
        raise InvalidInput(f"{source} gives embeddings of {found}, the checkpoint reads {wanted}; use CLIP ViT-B/32")


def try_encoder(folder: Path, source: Path, width: int) -> None:
    """Refuse a tower that is not the one which MoMask and MDM were trained with, as far as that shows."""
    encoder = Clip(folder / GRAPH_FILE, folder / TOKENIZER_FILE, threads=0)
    check_width(source, encoder.dim, width)
    one, other = encoder.encode("a person walks forward"), encoder.encode("someone waves")
    if not np.isfinite(one).all():
        raise MalformedFile(f"{source} gives NaN or infinite values")
    if np.allclose(one, other, atol=1e-6):
        raise MalformedFile(f"{source} gives the same embedding for every text")
    if all(abs(float(np.linalg.norm(x)) - 1) < 1e-3 for x in (one, other)):
        raise InvalidInput(f"{source} gives unit vectors; MoMask and MDM read the embedding before it is normalised")
    ids = np.zeros((1, CLIP_TOKENS), np.int64)
    ids[0, :4] = VOCABULARY - 2, 320, 2533, VOCABULARY - 1
    padded = ids.copy()
    padded[0, 4:] = 320
    if not np.allclose(*(_embed(folder / GRAPH_FILE, x, source) for x in (ids, padded)), atol=1e-3):
        raise InvalidInput(f"{source} is no text tower of CLIP: what stands behind the end mark changes the embedding")


def _embed(graph: Path, ids: np.ndarray, source: Path) -> np.ndarray:
    try:
        return np.asarray(open_session(graph, threads=0).run(None, {_INPUT: ids.astype(np.int64)})[0])
    except BundleError as error:
        raise MalformedFile(f"{source} cannot be opened: {error}") from None
    except Exception:
        raise MalformedFile(f"{source} does not take token ids of shape (1, {CLIP_TOKENS})") from None


def read_tokenizer(vocabulary: Path, words: int) -> Tokenizer:
    """CLIP's byte-pair encoding from its list of merges, e.g. bpe_simple_vocab_16e6.txt.gz.

    Lower-case text is cut into words, numbers digit by digit and runs of signs; their UTF-8 bytes, the last marked as
    the end of a word, are merged in the order of the list. Of the published cleaning (ftfy) only the normal form and
    straight quotes are made up for: ligatures and full-width letters become other pieces. A mark that somebody types is
    text, not a mark. Raises MalformedFile for a list of another form.
    """
    merges = read_merges(vocabulary)
    # Bytes that stand for themselves come first, and the others, which are moved beyond 255, behind them.
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    names = [*letters, *(letter + "</w>" for letter in letters), *(a + b for a, b in merges), START, END]
    vocabulary_ids = {name: number for number, name in enumerate(names)}
    if len(vocabulary_ids) != VOCABULARY:
        raise MalformedFile(f"{vocabulary} makes {len(vocabulary_ids)} different word pieces, CLIP has {VOCABULARY}")
    try:
        tokenizer = Tokenizer(models.BPE(vocabulary_ids, merges, end_of_word_suffix="</w>"))
    except Exception as error:  # the library raises bare Exception
        raise MalformedFile(f"{vocabulary} is no list of merges: {str(error)[:80]}") from None
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFC(), normalizers.Replace(Regex("[\u2018-\u201b]"), "'"),
        normalizers.Replace(Regex("[\u201c-\u201f]"), '"'), normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Lowercase(),
    ])  # fmt: skip
    pieces = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(pieces, behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip
    marks = [(name, vocabulary_ids[name]) for name in (START, END)]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{START} $A {END}", special_tokens=marks)
    tokenizer.enable_truncation(words + len(marks))
    return tokenizer


def read_merges(path: Path) -> list[tuple[str, str]]:
    """The merges that CLIP uses of a list, gzipped or not, whose first line is a header. Raises MalformedFile."""
    existing(path, "CLIP's list of byte-pair merges, bpe_simple_vocab_16e6.txt.gz")
    try:
        if path.read_bytes()[:2] == b"\x1f\x8b":
            with gzip.open(path) as packed:
                data = packed.read(_MOST_BYTES)
        else:
            with path.open("rb") as plain:
                data = plain.read(_MOST_BYTES)
        lines = data.decode("utf-8").split("\n")[1 : MERGES + 1]
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        raise MalformedFile(f"{path} is no list of merges: it cannot be unpacked as text") from None
    merges = [tuple(line.split()) for line in lines]
    if len(merges) < MERGES or any(len(merge) != 2 for merge in merges):
        raise MalformedFile(f"{path} must hold {MERGES} merges of two pieces behind its first line")
    return merges  # type: ignore[return-value]
