"""Sessions and the sentence encoder's runtime half, on a toy graph: no weights and no torch needed.

The toy keeps the real interface: ids and mask (1, L) in, an embedding (D,) out, here the mean of one table row a token.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from sdk.errors import BundleError, InvalidInput
from sdk.runtime import text as text_module
from sdk.runtime.sessions import open_session, session_options
from sdk.runtime.text import CACHE_SIZE, CLIP_TOKENS, MAX_TOKENS, Clip, MiniLM, TextEncoder, open_encoder

onnx = pytest.importorskip("onnx", reason="the toy graph is written with onnx: pip install -e '.[dev]'")

DIM = 8
WORDS = ("a", "person", "walks", "waves", "slowly")
VOCABULARY = {token: row for row, token in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS))}


def toy_graph(output: str = "embedding") -> bytes:
    helper, tensor = onnx.helper, onnx.TensorProto
    rng = np.random.default_rng(0)
    table = rng.standard_normal((len(VOCABULARY), DIM)).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=tensor.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["mask_column"]),
        helper.make_node("Mul", ["rows", "mask_column"], ["real_rows"]),
        helper.make_node("ReduceMean", ["real_rows", "both"], [output], keepdims=0),
    ]
    inputs = [helper.make_tensor_value_info(n, tensor.INT64, [1, "L"]) for n in ("input_ids", "attention_mask")]
    constants = {"table": table, "last": np.array([2]), "both": np.array([0, 1])}
    graph = helper.make_graph(
        nodes,
        "toy",
        inputs,
        [helper.make_tensor_value_info(output, tensor.FLOAT, [DIM])],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


def toy_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel(VOCABULARY, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", VOCABULARY["[CLS]"]), ("[SEP]", VOCABULARY["[SEP]"])]
    )
    # As in the published file; the runtime must undo it.
    tokenizer.enable_padding(length=MAX_TOKENS)
    return tokenizer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "text.onnx").write_bytes(toy_graph())
    (tmp_path / "tokenizer.json").write_text(toy_tokenizer().to_str(), encoding="utf-8")
    return tmp_path


@pytest.fixture
def encoder(folder: Path) -> MiniLM:
    return MiniLM(folder / "text.onnx", folder / "tokenizer.json", threads=1)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Token counts of the runs that really reached a session."""
    lengths: list[int] = []
    real = text_module.run_session

    def counted(session, inputs, *, name):
        lengths.append(inputs["input_ids"].shape[1])
        return real(session, inputs, name=name)

    monkeypatch.setattr(text_module, "run_session", counted)
    return lengths


def error_of(action) -> str:
    """The one-line text of the BundleError that `action` must raise."""
    with pytest.raises(BundleError) as caught:
        action()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    return str(caught.value)


# --- the encoder ---


def test_embedding_has_the_declared_form(encoder: MiniLM):
    as_protocol: TextEncoder = encoder
    embedding = as_protocol.encode("a person walks")
    assert as_protocol.dim == DIM
    assert embedding.shape == (DIM,)
    assert embedding.dtype == np.float32


def test_text_is_not_padded(encoder: MiniLM, runs: list[int]):
    encoder.encode("a person walks")
    assert runs == [5]  # three words and two end marks, though the tokenizer file asks for 128


def test_case_and_outer_space_do_not_matter(encoder: MiniLM):
    np.testing.assert_array_equal(encoder.encode("  A person WALKS\n"), encoder.encode("a person walks"))


def test_a_repeated_prompt_runs_nothing(encoder: MiniLM, runs: list[int]):
    first = encoder.encode("a person walks")
    again = encoder.encode(" a person walks ")
    assert len(runs) == 1
    assert again is first


def test_the_cache_forgets_the_oldest(encoder: MiniLM, runs: list[int]):
    for number in range(CACHE_SIZE + 1):
        encoder.encode(f"walks {number}")
    encoder.encode(f"walks {CACHE_SIZE}")
    assert len(runs) == CACHE_SIZE + 1
    encoder.encode("walks 0")
    assert len(runs) == CACHE_SIZE + 2


