from emomotion.v1 import affect_pb2 as _affect_pb2
from emomotion.v1 import info_pb2 as _info_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GenerateRequest(_message.Message):
    __slots__ = ("text", "affect", "seconds", "seed", "plan", "fps", "budget_ms", "generator")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    AFFECT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    FPS_FIELD_NUMBER: _ClassVar[int]
    BUDGET_MS_FIELD_NUMBER: _ClassVar[int]
    GENERATOR_FIELD_NUMBER: _ClassVar[int]
    text: str
    affect: _affect_pb2.Affect
    seconds: float
    seed: int
    plan: str
    fps: float
    budget_ms: float
    generator: str
    def __init__(self, text: _Optional[str] = ..., affect: _Optional[_Union[_affect_pb2.Affect, _Mapping]] = ..., seconds: _Optional[float] = ..., seed: _Optional[int] = ..., plan: _Optional[str] = ..., fps: _Optional[float] = ..., budget_ms: _Optional[float] = ..., generator: _Optional[str] = ...) -> None: ...

class GenerateReply(_message.Message):
    __slots__ = ("header", "chunk", "status")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    header: MotionHeader
    chunk: MotionChunk
    status: GenerateStatus
    def __init__(self, header: _Optional[_Union[MotionHeader, _Mapping]] = ..., chunk: _Optional[_Union[MotionChunk, _Mapping]] = ..., status: _Optional[_Union[GenerateStatus, _Mapping]] = ...) -> None: ...

class MotionHeader(_message.Message):
    __slots__ = ("skeleton", "fps", "frame_count")
    SKELETON_FIELD_NUMBER: _ClassVar[int]
    FPS_FIELD_NUMBER: _ClassVar[int]
    FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    skeleton: _info_pb2.Skeleton
    fps: float
    frame_count: int
    def __init__(self, skeleton: _Optional[_Union[_info_pb2.Skeleton, _Mapping]] = ..., fps: _Optional[float] = ..., frame_count: _Optional[int] = ...) -> None: ...

class MotionChunk(_message.Message):
    __slots__ = ("start_frame", "frame_count", "rotations", "root", "contacts")
    START_FRAME_FIELD_NUMBER: _ClassVar[int]
    FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    ROTATIONS_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    start_frame: int
    frame_count: int
    rotations: _containers.RepeatedScalarFieldContainer[float]
    root: _containers.RepeatedScalarFieldContainer[float]
    contacts: _containers.RepeatedScalarFieldContainer[bool]
    def __init__(self, start_frame: _Optional[int] = ..., frame_count: _Optional[int] = ..., rotations: _Optional[_Iterable[float]] = ..., root: _Optional[_Iterable[float]] = ..., contacts: _Optional[_Iterable[bool]] = ...) -> None: ...

class SettingsUsed(_message.Message):
    __slots__ = ("text", "affect", "seconds", "seed", "plan", "fps", "generator")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    AFFECT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    FPS_FIELD_NUMBER: _ClassVar[int]
    GENERATOR_FIELD_NUMBER: _ClassVar[int]
    text: str
    affect: _affect_pb2.Affect
    seconds: float
    seed: int
    plan: str
    fps: float
    generator: str
    def __init__(self, text: _Optional[str] = ..., affect: _Optional[_Union[_affect_pb2.Affect, _Mapping]] = ..., seconds: _Optional[float] = ..., seed: _Optional[int] = ..., plan: _Optional[str] = ..., fps: _Optional[float] = ..., generator: _Optional[str] = ...) -> None: ...

class StageTime(_message.Message):
    __slots__ = ("stage", "ms", "passes")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    MS_FIELD_NUMBER: _ClassVar[int]
    PASSES_FIELD_NUMBER: _ClassVar[int]
    stage: str
    ms: float
    passes: int
    def __init__(self, stage: _Optional[str] = ..., ms: _Optional[float] = ..., passes: _Optional[int] = ...) -> None: ...

class MadeWith(_message.Message):
    __slots__ = ("name", "version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ...) -> None: ...

class GenerateStatus(_message.Message):
    __slots__ = ("used", "stages", "degraded", "bundle_sha256", "budget_left_ms", "notes", "made_with", "stretch")
    USED_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_SHA256_FIELD_NUMBER: _ClassVar[int]
    BUDGET_LEFT_MS_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    MADE_WITH_FIELD_NUMBER: _ClassVar[int]
    STRETCH_FIELD_NUMBER: _ClassVar[int]
    used: SettingsUsed
    stages: _containers.RepeatedCompositeFieldContainer[StageTime]
    degraded: bool
    bundle_sha256: str
    budget_left_ms: float
    notes: _containers.RepeatedScalarFieldContainer[str]
    made_with: _containers.RepeatedCompositeFieldContainer[MadeWith]
    stretch: Stretch
    def __init__(self, used: _Optional[_Union[SettingsUsed, _Mapping]] = ..., stages: _Optional[_Iterable[_Union[StageTime, _Mapping]]] = ..., degraded: _Optional[bool] = ..., bundle_sha256: _Optional[str] = ..., budget_left_ms: _Optional[float] = ..., notes: _Optional[_Iterable[str]] = ..., made_with: _Optional[_Iterable[_Union[MadeWith, _Mapping]]] = ..., stretch: _Optional[_Union[Stretch, _Mapping]] = ...) -> None: ...

class Stretch(_message.Message):
    __slots__ = ("start_s", "end_s")
    START_S_FIELD_NUMBER: _ClassVar[int]
    END_S_FIELD_NUMBER: _ClassVar[int]
    start_s: float
    end_s: float
    def __init__(self, start_s: _Optional[float] = ..., end_s: _Optional[float] = ...) -> None: ...
