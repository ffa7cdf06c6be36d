import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MarginShare(_message.Message):
    __slots__ = ("tenant_id", "deployment_id", "attribution", "revenue_cents", "cogs_cents", "margin_cents", "margin_percent")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    REVENUE_CENTS_FIELD_NUMBER: _ClassVar[int]
    COGS_CENTS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_CENTS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_PERCENT_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    deployment_id: str
    attribution: str
    revenue_cents: int
    cogs_cents: int
    margin_cents: int
    margin_percent: str
    def __init__(self, tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., attribution: _Optional[str] = ..., revenue_cents: _Optional[int] = ..., cogs_cents: _Optional[int] = ..., margin_cents: _Optional[int] = ..., margin_percent: _Optional[str] = ...) -> None: ...

class KindBreakdown(_message.Message):
    __slots__ = ("revenue", "cogs")
    REVENUE_FIELD_NUMBER: _ClassVar[int]
    COGS_FIELD_NUMBER: _ClassVar[int]
    revenue: _containers.RepeatedCompositeFieldContainer[KindAmount]
    cogs: _containers.RepeatedCompositeFieldContainer[KindAmount]
    def __init__(self, revenue: _Optional[_Iterable[_Union[KindAmount, _Mapping]]] = ..., cogs: _Optional[_Iterable[_Union[KindAmount, _Mapping]]] = ...) -> None: ...

class KindAmount(_message.Message):
    __slots__ = ("kind", "amount_cents")
    KIND_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_CENTS_FIELD_NUMBER: _ClassVar[int]
    kind: str
    amount_cents: int
    def __init__(self, kind: _Optional[str] = ..., amount_cents: _Optional[int] = ...) -> None: ...

class SharedCostSplit(_message.Message):
    __slots__ = ("kind", "amount_usd", "split_key", "remark", "unkeyed_owner_count")
    KIND_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    SPLIT_KEY_FIELD_NUMBER: _ClassVar[int]
    REMARK_FIELD_NUMBER: _ClassVar[int]
    UNKEYED_OWNER_COUNT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    amount_usd: str
    split_key: str
    remark: str
    unkeyed_owner_count: int
    def __init__(self, kind: _Optional[str] = ..., amount_usd: _Optional[str] = ..., split_key: _Optional[str] = ..., remark: _Optional[str] = ..., unkeyed_owner_count: _Optional[int] = ...) -> None: ...

class Conversion(_message.Message):
    __slots__ = ("reporting_currency", "exchange_rates", "parity_assumed")
    REPORTING_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_RATES_FIELD_NUMBER: _ClassVar[int]
    PARITY_ASSUMED_FIELD_NUMBER: _ClassVar[int]
    reporting_currency: str
    exchange_rates: _containers.RepeatedCompositeFieldContainer[ExchangeRate]
    parity_assumed: bool
    def __init__(self, reporting_currency: _Optional[str] = ..., exchange_rates: _Optional[_Iterable[_Union[ExchangeRate, _Mapping]]] = ..., parity_assumed: _Optional[bool] = ...) -> None: ...

class ExchangeRate(_message.Message):
    __slots__ = ("id", "from_currency", "to_currency", "rate", "effective_from", "effective_to", "source", "created_by", "created_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    FROM_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TO_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    from_currency: str
    to_currency: str
    rate: str
    effective_from: str
    effective_to: str
    source: str
    created_by: str
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., from_currency: _Optional[str] = ..., to_currency: _Optional[str] = ..., rate: _Optional[str] = ..., effective_from: _Optional[str] = ..., effective_to: _Optional[str] = ..., source: _Optional[str] = ..., created_by: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
