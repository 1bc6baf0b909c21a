"""The mannequin that clip files and pictures show: rounded cones and ellipsoids, each fixed to one joint.

Lengths are metres in the frame of the part's joint, which in the T-pose is parallel to the world's (+Z is forward).
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdk.motion.rotations import Array, normalize
from sdk.motion.skeleton import BODY, JOINT, Skeleton

Tone = Literal["body", "left", "right", "face"]

SIDES = 10
"""Corners of each ring of the meshes."""


@dataclass(frozen=True)
class Cone:
    """Hull of two spheres: centre `start` with radius `start_radius`, centre `end` with radius `end_radius`."""

    joint: int
    start: tuple[float, float, float]
    end: tuple[float, float, float]
    start_radius: float
    end_radius: float
    tone: Tone = "body"


@dataclass(frozen=True)
class Ball:
    """Ellipsoid with half-axes `radii` along the joint's x, y, z."""

    joint: int
    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    tone: Tone = "body"


Part = Cone | Ball


class Mesh(NamedTuple):
    """positions and normals (V, 3) float32, triangles (F, 3) uint16 counter-clockwise seen from outside."""

    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    triangles: NDArray[np.uint16]
    joints: NDArray[np.uint16]


def mannequin(skeleton: Skeleton = BODY) -> list[Part]:
    """Parts of the body for any skeleton with the 22 joints; thickness follows its height."""
    scale = skeleton.rest_height / BODY.rest_height

    def point(*xyz: float) -> tuple[float, float, float]:
        x, y, z = (float(v) for v in xyz)
        return x, y, z

    def scaled(*xyz: float) -> tuple[float, float, float]:
        return point(*(v * scale for v in xyz))

    def bone(start: str, end: str, radii: tuple[float, float], tone: Tone = "body") -> Cone:
        tip = point(*skeleton.offsets[JOINT[end]])
        return Cone(JOINT[start], (0.0, 0.0, 0.0), tip, radii[0] * scale, radii[1] * scale, tone)

    def ball(joint: str, centre: tuple[float, ...], radii: tuple[float, ...], tone: Tone = "body") -> Ball:
        return Ball(JOINT[joint], scaled(*centre), scaled(*radii), tone)

    parts: list[Part] = [
        ball("pelvis", (0, -0.012, -0.006), (0.138, 0.098, 0.098)),
        ball("spine1", (0, 0.010, -0.002), (0.108, 0.145, 0.083)),
        ball("spine2", (0, -0.005, -0.001), (0.104, 0.120, 0.080)),
        ball("spine3", (0, 0.040, 0.004), (0.130, 0.138, 0.096)),
        bone("neck", "head", (0.043, 0.040)),
        ball("head", (0, 0.108, 0.012), (0.079, 0.115, 0.094)),
        ball("head", (0, 0.118, 0.048), (0.062, 0.034, 0.064), "face"),
    ]
    sides: tuple[Tone, Tone] = ("left", "right")
    for side in sides:
        out = 1.0 if side == "left" else -1.0
        ankle, toe = f"{side}_ankle", f"{side}_foot"
        toe_y = float(skeleton.offsets[JOINT[toe]][1])  # the sole is flat where ankle and toe are at rest height
        ground = toe_y - skeleton.toe_height
        sole = 0.030 * scale
        toe_z = float(skeleton.offsets[JOINT[toe]][2])
        parts += [
            bone(f"{side}_collar", f"{side}_shoulder", (0.058, 0.056)),
            bone(f"{side}_shoulder", f"{side}_elbow", (0.052, 0.038), side),
            bone(f"{side}_elbow", f"{side}_wrist", (0.039, 0.027), side),
            Cone(JOINT[f"{side}_wrist"], scaled(0.02 * out, 0, 0), scaled(0.075 * out, 0, 0.002),
                 0.027 * scale, 0.033 * scale, side),
            Cone(JOINT[f"{side}_wrist"], scaled(0.085 * out, 0, 0.004), scaled(0.145 * out, -0.004, 0.008),
                 0.026 * scale, 0.015 * scale, side),
            Cone(JOINT[f"{side}_wrist"], scaled(0.035 * out, -0.004, 0.02), scaled(0.075 * out, -0.006, 0.056),
                 0.015 * scale, 0.012 * scale, side),
            bone(f"{side}_hip", f"{side}_knee", (0.075, 0.050), side),
            bone(f"{side}_knee", ankle, (0.053, 0.034), side),
            Cone(JOINT[ankle], (0.0, ground + sole * 1.2, -0.035 * scale), point(0, toe_y + 0.012 * scale, toe_z * 0.9),
                 sole * 1.2, sole * 1.05, side),
            Cone(JOINT[ankle], (0.0, 0.0, 0.0), point(0, toe_y + 0.02 * scale, toe_z * 0.8),
                 0.034 * scale, sole, side),
            Cone(JOINT[toe], point(0, ground - toe_y + sole, -0.01 * scale),
                 point(0, ground - toe_y + sole * 0.8, 0.045 * scale), sole, sole * 0.8, side),
        ]  # fmt: skip
    return parts


