import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Plan(_message.Message):
    __slots__ = ("id", "code", "name", "active_version", "created_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    code: str
    name: str
    active_version: PlanVersion
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., code: _Optional[str] = ..., name: _Optional[str] = ..., active_version: _Optional[_Union[PlanVersion, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PlanVersion(_message.Message):
    __slots__ = ("id", "plan_code", "version", "status", "price_cents", "currency", "items", "created_at", "published_at", "retired_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_AT_FIELD_NUMBER: _ClassVar[int]
    RETIRED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    plan_code: str
    version: int
    status: str
    price_cents: int
    currency: str
    items: _containers.RepeatedCompositeFieldContainer[PlanItem]
    created_at: _timestamp_pb2.Timestamp
    published_at: _timestamp_pb2.Timestamp
    retired_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., plan_code: _Optional[str] = ..., version: _Optional[int] = ..., status: _Optional[str] = ..., price_cents: _Optional[int] = ..., currency: _Optional[str] = ..., items: _Optional[_Iterable[_Union[PlanItem, _Mapping]]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., published_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., retired_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PlanItem(_message.Message):
    __slots__ = ("resource_kind", "included_qty", "overage_unit", "overage_price_cents", "hard_cap_qty", "pricing_model", "tiers", "package_qty", "amount_cents", "match")
    class MatchEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    INCLUDED_QTY_FIELD_NUMBER: _ClassVar[int]
    OVERAGE_UNIT_FIELD_NUMBER: _ClassVar[int]
    OVERAGE_PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    HARD_CAP_QTY_FIELD_NUMBER: _ClassVar[int]
    PRICING_MODEL_FIELD_NUMBER: _ClassVar[int]
    TIERS_FIELD_NUMBER: _ClassVar[int]
    PACKAGE_QTY_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_CENTS_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    resource_kind: str
    included_qty: str
    overage_unit: str
    overage_price_cents: str
    hard_cap_qty: str
    pricing_model: str
    tiers: _containers.RepeatedCompositeFieldContainer[PriceTier]
    package_qty: str
    amount_cents: int
    match: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, resource_kind: _Optional[str] = ..., included_qty: _Optional[str] = ..., overage_unit: _Optional[str] = ..., overage_price_cents: _Optional[str] = ..., hard_cap_qty: _Optional[str] = ..., pricing_model: _Optional[str] = ..., tiers: _Optional[_Iterable[_Union[PriceTier, _Mapping]]] = ..., package_qty: _Optional[str] = ..., amount_cents: _Optional[int] = ..., match: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class PriceTier(_message.Message):
    __slots__ = ("up_to_qty", "unit_price_cents")
    UP_TO_QTY_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    up_to_qty: str
    unit_price_cents: str
    def __init__(self, up_to_qty: _Optional[str] = ..., unit_price_cents: _Optional[str] = ...) -> None: ...

class Addon(_message.Message):
    __slots__ = ("id", "code", "resource_kind", "qty", "price_cents", "currency", "created_at", "updated_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    QTY_FIELD_NUMBER: _ClassVar[int]
    PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    code: str
    resource_kind: str
    qty: str
    price_cents: int
    currency: str
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., code: _Optional[str] = ..., resource_kind: _Optional[str] = ..., qty: _Optional[str] = ..., price_cents: _Optional[int] = ..., currency: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ResourcePrice(_message.Message):
    __slots__ = ("id", "resource_kind", "unit", "unit_price_cents", "currency", "effective_from", "effective_to", "match")
    class MatchEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    id: str
    resource_kind: str
    unit: str
    unit_price_cents: str
    currency: str
    effective_from: str
    effective_to: str
    match: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, id: _Optional[str] = ..., resource_kind: _Optional[str] = ..., unit: _Optional[str] = ..., unit_price_cents: _Optional[str] = ..., currency: _Optional[str] = ..., effective_from: _Optional[str] = ..., effective_to: _Optional[str] = ..., match: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...
