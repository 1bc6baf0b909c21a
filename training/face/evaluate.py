"""`python -m training.face.evaluate BUNDLE`: the mapper's figures on people, clips and combinations that no training
face showed. Shapes: P people, T frames of a clip, C controls.
"""

import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from numpy.typing import NDArray

from sdk.bundle.face_manifest import FaceBundle
from sdk.bundle.manifest import MANIFEST
from sdk.console import run as run_command
from sdk.face.observed import beside_neutral
from sdk.runtime.face_mapper import ROLES, Calibration, FaceMapper
from training.face.faces import FaceMaker, Faces
from training.face.found import find_people
from training.face.metrics import figures, jerk
from training.face.pictures import PictureSet, render_people
from training.face.samplers import Sampler
from training.face.train import ameca_sampler, load_landmarks, predict

Floats = NDArray[np.float64]
FPS = 30.0
FRAMES = 60
PEOPLE = 240
PICTURE_PEOPLE, FOUND_PEOPLE, FACES_EACH = 50, 40, 24
TEST_SEED = 7_000_001
"""Apart from those of training, which are small."""
TEST_KINDS = ("convex", "independent", "mixed")
PROTOCOL = (
    f"{PEOPLE} people who are in no training batch, a clip of {FRAMES} frames at {FPS:.0f} fps each, of these the "
    f"frames whose combination is held out; pictures: {PICTURE_PEOPLE} people, {FACES_EACH} such faces each; found by "
    f"the face finder in pictures: {FOUND_PEOPLE} people and their mirrored twins, {FACES_EACH} such faces each"
)


@dataclass(frozen=True, eq=False)
class ClipSet:
    """Clips of new people, one each, and which of their frames show a combination that was held out (P, T)."""

    kind: str
    faces: Faces
    values: NDArray[np.float64]
    held_out: NDArray[np.bool_]


def draw_tests(maker: FaceMaker, kind: str, *, people: int = PEOPLE, frames: int = FRAMES) -> ClipSet:
    """The test clips of one kind; the same for every network."""
    rng = np.random.default_rng([TEST_SEED, TEST_KINDS.index(kind)])
    values = np.stack([maker.sampler.clip(rng, kind, frames, fps=FPS) for _ in range(people)])
    return ClipSet(kind, maker.show(values, rng), values, maker.sampler.is_held_out(values))


def score(given: Floats, tests: ClipSet, sampler: Sampler) -> dict[str, Any]:
    """Figures of predictions (P x T, C) on the held-out frames, and the jerk of whole clips beside what was shown."""
    low, high = sampler.schema.bounds(sampler.range_set)
    chosen = tests.held_out.ravel()
    found = figures(sampler.schema, given[chosen], tests.faces.values[chosen], sampler.range_set)
    clips = np.clip(given, low, high).reshape(tests.values.shape)
    found["jerk"] = jerk(sampler.schema, list(clips), sampler.range_set, fps=FPS)
    found["jerk_shown"] = jerk(sampler.schema, list(tests.values), sampler.range_set, fps=FPS)
    return found


def closed_loop(given: Floats, wanted: Floats, maker: FaceMaker) -> dict[str, float]:
    """Landmarks of the values that were found, beside those of what was shown, in distances between the eyes.

    landmarks: with the head's pose; skin: without it.
    """
    schema, range_set = maker.sampler.schema, maker.sampler.range_set
    found, at_rest = np.clip(given, *schema.bounds(range_set)), np.broadcast_to(schema.neutral, wanted.shape)
    apart, guess = maker.landmark_distance(found, wanted), maker.landmark_distance(at_rest, wanted)
    pose = np.concatenate([schema.indices(region) for region in ("head", "neck")])
    held = [np.array(values) for values in (found, wanted, at_rest)]
    for values in held:
        values[:, pose] = schema.neutral[pose]
    return {
        "landmarks": float(apart.mean()), "landmarks_p95": float(np.quantile(apart, 0.95)),
        "landmarks_neutral_guess": float(guess.mean()),
        "skin": float(maker.landmark_distance(held[0], held[1]).mean()),
        "skin_neutral_guess": float(maker.landmark_distance(held[2], held[1]).mean()),
    }  # fmt: skip


def evaluate(predict: Callable[[Faces], Floats], sampler: Sampler) -> dict[str, Any]:
    """All figures of a landmark network, by kind of motion."""
    maker = FaceMaker(sampler)
    found: dict[str, Any] = {}
    for kind in TEST_KINDS:
        tests = draw_tests(maker, kind)
        given, chosen = predict(tests.faces), tests.held_out.ravel()
        found[kind] = score(given, tests, sampler)
        found[kind]["closed_loop"] = closed_loop(given[chosen], tests.faces.values[chosen], maker)
    return found


def evaluate_found(predict: Callable[[Faces], Floats], sampler: Sampler, kind: str, folder: Path) -> dict[str, Any]:
    """Figures of a landmark network behind the real face finder; what that found is kept in `folder`."""
    people = find_people(folder, sampler, kind, people=FOUND_PEOPLE, each=FACES_EACH, seed=TEST_SEED, held_out=True)
    faces = people.faces()
    found = figures(sampler.schema, predict(faces), faces.values, sampler.range_set)
    return {**found, "sure": float(people.sure.mean())}


