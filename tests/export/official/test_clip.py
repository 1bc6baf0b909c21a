"""CLIP's encoder from the user's files: its byte-pair encoding, its text tower, and what is refused."""

import gzip
import re
import shutil
import unicodedata
from functools import cache
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[export]'")
onnx = pytest.importorskip("onnx", reason="onnx is absent: pip install -e '.[export]'")
pytest.importorskip("onnxscript", reason="onnxscript is absent: pip install -e '.[export]'")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

from export.official.clip import (  # noqa: E402
    adopt_graph,
    read_merges,
    read_tokenizer,
    read_tower,
    try_encoder,
    write_encoder,
)
from sdk.errors import InvalidInput, MalformedFile  # noqa: E402
from sdk.runtime.text import Clip, open_encoder  # noqa: E402
from tests.export.official import published, reference  # noqa: E402

START, END = 49406, 49407
TEXTS = (
    "a person walks forward", "A  Person WALKS\tforward!", "don't turn; hello 42x?!", "\u00c9t\u00e9, e\u0301t\u00e9",
    "walkswalks wa-ves person's", "\u4eba\u304c\u6b69\u304f \U0001f600",
)  # fmt: skip


# --- byte pairs ---


@cache
def tokenizer_of(words: int) -> Tokenizer:
    return read_tokenizer(published.vocabulary(), words)


@cache
def numbers() -> dict[str, int]:
    """Every word piece's number, in the order that CLIP's description gives them."""
    letters = sorted(published.byte_letters(), key=ord)
    names = [*letters, *(letter + "</w>" for letter in letters), *(a + b for a, b in published.merges())]
    return {name: number for number, name in enumerate(names)}


def byte_pairs(word: str) -> list[int]:
    """The pair that stands first in the list is merged everywhere, again and again, until none is left."""
    order = {pair: rank for rank, pair in enumerate(published.merges())}
    letters = published.byte_letters()
    pieces = [letters[byte] for byte in word.encode()]
    pieces[-1] += "</w>"
    while len(pieces) > 1:
        best = min(zip(pieces, pieces[1:], strict=False), key=lambda pair: order.get(pair, len(order)))
        if best not in order:
            break
        merged, k = [], 0
        while k < len(pieces):
            here = tuple(pieces[k : k + 2]) == best
            merged.append("".join(best) if here else pieces[k])
            k += 2 if here else 1
        pieces = merged
    return [numbers()[piece] for piece in pieces]


def words_of(text: str) -> list[str]:
    """Contractions, runs of letters, single digits, runs of other signs."""
    found, rest = [], unicodedata.normalize("NFC", text).lower()
    while rest:
        contraction = re.match(r"'s|'t|'re|'ve|'m|'ll|'d", rest)
        kind = unicodedata.category(rest[0])[0]
        length = 1
        if contraction:
            length = contraction.end()
        elif kind != "N" and not rest[0].isspace():
            same = (lambda c: unicodedata.category(c)[0] == "L") if kind == "L" else is_sign
            length = next((k for k, c in enumerate(rest) if not same(c)), len(rest))
        if not rest[0].isspace():
            found.append(rest[:length])
        rest = rest[length:]
    return found


def is_sign(letter: str) -> bool:
    return not letter.isspace() and unicodedata.category(letter)[0] not in "LN"


@pytest.mark.parametrize("text", TEXTS)
def test_the_encoding_is_the_described_one(text: str) -> None:
    expected = [START, *(number for word in words_of(text) for number in byte_pairs(word)), END]
    assert tokenizer_of(75).encode(text).ids == expected


def test_known_words_are_one_piece_and_quotes_are_straightened() -> None:
    tokenizer = tokenizer_of(75)
    for word in ("person", "walks"):
        assert tokenizer.encode(word).ids == [START, numbers()[f"{word}</w>"], END]
    assert tokenizer.encode("person\u2019s \u201chello\u201d").ids == tokenizer.encode('person\'s "hello"').ids
    # A mark that somebody types is text like any other.
    assert sorted(set(tokenizer.encode("<|endoftext|>").ids) & {START, END}) == [START, END]
    assert tokenizer.encode("hello <|endoftext|>").ids.count(END) == 1


