"""One picture of everything: the camera's picture with the face's lines, and beside it a bar for each control."""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from robot_bridge.camera_mind import Array, Reading, shares
from sdk.face.controls import ControlSchema
from sdk.face.pictures import Picture
from sdk.face.rig import anatomy as a
from sdk.face.rig.anatomy import MESH_POINTS

HEIGHT, PANEL = 720, 460
"""Pixels; the width is that of the picture and the panel."""
MAX_PICTURE_WIDTH = 1280
EDGE = 6
"""Pixels around a face, so that lines at its rim are whole."""
SMOOTH = 2
"""The drawing is made so many times larger and then made smaller, for smooth edges."""
GROUND, SURFACE, LINE, TEXT, SOFT = "#0e1116", "#161b22", "#29313c", "#e8ecf1", "#97a3b2"
TRACK, BAR, NEUTRAL = "#232b36", "#49b6ad", "#ffa065"
STATES = {"follow": "#5fd39a", "hold": "#ffd166", "calibrating": "#78a9ff", "no face": "#ff7b72"}
UNIT_MARKS = {"degrees": "\N{DEGREE SIGN}"}


def _eye(upper: tuple[int, ...], lower: tuple[int, ...], corners: tuple[int, int]) -> tuple[int, ...]:
    return (corners[0], *upper, corners[1], *reversed(lower), corners[0])


CONTOURS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("soft", (*a.OVAL, a.OVAL[0])),
    *(("soft", brow[0]) for brow in (a.RIGHT_BROW, a.LEFT_BROW)),
    ("soft", (168, 6, 197, 195, 5, 4, 2)),
    ("soft", (98, 97, 2, 326, 327)),
    ("strong", _eye(a.RIGHT_UPPER_LID, a.RIGHT_LOWER_LID, a.RIGHT_CORNERS)),
    ("strong", _eye(a.LEFT_UPPER_LID, a.LEFT_LOWER_LID, a.LEFT_CORNERS)),
    *(("strong", (*a.UPPER_LIP[ring], *reversed(a.LOWER_LIP[ring]))) for ring in (0, 3)),
)
"""Lines over a face's points, with the way they are drawn."""
COLOURS = {
    "dot": (255, 255, 255, 90),
    "soft": (255, 255, 255, 110),
    "strong": (94, 234, 212, 235),
    "iris": (255, 160, 101, 255),
}


def annotated(reading: Reading, schema: ControlSchema, range_set: str) -> Picture:
    """The whole view (HEIGHT, picture and panel) of a reading."""
    picture = reading.taken.picture
    scale = min(HEIGHT / picture.shape[0], MAX_PICTURE_WIDTH / picture.shape[1])
    width, height = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    view = Image.new("RGB", (width + PANEL, HEIGHT), GROUND)
    below = (HEIGHT - height) // 2
    shown = Image.fromarray(picture)
    if shown.size != (width, height):
        shown = shown.resize((width, height), Image.Resampling.BILINEAR)
    if reading.seen.face is not None:
        face = reading.seen.face
        lines, corner = face_lines((face.points[:, :2] + 0.5) * scale, held=face.held)
        shown.paste(lines, corner, lines)
    view.paste(shown, (0, below))
    panel = bars_panel(reading, schema, range_set)
    view.paste(panel, (width, 0))
    return np.asarray(view)


