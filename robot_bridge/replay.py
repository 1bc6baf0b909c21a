"""`python -m robot_bridge.replay LOG`: play a log again and compare every demand with the one it holds, byte for
byte."""

import hashlib
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from pathlib import Path

import click

from emomotion.v1 import face_pb2
from robot_bridge.bridge import submit
from robot_bridge.core import Core, Settings
from robot_bridge.record import VERSION, Record, applied_bytes, read_log
from sdk.console import run
from sdk.errors import EmoMotionError, InvalidInput, MalformedFile
from sdk.face.controls import ControlSchema, parse_schema


class Differs(EmoMotionError):
    """A replay does not give what the log holds; the message says from which tick on."""


@dataclass
class Replay:
    """What a replay gave. torn: bytes at the log's end that are no record. damaged: whole records are among them."""

    ticks: int = 0
    demands: int = 0
    frames: int = 0
    torn: int = 0
    damaged: bool = False
    differs: str = ""
    applied: list[bytes] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        """Of all demands and masks, in order."""
        return hashlib.sha256(b"".join(self.applied)).hexdigest()


def replay(path: Path) -> Replay:
    """Play a log again. Raises MalformedFile for a file that is none."""
    made, core, schema = Replay(), None, None
    for number, record in enumerate(read_log(path)):
        if record.kind == "torn":
            made.torn, made.damaged = record.fields["bytes"], record.fields["more"]
        elif record.kind == "S":
            core, schema = _begun(record, path)
        elif core is None or schema is None:
            raise MalformedFile(f"the log does not begin with its settings: {path}")
        else:
            try:
                _told(core, schema, record, made)
            except (EmoMotionError, ValueError) as error:
                raise MalformedFile(f"record {number} of the log cannot be played ({error}): {path}") from None
    if core is None:
        raise MalformedFile(f"the log holds no whole record, only {made.torn} bytes: {path}")
    return made


def _begun(record: Record, path: Path) -> tuple[Core, ControlSchema]:
    about = record.fields
    if about.get("version") != VERSION:
        raise MalformedFile(f"the log is of version {about.get('version')!r}; this program reads {VERSION}: {path}")
    schema = parse_schema(about["schema"].encode(), "the log's schema")
    controls = tuple(
        replaced(control, neutral=neutral) for control, neutral in zip(schema, about["neutral"], strict=True)
    )
    schema = replaced(schema, controls=controls)
    return Core(schema, Settings(**about["settings"])), schema


def _told(core: Core, schema: ControlSchema, record: Record, made: Replay) -> None:
    """Do to the core what the record says was done, and compare what came of a tick."""
    fields = record.fields
    if record.kind == "A":
        core.acquire(fields["writer"], fields["now"], over=fields["over"])
    elif record.kind == "G":
        core.give_up(fields["lease"])
    elif record.kind == "F":
        made.frames += 1
        message = face_pb2.FaceFrame.FromString(fields["message"])
        submit(core, schema, fields["lease"], message, fields["now"])
    elif record.kind == "C":
        core.command(fields["command"], fields["now"], start=fields["start"])
    elif record.kind == "X":
        core.fail(fields["reason"], cut=fields["cut"])
    else:
        tick = core.tick(fields["now"])
        applied = b"" if tick.values is None else applied_bytes(tick)
        made.ticks += 1
        made.demands += bool(applied)
        made.applied.append(applied)
        same = applied == fields["applied"] and tick.state == fields["state"] and tick.release == fields["release"]
        if not same and not made.differs:
            made.differs = f"tick {made.ticks} is {tick.state}, in the log {fields['state']}"
            if tick.state == fields["state"]:
                made.differs = f"the demand of tick {made.ticks} is another one than in the log"
    core.take_acks()


@click.command("replay")
@click.argument("log", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the demands there: values as float64, then the mask, for each.")  # fmt: skip
def command(log: Path, out: Path | None) -> None:
    """Play LOG again; fails if any demand differs by a bit."""
    made = replay(log)
    if out is not None:
        try:
            out.write_bytes(b"".join(made.applied))
        except OSError as error:
            raise InvalidInput(f"--out cannot be written ({error.strerror}): {out}", field="out") from None
    if made.torn and not made.damaged:
        click.echo(f"the log ends in {made.torn} bytes that are no record: the bridge was interrupted there")
    if made.differs:
        raise Differs(f"the replay differs: {made.differs}")
    if made.damaged:
        where = f"behind tick {made.ticks}, {made.torn} bytes before its end; up to there the replay is identical"
        raise MalformedFile(f"the log is damaged {where}: {log}")
    click.echo(f"{made.ticks} ticks, {made.demands} demands, {made.frames} frames: identical, sha256 {made.sha256}")


if __name__ == "__main__":
    run(command, name="python -m robot_bridge.replay")
