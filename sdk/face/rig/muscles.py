"""How the skin follows the motors: a field of displacements for each, with soft edges. All of it is assumed.

Shapes: P = 480 points: the 478 of a face, then the centres of the right and the left eyeball; K muscles. A field is
(P, 3) in metres for one unit of the control away from neutral. Lids, irises and the turning of the head are not linear
and live in `model`.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from sdk.face.rig.anatomy import LOWER_LIP, MESH_POINTS, UPPER_LIP, Anatomy, Array, anatomy

JAW_AXIS = np.array([0.0, -0.022, -0.080])
"""The jaw turns about the line through this point from ear to ear, and yaws about the upright through it."""
JAW_OPENING = np.deg2rad(17.0)
JAW_YAW = np.deg2rad(6.0)
MOUTH_Y = -0.067

MUSCLES = (
    "Brow Inner Left", "Brow Inner Right", "Brow Outer Left", "Brow Outer Right",
    "Lip Bottom Curl", "Lip Bottom Depress Left", "Lip Bottom Depress Middle", "Lip Bottom Depress Right",
    "Lip Corner Raise Left", "Lip Corner Raise Right", "Lip Corner Stretch Left", "Lip Corner Stretch Right",
    "Lip Top Curl", "Lip Top Raise Left", "Lip Top Raise Middle", "Lip Top Raise Right", "Nose Wrinkle",
)  # fmt: skip
"""Controls whose skin moves in proportion."""


@cache
def rest_points() -> Array:
    """The mean face with its eyeballs' centres, (480, 3)."""
    mean = anatomy()
    return np.concatenate([mean.points, mean.eyes])


