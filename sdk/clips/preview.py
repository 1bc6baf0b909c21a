"""Pictures of a clip: an animated GIF to look at and a contact sheet to compare. Pillow and numpy only."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sdk.clips import files
from sdk.clips.render import Camera, Color, Image32, draw_pose, stage
from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.runtime.track import Segment

ACCENTS: dict[Emotion, Color] = {
    Emotion.NEUTRAL: (122, 130, 142),
    Emotion.JOY: (236, 174, 36),
    Emotion.TRUST: (104, 178, 92),
    Emotion.FEAR: (38, 140, 112),
    Emotion.SURPRISE: (60, 172, 210),
    Emotion.SADNESS: (70, 104, 196),
    Emotion.DISGUST: (146, 92, 178),
    Emotion.ANGER: (212, 62, 58),
    Emotion.ANTICIPATION: (236, 130, 48),
}
"""One colour per emotion, after Plutchik's wheel."""
INK: Color = (52, 58, 68)
FAINT: Color = (140, 147, 158)
PAPER: Color = (247, 248, 250)
ABOVE = 0.45
"""Share of a pose's height on a sheet that there is over the camera's target."""
VIEW_AZIMUTH = 0.66
"""The camera stands this far, radians, to the character's left of where it first faces."""


class Shot(NamedTuple):
    """One row of a contact sheet.

    With `told`, what is felt when, a bar shows it: hollow in `kept` spans, with a line over `held` ones, in which goals
    hold a hand or a foot; (start, end) in seconds.
    """

    motion: Motion
    title: str
    affect: Affect | None = None
    told: Sequence[Segment] = ()
    kept: Sequence[tuple[float, float]] = ()
    held: Sequence[tuple[float, float]] = ()


def check_preview(path: Path, *, field: str = "preview") -> None:
    """Refuse a picture path that could not be written; call it before the work begins. Raises InvalidInput."""
    files.check_writable(path, suffixes=(".gif",), field=field)


def render_gif(
    motion: Motion,
    path: Path,
    *,
    title: str,
    affect: Affect | None = None,
    fps: float = 15,
    size: tuple[int, int] = (480, 480),
) -> Path:
    """Write the motion as a looping GIF with a caption; `affect` names the emotion and gives the accent colour.

    One picture per 1 / fps seconds, first and last moment included. size: (width, height) pixels, at least 160 each.
    Raises InvalidInput for a bad path, rate or size.
    """
    check_preview(path, field="path")
    if not 1 <= fps <= 50:
        raise InvalidInput(f"preview fps must lie in 1..50 (GIF counts in 1/100 s), got {fps}", field="fps")
    _check_size(size)
    clip = motion.resampled(fps)
    # Hundredths of a second are rounded on the running total, so that the loop keeps the clip's length.
    ticks = [round(100 * k / fps) for k in range(len(clip) + 1)]
    durations = [10 * (b - a) for a, b in zip(ticks, ticks[1:], strict=False)]
    pictures = list(_frames(clip, title=title, affect=affect, size=size))
    palette = _palette(pictures)
    indexed = [p.quantize(palette=palette, dither=Image.Dither.NONE) for p in pictures]
    out = io.BytesIO()
    indexed[0].save(
        out, "GIF", save_all=True, append_images=indexed[1:], duration=durations, loop=0, disposal=1, optimize=False
    )
    files.publish({path: out.getvalue()})
    return path


def contact_sheet(
    shots: Sequence[Shot | tuple[Motion, str]],
    path: Path,
    *,
    columns: int = 8,
    cell: tuple[int, int] = (170, 230),
) -> Path:
    """Write a PNG with one row per clip: `columns` poses at even times from its first frame to its last.

    shots: (motion, title) or (motion, title, affect). cell: (width, height) of a pose, pixels.
    Raises InvalidInput for a bad path, no shots or no columns.
    """
    files.check_writable(path, suffixes=(".png",), field="path")
    if not shots or columns < 1:
        raise InvalidInput("a contact sheet needs at least one clip and one column", field="columns")
    _check_size(cell, least=48)
    rows = [Shot(*shot) for shot in shots]
    margin, header = 14, 40 if any(shot.told for shot in rows) else 30
    width = 2 * margin + columns * cell[0]
    height = margin + len(rows) * (header + cell[1] + margin)
    sheet = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(sheet)
    small = _font(11)
    for row, shot in enumerate(rows):
        top = margin + row * (header + cell[1] + margin)
        accent = _accent(shot.affect)
        pen.rounded_rectangle((margin, top + 3, margin + 4, top + 21), 2, fill=accent)
        limit = width - 2 * margin - 150
        pen.text((margin + 12, top + 12), _fitted(shot.title, _font(15), limit), INK, _font(15), anchor="lm")
        pen.text((width - margin, top + 12), mood(shot.affect), accent, _font(14), anchor="rm")
        scene = stage(shot.motion)
        view_m = max(2.15, (_top(shot.motion) - float(scene.targets[0, 1])) / ABOVE)
        camera = Camera(float(scene.headings[0]) + VIEW_AZIMUTH, (cell[0] - 2, cell[1]), view_m=view_m, drop=-0.03)
        for column, at in enumerate(np.linspace(0, len(shot.motion) - 1, columns)):
            frame = round(float(at))
            corner = (margin + column * cell[0], top + header)
            pose = draw_pose(scene, frame, camera, accent=accent)
            sheet.paste(_picture(pose), corner)
            stamp = f"{frame / shot.motion.fps:.1f} s"
            pen.text((corner[0] + cell[0] / 2, corner[1] + cell[1] - 4), stamp, FAINT, small, anchor="mb")
        # A moment lies over the middle of its pose.
        _timeline(pen, shot, margin + cell[0] / 2, width - margin - cell[0] / 2, top + header - 10)
    out = io.BytesIO()
    sheet.save(out, "PNG")
    files.publish({path: out.getvalue()})
    return path


