"""`python -m export.face_mapper RUN --out sdk/bundle/face`: the mapper's two networks into the face's bundle.

Weights are stored as int8 by channel, arithmetic is float32 (export.storage). The folder is replaced only when all is
written and opens again; graphs that lie there already and are not the mapper's stay, and get their hashes.
"""

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.export import Dim

from export.bundle import CARD, put_in_place, reference_arrays
from export.graphs import GraphSpec, described, export_graph
from export.storage import round_weights
from sdk.bundle.face_manifest import FACE_FORMAT_VERSION, FaceBundle, FaceManifest
from sdk.bundle.manifest import MANIFEST, Graph
from sdk.console import run as run_command
from sdk.errors import InvalidInput
from sdk.face.expressions import SCHEMA_FILE
from sdk.face.observed import OBSERVED
from sdk.runtime.face_mapper import IMAGE, LANDMARKS, ROLES, FaceMapper
from sdk.runtime.sessions import open_session
from training.face.evaluate import commit
from training.face.faces import FaceMaker, network_input
from training.face.found import FoundSet
from training.face.image import load_image
from training.face.nets import ImageNet, LandmarkNet
from training.face.pictures import centred, render_people
from training.face.samplers import Sampler
from training.face.train import ameca_sampler, load_landmarks, together, trained_with

NAME, VERSION = "ameca-rig-mapper", "0.1.0"
REFERENCE = "mapper_reference.npz"
INSIDE = 0.999
"""Share of training faces whose distance counts as inside, with full confidence."""
PARITY_GATE = 1e-4
MEDIAPIPE = "Apache-2.0, weights of MediaPipe (Google LLC), converted by export.face_finder"
EXAMPLES = 3
SEED = 4_000_037


