from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class AttributeCostsRequest(_message.Message):
    __slots__ = ("period", "pass_key", "page_size", "page_token")
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    PASS_KEY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    period: str
    pass_key: str
    page_size: int
    page_token: str
    def __init__(self, period: _Optional[str] = ..., pass_key: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class AttributeCostsResponse(_message.Message):
    __slots__ = ("tenant_count", "internal_count", "unattributed_count", "shared_count", "next_page_token")
    TENANT_COUNT_FIELD_NUMBER: _ClassVar[int]
    INTERNAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNATTRIBUTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    SHARED_COUNT_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenant_count: int
    internal_count: int
    unattributed_count: int
    shared_count: int
    next_page_token: str
    def __init__(self, tenant_count: _Optional[int] = ..., internal_count: _Optional[int] = ..., unattributed_count: _Optional[int] = ..., shared_count: _Optional[int] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class AttributeDailyCostsRequest(_message.Message):
    __slots__ = ("from_day", "to_day", "pass_key", "page_size", "page_token")
    FROM_DAY_FIELD_NUMBER: _ClassVar[int]
    TO_DAY_FIELD_NUMBER: _ClassVar[int]
    PASS_KEY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    from_day: str
    to_day: str
    pass_key: str
    page_size: int
    page_token: str
    def __init__(self, from_day: _Optional[str] = ..., to_day: _Optional[str] = ..., pass_key: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class AttributeDailyCostsResponse(_message.Message):
    __slots__ = ("tenant_count", "internal_count", "unattributed_count", "shared_count", "next_page_token")
    TENANT_COUNT_FIELD_NUMBER: _ClassVar[int]
    INTERNAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNATTRIBUTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    SHARED_COUNT_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenant_count: int
    internal_count: int
    unattributed_count: int
    shared_count: int
    next_page_token: str
    def __init__(self, tenant_count: _Optional[int] = ..., internal_count: _Optional[int] = ..., unattributed_count: _Optional[int] = ..., shared_count: _Optional[int] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RefreshAccrualRequest(_message.Message):
    __slots__ = ("period", "pass_key", "page_size", "page_token")
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    PASS_KEY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    period: str
    pass_key: str
    page_size: int
    page_token: str
    def __init__(self, period: _Optional[str] = ..., pass_key: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class RefreshAccrualResponse(_message.Message):
    __slots__ = ("priced_count", "failed_count", "next_page_token")
    PRICED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    priced_count: int
    failed_count: int
    next_page_token: str
    def __init__(self, priced_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetUnsettledMonthsRequest(_message.Message):
    __slots__ = ("before",)
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    before: str
    def __init__(self, before: _Optional[str] = ...) -> None: ...

class GetUnsettledMonthsResponse(_message.Message):
    __slots__ = ("periods",)
    PERIODS_FIELD_NUMBER: _ClassVar[int]
    periods: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, periods: _Optional[_Iterable[str]] = ...) -> None: ...

class RefreshMarginRequest(_message.Message):
    __slots__ = ("period",)
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    period: str
    def __init__(self, period: _Optional[str] = ...) -> None: ...

class RefreshMarginResponse(_message.Message):
    __slots__ = ("tenant_count", "deployment_count")
    TENANT_COUNT_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    tenant_count: int
    deployment_count: int
    def __init__(self, tenant_count: _Optional[int] = ..., deployment_count: _Optional[int] = ...) -> None: ...
