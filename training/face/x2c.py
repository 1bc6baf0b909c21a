"""The layout of the X2C data set: pictures of a robot's face and the 30 control values that made them.

    <root>/metadata.jsonl             {"file_name": "<number>.<extension>", "ctrl_value": [30 floats]} on each line
    <root>/images<number // 10000>/   <file_name>

The layout is known from published code; the data itself was never opened here (its picture size, file extension and
zero padding are unverified, and that the order of numbers is the order of the animation is assumed).
Shapes: N rows, C controls, S picture side. Values are in the controls' own units.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from sdk.errors import InvalidInput, MalformedFile
from sdk.face.controls import ControlSchema

METADATA = "metadata.jsonl"
FOLDER_OF = 10_000
MISSING = ("refuse", "skip")
CHANNEL_ORDERS = ("rgb", "bgr")
MAX_LINE = 65_536
MAX_PIXELS = 16_000_000
MAX_VALUE = 1e6
_FILE_NAME = re.compile(r"\d{1,9}\.(?:jpg|jpeg|png|webp|bmp)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, kw_only=True)
class PixelStats:
    """What a picture is normalised with: (pixel / 255 - mean) / std for each channel, in the order of the channels."""

    name: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


# The published loader's figures. It read files as BGR and called them RGB, so these are in that reversed order.
PUBLISHED_STATS = PixelStats(name="x2c", mean=(0.4885, 0.4294, 0.3233), std=(0.1382, 0.1195, 0.1087))
PLAIN_STATS = PixelStats(name="plain", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


@dataclass(frozen=True, kw_only=True)
class Row:
    """One accepted line. number: the integer in the file's name."""

    number: int
    file_name: str
    values: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """One refused line: its number in the file, from 1, and why."""

    line: int
    reason: str


@dataclass(frozen=True, eq=False)
class X2cSet:
    """The accepted rows in the order of their numbers: numbers (N,), pictures' paths, values (N, C), and what was not.

    outside: rows with a value outside the range set; they are kept. rejected: reasons with how often.
    """

    root: Path
    range_set: str
    numbers: NDArray[np.int64]
    paths: tuple[Path, ...]
    values: NDArray[np.float32]
    outside: int
    rejected: dict[str, int]

    def __len__(self) -> int:
        return len(self.numbers)


def read_rows(path: Path, *, controls: int) -> Iterator[Row | Rejected]:
    """The lines of a metadata file, one at a time. Raises InvalidInput when it cannot be opened."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}); ROOT must hold {METADATA}") from None
    with stream:
        line = 0
        while data := stream.readline(MAX_LINE + 1):
            line += 1
            if len(data) > MAX_LINE:
                yield Rejected(line=line, reason=f"longer than {MAX_LINE} bytes")
                while data and not data.endswith(b"\n"):
                    data = stream.readline(MAX_LINE)
            elif data.strip():
                yield _row(data, line, controls)


def _row(data: bytes, line: int, controls: int) -> Row | Rejected:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return Rejected(line=line, reason="not JSON")
    if not isinstance(found, dict):
        return Rejected(line=line, reason="no object")
    name, given = found.get("file_name"), found.get("ctrl_value")
    if not isinstance(name, str) or not _FILE_NAME.fullmatch(name):
        return Rejected(line=line, reason="file_name is not <number>.<extension of a picture>")
    numbers = isinstance(given, list) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in given)
    if not numbers or len(given) != controls:
        return Rejected(line=line, reason=f"ctrl_value is not {controls} numbers")
    try:
        values = np.array(given, float)
    except OverflowError:  # JSON's integers have no end
        values = np.array(np.inf)
    if not (np.abs(values) <= MAX_VALUE).all():  # NaN is not
        return Rejected(line=line, reason="ctrl_value is not finite or far too large")
    return Row(number=int(name.partition(".")[0]), file_name=name, values=values.astype(np.float32))


def load_x2c(root: Path, schema: ControlSchema, *, range_set: str, missing: str = "refuse") -> X2cSet:
    """Read a data set's rows; pictures are only looked for, not opened.

    range_set: what `outside` is counted against. missing: of a row whose picture is not there, `refuse` raises,
    `skip` leaves it out and counts it. Of several rows with one number the first is kept. Raises InvalidInput for an
    unknown policy or range set, no usable row, and a missing picture; the message names it.
    """
    if missing not in MISSING:
        raise InvalidInput(f"missing={missing!r} is unknown; known: {', '.join(MISSING)}")
    low, high = schema.bounds(range_set)
    rejected: Counter[str] = Counter()
    kept: dict[int, tuple[Path, NDArray[np.float32]]] = {}
    for row in read_rows(root / METADATA, controls=len(schema)):
        if isinstance(row, Rejected):
            rejected[row.reason] += 1
            continue
        path = root / f"images{row.number // FOLDER_OF}" / row.file_name
        if row.number in kept:
            rejected["number seen before"] += 1
        elif path.is_file():
            kept[row.number] = (path, row.values)
        elif missing == "refuse":
            raise InvalidInput(f"picture {path} is missing; fetch it, or leave such rows out with missing='skip'")
        else:
            rejected["picture missing"] += 1
    if not kept:
        reasons = ", ".join(f"{reason} ({count})" for reason, count in rejected.items()) or "the file is empty"
        raise InvalidInput(f"{root / METADATA} has no usable row: {reasons}")
    numbers = np.array(sorted(kept), np.int64)
    values = np.stack([kept[number][1] for number in numbers.tolist()])
    slack = 1e-4 * (high - low)
    outside = int(((values < low - slack) | (values > high + slack)).any(1).sum())
    paths = tuple(kept[number][0] for number in numbers.tolist())
    return X2cSet(root, range_set, numbers, paths, values, outside, dict(rejected))


def load_picture(path: Path, size: int, *, channel_order: str) -> NDArray[np.uint8]:
    """A picture as (S, S, 3), resized. channel_order: `rgb`, or `bgr` to reproduce the published training.

    Raises MalformedFile for what is no picture or too large to be one, InvalidInput for an unknown order.
    """
    if channel_order not in CHANNEL_ORDERS:
        raise InvalidInput(f"channel_order={channel_order!r} is unknown; known: {', '.join(CHANNEL_ORDERS)}")
    try:
        with Image.open(path) as picture:
            pixels_inside = picture.width * picture.height
            if pixels_inside > MAX_PIXELS:
                raise MalformedFile(f"{path} has {pixels_inside} pixels; at most {MAX_PIXELS}")
            small = picture.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    except MalformedFile:
        raise
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError) as error:
        raise MalformedFile(f"{path} is not a readable picture ({type(error).__name__})") from None
    pixels = np.asarray(small, np.uint8)
    return pixels[..., ::-1].copy() if channel_order == "bgr" else pixels


def normalised(pixels: NDArray[np.uint8], stats: PixelStats) -> NDArray[np.float32]:
    """(..., S, S, 3) of 0..255 -> (..., 3, S, S), normalised."""
    scaled = (pixels.astype(np.float32) / 255 - np.float32(stats.mean)) / np.float32(stats.std)
    return np.moveaxis(scaled, -1, -3)
