"""`python -m training.face.report --out PICTURE`: which values of each control training faces show, as a picture and,
with `--results`, as numbers; with `--x2c ROOT` the same of a data set, and what its splits let through.

Shapes: N faces, C controls, B bins of a control's range.
"""

import json
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from sdk.console import run as run_command
from sdk.face.controls import ControlSchema
from training.face.evaluate import commit
from training.face.samplers import KINDS, Sampler
from training.face.train import ameca_sampler
from training.face.x2c import load_x2c
from training.face.x2c_splits import SPLITS, neighbour_report

BINS = 20
FACES = 20_000
SEEN = 0.002
"""A bin counts as covered from this share of the faces on."""

Floats = NDArray[np.float64]


def histogram(values: Floats, schema: ControlSchema, range_set: str) -> Floats:
    """Share of the faces (N, C) in each bin of each control's range, (C, B); what lies outside counts at the ends."""
    low, high = schema.bounds(range_set)
    places = np.clip((values - low) / (high - low) * BINS, 0, BINS - 1).astype(int)
    return np.stack([np.bincount(column, minlength=BINS) / len(column) for column in places.T])


def coverage(shares: Floats) -> Floats:
    """Share of each control's bins that are covered, (C,)."""
    return np.asarray((shares >= SEEN).mean(1))


def pairs_covered(values: Floats, sampler: Sampler) -> float:
    """Share of the cells of all pairs of mouth controls, 6 x 6 cells a pair, that are covered: how freely they move."""
    low, high = sampler.schema.bounds(sampler.range_set)
    mouth = sampler.poses.controls
    cells = np.clip((values - low) / (high - low) * 6, 0, 5).astype(int)[:, mouth]
    found = [
        np.mean(np.bincount(cells[:, a] * 6 + cells[:, b], minlength=36) >= SEEN / 2 * len(cells))
        for a in range(len(mouth)) for b in range(a)
    ]  # fmt: skip
    return float(np.mean(found))


def data_report(sampler: Sampler, sets: dict[str, Floats]) -> dict[str, Any]:
    """For each set of faces: coverage of every control, the least covered one, and of pairs of mouth controls."""
    found = {}
    for name, values in sets.items():
        covered = coverage(histogram(values, sampler.schema, sampler.range_set))
        found[name] = {
            "faces": len(values), "mean": float(covered.mean()), "least": sampler.schema.names[int(covered.argmin())],
            "mouth_pairs": pairs_covered(values, sampler),
            "held_out_combinations": float(sampler.is_held_out(values).mean()),
            "controls": dict(zip(sampler.schema.names, covered.tolist(), strict=True)),
        }  # fmt: skip
    return found


def draw_picture(path: Path, sampler: Sampler, sets: dict[str, Floats]) -> None:
    """A panel for each set: a row for each control, darker where more faces are; the neutral value is marked."""
    from matplotlib.figure import Figure

    schema, (low, high) = sampler.schema, sampler.schema.bounds(sampler.range_set)
    rest = (schema.neutral - low) / (high - low)
    figure = Figure(figsize=(3.0 + 2.6 * len(sets), 7.5), layout="constrained")
    axes = figure.subplots(1, len(sets), sharey=True, squeeze=False)[0]
    for axis, (name, values) in zip(axes, sets.items(), strict=True):
        shares = histogram(values, schema, sampler.range_set)
        image = axis.imshow(
            np.where(shares < SEEN, np.nan, shares), aspect="auto", cmap="YlGnBu", norm="log",
            extent=(0, 1, len(schema), 0), vmin=SEEN, vmax=1,
        )  # fmt: skip
        axis.set_facecolor("#eeeae4")  # nothing here
        axis.scatter(rest, np.arange(len(schema)) + 0.5, marker="|", s=60, color="crimson", linewidths=1.5)
        covered = coverage(shares).mean()
        axis.set_title(f"{name}\n{covered:.0%} covered, mouth pairs {pairs_covered(values, sampler):.0%}", fontsize=10)
        axis.set_xticks([0, 0.5, 1], ["least", "", "most"], fontsize=8)
    axes[0].set_yticks(np.arange(len(schema)) + 0.5, schema.names, fontsize=8)
    bar = figure.colorbar(image, ax=axes, shrink=0.6, pad=0.01)
    bar.set_label(f"share of the faces in a twentieth of the range {sampler.range_set}", fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


@click.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Picture (PNG).")
@click.option("--results", type=click.Path(dir_okay=False, path_type=Path), help="The numbers as JSON.")
@click.option("--x2c", "root", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of X2C.")
@click.option("--range-set", default="x2c", show_default=True)
def command(out: Path | None, results: Path | None, root: Path | None, range_set: str) -> None:
    """Report which values of the controls training faces show."""
    sampler = ameca_sampler(range_set)
    sets = {kind: sampler.frames(np.random.default_rng(1), kind, FACES) for kind in KINDS}
    splits: dict[str, Any] = {}
    if root is not None:
        data = load_x2c(root, sampler.schema, range_set=range_set, missing="skip")
        sets["X2C"] = data.values.astype(float)
        splits = {
            name: neighbour_report(data, make(data, sampler.schema, 0), sampler.schema) for name, make in SPLITS.items()
        }
        click.echo(f"X2C: {len(data)} rows, rejected {data.rejected or 'none'}, outside the range set {data.outside}")
    found = data_report(sampler, sets)
    for name, one in found.items():
        click.echo(
            f"{name}: {one['mean']:.0%} of the ranges covered, least {one['least']} "
            f"{one['controls'][one['least']]:.0%}; pairs of mouth controls {one['mouth_pairs']:.0%}"
        )
    for name, one in splits.items():
        click.echo(f"split {name}: " + ", ".join(f"{key} {value:.4g}" for key, value in one.items()))
    if out is not None:
        draw_picture(out, sampler, sets)
    if results is not None:
        kept = {"commit": commit(), "command": f"python -m training.face.report --results {results.name}"}
        results.parent.mkdir(parents=True, exist_ok=True)
        whole = {**kept, "range_set": range_set, "sets": found, "splits": splits}
        results.write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    run_command(command, name="python -m training.face.report")
