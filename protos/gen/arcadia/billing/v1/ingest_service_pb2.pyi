import datetime

from arcadia.billing.v1 import costs_pb2 as _costs_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RecordBillingHistoryRequest(_message.Message):
    __slots__ = ("entries", "walk_key", "is_last_page")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    WALK_KEY_FIELD_NUMBER: _ClassVar[int]
    IS_LAST_PAGE_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[HistoryEntry]
    walk_key: str
    is_last_page: bool
    def __init__(self, entries: _Optional[_Iterable[_Union[HistoryEntry, _Mapping]]] = ..., walk_key: _Optional[str] = ..., is_last_page: _Optional[bool] = ...) -> None: ...

class HistoryEntry(_message.Message):
    __slots__ = ("invoice_uuid", "invoice_number", "amount_usd", "issued_at", "description", "period", "type", "ordinal", "unreadable")
    INVOICE_UUID_FIELD_NUMBER: _ClassVar[int]
    INVOICE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    ISSUED_AT_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_FIELD_NUMBER: _ClassVar[int]
    invoice_uuid: str
    invoice_number: str
    amount_usd: str
    issued_at: _timestamp_pb2.Timestamp
    description: str
    period: str
    type: str
    ordinal: int
    unreadable: str
    def __init__(self, invoice_uuid: _Optional[str] = ..., invoice_number: _Optional[str] = ..., amount_usd: _Optional[str] = ..., issued_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., description: _Optional[str] = ..., period: _Optional[str] = ..., type: _Optional[str] = ..., ordinal: _Optional[int] = ..., unreadable: _Optional[str] = ...) -> None: ...

class RecordBillingHistoryResponse(_message.Message):
    __slots__ = ("discovered_count", "updated_count", "unchanged_count", "unreadable")
    DISCOVERED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_FIELD_NUMBER: _ClassVar[int]
    discovered_count: int
    updated_count: int
    unchanged_count: int
    unreadable: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, discovered_count: _Optional[int] = ..., updated_count: _Optional[int] = ..., unchanged_count: _Optional[int] = ..., unreadable: _Optional[_Iterable[str]] = ...) -> None: ...

class ListPendingInvoicesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListPendingInvoicesResponse(_message.Message):
    __slots__ = ("provider_invoices", "next_page_token")
    PROVIDER_INVOICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    provider_invoices: _containers.RepeatedCompositeFieldContainer[_costs_pb2.ProviderInvoice]
    next_page_token: str
    def __init__(self, provider_invoices: _Optional[_Iterable[_Union[_costs_pb2.ProviderInvoice, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class BeginIngestRequest(_message.Message):
    __slots__ = ("provider_invoice_id", "key")
    PROVIDER_INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    provider_invoice_id: str
    key: str
    def __init__(self, provider_invoice_id: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class BeginIngestResponse(_message.Message):
    __slots__ = ("ingest_id", "provider_invoice")
    INGEST_ID_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_INVOICE_FIELD_NUMBER: _ClassVar[int]
    ingest_id: str
    provider_invoice: _costs_pb2.ProviderInvoice
    def __init__(self, ingest_id: _Optional[str] = ..., provider_invoice: _Optional[_Union[_costs_pb2.ProviderInvoice, _Mapping]] = ...) -> None: ...

class UploadInvoiceCsvRequest(_message.Message):
    __slots__ = ("ingest_id", "chunk", "total_bytes")
    INGEST_ID_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    ingest_id: str
    chunk: bytes
    total_bytes: int
    def __init__(self, ingest_id: _Optional[str] = ..., chunk: _Optional[bytes] = ..., total_bytes: _Optional[int] = ...) -> None: ...

class UploadInvoiceCsvResponse(_message.Message):
    __slots__ = ("row_count", "amount_usd")
    ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    row_count: int
    amount_usd: str
    def __init__(self, row_count: _Optional[int] = ..., amount_usd: _Optional[str] = ...) -> None: ...

class RecordInvoiceItemsRequest(_message.Message):
    __slots__ = ("ingest_id", "page", "items")
    INGEST_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    ingest_id: str
    page: int
    items: _containers.RepeatedCompositeFieldContainer[InvoiceItem]
    def __init__(self, ingest_id: _Optional[str] = ..., page: _Optional[int] = ..., items: _Optional[_Iterable[_Union[InvoiceItem, _Mapping]]] = ...) -> None: ...

class InvoiceItem(_message.Message):
    __slots__ = ("product", "group_description", "description", "project_name", "category", "amount_usd", "duration", "duration_unit", "start_at", "end_at", "resource_id", "resource_uuid")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    GROUP_DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_NAME_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    DURATION_UNIT_FIELD_NUMBER: _ClassVar[int]
    START_AT_FIELD_NUMBER: _ClassVar[int]
    END_AT_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_UUID_FIELD_NUMBER: _ClassVar[int]
    product: str
    group_description: str
    description: str
    project_name: str
    category: str
    amount_usd: str
    duration: str
    duration_unit: str
    start_at: _timestamp_pb2.Timestamp
    end_at: _timestamp_pb2.Timestamp
    resource_id: str
    resource_uuid: str
    def __init__(self, product: _Optional[str] = ..., group_description: _Optional[str] = ..., description: _Optional[str] = ..., project_name: _Optional[str] = ..., category: _Optional[str] = ..., amount_usd: _Optional[str] = ..., duration: _Optional[str] = ..., duration_unit: _Optional[str] = ..., start_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resource_id: _Optional[str] = ..., resource_uuid: _Optional[str] = ...) -> None: ...

class RecordInvoiceItemsResponse(_message.Message):
    __slots__ = ("item_count",)
    ITEM_COUNT_FIELD_NUMBER: _ClassVar[int]
    item_count: int
    def __init__(self, item_count: _Optional[int] = ...) -> None: ...

class CompleteIngestRequest(_message.Message):
    __slots__ = ("ingest_id", "summary")
    INGEST_ID_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    ingest_id: str
    summary: InvoiceSummary
    def __init__(self, ingest_id: _Optional[str] = ..., summary: _Optional[_Union[InvoiceSummary, _Mapping]] = ...) -> None: ...

class InvoiceSummary(_message.Message):
    __slots__ = ("amount_usd", "product_charges_usd", "overages_usd", "taxes_usd", "credits_and_adjustments_usd", "period")
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_CHARGES_USD_FIELD_NUMBER: _ClassVar[int]
    OVERAGES_USD_FIELD_NUMBER: _ClassVar[int]
    TAXES_USD_FIELD_NUMBER: _ClassVar[int]
    CREDITS_AND_ADJUSTMENTS_USD_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    amount_usd: str
    product_charges_usd: str
    overages_usd: str
    taxes_usd: str
    credits_and_adjustments_usd: str
    period: str
    def __init__(self, amount_usd: _Optional[str] = ..., product_charges_usd: _Optional[str] = ..., overages_usd: _Optional[str] = ..., taxes_usd: _Optional[str] = ..., credits_and_adjustments_usd: _Optional[str] = ..., period: _Optional[str] = ...) -> None: ...

class CompleteIngestResponse(_message.Message):
    __slots__ = ("provider_invoice",)
    PROVIDER_INVOICE_FIELD_NUMBER: _ClassVar[int]
    provider_invoice: _costs_pb2.ProviderInvoice
    def __init__(self, provider_invoice: _Optional[_Union[_costs_pb2.ProviderInvoice, _Mapping]] = ...) -> None: ...

class FailIngestRequest(_message.Message):
    __slots__ = ("ingest_id", "reason")
    INGEST_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ingest_id: str
    reason: str
    def __init__(self, ingest_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class FailIngestResponse(_message.Message):
    __slots__ = ("provider_invoice",)
    PROVIDER_INVOICE_FIELD_NUMBER: _ClassVar[int]
    provider_invoice: _costs_pb2.ProviderInvoice
    def __init__(self, provider_invoice: _Optional[_Union[_costs_pb2.ProviderInvoice, _Mapping]] = ...) -> None: ...

class MatchLinesRequest(_message.Message):
    __slots__ = ("provider_invoice_id", "page_size", "page_token", "unless_matched")
    PROVIDER_INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNLESS_MATCHED_FIELD_NUMBER: _ClassVar[int]
    provider_invoice_id: str
    page_size: int
    page_token: str
    unless_matched: bool
    def __init__(self, provider_invoice_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., unless_matched: _Optional[bool] = ...) -> None: ...

class MatchLinesResponse(_message.Message):
    __slots__ = ("matching", "next_page_token")
    MATCHING_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    matching: _costs_pb2.MatchSummary
    next_page_token: str
    def __init__(self, matching: _Optional[_Union[_costs_pb2.MatchSummary, _Mapping]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ReplaceDailyCostsRequest(_message.Message):
    __slots__ = ("from_day", "to_day", "daily_costs", "total_rows")
    FROM_DAY_FIELD_NUMBER: _ClassVar[int]
    TO_DAY_FIELD_NUMBER: _ClassVar[int]
    DAILY_COSTS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_ROWS_FIELD_NUMBER: _ClassVar[int]
    from_day: str
    to_day: str
    daily_costs: _containers.RepeatedCompositeFieldContainer[_costs_pb2.DailyCost]
    total_rows: int
    def __init__(self, from_day: _Optional[str] = ..., to_day: _Optional[str] = ..., daily_costs: _Optional[_Iterable[_Union[_costs_pb2.DailyCost, _Mapping]]] = ..., total_rows: _Optional[int] = ...) -> None: ...

class ReplaceDailyCostsResponse(_message.Message):
    __slots__ = ("row_count", "amount_usd", "matching")
    ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    MATCHING_FIELD_NUMBER: _ClassVar[int]
    row_count: int
    amount_usd: str
    matching: _costs_pb2.MatchSummary
    def __init__(self, row_count: _Optional[int] = ..., amount_usd: _Optional[str] = ..., matching: _Optional[_Union[_costs_pb2.MatchSummary, _Mapping]] = ...) -> None: ...
