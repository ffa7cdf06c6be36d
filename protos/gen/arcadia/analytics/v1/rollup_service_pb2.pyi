from arcadia.analytics.v1 import rollups_pb2 as _rollups_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from arcadia.common.v1 import limits_pb2 as _limits_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StartRollupRequest(_message.Message):
    __slots__ = ("period", "force", "request_id", "without_bill")
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_BILL_FIELD_NUMBER: _ClassVar[int]
    period: str
    force: bool
    request_id: str
    without_bill: bool
    def __init__(self, period: _Optional[str] = ..., force: _Optional[bool] = ..., request_id: _Optional[str] = ..., without_bill: _Optional[bool] = ...) -> None: ...

class StartRollupResponse(_message.Message):
    __slots__ = ("rollup",)
    ROLLUP_FIELD_NUMBER: _ClassVar[int]
    rollup: _rollups_pb2.Rollup
    def __init__(self, rollup: _Optional[_Union[_rollups_pb2.Rollup, _Mapping]] = ...) -> None: ...

class ListRollupsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "period", "status")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    period: str
    status: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., period: _Optional[str] = ..., status: _Optional[str] = ...) -> None: ...

class ListRollupsResponse(_message.Message):
    __slots__ = ("rollups", "next_page_token")
    ROLLUPS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rollups: _containers.RepeatedCompositeFieldContainer[_rollups_pb2.Rollup]
    next_page_token: str
    def __init__(self, rollups: _Optional[_Iterable[_Union[_rollups_pb2.Rollup, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetRollupRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetRollupResponse(_message.Message):
    __slots__ = ("rollup",)
    ROLLUP_FIELD_NUMBER: _ClassVar[int]
    rollup: _rollups_pb2.Rollup
    def __init__(self, rollup: _Optional[_Union[_rollups_pb2.Rollup, _Mapping]] = ...) -> None: ...

class ListRollupFailuresRequest(_message.Message):
    __slots__ = ("rollup_id", "page_size", "page_token")
    ROLLUP_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rollup_id: str
    page_size: int
    page_token: str
    def __init__(self, rollup_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRollupFailuresResponse(_message.Message):
    __slots__ = ("failures", "next_page_token")
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    failures: _containers.RepeatedCompositeFieldContainer[_rollups_pb2.RollupFailure]
    next_page_token: str
    def __init__(self, failures: _Optional[_Iterable[_Union[_rollups_pb2.RollupFailure, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ApproveRollupRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ApproveRollupResponse(_message.Message):
    __slots__ = ("rollup",)
    ROLLUP_FIELD_NUMBER: _ClassVar[int]
    rollup: _rollups_pb2.Rollup
    def __init__(self, rollup: _Optional[_Union[_rollups_pb2.Rollup, _Mapping]] = ...) -> None: ...

class UndoRollupRequest(_message.Message):
    __slots__ = ("id", "reason", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    reason: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class UndoRollupResponse(_message.Message):
    __slots__ = ("rollup",)
    ROLLUP_FIELD_NUMBER: _ClassVar[int]
    rollup: _rollups_pb2.Rollup
    def __init__(self, rollup: _Optional[_Union[_rollups_pb2.Rollup, _Mapping]] = ...) -> None: ...

class RetryRollupRequest(_message.Message):
    __slots__ = ("id", "tenant_ids", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    request_id: str
    def __init__(self, id: _Optional[str] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class RetryRollupResponse(_message.Message):
    __slots__ = ("rollup",)
    ROLLUP_FIELD_NUMBER: _ClassVar[int]
    rollup: _rollups_pb2.Rollup
    def __init__(self, rollup: _Optional[_Union[_rollups_pb2.Rollup, _Mapping]] = ...) -> None: ...
