"""From a named source skeleton to the 22 joints, twist included.

A `Profile` says which source node drives which joint and where each node's local axes point in the T-pose, T_j. With
G_j the node's world rotation, D_j = G_j T_j^-1 is how far the joint has turned since the T-pose, in the world; the
SDK's local rotation is D_parent^-1 D_j. No positions are fitted, so nothing of the recorded twist is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sdk.motion.bvh import BvhClip
from sdk.motion.calibration import TPose, t_pose_of
from sdk.motion.errors import InvalidInput
from sdk.motion.kinematics import heading_angle, local_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    IDENTITY,
    Array,
    normalize,
    quat_about,
    quat_continuous,
    quat_from_matrix,
    quat_inv,
    quat_mul,
    quat_rotate,
)
from sdk.motion.skeleton import BODY, JOINT, JOINT_NAMES, PARENTS, Skeleton

LEG_LENGTH_M = (0.25, 1.4)
"""Thigh plus shin of anybody who walks, metres; outside it a profile's unit is wrong."""


@dataclass(frozen=True)
class Profile:
    """A source skeleton.

    nodes: SDK joint -> source node; a joint left out keeps its parent's orientation (identity, locally).
    t_pose: source node -> quaternion (4,) of its local axes in the T-pose, SDK frame; or how to find them in a clip.
    axes: quaternion (4,) from the file's axes to the SDK's (Y up, +Z ahead).
    metres: length of the file's unit, only to notice a wrong one; 0: not said. `retarget` compares leg lengths.
    fps: frames a second where the file's own frame time is wrong. first_frame: where the movement begins.
    """

    name: str
    nodes: Mapping[str, str]
    t_pose: TPose = field(repr=False)
    axes: Array = field(default_factory=IDENTITY.copy, repr=False)
    metres: float = 0.0
    fps: float | None = None
    first_frame: int = 0


def _axes(x: tuple[float, ...], y: tuple[float, ...]) -> Array:
    """Quaternion of a frame whose local X and Y axes point to x and y."""
    u, v = normalize(np.array(x, dtype=float)), normalize(np.array(y, dtype=float))
    return quat_from_matrix(np.stack([u, v, np.cross(u, v)], -1))


def _bandai_namco() -> Profile:
    # T-pose calibration: elbows bend about local -Y and knees about local +Y in every sampled frame, which fixes the
    # twist; the foot angles are medians over flat-footed stands (see docs/data.md).
    right, up, ahead = (-1, 0, 0), (0, 1, 0), (0, 0, 1)
    left, down = (1, 0, 0), (0, -1, 0)
    pose = {"Hips": _axes(up, right)}
    pose |= {n: _axes(up, ahead) for n in ("Spine", "Chest", "Neck", "Head")}
    for arm in ("Shoulder", "UpperArm", "LowerArm", "Hand"):
        pose[f"{arm}_L"], pose[f"{arm}_R"] = _axes(left, up), _axes(left, down)
    for leg in ("UpperLeg", "LowerLeg"):
        pose[f"{leg}_L"], pose[f"{leg}_R"] = _axes(down, left), _axes(up, left)
    for foot, degrees in (("Foot", 39.6), ("Toes", 22.9)):
        sin, cos = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
        pose[f"{foot}_L"], pose[f"{foot}_R"] = _axes((0, -sin, cos), left), _axes((0, sin, -cos), left)
    nodes = {"pelvis": "Hips", "spine1": "Spine", "spine3": "Chest", "neck": "Neck", "head": "Head"}
    limbs = {"hip": "UpperLeg", "knee": "LowerLeg", "ankle": "Foot", "foot": "Toes", "collar": "Shoulder",
             "shoulder": "UpperArm", "elbow": "LowerArm", "wrist": "Hand"}  # fmt: skip
    for joint, node in limbs.items():
        nodes |= {f"left_{joint}": f"{node}_L", f"right_{joint}": f"{node}_R"}
    return Profile("bandai-namco", nodes, pose)


def _t_pose_at_zero(name: str, nodes: Mapping[str, str], *, metres: float = 0.01) -> Profile:
    # All-zero rotations are the T-pose, facing +Z: nothing is left to calibrate.
    return Profile(name, nodes, {node: IDENTITY for node in nodes.values()}, metres=metres)


def _sided(limbs: Mapping[str, str]) -> dict[str, str]:
    return {f"{side}_{j}": f"{side.title()}{n}" for j, n in limbs.items() for side in ("left", "right")}


_AXIS = {"pelvis": "Hips", "neck": "Neck", "head": "Head"}


def _xsens() -> Profile:
    # MVN's BVH export (Emilya, 100STYLE). Its five vertebrae bones meet our three where they lie at the same share of
    # the back (.38, .56, .74 of pelvis to neck); the collars hang on Chest4.
    limbs = {"hip": "Hip", "knee": "Knee", "ankle": "Ankle", "foot": "Toe", "collar": "Collar", "shoulder": "Shoulder",
             "elbow": "Elbow", "wrist": "Wrist"}  # fmt: skip
    spine = {"spine1": "Chest2", "spine2": "Chest3", "spine3": "Chest4"}
    return _t_pose_at_zero("xsens", _AXIS | spine | _sided(limbs))


