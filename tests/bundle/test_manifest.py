"""A bundle is opened whole or refused in one line that names the file: every way it can be damaged.

The files here are a few bytes; only the last tests need graphs. Real bundles are made in tests/export.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click import Command

from sdk import info, serve
from sdk.bundle import Bundle, Graph, Manifest
from sdk.bundle.manifest import DEFAULT_BUNDLE, MANIFEST
from sdk.console import run
from sdk.errors import BundleError, InvalidInput
from sdk.runtime.engine import Engine
from tests.service import fake_engine

REPO = Path(__file__).resolve().parents[2]
INFO = fake_engine.MANIFEST.generators["emo-mask"]
FILES = {
    "text.onnx": b"text" * 50,
    "tokenizer.json": b"{}",
    "masked.onnx": b"masked" * 50,
    "LICENSE-WEIGHTS.txt": b"terms\n",
}
ROLES = ("masked", "residual", "decode")
GRAPH = Graph(file="masked.onnx", inputs={"x": [["N"], "float32", "numbers"]}, outputs={})
MANIFEST_OK = replace(
    fake_engine.MANIFEST,
    graphs={"masked": GRAPH},
    files={name: sha256(content).hexdigest() for name, content in FILES.items()},
)

Change = Callable[[dict[str, Any]], object]


def write(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / MANIFEST).write_text(text)
    return folder


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write(tmp_path / "bundle", MANIFEST_OK.to_json())


def refusal(path: Path) -> str:
    """The one line with which a bundle is refused."""
    with pytest.raises(BundleError) as caught:
        Bundle.load(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def changed(change: Change) -> str:
    """The manifest's text after `change` of its JSON object."""
    raw = json.loads(MANIFEST_OK.to_json())
    change(raw)
    return json.dumps(raw)


# --- what is accepted ---


def test_a_whole_bundle_opens(bundle: Path) -> None:
    opened = Bundle.load(bundle)
    assert opened.manifest == MANIFEST_OK
    assert opened.file("text.onnx").read_bytes() == FILES["text.onnx"]
    assert opened.plan(None).name == "default" and opened.plan("fast").iterations == 4


def test_a_manifest_survives_the_way_through_json() -> None:
    assert Manifest.from_json(MANIFEST_OK.to_json()) == MANIFEST_OK