class _ImageStep(nn.Module):
    """The picture network as the runtime calls it: with how far the picture lies from those of training."""

    def __init__(self, net: ImageNet, mean_E: Tensor, std_E: Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("seen_mean", mean_E)
        self.register_buffer("seen_std", std_E)

    def forward(self, picture: Tensor, neutral: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        deviations, embedding = self.net(picture, neutral)
        return deviations, embedding, ((embedding - self.seen_mean) / self.seen_std).square().mean(-1).sqrt()


@dataclass(frozen=True)
class Parts:
    """Everything of the mapper but its card: graphs to export, arrays of the reference, entries of the manifest."""

    specs: dict[str, GraphSpec]
    reference: dict[str, np.ndarray]
    mapper: dict[str, Any]
    provenance: dict[str, Any]
    sampler: Sampler


def landmark_spec(net: LandmarkNet, example: Tensor) -> GraphSpec:
    """The landmark network as a graph over any number of faces; its weights are rounded in place."""
    round_weights(net, int8=True)
    count, controls = net.config.features, net.config.controls
    meaning = "features of the face minus those of the person's neutral one"
    return GraphSpec(
        net.eval(), {"features": example}, {"features": {0: Dim("faces", min=1, max=4096)}},
        {"features": described("float32", meaning, "B", count)},
        {
            "deviations": described("float32", "deviations from neutral, in widths of the range set", "B", controls),
            "distance": described("float32", "root mean square of the whitened features; about 1 in training", "B"),
        },
        int8=True,
    )  # fmt: skip


def image_spec(net: ImageNet, pictures_B3SS: Tensor) -> GraphSpec:
    """The picture network, without batch normalisation, as a graph; its weights are rounded in place."""
    round_weights(net, int8=True)
    with torch.no_grad():
        seen_BE = net.eval().embedding(pictures_B3SS)
    step = _ImageStep(net, seen_BE.mean(0), seen_BE.std(0).clamp(min=1e-3)).eval()
    faces, size, width = Dim("faces", min=1, max=1024), net.config.size, net.width
    meaning = "deviations from neutral, in widths of the range set"
    return GraphSpec(
        step, {"picture": pictures_B3SS[:EXAMPLES], "neutral": seen_BE[:EXAMPLES].flip(0)},
        {"picture": {0: faces}, "neutral": {0: faces}},
        {
            "picture": described("float32", "RGB in 0..1, cut by sdk.face.crop", "B", 3, size, size),
            "neutral": described("float32", "mean embedding of the person's neutral pictures", "B", width),
        },
        {
            "deviations": described("float32", meaning, "B", net.config.controls),
            "embedding": described("float32", "what a calibration collects", "B", width),
            "distance": described("float32", "root mean square of the whitened embedding; about 1 in training", "B"),
        },
        int8=True,
    )  # fmt: skip


def mapper_parts(run: Path, image_run: Path, found: FoundSet | None = None) -> Parts:
    """Everything of two finished runs; `found`: faces by the face finder, which count as inside too.

    Raises InvalidInput for unfinished runs and those that do not go together.
    """
    net, saved = load_landmarks(run)
    image, image_saved = load_image(image_run)
    for name, one in ((run, saved), (image_run, image_saved)):
        if one["step"] < one["meta"]["schedule"]["steps"]:
            raise InvalidInput(f"{name} is not finished: step {one['step']} of {one['meta']['schedule']['steps']}")
    range_set = saved["meta"]["range_set"]
    if saved["meta"]["input"] != "relative" or range_set != image_saved["meta"]["range_set"]:
        raise InvalidInput("the mapper ships a landmark network of relative input, and both networks of one range set")
    sampler = ameca_sampler(range_set)
    faces = FaceMaker(sampler).draw("mixed", np.random.default_rng(SEED), people=256, each=16)
    with tempfile.TemporaryDirectory() as folder:
        pictures = render_people(Path(folder), sampler, "mixed", people=40, each=8, seed=SEED)
    x_B3SS, x_BF = centred(pictures.pixels, image.config.size), torch.from_numpy(network_input(faces, "relative"))
    specs = {LANDMARKS: landmark_spec(net, x_BF[:EXAMPLES]), IMAGE: image_spec(image.folded(), x_B3SS)}
    with torch.no_grad():
        step = specs[IMAGE].module
        seen_BE = step.net.embedding(x_B3SS)
        seen_BF = x_BF if found is None else torch.from_numpy(network_input(together(faces, found.faces()), "relative"))
        distances = {LANDMARKS: net(seen_BF)[1].numpy(), IMAGE: step(x_B3SS, seen_BE)[2].numpy()}
    average = {
        "neutral." + LANDMARKS: np.median(faces.neutral, 0).astype(np.float32),
        "neutral." + IMAGE: seen_BE[torch.from_numpy(pictures.calm.ravel())].mean(0).numpy(),
    }
    kept = ("kind", "loss", "schedule", "seed")
    return Parts(
        specs=specs,
        reference={**average, **reference_arrays(specs)},
        mapper={
            "input": "observed numbers minus those of the person's neutral (sdk.face.observed.beside_neutral)",
            "features": list(OBSERVED), "reference": REFERENCE, "picture_size": image.config.size,
            "inside": {role: round(float(np.quantile(d, INSIDE)), 4) for role, d in distances.items()},
            "picture": "RGB in 0..1, no other normalisation; the square of sdk.face.crop",
        },
        provenance={
            "commit": commit(), "data": "rendered by sdk.face.rig; no pictures of people or robots",
            "landmarks": {key: saved["meta"][key] for key in (*kept, "input", "found", "found_faces")},
            "pictures": {key: image_saved["meta"][key] for key in (*kept, "rendered", "each")},
        },
        sampler=sampler,
    )  # fmt: skip


def write_mapper(
    run: Path, image_run: Path, out: Path, *, found: FoundSet | None = None, quality: dict[str, Any] | None = None,
    version: str = VERSION,
) -> FaceBundle:  # fmt: skip
    """Export two finished runs into the folder `out`; graphs of others in it stay. Raises InvalidInput as
    `mapper_parts`, and when a graph differs from torch by more than PARITY_GATE.
    """
    parts = mapper_parts(run, image_run, found)
    out.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        others = [path for path in sorted(out.glob("*.onnx")) if path.stem not in ROLES]
        for path in others:
            shutil.copyfile(path, new / path.name)
        shutil.copyfile(SCHEMA_FILE, new / SCHEMA_FILE.name)
        for role, spec in parts.specs.items():
            export_graph(spec, new / f"{role}.onnx")
        np.savez_compressed(new / REFERENCE, **parts.reference)  # type: ignore[arg-type]
        parity = {
            role: measured_parity(spec, (new / f"{role}.onnx").read_bytes()) for role, spec in parts.specs.items()
        }
        if (worst := max(parity.values())) > PARITY_GATE:
            raise InvalidInput(f"a graph differs from torch by {worst:.2g}, more than {PARITY_GATE:g}: {parity}")
        graphs = {
            role: Graph(file=f"{role}.onnx", inputs=s.inputs, outputs=s.outputs) for role, s in parts.specs.items()
        }
        graphs |= {path.stem: described_graph(path) for path in others}
        finish(new, parts, graphs, parity, quality or {}, version)
        new.chmod(0o755)
        put_in_place(new, out)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return FaceBundle.load(out)


def finish(
    folder: Path,
    parts: Parts,
    graphs: dict[str, Graph],
    parity: dict[str, float],
    quality: dict[str, Any],
    version: str,
) -> None:
    """Write card and manifest of a folder whose other files are there, and open it as a user would."""
    schema = (folder / SCHEMA_FILE.name).read_bytes()
    licences = {graph.file: MEDIAPIPE for role, graph in graphs.items() if role not in ROLES}
    manifest = FaceManifest(
        format_version=FACE_FORMAT_VERSION, name=NAME, version=version, licence="Apache-2.0", licences=licences,
        range_set=parts.sampler.range_set, schema_file=SCHEMA_FILE.name,
        schema_sha256=hashlib.sha256(schema).hexdigest(), graphs=graphs, mapper=parts.mapper, files={}, parity=parity,
        quality=quality, provenance=parts.provenance,
    )  # fmt: skip
    (folder / CARD).write_text(model_card(manifest, folder))
    manifest.files.update({p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())})
    (folder / MANIFEST).write_text(manifest.to_json())
    FaceMapper(FaceBundle.load(folder))


def measured_parity(spec: GraphSpec, graph: bytes) -> float:
    """Least gain: the control whose error comes closest to that of the neutral face as a guess; at 1 nothing is gained.
    Largest difference between torch and ONNX Runtime over the examples, by the largest number of the output."""
    session = open_session(graph, threads=1)
    given = session.run(None, {name: value.numpy() for name, value in spec.example.items()})
    with torch.no_grad():
        wanted = spec.module(*spec.example.values())
    pairs = [(a, b.numpy()) for a, b in zip(given, wanted, strict=True)]
    return float(max(np.abs(a - b).max() / max(1.0, np.abs(b).max()) for a, b in pairs))


def described_graph(path: Path) -> Graph:
    """A graph of others as the manifest shows it, read from its file."""
    graph = onnx.load(path).graph

    def rows(values: Any) -> dict[str, list[Any]]:
        types = {value.name: value.type.tensor_type for value in values}
        return {
            name: described(
                onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type).name, "see sdk.runtime.face_finder",
                *(d.dim_param or d.dim_value for d in kind.shape.dim)
            )
            for name, kind in types.items()
        }  # fmt: skip

    return Graph(file=path.name, inputs=rows(graph.input), outputs=rows(graph.output))


