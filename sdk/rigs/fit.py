"""How the SDK's body and a rig at rest fit: axes, size, floor, and each driven bone's local axes in the T-pose.

Shapes: K nodes, J = 22 joints. With W_k a node's world rotation at rest (in the SDK's axes), C_j turns the rest pose's
limb of joint j into the T-pose's, T_k = C_j W_k. A body whose joint j has turned by D_j since its T-pose (in the world)
turns the node to D_j T_k. C_j is made of swings along the limb: from an A-pose or any other stance the upper bone takes
the shortest way, the lower bone goes with it and is straightened about its own bend, so nothing twists and neither the
roll of a bone nor the axis of its knee matters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion.calibration import TPoseByBones, frame_axes
from sdk.motion.rotations import (
    IDENTITY,
    Array,
    normalize,
    quat_about,
    quat_between,
    quat_from_axis_angle,
    quat_from_matrix,
    quat_mul,
    quat_rotate,
)
from sdk.motion.skeleton import BODY, JOINT, JOINT_NAMES, PARENTS, Skeleton
from sdk.rigs.mapping import SIDES, positions_of
from sdk.rigs.names import parts_of, words_of
from sdk.rigs.rig import Rig, check_transforms

_X, _Y, _Z = np.eye(3)
_AIMS: Mapping[str, tuple[str, Array]] = {
    f"{side}_{joint}": (f"{side}_{end}", way)
    for side, across in (("left", _X), ("right", -_X))
    for joint, end, way in (
        ("hip", "knee", -_Y), ("knee", "ankle", -_Y), ("shoulder", "elbow", across), ("elbow", "wrist", across),
    )
}  # fmt: skip
"""Limb joint -> the joint its bone points to, and where it points in the T-pose."""
SNAP_UP, SNAP_AHEAD = np.radians(35.0), np.radians(10.0)
"""A file's up is the axis within the first of the body's; what it faces is an axis if one is within the second."""
THIGH_TILT = np.radians(60.0)
"""A thigh further from straight down than this at rest is no standing pose."""
ROLLED_HAND = np.radians(20.0)
"""Palms further than this from facing down in the T-pose are turned down by roll."""
LOW_FLOOR, HIGH_FLOOR = -0.05, 0.25
"""The ball of the foot lies between these shares of the leg's length over the file's zero if that is the floor."""
UNITS = (1.0, 0.01, 0.0254, 0.001, 0.3048)
LEG_M = (0.25, 1.4)


@dataclass(frozen=True, eq=False)
class Fit:
    """The fit of one rig. Body frame: the SDK's axes, floor at y = 0, scaled so that its legs are as long as BODY's.

    axes: quaternion (4,) from the file's axes to the SDK's. scale: body metres per unit of the file. floor: its
    height, SDK axes, units of the file. metres: real metres per unit of the file. t_pose: node -> T_k. hips_arm: (3,)
    from the pelvis as the SDK's body has it to the node that carries the rig's. skeleton: the rig's proportions as 22
    joints, body frame. driven: joints that have a node. notes: what was noticed.
    """

    axes: Array
    scale: float
    floor: float
    metres: float
    t_pose: Mapping[int, Array]
    hips_arm: Array
    skeleton: Skeleton
    driven: frozenset[str]
    notes: tuple[str, ...] = field(default=())

    @property
    def real(self) -> float:
        """Real metres per metre of the body frame."""
        return self.metres / self.scale


def fit_rig(rig: Rig) -> Fit:
    """The fit of a rig. Raises InvalidInput, which names the bone and the fix."""
    joints = rig.map.joints
    index = {joint: [rig.index[n] for n in nodes] for joint, nodes in joints.items()}
    check_transforms(rig, [k for nodes in index.values() for k in nodes])
    place = positions_of(rig, joints)
    _check_lengths(rig, place)
    notes: list[str] = []
    axes = _axes(rig, place, notes)
    at = {joint: quat_rotate(axes, p) for joint, p in place.items()}
    _check_stance(rig, at)
    leg = _leg(at)
    scale = BODY.leg_length / leg
    floor, said = _floor(rig, at, leg)
    notes += said
    turns = _turns(rig, at, axes, index)
    world = quat_mul(axes, rig.rest[0])
    t_pose = {}
    for joint, nodes in index.items():
        for node in nodes:
            t_pose[node] = quat_mul(turns[joint], world[node])
    if isinstance(rig.t_pose, Mapping):  # a profile says where the axes point
        t_pose |= {rig.index[name]: q for name, q in rig.t_pose.items() if rig.index.get(name) in t_pose}
    body = index["pelvis"][0]
    standing = _posed(rig, t_pose, body, world)
    metres = _metres(rig, leg, notes)
    ankle = scale * (np.mean([at[f"{s}_ankle"][1] for s in SIDES]) - floor)
    toes = [at[f"{s}_foot"][1] for s in SIDES if f"{s}_foot" in at]
    toe = scale * (np.mean(toes) - floor) if toes else min(BODY.toe_height, 0.5 * ankle)
    rough = {joint: scale * (standing[nodes[0]] - standing[body]) for joint, nodes in index.items()}
    places = _places(rough, ankle=float(ankle), toe=float(toe))
    places[:, 1] -= places[[JOINT["left_ankle"], JOINT["right_ankle"]], 1].mean() - ankle
    carrier = scale * (standing[body] - standing[index["left_hip"][0]]) + places[JOINT["left_hip"]]
    offsets = np.stack([places[j] - places[p] if p >= 0 else np.zeros(3) for j, p in enumerate(PARENTS)])
    offsets.flags.writeable = False
    skeleton = Skeleton(JOINT_NAMES, PARENTS, offsets, ankle_height=float(ankle), toe_height=float(toe))
    return Fit(
        axes=axes,
        scale=scale,
        floor=floor,
        metres=metres,
        t_pose=t_pose,
        hips_arm=carrier - places[0],
        skeleton=skeleton,
        driven=frozenset(joints),
        notes=tuple(notes),
    )


def _leg(at: Mapping[str, Array]) -> float:
    hip, knee, ankle = (at[f"left_{n}"] for n in ("hip", "knee", "ankle"))
    return float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))


def _check_lengths(rig: Rig, place: Mapping[str, Array]) -> None:
    size = max(float(np.ptp(np.stack(list(place.values())), axis=0).max()), 1e-12)
    for joint, (end, _) in _AIMS.items():
        if float(np.linalg.norm(place[end] - place[joint])) < 1e-3 * size:
            a, b = rig.map.joints[joint][0], rig.map.joints[end][0]
            fix = "move one of them, or map another bone with a profile"
            what = f"bones {a!r} ({joint}) and {b!r} ({end}) lie in one point"
            raise InvalidInput(f"{rig.name}: {what}; {fix}", field="rig")


def _axes(rig: Rig, place: Mapping[str, Array], notes: list[str]) -> Array:
    """Quaternion from the file's axes to the SDK's: as the profile says, else as the body stands and faces."""
    if rig.up is not None and rig.ahead is not None:
        return frame_axes(rig.up, rig.ahead)

    def middle(joint: str) -> Array:
        out: Array = 0.5 * (place[f"left_{joint}"] + place[f"right_{joint}"])
        return out

    trunk = middle("shoulder") - middle("hip")
    legs = middle("hip") - middle("ankle")
    standing = normalize(normalize(trunk) + normalize(legs))
    up = np.zeros(3)
    up[np.argmax(np.abs(standing))] = np.sign(standing[np.argmax(np.abs(standing))])
    if float(standing @ up) < np.cos(SNAP_UP):
        fix = "export it standing, or name the axes with up and ahead in a profile"
        if rig.suffix == ".bvh":
            fix += ", or t_pose: {frame: 0} if it stands in a T-pose in that frame"
        what = "the rest pose does not stand upright along any axis of the file"
        raise InvalidInput(f"{rig.name}: {what}; {fix}", field="rig")
    left = place["left_hip"] - place["right_hip"] + place["left_shoulder"] - place["right_shoulder"]
    ahead: Array = np.cross(left, up)
    if float(np.linalg.norm(ahead)) < 1e-9 * float(np.linalg.norm(trunk)):
        raise InvalidInput(f"{rig.name}: left and right hip lie in one point", field="rig")
    ahead = normalize(ahead)
    axis = np.zeros(3)
    axis[np.argmax(np.abs(ahead))] = np.sign(ahead[np.argmax(np.abs(ahead))])
    if float(ahead @ axis) > np.cos(SNAP_AHEAD):
        ahead = axis
    feet = [place[f"{s}_foot"] - place[f"{s}_ankle"] for s in SIDES if f"{s}_foot" in place]
    if feet and all(float(f @ ahead) < -0.2 * float(np.linalg.norm(f)) for f in feet):
        a, b = rig.map.joints["left_ankle"][0], rig.map.joints["right_ankle"][0]
        what = f"{a!r} is called left and {b!r} right, but the toes then point backwards"
        raise InvalidInput(f"{rig.name}: {what}; exchange the sides' names, or map them with a profile", field="rig")
    if abs(ahead[np.argmax(np.abs(ahead))]) < 1 - 1e-9:
        notes.append("the rest pose faces none of the file's axes; it was turned to face one")
    return quat_from_matrix(np.stack([np.cross(up, ahead), up, ahead]))


def _check_stance(rig: Rig, at: Mapping[str, Array]) -> None:
    for side in SIDES:
        thigh = normalize(at[f"{side}_knee"] - at[f"{side}_hip"])
        if float(thigh @ -_Y) < np.cos(THIGH_TILT):
            bone = rig.map.joints[f"{side}_hip"][0]
            angle = np.degrees(np.arccos(np.clip(thigh @ -_Y, -1, 1)))
            what = f"bone {bone!r} points {angle:.0f} degrees away from down"
            fix = "the rest pose must stand (T-pose or A-pose): apply such a pose as rest pose and export again"
            raise InvalidInput(f"{rig.name}: {what} at rest; {fix}", field="rig")


def _floor(rig: Rig, at: Mapping[str, Array], leg: float) -> tuple[float, list[str]]:
    """Height of the ground in the file's unit: its zero where the feet are just over it, else under the feet."""
    if rig.floor is not None:
        return rig.floor, []
    joint = "foot" if all(f"{s}_foot" in at for s in SIDES) else "ankle"
    low = min(float(at[f"{s}_{joint}"][1]) for s in SIDES)
    if LOW_FLOOR * leg < low < HIGH_FLOOR * leg:
        return 0.0, []
    usual = BODY.toe_height if joint == "foot" else BODY.ankle_height
    return low - usual / BODY.leg_length * leg, ["the file's zero is not its floor: the feet were taken to stand on it"]


