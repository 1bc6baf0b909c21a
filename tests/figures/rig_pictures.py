"""Rigs as sticks beside the motion they were given: `python -m tests.figures.rig_pictures OUT.png CLIP`, to look at."""

import tempfile
from pathlib import Path

import click
import numpy as np
from PIL import Image, ImageDraw

from sdk.clips.read_motion import read_motion
from sdk.console import run
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_rotate
from sdk.motion.skeleton import PARENTS
from sdk.rigs import RigMotion, load_rig, put_on_rig
from tests.rigs.builders import files

CELL = (150, 230)
TURN = 0.6
"""Radians that the camera stands to the character's left."""
LEFT, RIGHT, MIDDLE = (196, 60, 60), (50, 90, 200), (70, 70, 70)


def source_sticks(motion: Motion) -> tuple[Array, list[tuple[int, int, str]]]:
    """Points (T, 22, 3) and sticks (from, to, side)."""
    names = motion.skeleton.names
    return motion.positions, [(p, j, names[j]) for j, p in enumerate(PARENTS) if p >= 0]


def rig_sticks(made: RigMotion) -> tuple[Array, list[tuple[int, int, str]]]:
    """Points (T, K, 3), metres, SDK axes, and sticks between the rig's own nodes."""
    rig, fit = made.rig, made.fit
    places = fit.metres * quat_rotate(fit.axes, made.world()[1])
    places[..., 1] -= fit.metres * fit.floor
    body = made.moved[0]
    side = {n: joint for joint, nodes in rig.map.joints.items() for n in nodes}
    sticks = []
    for k, parent in enumerate(rig.parents):
        if body in rig.chain(k)[:-1]:
            sticks.append((parent, k, side.get(rig.nodes[k], rig.nodes[k])))
    return places, sticks


def draw(
    pen: ImageDraw.ImageDraw, corner: tuple[int, int], points: Array, sticks: list[tuple[int, int, str]], tall: float
) -> None:
    """One pose, (K, 3), into a cell."""
    centre = np.array([*points[[sticks[0][0]], :][0]])
    x = (points[:, 0] - centre[0]) * np.cos(TURN) - (points[:, 2] - centre[2]) * np.sin(TURN)
    size = CELL[1] * 0.85 / tall
    at = np.stack([corner[0] + CELL[0] / 2 + size * x, corner[1] + CELL[1] * 0.95 - size * points[:, 1]], -1)
    ground = corner[1] + CELL[1] * 0.95
    pen.line((corner[0] + 5, ground, corner[0] + CELL[0] - 5, ground), (205, 205, 205))
    for a, b, side in sticks:
        colour = LEFT if "left" in side else RIGHT if "right" in side else MIDDLE
        pen.line((*at[a], *at[b]), colour, 3)


def sheet(motion: Motion, rigs: dict[str, RigMotion], path: Path, *, columns: int = 8) -> Path:
    """One row for the source and one for every rig, poses at even times."""
    rows = [("source", *source_sticks(motion)), *((name, *rig_sticks(made)) for name, made in rigs.items())]
    picture = Image.new("RGB", (columns * CELL[0], len(rows) * CELL[1]), (250, 250, 250))
    pen = ImageDraw.Draw(picture)
    for row, (name, points, sticks) in enumerate(rows):
        joints = sorted({k for stick in sticks for k in stick[:2]})
        tall = max(1.25 * float(points[:, joints, 1].max()), 1e-6)
        for column, frame in enumerate(np.linspace(0, len(motion) - 1, columns).round().astype(int)):
            draw(pen, (column * CELL[0], row * CELL[1]), points[frame], sticks, tall)
        pen.text((6, row * CELL[1] + 6), name, (20, 20, 20))
    picture.save(path)
    return path


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("clip", type=click.Path(path_type=Path))
def command(out: Path, clip: Path) -> None:
    """Draw CLIP and what becomes of it on every test rig."""
    motion = read_motion(clip)
    with tempfile.TemporaryDirectory() as folder:
        made = {name: put_on_rig(motion, load_rig(path)) for name, path in files(Path(folder)).items()}
    click.echo(str(sheet(motion, made, out)))


if __name__ == "__main__":
    run(command, name="python -m tests.figures.rig_pictures")