def test_two_encoders_share_no_cache(folder: Path, encoder: MiniLM, runs: list[int]):
    other = MiniLM(folder / "text.onnx", folder / "tokenizer.json", threads=1)
    assert other.encode("a person walks") is not encoder.encode("a person walks")
    assert len(runs) == 2


def test_a_cached_embedding_cannot_be_altered(encoder: MiniLM):
    with pytest.raises(ValueError, match="read-only"):
        encoder.encode("a person walks")[0] = 1.0


def test_long_text_is_cut_at_the_token_limit(encoder: MiniLM, runs: list[int]):
    fits = " ".join(["walks"] * (MAX_TOKENS - 2))
    long = f"{fits} {' '.join(['waves'] * 5000)}"
    np.testing.assert_array_equal(encoder.encode(long), encoder.encode(fits))
    assert runs == [MAX_TOKENS, MAX_TOKENS]


@pytest.mark.parametrize("empty", ["", " ", "\n\t "])
def test_empty_text_is_refused(encoder: MiniLM, runs: list[int], empty: str):
    with pytest.raises(InvalidInput, match="text is empty") as caught:
        encoder.encode(empty)
    assert caught.value.field == "text"
    assert runs == []


def test_text_that_is_no_unicode_is_refused(encoder: MiniLM):
    with pytest.raises(InvalidInput, match="Unicode") as caught:
        encoder.encode("a person \ud800 walks")
    assert caught.value.field == "text"


def test_unknown_words_and_other_scripts_still_give_a_vector(encoder: MiniLM):
    for text in ("xyzzy", "\u4eba\u304c\u6b69\u304f", "\U0001f600", "\x00"):
        assert np.isfinite(encoder.encode(text)).all()


def test_threads_agree(encoder: MiniLM):
    texts = [f"a person {word} {number % 7}" for word in WORDS for number in range(40)]
    gate = threading.Barrier(8)

    def work(_: int) -> list[np.ndarray]:
        gate.wait()
        return [encoder.encode(text) for text in texts]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(8)))
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


# --- CLIP ---


def clip_graph() -> bytes:
    """Ids (1, 77) in, the sum of their table rows out; id 0, with which texts are filled up, has a row of ones."""
    helper, tensor = onnx.helper, onnx.TensorProto
    table = np.random.default_rng(0).standard_normal((len(VOCABULARY), DIM)).astype(np.float32)
    table[0] = 1
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("ReduceSum", ["rows", "both"], ["embedding"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("input_ids", tensor.INT64, [1, CLIP_TOKENS])],
        [helper.make_tensor_value_info("embedding", tensor.FLOAT, [DIM])],
        [onnx.numpy_helper.from_array(value, name) for name, value in (("table", table), ("both", np.array([0, 1])))],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


@pytest.fixture
def clip_folder(tmp_path: Path) -> Path:
    (tmp_path / "text.onnx").write_bytes(clip_graph())
    tokenizer = toy_tokenizer()
    tokenizer.enable_truncation(6)
    (tmp_path / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    return tmp_path


def test_the_encoder_is_the_one_whose_inputs_the_graph_has(folder: Path):
    assert type(open_encoder(folder / "text.onnx", folder / "tokenizer.json", threads=1)) is MiniLM
    (folder / "text.onnx").write_bytes(clip_graph())
    assert type(open_encoder(folder / "text.onnx", folder / "tokenizer.json", threads=1)) is Clip
    message = error_of(lambda: MiniLM(folder / "text.onnx", folder / "tokenizer.json", threads=1))
    assert "not a sentence encoder: inputs ['input_ids']" in message


def test_clip_fills_up_with_zeros_and_keeps_the_length_of_the_vector(clip_folder: Path, runs: list[int]):
    encoder = Clip(clip_folder / "text.onnx", clip_folder / "tokenizer.json", threads=1)
    embedding = encoder.encode("a person")
    ids = [VOCABULARY["[CLS]"], VOCABULARY["a"], VOCABULARY["person"], VOCABULARY["[SEP]"]]
    table = np.random.default_rng(0).standard_normal((len(VOCABULARY), DIM)).astype(np.float32)
    np.testing.assert_allclose(embedding, table[ids].sum(0) + CLIP_TOKENS - len(ids), atol=1e-4)
    assert encoder.encode(" a person ") is embedding and runs == [CLIP_TOKENS]


def test_clip_cuts_where_its_tokenizer_says_and_undoes_html(clip_folder: Path):
    encoder = Clip(clip_folder / "text.onnx", clip_folder / "tokenizer.json", threads=1)
    fits = "a person walks slowly"
    np.testing.assert_array_equal(encoder.encode(f"{fits} waves waves"), encoder.encode(fits))
    assert not np.array_equal(encoder.encode("a person walks"), encoder.encode(fits))
    np.testing.assert_array_equal(encoder.encode("a&amp;#32;person"), encoder.encode("a person"))
    unlimited = toy_tokenizer()
    (clip_folder / "tokenizer.json").write_text(unlimited.to_str(), encoding="utf-8")
    long = Clip(clip_folder / "text.onnx", clip_folder / "tokenizer.json", threads=1)
    assert np.isfinite(long.encode(" ".join(["walks"] * 500))).all()


# --- broken bundles ---


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.9])
def test_truncated_graph_is_one_clear_line(folder: Path, kept: float):
    graph = folder / "text.onnx"
    graph.write_bytes(graph.read_bytes()[: int(kept * graph.stat().st_size)])
    message = error_of(lambda: MiniLM(graph, folder / "tokenizer.json", threads=1))
    assert "text.onnx" in message
    assert "fetch or export the bundle again" in message


