from emomotion.v1 import affect_pb2 as _affect_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Evidence(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVIDENCE_UNSPECIFIED: _ClassVar[Evidence]
    EVIDENCE_NONE: _ClassVar[Evidence]
    EVIDENCE_MOCAP: _ClassVar[Evidence]
    EVIDENCE_PROXY: _ClassVar[Evidence]
    EVIDENCE_SYNTHETIC: _ClassVar[Evidence]
    EVIDENCE_TEXT_MINED: _ClassVar[Evidence]
EVIDENCE_UNSPECIFIED: Evidence
EVIDENCE_NONE: Evidence
EVIDENCE_MOCAP: Evidence
EVIDENCE_PROXY: Evidence
EVIDENCE_SYNTHETIC: Evidence
EVIDENCE_TEXT_MINED: Evidence

class Skeleton(_message.Message):
    __slots__ = ("joint_names", "parents", "rest_offsets", "ankle_height", "toe_height")
    JOINT_NAMES_FIELD_NUMBER: _ClassVar[int]
    PARENTS_FIELD_NUMBER: _ClassVar[int]
    REST_OFFSETS_FIELD_NUMBER: _ClassVar[int]
    ANKLE_HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TOE_HEIGHT_FIELD_NUMBER: _ClassVar[int]
    joint_names: _containers.RepeatedScalarFieldContainer[str]
    parents: _containers.RepeatedScalarFieldContainer[int]
    rest_offsets: _containers.RepeatedScalarFieldContainer[float]
    ankle_height: float
    toe_height: float
    def __init__(self, joint_names: _Optional[_Iterable[str]] = ..., parents: _Optional[_Iterable[int]] = ..., rest_offsets: _Optional[_Iterable[float]] = ..., ankle_height: _Optional[float] = ..., toe_height: _Optional[float] = ...) -> None: ...

class EmotionInfo(_message.Message):
    __slots__ = ("emotion", "evidence", "minutes")
    EMOTION_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    MINUTES_FIELD_NUMBER: _ClassVar[int]
    emotion: _affect_pb2.Emotion
    evidence: Evidence
    minutes: float
    def __init__(self, emotion: _Optional[_Union[_affect_pb2.Emotion, str]] = ..., evidence: _Optional[_Union[Evidence, str]] = ..., minutes: _Optional[float] = ...) -> None: ...

class PlanQuality(_message.Message):
    __slots__ = ("emotion_accuracy", "emotion_accuracy_unseen", "fid", "r_precision_3", "foot_skate")
    EMOTION_ACCURACY_FIELD_NUMBER: _ClassVar[int]
    EMOTION_ACCURACY_UNSEEN_FIELD_NUMBER: _ClassVar[int]
    FID_FIELD_NUMBER: _ClassVar[int]
    R_PRECISION_3_FIELD_NUMBER: _ClassVar[int]
    FOOT_SKATE_FIELD_NUMBER: _ClassVar[int]
    emotion_accuracy: float
    emotion_accuracy_unseen: float
    fid: float
    r_precision_3: float
    foot_skate: float
    def __init__(self, emotion_accuracy: _Optional[float] = ..., emotion_accuracy_unseen: _Optional[float] = ..., fid: _Optional[float] = ..., r_precision_3: _Optional[float] = ..., foot_skate: _Optional[float] = ...) -> None: ...

class Plan(_message.Message):
    __slots__ = ("name", "iterations", "residual_layers", "text_guidance", "emotion_guidance", "residual_guidance", "temperature", "is_default", "choice_temperature", "generator", "quality", "expected_ms")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    RESIDUAL_LAYERS_FIELD_NUMBER: _ClassVar[int]
    TEXT_GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    EMOTION_GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    RESIDUAL_GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    IS_DEFAULT_FIELD_NUMBER: _ClassVar[int]
    CHOICE_TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    GENERATOR_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_MS_FIELD_NUMBER: _ClassVar[int]
    name: str
    iterations: int
    residual_layers: int
    text_guidance: float
    emotion_guidance: float
    residual_guidance: float
    temperature: float
    is_default: bool
    choice_temperature: float
    generator: str
    quality: PlanQuality
    expected_ms: float
    def __init__(self, name: _Optional[str] = ..., iterations: _Optional[int] = ..., residual_layers: _Optional[int] = ..., text_guidance: _Optional[float] = ..., emotion_guidance: _Optional[float] = ..., residual_guidance: _Optional[float] = ..., temperature: _Optional[float] = ..., is_default: _Optional[bool] = ..., choice_temperature: _Optional[float] = ..., generator: _Optional[str] = ..., quality: _Optional[_Union[PlanQuality, _Mapping]] = ..., expected_ms: _Optional[float] = ...) -> None: ...

class BundleInfo(_message.Message):
    __slots__ = ("name", "version", "sha256", "licence", "attribution", "representation", "fps")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    LICENCE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    REPRESENTATION_FIELD_NUMBER: _ClassVar[int]
    FPS_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    sha256: str
    licence: str
    attribution: str
    representation: str
    fps: float
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., sha256: _Optional[str] = ..., licence: _Optional[str] = ..., attribution: _Optional[str] = ..., representation: _Optional[str] = ..., fps: _Optional[float] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("max_text_chars", "min_seconds", "max_seconds", "min_fps", "max_fps")
    MAX_TEXT_CHARS_FIELD_NUMBER: _ClassVar[int]
    MIN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MAX_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MIN_FPS_FIELD_NUMBER: _ClassVar[int]
    MAX_FPS_FIELD_NUMBER: _ClassVar[int]
    max_text_chars: int
    min_seconds: float
    max_seconds: float
    min_fps: float
    max_fps: float
    def __init__(self, max_text_chars: _Optional[int] = ..., min_seconds: _Optional[float] = ..., max_seconds: _Optional[float] = ..., min_fps: _Optional[float] = ..., max_fps: _Optional[float] = ...) -> None: ...

class GetInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetInfoReply(_message.Message):
    __slots__ = ("bundle", "generators", "plans", "emotions", "skeleton", "limits")
    BUNDLE_FIELD_NUMBER: _ClassVar[int]
    GENERATORS_FIELD_NUMBER: _ClassVar[int]
    PLANS_FIELD_NUMBER: _ClassVar[int]
    EMOTIONS_FIELD_NUMBER: _ClassVar[int]
    SKELETON_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    bundle: BundleInfo
    generators: _containers.RepeatedScalarFieldContainer[str]
    plans: _containers.RepeatedCompositeFieldContainer[Plan]
    emotions: _containers.RepeatedCompositeFieldContainer[EmotionInfo]
    skeleton: Skeleton
    limits: Limits
    def __init__(self, bundle: _Optional[_Union[BundleInfo, _Mapping]] = ..., generators: _Optional[_Iterable[str]] = ..., plans: _Optional[_Iterable[_Union[Plan, _Mapping]]] = ..., emotions: _Optional[_Iterable[_Union[EmotionInfo, _Mapping]]] = ..., skeleton: _Optional[_Union[Skeleton, _Mapping]] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ...) -> None: ...
