from arcadia.analytics.v1 import invoices_pb2 as _invoices_pb2
from arcadia.analytics.v1 import usage_pb2 as _usage_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from arcadia.common.v1 import limits_pb2 as _limits_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import httpbody_pb2 as _httpbody_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListInvoicesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "period", "status")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    period: str
    status: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., period: _Optional[str] = ..., status: _Optional[str] = ...) -> None: ...

class ListInvoicesResponse(_message.Message):
    __slots__ = ("invoices", "next_page_token")
    INVOICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    invoices: _containers.RepeatedCompositeFieldContainer[_invoices_pb2.Invoice]
    next_page_token: str
    def __init__(self, invoices: _Optional[_Iterable[_Union[_invoices_pb2.Invoice, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetInvoiceRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetInvoiceResponse(_message.Message):
    __slots__ = ("invoice", "lines")
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoices_pb2.Invoice
    lines: _containers.RepeatedCompositeFieldContainer[_invoices_pb2.InvoiceLine]
    def __init__(self, invoice: _Optional[_Union[_invoices_pb2.Invoice, _Mapping]] = ..., lines: _Optional[_Iterable[_Union[_invoices_pb2.InvoiceLine, _Mapping]]] = ...) -> None: ...

class ListInvoiceLinesRequest(_message.Message):
    __slots__ = ("invoice_id", "page_size", "page_token")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    page_size: int
    page_token: str
    def __init__(self, invoice_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListInvoiceLinesResponse(_message.Message):
    __slots__ = ("lines", "next_page_token")
    LINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[_invoices_pb2.InvoiceLine]
    next_page_token: str
    def __init__(self, lines: _Optional[_Iterable[_Union[_invoices_pb2.InvoiceLine, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class TraceInvoiceLineRequest(_message.Message):
    __slots__ = ("invoice_id", "line_id", "page_size", "page_token")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    line_id: str
    page_size: int
    page_token: str
    def __init__(self, invoice_id: _Optional[str] = ..., line_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class TraceInvoiceLineResponse(_message.Message):
    __slots__ = ("line", "price_type", "price_id", "daily_usage", "rebilled_costs", "next_page_token")
    LINE_FIELD_NUMBER: _ClassVar[int]
    PRICE_TYPE_FIELD_NUMBER: _ClassVar[int]
    PRICE_ID_FIELD_NUMBER: _ClassVar[int]
    DAILY_USAGE_FIELD_NUMBER: _ClassVar[int]
    REBILLED_COSTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    line: _invoices_pb2.InvoiceLine
    price_type: str
    price_id: str
    daily_usage: _containers.RepeatedCompositeFieldContainer[_usage_pb2.DailyUsage]
    rebilled_costs: _containers.RepeatedCompositeFieldContainer[RebilledCost]
    next_page_token: str
    def __init__(self, line: _Optional[_Union[_invoices_pb2.InvoiceLine, _Mapping]] = ..., price_type: _Optional[str] = ..., price_id: _Optional[str] = ..., daily_usage: _Optional[_Iterable[_Union[_usage_pb2.DailyUsage, _Mapping]]] = ..., rebilled_costs: _Optional[_Iterable[_Union[RebilledCost, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RebilledCost(_message.Message):
    __slots__ = ("cost_id", "product", "sku", "description", "resource_id", "period", "amount_usd", "billed_usd", "billed_cents")
    COST_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    BILLED_USD_FIELD_NUMBER: _ClassVar[int]
    BILLED_CENTS_FIELD_NUMBER: _ClassVar[int]
    cost_id: str
    product: str
    sku: str
    description: str
    resource_id: str
    period: str
    amount_usd: str
    billed_usd: str
    billed_cents: int
    def __init__(self, cost_id: _Optional[str] = ..., product: _Optional[str] = ..., sku: _Optional[str] = ..., description: _Optional[str] = ..., resource_id: _Optional[str] = ..., period: _Optional[str] = ..., amount_usd: _Optional[str] = ..., billed_usd: _Optional[str] = ..., billed_cents: _Optional[int] = ...) -> None: ...

class DownloadInvoiceRequest(_message.Message):
    __slots__ = ("id", "format")
    ID_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    id: str
    format: str
    def __init__(self, id: _Optional[str] = ..., format: _Optional[str] = ...) -> None: ...

class IssueInvoiceRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class IssueInvoiceResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoices_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoices_pb2.Invoice, _Mapping]] = ...) -> None: ...

class PayInvoiceRequest(_message.Message):
    __slots__ = ("id", "paid_on", "reference", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    PAID_ON_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    paid_on: str
    reference: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., paid_on: _Optional[str] = ..., reference: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class PayInvoiceResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoices_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoices_pb2.Invoice, _Mapping]] = ...) -> None: ...

class VoidInvoiceRequest(_message.Message):
    __slots__ = ("id", "reason", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    reason: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class VoidInvoiceResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoices_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoices_pb2.Invoice, _Mapping]] = ...) -> None: ...

class HandOverInvoiceRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class HandOverInvoiceResponse(_message.Message):
    __slots__ = ("invoice",)
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoices_pb2.Invoice
    def __init__(self, invoice: _Optional[_Union[_invoices_pb2.Invoice, _Mapping]] = ...) -> None: ...

class CreateCreditNoteRequest(_message.Message):
    __slots__ = ("invoice_id", "lines", "reason", "request_id")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    lines: _containers.RepeatedCompositeFieldContainer[CreditedLine]
    reason: str
    request_id: str
    def __init__(self, invoice_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[CreditedLine, _Mapping]]] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreditedLine(_message.Message):
    __slots__ = ("line_id", "amount_cents")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_CENTS_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    amount_cents: int
    def __init__(self, line_id: _Optional[str] = ..., amount_cents: _Optional[int] = ...) -> None: ...

class CreateCreditNoteResponse(_message.Message):
    __slots__ = ("credit_note",)
    CREDIT_NOTE_FIELD_NUMBER: _ClassVar[int]
    credit_note: _invoices_pb2.CreditNote
    def __init__(self, credit_note: _Optional[_Union[_invoices_pb2.CreditNote, _Mapping]] = ...) -> None: ...

class ListCreditNotesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "invoice_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    invoice_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., invoice_id: _Optional[str] = ...) -> None: ...

class ListCreditNotesResponse(_message.Message):
    __slots__ = ("credit_notes", "next_page_token")
    CREDIT_NOTES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    credit_notes: _containers.RepeatedCompositeFieldContainer[_invoices_pb2.CreditNote]
    next_page_token: str
    def __init__(self, credit_notes: _Optional[_Iterable[_Union[_invoices_pb2.CreditNote, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetCreditNoteRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetCreditNoteResponse(_message.Message):
    __slots__ = ("credit_note",)
    CREDIT_NOTE_FIELD_NUMBER: _ClassVar[int]
    credit_note: _invoices_pb2.CreditNote
    def __init__(self, credit_note: _Optional[_Union[_invoices_pb2.CreditNote, _Mapping]] = ...) -> None: ...

class DownloadCreditNoteRequest(_message.Message):
    __slots__ = ("id", "format")
    ID_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    id: str
    format: str
    def __init__(self, id: _Optional[str] = ..., format: _Optional[str] = ...) -> None: ...

class HandOverCreditNoteRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class HandOverCreditNoteResponse(_message.Message):
    __slots__ = ("credit_note",)
    CREDIT_NOTE_FIELD_NUMBER: _ClassVar[int]
    credit_note: _invoices_pb2.CreditNote
    def __init__(self, credit_note: _Optional[_Union[_invoices_pb2.CreditNote, _Mapping]] = ...) -> None: ...

class DownloadVoidNoticeRequest(_message.Message):
    __slots__ = ("id", "format")
    ID_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    id: str
    format: str
    def __init__(self, id: _Optional[str] = ..., format: _Optional[str] = ...) -> None: ...

class VerifyInvoiceRequest(_message.Message):
    __slots__ = ("id", "quote_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    QUOTE_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    quote_id: str
    def __init__(self, id: _Optional[str] = ..., quote_id: _Optional[str] = ...) -> None: ...

class VerifyInvoiceResponse(_message.Message):
    __slots__ = ("verified", "parts", "differences")
    VERIFIED_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    verified: bool
    parts: _containers.RepeatedCompositeFieldContainer[VerifiedPart]
    differences: _containers.RepeatedCompositeFieldContainer[ChangedInput]
    def __init__(self, verified: _Optional[bool] = ..., parts: _Optional[_Iterable[_Union[VerifiedPart, _Mapping]]] = ..., differences: _Optional[_Iterable[_Union[ChangedInput, _Mapping]]] = ...) -> None: ...

class VerifiedPart(_message.Message):
    __slots__ = ("deployment_id", "verified", "inputs_hash", "result_hash", "engine_version", "reason")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    VERIFIED_FIELD_NUMBER: _ClassVar[int]
    INPUTS_HASH_FIELD_NUMBER: _ClassVar[int]
    RESULT_HASH_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    verified: bool
    inputs_hash: str
    result_hash: str
    engine_version: str
    reason: str
    def __init__(self, deployment_id: _Optional[str] = ..., verified: _Optional[bool] = ..., inputs_hash: _Optional[str] = ..., result_hash: _Optional[str] = ..., engine_version: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ChangedInput(_message.Message):
    __slots__ = ("path", "quote_json", "invoice_json")
    PATH_FIELD_NUMBER: _ClassVar[int]
    QUOTE_JSON_FIELD_NUMBER: _ClassVar[int]
    INVOICE_JSON_FIELD_NUMBER: _ClassVar[int]
    path: str
    quote_json: str
    invoice_json: str
    def __init__(self, path: _Optional[str] = ..., quote_json: _Optional[str] = ..., invoice_json: _Optional[str] = ...) -> None: ...

class VerifyInvoiceChainRequest(_message.Message):
    __slots__ = ("after_number",)
    AFTER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    after_number: str
    def __init__(self, after_number: _Optional[str] = ...) -> None: ...

class VerifyInvoiceChainResponse(_message.Message):
    __slots__ = ("verified", "invoice_count", "last_number", "complete", "broken_number", "reason")
    VERIFIED_FIELD_NUMBER: _ClassVar[int]
    INVOICE_COUNT_FIELD_NUMBER: _ClassVar[int]
    LAST_NUMBER_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    BROKEN_NUMBER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    verified: bool
    invoice_count: int
    last_number: str
    complete: bool
    broken_number: str
    reason: str
    def __init__(self, verified: _Optional[bool] = ..., invoice_count: _Optional[int] = ..., last_number: _Optional[str] = ..., complete: _Optional[bool] = ..., broken_number: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...
