"""The animator's command: `python -m sdk.clip`, the same as `emomotion clip`."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from sdk.clips.preview import check_preview, render_gif
from sdk.clips.tags import ClipTags
from sdk.clips.write import FORMATS, check_writable, in_place, write_clip
from sdk.console import run
from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.server_options import Connection, server_options

NAMES = ", ".join(e.label for e in Emotion)


@dataclass(frozen=True, kw_only=True)
class Made:
    """What came back from the engine or a server: the motion, and what its tags say about how it was made."""

    motion: Motion
    tags: ClipTags
    total_ms: float
    evidence: dict[str, str]


@click.command("clip")
@click.argument("text")
@click.option("--emotion", help=f'{NAMES}, a word such as "rage", or a mixture such as "joy:0.6,trust:0.4".')
@click.option("--intensity", type=float, help="How strongly it is felt, 0..1; 0.7 unless said or in the word.")
@click.option("--valence", type=float, help="Instead of --emotion: unpleasant -1 .. pleasant 1, with --arousal.")
@click.option("--arousal", type=float, help="Calm -1 .. excited 1, with --valence.")
@click.option("--seconds", type=float, default=4.0, show_default=True, help="Length of the clip.")
@click.option("--seed", type=int, help="The same seed gives the same clip; drawn and printed unless said.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help=f"File to write, one of {', '.join(FORMATS)}."
)
@click.option("--preview", type=click.Path(path_type=Path), help="Also draw the clip into this .gif.")
@click.option("--server", metavar="HOST:PORT", help="Let this server generate; without it this process does.")
@click.option("--plan", metavar="NAME", help="Way to decode; `emomotion info` lists them.")
@click.option("--generator", metavar="NAME", help="Which of the bundle's generators; the default plan's unless said.")
@click.option("--fps", type=float, help="Frame rate; the bundle's own unless said.")
@click.option("--bundle", type=click.Path(path_type=Path), help="Bundle folder; without it the one that comes along.")
@click.option("--in-place", "stay", is_flag=True, help="Hold the character over its starting point.")
@server_options
def command(
    text: str,
    emotion: str | None,
    intensity: float | None,
    valence: float | None,
    arousal: float | None,
    seconds: float,
    seed: int | None,
    out: Path,
    preview: Path | None,
    server: str | None,
    plan: str | None,
    generator: str | None,
    fps: float | None,
    bundle: Path | None,
    stay: bool,
    connection: Connection,
) -> None:
    """Make a moving character from TEXT and an emotion, e.g. "a person walks forward" --emotion joy --out walk.glb.

    Beside the clip a sidecar FILE.emotion.json says what it feels and how it was made.
    """
    if server and bundle:
        raise InvalidInput("give either --server or --bundle, not both", field="server")
    affect = _affect(emotion, intensity, valence, arousal)
    # Before the work, so that nobody waits for a clip that cannot be kept.
    check_writable(out)
    if preview is not None:
        check_preview(preview)
    options = {"affect": affect, "seconds": seconds, "seed": seed, "plan": plan, "generator": generator, "fps": fps}
    made = _from_server(server, connection, text, options) if server else _from_engine(bundle, text, options)
    motion, tags = made.motion, replace(made.tags, valence=valence, arousal=arousal)
    if stay:
        motion = in_place(motion)
        tags = replace(tags, root_motion="in_place", postprocess=(*tags.postprocess, ("in_place", {})))
    clip, sidecar = write_clip(out, motion, tags)
    rows = [
        ("clip", f"{clip} ({len(motion)} frames, {motion.fps:g} fps, {motion.seconds:.2f} s)"),
        ("tags", str(sidecar)),
    ]
    if preview is not None:
        rows.append(("preview", str(render_gif(motion, preview, title=text, affect=tags.applied))))
    felt = ", ".join(f"{e.label} {w:.2g}" if w < 1 else e.label for e, w in tags.applied.weights.items())
    rows += [
        ("emotion", f"{felt}; intensity {tags.applied.intensity:g}"),
        ("seed", f"{tags.seed}"),
        ("plan", f"{tags.plan}, {made.total_ms:.0f} ms"),
        ("licence", tags.licence),
    ]
    rows += [("evidence", line) for line in _evidence_lines(tags.applied, made.evidence)]
    for name, value in rows:
        click.echo(f"{name:<8} {value}")


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


def _evidence_lines(affect: Affect, evidence: dict[str, str]) -> list[str]:
    """What to say of emotions that the bundle did not learn from recordings of them."""
    said = {
        "proxy": "{} was learned from a related style, not from recordings of it",
        "text-mined": "{} was learned from clips whose captions name it, not from recordings of it",
        "synthetic": "{} was learned from made-up motion",
        "none": "{} was never shown to this model: the clip is a guess",
    }
    kinds = {emotion.label: evidence.get(emotion.label, "none") for emotion in affect.weights}
    return [said[kind].format(label) for label, kind in kinds.items() if kind in said]


def _from_engine(bundle: Path | None, text: str, options: dict[str, Any]) -> Made:
    from sdk.runtime.engine import Engine, Request  # brings ONNX Runtime, which the way over a server does not need

    request = Request(text=text, **options)
    engine = Engine.load(bundle)
    result = engine.generate(request)
    manifest, used = engine.bundle.manifest, result.request
    assert used.seed is not None, "the engine fills the seed in"
    tags = ClipTags(
        prompt=used.text,
        requested=request.affect,
        applied=used.affect,
        seed=used.seed,
        plan=result.plan,
        seconds=request.seconds,
        fps=request.fps,
        licence=manifest.licence,
        dataset_licences=(manifest.attribution,),
        generator=used.generator or "",
        model_name=manifest.name,
        model_version=manifest.version,
        bundle_sha256=engine.bundle.sha256,
    )
    evidence = {entry.name: entry.evidence for entry in manifest.emotions}
    return Made(motion=result.motion, tags=tags, total_ms=result.stage_ms["total"], evidence=evidence)


def _from_server(server: str, connection: Connection, text: str, options: dict[str, Any]) -> Made:
    from sdk.client import Client

    with Client(server, **connection) as client:
        info = client.info()
        clip = client.generate(text, **options)
    tags = ClipTags(
        prompt=clip.text,
        requested=options["affect"],
        applied=clip.affect,
        seed=clip.seed,
        plan=clip.plan,
        seconds=options["seconds"],
        fps=options["fps"],
        licence=info.licence,
        dataset_licences=(info.attribution,),
        generator=clip.generator,
        model_name=info.name,
        model_version=info.version,
        bundle_sha256=clip.bundle_sha256,
    )
    evidence = {emotion.label: entry.kind for emotion, entry in info.emotions.items()}
    return Made(motion=clip.motion, tags=tags, total_ms=clip.stage_ms["total"], evidence=evidence)


if __name__ == "__main__":
    run(command, name="python -m sdk.clip")