def _timeline(pen: ImageDraw.ImageDraw, shot: Shot, left: float, right: float, y: float) -> None:
    """What is felt, kept and held when, between two x of the sheet."""

    def line(span: tuple[float, float], y: float, color: Color, thick: int) -> None:
        ends = np.clip(np.array(span) / max(shot.motion.seconds, 1e-9), 0.0, 1.0)
        begin, end = left + ends * (right - left)
        pen.rectangle((begin, y, end, y + thick - 1), fill=color)

    for told in shot.told:
        line((told.start_s, told.end_s), y, _accent(told.affect), 6)
    for span in shot.kept:
        line(span, y + 2, PAPER, 2)
    for span in shot.held:
        line(span, y - 4, INK, 2)


def _top(clip: Motion) -> float:
    """Metres over the ground that a picture must show: the highest joint of the clip and a hand's length."""
    return float(clip.positions[..., 1].max()) + 0.18


def _frames(clip: Motion, *, title: str, affect: Affect | None, size: tuple[int, int]) -> Iterator[Image.Image]:
    width, height = size
    unit = min(size) / 480
    accent = _accent(affect)
    scene = stage(clip)
    view_m = 2.35 * max(1.0, 0.9 * height / width)
    camera = Camera(float(scene.headings[0]) + VIEW_AZIMUTH, size, view_m=view_m, drop=-0.03)
    font, small = _font(round(19 * unit)), _font(round(15 * unit))
    edge = round(18 * unit)
    lines = _wrapped(title, font, width - 2 * edge, 2)
    for frame in range(len(clip)):
        picture = _picture(draw_pose(scene, frame, camera, accent=accent))
        pen = ImageDraw.Draw(picture)
        for k, line in enumerate(lines):
            pen.text((edge, edge + round(k * 24 * unit)), line, INK, font, anchor="lt")
        base = height - edge
        if affect is not None:
            pen.ellipse((edge, base - 12 * unit, edge + 12 * unit, base), fill=accent)
        pen.text((edge + 19 * unit, base - 6 * unit), mood(affect), INK, small, anchor="lm")
        pen.text((width - edge, base - 6 * unit), f"{frame / clip.fps:.1f} s", FAINT, small, anchor="rm")
        done = (frame + 1) / len(clip)
        pen.rectangle((0, height - round(4 * unit), round(width * done), height), fill=accent)
        yield picture


def _palette(pictures: Sequence[Image.Image]) -> Image.Image:
    """One palette for all pictures: with one each, flat areas would flicker."""
    samples = pictures[:: max(1, len(pictures) // 6)][:6]
    width, height = samples[0].size
    # The character's own part of the picture counts most: the ground around it has few colours and much area.
    box = (width // 4, height // 7, 3 * width // 4, 6 * height // 7)
    strip = Image.new("RGB", (width, height + len(samples) * (box[3] - box[1])), PAPER)
    strip.paste(samples[0], (0, 0))
    for k, sample in enumerate(samples):
        strip.paste(sample.crop(box), (0, height + k * (box[3] - box[1])))
        strip.paste(sample.crop(box), (width // 2, height + k * (box[3] - box[1])))
    return strip.quantize(255, method=Image.Quantize.MEDIANCUT, kmeans=2)


def _picture(pixels: Image32) -> Image.Image:
    return Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8))


def _accent(affect: Affect | None) -> Color:
    return ACCENTS[Emotion[affect.label.upper()] if affect else Emotion.NEUTRAL]


def mood(affect: Affect | None) -> str:
    """The emotion as a caption: "anger, intensity 0.8", of a mixture its parts, nothing where it is unknown."""
    if affect is None:
        return ""
    if set(affect.weights) == {Emotion.NEUTRAL}:
        return "neutral"
    ranked = sorted(affect.weights.items(), key=lambda item: -item[1])
    names = [e.label if len(ranked) == 1 else f"{e.label} {w:.0%}" for e, w in ranked[:3]]
    return f"{' + '.join(names)}, intensity {affect.intensity:.2g}"


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(size, 9))


def _fitted(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    text = " ".join(text.split())
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text.rstrip() + "..."


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float, most: int) -> list[str]:
    """At most `most` lines; what does not fit ends in dots."""
    lines: list[str] = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width and len(lines) < most:
            lines.append(word)
        else:
            lines[-1] = longer
    return [_fitted(line, font, width) for line in lines]


def _check_size(size: tuple[int, int], *, least: int = 160) -> None:
    if min(size) < least or max(size) > 2048:
        raise InvalidInput(f"size must lie in {least}..2048 pixels, got {size[0]} x {size[1]}", field="size")
