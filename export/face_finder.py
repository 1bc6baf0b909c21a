"""`python -m export.face_finder --wheel FILE --out FOLDER`: MediaPipe's face models as two ONNX graphs.

FILE is the wheel of mediapipe 0.10.21 (Apache-2.0), the last release line that has these models in it; `pip download
mediapipe==0.10.21 --no-deps` fetches it. It is read as the zip archive that it is and never installed: it needs an
older numpy and protobuf than this SDK. Weights stay float16, as the models hold them: the graphs compute the same.

The detector says where faces are, the landmark network (the one with attention, which looks at lips and eyes a second
time) gives the 478 points. Both take a square picture (1, S, S, 3) of floats in 0..255 and answer in fractions of it.
"""

import hashlib
import os
import zipfile
from pathlib import Path

import click
import numpy as np
import onnx
from numpy.typing import NDArray

from export.tflite.convert import convert
from export.tflite.reader import TfGraph, read_tflite
from export.tflite.writer import GraphWriter
from sdk.bundle.face_manifest import FaceManifest
from sdk.bundle.manifest import MANIFEST
from sdk.console import run
from sdk.errors import MalformedFile
from sdk.runtime.face_finder import DETECTOR, LANDMARKS, POINTS

MODELS = {
    DETECTOR: (
        "mediapipe/modules/face_detection/face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    LANDMARKS: (
        "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite",
        "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
    ),
}
"""Where each graph comes from: the file in the wheel and its SHA-256."""
ANCHORS = ((8, 2), (16, 6))
"""The detector's grids: pixels from one place to the next, and guesses at each place."""
MESH, EYELIDS = 468, 16
"""Points of the mesh; the first points of an eye's list are its lids."""
CLIP = 100.0
"""Logits are kept within this before the sigmoid, as in MediaPipe."""


def anchors(size: int) -> NDArray[np.float64]:
    """Places (K, 2) that the detector's guesses start from, in fractions of a picture of `size` pixels a side."""
    grids = []
    for stride, guesses in ANCHORS:
        ticks = (np.arange(size // stride) + 0.5) * stride / size
        y, x = np.meshgrid(ticks, ticks, indexing="ij")
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], 1), guesses, axis=0))
    return np.concatenate(grids)


def detector_graph(graph: TfGraph) -> onnx.ModelProto:
    """image (1, S, S, 3) in 0..255 -> faces (K, 16), each centre, size and six keypoints, and confidence (K,)."""
    writer, size = GraphWriter(), graph.tensors[graph.inputs[0]].shape[1]
    add, fixed = writer.node, writer.constant
    signed = add("Sub", add("Mul", "image", fixed(1 / 127.5)), fixed(1.0))
    offsets, logits = convert(graph, writer, [signed])
    places = anchors(size)
    start = writer.weight(places)
    starts = add("Concat", start, add("Mul", start, fixed(0)), *6 * [start], axis=1)  # a size starts from nothing
    shape = (len(places), 16)
    faces = add("Add", add("Mul", _shaped(writer, offsets, shape), fixed(1 / size)), starts)
    confidence = add("Sigmoid", add("Clip", _shaped(writer, logits, (len(places),)), fixed(-CLIP), fixed(CLIP)))
    outputs = {"faces": (faces, shape), "confidence": (confidence, (len(places),))}
    return writer.model("face_detector", {"image": (1, size, size, 3)}, outputs)


