import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Quote(_message.Message):
    __slots__ = ("recurring", "first_invoice", "overage", "ad_hoc", "all_in_monthly_cents", "recurring_cents", "first_invoice_cents", "overage_cents", "ad_hoc_cents", "currency", "id", "plan_code", "plan_version", "starts_on", "subscription_id", "change", "margin_guard", "proof", "created_at", "billed_days", "trial_days", "rebilled", "rebilled_cents", "rebills_costs", "left_to_bill", "inputs_left_out")
    RECURRING_FIELD_NUMBER: _ClassVar[int]
    FIRST_INVOICE_FIELD_NUMBER: _ClassVar[int]
    OVERAGE_FIELD_NUMBER: _ClassVar[int]
    AD_HOC_FIELD_NUMBER: _ClassVar[int]
    ALL_IN_MONTHLY_CENTS_FIELD_NUMBER: _ClassVar[int]
    RECURRING_CENTS_FIELD_NUMBER: _ClassVar[int]
    FIRST_INVOICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    OVERAGE_CENTS_FIELD_NUMBER: _ClassVar[int]
    AD_HOC_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    STARTS_ON_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    MARGIN_GUARD_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    BILLED_DAYS_FIELD_NUMBER: _ClassVar[int]
    TRIAL_DAYS_FIELD_NUMBER: _ClassVar[int]
    REBILLED_FIELD_NUMBER: _ClassVar[int]
    REBILLED_CENTS_FIELD_NUMBER: _ClassVar[int]
    REBILLS_COSTS_FIELD_NUMBER: _ClassVar[int]
    LEFT_TO_BILL_FIELD_NUMBER: _ClassVar[int]
    INPUTS_LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    recurring: _containers.RepeatedCompositeFieldContainer[QuoteLine]
    first_invoice: _containers.RepeatedCompositeFieldContainer[QuoteLine]
    overage: _containers.RepeatedCompositeFieldContainer[QuoteLine]
    ad_hoc: _containers.RepeatedCompositeFieldContainer[QuoteLine]
    all_in_monthly_cents: int
    recurring_cents: int
    first_invoice_cents: int
    overage_cents: int
    ad_hoc_cents: int
    currency: str
    id: str
    plan_code: str
    plan_version: int
    starts_on: str
    subscription_id: str
    change: PlanChangeCost
    margin_guard: MarginGuard
    proof: Proof
    created_at: _timestamp_pb2.Timestamp
    billed_days: _containers.RepeatedCompositeFieldContainer[DaySpan]
    trial_days: _containers.RepeatedCompositeFieldContainer[DaySpan]
    rebilled: _containers.RepeatedCompositeFieldContainer[QuoteLine]
    rebilled_cents: int
    rebills_costs: bool
    left_to_bill: _containers.RepeatedScalarFieldContainer[str]
    inputs_left_out: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, recurring: _Optional[_Iterable[_Union[QuoteLine, _Mapping]]] = ..., first_invoice: _Optional[_Iterable[_Union[QuoteLine, _Mapping]]] = ..., overage: _Optional[_Iterable[_Union[QuoteLine, _Mapping]]] = ..., ad_hoc: _Optional[_Iterable[_Union[QuoteLine, _Mapping]]] = ..., all_in_monthly_cents: _Optional[int] = ..., recurring_cents: _Optional[int] = ..., first_invoice_cents: _Optional[int] = ..., overage_cents: _Optional[int] = ..., ad_hoc_cents: _Optional[int] = ..., currency: _Optional[str] = ..., id: _Optional[str] = ..., plan_code: _Optional[str] = ..., plan_version: _Optional[int] = ..., starts_on: _Optional[str] = ..., subscription_id: _Optional[str] = ..., change: _Optional[_Union[PlanChangeCost, _Mapping]] = ..., margin_guard: _Optional[_Union[MarginGuard, _Mapping]] = ..., proof: _Optional[_Union[Proof, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., billed_days: _Optional[_Iterable[_Union[DaySpan, _Mapping]]] = ..., trial_days: _Optional[_Iterable[_Union[DaySpan, _Mapping]]] = ..., rebilled: _Optional[_Iterable[_Union[QuoteLine, _Mapping]]] = ..., rebilled_cents: _Optional[int] = ..., rebills_costs: _Optional[bool] = ..., left_to_bill: _Optional[_Iterable[str]] = ..., inputs_left_out: _Optional[_Iterable[str]] = ...) -> None: ...

class DaySpan(_message.Message):
    __slots__ = ("start", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: str
    end: str
    def __init__(self, start: _Optional[str] = ..., end: _Optional[str] = ...) -> None: ...

class QuoteLine(_message.Message):
    __slots__ = ("kind", "resource_kind", "description", "qty", "unit", "unit_price_cents", "amount_cents", "meta", "dimensions", "price_base_qty", "service_start", "service_end", "service_days")
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
    KIND_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    QTY_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_CENTS_FIELD_NUMBER: _ClassVar[int]
    META_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    PRICE_BASE_QTY_FIELD_NUMBER: _ClassVar[int]
    SERVICE_START_FIELD_NUMBER: _ClassVar[int]
    SERVICE_END_FIELD_NUMBER: _ClassVar[int]
    SERVICE_DAYS_FIELD_NUMBER: _ClassVar[int]
    kind: str
    resource_kind: str
    description: str
    qty: str
    unit: str
    unit_price_cents: str
    amount_cents: int
    meta: _containers.ScalarMap[str, str]
    dimensions: _containers.ScalarMap[str, str]
    price_base_qty: str
    service_start: str
    service_end: str
    service_days: int
    def __init__(self, kind: _Optional[str] = ..., resource_kind: _Optional[str] = ..., description: _Optional[str] = ..., qty: _Optional[str] = ..., unit: _Optional[str] = ..., unit_price_cents: _Optional[str] = ..., amount_cents: _Optional[int] = ..., meta: _Optional[_Mapping[str, str]] = ..., dimensions: _Optional[_Mapping[str, str]] = ..., price_base_qty: _Optional[str] = ..., service_start: _Optional[str] = ..., service_end: _Optional[str] = ..., service_days: _Optional[int] = ...) -> None: ...

class PlanChangeCost(_message.Message):
    __slots__ = ("credits", "charges", "net_cents")
    CREDITS_FIELD_NUMBER: _ClassVar[int]
    CHARGES_FIELD_NUMBER: _ClassVar[int]
    NET_CENTS_FIELD_NUMBER: _ClassVar[int]
    credits: _containers.RepeatedCompositeFieldContainer[QuoteLine]
    charges: _containers.RepeatedCompositeFieldContainer[QuoteLine]
    net_cents: int
    def __init__(self, credits: _Optional[_Iterable[_Union[QuoteLine, _Mapping]]] = ..., charges: _Optional[_Iterable[_Union[QuoteLine, _Mapping]]] = ..., net_cents: _Optional[int] = ...) -> None: ...

class MarginGuard(_message.Message):
    __slots__ = ("cost_cents", "margin_cents", "margin_percent", "floor_percent", "below_floor", "unknown_kinds", "exchange_rate", "parity_assumed")
    COST_CENTS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_CENTS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_PERCENT_FIELD_NUMBER: _ClassVar[int]
    FLOOR_PERCENT_FIELD_NUMBER: _ClassVar[int]
    BELOW_FLOOR_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_KINDS_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_RATE_FIELD_NUMBER: _ClassVar[int]
    PARITY_ASSUMED_FIELD_NUMBER: _ClassVar[int]
    cost_cents: int
    margin_cents: int
    margin_percent: str
    floor_percent: str
    below_floor: bool
    unknown_kinds: _containers.RepeatedScalarFieldContainer[str]
    exchange_rate: str
    parity_assumed: bool
    def __init__(self, cost_cents: _Optional[int] = ..., margin_cents: _Optional[int] = ..., margin_percent: _Optional[str] = ..., floor_percent: _Optional[str] = ..., below_floor: _Optional[bool] = ..., unknown_kinds: _Optional[_Iterable[str]] = ..., exchange_rate: _Optional[str] = ..., parity_assumed: _Optional[bool] = ...) -> None: ...

class Proof(_message.Message):
    __slots__ = ("inputs_json", "inputs_hash", "engine_version", "result_hash")
    INPUTS_JSON_FIELD_NUMBER: _ClassVar[int]
    INPUTS_HASH_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    RESULT_HASH_FIELD_NUMBER: _ClassVar[int]
    inputs_json: str
    inputs_hash: str
    engine_version: str
    result_hash: str
    def __init__(self, inputs_json: _Optional[str] = ..., inputs_hash: _Optional[str] = ..., engine_version: _Optional[str] = ..., result_hash: _Optional[str] = ...) -> None: ...

class Verification(_message.Message):
    __slots__ = ("verified", "inputs_hash", "result_hash", "engine_version", "reason")
    VERIFIED_FIELD_NUMBER: _ClassVar[int]
    INPUTS_HASH_FIELD_NUMBER: _ClassVar[int]
    RESULT_HASH_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    verified: bool
    inputs_hash: str
    result_hash: str
    engine_version: str
    reason: str
    def __init__(self, verified: _Optional[bool] = ..., inputs_hash: _Optional[str] = ..., result_hash: _Optional[str] = ..., engine_version: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class InputDifference(_message.Message):
    __slots__ = ("path", "left_json", "right_json")
    PATH_FIELD_NUMBER: _ClassVar[int]
    LEFT_JSON_FIELD_NUMBER: _ClassVar[int]
    RIGHT_JSON_FIELD_NUMBER: _ClassVar[int]
    path: str
    left_json: str
    right_json: str
    def __init__(self, path: _Optional[str] = ..., left_json: _Optional[str] = ..., right_json: _Optional[str] = ...) -> None: ...
