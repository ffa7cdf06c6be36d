from arcadia.catalog.v1 import deployments_pb2 as _deployments_pb2
from arcadia.catalog.v1 import quotes_pb2 as _quotes_pb2
from arcadia.catalog.v1 import subscriptions_pb2 as _subscriptions_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BatchQuoteRequest(_message.Message):
    __slots__ = ("period_start", "period_end", "items", "bill_missing")
    PERIOD_START_FIELD_NUMBER: _ClassVar[int]
    PERIOD_END_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    BILL_MISSING_FIELD_NUMBER: _ClassVar[int]
    period_start: str
    period_end: str
    items: _containers.RepeatedCompositeFieldContainer[BatchQuoteItem]
    bill_missing: bool
    def __init__(self, period_start: _Optional[str] = ..., period_end: _Optional[str] = ..., items: _Optional[_Iterable[_Union[BatchQuoteItem, _Mapping]]] = ..., bill_missing: _Optional[bool] = ...) -> None: ...

class BatchQuoteItem(_message.Message):
    __slots__ = ("subscription_id", "usage", "engine_version", "costs")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    COSTS_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    usage: _containers.RepeatedCompositeFieldContainer[UsageSeries]
    engine_version: str
    costs: _containers.RepeatedCompositeFieldContainer[CostSeries]
    def __init__(self, subscription_id: _Optional[str] = ..., usage: _Optional[_Iterable[_Union[UsageSeries, _Mapping]]] = ..., engine_version: _Optional[str] = ..., costs: _Optional[_Iterable[_Union[CostSeries, _Mapping]]] = ...) -> None: ...

class CostSeries(_message.Message):
    __slots__ = ("product", "sku", "runs", "lines_hash")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    LINES_HASH_FIELD_NUMBER: _ClassVar[int]
    product: str
    sku: str
    runs: _containers.RepeatedCompositeFieldContainer[CostRun]
    lines_hash: str
    def __init__(self, product: _Optional[str] = ..., sku: _Optional[str] = ..., runs: _Optional[_Iterable[_Union[CostRun, _Mapping]]] = ..., lines_hash: _Optional[str] = ...) -> None: ...

class CostRun(_message.Message):
    __slots__ = ("first_day", "days", "usd", "charges")
    FIRST_DAY_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    USD_FIELD_NUMBER: _ClassVar[int]
    CHARGES_FIELD_NUMBER: _ClassVar[int]
    first_day: str
    days: int
    usd: str
    charges: int
    def __init__(self, first_day: _Optional[str] = ..., days: _Optional[int] = ..., usd: _Optional[str] = ..., charges: _Optional[int] = ...) -> None: ...

class UsageSeries(_message.Message):
    __slots__ = ("resource_kind", "dimensions", "runs", "facts_hash")
    class DimensionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    FACTS_HASH_FIELD_NUMBER: _ClassVar[int]
    resource_kind: str
    dimensions: _containers.ScalarMap[str, str]
    runs: _containers.RepeatedCompositeFieldContainer[UsageRun]
    facts_hash: str
    def __init__(self, resource_kind: _Optional[str] = ..., dimensions: _Optional[_Mapping[str, str]] = ..., runs: _Optional[_Iterable[_Union[UsageRun, _Mapping]]] = ..., facts_hash: _Optional[str] = ...) -> None: ...

class UsageRun(_message.Message):
    __slots__ = ("first_day", "days", "qty")
    FIRST_DAY_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    QTY_FIELD_NUMBER: _ClassVar[int]
    first_day: str
    days: int
    qty: str
    def __init__(self, first_day: _Optional[str] = ..., days: _Optional[int] = ..., qty: _Optional[str] = ...) -> None: ...

class BatchQuoteResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchQuoteResult]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchQuoteResult, _Mapping]]] = ...) -> None: ...