@pytest.mark.parametrize("words", [20, 75])
def test_a_long_text_is_cut_behind_its_words(words: int) -> None:
    ids = tokenizer_of(words).encode(" ".join(["walks"] * 100)).ids
    assert len(ids) == words + 2 and ids[0] == START and ids[-1] == END and len(set(ids[1:-1])) == 1


def test_a_list_of_merges_is_read_packed_or_not(tmp_path: Path) -> None:
    packed = published.vocabulary().read_bytes()
    (tmp_path / "merges.txt").write_bytes(gzip.decompress(packed))
    assert read_merges(tmp_path / "merges.txt") == read_merges(published.vocabulary()) == list(published.merges())


def test_other_lists_are_refused(tmp_path: Path) -> None:
    path, whole = tmp_path / "bpe.gz", gzip.decompress(published.vocabulary().read_bytes()).decode()
    lines = whole.split("\n")
    cases = {
        "bpe.gz must hold 48894 merges of two pieces": "\n".join(lines[:1000]),
        "must hold 48894 merges of two": "\n".join([*lines[:5], "one two three", *lines[5:]]),
        "different word pieces, CLIP has 49408": "\n".join([*lines[:2], lines[1], *lines[2:]]),
        "is no list of merges: ": "\n".join([lines[0], "not there", *lines[1:]]),
    }
    for words, text in cases.items():
        path.write_bytes(gzip.compress(text.encode(), 1))
        with pytest.raises(MalformedFile, match=words) as caught:
            read_tokenizer(path, 75)
        assert "\n" not in str(caught.value)
    path.write_bytes(published.vocabulary().read_bytes()[:5000])
    with pytest.raises(MalformedFile, match="cannot be unpacked as text"):
        read_tokenizer(path, 75)
    with pytest.raises(InvalidInput, match="gone.gz does not exist; it is CLIP's list"):
        read_tokenizer(tmp_path / "gone.gz", 75)


# --- the tower ---


def ids_of(text: str, words: int = 75) -> torch.Tensor:
    ids = tokenizer_of(words).encode(text).ids
    return torch.tensor(ids + [0] * (77 - len(ids)))


@cache
def folder() -> Path:
    """Encoder files made of the state dict."""
    out = published.tiny.folder("official-text")
    write_encoder(published.clip(), published.vocabulary(), out, width=512, words=20)
    return out


@cache
def state() -> reference.State:
    loaded = torch.load(published.clip(), weights_only=True)
    return {name: value.float() for name, value in loaded.items()}


def test_the_tower_computes_what_clip_does() -> None:
    tower = read_tower(published.clip())
    with torch.no_grad():
        for text in TEXTS:
            ids = ids_of(text)
            expected = reference.clip_embedding(state(), ids)
            assert expected.abs().max() > 0.1
            assert float((tower(ids[None]) - expected).abs().max()) < 1e-5


def test_the_runtime_gives_the_raw_embedding_of_the_cut_text() -> None:
    encoder = open_encoder(folder() / "text.onnx", folder() / "tokenizer.json", threads=1)
    assert isinstance(encoder, Clip) and encoder.dim == 512
    rounded = {k: v.half().float() if v.numel() >= 1024 else v for k, v in state().items()}
    for text in (*TEXTS, " ".join(["walks"] * 40)):
        found = encoder.encode(text)
        expected = reference.clip_embedding(rounded, ids_of(text, 20)).detach().numpy()
        assert np.abs(found - expected).max() < 1e-4 and abs(np.linalg.norm(found) - 1) > 0.1
    long = "walks " * 20
    np.testing.assert_array_equal(encoder.encode(long), encoder.encode(long + "waves"))
    np.testing.assert_array_equal(encoder.encode("a &amp;amp; b"), encoder.encode("a & b"))


