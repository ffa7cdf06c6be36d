from arcadia.analytics.v1 import margins_pb2 as _margins_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from arcadia.common.v1 import limits_pb2 as _limits_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SimulateCatalogRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "document", "plan_code", "plan_version", "months", "to_period", "group_by", "tenant_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    MONTHS_FIELD_NUMBER: _ClassVar[int]
    TO_PERIOD_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    document: str
    plan_code: str
    plan_version: int
    months: int
    to_period: str
    group_by: str
    tenant_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., document: _Optional[str] = ..., plan_code: _Optional[str] = ..., plan_version: _Optional[int] = ..., months: _Optional[int] = ..., to_period: _Optional[str] = ..., group_by: _Optional[str] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class SimulateCatalogResponse(_message.Message):
    __slots__ = ("simulated_shares", "next_page_token", "total", "months", "failures", "failure_count", "conversion", "months_without_costs", "floor_percent", "rules_left_out")
    SIMULATED_SHARES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    MONTHS_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    FAILURE_COUNT_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_FIELD_NUMBER: _ClassVar[int]
    MONTHS_WITHOUT_COSTS_FIELD_NUMBER: _ClassVar[int]
    FLOOR_PERCENT_FIELD_NUMBER: _ClassVar[int]
    RULES_LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    simulated_shares: _containers.RepeatedCompositeFieldContainer[SimulatedShare]
    next_page_token: str
    total: SimulatedShare
    months: _containers.RepeatedScalarFieldContainer[str]
    failures: _containers.RepeatedCompositeFieldContainer[SimulationFailure]
    failure_count: int
    conversion: _margins_pb2.Conversion
    months_without_costs: _containers.RepeatedScalarFieldContainer[str]
    floor_percent: str
    rules_left_out: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, simulated_shares: _Optional[_Iterable[_Union[SimulatedShare, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total: _Optional[_Union[SimulatedShare, _Mapping]] = ..., months: _Optional[_Iterable[str]] = ..., failures: _Optional[_Iterable[_Union[SimulationFailure, _Mapping]]] = ..., failure_count: _Optional[int] = ..., conversion: _Optional[_Union[_margins_pb2.Conversion, _Mapping]] = ..., months_without_costs: _Optional[_Iterable[str]] = ..., floor_percent: _Optional[str] = ..., rules_left_out: _Optional[_Iterable[str]] = ...) -> None: ...

class SimulatedShare(_message.Message):
    __slots__ = ("tenant_id", "deployment_id", "meter", "revenues", "revenue_before_cents", "revenue_after_cents", "cost_cents", "margin_before_cents", "margin_after_cents", "margin_before_percent", "margin_after_percent", "below_floor_before", "below_floor_after")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    METER_FIELD_NUMBER: _ClassVar[int]
    REVENUES_FIELD_NUMBER: _ClassVar[int]
    REVENUE_BEFORE_CENTS_FIELD_NUMBER: _ClassVar[int]
    REVENUE_AFTER_CENTS_FIELD_NUMBER: _ClassVar[int]
    COST_CENTS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_BEFORE_CENTS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_AFTER_CENTS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_BEFORE_PERCENT_FIELD_NUMBER: _ClassVar[int]
    MARGIN_AFTER_PERCENT_FIELD_NUMBER: _ClassVar[int]
    BELOW_FLOOR_BEFORE_FIELD_NUMBER: _ClassVar[int]
    BELOW_FLOOR_AFTER_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    deployment_id: str
    meter: str
    revenues: _containers.RepeatedCompositeFieldContainer[SimulatedRevenue]
    revenue_before_cents: int
    revenue_after_cents: int
    cost_cents: int
    margin_before_cents: int
    margin_after_cents: int
    margin_before_percent: str
    margin_after_percent: str
    below_floor_before: bool
    below_floor_after: bool
    def __init__(self, tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., meter: _Optional[str] = ..., revenues: _Optional[_Iterable[_Union[SimulatedRevenue, _Mapping]]] = ..., revenue_before_cents: _Optional[int] = ..., revenue_after_cents: _Optional[int] = ..., cost_cents: _Optional[int] = ..., margin_before_cents: _Optional[int] = ..., margin_after_cents: _Optional[int] = ..., margin_before_percent: _Optional[str] = ..., margin_after_percent: _Optional[str] = ..., below_floor_before: _Optional[bool] = ..., below_floor_after: _Optional[bool] = ...) -> None: ...

class SimulatedRevenue(_message.Message):
    __slots__ = ("currency", "before_cents", "after_cents", "change_cents", "change_percent")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    BEFORE_CENTS_FIELD_NUMBER: _ClassVar[int]
    AFTER_CENTS_FIELD_NUMBER: _ClassVar[int]
    CHANGE_CENTS_FIELD_NUMBER: _ClassVar[int]
    CHANGE_PERCENT_FIELD_NUMBER: _ClassVar[int]
    currency: str
    before_cents: int
    after_cents: int
    change_cents: int
    change_percent: str
    def __init__(self, currency: _Optional[str] = ..., before_cents: _Optional[int] = ..., after_cents: _Optional[int] = ..., change_cents: _Optional[int] = ..., change_percent: _Optional[str] = ...) -> None: ...

class SimulationFailure(_message.Message):
    __slots__ = ("tenant_id", "deployment_id", "period", "reason", "message")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    deployment_id: str
    period: str
    reason: str
    message: str
    def __init__(self, tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., period: _Optional[str] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
