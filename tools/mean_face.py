"""Makes sdk/face/rig/mean_face.json: where the points of a calm, symmetric face lie, and the triangles between them.

    python -m tools.mean_face --wheel FOLDER

FOLDER holds the unpacked wheel mediapipe 0.10.21 (Apache-2.0). Its face landmark model is run in OpenCV over a
photograph in the public domain (`skimage.data.astronaut`, NASA), its list of edges gives the triangles. What the model
finds is a smiling person from a little to the side, so the shape is straightened, made symmetric, and calmed: the lips
are closed along a drawn outline, the eyelids laid on eyeballs, and the skin between follows smoothly. Every number that
is drawn and not found is assumed.

Shapes: P = 468 points without, 478 with the irises; millimetres here, metres in the file; X to the face's left, Y up,
Z forward.
"""

import argparse
import json
import runpy
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from skimage import data

from sdk.face.rig.anatomy import LOWER_LIP, UPPER_LIP

Array = NDArray[np.float64]
OUT = Path(__file__).parent.parent / "sdk" / "face" / "rig" / "mean_face.json"
MODEL = "mediapipe/modules/face_landmark/face_landmark.tflite"
EDGES = "mediapipe/python/solutions/face_mesh_connections.py"
INPUT = 192
SIDE_PAIRS = ((33, 263), (133, 362), (61, 291), (234, 454), (127, 356), (70, 300), (58, 288), (172, 397))
NOT_FACES = ({49, 64, 129}, {279, 294, 358})
"""Cycles of three edges that enclose a point, found by counting: each of their edges would have three triangles."""
CANTHI_MM = 90.0
"""Between the outer corners of the eyes: of adults."""

# The mouth at rest, over the rings of the lips: 11 points each, from corner to corner.
COLUMNS = np.array([1.0, 0.86, 0.68, 0.46, 0.2, 0.0])
"""How far out each column of the half mouth lies."""
UPPER_HEIGHT = np.array([0.0, 2.1, 4.4, 6.5, 8.0, 7.1])
LOWER_HEIGHT = np.array([0.0, 3.0, 5.9, 8.3, 9.7, 9.9])
LINE_Y = np.array([-0.6, -0.5, -0.2, 0.0, 0.1, -0.3])
RING_HEIGHT = (1.0, 0.68, 0.34, 0.0)
UPPER_BULGE = (0.0, 1.3, 1.7, 0.2)
LOWER_BULGE = (-0.6, 1.6, 2.2, 0.2)
HALF_MOUTH, MOUTH_Y, MOUTH_Z, MOUTH_CURVE = 25.0, -67.0, 6.5, 13.0
STILL_ABOVE_Y = -36.0
"""Above this height nothing follows the lips."""
CALM_CHEEK = {205: (1.5, -3.0, -1.5), 50: (1.0, -2.0, -2.0), 187: (2.0, -1.0, -1.0), 207: (2.5, -1.0, 0.5)}
"""How a smile's cheeks go back, on the right side: out is -X."""

# The eyes at rest.
RIGHT_UPPER_LID = (33, 246, 161, 160, 159, 158, 157, 173, 133)
RIGHT_LOWER_LID = (33, 7, 163, 144, 145, 153, 154, 155, 133)
EYE_RADIUS, LID_RADIUS, IRIS_RADIUS = 12.0, 12.9, 5.9
OPENING_MM = 10.4
"""Between the lids in the middle."""


def found_points(wheel: Path) -> Array:
    """What the model finds in the photograph, (468, 3): pixels, x right, y up, z towards the camera."""
    picture = data.astronaut()
    net = cv2.dnn.readNetFromTFLite(str(wheel / MODEL))
    centre, side = np.array([222.0, 115.0]), 190.0
    for _ in range(6):
        scale = INPUT / side
        to_crop = np.hstack([np.eye(2) * scale, (-(centre - side / 2) * scale)[:, None]])
        crop = cv2.warpAffine(picture, to_crop, (INPUT, INPUT), flags=cv2.INTER_AREA)
        net.setInput((crop.astype(np.float32) / 255).transpose(2, 0, 1)[None].copy())
        points = net.forward().reshape(468, 3).astype(float) / scale
        points[:, :2] += centre - side / 2
        low, high = points[:, :2].min(0), points[:, :2].max(0)
        centre, side = (low + high) / 2, 1.5 * float((high - low).max())
    return points * [1, -1, -1]


