"""Foot lock: planted feet stay where they are, legs follow by inverse kinematics.

Shapes: T frames, metres, world frame; feet and flags of two feet are (T, 2, ...), left and right. A foot is its toe
joint (the ball) and an orientation; the ankle follows from both. While the ball is on the ground it is pinned; while
heel and ball are, the foot points one way and a nearly flat sole is flat; with the heel alone on the ground the heel is
pinned and the foot rolls over it. What this asks for beyond the source is a correction; beside a contact it fades on a
smooth curve, so that nothing pops. Legs are solved by `sdk.motion.ik`; a planted leg that would be too short lowers the
pelvis a little.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sdk.motion.contacts import ANKLES, HIPS, TOES, Flags, longest_slide, planted_feet, runs, speeds
from sdk.motion.errors import InvalidInput
from sdk.motion.ik import LEGS, limb_lengths, natural_reach, place_ends
from sdk.motion.kinematics import global_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    Array,
    quat_about,
    quat_from_axis_angle,
    quat_inv,
    quat_mul,
    quat_rotate,
    quat_to_axis_angle,
)
from sdk.motion.skeleton import BODY

FLAT_TILT, FREE_TILT = np.radians([2.0, 6.0])
"""A sole tilted by less than the first while heel and ball are down is laid flat, over the second it keeps its tilt."""
SUNK_HEEL = np.radians(15.0)
"""A sole with the heel lower than the ball by up to this tilt is laid flat; with twice as much nobody stands on it."""
PIVOT = np.radians(20.0)
"""A flat foot that turns by more than this in one contact is pivoting and may go on."""
LONGEST_SLIDE = 0.2
"""A foot that travels further than this in one contact, metres, stands in two places, and so on."""
STEP_S, STEP_LIFT = 0.3, 0.06
"""From one such place to the next the foot takes a step of this many seconds, raised by this many metres."""
HEEL_SHARE = 0.4
"""The heel lies this far behind the ankle, as a share of how far the ball lies ahead of it."""
PIN_SPEED = 0.05
"""Frames slower than this, m/s, decide where a foot is pinned."""
SURE_WEIGHT = 1e6
"""A frame that is where it must be weighs so much more."""
SURE_APART, LEAST_STEP = 0.01, 6
"""Where two such frames of one contact are further apart than this, metres, the foot takes a step between them, if it
has so many frames for it."""
SNAP = 0.03
"""A pinned ball this near the ground, metres, is put on it."""
FADE_S = 0.2
"""Seconds after which a correction is down to a twentieth, after a contact and before the next."""
DROP_S = 0.12
"""The pelvis begins to come down this long, seconds, before it must be down."""
MAX_DROP = 0.06
"""The pelvis is lowered by at most this, metres on the SDK's body."""

LOCKS, SLIDES_M = 8, 0.003
"""Feet are held again, at most so often, until none slides by so much in a contact, metres. No more often: each lock
takes a little from how a foot rolls off."""
JOLT_S = 1 / 30
"""A jolt of a metre is a change of speed, within this time, by a metre in this time."""


