"""`make blender-addon`: the Blender extension as a zip to install. Equal sources give equal bytes."""

import tomllib
import zipfile
from pathlib import Path

import click

from sdk.console import run

REPO = Path(__file__).resolve().parents[1]
SOURCE = REPO / "blender_bridge" / "emomotion"
KINDS = (".py", ".toml")
EPOCH = (1980, 1, 1, 0, 0, 0)
"""A zip has a date for each file; the same one for all keeps the bytes equal."""


@click.command("blender-addon")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=REPO / "build", help="Folder for the zip."
)
def command(out: Path) -> None:
    """Write emomotion-blender-VERSION.zip."""
    click.echo(f"install in Blender, Preferences > Get Extensions > Install from Disk: {build(out)}")


def build(out: Path) -> Path:
    """Write the zip into a folder and return its path. Its root holds the manifest, as Blender wants it."""
    manifest = tomllib.loads((SOURCE / "blender_manifest.toml").read_text(encoding="utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    made = out / f"emomotion-blender-{manifest['version']}.zip"
    files = sorted(p for p in SOURCE.iterdir() if p.suffix in KINDS or p.name == "LICENSE")
    beside = made.with_suffix(".part")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.name, EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    beside.replace(made)
    return made


if __name__ == "__main__":
    run(command, name="python -m tools.blender_addon")
