from emomotion.v1 import affect_pb2 as _affect_pb2
from emomotion.v1 import live_pb2 as _live_pb2
from emomotion.v1 import motion_pb2 as _motion_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Effector(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EFFECTOR_UNSPECIFIED: _ClassVar[Effector]
    EFFECTOR_LEFT_WRIST: _ClassVar[Effector]
    EFFECTOR_RIGHT_WRIST: _ClassVar[Effector]
    EFFECTOR_LEFT_ANKLE: _ClassVar[Effector]
    EFFECTOR_RIGHT_ANKLE: _ClassVar[Effector]

class BodyPart(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BODY_PART_UNSPECIFIED: _ClassVar[BodyPart]
    BODY_PART_WHOLE: _ClassVar[BodyPart]
    BODY_PART_UPPER: _ClassVar[BodyPart]
EFFECTOR_UNSPECIFIED: Effector
EFFECTOR_LEFT_WRIST: Effector
EFFECTOR_RIGHT_WRIST: Effector
EFFECTOR_LEFT_ANKLE: Effector
EFFECTOR_RIGHT_ANKLE: Effector
BODY_PART_UNSPECIFIED: BodyPart
BODY_PART_WHOLE: BodyPart
BODY_PART_UPPER: BodyPart

class ComposeRequest(_message.Message):
    __slots__ = ("beats", "track", "seed", "plan", "generator", "fps", "source", "keep", "keyframes", "path", "route", "heading", "part", "loop", "speed", "post", "goals")
    BEATS_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    GENERATOR_FIELD_NUMBER: _ClassVar[int]
    FPS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    KEEP_FIELD_NUMBER: _ClassVar[int]
    KEYFRAMES_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    HEADING_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    LOOP_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    POST_FIELD_NUMBER: _ClassVar[int]
    GOALS_FIELD_NUMBER: _ClassVar[int]
    beats: _containers.RepeatedCompositeFieldContainer[Beat]
    track: _live_pb2.AffectTrack
    seed: int
    plan: str
    generator: str
    fps: float
    source: SourceMotion
    keep: _containers.RepeatedCompositeFieldContainer[Span]
    keyframes: _containers.RepeatedCompositeFieldContainer[Keyframe]
    path: _live_pb2.Path
    route: Route
    heading: float
    part: BodyPart
    loop: bool
    speed: float
    post: PostSettings
    goals: _containers.RepeatedCompositeFieldContainer[Goal]
    def __init__(self, beats: _Optional[_Iterable[_Union[Beat, _Mapping]]] = ..., track: _Optional[_Union[_live_pb2.AffectTrack, _Mapping]] = ..., seed: _Optional[int] = ..., plan: _Optional[str] = ..., generator: _Optional[str] = ..., fps: _Optional[float] = ..., source: _Optional[_Union[SourceMotion, _Mapping]] = ..., keep: _Optional[_Iterable[_Union[Span, _Mapping]]] = ..., keyframes: _Optional[_Iterable[_Union[Keyframe, _Mapping]]] = ..., path: _Optional[_Union[_live_pb2.Path, _Mapping]] = ..., route: _Optional[_Union[Route, _Mapping]] = ..., heading: _Optional[float] = ..., part: _Optional[_Union[BodyPart, str]] = ..., loop: _Optional[bool] = ..., speed: _Optional[float] = ..., post: _Optional[_Union[PostSettings, _Mapping]] = ..., goals: _Optional[_Iterable[_Union[Goal, _Mapping]]] = ...) -> None: ...

class Beat(_message.Message):
    __slots__ = ("text", "affect", "seconds")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    AFFECT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    text: str
    affect: _affect_pb2.Affect
    seconds: float
    def __init__(self, text: _Optional[str] = ..., affect: _Optional[_Union[_affect_pb2.Affect, _Mapping]] = ..., seconds: _Optional[float] = ...) -> None: ...

class SourceMotion(_message.Message):
    __slots__ = ("fps", "rotations", "root", "felt")
    FPS_FIELD_NUMBER: _ClassVar[int]
    ROTATIONS_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    FELT_FIELD_NUMBER: _ClassVar[int]
    fps: float
    rotations: _containers.RepeatedScalarFieldContainer[float]
    root: _containers.RepeatedScalarFieldContainer[float]
    felt: _containers.RepeatedCompositeFieldContainer[FeltSpan]
    def __init__(self, fps: _Optional[float] = ..., rotations: _Optional[_Iterable[float]] = ..., root: _Optional[_Iterable[float]] = ..., felt: _Optional[_Iterable[_Union[FeltSpan, _Mapping]]] = ...) -> None: ...

class FeltSpan(_message.Message):
    __slots__ = ("start_s", "end_s", "affect")
    START_S_FIELD_NUMBER: _ClassVar[int]
    END_S_FIELD_NUMBER: _ClassVar[int]
    AFFECT_FIELD_NUMBER: _ClassVar[int]
    start_s: float
    end_s: float
    affect: _affect_pb2.Affect
    def __init__(self, start_s: _Optional[float] = ..., end_s: _Optional[float] = ..., affect: _Optional[_Union[_affect_pb2.Affect, _Mapping]] = ...) -> None: ...

class Span(_message.Message):
    __slots__ = ("start_s", "end_s")
    START_S_FIELD_NUMBER: _ClassVar[int]
    END_S_FIELD_NUMBER: _ClassVar[int]
    start_s: float
    end_s: float
    def __init__(self, start_s: _Optional[float] = ..., end_s: _Optional[float] = ...) -> None: ...

class Keyframe(_message.Message):
    __slots__ = ("seconds", "pose", "place")
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    POSE_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    seconds: float
    pose: _live_pb2.Pose
    place: bool
    def __init__(self, seconds: _Optional[float] = ..., pose: _Optional[_Union[_live_pb2.Pose, _Mapping]] = ..., place: _Optional[bool] = ...) -> None: ...

class Goal(_message.Message):
    __slots__ = ("effector", "seconds", "hold_s", "position", "rotation", "place", "ease_s")
    EFFECTOR_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    HOLD_S_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    ROTATION_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    EASE_S_FIELD_NUMBER: _ClassVar[int]
    effector: Effector
    seconds: float
    hold_s: float
    position: _containers.RepeatedScalarFieldContainer[float]
    rotation: _containers.RepeatedScalarFieldContainer[float]
    place: bool
    ease_s: float
    def __init__(self, effector: _Optional[_Union[Effector, str]] = ..., seconds: _Optional[float] = ..., hold_s: _Optional[float] = ..., position: _Optional[_Iterable[float]] = ..., rotation: _Optional[_Iterable[float]] = ..., place: _Optional[bool] = ..., ease_s: _Optional[float] = ...) -> None: ...

class Route(_message.Message):
    __slots__ = ("points",)
    POINTS_FIELD_NUMBER: _ClassVar[int]
    points: _containers.RepeatedCompositeFieldContainer[Waypoint]
    def __init__(self, points: _Optional[_Iterable[_Union[Waypoint, _Mapping]]] = ...) -> None: ...

class Waypoint(_message.Message):
    __slots__ = ("seconds", "x", "z")
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    X_FIELD_NUMBER: _ClassVar[int]
    Z_FIELD_NUMBER: _ClassVar[int]
    seconds: float
    x: float
    z: float
    def __init__(self, seconds: _Optional[float] = ..., x: _Optional[float] = ..., z: _Optional[float] = ...) -> None: ...

class PostSettings(_message.Message):
    __slots__ = ("lock_feet", "ground", "smooth")
    LOCK_FEET_FIELD_NUMBER: _ClassVar[int]
    GROUND_FIELD_NUMBER: _ClassVar[int]
    SMOOTH_FIELD_NUMBER: _ClassVar[int]
    lock_feet: bool
    ground: bool
    smooth: float
    def __init__(self, lock_feet: _Optional[bool] = ..., ground: _Optional[bool] = ..., smooth: _Optional[float] = ...) -> None: ...