def test_a_state_that_is_no_tower_is_named(tmp_path: Path) -> None:
    path, whole = tmp_path / "clip.pt", torch.load(published.clip(), weights_only=True)
    cases = {
        "has no matrix 'text_projection'; give": {"weight": torch.ones(2, 2)},
        "lacks ln_final.bias": {k: v for k, v in whole.items() if k != "ln_final.bias"},
        "has unknown adapter": {**whole, "adapter": torch.ones(1)},
        "lacks transformer.resblocks.1.": {k: v for k, v in whole.items() if "resblocks.1.ln_1" not in k},
        r"positional_embedding is \(60, 64\), the options make it \(77, 64\)": {
            **whole, "positional_embedding": torch.ones(60, 64)
        },
        "ln_final.bias holds NaN": {**whole, "ln_final.bias": torch.full((64,), float("nan"))},
        "a text tower of width 60": {**whole, "text_projection": torch.ones(60, 512)},
    }  # fmt: skip
    for words, content in cases.items():
        torch.save(content, path)
        with pytest.raises(MalformedFile, match=words):
            read_tower(path)
    torch.save({"state_dict": whole}, path)  # as open_clip saves its own training
    assert torch.equal(read_tower(path).text_projection, whole["text_projection"])


def test_the_tower_of_another_clip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ViT-L-14.pt"
    published.write_clip(path, layers=1, outputs=768)
    with pytest.raises(InvalidInput, match="gives embeddings of 768, the checkpoint reads 512; use CLIP ViT-B/32"):
        write_encoder(path, published.vocabulary(), tmp_path, width=512, words=75)


# --- ONNX files of the user's own ---

HIDDEN = 8


@cache
def table() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(49408, HIDDEN)).astype(np.float32)


def toy(kind: int = TensorProto.INT32, *, read: str = "end", unit: bool = False, outputs: int = 1) -> onnx.ModelProto:
    """A graph with a tower's interface, named as the runtime's own values are; `read`: where the vector comes from."""
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("CumSum", ["rows", "axis"], ["seen"]),
        helper.make_node("ArgMax", ["input_ids"], ["at"], axis=1, keepdims=0),
        helper.make_node("Gather", ["seen", "at"], ["picked"], axis=1),
        helper.make_node("ReduceMean", ["picked" if read == "end" else "seen", "axis"], ["embedding"], keepdims=0),
    ]
    last = "embedding"
    if read == "nothing":
        nodes = [helper.make_node("Gather", ["table", "one"], ["embedding"])]
    if unit:
        nodes.append(helper.make_node("LpNormalization", [last], ["unit"], axis=-1, p=2))
        last = "unit"
    constants = {"table": table(), "axis": np.array([1]), "one": np.array([1])}
    graph = helper.make_graph(
        nodes, "toy", [helper.make_tensor_value_info("input_ids", kind, ["batch", "length"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["a", "b"]) for name in (last, "seen")[:outputs]],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def adopt(model: onnx.ModelProto, out: Path) -> Clip:
    """As write_encoder does, without making the tokenizer again."""
    path = out / "user.onnx"
    path.write_bytes(model.SerializeToString())
    (out / "text.onnx").write_bytes(adopt_graph(path, out))
    shutil.copy(folder() / "tokenizer.json", out)
    try_encoder(out, path, HIDDEN)
    return Clip(out / "text.onnx", out / "tokenizer.json", threads=1)


@pytest.mark.parametrize("kind", [TensorProto.INT32, TensorProto.INT64])
def test_a_graph_of_the_users_own_gives_what_it_gave(tmp_path: Path, kind: int) -> None:
    encoder = adopt(toy(kind), tmp_path)
    ids = ids_of("a person walks", 20)
    expected = table()[ids[: int(ids.argmax()) + 1]].sum(0)
    assert encoder.dim == HIDDEN
    np.testing.assert_allclose(encoder.encode("a person walks"), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (toy(unit=True), "gives unit vectors; MoMask and MDM read the embedding before"),
        (toy(read="mean"), "is no text tower of CLIP: what stands behind the end mark"),
        (toy(read="nothing"), "gives the same embedding for every text"),
        (toy(outputs=2), "must take token ids .* and return the embedding alone; it takes input_ids and returns"),
        (toy(TensorProto.FLOAT), "must take token ids"),
    ],
)  # fmt: skip
def test_graphs_that_are_no_tower_are_refused(tmp_path: Path, model: onnx.ModelProto, words: str) -> None:
    with pytest.raises((InvalidInput, MalformedFile), match=words) as caught:
        adopt(model, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "user.onnx").write_bytes(b"no graph")
    with pytest.raises(MalformedFile, match=r"user\.onnx is no ONNX file"):
        write_encoder(tmp_path / "user.onnx", published.vocabulary(), tmp_path, width=512, words=75)