def lock_feet(
    motion: Motion, *, contacts: Array | None = None, fade_s: float = FADE_S, sure: Flags | None = None
) -> Motion:
    """The motion with planted feet held still.

    contacts: (T, 4) of 0 or 1 in the order of `Motion.contacts`, if the caller knows better; found by speed and height
    unless given. fade_s: how long a correction takes to fade beside a contact, seconds. sure: (T,) frames that are
    where they must be; a foot that is planted in one is pinned as it is there, and steps where two of them disagree.
    Only legs and, where a leg is too short, the pelvis' height change; a clip without contacts comes back as it is.
    Raises InvalidInput for contacts of the wrong shape or a fade that is not positive.
    """
    if not 0 < fade_s < 10:
        raise InvalidInput(f"fade_s must lie between 0 and 10 s, got {fade_s}", field="fade_s")
    heel, toe = planted_feet(motion, contacts=contacts)
    if not (heel.any() or toe.any()):
        return motion
    rate = 3.0 / (fade_s * motion.fps)
    skeleton, balls = motion.skeleton, motion.positions[:, TOES]
    feet = global_rotations(motion.rotations, skeleton.parents)[:, ANKLES]
    down = heel & toe
    heel_point = np.array([0, -skeleton.ankle_height, -HEEL_SHARE * float(skeleton.offsets[TOES[0]][2])])
    targets, turned = np.empty_like(balls), np.empty_like(feet)
    for f, ball in enumerate(TOES):
        turn = faded(_steadied(feet[:, f], down[:, f]), down[:, f], rate=rate)
        turned[:, f] = quat_mul(quat_from_axis_angle(turn), feet[:, f])
        arm, sole = (quat_rotate(turned[:, f], skeleton.offsets[ball] - p) for p in (0.0, heel_point))
        placed, known = _placed(
            balls[:, f], sole, heel[:, f], toe[:, f], fps=motion.fps, rest=skeleton.toe_height, turn=f, sure=sure
        )
        targets[:, f] = balls[:, f] + faded(placed - balls[:, f], known, rate=rate) - arm
    targets[..., 1] += _sunk(motion, targets, turned)
    lowered = replace(motion, root=motion.root - _drop(motion, targets, heel | toe))
    return place_ends(lowered, LEGS, targets, rotations=turned)


def settled(
    motion: Motion, lock: Callable[[Motion], Motion], *, frames: Flags, seen: Callable[[Motion], Motion] | None = None
) -> Motion:
    """The motion after `lock`, again and again until no planted foot slides.

    With its feet held, two contacts of a foot may turn out to be one with a jolt in it, one that shuffles along is seen
    to stand only when a lock has slowed it down, and what `lock` does besides may move a foot again. Where one goes on
    sliding, the motion that slides and jolts least on the way is taken. frames: (T,), in which feet may not slide;
    seen: of what motion, if not of the locked one itself.
    """
    found: list[tuple[float, Motion]] = []
    for _ in range(LOCKS):
        motion = lock(motion)
        looked_at = motion if seen is None else seen(motion)
        slide = longest_slide(looked_at, frames)
        if slide < SLIDES_M:
            return motion
        found.append((slide + jolt(looked_at), motion))
    return min(found, key=lambda each: each[0])[1]


def jolt(motion: Motion) -> float:
    """By how much the way of a joint in JOLT_S changes from one such time to the next at most, metres."""
    change = np.diff(motion.positions, n=2, axis=0) * (motion.fps * JOLT_S) ** 2
    return float(np.linalg.norm(change, axis=-1).max(initial=0.0))


def _steadied(foot: Array, down: Flags) -> Array:
    """Turns, rotation vectors (T, 3), that hold one foot, (T, 4), still where it is down at heel and ball, (T,).

    It points one way throughout a contact. What is left of its tilt is nothing for a small one, all of a large one (the
    heel is being raised), so that neither end of a contact is felt; the heel of a standing foot is not below the ball.
    """
    ahead = quat_rotate(foot, np.array([0.0, 0.0, 1.0]))
    yaw = np.unwrap(np.arctan2(ahead[:, 0], ahead[:, 2]))
    level = quat_about("y", yaw)
    tilt = quat_rotate(quat_inv(level), quat_to_axis_angle(quat_mul(foot, quat_inv(level))))  # pitch, 0, roll
    sunk = np.maximum(-tilt[:, 0], 0.0)  # positive pitch lowers the toes
    tilt[:, 0] += sunk * (1 - _smoothstep(np.clip((sunk - SUNK_HEEL) / SUNK_HEEL, 0.0, 1.0)))
    size = np.linalg.norm(tilt, axis=-1, keepdims=True)
    tilt *= _smoothstep(np.clip((size - FLAT_TILT) / (FREE_TILT - FLAT_TILT), 0.0, 1.0))
    for start, stop in runs(down):
        if np.ptp(yaw[start:stop]) < PIVOT:
            yaw[start:stop] = yaw[start:stop].mean()
    still = quat_mul(quat_about("y", yaw), quat_from_axis_angle(tilt))
    return quat_to_axis_angle(quat_mul(still, quat_inv(foot)))