def test_the_hash_names_the_content(bundle: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(bundle, tmp_path / "elsewhere")
    assert Bundle.load(moved).sha256 == Bundle.load(bundle).sha256
    other = write(tmp_path / "other", replace(MANIFEST_OK, version="9").to_json())
    assert Bundle.load(other).sha256 != Bundle.load(bundle).sha256


def test_a_bundle_that_changed_since_it_was_opened_is_found_out(bundle: Path) -> None:
    opened = Bundle.load(bundle)
    name = opened.sha256
    opened.check()
    (bundle / "text.onnx").write_bytes(b"other")
    (bundle / MANIFEST).write_text("{}")
    with pytest.raises(BundleError, match="text.onnx .* was altered"):
        opened.check()
    assert opened.sha256 == name


def test_files_that_the_manifest_does_not_name_are_not_opened(bundle: Path) -> None:
    (bundle / "stranger.onnx").write_bytes(b"anything")
    opened = Bundle.load(bundle)
    for name in ("stranger.onnx", "../bundle/text.onnx", MANIFEST):
        with pytest.raises(BundleError, match="lacks"):
            opened.file(name)


def test_an_unknown_plan_names_the_known_ones(bundle: Path) -> None:
    with pytest.raises(InvalidInput, match="'turbo' is unknown; known: default, fast") as caught:
        Bundle.load(bundle).plan("turbo")
    assert caught.value.field == "plan"


def test_a_generator_stands_for_its_first_plan_and_for_no_other(bundle: Path) -> None:
    second = replace(fake_engine.PLANS[0], name="quick", generator="mmm")
    write(bundle, replace(MANIFEST_OK, generators={"emo-mask": INFO, "mmm": INFO},
                          plans=[*fake_engine.PLANS, second]).to_json())  # fmt: skip
    loaded = Bundle.load(bundle)
    assert [loaded.plan(None, g).name for g in (None, "emo-mask", "mmm")] == ["default", "default", "quick"]
    with pytest.raises(InvalidInput, match="'mdm' is unknown; known: emo-mask, mmm") as caught:
        loaded.plan(None, "mdm")
    assert caught.value.field == "generator"
    with pytest.raises(InvalidInput, match="plan 'fast' of generator mmm is unknown; known: quick"):
        loaded.plan("fast", "mmm")


def test_without_a_path_the_bundle_that_comes_along_is_meant(monkeypatch: pytest.MonkeyPatch, bundle: Path) -> None:
    assert DEFAULT_BUNDLE == REPO / "sdk" / "bundle" / "default"
    monkeypatch.setattr("sdk.bundle.manifest.DEFAULT_BUNDLE", bundle)
    assert Bundle.load().manifest.name == "fake"


# --- damaged files ---


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("where", [0, 0.5, 1])
def test_one_flipped_bit_in_any_file_is_seen(bundle: Path, name: str, where: float) -> None:
    content = bytearray(FILES[name])
    content[int(where * (len(content) - 1))] ^= 1
    (bundle / name).write_bytes(content)
    assert f"{name} of bundle 'fake' was altered or truncated" in refusal(bundle)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("left", [0, 1])
def test_a_truncated_file_is_seen(bundle: Path, name: str, left: int) -> None:
    (bundle / name).write_bytes(FILES[name][:left])
    assert f"{name} of bundle 'fake' was altered or truncated" in refusal(bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_longer_file_is_seen(bundle: Path, name: str) -> None:
    (bundle / name).write_bytes(FILES[name] + b"\0")
    assert f"{name} of bundle 'fake' was altered" in refusal(bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    assert f"lacks {name}" in refusal(bundle)
    (bundle / name).mkdir()
    assert f"lacks {name}" in refusal(bundle)


def test_a_folder_without_manifest_is_no_bundle(tmp_path: Path, bundle: Path) -> None:
    for path in (tmp_path, bundle / "text.onnx"):
        assert refusal(path) == f"{path} is no bundle: it has no readable {MANIFEST}"
    assert refusal(tmp_path / "absent") == f"bundle {tmp_path / 'absent'} does not exist"


@pytest.mark.parametrize("name", ["../outside", "sub/inside", "/etc/hostname", "..", ".", "", "a\0b", "\ud800"])
def test_files_outside_the_folder_are_refused(bundle: Path, name: str) -> None:
    (bundle.parent / "outside").write_bytes(b"secret")
    (bundle / "sub").mkdir()
    (bundle / "sub" / "inside").write_bytes(b"secret")
    digest = sha256(b"secret").hexdigest()
    (bundle / MANIFEST).write_text(changed(lambda raw: raw["files"].update({name: digest})))
    assert "files lie in the bundle's own folder" in refusal(bundle) or "lacks" in refusal(bundle)


# --- damaged manifests ---


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"not json", MANIFEST_OK.to_json().encode()[:-20], b"\xff\xfe\x00", b"[" * 100_000, b"9" * 10_000],
    ids=["empty", "brace", "words", "truncated", "bytes", "deep", "digits"],
)
def test_a_manifest_that_is_no_json_is_refused(bundle: Path, content: bytes) -> None:
    (bundle / MANIFEST).write_bytes(content)
    assert MANIFEST in refusal(bundle)


@pytest.mark.parametrize("content", ["null", "[]", "3", '"text"', "{}"])
def test_json_that_is_no_manifest_is_refused(bundle: Path, content: str) -> None:
    (bundle / MANIFEST).write_text(content)
    assert f"{MANIFEST} has format_version None; this SDK reads 2" in refusal(bundle)


@pytest.mark.parametrize("version", [0, 1, 3, "2", None, 1.5])
def test_another_format_is_refused_before_its_keys_are_judged(bundle: Path, version: object) -> None:
    (bundle / MANIFEST).write_text(json.dumps({"format_version": version, "new_key": 1}))
    assert f"has format_version {version!r}; this SDK reads 2" in refusal(bundle)


@pytest.mark.parametrize("key", sorted(set(json.loads(MANIFEST_OK.to_json())) - {"format_version"}))
def test_a_missing_key_is_named(bundle: Path, key: str) -> None:
    (bundle / MANIFEST).write_text(changed(lambda raw: raw.pop(key)))
    assert f"lacks ['{key}']" in refusal(bundle)


def test_an_unknown_key_is_named(bundle: Path) -> None:
    (bundle / MANIFEST).write_text(changed(lambda raw: raw.update(colour="red")))
    assert "has unknown ['colour']" in refusal(bundle)


WRONG: list[tuple[str, Change]] = [
    ("iterations", lambda raw: raw["plans"][0].pop("iterations")),
    ("colour", lambda raw: raw["plans"][0].update(colour="red")),
    ("iterations", lambda raw: raw["plans"][0].update(iterations="ten")),
    ("iterations", lambda raw: raw["plans"][0].update(iterations=0)),
    ("iterations", lambda raw: raw["plans"][0].update(iterations=2.5)),
    ("residual_layers", lambda raw: raw["plans"][1].update(residual_layers=-1)),
    ("temperature", lambda raw: raw["plans"][0].update(temperature=float("nan"))),
    ("text_guidance", lambda raw: raw["plans"][0].update(text_guidance=None)),
    ("malformed", lambda raw: raw.update(plans=None)),
    ("malformed", lambda raw: raw.update(plans=[3])),
    ("malformed", lambda raw: raw.update(graphs=[])),
    ("file", lambda raw: raw["graphs"]["masked"].pop("file")),
    ("inputs", lambda raw: raw["graphs"]["masked"].update(inputs=[])),
    ("files", lambda raw: raw.update(files=[])),
    ("name", lambda raw: raw.update(name=3)),
    ("fps", lambda raw: raw.update(fps="thirty")),
    ("fps", lambda raw: raw.update(fps=0)),
    ("fps", lambda raw: raw.update(fps=float("inf"))),
    ("fps", lambda raw: raw.update(fps=True)),
    ("malformed", lambda raw: raw.update(fps=10**400)),
    ("downsampling", lambda raw: raw["generators"]["emo-mask"].update(downsampling=0)),
    ("max_tokens", lambda raw: raw["generators"]["emo-mask"].update(max_tokens=-5)),
    ("codes of generator 'emo-mask'", lambda raw: raw["generators"]["emo-mask"].update(codes=0)),
    ("is a 'flow'; known: tokens, diffusion", lambda raw: raw["generators"]["emo-mask"].update(kind="flow")),
    ("wants the graph 'lost' as masked", lambda raw: raw["generators"]["emo-mask"].update(graphs={"masked": "lost"})),
    ("malformed", lambda raw: raw.update(generators=[])),
    ("is for the generator 'emo-mask'", lambda raw: raw.update(generators={})),
    ("generator 'mmm' has no plan", lambda raw: raw["generators"].update(mmm=raw["generators"]["emo-mask"])),
    ("quality", lambda raw: raw["plans"][0].update(quality=3)),
    ("quality 'fid' of plan 'default' is no number", lambda raw: raw["plans"][0].update(quality={"fid": "good"})),
    ("default plan 'turbo'", lambda raw: raw.update(default_plan="turbo")),
    ("generator 'emo-mask' has no plan", lambda raw: raw.update(plans=[])),
    ("default_plan", lambda raw: raw.update(default_plan=["default"])),
    ("emotions must be neutral, joy", lambda raw: raw["emotions"].pop()),
    ("emotions must be neutral, joy", lambda raw: raw["emotions"].reverse()),
    ("emotions must be", lambda raw: raw["emotions"][1].update(name="glee")),
    ("minutes", lambda raw: raw["emotions"][0].update(minutes="many")),
]


@pytest.mark.parametrize(("words", "change"), WRONG, ids=[f"{k}-{words}" for k, (words, _) in enumerate(WRONG)])
def test_a_wrong_value_is_named(bundle: Path, words: str, change: Change) -> None:
    (bundle / MANIFEST).write_text(changed(change))
    message = refusal(bundle)
    assert MANIFEST in message and words in message


# --- what the engine refuses ---


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"representation": "smpl135"}, "'smpl135' is unknown; known: rot272, hml263"),
        ({"generators": {"emo-mask": replace(INFO, max_tokens=16)}}, "max_tokens of generator 'emo-mask' is 16"),
    ],
)
def test_a_bundle_the_engine_cannot_use_is_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    path = write(tmp_path / "bundle", replace(MANIFEST_OK, **change).to_json())
    with pytest.raises(BundleError, match=words):
        Engine.load(path)


