"""The command that puts a clip on the user's own rig: `python -m sdk.retarget`, the same as `emomotion retarget`."""

import json
from dataclasses import replace
from pathlib import Path

import click

from sdk.clips import files
from sdk.clips.options import WriteOptions, prepared
from sdk.clips.read import read_tags
from sdk.clips.read_motion import read_motion
from sdk.clips.tags import ClipTags
from sdk.console import run
from sdk.emotion import Affect
from sdk.errors import InvalidInput, MalformedFile
from sdk.rigs.fit import fit_rig
from sdk.rigs.profile import write_profile as save_profile
from sdk.rigs.read import rig_names, rig_of
from sdk.rigs.report import map_report
from sdk.rigs.travel import by_root_bone, clip_on_rig
from sdk.rigs.write import check_rig_writable, write_rig_clip

NAMES = ", ".join(rig_names())


@click.command("retarget")
@click.argument("rig")
@click.argument("clip", required=False, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="File to write: .glb, .vrm, .bvh, .fbx or .vrma.")
@click.option("--profile", type=click.Path(path_type=Path), help="A profile that says which bone is which.")
@click.option("--write-profile", type=click.Path(path_type=Path), help="Write what was found as a profile to edit.")
@click.option("--report", type=click.Path(path_type=Path), help="Also write the report as this .json file.")
@click.option("--fps", type=float, help="Frame rate; the clip's own unless said.")
@click.option("--in-place", "stay", is_flag=True, help="Hold the character over its starting point.")
@click.option("--root-bone", is_flag=True, help="Let the rig's root bone travel instead of its hips (root motion).")
@click.option("--no-plant", is_flag=True, help="Keep every limb's angle exactly, though feet may slide or float.")
@click.option(
    "--reach", type=float, default=1.0, show_default=True, help="How firmly hands keep what they touch, 0..1."
)
def command(
    rig: str,
    clip: Path | None,
    out: Path | None,
    profile: Path | None,
    write_profile: Path | None,
    report: Path | None,
    fps: float | None,
    stay: bool,
    root_bone: bool,
    no_plant: bool,
    reach: float,
) -> None:
    """Put CLIP on RIG: a .glb, .vrm, .bvh or .fbx file, or the name of a known rig.

    \b
    emomotion retarget hero.glb                                  what is found in it
    emomotion retarget hero.glb --write-profile hero.yaml        the same as a file to edit
    emomotion retarget hero.glb walk.glb --out hero_walk.glb     the clip in the rig's own file
    """
    target = rig_of(rig, profile=profile)
    known = {} if profile is None else {profile: "the profile itself"}
    if write_profile is not None:
        files.check_apart(write_profile, known, field="write-profile")
        click.echo(f"profile  {save_profile(target, write_profile)}")
    if clip is None:
        if out is not None:
            raise InvalidInput("--out needs a clip: emomotion retarget RIG CLIP --out FILE", field="clip")
        if write_profile is None:
            fit = fit_rig(target)
            click.echo("\n".join(map_report(target, fit).lines()))
        return
    if out is None:
        raise InvalidInput("say where to write the result with --out", field="out")
    if report is not None:
        files.check_writable(report, suffixes=(".json",), field="report")
        files.check_apart(report, known, field="report")
    files.check_apart(out, {Path(rig): "the rig itself", clip: "the clip itself"})
    check_rig_writable(out, target.suffix)  # before the work, so that nobody waits for what cannot be kept
    if stay and root_bone:
        raise InvalidInput("--in-place and --root-bone contradict each other", field="root-bone")
    motion, tags = prepared(read_motion(clip), _tags(clip), WriteOptions(fps=fps))
    # At another rate the last frame comes a little earlier; what was felt ends with it.
    spans = tuple(replace(s, end_s=min(s.end_s, round(motion.seconds, 6))) for s in tags.segments)
    tags = replace(tags, segments=spans)
    treadmill = tags.root_motion == "in_place"
    if treadmill and not no_plant:
        click.echo("note     the clip goes nowhere, so its feet cannot be planted: retarget one that travels", err=True)
    plant = not (no_plant or treadmill)
    made, tags = clip_on_rig(motion, tags, target, WriteOptions(in_place=stay), plant=plant, reach=reach)
    if root_bone:
        made = by_root_bone(made)
    written = write_rig_clip(out, made, tags)
    for line in made.report.lines():
        click.echo(line)
    click.echo(f"clip     {written[0]} ({len(made)} frames, {made.fps:g} fps, {motion.seconds:.2f} s)")
    click.echo(f"tags     {written[1]}")
    if report is not None:
        text = json.dumps(made.report.as_dict(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        files.publish({report: text.encode()})
        click.echo(f"report   {report}")


def _tags(clip: Path) -> ClipTags:
    """The clip's own tags; those of a clip without any say that nothing is known."""
    try:
        return read_tags(clip).tags
    except MalformedFile as error:
        if "carries no emotion tags" not in str(error):
            raise
        click.echo(f"note     {error}: the result says nothing of emotion or licence", err=True)
        nothing = Affect.neutral()
        return ClipTags(
            prompt="", requested=nothing, applied=nothing, seed=0, plan="unknown", licence="not stated", synthetic=False
        )


if __name__ == "__main__":
    run(command, name="python -m sdk.retarget")
