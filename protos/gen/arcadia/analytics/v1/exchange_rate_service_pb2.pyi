from arcadia.analytics.v1 import margins_pb2 as _margins_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListExchangeRatesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "from_currency", "to_currency", "in_force_on")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FROM_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TO_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_ON_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    from_currency: str
    to_currency: str
    in_force_on: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., from_currency: _Optional[str] = ..., to_currency: _Optional[str] = ..., in_force_on: _Optional[str] = ...) -> None: ...

class ListExchangeRatesResponse(_message.Message):
    __slots__ = ("exchange_rates", "next_page_token")
    EXCHANGE_RATES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    exchange_rates: _containers.RepeatedCompositeFieldContainer[_margins_pb2.ExchangeRate]
    next_page_token: str
    def __init__(self, exchange_rates: _Optional[_Iterable[_Union[_margins_pb2.ExchangeRate, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateExchangeRateRequest(_message.Message):
    __slots__ = ("from_currency", "to_currency", "rate", "effective_from", "effective_to", "source", "request_id")
    FROM_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TO_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    from_currency: str
    to_currency: str
    rate: str
    effective_from: str
    effective_to: str
    source: str
    request_id: str
    def __init__(self, from_currency: _Optional[str] = ..., to_currency: _Optional[str] = ..., rate: _Optional[str] = ..., effective_from: _Optional[str] = ..., effective_to: _Optional[str] = ..., source: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateExchangeRateResponse(_message.Message):
    __slots__ = ("exchange_rate",)
    EXCHANGE_RATE_FIELD_NUMBER: _ClassVar[int]
    exchange_rate: _margins_pb2.ExchangeRate
    def __init__(self, exchange_rate: _Optional[_Union[_margins_pb2.ExchangeRate, _Mapping]] = ...) -> None: ...

class GetRateInForceRequest(_message.Message):
    __slots__ = ("from_currency", "to_currency", "on")
    FROM_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TO_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ON_FIELD_NUMBER: _ClassVar[int]
    from_currency: str
    to_currency: str
    on: str
    def __init__(self, from_currency: _Optional[str] = ..., to_currency: _Optional[str] = ..., on: _Optional[str] = ...) -> None: ...

class GetRateInForceResponse(_message.Message):
    __slots__ = ("exchange_rate",)
    EXCHANGE_RATE_FIELD_NUMBER: _ClassVar[int]
    exchange_rate: _margins_pb2.ExchangeRate
    def __init__(self, exchange_rate: _Optional[_Union[_margins_pb2.ExchangeRate, _Mapping]] = ...) -> None: ...
