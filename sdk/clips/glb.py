"""GLB: the clip as a skinned mannequin in one binary glTF 2.0 file. Shapes: T frames, J = 22 joints, V vertices.

Frame of the file = frame of the SDK (metres, Y up, faces +Z). Equal input gives equal bytes.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk.clips.container import pack_glb
from sdk.clips.curves import emotion_curves
from sdk.clips.gltf import GENERATOR, Buffer, RestPose, Tracks, check_motion, joint_nodes, rest_pose
from sdk.clips.options import PLAIN, WriteOptions, rest_rotations
from sdk.clips.skin import mannequin_skin
from sdk.clips.smpl import load_body
from sdk.clips.tags import ClipTags, describe, flat_strings
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_to_matrix

VERTEX_TARGET, INDEX_TARGET = 34962, 34963
MATERIAL = {
    "name": "mannequin",
    "pbrMetallicRoughness": {"baseColorFactor": [0.72, 0.71, 0.69, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.6},
}
TARGET_PREFIX = "emotion_"
"""Morph targets that carry the emotion curve are called by this and the emotion's name."""


def glb_bytes(motion: Motion, tags: ClipTags, options: WriteOptions = PLAIN) -> bytes:
    """The clip as GLB: joints named as in the skeleton, one skinned mesh, one animation, tags in three places.

    The T frames lie at k / fps seconds, so the animation lasts (T - 1) / fps. Tags: `asset.extras` and the root joint's
    `extras` hold flat strings, the animation's `extras` the whole object of the sidecar without file name and hash.
    The emotion curve also moves the weights of morph targets `emotion_<name>`, which do not deform the mesh: every
    program that plays the file has the curve then, Blender as shape keys, engines as blend shapes.
    With `options.model` the mesh and the proportions are those of that body.
    Raises InvalidInput for values that are not finite or quaternions off unit length (a Motion is mutable inside).
    """
    check_motion(motion)
    body = None if options.model is None else load_body(options.model)
    if body is not None:
        motion = body.fitted(motion)
    skeleton = motion.skeleton
    rest = rest_pose(skeleton, rest_rotations(options.rest))
    skin = (mannequin_skin(skeleton) if body is None else body.skin()).posed(skeleton, rest)
    curves = emotion_curves(tags, len(motion), motion.fps)

    data = Buffer()
    attributes = {
        "POSITION": data.add(skin.positions, "VEC3", target=VERTEX_TARGET, limits=True),
        "NORMAL": data.add(skin.normals, "VEC3", target=VERTEX_TARGET),
        "JOINTS_0": data.add(skin.joints, "VEC4", target=VERTEX_TARGET),
        "WEIGHTS_0": data.add(skin.weights, "VEC4", target=VERTEX_TARGET),
    }
    primitive: dict[str, Any] = {
        "attributes": attributes,
        "indices": data.add(skin.triangles.reshape(-1), "SCALAR", target=INDEX_TARGET),
        "material": 0,
    }
    mesh: dict[str, Any] = {"name": skin.name, "primitives": [primitive]}
    if curves:
        # Real zeros rather than an accessor without a view: not every importer knows the latter.
        still = data.add(np.zeros_like(skin.positions), "VEC3", target=VERTEX_TARGET, limits=True)
        primitive["targets"] = [{"POSITION": still} for _ in curves]
        mesh["extras"] = {"targetNames": [TARGET_PREFIX + emotion.label for emotion in curves]}
        mesh["weights"] = [0.0] * len(curves)
    bind = data.add(_inverse_bind(rest), "MAT4")
    count = len(rest.positions)
    tracks = Tracks(data, motion)
    if curves:
        tracks.add(count, "weights", np.stack(list(curves.values()), 1).reshape(-1), "SCALAR")

    whole = describe(tags, motion, clip_format="glb", options=options.facts())
    flat = flat_strings(whole)
    nodes = joint_nodes(skeleton, rest)
    nodes[0]["extras"] = flat
    nodes.append({"mesh": 0, "name": skin.name, "skin": 0})
    document = {
        "asset": {"extras": flat, "generator": GENERATOR, "version": "2.0"},
        "scene": 0,
        # A skinned mesh takes no transform from its node, so it stands beside the skeleton, not in it.
        "scenes": [{"name": "clip", "nodes": [0, count]}],
        "nodes": nodes,
        "skins": [{"inverseBindMatrices": bind, "joints": list(range(count)), "name": "body", "skeleton": 0}],
        "materials": [MATERIAL],
        "meshes": [mesh],
        "animations": [tracks.animation(whole)],
        **data.parts(),
    }
    return pack_glb(document, bytes(data.bytes))


def _inverse_bind(rest: RestPose) -> NDArray[np.float32]:
    """(J, 16), column-major: from the mesh's space to each joint's."""
    inverse = quat_to_matrix(rest.rotations).swapaxes(-1, -2)
    matrices = np.tile(np.eye(4), (len(inverse), 1, 1))
    matrices[:, :3, :3] = inverse
    matrices[:, :3, 3] = -np.einsum("jab,jb->ja", inverse, rest.positions)
    return matrices.swapaxes(-1, -2).reshape(-1, 16).astype(np.float32)
