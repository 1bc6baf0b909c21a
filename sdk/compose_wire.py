"""Between ComposeRequest and `Composition`; both ends of a call use it."""

import math
from collections.abc import Sequence

import numpy as np

from emomotion.v1 import compose_pb2, live_pb2
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array
from sdk.motion.skeleton import NUM_JOINTS
from sdk.post import Post
from sdk.runtime.composition import Beat, Composition, Goal, Keyframe, Part, Span, Waypoint
from sdk.runtime.limits import MAX_PLACE_M
from sdk.runtime.track import AffectTrack, Segment
from sdk.wire import affect_from_wire, affect_to_wire, packed

PARTS: dict[int, Part] = {
    compose_pb2.BODY_PART_UNSPECIFIED: "whole",
    compose_pb2.BODY_PART_WHOLE: "whole",
    compose_pb2.BODY_PART_UPPER: "upper",
}

EFFECTORS = {
    "left_wrist": compose_pb2.EFFECTOR_LEFT_WRIST,
    "right_wrist": compose_pb2.EFFECTOR_RIGHT_WRIST,
    "left_ankle": compose_pb2.EFFECTOR_LEFT_ANKLE,
    "right_ankle": compose_pb2.EFFECTOR_RIGHT_ANKLE,
}
EFFECTOR_NAMES: dict[int, str] = {number: name for name, number in EFFECTORS.items()}


def composition_to_wire(it: Composition) -> compose_pb2.ComposeRequest:
    """The message of a composition."""
    message = compose_pb2.ComposeRequest(
        seed=it.seed, plan=it.plan, generator=it.generator, fps=it.fps, heading=it.heading,
        part=compose_pb2.BODY_PART_UPPER if it.part == "upper" else compose_pb2.BODY_PART_WHOLE,
        loop=it.loop, speed=it.speed,
        post=compose_pb2.PostSettings(lock_feet=it.post.lock_feet, ground=it.post.ground, smooth=it.post.smooth),
    )  # fmt: skip
    for beat in it.beats:
        felt = None if beat.affect is None else affect_to_wire(beat.affect)
        message.beats.add(text=beat.text, affect=felt, seconds=beat.seconds)
    if it.track is not None:
        for seconds, affect in zip(it.track.seconds, it.track.affects, strict=True):
            message.track.keys.add(seconds=seconds, affect=affect_to_wire(affect))
    if it.source is not None:
        source = compose_pb2.SourceMotion.FromString(
            packed(compose_pb2.SourceMotion.ROTATIONS_FIELD_NUMBER, it.source.rotations)
            + packed(compose_pb2.SourceMotion.ROOT_FIELD_NUMBER, it.source.root)
        )
        source.fps = it.source.fps
        for piece in it.felt:
            source.felt.add(start_s=piece.start_s, end_s=piece.end_s, affect=affect_to_wire(piece.affect))
        message.source.CopyFrom(source)
    for span in it.keep:
        message.keep.add(start_s=span.start_s, end_s=span.end_s)
    for key in it.keyframes:
        pose = live_pb2.Pose(rotations=key.rotations.ravel().tolist(), root=key.root.tolist())
        message.keyframes.add(seconds=key.seconds, pose=pose, place=key.place)
    for goal in it.goals:
        message.goals.add(
            effector=EFFECTORS[goal.effector], seconds=goal.seconds, hold_s=goal.hold_s,
            position=goal.position.tolist(), rotation=None if goal.rotation is None else goal.rotation.tolist(),
            place=goal.place, ease_s=goal.ease_s,
        )  # fmt: skip
    if it.path is not None:
        message.path.points.extend(it.path.ravel().tolist())
    for point in it.route or ():
        message.route.points.add(seconds=point.seconds, x=point.x, z=point.z)
    return message


