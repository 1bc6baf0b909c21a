"""A video of a real face, made of the photograph: it opens its mouth, smiles, moves, goes dark, leaves, comes back."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from tests.face.photographs import Picture, astronaut, darker

FPS, SIZE = 30.0, (360, 270)
MIDDLE, WIDTH = 222.5, 19.0
"""Across the photograph, in pixels: the middle of the mouth, and from there to its corners."""


@dataclass(frozen=True)
class Part:
    """Frames of one kind, named by what happens in them."""

    name: str
    frames: int


PARTS = (
    Part("calm", 18), Part("mouth", 24), Part("smile", 18), Part("moves", 24), Part("turns", 18), Part("nearer", 15),
    Part("fades", 4), Part("dark", 15), Part("back", 12), Part("leaves", 10), Part("away", 12), Part("again", 10),
)  # fmt: skip


def warped(picture: Picture, x: np.ndarray, y: np.ndarray) -> Picture:
    """The picture at places x, y of its own size."""
    maps = x.astype(np.float32), y.astype(np.float32)
    return cv2.remap(picture, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def moved(picture: Picture, *, degrees: float, scale: float, shift: tuple[float, float]) -> Picture:
    """The picture turned and scaled about its middle, then shifted, in a frame of SIZE; grey where there is none."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, scale)
    matrix[:, 2] += np.array(shift) + (np.array(SIZE) - (width, height)) / 2
    return cv2.warpAffine(picture, matrix, SIZE, flags=cv2.INTER_LINEAR, borderValue=(96, 96, 96))


def open_mouth(picture: Picture, share: float) -> Picture:
    """The photograph with the lower lip, jaw and chin moved down, and dark between the lips; share in [0, 1]."""
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float))
    across = (x - MIDDLE) / WIDTH
    edge = 149.8 - 8.0 * across**2 + 0.04 * (x - MIDDLE)  # upper edge of the lower lip
    drop = 15.0 * share * np.clip(1 - (0.45 * across) ** 2, 0, 1)
    apart = np.where(np.abs(across) < 1, drop * np.sqrt(np.clip(1 - across**2, 0, 1)), 0)
    fade = np.clip((225 - y) / 50, 0, 1)
    gap = (y > edge) & (y < edge + apart)
    lowered = (apart + (drop - apart) * np.clip((y - edge - apart) / 14, 0, 1)) * fade
    made = warped(picture, x, y - np.where(y > edge, lowered, 0)).astype(float)
    depth = np.clip(np.minimum(y - edge, edge + apart - y) / 1.5, 0, 1) * gap
    mouth = np.array([70.0, 24.0, 24.0])
    return np.rint(made * (1 - depth[..., None]) + mouth * depth[..., None]).astype(np.uint8)


def smiling(picture: Picture, share: float) -> Picture:
    """The photograph with the corners of the mouth further up and out; share in [0, 1]."""
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float))
    for side in (-1, 1):
        near = np.exp(-(((x - MIDDLE - 22 * side) / 9) ** 2) - ((y - 140) / 9) ** 2)
        x, y = x - 3.5 * share * side * near, y + 5 * share * near
    return warped(picture, x, y)


def frame_of(part: str, t: float) -> Picture:
    """A frame at share `t` of its part."""
    wave, swing = np.sin(np.pi * t), np.sin(2 * np.pi * t)
    picture, degrees, scale, shift = astronaut(), 0.0, 1.0, (30.0, 100.0)
    if part == "mouth":
        picture = open_mouth(picture, wave)
    elif part == "smile":
        picture = smiling(picture, wave)
    elif part == "moves":
        shift = (30 + 53 * swing, 100 + 19 * np.sin(4 * np.pi * t))
    elif part == "turns":
        degrees = 16 * swing
    elif part == "nearer":
        scale, shift = 1 + 0.4 * wave, (30 + 12 * wave, 100 + 38 * wave)
    elif part in ("leaves", "away"):
        shift = (30 + 530 * (t if part == "leaves" else 1) ** 2, 100)
    light = {"fades": 1 - t, "dark": 0.0, "back": min(1.0, 3 * t + 0.25)}.get(part, 1.0)
    return darker(moved(picture, degrees=degrees, scale=scale, shift=shift), light)


@cache
def clip() -> tuple[tuple[str, Picture], ...]:
    """All frames in order, each with the name of its part."""
    return tuple((part.name, frame_of(part.name, k / part.frames)) for part in PARTS for k in range(part.frames))


def write_video(path: Path) -> Path:
    """The clip as an MP4 or AVI file."""
    code = cv2.VideoWriter.fourcc(*("mp4v" if path.suffix == ".mp4" else "MJPG"))
    writer = cv2.VideoWriter(str(path), code, FPS, SIZE)
    assert writer.isOpened()
    for _, picture in clip():
        writer.write(picture[..., ::-1])
    writer.release()
    return path
