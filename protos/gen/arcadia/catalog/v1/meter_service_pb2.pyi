from arcadia.catalog.v1 import meters_pb2 as _meters_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListMetersRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "source", "include_retired")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_RETIRED_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    source: str
    include_retired: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., source: _Optional[str] = ..., include_retired: _Optional[bool] = ...) -> None: ...

class ListMetersResponse(_message.Message):
    __slots__ = ("meters", "next_page_token")
    METERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    meters: _containers.RepeatedCompositeFieldContainer[_meters_pb2.Meter]
    next_page_token: str
    def __init__(self, meters: _Optional[_Iterable[_Union[_meters_pb2.Meter, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetMeterRequest(_message.Message):
    __slots__ = ("code",)
    CODE_FIELD_NUMBER: _ClassVar[int]
    code: str
    def __init__(self, code: _Optional[str] = ...) -> None: ...

class GetMeterResponse(_message.Message):
    __slots__ = ("meter",)
    METER_FIELD_NUMBER: _ClassVar[int]
    meter: _meters_pb2.Meter
    def __init__(self, meter: _Optional[_Union[_meters_pb2.Meter, _Mapping]] = ...) -> None: ...

class CreateMeterRequest(_message.Message):
    __slots__ = ("code", "name", "units", "aggregation", "basis", "dimensions", "request_id")
    CODE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    AGGREGATION_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    code: str
    name: str
    units: _containers.RepeatedCompositeFieldContainer[_meters_pb2.MeterUnit]
    aggregation: str
    basis: str
    dimensions: _containers.RepeatedScalarFieldContainer[str]
    request_id: str
    def __init__(self, code: _Optional[str] = ..., name: _Optional[str] = ..., units: _Optional[_Iterable[_Union[_meters_pb2.MeterUnit, _Mapping]]] = ..., aggregation: _Optional[str] = ..., basis: _Optional[str] = ..., dimensions: _Optional[_Iterable[str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateMeterResponse(_message.Message):
    __slots__ = ("meter",)
    METER_FIELD_NUMBER: _ClassVar[int]
    meter: _meters_pb2.Meter
    def __init__(self, meter: _Optional[_Union[_meters_pb2.Meter, _Mapping]] = ...) -> None: ...

class UpdateMeterRequest(_message.Message):
    __slots__ = ("code", "name", "units", "dimensions", "request_id")
    CODE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    code: str
    name: str
    units: _containers.RepeatedCompositeFieldContainer[_meters_pb2.MeterUnit]
    dimensions: _containers.RepeatedScalarFieldContainer[str]
    request_id: str
    def __init__(self, code: _Optional[str] = ..., name: _Optional[str] = ..., units: _Optional[_Iterable[_Union[_meters_pb2.MeterUnit, _Mapping]]] = ..., dimensions: _Optional[_Iterable[str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateMeterResponse(_message.Message):
    __slots__ = ("meter",)
    METER_FIELD_NUMBER: _ClassVar[int]
    meter: _meters_pb2.Meter
    def __init__(self, meter: _Optional[_Union[_meters_pb2.Meter, _Mapping]] = ...) -> None: ...

class RetireMeterRequest(_message.Message):
    __slots__ = ("code", "request_id")
    CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    code: str
    request_id: str
    def __init__(self, code: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RetireMeterResponse(_message.Message):
    __slots__ = ("meter",)
    METER_FIELD_NUMBER: _ClassVar[int]
    meter: _meters_pb2.Meter
    def __init__(self, meter: _Optional[_Union[_meters_pb2.Meter, _Mapping]] = ...) -> None: ...

class ListMeterCostsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "meter_code", "in_force_on")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    METER_CODE_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_ON_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    meter_code: str
    in_force_on: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., meter_code: _Optional[str] = ..., in_force_on: _Optional[str] = ...) -> None: ...

class ListMeterCostsResponse(_message.Message):
    __slots__ = ("meter_costs", "next_page_token")
    METER_COSTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    meter_costs: _containers.RepeatedCompositeFieldContainer[_meters_pb2.MeterCost]
    next_page_token: str
    def __init__(self, meter_costs: _Optional[_Iterable[_Union[_meters_pb2.MeterCost, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SetMeterCostRequest(_message.Message):
    __slots__ = ("meter_code", "unit", "unit_cost_cents", "currency", "effective_from", "effective_to", "request_id")
    METER_CODE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    UNIT_COST_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    meter_code: str
    unit: str
    unit_cost_cents: str
    currency: str
    effective_from: str
    effective_to: str
    request_id: str
    def __init__(self, meter_code: _Optional[str] = ..., unit: _Optional[str] = ..., unit_cost_cents: _Optional[str] = ..., currency: _Optional[str] = ..., effective_from: _Optional[str] = ..., effective_to: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class SetMeterCostResponse(_message.Message):
    __slots__ = ("meter_cost",)
    METER_COST_FIELD_NUMBER: _ClassVar[int]
    meter_cost: _meters_pb2.MeterCost
    def __init__(self, meter_cost: _Optional[_Union[_meters_pb2.MeterCost, _Mapping]] = ...) -> None: ...

class LookupMetersRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "codes", "on")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    ON_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    codes: _containers.RepeatedScalarFieldContainer[str]
    on: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., codes: _Optional[_Iterable[str]] = ..., on: _Optional[str] = ...) -> None: ...

class LookupMetersResponse(_message.Message):
    __slots__ = ("meters", "next_page_token")
    METERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    meters: _containers.RepeatedCompositeFieldContainer[_meters_pb2.Meter]
    next_page_token: str
    def __init__(self, meters: _Optional[_Iterable[_Union[_meters_pb2.Meter, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
