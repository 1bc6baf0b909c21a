"""`emomotion batch clips.csv --out folder`: all that a list asks for, with progress, resumed where it stopped."""

import sys
from pathlib import Path

import click
from tqdm import tqdm

from sdk.batch.names import stems
from sdk.batch.record import Record
from sdk.batch.rows import DEFAULT_NAME, Faults, read_list
from sdk.batch.sheet import write_sheet
from sdk.batch.work import Outcome, Stopped, Task, check_folder, make_all, rig_faults, strangers, tasks_of
from sdk.clips.files import check_apart
from sdk.errors import InvalidInput
from sdk.making import EngineMaker, ServerMaker
from sdk.server_options import Connection, server_options

SOME_FAILED = 1
"""Exit code of a batch that ended without some of its clips."""
SHOWN = 20
"""So many faults, failures or files are named on the screen."""


@click.command("batch")
@click.argument("clips", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the clips; made.")
@click.option("--server", metavar="HOST:PORT", help="Let this server generate; without it this process does.")
@click.option("--bundle", type=click.Path(path_type=Path), help="Bundle folder; without it the one that comes along.")
@click.option("--workers", type=click.IntRange(1, 64), help="Clips at once: 2 unless said, 4 with a server.")
@click.option("--format", "suffix", metavar="SUFFIX", help="Of rows that say none; .glb unless said.")
@click.option("--name", metavar="PATTERN", help=f"Of rows that say none; {DEFAULT_NAME} unless said.")
@click.option("--lock-feet", is_flag=True, default=None, help="Hold planted feet still, where a row says nothing.")
@click.option("--ground", is_flag=True, default=None, help="Put the feet on the ground, where a row says nothing.")
@click.option("--smooth", type=float, metavar="0..1", help="Smooth so much, where a row says nothing.")
@click.option("--in-place", is_flag=True, default=None, help="Stay over the starting point, where a row says nothing.")
@click.option("--rig", metavar="NAME|FILE", help="Put clips on this rig, where a row says nothing.")
@click.option("--check", is_flag=True, help="Only check the list and tell what would be made.")
@click.option(
    "--replace", is_flag=True, help="Write over files in the folder that are not of this batch, or were changed."
)
@server_options
def command(
    clips: Path,
    out: Path | None,
    server: str | None,
    bundle: Path | None,
    workers: int | None,
    suffix: str | None,
    name: str | None,
    lock_feet: bool | None,
    ground: bool | None,
    smooth: float | None,
    in_place: bool | None,
    rig: str | None,
    check: bool,
    replace: bool,
    connection: Connection,
) -> int:
    """Make all clips of a list, CLIPS.csv or CLIPS.yaml, into a folder, with a contact sheet index.html.

    Run the same command again after a stop: what was made is kept, and only the rest is made.
    """
    if out is None and not check:
        raise InvalidInput("say where to put the clips with --out FOLDER", field="out")
    if server and bundle:
        raise InvalidInput("give either --server or --bundle, not both", field="server")
    told = {"lock_feet": lock_feet, "ground": ground, "smooth": smooth, "in_place": in_place, "rig": rig}
    defaults = {"format": suffix, "name": name, **told}
    try:
        rows = read_list(clips, defaults)
        names, faults = stems(rows)
        faults += rig_faults(rows)
        if faults:
            raise Faults(clips.name, faults)
    except Faults as error:
        _lines(error.faults)
        raise InvalidInput(str(error).partition(": ")[0], field="list") from None
    if check or out is None:
        files = sum(len(row.formats) for row in rows)
        click.echo(f"{clips.name} is in order: {_count(len(rows), 'clip')}, {_count(files, 'file')} and their sidecars")
        return 0
    check_folder(out)
    rigs = {Path(row.rig): "a rig that the list names" for row in rows if row.rig is not None}
    with Record(out) as record, ServerMaker(server, connection) if server else EngineMaker(bundle) as maker:
        tasks = tasks_of(rows, names, maker.facts.sha256)
        for path in (path for task in tasks for path in task.clips):
            check_apart(out / path, rigs)
        _check_strangers(tasks, out, record, replace)
        return _run(tasks, maker, out, record, title=clips.stem, workers=workers or (4 if server else 2))


def _run(
    tasks: list[Task], maker: EngineMaker | ServerMaker, out: Path, record: Record, *, title: str, workers: int
) -> int:
    bar = tqdm(total=len(tasks), unit="clip", disable=None, file=sys.stderr, dynamic_ncols=True)
    failed = 0

    def done(task: Task, problem: str) -> None:
        nonlocal failed
        if problem:
            failed += 1
            bar.set_postfix(failed=failed)
        bar.update()

    outcome = Outcome()
    try:
        with bar:
            make_all(tasks, maker, out, record, workers=workers, done=done, outcome=outcome)
    except (Stopped, KeyboardInterrupt) as error:
        there = len(outcome.made) + len(outcome.kept)
        click.echo(f"stopped: {there} of {_count(len(tasks), 'clip')} are done and kept", err=True)
        if isinstance(error, KeyboardInterrupt):
            raise
        raise InvalidInput(f"{error}; mend that and run the same command again", field="out") from None
    there_now = {task.key for task in (*outcome.made, *outcome.kept)}
    ready = [task for task in tasks if task.key in there_now]
    sheet = write_sheet(out, title, ready, outcome.failed, record)
    _lines([f"line {task.row.line}: {task.stem}: {problem}" for task, problem in outcome.failed])
    rows = [("made", f"{_count(len(outcome.made), 'clip')} in {out}")]
    rows += [("kept", f"{_count(len(outcome.kept), 'clip')} that were there")] if outcome.kept else []
    rows += [("failed", f"{_count(len(outcome.failed), 'clip')}; run the same command again")] if outcome.failed else []
    for row_name, value in [*rows, ("sheet", str(sheet))]:
        click.echo(f"{row_name:<8} {value}")
    return SOME_FAILED if outcome.failed else 0


def _check_strangers(tasks: list[Task], out: Path, record: Record, replace: bool) -> None:
    found = [] if replace else strangers(tasks, out, record)
    if not found:
        return
    _lines([f"{out / path}: not made by this batch, or changed since" for path in found])
    many = _count(len(found), "file")
    raise InvalidInput(
        f"{many} in {out} would be lost; move them away, or say --replace to write over them", field="out"
    )


def _lines(lines: tuple[str, ...] | list[str]) -> None:
    for line in lines[:SHOWN]:
        click.echo(line, err=True)
    if len(lines) > SHOWN:
        click.echo(f"... and {len(lines) - SHOWN} more", err=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
