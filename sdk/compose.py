"""Compositions from files: `python -m sdk.compose`, the same as `emomotion compose`."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from sdk.clips.files import check_apart
from sdk.clips.preview import Shot, contact_sheet
from sdk.clips.read import felt_in
from sdk.clips.read_motion import read_motion
from sdk.clips.write import FORMATS, check_writable, write_clip
from sdk.compose_file import read_composition
from sdk.console import run
from sdk.errors import InvalidInput
from sdk.making import EngineMaker, ServerMaker
from sdk.motion.motion import Motion
from sdk.runtime.composition import Composition, variations
from sdk.server_options import Connection, server_options


@click.command("compose")
@click.argument("script", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help=f"File to write, one of {', '.join(FORMATS)}."
)
@click.option("--seed", type=int, help="Instead of the script's; drawn and printed without either.")
@click.option(
    "--variations", "count", type=int, default=1, show_default=True,
    help="So many takes, of seeds n, n+1, ...; n as for one take.",
)  # fmt: skip
@click.option("--sheet", type=click.Path(path_type=Path), help="Also draw the takes below each other into this .png.")
@click.option("--server", metavar="HOST:PORT", help="Let this server compose; without it this process does.")
@click.option("--bundle", type=click.Path(path_type=Path), help="Bundle folder; without it the one that comes along.")
@server_options
def command(
    script: Path, out: Path, seed: int | None, count: int, sheet: Path | None, server: str | None, bundle: Path | None,
    connection: Connection,
) -> None:  # fmt: skip
    """Make a clip from SCRIPT, a composition as .yaml or .json: beats, what is kept, keyframes, a path; docs/edits.md.

    Beside the clip a sidecar FILE.emotion.json says what it feels and how it was made.
    """
    given: dict[Path, str] = {}

    def read(path: Path) -> Motion:
        given[path] = f"a motion that {script.name} names"
        return read_motion(path)

    composition = read_composition(script, read=read, felt=felt_in)
    if seed is not None:
        composition = replace(composition, seed=seed)
    write_takes(
        composition, out, given=given, count=count, sheet=sheet, server=server, bundle=bundle, connection=connection
    )


def write_takes(
    composition: Composition, out: Path, *, given: Mapping[Path, str], count: int, sheet: Path | None,
    server: str | None, bundle: Path | None, connection: Connection,
) -> None:  # fmt: skip
    """Make `count` takes of a composition, write each as it is made, and say what came of it.

    given: files that it was made of and what they are, which are not written over. Raises InvalidInput.
    """
    if server and bundle:
        raise InvalidInput("give either --server or --bundle, not both", field="server")
    if count != 1 and composition.seed is None:
        composition = replace(composition, seed=secrets.randbits(53))  # as a maker draws it
    takes = variations(composition, count) if composition.seed is not None else [composition]
    paths = [out if count == 1 else out.with_name(f"{out.stem}.seed{take.seed}{out.suffix}") for take in takes]
    # Before the work, so that nobody waits for a clip that cannot be kept.
    for path in paths:
        check_apart(path, given)
        check_writable(path)
    if sheet is not None and sheet.suffix.lower() != ".png":
        raise InvalidInput(f"a sheet is a .png, got {sheet.suffix!r}", field="sheet")
    shots: list[Shot] = []
    with ServerMaker(server, connection) if server else EngineMaker(bundle) as maker:
        for path, take in zip(paths, takes, strict=True):
            made = maker.compose(take)
            written = write_clip(path, made.motion, made.tags)
            motion = made.motion
            click.echo(f"clip     {path} ({len(motion)} frames, {motion.fps:g} fps, {motion.seconds:.2f} s)")
            click.echo(f"tags     {written[-1]}")
            click.echo(f"seed     {made.tags.seed}")
            click.echo(f"plan     {made.tags.plan}, {made.total_ms:.0f} ms")
            for line in made.notes:
                click.echo(f"note     {line}")
            title = f"{made.tags.prompt}, seed {made.tags.seed}"
            kept = [(span.start_s, span.end_s) for span in take.keep]
            held = [(goal.seconds, goal.end_s) for goal in take.goals]
            shots.append(Shot(motion, title, made.tags.applied, made.tags.segments or take.told(), kept, held))
    click.echo(f"licence  {made.tags.licence}")
    if sheet is not None:
        click.echo(f"sheet    {contact_sheet(shots, sheet)}")


if __name__ == "__main__":
    run(command, name="python -m sdk.compose")
