"""Single hands and feet that are somewhere for a while: the rest of the body goes along as far as it must.

A goal has a weight over time, 1 while it is held and 0 where the motion is left alone. The body (`sdk.motion.assist`)
brings shoulder or hip near enough; the limb then goes from where it was to the goal on a way that a limb takes: a hand
round its shoulder and by the front, a foot over the ground. Feet that have no goal stay where they were.

Shapes: T frames, metres, world frame, quaternions xyzw. Seen from the body: origin on the ground below the pelvis, +Z
along its heading, +X to its left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sdk.motion.assist import Pull, assisted
from sdk.motion.contacts import Flags, speeds
from sdk.motion.ik import ARMS, LEGS, Limb, limb_lengths, place_ends, soft_reach, swivelled
from sdk.motion.kinematics import global_rotations, heading_angle
from sdk.motion.layers import upper_over
from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    Array,
    length,
    normalize,
    quat_about,
    quat_continuous,
    quat_inv,
    quat_mul,
    quat_rotate,
    quat_slerp,
    quat_swing_twist,
)
from sdk.motion.skeleton import JOINT_NAMES
from sdk.motion.warp import with_frames

LIMBS: dict[str, Limb] = {JOINT_NAMES[limb.end]: limb for limb in (*ARMS, *LEGS)}
EFFECTORS: tuple[str, ...] = tuple(LIMBS)
"""Joints that can have goals."""

EASE_S, LONGEST_EASE_S = 0.5, 2.0
"""A limb gets to its goal and comes back in the first; further ways take longer, at most the second, seconds."""
END_SPEED = 1.6
"""... so that hand or foot is at most this fast at its fastest, m/s; who is to be there sooner says so."""
BODY_SPEED = 0.8
"""The pelvis is at most this fast where it goes along, m/s."""
PEAK = 1.875
"""A way of least jerk is so many times as fast at its fastest as on average."""
FULL_REACH, FULLEST_REACH = 0.99, 0.9995
"""A limb goes to its goal as it is up to this share of its length; then it stretches ever less, up to the second."""
BY_FRONT = (0.5, 0.0, 0.85)
"""A hand that goes far round its shoulder goes by here: outwards, up, ahead, seen from the chest."""
BENT_SHARE = 0.35
"""... with its elbow bent, so much nearer to the shoulder on the longest way, as a share."""
LIFT = 0.08
"""A foot that goes somewhere is raised by up to this on its way, metres."""
RISE, KICK = 0.1, 0.45
"""A foot that goes up by the first goes up before it goes ahead, metres; one that goes up by the second begins to kick:
it goes round its hip."""
BY_BELOW = (0.0, -0.8, 0.6)
"""A foot that goes far round its hip goes by here: to the left, up, ahead, seen from the body."""
HIGHEST_KICK = 0.4
"""No foot is raised further over its hip than this share of a leg's length."""
FOREARM_SHARE = 0.6
"""So much of a hand's twist is the forearm's."""


@dataclass(frozen=True, eq=False)
class Reach:
    """An end of a limb, one of EFFECTORS, at a place from its first frame to its last one, both included.

    position: (3,) metres; rotation: (4,) of hand or foot, or None for a hand as the wrist is bent and a foot as it is
    turned. place: both are of the world, otherwise seen from the body. ease: frames to get there and back; None for as
    long as the way takes.
    """

    effector: str
    first: int
    last: int
    position: Array
    rotation: Array | None = None
    place: bool = False
    ease: int | None = None


@dataclass(frozen=True)
class Reached:
    """What became of a reach: how far its end stays away at most, metres, and how fast it is on its ways, m/s."""

    reach: Reach
    missed_m: float
    speed: float


def body_frames(motion: Motion) -> tuple[Array, Array]:
    """Where the frames lie in which the body sees: origins (T, 3) on the ground, turns (T, 4)."""
    return motion.root * np.array([1.0, 0.0, 1.0]), quat_about("y", heading_angle(motion.rotations[:, 0]))


def seen_from_body(root: Array, body: Array, position: Array, rotation: Array) -> tuple[Array, Array]:
    """A place (3,) and a rotation (4,) of the world as a body with this root (3,) and rotation (4,) sees them."""
    back = quat_about("y", -heading_angle(body))
    return quat_rotate(back, position - root * np.array([1.0, 0.0, 1.0])), quat_mul(back, rotation)