def evaluate_pictures(predict: Callable[[PictureSet], Floats], sampler: Sampler, folder: Path) -> dict[str, Any]:
    """Figures of a picture network on rendered people with held-out combinations; renderings are kept in `folder`."""
    pictures = held_out_pictures(sampler, "mixed", folder)
    faces = np.setdiff1d(np.arange(len(pictures)), pictures.calm.ravel())
    return figures(sampler.schema, predict(pictures)[faces], pictures.values[faces], sampler.range_set)


def held_out_pictures(sampler: Sampler, kind: str, folder: Path) -> PictureSet:
    """The test pictures; the same for every network."""
    return render_people(folder, sampler, kind, people=PICTURE_PEOPLE, each=FACES_EACH, seed=TEST_SEED, held_out=True)


def by_bundle(mapper: FaceMapper) -> Callable[[Faces], Floats]:
    """The landmark network as it ships, in ONNX Runtime."""
    return lambda faces: mapper.values_of(beside_neutral(faces.seen, faces.neutral))[0]


def pictures_by_bundle(mapper: FaceMapper) -> Callable[[PictureSet], Floats]:
    """The picture network as it ships, one picture at a time."""

    def predict(pictures: PictureSet) -> Floats:
        edge = (pictures.pixels.shape[1] - mapper.picture_size) // 2
        cut = pictures.pixels[:, edge : edge + mapper.picture_size, edge : edge + mapper.picture_size]
        calibrations = [Calibration(pictures.calm.shape[1]) for _ in pictures.calm]
        for calibration, calm in zip(calibrations, pictures.calm, strict=True):
            for number in calm:
                calibration.add(mapper.embedding(cut[number]))
        pairs = zip(cut, pictures.person, strict=True)
        return np.stack([mapper.map_image(crop, calibrations[person]).values for crop, person in pairs])

    return predict


def commit() -> str:
    """The commit of this working tree, "-dirty" where it was changed since."""
    command = ["git", "describe", "--always", "--dirty"]
    found = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent)
    return found.stdout.strip() or "unknown"


@click.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--pictures", type=click.Path(file_okay=False, path_type=Path), help="Also the picture network's figures."
)
@click.option("--found", type=click.Path(file_okay=False, path_type=Path), help="Also behind the real face finder.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Results file.")
def command(source: Path, pictures: Path | None, found: Path | None, out: Path | None) -> None:
    """Print the figures of the mapper in SOURCE: a bundle, or the run of a landmark network."""
    torch.set_num_threads(1)
    mapper = FaceMapper.open(source) if (source / MANIFEST).exists() else None
    if mapper is not None:
        sampler, by_landmarks = ameca_sampler(mapper.range_set), by_bundle(mapper)
    else:
        model, saved = load_landmarks(source)
        sampler = ameca_sampler(saved["meta"]["range_set"])
        by_landmarks = partial(predict, model, kind=saved["meta"]["input"], sampler=sampler)
    results = {"landmarks": evaluate(by_landmarks, sampler)}
    if found is not None:
        results["found"] = {kind: evaluate_found(by_landmarks, sampler, kind, found) for kind in ("convex", "mixed")}
    if pictures is not None and mapper is not None:
        results["pictures"] = {"mixed": evaluate_pictures(pictures_by_bundle(mapper), sampler, pictures)}
    for part, kinds in results.items():
        for kind, one in kinds.items():
            click.echo(f"{part}, {kind}: {in_words(one)}")
    if out is not None:
        about = {"command": f"python -m training.face.evaluate {source.name} --out {out.name}", "protocol": PROTOCOL}
        about |= {} if mapper is None else {"content_sha256": content_sha256(mapper.bundle)}
        keep(out, {**about, **results})


def in_words(one: dict[str, Any]) -> str:
    """One line of figures."""
    worst, least = one["worst_control"], one["least_gain"]
    regions = ", ".join(f"{region} {value:.4f}" for region, value in one["nmae_by_region"].items())
    return (
        f"nMAE {one['nmae']:.4f} (neutral {one['nmae_neutral_guess']:.4f}), mouth {one['nmae_mouth']:.4f}, worst "
        f"{worst['name']} {worst['nmae']:.4f}, least gain {least['name']} {least['neutral_ratio']:.2f}, "
        f"R2 {one['r2']:.3f}; {regions}"
    )


def content_sha256(bundle: FaceBundle) -> str:
    """Hash of what decides the mapper's values: its graphs and the schema. Figures in the manifest do not change it."""
    names = sorted([bundle.manifest.schema_file, *(bundle.manifest.graphs[role].file for role in ROLES)])
    return hashlib.sha256("".join(bundle.manifest.files[name] for name in names).encode()).hexdigest()


def keep(path: Path, found: dict[str, Any]) -> None:
    """Write a results file, with the commit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"commit": commit(), **found}, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    run_command(command, name="python -m training.face.evaluate")
