from emomotion.v1 import compose_pb2 as _compose_pb2
from emomotion.v1 import motion_pb2 as _motion_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExportRequest(_message.Message):
    __slots__ = ("motion", "format", "name", "in_place", "rig_name", "rig_file")
    MOTION_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    IN_PLACE_FIELD_NUMBER: _ClassVar[int]
    RIG_NAME_FIELD_NUMBER: _ClassVar[int]
    RIG_FILE_FIELD_NUMBER: _ClassVar[int]
    motion: _compose_pb2.ComposeRequest
    format: str
    name: str
    in_place: bool
    rig_name: str
    rig_file: RigFile
    def __init__(self, motion: _Optional[_Union[_compose_pb2.ComposeRequest, _Mapping]] = ..., format: _Optional[str] = ..., name: _Optional[str] = ..., in_place: _Optional[bool] = ..., rig_name: _Optional[str] = ..., rig_file: _Optional[_Union[RigFile, _Mapping]] = ...) -> None: ...

class RigFile(_message.Message):
    __slots__ = ("name", "content")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    name: str
    content: bytes
    def __init__(self, name: _Optional[str] = ..., content: _Optional[bytes] = ...) -> None: ...

class ExportReply(_message.Message):
    __slots__ = ("header", "chunk", "status")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    header: ExportHeader
    chunk: FileChunk
    status: ExportStatus
    def __init__(self, header: _Optional[_Union[ExportHeader, _Mapping]] = ..., chunk: _Optional[_Union[FileChunk, _Mapping]] = ..., status: _Optional[_Union[ExportStatus, _Mapping]] = ...) -> None: ...

class ExportHeader(_message.Message):
    __slots__ = ("files", "formats")
    FILES_FIELD_NUMBER: _ClassVar[int]
    FORMATS_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[FileInfo]
    formats: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, files: _Optional[_Iterable[_Union[FileInfo, _Mapping]]] = ..., formats: _Optional[_Iterable[str]] = ...) -> None: ...

class FileInfo(_message.Message):
    __slots__ = ("name", "size", "sha256")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    name: str
    size: int
    sha256: str
    def __init__(self, name: _Optional[str] = ..., size: _Optional[int] = ..., sha256: _Optional[str] = ...) -> None: ...

class FileChunk(_message.Message):
    __slots__ = ("file", "data")
    FILE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    file: int
    data: bytes
    def __init__(self, file: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class ExportStatus(_message.Message):
    __slots__ = ("motion", "notes")
    MOTION_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    motion: _motion_pb2.GenerateStatus
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, motion: _Optional[_Union[_motion_pb2.GenerateStatus, _Mapping]] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...
