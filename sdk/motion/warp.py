"""Bending a motion to what must hold: frames that are given, places to be at, poses to reach.

Two tools. `placed` moves and turns whole stretches over the ground so that they arrive where they must; what is left
over is spread along the way. `reaching` then lays an additive correction on every joint that is exact where something
is given and fades on a smooth curve beside it, so that place and speed go on through the seam.

Shapes: T frames, J = 22 joints, A anchors; metres, seconds, radians.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sdk.motion.contacts import runs
from sdk.motion.errors import InvalidInput
from sdk.motion.footlock import faded
from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import (
    Array,
    quat_about,
    quat_continuous,
    quat_from_axis_angle,
    quat_inv,
    quat_mul,
    quat_rotate,
    quat_slerp,
    quat_to_axis_angle,
)

FADE_S = 0.4
"""A correction beside something given is down to a twentieth after this time."""
STILL_SPEED = 0.05
"""What is left over of a place is spread along the way that is travelled; standing counts as this fast, m/s."""


def sampled(motion: Motion, at: Array, *, fps: float) -> Motion:
    """The motion as it is at frames `at` (T,), which may lie between two; beyond the ends these hold."""
    where = np.clip(at, 0, len(motion) - 1)
    low = np.minimum(where.astype(int), max(len(motion) - 2, 0))
    high, part = np.minimum(low + 1, len(motion) - 1), where - low
    rotations = quat_slerp(motion.rotations[low], motion.rotations[high], part[:, None])
    root = motion.root[low] + (motion.root[high] - motion.root[low]) * part[:, None]
    return replace(motion, rotations=quat_continuous(rotations), root=root, fps=fps)


@dataclass(frozen=True)
class Anchor:
    """Where the body is to be at a frame: (x, z) metres over the ground and, unless None, its heading, radians."""

    frame: int
    x: float
    z: float
    heading: float | None

    @classmethod
    def of(cls, frame: int, root: Array, rotation: Array) -> "Anchor":
        """The place of a root (3,) with a body rotation (4,)."""
        return cls(frame, float(root[0]), float(root[2]), float(heading_angle(rotation)))


def placed(motion: Motion, anchors: Sequence[Anchor]) -> Motion:
    """The motion over the ground so that it is at every anchor at its frame; anchors rise in time.

    Before the first and behind the last one it is moved as a whole. Between two the turn that is missing is spread
    along the way, and so is what then is missing of the place; at the anchors themselves nothing is bent, so speeds go
    on. Without anchors it stays. Raises InvalidInput for frames that do not rise or lie outside.
    """
    frames = [anchor.frame for anchor in anchors]
    if any(b <= a for a, b in zip(frames, frames[1:], strict=False)) or any(not 0 <= k < len(motion) for k in frames):
        raise InvalidInput(f"anchors must rise within 0..{len(motion) - 1}, got {frames}", field="anchors")
    if not anchors:
        return motion
    own = np.unwrap(heading_angle(motion.rotations[:, 0]))
    turn = _turns(own, anchors, _progress(motion))
    root = motion.root.copy()
    steps = np.diff(motion.root, axis=0, prepend=motion.root[:1])
    # A step between two frames is turned by what both are turned by.
    steps = quat_rotate(quat_about("y", (turn + np.concatenate([turn[:1], turn[:-1]])) / 2), steps)
    root[:, [0, 2]] = np.cumsum(steps, axis=0)[:, [0, 2]]
    want = np.array([[anchor.x, anchor.z] for anchor in anchors])
    missing = want - root[frames][:, [0, 2]]
    root[:, [0, 2]] += _spread(missing, frames, _progress(motion))
    rotations = motion.rotations.copy()
    rotations[:, 0] = quat_mul(quat_about("y", turn), rotations[:, 0])
    return replace(motion, rotations=rotations, root=root)


def left_over(motion: Motion, gaps: Sequence[tuple[Anchor, Anchor]]) -> tuple[float, float]:
    """How much `placed` has to bend a motion from one anchor to another: metres and radians, the most of all gaps."""
    apart, turned = 0.0, 0.0
    own = np.unwrap(heading_angle(motion.rotations[:, 0]))
    for a, b in gaps:
        turn = 0.0 if a.heading is None else a.heading - own[a.frame]
        way = quat_rotate(quat_about("y", turn), motion.root[b.frame] - motion.root[a.frame])
        apart = max(apart, float(np.hypot(b.x - a.x - way[0], b.z - a.z - way[2])))
        if a.heading is not None and b.heading is not None:
            turned = max(turned, abs(float(wrapped(b.heading - own[b.frame] - turn))))
    return apart, turned


def wrapped(angle: Array | float) -> Array | float:
    """The same angle within -pi..pi."""
    return (angle + np.pi) % (2 * np.pi) - np.pi


def offsets(goal: Motion, motion: Motion) -> Array:
    """What has to be laid on a motion to become the goal: (T, J * 3 + 3), rotation vectors and metres."""
    turn = quat_to_axis_angle(quat_mul(goal.rotations, quat_inv(motion.rotations)))
    return np.concatenate([turn.reshape(len(motion), -1), goal.root - motion.root], -1)


def laid_on(motion: Motion, correction: Array) -> Motion:
    """The motion with `offsets` laid on."""
    turn = correction[:, :-3].reshape(len(motion), -1, 3)
    rotations = quat_continuous(quat_mul(quat_from_axis_angle(turn), motion.rotations))
    return replace(motion, rotations=rotations, root=motion.root + correction[:, -3:])


def reaching(motion: Motion, goal: Motion, given: np.typing.NDArray[np.bool_], *, fade_s: float = FADE_S) -> Motion:
    """The motion that is `goal` where that is given, (T,), and bent smoothly towards it beside.

    Where several frames in a row are given, speed goes on through the seam too. Given frames are the goal's own floats.
    """
    if not given.any():
        return motion
    correction = faded(offsets(goal, motion), given, rate=3.0 / (fade_s * motion.fps))
    bent = laid_on(motion, correction)
    return with_frames(bent, goal, given)


def led_on(motion: Motion, given: np.typing.NDArray[np.bool_]) -> Motion:
    """The motion whose two given frames, (T,), beside new ones go on evenly as those do.

    What a generator made of frames that it was given need not lead to its first new one; the leap would stay.
    """
    rotations, root = motion.rotations.copy(), motion.root.copy()
    for start, stop in runs(given):
        sides = [(stop - 1, -1)] * (stop + 1 < len(given)) + [(start, 1)] * (start > 1)
        for edge, step in sides:
            for k in (edge, edge + step)[: stop - start]:
                near, far = k - step, k - 2 * step
                rotations[k] = quat_mul(quat_mul(rotations[near], quat_inv(rotations[far])), rotations[near])
                root[k] = 2 * root[near] - root[far]
    return replace(motion, rotations=quat_continuous(rotations), root=root)


def with_frames(motion: Motion, goal: Motion, given: np.typing.NDArray[np.bool_]) -> Motion:
    """The motion with the given frames, (T,), put in as they are; neighbours keep to one hemisphere where they can."""
    rotations, root = motion.rotations.copy(), motion.root.copy()
    rotations[given], root[given] = goal.rotations[given], goal.root[given]
    # Signs of new frames follow the given ones, which are not touched.
    for k in range(1, len(rotations)):
        if not given[k]:
            rotations[k] *= np.where((rotations[k] * rotations[k - 1]).sum(-1, keepdims=True) < 0, -1.0, 1.0)
    return replace(motion, rotations=rotations, root=root)


def _progress(motion: Motion) -> Array:
    """How far it has come by each frame, (T,): metres over the ground, and a little for the time."""
    steps = np.linalg.norm(np.diff(motion.root[:, [0, 2]], axis=0, prepend=motion.root[:1, [0, 2]]), axis=-1)
    return np.cumsum(steps + STILL_SPEED / motion.fps)


def _turns(own: Array, anchors: Sequence[Anchor], progress: Array) -> Array:
    """How far every frame is turned, (T,), radians: spread between anchors that have a heading."""
    known = [(anchor.frame, anchor.heading) for anchor in anchors if anchor.heading is not None]
    if not known:
        return np.zeros(len(own))
    frames = [frame for frame, _ in known]
    turns = np.array([heading - own[frame] for frame, heading in known])
    # Between two neighbours the short way round.
    turns = np.unwrap(turns)
    return _spread(turns[:, None], frames, progress)[:, 0]


def _spread(values: Array, frames: Sequence[int], progress: Array) -> Array:
    """Values (A, D) known at some frames, filled in along the progress (T,): (T, D); level at every known frame."""
    out = np.empty((len(progress), values.shape[1]))
    out[: frames[0]], out[frames[-1] :] = values[0], values[-1]
    for k, (a, b) in enumerate(zip(frames, frames[1:], strict=False)):
        part = (progress[a : b + 1] - progress[a]) / (progress[b] - progress[a])
        share = (part * part * (3 - 2 * part))[:, None]
        out[a : b + 1] = values[k] + (values[k + 1] - values[k]) * share
    return out
