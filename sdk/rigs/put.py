"""A motion on somebody's rig.

Shapes: T frames, J = 22 joints, N animated nodes. The motion first moves onto a body of 22 joints with the rig's
proportions (`sdk.motion.bodies`): path by leg length, planted feet held by the rig's own legs. Hands that were near
each other or near the body are brought there again (`sdk.rigs.reach`). Then every node gets its joint's turn, nodes
that share a joint their part of it, roll bones their share of the limb's twist.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion.bodies import onto_body
from sdk.motion.contacts import planted_feet
from sdk.motion.kinematics import global_rotations, local_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    Array,
    dot,
    normalize,
    quat_continuous,
    quat_from_axis_angle,
    quat_inv,
    quat_mul,
    quat_rotate,
    quat_slerp,
)
from sdk.motion.skeleton import BODY, JOINT, JOINT_NAMES, PARENTS, Skeleton
from sdk.rigs.fit import Fit, fit_rig
from sdk.rigs.reach import keep_reach
from sdk.rigs.report import RigReport, make_report
from sdk.rigs.rig import Rig

_END = {"shoulder": "elbow", "elbow": "wrist", "hip": "knee", "knee": "ankle"}


@dataclass(frozen=True, eq=False)
class RigMotion:
    """A motion of a rig: local transforms in the rig's own unit and axes.

    animated: (N,) indices of nodes that turn, parent first. rotations: (T, N, 4) local, xyzw. moved: indices of nodes
    whose place is animated too, the body's first; translations: (T, len(moved), 3) local. contacts: (T, 4) as in
    `Motion`. source: the motion it was made from. report: what was mapped, what could not be, how feet and hands hold.
    """

    rig: Rig
    fit: Fit = field(repr=False)
    animated: tuple[int, ...]
    rotations: Array = field(repr=False)
    moved: tuple[int, ...]
    translations: Array = field(repr=False)
    contacts: Array = field(repr=False)
    source: Motion = field(repr=False)
    report: RigReport = field(repr=False)

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.source.fps

    def __len__(self) -> int:
        return len(self.rotations)

    def world(self) -> tuple[Array, Array]:
        """World rotations (T, K, 4) and positions (T, K, 3) of all nodes, the file's unit and axes."""
        return _world(self.rig, self.animated, self.rotations, self.moved, self.translations)

    def as_motion(self) -> Motion:
        """What the rig's bones show, as a motion of the SDK's joints on a body of the rig's proportions, in metres.

        Joints without a bone keep their parent's orientation.
        """
        return read_back(self.rig, self.fit, self.world(), self.fps)


def put_on_rig(motion: Motion, rig: Rig, *, plant: bool = True, reach: float = 1.0) -> RigMotion:
    """The motion on a rig.

    plant: feet that are on the ground in the source are held in place and over the floor by the rig's legs; False
    keeps every limb's direction exactly and leaves the feet where that puts them. reach: 0..1, how firmly hands keep
    what they touched or were near (each other, head, chest, hips) by bending the arms.
    Raises InvalidInput for a rig that cannot be moved, naming the bone and the fix, and for a reach outside 0..1.
    """
    if not 0 <= reach <= 1:
        raise InvalidInput(f"reach must lie in 0..1, got {reach}", field="reach")
    fit = fit_rig(rig)
    source = _same_legs(motion)
    heel, toe = planted_feet(source)
    contacts = np.stack([heel[:, 0], toe[:, 0], heel[:, 1], toe[:, 1]], -1).astype(np.float64)
    posed = onto_body(source, fit.skeleton, plant=plant)
    turns = global_rotations(posed.rotations, PARENTS)
    for j, joint in enumerate(JOINT_NAMES):
        if joint not in fit.driven:
            turns[:, j] = turns[:, PARENTS[j]]
    before = _joints(rig, fit, turns, posed.root)
    after, hands = keep_reach(source, turns, before, fit, weight=reach)
    world, places = _nodes(rig, fit, after, posed.root)
    result = _local(rig, fit, world, places, motion, contacts)
    return replace(result, report=make_report(result, hands=hands))


def _same_legs(motion: Motion) -> Motion:
    """The motion on a body with legs as long as BODY's: the size in which rigs are fitted."""
    size = BODY.leg_length / motion.skeleton.leg_length
    if abs(size - 1) < 1e-12:
        return motion
    s = motion.skeleton
    scaled = Skeleton(s.names, s.parents, s.offsets * size, s.ankle_height * size, s.toe_height * size)
    return replace(motion, root=motion.root * size, skeleton=scaled)


