"""Loops: a stretch of motion whose end meets its beginning, in pose and in speed.

A cut is searched where the motion nearly comes back to itself: a stretch about as long as wanted, which may be played
a little faster or slower to last exactly that long. What still differs at the seam is shared by both of its sides and
fades into the motion. What travels in one round is kept; a turn that is only drift is taken out, so that a walk played
round and round goes straight.

Shapes: T frames, J = 22 joints. A loop of N frames has its first pose again as its last one: N - 1 frames a round.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sdk.motion.contacts import TOES, longest_slide, planted_feet
from sdk.motion.footlock import faded, jolt, lock_feet, settled
from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    Array,
    quat_about,
    quat_angle,
    quat_continuous,
    quat_mul,
    quat_rotate,
    quat_slerp,
)
from sdk.motion.warp import Anchor, laid_on, offsets, placed, sampled, wrapped

SEARCH_S = 2.0
"""So much more motion is looked through than the loop lasts."""
MOST_STRETCH = 1.15
"""A stretch may be played so much faster or slower to last as long as wanted."""
STRETCH_COST = 1.5
"""What stretching by a factor of e costs, in the unit of a cut's difference (metres of a joint, with speeds)."""
SPEED_S = 0.12
"""A difference in speed counts as much as the way it makes in this time."""
DRIFT = np.radians(60.0)
"""A round that turns by less is meant to go straight."""
LEAST_TRAVEL, SLANT = 0.3, np.radians(25.0)
"""A round that travels further, metres, and is off an axis by less than this goes along the axis."""
LEAST_PACE = 0.1
"""A round that travels neither so far nor so fast, metres a second, is meant to stay where it is."""
AWAY_COST = 0.5
"""What a metre of drift costs where the motion stays in one place."""
CALM_S, CALM_COST = 0.1, 0.02
"""What it costs to cut within this time of a moment when a foot comes down or leaves the ground."""
SEAM_S = 0.6
"""What differs at the seam fades in this time, on either side."""

NEAR_CUT, FAULTS_M = 0.03, 0.01
"""Where feet slide and sink by more than the second, metres, a cut whose difference is larger by less than the first
may be better."""


@dataclass(frozen=True)
class Cut:
    """Where to cut: first frame, frames to the one that shows the same pose again, and how much the two differ."""

    start: int
    frames: int
    difference: float


def find_cut(motion: Motion, frames: float) -> Cut:
    """The stretch of about so many frames, at the motion's own rate, that best comes back to where it began.

    The motion must be longer than `frames`; where it is no longer than that, all of it is the stretch.
    """
    shape, rough = _shape(motion), _rough(motion)
    ground = motion.root[:, [0, 2]]
    least = min(max(int(np.ceil(frames / MOST_STRETCH)), 2), len(motion) - 1)
    most = min(max(int(frames * MOST_STRETCH), least), len(motion) - 1)
    best: Cut | None = None
    for length in range(least, most + 1):
        count = len(motion) - length
        gap = np.sqrt(((shape[:count] - shape[length:]) ** 2).mean(-1))
        away = np.linalg.norm(ground[length:] - ground[:count], axis=-1)
        cost = gap + STRETCH_COST * np.log(length / frames) ** 2 + CALM_COST * (rough[:count] + rough[length:])
        if _stays(float(np.median(away)), length / motion.fps):
            cost += AWAY_COST * away
        k = int(np.argmin(cost))
        if best is None or cost[k] < best.difference:
            best = Cut(k, length, float(cost[k]))
    assert best is not None, "there is at least one length"
    return best


