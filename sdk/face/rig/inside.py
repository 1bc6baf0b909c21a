"""What shows between lids and lips: eyeballs, lashes, teeth, tongue, the mouth's inside. Their shapes are assumed."""

from functools import cache

import numpy as np

from sdk.face.rig import anatomy as a
from sdk.face.rig.anatomy import POINTS, Array
from sdk.face.rig.muscles import JAW_AXIS, rest_points
from sdk.face.rig.paint import curve
from sdk.face.rig.parts import Material, Part, Stance, all_of, grid

EYE_RADIUS = 0.012
EYE_RINGS = np.deg2rad([78, 64, 52, 42, 34, 29.5, 25, 19, 13, 7, 0])
EYE_COLUMNS = 24
TOOTH_COLUMNS = 31
LASH_LENGTH = 0.0021
LASH_STEPS = 3
OPEN_LID = 0.0104
MOUTH_LOOP = (*a.UPPER_LIP[3], *a.LOWER_LIP[3][-2:0:-1])
"""The inner edge of the lips: the upper one from right to left, then the lower one back."""
CAVITY_STEPS = ((0.0, 1.0, 0.0), (-0.012, 1.10, 0.6), (-0.026, 1.15, 0.95), (-0.045, 0.0, 1.0))
"""Rings of the mouth's inside: how far back, how wide, how dark."""


@cache
def eyes() -> tuple[Part, Part]:
    """The front of the right and the left eyeball, turned with the gaze."""
    turn = np.arange(EYE_COLUMNS) * 2 * np.pi / EYE_COLUMNS
    ring = EYE_RINGS[:, None]
    direction = np.stack(
        np.broadcast_arrays(np.sin(ring) * np.cos(turn), np.sin(ring) * np.sin(turn), np.cos(ring)), -1
    ).reshape(-1, 3)
    triangles = grid(len(EYE_RINGS), EYE_COLUMNS, closed=True, inwards=True)
    made = []
    for side in (0, 1):

        def place(stance: Stance, side: int = side) -> Array:
            turned: Array = stance.points[POINTS + side] + EYE_RADIUS * direction @ stance.eyes.T
            return turned

        made.append(Part(triangles, all_of(Material.EYE, triangles), direction, np.ones(len(direction)), place))
    return made[0], made[1]


@cache
def lashes() -> tuple[Part, Part]:
    """A dark edge of each upper lid, as wide as lashes look; it points away from the eyeball."""
    made = []
    for side, (corners, lid) in enumerate(((a.RIGHT_CORNERS, a.RIGHT_UPPER_LID), (a.LEFT_CORNERS, a.LEFT_UPPER_LID))):
        edge = [corners[0], *lid, corners[1]]
        columns = LASH_STEPS * (len(edge) - 1) + 1
        share = np.interp(np.linspace(0, 8, columns), range(9), [0.0, 0.1, 0.8, 1.05, 1.0, 0.9, 0.7, 0.4, 0.05])[
            :, None
        ]
        triangles = grid(2, columns, inwards=side == 1)
        triangles = np.concatenate([triangles, triangles[:, ::-1]])

        low = (a.RIGHT_LOWER_LID, a.LEFT_LOWER_LID)[side][3]

        def place(
            stance: Stance, edge: list[int] = edge, share: Array = share, side: int = side, low: int = low
        ) -> Array:
            root = curve(stance.points[edge], LASH_STEPS)
            # Up while the eye is open, down when it closes.
            gap = float(np.clip((stance.points[edge[4], 1] - stance.points[low, 1]) / OPEN_LID, 0, 1))
            away = root - stance.points[POINTS + side] + [0, 0.014 * gap - 0.010, 0]
            away /= np.linalg.norm(away, axis=1, keepdims=True)
            return np.concatenate([root + LASH_LENGTH * share * away, root - [0, 0.0004, 0] + 0.0002 * away])

        coordinates = np.zeros((2 * columns, 3))
        made.append(Part(triangles, all_of(Material.LASH, triangles), coordinates, np.ones(2 * columns), place))
    return made[0], made[1]


