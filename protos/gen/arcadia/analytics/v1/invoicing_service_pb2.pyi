from arcadia.analytics.v1 import invoices_pb2 as _invoices_pb2
from arcadia.analytics.v1 import rollups_pb2 as _rollups_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BeginRollupRequest(_message.Message):
    __slots__ = ("period", "key", "force", "approval_required", "started_by", "without_bill")
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    STARTED_BY_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_BILL_FIELD_NUMBER: _ClassVar[int]
    period: str
    key: str
    force: bool
    approval_required: bool
    started_by: str
    without_bill: bool
    def __init__(self, period: _Optional[str] = ..., key: _Optional[str] = ..., force: _Optional[bool] = ..., approval_required: _Optional[bool] = ..., started_by: _Optional[str] = ..., without_bill: _Optional[bool] = ...) -> None: ...

class BeginRollupResponse(_message.Message):
    __slots__ = ("rollup",)
    ROLLUP_FIELD_NUMBER: _ClassVar[int]
    rollup: _rollups_pb2.Rollup
    def __init__(self, rollup: _Optional[_Union[_rollups_pb2.Rollup, _Mapping]] = ...) -> None: ...

class CheckFreshnessRequest(_message.Message):
    __slots__ = ("rollup_id",)
    ROLLUP_ID_FIELD_NUMBER: _ClassVar[int]
    rollup_id: str
    def __init__(self, rollup_id: _Optional[str] = ...) -> None: ...

class CheckFreshnessResponse(_message.Message):
    __slots__ = ("stale", "unknown")
    STALE_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    stale: _containers.RepeatedScalarFieldContainer[str]
    unknown: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, stale: _Optional[_Iterable[str]] = ..., unknown: _Optional[_Iterable[str]] = ...) -> None: ...

