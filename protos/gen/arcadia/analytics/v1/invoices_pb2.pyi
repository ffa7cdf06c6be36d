import datetime

from arcadia.common.v1 import runs_pb2 as _runs_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Invoice(_message.Message):
    __slots__ = ("id", "tenant_id", "period", "period_end", "number", "status", "subtotal_cents", "tax_cents", "total_cents", "currency", "issued_on", "due_on", "tax_label", "tax_rate_percent", "issuer", "recipient", "line_count", "credited_cents", "chain_hash", "previous_chain_hash", "hand_over", "created_at", "issued_at", "paid_at", "voided_at", "kind", "credited_in_full_at", "void_reason", "void_hand_over", "purchase_order")
    ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    PERIOD_END_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SUBTOTAL_CENTS_FIELD_NUMBER: _ClassVar[int]
    TAX_CENTS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ISSUED_ON_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    TAX_LABEL_FIELD_NUMBER: _ClassVar[int]
    TAX_RATE_PERCENT_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    RECIPIENT_FIELD_NUMBER: _ClassVar[int]
    LINE_COUNT_FIELD_NUMBER: _ClassVar[int]
    CREDITED_CENTS_FIELD_NUMBER: _ClassVar[int]
    CHAIN_HASH_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_CHAIN_HASH_FIELD_NUMBER: _ClassVar[int]
    HAND_OVER_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    ISSUED_AT_FIELD_NUMBER: _ClassVar[int]
    PAID_AT_FIELD_NUMBER: _ClassVar[int]
    VOIDED_AT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CREDITED_IN_FULL_AT_FIELD_NUMBER: _ClassVar[int]
    VOID_REASON_FIELD_NUMBER: _ClassVar[int]
    VOID_HAND_OVER_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_ORDER_FIELD_NUMBER: _ClassVar[int]
    id: str
    tenant_id: str
    period: str
    period_end: str
    number: str
    status: str
    subtotal_cents: int
    tax_cents: int
    total_cents: int
    currency: str
    issued_on: str
    due_on: str
    tax_label: str
    tax_rate_percent: str
    issuer: Party
    recipient: Party
    line_count: int
    credited_cents: int
    chain_hash: str
    previous_chain_hash: str
    hand_over: HandOver
    created_at: _timestamp_pb2.Timestamp
    issued_at: _timestamp_pb2.Timestamp
    paid_at: _timestamp_pb2.Timestamp
    voided_at: _timestamp_pb2.Timestamp
    kind: str
    credited_in_full_at: _timestamp_pb2.Timestamp
    void_reason: str
    void_hand_over: HandOver
    purchase_order: str
    def __init__(self, id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., period: _Optional[str] = ..., period_end: _Optional[str] = ..., number: _Optional[str] = ..., status: _Optional[str] = ..., subtotal_cents: _Optional[int] = ..., tax_cents: _Optional[int] = ..., total_cents: _Optional[int] = ..., currency: _Optional[str] = ..., issued_on: _Optional[str] = ..., due_on: _Optional[str] = ..., tax_label: _Optional[str] = ..., tax_rate_percent: _Optional[str] = ..., issuer: _Optional[_Union[Party, _Mapping]] = ..., recipient: _Optional[_Union[Party, _Mapping]] = ..., line_count: _Optional[int] = ..., credited_cents: _Optional[int] = ..., chain_hash: _Optional[str] = ..., previous_chain_hash: _Optional[str] = ..., hand_over: _Optional[_Union[HandOver, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., issued_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., paid_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., voided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., kind: _Optional[str] = ..., credited_in_full_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., void_reason: _Optional[str] = ..., void_hand_over: _Optional[_Union[HandOver, _Mapping]] = ..., purchase_order: _Optional[str] = ...) -> None: ...

class InvoiceLine(_message.Message):
    __slots__ = ("id", "position", "kind", "resource_kind", "description", "qty", "unit", "unit_price_cents", "amount_cents", "meta", "deployment_id", "service_start", "service_end", "dimensions", "price_base_qty", "service_days")
    class MetaEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class DimensionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    QTY_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_CENTS_FIELD_NUMBER: _ClassVar[int]
    META_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SERVICE_START_FIELD_NUMBER: _ClassVar[int]
    SERVICE_END_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    PRICE_BASE_QTY_FIELD_NUMBER: _ClassVar[int]
    SERVICE_DAYS_FIELD_NUMBER: _ClassVar[int]
    id: str
    position: int
    kind: str
    resource_kind: str
    description: str
    qty: str
    unit: str
    unit_price_cents: str
    amount_cents: int
    meta: _containers.ScalarMap[str, str]
    deployment_id: str
    service_start: str
    service_end: str
    dimensions: _containers.ScalarMap[str, str]
    price_base_qty: str
    service_days: int
    def __init__(self, id: _Optional[str] = ..., position: _Optional[int] = ..., kind: _Optional[str] = ..., resource_kind: _Optional[str] = ..., description: _Optional[str] = ..., qty: _Optional[str] = ..., unit: _Optional[str] = ..., unit_price_cents: _Optional[str] = ..., amount_cents: _Optional[int] = ..., meta: _Optional[_Mapping[str, str]] = ..., deployment_id: _Optional[str] = ..., service_start: _Optional[str] = ..., service_end: _Optional[str] = ..., dimensions: _Optional[_Mapping[str, str]] = ..., price_base_qty: _Optional[str] = ..., service_days: _Optional[int] = ...) -> None: ...

class Party(_message.Message):
    __slots__ = ("name", "abn", "address_lines", "email")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ABN_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_LINES_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    name: str
    abn: str
    address_lines: _containers.RepeatedScalarFieldContainer[str]
    email: str
    def __init__(self, name: _Optional[str] = ..., abn: _Optional[str] = ..., address_lines: _Optional[_Iterable[str]] = ..., email: _Optional[str] = ...) -> None: ...

class HandOver(_message.Message):
    __slots__ = ("status", "reference", "attempt_count", "reason", "delivered_at", "run")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_AT_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    status: str
    reference: str
    attempt_count: int
    reason: str
    delivered_at: _timestamp_pb2.Timestamp
    run: _runs_pb2.Run
    def __init__(self, status: _Optional[str] = ..., reference: _Optional[str] = ..., attempt_count: _Optional[int] = ..., reason: _Optional[str] = ..., delivered_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., run: _Optional[_Union[_runs_pb2.Run, _Mapping]] = ...) -> None: ...

class CreditNote(_message.Message):
    __slots__ = ("id", "invoice_id", "tenant_id", "number", "subtotal_cents", "tax_cents", "total_cents", "currency", "reason", "lines", "issued_by", "issued_at", "hand_over", "invoice_number")
    ID_FIELD_NUMBER: _ClassVar[int]
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SUBTOTAL_CENTS_FIELD_NUMBER: _ClassVar[int]
    TAX_CENTS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    ISSUED_BY_FIELD_NUMBER: _ClassVar[int]
    ISSUED_AT_FIELD_NUMBER: _ClassVar[int]
    HAND_OVER_FIELD_NUMBER: _ClassVar[int]
    INVOICE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    id: str
    invoice_id: str
    tenant_id: str
    number: str
    subtotal_cents: int
    tax_cents: int
    total_cents: int
    currency: str
    reason: str
    lines: _containers.RepeatedCompositeFieldContainer[InvoiceLine]
    issued_by: str
    issued_at: _timestamp_pb2.Timestamp
    hand_over: HandOver
    invoice_number: str
    def __init__(self, id: _Optional[str] = ..., invoice_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., number: _Optional[str] = ..., subtotal_cents: _Optional[int] = ..., tax_cents: _Optional[int] = ..., total_cents: _Optional[int] = ..., currency: _Optional[str] = ..., reason: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[InvoiceLine, _Mapping]]] = ..., issued_by: _Optional[str] = ..., issued_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., hand_over: _Optional[_Union[HandOver, _Mapping]] = ..., invoice_number: _Optional[str] = ...) -> None: ...
