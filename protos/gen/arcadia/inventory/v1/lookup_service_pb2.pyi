import datetime

from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LookupResourcesRequest(_message.Message):
    __slots__ = ("provider", "keys")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    provider: str
    keys: _containers.RepeatedCompositeFieldContainer[ResourceKey]
    def __init__(self, provider: _Optional[str] = ..., keys: _Optional[_Iterable[_Union[ResourceKey, _Mapping]]] = ...) -> None: ...

class ResourceKey(_message.Message):
    __slots__ = ("kind", "provider_id", "name", "resource_id")
    KIND_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    kind: str
    provider_id: str
    name: str
    resource_id: str
    def __init__(self, kind: _Optional[str] = ..., provider_id: _Optional[str] = ..., name: _Optional[str] = ..., resource_id: _Optional[str] = ...) -> None: ...

class LookupResourcesResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ResourceCandidates]
    def __init__(self, results: _Optional[_Iterable[_Union[ResourceCandidates, _Mapping]]] = ...) -> None: ...

class ResourceCandidates(_message.Message):
    __slots__ = ("lifetimes",)
    LIFETIMES_FIELD_NUMBER: _ClassVar[int]
    lifetimes: _containers.RepeatedCompositeFieldContainer[Lifetime]
    def __init__(self, lifetimes: _Optional[_Iterable[_Union[Lifetime, _Mapping]]] = ...) -> None: ...

class Lifetime(_message.Message):
    __slots__ = ("resource_id", "kind", "provider_id", "names", "project_id", "project_name", "lived_from", "lived_to", "ownership", "region", "begin_unknown")
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_NAME_FIELD_NUMBER: _ClassVar[int]
    LIVED_FROM_FIELD_NUMBER: _ClassVar[int]
    LIVED_TO_FIELD_NUMBER: _ClassVar[int]
    OWNERSHIP_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    BEGIN_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    resource_id: str
    kind: str
    provider_id: str
    names: _containers.RepeatedCompositeFieldContainer[NameSpan]
    project_id: str
    project_name: str
    lived_from: _timestamp_pb2.Timestamp
    lived_to: _timestamp_pb2.Timestamp
    ownership: _containers.RepeatedCompositeFieldContainer[OwnershipSpan]
    region: str
    begin_unknown: bool
    def __init__(self, resource_id: _Optional[str] = ..., kind: _Optional[str] = ..., provider_id: _Optional[str] = ..., names: _Optional[_Iterable[_Union[NameSpan, _Mapping]]] = ..., project_id: _Optional[str] = ..., project_name: _Optional[str] = ..., lived_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lived_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ownership: _Optional[_Iterable[_Union[OwnershipSpan, _Mapping]]] = ..., region: _Optional[str] = ..., begin_unknown: _Optional[bool] = ...) -> None: ...

class NameSpan(_message.Message):
    __slots__ = ("name", "valid_from", "valid_to")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_TO_FIELD_NUMBER: _ClassVar[int]
    name: str
    valid_from: _timestamp_pb2.Timestamp
    valid_to: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., valid_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., valid_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class OwnershipSpan(_message.Message):
    __slots__ = ("tenant_id", "deployment_id", "valid_from", "valid_to")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_TO_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    deployment_id: str
    valid_from: _timestamp_pb2.Timestamp
    valid_to: _timestamp_pb2.Timestamp
    def __init__(self, tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., valid_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., valid_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListLifetimesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "provider", "overlap_from", "overlap_to", "kind", "deployment_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    OVERLAP_FROM_FIELD_NUMBER: _ClassVar[int]
    OVERLAP_TO_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    provider: str
    overlap_from: _timestamp_pb2.Timestamp
    overlap_to: _timestamp_pb2.Timestamp
    kind: str
    deployment_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., provider: _Optional[str] = ..., overlap_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., overlap_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., kind: _Optional[str] = ..., deployment_id: _Optional[str] = ...) -> None: ...

