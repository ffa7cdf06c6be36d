from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListUnbilledUsageRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "period", "tenant_id", "deployment_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    period: str
    tenant_id: str
    deployment_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., period: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ...) -> None: ...

class ListUnbilledUsageResponse(_message.Message):
    __slots__ = ("unbilled_usage", "next_page_token")
    UNBILLED_USAGE_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    unbilled_usage: _containers.RepeatedCompositeFieldContainer[UnbilledUsage]
    next_page_token: str
    def __init__(self, unbilled_usage: _Optional[_Iterable[_Union[UnbilledUsage, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UnbilledUsage(_message.Message):
    __slots__ = ("tenant_id", "deployment_id", "resource_kind", "day", "qty", "value_cents", "currency", "dimensions", "reason")
    class DimensionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    DAY_FIELD_NUMBER: _ClassVar[int]
    QTY_FIELD_NUMBER: _ClassVar[int]
    VALUE_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    deployment_id: str
    resource_kind: str
    day: str
    qty: str
    value_cents: str
    currency: str
    dimensions: _containers.ScalarMap[str, str]
    reason: str
    def __init__(self, tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., resource_kind: _Optional[str] = ..., day: _Optional[str] = ..., qty: _Optional[str] = ..., value_cents: _Optional[str] = ..., currency: _Optional[str] = ..., dimensions: _Optional[_Mapping[str, str]] = ..., reason: _Optional[str] = ...) -> None: ...