def _turns(rig: Rig, at: Mapping[str, Array], axes: Array, index: Mapping[str, list[int]]) -> dict[str, Array]:
    """C_j by joint: quaternions (4,) that make the rest pose a T-pose."""
    out: dict[str, Array] = {}
    said = dict(rig.t_pose.directions) if isinstance(rig.t_pose, TPoseByBones) else {}
    for j, joint in enumerate(JOINT_NAMES):
        if joint not in at:
            continue
        parent = PARENTS[j]
        while parent >= 0 and JOINT_NAMES[parent] not in out:
            parent = PARENTS[parent]
        above = out[JOINT_NAMES[parent]] if parent >= 0 else IDENTITY
        if joint in _AIMS:
            end, way = _AIMS[joint]
            goal = said.get(joint, way)
            out[joint] = quat_mul(quat_between(quat_rotate(above, at[end] - at[joint]), goal), above)
        elif joint.endswith("ankle"):
            out[joint] = _foot_turn(at, joint, said)
        elif joint.endswith(("wrist", "foot")):
            out[joint] = above
        else:  # the trunk, the head and the collars stand as they rest: their slopes are the body's own
            end = {"left_collar": "left_shoulder", "right_collar": "right_shoulder"}.get(joint, "")
            swing = quat_between(at[end] - at[joint], said[joint]) if end and joint in said else IDENTITY
            out[joint] = swing
    for side in SIDES:
        _roll_hand(rig, out, at, axes, index, side)
    return out