def reached(
    motion: Motion, reaches: Sequence[Reach], *, fixed: Flags | None = None, upper: bool = False
) -> tuple[Motion, list[Reached]]:
    """The motion with hands and feet at their goals, and what became of each.

    Reaches of one effector do not overlap. fixed: (T,) frames that stay as they are, to the bit; no reach holds one.
    upper: legs, pelvis and way stay as they are, only spine and arms go along.
    """
    fixed = np.zeros(len(motion), dtype=bool) if fixed is None else fixed
    courses = [
        _Course(motion, [r for r in reaches if r.effector == name], fixed)
        for name in EFFECTORS
        if any(r.effector == name for r in reaches)
    ]
    if not courses:
        return motion, []
    done = _reached(motion, courses, upper=upper)
    # A body that has to go far gets longer for it.
    moved = np.linalg.norm(done.root - motion.root, axis=-1)
    if any([course.slowed(moved) for course in courses]):
        done = _reached(motion, courses, upper=upper)
    weight = np.max([course.weight for course in courses], axis=0)
    done = with_frames(done, motion, np.asarray(weight == 0))
    if upper:  # to the bit
        done = upper_over(motion, done)
    return done, [became for course in courses for became in course.results(done)]


def _reached(motion: Motion, courses: Sequence["_Course"], *, upper: bool) -> Motion:
    pulls = [course.pull(motion) for course in courses]
    body = assisted(motion, pulls, upper=upper)
    feet = [course for course in courses if course.limb in LEGS]
    if not upper:
        targets = motion.positions[:, [leg.end for leg in LEGS]].copy()
        turns = global_rotations(motion.rotations, motion.skeleton.parents)[:, [leg.end for leg in LEGS]]
        for course in feet:
            k = LEGS.index(course.limb)
            start, end, _ = course.places(body)
            targets[:, k] = course.stepping(body, targets[:, k], start, end)
            turns[:, k] = course.turned(body, turns[:, k])
        body = place_ends(body, LEGS, targets, rotations=quat_continuous(turns), soft=False)
    for course in courses:
        if course.limb in ARMS:
            body = course.with_hand(body)
    return body


