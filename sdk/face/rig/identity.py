"""Whose face it is: shape, gains of its muscles, how it looks when it is calm, and colours. All numbers are assumed.

Shapes: (...) any leading axes, () for one person; S = 18 ways to differ in shape, M = 17 muscles (`muscles.MUSCLES`),
P = 480 points (478 of the face, 2 centres of the eyeballs). Metres.
"""

from dataclasses import dataclass
from dataclasses import fields as entries_of
from functools import cache

import numpy as np

from sdk.errors import InvalidInput
from sdk.face.rig.anatomy import LOWER_LIP, MESH_POINTS, UPPER_LIP, Array
from sdk.face.rig.muscles import MUSCLES, lip_share, rest_points, smooth_step

SHAPES = (
    "width", "length", "depth", "jaw width", "chin length", "cheeks", "forehead", "eye spacing", "eye width",
    "eye opening", "eye tilt", "brow height", "brow tilt", "nose length", "nose width", "nose height", "mouth width",
    "lip thickness",
)  # fmt: skip
"""Ways in which people differ; `shape_fields` says what one standard deviation of each does."""
MAX_SPREADS = 2.2
GAIN_SPREAD = 0.16
"""Of the logarithm of how far a muscle goes."""
LID_GAIN_SPREAD, JAW_GAIN_SPREAD, GAZE_GAIN_SPREAD = 0.07, 0.14, 0.07
ASYMMETRY_SPREAD = 0.22
"""Of the difference between left and right, in spreads of shape."""
RESTING_SPREAD = 0.06
"""Of what a muscle does when the face is calm, in units of its control."""
SKINS = (
    (0.95, 0.81, 0.72),
    (0.94, 0.76, 0.64),
    (0.87, 0.66, 0.52),
    (0.74, 0.53, 0.39),
    (0.56, 0.38, 0.27),
    (0.37, 0.25, 0.18),
)
HAIRS = (
    (0.10, 0.08, 0.07),
    (0.22, 0.14, 0.09),
    (0.38, 0.24, 0.13),
    (0.62, 0.45, 0.24),
    (0.55, 0.27, 0.12),
    (0.55, 0.53, 0.51),
)
EYES = ((0.30, 0.18, 0.09), (0.42, 0.28, 0.13), (0.36, 0.42, 0.26), (0.30, 0.46, 0.62), (0.42, 0.50, 0.55))