def _placed(
    ball: Array, sole: Array, heel: Flags, toe: Flags, *, fps: float, rest: float, turn: int, sure: Flags | None
) -> tuple[Array, Flags]:
    """Where contacts put the ball of one foot, (T, 3), and the frames in which they do, (T,).

    sole: (T, 3) from the heel to the ball, as the foot is turned now. rest: height of the ball on flat ground. turn: 0
    or 1; where both feet slide too far and have to step, foot 1 waits for foot 0.
    """
    speed, step = speeds(ball, fps), max(round(STEP_S * fps), 1)
    placed, known = ball.copy(), toe.copy()
    for whole in runs(toe):
        before = whole[0]
        stands = _stands(ball, *whole, step=step, late=turn * step)
        if sure is not None:
            stands = [part for stand in stands for part in _parted(ball, *stand, sure=sure, step=step)]
        for start, stop in stands:
            weight = 1 / (speed[start:stop, None] ** 2 + PIN_SPEED**2)
            if sure is not None:
                weight = weight * np.where(sure[start:stop, None], SURE_WEIGHT, 1.0)
            pin = (weight * ball[start:stop]).sum(0) / weight.sum()
            pin[1] = rest if pin[1] < rest + SNAP else pin[1]
            placed[start:stop] = pin
            if start > before:
                placed[before:start] = _stepped(placed[before - 1], pin, start - before)
            before = stop
    for start, stop in runs(heel & ~toe):
        # The heel goes on where a pinned ball leaves it, or stands by itself.
        heels = [placed[k] - sole[k] for k in (start - 1, stop) if 0 <= k < len(toe) and known[k]]
        if not heels:
            heels = [(ball[start:stop] - sole[start:stop]).mean(0)]
        part = _smoothstep((np.arange(stop - start) + 1.0) / (stop - start + 1))[:, None]
        placed[start:stop] = sole[start:stop] + heels[0] + (heels[-1] - heels[0]) * part
        known[start:stop] = True
    return placed, known


def _smoothstep(x: Array) -> Array:
    return x * x * (3 - 2 * x)


def _stands(ball: Array, start: int, stop: int, *, step: int, late: int) -> list[tuple[int, int]]:
    """Parts of a contact, `step` frames between them; each ends where the ball is LONGEST_SLIDE from where it began.

    late: frames by which the first part is longer than it had to be.
    """
    out: list[tuple[int, int]] = []
    while True:
        away = np.linalg.norm((ball[start:stop] - ball[start])[:, [0, 2]], axis=-1) > LONGEST_SLIDE
        end = start + max(int(np.argmax(away)), step) + (0 if out else late)
        if not away.any() or end + 2 * step > stop:
            return [*out, (start, stop)]
        out.append((start, end))
        start = end + step


def _parted(ball: Array, start: int, stop: int, *, sure: Flags, step: int) -> list[tuple[int, int]]:
    """Parts of a stand between whose sure frames the ball has to move, at most `step` frames between them."""
    out: list[tuple[int, int]] = []
    frames = start + np.flatnonzero(sure[start:stop])
    for a, b in zip(frames, frames[1:], strict=False):
        room = min(int(b - a) - 1, step)
        if np.linalg.norm((ball[b] - ball[a])[[0, 2]]) > SURE_APART and room >= LEAST_STEP:
            first = int(a + b + 1 - room) // 2
            out.append((start, first))
            start = first + room
    return [*out, (start, stop)]


def _stepped(start: Array, end: Array, frames: int) -> Array:
    """A small step from where a ball stood to where it stands next, both excluded, (frames, 3)."""
    part = ((np.arange(frames) + 1.0) / (frames + 1))[:, None]
    path: Array = start + (end - start) * _smoothstep(part) + np.array([0, STEP_LIFT, 0]) * np.sin(np.pi * part) ** 2
    return path


