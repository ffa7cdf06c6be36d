import datetime

from arcadia.common.v1 import runs_pb2 as _runs_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProviderInvoice(_message.Message):
    __slots__ = ("id", "invoice_uuid", "invoice_number", "period", "amount_usd", "issued_at", "ingest_status", "ingest_error", "line_count", "ingested_at", "reconciliation", "matching", "run", "waiver")
    ID_FIELD_NUMBER: _ClassVar[int]
    INVOICE_UUID_FIELD_NUMBER: _ClassVar[int]
    INVOICE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    ISSUED_AT_FIELD_NUMBER: _ClassVar[int]
    INGEST_STATUS_FIELD_NUMBER: _ClassVar[int]
    INGEST_ERROR_FIELD_NUMBER: _ClassVar[int]
    LINE_COUNT_FIELD_NUMBER: _ClassVar[int]
    INGESTED_AT_FIELD_NUMBER: _ClassVar[int]
    RECONCILIATION_FIELD_NUMBER: _ClassVar[int]
    MATCHING_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    WAIVER_FIELD_NUMBER: _ClassVar[int]
    id: str
    invoice_uuid: str
    invoice_number: str
    period: str
    amount_usd: str
    issued_at: _timestamp_pb2.Timestamp
    ingest_status: str
    ingest_error: str
    line_count: int
    ingested_at: _timestamp_pb2.Timestamp
    reconciliation: InvoiceReconciliation
    matching: MatchSummary
    run: _runs_pb2.Run
    waiver: InvoiceWaiver
    def __init__(self, id: _Optional[str] = ..., invoice_uuid: _Optional[str] = ..., invoice_number: _Optional[str] = ..., period: _Optional[str] = ..., amount_usd: _Optional[str] = ..., issued_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ingest_status: _Optional[str] = ..., ingest_error: _Optional[str] = ..., line_count: _Optional[int] = ..., ingested_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reconciliation: _Optional[_Union[InvoiceReconciliation, _Mapping]] = ..., matching: _Optional[_Union[MatchSummary, _Mapping]] = ..., run: _Optional[_Union[_runs_pb2.Run, _Mapping]] = ..., waiver: _Optional[_Union[InvoiceWaiver, _Mapping]] = ...) -> None: ...