def _axis_neuron() -> Profile:
    # Perception Neuron's BVH export (PhysioNet's actors): toes are end sites, which have no rotation of their own.
    limbs = {"hip": "UpLeg", "knee": "Leg", "ankle": "Foot", "collar": "Shoulder", "shoulder": "Arm",
             "elbow": "ForeArm", "wrist": "Hand"}  # fmt: skip
    spine = {"spine1": "Spine1", "spine2": "Spine2", "spine3": "Spine3"}
    return _t_pose_at_zero("axis-neuron", _AXIS | spine | _sided(limbs))


PROFILES: Mapping[str, Profile] = {
    p.name: p
    for p in (
        _bandai_namco(),
        _t_pose_at_zero("sdk", {n: n for n in JOINT_NAMES}),
        _xsens(),
        _axis_neuron(),
    )
}
"""Known source skeletons; "sdk" is what `sdk.motion.bvh` writes. Others come from a file: `sdk.motion.profile_file`."""


def profile_named(name: str) -> Profile:
    """Profile by name; raises InvalidInput that lists the known ones."""
    if name not in PROFILES:
        raise InvalidInput(f"skeleton profile {name!r} is unknown; known: {', '.join(PROFILES)}", field="profile")
    return PROFILES[name]


def retarget(clip: BvhClip, profile: Profile, *, skeleton: Skeleton = BODY) -> Motion:
    """The clip on `skeleton`, where it happened: same orientations, root path scaled by the ratio of leg lengths.

    Raises InvalidInput when the clip lacks a node of the profile, its left leg has no length or none that a body has,
    or the T-pose cannot be found in it.
    """
    missing = sorted(set(profile.nodes.values()) - set(clip.names))
    if missing:
        message = f"the clip lacks {', '.join(missing)}, which profile {profile.name!r} needs"
        raise InvalidInput(message, field="profile")
    index = {name: k for k, name in enumerate(clip.names)}
    rotations, positions = clip.world()
    world = quat_mul(profile.axes, rotations), quat_rotate(profile.axes, positions)
    t_pose = t_pose_of(profile.t_pose, profile.nodes, clip, profile.axes, world)
    if not profile.first_frame < len(rotations):
        message = f"the movement should begin at frame {profile.first_frame}, but the clip has {len(rotations)} frames"
        raise InvalidInput(message, field="profile")
    world_rotations, world_positions = (x[profile.first_frame :] for x in world)
    turned: list[Array] = []
    for j, joint in enumerate(JOINT_NAMES):
        node = profile.nodes.get(joint)
        if node is None:
            turned.append(turned[PARENTS[j]])
        else:
            turned.append(quat_mul(world_rotations[:, index[node]], quat_inv(t_pose[node])))
    rotations = quat_continuous(local_rotations(np.stack(turned, 1), PARENTS))
    hip, knee, ankle = (world_positions[:, index[profile.nodes[f"left_{n}"]]] for n in ("hip", "knee", "ankle"))
    # From positions, because an offset may be replaced by a channel and other nodes may lie between the three.
    leg = np.median(np.linalg.norm(knee - hip, axis=-1) + np.linalg.norm(ankle - knee, axis=-1))
    if not leg > 0:
        raise InvalidInput("the clip's left leg has no length, so its size is unknown", field="profile")
    low, high = LEG_LENGTH_M
    if profile.metres and not low <= leg * profile.metres <= high:
        message = f"the left leg would be {leg * profile.metres:.3g} m long; is the unit of {profile.name!r} right?"
        raise InvalidInput(message, field="profile")
    root = world_positions[:, index[profile.nodes["pelvis"]]] * (skeleton.leg_length / leg)
    return Motion(rotations, root, profile.fps or clip.fps, skeleton)


def ground_height(motion: Motion) -> float:
    """Height of the ground, metres: how high planted feet lie over their height on a floor at 0, median of all samples.

    Unlike the clip's lowest point, it is not fooled by a jump, a fall or one noisy frame. A foot counts as planted when
    it is among the slower half of the foot samples and within 3 cm of the lowest tenth of them.
    """
    feet = motion.feet
    height = feet[..., 1] - np.array([motion.skeleton.ankle_height, motion.skeleton.toe_height] * 2)
    if len(motion) == 1:
        return float(height.min())
    speed = np.linalg.norm(np.gradient(feet, axis=0), axis=-1)
    low = height <= np.quantile(height, 0.1) + 0.03
    planted = height[low & (speed <= np.median(speed[low]))]
    return float(np.median(planted))


def canonical(motion: Motion) -> Motion:
    """The clip on the ground y = 0, beginning over the origin and facing +Z (yaw of the pelvis in frame 0)."""
    yaw = heading_angle(motion.rotations[0, 0])
    start = motion.root[0] * np.array([1, 0, 1]) + np.array([0, ground_height(motion), 0])
    return motion.moved(-start).turned(quat_about("y", -yaw))


def hinge_angles(motion: Motion) -> dict[str, Array]:
    """Bend of both elbows and knees, radians in [-pi, pi], each (T,); 0 is straight, positive the way a joint can bend.

    A knee bends about +X (to the left), which carries the foot back. An elbow bends about the axis that points up when
    the palms face down: about -Y on the left and +Y on the right, which carries the hand ahead. Turns about other axes
    are left out.
    """
    out = {}
    for name, axis, sign in (
        ("left_elbow", 1, -1.0), ("right_elbow", 1, 1.0), ("left_knee", 0, 1.0), ("right_knee", 0, 1.0),
    ):  # fmt: skip
        q = motion.rotations[:, JOINT[name]]
        out[name] = sign * 2 * np.arctan2(q[:, axis] * np.sign(q[:, 3] + 1e-12), np.abs(q[:, 3]))
    return out
