"""Splits of an X2C set, the published split files, and a report of duplicates and neighbours.

Frames come from 20 fps animations, so a split of single frames puts neighbours on both sides; `official` does that, as
published, and `neighbour_report` shows it. Shapes: N rows, C controls.
"""

import io
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk.errors import InvalidInput, MalformedFile
from sdk.face.controls import ControlSchema
from training.face.x2c import X2cSet

PARTS = ("train", "val", "test")
SHARES = (0.7, 0.15, 0.15)
MAX_PICKLE = 200_000_000
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """Rows of each part, as positions in the set; what a guard leaves out is in none."""

    name: str
    train: Ints
    val: Ints
    test: Ints = field(default_factory=lambda: np.empty(0, np.int64))


def block_split(rows: int, *, block: int = 400, guard: int = 20, seed: int = 0) -> Split:
    """Contiguous blocks of rows in the order of their numbers, dealt at random; `guard` rows at both ends of each block
    are in no part. Small sets get smaller blocks, at least twenty. Raises InvalidInput for fewer than three.
    """
    block = max(1, min(block, rows // 20))
    guard = min(guard, block // 10)
    starts = np.arange(0, rows, block)
    groups = [np.arange(at + guard, min(at + block, rows) - guard) for at in starts]
    return _dealt("block", [group for group in groups if len(group)], seed)


def clip_split(data: X2cSet, schema: ControlSchema, *, jump: float = 0.2, seed: int = 0) -> Split:
    """Whole clips. A clip ends where a number is left out or any control jumps by `jump` widths of its range."""
    deviations = schema.deviations(data.values, data.range_set)
    cut = (np.diff(data.numbers) > 1) | (np.abs(np.diff(deviations, axis=0)).max(1) > jump)
    return _dealt("clip", np.split(np.arange(len(data)), np.flatnonzero(cut) + 1), seed)


def cluster_split(data: X2cSet, schema: ControlSchema, *, clusters: int = 320, seed: int = 0) -> Split:
    """Whole clusters of like faces (k-means over deviations): held-out faces resemble none of training."""
    rng = np.random.default_rng(seed)
    points = schema.deviations(data.values, data.range_set).astype(np.float32)
    label = _k_means(points, min(clusters, len(points)), rng)
    return _dealt("cluster", [np.flatnonzero(label == k) for k in np.unique(label)], seed)


def official_split(data: X2cSet, *, seed: int = 0) -> Split:
    """The published way: rows shuffled, the first 80 % train. Theirs had no seed, so this is one such split."""
    order = np.random.default_rng(seed).permutation(len(data))
    count = round(0.8 * len(data))
    return Split("official80_20", np.sort(order[:count]), np.sort(order[count:]))


SPLITS: dict[str, Callable[[X2cSet, ControlSchema, int], Split]] = {
    "block": lambda data, schema, seed: block_split(len(data), seed=seed),
    "clip": lambda data, schema, seed: clip_split(data, schema, seed=seed),
    "cluster": lambda data, schema, seed: cluster_split(data, schema, seed=seed),
    "official80_20": lambda data, schema, seed: official_split(data, seed=seed),
}


def _dealt(name: str, groups: list[NDArray[Any]], seed: int) -> Split:
    """Groups dealt to the parts so that each gets about its share of the rows, and none stays empty."""
    if len(groups) < len(PARTS):
        raise InvalidInput(f"split {name!r} needs at least {len(PARTS)} groups of rows, found {len(groups)}")
    order = np.random.default_rng(seed).permutation(len(groups))
    total = sum(map(len, groups))
    filled: dict[str, list[NDArray[Any]]] = {part: [] for part in PARTS}
    for place, k in enumerate(order.tolist()):
        lacking = [part for part in PARTS if not filled[part]]
        if len(order) - place <= len(lacking):
            part = lacking[0]
        else:  # whoever is furthest behind its share
            part = max(PARTS, key=lambda p: SHARES[PARTS.index(p)] - sum(map(len, filled[p])) / total)
        filled[part].append(groups[k])
    return Split(name, *(np.sort(np.concatenate(filled[part])).astype(np.int64) for part in PARTS))


def _k_means(points: NDArray[np.float32], count: int, rng: np.random.Generator, *, rounds: int = 20) -> Ints:
    """Label of each point. An empty cluster keeps its centre."""
    centres = points[rng.choice(len(points), count, replace=False)].copy()
    for _ in range(rounds):
        label = _nearest(points, centres)[1]
        sums, sizes = np.zeros_like(centres), np.bincount(label, minlength=count)
        np.add.at(sums, label, points)
        centres[sizes > 0] = sums[sizes > 0] / sizes[sizes > 0, None]
    return label


def _nearest(points: NDArray[Any], others: NDArray[Any]) -> tuple[NDArray[Any], Ints]:
    """Squared distance to, and position of, the nearest of `others` for each of `points`."""
    distances, places = [], []
    for part in np.array_split(points, max(1, len(points) // 1024)):
        squared = (part**2).sum(1)[:, None] - 2 * part @ others.T + (others**2).sum(1)
        places.append(squared.argmin(1))
        distances.append(np.maximum(squared.min(1), 0))
    return np.concatenate(distances), np.concatenate(places)


def neighbour_report(data: X2cSet, split: Split, schema: ControlSchema, *, near: float = 0.01) -> dict[str, float]:
    """What a split lets through.

    duplicates: rows whose values another row has to the bit. near: held-out rows with a training row within a mean
    difference of `near` widths of the range, as a share; adjacent: held-out rows whose neighbour by number trains.
    """
    deviations = schema.deviations(data.values, data.range_set)
    held_out = np.concatenate([split.val, split.test])
    distances = np.abs(deviations[held_out] - deviations[split.train][_nearest(
        deviations[held_out], deviations[split.train])[1]]).mean(1)  # fmt: skip
    trained = data.numbers[split.train]
    beside = np.isin(data.numbers[held_out] - 1, trained) | np.isin(data.numbers[held_out] + 1, trained)
    return {
        "rows": len(data), "train": len(split.train), "val": len(split.val), "test": len(split.test),
        "duplicates": len(data) - len(np.unique(data.values, axis=0)),
        "near": float((distances < near).mean()), "adjacent": float(beside.mean()),
    }  # fmt: skip


# --- the published split files ---


class _Dtype:
    """What a pickle says of an array's type."""

    def __init__(self, code: object, *_: object) -> None:
        self.code, self.order = str(code), "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = str(state[1])

    def resolved(self) -> np.dtype[Any]:
        if self.code not in ("f4", "f8") or self.order not in ("<", ">", "=", "|"):
            raise MalformedFile("holds an array that is not of floats")
        return np.dtype(f"{'<' if self.order == '|' else self.order}{self.code}")


class _Array:
    """What a pickle says of an array; nothing of numpy runs until `resolved` has looked at it."""

    def __init__(self, *_: object) -> None:
        self.state: tuple[Any, ...] = ()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state

    def resolved(self) -> list[float]:
        if len(self.state) != 5 or not isinstance(self.state[2], _Dtype) or not isinstance(self.state[4], bytes):
            raise MalformedFile("holds an array in an unknown form")
        dtype, data = self.state[2].resolved(), self.state[4]
        if len(data) % dtype.itemsize:
            raise MalformedFile("holds an array that is cut short")
        return [float(v) for v in np.frombuffer(data, dtype)]


def _scalar(dtype: _Dtype, data: bytes) -> _Array:
    found = _Array()
    found.state = (1, (), dtype, False, data)
    return found


class _Recorder(pickle.Unpickler):
    """Reads lists, dicts, strings, numbers and notes of numpy arrays; whatever else a pickle asks for is refused."""

    def find_class(self, module: str, name: str) -> Any:
        known: dict[tuple[str, str], Any] = {("numpy", "ndarray"): _Array, ("numpy", "dtype"): _Dtype}
        for place in ("numpy.core.multiarray", "numpy._core.multiarray"):
            known |= {(place, "_reconstruct"): _Array, (place, "scalar"): _scalar}
        if (module, name) not in known:
            raise MalformedFile(f"asks for {module}.{name}, which no list of paths and values needs")
        return known[module, name]


def read_published_split(path: Path, schema: ControlSchema) -> tuple[list[str], NDArray[np.float32]]:
    """A published `train_split.pkl` or `val_split.pkl`: paths of pictures and values (N, C).

    A pickle can run code when it is read; this reader makes nothing but lists and numbers of it. Raises MalformedFile
    that names the file for everything else, InvalidInput when it cannot be opened.
    """
    try:
        if path.stat().st_size > MAX_PICKLE:
            raise MalformedFile(f"{path}: larger than {MAX_PICKLE} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror})") from None
    try:
        found = _Recorder(io.BytesIO(data), encoding="latin1").load()
        names, rows = found["img_path"], found["ctrl_values"]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise MalformedFile("img_path is no list of strings")
        values = [_numbers(row) for row in rows]
    except MalformedFile as error:
        raise MalformedFile(f"{path}: {error}") from None
    except Exception as error:  # a pickle can fail in any way
        raise MalformedFile(f"{path}: not a split file ({type(error).__name__})") from None
    if len(values) != len(names) or any(len(row) != len(schema) for row in values):
        raise MalformedFile(f"{path}: must hold {len(schema)} values for each picture")
    array = np.array(values, np.float32).reshape(-1, len(schema))
    if not np.isfinite(array).all():
        raise MalformedFile(f"{path}: holds values that are not finite")
    return names, array


def _numbers(row: object) -> list[float]:
    """The numbers of one row, however it was pickled."""
    if isinstance(row, _Array):
        return row.resolved()
    if isinstance(row, list):
        return [v for item in row for v in (item.resolved() if isinstance(item, _Array) else [float(item)])]
    raise MalformedFile("ctrl_values is no list of rows")
