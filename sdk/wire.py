"""Between the messages of the wire and the SDK's own types; both ends of a call use it.

Shapes: T frames of a clip, n frames of a chunk, J = 22 joints, four contact flags in the order of FOOT_JOINTS.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from numbers import Integral
from typing import Any, TypeVar

import numpy as np
from google.protobuf.message import Message

from emomotion.v1 import affect_pb2, info_pb2, motion_pb2
from sdk.emotion import DEFAULT_INTENSITY, Affect, Emotion
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_continuous
from sdk.motion.skeleton import BODY, NUM_JOINTS, Skeleton

CHUNK_FRAMES = 256
"""Every message costs both sides a tenth of a millisecond or more."""
FIELD_TRAILER = "emomotion-field"
"""Key of the trailing metadata that names the offending field of an INVALID_ARGUMENT."""
PUSHBACK_TRAILER = "grpc-retry-pushback-ms"
"""gRPC's own key: when a refused call may be tried again, in milliseconds; negative for never."""
NUM_CONTACTS = 4
Wished = TypeVar("Wished", bound=Message)
_SAME_BODY_M = 1e-5  # float32 on the wire against float64 here, with room


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some frames from `start_frame` on: rotations (n, 22, 4) xyzw local, root (n, 3) metres, contacts (n, 4) bool."""

    start_frame: int
    rotations: Array
    root: Array
    contacts: np.typing.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rotations)


@dataclass(frozen=True)
class Plan:
    """One way to decode: passes or steps, residual layers added, scales of guidance (1 is none), measured quality.

    expected_ms: what a clip of 4 seconds takes on the server's machine now; 0 where nothing is known.
    """

    name: str
    iterations: int
    residual_layers: int
    text_guidance: float
    emotion_guidance: float
    residual_guidance: float
    temperature: float
    choice_temperature: float
    is_default: bool
    generator: str
    quality: Mapping[str, float]
    expected_ms: float


@dataclass(frozen=True)
class Evidence:
    """What an emotion was learned from: kind is mocap, proxy, synthetic or none; minutes of such motion."""

    kind: str
    minutes: float


@dataclass(frozen=True, eq=False)
class Info:
    """What a server or a bundle holds.

    `limits` maps max_text_chars, min_seconds, max_seconds, min_fps, max_fps to what a request may ask for.
    """

    name: str
    version: str
    sha256: str
    licence: str
    attribution: str
    representation: str
    fps: float
    generators: tuple[str, ...]
    plans: tuple[Plan, ...]
    emotions: Mapping[Emotion, Evidence]
    skeleton: Skeleton
    limits: Mapping[str, float]

    @property
    def default_plan(self) -> str:
        """Name of the plan for requests that name none."""
        return next(plan.name for plan in self.plans if plan.is_default)

    def rows(self) -> list[tuple[str, str]]:
        """The facts as (name, text) for people to read, one line each; a name is empty where it continues."""
        groups: dict[str, list[str]] = {}
        for emotion, evidence in self.emotions.items():
            groups.setdefault(evidence.kind, []).append(emotion.label)
        rows = [
            ("bundle", f"{self.name} {self.version}: {', '.join(self.generators)}, {self.fps:g} fps"),
            ("sha256", self.sha256),
            ("licence", self.licence),
        ]
        rows += [("data", self.attribution)] if self.attribution else []
        rows += [("emotions", f"{', '.join(labels)} ({kind})") for kind, labels in groups.items()]
        for plan in self.plans:
            guidance = f"guidance {plan.text_guidance:g} by text, {plan.emotion_guidance:g} by emotion"
            text = f"{plan.generator}, {plan.iterations} passes, {plan.residual_layers} residual layers, {guidance}"
            takes = f", {plan.expected_ms:.0f} ms for 4 s" if plan.expected_ms else ""
            rows.append(("plans", f"{plan.name}: {text}{takes}{' (default)' if plan.is_default else ''}"))
            found = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in plan.quality.items())
            rows += [("plans", f"{plan.name} measured: {found}")] if found else []
        return [(name if i == 0 or rows[i - 1][0] != name else "", text) for i, (name, text) in enumerate(rows)]


def _plan(message: info_pb2.Plan) -> Plan:
    plain = {f.name: getattr(message, f.name) for f in fields(Plan) if f.name != "quality"}
    return Plan(**plain, quality={field.name: value for field, value in message.quality.ListFields()})


def info_from_wire(message: info_pb2.GetInfoReply) -> Info:
    """The facts of a GetInfoReply. Raises InvalidInput for a skeleton or an emotion this SDK does not know."""
    bundle, limits = message.bundle, message.limits
    names = {number: name.removeprefix("EVIDENCE_") for name, number in info_pb2.Evidence.items()}
    kinds = {number: name.lower().replace("_", "-") for number, name in names.items()}
    return Info(
        name=bundle.name,
        version=bundle.version,
        sha256=bundle.sha256,
        licence=bundle.licence,
        attribution=bundle.attribution,
        representation=bundle.representation,
        fps=bundle.fps,
        generators=tuple(message.generators),
        plans=tuple(map(_plan, message.plans)),
        emotions={
            emotion_from_wire(entry.emotion): Evidence(kinds.get(entry.evidence, "unknown"), entry.minutes)
            for entry in message.emotions
        },
        skeleton=skeleton_from_wire(message.skeleton),
        limits={field.name: getattr(limits, field.name) for field in limits.DESCRIPTOR.fields},
    )


def emotion_to_wire(emotion: Emotion) -> str:
    """The wire's name of an emotion; its number is one more than ours, because 0 is taken by EMOTION_UNSPECIFIED."""
    return f"EMOTION_{emotion.name}"


