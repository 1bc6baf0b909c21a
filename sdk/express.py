"""The command `emomotion express`: a feeling as values of a robot's face, or as blendshapes, printed or in a file.

emomotion express joy
emomotion express joy --then 2 "sadness:0.7,fear:0.3" --seconds 5 --blendshapes --out face.csv
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
from click.core import ParameterSource

from sdk.console import run
from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.face.affect_face import FaceActor, FaceWish, face_values
from sdk.face.blendshapes import AFFECT_DERIVED, NAMES, Blendshapes
from sdk.face.controls import Array, ControlSchema
from sdk.face.expressions import ameca_schema, load_poses

MAX_SECONDS = 600.0
OF_A_FILE = ("then", "seconds", "fps", "seed", "still", "range_set")


@click.command("express")
@click.argument("affect")
@click.option(
    "--intensity", type=click.FloatRange(0, 1), help="How strongly it is felt; 0.7 unless the word says more."
)
@click.option("--then", nargs=2, type=(click.FloatRange(0), str), multiple=True, metavar="SECONDS AFFECT",
              help="What is felt from a moment of the file on; may be repeated.")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(0.1, MAX_SECONDS), default=4.0, show_default=True,
              help="Length of the file.")  # fmt: skip
@click.option("--fps", type=click.FloatRange(10, 120), default=60.0, show_default=True, help="Frames a second.")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True, help="Of blinks and glances.")
@click.option("--still", is_flag=True, help="No movements of its own.")
@click.option("--range-set", default="tight", show_default=True, help="Range set of the controls.")
@click.option("--blendshapes", is_flag=True, help="ARKit-compatible blendshapes instead of controls.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              help="CSV to write; without it the resting face is printed.")  # fmt: skip
@click.pass_context
def command(
    context: click.Context, affect: str, intensity: float | None, then: tuple[tuple[float, str], ...], seconds: float,
    fps: float, seed: int, still: bool, range_set: str, blendshapes: bool, out: Path | None,
) -> None:  # fmt: skip
    """Show AFFECT, e.g. joy or "joy:0.6,trust:0.4", on a robot's face. Never run on hardware."""
    schema = ameca_schema()
    first = Affect.of(affect, intensity)
    shapes = Blendshapes(schema) if blendshapes else None
    if out is None:
        check_no_file_is_meant(context)
        for line in table(schema, first, shapes):
            click.echo(line)
        return
    for at, feeling in then:
        if at >= seconds:
            message = f"--then {at:g} {feeling} comes after the end of the file, which has {seconds:g} --seconds"
            raise InvalidInput(message, field="then")
    wishes = [(at, Affect.of(feeling)) for at, feeling in sorted(then, key=lambda each: each[0])]
    actor = FaceActor(schema, seed=seed, range_set=range_set, still=still, wish=FaceWish(first))
    values = np.array(list(played(actor, wishes, count=round(seconds * fps), fps=fps)))
    names = schema.names if shapes is None else NAMES
    write_csv(out, names, values if shapes is None else shapes.of(values), fps)
    what = "controls" if shapes is None else f"blendshapes ({AFFECT_DERIVED})"
    click.echo(f"{out}: {len(values)} frames of {len(names)} {what}")


def check_no_file_is_meant(context: click.Context) -> None:
    """Raises InvalidInput for an option that only a file can show."""
    for name in OF_A_FILE:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = f"--{name.replace('_', '-')}"
            raise InvalidInput(f"{option} is for a file, and none is written; give --out too", field=name)


def table(schema: ControlSchema, affect: Affect, shapes: Blendshapes | None) -> Iterator[str]:
    """The resting face of an affect, one line for each control, or for each blendshape above 0."""
    if shapes is not None:
        for name, value in zip(NAMES, shapes.of_affect(affect), strict=True):
            if value > 0:
                yield f"{name:<20} {value:5.2f}"
        return
    values = face_values(load_poses(schema), affect)
    for name, value, neutral in zip(schema.names, values, schema.neutral, strict=True):
        moved = f"  {value - neutral:+.2f}" if value != neutral else ""
        yield f"{name:<26} {value:7.2f}{moved}"


def played(actor: FaceActor, wishes: list[tuple[float, Affect]], *, count: int, fps: float) -> Iterator[Array]:
    """Values of so many frames; each wish is made in the frame of its moment."""
    pending = list(wishes)
    for number in range(count):
        while pending and pending[0][0] <= number / fps:
            actor.change(FaceWish(pending.pop(0)[1]))
        yield actor.step(1 / fps)


def write_csv(path: Path, names: tuple[str, ...], values: Array, fps: float) -> None:
    """A row for each frame: its time in seconds, then the values. Raises InvalidInput where nothing can be written."""
    beside = path.with_name(f".{path.name}.part")
    try:
        with beside.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["seconds", *names])
            for number, row in enumerate(values):
                writer.writerow([f"{number / fps:.4f}", *(f"{value:.5f}" for value in row)])
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise InvalidInput(f"--out cannot be written ({error.strerror}): {path}", field="out") from None


if __name__ == "__main__":
    run(command, name="python -m sdk.express")