def smooth_step(value: Array, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, and smooth between; `high` may be the lower one."""
    share = np.clip((value - low) / (high - low), 0, 1)
    step: Array = share * share * (3 - 2 * share)
    return step


def mirrored_field(field: Array, mean: Anatomy) -> Array:
    """A field of one side on the other side."""
    order = np.concatenate([mean.mirror, [479, 478]])
    mirrored: Array = field[order] * np.array([-1, 1, 1])
    return mirrored


@cache
def lip_share() -> tuple[Array, Array]:
    """How much each point belongs to the upper and to the lower lip, (480,) each: 1 on it, less towards the corners and
    with the distance. Points of the other lip have 0 though they lie close."""
    points = rest_points()
    upper, lower = np.zeros(len(points)), np.zeros(len(points))
    for shares, rings in ((upper, UPPER_LIP), (lower, LOWER_LIP)):
        for ring in rings:
            shares[list(ring)] = 1 - 0.6 * (np.abs(points[list(ring), 0]) / 0.025) ** 2.5
    return upper, lower


@cache
def jaw_share() -> Array:
    """How far each point goes with the lower jaw, (480,)."""
    points = rest_points()
    upper, lower = lip_share()
    share = smooth_step(points[:, 1], MOUTH_Y + 0.010, MOUTH_Y - 0.018)
    share = np.where(upper > 0, np.where(lower > 0, 0.42, 0.0), share)
    np.maximum(share, lower * (upper == 0), out=share)
    # Between the nose and the upper lip nothing follows the jaw, however low it lies.
    share[points[:, 1] > MOUTH_Y + 0.010] = 0
    return share


@cache
def muscle_fields() -> Array:
    """One field a muscle, in the order of MUSCLES, (K, 480, 3): metres for one unit of the control."""
    mean = anatomy()
    right = {
        "Brow Inner": _brow(inner=True),
        "Brow Outer": _brow(inner=False),
        "Lip Bottom Depress": _lip_part(LOWER_LIP, side=-0.0125, down=True),
        "Lip Corner Raise": _corner((0.0, 0.019, -0.003), cheek=(0.0, 0.008, 0.003)),
        "Lip Corner Stretch": _corner((-0.014, 0.0005, -0.006), cheek=(-0.005, 0.0, 0.001)),
        "Lip Top Raise": _lip_part(UPPER_LIP, side=-0.0125, down=False),
    }
    middle = {
        "Lip Bottom Curl": _curl(LOWER_LIP, sign=-1),
        "Lip Bottom Depress Middle": _lip_part(LOWER_LIP, side=0.0, down=True),
        "Lip Top Curl": _curl(UPPER_LIP, sign=1),
        "Lip Top Raise Middle": _lip_part(UPPER_LIP, side=0.0, down=False),
        "Nose Wrinkle": _nose(),
    }
    fields = []
    for name in MUSCLES:
        kind, _, side = name.rpartition(" ")
        if name in middle:
            fields.append(middle[name])
        else:
            fields.append(right[kind] if side == "Right" else mirrored_field(right[kind], mean))
    return np.array(fields)


@cache
def jaw_fields() -> Array:
    """What the jaw's turning adds, (4, 480, 3), for sine and 1 - cosine of its opening, then of its yaw; metres."""
    share = jaw_share()[:, None]
    arm = rest_points() - JAW_AXIS
    zero = np.zeros(len(arm))
    opening_sine = np.stack([zero, -arm[:, 2], arm[:, 1]], -1)
    opening_rest = np.stack([zero, -arm[:, 1], -arm[:, 2]], -1)
    # The corners are drawn inwards when the mouth opens.
    points = rest_points()
    inwards = _near(points, (61,), 0.016)[:, None] * [1, 0, 0] - _near(points, (291,), 0.016)[:, None] * [1, 0, 0]
    yaw_sine = np.stack([arm[:, 2], zero, -arm[:, 0]], -1)
    yaw_rest = np.stack([-arm[:, 0], zero, -arm[:, 2]], -1)
    return np.array([opening_sine * share + 0.010 * inwards, opening_rest * share, yaw_sine * share, yaw_rest * share])


def _near(points: Array, centres: Sequence[int], width: float) -> Array:
    """1 at the nearest of the centres, falling off with the distance, (P,); eyeballs and irises: 0."""
    away = np.linalg.norm(points[:, None] - points[list(centres)], axis=-1).min(1)
    near: Array = np.exp(-((away / width) ** 2) / 2)
    near[MESH_POINTS:] = 0
    return near


def _brow(*, inner: bool) -> Array:
    """The right half of the forehead: up with the brow, the inner part also inwards when it goes down."""
    points = rest_points()
    x, y = points[:, 0], points[:, 1]
    outwards = smooth_step(-x, 0.018, 0.048)
    share = (1 - outwards) * smooth_step(x, 0.007, -0.010) if inner else outwards
    height = 0.010 + 0.010 * smooth_step(-x, 0.010, 0.035) - 0.010 * smooth_step(-x, 0.045, 0.060)
    above = y > height
    share = share * smooth_step(points[:, 2], -0.050, -0.025)
    share = share * np.exp(-((np.where(above, (y - height) / 0.016, (y - height) / 0.0075)) ** 2) / 2)
    share[MESH_POINTS:] = 0
    pull = np.array([-0.004, 0.015, 0.001]) if inner else np.array([-0.001, 0.015, 0.0005])
    field: Array = share[:, None] * pull
    return field


def _lip_part(rings: Sequence[Sequence[int]], *, side: float, down: bool) -> Array:
    """A third of a lip, up or down, with the skin beyond its outline."""
    points = rest_points()
    upper, lower = lip_share()
    own, other = (lower, upper) if down else (upper, lower)
    width = 0.0075 if side else 0.0065
    across = np.exp(-(((points[:, 0] - side) / width) ** 2) / 2)
    line = points[list(rings[0]), 1].min() if down else points[list(rings[0]), 1].max()
    beyond = (line - points[:, 1]) if down else (points[:, 1] - line)
    skin = np.exp(-((np.clip(beyond, 0, None) / 0.009) ** 2) / 2) * (beyond > -0.010)
    skin *= smooth_step(points[:, 2], -0.025, -0.010)
    share = np.where(own > 0, own, np.where(other > 0, 0.0, skin)) * across
    if not down:
        share *= smooth_step(points[:, 1], -0.043, -0.055)
    share[MESH_POINTS:] = 0
    pull = np.array([0.0, -0.0160, 0.0010]) if down else np.array([0.0, 0.0145, 0.0010])
    field: Array = share[:, None] * pull
    return field


def _corner(pull: tuple[float, float, float], *, cheek: tuple[float, float, float]) -> Array:
    """The right corner of the mouth, with half of both lips and the cheek."""
    points = rest_points()
    share = _near(points, (61, 76, 62, 78), 0.0125)
    # The cheek above the corner is pushed, not pulled along.
    pushed = _near(points, (205,), 0.017) * (np.array(lip_share()).max(0) == 0)
    field: Array = share[:, None] * np.array(pull) + pushed[:, None] * np.array(cheek) * 0.7
    field[points[:, 1] > -0.022] *= 0.3
    return field


def _curl(rings: Sequence[Sequence[int]], *, sign: int) -> Array:
    """A lip rolled outwards: forward, its red broader, its inner edge turned out."""
    points = rest_points()
    field = np.zeros((len(points), 3))
    forward, open_up = (0.0045, 0.0105, 0.0120, 0.0080), (0.0066, 0.0040, 0.0008, 0.0)
    for ring, out, up in zip(rings, forward, open_up, strict=True):
        middle = np.clip(1 - (np.abs(points[list(ring), 0]) / 0.0245) ** 2, 0, None)
        field[list(ring)] = middle[:, None] * np.array([0, sign * up, out])
    outline = list(rings[0])
    lip = np.array(lip_share()).max(0) > 0
    beyond = points[:, 1] - points[outline, 1].max() if sign > 0 else points[outline, 1].min() - points[:, 1]
    around = np.exp(-((points[:, 0] / 0.013) ** 2) / 2 - (np.clip(beyond, 0, None) / 0.006) ** 2 / 2) * (
        beyond > -0.002
    )
    field += (around * ~lip)[:, None] * np.array([0, sign * 0.0025, 0.0025])
    field[MESH_POINTS:] = 0
    return field


def _nose() -> Array:
    """Wings of the nose and what hangs on them up, skin of the bridge bunched, inner brows down."""
    points = rest_points()
    wings = _near(points, (129, 358, 102, 331, 64, 294), 0.0085)[:, None] * np.array([0, 0.0055, 0.0005])
    lip = _near(points, (40, 270, 165, 391, 92, 322), 0.008) * (np.array(lip_share()[1]) == 0)
    bridge = _near(points, (122, 351, 196, 419, 3, 248), 0.009)[:, None] * np.array([0, 0.0025, 0.0012])
    brows = _near(points, (55, 285, 107, 336), 0.011)[:, None] * np.array([0, -0.0035, 0])
    field: Array = wings + lip[:, None] * np.array([0, 0.0030, 0.0005]) + bridge + brows
    return field
