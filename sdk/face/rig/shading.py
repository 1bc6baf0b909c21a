"""How surfaces take light: one lamp, the room's light and a rim from behind. Colours and strengths are assumed.

Shapes: N pixels. Normals are those of the camera's frame: x to its right, y up, z towards it. Light is linear here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdk.face.rig.anatomy import Array
from sdk.face.rig.identity import Identity
from sdk.face.rig.paint import BROWS, LIPS, SHADE, WARMTH, painting, pixel_of
from sdk.face.rig.parts import Material

Pixels = NDArray[np.float32]
IRIS, PUPIL = np.sin(np.deg2rad(29.0)), np.sin(np.deg2rad(11.5))


@dataclass(frozen=True, eq=False)
class Look:
    """What is not a person's own. None: as the person has it."""

    skin: tuple[float, float, float] | None
    lips: tuple[float, float, float] | None
    brows: tuple[float, float, float] | None
    brow_strength: float
    warmth: tuple[float, float, float]
    gloss: float
    head: tuple[float, float, float] | None
    ear: tuple[float, float, float] | None
    neck: tuple[float, float, float] | None
    cloth: tuple[float, float, float]
    seam: float


LOOKS = {
    "human": Look(None, None, None, 0.92, (0.10, -0.13, -0.12), 0.10, None, None, None, (0.29, 0.35, 0.43), 0.0),
    "ameca": Look(
        (0.66, 0.69, 0.72), (0.55, 0.53, 0.56), (0.40, 0.42, 0.45), 0.55, (0.02, -0.02, -0.02), 0.16,
        (0.85, 0.87, 0.89), (0.60, 0.63, 0.67), (0.24, 0.26, 0.29), (0.36, 0.38, 0.41), 1.0,
    ),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Seen:
    """normals: (N, 3), of any length. at: (N, 3), a part's coordinates. material: (N,)."""

    normals: Pixels
    at: Pixels
    material: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Lit:
    """A person in a look, under a light. lamp: (3,) unit, towards it."""

    identity: Identity
    look: Look
    lamp: Pixels

    @staticmethod
    def of(identity: Identity, look: Look) -> "Lit":
        """A person's own light."""
        lamp = np.asarray(identity.light, np.float32)
        return Lit(identity, look, lamp / np.linalg.norm(lamp))

    def background(self, side: int) -> Pixels:
        """A wall that is brighter on the lamp's side and above, (side, side, 3) or what broadcasts to it."""
        down = np.linspace(0, 1, side, dtype=np.float32)[:, None, None]
        across = np.linspace(-0.5, 0.5, side, dtype=np.float32)[None, :, None]
        bright = 1.06 - 0.22 * down + 0.16 * across * self.lamp[0]
        made: Pixels = (np.asarray(self.identity.backdrop, np.float32) * bright) ** 2
        return made


def shaded(seen: Seen, lit: Lit) -> Pixels:
    """The colour of each pixel, linear RGB (N, 3)."""
    length = np.sqrt(np.einsum("nk,nk->n", seen.normals, seen.normals))
    normal = seen.normals / np.maximum(length, 1e-6)[:, None]
    albedo = np.zeros((len(normal), 3), np.float32)
    gloss = np.zeros(len(normal), np.float32)
    sharp = np.full(len(normal), 22.0, np.float32)
    clear = np.ones(len(normal), np.float32)
    soft = np.full(len(normal), 0.30, np.float32)
    for kind, paint in PAINTERS.items():
        where = np.flatnonzero(seen.material == kind)
        if len(where):
            albedo[where], gloss[where], sharp[where], clear[where], soft[where] = paint(seen.at[where], lit)
    lamp = lit.lamp
    facing = normal @ lamp
    # Skin lets light through, red furthest, so that its shadow begins late and warm.
    wrap = soft[:, None] * np.array([1.35, 0.95, 0.85], np.float32)
    diffuse = np.clip((facing[:, None] + wrap) / (1 + wrap), 0, None)
    room = float(lit.identity.ambient) * (0.72 + 0.28 * normal[:, 1:2])
    fill = 0.16 * np.clip(normal @ np.array([-lamp[0], 0.1, 0.6], np.float32), 0, None)[:, None]
    half = lamp + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    glint = gloss * np.clip(normal @ half, 0, 1) ** sharp
    rim = 0.10 * np.clip(1 - np.abs(normal[:, 2]), 0, 1) ** 3
    strength = 0.90 - 0.35 * float(lit.identity.ambient)
    light = (diffuse * strength + room + fill) * clear[:, None]
    made: Pixels = albedo**2 * light + (glint * clear)[:, None] + (rim * gloss * clear)[:, None]
    return made


Painted = tuple[Array | Pixels, Array | Pixels | float, Array | Pixels | float, Array | Pixels | float, float]
"""Colour (n, 3), gloss, how sharp it is, how much light gets there, how soft shadows are; (n,) or one for all."""


def _face(at: Pixels, lit: Lit) -> Painted:
    row, column = pixel_of(at[:, 0], at[:, 1])
    layers = painting()[row, column]
    look, person = lit.look, lit.identity
    skin = np.asarray(look.skin or person.skin, np.float32)
    lips = np.asarray(look.lips or person.lips, np.float32)
    brows = np.asarray(look.brows or person.brows, np.float32)
    colour = skin + layers[:, WARMTH, None] * np.asarray(look.warmth, np.float32) * skin
    colour = colour + layers[:, LIPS, None] * (lips - colour)
    colour = colour + look.brow_strength * layers[:, BROWS, None] * (brows - colour)
    gloss = look.gloss * (1 + 1.2 * layers[:, LIPS]) * (1 - 0.8 * layers[:, BROWS])
    return colour, gloss, 20 + 22 * layers[:, LIPS], 1 - layers[:, SHADE], 0.34


def _head(at: Pixels, lit: Lit) -> Painted:
    look = lit.look
    colour = np.asarray(look.head or lit.identity.skin, np.float32)
    warm = 1.0 if look.head else 1 + 0.10 * np.asarray(look.warmth, np.float32)
    # A shell begins with a seam where the skin ends.
    seam = look.seam * np.exp(-(((at[:, 1] + 0.72) / 0.10) ** 2))
    return (
        np.broadcast_to(colour * warm, (len(at), 3)),
        look.gloss,
        22.0,
        (1 - 0.55 * at[:, 2]) * (1 - 0.6 * seam),
        0.34,
    )


def _neck(at: Pixels, lit: Lit) -> Painted:
    look = lit.look
    colour = np.broadcast_to(np.asarray(look.neck or lit.identity.skin, np.float32), (len(at), 3))
    ribs = 1 - 0.35 * look.seam * (0.5 + 0.5 * np.cos(at[:, 1] * 2 * np.pi * 3))
    return colour, look.gloss * 0.6, 18.0, (1 - 0.55 * at[:, 2]) * ribs, 0.34


def _ear(at: Pixels, lit: Lit) -> Painted:
    look = lit.look
    colour = np.asarray(look.ear or lit.identity.skin, np.float32) * (1 + np.asarray(look.warmth, np.float32) * 0.6)
    return np.broadcast_to(colour, (len(at), 3)), look.gloss * 0.6, 18.0, 1 - 0.55 * at[:, 2], 0.45


def _eye(at: Pixels, lit: Lit) -> Painted:
    """Pupil, iris with fibres and a dark rim, and the white, under the shadow of the upper lid."""
    out = np.hypot(at[:, 0], at[:, 1])
    around = np.arctan2(at[:, 1], at[:, 0])
    iris = np.asarray(lit.identity.eyes, np.float32)
    fibres = 1 + 0.14 * np.sin(31 * around + 2 * np.sin(7 * around)) * np.clip((out - PUPIL) / (IRIS - PUPIL), 0, 1)
    inner = 1.25 - 0.35 * np.clip((out - PUPIL) / (IRIS - PUPIL), 0, 1)
    colour = iris * (fibres * inner)[:, None]
    rim = np.exp(-(((out - IRIS) / 0.045) ** 2))[:, None]
    colour = colour * (1 - 0.62 * rim)
    pupil = np.clip((PUPIL + 0.02 - out) / 0.04, 0, 1)[:, None]
    colour = colour * (1 - pupil) + 0.03 * pupil
    white = np.array([0.93, 0.92, 0.91], np.float32) - np.clip(out - 0.62, 0, 1)[:, None] * np.array(
        [0.12, 0.34, 0.34], np.float32
    )
    share = np.clip((out - IRIS + 0.015) / 0.05, 0, 1)[:, None]
    colour = colour * (1 - share) + white * share
    under_lid = np.clip(at[:, 2] / 0.0045, 0, 1)
    clear = 0.38 + 0.62 * under_lid * under_lid * (3 - 2 * under_lid)
    return colour, 0.85, 190.0, clear, 0.5


def _plain(colour: tuple[float, float, float], gloss: float, sharp: float, deep: float) -> Callable[..., Painted]:
    """One colour, which loses the share `deep` of its light where it is hollow."""

    def paint(at: Pixels, lit: Lit) -> Painted:
        return np.broadcast_to(np.array(colour, np.float32), (len(at), 3)), gloss, sharp, 1 - deep * at[:, 2], 0.4

    return paint


def _teeth(at: Pixels, lit: Lit) -> Painted:
    """Ten teeth in a row with fine gaps, darker to the sides."""
    place = np.abs(at[:, 0]) * 5.6
    gap = np.exp(-(((place - np.round(place)) / 0.055) ** 2)) * (np.round(place) < 6)
    # The middle gap stays; teeth look narrower towards the sides.
    clear = (1 - 0.75 * np.abs(at[:, 0]) ** 2) * (1 - 0.26 * gap) * (1 - 0.5 * at[:, 2])
    return np.broadcast_to(np.array([0.95, 0.93, 0.88], np.float32), (len(at), 3)), 0.25, 40.0, clear, 0.4


def _hair(at: Pixels, lit: Lit) -> Painted:
    """Strands from the forehead backwards; the hairline is thin, so that skin shows between them."""
    across, along = at[:, 0], at[:, 1]
    fine = np.sin(230 * across + 4 * np.sin(5 * along)) * np.sin(87 * across - 3 * along + 1.0)
    broad = np.sin(19 * across + 2 * along) * 0.6 + np.sin(43 * across + 1.5) * 0.4
    colour = np.asarray(lit.identity.hair, np.float32) * (1 + 0.10 * fine + 0.12 * broad)[:, None]
    thin = np.clip((along + 0.020 * fine + 0.015 * broad - 0.030) / 0.045, 0, 1)[:, None]
    skin = np.asarray(lit.identity.skin, np.float32) * 0.93
    return np.clip(skin + thin * (colour - skin), 0, 1), 0.07 + 0.05 * broad, 9.0, 0.90 + 0.08 * fine, 0.25


def _cloth(at: Pixels, lit: Lit) -> Painted:
    return np.broadcast_to(np.asarray(lit.look.cloth, np.float32), (len(at), 3)), 0.02, 8.0, 1.0, 0.2


PAINTERS: dict[Material, Callable[..., Painted]] = {
    Material.FACE: _face,
    Material.HEAD: _head,
    Material.NECK: _neck,
    Material.CLOTH: _cloth,
    Material.EYE: _eye,
    Material.LASH: _plain((0.09, 0.07, 0.07), 0.0, 10.0, 0.0),
    Material.TEETH: _teeth,
    Material.GUM: _plain((0.70, 0.38, 0.38), 0.12, 30.0, 0.6),
    Material.MOUTH: _plain((0.42, 0.13, 0.13), 0.0, 10.0, 0.93),
    Material.SOCKET: _plain((0.80, 0.60, 0.57), 0.15, 40.0, 0.85),
    Material.TONGUE: _plain((0.72, 0.36, 0.36), 0.10, 24.0, 0.75),
    Material.HAIR: _hair,
    Material.EAR: _ear,
}