class ListLifetimesResponse(_message.Message):
    __slots__ = ("lifetimes", "next_page_token")
    LIFETIMES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    lifetimes: _containers.RepeatedCompositeFieldContainer[Lifetime]
    next_page_token: str
    def __init__(self, lifetimes: _Optional[_Iterable[_Union[Lifetime, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListExistenceIntervalsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "span_from", "span_to", "kinds", "deployment_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SPAN_FROM_FIELD_NUMBER: _ClassVar[int]
    SPAN_TO_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    span_from: _timestamp_pb2.Timestamp
    span_to: _timestamp_pb2.Timestamp
    kinds: _containers.RepeatedScalarFieldContainer[str]
    deployment_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., span_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., span_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., kinds: _Optional[_Iterable[str]] = ..., deployment_id: _Optional[str] = ...) -> None: ...

class ListExistenceIntervalsResponse(_message.Message):
    __slots__ = ("intervals", "next_page_token")
    INTERVALS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    intervals: _containers.RepeatedCompositeFieldContainer[ExistenceInterval]
    next_page_token: str
    def __init__(self, intervals: _Optional[_Iterable[_Union[ExistenceInterval, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ExistenceInterval(_message.Message):
    __slots__ = ("resource_id", "kind", "name", "tenant_id", "deployment_id", "interval_from", "interval_to", "status", "size", "size_gb", "size_unknown_because", "fields")
    class FieldsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FROM_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_TO_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    SIZE_GB_FIELD_NUMBER: _ClassVar[int]
    SIZE_UNKNOWN_BECAUSE_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    resource_id: str
    kind: str
    name: str
    tenant_id: str
    deployment_id: str
    interval_from: _timestamp_pb2.Timestamp
    interval_to: _timestamp_pb2.Timestamp
    status: str
    size: str
    size_gb: str
    size_unknown_because: str
    fields: _containers.ScalarMap[str, str]
    def __init__(self, resource_id: _Optional[str] = ..., kind: _Optional[str] = ..., name: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., interval_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., interval_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., status: _Optional[str] = ..., size: _Optional[str] = ..., size_gb: _Optional[str] = ..., size_unknown_because: _Optional[str] = ..., fields: _Optional[_Mapping[str, str]] = ...) -> None: ...

class LookupProjectsRequest(_message.Message):
    __slots__ = ("provider", "names", "project_ids", "tenant_ids")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    PROJECT_IDS_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    provider: str
    names: _containers.RepeatedScalarFieldContainer[str]
    project_ids: _containers.RepeatedScalarFieldContainer[str]
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, provider: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ..., project_ids: _Optional[_Iterable[str]] = ..., tenant_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class LookupProjectsResponse(_message.Message):
    __slots__ = ("projects",)
    PROJECTS_FIELD_NUMBER: _ClassVar[int]
    projects: _containers.RepeatedCompositeFieldContainer[ProjectOwner]
    def __init__(self, projects: _Optional[_Iterable[_Union[ProjectOwner, _Mapping]]] = ...) -> None: ...

class ProjectOwner(_message.Message):
    __slots__ = ("project_id", "name", "classification", "tenant_id", "lived_from", "lived_to", "provider_id")
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLASSIFICATION_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    LIVED_FROM_FIELD_NUMBER: _ClassVar[int]
    LIVED_TO_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    project_id: str
    name: str
    classification: str
    tenant_id: str
    lived_from: _timestamp_pb2.Timestamp
    lived_to: _timestamp_pb2.Timestamp
    provider_id: str
    def __init__(self, project_id: _Optional[str] = ..., name: _Optional[str] = ..., classification: _Optional[str] = ..., tenant_id: _Optional[str] = ..., lived_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lived_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., provider_id: _Optional[str] = ...) -> None: ...

class GetSweepTimesRequest(_message.Message):
    __slots__ = ("kinds",)
    KINDS_FIELD_NUMBER: _ClassVar[int]
    kinds: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, kinds: _Optional[_Iterable[str]] = ...) -> None: ...

class GetSweepTimesResponse(_message.Message):
    __slots__ = ("sweep_times",)
    SWEEP_TIMES_FIELD_NUMBER: _ClassVar[int]
    sweep_times: _containers.RepeatedCompositeFieldContainer[SweepTime]
    def __init__(self, sweep_times: _Optional[_Iterable[_Union[SweepTime, _Mapping]]] = ...) -> None: ...

class SweepTime(_message.Message):
    __slots__ = ("kind", "completed_sweep_at")
    KIND_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_SWEEP_AT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    completed_sweep_at: _timestamp_pb2.Timestamp
    def __init__(self, kind: _Optional[str] = ..., completed_sweep_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
