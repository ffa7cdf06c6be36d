from arcadia.billing.v1 import costs_pb2 as _costs_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from arcadia.common.v1 import runs_pb2 as _runs_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListProviderInvoicesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "period", "ingest_status", "balanced", "waived")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    INGEST_STATUS_FIELD_NUMBER: _ClassVar[int]
    BALANCED_FIELD_NUMBER: _ClassVar[int]
    WAIVED_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    period: str
    ingest_status: str
    balanced: str
    waived: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., period: _Optional[str] = ..., ingest_status: _Optional[str] = ..., balanced: _Optional[str] = ..., waived: _Optional[str] = ...) -> None: ...

class ListProviderInvoicesResponse(_message.Message):
    __slots__ = ("provider_invoices", "next_page_token")
    PROVIDER_INVOICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    provider_invoices: _containers.RepeatedCompositeFieldContainer[_costs_pb2.ProviderInvoice]
    next_page_token: str
    def __init__(self, provider_invoices: _Optional[_Iterable[_Union[_costs_pb2.ProviderInvoice, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetProviderInvoiceRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetProviderInvoiceResponse(_message.Message):
    __slots__ = ("provider_invoice",)
    PROVIDER_INVOICE_FIELD_NUMBER: _ClassVar[int]
    provider_invoice: _costs_pb2.ProviderInvoice
    def __init__(self, provider_invoice: _Optional[_Union[_costs_pb2.ProviderInvoice, _Mapping]] = ...) -> None: ...

class IngestProviderInvoiceRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class IngestProviderInvoiceResponse(_message.Message):
    __slots__ = ("provider_invoice",)
    PROVIDER_INVOICE_FIELD_NUMBER: _ClassVar[int]
    provider_invoice: _costs_pb2.ProviderInvoice
    def __init__(self, provider_invoice: _Optional[_Union[_costs_pb2.ProviderInvoice, _Mapping]] = ...) -> None: ...

class WaiveProviderInvoiceRequest(_message.Message):
    __slots__ = ("id", "reason", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    reason: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class WaiveProviderInvoiceResponse(_message.Message):
    __slots__ = ("provider_invoice",)
    PROVIDER_INVOICE_FIELD_NUMBER: _ClassVar[int]
    provider_invoice: _costs_pb2.ProviderInvoice
    def __init__(self, provider_invoice: _Optional[_Union[_costs_pb2.ProviderInvoice, _Mapping]] = ...) -> None: ...

class UnwaiveProviderInvoiceRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class UnwaiveProviderInvoiceResponse(_message.Message):
    __slots__ = ("provider_invoice",)
    PROVIDER_INVOICE_FIELD_NUMBER: _ClassVar[int]
    provider_invoice: _costs_pb2.ProviderInvoice
    def __init__(self, provider_invoice: _Optional[_Union[_costs_pb2.ProviderInvoice, _Mapping]] = ...) -> None: ...

class ListBillingHistoryRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "type", "unreadable")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    type: str
    unreadable: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., type: _Optional[str] = ..., unreadable: _Optional[str] = ...) -> None: ...

class ListBillingHistoryResponse(_message.Message):
    __slots__ = ("entries", "next_page_token", "reconciliation")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RECONCILIATION_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[_costs_pb2.BillingHistoryEntry]
    next_page_token: str
    reconciliation: _costs_pb2.HistoryReconciliation
    def __init__(self, entries: _Optional[_Iterable[_Union[_costs_pb2.BillingHistoryEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., reconciliation: _Optional[_Union[_costs_pb2.HistoryReconciliation, _Mapping]] = ...) -> None: ...

class RematchCostLinesRequest(_message.Message):
    __slots__ = ("provider_invoice_id", "period", "request_id")
    PROVIDER_INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    provider_invoice_id: str
    period: str
    request_id: str
    def __init__(self, provider_invoice_id: _Optional[str] = ..., period: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RematchCostLinesResponse(_message.Message):
    __slots__ = ("run",)
    RUN_FIELD_NUMBER: _ClassVar[int]
    run: _runs_pb2.Run
    def __init__(self, run: _Optional[_Union[_runs_pb2.Run, _Mapping]] = ...) -> None: ...
