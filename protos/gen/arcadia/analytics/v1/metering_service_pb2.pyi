from arcadia.analytics.v1 import usage_pb2 as _usage_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MeterDayRequest(_message.Message):
    __slots__ = ("day", "pass_key", "page_size", "page_token")
    DAY_FIELD_NUMBER: _ClassVar[int]
    PASS_KEY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    day: str
    pass_key: str
    page_size: int
    page_token: str
    def __init__(self, day: _Optional[str] = ..., pass_key: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class MeterDayResponse(_message.Message):
    __slots__ = ("interval_count", "unmetered_count", "usage_count", "next_page_token")
    INTERVAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNMETERED_COUNT_FIELD_NUMBER: _ClassVar[int]
    USAGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    interval_count: int
    unmetered_count: int
    usage_count: int
    next_page_token: str
    def __init__(self, interval_count: _Optional[int] = ..., unmetered_count: _Optional[int] = ..., usage_count: _Optional[int] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RecordUsageEventsRequest(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_usage_pb2.UsageEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[_usage_pb2.UsageEvent, _Mapping]]] = ...) -> None: ...

class RecordUsageEventsResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _usage_pb2.EventReceipt
    def __init__(self, receipt: _Optional[_Union[_usage_pb2.EventReceipt, _Mapping]] = ...) -> None: ...

class CloseMeteringRequest(_message.Message):
    __slots__ = ("period",)
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    period: str
    def __init__(self, period: _Optional[str] = ...) -> None: ...

class CloseMeteringResponse(_message.Message):
    __slots__ = ("usage_count",)
    USAGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    usage_count: int
    def __init__(self, usage_count: _Optional[int] = ...) -> None: ...

class ReopenMeteringRequest(_message.Message):
    __slots__ = ("period",)
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    period: str
    def __init__(self, period: _Optional[str] = ...) -> None: ...

class ReopenMeteringResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