def test_no_cut_of_a_graph_escapes_as_another_error():
    whole = toy_graph()
    for length in range(0, len(whole), 11):
        try:
            open_session(whole[:length], threads=1)
        except BundleError:
            continue
        pytest.fail(f"a graph cut to {length} of {len(whole)} bytes was opened")


@pytest.mark.parametrize("junk", [b"not a graph", bytes(1000), b"\xff" * 1000])
def test_a_file_that_is_no_graph_is_one_clear_line(folder: Path, junk: bytes):
    graph = folder / "text.onnx"
    graph.write_bytes(junk)
    assert "text.onnx" in error_of(lambda: open_session(graph, threads=1))


def test_missing_files_and_folders_are_named(folder: Path):
    assert "gone.onnx" in error_of(lambda: open_session(folder / "gone.onnx", threads=1))
    assert "cannot be read" in error_of(lambda: open_session(folder, threads=1))
    assert "gone.json" in error_of(lambda: MiniLM(folder / "text.onnx", folder / "gone.json", threads=1))


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"\xff\xfe", b"[1, 2]"])
def test_corrupt_tokenizer_is_one_clear_line(folder: Path, content: bytes):
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_bytes(content)
    assert "tokenizer.json" in error_of(lambda: MiniLM(folder / "text.onnx", tokenizer, threads=1))


def test_another_graph_in_the_encoders_place_is_refused(folder: Path):
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    values = [helper.make_tensor_value_info(name, number, [1, "L"]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "other", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    (folder / "text.onnx").write_bytes(model.SerializeToString())
    message = error_of(lambda: MiniLM(folder / "text.onnx", folder / "tokenizer.json", threads=1))
    assert "not a sentence encoder" in message


def test_a_tokenizer_with_more_words_than_the_graph_fails_in_one_line(folder: Path):
    tokenizer = toy_tokenizer()
    tokenizer.add_tokens(["somersaults"])
    (folder / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    encoder = MiniLM(folder / "text.onnx", folder / "tokenizer.json", threads=1)
    assert "text.onnx failed" in error_of(lambda: encoder.encode("a person somersaults"))


# --- sessions ---


def test_sessions_are_opened_without_spinning_and_with_one_pool_size():
    options = session_options(threads=2)
    assert options.intra_op_num_threads == 2
    assert options.inter_op_num_threads == 1
    assert options.get_session_config_entry("session.force_spinning_stop") == "1"


def test_a_session_opens_from_a_path_a_string_or_bytes(folder: Path):
    path = folder / "text.onnx"
    for source in (path, str(path), path.read_bytes()):
        assert [node.name for node in open_session(source, threads=1).get_outputs()] == ["embedding"]


def test_negative_threads_are_refused(folder: Path):
    with pytest.raises(InvalidInput, match="threads is -1") as caught:
        open_session(folder / "text.onnx", threads=-1)
    assert caught.value.field == "threads"