@dataclass(frozen=True, eq=False)
class Identity:
    """A person, or many.

    shape, asymmetry: (..., S) in spreads. gains, resting: (..., M) by muscle, without unit and in units of the control.
    lid_gain, jaw_gain, gaze_gain: (...). skin, lips, brows, hair, eyes: linear-looking RGB in [0, 1], (..., 3).
    hair_style: (...) 0 bald, 1 short, 2 long. light: from where it comes, (..., 3); ambient: (...) its share without
    direction; backdrop: (..., 3).
    """

    shape: Array
    asymmetry: Array
    gains: Array
    resting: Array
    lid_gain: Array
    jaw_gain: Array
    gaze_gain: Array
    skin: Array
    lips: Array
    brows: Array
    hair: Array
    eyes: Array
    hair_style: Array
    light: Array
    ambient: Array
    backdrop: Array

    @staticmethod
    def mean() -> "Identity":
        """The average face: symmetric, all gains 1."""
        skin = np.array(SKINS[1])
        return Identity(
            shape=np.zeros(len(SHAPES)), asymmetry=np.zeros(len(SHAPES)), gains=np.ones(len(MUSCLES)),
            resting=np.zeros(len(MUSCLES)), lid_gain=np.array(1.0), jaw_gain=np.array(1.0), gaze_gain=np.array(1.0),
            skin=skin, lips=_lips(skin, np.array(0.3)), brows=np.array(HAIRS[1]), hair=np.array(HAIRS[1]),
            eyes=np.array(EYES[3]), hair_style=np.array(1.0), light=np.array([-0.35, 0.55, 0.75]),
            ambient=np.array(0.45), backdrop=np.array([0.80, 0.83, 0.86]),
        )  # fmt: skip

    @staticmethod
    def random(rng: np.random.Generator, n: int | None = None) -> "Identity":
        """One person, or n of them. Raises InvalidInput for an n below 1."""
        if n is not None and n < 1:
            raise InvalidInput(f"n must be at least 1, got {n}", field="n")
        size = () if n is None else (n,)

        def normal(spread: float, *more: int) -> Array:
            return spread * np.clip(rng.standard_normal(size + more), -MAX_SPREADS, MAX_SPREADS)

        tone = rng.uniform(0, len(SKINS) - 1, size)
        skin = np.clip(_between(SKINS, tone) + normal(0.02, 3), 0.05, 1)
        # Dark skin goes with dark hair and brown eyes more often.
        pale = rng.uniform(0, 1, size) * np.clip(1.5 - tone / 2.2, 0.05, 1)
        hair = np.array(HAIRS)[(pale * len(HAIRS)).astype(int).clip(0, len(HAIRS) - 1)]
        eyes = _between(EYES, rng.uniform(0, len(EYES) - 1, size) * np.clip(1.7 - tone / 2.2, 0.1, 1))
        grey = rng.uniform(0.15, 0.95, (*size, 1))
        backdrop = np.clip(grey + rng.uniform(-0.12, 0.12, (*size, 3)), 0, 1)
        light = np.stack([rng.uniform(-0.9, 0.9, size), rng.uniform(0.0, 0.9, size), rng.uniform(0.5, 1, size)], -1)
        return Identity(
            shape=normal(1.0, len(SHAPES)), asymmetry=normal(ASYMMETRY_SPREAD, len(SHAPES)),
            gains=np.exp(normal(GAIN_SPREAD, len(MUSCLES))), resting=normal(RESTING_SPREAD, len(MUSCLES)),
            lid_gain=np.exp(normal(LID_GAIN_SPREAD)), jaw_gain=np.exp(normal(JAW_GAIN_SPREAD)),
            gaze_gain=np.exp(normal(GAZE_GAIN_SPREAD)), skin=skin, lips=_lips(skin, rng.uniform(0, 1, size)),
            brows=np.clip(hair * 0.85, 0, 1), hair=hair, eyes=eyes,
            hair_style=rng.choice([0.0, 1.0, 1.0, 2.0], size=size), light=light, ambient=rng.uniform(0.35, 0.6, size),
            backdrop=backdrop,
        )  # fmt: skip

    def __getitem__(self, index: int | slice | Array) -> "Identity":
        """One or some of many people."""
        return Identity(**{entry.name: getattr(self, entry.name)[index] for entry in entries_of(self)})

    def __len__(self) -> int:
        """How many people; one person alone has no length: TypeError."""
        return len(self.shape[..., 0])


def _between(table: tuple[tuple[float, ...], ...], place: Array) -> Array:
    """A colour between two of a table's, (..., 3), for places (...) from 0 to its last row."""
    colours = np.array(table)
    place = np.asarray(place)
    below = np.minimum(place.astype(int), len(colours) - 2)
    share = (place - below)[..., None]
    mixed: Array = colours[below] * (1 - share) + colours[below + 1] * share
    return mixed


def _lips(skin: Array, redness: Array) -> Array:
    """A colour of lips that goes with the skin; redness (...) in [0, 1]."""
    red = np.asarray(redness)[..., None]
    lips: Array = np.clip(skin * (np.array([0.90, 0.70, 0.71]) + red * np.array([0.01, -0.12, -0.10])), 0, 1)
    return lips


