"""Feet: planted ones stay planted, swinging ones follow the new stride, legs reach them by two-bone IK.

A foot's path is the source's plus an offset that is constant while the foot is planted and eases over while it swings.
So a planted foot slides exactly as much as it did in the recording, however stride, root and tempo were edited.
Shapes: T frames; positions (T, 3) metres; two feet, left first.
"""

from dataclasses import dataclass, replace

import numpy as np

from sdk.motion.contacts import ANKLES, HIPS, TOES, Flags, runs, speeds
from sdk.motion.ik import LEGS, limb_lengths, place_ends
from sdk.motion.kinematics import global_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, normalize, quat_from_axis_angle, quat_mul, quat_rotate
from sdk.motion.skeleton import PARENTS
from training.stylist.carriage import ahead, strided
from training.stylist.edits import Edits
from training.stylist.signals import smoothed, smoothstep

_LOW = 0.05  # metres over the rest height
_SLOW = 0.35  # m/s, or this share of the pelvis' speed, whichever is more
_SLOW_SHARE = 0.25
_GAP_S = 0.07  # shorter contacts, and gaps between two, are noise
_AIR = (0.5, 0.75)  # metres; ankles of steps stay under the first, kicks go over the second
_CLEARANCE = 0.07  # metres over the rest height
_STEEPEST = np.radians(75.0)  # how far a foot may stand on its ball
_LONGEST = 0.993  # of a leg's length; how straight it may become without having been so
_DROP_S = 0.1  # the pelvis begins to come down this long before it must be down
_LEFT = np.array([1.0, 0.0, 0.0])
_UP = np.array([0.0, 1.0, 0.0])
_FLAT = np.array([1.0, 0.0, 1.0])


@dataclass(frozen=True, eq=False)
class Feet:
    """What the source's feet did: world rotation, ankle and toe joint of each (T, 2, ...), planted flags (T, 2)."""

    rotations: Array
    ankles: Array
    toes: Array
    planted: Flags


def read_feet(motion: Motion) -> Feet:
    """Feet of a clip. A foot is planted where its ankle or toe joint is low, and slow for how fast the body goes."""
    world = global_rotations(motion.rotations, PARENTS)
    at = motion.positions
    planted = np.zeros((len(motion), 2), dtype=bool)
    limit = np.maximum(_SLOW, _SLOW_SHARE * speeds(motion.root * _FLAT, motion.fps))[:, None]
    for joints, rest in ((ANKLES, motion.skeleton.ankle_height), (TOES, motion.skeleton.toe_height)):
        planted |= (speeds(at[:, joints], motion.fps) < limit) & (at[:, joints, 1] < rest + _LOW)
    return Feet(world[:, ANKLES], at[:, ANKLES], at[:, TOES], planted)


def _closed(flags: Flags, most: int) -> Flags:
    """Flags (T,) with gaps and islands of at most `most` frames removed."""
    out = flags.copy()
    for value in (False, True):
        for first, end in runs(out == value):
            if end - first <= most and first > 0 and end < len(out):
                out[first:end] = not value
    return out


def eased_offsets(wanted: Array, planted: Flags) -> Array:
    """Offsets (T, 3) that are constant in each planted span, the mean of `wanted` there, and ease over between.

    Before the first span and after the last the foot follows `wanted`, eased into the span's offset.
    """
    stands = runs(planted)
    if not stands:
        return wanted
    out = wanted.copy()
    held = [wanted[a:b].mean(0) for a, b in stands]
    for (first, end), offset in zip(stands, held, strict=True):
        out[first:end] = offset
    for k in range(len(stands) - 1):
        (_, start), (stop, _) = stands[k], stands[k + 1]
        ease = smoothstep(np.arange(1, stop - start + 1) / (stop - start + 1))[:, None]
        out[start:stop] = held[k] + (held[k + 1] - held[k]) * ease
    first, last = stands[0][0], stands[-1][1] - 1
    ramp = smoothstep(np.arange(first) / max(first, 1))[:, None]
    out[:first] = wanted[:first] + (held[0] - wanted[first]) * ramp
    rest = len(out) - 1 - last
    ramp = smoothstep(np.arange(rest - 1, -1, -1) / max(rest, 1))[:, None]
    out[last + 1 :] = wanted[last + 1 :] + (held[-1] - wanted[last]) * ramp
    return out