def part_mesh(part: Part) -> Mesh:
    """Surface of one part in its joint's frame, smooth normals."""
    if isinstance(part, Ball):
        # Rings of a unit sphere about y; normals of an ellipsoid are the sphere's divided by the half-axes.
        ring, triangles = _revolved(np.linspace(-np.pi / 2, np.pi / 2, 7)[1:-1])
        radii = np.array(part.radii)
        positions, normals = ring * radii + part.centre, normalize(ring / radii)
    else:
        start, end = np.array(part.start), np.array(part.end)
        along = end - start
        length = float(np.linalg.norm(along))
        # The cone touches both spheres where their normals lean by this sine; caps begin there.
        lean = float(np.arcsin(np.clip((part.start_radius - part.end_radius) / max(length, 1e-9), -1.0, 1.0)))
        low = np.linspace(-np.pi / 2, lean, 3)[1:]
        high = np.linspace(lean, np.pi / 2, 3)[:-1]
        normal, triangles = _revolved(np.concatenate([low, high]))
        at_end = np.repeat([False, True, False, True], [len(low) * SIDES, len(high) * SIDES, 1, 1])
        radius = np.where(at_end, part.end_radius, part.start_radius)[:, None]
        local = normal * radius + np.where(at_end, length, 0.0)[:, None] * np.array([0.0, 1.0, 0.0])
        basis = _basis(along / max(length, 1e-9))
        positions, normals = local @ basis + start, normal @ basis
    joints = np.full(len(positions), part.joint, dtype=np.uint16)
    return Mesh(positions.astype(np.float32), normals.astype(np.float32), triangles, joints)


def figure_mesh(skeleton: Skeleton = BODY, *, rest: Array) -> Mesh:
    """The whole mannequin in the T-pose, joints at `rest` (22, 3) metres; each vertex belongs to one joint."""
    meshes = [part_mesh(p) for p in mannequin(skeleton)]
    starts = np.cumsum([0, *(len(m.positions) for m in meshes[:-1])])
    return Mesh(
        np.concatenate([m.positions + rest[m.joints].astype(np.float32) for m in meshes]),
        np.concatenate([m.normals for m in meshes]),
        np.concatenate([m.triangles + np.uint16(s) for m, s in zip(meshes, starts, strict=True)]),
        np.concatenate([m.joints for m in meshes]),
    )


def _basis(up: Array) -> Array:
    """Rows x, y, z of a right-handed frame with y along `up`; row vectors times it leave that frame."""
    helper = np.eye(3)[np.argmin(np.abs(up))]
    x = normalize(np.cross(up, helper))
    return np.stack([x, up, np.cross(x, up)])


def _revolved(latitudes: Array) -> tuple[Array, NDArray[np.uint16]]:
    """Points of the unit sphere in rings about y at these latitudes, (R,) radians, lowest first, and both poles.

    Returns points (R * SIDES + 2, 3), rings first, then the lower and the upper pole, and triangles (F, 3). Where a
    latitude comes twice the rings coincide: the caller moves them apart.
    """
    angles = 2 * np.pi * np.arange(SIDES) / SIDES
    circle = np.stack([np.sin(angles), np.zeros(SIDES), np.cos(angles)], -1)
    rings = [np.cos(a) * circle + [0.0, np.sin(a), 0.0] for a in latitudes]
    points = np.concatenate([*rings, [[0.0, -1.0, 0.0], [0.0, 1.0, 0.0]]])
    i, j = np.arange(SIDES), (np.arange(SIDES) + 1) % SIDES
    top = (len(rings) - 1) * SIDES
    faces = [np.stack([np.full(SIDES, len(points) - 2), j, i], -1)]
    for a in range(0, top, SIDES):
        b = a + SIDES
        faces += [np.stack([a + i, a + j, b + j], -1), np.stack([a + i, b + j, b + i], -1)]
    faces.append(np.stack([np.full(SIDES, len(points) - 1), top + i, top + j], -1))
    return points, np.concatenate(faces).astype(np.uint16)
