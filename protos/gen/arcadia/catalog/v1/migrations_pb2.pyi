import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Migration(_message.Message):
    __slots__ = ("id", "from_plan_code", "from_version", "plan_code", "plan_version", "plan_version_id", "currency", "tenant_id", "started_before", "notice_on", "effective_on", "status", "is_paused", "reason", "started_by", "started_at", "finished_at", "planned_count", "scheduled_count", "skipped_count", "failed_count", "taken_back_count", "workflow_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    FROM_PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_ID_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STARTED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    NOTICE_ON_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_ON_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    IS_PAUSED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STARTED_BY_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    FINISHED_AT_FIELD_NUMBER: _ClassVar[int]
    PLANNED_COUNT_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_COUNT_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    TAKEN_BACK_COUNT_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    from_plan_code: str
    from_version: int
    plan_code: str
    plan_version: int
    plan_version_id: str
    currency: str
    tenant_id: str
    started_before: str
    notice_on: str
    effective_on: str
    status: str
    is_paused: bool
    reason: str
    started_by: str
    started_at: _timestamp_pb2.Timestamp
    finished_at: _timestamp_pb2.Timestamp
    planned_count: int
    scheduled_count: int
    skipped_count: int
    failed_count: int
    taken_back_count: int
    workflow_id: str
    def __init__(self, id: _Optional[str] = ..., from_plan_code: _Optional[str] = ..., from_version: _Optional[int] = ..., plan_code: _Optional[str] = ..., plan_version: _Optional[int] = ..., plan_version_id: _Optional[str] = ..., currency: _Optional[str] = ..., tenant_id: _Optional[str] = ..., started_before: _Optional[str] = ..., notice_on: _Optional[str] = ..., effective_on: _Optional[str] = ..., status: _Optional[str] = ..., is_paused: _Optional[bool] = ..., reason: _Optional[str] = ..., started_by: _Optional[str] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finished_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., planned_count: _Optional[int] = ..., scheduled_count: _Optional[int] = ..., skipped_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., taken_back_count: _Optional[int] = ..., workflow_id: _Optional[str] = ...) -> None: ...

class MigrationSubscription(_message.Message):
    __slots__ = ("subscription_id", "tenant_id", "outcome", "reason", "updated_at")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    tenant_id: str
    outcome: str
    reason: str
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, subscription_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., outcome: _Optional[str] = ..., reason: _Optional[str] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
