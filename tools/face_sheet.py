"""Draws docs/pictures/face_rig.png: the rig in some expressions, in both looks, some people, and its points.

python -m tools.face_sheet [OUT]
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from robot_bridge.schema import ameca
from sdk.face.rig import Camera, Identity, Rig

OUT = Path(__file__).parent.parent / "docs" / "pictures" / "face_rig.png"
SIDE = 176
LEVELS = 0xFC
"""Colours keep their six highest bits: a third of the file, and nothing to see."""
PEOPLE_SEED = 21
# Deviations from neutral; a name without a side means both sides.
EXPRESSIONS: dict[str, dict[str, float]] = {
    "neutral": {},
    "joy": {
        "Lip Corner Raise": 0.38, "Lip Corner Stretch": 0.30, "Lip Top Raise": 0.25, "Lip Top Raise Middle": 0.2,
        "Jaw Pitch": -0.12, "Eyelid Lower": -0.5, "Eyelid Upper": -0.12, "Brow Outer": 0.12,
    },
    "sadness": {
        "Brow Inner": 0.5, "Brow Outer": -0.25, "Eyelid Upper": -0.35, "Lip Corner Raise": -0.42,
        "Lip Bottom Curl": 0.15, "Head Pitch": -7, "Gaze Target Theta": -14,
    },
    "anger": {
        "Brow Inner": -0.5, "Brow Outer": 0.05, "Eyelid Upper": 0.15, "Eyelid Lower": -0.5, "Nose Wrinkle": 0.55,
        "Lip Corner Raise": -0.2, "Lip Top Curl": -0.3, "Lip Bottom Curl": -0.3, "Lip Bottom Depress Middle": -0.25,
    },
    "surprise": {
        "Brow Inner": 0.5, "Brow Outer": 0.5, "Eyelid Upper": 0.85, "Eyelid Lower": 0.3, "Jaw Pitch": -0.6,
        "Lip Corner Stretch": -0.15,
    },
    "look": {
        "Head Yaw": -22, "Head Roll": 6, "Gaze Target Phi": -18, "Brow Outer Left": 0.35, "Lip Corner Raise Left": 0.28,
        "Lip Corner Stretch Left": 0.15,
    },
}  # fmt: skip


def values_of(rig: Rig, deviations: dict[str, float]) -> NDArray[np.float64]:
    """Values of all controls, (C,)."""
    values = rig.schema.neutral.copy()
    for name, deviation in deviations.items():
        for one in [name] if name in rig.schema.names else [f"{name} Left", f"{name} Right"]:
            values[rig.schema.index(one)] += deviation
    low, high = rig.schema.bounds("x2c")
    return np.clip(values, low, high)


def drawn(rig: Rig, wish: dict[str, float], person: Identity, camera: Camera, look: str) -> Image.Image:
    """One face."""
    return Image.fromarray(rig.render(values_of(rig, wish), person, camera, SIDE, look))


def with_points(rig: Rig, values: NDArray[np.float64], camera: Camera) -> Image.Image:
    """The robot with its landmarks."""
    picture = Image.fromarray(rig.render(values, Identity.mean(), camera, SIDE, "ameca"))
    draw = ImageDraw.Draw(picture)
    for x, y, _ in camera.project(rig.points(values, Identity.mean())):
        draw.point((round(x), round(y)), fill=(20, 90, 200))
    return picture


def main() -> None:
    """Writes the picture."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    rig, camera = Rig(ameca()), Camera.frontal(SIDE, fill=0.34)
    rows = [
        [drawn(rig, wish, Identity.mean(), camera, look) for wish in EXPRESSIONS.values()]
        for look in ("human", "ameca")
    ]
    people = Identity.random(np.random.default_rng(PEOPLE_SEED), 5)
    wishes = [EXPRESSIONS[name] for name in ("joy", "look", "neutral", "surprise", "anger")]
    rows.append([drawn(rig, wishes[k], people[k], camera, "human") for k in range(5)])
    rows[2].append(with_points(rig, values_of(rig, EXPRESSIONS["joy"]), camera))
    sheet = Image.new("RGB", (SIDE * len(rows[0]), SIDE * len(rows)))
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            sheet.paste(picture, (x * SIDE, y * SIDE))
    Image.fromarray(np.asarray(sheet) & LEVELS).save(out, optimize=True)
    print(f"{out}: {out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
