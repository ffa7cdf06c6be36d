import datetime

from arcadia.analytics.v1 import margins_pb2 as _margins_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetMarginRequest(_message.Message):
    __slots__ = ("period", "page_size")
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    period: str
    page_size: int
    def __init__(self, period: _Optional[str] = ..., page_size: _Optional[int] = ...) -> None: ...

class GetMarginResponse(_message.Message):
    __slots__ = ("revenue_cents", "cogs_cents", "margin_cents", "margin_percent", "by_tenant", "by_deployment", "by_kind", "by_tenant_next_page_token", "by_deployment_next_page_token", "period", "revenue_state", "cogs_state", "conversion", "as_of", "shared_costs")
    REVENUE_CENTS_FIELD_NUMBER: _ClassVar[int]
    COGS_CENTS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_CENTS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_PERCENT_FIELD_NUMBER: _ClassVar[int]
    BY_TENANT_FIELD_NUMBER: _ClassVar[int]
    BY_DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    BY_KIND_FIELD_NUMBER: _ClassVar[int]
    BY_TENANT_NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    BY_DEPLOYMENT_NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    REVENUE_STATE_FIELD_NUMBER: _ClassVar[int]
    COGS_STATE_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    SHARED_COSTS_FIELD_NUMBER: _ClassVar[int]
    revenue_cents: int
    cogs_cents: int
    margin_cents: int
    margin_percent: str
    by_tenant: _containers.RepeatedCompositeFieldContainer[_margins_pb2.MarginShare]
    by_deployment: _containers.RepeatedCompositeFieldContainer[_margins_pb2.MarginShare]
    by_kind: _margins_pb2.KindBreakdown
    by_tenant_next_page_token: str
    by_deployment_next_page_token: str
    period: str
    revenue_state: str
    cogs_state: str
    conversion: _margins_pb2.Conversion
    as_of: _timestamp_pb2.Timestamp
    shared_costs: _containers.RepeatedCompositeFieldContainer[_margins_pb2.SharedCostSplit]
    def __init__(self, revenue_cents: _Optional[int] = ..., cogs_cents: _Optional[int] = ..., margin_cents: _Optional[int] = ..., margin_percent: _Optional[str] = ..., by_tenant: _Optional[_Iterable[_Union[_margins_pb2.MarginShare, _Mapping]]] = ..., by_deployment: _Optional[_Iterable[_Union[_margins_pb2.MarginShare, _Mapping]]] = ..., by_kind: _Optional[_Union[_margins_pb2.KindBreakdown, _Mapping]] = ..., by_tenant_next_page_token: _Optional[str] = ..., by_deployment_next_page_token: _Optional[str] = ..., period: _Optional[str] = ..., revenue_state: _Optional[str] = ..., cogs_state: _Optional[str] = ..., conversion: _Optional[_Union[_margins_pb2.Conversion, _Mapping]] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., shared_costs: _Optional[_Iterable[_Union[_margins_pb2.SharedCostSplit, _Mapping]]] = ...) -> None: ...

class ListMarginSharesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "period", "group_by", "tenant_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    period: str
    group_by: str
    tenant_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., period: _Optional[str] = ..., group_by: _Optional[str] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class ListMarginSharesResponse(_message.Message):
    __slots__ = ("margin_shares", "next_page_token", "conversion")
    MARGIN_SHARES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_FIELD_NUMBER: _ClassVar[int]
    margin_shares: _containers.RepeatedCompositeFieldContainer[_margins_pb2.MarginShare]
    next_page_token: str
    conversion: _margins_pb2.Conversion
    def __init__(self, margin_shares: _Optional[_Iterable[_Union[_margins_pb2.MarginShare, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., conversion: _Optional[_Union[_margins_pb2.Conversion, _Mapping]] = ...) -> None: ...

class GetMarginTrendRequest(_message.Message):
    __slots__ = ("from_period", "to_period", "tenant_id", "deployment_id")
    FROM_PERIOD_FIELD_NUMBER: _ClassVar[int]
    TO_PERIOD_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    from_period: str
    to_period: str
    tenant_id: str
    deployment_id: str
    def __init__(self, from_period: _Optional[str] = ..., to_period: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ...) -> None: ...

class GetMarginTrendResponse(_message.Message):
    __slots__ = ("months", "conversion")
    MONTHS_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_FIELD_NUMBER: _ClassVar[int]
    months: _containers.RepeatedCompositeFieldContainer[MarginMonth]
    conversion: _margins_pb2.Conversion
    def __init__(self, months: _Optional[_Iterable[_Union[MarginMonth, _Mapping]]] = ..., conversion: _Optional[_Union[_margins_pb2.Conversion, _Mapping]] = ...) -> None: ...

class MarginMonth(_message.Message):
    __slots__ = ("period", "revenue_cents", "cogs_cents", "margin_cents", "margin_percent", "revenue_state", "cogs_state")
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    REVENUE_CENTS_FIELD_NUMBER: _ClassVar[int]
    COGS_CENTS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_CENTS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_PERCENT_FIELD_NUMBER: _ClassVar[int]
    REVENUE_STATE_FIELD_NUMBER: _ClassVar[int]
    COGS_STATE_FIELD_NUMBER: _ClassVar[int]
    period: str
    revenue_cents: int
    cogs_cents: int
    margin_cents: int
    margin_percent: str
    revenue_state: str
    cogs_state: str
    def __init__(self, period: _Optional[str] = ..., revenue_cents: _Optional[int] = ..., cogs_cents: _Optional[int] = ..., margin_cents: _Optional[int] = ..., margin_percent: _Optional[str] = ..., revenue_state: _Optional[str] = ..., cogs_state: _Optional[str] = ...) -> None: ...

class GetAccrualRequest(_message.Message):
    __slots__ = ("page_size",)
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    def __init__(self, page_size: _Optional[int] = ...) -> None: ...

class GetAccrualResponse(_message.Message):
    __slots__ = ("revenue_cents", "cogs_cents", "margin_cents", "margin_percent", "by_tenant", "by_deployment", "by_kind", "period", "usage_until", "costs_until", "conversion", "shared_costs", "failures")
    REVENUE_CENTS_FIELD_NUMBER: _ClassVar[int]
    COGS_CENTS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_CENTS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_PERCENT_FIELD_NUMBER: _ClassVar[int]
    BY_TENANT_FIELD_NUMBER: _ClassVar[int]
    BY_DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    BY_KIND_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    USAGE_UNTIL_FIELD_NUMBER: _ClassVar[int]
    COSTS_UNTIL_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_FIELD_NUMBER: _ClassVar[int]
    SHARED_COSTS_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    revenue_cents: int
    cogs_cents: int
    margin_cents: int
    margin_percent: str
    by_tenant: _containers.RepeatedCompositeFieldContainer[_margins_pb2.MarginShare]
    by_deployment: _containers.RepeatedCompositeFieldContainer[_margins_pb2.MarginShare]
    by_kind: _margins_pb2.KindBreakdown
    period: str
    usage_until: _timestamp_pb2.Timestamp
    costs_until: str
    conversion: _margins_pb2.Conversion
    shared_costs: _containers.RepeatedCompositeFieldContainer[_margins_pb2.SharedCostSplit]
    failures: _containers.RepeatedCompositeFieldContainer[AccrualFailure]
    def __init__(self, revenue_cents: _Optional[int] = ..., cogs_cents: _Optional[int] = ..., margin_cents: _Optional[int] = ..., margin_percent: _Optional[str] = ..., by_tenant: _Optional[_Iterable[_Union[_margins_pb2.MarginShare, _Mapping]]] = ..., by_deployment: _Optional[_Iterable[_Union[_margins_pb2.MarginShare, _Mapping]]] = ..., by_kind: _Optional[_Union[_margins_pb2.KindBreakdown, _Mapping]] = ..., period: _Optional[str] = ..., usage_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., costs_until: _Optional[str] = ..., conversion: _Optional[_Union[_margins_pb2.Conversion, _Mapping]] = ..., shared_costs: _Optional[_Iterable[_Union[_margins_pb2.SharedCostSplit, _Mapping]]] = ..., failures: _Optional[_Iterable[_Union[AccrualFailure, _Mapping]]] = ...) -> None: ...

class AccrualFailure(_message.Message):
    __slots__ = ("subscription_id", "deployment_id", "tenant_id", "reason", "message")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    deployment_id: str
    tenant_id: str
    reason: str
    message: str
    def __init__(self, subscription_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class ListAccrualsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "deployment_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    deployment_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ...) -> None: ...

class ListAccrualsResponse(_message.Message):
    __slots__ = ("accruals", "next_page_token")
    ACCRUALS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    accruals: _containers.RepeatedCompositeFieldContainer[SubscriptionAccrual]
    next_page_token: str
    def __init__(self, accruals: _Optional[_Iterable[_Union[SubscriptionAccrual, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SubscriptionAccrual(_message.Message):
    __slots__ = ("subscription_id", "deployment_id", "tenant_id", "accrued_cents", "recurring_cents", "overage_cents", "ad_hoc_cents", "currency", "usage_until", "inputs_hash", "engine_version", "result_hash", "rebilled_cents")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ACCRUED_CENTS_FIELD_NUMBER: _ClassVar[int]
    RECURRING_CENTS_FIELD_NUMBER: _ClassVar[int]
    OVERAGE_CENTS_FIELD_NUMBER: _ClassVar[int]
    AD_HOC_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    USAGE_UNTIL_FIELD_NUMBER: _ClassVar[int]
    INPUTS_HASH_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    RESULT_HASH_FIELD_NUMBER: _ClassVar[int]
    REBILLED_CENTS_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    deployment_id: str
    tenant_id: str
    accrued_cents: int
    recurring_cents: int
    overage_cents: int
    ad_hoc_cents: int
    currency: str
    usage_until: _timestamp_pb2.Timestamp
    inputs_hash: str
    engine_version: str
    result_hash: str
    rebilled_cents: int
    def __init__(self, subscription_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., accrued_cents: _Optional[int] = ..., recurring_cents: _Optional[int] = ..., overage_cents: _Optional[int] = ..., ad_hoc_cents: _Optional[int] = ..., currency: _Optional[str] = ..., usage_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., inputs_hash: _Optional[str] = ..., engine_version: _Optional[str] = ..., result_hash: _Optional[str] = ..., rebilled_cents: _Optional[int] = ...) -> None: ...

class ListReconciliationDifferencesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "period", "difference_type", "tenant_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    period: str
    difference_type: str
    tenant_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., period: _Optional[str] = ..., difference_type: _Optional[str] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class ListReconciliationDifferencesResponse(_message.Message):
    __slots__ = ("differences", "next_page_token", "agreed_count", "difference_count")
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AGREED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    differences: _containers.RepeatedCompositeFieldContainer[ReconciliationDifference]
    next_page_token: str
    agreed_count: int
    difference_count: int
    def __init__(self, differences: _Optional[_Iterable[_Union[ReconciliationDifference, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., agreed_count: _Optional[int] = ..., difference_count: _Optional[int] = ...) -> None: ...

class ReconciliationDifference(_message.Message):
    __slots__ = ("difference_type", "resource_id", "kind", "name", "tenant_id", "deployment_id", "inventory_hours", "provider_hours", "billed_hours", "provider_amount_usd", "explanation")
    DIFFERENCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    INVENTORY_HOURS_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_HOURS_FIELD_NUMBER: _ClassVar[int]
    BILLED_HOURS_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    difference_type: str
    resource_id: str
    kind: str
    name: str
    tenant_id: str
    deployment_id: str
    inventory_hours: str
    provider_hours: str
    billed_hours: str
    provider_amount_usd: str
    explanation: str
    def __init__(self, difference_type: _Optional[str] = ..., resource_id: _Optional[str] = ..., kind: _Optional[str] = ..., name: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., inventory_hours: _Optional[str] = ..., provider_hours: _Optional[str] = ..., billed_hours: _Optional[str] = ..., provider_amount_usd: _Optional[str] = ..., explanation: _Optional[str] = ...) -> None: ...
