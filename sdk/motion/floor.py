"""Put a clip on the ground y = 0, all along: also where it rises or sinks slowly, without flattening jumps.

Shapes: T frames, metres, world frame. A foot bears on the ground while it is the lower one, moves neither up nor down
and not fast; at the top of a jump it stands still too briefly for that. A contact counts as one with the floor if the
floor can have drifted there since the last such contact, so that a box or a stair that is stepped on stays one.
"""

from dataclasses import replace

import numpy as np

from sdk.motion.contacts import SLIDE_SPEED, Flags, runs, speeds
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array
from sdk.motion.smooth import evened

LEVEL_SPEED = 0.15
"""A foot that moves up or down faster than this, m/s, bears on nothing."""
SHORTEST_S = 0.1
"""Bearing for less than this, seconds, is chance: the top of a jump is crossed in 0.03 s."""
LOWEST = 0.02
"""Joints of the feet this near the lowest one, metres, may bear."""
STEP, DRIFT, FARTHEST = 0.03, 0.05, 0.08
"""From one contact to the next the floor may be off by STEP metres, and DRIFT m/s, together FARTHEST metres."""
ENDS = 5
"""So many frames say how high a contact begins and ends."""
EVEN_S = 0.5
"""The floor is evened out over about this long, seconds, to both sides."""


def grounded(motion: Motion) -> Motion:
    """The motion with the feet's contacts at the height of the ground; only the root's height changes.

    A clip in which no foot bears on anything comes back as it is.
    """
    floor = floor_height(motion)
    return replace(motion, root=motion.root - floor[:, None] * np.array([0.0, 1.0, 0.0]))


def floor_height(motion: Motion) -> Array:
    """Where the floor under the feet is, (T,) metres over y = 0; 0 all along if no foot bears on anything."""
    height, bears = _bearing(motion)
    contacts = [(a, b) for a, b in runs(bears)]
    if not contacts:
        return np.zeros(len(motion))
    known = np.zeros(len(motion), dtype=bool)
    for a, b in _on_the_floor(contacts, height, motion.fps):
        known[a:b] = True
    at = np.flatnonzero(known)
    # Between contacts a straight line; then evened out, so that no step is put into the motion.
    line = np.interp(np.arange(len(motion)), at, height[at])
    return evened(line, EVEN_S * motion.fps)


def _bearing(motion: Motion) -> tuple[Array, Flags]:
    """Height of the lower foot over where it lies on flat ground, (T,) metres, and whether it bears, (T,)."""
    p = motion.feet
    height = p[..., 1] - np.array([motion.skeleton.ankle_height, motion.skeleton.toe_height] * 2)
    if len(motion) == 1:
        return height.min(-1), np.ones(1, dtype=bool)
    rising = np.abs(np.gradient(p[..., 1], axis=0)) * motion.fps
    lowest = height.min(-1)
    steady = (rising < LEVEL_SPEED) & (speeds(p, motion.fps) < SLIDE_SPEED) & (height < lowest[:, None] + LOWEST)
    bears = steady.any(-1)
    least = min(max(round(SHORTEST_S * motion.fps), 2), len(motion))
    for a, b in runs(bears):
        bears[a:b] = b - a >= least
    return lowest, bears


def _on_the_floor(contacts: list[tuple[int, int]], height: Array, fps: float) -> list[tuple[int, int]]:
    """Those contacts, (first, one past the last), that the floor can have drifted to from where most of them are.

    height: (T,) metres of the lower foot.
    """
    begin, middle, end = (
        np.array([float(np.median(height[a:b][part])) for a, b in contacts])
        for part in (slice(None, ENDS), slice(None), slice(-ENDS, None))
    )
    lasting = np.array([b - a for a, b in contacts])
    order = np.argsort(middle)
    usual = middle[order][np.searchsorted(np.cumsum(lasting[order]), lasting.sum() / 2)]
    start = int(np.argmin(np.abs(middle - usual)))
    kept = [start]
    for step, ways in ((1, range(start + 1, len(contacts))), (-1, range(start - 1, -1, -1))):
        last = start
        for k in ways:
            early, late = (last, k) if step > 0 else (k, last)
            gap = (contacts[late][0] - contacts[early][1]) / fps
            if abs(begin[late] - end[early]) <= min(STEP + DRIFT * gap, FARTHEST):
                kept.append(k)
                last = k
    return [contacts[k] for k in sorted(kept)]
