"""SMPL and SMPL-X bodies from the user's own model file: rest joints, forward pass, mesh.

Shapes: T frames, K joints of the model (24 or 55, the first 22 are the SDK's), V vertices, F triangles. Frame of the
models = frame of the SDK: metres, Y up, faces +Z, all-zero rotations are the T-pose.

Read straight from the file, because the package of that name needs torch and may not be used commercially; the tests
compare with it.
"""

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sdk.clips.skin import INFLUENCES, Skin
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_from_axis_angle, quat_to_axis_angle, quat_to_matrix
from sdk.motion.skeleton import JOINT, JOINT_NAMES, NUM_JOINTS, PARENTS, Skeleton

FAMILIES: dict[int, Literal["smpl", "smplx"]] = {24: "smpl", 55: "smplx"}
JOINTS_OF = {"smpl": 24, "smplx": 55}
KEYS = ("v_template", "posedirs", "J_regressor", "weights", "kintree_table", "f")
MAX_VERTICES = 65535  # what 16-bit indices of a mesh can name


@dataclass(frozen=True, eq=False)
class SmplBody:
    """A body model of mean shape.

    vertices (V, 3), joints (K, 3): the T-pose, as in the file. pose_shapes (V, 3, 9 (K - 1)): how vertices move with
    the joints' rotations. weights (V, K): which joint carries a vertex. parents (K,). triangles (F, 3).
    """

    family: Literal["smpl", "smplx"]
    sha256: str
    vertices: Array = field(repr=False)
    joints: Array = field(repr=False)
    pose_shapes: Array = field(repr=False)
    weights: Array = field(repr=False)
    parents: tuple[int, ...] = field(repr=False)
    triangles: NDArray[np.int64] = field(repr=False)

    @property
    def skeleton(self) -> Skeleton:
        """The first 22 joints as the SDK's skeleton; soles at the mesh's lowest point."""
        offsets = self.joints[:NUM_JOINTS] - self.joints[np.maximum(PARENTS, 0)]
        floor = float(self.vertices[:, 1].min())
        ankle, toe = (float(self.joints[JOINT[n], 1]) - floor for n in ("left_ankle", "left_foot"))
        return Skeleton(JOINT_NAMES, PARENTS, offsets, ankle_height=ankle, toe_height=toe)

    def fitted(self, motion: Motion) -> Motion:
        """The motion on this body: the same rotations, the root's path scaled by the ratio of leg lengths."""
        skeleton = self.skeleton
        return Motion(
            motion.rotations, motion.root * (skeleton.leg_length / motion.skeleton.leg_length), motion.fps, skeleton
        )

    def parameters(self, motion: Motion) -> tuple[Array, Array]:
        """poses (T, 3 K) axis-angle and trans (T, 3) that put this body into the motion, its size as it is."""
        fitted = self.fitted(motion)
        return smpl_poses(fitted, self.family), fitted.root - self.joints[0]

    def forward(self, poses: Array, trans: Array) -> Iterator[tuple[Array, Array]]:
        """Vertices (V, 3) and joints (K, 3), metres, of each frame of poses (T, 3 K) and trans (T, 3), one by one."""
        for pose, shift in zip(poses.reshape(len(poses), -1, 3), trans, strict=True):
            turn = quat_to_matrix(quat_from_axis_angle(pose))
            bent = (turn[1:] - np.eye(3)).reshape(-1)
            vertices = self.vertices + self.pose_shapes @ bent
            world, at = np.empty_like(turn), np.empty((len(turn), 3))
            for k, parent in enumerate(self.parents):
                if parent < 0:
                    world[k], at[k] = turn[k], self.joints[k]
                else:
                    world[k] = world[parent] @ turn[k]
                    at[k] = at[parent] + world[parent] @ (self.joints[k] - self.joints[parent])
            shifts = at - np.einsum("kij,kj->ki", world, self.joints)
            blended = np.einsum("vk,kij->vij", self.weights, world)
            moved = np.einsum("vij,vj->vi", blended, vertices) + self.weights @ shifts
            yield moved + shift, at + shift

    def skin(self) -> Skin:
        """The mesh on the 22 joints, standing on the ground: fingers and face go with hand and head."""
        owner = [k if k < NUM_JOINTS else -1 for k in range(len(self.parents))]
        for k in range(NUM_JOINTS, len(owner)):
            owner[k] = owner[self.parents[k]]
        weights = np.zeros((len(self.vertices), NUM_JOINTS))
        for k, joint in enumerate(owner):
            weights[:, joint] += self.weights[:, k]
        joints = np.argsort(-weights, axis=1, kind="stable")[:, :INFLUENCES]
        kept = np.take_along_axis(weights, joints, 1)
        kept = kept / kept.sum(1, keepdims=True)
        joints = np.where(kept > 0, joints, 0)
        skeleton = self.skeleton
        points = self.vertices - self.joints[0] + [0.0, skeleton.rest_height, 0.0]
        return Skin(
            self.family, points.astype(np.float32), _normals(points, self.triangles).astype(np.float32),
            self.triangles.astype(np.uint16), joints.astype(np.uint16), _sum_to_one(kept),
        )  # fmt: skip