class InvoiceWaiver(_message.Message):
    __slots__ = ("reason", "waived_by", "waived_at")
    REASON_FIELD_NUMBER: _ClassVar[int]
    WAIVED_BY_FIELD_NUMBER: _ClassVar[int]
    WAIVED_AT_FIELD_NUMBER: _ClassVar[int]
    reason: str
    waived_by: str
    waived_at: _timestamp_pb2.Timestamp
    def __init__(self, reason: _Optional[str] = ..., waived_by: _Optional[str] = ..., waived_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class InvoiceReconciliation(_message.Message):
    __slots__ = ("lines_usd", "overages_usd", "taxes_usd", "credits_usd", "total_usd", "summary_usd", "history_usd", "residual_usd", "balanced", "parts", "parts_balanced")
    LINES_USD_FIELD_NUMBER: _ClassVar[int]
    OVERAGES_USD_FIELD_NUMBER: _ClassVar[int]
    TAXES_USD_FIELD_NUMBER: _ClassVar[int]
    CREDITS_USD_FIELD_NUMBER: _ClassVar[int]
    TOTAL_USD_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_USD_FIELD_NUMBER: _ClassVar[int]
    HISTORY_USD_FIELD_NUMBER: _ClassVar[int]
    RESIDUAL_USD_FIELD_NUMBER: _ClassVar[int]
    BALANCED_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    PARTS_BALANCED_FIELD_NUMBER: _ClassVar[int]
    lines_usd: str
    overages_usd: str
    taxes_usd: str
    credits_usd: str
    total_usd: str
    summary_usd: str
    history_usd: str
    residual_usd: str
    balanced: bool
    parts: _containers.RepeatedCompositeFieldContainer[PartReconciliation]
    parts_balanced: bool
    def __init__(self, lines_usd: _Optional[str] = ..., overages_usd: _Optional[str] = ..., taxes_usd: _Optional[str] = ..., credits_usd: _Optional[str] = ..., total_usd: _Optional[str] = ..., summary_usd: _Optional[str] = ..., history_usd: _Optional[str] = ..., residual_usd: _Optional[str] = ..., balanced: _Optional[bool] = ..., parts: _Optional[_Iterable[_Union[PartReconciliation, _Mapping]]] = ..., parts_balanced: _Optional[bool] = ...) -> None: ...

class PartReconciliation(_message.Message):
    __slots__ = ("part", "lines_usd", "summary_usd", "residual_usd")
    PART_FIELD_NUMBER: _ClassVar[int]
    LINES_USD_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_USD_FIELD_NUMBER: _ClassVar[int]
    RESIDUAL_USD_FIELD_NUMBER: _ClassVar[int]
    part: str
    lines_usd: str
    summary_usd: str
    residual_usd: str
    def __init__(self, part: _Optional[str] = ..., lines_usd: _Optional[str] = ..., summary_usd: _Optional[str] = ..., residual_usd: _Optional[str] = ...) -> None: ...

class CostShare(_message.Message):
    __slots__ = ("tenant_id", "deployment_id", "seconds", "amount_usd")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    deployment_id: str
    seconds: int
    amount_usd: str
    def __init__(self, tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., seconds: _Optional[int] = ..., amount_usd: _Optional[str] = ...) -> None: ...

class MatchSummary(_message.Message):
    __slots__ = ("provider_id_count", "name_count", "group_project_count", "ambiguous_count", "unmatched_count", "not_applicable_count")
    PROVIDER_ID_COUNT_FIELD_NUMBER: _ClassVar[int]
    NAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    GROUP_PROJECT_COUNT_FIELD_NUMBER: _ClassVar[int]
    AMBIGUOUS_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNMATCHED_COUNT_FIELD_NUMBER: _ClassVar[int]
    NOT_APPLICABLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    provider_id_count: int
    name_count: int
    group_project_count: int
    ambiguous_count: int
    unmatched_count: int
    not_applicable_count: int
    def __init__(self, provider_id_count: _Optional[int] = ..., name_count: _Optional[int] = ..., group_project_count: _Optional[int] = ..., ambiguous_count: _Optional[int] = ..., unmatched_count: _Optional[int] = ..., not_applicable_count: _Optional[int] = ...) -> None: ...

class CostLine(_message.Message):
    __slots__ = ("id", "provider_invoice_id", "row_number", "period", "product", "group_description", "description", "project_name", "category", "hours", "start_at", "end_at", "amount_usd", "kind", "classification", "match_state", "match_rung", "match_reason", "provider_resource_id", "resource_id", "tenant_id", "deployment_id", "shares", "region")
    ID_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    ROW_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    GROUP_DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_NAME_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    START_AT_FIELD_NUMBER: _ClassVar[int]
    END_AT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CLASSIFICATION_FIELD_NUMBER: _ClassVar[int]
    MATCH_STATE_FIELD_NUMBER: _ClassVar[int]
    MATCH_RUNG_FIELD_NUMBER: _ClassVar[int]
    MATCH_REASON_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    id: str
    provider_invoice_id: str
    row_number: int
    period: str
    product: str
    group_description: str
    description: str
    project_name: str
    category: str
    hours: str
    start_at: _timestamp_pb2.Timestamp
    end_at: _timestamp_pb2.Timestamp
    amount_usd: str
    kind: str
    classification: str
    match_state: str
    match_rung: str
    match_reason: str
    provider_resource_id: str
    resource_id: str
    tenant_id: str
    deployment_id: str
    shares: _containers.RepeatedCompositeFieldContainer[CostShare]
    region: str
    def __init__(self, id: _Optional[str] = ..., provider_invoice_id: _Optional[str] = ..., row_number: _Optional[int] = ..., period: _Optional[str] = ..., product: _Optional[str] = ..., group_description: _Optional[str] = ..., description: _Optional[str] = ..., project_name: _Optional[str] = ..., category: _Optional[str] = ..., hours: _Optional[str] = ..., start_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., amount_usd: _Optional[str] = ..., kind: _Optional[str] = ..., classification: _Optional[str] = ..., match_state: _Optional[str] = ..., match_rung: _Optional[str] = ..., match_reason: _Optional[str] = ..., provider_resource_id: _Optional[str] = ..., resource_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., shares: _Optional[_Iterable[_Union[CostShare, _Mapping]]] = ..., region: _Optional[str] = ...) -> None: ...

class BillingHistoryEntry(_message.Message):
    __slots__ = ("id", "type", "description", "amount_usd", "occurred_at", "invoice_number", "invoice_uuid", "unreadable", "is_listed")
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    INVOICE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    INVOICE_UUID_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_FIELD_NUMBER: _ClassVar[int]
    IS_LISTED_FIELD_NUMBER: _ClassVar[int]
    id: str
    type: str
    description: str
    amount_usd: str
    occurred_at: _timestamp_pb2.Timestamp
    invoice_number: str
    invoice_uuid: str
    unreadable: str
    is_listed: bool
    def __init__(self, id: _Optional[str] = ..., type: _Optional[str] = ..., description: _Optional[str] = ..., amount_usd: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., invoice_number: _Optional[str] = ..., invoice_uuid: _Optional[str] = ..., unreadable: _Optional[str] = ..., is_listed: _Optional[bool] = ...) -> None: ...

class HistoryReconciliation(_message.Message):
    __slots__ = ("history_usd", "account_balance_usd", "residual_usd", "walked_at", "balance_at", "totals", "unreadable_count")
    HISTORY_USD_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_BALANCE_USD_FIELD_NUMBER: _ClassVar[int]
    RESIDUAL_USD_FIELD_NUMBER: _ClassVar[int]
    WALKED_AT_FIELD_NUMBER: _ClassVar[int]
    BALANCE_AT_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    history_usd: str
    account_balance_usd: str
    residual_usd: str
    walked_at: _timestamp_pb2.Timestamp
    balance_at: _timestamp_pb2.Timestamp
    totals: _containers.RepeatedCompositeFieldContainer[HistoryTotal]
    unreadable_count: int
    def __init__(self, history_usd: _Optional[str] = ..., account_balance_usd: _Optional[str] = ..., residual_usd: _Optional[str] = ..., walked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., balance_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., totals: _Optional[_Iterable[_Union[HistoryTotal, _Mapping]]] = ..., unreadable_count: _Optional[int] = ...) -> None: ...

class HistoryTotal(_message.Message):
    __slots__ = ("type", "amount_usd", "entry_count")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    ENTRY_COUNT_FIELD_NUMBER: _ClassVar[int]
    type: str
    amount_usd: str
    entry_count: int
    def __init__(self, type: _Optional[str] = ..., amount_usd: _Optional[str] = ..., entry_count: _Optional[int] = ...) -> None: ...

class DailyCost(_message.Message):
    __slots__ = ("day", "region", "sku", "description", "group_description", "amount_usd", "kind", "classification", "match_state", "match_rung", "resource_id", "tenant_id", "deployment_id")
    DAY_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    GROUP_DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CLASSIFICATION_FIELD_NUMBER: _ClassVar[int]
    MATCH_STATE_FIELD_NUMBER: _ClassVar[int]
    MATCH_RUNG_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    day: str
    region: str
    sku: str
    description: str
    group_description: str
    amount_usd: str
    kind: str
    classification: str
    match_state: str
    match_rung: str
    resource_id: str
    tenant_id: str
    deployment_id: str
    def __init__(self, day: _Optional[str] = ..., region: _Optional[str] = ..., sku: _Optional[str] = ..., description: _Optional[str] = ..., group_description: _Optional[str] = ..., amount_usd: _Optional[str] = ..., kind: _Optional[str] = ..., classification: _Optional[str] = ..., match_state: _Optional[str] = ..., match_rung: _Optional[str] = ..., resource_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ...) -> None: ...

class CostTotal(_message.Message):
    __slots__ = ("group", "amount_usd", "line_count", "tenant_id")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    LINE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    group: str
    amount_usd: str
    line_count: int
    tenant_id: str
    def __init__(self, group: _Optional[str] = ..., amount_usd: _Optional[str] = ..., line_count: _Optional[int] = ..., tenant_id: _Optional[str] = ...) -> None: ...
