"""The face's bundle is opened whole or refused in one line that names what is wrong, whichever byte was changed."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdk.bundle import Graph
from sdk.bundle.face_manifest import FACE_FORMAT_VERSION, FaceBundle, FaceManifest
from sdk.bundle.manifest import MANIFEST
from sdk.errors import BundleError

FILES = {"mapper.onnx": b"weights" * 20, "controls.yaml": b"version: 1\n", "card.md": b"a card\n"}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


GOOD = FaceManifest(
    format_version=FACE_FORMAT_VERSION, name="a-face", version="1", licence="Apache-2.0", licences={}, range_set="x2c",
    schema_file="controls.yaml", schema_sha256=digest(FILES["controls.yaml"]),
    graphs={"mapper": Graph(file="mapper.onnx", inputs={"x": [["B", 3], "float32", "numbers"]}, outputs={})},
    mapper={}, files={name: digest(data) for name, data in FILES.items()}, parity={}, quality={}, provenance={},
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / MANIFEST).write_text(GOOD.to_json())
    return tmp_path


def changed(folder: Path, **parts: Any) -> Path:
    raw = json.loads(GOOD.to_json())
    raw.update(parts)
    (folder / MANIFEST).write_text(json.dumps(raw))
    return folder


def test_a_whole_bundle_opens_and_hands_out_what_was_checked(folder: Path) -> None:
    bundle = FaceBundle.load(folder)
    assert bundle.manifest == GOOD
    (folder / "mapper.onnx").write_bytes(b"changed after it was opened")
    assert bundle.graph("mapper") == FILES["mapper.onnx"] and bundle.schema() == FILES["controls.yaml"]
    with pytest.raises(BundleError, match="no graph 'image'; it has mapper"):
        bundle.graph("image")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(FILES)), place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_changed_bit_in_any_file_is_refused(folder: Path, name: str, place: int, bit: int) -> None:
    data = bytearray(FILES[name])
    data[place % len(data)] ^= 1 << bit
    (folder / name).write_bytes(data)
    with pytest.raises(BundleError, match=f"{name} of face bundle .* was altered or truncated"):
        FaceBundle.load(folder)
    (folder / name).write_bytes(FILES[name])


def test_the_bundle_is_named_by_its_exact_content(folder: Path) -> None:
    first = FaceBundle.load(folder).sha256
    (folder / MANIFEST).write_text(replace(GOOD, version="2").to_json())
    assert FaceBundle.load(folder).sha256 != first


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"format_version": 2}, "format_version 2; this SDK reads 1"),
        ({"format_version": True}, "format_version True"),
        ({"surprise": 1}, "unknown \\['surprise'\\]"),
        ({"range_set": 3}, "range_set has the wrong type, int"),
        ({"mapper": []}, "mapper has the wrong type, list"),
        ({"graphs": {"mapper": {"file": "mapper.onnx"}}}, "a graph is malformed"),
        ({"graphs": {"mapper": {"file": "other.onnx", "inputs": {}, "outputs": {}}}}, "no hash for other.onnx"),
        ({"schema_sha256": "0" * 64}, "not the hash of controls.yaml"),
        ({"files": {**GOOD.files, "gone.onnx": "0" * 64}}, "lacks gone.onnx"),
        ({"files": {**GOOD.files, "../mapper.onnx": "0" * 64}}, "files lie in the bundle's own folder"),
        ({"parity": {"worst": float("nan")}}, "NaN is no number of JSON"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused(folder: Path, parts: dict[str, Any], says: str) -> None:
    with pytest.raises(BundleError, match=says) as refusal:
        FaceBundle.load(changed(folder, **parts))
    assert "\n" not in str(refusal.value)


def test_no_folder_no_manifest_and_no_json_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="does not exist"):
        FaceBundle.load(tmp_path / "nowhere")
    with pytest.raises(BundleError, match="no face bundle"):
        FaceBundle.load(tmp_path)
    for text in ("{", "[" * 10_000, "[]"):
        (tmp_path / MANIFEST).write_text(text)
        with pytest.raises(BundleError, match="of the face"):
            FaceBundle.load(tmp_path)
