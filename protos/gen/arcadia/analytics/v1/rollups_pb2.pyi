import datetime

from arcadia.common.v1 import runs_pb2 as _runs_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Rollup(_message.Message):
    __slots__ = ("id", "period", "status", "force", "approval_required", "tenant_count", "drafted_count", "skipped_count", "failed_count", "issued_count", "handed_over_count", "totals", "reason", "run", "decided_by", "decided_at", "started_by", "started_at", "finished_at", "unbilled", "freshness_notes", "waiting_count", "without_bill")
    ID_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    TENANT_COUNT_FIELD_NUMBER: _ClassVar[int]
    DRAFTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    ISSUED_COUNT_FIELD_NUMBER: _ClassVar[int]
    HANDED_OVER_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_BY_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    FINISHED_AT_FIELD_NUMBER: _ClassVar[int]
    UNBILLED_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_NOTES_FIELD_NUMBER: _ClassVar[int]
    WAITING_COUNT_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_BILL_FIELD_NUMBER: _ClassVar[int]
    id: str
    period: str
    status: str
    force: bool
    approval_required: bool
    tenant_count: int
    drafted_count: int
    skipped_count: int
    failed_count: int
    issued_count: int
    handed_over_count: int
    totals: _containers.RepeatedCompositeFieldContainer[CurrencyTotal]
    reason: str
    run: _runs_pb2.Run
    decided_by: str
    decided_at: _timestamp_pb2.Timestamp
    started_by: str
    started_at: _timestamp_pb2.Timestamp
    finished_at: _timestamp_pb2.Timestamp
    unbilled: UnbilledTotal
    freshness_notes: _containers.RepeatedScalarFieldContainer[str]
    waiting_count: int
    without_bill: bool
    def __init__(self, id: _Optional[str] = ..., period: _Optional[str] = ..., status: _Optional[str] = ..., force: _Optional[bool] = ..., approval_required: _Optional[bool] = ..., tenant_count: _Optional[int] = ..., drafted_count: _Optional[int] = ..., skipped_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., issued_count: _Optional[int] = ..., handed_over_count: _Optional[int] = ..., totals: _Optional[_Iterable[_Union[CurrencyTotal, _Mapping]]] = ..., reason: _Optional[str] = ..., run: _Optional[_Union[_runs_pb2.Run, _Mapping]] = ..., decided_by: _Optional[str] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started_by: _Optional[str] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finished_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., unbilled: _Optional[_Union[UnbilledTotal, _Mapping]] = ..., freshness_notes: _Optional[_Iterable[str]] = ..., waiting_count: _Optional[int] = ..., without_bill: _Optional[bool] = ...) -> None: ...

class UnbilledTotal(_message.Message):
    __slots__ = ("deployment_count", "usage_count", "value_cents", "unpriced_count", "currency")
    DEPLOYMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    USAGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    VALUE_CENTS_FIELD_NUMBER: _ClassVar[int]
    UNPRICED_COUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    deployment_count: int
    usage_count: int
    value_cents: str
    unpriced_count: int
    currency: str
    def __init__(self, deployment_count: _Optional[int] = ..., usage_count: _Optional[int] = ..., value_cents: _Optional[str] = ..., unpriced_count: _Optional[int] = ..., currency: _Optional[str] = ...) -> None: ...

class CurrencyTotal(_message.Message):
    __slots__ = ("currency", "subtotal_cents", "tax_cents", "total_cents")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    SUBTOTAL_CENTS_FIELD_NUMBER: _ClassVar[int]
    TAX_CENTS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_CENTS_FIELD_NUMBER: _ClassVar[int]
    currency: str
    subtotal_cents: int
    tax_cents: int
    total_cents: int
    def __init__(self, currency: _Optional[str] = ..., subtotal_cents: _Optional[int] = ..., tax_cents: _Optional[int] = ..., total_cents: _Optional[int] = ...) -> None: ...

class RollupFailure(_message.Message):
    __slots__ = ("tenant_id", "deployment_id", "reason", "message", "attempt_count", "failed_at", "outcome")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_AT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    deployment_id: str
    reason: str
    message: str
    attempt_count: int
    failed_at: _timestamp_pb2.Timestamp
    outcome: str
    def __init__(self, tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., attempt_count: _Optional[int] = ..., failed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., outcome: _Optional[str] = ...) -> None: ...
