import datetime

from arcadia.billing.v1 import balances_pb2 as _balances_pb2
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

class GetBalanceRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetBalanceResponse(_message.Message):
    __slots__ = ("balance",)
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    balance: _balances_pb2.BalanceSnapshot
    def __init__(self, balance: _Optional[_Union[_balances_pb2.BalanceSnapshot, _Mapping]] = ...) -> None: ...

class ListBalancesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "from_day", "to_day")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FROM_DAY_FIELD_NUMBER: _ClassVar[int]
    TO_DAY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    from_day: str
    to_day: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., from_day: _Optional[str] = ..., to_day: _Optional[str] = ...) -> None: ...

class ListBalancesResponse(_message.Message):
    __slots__ = ("balances", "next_page_token")
    BALANCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    balances: _containers.RepeatedCompositeFieldContainer[_balances_pb2.BalanceSnapshot]
    next_page_token: str
    def __init__(self, balances: _Optional[_Iterable[_Union[_balances_pb2.BalanceSnapshot, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RecordBalanceRequest(_message.Message):
    __slots__ = ("month_to_date_balance", "account_balance", "month_to_date_usage", "generated_at", "key")
    MONTH_TO_DATE_BALANCE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_BALANCE_FIELD_NUMBER: _ClassVar[int]
    MONTH_TO_DATE_USAGE_FIELD_NUMBER: _ClassVar[int]
    GENERATED_AT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    month_to_date_balance: str
    account_balance: str
    month_to_date_usage: str
    generated_at: _timestamp_pb2.Timestamp
    key: str
    def __init__(self, month_to_date_balance: _Optional[str] = ..., account_balance: _Optional[str] = ..., month_to_date_usage: _Optional[str] = ..., generated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., key: _Optional[str] = ...) -> None: ...

class RecordBalanceResponse(_message.Message):
    __slots__ = ("balance",)
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    balance: _balances_pb2.BalanceSnapshot
    def __init__(self, balance: _Optional[_Union[_balances_pb2.BalanceSnapshot, _Mapping]] = ...) -> None: ...