def triangles(wheel: Path) -> NDArray[np.int64]:
    """The 852 triangles between the 468 points, from the list of edges; their fronts face +Z where `oriented`."""
    edges = {tuple(sorted(edge)) for edge in runpy.run_path(str(wheel / EDGES))["FACEMESH_TESSELATION"]}
    near: dict[int, set[int]] = {}
    for a, b in edges:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    found = {(a, b, c) for a, b in edges for c in near[a] & near[b] if c > b}
    return np.array(sorted(t for t in found if set(t) not in NOT_FACES))


def oriented(faces: NDArray[np.int64], points: Array) -> NDArray[np.int64]:
    """The triangles counter-clockwise as seen from the front; one neighbour decides for the next."""
    faces = faces.copy()
    by_edge: dict[tuple[int, int], list[int]] = {}
    for number, face in enumerate(faces.tolist()):
        for a, b in zip(face, face[1:] + face[:1], strict=True):
            by_edge.setdefault((min(a, b), max(a, b)), []).append(number)
    first = next(n for n, face in enumerate(faces.tolist()) if {10, 151} <= set(face))
    a, b, c = points[faces[first]]
    if np.cross(b - a, c - a)[2] < 0:
        faces[first] = faces[first][::-1]
    done, todo = {first}, [first]
    while todo:
        face = faces[todo.pop()].tolist()
        for a, b in zip(face, face[1:] + face[:1], strict=True):
            for other in by_edge[(min(a, b), max(a, b))]:
                if other not in done:
                    ring = faces[other].tolist()
                    if (a, b) in zip(ring, ring[1:] + ring[:1], strict=True):
                        faces[other] = faces[other][::-1]
                    done.add(other)
                    todo.append(other)
    return faces


def mirror_of(points: Array) -> tuple[NDArray[np.int64], Array, float]:
    """Each point's partner on the other side (itself in the middle), and the plane between: normal (3,), offset."""
    right, left = np.array(SIDE_PAIRS).T
    for _ in range(10):
        normal = np.linalg.svd(points[left] - points[right], full_matrices=False)[2][0]
        normal *= np.sign(normal[0])
        offset = float(((points[left] + points[right]) / 2 @ normal).mean())
        reflected = points - 2 * (points @ normal - offset)[:, None] * normal
        squares = ((reflected[:, None] - points) ** 2).sum(-1)
        partner = linear_sum_assignment(squares + squares.T)[1]
        right = np.flatnonzero(partner > np.arange(len(points)))
        left = partner[right]
        swap = points[left] @ normal < points[right] @ normal
        right, left = np.where(swap, left, right), np.where(swap, right, left)
    if (partner[partner] != np.arange(len(points))).any():
        raise SystemExit("the points have no mirror order; was another model given?")
    return partner, normal, offset


def straightened(points: Array) -> tuple[Array, NDArray[np.int64]]:
    """The points in the face's frame, symmetric, in millimetres, the bridge of the nose (168) at the origin."""
    partner, normal, offset = mirror_of(points)
    up = points[10] - points[152]
    up -= (up @ normal) * normal
    up /= np.linalg.norm(up)
    local = (points - points[168]) @ np.array([normal, up, np.cross(normal, up)]).T
    local[:, 0] += points[168] @ normal - offset
    local = (local + local[partner] * [-1, 1, 1]) / 2
    local *= CANTHI_MM / (local[263, 0] - local[33, 0])
    return local - [0, local[168, 1], local[168, 2]], partner


def whole(half: Array) -> Array:
    """Both halves of a ring, from one half's values."""
    return np.concatenate([half, half[-2::-1]])


def between(first: Array, second: Array) -> Array:
    """Distances of each point of the one from each of the other."""
    return np.linalg.norm(first[:, None] - second, axis=-1)


def drawn_lips() -> dict[int, Array]:
    """Place of each point of the closed lips."""
    x = np.concatenate([-COLUMNS, COLUMNS[-2::-1]]) * HALF_MOUTH
    places: dict[int, Array] = {}
    for rings, heights, bulges, sign in (
        (UPPER_LIP, UPPER_HEIGHT, UPPER_BULGE, 1),
        (LOWER_LIP, LOWER_HEIGHT, LOWER_BULGE, -1),
    ):
        for ring, height, bulge, inset in zip(rings, RING_HEIGHT, bulges, (1.0, 0.975, 0.95, 0.925), strict=True):
            ring_x = x * inset
            y = MOUTH_Y + whole(LINE_Y) + sign * height * whole(heights)
            z = MOUTH_Z - MOUTH_CURVE * (ring_x / HALF_MOUTH) ** 2 + bulge * np.sqrt(1 - (x / HALF_MOUTH) ** 2)
            places |= {point: np.array(place) for point, *place in zip(ring, ring_x, y, z, strict=True)}
    return places


