"""Quick edits of a clip file: `python -m sdk.edit`, the same as `emomotion edit`."""

import itertools
from pathlib import Path
from typing import NoReturn

import click

from sdk.clips.read import felt_in, read_tags
from sdk.clips.read_motion import read_motion
from sdk.clips.write import FORMATS
from sdk.compose import write_takes
from sdk.compose_file import composition_from_object
from sdk.console import run
from sdk.emotion import Affect
from sdk.errors import InvalidInput, MalformedFile
from sdk.post import Post
from sdk.runtime.composition import Beat, Composition, Span
from sdk.server_options import Connection, server_options


@click.command("edit")
@click.argument("clip", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help=f"File to write: {', '.join(FORMATS)}.")
@click.option("--redo", multiple=True, metavar="FROM:TO", help="Make these seconds anew and keep the rest.")
@click.option("--keep", multiple=True, metavar="FROM:TO", help="Keep these seconds and make the rest anew.")
@click.option("--seconds", type=float, help="Length of the result; with more than the clip has, it goes on.")
@click.option("--upper", is_flag=True, help="Make spine, head and arms anew, keep legs and way.")
@click.option("--loop", is_flag=True, help="Let the end meet the beginning.")
@click.option("--text", help="What is done in the new part; what the clip's tags say of that moment unless said.")
@click.option("--emotion", help='How it feels: "joy", "rage", "joy:0.6,trust:0.4"; as the tags say of it unless said.')
@click.option("--intensity", type=float, help="How strongly it is felt, 0..1.")
@click.option("--speed", type=float, default=1.0, show_default=True, help="Pace of the new part, 0.5..2.")
@click.option("--lock-feet", is_flag=True, help="Hold planted feet still in the new part.")
@click.option("--smooth", type=float, default=0.0, show_default=True, help="Smooth the new part, 0..1.")
@click.option("--seed", type=int, help="The same seed gives the same clip; drawn and printed unless said.")
@click.option(
    "--variations", "count", type=int, default=1, show_default=True,
    help="So many takes, of seeds n, n+1, ...; n as for one take.",
)  # fmt: skip
@click.option("--sheet", type=click.Path(path_type=Path), help="Also draw the takes below each other into this .png.")
@click.option("--plan", metavar="NAME", help="Way to decode; `emomotion info` lists them.")
@click.option("--server", metavar="HOST:PORT", help="Let this server work; without it this process does.")
@click.option("--bundle", type=click.Path(path_type=Path), help="Bundle folder; without it the one that comes along.")
@server_options
def command(
    clip: Path, out: Path, redo: tuple[str, ...], keep: tuple[str, ...], seconds: float | None, upper: bool, loop: bool,
    text: str | None, emotion: str | None, intensity: float | None, speed: float, lock_feet: bool, smooth: float,
    seed: int | None, count: int, sheet: Path | None, plan: str | None, server: str | None, bundle: Path | None,
    connection: Connection,
) -> None:  # fmt: skip
    """Change a part of CLIP, e.g. walk.glb --upper --text "a person waves the right hand" --emotion joy --out wave.glb.

    What is kept stays as it is, frame by frame. docs/edits.md shows every edit.
    """
    source = read_motion(clip)
    length = source.seconds if seconds is None else seconds
    redone, stays = [_span(s, "redo") for s in redo], [_span(s, "keep") for s in keep]
    if loop and (redone or stays):
        message = "a loop keeps no spans, for it begins elsewhere; redo a part first, then loop what came of it"
        raise InvalidInput(message, field="loop")
    at = (redone[0].start_s + redone[0].end_s) / 2 if redone else length if length > source.seconds else None
    prompt, felt = _said(clip, at)
    text = prompt if text is None else text
    if not text:
        raise InvalidInput(f"{clip.name} has no tags that say what is done; add --text", field="text")
    if intensity is not None and emotion is None and felt is None:
        raise InvalidInput("--intensity says how strongly an emotion is felt; add --emotion", field="intensity")
    if emotion is not None:
        felt = Affect.of(emotion, intensity)
    elif felt is not None and intensity is not None:
        felt = Affect(felt.weights, intensity)
    kept = _kept(redone, stays, source.seconds, length)
    if not (redo or keep or upper or loop) and length <= source.seconds:
        _refuse_unchanged(clip, seconds, source.seconds, speed=speed, cleaned=lock_feet or smooth > 0)
    composition = Composition(
        beats=[Beat(text, felt, length)], seed=seed, plan=plan, source=source, felt=felt_in(clip),
        keep=() if loop or (upper and not (redo or keep)) else kept, part="upper" if upper else "whole", loop=loop,
        speed=speed, post=Post(lock_feet=lock_feet, smooth=smooth),
    )  # fmt: skip
    given = {clip: "the clip itself"}
    write_takes(
        composition, out, given=given, count=count, sheet=sheet, server=server, bundle=bundle, connection=connection
    )


def _refuse_unchanged(clip: Path, seconds: float | None, source_s: float, *, speed: float, cleaned: bool) -> NoReturn:
    """Say why nothing would be made anew, and what was probably meant."""
    message = "say what to make anew: --redo, --keep, --upper, --loop or a longer --seconds"
    if seconds is not None:
        message += (
            f"; the clip lasts {source_s:g} s already (--seconds {seconds:g} with --loop is a loop of that length)"
        )
    elif cleaned:
        message += f"; to clean up all of a clip: emomotion post {clip.name} --lock-feet --smooth 0.5 --out FILE"
    elif speed != 1:
        message += f"; --speed is the pace of the new part: add --redo 0:{source_s:g} to make all of it anew"
    raise InvalidInput(message, field="redo")


def _said(clip: Path, at: float | None) -> tuple[str, Affect | None]:
    """What the clip's tags, if it has any, say is done and felt: at a moment, or in most of it."""
    try:
        tags = read_tags(clip).tags
    except MalformedFile:
        return "", None
    if at is None:
        return tags.prompt, tags.applied
    text = tags.prompt
    if tags.composition is not None:
        beats = composition_from_object(tags.composition).beats
        ends = itertools.accumulate(beat.seconds for beat in beats)
        text = next((beat.text for beat, end in zip(beats, ends, strict=True) if at < end), beats[-1].text)
    felt = [span.affect for span in tags.segments if span.start_s <= at]
    return text, felt[-1] if felt else tags.applied


def _span(text: str, option: str) -> Span:
    try:
        start, end = (float(part) for part in text.split(":"))
    except ValueError:
        message = f"--{option} is FROM:TO in seconds, such as 1.0:2.5; got {text[:40]!r}"
        raise InvalidInput(message, field=option) from None
    return Span(start, end)


def _kept(redo: list[Span], keep: list[Span], source_s: float, length_s: float) -> list[Span]:
    """Spans that stay: those named, or all of the clip but those to be made anew."""
    end = min(source_s, length_s)
    if keep and redo:
        raise InvalidInput("give either --redo or --keep, not both", field="redo")
    if keep:
        return sorted(keep, key=lambda span: span.start_s)
    out, begin = [], 0.0
    for span in sorted(redo, key=lambda span: span.start_s):
        if span.start_s >= end:
            message = f"--redo {span.start_s:g}:{span.end_s:g} lies behind the clip, which lasts {end:g} s"
            raise InvalidInput(message, field="redo")
        if span.start_s > begin:
            out.append(Span(begin, span.start_s))
        begin = max(begin, span.end_s)
    if begin < end:
        out.append(Span(begin, end))
    return out


if __name__ == "__main__":
    run(command, name="python -m sdk.edit")