@cache
def shape_fields() -> Array:
    """How each of SHAPES moves the points for one spread, (S, 480, 3), symmetric."""
    points = rest_points()
    x, y, z = points.T
    zero = np.zeros_like(x)
    side = np.sign(x)
    eye = np.abs(x) - 0.031
    eye_y = y + 0.005
    around_eye = np.exp(-((eye / 0.020) ** 2) / 2 - (eye_y / 0.014) ** 2 / 2)
    around_eye[MESH_POINTS:] = 1.0
    upper, lower = lip_share()
    lips = np.maximum(upper, lower)
    around_mouth = np.maximum(np.exp(-((x / 0.030) ** 2) / 2 - ((y + 0.067) / 0.013) ** 2 / 2), 0) * (z > -0.030)
    nose = np.exp(-((x / 0.016) ** 2) / 2) * smooth_step(y, 0.0, -0.022) * smooth_step(y, -0.062, -0.046)
    brow = np.exp(-(((y - 0.013) / 0.013) ** 2) / 2) * smooth_step(np.abs(x), 0.066, 0.050)
    brow[MESH_POINTS:] = 0

    def field(dx: Array, dy: Array, dz: Array) -> Array:
        return np.stack(np.broadcast_arrays(dx, dy, dz), -1)

    on_mesh = np.arange(len(x)) < MESH_POINTS
    cheek = np.exp(-(((y + 0.040) / 0.020) ** 2) / 2) * smooth_step(np.abs(x), 0.025, 0.05)
    apple = np.exp(-(((y + 0.036) / 0.016) ** 2) / 2 - ((np.abs(x) - 0.045) / 0.014) ** 2 / 2)
    fields = {
        "width": field(0.045 * x, zero, zero),
        "length": field(zero, 0.040 * (y + 0.030), zero),
        "depth": field(zero, zero, 0.06 * (z + 0.020)),
        "jaw width": field(0.060 * x * smooth_step(y, -0.040, -0.090), zero, zero),
        "chin length": field(zero, -0.0035 * smooth_step(y, -0.075, -0.113), zero),
        "cheeks": field(0.0015 * side * cheek, zero, 0.0020 * apple),
        "forehead": field(zero, 0.0035 * smooth_step(y, 0.015, 0.044), zero),
        "eye spacing": field(0.0013 * side * around_eye, zero, zero),
        "eye width": field(0.050 * side * eye * around_eye, zero, zero),
        "eye opening": field(zero, 0.085 * eye_y * around_eye * on_mesh, zero),
        "eye tilt": field(zero, 0.045 * eye * around_eye * on_mesh, zero),
        "brow height": field(zero, 0.0017 * brow, zero),
        "brow tilt": field(zero, 0.055 * (np.abs(x) - 0.033) * brow, zero),
        "nose length": field(zero, -0.0020 * nose * smooth_step(y, -0.010, -0.040), zero),
        "nose width": field(0.09 * x * nose, zero, zero),
        "nose height": field(zero, zero, 0.0016 * nose),
        "mouth width": field(0.065 * x * np.maximum(around_mouth, lips > 0), zero, zero),
        "lip thickness": field(zero, _thickness(), zero),
    }
    return np.array([fields[name] for name in SHAPES])


def _thickness() -> Array:
    """Heights by which the lips' rings part from the line between them."""
    height = np.zeros(len(rest_points()))
    for rings, sign in ((UPPER_LIP, 1), (LOWER_LIP, -1)):
        for ring, far in zip(rings, (0.0013, 0.0009, 0.0004, 0.0), strict=True):
            x = rest_points()[list(ring), 0] / 0.025
            height[list(ring)] = sign * far * np.clip(1 - x**2, 0, None)
    return height


def shaped(identity: Identity) -> Array:
    """The calm face before its muscles' resting tone, (..., 480, 3)."""
    base = rest_points()
    basis = shape_fields()
    count = len(basis)
    # What is unlike on the two sides: the same fields, one side up, the other down.
    sided = basis * np.tanh(base[:, :1] / 0.012)
    weights = np.concatenate([identity.shape, identity.asymmetry], -1)
    both = np.concatenate([basis, sided]).reshape(2 * count, -1)
    moved: Array = base + (weights @ both).reshape(*weights.shape[:-1], len(base), 3)
    return moved
