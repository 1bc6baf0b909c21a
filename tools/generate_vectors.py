"""Writes `tests/vectors/frames.json`, by which the C# and C++ tests check their frame conversion against ours.

500 poses (a position in metres and a rotation, xyzw) in the SDK's frame, and the image of each in every target frame.
The file: {"count": 500, "frames": {NAME: {"unit": ..., "determinant": ..., "positions": [x, y, z, x, ...],
"rotations": [x, y, z, w, x, ...]}}}; the poses themselves stand under "sdk". `tests/test_vectors.py` fails when it has
drifted from `sdk/motion/frames.py`.
"""

import json
from pathlib import Path

import numpy as np

from sdk.motion.frames import FRAMES, convert_points, convert_rotations
from sdk.motion.rotations import Array, normalize

VECTORS = Path(__file__).resolve().parent.parent / "tests" / "vectors" / "frames.json"
COUNT = 500
DECIMALS = 7
"""As fine as a float on the wire; a rounded quaternion is a unit one within 1e-7."""


def poses() -> tuple[Array, Array]:
    """Positions (500, 3) within 10 m of the origin and rotations (500, 4); first rest, then turns about each axis."""
    rng = np.random.default_rng(6)
    positions = rng.uniform(-10, 10, size=(COUNT, 3))
    rotations = normalize(rng.normal(size=(COUNT, 4)))
    positions[0], rotations[0] = 0, (0, 0, 0, 1)
    half = np.sqrt(0.5)
    for axis in range(3):
        positions[1 + axis] = np.eye(3)[axis]
        rotations[1 + axis] = 0, 0, 0, half  # a quarter turn
        rotations[1 + axis, axis] = half
        rotations[4 + axis] = np.eye(4)[axis]  # a half turn
    return positions.round(DECIMALS), rotations.round(DECIMALS)


def text() -> str:
    """The file's content."""
    positions, rotations = poses()
    frames = [
        f"    {json.dumps(name)}: {{\n"
        f'      "unit": {frame.unit:g}, "determinant": {frame.determinant},\n'
        f'      "positions": {_list(convert_points(positions, frame))},\n'
        f'      "rotations": {_list(convert_rotations(rotations, frame))}\n'
        "    }"
        for name, frame in FRAMES.items()
    ]
    return f'{{\n  "count": {COUNT},\n  "frames": {{\n' + ",\n".join(frames) + "\n  }\n}\n"


def _list(values: Array) -> str:
    # Minus zero is zero here: readers differ in what they make of it.
    return "[" + ", ".join(f"{value + 0.0:.9g}" for value in values.round(DECIMALS).ravel()) + "]"


if __name__ == "__main__":
    VECTORS.write_text(text(), encoding="utf-8")
    print(f"{VECTORS.name}: {COUNT} poses in {len(FRAMES)} frames")
