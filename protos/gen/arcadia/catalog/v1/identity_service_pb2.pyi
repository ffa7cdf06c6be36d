import datetime

from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResolveApiKeyRequest(_message.Message):
    __slots__ = ("id", "secret_hash")
    ID_FIELD_NUMBER: _ClassVar[int]
    SECRET_HASH_FIELD_NUMBER: _ClassVar[int]
    id: str
    secret_hash: bytes
    def __init__(self, id: _Optional[str] = ..., secret_hash: _Optional[bytes] = ...) -> None: ...

class ResolveApiKeyResponse(_message.Message):
    __slots__ = ("holder", "former_holder")
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    FORMER_HOLDER_FIELD_NUMBER: _ClassVar[int]
    holder: KeyHolder
    former_holder: KeyHolder
    def __init__(self, holder: _Optional[_Union[KeyHolder, _Mapping]] = ..., former_holder: _Optional[_Union[KeyHolder, _Mapping]] = ...) -> None: ...

class KeyHolder(_message.Message):
    __slots__ = ("tenant_id", "roles", "may_create_keys", "ends_at")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    MAY_CREATE_KEYS_FIELD_NUMBER: _ClassVar[int]
    ENDS_AT_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    roles: _containers.RepeatedScalarFieldContainer[str]
    may_create_keys: bool
    ends_at: _timestamp_pb2.Timestamp
    def __init__(self, tenant_id: _Optional[str] = ..., roles: _Optional[_Iterable[str]] = ..., may_create_keys: _Optional[bool] = ..., ends_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetLiveRevocationsRequest(_message.Message):
    __slots__ = ("known_version", "page_token", "page_size")
    KNOWN_VERSION_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    known_version: str
    page_token: str
    page_size: int
    def __init__(self, known_version: _Optional[str] = ..., page_token: _Optional[str] = ..., page_size: _Optional[int] = ...) -> None: ...

class GetLiveRevocationsResponse(_message.Message):
    __slots__ = ("version", "revocations", "next_page_token")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REVOCATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    version: str
    revocations: _containers.RepeatedCompositeFieldContainer[LiveRevocation]
    next_page_token: str
    def __init__(self, version: _Optional[str] = ..., revocations: _Optional[_Iterable[_Union[LiveRevocation, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class LiveRevocation(_message.Message):
    __slots__ = ("tenant_id", "subject", "token_id", "revoked_at")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    REVOKED_AT_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    subject: str
    token_id: str
    revoked_at: _timestamp_pb2.Timestamp
    def __init__(self, tenant_id: _Optional[str] = ..., subject: _Optional[str] = ..., token_id: _Optional[str] = ..., revoked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
