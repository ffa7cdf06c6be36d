import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DailyUsage(_message.Message):
    __slots__ = ("id", "tenant_id", "deployment_id", "resource_kind", "day", "qty", "fact_count", "facts_hash", "metered_at", "dimensions", "aggregation")
    class DimensionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    DAY_FIELD_NUMBER: _ClassVar[int]
    QTY_FIELD_NUMBER: _ClassVar[int]
    FACT_COUNT_FIELD_NUMBER: _ClassVar[int]
    FACTS_HASH_FIELD_NUMBER: _ClassVar[int]
    METERED_AT_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    AGGREGATION_FIELD_NUMBER: _ClassVar[int]
    id: str
    tenant_id: str
    deployment_id: str
    resource_kind: str
    day: str
    qty: str
    fact_count: int
    facts_hash: str
    metered_at: _timestamp_pb2.Timestamp
    dimensions: _containers.ScalarMap[str, str]
    aggregation: str
    def __init__(self, id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., resource_kind: _Optional[str] = ..., day: _Optional[str] = ..., qty: _Optional[str] = ..., fact_count: _Optional[int] = ..., facts_hash: _Optional[str] = ..., metered_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., dimensions: _Optional[_Mapping[str, str]] = ..., aggregation: _Optional[str] = ...) -> None: ...

class UsageFact(_message.Message):
    __slots__ = ("source", "resource_id", "inventory_kind", "resource_name", "fact_from", "fact_to", "size_gb", "event_key", "qty", "event_at", "event_qty")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    INVENTORY_KIND_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    FACT_FROM_FIELD_NUMBER: _ClassVar[int]
    FACT_TO_FIELD_NUMBER: _ClassVar[int]
    SIZE_GB_FIELD_NUMBER: _ClassVar[int]
    EVENT_KEY_FIELD_NUMBER: _ClassVar[int]
    QTY_FIELD_NUMBER: _ClassVar[int]
    EVENT_AT_FIELD_NUMBER: _ClassVar[int]
    EVENT_QTY_FIELD_NUMBER: _ClassVar[int]
    source: str
    resource_id: str
    inventory_kind: str
    resource_name: str
    fact_from: _timestamp_pb2.Timestamp
    fact_to: _timestamp_pb2.Timestamp
    size_gb: str
    event_key: str
    qty: str
    event_at: _timestamp_pb2.Timestamp
    event_qty: str
    def __init__(self, source: _Optional[str] = ..., resource_id: _Optional[str] = ..., inventory_kind: _Optional[str] = ..., resource_name: _Optional[str] = ..., fact_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., fact_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., size_gb: _Optional[str] = ..., event_key: _Optional[str] = ..., qty: _Optional[str] = ..., event_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., event_qty: _Optional[str] = ...) -> None: ...

class UnmeteredResource(_message.Message):
    __slots__ = ("resource_id", "inventory_kind", "resource_name", "tenant_id", "deployment_id", "resource_kind", "first_day", "last_day", "seconds", "reason")
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    INVENTORY_KIND_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    FIRST_DAY_FIELD_NUMBER: _ClassVar[int]
    LAST_DAY_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    resource_id: str
    inventory_kind: str
    resource_name: str
    tenant_id: str
    deployment_id: str
    resource_kind: str
    first_day: str
    last_day: str
    seconds: int
    reason: str
    def __init__(self, resource_id: _Optional[str] = ..., inventory_kind: _Optional[str] = ..., resource_name: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., resource_kind: _Optional[str] = ..., first_day: _Optional[str] = ..., last_day: _Optional[str] = ..., seconds: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class UsageEvent(_message.Message):
    __slots__ = ("idempotency_key", "source", "deployment_id", "resource_kind", "qty", "occurred_at", "tenant_id", "dimensions", "unique_value")
    class DimensionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    QTY_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    UNIQUE_VALUE_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    source: str
    deployment_id: str
    resource_kind: str
    qty: str
    occurred_at: _timestamp_pb2.Timestamp
    tenant_id: str
    dimensions: _containers.ScalarMap[str, str]
    unique_value: str
    def __init__(self, idempotency_key: _Optional[str] = ..., source: _Optional[str] = ..., deployment_id: _Optional[str] = ..., resource_kind: _Optional[str] = ..., qty: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tenant_id: _Optional[str] = ..., dimensions: _Optional[_Mapping[str, str]] = ..., unique_value: _Optional[str] = ...) -> None: ...

class UsageEventKey(_message.Message):
    __slots__ = ("source", "idempotency_key")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    source: str
    idempotency_key: str
    def __init__(self, source: _Optional[str] = ..., idempotency_key: _Optional[str] = ...) -> None: ...

class VoidedUsageEvent(_message.Message):
    __slots__ = ("source", "idempotency_key", "tenant_id", "deployment_id", "resource_kind", "qty", "occurred_at", "reason", "voided_by", "voided_at", "dimensions")
    class DimensionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    QTY_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    VOIDED_BY_FIELD_NUMBER: _ClassVar[int]
    VOIDED_AT_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    source: str
    idempotency_key: str
    tenant_id: str
    deployment_id: str
    resource_kind: str
    qty: str
    occurred_at: _timestamp_pb2.Timestamp
    reason: str
    voided_by: str
    voided_at: _timestamp_pb2.Timestamp
    dimensions: _containers.ScalarMap[str, str]
    def __init__(self, source: _Optional[str] = ..., idempotency_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., resource_kind: _Optional[str] = ..., qty: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., voided_by: _Optional[str] = ..., voided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., dimensions: _Optional[_Mapping[str, str]] = ...) -> None: ...

class EventReceipt(_message.Message):
    __slots__ = ("accepted_count", "duplicate_count", "late_count", "refused", "voided_indexes")
    ACCEPTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_COUNT_FIELD_NUMBER: _ClassVar[int]
    LATE_COUNT_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    VOIDED_INDEXES_FIELD_NUMBER: _ClassVar[int]
    accepted_count: int
    duplicate_count: int
    late_count: int
    refused: _containers.RepeatedCompositeFieldContainer[RefusedEvent]
    voided_indexes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, accepted_count: _Optional[int] = ..., duplicate_count: _Optional[int] = ..., late_count: _Optional[int] = ..., refused: _Optional[_Iterable[_Union[RefusedEvent, _Mapping]]] = ..., voided_indexes: _Optional[_Iterable[int]] = ...) -> None: ...

class RefusedEvent(_message.Message):
    __slots__ = ("index", "idempotency_key", "reason", "message")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    index: int
    idempotency_key: str
    reason: str
    message: str
    def __init__(self, index: _Optional[int] = ..., idempotency_key: _Optional[str] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
