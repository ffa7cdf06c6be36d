from arcadia.billing.v1 import costs_pb2 as _costs_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListPeriodCostsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "period")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    period: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., period: _Optional[str] = ...) -> None: ...

class ListPeriodCostsResponse(_message.Message):
    __slots__ = ("cost_lines", "next_page_token", "complete", "lines_version")
    COST_LINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    LINES_VERSION_FIELD_NUMBER: _ClassVar[int]
    cost_lines: _containers.RepeatedCompositeFieldContainer[_costs_pb2.CostLine]
    next_page_token: str
    complete: bool
    lines_version: str
    def __init__(self, cost_lines: _Optional[_Iterable[_Union[_costs_pb2.CostLine, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., complete: _Optional[bool] = ..., lines_version: _Optional[str] = ...) -> None: ...

class GetLinesVersionsRequest(_message.Message):
    __slots__ = ("periods",)
    PERIODS_FIELD_NUMBER: _ClassVar[int]
    periods: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, periods: _Optional[_Iterable[str]] = ...) -> None: ...

class GetLinesVersionsResponse(_message.Message):
    __slots__ = ("lines_versions",)
    LINES_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    lines_versions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, lines_versions: _Optional[_Iterable[str]] = ...) -> None: ...

class ListSpanCostsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "from_day", "to_day")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FROM_DAY_FIELD_NUMBER: _ClassVar[int]
    TO_DAY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    from_day: str
    to_day: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., from_day: _Optional[str] = ..., to_day: _Optional[str] = ...) -> None: ...

class ListSpanCostsResponse(_message.Message):
    __slots__ = ("daily_costs", "next_page_token", "unknown_days")
    DAILY_COSTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_DAYS_FIELD_NUMBER: _ClassVar[int]
    daily_costs: _containers.RepeatedCompositeFieldContainer[_costs_pb2.DailyCost]
    next_page_token: str
    unknown_days: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, daily_costs: _Optional[_Iterable[_Union[_costs_pb2.DailyCost, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., unknown_days: _Optional[_Iterable[str]] = ...) -> None: ...

class GetUnitCostsRequest(_message.Message):
    __slots__ = ("resource_kinds",)
    RESOURCE_KINDS_FIELD_NUMBER: _ClassVar[int]
    resource_kinds: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, resource_kinds: _Optional[_Iterable[str]] = ...) -> None: ...

class GetUnitCostsResponse(_message.Message):
    __slots__ = ("unit_costs",)
    UNIT_COSTS_FIELD_NUMBER: _ClassVar[int]
    unit_costs: _containers.RepeatedCompositeFieldContainer[UnitCost]
    def __init__(self, unit_costs: _Optional[_Iterable[_Union[UnitCost, _Mapping]]] = ...) -> None: ...

class UnitCost(_message.Message):
    __slots__ = ("resource_kind", "unit_cost_usd", "period")
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    UNIT_COST_USD_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    resource_kind: str
    unit_cost_usd: str
    period: str
    def __init__(self, resource_kind: _Optional[str] = ..., unit_cost_usd: _Optional[str] = ..., period: _Optional[str] = ...) -> None: ...
