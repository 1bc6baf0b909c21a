"""Where a body has to be so that its hands and feet can get to places of the world.

Shapes: T frames, metres over the ground as (x, z), radians.
"""

from collections.abc import Sequence

import numpy as np

from sdk.motion.goals import LIMBS, Reach
from sdk.motion.ik import ARMS, limb_lengths
from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_about, quat_rotate
from sdk.motion.warp import Anchor, placed

BEFORE = {True: (0.16, 0.36), False: (0.09, 0.3)}
"""What a hand (True) or a foot is to get to lies so far to its own side and ahead of who stands well for it, metres."""
LEAN_M = 0.15
"""Leaning and bending, a body reaches so much further than its arm."""
BEHIND_M = -0.1
"""What lies further behind than this is not within reach."""
HELP_UP_M = 0.3
"""Up and down the body helps: no more of a height counts."""
MOST_SPEED = 4.0
"""Nobody is sent faster than this, m/s: the goal is out of reach then."""


def approached(motion: Motion, reaches: Sequence[Reach], known: Sequence[Anchor]) -> list[Anchor]:
    """The known anchors and those that bring the body to reaches with a place, where it would be too far away.

    motion: as it goes with the known anchors. Without any it begins where it does.
    """
    anchors = sorted(known, key=lambda anchor: anchor.frame)
    for reach in sorted(reaches, key=lambda reach: reach.first):
        if not reach.place or (_within(motion, reach, reach.first) and _within(motion, reach, reach.last)):
            continue
        # At the beginning at once; if what is done then leads away, it has to wait there.
        for frame in sorted({reach.first, reach.last}):
            if (frame == reach.first or not _within(motion, reach, frame)) and all(k.frame != frame for k in anchors):
                more = _sent(motion, reach, frame, anchors)
                anchors = sorted([*anchors, *more], key=lambda anchor: anchor.frame)
                motion = placed(motion, anchors)
    return anchors


def _seen(motion: Motion, reach: Reach, frame: int) -> Array:
    """The place of a reach as the body sees it: to its effector's own side, up, ahead, (3,)."""
    back = quat_about("y", -heading_angle(motion.rotations[frame, 0]))
    seen = quat_rotate(back, reach.position - motion.root[frame] * np.array([1.0, 0.0, 1.0]))
    out: Array = seen * np.array([1.0 if reach.effector.startswith("left") else -1.0, 1.0, 1.0])
    return out


def _within(motion: Motion, reach: Reach, frame: int) -> bool:
    limb, seen, p = LIMBS[reach.effector], _seen(motion, reach, frame), motion.positions[frame]
    length = float(limb_lengths(motion.skeleton, [limb])[0])
    side = abs(float(motion.skeleton.offsets[LIMBS["left_wrist"].upper][0])) * 2 if limb in ARMS else 0.1
    height = min(abs(float(reach.position[1] - p[limb.upper, 1])), HELP_UP_M)
    if limb not in ARMS:
        height = float(p[limb.upper, 1] - reach.position[1])
    level = np.sqrt(max(length**2 - height**2, 0.0)) + (LEAN_M if limb in ARMS else 0.05)
    return bool(np.hypot(seen[0] - side, seen[2]) < level and seen[2] > BEHIND_M)


def _sent(motion: Motion, reach: Reach, frame: int, anchors: Sequence[Anchor]) -> list[Anchor]:
    """Anchors that bring the body before the place at that frame; none if it would have to run too fast."""
    at = [anchor for anchor in anchors if anchor.frame < frame][-1:]
    start = at[0] if at else Anchor.of(0, motion.root[0], motion.rotations[0, 0])
    way = reach.position[[0, 2]] - np.array([start.x, start.z])
    aside, ahead = BEFORE[LIMBS[reach.effector] in ARMS]
    far = float(np.hypot(*way))
    heading = float(np.arctan2(way[0], way[1])) if far > 2 * ahead else float(heading_angle(motion.rotations[frame, 0]))
    own = np.array([aside if reach.effector.startswith("left") else -aside, 0.0, ahead])
    stand = reach.position - quat_rotate(quat_about("y", heading), own)
    there = Anchor(frame, float(stand[0]), float(stand[2]), heading)
    after = [anchor for anchor in anchors if anchor.frame > frame][:1]
    for one in (*([start] if frame else []), *after):
        pace = np.hypot(one.x - there.x, one.z - there.z) * motion.fps / abs(frame - one.frame)
        if pace > MOST_SPEED:
            return []
    return [there] if at or frame == 0 else [start, there]
