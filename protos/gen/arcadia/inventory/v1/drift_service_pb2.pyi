import datetime

from arcadia.common.v1 import access_pb2 as _access_pb2
from arcadia.common.v1 import limits_pb2 as _limits_pb2
from arcadia.inventory.v1 import drift_pb2 as _drift_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListDriftsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "status", "kind", "resource_id", "tenant_id", "deployment_id", "field", "muted")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    MUTED_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    status: str
    kind: str
    resource_id: str
    tenant_id: str
    deployment_id: str
    field: str
    muted: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., status: _Optional[str] = ..., kind: _Optional[str] = ..., resource_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., field: _Optional[str] = ..., muted: _Optional[str] = ...) -> None: ...

class ListDriftsResponse(_message.Message):
    __slots__ = ("drifts", "next_page_token")
    DRIFTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    drifts: _containers.RepeatedCompositeFieldContainer[_drift_pb2.Drift]
    next_page_token: str
    def __init__(self, drifts: _Optional[_Iterable[_Union[_drift_pb2.Drift, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetDriftRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetDriftResponse(_message.Message):
    __slots__ = ("drift",)
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    drift: _drift_pb2.Drift
    def __init__(self, drift: _Optional[_Union[_drift_pb2.Drift, _Mapping]] = ...) -> None: ...

class AcceptDriftRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class AcceptDriftResponse(_message.Message):
    __slots__ = ("drift", "spec")
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    drift: _drift_pb2.Drift
    spec: _drift_pb2.Spec
    def __init__(self, drift: _Optional[_Union[_drift_pb2.Drift, _Mapping]] = ..., spec: _Optional[_Union[_drift_pb2.Spec, _Mapping]] = ...) -> None: ...

class RevertDriftRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RevertDriftResponse(_message.Message):
    __slots__ = ("drift",)
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    drift: _drift_pb2.Drift
    def __init__(self, drift: _Optional[_Union[_drift_pb2.Drift, _Mapping]] = ...) -> None: ...

class ListIgnoreRulesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "kind", "include_expired")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_EXPIRED_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    kind: str
    include_expired: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., kind: _Optional[str] = ..., include_expired: _Optional[bool] = ...) -> None: ...

class ListIgnoreRulesResponse(_message.Message):
    __slots__ = ("ignore_rules", "next_page_token")
    IGNORE_RULES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ignore_rules: _containers.RepeatedCompositeFieldContainer[_drift_pb2.IgnoreRule]
    next_page_token: str
    def __init__(self, ignore_rules: _Optional[_Iterable[_Union[_drift_pb2.IgnoreRule, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateIgnoreRuleRequest(_message.Message):
    __slots__ = ("kind", "field", "tenant_id", "resource_id", "expires_at", "reason", "request_id")
    KIND_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    kind: str
    field: str
    tenant_id: str
    resource_id: str
    expires_at: _timestamp_pb2.Timestamp
    reason: str
    request_id: str
    def __init__(self, kind: _Optional[str] = ..., field: _Optional[str] = ..., tenant_id: _Optional[str] = ..., resource_id: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateIgnoreRuleResponse(_message.Message):
    __slots__ = ("ignore_rule",)
    IGNORE_RULE_FIELD_NUMBER: _ClassVar[int]
    ignore_rule: _drift_pb2.IgnoreRule
    def __init__(self, ignore_rule: _Optional[_Union[_drift_pb2.IgnoreRule, _Mapping]] = ...) -> None: ...

class DeleteIgnoreRuleRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteIgnoreRuleResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetSpecRequest(_message.Message):
    __slots__ = ("resource_id",)
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    resource_id: str
    def __init__(self, resource_id: _Optional[str] = ...) -> None: ...

class GetSpecResponse(_message.Message):
    __slots__ = ("spec",)
    SPEC_FIELD_NUMBER: _ClassVar[int]
    spec: _drift_pb2.Spec
    def __init__(self, spec: _Optional[_Union[_drift_pb2.Spec, _Mapping]] = ...) -> None: ...

class RecordSpecRequest(_message.Message):
    __slots__ = ("resource_id", "spec", "from_live", "request_id")
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    FROM_LIVE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    resource_id: str
    spec: _struct_pb2.Struct
    from_live: bool
    request_id: str
    def __init__(self, resource_id: _Optional[str] = ..., spec: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., from_live: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class RecordSpecResponse(_message.Message):
    __slots__ = ("spec",)
    SPEC_FIELD_NUMBER: _ClassVar[int]
    spec: _drift_pb2.Spec
    def __init__(self, spec: _Optional[_Union[_drift_pb2.Spec, _Mapping]] = ...) -> None: ...