def node_turns(rig: Rig, turns: Array) -> dict[int, Array]:
    """World turn (T, 4) since the T-pose of every driven node, from the joints' (T, 22, 4).

    Nodes that share a joint go in even steps from the joint before it to the joint itself.
    """
    out: dict[int, Array] = {}
    for joint, names in rig.map.joints.items():
        j = JOINT[joint]
        parent = PARENTS[j]
        while parent >= 0 and JOINT_NAMES[parent] not in rig.map.joints:
            parent = PARENTS[parent]
        for k, name in enumerate(names, start=1):
            share = k / len(names)
            whole = share == 1 or parent < 0
            out[rig.index[name]] = turns[:, j] if whole else quat_slerp(turns[:, parent], turns[:, j], share)
    return out


def _nodes(rig: Rig, fit: Fit, turns: Array, root: Array) -> tuple[Array, Array]:
    """World rotations (T, K, 4) and positions (T, K, 3) of all nodes, SDK axes, positions in the body frame."""
    count = len(turns)
    driven = node_turns(rig, turns)
    goal = {k: quat_mul(turn, fit.t_pose[k]) for k, turn in driven.items()}
    rest = quat_mul(fit.axes, rig.rest[0])
    body = rig.index[rig.map.joints["pelvis"][0]]
    carried = set(rig.chain(body))
    rolls = _rolls(rig, goal, rest)
    world: list[Array] = []
    for k, parent in enumerate(rig.parents):
        if k in goal:
            world.append(goal[k])
        elif parent < 0 or k in carried:
            world.append(np.broadcast_to(rest[k], (count, 4)))
        else:
            local = quat_mul(rig.rotations[k], rolls[k]) if k in rolls else rig.rotations[k]
            world.append(quat_mul(world[parent], local))
    out = np.stack(world, 1)
    # Everything below the body's node hangs on where it is; what is not below it stays where the file has it.
    places = fit.scale * rig.placed(out, rig.translations)
    places[..., 1] -= fit.scale * fit.floor
    place = root + quat_rotate(turns[:, 0], fit.hips_arm)
    below = [k for k in range(len(rig.nodes)) if body in rig.chain(k)]
    places[:, below] += (place - places[:, body])[:, None]
    return out, places


def _rolls(rig: Rig, goal: Mapping[int, Array], rest: Array) -> dict[int, Array]:
    """Local turn (T, 4) of each roll bone beyond its rest.

    A bone at share f of its limb shows f of the limb's twist. The twist of a forearm or shin comes from the hand or
    foot at its end, so the bone adds f of it; that of an upper arm or thigh comes from its own joint, so the bone takes
    1 - f of it back.
    """
    out: dict[int, Array] = {}
    for joint, names in rig.map.twists.items():
        side, part = joint.split("_")
        nodes, ends = rig.map.joints[joint], rig.map.joints[f"{side}_{_END[part]}"]
        limb, end = rig.index[nodes[-1]], rig.index[ends[0]]
        bone = rig.rest[1][end] - rig.rest[1][limb]
        along = normalize(quat_rotate(quat_inv(rig.rest[0][limb]), bone))
        if part in ("elbow", "knee"):
            turned = _beyond_rest(goal[limb], goal[end], rest[limb], rest[end])
            angle, sign = _twist(turned, along), 1.0
        else:
            parent = rig.parents[rig.index[nodes[0]]]
            upper = next((goal[n] for n in reversed(rig.chain(parent)) if n in goal), None)
            if upper is None:
                continue
            carrier = next(n for n in reversed(rig.chain(parent)) if n in goal)
            across = quat_mul(quat_inv(rest[carrier]), rest[limb])
            turned = _beyond_rest(upper, goal[limb], rest[carrier], rest[limb])
            angle, sign = _twist(turned, quat_rotate(across, along)), -1.0
        for name in names:
            k = rig.index[name]
            offset = rig.rest[1][k] - rig.rest[1][limb]
            share = float(np.clip(offset @ bone / (bone @ bone), 0.0, 1.0))
            part_of = share if sign > 0 else share - 1.0
            own = quat_rotate(quat_mul(quat_inv(rig.rest[0][k]), rig.rest[0][limb]), along)
            out[k] = quat_from_axis_angle(part_of * angle[:, None] * own)
    return out


def _beyond_rest(upper: Array, lower: Array, rest_upper: Array, rest_lower: Array) -> Array:
    """How far the lower node is turned against the upper one beyond the rest pose, (T, 4), in the upper node's axes."""
    rest = quat_mul(quat_inv(rest_upper), rest_lower)
    return quat_mul(quat_mul(quat_inv(upper), lower), quat_inv(rest))


