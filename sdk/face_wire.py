"""Between the messages of FaceService and what a client says and gets.

Shapes: C controls, P = 468 or 478 landmarks.
"""

import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from emomotion.v1 import face_pb2
from sdk.drive import affect_of
from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.wire import affect_from_wire, affect_to_wire, check_seed, filled, packed

Floats = NDArray[np.float64]
JPEG_QUALITY = 90


@dataclass(frozen=True, eq=False)
class Seen:
    """A face to follow, with what is known of it.

    face: see `Face`. capture_ns: when it was taken, by any clock that rises; in all faces of a stream or in none.
    confidence: that landmarks are a face, 0..1; pictures have none.
    """

    face: bytes | NDArray[Any]
    capture_ns: int | None = None
    confidence: float | None = None


Face = Seen | bytes | NDArray[Any]
"""A JPEG or PNG as bytes, an RGB picture (H, W, 3) of uint8, or landmarks (P, 3) in pixels."""


class LaterWishes(TypedDict, total=False):
    """What a face may be told besides how it feels; what is left out stays as it was.

    track: how it feels over time, as (seconds, affect) pairs, instead of affect. visemes: what the mouth says, as
    {"A": 0.7}; without them it is silent. look_left, look_up: degrees relative to the head; look_freely: True to let
    the eyes wander again.
    """

    track: Sequence[tuple[float, Affect | str]]
    visemes: Mapping[str, float]
    look_left: float
    look_up: float
    look_freely: bool


class FaceWishes(LaterWishes, total=False):
    """What a face may be told. affect: how it feels, an Affect or its short form."""

    affect: Affect | str


class FaceOptions(TypedDict, total=False):
    """What both kinds of streams may be begun with; None and absence are the same.

    schema_sha256: of the control schema that the reader knows; another one is refused. range_set: "tight" unless said.
    ttl_ms: how long a frame may be used. blendshapes: whether frames have them.
    """

    schema_sha256: str | None
    range_set: str | None
    ttl_ms: float | None
    blendshapes: bool


@dataclass(frozen=True, eq=False)
class FaceFrame:
    """One frame: values (C,) of the controls.

    mode: "follow", "hold" (the face is lost for a moment) or "neutral". capture_ns: when the picture was taken, or by
    the server's clock when the frame was made. made_in_ms: what the server took. expires_s: until when it may be used,
    by `time.monotonic`. affect: what is felt, None where nobody said. blendshapes: (52,) in 0..1, if asked for.
    overtaken: faces that were left out since the frame before.
    """

    number: int
    values: Floats
    mode: str
    confidence: float
    capture_ns: int
    made_in_ms: float
    expires_s: float
    affect: Affect | None
    blendshapes: Floats | None
    overtaken: int


@dataclass(frozen=True)
class FaceEnded:
    """How a stream ended, by the server: frames sent, pictures without a face, and faces left out."""

    frame_count: int
    without_face: int
    overtaken: int


def express_to_wire(
    affect: Affect | str | None, wish: dict[str, object], *, fps: float | None, seed: int | None, still: bool,
    options: FaceOptions | None,
) -> face_pb2.ExpressStart:  # fmt: skip
    """The first message of a face that expresses. Raises InvalidInput for what no message can hold."""
    check_seed(seed)
    first = wish if affect is None else {"affect": affect, **wish}
    return face_pb2.ExpressStart(wish=wish_to_wire(first), fps=fps, seed=seed, still=still, **known(options))


def track_to_wire(
    affect: Affect | str | None, calibration_faces: int | None, smoothing: float | None, options: FaceOptions | None
) -> face_pb2.TrackStart:
    """The first message of a face that is followed. Raises InvalidInput for what no message can hold."""
    felt = None if affect is None else affect_to_wire(affect_of(affect))
    return face_pb2.TrackStart(affect=felt, calibration_faces=calibration_faces, smoothing=smoothing, **known(options))


def known(options: FaceOptions | None) -> FaceOptions:
    """The options, if there are such. Raises InvalidInput."""
    found: FaceOptions = {} if options is None else options
    for name in found:
        if name not in FaceOptions.__annotations__:
            there_are = ", ".join(FaceOptions.__annotations__)
            raise InvalidInput(f"options have no {name}; known: {there_are}", field="options")
    return found


def wish_to_wire(wishes: dict[str, object]) -> face_pb2.ExpressChange:
    """The message of `FaceWishes`. Raises InvalidInput for an unknown key or emotion, and values of the wrong kind.

    Ranges are for the server to judge.
    """
    return filled(face_pb2.ExpressChange(), wishes, _set, known=FaceWishes.__annotations__, who="a face")


def _set(message: face_pb2.ExpressChange, key: str, value: Any) -> None:
    if key == "affect":
        message.affect.CopyFrom(affect_to_wire(affect_of(value)))
    elif key == "track":
        for seconds, affect in value:
            message.track.keys.add(seconds=seconds, affect=affect_to_wire(affect_of(affect)))
    elif key == "visemes":
        for name, weight in value.items():
            message.visemes.add(viseme=f"VISEME_{str(name).upper()}", weight=weight)
    else:
        setattr(message, key, value)


def face_to_wire(face: Face) -> face_pb2.TrackRequest:
    """The message of a face. Raises InvalidInput for what is neither a picture nor landmarks."""
    seen = face if isinstance(face, Seen) else Seen(face)
    content = seen.face
    if isinstance(content, np.ndarray) and content.ndim == 3:
        content = _jpeg(content)
    if isinstance(content, bytes):
        image = face_pb2.FaceImage(encoded=content, capture_ns=seen.capture_ns)
        return face_pb2.TrackRequest(image=image)
    points = np.asarray(content)
    if points.ndim != 2 or points.shape[1] != 3 or points.dtype.kind not in "fiu":
        text = f"a face is bytes, a picture (H, W, 3) or landmarks (P, 3), got {points.dtype} {points.shape}"
        raise InvalidInput(text, field="face")
    landmarks = face_pb2.FaceLandmarks.FromString(packed(face_pb2.FaceLandmarks.POINTS_FIELD_NUMBER, points))
    if seen.capture_ns is not None:
        landmarks.capture_ns = seen.capture_ns
    if seen.confidence is not None:
        landmarks.confidence = seen.confidence
    return face_pb2.TrackRequest(landmarks=landmarks)


def _jpeg(picture: NDArray[Any]) -> bytes:
    """A picture (H, W, 3) as JPEG."""
    from PIL import Image

    if picture.dtype != np.uint8 or picture.shape[2] != 3:
        text = f"a picture is (H, W, 3) of uint8, got {picture.dtype} {picture.shape}"
        raise InvalidInput(text, field="face")
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def face_frame_from_wire(message: face_pb2.FaceFrame) -> FaceFrame:
    """One frame, as of now."""
    return FaceFrame(
        number=message.number,
        values=np.array(message.values, dtype=np.float64),
        mode=face_pb2.FaceMode.Name(message.mode).removeprefix("FACE_MODE_").lower(),
        confidence=message.confidence,
        capture_ns=message.capture_ns,
        made_in_ms=message.made_in_ms,
        expires_s=time.monotonic() + (message.ttl_ms - message.made_in_ms) / 1000,
        affect=affect_from_wire(message.affect) if message.HasField("affect") else None,
        blendshapes=np.array(message.blendshapes, dtype=np.float64) if message.blendshapes else None,
        overtaken=message.overtaken,
    )