def composition_from_wire(message: compose_pb2.ComposeRequest) -> Composition:
    """The composition that a message stands for, with the defaults its comments state. Raises InvalidInput naming the
    field.
    """
    if message.part not in PARTS:
        raise InvalidInput(f"part {message.part} is unknown; the enum BodyPart has 0..2", field="part")
    way = message.WhichOneof("way")
    return Composition(
        beats=[
            Beat(beat.text, affect_from_wire(beat.affect) if beat.HasField("affect") else None, beat.seconds)
            for beat in message.beats
        ],
        track=_track(message.track) if message.HasField("track") else None,
        seed=message.seed if message.HasField("seed") else None,
        plan=message.plan or None,
        generator=message.generator or None,
        fps=message.fps if message.HasField("fps") else None,
        source=_source(message.source) if message.HasField("source") else None,
        felt=[Segment(span.start_s, span.end_s, affect_from_wire(span.affect)) for span in message.source.felt],
        keep=[Span(span.start_s, span.end_s) for span in message.keep],
        keyframes=[_keyframe(key, number) for number, key in enumerate(message.keyframes)],
        goals=[_goal(goal, number) for number, goal in enumerate(message.goals)],
        path=_points(message.path.points) if way == "path" else None,
        route=[Waypoint(p.seconds, p.x, p.z) for p in message.route.points] if way == "route" else None,
        heading=message.heading if message.HasField("heading") else None,
        part=PARTS[message.part],
        loop=message.loop,
        speed=message.speed if message.HasField("speed") else 1.0,
        post=Post(message.post.lock_feet, message.post.ground, message.post.smooth),
    )


def _track(message: live_pb2.AffectTrack) -> AffectTrack:
    keys = message.keys
    return AffectTrack([key.seconds for key in keys], [affect_from_wire(key.affect) for key in keys])


def _source(message: compose_pb2.SourceMotion) -> Motion:
    rotations, root = _floats(message.rotations, "source.rotations", 1.001), _floats(message.root, "source.root")
    frames = len(root) // 3
    if len(root) != 3 * frames or len(rotations) != 4 * NUM_JOINTS * frames or frames < 1:
        what = f"{len(rotations)} and {len(root)} numbers"
        need = f"{4 * NUM_JOINTS} rotations and 3 root numbers a frame"
        raise InvalidInput(f"source needs {need}, got {what}", field="source")
    if not message.fps > 0:
        raise InvalidInput("source.fps must be set, the frames a second of the source", field="source.fps")
    try:
        return Motion(rotations.reshape(frames, NUM_JOINTS, 4), root.reshape(frames, 3), message.fps)
    except InvalidInput as error:
        raise InvalidInput(f"source: {error}", field=f"source.{error.field or 'rotations'}") from None


def _keyframe(message: compose_pb2.Keyframe, number: int) -> Keyframe:
    name = f"keyframes[{number}].pose"
    rotations, root = _floats(message.pose.rotations, name, 1.001), _floats(message.pose.root, name)
    if len(rotations) != 4 * NUM_JOINTS or len(root) != 3:
        what = f"{4 * NUM_JOINTS} rotations and 3 root numbers; got {len(rotations)} and {len(root)}"
        raise InvalidInput(f"{name} needs {what}", field=name)
    return Keyframe(message.seconds, rotations.reshape(NUM_JOINTS, 4), root, message.place)


def _goal(message: compose_pb2.Goal, number: int) -> Goal:
    name = f"goals[{number}]"
    if message.effector not in EFFECTOR_NAMES:
        known = f"the enum Effector has 1..{max(EFFECTOR_NAMES)}"
        raise InvalidInput(f"{name}.effector {message.effector} is unknown; {known}", field="goals.effector")
    return Goal(
        EFFECTOR_NAMES[message.effector], message.seconds, _floats(message.position, f"{name}.position"),
        _floats(message.rotation, f"{name}.rotation", 1.001) if message.rotation else None, message.hold_s,
        message.place, message.ease_s if message.HasField("ease_s") else None,
    )  # fmt: skip


def _points(numbers: Sequence[float]) -> Array:
    if len(numbers) % 2:
        raise InvalidInput(f"path.points holds x and z of every point, got {len(numbers)} numbers", field="path")
    return _floats(numbers, "path").reshape(-1, 2)


def _floats(numbers: Sequence[float], field: str, most: float = MAX_PLACE_M) -> Array:
    """The numbers. Raises InvalidInput for one that is not finite or beyond `most`."""
    out = np.array(numbers, dtype=np.float64)
    wrong = ~(np.abs(out) <= most)
    if wrong.any():
        found = float(out[int(np.argmax(wrong))])
        shown = f"{found:g}" if math.isfinite(found) else str(found)
        raise InvalidInput(f"{field} must lie in -{most:g}..{most:g}, got {shown}", field=field)
    return out