def _foot_turn(at: Mapping[str, Array], joint: str, said: Mapping[str, Array]) -> Array:
    """A foot rests flat on the ground whatever its slope; only toes that point outward are turned ahead."""
    toe = joint.replace("ankle", "foot")
    if toe not in at:
        return IDENTITY
    way = at[toe] - at[joint]
    if joint in said:
        return quat_between(way, said[joint])
    return quat_about("y", -np.arctan2(way[0], way[2]))


def _roll_hand(
    rig: Rig, turns: dict[str, Array], at: Mapping[str, Array], axes: Array, index: Mapping[str, list[int]], side: str
) -> None:
    """Turn a hand whose fingers show another palm than the T-pose's, which faces down; the forearm takes half of it."""
    wrist, elbow = f"{side}_wrist", f"{side}_elbow"
    knuckles: dict[str, int] = {}
    for k in range(len(rig.nodes)):
        chain = rig.chain(k)
        if index[wrist][-1] in chain[:-1] and parts_of(rig.nodes[k]).side in (side, ""):
            for finger in ("index", "pinky", "little"):
                if finger in words_of(rig.nodes[k]):
                    knuckles.setdefault(finger, k)
    if "index" not in knuckles or not ({"pinky", "little"} & set(knuckles)):
        return
    last = knuckles["pinky"] if "pinky" in knuckles else knuckles["little"]
    across = quat_rotate(axes, rig.rest[1][knuckles["index"]] - rig.rest[1][last])
    along = _X if side == "left" else -_X
    across = quat_rotate(turns[wrist], across)
    across = across - (across @ along) * along
    angle = float(np.arctan2(np.cross(across, _Z) @ along, across @ _Z))
    if float(np.linalg.norm(across)) > 1e-9 and abs(angle) > ROLLED_HAND:
        turns[wrist] = quat_mul(quat_from_axis_angle(angle * along), turns[wrist])
        turns[elbow] = quat_mul(quat_from_axis_angle(0.5 * angle * along), turns[elbow])


