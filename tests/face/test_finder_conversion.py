"""From TensorFlow Lite to ONNX: each operator against plain loops, broken files, and the shipped graphs themselves."""

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("onnx", reason="onnx is absent: pip install -e '.[export]'")

from export import face_finder  # noqa: E402
from export.tflite.convert import convert  # noqa: E402
from export.tflite.reader import read_tflite  # noqa: E402
from export.tflite.writer import GraphWriter  # noqa: E402
from sdk.bundle.face_manifest import FACE_BUNDLE, FACE_FORMAT_VERSION, FaceManifest  # noqa: E402
from sdk.bundle.manifest import MANIFEST  # noqa: E402
from sdk.errors import MalformedFile  # noqa: E402
from sdk.runtime.face_finder import DETECTOR, LANDMARKS  # noqa: E402
from tests.face.tflite_file import TfliteFile  # noqa: E402

Array = np.ndarray[Any, Any]
MAX_BYTES = 2_800_000


def drawn(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def result(file: TfliteFile, output: int, *values: Array) -> Array:
    """What the converted graph gives for its inputs, which are the file's first tensors."""
    graph = read_tflite(file.data(list(range(len(values))), [output]), "test")
    writer = GraphWriter()
    (name,) = convert(graph, writer, [f"input_{k}" for k in range(len(values))])
    shapes = {f"input_{k}": value.shape for k, value in enumerate(values)}
    model = writer.model("test", shapes, {"output": (name, file.tensors[output][0])})
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run(None, {f"input_{k}": value for k, value in enumerate(values)})[0]
    assert found.shape == file.tensors[output][0]
    return found


def looked_at(picture: Array, window: tuple[int, int], stride: int, same: bool, fill: float) -> Array:
    """What each place of a sliding window sees: (H', W', kh, kw, C). Padding as TensorFlow documents SAME and VALID."""
    sizes = picture.shape[1:3]
    outs = [-(-s // stride) if same else -(-(s - k + 1) // stride) for s, k in zip(sizes, window, strict=True)]
    total = [max(0, (o - 1) * stride + k - s) for o, k, s in zip(outs, window, sizes, strict=True)]
    before = [t // 2 if same else 0 for t in total]
    padded = np.full((sizes[0] + total[0], sizes[1] + total[1], picture.shape[3]), fill)
    padded[before[0] : before[0] + sizes[0], before[1] : before[1] + sizes[1]] = picture[0]
    return np.array(
        [[padded[y * stride : y * stride + window[0], x * stride : x * stride + window[1]] for x in range(outs[1])]
         for y in range(outs[0])]
    )  # fmt: skip


@pytest.mark.parametrize(("size", "kernel", "stride", "same"), [
    ((9, 8), (3, 3), 2, True), ((9, 8), (3, 3), 2, False), ((7, 7), (5, 5), 1, True), ((8, 8), (2, 2), 2, False),
    ((6, 5), (1, 1), 1, True), ((4, 4), (5, 5), 2, True),
])  # fmt: skip
@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize("half", [False, True])
def test_convolutions(
    size: tuple[int, int], kernel: tuple[int, int], stride: int, same: bool, depthwise: bool, half: bool
) -> None:
    picture, bias = drawn(1, *size, 4, seed=1), drawn(4 if depthwise else 6, seed=3)
    weights = drawn(*((1, *kernel, 4) if depthwise else (6, *kernel, 4)), seed=2)
    seen = looked_at(picture, kernel, stride, same, 0.0)
    if half:
        weights = weights.astype(np.float16)
    if depthwise:
        expected = np.einsum("yxhwc,hwc->yxc", seen, weights[0].astype(float)) + bias
    else:
        expected = np.einsum("yxhwc,ohwc->yxo", seen, weights.astype(float)) + bias
    file = TfliteFile()
    file.tensor(picture.shape)
    number = file.constant(weights)
    if half:
        number = file.operator("DEQUANTIZE", [number], weights.shape)
    options = {"padding": 0 if same else 1, "stride_w": stride, "stride_h": stride, "activation": 1}
    kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    output = file.operator(kind, [0, number, file.constant(bias)], (1, *expected.shape), **options)
    np.testing.assert_allclose(result(file, output, picture)[0], np.maximum(expected, 0), atol=1e-4)


@pytest.mark.parametrize("same", [False, True])
def test_pooling(same: bool) -> None:
    picture = drawn(1, 7, 6, 3) - 5  # padding must not win over what is below 0
    expected = looked_at(picture, (2, 2), 2, same, -np.inf).max((2, 3))
    file = TfliteFile()
    file.tensor(picture.shape)
    options = {"padding": 0 if same else 1, "stride_w": 2, "stride_h": 2, "filter_w": 2, "filter_h": 2}
    output = file.operator("MAX_POOL_2D", [0], (1, *expected.shape), **options)
    np.testing.assert_allclose(result(file, output, picture)[0], expected)


def test_what_works_value_by_value_or_moves_values() -> None:
    picture, other, slopes = drawn(1, 4, 5, 3), drawn(1, 4, 5, 3, seed=1), drawn(1, 1, 3, seed=2)
    file = TfliteFile()
    a, b = file.tensor(picture.shape), file.tensor(other.shape)
    total = file.operator("ADD", [a, b], picture.shape)
    bent = file.operator("PRELU", [total, file.constant(slopes)], picture.shape)
    wide = file.operator(
        "PAD", [bent, file.constant(np.array([[0, 0], [1, 0], [0, 2], [0, 4]], np.int32))], (1, 5, 7, 7)
    )
    flat = file.operator("RESHAPE", [wide], (1, 35, 7))
    again = file.operator("RESHAPE", [file.operator("RELU", [a], picture.shape)], (1, 60, 1))
    shorter = file.operator("RESHAPE", [again], (1, 20, 3))
    longer = file.operator("RESHAPE", [b], (1, 20, 3))
    output = file.operator("CONCATENATION", [shorter, longer], (1, 40, 3), axis=-2)
    both = picture + other
    expected = np.pad(np.where(both > 0, both, both * slopes), ((0, 0), (1, 0), (0, 2), (0, 4))).reshape(1, 35, 7)
    np.testing.assert_allclose(result(file, flat, picture, other), expected, atol=1e-6)
    joined = np.concatenate([np.maximum(picture, 0).reshape(1, 20, 3), other.reshape(1, 20, 3)], axis=1)
    np.testing.assert_allclose(result(file, output, picture, other), joined)


PART = {"left_rotation_idx": 0, "right_rotation_idx": 3, "subset_idxs": [0, 1, 2, 3, 5], "output_width": 16,
        "output_height": 8, "scale_x": 1.5, "scale_y": 1.25, "target_rotation_radians": 0.0}  # fmt: skip


def part_matrix(points: Array) -> Array:
    """The matrix of Landmarks2TransformMatrix, angle by angle instead of by vectors."""
    line = points[3, :2] - points[0, :2]
    angle = np.arctan2(line[1], line[0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    level = points[PART["subset_idxs"], :2] @ turn
    size, middle = level.max(0) - level.min(0), turn @ ((level.max(0) + level.min(0)) / 2)
    zoom = np.diag(size * [PART["scale_x"] / 16, PART["scale_y"] / 8])
    matrix = np.eye(4)
    matrix[:2, :2] = turn @ zoom
    matrix[:2, 3] = middle - turn @ zoom @ [8, 4]
    return matrix


@given(st.integers(0, 1000))
@settings(max_examples=10)
def test_the_matrix_of_a_part(seed: int) -> None:
    points = 30 + 12 * drawn(1, 6, 3, seed=seed)
    file = TfliteFile()
    file.tensor(points.shape)
    output = file.operator("Landmarks2TransformMatrix", [0], (1, 4, 4), **PART)
    np.testing.assert_allclose(result(file, output, points)[0], part_matrix(points[0]), atol=1e-3)


def test_a_part_is_cut_out_where_the_matrix_says_and_its_points_go_back() -> None:
    picture = drawn(1, 48, 40, 2)
    points = np.array([[[10, 12, 0], [14, 20, 0], [20, 9, 0], [28, 18, 0], [0, 0, 0], [18, 25, 0]]], np.float32)
    matrix = part_matrix(points[0])
    file = TfliteFile()
    file.tensor(picture.shape)
    file.tensor(points.shape)
    made = file.operator("Landmarks2TransformMatrix", [1], (1, 4, 4), **PART)
    cut = file.operator("TransformTensorBilinear", [0, made], (1, 8, 16, 2), output_width=16, output_height=8)
    found = result(file, cut, picture, points)[0]
    for row, column in ((0, 0), (3, 9), (7, 15)):
        x, y = (matrix @ [column + 0.5, row + 0.5, 0, 1])[:2] - 0.5
        x0, y0 = int(x), int(y)
        corners = picture[0, y0 : y0 + 2, x0 : x0 + 2]
        shares = np.outer([1 - (y - y0), y - y0], [1 - (x - x0), x - x0])
        np.testing.assert_allclose(found[row, column], (corners * shares[..., None]).sum((0, 1)), atol=1e-4)
    places = drawn(1, 5, 2) * 4
    file = TfliteFile()
    file.tensor(points.shape)
    file.tensor(places.shape)
    made = file.operator("Landmarks2TransformMatrix", [0], (1, 4, 4), **PART)
    output = file.operator("TransformLandmarks", [1, made], places.shape)
    expected = places[0] @ matrix[:2, :2].T + matrix[:2, 3]
    np.testing.assert_allclose(result(file, output, points, places)[0], expected, atol=1e-3)


def small_file() -> bytes:
    file = TfliteFile()
    file.tensor((1, 4, 4, 2))
    weights = file.operator("DEQUANTIZE", [file.constant(drawn(3, 1, 1, 2).astype(np.float16))], (3, 1, 1, 2))
    options = {"padding": 1, "stride_w": 1, "stride_h": 1}
    return file.data([0], [file.operator("CONV_2D", [0, weights, file.constant(drawn(3))], (1, 4, 4, 3), **options)])


@given(st.data())
@settings(max_examples=150)
def test_broken_files_are_refused_in_one_line(data: st.DataObject) -> None:
    good = small_file()
    broken = bytearray(good[: data.draw(st.integers(0, len(good)))])
    for place in data.draw(st.lists(st.integers(0, max(0, len(broken) - 1)), max_size=4)):
        if place < len(broken):
            broken[place] = data.draw(st.integers(0, 255))
    try:
        read_tflite(bytes(broken), "broken.tflite")
    except MalformedFile as error:
        assert "broken.tflite" in str(error) and "\n" not in str(error)


def test_what_is_not_converted_is_named() -> None:
    file = TfliteFile()
    file.tensor((1, 2))
    data = file.data([0], [file.operator("SomebodysOwn", [0], (1, 2), size=3)])
    with pytest.raises(MalformedFile, match="SomebodysOwn is not converted"):
        convert(read_tflite(data, "own"), GraphWriter(), ["input"])
    file = TfliteFile()
    file.tensor((1, 2))
    data = file.data([0], [file.operator("ADD", [0, 0], (1, 2), activation=4)])
    with pytest.raises(MalformedFile, match="activation 4"):
        convert(read_tflite(data, "tanh"), GraphWriter(), ["input"])


def test_the_shipped_graphs_are_small() -> None:
    assert sum((FACE_BUNDLE / name).stat().st_size for name in face_finder.MODELS) <= MAX_BYTES


def test_the_shipped_graphs_are_what_the_wheel_gives(tmp_path: Path) -> None:
    wheel = os.environ.get("EMOMOTION_MEDIAPIPE_WHEEL", "")
    if not Path(wheel).is_file():
        pytest.skip("set EMOMOTION_MEDIAPIPE_WHEEL to the wheel of mediapipe 0.10.21")
    done = CliRunner().invoke(face_finder.command, ["--wheel", wheel, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    for name in face_finder.MODELS:
        made, shipped = (hashlib.sha256((folder / name).read_bytes()).hexdigest() for folder in (tmp_path, FACE_BUNDLE))
        assert made == shipped, name


def test_a_bundles_manifest_gets_the_new_hashes(tmp_path: Path) -> None:
    """Only of graphs that it names already, and only where there is a manifest."""
    assert face_finder.manifest_with(tmp_path, {DETECTOR: "0" * 64}) == {}
    manifest = FaceManifest(
        format_version=FACE_FORMAT_VERSION, name="test", version="0", licence="", licences={}, range_set="tight",
        schema_file="s", schema_sha256="1" * 64, graphs={}, mapper={}, files={"s": "1" * 64, DETECTOR: "2" * 64},
        parity={}, quality={}, provenance={},
    )  # fmt: skip
    (tmp_path / MANIFEST).write_text(manifest.to_json())
    made = face_finder.manifest_with(tmp_path, {DETECTOR: "3" * 64, LANDMARKS: "4" * 64})
    changed = FaceManifest.from_json(made[MANIFEST].decode())
    assert changed.files == {"s": "1" * 64, DETECTOR: "3" * 64}


def test_another_file_than_the_wheel_is_refused(tmp_path: Path) -> None:
    import zipfile

    for name, content in (("no.whl", None), ("other.whl", "README"), ("changed.whl", face_finder.MODELS)):
        path = tmp_path / name
        if content is None:
            path.write_bytes(b"no zip")
        else:
            with zipfile.ZipFile(path, "w") as archive:
                for member in ["README"] if content == "README" else [m for m, _ in face_finder.MODELS.values()]:
                    archive.writestr(member, b"TFL3")
        with pytest.raises(MalformedFile, match="mediapipe 0.10.21") as refused:
            face_finder.graphs_of(path)
        assert "\n" not in str(refused.value)
    assert not list(tmp_path.glob("*.onnx"))