def faded(values: Array, known: Flags, *, rate: float) -> Array:
    """A correction filled in between the frames where it is known: (T, D) and (T,) of bool -> (T, D).

    rate: decay per frame. In a gap it takes the curve of least bending that is drawn to zero (its fourth derivative is
    -4 rate^4 times itself): a damped wave from each end, which goes on with the value and the slope it finds there.
    """
    out = np.where(known[:, None], values, 0.0)
    for start, stop in runs(~known):
        ends = [(0, start - 1, start - 2)] if start > 0 else []  # place in the gap, nearest known frame, the one beyond
        ends += [(stop - start + 1, stop, stop + 1)] if stop < len(known) else []
        if not ends:
            return out
        at = np.array([place for place, _, _ in ends], dtype=float)
        value = [values[near] for _, near, _ in ends]
        slope = [
            (values[near] - values[beyond]) * (near - beyond) if 0 <= beyond < len(known) and known[beyond] else 0 * v
            for (_, near, beyond), v in zip(ends, value, strict=True)
        ]
        weights = np.linalg.solve(np.concatenate(_waves(at, at, rate)), np.stack(value + slope))
        out[start:stop] = _waves(np.arange(1.0, stop - start + 1), at, rate)[0] @ weights
    return out


def _waves(frames: Array, ends: Array, rate: float) -> tuple[Array, Array]:
    """Values and slopes of two damped waves for each end of a gap, falling away from it: (frames, 2 * ends) each."""
    away = np.where(ends == 0, 1.0, -1.0)
    x = rate * np.abs(frames[:, None] - ends)
    fall, cos, sin = np.exp(-x), np.cos(x), np.sin(x)
    slopes = [away * rate * fall * -(cos + sin), away * rate * fall * (cos - sin)]
    return np.concatenate([fall * cos, fall * sin], -1), np.concatenate(slopes, -1)


def _sunk(motion: Motion, ankles: Array, feet: Array) -> Array:
    """How far, (T, 2) metres, ankles (T, 2, 3) with feet turned (T, 2, 4) are under the ground and the source both."""
    s, lift = motion.skeleton, np.zeros(ankles.shape[:2])
    balls = ankles + quat_rotate(feet, s.offsets[TOES])
    for p, joints, rest in ((ankles, ANKLES, s.ankle_height), (balls, TOES, s.toe_height)):
        lift = np.maximum(lift, np.minimum(motion.positions[:, joints, 1], rest) - p[..., 1])
    return lift


def _drop(motion: Motion, ankles: Array, planted: Flags) -> Array:
    """How far the pelvis must come down, (T, 3) metres, for planted ankles (T, 2, 3) to be within reach."""
    p = motion.positions
    hips, way = p[:, HIPS], p[:, HIPS] - ankles
    natural = natural_reach(-way, p[:, ANKLES] - hips, limb_lengths(motion.skeleton, LEGS))
    level = np.sqrt(np.maximum(natural**2 - way[..., 0] ** 2 - way[..., 2] ** 2, 0.0))
    need = np.where(planted, np.maximum(way[..., 1] - level, 0.0), 0.0).max(-1)
    drop = np.zeros((len(motion), 3))
    if need.max() > 0:
        most = MAX_DROP * motion.skeleton.leg_length / BODY.leg_length
        drop[:, 1] = _envelope(np.minimum(need, most), max(round(DROP_S * motion.fps), 1))
    return drop


def _envelope(need: Array, reach: int) -> Array:
    """Smooth curve that is nowhere below `need`, (T,): the largest value within `reach` frames, then its average."""
    width = 2 * reach + 1
    padded = np.pad(need, 2 * reach, mode="edge")
    highest = np.lib.stride_tricks.sliding_window_view(padded, width).max(-1)
    kernel = np.hanning(width + 2)[1:-1]
    return np.convolve(highest, kernel / kernel.sum(), mode="valid")