def _posed(rig: Rig, t_pose: Mapping[int, Array], body: int, rest: Array) -> Array:
    """World positions (K, 3), SDK axes and the file's unit, of the rig in its T-pose with the body's node at rest."""
    world: list[Array] = []
    for k, parent in enumerate(rig.parents):
        if k in t_pose:
            world.append(t_pose[k])
        elif parent < 0 or k in rig.chain(body):
            world.append(rest[k])
        else:
            world.append(quat_mul(world[parent], rig.rotations[k]))
    return rig.placed(np.stack(world), rig.translations)


def _places(rough: Mapping[str, Array], *, ankle: float, toe: float) -> Array:
    """(22, 3) joints in the T-pose from those that have nodes; the others where they would be on this body.

    The pelvis is where the SDK's body has it over the hips, so that the path and the lean of the hips carry over alike.
    """
    at = dict(rough)
    middle = 0.5 * (at["left_hip"] + at["right_hip"])
    at["pelvis"] = middle - 0.5 * (BODY.offsets[JOINT["left_hip"]] + BODY.offsets[JOINT["right_hip"]])
    shoulders = 0.5 * (at["left_shoulder"] + at["right_shoulder"])
    top = at.get("neck", at.get("head", shoulders))
    at.setdefault("neck", top)
    at.setdefault("head", top + (top - at["pelvis"]) * 0.15)
    for k, joint in enumerate(("spine1", "spine2", "spine3"), start=1):
        at.setdefault(joint, at["pelvis"] + (top - at["pelvis"]) * 0.22 * k)
    for side in SIDES:
        at.setdefault(f"{side}_collar", 0.5 * (top + at[f"{side}_shoulder"]))
        ball = BODY.offsets[JOINT["left_foot"]][2]
        at.setdefault(f"{side}_foot", at[f"{side}_ankle"] + np.array([0.0, toe - ankle, ball]))
    return np.stack([at[joint] for joint in JOINT_NAMES])


def _metres(rig: Rig, leg: float, notes: list[str]) -> float:
    """Real metres per unit of the file: as it says if that gives plausible legs, else the unit that does."""
    if rig.metres and LEG_M[0] <= leg * rig.metres <= LEG_M[1]:
        return rig.metres
    for unit in UNITS:
        if LEG_M[0] <= leg * unit <= LEG_M[1]:
            if rig.metres:
                notes.append(f"its legs are {leg * rig.metres:.3g} m long: its unit was taken to be {unit:g} m")
            return unit
    if not rig.metres:
        return BODY.leg_length / leg
    notes.append(f"its legs are {leg * rig.metres:.3g} m long; that is kept, and the motion scaled to it")
    return rig.metres