def _twist(turned: Array, axis: Array) -> Array:
    """Angle (T,) radians of rotations (T, 4) about an axis (3,), without jumps in time."""
    along = dot(turned[..., :3], axis)[..., 0]
    return np.unwrap(2 * np.arctan2(along, turned[..., 3]))


def _joints(rig: Rig, fit: Fit, turns: Array, root: Array) -> Array:
    """Places (T, 22, 3), body frame, of the joints' nodes; joints without one lie as the proportions have them."""
    places = _nodes(rig, fit, turns, root)[1]
    out: list[Array] = []
    for j, joint in enumerate(JOINT_NAMES):
        if joint == "pelvis":
            out.append(root)
        elif joint in fit.driven:
            out.append(places[:, rig.index[rig.map.joints[joint][0]]])
        else:
            out.append(out[PARENTS[j]] + quat_rotate(turns[:, PARENTS[j]], fit.skeleton.offsets[j]))
    return np.stack(out, 1)


def _local(rig: Rig, fit: Fit, world: Array, places: Array, motion: Motion, contacts: Array) -> RigMotion:
    """Local transforms in the file's terms of everything that moves."""
    body = rig.index[rig.map.joints["pelvis"][0]]
    back = quat_inv(fit.axes)
    turned = quat_mul(back, world)
    raised = places / fit.scale
    raised[..., 1] += fit.floor
    stood = quat_rotate(back, raised)
    moving = {rig.index[n] for names in rig.map.joints.values() for n in names}
    moving |= {rig.index[n] for names in rig.map.twists.values() for n in names}
    follow = {rig.index[a]: rig.index[b] for a, b in rig.map.follow.items()}
    rest = rig.rest[0]
    for k, other in follow.items():
        # The copy keeps its own rest beside the other's: turned by as much, in the same place.
        turned[:, k] = quat_mul(quat_mul(turned[:, other], quat_inv(rest[other])), rest[k])
        stood[:, k] = stood[:, other]
    animated = tuple(sorted(moving | set(follow)))
    moved = (body, *sorted(follow))
    rotations = np.stack([_against(rig, turned, k) for k in animated], 1)
    shifts = []
    for k in moved:
        parent = rig.parents[k]
        if parent < 0:
            shifts.append(stood[:, k])
        else:
            shifts.append(
                quat_rotate(quat_inv(turned[:, parent]), stood[:, k] - stood[:, parent]) / rig.world_scales[parent]
            )
    return RigMotion(
        rig=rig,
        fit=fit,
        animated=animated,
        rotations=quat_continuous(normalize(rotations)),
        moved=moved,
        translations=np.stack(shifts, 1),
        contacts=contacts,
        source=motion,
        report=RigReport(rig=rig.name),
    )


def _against(rig: Rig, world: Array, k: int) -> Array:
    parent = rig.parents[k]
    return world[:, k] if parent < 0 else quat_mul(quat_inv(world[:, parent]), world[:, k])


def _world(
    rig: Rig, animated: tuple[int, ...], rotations: Array, moved: tuple[int, ...], translations: Array
) -> tuple[Array, Array]:
    count = len(rotations)
    local = np.broadcast_to(rig.rotations, (count, *rig.rotations.shape)).copy()
    shift = np.broadcast_to(rig.translations, (count, *rig.translations.shape)).copy()
    local[:, list(animated)] = rotations
    shift[:, list(moved)] = translations
    world = global_rotations(local, rig.parents)
    return world, rig.placed(world, shift)


def read_back(rig: Rig, fit: Fit, world: tuple[Array, Array], fps: float) -> Motion:
    """The body's motion that nodes at world rotations (T, K, 4) and positions (T, K, 3), file's terms, show."""
    rotations, positions = (quat_mul(fit.axes, world[0]), quat_rotate(fit.axes, world[1]))
    turns: list[Array] = []
    for j, joint in enumerate(JOINT_NAMES):
        names = rig.map.joints.get(joint)
        if names is None:
            turns.append(turns[PARENTS[j]])
        else:
            k = rig.index[names[-1]]
            turns.append(quat_mul(rotations[:, k], quat_inv(fit.t_pose[k])))
    turned = np.stack(turns, 1)
    body = rig.index[rig.map.joints["pelvis"][0]]
    place = fit.scale * (positions[:, body] - np.array([0.0, fit.floor, 0.0]))
    root = place - quat_rotate(turned[:, 0], fit.hips_arm)
    s, real = fit.skeleton, fit.real
    sized = Skeleton(s.names, s.parents, s.offsets * real, s.ankle_height * real, s.toe_height * real)
    locals_ = quat_continuous(local_rotations(turned, PARENTS))
    return Motion(locals_, root * real, fps, sized)
