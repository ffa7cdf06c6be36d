import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BalanceSnapshot(_message.Message):
    __slots__ = ("id", "month_to_date_balance", "account_balance", "month_to_date_usage", "generated_at", "taken_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    MONTH_TO_DATE_BALANCE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_BALANCE_FIELD_NUMBER: _ClassVar[int]
    MONTH_TO_DATE_USAGE_FIELD_NUMBER: _ClassVar[int]
    GENERATED_AT_FIELD_NUMBER: _ClassVar[int]
    TAKEN_AT_FIELD_NUMBER: _ClassVar[int]
    id: int
    month_to_date_balance: str
    account_balance: str
    month_to_date_usage: str
    generated_at: _timestamp_pb2.Timestamp
    taken_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[int] = ..., month_to_date_balance: _Optional[str] = ..., account_balance: _Optional[str] = ..., month_to_date_usage: _Optional[str] = ..., generated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., taken_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