@cache
def sockets() -> tuple[Part, Part]:
    """What closes the gap between lids and eyeball: pink at the inner corner, in the shade behind."""
    made = []
    for side, (corners, upper, lower) in enumerate(
        ((a.RIGHT_CORNERS, a.RIGHT_UPPER_LID, a.RIGHT_LOWER_LID), (a.LEFT_CORNERS, a.LEFT_UPPER_LID, a.LEFT_LOWER_LID))
    ):
        loop = [corners[0], *upper, corners[1], *lower[::-1]]
        triangles = grid(3, len(loop), closed=True, inwards=side == 1)

        def place(stance: Stance, loop: list[int] = loop, side: int = side) -> Array:
            edge = stance.points[loop]
            middle = edge.mean(0)
            inner = middle + (edge - middle) * [0.72, 1.0, 1.0] - [0, 0, 0.0045]
            return np.concatenate([edge, inner, np.broadcast_to(stance.points[POINTS + side], edge.shape)])

        deep = np.repeat([0.0, 0.35, 0.6], len(loop))
        coordinates = np.stack([0 * deep, 0 * deep, deep], -1)
        made.append(Part(triangles, all_of(Material.SOCKET, triangles), coordinates, np.ones(len(deep)), place))
    return made[0], made[1]


def _arch(front: float, edge_y: float, root_y: float) -> Array:
    """A row of teeth and its gum, (3 * columns, 3): rows gum, root, edge, from right to left."""
    across = np.linspace(-1, 1, TOOTH_COLUMNS)
    x = 0.0245 * np.sin(across * np.pi / 2 * 0.96)
    z = front - 0.026 * (1 - np.cos(across * np.pi / 2 * 0.96)) * 1.15
    rows = [(root_y + np.sign(root_y - edge_y) * 0.006, -0.001), (root_y, 0.0), (edge_y, 0.0005)]
    return np.concatenate([np.stack([x, np.full_like(x, y), z + forward], -1) for y, forward in rows])


def _with_jaw(places: Array, stance: Stance) -> Array:
    turned: Array = (places - JAW_AXIS) @ stance.jaw.T + JAW_AXIS
    return turned


@cache
def teeth() -> tuple[Part, Part]:
    """The upper row, fixed to the skull, and the lower one, which goes with the jaw."""
    upper, lower = _arch(0.0005, -0.0690, -0.0600), _arch(-0.0020, -0.0685, -0.0765)
    made = []
    for shape, of_jaw in ((upper, False), (lower, True)):
        triangles = grid(3, TOOTH_COLUMNS, inwards=of_jaw)
        gum = (triangles < TOOTH_COLUMNS).any(1)
        across, along = np.meshgrid(np.linspace(-1, 1, TOOTH_COLUMNS), [0.9, 0.45, 0.2 if not of_jaw else 0.35])
        coordinates = np.stack([across, np.zeros_like(across), along], -1).reshape(-1, 3)

        def place(stance: Stance, shape: Array = shape, of_jaw: bool = of_jaw) -> Array:
            # Teeth sit behind a person's own mouth.
            shift = stance.points[[1, 2, 164]].mean(0) - rest_points()[[1, 2, 164]].mean(0)
            placed: Array = shape + [0, shift[1] * 0.5, shift[2]]
            return _with_jaw(placed, stance) if of_jaw else placed

        material = np.where(gum, int(Material.GUM), int(Material.TEETH)).astype(np.intp)
        made.append(Part(triangles, material, coordinates, np.ones(len(shape)), place))
    return made[0], made[1]


@cache
def tongue() -> Part:
    """A soft hill behind the lower teeth."""
    across, along = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(0, 1, 7))
    x = across * 0.019 * np.sqrt(np.clip(1 - (0.7 - along).clip(0) ** 2, 0, 1))
    y = -0.0770 + 0.0060 * np.sin(np.pi * along * 0.6) - 0.004 * across**2 - 0.004 * (along < 0.01)
    z = -0.0080 - 0.040 * along - 0.010 * across**2
    shape = np.stack([x, y, z], -1).reshape(-1, 3)
    coordinates = np.stack([across, along, 0.35 + 0.6 * along], -1).reshape(-1, 3)
    triangles = grid(7, 9, inwards=True)

    def place(stance: Stance) -> Array:
        return _with_jaw(shape, stance)

    return Part(triangles, all_of(Material.TONGUE, triangles), coordinates, np.ones(len(shape)), place)


@cache
def cavity() -> Part:
    """The inside of the mouth, from the lips' inner edge backwards."""
    loop = len(MOUTH_LOOP)
    triangles = grid(len(CAVITY_STEPS), loop, closed=True)

    def place(stance: Stance) -> Array:
        edge = stance.points[list(MOUTH_LOOP)]
        middle = edge.mean(0)
        rings = [
            middle + (edge - middle) * [wide, wide * 1.3 if back else 1, 1] + [0, 0, back]
            for back, wide, _ in CAVITY_STEPS
        ]
        return np.concatenate(rings)

    dark = np.repeat([step[2] for step in CAVITY_STEPS], loop)
    coordinates = np.stack([0 * dark, 0 * dark, dark], -1)
    return Part(triangles, all_of(Material.MOUTH, triangles), coordinates, np.ones(len(dark)), place)
