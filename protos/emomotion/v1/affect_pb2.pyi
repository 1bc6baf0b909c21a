from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Emotion(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EMOTION_UNSPECIFIED: _ClassVar[Emotion]
    EMOTION_NEUTRAL: _ClassVar[Emotion]
    EMOTION_JOY: _ClassVar[Emotion]
    EMOTION_TRUST: _ClassVar[Emotion]
    EMOTION_FEAR: _ClassVar[Emotion]
    EMOTION_SURPRISE: _ClassVar[Emotion]
    EMOTION_SADNESS: _ClassVar[Emotion]
    EMOTION_DISGUST: _ClassVar[Emotion]
    EMOTION_ANGER: _ClassVar[Emotion]
    EMOTION_ANTICIPATION: _ClassVar[Emotion]
EMOTION_UNSPECIFIED: Emotion
EMOTION_NEUTRAL: Emotion
EMOTION_JOY: Emotion
EMOTION_TRUST: Emotion
EMOTION_FEAR: Emotion
EMOTION_SURPRISE: Emotion
EMOTION_SADNESS: Emotion
EMOTION_DISGUST: Emotion
EMOTION_ANGER: Emotion
EMOTION_ANTICIPATION: Emotion

class EmotionWeight(_message.Message):
    __slots__ = ("emotion", "weight")
    EMOTION_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    emotion: Emotion
    weight: float
    def __init__(self, emotion: _Optional[_Union[Emotion, str]] = ..., weight: _Optional[float] = ...) -> None: ...

class ValenceArousal(_message.Message):
    __slots__ = ("valence", "arousal")
    VALENCE_FIELD_NUMBER: _ClassVar[int]
    AROUSAL_FIELD_NUMBER: _ClassVar[int]
    valence: float
    arousal: float
    def __init__(self, valence: _Optional[float] = ..., arousal: _Optional[float] = ...) -> None: ...

class Affect(_message.Message):
    __slots__ = ("weights", "intensity", "valence_arousal")
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    INTENSITY_FIELD_NUMBER: _ClassVar[int]
    VALENCE_AROUSAL_FIELD_NUMBER: _ClassVar[int]
    weights: _containers.RepeatedCompositeFieldContainer[EmotionWeight]
    intensity: float
    valence_arousal: ValenceArousal
    def __init__(self, weights: _Optional[_Iterable[_Union[EmotionWeight, _Mapping]]] = ..., intensity: _Optional[float] = ..., valence_arousal: _Optional[_Union[ValenceArousal, _Mapping]] = ...) -> None: ...
