"""VRMA: the clip for any VRM 1.0 character, a binary glTF 2.0 file with the extension VRMC_vrm_animation.

Rest pose = VRM's T-pose = the SDK's. What is felt drives the character's facial expressions over time.
"""

import numpy as np

from sdk.clips.container import pack_glb
from sdk.clips.curves import emotion_curves
from sdk.clips.gltf import GENERATOR, Buffer, Tracks, check_motion, joint_nodes, rest_pose
from sdk.clips.options import PLAIN, WriteOptions, rest_rotations
from sdk.clips.tags import ClipTags, describe, flat_strings
from sdk.emotion import Emotion
from sdk.motion.motion import Motion
from sdk.motion.skeleton import JOINT

EXTENSION = "VRMC_vrm_animation"
EXPRESSIONS = {
    Emotion.JOY: "happy", Emotion.TRUST: "relaxed", Emotion.FEAR: "fear", Emotion.SURPRISE: "surprised",
    Emotion.SADNESS: "sad", Emotion.DISGUST: "disgust", Emotion.ANGER: "angry", Emotion.ANTICIPATION: "anticipation",
}  # fmt: skip
"""Emotion -> expression of the character. Neutral is the face at rest."""
PRESETS = frozenset({"happy", "angry", "sad", "relaxed", "surprised"})
"""Of EXPRESSIONS, those that VRM knows; the others are custom ones, which a character may lack."""
HUMAN_BONES = {
    "pelvis": "hips", "spine1": "spine", "spine2": "chest", "spine3": "upperChest", "neck": "neck", "head": "head",
    **{
        f"{side}_{joint}": f"{side}{bone}"
        for side in ("left", "right")
        for joint, bone in {
            "hip": "UpperLeg", "knee": "LowerLeg", "ankle": "Foot", "foot": "Toes", "collar": "Shoulder",
            "shoulder": "UpperArm", "elbow": "LowerArm", "wrist": "Hand",
        }.items()
    },
}  # fmt: skip
"""SDK joint -> humanoid bone of VRM."""


def expression_map() -> dict[str, str]:
    """Emotion -> expression, by name, for the tags."""
    return {emotion.label: name for emotion, name in EXPRESSIONS.items()}


def vrma_bytes(motion: Motion, tags: ClipTags, options: WriteOptions = PLAIN) -> bytes:
    """The clip as VRMA: rotations of 22 humanoid bones, translation of the hips, an expression per emotion felt.

    The frames lie at k / fps seconds. Tags stand where they stand in a GLB. Raises InvalidInput as `glb_bytes`.
    """
    check_motion(motion)
    rest = rest_pose(motion.skeleton, rest_rotations("t-pose"))
    nodes = joint_nodes(motion.skeleton, rest)
    data = Buffer()
    tracks = Tracks(data, motion)
    faces: dict[str, dict[str, dict[str, int]]] = {}
    roots = [0]
    for emotion, values in emotion_curves(tags, len(motion), motion.fps).items():
        name = EXPRESSIONS[emotion]
        faces.setdefault("preset" if name in PRESETS else "custom", {})[name] = {"node": len(nodes)}
        roots.append(len(nodes))
        # An expression's weight is the x of its node; the other two have no meaning.
        tracks.add(len(nodes), "translation", np.stack([values, 0 * values, 0 * values], -1), "VEC3")
        nodes.append({"name": f"expression_{name}"})
    whole = describe(tags, motion, clip_format="vrma", options=options.facts(), expressions=expression_map())
    flat = flat_strings(whole)
    nodes[0]["extras"] = flat
    bones = {bone: {"node": JOINT[joint]} for joint, bone in HUMAN_BONES.items()}
    extension = {"specVersion": "1.0", "humanoid": {"humanBones": bones}, **({"expressions": faces} if faces else {})}
    document = {
        "asset": {"extras": flat, "generator": GENERATOR, "version": "2.0"},
        "extensionsUsed": [EXTENSION],
        "extensions": {EXTENSION: extension},
        "scene": 0,
        "scenes": [{"name": "clip", "nodes": roots}],
        "nodes": nodes,
        "animations": [tracks.animation(whole)],
        **data.parts(),
    }
    return pack_glb(document, bytes(data.bytes))