def closed(motion: Motion, cut: Cut, frames: int, *, fps: float) -> Motion:
    """The stretch of a cut as a loop of so many frames: the last pose is the first, a round further on.

    It begins over the origin; a round that travels goes along an axis, mostly +Z, and one that does not faces +Z and
    ends where it began.
    """
    at = cut.start + np.arange(frames) * (cut.frames / (frames - 1))
    cycle = _straight(sampled(motion, at, fps=fps))
    if _stays(float(np.hypot(cycle.root[-1, 0], cycle.root[-1, 2])), (frames - 1) / fps):
        # A planted foot would have to slide in every round.
        cycle = placed(cycle, [Anchor(0, 0.0, 0.0, None), Anchor(frames - 1, 0.0, 0.0, None)])
    poses, heading = _headless(cycle), np.unwrap(heading_angle(cycle.rotations[:, 0]))
    middle = replace(
        poses[:1],
        rotations=quat_slerp(poses.rotations[:1], poses.rotations[-1:], 0.5),
        root=(poses.root[:1] + poses.root[-1:]) / 2,
    )
    gaps = np.concatenate([offsets(middle, poses[:1]), offsets(middle, poses[-1:])])
    steps = np.stack([_step(poses, heading, cycle.root, 0), _step(poses, heading, cycle.root, frames - 2)])
    slopes = steps.mean(0) - steps
    # Way and heading have no gap to close, for a round may travel; their speed meets as that of the pose does.
    values = np.concatenate([gaps, np.zeros((2, 3))], -1)
    beyond = np.zeros((frames + 2, values.shape[1]))
    beyond[:2], beyond[-2:] = [values[0] - slopes[0], values[0]], [values[1], values[1] + slopes[1]]
    known = np.zeros(frames + 2, dtype=bool)
    known[[0, 1, -2, -1]] = True
    correction = faded(beyond, known, rate=3.0 / (SEAM_S * fps))[1:-1]
    level = laid_on(poses, correction[:, :-3])
    rotations, root = level.rotations.copy(), cycle.root.copy()
    rotations[:, 0] = quat_mul(quat_about("y", heading + correction[:, -1]), rotations[:, 0])
    root[:, 1] = level.root[:, 1]
    way = np.stack([correction[:, -3], np.zeros(frames), correction[:, -2]], -1)
    root += quat_rotate(quat_about("y", heading), way)
    return replace(cycle, rotations=quat_continuous(rotations), root=root)


def around_again(cycle: Motion, rounds: int) -> Motion:
    """The loop played so many times: rounds * (N - 1) + 1 frames."""
    parts_q, parts_p = [cycle.rotations[:1]], [cycle.root[:1]]
    turn, place = 0.0, cycle.root[0]
    per = float(wrapped(heading_angle(cycle.rotations[-1, 0]) - heading_angle(cycle.rotations[0, 0])))
    for _ in range(rounds):
        q = cycle.rotations[1:].copy()
        q[:, 0] = quat_mul(quat_about("y", turn), q[:, 0])
        way = quat_rotate(quat_about("y", turn), cycle.root[1:] - cycle.root[0])
        p = way + place
        parts_q.append(q)
        parts_p.append(p)
        turn, place = turn + per, p[-1] * np.array([1, 0, 1]) + cycle.root[0] * np.array([0, 1, 0])
    return replace(cycle, rotations=np.concatenate(parts_q), root=np.concatenate(parts_p))


def periodic(cycle: Motion, treat: Callable[[Motion], Motion]) -> Motion:
    """The loop after `treat`, which sees it three times round and so knows no seam."""
    n = len(cycle) - 1
    middle = treat(around_again(cycle, 3))[n : 2 * n + 1]
    moved = middle.moved((cycle.root[0] - middle.root[0]) * np.array([1, 0, 1]))
    # What the treatment made of the second and third beginning is the same but for rounding.
    rotations, root = moved.rotations.copy(), moved.root.copy()
    turn = quat_about("y", heading_angle(rotations[-1, 0]) - heading_angle(rotations[0, 0]))
    rotations[-1] = rotations[0]
    rotations[-1, 0] = quat_mul(turn, rotations[0, 0])
    root[-1, 1] = root[0, 1]
    return replace(moved, rotations=rotations, root=root)


