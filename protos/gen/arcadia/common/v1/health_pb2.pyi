import datetime

from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetHealthRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetHealthResponse(_message.Message):
    __slots__ = ("service", "status", "version", "dependencies", "services", "workers", "sources")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DEPENDENCIES_FIELD_NUMBER: _ClassVar[int]
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    service: str
    status: str
    version: str
    dependencies: _containers.RepeatedCompositeFieldContainer[Dependency]
    services: _containers.RepeatedCompositeFieldContainer[ServiceHealth]
    workers: _containers.RepeatedCompositeFieldContainer[Dependency]
    sources: _containers.RepeatedCompositeFieldContainer[Source]
    def __init__(self, service: _Optional[str] = ..., status: _Optional[str] = ..., version: _Optional[str] = ..., dependencies: _Optional[_Iterable[_Union[Dependency, _Mapping]]] = ..., services: _Optional[_Iterable[_Union[ServiceHealth, _Mapping]]] = ..., workers: _Optional[_Iterable[_Union[Dependency, _Mapping]]] = ..., sources: _Optional[_Iterable[_Union[Source, _Mapping]]] = ...) -> None: ...

class ReportHealthRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReportHealthResponse(_message.Message):
    __slots__ = ("health", "sources")
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    health: ServiceHealth
    sources: _containers.RepeatedCompositeFieldContainer[Source]
    def __init__(self, health: _Optional[_Union[ServiceHealth, _Mapping]] = ..., sources: _Optional[_Iterable[_Union[Source, _Mapping]]] = ...) -> None: ...

class ServiceHealth(_message.Message):
    __slots__ = ("name", "status", "version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    status: str
    version: str
    def __init__(self, name: _Optional[str] = ..., status: _Optional[str] = ..., version: _Optional[str] = ...) -> None: ...

class Dependency(_message.Message):
    __slots__ = ("name", "status")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    name: str
    status: str
    def __init__(self, name: _Optional[str] = ..., status: _Optional[str] = ...) -> None: ...

class Source(_message.Message):
    __slots__ = ("name", "last_at", "age_seconds")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LAST_AT_FIELD_NUMBER: _ClassVar[int]
    AGE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    last_at: _timestamp_pb2.Timestamp
    age_seconds: int
    def __init__(self, name: _Optional[str] = ..., last_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., age_seconds: _Optional[int] = ...) -> None: ...
