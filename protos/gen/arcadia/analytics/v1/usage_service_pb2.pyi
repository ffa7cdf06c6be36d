from arcadia.analytics.v1 import usage_pb2 as _usage_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from arcadia.common.v1 import limits_pb2 as _limits_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListDailyUsageRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "deployment_id", "resource_kind", "from_day", "to_day", "dimensions")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    FROM_DAY_FIELD_NUMBER: _ClassVar[int]
    TO_DAY_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    deployment_id: str
    resource_kind: str
    from_day: str
    to_day: str
    dimensions: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., resource_kind: _Optional[str] = ..., from_day: _Optional[str] = ..., to_day: _Optional[str] = ..., dimensions: _Optional[str] = ...) -> None: ...

class ListDailyUsageResponse(_message.Message):
    __slots__ = ("daily_usage", "next_page_token")
    DAILY_USAGE_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    daily_usage: _containers.RepeatedCompositeFieldContainer[_usage_pb2.DailyUsage]
    next_page_token: str
    def __init__(self, daily_usage: _Optional[_Iterable[_Union[_usage_pb2.DailyUsage, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListUsageFactsRequest(_message.Message):
    __slots__ = ("usage_id", "page_size", "page_token")
    USAGE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    usage_id: str
    page_size: int
    page_token: str
    def __init__(self, usage_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListUsageFactsResponse(_message.Message):
    __slots__ = ("facts", "next_page_token")
    FACTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    facts: _containers.RepeatedCompositeFieldContainer[_usage_pb2.UsageFact]
    next_page_token: str
    def __init__(self, facts: _Optional[_Iterable[_Union[_usage_pb2.UsageFact, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListUnmeteredResourcesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "deployment_id", "resource_kind", "from_day", "to_day")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    FROM_DAY_FIELD_NUMBER: _ClassVar[int]
    TO_DAY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    deployment_id: str
    resource_kind: str
    from_day: str
    to_day: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., resource_kind: _Optional[str] = ..., from_day: _Optional[str] = ..., to_day: _Optional[str] = ...) -> None: ...

class ListUnmeteredResourcesResponse(_message.Message):
    __slots__ = ("resources", "next_page_token")
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[_usage_pb2.UnmeteredResource]
    next_page_token: str
    def __init__(self, resources: _Optional[_Iterable[_Union[_usage_pb2.UnmeteredResource, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SendUsageEventsRequest(_message.Message):
    __slots__ = ("events", "request_id")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_usage_pb2.UsageEvent]
    request_id: str
    def __init__(self, events: _Optional[_Iterable[_Union[_usage_pb2.UsageEvent, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class SendUsageEventsResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _usage_pb2.EventReceipt
    def __init__(self, receipt: _Optional[_Union[_usage_pb2.EventReceipt, _Mapping]] = ...) -> None: ...

class VoidUsageEventsRequest(_message.Message):
    __slots__ = ("events", "reason", "request_id")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_usage_pb2.UsageEventKey]
    reason: str
    request_id: str
    def __init__(self, events: _Optional[_Iterable[_Union[_usage_pb2.UsageEventKey, _Mapping]]] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class VoidUsageEventsResponse(_message.Message):
    __slots__ = ("voided", "voided_before", "refused")
    VOIDED_FIELD_NUMBER: _ClassVar[int]
    VOIDED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    voided: _containers.RepeatedCompositeFieldContainer[_usage_pb2.VoidedUsageEvent]
    voided_before: _containers.RepeatedCompositeFieldContainer[_usage_pb2.VoidedUsageEvent]
    refused: _containers.RepeatedCompositeFieldContainer[_usage_pb2.RefusedEvent]
    def __init__(self, voided: _Optional[_Iterable[_Union[_usage_pb2.VoidedUsageEvent, _Mapping]]] = ..., voided_before: _Optional[_Iterable[_Union[_usage_pb2.VoidedUsageEvent, _Mapping]]] = ..., refused: _Optional[_Iterable[_Union[_usage_pb2.RefusedEvent, _Mapping]]] = ...) -> None: ...

class ListVoidedUsageEventsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "deployment_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    deployment_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ...) -> None: ...

class ListVoidedUsageEventsResponse(_message.Message):
    __slots__ = ("voided_events", "next_page_token")
    VOIDED_EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    voided_events: _containers.RepeatedCompositeFieldContainer[_usage_pb2.VoidedUsageEvent]
    next_page_token: str
    def __init__(self, voided_events: _Optional[_Iterable[_Union[_usage_pb2.VoidedUsageEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