def face_lines(points: Array, *, held: bool) -> tuple[Image.Image, tuple[int, int]]:
    """The face's lines over points (478, 2), on a clear picture as large as the face, and where its corner belongs.

    Faint while the face is held.
    """
    corner = np.floor(points.min(0)) - EDGE
    across, down = (int(side) for side in np.ceil(points.max(0)) + EDGE - corner)
    layer = Image.new("RGBA", (across * SMOOTH, down * SMOOTH))
    draw = ImageDraw.Draw(layer)
    places = (points - corner) * SMOOTH
    width = max(1, round(float(np.ptp(points[:, 1])) / 160 * SMOOTH))
    for x, y in places[:MESH_POINTS]:
        r = 0.45 * width
        draw.ellipse((x - r, y - r, x + r, y + r), fill=COLOURS["dot"])
    for kind, chain in CONTOURS:
        draw.line([tuple(places[n]) for n in chain], fill=COLOURS[kind], width=width, joint="curve")
    for iris in (a.RIGHT_IRIS, a.LEFT_IRIS):
        (x, y), rim = places[iris.start], places[iris.start + 1 : iris.stop]
        r = float(np.linalg.norm(rim - places[iris.start], axis=1).mean())
        draw.ellipse((x - r, y - r, x + r, y + r), outline=COLOURS["iris"], width=width)
    layer = layer.resize((across, down), Image.Resampling.BOX)
    if held:
        layer.putalpha(layer.getchannel("A").point(lambda alpha: alpha // 3))
    return layer, (int(corner[0]), int(corner[1]))


def bars_panel(reading: Reading, schema: ControlSchema, range_set: str) -> Image.Image:
    """State, confidence and times, and a bar for each control from its neutral to its value, (HEIGHT, PANEL)."""
    panel = Image.new("RGB", (PANEL * SMOOTH, HEIGHT * SMOOTH), SURFACE)
    draw = _Pen(ImageDraw.Draw(panel))
    _head(draw, reading)
    values, rest = (shares(schema, range_set, v) for v in (reading.wish.values, schema.neutral))
    top, left, right = 92.0, 200.0, PANEL - 92.0
    lowest, highest = schema.bounds(range_set)
    regions = list(dict.fromkeys(control.region for control in schema))
    step = (HEIGHT - top - 12) / (len(schema) + 0.55 * len(regions))
    y, region = top, ""
    for number, control in enumerate(schema):
        share, neutral, value = values[number], rest[number], reading.wish.values[number]
        if control.region != region:
            y, region = y + 0.55 * step, control.region
            draw.line(16, y - 0.25 * step, PANEL - 16, LINE)
        middle = y + step / 2
        draw.text(16, middle, control.name, 12, SOFT, "lm")
        draw.text(left - 5, middle, f"{lowest[number]:g}", 9, SOFT, "rm")
        draw.text(right + 5, middle, f"{highest[number]:g}", 9, SOFT, "lm")
        draw.box(left, middle - 4, right, middle + 4, TRACK, radius=4)
        ends = sorted((left + share * (right - left), left + neutral * (right - left)))
        draw.box(ends[0], middle - 4, max(ends[1], ends[0] + 1), middle + 4, BAR, radius=2)
        at = left + neutral * (right - left)
        draw.box(at - 1, middle - 7, at + 1, middle + 7, NEUTRAL, radius=1)
        digits = 0 if control.unit == "degrees" else 2
        draw.text(PANEL - 16, middle, f"{value:.{digits}f}{UNIT_MARKS.get(control.unit, '')}", 12, TEXT, "rm")
        y += step
    return panel.resize((PANEL, HEIGHT), Image.Resampling.BOX)


def _head(draw: "_Pen", reading: Reading) -> None:
    words = reading.state
    if reading.state == "calibrating":
        words += " {} of {}: keep a calm face".format(*reading.calibrated)
    if reading.state == "no face" and reading.seen.reason:
        words = reading.seen.reason
    draw.box(16, 18, 28, 30, STATES[reading.state], radius=6)
    draw.text(36, 24, words, 16, TEXT, "lm")
    if reading.seen.faces > 1:
        draw.text(PANEL - 16, 24, f"{reading.seen.faces} faces, the largest is followed", 12, SOFT, "rm")
    confidence = reading.wish.confidence
    draw.text(16, 52, "confidence", 12, SOFT, "lm")
    draw.box(92, 48, 192, 56, TRACK, radius=4)
    if confidence > 0.01:
        draw.box(92, 48, 92 + 100 * confidence, 56, STATES[reading.state], radius=4)
    draw.text(200, 52, f"{confidence:.2f}", 12, TEXT, "lm")
    times = f"face {reading.find_ms:.1f} ms   controls {reading.map_ms:.1f} ms"
    if reading.fps:
        times += f"   {reading.fps:.0f} fps"
    draw.text(16, 74, times, 12, SOFT, "lm")


class _Pen:
    """Draws in the panel's own pixels on the larger picture."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw

    def text(self, x: float, y: float, words: str, size: int, colour: str, anchor: str) -> None:
        self._draw.text((x * SMOOTH, y * SMOOTH), words, fill=colour, font=_font(size * SMOOTH), anchor=anchor)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: str, *, radius: float) -> None:
        corners = tuple(SMOOTH * value for value in (x0, y0, x1, y1))
        self._draw.rounded_rectangle(corners, radius * SMOOTH, fill=colour)

    def line(self, x0: float, y: float, x1: float, colour: str) -> None:
        self._draw.line((x0 * SMOOTH, y * SMOOTH, x1 * SMOOTH, y * SMOOTH), fill=colour, width=SMOOTH)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