def planted(cycle: Motion) -> Motion:
    """The loop with its feet held, every round alike."""
    n = len(cycle) - 1
    inner = np.zeros(3 * n + 1, dtype=bool)
    inner[n // 2 : 5 * n // 2] = True  # beyond it nobody knows what a foot was doing before
    return settled(cycle, lambda it: periodic(it, lock_feet), frames=inner, seen=lambda it: around_again(it, 3))


def least_sliding(
    takes: Sequence[Motion], cuts: Sequence[Cut], frames: int, *, fps: float, breathe: Callable[[], None]
) -> tuple[Motion, Cut]:
    """The loop of the best cut, with its feet held; where one slides or sinks, of the cuts near it the one that does
    so, and jolts, least.

    takes, cuts: motions and the cut of each. breathe: called before each try. A loop is judged by itself, for whoever
    is given it may hold its feet again without knowing what goes before.
    """
    order = sorted(range(len(cuts)), key=lambda k: cuts[k].difference)
    found: list[tuple[float, Motion, Cut]] = []
    for k in order:
        if cuts[k].difference > cuts[order[0]].difference + NEAR_CUT:
            break
        breathe()
        cycle = planted(closed(takes[k], cuts[k], frames, fps=fps))
        sunk = max(cycle.skeleton.toe_height - float(cycle.positions[:, TOES, 1].min()), 0.0)
        faults = longest_slide(cycle, np.ones(frames, dtype=bool)) + sunk
        if not found and faults < FAULTS_M:
            return cycle, cuts[k]
        found.append((faults + jolt(around_again(cycle, 2)), cycle, cuts[k]))
    return min(found, key=lambda each: each[0])[1:]


@dataclass(frozen=True)
class Seam:
    """How well a loop closes: joints' places, metres; local rotations, radians; their speeds, metres a second."""

    place_m: float
    angle_rad: float
    speed_m_s: float


def seam(cycle: Motion) -> Seam:
    """The seam of a loop: its last frame against its first, seen from the body's own place and heading.

    speed: by how much a joint's speed across the seam differs from the speed just before and just after it, whichever
    is nearer.
    """
    first, last = _headless(cycle[:1]), _headless(cycle[-1:])
    place = np.linalg.norm(first.positions - last.positions, axis=-1).max()
    angle = quat_angle(first.rotations, last.rotations).max()
    twice = around_again(cycle, 2)
    n = len(cycle) - 1
    speed = np.diff(twice.positions[n - 2 : n + 3], axis=0) * cycle.fps
    into, out = speed[1], speed[2]
    usual = np.maximum(np.linalg.norm(speed[1] - speed[0], axis=-1), np.linalg.norm(speed[3] - speed[2], axis=-1))
    jump = np.maximum(np.linalg.norm(out - into, axis=-1) - usual, 0).max()
    return Seam(float(place), float(angle), float(jump))


def _shape(motion: Motion) -> Array:
    """What a cut compares, (T, D): joints seen from the body's place and heading, and their speeds, metres."""
    local = _headless(motion).positions
    speed = np.gradient(motion.positions, axis=0) * motion.fps
    back = quat_about("y", -heading_angle(motion.rotations[:, 0]))[:, None]
    return np.concatenate([local, quat_rotate(back, speed) * SPEED_S], -1).reshape(len(motion), -1)


def _stays(away: float, seconds: float) -> bool:
    """Whether a round that ends so far, metres, from where it began is meant to stay there."""
    return away < min(LEAST_TRAVEL, LEAST_PACE * seconds)


def _rough(motion: Motion) -> Array:
    """Share of feet, (T,), that come down or leave the ground within CALM_S of a frame."""
    _, toe = planted_feet(motion)
    changes = np.diff(toe, axis=0, prepend=toe[:1]).mean(-1)
    width = 2 * max(round(CALM_S * motion.fps), 1) + 1
    return np.minimum(np.convolve(changes, np.ones(width), mode="same")[: len(motion)], 1.0)


def _step(poses: Motion, heading: Array, root: Array, k: int) -> Array:
    """What changes from frame k to the next: pose and height (D,), way in the body's own heading (x, z), heading."""
    pose = offsets(poses[k + 1 : k + 2], poses[k : k + 1])[0]
    way = quat_rotate(quat_about("y", -heading[k]), root[k + 1] - root[k])
    return np.concatenate([pose, [way[0], way[2], heading[k + 1] - heading[k]]])


def _headless(motion: Motion) -> Motion:
    """Every frame over the origin, facing +Z."""
    rotations = motion.rotations.copy()
    rotations[:, 0] = quat_mul(quat_about("y", -heading_angle(rotations[:, 0])), rotations[:, 0])
    return replace(motion, rotations=rotations, root=motion.root * np.array([0.0, 1.0, 0.0]))


def _straight(cycle: Motion) -> Motion:
    """Without the turn that a round drifts by; over the origin, facing +Z at first."""
    heading = np.unwrap(heading_angle(cycle.rotations[:, 0]))
    turn = heading[-1] - heading[0]
    whole = np.round(turn / (2 * np.pi)) * 2 * np.pi
    drift = turn - whole if abs(turn - whole) < DRIFT else 0.0
    share = np.linspace(0, 1, len(cycle))
    away = -heading[0] - drift * share
    steps = np.diff(cycle.root, axis=0, prepend=cycle.root[:1])
    way = quat_rotate(quat_about("y", away), steps).sum(0)
    if drift and np.hypot(way[0], way[2]) > LEAST_TRAVEL:
        # Ahead, backwards or to a side, when it nearly is: the body sways, so its first heading says little.
        leads = np.arctan2(way[0], way[2])
        slant = leads - np.round(leads / (np.pi / 2)) * np.pi / 2
        away = away - (slant if abs(slant) < SLANT else 0.0)
    rotations, root = cycle.rotations.copy(), cycle.root.copy()
    rotations[:, 0] = quat_mul(quat_about("y", away), rotations[:, 0])
    root[:, [0, 2]] = np.cumsum(quat_rotate(quat_about("y", away), steps), axis=0)[:, [0, 2]]
    return replace(cycle, rotations=rotations, root=root)
