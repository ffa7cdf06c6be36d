from arcadia.billing.v1 import costs_pb2 as _costs_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListCostLinesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "limit", "period", "kind", "match_state", "classification", "product", "project_name", "provider_invoice_id", "resource_id", "tenant_id", "deployment_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MATCH_STATE_FIELD_NUMBER: _ClassVar[int]
    CLASSIFICATION_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    PROJECT_NAME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    limit: int
    period: str
    kind: str
    match_state: str
    classification: str
    product: str
    project_name: str
    provider_invoice_id: str
    resource_id: str
    tenant_id: str
    deployment_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., limit: _Optional[int] = ..., period: _Optional[str] = ..., kind: _Optional[str] = ..., match_state: _Optional[str] = ..., classification: _Optional[str] = ..., product: _Optional[str] = ..., project_name: _Optional[str] = ..., provider_invoice_id: _Optional[str] = ..., resource_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ...) -> None: ...

class ListCostLinesResponse(_message.Message):
    __slots__ = ("cost_lines", "next_page_token")
    COST_LINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    cost_lines: _containers.RepeatedCompositeFieldContainer[_costs_pb2.CostLine]
    next_page_token: str
    def __init__(self, cost_lines: _Optional[_Iterable[_Union[_costs_pb2.CostLine, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListCostTotalsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "period", "group_by")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    period: str
    group_by: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., period: _Optional[str] = ..., group_by: _Optional[str] = ...) -> None: ...

class ListCostTotalsResponse(_message.Message):
    __slots__ = ("totals", "next_page_token", "total_usd")
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_USD_FIELD_NUMBER: _ClassVar[int]
    totals: _containers.RepeatedCompositeFieldContainer[_costs_pb2.CostTotal]
    next_page_token: str
    total_usd: str
    def __init__(self, totals: _Optional[_Iterable[_Union[_costs_pb2.CostTotal, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_usd: _Optional[str] = ...) -> None: ...

class ListDailyCostsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "from_day", "to_day", "kind", "tenant_id", "deployment_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FROM_DAY_FIELD_NUMBER: _ClassVar[int]
    TO_DAY_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    from_day: str
    to_day: str
    kind: str
    tenant_id: str
    deployment_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., from_day: _Optional[str] = ..., to_day: _Optional[str] = ..., kind: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ...) -> None: ...

class ListDailyCostsResponse(_message.Message):
    __slots__ = ("daily_costs", "next_page_token")
    DAILY_COSTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    daily_costs: _containers.RepeatedCompositeFieldContainer[_costs_pb2.DailyCost]
    next_page_token: str
    def __init__(self, daily_costs: _Optional[_Iterable[_Union[_costs_pb2.DailyCost, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ExportCostLinesRequest(_message.Message):
    __slots__ = ("filter", "format")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    filter: ListCostLinesRequest
    format: str
    def __init__(self, filter: _Optional[_Union[ListCostLinesRequest, _Mapping]] = ..., format: _Optional[str] = ...) -> None: ...

class ExportCostLinesResponse(_message.Message):
    __slots__ = ("chunk",)
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    chunk: bytes
    def __init__(self, chunk: _Optional[bytes] = ...) -> None: ...
