"""The comparison as a picture: for each emotion and cue the real change and the stylist's, as bars. Pillow only."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PIL import Image, ImageDraw, ImageFont

from sdk.clips.preview import ACCENTS, FAINT, INK, PAPER
from sdk.emotion import Emotion

_ROW, _HEAD, _MARGIN, _LABEL, _BAR = 22, 34, 16, 130, 150
_FULL = {"ratio": 1.1, "deg": 60.0}  # change that fills half a bar: a logarithm, degrees


class Change(Protocol):
    """What the chart needs of a row."""

    @property
    def emotion(self) -> str: ...
    @property
    def cue(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def real(self) -> float: ...
    @property
    def stylist(self) -> float: ...
    @property
    def clear(self) -> bool: ...

    def shown(self, change: float) -> str: ...


def draw_chart(rows: Sequence[Change], path: Path) -> None:
    """Write a PNG, one panel an emotion; grey is the real style, the colour the stylist, pale what is not clear."""
    emotions = list(dict.fromkeys(row.emotion for row in rows))
    most = max(sum(row.emotion == e for row in rows) for e in emotions)
    panel = 2 * _MARGIN + _LABEL + 2 * _BAR + 130
    width, height = 2 * panel, (len(emotions) + 1) // 2 * (_HEAD + most * _ROW + 2 * _MARGIN)
    image = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(15), ImageFont.load_default(12)
    for k, emotion in enumerate(emotions):
        left, top = k % 2 * panel + _MARGIN, k // 2 * (_HEAD + most * _ROW + 2 * _MARGIN) + _MARGIN
        accent = ACCENTS[Emotion[emotion.upper()]]
        pen.text((left, top), f"{emotion}: real style (grey) and stylist", INK, font)
        zero = left + _LABEL + _BAR
        pen.line((zero, top + _HEAD - 4, zero, top + _HEAD + most * _ROW), FAINT)
        for n, row in enumerate(row for row in rows if row.emotion == emotion):
            y = top + _HEAD + n * _ROW
            pen.text((left, y + 9), row.cue, INK if row.clear else FAINT, small, anchor="lm")
            for change, color, shift in ((row.real, FAINT, 0), (row.stylist, accent, 9)):
                share = max(-1.0, min(1.0, change / _FULL[row.unit])) * _BAR
                shade = color if row.clear else tuple((c + 2 * p) // 3 for c, p in zip(color, PAPER, strict=True))
                pen.rectangle((min(zero, zero + share), y + shift, max(zero, zero + share), y + shift + 7), fill=shade)
            text = f"{row.shown(row.real)} / {row.shown(row.stylist)}"
            pen.text((zero + _BAR + 8, y + 9), text, INK if row.clear else FAINT, small, anchor="lm")
    image.save(path)
