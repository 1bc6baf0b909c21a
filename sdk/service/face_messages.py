"""Between the messages of FaceService and the runtime's types: what comes is checked, the offending field named."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from emomotion.v1 import face_pb2
from sdk.emotion import Affect
from sdk.errors import EmoMotionError, InvalidInput
from sdk.face.affect_face import FaceWish
from sdk.face.blendshapes import NAMES
from sdk.face.controls import Array, ControlSchema
from sdk.face.expressions import VISEMES
from sdk.runtime.face import MAX_IMAGE_BYTES, Landmarks, Mode
from sdk.service.live_messages import track_from_wire
from sdk.wire import affect_from_wire, affect_to_wire, packed

DEFAULT_RANGE_SET = "tight"
DEFAULT_CALIBRATION, MAX_CALIBRATION = 15, 300
DEFAULT_TTL_MS, MIN_TTL_MS, MAX_TTL_MS = 200.0, 1.0, 10_000.0
DEFAULT_FPS, MIN_FPS, MAX_FPS = 60.0, 10.0, 120.0
DEFAULT_SMOOTHING = 0.5
MAX_PIXELS = 100_000.0
POINT_COUNTS = (468, 478)
_MODES = {
    Mode.FOLLOW: face_pb2.FACE_MODE_FOLLOW,
    Mode.HOLD: face_pb2.FACE_MODE_HOLD,
    Mode.NEUTRAL: face_pb2.FACE_MODE_NEUTRAL,
}
_SHA256 = re.compile(r"[0-9a-f]{64}")


class OtherSchema(EmoMotionError):
    """The client speaks of other controls than the server."""


@dataclass(frozen=True)
class Common:
    """What both kinds of streams begin with."""

    range_set: str
    ttl_ms: float
    blendshapes: bool


@dataclass(frozen=True)
class TrackOptions(Common):
    """How a face is followed; affect is what the performer feels, None where nobody says."""

    calibration_faces: int
    smoothing: float
    affect: Affect | None


@dataclass(frozen=True, eq=False)
class ExpressOptions(Common):
    """How a face begins to express; seed is None where the server decides."""

    wish: FaceWish
    fps: float
    seed: int | None
    still: bool


@dataclass(frozen=True, eq=False)
class Incoming:
    """A picture or landmarks. capture_ns: None where the client did not say."""

    seen: bytes | Landmarks
    capture_ns: int | None


def track_start_from_wire(message: face_pb2.TrackStart, schema: ControlSchema) -> TrackOptions:
    """Raises InvalidInput naming the field, and OtherSchema."""
    smoothing = message.smoothing if message.HasField("smoothing") else DEFAULT_SMOOTHING
    return TrackOptions(
        range_set=_range_set(message, schema),
        ttl_ms=_ttl_ms(message),
        blendshapes=message.blendshapes,
        calibration_faces=_faces(message, "calibration_faces"),
        smoothing=_between(smoothing, 0, 1, "smoothing"),
        affect=affect_from_wire(message.affect) if message.HasField("affect") else None,
    )


def express_start_from_wire(message: face_pb2.ExpressStart, schema: ControlSchema) -> ExpressOptions:
    """Raises InvalidInput naming the field, and OtherSchema."""
    return ExpressOptions(
        range_set=_range_set(message, schema),
        ttl_ms=_ttl_ms(message),
        blendshapes=message.blendshapes,
        wish=face_wish_from_wire(message.wish, FaceWish()),
        fps=_between(message.fps if message.HasField("fps") else DEFAULT_FPS, MIN_FPS, MAX_FPS, "fps"),
        seed=message.seed if message.HasField("seed") else None,
        still=message.still,
    )


def face_wish_from_wire(message: face_pb2.ExpressChange, before: FaceWish) -> FaceWish:
    """The wish after a change. Raises InvalidInput naming the field."""
    if message.HasField("affect") and message.HasField("track"):
        raise InvalidInput("a change takes either affect or track, got both", field="track")
    looks = [axis for axis in ("look_left", "look_up") if message.HasField(axis)]
    if message.look_freely and looks:
        raise InvalidInput(f"a change takes either look_freely or {looks[0]}, got both", field="look_freely")
    wish = replace(before, visemes=_visemes(message.visemes))
    if message.HasField("affect"):
        wish = replace(wish, affect=affect_from_wire(message.affect), track=None)
    if message.HasField("track"):
        wish = replace(wish, track=track_from_wire(message.track))
    if message.look_freely:
        wish = replace(wish, look_left=None, look_up=None)
    for axis in looks:
        wish = replace(wish, **{axis: getattr(message, axis)})
    return wish


def incoming_from_wire(message: face_pb2.TrackRequest) -> Incoming:
    """A picture, not decoded yet, or landmarks. Raises InvalidInput naming the field."""
    if message.WhichOneof("part") == "image":
        image = message.image
        if not 1 <= len(image.encoded) <= MAX_IMAGE_BYTES:
            text = f"image.encoded must have 1..{MAX_IMAGE_BYTES:,} bytes, got {len(image.encoded):,}"
            raise InvalidInput(f"{text}; send a smaller JPEG", field="image.encoded")
        return Incoming(image.encoded, _capture_ns(image, "image"))
    landmarks = message.landmarks
    count, rest = divmod(len(landmarks.points), 3)
    if rest or count not in POINT_COUNTS:
        text = f"landmarks.points must be 1404 or 1434 numbers, got {len(landmarks.points)}"
        raise InvalidInput(text, field="landmarks.points")
    points = np.array(landmarks.points).reshape(count, 3)
    if not (np.abs(points) <= MAX_PIXELS).all():  # also false for NaN
        text = f"landmarks.points must lie in -{MAX_PIXELS:g}..{MAX_PIXELS:g}"
        raise InvalidInput(text, field="landmarks.points")
    sure = landmarks.confidence if landmarks.HasField("confidence") else 1.0
    _between(sure, 0, 1, "landmarks.confidence")
    return Incoming(Landmarks(points, sure), _capture_ns(landmarks, "landmarks"))


def calibration_from_wire(message: face_pb2.Calibrate) -> int:
    """How many faces to take. Raises InvalidInput."""
    return _faces(message, "faces")


def header_to_wire(
    stream_id: str, schema: ControlSchema, options: Common, *, model_id: str, fps: float = 0.0, seed: int = 0
) -> face_pb2.FaceReply:
    """The first reply of a stream."""
    header = face_pb2.FaceHeader(
        stream_id=stream_id, schema_sha256=schema.sha256, range_set=options.range_set, control_names=schema.names,
        blendshape_names=NAMES if options.blendshapes else (), model_id=model_id, nominal_fps=fps, seed=seed,
    )  # fmt: skip
    return face_pb2.FaceReply(header=header)


def frame_to_wire(
    number: int, values: Array, *, mode: Mode, confidence: float, capture_ns: int, made_in_ms: float, ttl_ms: float,
    affect: Affect | None, blendshapes: Array | None, overtaken: int,
) -> face_pb2.FaceReply:  # fmt: skip
    """One frame."""
    lists = packed(face_pb2.FaceFrame.VALUES_FIELD_NUMBER, values)
    if blendshapes is not None:
        lists += packed(face_pb2.FaceFrame.BLENDSHAPES_FIELD_NUMBER, blendshapes)
    frame = face_pb2.FaceFrame.FromString(lists)
    frame.number, frame.capture_ns, frame.made_in_ms, frame.ttl_ms = number, capture_ns, made_in_ms, ttl_ms
    frame.mode = _MODES[mode]
    frame.confidence, frame.overtaken = confidence, overtaken
    if affect is not None:
        frame.affect.CopyFrom(affect_to_wire(affect))
    return face_pb2.FaceReply(frame=frame)


def _range_set(message: face_pb2.TrackStart | face_pb2.ExpressStart, schema: ControlSchema) -> str:
    """The range set, once the schema is known to be the client's too."""
    asked = message.schema_sha256
    if asked and not _SHA256.fullmatch(asked):
        text = "schema_sha256 must be 64 lower-case hexadecimal digits, or empty"
        raise InvalidInput(text, field="schema_sha256")
    if asked and asked != schema.sha256:
        text = f"the client's control schema is {asked[:12]}, this server's is {schema.sha256[:12]}"
        raise OtherSchema(f"{text}; bring both to the same version of the SDK")
    name = message.range_set or DEFAULT_RANGE_SET
    if name not in schema.range_sets:
        text = f"range set {name[:40]!r} is unknown; known: {', '.join(schema.range_sets)}"
        raise InvalidInput(text, field="range_set")
    return name