def place_feet(feet: Feet, source: Motion, rise: Array, edits: Edits) -> Feet:
    """The feet for an edited stride, its width and lift, with heels raised by `rise`, (T,) metres.

    `feet` are those of `source`.
    """
    body = source.skeleton
    # Short steps are low, and roll less from heel to toe.
    short = min(edits.stride, 1.0)
    roll, high = short**0.8 * min(edits.foot_lift, 1.0) ** 0.3, short**0.5 * edits.foot_lift
    out = Feet(feet.rotations.copy(), feet.ankles.copy(), feet.toes.copy(), feet.planted)
    offsets = _step_offsets(feet, source, edits)
    for k in range(2):
        foot, ankle, toe, offset = feet.rotations[:, k], feet.ankles[:, k], feet.toes[:, k], offsets[:, k]
        sole = quat_rotate(foot, body.offsets[TOES[k]])
        length = float(np.linalg.norm(body.offsets[TOES[k]]))
        # The foot's own sideways axis stays level when the sole stands upright, where its direction ahead is lost.
        sideways = quat_rotate(foot, _LEFT) * _FLAT
        across = normalize(sideways)
        rest = np.arcsin(-body.offsets[TOES[k]][1] / length)
        pitch = np.arctan2(-sole[:, 1], (sole * np.cross(across, _UP)).sum(-1)) - rest
        pitch = (pitch + np.pi) % (2 * np.pi) - np.pi  # a heel thrown up to the back may pass a half turn
        tilt = pitch + rest
        # A foot on its edge, or upside down in a kick, is no step: it keeps its turn.
        stepping = smoothstep(np.linalg.norm(sideways, axis=-1) / 0.7) * smoothstep((2.6 - np.abs(pitch)) / 0.8)
        stepping = stepping * (1 - _in_the_air(ankle))
        rolled = tilt - stepping * (1 - np.where(pitch > 0, roll, np.sqrt(roll))) * pitch
        # Heel up, a foot stands on its ball; toes up, on its heel. What stands follows the offset, the rest turns.
        new_sole = quat_rotate(quat_from_axis_angle(across * (rolled - tilt)[:, None]), sole)
        by_ball = toe + offset + _UP * _lifted(toe[:, 1], body.toe_height, high)[:, None]
        by_heel = ankle + offset + _UP * _lifted(ankle[:, 1], body.ankle_height, high)[:, None] + new_sole
        ball = np.where(pitch[:, None] > 0, by_ball, by_heel)
        # A raised heel turns the foot about its ball.
        base = np.clip(rolled, -_STEEPEST, _STEEPEST)
        raised = rolled + np.arcsin(np.minimum(np.sin(base) + stepping * rise / length, np.sin(_STEEPEST))) - base
        turn = quat_from_axis_angle(across * (raised - tilt)[:, None])
        sunk = np.maximum(np.minimum(toe[:, 1], body.toe_height) - ball[:, 1], 0)
        out.toes[:, k] = ball + _UP * sunk[:, None]
        out.ankles[:, k] = out.toes[:, k] - quat_rotate(turn, sole)
        out.rotations[:, k] = quat_mul(turn, foot)
    return out


def _step_offsets(feet: Feet, source: Motion, edits: Edits) -> Array:
    """What to add on the ground (T, 2, 3) to each foot, so that its steps have the new stride and width."""
    forward = ahead(source)
    left = np.cross(_UP, forward)
    path = strided(source.root, edits.stride) * _FLAT
    offsets = []
    for k in range(2):
        relative = feet.ankles[:, k] - source.root
        aside, before = ((relative * axis).sum(-1) for axis in (left, forward))
        # Where a foot stands on average is its stance, what it does around that are its steps.
        aside = aside.mean() * edits.step_width + (aside - aside.mean()) * edits.stride
        before = before.mean() + (before - before.mean()) * edits.stride
        goal = path + left * aside[:, None] + forward * before[:, None]
        stands = _closed(feet.planted[:, k], round(_GAP_S * source.fps))
        offsets.append(eased_offsets((goal - feet.ankles[:, k]) * _FLAT, stands))
    return np.stack(offsets, 1)


def _lifted(height: Array, rest: float, ratio: float) -> Array:
    """What to add (T,) to heights so that what lies over the rest height is `ratio` times as high.

    Low steps keep the source's clearance: a foot that swings nearer to the ground would seem to slide.
    """
    over = np.maximum(height - rest - (_CLEARANCE if ratio < 1 else 0), 0)
    added: Array = (ratio - 1) * over
    return added


def within_reach(motion: Motion, ankles: Array, source_reach: Array) -> Array:
    """Path of the pelvis (T, 3) lowered, smoothly, where a leg would be too short for its ankle, (T, 2, 3).

    source_reach: (T, 2) hip to ankle in the source; a leg may be as straight as there.
    """
    limit = np.maximum(_LONGEST * limb_lengths(motion.skeleton, LEGS), source_reach)
    apart = motion.positions[:, HIPS] - ankles
    level = np.minimum(np.linalg.norm(apart * _FLAT, axis=-1), 0.95 * limit)
    need = np.maximum(apart[..., 1] - np.sqrt(limit**2 - level**2), 0)
    # A foot up in the air is no reason to crouch.
    drop = (need * (1 - _in_the_air(ankles))).max(-1)
    window = max(int(_DROP_S * motion.fps), 1)
    padded = np.pad(drop, window, mode="edge")
    widest = np.lib.stride_tricks.sliding_window_view(padded, 2 * window + 1).max(-1)
    lowered = motion.root.copy()
    lowered[:, 1] -= np.maximum(smoothed(widest, 0.7 * window), 0)
    return lowered


def stand_on(motion: Motion, feet: Feet, source: Motion) -> Motion:
    """The motion with its legs on `feet`; the pelvis comes down where a leg would be too short.

    A foot high in the air, as in a kick, belongs to the body and not to the ground: it goes where `source` has it.
    """
    was = source.positions
    free = was[:, ANKLES] + (motion.root - source.root)[:, None]
    ankles = feet.ankles + (free - feet.ankles) * _in_the_air(was[:, ANKLES])[..., None]
    root = within_reach(motion, ankles, np.linalg.norm(was[:, HIPS] - was[:, ANKLES], axis=-1))
    return place_ends(replace(motion, root=root), LEGS, ankles, rotations=feet.rotations)


def _in_the_air(ankles: Array) -> Array:
    """(T, 2) in [0, 1]: 1 for an ankle at a height that no step reaches."""
    return smoothstep((ankles[..., 1] - _AIR[0]) / (_AIR[1] - _AIR[0]))