def emotion_from_wire(number: int) -> Emotion:
    """The emotion of a wire's number. Raises InvalidInput for EMOTION_UNSPECIFIED and for numbers not in the enum."""
    try:
        return Emotion(number - 1)
    except ValueError:
        known = f"{affect_pb2.EMOTION_NEUTRAL}..{affect_pb2.EMOTION_ANTICIPATION}"
        message = f"emotion number {number} is unknown; the enum Emotion has {known} (EMOTION_NEUTRAL..ANTICIPATION)"
        raise InvalidInput(message, field="affect.weights") from None


def check_seed(seed: int | None) -> None:
    """Raises InvalidInput for a seed that no message can hold."""
    if seed is not None and not (isinstance(seed, Integral) and 0 <= seed < 2**64):
        raise InvalidInput(f"seed must be a whole number in 0..{2**64 - 1}, got {seed!r}", field="seed")


def affect_to_wire(affect: Affect) -> affect_pb2.Affect:
    """Weights and intensity as they are."""
    message = affect_pb2.Affect(intensity=affect.intensity)
    for emotion, weight in affect.weights.items():
        message.weights.add(emotion=emotion_to_wire(emotion), weight=weight)
    return message


def affect_from_wire(message: affect_pb2.Affect) -> Affect:
    """The affect a message stands for, with the defaults its comments state. Raises InvalidInput naming the field."""
    if message.HasField("valence_arousal"):
        if message.weights:
            text = "affect takes either weights or valence_arousal, got both"
            raise InvalidInput(text, field="affect.valence_arousal")
        affect = _affect_at(message.valence_arousal)
    elif message.weights:
        affect = Affect(_weights_from_wire(message), DEFAULT_INTENSITY)
    else:
        affect = Affect.neutral()
    return Affect(affect.weights, message.intensity) if message.HasField("intensity") else affect


def _affect_at(point: affect_pb2.ValenceArousal) -> Affect:
    try:
        return Affect.from_valence_arousal(point.valence, point.arousal)
    except InvalidInput as error:
        name = error.field.rpartition(".")[2]
        raise InvalidInput(str(error), field=f"affect.valence_arousal.{name}") from None


def _weights_from_wire(message: affect_pb2.Affect) -> dict[Emotion, float]:
    weights: dict[Emotion, float] = {}
    for entry in message.weights:
        emotion = emotion_from_wire(entry.emotion)
        if emotion in weights:
            raise InvalidInput(f"emotion {emotion.label} has two weights; send one", field="affect.weights")
        weights[emotion] = entry.weight
    return weights


def skeleton_to_wire(skeleton: Skeleton) -> info_pb2.Skeleton:
    """Names, parents, T-pose offsets and the heights of the feet."""
    return info_pb2.Skeleton(
        joint_names=skeleton.names,
        parents=skeleton.parents,
        rest_offsets=skeleton.offsets.ravel().tolist(),
        ankle_height=skeleton.ankle_height,
        toe_height=skeleton.toe_height,
    )


