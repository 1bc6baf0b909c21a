"""The mesh that a clip file shows on its skeleton. Shapes: V vertices, F triangles, J = 22 joints."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdk.clips.figure import figure_mesh
from sdk.clips.gltf import RestPose, rest_pose
from sdk.clips.options import rest_rotations
from sdk.motion.rotations import quat_rotate
from sdk.motion.skeleton import Skeleton

INFLUENCES = 4


class Skin(NamedTuple):
    """A mesh in the T-pose, standing on the ground; metres, SDK frame.

    positions, normals (V, 3) float32; triangles (F, 3) uint16; joints (V, 4) uint16 and weights (V, 4) float32 that
    sum to one: which joints move a vertex, and how much.
    """

    name: str
    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    triangles: NDArray[np.uint16]
    joints: NDArray[np.uint16]
    weights: NDArray[np.float32]

    def posed(self, skeleton: Skeleton, rest: RestPose) -> "Skin":
        """The mesh in another rest pose."""
        origin = rest_pose(skeleton, rest_rotations("t-pose")).positions
        at, turn = rest.positions[self.joints], rest.rotations[self.joints]
        share = self.weights[..., None].astype(np.float64)
        points = (quat_rotate(turn, self.positions[:, None] - origin[self.joints]) + at) * share
        normals = quat_rotate(turn, np.broadcast_to(self.normals[:, None], at.shape)) * share
        lengths = np.maximum(np.linalg.norm(normals.sum(1), axis=-1, keepdims=True), 1e-9)
        return self._replace(
            positions=points.sum(1).astype(np.float32), normals=(normals.sum(1) / lengths).astype(np.float32)
        )


def mannequin_skin(skeleton: Skeleton) -> Skin:
    """The SDK's own figure; each vertex belongs to one joint."""
    mesh = figure_mesh(skeleton, rest=rest_pose(skeleton, rest_rotations("t-pose")).positions)
    joints = np.zeros((len(mesh.joints), INFLUENCES), dtype=np.uint16)
    joints[:, 0] = mesh.joints
    weights = np.zeros((len(mesh.joints), INFLUENCES), dtype=np.float32)
    weights[:, 0] = 1.0
    return Skin("mannequin", mesh.positions, mesh.normals, mesh.triangles, joints, weights)