class BatchQuoteResult(_message.Message):
    __slots__ = ("subscription_id", "quote", "failure", "unsold_usage")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    UNSOLD_USAGE_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    quote: _quotes_pb2.Quote
    failure: QuoteFailure
    unsold_usage: _containers.RepeatedCompositeFieldContainer[UsageSeries]
    def __init__(self, subscription_id: _Optional[str] = ..., quote: _Optional[_Union[_quotes_pb2.Quote, _Mapping]] = ..., failure: _Optional[_Union[QuoteFailure, _Mapping]] = ..., unsold_usage: _Optional[_Iterable[_Union[UsageSeries, _Mapping]]] = ...) -> None: ...

class FindUnsoldUsageRequest(_message.Message):
    __slots__ = ("period_start", "period_end", "items")
    PERIOD_START_FIELD_NUMBER: _ClassVar[int]
    PERIOD_END_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    period_start: str
    period_end: str
    items: _containers.RepeatedCompositeFieldContainer[BatchQuoteItem]
    def __init__(self, period_start: _Optional[str] = ..., period_end: _Optional[str] = ..., items: _Optional[_Iterable[_Union[BatchQuoteItem, _Mapping]]] = ...) -> None: ...

class FindUnsoldUsageResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[UnsoldUsage]
    def __init__(self, results: _Optional[_Iterable[_Union[UnsoldUsage, _Mapping]]] = ...) -> None: ...

class UnsoldUsage(_message.Message):
    __slots__ = ("subscription_id", "unsold_usage")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    UNSOLD_USAGE_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    unsold_usage: _containers.RepeatedCompositeFieldContainer[UsageSeries]
    def __init__(self, subscription_id: _Optional[str] = ..., unsold_usage: _Optional[_Iterable[_Union[UsageSeries, _Mapping]]] = ...) -> None: ...

class QuoteFailure(_message.Message):
    __slots__ = ("reason", "message")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    message: str
    def __init__(self, reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class VerifyProofsRequest(_message.Message):
    __slots__ = ("proofs",)
    PROOFS_FIELD_NUMBER: _ClassVar[int]
    proofs: _containers.RepeatedCompositeFieldContainer[_quotes_pb2.Proof]
    def __init__(self, proofs: _Optional[_Iterable[_Union[_quotes_pb2.Proof, _Mapping]]] = ...) -> None: ...

class VerifyProofsResponse(_message.Message):
    __slots__ = ("verifications",)
    VERIFICATIONS_FIELD_NUMBER: _ClassVar[int]
    verifications: _containers.RepeatedCompositeFieldContainer[_quotes_pb2.Verification]
    def __init__(self, verifications: _Optional[_Iterable[_Union[_quotes_pb2.Verification, _Mapping]]] = ...) -> None: ...

class CompareProofsRequest(_message.Message):
    __slots__ = ("left_proof", "left_quote_id", "right_proof")
    LEFT_PROOF_FIELD_NUMBER: _ClassVar[int]
    LEFT_QUOTE_ID_FIELD_NUMBER: _ClassVar[int]
    RIGHT_PROOF_FIELD_NUMBER: _ClassVar[int]
    left_proof: _quotes_pb2.Proof
    left_quote_id: str
    right_proof: _quotes_pb2.Proof
    def __init__(self, left_proof: _Optional[_Union[_quotes_pb2.Proof, _Mapping]] = ..., left_quote_id: _Optional[str] = ..., right_proof: _Optional[_Union[_quotes_pb2.Proof, _Mapping]] = ...) -> None: ...

class CompareProofsResponse(_message.Message):
    __slots__ = ("differences",)
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    differences: _containers.RepeatedCompositeFieldContainer[_quotes_pb2.InputDifference]
    def __init__(self, differences: _Optional[_Iterable[_Union[_quotes_pb2.InputDifference, _Mapping]]] = ...) -> None: ...

class ListBillableSubscriptionsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "period_start", "period_end", "tenant_ids", "include_trials", "tenants_only")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PERIOD_START_FIELD_NUMBER: _ClassVar[int]
    PERIOD_END_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_TRIALS_FIELD_NUMBER: _ClassVar[int]
    TENANTS_ONLY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    period_start: str
    period_end: str
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    include_trials: bool
    tenants_only: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., period_start: _Optional[str] = ..., period_end: _Optional[str] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., include_trials: _Optional[bool] = ..., tenants_only: _Optional[bool] = ...) -> None: ...

