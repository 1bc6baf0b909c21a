"""Training faces as the real landmark network finds them: people of the rig are rendered as a camera would show them,
and the runtime's own face finder looks at the pictures. What it sees differs from the rig's points, and not at random.

Shapes: P people, K faces of each, N = P x K faces, C controls, O observed numbers.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from sdk.face.observed import observed
from sdk.face.rig import Camera, Identity, Rig
from sdk.face.rig.anatomy import anatomy
from sdk.runtime.face_finder import OUTER_CORNERS, FaceFinder
from sdk.runtime.face_region import Region
from training.face.faces import Faces, calm_values, swayed
from training.face.pictures import close_up
from training.face.samplers import Sampler

SHARD = 10
"""People in a file."""
SIDE, VIEW = 208, 1.5
"""Side of a picture in pixels, and by that of the square that the picture network sees: with what the finder sees."""
CALM = 5
"""Calm pictures of each person."""
SURE = 0.5
"""Faces that the finder is less sure of are left out, as the runtime does."""


@dataclass(frozen=True, eq=False)
class FoundSet:
    """seen: (P, K, O), the first CALM of each person calm; values: (P, K, C); sure: (P, K)."""

    seen: NDArray[np.float64]
    values: NDArray[np.float64]
    sure: NDArray[np.bool_]

    def faces(self, rng: np.random.Generator | None = None, count: int = 0) -> Faces:
        """All faces that were found, or `count` of them drawn with `rng`; each beside the mean of its person, calm.

        With `rng` that mean is of some of the calm ones, so that the neutral varies as it does for users.
        """
        person, face = np.nonzero(self.sure[:, CALM:])
        weights = self.sure[:, :CALM].astype(float)
        if rng is not None:
            chosen = rng.integers(len(person), size=count)
            person, face = person[chosen], face[chosen]
            weights = weights[person] * (rng.random((count, CALM)) < 0.5)
            weights[weights.sum(1) == 0] = 1.0
        else:
            weights = weights[person]
        weights = weights / weights.sum(1, keepdims=True)
        neutral = np.einsum("nk,nko->no", weights, self.seen[person, :CALM])
        face = face + CALM
        return Faces(self.seen[person, face], neutral, self.values[person, face])


def find_people(
    folder: Path, sampler: Sampler, kind: str, *, people: int, each: int, seed: int, held_out: bool | None = False
) -> FoundSet:
    """`each` faces of `people` made-up people and of their mirrored twins as they are found, into `folder`.

    Files that are there are kept. A twin's values may lie outside the ranges where left and right neutrals differ.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"found-{kind}-{each}-{seed}-{first:05d}.npz" for first in range(0, people, SHARD)]
    finder = FaceFinder.open()
    for number, path in enumerate(tqdm(paths, desc="finding", unit="file", disable=all(p.exists() for p in paths))):
        if not path.exists():
            part = path.with_suffix(".part.npz")
            count = min(SHARD, people - number * SHARD)
            np.savez_compressed(part, **_found(finder, sampler, kind, [seed, number, 1], count, each, held_out))
            os.replace(part, path)
    shards = [dict(np.load(path)) for path in paths]
    points, values, confidence = (
        np.concatenate([shard[key] for shard in shards]) for key in ("points", "values", "confidence")
    )
    twins = points[:, :, anatomy().mirror] * np.float32([-1, 1, 1])
    return FoundSet(
        seen=np.stack([observed(person) for person in (*points, *twins)]),
        values=np.concatenate([values, sampler.schema.mirrored(values)]), sure=np.tile(confidence >= SURE, (2, 1)),
    )  # fmt: skip


def _found(
    finder: FaceFinder, sampler: Sampler, kind: str, seed: list[int], people: int, each: int, held_out: bool | None
) -> dict[str, Any]:
    rng, rig = np.random.default_rng(seed), Rig(sampler.schema)
    identity, camera = Identity.random(rng, people), Camera.random(rng, people)
    faces = sampler.frames(rng, kind, people * each, held_out=held_out).reshape(people, each, -1)
    values = np.concatenate([calm_values(sampler, rng, people)[:, :CALM], faces], 1)
    found, sure = np.empty((*values.shape[:2], 478, 3)), np.empty(values.shape[:2])
    for p in range(people):
        grain, detail = rng.uniform(0, 8), rng.uniform(0.45, 1.0)
        for k in range(values.shape[1]):
            points = camera[p].project(rig.points(values[p, k], identity[p]))
            near = close_up(camera[p], points, size=SIDE, view=VIEW)
            picture = rig.render(values[p, k], identity[p], near, SIDE)
            found[p, k], sure[p, k] = look(finder, worn(picture, grain, detail, rng), near.project(
                rig.points(values[p, k], identity[p])))  # fmt: skip
            scale = float(camera[p].focal / near.focal)
            corner = camera[p].centre - near.centre * scale
            found[p, k] = found[p, k] * scale + np.append(corner, 0)
    lone = np.arange(people)[:, None]
    found[:, CALM:] = swayed(found[:, CALM:], camera[lone], rng)
    return {"points": found.astype(np.float32), "values": values, "confidence": sure}


def look(
    finder: FaceFinder, picture: NDArray[np.uint8], points: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """What a tracker finds that saw this face a moment ago, and how sure it is."""
    for _ in range(2):
        box = (*points[:, :2].min(0), *points[:, :2].max(0))
        left, right = points[list(OUTER_CORNERS)]
        face = finder.landmarks(picture, Region.around(box, left, right))
        points = face.points
    return points, face.confidence


def worn(picture: NDArray[np.uint8], grain: float, detail: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A picture as a webcam gives it: of fewer pixels, then with noise of a standard deviation of `grain` levels."""
    side = round(len(picture) * detail)
    small = np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BOX), float)
    noisy = np.clip(small + rng.normal(0, grain, small.shape), 0, 255).astype(np.uint8)
    return np.asarray(Image.fromarray(noisy).resize(picture.shape[1::-1], Image.Resampling.BILINEAR))
