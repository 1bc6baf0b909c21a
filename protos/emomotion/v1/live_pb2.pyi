from emomotion.v1 import affect_pb2 as _affect_pb2
from emomotion.v1 import info_pb2 as _info_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FrameSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FRAME_SOURCE_UNSPECIFIED: _ClassVar[FrameSource]
    FRAME_SOURCE_GENERATED: _ClassVar[FrameSource]
    FRAME_SOURCE_IDLE: _ClassVar[FrameSource]
FRAME_SOURCE_UNSPECIFIED: FrameSource
FRAME_SOURCE_GENERATED: FrameSource
FRAME_SOURCE_IDLE: FrameSource

class DriveRequest(_message.Message):
    __slots__ = ("start", "change", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: DriveStart
    change: DriveChange
    end: DriveEnd
    def __init__(self, start: _Optional[_Union[DriveStart, _Mapping]] = ..., change: _Optional[_Union[DriveChange, _Mapping]] = ..., end: _Optional[_Union[DriveEnd, _Mapping]] = ...) -> None: ...

class DriveStart(_message.Message):
    __slots__ = ("wish", "seed", "plan", "generator", "resume", "before")
    WISH_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    GENERATOR_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    wish: DriveChange
    seed: int
    plan: str
    generator: str
    resume: Pose
    before: _containers.RepeatedCompositeFieldContainer[Pose]
    def __init__(self, wish: _Optional[_Union[DriveChange, _Mapping]] = ..., seed: _Optional[int] = ..., plan: _Optional[str] = ..., generator: _Optional[str] = ..., resume: _Optional[_Union[Pose, _Mapping]] = ..., before: _Optional[_Iterable[_Union[Pose, _Mapping]]] = ...) -> None: ...

class Pose(_message.Message):
    __slots__ = ("rotations", "root")
    ROTATIONS_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    rotations: _containers.RepeatedScalarFieldContainer[float]
    root: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, rotations: _Optional[_Iterable[float]] = ..., root: _Optional[_Iterable[float]] = ...) -> None: ...

class DriveChange(_message.Message):
    __slots__ = ("text", "affect", "track", "speed", "heading", "path", "free")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    AFFECT_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    HEADING_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    text: str
    affect: _affect_pb2.Affect
    track: AffectTrack
    speed: float
    heading: float
    path: Path
    free: bool
    def __init__(self, text: _Optional[str] = ..., affect: _Optional[_Union[_affect_pb2.Affect, _Mapping]] = ..., track: _Optional[_Union[AffectTrack, _Mapping]] = ..., speed: _Optional[float] = ..., heading: _Optional[float] = ..., path: _Optional[_Union[Path, _Mapping]] = ..., free: _Optional[bool] = ...) -> None: ...

class Path(_message.Message):
    __slots__ = ("points",)
    POINTS_FIELD_NUMBER: _ClassVar[int]
    points: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, points: _Optional[_Iterable[float]] = ...) -> None: ...

class AffectTrack(_message.Message):
    __slots__ = ("keys",)
    KEYS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[AffectKey]
    def __init__(self, keys: _Optional[_Iterable[_Union[AffectKey, _Mapping]]] = ...) -> None: ...

class AffectKey(_message.Message):
    __slots__ = ("seconds", "affect")
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    AFFECT_FIELD_NUMBER: _ClassVar[int]
    seconds: float
    affect: _affect_pb2.Affect
    def __init__(self, seconds: _Optional[float] = ..., affect: _Optional[_Union[_affect_pb2.Affect, _Mapping]] = ...) -> None: ...

class DriveEnd(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DriveReply(_message.Message):
    __slots__ = ("header", "frame", "ended")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    header: DriveHeader
    frame: DriveFrame
    ended: DriveEnded
    def __init__(self, header: _Optional[_Union[DriveHeader, _Mapping]] = ..., frame: _Optional[_Union[DriveFrame, _Mapping]] = ..., ended: _Optional[_Union[DriveEnded, _Mapping]] = ...) -> None: ...

class DriveHeader(_message.Message):
    __slots__ = ("skeleton", "fps", "seed", "bundle_sha256")
    SKELETON_FIELD_NUMBER: _ClassVar[int]
    FPS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_SHA256_FIELD_NUMBER: _ClassVar[int]
    skeleton: _info_pb2.Skeleton
    fps: float
    seed: int
    bundle_sha256: str
    def __init__(self, skeleton: _Optional[_Union[_info_pb2.Skeleton, _Mapping]] = ..., fps: _Optional[float] = ..., seed: _Optional[int] = ..., bundle_sha256: _Optional[str] = ...) -> None: ...

class DriveFrame(_message.Message):
    __slots__ = ("number", "rotations", "root", "contacts", "affect", "wish", "source", "reacting")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ROTATIONS_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    AFFECT_FIELD_NUMBER: _ClassVar[int]
    WISH_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    REACTING_FIELD_NUMBER: _ClassVar[int]
    number: int
    rotations: _containers.RepeatedScalarFieldContainer[float]
    root: _containers.RepeatedScalarFieldContainer[float]
    contacts: _containers.RepeatedScalarFieldContainer[bool]
    affect: _affect_pb2.Affect
    wish: int
    source: FrameSource
    reacting: bool
    def __init__(self, number: _Optional[int] = ..., rotations: _Optional[_Iterable[float]] = ..., root: _Optional[_Iterable[float]] = ..., contacts: _Optional[_Iterable[bool]] = ..., affect: _Optional[_Union[_affect_pb2.Affect, _Mapping]] = ..., wish: _Optional[int] = ..., source: _Optional[_Union[FrameSource, str]] = ..., reacting: _Optional[bool] = ...) -> None: ...

class DriveEnded(_message.Message):
    __slots__ = ("frame_count", "frames_left_out", "frames_idle")
    FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    FRAMES_LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    FRAMES_IDLE_FIELD_NUMBER: _ClassVar[int]
    frame_count: int
    frames_left_out: int
    frames_idle: int
    def __init__(self, frame_count: _Optional[int] = ..., frames_left_out: _Optional[int] = ..., frames_idle: _Optional[int] = ...) -> None: ...
