"""Which feet are on the ground, and when.

Shapes: T frames, metres, world frame; flags of two feet are (T, 2), left and right. `Motion.contacts` judges frame by
frame; here neighbours have a say, so that a contact has no holes and a foot that slides is still found.
"""

import numpy as np
from numpy.typing import NDArray

from sdk.motion.errors import InvalidInput
from sdk.motion.kinematics import CONTACT_SPEED
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array
from sdk.motion.skeleton import JOINT

Flags = NDArray[np.bool_]

HIPS, ANKLES, TOES = ([JOINT[f"{side}_{name}"] for side in ("left", "right")] for name in ("hip", "ankle", "foot"))

SHORTEST_S = 0.08
"""Contacts shorter than this, seconds, are noise, and so are gaps between two of them."""
SURE_HEIGHT, LEFT_HEIGHT = 0.025, 0.035
"""Metres over where the joint lies on flat ground: under the first it is on the ground, over the second it has left."""
RISE = 0.01
"""A joint this far, metres, over where it mostly was in a contact is being lifted."""
LEFT_SPEED, SAME_PLACE = 1.5 * CONTACT_SPEED, 0.04
"""It is still down between two sure frames while it is slower than this, m/s, and travels less than this, metres."""
SLIDE_SPEED = 0.9
"""A foot faster than this, m/s, is not on the ground, however low it is."""
SLIDE_SPREAD = 1.7
"""Where a foot slides all along, what is slower than this times its median speed is one contact."""

ROLL_FRAMES = 2
"""Frames at either end of a contact in which a foot rolls on or off."""


def planted_feet(motion: Motion, *, contacts: Array | None = None) -> tuple[Flags, Flags]:
    """Which heels and which balls of the feet are on the ground: two (T, 2) of bool, left and right.

    A joint is down while it is low and slow, as in `Motion.contacts`; or low and, for a while, steadily sliding, as
    generated feet do. Given contacts, (T, 4) of 0 or 1 in the order of `Motion.contacts`, are taken at their word.
    Contacts and gaps shorter than SHORTEST_S do not count. Raises InvalidInput for contacts of the wrong shape.
    """
    least = max(round(SHORTEST_S * motion.fps), 1)
    if contacts is not None:
        if contacts.shape != (len(motion), 4):
            raise InvalidInput(f"contacts must be ({len(motion)}, 4), got {contacts.shape}", field="contacts")
        down = contacts > 0.5
    else:
        p = motion.feet
        height = p[..., 1] - np.array([motion.skeleton.ankle_height, motion.skeleton.toe_height] * 2)
        down = np.stack([_resting(p[:, k], height[:, k], fps=motion.fps, least=least) for k in range(4)], -1)
    out = np.stack([_cleaned(down[:, k], least) for k in range(4)], -1)
    return out[:, [0, 2]], out[:, [1, 3]]


def longest_slide(motion: Motion, frames: Flags) -> float:
    """The furthest, metres, that the ball of a planted foot travels over the ground in one contact within the given
    frames, (T,), but for ROLL_FRAMES at either end.
    """
    _, toe = planted_feet(motion)
    most, places = 0.0, motion.positions[:, TOES][..., [0, 2]]
    for foot in (0, 1):
        for start, stop in runs(toe[:, foot] & frames):
            stands = places[start + ROLL_FRAMES : stop - ROLL_FRAMES, foot]
            if len(stands) > 1:
                most = max(most, float(np.linalg.norm(stands - stands[0], axis=-1).max()))
    return most


def runs(flags: Flags) -> list[tuple[int, int]]:
    """Stretches of True in (T,) as (first, one past the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _resting(p: Array, height: Array, *, fps: float, least: int) -> Flags:
    """Where one foot joint at p, (T, 3), this high over its rest, (T,) metres, bears on the ground: (T,).

    Sure are frames that are as low as their stretch and slower than CONTACT_SPEED or, where all of the stretch slides,
    than most of it. Between two sure frames it stays down if it stays low and slow and in its place.
    """
    speed = speeds(p, fps)
    out = np.zeros(len(p), dtype=bool)
    for start, stop in runs((height < LEFT_HEIGHT) & (speed < SLIDE_SPEED)):
        here = speed[start:stop]
        pace = SLIDE_SPREAD * float(np.median(here)) if stop - start >= 2 * least else 0.0
        level = min(SURE_HEIGHT, float(np.median(height[start:stop])) + RISE)
        out[start:stop] = (here < max(CONTACT_SPEED, pace)) & (height[start:stop] < level)
        for first, beyond in runs(~out[start:stop]):
            a, b = start + first, start + beyond
            if start < a and b < stop and speed[a:b].max() < LEFT_SPEED:
                out[a:b] = np.linalg.norm((p[b] - p[a - 1])[[0, 2]]) < SAME_PLACE
    return out


def _cleaned(flags: Flags, least: int) -> Flags:
    """Flags without gaps and without stretches of less than `least` frames, (T,)."""
    out = flags.copy()
    for start, stop in runs(~flags):
        if stop - start < least and start > 0 and stop < len(out):
            out[start:stop] = True
    for start, stop in runs(out):
        if stop - start < min(least, len(out)):
            out[start:stop] = False
    return out


def speeds(p: Array, fps: float) -> Array:
    """Speed of points over time, (T, ..., 3) metres -> (T, ...) m/s, by central differences; 0 for a single frame."""
    if len(p) == 1:
        return np.zeros(p.shape[:-1])
    speed: Array = np.linalg.norm(np.gradient(p, axis=0), axis=-1) * fps
    return speed