def calmed(points: Array, partner: NDArray[np.int64]) -> Array:
    """The face with its lips closed and its cheeks let down; what lies between follows (biharmonic in space)."""
    moves = {point: place - points[point] for point, place in drawn_lips().items()}
    for point, (x, y, z) in CALM_CHEEK.items():
        moves[point] = np.array([-x, y, z])
        moves[int(partner[point])] = np.array([x, y, z])
    still = [p for p in range(len(points)) if p not in moves and points[p, 1] > STILL_ABOVE_Y]
    still += [
        p for p in (152, 148, 377, 176, 400, 172, 397, 58, 288, 132, 361, 136, 365, 150, 379, 149, 378, 2, 98, 327)
    ]
    handles = [*moves, *still]
    wanted = np.concatenate([np.array(list(moves.values())), np.zeros((len(still), 3))])
    base = points[handles]
    system = np.block(
        [[between(base, base), np.c_[np.ones(len(base)), base]], [np.c_[np.ones(len(base)), base].T, np.zeros((4, 4))]]
    )
    weights = np.linalg.lstsq(system, np.concatenate([wanted, np.zeros((4, 3))]), rcond=None)[0]
    return points + np.hstack([between(points, base), np.ones((len(points), 1)), points]) @ weights


def opened(points: Array) -> tuple[Array, Array]:
    """Lids at their usual opening, laid on the eyeball, (468, 3); and the centre of the right eyeball, (3,)."""
    points = points.copy()
    inner, outer, top, bottom = points[133], points[33], points[159], points[145]
    middle = (top + bottom) / 2
    centre = np.array([(inner[0] + outer[0]) / 2, middle[1] - 0.3, max(top[2], bottom[2]) - LID_RADIUS - 0.4])
    stretch = OPENING_MM / (top[1] - bottom[1])
    for lid in (RIGHT_UPPER_LID, RIGHT_LOWER_LID):
        for point in lid[1:-1]:
            share = (points[point, 0] - outer[0]) / (inner[0] - outer[0])
            line = outer + share * (inner - outer)
            points[point, 1] = line[1] + (points[point, 1] - line[1]) * stretch
            away = points[point] - centre
            flat = float(np.hypot(away[0], away[1]))
            if flat < LID_RADIUS - 0.5:
                surface = centre[2] + np.sqrt(LID_RADIUS**2 - flat**2)
                points[point, 2] = max(surface, min(points[point, 2], surface + 0.6))
    return points, centre


def main() -> None:
    """Writes the file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--wheel", type=Path, required=True, help="folder of the unpacked wheel mediapipe 0.10.21")
    wheel = parser.parse_args().wheel
    points, partner = straightened(found_points(wheel))
    points, centre = opened(calmed(points, partner))
    left = np.flatnonzero(points[:, 0] > 0)
    points[left] = points[partner[left]] * [-1, 1, 1]
    middle = np.flatnonzero(partner == np.arange(468))
    points[middle, 0] = 0
    faces = oriented(triangles(wheel), points)
    turns = np.arange(4) * np.pi / 2
    irises = []
    for side in (1, -1):
        # The middle, then the rim from the face's own left over the top, as MediaPipe orders both eyes.
        eye = centre * [side, 1, 1]
        rim = np.stack([np.cos(turns), np.sin(turns), np.full(4, np.sqrt((EYE_RADIUS / IRIS_RADIUS) ** 2 - 1))], -1)
        irises.append(np.concatenate([[eye + [0, 0, EYE_RADIUS]], eye + IRIS_RADIUS * rim]))
    points = np.concatenate([points, *irises])
    partner = np.concatenate([partner, [473, 476, 475, 474, 477, 468, 471, 470, 469, 472]])
    content = {
        "unit": "metre",
        "points": np.round(points / 1000, 6).tolist(),
        "eyes": np.round(np.array([centre, centre * [-1, 1, 1]]) / 1000, 6).tolist(),
        "mirror": partner.tolist(),
        "triangles": faces.tolist(),
    }
    text = json.dumps(content, separators=(",", ":"))
    OUT.write_text(text.replace('],"', '],\n"') + "\n", encoding="utf-8")
    print(f"{OUT}: {len(points)} points, {len(faces)} triangles, {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
