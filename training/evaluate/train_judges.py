"""Train the frozen judges on recorded clips: `python -m training.evaluate.train_judges --data DIR --out DIR`.

A few minutes of one core. The same data and seed give the same graphs; the card also says the date. Do it once: figures
of generators can only be compared under one and the same judge.
"""

import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import torch
from tqdm import tqdm

from sdk.clips.files import publish
from sdk.errors import InvalidInput
from sdk.motion import rot272
from sdk.motion.rotations import Array
from training.evaluate import cue_features, movement_features
from training.evaluate.emotion_data import EmotionData, class_of
from training.evaluate.emotion_judge import train_emotion
from training.evaluate.judges import CARD, FORMAT, FORMAT_VERSION, GRAPHS, file_sha256, load_judges
from training.evaluate.real_clips import RealClip, RealClips
from training.evaluate.report import without_nan
from training.evaluate.text_motion import Schedule, check_labels, train_evaluator

PROTOCOL = (
    "Recorded clips only. Emotion: one (family, class) left out at a time, mirrored contents together, accuracy "
    "balanced over classes, neutral clips balanced over actions, 95 % interval by bootstrap over families; the "
    "held-out pairs of the index, and clips whose mirror image shows one, are never trained on. Evaluator: batches of "
    "32 different (content, style) labels, 20 replications, 95 % interval. No generator is trained, guided or selected "
    "against these files."
)
LICENCE = "CC-BY-NC-4.0 data (Bandai Namco Research Inc. 2022): these weights are for non-commercial use"


def codec_features(clips: RealClips, run: Path) -> dict[str, Array]:
    """Cue features of clips of the classes after a trained RVQ-VAE's encoding and decoding, by clip."""
    from training.train_rvq import reconstruct
    from training.train_tokens import load_rvq

    model, _ = load_rvq(run)
    out = {}
    for clip in tqdm(_to_reconstruct(clips), desc="reconstructing clips", disable=None):
        with torch.no_grad():
            features, _ = reconstruct(model, rot272.encode(clips.motion(clip)))
        motion = rot272.decode(features.numpy())
        if motion.seconds >= 0.5:  # the codec cuts a clip to a multiple of four frames
            out[clip.name] = cue_features.cue_features(motion)
    return out


def _to_reconstruct(clips: RealClips, neutral: int = 4) -> Sequence[RealClip]:
    """All emotional clips and set 1's neutral ones; of the many other neutral takes a few of each content."""
    kept: list[RealClip] = []
    seen: dict[str, int] = {}
    for clip in (*clips.train, *clips.val):
        if class_of(clip) < 0:
            continue
        if class_of(clip) == 0 and clip.part != 1 and clip.split == "train":
            seen[clip.content] = seen.get(clip.content, 0) + 1
            if seen[clip.content] > neutral:
                continue
        kept.append(clip)
    return kept


def train_judges(
    data: Path, out: Path, *, seed: int, run: Path | None = None, schedule: Schedule | None = None
) -> dict[str, Any]:
    """Train both judges, write the graphs and the card into `out`, all or none, and return the card.

    Raises InvalidInput for data that judges cannot learn from, and when the disk refuses.
    """
    torch.set_num_threads(1)  # sums come out alike on every machine only in one order
    clips = RealClips.load(data)
    check_labels(clips)
    _make_folder(out)
    emotion_data = EmotionData.load(clips, seed=seed)
    codec = {} if run is None else codec_features(clips, run)
    with tempfile.TemporaryDirectory(prefix="emomotion-judges-") as folder:
        made = [Path(folder, name) for name in GRAPHS]
        emotion = train_emotion(emotion_data, made[0], seed=seed, codec=codec)
        evaluator = train_evaluator(clips, made[1], made[2], seed=seed, schedule=schedule)
        graphs = {path.name: path.read_bytes() for path in made}
    card = without_nan({
        "format": FORMAT, "format_version": FORMAT_VERSION,
        "files": {name: file_sha256(graph) for name, graph in graphs.items()},
        "features": {"cue": cue_features.VERSION, "movement": movement_features.VERSION},
        "protocol": PROTOCOL, "licence": LICENCE, "data": clips.facts(clips.train), "seed": seed,
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python -m training.evaluate.train_judges --data DIR --out DIR --seed {seed}",
        "emotion": emotion, "evaluator": evaluator,
    })  # fmt: skip
    text = json.dumps(card, indent=1, allow_nan=False) + "\n"
    publish({out / name: graph for name, graph in graphs.items()} | {out / CARD: text.encode()})
    load_judges(out)  # what was written can be read
    return dict(card)


def _make_folder(out: Path) -> None:
    """Make the folder before the minutes of work, not after them."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"no folder can be made: {error.strerror}: {out}", field="out") from None


def summary(card: dict[str, Any]) -> str:
    """The card in a few lines."""
    ceiling, val = card["emotion"]["ceiling"], card["evaluator"]["val"]
    low, high = ceiling["interval_95"]
    recall = ", ".join(f"{name} {value:.2f}" for name, value in ceiling["recall"].items())
    held_out = card["emotion"]["held_out_pairs"]
    lines = [
        f"emotion: ceiling {ceiling['accuracy']:.3f} [{low:.3f}, {high:.3f}], chance {ceiling['chance']:.2f}; {recall}",
        f"emotion: held-out pairs {held_out['right']} of {held_out['of']}",
        "evaluator: R-precision of held-out clips "
        + ", ".join(f"top {k} {val[f'r_precision_{k}'][0]:.3f}" for k in (1, 2, 3)),
    ]
    if "reconstructed" in card["emotion"]:
        lines.insert(2, f"emotion: after the codec {card['emotion']['reconstructed']['accuracy']:.3f}")
    return "\n".join(lines)


@click.command()
@click.option(
    "--data", required=True, type=click.Path(file_okay=False, path_type=Path), help="Prepared recorded clips."
)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to fill.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of everything random.")
@click.option(
    "--run", type=click.Path(file_okay=False, path_type=Path),
    help="A training run: also report how clips are judged after its RVQ-VAE. Nothing is learned from it.",
)  # fmt: skip
def command(data: Path, out: Path, seed: int, run: Path | None) -> None:
    """Train the emotion judge and the text-motion evaluator on recorded clips."""
    card = train_judges(data, out, seed=seed, run=run)
    click.echo(summary(card))
    click.echo(f"card: {out / CARD}")


if __name__ == "__main__":
    from sdk.console import run as run_command

    run_command(command)
