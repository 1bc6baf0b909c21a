"""`python -m export.official momask|mdm DIR --clip FILE --clip-vocabulary FILE --out BUNDLE`."""

from pathlib import Path

import click

from export.official.bundle import Source, mdm_source, momask_source, write_bundle
from export.official.folders import read_mdm, read_momask
from sdk.console import run as run_command

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_CLIP = click.option(
    "--clip", required=True, type=_FILE,
    help="Text tower of CLIP ViT-B/32: an .onnx file, ids (1, 77) to embedding (1, 512), or a state dict.",
)  # fmt: skip
_VOCABULARY = click.option(
    "--clip-vocabulary", "vocabulary", required=True, type=_FILE,
    help="CLIP's list of byte-pair merges, bpe_simple_vocab_16e6.txt.gz.",
)  # fmt: skip
_OUT = click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the bundle.")
_VERSION = click.option("--version", default="1.0.0", show_default=True, help="Version of the bundle.")


@click.group()
def command() -> None:
    """Make a bundle of an officially published checkpoint. No code inside a file is ever run."""


@command.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@_CLIP
@_VOCABULARY
@_OUT
@_VERSION
@click.option("--masked", help="Folder of the masked transformer, where DIR has more than one t2m_...")
@click.option("--residual", help="Folder of the residual transformer, where DIR has more than one tres_...")
def momask(
    folder: Path, clip: Path, vocabulary: Path, out: Path, version: str, masked: str | None, residual: str | None
) -> None:
    """MoMask from DIR, e.g. checkpoints/t2m with the folders rvq_..., t2m_..., tres_... and length_estimator."""
    source = momask_source(read_momask(folder, masked=masked, residual=residual))
    _write(source, out, clip, vocabulary, version)


@command.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--mean", required=True, type=_FILE, help="HumanML3D's Mean.npy.")
@click.option("--std", required=True, type=_FILE, help="HumanML3D's Std.npy, not the evaluator's.")
@_CLIP
@_VOCABULARY
@_OUT
@_VERSION
@click.option("--model", help="File of the weights, where the one with the largest number is not meant.")
def mdm(
    folder: Path, mean: Path, std: Path, clip: Path, vocabulary: Path, out: Path, version: str, model: str | None
) -> None:
    """MDM from DIR with args.json and model<number>.pt."""
    _write(mdm_source(read_mdm(folder, mean, std, model=model)), out, clip, vocabulary, version)


def _write(source: Source, out: Path, clip: Path, vocabulary: Path, version: str) -> None:
    bundle = write_bundle(source, out, clip=clip, vocabulary=vocabulary, version=version)
    for name in source.files:
        click.echo(f"read {name}")
    total = sum(p.stat().st_size for p in out.iterdir()) / 1e6
    click.echo(f"{out}: {bundle.manifest.name} {bundle.manifest.version}, {total:.1f} MB, sha256 {bundle.sha256[:16]}")
    click.echo("the terms of the imported checkpoint hold for it; see LICENSE-WEIGHTS.txt")


if __name__ == "__main__":
    run_command(command, name="python -m export.official")
