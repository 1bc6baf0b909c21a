"""`emomotion post walk.glb --out still.glb --lock-feet`: post-processing of a clip file that is there."""

from dataclasses import replace
from pathlib import Path

import click

from sdk.clips.files import check_apart
from sdk.clips.read import read_tags
from sdk.clips.read_motion import read_motion
from sdk.clips.write import check_writable, write_clip
from sdk.errors import InvalidInput
from sdk.post import Post, post_process


@click.command("post")
@click.argument("clip", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write, of any clip format.")
@click.option("--lock-feet", is_flag=True, help="Hold planted feet still.")
@click.option("--ground", is_flag=True, help="Put the feet on the ground, all along.")
@click.option("--smooth", type=float, default=0.0, metavar="0..1", help="How much jitter to take away; accents stay.")
def command(clip: Path, out: Path, lock_feet: bool, ground: bool, smooth: float) -> None:
    """Smooth a CLIP, put it on the ground or hold its feet still, and write it with its tags to another file."""
    post = Post(lock_feet=lock_feet, ground=ground, smooth=smooth)
    if not post:
        raise InvalidInput("nothing to do: say --lock-feet, --ground or --smooth", field="post")
    check_apart(out, {clip: "the clip itself"})
    check_writable(out)
    motion = read_motion(clip)
    tags = read_tags(clip).tags
    # Of a file: what it was made of is not all there in its numbers, so that this cannot be done again without it.
    steps = [(f"{name} of a file", said) for name, said in post.steps]
    tags = replace(tags, postprocess=(*tags.postprocess, *steps), clip=None)
    for path in write_clip(out, post_process(motion, post), tags):
        click.echo(f"written  {path}")