class _Course:
    """What one effector does over the frames of a motion: weight (T,), and share (T,) from one reach to the next."""

    def __init__(self, motion: Motion, reaches: Sequence[Reach], fixed: Flags) -> None:
        self.limb, self._fixed, self._fps = LIMBS[reaches[0].effector], fixed, motion.fps
        self.longest = float(limb_lengths(motion.skeleton, [self.limb])[0])
        self.reaches = _apart(sorted(reaches, key=lambda r: r.first), len(motion))
        self._ease = np.array([self._eases(motion, reach) for reach in self.reaches])
        self._timed()

    def _eases(self, motion: Motion, reach: Reach) -> tuple[float, float]:
        """Frames to get there and to come back."""
        if reach.ease is not None:
            return reach.ease, reach.ease
        out = []
        for k in (reach.first, reach.last):
            away = float(np.linalg.norm(_placed(motion, reach)[k] - motion.positions[k, self.limb.end]))
            out.append(self._fps * float(np.clip(PEAK * away / END_SPEED, EASE_S, LONGEST_EASE_S)))
        return out[0], out[1]

    def slowed(self, moved: Array) -> bool:
        """Give the ways more time for a body that moves so far, (T,) metres. Whether that changed anything."""
        before = self._ease.copy()
        for k, reach in enumerate(self.reaches):
            if reach.ease is None:
                need = self._fps * PEAK * moved[[reach.first, reach.last]] / BODY_SPEED
                self._ease[k] = np.maximum(self._ease[k], np.minimum(need, self._fps * LONGEST_EASE_S))
        self._timed()
        return bool((self._ease != before).any())

    def _timed(self) -> None:
        """Weight, share and which reach is left and which is next, from the eases."""
        frames = len(self._fixed)
        at = np.arange(frames)
        self.weight, self.share = np.zeros(frames), np.zeros(frames)
        self._from, self._to = np.zeros(frames, dtype=int), np.zeros(frames, dtype=int)
        self.chained = False
        for k, reach in enumerate(self.reaches):
            self.weight[reach.first : reach.last + 1] = 1
            before = np.flatnonzero(self._fixed[: reach.first])
            after = reach.last + 1 + np.flatnonzero(self._fixed[reach.last + 1 :])
            begin = reach.first - max(self._ease[k, 0], 1.0)
            end = reach.last + max(self._ease[k, 1], 1.0)
            begin, end = max([begin, *before[-1:]]), min([end, *after[:1]])
            rising = _smooth((at - begin) / (reach.first - begin)) * (at < reach.first)
            falling = _smooth((end - at) / (end - reach.last)) * (at > reach.last)
            last = self.reaches[k - 1] if k else None
            if last is not None:
                gap = slice(last.last + 1, reach.first)
                if self._linked(k):
                    self.weight[gap], self.chained = 1, True
                    self.share[gap] = _smooth((at[gap] - last.last) / (reach.first - last.last))
                    self._from[gap], self._to[gap] = k - 1, k
                    rising = np.zeros(frames)
            if k + 1 < len(self.reaches) and self._linked(k + 1):
                falling = np.zeros(frames)
            own = ((rising > 0) | (falling > 0)) | ((at >= reach.first) & (at <= reach.last))
            self._from[own] = self._to[own] = k
            self.weight = np.maximum(self.weight, np.maximum(rising, falling))

    def _linked(self, k: int) -> bool:
        """Whether the end goes from the reach before straight to this one: it has no time to go back between."""
        a, b = self.reaches[k - 1], self.reaches[k]
        room = b.first - a.last
        return bool(room < self._ease[k - 1, 1] + self._ease[k, 0] and not self._fixed[a.last : b.first].any())

    def places(self, motion: Motion) -> tuple[Array, Array, Array]:
        """Where the end comes from, goes to and is to be between them, (T, 3) each, for a body that moves like this."""
        places = np.stack([_placed(motion, reach) for reach in self.reaches])
        at = np.arange(len(motion))
        start, end = places[self._from, at], places[self._to, at]
        return start, end, start + (end - start) * self.share[:, None]

    def results(self, done: Motion) -> list[Reached]:
        """What became of its reaches in a finished motion."""
        end = done.positions[:, self.limb.end]
        away, speed = np.linalg.norm(end - self.places(done)[2], axis=-1), speeds(end, done.fps)
        out = []
        for k, reach in enumerate(self.reaches):
            ways = (self.weight > 0) & ((self._from == k) | (self._to == k))
            out.append(Reached(reach, float(away[reach.first : reach.last + 1].max()), float(speed[ways].max())))
        return out

    def pull(self, motion: Motion) -> Pull:
        """What this asks of the body."""
        world = np.array([reach.place for reach in self.reaches], dtype=float)
        share = world[self._from] + (world[self._to] - world[self._from]) * self.share
        return Pull(self.limb, self.places(motion)[2], self.weight, 1 - share)

    def limited(self, body: Motion, targets: Array) -> Array:
        """Targets (T, 3) no further away than the limb is long, and a foot's not far over its hip; smoothly."""
        start = body.positions[:, self.limb.upper]
        way = targets - start
        if self.limb in LEGS:
            top = HIGHEST_KICK * self.longest
            way[:, 1] = np.where(way[:, 1] > 0, top * np.tanh(way[:, 1] / top), way[:, 1])
        far = length(way)
        near = soft_reach(far, natural=np.asarray(FULL_REACH * self.longest), longest=FULLEST_REACH * self.longest)
        return start + way * np.minimum(near / np.maximum(far, 1e-9), 1.0)

    def stepping(self, body: Motion, own: Array, start: Array, end: Array) -> Array:
        """Where a foot is on its way, (T, 3): over the ground, or round its hip where it kicks."""
        hip = body.positions[:, self.limb.upper]
        _, turn = body_frames(body)
        front = quat_rotate(turn, np.array(BY_BELOW))
        start, end = self.limited(body, start), self.limited(body, end)

        def way(a: Array, b: Array, share: Array) -> Array:
            kick = _smooth((np.abs(b[:, 1:2] - a[:, 1:2]) - KICK) / KICK)
            return _stepped(a, b, share) * (1 - kick) + (hip + _swung(a - hip, b - hip, front, share)) * kick

        aim = way(start, end, self.share) if self.chained else end
        return self.limited(body, way(own, aim, self.weight))

    def turned(self, body: Motion, own: Array) -> Array:
        """How hand or foot is turned in the world, (T, 4); own: (T, 4) where no goal says so."""
        _, frame = body_frames(body)
        turns = []
        for reach in self.reaches:
            turn = own if reach.rotation is None else np.broadcast_to(reach.rotation, own.shape)
            turns.append(turn if reach.place or reach.rotation is None else quat_mul(frame, turn))
        aims, at = np.stack(turns), np.arange(len(own))
        aim = quat_slerp(aims[self._from, at], aims[self._to, at], self.share)
        return quat_slerp(own, aim, self.weight)

    def with_hand(self, body: Motion) -> Motion:
        """The body with its hand on the way."""
        limb, p = self.limb, body.positions
        shoulder = p[:, limb.upper]
        chest = global_rotations(body.rotations, body.skeleton.parents)[:, JOINT_NAMES.index("spine3")]
        out = 1.0 if limb.name.startswith("left") else -1.0
        front = quat_rotate(chest, np.array(BY_FRONT) * [out, 1, 1])
        start, end, _ = self.places(body)
        start, end = (self.limited(body, place) - shoulder for place in (start, end))
        aim = _swung(start, end, front, self.share) if self.chained else end
        targets = shoulder + _swung(p[:, limb.end] - shoulder, aim, front, self.weight)
        done = place_ends(body, [limb], targets[:, None], soft=False)
        done = swivelled(body, done, limb, self.weight)
        # The wrist stays bent as it was, unless the hand has a rotation of its own.
        rotations = done.rotations.copy()
        rotations[:, limb.end] = body.rotations[:, limb.end]
        done = replace(done, rotations=rotations)
        if all(reach.rotation is None for reach in self.reaches):
            return done
        world = global_rotations(done.rotations, done.skeleton.parents)
        return _twisted(done, limb, self.turned(done, world[:, limb.end]))


