import datetime

from arcadia.analytics.v1 import invoices_pb2 as _invoices_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from arcadia.common.v1 import limits_pb2 as _limits_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OneOffLine(_message.Message):
    __slots__ = ("id", "tenant_id", "deployment_id", "description", "amount_cents", "currency", "reason", "status", "invoice_id", "added_by", "added_at", "removed_by", "removed_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    ADDED_BY_FIELD_NUMBER: _ClassVar[int]
    ADDED_AT_FIELD_NUMBER: _ClassVar[int]
    REMOVED_BY_FIELD_NUMBER: _ClassVar[int]
    REMOVED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    tenant_id: str
    deployment_id: str
    description: str
    amount_cents: int
    currency: str
    reason: str
    status: str
    invoice_id: str
    added_by: str
    added_at: _timestamp_pb2.Timestamp
    removed_by: str
    removed_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., description: _Optional[str] = ..., amount_cents: _Optional[int] = ..., currency: _Optional[str] = ..., reason: _Optional[str] = ..., status: _Optional[str] = ..., invoice_id: _Optional[str] = ..., added_by: _Optional[str] = ..., added_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., removed_by: _Optional[str] = ..., removed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AddOneOffLineRequest(_message.Message):
    __slots__ = ("tenant_id", "deployment_id", "description", "amount_cents", "currency", "reason", "request_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    deployment_id: str
    description: str
    amount_cents: int
    currency: str
    reason: str
    request_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., description: _Optional[str] = ..., amount_cents: _Optional[int] = ..., currency: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class AddOneOffLineResponse(_message.Message):
    __slots__ = ("one_off_line",)
    ONE_OFF_LINE_FIELD_NUMBER: _ClassVar[int]
    one_off_line: OneOffLine
    def __init__(self, one_off_line: _Optional[_Union[OneOffLine, _Mapping]] = ...) -> None: ...

class ListOneOffLinesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "status")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    status: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., status: _Optional[str] = ...) -> None: ...

class ListOneOffLinesResponse(_message.Message):
    __slots__ = ("one_off_lines", "next_page_token")
    ONE_OFF_LINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    one_off_lines: _containers.RepeatedCompositeFieldContainer[OneOffLine]
    next_page_token: str
    def __init__(self, one_off_lines: _Optional[_Iterable[_Union[OneOffLine, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RemoveOneOffLineRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RemoveOneOffLineResponse(_message.Message):
    __slots__ = ("one_off_line",)
    ONE_OFF_LINE_FIELD_NUMBER: _ClassVar[int]
    one_off_line: OneOffLine
    def __init__(self, one_off_line: _Optional[_Union[OneOffLine, _Mapping]] = ...) -> None: ...

class CreateOneOffInvoiceRequest(_message.Message):
    __slots__ = ("tenant_id", "currency", "lines", "reason", "request_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    currency: str
    lines: _containers.RepeatedCompositeFieldContainer[OneOffInvoiceLine]
    reason: str
    request_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., currency: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[OneOffInvoiceLine, _Mapping]]] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class OneOffInvoiceLine(_message.Message):
    __slots__ = ("deployment_id", "description", "amount_cents")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_CENTS_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    description: str
    amount_cents: int
    def __init__(self, deployment_id: _Optional[str] = ..., description: _Optional[str] = ..., amount_cents: _Optional[int] = ...) -> None: ...

class CreateOneOffInvoiceResponse(_message.Message):
    __slots__ = ("invoice", "lines")
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    invoice: _invoices_pb2.Invoice
    lines: _containers.RepeatedCompositeFieldContainer[_invoices_pb2.InvoiceLine]
    def __init__(self, invoice: _Optional[_Union[_invoices_pb2.Invoice, _Mapping]] = ..., lines: _Optional[_Iterable[_Union[_invoices_pb2.InvoiceLine, _Mapping]]] = ...) -> None: ...
