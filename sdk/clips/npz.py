"""NPZ: the clip as SMPL or SMPL-X parameters under AMASS's names. Shapes: T frames, K = 55 or 24 joints."""

import io
import json
from typing import Any

import numpy as np

from sdk.clips.curves import emotion_curves
from sdk.clips.gltf import check_motion
from sdk.clips.options import PLAIN, WriteOptions
from sdk.clips.smpl import MEAN_PELVIS, load_body, smpl_poses
from sdk.clips.tags import ClipTags, describe
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_about, quat_from_axis_angle, quat_mul, quat_rotate, quat_to_axis_angle

STAND_UP = quat_about("x", np.pi / 2)
"""Turns Y up into Z up: (x, y, z) to (x, -z, y)."""
NUM_BETAS = 16


def npz_bytes(motion: Motion, tags: ClipTags, options: WriteOptions = PLAIN) -> bytes:
    """The clip as arrays of AMASS's names, Z up unless `options.up` is "y"; metres, radians.

    poses (T, 165) axis-angle for SMPL-X or (T, 72) for SMPL, also cut up as root_orient, pose_body and so on; trans
    (T, 3): world = body's forward pass + trans; betas (16,) zeros; gender "neutral"; mocap_frame_rate. Without
    `options.model` the published mean body's pelvis is assumed, which may be a centimetre or two from your model's;
    with it pelvis and legs are that model's, so that its feet meet the ground. up_axis: "y" or "z". pelvis_rest (3,)
    and leg_length: of the body that `trans` is for, metres. emotion_json: the tags; emotion_names and emotion_curves
    (T, names): what is felt in each frame.
    """
    check_motion(motion)
    options_said = options.facts() | {"up": options.up or "z", "body": options.body}
    if options.model is not None:
        body = load_body(options.model)
        if body.family != options.body:
            raise InvalidInput(f"the model is of {body.family}, but body is {options.body}", field="model")
        poses, trans = body.parameters(motion)
        pelvis, leg = body.joints[0], body.skeleton.leg_length
    else:
        poses, pelvis = smpl_poses(motion, options.body), np.array(MEAN_PELVIS[options.body])
        trans, leg = motion.root - pelvis, motion.skeleton.leg_length
    if options_said["up"] == "z":
        # The body's own frame stays: only where it stands in the world, and how it is turned there, changes.
        trans = quat_rotate(STAND_UP, trans + pelvis) - pelvis
        poses[:, :3] = quat_to_axis_angle(quat_mul(STAND_UP, quat_from_axis_angle(poses[:, :3])))
    curves = emotion_curves(tags, len(motion), motion.fps)
    tagged = describe(tags, motion, clip_format="npz", options=options_said)
    arrays: dict[str, Any] = {
        "betas": np.zeros(NUM_BETAS, dtype=np.float32),
        "emotion_curves": np.stack([*curves.values()], 1).astype(np.float32) if curves else np.zeros((len(motion), 0)),
        "emotion_json": np.array(json.dumps(tagged, sort_keys=True, separators=(",", ":"), allow_nan=False)),
        "emotion_names": np.array([emotion.label for emotion in curves], dtype=str),
        "leg_length": np.array(leg),
        "gender": np.array("neutral"),
        "mocap_frame_rate": np.array(float(motion.fps)),
        "mocap_framerate": np.array(float(motion.fps)),
        "pelvis_rest": pelvis,
        "poses": poses.astype(np.float32),
        "surface_model_type": np.array(options.body),
        "trans": trans.astype(np.float32),
        "up_axis": np.array(options_said["up"]),
    }
    arrays |= _cut_up(arrays["poses"])
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    return packed.getvalue()


def _cut_up(poses: Any) -> dict[str, Any]:
    parts = {"root_orient": poses[:, :3], "pose_body": poses[:, 3:66]}
    if poses.shape[1] == 165:
        parts |= {"pose_jaw": poses[:, 66:69], "pose_eye": poses[:, 69:75], "pose_hand": poses[:, 75:]}
    return parts