def _apart(reaches: Sequence[Reach], frames: int) -> list[Reach]:
    """The reaches so that no two hold one frame, and none ends behind the clip."""
    out: list[Reach] = []
    for reach in reaches:
        first = max(reach.first, out[-1].last + 1) if out else reach.first
        first = min(first, frames - 1)
        out.append(replace(reach, first=first, last=min(max(reach.last, first), frames - 1)))
    return out


def _placed(motion: Motion, reach: Reach) -> Array:
    """Where the place of a reach is in the world, (T, 3)."""
    if reach.place:
        return np.broadcast_to(reach.position, motion.root.shape)
    origin, turn = body_frames(motion)
    return origin + quat_rotate(turn, reach.position)


def _smooth(x: Array) -> Array:
    """From 0 to 1 with the least jerk."""
    x = np.clip(x, 0.0, 1.0)
    out: Array = x**3 * (10 - 15 * x + 6 * x * x)
    return out


def _swung(start: Array, end: Array, front: Array, share: Array) -> Array:
    """From one arm's vector to another, (T, 3), round the shoulder: a curve that is drawn to the front."""
    a, b, t = normalize(start), normalize(end), share[:, None]
    apart = (1 - np.sum(a * b, -1, keepdims=True)) / 2
    between = normalize(a + b + apart * front)
    way = _bent_over(_bent_over(a, between, t), _bent_over(between, b, t), t)
    far = (length(start) + (length(end) - length(start)) * t) * (1 - BENT_SHARE * apart * 16 * (t * (1 - t)) ** 2)
    return np.asarray(far * way)


def _bent_over(a: Array, b: Array, t: Array) -> Array:
    """Between two directions (T, 3), less than a half turn apart, at even speed."""
    angle = np.arccos(np.clip(np.sum(a * b, -1, keepdims=True), -1.0, 1.0))
    sin = np.maximum(np.sin(angle), 1e-9)
    straight = angle < 1e-6
    out = np.where(straight, a + (b - a) * t, (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / sin)
    return normalize(out)


def _stepped(start: Array, end: Array, share: Array) -> Array:
    """From one place of a foot to another, (T, 3): raised on its way, up before ahead and down behind."""
    t, way = share[:, None], end - start
    over = t * t * (3 - 2 * t)
    lead = np.tanh(way[:, 1:2] / RISE)
    up = t + lead * t * (1 - t)
    lift = LIFT * np.tanh(length(way[:, [0, 2]]) / (2 * LIFT)) * 16 * (t * (1 - t)) ** 2
    out = start + way * np.concatenate([over, up, over], -1)
    return np.asarray(out + lift * np.array([0.0, 1.0, 0.0]))


def _twisted(motion: Motion, limb: Limb, hand: Array) -> Motion:
    """The motion with a hand turned so in the world, (T, 4), the forearm turning with it."""
    rotations = motion.rotations.copy()
    world = global_rotations(rotations, motion.skeleton.parents)
    along = normalize(motion.skeleton.offsets[limb.end])
    wanted = quat_mul(quat_inv(world[:, limb.middle]), hand)
    _, twist = quat_swing_twist(quat_mul(wanted, quat_inv(rotations[:, limb.end])), along)
    identity = np.broadcast_to(np.array([0.0, 0.0, 0.0, 1.0]), twist.shape)
    part = quat_slerp(identity, twist, FOREARM_SHARE)
    rotations[:, limb.middle] = quat_mul(rotations[:, limb.middle], part)
    rotations[:, limb.end] = quat_mul(quat_inv(part), wanted)
    changed = [limb.middle, limb.end]
    rotations[:, changed] = quat_continuous(rotations[:, changed])
    return replace(motion, rotations=rotations)
