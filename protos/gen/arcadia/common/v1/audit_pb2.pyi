import datetime

from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListAuditEntriesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "service", "object", "actor", "tenant_id", "rpc", "outcome", "by_request_id", "after", "before")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    RPC_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    BY_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    service: str
    object: str
    actor: str
    tenant_id: str
    rpc: str
    outcome: str
    by_request_id: str
    after: str
    before: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., service: _Optional[str] = ..., object: _Optional[str] = ..., actor: _Optional[str] = ..., tenant_id: _Optional[str] = ..., rpc: _Optional[str] = ..., outcome: _Optional[str] = ..., by_request_id: _Optional[str] = ..., after: _Optional[str] = ..., before: _Optional[str] = ...) -> None: ...

class ListAuditEntriesResponse(_message.Message):
    __slots__ = ("entries", "next_page_token")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[AuditEntry]
    next_page_token: str
    def __init__(self, entries: _Optional[_Iterable[_Union[AuditEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class AuditEntry(_message.Message):
    __slots__ = ("id", "at", "service", "rpc", "actor", "key_id", "operator", "roles", "tenant_id", "object", "outcome", "status", "reason", "request_id", "idempotency_key", "address", "request", "changed_rows", "changes", "refusals_without_entry", "seq", "previous_hash", "hash", "content")
    ID_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    RPC_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    CHANGED_ROWS_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_WITHOUT_ENTRY_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_HASH_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    id: str
    at: _timestamp_pb2.Timestamp
    service: str
    rpc: str
    actor: str
    key_id: str
    operator: bool
    roles: _containers.RepeatedScalarFieldContainer[str]
    tenant_id: str
    object: str
    outcome: str
    status: str
    reason: str
    request_id: str
    idempotency_key: str
    address: str
    request: _struct_pb2.Struct
    changed_rows: int
    changes: _containers.RepeatedCompositeFieldContainer[AuditChange]
    refusals_without_entry: int
    seq: int
    previous_hash: str
    hash: str
    content: str
    def __init__(self, id: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., service: _Optional[str] = ..., rpc: _Optional[str] = ..., actor: _Optional[str] = ..., key_id: _Optional[str] = ..., operator: _Optional[bool] = ..., roles: _Optional[_Iterable[str]] = ..., tenant_id: _Optional[str] = ..., object: _Optional[str] = ..., outcome: _Optional[str] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ..., idempotency_key: _Optional[str] = ..., address: _Optional[str] = ..., request: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., changed_rows: _Optional[int] = ..., changes: _Optional[_Iterable[_Union[AuditChange, _Mapping]]] = ..., refusals_without_entry: _Optional[int] = ..., seq: _Optional[int] = ..., previous_hash: _Optional[str] = ..., hash: _Optional[str] = ..., content: _Optional[str] = ...) -> None: ...

class AuditChange(_message.Message):
    __slots__ = ("table", "operation", "key", "before", "after")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    table: str
    operation: str
    key: str
    before: _struct_pb2.Struct
    after: _struct_pb2.Struct
    def __init__(self, table: _Optional[str] = ..., operation: _Optional[str] = ..., key: _Optional[str] = ..., before: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., after: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class VerifyAuditLogRequest(_message.Message):
    __slots__ = ("service", "after_seq", "page_size")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQ_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    service: str
    after_seq: int
    page_size: int
    def __init__(self, service: _Optional[str] = ..., after_seq: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class VerifyAuditLogResponse(_message.Message):
    __slots__ = ("seq", "hash", "checked", "dropped", "faults", "complete")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    CHECKED_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    hash: str
    checked: int
    dropped: int
    faults: _containers.RepeatedScalarFieldContainer[str]
    complete: bool
    def __init__(self, seq: _Optional[int] = ..., hash: _Optional[str] = ..., checked: _Optional[int] = ..., dropped: _Optional[int] = ..., faults: _Optional[_Iterable[str]] = ..., complete: _Optional[bool] = ...) -> None: ...

class ReadAuditEntriesRequest(_message.Message):
    __slots__ = ("filter", "tenant_id", "position_at", "position_id")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    POSITION_AT_FIELD_NUMBER: _ClassVar[int]
    POSITION_ID_FIELD_NUMBER: _ClassVar[int]
    filter: ListAuditEntriesRequest
    tenant_id: str
    position_at: _timestamp_pb2.Timestamp
    position_id: str
    def __init__(self, filter: _Optional[_Union[ListAuditEntriesRequest, _Mapping]] = ..., tenant_id: _Optional[str] = ..., position_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., position_id: _Optional[str] = ...) -> None: ...

class ReadAuditEntriesResponse(_message.Message):
    __slots__ = ("entries", "more")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[KeptAuditEntry]
    more: bool
    def __init__(self, entries: _Optional[_Iterable[_Union[KeptAuditEntry, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...

class KeptAuditEntry(_message.Message):
    __slots__ = ("content", "seq", "previous_hash", "hash", "at", "id")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_HASH_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    content: str
    seq: int
    previous_hash: str
    hash: str
    at: _timestamp_pb2.Timestamp
    id: str
    def __init__(self, content: _Optional[str] = ..., seq: _Optional[int] = ..., previous_hash: _Optional[str] = ..., hash: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., id: _Optional[str] = ...) -> None: ...

class CheckAuditLinksRequest(_message.Message):
    __slots__ = ("after_seq", "page_size")
    AFTER_SEQ_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    after_seq: int
    page_size: int
    def __init__(self, after_seq: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class CheckAuditLinksResponse(_message.Message):
    __slots__ = ("verification",)
    VERIFICATION_FIELD_NUMBER: _ClassVar[int]
    verification: VerifyAuditLogResponse
    def __init__(self, verification: _Optional[_Union[VerifyAuditLogResponse, _Mapping]] = ...) -> None: ...
