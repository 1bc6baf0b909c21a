from emomotion.v1 import face_pb2 as _face_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FrameOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FRAME_OUTCOME_UNSPECIFIED: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_APPLIED: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_OVERTAKEN: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_STALE: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_REORDERED: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_REJECTED: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_NO_LEASE: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_NOT_ARMED: _ClassVar[FrameOutcome]

class BridgeState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BRIDGE_STATE_UNSPECIFIED: _ClassVar[BridgeState]
    BRIDGE_STATE_DISARMED: _ClassVar[BridgeState]
    BRIDGE_STATE_ARMED: _ClassVar[BridgeState]
    BRIDGE_STATE_TRACKING: _ClassVar[BridgeState]
    BRIDGE_STATE_HOLD: _ClassVar[BridgeState]
    BRIDGE_STATE_RETURN_NEUTRAL: _ClassVar[BridgeState]
    BRIDGE_STATE_FAULT: _ClassVar[BridgeState]
    BRIDGE_STATE_ESTOP: _ClassVar[BridgeState]

class BridgeCommand(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BRIDGE_COMMAND_UNSPECIFIED: _ClassVar[BridgeCommand]
    BRIDGE_COMMAND_ARM: _ClassVar[BridgeCommand]
    BRIDGE_COMMAND_DISARM: _ClassVar[BridgeCommand]
    BRIDGE_COMMAND_STOP: _ClassVar[BridgeCommand]
    BRIDGE_COMMAND_CUT: _ClassVar[BridgeCommand]
    BRIDGE_COMMAND_CLEAR: _ClassVar[BridgeCommand]
FRAME_OUTCOME_UNSPECIFIED: FrameOutcome
FRAME_OUTCOME_APPLIED: FrameOutcome
FRAME_OUTCOME_OVERTAKEN: FrameOutcome
FRAME_OUTCOME_STALE: FrameOutcome
FRAME_OUTCOME_REORDERED: FrameOutcome
FRAME_OUTCOME_REJECTED: FrameOutcome
FRAME_OUTCOME_NO_LEASE: FrameOutcome
FRAME_OUTCOME_NOT_ARMED: FrameOutcome
BRIDGE_STATE_UNSPECIFIED: BridgeState
BRIDGE_STATE_DISARMED: BridgeState
BRIDGE_STATE_ARMED: BridgeState
BRIDGE_STATE_TRACKING: BridgeState
BRIDGE_STATE_HOLD: BridgeState
BRIDGE_STATE_RETURN_NEUTRAL: BridgeState
BRIDGE_STATE_FAULT: BridgeState
BRIDGE_STATE_ESTOP: BridgeState
BRIDGE_COMMAND_UNSPECIFIED: BridgeCommand
BRIDGE_COMMAND_ARM: BridgeCommand
BRIDGE_COMMAND_DISARM: BridgeCommand
BRIDGE_COMMAND_STOP: BridgeCommand
BRIDGE_COMMAND_CUT: BridgeCommand
BRIDGE_COMMAND_CLEAR: BridgeCommand

class ControlRequest(_message.Message):
    __slots__ = ("start", "frame", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: ControlStart
    frame: _face_pb2.FaceFrame
    end: _face_pb2.FaceEnd
    def __init__(self, start: _Optional[_Union[ControlStart, _Mapping]] = ..., frame: _Optional[_Union[_face_pb2.FaceFrame, _Mapping]] = ..., end: _Optional[_Union[_face_pb2.FaceEnd, _Mapping]] = ...) -> None: ...

class ControlStart(_message.Message):
    __slots__ = ("schema_sha256", "range_set", "lease", "writer")
    SCHEMA_SHA256_FIELD_NUMBER: _ClassVar[int]
    RANGE_SET_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    WRITER_FIELD_NUMBER: _ClassVar[int]
    schema_sha256: str
    range_set: str
    lease: str
    writer: str
    def __init__(self, schema_sha256: _Optional[str] = ..., range_set: _Optional[str] = ..., lease: _Optional[str] = ..., writer: _Optional[str] = ...) -> None: ...

class ControlReply(_message.Message):
    __slots__ = ("header", "ack", "ended")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    header: ControlHeader
    ack: ControlAck
    ended: ControlEnded
    def __init__(self, header: _Optional[_Union[ControlHeader, _Mapping]] = ..., ack: _Optional[_Union[ControlAck, _Mapping]] = ..., ended: _Optional[_Union[ControlEnded, _Mapping]] = ...) -> None: ...

class ControlHeader(_message.Message):
    __slots__ = ("lease", "lease_s", "schema_sha256", "range_set", "control_names", "rest", "rate_hz")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    LEASE_S_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_SHA256_FIELD_NUMBER: _ClassVar[int]
    RANGE_SET_FIELD_NUMBER: _ClassVar[int]
    CONTROL_NAMES_FIELD_NUMBER: _ClassVar[int]
    REST_FIELD_NUMBER: _ClassVar[int]
    RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    lease: str
    lease_s: float
    schema_sha256: str
    range_set: str
    control_names: _containers.RepeatedScalarFieldContainer[str]
    rest: _containers.RepeatedScalarFieldContainer[float]
    rate_hz: float
    def __init__(self, lease: _Optional[str] = ..., lease_s: _Optional[float] = ..., schema_sha256: _Optional[str] = ..., range_set: _Optional[str] = ..., control_names: _Optional[_Iterable[str]] = ..., rest: _Optional[_Iterable[float]] = ..., rate_hz: _Optional[float] = ...) -> None: ...

class ControlAck(_message.Message):
    __slots__ = ("number", "outcome", "received_ns", "applied_ns", "applied", "limits", "late", "state", "reason")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_NS_FIELD_NUMBER: _ClassVar[int]
    APPLIED_NS_FIELD_NUMBER: _ClassVar[int]
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    number: int
    outcome: FrameOutcome
    received_ns: int
    applied_ns: int
    applied: _containers.RepeatedScalarFieldContainer[float]
    limits: _containers.RepeatedScalarFieldContainer[int]
    late: bool
    state: BridgeState
    reason: str
    def __init__(self, number: _Optional[int] = ..., outcome: _Optional[_Union[FrameOutcome, str]] = ..., received_ns: _Optional[int] = ..., applied_ns: _Optional[int] = ..., applied: _Optional[_Iterable[float]] = ..., limits: _Optional[_Iterable[int]] = ..., late: _Optional[bool] = ..., state: _Optional[_Union[BridgeState, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class ControlEnded(_message.Message):
    __slots__ = ("frame_count", "applied_count")
    FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    APPLIED_COUNT_FIELD_NUMBER: _ClassVar[int]
    frame_count: int
    applied_count: int
    def __init__(self, frame_count: _Optional[int] = ..., applied_count: _Optional[int] = ...) -> None: ...

class CommandRequest(_message.Message):
    __slots__ = ("command",)
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    command: BridgeCommand
    def __init__(self, command: _Optional[_Union[BridgeCommand, str]] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("rate_hz",)
    RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    rate_hz: float
    def __init__(self, rate_hz: _Optional[float] = ...) -> None: ...

class BridgeStatus(_message.Message):
    __slots__ = ("state", "reason", "writer", "robot", "dry_run", "frames", "tick_count", "missed_count", "worst_burst", "lateness_p99_ms", "demand", "position", "log_failed")
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    WRITER_FIELD_NUMBER: _ClassVar[int]
    ROBOT_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    TICK_COUNT_FIELD_NUMBER: _ClassVar[int]
    MISSED_COUNT_FIELD_NUMBER: _ClassVar[int]
    WORST_BURST_FIELD_NUMBER: _ClassVar[int]
    LATENESS_P99_MS_FIELD_NUMBER: _ClassVar[int]
    DEMAND_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    LOG_FAILED_FIELD_NUMBER: _ClassVar[int]
    state: BridgeState
    reason: str
    writer: str
    robot: str
    dry_run: bool
    frames: _containers.RepeatedCompositeFieldContainer[OutcomeCount]
    tick_count: int
    missed_count: int
    worst_burst: int
    lateness_p99_ms: float
    demand: _containers.RepeatedScalarFieldContainer[float]
    position: _containers.RepeatedScalarFieldContainer[float]
    log_failed: bool
    def __init__(self, state: _Optional[_Union[BridgeState, str]] = ..., reason: _Optional[str] = ..., writer: _Optional[str] = ..., robot: _Optional[str] = ..., dry_run: _Optional[bool] = ..., frames: _Optional[_Iterable[_Union[OutcomeCount, _Mapping]]] = ..., tick_count: _Optional[int] = ..., missed_count: _Optional[int] = ..., worst_burst: _Optional[int] = ..., lateness_p99_ms: _Optional[float] = ..., demand: _Optional[_Iterable[float]] = ..., position: _Optional[_Iterable[float]] = ..., log_failed: _Optional[bool] = ...) -> None: ...

class OutcomeCount(_message.Message):
    __slots__ = ("outcome", "count")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    outcome: FrameOutcome
    count: int
    def __init__(self, outcome: _Optional[_Union[FrameOutcome, str]] = ..., count: _Optional[int] = ...) -> None: ...
