"""Between the messages of a live stream and the runtime's types: what comes is checked, the offending field named."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from emomotion.v1 import live_pb2
from sdk.bundle import Manifest
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, normalize, quat_continuous
from sdk.motion.skeleton import NUM_JOINTS
from sdk.motion.steering import MAX_HEADING, Way
from sdk.runtime.character import Frame, Wish
from sdk.runtime.limits import MAX_PATH_POINTS, MAX_PLACE_M, MIN_POINTS, validate_text
from sdk.runtime.track import AffectTrack
from sdk.wire import affect_from_wire, affect_to_wire

MAX_POSES_BEFORE = 63
"""With the pose to go on from they are as much as a window looks back on."""
UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class Start:
    """How a character begins; None where the server decides."""

    wish: Wish
    seed: int | None
    plan: str | None
    generator: str | None
    resume: Motion | None


def start_from_wire(message: live_pb2.DriveStart, manifest: Manifest) -> Start:
    """Raises InvalidInput naming the field."""
    plan, generator = message.plan or None, message.generator or None
    manifest.plan(plan, generator)
    return Start(
        wish=wish_from_wire(message.wish, None),
        seed=message.seed if message.HasField("seed") else None,
        plan=plan,
        generator=generator,
        resume=_played(message, manifest.fps),
    )


def wish_from_wire(message: live_pb2.DriveChange, before: Wish | None) -> Wish:
    """The wish after a change; without one before, a text must be set. Raises InvalidInput naming the field."""
    if message.HasField("affect") and message.HasField("track"):
        raise InvalidInput("a change takes either affect or track, got both", field="track")
    if message.HasField("text") or before is None:
        validate_text(message.text)
    wish = Wish(message.text) if before is None else before
    if message.HasField("text"):
        wish = replace(wish, text=message.text)
    if message.HasField("affect"):
        wish = replace(wish, affect=affect_from_wire(message.affect), track=None)
    if message.HasField("track"):
        wish = replace(wish, track=track_from_wire(message.track))
    if message.HasField("speed"):
        wish = replace(wish, speed=message.speed)
    return replace(wish, way=_way(message, wish.way))


def track_from_wire(message: live_pb2.AffectTrack) -> AffectTrack:
    """A feeling over time. Raises InvalidInput naming the field."""
    keys = message.keys
    return AffectTrack([key.seconds for key in keys], [affect_from_wire(key.affect) for key in keys])


def frame_to_wire(frame: Frame) -> live_pb2.DriveFrame:
    """One frame of a live character."""
    return live_pb2.DriveFrame(
        number=frame.number,
        rotations=frame.rotations.ravel().tolist(),
        root=frame.root.tolist(),
        contacts=(frame.contacts > 0.5).tolist(),
        affect=affect_to_wire(frame.affect),
        wish=frame.wish,
        source=f"FRAME_SOURCE_{frame.source.name}",
        reacting=frame.reacting,
    )


def _way(message: live_pb2.DriveChange, before: Way | None) -> Way | None:
    kind = message.WhichOneof("way")
    if kind == "heading":
        if not abs(message.heading) <= MAX_HEADING:
            raise InvalidInput(f"heading must lie in -6.2832..6.2832, got {message.heading:g}", field="heading")
        return Way(heading=message.heading)
    if kind == "path":
        numbers = _floats(message.path.points, "path.points", MAX_PLACE_M)
        if len(numbers) % 2 or not 2 * MIN_POINTS <= len(numbers) <= 2 * MAX_PATH_POINTS:
            message_ = f"path.points holds x and z of {MIN_POINTS}..{MAX_PATH_POINTS} points"
            raise InvalidInput(f"{message_}, got {len(numbers)} numbers", field="path.points")
        return Way(points=np.array(numbers).reshape(-1, 2))
    return None if kind == "free" and message.free else before


def _played(message: live_pb2.DriveStart, fps: float) -> Motion | None:
    """What was played before, the pose to go on from last."""
    if not message.HasField("resume"):
        if message.before:
            raise InvalidInput("before needs resume, the pose to go on from", field="before")
        return None
    if len(message.before) > MAX_POSES_BEFORE:
        text = f"before holds at most {MAX_POSES_BEFORE} poses, got {len(message.before)}"
        raise InvalidInput(text, field="before")
    names = [*(f"before[{k}]" for k in range(len(message.before))), "resume"]
    poses = [_pose(pose, name) for pose, name in zip((*message.before, message.resume), names, strict=True)]
    rotations, root = (np.stack(part) for part in zip(*poses, strict=True))
    return Motion(quat_continuous(normalize(rotations)), root, fps)


def _pose(message: live_pb2.Pose, field: str) -> tuple[Array, Array]:
    """Rotations (22, 4) and root (3,) of a pose."""
    rotations = np.array(_floats(message.rotations, f"{field}.rotations", 1.001))
    root = np.array(_floats(message.root, f"{field}.root", MAX_PLACE_M))
    if rotations.shape != (4 * NUM_JOINTS,) or root.shape != (3,):
        what = f"{4 * NUM_JOINTS} rotations and 3 root numbers; got {len(rotations)} and {len(root)}"
        raise InvalidInput(f"{field} needs {what}", field=field)
    rotations = rotations.reshape(NUM_JOINTS, 4)
    if np.abs(np.linalg.norm(rotations, axis=-1) - 1).max() > UNIT_TOLERANCE:
        message_ = f"{field} is no pose: rotations must be quaternions of unit length"
        raise InvalidInput(message_, field=f"{field}.rotations")
    return rotations, root


def _floats(numbers: Sequence[float], field: str, most: float) -> list[float]:
    """The numbers. Raises InvalidInput for one that is not finite or beyond `most`."""
    for number in numbers:
        if not (math.isfinite(number) and abs(number) <= most):
            raise InvalidInput(f"{field} must lie in -{most:g}..{most:g}, got {number:g}", field=field)
    return list(numbers)