def smpl_poses(motion: Motion, family: Literal["smpl", "smplx"]) -> Array:
    """Rotations as the family's axis-angle vector (T, 3 K), radians; hands, jaw and eyes at rest."""
    poses = np.zeros((len(motion), JOINTS_OF[family], 3))
    poses[:, :NUM_JOINTS] = quat_to_axis_angle(motion.rotations)
    return poses.reshape(len(motion), -1)


MEAN_PELVIS = {"smpl": (-0.0022, -0.2408, 0.0286), "smplx": (0.0031, -0.3514, 0.0120)}
"""Where the pelvis of the mean body lies in the model's own frame, metres: `trans` is counted from there."""


@lru_cache(maxsize=2)
def _load(path: Path, _stamp: tuple[int, int]) -> SmplBody:
    if path.suffix.lower() == ".pkl":
        message = "model files that end in .pkl can run any program when they are read; use the .npz of the same model"
        raise InvalidInput(f"{message}: {path.name}", field="model")
    raw = path.read_bytes()
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in KEYS if key not in file.files]
            if missing:
                raise MalformedFile(f"{path.name} is no SMPL or SMPL-X model: it lacks {', '.join(missing)}")
            arrays = {key: np.asarray(file[key]) for key in KEYS}
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise MalformedFile(f"{path.name} is no .npz file: {error}") from None
    except ValueError as error:
        if isinstance(error, MalformedFile):
            raise
        message = f"{path.name} holds pickled objects ({error}); save its arrays as plain numbers"
        raise MalformedFile(message) from None
    return _body(path.name, hashlib.sha256(raw).hexdigest(), arrays)


def load_body(path: Path) -> SmplBody:
    """Read a model file (.npz, as published for SMPL-X). Raises InvalidInput or MalformedFile, which name the fault."""
    try:
        stat = path.stat()
    except OSError as error:
        raise InvalidInput(f"cannot read the body model: {error.strerror}: {path}", field="model") from None
    return _load(path, (stat.st_mtime_ns, stat.st_size))


def _body(name: str, sha256: str, arrays: dict[str, NDArray[Any]]) -> SmplBody:
    regressor, vertices = arrays["J_regressor"], arrays["v_template"]
    count, joints = len(vertices), len(regressor)
    if joints not in FAMILIES:
        raise MalformedFile(f"{name}: J_regressor is for {joints} joints; SMPL has 24, SMPL-X 55")
    shapes = {
        "v_template": (count, 3), "J_regressor": (joints, count), "weights": (count, joints),
        "posedirs": (count, 3, 9 * (joints - 1)), "kintree_table": (2, joints),
    }  # fmt: skip
    for key, shape in shapes.items():
        if arrays[key].shape != shape:
            raise MalformedFile(f"{name}: {key} should be {shape}, found {arrays[key].shape}")
    triangles = arrays["f"].astype(np.int64)
    if triangles.ndim != 2 or triangles.shape[1] != 3 or not 0 <= triangles.min() <= triangles.max() < count:
        raise MalformedFile(f"{name}: f must name three of the {count} vertices in each row")
    if count > MAX_VERTICES:
        raise MalformedFile(f"{name}: v_template has {count} vertices; at most {MAX_VERTICES} can be written")
    # The root's parent is written as -1, or as the largest number there is.
    parents = (-1, *(int(p) for p in arrays["kintree_table"][0, 1:]))
    if parents[:NUM_JOINTS] != PARENTS or any(not 0 <= p < k for k, p in enumerate(parents) if k):
        raise MalformedFile(f"{name}: kintree_table is not that of SMPL or SMPL-X")
    numbers = {key: arrays[key].astype(np.float64) for key in ("v_template", "posedirs", "weights", "J_regressor")}
    for key, values in numbers.items():
        if not np.isfinite(values).all():
            raise MalformedFile(f"{name}: {key} holds NaN or infinity")
    rest = numbers["J_regressor"] @ numbers["v_template"]
    return SmplBody(
        FAMILIES[joints], sha256, numbers["v_template"], rest, numbers["posedirs"], numbers["weights"], parents,
        triangles,
    )  # fmt: skip


def _normals(points: Array, triangles: NDArray[np.int64]) -> Array:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for k in range(3):
        np.add.at(normals, triangles[:, k], across)
    lengths = np.linalg.norm(normals, axis=-1, keepdims=True)
    return np.where(lengths > 1e-12, normals / np.maximum(lengths, 1e-12), [0.0, 1.0, 0.0])


def _sum_to_one(weights: Array) -> NDArray[np.float32]:
    """Rounded to float32 so that each row still sums to one exactly, as validators ask."""
    rounded = weights.astype(np.float32)
    rounded[:, 0] = 1 - rounded[:, 1:].sum(1, dtype=np.float32)
    return rounded