def _ttl_ms(message: face_pb2.TrackStart | face_pb2.ExpressStart) -> float:
    return _between(message.ttl_ms if message.HasField("ttl_ms") else DEFAULT_TTL_MS, MIN_TTL_MS, MAX_TTL_MS, "ttl_ms")


def _faces(message: face_pb2.TrackStart | face_pb2.Calibrate, field: str) -> int:
    count: int = getattr(message, field) if message.HasField(field) else DEFAULT_CALIBRATION
    return int(_between(count, 1, MAX_CALIBRATION, field))


def _between(value: float, low: float, high: float, field: str) -> float:
    if not low <= value <= high:  # also false for NaN
        raise InvalidInput(f"{field} must lie in {low:g}..{high:g}, got {value:g}", field=field)
    return value


def _capture_ns(message: face_pb2.FaceImage | face_pb2.FaceLandmarks, part: str) -> int | None:
    if not message.HasField("capture_ns"):
        return None
    if message.capture_ns < 0:
        text = f"{part}.capture_ns must be 0 or more, got {message.capture_ns}"
        raise InvalidInput(text, field=f"{part}.capture_ns")
    return message.capture_ns


def _visemes(entries: Sequence[face_pb2.VisemeWeight]) -> dict[str, float]:
    shares: dict[str, float] = {}
    for entry in entries:
        if not 1 <= entry.viseme <= len(VISEMES):
            text = f"viseme number {entry.viseme} is unknown; the enum Viseme has 1..{len(VISEMES)}"
            raise InvalidInput(text, field="visemes")
        name = VISEMES[entry.viseme - 1]
        if name in shares:
            raise InvalidInput(f"viseme {name} has two weights; send one", field="visemes")
        shares[name] = entry.weight
    return shares
