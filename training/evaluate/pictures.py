"""Pictures of a report, drawn with Pillow: confusion matrix, curves over intensity, bars, contact sheets."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sdk.clips import files
from sdk.clips.preview import ACCENTS, FAINT, INK, PAPER, Shot, contact_sheet
from sdk.clips.render import Color
from sdk.emotion import Emotion

GRID: Color = (222, 225, 230)
BAND: Color = (225, 238, 226)
DEEP = np.array([38.0, 84.0, 124.0])
MARGIN = 18
PANEL = (260, 190)


def confusion_picture(counts: Sequence[Sequence[float]], names: Sequence[str], path: Path, *, title: str) -> Path:
    """counts: (asked, judged), any whole numbers; the shade is the share of the row."""
    cell, left, top = 84, 120, 84
    image, pen = _sheet(left + cell * len(names) + MARGIN, top + cell * len(names) + MARGIN, title)
    table = np.array(counts, dtype=float)
    share = table / np.maximum(table.sum(-1, keepdims=True), 1)
    for column, name in enumerate(names):
        _text(pen, (left + (column + 0.5) * cell, top - 12), name, anchor="ms")
    _text(pen, (MARGIN, top - 12), "asked, judged:", FAINT, anchor="ls")
    for row, name in enumerate(names):
        _text(pen, (left - 10, top + (row + 0.5) * cell), name, anchor="rm")
        for column in range(len(names)):
            corner = (left + column * cell, top + row * cell)
            part = float(share[row, column])
            shade = np.array(PAPER) + (DEEP - np.array(PAPER)) * part
            pen.rectangle((*corner, corner[0] + cell - 2, corner[1] + cell - 2), fill=tuple(int(v) for v in shade))
            middle = (corner[0] + cell / 2, corner[1] + cell / 2 - 7)
            ink = PAPER if part > 0.5 else INK
            _text(pen, middle, f"{part:.0%}", ink, size=15, anchor="mm")
            _text(pen, (middle[0], middle[1] + 18), f"{table[row, column]:g}", ink, size=10, anchor="mm")
    return _save(image, path)


def curves_picture(
    panels: Mapping[str, Mapping[Emotion, Sequence[float]]], at: Sequence[float], path: Path, *, title: str
) -> Path:
    """One panel per measure, one line per emotion over the values `at`; NaN leaves a gap."""
    columns = 4
    rows = -(-len(panels) // columns)
    image, pen = _sheet(2 * MARGIN + columns * PANEL[0], 74 + rows * PANEL[1] + MARGIN, title)
    x = MARGIN
    for emotion in dict.fromkeys(e for lines in panels.values() for e in lines):
        pen.rectangle((x, 48, x + 14, 58), fill=ACCENTS[emotion])
        _text(pen, (x + 20, 53), emotion.label, anchor="lm")
        x += 40 + round(_font(12).getlength(emotion.label))
    for k, (name, lines) in enumerate(panels.items()):
        corner = (MARGIN + k % columns * PANEL[0], 70 + k // columns * PANEL[1])
        _panel(pen, corner, name, lines, at)
    return _save(image, path)


def _panel(
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    name: str,
    lines: Mapping[Emotion, Sequence[float]],
    at: Sequence[float],
) -> None:
    left, top = corner[0] + 44, corner[1] + 24
    right, bottom = corner[0] + PANEL[0] - 14, corner[1] + PANEL[1] - 26
    values = np.array([v for line in lines.values() for v in line], dtype=float)
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    _text(pen, (left, corner[1] + 16), name, anchor="ls")
    for value in np.linspace(low, high, 3):
        y = bottom - (value - low) / (high - low) * (bottom - top)
        pen.line((left, y, right, y), fill=GRID)
        _text(pen, (left - 5, y), f"{value:.3g}", FAINT, size=10, anchor="rm")
    across = [left + (v - at[0]) / max(at[-1] - at[0], 1e-9) * (right - left) for v in at]
    for value, px in zip(at, across, strict=True):
        _text(pen, (px, bottom + 6), f"{value:g}", FAINT, size=10, anchor="mt")
    for emotion, line in lines.items():
        points = [
            (px, bottom - (v - low) / (high - low) * (bottom - top))
            for px, v in zip(across, line, strict=True) if np.isfinite(v)
        ]  # fmt: skip
        pen.line(points, fill=ACCENTS[emotion], width=2)
        for px, y in points:
            pen.ellipse((px - 3, y - 3, px + 3, y + 3), fill=ACCENTS[emotion])


def bars_picture(
    values: Mapping[str, float], path: Path, *, title: str, band: tuple[float, float], unit: str = "x"
) -> Path:
    """One horizontal bar per name beside the band that is wanted; bars outside it are drawn in red."""
    row, left, width = 20, 190, 420
    image, pen = _sheet(left + width + 80, 62 + row * len(values) + MARGIN, title)
    known = [v for v in values.values() if np.isfinite(v)]
    full = max([band[1] * 1.1, *known])
    first, last = (left + edge / full * width for edge in band)
    bottom = 60 + row * len(values)
    pen.rectangle((first, 56, last, bottom), fill=BAND)
    for edge, px in zip(band, (first, last), strict=True):
        _text(pen, (px, 54), f"{edge:g}", FAINT, size=10, anchor="mb")
    for k, (name, value) in enumerate(values.items()):
        top = 60 + k * row
        inside = band[0] <= value <= band[1]
        _text(pen, (left - 8, top + row / 2 - 2), name, anchor="rm")
        if np.isfinite(value):
            fill = ACCENTS[Emotion.FEAR] if inside else ACCENTS[Emotion.ANGER]
            pen.rectangle((left, top + 3, left + value / full * width, top + row - 6), fill=fill)
        _text(pen, (left + width + 8, top + row / 2 - 2), f"{value:.2f} {unit}", anchor="lm")
    return _save(image, path)


def sheet_picture(shots: Sequence[Shot], path: Path) -> Path:
    """A contact sheet, one row per emotion."""
    return contact_sheet(shots, path, columns=8, cell=(150, 200))


def _sheet(width: int, height: int, title: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    wanted = max(width, round(_font(16).getlength(title)) + 2 * MARGIN)
    image = Image.new("RGB", (wanted, height), PAPER)
    pen = ImageDraw.Draw(image)
    _text(pen, (MARGIN, 26), title, size=16, anchor="lm")
    return image, pen


def _text(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, fill: Color = INK, *, size: int = 12, anchor: str
) -> None:
    pen.text(at, text, fill, _font(size), anchor=anchor)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _save(image: Image.Image, path: Path) -> Path:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    files.publish({path: out.getvalue()})
    return path
