from arcadia.analytics.v1 import margins_pb2 as _margins_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetCoverageRequest(_message.Message):
    __slots__ = ("period",)
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    period: str
    def __init__(self, period: _Optional[str] = ...) -> None: ...

class GetCoverageResponse(_message.Message):
    __slots__ = ("period", "costs_state", "costs", "usage", "amount_usd", "conversion")
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    COSTS_STATE_FIELD_NUMBER: _ClassVar[int]
    COSTS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_FIELD_NUMBER: _ClassVar[int]
    period: str
    costs_state: str
    costs: _containers.RepeatedCompositeFieldContainer[CostCoverage]
    usage: _containers.RepeatedCompositeFieldContainer[UsageCoverage]
    amount_usd: str
    conversion: _margins_pb2.Conversion
    def __init__(self, period: _Optional[str] = ..., costs_state: _Optional[str] = ..., costs: _Optional[_Iterable[_Union[CostCoverage, _Mapping]]] = ..., usage: _Optional[_Iterable[_Union[UsageCoverage, _Mapping]]] = ..., amount_usd: _Optional[str] = ..., conversion: _Optional[_Union[_margins_pb2.Conversion, _Mapping]] = ...) -> None: ...

class CostCoverage(_message.Message):
    __slots__ = ("coverage", "reason", "amount_usd", "amount_cents")
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_USD_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_CENTS_FIELD_NUMBER: _ClassVar[int]
    coverage: str
    reason: str
    amount_usd: str
    amount_cents: int
    def __init__(self, coverage: _Optional[str] = ..., reason: _Optional[str] = ..., amount_usd: _Optional[str] = ..., amount_cents: _Optional[int] = ...) -> None: ...

class UsageCoverage(_message.Message):
    __slots__ = ("resource_kind", "coverage", "reason", "qty")
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    QTY_FIELD_NUMBER: _ClassVar[int]
    resource_kind: str
    coverage: str
    reason: str
    qty: str
    def __init__(self, resource_kind: _Optional[str] = ..., coverage: _Optional[str] = ..., reason: _Optional[str] = ..., qty: _Optional[str] = ...) -> None: ...

class ListCoveragePartsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "period", "coverage", "tenant_id", "deployment_id", "losses_only")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LOSSES_ONLY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    period: str
    coverage: str
    tenant_id: str
    deployment_id: str
    losses_only: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., period: _Optional[str] = ..., coverage: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., losses_only: _Optional[bool] = ...) -> None: ...

class ListCoveragePartsResponse(_message.Message):
    __slots__ = ("coverage_parts", "next_page_token", "conversion")
    COVERAGE_PARTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_FIELD_NUMBER: _ClassVar[int]
    coverage_parts: _containers.RepeatedCompositeFieldContainer[CoveragePart]
    next_page_token: str
    conversion: _margins_pb2.Conversion
    def __init__(self, coverage_parts: _Optional[_Iterable[_Union[CoveragePart, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., conversion: _Optional[_Union[_margins_pb2.Conversion, _Mapping]] = ...) -> None: ...

class CoveragePart(_message.Message):
    __slots__ = ("tenant_id", "deployment_id", "kind", "resource_kind", "coverage", "reason", "cost_usd", "cost_cents", "revenue_cents", "lost_cents", "qty", "invoice_line_ids")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    COST_USD_FIELD_NUMBER: _ClassVar[int]
    COST_CENTS_FIELD_NUMBER: _ClassVar[int]
    REVENUE_CENTS_FIELD_NUMBER: _ClassVar[int]
    LOST_CENTS_FIELD_NUMBER: _ClassVar[int]
    QTY_FIELD_NUMBER: _ClassVar[int]
    INVOICE_LINE_IDS_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    deployment_id: str
    kind: str
    resource_kind: str
    coverage: str
    reason: str
    cost_usd: str
    cost_cents: int
    revenue_cents: int
    lost_cents: int
    qty: str
    invoice_line_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., kind: _Optional[str] = ..., resource_kind: _Optional[str] = ..., coverage: _Optional[str] = ..., reason: _Optional[str] = ..., cost_usd: _Optional[str] = ..., cost_cents: _Optional[int] = ..., revenue_cents: _Optional[int] = ..., lost_cents: _Optional[int] = ..., qty: _Optional[str] = ..., invoice_line_ids: _Optional[_Iterable[str]] = ...) -> None: ...