class ListBillableSubscriptionsResponse(_message.Message):
    __slots__ = ("billable_subscriptions", "next_page_token", "tenant_ids")
    BILLABLE_SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    billable_subscriptions: _containers.RepeatedCompositeFieldContainer[BillableSubscription]
    next_page_token: str
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, billable_subscriptions: _Optional[_Iterable[_Union[BillableSubscription, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., tenant_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class BillableSubscription(_message.Message):
    __slots__ = ("subscription", "deployment", "billed_days", "trial_days", "sold_kinds", "partly_sold_kinds", "tells_sold_kinds")
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    BILLED_DAYS_FIELD_NUMBER: _ClassVar[int]
    TRIAL_DAYS_FIELD_NUMBER: _ClassVar[int]
    SOLD_KINDS_FIELD_NUMBER: _ClassVar[int]
    PARTLY_SOLD_KINDS_FIELD_NUMBER: _ClassVar[int]
    TELLS_SOLD_KINDS_FIELD_NUMBER: _ClassVar[int]
    subscription: _subscriptions_pb2.Subscription
    deployment: _deployments_pb2.Deployment
    billed_days: _containers.RepeatedCompositeFieldContainer[_quotes_pb2.DaySpan]
    trial_days: _containers.RepeatedCompositeFieldContainer[_quotes_pb2.DaySpan]
    sold_kinds: _containers.RepeatedScalarFieldContainer[str]
    partly_sold_kinds: _containers.RepeatedScalarFieldContainer[str]
    tells_sold_kinds: bool
    def __init__(self, subscription: _Optional[_Union[_subscriptions_pb2.Subscription, _Mapping]] = ..., deployment: _Optional[_Union[_deployments_pb2.Deployment, _Mapping]] = ..., billed_days: _Optional[_Iterable[_Union[_quotes_pb2.DaySpan, _Mapping]]] = ..., trial_days: _Optional[_Iterable[_Union[_quotes_pb2.DaySpan, _Mapping]]] = ..., sold_kinds: _Optional[_Iterable[str]] = ..., partly_sold_kinds: _Optional[_Iterable[str]] = ..., tells_sold_kinds: _Optional[bool] = ...) -> None: ...

class ValueUsageRequest(_message.Message):
    __slots__ = ("usage", "currency")
    USAGE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    usage: _containers.RepeatedCompositeFieldContainer[UsageSeries]
    currency: str
    def __init__(self, usage: _Optional[_Iterable[_Union[UsageSeries, _Mapping]]] = ..., currency: _Optional[str] = ...) -> None: ...

class ValueUsageResponse(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedCompositeFieldContainer[UsageValue]
    def __init__(self, values: _Optional[_Iterable[_Union[UsageValue, _Mapping]]] = ...) -> None: ...

class UsageValue(_message.Message):
    __slots__ = ("runs",)
    RUNS_FIELD_NUMBER: _ClassVar[int]
    runs: _containers.RepeatedCompositeFieldContainer[ValuedRun]
    def __init__(self, runs: _Optional[_Iterable[_Union[ValuedRun, _Mapping]]] = ...) -> None: ...

class ValuedRun(_message.Message):
    __slots__ = ("run", "value")
    RUN_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    run: UsageRun
    value: str
    def __init__(self, run: _Optional[_Union[UsageRun, _Mapping]] = ..., value: _Optional[str] = ...) -> None: ...

class ReadBackdatedChangesRequest(_message.Message):
    __slots__ = ("after", "page_size")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    after: int
    page_size: int
    def __init__(self, after: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class ReadBackdatedChangesResponse(_message.Message):
    __slots__ = ("changes", "cursor")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[BackdatedChange]
    cursor: int
    def __init__(self, changes: _Optional[_Iterable[_Union[BackdatedChange, _Mapping]]] = ..., cursor: _Optional[int] = ...) -> None: ...

class BackdatedChange(_message.Message):
    __slots__ = ("subscription_id", "deployment_id", "tenant_id", "effective_from")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    deployment_id: str
    tenant_id: str
    effective_from: str
    def __init__(self, subscription_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., effective_from: _Optional[str] = ...) -> None: ...
