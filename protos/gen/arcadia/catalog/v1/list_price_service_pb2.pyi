import datetime

from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListPrice(_message.Message):
    __slots__ = ("id", "provider", "meter", "dimensions", "usd", "per_qty", "source", "effective_from", "effective_to")
    class DimensionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    METER_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    USD_FIELD_NUMBER: _ClassVar[int]
    PER_QTY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_FIELD_NUMBER: _ClassVar[int]
    id: str
    provider: str
    meter: str
    dimensions: _containers.ScalarMap[str, str]
    usd: str
    per_qty: str
    source: str
    effective_from: str
    effective_to: str
    def __init__(self, id: _Optional[str] = ..., provider: _Optional[str] = ..., meter: _Optional[str] = ..., dimensions: _Optional[_Mapping[str, str]] = ..., usd: _Optional[str] = ..., per_qty: _Optional[str] = ..., source: _Optional[str] = ..., effective_from: _Optional[str] = ..., effective_to: _Optional[str] = ...) -> None: ...

class ListPriceChange(_message.Message):
    __slots__ = ("id", "before", "after", "effective_on", "changed_by", "changed_at", "margin_effects")
    ID_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_ON_FIELD_NUMBER: _ClassVar[int]
    CHANGED_BY_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_FIELD_NUMBER: _ClassVar[int]
    MARGIN_EFFECTS_FIELD_NUMBER: _ClassVar[int]
    id: str
    before: ListPrice
    after: ListPrice
    effective_on: str
    changed_by: str
    changed_at: _timestamp_pb2.Timestamp
    margin_effects: _containers.RepeatedCompositeFieldContainer[MarginEffect]
    def __init__(self, id: _Optional[str] = ..., before: _Optional[_Union[ListPrice, _Mapping]] = ..., after: _Optional[_Union[ListPrice, _Mapping]] = ..., effective_on: _Optional[str] = ..., changed_by: _Optional[str] = ..., changed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., margin_effects: _Optional[_Iterable[_Union[MarginEffect, _Mapping]]] = ...) -> None: ...

class MarginEffect(_message.Message):
    __slots__ = ("kind", "name", "unit_price_cents", "currency", "unit", "margin_percent_before", "margin_percent_after", "exchange_rate", "parity_assumed")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    MARGIN_PERCENT_BEFORE_FIELD_NUMBER: _ClassVar[int]
    MARGIN_PERCENT_AFTER_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_RATE_FIELD_NUMBER: _ClassVar[int]
    PARITY_ASSUMED_FIELD_NUMBER: _ClassVar[int]
    kind: str
    name: str
    unit_price_cents: str
    currency: str
    unit: str
    margin_percent_before: str
    margin_percent_after: str
    exchange_rate: str
    parity_assumed: bool
    def __init__(self, kind: _Optional[str] = ..., name: _Optional[str] = ..., unit_price_cents: _Optional[str] = ..., currency: _Optional[str] = ..., unit: _Optional[str] = ..., margin_percent_before: _Optional[str] = ..., margin_percent_after: _Optional[str] = ..., exchange_rate: _Optional[str] = ..., parity_assumed: _Optional[bool] = ...) -> None: ...

class ListListPricesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "provider", "meter", "in_force_on")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    METER_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_ON_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    provider: str
    meter: str
    in_force_on: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., provider: _Optional[str] = ..., meter: _Optional[str] = ..., in_force_on: _Optional[str] = ...) -> None: ...

class ListListPricesResponse(_message.Message):
    __slots__ = ("list_prices", "next_page_token")
    LIST_PRICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    list_prices: _containers.RepeatedCompositeFieldContainer[ListPrice]
    next_page_token: str
    def __init__(self, list_prices: _Optional[_Iterable[_Union[ListPrice, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListListPriceChangesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "meter")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    METER_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    meter: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., meter: _Optional[str] = ...) -> None: ...

class ListListPriceChangesResponse(_message.Message):
    __slots__ = ("list_price_changes", "next_page_token")
    LIST_PRICE_CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    list_price_changes: _containers.RepeatedCompositeFieldContainer[ListPriceChange]
    next_page_token: str
    def __init__(self, list_price_changes: _Optional[_Iterable[_Union[ListPriceChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RecordListPricesRequest(_message.Message):
    __slots__ = ("provider", "on", "prices", "recorded_by")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    ON_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    RECORDED_BY_FIELD_NUMBER: _ClassVar[int]
    provider: str
    on: str
    prices: _containers.RepeatedCompositeFieldContainer[ListedPrice]
    recorded_by: str
    def __init__(self, provider: _Optional[str] = ..., on: _Optional[str] = ..., prices: _Optional[_Iterable[_Union[ListedPrice, _Mapping]]] = ..., recorded_by: _Optional[str] = ...) -> None: ...

class ListedPrice(_message.Message):
    __slots__ = ("meter", "dimensions", "usd", "per_qty")
    class DimensionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    METER_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    USD_FIELD_NUMBER: _ClassVar[int]
    PER_QTY_FIELD_NUMBER: _ClassVar[int]
    meter: str
    dimensions: _containers.ScalarMap[str, str]
    usd: str
    per_qty: str
    def __init__(self, meter: _Optional[str] = ..., dimensions: _Optional[_Mapping[str, str]] = ..., usd: _Optional[str] = ..., per_qty: _Optional[str] = ...) -> None: ...

class RecordListPricesResponse(_message.Message):
    __slots__ = ("added_count", "changed_count", "unchanged_count")
    ADDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    CHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    added_count: int
    changed_count: int
    unchanged_count: int
    def __init__(self, added_count: _Optional[int] = ..., changed_count: _Optional[int] = ..., unchanged_count: _Optional[int] = ...) -> None: ...