def skeleton_from_wire(message: info_pb2.Skeleton) -> Skeleton:
    """The skeleton of a message; `BODY` itself if it is that. Raises InvalidInput if the joints are not our 22."""
    names, parents = tuple(message.joint_names), tuple(message.parents)
    if names != BODY.names or parents != BODY.parents or len(message.rest_offsets) != NUM_JOINTS * 3:
        raise InvalidInput(f"skeleton of {len(names)} joints is not the 22 SMPL body joints", field="skeleton")
    offsets = np.array(message.rest_offsets, dtype=np.float64).reshape(NUM_JOINTS, 3)
    heights = (message.ankle_height, message.toe_height)
    apart = np.abs(offsets - BODY.offsets).max(), *np.abs(np.subtract(heights, (BODY.ankle_height, BODY.toe_height)))
    if max(apart) <= _SAME_BODY_M:
        return BODY
    return Skeleton(names, parents, offsets, ankle_height=heights[0], toe_height=heights[1])


def motion_to_wire(motion: Motion) -> Iterator[motion_pb2.GenerateReply]:
    """The header and all chunks of a motion, of 256 frames each but for the last."""
    header = motion_pb2.MotionHeader(
        skeleton=skeleton_to_wire(motion.skeleton), fps=motion.fps, frame_count=len(motion)
    )
    yield motion_pb2.GenerateReply(header=header)
    rotations = quat_continuous(motion.rotations)  # the wire promises one hemisphere, so that clients may interpolate
    for start in range(0, len(motion), CHUNK_FRAMES):
        stop = min(start + CHUNK_FRAMES, len(motion))
        chunk = motion_pb2.MotionChunk.FromString(
            packed(motion_pb2.MotionChunk.ROTATIONS_FIELD_NUMBER, rotations[start:stop])
            + packed(motion_pb2.MotionChunk.ROOT_FIELD_NUMBER, motion.root[start:stop])
        )
        chunk.start_frame, chunk.frame_count = start, stop - start
        chunk.contacts.extend((motion.contacts[start:stop] > 0.5).ravel().tolist())
        yield motion_pb2.GenerateReply(chunk=chunk)


def packed(number: int, values: Array) -> bytes:
    """A packed field of floats as it is on the wire; from Python's numbers a message takes them one at a time."""
    data = np.ascontiguousarray(values, dtype="<f4").tobytes()
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def chunk_from_wire(message: motion_pb2.MotionChunk) -> Chunk:
    """The frames of one chunk. Raises InvalidInput if a list does not have the length its frame count asks for."""
    n = message.frame_count
    for name, width in (("rotations", NUM_JOINTS * 4), ("root", 3), ("contacts", NUM_CONTACTS)):
        got = len(getattr(message, name))
        if got != n * width or n == 0:
            raise InvalidInput(f"chunk of {n} frames holds {got} {name}, not {n * width}", field=f"chunk.{name}")
    return Chunk(
        message.start_frame,
        np.array(message.rotations, dtype=np.float64).reshape(n, NUM_JOINTS, 4),
        np.array(message.root, dtype=np.float64).reshape(n, 3),
        np.array(message.contacts, dtype=np.bool_).reshape(n, NUM_CONTACTS),
    )


def filled(
    message: Wished, wishes: Mapping[str, object], put: Callable[[Wished, str, Any], None], *, known: Collection[str],
    who: str,
) -> Wished:  # fmt: skip
    """The message with each wish put into it. who: whose wishes they are, e.g. "a character".

    Raises InvalidInput for keys that are not known, for values of the wrong kind, and what `put` raises.
    """
    unknown = set(wishes) - set(known)
    if unknown:
        text = f"{who} has no {', '.join(sorted(unknown))}; known: {', '.join(known)}"
        raise InvalidInput(text, field=min(unknown))
    for key, value in wishes.items():
        try:
            put(message, key, value)
        except InvalidInput:
            raise
        except (TypeError, ValueError, AttributeError) as error:
            raise InvalidInput(f"{key} cannot be {str(value)[:40]!r}: {error}", field=key) from None
    return message
