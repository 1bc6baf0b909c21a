"""Training faces of made-up people: values drawn, shown by the rig, seen by a camera, turned into numbers.

Shapes: P people, K faces of each, N = P x K faces, C controls, O observed numbers (sdk.face.observed). Each person has
one camera; the neutral is the mean of a few noisy faces at rest, seen as the others are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdk.errors import InvalidInput
from sdk.face.observed import beside_neutral, observed, unplaced
from sdk.face.rig import Camera, Identity, Rig
from training.face.samplers import Sampler

Floats = NDArray[np.float64]
INPUTS = ("absolute", "relative", "both")
CALIBRATION_FACES = 8
UNREST = 0.01
"""How still people hold their neutral face: standard deviation in widths of the range (assumed)."""
SWAY = (0.006, 0.006, 0.012)
"""How far people are from where they were calibrated, sideways, up and in depth: metres, spread (assumed)."""
EYES = (33, 263)
"""Outer corners, whose distance is the unit of landmark errors."""


@dataclass(frozen=True, eq=False)
class Faces:
    """seen: observed numbers (N, O). neutral: of the same person at rest (N, O). values: what was shown (N, C)."""

    seen: Floats
    neutral: Floats
    values: Floats


class FaceMaker:
    """New people of the rig before webcams, as a landmark network would see them. noise: times the network's own."""

    def __init__(self, sampler: Sampler, *, noise: float = 1.0) -> None:
        self.sampler, self.rig = sampler, Rig(sampler.schema)
        self._noise = noise

    def draw(
        self, kind: str, rng: np.random.Generator, *, people: int, each: int, held_out: bool | None = False
    ) -> Faces:
        """Faces of `people` new people, `each` frames of clips of one kind; see `Sampler.frames` for `held_out`."""
        values = self.sampler.frames(rng, kind, people * each, held_out=held_out)
        return self.show(values.reshape(people, each, -1), rng)

    def show(self, values_PKC: Floats, rng: np.random.Generator) -> Faces:
        """Given values of new people, beside each one's neutral."""
        people, each, _ = values_PKC.shape
        values = np.concatenate([calm_values(self.sampler, rng, people), values_PKC], 1)
        identity, camera = Identity.random(rng, people), Camera.random(rng, people)
        lone = np.arange(people)[:, None]  # with an axis of 1 for the faces of a person
        pixels = camera[lone].project(self.rig.points(values, identity[lone]))
        pixels[:, CALIBRATION_FACES:] = swayed(pixels[:, CALIBRATION_FACES:], camera[lone], rng)
        seen = observed(self.rig.noisy(pixels, rng, times=self._noise))
        neutral = seen[:, :CALIBRATION_FACES].mean(1, keepdims=True).repeat(each, 1)
        flat = (people * each, -1)
        return Faces(seen[:, CALIBRATION_FACES:].reshape(flat), neutral.reshape(flat), values_PKC.reshape(flat))

    def landmark_distance(self, given_NC: Floats, wanted_NC: Floats) -> Floats:
        """The closed loop: mean distance of the landmarks of an average face under both values, (N,), by the distance
        of the eyes' outer corners.
        """
        mean = Identity.mean()
        first, second = (self.rig.points(values, mean) for values in (given_NC, wanted_NC))
        rest = self.rig.points(self.rig.schema.neutral, mean)
        unit = np.linalg.norm(rest[EYES[0]] - rest[EYES[1]])
        return np.asarray(np.linalg.norm(first - second, axis=-1).mean(-1) / unit)


def calm_values(sampler: Sampler, rng: np.random.Generator, people: int) -> Floats:
    """Faces at rest for a calibration, as still as people hold them: (P, CALIBRATION_FACES, C)."""
    schema = sampler.schema
    low, high = schema.bounds(sampler.range_set)
    unrest = rng.normal(0, UNREST, (people, CALIBRATION_FACES, len(schema)))
    return np.clip(schema.values(unrest, sampler.range_set), low, high)


def swayed(pixels_PK: Floats, camera: Camera, rng: np.random.Generator) -> Floats:
    """Faces (P, K, 478, 3) of people who stand a little elsewhere than before, the same for all faces of a person."""
    away = rng.normal(0, SWAY, (len(pixels_PK), 1, 1, 3))
    scale = np.exp(away[..., 2:] / camera.distance[..., None, None])
    centre = np.concatenate([camera.centre, np.zeros((*camera.centre.shape[:-1], 1))], -1)[..., None, :]
    shift = (camera.focal / camera.distance)[..., None, None] * away * [1, 1, 0]
    return np.asarray(centre + (pixels_PK - centre) * scale + shift)


def network_input(faces: Faces, kind: str) -> NDArray[np.float32]:
    """What a network reads, (N, O): observed numbers as they are (`absolute`), minus the person's own neutral
    (`relative`), or that and the neutral itself (`both`, 2 x O). Raises InvalidInput for another name.
    """
    if kind not in INPUTS:
        raise InvalidInput(f"input {kind!r} is unknown; known: {', '.join(INPUTS)}")
    if kind == "absolute":
        return unplaced(faces.seen).astype(np.float32)
    moved = beside_neutral(faces.seen, faces.neutral).astype(np.float32)
    return moved if kind == "relative" else np.concatenate([moved, unplaced(faces.neutral).astype(np.float32)], -1)
