"""The animator's command: `python -m sdk.clip`, the same as `emomotion clip`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from sdk.clip_again import Recipe, check_bundle, read_recipe, verdict
from sdk.clips.files import publish
from sdk.clips.options import WriteOptions, prepared
from sdk.clips.preview import check_preview, render_gif
from sdk.clips.tags import ClipTags
from sdk.clips.write import FORMATS, check_writable, clip_files, write_clip
from sdk.compose_file import composition_from_object
from sdk.console import run
from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from sdk.making import EngineMaker, Made, ServerMaker, posted
from sdk.post import Post
from sdk.server_options import Connection, server_options

NAMES = ", ".join(e.label for e in Emotion)
PATH = click.Path(path_type=Path)
DEFAULT_SECONDS = 4.0
FROM_RECIPE = (
    "emotion intensity valence arousal seconds seed fps in-place lock-feet ground smooth unit rest up body plan "
    "generator"
).split()
"""Options that --again takes from the file."""


@click.command("clip")
@click.argument("text", required=False)
@click.option("--emotion", help=f'{NAMES}, a word such as "rage", or a mixture such as "joy:0.6,trust:0.4".')
@click.option("--intensity", type=float, help="How strongly it is felt, 0..1; 0.7 unless said or in the word.")
@click.option("--valence", type=float, help="Instead of --emotion: unpleasant -1 .. pleasant 1, with --arousal.")
@click.option("--arousal", type=float, help="Calm -1 .. excited 1, with --valence.")
@click.option("--seconds", type=float, default=DEFAULT_SECONDS, show_default=True, help="Length of the clip.")
@click.option("--seed", type=int, help="The same seed gives the same clip; drawn and printed unless said.")
@click.option("--out", type=PATH, help=f"File to write, one of {', '.join(FORMATS)}.")
@click.option("--fps", type=float, help="Frame rate, 10..240; the bundle's own unless said.")
@click.option("--in-place", "stay", is_flag=True, help="Hold the character over its starting point.")
@click.option("--lock-feet", is_flag=True, help="Hold planted feet still.")
@click.option("--ground", is_flag=True, help="Put the feet on the ground, all along.")
@click.option(
    "--smooth", type=float, default=0.0, metavar="0..1", help="Take away so much of the jitter; accents stay."
)
@click.option(
    "--unit", type=click.Choice(("m", "cm")), help="Of lengths, where the format has a choice: BVH, FBX, USD."
)
@click.option(
    "--rest",
    type=click.Choice(("t-pose", "a-pose")),
    default="t-pose",
    show_default=True,
    help="Pose of the skeleton at rest: GLB, USD, FBX.",
)
@click.option("--up", type=click.Choice(("y", "z")), help="Up axis, where the format has a choice: USD, NPZ.")
@click.option(
    "--body",
    type=click.Choice(("smplx", "smpl")),
    default="smplx",
    show_default=True,
    help="Which parameters an .npz holds.",
)
@click.option(
    "--body-model", "model", type=PATH, help="Your SMPL or SMPL-X file (.npz): mesh of a .glb, pelvis of an .npz."
)
@click.option("--preview", type=PATH, help="Also draw the clip into this .gif.")
@click.option("--again", type=PATH, metavar="SIDECAR", help="Make the clip of this .emotion.json again, to the byte.")
@click.option("--server", metavar="HOST:PORT", help="Let this server generate; without it this process does.")
@click.option("--plan", metavar="NAME", help="Way to decode; `emomotion info` lists them.")
@click.option("--generator", metavar="NAME", help="Which of the bundle's generators; the default plan's unless said.")
@click.option("--bundle", type=PATH, help="Bundle folder; without it the one that comes along.")
@server_options
def command(
    text: str | None, out: Path | None, preview: Path | None, again: Path | None,
    connection: Connection, server: str | None, bundle: Path | None, model: Path | None, **said: Any,
) -> int:  # fmt: skip
    """Make a moving character from TEXT and an emotion, e.g. "a person walks forward" --emotion joy --out walk.glb.

    Beside the clip a sidecar FILE.emotion.json says what it feels and how it was made; --again FILE.emotion.json makes
    the same clip once more, to the byte, or with --out in another format.
    """
    context = click.get_current_context()
    if server and bundle:
        raise InvalidInput("give either --server or --bundle, not both", field="server")
    source = Source(server=server, connection=connection, bundle=bundle, context=context)
    if again is not None:
        given = [*(["TEXT"] if text is not None else []), *(f"--{n}" for n in FROM_RECIPE if _was_given(context, n))]
        if given:
            raise InvalidInput(f"--again takes everything from the file; leave out {', '.join(given)}", field="again")
        return _make_again(read_recipe(again, model=model), out, preview, source)
    if text is None or out is None:
        missing = "argument 'TEXT'" if text is None else "option '--out'"
        raise click.UsageError(f"Missing {missing}.", context)
    options = WriteOptions(
        fps=said["fps"], in_place=said["stay"], unit=said["unit"], rest=said["rest"], up=said["up"], body=said["body"],
        model=model,
    )  # fmt: skip
    post = Post(lock_feet=said["lock_feet"], ground=said["ground"], smooth=said["smooth"])
    affect = _affect(said["emotion"], said["intensity"], said["valence"], said["arousal"])
    # Before the work, so that nobody waits for a clip that cannot be kept.
    check_writable(out, options)
    if preview is not None:
        check_preview(preview)
    request = {name: said[name] for name in ("seconds", "seed", "plan", "generator")}
    # At the bundle's own rate: another one is a step of writing, the same for every rate and every source.
    made = posted(source.maker.make(text, {**request, "affect": affect, "fps": None}), post)
    tags = replace(made.tags, valence=said["valence"], arousal=said["arousal"])
    written = write_clip(out, made.motion, tags, options)
    _say([*_written(written), *_rows(made, tags, options, preview)])
    return 0


def _was_given(context: click.Context, name: str) -> bool:
    names = {"in-place": "stay", "lock-feet": "lock_feet"}
    return context.get_parameter_source(names.get(name, name)) is ParameterSource.COMMANDLINE


def _make_again(recipe: Recipe, out: Path | None, preview: Path | None, source: "Source") -> int:
    """The clip of a recipe once more. Returns the exit code: 1 where it is not what was recorded."""
    tags = recipe.tags
    target = recipe.folder / recipe.file if out is None else out
    same_format = target.suffix.lower() == Path(recipe.file).suffix.lower()
    options = recipe.options if same_format else WriteOptions(fps=recipe.options.fps, in_place=recipe.options.in_place)
    check_writable(target, options)
    if preview is not None:
        check_preview(preview)
    source.check(recipe)
    made = source.make_again(recipe)
    kept = replace(made.tags, valence=tags.valence, arousal=tags.arousal, extra=tags.extra)
    contents = clip_files(target.stem, made.motion, kept, suffix=target.suffix, options=options)
    clip = next(iter(contents.values()))
    rows: list[tuple[str, str]] = []
    if out is None and target.exists():
        # The clip is there: it is compared, never replaced by something else.
        rows.append(("clip", f"{target} ({'is' if target.read_bytes() == clip else 'is NOT'} what was made again)"))
    else:
        publish({target.with_name(name): content for name, content in contents.items()})
        rows += _written([target.with_name(name) for name in contents])
    equal = True
    if same_format:
        now = json.loads(list(contents.values())[1])["made_with"]
        equal, sentence = verdict(recipe, clip, recipe.made_with, now)
        rows.append(("again", sentence))
    _say([*rows, *_rows(made, kept, options, preview)])
    return 0 if equal else 1


def _say(rows: Sequence[tuple[str, str]]) -> None:
    for name, value in rows:
        click.echo(f"{name:<8} {value}")


def _written(paths: Sequence[Path]) -> list[tuple[str, str]]:
    return [("clip", str(paths[0])), ("tags", str(paths[1]))]


def _rows(made: Made, tags: ClipTags, options: WriteOptions, preview: Path | None) -> list[tuple[str, str]]:
    """What to say of a clip; draws the preview."""
    motion, _ = prepared(made.motion, tags, options)
    rows = [("length", f"{len(motion)} frames, {motion.fps:g} fps, {motion.seconds:.2f} s")]
    if preview is not None:
        rows.append(("preview", str(render_gif(motion, preview, title=tags.prompt, affect=tags.applied))))
    felt = ", ".join(f"{e.label} {w:.2g}" if w < 1 else e.label for e, w in tags.applied.weights.items())
    rows += [
        ("emotion", f"{felt}; intensity {tags.applied.intensity:g}"),
        ("seed", f"{tags.seed}"),
        ("plan", f"{tags.plan}, {made.total_ms:.0f} ms"),
        ("licence", tags.licence),
    ]
    return rows + [("evidence", line) for line in _evidence_lines(tags.applied, made.evidence)]


def _affect(emotion: str | None, intensity: float | None, valence: float | None, arousal: float | None) -> Affect:
    if valence is not None or arousal is not None:
        if emotion is not None:
            raise InvalidInput("give either --emotion or --valence and --arousal, not both", field="emotion")
        if valence is None or arousal is None:
            raise InvalidInput("--valence and --arousal are one point; give both", field="valence")
        affect = Affect.from_valence_arousal(valence, arousal)
        return affect if intensity is None else replace(affect, intensity=intensity)
    if emotion is not None:
        return Affect.of(emotion, intensity)
    if intensity is not None:
        raise InvalidInput("--intensity says how strongly an emotion is felt; add --emotion", field="intensity")
    return Affect.neutral()


def _evidence_lines(affect: Affect, evidence: Mapping[str, str]) -> list[str]:
    """What to say of emotions that the bundle did not learn from recordings of them."""
    said = {
        "proxy": "{} was learned from a related style, not from recordings of it",
        "text-mined": "{} was learned from clips whose captions name it, not from recordings of it",
        "synthetic": "{} was learned from made-up motion",
        "none": "{} was never shown to this model: the clip is a guess",
    }
    kinds = {emotion.label: evidence.get(emotion.label, "none") for emotion in affect.weights}
    return [said[kind].format(label) for label, kind in kinds.items() if kind in said]


@dataclass(kw_only=True)
class Source:
    """Where motion comes from: a server, or the engine in this process with a bundle."""

    server: str | None
    connection: Connection
    bundle: Path | None
    context: click.Context

    @cached_property
    def maker(self) -> EngineMaker | ServerMaker:
        """Opened when it is first asked for, closed with the command."""
        if self.server:
            return self.context.with_resource(ServerMaker(self.server, self.connection))
        return self.context.with_resource(EngineMaker(self.bundle))

    def make_again(self, recipe: Recipe) -> Made:
        """The motion of a recipe."""
        tags = recipe.tags
        if tags.composition is not None:
            return self.maker.compose(composition_from_object(tags.composition))
        options = {
            "affect": tags.requested, "seconds": DEFAULT_SECONDS if tags.seconds is None else tags.seconds,
            "seed": tags.seed, "plan": tags.plan, "generator": tags.generator, "fps": tags.fps,
        }  # fmt: skip
        return posted(self.maker.make(tags.prompt, options), recipe.post)

    def check(self, recipe: Recipe) -> None:
        """Raise InvalidInput where this source has another bundle than the recipe, or lacks its plan."""
        facts = self.maker.facts
        check_bundle(recipe, sha256=facts.sha256, name=facts.name, version=facts.version)
        if recipe.tags.plan not in facts.plans:
            message = f"the clip was made by plan {recipe.tags.plan!r}; the bundle has {', '.join(facts.plans)}"
            raise InvalidInput(message, field="plan")


if __name__ == "__main__":
    run(command, name="python -m sdk.clip")