def test_graphs_that_are_none_are_refused_by_name(bundle: Path) -> None:
    with pytest.raises(BundleError, match=r"text\.onnx is truncated, corrupt"):
        Engine.load(bundle)


def toy_graph(*inputs: str) -> bytes:
    """A graph that adds its inputs up."""
    onnx = pytest.importorskip("onnx", reason="the toy graph is written with onnx: pip install -e '.[dev]'")
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N"]) for name in (*inputs, "sum")]
    node = onnx.helper.make_node("Sum", list(inputs), ["sum"])
    graph = onnx.helper.make_graph([node], "toy", values[:-1], values[-1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(("inputs", "fits"), [(("x",), True), (("x", "y"), False), (("y",), False)])
def test_a_graph_must_take_what_the_manifest_says(tmp_path: Path, inputs: tuple[str, ...], fits: bool) -> None:
    from sdk.runtime.graphs import OnnxPasses

    content = toy_graph(*inputs)
    manifest = replace(
        MANIFEST_OK, graphs=dict.fromkeys(ROLES, GRAPH), files={"masked.onnx": sha256(content).hexdigest()}
    )
    path = write(tmp_path / "bundle", manifest.to_json())
    (path / "masked.onnx").write_bytes(content)
    if fits:
        OnnxPasses(Bundle.load(path), replace(INFO, graphs={role: role for role in ROLES}), threads=1)
    else:
        with pytest.raises(BundleError, match=r"graph 'masked' takes .* the manifest says \['x'\]"):
            OnnxPasses(Bundle.load(path), replace(INFO, graphs={role: role for role in ROLES}), threads=1)


def test_a_role_without_a_graph_is_refused(tmp_path: Path) -> None:
    from sdk.runtime.graphs import OnnxPasses

    with pytest.raises(BundleError, match="names no graph for 'masked'"):
        OnnxPasses(Bundle.load(write(tmp_path / "bundle", MANIFEST_OK.to_json())), INFO, threads=1)


def test_a_graph_that_is_not_hashed_is_refused(tmp_path: Path) -> None:
    from sdk.runtime.graphs import OnnxPasses

    graphs = {"masked": replace(GRAPH, file="../x.onnx")}
    path = write(tmp_path / "bundle", replace(MANIFEST_OK, graphs=graphs).to_json())
    (tmp_path / "x.onnx").write_bytes(toy_graph("x"))
    with pytest.raises(BundleError, match=r"lacks \.\./x"):
        OnnxPasses(Bundle.load(path), replace(INFO, graphs={"masked": "masked"}), threads=1)


# --- as a user meets it ---


def refused_line(capsys: pytest.CaptureFixture[str], command: Command, *args: str) -> str:
    with pytest.raises(SystemExit) as left:
        run(command, list(args), name="emomotion")
    err = capsys.readouterr().err
    assert left.value.code == 2 and err.startswith("error: ") and err.count("\n") == 1, err
    return err


@pytest.mark.parametrize("command", [info.command, serve.command], ids=["info", "serve"])
def test_a_damaged_bundle_is_one_line_on_the_console(
    capsys: pytest.CaptureFixture[str], bundle: Path, command: Command
) -> None:
    args = ["--bundle", str(bundle)] + (["--port", "0"] if command is serve.command else [])
    (bundle / "masked.onnx").write_bytes(FILES["masked.onnx"][:-1])
    assert "masked.onnx of bundle 'fake' was altered or truncated" in refused_line(capsys, command, *args)
    (bundle / MANIFEST).write_text("{")
    assert f"{MANIFEST} is not JSON" in refused_line(capsys, command, *args)


def test_a_damaged_bundle_ends_the_process_with_two(bundle: Path) -> None:
    (bundle / "text.onnx").unlink()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPO / "protos"), str(REPO)])}
    command = [sys.executable, "-m", "sdk.info", "--bundle", str(bundle)]
    done = subprocess.run(command, cwd=REPO, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: bundle 'fake' lacks text.onnx; fetch or export it again\n"
