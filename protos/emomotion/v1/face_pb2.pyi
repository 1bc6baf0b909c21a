from emomotion.v1 import affect_pb2 as _affect_pb2
from emomotion.v1 import live_pb2 as _live_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Viseme(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VISEME_UNSPECIFIED: _ClassVar[Viseme]
    VISEME_A: _ClassVar[Viseme]
    VISEME_CH: _ClassVar[Viseme]
    VISEME_CLOSED: _ClassVar[Viseme]
    VISEME_E: _ClassVar[Viseme]
    VISEME_F: _ClassVar[Viseme]
    VISEME_I: _ClassVar[Viseme]
    VISEME_ING: _ClassVar[Viseme]
    VISEME_KK: _ClassVar[Viseme]
    VISEME_M: _ClassVar[Viseme]
    VISEME_NN: _ClassVar[Viseme]
    VISEME_O: _ClassVar[Viseme]
    VISEME_RR: _ClassVar[Viseme]
    VISEME_SS: _ClassVar[Viseme]
    VISEME_U: _ClassVar[Viseme]

class FaceMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FACE_MODE_UNSPECIFIED: _ClassVar[FaceMode]
    FACE_MODE_FOLLOW: _ClassVar[FaceMode]
    FACE_MODE_HOLD: _ClassVar[FaceMode]
    FACE_MODE_NEUTRAL: _ClassVar[FaceMode]
VISEME_UNSPECIFIED: Viseme
VISEME_A: Viseme
VISEME_CH: Viseme
VISEME_CLOSED: Viseme
VISEME_E: Viseme
VISEME_F: Viseme
VISEME_I: Viseme
VISEME_ING: Viseme
VISEME_KK: Viseme
VISEME_M: Viseme
VISEME_NN: Viseme
VISEME_O: Viseme
VISEME_RR: Viseme
VISEME_SS: Viseme
VISEME_U: Viseme
FACE_MODE_UNSPECIFIED: FaceMode
FACE_MODE_FOLLOW: FaceMode
FACE_MODE_HOLD: FaceMode
FACE_MODE_NEUTRAL: FaceMode

class TrackRequest(_message.Message):
    __slots__ = ("start", "image", "landmarks", "calibrate", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    LANDMARKS_FIELD_NUMBER: _ClassVar[int]
    CALIBRATE_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: TrackStart
    image: FaceImage
    landmarks: FaceLandmarks
    calibrate: Calibrate
    end: FaceEnd
    def __init__(self, start: _Optional[_Union[TrackStart, _Mapping]] = ..., image: _Optional[_Union[FaceImage, _Mapping]] = ..., landmarks: _Optional[_Union[FaceLandmarks, _Mapping]] = ..., calibrate: _Optional[_Union[Calibrate, _Mapping]] = ..., end: _Optional[_Union[FaceEnd, _Mapping]] = ...) -> None: ...

class TrackStart(_message.Message):
    __slots__ = ("schema_sha256", "range_set", "calibration_faces", "ttl_ms", "smoothing", "blendshapes", "affect")
    SCHEMA_SHA256_FIELD_NUMBER: _ClassVar[int]
    RANGE_SET_FIELD_NUMBER: _ClassVar[int]
    CALIBRATION_FACES_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    SMOOTHING_FIELD_NUMBER: _ClassVar[int]
    BLENDSHAPES_FIELD_NUMBER: _ClassVar[int]
    AFFECT_FIELD_NUMBER: _ClassVar[int]
    schema_sha256: str
    range_set: str
    calibration_faces: int
    ttl_ms: float
    smoothing: float
    blendshapes: bool
    affect: _affect_pb2.Affect
    def __init__(self, schema_sha256: _Optional[str] = ..., range_set: _Optional[str] = ..., calibration_faces: _Optional[int] = ..., ttl_ms: _Optional[float] = ..., smoothing: _Optional[float] = ..., blendshapes: _Optional[bool] = ..., affect: _Optional[_Union[_affect_pb2.Affect, _Mapping]] = ...) -> None: ...

class FaceImage(_message.Message):
    __slots__ = ("encoded", "capture_ns")
    ENCODED_FIELD_NUMBER: _ClassVar[int]
    CAPTURE_NS_FIELD_NUMBER: _ClassVar[int]
    encoded: bytes
    capture_ns: int
    def __init__(self, encoded: _Optional[bytes] = ..., capture_ns: _Optional[int] = ...) -> None: ...

class FaceLandmarks(_message.Message):
    __slots__ = ("points", "confidence", "capture_ns")
    POINTS_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    CAPTURE_NS_FIELD_NUMBER: _ClassVar[int]
    points: _containers.RepeatedScalarFieldContainer[float]
    confidence: float
    capture_ns: int
    def __init__(self, points: _Optional[_Iterable[float]] = ..., confidence: _Optional[float] = ..., capture_ns: _Optional[int] = ...) -> None: ...

class Calibrate(_message.Message):
    __slots__ = ("faces",)
    FACES_FIELD_NUMBER: _ClassVar[int]
    faces: int
    def __init__(self, faces: _Optional[int] = ...) -> None: ...

class FaceEnd(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExpressRequest(_message.Message):
    __slots__ = ("start", "change", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: ExpressStart
    change: ExpressChange
    end: FaceEnd
    def __init__(self, start: _Optional[_Union[ExpressStart, _Mapping]] = ..., change: _Optional[_Union[ExpressChange, _Mapping]] = ..., end: _Optional[_Union[FaceEnd, _Mapping]] = ...) -> None: ...

class ExpressStart(_message.Message):
    __slots__ = ("wish", "schema_sha256", "range_set", "fps", "ttl_ms", "seed", "blendshapes", "still")
    WISH_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_SHA256_FIELD_NUMBER: _ClassVar[int]
    RANGE_SET_FIELD_NUMBER: _ClassVar[int]
    FPS_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    BLENDSHAPES_FIELD_NUMBER: _ClassVar[int]
    STILL_FIELD_NUMBER: _ClassVar[int]
    wish: ExpressChange
    schema_sha256: str
    range_set: str
    fps: float
    ttl_ms: float
    seed: int
    blendshapes: bool
    still: bool
    def __init__(self, wish: _Optional[_Union[ExpressChange, _Mapping]] = ..., schema_sha256: _Optional[str] = ..., range_set: _Optional[str] = ..., fps: _Optional[float] = ..., ttl_ms: _Optional[float] = ..., seed: _Optional[int] = ..., blendshapes: _Optional[bool] = ..., still: _Optional[bool] = ...) -> None: ...

class ExpressChange(_message.Message):
    __slots__ = ("affect", "track", "visemes", "look_left", "look_up", "look_freely")
    AFFECT_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    VISEMES_FIELD_NUMBER: _ClassVar[int]
    LOOK_LEFT_FIELD_NUMBER: _ClassVar[int]
    LOOK_UP_FIELD_NUMBER: _ClassVar[int]
    LOOK_FREELY_FIELD_NUMBER: _ClassVar[int]
    affect: _affect_pb2.Affect
    track: _live_pb2.AffectTrack
    visemes: _containers.RepeatedCompositeFieldContainer[VisemeWeight]
    look_left: float
    look_up: float
    look_freely: bool
    def __init__(self, affect: _Optional[_Union[_affect_pb2.Affect, _Mapping]] = ..., track: _Optional[_Union[_live_pb2.AffectTrack, _Mapping]] = ..., visemes: _Optional[_Iterable[_Union[VisemeWeight, _Mapping]]] = ..., look_left: _Optional[float] = ..., look_up: _Optional[float] = ..., look_freely: _Optional[bool] = ...) -> None: ...

class VisemeWeight(_message.Message):
    __slots__ = ("viseme", "weight")
    VISEME_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    viseme: Viseme
    weight: float
    def __init__(self, viseme: _Optional[_Union[Viseme, str]] = ..., weight: _Optional[float] = ...) -> None: ...

class FaceReply(_message.Message):
    __slots__ = ("header", "frame", "ended")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    header: FaceHeader
    frame: FaceFrame
    ended: FaceEnded
    def __init__(self, header: _Optional[_Union[FaceHeader, _Mapping]] = ..., frame: _Optional[_Union[FaceFrame, _Mapping]] = ..., ended: _Optional[_Union[FaceEnded, _Mapping]] = ...) -> None: ...

class FaceHeader(_message.Message):
    __slots__ = ("stream_id", "schema_sha256", "range_set", "control_names", "blendshape_names", "model_id", "nominal_fps", "seed")
    STREAM_ID_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_SHA256_FIELD_NUMBER: _ClassVar[int]
    RANGE_SET_FIELD_NUMBER: _ClassVar[int]
    CONTROL_NAMES_FIELD_NUMBER: _ClassVar[int]
    BLENDSHAPE_NAMES_FIELD_NUMBER: _ClassVar[int]
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    NOMINAL_FPS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    stream_id: str
    schema_sha256: str
    range_set: str
    control_names: _containers.RepeatedScalarFieldContainer[str]
    blendshape_names: _containers.RepeatedScalarFieldContainer[str]
    model_id: str
    nominal_fps: float
    seed: int
    def __init__(self, stream_id: _Optional[str] = ..., schema_sha256: _Optional[str] = ..., range_set: _Optional[str] = ..., control_names: _Optional[_Iterable[str]] = ..., blendshape_names: _Optional[_Iterable[str]] = ..., model_id: _Optional[str] = ..., nominal_fps: _Optional[float] = ..., seed: _Optional[int] = ...) -> None: ...

class FaceFrame(_message.Message):
    __slots__ = ("number", "capture_ns", "made_in_ms", "ttl_ms", "values", "mode", "confidence", "affect", "blendshapes", "overtaken")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CAPTURE_NS_FIELD_NUMBER: _ClassVar[int]
    MADE_IN_MS_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    AFFECT_FIELD_NUMBER: _ClassVar[int]
    BLENDSHAPES_FIELD_NUMBER: _ClassVar[int]
    OVERTAKEN_FIELD_NUMBER: _ClassVar[int]
    number: int
    capture_ns: int
    made_in_ms: float
    ttl_ms: float
    values: _containers.RepeatedScalarFieldContainer[float]
    mode: FaceMode
    confidence: float
    affect: _affect_pb2.Affect
    blendshapes: _containers.RepeatedScalarFieldContainer[float]
    overtaken: int
    def __init__(self, number: _Optional[int] = ..., capture_ns: _Optional[int] = ..., made_in_ms: _Optional[float] = ..., ttl_ms: _Optional[float] = ..., values: _Optional[_Iterable[float]] = ..., mode: _Optional[_Union[FaceMode, str]] = ..., confidence: _Optional[float] = ..., affect: _Optional[_Union[_affect_pb2.Affect, _Mapping]] = ..., blendshapes: _Optional[_Iterable[float]] = ..., overtaken: _Optional[int] = ...) -> None: ...

class FaceEnded(_message.Message):
    __slots__ = ("frame_count", "without_face", "overtaken")
    FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_FACE_FIELD_NUMBER: _ClassVar[int]
    OVERTAKEN_FIELD_NUMBER: _ClassVar[int]
    frame_count: int
    without_face: int
    overtaken: int
    def __init__(self, frame_count: _Optional[int] = ..., without_face: _Optional[int] = ..., overtaken: _Optional[int] = ...) -> None: ...
