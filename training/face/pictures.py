"""Pictures for the picture network: rendered by the rig, or read from X2C; and what is done to them in training.

Shapes: N pictures, P people, K calm pictures of each, S stored side, C controls, B batch.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as fn
from tqdm import tqdm

from sdk.errors import InvalidInput
from sdk.face.controls import ControlSchema
from sdk.face.crop import face_square
from sdk.face.rig import Camera, Identity, Rig
from training.face.faces import calm_values
from training.face.samplers import Sampler
from training.face.x2c import X2cSet, load_picture

STORED, CUT = 112, 96
"""Side of stored pictures, and of the square in their middle that the runtime cuts: room to shift."""
SHARD = 25
"""People in a file."""
CALM = 4
CALM_OF_X2C = 16

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class PictureSet:
    """pixels (N, S, S, 3), RGB; values (N, C); person of each (N,), from 0; calm: pictures of each at rest (P, K)."""

    pixels: Pixels
    values: NDArray[np.float64]
    person: NDArray[np.int64]
    calm: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.pixels)


def render_people(
    folder: Path, sampler: Sampler, kind: str, *, people: int, each: int, seed: int, held_out: bool | None = False
) -> PictureSet:
    """`each` faces of `people` made-up people, rendered into `folder`, file by file; files that are there are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{kind}-{each}-{seed}-{first:05d}.npz" for first in range(0, people, SHARD)]
    for number, path in enumerate(tqdm(paths, desc="rendering", unit="file", disable=all(p.exists() for p in paths))):
        if not path.exists():
            part = path.with_suffix(".part.npz")
            count = min(SHARD, people - number * SHARD)
            np.savez(part, **_rendered(sampler, kind, [seed, number], count, each, held_out))
            os.replace(part, path)
    shards = [dict(np.load(path)) for path in paths]
    pixels, values = (np.concatenate([shard[key] for shard in shards]) for key in ("pixels", "values"))
    person = np.arange(len(pixels)) // (CALM + each)
    calm = (np.arange(people) * (CALM + each))[:, None] + np.arange(CALM)
    return PictureSet(pixels, values, person, calm)


def _rendered(
    sampler: Sampler, kind: str, seed: list[int], people: int, each: int, held_out: bool | None
) -> dict[str, Any]:
    rng, rig = np.random.default_rng(seed), Rig(sampler.schema)
    identity, camera = Identity.random(rng, people), Camera.random(rng, people)
    faces = sampler.frames(rng, kind, people * each, held_out=held_out).reshape(people, each, -1)
    values = np.concatenate([calm_values(sampler, rng, people)[:, :CALM], faces], 1)
    pixels = np.empty((*values.shape[:2], STORED, STORED, 3), np.uint8)
    for p in range(people):
        for k in range(values.shape[1]):
            points = camera[p].project(rig.points(values[p, k], identity[p]))
            pixels[p, k] = rig.render(values[p, k], identity[p], close_up(camera[p], points), STORED)
    return {"pixels": pixels.reshape(-1, STORED, STORED, 3), "values": values.reshape(-1, values.shape[-1])}


def close_up(camera: Camera, points: NDArray[np.float64], *, size: int = STORED, view: float = STORED / CUT) -> Camera:
    """The same camera, of whose picture only the square around the face is taken, `view` times as wide."""
    x, y, side = face_square(points)
    scale = size / (side * view)
    corner = np.array([x, y]) - size / 2 / scale
    return replace(
        camera, focal=camera.focal * scale, centre=(camera.centre - corner) * scale, size=np.array(float(size))
    )


def x2c_pictures(
    data: X2cSet, rows: Sequence[int] | NDArray[Any], schema: ControlSchema, *, channel_order: str
) -> PictureSet:
    """Pictures of one robot; calm are those nearest to neutral. Raises InvalidInput for too few rows."""
    if len(rows) < 2 * CALM_OF_X2C:
        raise InvalidInput(f"{len(rows)} pictures are too few to learn from; at least {2 * CALM_OF_X2C}")
    pixels = np.stack([load_picture(data.paths[row], STORED, channel_order=channel_order) for row in tqdm(rows)])
    values = data.values[rows].astype(float)
    away = np.abs(schema.deviations(values, data.range_set)).mean(1)
    return PictureSet(pixels, values, np.zeros(len(rows), np.int64), np.argsort(away)[None, :CALM_OF_X2C])


# --- what is done to pictures in training ---


def centred(pixels: Pixels, size: int) -> Tensor:
    """Pictures (B, S, S, 3) as the runtime cuts them: (B, 3, size, size) in 0..1."""
    edge = (pixels.shape[1] - size) // 2
    middle = pixels[:, edge : edge + size, edge : edge + size]
    return torch.from_numpy(np.ascontiguousarray(middle.transpose(0, 3, 1, 2))).float() / 255


def augmented(pixels: Pixels, person: NDArray[np.int64], size: int, rng: np.random.Generator) -> Tensor:
    """Pictures (B, S, S, 3) as other cameras and rooms would show them: (B, 3, size, size) in 0..1.

    Light, colour, blur and noise belong to the person's room and camera; each picture is cut a little elsewhere, as
    landmarks jitter.
    """
    count, room_of = len(pixels), np.unique(person, return_inverse=True)[1]
    rooms = int(room_of.max()) + 1

    def of_room(low: float, high: float, *shape: int) -> NDArray[np.float32]:
        return rng.uniform(low, high, (rooms, *shape)).astype(np.float32)

    across = np.linspace(-1, 1, size, dtype=np.float32)
    slope = 1 + of_room(-0.25, 0.25, 1, 1, 1) * across + of_room(-0.25, 0.25, 1, 1, 1) * across[:, None]
    gain = of_room(0.7, 1.25, 1, 1, 1) * of_room(0.85, 1.15, 3, 1, 1) * slope
    lift = 0.5 - 0.5 * gain + of_room(-0.12, 0.12, 1, 1, 1)
    gamma, noise, blur = of_room(0.7, 1.4), of_room(0, 0.04), of_room(-0.5, 1.0)
    curve = (np.arange(256, dtype=np.float32) / 255) ** gamma[:, None]
    room = (pixels.shape[1] - size) // 2
    corners = np.clip(np.round(room + rng.normal(0, 2.0, (count, 2))), 0, 2 * room).astype(int)
    x = np.empty((count, 3, size, size), np.float32)
    for k, (top, left) in enumerate(corners.tolist()):
        cut = pixels[k, top : top + size, left : left + size].transpose(2, 0, 1)
        x[k] = np.take(curve[room_of[k]], cut) * gain[room_of[k]] + lift[room_of[k]]
    shown = torch.from_numpy(x)
    soft = torch.from_numpy(np.flatnonzero(blur[room_of] > 0))
    share = torch.from_numpy(np.clip(blur[room_of], 0, 1))[soft, None, None, None]
    shown[soft] = torch.lerp(shown[soft], fn.avg_pool2d(shown[soft], 3, 1, 1, count_include_pad=False), share)
    shown += torch.from_numpy(noise[room_of])[:, None, None, None] * torch.randn(shown.shape)
    return shown.clamp_(0, 1)
