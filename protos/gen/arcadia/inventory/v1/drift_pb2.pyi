import datetime

from arcadia.common.v1 import runs_pb2 as _runs_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Drift(_message.Message):
    __slots__ = ("id", "resource_id", "resource_kind", "provider_id", "resource_name", "tenant_id", "deployment_id", "field", "expected", "spec_version", "actual", "status", "detected_at", "last_seen_at", "resolved_at", "resolved_by", "muted_by_rule_id", "cost", "cause", "revert_run")
    ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    SPEC_VERSION_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DETECTED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_AT_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_AT_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_BY_FIELD_NUMBER: _ClassVar[int]
    MUTED_BY_RULE_ID_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    REVERT_RUN_FIELD_NUMBER: _ClassVar[int]
    id: str
    resource_id: str
    resource_kind: str
    provider_id: str
    resource_name: str
    tenant_id: str
    deployment_id: str
    field: str
    expected: _struct_pb2.Value
    spec_version: int
    actual: _struct_pb2.Value
    status: str
    detected_at: _timestamp_pb2.Timestamp
    last_seen_at: _timestamp_pb2.Timestamp
    resolved_at: _timestamp_pb2.Timestamp
    resolved_by: str
    muted_by_rule_id: str
    cost: DriftCost
    cause: DriftCause
    revert_run: _runs_pb2.Run
    def __init__(self, id: _Optional[str] = ..., resource_id: _Optional[str] = ..., resource_kind: _Optional[str] = ..., provider_id: _Optional[str] = ..., resource_name: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., field: _Optional[str] = ..., expected: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., spec_version: _Optional[int] = ..., actual: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., status: _Optional[str] = ..., detected_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_seen_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resolved_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resolved_by: _Optional[str] = ..., muted_by_rule_id: _Optional[str] = ..., cost: _Optional[_Union[DriftCost, _Mapping]] = ..., cause: _Optional[_Union[DriftCause, _Mapping]] = ..., revert_run: _Optional[_Union[_runs_pb2.Run, _Mapping]] = ...) -> None: ...

class DriftCost(_message.Message):
    __slots__ = ("expected_monthly_usd", "actual_monthly_usd", "delta_monthly_usd")
    EXPECTED_MONTHLY_USD_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_MONTHLY_USD_FIELD_NUMBER: _ClassVar[int]
    DELTA_MONTHLY_USD_FIELD_NUMBER: _ClassVar[int]
    expected_monthly_usd: str
    actual_monthly_usd: str
    delta_monthly_usd: str
    def __init__(self, expected_monthly_usd: _Optional[str] = ..., actual_monthly_usd: _Optional[str] = ..., delta_monthly_usd: _Optional[str] = ...) -> None: ...

class DriftCause(_message.Message):
    __slots__ = ("action_id", "action_type", "occurred_at")
    ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    action_id: str
    action_type: str
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, action_id: _Optional[str] = ..., action_type: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class IgnoreRule(_message.Message):
    __slots__ = ("id", "kind", "field", "tenant_id", "resource_id", "expires_at", "reason", "created_by", "created_at", "muted_count")
    ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    MUTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    id: str
    kind: str
    field: str
    tenant_id: str
    resource_id: str
    expires_at: _timestamp_pb2.Timestamp
    reason: str
    created_by: str
    created_at: _timestamp_pb2.Timestamp
    muted_count: int
    def __init__(self, id: _Optional[str] = ..., kind: _Optional[str] = ..., field: _Optional[str] = ..., tenant_id: _Optional[str] = ..., resource_id: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., created_by: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., muted_count: _Optional[int] = ...) -> None: ...

class Spec(_message.Message):
    __slots__ = ("resource_id", "spec_version", "spec", "recorded_by", "recorded_at")
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_VERSION_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    RECORDED_BY_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    resource_id: str
    spec_version: int
    spec: _struct_pb2.Struct
    recorded_by: str
    recorded_at: _timestamp_pb2.Timestamp
    def __init__(self, resource_id: _Optional[str] = ..., spec_version: _Optional[int] = ..., spec: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., recorded_by: _Optional[str] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