class PlanRollupRequest(_message.Message):
    __slots__ = ("rollup_id", "tenants_per_page", "page_size", "page_token")
    ROLLUP_ID_FIELD_NUMBER: _ClassVar[int]
    TENANTS_PER_PAGE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rollup_id: str
    tenants_per_page: int
    page_size: int
    page_token: str
    def __init__(self, rollup_id: _Optional[str] = ..., tenants_per_page: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class PlanRollupResponse(_message.Message):
    __slots__ = ("tenant_cursors", "tenant_count", "next_page_token")
    TENANT_CURSORS_FIELD_NUMBER: _ClassVar[int]
    TENANT_COUNT_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenant_cursors: _containers.RepeatedScalarFieldContainer[str]
    tenant_count: int
    next_page_token: str
    def __init__(self, tenant_cursors: _Optional[_Iterable[str]] = ..., tenant_count: _Optional[int] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DraftInvoicesRequest(_message.Message):
    __slots__ = ("rollup_id", "tenant_cursor", "tenant_ids")
    ROLLUP_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    rollup_id: str
    tenant_cursor: str
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, rollup_id: _Optional[str] = ..., tenant_cursor: _Optional[str] = ..., tenant_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class DraftInvoicesResponse(_message.Message):
    __slots__ = ("drafted_count", "skipped_count", "failed_count", "waiting_count")
    DRAFTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    WAITING_COUNT_FIELD_NUMBER: _ClassVar[int]
    drafted_count: int
    skipped_count: int
    failed_count: int
    waiting_count: int
    def __init__(self, drafted_count: _Optional[int] = ..., skipped_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., waiting_count: _Optional[int] = ...) -> None: ...

class CheckBillRequest(_message.Message):
    __slots__ = ("period",)
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    period: str
    def __init__(self, period: _Optional[str] = ...) -> None: ...

class CheckBillResponse(_message.Message):
    __slots__ = ("complete", "attributed")
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTED_FIELD_NUMBER: _ClassVar[int]
    complete: bool
    attributed: bool
    def __init__(self, complete: _Optional[bool] = ..., attributed: _Optional[bool] = ...) -> None: ...

class CheckRollupRequest(_message.Message):
    __slots__ = ("rollup_id",)
    ROLLUP_ID_FIELD_NUMBER: _ClassVar[int]
    rollup_id: str
    def __init__(self, rollup_id: _Optional[str] = ...) -> None: ...

class CheckRollupResponse(_message.Message):
    __slots__ = ("rollup", "differences")
    ROLLUP_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    rollup: _rollups_pb2.Rollup
    differences: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, rollup: _Optional[_Union[_rollups_pb2.Rollup, _Mapping]] = ..., differences: _Optional[_Iterable[str]] = ...) -> None: ...

class IssueInvoicesRequest(_message.Message):
    __slots__ = ("rollup_id", "limit", "issued_on")
    ROLLUP_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    ISSUED_ON_FIELD_NUMBER: _ClassVar[int]
    rollup_id: str
    limit: int
    issued_on: str
    def __init__(self, rollup_id: _Optional[str] = ..., limit: _Optional[int] = ..., issued_on: _Optional[str] = ...) -> None: ...

class IssueInvoicesResponse(_message.Message):
    __slots__ = ("issued_count", "remaining_count")
    ISSUED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REMAINING_COUNT_FIELD_NUMBER: _ClassVar[int]
    issued_count: int
    remaining_count: int
    def __init__(self, issued_count: _Optional[int] = ..., remaining_count: _Optional[int] = ...) -> None: ...

class DiscardDraftsRequest(_message.Message):
    __slots__ = ("rollup_id", "limit")
    ROLLUP_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    rollup_id: str
    limit: int
    def __init__(self, rollup_id: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class DiscardDraftsResponse(_message.Message):
    __slots__ = ("discarded_count", "remaining_count")
    DISCARDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REMAINING_COUNT_FIELD_NUMBER: _ClassVar[int]
    discarded_count: int
    remaining_count: int
    def __init__(self, discarded_count: _Optional[int] = ..., remaining_count: _Optional[int] = ...) -> None: ...

class SetRollupStatusRequest(_message.Message):
    __slots__ = ("rollup_id", "status", "reason", "decided_by")
    ROLLUP_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    rollup_id: str
    status: str
    reason: str
    decided_by: str
    def __init__(self, rollup_id: _Optional[str] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., decided_by: _Optional[str] = ...) -> None: ...

class SetRollupStatusResponse(_message.Message):
    __slots__ = ("rollup",)
    ROLLUP_FIELD_NUMBER: _ClassVar[int]
    rollup: _rollups_pb2.Rollup
    def __init__(self, rollup: _Optional[_Union[_rollups_pb2.Rollup, _Mapping]] = ...) -> None: ...

class ListPendingHandOversRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "rollup_id", "invoice_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ROLLUP_ID_FIELD_NUMBER: _ClassVar[int]
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    rollup_id: str
    invoice_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., rollup_id: _Optional[str] = ..., invoice_id: _Optional[str] = ...) -> None: ...

class ListPendingHandOversResponse(_message.Message):
    __slots__ = ("invoices", "next_page_token", "hand_overs")
    INVOICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    HAND_OVERS_FIELD_NUMBER: _ClassVar[int]
    invoices: _containers.RepeatedCompositeFieldContainer[_invoices_pb2.Invoice]
    next_page_token: str
    hand_overs: _containers.RepeatedCompositeFieldContainer[PendingHandOver]
    def __init__(self, invoices: _Optional[_Iterable[_Union[_invoices_pb2.Invoice, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., hand_overs: _Optional[_Iterable[_Union[PendingHandOver, _Mapping]]] = ...) -> None: ...

class PendingHandOver(_message.Message):
    __slots__ = ("id", "document", "invoice_id", "attempt_count")
    ID_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    id: str
    document: str
    invoice_id: str
    attempt_count: int
    def __init__(self, id: _Optional[str] = ..., document: _Optional[str] = ..., invoice_id: _Optional[str] = ..., attempt_count: _Optional[int] = ...) -> None: ...

class GetHandOverRequest(_message.Message):
    __slots__ = ("invoice_id", "id")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    id: str
    def __init__(self, invoice_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class GetHandOverResponse(_message.Message):
    __slots__ = ("invoice", "lines", "document", "credit_note", "status")
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    CREDIT_NOTE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoices_pb2.Invoice
    lines: _containers.RepeatedCompositeFieldContainer[_invoices_pb2.InvoiceLine]
    document: str
    credit_note: _invoices_pb2.CreditNote
    status: str
    def __init__(self, invoice: _Optional[_Union[_invoices_pb2.Invoice, _Mapping]] = ..., lines: _Optional[_Iterable[_Union[_invoices_pb2.InvoiceLine, _Mapping]]] = ..., document: _Optional[str] = ..., credit_note: _Optional[_Union[_invoices_pb2.CreditNote, _Mapping]] = ..., status: _Optional[str] = ...) -> None: ...

class RecordHandOverRequest(_message.Message):
    __slots__ = ("invoice_id", "status", "reference", "reason", "attempt_count", "workflow_id", "run_id", "id")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    status: str
    reference: str
    reason: str
    attempt_count: int
    workflow_id: str
    run_id: str
    id: str
    def __init__(self, invoice_id: _Optional[str] = ..., status: _Optional[str] = ..., reference: _Optional[str] = ..., reason: _Optional[str] = ..., attempt_count: _Optional[int] = ..., workflow_id: _Optional[str] = ..., run_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class RecordHandOverResponse(_message.Message):
    __slots__ = ("invoice", "follow_up")
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UP_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoices_pb2.Invoice
    follow_up: PendingHandOver
    def __init__(self, invoice: _Optional[_Union[_invoices_pb2.Invoice, _Mapping]] = ..., follow_up: _Optional[_Union[PendingHandOver, _Mapping]] = ...) -> None: ...

class ListOverdueInvoicesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "due_before", "tenant_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DUE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    due_before: str
    tenant_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., due_before: _Optional[str] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class ListOverdueInvoicesResponse(_message.Message):
    __slots__ = ("invoices", "next_page_token")
    INVOICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    invoices: _containers.RepeatedCompositeFieldContainer[_invoices_pb2.Invoice]
    next_page_token: str
    def __init__(self, invoices: _Optional[_Iterable[_Union[_invoices_pb2.Invoice, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
