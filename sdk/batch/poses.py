"""What the contact sheet's page needs to draw a clip itself: poses, thinned and packed, and once the mannequin.

Shapes: T frames, J = 22 joints, V corners and F triangles of the mannequin. All numbers are little endian, base64.
"""

import base64
from typing import Any

import numpy as np

from sdk.clips.figure import mannequin, part_mesh
from sdk.clips.render import TONES
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_continuous
from sdk.motion.skeleton import Skeleton

FPS = 12.0
"""Poses a second on the page, which blends between them."""
MAX_SECONDS = 30.0
"""Of a longer clip the page shows the beginning."""
TURN, STEP = 32767.0, 500.0
"""One in a quaternion, and a metre, as 16-bit integers; 65 m to every side are the furthest that can be shown."""


def packed_poses(motion: Motion) -> str:
    """Poses as text: for every frame 22 quaternions (x, y, z, w) and the root's place, (T, 91) int16.

    The place counts from the first frame's on the ground.
    """
    clip = motion.resampled(FPS)[: round(MAX_SECONDS * FPS) + 1]
    turns = quat_continuous(clip.rotations).reshape(len(clip), -1) * TURN
    places = (clip.root - clip.root[0] * np.array([1, 0, 1])) * STEP
    values = np.clip(np.rint(np.concatenate([turns, places], -1)), -32767, 32767).astype("<i2")
    return base64.b64encode(values.tobytes()).decode()


def figure_data(skeleton: Skeleton) -> dict[str, Any]:
    """The mannequin for the page: corners in the frame of their joint, so that a pose needs 22 matrices and no more."""
    meshes = [part_mesh(part) for part in mannequin(skeleton)]
    tones = [TONES[part.tone] for part in mannequin(skeleton)]
    starts = np.cumsum([0, *(len(mesh.positions) for mesh in meshes[:-1])])
    colours = [
        np.tile(np.array(tone, dtype=np.uint8), (len(m.positions), 1)) for tone, m in zip(tones, meshes, strict=True)
    ]

    def told(parts: list[np.ndarray], kind: str) -> str:
        return base64.b64encode(np.concatenate(parts).astype(kind).tobytes()).decode()

    return {
        "parents": list(skeleton.parents),
        "offsets": np.round(skeleton.offsets, 5).ravel().tolist(),
        "fps": FPS, "turn": TURN, "step": STEP,
        "positions": told([mesh.positions for mesh in meshes], "<f4"),
        "normals": told([np.rint(mesh.normals * 127) for mesh in meshes], "i1"),
        "colours": told(colours, "u1"),
        "joints": told([mesh.joints for mesh in meshes], "u1"),
        "triangles": told([mesh.triangles + start for mesh, start in zip(meshes, starts, strict=True)], "<u2"),
    }  # fmt: skip