def model_card(manifest: FaceManifest, folder: Path) -> str:
    """What the bundle is, for people."""
    mixed = manifest.quality.get("landmarks", {}).get("mixed", {})
    found, pictures = (manifest.quality.get(part, {}) for part in ("found", "pictures"))

    def row(name: str, one: dict[str, Any]) -> str:
        if not one:
            return f"| {name} | not measured | | | | |"
        worst = f"{one['worst_control']['name']} {one['worst_control']['nmae']:.3f}"
        least = f"{one['least_gain']['name']} {one['least_gain']['neutral_ratio']:.2f}"
        figures = " | ".join(f"{one[key]:.4f}" for key in ("nmae_neutral_guess", "nmae", "nmae_mouth"))
        return f"| {name} | {figures} | {worst} | {least} |"

    sizes = "\n".join(
        f"| {graph.file} | {(folder / graph.file).stat().st_size / 1e3:,.0f} kB | "
        f"{manifest.licences.get(graph.file, manifest.licence)} |"
        for graph in manifest.graphs.values()
    )
    return f"""# {manifest.name} {manifest.version}

From a human face to the 30 low-level controls of an Ameca face. Never run on hardware.

`mapper` reads {len(manifest.mapper["features"])} numbers of the landmarks minus those of the person's own neutral face,
`mapper_image` reads an RGB picture of the face beside the embedding of the person's own neutral picture. Both give
deviations from neutral in widths of the range set `{manifest.range_set}`.

## What it was trained on

Only on a parametric face (`sdk.face.rig`): no picture of a person, of a robot, or of the X2C data set was used. How far
skin follows a motor, how people differ, and how cameras see them is assumed there. What may be claimed of these
weights: they recover the controls of that virtual rig. What may not: that they work on an Ameca.

## Figures

Mean absolute error in widths of the range set `{manifest.range_set}`, mixed motion, on people, clips and combinations
that training did not show:

| network | the neutral face as a guess | all controls | mouth | worst control | least gain, by the guess |
| --- | --: | --: | --: | --- | --- |
{row("`mapper`, on the rig's own points with a landmark network's noise", mixed)}
{row("`mapper`, on what the real face finder sees in renderings", found.get("mixed", {}))}
{row("the same, convex motion, as people move", found.get("convex", {}))}
{row("`mapper_image`, on renderings", pictures.get("mixed", {}))}

Least gain: the control whose error comes closest to that of the neutral face as a guess; at 1 nothing is gained.
Largest difference between torch and ONNX Runtime: {max(manifest.parity.values()):.1g}.

## Files

| file | size | terms |
| --- | --: | --- |
{sizes}

## Limits

- A person must be calibrated: a few calm faces before the same camera. Without, an average face stands in.
- Bent neck and turned head look alike but for the place of the head, so a person who moves away from where the
  calibration was made seems to bend the neck.
- How far a person's skin goes with a muscle is not known from the neutral face; lively and stiff faces are mapped
  alike.
- A face finder looks for human faces. What people do it follows; random combinations of all controls it does not, as
  the second and third row say. Rolled lips and a wrinkled nose it hardly sees.
- `mapper_image` saw only renderings before plain backdrops, without glasses, beards or hands. It sees gaze to the side
  hardly at all; prefer `mapper` where a face finder runs.
- Gaze is not seen while both upper lids are shut.
- Values are clipped to the range set. Limits of the robot (coupled lips, speed) are the bridge's business.
"""


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--image", "image_run", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Run of the picture network.",
)  # fmt: skip
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the bundle.")
@click.option(
    "--found", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the faces that RUN was trained with; see training.face.train.",
)  # fmt: skip
@click.option(
    "--quality", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Results file of training.face.evaluate, to be kept in the manifest.",
)  # fmt: skip
def command(run: Path, image_run: Path, out: Path, found: Path | None, quality: Path | None) -> None:
    """Write the face's bundle from the landmark network in RUN and a picture network."""
    torch.set_num_threads(1)
    kept = {} if quality is None else kept_quality(json.loads(quality.read_text()))
    faces = None if found is None else trained_with(found, load_landmarks(run)[1]["meta"])
    bundle = write_mapper(run, image_run, out, found=faces, quality=kept)
    for name in sorted(bundle.manifest.files):
        click.echo(f"{name}: {len(bundle.contents[name]):,} bytes")
    click.echo(f"parity {bundle.manifest.parity}, bundle {bundle.sha256}")


def kept_quality(results: dict[str, Any]) -> dict[str, Any]:
    """What the manifest keeps of a results file: no figures by control."""
    parts = {part: results[part] for part in ("landmarks", "found", "pictures") if part in results}
    return {
        part: {kind: {key: value for key, value in one.items() if key != "controls"} for kind, one in kinds.items()}
        for part, kinds in parts.items()
    }


if __name__ == "__main__":
    run_command(command, name="python -m export.face_mapper")