def landmark_graph(graph: TfGraph) -> onnx.ModelProto:
    """image (1, S, S, 3) in 0..255 -> points (478, 3) in fractions of the picture, and confidence (1,).

    Lips, eyes and irises replace x and y of their points of the mesh; an iris is as deep as the lids around it.
    """
    writer, size = GraphWriter(), graph.tensors[graph.inputs[0]].shape[1]
    add, fixed = writer.node, writer.constant
    mesh, *parts, logit = convert(graph, writer, [add("Mul", "image", fixed(1 / 255))])
    lips, left, right = (
        operator.options["subset_idxs"] for operator in graph.operators if operator.kind == "Landmarks2TransformMatrix"
    )
    mesh = _shaped(writer, mesh, (MESH, 3))
    flat = [_shaped(writer, part, (-1, 2)) for part in parts]
    places, depths = (add("Slice", mesh, *(fixed([k], np.int64) for k in span)) for span in ((0, 2, 1), (2, 3, 1)))
    source = np.arange(POINTS)  # where in mesh, lips, left and right eye, left and right iris a point's place stands
    source[[*lips, *left, *right]] = MESH + np.arange(len(lips) + len(left) + len(right))
    source[MESH:] = MESH + len(lips) + len(left) + len(right) + np.arange(POINTS - MESH)
    places = add("Gather", add("Concat", places, *flat, axis=0), fixed(source, np.int64), axis=0)
    for eye in (left, right):
        lids = add("Gather", mesh, fixed(eye[:EYELIDS], np.int64), axis=0)
        lids = add("Slice", lids, *(fixed([k], np.int64) for k in (2, 3, 1)))
        depth = add("ReduceMean", lids, fixed([0], np.int64), keepdims=1)
        depths = add("Concat", depths, add("Expand", depth, fixed([5, 1], np.int64)), axis=0)
    points = add("Mul", add("Concat", places, depths, axis=1), fixed(1 / size))
    confidence = add("Sigmoid", _shaped(writer, logit, (1,)))
    outputs = {"points": (points, (POINTS, 3)), "confidence": (confidence, (1,))}
    return writer.model("face_landmarks", {"image": (1, size, size, 3)}, outputs)


BUILDERS = {DETECTOR: detector_graph, LANDMARKS: landmark_graph}


def graphs_of(wheel: Path) -> dict[str, onnx.ModelProto]:
    """The graphs by file name. Raises MalformedFile for another file than the wheel of mediapipe 0.10.21."""
    graphs = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name, (member, expected) in MODELS.items():
                data = archive.read(member)
                if hashlib.sha256(data).hexdigest() != expected:
                    raise MalformedFile(f"{member} is not that of mediapipe 0.10.21 (its hash differs): {wheel}")
                graphs[name] = BUILDERS[name](read_tflite(data, member))
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        reason = " ".join(str(error.args[0] if error.args else error).split())
        fix = "give the wheel of mediapipe 0.10.21 (pip download mediapipe==0.10.21 --no-deps)"
        raise MalformedFile(f"no face models to be read ({reason}); {fix}: {wheel}") from None
    return graphs


def _shaped(writer: GraphWriter, value: str, shape: tuple[int, ...]) -> str:
    return writer.node("Reshape", value, writer.constant(shape, np.int64))


@click.command()
@click.option("--wheel", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Wheel of mediapipe 0.10.21, any platform's.")  # fmt: skip
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the graphs.")
def command(wheel: Path, out: Path) -> None:
    """Write the face finder's graphs from MediaPipe's wheel.

    In the folder of a face bundle that has them already, its manifest gets their hashes.
    """
    files = {name: graph.SerializeToString(deterministic=True) for name, graph in graphs_of(wheel).items()}
    out.mkdir(parents=True, exist_ok=True)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    for name, data in (files | manifest_with(out, hashes)).items():
        beside = out / f".{name}.part"
        beside.write_bytes(data)
        os.replace(beside, out / name)
    for name, data in files.items():
        click.echo(f"{name}: {len(data):,} bytes, sha256 {hashes[name]}")


def manifest_with(folder: Path, hashes: dict[str, str]) -> dict[str, bytes]:
    """The manifest of the face bundle in a folder with the graphs' hashes, to be written; nothing if there is none."""
    path = folder / MANIFEST
    if not path.exists():
        return {}
    manifest = FaceManifest.from_json(path.read_text(encoding="utf-8"))
    manifest.files.update({name: digest for name, digest in hashes.items() if name in manifest.files})
    return {MANIFEST: manifest.to_json().encode()}


if __name__ == "__main__":
    run(command, name="python -m export.face_finder")
